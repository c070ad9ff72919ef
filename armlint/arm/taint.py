"""Which secrets are in a value, where in it, and by which way each came there.

Everything here is bounded, so that work with it is: ways in length, values in the number of
different secrets and in depth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    from armlint.jsontext import Document, Member, Node
    from armlint.source import Span

# More than anyone reads. Of longer ways the beginning and the end remain.
_MAX_WAY: Final = 64
# A value with more different secrets than this is as bad with the first of them.
_MAX_SOURCES: Final = 64
# Values nested deeper, or joined from more parts or names, are taken as a whole.
MAX_SHAPE: Final = 24
_MAX_JOINS: Final = 4_000
MAX_NAMES: Final = 128
_MAX_ALSO: Final = 50


class Source(NamedTuple):
    """Where a secret starts. `key` tells sources apart; `title` is for messages."""

    kind: str
    """`parameter`, `list` (a list operation), `vault` (a Key Vault reference), or `plain`."""
    key: Hashable
    title: str
    name: str
    """The parameter's name, or the function's."""


class Step(NamedTuple):
    """A station on the way of a secret: the characters, the code there, and what happens."""

    span: Span
    document: Document
    code: str
    message: str


class Way:
    """How a secret came here: the last step and the way before it. `leak` is set where it was told."""

    __slots__ = ("before", "leak", "length", "step")

    step: Step
    before: Way | None
    leak: Leak | None
    length: int

    def __init__(self, step: Step, before: Way | None = None, leak: Leak | None = None) -> None:
        self.step = step
        self.leak = leak if before is None or before.leak is None else before.leak
        if before is not None and before.length >= _MAX_WAY:
            before = before.before
        self.before = before
        self.length = 1 if before is None else before.length + 1

    def steps(self) -> tuple[Step, ...]:
        """The steps from the source on."""
        found = []
        way: Way | None = self
        while way is not None:
            found.append(way.step)
            way = way.before
        return tuple(reversed(found))


class Sink(NamedTuple):
    """A place that can be read: what to point at, and what it is in words.

    `parameter` is the name of the plain parameter, where it is one.
    """

    place: Node | Member
    document: Document
    title: str
    parameter: str = ""


class Leak:
    """A secret at a place that can be read. `also` are further places behind this one."""

    __slots__ = ("also", "at", "rule", "source", "way")

    def __init__(self, rule: str, source: Source, way: Way, at: Sink) -> None:
        self.rule = rule
        self.source = source
        self.way = way
        self.at = at
        self.also: list[Step] = []

    def add(self, step: Step) -> None:
        """Tell of a further place."""
        if len(self.also) < _MAX_ALSO and step not in self.also:
            self.also.append(step)


class Trail:
    """Steps that all secrets of a value took together; `leaks` were told at the step."""

    __slots__ = ("before", "leaks", "length", "step")

    step: Step
    before: Trail | None
    leaks: Mapping[Source, Leak] | None
    length: int

    def __init__(
        self, step: Step, before: Trail | None = None, leaks: Mapping[Source, Leak] | None = None
    ) -> None:
        if before is not None and before.length >= _MAX_WAY:
            # The leaks of the step that is left out must not be lost.
            if before.leaks:
                leaks = {**(leaks or {}), **before.leaks}
            before = before.before
        self.step = step
        self.before = before
        self.leaks = leaks
        self.length = 1 if before is None else before.length + 1

    def parts(self) -> list[Trail]:
        """The steps one by one, the first one first."""
        found = []
        trail: Trail | None = self
        while trail is not None:
            found.append(trail)
            trail = trail.before
        found.reverse()
        return found

    def behind(self, before: Trail | None) -> Trail:
        """These steps after others."""
        if before is None:
            return self
        for part in self.parts():
            before = Trail(part.step, before, part.leaks)
        return before

    def lead(self, ways: Mapping[Source, Way]) -> Mapping[Source, Way]:
        """The ways of secrets after these steps."""
        if not ways:
            return ways
        led = dict(ways)
        for part in self.parts():
            leaks = part.leaks or {}
            for source, way in led.items():
                led[source] = Way(part.step, way, leaks.get(source))
        return led


_NONE: Final[Mapping[Source, Way]] = {}


class Taint:
    """The secrets of a value. Immutable; `CLEAN` is the one without any.

    `own` are in the value as a whole, or anywhere in it. `held` is a secure object: as a whole a
    secret, of its members only those that are named like one. `weak` is what remains of a secure
    object in a member that is not: no secret, but its members may be. `fields`, `items` and
    `rest` tell of the members by name, the items by position, and of any other member or item;
    `exact` says that the items are all there are. All of it came along `trail`.
    """

    __slots__ = (
        "_element",
        "_everything",
        "_inner",
        "depth",
        "exact",
        "fields",
        "held",
        "items",
        "own",
        "rest",
        "trail",
        "weak",
    )

    def __init__(  # noqa: PLR0913 - what is known of a value
        self,
        own: Mapping[Source, Way] = _NONE,
        *,
        held: Mapping[Source, Way] = _NONE,
        weak: Mapping[Source, Way] = _NONE,
        fields: Mapping[str, Taint] | None = None,
        items: tuple[Taint, ...] | None = None,
        rest: Taint | None = None,
        exact: bool = False,
        trail: Trail | None = None,
    ) -> None:
        self.own = own
        self.held = held
        self.weak = weak
        self.fields = fields
        self.items = items
        self.rest = rest
        self.exact = exact
        self.trail = trail
        self.depth: int = 1 + max((part.depth for part in self._below()), default=0)
        self._everything: Mapping[Source, Way] | None = None
        self._element: Taint | None = None
        self._inner: dict[int, Taint] | None = None

    @property
    def clean(self) -> bool:
        """Whether there is no secret in it."""
        return not self.everything

    @property
    def everything(self) -> Mapping[Source, Way]:
        """The secrets anywhere in the value, each with its first way."""
        if self._everything is None:
            found: dict[Source, Way] = {}
            for part in self._below():
                add_ways(found, part.everything)
            add_ways(found, self.own)
            add_ways(found, self.held)
            self._everything = found if self.trail is None else self.trail.lead(found)
        return self._everything

    @property
    def empty(self) -> bool:
        """Whether nothing is known of it, not even weakly."""
        return not (self.own or self.held or self.weak or self.shaped)

    @property
    def shaped(self) -> bool:
        """Whether anything is known of its parts."""
        return self.fields is not None or self.items is not None or self.rest is not None

    def _below(self) -> Iterator[Taint]:
        if self.fields is not None:
            yield from self.fields.values()
        if self.items is not None:
            yield from self.items
        if self.rest is not None:
            yield self.rest

    def ways(self, ways: Mapping[Source, Way]) -> Mapping[Source, Way]:
        """One of `own`, `held` and `weak` with the steps that the value took."""
        return ways if self.trail is None else self.trail.lead(ways)

    def inner(self, part: Taint) -> Taint:
        """A part with the steps that the whole took. The same part gives the same taint again."""
        if self.trail is None or part.empty:
            return part
        if self._inner is None:
            self._inner = {}
        made = self._inner.get(id(part))
        if made is None:
            made = self._inner[id(part)] = _led(part, self.trail)
        return made

    @property
    def element(self) -> Taint:
        """The secrets of any one item of the value."""
        if self._element is None:
            self._element = CLEAN if self.empty else join((*parts_of(self), whole(self)))
        return self._element

    def at(self, key: str | int) -> Taint:
        """What is known of one member or item by itself, what the whole has left out."""
        found: Taint | None = None
        if isinstance(key, str):
            found = None if self.fields is None else self.fields.get(key)
        elif self.items is not None and 0 <= key < len(self.items):
            found = self.items[key]
        if found is None:
            found = self.rest
        return CLEAN if found is None else self.inner(found)


def add_ways(found: dict[Source, Way], more: Mapping[Source, Way]) -> None:
    """Add ways, as many as a value may have; of two ways of a secret the one not told yet stays."""
    for source, way in more.items():
        before = found.get(source)
        if before is None:
            if len(found) < _MAX_SOURCES:
                found[source] = way
        elif before.leak is not None and way.leak is None:
            found[source] = way


CLEAN: Final = Taint()


def made_of(  # noqa: PLR0913 - as above
    own: Mapping[Source, Way] = _NONE,
    *,
    held: Mapping[Source, Way] = _NONE,
    weak: Mapping[Source, Way] = _NONE,
    fields: Mapping[str, Taint] | None = None,
    items: tuple[Taint, ...] | None = None,
    rest: Taint | None = None,
    exact: bool = False,
) -> Taint:
    """A taint without parts that say nothing, and not too deep."""
    if rest is not None and rest.empty:
        rest = None
    if rest is None:
        # Beside others that say something, also the members that do not are worth knowing.
        if fields is not None and all(field.empty for field in fields.values()):
            fields = None
        if items is not None and all(item.empty for item in items):
            items = None
    if not (own or held or weak or fields or items or rest):
        return CLEAN
    exact = exact and items is not None
    made = Taint(own, held=held, weak=weak, fields=fields, items=items, rest=rest, exact=exact)
    return made if made.depth <= MAX_SHAPE else Taint(made.everything)


def _led(taint: Taint, trail: Trail) -> Taint:
    if not taint.shaped:
        return Taint(trail.lead(taint.own), held=trail.lead(taint.held), weak=trail.lead(taint.weak))
    return Taint(
        taint.own,
        held=taint.held,
        weak=taint.weak,
        fields=taint.fields,
        items=taint.items,
        rest=taint.rest,
        exact=taint.exact,
        trail=trail.behind(taint.trail),
    )


def stepped(taint: Taint, step: Step, leaks: Mapping[Source, Leak] | None = None) -> Taint:
    """The same secrets after one more step, at which these were told."""
    return taint if taint.empty else _led(taint, Trail(step, None, leaks))


def _different(taints: Iterable[Taint]) -> list[Taint]:
    return list({id(taint): taint for taint in taints if not taint.empty}.values())


def join(taints: Iterable[Taint]) -> Taint:
    """The secrets of a value that is one of several."""
    return _joined(_different(taints), {})


def _joined(several: list[Taint], memory: dict[frozenset[int], tuple[Taint, list[Taint]]]) -> Taint:
    if len(several) <= 1:
        return several[0] if several else CLEAN
    key = frozenset(map(id, several))
    known = memory.get(key)
    if known is not None:
        return known[0]
    own: dict[Source, Way] = {}
    held: dict[Source, Way] = {}
    weak: dict[Source, Way] = {}
    for taint in several:
        add_ways(own, taint.ways(taint.own))
        add_ways(held, taint.ways(taint.held))
        add_ways(weak, taint.ways(taint.weak))
    shaped = [taint for taint in several if taint.shaped]
    if not shaped:
        return Taint(own, held=held, weak=weak)
    if len(memory) > _MAX_JOINS:
        return Taint(all_of(several))
    names = {name: None for taint in shaped for name in taint.fields or ()}
    if len(names) > MAX_NAMES and len(shaped) > 1:
        return Taint(all_of(several))
    lengths = {len(taint.items or ()) for taint in shaped}
    made = made_of(
        own,
        held=held,
        weak=weak,
        fields={name: _joined(_different(taint.at(name) for taint in shaped), memory) for name in names},
        items=tuple(
            _joined(_different(taint.at(index) for taint in shaped), memory) for index in range(max(lengths))
        ),
        rest=_joined(_different(taint.inner(taint.rest) for taint in shaped if taint.rest), memory),
        exact=len(lengths) == 1 and len(shaped) == len(several) and all(taint.exact for taint in shaped),
    )
    memory[key] = (made, several)
    return made


def all_of(taints: Iterable[Taint]) -> dict[Source, Way]:
    """The secrets anywhere in several values."""
    found: dict[Source, Way] = {}
    for taint in taints:
        add_ways(found, taint.everything)
    return found


def exposed(taint: Taint, declared: Taint) -> dict[Source, Way]:
    """The secrets of a value that a declared type, told as the taint it gives, does not keep secret."""
    if declared.own or declared.held:
        return {}
    if declared.empty:
        return dict(taint.everything)
    # The type keeps some members secret. What is unknown of the value may well be in those.
    found: dict[Source, Way] = {}
    for name, field in (taint.fields or {}).items():
        add_ways(found, exposed(taint.inner(field), declared.at(name)))
    for index, item in enumerate(taint.items or ()):
        add_ways(found, exposed(taint.inner(item), declared.at(index)))
    if taint.rest is not None and declared.rest is not None:
        add_ways(found, exposed(taint.inner(taint.rest), declared.rest))
    return found


def parts_of(taint: Taint) -> Iterator[Taint]:
    """What is known of the members and items of a value, one by one."""
    for part in (*(taint.items or ()), *(taint.fields or {}).values(), taint.rest):
        if part is not None:
            yield taint.inner(part)


def whole(taint: Taint) -> Taint:
    """What is known of a value as a whole, and so of every item of it."""
    if not (taint.own or taint.held or taint.weak):
        return CLEAN
    return Taint(taint.ways(taint.own), held=taint.ways(taint.held), weak=taint.ways(taint.weak))


def unplaced(taint: Taint) -> Taint:
    """The same value, of whose items the positions are no longer known."""
    if taint.items is None:
        return taint
    fields = {name: taint.inner(field) for name, field in (taint.fields or {}).items()}
    rest = join([taint.inner(item) for item in (*taint.items, taint.rest) if item is not None])
    top = whole(taint)
    return made_of(top.own, held=top.held, weak=top.weak, fields=fields, rest=rest)


def likeness(taint: Taint) -> Hashable:
    """Equal for taints that a user function need not tell apart."""
    if taint.shaped:
        return id(taint)
    return tuple(
        frozenset((source, id(way.leak)) for source, way in part.items())
        for part in (taint.own, taint.held, taint.weak)
    )
