"""Checks of createUiDefinition.json: that what the portal asks is what the template takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from armlint.arm import expression as syntax
from armlint.arm import uidefinition
from armlint.rule import Result, at_key, at_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from armlint.arm.model import Model
    from armlint.arm.uidefinition import Control, Form
    from armlint.jsontext import Member, Node

# What a managed application's form passes on to Azure, not to the template.
_AZURES: Final = frozenset(
    {"applicationresourcename", "jitaccesspolicy", "managedidentity", "managedresourcegroupid"}
)
_SECURE: Final = frozenset({"securestring", "secureobject"})
_PASSWORD: Final = "microsoft.common.passwordbox"  # noqa: S105 - a kind of control
_CREDENTIALS: Final = "microsoft.compute.credentialscombo"
_TEXT: Final = "microsoft.common.textbox"
_USERNAME: Final = "microsoft.compute.usernametextbox"
_SIZES: Final = "microsoft.compute.sizeselector"


def _form(model: Model) -> Form | None:
    """The form that a file is; None where it cannot be read as its author meant."""
    if model.document.errors:
        return None
    return model.remember("form", lambda: uidefinition.read(model.document))


def _parameters(model: Model) -> Mapping[str, Member] | None:
    return model.remember(
        "parameters beside", lambda: uidefinition.parameters_beside(model.document, model.linker)
    )


def _type(parameter: Member) -> str:
    kind = parameter.value.get("type")
    return str(kind.value).lower() if kind is not None else ""


def unknown_ui_output(model: Model, _: Model) -> Iterator[Result]:
    """UID701: an output that is no parameter of the template."""
    form, parameters = _form(model), _parameters(model) if _form(model) else None
    if form is None or form.outputs is None or parameters is None:
        return
    for member in form.outputs.members:
        if member.name.lower() not in parameters and member.name.lower() not in _AZURES:
            yield at_key(
                member, f"the template has no parameter '{member.name}'{_near(member.name, parameters)}"
            )


def _near(name: str, parameters: Mapping[str, Member]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), parameters, 1)
    return f"; did you mean '{parameters[near[0]].name}'?" if near else ""


def missing_ui_output(model: Model, _: Model) -> Iterator[Result]:
    """UID702: a parameter without a default that the form does not pass."""
    form, parameters = _form(model), _parameters(model) if _form(model) else None
    if form is None or form.outputs is None or parameters is None:
        return
    passed = {member.name.lower() for member in form.outputs.members}
    for name, parameter in parameters.items():
        nullable = parameter.value.get("nullable")
        if name in passed or parameter.value.kind != "object" or parameter.value.get("defaultValue"):
            continue
        if nullable is None or nullable.value is not True:
            yield at_value(
                form.outputs, f"the template needs '{parameter.name}', which has no default here or there"
            )


def unknown_ui_control(model: Model, _: Model) -> Iterator[Result]:
    """UID703: an output that reads a control that the form does not have."""
    form = _form(model)
    if form is None:
        return
    inside, filled = _loose(form)
    for use in form.uses:
        if form.found(use) is not None:
            continue
        where = f"step '{use.step}'" if use.step else "the basics"
        span = use.place.span_of(use.start, use.end)
        if use.step and use.step not in form.steps:
            yield Result(span, use.place.pointer, f"the form has no step '{use.step}'")
            continue
        # Older forms name a control without its section; what a section has of its own is not known.
        if not use.names or (use.step, use.names[0]) in inside:
            continue
        section = (use.step, use.names[0]) in form.places
        if not section or (use.step, use.names[0]) in filled:
            name = use.names[0] if not section else ".".join(use.names[:2])
            yield Result(span, use.place.pointer, f"there is no control '{name}' in {where}")


def _loose(form: Form) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """The names, with their steps, of controls in sections, and of the sections that have any."""
    inner = [control for control in form.controls if control.section]
    return {(c.step, c.name.lower()) for c in inner}, {(c.step, c.section) for c in inner}


def plain_ui_password(model: Model, _: Model) -> Iterator[Result]:
    """UID704: a password of the form that goes to a parameter which is not secure."""
    form, parameters = _form(model), _parameters(model) if _form(model) else None
    if form is None or parameters is None:
        return
    for use in form.uses:
        control = form.found(use)
        parameter = parameters.get(use.output.name.lower())
        if control is None or parameter is None or _type(parameter) in _SECURE or "$ref" in _names(parameter):
            continue
        if control.kind == _PASSWORD or (control.kind == _CREDENTIALS and use.names[-1:] == ("password",)):
            span = use.place.span_of(use.start, use.end)
            told = f"the password of '{control.name}' goes to '{parameter.name}', which is no securestring"
            yield Result(span, use.place.pointer, told)


def _names(parameter: Member) -> set[str]:
    return {member.name.lower() for member in parameter.value.members}


def ui_default_password(model: Model, _: Model) -> Iterator[Result]:
    """UID705: a password that is written in the form, where everyone who opens it gets it."""
    form = _form(model)
    if form is None:
        return
    for control in form.controls:
        if control.kind in {_PASSWORD, _CREDENTIALS}:
            default = control.at("defaultValue")
            for node in () if default is None else default.walk():
                if _is_literal(node) and (control.kind == _PASSWORD or str(node.key).lower() == "password"):
                    yield at_value(
                        node, f"'{control.name}' has a password as its default, which everybody can read"
                    )
    parameters = _parameters(model)
    for member in () if form.outputs is None or parameters is None else form.outputs.members:
        parameter = parameters.get(member.name.lower()) if parameters is not None else None
        if parameter is not None and _type(parameter) == "securestring" and _is_literal(member.value):
            yield at_value(
                member.value, f"the secure parameter '{parameter.name}' always gets the same value"
            )


def _is_literal(node: Node) -> bool:
    text = node.value
    return node.kind == "string" and isinstance(text, str) and bool(text) and not syntax.is_expression(text)


def hidden_confirmation(model: Model, _: Model) -> Iterator[Result]:
    """UID706: a password that is not typed twice."""
    form = _form(model)
    for control in () if form is None else form.controls:
        hidden = control.at("options", "hideConfirmation")
        if control.kind not in {_PASSWORD, _CREDENTIALS} or hidden is None or hidden.value is not True:
            continue
        if control.kind == _CREDENTIALS or not _is_pasted(control.name):
            yield at_value(hidden, f"a mistyped password of '{control.name}' goes unnoticed")


def _is_pasted(name: str) -> bool:
    """Whether what has this name is made elsewhere and pasted, as keys and tokens are, and not thought of."""
    from armlint.secrets.names import words
    from armlint.secrets.values import is_password_name

    made = {"key", "keys", "apikey", "accesskey", "token", "tokens", "secret", "sas", "pat", "string"}
    return not made.isdisjoint(words(name)) and not is_password_name(name)


def weak_password_box(model: Model, _: Model) -> Iterator[Result]:
    """UID707: a password that may be as short as it likes."""
    form = _form(model)
    for control in () if form is None else form.controls:
        if control.kind != _PASSWORD:
            continue
        constraints = control.at("constraints")
        patterns = [] if constraints is None else [node for node, _ in _patterns(constraints)]
        if not patterns:
            if constraints is None or constraints.get("validations") is None:
                at = control.node if constraints is None else constraints
                yield at_value(at, f"'{control.name}' has no constraint, so that any password will do")
        elif not any(_LENGTH.search(str(node.value)) or "length(" in str(node.value) for node in patterns):
            yield at_value(patterns[0], f"'{control.name}' asks for no least length, such as {{12,}}")


_LENGTH: Final = re.compile(r"\{[0-9]")


def _patterns(constraints: Node) -> Iterator[tuple[Node, bool]]:
    """What the values of a control must match: the nodes, and whether each is a regular expression."""
    single = constraints.get("regex")
    if single is not None and isinstance(single.value, str):
        yield single, True
    several = constraints.get("validations")
    for item in () if several is None else several.items:
        for name in ("regex", "isValid"):
            node = item.get(name)
            if node is not None and isinstance(node.value, str):
                yield node, name == "regex"


def unchecked_text_box(model: Model, _: Model) -> Iterator[Result]:
    """UID708: a text box that takes any text, or does not say what it takes."""
    form = _form(model)
    for control in () if form is None else form.controls:
        if control.kind != _TEXT:
            continue
        constraints = control.at("constraints")
        if constraints is None:
            yield at_value(control.node, f"'{control.name}' takes any text: it has no constraints")
            continue
        if constraints.get("validations") is not None:
            continue
        if constraints.get("regex") is None:
            yield at_value(constraints, f"'{control.name}' takes any text: its constraints have no regex")
        elif constraints.get("validationMessage") is None:
            yield at_value(
                constraints, f"'{control.name}' does not say what it takes: there is no validationMessage"
            )


def default_ui_username(model: Model, _: Model) -> Iterator[Result]:
    """UID709: a user name that is the same for everyone who does not change it."""
    form = _form(model)
    for control in () if form is None else form.controls:
        member = control.node.member_named("defaultValue")
        if control.kind == _USERNAME and member is not None and member.value.value not in ("", None):
            yield at_key(
                member, f"most will leave the name of '{control.name}' as it is, and others will try it"
            )


def bad_ui_handler(model: Model, _: Model) -> Iterator[Result]:
    """UID710: a form whose handler, version or schema the portal does not know."""
    root = model.document.root
    if root is None or model.document.errors:
        return
    handler = root.get("handler")
    known = [each.lower() for each in uidefinition.HANDLERS]
    if handler is None:
        yield at_value(root, f"there is no handler: it is {uidefinition.HANDLERS[0]}")
    elif str(handler.value).lower() not in known:
        yield at_value(handler, f"the portal has no such handler: it is {uidefinition.HANDLERS[0]}")
    # The portal does without the two, but not with others.
    version, schema = root.get("version"), root.get("$schema")
    if version is not None and version.value != uidefinition.VERSION:
        yield at_value(version, f"the version of a form is {uidefinition.VERSION}")
    if schema is not None and str(schema.value).lower().rstrip("#") != uidefinition.SCHEMA:
        told = f"the schema of a form is that of {uidefinition.VERSION}, for CreateUIDefinition.MultiVm"
        yield at_value(schema, told)


def location_not_in_outputs(model: Model, _: Model) -> Iterator[Result]:
    """UID711: a form that does not pass the location that the portal asks for."""
    form = _form(model)
    if form is None or form.outputs is None:
        return
    member = form.outputs.member_named("location")
    if member is None:
        yield at_value(form.outputs, "the location that the portal asks for is not passed: [location()]")
        return
    read = syntax.read(member.value.value) if isinstance(member.value.value, str) else None
    if isinstance(read, syntax.Invalid):
        return
    calls = [] if read is None else [part for part in syntax.walk(read) if isinstance(part, syntax.Call)]
    if not any(call.function == "location" for call in calls):
        yield at_value(member.value, "this is not the location that the portal asks for: [location()]")


def ui_value_not_allowed(model: Model, _: Model) -> Iterator[Result]:
    """UID712: a value that the form offers and the template refuses."""
    form, parameters = _form(model), _parameters(model) if _form(model) else None
    if form is None or parameters is None:
        return
    for use in form.uses:
        control = form.found(use)
        parameter = parameters.get(use.output.name.lower())
        if control is None or parameter is None or not use.whole:
            continue
        section = parameter.value.get("allowedValues")
        allowed = None if section is None else {_folded(item) for item in section.items}
        if allowed is None or use.names[-1] != control.name.lower():
            continue
        for node in _offered(control):
            if _folded(node) not in allowed:
                yield at_value(
                    node, f"'{control.name}' offers a value that parameter '{parameter.name}' does not allow"
                )


def _folded(node: Node) -> str:
    return str(node.value).lower()


def _offered(control: Control) -> Iterator[Node]:
    """The values that a control is known to offer."""
    for name in ("allowedValues", "allowedSizes"):
        offered = control.at("constraints", name)
        for item in () if offered is None else offered.items:
            node = item if item.kind != "object" else item.get("value")
            if node is None or node.kind in {"object", "array", "null"}:
                continue
            if not (isinstance(node.value, str) and syntax.is_expression(node.value)):
                yield node


def bad_ui_validation(model: Model, _: Model) -> Iterator[Result]:
    """UID713: a regular expression that is none, or a validation that does not say what it asks for."""
    form = _form(model)
    for control in () if form is None else form.controls:
        constraints = control.at("constraints")
        if constraints is None:
            continue
        for node, is_regex in _patterns(constraints):
            if is_regex and not syntax.is_expression(str(node.value)) and _is_broken(str(node.value)):
                yield at_value(node, f"the regular expression of '{control.name}' does not compile")
        several = constraints.get("validations")
        for item in () if several is None else several.items:
            message = item.get("message")
            if item.kind == "object" and (message is None or message.value in ("", None)):
                yield at_value(
                    item, f"'{control.name}' refuses a value without saying why: there is no message"
                )


# The portal's regular expressions have what Python's do not.
_FOREIGN: Final = re.compile(r"\\[pPukc]|\(\?<[A-Za-z]|\\/|\[\^?\]|(?<!\\)\{(?![0-9])|\(\?<[=!]|[*+?}]\+")
_LONGEST: Final = 2_000


def _is_broken(pattern: str) -> bool:
    """Whether a pattern is no regular expression in any dialect; False where that is unclear."""
    if len(pattern) > _LONGEST or _FOREIGN.search(pattern):
        return False
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return True
    return False


# They show nothing that could be explained, or explain themselves.
_NO_TOOLTIP: Final = frozenset(
    {
        "microsoft.common.editablegrid",
        "microsoft.common.infobox",
        uidefinition.SECTION,
        "microsoft.common.textblock",
        "microsoft.managedidentity.identityselector",
        "microsoft.solutions.armapicontrol",
        "microsoft.solutions.graphapicontrol",
        "microsoft.solutions.resourceselector",
        "microsoft.solutions.bladeinvokecontrol",
    }
)


def missing_tooltip(model: Model, _: Model) -> Iterator[Result]:
    """UID714: a control that does not explain itself."""
    form = _form(model)
    for control in () if form is None else form.controls:
        if control.kind.startswith("microsoft.") and control.kind not in _NO_TOOLTIP:
            tip = control.at("toolTip")
            if tip is None or tip.value == "":
                yield at_value(control.node, f"'{control.name}' has no tooltip")


# Where one may choose a resource that is there already, with what then tells where it is.
_CHOOSERS: Final = {
    "microsoft.storage.storageaccountselector": ("resourcegroup", "neworexisting"),
    "microsoft.network.publicipaddresscombo": ("resourcegroup", "neworexistingornone"),
    "microsoft.network.virtualnetworkcombo": ("resourcegroup", "neworexisting"),
}


def ignored_existing_resource(model: Model, _: Model) -> Iterator[Result]:
    """UID715: a form that lets one choose a resource that exists, and does not say that it did."""
    form = _form(model)
    if form is None or form.outputs is None or not form.complete:
        return
    used = form.used()
    for control in form.controls:
        wanted = _CHOOSERS.get(control.kind)
        hidden = control.at("options", "hideExisting")
        if wanted is None or (hidden is not None and hidden.value is not False):
            continue
        uses = used.get(id(control.node), [])
        if any(use.names[-1:] == (control.name.lower(),) for use in uses):
            continue
        read = {use.names[-1] for use in uses}
        missing = [
            name
            for name in wanted
            if not any(name.startswith(each) or each.startswith(name) for each in read)
        ]
        if missing:
            words = {"resourcegroup": "resourceGroup", "neworexisting": "newOrExisting"}
            told = " and ".join(words.get(name, "newOrExistingOrNone") for name in missing)
            yield at_value(
                control.node, f"'{control.name}' may name a resource that exists: pass its {told} too"
            )


def unused_size_selector(model: Model, _: Model) -> Iterator[Result]:
    """UID716: a machine size that is chosen for nothing, or recommended and not allowed."""
    form = _form(model)
    if form is None:
        return
    used = form.used()
    for control in form.controls:
        if control.kind != _SIZES:
            continue
        if form.complete and form.outputs is not None and id(control.node) not in used:
            yield at_value(control.node, f"no output passes the size that is chosen in '{control.name}'")
        allowed = {_folded(node) for node in _offered(control)}
        recommended = control.at("recommendedSizes")
        for item in () if recommended is None or not allowed else recommended.items:
            if isinstance(item.value, str) and _folded(item) not in allowed:
                yield at_value(item, f"'{control.name}' recommends a size that it does not allow")


_EMPTY: Final = frozenset({"basics", "steps", "defaultvalue", "outputs", "resourcetypes"})


def blank_ui_property(model: Model, _: Model) -> Iterator[Result]:
    """UID717: a member of a form that is empty."""
    form = _form(model)
    for node in () if form is None else form.root.walk():
        for member in node.members:
            value = member.value
            blank = (
                value.kind == "null"
                or value.value == ""
                or (value.end - value.start > 1 and _is_empty(value))
            )
            if blank and member.name.lower() not in _EMPTY:
                yield at_key(member, f"'{member.name}' is empty")


def _is_empty(node: Node) -> bool:
    return (node.kind == "object" and not node.members) or (node.kind == "array" and not node.items)
