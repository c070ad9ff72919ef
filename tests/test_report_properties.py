"""What holds for any report in any format."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from unicodedata import bidirectional, category

import jsonschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from armlint.finding import Severity
from armlint.report import (
    Entry,
    Excerpt,
    ExcerptLine,
    Mark,
    Notice,
    Place,
    Region,
    Report,
    RuleInfo,
    github,
    markdown,
    plain,
    sarif,
    text,
)

SCHEMA = json.loads(
    (Path(__file__).parents[1] / "schemas" / "report.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
COMMAND = re.compile(r"::(?:error|warning|notice) [^:]*::[^\r\n]*")

# Pieces that mean something to a terminal, a build agent, Markdown or a URI, besides any other text.
pieces = st.sampled_from(
    [
        *(
            "\x1b[31m",
            "\x9b1m",
            "\x07",
            "\0",
            "\r",
            "\n",
            "\r\n",
            "\t",
            "\u2028",
            "\x85",
            "\u202e",
            "\u200b",
            "\ufeff",
        ),
        *(
            "\ud83d",
            "\udcff",
            "\U0001f600",
            "\u540d",
            "e\u0301",
            "::error::",
            "::add-mask::",
            "##[x]",
            "##vso[y]",
        ),
        *(
            "](",
            "[a](1)",
            "|",
            "`",
            "\\",
            "<b>",
            "@x",
            "#1",
            "%0A",
            ":",
            ",",
            '"',
            "'",
            "{",
            "}",
            "//",
            "/",
            "..",
            " ",
        ),
        *("a", "C:", "parameters('pw')"),
    ]
)
texts = st.lists(pieces, max_size=6).map("".join) | st.text(st.characters(), max_size=8)
paths = texts | st.sampled_from(["-", "a.json", "b/c.sh", "/x", "C:\\y"])
numbers = st.integers(1, 120)
regions = st.tuples(numbers, numbers, st.integers(0, 2), numbers).map(
    lambda r: Region(r[0], r[1], r[0] + r[2], r[1] + r[3] if not r[2] else r[3])
)
places = st.builds(Place, paths, regions, texts)
severities = st.sampled_from(Severity)
marks = st.builds(Mark, st.integers(1, 4), st.integers(0, 90), st.integers(0, 400), texts, st.booleans())
lines = st.lists(texts | texts.map(lambda line: line * 60), max_size=4).map(
    lambda found: tuple(ExcerptLine(number, line) for number, line in enumerate(found, 1))
)
excerpts = st.builds(Excerpt, paths, lines, st.lists(marks, max_size=5).map(tuple))
pointers = st.lists(texts, max_size=3).map(
    lambda names: "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)
)
rules = st.sampled_from(["SEC201", "EXT101", "DEP301", "x"])
urls = texts | texts.map(lambda tail: f"https://example.org/{tail}")
entries = st.builds(
    Entry,
    rule=rules,
    name=texts,
    severity=severities,
    message=texts,
    path=paths,
    region=regions,
    pointer=pointers,
    labels=st.lists(places, max_size=2).map(tuple),
    flow=st.lists(places, max_size=2).map(tuple),
    excerpts=st.lists(excerpts, max_size=2).map(tuple),
    help=texts,
    url=urls,
    line_hash=st.sampled_from(["", "1f:1"]),
    fixable=st.booleans(),
)
infos = st.builds(
    RuleInfo, rules, texts, texts, severities, texts, texts, urls, st.lists(texts, max_size=2).map(tuple)
)
levels = st.sampled_from(["note", "warning", "error"])
reports = st.builds(
    Report,
    version=st.sampled_from(["0.1.0", "1.0.0-rc.1", "dev"]),
    entries=st.lists(entries, max_size=3).map(tuple),
    notices=st.lists(st.builds(Notice, st.none() | paths, texts, levels), max_size=2).map(tuple),
    rules=st.lists(infos, max_size=2, unique_by=lambda rule: rule.id).map(tuple),
    files=st.integers(0, 9),
    templates=st.integers(0, 9),
    skipped=st.integers(0, 9),
    suppressed=st.integers(0, 9),
    failed=st.booleans(),
)

any_report = settings(
    max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@any_report
@given(reports, st.none() | st.integers(1, 200), st.booleans(), st.booleans())
def test_text_reaches_a_terminal_harmless(
    report: Report, width: int | None, quiet: bool, verbose: bool
) -> None:
    shown = text.render(report, color=False, width=width, quiet=quiet, verbose=verbose)
    shown.encode()
    assert not {category(char) for char in set(shown) - {"\n"}} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(map(bidirectional, shown)) & {
        "LRE",
        "RLE",
        "PDF",
        "LRO",
        "RLO",
        "LRI",
        "RLI",
        "FSI",
        "PDI",
    }
    assert "##[" not in shown
    assert "##vso[" not in shown
    assert not any(line.lstrip().startswith("::") for line in shown.split("\n"))
    colored = text.render(report, color=True, width=width, quiet=quiet, verbose=verbose)
    colored.encode()
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == shown


@any_report
@given(reports)
def test_text_has_a_block_for_every_finding(report: Report) -> None:
    shown = text.render(report, color=False).split("\n")
    for entry in report.entries:
        assert text.headline(entry) in shown


@any_report
@given(reports)
def test_json_parses_back(report: Report) -> None:
    written = plain.render(report)
    written.encode()
    document = json.loads(written)
    VALIDATOR.validate(document)
    assert [finding["message"] for finding in document["findings"]] == [
        text.utf8(e.message) for e in report.entries
    ]


def values(node: Any, name: str) -> list[Any]:
    """Every value of a member of this name, wherever it stands."""
    if isinstance(node, list):
        return [value for item in node for value in values(item, name)]
    if not isinstance(node, dict):
        return []
    own = [node[name]] if name in node else []
    return own + [value for item in node.values() for value in values(item, name)]


@any_report
@given(reports, st.sampled_from(["", "infra", "/a b/c/"]))
def test_sarif_parses_back(report: Report, base: str) -> None:
    written = sarif.render(report, uri_base=base)
    written.encode()
    (run,) = json.loads(written)["runs"]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert ids == sorted(set(ids))
    assert len(run["results"]) == len(report.entries)
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
    for region in values(run, "region"):
        assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])
        assert min(region.values()) >= 1
    for uri in [*values(run, "uri"), *values(run, "helpUri")]:
        assert re.fullmatch(r"(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+", uri), uri
    for message in values(run, "text"):
        assert message.strip()
    for rule in run["tool"]["driver"]["rules"]:
        assert len(rule["shortDescription"]["text"]) <= 1024
        assert ("security-severity" in rule["properties"]) == rule["id"].startswith("SEC")


@any_report
@given(reports)
def test_github_takes_commands_from_nobody_else(report: Report) -> None:
    written = github.render(report)
    written.encode()
    assert not set(written) & set("\x1b\x9b\r\u2028\x85")
    assert "##[" not in written
    for line in written.split("\n"):
        # The runner trims a line before it looks.
        if line.strip().startswith("::"):
            assert COMMAND.fullmatch(line), line
    commands = sum(line.startswith("::") for line in written.split("\n"))
    assert commands == len(report.entries) + sum(notice.level != "note" for notice in report.notices)


@any_report
@given(reports, st.integers(1000, 5000))
def test_markdown_stays_in_its_limits(report: Report, limit: int) -> None:
    written = markdown.render(report, limit_bytes=limit)
    assert len(written.encode()) <= limit
    assert not set(written) & set("\x1b\x9b\r\t\u2028\x85")
    for line in written.split("\n"):
        assert not line or line[0] in "#|" or line == text.summary(report) or line.endswith(" more.")
