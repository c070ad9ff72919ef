"""The search for secrets in one text: by format, by the syntax of commands, and through encodings."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from armlint.secrets import decoding
from armlint.secrets.detectors import DETECTORS
from armlint.secrets.hit import Hit
from armlint.secrets.pattern import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Hit", "redact", "scan"]

_SHORTEST: Final = 6


def _needles(length: int) -> tuple[tuple[str, int], ...]:
    return tuple(
        (key, rank) for rank, row in enumerate(DETECTORS) if row.word == length for key in row.keywords
    )


_NEEDLES: Final = _needles(0)
# Few texts have a long word, and it is found in one search; the formats that need one are many.
_LONG: Final = 24
_LONGER: Final = 43
_LONG_NEEDLES: Final = _needles(_LONG)
_LONGER_NEEDLES: Final = _needles(_LONGER)
_RANKS: Final = {row.id: rank for rank, row in enumerate(DETECTORS)}
_WORD: Final = "(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{%d}"
_LONG_WORD: Final = _WORD % _LONG
_LONGER_WORD: Final = _WORD % _LONGER
_SHOWN: Final = 3
_SHARE: Final = 4


def scan(text: str, *, command: bool = False, dynamic: Sequence[tuple[int, int]] = ()) -> list[Hit]:
    """The secrets in a text, in order.

    `command` says that the text is a command line or a script, where a flag, a program or an assignment tells
    that a word is a password. `dynamic` are the spans that stand for values known only at deployment: they
    are no part of any secret, and an argument that touches one is no literal.
    """
    if len(text) < _SHORTEST:
        return []
    if not dynamic:
        return _scan(text, 0, None, command=command)
    hits = _scan(_masked(text, dynamic), 0, None, command=command)
    # A value that stands for nothing in the text, not even a mark, still makes what it touches no literal.
    points = [start for start, end in dynamic if start == end]
    return [hit for hit in hits if not any(_touches(hit, point) for point in points)] if points else hits


def redact(text: str) -> str:
    """The text with each secret shown as its first three characters and its length, fewer of a short one."""
    pieces: list[str] = []
    last = 0
    for start, end in _merged(scan(text, command=True)):
        shown = min(_SHOWN, (end - start) // _SHARE)
        pieces += (text[last:start], text[start : start + shown], f"…({end - start})")
        last = end
    return "".join((*pieces, text[last:])) if pieces else text


def _touches(hit: Hit, point: int) -> bool:
    if hit.detector in _RANKS:
        return hit.start < point < hit.end
    return hit.start <= point <= hit.end


def _masked(text: str, dynamic: Sequence[tuple[int, int]]) -> str:
    from armlint.secrets.values import UNKNOWN

    pieces: list[str] = []
    last = 0
    for start, end in sorted(dynamic):
        if end > last:
            pieces += (text[last : max(start, last)], UNKNOWN * (end - max(start, last)))
            last = end
    return "".join((*pieces, text[last:]))[: len(text)]


def _scan(text: str, depth: int, budget: decoding.Budget | None, *, command: bool) -> list[Hit]:
    lower = text.lower()
    ranks = {rank for word, rank in _NEEDLES if word in lower}
    hits: list[Hit] = []
    long = compiled(_LONG_WORD).search(text) is not None
    if long:
        ranks |= _ranks_of_long(text, lower)
    if ranks:
        found = [hit for rank in sorted(ranks) for hit in DETECTORS[rank].search(text)]
        hits = _best(found) if found else []
    if command:
        from armlint.secrets.commandline import find

        hits = _with_commands(hits, find(text))
    if "%" in text or (long and decoding.may_hide(text)):
        hits = _with_layers(hits, _hidden(text, depth, budget, command=command))
    return hits


def _ranks_of_long(text: str, lower: str) -> set[int]:
    """The formats with a long word that a text with such a word may hold."""
    ranks = {rank for word, rank in _LONG_NEEDLES if word in lower}
    if compiled(_LONGER_WORD).search(text) is not None:
        ranks.update([rank for word, rank in _LONGER_NEEDLES if word in lower])
    return ranks


def _hidden(text: str, depth: int, budget: decoding.Budget | None, *, command: bool) -> Iterable[Hit]:
    """The secrets that an encoding hides, each with the name of the encoding."""
    if depth == decoding.DEPTH:
        return
    budget = budget or decoding.Budget()
    for layer in decoding.layers(text, budget):
        for hit in _scan(layer.text, depth + 1, budget, command=command or layer.script):
            yield _outside(hit, layer)
    if "%" in text:
        for layer in decoding.percent(text, budget):
            for hit in _scan(layer.text, depth + 1, budget, command=False):
                yield _outside(hit, layer)


def _outside(hit: Hit, layer: decoding.Layer) -> Hit:
    start, end = layer.start, layer.end
    if layer.places is not None:
        start, end = layer.places[hit.start], layer.places[hit.end]
    name = f"{hit.layer} in {layer.name}" if hit.layer else layer.name
    return hit._replace(start=start, end=end, layer=name)


# ---------------------------------------------------------------------------- of several hits, the best


def _best(hits: list[Hit]) -> list[Hit]:
    """Where formats overlap, the more specific one, over the characters of both."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, _RANKS[hit.detector])):
        if kept and hit.start < kept[-1].end:
            kept[-1] = _joined(kept[-1], hit)
        else:
            kept.append(hit)
    return kept


def _joined(one: Hit, other: Hit) -> Hit:
    first, second = sorted((one, other), key=lambda hit: (not hit.certain, _RANKS[hit.detector]))
    start, end = min(one.start, other.start), max(one.end, other.end)
    return first._replace(start=start, end=end, expires=first.expires or second.expires)


def _with_commands(formats: list[Hit], commands: list[Hit]) -> list[Hit]:
    """What stands at the place of a password and has a format is called by its format."""
    if not commands:
        return formats
    from bisect import bisect_left

    ends = [hit.end for hit in formats]
    merged = list(formats)
    last = 0
    for hit in commands:
        if hit.start < last:
            continue
        at = bisect_left(ends, hit.start + 1)
        if at < len(formats) and formats[at].start < hit.end:
            if (hit.start, hit.end) == (formats[at].start, formats[at].end) and hit.certain:
                merged[at] = formats[at]._replace(certain=True)
        else:
            merged.append(hit)
            last = hit.end
    return sorted(merged, key=lambda hit: hit.start)


def _with_layers(clear: list[Hit], hidden: Iterable[Hit]) -> list[Hit]:
    """What can be read in clear is not reported again as encoded."""
    found = dict.fromkeys(hidden)
    if not found:
        return clear
    from bisect import bisect_left

    ends = [hit.end for hit in clear]
    merged = list(clear)
    for hit in found:
        at = bisect_left(ends, hit.start + 1)
        if at == len(clear) or clear[at].start >= hit.end:
            merged.append(hit)
    return sorted(merged, key=lambda hit: (hit.start, hit.end, hit.detector))


def _merged(hits: Iterable[Hit]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for hit in hits:
        if spans and hit.start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], hit.end))
        else:
            spans.append((hit.start, hit.end))
    return spans


# ------------------------------------------------------------------------------- many texts at once

_SEPARATOR: Final = "\n\x00\n"


# Files of one folder have much in common.
@lru_cache(maxsize=4096)
def _may_hold(text: str) -> bool:
    """Whether a text with a long word may hold a secret that has one."""
    return bool(_ranks_of_long(text, text.lower())) or decoding.may_hide(text)


def candidates(texts: Iterable[str]) -> set[str]:
    """Those of many texts that can hold a secret of some format: all others hold none.

    It costs much less than to look at each, and takes few that are none.
    """
    found = [text for text in texts if len(text) >= _SHORTEST]
    joined = _SEPARATOR.join(found)
    lower = joined.lower()
    if len(lower) != len(joined):
        # A few letters are longer in lower case, which would shift what stands behind.
        return set(found)
    from bisect import bisect_right
    from itertools import accumulate

    starts = list(accumulate((len(text) + len(_SEPARATOR) for text in found), initial=0))
    chosen: set[int] = set()

    def choose(place: int) -> int:
        index = bisect_right(starts, place) - 1
        chosen.add(index)
        return starts[index + 1]

    for word, _ in _NEEDLES:
        place = lower.find(word)
        while place >= 0:
            place = lower.find(word, choose(place))
    search = compiled(_LONG_WORD).search
    long = search(joined)
    while long is not None:
        index = bisect_right(starts, long.start()) - 1
        text = found[index]
        if index not in chosen and _may_hold(text):
            chosen.add(index)
        long = search(joined, starts[index + 1])
    place = joined.find("%")
    while place >= 0:
        place = joined.find("%", choose(place))
    return {found[index] for index in chosen}


# Words around a secret that may itself come from another part of an expression.
_CONTEXT: Final = (
    *("sig=", "code=", "accountkey=", "accesskey=", "sharedsecretvalue=", ";secret=", "password=", "pwd="),
    *("password =", "pwd =", "authorization:", "authorization="),
)


def has_context(text: str) -> bool:
    """Whether a text has a word that goes with a secret, which may be put beside it later."""
    lower = text.lower()
    return any(word in lower for word in _CONTEXT) or ("://" in lower and "@" in lower)


def has_checksum(detector: str) -> bool:
    """Whether the secrets of a format carry a checksum, so that one that is wrong tells something."""
    rank = _RANKS.get(detector)
    return rank is not None and DETECTORS[rank].checksum is not None
