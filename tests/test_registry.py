"""Which rules there are, how they are chosen, and what a page may say."""

from __future__ import annotations

import pickle
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armlint import data
from armlint import page as pages
from armlint.files import text_of
from armlint.page import PageError
from armlint.registry import Registry, UnknownRule, load, rule_of
from armlint.run import load_rules

PAGE = """# {id} · Title of {id}

Text.

```toml rule
name = "{name}"
severity = "error"
since = "0.1.0"
on = "extension"
help = "Do it."
deny = "type == 'x'"
message = "m"
{more}```
"""


def page(id_: str, name: str, more: str = "") -> tuple[str, str]:
    return f"{id_}-{name}.md", PAGE.format(id=id_, name=name, more=more)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load(
        [
            page("DEF200", "last"),
            page("ABC101", "first"),
            page("ABC102", "second", "enabled = false\n"),
            page("ABC110", "third"),
            page("ABCD100", "longer-family"),
        ]
    )


def chosen(registry: Registry, select: str = "", ignore: str = "", extend: str = "") -> list[str]:
    return [rule.id for rule in registry.select(select.split(), ignore.split(), extend.split())]


class TestSelect:
    def test_by_default_what_is_on(self, registry: Registry) -> None:
        assert chosen(registry) == ["ABC101", "ABC110", "ABCD100", "DEF200"]

    @pytest.mark.parametrize(
        ("select", "expected"),
        [
            ("ABC101", ["ABC101"]),
            ("abc101", ["ABC101"]),
            ("second", ["ABC102"]),
            ("SECOND", ["ABC102"]),
            ("ABC10", ["ABC101", "ABC102"]),
            ("ABC1", ["ABC101", "ABC102", "ABC110"]),
            ("abc", ["ABC101", "ABC102", "ABC110", "ABCD100"]),
            ("all", ["ABC101", "ABC102", "ABC110", "ABCD100", "DEF200"]),
            ("DEF200 ABC101 DEF200", ["ABC101", "DEF200"]),
        ],
    )
    def test_select(self, registry: Registry, select: str, expected: list[str]) -> None:
        assert chosen(registry, select) == expected

    def test_ignore_takes_away_at_last(self, registry: Registry) -> None:
        assert chosen(registry, ignore="ABC101 last") == ["ABC110", "ABCD100"]
        assert chosen(registry, "ABC", "ABC1") == ["ABCD100"]
        assert chosen(registry, "all", "all") == []
        assert chosen(registry, extend="second", ignore="second") == ["ABC101", "ABC110", "ABCD100", "DEF200"]

    def test_of_two_prefixes_the_longer_wins(self, registry: Registry) -> None:
        assert chosen(registry, "ABC10", "ABC") == ["ABC101", "ABC102"]
        assert chosen(registry, "ABC101", "ABC1") == ["ABC101"]
        assert chosen(registry, "ABC", "ABC10") == ["ABC110", "ABCD100"]
        assert chosen(registry, "ABC", "ABC") == []

    def test_extend_adds_to_either(self, registry: Registry) -> None:
        assert chosen(registry, extend="ABC102") == ["ABC101", "ABC102", "ABC110", "ABCD100", "DEF200"]
        assert chosen(registry, "DEF", extend="second") == ["ABC102", "DEF200"]
        assert chosen(registry, extend="ABC102", ignore="ABC") == ["ABC102", "DEF200"]

    @pytest.mark.parametrize("selector", ["", " ", "AB C", "ABC999", "x", "ABC10*", "[", "\x1b", "ABC101 "])
    def test_what_names_no_rule_is_refused(self, registry: Registry, selector: str) -> None:
        for options in ({"select": [selector]}, {"ignore": [selector]}, {"extend": [selector]}):
            if selector.strip() == "ABC101":
                registry.select(**options)
            else:
                with pytest.raises(UnknownRule) as caught:
                    registry.select(**options)
                assert caught.value.selector == selector

    @pytest.mark.parametrize(
        ("selector", "near"),
        [("frist", "first"), ("DEF20", None), ("DEF2000", "DEF200"), ("ABCE", "ABC"), ("zzz", None)],
    )
    def test_the_nearest(self, registry: Registry, selector: str, near: str | None) -> None:
        if selector == "DEF20":
            assert chosen(registry, selector) == ["DEF200"]
        else:
            assert registry.nearest(selector) in ({near, "ABCD"} if near == "ABC" else {near})

    def test_find(self, registry: Registry) -> None:
        found = registry.find(" First ")
        assert found is not None
        assert found.id == "ABC101"
        assert registry.find("ABC") is None


class TestLoad:
    def test_two_pages_of_one_name(self) -> None:
        with pytest.raises(PageError, match=r"^ABC102-same\.md:6: 'same' is the name of ABC101 already$"):
            load([page("ABC101", "same"), page("ABC102", "same")])

    @pytest.mark.parametrize(
        ("change", "line", "told"),
        [
            (('on = "extension"', 'on = "template"'), 9, "a declared rule is on 'extension' or 'resource'"),
            (
                ('on = "extension"', 'on = "nothing"'),
                9,
                "'on' is one of document, template, resource, extension",
            ),
            (('on = "extension"', "on = 1"), 9, "'on' is a string"),
            (('message = "m"', 'message = "{nmae}"'), 12, "a message may use {name}, {machine}"),
            (('message = "m"', 'message = "{name!r}"'), 12, "a message may use {name}, {machine}"),
            (('message = "m"', 'message = "{"'), 12, "a message may use {name}, {machine}"),
            (('message = "m"', 'message = "}{"'), 12, "a message may use {name}, {machine}"),
            (
                ('message = "m"', 'message = "m"\nresource = "*"'),
                13,
                "'resource' goes with 'on = \"resource\"' only",
            ),
            (
                ("deny = \"type == 'x'\"\nmessage", 'python = "a:b"\nmessage'),
                12,
                "'message' does not go with 'python'",
            ),
            (('message = "m"', 'message = "m"\nenabled = 1'), 13, "'enabled' is true or false"),
            (('message = "m"', 'message = "m"\ntags = [1]'), 13, "'tags' is a list of strings"),
            (('message = "m"', 'message = "m"\nmessage = "n"'), 13, "no TOML"),
            (('message = "m"', 'message = """m'), 12, "no TOML"),
            (("ABC101 · T", "ABC1 · T"), 1, "heading"),
            (("ABC101 · T", "A101 · T"), 1, "heading"),
            (("ABC101 · T", "abc101 · T"), 1, "heading"),
            (("ABC101 · T", "ABC١٠١ · T"), 1, "heading"),
            (("# ABC101", "ABC101"), 1, "heading"),
            (("· Title of ABC101", "·  "), 1, "heading"),
            (("Text.", "```toml rule\n```"), 3, "one rule fence"),
        ],
    )
    def test_a_mistake_is_told_with_its_line(self, change: tuple[str, str], line: int, told: str) -> None:
        name, text = page("ABC101", "x")
        assert change[0] in text
        with pytest.raises(PageError) as caught:
            load([(name, text.replace(*change))])
        assert told in caught.value.message
        assert caught.value.line == line
        assert str(caught.value).startswith(f"ABC101-x.md:{line}: ")

    @pytest.mark.parametrize(
        ("rest", "line", "told"),
        [
            ('deny = "a =="\nmessage = "m"', 11, "no JMESPath"),
            ('when = "foo(a)"\ndeny = "a"\nmessage = "m"', 11, "there is no function 'foo'"),
            ('python = "nothing:here"', 11, "No module named 'armlint.checks.nothing'"),
            ('python = "template:nothing"', 11, "has no attribute 'nothing'"),
        ],
    )
    def test_what_is_only_seen_when_a_check_is_made(self, rest: str, line: int, told: str) -> None:
        name, text = page("ABC101", "x")
        rule = rule_of(pages.read(name, text.replace('deny = "type == \'x\'"\nmessage = "m"', rest)))
        with pytest.raises(PageError) as caught:
            rule.make()
        assert told in caught.value.message
        assert caught.value.line == line

    def test_a_rule_can_be_sent_to_a_worker_also_when_it_was_used(self) -> None:
        for rule in load_rules().rules:
            rule.make()
        sent: Registry = pickle.loads(pickle.dumps(load_rules()))  # noqa: S301 - what was just written
        assert [rule.id for rule in sent.rules] == [rule.id for rule in load_rules().rules]
        assert all(callable(rule.make()) for rule in sent.rules)

    def test_a_check_is_made_once(self, registry: Registry) -> None:
        rule = registry.rules[0]
        assert rule.make() is rule.make()


FENCES = {
    "plain": 'name = "a b"\nlist = ["a", "b"]\non = true\noff = false\nempty = ""\n',
    "no blanks": 'a="x"\nb=["y"]\n',
    "quotes": 'a = "say \\"x\\" twice"\n',
    "block": 'a = """\nx \'y\'\n  && z\n"""\nb = "c"\n',
    "blank lines": '\n\na = "x"\n\n',
    "aligned": 'name     = "x"\nseverity = "y"\n',
    "comment": 'a = "x" # why\n# more\nb = "#"\n',
    "escapes": 'a = "x\\ty\\\\z\\u00e4"\n',
    "literal": "a = 'x\\y'\n",
    "long list": 'a = [\n  "x",\n  "y",\n]\n',
    "commas": 'a = ["x, y", "z"]\nb = ["x",]\nc = []\n',
    "numbers": "a = 1\nb = 1.5\n",
    "table": '[t]\na = "x"\n',
    "quoted key": '"a b" = "x"\n',
    "block on one line": 'a = """x"""\n',
    "block with quotes": 'a = """\nx ""\n"""\n',
    "inline": 'a = { b = "x" }\n',
}


class TestFence:
    @pytest.mark.parametrize("fence", FENCES.values(), ids=FENCES.keys())
    def test_is_read_as_toml(self, fence: str) -> None:
        read = pages.read("x.md", f"# ABC101 · T\n\n```toml rule\n{fence}```\n")
        assert read.table == tomllib.loads(fence)

    @given(
        st.lists(
            st.one_of(
                st.sampled_from(list(FENCES.values())),
                st.text(alphabet="ab= \"'\\[],#\ntrue", max_size=12).map(lambda text: f"{text}\n"),
            ),
            max_size=4,
        ).map("".join)
    )
    def test_whatever_it_is(self, fence: str) -> None:
        if "```" in fence or "\n```toml rule\n" in fence:
            return
        text = f"# ABC101 · T\n\n```toml rule\n{fence}```\n"
        try:
            expected = tomllib.loads(fence)
        except tomllib.TOMLDecodeError:
            with pytest.raises(PageError, match="no TOML"):
                pages.read("x.md", text)
        else:
            assert pages.read("x.md", text).table == expected

    def test_shipped_ones_are_read_without_tomllib(self) -> None:
        slow = []
        for path in data.pages():
            text = text_of(path)
            start = text.index("```toml rule\n") + len("```toml rule\n")
            if pages._plain_table(text[start : text.index("\n```", start) + 1]) is None:
                slow.append(path)
        assert slow == []


class TestPage:
    TEXT = """# ABC101 · Title

A [link](https://x) and `code`,
on *two* lines.

More.

```toml rule
name = "x"
```

## Bad

### One

```json bad
{
  "a": 1, // ABC101
  "b": 2 // DEF200, ABC101
}
```

```json fixed
{ "a": 2 }
```

### Two

````json bad at=1,2
{
```
````

```json
{ "plain": 1 } // stays
```
"""

    def test_summary(self) -> None:
        assert pages.read("x.md", self.TEXT).summary == "A link and code, on two lines."

    def test_markdown_is_free_of_what_makes_it_a_test(self) -> None:
        markdown = pages.read("x.md", self.TEXT).markdown
        assert "toml rule" not in markdown
        assert (
            '```json\n{\n  "a": 1,\n  "b": 2\n}\n```\n\nCorrected:\n\n```json\n{ "a": 2 }\n```\n' in markdown
        )
        assert "````json\n{\n```\n````\n" in markdown
        assert '```json\n{ "plain": 1 } // stays\n```\n' in markdown
        assert "More.\n\n## Bad\n" in markdown

    def test_examples(self) -> None:
        bad, fixed, broken = pages.read("x.md", self.TEXT).examples
        assert (bad.kind, bad.heading, bad.expected, bad.line) == ("bad", "One", (2, 3), 17)
        assert bad.text.startswith('{\n  "a": 1, // ABC101\n')
        assert (fixed.kind, fixed.expected) == ("fixed", ())
        assert (broken.kind, broken.heading, broken.expected, broken.text) == (
            "bad",
            "Two",
            (1, 2),
            "{\n```\n",
        )

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (("at=1,2", "at=1,x"), "only 'at=LINE,LINE' may stand"),
            (("at=1,2", "1"), "only 'at=LINE,LINE' may stand"),
            (("at=1,2", ""), "needs '// ABC101'"),
            (('{ "a": 2 }', '{ "a": 2 } // ABC101'), "must not expect a finding"),
        ],
    )
    def test_examples_that_make_no_sense(self, change: tuple[str, str], told: str) -> None:
        with pytest.raises(PageError, match=told):
            _ = pages.read("x.md", self.TEXT.replace(*change)).examples


def test_shipped_rules_are_many_and_named() -> None:
    rules = load_rules().rules
    assert [rule.id for rule in rules] == sorted({rule.id for rule in rules})
    assert {"ARM001", "DEP301", "EXP401", "EXT101"} <= {rule.id for rule in rules}


def test_rules_are_read_once() -> None:
    assert load_rules() is load_rules()
