"""What `armlint explain` shows of an extension."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING

import pytest

import armlint
from armlint.report import entry as page
from armlint.run import catalogue

if TYPE_CHECKING:
    from armlint.arm.catalogue import Entry

TODAY = date(2026, 6, 30)
ENTRIES = list(catalogue())
CUSTOM_SCRIPT = "Microsoft.Azure.Extensions/CustomScript"


def entry(name: str) -> Entry:
    (found,) = catalogue().find(name)
    return found


def shown(of: Entry, *, width: int | None = None, color: bool = False, today: date = TODAY) -> str:
    return page.render(of, catalogue().examples(of), today=today, color=color, width=width)


def section(text: str, title: str) -> str:
    """Give what stands between a title and the next one."""
    _, _, rest = text.partition(f"\n\n{title}\n\n")
    assert rest, title
    return re.split(r"\n\n(?:settings|protectedSettings|Example|Exit codes|Sources|What to know)\n\n", rest)[
        0
    ]


def test_the_head_tells_what_it_is() -> None:
    lines = shown(entry(CUSTOM_SCRIPT)).splitlines()
    assert lines[0] == f"{CUSTOM_SCRIPT} · Custom Script for Linux, version 2"
    assert lines[2] == "linux · active · version 2.1"


def test_a_table_tells_of_each_setting_its_name_type_marks_and_meaning() -> None:
    rows = section(shown(entry(CUSTOM_SCRIPT)), "protectedSettings").splitlines()
    assert rows[0].split("  ")[0] == "NAME"
    (key,) = (row for row in rows if row.startswith("storageAccountKey"))
    assert re.split(r"  +", key) == [
        *("storageAccountKey", "string", "secret, only protected", "The access key of storageAccountName. A")
    ]
    (command,) = (row for row in rows if row.startswith("commandToExecute"))
    assert re.split(r"  +", command)[:3] == ["commandToExecute", "string", "command"]
    assert any(row.startswith("managedIdentity.clientId") for row in rows)
    # What is below the head of the last column stands in it.
    indent = rows[0].index("WHAT IT IS")
    assert all(row[:indent].strip() == "" for row in rows if row.startswith("    "))


def test_marks_tell_what_is_required_and_what_belongs_where() -> None:
    text = shown(entry("Microsoft.Compute/JsonADDomainExtension"))
    assert re.search(r"^Name +string +required ", section(text, "settings"), re.MULTILINE)
    assert re.search(r"^Password +string +required, secret, only protected ", text, re.MULTILINE)
    assert re.search(r"^timestamp +integer +only public ", shown(entry(CUSTOM_SCRIPT)), re.MULTILINE)


def test_long_names_put_the_meaning_below() -> None:
    text = section(shown(entry("Microsoft.Azure.Diagnostics/IaaSDiagnostics")), "protectedSettings")
    below = text.splitlines()
    at = next(index for index, row in enumerate(below) if row.startswith("storageAccountKey "))
    assert below[at + 1] == "    The access key of the storage account; ignored with a token."


def test_the_end_of_life_is_told_as_of_a_day() -> None:
    of = entry("Microsoft.Powershell/DSC")
    before, after = shown(of, today=date(2028, 3, 30)), shown(of, today=date(2028, 3, 31))
    instead = "Instead: Azure machine configuration (Microsoft.GuestConfiguration)."
    assert f"It will be retired on 2028-03-31. {instead}" in before.replace("\n", " ")
    assert "windows · deprecated · version 2.80" in before
    assert f"It was retired on 2028-03-31. {instead}" in after.replace("\n", " ")
    assert "windows · retired · version 2.80" in after
    assert "End of life" not in shown(entry(CUSTOM_SCRIPT))
    assert "It is deprecated." in shown(entry("Microsoft.HpcCompute/HpcVmDrivers"))
    assert "It is retired." in shown(entry("SymantecEndpointProtection"))


def test_exit_codes_upgrades_and_sources_are_told() -> None:
    text = shown(entry(CUSTOM_SCRIPT))
    assert " 51  A download failed: the shared access signature has expired." in text
    assert "- It is not in Azure's table of extensions with automatic upgrade." in text
    assert "- Azure/custom-script-extension-linux:main/schema.go" in text
    assert "Azure upgrades it by itself" in shown(entry("AzureMonitorLinuxAgent"))
    assert "Exit codes" not in shown(entry("BGInfo"))


def test_of_unknown_settings_nothing_is_said() -> None:
    text = shown(entry("Microsoft.CPlat.Core/WindowsPatchExtension"))
    assert section(text, "settings") == "Nothing is known of the settings, and they are not judged."
    assert "protectedSettings" not in text


@pytest.mark.parametrize("of", ENTRIES, ids=lambda of: of.handler)
def test_the_example_that_is_shown_runs(of: Entry) -> None:
    text = shown(of)
    found = re.search(r"^    \{\n(?:     .*\n)*    \}$", text, re.MULTILINE)
    assert found
    resource = json.loads(found[0])
    named = re.findall(r"`(\w+)`\s+\((\w+)\)", text)
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {name: {"type": kind} for name, kind in named},
        "resources": [resource],
    }
    rules = {entry.rule for entry in armlint.check(json.dumps(template), today=TODAY)}
    assert rules <= {"EXT106", "EXT107"}


@pytest.mark.parametrize("width", [20, 60, 100, 300])
def test_no_line_is_longer_than_there_is_room(width: int) -> None:
    room = max(40, min(width, 100))
    for of in ENTRIES:
        for line in shown(of, width=width).splitlines():
            # What cannot be broken, the example and the head of an extension stand as they are.
            if len(line) > room:
                free = line.startswith(("    ", "- ")) or " · " in line or " " not in line.strip()
                assert free or re.fullmatch(r"\S+ +(\S+( or \S+)*)( {2,}[a-z, ]+)?", line), line


def test_colour_changes_nothing_but_colour() -> None:
    for of in ENTRIES:
        plain = shown(of)
        painted = re.sub(r"\x1b\[[0-9;]*m", "", shown(of, color=True))
        assert painted == plain.replace("`", "")
    assert "\x1b[1;31mretired\x1b[0m" in shown(entry("SymantecEndpointProtection"), color=True)
