#!/bin/sh
# The main job in one folder: an image, a key, a signature, an SBOM, a verdict.
#
#   ./01-main-job.sh FOLDER        FOLDER is what goes into the image
set -eu
export COSIGN_PASSWORD="${COSIGN_PASSWORD-}"

uc image pack "$1" --tag app:1.0 --layout images
[ -f cosign.key ] || uc key generate
uc image sign app:1.0 --layout images --sbom
uc image sbom app:1.0 --layout images --to app.spdx.json
uc image verify app:1.0 --layout images
