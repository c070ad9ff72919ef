"""What the README shows is what armlint does. ARMLINT_UPDATE=1 writes the generated parts anew."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from armlint.run import load_rules

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
UPDATE = os.environ.get("ARMLINT_UPDATE") == "1"


def part(name: str, expected: str) -> str:
    """The README's text between the markers of a generated part; written first where that is asked for."""
    text = README.read_text("utf-8")
    pattern = re.compile(rf"(<!-- {name} -->\n)(.*?)(<!-- /{name} -->)", re.DOTALL)
    if UPDATE:
        text = pattern.sub(lambda match: match[1] + expected + match[3], text)
        README.write_text(text, "utf-8")
    found = pattern.search(text)
    assert found is not None
    return found[2]


def test_the_example_is_what_armlint_prints() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "armlint", "check", "docs/example.json"],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 1
    expected = f"```console\n$ armlint check docs/example.json\n{done.stdout}```\n"
    assert part("example", expected) == expected


FAMILIES = {
    "ARM": "the file: its JSON, its size, its schema, suppressions",
    "EXT": "virtual machine extensions",
    "SEC": "secrets: where they leak, where they are written down",
    "DEP": "order of deployment and of provisioning",
    "EXP": "expressions",
    "TPL": "template hygiene",
    "PRM": "parameter files",
    "UID": "`createUiDefinition.json`",
}


def test_the_rules_are_counted() -> None:
    rules = load_rules().rules
    rows = ["| ids | about | rules | on by default |", "|---|---|---:|---:|"]
    for family, about in FAMILIES.items():
        these = [rule for rule in rules if rule.id.startswith(family)]
        rows.append(f"| `{family}` | {about} | {len(these)} | {sum(rule.enabled for rule in these)} |")
    assert {rule.id[:3] for rule in rules} == set(FAMILIES)
    expected = "\n".join(rows) + "\n"
    assert part("rules", expected) == expected


def test_the_house_rule_is_right(tmp_path: Path) -> None:
    found = re.search(r"<!-- house -->\n````markdown\n(.*?)````\n", README.read_text("utf-8"), re.DOTALL)
    assert found is not None
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "HOUSE101-cost-center.md").write_text(found[1], "utf-8")
    told = re.search(r"\$ armlint rules --check house\n(.*)\n", README.read_text("utf-8"))
    assert told is not None
    done = subprocess.run(
        [sys.executable, "-m", "armlint", "rules", "--check", "house"],
        cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, f"{told[1]}\n")


def test_every_option_of_check_is_in_the_table() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "armlint", "check", "--help"],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    options = set(re.findall(r"(--[a-z][a-z-]+)", done.stdout)) - {"--help", "--fail-on"}
    table = README.read_text("utf-8")
    assert not {option for option in options if f"`{option}`" not in table}


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README.read_text("utf-8")):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
