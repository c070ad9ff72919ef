"""Checks that follow secrets into places where they can be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from armlint.arm.extension import Shape, profile_path
from armlint.arm.flow import Tracer, evaluated, loops
from armlint.arm.kind import Kind
from armlint.arm.origins import origins
from armlint.arm.taint import Leak, Sink, Source, Step, Way, join
from armlint.arm.template import DEPLOYMENTS
from armlint.checks.expressions import pointer
from armlint.checks.readable import rows
from armlint.finding import Label
from armlint.jsontext import Member
from armlint.rule import Result
from armlint.secrets.names import looks_public, secret_inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from armlint.arm.extension import Extension
    from armlint.arm.model import Model
    from armlint.arm.taint import Taint
    from armlint.arm.template import Resource, Template
    from armlint.checks.readable import Readable
    from armlint.edit import Fix
    from armlint.jsontext import Document, Node
    from armlint.source import Source as Text
    from armlint.source import Span

# Whether a template, in lower case, calls fail() at all.
_FAIL: Final = re.compile(r"fail\s*\(")
# Where the path begins that is told as the last step of a flow.
_STARTS: Final = {"SEC201": "settings", "SEC202": "outputs", "SEC204": "parameters", "SEC218": "parameters"}


def secret_in_public_settings(template: Template, model: Model) -> Iterator[Result]:
    """SEC201: a secret in the public settings of an extension."""
    yield from _told("SEC201", template, model, "{source} reaches {sink}")


def secret_in_output(template: Template, model: Model) -> Iterator[Result]:
    """SEC202: a secret in an output that is not of a secure type."""
    yield from _told("SEC202", template, model, "{source} is shown by output '{sink}', which is not secure")


def secret_in_outer_deployment(template: Template, model: Model) -> Iterator[Result]:
    """SEC203: a secret evaluated into a nested template in outer scope."""
    yield from _told("SEC203", template, model, _EVALUATED)


def secret_to_plain_parameter(template: Template, model: Model) -> Iterator[Result]:
    """SEC204: a secret passed to a parameter of a nested or linked template that is not secure."""
    yield from _told("SEC204", template, model, _PASSED)


def key_vault_reference_plain(model: Model, _: Model) -> Iterator[Result]:
    """SEC218: a Key Vault reference that feeds a parameter which is not secure."""
    if model.torn:
        return
    if model.kind is not Kind.PARAMETERS:
        yield from _results("SEC218", model, _PASSED)
        return
    fed = _fed(model)
    template = fed and _template_of(model)
    if template:
        analyse(template, fed)
    for leak in fed.values():
        yield _result(leak, _PASSED, model)


def secret_in_readable_property(template: Template, model: Model) -> Iterator[Result]:
    """SEC208: a secret in a property that can be read back."""
    yield from _told("SEC208", template, model, "{source} reaches {sink}")


_EVALUATED: Final = (
    "{source} is evaluated into the nested template of '{sink}', which the deployment history keeps in clear"
)
_PASSED: Final = "{source} is passed to parameter '{parameter}' of '{sink}', which is not secure"
_GIVEN: Final = "{source} is passed to parameter '{parameter}', which is not secure"
_DEFAULT: Final = "{source} is in the default of parameter '{parameter}', which is not secure"


def _told(rule: str, template: Template, model: Model, words: str) -> Iterator[Result]:
    # All leaks of a file are found together; each is told with the file's own template.
    if template.deployment is None:
        yield from _results(rule, model, words)


def _results(rule: str, model: Model, words: str) -> Iterator[Result]:
    for leak in model.remember("leaks", lambda: analyse(model)):
        if leak.rule == rule and leak.at.document is model.document:
            yield _result(leak, words, model)


def _result(leak: Leak, words: str, model: Model) -> Result:
    place, _, title, parameter = leak.at
    if not leak.at.title and leak.rule in {"SEC204", "SEC218"}:
        words = _DEFAULT if _by_default(leak) else _GIVEN
    message = words.format(source=leak.source.title, sink=title, parameter=parameter)
    steps = leak.way.steps()
    labels = _labels([*steps, *leak.also], place.span, model.document)
    end = Label(place.span, _code(leak))
    flow = (*(Label(step.span, step.code, _other(step, model.document)) for step in steps), end)
    return Result(place.span, pointer(place), message, labels, flow, _mended(leak, model))


def _mended(leak: Leak, model: Model) -> Fix | None:
    """The fix of a leak, for the rules that have one."""
    if leak.rule not in {"SEC201", "SEC202"}:
        return None
    from armlint.checks import mending

    mend = mending.protect_leak if leak.rule == "SEC201" else mending.secure_output
    return mend(leak.at.place, model)


def _by_default(leak: Leak) -> bool:
    """Whether a secret gets into a plain parameter by its default, not by a deployment."""
    return leak.rule == "SEC204" and not leak.at.title


def _labels(steps: Iterable[Step], place: Span, document: Document) -> tuple[Label, ...]:
    labels: dict[tuple[object, ...], Label] = {}
    for step in steps:
        if step.span != place or step.document is not document:
            label = Label(step.span, step.message, _other(step, document))
            labels.setdefault((*step.span, step.message, id(step.document)), label)
    return tuple(labels.values())


def _other(step: Step, document: Document) -> Text | None:
    return None if step.document is document else step.document.source


def _code(leak: Leak) -> str:
    """The last step's words: the path of the member from its resource, parameter or output."""
    keys = []
    place = leak.at.place
    node: Node | None = place.value if isinstance(place, Member) else place
    start = _STARTS.get(leak.rule, "properties")
    while node is not None and node.key is not None:
        keys.append(str(node.key))
        if str(node.key).lower() == start:
            return ".".join(reversed(keys))
        node = node.parent
    return ".".join(reversed(keys[:2]))


def analyse(model: Model, fed: Mapping[str, Leak] | None = None) -> tuple[Leak, ...]:
    """Find every leak of a file that is a template.

    `fed` are leaks that are told already, of what its parameters are given; by their names in lower case.
    They get labels where the secrets go on to other places that can be read.
    """
    root = model.root
    if root is None:
        return ()
    fed = _fed(model) if fed is None else fed
    tracer = Tracer(root, secret_inside, public_like=looks_public, linked=model.linked, fed=fed)
    scoped = [template for template in model.templates if template.scope is template.declared]
    beginning = origins(scoped, model.folded, linked=model.linker is not None)
    if model.live is not None:
        # Its nodes are not where they seem to be.
        beginning = frozenset(template.scope.number for template in scoped)
    # Where a secret can be: what lies in the others need not be looked at.
    own: list[Template] = []
    reached: set[int] = set()
    for template in scoped:
        number = template.scope.number
        if not deployed(template) or not (
            number in beginning or (template is root and fed) or _enters(template, reached, tracer)
        ):
            continue
        own.append(template)
        reached.add(number)
        _outer(template, tracer)
        resources = [r for r in template.all_resources() if not r.existing and r.condition is not False]
        for resource in resources:
            _passed(resource, tracer)
            _properties(resource, tracer)
            _carried(resource, tracer)
        _echoes(resources, tracer)
        for member in _members(template.node.get("outputs")):
            tracer.output(template, member.name)
    kept = {id(template) for template in own}
    for extension in model.extensions:
        if extension.deployed and id(extension.template) in kept:
            _settings(extension, tracer)
    # Any character of the name may be written as an escape.
    escaped = "\\u" in model.document.source.text
    if own and (escaped or ("fail" in model.folded and _FAIL.search(model.folded))):
        _messages(own, model, tracer)
    return (*fed.values(), *tracer.leaks, *_defaults(own, tracer))


def _fed(model: Model) -> dict[str, Leak]:
    """The leaks of what a deployment gives to plain parameters of its template from a Key Vault."""
    if model.kind not in {Kind.PARAMETERS, Kind.DEPLOYMENT}:
        return {}
    # Only what a deployment is given needs it.
    from armlint.checks import parameters
    from armlint.secrets.scan import redact

    fed = {}
    for plain in parameters.plain_references(model):
        source = Source("vault", id(plain.entry), "a Key Vault secret", "reference")
        way = Way(Step(plain.reference.span, model.document, "reference", "comes from Key Vault here"))
        leak = Leak("SEC218", source, way, Sink(plain.entry, model.document, "", redact(plain.entry.name)))
        code = f"parameters('{plain.declared.name}')"
        leak.add(Step(plain.declared.span, plain.document, code, f"declared here as {plain.type}"))
        fed[plain.entry.name.lower()] = leak
    return fed


def _template_of(model: Model) -> Model | None:
    """The template that a parameter file is deployed with."""
    from armlint.checks.parameters import pair_of

    pair = pair_of(model)
    if pair is None or pair.owner is None:
        return None
    return type(model)(pair.owner, model.linker, model.catalogue, model.today)


def deployed(template: Template) -> bool:
    """Whether no deployment around a template has a condition that is false."""
    while template.deployment is not None:
        if template.deployment.condition is False or template.deployment.existing:
            return False
        template = template.deployment.template
    return True


def _enters(template: Template, reached: set[int], tracer: Tracer) -> bool:
    """Whether a secret, or part of one, is passed to a template from those around it that have any."""
    if template.deployment is None or template.deployment.scope.number not in reached:
        return False
    return not all(tracer.parameter(template.scope, name).empty for name in template.scope.parameters)


def _members(node: Node | None) -> list[Member]:
    return [] if node is None else list(node.members)


def _taint(place: Node | Member, resource: Resource, tracer: Tracer) -> Taint:
    if isinstance(place, Member):
        return tracer.key(place, resource.scope, resource.frame)
    return tracer.node(place, resource.scope, resource.frame)


def _pointed(place: Node | Member) -> Node | Member:
    """What to point at for a string: the key of the member that holds it, if one does."""
    return place if isinstance(place, Member) else place.member or place


def _outer(template: Template, tracer: Tracer) -> None:
    """What a template evaluates into templates nested in it in outer scope."""
    pending = [
        (resource.nested, resource.nested)
        for resource in template.all_resources()
        if resource.nested is not None and resource.nested.scope is template.scope
        if resource.condition is not False
    ]
    while pending:
        outermost, current = pending.pop()
        inside: dict[int, object] = {}
        for below in current.all_resources():
            if below.nested is not None:
                inside[id(below.nested.node)] = below.nested
                if below.nested.scope is template.scope:
                    pending.append((outermost, below.nested))
        for place in evaluated(current.node, inside):
            if isinstance(place, Member):
                taint = tracer.key(place, current.scope, current.frame)
            else:
                taint = tracer.node(place, current.scope, current.frame)
            for source, way in taint.everything.items():
                if way.leak is None:
                    tracer.outer(outermost, source, way, _pointed(place))


def _passed(resource: Resource, tracer: Tracer) -> None:
    """What a deployment passes to the parameters of its nested or linked template."""
    if resource.key != DEPLOYMENTS:
        return
    nested = tracer.entered(resource)
    if nested is not None and nested.scope is nested.declared:
        for parameter in nested.scope.parameters:
            tracer.parameter(nested.scope, parameter)


def _properties(resource: Resource, tracer: Tracer) -> None:
    """The properties of a resource that can be read back."""
    for row in rows(resource.key):
        if row.echo or (row.unless[:1] not in {(), (".",)} and _freed(resource, resource.node, row.unless)):
            continue
        for place, taint in _found(row, resource, tracer):
            tracer.report("SEC208", taint, _sink(row, place, resource))


def _freed(resource: Resource, node: Node, path: tuple[str, ...]) -> bool:
    value = resource.value(node.at(*path))
    return value is not False and value is not None


def _found(row: Readable, resource: Resource, tracer: Tracer) -> Iterator[tuple[Node | Member, Taint]]:
    for place, taint in _at(resource, resource.node, row.path, tracer):
        holder = place.value.parent if isinstance(place, Member) else place.parent
        if row.unless[:1] == (".",) and holder is not None and _freed(resource, holder, row.unless[1:]):
            continue
        yield place, taint


def _sink(row: Readable, place: Node | Member, resource: Resource) -> Sink:
    path = ".".join(part for part in row.path if part != "*")
    title = f"'{path}' of '{resource.label()}': {row.why}"
    return Sink(_pointed(place), resource.template.document, title)


def _echoes(resources: Iterable[Resource], tracer: Tracer) -> None:
    """Places that repeat the names of other resources: told only where those were not."""
    named: set[Source] = {leak.source for leak in tracer.leaks if leak.rule == "SEC208"}
    for resource in resources:
        for row in rows(resource.key):
            for place, taint in _found(row, resource, tracer) if row.echo else ():
                sink = _sink(row, place, resource)
                if not any(source in named for source in taint.everything):
                    tracer.report("SEC208", taint, sink)


def _at(
    resource: Resource, node: Node, path: tuple[str, ...], tracer: Tracer
) -> Iterator[tuple[Node | Member, Taint]]:
    """The strings at a path below a node, and below that, which hold a secret."""
    for reached, rest in _reached(node, path):
        if rest:
            taint = _taint(reached, resource, tracer)
            for name in rest:
                taint = tracer.any_member(taint) if name == "*" else tracer.member(taint, name)
            if not taint.empty:
                yield reached, taint
            continue
        for place in evaluated(reached):
            taint = _taint(place, resource, tracer)
            if not taint.empty:
                yield place, taint


def _reached(node: Node, path: tuple[str, ...]) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """The nodes that a path leads to; an expression on the way with what is left of the path."""
    pending = [(node, path)]
    while pending:
        current, rest = pending.pop()
        if not rest or current.kind == "string":
            yield current, rest
        else:
            pending.extend(reversed(list(_below(current, rest[0].lower(), rest[1:]))))


def _below(node: Node, name: str, rest: tuple[str, ...]) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """The nodes that a name leads to, property loops included, with what is left of the path."""
    if name == "*":
        yield from ((item, rest) for item in node.items)
        members = node.members
    else:
        members = [m for m in map(node.member_named, (name, "copy")) if m is not None]
    for member in members:
        made = loops(member)
        for looped, element in made:
            if name in {"*", looped}:
                # What a loop makes is an array of what is repeated.
                yield element, rest[1:] if rest[:1] == ("*",) else rest
        if not made and name in {"*", member.name.lower()}:
            yield member.value, rest


def _settings(extension: Extension, tracer: Tracer) -> None:
    """The public settings of an extension that is written out in a resource."""
    resource, node = extension.resource, extension.node
    if resource is None or not _inside(node, resource.node):
        return
    on = f" on '{extension.machine_label}'" if extension.machine is not None else ""
    title = f"the public settings of extension '{extension.label}'{on}"
    if extension.shape is Shape.HCI:
        path: tuple[str, ...] = ("properties", "extensionParameters", "settings")
    else:
        path = ("settings",) if extension.shape is Shape.BATCH else ("properties", "settings")
    for place, taint in _at(resource, node, path, tracer):
        tracer.report("SEC201", taint, Sink(_pointed(place), extension.document, title))


def _inside(node: Node, top: Node) -> bool:
    return top.start <= node.start and node.end <= top.end


def _carried(resource: Resource, tracer: Tracer) -> None:
    """Public settings of extensions that a resource takes as a whole from an expression."""
    path = profile_path(resource)
    if not path:
        return
    title = f"the public settings of an extension on '{resource.label()}'"
    for node, rest in _reached(resource.node, (*path, "*")):
        if node.kind != "string":
            # Written out, and so known as an extension.
            continue
        taint = _taint(node, resource, tracer)
        for name in rest:
            taint = tracer.any_member(taint) if name == "*" else tracer.member(taint, name)
        inside = tracer.member(taint, "properties")
        settings = join([tracer.member(taint, "settings"), tracer.member(inside, "settings")])
        tracer.report("SEC201", settings, Sink(_pointed(node), resource.template.document, title))


def _messages(own: Iterable[Template], model: Model, tracer: Tracer) -> None:
    """Secrets in the messages of fail()."""
    for template in own:
        for site in model.sites(template):
            # Users' functions are followed from where they are called.
            if site.function is None and ("." in site.text or "fail" in site.text.lower()):
                tracer.failing(site.place, site.scope)


def _defaults(own: Iterable[Template], tracer: Tracer) -> list[Leak]:
    for template in own:
        for parameter in template.scope.parameters.values():
            if parameter.node.get("defaultValue") is not None:
                tracer.parameter(template.scope, parameter.name)
    return list(tracer.untold_defaults())
