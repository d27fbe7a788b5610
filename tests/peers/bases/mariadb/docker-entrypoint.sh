#!/bin/bash
# As the official image's: root gives the folders to mysql and becomes it; the first start makes the database.
set -eo pipefail

if [ "${1:0:1}" = '-' ]; then
  set -- mariadbd "$@"
fi
if [ "$1" = 'mariadbd' ]; then
  if [ "$(id -u)" = "0" ]; then
    find /var/lib/mysql \! -user mysql \( -exec chown mysql: '{}' + -o -true \)
    exec gosu mysql "${BASH_SOURCE[0]}" "$@"
  fi
  if [ ! -d /var/lib/mysql/mysql ]; then
    if [ -z "$MARIADB_ROOT_PASSWORD" ] && [ -z "$MARIADB_ALLOW_EMPTY_ROOT_PASSWORD" ]; then
      echo >&2 'Database is uninitialized and password option is not specified'
      exit 1
    fi
    mariadb-install-db --skip-test-db --auth-root-authentication-method=normal >/dev/null
    {
      echo "FLUSH PRIVILEGES;"
      echo "CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY '$MARIADB_ROOT_PASSWORD';"
      echo "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
      if [ -n "$MARIADB_DATABASE" ]; then echo "CREATE DATABASE IF NOT EXISTS \`$MARIADB_DATABASE\`;"; fi
      for f in /docker-entrypoint-initdb.d/*.sql; do
        if [ -f "$f" ]; then echo "USE \`$MARIADB_DATABASE\`;"; cat "$f"; fi
      done
    } | mariadbd --bootstrap
  fi
fi
exec "$@"
