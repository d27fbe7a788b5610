#!/bin/sh
set -e
# As the official one: what is in /docker-entrypoint.d runs first, where nginx is what is started.
if [ "$1" = "nginx" ] || [ "$1" = "nginx-debug" ]; then
  for f in /docker-entrypoint.d/*.sh; do
    [ -x "$f" ] && "$f"
  done
fi
exec "$@"
