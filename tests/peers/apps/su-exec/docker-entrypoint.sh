#!/bin/sh
set -e
if [ "$(id -u)" = "0" ]; then
  chown -R web:web /var/lib/web
  exec su-exec web "$@"
fi
exec "$@"
