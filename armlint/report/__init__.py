"""What a run has to tell, made independent of the texts it came from.

`Report` is the one value that every format renders. Places are resolved to lines and columns and
excerpts are cut out (with secrets masked) before a `Report` is made, so that a run over many
files keeps only what it will print, and a worker process can send its share back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from armlint.finding import Severity


class Region(NamedTuple):
    """A range of a file as SARIF counts: from 1, columns in UTF-16 code units, end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Place(NamedTuple):
    """A region of a file and what is to be said about it."""

    path: str
    region: Region
    message: str


class ExcerptLine(NamedTuple):
    """One line of a file for showing: its number from 1 and its text, secrets masked."""

    number: int
    text: str


class Mark(NamedTuple):
    """Characters of an excerpt line to underline: `text[start:end]`, code points from 0.

    `start == end` marks the place between two characters. `primary` is the finding itself,
    the others are its labels.
    """

    line: int
    start: int
    end: int
    message: str
    primary: bool


class Excerpt(NamedTuple):
    """Lines of one file with the marks on them; lines ascend and may have gaps."""

    path: str
    lines: tuple[ExcerptLine, ...]
    marks: tuple[Mark, ...]


class Mending(NamedTuple):
    """What would mend a finding: in words, and whether that is safe.

    `changes` are regions of the finding's file with what is put in their place, by place; they are left
    out where they are not asked for, and where they hold what may be a secret.
    """

    title: str
    safe: bool
    changes: tuple[tuple[Region, str], ...] = ()


class Waived(NamedTuple):
    """Why a finding is left out: `inside` tells that its file says so; `known` that the baseline has it."""

    inside: bool
    reason: str
    known: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding, ready for any format. `excerpts[0]` is of the finding's own file."""

    rule: str
    name: str
    severity: Severity
    message: str
    path: str
    region: Region
    pointer: str
    labels: tuple[Place, ...]
    flow: tuple[Place, ...]
    excerpts: tuple[Excerpt, ...]
    help: str
    url: str
    line_hash: str
    """GitHub's `primaryLocationLineHash` of the finding's first line."""
    fixable: bool = False
    """Whether `--fix` mends it."""
    mending: Mending | None = None
    """What would mend it, if anything."""
    place: str = ""
    """What a baseline knows the finding by, besides its file and rule; empty where none is in use."""
    waived: Waived | None = None


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """What a format may say about a rule that was on in this run."""

    id: str
    name: str
    title: str
    severity: Severity
    summary: str
    """The first paragraph of the page, plain text."""
    markdown: str
    """The page without its rule fence."""
    url: str
    tags: tuple[str, ...]


class Notice(NamedTuple):
    """Something about a file, or about the run where `path` is None, that is not a finding."""

    path: str | None
    message: str
    level: str = "note"
    """`note`, `warning` or `error`, as SARIF's notifications have it."""


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run. `entries` are sorted by path, line, column and rule."""

    version: str
    entries: tuple[Entry, ...]
    notices: tuple[Notice, ...]
    rules: tuple[RuleInfo, ...]
    files: int
    templates: int
    skipped: int
    suppressed: int
    failed: bool
    """True when findings stand at or above `--fail-on`: the exit status is 1."""
    hidden: tuple[Entry, ...] = ()
    """What is left out, where it is asked for; sorted as `entries` are."""
    compared: bool = False
    """Whether a baseline was in use."""
    fixed: int = 0
    """How many fixes were made; the entries are what is left."""

    def count(self, severity: Severity) -> int:
        """How many entries have this severity."""
        return sum(1 for entry in self.entries if entry.severity is severity)
