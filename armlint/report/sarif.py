"""The report as SARIF 2.1.0, in the dialect that GitHub code scanning reads and Microsoft's validator likes.

Nothing in it depends on the time, the machine or the user, and no line of a template is quoted.
"""

from __future__ import annotations

import json
import posixpath
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from armlint.finding import Severity
from armlint.report import RuleInfo
from armlint.report.text import shown_reason, utf8, web_link

if TYPE_CHECKING:
    from armlint.report import Entry, Mending, Notice, Place, Region, Report

# What GitHub keeps of a file; of more results it would choose by itself, and refuse above 25,000.
_MOST_RESULTS = 5000
_MOST_LOCATIONS = 100
_MOST_STEPS = 1000
_MOST_TAGS = 10
_MOST_TEXT = 1024
_MOST_NAME = 255

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOME = "https://github.com/armlint/armlint"
_ROOT = "%SRCROOT%"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PROBLEMS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
_SECURITY = {Severity.ERROR: "8.0", Severity.WARNING: "5.5", Severity.INFO: "3.0"}
# GitHub shows the more certain first. What is a matter of taste is INFO, so severity tells enough about it.
_PRECISION = {Severity.ERROR: "very-high", Severity.WARNING: "high", Severity.INFO: "medium"}
_SEMANTIC_VERSION = re.compile(
    r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)){2}"
    r"(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_DRIVE = re.compile(r"[A-Za-z]:/")
_SECRET_RULE = re.compile(r"SEC[0-9]")


def render(report: Report, *, uri_base: str = "", exit_code: int | None = None) -> str:
    """Write the report as SARIF: one run, results by place.

    `uri_base` is the way from the root of the repository to the folder that the paths of the report are
    relative to. `exit_code` is the status the command will end with, where it is not told by the findings.
    """
    rules = _rules(report)
    places = {rule["id"]: index for index, rule in enumerate(rules)}
    gravest = sorted(report.entries, key=lambda entry: (entry.severity.rank, _order(entry)))[:_MOST_RESULTS]
    gravest += report.hidden[: _MOST_RESULTS - len(gravest)]
    compared = report.compared
    notifications = [_notification(notice, uri_base) for notice in report.notices if notice.level != "note"]
    total = len(report.entries) + len(report.hidden)
    if left := total - len(gravest):
        text = f"{left} of {total} results were left out, the gravest are here."
        notifications.append({"level": "warning", "message": {"text": text}})
    driver = {
        "name": "armlint",
        "fullName": f"armlint {report.version}",
        "version": report.version,
        **({"semanticVersion": report.version} if _SEMANTIC_VERSION.fullmatch(report.version) else {}),
        "informationUri": _HOME,
        "rules": rules,
    }
    invocation = {
        "executionSuccessful": all(notice.level != "error" for notice in report.notices),
        "exitCode": int(report.failed) if exit_code is None else exit_code,
        "toolExecutionNotifications": notifications,
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "columnKind": "utf16CodeUnits",
        # Without a URI: an absolute one would tell where the sources lay on the machine of the run.
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "results": [
            _result(entry, places, uri_base, compared=compared) for entry in sorted(gravest, key=_order)
        ],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return utf8(json.dumps(log, indent=2, ensure_ascii=False)) + "\n"


def uri(path: str, base: str = "") -> str:
    """Turn a path into a URI: relative where the path is, a `file:` URI where it is absolute."""
    path = utf8(path).replace("\\", "/")
    if _DRIVE.match(path):
        return f"file:///{path[:2]}{quote(path[2:])}"
    if path.startswith("//"):
        return f"file:{quote(path)}"
    if path.startswith("/"):
        return f"file://{quote(path)}"
    base = utf8(base).replace("\\", "/").strip("/")
    return quote(posixpath.normpath(posixpath.join(base, path)))


def _order(entry: Entry) -> tuple[str, int, int, str]:
    return entry.path, entry.region.line, entry.region.column, entry.rule


def _rules(report: Report) -> list[dict[str, Any]]:
    """Describe every rule that was on, and any that a result names besides."""
    rules = {rule.id: rule for rule in report.rules}
    for entry in (*report.entries, *report.hidden):
        if entry.rule not in rules:
            rules[entry.rule] = RuleInfo(
                entry.rule,
                entry.name,
                entry.name,
                entry.severity,
                summary="",
                markdown="",
                url=entry.url,
                tags=(),
            )
    return [_rule(rules[key]) for key in sorted(rules)]


def _rule(rule: RuleInfo) -> dict[str, Any]:
    short = _sentence(rule.title or rule.id)
    full = _sentence(rule.summary) if rule.summary.strip() else short
    descriptor: dict[str, Any] = {"id": rule.id}
    name = "".join(part[:1].upper() + part[1:] for part in re.findall(r"[A-Za-z0-9]+", rule.name))
    if name and name != rule.id:
        descriptor["name"] = name[:_MOST_NAME]
    descriptor["shortDescription"] = {"text": _shortened(short)}
    descriptor["fullDescription"] = {"text": _shortened(full)}
    descriptor["help"] = {"text": full}
    if rule.markdown.strip():
        descriptor["help"]["markdown"] = rule.markdown
    if link := web_link(rule.url):
        descriptor["helpUri"] = link
        descriptor["help"]["text"] += f"\n\n{link}"
    descriptor["defaultConfiguration"] = {"level": _LEVELS[rule.severity]}
    secret = _SECRET_RULE.match(rule.id)
    tags = dict.fromkeys((*(("security",) if secret else ()), *rule.tags))
    descriptor["properties"] = {
        "tags": list(tags)[:_MOST_TAGS],
        "precision": _PRECISION[rule.severity],
        "problem.severity": _PROBLEMS[rule.severity],
    }
    if secret:
        # This is what makes it a security alert.
        descriptor["properties"]["security-severity"] = _SECURITY[rule.severity]
    return descriptor


def _result(entry: Entry, places: dict[str, int], base: str, *, compared: bool) -> dict[str, Any]:
    location = _location(entry.path, entry.region, base)
    if entry.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": entry.pointer}]
    # The hash of a line is the same for all that a minified template has on its one line.
    identity = f"{entry.rule}\0{entry.pointer}\0{entry.message}"
    own = sha256(identity.encode("utf-8", "replace")).hexdigest()
    hashes = {"primaryLocationLineHash": entry.line_hash} if entry.line_hash else {}
    result: dict[str, Any] = {
        "ruleId": entry.rule,
        "ruleIndex": places[entry.rule],
        "level": _LEVELS[entry.severity],
        "message": _message(_sentence(entry.message or entry.name or entry.rule)),
        "locations": [location],
        "partialFingerprints": {**hashes, "armlint/v1": own[:32]},
    }
    waived = entry.waived
    if compared:
        result["baselineState"] = "unchanged" if waived is not None and waived.known else "new"
    if waived is not None:
        said = {"justification": shown_reason(waived.reason)} if waived.reason else {}
        result["suppressions"] = [{"kind": "inSource" if waived.inside else "external", **said}]
    if entry.labels:
        labels = enumerate(entry.labels[:_MOST_LOCATIONS], 1)
        result["relatedLocations"] = [{"id": number, **_said(label, base)} for number, label in labels]
    if entry.flow:
        steps = [{"location": _said(step, base)} for step in entry.flow[:_MOST_STEPS]]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    if entry.mending is not None and entry.mending.changes:
        result["fixes"] = [_fix(entry.mending, location["physicalLocation"]["artifactLocation"])]
    return result


def _fix(mending: Mending, artifact: dict[str, str]) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(*region), **({"insertedContent": {"text": text}} if text else {})}
        for region, text in mending.changes
    ]
    change = {"artifactLocation": artifact, "replacements": replacements}
    unsafe = "" if mending.safe else " (not safe: look at what it changes)"
    return {"description": _message(_sentence(mending.title + unsafe)), "artifactChanges": [change]}


def _said(place: Place, base: str) -> dict[str, Any]:
    location = _location(place.path, place.region, base)
    return {**location, "message": _message(place.message)} if place.message.strip() else location


def _location(path: str, region: Region | None, base: str) -> dict[str, Any]:
    where = uri(path, base)
    artifact = {"uri": where} if where.startswith("file:") else {"uri": where, "uriBaseId": _ROOT}
    physical: dict[str, Any] = {"artifactLocation": artifact}
    if region is not None:
        physical["region"] = _region(*region)
    return {"physicalLocation": physical}


def _region(line: int, column: int, end_line: int, end_column: int) -> dict[str, int]:
    """Make a region that consumers accept, also from a finding that has no good one."""
    line, column = max(line, 1), max(column, 1)
    end_line = max(end_line, line)
    end_column = max(end_column, column if end_line == line else 1)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _notification(notice: Notice, base: str) -> dict[str, Any]:
    return {
        "level": notice.level,
        "message": _message(_sentence(notice.message or "Something went wrong")),
        **({} if notice.path is None else {"locations": [_location(notice.path, None, base)]}),
    }


def _message(text: str) -> dict[str, str]:
    # "[text](1)" would be a link in SARIF: to a place, or to wherever a template's author likes.
    return {"text": text.replace("](", r"\](")}


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 1]}…"
