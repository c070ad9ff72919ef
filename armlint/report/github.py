"""The report as workflow commands: annotations on the files of a pull request, and a log that can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from armlint.finding import Severity
from armlint.report.text import headline, plural, printable, shown_path, summary

if TYPE_CHECKING:
    from armlint.report import Entry, Notice, Report

# GitHub keeps ten annotations of a kind for each step and drops the others without a word.
_MOST = 10
_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_RANKS = {kind: rank for rank, kind in enumerate(_KINDS.values())}


class _Item(NamedTuple):
    kind: str
    plain: str
    command: str


def render(report: Report) -> str:
    """Write the report as lines of a workflow's log, the gravest findings first.

    Every finding and every warning or error about a file has a plain line; the first ten of a kind also have
    the command that makes an annotation of it.
    """
    items = [_about(notice) for notice in report.notices if notice.level != "note"]
    items += [_finding(entry) for entry in report.entries]
    items.sort(key=lambda item: _RANKS[item.kind])
    left = {kind: sum(1 for item in items if item.kind == kind) for kind in _RANKS}
    room = dict.fromkeys(_RANKS, _MOST)
    over = any(count > _MOST for count in left.values())
    if over:
        # The last line is a notice too.
        room["notice"] -= 1
    lines: list[str] = []
    for item in items:
        lines.append(item.plain)
        if room[item.kind]:
            room[item.kind] -= 1
            left[item.kind] -= 1
            lines.append(item.command)
    lines.append(summary(report))
    if over:
        more = ", ".join(plural(count, kind) for kind, count in left.items() if count)
        lines.append(
            _command("notice", {"title": "armlint"}, f"{more} more, without annotations: see the log.")
        )
    return "\n".join(lines) + "\n"


def _finding(entry: Entry) -> _Item:
    region = entry.region
    properties = {"file": _file(entry.path), "line": str(region.line), "endLine": str(region.end_line)}
    # GitHub refuses columns of a region of several lines.
    if region.line == region.end_line:
        properties |= {"col": str(region.column), "endColumn": str(region.end_column)}
    properties["title"] = f"armlint {printable(entry.rule)}"
    text = printable(entry.message)
    if entry.help:
        text += f"\nhelp: {printable(entry.help)}"
    kind = _KINDS[entry.severity]
    return _Item(kind, headline(entry), _command(kind, properties, text))


def _about(notice: Notice) -> _Item:
    kind = "error" if notice.level == "error" else "warning"
    place = {} if notice.path is None else {"file": _file(notice.path)}
    who = "armlint" if notice.path is None else shown_path(notice.path)
    text = printable(notice.message)
    return _Item(kind, f"{who}: {kind}: {text}", _command(kind, {**place, "title": "armlint"}, text))


def _file(path: str) -> str:
    return printable(path.replace("\\", "/"))


def _command(kind: str, properties: dict[str, str], text: str) -> str:
    said = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items())
    return f"::{kind} {said}::{_escaped(text)}"


def _escaped(text: str, also: str = "") -> str:
    """`text` as the runner takes it: `%` first, or the escapes would be escaped."""
    for char in "%\r\n" + also:
        text = text.replace(char, f"%{ord(char):02X}")
    return text
