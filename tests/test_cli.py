"""The command line as people and programs use it."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import armlint
from armlint import cli, engine, run
from armlint.page import PageError
from armlint.report import manual
from armlint.run import load_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parents[1]
FORMATS = [form.value for form in cli.Format]

needs_posix = pytest.mark.skipif(os.name != "posix", reason="signals, pipes and devices of POSIX")


class Done(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded

    @property
    def rules(self) -> list[str]:
        return [finding["rule"] for finding in self.report["findings"]]


Armlint = "Callable[..., Done]"


@pytest.fixture
def armlint_(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., Done]:
    """Return what runs the command line inside this process."""

    def leave(status: int) -> None:
        raise SystemExit(status)

    def armlint(*arguments: str, stdin: bytes | None = None) -> Done:
        monkeypatch.setattr(sys, "argv", ["armlint", *arguments])
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as left:
            cli.main()
        written = capsysbinary.readouterr()
        status = left.value.code or 0
        assert isinstance(status, int)
        return Done(status, written.out.decode(), written.err.decode())

    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(run, "tune", lambda: None)
    return armlint


def program(
    *arguments: str | os.PathLike[str], env: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a program."""
    return subprocess.run(
        [sys.executable, "-m", "armlint", *arguments],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        **options,
    )


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad_template: str, clean_template: str) -> Path:
    """Return a working folder with a bad template, a clean one and a file that is none."""
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "bad.json").write_text(bad_template)
    (folder / "clean.json").write_text(clean_template)
    (folder / "other.json").write_text('{"name": "no template"}')
    monkeypatch.chdir(folder)
    return folder


class TestStatus:
    def test_0_where_nothing_is_found(self, armlint_: Any, here: Path) -> None:
        done = armlint_("check", "clean.json")
        assert done == (0, "No problems found in 1 template.\n", "")

    def test_1_where_something_is_found(self, armlint_: Any, here: Path) -> None:
        done = armlint_("check")
        assert done.status == 1
        assert done.out.startswith("bad.json:27:11: WARNING EXT101 ")
        assert done.out.endswith(
            "Found 1 warning in 2 templates (3 files, 1 skipped).\n1 fixable with --fix.\n"
        )

    @pytest.mark.parametrize(
        ("threshold", "status"), [("info", 1), ("warning", 1), ("error", 0), ("never", 0)]
    )
    @pytest.mark.parametrize("form", FORMATS)
    def test_fail_on_decides_and_the_format_does_not(
        self, armlint_: Any, here: Path, threshold: str, status: int, form: str
    ) -> None:
        done = armlint_("check", "bad.json", "--fail-on", threshold, "--format", form)
        assert done.status == status
        assert "EXT101" in done.out

    def test_2_for_an_unknown_option(self, armlint_: Any, here: Path) -> None:
        done = armlint_("check", "--formt", "json")
        assert done.status == 2
        assert "No such option: --formt" in done.err
        assert "--format" in done.err

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--format", "yaml"),
            ("--fail-on", "high"),
            ("--jobs", "0"),
            ("--jobs", "x"),
            ("--color", "red"),
            ("-o",),
        ],
    )
    def test_2_for_a_value_that_an_option_cannot_have(
        self, armlint_: Any, here: Path, arguments: Sequence[str]
    ) -> None:
        done = armlint_("check", *arguments)
        assert (done.status, done.out) == (2, "")
        assert arguments[0] in done.err

    def test_2_for_a_file_that_does_not_exist_and_a_report_of_the_others(
        self, armlint_: Any, here: Path
    ) -> None:
        done = armlint_("check", "nope.json", "bad.json", "gone/")
        assert done.status == 2
        assert "EXT101" in done.out
        assert "nope.json: error: no such file or folder" in done.out
        assert "gone/: error: no such file or folder" in done.out

    def test_no_praise_where_nothing_could_be_read(self, armlint_: Any, here: Path) -> None:
        assert armlint_("check", "nope.json") == (2, "nope.json: error: no such file or folder\n", "")

    @pytest.mark.parametrize("form", ["json", "sarif", "github", "markdown"])
    def test_every_format_tells_of_a_file_that_does_not_exist(
        self, armlint_: Any, here: Path, form: str
    ) -> None:
        done = armlint_("check", "nope.json", "--format", form)
        assert done.status == 2
        assert "nope.json" in done.out
        assert "no such file or folder" in done.out

    def test_0_and_a_word_where_there_is_nothing_to_check(self, armlint_: Any, tmp_path: Path) -> None:
        (tmp_path / "readme.txt").write_text("{}")
        done = armlint_("check", str(tmp_path))
        assert done.status == 0
        assert done.err == "armlint: there are no JSON files here to check\n"
        assert armlint_("check", str(tmp_path), "--quiet") == (0, "", "")

    def test_2_where_a_rule_fails_and_a_report_of_the_others(
        self, armlint_: Any, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def break_down(*_: object) -> None:
            raise KeyError("Hunter2")

        monkeypatch.setattr("armlint.checks.template.bad_schema_uri", break_down)
        load_rules.cache_clear()
        done = armlint_("check", "bad.json")
        load_rules.cache_clear()
        assert done.status == 2
        assert "EXT101" in done.out
        assert "bad.json: error: rule ARM005 failed here (KeyError); this is a defect of armlint" in done.out
        assert "Hunter2" not in done.out

    def test_2_where_armlint_itself_fails_on_a_file(
        self, armlint_: Any, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model = run.Model

        def break_down(document: Any, *rest: Any, **more: Any) -> Any:
            if document.source.name == "clean.json":
                raise RecursionError
            return model(document, *rest, **more)

        monkeypatch.setattr(run, "Model", break_down)
        done = armlint_("check")
        assert done.status == 2
        assert "EXT101" in done.out
        assert "clean.json: error: armlint failed on this file (RecursionError)" in done.out

    @pytest.mark.parametrize("command", ["check", "rules", "explain"])
    @pytest.mark.parametrize(
        "error",
        [
            PageError("EXT101-x.md", 7, "the rule fence lacks 'help'"),
            FileNotFoundError(2, "No such file or directory", "rules"),
            UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        ],
    )
    def test_2_where_the_rules_cannot_be_read(
        self, armlint_: Any, here: Path, monkeypatch: pytest.MonkeyPatch, command: str, error: Exception
    ) -> None:
        def break_down() -> None:
            raise error

        monkeypatch.setattr(run, "load_rules", break_down)
        done = armlint_(command, *(["EXT101"] if command == "explain" else []))
        assert (done.status, done.out) == (2, "")
        assert done.err == f"armlint: the rules that come with armlint cannot be read: {error}\n"


class TestSelection:
    def test_select_takes_ids_names_and_prefixes(self, armlint_: Any, here: Path) -> None:
        for chosen in ("EXT101", "ext101", "EXT1", "ext", "command-in-public-settings", "ARM, EXT"):
            assert armlint_("check", "bad.json", "-f", "json", "--select", chosen).rules == ["EXT101"], chosen
        assert armlint_("check", "bad.json", "-f", "json", "--select", "ARM").rules == []

    @pytest.mark.parametrize("chosen", ["all", "recommended", "Recommended"])
    def test_select_takes_sets_of_rules(self, armlint_: Any, here: Path, chosen: str) -> None:
        assert "EXT101" in armlint_("check", "bad.json", "-f", "json", "--select", chosen).rules

    def test_options_may_be_repeated(self, armlint_: Any, here: Path) -> None:
        done = armlint_("check", "bad.json", "-f", "json", "--select", "ARM", "--select", "DEP,EXT101")
        assert done.rules == ["EXT101"]

    def test_ignore_and_the_longer_prefix(self, armlint_: Any, here: Path) -> None:
        assert armlint_("check", "bad.json", "-f", "json", "--ignore", "EXT").rules == []
        done = armlint_("check", "bad.json", "-f", "json", "--select", "EXT101", "--ignore", "EXT")
        assert done.rules == ["EXT101"]

    def test_extend_select_adds_a_rule_that_is_off(self, armlint_: Any, here: Path) -> None:
        (here / "bad.json").write_text("// a comment\n" + (here / "bad.json").read_text())
        assert armlint_("check", "bad.json", "-f", "json").rules == ["EXT101"]
        done = armlint_("check", "bad.json", "-f", "json", "--extend-select", "ARM003")
        assert done.rules == ["ARM003", "EXT101"]

    @pytest.mark.parametrize("option", ["--select", "--ignore", "--extend-select"])
    @pytest.mark.parametrize(
        ("selector", "told"),
        [
            ("EXT101x", "did you mean 'EXT101'?"),
            ("EXTT", "did you mean 'EXT'?"),
            ("comand-in-public-settings", "did you mean 'command-in-public-settings'?"),
            ("EXT1,ZZZ", "no rule is called 'ZZZ', and no rule id starts with it"),
            ("ZZZ9", "no rule is called 'ZZZ9', and no rule id starts with it"),
        ],
    )
    def test_an_unknown_rule_is_refused_with_the_nearest(
        self, armlint_: Any, here: Path, option: str, selector: str, told: str
    ) -> None:
        done = armlint_("check", option, selector)
        assert (done.status, done.out) == (2, "")
        assert told in done.err
        assert done.err.count("\n") == 1

    def test_a_family_without_rules_is_refused(
        self, armlint_: Any, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        known = load_rules()
        without = known._replace(rules=tuple(rule for rule in known.rules if not rule.id.startswith("SEC")))
        monkeypatch.setattr(run, "load_rules", lambda: without)
        done = armlint_("check", "--select", "EXT1,SEC")
        assert done.status == 2
        assert done.err.startswith("armlint: no rule is called 'SEC', and no rule id starts with it")

    def test_a_selection_of_nothing_is_refused(self, armlint_: Any, here: Path) -> None:
        done = armlint_("check", "--select", "EXT101", "--ignore", "EXT101")
        assert done == (2, "", "armlint: the options leave no rule to run\n")


class TestOutput:
    def test_several_reports_in_one_run(self, armlint_: Any, here: Path) -> None:
        done = armlint_(
            "check", "bad.json", "-f", "github", "--output", "sarif=new/x.sarif", "--output", "json=y.json"
        )
        assert done.status == 1
        assert "::warning file=bad.json,line=27," in done.out
        assert json.loads((here / "new/x.sarif").read_text("utf-8"))["version"] == "2.1.0"
        assert json.loads((here / "y.json").read_text("utf-8"))["summary"]["warning"] == 1

    def test_the_main_report_in_a_file(self, armlint_: Any, here: Path) -> None:
        assert armlint_("check", "bad.json", "-f", "json", "-o", "x.json") == (1, "", "")
        assert (here / "x.json").read_bytes() == armlint_("check", "bad.json", "-f", "json").out.encode()

    def test_a_dash_is_standard_output(self, armlint_: Any, here: Path) -> None:
        assert armlint_("check", "clean.json", "-o", "-").out == "No problems found in 1 template.\n"
        assert not (here / "-").exists()

    def test_a_file_may_have_the_name_of_a_format(self, armlint_: Any, here: Path) -> None:
        armlint_("check", "clean.json", "-o", "./json=x")
        assert (here / "json=x").read_text() == "No problems found in 1 template.\n"

    @pytest.mark.parametrize(
        ("outputs", "told"),
        [
            (["a", "b"], "two files for one report"),
            (["json=x", "sarif=x"], "two reports cannot both be written to x"),
            (["json="], "'' is not the name of a file"),
            (["sub"], "'sub' is not the name of a file"),
            (["sarif=-"], "--format"),
            (["--quiet"], "'--quiet' is not the name of a file"),
        ],
    )
    def test_outputs_that_make_no_sense(
        self, armlint_: Any, here: Path, outputs: Sequence[str], told: str
    ) -> None:
        (here / "sub").mkdir()
        done = armlint_("check", "bad.json", *(f"--output={value}" for value in outputs))
        assert (done.status, done.out) == (2, "")
        assert told in done.err

    def test_a_file_that_cannot_be_written_does_not_cost_the_other_reports(
        self, armlint_: Any, here: Path
    ) -> None:
        (here / "file").write_text("")
        done = armlint_("check", "bad.json", "-o", "json=file/x.json", "-o", "sarif=y.sarif")
        assert done.status == 2
        assert "EXT101" in done.out
        assert done.err.startswith("armlint: file/x.json: ")
        assert (here / "y.sarif").exists()

    def test_quiet_leaves_out_the_summary(self, armlint_: Any, here: Path) -> None:
        assert armlint_("check", "clean.json", "-q") == (0, "", "")
        done = armlint_("check", "bad.json", "-q")
        assert "EXT101" in done.out
        assert "Found" not in done.out

    def test_verbose_names_what_was_skipped_and_the_pages(self, armlint_: Any, here: Path) -> None:
        done = armlint_("check", "-v")
        assert (
            "other.json: note: skipped: it is no deployment template, parameter file or extension" in done.out
        )
        assert "rules/EXT101-command-in-public-settings.md" in done.out
        assert "other.json" not in armlint_("check").out

    @needs_posix
    @pytest.mark.parametrize("form", FORMATS)
    def test_reports_are_utf_8_wherever_they_go(self, here: Path, form: str) -> None:
        text = (here / "bad.json").read_text().replace("/setup", "/söt")
        (here / "bad.json").write_text(text, "utf-8")
        done = program("check", "-f", form, "-o", f"{form}=file", env={"LC_ALL": "C.UTF-8"})
        assert "söt" in done.stdout
        other = program("check", "-f", form, env={"PYTHONIOENCODING": "latin-1"}, errors="replace")
        if form == "text":
            assert "s\\xf6t" in other.stdout or "s\ufffdt" in other.stdout
        else:
            assert other.stdout == done.stdout


SUBFOLDER = "infra/deep"


@pytest.fixture
def repository(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with a bad template in a folder, which is the working folder."""
    (here / ".git").mkdir()
    folder = here / SUBFOLDER
    folder.mkdir(parents=True)
    (here / "bad.json").rename(folder / "bad.json")
    monkeypatch.chdir(folder)
    return here


class TestPaths:
    @pytest.mark.parametrize("typed", ["bad.json", "./bad.json", ".", "../deep/bad.json"])
    def test_reports_for_code_hosts_name_files_from_the_root(
        self, armlint_: Any, repository: Path, typed: str
    ) -> None:
        assert f"file={SUBFOLDER}/bad.json," in armlint_("check", typed, "-f", "github").out
        result = json.loads(armlint_("check", typed, "-f", "sarif").out)["runs"][0]["results"][0]
        location = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert location == {"uri": f"{SUBFOLDER}/bad.json", "uriBaseId": "%SRCROOT%"}

    @pytest.mark.parametrize(
        ("typed", "shown"),
        [("bad.json", "bad.json"), ("./bad.json", "bad.json"), ("../deep/bad.json", "../deep/bad.json")],
    )
    def test_people_read_what_they_typed(
        self, armlint_: Any, repository: Path, typed: str, shown: str
    ) -> None:
        assert armlint_("check", typed).out.startswith(f"{shown}:27:11: ")
        assert armlint_("check", typed, "-f", "json").report["findings"][0]["path"] == shown

    def test_absolute_paths(self, armlint_: Any, repository: Path) -> None:
        path = (repository / SUBFOLDER / "bad.json").as_posix()
        assert armlint_("check", path).out.startswith(f"{path}:27:11: ")
        assert f"file={SUBFOLDER}/bad.json," in armlint_("check", path, "-f", "github").out

    @needs_posix
    def test_hostile_names_do_no_harm(self, armlint_: Any, here: Path, bad_template: str) -> None:
        names = ["-x.json", "a\nb::error::c.json", "a\x1b[31m.json", "%0A,x.json", os.fsdecode(b"\xff.json")]
        for name in names:
            (here / name).write_text(bad_template)
        for form in FORMATS:
            done = armlint_("check", "-f", form)
            assert done.status == 1
            assert "\x1b" not in done.out
            assert not re.search(r"^::error", done.out, re.MULTILINE)
        assert len(armlint_("check", "-f", "json").report["findings"]) == 6
        assert armlint_("check", "--", "-x.json").status == 1
        assert "\x1b" not in armlint_("check", "--select", "\x1b[31m").err


class TestExcludes:
    def test_exclude_and_force_exclude(self, armlint_: Any, here: Path) -> None:
        assert armlint_("check", "--exclude", "bad.json").status == 0
        assert armlint_("check", "bad.json", "--exclude", "bad.json").status == 1
        assert armlint_("check", "bad.json", "--exclude", "bad.json", "--force-exclude").status == 0
        assert armlint_("check", "--exclude", "*.json", "--exclude", "!clean.json").out == (
            "No problems found in 1 template.\n"
        )

    def test_a_pattern_that_is_none_is_refused(self, armlint_: Any, here: Path) -> None:
        done = armlint_("check", "--exclude", "!")
        assert done.status == 2
        assert done.err.startswith("armlint: --exclude: ")


class TestStandardInput:
    def test_a_dash_reads_it(self, armlint_: Any, here: Path, bad_template: str) -> None:
        done = armlint_("check", "-", stdin=bad_template.encode())
        assert done.status == 1
        assert done.out.startswith("<stdin>:27:11: WARNING EXT101 ")

    def test_it_can_be_given_a_name(self, armlint_: Any, repository: Path, bad_template: str) -> None:
        arguments = ("check", "-", "--stdin-filename", "new.json")
        done = armlint_(*arguments, stdin=bad_template.encode())
        assert done.out.startswith("new.json:27:11: ")
        done = armlint_(*arguments, "-f", "github", stdin=bad_template.encode())
        assert f"file={SUBFOLDER}/new.json," in done.out

    def test_exclusion_can_be_forced_on_the_name(self, armlint_: Any, here: Path, bad_template: str) -> None:
        arguments = ("check", "-", "--stdin-filename", "gen/new.json", "--exclude", "gen")
        assert armlint_(*arguments, stdin=bad_template.encode()).status == 1
        assert armlint_(*arguments, "--force-exclude", stdin=bad_template.encode()).status == 0

    def test_beside_files(self, armlint_: Any, here: Path, bad_template: str) -> None:
        done = armlint_("check", "bad.json", "-", "-f", "json", stdin=bad_template.encode())
        assert [finding["path"] for finding in done.report["findings"]] == ["<stdin>", "bad.json"]

    @pytest.mark.parametrize(
        "content", [b"", b"\0\1\2", b"\xff\xfe", b"{", b"[" * 100_000, b'{"a": ' * 5000, b"\x89PNG\r\n\x1a\n"]
    )
    def test_nonsense_is_skipped(self, armlint_: Any, here: Path, content: bytes) -> None:
        done = armlint_("check", "-", stdin=content)
        assert done == (0, "No problems found in 0 templates (1 file, 1 skipped).\n", "")

    def test_what_was_meant_to_be_a_template_is_not(
        self, armlint_: Any, here: Path, bad_template: str
    ) -> None:
        done = armlint_("check", "-", "-f", "json", stdin=bad_template[:500].encode())
        assert done.status == 1
        assert set(done.rules) == {"ARM001"}

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
    def test_encodings(self, armlint_: Any, here: Path, bad_template: str, encoding: str) -> None:
        done = armlint_("check", "-", "-f", "json", stdin=bad_template.encode(encoding))
        assert "EXT101" in done.rules
        assert ("ARM001" in done.rules) == (encoding in {"utf-16-le", "utf-16-be"})

    @needs_posix
    def test_closed(self, here: Path) -> None:
        command = f"'{sys.executable}' -m armlint check - <&-"
        done = subprocess.run(
            ["sh", "-c", command],
            check=False,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr == b"armlint: standard input is closed\n"


class TestColor:
    @pytest.mark.parametrize(
        ("arguments", "environment", "colored"),
        [
            ((), {}, False),
            (("--color", "always"), {}, True),
            (("--color", "always"), {"NO_COLOR": "1"}, True),
            (("--color", "never"), {"FORCE_COLOR": "1"}, False),
            ((), {"FORCE_COLOR": "1"}, True),
            ((), {"FORCE_COLOR": "0"}, False),
            ((), {"FORCE_COLOR": ""}, False),
            ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True),
            ((), {"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ],
    )
    def test_away_from_a_terminal(
        self,
        armlint_: Any,
        here: Path,
        monkeypatch: pytest.MonkeyPatch,
        arguments: Sequence[str],
        environment: dict[str, str],
        colored: bool,
    ) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert ("\x1b[" in armlint_("check", "bad.json", *arguments).out) is colored
        assert ("\x1b[" in armlint_("explain", "EXT101", *arguments).out) is colored

    @pytest.mark.parametrize(
        ("environment", "colored"),
        [
            ({"TERM": "xterm"}, True),
            ({"TERM": "dumb"}, False),
            ({"NO_COLOR": "1"}, False),
            ({"NO_COLOR": ""}, True),
        ],
    )
    def test_on_a_terminal(
        self,
        armlint_: Any,
        here: Path,
        monkeypatch: pytest.MonkeyPatch,
        environment: dict[str, str],
        colored: bool,
    ) -> None:
        monkeypatch.setenv("TERM", "xterm")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)
        assert ("\x1b[" in armlint_("check", "bad.json").out) is colored

    @pytest.mark.parametrize("form", ["json", "sarif", "github", "markdown"])
    def test_never_in_what_programs_read(self, armlint_: Any, here: Path, form: str) -> None:
        assert "\x1b" not in armlint_("check", "bad.json", "--color", "always", "-f", form).out

    def test_in_a_file_only_where_asked_for(
        self, armlint_: Any, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        armlint_("check", "bad.json", "-o", "x")
        assert "\x1b" not in (here / "x").read_text()
        armlint_("check", "bad.json", "-o", "x", "--color", "always")
        assert "\x1b" in (here / "x").read_text()


@needs_posix
class TestProgram:
    def test_a_broken_pipe_is_quiet(self, here: Path, bad_template: str) -> None:
        for number in range(300):
            (here / f"{number}.json").write_text(bad_template)
        command = f"'{sys.executable}' -m armlint check --jobs 1 . | head -n 1"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(["sh", "-c", command], check=False, capture_output=True, env=environment)
        assert done.stdout.count(b"\n") == 1
        assert done.stderr == b""

    @pytest.mark.parametrize(
        "arguments", [("rules",), ("explain", "EXT101"), ("--help",), ("extensions", ".")]
    )
    def test_so_are_those_of_other_commands(self, here: Path, arguments: Sequence[str]) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [sys.executable, "-m", "armlint", *arguments],
            check=False,
            stdout=writer,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        os.close(writer)
        assert done.stderr == b""

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
    @pytest.mark.parametrize("form", ["text", "json"])
    def test_2_where_standard_output_is_full(self, here: Path, form: str) -> None:
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [sys.executable, "-m", "armlint", "check", "bad.json", "-f", form],
                check=False,
                stdout=full,
                stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        assert done.returncode == 2
        assert done.stderr == b"armlint: standard output: No space left on device\n"

    @pytest.mark.parametrize("jobs", ["1", "2"])
    def test_130_without_a_traceback_on_ctrl_c(self, here: Path, jobs: str) -> None:
        # What takes long: many expressions to fold, in many files.
        slow = json.dumps(
            {
                "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                "contentVersion": "1.0.0.0",
                "resources": [],
                "variables": {f"v{n}": f"[concat('a', '{n}', 'b')]" for n in range(2000)},
            }
        )
        for number in range(200):
            (here / f"{number}.json").write_text(slow)
        process = subprocess.Popen(
            [sys.executable, "-m", "armlint", "check", "--jobs", jobs],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        time.sleep(0.7)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (130, b"", b"")

    def test_the_usual_way_is_the_quick_one(self, here: Path) -> None:
        code = "import sys; from armlint import cli; print(cli._quickly(sys.argv[1:]) is not None, 'typer' in sys.modules)"
        done = subprocess.run(
            [sys.executable, "-c", code, "check", "-f", "sarif", "bad.json", "--select=EXT", "-o", "x"],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.stdout == "True False\n"

    @pytest.mark.parametrize(
        "arguments", [("clean.json",), ("bad.json",), ("bad.json", "-f", "sarif", "-o", "x")]
    )
    def test_a_run_imports_no_more_than_it_needs(self, here: Path, arguments: Sequence[str]) -> None:
        code = (
            "import os, sys\n"
            "from armlint import cli\n"
            "os._exit = lambda status: print(status, *sys.modules, file=sys.stderr)\n"
            f"sys.argv = ['armlint', 'check', *{list(arguments)!r}]\n"
            "cli.main()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        imported = set(done.stderr.split())
        assert "armlint.report.text" in imported or "armlint.report.sarif" in imported
        unwanted = {
            "rich", "pydantic", "yaml", "pygments", "importlib.metadata", "multiprocessing", "jsonschema",
            "pathspec", "difflib", "tempfile", "typer", "click", "tomllib", "pathlib", "shutil", "subprocess",
            "threading", "logging", "argparse", "string.templatelib", "textwrap",
        }  # fmt: skip
        assert not imported & unwanted
        assert (
            not [name for name in imported if name.startswith("armlint.report.")]
            or arguments != ("clean.json",)
            or ("armlint.report.locate" not in imported)
        )


@pytest.fixture(scope="module")
def typer_reads() -> Callable[[Sequence[str]], dict[str, Any] | None]:
    from typer.main import get_command

    seen: list[dict[str, Any]] = []

    def note(_: object, asked: dict[str, Any]) -> int:
        seen.append(asked)
        return 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "_answered", note)
        command = get_command(cli._typer_app())
        defaults = {name: p.default for name, p in _signature(cli.check).items()}

        def read(arguments: Sequence[str]) -> dict[str, Any] | None:
            seen.clear()
            with pytest.raises(SystemExit), pytest.MonkeyPatch.context() as inner:
                inner.setattr(cli, "_answered", note)
                inner.setattr(sys, "stderr", io.StringIO())
                command(list(arguments), prog_name="armlint")
            return {**defaults, **seen[0]} if seen else None

        return read


class TestQuickly:
    """What is read without typer is read as typer reads it."""

    @given(
        st.lists(
            st.sampled_from(
                [
                    "-", "a.json", "./b", "--", "-f", "--format", "json", "text", "--format=sarif", "-fjson", "-f=json",
                    "--format=", "-o", "json=x", "--output=sarif=y", "-j", "2", "0", "--jobs=3", "--jobs=x", "--jobs",
                    "--select", "EXT,ARM", "--select=", "--select=-x", "--ignore", "EXT101", "--extend-select", "-q", "-v",
                    "-qv", "--quiet", "--quiet=1", "--no-quiet", "--verbose", "--color", "always", "--fail-on", "never",
                    "--exclude", "*.json", "--force-exclude", "--stdin-filename", "--stdin-filename=n", "--bogus", "-x",
                    "--forma", "", "٣", "+2", "--help", "-h",
                ]
            ),
            max_size=6,
        )
    )  # fmt: skip
    def test_as_typer_would(self, typer_reads: Any, arguments: list[str]) -> None:
        quick = cli._quickly(["check", *arguments])
        if quick is not None:
            defaults = {name: p.default for name, p in _signature(cli.check).items()}
            expected = typer_reads(["check", *arguments])
            assert expected is not None
            assert {**defaults, **quick} == {
                name: value or defaults[name] for name, value in expected.items()
            }

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["a.json", "b.json"],
            [
                "--format=github",
                "--fail-on=error",
                "-o",
                "sarif=x",
                "--output",
                "json=y",
                "--select=A",
                "--",
                "a",
                "-b",
            ],
            ["-f", "json", "-q", "-v", "-j", "3", "--color=never", "--exclude", "x", "--force-exclude", "-"],
        ],
    )
    def test_the_usual_ways_need_no_typer(self, arguments: list[str]) -> None:
        assert cli._quickly(["check", *arguments]) is not None

    def test_completion_needs_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("_ARMLINT_COMPLETE", "complete_bash")
        assert cli._quickly(["check"]) is None

    def test_other_commands_need_it(self) -> None:
        assert cli._quickly(["rules"]) is None
        assert cli._quickly([]) is None


def _signature(function: Any) -> Any:
    import inspect

    return inspect.signature(function).parameters


class TestHelp:
    @pytest.mark.parametrize("option", ["--help", "-h"])
    def test_of_the_program(self, armlint_: Any, option: str) -> None:
        done = armlint_(option)
        assert done.status == 0
        assert armlint_() == (2, "", done.out)
        assert done.out.startswith("Usage: armlint [OPTIONS] COMMAND [ARGS]...")
        for command in ("check", "rules", "explain", "extensions", "--version", "--install-completion"):
            assert command in done.out
        assert "..." not in done.out.split("\n", 1)[1]

    @pytest.mark.parametrize("command", list(cli._COMMANDS))
    def test_of_every_command_names_every_option(self, armlint_: Any, command: str) -> None:
        done = armlint_(command, "--help")
        assert done.status == 0
        for _, _, given_ in cli._parameters(cli._COMMANDS[command]):
            assert all(flag in done.out for flag in given_.flags)
            words = given_.help.split()
            assert re.search(r"\s+".join(map(re.escape, words[:4])), done.out), given_.help
            assert given_.help.endswith((".", "]"))
        assert max(map(len, done.out.split("\n"))) <= 80

    def test_version(self, armlint_: Any) -> None:
        assert armlint_("--version") == (0, f"armlint {armlint.__version__}\n", "")

    def test_an_unknown_command(self, armlint_: Any) -> None:
        done = armlint_("chek")
        assert done.status == 2
        assert "No such command 'chek'" in done.err


@needs_posix
class TestCompletion:
    def complete(self, *words: str) -> list[str]:
        done = program(
            env={
                "_ARMLINT_COMPLETE": "complete_bash",
                "COMP_WORDS": " ".join(("armlint", *words)),
                "COMP_CWORD": str(len(words)),
            }
        )
        assert done.returncode == 0
        return done.stdout.split()

    def test_offers_commands_and_options(self) -> None:
        assert self.complete("ch") == ["check"]
        assert "--select" in self.complete("check", "--s")

    def test_offers_rules(self) -> None:
        assert "EXT101" in self.complete("check", "--select", "EXT1")
        assert "command-in-public-settings" in self.complete("explain", "command-")

    def test_goes_on_after_a_comma(self) -> None:
        assert cli._complete_rules("ARM001,EXT10")[0] == ("ARM001,EXT101", "Command in public settings")

    def test_can_be_shown_and_installed_in_bash(self, tmp_path: Path) -> None:
        # The program that asks has to be a shell: it is found by looking at who started armlint.
        for option in ("--show-completion", "--install-completion"):
            done = subprocess.run(
                ["bash", "-c", f"'{sys.executable}' -m armlint {option}; exit $?"],
                check=False,
                capture_output=True,
                text=True,
                env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
            )
            if "Shell None not supported" in done.stdout + done.stderr:
                pytest.skip("the shell cannot be found out here")
            assert done.returncode == 0, done.stdout + done.stderr
            if option == "--show-completion":
                assert "_ARMLINT_COMPLETE=complete_bash" in done.stdout
                assert "complete -o default -F _armlint_completion armlint" in done.stdout
        installed = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".bashrc"]
        assert any("_armlint_completion" in path.read_text() for path in installed)


class TestRules:
    def test_json(self, armlint_: Any) -> None:
        listed = json.loads(armlint_("rules", "--format", "json").out)
        by_id = {rule["id"]: rule for rule in listed}
        assert list(by_id) == sorted(by_id)
        assert by_id["EXT101"] == {
            "id": "EXT101",
            "name": "command-in-public-settings",
            "title": "Command in public settings",
            "severity": "warning",
            "enabled": True,
            "since": "0.1.0",
            "tags": ["extensions", "security"],
            "summary": by_id["EXT101"]["summary"],
            "url": "https://github.com/armlint/armlint/blob/main/rules/EXT101-command-in-public-settings.md",
        }
        assert by_id["EXT101"]["summary"].startswith("A command that an extension runs")
        assert by_id["ARM003"]["enabled"] is False

    def test_table(self, armlint_: Any) -> None:
        lines = armlint_("rules").out.splitlines()
        assert len(lines) == len(load_rules().rules) + 1
        title = lines[0].index("WHAT IT FINDS")
        for line, rule in zip(lines[1:], load_rules().rules, strict=True):
            assert line[title:] == rule.title
            assert line.split()[:4] == [rule.id, rule.name, rule.severity, "on" if rule.enabled else "off"]


class TestExplain:
    @pytest.mark.parametrize(
        "name", ["EXT101", "ext101", "command-in-public-settings", "COMMAND-in-public-settings "]
    )
    def test_by_id_or_name(self, armlint_: Any, name: str) -> None:
        done = armlint_("explain", name)
        assert done.status == 0
        assert done.out.startswith(
            "EXT101 · Command in public settings\n\ncommand-in-public-settings · warning · on by default\n\n"
        )

    def test_unknown(self, armlint_: Any) -> None:
        told = "armlint: no rule is called 'EXT101x'; did you mean 'EXT101'?\n"
        assert armlint_("explain", "EXT101x") == (2, "", told)
        assert armlint_("explain", "zzzzzz") == (2, "", "armlint: no rule is called 'zzzzzz'\n")

    @pytest.mark.parametrize("rule", load_rules().rules, ids=lambda rule: rule.id)
    def test_every_page_reads_well(self, rule: Any) -> None:
        page = manual.render(rule, width=80)
        assert "toml rule" not in page
        # Fences may stand within examples that are documents.
        assert not re.search(r"^```", page, re.MULTILINE)
        assert not re.search(rf"//.*\b{rule.id}\b", page)
        assert "at=" not in page
        assert "\n\n\n" not in page
        assert not re.search(r"[^\S\n]$", page, re.MULTILINE)
        text = [line for line in page.split("\n") if not line.startswith(("    ", ">", "|", "- "))]
        assert [line for line in text if len(line) > 80 and " " in line and "<http" not in line] == []
        marked = [line for line in page.split("\n") if line.startswith(">")]
        expected = sum(len(set(example.expected)) for example in rule.page.examples)
        assert len(marked) == expected

    def test_links_lists_and_code(self) -> None:
        from armlint import page as pages
        from armlint.registry import rule_of

        page = pages.read(
            "ABC001-x.md",
            "# ABC001 · Title\n\nSee [the docs](https://example.org/a) and [DEF002](DEF002-y.md), **now**.\n\n"
            '```toml rule\nname = "x"\nseverity = "info"\nsince = "0.1.0"\non = "extension"\nenabled = false\n'
            'help = "Do it."\ndeny = "`true`"\nmessage = "x"\n```\n\n## Then\n- one `a b`\n  goes on\n- two\n\n'
            "| a | b |\n|---|---|\n| 1 | 2 |\n\n```console\n$ run\n```\n\n"
            '```json bad at=1\n{"a": 1,\n"b": 2} // ABC001, DEF002\n```\n\n```json fixed\n{}\n```\n',
        )
        assert manual.render(rule_of(page)) == (
            "ABC001 · Title\n\nx · info · off by default\n\n"
            "See the docs <https://example.org/a> and DEF002, now.\n\nThen\n\n- one `a b` goes on\n- two\n\n"
            "| a | b |\n|---|---|\n| 1 | 2 |\n\n    $ run\n\n"
            '>   {"a": 1,\n>   "b": 2}\n\nCorrected:\n\n    {}\n'
        )


class TestExtensions:
    def test_json(self, armlint_: Any, here: Path) -> None:
        listed = json.loads(armlint_("extensions", "--format", "json").out)
        assert [item["path"] for item in listed] == ["bad.json", "clean.json"]
        assert listed[0] == {
            "path": "bad.json",
            "line": 16,
            "pointer": "/resources/0",
            "place": "vm",
            "machine": "{vm}",
            "name": "setup",
            "publisher": "Microsoft.Azure.Extensions",
            "type": "CustomScript",
            "version": "2.1",
            "status": "active",
            "retirement": None,
            "supports_automatic_upgrade": False,
            "auto_upgrade_minor_version": True,
            "enable_automatic_upgrade": None,
            "settings": ["commandToExecute"],
            "protected_settings": [],
            "waits_for": [],
            "deployed": True,
        }

    def test_table(self, armlint_: Any, here: Path) -> None:
        head, first, second = armlint_("extensions").out.splitlines()
        assert head.split() == [
            "WHERE", "MACHINE", "NAME", "HANDLER", "VERSION", "STATUS", "RETIREMENT",
            "MINOR", "AUTO", "UPGRADE", "SETTINGS", "PROTECTED", "AFTER",
        ]  # fmt: skip
        assert first.split() == [
            "bad.json:16", "{vm}", "setup", "Microsoft.Azure.Extensions/CustomScript", "2.1",
            "active", "-", "yes", "-", "no", "commandToExecute", "-", "-",
        ]  # fmt: skip
        assert second.index("{vm}") == first.index("{vm}") == head.index("MACHINE")
        assert second.index("commandToExecute") == head.index("PROTECTED")

    def test_standard_input(self, armlint_: Any, here: Path, bad_template: str) -> None:
        done = armlint_("extensions", "-", "-f", "json", stdin=bad_template.encode())
        assert [item["path"] for item in json.loads(done.out)] == ["<stdin>"]

    def test_none(self, armlint_: Any, here: Path) -> None:
        assert armlint_("extensions", "other.json") == (0, "", "armlint: no extensions found\n")
        assert armlint_("extensions", "other.json", "-f", "json") == (0, "[]\n", "")

    def test_a_file_that_cannot_be_read_does_not_cost_the_others(
        self, armlint_: Any, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load = armlint.files.load

        def refuse(path: str) -> bytes:
            if path == "clean.json":
                raise armlint.files.Unreadable(path, "permission denied")
            return load(path)

        monkeypatch.setattr("armlint.files.load", refuse)
        done = armlint_("extensions", ".", "nope.json")
        assert done.status == 2
        assert "bad.json:16" in done.out
        assert done.err == (
            "armlint: clean.json: permission denied\narmlint: nope.json: no such file or folder\n"
        )

    def test_a_defect_does_not_cost_the_others(
        self, armlint_: Any, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model = run.model_of

        def break_down(path: str) -> Any:
            if path == "bad.json":
                raise KeyError("Hunter2")
            return model(path)

        monkeypatch.setattr(run, "model_of", break_down)
        done = armlint_("extensions")
        assert done.status == 2
        assert "clean.json:16" in done.out
        assert (
            done.err
            == "armlint: bad.json: armlint failed on this file (KeyError); this is a defect of armlint\n"
        )


def test_progress_is_shown_after_a_while_and_taken_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = iter([0.0, 0.5, 1.5, 1.55, 1.7])
    progress = cli._Progress(lambda: next(now))
    for done in range(1, 5):
        progress(done, 9)
    assert capsys.readouterr().err == "\rarmlint: 2 of 9 files \rarmlint: 4 of 9 files "
    progress.clear()
    assert capsys.readouterr().err == "\r\x1b[K"


def test_every_option_does_something() -> None:
    source = Path(cli.__file__).read_text("utf-8")
    for name, command in cli._COMMANDS.items():
        body = source.split(f"def {name}(", 1)[1].split("\ndef ", 1)[0].split('"""', 2)[2]
        for parameter, _, _ in cli._parameters(command):
            assert re.search(rf"\b{parameter}\b", body), f"{name} never looks at {parameter}"


class TestCatalogue:
    def test_the_status_is_that_of_the_day(self, armlint_: Any, tmp_path: Path) -> None:
        body = {"properties": {"publisher": "Microsoft.Powershell", "type": "DSC", "settings": {}}}
        file = tmp_path / "dsc.json"
        file.write_text(json.dumps(body))

        def told(*arguments: str) -> list[str]:
            row: list[str] = armlint_("extensions", str(file), *arguments).out.splitlines()[1].split()
            return row[4:7]

        assert told("--today", "2028-03-30") == ["-", "deprecated", "2028-03-31"]
        assert told("--today=2028-03-31") == ["-", "retired", "2028-03-31"]
        done = armlint_("extensions", str(file), "--today", "tomorrow")
        assert done.status == 2
        assert "--today takes a day such as 2026-11-30" in done.err

    def test_an_unknown_handler_has_no_status(self, armlint_: Any, tmp_path: Path) -> None:
        file = tmp_path / "own.json"
        file.write_text(json.dumps({"properties": {"publisher": "Contoso", "type": "Own", "settings": {}}}))
        row = armlint_("extensions", str(file)).out.splitlines()[1].split()
        assert row[3:] == ["Contoso/Own", "-", "-", "-", "-", "-", "-", "-", "-", "-"]

    def test_the_whole_catalogue_as_a_table(self, armlint_: Any) -> None:
        done = armlint_("extensions", "--catalogue", "--today", "2026-06-30")
        head, *rows = done.out.splitlines()
        assert head.split() == ["HANDLER", "OS", "STATUS", "RETIREMENT", "VERSION", "UPGRADE", "INSTEAD"]
        assert (done.status, done.err, len(rows)) == (0, "", 131)
        cells = {row.split()[0]: row.split()[1:] for row in rows}
        assert cells["Microsoft.Azure.Extensions/CustomScript"] == ["linux", "active", "-", "2.1", "no", "-"]
        ended = cells["Microsoft.Azure.Diagnostics/IaaSDiagnostics"]
        assert ended[:5] == ["windows", "retired", "2026-03-31", "1.21", "no"]
        assert ended[5:] == ["Microsoft.Azure.Monitor/AzureMonitorWindowsAgent"]
        assert cells["Microsoft.Azure.Monitor/AzureMonitorLinuxAgent"][4] == "yes"

    def test_the_whole_catalogue_for_machines(self, armlint_: Any) -> None:
        listed = json.loads(armlint_("extensions", "--catalogue", "-f", "json", "--today", "2020-01-01").out)
        assert len(listed) == 131
        by_name = {(entry["publisher"], entry["type"]): entry for entry in listed}
        assert by_name["Microsoft.OSTCExtensions", "LinuxDiagnostic"] == {
            "publisher": "Microsoft.OSTCExtensions",
            "type": "LinuxDiagnostic",
            "title": by_name["Microsoft.OSTCExtensions", "LinuxDiagnostic"]["title"],
            "os": "linux",
            "status": "retired",
            "retirement": "2018-07-31",
            "replacement": {
                "text": "the Azure Monitor Agent with a data collection rule",
                "publisher": "Microsoft.Azure.Monitor",
                "type": "AzureMonitorLinuxAgent",
                "version": "1.36",
                "drop_in": False,
            },
            "version": "2.3",
            "automatic_upgrade": False,
            "aliases": by_name["Microsoft.OSTCExtensions", "LinuxDiagnostic"]["aliases"],
        }

    def test_files_and_the_catalogue_are_two_lists(self, armlint_: Any, here: Path) -> None:
        done = armlint_("extensions", "--catalogue", "bad.json")
        assert (done.status, done.out) == (2, "")
        assert "--catalogue lists what armlint knows" in done.err


class TestExplainExtension:
    @pytest.mark.parametrize(
        "name",
        [
            "Microsoft.Azure.Extensions/CustomScript",
            "microsoft.azure.extensions/CUSTOMSCRIPT",
            " Microsoft.Azure.Extensions/customScript",
            "CustomScript",
            "customscript",
        ],
    )
    def test_it_is_found_by_each_of_its_names(self, armlint_: Any, name: str) -> None:
        done = armlint_("explain", name)
        assert (done.status, done.err) == (0, "")
        assert done.out.startswith("Microsoft.Azure.Extensions/CustomScript · Custom Script for Linux")

    def test_it_is_found_by_an_alias(self, armlint_: Any) -> None:
        out = armlint_("explain", "Microsoft.RecoveryServices/VMSnapshot").out
        assert out.startswith("Microsoft.Azure.RecoveryServices/VMSnapshot · ")

    def test_a_type_of_several_publishers_is_not_guessed(self, armlint_: Any) -> None:
        told = (
            "armlint: 'LinuxDiagnostic' is ambiguous: Microsoft.Azure.Diagnostics/LinuxDiagnostic, "
            "Microsoft.OSTCExtensions/LinuxDiagnostic\n"
        )
        assert armlint_("explain", "LinuxDiagnostic") == (2, "", told)

    @pytest.mark.parametrize(
        ("name", "near"),
        [
            ("Microsoft.Azure.Extension/CustomScript", "Microsoft.Azure.Extensions/CustomScript"),
            ("CustomScrpt", "CustomScript"),
            ("AzureMonitorLinuxAgnt", "AzureMonitorLinuxAgent"),
        ],
    )
    def test_of_a_misspelt_name_the_nearest_is_told(self, armlint_: Any, name: str, near: str) -> None:
        told = f"armlint: armlint knows no extension '{name}'; did you mean '{near}'?\n"
        assert armlint_("explain", name) == (2, "", told)

    def test_a_misspelt_rule_stays_one(self, armlint_: Any) -> None:
        told = armlint_("explain", "comand-in-public-settings").err
        assert "no rule is called 'comand-in-public-settings'" in told
        assert armlint_("explain", "q/q").err == "armlint: armlint knows no extension 'q/q'\n"

    def test_colour_is_given_where_it_is_wanted(self, armlint_: Any) -> None:
        assert "\x1b[" in armlint_("explain", "BGInfo", "--color", "always").out
        assert "\x1b[" not in armlint_("explain", "BGInfo", "--color", "never").out

    def test_the_shell_completes_it(self) -> None:
        words = [word for word, _ in cli._complete_pages("microsoft.azure.ext")]
        assert words == [
            "Microsoft.Azure.Extensions/CustomScript",
            "Microsoft.Azure.Extensions/DockerExtension",
        ]
        assert ("EXT101", "Command in public settings") in cli._complete_pages("EXT10")


_ = engine


class TestStatistics:
    def test_rules_are_counted_instead_of_told(self, armlint_: Any, here: Path) -> None:
        done = armlint_("check", "bad.json", "--statistics")
        assert done.status == 1
        assert done.out.splitlines()[0] == "1  warning  EXT101  command-in-public-settings [1 fixable]"
        assert done.out.splitlines()[2].startswith("Found 1 warning in 1 template")

    def test_other_formats_have_no_place_for_it(self, armlint_: Any, here: Path) -> None:
        done = armlint_("check", "bad.json", "--statistics", "-f", "json")
        assert (done.status, done.out) == (2, "")
        assert "text format" in done.err

    def test_beside_another_report(self, armlint_: Any, here: Path) -> None:
        done = armlint_("check", "bad.json", "--statistics", "-o", "json=x.json")
        assert done.out.startswith("1  warning  EXT101")
        assert json.loads((here / "x.json").read_text("utf-8"))["findings"]


class TestFurtherFormats:
    def test_azure(self, armlint_: Any, here: Path) -> None:
        done = armlint_("check", "bad.json", "-f", "azure")
        assert done.status == 1
        assert "##vso[task.logissue type=warning;sourcepath=bad.json;linenumber=27;" in done.out

    def test_junit(self, armlint_: Any, here: Path) -> None:
        done = armlint_("check", "bad.json", "-f", "junit")
        assert done.status == 1
        assert '<testsuite name="bad.json" tests="1" failures="1" errors="0">' in done.out


class TestFixes:
    @pytest.fixture
    def template(self, here: Path) -> Path:
        """Return a file with one fix that is safe and one that is not."""
        path = here / "fixable.json"
        path.write_bytes(
            (
                '{\r\n\t"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",\r\n'
                '\t"contentVersion": "1.0.0.0",\r\n\t"resources": [\r\n\t\t{\r\n'
                '\t\t\t"type": "Microsoft.Compute/virtualMachines/extensions",\r\n'
                '\t\t\t"apiVersion": "2023-09-01", // ü\r\n\t\t\t"name": "web/install",\r\n'
                '\t\t\t"properties": {\r\n'
                '\t\t\t\t"publisher": "Microsoft.Azure.Extensions",\r\n\t\t\t\t"type": "CustomScript",\r\n'
                '\t\t\t\t"protectedSettings": { "commandToExecute": "x" },\r\n'
                '\t\t\t\t"autoUpgradeMinorVersion": false\r\n\t\t\t}\r\n\t\t}\r\n\t]\r\n}\r\n'
            ).encode()
        )
        return path

    def test_fix_writes_what_is_safe_and_reports_the_rest(self, armlint_: Any, template: Path) -> None:
        before = template.read_bytes()
        done = armlint_("check", "--fix", template.name)
        assert done.status == 1
        assert template.read_bytes() == before.replace(b"false", b"true")
        assert "EXT102" in done.out
        assert "EXT103" not in done.out
        assert done.out.endswith(
            "Fixed 1 problem. Found 1 error in 1 template (1 file).\n1 fixable with --unsafe-fixes.\n"
        )

    def test_unsafe_fixes_write_all_and_a_second_run_nothing(self, armlint_: Any, template: Path) -> None:
        done = armlint_("check", "--fix", "--unsafe-fixes", template.name)
        assert (done.status, done.out) == (0, "Fixed 2 problems. No problems left in 1 template.\n")
        fixed = template.read_bytes()
        assert b'"type": "CustomScript",\r\n\t\t\t\t"typeHandlerVersion": "2.1",\r\n' in fixed
        again = armlint_("check", "--fix", "--unsafe-fixes", template.name)
        assert (again.status, again.out) == (0, "No problems found in 1 template.\n")
        assert template.read_bytes() == fixed

    def test_diff_shows_and_writes_nothing(self, armlint_: Any, template: Path) -> None:
        before = template.read_bytes()
        done = armlint_("check", "--diff", template.name)
        assert done.status == 1
        assert '-\t\t\t\t"autoUpgradeMinorVersion": false\n' in done.out.replace("␉", "\t")
        assert '+\t\t\t\t"autoUpgradeMinorVersion": true\n' in done.out.replace("␉", "\t")
        assert "typeHandlerVersion" not in done.out
        assert done.err == "armlint: 1 fix in 1 file would be made\n"
        assert "typeHandlerVersion" in armlint_("check", "--diff", "--unsafe-fixes", template.name).out
        assert template.read_bytes() == before

    def test_diff_with_nothing_to_change(self, armlint_: Any, here: Path) -> None:
        done = armlint_("check", "--diff", "clean.json")
        assert (done.status, done.out, done.err) == (0, "", "armlint: there is nothing to fix\n")

    @needs_posix
    def test_standard_input_goes_fixed_to_standard_output(self, here: Path, template: Path) -> None:
        content = template.read_bytes()
        command = [sys.executable, "-m", "armlint", "check", "--fix", "-", "--stdin-filename", "x.json"]
        done = subprocess.run(command, input=content, capture_output=True, check=False, cwd=here)
        assert done.stdout == content.replace(b"false", b"true")
        assert b"x.json:9:4: ERROR EXT102" in done.stderr
        assert done.returncode == 1

    @needs_posix
    def test_standard_input_that_needs_no_fix_stays_as_it_is(self, here: Path) -> None:
        content = (here / "other.json").read_bytes()
        command = [sys.executable, "-m", "armlint", "check", "--fix", "-"]
        done = subprocess.run(command, input=content, capture_output=True, check=False, cwd=here)
        assert (done.returncode, done.stdout) == (0, content)

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (["--unsafe-fixes"], "--unsafe-fixes goes with --fix"),
            (["--diff", "-f", "json"], "--diff shows changes"),
            (["--diff", "-o", "x.txt"], "--diff shows changes"),
            (["--fix", "-", "-f", "sarif"], "--fix writes standard input"),
        ],
    )
    def test_options_that_contradict_each_other_are_refused(
        self, armlint_: Any, here: Path, options: list[str], told: str
    ) -> None:
        done = armlint_("check", "bad.json", *options)
        assert done.status == 2
        assert told in done.err

    def test_json_tells_what_was_fixed_and_what_could_be(self, armlint_: Any, template: Path) -> None:
        report = armlint_("check", "--fix", "-f", "json", template.name).report
        assert report["summary"]["fixed"] == 1
        assert [finding["fixable"] for finding in report["findings"]] == [False]
        assert report["findings"][0]["fix"] == {"title": 'Set typeHandlerVersion to "2.1"', "safe": False}

    @needs_posix
    def test_a_file_that_cannot_be_written_is_told_and_left(
        self, armlint_: Any, template: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = template.read_bytes()

        def full(*_: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        done = armlint_("check", "--fix", template.name)
        assert done.status == 2
        assert "not changed: no space left on device" in done.out
        assert "EXT103" in done.out
        assert template.read_bytes() == before
        assert not [name for name in os.listdir(template.parent) if name.startswith(".fixable")]  # noqa: PTH208

    def test_several_processes_fix_as_one_does(self, armlint_: Any, template: Path) -> None:
        for number in range(20):
            (template.parent / f"copy{number}.json").write_bytes(template.read_bytes())
        done = armlint_("check", "--fix", "--jobs", "2", "--select", "EXT103", ".")
        assert "Fixed 21 problems." in done.out
        assert {b"true" in path.read_bytes() for path in template.parent.glob("copy*.json")} == {True}


class TestParameters:
    @pytest.fixture
    def deployed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clean_template: str) -> Path:
        """Return a working folder with a template whose parameter `vm` is given as a number."""
        (tmp_path / "x.json").write_text(clean_template)
        schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"
        given = {"vm": {"value": 7}, "location": {"value": "w"}, "account": {"value": "a"}}
        body = {"$schema": schema, "contentVersion": "1.0.0.0", "parameters": given}
        (tmp_path / "given.json").write_text(json.dumps(body))
        monkeypatch.chdir(tmp_path)
        return tmp_path

    @pytest.mark.parametrize(
        "arguments",
        [
            ["x.json", "--parameters", "given.json"],
            ["--parameters=given.json", "x.json"],
            [".", "--parameters", "./given.json"],
            ["x.json", "given.json", "--parameters", "@given.json", "--jobs", "2"],
        ],
    )
    def test_the_file_is_judged_with_the_template(
        self, armlint_: Any, deployed: Path, arguments: list[str]
    ) -> None:
        done = armlint_("check", "--select", "PRM", "-f", "json", *arguments)
        assert [(f["rule"], f["path"]) for f in done.report["findings"]] == [("PRM604", "given.json")]
        assert done.report["summary"]["files"] == 2
        assert done.status == 1

    def test_the_template_may_come_on_standard_input(self, armlint_: Any, deployed: Path) -> None:
        text = (deployed / "x.json").read_bytes()
        done = armlint_(
            "check", "-", "--parameters", "given.json", "-f", "json", "--select", "PRM", stdin=text
        )
        assert done.rules == ["PRM604"]

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["x.json", "x2.json", "--parameters", "given.json"], "one template, but 2 files are given"),
            (["given.json", "--parameters", "given.json"], "one template, but none is given"),
            (["x.json", "--parameters", "gone.json"], "gone.json: no such file or folder"),
            (["x.json", "--parameters", "x.bicepparam"], "x.bicepparam is no JSON"),
            (["x.json", "--parameters", "."], "is a folder, not a file"),
        ],
    )
    def test_what_makes_no_sense_is_refused(
        self, armlint_: Any, deployed: Path, arguments: list[str], told: str
    ) -> None:
        (deployed / "x2.json").write_bytes((deployed / "x.json").read_bytes())
        done = armlint_("check", *arguments)
        assert done.status == 2
        assert done.err.startswith("armlint: --parameters: ")
        assert told in done.err
        assert done.out == ""
