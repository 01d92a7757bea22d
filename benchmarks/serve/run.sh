#!/usr/bin/env bash
# Measures keyway serve beside Shaka Player and writes benchmarks/reports/serve.md. ROUNDS (9) is how often; the first round is not counted.
set -euo pipefail
cd "$(dirname "$0")/../.."
to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
dotnet publish hosts/cli -c Release -o "$to" --nologo -v quiet
tests/Keyway.Browser.Tests/install-players.sh
node benchmarks/serve/serve.mjs "$to/keyway" "${ROUNDS:-9}" >"$to/serve.md"
cp "$to/serve.md" benchmarks/reports/serve.md
cat benchmarks/reports/serve.md
