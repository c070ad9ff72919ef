"""What an ARM expression is worth before deployment: a value, a shape with holes, or nothing known.

Unknown values are terms: the function that made them and its arguments. Equal terms are the same
object, so that "these two names are equal whatever is deployed" is a comparison of identities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from armlint.arm.expression import Expression
    from armlint.jsontext import Node

# ARM refuses longer string literals, and no collection of a template needs more elements. What
# would grow past this is treated as unknown, so that doubling variables cannot fill the memory.
MAX_TEXT: Final = 131_072
MAX_SIZE: Final = 100_000
# Others walk through values by recursion; no template nests as deep as this.
MAX_NESTING: Final = 120
_MAX_PARTS: Final = 512
_MAX_SHOWN: Final = 20

# Functions that change nothing about which resource a name means.
_WRAPPERS: Final = frozenset({"string", "tolower", "toupper", "trim"})


class Term:
    """A value that only deployment can tell: an operation on values.

    `operation` is a lower-cased function name, or `property` for an accessor. Made by a `Pool`
    only; two terms of one pool are equal if and only if they are identical.
    """

    __slots__ = ("arguments", "bare", "number", "operation")

    def __init__(self, operation: str, arguments: tuple[Value, ...], number: int) -> None:
        self.operation = operation
        self.arguments = arguments
        self.number = number
        inner = arguments[0] if len(arguments) == 1 and operation in _WRAPPERS else None
        self.bare: Term = inner.bare if isinstance(inner, Term) else self
        """The term without functions that change nothing about the resource that it names."""

    def __repr__(self) -> str:
        return _shown(self, _MAX_SHOWN)


class Text:
    """A string of which only some parts are known; at least one part is a `Term`."""

    __slots__ = ("number", "parts")

    def __init__(self, parts: tuple[str | Term, ...], number: int) -> None:
        self.parts = parts
        self.number = number

    def __repr__(self) -> str:
        return _shown(self, _MAX_SHOWN)


class Array:
    """An array whose length is known; its items may be unknown. `known` tells that none is."""

    __slots__ = ("items", "known", "nesting", "number", "size")

    def __init__(self, items: tuple[Value, ...], number: int) -> None:
        self.items = items
        self.number = number
        self.known = all(map(known, items))
        self.size = 1 + sum(map(size, items))
        self.nesting = 1 + max(map(_nesting, items), default=0)

    def __repr__(self) -> str:
        return _shown(self, _MAX_SHOWN)


class Object:
    """An object whose names are known; its values may be unknown. Names compare ignoring case."""

    __slots__ = ("fields", "known", "nesting", "number", "size")

    def __init__(self, fields: Mapping[str, tuple[str, Value]], number: int) -> None:
        self.fields = fields
        """Lower-cased name to the name as written and the value."""
        self.number = number
        values = [value for _, value in fields.values()]
        self.known = all(map(known, values))
        self.size = 1 + sum(map(size, values))
        self.nesting = 1 + max(map(_nesting, values), default=0)

    def get(self, name: str) -> Value:
        """The value of a field, compared ignoring case; `MISSING` where there is none."""
        field = self.fields.get(name.lower())
        return MISSING if field is None else field[1]

    def __repr__(self) -> str:
        return _shown(self, _MAX_SHOWN)


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """An expression that cannot succeed: why, and where (the string and the part of it)."""

    message: str
    expression: Expression | None = None
    node: Node | None = None


MISSING: Final = Failure("no such property")

Value: TypeAlias = "str | int | float | bool | Text | Array | Object | Term | Failure | None"

Parts: TypeAlias = "tuple[str | Term, ...]"
"""A name as what is known of it, lower-cased, and terms; no two literals stand side by side."""


def known(value: Value) -> bool:
    """Whether nothing in the value is left to deployment."""
    if isinstance(value, (Array, Object)):
        return value.known
    return not isinstance(value, (Text, Term, Failure))


def size(value: Value) -> int:
    """How many values there are in it, itself included; a shared part counts each time."""
    return value.size if isinstance(value, (Array, Object)) else 1


def _nesting(value: Value) -> int:
    return value.nesting if isinstance(value, (Array, Object)) else 0


def plain(value: Value) -> object:
    """A known value as plain Python; only call where `known(value)`."""
    if isinstance(value, Array):
        return [plain(item) if isinstance(item, (Array, Object)) else item for item in value.items]
    if isinstance(value, Object):
        fields = value.fields.values()
        return {name: plain(item) if isinstance(item, (Array, Object)) else item for name, item in fields}
    return value


_NUMBERED = (Term, Text, Array, Object)


def identity(value: Value) -> object:
    """A key that is equal for equal values of one pool, and hashable in constant time."""
    # The commonest first; a union would be made anew at each call.
    if isinstance(value, str):
        return ("str", value)
    if isinstance(value, _NUMBERED):
        return ("#", value.number)
    if isinstance(value, Failure):
        return ("!", id(value))
    return (type(value).__name__, value)


def is_text(value: Value) -> bool:
    """Whether it is surely a string, though perhaps not a known one."""
    return isinstance(value, (str, Text))


class Pool:
    """Makes terms, texts, arrays and objects, each distinct one only once."""

    __slots__ = ("_made", "_numbers", "singles")

    def __init__(self) -> None:
        self._made: dict[object, Term | Text | Array | Object] = {}
        self._numbers = 0
        self.singles = 0
        """How many terms that are equal to nothing else have been made."""

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def term(self, operation: str, *arguments: Value) -> Term:
        """The term of this operation on these arguments."""
        key = (operation, *map(identity, arguments))
        made = self._made.get(key)
        if not isinstance(made, Term):
            made = self._made[key] = Term(operation, arguments, self._number())
        return made

    def text(self, parts: Iterable[str | Term | Text]) -> str | Text | Term:
        """The string made of these parts, flattened; a plain `str` where all are known."""
        flat: list[str | Term] = []
        literal: list[str] = []
        length = 0
        for part in parts:
            for piece in part.parts if isinstance(part, Text) else (part,):
                if not isinstance(piece, str):
                    if literal:
                        flat.append("".join(literal))
                        literal.clear()
                    flat.append(piece)
                elif piece:
                    literal.append(piece)
                    length += len(piece)
            if length > MAX_TEXT or len(flat) > _MAX_PARTS:
                return self.unique("too-long")
        if literal:
            flat.append("".join(literal))
        if len(flat) <= 1:
            return flat[0] if flat else ""
        key = ("+", *[piece if isinstance(piece, str) else piece.number for piece in flat])
        made = self._made.get(key)
        if not isinstance(made, Text):
            made = self._made[key] = Text(tuple(flat), self._number())
        return made

    def array(self, items: Iterable[Value]) -> Array | Term:
        """The array of these items."""
        elements = tuple(items)
        key = ("[]", *map(identity, elements))
        made = self._made.get(key)
        if not isinstance(made, Array):
            made = Array(elements, self._number())
            if made.size > MAX_SIZE or made.nesting > MAX_NESTING:
                return self.unique("too-large")
            self._made[key] = made
        return made

    def object(self, fields: Iterable[tuple[str, Value]]) -> Object | Term:
        """The object of these fields; of names that are equal ignoring case, the last wins."""
        named = {name.lower(): (name, value) for name, value in fields}
        key = ("{}", *[(name, identity(value)) for name, value in named.values()])
        made = self._made.get(key)
        if not isinstance(made, Object):
            made = Object(named, self._number())
            if made.size > MAX_SIZE or made.nesting > MAX_NESTING:
                return self.unique("too-large")
            self._made[key] = made
        return made

    def lift(self, value: Any) -> Value:
        """A plain Python value (from `plain`, or JSON) as a `Value`."""
        return self._lift(value, MAX_NESTING + 1)

    def _lift(self, value: Any, levels: int) -> Value:
        if value is None or isinstance(value, (str, int, float, bool)):
            return value
        if levels == 0:
            return self.unique("too-deep")
        if isinstance(value, (list, tuple)):
            return self.array([self._lift(item, levels - 1) for item in value])
        if isinstance(value, dict):
            return self.object([(str(name), self._lift(item, levels - 1)) for name, item in value.items()])
        return self.unique("foreign")

    def unique(self, operation: str) -> Term:
        """A term that is equal to nothing but itself."""
        self.singles += 1
        return Term(operation, (), self._number())


def parts(value: Value) -> Parts:
    """A name in the form in which names are compared; empty where the value is no string."""
    if isinstance(value, str):
        return (value.lower(),)
    if not isinstance(value, (Term, Text)):
        return ()
    flat: list[str | Term] = []
    pending: list[Value] = [value]
    left = 2 * _MAX_PARTS
    length = 0
    while pending:
        left -= 1
        if left < 0 or length > MAX_TEXT:
            # Joined from terms that are made of each other again and again.
            short = value.parts if isinstance(value, Text) else (value.bare,)
            return tuple([part.lower() if isinstance(part, str) else part.bare for part in short])
        piece = pending.pop()
        if isinstance(piece, Term):
            piece = piece.bare
            if piece.operation == "concat" and all(map(_joins, piece.arguments)):
                # As a name it can only be a string, so these are joined as strings.
                pending.extend(reversed(piece.arguments))
            else:
                flat.append(piece)
        elif isinstance(piece, Text):
            pending.extend(reversed(piece.parts))
        else:
            literal = str(piece).lower()
            length += len(literal)
            if flat and isinstance(flat[-1], str):
                flat[-1] += literal
            elif literal:
                flat.append(literal)
    return tuple(flat)


def _joins(value: Value) -> bool:
    return isinstance(value, (str, Term, Text)) or (isinstance(value, int) and not isinstance(value, bool))


def key_of(name: Parts) -> object:
    """A hashable key: equal for names that are equal whatever is deployed."""
    return tuple([part if isinstance(part, str) else part.number for part in name])


def can_equal(first: Parts, second: Parts) -> bool:
    """Whether two names may turn out equal; False only where what is known of them differs."""
    if not first or not second:
        return True
    if len(first) == 1 and isinstance(first[0], str):
        return _matches(first[0], second)
    if len(second) == 1 and isinstance(second[0], str):
        return _matches(second[0], first)
    for a, b, start in ((first[0], second[0], True), (first[-1], second[-1], False)):
        if isinstance(a, str) and isinstance(b, str):
            short, long = sorted((a, b), key=len)
            if not (long.startswith(short) if start else long.endswith(short)):
                return False
    return True


def _matches(text: str, name: Parts) -> bool:
    """Whether a name can come out as this text, if its terms may be any text."""
    if len(name) == 1:
        return name[0] == text if isinstance(name[0], str) else True
    start, end = 0, len(text)
    if isinstance(name[0], str):
        if not text.startswith(name[0]):
            return False
        start = len(name[0])
    if isinstance(name[-1], str):
        if not text.endswith(name[-1]):
            return False
        end -= len(name[-1])
    for part in name[1:-1]:
        if isinstance(part, str):
            found = text.find(part, start, max(end, 0))
            if found < 0:
                return False
            start = found + len(part)
    return start <= end


def _shown(value: Value, budget: int) -> str:
    """The value for people who debug: its first parts, without recursion."""
    out: list[str] = []
    pending: list[Value | tuple[str]] = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, tuple):
            out.append(current[0])
            continue
        if budget <= 0:
            out.append("…")
            continue
        budget -= 1
        if isinstance(current, Term):
            out.append(f"{current.operation}(")
            _push(pending, current.arguments[:_MAX_SHOWN], ", ", ")")
        elif isinstance(current, Text):
            _push(pending, current.parts[:_MAX_SHOWN], "+", "")
        elif isinstance(current, Array):
            out.append("[")
            _push(pending, current.items[:_MAX_SHOWN], ", ", "]")
        elif isinstance(current, Object):
            out.append("{")
            fields = list(current.fields.values())[:_MAX_SHOWN]
            pending.append(("}",))
            for position, (name, field) in reversed(list(enumerate(fields))):
                pending += (field, (f"{', ' if position else ''}{name!r}: ",))
        else:
            out.append(repr(current))
    return "".join(out)


def _push(pending: list[Value | tuple[str]], values: tuple[Value, ...], between: str, closer: str) -> None:
    pending.append((closer,))
    for position, value in reversed(list(enumerate(values))):
        pending.append(value)
        if position:
            pending.append((between,))
