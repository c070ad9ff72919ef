"""Tests of the catalogue of extensions: the files hold what they promise, and are read only when needed."""

from __future__ import annotations

import calendar
import json
import os
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import armlint
from armlint.arm.catalogue import INDEX, Catalogue, Entry, command_settings, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from armlint.arm.example import Example

CHECKOUT = Path(__file__).parents[1]
FOLDER = CHECKOUT / "schemas" / "extensions"
NAMES = sorted(path.name for path in FOLDER.glob("*.json") if path.name != INDEX)
FILES: dict[str, dict[str, Any]] = {name: json.loads((FOLDER / name).read_text("utf-8")) for name in NAMES}
ENTRIES = {entry.handler: entry for entry in map(parse, FILES.values())}
BLOCKS = ("settings", "protectedSettings")
CUSTOM_SCRIPT = "Microsoft.Azure.Extensions/CustomScript"
# Read before the tests run, which they do without variables of this name.
KNOWLEDGE = Path(os.environ.get("ARMLINT_KNOWLEDGE") or CHECKOUT.parent / "shared" / "knowledge")
EXPRESSION = "[parameters('p')]"
OF_FILES = jsonschema.Draft202012Validator(
    json.loads((CHECKOUT / "schemas" / "extension.schema.json").read_text("utf-8")),
    format_checker=jsonschema.FormatChecker(["regex"]),
)
OF_EXAMPLES = jsonschema.Draft202012Validator(
    json.loads((CHECKOUT / "schemas" / "extension-examples.schema.json").read_text("utf-8"))
)
OF_SCHEMAS = jsonschema.Draft202012Validator(jsonschema.Draft202012Validator.META_SCHEMA)

Schema = dict[str, Any]


def read(name: str) -> str | None:
    path = FOLDER / name
    return path.read_text("utf-8") if path.is_file() else None


def catalogue(reader: Callable[[str], str | None] = read) -> Catalogue:
    return Catalogue(reader, lambda: [path.name for path in FOLDER.iterdir()])


def block(entry: Entry, name: str) -> Schema:
    return (entry.settings_schema if name == "settings" else entry.protected_schema) or {}


def at(schema: Schema, path: str) -> Schema | None:
    """Return the schema of the setting at a path, as the catalogue writes paths."""
    node: Any = schema
    for step in re.findall(r"\[\]|[^.\[\]]+", path):
        match step:
            case "[]":
                node = node.get("items")
            case "*":
                node = node.get("additionalProperties")
            case _:
                node = node.get("properties", {}).get(step)
        if not isinstance(node, dict):
            return None
    return node


def settings(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Give every setting that a schema describes, with its path."""
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from settings(inner, f"{path}.{name}" if path else name)
    if "items" in schema:
        yield from settings(schema["items"], path + "[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from settings(schema["additionalProperties"], path + ".*")


def conditions(schema: Any) -> Iterator[Schema]:
    """Give what `if` and `not` ask of values, wherever they stand in a schema."""
    if isinstance(schema, list):
        for item in schema:
            yield from conditions(item)
    elif isinstance(schema, dict):
        for keyword, inner in schema.items():
            if keyword in ("if", "not"):
                yield from demands(inner)
            yield from conditions(inner)


def demands(schema: Schema) -> Iterator[Schema]:
    for inner in schema.get("properties", {}).values():
        if inner.get("type") != "object" and set(inner) - {"required", "properties"}:
            yield inner
        yield from demands(inner)


def errors(entry: Entry, public: Any, protected: Any) -> list[str]:
    instance = {"settings": public, "protectedSettings": protected}
    return [error.message for error in jsonschema.Draft202012Validator(entry.schema).iter_errors(instance)]


# --- The files


def test_the_schema_of_the_catalogue_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(OF_FILES.schema)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_what_the_schema_of_the_catalogue_asks_for(name: str) -> None:
    OF_FILES.validate(FILES[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_a_valid_schema(name: str) -> None:
    assert list(OF_SCHEMAS.iter_errors(FILES[name])) == []
    for part in BLOCKS:
        assert list(OF_SCHEMAS.iter_errors(block(parse(FILES[name]), part))) == []


@pytest.mark.parametrize(
    "damage",
    [
        {"surprise": 1},
        {"title": "A title that ends like a sentence."},
        {"description": "Too short."},
        {"x-armlint": {}},
        {"properties": {"settings": {"type": "object", "description": "No protected settings."}}},
        {"allOf": [{"required": ["settings"]}]},
    ],
    ids=str,
)
def test_the_schema_of_the_catalogue_refuses_a_damaged_file(damage: dict[str, Any]) -> None:
    whole = FILES[f"{CUSTOM_SCRIPT.replace('/', '.')}.json"]
    assert OF_FILES.is_valid(whole)
    assert not OF_FILES.is_valid({**whole, **damage})


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_called_as_its_extension(name: str) -> None:
    entry = parse(FILES[name])
    assert name == f"{entry.publisher}.{entry.type}.json"
    assert FILES[name]["$id"].endswith(f"/schemas/extensions/{name}")
    assert (FOLDER / name).read_bytes().endswith(b"}\n")
    assert b"\r" not in (FOLDER / name).read_bytes()


def test_the_names_of_files_differ_by_more_than_letter_case() -> None:
    assert len({name.lower() for name in NAMES}) == len(NAMES)


def test_the_index_leads_every_name_and_alias_to_its_file() -> None:
    expected: dict[str, str] = {}
    for name, schema in FILES.items():
        entry = parse(schema)
        for spelling in (entry.handler, *entry.aliases):
            assert expected.setdefault(spelling.lower(), name) == name, f"{spelling} names two extensions"
    assert json.loads((FOLDER / INDEX).read_text("utf-8")) == expected


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.handler)
def test_the_facts_of_a_file_agree_with_its_schemas(entry: Entry) -> None:
    where = {
        part: {path for path, _ in settings(block(entry, part)) if path} if entry.settings_known else set()
        for part in BLOCKS
    }
    anywhere = where["settings"] | where["protectedSettings"]
    assert entry.handler not in entry.aliases
    assert set(entry.secret) <= anywhere
    assert set(entry.commands) <= anywhere
    assert {name for group in entry.exclusive for name in group} <= anywhere
    assert set(entry.protected_only) <= where["protectedSettings"] - where["settings"]
    assert set(entry.public_only) <= where["settings"] - where["protectedSettings"]
    for part in BLOCKS:
        marked = {path for path, node in settings(block(entry, part)) if "writeOnly" in node}
        assert marked == set(entry.secret) & where[part], "secrets are marked as such in the schemas"
        rejected = block(entry, part).get("additionalProperties") is False
        assert rejected == (entry.unknown_settings == "rejected")


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.handler)
def test_defaults_and_examples_are_accepted(entry: Entry) -> None:
    for part in BLOCKS:
        for path, node in settings(block(entry, part)):
            for value in [*node.get("examples", []), *([node["default"]] if "default" in node else [])]:
                assert jsonschema.Draft202012Validator(node).is_valid(value), (path, value)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.handler)
def test_no_condition_holds_for_a_value_that_is_still_an_expression(entry: Entry) -> None:
    for condition in conditions(entry.schema):
        assert not jsonschema.Draft202012Validator(condition).is_valid(EXPRESSION)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.handler)
def test_a_switch_may_be_written_as_text(entry: Entry) -> None:
    strict = {CUSTOM_SCRIPT, "Microsoft.CPlat.Core/RunCommandHandlerLinux"}
    for part in BLOCKS:
        for path, node in settings(block(entry, part)):
            kinds = node.get("type", ())
            if "boolean" in kinds or True in node.get("enum", ()):
                accepts = jsonschema.Draft202012Validator(node).is_valid("true")
                assert accepts == (entry.handler not in strict), path


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.handler)
def test_a_replacement_is_in_the_catalogue_and_not_retired_itself(entry: Entry) -> None:
    new = entry.replacement
    if new is None or new.type is None:
        return
    other = ENTRIES[f"{new.publisher}/{new.type}"]
    assert other is not entry
    assert other.status != "retired"
    assert other.os == entry.os
    assert other.version == new.version


# Azure's table of extensions that support automatic upgrade (Microsoft Learn, Automatic Extension Upgrade).
UPGRADED = [
    "Microsoft.Azure.Automation.HybridWorker/HybridWorkerForLinux",
    "Microsoft.Azure.Automation.HybridWorker/HybridWorkerForWindows",
    "Microsoft.Azure.AzureDefenderForSQL/AdvancedThreatProtection.Windows",
    "Microsoft.Azure.AzureDefenderForSQL/VulnerabilityAssessment.Windows",
    "Microsoft.Azure.AzureDefenderForServers/MDE.Linux",
    "Microsoft.Azure.AzureDefenderForServers/MDE.Windows",
    "Microsoft.Azure.ChangeTrackingAndInventory/ChangeTracking-Linux",
    "Microsoft.Azure.ChangeTrackingAndInventory/ChangeTracking-Windows",
    "Microsoft.Azure.Diagnostics/LinuxDiagnostic",
    "Microsoft.Azure.Geneva/GenevaMonitoring",
    "Microsoft.Azure.KeyVault/KeyVaultForLinux",
    "Microsoft.Azure.KeyVault/KeyVaultForWindows",
    "Microsoft.Azure.Monitor/AzureMonitorLinuxAgent",
    "Microsoft.Azure.Monitor/AzureMonitorWindowsAgent",
    "Microsoft.Azure.Monitoring.DependencyAgent/DependencyAgentLinux",
    "Microsoft.Azure.Monitoring.DependencyAgent/DependencyAgentWindows",
    "Microsoft.Azure.NetworkWatcher/NetworkWatcherAgentLinux",
    "Microsoft.Azure.NetworkWatcher/NetworkWatcherAgentWindows",
    "Microsoft.Azure.Networking.DNS/DNSClientCache",
    "Microsoft.Azure.SCOMMI/WindowsAgent",
    "Microsoft.Azure.Security.AntimalwareSignature/AntimalwareConfiguration",
    "Microsoft.Azure.Security.LinuxAttestation/GuestAttestation",
    "Microsoft.Azure.Security.Monitoring/AzureSecurityLinuxAgent",
    "Microsoft.Azure.Security.Monitoring/AzureSecurityWindowsAgent",
    "Microsoft.Azure.Security.WindowsAttestation/GuestAttestation",
    "Microsoft.Azure.Security.WindowsCodeIntegrity/CodeIntegrityAgent",
    "Microsoft.Azure.ServiceFabric/ServiceFabricLinuxNode",
    "Microsoft.Azure.Workloads/MonitoringExtensionLinux",
    "Microsoft.Azure.Workloads/MonitoringExtensionWindows",
    "Microsoft.CPlat.Core/LinuxHibernateExtension",
    "Microsoft.CPlat.Core/WindowsHibernateExtension",
    "Microsoft.CPlat.ProxyAgent/ProxyAgentLinux",
    "Microsoft.CPlat.ProxyAgent/ProxyAgentWindows",
    "Microsoft.EnterpriseCloud.Monitoring/MicrosoftMonitoringAgent",
    "Microsoft.EnterpriseCloud.Monitoring/OmsAgentForLinux",
    "Microsoft.GuestConfiguration/ConfigurationForLinux",
    "Microsoft.GuestConfiguration/ConfigurationforWindows",
    "Microsoft.ManagedServices/ApplicationHealthLinux",
    "Microsoft.ManagedServices/ApplicationHealthWindows",
    "Microsoft.OSTCExtensions/DSCForLinux",
    "Microsoft.Sentinel.AzureMonitorAgentExtensions/MicrosoftDnsAgent",
    "Microsoft.SqlServer.Management/SqlIaaSAgent",
    "Microsoft.SqlServer.Management/SqlIaaSAgentLinux",
]
# Installed and configured by an Azure service (backup, AKS …), which writes their settings.
MANAGED = [
    "Microsoft.AKS/Compute.AKS.Linux.AKSNode",
    "Microsoft.AKS/Compute.AKS.Linux.Billing",
    "Microsoft.AKS/Compute.AKS.Windows.Billing",
    "Microsoft.Azure.Geneva/GenevaMonitoring",
    "Microsoft.Azure.RecoveryServices.WorkloadBackup/AzureBackupLinuxWorkload",
    "Microsoft.Azure.RecoveryServices.WorkloadBackup/AzureBackupWindowsWorkload",
    "Microsoft.Azure.RecoveryServices/VMSnapshot",
    "Microsoft.Azure.RecoveryServices/VMSnapshotLinux",
    "Microsoft.Azure.Security.AntimalwareSignature/AntimalwareConfiguration",
    "Microsoft.Azure.Workloads/MonitoringExtensionLinux",
    "Microsoft.Azure.Workloads/MonitoringExtensionWindows",
    "Microsoft.CPlat.Core/LinuxPatchExtension",
    "Microsoft.CPlat.Core/RunCommandHandlerLinux",
    "Microsoft.CPlat.Core/RunCommandHandlerWindows",
    "Microsoft.CPlat.Core/RunCommandLinux",
    "Microsoft.CPlat.Core/RunCommandWindows",
    "Microsoft.CPlat.Core/WindowsPatchExtension",
    "Microsoft.SiteRecovery.Dra/Windows",
    "Microsoft.SoftwareUpdateManagement/LinuxOsUpdateExtension",
    "Microsoft.SoftwareUpdateManagement/WindowsOsUpdateExtension",
]


def test_the_catalogue_knows_what_azure_upgrades_and_what_services_install() -> None:
    assert sorted(name for name, entry in ENTRIES.items() if entry.automatic_upgrade) == UPGRADED
    assert sorted(name for name, entry in ENTRIES.items() if entry.service_managed) == MANAGED


def test_a_handler_runs_commands_from_the_settings_that_the_catalogue_names() -> None:
    assert command_settings(ENTRIES[CUSTOM_SCRIPT]) == ("commandToExecute", "script")
    assert command_settings(ENTRIES["Microsoft.Compute/CustomScriptExtension"]) == ("commandToExecute",)
    assert command_settings(ENTRIES["Microsoft.Powershell/DSC"]) == ("commandToExecute",)
    assert command_settings(None) == ("commandToExecute",)


def test_commands_that_lie_deeper_are_those_of_services() -> None:
    deeper = [entry for entry in ENTRIES.values() if any("." in name for name in entry.commands)]
    assert deeper
    assert all(entry.service_managed for entry in deeper)


# --- What the schemas accept


SCRIPT = {"commandToExecute": "sh setup.sh"}
KEYED = {"storageAccountName": "account", "storageAccountKey": "a2V5"}
ENCRYPT = {"EncryptionOperation": "EnableEncryption", "KeyVaultURL": "https://v", "VolumeType": "All"}
CLIENT = {"AADClientID": "11111111-2222-3333-4444-555555555555"}
CERTIFICATE = {"url": "https://vault.vault.azure.net/secrets/web"}


@pytest.mark.parametrize(
    ("handler", "public", "protected"),
    [
        (CUSTOM_SCRIPT, {"fileUris": ["https://a/b.sh"], "timestamp": 1, "skipDos2Unix": True}, SCRIPT),
        (CUSTOM_SCRIPT, {}, {"script": "bHM=", "managedIdentity": {}}),
        (CUSTOM_SCRIPT, SCRIPT, KEYED),
        ("Microsoft.OSTCExtensions/CustomScriptForLinux", {"timestamp": "now", "other": 1}, SCRIPT),
        ("Microsoft.Compute/CustomScriptExtension", {"timestamp": "123"}, SCRIPT),
        ("Microsoft.OSTCExtensions/VMAccessForLinux", {}, {"username": "u"}),
        ("Microsoft.OSTCExtensions/VMAccessForLinux", {}, {"remove_user": "", "reset_ssh": True}),
        ("Microsoft.OSTCExtensions/VMAccessForLinux", {}, {"remove_user": EXPRESSION, "reset_ssh": True}),
        ("Microsoft.OSTCExtensions/VMAccessForLinux", {"repair_disk": "true, disk"}, {}),
        ("Microsoft.Compute/VMAccessAgent", {}, {}),
        ("Microsoft.Powershell/DSC", {"ModulesUrl": "https://a"}, {"configurationUrlSasToken": "?s"}),
        (
            "Microsoft.Powershell/DSC",
            {"configuration": {"module": {"name": "m"}, "function": "f"}, "wmfVersion": "Latest"},
            {"configurationArguments": {"login": {"userName": "u", "password": "p"}}},
        ),
        ("Microsoft.Azure.Diagnostics/IaaSDiagnostics", {"xmlCfg": "PFdhZENmZy8+"}, {}),
        ("Microsoft.Azure.Monitor/AzureMonitorLinuxAgent", {}, {}),
        ("Microsoft.Azure.Security/AzureDiskEncryption", ENCRYPT, {}),
        (
            "Microsoft.Azure.Security/AzureDiskEncryption",
            {"EncryptionOperation": "DisableEncryption", "VolumeType": "All"},
            {},
        ),
        (
            "Microsoft.Azure.Security/AzureDiskEncryption",
            {**ENCRYPT, "AADClientID": "", "KeyEncryptionKeyURL": "", "KeyEncryptionAlgorithm": ""},
            {"AADClientSecret": ""},
        ),
        (
            "Microsoft.Azure.Security/AzureDiskEncryption",
            {**ENCRYPT, **CLIENT, "AADClientCertThumbprint": "00"},
            {},
        ),
        (
            "Microsoft.Azure.KeyVault/KeyVaultForLinux",
            {"secretsManagementSettings": {"observedCertificates": [CERTIFICATE, "https://v/secrets/c"]}},
            {},
        ),
        ("Microsoft.ManagedServices/ApplicationHealthLinux", {"protocol": "TCP", "port": "22"}, {}),
        ("Microsoft.Azure.Security/IaaSAntimalware", {"AntimalwareEnabled": "true"}, {}),
        ("Tenable.NessusAgent/Linux", {"nessusManagerApp": "IO"}, {"nessusLinkingKey": "k"}),
        (
            "Chef.Bootstrap.WindowsAzure/ChefClient",
            {"client_rb": "chef_server_url 'https://c'"},
            {"validation_key": "k"},
        ),
        (
            "Datadog.Agent/DatadogLinuxAgent",
            {
                "agentConfiguration": "https://a.blob.core.windows.net/c.zip",
                "agentConfigurationChecksum": "0",
            },
            {},
        ),
        ("Microsoft.AKS/Compute.AKS.Linux.Billing", {"anything": 1}, EXPRESSION),
    ],
    ids=str,
)
def test_settings_that_work_are_accepted(handler: str, public: Any, protected: Any) -> None:
    assert errors(ENTRIES[handler], public, protected) == []


@pytest.mark.parametrize(
    ("handler", "public", "protected"),
    [
        (CUSTOM_SCRIPT, {}, {}),
        (CUSTOM_SCRIPT, {**SCRIPT, "script": "bHM="}, {}),
        (CUSTOM_SCRIPT, SCRIPT, SCRIPT),
        (CUSTOM_SCRIPT, SCRIPT, {"script": "bHM="}),
        (CUSTOM_SCRIPT, {**SCRIPT, "fileUris": []}, {"fileUris": []}),
        (CUSTOM_SCRIPT, {**SCRIPT, "fileUris": "https://a/b.sh"}, {}),
        (CUSTOM_SCRIPT, {**SCRIPT, "skipDos2Unix": "true"}, {}),
        (CUSTOM_SCRIPT, {**SCRIPT, "timestamp": "1"}, {}),
        (CUSTOM_SCRIPT, {**SCRIPT, "CommandToExecute": "ls"}, {}),
        (CUSTOM_SCRIPT, {**SCRIPT, **KEYED}, {}),
        (CUSTOM_SCRIPT, {}, {**SCRIPT, "timestamp": 1}),
        (CUSTOM_SCRIPT, SCRIPT, {"storageAccountName": "account"}),
        (CUSTOM_SCRIPT, SCRIPT, {**KEYED, "managedIdentity": {}}),
        (
            CUSTOM_SCRIPT,
            SCRIPT,
            {"managedIdentity": {"clientId": CLIENT["AADClientID"], "objectId": CLIENT["AADClientID"]}},
        ),
        ("Microsoft.OSTCExtensions/CustomScriptForLinux", SCRIPT, SCRIPT),
        ("Microsoft.Compute/CustomScriptExtension", {"fileUris": ["https://a/b.ps1"]}, {}),
        ("Microsoft.OSTCExtensions/VMAccessForLinux", {"check_disk": True, "repair_disk": "true"}, {}),
        ("Microsoft.OSTCExtensions/VMAccessForLinux", {"repair_disk": True}, {}),
        ("Microsoft.OSTCExtensions/VMAccessForLinux", {}, {"remove_user": "u", "password": "p"}),
        ("Microsoft.OSTCExtensions/VMAccessForLinux", {}, {"username": "u", "remove_prior_keys": True}),
        ("Microsoft.Compute/VMAccessAgent", {"username": "u"}, {}),
        ("Microsoft.Powershell/DSC", {"configuration": {"url": "https://a"}}, {}),
        ("Microsoft.Powershell/DSC", {"configuration": {"function": "f"}}, {}),
        ("Microsoft.Powershell/DSC", {}, {"configurationDataUrlSasToken": "?s"}),
        ("Microsoft.Powershell/DSC", {"wmfVersion": "3.0"}, {}),
        ("Microsoft.Azure.Diagnostics/IaaSDiagnostics", {"StorageAccount": "a"}, {}),
        (
            "Microsoft.Azure.Monitor/AzureMonitorLinuxAgent",
            {"proxy": {"mode": "application", "auth": "true"}},
            {"proxy": {"username": "u"}},
        ),
        ("Microsoft.Azure.Security/AzureDiskEncryption", {**ENCRYPT, "VolumeType": "data"}, {}),
        ("Microsoft.Azure.Security/AzureDiskEncryption", {**ENCRYPT, "KeyEncryptionKeyURL": "https://k"}, {}),
        ("Microsoft.Azure.Security/AzureDiskEncryption", {**ENCRYPT, **CLIENT}, {}),
        (
            "Microsoft.Azure.KeyVault/KeyVaultForLinux",
            {"secretsManagementSettings": {"observedCertificates": [{"url": "https://v/certificates/c"}]}},
            {},
        ),
        ("Microsoft.ManagedServices/ApplicationHealthLinux", {"protocol": "http"}, {}),
        (
            "Microsoft.ManagedServices/ApplicationHealthLinux",
            {"protocol": "tcp", "port": 1, "requestPath": "/"},
            {},
        ),
        ("Microsoft.ManagedServices/ApplicationHealthLinux", {"protocol": "tcp", "port": 70000}, {}),
        ("Microsoft.Azure.Security/IaaSAntimalware", {"AntimalwareEnabled": False}, {}),
        ("Tenable.NessusAgent/Linux", {"nessusManagerApp": "local"}, {"nessusLinkingKey": "k"}),
        ("Chef.Bootstrap.WindowsAzure/ChefClient", {"runlist": "r"}, {"validation_key": "k"}),
        ("Datadog.Agent/DatadogLinuxAgent", {"site": "datadoghq.eu"}, {}),
        (
            "Microsoft.EnterpriseCloud.Monitoring/OmsAgentForLinux",
            {"workspaceId": "/subscriptions/s"},
            {"workspaceKey": "k"},
        ),
    ],
    ids=str,
)
def test_settings_that_the_handler_refuses_are_refused(handler: str, public: Any, protected: Any) -> None:
    assert errors(ENTRIES[handler], public, protected)


# --- The collection of facts from which the catalogue began


def corrections() -> dict[tuple[str, str], tuple[str, str]]:
    rows = {}
    for line in (CHECKOUT / "docs" / "corrections.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and "/" in cells[0] and cells[0] != "publisher/type":
            handler, fact, before, after, source = cells
            assert source
            assert (handler, fact) not in rows
            rows[handler, fact] = (before, after)
    return rows


def newest(versions: list[str]) -> str | None:
    return max(versions, key=lambda version: [int(part) for part in version.split(".")], default=None)


def last_day(day: str | None) -> str | None:
    if day is None or len(day) == len("2018-11-30"):
        return day
    year, month = map(int, day.split("-"))
    return f"{day}-{calendar.monthrange(year, month)[1]}"


def collected(fact: dict[str, Any]) -> dict[str, Any]:
    return {
        "os": fact["os"],
        "status": fact["status"],
        "retirement": last_day(fact["retired_on"]),
        "version": newest(fact["versions"]),
        "trust": fact["confidence"],
        "automaticUpgrade": fact["enableAutomaticUpgrade"],
        "multiInstance": fact["multiple_instances"],
        "unknownSettings": "rejected" if fact["unknown_keys_rejected"] else "not rejected",
        "settingsKnown": fact["settings_known"],
        "replacement": bool(fact["replacement"]),
    }


def catalogued(entry: Entry) -> dict[str, Any]:
    return {
        "os": entry.os,
        "status": entry.status,
        "retirement": entry.retirement,
        "version": entry.version,
        "trust": entry.trust,
        "automaticUpgrade": "listed" if entry.automatic_upgrade else "not-listed",
        "multiInstance": entry.multi_instance,
        "unknownSettings": "rejected" if entry.unknown_settings == "rejected" else "not rejected",
        "settingsKnown": entry.settings_known,
        "replacement": entry.replacement is not None,
    }


def top_level(names: list[str]) -> dict[str, str]:
    """Names of settings without what lies in them, by their lower-cased form."""
    plain = [re.sub(r"^\((legacy|old)\) ", "", name) for name in names]
    heads = [name.split(".")[0] for name in plain if not name.startswith("...")]
    return {head.lower(): head for head in heads if not head.endswith("[]")}


def listing(names: Iterator[str]) -> str:
    return ", ".join(sorted(names, key=str.lower)) or "none"


def differences(fact: dict[str, Any], entry: Entry) -> dict[str, tuple[str, str]]:
    before, after = collected(fact), catalogued(entry)
    found = {
        name: ("none" if before[name] is None else str(before[name]), str(after[name]))
        for name in before
        if before[name] != after[name]
    }
    for part in BLOCKS:
        old = top_level(list(fact[part]))
        new = top_level(list(block(entry, part).get("properties", {})))
        if old.keys() != new.keys():
            found[part] = (
                listing(old[name] for name in old.keys() - new.keys()),
                listing(new[name] for name in new.keys() - old.keys()),
            )
    return found


@pytest.mark.skipif(
    not (KNOWLEDGE / "vm-extensions.json").is_file(), reason="the collection of facts is not at hand"
)
def test_the_catalogue_says_what_the_collection_says_but_for_the_corrections() -> None:
    facts = json.loads((KNOWLEDGE / "vm-extensions.json").read_text("utf-8"))
    assert {f"{fact['publisher']}/{fact['type']}" for fact in facts} == set(ENTRIES)
    found = {}
    for fact in facts:
        entry = ENTRIES[f"{fact['publisher']}/{fact['type']}"]
        found.update({(entry.handler, name): pair for name, pair in differences(fact, entry).items()})
        secrets = {secret.partition(" (")[0] for secret in fact["secret_settings"]}
        missing = {path for path in secrets if not (entry.is_secret(path) or entry.is_protected_only(path))}
        if missing:
            after = listing(path for path in entry.secret if path.split(".")[-1] in missing)
            found[entry.handler, "secret"] = (listing(iter(missing)), after)
    assert found == corrections()


def test_a_correction_says_what_the_catalogue_says() -> None:
    rows = corrections()
    assert rows
    for (handler, fact), (_, after) in rows.items():
        entry = ENTRIES[handler]
        if fact in BLOCKS:
            names = set() if after == "none" else set(after.split(", "))
            assert names <= set(block(entry, fact)["properties"]), handler
        elif fact == "secret":
            assert set(after.split(", ")) <= set(entry.secret), handler
        else:
            assert str(catalogued(entry)[fact]) == after, handler


# --- Examples

EXAMPLES = [(entry, example) for entry in ENTRIES.values() for example in catalogue().examples(entry)]
# Before the first retirement, and after the last.
EARLY, LATE = date(2018, 1, 1), date(2029, 1, 1)


def template(example: Example) -> str:
    """Give a template that holds the example and declares what it reads."""
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    parameters = {name: {"type": kind} for name, kind in example.parameters.items()}
    document = {
        "$schema": schema,
        "contentVersion": "1.0.0.0",
        "parameters": parameters,
        "resources": [example.resource()],
    }
    return json.dumps(document, indent=2)


@pytest.mark.parametrize("day", [EARLY, LATE], ids=str)
@pytest.mark.parametrize(
    ("entry", "example"),
    EXAMPLES,
    ids=[f"{entry.handler}: {example.why}" for entry, example in EXAMPLES],
)
def test_in_an_example_is_found_what_it_says_and_nothing_else(
    entry: Entry, example: Example, day: date
) -> None:
    ends = {"retired": ["EXT106"], "deprecated": ["EXT107"]}.get(entry.status_on(day), [])
    found = armlint.check(template(example), today=day)
    told = "\n".join(f"{finding.rule} {finding.message}" for finding in found)
    assert sorted(finding.rule for finding in found) == sorted([*example.rules, *ends]), told


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_what_their_schema_asks_for(name: str) -> None:
    OF_EXAMPLES.validate(json.loads((FOLDER / "examples" / name).read_text("utf-8")))


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.handler)
def test_each_extension_has_examples_of_its_own(entry: Entry) -> None:
    examples = catalogue().examples(entry)
    assert not examples[0].rules
    assert not entry.settings_known or any(example.rules for example in examples)
    for example in examples:
        assert f"{example.properties['publisher']}/{example.properties['type']}" == entry.handler
        read_ = set(re.findall(r"parameters\('(\w+)'\)", json.dumps(example.properties)))
        assert read_ == set(example.parameters), "what it reads is what it declares"


def test_every_file_of_examples_is_of_an_extension() -> None:
    assert sorted(path.name for path in (FOLDER / "examples").iterdir()) == NAMES


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.handler)
def test_what_an_example_says_in_secret_comes_from_a_secure_parameter(entry: Entry) -> None:
    for example in catalogue().examples(entry):
        for part in BLOCKS:
            for path, value in values(example.properties.get(part, {})):
                if entry.is_secret(path) and isinstance(value, str) and not example.rules:
                    names = re.findall(r"parameters\('(\w+)'\)", value)
                    kinds = {example.parameters[name] for name in names}
                    assert kinds == {"securestring"}, path


def values(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give every value in a block, with its path as the catalogue writes it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from values(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from values(inner, f"{path}[]")
    else:
        yield path, value


# --- Reading


def test_nothing_is_read_before_an_extension_is_looked_up() -> None:
    Catalogue(pytest.fail, pytest.fail)


def test_a_lookup_reads_the_index_and_one_file_and_nothing_twice() -> None:
    asked = []

    def counting(name: str) -> str | None:
        asked.append(name)
        return read(name)

    listed = Catalogue(counting, pytest.fail)
    first = listed.lookup("Microsoft.Azure.Extensions", "CustomScript")
    assert asked == [INDEX, "Microsoft.Azure.Extensions.CustomScript.json"]
    assert listed.lookup("microsoft.azure.extensions", "CUSTOMSCRIPT") is first
    assert listed.lookup("Contoso", "Unheard") is None
    assert listed.lookup("", "") is None
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("publisher", "type_", "handler"),
    [
        ("MICROSOFT.POWERSHELL", "dsc", "Microsoft.Powershell/DSC"),
        ("Microsoft.RecoveryServices", "VMSnapshot", "Microsoft.Azure.RecoveryServices/VMSnapshot"),
        ("Microsoft.Azure.Key.Vault", "KeyVaultForLinux", "Microsoft.Azure.KeyVault/KeyVaultForLinux"),
        ("Microsoft.SqlServer.Management", "SqlIaasAgent", "Microsoft.SqlServer.Management/SqlIaaSAgent"),
    ],
)
def test_a_handler_is_found_by_other_spellings(publisher: str, type_: str, handler: str) -> None:
    found = catalogue().lookup(publisher, type_)
    assert found is not None
    assert found.handler == handler


def test_the_same_type_of_another_publisher_is_another_extension() -> None:
    listed = catalogue()
    one = listed.lookup("Microsoft.OSTCExtensions", "LinuxDiagnostic")
    other = listed.lookup("Microsoft.Azure.Diagnostics", "LinuxDiagnostic")
    assert one is not None
    assert other is not None
    assert (one.version, other.version) == ("2.3", "4.0")
    assert listed.lookup("Microsoft.Compute", "LinuxDiagnostic") is None


@pytest.mark.parametrize("lost", [INDEX, "Microsoft.Azure.Extensions.CustomScript.json"])
def test_a_catalogue_that_lacks_a_file_says_which(lost: str) -> None:
    broken = catalogue(lambda name: None if name == lost else read(name))
    with pytest.raises(LookupError, match=re.escape(lost)):
        broken.lookup("Microsoft.Azure.Extensions", "CustomScript")


def test_all_entries_come_in_the_order_of_their_files() -> None:
    listed = catalogue()
    assert [f"{entry.publisher}.{entry.type}.json" for entry in listed] == NAMES
    assert next(iter(listed)) is next(iter(listed))


# --- Entries


def test_an_entry_gives_the_facts_of_its_file() -> None:
    entry = ENTRIES["Microsoft.OSTCExtensions/CustomScriptForLinux"]
    assert (entry.os, entry.status, entry.version) == ("linux", "deprecated", "1.5")
    assert entry.replacement is not None
    assert entry.replacement.drop_in
    assert f"{entry.replacement.publisher}/{entry.replacement.type}" == CUSTOM_SCRIPT
    assert entry.replacement.version == "2.1"
    assert entry.time_limit_minutes == 90
    assert not entry.multi_instance
    assert entry.settings_schema is not None
    assert "fileUris" in entry.settings_schema["properties"]
    assert "enableInternalDNSCheck" not in block(entry, "protectedSettings")["properties"]
    assert ENTRIES[CUSTOM_SCRIPT].exit_codes["51"]
    assert ENTRIES[CUSTOM_SCRIPT].exclusive == (("commandToExecute", "script"),)
    with pytest.raises(AttributeError):
        entry.status = "active"  # type: ignore[misc]


def test_an_extension_whose_settings_are_not_known_has_no_schemas() -> None:
    entry = ENTRIES["Microsoft.CPlat.Core/WindowsPatchExtension"]
    assert not entry.settings_known
    assert entry.settings_schema is None
    assert entry.protected_schema is None


def test_a_retirement_is_a_day() -> None:
    assert ENTRIES["Microsoft.Powershell/DSC"].retired_on == date(2028, 3, 31)
    assert ENTRIES["Microsoft.Azure.Extensions/DockerExtension"].retired_on == date(2018, 11, 30)
    assert ENTRIES[CUSTOM_SCRIPT].retired_on is None
    for entry in ENTRIES.values():
        assert entry.retired_on is None or entry.retired_on.isoformat() == entry.retirement


def test_a_setting_is_a_command_in_any_letter_case() -> None:
    entry = ENTRIES[CUSTOM_SCRIPT]
    assert entry.is_command("commandToExecute")
    assert entry.is_command("COMMANDTOEXECUTE")
    assert entry.is_command("script")
    assert not entry.is_command("fileUris")
    managed = ENTRIES["Microsoft.CPlat.Core/RunCommandHandlerLinux"]
    assert managed.is_command("source.script")
    assert managed.is_command(["source", "script"])
    assert not managed.is_command("source")
    snapshot = ENTRIES["Microsoft.Azure.RecoveryServices/VMSnapshot"]
    assert not snapshot.is_command("commandToExecute"), "it holds a verb"


def test_a_path_lies_in_what_belongs_in_protected_settings() -> None:
    entry = ENTRIES[CUSTOM_SCRIPT]
    assert entry.is_protected_only("storageAccountKey")
    assert entry.is_protected_only("STORAGEACCOUNTKEY")
    assert entry.is_protected_only("managedIdentity.clientId")
    assert not entry.is_protected_only("commandToExecute")
    assert entry.is_public_only("skipDos2Unix")
    assert not entry.is_public_only("fileUris")
    diagnostics = ENTRIES["Microsoft.Azure.Diagnostics/LinuxDiagnostic"]
    assert diagnostics.is_protected_only("sinksConfig.sink[0].sasURL")
    assert diagnostics.is_protected_only("sinksConfig.sink[].sasURL")
    assert diagnostics.is_protected_only(["sinksConfig", "sink", 3, "sasURL"])
    assert not diagnostics.is_protected_only("sinksConfig.sink[0].name")
    assert not diagnostics.is_protected_only("sinksConfig")


def test_a_star_stands_for_any_name() -> None:
    entry = ENTRIES["Microsoft.Powershell/DSC"]
    assert entry.is_secret("configurationArguments.login.password")
    assert not entry.is_secret("configurationArguments.login.userName")
    assert not entry.is_secret("configurationArguments.password")
    assert entry.is_secret("Items.Key1")


def test_names_are_respelled_as_documented_where_letter_case_does_not_matter() -> None:
    entry = ENTRIES["Microsoft.Powershell/DSC"]
    given = {"WMFVersion": "5.1", "Configuration": {"URL": "u", "module": {"NAME": "n"}}, "mine": {"A": 1}}
    assert entry.respelled(given) == {
        "wmfVersion": "5.1",
        "configuration": {"url": "u", "module": {"name": "n"}},
        "mine": {"A": 1},
    }
    assert entry.respelled({"items": {"Key1": "x"}}, protected=True) == {"Items": {"Key1": "x"}}
    assert entry.respelled({"wmfVersion": "5.1", "WmfVersion": "5.0"}) == {
        "wmfVersion": "5.1",
        "WmfVersion": "5.0",
    }
    assert entry.respelled("[variables('all')]") == "[variables('all')]"
    sinks = {"SECONDARYSTORAGEACCOUNTS": {"storageaccount": [{"NAME": "n"}]}}
    assert ENTRIES["Microsoft.Azure.Diagnostics/IaaSDiagnostics"].respelled(sinks, protected=True) == {
        "SecondaryStorageAccounts": {"StorageAccount": [{"name": "n"}]}
    }
    assert errors(ENTRIES["Microsoft.Compute/VMAccessAgent"], {"username": "u"}, {"Password": "p"})
    access = ENTRIES["Microsoft.Compute/VMAccessAgent"]
    respelled = access.respelled({"Password": "p"}, protected=True)
    assert errors(access, access.respelled({"UserName": "u"}), respelled) == []


def test_names_are_left_alone_where_letter_case_matters_or_nothing_is_known() -> None:
    assert ENTRIES[CUSTOM_SCRIPT].respelled({"FileUris": []}) == {"FileUris": []}
    unknown = ENTRIES["Microsoft.CPlat.Core/WindowsPatchExtension"]
    assert unknown.respelled({"A": 1}) == {"A": 1}
