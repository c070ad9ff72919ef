"""What comments, metadata and the configuration leave out, and what they must not."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import armlint
from armlint import engine
from armlint.arm.model import Model
from armlint.edit import apply
from armlint.jsontext import Comment, read
from armlint.run import load_rules
from armlint.source import Source, Span
from armlint.suppress import MAX_CLAIMS, Shield

if TYPE_CHECKING:
    from collections.abc import Sequence

FRAME = """{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "resources": [
%s
  ]
}
"""
# The tags are two findings of ARM002 on lines of their own, 8 and 11.
TAGGED = """{
  "type": "Microsoft.Resources/tags", "apiVersion": "2022-09-01", "name": "default",
  "properties": {
    "first": {
      "a": 1,
      "A": 2
    },
    "tags": {
      "b": 1,
      "B": 2
    }
  }
}
"""
SELECT = ("ARM002", "ARM006")


def found(text: str, *select: str) -> list[tuple[str, int]]:
    """The rules that speak, each with its line."""
    entries = armlint.check(text, select=select or SELECT)
    return [(entry.rule, entry.region.line) for entry in entries]


def told(text: str, *select: str) -> list[str]:
    """What ARM006 says."""
    return [e.message for e in armlint.check(text, select=select or SELECT) if e.rule == "ARM006"]


def tagged(**comments: str) -> str:
    """The template with comments behind or, with `_above`, over the line that a letter starts."""
    text = FRAME % TAGGED
    for name, comment in comments.items():
        letter, _, above = name.partition("_")
        start = text.index(f'"{letter}"')
        at = text.rindex("\n", 0, start) if above else text.index("\n", start)
        text = f"{text[:at]}{chr(10) if above else ' '}{comment}{text[at:]}"
    return text


def test_without_a_word_everything_is_told() -> None:
    assert found(tagged()) == [("ARM002", 10), ("ARM002", 14)]


class TestComments:
    @pytest.mark.parametrize(
        "comment",
        [
            "// armlint: ignore[ARM002]",
            "// armlint: ignore[ARM002] the portal needs both",
            "//armlint:ignore[arm002]",
            "/* armlint: ignore[ARM002] */",
            "// armlint: ignore[duplicate-key]",
            "// armlint: ignore[ARM]",
            "// armlint: ignore[ ARM002 , ARM002 ]",
        ],
    )
    def test_one_leaves_out_what_its_line_has(self, comment: str) -> None:
        assert found(tagged(A=comment)) == [("ARM002", 14)]

    def test_one_alone_is_about_the_line_below(self) -> None:
        assert found(tagged(A_above="// armlint: ignore[ARM002]")) == [("ARM002", 15)]

    def test_one_alone_is_about_all_of_the_member_below(self) -> None:
        assert found(tagged(first_above="// armlint: ignore[ARM002]")) == [("ARM002", 15)]
        assert found(tagged(properties_above="// armlint: ignore[ARM002]")) == []

    def test_other_comments_and_blank_lines_may_stand_between(self) -> None:
        comment = "// armlint: ignore[ARM002]\n\n  // so it is\n  /* and\n stays */\n"
        assert [line for rule, line in found(tagged(first_above=comment)) if rule == "ARM002"] == [20]

    def test_one_behind_an_opening_bracket_is_about_its_line_only(self) -> None:
        assert found(tagged(first="// armlint: ignore[ARM002]")) == [
            ("ARM006", 8),
            ("ARM002", 10),
            ("ARM002", 14),
        ]

    def test_one_above_the_whole_file_is_about_a_line_all_the_same(self) -> None:
        text = "// armlint: ignore[ARM002]\n" + tagged()
        assert [rule for rule, _ in found(text)] == ["ARM006", "ARM002", "ARM002"]

    def test_ignore_file_is_about_the_file_wherever_it_stands(self) -> None:
        assert found(tagged(b="// armlint: ignore-file[ARM002] generated")) == []
        assert found(tagged() + "// armlint: ignore-file[ARM002]") == []

    def test_other_rules_speak_on(self) -> None:
        text = tagged(A="// armlint: ignore[ARM005]")
        assert found(text, "ARM002", "ARM005") == [("ARM002", 10), ("ARM002", 14)]

    def test_a_word_in_a_string_is_no_comment(self) -> None:
        text = tagged().replace('"A": 2', '"A": "// armlint: ignore[ARM002]"')
        assert found(text) == [("ARM002", 10), ("ARM002", 14)]

    def test_one_with_windows_line_ends(self) -> None:
        text = tagged(first_above="// armlint: ignore[ARM002]", B="// armlint: ignore[ARM002]")
        assert found(text.replace("\n", "\r\n")) == []

    @given(st.lists(st.sampled_from(["a", "A", "b", "B", "first", "tags", "type"]), unique=True))
    def test_a_comment_elsewhere_brings_nothing_back(self, places: Sequence[str]) -> None:
        quiet = tagged(A="// armlint: ignore[ARM002]", B="// armlint: ignore[ARM002]")
        for place in places:
            at = quiet.index("\n", quiet.index(f'"{place}"'))
            quiet = f"{quiet[:at]} // nothing to see{quiet[at:]}"
        assert "ARM002" not in [rule for rule, _ in found(quiet)]

    @given(st.text(alphabet='amrlint: ignoe-fl[]AR02,/*\n"x{}', max_size=60))
    def test_no_comment_makes_it_fail(self, comment: str) -> None:
        entries = armlint.check(tagged(A=f"// armlint: {comment}"), select=SELECT)
        assert all(entry.message for entry in entries)


class TestMetadata:
    @staticmethod
    def template(ignore: Any, *, inside: bool = False) -> str:
        resource = {
            "type": "Microsoft.Compute/virtualMachines/extensions",
            "apiVersion": "2024-07-01",
            "name": "web/setup",
            "location": "[resourceGroup().location]",
            "properties": {
                "publisher": "Microsoft.Azure.Extensions",
                "type": "CustomScript",
                "typeHandlerVersion": "2.1",
                "autoUpgradeMinorVersion": True,
                "settings": {"commandToExecute": "sh setup.sh"},
            },
        }
        metadata = {"metadata": {"armlint": {"ignore": ignore}}}
        whole = {
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            **({} if inside else metadata),
            "resources": [{**resource, **(metadata if inside else {})}, {**resource, "name": "db/setup"}],
        }
        return json.dumps(whole, indent=2)

    def test_at_the_root_it_is_about_the_file(self) -> None:
        assert found(self.template(["EXT101"]), "EXT101", "ARM006") == []

    def test_in_a_resource_it_is_about_that(self) -> None:
        entries = armlint.check(self.template(["EXT101"], inside=True), select=["EXT101", "ARM006"])
        assert [entry.pointer.split("/")[2] for entry in entries] == ["1"]

    def test_in_a_parameter_it_is_about_that(self) -> None:
        text = json.dumps(
            {
                "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                "contentVersion": "1.0.0.0",
                "parameters": {
                    name: {
                        "type": "securestring",
                        "defaultValue": "nothing-much",
                        **({"metadata": {"armlint": {"ignore": ["SEC205"]}}} if name == "one" else {}),
                    }
                    for name in ("one", "two")
                },
                "resources": [],
            }
        )
        entries = armlint.check(text, select=["SEC205", "ARM006"])
        assert [entry.pointer for entry in entries] == ["/parameters/two/defaultValue"]

    def test_an_entry_may_be_about_one_place(self) -> None:
        place = "/resources/1/properties/settings/commandToExecute"
        for pointer, left in ((place, ["0"]), ("/resources/*/properties", []), ("/resources/0", ["1"])):
            text = self.template([{"rule": "EXT101", "pointer": pointer, "reason": "because"}])
            entries = armlint.check(text, select=["EXT101", "ARM006"])
            assert [entry.pointer.split("/")[2] for entry in entries] == left

    @pytest.mark.parametrize(
        ("day", "rules"), [("2026-01-31", []), ("2026-02-01", ["ARM006", "EXT101", "EXT101"])]
    )
    def test_an_entry_holds_through_its_last_day(self, day: str, rules: list[str]) -> None:
        text = self.template([{"rule": "EXT101", "expires": "2026-01-31"}])
        entries = armlint.check(text, select=["EXT101", "ARM006"], today=date.fromisoformat(day))
        assert sorted(entry.rule for entry in entries) == rules

    @pytest.mark.parametrize(
        ("ignore", "message"),
        [
            ("EXT101", "'ignore' is an array of rules"),
            ([7], "an entry is the id of a rule, or an object with 'rule'"),
            ([{}], "an entry is the id of a rule, or an object with 'rule'"),
            (
                [{"rule": "EXT101", "until": "x"}],
                "an entry has rule, reason, pointer, expires, all of them strings",
            ),
            ([{"rule": "EXT101", "expires": "soon"}], "'expires' is a day such as 2027-01-31"),
            (
                [{"rule": "EXT101", "pointer": "resources"}],
                "a pointer starts with '/', as those in the report do",
            ),
            (
                ["comand-in-public-settings"],
                "no rule is called 'comand-in-public-settings'; did you mean 'command-in-public-settings'?",
            ),
            (["hunter2 is no rule at all"], "this names no rule"),
        ],
    )
    def test_what_is_wrong_with_it_is_told_and_nothing_is_left_out(self, ignore: Any, message: str) -> None:
        entries = armlint.check(self.template(ignore), select=["EXT101", "ARM006"])
        assert [e.message for e in entries if e.rule == "ARM006"] == [message]
        assert [e.rule for e in entries].count("EXT101") == 2


class TestUnused:
    def test_a_suppression_without_use_is_told_at_the_name_of_the_rule(self) -> None:
        text = tagged(b="// armlint: ignore[ARM002, ARM005]", A="// armlint: ignore[ARM002]")
        entries = [e for e in armlint.check(text, select=["ARM"]) if e.rule == "ARM006"]
        assert [e.message for e in entries] == [f"ARM00{n} has nothing to ignore here" for n in (2, 5)]
        line = text.split("\n")[entries[0].region.line - 1]
        shown = [line[e.region.column - 1 : e.region.end_column - 1] for e in entries]
        assert shown == ["ARM002", "ARM005"]

    def test_nothing_is_said_of_rules_that_did_not_run(self) -> None:
        assert told(tagged(a="// armlint: ignore[EXT101]")) == []
        assert told(tagged(a="// armlint: ignore[EXT]"), "EXT101", "ARM006") == []
        assert told(tagged(a="// armlint: ignore[EXT101]"), "EXT101", "ARM006") != []

    def test_nothing_is_said_of_a_rule_that_failed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> None:
            raise ZeroDivisionError

        rules = [
            rule._replace(make=lambda: fail) if rule.id == "ARM005" else rule
            for rule in load_rules().select(["ARM"])
        ]
        model = Model(read(Source(tagged(a="// armlint: ignore[ARM005]"))))
        checked = engine.check(model, rules, load_rules())
        assert [broken.rule for broken in checked.broken] == ["ARM005"]
        assert "ARM006" not in [finding.rule for finding in checked.findings]

    def test_two_that_leave_out_the_same_are_both_of_use(self) -> None:
        text = tagged(A="// armlint: ignore[ARM002]", b="// armlint: ignore-file[ARM002]")
        assert found(text) == []

    @pytest.mark.parametrize(
        ("comment", "message"),
        [
            ("armlint: ignore", "this names no rule, so nothing is ignored; write ignore[EXT101]"),
            ("armlint: ignore[]", "this names no rule, so nothing is ignored; write ignore[EXT101]"),
            (
                "armlint: ignore[ARM002",
                "the bracket is not closed, so nothing is ignored; write ignore[EXT101]",
            ),
            (
                "armlint: disable=ARM002",
                "'disable' is nothing that armlint knows; it knows ignore[RULE] and ignore-file[RULE]",
            ),
            ("armlint: ignore[ARM0002]", "no rule is called 'ARM0002'; did you mean 'ARM002'?"),
            ("armlint: ignore[xkcdxkcdxkcd]", "this names no rule"),
        ],
    )
    def test_a_mistake_is_told_and_leaves_nothing_out(self, comment: str, message: str) -> None:
        text = tagged(A=f"// {comment}")
        assert told(text) == [message]
        assert ("ARM002", 10) in found(text)

    def test_prose_about_armlint_is_left_alone(self) -> None:
        for prose in ("armlint: see the docs", "armlint found this", "see armlint: ignore[ARM002]"):
            assert told(tagged(a=f"// {prose}")) == []

    def test_what_is_said_of_suppressions_can_be_left_out_too(self) -> None:
        text = tagged(b="// armlint: ignore[ARM005]", B="// armlint: ignore[ARM002]")
        assert told(text, "ARM") != []
        assert told(text + "// armlint: ignore-file[ARM006]", "ARM") == []

    def test_but_not_that_this_itself_is_of_no_use(self) -> None:
        assert told(tagged() + "// armlint: ignore-file[ARM006]") == ["ARM006 has nothing to ignore here"]

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ('"x": 1 // armlint: ignore[ARM005] so\n', '"x": 1\n'),
            ('  // armlint: ignore[ARM005]\n  "x": 1', '  "x": 1'),
            ('/* armlint: ignore[ARM005] */ "x": 1', '"x": 1'),
            ('"x": 1 // armlint: ignore[ARM005, ARM004]\n', '"x": 1\n'),
            ('"metadata": {"armlint": {"ignore": ["ARM005"]}}, "x": 1', '"x": 1'),
            ('"metadata": {"y": 2, "armlint": {"ignore": ["ARM005"]}}', '"metadata": {"y": 2}'),
            (
                '"metadata": {"armlint": {"ignore": ["ARM005", "DEP"]}}',
                '"metadata": {"armlint": {"ignore": ["DEP"]}}',
            ),
        ],
    )
    def test_the_fix_takes_it_out_and_nothing_else(self, before: str, after: str) -> None:
        frame = FRAME % '{ "type": "a/b", "name": "c", "apiVersion": "2022-09-01",\n%s\n}'
        rules, registry = load_rules().select(["ARM"]), load_rules()
        text = frame % before
        for _ in range(3):
            findings = engine.check(Model(read(Source(text))), rules, registry).findings
            fixes = [one.fix for one in findings if one.rule == "ARM006" and one.fix is not None]
            if fixes:
                assert fixes[0].safe
                text = apply(text, fixes[0].edits)
        assert text == frame % after


class TestScripts:
    TEXT = (
        "echo one # armlint: ignore[SEC215]\n# armlint: ignore[SEC215] because\naz two \\\n  three\naz four\n"
    )

    def shield(self) -> Shield:
        shield = Shield(Source(self.TEXT), load_rules(), date(2026, 1, 1))
        comments = []
        for start in (self.TEXT.index("#"), self.TEXT.index("\n#") + 1):
            end = self.TEXT.index("\n", start)
            comments.append(Comment(start, end, self.TEXT[start:end]))
        start = self.TEXT.index("az two")
        shield.add_comments(comments, None, [Span(start, self.TEXT.index("three") + 5)])
        return shield

    @pytest.mark.parametrize(
        ("word", "hidden"), [("one", True), ("two", True), ("three", True), ("four", False)]
    )
    def test_a_comment_is_about_its_line_or_the_command_below(self, word: str, hidden: bool) -> None:
        rule = load_rules().select(["ARM001"])[0]
        at = self.TEXT.index(word)
        model = Model(read(Source("{")))
        finding = engine.check(model, [rule]).findings[0]
        moved = type(finding)("SEC215", "x", finding.severity, "y", Span(at, at + 3))
        standing, left_out = self.shield().sift([moved])
        assert (len(standing), len(left_out)) == (int(not hidden), int(hidden))


class TestBounds:
    def test_thousands_of_suppressions_are_cut_off_and_told_once(self) -> None:
        many = ", ".join(["ARM005"] * (MAX_CLAIMS + 500))
        messages = told(tagged(a=f"// armlint: ignore[{many}]"))
        assert [m for m in messages if "more than" in m] == [
            f"this file has more than {MAX_CLAIMS} suppressions; the others are passed over"
        ]

    def test_a_selector_of_a_megabyte_takes_no_time(self) -> None:
        assert told(tagged(a=f"// armlint: ignore[{'x' * 1_000_000}]")) == ["this names no rule"]
