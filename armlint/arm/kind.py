"""What a JSON file is to armlint, decided from its content."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm.extension import is_extension_type

if TYPE_CHECKING:
    from armlint.jsontext import Document, Node

_SCHEMA: Final = re.compile(
    r"https?://[^/]+/schemas/20\d\d-\d\d-\d\d(?:-preview)?/"
    r"(?P<scope>subscription|managementgroup|tenant)?deployment(?P<what>template|parameters)\.json#?",
    re.IGNORECASE,
)


class Kind(StrEnum):
    """What a JSON file is to armlint."""

    TEMPLATE = "template"
    PARAMETERS = "parameters"
    DEPLOYMENT = "deployment"
    """The request for a deployment, as the REST API takes it: a template and its parameters."""
    UI_DEFINITION = "ui-definition"
    """The form that the portal shows for a template (`createUiDefinition.json`)."""
    BODY = "body"
    """A VM extension resource or its request body by itself."""
    LIVE = "live"
    """Azure's answer about machines and their extensions (`az vm extension list` and the like)."""
    SCRIPT = "script"
    """A script, pipeline or document with calls of Azure's tools; no JSON at all."""
    OTHER = "other"


class Schema(NamedTuple):
    """What a `$schema` names: `scope` is the deployment's, `what` is template or parameters."""

    scope: str
    what: str


def schema_of(uri: str) -> Schema | None:
    """Read a deployment schema's address; None for any other. The host is not looked at."""
    match = _SCHEMA.fullmatch(uri.strip())
    if match is None:
        return None
    return Schema((match["scope"] or "resourceGroup").lower(), match["what"].lower())


# What the body of an extension says in words, and what it says in objects or switches.
_BODY_WORDS: Final = ("publisher", "type", "typeHandlerVersion")
_BODY_MEMBERS: Final = ("settings", "protectedSettings", "autoUpgradeMinorVersion")
# One of these is in every answer of Azure that tells of extensions.
_ANSWERS: Final = ("id", "publisher", "value", "data", "instanceView", "extensions", "vmAgent", "statuses")


def kind_of(document: Document) -> Kind:
    """Decide from its content what a document is."""
    root = document.root
    if root is None or root.kind not in {"object", "array"}:
        return Kind.OTHER
    named = _named_by_schema(root)
    if named is not None:
        return named
    if root.get("contentVersion") is not None and root.get("resources") is not None:
        return Kind.TEMPLATE
    if _is_request(root):
        return Kind.DEPLOYMENT
    handler = root.get("handler")
    if handler is not None and str(handler.value).lower() == "microsoft.azure.createuidef":
        return Kind.UI_DEFINITION
    if root.get("$schema") is None and _is_parameters(root, document.source.name):
        return Kind.PARAMETERS
    if _is_live(root):
        return Kind.LIVE
    # One such name alone is in many other resources.
    return Kind.BODY if _body_members(root) >= 2 else Kind.OTHER  # noqa: PLR2004


def _named_by_schema(root: Node) -> Kind | None:
    """What the `$schema` of a document says it is; None where there is none, or one of something else."""
    schema = root.get("$schema")
    # Looser than `schema_of`: a misspelt address still tells what its author meant.
    address = schema.value.lower() if schema is not None and isinstance(schema.value, str) else ""
    if "deploymenttemplate.json" in address or "/deploymenttemplate" in address:
        given = root.get("resources") is None and _gives(root.get("parameters"))
        return Kind.PARAMETERS if given else Kind.TEMPLATE
    if "deploymentparameters" in address:
        return Kind.PARAMETERS
    if "/createuidefinition" in address:
        return Kind.UI_DEFINITION
    if "json-schema.org" in address and (root.get("contentVersion") is None or root.get("resources") is None):
        # Its `properties` describe members, they are none.
        return Kind.OTHER
    return None


def _is_parameters(root: Node, name: str) -> bool:
    """Whether a document without a schema gives parameters. Azure CLI takes them without any frame."""
    inside = root.get("parameters")
    if root.get("contentVersion") is not None:
        return _gives(inside)
    named = ".parameters." in name.replace("\\", "/").rpartition("/")[2].lower()
    return named and _gives(root if inside is None else inside)


def _is_request(root: Node) -> bool:
    """Whether this is what the REST API is sent for a deployment, and not its answer."""
    inside = root.get("properties")
    if inside is None or inside.get("mode") is None or root.get("type") is not None:
        return False
    if inside.get("provisioningState") is not None:
        return False
    found = inside.get("template") or inside.get("templateLink")
    return found is not None and found.kind == "object"


def _gives(section: Node | None) -> bool:
    """Whether an object has nothing but parameters that are given."""
    if section is None or not section.members:
        return False
    return all(
        member.value.kind == "object" and any(map(member.value.get, ("value", "reference", "expression")))
        for member in section.members
    )


def _is_live(root: Node) -> bool:
    if root.kind == "object" and not any(map(root.get, _ANSWERS)):
        return False
    # Hardly any file gets here.
    from armlint.arm import live

    return live.recognises(root)


def _body_members(root: Node) -> int:
    """How many members of an extension an object has where extensions have them."""
    kind = root.get("type")
    if kind is not None and isinstance(kind.value, str) and not is_extension_type(kind.value):
        return 0
    # Azure Local has the extension one level deeper.
    holder = root.at("properties", "extensionParameters") or root.get("properties")
    if holder is None:
        return 0
    # In a JSON Schema, everything that is described is an object.
    words = [node for node in map(holder.get, _BODY_WORDS) if node is not None]
    if any(node.kind in {"object", "array"} for node in words):
        return 0
    return len(words) + sum(holder.get(name) is not None for name in _BODY_MEMBERS)
