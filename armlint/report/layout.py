"""Places boxes in layers so that arrows run downwards: a plain layered drawing, in linear time.

Cycles are broken, boxes sorted into layers by their longest way from a start, arrows over several
layers led through places of their own, layers ordered by the mean of their neighbours, and boxes
moved towards these as far as their order allows (isotonic regression).
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_SWEEPS: Final = 4
# More places than this for long arrows would take longer than they are worth; the others run straight.
_MOST_BENDS: Final = 20_000
_BEND_WIDTH: Final = 12.0


class Layout(NamedTuple):
    """Where things are. All in the units of the sizes given; y grows downwards.

    `centers` are the middles of the boxes; `bends` are, for each arrow, the points it passes on its
    way from first to then, both ends left out.
    """

    centers: tuple[tuple[float, float], ...]
    bends: tuple[tuple[tuple[float, float], ...], ...]
    width: float
    height: float


def place(
    widths: Sequence[float],
    height: float,
    arrows: Sequence[tuple[int, int]],
    *,
    gap: float,
    rise: float,
) -> Layout:
    """Place boxes of these widths and one height; `gap` lies between neighbours, `rise` between layers.

    Arrows are pairs of positions; one from a box to itself bends nothing. Boxes without any arrow are
    set in rows below the others.
    """
    linked = {end for first, then in arrows if first != then for end in (first, then)}
    layers, chains, sizes = _layered([*widths], [pair if pair[0] != pair[1] else None for pair in arrows])
    layers = [[node for node in layer if node >= len(widths) or node in linked] for layer in layers]
    layers = [layer for layer in layers if layer]
    up, down = _neighbours(chains, len(sizes))
    _order(layers, up, down)
    xs = _across(layers, sizes, up, down, gap)
    ys = {node: number * (height + rise) for number, layer in enumerate(layers) for node in layer}
    _loose(range(len(widths)), linked, widths, (xs, ys), (height, gap, len(layers) * (height + rise)))
    left = min((xs[node] - sizes[node] / 2 for node in xs), default=0.0)
    right = max((xs[node] + sizes[node] / 2 for node in xs), default=0.0)
    bottom = max((ys[node] for node in range(len(widths))), default=0.0)
    where = {node: (xs[node] - left, ys[node] + height / 2) for node in xs}
    return Layout(
        tuple(where[node] for node in range(len(widths))),
        tuple(tuple(where[node] for node in chain[1:-1]) for chain in chains),
        right - left,
        bottom + height if widths else 0.0,
    )


def _layered(
    sizes: list[float], arrows: Sequence[tuple[int, int] | None]
) -> tuple[list[list[int]], list[list[int]], list[float]]:
    """The nodes of each layer, for each arrow the nodes it passes in its own direction, and all widths."""
    count = len(sizes)
    turned = _turned(count, arrows)
    level = _levels(count, arrows, turned)
    layers: list[list[int]] = [[] for _ in range(max(level, default=0) + 1)]
    for node in range(count):
        layers[level[node]].append(node)
    chains: list[list[int]] = []
    for number, pair in enumerate(arrows):
        if pair is None:
            chains.append([])
            continue
        first, then = pair[::-1] if number in turned else pair
        between = range(level[first] + 1, level[then])
        chain = [first]
        if len(sizes) + len(between) <= count + _MOST_BENDS:
            for layer in between:
                layers[layer].append(len(sizes))
                chain.append(len(sizes))
                sizes.append(_BEND_WIDTH)
        chain.append(then)
        chains.append(chain[::-1] if number in turned else chain)
    return layers, chains, sizes


def _turned(count: int, arrows: Sequence[tuple[int, int] | None]) -> set[int]:
    """The arrows that close a cycle as one walks along: against them the others all run one way."""
    leaving: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for number, pair in enumerate(arrows):
        if pair is not None:
            leaving[pair[0]].append((number, pair[1]))
    found: set[int] = set()
    state = [0] * count
    for start in range(count):
        if state[start]:
            continue
        state[start] = 1
        path = [(start, iter(leaving[start]))]
        while path:
            node, rest = path[-1]
            for number, target in rest:
                if state[target] == 1:
                    found.add(number)
                elif not state[target]:
                    state[target] = 1
                    path.append((target, iter(leaving[target])))
                    break
            else:
                state[node] = 2
                path.pop()
    return found


def _levels(count: int, arrows: Sequence[tuple[int, int] | None], turned: set[int]) -> list[int]:
    leaving: list[list[int]] = [[] for _ in range(count)]
    waits = [0] * count
    for number, pair in enumerate(arrows):
        if pair is not None:
            first, then = pair[::-1] if number in turned else pair
            leaving[first].append(then)
            waits[then] += 1
    level = [0] * count
    ready = deque(node for node in range(count) if not waits[node])
    while ready:
        node = ready.popleft()
        for then in leaving[node]:
            level[then] = max(level[then], level[node] + 1)
            waits[then] -= 1
            if not waits[then]:
                ready.append(then)
    return level


def _neighbours(chains: Iterable[Sequence[int]], count: int) -> tuple[list[list[int]], list[list[int]]]:
    """For each node those it hangs on, and those that hang on it, whichever way the arrow points."""
    up: list[list[int]] = [[] for _ in range(count)]
    down: list[list[int]] = [[] for _ in range(count)]
    for chain in chains:
        for first, then in pairwise(chain):
            down[first].append(then)
            up[then].append(first)
    return up, down


def _order(layers: list[list[int]], up: list[list[int]], down: list[list[int]]) -> None:
    """Order each layer by the mean place of its neighbours in the layer before, to and fro."""
    index = {node: float(at) for layer in layers for at, node in enumerate(layer)}

    def mean(near: list[list[int]]) -> Callable[[int], float]:
        return lambda node: (
            sum(index[other] for other in near[node]) / len(near[node]) if near[node] else index[node]
        )

    for sweep in range(_SWEEPS):
        backwards = sweep % 2 == 1
        for layer in reversed(layers) if backwards else layers:
            layer.sort(key=mean(down if backwards else up))
            index.update((node, float(at)) for at, node in enumerate(layer))


def _across(
    layers: list[list[int]], sizes: Sequence[float], up: list[list[int]], down: list[list[int]], gap: float
) -> dict[int, float]:
    """The middle of each node from left to right."""
    xs: dict[int, float] = {}
    for layer in layers:
        at = 0.0
        for node in layer:
            xs[node] = at + sizes[node] / 2
            at += sizes[node] + gap
        for node in layer:
            xs[node] -= (at - gap) / 2
    for sweep in range(2 * _SWEEPS):
        near = down if sweep % 2 else up
        for layer in reversed(layers) if sweep % 2 else layers:
            wanted = [
                sum(xs[other] for other in near[node]) / len(near[node]) if near[node] else xs[node]
                for node in layer
            ]
            spaced = _spaced(wanted, [sizes[node] for node in layer], gap)
            xs.update(zip(layer, spaced, strict=True))
    return xs


def _spaced(wanted: Sequence[float], sizes: Sequence[float], gap: float) -> list[float]:
    """The places nearest to the wanted ones, by least squares, in this order and without overlap."""
    offsets: list[float] = []
    at = 0.0
    for size in sizes:
        offsets.append(at + size / 2)
        at += size + gap
    # Blocks of boxes that touch: the sum of what they want, how many they are, and where they begin.
    blocks: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        total, number = want - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] >= total / number:
            before = blocks.pop()
            total, number = total + before[0], number + before[1]
        blocks.append((total, number))
    starts = [total / number for total, number in blocks for _ in range(number)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def _loose(
    nodes: Iterable[int],
    linked: set[int],
    widths: Sequence[float],
    places: tuple[dict[int, float], dict[int, float]],
    measures: tuple[float, float, float],
) -> None:
    """Set what has no arrow in rows, no wider than the rest or than is good to read."""
    xs, ys = places
    height, gap, top = measures
    alone = [node for node in nodes if node not in linked]
    if not alone:
        return
    reach = [(xs[node] - widths[node] / 2, xs[node] + widths[node] / 2) for node in linked]
    left = min((low for low, _ in reach), default=0.0)
    most = max(max((high for _, high in reach), default=0.0) - left, 4 * max(widths) + 3 * gap)
    x = left
    for node in alone:
        if x > left and x + widths[node] > left + most:
            x, top = left, top + height + gap
        xs[node], ys[node] = x + widths[node] / 2, top
        x += widths[node] + gap
