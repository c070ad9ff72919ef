"""The unit tests of arm-ttk, against armlint's marketplace rules. Skipped without the corpus.

A case belongs to one test of arm-ttk. It agrees where the rules that answer to the test's name report
something exactly in the cases that fail there.
"""

from __future__ import annotations

import json
import os
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import armlint
from armlint.run import load_rules

CORPUS = Path(os.environ.get("ARMLINT_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
CASES = CORPUS / "arm-ttk" / "cases.json"
DOCUMENT = Path(__file__).parents[1] / "docs" / "coming-from-arm-ttk.md"
# The day as of which API versions are old.
TODAY = date(2026, 11, 1)

# Verdicts of arm-ttk that armlint does not share, with why.
DISAGREEMENTS = {
    "CommandToExecute-Must-Use-ProtectedSettings-For-Secrets/Fail/ListKeys.json": (
        "the resource's type is 'CustomScript', which is no resource type: Azure deploys no extension there"
    ),
    "Outputs-Must-Not-Contain-Secrets/Fail/Outputs-Cannot-Contain-Strings-Named-Password.json": (
        "the output's name holds 'Password', its value is a sentence about names"
    ),
    "Secure-String-Parameters-Cannot-Have-Default/Pass/NewGuid-As-Default-With-Spaces.json": (
        "' [ newGuid() ]' begins with a space, so it is no expression but a password that everyone can read"
    ),
    "DeploymentTemplate-Schema-Is-Correct/Fail/NestedTemplate-Without-Schema.json": (
        "what kind of deployment a nested template is says the resource around it"
    ),
    "Virtual-Machines-Should-Not-Be-Preview/Pass/offer-with-preview-in-name.json": (
        "'product-preview-edition' is a preview, though the word does not stand at the end"
    ),
}
# Tests of arm-ttk that report nothing whatever they are given.
DEAD = {"Resources-Should-Not-Be-Ambiguous", "VM-Images-Should-Use-Latest-Version"}
AGREEMENT = 0.95


def cases() -> list[Any]:
    if not CASES.is_file():
        return []
    return [pytest.param(case, id=case["path"]) for case in json.loads(CASES.read_text("utf-8"))]


def answering(test: str) -> list[str]:
    """The rules of the marketplace that answer to a test's name."""
    return [rule.id for rule in load_rules().answering(test) if "marketplace" in rule.tags]


def agrees(case: dict[str, Any]) -> bool:
    rules = answering(case["test"])
    paths = [CASES.parent / file for file in case["files"] if file.endswith(".json")]
    found = armlint.check_paths(paths, select=["marketplace"], today=TODAY)
    return any(entry.rule in rules for entry in found) is (case["expect"] == "fail")


@pytest.mark.skipif(not CASES.is_file(), reason="there is no corpus")
@pytest.mark.parametrize("case", cases())
def test_verdicts_are_those_of_arm_ttk_where_it_is_right(case: dict[str, Any]) -> None:
    assert agrees(case) is (case["path"] not in DISAGREEMENTS)


@pytest.mark.skipif(not CASES.is_file(), reason="there is no corpus")
def test_nearly_all_verdicts_are_those_of_arm_ttk() -> None:
    paths = {case.values[0]["path"] for case in cases()}
    assert set(DISAGREEMENTS) <= paths
    assert 1 - len(DISAGREEMENTS) / len(paths) >= AGREEMENT


@pytest.mark.skipif(not CASES.is_file(), reason="there is no corpus")
def test_each_test_that_can_fail_has_a_rule() -> None:
    tests = {case.values[0]["test"] for case in cases()} - DEAD
    assert tests
    assert not [test for test in sorted(tests) if not answering(test)]


def test_the_document_lists_the_disagreements() -> None:
    table = DOCUMENT.read_text("utf-8").partition("## Where the verdicts differ")[2]
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| (fail|pass)", table, re.MULTILINE)
    assert sorted(f"{test}/{verdict.title()}/{case}" for test, case, verdict in rows) == sorted(DISAGREEMENTS)
