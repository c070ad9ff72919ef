"""The pure functions: what is documented or was seen of Azure, corners, laws, and bounds."""

from __future__ import annotations

import math
import subprocess
import sys
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, note, settings
from hypothesis import strategies as st

from armlint.arm.pure import MAX_DEPTH, MAX_SIZE, MAX_TEXT, PURE, Undecided, Wrong

FUNCTIONS = [
    "contains",
    "empty",
    "first",
    "last",
    "indexOf",
    "lastIndexOf",
    "intersection",
    "union",
    "length",
    "max",
    "min",
    "range",
    "skip",
    "take",
    "flatten",
    "items",
    "objectKeys",
    "shallowMerge",
    "tryGet",
    "indexFromEnd",
    "tryIndexFromEnd",
    "json",
    "coalesce",
    "equals",
    "greater",
    "greaterOrEquals",
    "less",
    "lessOrEquals",
    "and",
    "or",
    "not",
    "bool",
    "if",
    "add",
    "sub",
    "mul",
    "div",
    "mod",
    "int",
    "float",
    "base64",
    "base64ToString",
    "base64ToJson",
    "toLower",
    "toUpper",
    "trim",
    "uriComponent",
    "uriComponentToString",
    "dataUri",
    "dataUriToString",
    "string",
    "concat",
    "format",
    "join",
    "split",
    "padLeft",
    "replace",
    "substring",
    "startsWith",
    "endsWith",
    "uri",
    "parseCidr",
    "cidrSubnet",
    "cidrHost",
    "dateTimeFromEpoch",
    "dateTimeToEpoch",
    "dateTimeAdd",
    "array",
    "createArray",
    "createObject",
    "null",
    "true",
    "false",
]


def call(name: str, *arguments: Any) -> Any:
    return PURE[name.lower()](*arguments)


def typed(value: Any) -> Any:
    """Return something that is equal for values that are equal, types and all, at any depth."""
    if isinstance(value, list):
        return [typed(item) for item in value]
    if isinstance(value, dict):
        return {name: typed(item) for name, item in value.items()}
    return type(value), value


def test_the_table_has_all_functions_and_no_others() -> None:
    assert set(PURE) == {name.lower() for name in FUNCTIONS}
    assert all(implementation.__doc__ for implementation in PURE.values())


def test_what_few_templates_need_is_not_imported_before() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import armlint.arm.pure; print(*sys.modules)"
    root = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, root], capture_output=True, text=True, check=True
    )
    assert {"ipaddress", "datetime", "base64", "urllib", "json", "calendar"}.isdisjoint(done.stdout.split())


THREE = {"one": "a", "two": "b", "three": "c"}
INPUT = {
    "ghiKey": 1,
    "defKey": 2,
    "abcKey": 3,
    "123Key": 4,
    "GHIKey": 5,
    "DEFKey": 6,
    "ABCKey": 7,
    "456Key": 8,
}
FIRST = {"property": {"one": "a", "two": "b", "three": "c1"}, "nestedArray": [1, 2]}
SECOND = {"property": {"three": "c2", "four": "d", "five": "e"}, "nestedArray": [3, 4]}
MERGED = {
    "property": {"one": "a", "two": "b", "three": "c2", "four": "d", "five": "e"},
    "nestedArray": [3, 4],
}
SHALLOW = [
    {"one": "a", "nested": {"a": 1, "nested": {"c": 3}}},
    {"two": "b", "nested": {"b": 2}},
]
CIDR4 = {
    "network": "10.144.0.0",
    "netmask": "255.255.240.0",
    "broadcast": "10.144.15.255",
    "firstUsable": "10.144.0.1",
    "lastUsable": "10.144.15.254",
    "cidr": 20,
}
CIDR6 = {
    "network": "fdad:3236:5555::",
    "netmask": "ffff:ffff:ffff::",
    "firstUsable": "fdad:3236:5555::",
    "lastUsable": "fdad:3236:5555:ffff:ffff:ffff:ffff:ffff",
    "cidr": 48,
}

# From learn.microsoft.com: the pages on template functions, and those on Bicep's of the same name.
DOCUMENTED: list[tuple[str, list[Any], Any]] = [
    ("array", [1], [1]),
    ("array", ["efgh"], ["efgh"]),
    ("array", [{"a": "b", "c": "d"}], [{"a": "b", "c": "d"}]),
    ("concat", [["1-1", "1-2"], ["2-1", "2-2"]], ["1-1", "1-2", "2-1", "2-2"]),
    ("concat", ["prefix", "-", "5yj4yjf5mbg72"], "prefix-5yj4yjf5mbg72"),
    ("contains", ["OneTwoThree", "e"], True),
    ("contains", ["OneTwoThree", "z"], False),
    ("contains", [THREE, "one"], True),
    ("contains", [THREE, "a"], False),
    ("contains", [["one", "two", "three"], "three"], True),
    ("contains", [["one", "two", "three"], "four"], False),
    ("createArray", ["a", "b", "c"], ["a", "b", "c"]),
    ("createArray", [1, 2, 3], [1, 2, 3]),
    ("createArray", [THREE], [THREE]),
    ("createArray", [["one", "two", "three"]], [["one", "two", "three"]]),
    ("createArray", [], []),
    ("empty", [[]], True),
    ("empty", [{}], True),
    ("empty", [""], True),
    ("empty", [None], True),
    ("first", [["one", "two", "three"]], "one"),
    ("first", ["One Two Three"], "O"),
    ("last", [["one", "two", "three"]], "three"),
    ("last", ["One Two Three"], "e"),
    ("flatten", [[["one", "two"], ["three"], ["four", "five"]]], ["one", "two", "three", "four", "five"]),
    ("indexFromEnd", [["apple", "banana", "orange", "grape"], 2], "orange"),
    ("tryIndexFromEnd", [["apple", "banana", "orange", "grape"], 2], "orange"),
    ("tryIndexFromEnd", [["apple", "banana", "orange", "grape"], 5], None),
    ("lastIndexOf", [["one", "two", "three"], "two"], 1),
    ("indexOf", [["one", "two", "three"], "one"], 0),
    ("lastIndexOf", [["one", "two", "three"], "Three"], -1),
    ("lastIndexOf", [[4, 5, 6], 4], 0),
    ("indexOf", [[4, 5, 6], 6], 2),
    ("lastIndexOf", [[4, 5, 6], "5"], -1),
    ("indexOf", [[["one", "two", "three"], [4, 5, 6]], [4, 5, 6]], 1),
    ("indexOf", [[1, 2, 3, 1], 1], 0),
    ("lastIndexOf", [[1, 2, 3, 1], 1], 3),
    ("intersection", [THREE, {"one": "a", "two": "z", "three": "c"}], {"one": "a", "three": "c"}),
    ("intersection", [["one", "two", "three"], ["two", "three"]], ["two", "three"]),
    ("length", [["one", "two", "three"]], 3),
    ("length", ["One Two Three"], 13),
    ("length", [{"propA": "one", "propB": "two", "propC": "three", "propD": {"propD-1": "sub"}}], 4),
    ("max", [[0, 3, 2, 5, 4]], 5),
    ("max", [0, 3, 2, 5, 4], 5),
    ("min", [[0, 3, 2, 5, 4]], 0),
    ("min", [0, 3, 2, 5, 4], 0),
    ("range", [5, 3], [5, 6, 7]),
    ("skip", [["one", "two", "three"], 2], ["three"]),
    ("skip", ["one two three", 4], "two three"),
    ("take", [["one", "two", "three"], 2], ["one", "two"]),
    ("take", ["one two three", 2], "on"),
    ("tryGet", [{"name": "John Doe", "age": 30}, "region"], None),
    ("tryGet", [{"name": "John Doe", "age": 30}, "name"], "John Doe"),
    ("tryGet", [["red", "green"], 0], "red"),
    (
        "union",
        [{"one": "a", "two": "b", "three": "c1"}, {"three": "c2", "four": "d"}],
        {"one": "a", "two": "b", "three": "c2", "four": "d"},
    ),
    ("union", [["one", "two", "three"], ["three", "four"]], ["one", "two", "three", "four"]),
    ("union", [FIRST, SECOND], MERGED),
    (
        "union",
        [[["one", "two"], ["three"]], [["three"], ["four", "two"]]],
        [["one", "two"], ["three"], ["four", "two"]],
    ),
    ("shallowMerge", [[{"one": "a"}, {"two": "b"}, {"two": "c"}]], {"one": "a", "two": "c"}),
    ("shallowMerge", [SHALLOW], {"one": "a", "nested": {"b": 2}, "two": "b"}),
    (
        "items",
        [{"item002": {"enabled": False}, "item001": {"enabled": True}}],
        [{"key": "item001", "value": {"enabled": True}}, {"key": "item002", "value": {"enabled": False}}],
    ),
    ("objectKeys", [{"b": 2, "a": 1}], ["a", "b"]),
    ("coalesce", [None, None, "default"], "default"),
    ("coalesce", [None, None, {"first": "default"}], {"first": "default"}),
    ("coalesce", [None, None], None),
    ("equals", [1, 1], True),
    ("equals", ["a", "a"], True),
    ("equals", [["a", "b"], ["a", "b"]], True),
    ("equals", [{"a": "b"}, {"a": "b"}], True),
    ("equals", [1, 2], False),
    ("greater", [1, 2], False),
    ("greater", ["A", "a"], True),
    ("greaterOrEquals", [1, 2], False),
    ("greaterOrEquals", ["A", "a"], True),
    ("less", [1, 2], True),
    ("less", ["A", "a"], False),
    ("lessOrEquals", [1, 2], True),
    ("lessOrEquals", ["A", "a"], False),
    ("and", [True, False], False),
    ("or", [True, False], True),
    ("not", [True], False),
    ("bool", ["true"], True),
    ("bool", ["false"], False),
    ("bool", [1], True),
    ("bool", [0], False),
    ("if", [True, "yes", "no"], "yes"),
    ("if", [False, "yes", "no"], "no"),
    ("true", [], True),
    ("false", [], False),
    ("null", [], None),
    ("add", [5, 3], 8),
    ("sub", [7, 3], 4),
    ("mul", [15, 3], 45),
    ("div", [8, 3], 2),
    ("mod", [7, 3], 1),
    ("int", ["4"], 4),
    ("float", ["3.0"], 3.0),
    ("float", [3], 3.0),
    ("json", ["null"], None),
    ("json", ['{"a": "b"}'], {"a": "b"}),
    ("json", ['"test"'], "test"),
    ("json", ["true"], True),
    ("json", ["3"], 3),
    ("json", ["[1,2,3 ]"], [1, 2, 3]),
    ("json", ["{'a': 'b'}"], {"a": "b"}),
    ("json", ["'test'"], "test"),
    ("createObject", ["intProp", 1, "arrayProp", ["a"]], {"intProp": 1, "arrayProp": ["a"]}),
    ("base64", ["one, two, three"], "b25lLCB0d28sIHRocmVl"),
    ("base64ToString", ["b25lLCB0d28sIHRocmVl"], "one, two, three"),
    ("base64ToJson", ["eydvbmUnOiAnYScsICd0d28nOiAnYid9"], {"one": "a", "two": "b"}),
    ("dataUriToString", ["data:;base64,SGVsbG8sIFdvcmxkIQ=="], "Hello, World!"),
    ("endsWith", ["abcdef", "ef"], True),
    ("endsWith", ["abcdef", "F"], True),
    ("endsWith", ["abcdef", "e"], False),
    ("startsWith", ["abcdef", "ab"], True),
    ("startsWith", ["abcdef", "A"], True),
    ("startsWith", ["abcdef", "e"], False),
    (
        "format",
        ["{0}, {1}. Formatted number: {2:N0}", "Hello", "User", 8175133],
        "Hello, User. Formatted number: 8,175,133",
    ),
    ("indexOf", ["test", "t"], 0),
    ("lastIndexOf", ["test", "t"], 3),
    ("indexOf", ["abcdef", "CD"], 2),
    ("lastIndexOf", ["abcdef", "AB"], 0),
    ("indexOf", ["abcdef", "z"], -1),
    ("join", [["one", "two", "three"], ","], "one,two,three"),
    ("padLeft", ["123", 10, "0"], "0000000123"),
    ("replace", ["123-123-1234", "-", ""], "1231231234"),
    ("replace", ["123-123-1234", "1234", "xxxx"], "123-123-xxxx"),
    ("split", ["one,two,three", ","], ["one", "two", "three"]),
    ("split", ["one;two,three", [",", ";"]], ["one", "two", "three"]),
    ("string", [{"valueA": 10, "valueB": "Example Text"}], '{"valueA":10,"valueB":"Example Text"}'),
    ("string", [["a", "b", "c"]], '["a","b","c"]'),
    ("string", [5], "5"),
    ("substring", ["one two three", 4, 3], "two"),
    ("toLower", ["One Two Three"], "one two three"),
    ("toUpper", ["One Two Three"], "ONE TWO THREE"),
    ("trim", ["    one two three   "], "one two three"),
    ("uri", ["http://contoso.org/firstpath", "myscript.sh"], "http://contoso.org/myscript.sh"),
    ("uri", ["http://contoso.org/firstpath/", "myscript.sh"], "http://contoso.org/firstpath/myscript.sh"),
    (
        "uri",
        ["http://contoso.org/firstpath/azuredeploy.json", "myscript.sh"],
        "http://contoso.org/firstpath/myscript.sh",
    ),
    (
        "uri",
        ["http://contoso.org/firstpath/azuredeploy.json/", "myscript.sh"],
        "http://contoso.org/firstpath/azuredeploy.json/myscript.sh",
    ),
    (
        "uriComponent",
        ["http://contoso.com/resources/nested/azuredeploy.json"],
        "http%3A%2F%2Fcontoso.com%2Fresources%2Fnested%2Fazuredeploy.json",
    ),
    ("uriComponentToString", ["http%3A%2F%2Fcontoso.com%2Fa.json"], "http://contoso.com/a.json"),
    ("parseCidr", ["10.144.0.0/20"], CIDR4),
    ("parseCidr", ["fdad:3236:5555::/48"], CIDR6),
    ("cidrSubnet", ["10.144.0.0/20", 24, 0], "10.144.0.0/24"),
    ("cidrSubnet", ["10.144.0.0/20", 24, 4], "10.144.4.0/24"),
    ("cidrSubnet", ["fdad:3236:5555::/48", 52, 0], "fdad:3236:5555::/52"),
    ("cidrSubnet", ["fdad:3236:5555::/48", 52, 1], "fdad:3236:5555:1000::/52"),
    ("cidrHost", ["10.144.3.0/24", 0], "10.144.3.1"),
    ("cidrHost", ["10.144.3.0/24", 4], "10.144.3.5"),
    ("cidrHost", ["fdad:3236:5555:3000::/52", 0], "fdad:3236:5555:3000::1"),
    ("dateTimeFromEpoch", [1683040573], "2023-05-02T15:16:13Z"),
    ("dateTimeToEpoch", ["2023-05-02T15:16:13Z"], 1683040573),
]

# Results of Azure's own evaluation library, from tests in github.com/Azure/bicep.
LIBRARY: list[tuple[str, list[Any], Any]] = [
    ("array", [[]], []),
    ("base64", [" Fizz "], "IEZpenog"),
    ("bool", [True], True),
    ("contains", ["FOOBAR", "foo"], False),
    ("contains", [["FOO", "BAR"], "foo"], False),
    ("contains", [["FOO", "BAR"], False], False),
    ("contains", [["FOO", "BAR"], 123], False),
    ("dataUri", [" Fizz "], "data:text/plain;charset=utf-8;base64,IEZpenog"),
    ("dataUriToString", ["data:text/plain;charset=utf-8;base64,IEZpenog"], " Fizz "),
    ("dateTimeAdd", ["2023-03-31T01:00:38Z", "P1D"], "2023-04-01T01:00:38Z"),
    ("dateTimeFromEpoch", [1680224438], "2023-03-31T01:00:38Z"),
    ("div", [6, 11], 0),
    ("sub", [0, 13], -13),
    ("first", [[]], None),
    ("last", [[]], None),
    ("flatten", [[[0, 1], [2, 3], [4, 5]]], [0, 1, 2, 3, 4, 5]),
    ("flatten", [[]], []),
    ("format", ["->{0}<-", 123], "->123<-"),
    ("format", ["{0}/{1}/{2}/{3}", 1, 2, 3, True], "1/2/3/True"),
    ("indexOf", ["FOOBAR", "bar"], 3),
    ("indexOf", [["FOO", "BAR"], "bar"], -1),
    ("indexOf", [["FOO", "BAR"], False], -1),
    ("int", [123], 123),
    ("join", [["abc", "def", "ghi"], ""], "abcdefghi"),
    ("objectKeys", [{"A": 2, "a": 1}], ["A", "a"]),
    ("objectKeys", [{"a": 2, "A": 1}], ["a", "A"]),
    (
        "objectKeys",
        [INPUT],
        ["123Key", "456Key", "abcKey", "ABCKey", "defKey", "DEFKey", "ghiKey", "GHIKey"],
    ),
    ("padLeft", [13, 5], "   13"),
    ("padLeft", ["00", 5, " "], "   00"),
    ("shallowMerge", [[{"a": 123}, {"b": 456}]], {"a": 123, "b": 456}),
    ("substring", ["asdfasf", 3], "fasf"),
    ("trim", ["  adf asdf  "], "adf asdf"),
    ("tryGet", [{"foo": [{"bar": "baz"}]}, "foo", 0, "bar"], "baz"),
    ("tryGet", [{"foo": []}, "fizz", 0, "bar"], None),
    ("tryGet", [[{"bar": "baz"}], 10, "bar"], None),
    ("uri", ["https://github.com", "Azure/bicep"], "https://github.com/Azure/bicep"),
    ("uri", ["https://github.com/another/repo", "/Azure/bicep"], "https://github.com/Azure/bicep"),
    ("uriComponent", ["UB*8h 0+=_)9h9n"], "UB%2A8h%200%2B%3D_%299h9n"),
    ("uriComponentToString", ["%20%25%20"], " % "),
]

# Results of live deployments that the tests in github.com/KingslandConsulting/Kingsland.ArmLinter quote.
RECORDED: list[tuple[str, list[Any], Any]] = [
    ("concat", [""], ""),
    ("concat", [100, 200], "100200"),
    ("concat", [100, "aaa", 200], "100aaa200"),
    ("concat", [["hello", 100], [], ["new", 200]], ["hello", 100, "new", 200]),
    ("dataUriToString", ["data:application/json;base64,MTAw"], "100"),
    ("dataUriToString", ["data:application/json;charset=UTF-8;base64,MTAw"], "100"),
    ("dataUriToString", ["data:text/plain;charset=UTF-8;page=21,the%20data:1234,5678"], "the data:1234,5678"),
    ("first", [""], ""),
    ("last", [""], ""),
    ("format", ["aaa"], "aaa"),
    ("format", ["...{0}...", 100000], "...100000..."),
    ("indexOf", ["", ""], 0),
    ("indexOf", ["abcdef", ""], 0),
    ("intersection", [[100, 200], [200, 100]], [100, 200]),
    ("intersection", [["aaa", 100, "ccc"], [100, "aaa", "ddd"]], ["aaa", 100]),
    ("intersection", [["aaa"], ["bbb"]], []),
    ("padLeft", [-100, 10, "0"], "000000-100"),
    ("padLeft", ["123", 2, "0"], "123"),
    ("padLeft", ["123", 10], "       123"),
    ("replace", ["123-123-1234", "123", "xxx"], "xxx-xxx-xxx4"),
    ("skip", ["", 5], ""),
    ("skip", ["one two three", -100], "one two three"),
    ("skip", ["one two three", 100], ""),
    ("take", ["one two three", -100], ""),
    ("take", ["one two three", 100], "one two three"),
    ("split", ["", ""], [""]),
    ("split", ["one,two,three", [""]], ["one,two,three"]),
    ("split", ["one,two,three", []], ["one,two,three"]),
    ("split", ["one,,,two;;;three", [",", ";"]], ["one", "", "", "two", "", "", "three"]),
    ("substring", ["", 0], ""),
    ("substring", ["one two three", 4, 0], ""),
    ("substring", ["one", 1, 2], "ne"),
]

CORNERS: list[tuple[str, list[Any], Any]] = [
    ("array", [False], [False]),
    ("and", [False, 1], False),
    ("or", [True, 1], True),
    ("bool", ["TRUE"], True),
    ("concat", [True, False], "TrueFalse"),
    ("concat", [[None], [[1]]], [None, [1]]),
    ("contains", [{"Name": None}, "nAME"], True),
    ("contains", [[1, 2], True], False),
    ("contains", [[0, 1.5], 1.5], True),
    ("contains", [[{"a": 1, "b": 2}], {"b": 2, "a": 1}], True),
    ("contains", [["1"], 1], False),
    ("contains", ["", ""], True),
    ("contains", [{"é": 1}, "é"], True),
    ("createObject", [], {}),
    ("empty", ["0"], False),
    ("empty", [[None]], False),
    ("equals", [None, None], True),
    ("equals", [None, ""], False),
    ("equals", [True, 1], False),
    ("equals", [False, 0], False),
    ("equals", ["1", 1], False),
    ("equals", ["demo", "Demo"], False),
    ("equals", [1, 1.5], False),
    ("equals", [{"a": 1, "b": [2]}, {"b": [2], "a": 1}], True),
    ("equals", [[1, 2], [2, 1]], False),
    ("equals", [{"a": True}, {"a": 1}], False),
    ("equals", [[], {}], False),
    ("equals", ["[]", []], False),
    ("div", [-7, 2], -3),
    ("div", [7, -2], -3),
    ("mod", [-7, 2], -1),
    ("mod", [7, -2], 1),
    ("mod", [-(2**63), 2], 0),
    ("add", [2**63 - 2, 1], 2**63 - 1),
    ("int", ["-9223372036854775808"], -(2**63)),
    ("int", ["007"], 7),
    ("float", ["-0.5"], -0.5),
    ("json", ["2147483648"], 2147483648),
    ("json", ["1.5"], 1.5),
    ("json", ["1e3"], 1000.0),
    ("json", [' {"a": [1, {"b": null}], "c": "\\u00e9\\n"} '], {"a": [1, {"b": None}], "c": "é\n"}),
    ("json", ['"line\nend"'], "line\nend"),
    ("json", ["""{'it\\'s': 'say "no"', "k": '\\\\'}"""], {"it's": 'say "no"', "k": "\\"}),
    ("json", ['{"a": 1, "a": 2}'], {"a": 2}),
    ("json", ['"' + "[" * 100 + '"'], "[" * 100),
    ("string", [True], "True"),
    ("string", [{"a": True, "b": None, "c": []}], '{"a":true,"b":null,"c":[]}'),
    ("string", [['"\\/\x00\x1f\x7f\x85\u2028é\n']], '["\\"\\\\/\\u0000\\u001f\x7f\\u0085\\u2028é\\n"]'),
    ("string", ["é"], "é"),
    ("format", ["{{{0}}}", 1], "{1}"),
    ("format", ["{{}}"], "{}"),
    ("format", ["{0,5}|{0,-5}|", "ab"], "   ab|ab   |"),
    ("format", ["metadisk-{0,2:D2}", 7], "metadisk-07"),
    ("format", ["{0:D3} {0:000} {0:X} {0:x4} {0:G} {0}", 171], "171 171 AB 00ab 171 171"),
    ("format", ["{0:D3} {0:000} {0:N2}", -5], "-005 -005 -5.00"),
    ("format", ["{0:N0}", -1234567], "-1,234,567"),
    ("format", ["{0:anything}", "text"], "text"),
    ("format", ["{1}{0}{1}", "a", "b", None], "bab"),
    ("items", [{}], []),
    (
        "items",
        [{"a-b": 1, "a-c": 2, "a": 0}],
        [{"key": "a", "value": 0}, {"key": "a-b", "value": 1}, {"key": "a-c", "value": 2}],
    ),
    ("objectKeys", [{"b": 1, "B2": 2, "a10": 3, "a9": 4}], ["a10", "a9", "b", "B2"]),
    ("greater", ["abc", "ABD"], False),
    ("greater", ["B", "a"], True),
    ("less", ["a-1", "a-2"], True),
    ("less", ["a", "a1"], True),
    ("less", ["9", "10"], False),
    ("lessOrEquals", ["é", "é"], True),
    ("greaterOrEquals", ["aB", "Ab"], False),
    ("indexOf", [[{"a": 1}, {"a": 2}], {"a": 2}], 1),
    ("indexOf", [[None, False], None], 0),
    ("intersection", [{"a": {"b": [1]}}, {"a": {"b": [1]}}, {"a": {"b": [1]}, "c": 1}], {"a": {"b": [1]}}),
    ("intersection", [{"a": 1}, {"a": "1"}], {}),
    ("join", [[], ","], ""),
    ("join", [["one"], ","], "one"),
    ("length", ["é"], 1),
    ("length", ["\U0001f600"], 2),
    ("max", [-1], -1),
    ("padLeft", ["1234567890123456789", 16], "1234567890123456789"),
    ("range", [0, 0], []),
    ("range", [2147473647, 10000], list(range(2147473647, 2147483647))),
    ("replace", ["aAa", "a", "b"], "bAb"),
    ("replace", ["aaa", "aa", "b"], "ba"),
    ("skip", [[1, 2], 2], []),
    ("split", ["a||b|c", ["||", "|"]], ["a", "b", "c"]),
    ("split", ["a||b|c", ["|", "||"]], ["a", "", "b", "c"]),
    ("split", ["a.b", "."], ["a", "b"]),
    ("startsWith", ["a", ""], True),
    ("endsWith", ["", ""], True),
    ("startsWith", ["ab", "abc"], False),
    ("startsWith", ["https://x/é", "HTTPS"], True),
    ("substring", ["abc", 3], ""),
    ("toUpper", ["é日本-ß".replace("ß", "")], "É日本-"),
    ("toLower", ["ÀÞ\U0001f600"], "àþ\U0001f600"),
    ("trim", ["\u2003\u00a0\x85a b\t\r\n"], "a b"),
    ("trim", ["\x1fa\x1f"], "\x1fa\x1f"),
    ("tryGet", [None, "a", "b"], None),
    ("tryGet", [{"Key": 1}, "kEY"], 1),
    ("tryGet", [{"a": [1, 2, 3]}, "a", {"value": 1, "fromEnd": True}], 3),
    ("tryGet", [{"a": [1, 2, 3]}, "a", {"value": 1}], 2),
    ("tryIndexFromEnd", [[[1, 2], {"b": 5}], 1, "b"], 5),
    ("indexFromEnd", [[1], 1], 1),
    ("union", [{"a": 1}, {"a": {"b": 1}}], {"a": {"b": 1}}),
    ("union", [{"a": {"b": 1}}, {"a": 1}], {"a": 1}),
    ("union", [{"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"x": 3}}], {"a": {"x": 3, "y": 2}}),
    ("union", [{"a": None}, {"a": None}], {"a": None}),
    ("union", [[1, True, "1", None], [None, 1]], [1, True, "1", None]),
    ("union", [[], []], []),
    ("uri", ["https://x.y:443/a/b/", "../c?d=e&f"], "https://x.y/a/c?d=e&f"),
    ("uri", ["HTTPS://Host.Example:8443", ""], "https://host.example:8443/"),
    ("uri", ["http://h/a/b", "?q=1"], "http://h/a/b?q=1"),
    ("uri", ["http://h/a/b/c", "./../../x/."], "http://h/x/"),
    ("uri", ["http://h/a", "../../.."], "http://h/"),
    ("uriComponent", ["é~"], "%C3%A9~"),
    ("uriComponentToString", ["%c3%A9%zz%2"], "é%zz%2"),
    ("base64", [""], ""),
    ("base64ToString", ["4oKs"], "€"),
    ("base64ToString", [" SGVs\r\nbG8= "], "Hello"),
    ("cidrSubnet", ["10.0.0.0/8", 8, 0], "10.0.0.0/8"),
    ("cidrSubnet", ["10.0.0.0/30", 32, 3], "10.0.0.3/32"),
    ("cidrHost", ["10.0.0.0/30", 1], "10.0.0.2"),
    (
        "parseCidr",
        ["3FFE:FFFF:1:CD30::/60"],
        {
            "network": "3ffe:ffff:1:cd30::",
            "netmask": "ffff:ffff:ffff:fff0::",
            "firstUsable": "3ffe:ffff:1:cd30::",
            "lastUsable": "3ffe:ffff:1:cd3f:ffff:ffff:ffff:ffff",
            "cidr": 60,
        },
    ),
    ("dateTimeFromEpoch", [-1], "1969-12-31T23:59:59Z"),
    ("dateTimeToEpoch", ["1970-01-01T02:00:00+02:00"], 0),
    ("dateTimeToEpoch", ["20200407T145314Z"], 1586271194),
    ("dateTimeToEpoch", ["2020-04-07 14:53:14Z"], 1586271194),
    ("dateTimeAdd", ["2020-04-07T14:53:14Z", "P3Y"], "2023-04-07T14:53:14Z"),
    ("dateTimeAdd", ["2020-04-07T14:53:14Z", "-P9D"], "2020-03-29T14:53:14Z"),
    ("dateTimeAdd", ["2020-04-07T14:53:14Z", "PT1H"], "2020-04-07T15:53:14Z"),
    ("dateTimeAdd", ["2021-04-01T00:00:00Z", "P1M"], "2021-05-01T00:00:00Z"),
    ("dateTimeAdd", ["2020-04-07 14:53:14Z", "P1DT2H3M4S", "u"], "2020-04-08 16:56:18Z"),
    ("dateTimeAdd", ["20200407T145314Z", "PT0S", "yyyyMMdd_hhmmss tt"], "20200407_025314 PM"),
    ("dateTimeAdd", ["2020-04-07T00:05:09Z", "PT0S", "yy/M/d H:h:m:s"], "20/4/7 0:12:5:9"),
    ("dateTimeAdd", ["2020-04-07T14:53:14Z", "P1D", "yyyy-MM-ddTHH:mm:ssZ"], "2020-04-08T14:53:14Z"),
]


def identify(case: tuple[str, list[Any], Any]) -> str:
    return f"{case[0]}-{case[1]!r:.60}"


@pytest.mark.parametrize("case", DOCUMENTED + LIBRARY + RECORDED + CORNERS, ids=identify)
def test_result(case: tuple[str, list[Any], Any]) -> None:
    name, arguments, expected = case
    assert typed(call(name, *arguments)) == typed(expected)


def test_the_order_of_properties_is_kept() -> None:
    assert list(call("union", {"b": 1}, {"a": 2, "b": 3})) == ["b", "a"]
    assert list(call("createObject", "z", 1, "a", 2)) == ["z", "a"]
    assert list(call("parseCidr", "10.144.0.0/20")) == list(CIDR4)
    assert list(call("parseCidr", "fdad:3236:5555::/48")) == list(CIDR6)
    assert call("string", call("json", '{"b":1,"a":2}')) == '{"b":1,"a":2}'


FAILS: list[tuple[str, list[Any], str]] = [
    ("add", ["1", 2], "'add' takes an int as its first argument, not a string"),
    ("add", [1], "'add' takes 2 arguments, not 1"),
    ("true", [1], "'true' takes no arguments, not 1"),
    ("and", [True], "'and' takes 2 or more arguments, not 1"),
    ("padLeft", ["a"], "'padLeft' takes 2 to 3 arguments, not 1"),
    ("not", [], "'not' takes 1 argument, not 0"),
    ("div", [1, 0], "'div' by zero"),
    ("mod", [1, 0], "'mod' by zero"),
    ("base64", [100], "'base64' takes a string as its first argument, not an int"),
    ("base64ToString", ["YWJj@"], "'base64ToString' takes base64 text"),
    ("base64ToString", ["YWJ"], "'base64ToString' takes base64 text"),
    ("base64ToJson", ["eyJoaSI6ICJ0aGVyZSI="], "a bracket in it is not closed"),
    ("bool", ["sdf"], "'bool' takes the strings"),
    ("bool", [[]], "'bool' takes a string or int as its first argument, not an array"),
    ("cidrHost", ["10.0.0.0/30", 2], "'cidrHost' has no address 2 in a /30, which has 2"),
    ("cidrHost", ["10.0.0.0/30", -1], "'cidrHost' has no address -1"),
    ("cidrSubnet", ["10.0.0.0/24", 16, 0], "'cidrSubnet' cannot make a /16 of a /24"),
    ("cidrSubnet", ["10.0.0.0/24", 33, 0], "'cidrSubnet' cannot make a /33 of a /24"),
    ("cidrSubnet", ["10.0.0.0/24", 26, 4], "'cidrSubnet' has no subnet 4: a /24 has 4 of /26"),
    ("concat", [["a"], "b"], "'concat' takes arrays only, or no arrays"),
    ("contains", [1, "a"], "'contains' takes an array, object or string as its first argument, not an int"),
    ("createObject", ["a"], "'createObject' takes names and values in pairs"),
    ("createObject", ["a", 1, 2, 3], "'createObject' takes a string as its third argument"),
    ("dataUriToString", ["Hi 0!"], "'dataUriToString' takes a data URI"),
    ("dataUriToString", ["data:text/plain;charset=utf-8;base64,YWJj@"], "'dataUriToString' takes base64"),
    ("dateTimeAdd", ["2023-03-31T01:00:38Z", "PTASDIONS1D"], "'dateTimeAdd' takes an ISO 8601 duration"),
    ("dateTimeAdd", ["now", "P1D"], "'dateTimeAdd' takes an ISO 8601 date and time"),
    ("dateTimeAdd", ["9999-12-31T00:00:00Z", "P1D"], "'dateTimeAdd' knows the years 1 to 9999"),
    ("dateTimeFromEpoch", [2**62], "'dateTimeFromEpoch' knows the years 1 to 9999"),
    ("dateTimeFromEpoch", ["adfasdf"], "'dateTimeFromEpoch' takes an int"),
    ("empty", [100], "'empty' takes an array, object or string as its first argument, not an int"),
    ("endsWith", ["foo", []], "'endsWith' takes a string as its second argument, not an array"),
    ("first", [100], "'first' takes an array or string as its first argument, not an int"),
    ("flatten", [{"foo": "bar"}], "'flatten' takes an array as its first argument, not an object"),
    ("flatten", [[["a"], "b"]], "'flatten' takes an array of arrays; this one has a string in it"),
    ("format", ["->{123}<-", 123], "'format' has no value for {123}; it was given 1"),
    ("format", ["{99999999999999999999}", 1], "'format' has no value for {99999999999999999999}"),
    ("format", ["{0}"], "'format' has no value for {0}; it was given 0"),
    ("format", [100], "'format' takes a string as its first argument, not an int"),
    ("format", ["{", 1], "'format' takes a format string; a { in it has no partner"),
    ("format", ["a}b", 1], "'format' takes a format string; a } in it has no partner"),
    ("format", ["{0}}", 1], "'format' takes a format string; a } in it has no partner"),
    ("format", ["{name}", 1], "'format' takes a format string; there is a { without a number"),
    ("if", [[], 1, 2], "'if' takes a bool as its first argument, not an array"),
    ("indexFromEnd", [[1, 2], 3], "index 3 from the end is outside the array, which has 2 items"),
    ("indexFromEnd", [[1, 2], 0], "index 0 from the end"),
    ("indexOf", ["abc", {}], "'indexOf' takes a string as its second argument, not an object"),
    ("int", ["asdf"], "'int' takes a string of digits"),
    ("int", ["avdtest0001"], "'int' takes a string of digits"),
    ("int", [True], "'int' takes an int as its first argument, not a bool"),
    ("intersection", [[1], {}], "'intersection' takes arrays or objects, not both"),
    ("intersection", [100, [1]], "'intersection' takes an array or object as its first argument, not an int"),
    ("items", ["asdfas"], "'items' takes an object as its first argument, not a string"),
    ("join", [["a"], {}], "'join' takes a string as its second argument, not an object"),
    ("json", ['{"hi": "there"'], "a bracket in it is not closed"),
    ("json", ['{"hi": ["there"}'], "its brackets do not match"),
    ("json", ['{"hi": "there}'], "a string in it has no end"),
    ("json", [{}], "'json' takes a string as its first argument, not an object"),
    ("lastIndexOf", [100, "bbb"], "'lastIndexOf' takes an array or string as its first argument"),
    ("length", [100], "'length' takes an array, object or string as its first argument, not an int"),
    ("less", [True, 1], "'less' takes an int or string as its first argument, not a bool"),
    ("max", [1, 2, "3"], "'max' takes an int as its third argument, not a string"),
    ("min", [[1, [2]]], "'min' takes an array of ints; this one has an array in it"),
    ("max", [["1"]], "'max' takes an array of ints; this one has a string in it"),
    ("padLeft", [[""], 10, "0"], "'padLeft' takes a string or int as its first argument, not an array"),
    ("padLeft", [10, 15, 30], "'padLeft' takes a string as its third argument, not an int"),
    ("padLeft", [10, 15, ""], "'padLeft' takes one character as its third argument, not 0"),
    ("padLeft", [10, 15, "abc"], "'padLeft' takes one character as its third argument, not 3"),
    ("padLeft", ["123", -1, "0"], "'padLeft' cannot make a string of -1 characters"),
    ("parseCidr", ["network"], "'parseCidr' takes an address range such as 10.0.0.0/8"),
    ("parseCidr", ["10.0.0.0/33"], "'parseCidr' takes an address range; /33 is more than /32"),
    ("parseCidr", ["300.0.0.0/8"], "'parseCidr' takes an address range such as"),
    ("range", [0, -1], "'range' makes 0 to 10000 ints, not -1"),
    ("range", [0, 10001], "'range' makes 0 to 10000 ints, not 10001"),
    ("range", [2147483647, 1], "'range' ends at 2147483647"),
    ("replace", ["aaa", "bbb", 300], "'replace' takes a string as its third argument, not an int"),
    ("shallowMerge", [[{}, 1]], "'shallowMerge' takes an array of objects; this one has an int in it"),
    ("skip", ["one", "aaa"], "'skip' takes an int as its second argument, not a string"),
    ("take", [100, 2], "'take' takes an array or string as its first argument, not an int"),
    (
        "split",
        ["one", 200],
        "'split' takes a string or an array of strings as its second argument, not an int",
    ),
    ("split", ["one", [","], 1], "'split' takes 2 arguments, not 3"),
    ("split", ["one", [1]], "'split' takes an array of strings as delimiters; this one has an int in it"),
    ("substring", ["1234567890", 0, 11], "'substring' cannot take 11 characters from 0 on in a string of 10"),
    ("substring", ["one", -1, 3], "'substring' cannot start at -1 in a string of 3 characters"),
    ("substring", ["one", 99], "'substring' cannot start at 99"),
    ("substring", ["one", 1, -1], "'substring' cannot take -1 characters"),
    ("substring", ["one", "1"], "'substring' takes an int as its second argument, not a string"),
    ("toLower", [123], "'toLower' takes a string as its first argument, not an int"),
    ("union", [{"abc": "def"}, [123]], "'union' takes arrays or objects, not both"),
    ("union", [1, 2, 3, 4, 5], "'union' takes an array or object as its first argument, not an int"),
    ("union", [[], [], [], [], 5], "'union' takes an array or object as argument 5, not an int"),
    ("uri", ["github.com", "Azure/bicep"], "'uri' takes an absolute URI as its first argument"),
    ("uriComponent", [123], "'uriComponent' takes a string as its first argument, not an int"),
]


@pytest.mark.parametrize("case", FAILS, ids=identify)
def test_a_call_that_cannot_succeed(case: tuple[str, list[Any], str]) -> None:
    name, arguments, expected = case
    with pytest.raises(Wrong) as raised:
        call(name, *arguments)
    assert expected in str(raised.value)


OPEN: list[tuple[str, list[Any]]] = [
    # Types: null, floats, and where the documentation does not say.
    *[
        (name, [None])
        for name in ("base64", "first", "length", "items", "toLower", "not", "int", "string", "array")
    ],
    ("add", [1, None]),
    ("concat", ["a", None]),
    ("concat", ["a", {}]),
    ("concat", ["a", 1.5]),
    ("concat", [["a"], None]),
    ("string", [[1.5]]),
    ("format", ["{0}", [1]]),
    ("format", ["{0}", None]),
    ("join", [[1], ","]),
    ("add", [1.0, 1]),
    ("and", ["true", True]),
    ("if", ["true", 1, 2]),
    ("flatten", [[[], None]]),
    ("less", [1, "1"]),
    ("max", [[]]),
    ("max", [[1], 2]),
    ("max", [[1, 2.5]]),
    ("shallowMerge", [[{}, None]]),
    ("contains", ["abc1", 1]),
    ("contains", [{"1": 1}, 1]),
    ("tryGet", ["abc", 0]),
    ("tryGet", [{"a": 1}, 0]),
    ("tryGet", [[1], -1]),
    ("tryGet", [{"a": {}}, "a", "b"]),
    ("tryGet", [{"a": [1]}, "a", 1]),
    ("tryIndexFromEnd", [[1], 0]),
    # Numbers.
    ("add", [2**63 - 1, 1]),
    ("mul", [2**62, 2]),
    ("div", [-(2**63), -1]),
    ("add", [2**63, 0]),
    ("string", [2**63]),
    ("int", [" 4"]),
    ("int", ["4.7"]),
    ("int", ["0x1F"]),
    ("int", ["9223372036854775808"]),
    ("bool", [2]),
    ("bool", ["1"]),
    ("float", ["1e3"]),
    ("float", ["NaN"]),
    ("range", [-3, 2]),
    ("json", ["9223372036854775808"]),
    ("json", ["1" * 5000]),
    ("json", ["1e999"]),
    # Equality and case.
    ("equals", [1, 1.0]),
    ("equals", [[1], [1.0]]),
    ("equals", [{"a": 1}, {"A": 1}]),
    ("contains", [[1.0], 1]),
    ("indexOf", [[1.0, 1], 1]),
    ("union", [[1], [1.0]]),
    ("union", [{"a": 1}, {"A": 2}]),
    ("union", [{"x": {"a": 1}}, {"x": {"A": 2}}]),
    ("union", [{"a": 1}, {"a": None}]),
    ("intersection", [{"a": 1}, {"A": 1}]),
    ("intersection", [[1, 1], [1]]),
    ("createObject", ["a", 1, "A", 2]),
    ("createObject", ["a", 1, "a", 2]),
    ("shallowMerge", [[{"a": 1}, {"A": 2}]]),
    ("tryGet", [{"a": 1, "A": 2}, "a"]),
    ("contains", [{"é": 1}, "É"]),
    # Culture.
    ("less", ["a-b", "ab"]),
    ("less", ["é", "f"]),
    ("items", [{"a_b": 1, "ab": 2}]),
    ("objectKeys", [{"é": 1, "f": 2}]),
    ("indexOf", ["straße", "SS"]),
    ("lastIndexOf", ["abcdef", ""]),
    ("startsWith", ["\u0301a", "a"]),
    ("toUpper", ["straße"]),
    ("toLower", ["İ"]),
    ("format", ["{0:N}", 1]),
    ("format", ["{0:C}", 1]),
    ("format", ["{0:X}", -1]),
    ("format", ["{0:#,##0}", 1]),
    ("dateTimeAdd", ["2020-04-07T14:53:14Z", "P1D", "d"]),
    ("dateTimeAdd", ["2020-04-07T14:53:14Z", "P1D", "MMM"]),
    # UTF-16.
    ("first", ["\U0001f600"]),
    ("take", ["\U0001f600a", 1]),
    ("substring", ["\U0001f600a", 1]),
    ("base64", ["\ud800"]),
    ("uriComponent", ["\ud800"]),
    # Encodings.
    ("base64ToString", ["/w=="]),
    ("base64ToString", ["QR=="]),
    ("uriComponentToString", ["%FF"]),
    ("dataUri", [100]),
    ("dataUriToString", ["data:text/plain;charset=utf8;base64,YQ=="]),
    ("dataUriToString", ["data:;foo=bar;base64,R0lGODdh"]),
    ("dataUriToString", ["data:;base64,w6k="]),
    ("dataUriToString", ["data:,a"]),
    ("dataUriToString", ["data:text/plain,a+b"]),
    ("dataUriToString", ["data:;base64,YQ%3D%3D"]),
    ("json", [""]),
    ("json", ["{a: 1}"]),
    ("json", ["[1,]"]),
    ("json", ["// comment\n[1"]),
    ("json", ["NaN"]),
    ("json", ["{} {}"]),
    ("json", ["[" * 65 + "]" * 65]),
    # Corners of one function.
    ("replace", ["abc", "", "x"]),
    ("padLeft", ["a", 17]),
    ("padLeft", ["a", 0]),
    ("substring", ["abc"]),
    ("split", ["a b", []]),
    ("format", ["{0:{1}}", 1]),
    ("format", ["{0:D2}}}", 1]),
    ("format", ["{0x}", 1]),
    ("uri", ["https://x/a b", "c"]),
    ("uri", ["https://x/?a=b", "c"]),
    ("uri", ["https://10.1/", "c"]),
    ("uri", ["https://x/", "//y/z"]),
    ("uri", ["https://x/", "a%20b"]),
    ("uri", ["https://x/", "y:z"]),
    ("uri", ["https://x/a./", "b"]),
    ("uri", ["https://x/a//b/", "b"]),
    ("uri", ["https://x/a/../", "b"]),
    ("uri", ["ftp://x/", "b"]),
    ("uri", ["/etc", "b"]),
    ("parseCidr", ["10.0.0.1/8"]),
    ("parseCidr", ["10.0.0.0"]),
    ("parseCidr", ["010.0.0.0/8"]),
    ("parseCidr", ["10.0/16"]),
    ("parseCidr", ["10.0.0.0/31"]),
    ("parseCidr", ["::/0"]),
    ("parseCidr", ["3FFE:FFFF:0:CD30::/64"]),
    ("cidrHost", ["10.0.0.0/32", 0]),
    ("dateTimeAdd", ["2020-04-07 14:53:14Z", "P1D"]),
    ("dateTimeAdd", ["2020-04-07T14:53:14+02:00", "P1D", "u"]),
    ("dateTimeAdd", ["2020-01-01T00:00:00Z", "P1Y"]),
    ("dateTimeAdd", ["2020-01-31T00:00:00Z", "P1M"]),
    ("dateTimeAdd", ["2020-01-01T00:00:00Z", "P1W"]),
    ("dateTimeAdd", ["2020-01-01T00:00:00Z", "PT1.5S"]),
    ("dateTimeAdd", ["2020-01-01T00:00:00Z", "P99999Y"]),
    ("dateTimeAdd", ["2020-01-01T00:00:00Z", "P1D", "yyyy-MM-ddTHH:mm:ss"]),
    ("dateTimeToEpoch", ["2020-13-01T00:00:00Z"]),
    ("dateTimeToEpoch", ["2020-01-01"]),
    ("dateTimeToEpoch", ["0001-01-01T00:00:00+14:00"]),
]


@pytest.mark.parametrize("case", OPEN, ids=identify)
def test_a_call_that_is_left_open(case: tuple[str, list[Any]]) -> None:
    name, arguments = case
    with pytest.raises(Undecided):
        call(name, *arguments)


def nested(depth: int, *, keys: bool = False) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value} if keys else [value]
    return value


def doubled(depth: int, *, keys: bool = False) -> Any:
    """Make a value that is small in memory and has two to the power of `depth` elements."""
    value: Any = "x"
    for _ in range(depth):
        value = {"a": value, "b": value} if keys else [value, value]
    return value


LONG = "x" * MAX_TEXT
TOO_LARGE: list[tuple[str, list[Any]]] = [
    ("padLeft", ["x", 2**40]),
    ("padLeft", ["x", 2**62, "y"]),
    ("format", ["{0,999999}", 1]),
    ("format", ["{0,-2147483647}", 1]),
    ("format", ["{0}{0}", LONG]),
    ("replace", ["x" * 1000, "x", "y" * 1000]),
    ("concat", [LONG, "x"]),
    ("concat", [[0] * MAX_SIZE, [0]]),
    ("concat", [*[LONG] * 1000]),
    ("join", [["", "", ""], LONG]),
    ("join", [[""] * MAX_SIZE, "xx"]),
    ("base64", [LONG]),
    ("dataUri", [LONG]),
    ("uriComponent", ["é" * 60_000]),
    ("string", [[LONG]]),
    ("string", [['"' * 100_000]]),
    ("string", [LONG + "x"]),
    ("split", [",".join("x" * 60_000) + ",", [",", "x"]]),
    ("split", ["x", [str(number) for number in range(10_000)]]),
    ("createArray", [[0] * 60_000, [0] * 60_000]),
    ("createObject", ["a", [0] * MAX_SIZE]),
    ("array", [{"a": [0] * MAX_SIZE}]),
    ("flatten", [[[0] * 60_000, [0] * 60_000]]),
    ("union", [list(range(60_000)), list(range(60_000))]),
    ("items", [{str(number): 0 for number in range(40_000)}]),
    ("json", ["[" + LONG + "]"]),
    ("dateTimeAdd", ["2020-01-01T00:00:00Z", "PT0S", "y" * MAX_TEXT]),
    ("toUpper", [LONG + "x"]),
    ("uri", ["https://x/", "a" * 3000]),
]


@pytest.mark.parametrize("case", TOO_LARGE, ids=identify)
def test_too_large_is_noticed_before_it_is_made(case: tuple[str, list[Any]]) -> None:
    name, arguments = case
    tracemalloc.start()
    try:
        with pytest.raises(Undecided):
            call(name, *arguments)
        assert tracemalloc.get_traced_memory()[1] < 32_000_000
    finally:
        tracemalloc.stop()


def test_the_bounds_themselves_are_allowed() -> None:
    assert len(call("concat", LONG)) == MAX_TEXT
    assert len(call("concat", [0] * 50_000, [0] * 50_000)) == MAX_SIZE
    assert len(call("format", "{0,131072}", 1)) == MAX_TEXT
    assert call("equals", nested(200), nested(200))
    assert call("equals", nested(MAX_DEPTH - 1), nested(MAX_DEPTH - 1))


HUGE: dict[str, Any] = {
    "array in array": nested(5_000),
    "object in object": nested(5_000, keys=True),
    "doubling arrays": doubled(200),
    "doubling objects": doubled(200, keys=True),
    "long texts": [LONG] * MAX_SIZE,
    "long texts in objects": {str(number): [LONG] for number in range(50_000)},
    "brackets": "[" * 100_000,
    "braces": '{"a":' * 20_000,
    "format": "{0}" * 40_000,
    "quotes": "'" * 100_001,
    "escapes": "%41" * 40_000,
    "backslashes": "\\" * 100_000,
}


@pytest.mark.parametrize("value", HUGE.values(), ids=HUGE)
def test_every_call_ends_soon(value: Any) -> None:
    for name in FUNCTIONS:
        for arguments in ([value], [value, value], ["a", value], [[value], [value]]):
            start = time.process_time()
            with suppress(Wrong, Undecided):
                call(name, *arguments)
            assert time.process_time() - start < 2, name


def test_depth_does_no_harm_deep_in_the_stack() -> None:
    def descend(levels: int) -> None:
        if levels:
            descend(levels - 1)
            return
        deep = nested(200)
        assert call("string", deep) == "[" * 200 + "1" + "]" * 200
        assert call("equals", deep, nested(200))
        keyed = nested(200, keys=True)
        assert call("equals", call("union", keyed, nested(200, keys=True)), keyed)
        assert call("json", "[" * 64 + "]" * 64)

    frame, depth = sys._getframe(), 0
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    descend(sys.getrecursionlimit() - depth - 150)


def test_arguments_are_not_changed() -> None:
    first, second = {"a": {"b": {"c": 1}}}, {"a": {"b": {"d": 2}}}
    third = {"a": {"b": {"e": 3}}}
    assert call("union", first, second, third) == {"a": {"b": {"c": 1, "d": 2, "e": 3}}}
    assert (first, second, third) == ({"a": {"b": {"c": 1}}}, {"a": {"b": {"d": 2}}}, {"a": {"b": {"e": 3}}})
    items = [1, [2]]
    call("concat", items, items).append(3)
    call("createArray", items, 4)
    assert items == [1, [2]]


TRICKY = st.sampled_from(
    [
        "",
        "a",
        "A",
        "true",
        "FALSE",
        "0",
        "-1",
        "12",
        "1.5",
        "0x1F",
        " 4 ",
        "é",
        "ß",
        "\ud800",
        "\U0001f600",
        "{0}",
        "{0:D2}",
        "{0,5}",
        "{1}",
        "{{",
        "}",
        "{",
        "{0:N1}",
        "{0:}",
        "%",
        "%41",
        "%C3%A9",
        "%ff",
        "+",
        "null",
        "[1,2]",
        "{'a':'b'}",
        '{"a":1.0}',
        "[",
        '"',
        "'",
        "//",
        "[1,]",
        "1e400",
        "NaN",
        "\ufeff1",
        "YWJj",
        "YWJ=",
        "YQ",
        "/w==",
        "data:,x",
        "data:;base64,YQ==",
        "data:text/plain;charset=utf-8,%41",
        "data:",
        "https://a.b/c",
        "http://h:80",
        "https://h/",
        "x/../y",
        "?q",
        "/",
        "..",
        "//x",
        "HTTP://A",
        "10.0.0.0/8",
        "10.0.0.0/30",
        "fd00::/8",
        "fdad:3236:5555::/48",
        "10.0.0.0/33",
        "::/0",
        "1.2.3.4/32",
        "a/b",
        "2020-04-07T14:53:14Z",
        "2020-04-07 14:53:14Z",
        "20200407T145314Z",
        "2020-04-07T14:53:14+02:00",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "2020-02-30T00:00:00Z",
        "2020-04-07T14:53:14-99:99",
        "P1D",
        "-P1Y",
        "P1M",
        "PT1H2M3S",
        "P999999999D",
        "PT999999999H",
        "P999999999Y",
        "P",
        "PT",
        "u",
        "yyyy-MM",
        "HH:mm tt",
        "yyyy-MM-ddTHH:mm:ss",
        "a-b",
        "a_b",
        "\x00",
        "\r\n",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 40)
    | st.integers()
    | st.sampled_from([2**31, 2**63 - 1, -(2**63), 2**63, 10**30, -(10**400)])
    | st.floats()
    | st.text(max_size=20)
    | TRICKY
)
NAMES = st.sampled_from(["a", "A", "b", "value", "fromEnd", "é", "É", "a-b", ""]) | st.text(max_size=4)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
# Arguments that have a chance to be of the right type, and any others.
ARGUMENTS = (
    st.lists(VALUES, max_size=5)
    | st.lists(TRICKY, min_size=1, max_size=3)
    | st.lists(st.integers(-3, 40), min_size=1, max_size=3)
    | st.tuples(TRICKY | st.lists(VALUES, max_size=5), st.integers(-3, 40)).map(list)
    | st.tuples(TRICKY, st.integers(-3, 130), st.integers(-3, 40)).map(list)
    | st.lists(st.dictionaries(NAMES, VALUES, max_size=5), min_size=1, max_size=3)
    | st.lists(st.lists(VALUES, max_size=5), min_size=1, max_size=3)
)


@settings(max_examples=150)
@given(arguments=ARGUMENTS)
def test_only_wrong_and_undecided_are_raised(arguments: list[Any]) -> None:
    before = repr(arguments)
    for name in FUNCTIONS:
        note(name)
        try:
            result = call(name, *arguments)
        except (Wrong, Undecided):
            continue
        assert repr(call(name, *arguments)) == repr(result)
        assert type(result) in {str, int, float, bool, list, dict, type(None)}
    assert repr(arguments) == before


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_no_template_can_hold(name: str) -> None:
    for value in (10**5000, -(10**5000), math.nan, -math.inf, object(), (1,), b"x", {1: 2}):
        for arguments in (
            [value],
            [value, value],
            [[value], value],
            [value, 1, 2],
            ["{0}", value],
            [{"a": value}, "a"],
        ):
            with suppress(Wrong, Undecided):
                call(name, *arguments)


SECRET = "hunter2"  # noqa: S105 - made up
SECRETIVE = st.sampled_from(
    [
        SECRET,
        f"{{{SECRET}}}",
        f'"{SECRET}',
        f"[{SECRET}",
        f"{SECRET}://x",
        f"data:{SECRET}",
        f"P{SECRET}",
        f"{SECRET}/8",
    ]
)


@settings(max_examples=100)
@given(
    arguments=st.lists(
        SECRETIVE
        | st.lists(SECRETIVE | st.integers(-2, 2), max_size=3)
        | st.dictionaries(NAMES, SECRETIVE, max_size=2)
        | st.integers(-2, 20),
        max_size=4,
    )
)
def test_messages_do_not_quote_strings(arguments: list[Any]) -> None:
    for name in FUNCTIONS:
        note(name)
        verdict: Exception | None = None
        try:
            call(name, *arguments)
        except (Wrong, Undecided) as error:
            verdict = error
        if verdict is not None:
            assert SECRET not in str(verdict)
            assert verdict.__suppress_context__ or verdict.__context__ is None


PLAIN = st.text(st.characters(codec="utf-8", max_codepoint=0xFFFF), max_size=50)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


SMALL = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text("aA", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=1), inner, max_size=3),
    max_leaves=5,
)


@given(st.text())
def test_base64_can_be_undone(text: str) -> None:
    assert call("base64ToString", call("base64", text)) == text
    assert call("dataUriToString", call("dataUri", text)) == text


@given(st.text())
@example("%41+/?é\U0001f600")
def test_uri_component_can_be_undone(text: str) -> None:
    assert call("uriComponentToString", call("uriComponent", text)) == text


@given(JSON.filter(lambda value: isinstance(value, list | dict)))
def test_json_undoes_string(value: Any) -> None:
    assert typed(call("json", call("string", value))) == typed(value)


@given(JSON)
def test_a_value_equals_itself(value: Any) -> None:
    assert call("equals", value, call("json", call("string", [value]))[0]) is True


@settings(max_examples=60)
@given(st.lists(SMALL, max_size=8), st.lists(SMALL, max_size=8))
def test_union_of_arrays_is_a_set_in_order(one: list[Any], other: list[Any]) -> None:
    try:
        joined = call("union", one, other)
    except Undecided:
        return
    assert typed(call("union", joined, joined)) == typed(joined)
    assert typed(call("union", joined, one)) == typed(joined)
    assert all(call("contains", joined, item) for item in one + other)
    assert [call("indexOf", joined, item) for item in joined] == list(range(len(joined)))


@settings(max_examples=60)
@given(
    st.dictionaries(st.text("abc", max_size=2), SMALL, max_size=5),
    st.dictionaries(st.text("abc", max_size=2), SMALL),
)
def test_union_of_objects_has_all_and_the_last(one: dict[str, Any], other: dict[str, Any]) -> None:
    try:
        joined = call("union", one, other)
    except Undecided:
        return
    assert list(joined) == list({**one, **other})
    assert typed(call("union", joined, joined)) == typed(joined)
    assert typed(call("union", joined, other)) == typed(joined)
    for name, value in other.items():
        if not isinstance(value, dict):
            assert typed(joined[name]) == typed(value)


@given(st.lists(st.text("abc ", max_size=4), min_size=1), st.text(";|.", min_size=1, max_size=3))
def test_split_undoes_join(parts: list[str], delimiter: str) -> None:
    joined = call("join", parts, delimiter)
    assert call("split", joined, delimiter) == parts
    assert call("split", joined, [delimiter]) == parts


@settings(max_examples=60)
@given(PLAIN | st.lists(SMALL), st.integers(-5, 60))
def test_take_and_skip_are_complements(value: Any, count: int) -> None:
    assert typed(call("concat", call("take", value, count), call("skip", value, count))) == typed(value)


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1).filter(bool))
def test_division(dividend: int, divisor: int) -> None:
    if (dividend, divisor) == (-(2**63), -1):
        return
    quotient, remainder = call("div", dividend, divisor), call("mod", dividend, divisor)
    assert quotient * divisor + remainder == dividend
    assert abs(remainder) < abs(divisor)
    assert remainder == 0 or (remainder < 0) == (dividend < 0)
    assert remainder == math.fmod(dividend, divisor) or abs(dividend) > 2**52 or abs(divisor) > 2**52


@given(st.text("aAbB1 -_é"), st.text("aAbB1 -_é"))
def test_comparisons_agree_with_each_other(one: str, other: str) -> None:
    try:
        greater = call("greater", one, other)
    except Undecided:
        return
    assert call("less", other, one) is greater
    assert call("lessOrEquals", one, other) is not greater
    assert call("greaterOrEquals", other, one) is not greater
    assert call("equals", one, other) is (not greater and not call("less", one, other))


@given(st.integers(-62135596800, 253402300799))
def test_epochs_can_be_undone(seconds: int) -> None:
    assert call("dateTimeToEpoch", call("dateTimeFromEpoch", seconds)) == seconds


@given(st.dictionaries(st.text("abAB12", max_size=3), st.integers(), max_size=6))
def test_items_and_keys_are_in_one_order(record: dict[str, int]) -> None:
    keys = call("objectKeys", record)
    assert sorted(keys) == sorted(record)
    assert [key.lower() for key in keys] == sorted(key.lower() for key in record)
    assert [(item["key"], item["value"]) for item in call("items", record)] == [
        (key, record[key]) for key in keys
    ]
