#!/bin/sh
set -e
chown -R node:node /var/lib/shop
exec node server.js
