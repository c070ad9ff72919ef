"""Checks of where resources go: that the location is for whoever deploys to choose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from armlint.arm import expression as syntax
from armlint.arm.evaluate import written
from armlint.arm.template import DEPLOYMENTS
from armlint.checks.expressions import pointer, properties_of
from armlint.checks.hygiene import compiled
from armlint.finding import Label
from armlint.jsontext import Member
from armlint.rule import Result, at_key, at_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.evaluate import Scope
    from armlint.arm.model import Model
    from armlint.arm.template import Resource, Template
    from armlint.arm.value import Value
    from armlint.jsontext import Node

# The functions whose `location` is where a template is deployed to.
_HERE: Final = ("resourcegroup", "deployment")
# What is in no region: directories, whose `location` says whose law applies, and what stands above groups.
_NOWHERE: Final = ("microsoft.azureactivedirectory/", "microsoft.management/", "microsoft.subscription/")
_LONGEST_REGION: Final = 40
_MAX_HOPS: Final = 20
_LOCATION: Final = "location"


def hardcoded_location(template: Template, model: Model) -> Iterator[Result]:
    """TPL503: a resource whose location is the same in every deployment."""
    # A module inside a compiled template has a file of its own, where it is checked.
    if template.deployment is not None and compiled(template):
        return
    told: set[int] = model.remember("locations", set)
    for resource in template.all_resources():
        node = resource.node.get(_LOCATION)
        # A deployment's own location is where Azure keeps its record.
        if node is None or resource.key == DEPLOYMENTS or resource.key.startswith(_NOWHERE):
            continue
        value = resource.value(node)
        if not _is_region(value):
            continue
        spot = _origin(node, resource.scope)
        if id(spot) in told or _reads_parameter(spot):
            continue
        told.add(id(spot))
        labels = [] if spot is node else [Label(node.span, f"the location of '{resource.label()}'")]
        yield at_value(spot, f"every deployment puts this into '{value}': make it a parameter", *labels)


def _is_region(value: Value) -> bool:
    """Whether a known value is the name of a region, and not `global`."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_REGION:
        return False
    return value.lower() != "global" and value.replace(" ", "").isalnum()


def _origin(node: Node, scope: Scope) -> Node:
    """Where a value is written that a string takes from a variable, or is passed to its template."""
    spot = node
    for _ in range(_MAX_HOPS):
        spot = written(spot, scope)
        read = syntax.read(spot.value) if isinstance(spot.value, str) else None
        if not isinstance(read, syntax.Call) or read.function != "parameters" or len(read.args) != 1:
            break
        name = read.args[0]
        key = str(name.value).lower() if isinstance(name, syntax.Literal) else ""
        parameter = scope.parameters.get(key)
        if parameter is None or scope.bindings is None or scope.outer is None:
            break
        passed = scope.bindings.get(key)
        given = parameter.node.get("defaultValue") if passed is None else passed.get("value")
        if given is None:
            break
        scope = scope if passed is None else scope.outer
        spot = given
    return spot


def _reads_parameter(node: Node) -> bool:
    """Whether a value is only known because this deployment is: that is no fixed one."""
    read = syntax.read(node.value) if isinstance(node.value, str) else None
    if read is None or isinstance(read, syntax.Invalid):
        return False
    return any(isinstance(part, syntax.Call) and part.function == "parameters" for part in syntax.walk(read))


def location_parameter(template: Template, model: Model) -> Iterator[Result]:
    """TPL517: a location that is not a parameter with the deployment's own location as its default."""
    if template.deployment is not None and compiled(template):
        return
    yield from _declared(template)
    yield from _read_outside(template, model)
    if template.deployment is not None:
        yield from _left_to_default(template, template.deployment)


def _declared(template: Template) -> Iterator[Result]:
    if template.scope is not template.declared:
        return
    parameter = template.declared.parameters.get(_LOCATION)
    if parameter is None:
        return
    kind = parameter.node.get("type")
    if kind is not None and isinstance(kind.value, str) and kind.value.lower() != "string":
        yield at_value(kind, f"parameter '{parameter.name}' is of type {kind.value}, not string")
    default = parameter.node.get("defaultValue")
    if default is not None:
        value = template.evaluator.value(default, template.declared)
        if _is_region(value):
            yield at_value(
                default,
                f"who passes no location deploys to '{value}': {_own(template)} is the default to have",
            )


def _own(template: Template) -> str:
    schema = template.node.get("$schema")
    address = str(schema.value).lower() if schema is not None else ""
    elsewhere = ("/subscriptiondeployment", "/managementgroupdeployment", "/tenantdeployment")
    return "[deployment().location]" if any(map(address.count, elsewhere)) else "[resourceGroup().location]"


def _read_outside(template: Template, model: Model) -> Iterator[Result]:
    for site, part, call in properties_of(template, model, _HERE, _LOCATION):
        if site.section == "parameters" or _of_deployment(site.place, model):
            continue
        told = (
            f"'{call.name}().location' belongs into the default of a parameter:"
            " here nobody can choose another location"
        )
        yield Result(site.place.span_of(part.start, part.end), pointer(site.place), told)


def _of_deployment(place: Node | Member, model: Model) -> bool:
    """Whether a string belongs to a deployment resource itself, not to what it deploys."""
    resources: dict[int, Resource] = model.remember(
        "resources by node", lambda: {id(found.node): found for found in model.resources}
    )
    node: Node | None = place.value if isinstance(place, Member) else place
    while node is not None:
        found = resources.get(id(node))
        if found is not None:
            return found.key == DEPLOYMENTS
        node = node.parent
    return False


def _left_to_default(template: Template, deployment: Resource) -> Iterator[Result]:
    """Parameters for a location that a deployment does not pass to the template nested in it."""
    bindings = template.declared.bindings
    if not template.inner or bindings is None or deployment.properties is None:
        return
    for name, parameter in template.declared.parameters.items():
        default = parameter.node.get("defaultValue")
        if default is None or name in bindings or not _is_for_location(name, default):
            continue
        passed = deployment.properties.member_named("parameters")
        label = Label(parameter.member.span, "declared here")
        told = f"'{deployment.label()}' passes no '{parameter.name}', so that its default decides"
        if passed is not None:
            yield at_key(passed, told, label)
        else:
            yield at_value(deployment.properties, told, label)


def _is_for_location(name: str, default: Node) -> bool:
    if name == _LOCATION:
        return True
    read = syntax.read(default.value) if isinstance(default.value, str) else None
    return (
        isinstance(read, syntax.Property)
        and read.name.lower() == _LOCATION
        and isinstance(read.base, syntax.Call)
        and read.base.function in _HERE
    )
