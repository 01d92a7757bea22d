#!/usr/bin/env bash
# Builds the site of docs/ and of the public API into artifacts/site. A dead link, or a member that a comment names and nobody has, fails. Needs the Debug build.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet tool restore >/dev/null
rm -rf artifacts/api artifacts/site
dotnet docfx metadata docfx.json --logLevel warning
dotnet docfx build docfx.json --logLevel warning --warningsAsErrors
echo "artifacts/site"
