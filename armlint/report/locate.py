"""Findings made independent of their text: lines, columns, excerpts with secrets masked."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.finding import Label
from armlint.jsontext import read
from armlint.registry import FAMILIES
from armlint.report import Entry, Excerpt, ExcerptLine, Mark, Mending, Place, Region, RuleInfo
from armlint.report.linehash import line_hashes
from armlint.report.redact import Redactor, Words, hide_in_pointer
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from armlint.edit import Fix
    from armlint.finding import Finding
    from armlint.jsontext import Document
    from armlint.report.redact import Mask
    from armlint.report.script import ScriptRedactor
    from armlint.rule import Rule
    from armlint.source import Span

RULES_URL: Final = "https://github.com/armlint/armlint/blob/main/rules"
# Of a longer line only this much on each side of what is marked is kept.
_WINDOW: Final = 400
_MAX_MARKS: Final = 12
# What rules of this family point at is a secret, also where others would stand.
_SECRETS: Final = "SEC"
_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")
_OTHER_PAGE: Final = re.compile(r"\]\((?=[A-Z]{2,8}[0-9]{3}-[a-z0-9-]+\.md\))")


def url_of(rule: Rule) -> str:
    """Where a rule's page can be read; empty for rules that did not come with armlint."""
    if rule.id.rstrip("0123456789") not in FAMILIES:
        return ""
    return f"{RULES_URL}/{rule.id}-{rule.name}.md"


def info(rule: Rule) -> RuleInfo:
    """What formats say about a rule."""
    return RuleInfo(
        id=rule.id,
        name=rule.name,
        title=rule.title,
        severity=rule.severity,
        summary=rule.page.summary,
        # Who reads it elsewhere has no other pages beside it.
        markdown=_OTHER_PAGE.sub(f"]({RULES_URL}/", rule.page.markdown),
        url=url_of(rule),
        tags=rule.tags,
    )


def locate(  # noqa: PLR0913 - what is known of the run
    findings: Sequence[Finding],
    document: Document | Source,
    rules: Mapping[str, Rule],
    *,
    marked: bool = False,
    hashes: bool = True,
    places: bool = False,
) -> tuple[Entry, ...]:
    """The findings of one file as entries, in the same order.

    `rules` holds the rules by id; `marked` says that the file starts with a byte order mark,
    which counts for the hashes of lines only; without `hashes` these are left out. `places` asks for
    what a baseline knows findings by. Of a script there is no document, but its source.
    """
    source = document if isinstance(document, Source) else document.source
    hashed: dict[int, str] = {}
    if hashes:
        lines = {source.position(finding.span.start).line for finding in findings}
        hashed = line_hashes(f"\ufeff{source.text}" if marked else source.text, lines)
    told: dict[int, list[Span]] = {}
    for finding in findings:
        if finding.rule.startswith(_SECRETS):
            for label in (Label(finding.span, ""), *finding.labels, *finding.flow):
                told.setdefault(id(label.source or source), []).append(label.span)
    shown = _Texts(told, Words(None if isinstance(document, Source) else document))
    shown.add(document)
    place_of = _placing(document) if places else None
    entries = []
    mended: dict[Fix | None, Mending | None] = {None: None}
    for finding in findings:
        fix = finding.fix
        if fix not in mended:
            mended[fix] = _mending(fix, shown, source, changes=hashes)
        place = shown.of(source).region(finding.span)
        entries.append(
            Entry(
                rule=finding.rule,
                name=finding.name,
                severity=finding.severity,
                message=shown.words.hide(finding.message),
                path=source.name,
                region=place,
                pointer=hide_in_pointer(finding.pointer),
                labels=tuple(_place(label, shown, source) for label in finding.labels),
                flow=tuple(_place(label, shown, source) for label in finding.flow),
                excerpts=tuple(_excerpts(finding, source, shown)),
                help=rules[finding.rule].help,
                url=url_of(rules[finding.rule]),
                line_hash=hashed.get(place.line, ""),
                fixable=fix is not None and fix.safe,
                mending=mended[fix],
                place="" if place_of is None else hide_in_pointer(place_of(finding.pointer)),
            )
        )
    return tuple(entries)


def _mending(fix: Fix | None, shown: _Texts, source: Source, *, changes: bool) -> Mending | None:
    if fix is None:
        return None
    made: tuple[tuple[Region, str], ...] = ()
    if changes:
        # SARIF alone tells of them.
        from armlint.report import changes as listed

        made = listed.changes(fix, shown.of(source).region)
    return Mending(shown.words.hide(fix.title), fix.safe, made)


def _placing(document: Document | Source) -> Callable[[str], str]:
    """What gives the place by which a baseline knows a finding."""
    from functools import partial

    from armlint.baseline import place

    return str if isinstance(document, Source) else partial(place, document)


def _place(label: Label, shown: _Texts, source: Source) -> Place:
    owner = shown.of(label.source or source)
    return Place(owner.source.name, owner.region(label.span), shown.words.hide(label.message))


def _excerpts(finding: Finding, source: Source, shown: _Texts) -> Iterator[Excerpt]:
    """The finding's lines with those of its labels in the same file, then those of other files."""
    marks: dict[int, list[_Marked]] = {}
    owners: dict[int, Source] = {}
    for number, label in enumerate((Label(finding.span, ""), *finding.labels[: _MAX_MARKS - 1])):
        owner = label.source or source
        owners[id(owner)] = owner
        message = shown.words.hide(label.message)
        marks.setdefault(id(owner), []).append(_Marked(label.span, message, primary=number == 0))
    for key, here in marks.items():
        yield shown.of(owners[key]).excerpt(here)


class _Texts:
    """The texts of a file's findings: its own, and those that labels lead to."""

    def __init__(self, told: Mapping[int, Sequence[Span]], words: Words) -> None:
        self._told = told
        self.words = words
        self._shown: dict[int, _Shown] = {}

    def add(self, document: Document | Source) -> _Shown:
        """Take a document as it was read, or the source of what is none."""
        source = document if isinstance(document, Source) else document.source
        told = self._told.get(id(source), ())
        redactor: Redactor | ScriptRedactor
        if isinstance(document, Source):
            # Few runs see a script.
            from armlint.report.script import ScriptRedactor

            redactor = ScriptRedactor(source, told)
        else:
            redactor = Redactor(document, told)
        made = self._shown[id(source)] = _Shown(source, redactor)
        return made

    def of(self, source: Source) -> _Shown:
        """The text of a source; another file's is read when it is first needed."""
        return self._shown.get(id(source)) or self.add(read(source))


class _Marked(NamedTuple):
    """A span to underline, what to say of it, and whether it is the finding itself."""

    span: Span
    message: str
    primary: bool


class _Shown:
    """One text on its way to readers: its columns and its lines, with what may be secret masked."""

    def __init__(self, source: Source, redactor: Redactor | ScriptRedactor) -> None:
        self.source = source
        self._redactor = redactor
        text = source.text
        # Offsets of the characters that count twice in UTF-16.
        self._wide = [] if text.isascii() else [match.start() for match in _ASTRAL.finditer(text)]

    def region(self, span: Span) -> Region:
        """A span as lines and columns."""
        return Region(*self._position(span.start), *self._position(span.end))

    def _position(self, offset: int) -> tuple[int, int]:
        line, column = self.source.position(offset)
        start = self.source.starts[line - 1]
        wide = bisect_left(self._wide, start + column - 1) - bisect_left(self._wide, start)
        return line, column + wide

    def excerpt(self, marked: Sequence[_Marked]) -> Excerpt:
        """The lines on which spans start, with the spans marked."""
        by_line: dict[int, list[_Marked]] = {}
        for item in marked:
            by_line.setdefault(self.source.position(item.span.start).line, []).append(item)
        lines: list[ExcerptLine] = []
        marks: list[Mark] = []
        for number in sorted(by_line):
            line = _Line(number)
            redactor, windows = self._redactor, self._windows(number, by_line[number])
            masks = redactor.masks
            if len(windows) > 1 and isinstance(redactor, Redactor):
                masks = redactor.masks_near
            for start, end in windows:
                line.add(self.source.text, start, end, masks)
            lines.append(ExcerptLine(number, line.text))
            marks.extend(line.mark(item) for item in by_line[number])
        return Excerpt(self.source.name, tuple(lines), tuple(marks))

    def _windows(self, number: int, marked: Sequence[_Marked]) -> list[tuple[int, int]]:
        """The parts of a line to show: all of it, or where it is long what surrounds the spans."""
        text, starts = self.source.text, self.source.starts
        start = starts[number - 1]
        end = starts[number] if number < len(starts) else len(text)
        while end > start and text[end - 1] in "\r\n":
            end -= 1
        if end - start <= 2 * _WINDOW:
            return [(start, end)]
        windows: list[tuple[int, int]] = []
        for span in sorted(item.span for item in marked):
            left, right = max(start, span.start - _WINDOW), min(end, span.start + _WINDOW)
            if windows and left <= windows[-1][1]:
                windows[-1] = (windows[-1][0], right)
            else:
                windows.append((left, right))
        # The first and the last tell, by what they lack, that the line goes on there.
        return [(start, start), *windows, (end, end)]


class _Line:
    """A line being put together from parts of the text, with masks applied."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.text = ""
        # Stretches of the text and where they went: offsets, then columns from 0.
        self._steps: list[tuple[int, int, int, int]] = []

    def add(self, text: str, start: int, end: int, masks: Callable[[int, int], Sequence[Mask]]) -> None:
        """Add the text between two offsets, behind an ellipsis where something was left out."""
        if self._steps and start > self._steps[-1][1]:
            self.text += "…"
        position = start
        for mask in masks(start, end):
            if mask.end > position:
                self._step(position, max(mask.start, position), text[position : mask.start])
                self._step(max(mask.start, position), min(mask.end, end), mask.text)
                position = mask.end
        self._step(position, end, text[position:end])

    def _step(self, start: int, end: int, shown: str) -> None:
        if start <= end:
            self._steps.append((start, end, len(self.text), len(self.text) + len(shown)))
            self.text += shown

    def mark(self, item: _Marked) -> Mark:
        """The mark of a span that starts in one of the parts."""
        start, _ = self._columns(item.span.start)
        _, end = self._columns(item.span.end)
        return Mark(self.number, start, max(start, end), item.message, item.primary)

    def _columns(self, offset: int) -> tuple[int, int]:
        """Where an offset went: one column, or both ends of the mask that hides it.

        What was left out counts as the end of what stands before it.
        """
        column = 0
        for start, end, shown_start, shown_end in self._steps:
            if offset < start:
                break
            if offset == start or offset >= end:
                column = shown_start if offset == start else shown_end
            elif end - start == shown_end - shown_start:
                column = shown_start + offset - start
            else:
                return shown_start, shown_end
        return column, column
