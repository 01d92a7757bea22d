#!/usr/bin/env bash
# What is in what we ship: a bill of materials (CycloneDX, JSON) of each program and each plugin into artifacts/sbom, and THIRD-PARTY-NOTICES.md made of it. --check only compares the notices.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet tool restore >/dev/null
mkdir -p artifacts/sbom
for project in hosts/cli/Keyway.Cli.csproj hosts/sandbox/Keyway.Sandbox.csproj hosts/relay/*.csproj hosts/fleet/*.csproj plugins/*/Keyway.*.csproj plugins/*/host/Keyway.*.csproj; do
    [ -f "$project" ] || continue
    name=$(basename "$project" .csproj)
    dotnet CycloneDX "$project" --output artifacts/sbom --filename "$name.cdx.json" --output-format Json --exclude-dev --disable-package-restore --set-name "$name" --set-version "$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)" --set-type Application >/dev/null
    echo "artifacts/sbom/$name.cdx.json"
done
python3 eng/notices.py "${1:-}"
