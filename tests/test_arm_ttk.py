"""The unit tests of arm-ttk that are about secrets, against armlint's rules. Skipped without the corpus."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import armlint

CORPUS = Path(os.environ.get("ARMLINT_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
CASES = CORPUS / "arm-ttk" / "cases.json"

# The rules of armlint that say what a test of arm-ttk says.
RULES = {
    "CommandToExecute-Must-Use-ProtectedSettings-For-Secrets": ["SEC201"],
    "Outputs-Must-Not-Contain-Secrets": ["SEC202"],
    "Secure-Params-In-Nested-Deployments": ["SEC203"],
    "Secure-String-Parameters-Cannot-Have-Default": ["SEC205"],
    "Password-params-must-be-secure": ["SEC206"],
    "adminPassword-Should-Not-Be-A-Literal": ["SEC211"],
    "adminUsername-Should-Not-Be-A-Literal": ["SEC212"],
    "Parameter-Types-Should-Be-Consistent": ["TPL514", "SEC204"],
    "Deployment-Resources-Must-Not-Be-Debug": ["SEC209"],
}
# Verdicts of arm-ttk that are wrong, with why.
WRONG = {
    "CommandToExecute-Must-Use-ProtectedSettings-For-Secrets/Fail/ListKeys.json": (
        "the resource's type is 'CustomScript', which is no resource type: Azure deploys no extension there"
    ),
    "Outputs-Must-Not-Contain-Secrets/Fail/Outputs-Cannot-Contain-Strings-Named-Password.json": (
        "the output's name holds 'Password', its value is a sentence about names"
    ),
    "Secure-String-Parameters-Cannot-Have-Default/Pass/NewGuid-As-Default-With-Spaces.json": (
        "' [ newGuid() ]' begins with a space, so it is no expression but a password that everyone can read"
    ),
}


def cases() -> list[Any]:
    if not CASES.is_file():
        return []
    return [
        pytest.param(case, id=case["path"])
        for case in json.loads(CASES.read_text("utf-8"))
        if case["test"] in RULES
    ]


@pytest.mark.skipif(not CASES.is_file(), reason="there is no corpus")
@pytest.mark.parametrize("case", cases())
def test_verdicts_are_those_of_arm_ttk_where_it_is_right(case: dict[str, Any]) -> None:
    paths = [CASES.parent / file for file in case["files"] if file.endswith(".json")]
    found = armlint.check_paths(paths, select=RULES[case["test"]])
    told = [(entry.rule, entry.region.line, entry.message) for entry in found]
    assert bool(told) is ((case["expect"] == "fail") is (case["path"] not in WRONG)), told


@pytest.mark.skipif(not CASES.is_file(), reason="there is no corpus")
def test_every_exception_is_a_case() -> None:
    paths = {case.values[0]["path"] for case in cases()}
    assert set(WRONG) <= paths
    assert len(paths) >= 30
