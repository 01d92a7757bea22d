#!/usr/bin/env bash
# Compares the packages of this checkout with those of the last release (eng/baseline): what was public there has to be public and callable here.
# A break that is meant stands in eng/baseline/PACKAGE.suppressions.xml (eng/check-api.sh --accept writes it), and under Changed or Removed in CHANGELOG.md.
# Below 1.0 the contract alone may not break at all.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet tool restore >/dev/null
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
status=0
for project in framework/Keyway.Abstractions framework/Keyway framework/Keyway.Hosting tests/Keyway.Testing; do
    name=$(basename "$project")
    [ -f "eng/baseline/$name.nupkg" ] || { echo "$name: no release yet"; continue; }
    dotnet pack "$project" --no-build -c "${CONFIGURATION:-Debug}" -o "$out" -p:IsPackable=true -v q --nologo
    package=$(ls "$out/$name".[0-9]*.nupkg)
    suppress=()
    if [ "${1:-}" = --accept ] && [ "$name" != Keyway.Abstractions ]; then suppress=(--generate-suppression-file --suppression-output-file "eng/baseline/$name.suppressions.xml")
    elif [ -f "eng/baseline/$name.suppressions.xml" ]; then suppress=(--suppression-file "eng/baseline/$name.suppressions.xml"); fi
    if dotnet apicompat package "$package" --baseline-package "eng/baseline/$name.nupkg" "${suppress[@]}"; then echo "$name: compatible"; else status=1; fi
done
exit $status
