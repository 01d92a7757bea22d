"""Makes THIRD-PARTY-NOTICES.md of the bills of materials in artifacts/sbom. With --check: says whether the committed one is the same."""
import json
import pathlib
import sys

root = pathlib.Path(__file__).resolve().parent.parent
parts = {}
for file in sorted((root / "artifacts" / "sbom").glob("*.cdx.json")):
    for part in json.loads(file.read_text()).get("components", []):
        if part["name"].startswith("Keyway"):
            continue
        entry = parts.setdefault((part["name"], part["version"]), {"licenses": set(), "copyright": part.get("copyright", ""), "in": set()})
        entry["in"].add(file.name.removesuffix(".cdx.json"))
        for each in part.get("licenses", []):
            text = each.get("license", {}).get("id") or each.get("license", {}).get("name") or each.get("expression")
            if text:
                entry["licenses"].add(text)

lines = [
    "# Third parties",
    "",
    "Packages that are in what we ship, made of the bills of materials by `eng/sbom.sh`. Each is its authors', under its own licence; its package has the text.",
    "",
    "| Package | Version | Licence | Copyright | In |",
    "|---|---|---|---|---|",
]
for (name, version), entry in sorted(parts.items(), key=lambda pair: (pair[0][0].lower(), pair[0][1])):
    copyright_ = " ".join(entry["copyright"].split()).replace("|", "/")
    lines.append(f"| {name} | {version} | {', '.join(sorted(entry['licenses'])) or 'see its package'} | {copyright_} | {', '.join(sorted(entry['in']))} |")
text = "\n".join(lines) + "\n"
target = root / "THIRD-PARTY-NOTICES.md"
if sys.argv[1:] == ["--check"]:
    if not target.exists() or target.read_text() != text:
        sys.exit("THIRD-PARTY-NOTICES.md is not what the bills of materials say: run eng/sbom.sh")
else:
    target.write_text(text)
print(f"{len(parts)} packages of third parties")
