"""Checks of parameter files, and of what a deployment is given in a request or by another template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm.kind import Kind, schema_of
from armlint.arm.template import DEPLOYMENTS
from armlint.arm.value import Array, Failure, Object, Term, Text
from armlint.finding import Label
from armlint.rule import Result, at_key, at_value, tight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from armlint.arm.model import Model
    from armlint.arm.parameters import Entry, Given, Types
    from armlint.arm.template import Resource, Template
    from armlint.arm.value import Value
    from armlint.jsontext import Document, Member, Node
    from armlint.source import Source

_FILES: Final = frozenset({Kind.PARAMETERS, Kind.DEPLOYMENT})
# Microsoft.KeyVault/vaults, Rules for names of Azure resources and of secrets (Microsoft Learn).
# Where schemas are published, and copies of them, with the same path at the end.
_COPY: Final = r"(?i)https?://\S+/schemas/20\d\d-\d\d-\d\d(?:-preview)?/[a-z]*deploymentparameters\.json#?"
_ITEM: Final = "[0-9A-Za-z-]{1,127}"
_VAULT: Final = r"(?i)/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.KeyVault/vaults/[^/]+/?"
_PUBLIC_KEY: Final = ("ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-", "---- BEGIN SSH2 PUBLIC", "-----BEGIN PUBLIC")


class Pair(NamedTuple):
    """What a deployment is given, with the template that it is given to, where that is known.

    `owner` is the template's document, `source` its source, None where it stands in the same file. `others`
    are the names, in lower case, that further files of the same deployment give; None where another file
    may give any.
    """

    given: Given
    types: Types | None
    source: Source | None
    others: frozenset[str] | None
    owner: Document | None


def pair_of(model: Model) -> Pair | None:
    """The pair that a file is or has; None for a file of another kind."""
    if model.kind not in _FILES:
        return None
    return model.remember("parameters", lambda: _paired(model))


def _paired(model: Model) -> Pair | None:
    # Only a parameter file needs it.
    from armlint.arm import parameters

    document, deployed = model.document, model.deployed
    given = parameters.given(document)
    if given is None:
        return None
    others: frozenset[str] | None = frozenset()
    if deployed is not None:
        found = parameters.whole_template(deployed.template)
        others = _names(deployed.others) if deployed.last else None
    else:
        found = parameters.template_of(document, model.linker)
        if found is not None and found[1] is not document:
            others = _beside(model, found[1].source.name)
    if found is None:
        return Pair(given, None, None, others, None)
    node, owner = found
    return Pair(given, parameters.Types(node), None if owner is document else owner.source, others, owner)


def _beside(model: Model, template: str) -> frozenset[str] | None:
    """The names that files beside a parameter file give with it; None where they may give any."""
    from armlint.arm import parameters

    name = model.document.source.name
    if model.beside is None or model.linker is None:
        return frozenset()
    # Azure CLI takes several files, of which the later ones add to the first.
    layers = parameters.layers_of(name, template, model.beside(name), model.beside(template))
    if layers.completed:
        return None
    found = (model.linker(name, each) for each in layers.below)
    return _names(each for each in found if each is not None)


def _names(documents: Iterable[Document]) -> frozenset[str]:
    from armlint.arm import parameters

    found = (parameters.given(document) for document in documents)
    return frozenset().union(*(each.entries for each in found if each is not None))


def _label(declared: Member | Node, pair: Pair, message: str) -> Label:
    return Label(declared.span, message, pair.source)


def _whole(model: Model) -> bool:
    """Whether the file is as its author meant it: a slip in its JSON may hide what is looked for."""
    return not model.document.errors


# ------------------------------------------------------------------------------------------------- the file


def bad_parameter_file(model: Model, _: Model) -> Iterator[Result]:
    """PRM601: a parameter file that Azure or its tools refuse as such."""
    pair = pair_of(model)
    if pair is None or not _whole(model):
        return
    holder, section = pair.given.holder, pair.given.section
    if model.kind is Kind.PARAMETERS and _framed(holder):
        yield from _frame(holder)
        if section is None:
            yield Result(tight(holder), holder.pointer, "the parameter file has no 'parameters'")
    if section is not None and section.value.kind != "object":
        yield at_key(section, "'parameters' is an object with the parameters by name")
    for entry in pair.given.entries.values():
        yield from _entry(entry)


def _framed(root: Node) -> bool:
    """Whether the file says that it is a parameter file; Azure CLI also takes the parameters alone."""
    return root.get("$schema") is not None or root.get("contentVersion") is not None


def _frame(root: Node) -> Iterator[Result]:
    schema, version = root.get("$schema"), root.get("contentVersion")
    if schema is None:
        yield Result(tight(root), root.pointer, "the parameter file has no '$schema'")
    elif not isinstance(schema.value, str) or (
        (named := schema_of(schema.value)) is None and not _matches(_COPY, schema)
    ):
        yield at_value(schema, "'$schema' is not the address of a deployment parameters schema")
    elif named is not None and named.what != "parameters":
        yield at_value(schema, "'$schema' names a template, but this is a parameter file")
    if version is None:
        yield Result(tight(root), root.pointer, "the parameter file has no 'contentVersion'")
    elif not isinstance(version.value, str):
        yield at_value(version, "'contentVersion' is a string such as \"1.0.0.0\"")


def _entry(entry: Entry) -> Iterator[Result]:
    name, value = _safe(entry.name), entry.member.value
    if value.kind != "object":
        yield at_key(entry.member, f"parameter '{name}' is an object with a 'value' or a 'reference'")
    elif not entry.form:
        both = [form for form in ("value", "reference", "expression") if value.get(form) is not None]
        if both:
            told = " and ".join(f"'{form}'" for form in both)
            yield at_key(entry.member, f"parameter '{name}' has {told}, of which Azure takes one")
        else:
            yield at_key(entry.member, f"parameter '{name}' has neither a 'value' nor a 'reference'")
    elif entry.form == "reference" and entry.node is not None:
        yield from _reference(name, entry.node)


def _safe(text: str) -> str:
    """A name or a sentence for a message, with what looks like a secret in it cut short."""
    from armlint.secrets.scan import redact

    return redact(text)


def _reference(name: str, node: Node) -> Iterator[Result]:
    """What is wrong with a reference to a secret in a Key Vault."""
    if node.kind != "object" or node.get("keyVault") is None:
        yield at_value(node, f"the reference of parameter '{name}' has no 'keyVault' with an 'id'")
        return
    vault = node.at("keyVault", "id")
    if vault is None:
        yield at_value(node, f"the reference of parameter '{name}' has no 'id' of a Key Vault")
    elif vault.kind != "string" or (_settled(vault) and not _matches(_VAULT, vault)):
        yield at_value(
            vault,
            f"the reference of parameter '{name}' has no resource id of a Key Vault: /subscriptions/…"
            "/resourceGroups/…/providers/Microsoft.KeyVault/vaults/…",
        )
    secret = node.get("secretName")
    if secret is None:
        yield at_value(node, f"the reference of parameter '{name}' has no 'secretName'")
    elif secret.kind != "string" or (_settled(secret) and not _matches(_ITEM, secret)):
        yield at_value(
            secret, f"'secretName' of parameter '{name}' is no name of a secret: letters, digits and dashes"
        )


def _matches(pattern: str, node: Node) -> bool:
    return _matches_text(pattern, str(node.value).strip())


def _matches_text(pattern: str, text: str) -> bool:
    # Only a parameter file needs it.
    import re

    return re.fullmatch(pattern, text) is not None


def _settled(node: Node) -> bool:
    """Whether a string is what is deployed, with nothing left to fill in."""
    return isinstance(node.value, str) and not _vague(node.value)


def _vague(text: str) -> bool:
    """Whether a text is nobody's value yet; an empty one is what it is."""
    from armlint.arm.parameters import is_unfinished
    from armlint.secrets.placeholders import is_placeholder

    return bool(text) and (is_unfinished(text) or is_placeholder(text))


def _is_empty_or_vague(text: str) -> bool:
    return not text or _vague(text)


# -------------------------------------------------------------------------------------------- with a template


def unknown_parameter(model: Model, _: Model) -> Iterator[Result]:
    """PRM602: a parameter that the template does not declare."""
    pair = pair_of(model)
    if pair is not None and pair.types is not None and _whole(model):
        declared = pair.types.parameters
        unknown = [
            entry.member
            for key, entry in pair.given.entries.items()
            if key not in declared and not _vague(entry.name)
        ]
        yield from _unknown(unknown, [member.name for member in declared.values()], "the template")
    for call in calls_of(model):
        parameters = call.inner.declared.parameters
        given = () if call.passed is None else call.passed.value.members
        unknown = [member for member in given if member.name.lower() not in parameters]
        if unknown:
            names = [parameter.name for parameter in parameters.values()]
            yield from _unknown(unknown, names, f"the template of '{call.resource.label()}'")


def _unknown(members: Sequence[Member], names: list[str], whose: str) -> Iterator[Result]:
    if not members:
        return
    from difflib import get_close_matches

    lower = {name.lower(): name for name in names[:_MOST_NAMES]}
    for at, member in enumerate(members):
        near = get_close_matches(member.name.lower(), lower, 1) if at < _MOST_HINTS else []
        hint = f"; did you mean '{_safe(lower[near[0]])}'?" if near else ""
        yield at_key(member, f"{whose} has no parameter '{_safe(member.name)}'{hint}")


# Azure accepts no more parameters; and whoever is told of so many names needs another file, not a hint.
_MOST_NAMES: Final = 256
_MOST_HINTS: Final = 20


def missing_parameter(model: Model, _: Model) -> Iterator[Result]:
    """PRM603: a parameter without a default that is not given."""
    pair = pair_of(model)
    if pair is not None and pair.types is not None and pair.others is not None and _whole(model):
        section = pair.given.section
        place = pair.given.holder if section is None else section.value
        for key, declared in pair.types.parameters.items():
            if key in pair.given.entries or key in pair.others or not pair.types.needed(declared.value):
                continue
            if not _passed_apart(declared, pair.types):
                told = f"parameter '{_safe(declared.name)}' has no default and is not given"
                yield Result(tight(place), place.pointer, told, (_label(declared, pair, "declared here"),))
    for call in calls_of(model):
        yield from _missing(call, model)


def _passed_apart(declared: Member, types: Types) -> bool:
    """Whether a parameter is one of those that are better passed at deployment than written into a file."""
    from armlint.secrets.names import looks_secret

    return looks_secret(declared.name) or types.holds_secure(declared.value)


def _missing(call: Call, model: Model) -> Iterator[Result]:
    from armlint.arm.parameters import Types

    given = () if call.passed is None else call.passed.value.members
    names = {member.name.lower() for member in given}
    wanting = [each for each in call.inner.declared.parameters.items() if each[0] not in names]
    if not wanting:
        return
    place = call.resource.properties if call.passed is None else call.passed.value
    types = Types(call.inner.node)
    for _, parameter in wanting:
        if place is not None and types.needed(parameter.node):
            source = call.inner.document.source
            label = Label(
                parameter.member.span,
                "declared here",
                None if call.inner.document is model.document else source,
            )
            yield Result(
                tight(place),
                place.pointer,
                f"parameter '{_safe(parameter.name)}' of '{call.resource.label()}' has no default"
                " and is not passed",
                (label,),
            )


class Call(NamedTuple):
    """A deployment in a template, with the template that it deploys and the member that passes parameters."""

    resource: Resource
    inner: Template
    passed: Member | None


def calls_of(model: Model) -> tuple[Call, ...]:
    """The deployments in a file that surely pass to a known template what can be read here, and no more."""
    if model.kind is Kind.PARAMETERS:
        return ()
    return model.remember("deployments that pass parameters", lambda: tuple(_calls(model)))


def _calls(model: Model) -> Iterator[Call]:
    for template in model.templates:
        for resource in template.all_resources():
            properties = resource.properties
            if resource.key != DEPLOYMENTS or properties is None or resource.existing:
                continue
            if properties.get("parametersLink") is not None or properties.get("copy") is not None:
                continue
            inner = resource.nested or model.linked(resource)
            if inner is None or inner.scope is not inner.declared or resource.condition is False:
                continue
            passed = properties.member_named("parameters")
            if passed is not None and not _read(passed.value):
                continue
            section = inner.node.get("parameters")
            if inner.document.errors or (section is not None and section.kind != "object"):
                continue
            yield Call(resource, inner, passed)


def _read(passed: Node) -> bool:
    """Whether all names that are passed stand there."""
    return passed.kind == "object" and not any(
        member.name.startswith("[") or (member.name.lower() == "copy" and member.value.kind == "array")
        for member in passed.members
    )


def wrong_parameter_type(model: Model, _: Model) -> Iterator[Result]:
    """PRM604: a value of another type than the template declares."""
    yield from _faults(model, wrong_type=True)


def value_not_allowed(model: Model, _: Model) -> Iterator[Result]:
    """PRM605: a value that the template does not allow, or beyond a limit."""
    yield from _faults(model, wrong_type=False)


def _faults(model: Model, *, wrong_type: bool) -> Iterator[Result]:
    for fits, result in model.remember("parameter faults", lambda: tuple(_all_faults(model))):
        if fits is not wrong_type:
            yield result


def _all_faults(model: Model) -> Iterator[tuple[bool, Result]]:
    """What does not fit its declaration; before each whether at least its type does."""
    for call in calls_of(model):
        yield from _call_faults(call, model)
    pair = pair_of(model)
    if pair is None or pair.types is None or not _whole(model):
        return
    # A file that only lies beside a template may still have to be filled in.
    beside = model.deployed is None and model.kind is Kind.PARAMETERS
    vague = _is_empty_or_vague if beside else _vague
    for key, entry in pair.given.entries.items():
        declared = pair.types.parameters.get(key)
        if declared is None or entry.form != "value" or entry.node is None:
            continue
        for fault in pair.types.faults(declared.value, entry.node, vague):
            told = f"parameter '{_safe(entry.name + fault.path)}' {_safe(fault.message)}"
            label = _label(_at(fault.declared), pair, "declared here")
            at = at_value(fault.node, told, label) if fault.key is None else at_key(fault.key, told, label)
            yield not fault.wrong_type, at


def _call_faults(call: Call, model: Model) -> Iterator[tuple[bool, Result]]:
    """What does not fit of the values that a deployment passes to another template."""
    from armlint.arm.parameters import Types

    types: Types | None = None
    for entry in () if call.passed is None else call.passed.value.members:
        value = entry.value.get("value")
        parameter = call.inner.declared.parameters.get(entry.name.lower())
        if parameter is None or value is None:
            continue
        types = types or Types(call.inner.node)
        if types.open(parameter.node) and value.kind != "number":
            continue
        known = _known_value(call.resource.value(value), value.key)
        if known is None:
            continue
        for fault in types.faults(parameter.node, known, _vague):
            if fault.mismatch and not fault.path and _is_told(value, parameter.node, call.inner):
                continue
            whose = f"parameter '{entry.name}{fault.path}' of '{call.resource.label()}'"
            told = _safe(f"{whose} {fault.message}")
            source = None if call.inner.document is model.document else call.inner.document.source
            label = Label(_at(fault.declared).span, "declared here", source)
            place = _written(value, fault.node)
            key = None if fault.key is None else place.member_named(fault.key.name)
            yield (
                not fault.wrong_type,
                at_value(place, told, label) if key is None else at_key(key, told, label),
            )


def _is_told(value: Node, declared: Node, inner: Template) -> bool:
    """Whether TPL514 says that a value is of another type."""
    from armlint.checks.credentials import declared_type

    return not isinstance(value.value, float) and bool(declared_type(declared, inner))


def _known_value(value: Value, name: object) -> Node | None:
    """A value as far as it is known, in the form of a parameter file's; None where nothing is."""
    import json

    from armlint.arm.value import size
    from armlint.jsontext import read
    from armlint.source import Source

    if isinstance(value, Failure | Term | Text) or size(value) > _LARGE:
        return None
    return read(Source(json.dumps(_plain(value)), str(name))).root


_LARGE: Final = 10_000
# What is left to deployment is as unknown as what a pipeline fills in.
_OPEN: Final = "$(value)"


def _plain(value: Value) -> object:
    if isinstance(value, Array):
        return [_plain(item) for item in value.items]
    if isinstance(value, Object):
        return {name: _plain(item) for name, item in value.fields.values()}
    return _OPEN if isinstance(value, Failure | Term | Text) else value


def _written(value: Node, part: Node) -> Node:
    """Where a part of what a value is worth is written, or the innermost around it that is."""
    steps: list[str | int] = []
    current: Node | None = part
    while current is not None and current.key is not None:
        steps.append(current.key)
        current = current.parent
    for step in reversed(steps):
        inner = value.at(step)
        if inner is None:
            break
        value = inner
    return value


def _at(declared: Node) -> Member | Node:
    return declared if declared.member is None else declared.member


# ------------------------------------------------------------------------------------------------- secrets


def literal_secret(model: Model, _: Model) -> Iterator[Result]:
    """SEC214: a secret that is written into a parameter file."""
    pair = pair_of(model)
    if pair is None:
        return
    for key, entry in pair.given.entries.items():
        if entry.form == "value" and entry.node is not None:
            declared = None if pair.types is None else pair.types.parameters.get(key)
            yield from _secrets(entry, entry.node, declared, pair)


def _secrets(entry: Entry, value: Node, declared: Member | None, pair: Pair) -> Iterator[Result]:
    from armlint.secrets.names import secret_inside

    secure: dict[int, Node] = {}
    if declared is not None and pair.types is not None:
        for node in pair.types.secure(declared.value, value):
            if id(node) not in secure:
                secure |= {id(below): node for below in node.walk()}
            secure[id(node)] = node
    for node in value.walk():
        if node.kind != "string" or not isinstance(node.value, str) or not node.value:
            continue
        name, owner = _name(node, entry), secure.get(id(node))
        told = _told(node.value, name, secure=owner is node or (owner is not None and secret_inside(name)))
        if told:
            where = f"parameter '{_safe(entry.name)}'"
            where = where if node is value else f"'{_safe(name)}' of {where}"
            labels: tuple[Label, ...] = ()
            if declared is not None and owner is not None:
                labels = (_label(declared, pair, "declared here as secure"),)
            yield at_value(node, f"{told} is written into {where}", *labels)


def _name(node: Node, entry: Entry) -> str:
    """What names a value: the nearest member, or the parameter itself."""
    current: Node | None = node
    while current is not None and current is not entry.node:
        if isinstance(current.key, str):
            return current.key
        current = current.parent
    return entry.name


def _told(text: str, name: str, *, secure: bool) -> str:
    """What secret a text is, with its article; empty for none."""
    from armlint.arm.parameters import is_unfinished
    from armlint.checks.literals import judge

    if is_unfinished(text) or text.lstrip().startswith(_PUBLIC_KEY) or _is_announced(text):
        return ""
    verdicts = judge(text, name=name, secure=secure)
    if not verdicts:
        return ""
    first = next((each for each in verdicts if not each.doubt), verdicts[0])
    layer = f", read through {first.layer}," if first.layer is not None else ""
    return f"{first.title}{layer}"


_LETTERS: Final = r"[*. ]*[A-Za-z]+(?:[-_ .][A-Za-z]+)*[*. ]*"
# Said of a value that somebody or something puts in later.
_LATER: Final = frozenset(
    {"pipeline", "override", "overridden", "overwritten", "overwrite", "release", "runtime"}
)
_NOTHING: Final = frozenset(
    {"autogenerated", "dummy", "generated", "hidden", "notused", "password", "secret", "tba", "tbc", "unused"}
)


def _is_announced(text: str) -> bool:
    """Whether a text only says that the value comes later, such as `changemeplease` and `SET_BY_PIPELINE`."""
    if len(text) > _LONG or not _matches_text(_LETTERS, text):
        return False
    folded = text.lower().strip("*. ")
    words = folded.replace("_", "-").replace(" ", "-").replace(".", "-").split("-")
    joined = "".join(words)
    return (
        not _LATER.isdisjoint(words)
        or joined in _NOTHING
        or joined.startswith(("changeme", "replaceme", "tobe", "setby", "setin"))
        or words[-1] == "here"
        or (text.isupper() and text.endswith("HERE"))
    )


_LONG: Final = 80


class Plain(NamedTuple):
    """A Key Vault reference that feeds a parameter which is not secure.

    `reference` is the member of `entry` that refers to the vault; `declared` the declaration, in lower case
    of type `type`, which stands in `document`.
    """

    entry: Member
    reference: Member
    declared: Member
    type: str
    document: Document


def plain_references(model: Model) -> Iterator[Plain]:
    """The Key Vault references in a parameter file or request that feed what is not secure."""
    from armlint.secrets.names import looks_public

    pair = pair_of(model)
    if pair is None or pair.types is None or pair.owner is None or not _whole(model):
        return
    for key, entry in pair.given.entries.items():
        declared, node = pair.types.parameters.get(key), entry.node
        if declared is None or entry.form != "reference" or node is None or node.member is None:
            continue
        kind = pair.types.type(declared.value)
        if kind not in _PLAIN or node.get("keyVault") is None or looks_public(entry.name):
            continue
        if not pair.types.holds_secure(declared.value):
            yield Plain(entry.member, node.member, declared, kind, pair.owner)


_PLAIN: Final = frozenset({"string", "int", "bool", "array", "object"})


# --------------------------------------------------------------------------------------------------- values


def values_for(model: Model, documents: Iterable[Document]) -> dict[str, object]:
    """The values that surely hold where a template is deployed with these parameter files.

    By name in lower case, as `json.loads` gives them; of a name that several files give, the last one's.
    Left out is what is secret or may be, what a pipeline fills in, and what does not fit its declaration.
    """
    from armlint.arm.parameters import Types, facet, given, holder_of
    from armlint.checks.literals import judge
    from armlint.secrets.names import looks_secret

    holder = holder_of(model.document)
    template = holder if model.kind is Kind.TEMPLATE or holder is None else holder.get("template")
    if template is None:
        return {}
    types = Types(template)
    entries: dict[str, Entry] = {}
    for document in documents:
        found = None if document.errors else given(document)
        entries |= {} if found is None else found.entries
    values: dict[str, object] = {}
    for key, entry in entries.items():
        declared = types.parameters.get(key)
        node = entry.node
        if declared is None or node is None or entry.form != "value" or node.kind in {"null", "invalid"}:
            continue
        if looks_secret(entry.name) or types.holds_secure(declared.value):
            continue
        strings = [str(each.value) for each in node.walk() if each.kind == "string"]
        if any(map(_vague, strings)) or any(judge(text) for text in strings):
            continue
        if not facet(types.chain(declared.value), "type") or any(types.faults(declared.value, node, _vague)):
            continue
        values[key] = node.plain()
    return values
