CREATE TABLE item (name text);
INSERT INTO item VALUES ('apple');
