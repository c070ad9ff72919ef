"""Where secrets go: dataflow over expressions, variables, nested templates and their outputs.

Every value has a `Taint`: which secrets are in it, where in it, and by which way each came. A way
is told once: where it first passes a place that can be read (a plain parameter of a nested
template, a plain output), that is a `Leak`, and what lies behind is told as part of it.

Work is linear in the text. Values that are named (parameters, variables, outputs) are worked out
once each; user functions once for each kind of argument; ways, sources and shapes are bounded.
"""

# ruff: noqa: SLF001 - methods that stand in a table

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm import expression as syntax
from armlint.arm.evaluate import TOP, Frame, calls
from armlint.arm.functions import Flow, lookup
from armlint.arm.graph import components, identifier, key_of, parts
from armlint.arm.taint import (
    CLEAN,
    MAX_NAMES,
    MAX_SHAPE,
    Leak,
    Sink,
    Source,
    Step,
    Taint,
    Way,
    add_ways,
    all_of,
    exposed,
    join,
    likeness,
    made_of,
    parts_of,
    stepped,
    unplaced,
    whole,
)
from armlint.arm.template import DEPLOYMENTS
from armlint.arm.value import MISSING, Array, Failure, Object, Term, Text
from armlint.arm.value import identity as identity_of
from armlint.jsontext import Member

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping

    from armlint.arm.evaluate import Parameter, Scope, UserFunction, Variable
    from armlint.arm.expression import Expression
    from armlint.arm.template import Resource, Template
    from armlint.arm.value import Value
    from armlint.jsontext import Document, Node

# Python's own stack bounds recursion. What lies deeper is begun anew from the bottom of the stack.
_MAX_DEPTH: Final = 110
_ROOM: Final = 6
# Types may be recursive: so often one is entered through another, and so often renamed.
_MAX_HOPS: Final = 24
_MAX_NAMES: Final = 64
# A user function called with more kinds of arguments than the first is no longer told apart by
# what they are worth; with more than the second, by their parts; with more than the third, not at all.
_MAX_CONTEXTS: Final = (16, 100, 300)
# Loops over loops over loops are worked out once only.
_MAX_REDUCE: Final = 3
# Branches in branches are looked into so deep for a known value.
_FEW: Final = 5
# What longer expressions read is not kept in memory.
_SHORT: Final = 1024
_MIN_STEPS: Final = 400_000
_STEPS_PER_CHARACTER: Final = 8

_SECURE: Final = frozenset({"securestring", "secureobject"})
_TYPES: Final = _SECURE | {"string", "object", "array", "int", "bool"}
# What list operations return beside the secret itself.
_PUBLIC_FIELDS: Final = frozenset(
    {
        "basepath",
        "clientid",
        "creationtime",
        "description",
        "expirytime",
        "id",
        "keykind",
        "keyname",
        "kind",
        "location",
        "method",
        "name",
        "permissions",
        "publishingusername",
        "relativepath",
        "rights",
        "type",
        "username",
    }
)


# The secrets among what `reference()` gives, by their path in lower case, with the types that have them. The
# paths are like no others, so that a resource whose type is not known is taken for one of them.
# Source: the resources' REST references (host pools, ExpressRoute authorizations, AVS authorizations).
SHOWN_BY: Final[dict[tuple[str | None, ...], frozenset[str]]] = {
    ("registrationinfo", "token"): frozenset({"microsoft.desktopvirtualization/hostpools"}),
    ("authorizationkey",): frozenset(
        {
            "microsoft.network/expressroutecircuits/authorizations",
            "microsoft.network/expressrouteports/authorizations",
        }
    ),
    ("expressrouteauthorizationkey",): frozenset({"microsoft.avs/privateclouds/authorizations"}),
}


class Bound(NamedTuple):
    """What lambda variables and the arguments of a user function hold."""

    lambdas: Mapping[str, Taint]
    arguments: Mapping[str, Taint] | None


_FREE: Final = Bound({}, None)


class _Deeper(Exception):  # noqa: N818 - a request, no failure
    """A named value that lies too deep to be worked out from here."""

    def __init__(self, key: Hashable, make: Callable[[], Taint]) -> None:
        super().__init__()
        self.key = key
        self.make = make


class _Site(NamedTuple):
    """The string that an expression stands in, and what the expression sees there."""

    place: Node | Member
    scope: Scope
    frame: Frame
    bound: Bound


class Tracer:
    """Follows secrets through the template of a file and all that are nested in it.

    `secret_like` tells whether a name is a secret's, for the members of secure objects;
    `public_like` whether a secure parameter's says that there is nothing to hide. With `plain`,
    parameters that are *not* secure are the sources instead, and nothing is a leak. `linked` gives
    the template that a deployment resource links to. `fed` are the leaks that are told already: of
    secrets that plain parameters of the root are given, by name in lower case.
    """

    def __init__(  # noqa: PLR0913 - what is known of names, of other files, of what was told
        self,
        root: Template,
        secret_like: Callable[[str], bool],
        *,
        plain: bool = False,
        public_like: Callable[[str], bool] = lambda _: False,
        linked: Callable[[Resource], Template | None] | None = None,
        fed: Mapping[str, Leak] | None = None,
    ) -> None:
        self.root = root
        self._fed = fed or {}
        self._fed_leaks = frozenset(map(id, self._fed.values()))
        self._secret_like = secret_like
        self._public_like = public_like
        self._plain_only = plain
        self._evaluator = root.evaluator
        self._linked = linked
        self._leaks: dict[Hashable, Leak] = {}
        self._defaults: dict[Hashable, Leak] = {}
        self._steps = _MIN_STEPS + _STEPS_PER_CHARACTER * len(root.document.source.text)
        self._worthy: dict[str, bool] = {}
        self._owners: dict[int, Template] = {}
        self._deployments: dict[int, dict[object, list[Resource]]] = {}
        self._secure_types: dict[int, frozenset[str]] = {}
        self._contexts: dict[tuple[int, str], dict[Hashable, object]] = {}
        self._calling: set[tuple[int, int]] = set()
        self._rings: dict[int, dict[str, int]] = {}
        self._reducing = 0
        self._failing = False
        # Named values, and what is needed to work them out without deep recursion.
        self._made: dict[Hashable, Taint] = {}
        self._open: list[tuple[Hashable, Callable[[], Taint]]] = []
        self._ring: set[Hashable] = set()
        self._running = False
        self._depth = 0
        self._adopt(root)

    @property
    def leaks(self) -> tuple[Leak, ...]:
        """The leaks found so far."""
        return tuple(self._leaks.values())

    def node(self, node: Node, scope: Scope, frame: Frame = TOP) -> Taint:
        """The secrets in the value of a JSON node."""
        site = _Site(node, scope, frame, _FREE)
        if node.kind == "string" and not (isinstance(node.value, str) and self._worth(node.value)):
            return CLEAN
        return self._run(lambda: self._node(node, site))

    def key(self, member: Member, scope: Scope, frame: Frame = TOP) -> Taint:
        """The secrets in the name of a member, where that is an expression."""
        if not self._worth(member.name):
            return CLEAN
        return self._run(lambda: self._text(member.name, _Site(member, scope, frame, _FREE)))

    def parameter(self, scope: Scope, name: str) -> Taint:
        """The secrets in a parameter: by its type, by what is passed to it, by its default."""
        return self._run(lambda: self._parameter(scope, name))

    def output(self, template: Template, name: str) -> Taint:
        """The secrets in an output of a template, as its deployment gives it back."""
        return self._run(lambda: self._output(template, name))

    def report(self, rule: str, taint: Taint, at: Sink) -> None:
        """Make leaks of the secrets in a value at a place that can be read; told ones get a label."""
        for source, way in taint.everything.items():
            leak = way.leak
            if leak is None or not self._is_told(leak, self.root.document):
                self._leak(rule, source, way, at)
            else:
                leak.add(Step(at.place.span, at.document, "", f"and reaches {at.title}"))

    def _is_told(self, leak: Leak, document: Document) -> bool:
        """Whether what a leak tells covers what happens in a document."""
        return leak.at.document is document or id(leak) in self._fed_leaks

    def outer(self, template: Template, source: Source, way: Way, place: Node | Member) -> Leak:
        """The one leak of a secret into a template that is evaluated in outer scope."""
        key = ("SEC203", id(template), source)
        leak = self._leaks.get(key)
        if leak is None:
            label = "" if template.deployment is None else template.deployment.label()
            leak = self._leaks[key] = Leak("SEC203", source, way, Sink(place, template.document, label))
            return leak
        step = Step(place.span, template.document, "", "and is evaluated here")
        if place.start < leak.at.place.start:
            # Told is the first place in the document, whichever was looked at first.
            step = step._replace(span=leak.at.place.span)
            leak.at, leak.way = leak.at._replace(place=place), way
        if step.span != leak.at.place.span:
            leak.add(step)
        return leak

    def failing(self, node: Node | Member, scope: Scope) -> None:
        """Look for secrets in the messages of `fail()` in a string or a member's name."""
        self._failing = True
        try:
            if isinstance(node, Member):
                self.key(node, scope)
            else:
                self.node(node, scope)
        finally:
            self._failing = False

    def untold_defaults(self) -> Iterator[Leak]:
        """Leaks into plain parameters by their defaults, where nothing behind them is told."""
        told = {(leak.source, step.span) for leak in self._leaks.values() for step in leak.way.steps()}
        places = {(leak.source, leak.at.place.span) for leak in self._defaults.values()}
        for leak in self._defaults.values():
            behind = any((leak.source, step.span) in places for step in leak.way.steps())
            if not behind and (leak.source, leak.at.place.span) not in told:
                yield leak

    # -- how deep --

    def _run(self, make: Callable[[], Taint]) -> Taint:
        """Work something out; named values that lie too deep for Python's stack come first."""
        if self._running:
            return make()
        self._running = True
        pending: list[tuple[Hashable, Callable[[], Taint]]] = []
        try:
            while True:
                self._depth = 0
                try:
                    made = pending[-1][1]() if pending else make()
                except _Deeper as deeper:
                    pending.append((deeper.key, deeper.make))
                    self._ring.add(deeper.key)
                    continue
                except RecursionError:
                    # Whoever called has left too little room.
                    made = CLEAN
                if not pending:
                    return made
                key, _ = pending.pop()
                self._made[key] = made
                self._ring.discard(key)
        finally:
            self._running = False
            self._ring.clear()

    def _settled(self, key: Hashable, make: Callable[[], Taint]) -> Taint:
        """A named value, worked out once."""
        known = self._made.get(key)
        if known is not None:
            return known
        if key in self._ring:
            # It needs itself, which Azure refuses.
            return CLEAN
        if self._depth >= _MAX_DEPTH - _ROOM:
            raise _Deeper(key, make)
        self._ring.add(key)
        self._open.append((key, make))
        self._depth += 3
        try:
            made = self._made[key] = make()
        finally:
            self._depth -= 3
            self._open.pop()
            self._ring.discard(key)
        return made

    def _enter(self) -> bool:
        """Whether there is room for one more level. Raises `_Deeper` where there can be made some."""
        self._steps -= 1
        if self._steps <= 0:
            return False
        if self._depth < _MAX_DEPTH:
            return True
        if self._open:
            raise _Deeper(*self._open[-1])
        return False

    def _value(self, expression: Expression, site: _Site) -> Value:
        try:
            return self._evaluator.expression(expression, site.scope, site.frame)
        except RecursionError:
            return self._evaluator.pool.unique("too-deep")

    # -- values --

    def _worth(self, text: str) -> bool:
        """Whether an expression can hold a secret at all: it names something that could."""
        if text[:1] != "[" or text[-1:] != "]":
            return False
        known = self._worthy.get(text)
        if known is None:
            folded = text.lower()
            known = any(word in folded for word in ("parameters", "variables", "list", "reference", "."))
            self._worthy[text] = known
        return known

    def _node(self, node: Node, site: _Site) -> Taint:
        kind = node.kind
        if kind == "string":
            return self._text(str(node.value), site._replace(place=node))
        if kind not in {"object", "array"} or not self._enter():
            return CLEAN
        self._depth += 1
        try:
            if kind == "array":
                return made_of(items=tuple([self._node(item, site) for item in node.items]), exact=True)
            return self._object(node, site)
        finally:
            self._depth -= 1

    def _text(self, text: str, site: _Site) -> Taint:
        if not self._worth(text):
            return CLEAN
        if site.bound is _FREE and len(text) <= _SHORT and self._reads_clean(text, site.scope):
            return CLEAN
        read = syntax.read(text)
        if read is None or isinstance(read, syntax.Invalid):
            return CLEAN
        return self._expression(read, site)

    def _reads_clean(self, text: str, scope: Scope) -> bool:
        """Whether all that an expression reads by name is clean; most are known by this alone."""
        names = _names_read(text)
        if names is None:
            return False
        for function, name in names:
            read = self._parameter(scope, name) if function == "parameters" else self._variable(scope, name)
            if not read.empty:
                return False
        return True

    def _object(self, node: Node, site: _Site) -> Taint:
        fields: dict[str, Taint] = {}
        rest: list[Taint] = []
        names: list[Taint] = []
        for member in node.members:
            name = member.name
            if name[:1] == "[":
                names.append(self._text(name, site._replace(place=member)))
                rest.append(self._node(member.value, site))
                continue
            made = loops(member)
            if not made:
                fields[name.lower()] = self._node(member.value, site)
            for looped, element in made:
                fields[looped] = made_of(rest=self._node(element, site))
        return made_of(all_of(names), fields=fields, rest=join(rest))

    def _expression(self, expression: Expression, site: _Site) -> Taint:
        accessors: list[syntax.Property | syntax.Index] = []
        base: Expression = expression
        while isinstance(base, (syntax.Property, syntax.Index)):
            accessors.append(base)
            base = base.base
        if isinstance(base, syntax.Literal) or not self._enter():
            return CLEAN
        accessors.reverse()
        self._depth += 1
        try:
            if base.function in {"reference", "listoutputswithsecurevalues"}:
                keys = [self._key(accessor, site) for accessor in accessors]
                taint, used = self._read_back(base, keys, site)
                for key in keys[used:]:
                    taint = self.member(taint, key)
                return taint
            taint = self._call(base, site)
            for accessor in accessors:
                if self._failing and isinstance(accessor, syntax.Index):
                    self._expression(accessor.index, site)
                if taint.empty:
                    continue
                taint = self.member(taint, self._key(accessor, site))
            return taint
        finally:
            self._depth -= 1

    def _key(self, accessor: syntax.Property | syntax.Index, site: _Site) -> Value:
        if isinstance(accessor, syntax.Property):
            return accessor.name
        return self._value(accessor.index, site)

    def member(self, taint: Taint, key: Value) -> Taint:
        """The secrets of a member (by name) or item (by position) of a value; of any where unknown."""
        if taint.empty:
            return CLEAN
        if isinstance(key, str):
            name = key.lower()
            return join((taint.at(name), self._inherited(taint, name)))
        if isinstance(key, int) and not isinstance(key, bool):
            return join((taint.at(key), whole(taint)))
        choices = list(_choices(key))
        if choices:
            return join(self.member(taint, choice) for choice in choices)
        return self.any_member(taint)

    def _inherited(self, taint: Taint, name: str) -> Taint:
        """What a member has of the secrets of the whole."""
        own = taint.ways(taint.own)
        if name in _PUBLIC_FIELDS:
            own = {source: way for source, way in own.items() if source.kind != "list"}
        if not (taint.held or taint.weak):
            return Taint(own)
        partly = {**taint.ways(taint.weak), **taint.ways(taint.held)}
        if self._secret_like(name):
            return Taint({**partly, **own})
        return Taint(own, weak=partly)

    def any_member(self, taint: Taint) -> Taint:
        """The secrets of any one member or item of a value."""
        if not taint.held:
            return taint.element
        held = taint.ways(taint.held)
        sure = {source: way for source, way in held.items() if self._secret_like(source.name)}
        rest = {source: way for source, way in held.items() if source not in sure}
        top = Taint({**sure, **taint.ways(taint.own)}, weak={**rest, **taint.ways(taint.weak)})
        return join((*parts_of(taint), top))

    # -- calls --

    def _call(self, call: syntax.Call, site: _Site) -> Taint:
        function = call.function
        special = _SPECIAL.get(function)
        if special is not None:
            return special(self, call, site)
        if "." in function:
            return self._user_function(call, site)
        known = lookup(function)
        flow = Flow.NONE if known is None else known.flow
        if flow is not Flow.CARRY:
            if self._failing:
                for argument in call.args:
                    self._expression(argument, site)
            return self._listed(call, site) if flow is Flow.SOURCE and not self._plain_only else CLEAN
        taints = [self._expression(argument, site) for argument in call.args]
        if all(taint.empty for taint in taints):
            return CLEAN
        shape = _SHAPES.get(function)
        return Taint(all_of(taints)) if shape is None else shape(self, call, taints, site)

    def _parameters(self, call: syntax.Call, site: _Site) -> Taint:
        arguments = site.bound.arguments
        if arguments is not None:
            return join([arguments.get(name.lower(), CLEAN) for name in self._names(call, site)])
        return join([self._parameter(site.scope, name) for name in self._names(call, site)])

    def _variables(self, call: syntax.Call, site: _Site) -> Taint:
        return join([self._variable(site.scope, name) for name in self._names(call, site)])

    def _lambda_variables(self, call: syntax.Call, site: _Site) -> Taint:
        return join([site.bound.lambdas.get(name.lower(), CLEAN) for name in self._names(call, site)])

    def _names(self, call: syntax.Call, site: _Site) -> list[str]:
        """The names that the only argument of a call can be, where they are known."""
        if len(call.args) != 1:
            return []
        name = call.args[0]
        if isinstance(name, syntax.Literal):
            return [str(name.value)]
        if self._failing:
            self._expression(name, site)
        return [choice for choice in _choices(self._value(name, site)) if isinstance(choice, str)]

    def _if(self, call: syntax.Call, site: _Site) -> Taint:
        if len(call.args) != 3:  # noqa: PLR2004 - the three of if()
            return CLEAN
        if self._failing:
            self._expression(call.args[0], site)
        condition = self._value(call.args[0], site)
        if isinstance(condition, bool):
            return self._expression(call.args[1 if condition else 2], site)
        return join([self._expression(branch, site) for branch in call.args[1:]])

    def _coalesce(self, call: syntax.Call, site: _Site) -> Taint:
        taints = []
        for argument in call.args:
            taints.append(self._expression(argument, site))
            if not isinstance(self._value(argument, site), (Term, Failure, type(None))):
                # What comes after a value that is surely there is never taken.
                break
        return join(taints)

    def _fail(self, call: syntax.Call, site: _Site) -> Taint:
        taint = join([self._expression(argument, site) for argument in call.args])
        if not self._plain_only:
            document = self._document(site.scope)
            why = "the message of fail(), which stays in the deployment's history"
            self.report("SEC208", taint, Sink(site.place, document, why))
        return CLEAN

    def _listed(self, call: syntax.Call, site: _Site) -> Taint:
        name = call.name
        key = (site.scope.number, syntax.show(call).lower())
        source = Source("list", key, f"the result of {name}()", name)
        span = site.place.span_of(call.start, call.end)
        step = Step(span, self._document(site.scope), f"{name}(…)", "the secret is read here")
        return Taint({source: Way(step)})

    def _lambda(self, call: syntax.Call, position: int, arguments: tuple[Taint, ...], site: _Site) -> Taint:
        """What the lambda among the arguments of a call gives for these arguments of its own."""
        if position >= len(call.args):
            return CLEAN
        definition = call.args[position]
        if not isinstance(definition, syntax.Call) or definition.function != "lambda" or not definition.args:
            return CLEAN
        lambdas = dict(site.bound.lambdas)
        names = [str(n.value).lower() for n in definition.args[:-1] if isinstance(n, syntax.Literal)]
        for index, name in enumerate(names):
            lambdas[name] = arguments[index] if index < len(arguments) else CLEAN
        inside = site._replace(bound=site.bound._replace(lambdas=lambdas))
        return self._expression(definition.args[-1], inside)

    def _with_lambda(self, call: syntax.Call, site: _Site) -> Taint:
        if not call.args:
            return CLEAN
        function, subject = call.function, self._expression(call.args[0], site)
        element = self.any_member(subject) if function == "mapvalues" else subject.element
        first = self._lambda(call, 1, (element,), site)
        if function in {"map", "mapvalues"}:
            return made_of(rest=first)
        if function in {"filter", "sort"}:
            return made_of(rest=element)
        made = self._lambda(call, 2, (element,), site) if len(call.args) > 2 else element  # noqa: PLR2004
        # The first lambda makes the names of the object's members.
        return made_of(first.everything, rest=made_of(rest=made) if function == "groupby" else made)

    def _reduce(self, call: syntax.Call, site: _Site) -> Taint:
        if len(call.args) != 3:  # noqa: PLR2004 - array, start, lambda
            return CLEAN
        element = self._expression(call.args[0], site).element
        start = self._expression(call.args[1], site)
        result = start
        self._reducing += 1
        try:
            if self._reducing > _MAX_REDUCE:
                return join((start, self._lambda(call, 2, (join((start, element)), element), site)))
            for _ in range(2):
                before = result.everything.keys()
                result = join((start, self._lambda(call, 2, (result, element), site)))
                if result.everything.keys() <= before:
                    break
        finally:
            self._reducing -= 1
        return result

    def _user_function(self, call: syntax.Call, site: _Site) -> Taint:
        taints = [self._expression(argument, site) for argument in call.args]
        function = site.scope.functions.get(call.function)
        if function is None:
            return CLEAN
        name = (site.scope.number, call.function)
        if self._ring_of(site.scope, call.function) in self._calling:
            # It calls itself, which Azure refuses.
            return CLEAN
        contexts = self._contexts.setdefault(name, {})
        if len(contexts) >= _MAX_CONTEXTS[1]:
            taints = [Taint(taint.everything) if taint.shaped else taint for taint in taints]
        values: tuple[Value, ...] = ()
        if len(contexts) < _MAX_CONTEXTS[0]:
            values = tuple([self._value(argument, site) for argument in call.args])
        key = (name, tuple(map(likeness, taints)), tuple(map(identity_of, values)), self._failing)
        if key not in contexts:
            if len(contexts) >= _MAX_CONTEXTS[2]:
                return Taint(all_of(taints))
            # The arguments are kept, since their likeness may be their identity.
            contexts[key] = (taints, values)
        return self._settled(key, lambda: self._applied(function, taints, values, site))

    def _applied(
        self, function: UserFunction, taints: list[Taint], values: tuple[Value, ...], site: _Site
    ) -> Taint:
        ring = self._ring_of(site.scope, function.name.lower())
        arguments = dict(zip(function.parameters, taints, strict=False))
        worth = dict(zip(function.parameters, values, strict=False))
        inside = _Site(function.body, site.scope, Frame(arguments=worth), Bound({}, arguments))
        self._calling.add(ring)
        try:
            return self._node(function.body, inside)
        finally:
            self._calling.discard(ring)

    def _ring_of(self, scope: Scope, name: str) -> tuple[int, int]:
        """Equal for users' functions that call each other in a ring."""
        rings = self._rings.get(scope.number)
        if rings is None:
            numbers = {key: number for number, key in enumerate(scope.functions)}
            called = [
                [numbers[call.function] for _, call in calls(function.body) if call.function in numbers]
                for function in scope.functions.values()
            ]
            names = list(numbers)
            rings = self._rings[scope.number] = {
                names[number]: ring for ring, found in enumerate(components(called)) for number in found
            }
        return scope.number, rings.get(name, -1)

    # -- functions that keep the shape of their arguments --

    def _created_object(self, call: syntax.Call, taints: list[Taint], site: _Site) -> Taint:
        fields: dict[str, Taint] = {}
        rest: list[Taint] = []
        for name, taint in zip(call.args[::2], taints[1::2], strict=False):
            key = self._value(name, site)
            if isinstance(key, str):
                fields[key.lower()] = taint
            else:
                rest.append(taint)
        return made_of(all_of(taints[::2]), fields=fields, rest=join(rest))

    def _created_array(self, _: syntax.Call, taints: list[Taint], __: _Site) -> Taint:
        return made_of(items=tuple(taints), exact=True)

    def _array(self, call: syntax.Call, taints: list[Taint], site: _Site) -> Taint:
        value = self._value(call.args[0], site)
        if isinstance(value, Array):
            return taints[0]
        if isinstance(value, (Term, Failure)):
            return join((taints[0], made_of(rest=taints[0])))
        return made_of(items=tuple(taints), exact=True)

    def _concat(self, call: syntax.Call, taints: list[Taint], site: _Site) -> Taint:
        if not any(taint.shaped for taint in taints):
            return Taint(all_of(taints))
        items: list[Taint] = []
        rest: list[Taint] = []
        for argument, taint in zip(call.args, taints, strict=True):
            length = self._length(argument, taint, site)
            if length is None or rest:
                rest.append(taint.element)
            else:
                items += [self.member(taint, index) for index in range(length)]
        return made_of(items=tuple(items), rest=join(rest), exact=not rest)

    def _length(self, argument: Expression, taint: Taint, site: _Site) -> int | None:
        """How many items an array has, where that is known."""
        if taint.exact and taint.items is not None:
            return len(taint.items)
        value = self._value(argument, site)
        return len(value.items) if isinstance(value, Array) else None

    def _union(self, call: syntax.Call, taints: list[Taint], site: _Site) -> Taint:
        merged = taints[0]
        for argument, taint in zip(call.args[1:], taints[1:], strict=True):
            merged = self._over(merged, taint, self._value(argument, site), MAX_SHAPE)
        return merged

    def _shallow_merge(self, call: syntax.Call, taints: list[Taint], site: _Site) -> Taint:
        value = self._value(call.args[0], site)
        if not isinstance(value, Array):
            return taints[0].element
        merged = CLEAN
        for index, item in enumerate(value.items):
            merged = self._over(merged, self.member(taints[0], index), item, 0)
        return merged

    def _over(self, first: Taint, second: Taint, shape: Value, depth: int) -> Taint:
        """The union of two values: of a member that both have, the second's counts.

        Objects in objects are merged to this depth. `shape` is what is known of the second value.
        """
        if not isinstance(shape, Object):
            return join(map(unplaced, (first, second)))
        fields: dict[str, Taint] = {}
        for name, (_, value) in shape.fields.items():
            below = self.member(second, name)
            if depth and isinstance(value, Object):
                below = self._over(self.member(first, name), below, value, depth - 1)
            fields[name] = below
        for name in first.fields or ():
            if name not in fields:
                fields[name] = join((first.at(name), second.at(name)))
        if len(fields) > MAX_NAMES and first.fields:
            return Taint(all_of((first, second)))
        rest = [taint.inner(taint.rest) for taint in (first, second) if taint.rest is not None]
        # What is in the whole of the first is in those members too that the second leaves alone.
        own, held, weak = (dict(first.ways(part)) for part in (first.own, first.held, first.weak))
        add_ways(own, second.ways(second.own))
        add_ways(held, second.ways(second.held))
        add_ways(weak, second.ways(second.weak))
        return made_of(own, held=held, weak=weak, fields=fields, rest=join(rest))

    def _intersection(self, _: syntax.Call, taints: list[Taint], __: _Site) -> Taint:
        return join(map(unplaced, taints))

    def _one(self, call: syntax.Call, taints: list[Taint], site: _Site) -> Taint:
        """`first`, `last`, `indexFromEnd` and `tryIndexFromEnd`, the last with accessors behind."""
        subject, others = call.args[0], call.args[1:]
        index: Value = 0
        if call.function != "first":
            length = self._length(subject, taints[0], site)
            back = self._value(others[0], site) if others else 1
            known = length is not None and isinstance(back, int)
            index = length - back if known and length is not None and isinstance(back, int) else None
        taint = taints[0].element if index is None else self.member(taints[0], index)
        for key in others[1:]:
            taint = self.member(taint, self._value(key, site))
        return taint

    def _try_get(self, call: syntax.Call, taints: list[Taint], site: _Site) -> Taint:
        taint = taints[0]
        for argument in call.args[1:]:
            taint = self.member(taint, self._value(argument, site))
        return taint

    def _items(self, _: syntax.Call, taints: list[Taint], __: _Site) -> Taint:
        whole = Taint(taints[0].ways(taints[0].own))
        return made_of(rest=made_of(fields={"key": whole, "value": self.any_member(taints[0])}))

    def _object_keys(self, _: syntax.Call, taints: list[Taint], __: _Site) -> Taint:
        return made_of(rest=Taint(taints[0].ways(taints[0].own)))

    def _part_of(self, call: syntax.Call, taints: list[Taint], site: _Site) -> Taint:
        """`take` and `skip`, of arrays and of strings."""
        taint = taints[0]
        if not taint.shaped:
            return taint
        count = self._value(call.args[1], site) if len(call.args) > 1 else None
        if taint.exact and taint.items is not None and isinstance(count, int) and count >= 0:
            cut = slice(count) if call.function == "take" else slice(count, None)
            items = [self.member(taint, index) for index in range(len(taint.items))]
            return made_of(items=tuple(items[cut]), exact=True)
        return made_of(rest=taint.element)

    def _flatten(self, _: syntax.Call, taints: list[Taint], __: _Site) -> Taint:
        return made_of(rest=taints[0].element.element)

    def _parsed(self, call: syntax.Call, taints: list[Taint], _: _Site) -> Taint:
        """`json` and its kin: a parameter that holds a whole document is like a secure object."""
        found = all_of(taints)
        argument = call.args[0]
        if isinstance(argument, syntax.Call) and argument.function == "parameters":
            return Taint(held=found)
        return Taint(found)

    # -- names --

    def _parameter(self, scope: Scope, name: str) -> Taint:
        parameter = scope.parameters.get(name.lower())
        if parameter is None:
            return CLEAN
        fed = self._fed.get(name.lower()) if scope is self.root.scope else None
        if fed is not None:
            document, code = self.root.document, f"parameters('{parameter.name}')"
            step = Step(
                parameter.member.span, document, code, f"declared here as {_type_name(parameter.node)}"
            )
            return stepped(Taint({fed.source: Way(fed.way.step, None, fed)}), step)
        key = ("parameter", scope.number, name.lower())
        return self._settled(key, lambda: self._of_parameter(scope, parameter))

    def _of_parameter(self, scope: Scope, parameter: Parameter) -> Taint:
        document = self._document(scope)
        given = self._given(scope, parameter)
        default = parameter.node.member_named("defaultValue")
        nothing = default is None if given is None else given[0].empty
        if nothing and not self._plain_only and not _may_be_secure(parameter, document):
            # As most are: there is nothing to tell.
            return CLEAN
        code = f"parameters('{parameter.name}')"
        step = Step(parameter.member.span, document, code, f"declared here as {_type_name(parameter.node)}")
        if self._plain_only:
            return self._plain(scope, parameter, step) if given is None else stepped(given[0], step)
        declared = self._declared(scope, parameter, step)
        if given is not None:
            taint, place = given
            if taint.everything:
                return self._bound(taint, scope, parameter, place, declared)
            if declared.empty:
                return stepped(taint, step)
            # What was passed is no secret of the template around; here it is what it is declared to be.
        if not declared.empty:
            return CLEAN if self._public_like(parameter.name) else declared
        if default is None:
            return CLEAN
        site = _Site(default.value, scope, TOP, _FREE)
        taint = self._node(default.value, site)
        for source, way in taint.everything.items():
            # Deployments show the values of plain parameters, defaults included.
            if way.leak is None:
                at = Sink(default, document, "", parameter.name)
                self._defaults.setdefault((id(default), source), Leak("SEC204", source, way, at))
        into = step._replace(span=default.span, message=f"is the default of parameter '{parameter.name}'")
        return stepped(taint, into)

    def _is_literal(self, parameter: Parameter, scope: Scope) -> bool:
        """Whether a parameter that nothing is passed to surely has no value, or one that is written down."""
        default = parameter.node.get("defaultValue")
        return default is None or not isinstance(self._evaluator.value(default, scope), Term | Text)

    def _given(self, scope: Scope, parameter: Parameter) -> tuple[Taint, Node] | None:
        """The secrets in what a deployment passes, and where; None where nothing is known to be passed."""
        owner = self._owners.get(scope.number)
        outer = scope.outer
        if owner is None or outer is None or owner.deployment is None or owner.deployment.properties is None:
            return None
        section = owner.deployment.properties.get("parameters")
        if section is None:
            return None
        site = _Site(section, outer, scope.frame, _FREE)
        if section.kind == "string":
            taint = self.member(self._node(section, site), parameter.name)
            return self.member(taint, "value"), section
        given = section.get(parameter.name)
        if given is None:
            return None
        if given.kind == "string":
            passed = self.member(self._node(given, site), "value")
            refers = _refers(self._evaluator.value(given, outer, scope.frame))
            return join((passed, self._from_vault(given, outer))) if refers else passed, given
        value, reference = given.get("value"), given.get("reference")
        if value is not None:
            return self._node(value, site), value
        if reference is None or self._public_like(parameter.name):
            return CLEAN, given
        return self._from_vault(reference, outer), given

    def _from_vault(self, reference: Node, scope: Scope) -> Taint:
        if self._plain_only:
            return CLEAN
        source = Source("vault", id(reference), "a Key Vault secret", "reference")
        span = reference.span if reference.member is None else reference.member.span
        return Taint(
            {source: Way(Step(span, self._document(scope), "reference", "comes from Key Vault here"))}
        )

    def _bound(self, taint: Taint, scope: Scope, parameter: Parameter, place: Node, declared: Taint) -> Taint:
        """Pass a secret into a nested template; a leak where the parameter there is plain."""
        document, owner = self._document(scope), self._owners[scope.number]
        label = "the nested template" if owner.deployment is None else owner.deployment.label()
        kind = _type_name(parameter.node)
        code = f"parameters('{parameter.name}')"
        into = Step(parameter.member.span, document, code, f"enters '{label}' as {kind}")
        target = place.member or place
        outside = None if owner.deployment is None else owner.deployment.template
        around = None if outside is None else _outermost(outside)
        leaks: dict[Source, Leak] = {}
        for source, way in taint.everything.items():
            if around is not None and way.leak is None:
                leaks[source] = self.outer(around, source, way, target)
        for source, way in exposed(taint, declared).items():
            if way.leak is not None:
                way.leak.add(into)
            elif source not in leaks and outside is not None:
                direct = source.kind == "vault" and way.before is None
                rule = "SEC218" if direct else "SEC204"
                at = Sink(target, outside.document, label, parameter.name)
                leak = self._leak(rule, source, way, at)
                leak.add(into._replace(message=f"declared here as {kind}"))
                leaks[source] = leak
        return stepped(taint, into, leaks)

    def _variable(self, scope: Scope, name: str) -> Taint:
        variable = scope.variables.get(name.lower())
        if variable is None:
            return CLEAN
        key = ("variable", scope.number, name.lower())
        return self._settled(key, lambda: self._of_variable(scope, variable))

    def _of_variable(self, scope: Scope, variable: Variable) -> Taint:
        taint = self._node(variable.node, _Site(variable.node, scope, TOP, _FREE))
        if variable.copy is not None:
            taint = made_of(rest=taint)
        code = f"variables('{variable.name}')"
        step = Step(variable.place.span, self._document(scope), code, "flows through this variable")
        return stepped(taint, step)

    # -- types --

    def _declared(self, scope: Scope, parameter: Parameter, step: Step) -> Taint:
        """The secrets that a parameter's declared type says are in it."""
        if not _may_be_secure(parameter, self._document(scope)):
            return CLEAN
        whole = _final_type(parameter.node, scope.definitions) in _SECURE
        title = f"{'secure parameter' if whole else 'a secure part of parameter'} '{parameter.name}'"
        source = Source("parameter", (scope.number, parameter.name.lower()), title, parameter.name)
        return self._typed(parameter.node, scope, {source: Way(step)})

    def _typed(self, node: Node, scope: Scope, own: Mapping[Source, Way]) -> Taint:
        return _Typing(scope.definitions, self._secure_definitions(scope), own).of(node, 0, 0)

    def _secure_definitions(self, scope: Scope) -> frozenset[str]:
        """The definitions that mention a secure type, directly or through others."""
        known = self._secure_types.get(scope.number)
        if known is None:
            users: dict[str, list[str]] = {}
            pending = []
            for member in _members(scope.definitions):
                name = member.name.lower()
                for node in member.value.walk():
                    if node.kind == "string" and isinstance(node.value, str) and isinstance(node.key, str):
                        if node.key.lower() == "$ref":
                            users.setdefault(_reference(node), []).append(name)
                        elif node.key.lower() == "type" and node.value.lower() in _SECURE:
                            pending.append(name)
            found: set[str] = set()
            while pending:
                name = pending.pop()
                if name not in found:
                    found.add(name)
                    pending += users.get(name, ())
            known = self._secure_types[scope.number] = frozenset(found)
        return known

    def _plain(self, scope: Scope, parameter: Parameter, step: Step) -> Taint:
        if _final_type(parameter.node, None) not in {"string", "object"}:
            return CLEAN
        if scope.bindings is not None and self._is_literal(parameter, scope):
            return CLEAN
        title = f"parameter '{parameter.name}'"
        source = Source("plain", (scope.number, parameter.name.lower()), title, parameter.name)
        return Taint({source: Way(step)})

    # -- nested deployments --

    def _references(self, call: syntax.Call, site: _Site) -> Taint:
        """`references(loop)`: what `reference()` gives for each deployment of a loop."""
        return made_of(rest=self._read_back(call, [], site)[0])

    def _read_back(self, call: syntax.Call, keys: list[Value], site: _Site) -> tuple[Taint, int]:
        """What `reference(deployment).outputs.x.value` brings back, and how many accessors it used."""
        targets = [] if not call.args else self._targets(self._value(call.args[0], site), site.scope)
        if call.function == "listoutputswithsecurevalues":
            if self._plain_only:
                return CLEAN, len(keys)
            return self._read_secure(self._listed(call, site), keys, targets), min(len(keys), 1)
        words = [key.lower() if isinstance(key, str) else None for key in keys]
        start = 1 if words[:1] == ["properties"] else 0
        if words and words[start : start + 1] != ["outputs"]:
            return self._of_state(call, words[start:], site), len(keys)
        name = keys[start + 1] if len(keys) > start + 1 else None
        if isinstance(name, str):
            outputs = [made_of(fields={"value": self._output(target, name)}) for target in targets]
            return join(outputs), start + 2
        given = [
            made_of(
                fields={
                    m.name.lower(): made_of(fields={"value": self._output(target, m.name)}) for m in members
                }
            )
            for target in targets
            for members in [_members(target.node.get("outputs"))]
        ]
        if words:
            return join(given), start + 1
        return join(made_of(fields={"outputs": outputs}) for outputs in given), 0

    def _of_state(self, call: syntax.Call, words: list[str | None], site: _Site) -> Taint:
        """What `reference(resource).x.y` gives of the few secrets that resources show to their readers."""
        kinds = None if self._plain_only or call.function != "reference" else SHOWN_BY.get(tuple(words))
        if kinds is None or not call.args:
            return CLEAN
        value = self._value(call.args[0], site)
        named = None if isinstance(value, Failure) else identifier(parts(value))
        if named is not None and named.type.lower() not in kinds:
            return CLEAN
        key = (site.scope.number, syntax.show(call).lower(), words[-1])
        source = Source("list", key, "a secret that reference() gives", call.name)
        span = site.place.span_of(call.start, call.end)
        step = Step(span, self._document(site.scope), f"{call.name}(…)", "the secret is read here")
        return Taint({source: Way(step)})

    def _read_secure(self, listed: Taint, keys: list[Value], targets: list[Template]) -> Taint:
        """What `listOutputsWithSecureValues(deployment).x` brings back."""
        name = keys[0] if keys else None
        found = []
        for target in targets if isinstance(name, str) else ():
            output = target.node.at("outputs", str(name))
            if output is None:
                continue
            declared = self._typed(output, target.declared, listed.own)
            # What is no secure output is no more a secret for being read this way.
            taint = self._output(target, str(name)) if declared.empty else self._kept(target, str(name))
            found.append(taint if taint.everything or declared.empty else declared)
        return join(found) if found else listed

    def _kept(self, template: Template, name: str) -> Taint:
        """The secrets in an output that is secure, for those who may read it."""
        key = ("kept", id(template), name.lower())
        return self._settled(key, lambda: self._of_kept(template, name))

    def _of_kept(self, template: Template, name: str) -> Taint:
        value = template.node.at("outputs", name, "value")
        if value is None:
            return CLEAN
        taint = self._node(value, _Site(value, template.scope, template.frame, _FREE))
        around, place = _outermost(template), value.member or value
        leaks = {
            source: self.outer(around, source, way, place)
            for source, way in taint.everything.items()
            if around is not None and way.leak is None
        }
        return stepped(taint, self._back(template, name, value), leaks)

    def _back(self, template: Template, name: str, value: Node) -> Step:
        label = "" if template.deployment is None else f" of '{template.deployment.label()}'"
        span, said = (value.member or value).span, f"comes back as output '{name}'{label}"
        return Step(span, template.document, f"outputs.{name}", said)

    def _targets(self, value: Value, scope: Scope) -> list[Template]:
        """The templates of the deployment that a call names."""
        owner = self._owners.get(scope.number)
        if owner is None or isinstance(value, Failure):
            return []
        index = self._deployments.get(scope.number)
        if index is None:
            index = self._deployments[scope.number] = _deployments(owner)
        name = parts(value)
        found = index.get(("symbol", _symbol(value))) or index.get(("name", key_of(name)))
        if not found:
            named = identifier(name)
            if named is None or named.type.lower() != DEPLOYMENTS:
                return []
            found = index.get(("name", key_of(named.name)), [])
        templates = [self.entered(resource) for resource in found if resource.condition is not False]
        return [template for template in templates if template is not None]

    def entered(self, deployment: Resource) -> Template | None:
        """The template that a deployment resource deploys, nested or linked, where it is known."""
        template = deployment.nested
        if template is None and self._linked is not None:
            template = self._linked(deployment)
            if template is not None and template.scope.number not in self._owners:
                self._adopt(template)
        return template

    def _adopt(self, template: Template) -> None:
        for each in template.templates():
            self._owners.setdefault(each.scope.number, each)

    def _output(self, template: Template, name: str) -> Taint:
        key = ("output", id(template), name.lower())
        return self._settled(key, lambda: self._of_output(template, name))

    def _of_output(self, template: Template, name: str) -> Taint:
        node = template.node.at("outputs", name)
        if node is None or node.kind != "object":
            return CLEAN
        value, condition = node.get("value") or node.at("copy", "input"), node.get("condition")
        scope, frame = template.scope, template.frame
        if value is None or (
            condition is not None and self._evaluator.value(condition, scope, frame) is False
        ):
            return CLEAN
        taint = self._node(value, _Site(value, scope, frame, _FREE))
        if value.key == "input":
            taint = made_of(rest=taint)
        if taint.empty or self._plain_only:
            return taint
        declared = self._typed_output(template, node)
        seen = exposed(taint, declared)
        leaks = self._shown(template, name, value, seen)
        if not declared.empty:
            # A secure part is withheld from whoever reads the output.
            taint = Taint(seen)
        return stepped(taint, self._back(template, name, value), leaks)

    def _typed_output(self, template: Template, node: Node) -> Taint:
        """What the declared type of an output keeps secret."""
        source = Source("parameter", id(node), "", "")
        return self._typed(node, template.declared, {source: Way(Step(node.span, template.document, "", ""))})

    def _shown(
        self, template: Template, name: str, value: Node, ways: Mapping[Source, Way]
    ) -> dict[Source, Leak]:
        """The leaks of secrets that an output shows; those that were told already get a label."""
        leaks: dict[Source, Leak] = {}
        document = template.document
        around = _outermost(template)
        for source, way in ways.items():
            if way.leak is not None and self._is_told(way.leak, document):
                place = value.member or value
                way.leak.add(Step(place.span, document, "", f"and is shown by output '{name}'"))
                continue
            place = self._first(value, source, _Site(value, template.scope, template.frame, _FREE))
            if around is None:
                leaks[source] = self._leak("SEC202", source, way, Sink(place, document, name))
            else:
                leaks[source] = self.outer(around, source, way, place)
        return leaks

    def _first(self, value: Node, source: Source, site: _Site) -> Node | Member:
        """The first place below a node that a secret is in."""
        if value.kind != "string":
            for place in evaluated(value):
                if isinstance(place, Member):
                    taint = self._text(place.name, site._replace(place=place))
                else:
                    taint = self._node(place, site)
                if source in taint.everything:
                    return place if isinstance(place, Member) else place.member or place
        return value.member or value

    def _document(self, scope: Scope) -> Document:
        template = self._owners.get(scope.number)
        return self.root.document if template is None else template.document

    def _leak(self, rule: str, source: Source, way: Way, at: Sink) -> Leak:
        key = (rule, source, at.place.start, id(at.document), at.parameter)
        return self._leaks.setdefault(key, Leak(rule, source, way, at))


class _Typing:
    """The secrets that a declared type says are in a value; types may need each other in rings."""

    def __init__(self, definitions: Node | None, secure: frozenset[str], own: Mapping[Source, Way]) -> None:
        self._definitions = definitions
        self._secure = secure
        self._own = own
        self._made: dict[tuple[str, int], Taint] = {}

    def of(self, node: Node, hops: int, depth: int) -> Taint:
        """The taint of a value of the type that a node declares."""
        if node.kind != "object" or depth > MAX_SHAPE:
            return CLEAN
        named = node.get("$ref")
        if named is not None:
            return self._defined(_reference(named), hops, depth)
        kind = _word(node.get("type"))
        if kind == "securestring":
            return Taint(self._own)
        if kind == "secureobject":
            return Taint(held=self._own)
        fields = {
            member.name.lower(): self.of(member.value, hops, depth + 1)
            for member in _members(node.get("properties"))
        }
        for variant in _members(node.at("discriminator", "mapping")):
            shape = self.of(variant.value, hops, depth)
            for name, field in (shape.fields or {}).items():
                fields[name] = join((fields.get(name, CLEAN), field))
        prefix = node.get("prefixItems")
        items = tuple([self.of(item, hops, depth + 1) for item in (() if prefix is None else prefix.items)])
        others = [node.get("items"), node.get("additionalProperties")]
        rest = join([self.of(other, hops, depth + 1) for other in others if other is not None])
        return made_of(fields=fields, items=items, rest=rest)

    def _defined(self, name: str, hops: int, depth: int) -> Taint:
        definition: Node | None = None
        # Names for names are no hops; they may stand in a ring.
        for _ in range(_MAX_NAMES):
            definition = self._definitions.get(name) if name in self._secure and self._definitions else None
            named = None if definition is None else definition.get("$ref")
            if named is None:
                break
            name = _reference(named)
        if definition is None or hops >= _MAX_HOPS:
            return CLEAN
        key = (name, hops)
        if key not in self._made:
            self._made[key] = CLEAN
            self._made[key] = self.of(definition, hops + 1, depth)
        return self._made[key]


@lru_cache(maxsize=8192)
def _names_read(text: str) -> tuple[tuple[str, str], ...] | None:
    """The parameters and variables that an expression names; None where a secret may come by other ways."""
    names: dict[tuple[str, str], None] = {}
    for call in syntax.calls(text):
        function = call.function
        if function in {"parameters", "variables"}:
            name = call.args[0] if len(call.args) == 1 else None
            if not isinstance(name, syntax.Literal):
                return None
            names[function, str(name.value)] = None
        elif function in {"reference", "references"} or "." in function:
            return None
        else:
            known = lookup(function)
            if known is not None and known.flow is Flow.SOURCE:
                return None
    return tuple(names)


def evaluated(top: Node, without: Mapping[int, object] | None = None) -> Iterator[Node | Member]:
    """The strings and computed member names below a node in document order, leaving out some subtrees."""
    pending: list[Node | Member] = [top]
    while pending:
        found = pending.pop()
        if isinstance(found, Member):
            if found.name[:1] == "[":
                yield found
            found = found.value
        if without and id(found) in without:
            continue
        if found.kind == "string":
            yield found
        pending.extend(reversed(found.items or found.members))


def _choices(value: Value, depth: int = 0) -> Iterator[str | int]:
    """The names or positions that a value can be, where it is one of a few."""
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        yield value
    elif isinstance(value, Term) and value.operation == "if" and depth < _FEW:
        branches = [list(_choices(branch, depth + 1)) for branch in value.arguments[1:]]
        if all(branches):
            yield from chain.from_iterable(branches)


def _refers(value: Value, depth: int = 0) -> bool:
    """Whether what is passed to a parameter is, or can be, a reference to a secret in Key Vault."""
    if isinstance(value, Object):
        return value.get("reference") is not MISSING
    if isinstance(value, Term) and value.operation == "if" and depth < _FEW:
        return any(_refers(branch, depth + 1) for branch in value.arguments[1:])
    return False


def loops(member: Member) -> list[tuple[str, Node]]:
    """The properties that a `copy` member makes, by lower-cased name, with what is repeated in them."""
    if member.name.lower() != "copy" or member.value.kind != "array":
        return []
    found = []
    for loop in member.value.items:
        name, element = loop.get("name"), loop.get("input")
        if name is not None and element is not None:
            found.append((str(name.value).lower(), element))
    return found


def _may_be_secure(parameter: Parameter, document: Document) -> bool:
    """Whether there is anything in a declaration by which a parameter can have a secure part."""
    node = parameter.node
    written = document.source.text[node.start : node.end].lower()
    return "secure" in written or "$ref" in written or "\\u" in written


def _members(node: Node | None) -> list[Member]:
    return [] if node is None else list(node.members)


def _word(node: Node | None) -> str:
    return "" if node is None else str(node.value).strip().lower()


def _reference(node: Node) -> str:
    return str(node.value).rpartition("/")[2].lower()


def _final_type(node: Node | None, definitions: Node | None) -> str:
    """The type that a parameter or output is declared with, in lower case, through definitions."""
    for _ in range(_MAX_NAMES):
        if node is None:
            break
        named = node.get("$ref")
        if named is None:
            return _word(node.get("type"))
        node = None if definitions is None else definitions.get(_reference(named))
    return ""


def _type_name(node: Node) -> str:
    """The declared type for messages, as it is written, if it is one."""
    kind, named = node.get("type"), node.get("$ref")
    if named is not None and isinstance(named.value, str):
        return named.value.rpartition("/")[2]
    return str(kind.value) if kind is not None and _word(kind) in _TYPES else "a value of unknown type"


def _outermost(template: Template) -> Template | None:
    """The nested template in outer scope that a template is evaluated as part of; None for none."""
    found = None
    current: Template | None = template
    while current is not None and current.deployment is not None and current.scope is not current.declared:
        found = current
        current = current.deployment.template
    return found


def _symbol(value: Value) -> str | None:
    """The symbolic name that a value is, without the index of a loop."""
    first = value.parts[0] if isinstance(value, Text) else value
    if not isinstance(first, str):
        return None
    name, bracket, _ = first.partition("[")
    return name.lower() if bracket or isinstance(value, str) else None


def _deployments(template: Template) -> dict[object, list[Resource]]:
    """The nested deployments that a template's expressions can name, by symbol and by name."""
    found: dict[object, list[Resource]] = {}
    pending = [template]
    while pending:
        current = pending.pop()
        for resource in current.all_resources():
            if resource.key != DEPLOYMENTS:
                continue
            if resource.symbol is not None:
                found.setdefault(("symbol", resource.symbol.name.lower()), []).append(resource)
            found.setdefault(("name", key_of(parts(resource.name))), []).append(resource)
            if resource.nested is not None and resource.nested.scope is template.scope:
                pending.append(resource.nested)
    return found


_SPECIAL: Final[Mapping[str, Callable[[Tracer, syntax.Call, _Site], Taint]]] = {
    "coalesce": Tracer._coalesce,
    "fail": Tracer._fail,
    "filter": Tracer._with_lambda,
    "groupby": Tracer._with_lambda,
    "if": Tracer._if,
    "lambdavariables": Tracer._lambda_variables,
    "map": Tracer._with_lambda,
    "mapvalues": Tracer._with_lambda,
    "parameters": Tracer._parameters,
    "reduce": Tracer._reduce,
    "references": Tracer._references,
    "sort": Tracer._with_lambda,
    "toobject": Tracer._with_lambda,
    "variables": Tracer._variables,
}

_SHAPES: Final[Mapping[str, Callable[[Tracer, syntax.Call, list[Taint], _Site], Taint]]] = {
    "array": Tracer._array,
    "base64tojson": Tracer._parsed,
    "concat": Tracer._concat,
    "createarray": Tracer._created_array,
    "createobject": Tracer._created_object,
    "first": Tracer._one,
    "flatten": Tracer._flatten,
    "indexfromend": Tracer._one,
    "intersection": Tracer._intersection,
    "items": Tracer._items,
    "json": Tracer._parsed,
    "last": Tracer._one,
    "objectkeys": Tracer._object_keys,
    "shallowmerge": Tracer._shallow_merge,
    "skip": Tracer._part_of,
    "take": Tracer._part_of,
    "tryget": Tracer._try_get,
    "tryindexfromend": Tracer._one,
    "union": Tracer._union,
}
