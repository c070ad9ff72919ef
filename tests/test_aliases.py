"""The names that other linters have for what armlint's rules say, and the documents that list them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from armlint.run import load_rules

if TYPE_CHECKING:
    from armlint.registry import Registry

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "docs" / "coming-from-arm-ttk.md", ROOT / "docs" / "coming-from-bicep.md"]
ROW = re.compile(r"^\| (`[^|]+) \| ((?:[A-Z]{3}[0-9]{3}(?:, )?)+|none) \| ([^|]*)\|$", re.MULTILINE)
# What the two linters check, counted in their sources; tests of createUiDefinition.json included.
KNOWN = {"coming-from-arm-ttk.md": 53, "coming-from-bicep.md": 57}

# Tests of arm-ttk that report nothing whatever they are given.
DEAD = {"Resources-Should-Not-Be-Ambiguous"}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_rules()


def rows(path: Path) -> list[tuple[str, list[str], str]]:
    """The rows of a document: another linter's name, the rules that answer to it, what is said of it."""
    return [
        (re.findall(r"`([^`]+)`", name)[0], [] if rules == "none" else rules.split(", "), remark.strip())
        for name, rules, remark in ROW.findall(path.read_text("utf-8"))
    ]


def test_old_names_find_rules(registry: Registry) -> None:
    for name, rule in [
        ("adminPassword-Should-Not-Be-A-Literal", "SEC211"),
        ("OUTPUTS-SHOULD-NOT-CONTAIN-SECRETS", "SEC202"),
        ("artifacts-parameter", "TPL513"),
    ]:
        found = registry.find(name)
        assert found is not None
        assert found.id == rule


def test_a_name_of_several_rules_means_all_of_them(registry: Registry) -> None:
    name = "parameter-types-should-be-consistent"
    assert [rule.id for rule in registry.answering(name)] == ["SEC204", "TPL514"]
    assert [rule.id for rule in registry.select([name])] == ["SEC204", "TPL514"]
    assert not {"SEC204", "TPL514"} & {rule.id for rule in registry.select(ignore=[name])}


def test_explain_takes_old_names() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "armlint", "explain", "Parameter-Types-Should-Be-Consistent"],
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0
    assert "SEC204 · " in done.stdout
    assert "TPL514 · " in done.stdout


def test_presets(registry: Registry) -> None:
    marketplace = {rule.id for rule in registry.select(["marketplace"])}
    assert {"TPL501", "TPL516", "SEC205"} <= marketplace
    assert "EXT103" not in marketplace
    assert registry.select(["recommended"]) == registry.select()
    assert registry.select(["all"]) == registry.rules


def test_an_alias_hides_no_rule(registry: Registry) -> None:
    own = {rule.name: rule.id for rule in registry.rules}
    for rule in registry.rules:
        for alias in rule.aliases:
            assert own.get(alias.lower(), rule.id) == rule.id


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
class TestDocument:
    def test_names_each_rule_of_the_other_linter_once(self, document: Path) -> None:
        names = [name for name, _, _ in rows(document)]
        assert len(names) == len(set(names)) == KNOWN[document.name]

    def test_says_what_the_pages_say(self, document: Path, registry: Registry) -> None:
        for name, rules, _ in rows(document):
            assert sorted(rules) == sorted(rule.id for rule in registry.answering(name)), name

    def test_says_why_there_is_no_rule(self, document: Path) -> None:
        for name, rules, remark in rows(document):
            assert rules or remark, name

    def test_says_which_rules_are_off(self, document: Path, registry: Registry) -> None:
        for name, _, remark in rows(document):
            found = registry.answering(name)
            if found and not any(rule.enabled for rule in found):
                assert "off by default" in remark, name

    def test_names_rules_that_exist(self, document: Path, registry: Registry) -> None:
        named = set(re.findall(r"\b[A-Z]{3}[0-9]{3}\b", document.read_text("utf-8")))
        assert named <= {rule.id for rule in registry.rules}


def test_each_alias_is_in_a_document(registry: Registry) -> None:
    text = "".join(document.read_text("utf-8") for document in DOCUMENTS)
    for rule in registry.rules:
        for alias in rule.aliases:
            assert f"`{alias}`" in text, f"{rule.id}: {alias}"


def test_what_arm_ttk_asks_for_is_in_the_marketplace(registry: Registry) -> None:
    for name, rules, _ in rows(DOCUMENTS[0]):
        for rule in rules:
            found = registry.find(rule)
            assert found is not None
            assert ("marketplace" in found.tags) is (name not in DEAD), name
