"""What the documentation says in tables is what the program does. ARMLINT_UPDATE=1 writes the tables anew."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from armlint.arm.flow import _SHAPES, _SPECIAL
from armlint.arm.functions import FUNCTIONS, PLAIN_LISTS, Flow, lookup
from armlint.checks.readable import READABLE

if TYPE_CHECKING:
    from armlint.arm.functions import Function
    from armlint.checks.readable import Readable

PAGE = Path(__file__).parents[1] / "docs" / "secret-flow.md"
UPDATE = os.environ.get("ARMLINT_UPDATE") == "1"

PASSES = {
    Flow.NONE: "no",
    Flow.CARRY: "yes",
    Flow.CARRY_BRANCHES: "yes, in the branches; the condition tells nothing",
    Flow.DERIVE: "no: what it returns tells next to nothing of it",
    Flow.DIGEST: "no: it returns a hash",
    Flow.SOURCE: "its result is a secret",
    Flow.IF_SECURE: "its result is a secret if the parameter is, or holds one",
    Flow.BY_DEFINITION: "its result holds what the variable holds",
    Flow.CONDITIONAL: "no",
}
SPECIAL = {
    "coalesce": "yes, up to the first argument that is surely not null",
    "fail": "its message is a place that can be read",
    "filter": "yes, in the items; what decides tells nothing",
    "groupby": "yes, in the items",
    "lambda": "yes, in its body",
    "lambdavariables": "its result holds what the item holds",
    "listoutputswithsecurevalues": "its result is the secret that the output holds",
    "map": "yes, as far as the lambda carries it",
    "mapvalues": "yes, as far as the lambda carries it",
    "objectkeys": "only one that is in a key",
    "reduce": "yes, as far as the lambda carries it",
    "reference": "its result holds what the outputs of a nested template hold",
    "references": "its result holds what the outputs of a loop of nested templates hold",
    "sort": "yes, in the items",
    "toobject": "yes, as far as the lambdas carry it",
}


def functions() -> str:
    grouped: dict[str, list[str]] = {}
    for key, function in sorted(FUNCTIONS.items()):
        grouped.setdefault(passes(key, function), []).append(f"`{function.name}`")
    grouped["its result is a secret"] = ["every other `list…`"]
    grouped["no: these list operations return no secret"] = [
        f"`{function.name}`" for key in sorted(PLAIN_LISTS) if (function := lookup(key)) is not None
    ]
    lines = ["| does a secret pass through? | functions |", "|---|---|"]
    lines += [f"| {words} | {', '.join(names)} |" for words, names in sorted(grouped.items(), reverse=True)]
    return "\n".join(lines) + "\n"


def passes(key: str, function: Function) -> str:
    if key in SPECIAL:
        return SPECIAL[key]
    if function.flow is Flow.CARRY and key in _SHAPES:
        return "yes, part by part"
    return PASSES[function.flow]


def readable() -> str:
    lines = ["| resource | property | why |", "|---|---|---|"]
    for row in READABLE:
        kinds = "<br>".join(f"`{kind}`" for kind in row.types) or "any"
        lines.append(f"| {kinds} | `{path(row)}`{unless(row)} | {row.why} |")
    return "\n".join(lines) + "\n"


def path(row: Readable) -> str:
    return ".".join(row.path).replace(".*", "[]")


def unless(row: Readable) -> str:
    if row.echo:
        return ", where no name holds it"
    return f", unless `{row.unless[-1]}` is true" if row.unless else ""


@pytest.mark.parametrize("name", ["functions", "readable"])
def test_the_tables_are_true(name: str) -> None:
    expected = {"functions": functions, "readable": readable}[name]()
    pattern = re.compile(rf"(<!-- {name} -->\n)(.*?)(<!-- /{name} -->)", re.DOTALL)
    text = PAGE.read_text("utf-8")
    if UPDATE:
        text = pattern.sub(lambda match: match[1] + expected + match[3], text)
        PAGE.write_text(text, "utf-8")
    found = pattern.search(text)
    assert found is not None
    assert found[2] == expected


def test_every_function_is_told_of() -> None:
    named = set(re.findall(r"`(\w+)`", functions()))
    assert {function.name for function in FUNCTIONS.values()} <= named


def test_what_is_said_of_single_functions_is_about_functions() -> None:
    assert set(SPECIAL) <= set(FUNCTIONS)
    # What needs a way of its own in the program needs words of its own here.
    assert set(_SPECIAL) <= set(SPECIAL) | {"if", "parameters", "variables"}
