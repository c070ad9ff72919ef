"""Expressions evaluated in place: each is a value, unknown, or a failure, and nothing is rewritten.

What only deployment can tell stays a term. A parameter of the template that is deployed is such
a term even where it has a default, since any deployment may pass another value; a parameter of
an inner-scope nested template is what its deployment resource passes, or its default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeGuard

from armlint.arm import expression as syntax
from armlint.arm.value import (
    MISSING,
    Array,
    Failure,
    Object,
    Pool,
    Term,
    Text,
    Value,
    identity,
    is_text,
    known,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from armlint.arm.expression import Expression
    from armlint.jsontext import Member, Node

# Python's own stack bounds recursion; this leaves room for whoever called.
_MAX_DEPTH: Final = 120
# Larger loops over a property or variable stay unknown: nothing is gained from their elements.
_MAX_COPIES: Final = 64
_STEPS_PER_CHARACTER: Final = 4
_MIN_STEPS: Final = 200_000


class Parameter(NamedTuple):
    """A parameter that a template declares: its name as written, where, and its definition."""

    name: str
    member: Member
    node: Node


class Variable(NamedTuple):
    """A variable: its value, or the loop that makes it (`copy`, whose `input` is repeated)."""

    name: str
    place: Member | Node
    node: Node
    copy: Node | None


class UserFunction(NamedTuple):
    """A user-defined function: its parameter names in order and the node of its output value."""

    name: str
    parameters: tuple[str, ...]
    body: Node
    member: Member


class Frame(NamedTuple):
    """What an expression can see besides its scope: loops, lambda variables, function arguments."""

    loop: str | None = None
    indices: Mapping[str, int] = {}
    lambdas: Mapping[str, Value] = {}
    arguments: Mapping[str, Value] | None = None


TOP: Final = Frame()


class Scope:
    """The names that the expressions of a template can use.

    `bindings` are the `parameters` that the deployment resource of an inner-scope template
    passes, evaluated in `outer` with `frame`; None for a template that is deployed by itself.
    """

    __slots__ = (
        "bindings",
        "definitions",
        "frame",
        "functions",
        "language",
        "number",
        "outer",
        "parameters",
        "variables",
    )

    def __init__(
        self,
        number: int,
        *,
        parameters: Mapping[str, Parameter],
        variables: Mapping[str, Variable],
        functions: Mapping[str, UserFunction],
        definitions: Node | None = None,
        language: str = "1.0",
        bindings: Mapping[str, Node] | None = None,
        outer: Scope | None = None,
        frame: Frame = TOP,
    ) -> None:
        self.number = number
        self.parameters = parameters
        self.variables = variables
        self.functions = functions
        self.definitions = definitions
        self.language = language
        self.bindings = bindings
        self.outer = outer
        self.frame = frame


class Evaluator:
    """Evaluates the expressions of one document; remembers variables and parameters.

    `size` is the length of the text. Work is bounded in proportion to it: when the bound is
    reached, everything further is unknown.
    """

    __slots__ = ("_depth", "_parameters", "_references", "_scopes", "_steps", "_variables", "pool")

    def __init__(self, size: int = 0) -> None:
        self.pool = Pool()
        self._steps = _MIN_STEPS + _STEPS_PER_CHARACTER * size
        self._depth = 0
        self._scopes = 0
        self._variables: dict[tuple[int, str], Value] = {}
        self._parameters: dict[tuple[int, str], Value] = {}
        self._references: dict[tuple[int, str], tuple[str, ...]] = {}

    def new_scope(self) -> int:
        """A number for a scope, different from all others that use this evaluator."""
        self._scopes += 1
        return self._scopes

    def value(self, node: Node, scope: Scope, frame: Frame = TOP) -> Value:
        """The value of a JSON node whose strings may be expressions."""
        kind = node.kind
        if kind == "string":
            text = node.value
            if not isinstance(text, str):
                return self.pool.unique("invalid")
            read = syntax.read(text)
            if read is None:
                return syntax.literal(text)
            if isinstance(read, syntax.Invalid):
                return Failure(read.message, node=node)
            result = self.expression(read, scope, frame)
            if isinstance(result, Failure) and result.node is None:
                return Failure(result.message, result.expression, node)
            return result
        if kind == "object" or kind == "array":
            if self._depth >= _MAX_DEPTH or not self._step():
                return self.pool.unique("too-deep")
            self._depth += 1
            try:
                if kind == "array":
                    return self.pool.array([self.value(item, scope, frame) for item in node.items])
                return self._object(node, scope, frame)
            finally:
                self._depth -= 1
        if kind == "invalid":
            return self.pool.unique("invalid")
        return node.value

    def name(self, member: Member, scope: Scope, frame: Frame = TOP) -> Value:
        """The name of an object member, which may be an expression too."""
        read = syntax.read(member.name)
        if read is None:
            return syntax.literal(member.name)
        if isinstance(read, syntax.Invalid):
            return self.pool.unique("invalid")
        return self.expression(read, scope, frame)

    def expression(self, expression: Expression, scope: Scope, frame: Frame = TOP) -> Value:
        """The value of a parsed expression."""
        if isinstance(expression, syntax.Literal):
            return expression.value
        if self._depth >= _MAX_DEPTH or not self._step():
            return self.pool.unique("too-deep")
        self._depth += 1
        try:
            return self._evaluate(expression, scope, frame)
        finally:
            self._depth -= 1

    def variable(self, scope: Scope, name: str) -> Value:
        """The value of a variable; what it needs is evaluated first, without deep recursion."""
        pending = [name.lower()]
        opened: set[str] = set()
        while pending:
            current = pending[-1]
            key = (scope.number, current)
            if key in self._variables or current not in scope.variables:
                pending.pop()
            elif current in opened:
                pending.pop()
                self._variables[key] = _RING
                self._variables[key] = self._variable(scope, scope.variables[current])
            else:
                opened.add(current)
                pending.extend(
                    needed
                    for needed in self.references(scope, current)
                    if needed not in opened and (scope.number, needed) not in self._variables
                )
        return self._variables.get((scope.number, name.lower()), _UNDEFINED_VARIABLE)

    def references(self, scope: Scope, name: str) -> tuple[str, ...]:
        """The variables, lower-cased, that the variable `name` names literally, in order."""
        key = (scope.number, name.lower())
        found = self._references.get(key)
        if found is None:
            variable = scope.variables.get(key[1])
            found = () if variable is None else tuple(_named_variables(variable.node))
            self._references[key] = found
        return found

    def parameter(self, scope: Scope, name: str) -> Value:
        """The value of a parameter: a term unless a nested deployment decides it."""
        key = (scope.number, name.lower())
        if key in self._parameters:
            return self._parameters[key]
        parameter = scope.parameters.get(key[1])
        if parameter is None:
            return _UNDEFINED_PARAMETER
        # What is being evaluated counts as unknown, so that defaults that need each other end.
        unknown = self.pool.term("parameters", scope.number, parameter.name)
        self._parameters[key] = unknown
        if scope.bindings is not None:
            self._parameters[key] = self._bound(scope, parameter, unknown)
        return self._parameters[key]

    def _bound(self, scope: Scope, parameter: Parameter, unknown: Term) -> Value:
        bindings, outer = scope.bindings, scope.outer
        if bindings is None or outer is None:
            return unknown
        passed = bindings.get(parameter.name.lower())
        if passed is not None:
            given = passed.get("value")
            return unknown if given is None else self.value(given, outer, scope.frame)
        default = parameter.node.get("defaultValue")
        return unknown if default is None else self.value(default, scope)

    def _step(self) -> bool:
        self._steps -= 1
        return self._steps > 0

    def _variable(self, scope: Scope, variable: Variable) -> Value:
        if variable.copy is not None:
            return self._repeated(variable.copy, scope, TOP, variable.name)
        return self.value(variable.node, scope)

    def _object(self, node: Node, scope: Scope, frame: Frame) -> Value:
        fields: list[tuple[str, Value]] = []
        for member in node.members:
            name: Value = member.name
            if member.name[:1] == "[":
                name = self.name(member, scope, frame)
                if not isinstance(name, str):
                    return self.pool.unique("names")
            elif member.name.lower() == "copy" and member.value.kind == "array":
                loops = [loop for loop in member.value.items if loop.get("input") is not None]
                if loops and len(loops) == len(member.value.items):
                    for loop in loops:
                        made = loop.get("name")
                        if made is None or not isinstance(made.value, str):
                            return self.pool.unique("names")
                        fields.append((made.value, self._repeated(loop, scope, frame, made.value)))
                    continue
            fields.append((name, self.value(member.value, scope, frame)))
        return self.pool.object(fields)

    def _repeated(self, loop: Node, scope: Scope, frame: Frame, name: str) -> Value:
        """The array that a property or variable loop makes."""
        count_node, element = loop.get("count"), loop.get("input")
        if count_node is None or element is None:
            return self.pool.unique("copy")
        count = self.value(count_node, scope, frame)
        if not _is_integer(count) or not 0 <= count <= _MAX_COPIES:
            return self.pool.unique("copy")
        key = name.lower()
        return self.pool.array(
            [
                self.value(element, scope, frame._replace(indices={**frame.indices, key: index}))
                for index in range(count)
            ]
        )

    def _evaluate(self, expression: Expression, scope: Scope, frame: Frame) -> Value:
        accessors: list[syntax.Property | syntax.Index] = []
        while isinstance(expression, syntax.Property | syntax.Index):
            accessors.append(expression)
            expression = expression.base
        if isinstance(expression, syntax.Literal):
            return expression.value
        value = self._call(expression, scope, frame)
        for accessor in reversed(accessors):
            if isinstance(accessor, syntax.Property):
                key: Value = accessor.name
            else:
                key = self.expression(accessor.index, scope, frame)
            value = self._access(value, key, accessor)
        return value

    def _access(self, value: Value, key: Value, at: Expression) -> Value:
        if isinstance(value, Failure):
            return value
        if isinstance(key, Failure):
            return key
        if isinstance(value, Term):
            return self.pool.term("property", value, key.lower() if isinstance(key, str) else key)
        if not known(key):
            return self.pool.term("property", value, key)
        if isinstance(value, Object) and isinstance(key, str):
            found = value.get(key)
            if found is MISSING:
                return Failure(f"the object has no property '{key}'", at)
            return found
        if isinstance(value, Array) and _is_integer(key):
            if 0 <= key < len(value.items):
                return value.items[key]
            return Failure(f"index {key} is outside the array, which has {len(value.items)} items", at)
        if isinstance(value, Object | Array):
            return Failure("an object takes a property name, an array takes a whole number", at)
        return Failure("only objects and arrays have properties and items", at)

    def _call(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        function = call.function
        special = _LAZY.get(function)
        if special is not None:
            return special(self, call, scope, frame)
        arguments = [self.expression(argument, scope, frame) for argument in call.args]
        for argument in arguments:
            if isinstance(argument, Failure):
                return argument
        if "." in function:
            return self._user_function(call, arguments, scope)
        shaped = _SHAPED.get(function)
        if shaped is not None:
            result = shaped(self, arguments)
            if result is not NotImplemented:
                return _placed(result, call)
        if all(map(known, arguments)):
            return _placed(self._pure(function, arguments), call)
        return self.pool.term(function, *arguments)

    def _pure(self, function: str, arguments: list[Value]) -> Value:
        # Most templates call nothing that needs this table.
        from armlint.arm import pure

        implementation = pure.PURE.get(function)
        if implementation is None:
            return self.pool.term(function, *arguments)
        try:
            return self.pool.lift(implementation(*map(plain, arguments)))
        except pure.Wrong as wrong:
            return Failure(str(wrong))
        except pure.Undecided:
            return self.pool.term(function, *arguments)

    def _user_function(self, call: syntax.Call, arguments: list[Value], scope: Scope) -> Value:
        function = scope.functions.get(call.function)
        if function is None:
            return Failure(f"there is no function '{call.name}'", call)
        if len(arguments) != len(function.parameters):
            return Failure(f"'{call.name}' takes {len(function.parameters)} arguments", call)
        names = dict(zip(function.parameters, arguments, strict=True))
        return self.value(function.body, scope, Frame(arguments=names))

    # -- functions that need more than the values of their arguments --

    def _parameters_call(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        name = self._only_name(call, scope, frame)
        if not isinstance(name, str):
            return name if isinstance(name, Failure) else self.pool.term("parameters", name)
        if frame.arguments is not None:
            return frame.arguments.get(name.lower(), _UNDEFINED_PARAMETER)
        return _placed(self.parameter(scope, name), call)

    def _variables_call(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        name = self._only_name(call, scope, frame)
        if not isinstance(name, str):
            return name if isinstance(name, Failure) else self.pool.term("variables", name)
        return _placed(self.variable(scope, name), call)

    def _only_name(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        if len(call.args) != 1:
            return Failure(f"'{call.name}' takes one argument", call)
        return self.expression(call.args[0], scope, frame)

    def _if(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        if len(call.args) != 3:  # noqa: PLR2004 - the three of if()
            return Failure("'if' takes three arguments", call)
        condition = self.expression(call.args[0], scope, frame)
        if isinstance(condition, bool):
            return self.expression(call.args[1 if condition else 2], scope, frame)
        if isinstance(condition, Failure):
            return condition
        branches = [self.expression(branch, scope, frame) for branch in call.args[1:]]
        if identity(branches[0]) == identity(branches[1]):
            return branches[0]
        # A branch that fails does no harm unless it is taken.
        safe = [self.pool.unique("failure") if isinstance(b, Failure) else b for b in branches]
        return self.pool.term("if", condition, *safe)

    def _every(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        """`and` and `or`, which stop at the first argument that decides."""
        decisive = call.function == "or"
        unknown: list[Value] = []
        for argument in call.args:
            value = self.expression(argument, scope, frame)
            if value is decisive:
                return decisive
            if isinstance(value, Failure):
                return value
            if not isinstance(value, bool):
                unknown.append(value)
        return self.pool.term(call.function, *unknown) if unknown else not decisive

    def _coalesce(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        values: list[Value] = []
        for argument in call.args:
            value = self.expression(argument, scope, frame)
            if isinstance(value, Failure):
                return self.pool.unique("failure") if values else value
            if value is None:
                continue
            values.append(value)
            if not isinstance(value, Term):
                break
        if not values:
            return None
        return values[0] if len(values) == 1 else self.pool.term("coalesce", *values)

    def _copy_index(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        arguments = [self.expression(argument, scope, frame) for argument in call.args]
        loop = arguments.pop(0).lower() if arguments and isinstance(arguments[0], str) else None
        offset = arguments[0] if arguments else 0
        if loop is not None and loop in frame.indices and _is_integer(offset):
            return frame.indices[loop] + offset
        if loop is None and frame.loop is None and len(frame.indices) == 1 and _is_integer(offset):
            return next(iter(frame.indices.values())) + offset
        # The index of a resource's own loop has no name here: element n of one loop is meant
        # for element n of another wherever templates pair them.
        named = None if loop is None or loop == frame.loop else loop
        return self.pool.term("copyindex", named, offset)

    def _lambda_variables(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        name = self._only_name(call, scope, frame)
        if isinstance(name, str) and name.lower() in frame.lambdas:
            return frame.lambdas[name.lower()]
        return self.pool.unique("lambdavariables")

    def _ambient(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        """A function whose answer depends on where its template is deployed."""
        arguments = [self.expression(argument, scope, frame) for argument in call.args]
        return self.pool.term(call.function, scope.number, *arguments)

    def _resource_id(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        arguments = [self.expression(argument, scope, frame) for argument in call.args]
        for argument in arguments:
            if isinstance(argument, Failure):
                return argument
        prefixes, rest = _split_resource_id(call.function, arguments)
        if rest is None:
            return self.pool.term(call.function, scope.number, *arguments)
        resource_type, *names = rest
        segments = str(resource_type).strip("/").split("/")
        if len(segments) != len(names) + 1:
            if all(map(known, arguments)):
                return Failure(
                    f"'{call.name}' needs one name for each segment of the type after the first"
                    f" ({len(segments) - 1}), not {len(names)}",
                    call,
                )
            return self.pool.term(call.function, scope.number, *arguments)
        parts: list[str | Term | Text] = []
        if call.function == "extensionresourceid":
            base = prefixes[0]
            parts.append(base if isinstance(base, str | Term | Text) else self.pool.unique("scope"))
        elif call.function != "tenantresourceid":
            parts.append(self.pool.term(f"{call.function}-scope", scope.number, *prefixes))
        parts.append(f"/providers/{segments[0]}")
        for segment, name in zip(segments[1:], names, strict=True):
            parts.append(f"/{segment}/")
            parts.append(_as_part(name, self.pool))
        return self.pool.text(parts)

    def _mapped(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        """The functions that take a lambda."""
        function = call.function
        subject = self.expression(call.args[0], scope, frame) if call.args else MISSING
        if isinstance(subject, Failure):
            return subject
        bodies = [_lambda(argument) for argument in call.args[1:]]
        unknown = self.pool.term(function, subject, self.pool.unique("lambda"))
        if None in bodies[:1] or not bodies:
            return unknown
        apply = _Lambda(self, bodies[0], scope, frame)
        if isinstance(subject, Object) and function == "mapvalues":
            return self.pool.object((n, apply(v)) for n, v in subject.fields.values())
        if not isinstance(subject, Array):
            return unknown
        if function == "map":
            return self.pool.array([apply(item, index) for index, item in enumerate(subject.items)])
        if function == "filter":
            kept = []
            for index, item in enumerate(subject.items):
                verdict = apply(item, index)
                if not isinstance(verdict, bool):
                    return unknown
                if verdict:
                    kept.append(item)
            return self.pool.array(kept)
        if function == "toobject":
            value_of = _Lambda(self, bodies[1], scope, frame) if len(bodies) > 1 else None
            fields = []
            for item in subject.items:
                key = apply(item)
                if not isinstance(key, str):
                    return unknown
                fields.append((key, value_of(item) if value_of else item))
            return self.pool.object(fields)
        return unknown

    def _reduce(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        if len(call.args) != 3:  # noqa: PLR2004 - array, start, lambda
            return Failure("'reduce' takes three arguments", call)
        subject = self.expression(call.args[0], scope, frame)
        result = self.expression(call.args[1], scope, frame)
        body = _lambda(call.args[2])
        if not isinstance(subject, Array) or body is None:
            return self.pool.unique("reduce")
        apply = _Lambda(self, body, scope, frame)
        for index, item in enumerate(subject.items):
            result = apply(result, item, index)
        return result

    def _lone_lambda(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        return self.pool.unique("lambda")


class _Lambda:
    """A lambda expression that can be applied to values."""

    __slots__ = ("_body", "_evaluator", "_frame", "_names", "_scope")

    def __init__(
        self,
        evaluator: Evaluator,
        definition: tuple[tuple[str, ...], Expression] | None,
        scope: Scope,
        frame: Frame,
    ) -> None:
        self._evaluator = evaluator
        self._names, self._body = definition or ((), syntax.Literal("", 0, 0))
        self._scope = scope
        self._frame = frame

    def __call__(self, *arguments: Value) -> Value:
        bound = dict(zip(self._names, arguments, strict=False))
        frame = self._frame._replace(lambdas={**self._frame.lambdas, **bound})
        value = self._evaluator.expression(self._body, self._scope, frame)
        return self._evaluator.pool.unique("failure") if isinstance(value, Failure) else value


def variable_references(node: Node) -> Iterator[tuple[Node | Member, syntax.Literal]]:
    """Each literal name given to `variables()` in the strings of a node: the string, the literal."""
    for place, call in calls(node):
        if call.function == "variables" and len(call.args) == 1:
            name = call.args[0]
            if isinstance(name, syntax.Literal) and isinstance(name.value, str):
                yield place, name


def calls(node: Node) -> Iterator[tuple[Node | Member, syntax.Call]]:
    """Each function call in the strings and member names of a node, with the string it is in."""
    for below in node.walk():
        if below.kind == "string" and isinstance(below.value, str):
            yield from _calls_in(below, below.value)
        for member in below.members:
            yield from _calls_in(member, member.name)


def _calls_in(place: Node | Member, text: str) -> Iterator[tuple[Node | Member, syntax.Call]]:
    if text[:1] != "[":
        return
    read = syntax.read(text)
    if read is None or isinstance(read, syntax.Invalid):
        return
    for part in syntax.walk(read):
        if isinstance(part, syntax.Call):
            yield place, part


def _named_variables(node: Node) -> Iterator[str]:
    return (str(name.value).lower() for _, name in variable_references(node))


_RING: Final = Failure("the variable needs itself")
_UNDEFINED_VARIABLE: Final = Failure("there is no such variable")
_UNDEFINED_PARAMETER: Final = Failure("there is no such parameter")


def _placed(value: Value, call: syntax.Call) -> Value:
    if isinstance(value, Failure) and value.expression is None and value.node is None:
        return Failure(value.message, call)
    return value


def _is_integer(value: Value) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _as_part(value: Value, pool: Pool) -> str | Term | Text:
    if isinstance(value, str | Term | Text):
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int):
        return str(value)
    if value is None:
        return ""
    return pool.term("string", value)


def _lambda(argument: Expression) -> tuple[tuple[str, ...], Expression] | None:
    """The variable names and the body of a `lambda(…)` argument."""
    if not isinstance(argument, syntax.Call) or argument.function != "lambda" or not argument.args:
        return None
    names = []
    for name in argument.args[:-1]:
        if not isinstance(name, syntax.Literal) or not isinstance(name.value, str):
            return None
        names.append(name.value.lower())
    return tuple(names), argument.args[-1]


def _split_resource_id(function: str, arguments: list[Value]) -> tuple[list[Value], list[Value] | None]:
    """What stands before the resource type, and the type with its names; None where unclear."""
    if function == "extensionresourceid":
        if len(arguments) > 1 and isinstance(arguments[1], str) and "/" in arguments[1]:
            return arguments[:1], arguments[1:]
        return [], None
    for index, argument in enumerate(arguments[:3]):
        if isinstance(argument, str) and "/" in argument.strip("/"):
            return arguments[:index], arguments[index:]
    return [], None


# -- functions that can say something though not all is known; NotImplemented: try the table --


def _concat(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if any(isinstance(argument, Array) for argument in arguments):
        if all(isinstance(argument, Array) for argument in arguments):
            return evaluator.pool.array(
                item for argument in arguments if isinstance(argument, Array) for item in argument.items
            )
        return evaluator.pool.term("concat", *arguments)
    if all(map(known, arguments)):
        return NotImplemented
    if any(isinstance(argument, Object) for argument in arguments):
        return evaluator.pool.term("concat", *arguments)
    return evaluator.pool.text(_as_part(argument, evaluator.pool) for argument in arguments)


def _format(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if not arguments or not isinstance(arguments[0], str) or all(map(known, arguments)):
        return NotImplemented
    parts: list[str | Term | Text] = []
    for literal, index in _format_items(arguments[0]):
        parts.append(literal)
        if index is None:
            continue
        if not index.isdecimal():
            return evaluator.pool.term("format", *arguments)
        if int(index) + 1 >= len(arguments):
            return Failure("'format' has no argument for every place in its format string")
        parts.append(_as_part(arguments[int(index) + 1], evaluator.pool))
    return evaluator.pool.text(parts)


def _format_items(text: str) -> Iterator[tuple[str, str | None]]:
    """A .NET format string as pairs of literal text and what stands in the braces behind it."""
    literal: list[str] = []
    position = 0
    while position < len(text):
        brace = min((i for i in (text.find("{", position), text.find("}", position)) if i >= 0), default=-1)
        if brace < 0:
            break
        literal.append(text[position:brace])
        if text[brace : brace + 2] in ("{{", "}}"):
            literal.append(text[brace])
            position = brace + 2
            continue
        end = text.find("}", brace)
        if text[brace] == "}" or end < 0:
            yield "".join(literal), "?"
            return
        yield "".join(literal), text[brace + 1 : end]
        literal.clear()
        position = end + 1
    yield "".join(literal) + text[position:], None


def _create_array(evaluator: Evaluator, arguments: list[Value]) -> Value:
    return evaluator.pool.array(arguments)


def _create_object(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) % 2:
        return Failure("'createObject' takes pairs of a name and a value")
    names = arguments[::2]
    if all(isinstance(name, str) for name in names):
        return evaluator.pool.object(
            (str(name), value) for name, value in zip(names, arguments[1::2], strict=True)
        )
    return evaluator.pool.term("createobject", *arguments)


def _array(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 1 and isinstance(arguments[0], Array):
        return arguments[0]
    if len(arguments) == 1 and not isinstance(arguments[0], Term):
        return evaluator.pool.array(arguments)
    return NotImplemented


def _union(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if all(map(known, arguments)) or not all(isinstance(argument, Object) for argument in arguments):
        return NotImplemented
    merged: Value = arguments[0]
    for argument in arguments[1:]:
        merged = _merge(evaluator, merged, argument)
    return merged


def _merge(evaluator: Evaluator, first: Value, second: Value) -> Value:
    if isinstance(first, Object) and isinstance(second, Object):
        fields = dict(first.fields)
        for key, (name, value) in second.fields.items():
            before = fields.get(key)
            fields[key] = (name, value if before is None else _merge(evaluator, before[1], value))
        return evaluator.pool.object(fields.values())
    if isinstance(first, Object | Term) and isinstance(second, Object | Term):
        return evaluator.pool.term("union", first, second)
    return second


def _first(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 1 and isinstance(arguments[0], Array) and arguments[0].items:
        return arguments[0].items[0]
    return NotImplemented


def _last(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 1 and isinstance(arguments[0], Array) and arguments[0].items:
        return arguments[0].items[-1]
    return NotImplemented


def _take(evaluator: Evaluator, arguments: list[Value]) -> Value:
    return _slice(evaluator, arguments, lambda items, count: items[: max(count, 0)])


def _skip(evaluator: Evaluator, arguments: list[Value]) -> Value:
    return _slice(evaluator, arguments, lambda items, count: items[max(count, 0) :])


def _slice(
    evaluator: Evaluator,
    arguments: list[Value],
    cut: Callable[[tuple[Value, ...], int], tuple[Value, ...]],
) -> Value:
    if len(arguments) == 2 and isinstance(arguments[0], Array) and _is_integer(arguments[1]):  # noqa: PLR2004
        return evaluator.pool.array(cut(arguments[0].items, arguments[1]))
    return NotImplemented


def _length(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 1 and isinstance(arguments[0], Array):
        return len(arguments[0].items)
    if len(arguments) == 1 and isinstance(arguments[0], Object):
        return len(arguments[0].fields)
    return NotImplemented


def _empty(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) != 1:
        return NotImplemented
    subject = arguments[0]
    if isinstance(subject, Array):
        return not subject.items
    if isinstance(subject, Object):
        return not subject.fields
    if isinstance(subject, Text) and any(isinstance(part, str) for part in subject.parts):
        return False
    return NotImplemented


def _contains(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 2 and isinstance(arguments[0], Object) and isinstance(arguments[1], str):  # noqa: PLR2004
        return arguments[0].get(arguments[1]) is not MISSING
    return NotImplemented


def _equals(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) != 2 or all(map(known, arguments)):  # noqa: PLR2004
        return NotImplemented
    if identity(arguments[0]) == identity(arguments[1]):
        return True
    return NotImplemented


def _not(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 1 and isinstance(arguments[0], Term) and arguments[0].operation == "not":
        return arguments[0].arguments[0]
    return NotImplemented


def _string(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 1 and is_text(arguments[0]):
        return arguments[0]
    return NotImplemented


def _to_lower(evaluator: Evaluator, arguments: list[Value]) -> Value:
    return _recased(evaluator, arguments, "tolower", str.lower)


def _to_upper(evaluator: Evaluator, arguments: list[Value]) -> Value:
    return _recased(evaluator, arguments, "toupper", str.upper)


def _recased(
    evaluator: Evaluator, arguments: list[Value], operation: str, recase: Callable[[str], str]
) -> Value:
    if len(arguments) == 1 and isinstance(arguments[0], Text):
        return evaluator.pool.text(
            recase(part) if isinstance(part, str) else evaluator.pool.term(operation, part)
            for part in arguments[0].parts
        )
    return NotImplemented


def _try_get(evaluator: Evaluator, arguments: list[Value]) -> Value:
    value = arguments[0] if arguments else None
    for key in arguments[1:]:
        if isinstance(value, Object) and isinstance(key, str):
            found = value.get(key)
            value = None if found is MISSING else found
        elif isinstance(value, Array) and _is_integer(key):
            value = value.items[key] if 0 <= key < len(value.items) else None
        elif value is None:
            return None
        else:
            return evaluator.pool.term("tryget", *arguments)
    return value


def _object_keys(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 1 and isinstance(arguments[0], Object):
        return evaluator.pool.array(arguments[0].fields[key][0] for key in sorted(arguments[0].fields))
    return NotImplemented


def _items(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 1 and isinstance(arguments[0], Object):
        fields = arguments[0].fields
        return evaluator.pool.array(
            evaluator.pool.object([("key", fields[key][0]), ("value", fields[key][1])])
            for key in sorted(fields)
        )
    return NotImplemented


def _flatten(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 1 and isinstance(arguments[0], Array):
        inner = arguments[0].items
        if all(isinstance(item, Array) for item in inner):
            return evaluator.pool.array(
                item for array in inner if isinstance(array, Array) for item in array.items
            )
    return NotImplemented


_SHAPED: Final[Mapping[str, Callable[[Evaluator, list[Value]], Value]]] = {
    "array": _array,
    "concat": _concat,
    "contains": _contains,
    "createarray": _create_array,
    "createobject": _create_object,
    "empty": _empty,
    "equals": _equals,
    "first": _first,
    "flatten": _flatten,
    "format": _format,
    "items": _items,
    "last": _last,
    "length": _length,
    "not": _not,
    "objectkeys": _object_keys,
    "skip": _skip,
    "string": _string,
    "take": _take,
    "tolower": _to_lower,
    "toupper": _to_upper,
    "tryget": _try_get,
    "union": _union,
}

_LAZY: Final[Mapping[str, Callable[[Evaluator, syntax.Call, Scope, Frame], Value]]] = {
    "and": Evaluator._every,
    "coalesce": Evaluator._coalesce,
    "copyindex": Evaluator._copy_index,
    "deployer": Evaluator._ambient,
    "deployment": Evaluator._ambient,
    "environment": Evaluator._ambient,
    "extensionresourceid": Evaluator._resource_id,
    "filter": Evaluator._mapped,
    "groupby": Evaluator._mapped,
    "if": Evaluator._if,
    "lambda": Evaluator._lone_lambda,
    "lambdavariables": Evaluator._lambda_variables,
    "managementgroup": Evaluator._ambient,
    "managementgroupresourceid": Evaluator._resource_id,
    "map": Evaluator._mapped,
    "mapvalues": Evaluator._mapped,
    "newguid": Evaluator._ambient,
    "or": Evaluator._every,
    "parameters": Evaluator._parameters_call,
    "reduce": Evaluator._reduce,
    "resourcegroup": Evaluator._ambient,
    "resourceid": Evaluator._resource_id,
    "sort": Evaluator._mapped,
    "subscription": Evaluator._ambient,
    "subscriptionresourceid": Evaluator._resource_id,
    "tenant": Evaluator._ambient,
    "tenantresourceid": Evaluator._resource_id,
    "toobject": Evaluator._mapped,
    "utcnow": Evaluator._ambient,
    "variables": Evaluator._variables_call,
}
