#!/usr/bin/env bash
# Brings Debian's firefox-esr, whose ClearKey module the tests of plugins/cdm decrypt with, into a cache outside the checkout, unpacked and not installed. Does nothing where it is there.
set -euo pipefail
to=${XDG_CACHE_HOME:-$HOME/.cache}/keyway-firefox
if [ -n "${KEYWAY_FIREFOX_CDM:-}" ] || [ -f "$to/installed" ]; then exit 0; fi
download=$(mktemp -d)
trap 'rm -rf "$download"' EXIT
chmod 755 "$download"
(cd "$download" && { apt-get download firefox-esr || { apt-get update && apt-get download firefox-esr; }; })
mkdir -p "$to"
dpkg -x "$download"/firefox-esr_*.deb "$download/unpacked"
cp -r "$download"/unpacked/usr/lib/firefox-esr/gmp-clearkey "$to/"
# What the module is linked with is a package of its own.
ldconfig -p | grep -q libnss3.so || DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libnss3
touch "$to/installed"   # last: an install that was cut short is none
