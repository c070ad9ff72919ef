"""Tests of evaluation: what is known before deployment is known, what is not stays unknown, nothing else."""

from __future__ import annotations

import gc
import json
import os
import random
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from armlint.arm import expression as syntax
from armlint.arm import extension as extensions
from armlint.arm import graph as graphs
from armlint.arm.evaluate import Evaluator, calls, variable_references, written
from armlint.arm.expression import is_expression, literal
from armlint.arm.functions import lookup
from armlint.arm.model import Model
from armlint.arm.pure import PURE
from armlint.arm.template import Template, shown
from armlint.arm.template import read as read_template
from armlint.arm.value import MAX_NESTING, Array, Failure, Object, Term, Text, identity, known, plain
from armlint.jsontext import read
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from armlint.arm.value import Value
    from armlint.jsontext import Node

CORPUS = Path(os.environ.get("ARMLINT_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")

PARAMETERS = {
    "p": {"type": "string", "defaultValue": "never"},
    "q": {"type": "string"},
    "flag": {"type": "bool"},
    "array": {"type": "array"},
    "object": {"type": "object"},
    "any": {},
}


def template_of(document: dict[str, Any] | str) -> Template:
    text = document if isinstance(document, str) else json.dumps(document)
    found = read_template(read(Source(text)))
    assert found is not None
    return found


def template(**sections: Any) -> Template:
    return template_of({"parameters": PARAMETERS, "resources": [], **sections})


def value_at(found: Template, *path: str | int) -> Value:
    node = found.node.at(*path)
    assert node is not None
    return found.evaluator.value(node, found.scope)


def value(json_value: Any, **sections: Any) -> Value:
    """The value of something that stands in an output."""
    return value_at(template(**sections, outputs={"x": {"value": json_value}}), "outputs", "x", "value")


def shows(json_value: Any, **sections: Any) -> str:
    return repr(value(json_value, **sections))


def fails(json_value: Any, **sections: Any) -> Failure:
    found = value(json_value, **sections)
    assert isinstance(found, Failure), found
    return found


# -- strings, and what is none --


@pytest.mark.parametrize(
    ("written_as", "means"),
    [
        ("text", "text"),
        ("", ""),
        ("[[text]", "[text]"),
        ("[[text", "[[text"),
        ("[text", "[text"),
        (" [text]", " [text]"),
        ("['']", ""),
        ("['it''s']", "it's"),
        ("[1]", 1),
        ("[-7]", -7),
        (7, 7),
        (1.5, 1.5),
        (True, True),
        (None, None),
        ([], []),
        ({}, {}),
        (["[concat('a', 'b')]", {"[concat('k', 'ey')]": "[[x]"}], ["ab", {"key": "[x]"}]),
        ({"[[a]": 1}, {"[a]": 1}),
    ],
)
def test_a_string_is_an_expression_only_in_its_brackets(written_as: object, means: object) -> None:
    assert plain(value(written_as)) == means


def test_an_expression_that_does_not_parse_fails_at_its_string() -> None:
    found = fails("[concat(]")
    assert found.node is not None
    assert found.node.value == "[concat(]"


def test_one_bad_part_does_not_spoil_what_stands_beside_it() -> None:
    found = value({"bad": "[variables('no')]", "good": "[concat('a', 'b')]"})
    assert isinstance(found, Object)
    assert found.get("good") == "ab"
    assert isinstance(found.get("bad"), Failure)
    assert not known(found)


NAMES = st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | NAMES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=25,
)


def is_plain(found: object) -> bool:
    """Whether a JSON value means itself: no expressions, no loops, no names that differ in case only."""
    if isinstance(found, str):
        return literal(found) == found and not is_expression(found)
    if isinstance(found, list):
        return all(map(is_plain, found))
    if isinstance(found, dict):
        names = {name.lower() for name in found}
        return (
            len(names) == len(found) and "copy" not in names and all(map(is_plain, (*found, *found.values())))
        )
    return True


def in_brackets(found: object) -> str:
    """A JSON value as an expression that makes it."""
    return "[json('" + json.dumps(found, ensure_ascii=False).replace("'", "''") + "')]"


@given(JSON.filter(is_plain))
@settings(max_examples=150)
@example([[[[[[[[[["x"]]]]]]]]]])
@example({"properties": {"A": 1, "b": [None, True, 1.5, -1, 2**40]}})
def test_a_variable_that_is_plain_data_is_worth_what_stands_there(data: object) -> None:
    found = template(variables={"v": data}, outputs={"x": {"value": "[variables('v')]"}})
    evaluated = value_at(found, "outputs", "x", "value")
    assert plain(evaluated) == data
    assert identity(evaluated) == identity(found.evaluator.pool.lift(data))


@given(JSON.filter(is_plain))
@settings(max_examples=100)
def test_json_of_a_text_is_what_the_text_says_or_unknown(data: object) -> None:
    evaluated = value(in_brackets(data))
    assert isinstance(evaluated, Term) or plain(evaluated) == data


@pytest.mark.parametrize("data", ["x", 5, True, None, [1, "a"], {"a": {"b": ["c"]}}, {"Key": "it's"}])
def test_json_of_a_text_is_what_the_text_says(data: object) -> None:
    assert plain(value(in_brackets(data))) == data


# -- names --


def test_a_parameter_of_the_template_itself_is_never_a_constant() -> None:
    assert shows("[parameters('p')]") == "parameters(1, 'p')"
    assert shows("[parameters('P')]") == "parameters(1, 'p')"
    assert shows("[concat('a-', PARAMETERS('p'))]") == "'a-'+parameters(1, 'p')"
    assert shows("[variables('v')]", variables={"v": "[parameters('p')]"}) == "parameters(1, 'p')"


def test_names_ignore_case() -> None:
    variables = {"Site": {"Name": "x"}}
    assert value("[Variables('sItE').nAME]", variables=variables) == "x"
    assert value("[variables('site')['NAME']]", variables=variables) == "x"


def test_a_path_leads_into_variables() -> None:
    variables = {"v": {"list": [1, {"deep": ["a", "b"]}]}, "key": "deep"}
    assert value("[variables('v').list[1].deep[0]]", variables=variables) == "a"
    assert value("[variables('v')['list'][1][variables('key')][1]]", variables=variables) == "b"
    assert value("[variables(concat('k', 'ey'))]", variables=variables) == "deep"


def test_a_path_into_the_unknown_is_a_term_whatever_its_spelling() -> None:
    spellings = [
        "[parameters('object').A.b[0]]",
        "[parameters('object')['a'].B[0]]",
        "[variables('o').a.b[variables('zero')]]",
    ]
    variables = {"o": "[parameters('Object')]", "zero": 0}
    found = template(variables=variables, outputs={str(i): {"value": s} for i, s in enumerate(spellings)})
    values = [value_at(found, "outputs", str(i), "value") for i in range(len(spellings))]
    assert values[0] is values[1] is values[2]
    assert isinstance(values[0], Term)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("[variables('no')]", "no such variable"),
        ("[parameters('no')]", "no such parameter"),
        ("[variables('v').no]", "no property 'no'"),
        ("[variables('v').list[2]]", "outside the array, which has 2 items"),
        ("[variables('v').list[-1]]", "outside"),
        ("[variables('v').list.x]", "whole number"),
        ("[variables('v')[0]]", "property name"),
        ("[variables('text').length]", "only objects and arrays"),
        ("[variables('text')[0]]", "only objects and arrays"),
        ("[concat(parameters('p'), '-x')[0]]", "only objects and arrays"),
        ("[variables('v', 'w')]", "one argument"),
        ("[parameters()]", "one argument"),
        ("[ns.missing()]", "no function 'ns.missing'"),
        ("[if(true(), 1)]", "three arguments"),
        ("[resourceId('A.B/c/d', 'e')]", "for each segment"),
        ("[format('{0} {1}', parameters('p'))]", "every place"),
        ("[createObject('a')]", "createObject"),
        ("[substring(5)]", "substring"),
        ("[int('x')]", "int"),
    ],
)
def test_what_cannot_succeed_fails_and_says_where(expression: str, message: str) -> None:
    found = fails(expression, variables={"v": {"list": [1, 2]}, "text": "abc"})
    assert message in found.message
    assert found.expression is not None
    assert found.node is not None
    assert found.node.value == expression


def test_a_failure_inside_a_variable_is_placed_in_the_variable() -> None:
    variables = {"a": "[variables('b').x]", "b": {"y": 1}}
    found = fails("[toUpper(variables('a'))]", variables=variables)
    assert found.node is not None
    assert found.node.pointer == "/variables/a"
    assert found.expression == syntax.read("[variables('b').x]")


@pytest.mark.parametrize(
    "expression",
    [
        "[parameters('array')[9].x.y]",
        "[parameters('any')]",
        "[concat(parameters('any'), parameters('any'))[0]]",
        "[union(variables('v'), parameters('object')).no]",
        "[if(parameters('flag'), variables('v').no, 1)]",
        "[coalesce(parameters('object').a, variables('v').no)]",
        "[and(parameters('flag'), variables('v').no)]",
        "[or(parameters('flag'), variables('v').no)]",
        "[tryGet(parameters('object'), 'a', 'b')]",
        "[tryGet(variables('v'), 'list', 'x')]",
        "[map(createArray(1), lambda('x', variables('no')))]",
        "[notAFunction('x').y]",
        "[property('a', 'b')]",
        "[reference('x').a.b]",
        "[listKeys('x', '2020-01-01').keys[0].value]",
        "[lambdaVariables('x')]",
        "[lambda('x', 1)]",
        "[map()]",
        "[sort()]",
        "[filter(createArray(1))]",
        "[toObject(createArray('a'), lambda('x', lambdaVariables('x')), 'no lambda')]",
        "[copyIndex(parameters('p'))]",
        "[copyIndex()]",
        "[newGuid()]",
    ],
)
def test_what_may_succeed_does_not_fail(expression: str) -> None:
    found = value(expression, variables={"v": {"list": [1]}})
    assert not isinstance(found, Failure)
    assert not known(found) or isinstance(found, Array)


# -- branches --


@pytest.mark.parametrize(
    ("expression", "means"),
    [
        ("[if(true(), 'a', variables('no'))]", "a"),
        ("[if(equals('a', 'b'), variables('no'), 'b')]", "b"),
        ("[if(parameters('flag'), 'same', 'same')]", "same"),
        ("[and(false(), variables('no'))]", False),
        ("[and(parameters('flag'), false())]", False),
        ("[or(true(), variables('no'))]", True),
        ("[or(parameters('flag'), true())]", True),
        ("[coalesce(null(), 'a', variables('no'))]", "a"),
        ("[coalesce(null(), null())]", None),
        ("[coalesce(null(), createObject('a', 1)).a]", 1),
    ],
)
def test_branches_that_are_not_taken_do_not_count(expression: str, means: object) -> None:
    assert plain(value(expression)) == means


@pytest.mark.parametrize(
    ("expression", "means"),
    [
        ("[and(parameters('flag'), true())]", "parameters(1, 'flag')"),
        ("[or(false(), parameters('flag'))]", "parameters(1, 'flag')"),
        ("[not(not(parameters('flag')))]", "parameters(1, 'flag')"),
        ("[not(parameters('flag'))]", "not(parameters(1, 'flag'))"),
        ("[equals(parameters('p'), parameters('P'))]", "True"),
        ("[equals(parameters('p'), parameters('q'))]", "equals(parameters(1, 'p'), parameters(1, 'q'))"),
        ("[if(parameters('flag'), 'a', 'b')]", "if(parameters(1, 'flag'), 'a', 'b')"),
        ("[coalesce(parameters('any'), 'b')]", "coalesce(parameters(1, 'any'), 'b')"),
        ("[coalesce(parameters('any'), null())]", "parameters(1, 'any')"),
        ("[empty(concat('a', parameters('p')))]", "False"),
        ("[empty(parameters('p'))]", "empty(parameters(1, 'p'))"),
        ("[contains(createObject('A', parameters('p')), 'a')]", "True"),
        ("[contains(createArray(parameters('p')), parameters('p'))]", "True"),
        ("[contains(createArray(parameters('p')), 'x')]", "contains([parameters(1, 'p')], 'x')"),
        ("[contains(concat(parameters('p'), '-abc'), 'ab')]", "True"),
        ("[length(createArray(parameters('p'), 2))]", "2"),
        ("[first(createArray(parameters('p'), 2))]", "parameters(1, 'p')"),
        ("[last(createArray(1, parameters('p')))]", "parameters(1, 'p')"),
        ("[take(createArray(1, parameters('p')), 1)]", "[1]"),
        ("[skip(createArray(1, parameters('p')), 1)]", "[parameters(1, 'p')]"),
        ("[flatten(createArray(createArray(parameters('p')), createArray(1)))]", "[parameters(1, 'p'), 1]"),
        ("[objectKeys(createObject('b', parameters('p'), 'a', 1))]", "['a', 'b']"),
        ("[items(createObject('a', parameters('p')))]", "[{'key': 'a', 'value': parameters(1, 'p')}]"),
        ("[array(parameters('p'))]", "array(parameters(1, 'p'))"),
        ("[array(concat('a', parameters('p')))]", "['a'+parameters(1, 'p')]"),
        ("[array(createArray(parameters('p')))]", "[parameters(1, 'p')]"),
        ("[toLower(concat('A', parameters('p')))]", "'a'+tolower(parameters(1, 'p'))"),
        ("[toUpper(concat('ß', parameters('p')))]", "toupper('ß'+parameters(1, 'p'))"),
        ("[string(concat('A', parameters('p')))]", "'A'+parameters(1, 'p')"),
        (
            "[union(createObject('a', 1), createObject('b', parameters('p')))]",
            "{'a': 1, 'b': parameters(1, 'p')}",
        ),
        (
            "[union(createObject('a', parameters('p')), createObject('a', 'x', 'c', createObject()))]",
            "{'a': 'x', 'c': {}}",
        ),
        ("[createObject(parameters('p'), 1)]", "createobject(parameters(1, 'p'), 1)"),
        ("[tryGet(createObject('a', parameters('p')), 'A')]", "parameters(1, 'p')"),
        ("[tryGet(createObject('a', 1), 'b', 'c')]", "None"),
        ("[tryGet(null(), 'b')]", "None"),
        (
            "[tryGet(createObject('a', parameters('object')), 'a', 'B', 0)]",
            "property(property(parameters(1, 'object'), 'b'), 0)",
        ),
        ("[tryGet(createArray(1), 5)]", "None"),
        (
            "[tryGet(createObject('a', parameters('object')), 'a', 'b')]",
            "property(parameters(1, 'object'), 'b')",
        ),
    ],
)
def test_functions_say_what_they_can_of_what_is_not_all_known(expression: str, means: str) -> None:
    assert shows(expression) == means


def test_what_cannot_be_told_from_a_null_is_not_told() -> None:
    # A value merged with null, or with what may be null, may stay or go.
    for second in ("null()", "parameters('any')"):
        merged = value(f"[union(createObject('a', 1, 'b', 2), createObject('a', {second})).a]")
        assert isinstance(merged, Term)


# -- texts --


def test_texts_are_put_together_as_far_as_they_are_known() -> None:
    p = "parameters(1, 'p')"
    assert shows("[concat('a', parameters('p'), 1, true(), 'b')]") == f"'a'+{p}+'1Trueb'"
    assert shows("[format('{0}-{1}-{{0}}', parameters('p'), 5)]") == f"{p}+'-5-{{0}}'"
    assert value("[format('{0}-{1}', 'a', 'b')]") == "a-b"
    assert value("[format('{0}{{{1}}}', 'a', 'b')]") == "a{b}"
    assert value("[concat('a', 1, true())]") == "a1True"
    assert shows("[format('{0,5}', parameters('p'))]") == f"format('{{0,5}}', {p})"
    assert shows("[format('{0', parameters('p'))]") == f"format('{{0', {p})"
    assert shows("[format('}', parameters('p'))]") == f"format('}}', {p})"
    assert shows("[format('{99999999999}', parameters('p'))]") == f"format('{{99999999999}}', {p})"
    assert shows("[format('{٣}', parameters('p'))]") == f"format('{{٣}}', {p})"
    assert shows("[format(parameters('p'), 'x')]") == f"format({p}, 'x')"


def test_concat_and_format_and_nesting_come_to_the_same() -> None:
    spellings = [
        "[concat(parameters('p'), '-', parameters('q'))]",
        "[format('{0}-{1}', parameters('p'), parameters('q'))]",
        "[concat(concat(parameters('p'), '-'), parameters('q'))]",
        "[format('{0}{1}', concat(parameters('p')), variables('tail'))]",
    ]
    found = template(
        variables={"tail": "[concat('-', parameters('q'))]"},
        outputs={str(i): {"value": s} for i, s in enumerate(spellings)},
    )
    values = {identity(value_at(found, "outputs", str(i), "value")) for i in range(len(spellings))}
    assert len(values) == 1


def test_what_is_joined_may_be_arrays_unless_something_says_that_it_is_text() -> None:
    assert isinstance(value("[concat(parameters('any'), parameters('any'))]"), Term)
    assert isinstance(value("[concat(parameters('array'), createArray(1))]"), Term)
    assert isinstance(value("[concat(parameters('p'), parameters('any'))]"), Text)
    assert isinstance(value("[concat(toLower(parameters('any')), parameters('any'))]"), Text)
    assert plain(value("[concat(createArray(1), createArray(2, 3))]")) == [1, 2, 3]
    assert shows("[concat(createArray(parameters('p')), createArray(2))]") == "[parameters(1, 'p'), 2]"


# -- the pure functions --

PURE_CALLS: dict[str, tuple[str, object]] = {
    "add": ("add(1, 2)", 3),
    "and": ("and(true(), not(false()))", True),
    "array": ("array('a')", ["a"]),
    "base64": ("base64('one')", "b25l"),
    "base64tojson": ("base64ToJson(base64('{\"a\": 1}'))", {"a": 1}),
    "base64tostring": ("base64ToString('b25l')", "one"),
    "bool": ("bool('true')", True),
    "cidrhost": ("cidrHost('10.0.0.0/24', 0)", "10.0.0.1"),
    "cidrsubnet": ("cidrSubnet('10.0.0.0/16', 24, 1)", "10.0.1.0/24"),
    "coalesce": ("coalesce(null(), 'a')", "a"),
    "concat": ("concat('a', 'b')", "ab"),
    "contains": ("contains('abc', 'b')", True),
    "createarray": ("createArray(1, 'a')", [1, "a"]),
    "createobject": ("createObject('a', 1)", {"a": 1}),
    "datauri": ("dataUri('Hello')", "data:text/plain;charset=utf-8;base64,SGVsbG8="),
    "datauritostring": ("dataUriToString('data:;base64,SGVsbG8sIFdvcmxkIQ==')", "Hello, World!"),
    "datetimeadd": ("dateTimeAdd('2020-04-07T14:53:14Z', 'P3Y', 'yyyy')", "2023"),
    "datetimefromepoch": ("dateTimeFromEpoch(1683040573)", "2023-05-02T15:16:13Z"),
    "datetimetoepoch": ("dateTimeToEpoch('2023-05-02T15:16:13Z')", 1683040573),
    "div": ("div(7, 2)", 3),
    "empty": ("empty('')", True),
    "endswith": ("endsWith('abc', 'C')", True),
    "equals": ("equals(1, 1)", True),
    "false": ("false()", False),
    "first": ("first('one')", "o"),
    "flatten": ("flatten(createArray(createArray(1), createArray(2)))", [1, 2]),
    "float": ("float('1.5')", 1.5),
    "format": ("format('{0:D3}', 7)", "007"),
    "greater": ("greater(2, 1)", True),
    "greaterorequals": ("greaterOrEquals(2, 2)", True),
    "if": ("if(true(), 1, 2)", 1),
    "indexfromend": ("indexFromEnd(createArray(1, 2), 1)", 2),
    "indexof": ("indexOf('abc', 'b')", 1),
    "int": ("int('7')", 7),
    "intersection": ("intersection(createArray(1, 2), createArray(2, 3))", [2]),
    "items": ("items(createObject('a', 1))", [{"key": "a", "value": 1}]),
    "join": ("join(createArray('a', 'b'), '-')", "a-b"),
    "json": ("json('[1]')", [1]),
    "last": ("last('one')", "e"),
    "lastindexof": ("lastIndexOf('abab', 'b')", 3),
    "length": ("length('abc')", 3),
    "less": ("less(1, 2)", True),
    "lessorequals": ("lessOrEquals(2, 2)", True),
    "max": ("max(1, 3)", 3),
    "min": ("min(createArray(3, 1))", 1),
    "mod": ("mod(7, 3)", 1),
    "mul": ("mul(2, 3)", 6),
    "not": ("not(true())", False),
    "null": ("null()", None),
    "objectkeys": ("objectKeys(createObject('a', 1))", ["a"]),
    "or": ("or(false(), true())", True),
    "padleft": ("padLeft('7', 3, '0')", "007"),
    "parsecidr": ("parseCidr('10.0.0.0/30').lastUsable", "10.0.0.2"),
    "range": ("range(5, 3)", [5, 6, 7]),
    "replace": ("replace('a-b', '-', '')", "ab"),
    "shallowmerge": (
        "shallowMerge(createArray(createObject('a', 1), createObject('b', 2)))",
        {"a": 1, "b": 2},
    ),
    "skip": ("skip('abc', 1)", "bc"),
    "split": ("split('a,b', ',')", ["a", "b"]),
    "startswith": ("startsWith('abc', 'A')", True),
    "string": ("string(createArray(1, 'a'))", '[1,"a"]'),
    "sub": ("sub(3, 1)", 2),
    "substring": ("substring('abc', 1, 1)", "b"),
    "take": ("take('abc', 2)", "ab"),
    "tolower": ("toLower('ABC')", "abc"),
    "toupper": ("toUpper('abc')", "ABC"),
    "trim": ("trim(' a ')", "a"),
    "true": ("true()", True),
    "tryget": ("tryGet(createObject('a', 1), 'a')", 1),
    "tryindexfromend": ("tryIndexFromEnd(createArray(1), 1)", 1),
    "union": ("union(createArray(1), createArray(1, 2))", [1, 2]),
    "uri": ("uri('http://a.org/b/', 'c')", "http://a.org/b/c"),
    "uricomponent": ("uriComponent('a b')", "a%20b"),
    "uricomponenttostring": ("uriComponentToString('a%20b')", "a b"),
}


@pytest.mark.parametrize("function", sorted(PURE))
def test_every_pure_function_is_within_reach(function: str) -> None:
    call, means = PURE_CALLS[function]
    assert plain(value(f"[{call}]")) == means
    # The same through variables, where the arguments are not literals.
    assert plain(value("[variables('v')]", variables={"v": f"[{call}]"})) == means


@pytest.mark.parametrize("function", sorted(PURE))
def test_no_pure_function_tells_a_constant_from_an_unknown_argument(function: str) -> None:
    """Except where the unknown part cannot matter, which the cases above list."""
    record = lookup(function)
    assert record is not None
    count = max(record.min_args, 1)
    if record.max_args == 0:
        return
    arguments = ", ".join(["parameters('any')"] * (count + count % 2 if record.even_args else count))
    found = value(f"[{function}({arguments})]")
    known_anyway = function in {"equals", "contains"}
    assert isinstance(found, Array | Object) or known_anyway or not known(found)


# -- copies --


def test_loops_at_the_top_of_the_variables_make_variables() -> None:
    variables = {
        "copy": [
            {"name": "Disks", "count": 3, "input": {"name": "[concat('d', copyIndex('disks'))]"}},
            {"name": "texts", "count": "[length(variables('disks'))]", "input": "[copyIndex('texts', 1)]"},
        ],
        "other": "[variables('disks')[1].name]",
    }
    assert plain(value("[variables('disks')]", variables=variables)) == [{"name": f"d{i}"} for i in range(3)]
    assert plain(value("[variables('texts')]", variables=variables)) == [1, 2, 3]
    assert value("[variables('other')]", variables=variables) == "d1"


def test_loops_in_an_object_make_its_members() -> None:
    held = {"a": 1, "copy": [{"name": "b", "count": 2, "input": "[copyIndex('b')]"}]}
    assert plain(value("[variables('v')]", variables={"v": held})) == {"a": 1, "b": [0, 1]}
    named = {"copy": [{"name": "[concat('b', 'c')]", "count": 1, "input": "[copyIndex('bc')]"}]}
    assert plain(value("[variables('v')]", variables={"v": named})) == {"bc": [0]}


def test_loops_nest() -> None:
    inner = {
        "copy": [{"name": "in", "count": 2, "input": "[add(mul(10, copyIndex('out')), copyIndex('in'))]"}]
    }
    outer = {"copy": [{"name": "out", "count": 2, "input": inner}]}
    assert plain(value("[variables('v').out]", variables={"v": outer})) == [{"in": [0, 1]}, {"in": [10, 11]}]


def test_a_member_called_copy_that_is_no_loop_is_a_member() -> None:
    for held in ({"copy": "x"}, {"copy": []}, {"copy": [{"name": "n"}]}, {"copy": {"name": "n", "input": 1}}):
        assert plain(value("[variables('v')]", variables={"v": held})) == held


def test_a_loop_of_unknown_length_leaves_its_members_unknown_but_there() -> None:
    held = {"a": 1, "copy": [{"name": "b", "count": "[parameters('any')]", "input": 1}]}
    found = value("[variables('v')]", variables={"v": held})
    assert isinstance(found, Object)
    assert found.get("a") == 1
    assert isinstance(found.get("b"), Term)
    huge = {"copy": [{"name": "b", "count": 100_000, "input": 1}]}
    assert isinstance(value("[variables('v').b]", variables={"v": huge}), Term)


def test_an_object_with_an_unknown_name_in_it_is_unknown() -> None:
    assert isinstance(value({"[parameters('p')]": 1, "b": 2}), Term)
    assert isinstance(value({"[variables('no')]": 1}), Term)
    assert isinstance(value({"[concat(]": 1}), Term)


# -- lambdas --

GROUPED = {"a": ["aa", "ac"], "b": ["b"]}
PAIRS = [["aa", "ab"], ["ba", "bb"]]


@pytest.mark.parametrize(
    ("expression", "means"),
    [
        ("map(range(0, 3), lambda('i', mul(lambdaVariables('i'), 2)))", [0, 2, 4]),
        (
            "map(ab, lambda('x', 'i', format('{0}{1}', lambdaVariables('X'), lambdaVariables('i'))))",
            ["a0", "b1"],
        ),
        ("filter(range(0, 5), lambda('i', less(lambdaVariables('i'), 2)))", [0, 1]),
        ("filter(ab, lambda('x', 'i', equals(lambdaVariables('i'), 1)))", ["b"]),
        ("reduce(range(0, 5), 0, lambda('a', 'b', add(lambdaVariables('a'), lambdaVariables('b'))))", 10),
        (
            "reduce(ab, 's', lambda('s', 'x', 'i', concat(lambdaVariables('s'), lambdaVariables('i'))))",
            "s01",
        ),
        ("toObject(ab, lambda('x', concat('k', lambdaVariables('x'))))", {"ka": "a", "kb": "b"}),
        ("toObject(ab, lambda('x', lambdaVariables('x')), lambda('x', 'v'))", {"a": "v", "b": "v"}),
        ("mapValues(createObject('a', 1), lambda('v', add(lambdaVariables('v'), 1)))", {"a": 2}),
        ("groupBy(createArray('aa', 'ac', 'b'), lambda('x', first(lambdaVariables('x'))))", GROUPED),
        (
            "map(ab, lambda('x', map(ab, lambda('y', concat(lambdaVariables('x'), lambdaVariables('y'))))))",
            PAIRS,
        ),
        ("map(createArray(1), lambda('x', variables('v')))", ["from outside"]),
    ],
)
def test_lambdas_are_applied(expression: str, means: object) -> None:
    expression = re.sub(r"\bab\b", "createArray('a', 'b')", expression)
    assert plain(value(f"[{expression}]", variables={"v": "from outside"})) == means


@pytest.mark.parametrize(
    "expression",
    [
        "map(parameters('array'), lambda('x', lambdaVariables('x')))",
        "filter(createArray(1, 2), lambda('x', parameters('flag')))",
        "toObject(createArray(1, 2), lambda('x', parameters('p')))",
        "toObject(createArray(1, 2), lambda('x', 'same'))",
        "groupBy(createArray(1, 2), lambda('x', parameters('p')))",
        "reduce(parameters('array'), 0, lambda('a', 'b', 1))",
        "sort(createArray(2, 1), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))",
    ],
)
def test_lambdas_over_the_unknown_are_unknown(expression: str) -> None:
    assert isinstance(value(f"[{expression}]"), Term)


def test_lambdas_over_the_unknown_are_equal_when_their_words_are() -> None:
    words = "[join(map(parameters('array'), lambda('x', lambdaVariables('x').{})), ',')]"
    found = template(outputs={str(i): {"value": words.format(n)} for i, n in enumerate(["a", "a", "b"])})
    values = [value_at(found, "outputs", str(i), "value") for i in range(3)]
    assert values[0] is values[1]
    assert values[0] is not values[2]


def test_lambda_variables_do_not_leak_between_calls() -> None:
    """Equal words mean different things where they close over different values."""
    inner = "map(parameters('array'), lambda('y', lambdaVariables('x')))"
    words = f"[map(createArray('a', 'b'), lambda('x', {inner}))]"
    found = value(words)
    assert isinstance(found, Array)
    assert identity(found.items[0]) != identity(found.items[1])


# -- user functions --

FUNCTIONS = [
    {
        "namespace": "my",
        "members": {
            "name": {
                "parameters": [{"name": "Prefix", "type": "string"}, {"name": "n", "type": "int"}],
                "output": {"type": "string", "value": "[concat(parameters('prefix'), '-', parameters('N'))]"},
            },
            "shape": {"parameters": [{"name": "a"}], "output": {"value": {"key": "[parameters('a')]"}}},
            "nosy": {"parameters": [], "output": {"value": "[variables('v')]"}},
            "greedy": {"parameters": [], "output": {"value": "[parameters('p')]"}},
            "twice": {
                "parameters": [{"name": "x"}],
                "output": {"value": "[my.name(my.name(parameters('x'), 1), 2)]"},
            },
            "forever": {
                "parameters": [{"name": "x"}],
                "output": {"value": "[concat(my.forever(parameters('x')), my.forever(parameters('x')))]"},
            },
        },
    },
    {"namespace": "broken", "members": {"f": {}, "g": {"output": {}}}},
    {"members": {}},
    "nonsense",
]


def test_user_functions_are_called() -> None:
    assert value("[my.name('vm', 7)]", functions=FUNCTIONS) == "vm-7"
    assert value("[MY.Name('vm', 7)]", functions=FUNCTIONS) == "vm-7"
    assert value("[my.shape('x').key]", functions=FUNCTIONS) == "x"
    assert value("[my.twice('x')]", functions=FUNCTIONS) == "x-1-2"
    assert shows("[my.name(parameters('p'), 1)]", functions=FUNCTIONS) == "parameters(1, 'p')+'-1'"


def test_user_functions_see_only_their_parameters() -> None:
    assert isinstance(value("[my.nosy()]", functions=FUNCTIONS, variables={"v": 1}), Term)
    found = fails("[my.greedy()]", functions=FUNCTIONS)
    assert found.node is not None
    assert found.node.value == "[parameters('p')]"


def test_user_functions_take_as_many_arguments_as_they_declare() -> None:
    assert "takes 2 arguments" in fails("[my.name('x')]", functions=FUNCTIONS).message
    assert "no function 'broken.f'" in fails("[broken.f()]", functions=FUNCTIONS).message


def test_user_functions_without_end_end() -> None:
    started = time.perf_counter()
    assert not known(value("[my.forever('x')]", functions=FUNCTIONS))
    assert time.perf_counter() - started < 5


# -- scopes --


def nested(
    inner: dict[str, Any], *, scope: str | None = "inner", passed: object = None, **fields: Any
) -> dict[str, Any]:
    properties: dict[str, Any] = {"mode": "Incremental", "template": {"resources": [], **inner}}
    if scope is not None:
        properties["expressionEvaluationOptions"] = {"scope": scope}
    if passed is not None:
        properties["parameters"] = passed
    return {
        "type": "Microsoft.Resources/deployments",
        "name": "nested",
        "apiVersion": "2022-09-01",
        "properties": properties,
        **fields,
    }


def inside(deployment: dict[str, Any], name: str = "x", **sections: Any) -> Value:
    """The value of an output of the template nested in the only resource."""
    found = template(**{"resources": [deployment], **sections})
    (resource,) = found.resources
    assert resource.nested is not None
    return value_at(resource.nested, "outputs", name, "value")


def of_parameter(declared: dict[str, Any], passed: object) -> str:
    inner = {"parameters": {"i": declared}, "outputs": {"x": {"value": "[parameters('I')]"}}}
    return repr(inside(nested(inner, passed=passed), variables={"v": ["a", "b"]}))


def test_what_a_deployment_passes_is_the_parameter_of_an_inner_template() -> None:
    assert of_parameter({"type": "string"}, {"i": {"value": "x"}}) == "'x'"
    assert of_parameter({"type": "string"}, {"I": {"value": "[variables('v')[1]]"}}) == "'b'"
    assert of_parameter({"type": "string"}, {"i": {"value": "[parameters('p')]"}}) == "parameters(1, 'p')"
    assert of_parameter({"defaultValue": "d"}, {"i": {"value": "x"}}) == "'x'"
    assert of_parameter({"type": "object"}, {"i": {"value": None}}) == "None"


def test_an_inner_parameter_that_is_not_passed_is_its_default() -> None:
    assert of_parameter({"type": "string", "defaultValue": "d"}, {}) == "'d'"
    assert of_parameter({"type": "string", "defaultValue": "d"}, None) == "'d'"
    assert (
        of_parameter({"type": "string", "defaultValue": "[concat('d', 'e')]"}, {"other": {"value": 1}})
        == "'de'"
    )
    assert of_parameter({"type": "string"}, {}) == "parameters(2, 'i')"


def test_an_inner_parameter_that_may_be_anything_is_unknown() -> None:
    vault = {"reference": {"keyVault": {"id": "x"}, "secretName": "y"}}
    assert of_parameter({"defaultValue": "d"}, {"i": vault}) == "parameters(2, 'i')"
    assert of_parameter({"defaultValue": "d"}, "[parameters('object')]") == "parameters(2, 'i')"
    assert of_parameter({"defaultValue": "d"}, {"[parameters('p')]": {"value": 1}}) == "parameters(2, 'i')"
    assert of_parameter({"defaultValue": "d"}, {"i": "nonsense"}) == "parameters(2, 'i')"
    # Null may mean null, or that the default counts.
    assert of_parameter({"defaultValue": "d"}, {"i": {"value": None}}) == "parameters(2, 'i')"
    linked = nested(
        {"parameters": {"i": {"defaultValue": "d"}}, "outputs": {"x": {"value": "[parameters('i')]"}}}
    )
    linked["properties"]["parametersLink"] = {"uri": "https://x"}
    assert repr(inside(linked)) == "parameters(2, 'i')"


def test_inner_templates_have_their_own_names() -> None:
    inner = {
        "variables": {"v": "inner"},
        "functions": [{"namespace": "my", "members": {"f": {"output": {"value": "mine"}}}}],
        "outputs": {
            "x": {"value": "[variables('v')]"},
            "y": {"value": "[variables('w')]"},
            "z": {"value": "[my.f()]"},
            "p": {"value": "[parameters('p')]"},
        },
    }
    sections = {"variables": {"v": "outer", "w": "outer"}, "functions": FUNCTIONS}
    assert inside(nested(inner), **sections) == "inner"
    assert isinstance(inside(nested(inner), "y", **sections), Failure)
    assert inside(nested(inner), "z", **sections) == "mine"
    assert isinstance(inside(nested(inner), "p", **sections), Failure)


def test_outer_templates_use_the_names_around_them() -> None:
    inner = {
        "variables": {"v": "inner"},
        "parameters": {"p": {"defaultValue": "inner"}},
        "outputs": {"x": {"value": "[variables('v')]"}, "p": {"value": "[parameters('p')]"}},
    }
    for scope in ("outer", "Outer", None):
        deployment = nested(inner, scope=scope, passed={"p": {"value": "passed"}})
        assert inside(deployment, variables={"v": "outer"}) == "outer"
        assert repr(inside(deployment, "p", variables={"v": "outer"})) == "parameters(1, 'p')"


def test_inner_is_the_default_in_language_version_2() -> None:
    inner = {"variables": {"v": "inner"}, "outputs": {"x": {"value": "[variables('v')]"}}}
    found = template(
        languageVersion="2.0", resources={"d": nested(inner, scope=None)}, variables={"v": "outer"}
    )
    (resource,) = found.resources
    assert resource.nested is not None
    assert value_at(resource.nested, "outputs", "x", "value") == "inner"


def test_parameters_pass_through_many_templates() -> None:
    inner: dict[str, Any] = {
        "parameters": {"i": {"type": "string"}},
        "outputs": {"x": {"value": "[parameters('i')]"}},
    }
    for _ in range(30):
        deployment = nested(inner, passed={"i": {"value": "[concat(parameters('i'), '.')]"}})
        inner = {"parameters": {"i": {"type": "string"}}, "resources": [deployment]}
    root = template_of(inner)
    innermost = list(root.templates())[-1]
    assert repr(value_at(innermost, "outputs", "x", "value")) == "parameters(1, 'i')+'" + "." * 30 + "'"


def test_the_value_of_a_deployment_holds_no_values_of_its_inner_template() -> None:
    inner = {"outputs": {"x": {"value": "[parameters('p')]"}}}
    (deployment,) = template(resources=[nested(inner)]).resources
    found = deployment.value(deployment.node.at("properties", "template"))
    assert isinstance(found, Term)
    (deployment,) = template(resources=[nested(inner, scope="outer")]).resources
    found = deployment.value(deployment.node.at("properties", "template", "outputs", "x", "value"))
    assert repr(found) == "parameters(1, 'p')"


# -- where a template is deployed --


def test_what_depends_on_the_deployment_is_equal_in_one_template() -> None:
    for function in (
        "resourceGroup",
        "subscription",
        "tenant",
        "environment",
        "deployment",
        "managementGroup",
    ):
        assert value(f"[equals({function}().x, {function}().X)]") is True
    for function in ("newGuid", "utcNow"):
        assert value(f"[equals({function}(), {function}())]") is not True


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({}, True),
        ({"resourceGroup": None}, True),
        ({"location": "westeurope"}, True),
        ({"resourceGroup": "other"}, False),
        ({"resourceGroup": "[parameters('p')]"}, False),
        ({"subscriptionId": "other"}, False),
        ({"scope": "/"}, False),
    ],
)
def test_a_nested_template_shares_the_resource_group_unless_it_names_another(
    fields: dict[str, Any], same: bool
) -> None:
    inner = {
        "parameters": {"i": {"type": "string"}},
        "outputs": {"x": {"value": "[equals(parameters('i'), resourceGroup().name)]"}},
    }
    deployment = nested(inner, passed={"i": {"value": "[resourceGroup().name]"}}, **fields)
    assert (inside(deployment) is True) is same


def test_resource_ids_are_spelled_out() -> None:
    here = "resourceid-scope(1)"
    mine = "subscription().subscriptionId, resourceGroup().name"
    expected = f"{here}+'/providers/Microsoft.Compute/virtualMachines/'+parameters(1, 'p')+'/extensions/x'"
    own = "parameters('p'), 'x')"
    spellings = [
        f"resourceId('Microsoft.Compute/virtualMachines/extensions', {own}",
        f"resourceId('Microsoft.Compute/virtualMachines/extensions/', {own}",
        f"resourceId(resourceGroup().name, 'Microsoft.Compute/virtualMachines/extensions', {own}",
        f"resourceId({mine}, 'Microsoft.Compute/virtualMachines/extensions', {own}",
    ]
    for spelling in spellings:
        assert shows(f"[{spelling}]") == expected
    other = "[resourceId('group', 'Microsoft.Compute/virtualMachines', 'x')]"
    assert shows(other) == "resourceid-scope(1, 'group')+'/providers/Microsoft.Compute/virtualMachines/x'"
    assert value("[tenantResourceId('Microsoft.A/b', 'c')]") == "/providers/Microsoft.A/b/c"
    assert (
        shows("[subscriptionResourceId('Microsoft.A/b', 'c')]")
        == "subscriptionresourceid-scope(1)+'/providers/Microsoft.A/b/c'"
    )
    extension = "extensionResourceId(resourceId('Microsoft.A/b', 'c'), 'Microsoft.D/e', 'f')"
    assert shows(f"[{extension}]") == f"{here}+'/providers/Microsoft.A/b/c/providers/Microsoft.D/e/f'"


@pytest.mark.parametrize(
    "expression",
    [
        "[resourceId(parameters('p'), 'x')]",
        "[resourceId('Microsoft.A/b', parameters('any'), parameters('any'))]",
        "[resourceId()]",
        "[resourceId('nothing')]",
        "[extensionResourceId('/a/b')]",
        "[extensionResourceId(parameters('p'), parameters('q'), 'x')]",
        "[tenantResourceId('x', 'Microsoft.A/b', 'c')]",
        "[resourceId('Microsoft.A/b', createArray(1))]",
    ],
)
def test_resource_ids_of_an_unclear_form_are_unknown(expression: str) -> None:
    assert isinstance(value(expression), Term)


def test_the_index_of_a_loop_is_the_same_in_all_its_resources() -> None:
    loop = {"name": "Loop", "count": 3}
    names = [
        "[concat('a', copyIndex())]",
        "[format('a{0}', copyIndex('loop'))]",
        "[concat('a', copyIndex(0))]",
    ]
    found = template(resources=[{"type": "A.B/c", "name": name, "copy": loop} for name in names])
    assert len({identity(resource.name) for resource in found.resources}) == 1
    shifted = template(
        resources=[
            {"type": "A.B/c", "name": name, "copy": loop}
            for name in [names[0], "[concat('a', copyIndex(1))]"]
        ]
    )
    assert len({identity(resource.name) for resource in shifted.resources}) == 2


def test_the_index_of_an_outer_loop_is_not_that_of_a_loop_inside() -> None:
    inner = {
        "parameters": {"i": {"type": "int"}},
        "resources": [
            {"type": "A.B/c", "name": "[concat('a', parameters('i'))]"},
            {"type": "A.B/c", "name": "[concat('a', copyIndex())]", "copy": {"name": "in", "count": 2}},
        ],
    }
    deployment = nested(inner, passed={"i": {"value": "[copyIndex()]"}}, copy={"name": "out", "count": 2})
    (resource,) = template(resources=[deployment]).resources
    assert resource.nested is not None
    one, other = resource.nested.resources
    assert identity(one.name) != identity(other.name)


# -- what names what --


def test_calls_are_found_in_strings_and_names_with_their_places() -> None:
    document = read(Source('{"[a(b())]": ["[c(1)]", "[[d()]", "e()", {"x": "[f(]"}]}'))
    assert document.root is not None
    found = [(call.function, place.start) for place, call in calls(document.root)]
    assert found == [("a", 1), ("b", 1), ("c", 14)]


def test_references_of_variables_are_told_once_each_in_order() -> None:
    variables = {
        "a": ["[variables('C')]", "[concat(variables('b'), variables('c'), variables(parameters('p')))]"],
        "copy": [{"name": "looped", "count": "[variables('n')]", "input": "[variables('b')]"}],
    }
    found = template(variables=variables)
    assert found.evaluator.references(found.scope, "A") == ("c", "b")
    assert found.evaluator.references(found.scope, "looped") == ("n", "b")
    assert found.evaluator.references(found.scope, "absent") == ()
    section = found.node.get("variables")
    assert section is not None
    assert [str(name.value) for _, name in variable_references(section)] == ["C", "b", "c", "n", "b"]


def test_a_string_that_only_names_a_variable_stands_for_what_is_written_there() -> None:
    variables = {"a": "[variables('b').list]", "b": {"list": [{"x": 1}]}, "ring": "[variables('ring')]"}
    found = template(
        variables=variables, outputs={"x": {"value": ["[variables('a')]", "[variables('A')[0]]"]}}
    )

    def stands_for(node: Node | None) -> str:
        assert node is not None
        return written(node, found.scope).pointer

    assert stands_for(found.node.at("outputs", "x", "value", 0)) == "/variables/b/list"
    assert stands_for(found.node.at("outputs", "x", "value")) == "/outputs/x/value"
    assert stands_for(found.node.at("variables", "ring")) == "/variables/ring"
    # A path through another expression leads nowhere.
    assert stands_for(found.node.at("outputs", "x", "value", 1)) == "/outputs/x/value/1"


# -- time and memory --


def seconds(work: Callable[[], object]) -> float:
    """The time that work takes, without that of the garbage of others."""
    gc.collect()
    gc.disable()
    try:
        started = time.process_time()
        work()
        return time.process_time() - started
    finally:
        gc.enable()


def everything(document: dict[str, Any] | str) -> None:
    """Evaluate all that can be evaluated."""
    text = document if isinstance(document, str) else json.dumps(document)
    touch(Model(read(Source(text, "main.json"))))


def touch(model: Model) -> None:  # noqa: C901 - a list of all there is
    for found in model.templates:
        for resource in found.all_resources():
            assert shown(resource.name) is not None
            assert resource.label() is not None
            resource.value(resource.node)
            _ = resource.condition, resource.existing, resource.key, resource.loop
        graph = model.graph(found)
        list(graph.rings())
        for position, parent in enumerate(graph.parents):
            if parent is not None:
                graph.ordered(position, parent, [10_000])
        for site in model.sites(found):
            site.place.span_of(0, len(site.text))
        for name in list(found.scope.variables):
            found.evaluator.variable(found.scope, name)
            found.evaluator.references(found.scope, name)
        for name in list(found.scope.parameters):
            found.evaluator.parameter(found.scope, name)
        outputs = found.node.get("outputs")
        if outputs is not None:
            repr(found.evaluator.value(outputs, found.scope))
    for extension in model.extensions:
        for field in ("publisher", "type", "settings", "protectedSettings", "provisionAfterExtensions", "no"):
            repr(extension.field(field))
            extension.member(field)
        _ = (extension.name, extension.machine, extension.label, extension.machine_label, extension.handler)
        _ = (extension.machine_key, extension.deployed, extension.api_version, extension.document)
        _ = (extension.may_omit, model.supports_automatic_upgrade(extension))
    for machine in graphs.machines(model.extensions):
        edges, _ = graphs.provisioning(machine)
        list(graphs.rings(edges))
    for resource in model.resources:
        extensions.complete(resource)
        extensions.profile_path(resource)


def chain(length: int) -> dict[str, Any]:
    variables = {f"v{i}": f"[concat(variables('v{i - 1}'), '.')]" for i in range(1, length)}
    return {"variables": {**dict(reversed(variables.items())), "v0": ""}, "resources": []}


def test_a_chain_of_variables_is_followed_to_its_end() -> None:
    found = template_of(chain(2000))
    assert found.evaluator.variable(found.scope, "v1999") == "." * 1999


def test_a_chain_of_parameters_is_followed_to_its_end() -> None:
    parameters = {f"p{i}": {"defaultValue": f"[concat(parameters('p{i - 1}'), '.')]"} for i in range(1, 250)}
    parameters["p0"] = {"defaultValue": "x"}
    inner = {
        "parameters": dict(reversed(parameters.items())),
        "outputs": {"x": {"value": "[parameters('p249')]"}},
    }
    assert inside(nested(inner)) == "x" + "." * 249


def deep(levels: int, value_inside: object) -> object:
    for _ in range(levels):
        value_inside = {"a": value_inside}
    return value_inside


def nested_call(depth: int) -> str:
    return "[" + "concat(" * depth + "parameters('p')" + ", 'x')" * depth + "]"


def lambdas(depth: int, count: int) -> str:
    body = "1"
    for level in range(depth):
        body = f"map(range(0, {count}), lambda('x{level}', {body}))"
    return f"[{body}]"


def ring(kind: str, count: int, wrap: str) -> dict[str, str]:
    return {f"v{i}": wrap.format(f"{kind}('v{(i + 1) % count}')") for i in range(count)}


HOSTILE: dict[str, Callable[[], dict[str, Any]]] = {
    "doubling text": lambda: {
        "variables": {
            "v0": "0123456789",
            **{f"v{i}": f"[concat(variables('v{i - 1}'), variables('v{i - 1}'))]" for i in range(1, 60)},
        }
    },
    "doubling unknown text": lambda: {
        "variables": {
            "v0": "[parameters('p')]",
            **{f"v{i}": f"[concat(variables('v{i - 1}'), variables('v{i - 1}'))]" for i in range(1, 60)},
        }
    },
    "doubling unknown text in a format": lambda: {
        "variables": {
            "v0": "[parameters('p')]",
            **{f"v{i}": f"[format('{{0}}-{{0}}', variables('v{i - 1}'))]" for i in range(1, 60)},
        }
    },
    "doubling arrays": lambda: {
        "variables": {
            "v0": "x",
            **{f"v{i}": f"[createArray(variables('v{i - 1}'), variables('v{i - 1}'))]" for i in range(1, 60)},
        }
    },
    "doubling objects": lambda: {
        "variables": {
            "v0": "[parameters('p')]",
            **{
                f"v{i}": {
                    "a": f"[variables('v{i - 1}')]",
                    "b": f"[union(variables('v{i - 1}'), variables('v{i - 1}'))]",
                }
                for i in range(1, 60)
            },
        }
    },
    "deepening arrays": lambda: {
        "variables": {"v0": "x", **{f"v{i}": [f"[variables('v{i - 1}')]"] for i in range(1, 2000)}}
    },
    "deepening terms": lambda: {
        "variables": {
            "v0": "[parameters('p')]",
            **{f"v{i}": f"[toLower(variables('v{i - 1}'))]" for i in range(1, 2000)},
        },
        "resources": [{"type": "A.B/c", "name": "[variables('v1999')]"}],
    },
    "deepening accessors": lambda: {
        "variables": {
            "v0": "[parameters('object')]",
            **{f"v{i}": f"[variables('v{i - 1}').a]" for i in range(1, 2000)},
        },
        "resources": [{"type": "A.B/c", "name": "[variables('v1999')]"}],
    },
    "a ring of variables": lambda: {"variables": ring("variables", 2000, "[concat({}, 'x')]")},
    "a ring of variables with branches": lambda: {
        "variables": ring("variables", 500, "[if(parameters('flag'), {0}, {0})]")
    },
    "variables named by expressions": lambda: {
        "variables": {
            f"v{i}": f"[concat(variables(concat('v', '{i + 1}')), variables(concat('v{i + 1}')))]"
            for i in range(900)
        }
    },
    "long texts again and again": lambda: {
        "variables": {
            "v0": "x" * 100_000,
            **{f"v{i}": f"[concat(variables('v0'), '{i}', parameters('p'))]" for i in range(1, 2000)},
            **{f"w{i}": f"[concat('{i}', variables('v{i}'))]" for i in range(1, 2000)},
        }
    },
    "many arguments that are large": lambda: {
        "variables": {
            "a": "[range(0, 10000)]",
            "v": "[union(" + ", ".join(["variables('a')"] * 2000) + ")]",
            "w": "[concat(" + ", ".join(["variables('a')"] * 2000) + ")]",
            "u": "[length(createArray(" + ", ".join(["variables('a')"] * 2000) + "))]",
        }
    },
    "a growing sum": lambda: {
        "variables": {
            "v": "[reduce(range(0, 10000), createArray(), lambda('a', 'b', concat(lambdaVariables('a'),"
            " createArray(lambdaVariables('b')))))]",
            "w": "[reduce(range(0, 10000), createObject(), lambda('a', 'b', union(lambdaVariables('a'),"
            " createObject(string(lambdaVariables('b')), 1))))]",
            "t": "[reduce(range(0, 10000), '', lambda('a', 'b', concat(lambdaVariables('a'), 'x')))]",
        }
    },
    "lambdas in lambdas": lambda: {"variables": {"v": lambdas(20, 10_000), "w": lambdas(45, 2)}},
    "functions that call each other": lambda: {
        "functions": [
            {
                "namespace": "f",
                "members": {
                    f"f{i}": {
                        "parameters": [{"name": "x"}],
                        "output": {
                            "value": f"[concat(f.f{(i + 1) % 50}(parameters('x')), f.f{(i + 1) % 50}('a'))]"
                        },
                    }
                    for i in range(50)
                },
            }
        ],
        "outputs": {"x": {"value": "[f.f0('a')]"}},
    },
    "loops in loops": lambda: {"variables": {"v": loops_in_loops(3)}},
    "deep expressions in deep objects": lambda: {
        "variables": {"v": deep(190, nested_call(90))},
        "resources": [{"type": "A.B/c", "name": "x", "properties": deep(190, nested_call(90))}],
        "outputs": {"x": {"value": deep(190, nested_call(90))}},
    },
    "deep lambdas in deep objects": lambda: {
        "variables": {"v": deep(100, lambdas(40, 1)), "w": deep(150, lambdas(40, 2))}
    },
    "defaults in a ring": lambda: {
        "resources": [
            nested({
                "parameters": {
                    f"p{i}": {"defaultValue": f"[concat(parameters('p{(i + 1) % 250}'), 'x')]"}
                    for i in range(250)
                },
                "variables": {"v": "[parameters('p0')]"},
                "outputs": {"x": {"value": "[concat(variables('v'), parameters('p100'))]"}},
            })
        ]
    },
    "parameters named by expressions": lambda: {
        "resources": [
            nested({
                "parameters": {
                    f"p{i}": {"defaultValue": f"[concat(parameters(concat('p', '{i + 1}')), 'x')]"}
                    for i in range(250)
                },
                "outputs": {"x": {"value": "[parameters('p0')]"}},
            })
        ]
    },
    "braces": lambda: {"variables": {"v": "[format('" + "{{" * 60_000 + "', parameters('p'))]"}},
    "many children": lambda: {"resources": [child_chain(90)]},
    "a wide object": lambda: {
        "variables": {
            "o": {f"k{i}": "[parameters('p')]" for i in range(5_000)},
            **{f"v{i}": "[union(variables('o'), createObject('a', 1))]" for i in range(300)},
        }
    },
}  # fmt: skip


def loops_in_loops(levels: int) -> dict[str, Any]:
    made: dict[str, Any] = {"x": "[copyIndex('loop1')]"}
    for level in range(levels):
        made = {"copy": [{"name": f"loop{level}", "count": 64, "input": made}]}
    return made


def child_chain(levels: int) -> dict[str, Any]:
    resource: dict[str, Any] = {"type": "leaf", "name": "[concat('x', parameters('p'))]"}
    for level in range(levels):
        resource = {"type": f"t{level}", "name": "[parameters('p')]", "resources": [resource]}
    return {"type": "A.B/c", "name": "[parameters('p')]", "resources": [resource]}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_template_is_done_with_quickly(name: str) -> None:
    document = {"parameters": PARAMETERS, "resources": [], **HOSTILE[name]()}
    document["$schema"] = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    text = json.dumps(document)
    assert seconds(lambda: everything(text)) < 2 + len(text) / 500_000


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(chain, id="chain"),
        pytest.param(
            lambda n: {"variables": {f"v{i}": f"[concat(parameters('p'), '{i}')]" for i in range(n)}},
            id="texts",
        ),
        pytest.param(
            lambda n: {"variables": {"o": {f"k{i}": [i, "[parameters('p')]"] for i in range(n)}}}, id="object"
        ),
        pytest.param(
            lambda n: {
                "resources": [
                    {
                        "type": "A.B/c",
                        "name": f"[concat(parameters('p'), '{i}')]",
                        "properties": {"x": [1, {"y": "z"}]},
                    }
                    for i in range(n)
                ]
            },
            id="resources",
        ),
    ],
)
def test_time_is_linear_in_the_text(make: Callable[[int], dict[str, Any]]) -> None:
    def spent(count: int) -> float:
        document = {"parameters": PARAMETERS, "contentVersion": "1.0.0.0", "resources": [], **make(count)}
        text = json.dumps(document)
        return seconds(lambda: everything(text))

    spent(100)
    # A busy machine gets a second and a third chance.
    assert any(spent(1200) < 2.8 * spent(600) for _ in range(3))


def test_when_all_work_is_spent_everything_further_is_unknown() -> None:
    found = template(outputs={"x": {"value": "[concat('a', 'b')]"}})
    found.evaluator._steps = 0
    assert isinstance(value_at(found, "outputs", "x", "value"), Term)
    assert value_at(found, "outputs", "x") is not None


def test_what_is_nested_too_deep_is_unknown_only_below() -> None:
    levels = MAX_NESTING - 1
    assert plain(value(deep(levels, "x"))) == deep(levels, "x")
    assert not known(value(deep(190, "x")))


# -- nothing raises --


def words(text: str) -> list[str]:
    return text.split()


CALLS = sorted(
    {
        *PURE,
        *words("if map filter reduce toObject groupBy mapValues sort lambda lambdaVariables copyIndex"),
        *words("variables parameters my.name my.twice no.such property unread newGuid utcNow guid"),
        *words("resourceId extensionResourceId subscriptionResourceId tenantResourceId reference listKeys"),
        *words("managementGroupResourceId resourceGroup deployment union concat format tryGet coalesce"),
    }
)
LEAVES = [
    *words("'a' 'b' '' '{0}-{1}' 'A.B/c' 'A.B/c/d' 'x/y' 'v1' 'p' 0 1 -1 2147483647"),
    *words("parameters('p') parameters('any') variables('v1') variables('v2') null() true()"),
    *words("createArray() createObject() copyIndex() copyIndex('loop') lambda('x',lambdaVariables('x'))"),
]


def expressions(draw: st.DrawFn, depth: int) -> str:
    kind = draw(st.integers(0, 9)) if depth else 0
    if kind <= 2:
        return draw(st.sampled_from(LEAVES))
    if kind <= 7:
        name = draw(st.sampled_from(CALLS))
        count = draw(st.integers(0, 4))
        found = f"{name}({', '.join(expressions(draw, depth - 1) for _ in range(count))})"
        return found if kind < 7 else f"{found}.a"
    return f"{draw(st.sampled_from(CALLS))}('a', 1)[{expressions(draw, depth - 1)}]"


@st.composite
def strings(draw: st.DrawFn) -> str:
    if draw(st.integers(0, 3)) == 0:
        return draw(
            st.sampled_from(["", "[", "]", "[]", "[[x]", "x", "A.B/c", "a/b", "[concat(]", "inner", "v1"])
        )
    return f"[{expressions(draw, 3)}]"


@given(st.lists(strings(), min_size=1, max_size=4), strings())
@example([""], "[property()]")
@example(["[my.name(parameters('p'), 1)]"], "[parameters(parameters('p'))]")
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_no_expression_makes_evaluation_raise(texts: list[str], name: str) -> None:
    everything(
        {
            "contentVersion": "1",
            "parameters": {**PARAMETERS, "x": {"defaultValue": texts[0]}},
            "variables": {f"v{i}": text for i, text in enumerate(texts)},
            "functions": FUNCTIONS,
            "resources": [
                {
                    "type": "A.B/c",
                    "name": name,
                    "dependsOn": texts,
                    "properties": texts,
                    "condition": texts[0],
                },
                {"type": "A.B/c", "name": "x", "copy": {"name": texts[0], "count": name}, "dependsOn": name},
                nested({"outputs": {"x": {"value": texts}}}, passed={"v": {"value": texts}}),
            ],
            "outputs": {"x": {"value": texts}, "y": {"value": {name: texts}}},
        }
    )


def agrees(told: Value, came: Value) -> bool:
    """Whether what was told of a value before deployment is true of what it came to."""
    if isinstance(told, Failure):
        return isinstance(came, Failure)
    if isinstance(told, Term) or isinstance(came, Term | Failure):
        return True
    if isinstance(told, Text):
        pattern = "".join(re.escape(part) if isinstance(part, str) else ".*" for part in told.parts)
        return isinstance(came, Text) or (
            isinstance(came, str) and bool(re.fullmatch(pattern, came, re.DOTALL))
        )
    if isinstance(told, Array):
        return (
            isinstance(came, Array)
            and len(told.items) == len(came.items)
            and all(map(agrees, told.items, came.items))
        )
    if isinstance(told, Object):
        return (
            isinstance(came, Object)
            and told.fields.keys() == came.fields.keys()
            and all(agrees(told.get(name), came.get(name)) for name in told.fields)
        )
    return identity(told) == identity(came)


CONSTANTS = st.sampled_from(
    ["", "a", "B-c", 0, 7, True, False, None, [], [1, "a"], {}, {"a": 1}, {"A": {"a": None}}]
)


@given(strings(), CONSTANTS, st.sampled_from(["", "a", "x/y"]))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@example("[union(createObject('a', 1), createObject('a', parameters('any')))]", None, "a")
@example("[concat(parameters('any'), parameters('any'))]", [1], "a")
@example("[array(concat(parameters('any')))]", [1], "a")
@example("[coalesce(parameters('any'), 'x')]", None, "a")
@example("[tryGet(createObject('a', parameters('any')), 'a', 'b')]", None, "a")
@example("[if(equals(parameters('any'), parameters('p')), 1, 1)]", "a", "a")
@example("[and(parameters('any'), true())]", False, "a")
def test_what_is_told_of_an_unknown_value_is_true_whatever_it_comes_to(
    text: str, anything: object, string: str
) -> None:
    inner = {
        "parameters": PARAMETERS,
        "variables": {"v1": {"a": "[parameters('any')]"}, "v2": ["[parameters('p')]", 1]},
        "functions": FUNCTIONS,
        "outputs": {"x": {"value": text}},
    }
    known_later: dict[str, object] = {"p": string, "q": "q", "flag": True, "array": [], "object": {}}
    passed = {name: {"value": constant} for name, constant in known_later.items()}
    vault = {name: {"reference": {}} for name in PARAMETERS}
    found = template(
        resources=[nested(inner, passed=vault), nested(inner, passed={**passed, "any": {"value": anything}})]
    )
    told, came = (
        value_at(each.nested, "outputs", "x", "value") for each in found.resources if each.nested is not None
    )
    assert agrees(told, came), (told, came)


KEYS = st.sampled_from(
    [
        *words("type name properties resources dependsOn copy count input condition template parameters"),
        *words("variables functions outputs value defaultValue namespace members output existing scope [x]"),
        "extensions",
        *words("expressionEvaluationOptions extensionProfile virtualMachineProfile publisher settings"),
        *words("provisionAfterExtensions languageVersion definitions metadata"),
    ]
)
TYPES = [
    "Microsoft.Resources/deployments",
    "Microsoft.Compute/virtualMachineScaleSets",
    "Microsoft.Compute/virtualMachines/extensions",
    "extensions",
    "inner",
    "2.0",
]
SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | strings() | st.sampled_from(TYPES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)


@given(st.dictionaries(KEYS, SHAPES, max_size=6))
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_no_shape_of_a_template_makes_anything_raise(document: dict[str, Any]) -> None:
    everything({"contentVersion": "1.0.0.0", "resources": [], **document})


def corpus_texts(largest: int) -> list[str]:
    found = []
    for path in sorted(CORPUS.rglob("*.json")) if CORPUS.is_dir() else []:
        content = path.read_bytes()
        if len(content) <= largest and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            found.append(content.decode("utf-8-sig", "replace"))
    return found


def mutated(document: Any, chance: random.Random) -> None:
    """Delete nodes or put something else in their places, here and there."""
    places: list[tuple[Any, Any]] = []
    pending = [document]
    while pending:
        current = pending.pop()
        pairs = current.items() if isinstance(current, dict) else enumerate(current)
        for key, below in pairs:
            places.append((current, key))
            if isinstance(below, dict | list):
                pending.append(below)
    replacements = [
        None,
        5,
        -1.5,
        True,
        "",
        "x",
        "[variables('x')]",
        "[",
        [],
        {},
        [[]],
        {"a": {}},
        ["x", None],
    ]
    for holder, key in chance.sample(places, min(len(places), chance.randint(1, 4))):
        if isinstance(holder, dict) and key in holder:
            if chance.random() < 0.3:
                del holder[key]
            else:
                holder[key] = json.loads(json.dumps(chance.choice(replacements)))
        elif isinstance(holder, list) and key < len(holder):
            holder[key] = json.loads(json.dumps(chance.choice(replacements)))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus")
def test_no_mutation_of_a_real_template_makes_anything_raise() -> None:
    chance = random.Random(20_240_229)  # noqa: S311 - the same mutations each time
    texts = corpus_texts(12_000)
    tried = 0
    for text in texts:
        try:
            document = json.loads(text)
        except ValueError:
            everything(text)
            continue
        if not isinstance(document, dict):
            continue
        for _ in range(3):
            copy = json.loads(text)
            mutated(copy, chance)
            everything(copy)
            tried += 1
    assert tried > 150


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus")
def test_real_templates_use_a_small_part_of_the_work_allowed() -> None:
    for text in corpus_texts(200_000):
        model = Model(read(Source(text)))
        if model.root is not None:
            before = Evaluator(len(text))._steps
            touch(model)
            assert before - model.root.evaluator._steps < before / 20
