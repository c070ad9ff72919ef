"""The reports that programs read: JSON, SARIF, workflow commands; and the summary page of a job."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from armlint.finding import Severity
from armlint.report import (
    Entry,
    Notice,
    Place,
    Region,
    Report,
    RuleInfo,
    azure,
    github,
    junit,
    markdown,
    plain,
    sarif,
)

PATH = "infra/azuredeploy.json"
SECRET = Entry(
    rule="SEC201",
    name="secret-in-public-settings",
    severity=Severity.ERROR,
    message="The secret 'sqlAdminPassword' stands in the public settings",
    path=PATH,
    region=Region(57, 13, 57, 31),
    pointer="/resources/2/resources/0/properties/settings/commandToExecute",
    labels=(Place(PATH, Region(12, 5, 12, 23), "declared here as securestring"),),
    flow=(
        Place(PATH, Region(12, 5, 12, 23), "parameters('sqlAdminPassword')"),
        Place(PATH, Region(57, 13, 57, 31), "settings.commandToExecute"),
    ),
    excerpts=(),
    help="Move 'commandToExecute' to 'protectedSettings'.",
    url="https://example.org/rules/SEC201",
    line_hash="c129715d7a2bc9a3:1",
    fixable=True,
)
COMMAND = Entry(
    rule="EXT101",
    name="command-in-public-settings",
    severity=Severity.WARNING,
    message="A command stands in 'settings'.",
    path=PATH,
    region=Region(57, 13, 60, 2),
    pointer="",
    labels=(),
    flow=(),
    excerpts=(),
    help="",
    url="",
    line_hash="",
)
RULE = RuleInfo(
    id="SEC201",
    name="secret-in-public-settings",
    title="A secret in public settings",
    severity=Severity.ERROR,
    summary="Whoever may read the machine may read its public settings",
    markdown="# A secret in public settings\n\nWhoever may read the machine may read its public settings.\n",
    url="https://example.org/rules/SEC201",
    tags=("extensions",),
)
# Deliberately before SEC201 only by its id.
OTHER = RuleInfo("EXT101", "EXT101", "", Severity.INFO, "", "", "nowhere", ("a",) * 12)


def report(*entries: Entry, **changes: Any) -> Report:
    facts: dict[str, Any] = {
        "version": "0.1.0",
        "entries": entries,
        "notices": (),
        "rules": (RULE, OTHER),
        "files": 3,
        "templates": 2,
        "skipped": 1,
        "suppressed": 0,
        "failed": bool(entries),
    }
    return Report(**facts | changes)


def variant(entry: Entry, **changes: Any) -> Entry:
    return Entry(**{name: getattr(entry, name) for name in Entry.__slots__} | changes)


def run_of(log: str) -> dict[str, Any]:
    (run,) = json.loads(log)["runs"]
    assert isinstance(run, dict)
    return run


# --- JSON


def test_json_is_as_documented() -> None:
    text = plain.render(
        report(SECRET, notices=(Notice("a.json", "not read", "warning"), Notice(None, "odd")))
    )
    assert text.endswith("}\n")
    assert json.loads(text) == {
        "armlint": "0.1.0",
        "summary": {
            "files": 3,
            "templates": 2,
            "skipped": 1,
            "error": 1,
            "warning": 0,
            "info": 0,
            "suppressed": 0,
        },
        "findings": [
            {
                "rule": "SEC201",
                "name": "secret-in-public-settings",
                "severity": "error",
                "message": "The secret 'sqlAdminPassword' stands in the public settings",
                "path": PATH,
                "line": 57,
                "column": 13,
                "end_line": 57,
                "end_column": 31,
                "pointer": "/resources/2/resources/0/properties/settings/commandToExecute",
                "labels": [
                    {
                        "path": PATH,
                        "line": 12,
                        "column": 5,
                        "end_line": 12,
                        "end_column": 23,
                        "message": "declared here as securestring",
                    }
                ],
                "flow": ["parameters('sqlAdminPassword')", "settings.commandToExecute"],
                "fixable": True,
                "url": "https://example.org/rules/SEC201",
            }
        ],
        "notices": [{"path": "a.json", "message": "not read"}, {"path": None, "message": "odd"}],
    }


def test_json_holds_to_its_schema_and_the_schema_is_strict(checkout: Path) -> None:
    schema = json.loads((checkout / "schemas" / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    document = json.loads(plain.render(report(SECRET, COMMAND, notices=(Notice(None, "x"),))))
    validator.validate(document)
    for place in (
        document,
        document["summary"],
        document["findings"][0],
        document["findings"][0]["labels"][0],
        document["notices"][0],
    ):
        place["surplus"] = 1
        assert not validator.is_valid(document)
        del place["surplus"]
        for name in list(place):
            value = place.pop(name)
            assert not validator.is_valid(document), name
            place[name] = value
    document["findings"][0]["line"] = 0
    assert not validator.is_valid(document)


def test_every_property_of_the_schema_is_described(checkout: Path) -> None:
    def properties(schema: Any) -> list[dict[str, Any]]:
        if isinstance(schema, list):
            return [found for item in schema for found in properties(item)]
        if not isinstance(schema, dict):
            return []
        own = list(schema.get("properties", {}).values())
        return own + [found for item in schema.values() for found in properties(item)]

    schema = json.loads((checkout / "schemas" / "report.schema.json").read_text(encoding="utf-8"))
    found = properties(schema)
    assert len(found) > 25
    assert all(item.get("description") for item in found)


# --- SARIF


def test_sarif_of_a_finding() -> None:
    run = run_of(sarif.render(report(SECRET)))
    assert run["columnKind"] == "utf16CodeUnits"
    assert run["originalUriBaseIds"].keys() == {"%SRCROOT%"}
    assert "uri" not in run["originalUriBaseIds"]["%SRCROOT%"]
    assert run["invocations"] == [
        {"executionSuccessful": True, "exitCode": 1, "toolExecutionNotifications": []}
    ]

    def physical(line: int, start: int, end: int) -> dict[str, Any]:
        return {
            "artifactLocation": {"uri": PATH, "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": line, "startColumn": start, "endLine": line, "endColumn": end},
        }

    source = {"physicalLocation": physical(12, 5, 23)}
    sink = {"physicalLocation": physical(57, 13, 31)}
    (result,) = run["results"]
    own = result["partialFingerprints"].pop("armlint/v1")
    assert re.fullmatch("[0-9a-f]{32}", own)
    assert result == {
        "ruleId": "SEC201",
        "ruleIndex": 1,
        "level": "error",
        "message": {"text": "The secret 'sqlAdminPassword' stands in the public settings."},
        "locations": [{**sink, "logicalLocations": [{"fullyQualifiedName": SECRET.pointer}]}],
        "partialFingerprints": {"primaryLocationLineHash": "c129715d7a2bc9a3:1"},
        "relatedLocations": [{"id": 1, **source, "message": {"text": "declared here as securestring"}}],
        "codeFlows": [
            {
                "threadFlows": [
                    {
                        "locations": [
                            {"location": {**source, "message": {"text": "parameters('sqlAdminPassword')"}}},
                            {"location": {**sink, "message": {"text": "settings.commandToExecute"}}},
                        ]
                    }
                ]
            }
        ],
    }


def test_sarif_of_rules() -> None:
    driver = run_of(sarif.render(report(SECRET)))["tool"]["driver"]
    assert driver["semanticVersion"] == driver["version"] == "0.1.0"
    assert driver["fullName"] == "armlint 0.1.0"
    assert driver["rules"] == [
        {
            "id": "EXT101",
            "shortDescription": {"text": "EXT101."},
            "fullDescription": {"text": "EXT101."},
            "help": {"text": "EXT101."},
            "defaultConfiguration": {"level": "note"},
            "properties": {"tags": ["a"], "precision": "medium", "problem.severity": "recommendation"},
        },
        {
            "id": "SEC201",
            "name": "SecretInPublicSettings",
            "shortDescription": {"text": "A secret in public settings."},
            "fullDescription": {"text": "Whoever may read the machine may read its public settings."},
            "help": {
                "text": (
                    "Whoever may read the machine may read its public settings.\n\nhttps://example.org/rules/SEC201"
                ),
                "markdown": RULE.markdown,
            },
            "helpUri": "https://example.org/rules/SEC201",
            "defaultConfiguration": {"level": "error"},
            "properties": {
                "tags": ["security", "extensions"],
                "precision": "very-high",
                "problem.severity": "error",
                "security-severity": "8.0",
            },
        },
    ]


def test_sarif_describes_a_rule_that_only_a_result_knows() -> None:
    long = RuleInfo("LONG1", "long", "t", Severity.INFO, "x" * 2000, "", "", ())
    run = run_of(sarif.render(report(SECRET, COMMAND, rules=(long,), version="dev")))
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["EXT101", "LONG1", "SEC201"]
    assert "semanticVersion" not in run["tool"]["driver"]
    assert len(run["tool"]["driver"]["rules"][1]["fullDescription"]["text"]) == 1024
    assert [result["ruleIndex"] for result in run["results"]] == [0, 2]
    assert "logicalLocations" not in run["results"][0]["locations"][0]
    assert run["results"][0]["partialFingerprints"].keys() == {"armlint/v1"}


def test_sarif_tells_of_files_that_could_not_be_read() -> None:
    notices = (
        Notice("a.json", "skipped"),
        Notice("b c.json", "not UTF-8", "warning"),
        Notice(None, "broke", "error"),
    )
    (invocation,) = run_of(sarif.render(report(notices=notices), exit_code=2))["invocations"]
    artifact = {"uri": "b%20c.json", "uriBaseId": "%SRCROOT%"}
    assert invocation == {
        "executionSuccessful": False,
        "exitCode": 2,
        "toolExecutionNotifications": [
            {
                "level": "warning",
                "message": {"text": "not UTF-8."},
                "locations": [{"physicalLocation": {"artifactLocation": artifact}}],
            },
            {"level": "error", "message": {"text": "broke."}},
        ],
    }


def test_sarif_keeps_the_gravest_and_says_what_it_left_out() -> None:
    low = [variant(COMMAND, path=f"{n:05}.json") for n in range(5000)]
    run = run_of(sarif.render(report(*low, SECRET, variant(SECRET, path="zz.json"))))
    assert len(run["results"]) == 5000
    assert [result["level"] for result in run["results"][-2:]] == ["error", "error"]
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"].startswith("2 of 5002 results were left out")


def test_sarif_of_a_clean_run_has_empty_results() -> None:
    run = run_of(sarif.render(report()))
    assert run["results"] == []
    assert run["invocations"][0]["exitCode"] == 0


def test_sarif_links_nothing_of_a_template() -> None:
    message = variant(SECRET, message="See [this](https://evil.example)")
    (result,) = run_of(sarif.render(report(message)))["results"]
    assert result["message"]["text"] == r"See [this\](https://evil.example)."


def test_sarif_regions_are_always_in_order() -> None:
    whole_file = variant(SECRET, region=Region(0, 0, -1, 0), labels=(), flow=())
    (result,) = run_of(sarif.render(report(whole_file)))["results"]
    assert set(result["locations"][0]["physicalLocation"]["region"].values()) == {1}


@pytest.mark.parametrize(
    ("path", "base", "expected"),
    [
        ("a/b.json", "", "a/b.json"),
        ("./a/../b.json", "", "b.json"),
        ("b.json", "infra/x", "infra/x/b.json"),
        ("../b.json", "infra/x/", "infra/b.json"),
        ("a b/\u00e9\U0001f600.json", "", "a%20b/%C3%A9%F0%9F%98%80.json"),
        ("a:b.json", "", "a%3Ab.json"),
        ("100%#?.json", "", "100%25%23%3F.json"),
        ("a\\b.json", "", "a/b.json"),
        ("\udcff.json", "", "%EF%BF%BD.json"),
        ("-", "", "-"),
        ("<stdin>", "", "%3Cstdin%3E"),
        ("", "", "."),
        ("/srv/a b.json", "infra", "file:///srv/a%20b.json"),
        ("C:\\x\\a b.json", "infra", "file:///C:/x/a%20b.json"),
        ("\\\\host\\share\\a.json", "", "file://host/share/a.json"),
    ],
)
def test_uris(path: str, base: str, expected: str) -> None:
    assert sarif.uri(path, base) == expected


def test_sarif_of_an_absolute_path_has_no_base() -> None:
    (result,) = run_of(sarif.render(report(variant(SECRET, path="/srv/a.json", labels=(), flow=()))))[
        "results"
    ]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///srv/a.json"}


def multitool() -> tuple[Path, Path]:
    """Find the validator and the schema beside it."""
    named = os.environ.get("ARMLINT_SARIF_MULTITOOL") or shutil.which("sarif-multitool")
    if not named:
        pytest.skip("no sarif-multitool")
    tool = Path(named).resolve()
    if tool.suffix == ".js":
        # The package's script hands its arguments to a shell, which would end the command at the first ";".
        found = (*tool.parents[1].glob("sarif-multitool*/Sarif.Multitool"), *tool.parents[1].glob("*/*.exe"))
        tool = found[0]
    return tool, tool.parent / "sarif-2.1.0.json"


def verdict(tool: Path, log: str, folder: Path) -> dict[str, set[str]]:
    """Ask Microsoft's validator; its exit status is always 0, so its own report is read."""
    (folder / "log.sarif").write_text(log, encoding="utf-8")
    command: list[str | Path] = [tool, "validate", folder / "log.sarif", "-o", folder / "verdict.sarif"]
    command += ["--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note"]
    command += ["-c", Path(__file__).with_name("sarif-validator.xml")]
    subprocess.run([*command, "--log", "ForceOverwrite"], check=True, capture_output=True, timeout=120)
    found: dict[str, set[str]] = {"error": set(), "warning": set(), "note": set()}
    for result in json.loads((folder / "verdict.sarif").read_text(encoding="utf-8-sig"))["runs"][0][
        "results"
    ]:
        found[result.get("level", "warning")].add(result["ruleId"])
    return found


@pytest.mark.external
def test_microsofts_validator_and_the_official_schema_accept_the_sarif(tmp_path: Path) -> None:
    tool, schema = multitool()
    odd = variant(
        COMMAND, rule="USR1", path="a b/\u00e9\U0001f600:[x].json", message="x", url="https://example.org/a b"
    )
    stdin = variant(COMMAND, path="-", severity=Severity.INFO)
    notices = (Notice("b.json", "not read", "warning"), Notice(None, "broke", "error"))
    log = sarif.render(report(stdin, odd, COMMAND, SECRET, notices=notices), uri_base="sub dir")
    named = Report(**{n: getattr(report(), n) for n in Report.__slots__} | {"rules": (RULE,)})
    for text in (log, sarif.render(named)):
        jsonschema.validate(json.loads(text), json.loads(schema.read_text(encoding="utf-8-sig")))
        found = verdict(tool, text, tmp_path)
        assert found["error"] == set()
        assert found["warning"] == set()
        # No message ids, no revision, no snippets, on purpose; and the network may be out of reach. A rule
        # that has neither name nor page cannot have them here either.
        allowed = {"SARIF2002", "SARIF2003", "SARIF2006", "SARIF2010", "SARIF2011"}
        assert found["note"] <= allowed | ({"SARIF2012"} if text is log else set())
    # The validator does look: an absolute path is none of a repository.
    absolute = sarif.render(report(variant(SECRET, path="/srv/a.json")))
    assert verdict(tool, absolute, tmp_path)["error"] == {"GH1006"}


# --- workflow commands


def test_github_annotations() -> None:
    notices = (
        Notice("a,b.json", "not read", "warning"),
        Notice(None, "broke", "error"),
        Notice("c.json", "skipped"),
    )
    found = report(
        COMMAND, variant(SECRET, message="100% a\r\n::error::x", path="x:,%.json"), notices=notices
    )
    assert github.render(found) == (
        "armlint: error: broke\n"
        "::error title=armlint::broke\n"
        "x:,%.json:57:13: ERROR SEC201 100% a\u240d\u240a::error::x\n"
        "::error file=x%3A%2C%25.json,line=57,endLine=57,col=13,endColumn=31,title=armlint SEC201"
        "::100%25 a\u240d\u240a::error::x%0Ahelp: Move 'commandToExecute' to 'protectedSettings'.\n"
        "a,b.json: warning: not read\n"
        "::warning file=a%2Cb.json,title=armlint::not read\n"
        "infra/azuredeploy.json:57:13: WARNING EXT101 A command stands in 'settings'.\n"
        "::warning file=infra/azuredeploy.json,line=57,endLine=60,title=armlint EXT101"
        "::A command stands in 'settings'.\n"
        "Found 1 error, 1 warning in 2 templates (3 files, 1 skipped).\n"
    )


def test_github_keeps_to_ten_annotations_of_a_kind() -> None:
    info = variant(COMMAND, severity=Severity.INFO)
    lines = github.render(report(*[COMMAND] * 12, *[SECRET] * 11, *[info] * 10)).splitlines()
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert sum(line.startswith("::warning ") for line in lines) == 10
    assert sum(line.startswith("::notice ") for line in lines) == 10
    assert lines[-1] == (
        "::notice title=armlint::1 error, 2 warnings, 1 notice more, without annotations: see the log."
    )
    assert sum(": WARNING EXT101 " in line for line in lines) == 12
    assert lines[0].startswith("infra/azuredeploy.json:57:13: ERROR SEC201 ")
    full = github.render(report(*[info] * 10)).splitlines()
    assert sum(line.startswith("::notice ") for line in full) == 10
    assert full[-1].startswith("Found 10 info ")


def test_github_repeats_no_command_of_a_template() -> None:
    sly = variant(SECRET, path="::add-mask::x\n::error::", message="##[add-mask]x\r::error::y")
    text = github.render(report(sly))
    assert text.startswith("./::add-mask::x\u240a::error:::57:13: ERROR")
    assert "##[" not in text


# --- Markdown


def cells(text: str) -> list[list[str]]:
    """The rows of all tables, as a renderer sees them."""
    markdown_it = pytest.importorskip("markdown_it")
    rows: list[list[str]] = []
    for token in markdown_it.MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and token.level > 1:
            rows[-1].append("".join(part.content for part in token.children if part.type.startswith("text")))
    return rows


def test_markdown() -> None:
    found = report(COMMAND, SECRET, notices=(Notice("a.json", "not read", "warning"),))
    assert markdown.render(found) == (
        """\
## armlint

Found 1 error, 1 warning in 2 templates (3 files, 1 skipped).

| Level | Count |
| --- | ---: |
| error | 1 |
| warning | 1 |

### Findings

| Level | Place | Rule | Message |
| --- | --- | --- | --- |
| error | infra/azuredeploy.json:57 | [SEC201](https://example.org/rules/SEC201) \
| The secret 'sqlAdminPassword' stands in the public settings |
| warning | infra/azuredeploy.json:57 | EXT101 | A command stands in 'settings'. |

### Rules

| Rule | Name | Findings |
| --- | --- | --- |
| EXT101 | command-in-public-settings | 1 |
| [SEC201](https://example.org/rules/SEC201) | secret-in-public-settings | 1 |

### Notices

| Level | Place | Message |
| --- | --- | --- |
| warning | a.json | not read |
"""
    )
    assert (
        markdown.render(report()) == "## armlint\n\nNo problems found in 2 templates (3 files, 1 skipped).\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "a | b `c` *d* _e_ ~f~ [g](h) ![i](j) <b>k</b> &amp; \\ \\| $x$ {y}",
        "`|`",
        "@someone #12 GH-3",
        "concat('a', \"b\")",
    ],
)
def test_markdown_of_a_message_means_nothing(text: str) -> None:
    rendered = markdown.render(report(variant(SECRET, message=text)))
    (row,) = [row for row in cells(rendered) if row[0] == "error" and len(row) == 4]
    assert row[1:] == ["infra/azuredeploy.json:57", "SEC201", text]
    assert not re.search(r"@\w|#\d|GH-\d|<b>", rendered)


def test_markdown_links_lead_nowhere_else() -> None:
    entry = variant(SECRET, url="https://example.org/a)|(b c")
    assert "| [SEC201](https://example.org/a%29%7C%28b%20c) |" in markdown.render(report(entry))
    assert "| SEC201 |" in markdown.render(report(variant(SECRET, url="javascript:alert(1)")))


def test_markdown_is_cut_to_its_limit() -> None:
    found = report(*[COMMAND] * 2000, *[SECRET] * 2000)
    text = markdown.render(found, limit_bytes=20_000)
    assert 19_000 < len(text.encode()) <= 20_000
    shown = sum(line.startswith("| error | infra") for line in text.splitlines())
    assert f"\n\n{4000 - shown} more.\n" in text
    assert "| warning | infra" not in text
    assert "| EXT101 | command-in-public-settings | 2000 |" in text
    assert len(markdown.render(report(*[SECRET] * 20_000)).encode()) <= 900_000
    tiny = markdown.render(found, limit_bytes=300)
    assert len(tiny.encode()) <= 300
    assert "| error | 2000 |" in tiny


def test_azure_commands() -> None:
    told = Notice("a;b].json", "skipped 100%", "warning")
    lines = azure.render(report(SECRET, COMMAND, notices=(told,))).splitlines()
    assert lines[0] == "a;b].json: warning: skipped 100%"
    assert lines[1] == "##vso[task.logissue type=warning;sourcepath=a%3Bb%5D.json;]skipped 100%AZP25"
    assert lines[2].startswith("infra/azuredeploy.json:57:13: ERROR SEC201 ")
    assert lines[3] == (
        "##vso[task.logissue type=error;sourcepath=infra/azuredeploy.json;linenumber=57;columnnumber=13;"
        "code=SEC201;]The secret 'sqlAdminPassword' stands in the public settings%0Ahelp: Move "
        "'commandToExecute' to 'protectedSettings'."
    )
    assert lines[-1].startswith("Found 1 error, 1 warning")


def test_azure_has_no_command_for_what_is_only_worth_knowing() -> None:
    lines = azure.render(report(variant(COMMAND, severity=Severity.INFO))).splitlines()
    assert "INFO" in lines[0]
    assert not [line for line in lines if line.startswith("##")]


@pytest.mark.parametrize(
    "text", ["##vso[task.setvariable variable=x]y", "a\n##vso[task.complete]b", "\r##[error]x"]
)
def test_azure_repeats_no_command_of_a_template(text: str) -> None:
    entry = variant(COMMAND, message=text, path=text, help=text, rule=text)
    written = azure.render(report(entry, notices=(Notice(text, text, "error"),)))
    for line in written.splitlines():
        assert not line.startswith("##") or line.startswith("##vso[task.logissue type=")
        assert "\r" not in line


def suites(entries: tuple[Entry, ...] = (), notices: tuple[Notice, ...] = ()) -> ET.Element:
    written = junit.render(report(*entries, notices=notices))
    return ET.fromstring(written.encode())  # noqa: S314 - our own


def test_junit() -> None:
    worth = variant(COMMAND, severity=Severity.INFO, path="b.json")
    root = suites(
        (SECRET, COMMAND, worth), (Notice("c.json", "no such file", "error"), Notice("d", "skipped"))
    )
    assert root.attrib == {"name": "armlint", "tests": "4", "failures": "2", "errors": "1"}
    assert [suite.get("name") for suite in root] == [PATH, "b.json", "armlint"]
    case = root[0][0]
    assert case.get("name") == "SEC201 secret-in-public-settings at 57:13"
    assert (case.get("file"), case.get("line")) == (PATH, "57")
    failure = case[0]
    assert (failure.tag, failure.get("type"), failure.get("message")) == ("failure", "error", SECRET.message)
    assert failure.text is not None
    assert failure.text.splitlines()[0] == f"{PATH}:57:13: {SECRET.message}"
    assert root[1][0][0].tag == "system-out"
    assert root[2][0][0].attrib == {"message": "no such file", "type": "error"}


def test_junit_of_a_clean_run_is_a_test_that_passes() -> None:
    root = suites()
    assert root.get("tests") == "1"
    assert [len(case) for case in root.iter("testcase")] == [0]


@pytest.mark.parametrize("text", ['"<&>]]>', "\x00\x1b[31m\x7f", "\ufffe\uffff\ud800", "a\nb\tc"])
def test_junit_can_say_anything(text: str) -> None:
    entry = variant(COMMAND, message=text, path=text, help=text, name=text, url=text)
    assert suites((entry,), (Notice(text, text, "error"),)).get("tests") == "2"
