"""Findings made independent of their text: lines, columns, excerpts with secrets masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from armlint.report import Entry, Excerpt, ExcerptLine, Mark, Place, Region, RuleInfo
from armlint.report.linehash import line_hashes
from armlint.report.redact import masks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from armlint.finding import Finding, Label
    from armlint.jsontext import Document
    from armlint.report.redact import Mask
    from armlint.rule import Rule
    from armlint.source import Source, Span

RULES_URL: Final = "https://github.com/armlint/armlint/blob/main/rules"
# Of a longer line only this much on each side of the finding is kept.
_WINDOW: Final = 400
_MAX_MARKS: Final = 12


def url_of(rule: Rule) -> str:
    """Where a rule's page can be read."""
    return f"{RULES_URL}/{rule.id}-{rule.name}.md"


def info(rule: Rule) -> RuleInfo:
    """What formats say about a rule."""
    return RuleInfo(
        id=rule.id,
        name=rule.name,
        title=rule.title,
        severity=rule.severity,
        summary=rule.page.summary,
        markdown=rule.page.markdown,
        url=url_of(rule),
        tags=rule.tags,
    )


def locate(
    findings: Sequence[Finding], document: Document, rules: Mapping[str, Rule], *, marked: bool = False
) -> tuple[Entry, ...]:
    """The findings of one file as entries, in the same order.

    `rules` holds the rules by id; `marked` says that the file starts with a byte order mark,
    which counts for the hashes of lines only.
    """
    source = document.source
    lines = {source.position(finding.span.start).line for finding in findings}
    hashes = line_hashes(f"\ufeff{source.text}" if marked else source.text, lines) if lines else {}
    entries = []
    for finding in findings:
        place = region(source, finding.span)
        entries.append(
            Entry(
                rule=finding.rule,
                name=finding.name,
                severity=finding.severity,
                message=finding.message,
                path=source.name,
                region=place,
                pointer=finding.pointer,
                labels=tuple(_place(label, source) for label in finding.labels),
                flow=tuple(_place(label, source) for label in finding.flow),
                excerpts=(_excerpt(finding, document),),
                help=rules[finding.rule].help,
                url=url_of(rules[finding.rule]),
                line_hash=hashes.get(place.line, ""),
            )
        )
    return tuple(entries)


def region(source: Source, span: Span) -> Region:
    """A span as lines and columns."""
    start, end = source.position(span.start), source.position(span.end)
    return Region(start.line, source.utf16_column(span.start), end.line, source.utf16_column(span.end))


def _place(label: Label, source: Source) -> Place:
    owner = label.source or source
    return Place(owner.name, region(owner, label.span), label.message)


def _excerpt(finding: Finding, document: Document) -> Excerpt:
    """The finding's line and those of its labels in the same file."""
    source = document.source
    spans = [(finding.span, "", True)]
    spans += [(label.span, label.message, False) for label in finding.labels if label.source is None]
    by_line: dict[int, list[tuple[Span, str, bool]]] = {}
    for span, message, primary in spans[:_MAX_MARKS]:
        by_line.setdefault(source.position(span.start).line, []).append((span, message, primary))
    lines: list[ExcerptLine] = []
    marks: list[Mark] = []
    for number in sorted(by_line):
        line, shown = _line(document, number, by_line[number])
        lines.append(line)
        marks.extend(shown)
    return Excerpt(source.name, tuple(lines), tuple(marks))


def _line(
    document: Document, number: int, spans: Sequence[tuple[Span, str, bool]]
) -> tuple[ExcerptLine, list[Mark]]:
    source = document.source
    start = source.starts[number - 1]
    end = start + len(source.line(number))
    first = spans[0][0].start
    window_start, window_end = start, end
    if end - start > 2 * _WINDOW:
        window_start, window_end = max(start, first - _WINDOW), min(end, first + _WINDOW)
    hidden = masks(document, window_start, window_end)
    text, place = _shown(source.text, window_start, window_end, hidden)
    if window_start > start:
        text = f"…{text}"
    if window_end < end:
        text = f"{text}…"
    shift = 1 if window_start > start else 0
    marks = []
    for span, message, primary in spans:
        if window_start <= span.start <= window_end:
            from_, to = place(span.start) + shift, place(min(span.end, window_end)) + shift
            marks.append(Mark(number, from_, max(from_, to), message, primary))
    return ExcerptLine(number, text), marks


def _shown(text: str, start: int, end: int, hidden: Sequence[Mask]) -> tuple[str, _Places]:
    """The characters between two offsets with masks applied, and where offsets went."""
    pieces: list[str] = []
    places = _Places(start)
    position, length = start, 0
    for mask in hidden:
        from_, to = max(mask.start, start), min(mask.end, end)
        if from_ < position:
            continue
        length += from_ - position + len(mask.text)
        pieces += [text[position:from_], mask.text]
        places.steps.append((from_, to, length - len(mask.text), length))
        position = to
    pieces.append(text[position:end])
    return "".join(pieces), places


class _Places:
    """Where an offset of the text is in what is shown, counted from its first character."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.steps: list[tuple[int, int, int, int]] = []

    def __call__(self, offset: int) -> int:
        shift = -self.start
        for start, end, shown_start, shown_end in self.steps:
            if offset <= start:
                break
            if offset < end:
                return min(shown_start + offset - start, shown_end)
            shift = shown_end - end
        return offset + shift
