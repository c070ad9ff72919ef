"""What a call in a script is passed: texts, mappings and lists, each with its place in the file."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.secrets.shells import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DEEPEST: Final = 40
_MOST: Final = 5_000


class Gap(NamedTuple):
    """A part of a text that is only known when the script runs.

    `start` and `end` are indices into the text; `told` is the variable, expression or command as written,
    `known` what was last assigned to the variable.
    """

    start: int
    end: int
    told: str
    known: Scalar | None = None


class Scalar(NamedTuple):
    """A text, its quotes and escapes taken off; `gaps` are in order. A number or switch is a text too."""

    text: Text
    gaps: tuple[Gap, ...] = ()
    quoted: bool = False

    @property
    def value(self) -> str:
        """The characters."""
        return self.text.text

    @property
    def span(self) -> tuple[int, int]:
        """The place in the file."""
        if self.text.text:
            return self.text.span(0, len(self.text.text))
        return self.text.place(0), self.text.place(0)

    def part(self, start: int, end: int) -> Scalar:
        """A stretch of the text."""
        return Scalar(self.text.part(start, end), clipped(self.gaps, start, end), self.quoted)


class Mapping(NamedTuple):
    """A JSON object or a hash table, with its keys in order."""

    entries: list[tuple[Scalar, Value]]


class Items(NamedTuple):
    """A JSON array or a list."""

    values: list[Value]


Value = Scalar | Mapping | Items


class Leaf(NamedTuple):
    """A text within a value, and the names that lead to it; `key` is the last of them as it stands there."""

    path: tuple[str, ...]
    key: Scalar | None
    scalar: Scalar


def clipped(gaps: Sequence[Gap], start: int, end: int) -> tuple[Gap, ...]:
    """The gaps of a stretch of a text."""
    if not gaps:
        return ()
    first = bisect_right(gaps, start, key=_end_of)
    last = bisect_left(gaps, end, key=_start_of)
    return tuple(
        gap._replace(start=max(gap.start, start) - start, end=min(gap.end, end) - start)
        for gap in gaps[first:last]
    )


def _start_of(gap: Gap) -> int:
    return gap.start


def _end_of(gap: Gap) -> int:
    return gap.end


def leaves(value: Value) -> Iterator[Leaf]:
    """All texts in a value, in order; not without end, since a table may hold another many times over."""
    left = _MOST
    pending: list[tuple[Value, tuple[str, ...], Scalar | None]] = [(value, (), None)]
    while pending and left:
        left -= 1
        here, path, key = pending.pop()
        if isinstance(here, Scalar):
            yield Leaf(path, key, here)
        elif isinstance(here, Items):
            pending += [(below, path, key) for below in reversed(here.values)]
        elif len(path) < _DEEPEST:
            pending += [(below, (*path, name.value), name) for name, below in reversed(here.entries)]


def joined(parts: Sequence[Scalar], source: Text) -> Scalar:
    """Texts that were all taken from `source`, put together to one."""
    if len(parts) == 1:
        return parts[0]
    starts: list[int] = []
    origins: list[int] = []
    gaps: list[Gap] = []
    length = 0
    for part in parts:
        if part.value:
            starts += [length + start for start in part.text.starts]
            origins += part.text.origins
            gaps += [gap._replace(start=gap.start + length, end=gap.end + length) for gap in part.gaps]
            length += len(part.value)
    text = Text(
        "".join([part.value for part in parts]), starts or (0,), origins or parts[0].text.origins, source
    )
    return Scalar(text, tuple(gaps), quoted=True)


def whole(scalar: Scalar) -> Scalar:
    """What a text that is one variable stands for, where that is known; else the text."""
    known = scalar.gaps[0].known if is_gap(scalar) else None
    return scalar if known is None or is_gap(known) else known


def is_gap(scalar: Scalar) -> bool:
    """Whether nothing of a text is known before the script runs."""
    return len(scalar.gaps) == 1 and scalar.gaps[0][:2] == (0, len(scalar.value))
