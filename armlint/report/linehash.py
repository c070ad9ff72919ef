"""GitHub's `primaryLocationLineHash`: how code scanning knows an alert again after lines have moved.

The value of a line is a polynomial over the 100 UTF-16 code units from its first non-blank one on (blanks
skipped, running on into the next lines), in hexadecimal, and how often it has come up to this line.
GitHub's upload computes the same numbers and warns where a report brings different ones, so they have to
agree to the last bit.
"""

from __future__ import annotations

import re
from operator import mul
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_WINDOW = 100
_BASE = 37
_MASK = (1 << 64) - 1
_POWERS = tuple(pow(_BASE, n, 1 << 64) for n in range(_WINDOW + 1))
_END = "\uffff"
_BLANKS = {ord(" "): None, ord("\t"): None}
_CARRIAGE_RETURN = re.compile(r"\r\n?")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def line_hashes(text: str, lines: Collection[int]) -> dict[int, str]:
    """Hash each of `lines` (from 1); a line that `text` does not have is left out.

    `text` is the file as decoded from UTF-8 with its byte order mark, if it has one, still in place: GitHub
    counts the mark as a character of the first line.
    """
    wanted = {number for number in lines if number > 0}
    if not wanted:
        return {}
    # A CR, a blank and an LF are two line ends to GitHub: line ends are told apart before blanks go.
    text = _CARRIAGE_RETURN.sub("\n", text).translate(_BLANKS)
    if not text.isascii():
        text = _ASTRAL.sub(_surrogates, text)
    # Only lines up to the last wanted one count, and what their windows reach: at most 100 further lines.
    pieces = text.split("\n", max(wanted) + _WINDOW)
    ended = len(pieces) <= max(wanted) + _WINDOW
    rows = [piece + "\n" for piece in pieces[:-1]]
    rows.append(pieces[-1] + _END if ended else pieces[-1])

    values: dict[str, int] = {}
    seen: dict[int, int] = {}
    hashes: dict[int, str] = {}
    for number in range(1, min(max(wanted), len(pieces)) + 1):
        value = _window(rows, number - 1, values)
        # Different windows may share a value ("bA" and "af" do), so values are counted, not windows.
        seen[value] = seen.get(value, 0) + 1
        if number in wanted:
            hashes[number] = f"{value:x}:{seen[value]}"
    return hashes


def _window(rows: list[str], first: int, values: dict[str, int]) -> int:
    """Evaluate the window that starts with row `first`, put together from its rows.

    Rows of a template repeat (`},`), so that `values` spares most of the work.
    """
    value = 0
    left = _WINDOW
    row = first
    while left and row < len(rows):
        piece = rows[row] if len(rows[row]) <= left else rows[row][:left]
        worth = values.get(piece)
        if worth is None:
            size = len(piece)
            worth = values[piece] = sum(map(mul, map(ord, piece), _POWERS[size - 1 :: -1])) if size else 0
        left -= len(piece)
        value = value * _POWERS[len(piece)] + worth
        row += 1
    # Past the end of the file come zeros.
    return value * _POWERS[left] & _MASK


def _surrogates(match: re.Match[str]) -> str:
    code = ord(match[0]) - 0x10000
    return chr(0xD800 + (code >> 10)) + chr(0xDC00 + (code & 0x3FF))
