"""What a string of a template comes to, piece by piece, each with the place where it is written.

The evaluator tells what an expression is worth; here the question is also where each character of it stands,
through `concat`, `format`, variables, defaults and what a deployment passes to a nested template.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm import expression as syntax
from armlint.arm.evaluate import TOP
from armlint.arm.value import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from armlint.arm.evaluate import Evaluator, Frame, Scope
    from armlint.arm.expression import Expression
    from armlint.jsontext import Node
    from armlint.source import Span

UNKNOWN: Final = "\ufffc"
"""The character that stands for what only deployment can tell."""

_DEPTH: Final = 40
_MOST: Final = 131_072
_STEPS: Final = 2_000
# Functions that give back what they take, as far as a reader is concerned.
_SAME: Final = frozenset({"base64", "string", "trim", "uricomponent", "base64tostring", "json"})
# Functions that can make a text out of literals; what others give back is not worth the work.
_MAKING: Final = frozenset(
    {
        *("replace", "substring", "tolower", "toupper", "take", "skip", "first", "last", "padleft", "join"),
        *("variables", "parameters", "concat", "format", "if", "uri", "createobject", "createarray", "split"),
        *_SAME,
    }
)
_HOLE: Final = re.compile(r"\{\{|\}\}|\{([0-9]{1,3})(?:,[^{}]*)?(:[^{}]*)?\}")


class Piece(NamedTuple):
    """Characters in a row that come from one place: `node.value[start:end]`, or from none.

    `exact` says that each character of the text is one of the node, in order.
    """

    text: str
    node: Node | None = None
    start: int = 0
    end: int = 0
    exact: bool = True


class Origin(NamedTuple):
    """Where characters are written: in a string of the template, `node.value[start:end]`."""

    node: Node
    start: int
    end: int

    @property
    def whole(self) -> bool:
        """Whether it is all of the string."""
        return self.start == 0 and self.end == len(str(self.node.value))

    @property
    def span(self) -> Span:
        """The characters in the text of the file, quotes included where it is all between them."""
        value = str(self.node.value)
        start, end = self.start, self.end
        if self.whole:
            return self.node.span
        if value[:1] == "[" and value[start - 1 : start] == "'" == value[end : end + 1]:
            start, end = start - 1, end + 1
        return self.node.span_of(start, end)


class Flat:
    """A text made of pieces. `dynamic` are the spans of what is not known."""

    __slots__ = ("_starts", "choices", "dynamic", "pieces", "text")

    def __init__(self, pieces: list[Piece], *, choices: bool = False) -> None:
        self.pieces = pieces
        self.choices = choices
        """Whether the text would be another one with the second branch of each `if`."""
        self.text = "".join([piece.text for piece in pieces])
        self._starts = list(accumulate((len(piece.text) for piece in pieces), initial=0))
        self.dynamic = [
            (start, start + len(piece.text))
            for start, piece in zip(self._starts, pieces, strict=False)
            if piece.node is None and piece.text == UNKNOWN
        ]

    def origin(self, start: int, end: int) -> Origin | None:
        """Where characters of the text are written; of those from several places, the first."""
        index = max(bisect_right(self._starts, start) - 1, 0)
        found: Origin | None = None
        while index < len(self.pieces) and self._starts[index] < end:
            piece, base = self.pieces[index], self._starts[index]
            index += 1
            if piece.node is None or not piece.text:
                continue
            if found is not None and piece.node is not found.node:
                break
            first, last = piece.start, piece.end
            if piece.exact:
                first += max(start - base, 0)
                last = piece.start + min(end - base, len(piece.text))
            found = Origin(piece.node, first if found is None else found.start, last)
        return found


class Flattener:
    """Makes texts of the strings of one file. Work is bounded in proportion to the file's size."""

    def __init__(self, evaluator: Evaluator, size: int) -> None:
        self._evaluator = evaluator
        self._left = 50_000 + 4 * size
        self._steps = 0
        self._length = 0
        self._second = False
        self._choices = False

    def of(self, node: Node, scope: Scope | None, frame: Frame = TOP, *, second: bool = False) -> Flat:
        """The text of a string, or of the strings of an array with blanks between; of an `if` one branch.

        Without a scope nothing is evaluated.
        """
        self._steps = min(_STEPS, self._left)
        self._length = 0
        self._second, self._choices = second, False
        pieces: list[Piece] = []
        for item in node.items if node.kind == "array" else (node,):
            if pieces:
                pieces.append(Piece(" "))
            pieces += self._node(item, scope, frame, 0)
        self._left -= min(_STEPS, self._left) - self._steps + self._length // 16
        return Flat(pieces, choices=self._choices)

    def _enter(self, depth: int) -> bool:
        self._steps -= 1
        return self._steps > 0 and depth < _DEPTH and self._length < _MOST

    def _literal(self, text: str, node: Node, start: int, end: int) -> list[Piece]:
        self._length += len(text)
        return [Piece(text, node, start, end, len(text) == end - start)]

    def _node(self, node: Node | None, scope: Scope | None, frame: Frame, depth: int) -> list[Piece]:
        if node is None or not isinstance(node.value, str) or node.kind != "string" or not self._enter(depth):
            return [_DYNAMIC]
        text = node.value
        read = syntax.read(text) if scope is not None else None
        if read is None:
            escaped = len(text) - len(syntax.literal(text))
            return self._literal(text[escaped:], node, escaped, len(text))
        if isinstance(read, syntax.Invalid) or scope is None:
            return [_DYNAMIC]
        return self._expression(read, _Place(node, scope, frame), depth)

    def _expression(self, expression: Expression, at: _Place, depth: int) -> list[Piece]:
        if not self._enter(depth):
            return [_DYNAMIC]
        if isinstance(expression, syntax.Literal):
            if isinstance(expression.value, str):
                return self._literal(expression.value, at.node, expression.start + 1, expression.end - 1)
            return self._literal(str(expression.value), at.node, expression.start, expression.end)
        path: list[str | int] = []
        base: Expression = expression
        while isinstance(base, (syntax.Property, syntax.Index)):
            if isinstance(base, syntax.Property):
                path.append(base.name)
            elif isinstance(base.index, syntax.Literal):
                path.append(base.index.value)
            else:
                return self._evaluated(expression, at)
            base = base.base
        if isinstance(base, syntax.Literal):
            return [_DYNAMIC]
        if base.function in {"variables", "parameters"}:
            return self._named(base, path[::-1], at, depth) or self._evaluated(expression, at)
        make = _FUNCTIONS.get(base.function)
        made = None if make is None or path else make(self, base, at, depth)
        return self._evaluated(expression, at) if made is None else made

    def _named(self, call: syntax.Call, path: list[str | int], at: _Place, depth: int) -> list[Piece] | None:
        """A variable, or a parameter by what is passed to it or by its default."""
        argument = call.args[0] if len(call.args) == 1 else None
        if not isinstance(argument, syntax.Literal) or not isinstance(argument.value, str):
            return None
        scope, frame = at.scope, TOP
        if at.frame.arguments is not None:
            return None
        if call.function == "variables":
            variable = scope.variables.get(argument.value.lower())
            node = None if variable is None or variable.copy is not None else variable.node
        else:
            parameter = scope.parameters.get(argument.value.lower())
            if parameter is None:
                return None
            node = parameter.node.get("defaultValue")
            passed = None if scope.bindings is None else scope.bindings.get(argument.value.lower())
            if passed is not None and scope.outer is not None:
                node, scope, frame = passed.get("value"), scope.outer, scope.frame
        node = None if node is None else node.at(*path)
        if node is None or node.kind != "string":
            return None
        return self._node(node, scope, frame, depth + 1)

    def _evaluated(self, expression: Expression, at: _Place) -> list[Piece]:
        """What the evaluator makes of an expression; its characters have no place of their own."""
        base = expression
        while isinstance(base, (syntax.Property, syntax.Index)):
            base = base.base
        if isinstance(base, syntax.Call) and base.function not in _MAKING and "." not in base.function:
            return [_DYNAMIC]
        try:
            value = self._evaluator.expression(expression, at.scope, at.frame)
        except RecursionError:
            return [_DYNAMIC]
        parts = value.parts if isinstance(value, Text) else (value,)
        found: list[Piece] = []
        for part in parts:
            if isinstance(part, str):
                self._length += len(part)
                found.append(Piece(part, at.node, expression.start, expression.end, exact=False))
            else:
                found.append(_DYNAMIC)
        return found

    def _concat(self, call: syntax.Call, at: _Place, depth: int) -> list[Piece] | None:
        found: list[Piece] = []
        for argument in call.args:
            found += self._expression(argument, at, depth + 1)
        return found

    def _format(self, call: syntax.Call, at: _Place, depth: int) -> list[Piece] | None:
        if not call.args:
            return None
        found: list[Piece] = []
        for piece in self._expression(call.args[0], at, depth + 1):
            if piece.node is None or not piece.exact:
                found.append(piece)
                continue
            last = 0
            for hole in _HOLE.finditer(piece.text):
                found.append(_part(piece, last, hole.start()))
                last = hole.end()
                number = hole[1]
                if number is None:
                    found.append(_part(piece, hole.start(), hole.start() + 1))
                elif hole[2] or int(number) + 1 >= len(call.args):
                    found.append(_DYNAMIC)
                else:
                    found += self._expression(call.args[int(number) + 1], at, depth + 1)
            found.append(_part(piece, last, len(piece.text)))
        return found

    def _first(self, call: syntax.Call, at: _Place, depth: int) -> list[Piece] | None:
        return self._expression(call.args[0], at, depth + 1) if len(call.args) == 1 else None

    def _either(self, call: syntax.Call, at: _Place, depth: int) -> list[Piece] | None:
        if len(call.args) != 3:  # noqa: PLR2004 - a condition and two branches
            return None
        condition = self._evaluator.expression(call.args[0], at.scope, at.frame)
        if isinstance(condition, bool):
            return self._expression(call.args[1 if condition else 2], at, depth + 1)
        self._choices = True
        return self._expression(call.args[2 if self._second else 1], at, depth + 1)


class _Place(NamedTuple):
    node: Node
    scope: Scope
    frame: Frame


_DYNAMIC: Final = Piece(UNKNOWN)
_FUNCTIONS: Final[dict[str, Callable[[Flattener, syntax.Call, _Place, int], list[Piece] | None]]] = {
    "concat": Flattener._concat,  # noqa: SLF001 - a table of methods
    "format": Flattener._format,  # noqa: SLF001
    "if": Flattener._either,  # noqa: SLF001
    **dict.fromkeys(_SAME, Flattener._first),  # noqa: SLF001
}


def _part(piece: Piece, start: int, end: int) -> Piece:
    return Piece(piece.text[start:end], piece.node, piece.start + start, piece.start + end)


def named_within(node: Node, name: str, scope: Scope) -> Node:
    """The string of this name in the object of a variable that a node takes whole; else the node."""
    if node.kind != "string" or not isinstance(node.value, str) or node.key is None:
        return node
    if str(node.key).lower() == name.lower():
        return node
    read = syntax.read(node.value)
    path: list[str | int] = []
    while isinstance(read, (syntax.Property, syntax.Index)):
        if isinstance(read, syntax.Index):
            if not isinstance(read.index, syntax.Literal):
                return node
            path.append(read.index.value)
        else:
            path.append(read.name)
        read = read.base
    if not isinstance(read, syntax.Call) or not read.args or not isinstance(read.args[0], syntax.Literal):
        return node
    variable = scope.variables.get(str(read.args[0].value).lower())
    held = None if variable is None else variable.node.at(*reversed(path))
    if held is None:
        return node
    return next((below for below in held.walk() if str(below.key).lower() == name.lower()), node)
