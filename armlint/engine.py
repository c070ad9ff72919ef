"""Runs rules over a file and keeps the findings that stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm.kind import Kind
from armlint.finding import Finding
from armlint.page import PageError
from armlint.rule import Subject

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date

    from armlint.arm.catalogue import Catalogue
    from armlint.arm.model import Model
    from armlint.registry import Registry
    from armlint.rule import Result, Rule
    from armlint.script.calls import Script
    from armlint.suppress import Hidden, Shield, Waiver

# A file without this word says nothing of what to leave out.
_WORD: Final = "armlint"
_SUPPRESSIONS: Final = "ARM006"


class Broken(NamedTuple):
    """A rule that failed on a file, and how, told without any of the file's text."""

    rule: str
    error: str


class Checked(NamedTuple):
    """What the rules said of a file, sorted by place and rule, and which rules failed.

    `hidden` is what someone has said to leave out; `uses` tells of each waiver whether it was of use,
    as `suppress.Shield.uses` does.
    """

    findings: tuple[Finding, ...]
    broken: tuple[Broken, ...]
    hidden: tuple[Hidden, ...] = ()
    uses: tuple[tuple[tuple[str, int], bool | None], ...] = ()


def check(
    model: Model, rules: Sequence[Rule], registry: Registry | None = None, waivers: Sequence[Waiver] = ()
) -> Checked:
    """Run rules over one file. One rule's failure does not cost the others their findings.

    What comments and metadata of the file say to leave out is left out, and what `waivers` say;
    `registry` knows the rules that they may name, which need not run.
    """
    model.options = {rule.id: rule.options for rule in rules if rule.options}
    findings: list[Finding] = []
    broken: list[Broken] = []
    subjects: dict[str, Sequence[object]] = {}
    for rule in rules:
        try:
            on = rule.on
            if on not in subjects:
                subjects[on] = _subjects(on, model)
            # Most rules have nothing to look at in most files.
            if subjects[on]:
                findings.extend(_run(rule, subjects[on], model))
        except PageError as error:
            broken.append(Broken(rule.id, str(error)))
        except Exception as error:  # noqa: BLE001 - whatever a rule does, the others must report
            # The message of an exception may hold text of the template, so only its kind is told.
            broken.append(Broken(rule.id, type(error).__name__))
    standing = _graver(_distinct(findings), rules)
    hidden: Sequence[Hidden] = ()
    uses: tuple[tuple[tuple[str, int], bool | None], ...] = ()
    if waivers or _WORD in model.document.source.text:
        from armlint.suppress import Shield

        shield = Shield.of(model.document, registry, model.today, waivers)
        ran = {rule.id for rule in rules}.difference(rule for rule, _ in broken)
        standing, hidden = shielded(standing, shield, rules, ran)
        uses = shield.uses(ran)
    standing.sort(key=_order)
    return Checked(tuple(standing), tuple(broken), tuple(hidden), uses)


def check_script(  # noqa: PLR0913 - as many facts as a check of JSON has
    script: Script,
    rules: Sequence[Rule],
    catalogue: Catalogue | None,
    today: date,
    *,
    registry: Registry | None = None,
    waivers: Sequence[Waiver] = (),
) -> Checked:
    """Run the rules that know scripts over one script, pipeline or document, as `check` does over JSON."""
    findings: list[Finding] = []
    broken: list[Broken] = []
    ran: set[str] = set()
    for rule in rules:
        if rule.make_for_scripts is None:
            continue
        try:
            findings.extend([_finding(rule, result) for result in rule.make_for_scripts()(script, catalogue)])
            ran.add(rule.id)
        except Exception as error:  # noqa: BLE001 - as in `check`
            broken.append(Broken(rule.id, type(error).__name__))
    standing = _distinct(findings)
    hidden: Sequence[Hidden] = ()
    uses: tuple[tuple[tuple[str, int], bool | None], ...] = ()
    if waivers or _WORD in script.source.text:
        from armlint.suppress import Shield

        shield = Shield(script.source, registry, today, waivers)
        shield.add_comments(script.comments, None, script.spans)
        standing, hidden = shielded(standing, shield, rules, ran)
        uses = shield.uses(ran)
    standing.sort(key=_order)
    return Checked(tuple(standing), tuple(broken), tuple(hidden), uses)


def shielded(
    findings: Iterable[Finding], shield: Shield, rules: Iterable[Rule], ran: Collection[str]
) -> tuple[list[Finding], list[Hidden]]:
    """Part findings in those that stand and those that a shield leaves out; add those on the shield itself.

    `rules` are those that were asked, `ran` the ids of those that ran without failing.
    """
    standing, hidden = shield.sift(findings)
    told, untold = shield.sift(of_suppressions(rules, shield.idle(ran)))
    last = of_suppressions(rules, shield.idle(ran, last=True))
    return [*standing, *told, *last], [*hidden, *untold]


def of_suppressions(rules: Iterable[Rule], results: Iterable[Result]) -> list[Finding]:
    """What there is to say of suppressions, in the words of the rule for them; nothing where it is not on."""
    rule = next((rule for rule in rules if rule.id == _SUPPRESSIONS), None)
    return [] if rule is None else [_finding(rule, result) for result in results]


def _order(finding: Finding) -> tuple[int, int, str, str]:
    return finding.span.start, finding.span.end, finding.rule, finding.message


def _finding(rule: Rule, result: Result) -> Finding:
    return Finding(
        rule=rule.id,
        name=rule.name,
        severity=rule.severity if rule.graded else result.severity or rule.severity,
        message=result.message,
        span=result.span,
        pointer=result.pointer,
        labels=result.labels,
        flow=result.flow,
        fix=result.fix,
        covers=result.covers,
    )


def _run(rule: Rule, subjects: Sequence[object], model: Model) -> Iterable[Finding]:
    check = rule.make()
    for subject in subjects:
        for result in check(subject, model):
            yield _finding(rule, result)


def _subjects(on: Subject, model: Model) -> Sequence[object]:
    if on is Subject.DOCUMENT:
        return (model,)
    if model.kind is Kind.OTHER or on is Subject.SCRIPT:
        return ()
    if on is Subject.FORM:
        return (model,) if model.kind is Kind.UI_DEFINITION else ()
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
        (pointer, lesser)
        for finding in findings
        for lesser in supersedes.get(finding.rule, ())
        for pointer in (finding.pointer, *finding.covers)
    }
    return [finding for finding in findings if (finding.pointer, finding.rule) not in covered]
