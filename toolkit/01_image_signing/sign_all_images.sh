#!/bin/sh
# Signs images with the key in COSIGN_KEY, or the one that undercurrent.toml names.
#
#   ./sign_all_images.sh                                     all of the local engine, or what undercurrent.toml names
#   ./sign_all_images.sh myapp:v1.0                          one image
#   ./sign_all_images.sh --all --registry myregistry.io      all of a registry
#
# An image that is only in the local engine is pushed to REGISTRY and signed there; without REGISTRY it is copied to the
# embedded store and signed there. More: uc image sign --help
set -eu
uc=$(command -v uc || echo "$(dirname "$0")/../../.venv/bin/uc")
[ -x "$uc" ] || { echo "uc is not installed: run 'make demo' at the root of this repository" >&2; exit 3; }
[ $# -gt 0 ] || set -- --all
exec "$uc" image sign "$@"
