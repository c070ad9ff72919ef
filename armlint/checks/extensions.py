"""Checks of virtual machine extensions that need more than one condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from armlint.arm import expression as syntax
from armlint.arm.catalogue import command_settings
from armlint.arm.evaluate import variable_references
from armlint.arm.extension import Shape, field_of
from armlint.arm.value import Object
from armlint.finding import Label
from armlint.rule import Result, at_key, at_value, tight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.extension import Extension
    from armlint.arm.model import Model
    from armlint.jsontext import Node


def command_in_public_settings(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT101: a command in `settings`, which everybody who can read the machine can read."""
    entry = model.entry(extension)
    if entry is not None and entry.service_managed:
        return
    settings = extension.member("settings")
    for name in command_settings(entry):
        where = f"'{name}' of extension '{extension.label}' stands in its public settings"
        if settings is not None and settings.value.kind == "object":
            command = settings.value.member_named(name)
            if command is not None and extension.inside(command.value) not in (None, ""):
                from armlint.checks import mending

                fix = mending.make_protected(extension, command, model)
                yield at_key(command, where, *_origins(extension, command.value, name), fix=fix)
            continue
        value = extension.field("settings")
        if isinstance(value, Object) and field_of(value, name, extension.pool) not in (None, ""):
            place = settings.value if settings is not None else extension.holder
            if place is not None:
                yield at_value(place, where, *_origins(extension, place, name))


def _origins(extension: Extension, node: Node, setting: str) -> Iterator[Label]:
    """The variable that a value is taken from, as a label; nothing where it is only a part."""
    if extension.resource is None or not isinstance(node.value, str):
        return
    read = syntax.read(node.value)
    while isinstance(read, syntax.Property | syntax.Index):
        read = read.base
    if not isinstance(read, syntax.Call) or read.function != "variables":
        return
    for _, name in variable_references(node):
        variable = extension.resource.scope.variables.get(str(name.value).lower())
        if variable is not None:
            command = variable.node.member_named(setting)
            yield Label((variable.place if command is None else command).span, "comes from here")
            return


def missing_publisher_or_type(extension: Extension, _: Model) -> Iterator[Result]:
    """EXT105: an extension that does not say which handler it is."""
    holder = extension.holder
    missing = [name for name in ("publisher", "type") if extension.field(name) in (None, "")]
    if not missing or (len(missing) > 1 and _is_change(extension)):
        return
    names = " and ".join(f"'{name}'" for name in missing)
    message = f"extension '{extension.label}' has no {names}"
    if holder is None:
        yield Result(tight(extension.node), extension.node.pointer, message)
        return
    member = extension.member(missing[0])
    if len(missing) == 1 and member is not None:
        yield at_value(member.value, message)
    else:
        yield at_value(holder, message)


def _is_change(extension: Extension) -> bool:
    """Whether a bare body may say only what changes: it does not name the handler, not even an empty one."""
    return extension.shape is Shape.BODY and "" not in (extension.publisher, extension.type)
