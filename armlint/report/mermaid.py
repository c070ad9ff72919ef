"""Diagrams in the language of Mermaid, which GitHub and Azure DevOps draw in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.report.diagram import Arrow, Box, Diagram

# In a quoted text, these would end it, start an entity, or be taken for HTML or Markdown.
_ENTITIES: Final = {character: f"#{ord(character)};" for character in '"#&<>`\\'}
_RING: Final = "stroke:#c62828,stroke-width:3px"


def render(diagram: Diagram) -> str:
    """The diagram as a flowchart; arrows go from what comes first to what comes then."""
    return "".join(f"{line}\n" for line in _lines(diagram))


def _lines(diagram: Diagram) -> Iterator[str]:
    yield "flowchart TB"
    red: list[int] = []
    number = 0
    rings: list[str] = []
    for index, panel in enumerate(diagram.panels):
        yield f'  subgraph p{index}["{_quoted(panel.heading)}"]'
        for position, box in enumerate(panel.boxes):
            yield f'    p{index}b{position}["{_label(box)}"]'
        for arrow in panel.arrows:
            yield f"    p{index}b{arrow.first} {_arrow(arrow)} p{index}b{arrow.then}"
            if arrow.ring:
                red.append(number)
                rings += (f"p{index}b{arrow.first}", f"p{index}b{arrow.then}")
            number += 1
        yield "  end"
    if red:
        yield f"  linkStyle {','.join(map(str, red))} {_RING}"
        yield f"  classDef cycle {_RING}"
        yield f"  class {','.join(dict.fromkeys(rings))} cycle"


def _arrow(arrow: Arrow) -> str:
    line = "-.->" if arrow.dashed else "-->"
    return f"{line}|{arrow.words}|" if arrow.words else line


def _label(box: Box) -> str:
    return "<br>".join(map(_quoted, box.lines))


def _quoted(text: str) -> str:
    return "".join(_ENTITIES.get(character, character) for character in text)
