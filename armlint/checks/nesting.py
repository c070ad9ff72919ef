"""Checks of nested templates: what they are passed and in which scope they are evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from armlint.arm import expression as syntax
from armlint.arm.template import DEPLOYMENTS
from armlint.arm.value import Array, Object, Text, known
from armlint.checks.credentials import declared_type
from armlint.finding import Label
from armlint.rule import Result, at_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.model import Model
    from armlint.arm.template import Resource, Template
    from armlint.arm.value import Value
    from armlint.jsontext import Node

_SECURE = {"securestring": "string", "secureobject": "object"}


def nested_parameter_type(template: Template, model: Model) -> Iterator[Result]:
    """TPL514: a value of another type than the nested template's parameter has."""
    for resource in template.all_resources():
        if resource.key != DEPLOYMENTS:
            continue
        nested = resource.nested or model.linked(resource)
        passed = resource.node.at("properties", "parameters")
        if nested is None or nested.scope is not nested.declared or passed is None:
            continue
        for member in passed.members:
            parameter = nested.declared.parameters.get(member.name.lower())
            value = member.value.get("value")
            if parameter is None or value is None:
                continue
            wanted = declared_type(parameter.node, nested)
            given = _type_of(value, resource, template)
            if wanted and given and _SECURE.get(wanted, wanted) != given:
                label = Label(
                    parameter.member.span,
                    f"declared here as {wanted}",
                    None if nested.document is template.document else nested.document.source,
                )
                from armlint.checks import mending

                yield at_value(
                    value,
                    f"parameter '{parameter.name}' of '{resource.label()}' is {wanted}, not {given}",
                    label,
                    fix=mending.convert(value, wanted, model),
                )


def _type_of(node: Node, resource: Resource, template: Template) -> str:
    """The type of a value, where it is sure; empty otherwise."""
    if node.kind == "string" and isinstance(node.value, str):
        read = syntax.read(node.value)
        if isinstance(read, syntax.Call) and read.function == "parameters" and len(read.args) == 1:
            name = read.args[0]
            scope = resource.scope
            if isinstance(name, syntax.Literal) and scope is template.declared:
                parameter = scope.parameters.get(str(name.value).lower())
                if parameter is not None:
                    kind = declared_type(parameter.node, template)
                    return _SECURE.get(kind, kind)
            return ""
    return _type_of_value(resource.value(node))


def _type_of_value(value: Value) -> str:
    if isinstance(value, Text):
        return "string"
    if isinstance(value, Array):
        return "array"
    if isinstance(value, Object):
        return "object"
    if not known(value) or value is None:
        return ""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    return "string" if isinstance(value, str) else ""


def outer_scope_in_language_2(template: Template, model: Model) -> Iterator[Result]:
    """TPL515: a nested template in outer scope where resources have symbolic names."""
    if not template.symbolic:
        return
    for resource in template.all_resources():
        if resource.nested is None or resource.nested.scope is resource.nested.declared:
            continue
        node = resource.node.at("properties", "expressionEvaluationOptions", "scope")
        value = resource.value(node)
        if node is not None and isinstance(value, str) and value.lower() == "outer":
            from armlint.checks import mending

            yield Result(
                node.span,
                node.pointer,
                f"'{resource.label()}' is evaluated in outer scope,"
                " which a template with symbolic names cannot have",
                fix=mending.evaluate_inside(node, resource.nested.node, model),
            )
