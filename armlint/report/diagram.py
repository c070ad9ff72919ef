"""The deployment and provisioning order of a file as boxes and arrows: what `armlint graph` draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm import graph as graphs
from armlint.arm.template import shown
from armlint.report.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from armlint.arm.extension import Extension
    from armlint.arm.graph import Edge, Machine
    from armlint.arm.model import Model
    from armlint.arm.template import Resource, Template

DEPENDS: Final = "dependsOn"
READS: Final = "reference"
AFTER: Final = "provisionAfterExtensions"

_LONGEST: Final = 64


class Box(NamedTuple):
    """A resource or an extension: its name, its type or handler, and what is special about it.

    `line` is where it stands in the file, from 1. `remarks` are words such as `existing` and `copy`.
    """

    name: str
    kind: str
    line: int
    remarks: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands in the box, line by line."""
        return tuple(line for line in (self.name, self.kind, ", ".join(self.remarks)) if line)


class Arrow(NamedTuple):
    """`first` comes before `then`: positions in the boxes of a panel.

    `why` is one of the constants of this module. An arrow that is not `sure` stands for something that
    only deployment can tell. `ring` says that it is part of a cycle.
    """

    first: int
    then: int
    why: str
    sure: bool
    ring: bool

    @property
    def dashed(self) -> bool:
        """Whether it says less than that one thing surely waits for another."""
        return self.why == READS or not self.sure

    @property
    def words(self) -> str:
        """What stands beside it; nothing beside the usual ones."""
        return {AFTER: "then", READS: "reads"}.get(self.why, "") if self.sure else "perhaps"


class Panel(NamedTuple):
    """What is put in order together: the resources of one template, or the extensions of one machine."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]

    @property
    def rings(self) -> bool:
        """Whether there is a cycle, so that the order cannot be kept."""
        return any(arrow.ring for arrow in self.arrows)

    @property
    def heading(self) -> str:
        """The title, and that there is a cycle."""
        return f"{self.title}, which has a cycle" if self.rings else self.title

    @property
    def circled(self) -> frozenset[int]:
        """The boxes of cycles, by their positions."""
        return frozenset(end for arrow in self.arrows if arrow.ring for end in (arrow.first, arrow.then))


class Diagram(NamedTuple):
    """A picture of one file."""

    title: str
    panels: tuple[Panel, ...]


def draw(model: Model) -> Diagram:
    """The diagram of a file: a panel for each template, then one for each machine with several extensions.

    Texts in it have no control characters, and no secrets; names known only to deployment are shown
    in braces.
    """
    panels = [_of_template(template, model) for template in model.templates]
    machines = graphs.machines(model.extensions)
    panels += [_of_machine(machine, model) for machine in machines if len(machine.extensions) > 1]
    kept = tuple(panel for panel in panels if panel.boxes)
    return Diagram(_clean(model.document.source.name), kept)


def _of_template(template: Template, model: Model) -> Panel:
    graph = model.graph(template)
    lines = model.document.source
    boxes = [
        Box(
            _clean(resource.label()),
            _clean(resource.type or ""),
            lines.position(resource.node.start).line,
            tuple(_remarks(resource)),
        )
        for resource in graph.resources
    ]
    arrows = [
        (edge.target, edge.source, READS if edge.implicit else DEPENDS, edge.sure)
        for edge in _each(graph.edges)
    ]
    if template.deployment is None:
        title = "Deployment order"
    else:
        title = f"Deployment order in '{_clean(template.deployment.label())}'"
    return Panel(title, tuple(boxes), _arrows(len(boxes), arrows))


def _each(edges: Iterable[Iterable[Edge]]) -> Iterator[Edge]:
    for leaving in edges:
        yield from leaving


def _of_machine(machine: Machine, model: Model) -> Panel:
    lines = model.document.source
    boxes = [
        Box(
            _clean(extension.label),
            _clean(_handler(extension)),
            lines.position(extension.node.start).line,
            (),
        )
        for extension in machine.extensions
    ]
    edges, _ = graphs.provisioning(machine)
    arrows = [(edge.target, edge.source, AFTER, True) for edge in _each(edges)]
    # Extensions that are resources are also ordered by `dependsOn`.
    graph = model.graph(machine.extensions[0].template)
    positions = {
        id(extension.resource): position
        for position, extension in enumerate(machine.extensions)
        if extension.resource is not None and extension.node is extension.resource.node
    }
    for number, resource in enumerate(graph.resources):
        if id(resource) not in positions:
            continue
        for edge in graph.edges[number]:
            first = positions.get(id(graph.resources[edge.target]))
            if first is not None:
                arrows.append((first, positions[id(resource)], DEPENDS, edge.sure))
    title = f"Provisioning order on '{_clean(machine.extensions[0].machine_label)}'"
    return Panel(title, tuple(boxes), _arrows(len(boxes), arrows))


def _arrows(count: int, found: Iterable[tuple[int, int, str, bool]]) -> tuple[Arrow, ...]:
    """Arrows without repetitions, those of a cycle marked."""
    merged: dict[tuple[int, int], tuple[str, bool]] = {}
    for first, then, why, sure in found:
        known = merged.get((first, then))
        if known is None or (sure and not known[1]):
            merged[first, then] = (why, sure)
    successors: list[list[int]] = [[] for _ in range(count)]
    for (first, then), (_, sure) in merged.items():
        if sure:
            successors[first].append(then)
    part = [0] * count
    for number, component in enumerate(graphs.components(successors)):
        for member in component:
            part[member] = number
    return tuple(
        Arrow(first, then, why, sure, ring=sure and part[first] == part[then])
        for (first, then), (why, sure) in merged.items()
    )


def _remarks(resource: Resource) -> Iterator[str]:
    if resource.existing:
        yield "existing"
    if resource.condition is False:
        yield "never deployed"
    elif resource.condition is not True:
        yield "conditional"
    if resource.copy is not None:
        yield "copy"


def _handler(extension: Extension) -> str:
    version = extension.field("typeHandlerVersion")
    handler = f"{shown(extension.publisher)}/{shown(extension.type)}"
    return f"{handler} {version}" if isinstance(version, str) else handler


def _clean(text: str) -> str:
    """A text for a picture: no secret, nothing that a terminal or a viewer would obey, not too long."""
    from armlint.secrets.scan import redact

    shown_text = printable(redact(text)).replace("\n", " ")
    return shown_text if len(shown_text) <= _LONGEST else shown_text[: _LONGEST - 1] + "…"
