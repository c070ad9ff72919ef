"""Checks of names that never stay the same, and of calls that change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from armlint.arm import expression as syntax
from armlint.arm.evaluate import calls
from armlint.arm.value import Array, Object, Term, Text
from armlint.checks.expressions import calls_in, pointer
from armlint.checks.hygiene import compiled
from armlint.finding import Label
from armlint.rule import Result, at_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.evaluate import Parameter
    from armlint.arm.model import Model
    from armlint.arm.template import Resource, Template
    from armlint.arm.value import Value

# Resources that are run rather than kept; each run may have a name of its own.
_RUN: Final = frozenset(
    {
        "microsoft.resources/deployments",
        "microsoft.resources/deploymentscripts",
        "microsoft.compute/virtualmachines/runcommands",
        "microsoft.hybridcompute/machines/runcommands",
    }
)
_CHANGING: Final = frozenset({"newguid", "utcnow"})
_MAX_TERMS: Final = 500


def unstable_resource_name(resource: Resource, model: Model) -> Iterator[Result]:
    """TPL518: a resource whose name is another one in each deployment."""
    changing = model.remember("changing", lambda: _changing(model))
    node = resource.node.get("name")
    if not changing or node is None or resource.existing or resource.key in _RUN or not resource.key:
        return
    for term in _terms(resource.value(node)):
        if term.operation == "parameters":
            parameter = changing.get((term.arguments[0], str(term.arguments[-1]).lower()))
            if parameter is not None:
                told = f"the name is made from '{parameter.name}': each deployment makes a new resource"
                label = Label(parameter.member.span, "its default is new in each deployment")
                yield at_value(node, told, label)
                return


def _changing(model: Model) -> dict[tuple[Value, str], Parameter]:
    """The parameters, by scope and name in lower case, whose default is new in each deployment."""
    found: dict[tuple[Value, str], Parameter] = {}
    for template in model.templates:
        if template.scope is not template.declared:
            continue
        for name, parameter in template.scope.parameters.items():
            default = parameter.node.get("defaultValue")
            if default is not None and any(call.function in _CHANGING for _, call in calls(default)):
                found[template.scope.number, name] = parameter
    return found


def _terms(value: Value) -> Iterator[Term]:
    """The terms that a value is made of; the first of them where they are very many."""
    pending: list[Value] = [value]
    for _ in range(_MAX_TERMS):
        if not pending:
            return
        current = pending.pop()
        if isinstance(current, Term):
            yield current
            pending.extend(current.arguments)
        elif isinstance(current, Text):
            pending.extend(current.parts)
        elif isinstance(current, Array):
            pending.extend(current.items)
        elif isinstance(current, Object):
            pending.extend(field for _, field in current.fields.values())


def needless_function(template: Template, model: Model) -> Iterator[Result]:
    """TPL519: a call that gives back what it was given."""
    if compiled(template):
        return
    evaluator = template.evaluator
    for site, call in calls_in(template, model):
        if call.function not in {"concat", "format", "json"} or not call.args:
            continue
        first = call.args[0]
        literal = first.value if isinstance(first, syntax.Literal) else None
        told = ""
        if call.function == "json":
            told = "json('null') is null()" if literal == "null" else ""
        elif site.function is None:
            # In a user function nothing is known of the arguments.
            alone = None
            if call.function == "concat" and len(call.args) == 1:
                alone = first
            elif call.function == "format" and literal == "{0}" and len(call.args) == 2:  # noqa: PLR2004
                alone = call.args[1]
            if alone is not None and evaluator.surely_text(evaluator.expression(alone, site.scope)):
                told = f"{call.name}() of one text is that text"
        if told:
            yield Result(site.place.span_of(call.start, call.end), pointer(site.place), told)
