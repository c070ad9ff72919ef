"""Diagrams as SVG, drawn without help: for a page, a viewer, or a pull request."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from armlint.report.diagram import AFTER, DEPENDS, READS
from armlint.report.layout import place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from armlint.report.diagram import Arrow, Box, Diagram, Panel
    from armlint.report.layout import Layout

_CHARACTER: Final = 7.3
_WIDE: Final = 13.0
_LEAST: Final = 110.0
_PADDING: Final = 12.0
_HEIGHT: Final = 58.0
_GAP: Final = 24.0
_RISE: Final = 46.0
_MARGIN: Final = 24.0
_TITLE: Final = 34.0
_LEGEND: Final = 28.0
_ASIDE: Final = 16.0

_STYLE: Final = """
  svg { background: #ffffff; }
  text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  .name { font-size: 12px; font-weight: 600; text-anchor: middle; }
  .kind { font-size: 10px; fill: #59636e; text-anchor: middle; }
  .key { font-size: 11px; fill: #59636e; }
  .box { fill: #f6f8fa; stroke: #6e7781; }
  .special { stroke-dasharray: 5 3; }
  .arrow { fill: none; stroke: #57606a; stroke-width: 1.3; marker-end: url(#head); }
  .after { stroke: #0969da; marker-end: url(#head-after); }
  .reads, .perhaps { stroke-dasharray: 5 4; }
  .perhaps { opacity: 0.6; }
  .box.ring { stroke: #c62828; stroke-width: 2.5; }
  .arrow.ring { stroke: #c62828; stroke-width: 2.5; marker-end: url(#head-ring); }
  .panel { fill: none; stroke: #d1d9e0; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; }
    text { fill: #f0f6fc; }
    .kind, .key { fill: #9198a1; }
    .box { fill: #151b23; stroke: #6e7681; }
    .arrow { stroke: #9198a1; }
    .after { stroke: #4493f8; }
    .panel { stroke: #3d444d; }
  }
""".strip("\n")
_HEADS: Final = (("head", "#6e7781"), ("head-after", "#0969da"), ("head-ring", "#c62828"))
_KEY: Final = (
    (DEPENDS, "depends", "dependsOn"),
    (READS, "reads", "reference()"),
    (AFTER, "after", "provisionAfterExtensions"),
)
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def render(diagram: Diagram) -> str:
    """The diagram as one SVG document; arrows go from what comes first to what comes then."""
    return "".join(f"{line}\n" for line in _lines(diagram))


def _lines(diagram: Diagram) -> Iterator[str]:
    drawn = []
    y = _MARGIN
    width = 0.0
    for panel in diagram.panels:
        layout = _layout(panel)
        wide = max(layout.width, len(panel.heading) * 9.0) + 2 * _MARGIN
        tall = layout.height + _TITLE + 2 * _MARGIN
        drawn.append((panel, layout, y, wide, tall))
        width = max(width, wide)
        y += tall + _MARGIN
    kinds = {arrow.why for panel in diagram.panels for arrow in panel.arrows}
    unsure = any(not arrow.sure for panel in diagram.panels for arrow in panel.arrows)
    rings = any(panel.rings for panel in diagram.panels)
    key = [(style, words) for why, style, words in _KEY if why in kinds]
    key += [("perhaps", "perhaps")] * unsure + [("ring", "cycle")] * rings
    width = max(width, sum(len(words) * 7.5 + 70 for _, words in key), 200.0) + 2 * _MARGIN
    height = y + (_LEGEND if key else 0.0)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}">'
    )
    yield f"<title>{_escaped(diagram.title)}</title>"
    yield f"<style>\n{_STYLE}\n</style>"
    yield "<defs>"
    for name, color in _HEADS:
        yield (
            f'  <marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
            f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L10 5L0 10z" fill="{color}"/></marker>'
        )
    yield "</defs>"
    for panel, layout, top, wide, tall in drawn:
        yield from _panel(panel, layout, top, (wide, tall))
    yield from _legend(key, y)
    yield "</svg>"


def _layout(panel: Panel) -> Layout:
    widths = [_box_width(box) for box in panel.boxes]
    arrows = [(arrow.first, arrow.then) for arrow in panel.arrows]
    return place(widths, _HEIGHT, arrows, gap=_GAP, rise=_RISE)


def _box_width(box: Box) -> float:
    return max(_LEAST, max(map(_width, box.lines), default=0.0) + 2 * _PADDING)


def _width(text: str) -> float:
    from unicodedata import east_asian_width

    return sum(_WIDE if east_asian_width(character) in "WF" else _CHARACTER for character in text)


def _panel(panel: Panel, layout: Layout, top: float, size: tuple[float, float]) -> Iterator[str]:
    yield f'<g transform="translate({_MARGIN:.0f} {top:.1f})">'
    yield f'  <rect class="panel" width="{size[0]:.1f}" height="{size[1]:.1f}" rx="8"/>'
    yield f'  <text class="title" x="{_MARGIN:.0f}" y="{_MARGIN:.0f}">{_escaped(panel.heading)}</text>'
    yield f'  <g transform="translate({_MARGIN:.0f} {_TITLE + _MARGIN / 2:.1f})">'
    circled = panel.circled
    for arrow, bends in zip(panel.arrows, layout.bends, strict=True):
        yield f"    {_arrow(arrow, layout.centers, bends, panel.boxes)}"
    for position, box in enumerate(panel.boxes):
        yield from _box(box, layout.centers[position], ring=position in circled)
    yield "  </g>"
    yield "</g>"


def _box(box: Box, center: tuple[float, float], *, ring: bool) -> Iterator[str]:
    x, y = center
    width = _box_width(box)
    style = "box" + " special" * bool(box.remarks) + " ring" * ring
    yield f"    <g><title>line {box.line}</title>"
    yield (
        f'      <rect class="{style}" x="{x - width / 2:.1f}" y="{y - _HEIGHT / 2:.1f}" '
        f'width="{width:.1f}" height="{_HEIGHT:.0f}" rx="6"/>'
    )
    for number, word in enumerate(box.lines):
        kind = "kind" if number else "name"
        line = y + 4 + (number - (len(box.lines) - 1) / 2) * 15
        yield f'      <text class="{kind}" x="{x:.1f}" y="{line:.1f}">{_escaped(word)}</text>'
    yield "    </g>"


def _arrow(
    arrow: Arrow,
    centers: Sequence[tuple[float, float]],
    bends: Sequence[tuple[float, float]],
    boxes: Sequence[Box],
) -> str:
    style = "arrow" + {READS: " reads", AFTER: " after"}.get(arrow.why, "")
    style += " perhaps" * (not arrow.sure) + " ring" * arrow.ring
    told = f"{boxes[arrow.first].name} before {boxes[arrow.then].name} ({arrow.why})"
    path = _path(centers[arrow.first], centers[arrow.then], bends)
    return f'<path class="{style}" d="{path}"><title>{_escaped(told)}</title></path>'


def _path(start: tuple[float, float], end: tuple[float, float], bends: Sequence[tuple[float, float]]) -> str:
    half = _HEIGHT / 2
    if start == end:
        x, y = start
        return f"M{x + 8:.1f} {y + half:.1f}c4 30 34 30 38 0"
    # Out of the side that looks towards the other box, and in the same way; on the way back a little
    # aside, since there often is a way there too.
    down = end[1] > start[1]
    out, aside = (half, 0.0) if down else (-half, _ASIDE)
    points = [(start[0] + aside, start[1] + out)]
    for x, y in bends:
        points += ((x, y - out), (x, y + out))
    points.append((end[0] + aside, end[1] - out))
    drawn = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for number, ((x, y), (next_x, next_y)) in enumerate(pairwise(points)):
        if number % 2:
            drawn.append(f"V{next_y:.1f}")
        else:
            middle = (y + next_y) / 2
            drawn.append(f"C{x:.1f} {middle:.1f} {next_x:.1f} {middle:.1f} {next_x:.1f} {next_y:.1f}")
    return "".join(drawn)


def _legend(key: Sequence[tuple[str, str]], y: float) -> Iterator[str]:
    x = _MARGIN
    for style, words in key:
        yield f'<path class="arrow {style}" d="M{x:.0f} {y:.0f}h34"/>'
        yield f'<text class="key" x="{x + 42:.0f}" y="{y + 4:.0f}">{words}</text>'
        x += 42 + len(words) * 7.5 + 28


def _escaped(text: str) -> str:
    return "".join(_ENTITIES.get(character, character) for character in text)
