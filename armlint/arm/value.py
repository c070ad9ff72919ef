"""What an ARM expression is worth before deployment: a value, a shape with holes, or nothing known.

Unknown values are terms: the function that made them and its arguments. Equal terms are the same
object, so that "these two names are equal whatever is deployed" is a comparison of identities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from armlint.arm.expression import Expression
    from armlint.jsontext import Node

# ARM refuses longer string literals, and no collection of a template needs more elements. What
# would grow past this is treated as unknown, so that doubling variables cannot fill the memory.
MAX_TEXT: Final = 131_072
MAX_SIZE: Final = 100_000
_MAX_PARTS: Final = 512


class Term:
    """A value that only deployment can tell: an operation on values.

    `operation` is a lower-cased function name, or `property`/`index` for accessors. Made by a
    `Pool` only; two terms of one pool are equal if and only if they are identical.
    """

    __slots__ = ("arguments", "number", "operation")

    def __init__(self, operation: str, arguments: tuple[Value, ...], number: int) -> None:
        self.operation = operation
        self.arguments = arguments
        self.number = number

    def __repr__(self) -> str:
        return f"{self.operation}({', '.join(map(repr, self.arguments))})"


class Text:
    """A string of which only some parts are known; at least one part is a `Term`."""

    __slots__ = ("number", "parts")

    def __init__(self, parts: tuple[str | Term, ...], number: int) -> None:
        self.parts = parts
        self.number = number

    def __repr__(self) -> str:
        return "+".join(map(repr, self.parts))


class Array:
    """An array whose length is known; its items may be unknown. `known` tells that none is."""

    __slots__ = ("items", "known", "number", "size")

    def __init__(self, items: tuple[Value, ...], number: int) -> None:
        self.items = items
        self.number = number
        self.known = all(map(known, items))
        self.size = 1 + sum(map(size, items))

    def __repr__(self) -> str:
        return repr(list(self.items))


class Object:
    """An object whose names are known; its values may be unknown. Names compare ignoring case."""

    __slots__ = ("fields", "known", "number", "size")

    def __init__(self, fields: Mapping[str, tuple[str, Value]], number: int) -> None:
        self.fields = fields
        """Lower-cased name to the name as written and the value."""
        self.number = number
        self.known = all(known(value) for _, value in fields.values())
        self.size = 1 + sum(size(value) for _, value in fields.values())

    def get(self, name: str) -> Value:
        """The value of a field, compared ignoring case; `MISSING` where there is none."""
        field = self.fields.get(name.lower())
        return MISSING if field is None else field[1]

    def __repr__(self) -> str:
        return repr(dict(self.fields.values()))


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """An expression that cannot succeed: why, and where (the string and the part of it)."""

    message: str
    expression: Expression | None = None
    node: Node | None = None


MISSING: Final = Failure("no such property")

Value: TypeAlias = "str | int | float | bool | None | Text | Array | Object | Term | Failure"


def known(value: Value) -> bool:
    """Whether nothing in the value is left to deployment."""
    if isinstance(value, Array | Object):
        return value.known
    return not isinstance(value, Text | Term | Failure)


def size(value: Value) -> int:
    """How many values there are in it, itself included; a shared part counts each time."""
    return value.size if isinstance(value, Array | Object) else 1


def plain(value: Value) -> object:
    """A known value as plain Python; only call where `known(value)`."""
    if isinstance(value, Array):
        return [plain(item) for item in value.items]
    if isinstance(value, Object):
        return {name: plain(field) for name, field in value.fields.values()}
    return value


def identity(value: Value) -> object:
    """A key that is equal for equal values of one pool, and hashable in constant time."""
    if isinstance(value, Term | Text | Array | Object):
        return ("#", value.number)
    if isinstance(value, Failure):
        return ("!", id(value))
    return (type(value).__name__, value)


def is_text(value: Value) -> bool:
    """Whether it is surely a string, though perhaps not a known one."""
    return isinstance(value, str | Text)


class Pool:
    """Makes terms, texts, arrays and objects, each distinct one only once."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: dict[object, Term | Text | Array | Object] = {}

    def term(self, operation: str, *arguments: Value) -> Term:
        """The term of this operation on these arguments."""
        key = (operation, *map(identity, arguments))
        made = self._made.get(key)
        if not isinstance(made, Term):
            made = self._made[key] = Term(operation, arguments, len(self._made))
        return made

    def text(self, parts: Iterable[str | Term | Text]) -> str | Text | Term:
        """The string made of these parts, flattened; a plain `str` where all are known."""
        flat: list[str | Term] = []
        literal: list[str] = []
        length = 0
        for part in parts:
            for piece in part.parts if isinstance(part, Text) else (part,):
                if isinstance(piece, str):
                    literal.append(piece)
                    length += len(piece)
                else:
                    if literal:
                        flat.append("".join(literal))
                        literal.clear()
                    flat.append(piece)
            if length > MAX_TEXT or len(flat) > _MAX_PARTS:
                return self.unique("too-long")
        if literal:
            flat.append("".join(literal))
        flat = [piece for piece in flat if piece != ""]
        if not flat:
            return ""
        if len(flat) == 1:
            return flat[0]
        key = ("+", *map(identity, flat))
        made = self._made.get(key)
        if not isinstance(made, Text):
            made = self._made[key] = Text(tuple(flat), len(self._made))
        return made

    def array(self, items: Iterable[Value]) -> Array | Term:
        """The array of these items."""
        elements = tuple(items)
        key = ("[]", *map(identity, elements))
        made = self._made.get(key)
        if not isinstance(made, Array):
            made = Array(elements, len(self._made))
            if made.size > MAX_SIZE:
                return self.unique("too-large")
            self._made[key] = made
        return made

    def object(self, fields: Iterable[tuple[str, Value]]) -> Object | Term:
        """The object of these fields; of names that are equal ignoring case, the last wins."""
        named = {name.lower(): (name, value) for name, value in fields}
        key = ("{}", *((name, identity(value)) for name, value in named.values()))
        made = self._made.get(key)
        if not isinstance(made, Object):
            made = Object(named, len(self._made))
            if made.size > MAX_SIZE:
                return self.unique("too-large")
            self._made[key] = made
        return made

    def lift(self, value: object) -> Value:
        """A plain Python value (from `plain`, or JSON) as a `Value`."""
        if isinstance(value, list | tuple):
            return self.array(map(self.lift, value))
        if isinstance(value, dict):
            return self.object((str(name), self.lift(field)) for name, field in value.items())
        if value is None or isinstance(value, str | int | float | bool):
            return value
        return self.unique("foreign")

    def unique(self, operation: str) -> Term:
        """A term that is equal to nothing but itself."""
        return self.term(operation, len(self._made))
