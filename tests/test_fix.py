"""Fixes: what is found is gone, nothing new appears, the rest of the file stays, and a second run has nothing to do."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from test_pages import PAGES, framed

import armlint
from armlint import files, run
from armlint import page as pages
from armlint.arm.model import Model
from armlint.edit import Edit, Fix, apply
from armlint.engine import check
from armlint.finding import Finding, Severity
from armlint.fix import State, choose, fix, mistakes
from armlint.jsontext import read
from armlint.mend import Mend
from armlint.page import PageError
from armlint.registry import rule_of
from armlint.report import diff, sarif
from armlint.report import plain as json_report
from armlint.report import text as words
from armlint.report.changes import harmless
from armlint.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from armlint.page import Example, Page
    from armlint.rule import Rule

TODAY = date(2026, 11, 22)
RULES = run.load_rules().rules


def finding(
    *edits: Edit, rule: str = "ABC001", severity: Severity = Severity.WARNING, safe: bool = True
) -> Finding:
    mend = Fix("Do it", tuple(edits), safe)
    return Finding(rule, "x", severity, "m", Span(0, 1), pointer=f"/{edits[0].start}", fix=mend)


class TestChoose:
    def test_takes_what_is_apart(self) -> None:
        apart = [finding(Edit(4, 5, "")), finding(Edit(0, 2, "")), finding(Edit(2, 4, ""))]
        assert [f.fix.edits[0].start for f in choose(apart) if f.fix] == [0, 2, 4]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (Edit(0, 3, ""), Edit(2, 4, "")),
            (Edit(0, 9, ""), Edit(2, 4, "")),
            (Edit(0, 3, ""), Edit(3, 3, ", x")),
            (Edit(3, 3, ", x"), Edit(3, 5, "")),
            (Edit(3, 3, "x"), Edit(3, 3, "y")),
            (Edit(3, 3, ","), Edit(3, 3, ",y")),
            (Edit(3, 3, ",x"), Edit(3, 3, "y,")),
        ],
    )
    def test_leaves_the_second_where_two_meet(self, one: Edit, other: Edit) -> None:
        assert len(choose([finding(one), finding(other)])) == 1

    def test_joins_what_brings_its_comma(self) -> None:
        assert len(choose([finding(Edit(3, 3, ", x")), finding(Edit(3, 3, ", y"))])) == 2

    def test_does_not_bring_a_name_twice(self) -> None:
        assert len(choose([finding(Edit(3, 3, ', "a": 1')), finding(Edit(3, 3, ', // x\n"A": 2'))])) == 1

    def test_takes_one_of_several_with_the_same_fix(self) -> None:
        assert len(choose([finding(Edit(0, 1, "")), finding(Edit(0, 1, ""), rule="ABC002")])) == 1

    def test_looks_at_all_edits_of_a_fix(self) -> None:
        assert (
            len(choose([finding(Edit(0, 1, ""), Edit(8, 9, "")), finding(Edit(2, 3, ""), Edit(8, 9, "x"))]))
            == 1
        )

    def test_time_grows_with_the_number_of_fixes(self) -> None:
        def spent(count: int) -> float:
            many = [finding(Edit(i * 3, i * 3 + 1, ""), Edit(10**9, 10**9, ",x")) for i in range(count)]
            start = time.process_time()
            assert len(choose(many)) == count
            return time.process_time() - start

        spent(1000)
        assert spent(20_000) < 60 * max(spent(1000), 0.002)


def reader(worse: str = "") -> Any:
    """Reads a text of letters: each `a` is a finding that is fixed by a `b`; a text with `worse` is broken."""

    def state(text: str) -> State:
        found = [finding(Edit(i, i + 1, "b")) for i, letter in enumerate(text) if letter == "a"]
        return State(text, found, errors=int(bool(worse) and worse in text))

    return state


class TestFix:
    def test_goes_on_until_nothing_is_left(self) -> None:
        done = fix(reader()("aca"), reader(), unsafe=False)
        assert (done.state.text, done.made, done.refused) == ("bcb", 2, ())

    def test_leaves_out_what_makes_the_text_worse(self) -> None:
        read_it = reader(worse="cb")
        done = fix(read_it("a-ca-a"), read_it, unsafe=False)
        assert done.state.text == "b-ca-b"
        assert [refused.pointer for refused in done.refused] == ["/3"]

    def test_leaves_a_text_that_cannot_be_judged(self) -> None:
        done = fix(reader()("a"), lambda _: None, unsafe=False)
        assert (done.state.text, done.made, len(done.refused)) == ("a", 0, 1)

    def test_guesses_only_when_asked(self) -> None:
        def unsafe(text: str) -> State:
            return State(text, [finding(Edit(0, 1, "b"), safe=False)] if text == "a" else [], 0)

        assert fix(unsafe("a"), unsafe, unsafe=False).state.text == "a"
        assert fix(unsafe("a"), unsafe, unsafe=True).state.text == "b"

    @pytest.mark.parametrize(("severity", "taken"), [(Severity.ERROR, False), (Severity.INFO, True)])
    def test_takes_a_new_finding_only_where_it_is_less_grave(self, severity: Severity, taken: bool) -> None:
        def state(text: str) -> State:
            if text == "a":
                return State(text, [finding(Edit(0, 1, "b"))], 0)
            return State(text, [Finding("NEW001", "n", severity, "m", Span(0, 1))], 0)

        assert (fix(state("a"), state, unsafe=True).state.text == "b") is taken

    def test_ends_where_fixes_undo_each_other(self) -> None:
        def state(text: str) -> State:
            return State(text, [finding(Edit(0, 1, "b" if text == "a" else "a"))], 0)

        assert fix(state("a"), state, unsafe=False).state.text in {"a", "b"}


def state_of(text: str, rules: Sequence[Rule]) -> State:
    document = read(Source(text))
    model = Model(document, None, run.catalogue(), TODAY)
    return State(text, check(model, rules).findings, mistakes(document))


def plain(text: str) -> object:
    root = read(Source(text)).root
    assert root is not None
    return root.plain()


def unmarked(page: Page, example: Example) -> str:
    body = re.sub(rf"[ \t]*//.*\b{page.id}\b.*", "", example.text)
    return framed(example._replace(text=body))[0]


def fixable_examples() -> list[tuple[Page, Example, Example | None]]:
    found = []
    for page in PAGES:
        rules = [rule for rule in RULES if rule.id == page.id]
        examples = [*page.examples, None]
        for example, after in pairwise(examples):
            if example is None or example.kind != "bad":
                continue
            if any(f.fix for f in state_of(framed(example)[0], rules).findings):
                found.append((page, example, after if after is not None and after.kind == "fixed" else None))
    return found


FIXABLE = fixable_examples()
# Where the page shows more than a fix can know.
BY_HAND = {"ARM002", "EXT119", "TPL514"}


def test_the_rules_that_can_be_fixed_without_a_guess_have_a_fix() -> None:
    wanted = {
        "ARM002",
        "ARM003",
        "DEP305",
        "EXT101",
        "EXT102",
        "EXT103",
        "EXT104",
        "EXT107",
        "EXT113",
        "EXT114",
    }
    wanted |= {"EXT119", "EXT126", "SEC201", "SEC202", "SEC205", "SEC206", "SEC209", "TPL514"}
    assert wanted <= {page.id for page, _, _ in FIXABLE}


@pytest.mark.parametrize(
    ("page", "example", "after"), FIXABLE, ids=[f"{page.id}-{example.line}" for page, example, _ in FIXABLE]
)
class TestPages:
    def test_fix_gives_the_fixed_example(self, page: Page, example: Example, after: Example | None) -> None:
        if after is None or page.id in BY_HAND:
            return
        rules = [rule for rule in RULES if rule.id == page.id]
        text = unmarked(page, example)
        done = fix(state_of(text, rules), lambda changed: state_of(changed, rules), unsafe=True)
        left = [f.pointer for f in done.state.findings]
        if not left:
            assert plain(done.state.text) == plain(framed(after)[0])

    def test_laws(self, page: Page, example: Example, after: Example | None) -> None:
        rules = [rule for rule in RULES if rule.enabled or rule.id == page.id]
        before = state_of(framed(example)[0], rules)
        done = fix(before, lambda changed: state_of(changed, rules), unsafe=True)
        mine = [f for f in done.state.findings if f.rule == page.id and f.fix is not None]
        assert not [f for f in mine if f not in done.refused], "what can be fixed is gone"
        new = Counter(f.rule for f in done.state.findings) - Counter(f.rule for f in before.findings)
        # What the mended finding stood for may come to light.
        assert set(new) <= {lesser for rule in RULES if rule.id == page.id for lesser in rule.supersedes}
        again = fix(done.state, lambda changed: state_of(changed, rules), unsafe=True)
        assert again.state.text == done.state.text

    def test_only_the_edits_change(self, page: Page, example: Example, after: Example | None) -> None:
        rules = [rule for rule in RULES if rule.id == page.id]
        text = framed(example)[0].replace("\n", "\r\n")
        for found in choose(state_of(text, rules).findings):
            assert found.fix is not None
            edits = found.fix.edits
            assert list(edits) == sorted(edits)
            assert all(one.end <= other.start for one, other in pairwise(edits))
            result = apply(text, edits)
            assert result.startswith(text[: edits[0].start])
            assert result.endswith(text[edits[-1].end :])
            assert result.count("\n") == result.count("\r\n")


HEAD = '{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",'
PASSWORD = "2Bmz!tRouq7xH"[::-1]


def template(*properties: str, more: str = "") -> str:
    inner = ",\n        ".join(
        [
            '"publisher": "Microsoft.Azure.Extensions"',
            '"type": "CustomScript"',
            '"typeHandlerVersion": "2.1"',
            '"autoUpgradeMinorVersion": true',
            *properties,
        ]
    )
    return f"""{HEAD}
  "contentVersion": "1.0.0.0",
  "parameters": {{ "pw": {{ "type": "securestring" }} }},
  "resources": [
    {{
      "type": "Microsoft.Compute/virtualMachines/extensions",
      "apiVersion": "2023-09-01",
      "name": "web/install",
      "location": "westeurope",{more}
      "properties": {{
        {inner}
      }}
    }}
  ]
}}
"""


def fixed(text: str, *ids: str, unsafe: bool = False) -> str:
    rules = [rule for rule in RULES if rule.id in ids]
    outcome = run.check_bytes(text.encode(), "x.json", rules, mend=Mend(unsafe, write=True), today=TODAY)
    return text if outcome.content is None else outcome.content.decode()


class TestProtecting:
    def test_merges_into_what_is_protected_already(self) -> None:
        text = template(
            '"settings": { "fileUris": [], "commandToExecute": "x" }', '"protectedSettings": { "a": "b" }'
        )
        assert '"settings": { "fileUris": [] }' in fixed(text, "EXT101")
        assert '"protectedSettings": { "a": "b", "commandToExecute": "x" }' in fixed(text, "EXT101")

    def test_of_all_there_is_renames_the_block(self) -> None:
        text = template('"settings": { "commandToExecute": "x" }')
        assert fixed(text, "EXT101") == text.replace('"settings"', '"protectedSettings"')

    def test_beside_a_key_vault_is_a_guess(self) -> None:
        vault = '"protectedSettingsFromKeyVault": { "secretUrl": "https://x.vault.azure.net/secrets/a/b" }'
        text = template('"settings": { "commandToExecute": "x" }', vault)
        assert fixed(text, "EXT101") == text

    def test_of_what_a_variable_holds_is_not_done(self) -> None:
        text = template('"settings": "[variables(\'s\')]"').replace(
            '"resources"', '"variables": { "s": { "commandToExecute": "x" } },\n  "resources"'
        )
        assert fixed(text, "EXT101", unsafe=True) == text

    def test_does_not_overwrite(self) -> None:
        text = template('"settings": { "script": "x" }', '"protectedSettings": { "script": "y" }')
        assert fixed(text, "EXT101", "SEC201", unsafe=True) == text

    def test_moves_twenty_settings(self) -> None:
        secrets = ", ".join(f'"s{number}": "[parameters(\'pw\')]"' for number in range(20))
        result = fixed(template(f'"settings": {{ {secrets}, "fileUris": [] }}'), "SEC201", unsafe=True)
        assert not armlint.check(result, select=["SEC201"])
        assert '"settings": { "fileUris": [] }' in result


class TestOrder:
    CHILD = """
    {{
      "type": "Microsoft.Compute/virtualMachines",
      "apiVersion": "2023-09-01",
      "name": {name},{more}
      "location": "westeurope"
    }},
    {{"""

    def made(self, name: str, child: str, entries: str = "", more: str = "") -> str:
        text = template().replace("\n    {", self.CHILD.format(name=name, more=more), 1)
        return text.replace('"web/install",', f"{child},{entries}")

    def test_names_the_parent_by_its_expression(self) -> None:
        text = self.made(
            "\"[concat('a', resourceGroup().name)]\"", "\"[concat('a', resourceGroup().name, '/x')]\""
        )
        entry = "[resourceId('Microsoft.Compute/virtualMachines', concat('a', resourceGroup().name))]"
        assert json.loads(fixed(text, "DEP305"))["resources"][1]["dependsOn"] == [entry]

    def test_adds_to_what_is_there(self) -> None:
        text = self.made('"web"', '"web/install"', '\n      "dependsOn": [ "Microsoft.Web/sites/x" ],')
        assert json.loads(fixed(text, "DEP305"))["resources"][1]["dependsOn"] == [
            "Microsoft.Web/sites/x",
            "[resourceId('Microsoft.Compute/virtualMachines', 'web')]",
        ]

    def test_uses_the_words_that_the_template_uses(self) -> None:
        text = self.made('"web"', '"web/install"')
        other = """{
      "type": "Microsoft.Web/sites", "apiVersion": "2022-03-01", "name": "s", "location": "westeurope",
      "dependsOn": [ "Microsoft.Compute/virtualMachines/web" ]
    },
    {"""
        text = text.replace(
            '{\n      "type": "Microsoft.Compute/virtualMachines"',
            f'{other}\n      "type": "Microsoft.Compute/virtualMachines"',
            1,
        )
        entries = json.loads(fixed(text, "DEP305"))["resources"][2]["dependsOn"]
        assert entries == ["Microsoft.Compute/virtualMachines/web"]

    def test_is_not_made_a_ring(self) -> None:
        text = self.made('"web"', '"web/install"', more='\n      "dependsOn": [ "web/install" ],')
        text = text.replace(
            '"web/install" ]',
            "\"[resourceId('Microsoft.Compute/virtualMachines/extensions', 'web', 'install')]\" ]",
        )
        assert fixed(text, "DEP305", unsafe=True) == text


@pytest.mark.parametrize(
    ("version", "wanted", "safe"),
    [
        ("2.1", '"2.1"', True),
        ("1.10", '"1.10"', False),
        ("2", '"2.0"', False),
        ('"2"', '"2.0"', False),
        ('"latest"', '"2.1"', False),
    ],
)
def test_a_version_is_written_as_text(version: str, wanted: str, safe: bool) -> None:
    text = template().replace('"2.1"', version)
    assert (fixed(text, "EXT104") == text) is not safe
    assert f'"typeHandlerVersion": {wanted}' in fixed(text, "EXT104", unsafe=True)


def test_a_default_that_a_nested_template_needs_is_not_safe_to_remove() -> None:
    page = next(page for page in PAGES if page.id == "SEC205")
    nested = next(e for e in page.examples if '"template"' in e.text and e.kind == "bad")
    text = framed(nested)[0]
    assert fixed(text, "SEC205") == text


def test_a_default_rule_that_was_not_asked_is_not_made_to_speak() -> None:
    text = """{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {
    "pw": { "type": "securestring" },
    "c": { "type": "string", "defaultValue": "[concat('p=', parameters('pw'))]" }
  },
  "resources": [],
  "outputs": { "c": { "type": "string", "value": "[parameters('c')]" } }
}"""
    assert fixed(text, "SEC202", unsafe=True) == text


class TestBytes:
    TEXT = template('"settings": { "commandToExecute": "x" }', more='\n      "comments": "🙂 ü",')

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_encoding_mark_and_line_ends_stay(self, encoding: str, end: str) -> None:
        mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
        content = mark + self.TEXT.replace("\n", end).encode(encoding)
        rules = [rule for rule in RULES if rule.id == "EXT101"]
        outcome = run.check_bytes(content, "x.json", rules, mend=Mend(unsafe=False, write=True))
        wanted = self.TEXT.replace('"settings"', '"protectedSettings"').replace("\n", end)
        assert outcome.content == mark + wanted.encode(encoding)

    def test_what_is_no_text_is_left_alone(self) -> None:
        content = self.TEXT.replace("ü", "~").encode().replace(b"~", b"\xfc")
        rules = [rule for rule in RULES if rule.id == "EXT101"]
        outcome = run.check_bytes(content, "x.json", rules, mend=Mend(unsafe=True, write=True))
        assert outcome.content is None
        assert "not fixed" in outcome.notices[-1].message


class TestReplace:
    def test_keeps_the_mode_and_leaves_nothing_behind(self, tmp_path: Path) -> None:
        path = tmp_path / "a.json"
        path.write_bytes(b"old")
        path.chmod(0o640)
        files.replace(str(path), b"old", b"new")
        assert path.read_bytes() == b"new"
        assert path.stat().st_mode & 0o777 == 0o640
        assert os.listdir(tmp_path) == ["a.json"]  # noqa: PTH208

    @pytest.mark.parametrize("step", ["open", "fsync", "chmod", "replace", "stat"])
    def test_a_failure_at_any_step_leaves_the_old_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        path = tmp_path / "a.json"
        path.write_bytes(b"old")
        whole = getattr(os, step)

        def fail(*arguments: Any, **named: Any) -> Any:
            if step == "open" and not arguments[1] & os.O_CREAT:
                return whole(*arguments, **named)
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, step, fail)
        with pytest.raises(files.Unreadable, match="not changed"):
            files.replace(str(path), b"old", b"new")
        monkeypatch.undo()
        assert path.read_bytes() == b"old"
        assert os.listdir(tmp_path) == ["a.json"]  # noqa: PTH208

    def test_what_was_changed_meanwhile_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "a.json"
        path.write_bytes(b"newer")
        with pytest.raises(files.Unreadable, match="meanwhile"):
            files.replace(str(path), b"old", b"new")
        assert path.read_bytes() == b"newer"

    def test_a_link_is_followed_inside_and_not_out_of_the_repository(self, tmp_path: Path) -> None:
        repository, outside = tmp_path / "repository", tmp_path / "outside.json"
        (repository / ".git").mkdir(parents=True)
        outside.write_bytes(b"old")
        inside = repository / "a.json"
        inside.write_bytes(b"old")
        (repository / "in.json").symlink_to(inside)
        (repository / "out.json").symlink_to(outside)
        files.replace(str(repository / "in.json"), b"old", b"new")
        assert inside.read_bytes() == b"new"
        assert (repository / "in.json").is_symlink()
        with pytest.raises(files.Unreadable, match="a link to a file elsewhere"):
            files.replace(str(repository / "out.json"), b"old", b"new")
        assert outside.read_bytes() == b"old"

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everything")
    def test_a_file_that_may_not_be_written_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "a.json"
        path.write_bytes(b"old")
        path.chmod(0o400)
        with pytest.raises(files.Unreadable, match="may not be written"):
            files.replace(str(path), b"old", b"new")

    def test_a_kill_at_any_moment_leaves_the_old_or_the_new_file(self, tmp_path: Path) -> None:
        path = tmp_path / "a.json"
        old, new = b"o" * 3_000_000, b"n" * 3_000_000
        path.write_bytes(old)
        script = (
            "import sys; from armlint import files\nold, new = b'o' * 3_000_000, b'n' * 3_000_000\n"
            "print('ready', flush=True)\nwhile True:\n"
            f"    files.replace({str(path)!r}, old, new)\n    old, new = new, old\n"
        )
        for wait in (0.003, 0.011, 0.017, 0.029):
            path.write_bytes(old)
            process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()
            assert path.read_bytes() in {old, new}


class TestWords:
    def test_no_secret_is_in_a_diff(self) -> None:
        text = template(
            f'"settings": {{\n          "password": "{PASSWORD}"\n        }}',
            '"enableAutomaticUpgrade": false',
        )
        before = state_of(text, RULES)
        after = State(text.replace('"settings"', '"protectedSettings"'), (), 0)
        shown = diff.render("x.json", before, after)
        assert "protectedSettings" in shown
        assert PASSWORD[:5] not in shown

    def test_a_diff_is_as_difflib_has_it(self) -> None:
        import difflib

        old = '{\n "type": "a/b",\n' + ' "kind": 1,\n' * 20 + ' "location": "x"\n}\n'
        new = old.replace("a/b", "a/c").replace('"x"\n', '"y"\n')
        wanted = difflib.unified_diff(old.splitlines(True), new.splitlines(True), "n", "n")
        assert diff.render("n", State(old, (), 0), State(new, (), 0)) == "".join(wanted)

    @pytest.mark.parametrize(
        "text", ["", ",\n  ", "true", '"2.1"', ', "autoUpgradeMinorVersion": true', '"protectedSettings"']
    )
    def test_what_gives_nothing_away_may_be_told(self, text: str) -> None:
        assert harmless(text)

    @pytest.mark.parametrize(
        "text", [f'"{PASSWORD}"', f', "x": "{PASSWORD}"', f"// {PASSWORD}\n", "{", '"x": ']
    )
    def test_what_may_be_secret_or_is_not_understood_is_not_told(self, text: str) -> None:
        assert not harmless(text)


def test_fixes_of_a_minified_file_take_time_in_proportion() -> None:
    def spent(count: int) -> float:
        one = json.dumps(json.loads(template('"settings": { "commandToExecute": "x" }'))["resources"][0])
        items = ",".join(one.replace("web/", f"web{number}/") for number in range(count))
        text = f'{HEAD}"contentVersion":"1.0.0.0","resources":[{items}]}}'
        rules = [rule for rule in RULES if rule.id == "EXT101"]
        start = time.process_time()
        outcome = run.check_bytes(text.encode(), "x.json", rules, mend=Mend(unsafe=False, write=True))
        assert outcome.fixed == count
        return time.process_time() - start

    spent(20)
    assert spent(400) < 16 * spent(100)


class TestSarif:
    def results(self, text: str, *ids: str) -> list[dict[str, Any]]:
        rules = [rule for rule in RULES if rule.id in ids]
        outcome = run.check_bytes(text.encode(), "x.json", rules, today=TODAY, hashes=True)
        log = json.loads(sarif.render(run.report([outcome], rules, "1.0.0", None)))
        found: list[dict[str, Any]] = log["runs"][0]["results"]
        return found

    @staticmethod
    def applied(text: str, result: dict[str, Any]) -> str:
        """The text with the replacements of a result made, columns counted in UTF-16."""
        lines = text.split("\n")
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len((line + "\n").encode("utf-16-le")))
        content = text.encode("utf-16-le")
        replacements = result["fixes"][0]["artifactChanges"][0]["replacements"]
        for replacement in reversed(replacements):
            region = replacement["deletedRegion"]
            start = starts[region["startLine"] - 1] + 2 * (region["startColumn"] - 1)
            end = starts[region["endLine"] - 1] + 2 * (region["endColumn"] - 1)
            new = replacement.get("insertedContent", {}).get("text", "").encode("utf-16-le")
            content = content[:start] + new + content[end:]
        return content.decode("utf-16-le")

    def test_replacements_make_the_fix(self) -> None:
        text = template(more='\n      "comments": "x",').replace(
            '"autoUpgradeMinorVersion": true', '/* 🙂 */ "autoUpgradeMinorVersion": false'
        )
        (result,) = self.results(text, "EXT103")
        assert self.applied(text, result) == fixed(text, "EXT103") != text
        assert result["fixes"][0]["description"]["text"] == "Set autoUpgradeMinorVersion to true."

    def test_what_is_not_safe_says_so(self) -> None:
        (result,) = self.results(template().replace('"typeHandlerVersion": "2.1",', ""), "EXT102")
        assert "not safe" in result["fixes"][0]["description"]["text"]

    def test_a_fix_that_would_carry_a_secret_is_left_out(self) -> None:
        text = template(f'"settings": {{ "a": 1, "commandToExecute": "sh install.sh {PASSWORD}" }}')
        (result,) = self.results(text, "EXT101")
        assert "fixes" not in result
        assert fixed(text, "EXT101") != text

    def test_text_and_json_tell_of_both_kinds(self) -> None:
        text = template().replace('"typeHandlerVersion": "2.1",', "").replace(": true", ": false")
        rules = [rule for rule in RULES if rule.id in {"EXT102", "EXT103"}]
        outcome = run.check_bytes(text.encode(), "x.json", rules, today=TODAY)
        report = run.report([outcome], (), "1.0.0", None)
        told = words.render(report, color=False)
        assert "[fixable]" in told
        assert "[fixable with --unsafe-fixes]" in told
        assert told.endswith("1 fixable with --fix, 1 more with --unsafe-fixes.\n")
        document = json.loads(json_report.render(report))
        assert {f["rule"]: (f["fixable"], f["fix"]["safe"]) for f in document["findings"]} == {
            "EXT102": (False, False),
            "EXT103": (True, True),
        }


RULE = """# HSE001 · House rule

A page of a house rule, for a test of its fix.

```toml rule
name = "house-rule"
severity = "warning"
since = "0.1.0"
on = "resource"
resource = "Microsoft.Storage/storageAccounts"
deny = "properties.minimumTlsVersion != 'TLS1_2'"
at = "properties.minimumTlsVersion"
message = "{name} takes old TLS"
help = "Ask for TLS 1.2."
fix = FIX
```
"""
ACCOUNT = """{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "resources": [
    {
      "type": "Microsoft.Storage/storageAccounts",
      "apiVersion": "2023-01-01",
      "name": "x"PROPERTIES
    }
  ]
}"""


class TestDeclared:
    SET = '{ set = "properties.minimumTlsVersion", value = "TLS1_2", safe = true }'

    def mended(self, fix_: str, properties: str) -> Any:
        rule = rule_of(pages.read("HSE001-house-rule.md", RULE.replace("FIX", fix_)))
        text = ACCOUNT.replace("PROPERTIES", properties)
        outcome = run.check_bytes(text.encode(), "x.json", [rule], mend=Mend(unsafe=False, write=True))
        return json.loads(outcome.content or text)["resources"][0].get("properties")

    @pytest.mark.parametrize(
        ("properties", "wanted"),
        [
            (', "properties": { "minimumTlsVersion": "TLS1_0" }', {"minimumTlsVersion": "TLS1_2"}),
            (', "properties": { "a": 1 }', {"a": 1, "minimumTlsVersion": "TLS1_2"}),
            ("", {"minimumTlsVersion": "TLS1_2"}),
            (', "properties": []', []),
        ],
    )
    def test_a_member_is_set(self, properties: str, wanted: object) -> None:
        assert self.mended(self.SET, properties) == wanted

    def test_a_member_is_removed(self) -> None:
        removed = '{ remove = "properties.a", safe = true }'
        assert self.mended(removed, ', "properties": { "a": 1, "b": 2 }') == {"b": 2}

    def test_a_table_over_several_keys_is_a_fix_too(self) -> None:
        value = '{ set = "properties.minimumTlsVersion", value = { x = ["TLS1_2", 1] }, safe = false }'
        assert rule_of(pages.read("HSE001-house-rule.md", RULE.replace("FIX", value))).make()

    @pytest.mark.parametrize(
        ("fix_", "told"),
        [
            ("true", "'fix' is a table"),
            ("{ safe = true }", "a fix needs 'set'"),
            ('{ set = "a", safe = true }', "a fix needs 'value'"),
            ('{ set = "a", value = true }', "a fix needs 'safe'"),
            ('{ remove = "a", value = true, safe = true }', "a fix does not take 'value'"),
            ("{ remove = true, safe = true }", "'remove' of a fix is of another type"),
            ('{ set = "a", value = 1, safe = true, rename = "b" }', "a fix does not take 'rename'"),
        ],
    )
    def test_mistakes_are_told_with_their_line(self, fix_: str, told: str) -> None:
        with pytest.raises(PageError, match=told) as caught:
            rule_of(pages.read("HSE001-house-rule.md", RULE.replace("FIX", fix_)))
        assert caught.value.line == 15

    def test_the_schema_of_a_fence_knows_fixes(self, checkout: Path) -> None:
        schema = json.loads((checkout / "schemas" / "rule.schema.json").read_text("utf-8"))
        validator = Draft202012Validator(schema)
        table = dict(pages.read("x.md", RULE.replace("FIX", self.SET)).table)
        assert validator.is_valid(table)
        assert not validator.is_valid({**table, "fix": {"set": "a", "safe": True}})


def test_no_fix_makes_a_file_of_the_corpus_worse(corpus: Path) -> None:
    """Every third file: parses as before, reads no worse, and a second run has nothing to do."""
    for path in list(files.find([str(corpus)], files.Excludes([])))[::3]:
        content = files.load(path)
        outcome = run.check_bytes(content, path, RULES, today=TODAY, mend=Mend(unsafe=True, write=True))
        if outcome.content is None:
            continue
        before, after = (files.decode(data, path).document for data in (content, outcome.content))
        assert mistakes(after) <= mistakes(before), path
        refused = " ".join(notice.message for notice in outcome.notices)
        left = [entry for entry in outcome.entries if entry.mending is not None]
        assert all(entry.pointer in refused for entry in left), path
        again = run.check_bytes(outcome.content, path, RULES, today=TODAY, mend=Mend(unsafe=True, write=True))
        assert again.content is None, path
