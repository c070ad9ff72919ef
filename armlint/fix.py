"""Applies fixes until nothing is left to fix, and never leaves a text worse than it was.

A turn takes all fixes that do not get in each other's way, makes them, and has the result checked. What
reads worse, a syntax error more or a finding more of a rule that is as grave as those mended, is not
taken: half of the fixes is tried instead, down to the one that is to blame, which is left out for good.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.edit import apply
from armlint.jsontext import DUPLICATES, ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from armlint.edit import Edit
    from armlint.finding import Finding
    from armlint.jsontext import Document

_MOST_TURNS: Final = 100
# So often a text is checked for one that is worse; each costs as much as checking the file.
_MOST_TRIES: Final = 200


class State(NamedTuple):
    """A text as it reads: what rules say of it, and how many `mistakes` it has as JSON."""

    text: str
    findings: Sequence[Finding]
    errors: int


def mistakes(document: Document) -> int:
    """How many syntax errors a text has, and names that stand twice in an object."""
    return sum(problem.kind in ERRORS or problem.kind in DUPLICATES for problem in document.problems)


class Fixed(NamedTuple):
    """What came of fixing: how the text reads now, how many fixes were made, and those that made it worse."""

    state: State
    made: int
    refused: tuple[Finding, ...] = ()


def fix(state: State, read: Callable[[str], State | None], *, unsafe: bool) -> Fixed:
    """Fix what can be fixed, with `unsafe` also by guessing; `read` tells how a text reads.

    `read` gives None for a text that cannot be judged, which is then worse than any.
    """
    count = tries = 0
    refused: dict[tuple[str, str, str], Finding] = {}
    for _ in range(_MOST_TURNS):
        offered = [
            finding
            for finding in state.findings
            if finding.fix is not None and (finding.fix.safe or unsafe) and _identity(finding) not in refused
        ]
        chosen = choose(offered)
        better: State | None = None
        while chosen and tries < _MOST_TRIES:
            tries += 1
            better = _better(state, chosen, read)
            if better is not None:
                break
            if len(chosen) == 1:
                refused[_identity(chosen[0])] = chosen[0]
                break
            chosen = chosen[: len(chosen) // 2]
        if better is not None:
            count += len(chosen)
            state = better
        elif not chosen or tries >= _MOST_TRIES:
            break
    return Fixed(state, count, tuple(refused.values()))


def _identity(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.pointer, finding.message


def choose(findings: Iterable[Finding]) -> list[Finding]:
    """Findings whose fixes can be made together, by place; one of several with the same fix.

    What two fixes put at one place is kept apart unless each brings its own comma.
    """
    offered = [finding for finding in findings if finding.fix is not None and finding.fix.edits]
    offered.sort(key=lambda finding: _edits(finding)[0])
    chosen: list[Finding] = []
    seen: set[tuple[Edit, ...]] = set()
    places = _Places()
    for finding in offered:
        edits = _edits(finding)
        if edits not in seen and all(map(places.free, edits)):
            seen.add(edits)
            for edit in edits:
                places.take(edit)
            chosen.append(finding)
    return chosen


def _edits(finding: Finding) -> tuple[Edit, ...]:
    return () if finding.fix is None else finding.fix.edits


class _Places:
    """Which places of a text are taken by edits."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._insertions: list[int] = []
        self._commas: dict[int, str] = {}
        self._keys: dict[int, set[str]] = {}

    def free(self, edit: Edit) -> bool:
        """Whether an edit has nothing to do with those that took their place."""
        if edit.start == edit.end:
            comma = self._commas.get(edit.start)
            if comma is not None and (not comma or comma != _comma(edit.text)):
                return False
            if comma is not None and _key(edit.text) in self._keys[edit.start]:
                return False
            before = bisect_right(self._starts, edit.start) - 1
            return before < 0 or self._ends[before] < edit.start
        after = bisect_left(self._starts, edit.start)
        if after and self._ends[after - 1] > edit.start:
            return False
        if after < len(self._starts) and self._starts[after] < edit.end:
            return False
        inside = bisect_left(self._insertions, edit.start)
        return inside == len(self._insertions) or self._insertions[inside] > edit.end

    def take(self, edit: Edit) -> None:
        """Take the place of an edit."""
        if edit.start < edit.end:
            index = bisect_left(self._starts, edit.start)
            self._starts.insert(index, edit.start)
            self._ends.insert(index, edit.end)
            return
        if edit.start not in self._commas:
            insort(self._insertions, edit.start)
            self._commas[edit.start] = _comma(edit.text)
            self._keys[edit.start] = set()
        key = _key(edit.text)
        if key is not None:
            self._keys[edit.start].add(key)


def _comma(text: str) -> str:
    """On which side an insertion brings its comma; empty for none, or nothing but a comma."""
    if len(text) < 2:  # noqa: PLR2004 - a comma and something
        return ""
    return "before" if text[0] == "," else "behind" if text[-1] == "," else ""


_KEY: Final = re.compile(
    r"""(?:[\s,]|//[^\r\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+("(?:[^"\\]|\\.)*+")\s*+:""", re.DOTALL
)


def _key(text: str) -> str | None:
    """The name of the first member that an insertion brings, as written but for letter case."""
    match = _KEY.match(text)
    return None if match is None else match[1].lower()


def _better(state: State, chosen: Sequence[Finding], read: Callable[[str], State | None]) -> State | None:
    """How a text reads with fixes made; None where it reads worse, or no better."""
    edits = sorted((edit for finding in chosen for edit in _edits(finding)), key=lambda edit: edit[:2])
    text = apply(state.text, edits)
    after = None if text == state.text else read(text)
    if after is None or after.errors > state.errors:
        return None
    gravest = min(finding.severity.rank for finding in chosen)
    before = Counter(finding.rule for finding in state.findings)
    more = Counter(finding.rule for finding in after.findings) - before
    if any(finding.rule in more and finding.severity.rank <= gravest for finding in after.findings):
        return None
    return after
