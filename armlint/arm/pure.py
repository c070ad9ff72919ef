"""The functions of the template language whose result depends on nothing but their arguments.

For folding constants: values go in and come out as plain Python (str, int, float, bool, None,
list, dict). They are never changed in place, and a result may share parts with the arguments.
Either Azure's result comes back, or `Wrong` says why the call cannot succeed in Azure, or
`Undecided` leaves the call unknown. When in doubt it is the last: a wrong constant would make
findings that are not true.

Behaviour is Microsoft's documentation unless a docstring names another source:

* "Bicep's tests": tests in github.com/Azure/bicep that run Azure's own evaluation library;
* "recorded": error texts and results of live deployments (2020 and 2021) that the tests in
  github.com/KingslandConsulting/Kingsland.ArmLinter quote;
* ".NET" and "Newtonsoft": what the library that Azure's engine is built on does.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime, timedelta

MAX_TEXT: Final = 131_072
"""No text longer than this is made; ARM refuses longer string literals."""
MAX_SIZE: Final = 100_000
"""No array or object with more elements than this, counting those of its elements, is made."""
MAX_DEPTH: Final = 256
"""Values nested deeper than this are not looked into."""

_INT64: Final = range(-(2**63), 2**63)
_INT32_MAX: Final = 2**31 - 1
# Newtonsoft's own limit on the depth of a text, from version 13 on.
_JSON_DEPTH: Final = 64
# Equality of arrays and objects is that of a canonical text; this bounds the work for one call.
_MAX_WORK: Final = 1_000_000

_ORDINALS: Final = ("first", "second", "third", "fourth")
_CONTAINERS: Final = (list, dict)
_KINDS: Final = {
    str: "a string",
    int: "an int",
    bool: "a bool",
    float: "a float",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


class Wrong(Exception):  # noqa: N818 - not a failure of this program but a verdict on a template
    """The call cannot succeed in Azure. The text tells the author why; it quotes no string values."""


class Undecided(Exception):  # noqa: N818 - as above
    """What Azure would return is not certain, or would be too large to make."""


_TABLE: dict[str, Callable[..., object]] = {}
PURE: Mapping[str, Callable[..., object]] = _TABLE
"""Lower-cased function name to the function; arguments are positional, the number is checked."""


def _define(
    name: str, least: int, most: int | None
) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Put a function into the table under its name, with a check of the number of arguments."""

    def register(body: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            if len(arguments) < least or (most is not None and len(arguments) > most):
                raise Wrong(f"'{name}' takes {_amount(least, most)}, not {len(arguments)}")
            return body(*arguments)

        call.__doc__ = body.__doc__
        call.__name__ = call.__qualname__ = name
        _TABLE[name.lower()] = call
        return body

    return register


def _amount(least: int, most: int | None) -> str:
    if most == 0:
        return "no arguments"
    if least == most:
        return f"{least} argument{'s' if least > 1 else ''}"
    return f"{least} or more arguments" if most is None else f"{least} to {most} arguments"


# -- arguments: each function here returns its argument, or raises because it is of the wrong type --


def _kind(value: object) -> str:
    """Name the type of a value as ARM does; `Undecided` for what is no plain value."""
    name = _KINDS.get(type(value))
    if name is None:
        raise Undecided("not a plain value")
    return name


def _refuse(function: str, position: int, wanted: str, value: object) -> NoReturn:
    """Raise for an argument of the wrong type; some functions of ARM bear null, so null is open."""
    kind = _kind(value)
    if value is None:
        raise Undecided(f"'{function}' of null")
    which = (
        f"its {_ORDINALS[position - 1]} argument" if position <= len(_ORDINALS) else f"argument {position}"
    )
    raise Wrong(f"'{function}' takes {wanted} as {which}, not {kind}")


def _refuse_within(function: str, wanted: str, item: object) -> NoReturn:
    """Raise for an array with an element of the wrong type."""
    kind = _kind(item)
    if item is None or type(item) is float:
        raise Undecided(f"'{function}' of an array with {kind} in it")
    raise Wrong(f"'{function}' takes {wanted}; this one has {kind} in it")


def _text(function: str, position: int, value: object) -> str:
    if type(value) is str:
        return value
    _refuse(function, position, "a string", value)


def _whole(function: str, position: int, value: object) -> int:
    if type(value) is int:
        if value not in _INT64:
            raise Undecided("an int of more than 64 bits")
        return value
    if type(value) is float:
        raise Undecided(f"'{function}' of a float")
    _refuse(function, position, "an int", value)


def _flag(function: str, position: int, value: object) -> bool:
    """Return a bool. Whether ARM would convert a string here is not documented."""
    if type(value) is bool:
        return value
    if type(value) is str:
        raise Undecided(f"'{function}' of a string")
    _refuse(function, position, "a bool", value)


def _array(function: str, position: int, value: object) -> list[object]:
    if type(value) is list:
        return value
    _refuse(function, position, "an array", value)


def _object(function: str, position: int, value: object) -> dict[str, object]:
    if type(value) is dict:
        if not all(type(name) is str for name in value):
            raise Undecided("an object with names that are no strings")
        return value
    _refuse(function, position, "an object", value)


# -- bounds --


class _Budget:
    """How many characters may still be written."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, length: int) -> None:
        self.left -= length
        if self.left < 0:
            raise Undecided("too much to write out")


def _room(length: int) -> None:
    """Raise before a text of this length is made, if it would be too long."""
    if length > MAX_TEXT:
        raise Undecided("the text would be too long")


def _within(text: str) -> str:
    _room(len(text))
    return text


def _weigh(*values: object) -> None:
    """Raise if these values together have too many elements or are nested too deep.

    Counts a shared part each time it occurs: an array that holds the same array twice, and so on
    for forty levels, is small in memory and endless for whoever walks through it.
    """
    size = 0
    level: list[object] = [value for value in values if type(value) in _CONTAINERS]
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        for value in level:
            inner: Iterable[object]
            if type(value) is list:
                inner = value
                size += len(value)
            elif type(value) is dict:
                inner = value.values()
                size += len(value)
            if size > MAX_SIZE:
                raise Undecided("the array or object would be too large")
            below.extend([item for item in inner if type(item) in _CONTAINERS])
        if not below:
            return
        level = below
    raise Undecided("nested too deep")


# -- text: .NET counts UTF-16 code units, compares by culture in places, and knows its own cases --


def _plain(text: str) -> bool:
    """Tell whether every way of .NET to compare, ordinal or by any culture, agrees on these characters.

    That is so for printable ASCII: cultures ignore control characters, expand ligatures, and so on.
    """
    return text.isascii() and text.isprintable()


def _fold(text: str) -> str:
    """Lower the letters of ASCII and no others."""
    if text.isascii():
        return text.lower()
    return "".join([char.lower() if char.isascii() else char for char in text])


def _indexable(text: str) -> str:
    """Return a text whose characters are UTF-16 code units too, so that positions mean the same."""
    if not text.isascii() and any(char > "\uffff" or "\ud800" <= char <= "\udfff" for char in text):
        raise Undecided("a character outside the basic multilingual plane")
    return text


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Undecided("half a surrogate pair") from None


def _compare(one: str, other: str) -> int:
    """Order two strings as ARM does: negative, zero or positive.

    The documentation has 'A' greater than 'a', which is the order of a culture and not of code
    points. Cultures agree on letters and digits of ASCII; where punctuation decides they do not.
    """
    if one == other:
        return 0
    if not (_plain(one) and _plain(other)):
        raise Undecided("an order that depends on the culture")
    low, high = _fold(one), _fold(other)
    for left, right in zip(low, high, strict=False):
        if left != right:
            if not (left.isalnum() and right.isalnum()):
                raise Undecided("an order that depends on the culture")
            return -1 if left < right else 1
    if len(low) != len(high):
        return len(low) - len(high)
    first = next(left for left, right in zip(one, other, strict=True) if left != right)
    return -1 if first.islower() else 1


def _sorted_names(record: dict[str, object]) -> list[str]:
    """Return the names of an object in the order of `items` and `objectKeys`.

    Alphabetical, ignoring case; names that differ only in case keep their order, as
    github.com/Azure/bicep/issues/14057 and Bicep's tests show.
    """
    names = sorted(record, key=_fold)
    for one, other in pairwise(names):
        if _fold(one) != _fold(other):
            # The order is known; this raises where a culture may have another.
            _compare(one, other)
    return names


def _lookup(record: dict[str, object], name: str) -> str | None:
    """Return how an object spells a name, or None. Names compare ignoring case."""
    folded = _fold(name)
    found = [own for own in record if own == name or _fold(own) == folded]
    if len(found) == 1:
        return found[0]
    if found:
        raise Undecided("names that differ only in case")
    if not (_plain(name) and all(map(_plain, record))):
        raise Undecided("names that a culture may take for equal")
    return None


# -- equality and JSON text --


def _quote(text: str) -> str:
    """Write a string as Newtonsoft does by default: what must be, and three line ends, is escaped."""
    short = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}

    def escape(match: re.Match[str]) -> str:
        char = match[0]
        return short.get(char) or f"\\u{ord(char):04x}"

    return '"' + re.sub(r'["\\\x00-\x1f\x85\u2028\u2029]', escape, text) + '"'


def _number(value: float, mode: str) -> str:
    if type(value) is int:
        if value not in _INT64:
            raise Undecided("an int of more than 64 bits")
        return str(value)
    if mode == "json":
        raise Undecided("the text of a float")
    if mode == "loose" and float(value).is_integer():
        return str(int(value))
    return repr(value)


def _members(value: object, mode: str) -> Iterator[tuple[str, object]]:
    """Yield what stands before each element of an array or object, and the element."""
    comma = ""
    if type(value) is list:
        for item in value:
            yield comma, item
            comma = ","
    elif type(value) is dict:
        names: Iterable[str] = _object("string", 1, value)
        if mode != "json":
            names = sorted(names, key=(lambda own: (own.casefold(), own)) if mode == "loose" else None)
        for name in names:
            yield f"{comma}{_quote(name.casefold() if mode == 'loose' else name)}:", value[name]
            comma = ","


def _write(value: object, budget: _Budget, mode: str = "json") -> str:
    """Write a value as compact JSON text, without recursion.

    In mode `exact` equal values have equal texts: names are sorted, floats are written. In mode
    `loose` so have values that Azure may take for equal: 1 and 1.0, names in another case.
    """
    pieces: list[str] = []
    stack: list[tuple[Iterator[tuple[str, object]], str]] = [(iter([("", value)]), "")]
    while stack:
        members, closer = stack[-1]
        for prefix, item in members:
            if type(item) in _CONTAINERS:
                if len(stack) > MAX_DEPTH:
                    raise Undecided("nested too deep")
                piece = prefix + ("[" if type(item) is list else "{")
                stack.append((_members(item, mode), "]" if type(item) is list else "}"))
            elif type(item) is str:
                if len(item) > budget.left:
                    raise Undecided("too much to write out")
                piece = prefix + _quote(item)
            elif type(item) is bool or item is None:
                piece = prefix + {True: "true", False: "false", None: "null"}[item]
            elif type(item) is int or type(item) is float:
                piece = prefix + _number(item, mode)
            else:
                raise Undecided("not a plain value")
            budget.spend(len(piece))
            pieces.append(piece)
            if type(item) in _CONTAINERS:
                break
        else:
            stack.pop()
            pieces.append(closer)
            budget.spend(len(closer))
    return "".join(pieces)


def _identity(value: object, budget: _Budget) -> tuple[object, object]:
    """Return two keys: equal first keys mean equal values, unequal second keys mean unequal ones.

    Azure compares with Newtonsoft's DeepEquals: types count, the order of names does not, the
    case of strings does. Whether 1 equals 1.0, or names in another case, is not documented.
    """
    if type(value) in _CONTAINERS:
        # "[" and "{" tell arrays from objects, and no string can be equal to such a pair.
        return ("json", _write(value, budget, "exact")), ("json", _write(value, budget, "loose"))
    if type(value) is float:
        exact = (float, repr(value))
        return exact, (int, int(value)) if value.is_integer() else exact
    key = (type(value), value)
    _kind(value)
    return key, key


def _comparable(one: object, other: object) -> bool:
    """Tell whether two values can be equal at all, going by their types."""
    numbers = (int, float)
    return type(one) is type(other) or (type(one) in numbers and type(other) in numbers)


def _same(one: object, other: object, budget: _Budget) -> bool:
    """Tell whether two values are equal; `Undecided` where Azure may see it differently."""
    _kind(one)
    _kind(other)
    if not _comparable(one, other):
        return False
    (exact, loose), (other_exact, other_loose) = _identity(one, budget), _identity(other, budget)
    if exact == other_exact:
        return True
    if loose == other_loose:
        raise Undecided("equal only if case or float does not count")
    return False


def _positions(items: list[object], wanted: object) -> tuple[list[int], bool]:
    """Return where an array holds a value, and whether there are elements that may be equal too."""
    _kind(wanted)
    if type(wanted) in _CONTAINERS:
        _weigh(items, wanted)
    budget = _Budget(_MAX_WORK)
    exact, loose = _identity(wanted, budget)
    found: list[int] = []
    unsure = False
    for position, item in enumerate(items):
        if not _comparable(item, wanted):
            continue
        own_exact, own_loose = _identity(item, budget)
        if own_exact == exact:
            found.append(position)
        elif own_loose == loose:
            unsure = True
    return found, unsure


# -- arrays and objects --


@_define("array", 1, 1)
def _to_array(value: object) -> list[object]:
    """Wrap a value in an array; an array is returned as it is (Bicep's tests)."""
    if type(value) is list:
        return value
    if value is None:
        raise Undecided("'array' of null")
    _kind(value)
    _weigh([value])
    return [value]


@_define("createArray", 0, None)
def _create_array(*values: object) -> list[object]:
    """Put the arguments into an array; none make an empty one."""
    result = list(values)
    _weigh(result)
    return result


@_define("createObject", 0, None)
def _create_object(*arguments: object) -> dict[str, object]:
    """Make an object of names and values in turn. The same name twice, in any case, is undecided."""
    if len(arguments) % 2:
        raise Wrong(f"'createObject' takes names and values in pairs, not {len(arguments)} arguments")
    result: dict[str, object] = {}
    names = set()
    for position in range(0, len(arguments), 2):
        name = _text("createObject", position + 1, arguments[position])
        names.add(name.casefold())
        result[name] = arguments[position + 1]
    if len(names) < len(arguments) // 2:
        raise Undecided("the same name twice")
    _weigh(result)
    return result


@_define("contains", 2, 2)
def _contains(container: object, item: object) -> bool:
    """Tell whether an array has an element, an object a name, or a string a part.

    Exact for elements and strings, ignoring case for names.
    """
    if type(container) is str:
        if type(item) is str:
            return item in container
        # "int or string", says the documentation of the item, but not what an int is compared to.
        raise Undecided("'contains' of a string and something else")
    if type(container) is dict:
        if type(item) is not str:
            raise Undecided("'contains' of an object and something else")
        return item in container or _lookup(_object("contains", 1, container), item) is not None
    if type(container) is list:
        found, unsure = _positions(container, item)
        if unsure and not found:
            raise Undecided("equal only if case or float does not count")
        return bool(found)
    _refuse("contains", 1, "an array, object or string", container)


@_define("empty", 1, 1)
def _empty(value: object) -> bool:
    """Tell whether an array, object or string has nothing in it; null is empty."""
    if value is None:
        return True
    if type(value) is str or type(value) is list or type(value) is dict:
        return not value
    _refuse("empty", 1, "an array, object or string", value)


@_define("length", 1, 1)
def _length(value: object) -> int:
    """Count elements, properties, or the characters of a string as UTF-16 code units (.NET)."""
    if type(value) is str:
        return len(value) if value.isascii() else len(value) + sum(char > "\uffff" for char in value)
    if type(value) is list or type(value) is dict:
        return len(value)
    _refuse("length", 1, "an array, object or string", value)


@_define("first", 1, 1)
def _first(value: object) -> object:
    """Return the first element or character; of nothing null, or "" (Bicep's tests; recorded)."""
    if type(value) is str:
        return _indexable(value[:1])
    if type(value) is list:
        return value[0] if value else None
    _refuse("first", 1, "an array or string", value)


@_define("last", 1, 1)
def _last(value: object) -> object:
    """Return the last element or character; of nothing null, or "" (Bicep's tests; recorded)."""
    if type(value) is str:
        return _indexable(value[-1:])
    if type(value) is list:
        return value[-1] if value else None
    _refuse("last", 1, "an array or string", value)


def _slice(function: str, value: object, count: object, *, keep: bool) -> object:
    amount = _whole(function, 2, count)
    if abs(amount) > _INT32_MAX:
        raise Undecided("a count of more than 32 bits")
    amount = max(amount, 0)
    if type(value) is str:
        _indexable(value)
        return _within(value[:amount] if keep else value[amount:])
    if type(value) is list:
        result = value[:amount] if keep else value[amount:]
        if len(result) > MAX_SIZE:
            raise Undecided("the array would be too large")
        return result
    _refuse(function, 1, "an array or string", value)


@_define("take", 2, 2)
def _take(value: object, count: object) -> object:
    """Return the first `count` elements or characters; none if `count` is negative."""
    return _slice("take", value, count, keep=True)


@_define("skip", 2, 2)
def _skip(value: object, count: object) -> object:
    """Return all but the first `count` elements or characters; all if `count` is negative."""
    return _slice("skip", value, count, keep=False)


def _caseless_parts(text: str, part: str) -> tuple[str, str]:
    """Fold two texts for a search that ignores case, by code point or by culture."""
    if not (_plain(text) and _plain(part)):
        raise Undecided("a search that may depend on the culture")
    return _fold(text), _fold(part)


@_define("indexOf", 2, 2)
def _index_of(value: object, item: object) -> int:
    """Find the first place of a part, ignoring case, or of an element, exactly; -1 if there is none."""
    if type(value) is str:
        part = _text("indexOf", 2, item)
        if not part:
            return 0
        text, part = _caseless_parts(value, part)
        return text.find(part)
    if type(value) is list:
        found, unsure = _positions(value, item)
        if unsure:
            raise Undecided("equal only if case or float does not count")
        return found[0] if found else -1
    _refuse("indexOf", 1, "an array or string", value)


@_define("lastIndexOf", 2, 2)
def _last_index_of(value: object, item: object) -> int:
    """Find the last place of a part, ignoring case, or of an element, exactly; -1 if there is none.

    Where the last "" is depends on the version of .NET: 5 in 'abcdef' was recorded in 2021, newer
    ones say 6.
    """
    if type(value) is str:
        part = _text("lastIndexOf", 2, item)
        if not part:
            raise Undecided("the last place of an empty string")
        text, part = _caseless_parts(value, part)
        return text.rfind(part)
    if type(value) is list:
        found, unsure = _positions(value, item)
        if unsure:
            raise Undecided("equal only if case or float does not count")
        return found[-1] if found else -1
    _refuse("lastIndexOf", 1, "an array or string", value)


def _alike(function: str, values: tuple[object, ...]) -> type:
    """Return list or dict if all values are of that type; mixing them is an error (recorded)."""
    for position, value in enumerate(values, 1):
        if type(value) not in _CONTAINERS:
            _refuse(function, position, "an array or object", value)
    kinds = {type(value) for value in values}
    if len(kinds) > 1:
        raise Wrong(f"'{function}' takes arrays or objects, not both")
    return kinds.pop()


@_define("intersection", 2, None)
def _intersection(*values: object) -> object:
    """Keep the elements, or properties with equal names and values, that all arguments have.

    The order is that of the first argument. Whether an element that it holds twice stays twice
    is not documented.
    """
    kind = _alike("intersection", values)
    _weigh(*values)
    if kind is dict:
        return _common_properties([_object("intersection", 1, value) for value in values])
    budget = _Budget(_MAX_WORK)
    first, *others = [
        [(item, *_identity(item, budget)) for item in _array("intersection", 1, value)] for value in values
    ]
    exacts = [{exact for _, exact, _ in items} for items in others]
    looses = [{loose for _, _, loose in items} for items in others]
    result: list[object] = []
    seen = set()
    for item, exact, loose in first:
        if all(exact in keys for keys in exacts):
            if exact in seen:
                raise Undecided("an element that is there twice")
            seen.add(exact)
            result.append(item)
        elif all(loose in keys for keys in looses):
            raise Undecided("equal only if case or float does not count")
    return result


def _common_properties(records: list[dict[str, object]]) -> dict[str, object]:
    first, *others = records
    spellings = [_spellings(record) for record in records[1:]]
    _spellings(first)
    budget = _Budget(_MAX_WORK)
    result: dict[str, object] = {}
    for name, value in first.items():
        spelled = [spelling.get(name.casefold()) for spelling in spellings]
        found = [other[own] for own, other in zip(spelled, others, strict=True) if own is not None]
        if len(found) == len(others) and all(_same(value, item, budget) for item in found):
            if any(own != name for own in spelled):
                raise Undecided("names that differ only in case")
            result[name] = value
    return result


@_define("union", 2, None)
def _union(*values: object) -> object:
    """Join arrays without repetition, by first appearance, or merge objects and the objects in them.

    Later values win and arrays in objects are replaced, says the documentation; it is silent on
    null over a value, which Newtonsoft's merge ignores by default.
    """
    kind = _alike("union", values)
    _weigh(*values)
    if kind is dict:
        result: dict[str, object] = {}
        for value in values:
            _merge(result, _object("union", 1, value))
        return result
    return _distinct([item for value in values for item in _array("union", 1, value)])


def _distinct(items: list[object]) -> list[object]:
    budget = _Budget(_MAX_WORK)
    result: list[object] = []
    seen: dict[object, object] = {}
    for item in items:
        exact, loose = _identity(item, budget)
        if seen.setdefault(loose, exact) != exact:
            raise Undecided("equal only if case or float does not count")
        if len(seen) > len(result):
            result.append(item)
    return result


def _merge(result: dict[str, object], value: dict[str, object]) -> None:
    """Merge an object into a new one. The objects in it are copied where something is merged into them."""
    todo = [(result, value)]
    while todo:
        into, other = todo.pop()
        spelled = _spellings(into)
        for name, new in other.items():
            if spelled.setdefault(name.casefold(), name) != name:
                raise Undecided("names that differ only in case")
            old = into.get(name)
            if name in into and (new is None) != (old is None):
                raise Undecided("null merged with a value")
            if type(old) is dict and type(new) is dict:
                copy = dict(_object("union", 1, old))
                todo.append((copy, _object("union", 1, new)))
                new = copy  # noqa: PLW2901
            into[name] = new


def _spellings(record: dict[str, object]) -> dict[str, str]:
    """Return each name by itself without its case; `Undecided` where two share that."""
    result = {name.casefold(): name for name in record}
    if len(result) < len(record):
        raise Undecided("names that differ only in case")
    return result


@_define("shallowMerge", 1, 1)
def _shallow_merge(values: object) -> dict[str, object]:
    """Merge an array of objects, their own properties only; the last of a name wins."""
    result: dict[str, object] = {}
    spelled: dict[str, str] = {}
    items = _array("shallowMerge", 1, values)
    for item in items:
        if type(item) is not dict:
            _refuse_within("shallowMerge", "an array of objects", item)
    _weigh(items)
    for item in items:
        for name, new in _object("shallowMerge", 1, item).items():
            if spelled.setdefault(name.casefold(), name) != name:
                raise Undecided("names that differ only in case")
            result[name] = new
    return result


@_define("flatten", 1, 1)
def _flatten(values: object) -> list[object]:
    """Join the arrays in an array, one level deep."""
    items = _array("flatten", 1, values)
    for item in items:
        if type(item) is not list:
            _refuse_within("flatten", "an array of arrays", item)
    _weigh(items)
    return [inner for item in items if type(item) is list for inner in item]


@_define("items", 1, 1)
def _items(record: object) -> list[object]:
    """Return an array of `{"key": …, "value": …}`, ordered by key."""
    properties = _object("items", 1, record)
    if 3 * len(properties) > MAX_SIZE:
        raise Undecided("the array would be too large")
    result: list[object] = [{"key": name, "value": properties[name]} for name in _sorted_names(properties)]
    _weigh(result)
    return result


@_define("objectKeys", 1, 1)
def _object_keys(record: object) -> list[object]:
    """Return the names of an object, in alphabetical order."""
    properties = _object("objectKeys", 1, record)
    if len(properties) > MAX_SIZE:
        raise Undecided("the array would be too large")
    return list(_sorted_names(properties))


@_define("range", 2, 2)
def _range(start: object, count: object) -> list[object]:
    """Return `count` ints from `start` on; 0 to 10000 of them, none above the 32-bit limit.

    github.com/Azure/bicep/issues/10870 says that it misbehaves from a negative start on.
    """
    first, amount = _whole("range", 1, start), _whole("range", 2, count)
    if not 0 <= amount <= 10_000:  # noqa: PLR2004 - the documented limit
        raise Wrong(f"'range' makes 0 to 10000 ints, not {amount}")
    if first + amount > _INT32_MAX:
        raise Wrong(f"'range' ends at {_INT32_MAX}; {first} and {amount} together are more")
    if first < 0:
        raise Undecided("'range' from a negative start")
    return list(range(first, first + amount))


def _extreme(function: str, values: tuple[object, ...], choose: Callable[[list[int]], int]) -> int:
    if len(values) == 1 and type(values[0]) is list:
        if not values[0]:
            raise Undecided(f"'{function}' of nothing")
        values = tuple(values[0])
        for value in values:
            if type(value) is not int:
                _refuse_within(function, "an array of ints", value)
    elif any(type(value) is list for value in values):
        raise Undecided(f"'{function}' of arrays and ints")
    return choose([_whole(function, position, value) for position, value in enumerate(values, 1)])


@_define("max", 1, None)
def _max(*values: object) -> int:
    """Return the largest of some ints, or of an array of ints."""
    return _extreme("max", values, max)


@_define("min", 1, None)
def _min(*values: object) -> int:
    """Return the smallest of some ints, or of an array of ints."""
    return _extreme("min", values, min)


@_define("tryGet", 2, None)
def _try_get(value: object, first: object, *rest: object) -> object:
    """Return what an object or array has under a name or index; null if it has no such thing.

    Of null it is null, on which compiled Bicep relies. With more names it is `value.?first.second`
    of Bicep: null if `first` is missing, and from there on plain access, which fails
    (SafeDereferenceTests among Bicep's tests). Whether a `first` that is there and null ends the
    chain is not documented.
    """
    _kind(value)
    if value is None:
        return None
    if type(value) is dict and type(first) is str:
        name = _lookup(_object("tryGet", 1, value), first)
        if name is None:
            return None
        value = value[name]
    elif type(value) is list and type(first) is int:
        if first < 0:
            raise Undecided("a negative index")
        if first >= len(value):
            return None
        value = value[first]
    else:
        raise Undecided("an accessor that does not suit the value")
    return _walk(value, rest)


def _walk(value: object, accessors: tuple[object, ...]) -> object:
    """Follow accessors that must succeed; an index may be an object (DecompilerTests among Bicep's tests).

    `{"value": 1, "fromEnd": true}` is the last element, `{"value": 1}` the second.
    """
    for accessor in accessors:
        if type(value) is dict and type(accessor) is str:
            name = _lookup(_object("tryGet", 1, value), accessor)
            if name is None:
                raise Undecided("a name that is missing")
            value = value[name]
            continue
        index = accessor
        if type(accessor) is dict and accessor.keys() <= {"value", "fromEnd"} and type(value) is list:
            index, from_end = accessor.get("value"), accessor.get("fromEnd", False)
            if type(from_end) is not bool:
                raise Undecided("an accessor of another form")
            if type(index) is int and from_end:
                index = len(value) - index
        if type(value) is list and type(index) is int and 0 <= index < len(value):
            value = value[index]
        else:
            raise Undecided("an accessor that does not suit the value")
    return value


@_define("indexFromEnd", 2, 2)
def _index_from_end(values: object, index: object) -> object:
    """Return the element that stands `index` places from the end; 1 is the last."""
    items, back = _array("indexFromEnd", 1, values), _whole("indexFromEnd", 2, index)
    if not 1 <= back <= len(items):
        raise Wrong(f"index {back} from the end is outside the array, which has {len(items)} items")
    return items[-back]


@_define("tryIndexFromEnd", 2, None)
def _try_index_from_end(values: object, index: object, *rest: object) -> object:
    """Return the element that stands `index` places from the end, null if there is none.

    With more arguments it goes on as `tryGet` does.
    """
    items, back = _array("tryIndexFromEnd", 1, values), _whole("tryIndexFromEnd", 2, index)
    if back < 1:
        raise Undecided("a place before the last")
    if back > len(items):
        return None
    return _walk(items[-back], rest)


# -- comparison and logic --


@_define("coalesce", 1, None)
def _coalesce(*values: object) -> object:
    """Return the first argument that is not null, or null."""
    return next((value for value in values if value is not None), None)


@_define("equals", 2, 2)
def _equals(one: object, other: object) -> bool:
    """Tell whether two values are equal: type and all, strings by case; see `_identity`."""
    _weigh(one, other)
    return _same(one, other, _Budget(_MAX_WORK))


def _order(function: str, one: object, other: object) -> int:
    for position, value in enumerate((one, other), 1):
        if type(value) is float:
            raise Undecided(f"'{function}' of a float")
        if type(value) is not str and type(value) is not int:
            _refuse(function, position, "an int or string", value)
    if type(one) is str and type(other) is str:
        return _compare(one, other)
    if type(one) is int and type(other) is int:
        return _whole(function, 1, one) - _whole(function, 2, other)
    raise Undecided(f"'{function}' of an int and a string")


@_define("greater", 2, 2)
def _greater(one: object, other: object) -> bool:
    """Tell whether the first int or string is the greater; see `_compare` for strings."""
    return _order("greater", one, other) > 0


@_define("greaterOrEquals", 2, 2)
def _greater_or_equals(one: object, other: object) -> bool:
    """Tell whether the first int or string is not the less; see `_compare` for strings."""
    return _order("greaterOrEquals", one, other) >= 0


@_define("less", 2, 2)
def _less(one: object, other: object) -> bool:
    """Tell whether the first int or string is the less; see `_compare` for strings."""
    return _order("less", one, other) < 0


@_define("lessOrEquals", 2, 2)
def _less_or_equals(one: object, other: object) -> bool:
    """Tell whether the first int or string is not the greater; see `_compare` for strings."""
    return _order("lessOrEquals", one, other) <= 0


@_define("and", 2, None)
def _and(*values: object) -> bool:
    """Tell whether all arguments are true; what follows the first false is not looked at."""
    return all(_flag("and", position, value) for position, value in enumerate(values, 1))


@_define("or", 2, None)
def _or(*values: object) -> bool:
    """Tell whether any argument is true; what follows the first true is not looked at."""
    return any(_flag("or", position, value) for position, value in enumerate(values, 1))


@_define("not", 1, 1)
def _not(value: object) -> bool:
    """Return the opposite."""
    return not _flag("not", 1, value)


@_define("if", 3, 3)
def _if(condition: object, yes: object, no: object) -> object:
    """Return the second argument if the first is true, else the third."""
    return yes if _flag("if", 1, condition) else no


@_define("true", 0, 0)
def _true() -> bool:
    """Return true."""
    return True


@_define("false", 0, 0)
def _false() -> bool:
    """Return false."""
    return False


@_define("null", 0, 0)
def _null() -> None:
    """Return null."""


@_define("bool", 1, 1)
def _bool(value: object) -> bool:
    """Convert 'true' and 'false' in any case, 1 and 0.

    Other texts fail (Bicep's tests); texts of digits and other ints are not documented.
    """
    if type(value) is bool:
        return value
    if type(value) is str:
        if _fold(value) in {"true", "false"}:
            return _fold(value) == "true"
        if _plain(value) and not re.search("[0-9]|true|false", _fold(value)):
            raise Wrong("'bool' takes the strings 'true' and 'false'; this one is another")
        raise Undecided("'bool' of such a string")
    if type(value) is int and value in {0, 1}:
        return value == 1
    if type(value) is int or type(value) is float:
        raise Undecided("'bool' of such a number")
    _refuse("bool", 1, "a string or int", value)


# -- numbers --


def _in_range(result: int) -> int:
    if result not in _INT64:
        raise Undecided("more than 64 bits")
    return result


@_define("add", 2, 2)
def _add(one: object, other: object) -> int:
    """Return the sum of two ints."""
    return _in_range(_whole("add", 1, one) + _whole("add", 2, other))


@_define("sub", 2, 2)
def _sub(one: object, other: object) -> int:
    """Return the difference of two ints."""
    return _in_range(_whole("sub", 1, one) - _whole("sub", 2, other))


@_define("mul", 2, 2)
def _mul(one: object, other: object) -> int:
    """Return the product of two ints."""
    return _in_range(_whole("mul", 1, one) * _whole("mul", 2, other))


def _divide(function: str, one: object, other: object) -> tuple[int, int]:
    """Divide as C# does: the quotient towards zero, the remainder with the sign of the dividend."""
    dividend, divisor = _whole(function, 1, one), _whole(function, 2, other)
    if divisor == 0:
        raise Wrong(f"'{function}' by zero")
    quotient = abs(dividend) // abs(divisor)
    quotient = _in_range(quotient if (dividend < 0) == (divisor < 0) else -quotient)
    return quotient, dividend - quotient * divisor


@_define("div", 2, 2)
def _div(one: object, other: object) -> int:
    """Return the whole part of a quotient."""
    return _divide("div", one, other)[0]


@_define("mod", 2, 2)
def _mod(one: object, other: object) -> int:
    """Return the remainder of a division; it has the sign of the dividend."""
    return _divide("mod", one, other)[1]


@_define("int", 1, 1)
def _int(value: object) -> int:
    """Convert a string of digits; other numerals are undecided, words are not ('avdtest1', recorded)."""
    if type(value) is str:
        if re.fullmatch("-?[0-9]{1,19}", value):
            return _in_range(int(value))
        if not any(char.isdigit() for char in value) or re.search("[g-wyzG-WYZ]", value):
            raise Wrong("'int' takes a string of digits; this one is none")
        raise Undecided("'int' of such a string")
    return _whole("int", 1, value)


@_define("float", 1, 1)
def _float(value: object) -> float:
    """Convert an int or a decimal fraction; exponents and the like are undecided."""
    if type(value) is str:
        if re.fullmatch(r"-?[0-9]{1,30}(\.[0-9]{1,30})?", value):
            return float(value)
        if _plain(value) and not re.search("[0-9]|nan|infinity", _fold(value)):
            raise Wrong("'float' takes a string with a number; this one has none")
        raise Undecided("'float' of such a string")
    return float(_whole("float", 1, value))


# -- JSON, base64 and URIs --


@_define("json", 1, 1)
def _json(text: object) -> object:
    """Parse JSON text. Single quotes will do, as in the documentation's examples (Newtonsoft).

    Of what else Newtonsoft reads and a strict reader does not, nothing is decided.
    """
    return _parse(_text("json", 1, text))


_LEXEME: Final = r"""\s+|"[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*'|[][{},:]|[^][\s"'{},:]+"""


def _parse(text: str) -> object:
    import json

    _room(len(text))
    if text.count("[") + text.count("{") > _JSON_DEPTH:
        _check_tokens(_tokens(text))

    def whole(digits: str) -> int:
        if len(digits) > 20 or int(digits) not in _INT64:  # noqa: PLR2004 - a sign and 19 digits
            raise Undecided("an int of more than 64 bits")
        return int(digits)

    def fraction(digits: str) -> float:
        value = float(digits)
        if value in {float("inf"), float("-inf")}:
            raise Undecided("a float out of range")
        return value

    def constant(_: str) -> NoReturn:
        raise Undecided("a number that is none")

    # `strict` would refuse line ends in strings, which Newtonsoft reads.
    decoder = json.JSONDecoder(parse_int=whole, parse_float=fraction, parse_constant=constant, strict=False)
    try:
        return decoder.decode(text)
    except ValueError:
        # Python's error holds the whole text; nothing is raised from here, lest that is shown.
        pass
    tokens = _tokens(text)
    _check_tokens(tokens)
    try:
        return decoder.decode("".join(map(_double_quoted, tokens)))
    except ValueError:
        raise Undecided("JSON that only some readers take") from None


def _tokens(text: str) -> list[str]:
    """Cut JSON text into strings of either quote, punctuation, words and space.

    A string without an end fails, unless it may stand in a comment.
    """
    tokens: list[str] = re.findall(_LEXEME, text, re.DOTALL)
    if sum(map(len, tokens)) < len(text):
        if "/" in text:
            raise Undecided("JSON with a comment, perhaps")
        raise Wrong("'json' takes JSON text; a string in it has no end")
    return tokens


def _check_tokens(tokens: list[str]) -> None:
    """Raise for brackets that do not match, and for texts that are nested too deep."""
    stack: list[str] = []
    closers = {"[": "]", "{": "}"}
    comment = any(token[0] not in "\"'" and "/" in token for token in tokens)
    for token in tokens:
        if token in closers:
            stack.append(closers[token])
            if len(stack) > _JSON_DEPTH:
                raise Undecided("nested too deep")
        elif token in {"]", "}"}:
            if comment or not stack:
                raise Undecided("JSON that only some readers take")
            if stack.pop() != token:
                raise Wrong("'json' takes JSON text; its brackets do not match")
    if stack and not comment:
        raise Wrong("'json' takes JSON text; a bracket in it is not closed")


def _double_quoted(token: str) -> str:
    if not token.startswith("'"):
        return token

    def requote(match: re.Match[str]) -> str:
        return {"\\'": "'", '"': '\\"'}.get(match[0], match[0])

    return '"' + re.sub(r'\\.|"', requote, token[1:-1], flags=re.DOTALL) + '"'


def _encode(data: bytes) -> str:
    import binascii

    _room((len(data) + 2) // 3 * 4)
    return binascii.b2a_base64(data, newline=False).decode()


def _decode(function: str, text: str) -> str:
    """Decode base64 of UTF-8. White space is skipped; anything else that is no base64 fails (.NET)."""
    import binascii

    packed = re.sub("[ \t\r\n]+", "", text)
    if len(packed) % 4 or not re.fullmatch("[A-Za-z0-9+/]*={0,2}", packed):
        raise Wrong(f"'{function}' takes base64 text; this is none")
    data = binascii.a2b_base64(packed)
    if binascii.b2a_base64(data, newline=False).decode() != packed:
        raise Undecided("base64 with bits to spare")
    try:
        return _within(data.decode())
    except UnicodeDecodeError:
        raise Undecided("bytes that are no UTF-8") from None


@_define("base64", 1, 1)
def _base64(text: object) -> str:
    """Encode the UTF-8 of a string."""
    return _encode(_utf8(_text("base64", 1, text)))


@_define("base64ToString", 1, 1)
def _base64_to_string(text: object) -> str:
    """Decode a string; what is no base64 fails (Bicep's tests)."""
    return _decode("base64ToString", _text("base64ToString", 1, text))


@_define("base64ToJson", 1, 1)
def _base64_to_json(text: object) -> object:
    """Decode a string and parse it as `json` does."""
    return _parse(_decode("base64ToJson", _text("base64ToJson", 1, text)))


@_define("dataUri", 1, 1)
def _data_uri(value: object) -> str:
    """Make a data URI of a string.

    `charset=utf-8` is from Bicep's tests; the documentation still has the older `utf8`, which
    `dataUriToString` did not read (github.com/Azure/azure-powershell/issues/13179). For other
    values only the older form was recorded, so they are undecided.
    """
    if type(value) is not str:
        _kind(value)
        raise Undecided("'dataUri' of something else than a string")
    prefix = "data:text/plain;charset=utf-8;base64,"
    return _within(prefix + _encode(_utf8(value)))


@_define("dataUriToString", 1, 1)
def _data_uri_to_string(uri: object) -> str:
    """Return what a data URI holds. `data:,` and the comma must be there (Bicep's tests)."""
    text = _text("dataUriToString", 1, uri)
    head, comma, data = text.partition(",")
    if not comma or head[:5].lower() != "data:":
        raise Wrong("'dataUriToString' takes a data URI; this is none")
    parts = re.fullmatch(
        r"data:(?:[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+((?:;[A-Za-z0-9-]+=[A-Za-z0-9.-]+)*))?(;base64)?", head
    )
    if parts is None or head == "data:":
        raise Undecided("a data URI of another form")
    charsets = [word.partition("=")[2] for word in (parts[1] or "").lower().split(";") if "charset=" in word]
    if charsets not in ([], ["utf-8"]):
        raise Undecided("a data URI in another character set")
    if parts[2]:
        if "%" in data:
            raise Undecided("an escape in base64")
        result = _decode("dataUriToString", data)
    elif "+" in data:
        raise Undecided("a plus in a data URI")
    else:
        result = _unescape(data)
    if not charsets and not result.isascii():
        raise Undecided("a data URI that does not tell its character set")
    return result


def _unescape(text: str) -> str:
    def decoded(match: re.Match[str]) -> str:
        try:
            return bytes.fromhex(match[0].replace("%", "")).decode()
        except UnicodeDecodeError:
            raise Undecided("bytes that are no UTF-8") from None

    return _within(re.sub("(?:%[0-9A-Fa-f]{2})+", decoded, text))


@_define("uriComponent", 1, 1)
def _uri_component(text: object) -> str:
    """Escape all but letters, digits and -._~ as UTF-8, like .NET's Uri.EscapeDataString (Bicep's tests)."""
    data = _utf8(_text("uriComponent", 1, text))
    safe = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    _room(len(data) + 2 * len(data.translate(None, safe)))
    return "".join([chr(byte) if byte in safe else f"%{byte:02X}" for byte in data])


@_define("uriComponentToString", 1, 1)
def _uri_component_to_string(text: object) -> str:
    """Undo `uriComponent`; a % that starts no escape stays (.NET's Uri.UnescapeDataString)."""
    return _unescape(_text("uriComponentToString", 1, text))


_URI: Final = r"(https?)://([A-Za-z0-9.-]+)(?::([1-9][0-9]{0,4}))?((?:/[A-Za-z0-9._~-]*)*)"
_RELATIVE: Final = r"([A-Za-z0-9._~/-]*)(\?[A-Za-z0-9._~/=&-]+)?"
_MAX_URI: Final = 2_000


@_define("uri", 2, 2)
def _uri(base: object, relative: object) -> str:
    """Resolve a relative URI as .NET's `new Uri(new Uri(base), relative)` does (RFC 3986, section 5).

    Decided for http and https with the plainest characters: .NET unescapes and normalizes others
    in ways of its own. A base without a scheme fails (Bicep's tests).
    """
    start, rest = _text("uri", 1, base), _text("uri", 2, relative)
    _room(len(start) + len(rest))
    whole = re.fullmatch(_URI, start, re.IGNORECASE)
    if whole is None and re.fullmatch(r"(?![/\\])[\x21-\x39\x3b-\x7e]*", start):
        raise Wrong("'uri' takes an absolute URI as its first argument; this one has no scheme")
    part = re.fullmatch(_RELATIVE, rest)
    if whole is None or part is None or max(len(start), len(rest)) > _MAX_URI:
        raise Undecided("a URI of another form")
    scheme, host, port, path = whole[1].lower(), whole[2].lower(), whole[3], whole[4]
    label = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
    if not re.fullmatch(rf"(?:{label}\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?", host):
        raise Undecided("a host of another form")
    if port is not None and int(port) > 65535:  # noqa: PLR2004 - 16 bits
        raise Undecided("a port out of range")
    authority = host if port in {None, {"http": "80", "https": "443"}[scheme]} else f"{host}:{port}"
    target, query = part[1], part[2] or ""
    if not target:
        merged = path or "/"
    elif target.startswith("/"):
        merged = target
    else:
        merged = (path[: path.rfind("/") + 1] or "/") + target
    if re.search(r"//|[^./]\.(?:/|$)|\.\.\.|/\.\.?(?:/|$)", path) or re.search(
        r"//|[^./]\.(?:/|$)|\.\.\.", merged
    ):
        raise Undecided("dots and slashes that .NET may normalize")
    return f"{scheme}://{authority}{_without_dots(merged)}{query}"


def _without_dots(path: str) -> str:
    """Resolve `.` and `..` in an absolute path (RFC 3986, section 5.2.4)."""
    *folders, name = path.split("/")[1:]
    kept: list[str] = []
    if name in {".", ".."}:
        folders.append(name)
        name = ""
    for folder in folders:
        if folder == "..":
            del kept[-1:]
        elif folder != ".":
            kept.append(folder)
    return "/" + "/".join([*kept, name])


# -- strings --


def _scalar_text(value: object) -> str:
    """Return the text of a string, int or bool: the bools are 'True' and 'False' (Bicep's tests)."""
    if type(value) is str:
        return value
    if type(value) is bool:
        return "True" if value else "False"
    if type(value) is int:
        return str(_in_range(value))
    _kind(value)
    raise Undecided("the text of such a value")


@_define("string", 1, 1)
def _string(value: object) -> str:
    """Return the text of a value; arrays and objects as compact JSON (Newtonsoft)."""
    if type(value) is list or type(value) is dict:
        return _write(value, _Budget(MAX_TEXT))
    return _within(_scalar_text(value))


@_define("concat", 1, None)
def _concat(*values: object) -> object:
    """Join arrays, or the texts of strings, ints and bools; arrays and others do not mix (recorded)."""
    arrays = [value for value in values if type(value) is list]
    if len(arrays) == len(values):
        if sum(map(len, arrays)) > MAX_SIZE:
            raise Undecided("the array would be too large")
        joined = [item for array in arrays for item in array]
        _weigh(joined)
        return joined
    if arrays and all(type(value) in {list, str, int, bool} for value in values):
        raise Wrong("'concat' takes arrays only, or no arrays")
    parts = [_scalar_text(value) for value in values]
    _room(sum(map(len, parts)))
    return "".join(parts)


@_define("toLower", 1, 1)
def _to_lower(text: object) -> str:
    """Lower a text character by character (.NET); decided for ASCII, Latin-1 and what has no case."""
    return _cased("toLower", text, str.lower)


@_define("toUpper", 1, 1)
def _to_upper(text: object) -> str:
    """Raise a text character by character (.NET); decided for ASCII, Latin-1 and what has no case."""
    return _cased("toUpper", text, str.upper)


def _cased(function: str, value: object, convert: Callable[[str], str]) -> str:
    text = _within(_text(function, 1, value))
    for char in text if not text.isascii() else "":
        # Of the letters of Latin-1, \xb5, \xdf and \xff have no partner in it.
        if char.lower() != char.upper() and not ("\xc0" <= char <= "\xfe" and char != "\xdf"):
            raise Undecided("a letter whose case depends on the culture, perhaps")
    return convert(text)


@_define("trim", 1, 1)
def _trim(text: object) -> str:
    """Remove white space from both ends: .NET's, which has no control characters but five and U+0085."""
    spaces = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
    spaces += "".join(map(chr, range(0x2000, 0x200B)))
    return _within(_text("trim", 1, text).strip(spaces))


@_define("startsWith", 2, 2)
def _starts_with(text: object, part: object) -> bool:
    """Tell whether a string starts with another, ignoring case."""
    whole, start = _text("startsWith", 1, text), _text("startsWith", 2, part)
    # One character more, since it may combine with what stands before it.
    folded, start = _caseless_parts(whole[: len(start) + 1], start) if start else ("", "")
    return folded.startswith(start)


@_define("endsWith", 2, 2)
def _ends_with(text: object, part: object) -> bool:
    """Tell whether a string ends with another, ignoring case."""
    whole, end = _text("endsWith", 1, text), _text("endsWith", 2, part)
    folded, end = _caseless_parts(whole[-len(end) - 1 :], end) if end else ("", "")
    return folded.endswith(end)


@_define("replace", 3, 3)
def _replace(text: object, old: object, new: object) -> str:
    """Replace all places of a part, exactly. For an empty part the service hung (recorded)."""
    whole, part, instead = _text("replace", 1, text), _text("replace", 2, old), _text("replace", 3, new)
    if not part:
        raise Undecided("an empty string replaced")
    for piece in (whole, part, instead):
        _utf8(piece)
    _room(len(whole) + whole.count(part) * (len(instead) - len(part)))
    return whole.replace(part, instead)


@_define("substring", 1, 3)
def _substring(text: object, *place: object) -> str:
    """Return a part of a string, to its end if no length is given; it must be within the string.

    The documentation has the start optional too, but the service wanted it (recorded).
    """
    whole = _indexable(_text("substring", 1, text))
    if not place:
        raise Undecided("'substring' without a start")
    begin, *length = [_whole("substring", position, value) for position, value in enumerate(place, 2)]
    if not 0 <= begin <= len(whole):
        raise Wrong(f"'substring' cannot start at {begin} in a string of {len(whole)} characters")
    count = length[0] if length else len(whole) - begin
    if not 0 <= count <= len(whole) - begin:
        raise Wrong(f"'substring' cannot take {count} characters from {begin} on in a string of {len(whole)}")
    return _within(whole[begin : begin + count])


@_define("padLeft", 2, 3)
def _pad_left(value: object, width: object, padding: object = " ") -> str:
    """Fill a string or int from the left, with a space if no character is given.

    Widths above 16 were refused in 2021 (recorded), which is documented nowhere: undecided.
    """
    if type(value) is not str and type(value) is not int:
        _refuse("padLeft", 1, "a string or int", value)
    text, total = _indexable(_scalar_text(value)), _whole("padLeft", 2, width)
    filler = _text("padLeft", 3, padding)
    if len(filler) != 1:
        raise Wrong(f"'padLeft' takes one character as its third argument, not {len(filler)}")
    _indexable(filler)
    if total < 0:
        raise Wrong(f"'padLeft' cannot make a string of {total} characters")
    if not 1 <= total <= 16:  # noqa: PLR2004 - see above
        raise Undecided("'padLeft' to such a width")
    return _within(text).rjust(total, filler)


_MAX_MARKS: Final = 1_000


@_define("split", 2, 2)
def _split(text: object, delimiter: object) -> list[object]:
    """Cut a string at a delimiter or at any of some; empty delimiters count for nothing (recorded).

    .NET cuts at white space if the array of delimiters is empty.
    """
    whole = _text("split", 1, text)
    if type(delimiter) is not str and type(delimiter) is not list:
        _refuse("split", 2, "a string or an array of strings", delimiter)
    given = [delimiter] if type(delimiter) is str else _array("split", 2, delimiter)
    marks = []
    for mark in given:
        if type(mark) is not str:
            _refuse_within("split", "an array of strings as delimiters", mark)
        marks.append(mark)
    if not marks and not re.fullmatch("[\x21-\x7e]*", whole):
        raise Undecided("cut at white space")
    marks = [mark for mark in marks if mark]
    if sum(map(len, marks)) > _MAX_MARKS:
        raise Undecided("too many delimiters")
    _room(len(whole))
    for piece in (whole, *marks):
        _utf8(piece)
    if not marks:
        return [whole]
    # Where several could match, the first in the array does.
    pattern = re.compile("|".join(map(re.escape, marks)))
    if sum(1 for _ in pattern.finditer(whole)) >= MAX_SIZE:
        raise Undecided("the array would be too large")
    return list(pattern.split(whole))


@_define("join", 2, 2)
def _join(values: object, delimiter: object) -> str:
    """Join an array of strings; elements of other types are not documented."""
    items, mark = _array("join", 1, values), _text("join", 2, delimiter)
    parts = [item for item in items if type(item) is str]
    if len(parts) < len(items):
        raise Undecided("'join' of something else than strings")
    _room(sum(map(len, parts)) + len(mark) * max(len(parts) - 1, 0))
    return mark.join(parts)


@_define("format", 1, None)
def _format(template: object, *values: object) -> str:
    """Fill in a composite format string of .NET: `{0}`, `{1,-8}`, `{2:D3}`; `{{` and `}}` are braces.

    Decided for strings, bools (as 'True') and ints; see `_int_text` for the formats of ints. An
    index without a value fails (Bicep's tests), and so do braces that do not match (.NET).
    """
    text = _text("format", 1, template)
    pieces: list[str] = []
    budget = _Budget(MAX_TEXT)
    position = 0
    while position < len(text):
        char = text[position]
        if char not in "{}":
            brace = re.compile("[{}]").search(text, position)
            end = brace.start() if brace else len(text)
            piece = text[position:end]
        elif text.startswith(char, position + 1):
            piece, end = char, position + 2
        else:
            close = text.find("}", position)
            if char == "}" or close < 0:
                raise Wrong(f"'format' takes a format string; a {char} in it has no partner")
            item, end = text[position + 1 : close], close + 1
            if "{" in item or (":" in item and text.startswith("}", end)):
                raise Undecided("a brace in a format")
            piece = _format_item(item, values, budget)
        budget.spend(len(piece))
        pieces.append(piece)
        position = end
    return "".join(pieces)


def _format_item(item: str, values: tuple[object, ...], budget: _Budget) -> str:
    """Return the text for what stands between two braces: `index[,width][:format]`."""
    parts = re.fullmatch("([0-9]+) *(?:, *(-?)([0-9]+) *)?(?::(.*))?", item, re.DOTALL)
    if parts is None:
        if not re.match("[0-9]", item):
            raise Wrong("'format' takes a format string; there is a { without a number in it")
        raise Undecided("a format item of another form")
    digits = parts[1].lstrip("0") or "0"
    if len(digits) > 6 or int(digits) >= len(values):  # noqa: PLR2004 - more than any call has
        raise Wrong(f"'format' has no value for {{{digits}}}; it was given {len(values)}")
    value = values[int(digits)]
    # Of what is decided, only ints heed a format.
    text = _int_text(_in_range(value), parts[4] or "") if type(value) is int else _scalar_text(value)
    width = parts[3] or "0"
    if len(width) > 6 or int(width) > budget.left:  # noqa: PLR2004 - .NET refuses a million
        raise Undecided("a width that is too large")
    if int(width):
        _indexable(text)
    return text.ljust(int(width)) if parts[2] else text.rjust(int(width))


def _int_text(value: int, form: str) -> str:
    """Format an int in a way that no culture changes: D, X of what is not negative, N with digits, 000."""
    if form in {"", "D", "d", "G", "g"}:
        return str(value)
    sign = "-" if value < 0 else ""
    digits = form[1:] if form[0] in "DdXxNn" else form
    if re.fullmatch("0{1,99}", form):
        return sign + str(abs(value)).zfill(len(form))
    if re.fullmatch("[Dd][0-9]{1,2}", form):
        return sign + str(abs(value)).zfill(int(digits))
    if re.fullmatch("[Xx][0-9]{0,2}", form) and value >= 0:
        return f"{value:{form[0]}}".zfill(int(digits or 0))
    # Without digits it is two places in one culture and three in another.
    if re.fullmatch("[Nn][0-9]{1,2}", form):
        return f"{value:,}" + ("." + "0" * int(digits) if int(digits) else "")
    raise Undecided("a format that may depend on the culture")


# -- networks --


def _network(function: str, value: object) -> tuple[int, int, int]:
    """Parse an address range: how many bits an address has, the first address, the prefix length.

    What has bits set behind its prefix, or is abbreviated, is undecided.
    """
    import ipaddress

    text = _text(function, 1, value)
    parts = re.fullmatch("([0-9A-Fa-f.:]{2,50})/([0-9]{1,3})", text)
    refusal = Wrong(f"'{function}' takes an address range such as 10.0.0.0/8 as its first argument")
    if parts is None:
        if re.fullmatch(r"[0-9A-Fa-f.:/\s]*", text):
            raise Undecided("an address range of another form")
        raise refusal
    address, prefix = parts[1], int(parts[2])
    if re.search(r"(?:^|\.)0[0-9]", address) or re.fullmatch("0[0-9]+", parts[2]):
        raise Undecided("a number with a zero in front")
    try:
        first = ipaddress.ip_address(address)
    except ValueError:
        if ":" in address or re.fullmatch(r"[0-9]+(?:\.[0-9]+){3}", address):
            raise refusal from None
        raise Undecided("an address of another form") from None
    bits = first.max_prefixlen
    if prefix > bits:
        raise Wrong(f"'{function}' takes an address range; /{prefix} is more than /{bits}")
    if int(first) % 2 ** (bits - prefix):
        raise Undecided("an address with bits behind its prefix")
    return bits, int(first), prefix


def _address(bits: int, number: int) -> str:
    """Write an address as .NET does.

    Unlike Python it abbreviates a single group of zeros too, and writes some addresses with an
    IPv4 address at their end; those are undecided.
    """
    import ipaddress

    if bits == 32:  # noqa: PLR2004 - of IPv4
        return str(ipaddress.IPv4Address(number))
    groups = [number >> shift & 0xFFFF for shift in range(112, -1, -16)]
    runs = re.findall("0+", "".join(["1" if group else "0" for group in groups]))
    if max(runs, default="") == "0" or not any(groups[:4]) or groups[4:6] in ([0, 0x5EFE], [0x200, 0x5EFE]):
        raise Undecided("an address that .NET writes in a way of its own")
    return str(ipaddress.IPv6Address(number))


@_define("parseCidr", 1, 1)
def _parse_cidr(network: object) -> dict[str, object]:
    """Take an address range apart. Ranges of one or two addresses are undecided."""
    bits, first, prefix = _network("parseCidr", network)
    if prefix > bits - 2:
        raise Undecided("a range without usable addresses, perhaps")
    last = first + 2 ** (bits - prefix) - 1
    mask = 2**bits - 2 ** (bits - prefix)
    ends = ("firstUsable", _address(bits, first)), ("lastUsable", _address(bits, last))
    result: dict[str, object] = {"network": _address(bits, first), "netmask": _address(bits, mask)}
    if bits == 32:  # noqa: PLR2004 - only IPv4 has broadcasts
        result["broadcast"] = _address(bits, last)
        ends = ("firstUsable", _address(bits, first + 1)), ("lastUsable", _address(bits, last - 1))
    return {**result, **dict(ends), "cidr": prefix}


@_define("cidrSubnet", 3, 3)
def _cidr_subnet(network: object, prefix: object, index: object) -> str:
    """Return the `index`-th subnet, from 0, of a new prefix length."""
    bits, first, old = _network("cidrSubnet", network)
    new, place = _whole("cidrSubnet", 2, prefix), _whole("cidrSubnet", 3, index)
    if not old <= new <= bits:
        raise Wrong(f"'cidrSubnet' cannot make a /{new} of a /{old}")
    if not 0 <= place < 2 ** (new - old):
        raise Wrong(f"'cidrSubnet' has no subnet {place}: a /{old} has {2 ** (new - old)} of /{new}")
    return f"{_address(bits, first + place * 2 ** (bits - new))}/{new}"


@_define("cidrHost", 2, 2)
def _cidr_host(network: object, index: object) -> str:
    """Return the `index`-th usable address, from 0; the address of the network itself is none."""
    bits, first, prefix = _network("cidrHost", network)
    place = _whole("cidrHost", 2, index)
    if prefix > bits - 2:
        raise Undecided("a range without usable addresses, perhaps")
    usable = 2 ** (bits - prefix) - (2 if bits == 32 else 1)  # noqa: PLR2004 - only IPv4 has broadcasts
    if not 0 <= place < usable:
        raise Wrong(f"'cidrHost' has no address {place} in a /{prefix}, which has {usable}")
    return _address(bits, first + 1 + place)


# -- dates --


_DATE: Final = (
    "([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(Z|(?<=T.{8})[+-][0-9]{2}:[0-9]{2})"
)
_COMPACT: Final = "([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})(Z)"


def _instant(function: str, text: str) -> tuple[datetime, str]:
    """Parse a date and time: its UTC, without a zone, and the zone as written.

    Decided with seconds and a zone: `2020-04-07T14:53:14Z` or `+02:00`, `2020-04-07 14:53:14Z`,
    and `20200407T145314Z`, which `utcNow` returns.
    """
    from datetime import datetime, timedelta

    parts = re.fullmatch(_DATE, text) or re.fullmatch(_COMPACT, text)
    if parts is None:
        if _plain(text) and not re.search("[0-9]", text):
            raise Wrong(f"'{function}' takes an ISO 8601 date and time as its first argument")
        raise Undecided("a date of another form")
    *numbers, zone = parts.groups()
    try:
        local = datetime(*map(int, numbers))  # type: ignore[arg-type]  # noqa: DTZ001 - all are in UTC here
        if zone == "Z":
            return local, zone
        shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:]))
        if shift > timedelta(hours=14):
            raise Undecided("a zone of another form")
        return (local + shift if zone[0] == "-" else local - shift), zone
    except (ValueError, OverflowError):
        raise Undecided("a date that there is not") from None


@_define("dateTimeFromEpoch", 1, 1)
def _date_time_from_epoch(seconds: object) -> str:
    """Return the date and time some seconds after the start of 1970, as `2023-05-02T15:16:13Z`."""
    from datetime import datetime, timedelta

    amount = _whole("dateTimeFromEpoch", 1, seconds)
    try:
        moment = datetime(1970, 1, 1) + timedelta(seconds=amount)  # noqa: DTZ001 - all are in UTC here
    except OverflowError:
        raise Wrong(f"'dateTimeFromEpoch' knows the years 1 to 9999; {amount} is outside") from None
    return f"{moment.isoformat()}Z"


@_define("dateTimeToEpoch", 1, 1)
def _date_time_to_epoch(text: object) -> int:
    """Return the seconds from the start of 1970 to a date and time."""
    from datetime import datetime

    moment, _ = _instant("dateTimeToEpoch", _text("dateTimeToEpoch", 1, text))
    since = moment - datetime(1970, 1, 1)  # noqa: DTZ001 - all are in UTC here
    return since.days * 86_400 + since.seconds


@_define("dateTimeAdd", 2, 3)
def _date_time_add(base: object, duration: object, *form: object) -> str:
    """Add an ISO 8601 duration to a date and time, and format the result.

    Without a format only `2020-04-07T14:53:14Z` is decided, which gives the same form (Bicep's
    tests); for others the documentation contradicts itself.
    """
    text, amount = _text("dateTimeAdd", 1, base), _text("dateTimeAdd", 2, duration)
    pattern = _text("dateTimeAdd", 3, form[0]) if form else None
    moment, zone = _instant("dateTimeAdd", text)
    result = _later(moment, amount)
    if zone != "Z":
        raise Undecided("a date in another zone")
    if pattern is not None:
        return _format_date(result, pattern)
    if "T" not in text or "-" not in text:
        raise Undecided("a date in another form")
    return f"{result.isoformat()}Z"


_DURATION: Final = (
    "(-?)P(?:([0-9]{1,9})Y)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})D)?"
    "(?:T(?=.)(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?"
)


def _later(moment: datetime, duration: str) -> datetime:
    """Add a duration. Years and months are decided where the calendar and 365 and 30 days agree.

    .NET's XmlConvert takes them for that many days; what Azure takes them for is not documented.
    """
    from datetime import timedelta

    parts = re.fullmatch(_DURATION, duration)
    if parts is None or not any(parts.groups()[1:]):
        if not re.search("[0-9]", duration) or re.search("[^-+.,0-9PYMWDTHSpymwdths]", duration):
            raise Wrong("'dateTimeAdd' takes an ISO 8601 duration such as P1D as its second argument")
        raise Undecided("a duration of another form")
    years, months, days, hours, minutes, seconds = [int(part or 0) for part in parts.groups()[1:]]
    sign = -1 if parts[1] else 1
    try:
        rest = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds) * sign
        by_days = moment + rest + timedelta(days=365 * years + 30 * months) * sign
        if not years and not months:
            return by_days
        by_calendar = _months_later(moment, sign * (12 * years + months), rest)
    except (OverflowError, ValueError):
        if years or months:
            raise Undecided("a date out of range, perhaps") from None
        raise Wrong("'dateTimeAdd' knows the years 1 to 9999; the result is outside") from None
    if by_days != by_calendar:
        raise Undecided("years and months of various lengths")
    return by_days


def _months_later(moment: datetime, months: int, rest: timedelta) -> datetime:
    from calendar import monthrange

    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not 1 <= year <= 9999:  # noqa: PLR2004 - as far as dates go
        raise OverflowError
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day) + rest


def _format_date(moment: datetime, form: str) -> str:
    """Format with the numeric parts of .NET's custom formats, and the standard format `u`.

    Names of days and months, and `d` and the like alone, depend on the culture. A result that
    looks like an ISO 8601 date and time without Z gets one later on its way
    (github.com/Azure/bicep/issues/15697), so that is undecided as well.
    """
    _room(2 * len(form))
    if len(form) < 2:  # noqa: PLR2004 - one character is a standard format
        if form != "u":
            raise Undecided("a date format that may depend on the culture")
        form = "yyyy-MM-dd HH:mm:ssZ"
    half, hour = divmod(moment.hour, 12)
    values = {"yyyy": f"{moment.year:04}", "yy": f"{moment.year % 100:02}", "tt": ("AM", "PM")[half]}
    numbers = {"M": moment.month, "d": moment.day, "H": moment.hour, "h": hour or 12}
    numbers |= {"m": moment.minute, "s": moment.second}
    for letter, number in numbers.items():
        values |= {letter: str(number), 2 * letter: f"{number:02}"}
    pieces = []
    for match in re.finditer(r"([A-Za-z])\1*|.", form, re.DOTALL):
        piece = match[0]
        if piece not in values and not re.fullmatch("[-_.:/ TZ]", piece):
            raise Undecided("a date format that may depend on the culture")
        pieces.append(values.get(piece, piece))
    result = "".join(pieces)
    if re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}T", result) and not re.fullmatch(r"[^T]+T[0-9:]{8}Z", result):
        raise Undecided("a date and time without a zone")
    return result
