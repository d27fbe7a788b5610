#!/bin/sh
# Says of images whether a key that you trust has signed them: the public half of COSIGN_KEY, or --key cosign.pub.
#
#   ./verify_signatures.sh myapp:v1.0                        one image
#   ./verify_signatures.sh                                   all of the local engine, or what undercurrent.toml names
#   ./verify_signatures.sh --all --registry myregistry.io    all of a registry
#
# Ends with 0 if all are verified, 1 if not, 4 if somebody did not answer. More: uc image verify --help
set -eu
uc=$(command -v uc || echo "$(dirname "$0")/../../.venv/bin/uc")
[ -x "$uc" ] || { echo "uc is not installed: run 'make demo' at the root of this repository" >&2; exit 3; }
[ $# -gt 0 ] || set -- --all
exec "$uc" image verify "$@"
