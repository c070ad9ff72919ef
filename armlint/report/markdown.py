"""The report as GitHub Markdown, for the summary page of a job."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from armlint.finding import Severity
from armlint.report.text import printable, summary, web_link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from armlint.report import Entry, Notice, Report

# What means something in a cell, or would begin a mention of a user or an issue.
_SPECIAL = re.compile(r"[\\`*_{}\[\]|~!$]")
_REFERENCE = re.compile(r"[@#](?=\w)|(?<=\bGH)-(?=\d)", re.IGNORECASE)
_ENTITIES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_ROOM_FOR_MORE = 100


def render(report: Report, *, limit_bytes: int = 900_000) -> str:
    """Write the report in at most `limit_bytes`: counts, findings, rules by how often they fired.

    GitHub refuses a summary above a mebibyte as a whole. So what has no room is only counted, and the gravest
    findings come first.
    """
    lines = ["## armlint", "", _escaped(summary(report)), ""]
    if report.entries:
        lines += ["| Level | Count |", "| --- | ---: |"]
        counts = [(severity, report.count(severity)) for severity in Severity]
        lines += [f"| {severity} | {count} |" for severity, count in counts if count]
        lines.append("")
    room = limit_bytes - _size(lines)
    entries = sorted(report.entries, key=lambda entry: entry.severity.rank)
    notices = [notice for notice in report.notices if notice.level != "note"]
    below = _section("### Rules", "| Rule | Name | Findings |", _ranking(entries), room // 4)
    below += _section(
        "### Notices", "| Level | Place | Message |", [_notice(item) for item in notices], room // 4
    )
    head = "| Level | Place | Rule | Message |"
    findings = _section("### Findings", head, [_row(entry) for entry in entries], room - _size([below]))
    return "\n".join([*lines, findings + below]).rstrip("\n") + "\n"


def _ranking(entries: list[Entry]) -> list[str]:
    count = Counter(entry.rule for entry in entries)
    first = {entry.rule: entry for entry in reversed(entries)}
    ranking = sorted(count, key=lambda rule: (-count[rule], rule))
    return [f"| {_link(first[rule])} | {_escaped(first[rule].name)} | {count[rule]} |" for rule in ranking]


def _section(title: str, head: str, rows: list[str], room: int) -> str:
    """Make a table under a title, of as many rows as have room; nothing where not even the head has."""
    lines = [title, "", head, re.sub(r"[^|]+", " --- ", head)]
    room -= _size(lines) + _ROOM_FOR_MORE
    if not rows or room < 0:
        return ""
    for shown, row in enumerate(rows):
        room -= _size([row])
        if room < 0:
            lines += ["", f"{len(rows) - shown} more."]
            break
        lines.append(row)
    return "\n".join([*lines, "", ""])


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _row(entry: Entry) -> str:
    place = f"{_escaped(entry.path)}:{entry.region.line}"
    return f"| {entry.severity} | {place} | {_link(entry)} | {_escaped(entry.message)} |"


def _notice(notice: Notice) -> str:
    place = "armlint" if notice.path is None else _escaped(notice.path)
    return f"| {_escaped(notice.level)} | {place} | {_escaped(notice.message)} |"


def _link(entry: Entry) -> str:
    rule = _escaped(entry.rule)
    link = web_link(entry.url)
    return f"[{rule}]({link})" if link else rule


def _escaped(text: str) -> str:
    """`text` as the content of a cell: shown as it is, and meaning nothing."""
    text = _SPECIAL.sub(r"\\\g<0>", printable(text).translate(_ENTITIES))
    return _REFERENCE.sub(r"\g<0><!-- -->", text)
