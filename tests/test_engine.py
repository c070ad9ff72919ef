"""Rules are run over a file, and the findings that stand are kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from armlint import page as pages
from armlint.arm.model import Model
from armlint.engine import Broken, check
from armlint.finding import Severity
from armlint.jsontext import read
from armlint.page import PageError
from armlint.registry import rule_of
from armlint.rule import Result, Rule, Subject, at_key, at_value, tight
from armlint.run import load_rules
from armlint.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = """# {id} · A title

A first paragraph.

```toml rule
name = "{name}"
severity = "{severity}"
since = "0.1.0"
on = "{on}"
help = "Do it."
python = "template:bad_schema_uri"
supersedes = {supersedes}
```
"""

EXTENSION = {
    "type": "Microsoft.Compute/virtualMachines/extensions",
    "apiVersion": "2024-07-01",
    "name": "vm/x",
    "properties": {"publisher": "P", "type": "T", "settings": {"a": 1}},
}
TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "resources": [
        EXTENSION,
        {**EXTENSION, "condition": False},
        {
            "type": "Microsoft.Resources/deployments",
            "name": "nested",
            "apiVersion": "2024-03-01",
            "properties": {"mode": "Incremental", "template": {"$schema": "x", "resources": [EXTENSION]}},
        },
    ],
}


def model(value: Any = TEMPLATE) -> Model:
    return Model(read(Source(json.dumps(value), "x.json")))


def rule(
    id_: str,
    run: Callable[[Any, Model], Iterator[Result]],
    on: str = "document",
    severity: str = "error",
    supersedes: tuple[str, ...] = (),
) -> Rule:
    text = PAGE.format(
        id=id_, name=f"rule-{id_.lower()}", on=on, severity=severity, supersedes=json.dumps(list(supersedes))
    )
    return rule_of(pages.read(f"{id_}.md", text))._replace(make=lambda: run)


def says(
    *spans: tuple[int, int], pointer: str = "/a", message: str = "m"
) -> Callable[[Any, Model], Iterator[Result]]:
    def run(_: object, __: Model) -> Iterator[Result]:
        for span in spans:
            yield Result(Span(*span), pointer, message)

    return run


def breaks(_: object, __: Model) -> Iterator[Result]:
    yield Result(Span(5, 6), "/before", "said before it broke")
    raise KeyError("Hunter2")


class TestBroken:
    def test_a_rule_that_raises_costs_the_others_nothing(self) -> None:
        checked = check(
            model(), [rule("AAA001", says((1, 2))), rule("BBB001", breaks), rule("CCC001", says((3, 4)))]
        )
        assert [finding.rule for finding in checked.findings] == ["AAA001", "CCC001", "BBB001"]
        assert checked.broken == (Broken("BBB001", "KeyError"),)

    @pytest.mark.parametrize(
        "error", [RecursionError(), MemoryError(), AssertionError("x"), ValueError("Hunter2")]
    )
    def test_whatever_is_raised_only_its_kind_is_told(self, error: Exception) -> None:
        def run(_: object, __: Model) -> Iterator[Result]:
            raise error

        checked = check(model(), [rule("AAA001", run)])
        assert checked.broken == (Broken("AAA001", type(error).__name__),)

    def test_a_rule_that_cannot_be_made_is_broken_and_says_why(self) -> None:
        def make() -> Any:
            raise PageError("AAA001.md", 7, "no JMESPath: bad")

        checked = check(model(), [rule("AAA001", breaks)._replace(make=make), rule("BBB001", says((1, 2)))])
        assert checked.broken == (Broken("AAA001", "AAA001.md:7: no JMESPath: bad"),)
        assert [finding.rule for finding in checked.findings] == ["BBB001"]

    def test_it_is_broken_once_however_many_subjects_there_are(self) -> None:
        checked = check(model(), [rule("AAA001", breaks, on="resource")])
        assert len(checked.broken) == 1

    def test_interrupts_are_not_swallowed(self) -> None:
        def run(_: object, __: Model) -> Iterator[Result]:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            check(model(), [rule("AAA001", run)])


class TestSubjects:
    def subjects(self, on: str, value: Any = TEMPLATE) -> list[Any]:
        seen: list[Any] = []

        def run(subject: object, _: Model) -> Iterator[Result]:
            seen.append(subject)
            return iter(())

        assert check(model(value), [rule("AAA001", run, on=on)]).broken == ()
        return seen

    def test_of_a_template(self) -> None:
        assert [type(subject).__name__ for subject in self.subjects("document")] == ["Model"]
        assert [subject.node.pointer for subject in self.subjects("template")] == [
            "",
            "/resources/2/properties/template",
        ]
        assert [subject.node.pointer for subject in self.subjects("resource")] == [
            "/resources/0",
            "/resources/1",
            "/resources/2",
            "/resources/2/properties/template/resources/0",
        ]

    def test_extensions_that_are_never_deployed_are_left_out(self) -> None:
        pointers = [subject.node.pointer for subject in self.subjects("extension")]
        assert pointers == ["/resources/0", "/resources/2/properties/template/resources/0"]

    def test_of_a_body(self) -> None:
        value = {"properties": EXTENSION["properties"]}
        assert [subject.node.pointer for subject in self.subjects("extension", value)] == [""]
        assert len(self.subjects("document", value)) == 1
        assert self.subjects("template", value) == []

    def test_of_other_files_the_document_alone(self) -> None:
        assert len(self.subjects("document", [1])) == 1
        for on in ("template", "resource", "extension"):
            assert self.subjects(on, [1]) == []

    def test_a_rule_without_subjects_is_not_even_made(self) -> None:
        def make() -> Any:
            raise AssertionError

        empty = {**TEMPLATE, "resources": []}
        never = rule("AAA001", breaks, on="extension")._replace(make=make)
        assert check(model(empty), [never]).broken == ()


class TestStanding:
    def test_findings_are_sorted_by_place_and_rule(self) -> None:
        checked = check(
            model(),
            [
                rule("BBB001", says((9, 12), (2, 3), (9, 10))),
                rule("AAA001", says((9, 10), (0, 1), message="z")),
            ],
        )
        found = [(finding.span.start, finding.span.end, finding.rule) for finding in checked.findings]
        assert found == [
            (0, 1, "AAA001"),
            (2, 3, "BBB001"),
            (9, 10, "AAA001"),
            (9, 10, "BBB001"),
            (9, 12, "BBB001"),
        ]

    def test_what_is_said_twice_is_told_once(self) -> None:
        def run(_: object, __: Model) -> Iterator[Result]:
            yield Result(Span(1, 2), "/a", "m")
            yield Result(Span(1, 2), "/b", "m")
            yield Result(Span(1, 2), "/a", "n")
            yield Result(Span(1, 3), "/a", "m")

        checked = check(model(), [rule("AAA001", run), rule("BBB001", run)])
        assert len(checked.findings) == 6
        assert [f.pointer for f in checked.findings if f.message == "m" and f.span == (1, 2)] == ["/a", "/a"]

    def test_a_finding_says_what_its_rule_is(self) -> None:
        (finding,) = check(model(), [rule("AAA001", says((1, 2)), severity="info")]).findings
        assert (finding.rule, finding.name, finding.severity) == ("AAA001", "rule-aaa001", Severity.INFO)
        assert (finding.span, finding.pointer, finding.message) == ((1, 2), "/a", "m")

    def test_the_graver_stands_alone_on_one_member(self) -> None:
        rules = [
            rule("AAA001", says((1, 2), pointer="/x"), supersedes=("BBB001",)),
            rule("BBB001", says((1, 2), pointer="/x")),
            rule("BBB002", says((1, 2), pointer="/x")),
            rule("BBB001", says((3, 4), pointer="/y"))._replace(name="other"),
        ]
        found = [(finding.rule, finding.pointer) for finding in check(model(), rules).findings]
        assert found == [("AAA001", "/x"), ("BBB002", "/x"), ("BBB001", "/y")]

    def test_what_is_superseded_still_supersedes(self) -> None:
        rules = [
            rule("AAA001", says((1, 2)), supersedes=("BBB001",)),
            rule("BBB001", says((1, 2)), supersedes=("CCC001",)),
            rule("CCC001", says((1, 2))),
        ]
        assert [finding.rule for finding in check(model(), rules).findings] == ["AAA001"]

    def test_a_rule_that_is_not_on_supersedes_nothing(self) -> None:
        rules = [rule("BBB001", says((1, 2)))]
        assert [finding.rule for finding in check(model(), rules).findings] == ["BBB001"]

    def test_no_two_shipped_rules_supersede_each_other(self) -> None:
        lesser = {rule.id: set(rule.supersedes) for rule in load_rules().rules}
        for id_, direct in lesser.items():
            below, pending = set[str](), set(direct)
            while pending:
                below |= pending
                pending = {further for one in pending for further in lesser.get(one, ())} - below
            assert id_ not in below


class TestPlaces:
    DOCUMENT = read(Source('{"a": {"b": [1, {"c": 2}]}, "s": "text"}'))

    def test_a_scalar_is_pointed_at_itself_and_a_container_by_its_key(self) -> None:
        root = self.DOCUMENT.root
        assert root is not None
        text = self.DOCUMENT.source.text

        def shown(*path: str | int) -> str:
            node = root.at(*path)
            assert node is not None
            return text[slice(*tight(node))]

        assert shown("s") == '"text"'
        assert shown("a") == '"a"'
        assert shown("a", "b") == '"b"'
        assert shown("a", "b", 1) == "{"
        assert shown() == "{"

    def test_at_key_and_at_value(self) -> None:
        root = self.DOCUMENT.root
        assert root is not None
        member = root.member_named("s")
        assert member is not None
        assert at_key(member, "m") == Result(member.span, "/s", "m")
        assert at_value(member.value, "m") == Result(member.value.span, "/s", "m")


def test_every_kind_of_subject_is_used_by_a_shipped_rule() -> None:
    assert {rule.on for rule in load_rules().rules} >= {Subject.DOCUMENT, Subject.TEMPLATE, Subject.EXTENSION}
