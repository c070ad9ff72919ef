"""Checks of API versions against the table of those that Azure has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from armlint.arm.evaluate import written
from armlint.arm.template import DEPLOYMENTS
from armlint.arm.value import Text
from armlint.arm.versions import is_stable, is_version
from armlint.checks.expressions import calls_in, pointer
from armlint.checks.hygiene import compiled
from armlint.finding import Label
from armlint.rule import Result, at_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.model import Model
    from armlint.arm.template import Resource, Template
    from armlint.arm.value import Value
    from armlint.arm.versions import ApiVersions

# What arm-ttk takes for the wish to keep an old version.
_KEPT: Final = "disable-apiversions-should-be-recent"
_UNKNOWN: Final = "\0"


def old_api_version(template: Template, model: Model) -> Iterator[Result]:
    """TPL505: a resource with an API version that is old, or a preview of what has come out since."""
    table = model.versions
    if table is None:
        return
    made = compiled(template)
    for resource in template.all_resources():
        if not (made and resource.key == DEPLOYMENTS) and not _kept(resource):
            yield from _of_resource(resource, table, model)


def old_api_version_in_function(template: Template, model: Model) -> Iterator[Result]:
    """TPL519: a call that asks about a resource with such an API version."""
    # Nobody writes these in Bicep.
    if not compiled(template):
        yield from _in_calls(template, model)


def _kept(resource: Resource) -> bool:
    metadata = resource.node.get("metadata")
    return metadata is not None and any(str(item.value).lower() == _KEPT for item in metadata.items)


def _of_resource(resource: Resource, table: ApiVersions, model: Model) -> Iterator[Result]:
    node = resource.node.get("apiVersion")
    if node is None:
        return
    version = resource.value(node)
    if not isinstance(version, str):
        return
    spot = written(node, resource.scope)
    labels = [] if spot is node else [Label(spot.span, "written here")]
    if not is_version(version):
        yield at_value(node, "this is no API version: those are dates, such as 2024-03-01", *labels)
        return
    told = _told(resource.key, version, table, model)
    if told is not None:
        yield at_value(node, told, *labels)


def _told(kind: str, version: str, table: ApiVersions, model: Model) -> str | None:
    better = table.better(kind, version, model.today)
    if better is None:
        return None
    as_of = f"(as of {table.date}, the date of armlint's table)"
    if is_stable(version) or not is_stable(better):
        return f"{version} is older than two years; use {better} {as_of}"
    return f"{version} is a preview of what has come out since: use {better} {as_of}"


def _in_calls(template: Template, model: Model) -> Iterator[Result]:
    for site, call in calls_in(template, model):
        if not call.args[1:] or "." in call.function or site.section == "functions":
            continue
        if call.function != "reference" and not call.function.startswith("list"):
            continue
        version = template.evaluator.expression(call.args[1], site.scope)
        if not isinstance(version, str) or not is_version(version):
            continue
        kind = _type_in(template.evaluator.expression(call.args[0], site.scope))
        table = None if kind is None else model.versions
        told = None if kind is None or table is None else _told(kind, version, table, model)
        if told is not None:
            span = site.place.span_of(call.args[1].start, call.args[1].end)
            yield Result(span, pointer(site.place), told)


def _type_in(id_: Value) -> str | None:
    """The type of the resource that an id is of, where the id says so."""
    if isinstance(id_, Text):
        text = "".join(part if isinstance(part, str) else _UNKNOWN for part in id_.parts)
    elif isinstance(id_, str):
        text = id_
    else:
        return None
    provider, *pairs = text.rpartition("/providers/")[2].strip("/").split("/")
    kinds = pairs[::2]
    if "." not in provider or len(pairs) % 2 or any(_UNKNOWN in part for part in (provider, *kinds)):
        return None
    return "/".join([provider, *kinds])
