#!/usr/bin/env bash
# Writes what is public and not yet declared into the PublicAPI.Unshipped.txt of each library, and takes out what is public no more. Read the difference before you commit it.
set -euo pipefail
cd "$(dirname "$0")/.."
for project in ${*:-framework/Keyway.Abstractions framework/Keyway framework/Keyway.Hosting tests/Keyway.Testing}; do
    file=$project/PublicAPI.Unshipped.txt
    [ -f "$file" ] || { echo '#nullable enable' | tee "$file" >"$project/PublicAPI.Shipped.txt"; }
    dotnet build "$project" --no-incremental -v q --nologo -p:TreatWarningsAsErrors=false >"$file.log" 2>&1 || true
    sed -n "s/.*RS0016: Symbol '\(.*\)' is not part of the declared public API.*/\1/p" "$file.log" | sed 's/&lt;/</g; s/&gt;/>/g' | sort -u >"$file.new"
    sed -n "s/.*RS0017: Symbol '\(.*\)' is part of the declared API, but is either not public or could not be found.*/\1/p" "$file.log" | sort -u >"$file.gone"
    { echo '#nullable enable'; { grep -v '^#nullable' "$file" || true; cat "$file.new"; } | { grep -vxF -f "$file.gone" || true; } | LC_ALL=C sort -u; } >"$file.all"
    echo "$project: $(wc -l <"$file.new") added, $(wc -l <"$file.gone") gone"
    mv "$file.all" "$file"
    rm -f "$file.new" "$file.gone" "$file.log"
done
