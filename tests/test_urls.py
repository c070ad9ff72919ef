"""TPL504, TPL511 and TPL533: addresses of one cloud, and addresses that are joined."""

from __future__ import annotations

import json
from typing import Any

import pytest

import armlint

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def template(**sections: Any) -> dict[str, Any]:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [], **sections}


def told(document: dict[str, Any], rule: str = "TPL504") -> list[str]:
    return [f.pointer for f in armlint.check(json.dumps(document), select=[rule])]


def texts(value: str) -> list[str]:
    """The characters that a finding of TPL504 points at, and what it advises."""
    text = json.dumps(template(variables={"v": value}), ensure_ascii=False)
    found = armlint.check(text, select=["TPL504"])
    assert all(f.region.line == f.region.end_line == 1 for f in found)
    return [text[f.region.column - 1 : f.region.end_column - 1] for f in found]


@pytest.mark.parametrize(
    ("value", "hosts"),
    [
        ("https://management.azure.com/", ["management.azure.com"]),
        ("https://Management.Azure.COM:443", ["Management.Azure.COM"]),
        ("sub.management.azure.com", ["management.azure.com"]),
        ("aschema.management.azure.com", ["management.azure.com"]),
        ("othermanagement.azure.com", []),
        ("management.azure.community", []),
        ("https://schema.management.azure.com/x management.azure.com", ["management.azure.com"]),
        ("zz.schema.management.azure.com", []),
        ("https://management.core.windows.net/", ["management.core.windows.net"]),
        ("*.blob.core.windows.net", ["core.windows.net"]),
        (
            "[concat('a', '.vault.azure.net', '.database.windows.net')]",
            ["vault.azure.net", "database.windows.net"],
        ),
        (
            "[concat(parameters('graph.windows.net'), '.vault.azure.net')]",
            ["graph.windows.net", "vault.azure.net"],
        ),
        ("[[concat('.vault.azure.net')]", ["vault.azure.net"]),
        ("privatelink.vaultcore.azure.net", []),
        ("https://devopsgallerystorage.blob.core.windows.net/packages/x.nupkg", []),
        ("https://example.org", []),
        ("vault.azure.net VAULT.azure.net graph.windows.net", ["vault.azure.net", "graph.windows.net"]),
    ],
)
def test_hosts_are_found_as_words(value: str, hosts: list[str]) -> None:
    assert texts(value) == hosts


def test_only_what_takes_effect_counts() -> None:
    address = "https://login.microsoftonline.com"
    resource = {
        "type": "Microsoft.Web/sites",
        "apiVersion": "2023-12-01",
        "name": "web",
        "comments": address,
        "metadata": {"url": address},
        "properties": {"description": address, "$schema": address, "loginUrl": address},
    }
    document = template(
        metadata={"url": address},
        parameters={"p": {"type": "string", "defaultValue": address, "metadata": {"description": address}}},
        resources=[resource],
        outputs={"o": {"type": "string", "value": address}},
    )
    assert told(document) == ["/resources/0/properties/loginUrl", "/outputs/o/value"]


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("[concat('https://', 'x', '.blob.core.windows.net')]", "environment().suffixes.storage"),
        ("https://management.azure.com/", "environment().resourceManager"),
        ("https://mine.blob.core.windows.net/files/x.zip", "make the address a parameter"),
        ("mine.trafficmanager.net", "make the address a parameter"),
    ],
)
def test_the_advice_fits(value: str, advice: str) -> None:
    (finding,) = armlint.check(json.dumps(template(variables={"v": value})), select=["TPL504"])
    assert advice in finding.message


def test_nested_templates_are_judged_once() -> None:
    inner = template(variables={"v": "vault.azure.net"})
    deployment = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": "inner",
        "properties": {"mode": "Incremental", "template": inner},
    }
    assert told(template(resources=[deployment])) == ["/resources/0/properties/template/variables/v"]
    inner["metadata"] = {"_generator": {"name": "bicep"}}
    assert told(template(resources=[deployment])) == []


def linked(uri: str, **sections: Any) -> dict[str, Any]:
    deployment = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": "inner",
        "properties": {"mode": "Incremental", "templateLink": {"uri": uri}},
    }
    return template(resources=[deployment], **sections)


def base(default: str | None) -> dict[str, Any]:
    return {"base": {"type": "string", **({} if default is None else {"defaultValue": default})}}


@pytest.mark.parametrize(
    ("default", "path", "wrong"),
    [
        ("https://example.org/a/", "/nested.json", True),
        ("https://example.org/a", "nested.json", True),
        ("[deployment().properties.templateLink.uri]", "nested.json", True),
        ("https://example.org/a/", "nested.json", False),
        ("https://example.org/a", "/nested.json", False),
        ("https://example.org/a?file=", "nested.json", False),
        ("", "nested.json", False),
        (None, "/nested.json", False),
        ("[resourceGroup().tags.base]", "/nested.json", False),
    ],
)
def test_joining_is_judged_by_the_default(default: str | None, path: str, wrong: bool) -> None:
    document = linked(f"[concat(parameters('base'), '{path}')]", parameters=base(default))
    assert told(document, "TPL511") == (["/resources/0/properties/templateLink/uri"] if wrong else [])


def test_joining_to_the_address_of_the_template_is_wrong_in_a_variable_too() -> None:
    made = "[format('{0}{1}', deployment().properties.templateLink.uri, 'nested.json')]"
    assert told(linked("[variables('u')]", variables={"u": made}), "TPL511") == ["/variables/u"]
    assert told(linked("[uri(deployment().properties.templateLink.uri, 'nested.json')]"), "TPL511") == []


def test_the_marketplace_wants_uri_for_every_address() -> None:
    assert told(linked("[concat(parameters('base'), '/x.json')]", parameters=base(None)), "TPL533") == [
        "/resources/0/properties/templateLink/uri"
    ]
    assert (
        told(linked("[uri(parameters('base'), concat('x', '.json'))]", parameters=base(None)), "TPL533") == []
    )
