"""Checks of what a template declares and sets as passwords, keys and administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm import expression as syntax
from armlint.arm.catalogue import command_settings
from armlint.arm.evaluate import variable_references
from armlint.arm.flow import Tracer
from armlint.arm.kind import Kind
from armlint.arm.template import DEPLOYMENTS
from armlint.arm.value import Array, Failure, Object, Term, Text, known
from armlint.checks.readable import ADMINISTRATORS, SECURE
from armlint.finding import Label
from armlint.rule import Result, at_key, at_value
from armlint.secrets.names import looks_secret, secret_inside, words
from armlint.secrets.placeholders import is_placeholder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.evaluate import Parameter
    from armlint.arm.extension import Extension
    from armlint.arm.model import Model
    from armlint.arm.taint import Taint
    from armlint.arm.template import Resource, Template
    from armlint.arm.value import Value
    from armlint.jsontext import Member, Node


def declared_type(parameter: Node, template: Template) -> str:
    """The type of a parameter in lower case, through definitions; empty where it cannot be told."""
    node: Node | None = parameter
    for _ in range(16):
        if node is None:
            return ""
        reference = node.get("$ref")
        if reference is None:
            kind = node.get("type")
            return str(kind.value).lower() if kind is not None else ""
        name = str(reference.value).rpartition("/")[2]
        definitions = template.declared.definitions
        node = None if definitions is None else definitions.get(name)
    return ""


def secure_parameter_default(template: Template, model: Model) -> Iterator[Result]:
    """SEC205: a secure parameter whose value is used when none is passed."""
    for parameter in template.declared.parameters.values():
        kind = declared_type(parameter.node, template)
        member = parameter.node.member_named("defaultValue")
        if member is None or kind not in {"securestring", "secureobject"}:
            continue
        if not _harmless_default(member.value, template):
            what = "object" if kind == "secureobject" else "string"
            from armlint.checks import mending

            # Who leaves the parameter out of a deployment is told; a nested template would fail.
            safe = template.deployment is None or _is_passed(template.deployment, parameter.name)
            fix = mending.remove_member(member, model, safe=safe)
            told = f"secure {what} parameter '{parameter.name}' has a default value"
            strings = [below for below in member.value.walk() if below.kind == "string"]
            covers = tuple(below.pointer for below in strings) if kind == "secureobject" else ()
            yield at_key(member, told, fix=fix)._replace(covers=covers)


def _is_passed(deployment: Resource, name: str) -> bool:
    """Whether a deployment surely passes a parameter to its template."""
    return deployment.node.at("properties", "parameters", name, "value") is not None


def _harmless_default(node: Node, template: Template) -> bool:
    """Whether a default gives nothing away: empty, a switch, random, another parameter."""
    return _harmless(template.evaluator.value(node, template.declared))


def _harmless(value: Value) -> bool:
    if value is None or value == "" or isinstance(value, bool):
        return True
    if isinstance(value, Array):
        return all(map(_harmless, value.items))
    if isinstance(value, Object):
        return all(_harmless(field) for _, field in value.fields.values())
    if isinstance(value, Term) and value.operation == "if":
        return all(map(_harmless, value.arguments[1:]))
    return _random(value) or _parameter(value)


def _parameter(value: Value) -> bool:
    """Whether a value is another parameter, or a part of one, and nothing else."""
    while isinstance(value, Term) and value.operation == "property":
        value = value.arguments[0]
    return isinstance(value, Term) and value.operation == "parameters"


# Functions that keep enough of their argument for a random part to stay random.
_KEEPING: Final = frozenset(
    {"concat", "format", "tolower", "toupper", "base64", "string", "replace", "guid", "uniquestring"}
)


def _random(value: Value) -> bool:
    """Whether a value surely holds a whole `newGuid()`, not just in one branch of it."""
    if isinstance(value, Text):
        return any(isinstance(part, Term) and _random(part) for part in value.parts)
    if isinstance(value, Term) and value.operation in _KEEPING:
        return any(map(_random, value.arguments))
    return isinstance(value, Term) and value.operation == "newguid"


def plain_secret_parameter(template: Template, model: Model) -> Iterator[Result]:
    """SEC206: a parameter that is named like a secret but not declared as one."""
    for parameter in template.declared.parameters.values():
        if "$ref" in {member.name for member in parameter.node.members}:
            # A type of its own says more about the value than its name.
            continue
        kind = declared_type(parameter.node, template)
        named = kind in {"string", "object"} and looks_secret(parameter.name)
        if named and not _listed_values(parameter) and not _described_as_public(parameter):
            passed = template.deployment is not None or model.kind is Kind.DEPLOYMENT
            if passed and _is_told(parameter, model):
                continue
            member = parameter.node.member_named("type")
            place = parameter.member if member is None else member
            from armlint.checks import mending

            yield Result(
                parameter.member.span,
                parameter.node.pointer,
                f"parameter '{parameter.name}' is named like a secret, but its type is {kind}",
                () if place is parameter.member else (Label(place.value.span, "not a secure type"),),
                fix=mending.make_secure(parameter.node, f"parameter '{parameter.name}'", model),
            )


def _is_told(parameter: Parameter, model: Model) -> bool:
    """Whether a secret that is passed to an inner parameter is told of where it is passed."""
    from armlint.checks.leaks import analyse

    def declared() -> set[object]:
        leaks = model.remember("leaks", lambda: analyse(model))
        return {step.span for leak in leaks if leak.rule in {"SEC204", "SEC218"} for step in leak.also}

    return parameter.member.span in model.remember("told parameters", declared)


def _described_as_public(parameter: Parameter) -> bool:
    """Whether a parameter that is named like a key is described as a public one."""
    told = parameter.node.at("metadata", "description")
    if told is None or "public key" not in str(told.value).lower():
        return False
    from armlint.secrets.values import is_password_name

    parts = words(parameter.name)
    key = any(part.endswith(("key", "keys")) for part in parts) and _PRIVATE.isdisjoint(parts)
    return key and not is_password_name(parameter.name)


# What no public key is called.
_PRIVATE: Final = frozenset({"private", "secret", "api", "access", "account", "shared", "storage"})


def _listed_values(parameter: Parameter) -> bool:
    """Whether the values to choose from are written down: those are no secrets."""
    return parameter.node.get("allowedValues") is not None


def deployment_debug(template: Template, model: Model) -> Iterator[Result]:
    """SEC209: a deployment that logs the bodies of its requests or responses."""
    for resource in template.all_resources():
        if resource.key != DEPLOYMENTS:
            continue
        node = resource.node.at("properties", "debugSetting", "detailLevel")
        value = resource.value(node)
        if node is None:
            node = resource.node.at("properties", "debugSetting")
            setting = resource.value(node)
            value = setting.get("detailLevel") if isinstance(setting, Object) else None
        if node is not None and isinstance(value, str) and value.strip().lower() not in {"", "none"}:
            from armlint.checks import mending

            told = f"deployment '{resource.label()}' logs its request or response bodies, secrets included"
            yield at_value(node, told, fix=mending.remove_debug(node, model))


def plain_value_in_secure_property(resource: Resource, model: Model) -> Iterator[Result]:
    """SEC211: a password property that is set from a literal or from a parameter that is not secure."""
    if resource.properties is None or resource.existing:
        return
    for name, member, node, value in _named(resource, SECURE, model):
        if isinstance(value, str):
            if not is_placeholder(value) and not _deferred(node):
                result = at_key(member, f"'{name}' is set to a literal", *_written(member.value, resource))
                yield result._replace(covers=_origins(member.value, name, resource, model))
        elif node is not None and isinstance(value, (Text, Term)):
            yield from _from_plain(name, node, resource, model)


def _deferred(node: Node | None) -> bool:
    """Whether a string is an escaped expression, which a later deployment evaluates."""
    if node is None:
        return False
    return isinstance(node.value, str) and node.value.startswith("[[") and node.value.endswith("]")


def _origins(node: Node, name: str, resource: Resource, model: Model) -> tuple[str, ...]:
    """Pointers of the strings that a literal comes from, where it would be told of again."""
    from armlint.checks.literals import flattener_of
    from armlint.checks.pieces import named_within

    node = named_within(node, name, resource.scope)
    pieces = flattener_of(model).of(node, resource.scope, resource.frame).pieces
    return tuple({piece.node.pointer for piece in pieces if piece.node is not None})


def _is_secret_by_declaration_only(taint: Taint, model: Model) -> bool:
    """Whether a value is secret only since inner parameters say so, to which something plain is passed."""
    scopes = model.remember("scopes", lambda: {t.declared.number: t.declared for t in model.templates})
    for source in taint.everything:
        if source.kind != "parameter" or not isinstance(source.key, tuple):
            return False
        scope = scopes.get(source.key[0])
        passed = None if scope is None or scope.bindings is None else scope.bindings.get(source.name.lower())
        if passed is None or passed.get("value") is None:
            return False
    return True


def _from_plain(name: str, node: Node, resource: Resource, model: Model) -> Iterator[Result]:
    member = node.member
    if member is None:
        return
    secret = tracer(model).node(node, resource.scope, resource.frame)
    if not secret.clean and not _is_secret_by_declaration_only(secret, model):
        return
    plain = plain_tracer(model).node(node, resource.scope, resource.frame)
    for source, way in plain.everything.items():
        steps = way.steps()
        yield at_key(
            member,
            f"'{name}' is set from {source.title}, which is not secure",
            *(Label(step.span, step.message) for step in steps if step.document is model.document),
            flow=tuple(Label(step.span, step.code) for step in steps),
        )


class Named(NamedTuple):
    """A property of a resource by its name: the member to point at, and its value.

    `node` is where the value is written; an object taken from a variable has its members there, and
    `member` is then the one in the resource that takes it.
    """

    name: str
    member: Member
    node: Node | None
    value: Value


# One of these is in each of the names; the fewer words to look for the better.
_PARTS: Final = {SECURE: ("password", "securevalue"), ADMINISTRATORS: ("adminusername", "administratorlogin")}


def _named(resource: Resource, names: frozenset[str], model: Model) -> Iterator[Named]:
    """The properties of these names at any depth of a resource's own, in document order."""
    words = _PARTS[names]
    if not model.remember(words[0], lambda: model.mentions(words)):
        return
    inside = None if resource.nested is None else resource.nested.node
    pending = [resource.properties]
    while pending:
        node = pending.pop()
        if node is None or node is inside:
            continue
        for member in node.members:
            if member.name.lower() in names:
                yield Named(member.name, member, member.value, resource.value(member.value))
            elif member.value.kind == "string" and _is_variable(member.value):
                for name, value in _fields(resource.value(member.value), names):
                    yield Named(name, member, None, value)
        below = node.items or [member.value for member in node.members]
        pending.extend([each for each in reversed(below) if each.kind != "string"])


def _is_variable(node: Node) -> bool:
    """Whether a string is a variable, or a part of one, and nothing else."""
    if node.kind != "string" or not isinstance(node.value, str) or node.value[:1] != "[":
        return False
    read = syntax.read(node.value)
    while isinstance(read, (syntax.Property, syntax.Index)):
        read = read.base
    return isinstance(read, syntax.Call) and read.function == "variables"


def _fields(value: Value, names: frozenset[str]) -> Iterator[tuple[str, Value]]:
    """The fields of these names at any depth of an object."""
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, Object):
            for key, (name, field) in current.fields.items():
                if key in names:
                    yield name, field
                pending.append(field)
        elif isinstance(current, Array):
            pending.extend(current.items)


def _written(node: Node, resource: Resource) -> Iterator[Label]:
    """Where a literal that a property takes from a variable is written."""
    for _, name in variable_references(node):
        variable = resource.scope.variables.get(str(name.value).lower())
        if variable is not None:
            yield Label(variable.place.span, "the value is written here")


def literal_admin_username(resource: Resource, model: Model) -> Iterator[Result]:
    """SEC212: the name of an administrator that is the same in every deployment."""
    if resource.properties is None or resource.existing:
        return
    for name, member, node, value in _named(resource, ADMINISTRATORS, model):
        if isinstance(value, str) and not is_placeholder(value) and not _deferred(node):
            told = f"'{name}' is the same in every deployment"
            yield at_value(member.value, told, *_written(member.value, resource))


# What everyone who can see a deployment knows, and functions of it.
_PUBLIC: Final = frozenset(
    {
        "subscription",
        "resourcegroup",
        "tenant",
        "deployment",
        "managementgroup",
        "environment",
        "uniquestring",
        "guid",
        "property",
        "concat",
        "format",
        "substring",
        "take",
        "skip",
        "tolower",
        "toupper",
        "replace",
        "base64",
        "string",
        "trim",
        "split",
        "first",
        "last",
        "padleft",
        "join",
        "resourceid-scope",
    }
)
_SEEDS: Final = frozenset(
    {"subscription", "resourcegroup", "tenant", "deployment", "managementgroup", "uniquestring", "guid"}
)


def predictable(value: Value) -> bool:
    """Whether an unknown value is computed from public data alone, such as the subscription's id."""
    if known(value) or isinstance(value, Failure):
        return False
    seeds = False
    pending: list[Value] = [value]
    seen: set[int] = set()
    while pending:
        current = pending.pop()
        if isinstance(current, Text):
            pending.extend(current.parts)
        elif isinstance(current, Array):
            pending.extend(current.items)
        elif isinstance(current, Object):
            pending.extend(field for _, field in current.fields.values())
        elif isinstance(current, Term):
            if current.operation not in _PUBLIC:
                return False
            seeds = seeds or current.operation in _SEEDS
            if current.number not in seen:
                seen.add(current.number)
                pending.extend(current.arguments)
        elif isinstance(current, Failure):
            return False
    return seeds


_TOLD: Final = (
    "is computed from public data: anyone who knows the subscription or resource group can compute it"
)


def predictable_secret(template: Template, model: Model) -> Iterator[Result]:
    """SEC216: a secret that anyone can compute who knows the subscription or the resource group."""
    if template.scope is template.declared:
        yield from _predictable_defaults(template)
        yield from _predictable_variables(template)
    for resource in template.all_resources():
        if resource.existing:
            continue
        for name, member, _node, value in _named(resource, SECURE, model):
            named = (str(literal.value) for _, literal in variable_references(member.value))
            # What a variable with a secret's name holds is told at the variable.
            if not any(map(looks_secret, named)) and predictable(value):
                yield at_key(member, f"'{name}' {_TOLD}")


def _predictable_defaults(template: Template) -> Iterator[Result]:
    for parameter in template.declared.parameters.values():
        node = parameter.node.get("defaultValue")
        if node is None or not looks_secret(parameter.name):
            continue
        # The default of a secure parameter is SEC205's, whatever it is made of.
        secure = declared_type(parameter.node, template) in {"securestring", "secureobject"}
        if not secure and predictable(template.evaluator.value(node, template.scope)):
            yield at_value(node, f"the default of parameter '{parameter.name}' {_TOLD}")


def _predictable_variables(template: Template) -> Iterator[Result]:
    for variable in template.declared.variables.values():
        if variable.copy is not None or not looks_secret(variable.name):
            continue
        if predictable(template.evaluator.variable(template.scope, variable.name)):
            yield at_value(variable.node, f"variable '{variable.name}' {_TOLD}")


def plain_secret_on_command_line(extension: Extension, model: Model) -> Iterator[Result]:
    """SEC217: a parameter that is named like a secret, but not secure, in a public command."""
    resource, settings = extension.resource, extension.member("settings")
    entry = model.entry(extension)
    if resource is None or settings is None or (entry is not None and entry.service_managed):
        return
    for name in command_settings(entry):
        member = settings.value.member_named(name)
        place = settings if member is None else member
        if member is None and settings.value.kind == "object":
            continue
        taint = plain_tracer(model).node(place.value, resource.scope, resource.frame)
        if member is None:
            taint = plain_tracer(model).member(taint, name)
        for source, way in taint.everything.items():
            if looks_secret(source.name) and _takes_secret(source.name, place.value, resource):
                yield at_key(
                    place,
                    f"{source.title} is named like a secret and reaches '{name}' in the public settings"
                    f" of extension '{extension.label}'",
                    *(Label(s.span, s.message) for s in way.steps() if s.document is model.document),
                    flow=tuple(Label(s.span, s.code) for s in way.steps()),
                )


_MOST_STRINGS: Final = 1000


def _takes_secret(name: str, node: Node, resource: Resource) -> bool:
    """Whether a value takes more of an object parameter than members without a secret's name."""
    pending, seen = [node], {id(node)}
    found = False
    while pending and len(seen) < _MOST_STRINGS:
        current = pending.pop()
        for below in current.walk():
            for path in _members_taken(below, name):
                found = True
                if not path or secret_inside(path[-1]):
                    return True
        for _, literal in variable_references(current):
            variable = resource.scope.variables.get(str(literal.value).lower())
            if variable is not None and id(variable.node) not in seen:
                seen.add(id(variable.node))
                pending.append(variable.node)
    return not found


def _members_taken(node: Node, name: str) -> Iterator[list[str]]:
    """For each use of a parameter in a string, the names of the members that are taken of it."""
    read = syntax.read(node.value) if isinstance(node.value, str) else None
    if read is None or isinstance(read, syntax.Invalid):
        return
    pending: list[tuple[syntax.Expression, list[str]]] = [(read, [])]
    while pending:
        part, path = pending.pop()
        if isinstance(part, syntax.Property):
            pending.append((part.base, [part.name, *path]))
        elif isinstance(part, syntax.Index):
            named = isinstance(part.index, syntax.Literal) and isinstance(part.index.value, str)
            pending.append((part.base, [str(part.index.value), *path] if named else path))  # type: ignore[union-attr]
            pending.append((part.index, []))
        elif isinstance(part, syntax.Call):
            argument = part.args[0] if part.args else None
            if part.function == "parameters" and isinstance(argument, syntax.Literal):
                if str(argument.value).lower() == name.lower():
                    yield path
            else:
                pending += [(each, []) for each in part.args]


def tracer(model: Model) -> Tracer:
    """The tracer that follows this file's secrets."""
    return model.remember("tracer", lambda: Tracer(_root(model), looks_secret))


def plain_tracer(model: Model) -> Tracer:
    """The tracer that follows this file's parameters that are not secure."""
    return model.remember("plain tracer", lambda: Tracer(_root(model), looks_secret, plain=True))


def _root(model: Model) -> Template:
    if model.root is None:
        raise LookupError("only templates have flows")
    return model.root
