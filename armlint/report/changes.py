"""What a fix changes, made independent of its text; left out where it would carry a secret away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from armlint.jsontext import read
from armlint.report.redact import Redactor
from armlint.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from armlint.edit import Fix
    from armlint.report import Region

# A longer fix is not worth its place in a report.
_MOST: Final = 4000
# Names that edits put in the place of others.
_NAMES: Final = frozenset({'"protectedSettings"'})


def changes(fix: Fix, region: Callable[[Span], Region]) -> tuple[tuple[Region, str], ...]:
    """The regions that a fix changes, each with its new text; none where it is long or may hold a secret."""
    size = sum(len(edit.text) for edit in fix.edits)
    if size > _MOST or not all(harmless(edit.text) for edit in fix.edits):
        return ()
    return tuple((region(Span(edit.start, edit.end)), edit.text) for edit in fix.edits)


def harmless(text: str) -> bool:
    """Whether nothing in a piece of JSON would be masked in a report.

    What cannot be read as a value, as items or as members is not.
    """
    bare = text.strip(", \t\r\n")
    if not bare or bare in _NAMES:
        return True
    for opener, closer in (("{", "}"), ("[", "]")):
        wrapped = f"{opener}{bare}{closer}"
        document = read(Source(wrapped))
        if not document.errors:
            return not Redactor(document).masks(0, len(wrapped))
    return False
