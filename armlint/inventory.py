"""The extensions of a file as a list to read: what `armlint extensions` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from armlint.arm.template import shown
from armlint.arm.value import Array, Object, Value

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from armlint.arm.catalogue import Entry
    from armlint.arm.extension import Extension
    from armlint.arm.model import Model


class Known(NamedTuple):
    """What the catalogue knows of one extension, without its settings: a row of the whole list."""

    publisher: str
    type: str
    title: str
    os: str
    status: str
    retirement: str | None
    replacement: dict[str, Any] | None
    version: str | None
    automatic_upgrade: bool
    aliases: tuple[str, ...]

    @property
    def instead(self) -> str:
        """What to use instead: an extension where it is one, else in words; empty for nothing."""
        new = self.replacement or {}
        return f"{new['publisher']}/{new['type']}" if new.get("type") else new.get("text", "")


def known(entry: Entry, today: date) -> Known:
    """An entry of the catalogue as a row, with its status as of a day."""
    return Known(
        publisher=entry.publisher,
        type=entry.type,
        title=entry.title,
        os=entry.os,
        status=entry.status_on(today),
        retirement=entry.retirement,
        replacement=None if entry.replacement is None else entry.replacement._asdict(),
        version=entry.version,
        automatic_upgrade=entry.automatic_upgrade is True,
        aliases=entry.aliases,
    )


class Item(NamedTuple):
    """One extension. What only deployment can tell is shown in braces; a switch is then None.

    `status`, `retirement` and `supports_automatic_upgrade` are what the catalogue says of the handler;
    None for one that it does not know. The last is whether Azure's table of automatic upgrade has it.
    """

    path: str
    line: int
    pointer: str
    place: str
    machine: str
    name: str
    publisher: str
    type: str
    version: str
    status: str | None
    retirement: str | None
    supports_automatic_upgrade: bool | None
    auto_upgrade_minor_version: bool | None
    enable_automatic_upgrade: bool | None
    settings: tuple[str, ...]
    protected_settings: tuple[str, ...]
    waits_for: tuple[str, ...]
    deployed: bool


def inventory(model: Model, today: date | None = None) -> Iterator[Item]:
    """The extensions of a file in document order. Of settings only the names are told, no values.

    The status is that of the day `today`, by default the model's.
    """
    day = today or model.today
    source = model.document.source
    positions: dict[int, dict[int, int]] = {}
    for extension in model.extensions:
        template = extension.template
        if id(template) not in positions and extension.resource is not None:
            resources = model.graph(template).resources
            positions[id(template)] = {id(found): number for number, found in enumerate(resources)}
        entry = model.entry(extension)
        yield Item(
            path=source.name,
            line=source.position(extension.node.start).line,
            pointer=extension.node.pointer,
            place=str(extension.shape),
            machine=_text(extension.machine),
            name=_text(extension.name),
            publisher=_text(extension.publisher),
            type=_text(extension.type),
            version=_text(extension.field("typeHandlerVersion")),
            status=None if entry is None else entry.status_on(day),
            retirement=None if entry is None else entry.retirement,
            supports_automatic_upgrade=None if entry is None else entry.automatic_upgrade is True,
            auto_upgrade_minor_version=_switch(extension.field("autoUpgradeMinorVersion")),
            enable_automatic_upgrade=_switch(extension.field("enableAutomaticUpgrade")),
            settings=_names(extension.field("settings")),
            protected_settings=_names(extension.field("protectedSettings")),
            waits_for=tuple(_waits_for(extension, model, positions.get(id(template), {}))),
            deployed=extension.deployed,
        )


def _text(value: Value) -> str:
    return "" if value is None else shown(value)


def _switch(value: Value) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def _names(value: Value) -> tuple[str, ...]:
    if isinstance(value, Object):
        return tuple(name for name, _ in value.fields.values())
    return () if value is None else ("{…}",)


def _waits_for(extension: Extension, model: Model, positions: dict[int, int]) -> Iterator[str]:
    after = extension.field("provisionAfterExtensions")
    if isinstance(after, Array):
        yield from map(shown, after.items)
    resource = extension.resource
    if resource is None or extension.node is not resource.node:
        return
    graph = model.graph(extension.template)
    edges = graph.edges[positions[id(resource)]]
    yield from dict.fromkeys(graph.resources[edge.target].label() for edge in edges)
