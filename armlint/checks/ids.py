"""Checks of resource ids: that they are made of what an id is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from armlint.arm import expression as syntax
from armlint.arm.functions import lookup
from armlint.arm.value import Text, known
from armlint.checks.expressions import calls_by_function, calls_in, pointer, properties_of
from armlint.checks.hygiene import compiled
from armlint.rule import Result, at_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.model import Model
    from armlint.arm.template import Site, Template
    from armlint.arm.value import Value
    from armlint.jsontext import Node

# The functions that make an id, with how many arguments may stand before the type.
_MAKERS: Final = {
    "resourceid": (0, 2),
    "subscriptionresourceid": (0, 1),
    "managementgroupresourceid": (0, 1),
    "tenantresourceid": (0, 0),
    "extensionresourceid": (1, 1),
}
_OWN: Final = frozenset({"resourcegroup", "subscription"})


def resource_id_form(template: Template, model: Model) -> Iterator[Result]:
    """TPL510: an id that cannot be one: a type without names, names without a type, a stray slash."""
    for function, found in calls_by_function(template, model).items():
        maker = function in _MAKERS
        if not maker and not _asks_about_an_id(function):
            continue
        for site, call in found:
            if maker:
                told = _bad_maker(call, site, template)
            elif call.args and _may_be_odd(call.args[0]):
                told = _bad_id(template.evaluator.expression(call.args[0], site.scope))
            else:
                continue
            if told is not None:
                span = site.place.span_of(call.start, call.end)
                yield Result(span, pointer(site.place), told)


def _asks_about_an_id(function: str) -> bool:
    """Whether a function asks Azure about a resource, named or given by its id as the first argument."""
    return function == "reference" or (function.startswith("list") and "." not in function)


def _may_be_odd(id_: syntax.Expression) -> bool:
    """Whether it is worth working out an id: what makes ids is looked at by itself."""
    if isinstance(id_, syntax.Literal):
        return "/" in str(id_.value)
    return not (isinstance(id_, syntax.Call) and (id_.function in _MAKERS or id_.function == "parameters"))


def _bad_maker(call: syntax.Call, site: Site, template: Template) -> str | None:
    if site.section == "functions" or _is_plain(call):
        return None
    values = [template.evaluator.expression(argument, site.scope) for argument in call.args]
    first, last = _MAKERS[call.function]
    for place, value in enumerate(values[first : last + 1], first):
        if isinstance(value, str) and "/" in value.strip("/"):
            return _bad_names(call, value, values, place)
        # What stands before the type may be known at deployment only.
        if not isinstance(value, str) and not _is_own(call.args[place]):
            return None
    if all(isinstance(value, str) for value in values) and len(values) > first:
        return f"'{call.name}' is given no resource type such as Microsoft.Compute/virtualMachines"
    return None


def _is_plain(call: syntax.Call) -> bool:
    """Whether a call has its type written out and a name for each segment, as nearly all do."""
    first = _MAKERS[call.function][0]
    kind = call.args[first] if len(call.args) > first else None
    if not isinstance(kind, syntax.Literal) or not isinstance(kind.value, str):
        return False
    slashes = kind.value.count("/")
    return slashes == len(call.args) - first - 1 > 0 and kind.value[0] != "/" and kind.value[-1] != "/"


def _bad_names(call: syntax.Call, kind: str, values: list[Value], place: int) -> str | None:
    """What is wrong with a type, or with the number of names after it."""
    if kind.startswith("/"):
        return f"the resource type that '{call.name}' is given starts with a slash"
    wanted, names = kind.strip("/").count("/"), values[place + 1 :]
    # Where all is known, the call is told to fail by another rule.
    if wanted == len(names) or all(map(known, values)):
        return None
    return (
        f"'{call.name}' needs one name for each segment of the type after the first ({wanted}),"
        f" not {len(names)}"
    )


def _is_own(argument: syntax.Expression) -> bool:
    """Whether an argument is the name or id of the deployment's own group or subscription."""
    while isinstance(argument, (syntax.Property, syntax.Index)):
        argument = argument.base
    return isinstance(argument, syntax.Call) and argument.function in _OWN


def _bad_id(value: Value) -> str | None:
    """What is wrong with a known id; None for a name, and for what only deployment can tell."""
    if not isinstance(value, str) or "/" not in value:
        return None
    pieces = value.strip("/").split("/")
    if "" in pieces:
        return "an id has nothing between two of its slashes"
    if value.startswith("/"):
        if pieces[0].lower() not in {"subscriptions", "providers"}:
            return "an id starts with /subscriptions/ or /providers/, or with a resource type"
        return None
    if "." not in pieces[0] or len(pieces) % 2 == 0:
        return "this is neither a name nor an id, which has pairs of type and name after its provider"
    return None


def computed_resource_id(template: Template, model: Model) -> Iterator[Result]:
    """TPL518: an id whose type is computed, or that repeats what its function knows."""
    if compiled(template):
        return
    for site, call in calls_in(template, model):
        if not call.args:
            continue
        first = call.args[0]
        if call.function in _MAKERS:
            if isinstance(first, syntax.Call) and first.function in {"concat", "format"}:
                told = f"'{call.name}' joins its arguments by itself: write the type as one text"
            elif _is_own(first) and not isinstance(first, syntax.Call) and call.function == "resourceid":
                told = f"'{call.name}' takes this from the deployment by itself: leave it out"
            else:
                continue
        elif _asks_about_an_id(call.function) and isinstance(first, syntax.Call):
            if first.function not in {"concat", "format"} or lookup(call.function) is None:
                continue
            told = f"the id that '{call.name}' is given is put together by hand: resourceId() makes it"
        else:
            continue
        yield Result(site.place.span_of(first.start, first.end), pointer(site.place), told)


def providers_api_versions(template: Template, model: Model) -> Iterator[Result]:
    """TPL512: an API version that is whatever Azure lists first on the day of the deployment."""
    for site, part, _ in properties_of(template, model, ("providers",), "apiversions"):
        yield Result(
            site.place.span_of(part.start, part.end),
            pointer(site.place),
            "the newest API version is another one tomorrow: write down the one that was tested",
        )


# Below these everything is data of somebody else's making, or is read by people.
_OPAQUE: Final = frozenset({"metadata", "definition", "policyrule", "tags", "serializeddata", "template"})


def id_not_derived(template: Template, _: Model) -> Iterator[Result]:
    """TPL509: the id of a resource that is spelt out instead of made by a function."""
    if compiled(template):
        return
    for resource in template.all_resources():
        pending = [m.value for m in resource.node.members if m.name.lower() not in {*_OPAQUE, "resources"}]
        while pending:
            node = pending.pop()
            if len(node.members) == 1 and node.key != "resource" and _is_no_id(node.get("id")):
                yield at_value(node.members[0].value, "this is no id of a resource")
            if node.kind == "string":
                told = _spelt_out(node, resource.value(node))
                if told is not None:
                    yield at_value(node, told)
                continue
            pending.extend(node.items or [m.value for m in node.members if m.name.lower() not in _OPAQUE])


def _is_no_id(node: Node | None) -> bool:
    """Whether what stands where a resource refers to another one, `{"id": …}`, can be no id."""
    if node is None or node.kind in {"object", "array", "null"}:
        return False
    text = node.value
    return not isinstance(text, str) or not ("/" in text or syntax.is_expression(text))


def _spelt_out(node: Node, value: Value) -> str | None:
    text = node.value
    if not isinstance(text, str):
        return None
    start = value.parts[0] if isinstance(value, Text) else value
    if not isinstance(start, str) or not start.lower().startswith("/subscriptions/"):
        return None
    read = syntax.read(text)
    if isinstance(read, syntax.Invalid) or (
        isinstance(read, syntax.Call) and read.function not in {"concat", "format"}
    ):
        return None
    if isinstance(read, (syntax.Property, syntax.Index)):
        return None
    if start.lower() == "/subscriptions/" and isinstance(value, Text) and value.parts[2:] == ():
        return "this is an id spelt out: subscription().id is the deployment's own"
    if isinstance(value, str) and value.strip("/").count("/") == 1:
        return "this subscription is the same in every deployment: subscription().id is the deployment's own"
    return "this is an id spelt out: resourceId() makes it from its type and names"
