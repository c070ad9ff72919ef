"""Configuration: where it is found, what it may say, what it can never do."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import armlint
from armlint import config, page, registry
from armlint.config import KEYS, positions
from armlint.plans import ConfigError, Configurations, Plans, Settings
from armlint.run import load_rules
from tests.test_cli import armlint_, program

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["armlint_"]

ROOT = Path(__file__).parents[1]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad_template: str) -> Path:
    """Return a repository with a template that has one finding, EXT101."""
    folder = tmp_path / "repo"
    (folder / ".git").mkdir(parents=True)
    (folder / "infra").mkdir()
    (folder / "infra" / "bad.json").write_text(bad_template)
    monkeypatch.chdir(folder)
    return folder


def rules_of(done: Any) -> list[str]:
    return [] if done.status == 2 else [finding["rule"] for finding in done.report["findings"]]


class TestDiscovery:
    @pytest.mark.parametrize("name", ["armlint.toml", ".armlint.toml", "pyproject.toml"])
    @pytest.mark.parametrize("folder", [".", "infra"])
    def test_the_nearest_one_above_a_file_governs_it(
        self, armlint_: Any, repo: Path, name: str, folder: str
    ) -> None:
        head = "[tool.armlint]\n" if name == "pyproject.toml" else ""
        (repo / folder / name).write_text(f'{head}ignore = ["EXT101"]\n')
        assert armlint_("check").status == 0

    def test_each_file_has_its_own(self, armlint_: Any, repo: Path, bad_template: str) -> None:
        (repo / "other").mkdir()
        (repo / "other" / "bad.json").write_text(bad_template)
        (repo / "armlint.toml").write_text('ignore = ["EXT101"]\n')
        (repo / "infra" / "armlint.toml").write_text('severity = { EXT101 = "error" }\n')
        done = armlint_("check", "-f", "json")
        assert [(one["path"], one["severity"]) for one in done.report["findings"]] == [
            ("infra/bad.json", "error")
        ]

    def test_the_search_ends_at_the_root_of_the_repository(self, armlint_: Any, repo: Path) -> None:
        (repo.parent / "armlint.toml").write_text('ignore = ["EXT101"]\n')
        assert armlint_("check").status == 1

    def test_a_project_file_without_a_table_is_passed_over(self, armlint_: Any, repo: Path) -> None:
        (repo / "armlint.toml").write_text('ignore = ["EXT101"]\n')
        for text in ('[project]\nname = "armlint-policies"\n', "[tool.other]\n", "no toml at all ["):
            (repo / "infra" / "pyproject.toml").write_text(text)
            assert armlint_("check").status == 0

    def test_a_project_file_with_a_broken_table_is_not(self, armlint_: Any, repo: Path) -> None:
        (repo / "pyproject.toml").write_text("[tool.armlint]\nignore = [\n")
        assert armlint_("check").status == 2

    def test_isolated_uses_none_and_config_only_that_one(self, armlint_: Any, repo: Path) -> None:
        (repo / "armlint.toml").write_text('ignore = ["EXT101"]\n')
        (repo / "other.toml").write_text('severity = { EXT101 = "info" }\n')
        assert armlint_("check", "--isolated").status == 1
        done = armlint_("check", "--config", "other.toml", "-f", "json")
        assert (done.status, [one["severity"] for one in done.report["findings"]]) == (0, ["info"])
        assert armlint_("check", "--config", "other.toml", "--isolated").status == 2
        assert armlint_("check", "--config", "none.toml").err == (
            "armlint: none.toml:1: no such file or directory\n"
        )

    def test_standard_input_is_taken_for_the_file_that_it_is_called(
        self, armlint_: Any, repo: Path, bad_template: str
    ) -> None:
        (repo / "infra" / "armlint.toml").write_text('ignore = ["EXT101"]\n')
        done = armlint_("check", "-", "--stdin-filename", "infra/new.json", stdin=bad_template.encode())
        assert done.status == 0

    def test_from_elsewhere_the_first_path_tells_the_configuration_of_the_run(
        self, armlint_: Any, repo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (repo / "armlint.toml").write_text('fail-on = "error"\nformat = "json"\n')
        monkeypatch.chdir(repo.parent)
        done = armlint_("check", "repo/infra")
        assert (done.status, rules_of(done)) == (0, ["EXT101"])

    def test_the_library_reads_it_too(self, repo: Path) -> None:
        (repo / "armlint.toml").write_text('ignore = ["EXT101"]\n')
        assert armlint.check_paths(["."]) == ()
        assert len(armlint.check_paths(["."], isolated=True)) == 1
        (repo / "other.toml").write_text('select = ["ARM"]\n')
        assert armlint.check_paths(["."], config="other.toml") == ()
        (repo / "armlint.toml").write_text("ignroe = []\n")
        with pytest.raises(ConfigError, match="did you mean 'ignore'"):
            armlint.check_paths(["."])

    def test_many_processes_know_it_too(self, armlint_: Any, repo: Path, bad_template: str) -> None:
        for number in range(20):
            (repo / "infra" / f"{number}.json").write_text(bad_template)
        (repo / "armlint.toml").write_text('[per-file-ignores]\n"infra/1*.json" = ["EXT101"]\n')
        done = armlint_("check", "--jobs", "2", "-f", "json")
        assert (len(done.report["findings"]), done.report["summary"]["suppressed"]) == (10, 11)


class TestExtend:
    def test_what_stands_in_a_file_comes_on_top(self, armlint_: Any, repo: Path) -> None:
        (repo / "base.toml").write_text(
            'select = ["EXT101", "ARM"]\nfail-on = "error"\nignore = ["ARM001"]\n'
        )
        (repo / "infra" / "armlint.toml").write_text(
            'extend = "../base.toml"\nseverity = { EXT101 = "error" }\n'
        )
        settings = Configurations().of_folder("infra")
        rules = config.select(load_rules(), settings)
        ids = [rule.id for rule in rules]
        assert {"EXT101", "ARM002"} <= set(ids)
        assert not {"ARM001", "EXT102"} & set(ids)
        assert settings.value("fail-on") == "error"
        done = armlint_("check", "infra", "-f", "json")
        assert (done.status, rules_of(done)) == (1, ["EXT101"])

    def test_a_rule_that_the_base_ignores_can_be_selected_again(self, repo: Path) -> None:
        (repo / "base.toml").write_text('ignore = ["EXT"]\n')
        (repo / "armlint.toml").write_text('extend = "base.toml"\nextend-select = ["EXT101"]\n')
        ids = [rule.id for rule in config.select(load_rules(), Configurations().of_folder("."))]
        assert {"EXT101", "EXT102"} & set(ids) == {"EXT101"}

    def test_excludes_start_from_their_own_file(self, armlint_: Any, repo: Path) -> None:
        (repo / "infra" / "base.toml").write_text('exclude = ["/bad.json"]\n')
        (repo / "armlint.toml").write_text('extend = "infra/base.toml"\n')
        assert "no JSON files" in armlint_("check").err

    @pytest.mark.parametrize("names", [("armlint.toml",), ("b.toml", "armlint.toml")])
    def test_a_circle_is_told(self, armlint_: Any, repo: Path, names: Sequence[str]) -> None:
        for name, extended in zip(("armlint.toml", *names), names, strict=False):
            (repo / name).write_text(f'# first\nextend = "{extended}"\n')
        done = armlint_("check")
        assert done.status == 2
        assert done.err.endswith(":2: 'extend' leads back to where it came from\n")

    def test_a_missing_one_is_told(self, armlint_: Any, repo: Path) -> None:
        (repo / "armlint.toml").write_text('extend = "none.toml"\n')
        assert armlint_("check").err == "armlint: armlint.toml:1: 'extend' names no file\n"


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "line", "message"),
        [
            ("\nignroe = []", 2, "there is no key 'ignroe'; did you mean 'ignore'?"),
            ("extend_select = []", 1, "there is no key 'extend_select'; did you mean 'extend-select'?"),
            ("xyzzy = 1", 1, "there is no such key"),
            ('select = "EXT"', 1, "'select' is a list of strings"),
            ('select = [\n  "EXT",\n  1]', 3, "'select' is a list of strings"),
            ('select = ["ARM",\n "EXT9"]', 2, "no rule is called 'EXT9'"),
            ('ignore = ["EXTT101"]', 1, "did you mean 'EXT101'?"),
            ("fail-on = true", 1, "'fail-on' is one of error, warning, info, never"),
            ('format = "html"', 1, "'format' is one of text, json"),
            ("jobs = 0", 1, "'jobs' is a whole number from 1 on"),
            ('preset = "all"\nselect = ["EXT"]', 1, "'preset' and 'select' both say which rules to start from"),
            ('[severity]\nARM001 = "info"\nEXT101 = "fatal"', 3, "a severity is one of error, warning, info"),
            ('[severity]\nARM001 = ["info"]', 2, "a severity is one of error, warning, info"),
            ('[severity]\nEXT9 = "info"', 2, "no rule is called 'EXT9'"),
            ('[per-file-ignores]\n"a" = ["EXT"]\n"b/**" = "EXT"', 3, "a pattern has a list of rules"),
            ('[[ignore]]\nrule = "EXT"\n\n[[ignore]]\nrul = "EXT"', 5, "there is no key 'rul'; did you mean 'rule'?"),
            ('[[ignore]]\nrule = "EXT"\n[[ignore]]\nreason = "x"', 3, "this entry lacks 'rule'"),
            ('[[ignore]]\nrule = "EXT"\nexpires = "2026-01-01"', 3, "'expires' is a day such as 2027-01-31"),
            ('[[ignore]]\nrule = "EXT"\npointer = "resources"', 3, "'pointer' starts with '/'"),
            ("[options.EXT101]\ndays = 1", 2, "EXT101 has no options"),
            ("[options.EXT9]\ndays = 1", 1, "no rule is called so"),
            ("ignore = [", 1, "this is no TOML"),
            ("a = 1\na = 2", 2, "this is no TOML"),
            ("a = " + "[" * 5000, 1, "this is"),
        ],
    )  # fmt: skip
    def test_they_are_told_with_file_and_line(
        self, armlint_: Any, repo: Path, text: str, line: int, message: str
    ) -> None:
        (repo / "armlint.toml").write_text(f"{text}\n")
        done = armlint_("check")
        assert (done.status, done.out) == (2, "")
        assert done.err.startswith(f"armlint: armlint.toml:{line}: ")
        assert message in done.err

    def test_in_a_project_file_the_line_is_that_of_the_file(self, armlint_: Any, repo: Path) -> None:
        (repo / "pyproject.toml").write_text(
            '[project]\nname = "x"\n\n[tool.armlint]\nselect = []\njob = 1\n'
        )
        assert (
            armlint_("check").err
            == "armlint: pyproject.toml:6: there is no key 'job'; did you mean 'jobs'?\n"
        )

    def test_bytes_that_are_no_text_are_told(self, armlint_: Any, repo: Path) -> None:
        (repo / "armlint.toml").write_bytes(b"# x\nformat = '\xff'\n")
        assert armlint_("check").err == "armlint: armlint.toml:2: this is no UTF-8\n"

    def test_a_mark_and_windows_line_ends_are_fine(self, armlint_: Any, repo: Path) -> None:
        (repo / "armlint.toml").write_bytes(b"\xef\xbb\xbf# x\r\nignore = ['EXT101']\r\n")
        assert armlint_("check").status == 0


class TestKeys:
    def test_the_command_line_wins(self, armlint_: Any, repo: Path) -> None:
        (repo / "armlint.toml").write_text(
            'select = ["ARM"]\nignore = ["EXT"]\nfail-on = "never"\nformat = "json"\n'
        )
        assert rules_of(armlint_("check")) == []
        done = armlint_("check", "--extend-select", "EXT101")
        assert (done.status, rules_of(done)) == (0, ["EXT101"])
        assert armlint_("check", "--select", "EXT", "--fail-on", "warning", "-f", "text").status == 1
        assert armlint_("check", "--select", "EXT", "--ignore", "EXT101", "--fail-on", "info").status == 0

    @pytest.mark.parametrize("preset", ["recommended", "all", "marketplace"])
    def test_presets_name_sets_of_rules(self, repo: Path, preset: str) -> None:
        (repo / "armlint.toml").write_text(f'preset = "{preset}"\n')
        chosen = config.select(load_rules(), Configurations().of_folder("."))
        assert chosen == load_rules().select([preset])
        (repo / "armlint.toml").write_text(f'select = ["{preset}", "EXT117"]\n')
        assert "EXT117" in [rule.id for rule in config.select(load_rules(), Configurations().of_folder("."))]

    def test_severity_of_the_nearer_selector_holds(self, repo: Path) -> None:
        (repo / "armlint.toml").write_text('[severity]\nEXT101 = "error"\nEXT = "info"\nEXT10 = "warning"\n')
        rules = {rule.id: rule for rule in config.select(load_rules(), Configurations().of_folder("."))}
        assert [str(rules[id_].severity) for id_ in ("EXT101", "EXT102", "EXT112")] == [
            "error",
            "warning",
            "info",
        ]

    def test_excluded_files_are_taken_when_they_are_named(self, armlint_: Any, repo: Path) -> None:
        (repo / "armlint.toml").write_text('exclude = ["infra/"]\n')
        assert armlint_("check").status == 0
        assert armlint_("check", "infra/bad.json").status == 1
        assert armlint_("check", "infra/bad.json", "--force-exclude").status == 0
        (repo / "armlint.toml").write_text('exclude = ["infra/"]\nforce-exclude = true\n')
        assert armlint_("check", "./infra/bad.json").status == 0

    def test_a_nested_configuration_excludes_what_is_below_it(self, armlint_: Any, repo: Path) -> None:
        (repo / "infra" / "armlint.toml").write_text('exclude = ["bad.json"]\n')
        assert armlint_("check").status == 0
        assert armlint_("check", "./infra/bad.json").status == 1

    def test_the_baseline_starts_from_its_file(
        self, armlint_: Any, repo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        armlint_("check", "--write-baseline", "known.json")
        (repo / "armlint.toml").write_text('baseline = "known.json"\n')
        assert armlint_("check").status == 0
        monkeypatch.chdir(repo / "infra")
        assert armlint_("check").status == 0

    def test_options_reach_the_rule_that_declares_them(self, repo: Path) -> None:
        text = (ROOT / "rules" / "ARM002-duplicate-key.md").read_text("utf-8")
        fence = 'help     = "Merge'
        assert fence in text
        text = text.replace(fence, f'options  = {{ most-days = 30, "note" = "x", on = true }}\n{fence}')
        text = text.replace('"note" = ', "note = ")
        rules = registry.load([("ARM002-duplicate-key.md", text)])
        assert rules.rules[0].options == {"most-days": 30, "note": "x", "on": True}
        (repo / "armlint.toml").write_text("[options.duplicate-key]\nmost-days = 7\n")
        chosen = config.select(rules, Configurations().of_folder("."))
        assert chosen[0].options["most-days"] == 7
        for wrong in ('most-days = "7"', "most-days = true", "mostdays = 7"):
            (repo / "armlint.toml").write_text(f"[options.ARM002]\n{wrong}\n")
            with pytest.raises(ConfigError) as caught:
                config.select(rules, Configurations().of_folder("."))
            assert caught.value.line == 2

    @pytest.mark.parametrize("options", ["3", "{ a = [1] }", '["x"]'])
    def test_options_of_a_page_are_plain(self, options: str) -> None:
        text = (ROOT / "rules" / "ARM002-duplicate-key.md").read_text("utf-8")
        text = text.replace('help     = "Merge', f'options  = {options}\nhelp     = "Merge')
        with pytest.raises(page.PageError, match="'options' is"):
            registry.load([("ARM002-duplicate-key.md", text)])


class TestIgnoring:
    def test_patterns_leave_findings_out_and_count_them(self, armlint_: Any, repo: Path) -> None:
        (repo / "armlint.toml").write_text('[per-file-ignores]\n"infra/**" = ["EXT"]\n')
        done = armlint_("check", "-f", "json")
        assert (done.status, rules_of(done), done.report["summary"]["suppressed"]) == (0, [], 1)

    @pytest.mark.parametrize(
        ("entry", "left"),
        [
            ('rule = "EXT101"', []),
            ('rule = "EXT101"\npath = "bad.json"', []),
            ('rule = "EXT101"\npath = "/infra/*.json"', []),
            ('rule = "EXT101"\npointer = "/resources/0"', []),
            ('rule = "EXT101"\npointer = "/resources/*/properties/settings"', []),
            ('rule = "EXT101"\npointer = "/resources/1"', ["ARM006", "EXT101"]),
            ('rule = "EXT101"\npath = "other/**"', ["ARM006", "EXT101"]),
            ('rule = "EXT101"\nexpires = 2020-01-01', ["ARM006", "EXT101"]),
            ('rule = "EXT101"\nexpires = 2999-01-01', []),
            ('rule = "EXT101x"', ["ARM006", "EXT101"]),
            ('rule = "EXT102"', ["ARM006", "EXT101"]),
            ('rule = "EXT117"', ["EXT101"]),
        ],
    )
    def test_entries_leave_out_what_they_name_and_are_told_when_they_do_not(
        self, armlint_: Any, repo: Path, entry: str, left: list[str]
    ) -> None:
        (repo / "armlint.toml").write_text(f"# why\n[[ignore]]\n{entry}\nreason = 'it is so'\n")
        done = armlint_("check", "-f", "json")
        assert sorted(rules_of(done)) == left
        places = [(one["path"], one["line"]) for one in done.report["findings"] if one["rule"] == "ARM006"]
        assert places == ([("armlint.toml", 4 if "expires" in entry else 3)] if "ARM006" in left else [])

    def test_rules_and_entries_stand_in_one_list(self, armlint_: Any, repo: Path) -> None:
        (repo / "armlint.toml").write_text('ignore = ["EXT102", { rule = "EXT101", path = "infra/" }]\n')
        assert armlint_("check").status == 0
        assert "EXT102" not in [r.id for r in config.select(load_rules(), Configurations().of_folder("."))]

    def test_a_run_over_a_part_does_not_call_an_entry_unused(
        self, armlint_: Any, repo: Path, clean_template: str
    ) -> None:
        (repo / "infra" / "clean.json").write_text(clean_template)
        (repo / "armlint.toml").write_text('[[ignore]]\nrule = "EXT101"\n')
        assert armlint_("check", "infra/clean.json").status == 0
        assert armlint_("check", "infra").status == 0
        (repo / "infra" / "bad.json").write_text(clean_template)
        assert armlint_("check", "infra").status == 0
        assert armlint_("check", "--exclude", "x").status == 0
        assert rules_of(armlint_("check", "-f", "json")) == ["ARM006"]

    def test_an_entry_for_one_file_is_judged_with_that_file(
        self, armlint_: Any, repo: Path, clean_template: str
    ) -> None:
        (repo / "infra" / "bad.json").write_text(clean_template)
        (repo / "armlint.toml").write_text('[[ignore]]\nrule = "EXT101"\npath = "infra/bad.json"\n')
        assert rules_of(armlint_("check", "infra/bad.json", "-f", "json")) == ["ARM006"]

    def test_sarif_tells_who_says_so(self, armlint_: Any, repo: Path) -> None:
        (repo / "armlint.toml").write_text('[[ignore]]\nrule = "EXT101"\nreason = "see #12, until v2.0"\n')
        assert json.loads(armlint_("check", "-f", "sarif").out)["runs"][0]["results"] == []
        shown = json.loads(armlint_("check", "-f", "sarif", "--show-suppressed").out)["runs"][0]["results"]
        assert [one["suppressions"] for one in shown] == [
            [{"kind": "external", "justification": "see #12, until v2.0"}]
        ]
        assert "suppressed: see #12" in armlint_("check", "--show-suppressed").out
        finding = armlint_("check", "-f", "json", "--show-suppressed").report["findings"][0]
        assert finding["suppressed"] == {"by": "configuration", "reason": "see #12, until v2.0"}
        schema = json.loads((ROOT / "schemas" / "report.schema.json").read_text("utf-8"))
        Draft202012Validator(schema).validate(armlint_("check", "-f", "json", "--show-suppressed").report)

    def test_a_reason_shows_no_secret(self, armlint_: Any, repo: Path) -> None:
        secret = "Zq7" + "x9Lm" * 2 + "#vTp0"
        (repo / "armlint.toml").write_text(f'[[ignore]]\nrule = "EXT101"\nreason = "the key is {secret}"\n')
        for form in ("text", "json", "sarif"):
            done = armlint_("check", "-f", form, "--show-suppressed")
            assert "the key is Zq7…" in done.out
            assert secret not in done.out


class TestHostile:
    """A configuration comes with the repository under review."""

    def test_nothing_in_it_names_a_file_to_write_or_code_to_run(self) -> None:
        assert not {"output", "write-baseline", "fix", "python", "command", "exec"} & set(KEYS)

    @pytest.mark.parametrize("key", ["extend", "baseline", "rules"])
    @pytest.mark.parametrize("way", ["../secret.toml", "{outside}/secret.toml", "link.toml"])
    def test_it_reads_nothing_outside_of_the_repository(
        self, armlint_: Any, repo: Path, key: str, way: str
    ) -> None:
        outside = repo.parent / "secret.toml"
        word = "hunter" + "2" * 5
        outside.write_text(f'password = "{word}"\n')
        (repo / "link.toml").symlink_to(outside)
        name = way.format(outside=repo.parent.as_posix())
        value = f'["{name}"]' if key == "rules" else f'"{name}"'
        (repo / "armlint.toml").write_text(f"{key} = {value}\n")
        done = armlint_("check")
        assert done.status == 2
        assert done.err.startswith(f"armlint: armlint.toml:1: '{key}' leads out of the repository")
        assert word not in done.out + done.err

    def test_whoever_names_it_may_let_it(self, armlint_: Any, repo: Path) -> None:
        (repo.parent / "base.toml").write_text('ignore = ["EXT101"]\n')
        (repo / "armlint.toml").write_text('extend = "../base.toml"\n')
        assert armlint_("check", "--config", "armlint.toml").status == 0

    def test_what_it_quotes_of_a_file_that_is_no_configuration_is_no_value(
        self, armlint_: Any, repo: Path
    ) -> None:
        word = "s3cr3t" * 3
        for text in (f'"{word}" = 1\n', f"{word} = '{word}'\n", f"export PASSWORD={word}\n", f"[{word}\n"):
            (repo / "armlint.toml").write_text(text)
            done = armlint_("check")
            assert done.status == 2
            assert word not in done.err

    @pytest.mark.skipif(os.name != "posix", reason="pipes")
    def test_one_that_is_no_file_is_not_waited_for(self, armlint_: Any, repo: Path) -> None:
        os.mkfifo(repo / "armlint.toml")
        assert armlint_("check").status == 1
        assert armlint_("check", "--config", "armlint.toml").status == 2

    def test_a_run_without_one_does_not_load_what_reads_it(self, repo: Path) -> None:
        code = "import sys\nfrom armlint import cli\ntry: cli.check()\nfinally: print({'armlint.config', 'tomllib'} & set(sys.modules))"
        import subprocess
        import sys

        done = subprocess.run(
            [sys.executable, "-c", code],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.stdout.endswith("set()\n")

    def test_as_a_program(self, repo: Path) -> None:
        (repo / "armlint.toml").write_text('fail-on = "never"\n')
        assert program("check").returncode == 0
        assert program("check", "--isolated").returncode == 1


class TestSchema:
    def test_it_is_the_one_that_is_generated(self) -> None:
        path = ROOT / "schemas" / "config.schema.json"
        assert json.loads(path.read_text("utf-8")) == config.schema()
        Draft202012Validator.check_schema(config.schema())

    @pytest.mark.parametrize(
        ("text", "right"),
        [
            ('ignore = ["EXT101", { rule = "EXT", reason = "x" }]', True),
            ('[per-file-ignores]\n"a" = ["EXT"]', True),
            ('severity = { EXT = "info" }\njobs = 2\npreset = "all"', True),
            ("jobs = 0", False),
            ('ignore = [{ reason = "x" }]', False),
            ("unknown = 1", False),
        ],
    )
    def test_it_agrees_with_the_reader(self, repo: Path, text: str, right: bool) -> None:
        (repo / "armlint.toml").write_text(text)
        assert Draft202012Validator(config.schema()).is_valid(tomllib.loads(text)) is right
        if right:
            assert Configurations().of_folder(".").layers
        else:
            with pytest.raises(ConfigError):
                Configurations().of_folder(".")

    def test_every_key_is_documented(self) -> None:
        text = (ROOT / "docs" / "configuration.md").read_text("utf-8")
        for key in KEYS:
            assert f"`{key}`" in text, key


class TestPositions:
    @given(
        st.recursive(
            st.one_of(st.integers(), st.booleans(), st.text(max_size=5), st.dates()),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
            ),
            max_leaves=6,
        )
    )
    def test_every_key_and_item_is_found_where_it_stands(self, value: Any) -> None:
        text = f"# x\na = {toml(value)} # y\n[t.'u v']\nb = 1\n"
        data = tomllib.loads(text)
        spans = positions(text)
        for way, each in ways(data):
            start, end = spans[way]
            if isinstance(way[-1], int):
                assert tomllib.loads(f"x = {text[start:end]}")["x"] == each
            else:
                assert tomllib.loads(f"{text[start:end]} = 1") == {way[-1]: 1}

    @given(st.text(alphabet="[]{}=.,'\"\\#\n ab1", max_size=40))
    def test_no_text_makes_it_fail(self, text: str) -> None:
        assert isinstance(positions(text), dict)


def toml(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, str):
        return (
            json.dumps(value).replace("\x7f", "\\u007f")
            if value.isascii()
            else '"'
            + "".join(
                char if char.isprintable() and char not in '"\\' else f"\\U{ord(char):08x}" for char in value
            )
            + '"'
        )
    return str(value)


def ways(value: Any, before: tuple[Any, ...] = ()) -> Any:
    """The ways to all keys and items of a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield (*before, key), each
        yield from ways(each, (*before, key))


def test_plans_are_made_once() -> None:
    plans = Plans(Configurations(isolated=True), lambda _: load_rules(), ((), (), ()))
    assert plans.of("a/b.json") is plans.of("c.json")
    assert Settings().path is None
