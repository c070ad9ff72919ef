"""Tests of lines, columns and offsets."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armlint.source import Position, Source, Span

TEXTS = st.text(st.sampled_from("ab \n\r\u2028é😀"), max_size=40)


def test_a_span_is_a_half_open_range() -> None:
    span = Span(1, 3)
    assert "abcd"[slice(*span)] == "bc"
    assert (span.start, span.end) == (1, 3)


def test_a_text_has_a_name() -> None:
    assert Source("").name == "<text>"
    assert Source("", "a/b.json").name == "a/b.json"


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("", [0]),
        ("a", [0]),
        ("a\n", [0, 2]),
        ("a\nb", [0, 2]),
        ("a\r\nb", [0, 3]),
        ("a\rb", [0, 2]),
        ("\n\r\n\r\r\n", [0, 1, 3, 4, 6]),
        ("a\u2028b\x0cc\x85d\x1de", [0]),
    ],
)
def test_lines_start_after_line_ends(text: str, starts: list[int]) -> None:
    assert Source(text).starts == starts


@pytest.mark.parametrize(
    ("offset", "position"),
    [
        (-1, (1, 1)),
        (0, (1, 1)),
        (1, (1, 2)),
        (2, (1, 3)),
        (3, (2, 1)),
        (4, (2, 2)),
        (5, (2, 3)),
        (99, (2, 3)),
    ],
)
def test_positions_count_from_one_and_are_clipped(offset: int, position: tuple[int, int]) -> None:
    assert Source("ab\ncd").position(offset) == position


@pytest.mark.parametrize(
    ("position", "offset"),
    [((1, 1), 0), ((2, 1), 3), ((2, 2), 4), ((0, 0), 0), ((1, -5), 0), ((9, 1), 3), ((2, 99), 5)],
)
def test_offsets_are_clipped(position: tuple[int, int], offset: int) -> None:
    assert Source("ab\ncd").offset(Position(*position)) == offset


def test_utf16_columns_count_code_units() -> None:
    text = "\U0001f600\n é\U0001f600\U0001f600x"
    source = Source(text)
    assert source.position(text.index("x")) == (2, 5)
    assert source.utf16_column(text.index("x")) == 7
    assert source.utf16_column(1) == 3
    assert source.utf16_column(len(text)) == 8


def test_utf16_columns_of_lone_surrogates_count_one() -> None:
    assert Source("\ud83dab").utf16_column(2) == 3


def test_lines_come_without_their_ends() -> None:
    source = Source("a\r\n\n b \rc")
    assert [source.line(number) for number in range(1, 5)] == ["a", "", " b ", "c"]
    assert Source("a\n").line(2) == ""


@given(TEXTS)
def test_offset_and_position_are_inverse(text: str) -> None:
    source = Source(text)
    places = [source.position(offset) for offset in range(len(text) + 1)]
    assert [source.offset(place) for place in places] == list(range(len(text) + 1))
    assert places == sorted(places)


@given(TEXTS)
def test_lines_make_up_the_text(text: str) -> None:
    source = Source(text)
    lines = [source.line(number) for number in range(1, len(source.starts) + 1)]
    assert lines == re.split(r"\r\n|\r|\n", text)


@given(TEXTS)
def test_utf16_columns_are_lengths_in_utf16(text: str) -> None:
    source = Source(text)
    for offset in range(len(text) + 1):
        line, column = source.position(offset)
        before = text[source.starts[line - 1] :][: column - 1]
        assert source.utf16_column(offset) == len(before.encode("utf-16-le")) // 2 + 1
