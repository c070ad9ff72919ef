"""Checks of an extension's version, upgrades and end of life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from armlint.arm import evaluate
from armlint.arm.extension import Shape
from armlint.arm.value import Array, Object, Term, Text
from armlint.finding import Label
from armlint.rule import at_key, at_value, tight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.catalogue import Entry
    from armlint.arm.evaluate import Parameter
    from armlint.arm.extension import Extension
    from armlint.arm.model import Model
    from armlint.arm.template import Template
    from armlint.arm.value import Value
    from armlint.edit import Fix
    from armlint.jsontext import Node
    from armlint.rule import Result


def origin(extension: Extension, node: Node) -> tuple[Label, ...]:
    """A label at the variable that a value is taken from, whole; none where it is written out."""
    if extension.resource is None:
        return ()
    source = evaluate.written(node, extension.resource.scope)
    return () if source is node else (Label(tight(source), "comes from here"),)


# Functions that give a text whatever they are given.
_TEXTS: Final = frozenset(
    {"base64", "concat", "format", "join", "replace", "string", "tolower", "toupper", "uri"}
)


def surely_given(value: Value, extension: Extension, *, empty: bool = False) -> bool:
    """Whether a value is surely not null, and not empty either unless `empty` is allowed."""
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, Term):
            if current.operation == "if":
                pending.extend(current.arguments[1:])
            elif current.operation == "parameters":
                if not _never_null(current, extension, empty=empty):
                    return False
            elif current.operation not in _TEXTS:
                return False
        elif current is None or (not empty and _is_empty(current)):
            return False
    return True


def _is_empty(value: Value) -> bool:
    if isinstance(value, Array):
        return not value.items
    return value == "" or (isinstance(value, Object) and not value.fields)


def _never_null(term: Term, extension: Extension, *, empty: bool) -> bool:
    """Whether a parameter cannot be null, or is not left empty where nobody says otherwise."""
    parameter = _declared(term, extension)
    if parameter is None:
        return False
    nullable, default = parameter.node.get("nullable"), parameter.node.get("defaultValue")
    if nullable is not None and nullable.value is not False:
        return False
    return default is None or not (default.kind == "null" or (not empty and default.value == ""))


def _declared(term: Term, extension: Extension) -> Parameter | None:
    """The declaration of a parameter, which may be one of a template around that passes it on."""
    template: Template | None = extension.template
    while template is not None:
        if template.scope.number == term.arguments[0]:
            return template.scope.parameters.get(str(term.arguments[-1]).lower())
        template = None if template.deployment is None else template.deployment.template
    return None


def at_field(extension: Extension, name: str, message: str, *, key: bool = False) -> Iterator[Result]:
    """A finding on a field of an extension, or on what all its properties come from.

    On the value, or with `key` on the key.
    """
    member = extension.member(name)
    if member is not None and key:
        yield at_key(member, message)
        return
    place = extension.holder if member is None else member.value
    if place is not None:
        yield at_value(place, message, *origin(extension, place))


def bad_type_handler_version(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT104: a version that is no `major.minor`."""
    value = extension.field("typeHandlerVersion")
    if value is None or value == "" or isinstance(value, Term | Text):
        return
    if isinstance(value, str) and _is_version(value):
        return
    what = "is not of the form major.minor"
    if isinstance(value, int | float) and not isinstance(value, bool):
        what = "is a number, in which 1.10 and 1.1 are the same"
    from armlint.checks import mending

    fix = mending.mend_version(extension, model)
    told = f"the version of extension '{extension.label}' {what}"
    for result in at_field(extension, "typeHandlerVersion", told):
        yield result._replace(fix=fix)


def _is_version(text: str) -> bool:
    """Two to four whole numbers with dots between them."""
    numbers = text.strip().split(".")
    return 2 <= len(numbers) <= 4 and all(n.isascii() and n.isdecimal() for n in numbers)  # noqa: PLR2004


def retired_extension(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT106: an extension that Azure has retired."""
    entry = model.entry(extension)
    if entry is None or entry.status_on(model.today) != "retired":
        return
    when = "is retired" if entry.retirement is None else f"was retired on {entry.retirement}"
    for result in at_type(extension, f"{entry.handler} {when}{_instead(entry)}"):
        yield result._replace(fix=_exchanged(extension, entry, model))


def retiring_extension(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT107: an extension that is deprecated, or will be retired."""
    entry = model.entry(extension)
    if entry is None or entry.status_on(model.today) != "deprecated":
        return
    when = "is deprecated" if entry.retirement is None else f"will be retired on {entry.retirement}"
    for result in at_type(extension, f"{entry.handler} {when}{_instead(entry)}"):
        yield result._replace(fix=_exchanged(extension, entry, model))


def _exchanged(extension: Extension, entry: Entry, model: Model) -> Fix | None:
    """The fix that puts the successor of a handler in its place, where it has one."""
    if entry.replacement is None or not entry.replacement.drop_in:
        return None
    from armlint.checks import mending

    return mending.exchange_handler(extension, entry, model)


def _instead(entry: Entry) -> str:
    return f"; instead: {entry.replacement.text}" if entry.replacement is not None else ""


def at_type(extension: Extension, message: str, *labels: Label) -> Iterator[Result]:
    """A finding about what an extension is: at its `type`, or where all its properties come from."""
    for result in at_field(extension, "type", message):
        yield result._replace(labels=(*labels, *result.labels))


def is_on(value: Value) -> bool:
    """Whether a switch is surely on: true, also as text."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def is_off(value: Value) -> bool:
    """Whether a switch is surely off: false, also as text."""
    return value is False or (isinstance(value, str) and value.lower() == "false")


# Azure's table is about virtual machines and scale sets; Azure Local and Arc have lists of their own.
_OTHER_LISTS: Final = frozenset({Shape.ARC, Shape.HCI})


def automatic_upgrade_unsupported(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT125: automatic upgrade for a handler that Azure's table does not list."""
    entry = model.entry(extension)
    if entry is None or entry.automatic_upgrade is True or extension.shape in _OTHER_LISTS:
        return
    if is_on(extension.field("enableAutomaticUpgrade")):
        yield from at_field(
            extension,
            "enableAutomaticUpgrade",
            f"{entry.handler} is not in Azure's table of extensions with automatic upgrade",
        )


def suppressed_failures(extension: Extension, _: Model) -> Iterator[Result]:
    """EXT123: failures of the handler do not fail the deployment."""
    if is_on(extension.field("suppressFailures")):
        yield from at_field(
            extension, "suppressFailures", f"a failure of extension '{extension.label}' goes unseen"
        )


# The API version with which a property appears, by the shape of the extension: the earliest that any
# source names (the resource providers' schemas, Microsoft Learn).
_VM: Final = {
    "provisionAfterExtensions": "2023-03-01",
    "enableAutomaticUpgrade": "2019-12-01",
    "suppressFailures": "2021-07-01",
    "protectedSettingsFromKeyVault": "2021-11-01",
}
_VMSS: Final = {**_VM, "forceUpdateTag": "2017-03-30", "provisionAfterExtensions": "2018-06-01"}
_SINCE: Final = {
    Shape.VM: _VM,
    Shape.VMSS: _VMSS,
    Shape.VMSS_INSTANCE: _VM,
    Shape.VMSS_PROFILE: _VMSS,
    Shape.ARC: {"enableAutomaticUpgrade": "2021-12-10"},
    Shape.SF_MANAGED: {"enableAutomaticUpgrade": "2022-01-01", "setupOrder": "2023-09-01"},
    Shape.BATCH: {"enableAutomaticUpgrade": "2023-05-01"},
}
# Preview types with Arc's shape have dates of their own.
_ARC: Final = "microsoft.hybridcompute/"


def api_version_too_old(extension: Extension, _: Model) -> Iterator[Result]:
    """EXT118: a property that the API version of the resource does not know yet."""
    resource = extension.resource
    if extension.shape is Shape.ARC and (resource is None or not resource.key.startswith(_ARC)):
        return
    version = extension.api_version
    if not isinstance(version, str):
        return
    for name, since in _SINCE.get(extension.shape, {}).items():
        if _older(version, since) and surely_given(extension.field(name), extension, empty=True):
            message = f"'{name}' needs apiVersion {since} or later, this is {version}"
            yield from at_field(extension, name, message, key=True)


def _older(version: str, since: str) -> bool:
    """Whether an API version is older than a day; a preview counts as its day."""
    day = version[:10]
    return len(day) == len(since) and day.replace("-", "").isdecimal() and day < since
