"""JSON Schema over values that may be unknown: conforms, does not, or cannot be told yet.

Covers the keywords of draft 2020-12 that the catalogue's schemas use, and their kin; what another
keyword asks for is never decided. What an expression may become satisfies anything.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from armlint.arm.value import Array, Failure, Object, Term, Text, Value, identity, known, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Keywords = Mapping[str, Any]
    Schema = Keywords | bool
    Check = Callable[[Value, Any, Keywords], bool | None]
    Inner = Callable[[Value, Any, Keywords], Iterator[tuple[Any, Value, Any]]]


class Violation(NamedTuple):
    """What does not conform.

    `path` leads there by names and positions. `message` says why: what is said of the value there,
    or a sentence of its own. `keyword` is what the schema asks for in vain. `names` are the members
    whose presence is the matter, where it is about nothing else.
    """

    path: tuple[str | int, ...]
    message: str
    keyword: str
    names: frozenset[str] = frozenset()
    sentence: bool = False


def conforms(value: Value, schema: Schema) -> bool | None:
    """Whether a value satisfies a schema; None where that depends on what is not known."""
    if isinstance(schema, bool):
        return schema
    unknown = isinstance(value, Term | Failure)
    verdict: bool | None = True
    for keyword, rule in schema.items():
        if keyword in _SILENT:
            continue
        check = None if unknown else _KEYWORDS.get(keyword)
        result = None if check is None else check(value, rule, schema)
        if result is False:
            return False
        if result is None:
            verdict = None
    return verdict


def violations(value: Value, schema: Schema, path: tuple[str | int, ...] = ()) -> Iterator[Violation]:
    """Why a value surely does not satisfy a schema, each at the deepest place that tells it.

    Yields nothing where it satisfies the schema or may yet do so, and something wherever it does not.
    """
    if conforms(value, schema) is not False:
        return
    if isinstance(schema, bool):
        yield Violation(path, "must not be here", "false")
        return
    deeper = False
    # What is asked for under a condition comes last: a value that is wrong itself also fails conditions.
    for keyword, rule in sorted(schema.items(), key=lambda pair: pair[0] in _CONDITIONAL):
        check = None if keyword in _SILENT else _KEYWORDS.get(keyword)
        if check is None or check(value, rule, schema) is not False:
            continue
        inner = _INNER.get(keyword)
        if inner is None:
            message = _words(keyword, rule, schema, value)
            sentence = message.startswith("'") or message == _comment(schema)
            yield Violation(path, message, keyword, _names(keyword, rule, value), sentence)
            continue
        why = _comment(schema) if keyword == "if" else ""
        for step, part, below in inner(value, rule, schema):
            if deeper and keyword in _CONDITIONAL and (keyword == "if" or _has_condition(below)):
                continue
            if below is False and keyword == "additionalProperties":
                yield Violation((*path, *step), "is not known here", keyword)
                continue
            for found in violations(part, below, (*path, *step)):
                deeper = deeper or len(found.path) > len(path)
                yield found._replace(message=f"{found.message} ({why})") if why else found


_CONDITIONAL: Final = frozenset({"if", "allOf"})


def _has_condition(schema: Schema) -> bool:
    return not isinstance(schema, bool) and "if" in schema


def _comment(schema: Keywords) -> str:
    comment = schema.get("$comment")
    return comment.strip().removesuffix(".") if isinstance(comment, str) else ""


def _words(keyword: str, rule: Any, schema: Keywords, value: Value) -> str:  # noqa: C901 - one line for each
    if keyword == "type":
        return f"takes {_kinds(rule)}, not {_kind_of(value)}"
    if keyword == "required":
        return f"lacks {_listed(sorted(_names(keyword, rule, value)), 'and')}"
    if keyword == "enum":
        return f"takes {'one of ' if len(rule) > 1 else ''}{_listed(rule, 'or')}"
    if keyword == "const":
        return f"takes {_listed([rule], 'or')}"
    if keyword == "pattern":
        return _form(rule, schema)
    if keyword == "minLength" and rule == 1:
        return "is empty"
    if keyword in _LIMITS:
        return _LIMITS[keyword].format(rule)
    if keyword == "dependentRequired":
        members = _members(value)
        return " and ".join(
            f"'{name}' needs {_listed([n for n in needed if n not in members], 'and')}"
            for name, needed in rule.items()
            if name in members and not all(n in members for n in needed)
        )
    told = _comment(schema)
    if told:
        return told
    names = sorted(_names(keyword, rule, value))
    if keyword == "not" and len(names) > 1:
        return f"{_listed(names, 'and')} exclude each other"
    if keyword == "anyOf" and names:
        return f"lacks {_listed(names, 'or')}"
    if keyword == "oneOf" and names:
        return f"takes exactly one of {_listed(names, 'and')}"
    return _LIMITS.get(keyword, "is nothing that the handler takes")


_LIMITS: Final = {
    "minimum": "takes at least {}",
    "maximum": "takes at most {}",
    "exclusiveMinimum": "takes more than {}",
    "exclusiveMaximum": "takes less than {}",
    "minLength": "takes at least {} characters",
    "maxLength": "takes at most {} characters",
    "minItems": "takes at least {} items",
    "maxItems": "takes at most {} items",
    "minProperties": "takes at least {} members",
    "maxProperties": "takes at most {} members",
    "uniqueItems": "has an item twice",
}


def _form(pattern: str, schema: Keywords) -> str:
    """What a text is to look like, for a schema that asks for a form."""
    kinds = schema.get("type", "string")
    others = [kind for kind in kinds if kind != "string"] if isinstance(kinds, list) else []
    if others == ["boolean"]:
        return "takes true or false"
    if others:
        return f"takes {_kinds(others)}, also as text"
    examples = schema.get("examples")
    if isinstance(examples, list) and examples:
        return f"takes a value such as {_listed(examples, 'or')}"
    return (
        f"is not of the form {pattern}"
        if len(pattern) <= _READABLE
        else "is not of the form that is asked for"
    )


# A longer regular expression tells an author nothing.
_READABLE: Final = 40


_KINDS: Final = {
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object",
    "array": "a list",
    "null": "null",
}


def _kinds(rule: Any) -> str:
    return " or ".join(_KINDS.get(kind, kind) for kind in ([rule] if isinstance(rule, str) else rule))


def _kind_of(value: Value) -> str:
    if isinstance(value, bool):
        return "true or false"
    for kind in ("null", "string", "object", "array", "integer", "number"):
        if _TYPES[kind](value):
            return _KINDS[kind]
    return "this"


def _listed(values: Iterable[Any], word: str) -> str:
    """Names or values for people; a string in quotes."""
    shown = [f"'{value}'" if isinstance(value, str) else json.dumps(value) for value in values]
    return f" {word} ".join(filter(None, [", ".join(shown[:-1]), shown[-1]])) if shown else ""


def _names(keyword: str, rule: Any, value: Value) -> frozenset[str]:
    """The members whose presence or absence a keyword is about."""
    if keyword == "required":
        members = _members(value)
        return frozenset(name for name in rule if name not in members)
    if keyword == "dependentRequired":
        return frozenset(rule).union(*rule.values())
    if keyword not in {"not", "anyOf", "oneOf"}:
        return frozenset()
    given = {name for field in (value, *_members(value).values()) for name in _members(field)}
    found: set[str] = set()
    pending = [rule]
    while pending:
        current = pending.pop()
        if isinstance(current, list):
            pending.extend(current)
        elif isinstance(current, dict):
            required = current.get("required", [])
            # A block that holds the members in question is not itself the matter.
            blocks = current.get("properties", {})
            found.update(name for name in required if not _asks(blocks.get(name)))
            pending.extend(below for key, below in current.items() if key != "required")
    return frozenset(found & given if keyword == "not" else found)


def _asks(schema: Any) -> bool:
    return isinstance(schema, dict) and "required" in schema


def _members(value: Value) -> dict[str, Value]:
    """The members of an object by name as written; nothing for any other value."""
    return dict(value.fields.values()) if isinstance(value, Object) else {}


def _inner_properties(value: Value, rule: Any, _: Keywords) -> Iterator[tuple[tuple[str, ...], Value, Any]]:
    members = _members(value)
    for name, below in rule.items():
        if name in members:
            yield (name,), members[name], below


def _inner_patterns(value: Value, rule: Any, _: Keywords) -> Iterator[tuple[tuple[str, ...], Value, Any]]:
    for name, field in _members(value).items():
        for pattern, below in rule.items():
            if re.search(pattern, name):
                yield (name,), field, below


def _inner_additional(
    value: Value, rule: Any, schema: Keywords
) -> Iterator[tuple[tuple[str, ...], Value, Any]]:
    declared = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    for name, field in _members(value).items():
        if name not in declared and not any(re.search(pattern, name) for pattern in patterns):
            yield (name,), field, rule


def _inner_items(value: Value, rule: Any, schema: Keywords) -> Iterator[tuple[tuple[int, ...], Value, Any]]:
    start = len(schema.get("prefixItems", ()))
    for position, item in enumerate(_elements(value)[start:], start):
        yield (position,), item, rule


def _inner_prefix(value: Value, rule: Any, _: Keywords) -> Iterator[tuple[tuple[int, ...], Value, Any]]:
    for position, (item, below) in enumerate(zip(_elements(value), rule, strict=False)):
        yield (position,), item, below


def _inner_all(value: Value, rule: Any, _: Keywords) -> Iterator[tuple[tuple[()], Value, Any]]:
    for below in rule:
        yield (), value, below


def _inner_dependent(value: Value, rule: Any, _: Keywords) -> Iterator[tuple[tuple[()], Value, Any]]:
    members = _members(value)
    for name, below in rule.items():
        if name in members:
            yield (), value, below


def _inner_if(value: Value, rule: Any, schema: Keywords) -> Iterator[tuple[tuple[()], Value, Any]]:
    holds = conforms(value, rule)
    for branch, taken in (("then", holds is not False), ("else", holds is not True)):
        if taken and branch in schema:
            yield (), value, schema[branch]


def _elements(value: Value) -> tuple[Value, ...]:
    return value.items if isinstance(value, Array) else ()


def _every(results: Iterable[bool | None]) -> bool | None:
    verdict: bool | None = True
    for result in results:
        if result is False:
            return False
        if result is None:
            verdict = None
    return verdict


def _all_of(inner: Inner) -> Check:
    """A keyword that holds where each part of the value satisfies its schema."""

    def check(value: Value, rule: Any, schema: Keywords) -> bool | None:
        return _every(conforms(part, below) for _, part, below in inner(value, rule, schema))

    return check


def _if(value: Value, rule: Any, schema: Keywords) -> bool | None:
    holds = conforms(value, rule)
    then = conforms(value, schema.get("then", True))
    other = conforms(value, schema.get("else", True))
    if holds is None:
        return then if then is other else None
    return then if holds else other


def _any_of(value: Value, rule: Any, _: Keywords) -> bool | None:
    results = [conforms(value, below) for below in rule]
    return True if True in results else None if None in results else False


def _one_of(value: Value, rule: Any, _: Keywords) -> bool | None:
    results = [conforms(value, below) for below in rule]
    if results.count(True) > 1:
        return False
    if None in results:
        return None
    return results.count(True) == 1


def _not(value: Value, rule: Any, _: Keywords) -> bool | None:
    result = conforms(value, rule)
    return None if result is None else not result


_TYPES: Final[Mapping[str, Callable[[Value], bool]]] = {
    "string": lambda value: isinstance(value, str | Text),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool))
        or (isinstance(value, float) and value.is_integer())
    ),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, Object),
    "array": lambda value: isinstance(value, Array),
    "null": lambda value: value is None,
}


def _type(value: Value, rule: Any, _: Keywords) -> bool | None:
    kinds = [rule] if isinstance(rule, str) else rule
    return any(kind in _TYPES and _TYPES[kind](value) for kind in kinds)


def _required(value: Value, rule: Any, _: Keywords) -> bool | None:
    return not isinstance(value, Object) or all(name in _members(value) for name in rule)


def _dependent_required(value: Value, rule: Any, _: Keywords) -> bool | None:
    members = _members(value)
    return all(needed in members for name, others in rule.items() if name in members for needed in others)


def _property_names(value: Value, rule: Any, _: Keywords) -> bool | None:
    return _every(conforms(name, rule) for name in _members(value))


def _enum(value: Value, rule: Any, _: Keywords) -> bool | None:
    # A string of which a part is unknown, or a list with such an item, may yet become any choice.
    if not known(value):
        return None
    mine = plain(value)
    return any(_equal(mine, choice) for choice in rule)


def _const(value: Value, rule: Any, schema: Keywords) -> bool | None:
    return _enum(value, [rule], schema)


def _equal(first: Any, second: Any) -> bool:
    """Equality in JSON: 1 is 1.0, but not true."""
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(_equal, first, second))
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(_equal(first[name], second[name]) for name in first)
    return bool(first == second)


def _unique(value: Value, rule: Any, _: Keywords) -> bool | None:
    items = _elements(value)
    if not rule or not items:
        return True
    if not all(map(known, items)):
        # Equal whatever they become; only that is certain.
        certain = [identity(item) for item in items if known(item)]
        return False if len(set(certain)) < len(certain) else None
    values = list(map(plain, items))
    return not any(_equal(one, other) for at, one in enumerate(values) for other in values[:at])


def _pattern(value: Value, rule: Any, _: Keywords) -> bool | None:
    if isinstance(value, Text):
        return None
    return not isinstance(value, str) or re.search(rule, value) is not None


def _number(compare: Callable[[float, float], bool]) -> Check:
    def check(value: Value, rule: Any, _: Keywords) -> bool | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        return compare(value, rule)

    return check


def _length(compare: Callable[[int, int], bool]) -> Check:
    def check(value: Value, rule: Any, _: Keywords) -> bool | None:
        if isinstance(value, Text):
            return None
        return not isinstance(value, str) or compare(len(value), rule)

    return check


def _count(kind: type[Array | Object], compare: Callable[[int, int], bool]) -> Check:
    def check(value: Value, rule: Any, _: Keywords) -> bool | None:
        if not isinstance(value, kind):
            return True
        return compare(len(value.items if isinstance(value, Array) else value.fields), rule)

    return check


def _holds(*_: Any) -> bool | None:
    """For keywords that another one sees to."""
    return True


def _at_least(value: float, limit: float) -> bool:
    return value >= limit


def _at_most(value: float, limit: float) -> bool:
    return value <= limit


# Keywords that ask for nothing.
_SILENT: Final = frozenset(
    {"$schema", "$id", "$comment", "title", "description", "examples", "default", "deprecated", "format"}
    | {"readOnly", "writeOnly", "contentEncoding", "contentMediaType", "contentSchema", "$defs", "x-armlint"}
)
_INNER: Final[Mapping[str, Inner]] = {
    "properties": _inner_properties,
    "patternProperties": _inner_patterns,
    "additionalProperties": _inner_additional,
    "items": _inner_items,
    "prefixItems": _inner_prefix,
    "allOf": _inner_all,
    "dependentSchemas": _inner_dependent,
    "if": _inner_if,
}
_KEYWORDS: Final[Mapping[str, Check]] = {
    **{keyword: _all_of(inner) for keyword, inner in _INNER.items()},
    "if": _if,
    "then": _holds,
    "else": _holds,
    "type": _type,
    "enum": _enum,
    "const": _const,
    "required": _required,
    "dependentRequired": _dependent_required,
    "propertyNames": _property_names,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "pattern": _pattern,
    "minimum": _number(_at_least),
    "maximum": _number(_at_most),
    "exclusiveMinimum": _number(lambda value, limit: value > limit),
    "exclusiveMaximum": _number(lambda value, limit: value < limit),
    "minLength": _length(_at_least),
    "maxLength": _length(_at_most),
    "minItems": _count(Array, _at_least),
    "maxItems": _count(Array, _at_most),
    "minProperties": _count(Object, _at_least),
    "maxProperties": _count(Object, _at_most),
    "uniqueItems": _unique,
}
