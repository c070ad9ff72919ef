"""In which templates of a file a secret can come up at all; in the others there is none to be followed."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from armlint.arm.flow import SHOWN_BY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from armlint.arm.template import Template

# All of this looks at the text of a file in lower case, for words first, since a search for a pattern
# takes many times as long.
_SECURE: Final = re.compile(r"secure(?:string|object)")
# A call of any list operation. White space around its name may be written as an escape.
_LISTS: Final = re.compile(r"(?:(?<![\w$])|(?<=\\[nrtbf]))list[\w$]*+\s*+[(\\]")
# A name of a member, also in a text or an expression.
_NAMED: Final = re.compile(r"(?<=[\"'])reference[\"'\\]")


def origins(templates: Iterable[Template], folded: str, *, linked: bool) -> frozenset[int]:
    """The numbers of the scopes in which a secret can start, or come back from a nested deployment.

    `templates` are all of one file that have a scope of their own; `folded` is its text in lower case;
    `linked` tells whether templates in other files may be read. Into the other scopes secrets come through
    their parameters only. This goes by the text and the declarations alone: wherever these leave a doubt,
    the scope is in the answer.
    """
    ordered = sorted(templates, key=lambda template: template.node.start)
    numbers = [template.scope.number for template in ordered]
    if not ordered:
        return frozenset()
    document = ordered[0].document
    text = document.source.text
    readable = "\\u" not in text and len(folded) == len(text) and not document.errors
    given = any(template.declared.given is not None for template in ordered)
    reads = _all("reference", folded)
    # A reference may be one to a secret in Key Vault.
    if not readable or given or any(_NAMED.match(folded, place) for place in reads):
        return frozenset(numbers)
    places = _Places(ordered)
    lists = [place for place in _all("list", folded) if _LISTS.match(folded, place)]
    starting = places.of(lists + (_all("templatelink", folded) if linked else []))
    reading = places.of(reads)
    # What is read of a resource may be named in another template.
    if any(max(filter(None, path), key=len) in folded for path in SHOWN_BY):
        starting |= reading
    found = set()
    # From the inside out: what is nested in a template stands behind it.
    back = set()
    for index in range(len(ordered) - 1, -1, -1):
        if index in starting or _declares(ordered[index], folded) or (index in back and index in reading):
            found.add(numbers[index])
            back.add(places.around[index])
    return frozenset(found)


def _all(word: str, folded: str) -> list[int]:
    """Where a word stands in a text."""
    found = []
    place = folded.find(word)
    while place >= 0:
        found.append(place)
        place = folded.find(word, place + len(word))
    return found


def _declares(template: Template, folded: str) -> bool:
    """Whether a template declares a parameter or a type that may be secure."""
    sections = map(template.node.get, ("parameters", "definitions"))
    return any(
        section and "secure" in (text := folded[section.start : section.end]) and _SECURE.search(text)
        for section in sections
    )


class _Places:
    """Tells which of several templates, in the order of the text, a place is in: the innermost one."""

    def __init__(self, templates: Sequence[Template]) -> None:
        self._starts = [template.node.start for template in templates]
        self._ends = [template.node.end for template in templates]
        self.around: list[int] = []
        """For each template the position of the one it is nested in; -1 for none."""
        for index, start in enumerate(self._starts):
            self.around.append(self._within(index - 1, start))

    def _within(self, index: int, place: int) -> int:
        while index >= 0 and self._ends[index] <= place:
            index = self.around[index]
        return index

    def of(self, places: Iterable[int]) -> set[int]:
        """The templates that these places are in."""
        return {self._within(bisect_right(self._starts, place) - 1, place) for place in places}
