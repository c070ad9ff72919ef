"""Make schemas/api-versions.json from the types that Azure publishes for Bicep.

    python .github/scripts/api_versions.py bicep-types-az/generated/index.json

The index lists each resource type with each of its API versions, as `Type@version`. The table that is made is
dated with the newest version in it: of what came later it knows nothing.
"""

# ruff: noqa: INP001 - a program, not a package

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

TABLE = Path(__file__).parents[2] / "schemas" / "api-versions.json"
ENTRY = re.compile(r"([A-Za-z0-9.]+)/([^@]+)@(\d{4}-\d{2}-\d{2}(?:-[A-Za-z0-9.-]+)?)")


def table_of(index: dict[str, object]) -> dict[str, object]:
    """The table for an index: per provider its versions, and per type which of them it has, as bits."""
    resources = index.get("resources")
    if not isinstance(resources, dict):
        raise SystemExit("this is no index of types: it has no 'resources'")
    names: dict[str, str] = {}
    providers: dict[str, dict[str, set[str]]] = {}
    spelt: dict[tuple[str, str], str] = {}
    for entry in sorted(resources):
        match = ENTRY.fullmatch(entry)
        if match is None:
            continue
        provider, kind, version = match.groups()
        names.setdefault(provider.lower(), provider)
        spelt.setdefault((provider.lower(), kind.lower()), kind)
        providers.setdefault(provider.lower(), {}).setdefault(kind.lower(), set()).add(version.lower())
    made = {}
    for provider, kinds in sorted(providers.items()):
        versions = sorted({version for known in kinds.values() for version in known})
        made[names[provider]] = {
            "versions": versions,
            "types": {
                spelt[provider, kind]: format(sum(1 << versions.index(version) for version in known), "x")
                for kind, known in sorted(kinds.items())
            },
        }
    newest = max(version[:10] for provider in made.values() for version in provider["versions"])
    return {"date": newest, "source": "Azure/bicep-types-az, generated/index.json", "providers": made}


def text_of(table: dict[str, object]) -> str:
    """The table as JSON with a line for each provider, so that a change shows where it is."""
    providers = table["providers"]
    assert isinstance(providers, dict)  # noqa: S101
    head = [f" {json.dumps(key)}: {json.dumps(table[key])},\n" for key in ("date", "source")]
    lines = [
        f"  {json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}"
        for name, value in providers.items()
    ]
    return "{\n" + "".join(head) + ' "providers": {\n' + ",\n".join(lines) + "\n }\n}\n"


if __name__ == "__main__":
    files = sys.argv[1:]
    if not files:
        raise SystemExit(__doc__)
    index = json.loads(Path(files[0]).read_text("utf-8-sig"))
    TABLE.write_text(text_of(table_of(index)), encoding="utf-8")
