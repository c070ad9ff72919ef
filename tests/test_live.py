"""Tests of Azure's answers as input: taken for what they are, checked as a template is, pointed into.

The shapes are those that `az vm extension list`, `az vm show`, `az vmss show`, `az vm get-instance-view` and
the REST API print, of several ages; names and values are our own.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from armlint import run
from armlint.arm import live
from armlint.arm.extension import Shape
from armlint.arm.kind import Kind, kind_of
from armlint.arm.model import Model
from armlint.arm.value import Object, Term
from armlint.files import Text
from armlint.jsontext import read
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from armlint.report import Entry
    from armlint.rule import Rule

VM = "Microsoft.Compute/virtualMachines"
VMSS = "Microsoft.Compute/virtualMachineScaleSets"
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
RULES: tuple[Rule, ...] = run.load_rules().select(["all"])


def of(name: str = "monitor", vm: str = "web", group: str = GROUP, **changes: Any) -> dict[str, Any]:
    """An extension as `az vm extension list` prints it: flat, with nulls."""
    return {
        "autoUpgradeMinorVersion": True,
        "enableAutomaticUpgrade": None,
        "forceUpdateTag": None,
        "id": f"{group}/{VM}/{vm}/extensions/{name}",
        "instanceView": None,
        "location": "westeurope",
        "name": name,
        "protectedSettings": None,
        "protectedSettingsFromKeyVault": None,
        "provisionAfterExtensions": None,
        "provisioningState": "Succeeded",
        "publisher": "Microsoft.Azure.Monitor",
        "resourceGroup": "shop",
        "settings": None,
        "suppressFailures": None,
        "tags": None,
        "type": f"{VM}/extensions",
        "typeHandlerVersion": "1.36",
        "typePropertiesType": "AzureMonitorLinuxAgent",
        **changes,
    }


def script(name: str = "setup", **changes: Any) -> dict[str, Any]:
    """Custom Script for Linux, whose command is protected and therefore not to be seen."""
    named = {"publisher": "Microsoft.Azure.Extensions", "typePropertiesType": "CustomScript"}
    return of(name, **{**named, "typeHandlerVersion": "2.1", **changes})


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


def renamed(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The same with the handler's type under another name."""
    return {name if key == "typePropertiesType" else key: value for key, value in document.items()}


OUTSIDE = {"id", "name", "location", "tags", "type", "resourceGroup"}


def wrapped(document: dict[str, Any]) -> dict[str, Any]:
    """The same as the REST API answers it: under `properties`, what is unset left out."""
    inner = {
        "type" if name == "typePropertiesType" else name: value
        for name, value in document.items()
        if name not in OUTSIDE and value is not None
    }
    outer = {name: document[name] for name in ("id", "name", "location", "type") if name in document}
    return {**outer, "properties": inner}


def view(
    name: str | None = "setup", handler: str = "Microsoft.Azure.Extensions.CustomScript", **told: Any
) -> Any:
    statuses = [{"code": "ProvisioningState/succeeded", "level": "Info", "message": "Enable succeeded"}]
    found = {
        "type": handler,
        "typeHandlerVersion": "2.1.10",
        "statuses": statuses,
        "substatuses": None,
        **told,
    }
    return found if name is None else {"name": name, **found}


def status(message: str | None = None, code: str = "ProvisioningState/failed/0", level: str = "Error") -> Any:
    return {
        "code": code,
        "displayStatus": "Provisioning failed",
        "level": level,
        "message": message,
        "time": None,
    }


def machine(*extensions: Any, **changes: Any) -> dict[str, Any]:
    """A machine as `az vm show` prints it."""
    return {
        "extensionsTimeBudget": None,
        "id": f"{GROUP}/{VM}/web",
        "instanceView": None,
        "location": "westeurope",
        "name": "web",
        "osProfile": {
            "adminPassword": None,
            "adminUsername": "azureuser",
            "allowExtensionOperations": True,
            "computerName": "web",
            "linuxConfiguration": {"disablePasswordAuthentication": True, "provisionVMAgent": True},
            "windowsConfiguration": None,
        },
        "provisioningState": "Succeeded",
        "resources": list(extensions),
        "storageProfile": {
            "imageReference": {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
            "osDisk": {"osType": "Linux", "createOption": "FromImage"},
        },
        "type": VM,
        "vmId": "00000000-0000-0000-0000-000000000000",
        **changes,
    }


def scale_set(*extensions: Any, **profile: Any) -> dict[str, Any]:
    """A scale set as `az vmss show` prints it."""
    return {
        "id": f"{GROUP}/{VMSS}/web",
        "name": "web",
        "location": "westeurope",
        "provisioningState": "Succeeded",
        "sku": {"capacity": 2, "name": "Standard_D2s_v5"},
        "type": VMSS,
        "virtualMachineProfile": {
            "extensionProfile": {"extensions": list(extensions), "extensionsTimeBudget": None},
            "osProfile": {"adminUsername": "azureuser", "linuxConfiguration": {}},
            "storageProfile": {"osDisk": {"osType": "Linux"}},
            **profile,
        },
    }


def entry(**changes: Any) -> dict[str, Any]:
    """An entry of the profile of a scale set: no id, no type of a resource, no state."""
    return script(**{"id": None, "type": None, "provisioningState": None, **changes})


def instance_view(*views: Any, **told: Any) -> dict[str, Any]:
    return {"computerName": "web", "extensions": list(views), "osName": "ubuntu", "statuses": [], **told}


def agent(*handlers: Any) -> dict[str, Any]:
    return {"vmAgentVersion": "2.11.1.12", "statuses": [], "extensionHandlers": list(handlers)}


def handler(name: str = "Microsoft.Azure.Extensions.CustomScript", **told: Any) -> dict[str, Any]:
    return {
        "type": name,
        "typeHandlerVersion": "2.1.10",
        "status": status("Plugin enabled", "x", "Info"),
        **told,
    }


ARC = {
    "id": f"{GROUP}/Microsoft.HybridCompute/machines/web/extensions/monitor",
    "name": "monitor",
    "type": "Microsoft.HybridCompute/machines/extensions",
    "properties": {
        "publisher": "Microsoft.Azure.Monitor",
        "type": "AzureMonitorLinuxAgent",
        "typeHandlerVersion": "1.36",
        "provisioningState": "Succeeded",
        "instanceView": {"name": "monitor", "type": "AzureMonitorLinuxAgent", "status": {"code": "0"}},
    },
}
OLD_ENTRY = without(renamed(entry(), "type"), "id", "location", "tags")

# A healthy answer in each shape, with what its first extension is.
ANSWERS: dict[str, tuple[Any, Shape, str | None, str | None]] = {
    "az vm extension list": ([of(), script()], Shape.VM, "monitor", "web"),
    "az vm extension show": (of(), Shape.VM, "monitor", "web"),
    "before 2022": (renamed(of(), "virtualMachineExtensionType"), Shape.VM, "monitor", "web"),
    "handler type": (renamed(of(), "typeHandlerType"), Shape.VM, "monitor", "web"),
    "type1": (renamed(of(), "type1"), Shape.VM, "monitor", "web"),
    "without nulls": ({k: v for k, v in of().items() if v is not None}, Shape.VM, "monitor", "web"),
    "az vm extension show --instance-view": (script(instanceView=view()), Shape.VM, "setup", "web"),
    "REST, an extension": (wrapped(of()), Shape.VM, "monitor", "web"),
    "REST, a list": ({"value": [wrapped(of()), wrapped(script())]}, Shape.VM, "monitor", "web"),
    "az rest --query value": ([wrapped(of())], Shape.VM, "monitor", "web"),
    "resource graph": ({"count": 1, "data": [wrapped(of())]}, Shape.VM, "monitor", "web"),
    "portal, JSON view": ({**wrapped(of()), "apiVersion": "2024-07-01"}, Shape.VM, "monitor", "web"),
    "az vm show": (machine(of(), script()), Shape.VM, "monitor", "web"),
    "az vm list": ([machine(of()), machine(script(), id=f"{GROUP}/{VM}/db")], Shape.VM, "monitor", "web"),
    "REST, a machine": (
        {
            **without(machine(), "osProfile", "storageProfile"),
            "resources": [wrapped(of())],
            "properties": {"osProfile": {"linuxConfiguration": {}}, "provisioningState": "Succeeded"},
        },
        Shape.VM,
        "monitor",
        "web",
    ),
    "az vm get-instance-view": (machine(instanceView=instance_view(view())), Shape.VM, "setup", "web"),
    "--query instanceView": (instance_view(view(), vmAgent=agent(handler())), Shape.VM, "setup", None),
    "--query instanceView.extensions": ([view(), view("other", "A.B")], Shape.VM, "setup", None),
    "one view": (view(), Shape.VM, "setup", None),
    "az vmss get-instance-view --instance-id": ([instance_view(view())], Shape.VM, "setup", None),
    "only the agent": (instance_view(vmAgent=agent(handler())), Shape.VM, None, None),
    "az vmss show": (scale_set(entry()), Shape.VMSS_PROFILE, "setup", "web"),
    "az vmss show, old": (scale_set(OLD_ENTRY), Shape.VMSS_PROFILE, "setup", "web"),
    "REST, a scale set": (
        {
            **without(scale_set(), "virtualMachineProfile"),
            "properties": scale_set({"name": "setup", "properties": wrapped(entry())["properties"]}),
        },
        Shape.VMSS_PROFILE,
        "setup",
        "web",
    ),
    "az vmss extension list": ([entry()], Shape.VM, "setup", None),
    "az vmss extension list, old": ([OLD_ENTRY], Shape.VM, "setup", None),
    "az vmss extension show": (of(id=f"{GROUP}/{VMSS}/web/extensions/monitor"), Shape.VMSS, "monitor", "web"),
    "an instance of a scale set": (
        wrapped(of(id=f"{GROUP}/{VMSS}/web/virtualMachines/0/extensions/monitor")),
        Shape.VMSS_INSTANCE,
        "monitor",
        "web/0",
    ),
    "Arc": ({"value": [ARC]}, Shape.ARC, "monitor", "web"),
    "--query [].{…}": (
        [{"name": "monitor", "publisher": "P", "typePropertiesType": "T", "typeHandlerVersion": "1.0"}],
        Shape.VM,
        "monitor",
        None,
    ),
}
every_answer = pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)


def model(answer: Any) -> Model:
    text = answer if isinstance(answer, str) else json.dumps(answer, indent=2)
    return Model(read(Source(text)), catalogue=run.catalogue())


def check(answer: Any) -> tuple[Entry, ...]:
    """What all rules say, those that are off by default too; none may fail."""
    text = answer if isinstance(answer, str) else json.dumps(answer, indent=2)
    outcome = run.check_text(Text(Source(text), marked=False, problem=None), RULES)
    assert not outcome.broken, outcome.notices
    return outcome.entries


def found(answer: Any) -> list[tuple[str, str]]:
    return [(told.rule, told.pointer) for told in check(answer)]


def told(answer: Any) -> str:
    """The message of the only finding of EXT127."""
    (message,) = [entry.message for entry in check(answer) if entry.rule == "EXT127"]
    return message


# -------------------------------------------------------------------------------------- what it is


@every_answer
def test_answers_are_recognised_and_their_extensions_named(
    answer: tuple[Any, Shape, str | None, str | None],
) -> None:
    document, shape, name, owner = answer
    seen = model(document)
    assert seen.kind is Kind.LIVE
    first = seen.extensions[0]
    assert (first.shape, first.name) == (shape, name)
    assert first.machine == owner if owner is not None else isinstance(first.machine, Term)
    assert first.handler is not None
    assert first.api_version is None
    assert first.deployed


@every_answer
def test_nothing_is_wrong_with_a_healthy_answer(answer: tuple[Any, Shape, str | None, str | None]) -> None:
    assert found(answer[0]) == []


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(without(wrapped(of()), "id"), id="a resource without its id is a request"),
        pytest.param([{**wrapped(of()), "id": None, "apiVersion": "2024-07-01"}], id="of a template"),
        pytest.param([without(renamed(of(), "type"), "id", "provisioningState")], id="a list of one's own"),
        pytest.param([{**of(protectedSettings={"a": "b"}), "id": None}], id="with protected settings"),
        pytest.param([{**of(typeHandlerVersion="[parameters('v')]"), "id": None}], id="with expressions"),
        pytest.param([without(wrapped(script()), "id"), "x", None, 1][1:], id="no objects"),
        pytest.param({**machine(of()), "id": "[resourceId('a/b', 'c')]"}, id="the id is an expression"),
        pytest.param(without(machine(wrapped(of())), "id"), id="a machine to be"),
        pytest.param({"properties": scale_set(entry()), "location": "x"}, id="a scale set to be"),
        pytest.param(machine(), id="a machine without extensions"),
        pytest.param(machine({"id": of()["id"]}), id="a machine that only names its extension"),
        pytest.param([{"name": "pool", "type": "Microsoft.ContainerService/managedClusters/agentPools",
                       "typePropertiesType": "VirtualMachineScaleSets"}], id="az aks nodepool list"),
        pytest.param([{"name": "DSC", "publisher": "Microsoft.Powershell", "version": "2.83.5"}],
                     id="az vm extension image list"),
        pytest.param({"id": f"{GROUP}/Microsoft.KubernetesConfiguration/extensions/flux", "publisher": None,
                      "extensionType": "microsoft.flux", "autoUpgradeMinorVersion": True,
                      "type": "Microsoft.KubernetesConfiguration/extensions"}, id="az k8s-extension show"),
        pytest.param({"extensions": [{"name": "a", "statusesSummary": [{"code": "x", "count": 1}]}]},
                     id="az vmss get-instance-view"),
        pytest.param({"extensions": ["ms-python.python"], "id": 7, "value": {}}, id="other extensions"),
        pytest.param([], id="an empty list"),
        pytest.param({"value": []}, id="an empty answer"),
        pytest.param([[of()]], id="a list in a list"),
        pytest.param({"$schema": "https://json-schema.org/x", "value": [of()]}, id="a JSON Schema"),
        pytest.param({"$schema": "https://example.org/x", "data": [of()]}, id="with a schema of its own"),
    ],
)  # fmt: skip
def test_other_json_is_not_taken_for_an_answer(other: Any) -> None:
    assert kind_of(read(Source(json.dumps(other)))) is not Kind.LIVE


answers = st.sampled_from([answer[0] for answer in ANSWERS.values()])


@given(answers, st.booleans())
def test_a_template_is_never_taken_for_an_answer(answer: Any, schema: bool) -> None:
    frame = {"$schema": SCHEMA} if schema else {"contentVersion": "1.0.0.0"}
    resources = answer if isinstance(answer, list) else [answer]
    whole = {**(answer if isinstance(answer, dict) else {}), **frame, "resources": resources}
    assert kind_of(read(Source(json.dumps(whole)))) is Kind.TEMPLATE


@pytest.mark.parametrize("spell", [str.upper, str.lower])
def test_the_order_and_the_letter_case_of_names_do_not_matter(spell: Callable[[str], str]) -> None:
    turned = {spell(name): value for name, value in reversed(script(settings={"nonsense": 1}).items())}
    assert found(turned) == [("EXT111", f"/{spell('settings')}/nonsense")]


def test_a_long_list_of_other_things_is_soon_given_up() -> None:
    items = [{"a": 1}] * live._MAX_TRIED
    assert live.recognises(read(Source(json.dumps([*items[1:], of()]))).root)  # type: ignore[arg-type]
    assert not live.recognises(read(Source(json.dumps([*items, of()]))).root)  # type: ignore[arg-type]


# --------------------------------------------------------------------------------- what it says


BRACKETS = ["[x]", "[parameters('p')]", "[[x]", "[]", "[", "]", "[a] b", "[[[y]]"]


@pytest.mark.parametrize("text", BRACKETS)
def test_no_string_is_an_expression(text: str) -> None:
    block = {"commandToExecute": text, "list": [text], text: {"inner": text}}
    (extension,) = model([script(settings=block, forceUpdateTag=text)]).extensions
    value = extension.field("settings")
    assert isinstance(value, Object)
    assert value.known
    assert value.get("commandToExecute") == text
    assert {name for name, _ in value.fields.values()} == set(block)
    assert extension.field("forceUpdateTag") == text
    rules = {rule for rule, _ in found([script(settings=block)])}
    assert rules == {"EXT101", "EXT111"}


@pytest.mark.parametrize("text", BRACKETS[:4])
def test_no_name_is_an_expression(text: str) -> None:
    (extension,) = model([of(text)]).extensions
    assert extension.name == text
    (extension,) = model([renamed(of(publisher=text), "virtualMachineExtensionType")]).extensions
    assert extension.publisher == text
    (extension,) = model(machine(of(), name=text, id=f"{GROUP}/{VM}/{text}")).extensions
    assert extension.machine == text


@pytest.mark.parametrize(
    "answer", [of(), wrapped(of()), without(of(), "protectedSettings"), of(protectedSettings={})]
)
def test_protected_settings_are_unknown_since_azure_never_returns_them(answer: Any) -> None:
    (extension,) = model(answer).extensions
    assert isinstance(extension.field("protectedSettings"), Term)


def test_null_is_unset_and_what_is_left_out_is_unknown() -> None:
    (extension,) = model([of()]).extensions
    assert extension.field("settings") is None
    (extension,) = model(
        [without(of(), "settings", "autoUpgradeMinorVersion", "typeHandlerVersion")]
    ).extensions
    for name in ("settings", "autoUpgradeMinorVersion", "typeHandlerVersion"):
        assert isinstance(extension.field(name), Term)


def test_what_azure_tells_besides_is_no_property_of_the_extension() -> None:
    for answer in (script(instanceView=view()), wrapped(script(instanceView=view()))):
        (extension,) = model(answer).extensions
        for name in ("provisioningState", "instanceView", "id", "systemData"):
            assert extension.member(name) is None
            assert extension.node.get(name) is None


@pytest.mark.parametrize(
    ("dotted", "handler"),
    [
        ("Microsoft.Azure.Extensions.CustomScript", ("Microsoft.Azure.Extensions", "CustomScript")),
        ("Microsoft.Azure.AzureDefenderForServers.MDE.Linux",
         ("Microsoft.Azure.AzureDefenderForServers", "MDE.Linux")),
        ("microsoft.compute.customscriptextension", ("microsoft.compute", "customscriptextension")),
        ("Contoso.Tools.Agent", ("Contoso.Tools", "Agent")),
        ("A.B", ("A", "B")),
    ],
)  # fmt: skip
def test_the_handler_of_an_instance_view_is_taken_apart_as_the_catalogue_has_it(
    dotted: str, handler: tuple[str, str]
) -> None:
    (extension,) = model(view(handler=dotted)).extensions
    assert extension.handler == handler


def test_an_extension_that_is_told_of_twice_is_one() -> None:
    twice = machine(script(), instanceView=instance_view(view("SETUP"), vmAgent=agent(handler())))
    assert [extension.name for extension in model(twice).extensions] == ["setup"]
    listed = [machine(script(), of()), of("later")]
    assert [e.name for e in model(listed).extensions] == ["setup", "monitor", "later"]


def test_machines_of_one_name_in_two_groups_are_two() -> None:
    other = script("b", group=GROUP.replace("shop", "other"))
    assert found([script("a"), other]) == []
    assert found([script("a"), script("b")]) == [("EXT110", "/1/typePropertiesType")]


def test_a_long_list_is_no_template_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_MAX_RESOURCES", 10)
    many = [of(f"e{number}", vm=f"vm{number % 20}", publisher=f"P{number}") for number in range(60)]
    seen = model(many)
    assert len(seen.templates) > 5
    assert all(len(list(template.all_resources())) <= 10 for template in seen.templates)
    assert {extension.node.pointer for extension in seen.extensions} == {f"/{n}" for n in range(60)}
    assert found(many) == []


# --------------------------------------------------------------------------- the same rules as ever


FAULTS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    (script(settings={"commandToExecute": "sh x.sh"}), [("EXT101", "settings/commandToExecute")]),
    (script(settings={"commandToExecute": "[sh]"}), [("EXT101", "settings/commandToExecute")]),
    (script(typeHandlerVersion=""), [("EXT102", "typeHandlerVersion")]),
    (of(autoUpgradeMinorVersion=False), [("EXT103", "autoUpgradeMinorVersion")]),
    (of(typeHandlerVersion="latest"), [("EXT104", "typeHandlerVersion")]),
    (
        of(publisher="Microsoft.Azure.Extensions", typePropertiesType="DockerExtension"),
        [("EXT106", "typePropertiesType")],
    ),
    (
        of(publisher="Microsoft.OSTCExtensions", typePropertiesType="CustomScriptForLinux"),
        [("EXT107", "typePropertiesType")],
    ),
    (script(settings={"nonsense": 1}), [("EXT111", "settings/nonsense")]),
    (script(settings={"timestamp": "1"}), [("EXT112", "settings/timestamp")]),
    (script(settings={"storageAccountName": "files"}), [("EXT113", "settings/storageAccountName")]),
    (script(settings={"fileUris": ["http://example.com/a"]}), [("EXT116", "settings/fileUris/0")]),
    (of(suppressFailures=True), [("EXT123", "suppressFailures")]),
    (script(enableAutomaticUpgrade=True), [("EXT125", "enableAutomaticUpgrade")]),
]


@pytest.mark.parametrize(("fault", "expected"), FAULTS, ids=[expected[0][0] for _, expected in FAULTS])
def test_a_fault_is_found_at_its_place_in_every_shape(
    fault: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    rules = [rule for rule, _ in expected]
    shapes = {
        "": fault,
        "/0": [fault],
        "/resources/0": machine(fault),
        "/virtualMachineProfile/extensionProfile/extensions/0": scale_set(
            {**fault, "id": None, "type": None}
        ),
    }
    for place, answer in shapes.items():
        assert [(r, p) for r, p in found(answer) if r in rules] == [
            (rule, f"{place}/{name}") for rule, name in expected
        ]
    nested = {"/properties": wrapped(fault), "/value/0/properties": {"value": [wrapped(fault)]}}
    for place, answer in nested.items():
        assert [(r, p) for r, p in found(answer) if r in rules] == [
            (rule, f"{place}/{name.replace('typePropertiesType', 'type')}") for rule, name in expected
        ]


WINDOWS = {"publisher": "Microsoft.Compute", "typePropertiesType": "CustomScriptExtension"}


def test_what_is_known_of_the_machine_counts() -> None:
    windows = script(**WINDOWS, typeHandlerVersion="1.10")
    assert found(machine(windows)) == [("EXT109", "/resources/0/typePropertiesType")]
    profile = "/virtualMachineProfile/extensionProfile"
    assert found(scale_set(entry(**WINDOWS))) == [("EXT109", f"{profile}/extensions/0/typePropertiesType")]
    dotted = instance_view(view(handler="Microsoft.Compute.CustomScriptExtension"))
    assert found(machine(instanceView=dotted)) == [("EXT109", "/instanceView/extensions/0/type")]
    forbidden = {"allowExtensionOperations": False, "linuxConfiguration": {}}
    assert found(machine(of(), osProfile=forbidden)) == [("EXT121", "/resources/0/typePropertiesType")]
    assert found(machine(of(), extensionsTimeBudget="PT5M")) == [("EXT120", "/extensionsTimeBudget")]


def test_an_agent_that_azure_did_not_provision_may_be_there_all_the_same() -> None:
    by_hand = {"linuxConfiguration": {"provisionVMAgent": False}, "adminUsername": "root"}
    assert found(machine(of(), osProfile=by_hand)) == []


def test_the_same_handler_twice_on_a_machine_is_found() -> None:
    assert found(machine(script("a"), script("b"))) == [("EXT110", "/resources/1/typePropertiesType")]


def test_the_order_of_a_machines_extensions_is_followed() -> None:
    ring = [of("a", provisionAfterExtensions=["setup"]), script(provisionAfterExtensions=["a"])]
    assert [rule for rule, _ in found(ring)] == ["DEP302"]
    assert [rule for rule, _ in found(machine(*ring))] == ["DEP302"]
    sound = [of("a"), script(provisionAfterExtensions=["A"])]
    assert found(sound) == found(machine(*sound)) == []


def test_an_extension_to_come_after_is_missed_only_where_all_are_listed() -> None:
    after = of(provisionAfterExtensions=["gone"])
    assert found(machine(after)) == [("DEP303", "/resources/0/provisionAfterExtensions/0")]
    assert [rule for rule, _ in found(scale_set(entry(provisionAfterExtensions=["gone"])))] == ["DEP303"]
    # A query may have left the other one out.
    assert found([after]) == found(after) == found(wrapped(after)) == []
    assert found(machine(after, {"id": f"{after['id']}2"})) == []


# ------------------------------------------------------------------------------------ how it is


def failing(message: str | None, code: str = "ProvisioningState/failed/0", handler: str = "") -> Any:
    named = {"handler": handler} if handler else {}
    return [view(statuses=[status(message, code)], **named)]


CSE = (
    "Enable failed: failed to execute command: command terminated with exit status={}\n[stdout]\nexit code: 3"
)
AGENT = (
    "[ExtensionOperationError] Non-zero exit code: {}, /var/lib/waagent/A.B-1.0/bin/shim install\n[stdout]\n"
)
POWERSHELL = "Command execution finished, but failed because it returned a non-zero exit code of: '{}'"
AMA = "Microsoft.Azure.Monitor.AzureMonitorLinuxAgent"
OMS = "Microsoft.EnterpriseCloud.Monitoring.OmsAgentForLinux"
CSE_WINDOWS = "Microsoft.Compute.CustomScriptExtension"


@pytest.mark.parametrize(
    ("message", "handler", "expected"),
    [
        (CSE.format(127), "", "exit code 127, a command was not found"),
        (CSE.format(126), "", "exit code 126, a command was found but cannot be executed"),
        (CSE.format(124), "", "exit code 124, a command ran out of time; Azure waits 90 minutes for this"),
        (CSE.format(137), "", "exit code 137, the command was killed"),
        (CSE.format(51), "", "exit code 51, which is the command's own"),
        (AGENT.format(51), "", "exit code 51, the handler does not support this operating system"),
        (AGENT.format(52), "", "exit code 52, it could not be installed"),
        (AGENT.format(3), "", "exit code 3, it could not be enabled"),
        (AGENT.format(127), "", "exit code 127, a command was not found"),
        (AGENT.format(51), AMA, "exit code 51, the handler does not support this operating system"),
        (AGENT.format(52), AMA, "exit code 52, something that the handler depends on is missing"),
        (AGENT.format(53), AMA, "exit code 53, a setting is missing or wrong"),
        (AGENT.format(12), OMS, "exit code 12, the package manager is locked by another process"),
        (AGENT.format(55), OMS, "exit code 55, the workspace could not be reached"),
        (AGENT.format(99), OMS, "exit code 99"),
        ("ExitCode 52", OMS, "exit code 52, a package that the agent needs is missing"),
        ("Install failed with exit code: 51", "A.B", "exit code 51, the handler does not support"),
        ("exited with code 124", "A.B", "exit code 124, it ran out of time; Azure waits 20 minutes"),
        (POWERSHELL.format(9009), CSE_WINDOWS, "exit code 9009, a command was not found"),
        (POWERSHELL.format(4294770688), CSE_WINDOWS, "exit code 4294770688, PowerShell did not find"),
        (POWERSHELL.format(127), CSE_WINDOWS, "exit code 127, which is the command's own"),
        ("Provisioning of VM extension setup has timed out. Extension provisioning has taken too long", "",
         "it ran out of time; Azure waits 90 minutes for this one, 20 for most"),
        ("Provisioning of VM extension setup has timed out.", AMA, "it ran out of time; Azure waits 20"),
        ("[ExtensionError] Timeout(300): ./shim.sh", AMA, "it ran out of time; the agent waited for 300"),
        ("The operation has timed out", AMA, "its status message says why"),
        ('{"executionState":"Failed","output":"\\"exitCode\\": 3","error":"","exitCode":127}',
         "Microsoft.CPlat.Core.RunCommandHandlerLinux", "exit code 127, a command was not found"),
        ('{"executionState":"TimedOut","output":"","exitCode":0}',
         "Microsoft.CPlat.Core.RunCommandHandlerLinux", "it ran out of time"),
        ("something went wrong", "", "its status message says why"),
        (None, "", "its status gives no reason"),
    ],
)  # fmt: skip
def test_the_code_that_a_message_carries_is_explained(
    message: str | None, handler: str, expected: str
) -> None:
    assert told(failing(message, handler=handler)).startswith(f"extension 'setup' failed: {expected}")


@pytest.mark.parametrize(
    ("code", "handler", "expected"),
    [
        ("ProvisioningState/failed/53", "", "code 53, a file to download does not exist"),
        ("ProvisioningState/failed/-20", "", "code -20, the certificate that decrypts"),
        ("ProvisioningState/failed/3", "", "code 3, the command was interrupted by a shutdown"),
        ("ProvisioningState/failed/1002", "Microsoft.Powershell.DSC", "code 1002, the Windows Management"),
        ("ProvisioningState/failed/-2147156221", "Microsoft.Azure.Security.IaaSAntimalware",
         "code -2147156221, setup is running already"),
        ("ProvisioningState/failed/2", "Microsoft.Azure.Security.AzureDiskEncryptionForLinux",
         "code 2, LUKS could not format the disk"),
        ("ProvisioningState/failed/7", "A.B", "code 7"),
        ("ProvisioningState/failed/VMExtensionProvisioningTimeout", "A.B", "it ran out of time"),
        ("ProvisioningState/failed/VMExtensionProvisioningError", "A.B", "its status gives no reason"),
        ("ProvisioningState/failed", "A.B", "its status gives no reason"),
        ("ProvisioningState/failed/0", "A.B", "its status gives no reason"),
    ],
)  # fmt: skip
def test_the_code_of_a_status_is_explained(code: str, handler: str, expected: str) -> None:
    message = told(failing(None, code, handler))
    assert message.startswith(f"extension 'setup' failed: {expected}")
    assert not message.endswith(".")


@pytest.mark.parametrize(
    "written",
    ["exit status 9", "exit status=9", "exit code: 9", "exit code 9", "ExitCode 9", "ExitCode=9",
     "ExitCode: '9'", 'ExitCode": "9"', "exited with code 9", "exited with exit code 9", "exit code '9'",
     "exited with error code 9", "Non-zero exit code: 9, ./x", "exit code of: '9'", "exit code is 9",
     "EXIT CODE 9.", "exit code (9)"],
)  # fmt: skip
def test_an_exit_code_is_read_however_it_is_written(written: str) -> None:
    assert "exit code 9" in told(failing(f"It failed: {written}", handler="A.B"))


@pytest.mark.parametrize(
    "written", ["exit code 1.5", "exit", "exit code", "code 9", "exit code nine", "exit code 0"]
)
def test_what_is_no_exit_code_is_not_read_as_one(written: str) -> None:
    assert told(failing(written, handler="A.B")).endswith("its status message says why")


def test_a_failure_is_told_where_it_stands_and_once() -> None:
    broken = status("x")
    for answer, place in (
        (script(instanceView=view(statuses=[broken])), "/instanceView/statuses/0/code"),
        (wrapped(script(instanceView=view(statuses=[broken]))), "/properties/instanceView/statuses/0/code"),
        (script(instanceView=view(substatuses=[broken])), "/instanceView/substatuses/0/code"),
        (
            script(instanceView=view(statuses=[broken]), provisioningState="Failed"),
            "/instanceView/statuses/0/code",
        ),
        (script(provisioningState="failed"), "/provisioningState"),
        (wrapped(script(provisioningState="Failed")), "/properties/provisioningState"),
        (script(instanceView=view(statuses=[{"level": "error"}])), "/instanceView/statuses/0/level"),
        (
            machine(instanceView=instance_view(view(statuses=[broken]))),
            "/instanceView/extensions/0/statuses/0/code",
        ),
        (
            machine(script(provisioningState="Failed"), instanceView=instance_view(view(statuses=[broken]))),
            "/instanceView/extensions/0/statuses/0/code",
        ),
        (
            instance_view(view(), vmAgent=agent(handler(status=broken))),
            "/vmAgent/extensionHandlers/0/status/code",
        ),
        (
            instance_view(vmAgent=agent(handler(status=broken))),
            "/vmAgent/extensionHandlers/0/status/code",
        ),
    ):
        assert found(answer) == [("EXT127", place)]


def test_other_failed_statuses_of_the_extension_are_labels() -> None:
    both = view(
        statuses=[status("x")], substatuses=[status("exit code 7", "ComponentStatus/StdErr/failed/7")]
    )
    (entry,) = check([both])
    assert (entry.pointer, len(entry.labels)) == ("/0/statuses/0/code", 1)
    assert "exit code 7" in entry.message


@pytest.mark.parametrize(
    "fine",
    [
        status("warned", "ProvisioningState/succeeded", "Warning"),
        status("error", "ComponentStatus/StdErr/succeeded", "Info"),
        status("busy", "ProvisioningState/transitioning", "Info"),
        status("x", "ProvisioningState/failedOver", "Info"),
        {},
        None,
        "Error",
    ],
)
def test_a_status_without_a_failure_is_none(fine: Any) -> None:
    assert found([view(statuses=[fine])]) == []


def test_a_status_in_a_template_or_a_request_is_not_told_of() -> None:
    resource = {
        **wrapped(script(provisioningState="Failed")),
        "apiVersion": "2024-07-01",
        "name": "web/setup",
    }
    template = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [without(resource, "id")]}
    assert "EXT127" not in {rule for rule, _ in found(template)}
    assert "EXT127" not in {rule for rule, _ in found(without(resource, "id", "name", "apiVersion"))}


words = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=12, max_size=16)


@settings(max_examples=30)
@given(
    st.lists(words, min_size=4, max_size=4),
    st.sampled_from([CSE, AGENT, POWERSHELL, "exit status {}", '{{"exitCode":{},"output":"x"}}', "{}"]),
    st.integers(-300, 300),
    st.sampled_from([AMA, OMS, "", "A.B"]),
)
def test_nothing_of_a_message_is_told_but_numbers(
    secret: list[str], form: str, number: int, handler: str
) -> None:
    first, second, third, fourth = secret
    message = f"{first} {form.format(number)} {second}\n[stdout]\n{third}\n{fourth}"
    for entry in check(failing(message, handler=handler)):
        shown = " ".join([entry.message, *(label.message for label in entry.labels)])
        assert not any(word in shown for word in secret)


# ------------------------------------------------------------------------------------ any answer


def survives(answer: Any) -> None:
    """No answer makes a rule fail, and what they say stands in the file."""
    text = json.dumps(answer)
    root = read(Source(text)).root
    assert root is not None
    for entry in check(text):
        node = root
        for step in entry.pointer.split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            below = node.items[int(key)] if node.kind == "array" else node.get(key)
            assert below is not None, f"{entry.rule} points to {entry.pointer}"
            node = below
        start, end = entry.region.column - 1, entry.region.end_column - 1
        first = node.start if node.member is None else node.member.start
        assert first <= start < end <= max(node.end, first + 1), (
            f"{entry.rule} marks another place than it names"
        )


anything = st.recursive(
    st.sampled_from([None, True, False, 0, 1.5, "", "x", "[x]", "A.B", "1.0", "Failed", "Error", of()["id"]])
    | st.sampled_from([script(), of(), view(), status("exit code 1"), wrapped(of()), entry(), ARC]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from([*of(), "properties", "value", "extensions", "instanceView", "statuses", "resources",
                         "virtualMachineProfile", "extensionProfile", "vmAgent", "extensionHandlers",
                         "status", "osProfile"]),
        inner,
        max_size=5,
    ),
    max_leaves=6,
)  # fmt: skip


def members(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value, as its container and key."""
    places: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        current = pending.pop()
        keys = (
            list(current)
            if isinstance(current, dict)
            else range(len(current) if isinstance(current, list) else 0)
        )
        for key in keys:
            places.append((current, key))
            pending.append(current[key])
    return places


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(answers, st.lists(st.tuples(st.integers(0, 10**6), anything), min_size=1, max_size=4))
def test_an_answer_with_anything_in_it_is_survived(answer: Any, changes: list[tuple[int, Any]]) -> None:
    changed = copy.deepcopy(answer)
    for position, value in changes:
        places = members(changed)
        container, key = places[position % len(places)]
        container[key] = copy.deepcopy(value)
        if isinstance(changed, dict | list) and not changed:
            break
    survives(changed)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(anything)
def test_anything_of_the_words_of_answers_is_survived(value: Any) -> None:
    survives(value)
