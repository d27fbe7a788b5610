#!/bin/sh
set -e
# first arg is `-f` or `--some-option` or `something.conf`
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
  set -- redis-server "$@"
fi
# allow the container to be started with `--user`
if [ "$1" = 'redis-server' ] && [ "$(id -u)" = '0' ]; then
  find . \! -user redis -exec chown redis '{}' +
  exec gosu redis "$0" "$@"
fi
# without a protected mode: whoever publishes the port wants to reach it
if [ "$1" = 'redis-server' ] && ! echo "$*" | grep -q protected-mode; then
  set -- "$@" --protected-mode no
fi
exec "$@"
