"""What waits for what: the order in which Azure deploys resources and machines provision extensions.

Names are matched by structure, never by guessing: an edge is sure only where two names are equal
whatever is deployed, and a target is undefined only where no name of the template can equal it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm import expression as syntax
from armlint.arm.template import split_name
from armlint.arm.value import (
    Array,
    Parts,
    Term,
    Text,
    Value,
    can_equal,
    identity,
    key_of,
    known,
    parts,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from armlint.arm.expression import Expression
    from armlint.arm.extension import Extension
    from armlint.arm.template import Resource, Template
    from armlint.jsontext import Member, Node
    from armlint.source import Span

__all__ = [
    "After",
    "Edge",
    "Graph",
    "Machine",
    "Parts",
    "Undefined",
    "can_equal",
    "components",
    "deployment",
    "identifier",
    "key_of",
    "machines",
    "parts",
    "provisioning",
    "rings",
]

# So many names are compared with each other for each entry of a template, taken together: when
# they are used up, the answer is "unknown".
_COMPARISONS: Final = 20
_MIN_COMPARISONS: Final = 20_000
# A ring whose resources are never deployed together is no ring; so many others are looked at.
_MAX_RINGS: Final = 8


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

    __slots__ = ("_deployed", "edges", "parents", "resources", "undefined", "unknown")

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
        self._deployed = [not resource.existing and resource.condition is not False for resource in resources]

    def rings(self) -> Iterator[tuple[Edge, ...]]:
        """One ring for each group of resources that wait for each other; sure edges only.

        A ring starts at the group's first resource in the document and is as short as can be.
        """
        if not any(self.edges):
            return
        live = [
            tuple(
                edge
                for edge in edges
                if edge.sure and self._deployed[edge.source] and self._deployed[edge.target]
            )
            for edges in self.edges
        ]
        for ring in rings(live):
            if self._together(ring):
                yield ring
            else:
                yield from self._other_ring(live, ring)

    def ordered(self, position: int, before: int, steps: list[int]) -> bool | None:
        """Whether `position` waits for `before`, directly or through others; None where unknown.

        `steps` holds one number, the work that may still be spent; at zero all is unknown.
        """
        perhaps = False
        # Where one gets to, and whether surely: not through edges or resources that may not be there.
        reached = {position: True}
        pending = deque([position])
        while pending:
            current = pending.popleft()
            perhaps = perhaps or current in self.unknown
            for edge in self.edges[current]:
                steps[0] -= 1
                surely = reached[current] and edge.sure
                if edge.target == before:
                    if surely:
                        return True
                    perhaps = True
                    continue
                if steps[0] <= 0:
                    return None
                condition = self.resources[edge.target].condition
                if condition is False:
                    continue
                surely = surely and condition is True
                if edge.target not in reached or (surely and not reached[edge.target]):
                    reached[edge.target] = surely
                    pending.append(edge.target)
        return None if perhaps else False

    def _other_ring(self, live: list[tuple[Edge, ...]], ring: tuple[Edge, ...]) -> Iterator[tuple[Edge, ...]]:
        """Another ring of the same group, whose resources may be deployed together."""
        group = next(
            c for c in components([[e.target for e in leaving] for leaving in live]) if ring[0].source in c
        )
        position = {member: index for index, member in enumerate(sorted(group))}
        left = [[edge for edge in live[member] if edge.target in position] for member in position]
        for _ in range(_MAX_RINGS):
            left[position[ring[-1].source]].remove(ring[-1])
            inside = [
                tuple(
                    edge._replace(source=position[edge.source], target=position[edge.target])
                    for edge in leaving
                )
                for leaving in left
            ]
            members = list(position)
            found = [
                tuple(
                    edge._replace(source=members[edge.source], target=members[edge.target]) for edge in other
                )
                for other in rings(inside)
            ]
            together = next(filter(self._together, found), None)
            if together is not None:
                yield together
                return
            if not found:
                return
            ring = found[0]

    def _together(self, ring: tuple[Edge, ...]) -> bool:
        """Whether the resources of a ring may all be deployed at once, going by their conditions."""
        held: set[object] = set()
        denied: set[object] = set()
        equal: dict[object, object] = {}
        for edge in ring:
            resource: Resource | None = self.resources[edge.source]
            while resource is not None:
                for condition, holds in _facts(resource.condition):
                    (held if holds else denied).add(identity(condition))
                    if holds and isinstance(condition, Term) and condition.operation == "equals":
                        for one, other in (condition.arguments, condition.arguments[::-1]):
                            if known(other) and equal.setdefault(identity(one), identity(other)) != identity(
                                other
                            ):
                                return False
                resource = resource.parent
        return not held & denied


def _facts(condition: Value) -> Iterator[tuple[Value, bool]]:
    """What surely holds, or does not, where a condition is true."""
    pending = [(condition, True)]
    while pending:
        current, holds = pending.pop()
        if not isinstance(current, Term):
            continue
        operation, arguments = current.operation, current.arguments
        if operation == "not" and len(arguments) == 1:
            pending.append((arguments[0], not holds))
        elif operation == ("and" if holds else "or"):
            pending.extend((argument, holds) for argument in arguments)
        elif operation == "equals" and len(arguments) == 2 and isinstance(arguments[1], bool):  # noqa: PLR2004
            pending.append((arguments[0], holds is arguments[1]))
        elif operation == "equals" and len(arguments) != 2:  # noqa: PLR2004
            continue
        else:
            yield current, holds


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
        self.by_short_name: dict[object, list[int]] = {}
        self.by_type: dict[str, list[tuple[Parts, int]]] = {}
        self.hosts: dict[int, object] = {}
        self.open_names: list[Parts] = []
        # Types of which only the end is known, after a provider that is not.
        self.open_types: list[str] = []
        # Whether there may be resources of any type and name.
        self.wildcard = bool(template.document.errors) or _has_others(template)
        self.comparisons = _MIN_COMPARISONS + _COMPARISONS * len(self.resources)
        for position, resource in enumerate(self.resources):
            self._index(position, resource)

    def _index(self, position: int, resource: Resource) -> None:
        if resource.symbol is not None:
            self.by_symbol.setdefault(resource.symbol.name.lower(), []).append(position)
        if resource.loop is not None:
            self.by_loop.setdefault(resource.loop, []).append(position)
        elif resource.copy is not None:
            self.wildcard = True
        name = parts(resource.name)
        if not resource.key or not name:
            self.wildcard = True
        self._add_id(position, resource.key, name)
        before, extends, own = resource.key.rpartition("/providers/")
        if extends:
            # An extension of another resource in the old way: its provider stands in its name.
            found = _extension_of(before, own, name)
            if found is None:
                self.open_types.append(f"/{own}")
            else:
                self._add_id(position, found.type, found.name)
                self.hosts[position] = found.host
        else:
            self._note_host(position, resource)
        self.by_name.setdefault(key_of(name), []).append(position)
        self._note_open(name)
        if resource.parent is not None:
            short = parts(resource.value(resource.node.get("name")))
            if key_of(short) != key_of(name):
                self.by_short_name.setdefault(key_of(short), []).append(position)
                self._note_open(short)

    def _note_host(self, position: int, resource: Resource) -> None:
        """Note what a resource extends: what its scope names, or a parent of another provider."""
        scope = resource.node.get("scope")
        if scope is not None:
            extended = identifier(parts(resource.value(scope)))
            if extended is not None:
                self.hosts[position] = (extended.type, key_of(extended.name))
        elif resource.parent is not None and not resource.key.startswith(f"{resource.parent.key}/"):
            self.hosts[position] = (resource.parent.key, key_of(parts(resource.parent.name)))

    def _add_id(self, position: int, kind: str, name: Parts) -> None:
        self.by_id.setdefault((kind, key_of(name)), []).append(position)
        self.by_type.setdefault(kind, []).append((name, position))

    def _note_open(self, name: Parts) -> None:
        if not _is_literal(name):
            self.open_names.append(name)

    def build(self) -> Graph:
        for position, resource in enumerate(self.resources):
            self._explicit(position, resource)
            # In outer scope, what is read is read by the template around.
            if self.template.scope is self.template.declared:
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
        return found[0] if len(found) == 1 and found[0] != position else None

    def _explicit(self, position: int, resource: Resource) -> None:
        section = resource.node.get("dependsOn")
        if section is None or section.kind == "null":
            return
        if section.kind == "array":
            entries = [(item, resource.value(item)) for item in section.items]
        else:
            value = resource.value(section)
            if not isinstance(value, Array):
                self.unknown.add(position)
                return
            entries = [(section, item) for item in value.items]
        for node, value in entries:
            self._entry(position, resource, node, value)

    def _entry(self, position: int, resource: Resource, node: Node, value: Value) -> None:
        branches = _branches(value)
        if len(branches) > 1:
            self.unknown.add(position)
        for branch in branches:
            found = self._resolve(branch) if isinstance(branch, (str, Text, Term)) else None
            if found is None:
                self.unknown.add(position)
                continue
            if not found.targets and len(branches) == 1:
                self._miss(position, resource, node, value)
            for target in found.targets:
                elsewhere = target == position and not found.here
                own_loop = target == position and resource.frame.loop is not None and not found.whole
                sure = found.sure and len(branches) == 1 and not own_loop and not elsewhere
                self._add(position, target, node, sure=sure)

    def _miss(self, position: int, resource: Resource, node: Node, value: Value) -> None:
        """Note an entry that names nothing; where the value is no sure string, only that it is unknown."""
        if isinstance(value, Term):
            self.unknown.add(position)
        elif not resource.existing and resource.condition is not False:
            self.undefined.append(Undefined(resource, node, value))

    def _implicit(self, position: int, resource: Resource) -> None:
        for place, name, surely in _named_in(resource):
            value = self.template.evaluator.expression(name, resource.scope, resource.frame)
            if not isinstance(value, (str, Text, Term)):
                continue
            found = self._symbol(value) if self.template.symbolic else None
            if found is None:
                own = parts(value)
                if any(isinstance(part, str) and "/" in part for part in own):
                    continue
                positions = self.by_name.get(key_of(own), [])
                found = _Found(tuple(positions), sure=len(positions) == 1)
            for target in found.targets:
                if target == position and resource.frame.loop is not None:
                    continue
                span = place.span_of(name.start, name.end)
                self._add(position, target, place, implicit=True, sure=found.sure and surely, span=span)

    def _add(  # noqa: PLR0913 - what an edge is made of
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

    def _resolve(self, value: str | Text | Term) -> _Found | None:
        """What an entry of `dependsOn` means; None where that cannot be told."""
        symbol = self._symbol(value) if self.template.symbolic else None
        if symbol is not None:
            return symbol
        name = parts(value)
        if any(isinstance(part, str) and "/" in part for part in name):
            return self._by_id(name)
        return self._by_name(name)

    def _symbol(self, value: str | Text | Term) -> _Found | None:
        if isinstance(value, Term):
            return None
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
            paired and isinstance(element, Term) and element.arguments[:2] == (None, 0)
        )
        return _Found(tuple(positions), sure=aligned)

    def _by_id(self, name: Parts) -> _Found | None:
        target = identifier(name)
        if target is None:
            # No resource id by its form. As a full name it may still mean a resource.
            found = self._by_name(name)
            return None if found is _NOTHING and _has_gaps(name) else found
        exact = self._narrowed(self.by_id.get((target.type, key_of(target.name)), []), target)
        if exact:
            here = target.scope is None or target.scope == self.template.place
            return _Found(tuple(exact), sure=len(exact) == 1, here=here)
        if self.wildcard or any(target.type.endswith(kind) for kind in self.open_types):
            return None
        if self._may_equal(target.name, (other for other, _ in self.by_type.get(target.type, ()))):
            return None
        return _NOTHING

    def _narrowed(self, positions: list[int], target: _Identifier) -> list[int]:
        """Of several resources of one type and name, those that extend what the id says."""
        if len(positions) > 1 and target.host is not None:
            return [p for p in positions if self.hosts.get(p, target.host) == target.host]
        return positions

    def _by_name(self, name: Parts) -> _Found | None:
        literal = _is_literal(name)
        if literal:
            looped = self.by_loop.get(str(name[0]))
            if looped is not None:
                return _Found(tuple(looped), sure=True, whole=True)
        exact = self.by_name.get(key_of(name))
        if exact is not None:
            return _Found(tuple(exact), sure=len(exact) == 1)
        short = self.by_short_name.get(key_of(name))
        if short is not None:
            return _Found(tuple(short), sure=False)
        if self.wildcard or not literal or self._may_equal(name, self.open_names):
            return None
        return _NOTHING

    def _may_equal(self, name: Parts, others: Iterable[Parts]) -> bool:
        """Whether a name may turn out equal to one of others; also when there are too many to compare."""
        for other in others:
            self.comparisons -= 1
            if self.comparisons <= 0 or can_equal(name, other):
                return True
        return False


class _Found(NamedTuple):
    """The positions that a name means.

    `whole`: the name means every element of a loop. `here`: not in another resource group, as far
    as the name says.
    """

    targets: tuple[int, ...]
    sure: bool
    whole: bool = False
    here: bool = True


_NOTHING: Final = _Found((), sure=True)


class _Identifier(NamedTuple):
    """A resource id: full type in lower case and full name.

    `scope` is the place whose resource group it names by `resourceId()` (see `Scope.place`), None
    where it names none, -1 where it names another. `host` is what it extends, as type and name.
    """

    type: str
    name: Parts
    scope: int | None
    host: object = None


_ELSEWHERE: Final = -1

_Segments = list[list["str | Term"]]


def _has_others(template: Template) -> bool:
    """Whether a template has resources that are not written out as such."""
    section = template.node.get("resources")
    if section is None or section.kind == "null":
        return False
    written = section.items or [member.value for member in section.members]
    return section.kind not in {"array", "object"} or any(node.kind != "object" for node in written)


def _is_literal(name: Parts) -> bool:
    return len(name) == 1 and isinstance(name[0], str)


def _branches(value: Value) -> list[Value]:
    """The values that a value may be, where it hangs on conditions."""
    found: list[Value] = []
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, Term) and current.operation == "if" and len(found) + len(pending) < _MAX_RINGS:
            pending.extend(reversed(current.arguments[1:]))
        else:
            found.append(current)
    return found


def _segments(name: Parts) -> _Segments:
    """A name cut at its slashes; one that starts or ends with a slash has no empty segments there."""
    segments: _Segments = [[]]
    for part in name:
        if isinstance(part, Term):
            segments[-1].append(part)
            continue
        first, *others = part.split("/")
        if first:
            segments[-1].append(first)
        segments.extend([piece] if piece else [] for piece in others)
    if len(segments) > 1 and not segments[0]:
        segments.pop(0)
    if len(segments) > 1 and not segments[-1]:
        segments.pop()
    return segments


def _has_gaps(name: Parts) -> bool:
    """Whether a name has two slashes side by side, which Azure may read or not."""
    return not all(_segments(name))


def identifier(name: Parts) -> _Identifier | None:
    """Read a resource id, full (`/subscriptions/…/providers/…`) or partial (`Microsoft.X/type/name`)."""
    segments = _segments(name)
    last = max((i for i, segment in enumerate(segments) if segment == ["providers"]), default=-1)
    before = segments[: max(last, 0)]
    found = _pairs(segments[last + 1 :])
    if found is None:
        return None
    kind, own = found
    extended = max((i for i, segment in enumerate(before) if segment == ["providers"]), default=-1)
    host = _pairs(before[extended + 1 :])
    # An id without a scope in front of what it extends, as is one in front of "providers".
    scope = before[: max(extended, 0)] if host is not None else before
    return _Identifier(kind, own, _scope_of(scope), None if host is None else (host[0], key_of(host[1])))


_identifier = identifier


def _scope_of(segments: _Segments) -> int | None:
    """The place that the segments before the last `providers` name."""
    pieces = [piece for segment in segments for piece in segment]
    if not pieces:
        return None
    first = pieces[0]
    if len(pieces) == 1 and isinstance(first, Term) and first.operation.endswith("-scope"):
        place = first.arguments[0]
        if len(first.arguments) == 1 and isinstance(place, int):
            return place
    return _ELSEWHERE


def _pairs(rest: _Segments) -> tuple[str, Parts] | None:
    """Namespace and pairs of type and name, as type and full name."""
    if len(rest) < 3 or len(rest) % 2 == 0 or not all(rest):  # noqa: PLR2004 - namespace, type, name
        return None
    kinds: list[str] = []
    for segment in [rest[0], *rest[1::2]]:
        if len(segment) != 1 or not isinstance(segment[0], str):
            return None
        kinds.append(segment[0])
    if "." not in kinds[0]:
        return None
    return "/".join(kinds), _joined(rest[2::2])


def _joined(segments: _Segments) -> Parts:
    """Segments as one name, with slashes between them."""
    joined: list[str | Term] = []
    for index, segment in enumerate(segments):
        for piece in ["/", *segment] if index else segment:
            if isinstance(piece, str) and joined and isinstance(joined[-1], str):
                joined[-1] += piece
            else:
                joined.append(piece)
    return tuple(joined)


def _extension_of(before: str, own: str, name: Parts) -> _Identifier | None:
    """What `Microsoft.A/b/providers/locks` with the name `b1/Microsoft.Authorization/l1` is."""
    segments = _segments(name)
    count = before.count("/")
    if len(segments) != count + 2 + own.count("/") or not all(segments):
        return None
    provider = segments[count]
    if len(provider) != 1 or not isinstance(provider[0], str):
        return None
    host = (before, key_of(_joined(segments[:count])))
    return _Identifier(f"{provider[0]}/{own}", _joined(segments[count + 1 :]), None, host)


def _named_in(resource: Resource) -> Iterator[tuple[Node | Member, Expression, bool]]:
    """What `reference()` and `list…()` name in the properties of a resource, and whether surely.

    Templates nested in it belong to it as far as they are evaluated with it.
    """
    properties = resource.properties
    if properties is None:
        return
    apart = _apart(resource)
    if not _may_name(resource, properties, apart):
        return
    pending = [properties]
    while pending:
        node = pending.pop()
        if id(node) in apart:
            continue
        if node.kind == "string":
            if isinstance(node.value, str) and node.value[:1] == "[":
                yield from _names_in(node, node.value)
            continue
        for member in node.members:
            if member.name[:1] == "[":
                yield from _names_in(member, member.name)
        pending.extend(reversed(node.items or [member.value for member in node.members]))


def _may_name(resource: Resource, properties: Node, apart: Mapping[int, Node]) -> bool:
    """Whether the words that `_named_in` looks for stand in the properties at all."""
    text = resource.template.document.source.text
    start = properties.start
    for hole in sorted(apart.values(), key=lambda node: node.start):
        if _has_reader(text[start : hole.start]):
            return True
        start = hole.end
    return _has_reader(text[start : properties.end])


def _has_reader(text: str) -> bool:
    folded = text.lower()
    # A letter may be written as an escape.
    return "reference" in folded or "list" in folded or "\\u" in folded


def _apart(resource: Resource) -> dict[int, Node]:
    """The nodes of the templates below a resource that are evaluated by themselves, by identity."""
    found: dict[int, Node] = {}
    pending = [] if resource.nested is None else [resource.nested]
    while pending:
        nested = pending.pop()
        if nested.scope is not resource.scope:
            found[id(nested.node)] = nested.node
            continue
        pending.extend(r.nested for r in nested.all_resources() if r.nested is not None)
    return found


def _names_in(place: Node | Member, text: str) -> Iterator[tuple[Node | Member, Expression, bool]]:
    folded = text.lower()
    if "reference" not in folded and "list" not in folded:
        return
    read = syntax.read(text)
    if read is None or isinstance(read, syntax.Invalid):
        return
    pending: list[tuple[Expression, bool]] = [(read, True)]
    while pending:
        current, surely = pending.pop()
        if isinstance(current, syntax.Property):
            pending.append((current.base, surely))
        elif isinstance(current, syntax.Index):
            pending += ((current.index, surely), (current.base, surely))
        elif isinstance(current, syntax.Call):
            name = current.function
            if current.args and "." not in name and (name in _READERS or name.startswith("list")):
                yield place, current.args[0], surely
            # Of these only the first argument is evaluated whatever it comes to.
            certain = 0 if name == "lambda" else 1 if name in _SELECTIVE else len(current.args)
            arguments = [
                (argument, surely and index < certain) for index, argument in enumerate(current.args)
            ]
            pending.extend(reversed(arguments))


_READERS: Final = frozenset({"reference", "references"})
_SELECTIVE: Final = frozenset({"and", "coalesce", "if", "or"})


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


def components(successors: Sequence[Sequence[int]]) -> Iterator[list[int]]:  # noqa: C901 - one algorithm
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
    value = extension.field("provisionAfterExtensions")
    member = extension.member("provisionAfterExtensions")
    # Without a member of its own it comes with all the properties, from a variable.
    place = extension.holder if member is None else member.value
    if isinstance(value, Array) and place is not None:
        nodes = place.items or [place] * len(value.items)
        yield from zip(nodes, value.items, strict=False)
