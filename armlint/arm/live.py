"""Machines as Azure describes them, made into templates that rules can read.

`az vm show`, `az vm extension list`, `az vm get-instance-view` and the REST API answer with the same
facts in other shapes: members flat or under `properties`, the handler's type under several names,
null for what is unset. `read` puts them where a template has them. The nodes of these templates keep
their places in the file, so that whatever a rule says of them points into it.

What an answer leaves out is unknown, not absent: Azure never returns protected settings, an instance
view has no settings at all, and `--query` may have dropped anything. Strings are never expressions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm.evaluate import Evaluator
from armlint.arm.extension import is_extension_type
from armlint.arm.template import Template
from armlint.jsontext import Member, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from armlint.jsontext import Document

    Lookup = Callable[[str, str], object | None]
    """Tells whether a handler of this publisher and type is known."""

# The names of the handler's type, surest first: `type` may be the resource's.
_TYPES: Final = ("typePropertiesType", "virtualMachineExtensionType", "typeHandlerType", "type1", "type")
# What the model of an extension says besides its handler; of the first ones, absent means unknown.
_UNSAID: Final = ("typeHandlerVersion", "autoUpgradeMinorVersion", "settings")
_SAID: Final = (
    "enableAutomaticUpgrade",
    "protectedSettingsFromKeyVault",
    "provisionAfterExtensions",
    "forceUpdateTag",
    "suppressFailures",
)
# The members in which the answer to a list stands, of the REST API and of resource graph queries.
_LISTS: Final = ("value", "data")
_MACHINE: Final = "Microsoft.Compute/virtualMachines"
_SCHEMA: Final = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"

# So many elements of an array are looked at before it is taken for something else.
_MAX_TRIED: Final = 1000
# A template of Azure's holds 800 resources; what is more goes to another one.
_MAX_RESOURCES: Final = 700

_ID: Final = re.compile(
    r"/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?/providers/(?P<provider>[^/]+)(?P<rest>(?:/[^/]+/[^/]+)+)/?",
    re.IGNORECASE,
)


class Health(NamedTuple):
    """How an extension is doing: its statuses, substatuses and handler's status, and `provisioningState`."""

    statuses: tuple[Node, ...]
    state: Node | None


class Live(NamedTuple):
    """The machines of a file. `health` is that of extensions, by the identity of their nodes."""

    templates: tuple[Template, ...]
    health: Mapping[int, Health]


class _Id(NamedTuple):
    """What the id of a resource says: its full type, its names, and a key for the machine it is or is on."""

    type: str
    names: tuple[str, ...]
    machine: str

    @property
    def of_extension(self) -> bool:
        return len(self.names) > 1 and is_extension_type(self.type)

    @property
    def of_machine(self) -> bool:
        return is_extension_type(f"{self.type}/extensions")


@dataclass(slots=True)
class _Extension:
    """An extension that was found. `dotted` is its handler in one word, where it is told that way."""

    node: Node
    holder: Node
    name: Node | None
    id: _Id | None
    publisher: Node | None = None
    type: Member | None = None
    dotted: Node | None = None
    in_profile: bool = False
    statuses: list[Node] = field(default_factory=list)

    @property
    def handler(self) -> str:
        """Publisher and type in one word, lower-cased."""
        if self.dotted is not None:
            return _text(self.dotted).lower()
        return f"{_text(self.publisher)}.{_text(None if self.type is None else self.type.value)}".lower()

    @property
    def label(self) -> str | None:
        """Its own name, without the machine's."""
        named = _text(self.name).rpartition("/")[2]
        return named or (self.id.names[-1] if self.id is not None and self.id.of_extension else None)


@dataclass(slots=True)
class _Machine:
    """A machine or scale set. `holder` has what is told of it; `whole` that all its extensions are known."""

    node: Node
    type: str = _MACHINE
    name: str | None = None
    key: str | None = None
    holder: Node | None = None
    whole: bool = False
    extensions: list[_Extension] = field(default_factory=list)


def recognises(root: Node) -> bool:
    """Whether this is Azure's answer about machines or extensions, with at least one extension in it."""
    return next(_machines(islice(_elements(root), _MAX_TRIED)), None) is not None


def read(document: Document, lookup: Lookup | None = None) -> Live:
    """The machines of a file that `recognises` accepts; none of any other.

    `lookup` tells apart publisher and type where an instance view writes them in one word.
    """
    root = document.root
    if root is None:
        return Live((), {})
    evaluator = Evaluator(len(document.source.text))
    health: dict[int, Health] = {}
    made = [_machine(machine, lookup, health) for machine in _merged(_machines(_elements(root)))]
    templates = []
    for batch in _batches(made):
        node = _object(root)
        _put(node, "$schema", _string(root, _SCHEMA))
        _put(node, "contentVersion", _string(root, "1.0.0.0"))
        _put(node, "resources", _array(root, batch))
        templates.append(Template(node, document, evaluator))
    return Live(tuple(templates), health)


# ------------------------------------------------------------------------------------- recognising


def _elements(root: Node) -> Iterator[Node]:
    """The objects that an answer consists of."""
    if root.kind == "array":
        yield from (item for item in root.items if item.kind == "object")
    elif root.kind == "object" and root.get("$schema") is None:
        lists = [found for found in map(root.get, _LISTS) if found is not None and found.kind == "array"]
        if lists and root.get("publisher") is None:
            yield from (item for item in lists[0].items if item.kind == "object")
        else:
            yield root


def _machines(elements: Iterable[Node]) -> Iterator[_Machine]:
    """A machine for each element that tells of an extension."""
    for element in elements:
        machine = _machine_of(element)
        if machine is not None and machine.extensions:
            yield machine


def _machine_of(element: Node) -> _Machine | None:
    identity = _id(element)
    if identity is not None and identity.of_machine:
        return _described(element, identity)
    found = _extension(element) or _view(element)
    if found is not None:
        machine = _Machine(element, extensions=[found])
        if found.id is not None:
            machine.type = found.id.type.rpartition("/")[0]
            machine.name = "/".join(found.id.names[:-1])
            machine.key = found.id.machine
        return machine
    if identity is not None or element.get("apiVersion") is not None:
        return None
    # The instance view by itself, or all that a query left of the machine.
    machine = _Machine(element)
    _add_views(machine, element.get("instanceView") or element)
    return machine


def _described(node: Node, identity: _Id) -> _Machine:
    """A machine or scale set, with what is told of it."""
    holder = _inner(node)
    machine = _Machine(node, identity.type, "/".join(identity.names), identity.machine, holder)
    profile = holder.at("virtualMachineProfile", "extensionProfile", "extensions")
    for section in (node.get("resources"), holder.get("resources"), profile):
        if section is None or section.kind != "array" or machine.whole:
            continue
        found = [_extension(item, sure=True) for item in section.items]
        machine.whole = None not in found
        for extension in filter(None, found):
            extension.in_profile = section is profile
            machine.extensions.append(extension)
    view = holder.get("instanceView")
    if view is not None:
        _add_views(machine, view)
    return machine


def _inner(node: Node) -> Node:
    """The object that has what is told of a resource: `properties`, or the resource itself."""
    properties = node.get("properties")
    return properties if properties is not None and properties.kind == "object" else node


def _extension(node: Node, *, sure: bool = False) -> _Extension | None:
    """The extension that an object describes. `sure` that it stands where only extensions do."""
    if node.kind != "object":
        return None
    identity = _id(node)
    own = identity is not None and identity.of_extension
    holder = _inner(node)
    if holder.get("publisher") is None and node.get("publisher") is not None:
        holder = node
    publisher = holder.get("publisher")
    kind = _handler_type(holder)
    if publisher is None or kind is None or not _text(publisher):
        return None
    if not (own or sure) and not _is_answer(node, holder, kind):
        return None
    found = _Extension(node, holder, node.get("name"), identity if own else None, publisher, kind)
    for view in (holder.get("instanceView"), node.get("instanceView")):
        if view is not None and not found.statuses:
            found.statuses += _statuses(view)
    return found


def _handler_type(holder: Node) -> Member | None:
    for name in _TYPES:
        member = holder.member_named(name)
        if member is not None:
            text = _text(member.value)
            # The type of a resource has a slash.
            if text and "/" not in text:
                return member
    return None


def _is_answer(node: Node, holder: Node, kind: Member) -> bool:
    """Whether an extension without an id was told by Azure, and not written to be sent to it."""
    written = [holder.get("publisher"), kind.value, holder.get("typeHandlerVersion"), node.get("name")]
    if node.get("apiVersion") is not None or any(_text(text)[:1] == "[" for text in written):
        return False
    protected = holder.get("protectedSettings")
    if protected is not None and (protected.members or protected.kind == "string"):
        return False
    # Also where it is null: Azure tells it, nobody sends it.
    state = holder.get("provisioningState") is not None
    if holder is not node:
        # By itself this is the body of a request.
        return state and node.parent is not None
    # Whoever writes down a list of extensions calls the handler's type just that.
    return state or (kind.name.lower() != "type" and bool(_text(holder.get("typeHandlerVersion"))))


def _view(node: Node) -> _Extension | None:
    """The extension of which an instance view tells; a handler's view has no name."""
    if node.kind != "object" or node.get("publisher") is not None:
        return None
    kind = node.get("type")
    first, dot, last = _text(kind).rpartition(".")
    if kind is None or not (first and dot and last) or "/" in last or "/" in first:
        return None
    if not _text(node.get("typeHandlerVersion")) or not any(map(node.get, ("statuses", "status"))):
        return None
    return _Extension(node, node, node.get("name"), None, dotted=kind, statuses=list(_statuses(node)))


def _add_views(machine: _Machine, instance: Node) -> None:
    """Add what an instance view tells of a machine's extensions, and of their handlers."""
    named = {found.label.lower(): found for found in machine.extensions if found.label is not None}
    for view in _views(instance.get("extensions")):
        known = named.get((view.label or "").lower())
        if known is None:
            machine.extensions.append(view)
        else:
            known.statuses += view.statuses
    handlers: dict[str, _Extension] = {}
    for found in machine.extensions:
        handlers.setdefault(found.handler, found)
    for view in _views(instance.at("vmAgent", "extensionHandlers")):
        known = handlers.get(view.handler)
        if known is None:
            machine.extensions.append(view)
        else:
            known.statuses += view.statuses


def _views(section: Node | None) -> Iterator[_Extension]:
    if section is not None and section.kind == "array":
        yield from filter(None, map(_view, section.items))


def _statuses(view: Node) -> Iterator[Node]:
    """The statuses of an instance view, then its substatuses."""
    for name in ("statuses", "status", "substatuses"):
        section = view.get(name)
        if section is not None:
            yield from (item for item in (section, *section.items) if item.kind == "object")


def _id(node: Node) -> _Id | None:
    match = _ID.fullmatch(_text(node.get("id")).strip())
    if match is None:
        return None
    steps = match["rest"].strip("/").split("/")
    identity = _Id("/".join([match["provider"], *steps[::2]]), tuple(steps[1::2]), "")
    above = match[0].strip("/").split("/")
    if identity.of_extension:
        above = above[:-2]
    return identity._replace(machine="/".join(above).lower())


def _text(node: Node | None) -> str:
    return node.value if node is not None and isinstance(node.value, str) else ""


# ------------------------------------------------------------------------------------------ making


def _merged(machines: Iterable[_Machine]) -> list[_Machine]:
    """Each machine once, whether it or only its extensions were listed."""
    known: dict[str, _Machine] = {}
    merged: list[_Machine] = []
    for machine in machines:
        first = None if machine.key is None else known.get(machine.key)
        if first is None:
            merged.append(machine)
            if machine.key is not None:
                known[machine.key] = machine
            continue
        first.extensions += machine.extensions
        first.whole = first.whole or machine.whole
        if first.holder is None and machine.holder is not None:
            first.node, first.holder = machine.node, machine.holder
    return merged


def _batches(made: list[tuple[_Machine, Node]]) -> Iterator[list[Node]]:
    """Machines that can be told apart by type and name, few enough for one template."""
    pending = made
    while pending:
        batch: list[Node] = []
        left: list[tuple[_Machine, Node]] = []
        names: set[tuple[str, str]] = set()
        size = 0
        for machine, node in pending:
            name = (machine.type.lower(), (machine.name or "").lower())
            count = 1 + len(machine.extensions)
            if (machine.name is not None and name in names) or (batch and size + count > _MAX_RESOURCES):
                left.append((machine, node))
                continue
            names.add(name)
            size += count
            batch.append(node)
        yield batch
        pending = left


def _machine(machine: _Machine, lookup: Lookup | None, health: dict[int, Health]) -> tuple[_Machine, Node]:
    """The resource of a machine, with those of its extensions in it."""
    node = _object(machine.node)
    _put(node, "type", _string(machine.node, machine.type))
    if machine.name is not None:
        _put(node, "name", _string(machine.node, _escaped(machine.name)))
    whole = machine.whole and machine.name is not None
    if not whole and not any(found.in_profile for found in machine.extensions):
        # Only known to be there: it may have further extensions.
        _put(node, "existing", _scalar(machine.node, "boolean", value=True))
    made = [(found, _properties(found, lookup)) for found in machine.extensions]
    profile = [(found, properties) for found, properties in made if found.in_profile]
    children = [(found, properties) for found, properties in made if not found.in_profile]
    properties = _object(machine.holder or machine.node)
    holder = properties
    own = machine.holder
    if own is not None and own.get("virtualMachineProfile") is not None:
        own = own.get("virtualMachineProfile")
        holder = _object(machine.node if own is None else own)
        _put(properties, "virtualMachineProfile", holder)
        extensions = _object(machine.node)
        _copy(None if own is None else own.get("extensionProfile"), extensions, "extensionsTimeBudget")
        entries = [_resource(found, properties, health) for found, properties in profile]
        _put(extensions, "extensions", _array(machine.node, entries))
        _put(holder, "extensionProfile", extensions)
    if own is not None:
        _facts(own, holder)
    _put(node, "properties", properties)
    resources = []
    for found, settings in children:
        child = _resource(found, settings, health)
        _put(child, "type", _string(found.node, "extensions"))
        if whole:
            entry = _string(found.node, _escaped(f"{machine.type}/{machine.name}"))
            _put(child, "dependsOn", _array(found.node, [entry]))
        resources.append(child)
    _put(node, "resources", _array(machine.node, resources))
    return machine, node


def _facts(source: Node, holder: Node) -> None:
    """Copy what rules ask of a machine; what else is told is as its owner wants it."""
    _copy(source, holder, "extensionsTimeBudget")
    profile = source.get("osProfile")
    if profile is not None and profile.kind == "object":
        made = _object(profile)
        _copy(profile, made, "allowExtensionOperations")
        for name in ("windowsConfiguration", "linuxConfiguration"):
            system = profile.get(name)
            if system is not None and system.kind == "object":
                # Empty: an agent that Azure did not provision may have been installed by hand.
                _put(made, name, _object(system))
        _put(holder, "osProfile", made)
    storage = source.get("storageProfile")
    if storage is not None and storage.kind == "object":
        made = _object(storage)
        for name, fact in (("osDisk", "osType"), ("imageReference", "publisher")):
            inner = storage.get(name)
            if inner is not None and inner.kind == "object":
                part = _object(inner)
                _copy(inner, part, fact)
                _put(made, name, part)
        _put(holder, "storageProfile", made)


def _resource(found: _Extension, properties: Node, health: dict[int, Health]) -> Node:
    """The resource of an extension, or the entry of a profile."""
    node = _object(found.node)
    label = found.label
    if label is not None:
        _put(node, "name", _string(found.name or found.node, _escaped(label)))
    _put(node, "properties", properties)
    health[id(node)] = Health(tuple(found.statuses), found.holder.get("provisioningState"))
    return node


def _properties(found: _Extension, lookup: Lookup | None) -> Node:
    """The properties of an extension as a template has them, without what Azure only reports."""
    source = found.holder
    node = _object(source)
    if found.dotted is not None:
        publisher, kind = _split(_text(found.dotted), lookup)
        _put(node, "publisher", _string(found.dotted, _escaped(publisher)), found.dotted.member)
        _put(node, "type", _string(found.dotted, _escaped(kind)), found.dotted.member)
    else:
        _copy(source, node, "publisher")
        if found.type is not None:
            _put(node, "type", _literal(found.type.value), found.type)
    for name in _UNSAID:
        if not _copy(source, node, name):
            _put(node, name, _scalar(source, "invalid"))
    _copy(source, node, *_SAID)
    protected = source.get("protectedSettings")
    if protected is not None and protected.members:
        _copy(source, node, "protectedSettings")
    else:
        _put(node, "protectedSettings", _scalar(source, "invalid"))
    return node


def _split(dotted: str, lookup: Lookup | None) -> tuple[str, str]:
    """Publisher and type that were written in one word, each of which may have dots."""
    words = dotted.split(".")
    ways = [(".".join(words[:at]), ".".join(words[at:])) for at in range(len(words) - 1, 0, -1)]
    ways = [(publisher, kind) for publisher, kind in ways if publisher and kind] or [(dotted, dotted)]
    return next((way for way in ways if lookup is not None and lookup(*way) is not None), ways[0])


# ------------------------------------------------------------------------------------------- nodes


def _node(like: Node, kind: str) -> Node:
    """A node that stands where another one does."""
    node = Node()
    node.start, node.end, node.raw = like.start, like.end, None
    node.kind, node.value = kind, None
    node.members, node.items = [], []
    node.parent, node.key, node.member = like.parent, like.key, like.member
    return node


def _object(like: Node) -> Node:
    return _node(like, "object")


def _array(like: Node, items: list[Node]) -> Node:
    node = _node(like, "array")
    node.items = items
    return node


def _string(like: Node, text: str) -> Node:
    node = _scalar(like, "string")
    node.value = text
    return node


def _scalar(like: Node, kind: str, *, value: bool | None = None) -> Node:
    node = _node(like, kind)
    node.value = value
    if like.kind in {"object", "array"}:
        # Its bracket; the whole may be pages long.
        node.end = node.start + 1
    return node


def _put(holder: Node, name: str, value: Node, at: Member | None = None) -> None:
    """Add a member to an object; its key is where `at` is, or the value begins."""
    member = Member()
    place = at or value.member
    member.start, member.end = (value.start, value.start + 1) if place is None else place.span
    member.raw, member.name, member.value = None, name, value
    holder.members.append(member)


def _copy(source: Node | None, holder: Node, *names: str) -> bool:
    """Add members as they are in the file; whether any of them is there."""
    copied = False
    for name in names:
        member = None if source is None else source.member_named(name)
        if member is not None:
            _put(holder, name, _literal(member.value), member)
            copied = True
    return copied


def _escaped(text: str) -> str:
    """A text so written that it is not taken for an expression."""
    return f"[{text}" if text[:1] == "[" and text[-1:] == "]" else text


def _literal(node: Node) -> Node:
    """A node whose strings mean what they say; itself where they do so anyway."""
    if not _needs_escaping(node):
        return node
    made = _node(node, node.kind)
    made.value = _escaped(node.value) if isinstance(node.value, str) else node.value
    made.items = [_literal(item) for item in node.items]
    for member in node.members:
        _put(made, _escaped(member.name), _literal(member.value), member)
    return made


def _needs_escaping(node: Node) -> bool:
    return any(
        (isinstance(below.value, str) and _escaped(below.value) != below.value)
        or any(_escaped(member.name) != member.name for member in below.members)
        for below in node.walk()
    )
