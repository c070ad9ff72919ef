"""Checks of what machines are made from: their images and their sizes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from armlint.arm.evaluate import calls, variable_references
from armlint.arm.template import DEPLOYMENTS
from armlint.arm.value import MISSING, Object, Text
from armlint.finding import Label
from armlint.rule import Result, at_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.evaluate import Scope
    from armlint.arm.model import Model
    from armlint.arm.template import Resource
    from armlint.arm.value import Value
    from armlint.jsontext import Node

# What is made with these is as fixed as what it is made of.
_JOINING: Final = frozenset({"variables", "concat", "format"})
# Where machines of these types say which image they are made from.
_IMAGES: Final = {
    "microsoft.compute/virtualmachines": ("storageProfile", "imageReference"),
    "microsoft.compute/virtualmachinescalesets": (
        "virtualMachineProfile",
        "storageProfile",
        "imageReference",
    ),
    "microsoft.compute/virtualmachinescalesets/virtualmachines": ("storageProfile", "imageReference"),
}
_PARTS: Final = ("offer", "sku", "version")


def preview_vm_image(resource: Resource, _: Model) -> Iterator[Result]:
    """TPL507: a machine that is made from an image that is a preview."""
    path = _IMAGES.get(resource.key)
    if path is None or resource.properties is None or resource.existing:
        return
    for name, node, value in _image(resource.properties, path, resource):
        if _is_preview(value):
            yield at_value(node, f"the image's {name} is a preview", *_written(node, resource.scope))


def _image(node: Node | None, path: tuple[str, ...], resource: Resource) -> Iterator[tuple[str, Node, Value]]:
    """What a machine says of its image: the name of the part, where it stands, its value."""
    rest = list(path)
    # As far as the path is written out; what comes from an expression is a value.
    while node is not None and rest and node.kind == "object":
        node = node.get(rest.pop(0))
    if node is None:
        return
    if node.kind == "object":
        for name in _PARTS:
            part = node.get(name)
            if part is not None:
                yield name, part, resource.value(part)
        return
    value = resource.value(node)
    for name in rest:
        value = value.get(name) if isinstance(value, Object) else MISSING
    if isinstance(value, Object):
        for name in _PARTS:
            yield name, node, value.get(name)


def _is_preview(value: object) -> bool:
    """Whether one of the words of a name is preview: `preview`, `gen2preview`, `2025-preview-core`."""
    parts = value.parts if isinstance(value, Text) else (value,)
    return any(
        word.endswith(("preview", "previews"))
        for part in parts
        if isinstance(part, str) and "preview" in part.lower()
        for word in re.split(r"[^a-z0-9]", part.lower())
    )


def _written(node: Node, scope: Scope) -> Iterator[Label]:
    """The variables that a value comes from."""
    for _, name in variable_references(node):
        variable = scope.variables.get(str(name.value).lower())
        if variable is not None:
            yield Label(variable.place.span, "from this variable")


def vm_size_not_parameter(resource: Resource, _: Model) -> Iterator[Result]:
    """TPL508: a machine's size that whoever deploys the template cannot choose."""
    if resource.properties is None or resource.existing:
        return
    nested = None if resource.nested is None else resource.nested.node
    pending = [resource.properties]
    while pending:
        node = pending.pop()
        for member in node.members:
            if member.name.lower() != "vmsize":
                continue
            size = member.value
            if size.kind == "object" and resource.key == DEPLOYMENTS:
                size = size.get("value") or size
            if size.kind == "string" and not _has_parameter(size, resource):
                told = "the size of the machines is not a parameter"
                yield at_value(size, told, *_written(size, resource.scope))
        below = node.items or [member.value for member in node.members]
        pending.extend(n for n in reversed(below) if n is not nested)


def _has_parameter(node: Node, resource: Resource) -> bool:
    """Whether anything but literals goes into a value, by itself or through variables."""
    variables = resource.scope.variables
    seen: set[str] = set()
    pending = [node]
    while pending:
        current = pending.pop()
        if any(call.function not in _JOINING for _, call in calls(current)):
            return True
        for _, name in variable_references(current):
            key = str(name.value).lower()
            if key in variables and key not in seen:
                seen.add(key)
                pending.append(variables[key].copy or variables[key].node)
    return False
