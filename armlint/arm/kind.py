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
    BODY = "body"
    """A VM extension resource or its request body by itself."""
    LIVE = "live"
    """Azure's answer about machines and their extensions (`az vm extension list` and the like)."""
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
    schema = root.get("$schema")
    if schema is not None and isinstance(schema.value, str):
        # Looser than `schema_of`: a misspelt address still tells what its author meant.
        address = schema.value.lower()
        if "deploymenttemplate.json" in address:
            return Kind.TEMPLATE
        if "deploymentparameters.json" in address:
            return Kind.PARAMETERS
    if root.get("contentVersion") is not None and root.get("resources") is not None:
        return Kind.TEMPLATE
    if schema is not None and "json-schema.org" in str(schema.value).lower():
        # Its `properties` describe members, they are none.
        return Kind.OTHER
    if _is_live(root):
        return Kind.LIVE
    # One such name alone is in many other resources.
    return Kind.BODY if _body_members(root) >= 2 else Kind.OTHER  # noqa: PLR2004


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
