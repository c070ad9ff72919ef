"""Diagrams in the language of Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from armlint.report.diagram import AFTER, READS

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
        title = f"{panel.title}, which has a cycle" if panel.rings else panel.title
        yield f"  subgraph cluster_{index} {{"
        yield f"    label={_quoted(title)}"
        circled = {end for arrow in panel.arrows if arrow.ring for end in (arrow.first, arrow.then)}
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
    if arrow.why == READS or not arrow.sure:
        told.append("style=dashed")
    words = {AFTER: "then", READS: "reads"}.get(arrow.why, "")
    if not arrow.sure:
        words = "perhaps"
    if words:
        told.append(f"label={words}")
    if arrow.ring:
        told.append("color=red, penwidth=2")
    return f" [{', '.join(told)}]" if told else ""


def _label(box: Box) -> str:
    lines = [box.name, box.kind, ", ".join(box.remarks)]
    return _quoted("\n".join(line for line in lines if line))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
