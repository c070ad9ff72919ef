"""Checks of function calls: that the function exists, may stand there, and can succeed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from armlint.arm import expression as syntax
from armlint.arm.functions import BICEP_ONLY, POLICY_ONLY, Place, lookup, suggestion
from armlint.arm.value import Failure
from armlint.checks.expressions import calls_by_function, pointer
from armlint.jsontext import Member
from armlint.rule import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.functions import Function
    from armlint.arm.model import Model
    from armlint.arm.template import Site, Template
    from armlint.jsontext import Node


def _at(site: Site, call: syntax.Call, message: str) -> Result:
    return Result(site.place.span_of(call.start, call.name_end), pointer(site.place), message)


def unknown_function(template: Template, model: Model) -> Iterator[Result]:
    """EXP402: a call of a function that does not exist."""
    for function, found in calls_by_function(template, model).items():
        if "." in function:
            for site, call in found:
                if function not in site.scope.functions:
                    hint = _hint(call.name)
                    yield _at(site, call, f"the template defines no function '{call.name}'{hint}")
        elif lookup(function) is None:
            for site, call in found:
                yield _at(site, call, f"there is no function '{call.name}'{_hint(call.name)}")


def _hint(name: str) -> str:
    folded = name.lower()
    if folded in {known.lower() for known in BICEP_ONLY}:
        return "; it exists in Bicep only"
    if folded in {known.lower() for known in POLICY_ONLY}:
        return "; it is a policy function: write '[[' where the policy engine is to evaluate it"
    near = suggestion(name)
    return f"; did you mean '{near}'?" if near else ""


def wrong_argument_count(template: Template, model: Model) -> Iterator[Result]:
    """EXP403: a call with more or fewer arguments than the function takes."""
    for name, found in calls_by_function(template, model).items():
        if "." in name:
            for site, call in found:
                user = site.scope.functions.get(name)
                if user is not None and len(call.args) != len(user.parameters):
                    takes = _arguments(len(user.parameters))
                    yield _at(site, call, f"'{call.name}' takes {takes}, not {len(call.args)}")
            continue
        function = lookup(name)
        if function is None:
            continue
        # The calls of one function differ in few numbers of arguments.
        accepted = {count: function.accepts(count) for count in {len(call.args) for _, call in found}}
        for site, call in () if all(accepted.values()) else found:
            if not accepted[len(call.args)]:
                yield _at(site, call, f"'{function.name}' takes {function.arity}, not {len(call.args)}")


def _arguments(count: int) -> str:
    return "no arguments" if count == 0 else f"{count} argument{'' if count == 1 else 's'}"


_BOUND: Final = (Place.DEFAULT, Place.RUNTIME)


def function_not_allowed(template: Template, model: Model) -> Iterator[Result]:
    """EXP406: a call where Azure does not evaluate such a function."""
    for name, found in calls_by_function(template, model).items():
        function = lookup(name)
        # Most functions may be called everywhere.
        if function is None or (function.place not in _BOUND and name != "variables"):
            continue
        for site, call in found:
            reason = _refused(function, site)
            if reason is not None:
                yield _at(site, call, f"'{function.name}' cannot be called {reason}")


def _refused(function: Function, site: Site) -> str | None:
    if function.place is Place.DEFAULT and site.section != "parameters":
        return "here: it is allowed in the default value of a parameter only"
    if function.place is Place.RUNTIME:
        where = {
            "parameters": "in the default value of a parameter",
            "variables": "in a variable",
            "functions": "in a user-defined function",
        }.get(site.section)
        if where is not None:
            return f"{where}: it needs resources that exist only later"
    if site.section == "functions" and function.name.lower() == "variables":
        return "in a user-defined function, which sees its own parameters only"
    return None


def _conditional(place: Node | Member, known: dict[int, bool]) -> bool:
    """Whether a string stands in something that may not be deployed, or not even once.

    `known` holds by the identity of a node what was found of it before; it is added to.
    """
    node: Node | None = place.value if isinstance(place, Member) else place
    passed = []
    found = None
    while node is not None and found is None:
        found = known.get(id(node))
        if found is None:
            if node.kind != "string":
                # A string has no members, and nothing else stands in it that might ask again.
                passed.append(id(node))
                if node.get("condition") is not None or node.get("copy") is not None:
                    found = True
            if node.key == "copy":
                found = True
            node = node.parent
    for each in passed:
        known[each] = found is True
    return found is True


def constant_error(template: Template, model: Model) -> Iterator[Result]:
    """EXP408: an expression that fails whatever is deployed."""
    conditional: dict[int, bool] = {}
    for site in model.sites(template):
        # Any deployment may pass another value than a default.
        if site.section in {"parameters", "functions"} or _conditional(site.place, conditional):
            continue
        read = syntax.read(site.text)
        if read is None or isinstance(read, (syntax.Invalid, syntax.Literal)):
            continue
        value = template.evaluator.expression(read, site.scope)
        if isinstance(value, Failure) and _tells_more(value):
            failed = value.expression or read
            when = "wherever it is used" if site.section == "variables" else "in every deployment"
            span = site.place.span_of(failed.start, failed.end)
            yield Result(span, pointer(site.place), f"this fails {when}: {value.message}")


def _tells_more(failure: Failure) -> bool:
    """Whether a failure is this string's own, and no other rule tells of it."""
    failed = failure.expression
    if failed is None or failure.node is not None:
        return False
    if not isinstance(failed, syntax.Call):
        return True
    function = lookup(failed.function)
    if function is None or failed.function in {"parameters", "variables"}:
        return False
    return function.accepts(len(failed.args))
