"""Where extensions and their properties stand, and what extensions are called."""

from __future__ import annotations

import json
from typing import Any

import pytest
from test_lifecycle import (
    AGENT,
    EVERYWHERE,
    PROFILE,
    SHAPES,
    UNKNOWN,
    VM,
    VMSS,
    Shape,
    extension,
    findings,
    found,
    handler,
    in_shapes,
    machine,
    nested,
    scale_set,
    template,
)

ENTRY = PROFILE.removesuffix("/properties")
ASKED = {"asked": {"type": "object"}}
FLEET = "Microsoft.AzureFleet/fleets"


def entry(**members: Any) -> dict[str, Any]:
    return {"name": "agent", "properties": handler(UNKNOWN), **members}


# ------------------------------------------------------------------------------------------- EXT119


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("location", "westeurope"),
        ("Location", "[resourceGroup().location]"),
        ("tags", {"team": "shop"}),
        ("tags", {}),
        ("apiVersion", "2024-07-01"),
        ("type", "extensions"),
        ("dependsOn", []),
        ("DEPENDSON", ["a"]),
        ("condition", True),
        ("condition", "[parameters('asked')]"),
        ("copy", {"name": "loop", "count": 2}),
    ],
)
def test_a_member_of_a_resource_in_a_profile_is_found(name: str, value: Any) -> None:
    document = template(scale_set(entry(**{name: value})), parameters=ASKED)
    assert found(document, "EXT119") == [f"{ENTRY}/{name}"]


def test_each_of_them_is_told() -> None:
    document = template(scale_set(entry(), entry(name="other", location="x", tags={}, type="extensions")))
    second = ENTRY.replace("/extensions/0", "/extensions/1")
    assert found(document, "EXT119") == [f"{second}/location", f"{second}/tags", f"{second}/type"]


def test_a_profile_of_a_fleet_is_one_too() -> None:
    profile = {"extensionProfile": {"extensions": [entry(location="x")]}}
    fleet = {
        "type": FLEET,
        "apiVersion": "2024-11-01",
        "name": "f",
        "properties": {"computeProfile": {"baseVirtualMachineProfile": profile}},
    }
    assert [finding.pointer.rpartition("/")[2] for finding in findings(template(fleet), "EXT119")] == [
        "location"
    ]


def test_a_profile_in_a_variable_is_looked_at_there() -> None:
    document = template(scale_set(), variables={"all": [entry(location="x")]})
    profile = document["resources"][0]["properties"]["virtualMachineProfile"]["extensionProfile"]
    profile["extensions"] = "[variables('all')]"
    assert found(document, "EXT119") == ["/variables/all/0/location"]


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"location": None, "tags": None},
        {"copy": [{"name": "unused", "count": 1, "input": {}}]},
        {"properties": handler(UNKNOWN, settings={"location": "x", "tags": {}})},
        {"comment": "no member of a resource"},
    ],
)
def test_what_an_entry_may_have_is_not_found(members: dict[str, Any]) -> None:
    assert found(template(scale_set(entry(**members))), "EXT119") == []


@in_shapes(*(shape for shape in EVERYWHERE if shape.name != "profile"))
def test_extensions_that_are_resources_may_have_all_of_it(shape: Shape) -> None:
    text = json.dumps(shape.make(handler(UNKNOWN)))
    text = text.replace(
        '"name": "', '"tags": {}, "location": "x", "dependsOn": [], "condition": true, "name": "'
    )
    assert found(text, "EXT119") == []


# ------------------------------------------------------------------------------------------- EXT126


@in_shapes(*EVERYWHERE)
def test_read_only_properties_are_found(shape: Shape) -> None:
    document = shape.make(handler(UNKNOWN, provisioningState="Succeeded", instanceView={"name": "x"}))
    expected = [f"{shape.pointer}/provisioningState", f"{shape.pointer}/instanceView"]
    assert found(document, "EXT126") == expected


@pytest.mark.parametrize("name", ["id", "systemData", "etag", "ETag"])
def test_read_only_members_beside_the_properties_are_found(name: str) -> None:
    assert found(template(extension("a/b", handler(UNKNOWN), **{name: "x"})), "EXT126") == [
        f"/resources/0/{name}"
    ]
    assert found(template(scale_set(entry(**{name: "x"}))), "EXT126") == [f"{ENTRY}/{name}"]


def test_entries_of_scale_sets_took_an_id_once() -> None:
    document = template(scale_set(entry(id="x"), apiVersion="2016-03-30"))
    assert found(document, "EXT126") == []


def test_an_answer_of_azure_is_no_deployment() -> None:
    body = {
        "id": "/subscriptions/0/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/a/extensions/b",
        "properties": handler(UNKNOWN, provisioningState="Succeeded"),
    }
    assert found(body, "EXT126") == []
    assert found({**body, "id": None}, "EXT126") == ["/properties/provisioningState"]


@pytest.mark.parametrize(
    "properties",
    [
        handler(UNKNOWN),
        handler(UNKNOWN, provisioningState=None),
        handler(UNKNOWN, settings={"provisioningState": "x", "id": "y"}),
        "[parameters('asked')]",
    ],
)
def test_what_is_not_read_only_is_not_found(properties: Any) -> None:
    assert found(template(extension("a/b", properties), parameters=ASKED), "EXT126") == []


def test_in_a_batch_pool_an_extension_has_only_one_kind_of_member() -> None:
    pool = {
        "type": "Microsoft.Batch/batchAccounts/pools",
        "apiVersion": "2024-07-01",
        "name": "a/b",
        "properties": {
            "deploymentConfiguration": {
                "virtualMachineConfiguration": {
                    "extensions": [{"name": "x", "id": "y", **handler(UNKNOWN, provisioningState="Failed")}]
                }
            }
        },
    }
    assert [finding.pointer.rpartition("/")[2] for finding in findings(template(pool), "EXT126")] == [
        "provisioningState"
    ]


# ------------------------------------------------------------------------------------------- EXT122

NAMES = {"parameters": {"vm": {"type": "string"}}, "variables": {"short": "agent", "long": "web01/agent"}}


@pytest.mark.parametrize(
    ("kind", "name", "right"),
    [
        (f"{VM}/extensions", "agent", False),
        (f"{VM}/extensions", "web01/agent", True),
        (f"{VM}/extensions", "web01/agent/x", False),
        (f"{VM}/extensions", "[variables('short')]", False),
        (f"{VM}/extensions", "[variables('long')]", True),
        (f"{VM}/extensions", "[concat(parameters('vm'), '/agent')]", True),
        (f"{VM}/extensions", "[concat(parameters('vm'), '/extensions/agent')]", False),
        (f"{VM}/extensions", "[concat(parameters('vm'), 'agent')]", True),
        (f"{VM}/extensions", "[parameters('vm')]", True),
        (f"{VM}/extensions", "[concat('agent', copyIndex())]", True),
        (f"{VM}/extensions", "", True),
        (f"{VM}/extensions", None, True),
        (f"{VM}/extensions", 7, True),
        (f"{VMSS}/extensions", "web", False),
        (f"{VMSS}/extensions", "web/agent", True),
        (f"{VMSS}/virtualMachines/extensions", "web/agent", False),
        (f"{VMSS}/virtualMachines/extensions", "web/0/agent", True),
        ("Microsoft.HybridCompute/machines/extensions", "till", False),
        ("Microsoft.AzureStackHCI/clusters/arcSettings/extensions", "plant/default/agent", True),
        ("Microsoft.AzureStackHCI/clusters/arcSettings/extensions", "plant/agent", False),
    ],
)
def test_the_name_of_a_resource_has_as_many_segments_as_its_type(kind: str, name: Any, right: bool) -> None:
    document = template(extension(name, handler(UNKNOWN), kind), **NAMES)
    expected = [] if right else ["/resources/0/name"]
    assert found(document, "EXT122") == expected
    inner = template(nested(document, "inner"))
    inside = [f"/resources/0/properties/template{pointer}" for pointer in expected]
    assert found(inner, "EXT122") == inside
    symbolic = {**document, "languageVersion": "2.0", "resources": {"a": document["resources"][0]}}
    assert found(symbolic, "EXT122") == [pointer.replace("/0/", "/a/") for pointer in expected]


@pytest.mark.parametrize(
    ("kind", "name", "right"),
    [
        ("extensions", "agent", True),
        ("Extensions", "web01/agent", False),
        ("extensions", "[concat(parameters('vm'), '/agent')]", False),
        ("extensions", "[parameters('vm')]", True),
        (f"{VM}/extensions", "web01/agent", True),
        (f"{VM}/extensions", "web01/agent/x", False),
        # Refused or taken, depending on the service's age; not for its segments.
        (f"{VM}/extensions", "agent", True),
    ],
)
def test_the_name_of_a_child_is_its_own(kind: str, name: str, right: bool) -> None:
    document = template(machine(extension(name, handler(UNKNOWN), kind)), **NAMES)
    assert found(document, "EXT122") == ([] if right else ["/resources/0/resources/0/name"])


@pytest.mark.parametrize(
    ("name", "right"), [("agent", True), ("web/agent", False), ("[parameters('vm')]", True), (None, True)]
)
def test_the_name_of_an_entry_is_one_segment(name: Any, right: bool) -> None:
    document = template(scale_set(entry(name=name)), **NAMES)
    assert found(document, "EXT122") == ([] if right else [f"{ENTRY}/name"])


def test_the_message_shows_the_form() -> None:
    (finding,) = findings(template(extension("agent", handler(UNKNOWN))), "EXT122")
    assert "2 segments (virtualmachine/extension), not 1" in finding.message
    (finding,) = findings(template(scale_set(entry(name="a/b"))), "EXT122")
    assert "1 segment (extension), not 2" in finding.message


@in_shapes(*SHAPES)
def test_good_names_are_not_found(shape: Shape) -> None:
    assert found(shape.make(handler(AGENT)), "EXT122") == []


def test_bodies_have_their_names_elsewhere() -> None:
    body = {"name": "agent", "type": f"{VM}/extensions", "properties": handler(AGENT)}
    assert found(body, "EXT122") == []


# ------------------------------------------------------------------------------------------- EXT120


def budgets(value: Any, **members: Any) -> list[tuple[dict[str, Any], str]]:
    """Each kind of resource that has a time budget, with where it has it."""
    vm = machine(**{**members, "properties": {"extensionsTimeBudget": value}})
    fleet = {
        "type": FLEET,
        "apiVersion": "2024-11-01",
        "name": "f",
        **members,
        "properties": {
            "computeProfile": {
                "baseVirtualMachineProfile": {"extensionProfile": {"extensionsTimeBudget": value}}
            }
        },
    }
    web = scale_set(**members)
    web["properties"]["virtualMachineProfile"]["extensionProfile"]["extensionsTimeBudget"] = value
    return [
        (vm, "/properties/extensionsTimeBudget"),
        (web, "/properties/virtualMachineProfile/extensionProfile/extensionsTimeBudget"),
        (fleet, "/properties/computeProfile/baseVirtualMachineProfile/extensionProfile/extensionsTimeBudget"),
    ]


@pytest.mark.parametrize(
    "value",
    [
        "PT14M",
        "PT14M59S",
        "PT2H1S",
        "PT2H1M",
        "PT3H",
        "P1D",
        "P30M",
        "P1W",
        "P1Y",
        "PT0S",
        "PT8000S",
        "90",
        "PT",
        "P",
        "1H30M",
        "one hour",
        "",
        "PT1H30",
        "-PT30M",
        "PT1.2.3H",
        90,
        1.5,
        "[variables('long')]",
    ],
)
def test_a_budget_out_of_bounds_or_form_is_found(value: Any) -> None:
    for resource, pointer in budgets(value):
        document = template(resource, variables={"long": "PT4H"})
        assert found(document, "EXT120") == [f"/resources/0{pointer}"]
    symbolic = template(languageVersion="2.0", variables={"long": "PT4H"})
    symbolic["resources"] = {"vm": budgets(value)[0][0]}
    assert found(symbolic, "EXT120") == ["/resources/vm/properties/extensionsTimeBudget"]


@pytest.mark.parametrize(
    "value",
    [
        "PT15M",
        "PT2H",
        "PT120M",
        "PT1H30M",
        "PT1H60M",
        "PT900S",
        "PT7200S",
        "PT1H30M30S",
        "pt1h",
        None,
        "[parameters('budget')]",
        "[concat('PT', parameters('budget'), 'M')]",
        "[variables('short')]",
    ],
)
def test_a_budget_within_bounds_or_unknown_is_not_found(value: Any) -> None:
    sections = {
        "parameters": {"budget": {"type": "string", "defaultValue": "PT9H"}},
        "variables": {"short": "PT20M"},
    }
    for resource, _ in budgets(value):
        assert found(template(resource, **sections), "EXT120") == []


@pytest.mark.parametrize("members", [{"existing": True}, {"condition": False}])
def test_budgets_of_what_is_not_deployed_are_not_found(members: dict[str, Any]) -> None:
    for resource, _ in budgets("PT9H", **members):
        assert found(template(resource), "EXT120") == []


def test_a_budget_in_a_variable_is_told_where_it_takes_effect() -> None:
    document = template(
        machine(properties="[variables('all')]"), variables={"all": {"extensionsTimeBudget": "PT9H"}}
    )
    assert found(document, "EXT120") == ["/variables/all/extensionsTimeBudget"]
