"""Where secrets go: dataflow over expressions, variables, nested templates and their outputs.

Every value has a `Taint`: which secrets are in it, where in it, and by which way each came. A way
is told once: where it first passes a place that can be read (a plain parameter of a nested
template, a plain output), that is a `Leak`, and what lies behind is told as part of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm import expression as syntax
from armlint.arm.evaluate import TOP, Frame
from armlint.arm.functions import Flow, lookup
from armlint.arm.graph import _identifier as identifier
from armlint.arm.graph import key_of, parts
from armlint.arm.template import DEPLOYMENTS
from armlint.arm.value import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from armlint.arm.evaluate import Parameter, Scope
    from armlint.arm.expression import Expression
    from armlint.arm.template import Resource, Template
    from armlint.arm.value import Value
    from armlint.jsontext import Document, Member, Node
    from armlint.source import Span

_MAX_DEPTH: Final = 120
# What list operations return beside the secret itself.
_PUBLIC_FIELDS: Final = frozenset({"keyname", "permissions", "creationtime", "expirytime", "type", "kind"})


class Source(NamedTuple):
    """Where a secret starts. `key` tells sources apart; `title` is for messages."""

    kind: str
    """`parameter`, `list` (a list operation), `vault` (a Key Vault reference), or `plain`."""
    key: object
    title: str
    name: str
    """The parameter's name, or the function's."""


class Step(NamedTuple):
    """A station on the way of a secret: the characters, the code there, and what happens."""

    span: Span
    document: Document
    code: str
    message: str


class Way:
    """How a secret came here: the last step and the way before it. `leak` is set where it was told."""

    __slots__ = ("before", "leak", "step")

    def __init__(self, step: Step, before: Way | None = None, leak: Leak | None = None) -> None:
        self.step = step
        self.before = before
        self.leak = leak if leak is not None or before is None else before.leak

    def steps(self) -> tuple[Step, ...]:
        """The steps from the source on."""
        found = []
        way: Way | None = self
        while way is not None:
            found.append(way.step)
            way = way.before
        return tuple(reversed(found))


class Leak:
    """A secret at a place that can be read. `also` are further places behind this one."""

    __slots__ = ("also", "document", "place", "rule", "sink", "source", "way")

    def __init__(
        self, rule: str, source: Source, way: Way, place: Node | Member, document: Document, sink: str
    ) -> None:
        self.rule = rule
        self.source = source
        self.way = way
        self.place = place
        self.document = document
        self.sink = sink
        self.also: list[Step] = []


class Taint:
    """The secrets of a value. Immutable; `CLEAN` is the one without any.

    `own` are in the value as a whole, or anywhere in it; `weak` only in members of it that are
    named like secrets (what remains of a secure object). `fields`, `items` and `rest` tell of the
    members by name, the items by position, and of any other member or item.
    """

    __slots__ = ("_all", "fields", "holder", "items", "own", "rest", "weak")

    def __init__(
        self,
        own: Mapping[Source, Way] | None = None,
        *,
        weak: Mapping[Source, Way] | None = None,
        fields: Mapping[str, Taint] | None = None,
        items: tuple[Taint, ...] | None = None,
        rest: Taint | None = None,
        holder: bool = False,
    ) -> None:
        self.own: Mapping[Source, Way] = own or {}
        self.weak: Mapping[Source, Way] = weak or {}
        self.fields = fields
        self.items = items
        self.rest = rest
        self.holder = holder
        """Whether `own` is a secure object: as a whole a secret, of its members only some."""
        self._all: Mapping[Source, Way] | None = None

    @property
    def clean(self) -> bool:
        """Whether there is no secret in it."""
        return not self.everything

    @property
    def everything(self) -> Mapping[Source, Way]:
        """The secrets anywhere in the value, each with its first way."""
        if self._all is None:
            found: dict[Source, Way] = {}
            for part in self._below():
                _add(found, part.everything)
            _add(found, self.own)
            self._all = found
        return self._all

    def _below(self) -> Iterator[Taint]:
        if self.fields is not None:
            yield from self.fields.values()
        if self.items is not None:
            yield from self.items
        if self.rest is not None:
            yield self.rest

    @property
    def empty(self) -> bool:
        """Whether nothing is known of it, not even weakly."""
        return not (self.own or self.weak or self.fields or self.items or self.rest)


def _add(found: dict[Source, Way], more: Mapping[Source, Way]) -> None:
    for source, way in more.items():
        # A way that was not told yet is worth more than one that was.
        before = found.get(source)
        if before is None or (before.leak is not None and way.leak is None):
            found[source] = way


CLEAN: Final = Taint()


def join(taints: Iterable[Taint]) -> Taint:
    """The secrets of a value that is one of several."""
    several = [taint for taint in taints if not taint.empty]
    if len(several) <= 1:
        return several[0] if several else CLEAN
    own: dict[Source, Way] = {}
    weak: dict[Source, Way] = {}
    fields: dict[str, list[Taint]] = {}
    items: list[list[Taint]] = []
    rest: list[Taint] = []
    for taint in several:
        _add(own, taint.own)
        _add(weak, taint.weak)
        for name, field in (taint.fields or {}).items():
            fields.setdefault(name, []).append(field)
        for position, item in enumerate(taint.items or ()):
            if position == len(items):
                items.append([])
            items[position].append(item)
        if taint.rest is not None:
            rest.append(taint.rest)
    return Taint(
        own,
        weak=weak,
        fields={name: join(each) for name, each in fields.items()} or None,
        items=tuple(map(join, items)) or None,
        rest=join(rest) if rest else None,
        holder=any(taint.holder for taint in several),
    )


class Bound(NamedTuple):
    """What lambda variables and the arguments of a user function hold."""

    lambdas: Mapping[str, Taint]
    arguments: Mapping[str, Taint] | None


_FREE: Final = Bound({}, None)


class Tracer:
    """Follows secrets through the template of a file and all that are nested in it.

    `secret_like` tells whether a name is a secret's, for the members of secure objects. With
    `plain`, parameters that are *not* secure are the sources instead, and nothing is a leak.
    """

    def __init__(self, root: Template, secret_like: Callable[[str], bool], *, plain: bool = False) -> None:
        self.root = root
        self._evaluator = root.evaluator
        self.secret_like = secret_like
        self.plain = plain
        self.leaks: list[Leak] = []
        self._depth = 0
        self._steps = 400_000 + 8 * len(root.document.source.text)
        self._variables: dict[tuple[int, str], Taint] = {}
        self._parameters: dict[tuple[int, str], Taint] = {}
        self._outputs: dict[tuple[int, str], Taint] = {}
        self._types: dict[tuple[int, str], Taint | None] = {}
        self._interesting: dict[str, bool] = {}
        self._owners: dict[int, Template] = {}
        for template in root.templates():
            self._owners.setdefault(template.scope.number, template)
        self._outer: dict[tuple[int, Source], Leak] = {}
        self._deployments: dict[int, dict[object, Resource]] = {}

    # -- values --

    def node(self, node: Node, scope: Scope, frame: Frame = TOP, bound: Bound = _FREE) -> Taint:
        """The secrets in the value of a JSON node."""
        kind = node.kind
        if kind == "string":
            text = node.value
            if not isinstance(text, str) or not self._worth(text):
                return CLEAN
            read = syntax.read(text)
            if read is None or isinstance(read, syntax.Invalid):
                return CLEAN
            return self.expression(read, node, scope, frame, bound)
        if kind not in {"object", "array"} or self._depth >= _MAX_DEPTH or not self._step():
            return CLEAN
        self._depth += 1
        try:
            if kind == "array":
                items = tuple(self.node(item, scope, frame, bound) for item in node.items)
                return Taint(items=items) if any(not item.empty for item in items) else CLEAN
            return self._object(node, scope, frame, bound)
        finally:
            self._depth -= 1

    def _object(self, node: Node, scope: Scope, frame: Frame, bound: Bound) -> Taint:
        fields: dict[str, Taint] = {}
        rest: list[Taint] = []
        for member in node.members:
            name = member.name
            if name.lower() == "copy" and member.value.kind == "array":
                for loop in member.value.items:
                    made, element = loop.get("name"), loop.get("input")
                    if made is not None and element is not None:
                        taint = self.node(element, scope, frame, bound)
                        fields[str(made.value).lower()] = CLEAN if taint.empty else Taint(rest=taint)
                continue
            taint = self.node(member.value, scope, frame, bound)
            if name[:1] == "[":
                rest.append(taint)
                read = syntax.read(name)
                if read is not None and not isinstance(read, syntax.Invalid):
                    rest.append(Taint(self.expression(read, member, scope, frame, bound).everything))
            else:
                fields[name.lower()] = taint
        others = join(rest)
        if others.empty and all(field.empty for field in fields.values()):
            return CLEAN
        return Taint(fields=fields, rest=None if others.empty else others)

    def _worth(self, text: str) -> bool:
        """Whether an expression can hold a secret at all: it names something that could."""
        if text[:1] != "[" or text[-1:] != "]":
            return False
        known = self._interesting.get(text)
        if known is None:
            folded = text.lower()
            known = any(word in folded for word in ("parameters", "variables", "list", "reference", "."))
            self._interesting[text] = known
        return known

    def _step(self) -> bool:
        self._steps -= 1
        return self._steps > 0

    def expression(
        self,
        expression: Expression,
        place: Node | Member,
        scope: Scope,
        frame: Frame = TOP,
        bound: Bound = _FREE,
    ) -> Taint:
        """The secrets in the value of an expression; `place` is the string that it stands in."""
        if isinstance(expression, syntax.Literal) or self._depth >= _MAX_DEPTH or not self._step():
            return CLEAN
        self._depth += 1
        try:
            accessors: list[syntax.Property | syntax.Index] = []
            base: Expression = expression
            while isinstance(base, syntax.Property | syntax.Index):
                accessors.append(base)
                base = base.base
            if isinstance(base, syntax.Literal):
                return CLEAN
            accessors.reverse()
            keys = [self._key(accessor, scope, frame) for accessor in accessors]
            if base.function in {"reference", "listoutputswithsecurevalues"}:
                taint, used = self._read_back(base, keys, place, scope, frame)
                keys = keys[used:]
            else:
                taint = self._call(base, place, scope, frame, bound)
            for key in keys:
                taint = self.member(taint, key)
            return taint
        finally:
            self._depth -= 1

    def _key(self, accessor: syntax.Property | syntax.Index, scope: Scope, frame: Frame) -> Value:
        if isinstance(accessor, syntax.Property):
            return accessor.name
        return self._evaluator.expression(accessor.index, scope, frame)

    def member(self, taint: Taint, key: Value) -> Taint:
        """The secrets of a member (by name) or item (by position) of a value; of any where unknown."""
        if taint.empty:
            return CLEAN
        if isinstance(key, str):
            name = key.lower()
            found = None if taint.fields is None else taint.fields.get(name)
            inherited = self._inherited(taint, name)
            if found is None:
                found = CLEAN if taint.rest is None else taint.rest
            return found if inherited.empty else join((found, inherited))
        if isinstance(key, int) and not isinstance(key, bool):
            if taint.items is not None and 0 <= key < len(taint.items):
                found = taint.items[key]
            else:
                found = CLEAN if taint.rest is None else taint.rest
            return join((found, Taint(taint.own, weak=taint.weak, holder=taint.holder)))
        return join((self.element(taint), Taint(taint.own, weak=taint.weak, holder=taint.holder)))

    def _inherited(self, taint: Taint, name: str) -> Taint:
        """What a member has of the secrets of the whole."""
        if taint.holder:
            return Taint(taint.own) if self.secret_like(name) else Taint(weak=taint.own)
        own = taint.own
        if name in _PUBLIC_FIELDS:
            own = {source: way for source, way in own.items() if source.kind != "list"}
        if taint.weak and self.secret_like(name):
            return Taint({**taint.weak, **own})
        return Taint(own, weak=taint.weak)

    def element(self, taint: Taint) -> Taint:
        """The secrets of any one item or member of a value."""
        if taint.empty:
            return CLEAN
        below = [*(taint.items or ()), *((taint.fields or {}).values())]
        if taint.rest is not None:
            below.append(taint.rest)
        return join((*below, Taint(taint.own, weak=taint.weak, holder=taint.holder)))

    # -- calls --

    def _call(
        self, call: syntax.Call, place: Node | Member, scope: Scope, frame: Frame, bound: Bound
    ) -> Taint:
        function = call.function
        if function == "parameters":
            return self._named(call, place, scope, frame, bound)
        if function == "variables":
            name = self._constant(call, scope, frame)
            if name is None:
                return CLEAN
            return self.variable(scope, name)
        if function == "lambdavariables":
            name = self._constant(call, scope, frame)
            return CLEAN if name is None else bound.lambdas.get(name.lower(), CLEAN)
        if "." in function:
            return self._user_function(call, place, scope, frame, bound)
        if function == "if":
            return self._if(call, place, scope, frame, bound)
        if function in _WITH_LAMBDA:
            return self._with_lambda(call, place, scope, frame, bound)
        known = lookup(function)
        if known is None:
            return CLEAN
        if known.flow is Flow.SOURCE:
            return CLEAN if self.plain else self._listed(call, place)
        if known.flow not in {Flow.CARRY, Flow.CARRY_BRANCHES}:
            return CLEAN
        taints = [self.expression(argument, place, scope, frame, bound) for argument in call.args]
        if all(taint.empty for taint in taints):
            return CLEAN
        return self._carried(call, taints, scope, frame)

    def _carried(self, call: syntax.Call, taints: list[Taint], scope: Scope, frame: Frame) -> Taint:
        function = call.function
        if function == "createobject":
            return self._created(call, taints, scope, frame)
        if function == "createarray":
            return Taint(items=tuple(taints))
        if function in {"union", "shallowmerge"}:
            merged = taints[0]
            for taint in taints[1:]:
                merged = _override(merged, taint)
            return merged
        if function in {"coalesce", "array", "intersection"}:
            return join(taints)
        if function in {"first", "last", "indexfromend", "tryindexfromend"}:
            return self.element(taints[0])
        if function == "tryget":
            taint = taints[0]
            for argument in call.args[1:]:
                taint = self.member(taint, self._evaluator.expression(argument, scope, frame))
            return taint
        if function == "items":
            return Taint(rest=Taint(fields={"key": CLEAN, "value": self.element(taints[0])}))
        if function == "objectkeys":
            return CLEAN
        if function in {"take", "skip", "flatten"}:
            element = self.element(taints[0])
            return Taint(rest=self.element(element) if function == "flatten" else element)
        if function == "concat" and any(taint.items or taint.rest for taint in taints):
            return Taint(rest=join(map(self.element, taints)))
        own: dict[Source, Way] = {}
        for taint in taints:
            _add(own, taint.everything)
        return Taint(own)

    def _created(self, call: syntax.Call, taints: list[Taint], scope: Scope, frame: Frame) -> Taint:
        fields: dict[str, Taint] = {}
        rest: list[Taint] = []
        for name, taint in zip(call.args[::2], taints[1::2], strict=False):
            key = self._evaluator.expression(name, scope, frame)
            if isinstance(key, str):
                fields[key.lower()] = taint
            else:
                rest.append(taint)
        return Taint(fields=fields, rest=join(rest) if rest else None)

    def _if(
        self, call: syntax.Call, place: Node | Member, scope: Scope, frame: Frame, bound: Bound
    ) -> Taint:
        if len(call.args) != 3:  # noqa: PLR2004 - the three of if()
            return CLEAN
        condition = self._evaluator.expression(call.args[0], scope, frame)
        branches = call.args[1:]
        if isinstance(condition, bool):
            branches = (call.args[1 if condition else 2],)
        return join(self.expression(branch, place, scope, frame, bound) for branch in branches)

    def _with_lambda(
        self, call: syntax.Call, place: Node | Member, scope: Scope, frame: Frame, bound: Bound
    ) -> Taint:
        if not call.args:
            return CLEAN
        subject = self.expression(call.args[0], place, scope, frame, bound)
        element = self.element(subject)

        def applied(position: int, *arguments: Taint) -> Taint:
            if position >= len(call.args):
                return CLEAN
            definition = call.args[position]
            if not isinstance(definition, syntax.Call) or definition.function != "lambda":
                return CLEAN
            names = [str(n.value).lower() for n in definition.args[:-1] if isinstance(n, syntax.Literal)]
            lambdas = {**bound.lambdas, **dict(zip(names, arguments, strict=False))}
            body = definition.args[-1]
            return self.expression(body, place, scope, frame, bound._replace(lambdas=lambdas))

        function = call.function
        if function == "reduce":
            start = CLEAN
            if len(call.args) > 1:
                start = self.expression(call.args[1], place, scope, frame, bound)
            return join((start, applied(2, join((start, element)), element)))
        if function == "map":
            result = applied(1, element)
        elif function == "mapvalues":
            result = applied(1, element)
        elif function == "toobject":
            result = applied(2, element) if len(call.args) > 2 else element  # noqa: PLR2004
        elif function == "groupby":
            inner = applied(2, element) if len(call.args) > 2 else element  # noqa: PLR2004
            result = CLEAN if inner.empty else Taint(rest=inner)
        else:
            result = element
        return CLEAN if result.empty else Taint(rest=result)

    def _user_function(
        self, call: syntax.Call, place: Node | Member, scope: Scope, frame: Frame, bound: Bound
    ) -> Taint:
        function = scope.functions.get(call.function)
        if function is None:
            return CLEAN
        taints = [self.expression(argument, place, scope, frame, bound) for argument in call.args]
        arguments = dict(zip(function.parameters, taints, strict=False))
        return self.node(function.body, scope, TOP, Bound({}, arguments))

    def _constant(self, call: syntax.Call, scope: Scope, frame: Frame) -> str | None:
        if len(call.args) != 1:
            return None
        value = self._evaluator.expression(call.args[0], scope, frame)
        return value if isinstance(value, str) else None

    def _listed(self, call: syntax.Call, place: Node | Member) -> Taint:
        span = place.span_of(call.start, call.end)
        name = call.name
        source = Source("list", (id(place), call.start), f"the result of {name}()", name)
        step = Step(span, self.root.document, f"{name}(…)", "the secret is read here")
        return Taint({source: Way(step)})

    # -- names --

    def _named(
        self, call: syntax.Call, place: Node | Member, scope: Scope, frame: Frame, bound: Bound
    ) -> Taint:
        name = self._constant(call, scope, frame)
        if name is None:
            return CLEAN
        if bound.arguments is not None:
            return bound.arguments.get(name.lower(), CLEAN)
        return self.parameter(scope, name)

    def parameter(self, scope: Scope, name: str) -> Taint:
        """The secrets in a parameter: by its type, by what is passed to it, by its default."""
        key = (scope.number, name.lower())
        if key not in self._parameters:
            # While it is being worked out: defaults may need each other.
            self._parameters[key] = CLEAN
            parameter = scope.parameters.get(key[1])
            if parameter is not None:
                self._parameters[key] = self._parameter(scope, parameter)
        return self._parameters[key]

    def _parameter(self, scope: Scope, parameter: Parameter) -> Taint:
        document = self._document(scope)
        step = Step(
            parameter.member.span,
            document,
            f"parameters('{parameter.name}')",
            f"declared here as {_type_name(parameter.node)}",
        )
        if self.plain:
            declared = self._plain(scope, parameter, step)
        else:
            declared = self._secure(scope, parameter, step)
        passed = self._passed(scope, parameter, document)
        if passed is None:
            if self.plain and scope.bindings is not None:
                declared = CLEAN
            default = parameter.node.get("defaultValue")
            if default is None or not declared.empty or self.plain:
                return declared
            flown = self.node(default, scope)
            return _stepped(flown, step._replace(message="is the default of this parameter"))
        if self.plain:
            return _stepped(passed, step)
        # What was passed is the same secret; the parameter's own type only tells whether it stays one.
        return passed if not passed.empty else declared

    def _passed(self, scope: Scope, parameter: Parameter, document: Document) -> Taint | None:
        """The secrets in what a nested deployment passes; None where nothing is known to be passed."""
        bindings, outer = scope.bindings, scope.outer
        if bindings is None or outer is None:
            return None
        given = bindings.get(parameter.name.lower())
        if given is None:
            return None
        value = given.get("value")
        taint = CLEAN
        if value is not None:
            taint = self.node(value, outer, scope.frame)
        elif given.get("reference") is not None and not self.plain:
            reference = given.get("reference")
            place = given if reference is None else reference
            source = Source("vault", id(place), "a Key Vault secret", "reference")
            span = place.member.span if place.member is not None else place.span
            taint = Taint({source: Way(Step(span, document, "reference", "comes from Key Vault here"))})
        if taint.empty or self.plain:
            return taint
        return self._bound(taint, scope, parameter, given, value or given)

    def _bound(self, taint: Taint, scope: Scope, parameter: Parameter, given: Node, place: Node) -> Taint:
        """Pass a secret into a nested template; a leak where the parameter there is plain."""
        document = self._document(scope)
        owner = self._label(scope)
        into = Step(
            parameter.member.span,
            document,
            f"parameters('{parameter.name}')",
            f"enters '{owner}' as {_type_name(parameter.node)}",
        )
        if not self._secure(scope, parameter, into).empty:
            return _stepped(taint, into)
        leaks: dict[Source, Way] = {}
        outer_document = self._document(scope.outer) if scope.outer is not None else document
        for source, way in taint.everything.items():
            leak = way.leak
            if leak is None:
                rule = "SEC218" if source.kind == "vault" else "SEC204"
                target = place.member if place.member is not None else place
                leak = self._leak(rule, source, way, target, outer_document, f"{owner}|{parameter.name}")
                leak.also.append(into._replace(message=f"declared here as {_type_name(parameter.node)}"))
            leaks[source] = Way(into, way, leak)
        return _told(taint, leaks)

    def variable(self, scope: Scope, name: str) -> Taint:
        """The secrets in a variable; what it needs is worked out first, without deep recursion."""
        evaluator = self._evaluator
        pending = [name.lower()]
        opened: set[str] = set()
        while pending:
            current = pending[-1]
            key = (scope.number, current)
            if key in self._variables or current not in scope.variables:
                pending.pop()
            elif current in opened:
                pending.pop()
                self._variables[key] = CLEAN
                variable = scope.variables[current]
                taint = self.node(variable.node, scope)
                if variable.copy is not None and not taint.empty:
                    taint = Taint(rest=taint)
                step = Step(
                    variable.place.span,
                    self._document(scope),
                    f"variables('{variable.name}')",
                    "flows through this variable",
                )
                self._variables[key] = _stepped(taint, step)
            else:
                opened.add(current)
                pending.extend(
                    needed for needed in evaluator.references(scope, current) if needed not in opened
                )
        return self._variables.get((scope.number, name.lower()), CLEAN)

    # -- types --

    def _secure(self, scope: Scope, parameter: Parameter, step: Step) -> Taint:
        """The secrets that a parameter's declared type says are in it."""
        title = f"secure parameter '{parameter.name}'"
        source = Source("parameter", (scope.number, parameter.name.lower()), title, parameter.name)
        return self._typed(parameter.node, scope, {source: Way(step)}, ())

    def _typed(
        self, node: Node, scope: Scope, own: Mapping[Source, Way], inside: tuple[str, ...]
    ) -> Taint:
        named = node.get("$ref")
        if named is not None:
            target = str(named.value).rpartition("/")[2]
            definition = None if scope.definitions is None else scope.definitions.get(target)
            if definition is None or target.lower() in inside or len(inside) > 16:  # noqa: PLR2004
                return CLEAN
            if not self._has_secure(scope, target.lower()):
                return CLEAN
            return self._typed(definition, scope, own, (*inside, target.lower()))
        kind = node.get("type")
        folded = str(kind.value).lower() if kind is not None else ""
        if folded == "securestring":
            return Taint(own)
        if folded == "secureobject":
            return Taint(own, holder=True)
        fields = {
            member.name.lower(): self._typed(member.value, scope, own, inside)
            for member in _members(node.get("properties"))
        }
        variants = node.at("discriminator", "mapping")
        for member in _members(variants):
            shape = self._typed(member.value, scope, own, inside)
            for name, field in (shape.fields or {}).items():
                fields[name] = join((fields.get(name, CLEAN), field))
        prefix = node.get("prefixItems")
        items = tuple(self._typed(item, scope, own, inside) for item in (prefix.items if prefix else ()))
        others = [node.get("items"), node.get("additionalProperties")]
        rest = join(
            self._typed(other, scope, own, inside)
            for other in others
            if other is not None and other.kind == "object"
        )
        taint = Taint(
            fields=fields if any(not field.empty for field in fields.values()) else None,
            items=items if any(not item.empty for item in items) else None,
            rest=None if rest.empty else rest,
        )
        return CLEAN if taint.empty else taint

    def _has_secure(self, scope: Scope, name: str) -> bool:
        """Whether a definition mentions a secure type, directly or through others. Linear, cached."""
        key = (scope.number, name)
        if key not in self._types:
            reached: set[str] = set()
            pending = [name]
            secure = False
            while pending and not secure:
                current = pending.pop()
                definition = None if scope.definitions is None else scope.definitions.get(current)
                if current in reached or definition is None:
                    continue
                reached.add(current)
                for node in definition.walk():
                    if node.kind == "string" and isinstance(node.value, str):
                        if node.key == "$ref":
                            pending.append(node.value.rpartition("/")[2].lower())
                        elif node.value.lower() in {"securestring", "secureobject"}:
                            secure = True
            self._types[key] = CLEAN if secure else None
        return self._types[key] is not None

    def _plain(self, scope: Scope, parameter: Parameter, step: Step) -> Taint:
        kind = parameter.node.get("type")
        if kind is None or str(kind.value).lower() not in {"string", "object"}:
            return CLEAN
        title = f"parameter '{parameter.name}'"
        source = Source("plain", (scope.number, parameter.name.lower()), title, parameter.name)
        return Taint({source: Way(step)})

    # -- nested deployments --

    def _read_back(
        self, call: syntax.Call, keys: list[Value], place: Node | Member, scope: Scope, frame: Frame
    ) -> tuple[Taint, int]:
        """What `reference(deployment).outputs.x.value` brings back, and how many accessors it used."""
        secure = call.function == "listoutputswithsecurevalues"
        target = self._target(call, scope, frame)
        if secure and not self.plain:
            listed = self._listed(call, place)
            name = keys[0] if keys else None
            if target is not None and target.nested is not None and isinstance(name, str):
                output = target.nested.node.at("outputs", name)
                if output is not None and not _is_secure(output):
                    # What is no secure output is no more a secret for being read this way.
                    return self.output(target.nested, name, target), 1
            return listed, min(len(keys), 1)
        if target is None or target.nested is None:
            return CLEAN, len(keys)
        words = [key.lower() if isinstance(key, str) else None for key in keys]
        start = 1 if words[:1] == ["properties"] else 0
        if words[start : start + 1] != ["outputs"]:
            return CLEAN, len(keys)
        if len(keys) <= start + 1 or not isinstance(keys[start + 1], str):
            outputs = target.nested.node.get("outputs")
            names = [member.name for member in _members(outputs)]
            return join(self.output(target.nested, name, target) for name in names), len(keys)
        used = start + 2 + (words[start + 2 : start + 3] == ["value"])
        return self.output(target.nested, str(keys[start + 1]), target), used

    def _target(self, call: syntax.Call, scope: Scope, frame: Frame) -> Resource | None:
        """The deployment resource that a call names."""
        template = self._owners.get(scope.number)
        if template is None or not call.args:
            return None
        value = self._evaluator.expression(call.args[0], scope, frame)
        if isinstance(value, Failure):
            return None
        index = self._deployments.get(scope.number)
        if index is None:
            index = self._deployments[scope.number] = _deployments(template)
        name = parts(value)
        if isinstance(value, str) and ("symbol", value.lower()) in index:
            return index["symbol", value.lower()]
        named = identifier(name)
        return index.get(("name", key_of(named.name if named is not None else name)))

    def output(self, template: Template, name: str, deployment: Resource | None) -> Taint:
        """The secrets in an output of a nested template, as its deployment gives it back."""
        key = (id(template), name.lower())
        if key in self._outputs:
            return self._outputs[key]
        self._outputs[key] = CLEAN
        node = template.node.at("outputs", name)
        if node is None or node.kind != "object":
            return CLEAN
        value = node.get("value") or node.at("copy", "input")
        if value is None or _is_secure(node) or not self._declared_plain(node, template.scope):
            return CLEAN
        taint = self.node(value, template.scope, template.frame)
        if value.key == "input" and not taint.empty:
            taint = Taint(rest=taint)
        label = deployment.label() if deployment is not None else ""
        ways: dict[Source, Way] = {}
        for source, way in taint.everything.items():
            leak = way.leak
            target = value.member if value.member is not None else value
            if leak is None and not self.plain and source.kind != "plain":
                if template.scope is template.declared:
                    leak = self._leak("SEC202", source, way, target, template.document, name)
                else:
                    leak = self.outer(template, source, way, target)
            elif leak is not None:
                leak.also.append(
                    Step(target.span, template.document, f"outputs.{name}", f"shown by output '{name}'")
                )
            step = Step(
                target.span,
                template.document,
                f"outputs.{name}",
                f"comes back as output '{name}' of '{label}'" if label else f"output '{name}'",
            )
            ways[source] = Way(step, way, leak)
        self._outputs[key] = _told(taint, ways)
        return self._outputs[key]

    def _declared_plain(self, output: Node, scope: Scope) -> bool:
        """Whether an output's declared type leaves anything of it in clear."""
        step = Step(output.span, self.root.document, "", "")
        source = Source("parameter", id(output), "", "")
        return self._typed(output, scope, {source: Way(step)}, ()).empty

    def _label(self, scope: Scope) -> str:
        template = self._owners.get(scope.number)
        deployment = None if template is None else template.deployment
        return "the nested template" if deployment is None else deployment.label()

    def _document(self, scope: Scope) -> Document:
        template = self._owners.get(scope.number)
        return self.root.document if template is None else template.document

    def outer(self, template: Template, source: Source, way: Way, place: Node | Member) -> Leak:
        """The one leak of a secret into a template that is evaluated in outer scope."""
        key = (id(template), source)
        leak = self._outer.get(key)
        if leak is None:
            label = "" if template.deployment is None else template.deployment.label()
            leak = self._outer[key] = self._leak("SEC203", source, way, place, template.document, label)
        elif leak.place is not place:
            leak.also.append(Step(place.span, template.document, "template", "and is evaluated here"))
        return leak

    def _leak(
        self, rule: str, source: Source, way: Way, place: Node | Member, document: Document, sink: str
    ) -> Leak:
        leak = Leak(rule, source, way, place, document, sink)
        self.leaks.append(leak)
        return leak

    def report(
        self, rule: str, taint: Taint, place: Node | Member, document: Document, sink: str, code: str
    ) -> None:
        """Make leaks of the secrets in a value at a place that can be read; told ones get a label."""
        for source, way in taint.everything.items():
            if way.leak is None:
                self._leak(rule, source, way, place, document, sink)
            else:
                way.leak.also.append(Step(place.span, document, code, f"and is shown by {sink}"))

    def adopt(self, template: Template) -> None:
        """Make a linked template's scope known, so that its steps name its own document."""
        self._owners.setdefault(template.scope.number, template)


_WITH_LAMBDA: Final = frozenset({"map", "filter", "reduce", "sort", "toobject", "groupby", "mapvalues"})


def _members(node: Node | None) -> list[Member]:
    return [] if node is None else list(node.members)


def _type_name(node: Node) -> str:
    kind = node.get("type")
    if kind is not None and isinstance(kind.value, str):
        return kind.value
    named = node.get("$ref")
    return "an untyped value" if named is None else str(named.value).rpartition("/")[2]


def _is_secure(output: Node) -> bool:
    kind = output.get("type")
    return kind is not None and str(kind.value).lower() in {"securestring", "secureobject"}


def _stepped(taint: Taint, step: Step) -> Taint:
    """The same secrets after one more step."""
    if taint.empty:
        return taint
    made: dict[int, Taint] = {}

    def again(part: Taint) -> Taint:
        if part.empty:
            return part
        known = made.get(id(part))
        if known is None:
            known = made[id(part)] = Taint(
                {source: Way(step, way) for source, way in part.own.items()},
                weak={source: Way(step, way) for source, way in part.weak.items()},
                fields=None if part.fields is None else {n: again(f) for n, f in part.fields.items()},
                items=None if part.items is None else tuple(map(again, part.items)),
                rest=None if part.rest is None else again(part.rest),
                holder=part.holder,
            )
        return known

    return again(taint)


def _told(taint: Taint, ways: Mapping[Source, Way]) -> Taint:
    """The same shape with these ways in place of those that the secrets came by."""
    made: dict[int, Taint] = {}

    def again(part: Taint) -> Taint:
        if part.empty:
            return part
        known = made.get(id(part))
        if known is None:
            known = made[id(part)] = Taint(
                {source: ways.get(source, way) for source, way in part.own.items()},
                weak=part.weak,
                fields=None if part.fields is None else {n: again(f) for n, f in part.fields.items()},
                items=None if part.items is None else tuple(map(again, part.items)),
                rest=None if part.rest is None else again(part.rest),
                holder=part.holder,
            )
        return known

    return again(taint)


def _override(first: Taint, second: Taint) -> Taint:
    """The union of two objects: where both have a member, the second's counts."""
    if first.empty or second.empty:
        return second if first.empty else first
    if first.fields is None or second.fields is None:
        return join((first, second))
    fields = dict(first.fields)
    for name, field in second.fields.items():
        before = fields.get(name, CLEAN)
        fields[name] = _override(before, field) if field.fields is not None else field
    base = Taint(first.own, weak=first.weak, rest=first.rest, items=first.items, holder=first.holder)
    other = Taint(second.own, weak=second.weak, rest=second.rest, items=second.items, holder=second.holder)
    merged = join((base, other))
    return Taint(
        merged.own,
        weak=merged.weak,
        fields=fields,
        items=merged.items,
        rest=merged.rest,
        holder=merged.holder,
    )


def _deployments(template: Template) -> dict[object, Resource]:
    """The nested deployments that a template's expressions can name, by symbol and by name."""
    found: dict[object, Resource] = {}
    for resource in template.all_resources():
        if resource.key != DEPLOYMENTS or resource.nested is None:
            continue
        if resource.symbol is not None:
            found["symbol", resource.symbol.name.lower()] = resource
        found.setdefault(("name", key_of(parts(resource.name))), resource)
    return found
