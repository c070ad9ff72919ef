"""Virtual machine extensions, in every place and shape in which a template can hold one."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from armlint.arm import evaluate
from armlint.arm import template as templates
from armlint.arm.handlers import supports_automatic_upgrade
from armlint.arm.value import MISSING, Failure, Object, Pool, Term, Text, Value, identity, is_text

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

# The machine types that extension types belong to, for messages and for telling machines apart.
_INSTANCE_PROFILE: Final = "microsoft.compute/virtualmachinescalesets"


def is_extension_type(name: str) -> bool:
    """Whether a resource type, as written, is one of virtual machine extensions (or unsaid)."""
    folded = name.lower().strip("/")
    return folded in _TYPES or folded == "extensions"


class Extension:
    """An extension, however it is written down.

    `node` is the resource or the item of a profile; `holder` is the object (or the expression)
    that has publisher, type and settings: `properties` in most shapes, the item itself in Batch.
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
            return None if member is None else self.inside(member)
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
        kind = self.resource.key
        if kind in _TYPES:
            kind = kind.rsplit("/", 1)[0]
        machine = self.machine
        if not isinstance(machine, str | Text | Term):
            return None
        folded = machine.lower() if isinstance(machine, str) else identity(machine)
        return (id(self._template), kind, folded)

    @property
    def deployed(self) -> bool:
        """False where the template only refers to it, or its condition is false."""
        resource = self.resource
        while resource is not None:
            if resource.existing or resource.condition is False:
                return False
            resource = None if self.shape is Shape.VM else resource.parent
        return True

    @property
    def supports_automatic_upgrade(self) -> Value:
        """Whether the handler is in Azure's automatic upgrade table; unknown with its name."""
        handler = self.handler
        if handler is not None:
            return supports_automatic_upgrade(*handler)
        unknown = isinstance(self.publisher, Term | Text) or isinstance(self.type, Term | Text)
        return self.pool.unique("handler") if unknown else False

    def inside(self, node: Node) -> Value:
        """The value of a node inside the extension."""
        if self.resource is not None:
            value = self.resource.value(node)
        else:
            value = self._template.evaluator.value(node, self._template.scope)
        return self.pool.unique("failure") if isinstance(value, Failure) else value

    def _names(self) -> tuple[Value, Value]:
        resource = self.resource
        if resource is None:
            own = self.node.get("name")
            return (None if own is None else own.value), None
        if self.node is not resource.node:
            own = self.node.get("name")
            return resource.value(own), resource.name
        if self.shape is Shape.HCI or self.shape is Shape.VMSS_INSTANCE:
            return _split(resource)
        if resource.parent is not None:
            name, machine = _split(resource)
            parent = resource.parent.name
            same = identity(machine) == identity(parent)
            return name, parent if same or not is_text(machine) else machine
        return _split(resource)


def _split(resource: Resource) -> tuple[Value, Value]:
    """The full name `machine/extension` of a resource as extension and machine."""
    pool = resource.template.evaluator.pool
    own, machine = templates.split_name(resource.name, pool)
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
    resource: Resource, template: Template, shape: Shape, path: tuple[str, ...], wrapped: bool
) -> Iterator[Extension]:
    section = resource.node.at(*path)
    items: list[Node] = []
    if section is not None and section.kind == "array":
        items = [item for item in section.items if item.kind == "object"]
    above = resource.node.at(*path[:-1])
    loops = None if above is None else above.get("copy")
    if loops is not None and loops.kind == "array":
        for loop in loops.items:
            name, made = loop.get("name"), loop.get("input")
            if name is not None and made is not None and str(name.value).lower() == path[-1].lower():
                items.append(made)
    for item in items:
        yield Extension(item, item.get("properties") if wrapped else item, shape, resource, template)


def profile_path(resource: Resource) -> tuple[str, ...]:
    """Where a resource of a carrying type has its extensions; empty for other types."""
    carrier = _CARRIERS.get(resource.key)
    return () if carrier is None else carrier[1]


def complete(resource: Resource) -> bool:
    """Whether all extensions of a carrying resource are written out one by one."""
    carrier = _CARRIERS.get(resource.key)
    if carrier is None:
        return False
    section = resource.node.at(*carrier[1])
    above = resource.node.at(*carrier[1][:-1])
    looped = above is not None and above.get("copy") is not None
    return section is not None and section.kind == "array" and not looped


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
    if shape is Shape.HCI and holder is not None:
        holder = holder.get("extensionParameters") or holder
    return Extension(root, holder, shape, None, template)
