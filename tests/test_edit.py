"""Edits: text is changed where it is said, in the way it is written, and nowhere else."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armlint import edit
from armlint.edit import Edit
from armlint.jsontext import Document, Node, read
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable


def parsed(text: str) -> Document:
    return read(Source(text))


def at(text: str, *path: str | int) -> Node:
    root = parsed(text).root
    assert root is not None
    node = root.at(*path)
    assert node is not None
    return node


def without(text: str, *path: str | int) -> str:
    return edit.apply(text, edit.remove(text, at(text, *path)))


def with_member(text: str, *path: str | int, name: str = "new", value: Any = 1) -> str:
    return edit.apply(text, edit.insert_member(text, at(text, *path), name, value))


def moved(text: str, path: Iterable[str], to: Iterable[str], *under: str) -> str:
    root = at(text)
    member, target = root.at(*path), root.at(*to)
    assert member is not None
    assert member.member is not None
    assert target is not None
    return edit.apply(text, edit.move(text, member.member, target, under=under))


class TestApply:
    def test_nothing_to_do_changes_nothing(self) -> None:
        assert edit.apply("abc", ()) == "abc"

    def test_inserts_replaces_and_deletes(self) -> None:
        assert edit.apply("abcdef", (Edit(0, 0, "<"), Edit(1, 3, "-"), Edit(5, 6, ""))) == "<a-de"


class TestRemove:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ('{"a": 1, "b": 2, "c": 3}', '{"a": 1, "c": 3}'),
            ('{"a": 1, "b": 2}', '{"a": 1}'),
            ('{ "a": 1, "b": 2 }', '{ "a": 1 }'),
            ('{ "b": 2, "a": 1 }', '{ "a": 1 }'),
            ('{"b":2}', "{}"),
            ('{\n  "b": 2\n}', "{}"),
            ('{\n  "a": 1,\n  "b": 2\n}\n', '{\n  "a": 1\n}\n'),
            ('{\r\n\t"b": 2,\r\n\t"a": 1\r\n}', '{\r\n\t"a": 1\r\n}'),
            ('{\n  "a": 1,\n  "b": {\n    "x": [1]\n  },\n  "c": 3\n}', '{\n  "a": 1,\n  "c": 3\n}'),
            ('{\n  "a": 1,\n  "b": 2,\n}', '{\n  "a": 1,\n}'),
            ('{"a": 1\n , "b": 2\n , "c": 3\n}', '{"a": 1\n , "c": 3\n}'),
            ('{"a": 1,\n "b": 2}', '{"a": 1\n }'),
        ],
    )
    def test_takes_the_comma_and_the_line(self, before: str, after: str) -> None:
        assert without(before, "b") == after

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ('{\n  // a\n  "b": 2, // b\n  "c": 3\n}', '{\n  // a\n  // b\n  "c": 3\n}'),
            ('{\n  "a": 1, // a\n  "b": 2 // b\n}', '{\n  "a": 1 // a\n  // b\n}'),
            ('{\n  "a": 1 /* a */, /* b */ "b": 2\n}', '{\n  "a": 1 /* a */ /* b */\n}'),
            ('{ /* b */ "b": 2 }', "{ /* b */ }"),
            ('{\n  // b\n  "b": 2\n}', "{\n  // b\n}"),
        ],
    )
    def test_keeps_the_comments(self, before: str, after: str) -> None:
        assert without(before, "b") == after

    def test_of_an_item(self) -> None:
        assert without('{"a": [\n  1,\n  2\n]}', "a", 1) == '{"a": [\n  1\n]}'
        assert without('{"a": [1, 2]}', "a", 0) == '{"a": [2]}'

    def test_of_the_root_or_in_what_is_not_closed_is_not_done(self) -> None:
        assert edit.remove("{}", at("{}")) == ()
        text = '{"a": 1, "b": 2'
        assert edit.remove(text, at(text, "a")) == ()


class TestInsert:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("{}", '{\n  "new": 1\n}'),
            ('{"a":1}', '{"a":1,"new":1}'),
            ('{ "a": 1 }', '{ "a": 1, "new": 1 }'),
            ('{\n  "a": 1\n}', '{\n  "a": 1,\n  "new": 1\n}'),
            ('{\r\n\t"a" : 1\r\n}', '{\r\n\t"a" : 1,\r\n\t"new" : 1\r\n}'),
            ('{\n  "a": 1,\n}', '{\n  "a": 1,\n  "new": 1,\n}'),
            ('{\n  "a": 1 // a\n}', '{\n  "a": 1, // a\n  "new": 1\n}'),
            ('{\n  "a": 1, // a\n}', '{\n  "a": 1, // a\n  "new": 1,\n}'),
            ('{\n  "a": 1\n  // a\n}', '{\n  "a": 1,\n  "new": 1\n  // a\n}'),
            ("{\n  // a\n}", '{\n  // a\n  "new": 1\n}'),
            ('{\n  "a": 1 }', '{\n  "a": 1,\n  "new": 1 }'),
        ],
    )
    def test_is_written_as_its_neighbours(self, before: str, after: str) -> None:
        assert with_member(before) == after

    def test_of_an_object_is_indented(self) -> None:
        text = '{\n    "a": {\n        "b": {}\n    }\n}'
        value = {"x": {}, "y": ["z"]}
        assert with_member(text, "a", value=value) == (
            '{\n    "a": {\n        "b": {},\n        "new": {\n            "x": {},\n            "y": [\n'
            '                "z"\n            ]\n        }\n    }\n}'
        )
        assert with_member('{"a":{"b":1}}', "a", value=value) == '{"a":{"b":1,"new":{"x":{},"y":["z"]}}}'
        assert with_member('{ "a": 1 }', value=value) == '{ "a": 1, "new": { "x": {}, "y": [ "z" ] } }'

    def test_into_an_empty_object_on_a_line(self) -> None:
        assert with_member('{\n  "a": {}\n}', "a") == '{\n  "a": {\n    "new": 1\n  }\n}'
        assert with_member('{"a":{}}', "a") == '{"a":{"new":1}}'
        assert with_member('{ "a": {} }', "a") == '{ "a": { "new": 1 } }'

    def test_behind_another_member(self) -> None:
        text = '{\n  "a": 1, // a\n  "b": 2\n}'
        member = at(text, "a").member
        edits = edit.insert_member(text, at(text), "new", 1, after=member)
        assert edit.apply(text, edits) == '{\n  "a": 1, // a\n  "new": 1,\n  "b": 2\n}'

    def test_of_an_item(self) -> None:
        text = '{\n  "a": [\n    "x"\n  ]\n}'
        assert edit.apply(text, edit.insert_item(text, at(text, "a"), "y")) == (
            '{\n  "a": [\n    "x",\n    "y"\n  ]\n}'
        )
        text = '{"a": ["x"]}'
        assert edit.apply(text, edit.insert_item(text, at(text, "a"), "y")) == '{"a": ["x", "y"]}'

    def test_of_a_name_that_is_taken_is_not_done(self) -> None:
        assert edit.insert_member('{"A": 1}', at('{"A": 1}'), "a", 2) == ()


class TestMove:
    def test_keeps_what_is_inside_and_what_stands_around(self) -> None:
        text = """{
  "from": {
    "deep": {
      "a": 1,
      // why
      // and wherefore
      "m": { // in
        "s": "two
      lines",
        "x": 1
      } // behind
    }
  },
  "to": {
    "z": 0
  }
}"""
        assert (
            moved(text, ["from", "deep", "m"], ["to"])
            == """{
  "from": {
    "deep": {
      "a": 1
    }
  },
  "to": {
    "z": 0,
    // why
    // and wherefore
    // behind
    "m": { // in
      "s": "two
      lines",
      "x": 1
    }
  }
}"""
        )

    def test_makes_the_object_next_to_where_it_comes_from(self) -> None:
        text = '{\n  "from": {\n    "m": "x"\n  },\n  "last": 1\n}'
        assert moved(text, ["from", "m"], [], "to") == (
            '{\n  "from": {},\n  "to": {\n    "m": "x"\n  },\n  "last": 1\n}'
        )
        assert moved('{"from":{"m":1,"n":2}}', ["from", "m"], [], "to") == ('{"from":{"n":2},"to":{"m":1}}')

    def test_into_itself_is_not_done(self) -> None:
        text = '{"m": {"x": {}}}'
        root = at(text)
        member, inner = root.members[0], root.at("m", "x")
        assert inner is not None
        assert edit.move(text, member, inner) == ()
        assert edit.move(text, member, root, under=["n"]) == ()


BLANK = st.sampled_from(
    ["", " ", "\n", "\r\n", "\n    ", "\t", " // x\n", " // y\r\n", "/* z */", "/* \n */"]
)
COMMENT = re.compile(r"//[^\r\n]*|/\*.*?\*/", re.DOTALL)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('a/*\\"é🙂\n', max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """JSON with comments, trailing commas and blanks of all kinds."""

    def written(value: Any) -> str:
        if isinstance(value, dict):
            parts = [
                f"{json.dumps(key)}{draw(BLANK)}:{draw(BLANK)}{written(each)}" for key, each in value.items()
            ]
            return listed(parts, "{}")
        if isinstance(value, list):
            return listed([written(each) for each in value], "[]")
        return json.dumps(value, ensure_ascii=draw(st.booleans()))

    def listed(parts: list[str], brackets: str) -> str:
        inside = ",".join(f"{draw(BLANK)}{part}{draw(BLANK)}" for part in parts) or draw(BLANK)
        comma = f",{draw(BLANK)}" if parts and draw(st.integers(0, 4)) == 0 else ""
        return f"{brackets[0]}{inside}{comma}{brackets[1]}"

    value = draw(VALUES.filter(lambda made: isinstance(made, dict | list) and made))
    style = draw(st.sampled_from([None, 2, "\t", "wild"]))
    text = json.dumps(value, indent=style) if style != "wild" else written(value)
    return text.replace("\n", "\r\n") if style == 2 and draw(st.booleans()) else text


def comments_in(text: str, *, outside: Node | None = None) -> list[str]:
    found = parsed(text).comments
    return sorted(
        comment.text
        for comment in found
        if outside is None or not outside.start <= comment.start < outside.end
    )


def plain(text: str) -> object:
    document = parsed(text)
    assert not document.errors, (text, document.errors)
    assert document.root is not None
    return document.root.plain()


def parent_and_key(text: str, node: Node) -> tuple[Any, Any, Any]:
    """The whole value, the value of the node's parent in it, and the node's key there."""
    whole = plain(text)
    path = []
    while node.parent is not None:
        path.append(node.key)
        node = node.parent
    value: Any = whole
    for key in reversed(path[1:]):
        value = value[key]
    return whole, value, path[0]


@given(texts(), st.data())
def test_what_is_removed_is_gone_and_nothing_else(text: str, data: st.DataObject) -> None:
    root = at(text)
    node = data.draw(st.sampled_from([node for node in root.walk() if node is not root]))
    edits = edit.remove(text, node)
    result = edit.apply(text, edits)
    whole, holder, key = parent_and_key(text, node)
    del holder[key]
    assert plain(result) == whole
    inside = (node.start if node.member is None else node.member.start, node.end)
    kept = [c.text for c in parsed(text).comments if not inside[0] <= c.start < inside[1]]
    assert comments_in(result) == sorted(kept)


@given(texts(), st.data())
def test_what_is_inserted_is_there_and_nothing_else_changed(text: str, data: st.DataObject) -> None:
    root = at(text)
    container = data.draw(st.sampled_from([n for n in root.walk() if n.kind in {"object", "array"}]))
    value = data.draw(VALUES)
    if container.kind == "object":
        after = data.draw(st.sampled_from([None, *container.members]))
        edits = edit.insert_member(text, container, "new", value, after=after)
    else:
        edits = edit.insert_item(text, container, value)
    result = edit.apply(text, edits)
    whole = [plain(text)]
    held: Any = whole
    path: list[Any] = []
    node = container
    while node.parent is not None:
        path.append(node.key)
        node = node.parent
    held = whole[0]
    for key in reversed(path):
        held = held[key]
    if container.kind == "object":
        held["new"] = value
    else:
        held.append(value)
    assert plain(result) == whole[0]
    assert comments_in(result) == comments_in(text)
    trailing = {problem.kind for problem in parsed(text).problems}
    assert {problem.kind for problem in parsed(result).problems} <= trailing


@given(texts(), st.data())
def test_what_is_moved_is_elsewhere_with_all_its_comments(text: str, data: st.DataObject) -> None:
    root = at(text)
    objects = [n for n in root.walk() if n.kind == "object"]
    members = [member for n in objects for member in n.members]
    if not members:
        return
    member, to = data.draw(st.sampled_from(members)), data.draw(st.sampled_from(objects))
    under = data.draw(st.sampled_from([(), ("new",), ("new", "er")]))
    edits = edit.move(text, member, to, under=under)
    if not edits:
        assert (
            (to.start >= member.value.start and to.end <= member.value.end)
            or member.value.parent is to
            or to.member_named(under[0] if under else member.name) is not None
        )
        return
    result = edit.apply(text, edits)
    whole, holder, key = parent_and_key(text, member.value)
    # The same objects, since `plain` is made anew each time.
    path: list[Any] = []
    node = to
    while node.parent is not None:
        path.append(node.key)
        node = node.parent
    target: Any = whole
    for step in reversed(path):
        target = target[step]
    value = holder.pop(key)
    for name in under:
        target = target.setdefault(name, {})
    target[member.name] = value
    assert plain(result) == whole
    between = {c.text for c in parsed(text).comments if member.start <= c.start < member.value.start}
    assert set(comments_in(result)) | between == set(comments_in(text)) | between


def test_edits_of_a_minified_text_look_only_around_themselves() -> None:
    items = ",".join('{"a":1,"b":{}}' for _ in range(20_000))
    text = f"[{items}]"
    root = at(text)
    edits = [
        each
        for node in root.items
        for each in (
            *edit.remove(text, node.members[0].value),
            *edit.insert_member(text, node.members[1].value, "n", 1),
        )
    ]
    result = edit.apply(text, edits)
    assert result == "[" + ",".join('{"b":{"n":1}}' for _ in range(20_000)) + "]"
