"""Virtual machine extensions, in every place and shape in which a template can hold one."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from armlint.arm import evaluate
from armlint.arm import template as templates
from armlint.arm.value import MISSING, Failure, Object, Pool, Term, Text, Value, key_of, parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.template import Resource, Template
    from armlint.jsontext import Document, Member, Node


class Shape(StrEnum):
    """Where an extension stands, which decides what it may and must carry."""

    VM = "vm"
    VMSS = "vmss"
    VMSS_INSTANCE = "vmss-instance"
    VMSS_PROFILE = "vmss-profile"
    ARC = "arc"
    HCI = "hci"
    SF_MANAGED = "sf-managed"
    BATCH = "batch"
    FLEET = "fleet"
    BODY = "body"


# Resource types whose resources are extensions, lower-cased.
_TYPES: Final = {
    "microsoft.compute/virtualmachines/extensions": Shape.VM,
    "microsoft.compute/virtualmachinescalesets/extensions": Shape.VMSS,
    "microsoft.compute/virtualmachinescalesets/virtualmachines/extensions": Shape.VMSS_INSTANCE,
    "microsoft.hybridcompute/machines/extensions": Shape.ARC,
    "microsoft.azurestackhci/clusters/arcsettings/extensions": Shape.HCI,
    # Preview types with the shape of Arc machines, which replaced them.
    "microsoft.azurestackhci/virtualmachines/extensions": Shape.ARC,
    "microsoft.connectedvmwarevsphere/virtualmachines/extensions": Shape.ARC,
    "microsoft.scvmm/virtualmachines/extensions": Shape.ARC,
}

# Resource types that carry extensions in a property: the shape, the path, and whether an item
# wraps the extension's members in `properties`.
_CARRIERS: Final = {
    "microsoft.compute/virtualmachinescalesets": (
        Shape.VMSS_PROFILE,
        ("properties", "virtualMachineProfile", "extensionProfile", "extensions"),
        True,
    ),
    "microsoft.azurefleet/fleets": (
        Shape.FLEET,
        ("properties", "computeProfile", "baseVirtualMachineProfile", "extensionProfile", "extensions"),
        True,
    ),
    "microsoft.servicefabric/managedclusters/nodetypes": (
        Shape.SF_MANAGED,
        ("properties", "vmExtensions"),
        True,
    ),
    "microsoft.batch/batchaccounts/pools": (
        Shape.BATCH,
        ("properties", "deploymentConfiguration", "virtualMachineConfiguration", "extensions"),
        False,
    ),
}


# What a request to Compute may say, and one to Arc may not.
_COMPUTE: Final = ("suppressFailures", "protectedSettingsFromKeyVault", "provisionAfterExtensions")


def is_extension_type(name: str) -> bool:
    """Whether a resource type, as written, is one of virtual machine extensions (or unsaid)."""
    folded = name.lower().strip("/")
    return folded in _TYPES or folded == "extensions"


class Extension:
    """An extension, however it is written down.

    `node` is the resource or the item of a profile; `holder` is the object (or the expression)
    that has publisher, type and settings: `properties` in most shapes, the item itself in Batch.
    Where a profile is taken from a variable, both are what is written in the variable.
    `resource` is the resource that it is or stands in; None for a body in a file by itself.
    """

    __slots__ = ("_template", "holder", "machine", "name", "node", "resource", "shape")

    def __init__(
        self,
        node: Node,
        holder: Node | None,
        shape: Shape,
        resource: Resource | None,
        template: Template,
    ) -> None:
        self.node = node
        self.holder = holder
        self.shape = shape
        self.resource = resource
        self._template = template
        self.name, self.machine = self._names()

    @property
    def template(self) -> Template:
        """The template it stands in; for a body, a template made of the body alone."""
        return self._template

    @property
    def document(self) -> Document:
        """The document it stands in."""
        return self._template.document

    @property
    def pool(self) -> Pool:
        """Where its values come from."""
        return self._template.evaluator.pool

    def member(self, name: str) -> Member | None:
        """The member of this name, compared ignoring case; None where it is absent or computed."""
        return None if self.holder is None else self.holder.member_named(name)

    def field(self, name: str) -> Value:
        """The value of a member of the extension; None where it is absent or null."""
        if self.holder is None:
            return None
        if self.holder.kind == "object":
            member = self.holder.get(name)
            if member is not None:
                return self.inside(member)
            if _plain(self.holder):
                return None
        return field_of(self.inside(self.holder), name, self.pool)

    @property
    def publisher(self) -> Value:
        """The publisher of the handler."""
        return self.field("publisher")

    @property
    def type(self) -> Value:
        """The type of the handler."""
        return self.field("type")

    @property
    def handler(self) -> tuple[str, str] | None:
        """Publisher and type, where both are known."""
        publisher, kind = self.publisher, self.type
        return (publisher, kind) if isinstance(publisher, str) and isinstance(kind, str) else None

    @property
    def api_version(self) -> Value:
        """The `apiVersion` of the resource that it is or stands in."""
        resource = self.resource
        return None if resource is None else resource.value(resource.node.get("apiVersion"))

    @property
    def label(self) -> str:
        """Its name for messages, as far as it is known."""
        return templates.shown(self.name)

    @property
    def machine_label(self) -> str:
        """The machine's name for messages, as far as it is known."""
        return templates.shown(self.machine)

    @property
    def machine_key(self) -> tuple[int, str, object] | None:
        """Equal for extensions that are surely on the same machine; None where it is unknown."""
        if self.resource is None:
            return (id(self._template), "", "")
        name = parts(self.machine)
        return (id(self._template), self.machine_type, key_of(name)) if name else None

    @property
    def machine_type(self) -> str:
        """The type of the resource that its machine is, in lower case; empty for a body."""
        kind = "" if self.resource is None else self.resource.key
        return kind.rsplit("/", 1)[0] if kind in _TYPES else kind

    @property
    def deployed(self) -> bool:
        """False where it is only referred to, or its condition or that of a deployment around is false."""
        resource = self.resource
        while resource is not None:
            if resource.existing or resource.condition is False:
                return False
            resource = resource.template.deployment
        return True

    @property
    def may_omit(self) -> bool:
        """Whether what Azure wants of a new extension on a virtual machine may be left out.

        Only the URL tells whether a bare body is for such a machine or for one of Arc, which takes the
        newest version by itself, and whether it makes an extension or changes one.
        """
        if self.shape is not Shape.BODY:
            return False
        named = self.publisher is not None or self.type is not None
        return not (named and any(self.field(name) is not None for name in _COMPUTE))

    def inside(self, node: Node) -> Value:
        """The value of a node inside the extension."""
        if self.resource is not None:
            value = self.resource.value(node)
        else:
            value = self._template.evaluator.value(node, self._template.scope)
        return self.pool.unique("failure") if isinstance(value, Failure) else value

    def _names(self) -> tuple[Value, Value]:
        resource = self.resource
        if resource is not None and self.node is resource.node:
            return _split(resource.name, self.pool)
        own = self.node.get("name")
        name = None if own is None else self.inside(own)
        if resource is not None:
            return name, resource.name
        if self.shape is Shape.BODY or not _segments(name):
            return name, None
        return _split(name, self.pool)


def _segments(name: Value) -> bool:
    """Whether a name surely has several segments."""
    literals = [name] if isinstance(name, str) else name.parts if isinstance(name, Text) else ()
    return any(isinstance(part, str) and "/" in part for part in literals)


def _split(full: Value, pool: Pool) -> tuple[Value, Value]:
    """The full name `machine/extension` of a resource as extension and machine."""
    own, machine = templates.split_name(full, pool)
    return own, pool.unique("machine") if machine is None else machine


def field_of(value: Value, name: str, pool: Pool) -> Value:
    """A field of an object value; None where it surely has none, unknown where it may."""
    if isinstance(value, Object):
        found = value.get(name)
        return None if found is MISSING else found
    if isinstance(value, Term):
        if value.operation == "union":
            # The later object of a union wins; what it surely has, the union has.
            for argument in reversed(value.arguments):
                if not isinstance(argument, Object):
                    break
                found = argument.get(name)
                if found is not MISSING:
                    return found
        return pool.term("property", value, name.lower())
    return None


def in_template(template: Template) -> Iterator[Extension]:
    """The extensions of one template in document order; nested templates' are theirs."""
    for resource in template.all_resources():
        shape = _TYPES.get(resource.key)
        if shape is not None:
            holder = resource.properties
            if shape is Shape.HCI and holder is not None:
                holder = holder.get("extensionParameters")
            yield Extension(resource.node, holder, shape, resource, template)
            continue
        carrier = _CARRIERS.get(resource.key)
        if carrier is not None:
            yield from _carried(resource, template, *carrier)


def _carried(
    resource: Resource,
    template: Template,
    shape: Shape,
    path: tuple[str, ...],
    wrapped: bool,  # noqa: FBT001 - as it stands in the table
) -> Iterator[Extension]:
    """The extensions in a property of a resource, also where a variable holds it."""
    found, _ = _items(resource, path)
    for item in found:
        holder = item.get("properties") if wrapped else item
        yield Extension(item, holder, shape, resource, template)


def _items(resource: Resource, path: tuple[str, ...]) -> tuple[list[Node], bool]:
    """The items at a path in a resource, and whether these are surely all, each written out."""
    scope = resource.scope
    node = resource.node
    for name in path[:-1]:
        below = node.get(name)
        if below is None or below.kind == "null":
            return [], _plain(node)
        node = evaluate.written(below, scope)
        if node.kind != "object":
            return [], False
    items: list[Node] = []
    complete = _plain(node)
    loops = node.get("copy")
    for loop in loops.items if loops is not None and evaluate.is_loops(loops) else ():
        element = loop.get("input")
        if element is not None and _is_called(resource.value(loop.get("name")), path[-1]):
            items.append(element)
    section = node.get(path[-1])
    if section is not None and section.kind != "null":
        section = evaluate.written(section, scope)
        complete = complete and section.kind == "array"
        items.extend(section.items)
    items = [evaluate.written(item, scope) for item in items]
    objects = [item for item in items if item.kind == "object"]
    return objects, complete and len(objects) == len(items)


def _is_called(value: Value, name: str) -> bool:
    return isinstance(value, str) and value.lower() == name.lower()


def _plain(node: Node) -> bool:
    """Whether the members of an object are only those that one sees."""
    loops = node.get("copy")
    looped = loops is not None and evaluate.is_loops(loops)
    return not looped and not any(member.name[:1] == "[" for member in node.members)


def profile_path(resource: Resource) -> tuple[str, ...]:
    """Where a resource of a carrying type has its extensions; empty for other types."""
    carrier = _CARRIERS.get(resource.key)
    return () if carrier is None else carrier[1]


def complete(resource: Resource) -> bool:
    """Whether all extensions of a carrying resource, perhaps none, are written out one by one."""
    carrier = _CARRIERS.get(resource.key)
    return carrier is not None and _items(resource, carrier[1])[1]


def of_body(document: Document) -> Extension | None:
    """The extension of a document that is an extension resource or request body by itself."""
    root = document.root
    if root is None or root.kind != "object":
        return None
    evaluator = evaluate.Evaluator(len(document.source.text))
    template = templates.Template(root, document, evaluator)
    holder = root.get("properties")
    named = root.get("type")
    shape = Shape.BODY
    if named is not None and isinstance(named.value, str):
        shape = _TYPES.get(named.value.lower().strip("/"), Shape.BODY)
    inner = None if holder is None else holder.get("extensionParameters")
    if inner is not None and shape in {Shape.HCI, Shape.BODY}:
        holder, shape = inner, Shape.HCI
    return Extension(root, holder, shape, None, template)
