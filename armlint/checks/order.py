"""Checks of order: what waits for what, and what should."""

from __future__ import annotations

from typing import TYPE_CHECKING

from armlint.arm import extension as extensions
from armlint.arm import graph as graphs
from armlint.arm.extension import Shape
from armlint.arm.kind import schema_of
from armlint.arm.template import DEPLOYMENTS, shown
from armlint.checks.expressions import pointer
from armlint.finding import Label
from armlint.rule import Result, at_value, tight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.extension import Extension
    from armlint.arm.graph import Edge, Graph, Machine
    from armlint.arm.model import Model
    from armlint.arm.template import Resource, Template
    from armlint.arm.value import Value

# Work that a file may spend on following orders, for each resource and edge.
_STEPS = 50


def dependency_cycle(template: Template, model: Model) -> Iterator[Result]:
    """DEP301: resources that wait for each other."""
    graph = model.graph(template)
    for found in graph.rings():
        ring = _closed_by_entry(found)
        names = [_label(graph.resources[edge.source]) for edge in ring]
        path = " → ".join([*names, names[0]])
        labels = tuple(
            Label(edge.span, f"'{names[index]}' waits for '{names[index + 1]}'{_how(edge)}")
            for index, edge in enumerate(ring[:-1])
        )
        closing = ring[-1]
        what = "the resource waits for itself" if len(ring) == 1 else "resources wait for each other"
        yield Result(closing.span, pointer(closing.place), f"{what}: {path}", labels)


def _closed_by_entry(ring: tuple[Edge, ...]) -> tuple[Edge, ...]:
    """The ring turned so that its last edge is an entry of `dependsOn`, if it has any."""
    for turn in range(len(ring)):
        turned = ring[len(ring) - turn :] + ring[: len(ring) - turn]
        if not turned[-1].implicit:
            return turned
    return ring


def _how(edge: Edge) -> str:
    return ", whose properties it reads" if edge.implicit else ""


def _label(resource: Resource) -> str:
    label = resource.label()
    return label if resource.symbol is not None or resource.type is None else f"{resource.type} {label}"


def provision_after_cycle(template: Template, model: Model) -> Iterator[Result]:
    """DEP302: extensions of one machine that are to be provisioned after each other."""
    for machine in _machines(template, model):
        edges, _ = graphs.provisioning(machine)
        for ring in graphs.rings(edges):
            names = [machine.extensions[edge.source].label for edge in ring]
            path = " → ".join([*names, names[0]])
            labels = tuple(
                Label(edge.span, f"'{names[index]}' comes after '{names[index + 1]}'")
                for index, edge in enumerate(ring[:-1])
            )
            yield Result(
                ring[-1].span,
                pointer(ring[-1].place),
                f"extensions are to be provisioned after each other: {path}",
                labels,
            )


def provision_after_unknown(template: Template, model: Model) -> Iterator[Result]:
    """DEP303: `provisionAfterExtensions` names an extension that the machine does not have."""
    for machine in _machines(template, model):
        _, lost = graphs.provisioning(machine)
        if not lost or not _all_known(machine, template, model):
            continue
        names = [extension.label for extension in machine.extensions]
        for after in lost:
            own = machine.extensions[after.position]
            hint = _nearest(after.name or "", [name for name in names if name != own.label])
            yield at_value(
                after.place, f"'{own.machine_label}' has no extension '{after.name}' to come after{hint}"
            )


def _machines(template: Template, model: Model) -> tuple[Machine, ...]:
    return graphs.machines(extension for extension in model.extensions if extension.template is template)


def _all_known(machine: Machine, template: Template, model: Model) -> bool:
    """Whether the template surely shows all extensions of this machine."""
    if None in machine.names:
        return False
    first = machine.extensions[0]
    carrier = first.resource
    if first.shape is Shape.BODY or carrier is None:
        return False
    if any(
        e.template is template and e not in machine.extensions and _may_join(e, first)
        for e in model.extensions
    ):
        return False
    # A deployment inside the template may bring further extensions of the machine.
    if any(resource.key == DEPLOYMENTS for resource in template.all_resources()):
        return False
    owner = first.machine_key
    for resource in template.all_resources():
        if owner is not None and resource.key == owner[1] and not resource.existing:
            same = graphs.key_of(graphs.parts(resource.name)) == graphs.key_of(graphs.parts(first.machine))
            if same:
                path = extensions.profile_path(resource)
                return not path or extensions.complete(resource)
    return False


def _may_join(other: Extension, member: Extension) -> bool:
    """Whether an extension may be on the machine of another though that is not sure."""
    return other.machine_type == member.machine_type and graphs.can_equal(
        graphs.parts(other.machine), graphs.parts(member.machine)
    )


def undefined_dependency(template: Template, model: Model) -> Iterator[Result]:
    """DEP304: an entry of `dependsOn` that names nothing in the template."""
    root = model.root
    schema = None if root is None else root.node.get("$schema")
    if schema is None or not isinstance(schema.value, str) or schema_of(schema.value) is None:
        # A fragment: what it waits for may be in the file it was taken from.
        return
    graph = model.graph(template)
    for undefined in graph.undefined:
        target = _target(undefined.target)
        hint = _nearest(target, _names(graph, target))
        yield at_value(undefined.place, f"the template has no resource '{target}'{hint}")


def _target(value: Value) -> str:
    text = shown(value)
    return text.rpartition("/providers/")[2]


def _names(graph: Graph, target: str) -> list[str]:
    """What the author may have meant: resources of the same type where the target has one, else names."""
    names = []
    kind = target.rpartition("/")[0].lower()
    for resource in graph.resources:
        if not kind:
            names.append(resource.label())
        if resource.type is not None and isinstance(resource.name, str):
            namespace, *kinds = resource.type.split("/")
            pairs = zip(kinds, resource.name.split("/"), strict=False)
            id_ = "/".join([namespace, *(f"{segment}/{name}" for segment, name in pairs)])
            if id_.rpartition("/")[0].lower() == kind:
                names.append(id_)
        if resource.loop is not None and not kind:
            names.append(resource.loop)
    return names


def missing_parent_dependency(template: Template, model: Model) -> Iterator[Result]:
    """DEP305: a child resource that nothing makes wait for its parent in the same template."""
    graph = model.graph(template)
    steps = [_STEPS * (len(graph.resources) + sum(map(len, graph.edges)) + 1)]
    for position, parent in enumerate(graph.parents):
        resource = graph.resources[position]
        if parent is None or resource.existing or resource.condition is False:
            continue
        owner = graph.resources[parent]
        if owner.existing or owner.condition is False or graph.ordered(position, parent, steps) is not False:
            continue
        member = resource.node.member_named("dependsOn")
        message = f"nothing makes '{_label(resource)}' wait for its parent '{owner.label()}'"
        label = Label(tight(owner.node), "the parent")
        from armlint.checks import mending

        fix = mending.wait_for(resource, owner, graph, model)
        if member is not None:
            yield Result(member.span, member.value.pointer, message, (label,), fix=fix)
        else:
            yield Result(tight(resource.node), resource.node.pointer, message, (label,), fix=fix)


def _nearest(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), {key.lower(): None for key in known[:500]}, 1)
    written = next((key for key in known if near and key.lower() == near[0]), None)
    return "" if written is None else f"; did you mean '{written}'?"
