"""Tests of the JSON reader: what it reads, what it says about the rest, and that it never gives up."""

from __future__ import annotations

import gc
import json
import math
import os
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from armlint.jsontext import (
    DUPLICATES,
    ERRORS,
    LENIENT,
    MAX_DEPTH,
    MAX_PROBLEMS,
    MAX_REMARKS,
    Comment,
    Document,
    Kind,
    Member,
    Node,
    is_error,
    read,
)
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

CORPUS = Path(os.environ.get("ARMLINT_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
CORPUS_FILES = sorted(CORPUS.rglob("*.json")) if CORPUS.is_dir() else []


def read_text(text: str) -> Document:
    """Read a text that has no name."""
    return read(Source(text))


def root_of(text: str) -> Node:
    """The root of a text that has one."""
    root = read_text(text).root
    assert root is not None
    return root


def node_at(text: str, *path: str | int) -> Node:
    """The node at a path in a text that has it."""
    node = root_of(text).at(*path)
    assert node is not None
    return node


def typed(value: object) -> object:
    """A value in a form that compares equal only for equal types: True is not 1, nan is nan."""
    if isinstance(value, dict):
        return [(key, typed(below)) for key, below in value.items()]
    if isinstance(value, list):
        return [typed(below) for below in value]
    return type(value), repr(value)


def depth_of(text: str) -> int:
    """How deep brackets nest, those in strings counted too: an upper bound."""
    depth = deepest = 0
    for char in text:
        depth += (char in "[{") - (char in "]}")
        deepest = max(deepest, depth)
    return deepest


def check_tree(document: Document) -> None:
    """Check what holds for every tree, of however broken a text."""
    text = document.source.text
    root = document.root
    if root is None:
        assert document.errors
        return
    assert (root.parent, root.key, root.member) == (None, None, None)
    assert 0 <= root.start <= root.end <= len(text)
    for node in root.walk():
        at = node.start
        for index, item in enumerate(node.items):
            assert node.kind == "array"
            assert (item.parent, item.key, item.member) == (node, index, None)
            assert at <= item.start <= item.end <= node.end
            at = item.end
        for member in node.members:
            assert node.kind == "object"
            value = member.value
            assert (value.parent, value.key, value.member) == (node, member.name, member)
            assert at <= member.start <= member.end <= value.start <= value.end <= node.end
            at = value.end
    for problem in document.problems:
        assert 0 <= problem.span.start <= problem.span.end <= len(text)
        assert problem.kind in ERRORS | LENIENT | DUPLICATES
        assert not problem.message.endswith(".")
        assert problem.message.isprintable()
    assert document.problems == sorted(document.problems, key=lambda problem: problem.span)
    for comment in document.comments:
        assert text[comment.start : comment.end] == comment.text


# What is well-formed ---------------------------------------------------------------------------------

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8") | st.sampled_from('\\"/\b\n\t😀\ud83d\ude00\0'), max_size=12)
)
KEYS = st.text(max_size=4) | st.sampled_from(["a", "A", "b", "a/b", "m~n", "\n", '"'])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
LAYOUTS = st.sampled_from(
    [
        {},
        {"indent": 2},
        {"indent": "\t", "ensure_ascii": False},
        {"separators": (",", ":"), "ensure_ascii": False},
        {"separators": (" , ", " : ")},
    ]
)


def tokens_of(text: str) -> list[str]:
    """A well-formed text, cut where blanks may stand."""
    root = root_of(text)
    cuts = {0, len(text), root.start, root.end}
    for node in root.walk():
        cuts |= {node.start, node.end}
        if node.kind in {"object", "array"}:
            cuts |= {node.start + 1, node.end - 1}
        for member in node.members:
            cuts |= {member.start, member.end, text.index(":", member.end) + 1}
    ordered = sorted(cuts)
    return [text[start:end].strip(" ") for start, end in pairwise(ordered)]


@given(VALUES, LAYOUTS)
@settings(max_examples=150, deadline=None)
def test_reads_what_json_reads(value: object, layout: dict[str, Any]) -> None:
    text = json.dumps(value, **layout)
    document = read_text(text)
    assert document.root is not None
    assert typed(document.root.plain()) == typed(json.loads(text))
    assert not document.errors
    check_tree(document)


@given(VALUES, LAYOUTS)
@settings(max_examples=100, deadline=None)
def test_every_span_reads_to_its_own_value(value: object, layout: dict[str, Any]) -> None:
    text = json.dumps(value, **layout)
    for node in root_of(text).walk():
        assert typed(json.loads(text[slice(*node.span)])) == typed(node.plain())
        for member in node.members:
            assert json.loads(text[slice(*member.span)]) == member.name


@given(VALUES, st.data())
@settings(max_examples=100, deadline=None)
def test_comments_and_trailing_commas_change_nothing(value: object, data: st.DataObject) -> None:
    plain = json.dumps(value)
    filler = st.sampled_from(["", "", " ", "\n", '/* , " } */', "// ] ' ,\n", "/**/", "//\r\n"])
    parts = [data.draw(filler)]
    commas = 0
    previous = ""
    for token in filter(None, tokens_of(plain)):
        if token in {"]", "}"} and previous not in {"[", "{"} and data.draw(st.booleans()):
            parts += [",", data.draw(filler)]
            commas += 1
        parts += [token, data.draw(filler)]
        previous = token
    comments = sum(part.startswith("/") for part in parts)
    document = read_text("".join(parts))
    assert not document.errors
    assert document.root is not None
    assert typed(document.root.plain()) == typed(value)
    assert len(document.comments) == comments
    kinds = [problem.kind for problem in document.problems if problem.kind in LENIENT]
    assert kinds.count(Kind.COMMENT) == comments
    assert kinds.count(Kind.TRAILING_COMMA) == commas
    check_tree(document)


@pytest.mark.parametrize(
    "text",
    [
        "true",
        " \t\r\n false \n",
        "null",
        "0",
        "-0",
        "-0.0",
        "1.0",
        "1e5",
        "1E+5",
        "1e-5",
        "1e999",
        "123456789012345678",
        "1234567890123456789",
        "[-12345678901234567890]",
        "9" * 4300,
        "-" + "9" * 4300,
        "NaN",
        "[Infinity,-Infinity]",
        '""',
        '"a\tb\nc\r\nd\x00\x1f"',
        '{"a\nb":1}',
        r'"\"\\\/\b\f\n\r\t\u0041\u00e9"',
        r'"\ud83d\ude00"',
        r'["\ud83d", "\ude00", "\ude00\ud83d", "\ud83d\ud83d\ude00", "\ud83dx", "\ud83d\n", "\uD83D\uDE00"]',
        '"\ud83d\\ude00"',
        '"\ud83d"',
        "{}",
        "[]",
        "[[],{},[[]]]",
        '{"":{"":""}}',
        '{"a":1,"b":2,"a":3}',
        '{"a" : {"b" : [ 1 , 2 ] } }',
        '["a" , "b"]',
        '{"\\u0061": 1}',
        '"é😀"',
        "[" * MAX_DEPTH + "]" * MAX_DEPTH,
        '{"a":' * MAX_DEPTH + "1" + "}" * MAX_DEPTH,
    ],
)
def test_reads_what_json_reads_at_its_edges(text: str) -> None:
    document = read_text(text)
    assert document.root is not None
    assert not document.errors
    assert typed(document.root.plain()) == typed(json.loads(text, strict=False))
    check_tree(document)


def test_kinds_of_nodes() -> None:
    root = root_of('{"o": {}, "a": [], "s": "x", "n": 1, "b": true, "z": null, "i": ?}')
    kinds = ["object", "array", "string", "number", "boolean", "null", "invalid"]
    assert [member.value.kind for member in root.members] == kinds
    assert [member.value.value for member in root.members] == [None, None, "x", 1, True, None, None]


# Finding one's way -----------------------------------------------------------------------------------


def test_names_ignore_case_and_the_last_wins() -> None:
    root = root_of('{"Name": 1, "other": 2, "nAME": 3}')
    node = root.get("NAME")
    member = root.member_named("name")
    assert node is not None
    assert member is not None
    assert node.value == 3
    assert member.value is node
    assert node.member is member
    assert member.name == "nAME"
    assert root.get("none") is None
    assert root.member_named("none") is None


@pytest.mark.parametrize("text", ["[1]", '"x"', "1", "null"])
def test_only_objects_have_members(text: str) -> None:
    root = root_of(text)
    assert root.get("a") is None
    assert root.member_named("a") is None
    assert len(root.members) == 0


def test_paths_lead_to_nodes_or_nowhere() -> None:
    root = root_of('{"a": [{"b": "x"}, 2]}')
    found = root.at("A", 0, "B")
    assert found is not None
    assert found.value == "x"
    assert root.at() is root
    for path in [("b",), ("a", 2), ("a", -1), ("a", "0"), (0,), ("a", 0, "b", "c"), ("x", "y", "z")]:
        assert root.at(*path) is None


def test_pointers_escape_what_they_must() -> None:
    assert node_at('{"a/b": {"m~n": [0, {"": 1}]}}', "a/b", "m~n", 1, "").pointer == "/a~1b/m~0n/1/"
    assert root_of("{}").pointer == ""


@given(VALUES)
def test_pointers_resolve(value: object) -> None:
    for node in root_of(json.dumps(value)).walk():
        found: Any = value
        for part in node.pointer.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) else found[name]
        assert typed(found) == typed(node.plain())


def test_walk_goes_in_the_order_of_the_text() -> None:
    root = root_of('[{"a": 1, "b": [2, 3]}, 4, {"c": {"d": 5}}]')
    starts = [node.start for node in root.walk()]
    assert starts == sorted(starts)
    assert [node.value for node in root.walk() if node.kind == "number"] == [1, 2, 3, 4, 5]


def test_spans_of_keys_include_the_quotes() -> None:
    text = '{ "a" : 1, "b\\n": 2 }'
    members = root_of(text).members
    assert [text[slice(*member.span)] for member in members] == ['"a"', '"b\\n"']
    assert [member.raw for member in members] == [None, "b\\n"]


def test_raw_is_what_is_written_where_there_are_escapes() -> None:
    assert node_at(r'["a\tb"]', 0).raw == r"a\tb"
    assert node_at('["a b"]', 0).raw is None
    assert node_at("[1]", 0).raw is None


def test_representations_show_no_values() -> None:
    root = root_of('{"password": "hunter2"}')
    node = root.at("password")
    assert repr(node) == "<string /password 13:22>"
    assert repr(root) == "<object / 0:23>"
    assert repr(root.members[0]) == "<member 'password' 1:11>"


def test_comments_are_kept() -> None:
    document = read_text('// a\n{/* b\n */ "x": 1} // c')
    assert document.comments == [Comment(0, 4, "// a"), Comment(6, 14, "/* b\n */"), Comment(23, 27, "// c")]
    assert [problem.kind for problem in document.problems] == [Kind.COMMENT] * 3


def test_comments_in_strings_are_none() -> None:
    document = read_text('{"a": "http://x /* y */"}')
    assert not document.comments
    assert not document.problems


# Offsets in strings ----------------------------------------------------------------------------------

WRITTEN = st.lists(
    st.sampled_from(
        [
            "a",
            "é",
            "😀",
            " ",
            "'",
            "/",
            "\n",
            r"\n",
            r"\"",
            r"\\",
            r"\/",
            r"\u0041",
            r"\ud83d",
            r"\ude00",
            r"\ud83d\ude00",
        ]
    ),
    max_size=12,
).map("".join)


@given(WRITTEN)
@example("")
@example("plain")
@example(r"\ud83d\ud83d\ude00\ude00")
def test_offsets_count_through_escapes(written: str) -> None:
    text = f'  ["{written}"]'
    node = node_at(text, 0)
    value = node.value
    assert isinstance(value, str)
    check_offsets(text, node, value)
    assert node.offset(len(value)) == node.end - 1


@given(WRITTEN)
def test_offsets_count_through_escapes_in_keys(written: str) -> None:
    text = f'{{ "{written}": 1}}'
    member = root_of(text).members[0]
    check_offsets(text, member, member.name)
    assert member.offset(len(member.name)) == member.end - 1


def check_offsets(text: str, of: Node | Member, value: str) -> None:
    """Check that each character of a decoded text is written at its offset, up to the next one's."""
    assert of.offset(0) == of.start + 1
    for index, char in enumerate(value):
        span = of.span_of(index, index + 1)
        assert span.start < span.end
        assert json.loads(f'"{text[slice(*span)]}"', strict=False) == char
    assert of.offset(-1) == of.offset(0)
    assert of.offset(len(value) + 9) == of.offset(len(value))


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        (r'["\q\u12x"]', ["\\q", "\\u", "1", "2", "x"]),
        ("['a\\'b']", ["a", "\\'", "b"]),
        ('["ab', ["a", "b"]),
        ('["a\\', ["a", "\\"]),
        ('["', []),
    ],
)
def test_offsets_in_broken_strings(text: str, spans: list[str]) -> None:
    node = node_at(text, 0)
    value = node.value
    assert isinstance(value, str)
    assert [text[slice(*node.span_of(i, i + 1))] for i in range(len(value))] == spans


def test_offsets_in_keys_without_quotes() -> None:
    member = root_of("{ abc: 1}").members[0]
    assert member.name == "abc"
    assert [member.offset(index) for index in range(4)] == [2, 3, 4, 5]


def test_offsets_in_other_nodes_count_from_their_start() -> None:
    node = node_at("[ 123 ]", 0)
    assert [node.offset(index) for index in (0, 2, 3, 9)] == [2, 4, 5, 5]


PIECES = [
    *'{}[]:,"',
    *"'“” \n\\/*\x00\u00a0\ufeff",
    *("//", "/*", "*/", '"a"', '"b":', '\\"', '"x\ny"', r'"\q"', '{"a":', "[1,", "}]", "},", "],"),
    *("1", "-", "0", ".", "e5", "true", "null", "NaN", "foo"),
]
TOKENS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


# What is wrong ---------------------------------------------------------------------------------------

# A text, what it reads to, and the kinds of its problems with the text of their spans (or where they
# are empty, the text before them).
BROKEN: list[tuple[str, object, list[tuple[Kind, str]]]] = [
    ("", None, [(Kind.EMPTY, "")]),
    (" \n", None, [(Kind.EMPTY, "")]),
    ("// c", None, [(Kind.EMPTY, ""), (Kind.COMMENT, "// c")]),
    ('{"a": 1 \n"b": 2}', {"a": 1, "b": 2}, [(Kind.MISSING_COMMA, '{"a": 1')]),
    ('{"a": {} "b": 2}', {"a": {}, "b": 2}, [(Kind.MISSING_COMMA, '{"a": {}')]),
    ('{"a": 1 /*,*/ "b": 2}', {"a": 1, "b": 2}, [(Kind.MISSING_COMMA, '{"a": 1'), (Kind.COMMENT, "/*,*/")]),
    ("[1 true]", [1, True], [(Kind.MISSING_COMMA, "[1")]),
    ('["a" "b"]', ["a", "b"], [(Kind.MISSING_COMMA, '["a"')]),
    ("[{}\n{}\n[]]", [{}, {}, []], [(Kind.MISSING_COMMA, "[{}"), (Kind.MISSING_COMMA, "[{}\n{}")]),
    ('{"a" 1}', {"a": 1}, [(Kind.MISSING_COLON, '{"a"')]),
    ('{"a" "b"}', {"a": "b"}, [(Kind.MISSING_COLON, '{"a"')]),
    ('{"a" {"b": 1}}', {"a": {"b": 1}}, [(Kind.MISSING_COLON, '{"a"')]),
    ('{"a" = 1}', {"a": 1}, [(Kind.UNEXPECTED, "=")]),
    ('{"a":: 1}', {"a": 1}, [(Kind.UNEXPECTED, ":")]),
    ('{"a":}', {"a": None}, [(Kind.MISSING_VALUE, '{"a":')]),
    ('{"a": , "b": 1}', {"a": None, "b": 1}, [(Kind.MISSING_VALUE, '{"a":')]),
    ('{"a", "b": 1}', {"a": None, "b": 1}, [(Kind.MISSING_VALUE, '{"a"')]),
    ('{"a": "b": 1}', {"a": None, "b": 1}, [(Kind.MISSING_VALUE, '{"a":')]),
    ('{"a" "b": 1}', {"a": None, "b": 1}, [(Kind.MISSING_VALUE, '{"a"')]),
    ('{"a": ]}', {"a": None}, [(Kind.MISSING_VALUE, '{"a":'), (Kind.STRAY_CLOSER, "]")]),
    ('{"a": b: 1}', {"a": None, "b": 1}, [(Kind.MISSING_VALUE, '{"a":'), (Kind.UNQUOTED_KEY, "b")]),
    ('{"a": 1, {"b": 2}, "c": 3}', {"a": 1, "c": 3}, [(Kind.MISSING_KEY, "{")]),
    ('["a": 1, "b": 2]', [{"a": 1, "b": 2}], [(Kind.MISSING_OPENER, "[")]),
    ('[\n"a": 1}, {"b": 2}]', [{"a": 1}, {"b": 2}], [(Kind.MISSING_OPENER, "[\n")]),
    ('[{"a": 1}, "b": 2,]', [{"a": 1}, {"b": 2}], [(Kind.MISSING_OPENER, '[{"a": 1}, ')]),
    ('["a": 1', [{"a": 1}], [(Kind.UNCLOSED, "["), (Kind.MISSING_OPENER, "[")]),
    ("[1,,2]", [1, 2], [(Kind.EXTRA_COMMA, ",")]),
    ("[,1]", [1], [(Kind.EXTRA_COMMA, ",")]),
    ('{, "a": 1}', {"a": 1}, [(Kind.EXTRA_COMMA, ",")]),
    ("[1,,]", [1], [(Kind.TRAILING_COMMA, ","), (Kind.EXTRA_COMMA, ",")]),
    ("]", None, [(Kind.STRAY_CLOSER, "]")]),
    ('{"a": 1}}', {"a": 1}, [(Kind.STRAY_CLOSER, "}")]),
    ('{"a": 1], "b": 2}', {"a": 1, "b": 2}, [(Kind.STRAY_CLOSER, "]")]),
    ('{"a": {"x": 1}}, "b": 2}', {"a": {"x": 1}, "b": 2}, [(Kind.STRAY_CLOSER, "}")]),
    ('{"a": [1, 2}', {"a": [1, 2]}, [(Kind.UNCLOSED, "[")]),
    ('{"a": [1, 2}, "b": 3}', {"a": [1, 2], "b": 3}, [(Kind.UNCLOSED, "[")]),
    ('[{"a": [1, 2}, {"b": 3}]', [{"a": [1, 2]}, {"b": 3}], [(Kind.UNCLOSED, "[")]),
    ('{"x": {"a": [1}, "b": 3}', {"x": {"a": [1]}, "b": 3}, [(Kind.UNCLOSED, "[")]),
    ('{"x": [{"a": 1], "b": 3}', {"x": [{"a": 1}], "b": 3}, [(Kind.UNCLOSED, "{")]),
    ('{"x": [{"a": 1], {"b": 3}]}', {"x": [{"a": 1}, {"b": 3}]}, [(Kind.UNCLOSED, "{")]),
    ('{"a": [1, 2}}', {"a": [1, 2]}, [(Kind.UNCLOSED, "[")]),
    ("[1, 2}", [1, 2], [(Kind.UNCLOSED, "[")]),
    ('[{"a": {"b": 1]', [{"a": {"b": 1}}], [(Kind.UNCLOSED, "{")]),
    ('{"a": [1, {"b": 2', {"a": [1, {"b": 2}]}, [(Kind.UNCLOSED, "{")]),
    ('{"a": ', {"a": None}, [(Kind.UNCLOSED, "{")]),
    ("[1,", [1], [(Kind.UNCLOSED, "[")]),
    ('{"a": "x', {"a": "x"}, [(Kind.UNCLOSED_STRING, '"')]),
    ('["a,\n "b", "c"]', ["a", "b", "c"], [(Kind.UNCLOSED_STRING, '"')]),
    ('{"a": "x,\n "b": "y",\n "c": 1}', {"a": "x", "b": "y", "c": 1}, [(Kind.UNCLOSED_STRING, '"')]),
    ('{"a": "x\n},\n"b": 1}', {"a": "x", "b": 1}, [(Kind.UNCLOSED_STRING, '"'), (Kind.STRAY_CLOSER, "}")]),
    ('{"a: 1,\n"b": 2}', {"a": 1, "b": 2}, [(Kind.UNCLOSED_STRING, '"')]),
    ('{"a : {\n"b": 2}}', {"a": {"b": 2}}, [(Kind.UNCLOSED_STRING, '"')]),
    ('{"a: "x, y", "b": 2}', {"a": "x, y", "b": 2}, [(Kind.UNCLOSED_STRING, '"')]),
    ('{"b": 2\n"a: "x"}', {"b": 2, "a": "x"}, [(Kind.MISSING_COMMA, '{"b": 2'), (Kind.UNCLOSED_STRING, '"')]),
    ('{"a\n,"b": 2}', {"a": None, "b": 2}, [(Kind.UNCLOSED_STRING, '"')]),
    ('{"a": x",\n"b": 2}', {"a": None, "b": 2}, [(Kind.UNEXPECTED, 'x"')]),
    ('{a": "x",\nb" : 2}', {"a": "x", "b": 2}, [(Kind.UNQUOTED_KEY, "a"), (Kind.UNQUOTED_KEY, "b")]),
    ('{"x": a": 1}', {"x": None}, [(Kind.UNEXPECTED, 'a": 1}')]),
    ('{"a": 1, /* x\n "b": 2}', {"a": 1, "b": 2}, [(Kind.UNCLOSED_COMMENT, "/*")]),
    ('{"a": two words, "b": 1}', {"a": None, "b": 1}, [(Kind.UNEXPECTED, "two words")]),
    ('{"a": env("X"), "b": 1}', {"a": None, "b": 1}, [(Kind.UNEXPECTED, 'env("X")')]),
    ('{"a": "say "hi" now", "b": 1}', {"a": "say ", "b": 1}, [(Kind.UNEXPECTED, 'hi" now"')]),
    ('{"a": "b" "c"}', {"a": "b"}, [(Kind.UNEXPECTED, '"c"')]),
    ('["a"1]', ["a"], [(Kind.UNEXPECTED, "1")]),
    ('{"a": ...}', {"a": None}, [(Kind.UNEXPECTED, "...")]),
    ("[...]", [None], [(Kind.UNEXPECTED, "...")]),
    ('{..., "a": 1}', {"a": 1}, [(Kind.UNEXPECTED, "...")]),
    ("[1 foo 2]", [1, 2], [(Kind.UNEXPECTED, "foo")]),
    ("{: 1}", {}, [(Kind.UNEXPECTED, ": 1")]),
    ('hello {"a": 1}', {"a": 1}, [(Kind.UNEXPECTED, "hello")]),
    (", [1]", [1], [(Kind.UNEXPECTED, ",")]),
    ("hello", None, [(Kind.UNEXPECTED, "hello")]),
    ("[True]", [None], [(Kind.UNEXPECTED, "True")]),
    ("[-]", [None], [(Kind.UNEXPECTED, "-")]),
    ('\ufeff{"a": 1}', {"a": 1}, [(Kind.UNEXPECTED, "\ufeff")]),
    ('{"a":\u00a0"x"}', {"a": "x"}, [(Kind.UNEXPECTED, "\u00a0")]),
    ('{"a": 1}\ufeff', {"a": 1}, [(Kind.UNEXPECTED, "\ufeff")]),
    ("{a: 1, b_c : 2}", {"a": 1, "b_c": 2}, [(Kind.UNQUOTED_KEY, "a"), (Kind.UNQUOTED_KEY, "b_c")]),
    ("{1: 2, null: 3}", {"1": 2, "null": 3}, [(Kind.UNQUOTED_KEY, "1"), (Kind.UNQUOTED_KEY, "null")]),
    ("{'a': 'it\\'s'}", {"a": "it's"}, [(Kind.WRONG_QUOTES, "'a'"), (Kind.WRONG_QUOTES, "'it\\'s'")]),
    ("{“a”: „b”}", {"a": "b"}, [(Kind.WRONG_QUOTES, "“a”"), (Kind.WRONG_QUOTES, "„b”")]),
    (r'["C:\Program"]', ["C:Program"], [(Kind.BAD_ESCAPE, r"\P")]),
    (
        r'["\u12", "\x41", "\ud83d\u"]',
        ["u12", "x41", "\ud83du"],
        [(Kind.BAD_ESCAPE, e) for e in (r"\u", r"\x", r"\u")],
    ),
    ('["a\\\nb"]', ["a\nb"], [(Kind.BAD_ESCAPE, "\\\n"), (Kind.RAW_CONTROL, "\n")]),
    ('{"\\q": 1}', {"q": 1}, [(Kind.BAD_ESCAPE, r"\q")]),
    ("[01]", [1], [(Kind.BAD_NUMBER, "01")]),
    ("[-01.5]", [-1.5], [(Kind.BAD_NUMBER, "-01.5")]),
    ("[+1]", [1], [(Kind.BAD_NUMBER, "+1")]),
    ("[1.]", [1.0], [(Kind.BAD_NUMBER, "1.")]),
    ("[.5]", [0.5], [(Kind.BAD_NUMBER, ".5")]),
    ("[0x1F]", [31], [(Kind.BAD_NUMBER, "0x1F")]),
    ('{"a": 01 }', {"a": 1}, [(Kind.BAD_NUMBER, "01")]),
    ("[1.2.3]", [None], [(Kind.UNEXPECTED, "1.2.3")]),
    ('{"a": 1} x\ny ', {"a": 1}, [(Kind.TRAILING_TEXT, "x\ny")]),
    ('"a": 1', "a", [(Kind.TRAILING_TEXT, ": 1")]),
    ("[1] [2]", [1], [(Kind.TRAILING_TEXT, "[2]")]),
    ("[1] // c\n 2", [1], [(Kind.COMMENT, "// c"), (Kind.TRAILING_TEXT, "2")]),
    ("{'a':'x\n\"b\":1}", {"a": None, "b": 1}, [(Kind.WRONG_QUOTES, "'a'"), (Kind.UNEXPECTED, "'x")]),
    ('{"u": http://x,\n"b": 1}', {"u": None, "b": 1}, [(Kind.UNEXPECTED, "http:"), (Kind.COMMENT, "//x,")]),
    # Not JSON, yet some readers take it.
    ("[1,]", [1], [(Kind.TRAILING_COMMA, ",")]),
    ('{"a": 1 , /**/ }', {"a": 1}, [(Kind.TRAILING_COMMA, ","), (Kind.COMMENT, "/**/")]),
    ('["a\tb"]', ["a\tb"], [(Kind.RAW_CONTROL, "\t")]),
    ('["a\r\nb\n"]', ["a\r\nb\n"], [(Kind.RAW_CONTROL, "\r")]),
    ('["a\x01"]', ["a\x01"], [(Kind.RAW_CONTROL, "\x01")]),
    ("[-Infinity]", [-math.inf], [(Kind.NAN, "-Infinity")]),
    # Names that stand twice.
    ('{"a": 1, "b": 2, "a": 3}', {"a": 3, "b": 2}, [(Kind.DUPLICATE_KEY, '"a"')]),
    ('{"a": 1, "A": 2}', {"a": 1, "A": 2}, [(Kind.DUPLICATE_KEY_CASE, '"A"')]),
    (
        '{"a": 1 "a": 2',
        {"a": 2},
        [(Kind.UNCLOSED, "{"), (Kind.MISSING_COMMA, '{"a": 1'), (Kind.DUPLICATE_KEY, '"a"')],
    ),
]


@pytest.mark.parametrize(("text", "value", "problems"), BROKEN)
def test_broken_texts(text: str, value: object, problems: list[tuple[Kind, str]]) -> None:
    document = read_text(text)
    found = [(p.kind, text[slice(*p.span)] or text[: p.span.start]) for p in document.problems]
    assert found == problems
    plain = None if document.root is None else document.root.plain()
    assert typed(plain) == typed(value)
    check_tree(document)


def test_every_kind_is_tested_and_sorted_into_one_group() -> None:
    tested = {kind for _, _, problems in BROKEN for kind, _ in problems}
    kinds = set(Kind)
    assert kinds == tested | {Kind.TOO_DEEP}
    assert kinds == ERRORS | LENIENT | DUPLICATES
    assert len(ERRORS) + len(LENIENT) + len(DUPLICATES) == len(Kind)
    assert is_error("missing-comma")
    assert not is_error("comment")
    assert not is_error("duplicate-key")


def test_errors_leave_out_what_is_none() -> None:
    document = read_text('{"a": 1, "a": 2, /* c */ "b" 3,}')
    assert [problem.kind for problem in document.errors] == [Kind.MISSING_COLON]
    assert len(document.problems) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": [1, {"b": 2', '"{" is never closed, nor are 2 more around it'),
        ('[{"a": 1', '"{" is never closed, nor is 1 more around it'),
        ("[", '"[" is never closed'),
        ('{"a": [1, 2}', '"[" is never closed before "}"'),
        ('{"a": [1, 2}, "b": 1}', '"[" is never closed; "}" stands where "]" belongs'),
        ('{"a": 1]}', '"]" closes nothing; "}" would close what is open here'),
        ("[hunter2]", '"hun…" is not a JSON value'),
        ('["a"hunter2]', r"text follows the closing quote; a quote within a string is written \""),
        ("[FALSE]", '"FALSE" is written "false" in JSON'),
        ("{hunter2}", '"hun…" does not belong here'),
        ("[\u200b1]", "the invisible character U+200B is not a blank in JSON"),
        ('{"hunter2" 1}', "a colon is missing after this name"),
        ('{"hunter2"}', "this name has no value"),
        (r'["\q"]', r'"\q" is not an escape of JSON; a backslash itself is written "\\"'),
        (
            '["\\\n"]',
            r'a backslash before U+000A is not an escape of JSON; a backslash itself is written "\\"',
        ),
        ("[1" + "0" * 4300 + "]", "the number has too many digits"),
        ("[" * (MAX_DEPTH + 1), "nested more than 200 deep"),
        (
            '{"a": "x\n"\n "b": 1}',
            (
                "a comma is missing after this value; the string that starts on line 1"
                " runs over several lines: is its quote missing?"
            ),
        ),
    ],
)
def test_messages(text: str, message: str) -> None:
    assert [problem.message for problem in read_text(text).errors] == [message]


def test_long_and_odd_names_in_messages() -> None:
    long = "a" * 99
    document = read_text(f'{{"{long}": 1, "{long}": 2, "\\n": 3, "\\n": 4}}')
    messages = [problem.message for problem in document.problems]
    assert messages == [f'"{long[:40]}…" is already defined above', '"U+000A" is already defined above']


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_no_message_of_an_error_holds_a_secret(data: st.DataObject) -> None:
    pieces = data.draw(st.lists(st.sampled_from([*PIECES, "hunter2", '"hunter2"', "'hunter2'"]), max_size=30))
    for error in read_text("".join(pieces)).errors:
        assert "hunt" not in error.message


def test_the_hint_at_a_string_of_several_lines_goes_away() -> None:
    document = read_text('{"a": "x\ny",\n "b": 1, "c": 2\n "d": 3}')
    assert [problem.message for problem in document.errors] == ["a comma is missing after this value"]


@pytest.mark.parametrize(
    "text", ['{"a": 1, "b": 2, "a": 3, "A": 4, "a": 5}', '{"a": 1, "b": 2 "a": 3, "A": 4, "a": 5}']
)
def test_duplicates_point_to_the_first(text: str) -> None:
    found = [problem for problem in read_text(text).problems if problem.kind in DUPLICATES]
    kinds = [Kind.DUPLICATE_KEY, Kind.DUPLICATE_KEY_CASE, Kind.DUPLICATE_KEY]
    assert [problem.kind for problem in found] == kinds
    assert [problem.related for problem in found] == [(1, 4)] * 3
    assert [text[slice(*problem.span)] for problem in found] == ['"a"', '"A"', '"a"']
    assert found[0].message == '"a" is already defined above'
    assert found[1].message == '"A" is already defined above as "a"; names ignore case'


def test_duplicates_of_an_object_that_is_opened_again_are_told_once() -> None:
    document = read_text('{"a": 1, "a": 2}, "b": 3}')
    assert [problem.kind for problem in document.problems] == [Kind.DUPLICATE_KEY, Kind.STRAY_CLOSER]


def test_unclosed_points_to_the_closer_that_made_it_so() -> None:
    problem = read_text('{"a": [1, 2}').errors[0]
    assert problem.span == (6, 7)
    assert problem.related == (11, 12)


# Limits ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("opener", ["[", '{"a":'])
def test_too_deep_is_one_error(opener: str, *, closed: bool) -> None:
    text = opener * 500 + ("1" + {"[": "]", '{"a":': "}"}[opener] * 500 if closed else "")
    document = read_text(text)
    (problem,) = document.problems
    assert problem.kind == Kind.TOO_DEEP
    assert problem.span == (len(opener) * MAX_DEPTH, len(opener) * MAX_DEPTH + 1)
    assert document.root is not None
    *_, deepest = document.root.walk()
    assert deepest.kind == "invalid"
    assert deepest.start == problem.span.start
    check_tree(document)


def test_what_follows_the_too_deep_is_read() -> None:
    deep = "[" * (MAX_DEPTH + 5) + '"]", // ]\n {"x": [1}}' + "]" * (MAX_DEPTH + 5)
    text = f'{{"a": {deep}, "b": {deep}, "c": 1}}'
    document = read_text(text)
    assert [problem.kind for problem in document.errors] == [Kind.TOO_DEEP]
    assert [member.name for member in root_of(text).members] == ["a", "b", "c"]
    check_tree(document)


def test_no_object_is_implied_that_would_be_too_deep() -> None:
    document = read_text("[" * MAX_DEPTH + '"a": 1' + "]" * MAX_DEPTH)
    assert [problem.kind for problem in document.problems] == [Kind.UNEXPECTED]
    assert document.root is not None
    *_, string, number = document.root.walk()
    assert (string.value, number.value) == ("a", 1)
    check_tree(document)


def test_errors_are_limited() -> None:
    document = read_text("[" + "1 " * 500 + "]")
    assert len(document.root.items if document.root else ()) == 500
    assert len(document.problems) == MAX_PROBLEMS
    assert (
        document.problems[-1].message == "a comma is missing after this value; further errors are not listed"
    )
    assert "further" not in document.problems[-2].message


def test_as_many_errors_as_allowed_are_all() -> None:
    document = read_text("[" + "1 " * (MAX_PROBLEMS + 1) + "]")
    assert len(document.problems) == MAX_PROBLEMS
    assert "further" not in document.problems[-1].message


def test_remarks_are_limited_each() -> None:
    many = MAX_REMARKS * 2
    document = read_text("{" + '/**/"a":1,' * many + "}")
    kinds = [problem.kind for problem in document.problems]
    assert kinds.count(Kind.COMMENT) == MAX_REMARKS
    assert kinds.count(Kind.DUPLICATE_KEY) == MAX_REMARKS
    assert len(document.comments) == many
    assert document.problems[-1].message.endswith("further duplicates are not listed")
    assert document.root is not None
    assert len(document.root.members) == many


def test_huge_numbers_are_read_as_floats() -> None:
    node = node_at("[" + "9" * 100_000 + "]", 0)
    assert node.kind == "number"
    assert node.value == math.inf


# Whatever comes --------------------------------------------------------------------------------------


@given(TOKENS | st.text(max_size=60))
@settings(max_examples=800, deadline=None)
@example('"\\')
@example("'")
@example('{"a')
@example('{"a"\n}')
@example('{}},"a":{}},"b":1}')
@example("[foo:1,bar]")
def test_reads_anything(text: str) -> None:
    document = read_text(text)
    check_tree(document)
    try:
        expected = json.loads(text, strict=False)
    except ValueError:
        if document.errors or depth_of(text) > MAX_DEPTH:
            return
        # Read without an error, so only for what is lenient is it refused.
        assert {problem.kind for problem in document.problems} & {Kind.COMMENT, Kind.TRAILING_COMMA}
        return
    assert not document.errors
    assert document.root is not None
    assert typed(document.root.plain()) == typed(expected)


@given(VALUES, st.data())
@settings(max_examples=150, deadline=None)
def test_one_token_more_or_less_keeps_the_tree_sound(value: object, data: st.DataObject) -> None:
    text = json.dumps(value, indent=1)
    at = data.draw(st.integers(0, len(text)))
    gone = data.draw(st.integers(0, 2))
    check_tree(read_text(text[:at] + data.draw(st.sampled_from(["", *'{}[]:,"/x'])) + text[at + gone :]))


@given(st.lists(st.tuples(st.sampled_from("abcdef"), VALUES), min_size=2, max_size=6), st.data())
@settings(max_examples=60, deadline=None)
def test_a_missing_comma_loses_no_member(pairs: list[tuple[str, object]], data: st.DataObject) -> None:
    written = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in pairs]
    gap = data.draw(st.integers(1, len(pairs) - 1))
    text = "{" + ", ".join(written[:gap]) + "\n" + ", ".join(written[gap:]) + "}"
    document = read_text(text)
    assert document.root is not None
    assert [(m.name, typed(m.value.plain())) for m in document.root.members] == [
        (k, typed(v)) for k, v in pairs
    ]
    (error,) = document.errors
    assert error.kind == Kind.MISSING_COMMA
    assert error.span == (document.root.members[gap - 1].value.end,) * 2


# Time ------------------------------------------------------------------------------------------------

HOSTILE: dict[str, Callable[[int], str]] = {
    "openers": lambda n: "[" * n,
    "openers-and-closers": lambda n: "[" * n + "]" * n,
    "objects": lambda n: '{"a":' * (n // 5),
    "deep-again": lambda n: "[" * 200 + "[[]]," * (n // 5),
    "closers": lambda n: "]" * n,
    "closers-inside": lambda n: '{"a":' * 200 + "]" * n,
    "closers-and-pairs": lambda n: '{"a":' * 199 + "{]}" * (n // 3),
    "slips": lambda n: "[{" + '"a":[},' * (n // 7),
    "reopened": lambda n: "{}" + ',"a":1}' * (n // 7),
    "long-string": lambda n: '["' + "a" * n + '"]',
    "long-string-with-escapes": lambda n: '["' + "\\n" * (n // 2) + '"]',
    "long-string-with-bad-escapes": lambda n: '["' + "\\q" * (n // 2) + '"]',
    "bad-escapes": lambda n: "[" + '"\\q",' * (n // 5) + "1]",
    "long-unclosed-string": lambda n: '["' + "\\na" * (n // 3),
    "unclosed-strings": lambda n: '"\\"\n' * (n // 4),
    "unclosed-strings-inside": lambda n: "[" + '"\\"\n' * (n // 4) + '"x',
    "unclosed-strings-too-deep": lambda n: "[" * 300 + '"\\"\n' * (n // 4),
    "unclosed-single-quotes": lambda n: "[" + "'\\' " * (n // 4),
    "unclosed-curly-quotes": lambda n: "[" + '“ "" ' * (n // 5),
    "quotes": lambda n: '"' * n,
    "lines-of-quotes": lambda n: '"\n' * (n // 2),
    "unclosed-comments": lambda n: "/*" * (n // 2),
    "unclosed-comments-on-lines": lambda n: "/*\n" * (n // 3),
    "comments": lambda n: "[" + "/**/" * (n // 4),
    "slashes": lambda n: "[" + "/" * n,
    "spaced-slashes": lambda n: "[" + "/ " * (n // 2),
    "garbage": lambda n: "[" + "x" * n,
    "words": lambda n: "[" + "x " * (n // 2),
    "words-in-object": lambda n: "{" + "x " * (n // 2),
    "keys": lambda n: "{" + "x:" * (n // 2),
    "commas": lambda n: "[" + "," * n,
    "colons": lambda n: "{" + ":" * n,
    "blanks": lambda n: "[" + " " * n,
    "blanks-and-words": lambda n: "[1" + " " * (n // 2) + "x" + " " * (n // 2),
    "odd-blanks": lambda n: "[" + "\u00a0" * n,
    "missing-commas": lambda n: "[" + '"" ' * (n // 3),
    "missing-colons": lambda n: "{" + '"a"1,' * (n // 5),
    "long-digits": lambda n: "[" + "1" * n + "]",
    "long-fraction": lambda n: "[0." + "1" * n + "]",
    "numbers": lambda n: "[" + "1" * 4301 + ("," + "1" * 4301) * (n // 4302) + "]",
    "missing-openers": lambda n: "[" + '"a":[' * (n // 5),
    "missing-openers-and-closers": lambda n: "[" + '"a":1},' * (n // 7),
    "duplicates": lambda n: "{" + '"a":1,' * (n // 6) + "}",
    "multi-line": lambda n: "[" + '"\n",' * (n // 4),
    "multi-line-refused": lambda n: "[" + '"\n"x\n' * (n // 5),
    "members": lambda n: "{" + ",".join(f'"k{i}":{i}' for i in range(n // 10)) + "}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_take_linear_time(name: str) -> None:
    size = 20_000
    small, large = Source(HOSTILE[name](size)), Source(HOSTILE[name](2 * size))
    # Twice the text takes twice the time. The slack is for the clock, the repetitions for other
    # work on the machine; what is quadratic fails them all.
    assert any(time_to_read(large) < 3 * time_to_read(small) + 0.02 for _ in range(5))


def time_to_read(source: Source) -> float:
    """The CPU seconds it takes to read a text."""
    gc.disable()
    try:
        start = time.process_time()
        read(source)
        return time.process_time() - start
    finally:
        gc.enable()


def test_large_texts_are_read_quickly() -> None:
    start = time.process_time()
    assert root_of('["' + "a" * 5_000_000 + '"]').at(0) is not None
    assert len(read_text("[" * 200_000).errors) == 1
    assert time.process_time() - start < 3


# Real files ------------------------------------------------------------------------------------------


@pytest.mark.skipif(not CORPUS_FILES, reason="there is no corpus here")
def test_real_files() -> None:
    accepted = 0
    for path in CORPUS_FILES:
        data = path.read_bytes()
        encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
        text = data.decode(encoding, "replace")
        document = read_text(text)
        check_tree(document)
        try:
            expected = json.loads(text, strict=False)
        except ValueError:
            assert any(problem.kind in ERRORS | LENIENT for problem in document.problems), path
            continue
        accepted += 1
        assert not document.errors, path
        assert document.root is not None
        assert typed(document.root.plain()) == typed(expected), path
    assert accepted
