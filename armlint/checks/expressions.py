"""Checks of expressions: that they parse and that the names in them exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from armlint.arm import expression as syntax
from armlint.arm.evaluate import variable_references
from armlint.arm.graph import Edge, rings
from armlint.finding import Label
from armlint.jsontext import Member
from armlint.rule import Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from armlint.arm.model import Model
    from armlint.arm.template import Site, Template
    from armlint.jsontext import Node


def invalid_expression(template: Template, model: Model) -> Iterator[Result]:
    """EXP401: a string in brackets that is no expression."""
    for site in model.sites(template):
        read = syntax.read(site.text)
        if isinstance(read, syntax.Invalid):
            span = site.place.span_of(read.start, read.end)
            yield Result(span, pointer(site.place), read.message)


def undefined_parameter(template: Template, model: Model) -> Iterator[Result]:
    """EXP404: `parameters()` with a name that the expression's template does not declare."""
    for site, name in _named(template, model, "parameters"):
        if site.function is not None:
            if str(name.value).lower() not in site.function.parameters:
                where = f"user function '{site.function.name}'"
                yield _undefined(site, name, "parameter", where, site.function.parameters)
        elif str(name.value).lower() not in site.scope.parameters:
            names = [parameter.name for parameter in site.scope.parameters.values()]
            yield _undefined(site, name, "parameter", _where(site, template), names)


def undefined_variable(template: Template, model: Model) -> Iterator[Result]:
    """EXP405: `variables()` with a name that the expression's template does not define."""
    for site, name in _named(template, model, "variables"):
        if site.function is None and str(name.value).lower() not in site.scope.variables:
            names = [variable.name for variable in site.scope.variables.values()]
            yield _undefined(site, name, "variable", _where(site, template), names)


def variable_cycle(template: Template, _: Model) -> Iterator[Result]:
    """EXP407: variables that need each other."""
    if template.scope is not template.declared:
        return
    variables = list(template.scope.variables.values())
    positions = {variable.name.lower(): position for position, variable in enumerate(variables)}
    edges = [
        [
            Edge(position, positions[key], place, place.span_of(name.start, name.end))
            for place, name in variable_references(variable.node)
            if (key := str(name.value).lower()) in positions
        ]
        for position, variable in enumerate(variables)
    ]
    for ring in rings(edges):
        path = " → ".join([variables[edge.source].name for edge in ring] + [variables[ring[0].source].name])
        closing = ring[-1]
        labels = [
            Label(edge.span, f"'{variables[edge.source].name}' needs '{variables[edge.target].name}'")
            for edge in ring[:-1]
        ]
        what = "the variable needs itself" if len(ring) == 1 else "the variables need each other"
        yield Result(closing.span, pointer(closing.place), f"{what}: {path}", tuple(labels))


def pointer(place: Node | Member) -> str:
    """The JSON Pointer of a string, or of the member that a name belongs to."""
    return place.value.pointer if isinstance(place, Member) else place.pointer


def calls_in(template: Template, model: Model) -> tuple[tuple[Site, syntax.Call], ...]:
    """Each function call of a template with where it stands; found once for all rules that ask."""
    return model.remember(f"calls {id(template)}", lambda: _calls_in(template, model))


def _calls_in(template: Template, model: Model) -> tuple[tuple[Site, syntax.Call], ...]:
    return tuple([(site, call) for site in model.sites(template) for call in syntax.calls(site.text)])


def calls_by_function(template: Template, model: Model) -> Mapping[str, list[tuple[Site, syntax.Call]]]:
    """The calls of a template by the function in lower case: most rules look at those of few functions."""

    def index() -> dict[str, list[tuple[Site, syntax.Call]]]:
        found: dict[str, list[tuple[Site, syntax.Call]]] = {}
        for pair in calls_in(template, model):
            found.setdefault(pair[1].function, []).append(pair)
        return found

    return model.remember(f"calls by function {id(template)}", index)


def properties_of(
    template: Template, model: Model, functions: Iterable[str], name: str
) -> Iterator[tuple[Site, syntax.Property, syntax.Call]]:
    """Where a template reads a property, named in lower case, of what certain functions return.

    Each with its site, the property, and the call it is a property of.
    """
    calls_of = calls_by_function(template, model)
    # The call of an expression may be reached from several of its parts.
    seen: set[int] = set()
    for site, _ in (pair for function in functions for pair in calls_of.get(function, ())):
        if id(site.place) in seen:
            continue
        seen.add(id(site.place))
        read = syntax.read(site.text)
        if read is None or isinstance(read, syntax.Invalid):
            continue
        for part in syntax.walk(read):
            if (
                isinstance(part, syntax.Property)
                and part.name.lower() == name
                and isinstance(part.base, syntax.Call)
                and part.base.function in functions
            ):
                yield site, part, part.base


def _named(template: Template, model: Model, function: str) -> Iterator[tuple[Site, syntax.Literal]]:
    """Each literal name that a template gives to one function, with where it stands."""
    for site, call in calls_by_function(template, model).get(function, ()):
        if len(call.args) == 1:
            name = call.args[0]
            if isinstance(name, syntax.Literal) and isinstance(name.value, str):
                yield site, name


def _nearest(name: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, list(known), 1)), None)


def misspelt(template: Template, model: Model, section: str, declared: Iterable[str]) -> frozenset[str]:
    """The declared names, in lower case, that EXP404 or EXP405 takes undefined ones for."""
    known = dict.fromkeys(declared)
    undefined = {
        str(name.value).lower() for site, name in _named(template, model, section) if site.function is None
    }
    return frozenset(filter(None, (_nearest(name, known) for name in undefined - known.keys())))


def _where(site: Site, template: Template) -> str:
    where = "the template"
    if template.deployment is not None:
        where = f"the nested template of '{template.deployment.label()}'"
    if site.outer is not None and site.outer.deployment is not None:
        return f"{where}, in whose scope '{site.outer.deployment.label()}' is evaluated,"
    return where


def _undefined(site: Site, name: syntax.Literal, what: str, where: str, known: Iterable[str]) -> Result:
    folded = {key.lower(): key for key in known}
    near = _nearest(str(name.value).lower(), folded)
    hint = f"; did you mean '{folded[near]}'?" if near is not None else ""
    return Result(
        site.place.span_of(name.start, name.end),
        pointer(site.place),
        f"{where} has no {what} '{name.value}'{hint}",
    )
