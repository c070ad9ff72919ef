"""Deployment templates as Azure reads them: scopes, resources with full types, nested templates.

The JSON tree stays as it is; these types only give Azure's names to its nodes.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm.evaluate import TOP, Evaluator, Frame, Parameter, Scope, UserFunction, Variable
from armlint.arm.expression import is_expression
from armlint.arm.value import Pool, Term, Text, Value, is_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from armlint.jsontext import Document, Member, Node

    Linker = Callable[[str, str], Document | None]
    """Gives the document at a path relative to that of the document named first, if it may."""

DEPLOYMENTS: Final = "microsoft.resources/deployments"

_MAX_SHOWN: Final = 120
# What a deployment resource says where it deploys to something else than its template does.
_TARGETS: Final = ("subscriptionId", "resourceGroup", "scope")


class Resource:
    """A resource of a template: its node, its full type and name, and what is below it.

    `type` is the full type as composed through the parents, or None where it is no literal.
    `symbol` is the member that gives it a symbolic name, where the template uses those.
    """

    __slots__ = (
        "_condition",
        "_name",
        "children",
        "copy",
        "frame",
        "loop",
        "nested",
        "node",
        "parent",
        "symbol",
        "template",
        "type",
    )

    def __init__(
        self, node: Node, template: Template, *, parent: Resource | None, symbol: Member | None
    ) -> None:
        self.node = node
        self.template = template
        self.parent = parent
        self.symbol = symbol
        copy = node.get("copy")
        self.copy = copy if copy is not None and copy.kind == "object" else None
        self.loop = self._loop()
        """The lower-cased name of the resource's own copy loop."""
        self.frame = self._frame()
        self.type = self._type()
        self.nested: Template | None = None
        self.children: tuple[Resource, ...] = ()
        self._name: Value = _UNREAD
        self._condition: Value = _UNREAD

    def _loop(self) -> str | None:
        name = None if self.copy is None else self.copy.get("name")
        value = None if name is None else self.template.evaluator.value(name, self.template.scope)
        return value.lower() if isinstance(value, str) else None

    def _frame(self) -> Frame:
        if self.loop is not None:
            return Frame(loop=self.loop)
        return self.parent.frame if self.parent is not None else self.template.frame

    @property
    def scope(self) -> Scope:
        """The names its expressions see."""
        return self.template.scope

    def value(self, node: Node | None) -> Value:
        """The value of one of the nodes inside this resource; None where there is no node."""
        return None if node is None else self.template.evaluator.value(node, self.scope, self.frame)

    @property
    def key(self) -> str:
        """The full type in lower case; empty where it is unknown."""
        return "" if self.type is None else self.type.lower()

    @property
    def name(self) -> Value:
        """The full name, `parent/child`; parts of it may be unknown."""
        if self._name is _UNREAD:
            self._name = self._full_name()
        return self._name

    @property
    def existing(self) -> bool:
        """Whether the template only refers to it (`existing: true`)."""
        node = self.node.get("existing")
        return node is not None and node.value is True

    @property
    def condition(self) -> Value:
        """The value of `condition`; True where there is none."""
        if self._condition is _UNREAD:
            node = self.node.get("condition")
            self._condition = True if node is None else self.value(node)
        return self._condition

    @property
    def properties(self) -> Node | None:
        """The node of `properties`."""
        return self.node.get("properties")

    def descendants(self) -> Iterator[Resource]:
        """This resource and all its children at any depth, parents first."""
        yield self
        for child in self.children:
            yield from child.descendants()

    def label(self) -> str:
        """How to call it in a message: its name as far as known, or its symbolic name."""
        if self.symbol is not None:
            return self.symbol.name
        return shown(self.name)

    def _own_type(self) -> str | None:
        node = self.node.get("type")
        value = self.value(node)
        return value.strip("/") if isinstance(value, str) else None

    def _type(self) -> str | None:
        own = self._own_type()
        if own is None or self.parent is None or _is_full_type(own):
            return own
        return None if self.parent.type is None else f"{self.parent.type}/{own}"

    def _full_name(self) -> Value:
        own = self.value(self.node.get("name"))
        if self.parent is None or not (is_text(own) or isinstance(own, Term)):
            return own
        own_type = self._own_type()
        # A fully typed child carries its full name; some authors give it the short one. One of
        # another provider extends the parent, and has a name of its own.
        if own_type is not None and _is_full_type(own_type):
            below = own_type.lower().rpartition("/")[0] == self.parent.key
            if _slashes(own) > 0 or not below:
                return own
        above = self.parent.name
        if isinstance(above, (str, Text, Term)) and isinstance(own, (str, Text, Term)):
            return self.template.evaluator.pool.text([above, "/", own])
        return own


_UNREAD: Final = Term("unread", (), -1)


def _is_full_type(own: str) -> bool:
    namespace, slash, _ = own.partition("/")
    return bool(slash) and "." in namespace


def _slashes(value: Value) -> int:
    if isinstance(value, str):
        return value.count("/")
    if isinstance(value, Text):
        return sum(part.count("/") for part in value.parts if isinstance(part, str))
    return 0


def split_name(name: Value, pool: Pool) -> tuple[Value, Value]:
    """A full name as its last segment and what stands before it; None before where no slash is known."""
    if isinstance(name, str):
        before, _, own = name.rpartition("/")
        return own, before or None
    if isinstance(name, Text):
        for index in range(len(name.parts) - 1, -1, -1):
            part = name.parts[index]
            if isinstance(part, str) and "/" in part:
                before, _, after = part.rpartition("/")
                above = pool.text([*name.parts[:index], before])
                return pool.text([after, *name.parts[index + 1 :]]), above
    return name, None


def shown(value: Value) -> str:
    """A name for people: what is known of it, with the rest in the words of the template."""
    if isinstance(value, str):
        return value
    if isinstance(value, Text):
        return "".join(part if isinstance(part, str) else _shown_term(part) for part in value.parts)
    if isinstance(value, Term):
        return _shown_term(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return "?"


def _shown_term(term: Term) -> str:
    # A term can hold literals of the template, which may be secrets: only names are shown.
    accessors = ""
    while True:
        term = term.bare
        base = term.arguments[0] if term.operation == "property" else None
        if isinstance(base, Term) and len(accessors) < _MAX_SHOWN:
            key = term.arguments[1]
            accessors = (f".{key}" if isinstance(key, str) else "[]") + accessors
            term = base
        elif term.operation in {"parameters", "variables"} and term.arguments:
            name = term.arguments[-1]
            return f"{{{name if isinstance(name, str) else term.operation}{accessors}}}"
        else:
            return f"{{{term.operation}{accessors}}}"


class Template:
    """A template, by itself or nested in a deployment resource.

    `declared` holds the names that this template declares; `scope` those that its expressions
    see, which are the enclosing template's where it is evaluated in outer scope. `place` is the
    resource group or other scope that its resources are deployed to (see `Scope.place`).
    """

    __slots__ = (
        "declared",
        "deployment",
        "document",
        "evaluator",
        "frame",
        "inner",
        "language",
        "node",
        "place",
        "resources",
        "scope",
    )

    def __init__(  # noqa: PLR0913 - a plain record
        self,
        node: Node,
        document: Document,
        evaluator: Evaluator,
        *,
        deployment: Resource | None = None,
        inner: bool = True,
        given: Mapping[str, object] | None = None,
    ) -> None:
        self.node = node
        self.document = document
        self.evaluator = evaluator
        self.deployment = deployment
        self.inner = inner
        self.frame = TOP if deployment is None or inner else deployment.frame
        language = node.get("languageVersion")
        self.language = language.value if language and isinstance(language.value, str) else "1.0"
        number = evaluator.new_scope()
        self.place = number if deployment is None else _place(deployment, number)
        self.declared = _scope(node, self.language, number, deployment if inner else None, self.place)
        if given is not None:
            lifted = {name: evaluator.pool.lift(value) for name, value in given.items()}
            self.declared.given = lifted
        self.scope = self.declared if deployment is None or inner else deployment.scope
        if deployment is not None and inner:
            evaluator.set_apart(node)
        self.resources = self._resources(node.get("resources"), None)

    @property
    def modern(self) -> bool:
        """Whether the template is in language version 2.0 or later."""
        resources = self.node.get("resources")
        return self.language.startswith("2") or (resources is not None and resources.kind == "object")

    @property
    def symbolic(self) -> bool:
        """Whether its resources are an object keyed by symbolic names."""
        resources = self.node.get("resources")
        return resources is not None and resources.kind == "object"

    def all_resources(self) -> Iterator[Resource]:
        """The resources of this template, children included, nested templates' not."""
        for resource in self.resources:
            yield from resource.descendants()

    def templates(self) -> Iterator[Template]:
        """This template and those nested in it at any depth, in document order."""
        yield self
        for resource in self.all_resources():
            if resource.nested is not None:
                yield from resource.nested.templates()

    def _resources(self, section: Node | None, parent: Resource | None) -> tuple[Resource, ...]:
        if section is None:
            return ()
        if section.kind == "array":
            found: list[tuple[Node, Member | None]] = [(item, None) for item in section.items]
        else:
            found = [(member.value, member) for member in section.members]
        made = []
        for node, symbol in found:
            if node.kind != "object":
                continue
            resource = Resource(node, self, parent=parent, symbol=symbol)
            resource.children = self._resources(node.get("resources"), resource)
            resource.nested = self._nested(resource)
            made.append(resource)
        return tuple(made)

    def _nested(self, resource: Resource) -> Template | None:
        if resource.key != DEPLOYMENTS or resource.properties is None:
            return None
        node = resource.properties.get("template")
        if node is None or node.kind != "object":
            return None
        return Template(
            node,
            self.document,
            self.evaluator,
            deployment=resource,
            inner=self._evaluates_inside(resource),
        )

    def _evaluates_inside(self, resource: Resource) -> bool:
        node = resource.node.at("properties", "expressionEvaluationOptions", "scope")
        value = resource.value(node)
        if isinstance(value, str):
            return value.lower() == "inner"
        return self.modern


def _place(deployment: Resource, number: int) -> int:
    """Where a deployment resource deploys to: where its template does, unless it says otherwise."""
    for name in _TARGETS:
        node = deployment.node.get(name)
        if node is not None and node.kind != "null":
            return number
    return deployment.template.place


def _scope(node: Node, language: str, number: int, deployment: Resource | None, place: int) -> Scope:
    bindings: dict[str, Node] | None = None
    if deployment is not None and deployment.properties is not None:
        passed = deployment.properties.get("parameters")
        if passed is None and deployment.properties.get("parametersLink") is None:
            bindings = {}
        elif passed is not None and passed.kind == "object":
            bindings = {member.name.lower(): member.value for member in passed.members}
            if any(member.name.startswith("[") for member in passed.members):
                bindings = None
    return Scope(
        number,
        parameters=_parameters(node.get("parameters")),
        variables=_variables(node.get("variables")),
        functions=_functions(node.get("functions")),
        definitions=node.get("definitions"),
        language=language,
        bindings=bindings,
        outer=None if deployment is None else deployment.scope,
        frame=TOP if deployment is None else deployment.frame,
        place=place,
    )


def _parameters(section: Node | None) -> dict[str, Parameter]:
    if section is None:
        return {}
    return {m.name.lower(): Parameter(m.name, m, m.value) for m in section.members}


def _variables(section: Node | None) -> dict[str, Variable]:
    found: dict[str, Variable] = {}
    for member in () if section is None else section.members:
        if member.name.lower() == "copy" and member.value.kind == "array":
            for loop in member.value.items:
                name, value = loop.get("name"), loop.get("input")
                if name is not None and isinstance(name.value, str) and value is not None:
                    found[name.value.lower()] = Variable(name.value, name, value, loop)
        else:
            found[member.name.lower()] = Variable(member.name, member, member.value, None)
    return found


def _functions(section: Node | None) -> dict[str, UserFunction]:
    found: dict[str, UserFunction] = {}
    for group in () if section is None else section.items:
        namespace, members = group.get("namespace"), group.get("members")
        if namespace is None or not isinstance(namespace.value, str) or members is None:
            continue
        for member in members.members:
            body = member.value.at("output", "value")
            declared = member.value.get("parameters")
            if body is None:
                continue
            names = tuple(
                str(name.value).lower()
                for name in (item.get("name") for item in (declared.items if declared else ()))
                if name is not None
            )
            name = f"{namespace.value}.{member.name}"
            found[name.lower()] = UserFunction(name, names, body, member)
    return found


def read(
    document: Document, node: Node | None = None, given: Mapping[str, object] | None = None
) -> Template | None:
    """The template that a document is, or that stands at a node of it; None where that is no object.

    `given` are the values that it is deployed with, as `json.loads` gives them, by name in lower case.
    """
    root = document.root if node is None else node
    if root is None or root.kind != "object":
        return None
    return Template(root, document, Evaluator(len(document.source.text)), given=given)


def linked(resource: Resource, linker: Linker, seen: tuple[str, ...] = ()) -> Template | None:
    """The template that a deployment resource links to by `relativePath`, where the file is there.

    Parameters are bound as for an inner-scope template. `seen` are the names of the documents
    on the way here; one of them is not entered again. Whoever follows links from links gets None
    when there are too many of them, too.
    """
    if resource.key != DEPLOYMENTS:
        return None
    path = resource.value(resource.node.at("properties", "templateLink", "relativePath"))
    if not isinstance(path, str) or _ABSOLUTE.match(path):
        return None
    origin = resource.template.document.source.name
    document = linker(origin, path.replace("\\", "/"))
    if document is None or document.root is None or document.root.kind != "object":
        return None
    if _same_file(document.source.name) in {_same_file(name) for name in (origin, *seen)}:
        return None
    if not resource.template.evaluator.admit(len(document.source.text)):
        return None
    return Template(document.root, document, resource.template.evaluator, deployment=resource)


_ABSOLUTE: Final = re.compile(r"[/\\]|[A-Za-z][A-Za-z0-9+.-]*:|\s*$")


def _same_file(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/"))


class Site(NamedTuple):
    """A string, or member name, that Azure evaluates, with the names it sees.

    `section` is `parameters`, `variables`, `functions`, `resources` or `outputs`; `function` is
    the user function whose body it stands in.
    """

    place: Node | Member
    text: str
    scope: Scope
    section: str
    template: Template
    function: UserFunction | None = None
    outer: Template | None = None
    """The innermost nested template, evaluated in outer scope, that the string stands in."""


# Ignored by the service, or read by it as plain text.
_NOT_EVALUATED: Final = frozenset({"metadata", "comments"})
# What is evaluated of an output.
_OUTPUT: Final = ("condition", "value", "copy")


def sites(template: Template) -> Iterator[Site]:
    """Every string of one template that is shaped like an expression, where Azure evaluates it.

    Nested templates are not entered where they have a scope of their own; templates evaluated in
    outer scope are part of the template around them.
    """
    if template.scope is not template.declared:
        return
    node, scope = template.node, template.declared
    for parameter in scope.parameters.values():
        default = parameter.node.get("defaultValue")
        if default is not None:
            yield from _strings(default, scope, "parameters", template)
    for member in _members(node, "variables"):
        yield from _strings(member.value, scope, "variables", template)
    for function in scope.functions.values():
        yield from _strings(function.body, scope, "functions", template, function=function)
    yield from _evaluated(template, template)


def _members(node: Node, section: str) -> list[Member]:
    found = node.get(section)
    return [] if found is None else found.members


# Most of a template comes by here: a function for each kind of node would take twice the time.
def _evaluated(template: Template, owner: Template) -> Iterator[Site]:  # noqa: C901
    """The resources and outputs of a template, and of the outer-scope templates in them."""
    resources = {id(resource.node): resource for resource in template.all_resources()}
    nested = {id(r.nested.node): r.nested for r in resources.values() if r.nested is not None}
    outer = None if template is owner else template
    scope = owner.scope
    section = template.node.get("resources")
    pending = [] if section is None else [*section.items, *(member.value for member in section.members)]
    pending.reverse()
    while pending:
        current = pending.pop()
        if current.kind == "string":
            text = current.value
            if isinstance(text, str) and text[:1] == "[" and is_expression(text):
                yield Site(current, text, scope, "resources", owner, None, outer)
            continue
        inside = nested.get(id(current)) if nested else None
        if inside is not None:
            if inside.scope is template.scope:
                yield from _defaults(inside, owner)
                yield from _evaluated(inside, owner)
            continue
        if current.items:
            pending.extend(reversed(current.items))
            continue
        members = current.members
        for member in members:
            if member.name[:1] == "[" and is_expression(member.name):
                yield Site(member, member.name, scope, "resources", owner, None, outer)
        if id(current) in resources:
            members = [m for m in members if m.name.lower() not in _NOT_EVALUATED]
        pending.extend([member.value for member in reversed(members)])
    for member in _members(template.node, "outputs"):
        # What is no object should be one, and is what it says rather than nothing.
        whole = member.value.kind != "object"
        for part in [member.value] if whole else map(member.value.get, _OUTPUT):
            if part is not None:
                yield from _strings(part, scope, "outputs", owner, outer=outer)


def _defaults(inside: Template, owner: Template) -> Iterator[Site]:
    """What a template in outer scope declares: to the template around it, values of a resource."""
    for member in _members(inside.node, "parameters"):
        default = member.value.get("defaultValue")
        if default is not None:
            yield from _strings(default, owner.scope, "resources", owner, outer=inside)
    for member in _members(inside.node, "variables"):
        yield from _strings(member.value, owner.scope, "resources", owner, outer=inside)


def _strings(  # noqa: PLR0913 - what is known of a string
    top: Node,
    scope: Scope,
    section: str,
    template: Template,
    *,
    function: UserFunction | None = None,
    outer: Template | None = None,
) -> Iterator[Site]:
    """The expressions below a node, that itself included."""
    for node in top.walk():
        if node.kind == "string":
            text = node.value
            if isinstance(text, str) and is_expression(text):
                yield Site(node, text, scope, section, template, function, outer)
        for member in node.members:
            if is_expression(member.name):
                yield Site(member, member.name, scope, section, template, function, outer)
