"""Checks of where extensions and their properties stand, and of what they are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from armlint.arm import evaluate
from armlint.arm.extension import Shape
from armlint.arm.value import Term, Text
from armlint.checks.lifecycle import at_field
from armlint.finding import Label
from armlint.rule import at_key, at_value, tight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.extension import Extension
    from armlint.arm.model import Model
    from armlint.arm.template import Resource
    from armlint.arm.value import Value
    from armlint.edit import Fix
    from armlint.jsontext import Member, Node
    from armlint.rule import Result

_PROFILES: Final = frozenset({Shape.VMSS_PROFILE, Shape.FLEET})
# What a resource has and an entry of a profile has not.
_NOT_IN_PROFILES: Final = frozenset(
    {"location", "tags", "apiversion", "type", "dependson", "condition", "copy", "scope", "resources"}
)


# Of these, those that ask for nothing that would be lost with them.
_WITHOUT_EFFECT: Final = frozenset({"location", "tags", "apiversion", "type", "scope"})


def forbidden_property(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT119: a member of a resource in an entry of an extension profile, which is none."""
    if extension.shape not in _PROFILES:
        return
    for member in extension.node.members:
        name = member.name.lower()
        if name not in _NOT_IN_PROFILES or member.value.kind == "null":
            continue
        if name == "copy" and evaluate.is_loops(member.value):
            # Makes other members of the entry, as in any object.
            continue
        from armlint.checks import mending

        fix = mending.remove_member(member, model, safe=name in _WITHOUT_EFFECT)
        told = f"'{member.name}' does not belong in an entry of an extension profile"
        yield at_key(member, told, fix=fix)


_READ_ONLY: Final = ("provisioningState", "instanceView")
_READ_ONLY_OUTSIDE: Final = frozenset({"id", "systemdata", "etag"})
_IGNORED: Final = "'{}' is set by Azure and ignored in a deployment"


def read_only_property(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT126: a property that Azure returns and ignores when it is sent."""
    if extension.resource is None and _is_response(extension):
        return
    for name in _READ_ONLY:
        member = extension.member(name)
        value = extension.field(name)
        if value is not None and (member is not None or not isinstance(value, Term)):
            told = _IGNORED.format(name if member is None else member.name)
            for result in at_field(extension, name, told, key=True):
                yield result._replace(fix=_removing(member, model))
    if extension.node is extension.holder:
        return
    for member in extension.node.members:
        name = member.name.lower()
        if (
            name in _READ_ONLY_OUTSIDE
            and member.value.kind != "null"
            and not (name == "id" and _has_id(extension))
        ):
            yield at_key(member, _IGNORED.format(member.name), fix=_removing(member, model))


def _removing(member: Member | None, model: Model) -> Fix | None:
    if member is None:
        return None
    from armlint.checks import mending

    return mending.remove_member(member, model, safe=True)


def _is_response(extension: Extension) -> bool:
    """Whether a body is what Azure answered: nobody means to send that."""
    own = extension.node.get("id")
    return own is not None and isinstance(own.value, str) and own.value.lower().startswith("/subscriptions/")


def _has_id(extension: Extension) -> bool:
    """Whether an entry takes an `id`: those of scale sets did before 2017."""
    version = extension.api_version
    return extension.shape is Shape.VMSS_PROFILE and not (isinstance(version, str) and version >= "2017")


def bad_extension_name(extension: Extension, _: Model) -> Iterator[Result]:
    """EXT122: a name with more or fewer segments than the type asks for."""
    node = extension.node.get("name")
    resource = extension.resource
    if node is None or resource is None:
        return
    if extension.node is not resource.node:
        wanted = ["extension"]
        fewer = True
    else:
        own = resource.value(resource.node.get("type"))
        if not isinstance(own, str) or resource.type is None:
            return
        segments = own.strip("/").split("/")
        full = "." in segments[0] and len(segments) > 1
        kinds = resource.type.split("/")[1:] if full else segments
        wanted = [kind.lower().removesuffix("s") for kind in kinds]
        # A child with its full type and short name is wrong in another way, and works in some places.
        fewer = resource.parent is None or not full
    given, exact = _segments(extension.inside(node))
    if given > len(wanted) or (exact and fewer and 0 < given < len(wanted)):
        number = f"{len(wanted)} segment{'s' if len(wanted) > 1 else ''}"
        yield at_value(
            node,
            f"the name of this extension takes {number} ({'/'.join(wanted)}), not {given}"
            f"{'' if exact else ' or more'}",
            *_origin(resource, node),
        )


def _origin(resource: Resource, node: Node) -> tuple[Label, ...]:
    source = evaluate.written(node, resource.scope)
    return () if source is node else (Label(tight(source), "comes from here"),)


def _segments(name: Value) -> tuple[int, bool]:
    """How many segments a name has at least, and whether that is exact; none for an empty one."""
    if isinstance(name, str):
        return (name.count("/") + 1 if name else 0), True
    if isinstance(name, Text):
        return sum(part.count("/") for part in name.parts if isinstance(part, str)) + 1, False
    return 0, False


_DURATION: Final = re.compile(
    r"P(?:([0-9.]{1,9})Y)?(?:([0-9.]{1,9})M)?(?:([0-9.]{1,9})W)?(?:([0-9.]{1,9})D)?"
    r"(?:T(?:([0-9.]{1,9})H)?(?:([0-9.]{1,9})M)?(?:([0-9.]{1,9})S)?)?"
)
# Minutes of a year, a month and so on down to a second.
_MINUTES: Final = (525_600, 43_200, 10_080, 1440, 60, 1, 1 / 60)
_PROFILE: Final = ("virtualMachineProfile", "extensionProfile", "extensionsTimeBudget")
_BUDGETS: Final = {
    "microsoft.compute/virtualmachines": ("properties", "extensionsTimeBudget"),
    "microsoft.compute/virtualmachinescalesets": ("properties", *_PROFILE),
    "microsoft.azurefleet/fleets": (
        "properties",
        "computeProfile",
        "baseVirtualMachineProfile",
        *_PROFILE[1:],
    ),
}


def extensions_time_budget(resource: Resource, _: Model) -> Iterator[Result]:
    """EXT120: a time budget that is no duration, or outside of what Azure accepts."""
    path = _BUDGETS.get(resource.key)
    node = None if path is None else written_at(resource, *path)
    if node is None or resource.existing or resource.condition is False:
        return
    value = resource.value(node)
    if isinstance(value, str):
        minutes = _minutes(value)
        if minutes is None:
            yield at_value(node, "extensionsTimeBudget is an ISO 8601 duration such as PT1H30M")
        elif not 15 <= minutes <= 120:  # noqa: PLR2004 - PT15M to PT2H
            yield at_value(node, f"extensionsTimeBudget lies between PT15M and PT2H, not {value}")
    elif isinstance(value, int | float):
        yield at_value(node, "extensionsTimeBudget is a duration such as PT1H30M, as text")


def written_at(resource: Resource, *path: str) -> Node | None:
    """The node at a path in a resource, also through variables; the last one as it stands there."""
    node: Node | None = resource.node
    for position, name in enumerate(path):
        if position and node is not None:
            node = evaluate.written(node, resource.scope)
        node = None if node is None else node.get(name)
    return node


def _minutes(text: str) -> float | None:
    match = _DURATION.fullmatch(text.strip().upper())
    if match is None or not any(match.groups()):
        return None
    try:
        return sum(
            float(number) * unit for number, unit in zip(match.groups(), _MINUTES, strict=True) if number
        )
    except ValueError:
        return None
