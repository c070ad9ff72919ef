"""What the benchmarks share: texts to work on, children whose use of the machine is known, and tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"

# The checkout is measured, whatever armlint may be installed besides.
sys.path.insert(0, str(ROOT))


def corpus() -> Path | None:
    """Return the folder of real templates; None where it is absent and generated ones have to do."""
    set_to = os.environ.get("ARMLINT_CORPUS")
    folder = Path(set_to) if set_to else ROOT.parent / "shared" / "corpus"
    return folder if folder.is_dir() else None


# ------------------------------------------------------------------------------------------ children


class Used(NamedTuple):
    """What a child process used: seconds on the clock and of processors, and its largest size in MiB."""

    wall: float
    cpu: float
    peak: float


@contextmanager
def workplace() -> Iterator[Path]:
    """Make a folder for files, and for the compiled modules of children, so that nothing else is touched."""
    with tempfile.TemporaryDirectory(prefix="armlint-bench-") as folder:
        yield Path(folder)


def child(folder: Path, *arguments: str) -> Used:
    """Run Python on these arguments in a process of its own and measure it. Needs a Unix."""
    import time

    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(folder / "pycache")}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    # 1 says that there are findings.
    if process.returncode not in {0, 1} or b"Traceback" in told:
        raise SystemExit(f"{' '.join(arguments)}: exit status {process.returncode}\n{told.decode()}")
    # Linux counts kilobytes, macOS bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Used(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / unit)


# -------------------------------------------------------------------------------------------- tables


class Row(NamedTuple):
    """A line of a table: what was measured, the figure, its budget, and whether it was kept."""

    what: str
    figure: str
    budget: str = ""
    kept: bool | None = None


def table(title: str, rows: Sequence[Row]) -> None:
    """Print what was measured, with the budget beside each figure."""
    cells = [("", "measured", "budget", "")]
    cells += [
        (row.what, row.figure, row.budget, {True: "kept", False: "OVER"}.get(row.kept, "")) for row in rows
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    print(title)
    for what, figure, budget, verdict in cells:
        line = f"  {what:<{widths[0]}}  {figure:>{widths[1]}}  {budget:<{widths[2]}}  {verdict}"
        print(line.rstrip())
    print(flush=True)


def at_most(what: str, value: float, limit: float, unit: str) -> Row:
    """Make a row with a figure that should be small."""
    return Row(what, f"{value:.1f} {unit}", f"at most {limit:g} {unit}", value <= limit)


def at_least(what: str, value: float, limit: float, unit: str) -> Row:
    """Make a row with a figure that should be large."""
    return Row(what, f"{value:.2f} {unit}", f"at least {limit:g} {unit}", value >= limit)


# --------------------------------------------------------------------------------------------- texts


def extension(machine: str, *, public: bool = False) -> dict[str, Any]:
    """Make a CustomScript extension, with its command public or not."""
    return {
        "type": "Microsoft.Compute/virtualMachines/extensions",
        "apiVersion": "2024-07-01",
        "name": f"[format('{{0}}/setup', {machine})]",
        "location": "[parameters('location')]",
        "dependsOn": [f"[resourceId('Microsoft.Compute/virtualMachines', {machine})]"],
        "properties": {
            "publisher": "Microsoft.Azure.Extensions",
            "type": "CustomScript",
            "typeHandlerVersion": "2.1",
            "autoUpgradeMinorVersion": True,
            "settings": {"fileUris": ["[uri(parameters('artifacts'), 'setup.sh')]"]},
            "settings" if public else "protectedSettings": {"commandToExecute": "sh setup.sh"},
        },
    }


def machine(number: int) -> list[dict[str, Any]]:
    """Make a machine with its interface and its extension."""
    name = f"variables('machine{number}')"
    nic = f"concat({name}, '-nic')"
    subnet = "resourceId('Microsoft.Network/virtualNetworks/subnets', variables('network'), 'default')"
    return [
        {
            "type": "Microsoft.Network/networkInterfaces",
            "apiVersion": "2023-11-01",
            "name": f"[{nic}]",
            "location": "[parameters('location')]",
            "dependsOn": ["[resourceId('Microsoft.Network/virtualNetworks', variables('network'))]"],
            "properties": {
                "ipConfigurations": [{"name": "main", "properties": {"subnet": {"id": f"[{subnet}]"}}}],
            },
        },
        {
            "type": "Microsoft.Compute/virtualMachines",
            "apiVersion": "2024-07-01",
            "name": f"[{name}]",
            "location": "[parameters('location')]",
            "dependsOn": [f"[resourceId('Microsoft.Network/networkInterfaces', {nic})]"],
            "properties": {
                "hardwareProfile": {"vmSize": "[parameters('size')]"},
                "storageProfile": {
                    "imageReference": "[variables('images')[parameters('image')]]",
                    "osDisk": {
                        "createOption": "FromImage",
                        "managedDisk": {"storageAccountType": "Premium_LRS"},
                    },
                },
                "osProfile": {
                    "computerName": f"[take({name}, 15)]",
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
        extension(name),
    ]


def template(machines: int, *, public: bool = False) -> str:
    """Make a template with some machines, about 3 KB and 2 KB more for each; `public` plants one fault."""
    resources: list[dict[str, Any]] = [
        {
            "type": "Microsoft.Network/virtualNetworks",
            "apiVersion": "2023-11-01",
            "name": "[variables('network')]",
            "location": "[parameters('location')]",
            "properties": {
                "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                "subnets": [{"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}],
            },
        },
    ]
    for number in range(machines):
        resources += machine(number)
    if public:
        resources[-1] = extension(f"variables('machine{machines - 1}')", public=True)
    plain = {
        "type": "string",
        "metadata": {"description": "Described in a sentence, as parameters should be."},
    }
    names = ("artifacts", "prefix", "image", "adminUsername")
    made = {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {
            **dict.fromkeys(names, plain),
            "location": {**plain, "defaultValue": "[resourceGroup().location]"},
            "size": {**plain, "defaultValue": "Standard_D2s_v5"},
            "adminPassword": {**plain, "type": "securestring"},
        },
        "variables": {
            "network": "[concat(parameters('prefix'), '-vnet')]",
            "images": {
                "ubuntu": {
                    "publisher": "Canonical",
                    "offer": "ubuntu-24_04-lts",
                    "sku": "server",
                    "version": "latest",
                },
                "debian": {
                    "publisher": "Debian",
                    "offer": "debian-12",
                    "sku": "12-gen2",
                    "version": "latest",
                },
            },
            **{
                f"machine{number}": f"[concat(parameters('prefix'), '-{number}')]"
                for number in range(machines)
            },
        },
        "resources": resources,
        "outputs": {"network": {"type": "string", "value": "[variables('network')]"}},
    }
    return json.dumps(made, indent=2) + "\n"


def modules(megabytes: float) -> str:
    """Make a template as Bicep makes them from modules: symbolic names, inner deployments in inner ones."""
    inner = json.loads(template(4))
    passed = {name: {"value": f"[parameters('{name}')]"} for name in inner["parameters"]}

    def deployment(number: int, body: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "Microsoft.Resources/deployments",
            "apiVersion": "2022-09-01",
            "name": f"[format('module-{number}-{{0}}', uniqueString(deployment().name))]",
            "properties": {
                "expressionEvaluationOptions": {"scope": "inner"},
                "mode": "Incremental",
                "parameters": passed,
                "template": body,
            },
        }

    def module(number: int) -> dict[str, Any]:
        body = {**inner, "resources": [*inner["resources"], deployment(number, inner)]}
        return deployment(number, body)

    outer = {
        "$schema": SCHEMA,
        "languageVersion": "2.0",
        "contentVersion": "1.0.0.0",
        "parameters": inner["parameters"],
        "resources": {"module0": module(0)},
    }
    count = max(1, int(megabytes * 1e6 / len(json.dumps(outer, indent=2))))
    outer["resources"] = {f"module{number}": module(number) for number in range(count)}
    return json.dumps(outer, indent=2) + "\n"


def texts() -> dict[str, str]:
    """All JSON texts of the corpus by name, or generated ones."""
    folder = corpus()
    if folder is None:
        made = {f"generated/{count}.json": template(count) for count in range(1, 60)}
        return made | {"generated/modules.json": modules(1)}
    found = {}
    for path in sorted(folder.rglob("*.json")):
        found[path.relative_to(folder).as_posix()] = path.read_bytes().decode("utf-8-sig", "replace")
    return found


def source_of_texts() -> str:
    """Say for a table's title where the texts come from."""
    return "generated templates" if corpus() is None else "the corpus"
