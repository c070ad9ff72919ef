"""TPL503 and TPL530: where resources go, and who decides that."""

from __future__ import annotations

import json
from typing import Any

import pytest

import armlint

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
BICEP = {"_generator": {"name": "bicep", "version": "0.30.0", "templateHash": "1"}}


def template(location: object, **rest: Any) -> dict[str, Any]:
    resource = {
        "type": "Microsoft.Web/sites",
        "apiVersion": "2023-12-01",
        "name": "web",
        "location": location,
    }
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", **rest, "resources": [resource]}


def nested(
    inner: dict[str, Any], given: dict[str, Any] | None = None, scope: str = "inner"
) -> dict[str, Any]:
    deployment = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": "inner",
        "location": "westus",
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": scope},
            **({} if given is None else {"parameters": {k: {"value": v} for k, v in given.items()}}),
            "template": inner,
        },
    }
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [deployment]}


def told(document: dict[str, Any], rule: str = "TPL503", **options: Any) -> list[str]:
    return [f.pointer for f in armlint.check(json.dumps(document), select=[rule], **options)]


@pytest.mark.parametrize("location", ["westus", "West US", "[toLower('WestUS')]", "[concat('west', 'us')]"])
def test_a_fixed_region_is_told(location: str) -> None:
    assert told(template(location)) == ["/resources/0/location"]


@pytest.mark.parametrize(
    "location",
    [
        "global",
        "Global",
        "",
        None,
        "[resourceGroup().location]",
        "[parameters('p')]",
        "<region>",
        "[variables('no')]",
    ],
)
def test_what_is_everywhere_or_unknown_is_not(location: object) -> None:
    assert told(template(location, parameters={"p": {"type": "string", "defaultValue": "westus"}})) == []


def test_a_region_in_a_variable_is_told_once_where_it_is_written() -> None:
    document = template("[variables('where').web]", variables={"where": {"web": "westus"}})
    document["resources"] *= 3
    (finding,) = armlint.check(json.dumps(document, indent=1), select=["TPL503"])
    assert finding.pointer == "/variables/where/web"
    assert [label.message for label in finding.labels] == ["the location of 'web'"]


@pytest.mark.parametrize("scope", ["inner", "outer"])
def test_a_nested_template_is_judged_in_its_own_scope(scope: str) -> None:
    inner = template("[parameters('location')]", parameters={"location": {"type": "string"}})
    document = nested(inner, {"location": "eastus"}, scope)
    document["parameters"] = {"location": {"type": "string"}}
    expected = ["/resources/0/properties/parameters/location/value"] if scope == "inner" else []
    assert told(document) == expected


def test_a_default_that_nothing_overrides_is_fixed() -> None:
    inner = template("[parameters('l')]", parameters={"l": {"type": "string", "defaultValue": "eastus"}})
    assert told(nested(inner)) == ["/resources/0/properties/template/parameters/l/defaultValue"]


def test_what_a_parameter_file_says_is_not_fixed() -> None:
    document = template("[toLower(parameters('p'))]", parameters={"p": {"type": "string"}})
    parameters = {
        "$schema": SCHEMA.replace("Template", "Parameters"),
        "contentVersion": "1.0.0.0",
        "parameters": {"p": {"value": "westus"}},
    }
    assert told(document, parameters=json.dumps(parameters)) == []


@pytest.mark.parametrize("kind", ["Microsoft.Resources/deployments", "Microsoft.Management/managementGroups"])
def test_what_is_in_no_region_may_name_one(kind: str) -> None:
    document = template("westus")
    document["resources"][0]["type"] = kind
    assert told(document) == []


def test_modules_in_a_compiled_template_are_not_judged_and_the_template_is() -> None:
    inner = template("eastus", metadata=BICEP)
    assert told(nested(inner)) == []
    assert told(template("eastus", metadata=BICEP)) == ["/resources/0/location"]


def test_symbolic_names_are_understood() -> None:
    document = template("westus", languageVersion="2.0")
    document["resources"] = {"web": document["resources"][0]}
    assert told(document) == ["/resources/web/location"]


class TestLocationParameter:
    def test_the_own_location_outside_of_a_default(self) -> None:
        document = template("[resourceGroup().location]", variables={"l": "[toUpper(deployment().location)]"})
        assert told(document, "TPL530") == ["/variables/l", "/resources/0/location"]

    def test_of_a_deployment_itself_is_fine_and_of_what_it_deploys_is_not(self) -> None:
        inner = template("[resourceGroup().location]")
        document = nested(inner, {}, "outer")
        document["resources"][0]["location"] = "[deployment().location]"
        assert told(document, "TPL530") == ["/resources/0/properties/template/resources/0/location"]

    def test_another_property_of_the_group_is_fine(self) -> None:
        assert told(template("[resourceGroup().tags.location]"), "TPL530") == []

    @pytest.mark.parametrize(
        ("parameter", "expected"),
        [
            ({"type": "string", "defaultValue": "westus"}, ["/parameters/location/defaultValue"]),
            ({"type": "object"}, ["/parameters/location/type"]),
            ({"type": "String", "defaultValue": "global"}, []),
            ({"type": "string", "defaultValue": "[resourceGroup().location]"}, []),
            ({"type": "string"}, []),
        ],
    )
    def test_the_parameter(self, parameter: dict[str, Any], expected: list[str]) -> None:
        document = template("[parameters('location')]", parameters={"location": parameter})
        assert told(document, "TPL530") == expected

    def test_a_deployment_passes_the_location_on(self) -> None:
        declared = {"site": {"type": "string", "defaultValue": "[resourceGroup().location]"}}
        inner = template("[parameters('site')]", parameters=declared)
        assert told(nested(inner, {}), "TPL530") == ["/resources/0/properties/parameters"]
        assert told(nested(inner, {"Site": "[parameters('x')]"}), "TPL530") == []
