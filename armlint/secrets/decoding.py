"""Looking through encodings: base64, UTF-16 in base64 (`-EncodedCommand`), gzip in base64, percent.

What an encoding hides is no less readable than clear text. All is bounded: a text that decodes to more than
the budget is looked at as far as that goes.
"""

from __future__ import annotations

from binascii import Error as NoBase64
from binascii import a2b_base64
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.secrets.pattern import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BUDGET: Final = 256 * 1024
"""How many bytes are decoded for one text, in all layers together."""
DEPTH: Final = 2
"""How many layers are looked through."""

# Text in base64 shows in its first characters: the highest bit of each byte is zero, in UTF-16 too. Other
# beginnings are those of gzip, zlib and byte order marks. Most long words are told from encoded ones by this.
_BEGINNING: Final = (
    r"(?:(?:[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]){4}"
    r"|H4sI|e[AFJN]|77u/|//[4-7])"
)
_ENCODED: Final = rf"(?<![A-Za-z0-9+/_-])(?={_BEGINNING})[A-Za-z0-9+/_-]{{24}}"
# Lines of 64 or 76 characters, as encoders wrap them, go on as one word.
_RUN: Final = (
    rf"(?<![A-Za-z0-9+/_-])(?={_BEGINNING})"
    r"(?:[A-Za-z0-9+/]{76}(?:\r?\n[A-Za-z0-9+/]{76}(?![A-Za-z0-9+/]))*+(?:\r?\n[A-Za-z0-9+/]{1,75}+)?(?![A-Za-z0-9+/])"
    r"|[A-Za-z0-9+/]{64}(?:\r?\n[A-Za-z0-9+/]{64}(?![A-Za-z0-9+/]))*+(?:\r?\n[A-Za-z0-9+/]{1,63}+)?(?![A-Za-z0-9+/])"
    r"|[A-Za-z0-9+/_-]{24,}+)={0,2}"
)
_STANDARD: Final = str.maketrans("-_", "+/", "\r\n")
_HEAD: Final = 16  # characters of base64, three quarters as many bytes
_PRINTABLE: Final = bytes({*range(32, 127), *b"\t\r\n\f"})
_PERCENT: Final = r"%([0-9A-Fa-f]{2})"
_PERCENT_RUN: Final = r"[^\s%\"'<>]*+(?:%[0-9A-Fa-f]{2}[^\s%\"'<>]*+)++"
_GZIP: Final = b"\x1f\x8b\x08"
_ZLIB: Final = (b"\x78\x9c", b"\x78\xda", b"\x78\x01", b"\x78\x5e")
_EITHER: Final = 47  # zlib finds out by the header which of the two it is
_BLANKS: Final = 0.9  # of a text's characters are printable


class Layer(NamedTuple):
    """A decoded text and the place of the run it was made of."""

    name: str
    text: str
    start: int
    end: int
    places: Sequence[int] | None = None
    """Where each character stands, and where the last ends; None when only the run as a whole has a place."""
    script: bool = False
    """Whether it is a script for sure."""


class Budget:
    """What may still be decoded."""

    __slots__ = ("left",)

    def __init__(self, left: int = BUDGET) -> None:
        self.left = left

    def take(self, wanted: int) -> int:
        """As much of `wanted` as is left, which is then gone."""
        given = min(wanted, self.left)
        self.left -= given
        return given


def may_hide(text: str) -> bool:
    """Whether a word of the text may be encoded; a cheap question that most long words answer with no."""
    return compiled(_ENCODED).search(text) is not None


def layers(text: str, budget: Budget) -> Iterator[Layer]:
    """The texts that are hidden in this one, one layer down."""
    for match in compiled(_RUN).finditer(text):
        if budget.left <= 0:
            return
        layer = _base64(match[0], budget)
        if layer is not None:
            name, inner = layer
            script = name.startswith("UTF-16") or inner.startswith(("#!", "#cloud-config", "<powershell>"))
            yield Layer(name, inner, match.start(), match.end(), None, script)


def _base64(run: str, budget: Budget) -> tuple[str, str] | None:
    head = _bytes(run[:_HEAD].translate(_STANDARD))
    if head.startswith((_GZIP, *_ZLIB)):
        return _inflated(run, budget)
    units = head.removeprefix(b"\xff\xfe")
    wide = not any(units[1::2]) and not units[::2].translate(None, _PRINTABLE)
    narrow = not head.removeprefix(b"\xef\xbb\xbf").translate(None, _PRINTABLE)
    if not wide and not narrow:
        return None
    data = _bytes(run[: budget.take(len(run) * 3 // 4) * 4 // 3 + 4].translate(_STANDARD))
    if narrow:
        return _readable("base64", data.decode("utf-8-sig", "replace"))
    return _readable(
        "UTF-16 base64 (-EncodedCommand)", data.removeprefix(b"\xff\xfe").decode("utf-16-le", "replace")
    )


def _bytes(text: str) -> bytes:
    plain = text.rstrip("=")
    if len(plain) % 4 == 1:
        plain = plain[:-1]
    try:
        return a2b_base64(plain + "=" * (-len(plain) % 4))
    except (NoBase64, ValueError):
        return b"\0"


def _inflated(run: str, budget: Budget) -> tuple[str, str] | None:
    import zlib

    data = _bytes(run[: BUDGET * 4 // 3].translate(_STANDARD))
    try:
        inner = zlib.decompressobj(_EITHER).decompress(data, max(1, budget.left))
    except zlib.error:
        return None
    budget.take(len(inner))
    return _readable("gzip", inner.decode("utf-8-sig", "replace"))


def _readable(name: str, text: str) -> tuple[str, str] | None:
    sample = text[:1024]
    good = sum(map(str.isprintable, sample)) + sample.count("\n") + sample.count("\r") + sample.count("\t")
    return (
        (name, text)
        if text and good >= _BLANKS * len(sample) and sample.count("\ufffd") * 20 < len(sample)
        else None
    )


def percent(text: str, budget: Budget) -> Iterator[Layer]:
    """The runs of this text that are percent-encoded, decoded; each character keeps its place."""
    for match in compiled(_PERCENT_RUN).finditer(text):
        run = match[0]
        if not budget.take(len(run)):
            return
        layer = _unquoted(run, match.start())
        if layer is not None:
            yield layer


def _unquoted(run: str, start: int) -> Layer | None:
    pieces: list[str] = []
    places: list[int] = []
    last = 0
    for code in compiled(_PERCENT).finditer(run):
        character = chr(int(code[1], 16))
        if not character.isascii() or not character.isprintable():
            return None
        pieces += (run[last : code.start()], character)
        places += range(start + last, start + code.start() + 1)
        last = code.end()
    pieces.append(run[last:])
    places += range(start + last, start + len(run) + 1)
    return Layer("percent-encoding", "".join(pieces), start, start + len(run), places)
