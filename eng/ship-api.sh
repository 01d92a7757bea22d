#!/usr/bin/env bash
# A release: what waited in PublicAPI.Unshipped.txt is shipped, and the packages become the baseline that later ones are compared with. Commit it with the version.
set -euo pipefail
cd "$(dirname "$0")/.."
for project in framework/Keyway.Abstractions framework/Keyway framework/Keyway.Hosting tests/Keyway.Testing; do
    { echo '#nullable enable'; cat "$project/PublicAPI.Shipped.txt" "$project/PublicAPI.Unshipped.txt" | { grep -v '^#nullable\|^\*REMOVED\*' || true; } | LC_ALL=C sort -u; } >"$project/PublicAPI.new"
    sed -n 's/^\*REMOVED\*//p' "$project/PublicAPI.Unshipped.txt" | { grep -vxF -f - "$project/PublicAPI.new" || true; } >"$project/PublicAPI.Shipped.txt"
    rm "$project/PublicAPI.new"
    echo '#nullable enable' >"$project/PublicAPI.Unshipped.txt"
    name=$(basename "$project")
    dotnet pack "$project" -c Release -o artifacts/packages -v q --nologo
    cp "$(ls -t "artifacts/packages/$name".[0-9]*.nupkg | grep -v symbols | head -1)" "eng/baseline/$name.nupkg"
    rm -f "eng/baseline/$name.suppressions.xml"
done
