#!/usr/bin/env bash
# Brings the players that the browser tests play with, from npm, into a cache outside the checkout. Does nothing where they are there.
set -euo pipefail
to=${KEYWAY_PLAYERS:-${XDG_CACHE_HOME:-$HOME/.cache}/keyway-players}
here=$(cd "$(dirname "$0")" && pwd)
if [ -f "$to/installed" ] && cmp -s "$here/package.json" "$to/installed"; then exit 0; fi
mkdir -p "$to"
cp "$here/package.json" "$to/package.json"
npm install --prefix "$to" --ignore-scripts --no-audit --no-fund --no-package-lock
cp "$here/package.json" "$to/installed"   # last: an install that was cut short is none
