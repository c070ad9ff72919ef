"""Changes to a text, as data: what to put in place of which characters, in the way the text is written.

The functions here make edits for a JSON text that was read by `jsontext`: they take the text and its
nodes, look only at what stands around the place they change, and change nothing else. What they put
in is indented, spaced and ended as its neighbours are. No comment is lost but those inside a value
that is taken away or replaced.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from armlint.jsontext import Member, Node

    Json: TypeAlias = "str | float | list[Json] | dict[str, Json] | Piece | None"
    """A value to write: JSON as Python has it, or with pieces of the text in it."""


class Edit(NamedTuple):
    """Put `text` in place of `text[start:end]` of the source: code points, half-open.

    `start == end` inserts.
    """

    start: int
    end: int
    text: str


class Fix(NamedTuple):
    """A way to mend a finding: what it does, as an imperative sentence without a full stop, and its edits.

    The edits are of the finding's own file, sorted, and do not overlap. `safe` says that the template
    deploys as before, but for what the finding is about; anything that guesses, or that changes what
    someone else may rely on, is not.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool


class Piece(NamedTuple):
    """A value as it is written in the text, to be written elsewhere: see `piece`.

    `indent` is what its lines are indented by; `comments` stood around it and go above it.
    """

    text: str
    indent: str = ""
    comments: tuple[str, ...] = ()


def fix(title: str, *edits: Iterable[Edit], safe: bool) -> Fix | None:
    """A fix of several groups of edits, sorted; None where one of the groups is empty: it cannot be done."""
    groups = [tuple(group) for group in edits]
    if not all(groups):
        return None
    return Fix(title, tuple(sorted(edit for group in groups for edit in group)), safe)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with edits made. They are sorted and do not overlap; what is not in them stays as it is."""
    parts: list[str] = []
    position = 0
    for edit in edits:
        parts += (text[position : edit.start], edit.text)
        position = edit.end
    parts.append(text[position:])
    return "".join(parts)


def replace(text: str, node: Node, value: Json) -> tuple[Edit, ...]:
    """Put another value in the place of a node."""
    if node.kind == "invalid":
        return ()
    lines = _line_start(text, _start(node)) is not None
    writer = _Writer(text, node.parent or node, node, lines=lines)
    return (Edit(node.start, node.end, writer.value(value, _indent(text, node))),)


def rename(member: Member, name: str) -> tuple[Edit, ...]:
    """Give a member another name."""
    return (Edit(member.start, member.end, _scalar(name)),)


def remove(text: str, node: Node) -> tuple[Edit, ...]:
    """Take out a member (given by its value) or an item, with its comma and its line.

    Comments around it stay. Nothing where it cannot be done: the root, and what stands in a container
    that is not closed.
    """
    return _removed(text, node, ())


def insert_member(
    text: str, container: Node, name: str, value: Json, *, after: Member | None = None
) -> tuple[Edit, ...]:
    """Put a new member into an object: behind its member `after`, by default the last.

    Nothing where it cannot be done: no object, not closed, or the name is taken.
    """
    if container.kind != "object" or container.member_named(name) is not None:
        return ()
    return _inserted(text, container, name, value, None if after is None else after.value)


def insert_item(text: str, container: Node, value: Json) -> tuple[Edit, ...]:
    """Put a new item at the end of an array. Nothing where it is none, or is not closed."""
    return _inserted(text, container, None, value, None) if container.kind == "array" else ()


def move(text: str, member: Member, to: Node, *, under: Sequence[str] = ()) -> tuple[Edit, ...]:
    """Take a member out of its object and put it at the end of another one.

    It stays as it is written, and takes along the comments right above it and behind it on its line.
    `under` names objects to be made in `to` that shall hold it, the outermost first; that one is put
    behind the member of `to` in which the moved one stands, if it does. Nothing where it cannot be done:
    as with `remove` and `insert_member`, and where an object would be moved into itself.
    """
    node = member.value
    after = _child_on_the_way(to, node)
    if after is node or (to.start >= node.start and to.end <= node.end):
        return ()
    around = comments_of(text, node)
    value: Json = piece(text, node)._replace(comments=tuple(text[start:end] for start, end in around))
    name = member.name
    for outer in reversed(under):
        value = {name: value}
        name = outer
    if to.kind != "object" or to.member_named(name) is not None:
        return ()
    taken = _removed(text, node, around)
    put = _inserted(text, to, name, value, after)
    edits = sorted((*taken, *put))
    if not taken or not put or any(one.end > next_.start for one, next_ in pairwise(edits)):
        return ()
    return tuple(edits)


def written(value: Json) -> str:
    """A value on one line, as titles of fixes tell it."""
    from json import dumps

    return dumps(value, ensure_ascii=False)


def piece(text: str, node: Node) -> Piece:
    """A value as it is written, to be written elsewhere, its lines indented as is fitting there."""
    return Piece(text[node.start : node.end], _indent(text, node))


_Range = tuple[int, int]

_BLANK: Final = re.compile(r"[ \t\r\n]*+")
_TRIVIA: Final = re.compile(r"(?:[ \t\r\n]++|//[^\r\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+")
_COMMENT: Final = re.compile(r"//[^\r\n]*+|/\*(?:[^*]|\*(?!/))*+\*/")
# Strings and comments keep their line breaks as they are.
_LINES: Final = re.compile(
    r"""("(?:[^"\\]|\\.)*+"|//[^\r\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)|(\r\n|\n|\r)([ \t]*+)""", re.DOTALL
)
_CLOSERS: Final = {"object": "}", "array": "]"}


def _start(node: Node) -> int:
    """Where a member or an item starts."""
    return node.start if node.member is None else node.member.start


def _closed(text: str, container: Node) -> bool:
    return text[container.end - 1 : container.end] == _CLOSERS.get(container.kind)


def _siblings(container: Node) -> Sequence[Node]:
    return container.items or [member.value for member in container.members]


def _after(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return position if match is None else match.end()


def _comma(text: str, position: int) -> int | None:
    """Where the comma after a position stands; None where there is none."""
    found = _after(_TRIVIA, text, position)
    return found if text[found : found + 1] == "," else None


def _line_start(text: str, position: int) -> int | None:
    """Where the line starts if nothing but blanks stands before a position on it, else None."""
    while position and text[position - 1] in " \t":
        position -= 1
    return position if not position or text[position - 1] in "\r\n" else None


def _indent(text: str, node: Node | None) -> str:
    """What the line is indented by on which a node, or the first of those around it that has one, starts."""
    while node is not None:
        start = _line_start(text, _start(node))
        if start is not None:
            return text[start : _start(node)]
        node = node.parent
    return ""


def _unit(text: str, container: Node | None) -> str:
    """What each level is indented by, as near to a container as it shows."""
    while container is not None:
        child = next(iter(container.members or container.items), None)
        if child is not None and _line_start(text, child.start) is not None:
            outer, inner = _indent(text, container), text[_line_start(text, child.start) : child.start]
            if inner.startswith(outer) and inner != outer:
                return inner[len(outer) :]
        container = container.parent
    return "  "


def _child_on_the_way(container: Node, node: Node) -> Node | None:
    """The member or item of a container in which a node stands, None where it stands elsewhere."""
    step: Node | None = node
    while step is not None and step.parent is not container:
        step = step.parent
    return step


def _neighbours(container: Node, node: Node) -> tuple[Node | None, Node | None]:
    """The members or items before and after one."""
    # Nodes know their index in arrays only; the place in the text finds both.
    if container.items:
        items = container.items
        index = bisect_left(items, node.start, key=lambda item: item.start)
        return items[index - 1] if index else None, items[index + 1] if index + 1 < len(items) else None
    members = container.members
    index = bisect_left(members, node.start, key=lambda member: member.value.start)
    before = members[index - 1].value if index else None
    return before, members[index + 1].value if index + 1 < len(members) else None


def _comments(text: str, start: int, end: int) -> list[_Range]:
    return [match.span() for match in _COMMENT.finditer(text, start, end)]


def comments_of(text: str, node: Node) -> tuple[_Range, ...]:
    """The ranges of the comments that go with a member or item: right above it, and behind it on its line."""
    container = node.parent
    if container is None or _line_start(text, _start(node)) is None:
        return ()
    before, _ = _neighbours(container, node)
    if before is None:
        boundary = container.start + 1
    else:
        comma = _comma(text, before.end)
        boundary = before.end if comma is None else comma + 1
    above: list[_Range] = []
    edge = _start(node)
    for start, end in reversed(_comments(text, boundary, edge)):
        gap = text[end:edge]
        lines = gap.count("\n") or gap.count("\r")
        if lines != 1 or _line_start(text, start) is None:
            break
        above.insert(0, (start, end))
        edge = start
    comma = _comma(text, node.end)
    match = re.compile(r"[ \t]*+").match(text, node.end if comma is None else comma + 1)
    behind = None if match is None else _COMMENT.match(text, match.end())
    if behind is None or text[behind.end() : behind.end() + 1] not in {"\r", "\n"}:
        return tuple(above)
    return (*above, behind.span())


def _removed(text: str, node: Node, comments: Sequence[_Range]) -> tuple[Edit, ...]:
    """Take out a member or an item, its comma, and these comments."""
    container = node.parent
    if container is None or not _closed(text, container):
        return ()
    before, after = _neighbours(container, node)
    comma = _comma(text, node.end)
    other = None if before is None else _comma(text, before.end)
    if comma is None or (other is not None and _leads(text, other, node) and _leads(text, comma, after)):
        # In texts with commas before the members, the one before goes.
        comma = other
    cuts = [(_start(node), node.end), *comments]
    if comma is not None:
        cuts.append((comma, comma + 1))
    cuts.sort()
    if before is None and after is None:
        inside = container.start + 1
        for start, end in cuts:
            if _after(_BLANK, text, inside) != start:
                break
            inside = end
        else:
            if _after(_BLANK, text, inside) == container.end - 1:
                return (Edit(container.start + 1, container.end - 1, ""),)
    return tuple(_tidied(text, cuts))


def _leads(text: str, comma: int, node: Node | None) -> bool:
    """Whether a comma stands first on the line of a node."""
    return (
        node is not None
        and _line_start(text, comma) is not None
        and not text[comma + 1 : _start(node)].strip(" \t")
    )


def _tidied(text: str, cuts: Sequence[_Range]) -> Iterator[Edit]:
    """Cuts with the blanks that would be left over."""
    merged: list[_Range] = []
    for start, end in cuts:
        if merged and not text[merged[-1][1] : start].strip(" \t"):
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    for start, end in merged:
        line = _line_start(text, start)
        rest = end
        while text[rest : rest + 1] in {" ", "\t"}:
            rest += 1
        following = text[rest : rest + 1]
        first = start
        while text[first - 1] in " \t":
            first -= 1
        if following in {"\r", "\n", ""}:
            if line is None:
                yield Edit(first, rest, "")
            else:
                yield Edit(line, rest + (2 if text.startswith("\r\n", rest) else len(following)), "")
        elif following in {"}", "]"} and line is None:
            yield Edit(first if rest > end else start, end, "")
        else:
            yield Edit(start, rest if first < start or text[first - 1] in "{[\r\n" else end, "")


def _inserted(
    text: str, container: Node, name: str | None, value: Json, after: Node | None
) -> tuple[Edit, ...]:
    """Put in a member, or an item where `name` is None, behind another one or at the end."""
    if not _closed(text, container):
        return ()
    siblings = _siblings(container)
    if not siblings:
        return _first(text, container, name, value)
    anchor = siblings[-1] if after is None else after
    line = _line_start(text, _start(anchor))
    writer = _Writer(text, container, anchor, lines=line is not None)
    indent = _indent(text, anchor)
    comma = _comma(text, anchor.end)
    tail = anchor.end if comma is None else comma + 1
    if line is None:
        new = writer.gap + writer.entry(name, value, indent)
        return (Edit(tail, tail, f",{new}" if comma is None else f"{new},"),)
    new = writer.newline + indent + writer.entry(name, value, indent)
    rest = tail
    while text[rest : rest + 1] in {" ", "\t"}:
        rest += 1
    comment = _COMMENT.match(text, rest)
    if comment is None or text[comment.end() : comment.end() + 1] not in {"\r", "\n"}:
        return (Edit(tail, tail, f",{new}" if comma is None else f"{new},"),)
    end = comment.end()
    if comma is None:
        return (Edit(tail, tail, ","), Edit(end, end, new))
    return (Edit(end, end, f"{new},"),)


def _first(text: str, container: Node, name: str | None, value: Json) -> tuple[Edit, ...]:
    """Put a member or an item into an object or array that has none."""
    lines = _line_start(text, _start(container)) is not None
    writer = _Writer(text, container, None, lines=lines)
    outer = _indent(text, container)
    start, end = container.start + 1, container.end - 1
    comments = _comments(text, start, end)
    if not comments and not lines:
        new = writer.entry(name, value, outer)
        return (Edit(start, end, f"{writer.pad}{new}{writer.pad}"),)
    indent = outer + writer.unit
    new = writer.newline + indent + writer.entry(name, value, indent)
    if comments:
        start = comments[-1][1]
        if "\n" in text[start:end] or "\r" in text[start:end]:
            return (Edit(start, start, new),)
    return (Edit(start, end, f"{new}{writer.newline}{outer}"),)


class _Writer:
    """Writes values as the text around them is written: by lines or on one, with its blanks."""

    def __init__(self, text: str, container: Node, anchor: Node | None, *, lines: bool) -> None:
        self._lines = lines
        sample = container if anchor is None else anchor
        self.newline = _newline(text, sample)
        self.unit = _unit(text, container)
        member = sample.member
        between = ": " if member is None else text[member.end : member.value.start]
        around = between.strip(" \t")
        self._colon = between if around == ":" else ": "
        blank = self._colon.endswith((" ", "\t"))
        self.gap = " " if blank else ""
        padded = (
            text[container.start + 1 : container.start + 2] in {" ", "\t"} if container.members else blank
        )
        self.pad = " " if padded else ""

    def entry(self, name: str | None, value: Json, indent: str) -> str:
        """A member, or an item where `name` is None, behind the indentation of its line."""
        key = "" if name is None else _scalar(name) + self._colon
        return self._above(value, indent) + key + self.value(value, indent)

    def _above(self, value: Json, indent: str) -> str:
        """The comments of a piece, each on its line."""
        comments = value.comments if isinstance(value, Piece) else ()
        return "".join(f"{comment}{self.newline}{indent}" for comment in comments)

    def value(self, value: Json, indent: str) -> str:
        """A value whose line is indented by `indent`."""
        if isinstance(value, Piece):
            return _indented(value, indent)
        if value is None or isinstance(value, str | int | float):
            return _scalar(value)
        inner = indent + self.unit
        if isinstance(value, dict):
            brackets = "{}"
            entries = [self.entry(name, each, inner) for name, each in value.items()]
        else:
            brackets = "[]"
            entries = [self.entry(None, each, inner) for each in value]
        if not entries:
            return brackets
        if self._lines:
            joined = f",{self.newline}{inner}".join(entries)
            return f"{brackets[0]}{self.newline}{inner}{joined}{self.newline}{indent}{brackets[1]}"
        joined = f",{self.gap}".join(entries)
        return f"{brackets[0]}{self.pad}{joined}{self.pad}{brackets[1]}"


def _newline(text: str, node: Node | None) -> str:
    """The line break before a node or the first of those around it that starts a line."""
    while node is not None:
        start = _line_start(text, _start(node))
        if start:
            return "\r\n" if text.startswith("\r\n", start - 2) else text[start - 1]
        node = node.parent
    return "\n"


def _indented(value: Piece, indent: str) -> str:
    """A piece with the indentation of its lines changed, but not within strings and comments."""
    if indent == value.indent or ("\n" not in value.text and "\r" not in value.text):
        return value.text

    def moved(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1]
        own = match[3]
        return match[2] + (indent + own[len(value.indent) :] if own.startswith(value.indent) else own)

    return _LINES.sub(moved, value.text)


def _scalar(value: str | float | None) -> str:
    from json import dumps

    return dumps(value, ensure_ascii=False)
