"""Checks that follow secrets into places where they can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from armlint.arm.template import DEPLOYMENTS
from armlint.checks.credentials import tracer as tracer_of
from armlint.checks.expressions import pointer
from armlint.checks.readable import READABLE
from armlint.finding import Label
from armlint.jsontext import Member, Node
from armlint.rule import Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from armlint.arm.extension import Extension
    from armlint.arm.flow import Leak, Step, Taint, Tracer
    from armlint.arm.model import Model
    from armlint.arm.template import Resource, Template
    from armlint.checks.readable import Readable
    from armlint.jsontext import Document
    from armlint.source import Source


def secret_in_public_settings(template: Template, model: Model) -> Iterator[Result]:
    """SEC201: a secret in the public settings of an extension."""
    yield from _told("SEC201", template, model, "{source} reaches {sink}")


def secret_in_output(template: Template, model: Model) -> Iterator[Result]:
    """SEC202: a secret in an output that is not of a secure type."""
    yield from _told("SEC202", template, model, "{source} is shown by output '{sink}', which is not secure")


def secret_in_outer_deployment(template: Template, model: Model) -> Iterator[Result]:
    """SEC203: a secret evaluated into a nested template in outer scope."""
    told = "{source} is evaluated into the nested template of '{sink}', which the deployment history keeps in clear"
    yield from _told("SEC203", template, model, told)


def secret_to_plain_parameter(template: Template, model: Model) -> Iterator[Result]:
    """SEC204: a secret passed to a parameter of a nested or linked template that is not secure."""
    told = "{source} is passed to parameter '{parameter}' of '{owner}', which is not secure"
    yield from _told("SEC204", template, model, told)


def key_vault_reference_plain(template: Template, model: Model) -> Iterator[Result]:
    """SEC218: a Key Vault reference that feeds a parameter which is not secure."""
    told = "{source} is passed to parameter '{parameter}' of '{owner}', which is not secure"
    yield from _told("SEC218", template, model, told)


def secret_in_readable_property(template: Template, model: Model) -> Iterator[Result]:
    """SEC208: a secret in a property that can be read back."""
    yield from _told("SEC208", template, model, "{source} reaches {sink}")


def _told(rule: str, template: Template, model: Model, words: str) -> Iterator[Result]:
    # All leaks of a file are found together; each is told with the file's own template.
    if template.deployment is not None:
        return
    for leak in model.remember("leaks", lambda: analyse(model)):
        if leak.rule == rule and leak.document is model.document:
            yield _result(leak, words, model)


def _result(leak: Leak, words: str, model: Model) -> Result:
    owner, _, parameter = leak.sink.rpartition("|")
    message = words.format(source=leak.source.title, sink=leak.sink, owner=owner, parameter=parameter)
    steps = leak.way.steps()
    labels = _labels([*steps, *leak.also], leak.place, model.document)
    end = Label(leak.place.span, _code(leak))
    flow = (*(Label(step.span, step.code, _other(step, model.document)) for step in steps), end)
    return Result(leak.place.span, pointer(leak.place), message, labels, flow)


def _labels(steps: Iterable[Step], place: Node | Member, document: Document) -> tuple[Label, ...]:
    labels: dict[tuple[int, int, str], Label] = {}
    for step in steps:
        if step.span != place.span:
            key = (*step.span, step.message)
            labels.setdefault(key, Label(step.span, step.message, _other(step, document)))
    return tuple(labels.values())


def _other(step: Step, document: Document) -> Source | None:
    return None if step.document is document else step.document.source


def _code(leak: Leak) -> str:
    """The last step's words: the path of the member from its resource, parameter or output."""
    steps = [step for step in pointer(leak.place).split("/") if step]
    for marker in ("settings", "outputs", "parameters", "properties"):
        if marker in steps:
            return ".".join(steps[len(steps) - 1 - steps[::-1].index(marker) :])
    return ".".join(steps[-2:])


def analyse(model: Model) -> tuple[Leak, ...]:
    """Find every leak of a file that is a template."""
    tracer = tracer_of(model)
    for template in model.templates:
        if template.scope is not template.declared:
            continue
        _outer(template, tracer)
        for resource in template.all_resources():
            if not resource.existing:
                _properties(resource, tracer)
                _passed(resource, tracer, model)
        for member in _members(template.node.get("outputs")):
            tracer.output(template, member.name, template.deployment)
    for extension in model.extensions:
        if extension.deployed and extension.template.scope is extension.template.declared:
            _settings(extension, tracer)
    return tuple(tracer.leaks)


def _members(node: Node | None) -> list[Member]:
    return [] if node is None else list(node.members)


def _outer(template: Template, tracer: Tracer) -> None:
    """What a template evaluates into templates nested in it in outer scope."""
    for resource in template.all_resources():
        nested = resource.nested
        if nested is None or nested.scope is nested.declared:
            continue
        pending: list[Template] = [nested]
        while pending:
            current = pending.pop()
            inner = {}
            for below in current.all_resources():
                if below.nested is None:
                    continue
                if below.nested.scope is below.nested.declared:
                    inner[id(below.nested.node)] = below.nested
                else:
                    pending.append(below.nested)
                    inner[id(below.nested.node)] = below.nested
            for node in _strings(current.node, inner):
                taint = tracer.node(node, current.scope, current.frame)
                for source, way in taint.everything.items():
                    if way.leak is None:
                        tracer.outer(nested, source, way, node.member or node)


def _strings(top: Node, without: dict[int, Template]) -> Iterator[Node]:
    """The strings below a node in document order, leaving out some subtrees."""
    pending = [top]
    while pending:
        node = pending.pop()
        if node is not top and id(node) in without:
            continue
        if node.kind == "string":
            yield node
        pending.extend(reversed(node.items or [member.value for member in node.members]))


def _properties(resource: Resource, tracer: Tracer) -> None:
    """The properties of a resource that can be read back."""
    for row in READABLE:
        if row.types and resource.key not in row.types:
            continue
        if row.unless:
            freed = resource.value(resource.node.at(*row.unless))
            if freed is not False and freed is not None:
                continue
        for place, taint in _at(resource, resource.node, row.path, tracer):
            _report("SEC208", taint, place, resource, tracer, row)


def _report(
    rule: str, taint: Taint, place: Node, resource: Resource, tracer: Tracer, row: Readable
) -> None:
    path = ".".join(part for part in row.path if part != "*")
    sink = f"'{path}' of '{resource.label()}': {row.why}"
    tracer.report(rule, taint, place.member or place, resource.template.document, sink, row.path[-1])


def _at(
    resource: Resource, node: Node, path: tuple[str, ...], tracer: Tracer
) -> Iterator[tuple[Node, Taint]]:
    """The values at a path below a node, each with the place to point at and its secrets."""
    current = [node]
    for depth, name in enumerate(path):
        following: list[Node] = []
        for at in current:
            if at.kind == "string":
                taint = tracer.node(at, resource.scope, resource.frame)
                for key in path[depth:]:
                    taint = tracer.element(taint) if key == "*" else tracer.member(taint, key)
                if not taint.empty:
                    yield at, taint
            elif name == "*":
                following.extend(at.items or [member.value for member in at.members])
            else:
                found = at.get(name)
                if found is not None:
                    following.append(found)
        current = following
    for at in current:
        yield from _leaves(at, resource, tracer)


def _leaves(node: Node, resource: Resource, tracer: Tracer) -> Iterator[tuple[Node, Taint]]:
    for leaf in _strings(node, {}):
        taint = tracer.node(leaf, resource.scope, resource.frame)
        if not taint.empty:
            yield leaf, taint


def _passed(resource: Resource, tracer: Tracer, model: Model) -> None:
    """What a deployment passes to the parameters of its nested or linked template."""
    if resource.key != DEPLOYMENTS:
        return
    nested = resource.nested
    if nested is None:
        nested = model.linked(resource)
        if nested is None:
            return
        tracer.adopt(nested)
    if nested.scope is nested.declared:
        for parameter in nested.scope.parameters:
            tracer.parameter(nested.scope, parameter)


def _settings(extension: Extension, tracer: Tracer) -> None:
    resource = extension.resource
    holder = extension.holder
    if resource is None or holder is None:
        return
    on = f" on '{extension.machine_label}'" if extension.machine is not None else ""
    sink = f"the public settings of extension '{extension.label}'{on}"
    document = extension.document
    settings = holder.get("settings") if holder.kind == "object" else None
    if settings is not None and settings.kind in {"object", "array"}:
        for leaf in _strings(settings, {}):
            taint = tracer.node(leaf, resource.scope, resource.frame)
            place = leaf.member or leaf
            tracer.report("SEC201", taint, place, document, sink, "settings")
        return
    place = settings if settings is not None else holder
    if place.kind == "string":
        taint = tracer.node(place, resource.scope, resource.frame)
        if settings is None:
            taint = tracer.member(taint, "settings")
        tracer.report("SEC201", taint, place.member or place, document, sink, "settings")


