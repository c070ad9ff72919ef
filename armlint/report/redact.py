"""Keeps secrets out of what is shown: source lines are printed with literals masked where one may stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm import expression as syntax

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from armlint.jsontext import Document, Member, Node
    from armlint.source import Span

_SHOWN: Final = 3
# Functions whose string argument is a name that the template itself declares.
_NAMING: Final = frozenset({"parameters", "variables", "lambdavariables", "copyindex", "reference"})

# Members below which every literal may be, or hold, a secret: what extensions are told, and data
# that machines are started with.
_HOLDERS: Final = frozenset(
    {
        "settings",
        "protectedsettings",
        "customdata",
        "userdata",
        "environmentvariables",
        "protectedparameters",
        "appsettings",
        "connectionstrings",
        "arguments",
        "scriptcontent",
        "script",
        "commandtoexecute",
        "command",
        "defaultvalue",
    }
)
# Below a holder, what is no secret by what it is.
_HARMLESS: Final = frozenset({"timestamp", "workspaceid", "name", "type", "version"})
_WORDS: Final = re.compile(
    r"passw|pwd|passphrase|secret|token|credential|connectionstring|apikey|accesskey|accountkey"
    r"|sharedkey|privatekey|signature|sas|certificate|license|auth|key$",
    re.IGNORECASE,
)


class Mask(NamedTuple):
    """Characters of a text, by half-open offsets, and what is shown in their place."""

    start: int
    end: int
    text: str


def masks(document: Document, start: int, end: int) -> list[Mask]:
    """What to mask between two offsets of a text, in order and without overlaps."""
    root = document.root
    if root is None:
        return [Mask(start, end, "…")]
    found: list[Mask] = []
    for node, sensitive in _scalars(root, start, end):
        if sensitive:
            found.extend(_literals(node, document.source.text))
    return [mask for mask in found if mask.start < end and mask.end > start]


def _scalars(root: Node, start: int, end: int) -> Iterator[tuple[Node, bool]]:
    """The scalars between two offsets in order, each with whether it may be a secret."""
    pending: list[tuple[Node, bool]] = [(root, False)]
    while pending:
        node, sensitive = pending.pop()
        if node.kind not in {"object", "array"}:
            yield node, sensitive
            continue
        below: list[tuple[Node, bool]] = [
            (member.value, _sensitive(member, inside=sensitive))
            for member in _between(node.members, start, end)
        ]
        below += [(item, sensitive) for item in _between(node.items, start, end)]
        pending.extend(reversed(below))


def _between(parts: Sequence[Member] | Sequence[Node], start: int, end: int) -> list:  # type: ignore[type-arg]
    first = max(bisect_right(parts, start, key=lambda part: part.start) - 1, 0)
    last = bisect_right(parts, end, key=lambda part: part.start)
    return list(parts[first:last])


def _sensitive(member: Member, *, inside: bool) -> bool:
    name = member.name.lower()
    if name in _HOLDERS or _WORDS.search(name):
        return True
    return inside and name not in _HARMLESS


def _literals(node: Node, text: str) -> Iterator[Mask]:
    """The parts of a scalar to mask: all of it, or the literals of the expression that it is."""
    if node.kind in {"boolean", "null"}:
        return
    if node.kind == "string" and isinstance(node.value, str):
        read = syntax.read(node.value)
        if read is not None and not isinstance(read, syntax.Invalid):
            for literal in _values(read):
                yield from _masked(node.span_of(literal.start + 1, literal.end - 1), text)
        else:
            yield from _masked(node.span_of(0, len(node.value)), text)
    else:
        yield from _masked(node.span, text)


def _values(read: syntax.Expression) -> Iterator[syntax.Literal]:
    """The string literals of an expression but those that only name something."""
    names: set[tuple[int, int]] = set()
    for part in syntax.walk(read):
        if isinstance(part, syntax.Call) and part.args and part.function in _NAMING:
            names.add((part.args[0].start, part.args[0].end))
        elif isinstance(part, syntax.Literal) and isinstance(part.value, str):
            if (part.start, part.end) not in names:
                yield part


def _masked(span: Span, text: str) -> Iterator[Mask]:
    length = span.end - span.start
    if length > _SHOWN:
        kept = text[span.start : span.start + _SHOWN]
        # Half an escape sequence would look like another text.
        kept = kept.partition("\\")[0]
        yield Mask(span.start, span.end, f"{kept}…({length})")
