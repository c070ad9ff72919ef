"""Checks of what a template declares: that it is used, and that it can be met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm import expression as syntax
from armlint.arm.evaluate import Scope, calls
from armlint.arm.value import Array, Object, Term, Text, can_equal, key_of, parts
from armlint.checks.expressions import calls_by_function, misspelt
from armlint.finding import Label
from armlint.jsontext import Member
from armlint.rule import Result, at_key, at_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from armlint.arm.evaluate import Variable
    from armlint.arm.model import Model
    from armlint.arm.template import Template
    from armlint.arm.value import Parts, Value
    from armlint.edit import Fix
    from armlint.jsontext import Node

# So many names that a computed one may come to are told apart; of more, only their form counts.
_MAX_NAMES: Final = 64
_MAX_FORMS: Final = 256
_READERS: Final = ("parameters", "variables", "deployment")
# Members of a template that Azure does not evaluate, or whose expressions are found as sites.
_KNOWN_SECTIONS: Final = frozenset(
    {
        "$schema",
        "apiprofile",
        "contentversion",
        "definitions",
        "functions",
        "languageversion",
        "metadata",
        "outputs",
        "parameters",
        "resources",
        "variables",
    }
)


def unused_parameter(template: Template, model: Model) -> Iterator[Result]:
    """TPL501: a parameter that no expression of its template reads."""
    if not _answers_for(template, model):
        return
    declared = template.declared.parameters
    for name in _unused(template, model, "parameters", declared):
        parameter = declared[name]
        # arm-ttk has it that these are unused on purpose.
        if not name.startswith("__"):
            told = f"parameter '{parameter.name}'{_whose(template)} is never used"
            nodes = [parameter.node, *_passed(name, template)]
            # Whoever deploys the file may pass it, and Azure refuses what is not declared.
            safe = template.deployment is not None and template.scope.bindings is not None
            yield at_key(parameter.member, told, fix=_removal("the parameter", nodes, model, safe=safe))


def unused_variable(template: Template, model: Model) -> Iterator[Result]:
    """TPL502: a variable that no expression of its template reads."""
    if not _answers_for(template, model):
        return
    declared = template.declared.variables
    for name in _unused(template, model, "variables", declared):
        variable = declared[name]
        if _generated(variable.name) and compiled(template):
            continue
        # Made to stop the deployment, not to be read.
        if any(call.function == "fail" for _, call in calls(variable.node)):
            continue
        told = f"variable '{variable.name}'{_whose(template)} is never used"
        fix = _removal("the variable", [_whole_of(variable)], model, safe=True)
        if isinstance(variable.place, Member):
            yield at_key(variable.place, told, fix=fix)
        else:
            yield at_value(variable.place, told, fix=fix)


def _whole_of(variable: Variable) -> Node:
    """What is to go with a variable: its value, its loop, or all loops where there is no other."""
    loop = variable.copy
    if loop is None:
        return variable.node
    return loop.parent if loop.parent is not None and len(loop.parent.items) == 1 else loop


def _passed(name: str, template: Template) -> list[Node]:
    """What the deployment of a nested template passes for a parameter."""
    bindings = template.scope.bindings
    return [] if bindings is None or name not in bindings else [bindings[name]]


def _removal(what: str, nodes: list[Node], model: Model, *, safe: bool) -> Fix | None:
    from armlint import edit

    text = model.document.source.text
    return edit.fix(f"Remove {what}", *(edit.remove(text, node) for node in nodes), safe=safe)


def compiled(template: Template) -> bool:
    """Whether a template, or one that it is nested in, says that Bicep has written it."""
    current: Template | None = template
    while current is not None:
        name = current.node.at("metadata", "_generator", "name")
        if name is not None and str(name.value).lower() == "bicep":
            return True
        current = None if current.deployment is None else current.deployment.template
    return False


def _generated(name: str) -> bool:
    """Whether a variable has a name that nobody can write in Bicep: the compiler has made it."""
    return not name.isidentifier()


def _answers_for(template: Template, model: Model) -> bool:
    """Whether what a template declares is for its author to use, and the whole of it can be read."""
    if template.scope is not template.declared or model.document.errors:
        return False
    # A module inside a compiled template has a file of its own, where it is checked.
    return template.deployment is None or not compiled(template)


def _whose(template: Template) -> str:
    if template.deployment is None:
        return ""
    return f" of the nested template of '{template.deployment.label()}'"


class _Uses(NamedTuple):
    """What the expressions of a template read by name, in lower case.

    `computed` holds the forms of names that are computed. `quoted` is what stands between quotes in
    texts that were meant to be expressions: the mistake there is told by another rule. `reflects`
    says that the deployment's own definition is read, which holds all names.
    """

    names: frozenset[str]
    computed: tuple[Parts, ...]
    quoted: frozenset[str]
    reflects: bool

    def has(self, name: str) -> bool:
        """Whether a name may be read."""
        return (
            name in self.names
            or self.reflects
            or name in self.quoted
            or any(can_equal(form, (name,)) for form in self.computed)
        )


def _unused(template: Template, model: Model, section: str, declared: Iterable[str]) -> list[str]:
    """The names, in lower case, of a section of a template that nothing in it reads."""
    declared = list(declared)
    if not declared:
        return []
    uses = _uses(template, model)[section == "variables"]
    unused = [name for name in declared if not uses.has(name)]
    if not unused:
        return []
    # A name that is misspelt where it is used is told there.
    meant = misspelt(template, model, section, declared)
    return [name for name in unused if name not in meant]


def _uses(template: Template, model: Model) -> tuple[_Uses, _Uses]:
    """What a template reads of its parameters, and of its variables."""
    return model.remember(f"uses {id(template)}", lambda: _read_uses(template, model))


def _read_uses(template: Template, model: Model) -> tuple[_Uses, _Uses]:
    names: dict[str, set[str]] = {"parameters": set(), "variables": set()}
    computed: dict[str, list[syntax.Expression]] = {"parameters": [], "variables": []}
    reflecting: list[str] = []
    for call, text in _reads(template, model):
        if call.function == "deployment":
            reflecting.append("".join(text.lower().split()))
        elif len(call.args) == 1:
            name = call.args[0]
            if isinstance(name, syntax.Literal):
                names[call.function].add(str(name.value).lower())
            else:
                computed[call.function].append(name)
    quoted: set[str] = set()
    for site in model.sites(template):
        if isinstance(syntax.read(site.text), syntax.Invalid):
            quoted.update(site.text.lower().split("'"))
    scope = _unbound(template) if computed["parameters"] or computed["variables"] else template.scope
    made = []
    for section in ("parameters", "variables"):
        forms = _forms_of(computed[section], template, scope)
        known = {form[0] for form in forms if len(form) == 1 and isinstance(form[0], str)}
        made.append(
            _Uses(
                frozenset(names[section] | known),
                tuple(form for form in forms if len(form) != 1 or not isinstance(form[0], str)),
                frozenset(quoted),
                any(f".{section}" in text for text in reflecting),
            )
        )
    return made[0], made[1]


def _reads(template: Template, model: Model) -> Iterator[tuple[syntax.Call, str]]:
    """Each call of `parameters`, `variables` and `deployment` in a template, with the string it is in."""
    calls_of = calls_by_function(template, model)
    for function in _READERS:
        for site, call in calls_of.get(function, ()):
            # What a user function calls a parameter is its own.
            if site.function is None or function != "parameters":
                yield call, site.text
    for member in template.node.members:
        if member.name.lower() not in _KNOWN_SECTIONS:
            for place, call in calls(member.value):
                if call.function in _READERS:
                    yield call, place.name if isinstance(place, Member) else str(place.value)


def _unbound(template: Template) -> Scope:
    """The template's scope, but that its parameters may have any value that they can be passed."""
    scope = template.scope
    return Scope(
        template.evaluator.new_scope(),
        parameters=scope.parameters,
        variables=scope.variables,
        functions=scope.functions,
        definitions=scope.definitions,
        language=scope.language,
    )


def _forms_of(names: list[syntax.Expression], template: Template, scope: Scope) -> tuple[Parts, ...]:
    """The forms of computed names; one that fits every name where there are too many of them."""
    forms: dict[object, Parts] = {}
    for name in names:
        for form in _forms(template.evaluator.expression(name, scope), template, scope):
            forms[key_of(form)] = form
        if () in forms or len(forms) > _MAX_FORMS:
            return ((),)
    return tuple(forms.values())


def _forms(value: Value, template: Template, scope: Scope) -> list[Parts]:
    """The names that a computed name may come to, as far as they are known."""
    pieces = value.parts if isinstance(value, Text) else (value,)
    found: list[list[Value]] = [[]]
    for piece in pieces:
        choices = _choices(piece, scope)
        if choices is None or len(found) * len(choices) > _MAX_NAMES:
            choices = [piece]
        found = [[*form, choice] for form in found for choice in choices]
    if not all(isinstance(choice, (str, Text, Term)) for form in found for choice in form):
        return [()]
    return [parts(template.evaluator.pool.text(form)) for form in found]  # type: ignore[arg-type]


def _choices(value: Value, scope: Scope) -> list[Value] | None:
    """The texts that a value which is only known at deployment may be; None where they cannot be told."""
    found: list[Value] = []
    pending: list[Value] = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, (str, Text)):
            found.append(current)
        elif isinstance(current, int) and not isinstance(current, bool):
            found.append(str(current))
        else:
            further = _alternatives(current, scope) if isinstance(current, Term) else None
            if further is None or len(found) + len(pending) + len(further) > _MAX_NAMES:
                return None
            pending += further
    return found


def _alternatives(term: Term, scope: Scope) -> Sequence[Value] | None:
    """The values of which a term is surely one, but for letter case."""
    operation, arguments = term.operation, term.arguments
    if operation == "if":
        return arguments[1:]
    if operation in {"tolower", "toupper"}:
        return arguments
    if operation == "parameters":
        return _allowed(arguments[-1], scope)
    if operation == "property" and isinstance(arguments[0], Array):
        return arguments[0].items
    if operation == "property" and isinstance(arguments[0], Object):
        return [field for _, field in arguments[0].fields.values()]
    return None


def _allowed(name: Value, scope: Scope) -> list[Value] | None:
    parameter = scope.parameters.get(name.lower()) if isinstance(name, str) else None
    values = None if parameter is None else parameter.node.get("allowedValues")
    if values is None or values.kind != "array":
        return None
    return [item.value for item in values.items]


_BOUNDS: Final = (("minValue", "maxValue"), ("minLength", "maxLength"))


def min_max_value(template: Template, _: Model) -> Iterator[Result]:
    """TPL506: bounds of a parameter that are no whole numbers, or that nothing fits between."""
    scope = template.declared
    for parameter in scope.parameters.values():
        yield from _bounds(parameter.node, f"parameter '{parameter.name}'", template)
    for member in () if scope.definitions is None else scope.definitions.members:
        yield from _bounds(member.value, f"type '{member.name}'", template)


def _bounds(node: Node, what: str, template: Template) -> Iterator[Result]:
    for names in _BOUNDS:
        nodes = [node.get(name) for name in names]
        if nodes == [None, None]:
            continue
        limits: list[int | None] = []
        for name, limit in zip(names, nodes, strict=True):
            given = None if limit is None else _whole(limit)
            limits.append(given)
            if limit is None or limit.kind == "null":
                continue
            if given is None:
                yield at_value(limit, f"'{name}' of {what} is no whole number")
            elif given < 0 and name.endswith("Length"):
                yield at_value(limit, f"'{name}' of {what} is below zero")
        low, high = limits
        if low is not None and high is not None and low > high and nodes[0] is not None:
            label = Label(nodes[1].span, "the upper bound") if nodes[1] is not None else None
            yield at_value(
                nodes[0],
                f"no value fits {what}: its '{names[0]}' is {low}, its '{names[1]}' {high}",
                *([] if label is None else [label]),
            )
            continue
        yield from _default_outside(node, what, names, (low, high), template)


def one_sided_bounds(template: Template, _: Model) -> Iterator[Result]:
    """TPL517: a number with a lower bound and no upper one, or the other way round."""
    for parameter in template.declared.parameters.values():
        low, high = map(parameter.node.member_named, _BOUNDS[0])
        for bound, other, name in ((low, high, "maxValue"), (high, low, "minValue")):
            if bound is not None and other is None:
                yield at_key(bound, f"parameter '{parameter.name}' has no '{name}'")


def _whole(node: Node) -> int | None:
    value = node.value
    return value if node.kind == "number" and isinstance(value, int) else None


def _default_outside(
    node: Node,
    what: str,
    names: tuple[str, str],
    limits: tuple[int | None, int | None],
    template: Template,
) -> Iterator[Result]:
    default = node.get("defaultValue")
    kind = str(getattr(node.get("type"), "value", "")).lower()
    if default is None:
        return
    measured = _measure(template.evaluator.value(default, template.declared), kind, names[0])
    if measured is None:
        return
    low, high = limits
    said = "the default" if names[0] == "minValue" else "the length of the default"
    if measured == 0 and names[0] == "minLength" and kind == "string":
        # So the portal asks for a value: it shows an empty box, and does not go on.
        return
    if low is not None and measured < low:
        yield at_value(default, f"{said} of {what} is {measured}, below its '{names[0]}' of {low}")
    elif high is not None and measured > high:
        yield at_value(default, f"{said} of {what} is {measured}, above its '{names[1]}' of {high}")


def _measure(value: Value, kind: str, bound: str) -> int | None:
    """What a bound looks at in a known value of a type: a number itself, the length of a text or an array."""
    if bound == "minValue":
        return value if kind == "int" and isinstance(value, int) and not isinstance(value, bool) else None
    if kind == "string" and isinstance(value, str):
        return len(value.encode("utf-16-le", "surrogatepass")) // 2
    return len(value.items) if kind == "array" and isinstance(value, Array) else None


_LOCATION: Final = "_artifactsLocation"
_TOKEN: Final = "_artifactsLocationSasToken"  # noqa: S105 - a parameter's name


def artifacts_parameter(template: Template, _: Model) -> Iterator[Result]:
    """TPL513: the parameters that say where a template's other files are, not as the portal passes them."""
    if template.scope is not template.declared:
        return
    declared = template.declared.parameters
    for own, partner, types in (
        (_LOCATION, _TOKEN, ("string", "securestring")),
        (_TOKEN, _LOCATION, ("securestring",)),
    ):
        parameter = declared.get(own.lower())
        if parameter is None:
            continue
        if partner.lower() not in declared:
            yield at_key(parameter.member, f"there is '{own}', but no parameter '{partner}'")
        kind = parameter.node.get("type")
        if kind is not None and isinstance(kind.value, str) and kind.value.lower() not in types:
            yield at_value(kind, f"'{own}' is not of type {types[0]}")
        default = parameter.node.member_named("defaultValue")
        wrong = "" if default is None else _wrong_default(own, default.value, template)
        if default is not None and wrong:
            yield at_key(default, wrong)


def _wrong_default(name: str, default: Node, template: Template) -> str:
    if template.deployment is not None:
        return f"'{name}' of a nested template has a default, so that it need not be passed on"
    if name == _TOKEN:
        return "" if default.value == "" else f"the default of '{name}' is not the empty string"
    if _is_place(template.evaluator.value(default, template.declared)):
        return ""
    return (
        f"the default of '{name}' is neither an address nor taken from deployment().properties.templateLink"
    )


def _is_place(value: Value) -> bool:
    """Whether a default is an address, or made from the address of the template."""
    if isinstance(value, str):
        return value.lower().startswith(("http://", "https://"))
    if isinstance(value, Text) and isinstance(value.parts[0], str):
        return value.parts[0].lower().startswith(("http://", "https://"))
    pending: list[Value] = [value]
    for _ in range(_MAX_NAMES):
        if not pending:
            return False
        current = pending.pop()
        if isinstance(current, Text):
            pending += current.parts
        elif isinstance(current, Term):
            if current.operation == "property" and str(current.arguments[1]).lower() == "templatelink":
                return True
            pending += current.arguments
    return True


# Where to be empty is to say something: nothing is allowed, nobody is asked, nothing is there yet.
_MEANT: Final = frozenset(
    {
        "accesspolicies",
        "actions",
        "aggregations",
        "allowedvalues",
        "appsettings",
        "assignablescopes",
        "dataactions",
        "defaultvalue",
        "dependson",
        "emptydir",
        "functions",
        "iprules",
        "notactions",
        "notdataactions",
        "outputs",
        "parameters",
        "properties",
        "requireddataconnectors",
        "resources",
        "template",
        "userassignedidentities",
        "value",
        "variables",
        "virtualnetworkrules",
    }
)
# Below these everything is data of somebody else's making.
_OPAQUE: Final = frozenset({"metadata", "definition", "policyrule", "tags", "serializeddata"})


def blank_property(template: Template, model: Model) -> Iterator[Result]:
    """TPL516: a member whose value is null or empty, which says nothing."""
    if model.live is not None:
        # Azure prints null for what is not set.
        return
    nested = {id(r.nested.node) for r in template.all_resources() if r.nested is not None}
    for name in ("variables", "resources", "outputs"):
        section = template.node.get(name)
        pending = [] if section is None else [section]
        while pending:
            node = pending.pop()
            for member in node.members:
                folded = member.name.lower()
                if folded in _MEANT:
                    continue
                what = _blank(member.value)
                # The members of some objects are named by ids, and their values are for Azure to fill in.
                if what and not folded.lstrip().startswith(("[", "/subscriptions/")):
                    yield at_key(member, f"'{member.name}' is {what}")
            below = node.items or [m.value for m in node.members if m.name.lower() not in _OPAQUE]
            pending.extend(n for n in reversed(below) if id(n) not in nested)


def _blank(node: Node) -> str:
    """How a value is blank; empty for one that is not."""
    if node.kind == "null":
        return "null"
    if node.kind == "string":
        return "an empty string" if node.value == "" else ""
    if node.kind == "object":
        return "" if node.members else "an empty object"
    return "an empty array" if node.kind == "array" and not node.items else ""
