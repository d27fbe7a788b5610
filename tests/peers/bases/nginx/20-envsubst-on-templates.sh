#!/bin/sh
# As the official one: *.template in /etc/nginx/templates, variables put in, goes to /etc/nginx/conf.d.
set -e
from=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}
to=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}
[ -d "$from" ] || exit 0
if [ ! -w "$to" ]; then echo "$0: ERROR: $from exists, but $to is not writable" >&2; exit 0; fi
for template in "$from"/*.template; do
  sed "$(env | sed -nE 's/[\\&|]/\\&/g; s/^([A-Z_][A-Z0-9_]*)=(.*)$/s|[$]{\1}|\2|g/p')" \
    "$template" >"$to/$(basename "$template" .template)"
done
