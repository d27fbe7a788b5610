const greeting = require('greeting');
const os = require('os');

const server = require('http').createServer((request, response) => response.end(greeting(os.userInfo().username)));
server.listen(process.env.PORT);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
