#!/bin/sh
# Lists what is in images, a document for each platform, in the working folder (--to FOLDER: elsewhere).
#
#   ./generate_sbom.sh myapp:v1.0                            one image
#   SBOM_FORMAT=cyclonedx ./generate_sbom.sh myapp:v1.0      as CycloneDX; spdx is the default
#   ./generate_sbom.sh                                       all of the local engine, or what undercurrent.toml names
#
# To attach SBOMs to images: ./sign_all_images.sh --sbom IMAGE. More: uc image sbom --help
set -eu
uc=$(command -v uc || echo "$(dirname "$0")/../../.venv/bin/uc")
[ -x "$uc" ] || { echo "uc is not installed: run 'make demo' at the root of this repository" >&2; exit 3; }
[ $# -gt 0 ] || set -- --all
exec "$uc" image sbom --to . "$@"
