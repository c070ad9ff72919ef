"""Findings become lines, columns and excerpts."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armlint.finding import Finding, Label, Severity
from armlint.jsontext import read
from armlint.report import Entry, Excerpt, Region, text
from armlint.report.linehash import line_hashes
from armlint.report.locate import RULES_URL, info, locate, url_of
from armlint.run import load_rules
from armlint.source import Source, Span

RULES = {rule.id: rule for rule in load_rules().rules}


def finding(start: int, end: int, *labels: Label, flow: tuple[Label, ...] = ()) -> Finding:
    return Finding("EXT101", "a-rule", Severity.ERROR, "a message", Span(start, end), "/p", labels, flow)


def one(content: str, found: Finding, *, marked: bool = False) -> Entry:
    (entry,) = locate([found], read(Source(content, "x.json")), RULES, marked=marked)
    return entry


def drawn(excerpt: Excerpt) -> str:
    """An excerpt as lines with their marks below them, `^` for the finding and `-` for labels."""
    rows = []
    for line in excerpt.lines:
        signs = [" "] * (len(line.text) + 1)
        for mark in excerpt.marks:
            if mark.line == line.number:
                for column in range(mark.start, max(mark.end, mark.start + 1)):
                    signs[column] = "^" if mark.primary else "-"
        rows += [f"{line.number}|{line.text}", f" |{''.join(signs).rstrip()}"]
    return "\n".join(rows)


class TestRegions:
    @pytest.mark.parametrize(
        ("content", "start", "end", "region"),
        [
            ('{"a": 1}', 1, 4, (1, 2, 1, 5)),
            ('{\n  "a": 1\n}', 4, 7, (2, 3, 2, 6)),
            ('{\r\n  "a": 1\r}', 5, 8, (2, 3, 2, 6)),
            ('{"ä": 1}', 1, 4, (1, 2, 1, 5)),
            ('{"𝄞": 1}', 1, 4, (1, 2, 1, 6)),
            ('{"𝄞": "𝄞𝄞"}', 6, 10, (1, 8, 1, 14)),
            ('{"𝄞": 1,\n"𝄞": 2}', 9, 12, (2, 1, 2, 5)),
            ("{\n", 2, 2, (2, 1, 2, 1)),
            ("", 0, 0, (1, 1, 1, 1)),
            ('{"a":\n1}', 1, 7, (1, 2, 2, 2)),
            ("{}", 5, 9, (1, 3, 1, 3)),
        ],
    )
    def test_columns_are_utf_16(self, content: str, start: int, end: int, region: tuple[int, ...]) -> None:
        assert one(content, finding(start, end)).region == Region(*region)

    @given(st.text(alphabet='a𝄞ä\n\r"{', max_size=40), st.integers(0, 40), st.integers(0, 40))
    def test_as_counting_would(self, content: str, a: int, b: int) -> None:
        start, end = sorted((min(a, len(content)), min(b, len(content))))
        source = Source(content)
        region = one(content, finding(start, end)).region
        for offset, line, column in (
            (start, region.line, region.column),
            (end, region.end_line, region.end_column),
        ):
            assert line == source.position(offset).line
            assert column == source.utf16_column(offset)

    def test_a_mark_counts_for_hashes_only(self) -> None:
        content = '{"a": 1}'
        plain, marked = one(content, finding(1, 4)), one(content, finding(1, 4), marked=True)
        assert plain.region == marked.region
        assert plain.line_hash == line_hashes(content, {1})[1]
        assert marked.line_hash == line_hashes("\ufeff" + content, {1})[1]
        assert plain.line_hash != marked.line_hash


class TestEntries:
    def test_everything_that_a_finding_says(self) -> None:
        content = '{"a": 1,\n "b": 2}'
        found = finding(
            1, 4, Label(Span(10, 13), "there"), flow=(Label(Span(1, 4), "from"), Label(Span(10, 13), "to"))
        )
        entry = one(content, found)
        assert (entry.rule, entry.name, entry.severity, entry.message) == (
            "EXT101",
            "a-rule",
            "error",
            "a message",
        )
        assert (entry.path, entry.pointer) == ("x.json", "/p")
        assert entry.labels == (("x.json", Region(2, 2, 2, 5), "there"),)
        assert [step.message for step in entry.flow] == ["from", "to"]
        assert entry.help == RULES["EXT101"].help
        assert entry.url == url_of(RULES["EXT101"])
        assert entry.fixable is False

    def test_the_order_is_kept(self) -> None:
        found = [finding(5, 6), finding(1, 2), finding(3, 4)]
        entries = locate(found, read(Source('{"a": 1}')), RULES)
        assert [entry.region.column for entry in entries] == [6, 2, 4]
        assert locate([], read(Source("")), RULES) == ()

    def test_a_label_in_another_file(self) -> None:
        other = Source('{\n  "parameters": {"𝄞": "Hunter2"}\n}', "other.json")
        at = other.text.index('"Hunter2"')
        entry = one(
            '{"a": 1}',
            finding(1, 4, Label(Span(at, at + 9), "passed here", other), Label(Span(1, 4), "here")),
        )
        assert entry.labels[0] == ("other.json", Region(2, 24, 2, 33), "passed here")
        first, second = entry.excerpts
        assert first.path == "x.json"
        assert drawn(first) == '1|{"a": 1}\n | ---'
        assert second.path == "other.json"
        assert drawn(second) == f'2|  "parameters": {{"𝄞": "Hun…(7)"}}\n |{" " * 22}---------'

    def test_info_names_pages_that_readers_can_open(self) -> None:
        described = [info(rule) for rule in RULES.values()]
        assert {rule.id for rule in described} == set(RULES)
        for rule in described:
            assert "toml rule" not in rule.markdown
            assert "](ARM" not in rule.markdown
            assert rule.url == f"{RULES_URL}/{rule.id}-{rule.name}.md"
            assert rule.markdown.startswith(f"# {rule.id} · {rule.title}\n")
        assert any(f"]({RULES_URL}/ARM003-lenient-json.md)" in rule.markdown for rule in described)


LONG = json.dumps({"start": 1, "filler": list(range(2000)), "here": {"type": "x"}, "more": list(range(3000))})


class TestExcerpts:
    def test_lines_with_marks_in_order(self) -> None:
        content = '{\n  "type": "A",\n  "name": "B",\n  "kind": "C"\n}'
        at = {name: content.index(f'"{name}"') for name in ("type", "name", "kind")}
        found = finding(
            at["name"],
            at["name"] + 6,
            Label(Span(at["kind"], at["kind"] + 6), "l"),
            Label(Span(at["type"] + 8, at["type"] + 11), "m"),
        )
        assert drawn(one(content, found).excerpts[0]) == (
            '2|  "type": "A",\n |          ---\n3|  "name": "B",\n |  ^^^^^^\n4|  "kind": "C"\n |  ------'
        )

    def test_masked_text_shifts_the_marks_behind_it(self) -> None:
        content = '{"pw": "Hunter2Hunter2", "type": "A"}'
        start = content.index('"type"')
        assert drawn(one(content, finding(start, start + 6)).excerpts[0]) == (
            '1|{"pw": "Hun…(14)", "type": "A"}\n |                   ^^^^^^'
        )
        start = content.index("Hunter2")
        assert drawn(one(content, finding(start - 1, start + 15)).excerpts[0]).endswith(
            "\n |       ^^^^^^^^^^"
        )
        # Of what is masked, nothing tells where in it a mark would be.
        assert drawn(one(content, finding(start + 9, start + 11)).excerpts[0]).endswith(
            "\n |        ^^^^^^^^"
        )

    def test_what_a_rule_on_secrets_points_at_is_masked_wherever_it_stands(self) -> None:
        content = '{"resources": [{"name": "Hunter2", "kind": "Hunter3"}]}'
        first, second = content.index('"Hunter2"'), content.index('"Hunter3"')
        plain = finding(first, first + 9)
        secret = Finding("SEC207", "n", Severity.ERROR, "m", plain.span)
        rules = {**RULES, "SEC207": RULES["EXT101"]}
        document = read(Source(content))
        (entry,) = locate([plain], document, rules)
        assert "Hunter2" in drawn(entry.excerpts[0])
        # Also in what other rules show of the same line.
        for entry in locate([plain, secret], document, rules):
            assert "Hunt" not in drawn(entry.excerpts[0]).replace("Hunter3", "")
        label = Label(Span(second, second + 9), "from here")
        flowing = Finding("SEC207", "n", Severity.ERROR, "m", Span(first, first + 9), "", (), (label,))
        (entry,) = locate([flowing], document, rules)
        assert "Hunt" not in drawn(entry.excerpts[0])

    def test_the_end_of_the_text(self) -> None:
        assert drawn(one('{"a": 1', finding(7, 7)).excerpts[0]) == '1|{"a": 1\n |       ^'
        assert drawn(one('{"a": 1\n', finding(8, 8)).excerpts[0]) == "2|\n |^"
        assert drawn(one("", finding(0, 0)).excerpts[0]) == "1|\n |^"

    def test_a_span_of_several_lines_is_marked_on_its_first(self) -> None:
        content = '{"type": "a\nb", "name": 1}'
        assert drawn(one(content, finding(9, 14)).excerpts[0]) == '1|{"type": "a\n |         ^^'

    def test_of_a_long_line_what_surrounds_the_marks(self) -> None:
        at = LONG.index('"here"')
        (line,) = one(LONG, finding(at, at + 6)).excerpts[0].lines
        assert len(line.text) < 1000
        assert line.text[0] == line.text[-1] == "…"
        mark = one(LONG, finding(at, at + 6)).excerpts[0].marks[0]
        assert line.text[mark.start : mark.end] == '"here"'

    def test_a_long_line_from_its_start_and_to_its_end(self) -> None:
        (line,) = one(LONG, finding(1, 8)).excerpts[0].lines
        assert line.text.startswith('{"start": 1,')
        assert line.text.endswith("…")
        (line,) = one(LONG, finding(len(LONG) - 2, len(LONG))).excerpts[0].lines
        assert line.text.startswith("…")
        assert line.text.endswith("]}")

    def test_marks_far_apart_on_one_line_are_all_shown(self) -> None:
        at = LONG.index('"here"')
        found = finding(at, at + 6, Label(Span(1, 8), "first"), Label(Span(len(LONG) - 1, len(LONG)), "last"))
        excerpt = one(LONG, found).excerpts[0]
        (line,) = excerpt.lines
        shown = {mark.message: line.text[mark.start : mark.end] for mark in excerpt.marks}
        assert shown == {"": '"here"', "first": '"start"', "last": "}"}
        assert line.text.count("…") == 2
        assert len(line.text) < 2000

    def test_marks_near_each_other_share_a_window(self) -> None:
        at = LONG.index('"here"')
        excerpt = one(LONG, finding(at, at + 6, Label(Span(at + 8, at + 9), "l"))).excerpts[0]
        assert excerpt.lines[0].text.count("…") == 2

    def test_a_finding_with_very_many_labels_shows_some(self) -> None:
        content = "{\n" + "\n".join(f'"k{n}": {n},' for n in range(500)) + '\n"z": 1}'
        source = Source(content)
        labels = [Label(Span(source.starts[n], source.starts[n] + 3), "l") for n in range(1, 400)]
        entry = one(content, finding(2, 5, *labels))
        assert len(entry.labels) == 399
        assert len(entry.excerpts[0].marks) == 12

    @given(
        st.text(alphabet='{}[]:,"\\/* \n\r1aä𝄞\t', max_size=80),
        st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80)), min_size=1, max_size=4),
    )
    def test_marks_lie_on_their_lines(self, content: str, spans: list[tuple[int, int]]) -> None:
        pairs = [sorted(min(place, len(content)) for place in span) for span in spans]
        labels = [Label(Span(*pair), "l") for pair in pairs[1:]]
        entry = one(content, finding(*pairs[0], *labels))
        for excerpt in entry.excerpts:
            numbers = [line.number for line in excerpt.lines]
            assert numbers == sorted(set(numbers))
            lengths = {line.number: len(line.text) for line in excerpt.lines}
            for mark in excerpt.marks:
                assert 0 <= mark.start <= mark.end <= lengths[mark.line]
            assert len(excerpt.marks) == len(pairs)


def seconds(size: int, ends: str) -> float:
    """Measure how long 1,000 findings in a minified file of `size` resources take."""
    resources = [
        {"type": "Microsoft.Compute/virtualMachines", "name": f"vm{n}{ends}", "properties": {"pw": f"pw{n}"}}
        for n in range(size)
    ]
    content = json.dumps({"resources": resources}, ensure_ascii=False)
    document = read(Source(content))
    places = [node.member for node in document.root.walk() if node.key == "type"] if document.root else []
    found = [finding(place.start, place.end) for place in places[:: size // 1000] if place is not None]
    started = time.process_time()
    entries = locate(found, document, RULES)
    spent = time.process_time() - started
    assert len({entry.region.column for entry in entries}) == len(found) == 1000
    return spent


@pytest.mark.parametrize("ends", ["", " 𝄞"])
def test_a_thousand_findings_on_one_line(ends: str) -> None:
    # A line of 400 kB; looking at all of it for each finding would take many times as long.
    assert seconds(4000, ends) < 2.5


@pytest.mark.slow
@pytest.mark.parametrize("ends", ["", " 𝄞"])
def test_a_thousand_findings_on_one_line_of_3_mb(ends: str) -> None:
    assert seconds(30_000, ends) < 5


def test_excerpts_can_be_rendered() -> None:
    entry = one(LONG, finding(1, 8))
    from armlint.report import Report

    made = Report("1", (entry,), (), (), 1, 1, 0, 0, failed=True)
    for width in (None, 40, 400):
        assert '"start"' in text.render(made, color=False, width=width)
