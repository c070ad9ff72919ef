"""The report as one JSON object; `schemas/report.schema.json` is its schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from armlint.finding import Severity
from armlint.report.text import by_place, shown_reason, utf8

if TYPE_CHECKING:
    from armlint.report import Entry, Mending, Region, Report, Waived


def render(report: Report) -> str:
    """Write the report as indented JSON with a line feed at its end."""
    entries = report.entries
    if report.hidden:
        entries = tuple(sorted((*entries, *report.hidden), key=by_place))
    document = {
        "armlint": report.version,
        "summary": {
            "files": report.files,
            "templates": report.templates,
            "skipped": report.skipped,
            **{severity.value: report.count(severity) for severity in Severity},
            "suppressed": report.suppressed,
            **({"fixed": report.fixed} if report.fixed else {}),
        },
        "findings": [_finding(entry) for entry in entries],
        "notices": [{"path": notice.path, "message": notice.message} for notice in report.notices],
    }
    return utf8(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _finding(entry: Entry) -> dict[str, Any]:
    return {
        "rule": entry.rule,
        "name": entry.name,
        "severity": entry.severity.value,
        "message": entry.message,
        "path": entry.path,
        **_region(entry.region),
        "pointer": entry.pointer,
        "labels": [
            {"path": label.path, **_region(label.region), "message": label.message} for label in entry.labels
        ],
        "flow": [step.message for step in entry.flow],
        "fixable": entry.fixable,
        **({} if entry.mending is None else {"fix": _fix(entry.mending)}),
        "url": entry.url,
        **({} if entry.waived is None else {"suppressed": _waived(entry.waived)}),
    }


def _fix(mending: Mending) -> dict[str, Any]:
    return {"title": mending.title, "safe": mending.safe}


def _waived(waived: Waived) -> dict[str, str]:
    by = "baseline" if waived.known else "file" if waived.inside else "configuration"
    return {"by": by, "reason": shown_reason(waived.reason)}


def _region(region: Region) -> dict[str, int]:
    return {
        "line": region.line,
        "column": region.column,
        "end_line": region.end_line,
        "end_column": region.end_column,
    }
