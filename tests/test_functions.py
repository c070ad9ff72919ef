"""The table of functions: complete, consistent, and forgiving about letter case and slips."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armlint.arm.expression import Call, Invalid, read, walk
from armlint.arm.functions import (
    BICEP_ONLY,
    FUNCTIONS,
    PLAIN_LISTS,
    POLICY_ONLY,
    SCOPES,
    Flow,
    Function,
    Place,
    lookup,
    suggestion,
)

SHARED = Path(__file__).parents[2] / "shared"
CORPUS = Path(os.environ.get("ARMLINT_CORPUS", SHARED / "corpus"))
COLLECTED = SHARED / "knowledge" / "arm-functions.json"

TYPES = {"any", "array", "bool", "int", "lambda", "never", "null", "number", "object", "string"}


def known(name: str) -> Function:
    function = lookup(name)
    assert function is not None, name
    return function


@pytest.mark.parametrize("key", FUNCTIONS)
def test_rows_are_consistent(key: str) -> None:
    row = FUNCTIONS[key]
    assert key == row.name.lower()
    assert row.min_args >= 0
    assert row.max_args is None or row.min_args <= row.max_args
    assert set(row.returns.split("|")) <= TYPES
    assert row.scopes
    assert set(row.scopes) <= set(SCOPES)
    assert row.namespace in {"sys", "az"}
    for index, least, most in row.lambdas:
        assert index < (row.max_args or 99)
        assert 1 <= least <= most
    assert row.accepts(row.min_args)
    assert not row.accepts(row.min_args - 1)
    assert hash(row)


def test_no_row_stands_twice() -> None:
    source = Path(sys.modules[Function.__module__].__file__ or "").read_text("utf-8")
    rows = Counter(line.split('"')[1] for line in source.splitlines() if line.startswith('    Function("'))
    assert len(rows) == len(FUNCTIONS)
    assert set(rows.values()) == {1}


@pytest.mark.parametrize("name", ["concat", "CONCAT", "Concat"])
def test_letter_case_does_not_matter(name: str) -> None:
    assert known(name).name == "concat"


def test_users_functions_are_unknown() -> None:
    assert lookup("contoso.concat") is None
    assert lookup("list.keys") is None
    assert lookup("listing.keys") is None
    assert lookup("nosuchthing") is None


@pytest.mark.parametrize(
    ("name", "shown", "flow"),
    [
        ("listKeys", "listKeys", Flow.SOURCE),
        ("LISTKEYS", "listKeys", Flow.SOURCE),
        ("list", "list", Flow.SOURCE),
        ("listTomorrowsKeys", "listTomorrowsKeys", Flow.SOURCE),
        ("ListUsages", "listUsages", Flow.NONE),
        ("listkeyvaultkeys", "listKeyVaultKeys", Flow.NONE),
        ("listoutputswithsecurevalues", "listOutputsWithSecureValues", Flow.SOURCE),
    ],
)
def test_list_operations(name: str, shown: str, flow: Flow) -> None:
    function = known(name)
    assert function.name == shown
    assert function.flow is flow
    assert function.runtime
    assert (function.min_args, function.max_args) == (2, 3)


def test_places() -> None:
    assert [name for name, row in FUNCTIONS.items() if not row.deterministic] == ["newguid", "utcnow"]
    runtime = {row.name for row in FUNCTIONS.values() if row.runtime}
    assert {"reference", "references", "listOutputsWithSecureValues"} <= runtime
    assert "resourceId" not in runtime
    assert known("copyIndex").place is Place.LOOP
    assert known("resourceGroup").scopes == ("resourceGroup",)


@pytest.mark.parametrize(
    ("name", "arity", "yes", "no"),
    [
        ("null", "no arguments", (0,), (1,)),
        ("toLower", "1 argument", (1,), (0, 2)),
        ("equals", "2 arguments", (2,), (1, 3)),
        ("padLeft", "2 or 3 arguments", (2, 3), (1, 4)),
        ("utcNow", "0 or 1 argument", (0, 1), (2,)),
        ("copyIndex", "0 to 2 arguments", (0, 1, 2), (3,)),
        ("concat", "at least 1 argument", (1, 800), (0,)),
        ("union", "at least 2 arguments", (2, 3), (0, 1)),
        ("createArray", "any number of arguments", (0, 1, 9), ()),
        ("createObject", "an even number of arguments", (0, 2, 8), (1, 3)),
    ],
)
def test_arguments(name: str, arity: str, yes: tuple[int, ...], no: tuple[int, ...]) -> None:
    function = known(name)
    assert function.arity == arity
    assert all(map(function.accepts, yes))
    assert not any(map(function.accepts, no))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("concatt", "concat"),
        ("cocnat", "concat"),
        ("Paramters", "parameters"),
        ("variable", "variables"),
        ("resourceld", "resourceId"),
        ("Refrence", "reference"),
        ("uniqestring", "uniqueString"),
        ("subscriptions", "subscription"),
        ("lsitKeys", "listKeys"),
        ("lower", "toLower"),
        ("toString", "string"),
        ("len", "length"),
        ("sys.concat", "concat"),
        ("az.resourceId", "resourceId"),
        ("sys.nothing", None),
        ("contoso.concat", None),
        ("concat", None),
        ("listNothing", None),
        ("foo", None),
        ("steps", None),
        ("getSecret", None),
        ("", None),
        ("x" * 10_000, None),
    ],
)
def test_suggestions(written: str, meant: str | None) -> None:
    assert suggestion(written) == meant


@given(st.text(max_size=30))
def test_any_name_can_be_asked_for(name: str) -> None:
    function = lookup(name)
    meant = suggestion(name)
    assert meant is None or (function is None and lookup(meant) is not None)


@given(st.sampled_from([n for n in FUNCTIONS if len(n) > 5]), st.data())
def test_one_slip_is_forgiven(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 1))
    slip = name[:at] + data.draw(st.sampled_from(["", "q", name[at] * 2])) + name[at + 1 :]
    # The slip may be nearer to another function, or one itself: sub, mul; toLogicalZone, toLogicalZones.
    assert suggestion(slip) is not None or lookup(slip) is not None


def test_names_of_other_languages_are_no_functions() -> None:
    for name in POLICY_ONLY | BICEP_ONLY:
        assert name == name.lower()
        assert lookup(name) is None


def test_the_table_is_imported_fast() -> None:
    program = """
import time, armlint.finding
started = time.process_time()
import armlint.arm.functions
print(time.process_time() - started)
"""
    run = [sys.executable, "-c", program]
    root = str(Path(__file__).parents[1])
    seconds = [float(subprocess.check_output(run, cwd=root, text=True)) for _ in range(3)]
    # 1 to 2 ms with bytecode; without it the compiler takes some more.
    assert min(seconds) < 0.05


@pytest.mark.skipif(not COLLECTED.exists(), reason="the collected functions are not here")
def test_the_table_holds_what_was_collected() -> None:
    collected: dict[str, Any] = json.loads(COLLECTED.read_text("utf-8"))
    flows = {
        "none": Flow.NONE,
        "propagate": Flow.CARRY,
        "propagate-branches": Flow.CARRY_BRANCHES,
        "predicate": Flow.DERIVE,
        "digest": Flow.DIGEST,
        "source": Flow.SOURCE,
        "source-if-secure": Flow.IF_SECURE,
        "by-definition": Flow.BY_DEFINITION,
        "conditional": Flow.CONDITIONAL,
    }
    seen = set()
    for entry in collected["functions"]:
        name = entry["name"]
        if not entry.get("available_in_arm_json", True):
            assert name.lower() in BICEP_ONLY
            continue
        if name == "list*":
            name = "listAnything"
        elif name.lower() in FUNCTIONS:
            seen.add(name.lower())
        row = known(name)
        assert row.name == name
        assert (row.min_args, row.max_args) == (entry["min_args"], entry["max_args"]), name
        assert row.returns == entry["returns"], name
        assert row.flow is flows[entry["secret_flow"]], name
        assert row.namespace == entry["namespace"], name
        assert row.runtime == entry.get("runtime", False), name
        assert row.deterministic == entry.get("deterministic", True), name
        assert (row.place is Place.ANYWHERE) == ("allowed_in" not in entry), name
        assert row.scopes == tuple(entry["scopes"]), name
        assert row.even_args == entry.get("even_args", False), name
        assert row.deprecated == entry.get("deprecated", False), name
        lambdas = {str(index): [least, most] for index, least, most in row.lambdas}
        assert lambdas == entry.get("lambda_args", {}), name
        if entry.get("instance_of"):
            assert (name.lower() in PLAIN_LISTS) == (row.flow is Flow.NONE), name
    assert seen == set(FUNCTIONS)
    assert {name.lower() for name in collected["policy_only_functions"]} == POLICY_ONLY


@pytest.mark.skipif(not (CORPUS / "bicep-modules").is_dir(), reason="the corpus is not here")
def test_every_call_in_the_corpus_is_known() -> None:
    texts: set[str] = set()
    for file in (CORPUS / "bicep-modules").rglob("*.json"):
        # Every string, without caring where: what is no expression reads as None.
        json.loads(
            file.read_text("utf-8-sig"),
            object_pairs_hook=lambda pairs: texts.update(_strings(pairs)),
        )
    calls = 0
    for text in texts:
        tree = read(text)
        if tree is None or isinstance(tree, Invalid):
            continue
        for node in walk(tree):
            if isinstance(node, Call) and "." not in node.function:
                calls += 1
                assert known(node.name).accepts(len(node.args)), text
    assert calls > 1000


def _strings(pairs: list[tuple[str, Any]]) -> list[str]:
    found = []
    for name, value in pairs:
        found.append(name)
        todo = [value]
        while todo:
            item = todo.pop()
            if isinstance(item, str):
                found.append(item)
            elif isinstance(item, list):
                todo += item
    return found
