"""The GitHub Action: its wiring is read from action.yml, and action/run.sh runs as the program that it is.

Most tests run it with a stand-in for Python that makes an environment with a stand-in for armlint in it, so
that what armlint was asked to do can be read, and what it answers can be chosen.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
CHECK = next(step for step in STEPS if step.get("id") == "check")
INPUT = re.compile(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}")

needs_bash = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are scripts with a #! line")

_spec = importlib.util.spec_from_file_location("action_tool", ROOT / "action/tool.py")
assert _spec is not None
assert _spec.loader is not None
TOOL = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(TOOL)

FAKE_PYTHON = """\
#!/bin/sh
# Makes an environment and installs packages as asked, without doing so; all else is for the real Python.
case "$*" in
  "-I -m venv "*)
    mkdir -p "$4/bin"
    ln -s "$0" "$4/bin/python"
    cp "$FAKE/armlint" "$4/bin/armlint" ;;
  "-I -m pip "*)
    printf '%s\\n' "$@" >"$FAKE/pip.txt"
    exit "$(cat "$FAKE/pip-status")" ;;
  *)
    exec "{python}" "$@" ;;
esac
"""

FAKE_ARMLINT = """\
#!{python}
import json, os, pathlib, sys
fake = pathlib.Path(os.environ["FAKE"])
if sys.argv[1:] == ["--version"]:
    print("armlint 1.2.3")
    sys.exit()
answer = json.loads((fake / "answer.json").read_text())
(fake / "call.json").write_text(json.dumps({{"args": sys.argv[1:], "cwd": os.getcwd()}}))
for option, value in zip(sys.argv, sys.argv[1:]):
    if option == "--output":
        name, _, file = value.partition("=")
        if name in answer["reports"]:
            pathlib.Path(file).write_text(answer["reports"][name])
print(answer["stdout"], flush=True)
sys.exit(answer["status"])
"""


def report(*, error: int = 0, warning: int = 0, info: int = 0) -> str:
    return json.dumps({"summary": {"error": error, "warning": warning, "info": info, "suppressed": 7}})


@dataclass
class Result:
    """What a run of the action left."""

    status: int
    stdout: str
    outputs: dict[str, str]
    summary: str
    call: dict[str, Any] | None
    pip: list[str]

    @property
    def args(self) -> list[str]:
        assert self.call is not None, self.stdout
        args = self.call["args"]
        assert isinstance(args, list)
        return args

    @property
    def paths(self) -> list[str]:
        return self.args[self.args.index("--") + 1 :]

    @property
    def annotations(self) -> list[str]:
        return [line for line in self.stdout.splitlines() if line.startswith("::error")]


@dataclass
class Runner:
    """A runner with a checked-out repository and, unless `real`, with stand-ins for Python and armlint."""

    folder: Path
    real: bool = False
    status: int = 0
    stdout: str = "::warning file=a.json,line=1::text"
    reports: dict[str, str] = field(
        default_factory=lambda: {"sarif": "{}", "json": report(), "markdown": "# armlint\n"},
    )
    pip_status: int = 0

    def __post_init__(self) -> None:
        for path in (self.workspace / ".git", self.temp, self.fake / "bin"):
            path.mkdir(parents=True)
        self._program("bin/python3", FAKE_PYTHON.format(python=sys.executable))
        self._program("armlint", FAKE_ARMLINT.format(python=sys.executable))

    @property
    def workspace(self) -> Path:
        return self.folder / "work space"

    @property
    def temp(self) -> Path:
        return self.folder / "temp"

    @property
    def fake(self) -> Path:
        return self.folder / "fake"

    def _program(self, name: str, text: str) -> None:
        path = self.fake / name
        path.write_text(text)
        path.chmod(0o755)

    def break_python(self) -> None:
        """Leave nothing on PATH that is a Python of 3.11 or newer."""
        for name in ("python3", "python"):
            self._program(f"bin/{name}", "#!/bin/sh\nexit 1\n")

    def run(self, **inputs: str) -> Result:
        """Run the action's program with these inputs, and the defaults of action.yml for the others."""
        (self.fake / "pip-status").write_text(str(self.pip_status))
        answer = {"status": self.status, "stdout": self.stdout, "reports": self.reports}
        (self.fake / "answer.json").write_text(json.dumps(answer))
        output, summary = self.folder / "output", self.folder / "summary"
        output.write_text("")
        summary.write_text("")
        environment = {
            variable: inputs.pop(found[1].replace("-", "_"), ACTION["inputs"][found[1]]["default"])
            for variable, value in CHECK["env"].items()
            if (found := INPUT.fullmatch(value))
        }
        assert not inputs, "no such input"
        path = [] if self.real else [str(self.fake / "bin")]
        done = subprocess.run(
            ["bash", ROOT / "action/run.sh"],
            check=False,
            cwd=self.workspace,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={
                **os.environ,
                **environment,
                "PATH": os.pathsep.join([*path, os.environ["PATH"]]),
                "INPUT_PYTHON": sys.executable if self.real else "",
                "FAKE": str(self.fake),
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_WORKSPACE": str(self.workspace),
                "RUNNER_TEMP": str(self.temp),
            },
        )
        print(done.stdout, done.stderr, sep="\n")  # noqa: T201  # pytest shows it if the test fails
        call, pip = self.fake / "call.json", self.fake / "pip.txt"
        return Result(
            done.returncode,
            done.stdout,
            dict(line.split("=", 1) for line in output.read_text().splitlines()),
            summary.read_text(encoding="utf-8"),
            json.loads(call.read_text()) if call.exists() else None,
            pip.read_text().splitlines() if pip.exists() else [],
        )


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


# --- the wiring ---------------------------------------------------------------------------------------------


def test_it_is_composite_and_needs_no_docker() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert not [step for step in STEPS if str(step.get("uses", "")).startswith("docker:")]


@pytest.mark.parametrize("name", ACTION["inputs"])
def test_every_input_goes_somewhere_whole(name: str) -> None:
    places = [value for step in STEPS for part in ("env", "with") for value in step.get(part, {}).values()]
    assert f"${{{{ inputs.{name} }}}}" in places


@pytest.mark.parametrize("name", ACTION["inputs"])
def test_every_input_is_optional_and_described(name: str) -> None:
    assert isinstance(ACTION["inputs"][name]["default"], str)
    assert ACTION["inputs"][name]["description"].strip()
    assert not ACTION["inputs"][name].get("required", False)


@pytest.mark.parametrize("step", [step for step in STEPS if "run" in step], ids=lambda step: step["name"])
def test_no_expression_stands_in_a_script(step: dict[str, Any]) -> None:
    assert "${{" not in step["run"]
    assert step["shell"] == "bash"


def test_every_variable_that_the_program_reads_is_set() -> None:
    read = set(re.findall(r"\bINPUT_\w+", (ROOT / "action/run.sh").read_text(encoding="utf-8")))
    assert read == set(CHECK["env"])


def test_every_output_is_one_that_the_program_writes() -> None:
    texts = [(ROOT / "action" / name).read_text(encoding="utf-8") for name in ("run.sh", "tool.py")]
    for name, output in ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.check.outputs.{name} }}}}"
        assert any(re.search(rf"output {name}\b|\"{name}\":", text) for text in texts), name


def test_the_upload_comes_after_the_run_and_before_the_exit() -> None:
    names = [step.get("id") or step["name"] for step in STEPS]
    assert names == ["python", "check", "Upload SARIF", "Exit as armlint did"]
    upload = STEPS[2]
    assert "!cancelled()" in upload["if"]
    assert "inputs.upload-sarif == 'true'" in upload["if"]
    assert "github.event.pull_request.head.repo.full_name != github.repository" in upload["continue-on-error"]
    assert re.fullmatch(r"github/codeql-action/upload-sarif@[0-9a-f]{40}", upload["uses"])


@needs_bash
@pytest.mark.parametrize(("code", "status"), [("0", 0), ("1", 1), ("2", 2), ("", 2)])
def test_the_last_step_exits_as_armlint_did(code: str, status: int) -> None:
    done = subprocess.run(
        ["bash", "-c", STEPS[-1]["run"]],
        check=False,
        env={**os.environ, "EXIT_CODE": code},
    )
    assert done.returncode == status


# --- what armlint is asked to do ----------------------------------------------------------------------------


@needs_bash
def test_one_run_makes_every_report(runner: Runner) -> None:
    result = runner.run()
    assert result.call is not None
    assert result.call["cwd"] == str(runner.workspace)
    files = dict(arg.split("=", 1) for arg in result.args if re.match(r"(sarif|json|markdown)=", arg))
    assert all(Path(file).is_relative_to(runner.temp) for file in files.values())
    assert result.args == [
        "check",
        "--format=github",
        "--fail-on=warning",
        *(part for name in ("sarif", "json", "markdown") for part in ("--output", f"{name}={files[name]}")),
        "--",
        ".",
    ]


@needs_bash
def test_the_log_shows_the_annotations(runner: Runner) -> None:
    assert runner.stdout in runner.run().stdout.splitlines()


@needs_bash
def test_rules_may_be_separated_in_every_way(runner: Runner) -> None:
    result = runner.run(select="SEC, EXT1\nDEP301,,ARM001\n", ignore="TPL501 TPL502", fail_on="error")
    options = [arg for arg in result.args if re.match(r"--(select|ignore|fail-on)", arg)]
    assert options == [
        "--fail-on=error",
        *(f"--select={rule}" for rule in ("SEC", "EXT1", "DEP301", "ARM001")),
        *(f"--ignore={rule}" for rule in ("TPL501", "TPL502")),
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("infra", ["infra"]),
        ("infra  modules\nextra\n", ["infra", "modules", "extra"]),
        ("\"my templates\" 'a b/c.json'", ["my templates", "a b/c.json"]),
        ("./infra/../modules/", ["modules"]),
        ("größe/模板.json # x", ["größe/模板.json", "#", "x"]),
        (str(ROOT), [str(ROOT)]),
        ("", []),
    ],
)
def test_paths_are_words(given: str, expected: list[str]) -> None:
    printed = TOOL.run("paths", str(ROOT), str(ROOT), given)
    assert printed == "".join(f"{Path(path)}\0" for path in expected)


def test_a_backslash_is_one() -> None:
    assert TOOL.words(r"infra\main.json 'a b\c'") == [r"infra\main.json", r"a b\c"]


@needs_bash
def test_paths_stand_behind_a_double_dash_and_mean_nothing_to_a_shell(runner: Runner) -> None:
    paths = ["-infra", "--fix", "$HOME", "`id`", "$(id)", "*.json", "ä b"]
    assert runner.run(paths="-infra --fix\n$HOME `id` $(id) *.json 'ä b'").paths == paths


@needs_bash
def test_args_are_words_too(runner: Runner) -> None:
    args = runner.run(args="--baseline 'my base.json'\n--quiet").args
    assert args[args.index("--baseline") : args.index("--")] == ["--baseline", "my base.json", "--quiet"]


@needs_bash
def test_paths_start_from_the_working_directory_but_are_named_from_the_root(runner: Runner) -> None:
    (runner.workspace / "infra" / "prod").mkdir(parents=True)
    result = runner.run(working_directory="infra/prod", paths=". main.json ../dev")
    assert result.call is not None
    assert result.call["cwd"] == str(runner.workspace)
    assert result.paths == ["infra/prod", "infra/prod/main.json", "infra/dev"]


@needs_bash
def test_the_root_is_that_of_the_repository_checked_out_into_a_folder(runner: Runner) -> None:
    (runner.workspace / ".git").rmdir()
    (runner.workspace / "repository" / ".git").mkdir(parents=True)
    (runner.workspace / "repository" / "infra").mkdir()
    result = runner.run(working_directory="repository/infra", paths="main.json")
    assert result.call is not None
    assert result.call["cwd"] == str(runner.workspace / "repository")
    assert result.paths == ["infra/main.json"]


@needs_bash
def test_without_a_repository_the_root_is_the_workspace(runner: Runner) -> None:
    (runner.workspace / ".git").rmdir()
    (runner.workspace / "infra").mkdir()
    result = runner.run(working_directory="infra")
    assert result.call is not None
    assert result.call["cwd"] == str(runner.workspace)
    assert result.paths == ["infra"]


# --- what is installed --------------------------------------------------------------------------------------


@needs_bash
def test_the_action_installs_itself(runner: Runner) -> None:
    assert runner.run().pip[-1] == str(ROOT)


@needs_bash
def test_a_version_is_installed_by_name(runner: Runner) -> None:
    result = runner.run(version="1.2.3")
    assert result.pip[-1] == "armlint==1.2.3"
    assert result.outputs["version"] == "1.2.3"


@needs_bash
@pytest.mark.parametrize(
    "version",
    ["latest", "v1.2.3", "1.2", "1.2.3rc1", "1.2.3 --index-url=x", "1.2.3\n1.2.3", ">=1.2.3", "../x", "-r x"],
)
def test_any_other_version_is_refused(runner: Runner, version: str) -> None:
    result = runner.run(version=version)
    assert result.status == 2
    assert result.pip == []
    assert len(result.annotations) == 1
    assert "exact version" in result.annotations[0]


@needs_bash
def test_modules_of_the_checked_repository_are_not_run(runner: Runner) -> None:
    for name in ("json", "shlex", "secrets", "pip", "venv", "sitecustomize"):
        (runner.workspace / f"{name}.py").write_text("raise SystemExit('run')\n")
    assert runner.run(format="text").outputs["exit-code"] == "0"


@needs_bash
def test_an_old_python_is_said_to_be_old(runner: Runner) -> None:
    runner.break_python()
    result = runner.run()
    assert result.status == 2
    assert "Python 3.11" in result.annotations[0]


@needs_bash
def test_a_failed_installation_fails_the_step(runner: Runner) -> None:
    runner.pip_status = 1
    result = runner.run()
    assert result.status == 2
    assert result.call is None
    assert "could not be installed" in result.annotations[0]
    assert "::endgroup::" in result.stdout.splitlines()


# --- what comes out -----------------------------------------------------------------------------------------


@needs_bash
def test_outputs_of_a_clean_run(runner: Runner) -> None:
    result = runner.run()
    sarif = Path(result.outputs.pop("sarif-file"))
    assert sarif.read_text() == "{}"
    assert result.status == 0
    assert result.outputs == {"version": "1.2.3", "exit-code": "0", "findings": "0", "errors": "0"}
    assert result.summary == "# armlint\n"


@needs_bash
def test_findings_do_not_fail_the_step_before_the_upload(runner: Runner) -> None:
    runner.status = 1
    runner.reports["json"] = report(error=2, warning=3, info=1)
    result = runner.run()
    assert result.status == 0
    assert result.outputs["exit-code"] == "1"
    assert result.outputs["findings"] == "6"
    assert result.outputs["errors"] == "2"


@needs_bash
@pytest.mark.parametrize("form", ["github", "text"])
def test_without_reports_nothing_is_claimed(runner: Runner, form: str) -> None:
    runner.status = 2
    runner.reports = {}
    (runner.workspace / "out.sarif").write_text("of an earlier run")
    result = runner.run(sarif_file="out.sarif", format=form)
    assert result.status == 0
    assert result.outputs == {"version": "1.2.3", "exit-code": "2"}
    assert result.summary == ""


@needs_bash
def test_the_sarif_file_starts_from_the_working_directory(runner: Runner) -> None:
    (runner.workspace / "infra").mkdir()
    result = runner.run(working_directory="infra", sarif_file="new folder/armlint.sarif")
    assert result.outputs["sarif-file"] == str(runner.workspace / "infra/new folder/armlint.sarif")
    assert Path(result.outputs["sarif-file"]).read_text() == "{}"


@needs_bash
def test_no_summary_if_none_is_wanted(runner: Runner) -> None:
    assert runner.run(summary="false").summary == ""


@needs_bash
def test_a_long_summary_is_cut_between_lines(runner: Runner) -> None:
    runner.reports["markdown"] = "| a row of the table |\n" * 60_000
    summary = runner.run().summary
    assert len(summary.encode()) < 1024 * 1024
    rows = summary.splitlines()
    assert "ends here" in rows[-1]
    assert set(rows[:-1]) == {"| a row of the table |", ""}


@needs_bash
@pytest.mark.parametrize("form", ["text", "json"])
def test_commands_are_stopped_around_formats_that_quote_the_template(runner: Runner, form: str) -> None:
    runner.stdout = "::set-output name=exit-code::0"
    lines = runner.run(format=form).stdout.splitlines()
    at = lines.index(runner.stdout)
    token = lines[at - 1].removeprefix("::stop-commands::")
    assert re.fullmatch(r"[0-9a-f]{32}", token)
    assert f"::{token}::" in lines[at + 1 :]


@needs_bash
def test_the_old_form_of_a_command_is_taken_apart_anywhere_in_a_line(runner: Runner) -> None:
    runner.stdout = "a.json:1:1 the name '##[add-mask]e' ##[error]x"
    runner.status = 1
    result = runner.run()
    assert "##[" not in result.stdout
    assert result.outputs["exit-code"] == "1"


@needs_bash
@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"summary": "yes"}, "summary"),
        ({"upload_sarif": "True"}, "upload-sarif"),
        ({"sarif_file": "a\nexit-code=0"}, "sarif-file"),
        ({"working_directory": "nowhere"}, "nowhere"),
        ({"paths": "'open"}, "paths"),
        ({"paths": " \n"}, "paths"),
        ({"args": 'a "b'}, "args"),
    ],
)
def test_a_bad_input_is_named(runner: Runner, inputs: dict[str, str], said: str) -> None:
    result = runner.run(**inputs)
    assert result.status == 2
    assert result.outputs == {"exit-code": "2"}
    assert result.call is None
    assert len(result.annotations) == 1
    assert said in result.annotations[0]


# --- the real thing -----------------------------------------------------------------------------------------


@needs_bash
@pytest.mark.slow
def test_the_real_armlint(tmp_path: Path, bad_template: str, clean_template: str) -> None:
    runner = Runner(tmp_path, real=True)
    infra = runner.workspace / "infra"
    infra.mkdir()
    (infra / "clean.json").write_text(clean_template)
    clean = runner.run(working_directory="infra")
    assert clean.status == 0
    assert clean.outputs["exit-code"] == "0"
    assert clean.outputs["findings"] == "0"

    (infra / "bad.json").write_text(bad_template)
    bad = runner.run(working_directory="infra")
    assert bad.status == 0
    assert bad.outputs["exit-code"] == "1"
    assert int(bad.outputs["findings"]) >= 1
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", bad.outputs["version"])
    assert any("file=infra/bad.json" in line and "EXT101" in line for line in bad.stdout.splitlines())
    assert "EXT101" in bad.summary
    results = json.loads(Path(bad.outputs["sarif-file"]).read_text(encoding="utf-8"))["runs"][0]["results"]
    uris = {place["physicalLocation"]["artifactLocation"]["uri"] for r in results for place in r["locations"]}
    assert uris == {"infra/bad.json"}
    assert "EXT101" in {r["ruleId"] for r in results}


# --- linters of other people --------------------------------------------------------------------------------


def clean(*command: str | Path) -> None:
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-actions", ["action.yml"]),
        ("vendor.github-workflows", [".github/workflows/ci.yml", ".github/workflows/release.yml"]),
        ("vendor.dependabot", [".github/dependabot.yml"]),
    ],
)
def test_github_would_accept_the_files(
    program: Callable[[str], str],
    schema: str,
    files: list[str],
) -> None:
    clean(program("check-jsonschema"), "--builtin-schema", schema, *files)


def test_zizmor_finds_nothing(program: Callable[[str], str]) -> None:
    clean(program("zizmor"), "--offline", "--pedantic", "action.yml", ".github", ".pre-commit-hooks.yaml")


def test_shellcheck_finds_nothing(program: Callable[[str], str]) -> None:
    clean(program("shellcheck"), "action/run.sh", ".ci/run")


def test_every_workflow_is_checked_above() -> None:
    assert {file.name for file in (ROOT / ".github/workflows").iterdir()} == {"ci.yml", "release.yml"}
