"""A text and its lines: where a character stands, for people and for machines."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

# The line ends of JSON texts in the wild. Others that Unicode knows (U+2028, form feed) do not
# start a new line in any editor or SARIF viewer that matters here.
_LINE_END = re.compile(r"\r\n|\n|\r")


class Span(NamedTuple):
    """A half-open range of code-point offsets into a text: `text[start:end]`."""

    start: int
    end: int


class Position(NamedTuple):
    """A place in a text: line and column, both counted from 1, the column in code points."""

    line: int
    column: int


class Source:
    """A text with a name. Lines are found when first asked for, so that a clean file costs nothing.

    `name` is the path as the user knows it; `text` is decoded and has no byte order mark.
    """

    __slots__ = ("_starts", "name", "text")

    def __init__(self, text: str, name: str = "<text>") -> None:
        self.name = name
        self.text = text
        self._starts: list[int] | None = None

    @property
    def starts(self) -> list[int]:
        """The offset of each line's first character; the first is always 0."""
        if self._starts is None:
            text = self.text
            if text.count("\r") == text.count("\r\n"):
                # Every line ends with a line feed: much faster than a search for a pattern.
                lengths = [len(line) + 1 for line in text.split("\n")]
                self._starts = [0, *accumulate(lengths[:-1])]
            else:
                self._starts = [0, *(m.end() for m in _LINE_END.finditer(text))]
        return self._starts

    def position(self, offset: int) -> Position:
        """Line and column of the character at `offset`; an offset past the end counts as the end."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self.starts, offset)
        return Position(line, offset - self.starts[line - 1] + 1)

    def offset(self, position: Position) -> int:
        """The offset of a position, the inverse of `position`; clipped to the text."""
        line = min(max(position.line, 1), len(self.starts))
        return min(self.starts[line - 1] + max(position.column, 1) - 1, len(self.text))

    def utf16_column(self, offset: int) -> int:
        """The column of `offset` from 1 in UTF-16 code units, as SARIF and editors count."""
        line, column = self.position(offset)
        start = self.starts[line - 1]
        before = self.text[start : start + column - 1]
        if before.isascii():
            return column
        return 1 + len(before.encode("utf-16-le", "surrogatepass")) // 2

    def line(self, number: int) -> str:
        """The text of line `number` (from 1) without its line end."""
        start = self.starts[number - 1]
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")
