"""Templates that were made to fool linters that search the text; armlint says of each what it is.

Skipped where the corpus is absent.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import armlint
from armlint.finding import Severity

CORPUS = Path(os.environ.get("ARMLINT_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
CASES = CORPUS / "adversarial" / "cases.json"


def cases() -> list[Any]:
    if not CASES.is_file():
        return []
    return [pytest.param(case, id=case["file"]) for case in json.loads(CASES.read_text("utf-8"))]


@pytest.mark.skipif(not CASES.is_file(), reason="there is no corpus")
@pytest.mark.parametrize("case", cases())
def test_leaks_are_told_and_nothing_else(case: dict[str, Any]) -> None:
    found = armlint.check_paths([CASES.parent / case["file"]], select=["SEC"])
    told = [(entry.rule, entry.message) for entry in found if entry.severity is not Severity.INFO]
    assert bool(told) is (case["truth"] == "leak"), told


@pytest.mark.skipif(not CASES.is_file(), reason="there is no corpus")
def test_there_are_cases_of_both_kinds() -> None:
    truths = [case.values[0]["truth"] for case in cases()]
    assert set(truths) == {"leak", "clean"}
    assert len(truths) >= 28
