"""Conditions written as data: JMESPath with three outcomes, ignoring case."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jmespath.functions import Functions

from armlint import page as pages
from armlint.arm.model import Model
from armlint.arm.value import Failure, Pool
from armlint.declare import (
    ConditionError,
    condition,
    extension_subject,
    plain_subject,
    resource_subject,
)
from armlint.engine import check
from armlint.jsontext import read
from armlint.registry import rule_of
from armlint.source import Source

if TYPE_CHECKING:
    from armlint.finding import Finding

POOL = Pool()
UNKNOWN = POOL.unique("anything")
TERM = POOL.term("parameters", "x")

# What stands in for values that only deployment can tell.
SUBJECT = plain_subject(
    POOL.object(
        [
            ("t", True),
            ("f", False),
            ("n", None),
            ("zero", 0),
            ("one", 1),
            ("two", 2.5),
            ("s", "Text"),
            ("empty", ""),
            ("list", POOL.array(["A", "b", "c"])),
            ("none", POOL.array([])),
            ("numbers", POOL.array([1, 2, 3])),
            ("object", POOL.object([("Name", "X"), ("count", 2)])),
            ("items", POOL.array([POOL.object([("k", "a"), ("v", 1)]), POOL.object([("k", "b")])])),
            ("nested", POOL.array([POOL.array([1]), POOL.array([2, 3]), 4])),
            ("u", UNKNOWN),
            ("url", POOL.text(["http://Host/", TERM])),
            ("path", POOL.text([TERM, "/File.sh"])),
            ("tail", POOL.text(["Start", TERM, "End"])),
            ("holes", POOL.array(["a", UNKNOWN, "b"])),
            ("onlyholes", POOL.array([UNKNOWN])),
            ("texts", POOL.array(["plain", POOL.text(["http://", TERM])])),
            ("halves", POOL.array([POOL.object([("k", UNKNOWN)]), POOL.object([("k", "b")])])),
            ("part", POOL.object([("known", 1), ("open", UNKNOWN)])),
            ("bad", Failure("no such property")),
        ]
    )
)

TRUE = [
    # Literals, fields, truth.
    "t", "zero", "one", "s", "list", "object", "`true`", "'x'", "`0`", "@", "!f", "!n", "!empty", "!none", "!`{}`",
    "missing == null", "object.missing == null", "s.inside == null", "n.inside == null",
    # Equality, of any types, ignoring case.
    "s == 'TEXT'", "s != 'other'", "S == s", "OBJECT.NAME == 'x'", 'list == `["a", "B", "C"]`',
    'object == `{"name": "x", "COUNT": 2}`', "one == `1`", "one == `1.0`", "t != one", "f != zero", "zero != n",
    "none != n", "empty != n", "numbers != list", "list != none", "one != 'x'", "object != list",
    # Order, of numbers and of strings.
    "one < two", "two >= `2.5`", "s > 'sa'", "'B' > 'a'", "'2024-01-01' < '2024-01-02'", "!(one < 'x')", "!(n < one)",
    "(one < n) == null", "(t > f) == null", "(list > none) == null",
    # Connectives.
    "t && one", "f || s", "!(t && f)", "(n || s) == 'text'", "(f && s) == `false`",
    # Indices, slices, projections, filters.
    "list[0] == 'a'", "list[-1] == 'c'", "list[9] == null", "s[0] == null", 'list[:2] == `["a", "b"]`',
    "s[:2] == null", 'items[*].k == `["a", "b"]`', "items[*].v == `[1]`", "items[?k == 'A'].v == `[1]`",
    "items[?missing] == `[]`", "s[*] == null", "s[?@] == null", 'object.* == `["x", 2]`', "s.* == null",
    "nested[] == `[1, 2, 3, 4]`", "s[] == null", '[s, one] == `["text", 1]`', "n.[a] == null", "s.[a] == `[null]`",
    "{A: s}.a == null", "{a: s}.a == 'text'", "list | [0] == 'a'", "items[0].k | @ == 'a'",
    # Functions.
    "length(list) == `3`", "length(s) == `4`", "length(object) == `2`", "contains(s, 'EX')", "contains(list, 'B')",
    "!contains(list, 'z')", "!contains(s, one)", "starts_with(s, 'TE')", "!starts_with(s, 'x')", "ends_with(s, 'XT')",
    "type(s) == 'string'", "type(n) == 'null'", "not_null(n, missing, s) == 'text'", "not_null(n) == null",
    'keys(object) == `["name", "count"]`', "sum(numbers) == `6`", "max(numbers) == `3`", "abs(`-1`) == `1`",
    "join('-', list) == 'a-b-c'", "to_string(one) == '1'", "to_number('2') == `2`", "reverse(numbers)[0] == `3`",
    "sort_by(items, &k)[0].k == 'a'", 'map(&k, items) == `["a", "b"]`', "min_by(items, &k).v == `1`",
    # What is unknown does not matter where the rest decides.
    "t || u", "u || t", "!(f && u)", "!(u && f)", "list || u", "contains(holes, 'A')", "not_null(s, u) == 'text'",
    # A text with a known part is a string that is not empty.
    "url", "!(!url)", "url != null", "url != `1`", "url != ''", "url != list", "tail != 'start'", "tail != 'x End'",
    "starts_with(url, 'HTTP:')", "!starts_with(url, 'https')", "ends_with(path, '.sh')", "!ends_with(path, '.ps1')",
    "contains(url, 'host')", "url.x == null", "url[0] == null", "url[*] == null", "url[] == null", "url.* == null",
    "url[?@] == null", "url[:1] == null", "(url < one) == null", "not_null(url, u)", "url.[a] == `[null]`",
    # So is a list of known length.
    "holes", "length(holes) == `3`", "holes != null", "holes != `[]`", "holes != `[1, 2]`", "holes[0] == 'a'",
    "holes[2] == 'b'", 'holes != `["x", "y", "z"]`', "type(holes) == 'array'", "texts[?starts_with(@, 'http:')]",
    "holes[*]", "holes[?@ == 'b']", "holes[]", "holes[*] != null", "holes[] != 'x'", "part.known == `1`",
    "length(part) == `2`", "part != `{}`", 'part != `{"known": 1}`', 'part != `{"known": 2, "open": 1}`',
    "contains(holes[*], 'B')", "holes[*].[@]", "holes[?@ != 'a']", 'holes[*] != `["x"]`', "holes[*] | [?@ == 'a']",
    "[u]", "{a: u}", "type([u]) == 'array'", "values(part)[0] == `1`", "to_array(part)[0].known == `1`",
    "merge(part, object).count == `2`", "part.* != null", "halves[?k == 'b']", "(u && f) != t", "(u || t) != f",
]  # fmt: skip

UNSURE = [
    "u", "!u", "u == 'x'", "u != 'x'", "u == u", "u < `1`", "u < 'x'", "url < 'x'", "url < u", "u && t", "t && u",
    "f || u", "u || f", "u && u", "u || u", "!(u && t)", "!(u || f)", "bad", "bad.x == null", "(u && f) == f",
    "u.x", "u.x.y == null", "u[0] == null", "u[:1]", "u[*]", "u[]", "u[?@]", "u.*", "u.[a]", "u.{a: x}", "u | @",
    "length(u) == `1`", "length(url) == `1`", "contains(u, 'x')", "contains(url, 'zzz')", "contains(holes, 'z')",
    "contains(s, u)", "starts_with(u, 'x')", "starts_with(path, 'x')", "starts_with(url, 'http://host/x')",
    "starts_with(s, u)", "ends_with(url, 'x')", "ends_with(path, 'x/file.sh')", "contains(path, u)", "type(u) == 'null'",
    "not_null(n, u)", "not_null(u, s) == 'text'", "keys(u)", "join('', holes)", "to_string(u)", "max(onlyholes)",
    "holes[1] == 'x'", 'holes == `["a", "x", "b"]`', "onlyholes[*]", "onlyholes[]", "onlyholes[?@]",
    "onlyholes[*] == `[]`", "holes[*] | [1] == 'b'", "holes[?@ == 'z']", "length(holes[*]) == `2`", "holes[] | [0]",
    "length(onlyholes[]) == `1`", "halves[*].k | [0] == 'b'", "halves[?k == 'a']", "part.open", "part.* | length(@) == `1`",
    'part == `{"known": 1, "open": 1}`', "holes[1].x", "tail == 'start x end'", "path == 'x/file.sh'", "url == path",
    "contains(holes[*], 'z')", 'holes[*] == `["a", "b"]`', "starts_with(holes[*], 'a')", "(u || t) == t", "(u && list) == list", "sort(holes)", "map(&@, onlyholes)",
    # A function that does not take such a value decides nothing.
    "length(one)", "length(n) == `0`", "starts_with(n, 'x')", "ends_with(one, 'x')", "contains(n, 'x')", "sum(list)",
    "abs(s)", 'max(`[1, "a"]`)', 'sort(`[1, "a"]`)', "sort_by(items, &v)", "ceil(s)", "not_null(length(one), t)",
]  # fmt: skip


class TestCondition:
    @pytest.mark.parametrize("text", TRUE)
    def test_true(self, text: str) -> None:
        assert condition(text)(SUBJECT) is True

    @pytest.mark.parametrize("text", TRUE)
    def test_the_opposite_of_what_is_true_is_false(self, text: str) -> None:
        assert condition(f"!({text})")(SUBJECT) is False

    @pytest.mark.parametrize("text", UNSURE)
    def test_unknown(self, text: str) -> None:
        assert condition(text)(SUBJECT) is None

    @pytest.mark.parametrize("text", UNSURE)
    def test_the_opposite_of_what_is_unknown_is_unknown(self, text: str) -> None:
        assert condition(f"!({text})")(SUBJECT) is None

    @pytest.mark.parametrize("text", UNSURE)
    def test_unknown_does_not_matter_where_the_rest_decides(self, text: str) -> None:
        for wrapped in (f"({text}) || t", f"t || ({text})"):
            assert condition(wrapped)(SUBJECT) is True
        for wrapped in (f"({text}) && f", f"f && ({text})"):
            assert condition(wrapped)(SUBJECT) is False

    def test_infinity_is_a_number_like_any_other(self) -> None:
        assert condition("ceil(x) == `1`")({"x": float("inf")}) is None
        assert condition("x > `1`")({"x": float("inf")}) is True

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("a ==", "no JMESPath"),
            ("a = 'b'", "no JMESPath"),
            ("", "no JMESPath"),
            ("'unclosed", "no JMESPath"),
            ("`{bad`", "no JMESPath"),
            ("lenght(a)", "there is no function 'lenght'"),
            ("t && foo(a)", "there is no function 'foo'"),
            ("starts_with(a)", "'starts_with' takes 2 arguments, not 1"),
            ("items[?length(@, 'x')]", "'length' takes 1 arguments, not 2"),
            ("not_null()", "'not_null' takes 1 arguments, not 0"),
            ("!" * 5000 + "a", "nested too deeply"),
        ],
    )
    def test_what_is_no_condition_is_refused_when_it_is_compiled(self, text: str, told: str) -> None:
        with pytest.raises(ConditionError, match=told):
            condition(text)

    def test_compiling_leaves_no_trace(self) -> None:
        # JMESPath keeps the trees that it made: another compilation of the same text has to start from the same.
        for _ in range(2):
            assert condition('OBJECT == `{"NAME": "x", "count": 2}`')(SUBJECT) is True


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 3),
        st.floats(allow_nan=True),
        st.sampled_from(["", "a", "A", "http://x"]),
        st.just(UNKNOWN),
        st.just(TERM),
        st.builds(lambda part: POOL.text([part, TERM]), st.sampled_from(["a", "http://"])),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(POOL.array),
        st.dictionaries(st.sampled_from(["a", "B", "c"]), inner, max_size=3).map(
            lambda fields: POOL.object(fields.items())
        ),
    ),
    max_leaves=8,
)


def _conditions() -> st.SearchStrategy[str]:
    leaves = st.sampled_from(
        ["a", "B", "c", "@", "'a'", "`1`", "`null`", "`[1]`", '`{"a": 1}`', "a.B", "a[0]", "a[*].c"]
    )
    plain = [
        name for name, known in Functions.FUNCTION_TABLE.items() if not name.endswith("_by") and name != "map"
    ]
    arity = {name: len(Functions.FUNCTION_TABLE[name]["signature"]) for name in plain}

    def call(name: str, parts: list[str]) -> str:
        return f"{name}({', '.join(parts[: arity[name]])})"

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        two = st.lists(inner, min_size=3, max_size=3)
        operator = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "&&", "||", "|"])
        return st.one_of(
            st.builds(lambda sign, parts: f"({parts[0]} {sign} {parts[1]})", operator, two),
            st.builds(lambda part: f"!({part})", inner),
            st.builds(call, st.sampled_from(plain), two),
            st.builds(lambda part: f"a[?{part}]", inner),
            st.builds(lambda part: f"a[].{part}" if part[0].isalpha() else f"c.*.[{part}]", inner),
            st.builds(lambda parts: f"[{parts[0]}, {parts[1]}][*]", two),
            st.builds(lambda part: f"map(&({part}), not_null(a, c))", inner),
            st.builds(lambda part: f"sort_by(a, &{part})[:1]", inner),
        )

    return st.recursive(leaves, grown, max_leaves=6)


@given(_conditions(), VALUES)
def test_no_subject_makes_a_condition_raise(text: str, value: Any) -> None:
    try:
        holds = condition(text)
    except ConditionError:
        return
    assert holds(plain_subject(value)) in (True, False, None)


@given(_conditions(), VALUES, VALUES, VALUES)
def test_what_is_decided_stays_so_whatever_the_unknown_turns_out_to_be(
    text: str, a: Any, b: Any, filled: Any
) -> None:
    """The heart of it: true and false are promises about every value that the unknown may take."""
    try:
        holds = condition(text)
    except ConditionError:
        return
    known = _settled(plain_subject(filled), None)
    before = {"a": plain_subject(a), "b": plain_subject(b), "c": plain_subject(UNKNOWN)}
    after = {name: _settled(value, known) for name, value in before.items()}
    first, second = holds(before), holds(after)
    if first is not None and second is not None:
        assert first is second


def _settled(value: Any, known: Any) -> Any:
    """A subject with its unknown parts settled: texts by one more piece, anything else by a value."""
    if isinstance(value, list):
        return [_settled(item, known) for item in value]
    if isinstance(value, dict):
        return {name: _settled(field, known) for name, field in value.items()}
    if type(value).__name__ == "_Unknown":
        if value.kind is str:
            return "".join(part if part is not None else "x" for part in value.parts)
        return known
    return value


FENCE = """# ABC001 · A title

A first paragraph.

```toml rule
name = "a-rule"
severity = "error"
since = "0.1.0"
on = "{on}"
help = "Do it."
{rest}
```
"""

TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {"p": {"type": "string", "defaultValue": "Custom"}},
    "variables": {"kind": "Custom", "settings": {"deep": {"x": 1}}},
    "resources": [
        {
            "type": "Microsoft.Compute/virtualMachines/extensions",
            "apiVersion": "2024-07-01",
            "name": "vm/known",
            "properties": {
                "publisher": "P",
                "type": "[variables('kind')]",
                "typeHandlerVersion": "1.0",
                "settings": {"deep": {"x": 1}, "list": ["[parameters('p')]"]},
            },
        },
        {
            "type": "Microsoft.Compute/virtualMachines/extensions",
            "apiVersion": "2024-07-01",
            "name": "vm/open",
            "properties": {
                "publisher": "P",
                "type": "[parameters('p')]",
                "settings": "[variables('settings')]",
            },
        },
        {
            "type": "Microsoft.Network/virtualNetworks",
            "name": "net",
            "apiVersion": "1",
            "properties": {"a": 1},
        },
        {
            "type": "Microsoft.Network/virtualNetworks/subnets",
            "name": "net/sub",
            "apiVersion": "1",
            "copy": {"name": "loop", "count": 2},
            "properties": {
                "index": "[copyIndex()]",
                "copy": [{"name": "made", "count": 1, "input": "[copyIndex('made')]"}],
            },
        },
        {
            "type": "Microsoft.Resources/deployments",
            "name": "nested",
            "apiVersion": "1",
            "properties": {"mode": "Incremental", "template": {"resources": [], "$schema": "x"}},
        },
        {"type": "[parameters('p')]", "name": "unknown", "apiVersion": "1"},
    ],
}


def found(on: str, rest: str, template: Any = TEMPLATE) -> list[Finding]:
    rule = rule_of(pages.read("ABC001-a-rule.md", FENCE.format(on=on, rest=rest)))
    model = Model(read(Source(json.dumps(template))))
    checked = check(model, [rule])
    assert checked.broken == ()
    return list(checked.findings)


class TestExtensionRules:
    def test_deny(self) -> None:
        one = found(
            "extension",
            'deny = "type == \'custom\'"\nmessage = "{name} on {machine}: {publisher}/{type} {version}"',
        )
        assert [(finding.message, finding.pointer) for finding in one] == [
            ("known on vm: P/Custom 1.0", "/resources/0/properties")
        ]

    def test_require_and_when(self) -> None:
        rest = (
            'when = "publisher == \'p\'"\nrequire = "typeHandlerVersion != null"\nmessage = "no version here"'
        )
        assert [finding.pointer for finding in found("extension", rest)] == ["/resources/1/properties"]

    def test_what_depends_on_a_parameter_is_silent_both_ways(self) -> None:
        for rest in ("deny = \"type == 'custom'\"", "require = \"type == 'custom'\""):
            pointers = [finding.pointer for finding in found("extension", f'{rest}\nmessage = "m"')]
            assert "/resources/1/properties" not in pointers
        assert found("extension", 'when = "settings.list[0] == \'x\'"\ndeny = "`true`"\nmessage = "m"') == []

    @pytest.mark.parametrize(
        ("at", "pointers"),
        [
            ("typeHandlerVersion", ["/resources/0/properties/typeHandlerVersion", "/resources/1/properties"]),
            (
                "settings.deep.X",
                ["/resources/0/properties/settings/deep/x", "/resources/1/properties/settings"],
            ),
            ("settings.other.y", ["/resources/0/properties/settings", "/resources/1/properties/settings"]),
            ("nothing", ["/resources/0/properties", "/resources/1/properties"]),
        ],
    )
    def test_at_is_the_member_or_what_lacks_it(self, at: str, pointers: list[str]) -> None:
        rest = f'deny = "settings.deep.x == `1`"\nat = "{at}"\nmessage = "m"'
        assert [finding.pointer for finding in found("extension", rest)] == pointers

    def test_every_documented_field_is_there(self) -> None:
        model = Model(read(Source(json.dumps(TEMPLATE))))
        subject: Any = extension_subject(model.extensions[0], model)
        assert subject.whole() == {
            "name": "known",
            "machine": "vm",
            "place": "vm",
            "apiversion": "2024-07-01",
            "publisher": "P",
            "type": "Custom",
            "typehandlerversion": "1.0",
            "autoupgrademinorversion": None,
            "enableautomaticupgrade": None,
            "settings": {"deep": {"x": 1}, "list": [subject.whole()["settings"]["list"][0]]},
            "protectedsettings": None,
            "protectedsettingsfromkeyvault": None,
            "provisionafterextensions": None,
            "forceupdatetag": None,
            "suppressfailures": None,
            "supportsautomaticupgrade": False,
            "mayomit": False,
        }
        assert subject.get("nothing") is None

    def test_the_whole_subject_can_be_asked_for(self) -> None:
        rest = 'deny = "contains(keys(@), \'settings\') && length(@) > `3`"\nmessage = "m"'
        assert len(found("extension", rest)) == 2

    def test_unused_members_are_not_worked_out(self) -> None:
        asked: list[str] = []
        from armlint.declare import _Members

        subject = _Members(("a", "b"), lambda name: asked.append(name) or 1)
        assert condition("a == `1` && a < `2`")(subject) is True
        assert asked == ["a"]


class TestResourceRules:
    @pytest.mark.parametrize(
        ("wanted", "names"),
        [
            ("microsoft.network/VIRTUALNETWORKS", ["net"]),
            ("Microsoft.Network/virtualNetworks/*", ["net/sub"]),
            ("Microsoft.Network/*", ["net"]),
            ("*/virtualNetworks", ["net"]),
            ("Microsoft.*/virtual*/*s", ["vm/known", "vm/open", "net/sub"]),
            ("*", ["vm/known", "vm/open", "net", "net/sub", "nested", "unknown"]),
            ("Microsoft.Network", []),
        ],
    )
    def test_types_are_compared_part_by_part(self, wanted: str, names: list[str]) -> None:
        rest = f'resource = "{wanted}"\ndeny = "`true`"\nmessage = "{{name}}"'
        assert [finding.message for finding in found("resource", rest)] == names

    def test_without_a_type_all_resources(self) -> None:
        assert len(found("resource", 'deny = "`true`"\nmessage = "{type}"')) == 6

    def test_members_are_those_of_the_resource(self) -> None:
        rest = "deny = \"properties.A == `1` && apiVersion == '1' && type == 'microsoft.network/virtualnetworks'\"\n"
        (finding,) = found("resource", rest + 'at = "properties.a"\nmessage = "m"')
        assert finding.pointer == "/resources/2/properties/a"

    def test_the_loop_of_a_resource_is_a_member_and_that_of_a_property_is_not(self) -> None:
        model = Model(read(Source(json.dumps(TEMPLATE))))
        subject: Any = resource_subject(model.resources[3])
        assert subject.get("copy") == {"name": "loop", "count": 2}
        assert condition("properties.index == `0`")(subject) is None
        assert condition("copy.count == `2`")(subject) is True

    def test_the_inside_of_a_nested_template_is_not_looked_at(self) -> None:
        model = Model(read(Source(json.dumps(TEMPLATE))))
        subject = resource_subject(model.resources[4])
        assert condition("properties.mode == 'incremental'")(subject) is True
        assert condition("properties.template.resources == `[]`")(subject) is None

    def test_existing_resources_are_passed_over(self) -> None:
        template = {
            "$schema": TEMPLATE["$schema"],
            "languageVersion": "2.0",
            "contentVersion": "1.0.0.0",
            "resources": {
                "a": {"type": "X.Y/z", "name": "a", "existing": True},
                "b": {"type": "X.Y/z", "name": "b"},
            },
        }
        assert [f.message for f in found("resource", 'deny = "`true`"\nmessage = "{name}"', template)] == [
            "b"
        ]
