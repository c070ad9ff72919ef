"""Diagrams in the language of Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.report.diagram import Arrow, Box, Diagram


def render(diagram: Diagram) -> str:
    """The diagram as a directed graph; arrows go from what comes first to what comes then."""
    return "".join(f"{line}\n" for line in _lines(diagram))


def _lines(diagram: Diagram) -> Iterator[str]:
    yield f"digraph {_quoted(diagram.title)} {{"
    yield '  node [shape=box, style=rounded, fontname="sans-serif", fontsize=11]'
    yield '  edge [fontname="sans-serif", fontsize=9]'
    for index, panel in enumerate(diagram.panels):
        yield f"  subgraph cluster_{index} {{"
        yield f"    label={_quoted(panel.heading)}"
        circled = panel.circled
        for position, box in enumerate(panel.boxes):
            red = ", color=red, penwidth=2" if position in circled else ""
            dashed = ', style="rounded,dashed"' if box.remarks else ""
            yield f"    p{index}b{position} [label={_label(box)}{dashed}{red}]"
        for arrow in panel.arrows:
            yield f"    p{index}b{arrow.first} -> p{index}b{arrow.then}{_style(arrow)}"
        yield "  }"
    yield "}"


def _style(arrow: Arrow) -> str:
    told = []
    if arrow.dashed:
        told.append("style=dashed")
    if arrow.words:
        told.append(f"label={arrow.words}")
    if arrow.ring:
        told.append("color=red, penwidth=2")
    return f" [{', '.join(told)}]" if told else ""


def _label(box: Box) -> str:
    return _quoted("\n".join(box.lines))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
