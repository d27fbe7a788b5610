module.exports = () => 'hello from npm start';
