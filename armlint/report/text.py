"""The report for people: every finding with its source lines and the characters in question underlined.

Also home to what formats for readers share: how a text is made harmless, how a place and a count are said.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from armlint.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from armlint.report import Entry, Excerpt, Mark, Notice, Report

    Paint = Callable[[str, str], str]

# Characters that a reader would not see, or that a terminal would act on: controls, bidi controls, zero-width
# and other format characters, lone surrogates. And the second "#" of what a build agent would take for a
# command anywhere in a line ("##vso[…]", "##[…]"): a template must not speak to the agent through its report.
_HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]|(?<=#)#(?=(?i:vso)?\[)"
)

_WEB = re.compile(r"https?://[^/\s]", re.IGNORECASE)
# Quotes, brackets and asterisks may be part of a URL, but would end a link in Markdown or become markup.
_NOT_IN_LINKS = re.compile(r"[^A-Za-z0-9._~:/?#@!$&+,;=%-]|%(?![0-9A-Fa-f]{2})")

# Words, numbers of issues and versions, dates.
_WORD = re.compile(
    r"""[("']?(?:[^\W\d_]{1,20}(?:['/-][^\W\d_]{1,20}){0,4}|\#?[A-Za-z]{0,8}[-\#]?[0-9.-]{1,10}|\W{1,3})"""
    r"""[.,;:!?)"']{0,3}"""
)
_MOST_WORDS = 100

_TAB = 4
_ROOM = 160
_LEAST_ROOM = 40
_BOLD = "1"
_GUTTER = "1;34"
_LABEL = "1;34"
_SEVERITY = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;36"}
_LEVEL = {"error": "1;31", "warning": "1;33", "note": "1;36"}
# Shown files that are no JSON: scripts, pipelines and documents with command lines in them.
_OTHER_LANGUAGE = re.compile(r"\.(?:sh|bash|ps[dm]?1|cmd|bat|py|ya?ml|md|markdown|txt)\Z", re.IGNORECASE)


def utf8(text: str) -> str:
    """Replace lone surrogates by U+FFFD, so that `text` can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def printable(text: str) -> str:
    """Bring `text` on one line, with everything visible that hides or that a terminal would obey."""
    return _HIDDEN.sub(_reveal, utf8(text))


def shown_path(path: str) -> str:
    """Make a path printable; one that would begin a line like a workflow command gets a `./`."""
    path = printable(path)
    # One colon is enough, as the next one may be that before the line number.
    return f"./{path}" if path.lstrip().startswith(":") else path


def web_link(url: str) -> str:
    """Percent-encode a URL of the web as far as it is needed anywhere; anything else becomes empty."""
    return _NOT_IN_LINKS.sub(_percent_encoded, utf8(url)) if _WEB.match(url) else ""


def shown_reason(reason: str) -> str:
    """Tell why a finding is left out, on one line: of its words, those that anyone may see.

    Whoever wrote it may have put there what the finding is about.
    """
    return printable(" ".join(map(_shown_word, reason.split()[:_MOST_WORDS])))


def _shown_word(word: str) -> str:
    return word if _WORD.fullmatch(word) else f"{word[:3]}…({len(word)})"


def by_place(entry: Entry) -> tuple[str, int, int, str]:
    """What the entries of a report are sorted by."""
    return entry.path, entry.region.line, entry.region.column, entry.rule


def headline(entry: Entry) -> str:
    """Tell a finding on one line: `path:line:column: ERROR SEC201 message`."""
    return f"{_place(entry)}: {entry.severity.upper()} {printable(entry.rule)} {printable(entry.message)}"


def plural(number: int, noun: str) -> str:
    """`1 error`, `2 errors`; "info" has no plural."""
    return f"{number} {noun}" if number == 1 or noun == "info" else f"{number} {noun}s"


def summary(report: Report) -> str:
    """Tell the run in one sentence: "Found 3 errors, 1 warning in 2 templates (5 files, 3 skipped)."."""
    counts = [plural(report.count(severity), severity) for severity in Severity if report.count(severity)]
    where = plural(report.templates, "template")
    left_out = {"skipped": report.skipped, "suppressed": report.suppressed}
    aside = [plural(report.files, "file"), *(f"{count} {what}" for what, count in left_out.items() if count)]
    done = f"Fixed {plural(report.fixed, 'problem')}. " if report.fixed else ""
    if counts:
        return f"{done}Found {', '.join(counts)} in {where} ({', '.join(aside)})."
    found = f"{done}No problems {'left' if done else 'found'} in {where}"
    return found + (f" ({', '.join(aside)})." if any(left_out.values()) else ".")


def render(  # noqa: PLR0913 - as many choices as the command has
    report: Report,
    *,
    color: bool,
    width: int | None = None,
    quiet: bool = False,
    verbose: bool = False,
    statistics: bool = False,
) -> str:
    """Write the report as text, lines ended by a line feed.

    `width` is that of the terminal, None where there is none: longer source lines are cut to a window around
    their marks. `quiet` leaves out the summary and every notice short of an error; `verbose` adds each rule's
    page, the way of a value and the notices of skipped files. `statistics` counts the findings of each rule
    instead of telling them.
    """
    paint = _painted if color else _unpainted
    if statistics:
        blocks = [_statistics(report.entries, paint)] if report.entries else []
    else:
        shown = (*report.entries, *report.hidden)
        ordered = sorted(shown, key=by_place) if report.hidden else shown
        blocks = [_block(entry, paint, width, verbose=verbose) for entry in ordered]
    levels = ("error",) if quiet else ("error", "warning", "note") if verbose else ("error", "warning")
    notices = [_notice(notice, paint) for notice in report.notices if notice.level in levels]
    if notices:
        blocks.append("\n".join(notices))
    if not quiet:
        last = paint(summary(report), _BOLD)
        fixable = sum(1 for entry in report.entries if entry.fixable)
        unsafe = sum(1 for entry in report.entries if entry.mending is not None and not entry.mending.safe)
        told = [f"{fixable} fixable with --fix"] if fixable else []
        if unsafe:
            told.append(f"{unsafe} {'more' if fixable else 'fixable'} with --unsafe-fixes")
        if told:
            last += f"\n{', '.join(told)}."
        blocks.append(last)
    return utf8("\n\n".join(blocks) + "\n") if blocks else ""


def _statistics(entries: Sequence[Entry], paint: Paint) -> str:
    """One line for each rule that found something, the most frequent first."""
    counts: dict[str, int] = {}
    fixable: dict[str, int] = {}
    for entry in entries:
        counts[entry.rule] = counts.get(entry.rule, 0) + 1
        fixable[entry.rule] = fixable.get(entry.rule, 0) + entry.fixable
    first = {entry.rule: entry for entry in reversed(entries)}
    rows = []
    wide = len(str(max(counts.values())))
    for rule in sorted(counts, key=lambda rule: (-counts[rule], rule)):
        entry = first[rule]
        severity = paint(f"{entry.severity:<7}", _SEVERITY[entry.severity])
        mends = f" [{fixable[rule]} fixable]" if fixable[rule] else ""
        rows.append(f"{counts[rule]:>{wide}}  {severity}  {printable(rule)}  {printable(entry.name)}{mends}")
    return "\n".join(rows)


def _painted(text: str, style: str) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if style and text else text


def _unpainted(text: str, _style: str) -> str:
    return text


def _reveal(match: re.Match[str]) -> str:
    char = match[0]
    if char < " ":
        return chr(ord("\u2400") + ord(char))
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"
    return "\u2421" if char == "\x7f" else f"<U+{ord(char):04X}>"


def _percent_encoded(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def _place(entry: Entry) -> str:
    return f"{shown_path(entry.path)}:{entry.region.line}:{entry.region.column}"


def _notice(notice: Notice, paint: Paint) -> str:
    who = "armlint" if notice.path is None else shown_path(notice.path)
    return f"{who}: {paint(f'{notice.level}:', _LEVEL.get(notice.level, ''))} {printable(notice.message)}"


def _block(entry: Entry, paint: Paint, width: int | None, *, verbose: bool) -> str:
    style = _SEVERITY[entry.severity]
    name = paint(f"{entry.severity.upper()} {printable(entry.rule)}", style)
    rows = [f"{_place(entry)}: {name} {paint(printable(entry.message), _BOLD)}"]
    gutter = max((len(str(line.number)) for excerpt in entry.excerpts for line in excerpt.lines), default=1)
    room = max(_LEAST_ROOM, _ROOM if width is None else width - gutter - 3)
    margin = " " * gutter
    bar = paint(f"{margin} |", _GUTTER)
    for number, excerpt in enumerate(entry.excerpts):
        if number or excerpt.path != entry.path:
            rows.append(f"{paint(f'{margin}-->', _GUTTER)} {_other_place(excerpt, entry)}")
        rows += [bar, *_excerpt(excerpt, paint, gutter, room, style)] if excerpt.lines else []
    notes = list(_notes(entry, paint, verbose=verbose))
    if entry.waived is not None:
        why = shown_reason(entry.waived.reason)
        notes.insert(0, paint("suppressed", _BOLD) + (f": {why}" if why else ""))
    if notes and entry.excerpts:
        rows.append(bar)
    rows += [f"{paint(f'{margin} =', _GUTTER)} {note}" for note in notes]
    return "\n".join(rows)


def _notes(entry: Entry, paint: Paint, *, verbose: bool) -> Iterator[str]:
    fixable = paint("[fixable]", _BOLD) if entry.fixable else ""
    if not fixable and entry.mending is not None:
        fixable = paint("[fixable with --unsafe-fixes]", _BOLD)
    if entry.help:
        yield f"{paint('help:', _BOLD)} {printable(entry.help)} {fixable}".rstrip()
    elif fixable:
        yield fixable
    if verbose and entry.flow:
        yield f"{paint('flow:', _BOLD)} {' -> '.join(printable(step.message) for step in entry.flow)}"
    if verbose and entry.url:
        yield f"{paint('rule:', _BOLD)} {printable(entry.name)}, {printable(entry.url)}"


def _other_place(excerpt: Excerpt, entry: Entry) -> str:
    """Say where an excerpt of another file is: by the label's region, as masking may move characters."""
    for place in (*entry.labels, *entry.flow):
        if place.path == excerpt.path:
            return f"{shown_path(excerpt.path)}:{place.region.line}:{place.region.column}"
    for mark in excerpt.marks:
        return f"{shown_path(excerpt.path)}:{mark.line}:{mark.start + 1}"
    return shown_path(excerpt.path)


def _excerpt(excerpt: Excerpt, paint: Paint, gutter: int, room: int, style: str) -> Iterator[str]:
    color = paint is not _unpainted and not _OTHER_LANGUAGE.search(excerpt.path)
    bar = paint(f"{' ' * gutter} |", _GUTTER)
    before = None
    for line in excerpt.lines:
        if before is not None and line.number > before + 1:
            yield paint("...", _GUTTER)
        before = line.number
        marks = [_clipped(mark, len(line.text)) for mark in excerpt.marks if mark.line == line.number]
        for view in _views(line.text, sorted(marks, key=lambda mark: mark.start), room):
            # What starts within a string would have all its colours turned inside out.
            shown = view.painted(line.text, paint) if color and not view.cut_before else view.plain()
            number = paint(f"{line.number:{gutter}} |", _GUTTER)
            yield f"{number} {shown}" if shown else number
            for row in _underline(view, paint, style, room):
                yield f"{bar} {row}"


def _clipped(mark: Mark, size: int) -> Mark:
    start = min(max(mark.start, 0), size)
    return mark._replace(start=start, end=min(max(mark.end, start), size))


class _View(NamedTuple):
    """A stretch of a line as shown: what stands for each character and at which column it starts."""

    start: int
    shown: Sequence[str]
    columns: Sequence[int]
    marks: list[Mark]
    cut_before: bool
    cut_after: bool

    def plain(self) -> str:
        return f"{'…' * self.cut_before}{''.join(self.shown)}{'…' * self.cut_after}"

    def painted(self, text: str, paint: Paint) -> str:
        styles = _highlighting(text[: len(self.shown)])
        shown = "".join(
            paint("".join(char for char, _ in group), style)
            for style, group in groupby(zip(self.shown, styles, strict=True), key=lambda pair: pair[1])
        )
        return f"{shown}{'…' * self.cut_after}"

    def span(self, mark: Mark) -> tuple[int, int]:
        """Find the columns that a mark underlines, at least one."""
        last = len(self.columns) - 1
        start = self.columns[min(max(mark.start - self.start, 0), last)] + self.cut_before
        end = self.columns[min(max(mark.end - self.start, 0), last)] + self.cut_before
        return start, max(end, start + 1)


def _views(text: str, marks: list[Mark], room: int) -> Iterator[_View]:
    """Show the line whole where it has room, else a view for each cluster of marks."""
    if len(text) <= room:
        shown, columns = _cells(text)
        if columns[-1] <= room:
            yield _View(0, shown, columns, marks, cut_before=False, cut_after=False)
            return
    room -= 2
    reach = room - room // 4
    waiting = marks
    while True:
        low = waiting[0].start if waiting else 0
        near = [mark for mark in waiting if mark.start < low + reach] if waiting else []
        high = max((min(mark.end, low + reach) for mark in near), default=low)
        start, stop = _window(text, low, high, room)
        here = [mark for mark in near if mark.start < stop or stop == len(text)] or near[:1]
        shown, columns = _cells(text[start:stop])
        yield _View(start, shown, columns, here, cut_before=start > 0, cut_after=stop < len(text))
        waiting = waiting[len(here) :]
        if not waiting:
            return


def _window(text: str, low: int, high: int, room: int) -> tuple[int, int]:
    """Choose a stretch of `text` around `text[low:high]` that has room, or as much of that as has."""

    def most(steps: Iterator[int], room: int) -> tuple[int, int]:
        taken = 0
        for step in steps:
            # No character counts as nothing, or a megabyte of combining ones would all be shown.
            cost = max(1, _TAB if text[step] == "\t" else _cells(text[step])[1][-1])
            if cost > room:
                break
            room -= cost
            taken += 1
        return taken, room

    core, room = most(iter(range(low, high)), room)
    stop = low + core
    if stop < high:
        return low, stop
    before, left = most(iter(range(low - 1, -1, -1)), room // 2)
    after, left = most(iter(range(stop, len(text))), room - room // 2 + left)
    more, _ = most(iter(range(low - before - 1, -1, -1)), left)
    return low - before - more, stop + after


def _cells(text: str) -> tuple[Sequence[str], Sequence[int]]:
    """Say what stands for each character on a terminal, and the column where each starts, and the end."""
    if text.isascii() and text.isprintable() and "##" not in text:
        return text, range(len(text) + 1)
    hidden = {match.start(): _reveal(match) for match in _HIDDEN.finditer(text) if match[0] != "\t"}
    wide = None if text.isascii() else _wide
    shown: list[str] = []
    columns = [0]
    for index, char in enumerate(text):
        cell = " " * (_TAB - columns[-1] % _TAB) if char == "\t" else hidden.get(index, char)
        shown.append(cell)
        columns.append(columns[-1] + (wide(cell) if wide and cell == char else len(cell)))
    return shown, columns


def _wide(char: str) -> int:
    """Count the columns that a terminal gives a character."""
    if char.isascii():
        return 1
    import unicodedata

    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _underline(view: _View, paint: Paint, style: str, room: int) -> Iterator[str]:
    """Draw the rows below a line: the marks, the message of the last behind them, the others hung below."""
    if not view.marks:
        return
    spans = [(*view.span(mark), mark) for mark in view.marks]
    signs: dict[int, tuple[str, str]] = {}
    for start, end, mark in sorted(spans, key=lambda span: span[2].primary):
        signs.update(dict.fromkeys(range(start, end), ("^", style) if mark.primary else ("-", _LABEL)))
    row = _signs(signs, paint)
    said = [span for span in spans if span[2].message]
    said.sort(key=lambda span: (-span[0], not span[2].primary))
    last = max(signs) + 1
    # Behind the signs a message belongs to the mark that ends there, so there must be one only.
    ending = [span for span in spans if span[1] == last]
    if len(ending) == 1 and ending[0] in said:
        start, _, mark = ending[0]
        message = printable(mark.message)
        if last + 1 + len(message) <= room or start + len(message) > room:
            row += " " + paint(message, style if mark.primary else _LABEL)
            said.remove(ending[0])
    yield row
    if not said:
        return
    hooks = {start: ("|", style if mark.primary else _LABEL) for start, _, mark in reversed(said)}
    yield _signs(hooks, paint)
    for start, _, mark in said:
        left = {column: sign for column, sign in hooks.items() if column < start}
        own = style if mark.primary else _LABEL
        lead = _signs(left, paint)
        yield f"{lead}{' ' * (start - max(left, default=-1) - 1)}{paint(printable(mark.message), own)}"


def _signs(signs: dict[int, tuple[str, str]], paint: Paint) -> str:
    cells = (signs.get(column, (" ", "")) for column in range(max(signs, default=-1) + 1))
    groups = groupby(cells, key=lambda cell: cell[1])
    return "".join(paint("".join(sign for sign, _ in group), style) for style, group in groups)


@cache
def _highlighter() -> Callable[[str], Iterator[tuple[int, str]]]:
    from pygments.lexers.data import JsonLexer
    from pygments.token import Comment, Keyword, Name, Number, String

    lexer = JsonLexer()
    styles = ((Name.Tag, "34"), (String, "32"), (Number, "36"), (Keyword, "35"), (Comment, "2"))

    def highlight(text: str) -> Iterator[tuple[int, str]]:
        tokens: Iterator[tuple[int, Any, str]] = lexer.get_tokens_unprocessed(text)  # type: ignore[no-untyped-call]
        for start, token, _ in tokens:
            yield start, next((style for kind, style in styles if token in kind), "")

    return highlight


def _highlighting(text: str) -> list[str]:
    """Choose the style of each character of a line of JSON."""
    styles = [""] * len(text)
    tokens = list(_highlighter()(text))
    ends = [*(start for start, _ in tokens[1:]), len(text)]
    for (start, style), end in zip(tokens, ends, strict=False):
        styles[start:end] = [style] * (end - start)
    return styles
