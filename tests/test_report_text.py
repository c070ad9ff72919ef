"""The text report, as a reader sees it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from typing import Any

import pytest

from armlint.finding import Severity
from armlint.report import Entry, Excerpt, ExcerptLine, Mark, Notice, Place, Region, Report
from armlint.report.text import printable, render, shown_path, summary, utf8

PATH = "infra/azuredeploy.json"


def entry(*excerpts: Excerpt, **changes: Any) -> Entry:
    """A finding at the first primary mark of the first excerpt."""
    mark = next((mark for mark in excerpts[0].marks if mark.primary), None) if excerpts else None
    facts: dict[str, Any] = {
        "rule": "SEC201",
        "name": "secret-in-public-settings",
        "severity": Severity.ERROR,
        "message": "The secret 'pw' stands in the public settings.",
        "path": excerpts[0].path if excerpts else PATH,
        "region": Region(mark.line, mark.start + 1, mark.line, mark.end + 1) if mark else Region(1, 1, 1, 1),
        "pointer": "/resources/0/properties/settings/commandToExecute",
        "labels": (),
        "flow": (),
        "excerpts": excerpts,
        "help": "",
        "url": "https://example.org/rules/SEC201",
        "line_hash": "1f:1",
    }
    return Entry(**facts | changes)


def report(*entries: Entry, **changes: Any) -> Report:
    facts: dict[str, Any] = {
        "version": "0.1.0",
        "entries": entries,
        "notices": (),
        "rules": (),
        "files": 1,
        "templates": 1,
        "skipped": 0,
        "suppressed": 0,
        "failed": bool(entries),
    }
    return Report(**facts | changes)


def excerpt(lines: dict[int, str], *marks: tuple[int, str, str, bool], path: str = PATH) -> Excerpt:
    """Lines with marks on the first occurrence of a text in them."""
    found = (
        Mark(number, lines[number].index(text), lines[number].index(text) + len(text), message, primary)
        for number, text, message, primary in marks
    )
    return Excerpt(path, tuple(ExcerptLine(*line) for line in lines.items()), tuple(found))


def block(*excerpts: Excerpt, color: bool = False, width: int | None = None, **changes: Any) -> str:
    """Everything about one finding below its headline."""
    text = render(report(entry(*excerpts, **changes)), color=color, width=width, quiet=True)
    return "\n" + text.partition("\n")[2]


def test_a_whole_report() -> None:
    found = report(
        entry(
            excerpt(
                {
                    12: '    "sqlAdminPassword": { "type": "securestring" },',
                    56: '      "settings": {',
                    57: """        "commandToExecute": "[concat('cmd ', parameters('sqlAdminPassword'))]\"""",
                },
                (57, '"commandToExecute"', "", True),
                (57, "parameters('sqlAdminPassword')", "the secret comes in here", False),
                (12, '"sqlAdminPassword"', "declared here as securestring", False),
            ),
            excerpt(
                {3: '{ "sqlAdminPassword": "x" }'},
                (3, '"sqlAdminPassword"', "set here", False),
                path="p.json",
            ),
            message="The secret 'sqlAdminPassword' stands in the public settings.",
            help="Move 'commandToExecute' to 'protectedSettings'.",
            labels=(Place("p.json", Region(3, 99, 3, 100), "set here"),),
            flow=(
                Place(PATH, Region(1, 1, 1, 1), "parameters('x')"),
                Place(PATH, Region(1, 1, 1, 1), "settings"),
            ),
            fixable=True,
        ),
        entry(rule="EXT103", name="x", severity=Severity.INFO, message="No excerpt.", path="b.json"),
        notices=(
            Notice("package.json", "no template"),
            Notice("c.json", "cannot be read", "warning"),
            Notice(None, "the rule EXT101 failed", "error"),
        ),
        files=5,
        templates=2,
        skipped=3,
    )
    findings = """\
infra/azuredeploy.json:57:9: ERROR SEC201 The secret 'sqlAdminPassword' stands in the public settings.
   |
12 |     "sqlAdminPassword": { "type": "securestring" },
   |     ------------------ declared here as securestring
...
56 |       "settings": {
57 |         "commandToExecute": "[concat('cmd ', parameters('sqlAdminPassword'))]"
   |         ^^^^^^^^^^^^^^^^^^                   ------------------------------ the secret comes in here
  --> p.json:3:99
   |
 3 | { "sqlAdminPassword": "x" }
   |   ------------------ set here
   |
   = help: Move 'commandToExecute' to 'protectedSettings'. [fixable]
"""
    second = "\nb.json:1:1: INFO EXT103 No excerpt.\n"
    notices = "\nc.json: warning: cannot be read\narmlint: error: the rule EXT101 failed\n"
    last = "\nFound 1 error, 1 info in 2 templates (5 files, 3 skipped).\n1 fixable with --fix.\n"
    assert render(found, color=False) == findings + second + notices + last
    assert render(found, color=False, quiet=True) == (
        findings + second + "\narmlint: error: the rule EXT101 failed\n"
    )
    verbose = render(found, color=False, verbose=True)
    assert "   = flow: parameters('x') -> settings\n" in verbose
    assert "   = rule: secret-in-public-settings, https://example.org/rules/SEC201\n" in verbose
    assert "\npackage.json: note: no template\n" in verbose


def test_several_marks_on_a_line() -> None:
    line = '  "name": "[concat(variables(\'a\'), \'b\')]", "x": 1'
    assert (
        block(
            excerpt(
                {7: line},
                (7, "variables('a')", "flows through this variable", False),
                (7, '"name"', "the name", False),
                (7, "concat", "built here", True),
                (7, "'b'", "and this", False),
            )
        )
        == """
  |
7 |   "name": "[concat(variables('a'), 'b')]", "x": 1
  |   ------    ^^^^^^ --------------  --- and this
  |   |         |      |
  |   |         |      flows through this variable
  |   |         built here
  |   the name
"""
    )


def test_marks_within_marks() -> None:
    assert (
        block(
            excerpt(
                {1: "\"[concat('a')]\", 2"},
                (1, "\"[concat('a')]\"", "all of it", True),
                (1, "'a'", "this part", False),
                (1, '"[concat', "begins alike", False),
            )
        )
        == """
  |
1 | "[concat('a')]", 2
  | ^^^^^^^^^^^^^^^ all of it
  | |        |
  | |        this part
  | begins alike
"""
    )
    twice = excerpt({1: "abc"}, (1, "c", "one", True), (1, "c", "two", False))
    assert (
        block(twice)
        == """
  |
1 | abc
  |   ^
  |   |
  |   one
  |   two
"""
    )


def test_marks_of_no_width_and_past_the_end() -> None:
    marks = (
        Mark(1, 0, 0, "before", False),
        Mark(1, 2, 2, "between", True),
        Mark(1, 3, 99, "runs on", False),
        Mark(1, 50, 60, "behind", False),
        Mark(9, 0, 1, "not shown", False),
    )
    assert (
        block(Excerpt(PATH, (ExcerptLine(1, "{ab}"),), marks))
        == """
  |
1 | {ab}
  | - ^-- behind
  | | ||
  | | |runs on
  | | between
  | before
"""
    )
    assert (
        block(Excerpt(PATH, (ExcerptLine(1, ""),), (Mark(1, 0, 0, "missing", True),)))
        == """
  |
1 |
  | ^ missing
"""
    )


def test_tabs_wide_and_combining_characters_keep_the_marks_below_their_characters() -> None:
    line = '\t"\u540d\u524d": "e\u0301a",\t"y": 2'
    assert (
        block(
            excerpt(
                {3: line}, (3, '"\u540d\u524d"', "wide", True), (3, "a", "b", False), (3, '"y"', "tab", False)
            )
        )
        == """
  |
3 |     "\u540d\u524d": "e\u0301a",   "y": 2
  |     ^^^^^^    -     --- tab
  |     |         |
  |     |         b
  |     wide
"""
    )


def test_what_hides_or_commands_is_made_visible() -> None:
    line = 'a\x1b[31m\x7f\u202e\x9b\ufeff\ud800 ##vso[task.setvariable] "z"'
    shown = block(excerpt({1: line}, (1, '"z"', "la\x1bbel", True)), help="\x07")
    assert (
        shown
        == """
  |
1 | a\u241b[31m\u2421<U+202E><U+009B><U+FEFF>\ufffd #<U+0023>vso[task.setvariable] "z"
  |                                                                 ^^^ la\u241bbel
  |
  = help: \u2407
"""
    )
    text = render(report(entry(message="x\ny\x1b\u2066", path="\x1b.json")), color=False)
    assert text.startswith("\u241b.json:1:1: ERROR SEC201 x\u240ay\u241b<U+2066>\n")


def test_a_path_cannot_begin_a_workflow_command() -> None:
    assert shown_path("::error::x.json") == "./::error::x.json"
    assert shown_path(" ::x.json") == "./ ::x.json"
    assert shown_path(":") == "./:"
    assert shown_path("a::x.json") == "a::x.json"


def test_surrogates_are_made_writable() -> None:
    assert utf8("a\ud83d\ude00b\udcffc") == "a\U0001f600b\ufffdc"
    assert printable("\udcff") == "\ufffd"


def test_a_minified_template_is_cut_to_windows_around_its_marks() -> None:
    line = '{"parameters":{"pw":{"type":"securestring"}},' + '"a":0,' * 100_000 + '"settings":{"x":"y"},'
    line += '"b":1,' * 100_000 + "}"
    assert (
        block(
            excerpt(
                {1: line}, (1, '"x"', "here", True), (1, '"y"', "what", False), (1, '"pw"', "declared", False)
            ),
            width=64,
        )
        == """
  |
1 | {"parameters":{"pw":{"type":"securestring"}},"a":0,"a":0,"…
  |                ---- declared
1 | …,"a":0,"a":0,"settings":{"x":"y"},"b":1,"b":1,"b":1,"b":1,…
  |                           ^^^ --- what
  |                           |
  |                           here
"""
    )
    end = Mark(1, len(line), len(line), "the end", True)
    assert (
        block(Excerpt(PATH, (ExcerptLine(1, line),), (end,)), width=50)
        == """
  |
1 | …,"b":1,"b":1,"b":1,"b":1,"b":1,"b":1,"b":1,}
  |                                              ^ the end
"""
    )


def test_a_mark_longer_than_the_window_is_cut_with_it() -> None:
    line = '{"k":"' + "x" * 1000 + '"}'
    shown = block(excerpt({1: line}, (1, '"' + "x" * 1000 + '"', "long", True)), width=64)
    _, _, source, underline, hook, message = shown.splitlines()
    assert source == '1 | {"k":"' + "x" * 52 + "…"
    assert underline == "  |      " + "^" * 53
    assert hook == "  |      |"
    assert message == "  |      long"


def test_a_megabyte_on_a_line_costs_no_more_than_its_window() -> None:
    line = '"a":"\u0301' + "\u0301" * 1_000_000 + '"'
    marks = tuple(Mark(1, at, at + 1, f"{at}", at == 0) for at in range(0, 1_000_000, 100_000))
    found = report(*[entry(Excerpt(PATH, (ExcerptLine(1, line),), marks))] * 50)
    start = time.process_time()
    text = render(found, color=False)
    assert time.process_time() - start < 2
    assert len(text) < 500_000


def test_lines_between_are_shown_as_a_gap() -> None:
    shown = block(excerpt({9: "{", 10: '"a": 1', 12: "}"}, (10, '"a"', "", True)))
    assert (
        shown
        == """
   |
 9 | {
10 | "a": 1
   | ^^^
...
12 | }
"""
    )


def test_colour_changes_no_character() -> None:
    lines = {1: '{"a": "b", "n": -1.5, "t": true, // why', 2: '\t"\u540d": [null, "\x1b"]}'}
    found = report(
        entry(
            excerpt(lines, (1, '"a"', "one", True), (1, '"b"', "two", False)),
            excerpt({1: "az vm run --password 'x'"}, (1, "'x'", "", False), path="deploy.sh"),
            help="h",
            fixable=True,
        ),
        entry(severity=Severity.WARNING),
        notices=(Notice(None, "n", "warning"),),
    )
    plain, colored = (render(found, color=color, verbose=True) for color in (False, True))
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain
    assert "\x1b[1;31mERROR SEC201\x1b[0m \x1b[1mThe secret" in colored
    assert '{\x1b[34m"a"\x1b[0m: \x1b[32m"b"\x1b[0m' in colored
    assert "\x1b[36m-1.5\x1b[0m" in colored
    assert "\x1b[35mtrue\x1b[0m" in colored
    assert "az vm run --password 'x'\n" in colored


def test_neither_pygments_nor_unicodedata_is_loaded_without_need() -> None:
    code = (
        "import sys; from armlint.report.text import render; from armlint.report import *;"
        "e = Excerpt('a', (ExcerptLine(1, 'abc'),), (Mark(1, 0, 1, '', True),));"
        "from armlint.finding import Severity;"
        "f = Entry('R1', 'n', Severity.ERROR, 'm', 'a', Region(1, 1, 1, 2), '', (), (), (e,), '', '', '');"
        "render(Report('1', (f,), (), (), 1, 1, 0, 0, True), color=False);"
        "sys.exit(bool({'pygments', 'unicodedata', 'rich', 'json'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({}, "No problems found in 1 template."),
        ({"templates": 2, "files": 2}, "No problems found in 2 templates."),
        (
            {"templates": 0, "files": 3, "skipped": 3},
            "No problems found in 0 templates (3 files, 3 skipped).",
        ),
        ({"suppressed": 2}, "No problems found in 1 template (1 file, 2 suppressed)."),
        ({"entries": (entry(), entry())}, "Found 2 errors in 1 template (1 file)."),
    ],
)
def test_the_last_line(facts: dict[str, Any], sentence: str) -> None:
    assert summary(report(**facts)) == sentence
    assert render(report(**facts), color=False).endswith(sentence + "\n")


def test_a_quiet_report_of_nothing_is_empty() -> None:
    assert render(report(), color=False, quiet=True) == ""


def test_statistics_count_the_findings_of_each_rule() -> None:
    many = [
        entry(rule="EXT101", name="command", severity=Severity.WARNING, fixable=number > 2)
        for number in range(11)
    ]
    written = render(report(entry(), *many, entry()), color=False, statistics=True)
    assert written == (
        "11  warning  EXT101  command [8 fixable]\n"
        f" 2  error    {entry().rule}  {entry().name}\n"
        "\n"
        "Found 2 errors, 11 warnings in 1 template (1 file).\n"
        "8 fixable with --fix.\n"
    )


def test_statistics_of_nothing_are_the_summary() -> None:
    assert render(report(), color=False, statistics=True) == "No problems found in 1 template.\n"
