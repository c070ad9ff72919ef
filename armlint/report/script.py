"""Keeps secrets out of the shown lines of scripts and documents.

In a script, unlike in JSON, nothing says what a word is but the word itself. So only what is surely no
secret is shown: the names of tools, cmdlets, flags and settings, short words of Azure's vocabulary, signs.
Everything else keeps three characters, or fewer of what is short, and its length.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from armlint.report.redact import Mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from armlint.source import Source, Span

_SHOWN: Final = 3
_SHARE: Final = 4
_HARMLESS: Final = re.compile(
    r"""
    --[a-z]+(?:-[a-z]+){0,5}                                     # a flag of az
  | -[A-Z][A-Za-z]{1,40}                                         # … of a cmdlet
  | -[a-z]
  | (?:Add|Convert(?:To|From)|Get|Invoke|New|Publish|Remove|Set|Update|Write)-[A-Z][A-Za-z]{1,60}
  | az|vm|vmss|extension|connectedmachine|run-command|set|create|update|invoke|deployment|group|login
  | acr
  | sql|server|keyvault|secret|storage|account|container|webapp|config|appsettings|postgres|mysql
  | run|script|inlineScript|bash|pwsh|powershell|name|steps|settings|protectedSettings|publisher|version
  | commandToExecute|fileUris|script|timestamp|storageAccountName|storageAccountKey|managedIdentity
  | workspaceId|workspaceKey|Password|User|Options|Restart|UserName|sh|sudo|export|true|false
  | Microsoft(?:\.[A-Z][A-Za-z]{1,30}){1,4}|CustomScript(?:Extension)?(?:ForLinux)?|JsonADDomainExtension
  | RunShellScript|RunPowerShellScript
    """,
    re.VERBOSE,
)
# Words, and the signs between them.
_WORD: Final = re.compile(r"[^\s\"'`{}\[\]()=:,;|<>@$&\\]++")


class ScriptRedactor:
    """Finds what to mask in the text of a script; at the places `told`, a rule says, a secret stands."""

    def __init__(self, source: Source, told: Iterable[Span] = ()) -> None:
        self._text = source.text
        self._told = sorted(told)
        self._ends = list(accumulate((span.end for span in self._told), max))

    def masks(self, start: int, end: int) -> list[Mask]:
        """What to mask between two offsets, in order and without overlaps."""
        found: list[Mask] = []
        last = start
        first = bisect_left(self._ends, start)
        for span in self._told[first:]:
            if span.start >= end:
                break
            if span.end > last:
                found.extend(self._words(last, max(span.start, last)))
                found.append(_mask(self._text, max(span.start, last), span.end))
                last = span.end
        found.extend(self._words(last, end))
        return found

    def _words(self, start: int, end: int) -> Iterator[Mask]:
        for word in _WORD.finditer(self._text, start, max(start, end)):
            if not _HARMLESS.fullmatch(word[0]):
                yield _mask(self._text, *word.span())


def _mask(text: str, start: int, end: int) -> Mask:
    shown = min(_SHOWN, (end - start) // _SHARE)
    kept = text[start : start + shown].partition("\n")[0].partition("\r")[0]
    return Mask(start, end, f"{kept}…({end - start})")
