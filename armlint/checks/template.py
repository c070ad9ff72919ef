"""Checks of a template's frame: its schema and Azure's limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from armlint.arm.kind import Kind, schema_of
from armlint.rule import Result, at_key, at_value, tight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.model import Model
    from armlint.arm.template import Resource, Template
    from armlint.jsontext import Node

# Azure Resource Manager's limits for templates (Understand the structure and syntax of ARM
# templates; Best practices for ARM templates, Microsoft Learn).
_MAX_BYTES: Final = 4 * 1024 * 1024
_MAX_RESOURCES: Final = 800
_MAX_EXPRESSION: Final = 24_576
_MAX_MEMBERS: Final = {"parameters": 256, "variables": 512, "outputs": 64}


def over_limit(template: Template, model: Model) -> Iterator[Result]:
    """ARM004: more of something than Azure accepts in one template."""
    if template.deployment is None and model.kind is not Kind.LIVE:
        size = _size(model.document.source.text)
        if size > _MAX_BYTES:
            yield at_value(
                template.node, f"the file has {size:,} bytes; Azure accepts {_MAX_BYTES:,} for a template"
            )
    for name, most in _MAX_MEMBERS.items():
        member = template.node.member_named(name)
        if member is None:
            continue
        count = len(template.declared.variables) if name == "variables" else len(member.value.members)
        if count > most:
            yield at_key(member, f"the template has {count} {name}; Azure accepts {most}")
    resources = template.node.member_named("resources")
    count = sum(map(_instances, template.all_resources()))
    if count > _MAX_RESOURCES and resources is not None:
        yield at_key(
            resources,
            f"the template deploys {count} resources, loops included; Azure accepts {_MAX_RESOURCES}",
        )
    for site in model.sites(template):
        length = len(site.text) - 2
        if length > _MAX_EXPRESSION:
            pointer = site.place.pointer if hasattr(site.place, "pointer") else site.place.value.pointer
            yield Result(
                site.place.span,
                pointer,
                f"the expression has {length:,} characters; Azure accepts {_MAX_EXPRESSION:,}",
            )


def _size(text: str) -> int:
    """The bytes of the text in UTF-8, as it is sent to Azure."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _instances(resource: Resource) -> int:
    """How many resources one declaration deploys: known loop counts multiply, unknown ones do not."""
    if resource.existing:
        return 0
    total = 1
    current: Resource | None = resource
    while current is not None:
        count = None if current.copy is None else current.value(current.copy.get("count"))
        if isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= _MAX_RESOURCES:
            total *= count
        current = current.parent
    return total


def bad_schema_uri(template: Template, _: Model) -> Iterator[Result]:
    """ARM005: a `$schema` that is missing or is no deployment template's."""
    member = template.node.member_named("$schema")
    if member is None:
        if template.deployment is None:
            yield Result(tight(template.node), template.node.pointer, "the template has no '$schema'")
        return
    node: Node = member.value
    if not isinstance(node.value, str):
        yield at_value(node, "'$schema' is a string with the address of a deployment template schema")
        return
    named = schema_of(node.value)
    if named is None:
        yield at_value(node, "'$schema' is not the address of a deployment template schema")
    elif named.what != "template":
        yield at_value(node, "'$schema' names a parameter file, but this is a template")
