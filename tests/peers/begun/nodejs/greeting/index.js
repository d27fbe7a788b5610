module.exports = name => `hello, I am ${name}`;
