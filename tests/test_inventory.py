"""The list of extensions that `armlint extensions` shows."""

from __future__ import annotations

import json
import time
from datetime import date
from typing import Any

import pytest

from armlint.arm.model import Model
from armlint.inventory import Item, inventory, known
from armlint.jsontext import read
from armlint.run import catalogue
from armlint.source import Source

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def extension(name: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Microsoft.Compute/virtualMachines/extensions",
        "apiVersion": "2024-07-01",
        "name": name,
        "properties": {"publisher": "P", "type": "T", "typeHandlerVersion": "1.0", **properties},
    }


def items(*resources: Any, **more: Any) -> list[Item]:
    names = ("b", "x", "vm", "publisher", "version", "minor", "settings")
    template = {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {name: {"type": "string"} for name in names},
        "resources": list(resources),
        **more,
    }
    return list(inventory(Model(read(Source(json.dumps(template, indent=1), "x.json")))))


def test_an_extension_with_everything() -> None:
    (item,) = items(
        {"type": "Microsoft.Compute/virtualMachines", "name": "vm", "apiVersion": "2024-07-01"},
        {
            **extension(
                "vm/setup",
                autoUpgradeMinorVersion="true",
                enableAutomaticUpgrade=False,
                settings={"a": 1, "b": "[parameters('b')]"},
                protectedSettings="[variables('p')]",
                provisionAfterExtensions=["first", "[parameters('x')]"],
            ),
            "dependsOn": ["vm", "[resourceId('Microsoft.Compute/virtualMachines', 'vm')]"],
            "condition": False,
        },
        variables={"p": {"secret": "Hunter2"}},
    )
    assert item == Item(
        path="x.json",
        line=33,
        pointer="/resources/1",
        place="vm",
        machine="vm",
        name="setup",
        publisher="P",
        type="T",
        version="1.0",
        status=None,
        retirement=None,
        supports_automatic_upgrade=None,
        auto_upgrade_minor_version=True,
        enable_automatic_upgrade=False,
        settings=("a", "b"),
        protected_settings=("secret",),
        waits_for=("first", "{x}", "vm"),
        deployed=False,
    )


def test_what_only_deployment_can_tell() -> None:
    (item,) = items(
        extension(
            "[concat(parameters('vm'), '/setup')]",
            publisher="[parameters('publisher')]",
            type=None,
            typeHandlerVersion="[parameters('version')]",
            autoUpgradeMinorVersion="[parameters('minor')]",
            settings="[parameters('settings')]",
        )
    )
    assert (item.machine, item.name, item.publisher, item.type) == ("{vm}", "setup", "{publisher}", "")
    assert (item.version, item.auto_upgrade_minor_version, item.settings) == ("{version}", None, ("{…}",))
    assert item.protected_settings == ()


def test_no_values_of_settings_are_told() -> None:
    (item,) = items(
        extension(
            "vm/x",
            settings={"key": "Hunter2"},
            protectedSettings={"list": ["Hunter2"], "o": {"p": "Hunter2"}},
        )
    )
    assert "Hunter2" not in repr(item)


def test_every_shape_and_nested_templates() -> None:
    profile = {"extensions": [{"name": "inside", "properties": {"publisher": "P", "type": "T"}}]}
    found = items(
        {
            "type": "Microsoft.Compute/virtualMachineScaleSets",
            "name": "set",
            "apiVersion": "2024-07-01",
            "properties": {"virtualMachineProfile": {"extensionProfile": profile}},
        },
        {
            "type": "Microsoft.Resources/deployments",
            "name": "nested",
            "apiVersion": "2024-03-01",
            "properties": {
                "mode": "Incremental",
                "template": {"$schema": SCHEMA, "resources": [extension("vm/deep")]},
            },
        },
    )
    assert [(item.place, item.machine, item.name) for item in found] == [
        ("vmss-profile", "set", "inside"),
        ("vm", "vm", "deep"),
    ]


def test_a_body() -> None:
    body = {"properties": {"publisher": "P", "type": "T", "settings": {"a": 1}}}
    (item,) = inventory(Model(read(Source(json.dumps(body), "body.json"))))
    assert (item.place, item.machine, item.settings, item.waits_for) == ("body", "", ("a",), ())


def test_what_the_catalogue_knows_is_told_as_of_a_day() -> None:
    handlers = [
        ("Microsoft.Azure.Monitor", "AzureMonitorLinuxAgent"),
        ("microsoft.powershell", "dsc"),
        ("Microsoft.OSTCExtensions", "OSPatchingForLinux"),
        ("Symantec", "SymantecEndpointProtection"),
        ("Microsoft.AKS", "Compute.AKS.Linux.Billing"),
        ("Contoso", "Agent"),
        ("[parameters('publisher')]", "DSC"),
    ]
    template = {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {"publisher": {"type": "string"}},
        "resources": [
            extension(f"vm/x{number}", publisher=publisher, type=kind)
            for number, (publisher, kind) in enumerate(handlers)
        ],
    }
    model = Model(read(Source(json.dumps(template))), None, catalogue(), date(2028, 3, 30))
    told = [(item.status, item.retirement, item.supports_automatic_upgrade) for item in inventory(model)]
    assert told == [
        ("active", None, True),
        ("deprecated", "2028-03-31", False),
        ("deprecated", None, False),
        ("retired", None, False),
        ("service-managed", None, False),
        (None, None, None),
        (None, None, None),
    ]
    later = [item.status for item in inventory(model, date(2028, 3, 31))]
    assert later[:3] == ["active", "retired", "deprecated"]


def test_a_row_of_the_catalogue() -> None:
    entry = catalogue().lookup("Microsoft.OSTCExtensions", "CustomScriptForLinux")
    assert entry is not None
    row = known(entry, date(2026, 1, 1))
    assert (row.os, row.status, row.version, row.automatic_upgrade) == ("linux", "deprecated", "1.5", False)
    assert row.instead == "Microsoft.Azure.Extensions/CustomScript"
    assert row.replacement is not None
    assert row.replacement["drop_in"] is True
    docker = catalogue().lookup("Microsoft.Azure.Extensions", "DockerExtension")
    assert docker is not None
    assert known(docker, date(2018, 11, 29)).status == "deprecated"
    assert known(docker, date(2018, 11, 30)).status == "retired"
    assert known(docker, date.max).instead == "cloud-init, or Microsoft.Azure.Extensions/CustomScript"
    active = catalogue().lookup("Microsoft.Compute", "BGInfo")
    assert active is not None
    assert known(active, date.max).instead == ""


def test_other_files_have_none() -> None:
    assert list(inventory(Model(read(Source('{"name": "x"}'))))) == []
    assert list(inventory(Model(read(Source(""))))) == []


@pytest.mark.slow
def test_the_time_is_linear() -> None:
    def seconds(count: int) -> float:
        model = Model(
            read(
                Source(
                    json.dumps(
                        {
                            "$schema": SCHEMA,
                            "contentVersion": "1.0.0.0",
                            "resources": [extension(f"vm{number}/x") for number in range(count)],
                        }
                    )
                )
            )
        )
        list(model.extensions)
        model.graph(model.templates[0])
        spent = []
        for _ in range(3):
            started = time.process_time()
            assert len(list(inventory(model))) == count
            spent.append(time.process_time() - started)
        return min(spent)

    # Four times as many; looking at all resources for each would take sixteen times as long.
    assert seconds(4000) < 9 * seconds(1000)
