"""The words in which a rule speaks: severity, finding, label."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from armlint.edit import Fix
    from armlint.source import Source, Span


class Severity(StrEnum):
    """How grave a finding is; in this order."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the gravest; for sorting and for `--fail-on`."""
        return _RANK[self]


_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


class Label(NamedTuple):
    """A second place that a finding needs: "declared here", "flows through this variable".

    `span` is in `source`, or in the finding's own text where `source` is None.
    """

    span: Span
    message: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says about a span of a text.

    `span` is in code points of the text that was checked; `pointer` is the JSON Pointer of the
    offending member, or of the object that lacks it. `flow` holds the steps from where a value
    starts to where it does harm, in order; empty unless the rule follows values. `covers` are
    pointers of further members where rules that this one supersedes need not speak.
    """

    rule: str
    name: str
    severity: Severity
    message: str
    span: Span
    pointer: str = ""
    labels: tuple[Label, ...] = ()
    flow: tuple[Label, ...] = ()
    fix: Fix | None = None
    covers: tuple[str, ...] = ()
