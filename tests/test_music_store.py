"""The sample that the VM extension documentation quotes: a shop on machines that an extension sets up.

The two templates, one for Linux and one for Windows, are edited in memory the way their author might, and
armlint has to point at the very characters. Skipped where the corpus is absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

import armlint
from armlint import run
from armlint.inventory import inventory

if TYPE_CHECKING:
    from pathlib import Path

    from armlint.report import Entry, Region

EXTENSION = "/resources/7/resources/0"
NIC = "Microsoft.Network/networkInterfaces NetworkInterface"
VM = "Microsoft.Compute/virtualMachines MusicApp"
# How the interface's dependsOn begins; no other resource waits for these two.
NIC_WAITS_FOR = """      "dependsOn": [
        "[concat('Microsoft.Network/virtualNetworks/', variables('virtualNetworkName'))]",
        "[concat('Microsoft.Network/loadBalancers/', variables('loadBalancerName'))]",
"""


class Store(NamedTuple):
    """A template of the sample, and what is known of its extension."""

    path: Path
    text: str
    publisher: str
    type: str
    version: str


@pytest.fixture(
    params=[
        ("linux", "Microsoft.Azure.Extensions", "CustomScript", "2.0"),
        ("windows", "Microsoft.Compute", "CustomScriptExtension", "1.4"),
    ],
    ids=["linux", "windows"],
)
def store(request: pytest.FixtureRequest, corpus: Path) -> Store:
    system, *extension = request.param
    path = corpus / "music-store" / f"dotnet-core-music-{system}" / "azuredeploy.json"
    return Store(path, path.read_text("utf-8-sig"), *extension)


def edited(text: str, old: str, new: str) -> str:
    """The text with its one occurrence of `old` replaced."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


def shown(text: str, region: Region) -> str:
    """The characters that a region of one line points at."""
    assert region.line == region.end_line
    return text.splitlines()[region.line - 1][region.column - 1 : region.end_column - 1]


def line_of(text: str, part: str) -> int:
    assert text.count(part) == 1, part
    return text[: text.index(part)].count("\n") + 1


def check(text: str, rule: str) -> list[Entry]:
    return list(armlint.check(text, select=[rule]))


def test_as_it_is_the_template_is_sound(store: Store) -> None:
    found = armlint.check(store.text)
    assert [entry for entry in found if entry.rule.startswith(("ARM", "DEP", "EXP"))] == []
    assert [entry for entry in found if entry.rule in {"EXT101", "EXT102", "EXT103", "EXT105"}] == []


def test_the_child_extension_is_resolved(store: Store) -> None:
    model = run.model_of(str(store.path))
    assert model is not None
    (item,) = inventory(model)
    # The machines are made by a loop, so the last part of their names is known in the loop only.
    assert item.machine.startswith("MusicApp{")
    assert item.name == "config-app"
    assert (item.publisher, item.type, item.version) == (store.publisher, store.type, store.version)
    assert item.pointer == EXTENSION
    assert item.settings == ("fileUris",)
    assert item.protected_settings == ("commandToExecute",)
    assert item.waits_for == (item.machine,)
    assert (item.auto_upgrade_minor_version, item.enable_automatic_upgrade) == (True, None)


def with_the_command_public(text: str) -> str:
    """The template with `commandToExecute` moved from the protected to the public settings."""
    start = text.index('"commandToExecute"')
    command = text[start : text.index("\n", start)]
    text = edited(text, command, '"timestamp": 1')
    return edited(text, '"settings": {\n', f'"settings": {{\n              {command},\n')


def test_a_command_moved_to_the_public_settings_is_pointed_at(store: Store) -> None:
    text = with_the_command_public(store.text)
    (entry,) = check(text, "EXT101")
    assert entry.pointer == f"{EXTENSION}/properties/settings/commandToExecute"
    assert shown(text, entry.region) == '"commandToExecute"'
    assert entry.region.line == line_of(text, '"commandToExecute"')
    assert entry.region.column == text.splitlines()[entry.region.line - 1].index('"commandToExecute"') + 1


def test_the_password_in_that_command_is_what_is_told_first(store: Store) -> None:
    """A secret in public is graver than a command in public; of one member only the graver is shown."""
    text = with_the_command_public(store.text)
    here = f"{EXTENSION}/properties/settings/commandToExecute"
    (entry,) = [entry for entry in armlint.check(text) if entry.pointer == here and entry.rule != "TPL504"]
    assert entry.rule == "SEC201"
    assert entry.region.line == line_of(text, '"commandToExecute"')
    assert "AdminPassword" in entry.message or "adminPassword" in entry.message


def test_a_missing_version_is_pointed_out_at_the_properties_of_the_extension(store: Store) -> None:
    text = edited(store.text, f'            "typeHandlerVersion": "{store.version}",\n', "")
    (entry,) = check(text, "EXT102")
    assert entry.pointer == f"{EXTENSION}/properties"
    assert shown(text, entry.region) == '"properties"'
    assert entry.region.line == line_of(text, f'"publisher": "{store.publisher}"') - 1
    assert f"{store.publisher}/{store.type}" in entry.message


@pytest.mark.parametrize(
    "waits_for",
    [
        "virtualMachineLoop",
        "[concat('Microsoft.Compute/virtualMachines/', variables('vmName'), copyIndex())]",
        "[resourceId('Microsoft.Compute/virtualMachines', concat(variables('vmName'), copyIndex()))]",
        "[concat(variables('vmName'), copyIndex())]",
    ],
    ids=["loop", "concat", "resourceId", "name"],
)
def test_an_interface_that_waits_for_its_machine_is_a_ring_shown_whole(store: Store, waits_for: str) -> None:
    text = edited(store.text, NIC_WAITS_FOR, f'{NIC_WAITS_FOR}        "{waits_for}",\n')
    (entry,) = check(text, "DEP301")
    # From the interface, which comes first in the file, to the machine and back.
    steps = entry.message.partition(": ")[2].split(" → ")
    assert len(steps) == 3
    assert steps[0] == steps[2]
    assert steps[0].startswith(NIC)
    assert steps[1].startswith(VM)
    # The entry that closes the ring is the machine's; the label shows the other one.
    assert shown(text, entry.region) == '"nicLoop"'
    assert entry.pointer == "/resources/7/dependsOn/2"
    (label,) = entry.labels
    assert shown(text, label.region) == f'"{waits_for}"'
    assert label.region.line == line_of(text, NIC_WAITS_FOR) + 3
