"""What a JSON file is to armlint, decided from its content."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm.extension import is_extension_type

if TYPE_CHECKING:
    from armlint.jsontext import Document

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


_BODY_MEMBERS: Final = (
    "publisher",
    "type",
    "typeHandlerVersion",
    "settings",
    "protectedSettings",
    "autoUpgradeMinorVersion",
)


def kind_of(document: Document) -> Kind:
    """Decide from its content what a document is."""
    root = document.root
    if root is None or root.kind != "object":
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
    properties = root.get("properties")
    if properties is not None and properties.kind == "object":
        present = sum(properties.get(name) is not None for name in _BODY_MEMBERS)
        kind = root.get("type")
        other = kind is not None and isinstance(kind.value, str) and not is_extension_type(kind.value)
        # One such name alone is in many other resources.
        if present >= 2 and not other:  # noqa: PLR2004
            return Kind.BODY
    return Kind.OTHER
