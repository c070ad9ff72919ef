"""TPL509, TPL510, TPL512 and TPL531: ids, and the versions that `providers()` lists."""

from __future__ import annotations

import json
from typing import Any

import pytest

import armlint

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def template(**sections: Any) -> dict[str, Any]:
    parameters = {name: {"type": "string"} for name in ("p", "q")}
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": parameters,
        "resources": [],
        **sections,
    }


def messages(expression: str, rule: str) -> list[str]:
    document = template(outputs={"o": {"type": "object", "value": f"[{expression}]"}})
    return [f.message for f in armlint.check(json.dumps(document), select=[rule])]


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("resourceId('Microsoft.Network/virtualNetworks/subnets', parameters('p'))", "(2), not 1"),
        ("resourceId('Microsoft.Network/virtualNetworks', parameters('p'), parameters('q'))", "(1), not 2"),
        ("resourceId(subscription().subscriptionId, 'A.B/c', parameters('p'), 'x')", "(1), not 2"),
        ("resourceId('/Microsoft.Network/virtualNetworks', parameters('p'))", "starts with a slash"),
        ("resourceId('virtualNetworks', 'net')", "no resource type"),
        ("tenantResourceId('Microsoft.A/b/c', parameters('p'))", "(2), not 1"),
        ("extensionResourceId(parameters('q'), 'Microsoft.A/b', parameters('p'), 'x')", "(1), not 2"),
        ("reference('Microsoft.Web/sites', '2023-12-01')", "neither a name nor an id"),
        ("reference('vm/extension', '2023-12-01')", "neither a name nor an id"),
        ("listKeys('/resourceGroups/x', '2023-12-01')", "starts with /subscriptions/"),
        ("reference('Microsoft.Web/sites//web', '2023-12-01')", "nothing between"),
    ],
)
def test_what_cannot_be_an_id_is_told(expression: str, word: str) -> None:
    (message,) = messages(expression, "TPL510")
    assert word in message


@pytest.mark.parametrize(
    "expression",
    [
        "resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', parameters('p'))",
        "resourceId(parameters('p'), 'Microsoft.Network/virtualNetworks/subnets', parameters('q'))",
        "resourceId(parameters('p'), parameters('q'))",
        "resourceId('rg', 'Microsoft.Network/virtualNetworks/', 'net')",
        "resourceId('sub', 'rg', 'Microsoft.Network/virtualNetworks', parameters('p'))",
        "reference(parameters('p'))",
        "reference('web')",
        "reference(concat('Microsoft.Web/sites/', parameters('p')), '2023-12-01')",
        "reference('Microsoft.Web/sites/web', '2023-12-01')",
        "reference('/subscriptions/x/resourceGroups/y', '2021-04-01')",
        "reference(resourceId('Microsoft.Web/sites', parameters('p')))",
    ],
)
def test_ids_and_what_only_deployment_can_tell_are_not(expression: str) -> None:
    assert messages(expression, "TPL510") == []


def test_what_surely_fails_is_told_by_one_rule_only() -> None:
    expression = "resourceId('Microsoft.Network/virtualNetworks/subnets', 'default')"
    assert messages(expression, "TPL510") == []
    assert len(messages(expression, "EXP408")) == 1


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("resourceId(concat('A.B', '/c'), 'x')", 1),
        ("extensionResourceId(format('A.B/c'), 'A.D/e', 'x')", 1),
        ("resourceId(resourceGroup().name, 'A.B/c', 'x')", 1),
        ("resourceId(subscription().subscriptionId, resourceGroup().name, 'A.B/c', 'x')", 1),
        ("reference(concat('A.B/c/', parameters('p')), '2020-01-01')", 1),
        ("listKeys(format('A.B/c/{0}', parameters('p')), '2020-01-01')", 1),
        ("resourceId('A.B/c', concat('x', parameters('p')))", 0),
        ("subscriptionResourceId(subscription().subscriptionId, 'A.B/c', 'x')", 0),
        ("concat(reference(resourceId('A.B/c', 'x')).y, 'z')", 0),
    ],
)
def test_ids_put_together_by_hand(expression: str, count: int) -> None:
    assert len(messages(expression, "TPL531")) == count


def test_versions_of_the_day() -> None:
    assert len(messages("reference('x', providers('A.B', 'c').ApiVersions[0])", "TPL512")) == 1
    assert messages("providers('A.B', 'c').locations", "TPL512") == []


SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (f"{SUBSCRIPTION}/resourceGroups/x", 1),
        (SUBSCRIPTION, 1),
        ("[concat('/subscriptions/', subscription().subscriptionId)]", 1),
        ("[format('/subscriptions/{0}/providers/A.B/c/d', parameters('p'))]", 1),
        ("[resourceId('A.B/c', 'd')]", 0),
        ("[parameters('p')]", 0),
        ("/workspaces/default", 0),
        ("/providers/Microsoft.Authorization/policyDefinitions/x", 0),
    ],
)
def test_ids_that_are_spelt_out(value: str, count: int) -> None:
    resource = {"type": "A.B/c", "apiVersion": "2020-01-01", "name": "x", "properties": {"targetId": value}}
    resource["tags"] = {"targetId": value}
    found = armlint.check(json.dumps(template(resources=[resource])), select=["TPL509"])
    assert [f.pointer for f in found] == ["/resources/0/properties/targetId"] * count


@pytest.mark.parametrize(("reference", "count"), [({"id": 1}, 1), ({"id": "x"}, 1), ({"id": "x", "y": 1}, 0)])
def test_a_reference_to_no_resource(reference: dict[str, Any], count: int) -> None:
    resource = {
        "type": "A.B/c",
        "name": "x",
        "properties": {"subnet": reference, "resource": {"id": "database"}},
    }
    assert len(armlint.check(json.dumps(template(resources=[resource])), select=["TPL509"])) == count
