"""Request bodies and snippets as Microsoft's reference shows them, and what armlint makes of each.

The shapes are those of the examples in the REST reference (extensions of machines, scale sets, Arc machines)
and of the Custom Script pages; names and values are our own.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

import armlint
from armlint.arm.kind import Kind, kind_of
from armlint.jsontext import read
from armlint.source import Source

VAULT = {
    "sourceVault": {
        "id": "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/"
        "Microsoft.KeyVault/vaults/shopvault"
    },
    "secretUrl": "https://shopvault.vault.azure.net/secrets/agent/0123456789abcdef0123456789abcdef",
}

# Virtual Machine Extensions, create or update: every member that the reference knows, the status included.
MAXIMUM: dict[str, Any] = {
    "location": "westeurope",
    "properties": {
        "autoUpgradeMinorVersion": True,
        "publisher": "Contoso.Tools",
        "type": "Agent",
        "typeHandlerVersion": "1.2",
        "suppressFailures": True,
        "settings": {},
        "forceUpdateTag": "7",
        "enableAutomaticUpgrade": True,
        "protectedSettings": {},
        "instanceView": {
            "name": "agent",
            "type": "Contoso.Tools.Agent",
            "typeHandlerVersion": "1.2.3",
            "substatuses": [{"code": "ComponentStatus/StdOut/succeeded", "level": "Info", "message": ""}],
            "statuses": [{"code": "ProvisioningState/succeeded", "level": "Info", "message": "done"}],
        },
    },
    "tags": {"team": "shop"},
}
# The same call with the only member that is required.
MINIMUM: dict[str, Any] = {"location": "westeurope"}
# Virtual Machine Extensions, update: protected settings out of a vault.
UPDATE: dict[str, Any] = {
    "properties": {
        "autoUpgradeMinorVersion": True,
        "publisher": "Contoso.Tools",
        "type": "Agent",
        "typeHandlerVersion": "1.2",
        "suppressFailures": True,
        "settings": {"region": "north"},
        "protectedSettingsFromKeyVault": VAULT,
    }
}
# Virtual Machine Scale Set Extensions, create or update: it has a name and comes after another one.
SCALE_SET: dict[str, Any] = {
    "name": "agent",
    "properties": {
        "autoUpgradeMinorVersion": True,
        "publisher": "Contoso.Tools",
        "type": "Agent",
        "typeHandlerVersion": "1.2",
        "settings": {},
        "forceUpdateTag": "7",
        "enableAutomaticUpgrade": True,
        "protectedSettings": {},
        "provisionAfterExtensions": ["disks"],
        "suppressFailures": True,
    },
}
# Machine Extensions of Azure Arc, create or update: a command, public, and no word on upgrades.
ARC: dict[str, Any] = {
    "location": "westeurope",
    "properties": {
        "publisher": "Microsoft.Compute",
        "type": "CustomScriptExtension",
        "typeHandlerVersion": "1.10",
        "settings": {
            "commandToExecute": 'powershell.exe -c "Get-Service | Where-Object { $_.Status -eq 4 }"'
        },
    },
}
COMMAND = "/properties/settings/commandToExecute"
LOUD = "/properties/settings/COMMANDTOEXECUTE"
SWITCH = "/properties/autoUpgradeMinorVersion"


# Azure returns the status; in a request it is ignored.
STATUS = ("EXT126", "/properties/instanceView")


def found(document: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((entry.rule, entry.pointer) for entry in armlint.check(json.dumps(document, indent=2)))


def changed(document: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """The document with members of `properties` set, or taken away where the value is `...`."""
    made = copy.deepcopy(document)
    made["properties"] |= properties
    made["properties"] = {name: value for name, value in made["properties"].items() if value is not ...}
    return made


@pytest.mark.parametrize(
    "body", [MAXIMUM, UPDATE, SCALE_SET, ARC], ids=["maximum", "update", "scale set", "arc"]
)
def test_a_request_body_is_recognised(body: dict[str, Any]) -> None:
    assert kind_of(read(Source(json.dumps(body)))) is Kind.BODY


def test_a_body_with_a_location_only_could_be_of_anything() -> None:
    assert kind_of(read(Source(json.dumps(MINIMUM)))) is Kind.OTHER
    assert found(MINIMUM) == []


@pytest.mark.parametrize("body", [UPDATE, SCALE_SET], ids=["update", "scale set"])
def test_the_bodies_of_the_reference_are_sound(body: dict[str, Any]) -> None:
    assert found(body) == []


def test_the_status_in_a_request_is_told_to_be_ignored() -> None:
    assert found(MAXIMUM) == [STATUS]
    assert found(changed(MAXIMUM, instanceView=...)) == []


def test_the_response_to_a_request_is_sound_too() -> None:
    response = changed(MAXIMUM, provisioningState="Succeeded")
    response |= {
        "name": "agent",
        "type": "Microsoft.Compute/virtualMachines/extensions",
        "id": "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/"
        "Microsoft.Compute/virtualMachines/web/extensions/agent",
    }
    assert kind_of(read(Source(json.dumps(response)))) is not Kind.OTHER
    assert found(response) == []


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"typeHandlerVersion": ...}, [("EXT102", "/properties")]),
        ({"typeHandlerVersion": ""}, [("EXT102", "/properties/typeHandlerVersion")]),
        ({"publisher": ...}, [("EXT105", "/properties")]),
        ({"type": None}, [("EXT105", "/properties/type")]),
        ({"settings": {"commandToExecute": "sh x.sh"}}, [("EXT101", COMMAND)]),
        ({"settings": {"COMMANDTOEXECUTE": "sh x.sh"}}, [("EXT101", LOUD)]),
        ({"autoUpgradeMinorVersion": False, "enableAutomaticUpgrade": None}, [("EXT103", SWITCH)]),
        ({"autoUpgradeMinorVersion": ..., "enableAutomaticUpgrade": ...}, [("EXT103", "/properties")]),
        # The platform upgrades it, so the other switch does not matter.
        ({"autoUpgradeMinorVersion": False}, []),
        ({"protectedSettingsFromKeyVault": VAULT}, [("EXT108", "/properties/protectedSettingsFromKeyVault")]),
        ({"protectedSettings": ..., "protectedSettingsFromKeyVault": VAULT}, []),
        ({"protectedSettings": None, "protectedSettingsFromKeyVault": VAULT}, []),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else "",
)  # fmt: skip
@pytest.mark.parametrize("body", [MAXIMUM, SCALE_SET], ids=["maximum", "scale set"])
def test_a_fault_put_into_a_body_is_found(
    body: dict[str, Any], edit: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    known = [STATUS] if body is MAXIMUM else []
    assert found(changed(body, **edit)) == sorted([*expected, *known])


# Only the URL tells whether these are for a virtual machine or for one of Arc, and whether they make or change.
SILENT = [
    ("arc", changed(ARC, typeHandlerVersion=..., settings=...)),
    ("arc, empty", changed(ARC, typeHandlerVersion="", settings=...)),
    ("arc with the switch", changed(ARC, typeHandlerVersion=..., settings=..., autoUpgradeMinorVersion=True)),
    ("settings change", {"properties": {"settings": {"region": "north"}, "protectedSettings": {}}}),
    ("switch change", {"properties": {"autoUpgradeMinorVersion": True, "typeHandlerVersion": "1.3"}}),
    ("failures change", {"properties": {"settings": {}, "protectedSettings": {}, "suppressFailures": True}}),
]  # fmt: skip


@pytest.mark.parametrize("body", [body for _, body in SILENT], ids=[name for name, _ in SILENT])
def test_what_a_bare_body_may_leave_out_is_not_missed(body: dict[str, Any]) -> None:
    assert kind_of(read(Source(json.dumps(body)))) is Kind.BODY
    assert found(body) == []


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"publisher": "Contoso", "settings": {}}, [("EXT105", "/properties")]),
        ({"type": "Agent", "settings": {}}, [("EXT105", "/properties")]),
        ({"publisher": "", "settings": {}}, [("EXT105", "/properties")]),
        (
            {"publisher": "Contoso", "type": "Agent", "provisionAfterExtensions": ["disks"]},
            [("EXT102", "/properties"), ("EXT103", "/properties")],
        ),
    ],
)
def test_what_a_bare_body_has_to_say_is_missed(
    properties: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert found({"properties": properties}) == expected


class TestArc:
    def test_the_command_of_the_example_is_public(self) -> None:
        assert ("EXT101", COMMAND) in found(ARC)

    def test_as_a_resource_it_lacks_nothing_else(self) -> None:
        """Version and upgrade switch are optional on Arc machines."""
        resource = {
            "type": "Microsoft.HybridCompute/machines/extensions",
            "apiVersion": "2025-01-13",
            "name": "till/setup",
            **changed(ARC, typeHandlerVersion=...),
        }
        assert found(resource) == [("EXT101", COMMAND)]
        template = {
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "resources": [resource],
        }
        assert ("EXT101", f"/resources/0{COMMAND}") in found(template)
        assert not [rule for rule, _ in found(template) if rule.startswith("EXT") and rule != "EXT101"]

    def test_protected_it_is_sound(self) -> None:
        command = ARC["properties"]["settings"]
        resource = {
            "type": "Microsoft.HybridCompute/machines/extensions",
            "apiVersion": "2025-01-13",
            "name": "till/setup",
            **changed(ARC, settings=..., protectedSettings=command),
        }
        assert found(resource) == []


# The Custom Script pages: what may stand in which block.
LINUX: dict[str, Any] = {
    "name": "setup",
    "type": "Extensions",
    "location": "[resourceGroup().location]",
    "apiVersion": "2019-03-01",
    "dependsOn": ["[concat('Microsoft.Compute/virtualMachines/', parameters('vmName'))]"],
    "properties": {
        "publisher": "Microsoft.Azure.Extensions",
        "type": "CustomScript",
        "typeHandlerVersion": "2.1",
        "autoUpgradeMinorVersion": True,
        "settings": {"skipDos2Unix": False, "timestamp": 20260101},
        "protectedSettings": {
            "commandToExecute": "sh setup.sh 8080",
            "fileUris": ["https://contosoassets.blob.core.windows.net/scripts/setup.sh"],
            "managedIdentity": {},
        },
    },
}
WINDOWS: dict[str, Any] = {
    "apiVersion": "2018-06-01",
    "type": "Microsoft.Compute/virtualMachines/extensions",
    "name": "[concat(parameters('vmName'), '/setup')]",
    "location": "[resourceGroup().location]",
    "dependsOn": ["[concat('Microsoft.Compute/virtualMachines/', parameters('vmName'))]"],
    "properties": {
        "publisher": "Microsoft.Compute",
        "type": "CustomScriptExtension",
        "typeHandlerVersion": "1.10",
        "autoUpgradeMinorVersion": True,
        "settings": {
            "fileUris": ["https://contosoassets.blob.core.windows.net/scripts/setup.ps1"],
            "timestamp": 20260101,
        },
        "protectedSettings": {
            "commandToExecute": "powershell -ExecutionPolicy RemoteSigned -File setup.ps1",
            "managedIdentity": {"objectId": "00000000-0000-0000-0000-000000000000"},
        },
    },
}


def public(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The document with one setting moved from the protected to the public ones."""
    made = copy.deepcopy(document)
    properties = made["properties"]
    properties["settings"][name] = properties["protectedSettings"].pop(name)
    return made


@pytest.mark.parametrize("snippet", [LINUX, WINDOWS], ids=["linux", "windows"])
class TestCustomScript:
    def test_a_protected_command_is_sound(self, snippet: dict[str, Any]) -> None:
        assert found(snippet) == []

    def test_a_public_command_is_found(self, snippet: dict[str, Any]) -> None:
        assert found(public(snippet, "commandToExecute")) == [("EXT101", COMMAND)]

    def test_a_public_command_is_found_beside_protected_file_addresses_or_none(
        self, snippet: dict[str, Any]
    ) -> None:
        bare = public(snippet, "commandToExecute")
        bare["properties"] |= {"protectedSettings": {}}
        bare["properties"]["settings"] = {"commandToExecute": "hostname"}
        assert found(bare) == [("EXT101", COMMAND)]

    def test_an_empty_public_command_is_none(self, snippet: dict[str, Any]) -> None:
        made = copy.deepcopy(snippet)
        made["properties"]["settings"]["commandToExecute"] = ""
        assert ("EXT101", COMMAND) not in found(made)


def test_an_inline_script_is_a_command_on_linux_only() -> None:
    """`script`, in Base64, is what the Linux handler runs; the Windows one has no such setting."""
    script = {"script": "IyEvYmluL3NoCmFwdCB1cGRhdGUK"}
    linux = changed(LINUX, settings=script, protectedSettings={})
    assert found(linux) == [("EXT101", "/properties/settings/script")]
    assert found(changed(LINUX, settings={}, protectedSettings=script)) == []
    windows = changed(WINDOWS, settings=script)
    assert "EXT101" not in [rule for rule, _ in found(windows)]


def test_a_command_in_both_blocks_is_found_in_the_public_one() -> None:
    both = changed(WINDOWS, settings={"commandToExecute": "hostname"})
    assert ("EXT101", COMMAND) in found(both)
