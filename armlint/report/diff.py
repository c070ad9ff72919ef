"""A change of a file as a unified diff for reading: secrets are masked, so it cannot be applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from armlint.jsontext import read
from armlint.report.redact import Redactor
from armlint.report.text import printable
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from armlint.finding import Finding
    from armlint.fix import State
    from armlint.source import Span

_CONTEXT: Final = 3
# Of a longer line only this much is shown.
_WIDEST: Final = 400
_SECRETS: Final = "SEC"


def render(name: str, before: State, after: State) -> str:
    """The change of a text, as `diff -u` has it, every line ended by a line feed; empty where there is none.

    `name` is the file's. What rules on secrets tell of is masked, as is all else that may be one.
    """
    old, new = (_Lines(Source(state.text, name), _told(state.findings)) for state in (before, after))
    lines: list[str] = []
    for group in _groups(old.lines, new.lines):
        (_, first, _, start, _), (_, _, last, _, end) = group[0], group[-1]
        lines.append(f"@@ -{_range(first, last)} +{_range(start, end)} @@")
        for tag, old_start, old_end, new_start, new_end in group:
            if tag == "equal":
                lines += [f" {old.shown(number)}" for number in range(old_start, old_end)]
                continue
            lines += [f"-{old.shown(number)}" for number in range(old_start, old_end)]
            lines += [f"+{new.shown(number)}" for number in range(new_start, new_end)]
    if not lines:
        return ""
    name = printable(name)
    return "".join(f"{line}\n" for line in (f"--- {name}", f"+++ {name}", *lines))


def _told(findings: Iterable[Finding]) -> list[Span]:
    """Where rules on secrets tell of one."""
    spans = []
    for finding in findings:
        if finding.rule.startswith(_SECRETS):
            labels = (*finding.labels, *finding.flow)
            spans += [finding.span, *(label.span for label in labels if label.source is None)]
    return spans


_Step = tuple[str, int, int, int, int]


def _groups(old: Sequence[str], new: Sequence[str]) -> Iterator[list[_Step]]:
    """The changed stretches with what surrounds them. What both have at the ends is not compared further."""
    from difflib import SequenceMatcher

    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    if head == len(old) == len(new):
        return
    first, behind = max(0, head - _CONTEXT), max(0, tail - _CONTEXT)
    matcher = SequenceMatcher(None, old[first : len(old) - behind], new[first : len(new) - behind])
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        yield [(tag, a + first, b + first, c + first, d + first) for tag, a, b, c, d in group]


def _range(start: int, end: int) -> str:
    """Lines as a diff counts them: from 1, with how many there are unless it is one."""
    count = end - start
    return f"{start + 1}" if count == 1 else f"{start + bool(count)},{count}"


class _Lines:
    """The lines of a text, and how they are shown."""

    def __init__(self, source: Source, told: Sequence[Span]) -> None:
        starts = source.starts
        ends = [*starts[1:], len(source.text)]
        self.lines = [source.text[start:end] for start, end in zip(starts, ends, strict=True)]
        if self.lines[-1] == "":
            self.lines.pop()
        self._source = source
        self._redactor = Redactor(read(source), told)

    def shown(self, number: int) -> str:
        """A line, counted from 0, with what may be secret masked."""
        text, start = self._source.text, self._source.starts[number]
        end = start + len(self.lines[number].rstrip("\r\n"))
        parts: list[str] = []
        position = start
        for mask in self._redactor.masks(start, end):
            if mask.end > position:
                parts += (text[position : max(mask.start, position)], mask.text)
                position = mask.end
        parts.append(text[position:end])
        shown = "".join(parts)
        return printable(shown if len(shown) <= _WIDEST else f"{shown[:_WIDEST]}…")
