"""The report as logging commands of Azure Pipelines, and a log that can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from armlint.finding import Severity
from armlint.report.text import headline, printable, shown_path, summary

if TYPE_CHECKING:
    from armlint.report import Entry, Notice, Report

# There are but these two; what is only worth knowing stays in the log.
_KINDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning"}
_ESCAPES: Final = {"%": "%AZP25", "\r": "%0D", "\n": "%0A"}
_ESCAPES_IN_PROPERTIES: Final = {**_ESCAPES, ";": "%3B", "]": "%5D"}


def render(report: Report) -> str:
    """Write the report as lines of a job's log.

    Every finding has a plain line. Errors and warnings, and those about files, also have the command
    that shows them on the page of the run (https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands).
    """
    lines: list[str] = []
    for notice in report.notices:
        if notice.level != "note":
            lines += _about(notice)
    for entry in report.entries:
        lines.append(headline(entry))
        kind = _KINDS.get(entry.severity)
        if kind is not None:
            lines.append(_finding(entry, kind))
    lines.append(summary(report))
    return "\n".join(lines) + "\n"


def _finding(entry: Entry, kind: str) -> str:
    properties = {
        "type": kind,
        "sourcepath": _file(entry.path),
        "linenumber": str(entry.region.line),
        "columnnumber": str(entry.region.column),
        "code": printable(entry.rule),
    }
    text = printable(entry.message)
    if entry.help:
        text += f"\nhelp: {printable(entry.help)}"
    return _command(properties, text)


def _about(notice: Notice) -> tuple[str, str]:
    kind = "error" if notice.level == "error" else "warning"
    place = {} if notice.path is None else {"sourcepath": _file(notice.path)}
    who = "armlint" if notice.path is None else shown_path(notice.path)
    text = printable(notice.message)
    # A plain line that began with "##" would be a command.
    return f"{'./' * who.startswith('##')}{who}: {kind}: {text}", _command({"type": kind, **place}, text)


def _file(path: str) -> str:
    return printable(path.replace("\\", "/"))


def _command(properties: dict[str, str], text: str) -> str:
    said = "".join(f"{key}={_escaped(value, _ESCAPES_IN_PROPERTIES)};" for key, value in properties.items())
    return f"##vso[task.logissue {said}]{_escaped(text, _ESCAPES)}"


def _escaped(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(character, character) for character in text)
