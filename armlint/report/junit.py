"""The report as JUnit XML, which test dashboards read."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from armlint.finding import Severity
from armlint.report.text import printable, summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from armlint.report import Entry, Notice, Report

_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;"}
# XML has no way at all to write these.
_FORBIDDEN: Final = "\ufffe\uffff"


def render(report: Report) -> str:
    """Write a suite for each file with findings, and in it a test case for each finding.

    Errors and warnings are failures. What is only worth knowing passes, with its text as output. A file
    that could not be checked is an error. A run without findings is one test that passes.
    """
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    failures = sum(1 for entry in report.entries if _fails(entry))
    lost = [notice for notice in report.notices if notice.level == "error"]
    tests = len(report.entries) + len(lost) or 1
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="armlint" tests="{tests}" failures="{failures}" errors="{len(lost)}">'
    for path, entries in groupby(report.entries, key=lambda entry: entry.path):
        yield from _suite(path, list(entries))
    if lost:
        yield f'  <testsuite name="armlint" tests="{len(lost)}" failures="0" errors="{len(lost)}">'
        for notice in lost:
            yield from _lost(notice)
        yield "  </testsuite>"
    elif not report.entries:
        yield '  <testsuite name="armlint" tests="1" failures="0" errors="0">'
        yield f'    <testcase classname="armlint" name="{_escaped(summary(report))}"/>'
        yield "  </testsuite>"
    yield "</testsuites>"


def _fails(entry: Entry) -> bool:
    return entry.severity is not Severity.INFO


def _suite(path: str, entries: Sequence[Entry]) -> Iterator[str]:
    failures = sum(map(_fails, entries))
    yield (f'  <testsuite name="{_escaped(path)}" tests="{len(entries)}" failures="{failures}" errors="0">')
    for entry in entries:
        name = f"{entry.rule} {entry.name} at {entry.region.line}:{entry.region.column}"
        place = f"{entry.path}:{entry.region.line}:{entry.region.column}"
        yield (
            f'    <testcase classname="{_escaped(path)}" name="{_escaped(name)}" file="{_escaped(path)}" '
            f'line="{entry.region.line}">'
        )
        told = "\n".join(
            part
            for part in (f"{place}: {entry.message}", entry.help and f"help: {entry.help}", entry.url)
            if part
        )
        if _fails(entry):
            yield (
                f'      <failure message="{_escaped(entry.message)}" type="{entry.severity}">'
                f"{_escaped(told)}</failure>"
            )
        else:
            yield f"      <system-out>{_escaped(told)}</system-out>"
        yield "    </testcase>"
    yield "  </testsuite>"


def _lost(notice: Notice) -> Iterator[str]:
    path = notice.path or "armlint"
    yield f'    <testcase classname="armlint" name="{_escaped(path)}">'
    yield f'      <error message="{_escaped(notice.message)}" type="error"/>'
    yield "    </testcase>"


def _escaped(text: str) -> str:
    kept = "\n".join(printable(line) for line in text.split("\n"))
    return "".join(_ENTITIES.get(c, c) for c in kept if c not in _FORBIDDEN)
