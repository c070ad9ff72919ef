"""Tests of values: equal ones are the same, unknown parts stay unknown, nothing grows without bounds."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armlint.arm.value import (
    MAX_NESTING,
    MAX_SIZE,
    MAX_TEXT,
    MISSING,
    Array,
    Failure,
    Object,
    Pool,
    Term,
    Text,
    can_equal,
    identity,
    is_text,
    key_of,
    known,
    parts,
    plain,
    size,
)

if TYPE_CHECKING:
    from armlint.arm.value import Value

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)


def distinct_names(record: dict[str, object]) -> bool:
    return len({name.lower() for name in record}) == len(record)


JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=4), inner, max_size=4).filter(distinct_names)
    ),
    max_leaves=20,
)


def same(one: object, other: object) -> bool:
    """Equal as JSON is: types count, and 1 is neither true nor 1.0."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[name], other[name]) for name in one)
    return type(one) is type(other) and one == other


@given(JSON)
def test_a_plain_value_comes_back_from_a_pool_as_it_was(value: object) -> None:
    assert same(plain(Pool().lift(value)), value)


@given(JSON, JSON)
def test_two_values_are_identical_exactly_when_they_are_equal(one: object, other: object) -> None:
    pool = Pool()
    equal = identity(pool.lift(one)) == identity(pool.lift(other))
    assert equal == (same(one, other) or (one == other and repr(one) != repr(other) and zero(one, other)))
    assert identity(pool.lift(one)) == identity(pool.lift(one))


def zero(one: object, other: object) -> bool:
    """The one thing that two pools may disagree about: 0.0 and -0.0 are equal and print differently."""
    return repr(one).replace("-0.0", "0.0") == repr(other).replace("-0.0", "0.0")


def test_one_true_and_one_point_zero_are_three_values() -> None:
    pool = Pool()
    assert (
        len({identity(pool.lift(value)) for value in ([1], [True], [1.0], ["1"], [None], [0], [False])}) == 7
    )


def test_equal_terms_are_one_object() -> None:
    pool = Pool()
    one = pool.term("parameters", 1, "vm")
    assert pool.term("parameters", 1, "vm") is one
    assert pool.term("parameters", 2, "vm") is not one
    assert pool.term("parameters", 1, "VM") is not one
    assert pool.term("tolower", one) is pool.term("tolower", one)
    assert pool.term("f", pool.array([one])) is pool.term("f", pool.array([one]))


def test_a_unique_term_is_equal_to_nothing_else() -> None:
    pool = Pool()
    made = [pool.unique("failure") for _ in range(50)]
    assert len(set(map(id, made))) == len({identity(term) for term in made}) == 50
    # Not even to a call of the template that looks like one.
    assert all(pool.term("failure", number) not in made for number in range(100))


def test_texts_are_flattened_and_shared() -> None:
    pool = Pool()
    vm = pool.term("parameters", 1, "vm")
    inner = pool.text(["a", vm, "b"])
    assert isinstance(inner, Text)
    outer = pool.text(["x", inner, "", "c", inner])
    assert isinstance(outer, Text)
    assert outer.parts == ("xa", vm, "bca", vm, "b")
    assert pool.text(["xa", vm, "bca", vm, "b"]) is outer
    assert pool.text(["x", "y", ""]) == "xy"
    assert pool.text([]) == ""
    assert pool.text(["", vm]) is vm


def test_a_text_is_not_taken_for_one_whose_literals_are_cut_elsewhere() -> None:
    pool = Pool()
    vm = pool.term("parameters", 1, "vm")
    assert pool.text(["a", vm]) is not pool.text([vm, "a"])
    assert pool.text(["5", vm]) is not pool.text([vm, vm])


def test_what_is_known_and_how_large_is_told_for_all_below() -> None:
    pool = Pool()
    vm = pool.term("parameters", 1, "vm")
    assert known(pool.lift({"a": [1, {"b": "c"}]}))
    assert not known(pool.array([1, pool.array([vm])]))
    assert not known(pool.object([("a", pool.text(["x", vm]))]))
    assert not known(pool.array([Failure("no")]))
    assert not known(MISSING)
    assert size(pool.lift([1, [2, 3], {"a": 4}])) == 7
    assert size("text") == 1


def test_names_of_objects_ignore_case_and_the_last_of_equal_ones_wins() -> None:
    pool = Pool()
    made = pool.object([("Name", 1), ("other", 2), ("NAME", 3)])
    assert isinstance(made, Object)
    assert plain(made) == {"NAME": 3, "other": 2}
    assert made.get("name") == 3
    assert made.get("absent") is MISSING


def test_is_text_means_surely() -> None:
    pool = Pool()
    vm = pool.term("parameters", 1, "vm")
    assert is_text("")
    assert is_text(pool.text(["a", vm]))
    assert not is_text(vm)
    assert not is_text(1)


def test_what_is_too_large_is_unknown() -> None:
    pool = Pool()
    assert isinstance(pool.array([0] * MAX_SIZE), Term)
    assert isinstance(pool.array([0] * (MAX_SIZE - 1)), Array)
    assert isinstance(pool.text(["a" * MAX_TEXT, "b"]), Term)
    vm = pool.term("parameters", 1, "vm")
    assert isinstance(pool.text([vm, "a"] * 300), Term)
    half = pool.array([0] * (MAX_SIZE // 2))
    assert isinstance(pool.object([("a", half), ("b", half)]), Term)


def test_what_is_nested_too_deep_is_unknown() -> None:
    pool = Pool()
    value: Value = "x"
    for _ in range(MAX_NESTING):
        value = pool.array([value])
    assert isinstance(value, Array)
    assert isinstance(pool.array([value]), Term)
    deep: object = "x"
    for _ in range(100_000):
        deep = [deep]
    assert isinstance(pool.lift(deep), Term)
    deep = "x"
    for _ in range(MAX_NESTING):
        deep = {"a": deep}
    assert plain(pool.lift(deep)) == deep


@pytest.mark.parametrize("operation", ["tolower", "property", "concat", "f"])
def test_any_term_can_be_shown(operation: str) -> None:
    pool = Pool()
    term = pool.term("parameters", 1, "vm")
    for _ in range(20_000):
        term = pool.term(operation, term, "a" if operation == "property" else 1)
    assert len(repr(term)) < 500
    assert len(repr(pool.text(["a", term]))) < 500
    assert len(repr(pool.object([("a", pool.array([term] * 1000))]))) < 2000


def test_a_small_value_shows_all_it_has() -> None:
    pool = Pool()
    vm = pool.term("parameters", 1, "vm")
    value = pool.object([("a", pool.array([1, pool.text(["x", vm])])), ("b", None)])
    assert repr(value) == "{'a': [1, 'x'+parameters(1, 'vm')], 'b': None}"


# -- names --


def test_functions_that_do_not_change_what_a_name_means_are_left_out() -> None:
    pool = Pool()
    vm = pool.term("parameters", 1, "vm")
    lower = pool.term("tolower", pool.term("string", pool.term("trim", vm)))
    assert parts(lower) == parts(vm) == (vm,)
    assert parts(pool.text(["A/", lower])) == ("a/", vm)
    assert parts(pool.term("substring", vm, 1)) == (pool.term("substring", vm, 1),)


def test_joined_names_are_equal_however_they_are_joined() -> None:
    pool = Pool()
    a, b = pool.term("parameters", 1, "a"), pool.term("parameters", 1, "b")
    joined = pool.term("concat", a, b)
    assert key_of(parts(joined)) == key_of(parts(pool.text([a, b])))
    nested = pool.term("concat", joined, pool.term("tolower", pool.term("concat", a)))
    assert parts(nested) == (a, b, a)
    assert parts(pool.text(["X-", joined, "-Y"])) == ("x-", a, b, "-y")
    # Of arrays nothing is known.
    arrays = pool.term("concat", pool.array([1]), a)
    assert parts(arrays) == (arrays,)


def test_what_is_no_string_has_no_parts() -> None:
    pool = Pool()
    for value in (None, 1, True, pool.array([]), pool.object([]), Failure("no")):
        assert parts(value) == ()


def test_names_that_double_end_fast() -> None:
    pool = Pool()
    for leaf in (pool.term("parameters", 1, "a"), "x" * 100_000):
        term: Value = leaf
        for _ in range(60):
            term = pool.term("concat", term, term)
        started = time.perf_counter()
        assert len(parts(term)) < 5000
        assert parts(term) == parts(term)
        assert time.perf_counter() - started < 1


def spelled(pieces: list[object], values: tuple[str, ...]) -> str:
    return "".join(values[piece] if isinstance(piece, int) else str(piece) for piece in pieces)


NAMES = st.lists(st.sampled_from(["a", "b", "ab", "/", 0, 1]), min_size=1, max_size=5)


@given(NAMES, NAMES)
@settings(max_examples=300)
def test_names_that_can_turn_out_equal_are_never_told_apart(one: list[object], other: list[object]) -> None:
    pool = Pool()
    terms = [pool.term("parameters", 1, name) for name in "pq"]

    def name_of(pieces: list[object]) -> Value:
        return pool.text([terms[piece] if isinstance(piece, int) else str(piece) for piece in pieces])

    first, second = name_of(one), name_of(other)
    verdict = can_equal(parts(first), parts(second))
    assert verdict == can_equal(parts(second), parts(first))
    for values in itertools.product(["", "a", "b", "ab", "b/a"], repeat=2):
        spelled = [
            "".join(values[p] if isinstance(p, int) else str(p) for p in each) for each in (one, other)
        ]
        if spelled[0] == spelled[1]:
            assert verdict
            break
    if key_of(parts(first)) == key_of(parts(second)):
        assert verdict


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (["vm0"], ["vm", 0], True),
        (["vm0"], ["nic", 0], False),
        (["vm0"], [0, "1"], False),
        (["ab"], ["ab", 0, "b"], False),
        (["abb"], ["ab", 0, "b"], True),
        (["a-x-b"], ["a", 0, "-x-", 1, "b"], True),
        (["a-y-b"], ["a", 0, "-x-", 1, "b"], False),
        (["vm", 0], ["vm-", 1], True),
        (["vm", 0], ["nic", 1], False),
        ([0, "-a"], [1, "-b"], False),
        (["vm"], ["VM"], True),
        (["vm"], ["vm2"], False),
    ],
)
def test_names_are_told_apart_by_what_is_known_of_them(
    one: list[object], other: list[object], verdict: bool
) -> None:
    pool = Pool()
    terms = [pool.term("parameters", 1, name) for name in "pq"]
    first, second = (
        parts(pool.text([terms[piece] if isinstance(piece, int) else str(piece) for piece in pieces]))
        for pieces in (one, other)
    )
    assert can_equal(first, second) is verdict


def test_an_unknown_name_can_equal_anything() -> None:
    assert can_equal((), ("a",))
    assert can_equal(("a",), ())
