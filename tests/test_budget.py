"""What a short run may load: the modules that would make every run slow are not among it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Each is of use to some command or other, and none to a check of one file whose report is no terminal's.
SLOW = {"rich", "pydantic", "yaml", "pygments", "importlib.metadata", "multiprocessing", "jsonschema"}
DRIVER = """
import os, sys

def end(status):
    raise SystemExit(status)

# The program may leave by the shortest way, on which nothing could be asked any more.
os._exit = end
from armlint.cli import main
try:
    main()
except SystemExit as left:
    print(left.code or 0)
print("\\n".join(sorted(sys.modules)))
"""


def template(settings: str) -> str:
    """A template of 7 KB: two machines, each set up by a CustomScript extension with such settings."""
    resources: list[dict[str, Any]] = []
    for name in ("web", "data"):
        machine = f"concat(parameters('prefix'), '-{name}')"
        nic = f"concat(parameters('prefix'), '-{name}-nic')"
        subnet = "resourceId('Microsoft.Network/virtualNetworks/subnets', parameters('network'), 'default')"
        common = {"location": "[parameters('location')]", "tags": {"application": "shop", "tier": name}}
        resources += [
            {
                "type": "Microsoft.Network/networkInterfaces",
                "apiVersion": "2023-11-01",
                "name": f"[{nic}]",
                **common,
                "properties": {
                    "ipConfigurations": [
                        {
                            "name": "main",
                            "properties": {
                                "privateIPAllocationMethod": "Dynamic",
                                "subnet": {"id": f"[{subnet}]"},
                            },
                        }
                    ],
                },
            },
            {
                "type": "Microsoft.Compute/virtualMachines",
                "apiVersion": "2024-07-01",
                "name": f"[{machine}]",
                **common,
                "dependsOn": [f"[resourceId('Microsoft.Network/networkInterfaces', {nic})]"],
                "properties": {
                    "hardwareProfile": {"vmSize": "[parameters('size')]"},
                    "storageProfile": {
                        "imageReference": "[variables('image')]",
                        "osDisk": {
                            "createOption": "FromImage",
                            "managedDisk": {"storageAccountType": "Premium_LRS"},
                        },
                    },
                    "osProfile": {
                        "computerName": f"[take({machine}, 15)]",
                        "adminUsername": "[parameters('adminUsername')]",
                        "adminPassword": "[parameters('adminPassword')]",
                    },
                    "networkProfile": {
                        "networkInterfaces": [
                            {"id": f"[resourceId('Microsoft.Network/networkInterfaces', {nic})]"}
                        ],
                    },
                },
            },
            {
                "type": "Microsoft.Compute/virtualMachines/extensions",
                "apiVersion": "2024-07-01",
                "name": f"[concat({machine}, '/setup')]",
                **common,
                "dependsOn": [f"[resourceId('Microsoft.Compute/virtualMachines', {machine})]"],
                "properties": {
                    "publisher": "Microsoft.Azure.Extensions",
                    "type": "CustomScript",
                    "typeHandlerVersion": "2.1",
                    "autoUpgradeMinorVersion": True,
                    "protectedSettings": {"fileUris": ["[uri(parameters('artifacts'), 'setup.sh')]"]},
                    settings: {"commandToExecute": f"sh setup.sh {name}"},
                },
            },
        ]
    plain = {
        "type": "string",
        "metadata": {"description": "Said in a sentence or two, for whoever deploys this."},
    }
    whole = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            **dict.fromkeys(("prefix", "location", "network", "size", "adminUsername"), plain),
            "adminPassword": {**plain, "type": "securestring"},
        },
        "variables": {
            "image": {"publisher": "Debian", "offer": "debian-12", "sku": "12", "version": "latest"}
        },
        "resources": resources,
    }
    return json.dumps(whole, indent=2) + "\n"


def modules_of_a_check(folder: Path, text: str, *options: str, status: int) -> set[str]:
    """Check a template in a process of its own; return what that process has imported by the end."""
    (folder / "azuredeploy.json").write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, "check", "azuredeploy.json", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    report, _, modules = done.stdout.partition(f"\n{status}\n")
    assert modules, done.stdout + done.stderr
    assert ("EXT101" in report) == (status == 1)
    return set(modules.splitlines())


def slow_ones(modules: set[str]) -> set[str]:
    return {name for name in SLOW if any(f"{module}.".startswith(f"{name}.") for module in modules)}


@pytest.mark.parametrize(
    ("settings", "status"), [("protectedSettings", 0), ("settings", 1)], ids=["clean", "finding"]
)
def test_a_check_of_one_template_loads_nothing_slow(tmp_path: Path, settings: str, status: int) -> None:
    text = template(settings)
    assert 6_500 < len(text) < 7_500
    modules = modules_of_a_check(tmp_path, text, status=status)
    # The run was a real one: it read the rules and ran them.
    assert {"armlint.engine", "armlint.checks.extensions", "armlint.report.text"} <= modules
    assert slow_ones(modules) == set()


@pytest.mark.parametrize("format_", ["json", "sarif", "github", "markdown"])
def test_no_format_loads_anything_slow(tmp_path: Path, format_: str) -> None:
    modules = modules_of_a_check(tmp_path, template("settings"), "--format", format_, status=1)
    assert slow_ones(modules) == set()


def test_what_is_slow_would_be_noticed() -> None:
    assert slow_ones({"richer", "importlib", "yaml.loader", "pygments"}) == {"yaml", "pygments"}
