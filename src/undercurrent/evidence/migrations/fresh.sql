CREATE TABLE evidence_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT evidence_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE evidence_record (
	id VARCHAR(36) NOT NULL,
	at DATETIME NOT NULL,
	kind VARCHAR(64) NOT NULL,
	subject VARCHAR(512) NOT NULL,
	name VARCHAR(512) NOT NULL,
	outcome VARCHAR(64) NOT NULL,
	tool VARCHAR(64) NOT NULL,
	tool_version VARCHAR(128) NOT NULL,
	run VARCHAR(64) NOT NULL,
	proof JSON NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX evidence_record_kind ON evidence_record (kind, id);
CREATE INDEX evidence_record_subject ON evidence_record (subject, kind, id);
CREATE INDEX evidence_record_name ON evidence_record (name, kind, id);
CREATE INDEX evidence_record_run ON evidence_record (run, id);
INSERT INTO evidence_version VALUES ('0001')
