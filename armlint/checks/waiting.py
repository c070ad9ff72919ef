"""Checks of how resources say what they wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from armlint.arm import expression as syntax
from armlint.checks.expressions import pointer
from armlint.checks.hygiene import compiled
from armlint.finding import Label
from armlint.jsontext import Member
from armlint.rule import Result, at_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.graph import Edge, Graph
    from armlint.arm.model import Model
    from armlint.arm.template import Resource, Template
    from armlint.edit import Fix
    from armlint.jsontext import Node


def redundant_dependency(template: Template, model: Model) -> Iterator[Result]:
    """DEP306: an entry of `dependsOn` that says again what another one, or a reference, says already."""
    if compiled(template):
        return
    graph = model.graph(template)
    for position, resource in enumerate(graph.resources):
        entries = _entries(resource)
        if entries:
            for found, entry in _redundant(entries, graph, position):
                yield found._replace(fix=_removal(entry, model))


def _entries(resource: Resource) -> list[Node]:
    section = resource.node.get("dependsOn")
    if section is None or section.kind != "array":
        return []
    return [item for item in section.items if item.kind == "string"]


def _removal(entry: Node, model: Model) -> Fix | None:
    from armlint import edit

    return edit.fix("Remove the entry", edit.remove(model.document.source.text, entry), safe=True)


def _redundant(entries: list[Node], graph: Graph, position: int) -> Iterator[tuple[Result, Node]]:
    explicit = {id(e.place): e for e in graph.edges[position] if e.sure and not e.implicit}
    implied = {
        edge.target: edge
        for edge in reversed(graph.edges[position])
        if edge.implicit and edge.sure and _makes_wait(edge)
    }
    first: dict[object, Node] = {}
    for entry in entries:
        edge = explicit.get(id(entry))
        key: object = str(entry.value).lower()
        # What names one resource may be written in two ways; the elements of a loop are told apart by text.
        if edge is not None and graph.resources[edge.target].frame.loop is None:
            key = edge.target
        earlier = first.setdefault(key, entry)
        if earlier is not entry:
            yield at_value(entry, "an earlier entry names the same", Label(earlier.span, "here")), entry
        elif isinstance(key, int) and key in implied:
            name = graph.resources[key].label()
            told = f"the resource waits for '{name}' anyway, whose properties it reads"
            yield at_value(entry, told, Label(implied[key].span, "by this reference")), entry


def _makes_wait(edge: Edge) -> bool:
    """Whether a reference surely makes its resource wait, whatever is deployed.

    With an API version it may be to what is there already; in a loop, it may be evaluated never.
    """
    place = edge.place
    read = syntax.read(place.name if isinstance(place, Member) else str(place.value))
    if read is None or isinstance(read, syntax.Invalid) or "/copy/" in pointer(place).lower():
        return False
    return any(
        isinstance(part, syntax.Call)
        and part.function == "reference"
        and len(part.args) == 1
        and place.span_of(part.args[0].start, part.args[0].end) == edge.span
        for part in syntax.walk(read)
    )


def dependency_style(resource: Resource, _: Model) -> Iterator[Result]:
    """DEP307: an entry of `dependsOn` that is put together rather than asked for."""
    for entry in _entries(resource):
        text = str(entry.value)
        read = syntax.read(text)
        # What is inside may be invalid, and is told by another rule.
        conditional = text[1:].lstrip().lower().startswith("if(") and read is not None
        if conditional:
            yield at_value(entry, "the entry hangs on if(): Azure leaves out by itself what is not deployed")
        elif isinstance(read, syntax.Call) and read.function == "concat" and not _counts(read):
            yield at_value(entry, "the entry is put together with concat() instead of resourceId()")


def _counts(call: syntax.Call) -> bool:
    return any(isinstance(part, syntax.Call) and part.function == "copyindex" for part in syntax.walk(call))
