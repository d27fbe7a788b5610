const fs = require('fs');
fs.writeFileSync('/var/lib/shop/started', 'yes');
require('http').createServer((request, response) => response.end('state is kept')).listen(3000);
