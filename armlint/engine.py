"""Runs rules over a file and keeps the findings that stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from armlint.arm.kind import Kind
from armlint.finding import Finding
from armlint.page import PageError
from armlint.rule import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from armlint.arm.model import Model
    from armlint.rule import Rule


class Broken(NamedTuple):
    """A rule that failed on a file, and how, told without any of the file's text."""

    rule: str
    error: str


class Checked(NamedTuple):
    """What the rules said of a file, sorted by place and rule, and which rules failed."""

    findings: tuple[Finding, ...]
    broken: tuple[Broken, ...]


def check(model: Model, rules: Sequence[Rule]) -> Checked:
    """Run rules over one file. One rule's failure does not cost the others their findings."""
    findings: list[Finding] = []
    broken: list[Broken] = []
    for rule in rules:
        try:
            findings.extend(_run(rule, model))
        except PageError as error:
            broken.append(Broken(rule.id, str(error)))
        except Exception as error:  # noqa: BLE001 - whatever a rule does, the others must report
            # The message of an exception may hold text of the template, so only its kind is told.
            broken.append(Broken(rule.id, type(error).__name__))
    standing = _graver(_distinct(findings), rules)
    standing.sort(key=lambda f: (f.span.start, f.span.end, f.rule, f.message))
    return Checked(tuple(standing), tuple(broken))


def _run(rule: Rule, model: Model) -> Iterable[Finding]:
    subjects = _subjects(rule.on, model)
    if not subjects:
        return
    check = rule.make()
    for subject in subjects:
        for result in check(subject, model):
            yield Finding(
                rule=rule.id,
                name=rule.name,
                severity=rule.severity,
                message=result.message,
                span=result.span,
                pointer=result.pointer,
                labels=result.labels,
                flow=result.flow,
                fix=result.fix,
            )


def _subjects(on: Subject, model: Model) -> Sequence[object]:
    if on is Subject.DOCUMENT:
        return (model,)
    if model.kind is Kind.OTHER:
        return ()
    if on is Subject.TEMPLATE:
        return model.templates
    if on is Subject.RESOURCE:
        return model.resources
    return tuple(extension for extension in model.extensions if extension.deployed)


def _distinct(findings: Iterable[Finding]) -> list[Finding]:
    seen: dict[tuple[str, int, int, str], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.rule, *finding.span, finding.message), finding)
    return list(seen.values())


def _graver(findings: list[Finding], rules: Iterable[Rule]) -> list[Finding]:
    """Drop what another finding on the same member makes redundant, as the rules' pages say."""
    supersedes = {rule.id: rule.supersedes for rule in rules if rule.supersedes}
    if not supersedes:
        return findings
    covered = {
        (finding.pointer, lesser) for finding in findings for lesser in supersedes.get(finding.rule, ())
    }
    return [finding for finding in findings if (finding.pointer, finding.rule) not in covered]
