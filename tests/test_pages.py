"""Every rule page is a definition that loads, documentation that stands up, and examples that run."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import armlint
from armlint import page as pages
from armlint.page import Example, Page, PageError
from armlint.registry import load, rule_of
from armlint.rulebooks import framed
from armlint.run import load_rules

ROOT = Path(__file__).parents[1]
# Taken here, since tests see no such variables.
UPDATE = os.environ.get("ARMLINT_UPDATE") == "1"
PAGES = [
    pages.read(path.name, path.read_text("utf-8"))
    for path in sorted((ROOT / "rules").glob("*.md"))
    if path.name != "README.md"
]
EXAMPLES = [(page, example) for page in PAGES for example in page.examples]


@pytest.mark.parametrize(
    ("page", "example"),
    EXAMPLES,
    ids=[f"{page.id}-{example.kind}-{example.line}" for page, example in EXAMPLES],
)
def test_example(page: Page, example: Example, tmp_path: Path) -> None:
    text, before = framed(example)
    beside = [fence for fence in page.fences if fence.info.startswith("json beside ")]
    for fence in beside:
        (tmp_path / fence.info.split()[-1]).write_text(fence.body, "utf-8")
    if beside:
        file = tmp_path / f"example{example.suffix}"
        file.write_text(text, "utf-8")
        found = armlint.check_paths([file], select=[page.id])
    else:
        found = armlint.check(text, path=f"example{example.suffix}", select=[page.id])
    lines = [entry.region.line - before for entry in found]
    told = "\n".join(f"line {entry.region.line - before}: {entry.message}" for entry in found)
    assert lines == sorted(example.expected), f"{page.name}:{example.line}\n{told}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.id)
class TestPage:
    def test_file_name(self, page: Page) -> None:
        assert page.name == f"{page.id}-{page.table['name']}.md"

    def test_fence_follows_its_schema(self, page: Page) -> None:
        schema = json.loads((ROOT / "schemas" / "rule.schema.json").read_text("utf-8"))
        Draft202012Validator.check_schema(schema)
        errors = [error.message for error in Draft202012Validator(schema).iter_errors(dict(page.table))]
        assert not errors

    def test_rule_can_run(self, page: Page) -> None:
        assert callable(rule_of(page).make())

    def test_has_examples(self, page: Page) -> None:
        kinds = {example.kind for example in page.examples}
        assert {"bad", "good"} <= kinds

    def test_good_examples_say_why(self, page: Page) -> None:
        for example in page.examples:
            if example.kind == "good":
                assert example.heading.lower() not in {"good", "bad", "fixed"}, f"{page.name}:{example.line}"

    def test_summary_is_short(self, page: Page) -> None:
        assert 20 <= len(page.summary) <= 300

    def test_help_is_one_sentence(self, page: Page) -> None:
        assert str(page.table["help"]).endswith(".")
        assert len(str(page.table["help"])) <= 200


def test_index_is_true() -> None:
    path = ROOT / "rules" / "README.md"
    index = path.read_text("utf-8")
    rows = [
        f"| [{rule.id}]({rule.page.name}) | {rule.name} | {rule.severity} | {'on' if rule.enabled else 'off'} "
        f"| {rule.title} |\n"
        for rule in load_rules().rules
    ]
    table = re.compile(r"(?<=^\|---\|---\|---\|---\|---\|\n)(?:\|.*\n)+", re.MULTILINE)
    expected = table.sub(lambda _: "".join(rows), index)
    if UPDATE:
        path.write_text(expected, "utf-8")
        index = expected
    assert index == expected


def test_every_family_is_told_of() -> None:
    index = (ROOT / "rules" / "README.md").read_text("utf-8")
    assert {rule.id[:-3] for rule in load_rules().rules} == set(
        re.findall(r"^\| `([A-Z]+)` \|", index, re.MULTILINE)
    )


def test_superseded_rules_exist() -> None:
    ids = {page.id for page in PAGES}
    for page in PAGES:
        superseded = page.table.get("supersedes", [])
        assert isinstance(superseded, list)
        # A page may name a rule that is still to come, but not itself.
        assert page.id not in superseded
        assert all(re.fullmatch(r"[A-Z]{3}\d{3}", other) for other in superseded)
    assert ids


GOOD = """# ABC001 · A title

A first paragraph.

```toml rule
name = "a-rule"
severity = "error"
since = "0.1.0"
on = "extension"
help = "Do it."
deny = "publisher == 'x'"
message = "no"
```
"""


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (("# ABC001 · A title", "# A title"), 1, "heading"),
        (("```toml rule", "```toml"), 1, "needs a fence"),
        (('name = "a-rule"', 'nam = "a-rule"'), 6, "no key 'nam'"),
        (('severity = "error"', 'severity = "fatal"'), 7, "one of error, warning, info"),
        (('help = "Do it."\n', ""), 5, "lacks 'help'"),
        (('since = "0.1.0"', "since = 1"), 8, "is a string"),
        (('message = "no"', ""), 5, "needs a 'message'"),
        (('message = "no"', 'require = "x"'), 5, "exactly one"),
        (('name = "a-rule"', 'name = "a-rule'), 6, "no TOML"),
        (('deny = "publisher', 'tags = "x"\ndeny = "publisher'), 11, "list of strings"),
        (('message = "no"\n```', 'message = "no"\n'), 5, "never closed"),
    ],
)
def test_mistakes_in_a_page_are_told_with_their_line(
    change: tuple[str, str], line: int, message: str
) -> None:
    with pytest.raises(PageError) as caught:
        load([("ABC001-a-rule.md", GOOD.replace(*change))])
    assert caught.value.line == line
    assert message in caught.value.message


def test_a_condition_that_is_no_jmespath_is_told() -> None:
    rule = rule_of(pages.read("x.md", GOOD.replace("publisher == 'x'", "publisher ==")))
    with pytest.raises(PageError, match="JMESPath"):
        rule.make()


def test_two_pages_of_one_id_are_an_error() -> None:
    with pytest.raises(PageError, match=r"defined in a\.md already"):
        load([("a.md", GOOD), ("b.md", GOOD)])
