"""The report as one JSON object; `schemas/report.schema.json` is its schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from armlint.finding import Severity
from armlint.report.text import utf8

if TYPE_CHECKING:
    from armlint.report import Entry, Region, Report


def render(report: Report) -> str:
    """Write the report as indented JSON with a line feed at its end."""
    document = {
        "armlint": report.version,
        "summary": {
            "files": report.files,
            "templates": report.templates,
            "skipped": report.skipped,
            **{severity.value: report.count(severity) for severity in Severity},
            "suppressed": report.suppressed,
        },
        "findings": [_finding(entry) for entry in report.entries],
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
        "url": entry.url,
    }


def _region(region: Region) -> dict[str, int]:
    return {
        "line": region.line,
        "column": region.column,
        "end_line": region.end_line,
        "end_column": region.end_column,
    }
