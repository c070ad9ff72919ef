"""Checks of extensions against the machine that they are on, and against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm import evaluate
from armlint.arm import graph as graphs
from armlint.arm.extension import Shape
from armlint.arm.value import Term, Text, identity, known
from armlint.checks.expressions import pointer
from armlint.checks.lifecycle import at_type, is_off
from armlint.checks.shape import written_at
from armlint.finding import Label
from armlint.rule import Result, tight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.extension import Extension
    from armlint.arm.model import Model
    from armlint.arm.template import Resource, Template
    from armlint.arm.value import Value
    from armlint.jsontext import Node

_MACHINES: Final = {
    Shape.VM: "microsoft.compute/virtualmachines",
    Shape.VMSS: "microsoft.compute/virtualmachinescalesets",
    Shape.VMSS_PROFILE: "microsoft.compute/virtualmachinescalesets",
}


def _machine_of(extension: Extension, model: Model) -> Resource | None:
    """The resource of the machine or scale set that an extension surely is on, where it is declared."""
    kind = _MACHINES.get(extension.shape)
    resource = extension.resource
    if kind is None or resource is None:
        return None
    if resource.key == kind:
        return resource
    name = graphs.key_of(graphs.parts(extension.machine))
    parent = resource.parent
    if parent is not None and parent.key == kind and graphs.key_of(graphs.parts(parent.name)) == name:
        return parent
    wanted = (id(extension.template), kind, name)
    found = model.remember("machines", lambda: _declared(model)).get(wanted, [])
    if len(found) != 1 or found[0].condition is False or exclusive(resource, found[0]):
        return None
    return found[0]


def _declared(model: Model) -> dict[object, list[Resource]]:
    found: dict[object, list[Resource]] = {}
    for resource in model.resources:
        name = graphs.parts(resource.name)
        if name and resource.key in _MACHINES.values() and not resource.existing:
            found.setdefault((id(resource.template), resource.key, graphs.key_of(name)), []).append(resource)
    return found


def exclusive(*resources: Resource) -> bool:
    """Whether resources are surely never deployed together, going by their conditions."""
    held: set[object] = set()
    denied: set[object] = set()
    equal: dict[object, object] = {}
    for resource in resources:
        for condition in _conditions(resource):
            for fact, holds in _facts(condition):
                (held if holds else denied).add(identity(fact))
                if not holds or fact.operation != "equals" or len(fact.arguments) != 2:  # noqa: PLR2004
                    continue
                for one, other in (fact.arguments, fact.arguments[::-1]):
                    if known(other) and equal.setdefault(identity(one), _same(other)) != _same(other):
                        return True
    return bool(held & denied)


def _same(value: Value) -> object:
    """A key for what `equals()` takes for the same."""
    return identity(value.lower() if isinstance(value, str) else value)


def _conditions(resource: Resource | None) -> Iterator[Value]:
    while resource is not None:
        yield resource.condition
        resource = resource.parent


def _facts(condition: Value) -> Iterator[tuple[Term, bool]]:
    """What surely holds, or does not, where a condition is true."""
    pending = [(condition, True)]
    while pending:
        current, holds = pending.pop()
        if not isinstance(current, Term):
            continue
        if current.operation == "not" and len(current.arguments) == 1:
            pending.append((current.arguments[0], not holds))
        elif current.operation == ("and" if holds else "or"):
            pending.extend((argument, holds) for argument in current.arguments)
        elif current.operation == "equals" and isinstance(current.arguments[-1], bool):
            pending.append((current.arguments[0], holds is current.arguments[-1]))
        else:
            yield current, holds


class System(NamedTuple):
    """An operating system, and the node that tells it."""

    name: str
    node: Node


# Publishers of images of one system only.
_PUBLISHERS: Final = {
    "microsoftwindowsserver": "windows",
    "microsoftwindowsdesktop": "windows",
    "microsoftwindowsserverhpcpack": "windows",
    "microsoftvisualstudio": "windows",
    "microsoftsharepoint": "windows",
    "canonical": "linux",
    "redhat": "linux",
    "openlogic": "linux",
    "suse": "linux",
    "debian": "linux",
    "credativ": "linux",
    "coreos": "linux",
    "oracle": "linux",
    "almalinux": "linux",
    "resf": "linux",
    "microsoftcblmariner": "linux",
    "kinvolk": "linux",
}


def _settled(machine: Resource, *path: str) -> Node | None:
    """The node at a path below what describes a machine, or the machines of a scale set."""
    first = ("properties",) if machine.key == _MACHINES[Shape.VM] else ("properties", "virtualMachineProfile")
    node = written_at(machine, *first, *path)
    return None if node is None else evaluate.written(node, machine.scope)


def operating_system(machine: Resource) -> System | None:
    """The operating system that a machine's declaration tells; None where it tells none, or two."""
    told: list[System] = []
    for name in ("windows", "linux"):
        node = _settled(machine, "osProfile", f"{name}Configuration")
        if node is not None and node.kind == "object":
            told.append(System(name, node))
    node = _settled(machine, "storageProfile", "osDisk", "osType")
    value = machine.value(node)
    if node is not None and isinstance(value, str) and value.lower() in {"windows", "linux"}:
        told.append(System(value.lower(), node))
    node = _settled(machine, "storageProfile", "imageReference", "publisher")
    value = machine.value(node)
    if node is not None and isinstance(value, str) and value.lower() in _PUBLISHERS:
        told.append(System(_PUBLISHERS[value.lower()], node))
    return told[0] if len({system.name for system in told}) == 1 else None


def os_mismatch(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT109: an extension for another operating system than the machine has."""
    entry = model.entry(extension)
    if entry is None or entry.os not in {"windows", "linux"}:
        return
    machine = _machine_of(extension, model)
    system = None if machine is None else operating_system(machine)
    if system is not None and system.name != entry.os:
        yield from at_type(
            extension,
            f"{entry.handler} is for {entry.os.title()}, but '{extension.machine_label}' runs"
            f" {system.name.title()}",
            Label(tight(system.node), f"says {system.name.title()}"),
        )


_SWITCHES: Final = (
    ("osProfile", "allowExtensionOperations"),
    ("osProfile", "windowsConfiguration", "provisionVMAgent"),
    ("osProfile", "linuxConfiguration", "provisionVMAgent"),
)


def extensions_disallowed(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT121: an extension on a machine that allows none, or has no agent to run it."""
    machine = _machine_of(extension, model)
    if machine is None:
        return
    for path in _SWITCHES:
        node = _settled(machine, *path)
        if node is not None and is_off(machine.value(node)):
            yield from at_type(
                extension,
                f"'{extension.label}' cannot run on '{extension.machine_label}': {path[-1]} is false",
                Label(tight(node), "switched off here"),
            )
            return


def duplicate_handler(template: Template, model: Model) -> Iterator[Result]:
    """EXT110: the same handler twice on one machine."""
    own = [extension for extension in model.extensions if extension.template is template]
    for machine in graphs.machines(own):
        seen: dict[tuple[str, str], list[Extension]] = {}
        for extension in machine.extensions:
            handler = extension.handler
            if handler is None or extension.shape is Shape.BODY:
                continue
            entry = model.entry(extension)
            if entry is not None and entry.multi_instance:
                continue
            where = f"'{extension.machine_label}' has {handler[0]}/{handler[1]}"
            earlier = seen.setdefault((handler[0].lower(), handler[1].lower()), [])
            first = next((other for other in earlier if _together(other, extension)), None)
            earlier.append(extension)
            count = _repeated(extension)
            if count > 1:
                yield from at_type(extension, f"{where} {count} times: once for each turn of the loop")
            elif first is not None:
                other = first.member("type")
                labels = () if other is None else (Label(other.value.span, "the first is here"),)
                yield from at_type(
                    extension, f"{where} twice: as '{first.label}' and as '{extension.label}'", *labels
                )


def _together(first: Extension, second: Extension) -> bool:
    """Whether two extensions are surely two, and may be deployed together."""
    if first.resource is None or second.resource is None:
        return False
    if graphs.can_equal(graphs.parts(first.name), graphs.parts(second.name)):
        return False
    one, other = _conditional(first.resource), _conditional(second.resource)
    # Of two conditions that differ nobody knows whether both can hold.
    return not one or not other or one == other


def _conditional(resource: Resource) -> frozenset[object]:
    """Keys for the conditions under which a resource is deployed."""
    return frozenset(identity(found) for found in _conditions(resource) if found is not True)


def _repeated(extension: Extension) -> int:
    """How many extensions of one machine a loop surely makes of one that is written; 1 without a loop."""
    resource = extension.resource
    if resource is None:
        return 1
    if extension.node is resource.node:
        loop = resource.copy if resource.parent is None else None
        if loop is None or not _settled_name(extension.machine) or _settled_name(extension.name):
            return 1
    else:
        inside = extension.node.member
        loop = extension.node.parent if inside is not None and inside.name.lower() == "input" else None
    count = None if loop is None else resource.value(loop.get("count"))
    return count if isinstance(count, int) and not isinstance(count, bool) else 1


# Functions without arguments of their own that give the same all over a deployment.
_CONSTANT: Final = frozenset({"deployment", "managementgroup", "resourcegroup", "subscription", "tenant"})


def _settled_name(name: Value) -> bool:
    """Whether a name is surely the same in each turn of a loop."""
    pending: list[Value] = list(graphs.parts(name))
    if not pending:
        return False
    while pending:
        current = pending.pop()
        if isinstance(current, Term):
            if current.operation == "copyindex" or not (current.arguments or current.operation in _CONSTANT):
                return False
            pending.extend(current.arguments)
        elif isinstance(current, Text):
            pending.extend(current.parts)
        elif not known(current):
            # A list, as a rule, of which a loop takes an element.
            return False
    return True


# Work that a template may spend on following orders, for each resource and edge.
_STEPS: Final = 50


def order_conflict(template: Template, model: Model) -> Iterator[Result]:
    """DEP308: an extension deployed after one that is to be provisioned after it."""
    own = [extension for extension in model.extensions if extension.template is template]
    if not any(extension.field("provisionAfterExtensions") for extension in own):
        return
    graph = model.graph(template)
    positions = {id(resource): position for position, resource in enumerate(graph.resources)}
    steps = [_STEPS * (len(graph.resources) + sum(map(len, graph.edges)) + 1)]
    for machine in graphs.machines(own):
        edges, _ = graphs.provisioning(machine)
        for edge in (edge for leaving in edges for edge in leaving):
            later, earlier = machine.extensions[edge.source], machine.extensions[edge.target]
            if later.resource is None or earlier.resource is None or later.resource is earlier.resource:
                continue
            source, target = positions.get(id(earlier.resource)), positions.get(id(later.resource))
            if source is None or target is None or exclusive(earlier.resource, later.resource):
                continue
            if graph.ordered(source, target, steps) is not True:
                continue
            depends = earlier.resource.node.member_named("dependsOn")
            place = tight(earlier.resource.node) if depends is None else depends.span
            yield Result(
                edge.span,
                pointer(edge.place),
                f"'{later.label}' is to come after '{earlier.label}', but dependsOn deploys it before",
                (Label(place, f"'{earlier.label}' waits for it"),),
            )
