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


def test_the_rule_table_is_complete() -> None:
    rows = ["| rule | name | severity | |", "|---|---|---|---|"]
    for rule in load_rules().rules:
        off = "" if rule.enabled else "off by default"
        rows.append(f"| [{rule.id}](rules/{rule.page.name}) | {rule.name} | {rule.severity} | {off} |")
    expected = "\n".join(rows) + "\n"
    assert part("rules", expected) == expected


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
