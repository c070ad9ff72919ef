"""Expressions evaluated in place: each is a value, unknown, or a failure, and nothing is rewritten.

What only deployment can tell stays a term. A parameter of the template that is deployed is such
a term even where it has a default, since any deployment may pass another value; a parameter of
an inner-scope nested template is what its deployment resource passes, or its default.
"""
# ruff: noqa: ARG001, ARG002, SLF001 - functions and methods that stand in a table have one form

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, TypeGuard

from armlint.arm import expression as syntax
from armlint.arm.value import (
    MAX_SIZE,
    MAX_TEXT,
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
    size,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from armlint.arm.expression import Expression
    from armlint.jsontext import Member, Node

# Python's own stack bounds recursion; this, in its frames, leaves half of it to whoever called.
_MAX_DEPTH: Final = 480
_CONTAINER_DEPTH: Final = 3
_EXPRESSION_DEPTH: Final = 4
_NAME_DEPTH: Final = 6
_LAMBDA_DEPTH: Final = 3
# Larger loops over a property or variable stay unknown: nothing is gained from their elements.
_MAX_COPIES: Final = 64
# Work is counted in values made. A long text counts as several.
_STEPS_PER_CHARACTER: Final = 4
_MIN_STEPS: Final = 50_000
_CHARACTERS_PER_STEP: Final = 16
# Templates may link to each other again and again; so much text of others is worked on for one file.
_MAX_LINKED: Final = 32 * 1024 * 1024
_INT64: Final = range(-(2**63), 2**63)
_STRING_FUNCTIONS: Final = frozenset(
    {
        "base64",
        "base64tostring",
        "format",
        "guid",
        "join",
        "newguid",
        "padleft",
        "replace",
        "resourceid",
        "string",
        "subscriptionresourceid",
        "substring",
        "tenantresourceid",
        "tolower",
        "toupper",
        "trim",
        "uniquestring",
        "uri",
        "uricomponent",
        "utcnow",
    }
)
# Variables that only name variables are followed this far.
_MAX_HOPS: Final = 32


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
    `place` stands for the resource group, or other scope, that it is deployed to: equal for
    templates that surely share it. `given` are the values that a template deployed by itself is
    given, by lower-cased name; what is not among them is left to deployment.
    """

    __slots__ = (
        "bindings",
        "definitions",
        "frame",
        "functions",
        "given",
        "language",
        "number",
        "outer",
        "parameters",
        "place",
        "variables",
    )

    def __init__(  # noqa: PLR0913 - a plain record
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
        place: int | None = None,
        given: Mapping[str, Value] | None = None,
    ) -> None:
        self.number = number
        self.place = number if place is None else place
        self.parameters = parameters
        self.variables = variables
        self.functions = functions
        self.definitions = definitions
        self.language = language
        self.bindings = bindings
        self.outer = outer
        self.frame = frame
        self.given = given


class Evaluator:
    """Evaluates the expressions of one document; remembers variables and parameters.

    `size` is the length of the text. Work is bounded in proportion to it: when the bound is
    reached, everything further is unknown.
    """

    __slots__ = (
        "_apart",
        "_depth",
        "_evaluated",
        "_linked",
        "_parameters",
        "_references",
        "_scopes",
        "_settling",
        "_steps",
        "_strings",
        "_variables",
        "pool",
    )

    def __init__(self, size: int = 0) -> None:
        self.pool = Pool()
        self._steps = _MIN_STEPS + _STEPS_PER_CHARACTER * size
        self._apart: dict[int, Node] = {}
        self._linked = 0
        self._depth = 0
        # With each value what it is the value of, since its identity is part of the key.
        self._evaluated: dict[tuple[int, int, str | None], tuple[Expression | Node, Value]] = {}
        # How many variables and parameters are being worked out: until then, rings have no value.
        self._settling = 0
        self._scopes = 0
        self._variables: dict[tuple[int, str], Value] = {}
        self._parameters: dict[tuple[int, str], Value] = {}
        self._references: dict[tuple[int, str], tuple[str, ...]] = {}
        self._strings: set[int] = set()

    def new_scope(self) -> int:
        """A number for a scope, different from all others that use this evaluator."""
        self._scopes += 1
        return self._scopes

    def admit(self, size: int) -> bool:
        """Whether one more linked template of this length may be worked on; it adds to the work allowed."""
        if self._linked + size > _MAX_LINKED:
            return False
        self._linked += size
        self._steps += _STEPS_PER_CHARACTER * size
        return True

    def set_apart(self, node: Node) -> None:
        """Leave a template of inner scope out of the value of the deployment resource around it."""
        self._apart[id(node)] = node

    def value(self, node: Node, scope: Scope, frame: Frame = TOP) -> Value:  # noqa: C901, PLR0912 - kinds of nodes
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
        if kind in {"object", "array"}:
            if self._depth >= _MAX_DEPTH or not self.spend(1 + len(node.items) + len(node.members)):
                return self.pool.unique("too-deep")
            if id(node) in self._apart:
                return self.pool.unique("template")
            # Rules ask for the same values; what is in these is remembered by itself.
            key = (id(node), scope.number, frame.loop)
            if self._depth == 0 and key in self._evaluated and _is_constant(frame):
                return self._evaluated[key][1]
            singles = self.pool.singles
            self._depth += _CONTAINER_DEPTH
            try:
                if kind == "object":
                    value = self._object(node, scope, frame)
                else:
                    items = []
                    for item in node.items:
                        items.append(self.value(item, scope, frame))  # noqa: PERF401 - one frame less to recurse
                    value = self.pool.array(items)
            finally:
                self._depth -= _CONTAINER_DEPTH
            if self._depth == 0 and self.pool.singles == singles and self._steps > 0 and _is_constant(frame):
                self._evaluated[key] = (node, value)
            return value
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
        if self._settling == 0 and (frame is TOP or _is_constant(frame)):
            return self._remembered(expression, scope, frame)
        return self._expression(expression, scope, frame)

    def _remembered(self, expression: Expression, scope: Scope, frame: Frame) -> Value:
        """The value of an expression outside of functions and unrolled loops, which many rules ask for."""
        key = (id(expression), scope.number, frame.loop)
        known_already = self._evaluated.get(key)
        if known_already is not None:
            return known_already[1]
        singles = self.pool.singles
        value = self._expression(expression, scope, frame)
        # What is equal to nothing else must not become equal to the same expression elsewhere.
        if self.pool.singles == singles and self._steps > 0:
            self._evaluated[key] = (expression, value)
        return value

    def _expression(self, expression: Expression, scope: Scope, frame: Frame) -> Value:
        # As in `spend`: here a call would count, since every part of every expression comes by.
        self._steps -= 1
        if self._depth >= _MAX_DEPTH or self._steps <= 0:
            return self.pool.unique("too-deep")
        self._depth += _EXPRESSION_DEPTH
        try:
            if isinstance(expression, syntax.Call):
                return self._call(expression, scope, frame)
            accessors: list[syntax.Property | syntax.Index] = []
            while isinstance(expression, (syntax.Property, syntax.Index)):
                accessors.append(expression)
                expression = expression.base
            if isinstance(expression, syntax.Literal):
                return self.pool.unique("invalid")
            value = self._call(expression, scope, frame)
            for accessor in reversed(accessors):
                if isinstance(accessor, syntax.Property):
                    key: Value = accessor.name
                else:
                    key = self.expression(accessor.index, scope, frame)
                value = self._access(value, key, accessor)
            return value
        finally:
            self._depth -= _EXPRESSION_DEPTH

    def applied(self, body: Expression, scope: Scope, frame: Frame) -> Value:
        """The value of the body of a lambda; what fails in it is unknown."""
        self._depth += _LAMBDA_DEPTH
        value = self.expression(body, scope, frame)
        self._depth -= _LAMBDA_DEPTH
        return self._harmless(value)

    def variable(self, scope: Scope, name: str) -> Value:
        """The value of a variable; what it needs is evaluated first, without deep recursion."""
        key = (scope.number, name.lower())
        if key not in self._variables:
            if key[1] not in scope.variables:
                return _UNDEFINED_VARIABLE
            self._settle(scope, "variables", key[1])
        return self._variables[key]

    def parameter(self, scope: Scope, name: str) -> Value:
        """The value of a parameter: a term unless a nested deployment decides it."""
        key = (scope.number, name.lower())
        if key not in self._parameters:
            if key[1] not in scope.parameters:
                return _UNDEFINED_PARAMETER
            self._settle(scope, "parameters", key[1])
        return self._parameters[key]

    def references(self, scope: Scope, name: str) -> tuple[str, ...]:
        """The variables, lower-cased, that the variable `name` names literally, in order."""
        key = (scope.number, name.lower())
        found = self._references.get(key)
        if found is None:
            variable = scope.variables.get(key[1])
            node = None if variable is None else variable.copy or variable.node
            named = () if node is None else (str(n.value).lower() for _, n in variable_references(node))
            found = self._references[key] = tuple(dict.fromkeys(named))
        return found

    def _settle(self, scope: Scope, kind: str, name: str) -> None:
        """Evaluate a variable or parameter, and before it all that it names literally."""
        pending = [(scope, kind, name)]
        opened: set[tuple[int, str, str]] = set()
        while pending:
            here, kind, name = pending[-1]
            key = (here.number, name)
            if key in (self._variables if kind == "variables" else self._parameters):
                pending.pop()
            elif (here.number, kind, name) in opened:
                pending.pop()
                self._depth += _NAME_DEPTH
                self._settling += 1
                # What is being evaluated counts as what a ring comes to.
                if kind == "variables":
                    self._variables[key] = _RING
                    self._variables[key] = self._variable(here, here.variables[name])
                else:
                    unknown = self._parameters[key] = self._unknown(here, here.parameters[name])
                    self._parameters[key] = self._bound(here, here.parameters[name], unknown)
                self._settling -= 1
                self._depth -= _NAME_DEPTH
            else:
                opened.add((here.number, kind, name))
                pending.extend(self._needs(here, kind, name))

    def _needs(  # noqa: C901 - a list of what is skipped
        self, scope: Scope, kind: str, name: str
    ) -> Iterator[tuple[Scope, str, str]]:
        """What a variable or parameter names literally and is not evaluated yet."""
        if kind == "variables":
            if scope.bindings is None:
                for needed in self.references(scope, name):
                    if needed in scope.variables and (scope.number, needed) not in self._variables:
                        yield scope, "variables", needed
                return
            variable = scope.variables[name]
            node, seen = variable.copy or variable.node, scope
        else:
            found = self._passed(scope, scope.parameters[name])
            if found is None:
                return
            node, seen = found
        for _, call in calls(node):
            if call.function not in {"variables", "parameters"} or len(call.args) != 1:
                continue
            argument = call.args[0]
            if not isinstance(argument, syntax.Literal) or not isinstance(argument.value, str):
                continue
            key = (seen.number, argument.value.lower())
            if call.function == "variables":
                if key[1] in seen.variables and key not in self._variables:
                    yield seen, "variables", key[1]
            elif seen.bindings is not None and key[1] in seen.parameters and key not in self._parameters:
                yield seen, "parameters", key[1]

    def _unknown(self, scope: Scope, parameter: Parameter) -> Term:
        """The term that a parameter is whose value is left to deployment."""
        unknown = self.pool.term("parameters", scope.number, parameter.name)
        kind = parameter.node.get("type")
        if kind is not None and str(kind.value).lower() in {"string", "securestring"}:
            self._strings.add(unknown.number)
        return unknown

    def _passed(self, scope: Scope, parameter: Parameter) -> tuple[Node, Scope] | None:
        """The node that gives a parameter its value, and the scope that it is evaluated in."""
        bindings, outer = scope.bindings, scope.outer
        if bindings is None or outer is None:
            return None
        passed = bindings.get(parameter.name.lower())
        default = parameter.node.get("defaultValue")
        if passed is None:
            return None if default is None else (default, scope)
        given = passed.get("value")
        return None if given is None else (given, outer)

    def _bound(self, scope: Scope, parameter: Parameter, unknown: Term) -> Value:
        if scope.given is not None:
            return scope.given.get(parameter.name.lower(), unknown)
        found = self._passed(scope, parameter)
        if found is None:
            return unknown
        node, seen = found
        value = self.value(node, seen, scope.frame if seen is not scope else TOP)
        if value is None and seen is not scope and parameter.node.get("defaultValue") is not None:
            # Passing null is documented neither as null nor as leaving it to the default.
            return unknown
        return value

    def spend(self, work: int) -> bool:
        """Count work; False where no more is allowed."""
        self._steps -= work
        return self._steps > 0

    def surely_text(self, value: Value) -> bool:
        """Whether it is surely a string: by its form, its function, or as a parameter declared as one."""
        if isinstance(value, Term):
            return value.operation in _STRING_FUNCTIONS or value.number in self._strings
        return is_text(value)

    def _variable(self, scope: Scope, variable: Variable) -> Value:
        if variable.copy is not None:
            return self._repeated(variable.copy, scope, TOP, variable.name)
        return self.value(variable.node, scope)

    def _object(self, node: Node, scope: Scope, frame: Frame) -> Value:
        fields: list[tuple[str, Value]] = []
        for member in node.members:
            name = member.name
            if name[:1] == "[":
                computed = self.name(member, scope, frame)
                if not isinstance(computed, str):
                    return self.pool.unique("names")
                name = computed
            elif name.lower() == "copy" and is_loops(member.value):
                for loop in member.value.items:
                    made = loop.get("name")
                    named = None if made is None else self.value(made, scope, frame)
                    if not isinstance(named, str):
                        return self.pool.unique("names")
                    fields.append((named, self._repeated(loop, scope, frame, named)))
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
        made = []
        for index in range(count):
            indices = {**frame.indices, key: index}
            made.append(self.value(element, scope, frame._replace(indices=indices)))
        return self.pool.array(made)

    def access(self, value: Value, key: Value) -> Term:
        """The term of a property or item of which nothing is known."""
        return self.pool.term("property", value, key.lower() if isinstance(key, str) else key)

    def _access(self, value: Value, key: Value, at: Expression) -> Value:
        if isinstance(value, Failure):
            return value
        if isinstance(key, Failure):
            return key
        if isinstance(value, Term) or not known(key):
            return self.access(value, key)
        if isinstance(value, Object) and isinstance(key, str):
            found = value.get(key)
            if found is MISSING:
                return Failure(f"the object has no property '{key}'", at)
            return found
        if isinstance(value, Array) and _is_integer(key):
            if 0 <= key < len(value.items):
                return value.items[key]
            return Failure(f"index {key} is outside the array, which has {len(value.items)} items", at)
        if isinstance(value, (Object, Array)):
            return Failure("an object takes a property name, an array takes a whole number", at)
        return Failure("only objects and arrays have properties and items", at)

    def _call(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        function = call.function
        special = _LAZY.get(function)
        if special is not None:
            return special(self, call, scope, frame)
        arguments: list[Value] = []
        for argument in call.args:
            if isinstance(argument, syntax.Literal):
                arguments.append(argument.value)
                continue
            value = self._expression(argument, scope, frame)
            if isinstance(value, Failure):
                return value
            arguments.append(value)
        if "." in function:
            return self._user_function(call, arguments, scope)
        shaped = _SHAPED.get(function)
        if shaped is not None:
            if not self.spend(_touched(arguments)):
                return self.pool.unique("too-much")
            result = shaped(self, arguments)
            if result is not _OPEN:
                self.spend(_touched((result,)))
                return _placed(result, call)
        if all(map(known, arguments)):
            return _placed(self._pure(function, arguments), call)
        return self._unknown_call(function, arguments)

    def _unknown_call(self, function: str, arguments: list[Value]) -> Term:
        # Accessors are terms of the name "property": a function that is called so must not be one.
        return self.pool.term(f"{function}()" if function == "property" else function, *arguments)

    def _pure(self, function: str, arguments: list[Value]) -> Value:
        # Most templates call nothing that needs this table.
        from armlint.arm import pure

        implementation = pure.PURE.get(function)
        if implementation is None:
            return self._unknown_call(function, arguments)
        weight = sum(map(size, arguments))
        if weight > 2 * MAX_SIZE or not self.spend(weight + _touched(arguments)):
            return self.pool.unique("too-much")
        try:
            result = self.pool.lift(implementation(*map(plain, arguments)))
        except pure.Wrong as wrong:
            return Failure(str(wrong))
        except pure.Undecided:
            return self.pool.term(function, *arguments)
        self.spend(size(result) + _touched((result,)))
        return result

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
            if isinstance(name, Failure):
                return name
            bound = frame.arguments is None
            return self.pool.term("parameters", scope.number, name) if bound else self.pool.unique("argument")
        if frame.arguments is not None:
            return _placed(frame.arguments.get(name.lower(), _UNDEFINED_PARAMETER), call)
        return _placed(self.parameter(scope, name), call)

    def _variables_call(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        name = self._only_name(call, scope, frame)
        if isinstance(name, Failure):
            return name
        if frame.arguments is not None:
            # A user function sees no variables.
            return self.pool.unique("variable")
        if not isinstance(name, str):
            return self.pool.term("variables", scope.number, name)
        return _placed(self.variable(scope, name), call)

    def _only_name(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        if len(call.args) != 1:
            return Failure(f"'{call.name}' takes one argument", call)
        name = call.args[0]
        return name.value if isinstance(name, syntax.Literal) else self.expression(name, scope, frame)

    def _arguments(self, call: syntax.Call, scope: Scope, frame: Frame) -> list[Value] | Failure:
        """The values of all arguments, or the first of them that fails."""
        values: list[Value] = []
        for argument in call.args:
            if isinstance(argument, syntax.Literal):
                values.append(argument.value)
                continue
            value = self._expression(argument, scope, frame)
            if isinstance(value, Failure):
                return value
            values.append(value)
        return values

    def _if(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        if len(call.args) != 3:  # noqa: PLR2004 - the three of if()
            return Failure("'if' takes three arguments", call)
        condition = self.expression(call.args[0], scope, frame)
        if isinstance(condition, bool):
            return self.expression(call.args[1 if condition else 2], scope, frame)
        if isinstance(condition, Failure):
            return condition
        # A branch that fails does no harm unless it is taken.
        first = self._harmless(self.expression(call.args[1], scope, frame))
        second = self._harmless(self.expression(call.args[2], scope, frame))
        return (
            first if identity(first) == identity(second) else self.pool.term("if", condition, first, second)
        )

    def _harmless(self, value: Value) -> Value:
        """What fails, as a value that is unknown: for what may never be evaluated."""
        return self.pool.unique("failure") if isinstance(value, Failure) else value

    def _every(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        """`and` and `or`, which stop at the first argument that decides."""
        decisive = call.function == "or"
        unknown: list[Value] = []
        for argument in call.args:
            value = self.expression(argument, scope, frame)
            if value is decisive:
                return decisive
            if isinstance(value, Failure):
                # What stands before it may decide.
                return self.pool.unique("failure") if unknown else value
            if not isinstance(value, bool):
                unknown.append(value)
        if not unknown:
            return not decisive
        return unknown[0] if len(unknown) == 1 else self.pool.term(call.function, *unknown)

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
        arguments = self._arguments(call, scope, frame)
        if isinstance(arguments, Failure):
            return arguments
        loop = arguments.pop(0) if arguments and not _is_integer(arguments[0]) else None
        offset = arguments[0] if arguments else 0
        if loop is not None and not isinstance(loop, str):
            return self.pool.unique("copyindex")
        name = None if loop is None else loop.lower()
        if _is_integer(offset):
            if name is not None and name in frame.indices:
                return frame.indices[name] + offset
            if name is None and frame.loop is None and len(frame.indices) == 1:
                return next(iter(frame.indices.values())) + offset
        # The index of a resource's own loop has no name here: element n of one loop is meant
        # for element n of another wherever templates pair them.
        if name == frame.loop:
            name = None
        return self.pool.term("copyindex", name, offset, scope.number)

    def _lambda_variables(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        name = self._only_name(call, scope, frame)
        if isinstance(name, str) and name.lower() in frame.lambdas:
            return frame.lambdas[name.lower()]
        return name if isinstance(name, Failure) else self.pool.unique("lambdavariables")

    def _ambient(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        """A function whose answer depends on where its template is deployed."""
        arguments = self._arguments(call, scope, frame)
        if isinstance(arguments, Failure):
            return arguments
        where = scope.number if call.function == "deployment" else scope.place
        return self.pool.term(call.function, where, *arguments)

    def _unlike(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        """A function that answers differently each time."""
        return self.pool.unique(call.function)

    def _resource_id(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        arguments = self._arguments(call, scope, frame)
        if isinstance(arguments, Failure):
            return arguments
        function = call.function
        unknown = self.pool.term(function, scope.place, *arguments)
        prefixes, rest = _split_resource_id(function, arguments)
        if rest is None:
            return unknown
        resource_type, *names = rest
        segments = str(resource_type).strip("/").split("/")
        if len(segments) != len(names) + 1:
            if not all(map(known, arguments)):
                return unknown
            return Failure(
                f"'{call.name}' needs one name for each segment of the type after the first"
                f" ({len(segments) - 1}), not {len(names)}",
                call,
            )
        if not all(isinstance(name, (str, Text, Term)) or _is_integer(name) for name in names):
            return unknown
        parts: list[str | Term | Text] = []
        if function == "extensionresourceid":
            base = prefixes[0]
            parts.append(base if isinstance(base, (str, Term, Text)) else self.pool.unique("scope"))
        elif function != "tenantresourceid":
            here = self._elsewhere(prefixes, scope)
            parts.append(self.pool.term(f"{function}-scope", scope.place, *here))
        parts.append(f"/providers/{segments[0]}")
        for segment, name in zip(segments[1:], names, strict=True):
            parts.append(f"/{segment}/")
            parts.append(_as_part(name, self.pool))
        return self.pool.text(parts)

    def _elsewhere(self, prefixes: list[Value], scope: Scope) -> list[Value]:
        """The subscription and group that an id names, without those that are the template's own."""
        own = {
            self.pool.term("property", self.pool.term(function, scope.place), field).number
            for function, field in (("resourcegroup", "name"), ("subscription", "subscriptionid"))
        }
        if all(isinstance(prefix, Term) and prefix.number in own for prefix in prefixes):
            return []
        return prefixes

    def _mapped(  # noqa: C901 - a list of functions
        self, call: syntax.Call, scope: Scope, frame: Frame
    ) -> Value:
        """The functions that take a lambda."""
        function = call.function
        subject = self.expression(call.args[0], scope, frame) if call.args else None
        if isinstance(subject, Failure):
            return subject
        lambdas = [_Lambda.of(self, argument, scope, frame) for argument in call.args[1:]]
        apply = lambdas[0] if lambdas else None
        value_of = lambdas[1] if len(lambdas) > 1 else None
        if apply is None or (value_of is None and len(lambdas) > 1):
            return self.pool.unique(function)
        if isinstance(subject, Object) and function == "mapvalues":
            return self._built((name, apply(value)) for name, value in subject.fields.values())
        if isinstance(subject, Array):
            if function == "map":
                items = [apply(item, index) for index, item in enumerate(subject.items)]
                self.spend(len(items))
                return self.pool.array(items)
            if function == "filter":
                kept = [(item, apply(item, index)) for index, item in enumerate(subject.items)]
                if all(isinstance(verdict, bool) for _, verdict in kept):
                    return self.pool.array([item for item, verdict in kept if verdict])
            if function in {"toobject", "groupby"}:
                pairs = [(apply(item), value_of(item) if value_of else item) for item in subject.items]
                made = self._keyed(pairs, several=function == "groupby")
                if made is not None:
                    return made
        if frame.lambdas or frame.indices or frame.arguments is not None:
            return self.pool.unique(function)
        # The same words about the same unknown come to the same.
        return self.pool.term(function, subject, scope.number, *map(syntax.show, call.args[1:]))

    def _keyed(self, pairs: list[tuple[Value, Value]], *, several: bool) -> Value:
        """The object of these names and values; None where the names are not sure to be different."""
        groups: dict[str, tuple[str, list[Value]]] = {}
        for key, value in pairs:
            if not isinstance(key, str):
                return None
            groups.setdefault(key.lower(), (key, []))[1].append(value)
        if several:
            return self._built((name, self.pool.array(values)) for name, values in groups.values())
        if any(len(values) > 1 for _, values in groups.values()):
            return None
        return self._built((name, values[0]) for name, values in groups.values())

    def _built(self, fields: Iterable[tuple[str, Value]]) -> Value:
        made = self.pool.object(fields)
        self.spend(_touched((made,)))
        return made

    def _reduce(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        if len(call.args) != 3:  # noqa: PLR2004 - array, start, lambda
            return Failure("'reduce' takes three arguments", call)
        subject = self.expression(call.args[0], scope, frame)
        result = self.expression(call.args[1], scope, frame)
        for value in (subject, result):
            if isinstance(value, Failure):
                return value
        apply = _Lambda.of(self, call.args[2], scope, frame)
        if not isinstance(subject, Array) or apply is None:
            return self.pool.unique("reduce")
        for index, item in enumerate(subject.items):
            result = apply(result, item, index)
        return result

    def _lone_lambda(self, call: syntax.Call, scope: Scope, frame: Frame) -> Value:
        return self.pool.unique("lambda")


class _Lambda:
    """A lambda expression that can be applied to values."""

    __slots__ = ("_body", "_evaluator", "_frame", "_names", "_scope")

    def __init__(
        self, evaluator: Evaluator, names: tuple[str, ...], body: Expression, scope: Scope, frame: Frame
    ) -> None:
        self._evaluator = evaluator
        self._names = names
        self._body = body
        self._scope = scope
        self._frame = frame

    @classmethod
    def of(cls, evaluator: Evaluator, argument: Expression, scope: Scope, frame: Frame) -> _Lambda | None:
        """The lambda that an argument is; None where it is something else."""
        if not isinstance(argument, syntax.Call) or argument.function != "lambda" or not argument.args:
            return None
        names = []
        for name in argument.args[:-1]:
            if not isinstance(name, syntax.Literal) or not isinstance(name.value, str):
                return None
            names.append(name.value.lower())
        return cls(evaluator, tuple(names), argument.args[-1], scope, frame)

    def __call__(self, *arguments: Value) -> Value:
        bound = dict(zip(self._names, arguments, strict=False))
        frame = self._frame._replace(lambdas={**self._frame.lambdas, **bound})
        return self._evaluator.applied(self._body, self._scope, frame)


def _is_constant(frame: Frame) -> bool:
    """Whether an expression has the same value wherever it stands: within none but a resource's own loop."""
    return not frame.indices and not frame.lambdas and frame.arguments is None


def is_loops(node: Node) -> bool:
    """Whether the value of a member `copy` is the list of loops that make the object's other members."""
    return (
        node.kind == "array"
        and bool(node.items)
        and all(loop.get("input") is not None for loop in node.items)
    )


def written(node: Node, scope: Scope) -> Node:
    """The node that a string which only names a variable, or a part of one, stands for.

    Other nodes stand for themselves; so do variables that are not written out there.
    """
    for _ in range(_MAX_HOPS):
        found = _aim(node, scope)
        if found is None:
            return node
        node = found
    return node


def _aim(node: Node, scope: Scope) -> Node | None:
    """Where a string leads that only names a variable or a part of one; None for any other node."""
    read = syntax.read(node.value) if node.kind == "string" and isinstance(node.value, str) else None
    steps: list[str | int] = []
    while isinstance(read, (syntax.Property, syntax.Index)):
        if isinstance(read, syntax.Property):
            steps.append(read.name)
        elif isinstance(read.index, syntax.Literal):
            steps.append(read.index.value)
        else:
            return None
        read = read.base
    if not isinstance(read, syntax.Call) or read.function != "variables" or len(read.args) != 1:
        return None
    name = read.args[0]
    variable = scope.variables.get(str(name.value).lower()) if isinstance(name, syntax.Literal) else None
    if variable is None or variable.copy is not None:
        return None
    return variable.node.at(*reversed(steps))


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
    for call in syntax.calls(text):
        yield place, call


_RING: Final = Failure("the variable needs itself")
_UNDEFINED_VARIABLE: Final = Failure("there is no such variable")
_UNDEFINED_PARAMETER: Final = Failure("there is no such parameter")


def _placed(value: Value, call: syntax.Call) -> Value:
    if isinstance(value, Failure) and value.expression is None and value.node is None:
        return Failure(value.message, call)
    return value


def _is_integer(value: Value) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _touched(values: Iterable[Value]) -> int:
    """How much work it is to go once through these values, not into what is inside them."""
    work = 0
    for value in values:
        if isinstance(value, str):
            work += len(value) // _CHARACTERS_PER_STEP
        elif isinstance(value, Array):
            work += len(value.items)
        elif isinstance(value, Object):
            work += len(value.fields)
        elif isinstance(value, Text):
            work += sum(
                1 + len(part) // _CHARACTERS_PER_STEP for part in value.parts if isinstance(part, str)
            )
    return work


def _as_part(value: Value, pool: Pool) -> str | Term | Text:
    if isinstance(value, (str, Term, Text)):
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int) and value in _INT64:
        return str(value)
    if value is None:
        return ""
    return pool.term("string", value)


def _split_resource_id(function: str, arguments: list[Value]) -> tuple[list[Value], list[Value] | None]:
    """What stands before the resource type, and the type with its names; None where unclear."""
    # An extension's id starts with that of the resource it extends, which has slashes too.
    first = 1 if function == "extensionresourceid" else 0
    last = {"resourceid": 2, "extensionresourceid": 1, "tenantresourceid": 0}.get(function, 1)
    for index in range(first, min(last + 1, len(arguments))):
        argument = arguments[index]
        if isinstance(argument, str) and "/" in argument.strip("/"):
            return arguments[:index], arguments[index:]
    return [], None


# -- functions that can say something though not all is known; `_OPEN`: try the table --


_OPEN: Final[Value] = Failure("not told here")


def _concat(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if all(isinstance(argument, str) for argument in arguments) and arguments:
        length = sum(len(argument) for argument in arguments if isinstance(argument, str))
        return "".join(map(str, arguments)) if length <= MAX_TEXT else _OPEN
    if any(isinstance(argument, Array) for argument in arguments):
        if all(isinstance(argument, Array) for argument in arguments):
            return evaluator.pool.array(
                item for argument in arguments if isinstance(argument, Array) for item in argument.items
            )
        return evaluator.pool.term("concat", *arguments)
    if all(map(known, arguments)):
        return _OPEN
    if any(isinstance(argument, Object) for argument in arguments):
        return evaluator.pool.term("concat", *arguments)
    if not any(map(evaluator.surely_text, arguments)):
        # Perhaps strings, perhaps arrays.
        return evaluator.pool.term("concat", *arguments)
    return evaluator.pool.text(_as_part(argument, evaluator.pool) for argument in arguments)


def _format(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if not arguments or not isinstance(arguments[0], str):
        return _OPEN
    if all(map(known, arguments)) and not all(isinstance(argument, str) for argument in arguments):
        return _OPEN
    parts: list[str | Term | Text] = []
    length = 0
    for literal, index in _format_items(arguments[0]):
        parts.append(literal)
        if index is None:
            break
        if not (index.isascii() and index.isdecimal() and len(index) < 10):  # noqa: PLR2004 - no such place
            return _OPEN
        if int(index) + 1 >= len(arguments):
            return Failure("'format' has no argument for every place in its format string")
        argument = arguments[int(index) + 1]
        parts.append(_as_part(argument, evaluator.pool))
        length += len(argument) if isinstance(argument, str) else 0
        if length > MAX_TEXT:
            return _OPEN
    return evaluator.pool.text(parts)


def _format_items(text: str) -> Iterator[tuple[str, str | None]]:
    """A .NET format string as pairs of literal text and what stands in the braces behind it.

    The last pair has None, or `?` where the braces are not what .NET takes.
    """
    literal: list[str] = []
    position = 0
    for match in _BRACES.finditer(text):
        literal.append(text[position : match.start()])
        position = match.end()
        if match[0] in ("{{", "}}"):
            literal.append(match[0][0])
            continue
        yield "".join(literal), match[1] or "?"
        if match[1] is None:
            return
        literal.clear()
    yield "".join(literal) + text[position:], None


_BRACES: Final = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")


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
    if len(arguments) == 1 and arguments[0] is not None and not isinstance(arguments[0], Term):
        return evaluator.pool.array(arguments)
    return _OPEN


def _union(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if all(map(known, arguments)) or not all(isinstance(argument, Object) for argument in arguments):
        return _OPEN
    merged: Value = arguments[0]
    for argument in arguments[1:]:
        merged = _merge(evaluator, merged, argument)
    return merged


def _merge(evaluator: Evaluator, first: Value, second: Value) -> Value:
    """What one value makes of another in a union of objects."""
    if identity(first) == identity(second):
        return first
    if isinstance(first, Object) and isinstance(second, Object):
        if not evaluator.spend(len(first.fields) + len(second.fields)):
            return evaluator.pool.unique("too-much")
        fields = dict(first.fields)
        for key, (name, value) in second.fields.items():
            before = fields.get(key)
            fields[key] = (name, value if before is None else _merge(evaluator, before[1], value))
        return evaluator.pool.object(fields.values())
    if isinstance(second, Failure):
        return second
    # Whether null is written over a value is not documented; an unknown value may be null or an object.
    if isinstance(second, Term) or second is None or first is None:
        return evaluator.pool.term("union", first, second)
    return second


def _first(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 1 and isinstance(arguments[0], Array) and arguments[0].items:
        return arguments[0].items[0]
    return _OPEN


def _last(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 1 and isinstance(arguments[0], Array) and arguments[0].items:
        return arguments[0].items[-1]
    return _OPEN


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
    return _OPEN


def _length(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 1 and isinstance(arguments[0], Array):
        return len(arguments[0].items)
    if len(arguments) == 1 and isinstance(arguments[0], Object):
        return len(arguments[0].fields)
    return _OPEN


def _empty(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) != 1:
        return _OPEN
    subject = arguments[0]
    if isinstance(subject, Array):
        return not subject.items
    if isinstance(subject, Object):
        return not subject.fields
    if isinstance(subject, Text) and any(isinstance(part, str) for part in subject.parts):
        return False
    return _OPEN


def _contains(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) != 2:  # noqa: PLR2004
        return _OPEN
    container, item = arguments
    if isinstance(container, Object) and isinstance(item, str):
        return container.get(item) is not MISSING
    if isinstance(container, Array) and not container.known:
        wanted = identity(item)
        if any(identity(held) == wanted for held in container.items):
            return True
    if isinstance(container, Text) and isinstance(item, str):
        held = any(isinstance(part, str) and item in part for part in container.parts)
        return True if held else _OPEN
    return _OPEN


def _equals(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) != 2:  # noqa: PLR2004
        return _OPEN
    first, second = arguments
    if type(first) is type(second) and isinstance(first, (str, bool)):
        return first == second
    if not (known(first) and known(second)) and identity(first) == identity(second):
        return True
    return _OPEN


def _not(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 1 and isinstance(arguments[0], bool):
        return not arguments[0]
    if len(arguments) == 1 and isinstance(arguments[0], Term) and arguments[0].operation == "not":
        return arguments[0].arguments[0]
    return _OPEN


def _string(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 1 and is_text(arguments[0]):
        return arguments[0]
    return _OPEN


def _to_lower(evaluator: Evaluator, arguments: list[Value]) -> Value:
    return _recased(evaluator, arguments, "tolower", str.lower)


def _to_upper(evaluator: Evaluator, arguments: list[Value]) -> Value:
    return _recased(evaluator, arguments, "toupper", str.upper)


def _recased(
    evaluator: Evaluator, arguments: list[Value], operation: str, recase: Callable[[str], str]
) -> Value:
    if len(arguments) != 1:
        return _OPEN
    subject = arguments[0]
    if isinstance(subject, str) and subject.isascii():
        return recase(subject)
    # Where letters are not those of ASCII, .NET has its own opinion of their cases.
    if isinstance(subject, Text) and all(part.isascii() for part in subject.parts if isinstance(part, str)):
        return evaluator.pool.text(
            recase(part) if isinstance(part, str) else evaluator.pool.term(operation, part)
            for part in subject.parts
        )
    return _OPEN


def _try_get(evaluator: Evaluator, arguments: list[Value]) -> Value:
    """Null if the first name is missing; from there on plain access, which may fail.

    Of what fails, only that nothing is known of it: compiled Bicep has its own reading of it.
    """
    if len(arguments) < 2:  # noqa: PLR2004
        return _OPEN
    value = arguments[0]
    for position, key in enumerate(arguments[1:]):
        if isinstance(value, Object) and isinstance(key, str):
            found = value.get(key)
        elif isinstance(value, Array) and _is_integer(key) and key >= 0:
            found = value.items[key] if key < len(value.items) else MISSING
        elif value is None and position == 0:
            return None
        elif isinstance(value, Term) and position > 0:
            found = evaluator.access(value, key)
        else:
            return _OPEN if position == 0 else evaluator.pool.term("tryget", *arguments)
        if found is MISSING:
            return None if position == 0 else evaluator.pool.term("tryget", *arguments)
        value = found
    return value


def _object_keys(evaluator: Evaluator, arguments: list[Value]) -> Value:
    names = _sorted_names(arguments)
    return _OPEN if names is None else evaluator.pool.array(names)


def _items(evaluator: Evaluator, arguments: list[Value]) -> Value:
    names = _sorted_names(arguments)
    if names is None or not isinstance(arguments[0], Object):
        return _OPEN
    record, pool = arguments[0], evaluator.pool
    return pool.array([pool.object([("key", name), ("value", record.get(name))]) for name in names])


def _sorted_names(arguments: list[Value]) -> list[str] | None:
    """The names of an object that is not wholly known; None where their order is for others to tell."""
    if len(arguments) != 1 or not isinstance(arguments[0], Object) or arguments[0].known:
        return None
    names = [name for name, _ in arguments[0].fields.values()]
    # How punctuation sorts depends on a culture.
    if not all(name.isascii() and name.isalnum() for name in names):
        return None
    return sorted(names, key=str.lower)


def _flatten(evaluator: Evaluator, arguments: list[Value]) -> Value:
    if len(arguments) == 1 and isinstance(arguments[0], Array):
        inner = arguments[0].items
        total = sum(len(array.items) for array in inner if isinstance(array, Array))
        if all(isinstance(item, Array) for item in inner) and total <= MAX_SIZE and evaluator.spend(total):
            return evaluator.pool.array(
                item for array in inner if isinstance(array, Array) for item in array.items
            )
    return _OPEN


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
    "newguid": Evaluator._unlike,
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
    "utcnow": Evaluator._unlike,
    "variables": Evaluator._variables_call,
}
