"""JSON Schema with three outcomes: `jsonschema` agrees on what is known, nothing else is judged wrongly."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from armlint.arm.conform import conforms, violations
from armlint.arm.value import Failure, Pool, Value


def _catalogue() -> list[tuple[str, Any, Draft202012Validator]]:
    """Each extension's name, its schema, and what jsonschema makes of it."""
    folder = Path(__file__).parents[1] / "schemas" / "extensions"
    schemas = [
        (path.stem, json.loads(path.read_text("utf-8")))
        for path in sorted(folder.glob("*.json"))
        if path.name != "index.json"
    ]
    return [(name, schema, Draft202012Validator(schema)) for name, schema in schemas]


CATALOGUE = _catalogue()
POOL = Pool()
UNKNOWN = POOL.unique("parameters")

NAMES = st.sampled_from(["a", "b", "c", "d"])
TEXTS = st.sampled_from(["", "a", "b", "ab", "true", "12", "x" * 9])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.sampled_from([0.0, 1.0, 1.5, -0.5]), TEXTS
)
INSTANCES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=3),
    max_leaves=8,
)
KINDS = st.sampled_from(["string", "boolean", "integer", "number", "object", "array", "null"])
SMALL = st.integers(0, 3)


def few(below: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A schema of up to three keywords, each with a rule of its kind."""
    several = st.lists(below, min_size=1, max_size=3)
    named = st.dictionaries(NAMES, below, max_size=3)
    rules = {
        "type": KINDS | st.lists(KINDS, min_size=1, max_size=3, unique=True),
        "enum": st.lists(INSTANCES, min_size=1, max_size=3),
        "const": INSTANCES,
        "properties": named,
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "b", "[cd]"]), below, max_size=2),
        "additionalProperties": below,
        "propertyNames": below,
        "required": st.lists(NAMES, max_size=2, unique=True),
        "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=2),
        "dependentSchemas": named,
        "items": below,
        "prefixItems": several,
        "allOf": several,
        "anyOf": several,
        "oneOf": several,
        "not": below,
        "if": below,
        "then": below,
        "else": below,
        "pattern": st.sampled_from(["^a", "b$", "^[0-9]+$", "^(true|false)$"]),
        "minimum": st.integers(-1, 2),
        "maximum": st.integers(-1, 2),
        "exclusiveMinimum": st.integers(-1, 2),
        "exclusiveMaximum": st.integers(-1, 2),
        "minLength": SMALL,
        "maxLength": SMALL,
        "minItems": SMALL,
        "maxItems": SMALL,
        "minProperties": SMALL,
        "maxProperties": SMALL,
        "uniqueItems": st.booleans(),
        "$comment": st.just("A remark."),
        "description": st.just("Words."),
        "format": st.just("uri"),
        "writeOnly": st.booleans(),
    }
    return st.lists(st.sampled_from(sorted(rules)), max_size=3, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({keyword: rules[keyword] for keyword in chosen})
    )


SCHEMAS = st.recursive(st.booleans() | few(st.booleans()), few, max_leaves=4)


def places(instance: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Each value in an instance, by its path."""
    found = [path]
    if isinstance(instance, dict):
        found += [below for key, value in instance.items() for below in places(value, (*path, key))]
    elif isinstance(instance, list):
        found += [below for key, value in enumerate(instance) for below in places(value, (*path, key))]
    return found


def lifted(
    instance: Any, without: frozenset[tuple[Any, ...]] = frozenset(), path: tuple[Any, ...] = ()
) -> Value:
    """The instance as a value, in which the places of `without` are not known."""
    if path in without:
        if isinstance(instance, str) and len(instance) > 1:
            # Known to be a text, with a known beginning.
            return POOL.text([instance[:1], UNKNOWN])
        return UNKNOWN
    if isinstance(instance, dict):
        return POOL.object(
            [(name, lifted(value, without, (*path, name))) for name, value in instance.items()]
        )
    if isinstance(instance, list):
        return POOL.array([lifted(value, without, (*path, at)) for at, value in enumerate(instance)])
    return POOL.lift(instance)


@given(SCHEMAS, INSTANCES)
@settings(max_examples=250)
def test_what_is_known_is_judged_as_jsonschema_judges_it(schema: Any, instance: Any) -> None:
    assert conforms(lifted(instance), schema) is Draft202012Validator(schema).is_valid(instance)


@given(SCHEMAS, INSTANCES, st.data())
@settings(max_examples=150)
def test_not_knowing_a_value_never_turns_a_verdict_around(
    schema: Any, instance: Any, data: st.DataObject
) -> None:
    verdict = conforms(lifted(instance), schema)
    hidden = frozenset(data.draw(st.sets(st.sampled_from(places(instance)), min_size=1, max_size=3)))
    assert conforms(lifted(instance, hidden), schema) in {verdict, None}
    further = hidden | frozenset(data.draw(st.sets(st.sampled_from(places(instance)), max_size=3)))
    assert conforms(lifted(instance, further), schema) in {conforms(lifted(instance, hidden), schema), None}


@given(SCHEMAS, INSTANCES, st.data())
@settings(max_examples=150)
def test_violations_are_told_exactly_where_a_value_does_not_conform(
    schema: Any, instance: Any, data: st.DataObject
) -> None:
    hidden = frozenset(data.draw(st.sets(st.sampled_from(places(instance)), max_size=1)))
    value = lifted(instance, hidden)
    found = list(violations(value, schema))
    assert bool(found) is (conforms(value, schema) is False)
    for violation in found:
        assert violation.path in places(instance)
        assert violation.message.strip()


def parts(schema: Any) -> list[Any]:
    """A schema and all schemas in it."""
    if isinstance(schema, dict):
        return [schema, *(part for below in schema.values() for part in parts(below))]
    return [part for below in schema for part in parts(below)] if isinstance(schema, list) else []


ODDITIES = (None, True, 0, 7, -1, 1.5, "", "x", "true", "12", [], {}, ["x"], [1], {"x": 1})


def likely(schema: Any, dice: random.Random, depth: int = 0) -> Any:
    """An instance for a schema: of its names, choices and examples, and now and then something else."""
    if depth and dice.random() < 0.15:
        return dice.choice(ODDITIES)
    told = [value for part in parts(schema) for value in (*part.get("enum", ()), *part.get("examples", ()))]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = dice.choice(kind) if isinstance(kind, list) else kind
    if kind == "object":
        required = {name for part in parts(schema) for name in part.get("required", ())}
        fields = {
            name: likely(below, dice, depth + 1)
            for name, below in schema.get("properties", {}).items()
            if dice.random() < (0.7 if name in required else 0.3)
        }
        return {**fields, "other": 1} if depth and dice.random() < 0.1 else fields
    if kind == "array":
        return [likely(schema.get("items", {}), dice, depth + 1) for _ in range(dice.randrange(3))]
    if told:
        return dice.choice(told)
    return dice.choice([value for value in ODDITIES if Draft202012Validator({"type": kind}).is_valid(value)])


def test_the_catalogue_is_there() -> None:
    assert len(CATALOGUE) > 100


@given(st.integers(0, 2**32))
@settings(max_examples=5)
def test_the_schemas_of_the_catalogue_are_judged_as_jsonschema_judges_them(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a die
    for name, schema, validator in CATALOGUE:
        for _ in range(3):
            instance = likely(schema, dice)
            verdict = conforms(lifted(instance), schema)
            assert verdict is validator.is_valid(instance), f"{name}: {instance}"
            hidden = frozenset([dice.choice(places(instance))])
            assert conforms(lifted(instance, hidden), schema) in {verdict, None}, f"{name}: {instance}"


def test_both_verdicts_occur_for_most_schemas() -> None:
    """Else the test above would show little."""
    dice = random.Random(1)  # noqa: S311 - a die
    judged = [schema for _, schema, _ in CATALOGUE if "properties" in schema]
    both = [
        schema
        for schema in judged
        if {conforms(lifted(likely(schema, dice)), schema) for _ in range(30)} == {True, False}
    ]
    assert len(both) > 0.6 * len(judged)


def test_every_keyword_of_the_catalogue_is_one_that_is_decided() -> None:
    """A value that is known is never left undecided, whatever it is."""
    for name, schema, _ in CATALOGUE:
        for instance in (
            {},
            {"settings": {}},
            {"settings": {"a": 1}, "protectedSettings": {"b": "x"}},
            [],
            None,
        ):
            assert conforms(lifted(instance), schema) is not None, name


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "string"}, UNKNOWN, None),
        ({}, UNKNOWN, True),
        ({"description": "anything"}, UNKNOWN, True),
        (False, UNKNOWN, False),
        ({"type": "string"}, POOL.text(["a", UNKNOWN]), True),
        ({"type": "integer"}, POOL.text(["a", UNKNOWN]), False),
        ({"pattern": "^b"}, POOL.text(["a", UNKNOWN]), None),
        ({"required": ["a"]}, POOL.object([("a", UNKNOWN)]), True),
        ({"required": ["a"]}, POOL.object([("b", UNKNOWN)]), False),
        # Names of settings are the handler's own, and compare by letter case.
        ({"required": ["a"]}, POOL.object([("A", 1)]), False),
        ({"items": {"type": "string"}}, POOL.array([UNKNOWN, 1]), False),
        ({"items": {"type": "string"}}, POOL.array([UNKNOWN, "x"]), None),
        ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, POOL.object([("a", UNKNOWN)]), True),
        ({"oneOf": [{"const": 1}, {"const": 2}, {"type": "integer"}]}, UNKNOWN, None),
        ({"uniqueItems": True}, POOL.array([1, UNKNOWN, 1]), False),
        ({"uniqueItems": True}, POOL.array([1, UNKNOWN]), None),
        ({"enum": [[True]]}, POOL.array([1]), False),
        ({"enum": [1]}, 1.0, True),
        ({"enum": [1]}, True, False),
        # A keyword that is not covered decides nothing, neither by itself nor for the others.
        ({"unevaluatedProperties": False}, POOL.object([("a", 1)]), None),
        ({"unevaluatedProperties": False, "type": "array"}, POOL.object([("a", 1)]), False),
        ({"if": {"const": 1}, "then": {"type": "string"}, "else": {"type": "string"}}, 1, False),
        ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, POOL.object([("a", UNKNOWN)]), False),
        ({"type": "string"}, Failure("an expression that fails"), None),
    ],
)  # fmt: skip
def test_verdict(schema: Any, value: Value, expected: bool | None) -> None:
    assert conforms(value, schema) is expected


@pytest.mark.parametrize(
    ("schema", "instance", "expected"),
    [
        ({"properties": {"a": {"type": "string"}}}, {"a": 1}, [(("a",), "takes text, not a whole number")]),
        ({"type": ["integer", "string"]}, [], [((), "takes a whole number or text, not a list")]),
        ({"required": ["a", "b", "c"]}, {"b": 1}, [((), "lacks 'a' and 'c'")]),
        ({"required": ["a", "b", "c"]}, {}, [((), "lacks 'a', 'b' and 'c'")]),
        ({"items": {"minimum": 5}}, [7, 3], [((1,), "takes at least 5")]),
        ({"enum": ["a", 2]}, "b", [((), "takes one of 'a' or 2")]),
        ({"const": True}, False, [((), "takes true")]),
        (
            {"type": ["boolean", "string"], "pattern": "^([Tt]rue|[Ff]alse)$"},
            "yes",
            [((), "takes true or false")],
        ),
        (
            {"type": ["integer", "string"], "pattern": "^-?[0-9]+$"},
            "yes",
            [((), "takes a whole number, also as text")],
        ),
        ({"pattern": "^[Oo]n$", "examples": ["On"]}, "x", [((), "takes a value such as 'On'")]),
        ({"minLength": 1}, "", [((), "is empty")]),
        ({"minLength": 3}, "a", [((), "takes at least 3 characters")]),
        ({"additionalProperties": False}, {"a": 1}, [(("a",), "is not known here")]),
        ({"not": {"required": ["a", "b"]}}, {"a": 1, "b": 2}, [((), "'a' and 'b' exclude each other")]),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}, [((), "lacks 'a' or 'b'")]),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, [((), "'a' needs 'b'")]),
        ({"$comment": "Pick one.", "anyOf": [{"type": "null"}]}, 1, [((), "Pick one")]),
        (
            {"$comment": "With a comes b.", "if": {"required": ["a"]}, "then": {"required": ["b"]}},
            {"a": 1},
            [((), "lacks 'b' (With a comes b)")],
        ),
        (
            {"allOf": [{"type": "array"}, {"required": ["a"]}]},
            {},
            [((), "takes a list, not an object"), ((), "lacks 'a'")],
        ),
    ],
)  # fmt: skip
def test_message(schema: Any, instance: Any, expected: list[tuple[tuple[Any, ...], str]]) -> None:
    found = [(violation.path, violation.message) for violation in violations(lifted(instance), schema)]
    assert found == expected


def test_a_value_that_is_wrong_itself_is_not_blamed_for_a_condition_too() -> None:
    probe = {
        "properties": {"protocol": {"type": "string"}, "port": {"type": "integer"}},
        "allOf": [{"if": {"properties": {"protocol": {"const": "tcp"}}}, "else": {"required": ["path"]}}],
    }
    for schema in (probe, {**probe["allOf"][0], "properties": probe["properties"]}):
        assert [v.path for v in violations(lifted({"protocol": 1}), schema)] == [("protocol",)]
        assert [v.path for v in violations(lifted({"protocol": "http"}), schema)] == [()]


def test_names_are_those_whose_presence_is_the_matter() -> None:
    both = {
        "not": {
            "required": ["settings", "protectedSettings"],
            "properties": {
                "settings": {"required": ["command"]},
                "protectedSettings": {"required": ["command"]},
            },
        }
    }
    value = lifted({"settings": {"command": ""}, "protectedSettings": {"command": ""}})
    (violation,) = violations(value, both)
    assert violation.names == {"command"}
