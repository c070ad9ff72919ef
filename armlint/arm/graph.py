"""What waits for what: the order in which Azure deploys resources and machines provision extensions.

Names are matched by structure, never by guessing: an edge is sure only where two names are equal
whatever is deployed, and a target is undefined only where no name of the template can equal it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm.evaluate import calls
from armlint.arm.template import split_name
from armlint.arm.value import Array, Failure, Term, Text, Value, identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from armlint.arm.extension import Extension
    from armlint.arm.template import Resource, Template
    from armlint.jsontext import Member, Node
    from armlint.source import Span

# More unlike names than this are not compared one by one: the answer is then "unknown".
_MAX_CANDIDATES: Final = 300
_WRAPPERS: Final = frozenset({"tolower", "toupper", "string"})

Parts = tuple["str | Term", ...]
"""A name as what is known of it, lower-cased, and terms; no two literals stand side by side."""


class Edge(NamedTuple):
    """`source` waits for `target` (positions in a graph), because of what stands at `place`.

    `implicit` edges come from `reference()` and `list…()`. Where an edge is not `sure`, the
    template may or may not mean this target.
    """

    source: int
    target: int
    place: Node | Member
    span: Span
    implicit: bool = False
    sure: bool = True


class Undefined(NamedTuple):
    """An entry of `dependsOn` that no resource of the template can satisfy."""

    resource: Resource
    place: Node
    target: Value


class Graph:
    """The deployment order of one template. Resources are named by their position in `resources`."""

    __slots__ = ("edges", "parents", "resources", "undefined", "unknown")

    def __init__(
        self,
        resources: tuple[Resource, ...],
        parents: tuple[int | None, ...],
        edges: tuple[tuple[Edge, ...], ...],
        unknown: frozenset[int],
        undefined: tuple[Undefined, ...],
    ) -> None:
        self.resources = resources
        self.parents = parents
        """For each child resource the resource it belongs to, where that is surely in the template."""
        self.edges = edges
        """For each resource the edges that leave it, in document order."""
        self.unknown = unknown
        """Resources that wait for something that could not be told."""
        self.undefined = undefined

    def rings(self) -> Iterator[tuple[Edge, ...]]:
        """One ring for each group of resources that wait for each other; sure edges only.

        A ring starts at the group's first resource in the document and is as short as can be.
        """
        live = [
            tuple(
                edge
                for edge in edges
                if edge.sure and self._deployed(edge.source) and self._deployed(edge.target)
            )
            for edges in self.edges
        ]
        for ring in rings(live):
            if not self._exclusive(ring):
                yield ring

    def ordered(self, position: int, before: int, steps: list[int]) -> bool | None:
        """Whether `position` waits for `before`, directly or through others; None where unknown.

        `steps` holds one number, the work that may still be spent; at zero all is unknown.
        """
        seen = {position}
        pending = deque([position])
        while pending:
            current = pending.popleft()
            if current in self.unknown:
                return None
            for edge in self.edges[current]:
                steps[0] -= 1
                if edge.target == before:
                    return True
                if steps[0] <= 0:
                    return None
                if edge.target not in seen:
                    seen.add(edge.target)
                    pending.append(edge.target)
        return False

    def _deployed(self, position: int) -> bool:
        resource = self.resources[position]
        return not resource.existing and resource.condition is not False

    def _exclusive(self, ring: tuple[Edge, ...]) -> bool:
        """Whether two resources of a ring are never deployed together."""
        conditions = [self.resources[edge.source].condition for edge in ring]
        held = {identity(condition) for condition in conditions}
        return any(
            isinstance(condition, Term)
            and condition.operation == "not"
            and identity(condition.arguments[0]) in held
            for condition in conditions
        )


def deployment(template: Template) -> Graph:
    """The deployment order of one template; templates nested in it are worlds of their own."""
    return _Builder(template).build()


class _Builder:
    def __init__(self, template: Template) -> None:
        self.template = template
        self.resources = tuple(template.all_resources())
        self.edges: list[list[Edge]] = [[] for _ in self.resources]
        self.unknown: set[int] = set()
        self.undefined: list[Undefined] = []
        self.by_symbol: dict[str, list[int]] = {}
        self.by_loop: dict[str, list[int]] = {}
        self.by_id: dict[tuple[str, object], list[int]] = {}
        self.by_name: dict[object, list[int]] = {}
        self.by_type: dict[str, list[int]] = {}
        self.names: list[Parts] = []
        self.open_names: list[Parts] = []
        self.wildcard = False
        for position, resource in enumerate(self.resources):
            self._index(position, resource)

    def _index(self, position: int, resource: Resource) -> None:
        if resource.symbol is not None:
            self.by_symbol.setdefault(resource.symbol.name.lower(), []).append(position)
        if resource.copy is not None:
            loop = resource.loop
            if loop is None:
                self.wildcard = True
            else:
                self.by_loop.setdefault(loop, []).append(position)
        name = parts(resource.name)
        self.names.append(name)
        if not resource.key or "/providers/" in resource.key or not name:
            # The type is not known, or hides a second one: it could be what anything waits for.
            self.wildcard = True
        self.by_id.setdefault((resource.key, key_of(name)), []).append(position)
        self.by_type.setdefault(resource.key, []).append(position)
        self.by_name.setdefault(key_of(name), []).append(position)
        if not (len(name) == 1 and isinstance(name[0], str)):
            self.open_names.append(name)
        if resource.parent is not None:
            own = parts(resource.value(resource.node.get("name")))
            if key_of(own) != key_of(name):
                self.by_name.setdefault(key_of(own), []).append(position)
                if not (len(own) == 1 and isinstance(own[0], str)):
                    self.open_names.append(own)

    def build(self) -> Graph:
        for position, resource in enumerate(self.resources):
            self._explicit(position, resource)
            self._implicit(position, resource)
        return Graph(
            self.resources,
            tuple(map(self._parent, range(len(self.resources)))),
            tuple(map(tuple, self.edges)),
            frozenset(self.unknown),
            tuple(self.undefined),
        )

    def _parent(self, position: int) -> int | None:
        resource = self.resources[position]
        above, slash, _ = resource.key.rpartition("/")
        if not slash or "/" not in above:
            return None
        _, name = split_name(resource.name, self.template.evaluator.pool)
        found = self.by_id.get((above, key_of(parts(name))), []) if name is not None else []
        return found[0] if len(found) == 1 else None

    def _explicit(self, position: int, resource: Resource) -> None:
        section = resource.node.get("dependsOn")
        if section is None:
            return
        if section.kind == "array":
            entries = [(item, resource.value(item)) for item in section.items]
        elif section.kind == "string":
            value = resource.value(section)
            if not isinstance(value, Array):
                self.unknown.add(position)
                return
            entries = [(section, item) for item in value.items]
        else:
            return
        for node, value in entries:
            self._entry(position, resource, node, value)

    def _entry(self, position: int, resource: Resource, node: Node, value: Value) -> None:
        if not isinstance(value, str | Text):
            self.unknown.add(position)
            return
        found = self._resolve(value)
        if found is None:
            self.unknown.add(position)
        elif not found.targets:
            self.undefined.append(Undefined(resource, node, value))
        for target in found.targets if found is not None else ():
            own_loop = target == position and resource.frame.loop is not None and not found.whole
            self._add(position, target, node, sure=found.sure and not own_loop)

    def _implicit(self, position: int, resource: Resource) -> None:
        for place, name in _named_in(resource):
            value = self.template.evaluator.expression(name, resource.scope, resource.frame)
            if not isinstance(value, str | Text) or (isinstance(value, str) and "/" in value):
                continue
            found = self._symbol(value) if self.template.symbolic else None
            if found is None and isinstance(value, str):
                positions = self.by_name.get(key_of(parts(value)), [])
                found = _Found(tuple(positions), sure=len(positions) == 1) if positions else None
            for target in found.targets if found is not None else ():
                if target == position and resource.frame.loop is not None:
                    continue
                span = place.span_of(name.start, name.end)
                self._add(position, target, place, implicit=True, sure=found.sure, span=span)

    def _add(
        self,
        position: int,
        target: int,
        place: Node | Member,
        *,
        sure: bool,
        implicit: bool = False,
        span: Span | None = None,
    ) -> None:
        self.edges[position].append(Edge(position, target, place, span or place.span, implicit, sure))

    def _resolve(self, value: str | Text) -> _Found | None:
        """What an entry of `dependsOn` means; None where that cannot be told."""
        symbol = self._symbol(value) if self.template.symbolic else None
        if symbol is not None:
            return symbol
        name = parts(value)
        if any(isinstance(part, str) and "/" in part for part in name):
            return self._by_id(name)
        return self._by_name(name)

    def _symbol(self, value: str | Text) -> _Found | None:
        first = value if isinstance(value, str) else value.parts[0]
        if not isinstance(first, str):
            return None
        name, bracket, index = first.partition("[")
        positions = self.by_symbol.get(name.lower())
        if positions is None or (isinstance(value, Text) and not bracket):
            return None
        if not bracket:
            return _Found(tuple(positions), sure=True, whole=True)
        element = value.parts[1] if isinstance(value, Text) and not index else None
        paired = isinstance(element, Term) and element.operation == "copyindex"
        aligned = isinstance(value, str) or (
            paired and isinstance(element, Term) and element.arguments == (None, 0)
        )
        return _Found(tuple(positions), sure=aligned)

    def _by_id(self, name: Parts) -> _Found | None:
        target = _identifier(name)
        if target is None:
            # No resource id by its form. As a full name it may still mean a resource.
            return self._by_name(name)
        exact = self.by_id.get((target.type, key_of(target.name)))
        if exact is not None:
            return _Found(tuple(exact), sure=len(exact) == 1 and target.here)
        candidates = self.by_type.get(target.type, [])
        if self.wildcard or len(candidates) > _MAX_CANDIDATES:
            return None
        if any(can_equal(target.name, self.names[position]) for position in candidates):
            return None
        return _NOTHING

    def _by_name(self, name: Parts) -> _Found | None:
        if len(name) == 1 and isinstance(name[0], str):
            looped = self.by_loop.get(name[0])
            if looped is not None:
                return _Found(tuple(looped), sure=True, whole=True)
        exact = self.by_name.get(key_of(name))
        if exact is not None:
            return _Found(tuple(exact), sure=len(exact) == 1)
        if self.wildcard or not (len(name) == 1 and isinstance(name[0], str)):
            return None
        if len(self.open_names) > _MAX_CANDIDATES:
            return None
        if any(can_equal(name, other) for other in self.open_names):
            return None
        return _NOTHING


class _Found(NamedTuple):
    """The positions that a name means. `whole`: the name means every element of a loop."""

    targets: tuple[int, ...]
    sure: bool
    whole: bool = False


_NOTHING: Final = _Found((), sure=True)


class _Identifier(NamedTuple):
    """A resource id: full type in lower case, full name; `here` unless it names another scope."""

    type: str
    name: Parts
    here: bool


def parts(value: Value) -> Parts:
    """A name in the form in which names are compared; empty where the value is no string."""
    if isinstance(value, str):
        return (value.lower(),)
    if isinstance(value, Term):
        return (_bare(value),)
    if isinstance(value, Text):
        return tuple(part.lower() if isinstance(part, str) else _bare(part) for part in value.parts)
    return ()


def _bare(term: Term) -> Term:
    """A term without the functions that change nothing about a name's identity."""
    while term.operation in _WRAPPERS and isinstance(term.arguments[0], Term):
        term = term.arguments[0]
    return term


def key_of(name: Parts) -> object:
    """A hashable key: equal for names that are equal whatever is deployed."""
    return tuple(part if isinstance(part, str) else part.number for part in name)


def can_equal(first: Parts, second: Parts) -> bool:
    """Whether two names may turn out equal; False only where what is known of them differs."""
    if not first or not second:
        return True
    for a, b, start in ((first[0], second[0], True), (first[-1], second[-1], False)):
        if isinstance(a, str) and isinstance(b, str):
            whole_a, whole_b = len(first) == 1, len(second) == 1
            if whole_a and whole_b:
                return a == b
            short, long = sorted((a, b), key=len)
            if (whole_a and a is short and a != b) or (whole_b and b is short and a != b):
                return False
            if not (long.startswith(short) if start else long.endswith(short)):
                return False
    return True


def _identifier(name: Parts) -> _Identifier | None:
    """Read a resource id, full (`/subscriptions/…/providers/…`) or partial (`Microsoft.X/type/name`)."""
    segments: list[list[str | Term]] = [[]]
    for part in name:
        if isinstance(part, Term):
            segments[-1].append(part)
            continue
        first, *others = part.split("/")
        if first:
            segments[-1].append(first)
        segments.extend([piece] if piece else [] for piece in others)
    if segments and not segments[-1]:
        segments.pop()
    providers = max((i for i, segment in enumerate(segments) if segment == ["providers"]), default=-1)
    before, rest = segments[: max(providers, 0)], segments[providers + 1 :]
    if providers < 0 and rest and not rest[0]:
        rest = rest[1:]
    if len(rest) < 3 or len(rest) % 2 == 0:  # noqa: PLR2004 - namespace, type, name
        return None
    kinds = [rest[0], *rest[1::2]]
    if not all(len(kind) == 1 and isinstance(kind[0], str) for kind in kinds) or "." not in str(kinds[0][0]):
        return None
    joined: list[str | Term] = []
    for index, segment in enumerate(rest[2::2]):
        for piece in ["/", *segment] if index else segment:
            if isinstance(piece, str) and joined and isinstance(joined[-1], str):
                joined[-1] += piece
            else:
                joined.append(piece)
    scope = [piece for segment in before for piece in segment]
    here = not scope or (
        len(scope) == 1
        and isinstance(scope[0], Term)
        and scope[0].operation.endswith("-scope")
        and len(scope[0].arguments) == 1
    )
    return _Identifier("/".join(str(kind[0]) for kind in kinds), tuple(joined), here)


def _named_in(resource: Resource) -> Iterator[tuple[Node | Member, object]]:
    """The first argument of each `reference()` and `list…()` call in a resource's own properties."""
    properties = resource.properties
    if properties is None:
        return
    pending = [properties]
    nested = None if resource.nested is None else resource.nested.node
    while pending:
        node = pending.pop()
        if node is nested:
            continue
        if node.kind == "string" and isinstance(node.value, str) and node.value[:1] == "[":
            folded = node.value.lower()
            if "reference" in folded or "list" in folded:
                for place, call in calls(node):
                    name = call.function
                    if call.args and (name == "reference" or name.startswith("list")):
                        yield place, call.args[0]
        pending.extend(node.items or [member.value for member in node.members])


def rings(edges: Sequence[Sequence[Edge]]) -> Iterator[tuple[Edge, ...]]:
    """A shortest ring through the first member of each strongly connected component.

    `edges[n]` are the edges that leave node n. Linear in nodes and edges.
    """
    for component in components([[edge.target for edge in leaving] for leaving in edges]):
        members = frozenset(component)
        start = min(component)
        came: dict[int, Edge] = {}
        pending = deque([start])
        closing: Edge | None = None
        while pending and closing is None:
            for edge in edges[pending.popleft()]:
                if edge.target == start:
                    closing = edge
                    break
                if edge.target in members and edge.target not in came:
                    came[edge.target] = edge
                    pending.append(edge.target)
        if closing is None:
            continue
        ring = [closing]
        while ring[-1].source != start:
            ring.append(came[ring[-1].source])
        yield tuple(reversed(ring))


def components(successors: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """The strongly connected components by Tarjan's algorithm, without recursion.

    Components are found in an order that depends only on the numbers; single nodes without an
    edge to themselves are components too.
    """
    index: list[int] = [-1] * len(successors)
    low = [0] * len(successors)
    on_stack = [False] * len(successors)
    stack: list[int] = []
    counter = 0
    for root in range(len(successors)):
        if index[root] >= 0:
            continue
        work = [(root, 0)]
        while work:
            node, step = work.pop()
            if step == 0:
                index[node] = low[node] = counter
                counter += 1
                stack.append(node)
                on_stack[node] = True
            else:
                low[node] = min(low[node], low[successors[node][step - 1]])
            for position in range(step, len(successors[node])):
                target = successors[node][position]
                if index[target] < 0:
                    work.append((node, position + 1))
                    work.append((target, 0))
                    break
                if on_stack[target]:
                    low[node] = min(low[node], index[target])
            else:
                if low[node] == index[node]:
                    component = []
                    while True:
                        member = stack.pop()
                        on_stack[member] = False
                        component.append(member)
                        if member == node:
                            break
                    yield component


class Machine(NamedTuple):
    """The extensions that are surely on one machine or scale set, in document order."""

    extensions: tuple[Extension, ...]
    names: tuple[str | None, ...]
    """Their names in lower case; None where unknown."""


def machines(extensions: Iterable[Extension]) -> tuple[Machine, ...]:
    """Group extensions by the machine they are on; those on an unknown machine are left out."""
    groups: dict[object, list[Extension]] = {}
    for extension in extensions:
        key = extension.machine_key
        if key is not None and extension.deployed:
            groups.setdefault(key, []).append(extension)
    return tuple(
        Machine(
            tuple(group),
            tuple(e.name.lower() if isinstance(e.name, str) else None for e in group),
        )
        for group in groups.values()
    )


class After(NamedTuple):
    """An entry of `provisionAfterExtensions`: whose, where, and the name it gives."""

    position: int
    place: Node
    name: str | None


def provisioning(machine: Machine) -> tuple[tuple[tuple[Edge, ...], ...], tuple[After, ...]]:
    """The provisioning order on one machine: its edges, and the entries that name nothing on it."""
    positions: dict[str, int] = {}
    for position, name in enumerate(machine.names):
        if name is not None:
            positions.setdefault(name, position)
    edges: list[tuple[Edge, ...]] = []
    lost: list[After] = []
    for position, extension in enumerate(machine.extensions):
        leaving = []
        for node, value in _after(extension):
            if not isinstance(value, str):
                continue
            target = positions.get(value.lower())
            if target is None:
                lost.append(After(position, node, value))
            else:
                leaving.append(Edge(position, target, node, node.span))
        edges.append(tuple(leaving))
    return tuple(edges), tuple(lost)


def _after(extension: Extension) -> Iterator[tuple[Node, Value]]:
    member = extension.member("provisionAfterExtensions")
    if member is None:
        return
    value = extension.field("provisionAfterExtensions")
    if not isinstance(value, Array) or isinstance(value, Failure):
        return
    nodes = member.value.items or [member.value] * len(value.items)
    yield from zip(nodes, value.items, strict=False)
