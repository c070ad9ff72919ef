"""Settings written as text within a script: JSON, with the quotes that shells and people leave of it."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from armlint.jsontext import Kind, read
from armlint.script.value import Items, Mapping, Scalar, clipped
from armlint.secrets.pattern import compiled
from armlint.secrets.shells import Text
from armlint.source import Source

if TYPE_CHECKING:
    from armlint.jsontext import Member, Node
    from armlint.script.value import Value

# Quotes that are escaped once more, to pass from PowerShell or cmd to a program.
_ESCAPED: Final = r"\s*+[{\[]\s*+\\+\""
_BACKSLASHES: Final = r"(?P<run>\\+)(?=\")"
# What shells make of quotes, and people of JSON.
_MEANT: Final = frozenset({Kind.UNQUOTED_KEY, Kind.WRONG_QUOTES, Kind.BAD_ESCAPE, Kind.MISSING_COMMA})
_JSON: Final = r"\s*+[{\[]"


def parsed(scalar: Scalar) -> Value | None:
    """The object or list that a text is; None for any other text. Never raises."""
    if not compiled(_JSON).match(scalar.value):
        return None
    if compiled(_ESCAPED).match(scalar.value):
        scalar = _unescaped(scalar)
    document = read(Source(scalar.value))
    root = document.root
    if root is None or root.kind not in {"object", "array"}:
        return None
    if any(problem.kind not in _MEANT for problem in document.errors):
        # What was read may be half of something else.
        return None
    return _value(root, scalar)


def _value(root: Node, scalar: Scalar) -> Value:
    made = _shallow(root, scalar)
    pending = [(root, made)]
    while pending:
        node, into = pending.pop()
        if isinstance(into, Mapping):
            for member in node.members:
                below = _shallow(member.value, scalar)
                into.entries.append((_text(member, member.name, scalar), below))
                pending.append((member.value, below))
        elif isinstance(into, Items):
            for item in node.items:
                below = _shallow(item, scalar)
                into.values.append(below)
                pending.append((item, below))
    return made


def _shallow(node: Node, scalar: Scalar) -> Value:
    if node.kind == "object":
        return Mapping([])
    if node.kind == "array":
        return Items([])
    if isinstance(node.value, str):
        return _text(node, node.value, scalar)
    return scalar.part(node.start, node.end)


def _text(node: Node | Member, value: str, scalar: Scalar) -> Scalar:
    """A string or key, its escapes taken off."""
    start = node.offset(0)
    if node.raw is None:
        return scalar.part(start, start + len(value))
    starts: list[int] = []
    origins: list[int] = []
    offsets = [node.offset(index) for index in range(len(value) + 1)]
    for index in range(len(value)):
        if not index or offsets[index] != offsets[index - 1] + 1:
            starts.append(index)
            origins.append(offsets[index])
    gaps = []
    for gap in clipped(scalar.gaps, offsets[0], offsets[-1]):
        first, last = gap.start + offsets[0], gap.end + offsets[0]
        begin, end = bisect_left(offsets, first), bisect_left(offsets, last)
        if begin < end:
            gaps.append(gap._replace(start=begin, end=min(end, len(value))))
    return Scalar(Text(value, starts or (0,), origins or (start,), scalar.text), tuple(gaps), quoted=True)


def _unescaped(scalar: Scalar) -> Scalar:
    """Half of the backslashes before each quote, as a program of Windows reads its arguments."""
    value = scalar.value
    pieces: list[str] = []
    starts: list[int] = []
    origins: list[int] = []
    length = last = 0

    def take(start: int, end: int) -> None:
        nonlocal length
        if end > start:
            pieces.append(value[start:end])
            starts.append(length)
            origins.append(start)
            length += end - start

    for match in compiled(_BACKSLASHES).finditer(value):
        run = match.end() - match.start()
        take(last, match.start() + run // 2)
        last = match.end()
    take(last, len(value))
    text = Text("".join(pieces), starts or (0,), origins or (0,), scalar.text)
    gaps = []
    at = 0
    for gap in scalar.gaps:
        # Gaps and stretches are in the same order.
        while at + 1 < len(origins) and origins[at + 1] <= gap.start:
            at += 1
        start = min(starts[at] + gap.start - origins[at], length)
        gaps.append(gap._replace(start=start, end=min(start + gap.end - gap.start, length)))
    return Scalar(text, tuple(gaps), scalar.quoted)
