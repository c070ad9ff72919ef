"""Checks of calls, nested parameters and declared secrets, shape by shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from armlint.arm.model import Model
from armlint.checks import calls, credentials, nesting
from armlint.jsontext import read
from armlint.source import Source

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def template(**sections: Any) -> dict[str, Any]:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [], **sections}


def model(content: dict[str, Any]) -> Model:
    return Model(read(Source(json.dumps(content, indent=1))))


def told(check: Any, content: dict[str, Any], subjects: str = "templates") -> list[tuple[str, str]]:
    """What a check says of a template: the characters it points at, and the message."""
    of = model(content)
    text = of.document.source.text
    results = [result for subject in getattr(of, subjects) for result in check(subject, of)]
    return [(text[result.span.start : result.span.end], result.message) for result in results]


def output(expression: str) -> dict[str, Any]:
    return template(outputs={"o": {"type": "string", "value": expression}})


@pytest.mark.parametrize(
    ("expression", "at", "message"),
    [
        ("[conct('a')]", "conct", "there is no function 'conct'; did you mean 'concat'?"),
        ("[field('x')]", "field", "there is no function 'field'; it is a policy function"),
        ("[loadTextContent('x')]", "loadTextContent", "it exists in Bicep only"),
        ("[my.thing(1)]", "my.thing", "the template defines no function 'my.thing'"),
        ("[concat(xyzzy())]", "xyzzy", "there is no function 'xyzzy'"),
    ],
)
def test_unknown_function(expression: str, at: str, message: str) -> None:
    ((where, what),) = told(calls.unknown_function, output(expression))
    assert where == at
    assert message in what


@pytest.mark.parametrize(
    "expression",
    ["[CONCAT('a')]", "[listSomethingNew('x', '1')]", "[[conct('a')]", "conct('a')", "[null()]"],
)
def test_known_functions_draw_nothing(expression: str) -> None:
    assert told(calls.unknown_function, output(expression)) == []


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("[toLower('a', 'b')]", "'toLower' takes 1 argument, not 2"),
        ("[if(true(), 'a')]", "'if' takes 3 arguments, not 2"),
        ("[createObject('a')]", "'createObject' takes an even number of arguments, not 1"),
    ],
)
def test_wrong_argument_count(expression: str, message: str) -> None:
    ((_, what),) = told(calls.wrong_argument_count, output(expression))
    assert what == message


def test_argument_count_of_user_functions() -> None:
    function = {
        "namespace": "my",
        "members": {
            "hi": {
                "parameters": [{"name": "n", "type": "string"}],
                "output": {"type": "string", "value": "x"},
            }
        },
    }
    content = template(
        functions=[function], outputs={"o": {"type": "string", "value": "[concat(my.hi(), my.hi('a'))]"}}
    )
    ((where, what),) = told(calls.wrong_argument_count, content)
    assert (where, what) == ("my.hi", "'my.hi' takes 1 argument, not 0")


@pytest.mark.parametrize(
    ("sections", "count"),
    [
        ({"variables": {"a": "[reference('x')]"}}, 1),
        ({"variables": {"a": "[listKeys('x', '2023-01-01')]"}}, 1),
        ({"parameters": {"a": {"type": "string", "defaultValue": "[reference('x')]"}}}, 1),
        ({"parameters": {"a": {"type": "string", "defaultValue": "[newGuid()]"}}}, 0),
        ({"parameters": {"a": {"type": "string", "defaultValue": "[utcNow()]"}}}, 0),
        ({"variables": {"a": "[newGuid()]"}}, 1),
        ({"outputs": {"a": {"type": "string", "value": "[reference('x')]"}}}, 0),
        ({"outputs": {"a": {"type": "string", "value": "[utcNow()]"}}}, 1),
    ],
)
def test_function_not_allowed(sections: dict[str, Any], count: int) -> None:
    assert len(told(calls.function_not_allowed, template(**sections))) == count


@pytest.mark.parametrize(
    ("expression", "at"),
    [
        ("[variables('o').missing]", "variables('o').missing"),
        ("[variables('a')[7]]", "variables('a')[7]"),
        ("[first(variables('s')).x]", "first(variables('s')).x"),
    ],
)
def test_constant_error(expression: str, at: str) -> None:
    content = output(expression) | {"variables": {"o": {"x": 1}, "a": [1, 2], "s": "text"}}
    ((where, what),) = told(calls.constant_error, content)
    assert where == at
    assert what.startswith("this fails in every deployment")


@pytest.mark.parametrize(
    "expression",
    [
        "[variables('o').x]",
        "[variables('o').X]",
        "[parameters('p').missing]",
        "[if(contains(variables('o'), 'y'), variables('o').y, 'none')]",
        "[tryGet(variables('o'), 'y')]",
        "[variables('undefined').x]",
        "[variables('a')[copyIndex()]]",
    ],
)
def test_what_may_succeed_draws_nothing(expression: str) -> None:
    content = output(expression) | {
        "variables": {"o": {"x": 1}, "a": [1]},
        "parameters": {"p": {"type": "object", "defaultValue": {}}},
    }
    assert told(calls.constant_error, content) == []


def test_a_failure_under_a_condition_draws_nothing() -> None:
    resource = {
        "type": "Microsoft.Storage/storageAccounts",
        "apiVersion": "2023-01-01",
        "name": "a",
        "condition": "[parameters('p')]",
        "properties": {"x": "[variables('o').missing]"},
    }
    content = template(variables={"o": {}}, parameters={"p": {"type": "bool"}}, resources=[resource])
    assert told(calls.constant_error, content) == []


def nested(declared: dict[str, Any], value: Any, **options: Any) -> dict[str, Any]:
    deployment = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": "inner",
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": {"p": {"value": value}},
            "template": template(parameters={"p": declared}),
        },
    }
    return template(
        resources=[deployment],
        parameters={"n": {"type": "int"}, "s": {"type": "secureString"}, "t": {"type": "string"}},
        **options,
    )


@pytest.mark.parametrize(
    ("declared", "value", "message"),
    [
        ({"type": "string"}, "[parameters('n')]", "parameter 'p' of 'inner' is string, not int"),
        ({"type": "int"}, "[concat('a', parameters('t'))]", "parameter 'p' of 'inner' is int, not string"),
        ({"type": "array"}, {"a": 1}, "parameter 'p' of 'inner' is array, not object"),
        ({"type": "bool"}, "yes", "parameter 'p' of 'inner' is bool, not string"),
        ({"$ref": "#/definitions/x"}, "[parameters('n')]", None),
        ({"type": "secureString"}, "[parameters('t')]", None),
        ({"type": "string"}, "[parameters('s')]", None),
        ({"type": "string"}, "[reference('x').y]", None),
        ({"type": "string", "nullable": True}, None, None),
    ],
)
def test_nested_parameter_type(declared: dict[str, Any], value: Any, message: str | None) -> None:
    found = [what for _, what in told(nesting.nested_parameter_type, nested(declared, value))]
    assert found == ([] if message is None else [message])


def test_outer_scope_with_symbolic_names() -> None:
    content = nested({"type": "string"}, "x")
    (deployment,) = content["resources"]
    deployment["properties"]["expressionEvaluationOptions"]["scope"] = "Outer"
    assert told(nesting.outer_scope_in_language_2, content) == []
    modern = content | {"languageVersion": "2.0", "resources": {"inner": deployment}}
    ((where, what),) = told(nesting.outer_scope_in_language_2, modern)
    assert where == '"Outer"'
    assert "'inner' is evaluated in outer scope" in what


@pytest.mark.parametrize(
    ("parameter", "fires"),
    [
        ({"type": "securestring", "defaultValue": "x"}, True),
        ({"type": "SecureString", "defaultValue": "<password>"}, True),
        ({"type": "secureobject", "defaultValue": {"a": {"b": "x"}}}, True),
        ({"type": "securestring", "defaultValue": "[concat('a', 'b')]"}, True),
        ({"type": "securestring", "defaultValue": "[if(true(), 'x', newGuid())]"}, True),
        ({"type": "securestring", "defaultValue": "[resourceGroup().location]"}, True),
        ({"$ref": "#/definitions/pw", "defaultValue": "x"}, True),
        ({"type": "securestring", "defaultValue": ""}, False),
        ({"type": "securestring", "defaultValue": None}, False),
        ({"type": "secureobject", "defaultValue": {}}, False),
        ({"type": "secureobject", "defaultValue": {"enabled": False}}, False),
        ({"type": "securestring", "defaultValue": "[newGuid()]"}, False),
        ({"type": "securestring", "defaultValue": "[concat('P-', newGuid())]"}, False),
        ({"type": "securestring", "defaultValue": "[parameters('other')]"}, False),
        ({"type": "string", "defaultValue": "x"}, False),
    ],
)
def test_secure_parameter_default(parameter: dict[str, Any], fires: bool) -> None:
    content = template(
        parameters={"p": parameter, "other": {"type": "securestring"}},
        definitions={"pw": {"type": "securestring"}},
        languageVersion="2.0",
    )
    found = [where for where, _ in told(credentials.secure_parameter_default, content)]
    assert found == (['"defaultValue"'] if fires else [])


@pytest.mark.parametrize(
    ("name", "parameter", "fires"),
    [
        ("adminPassword", {"type": "string"}, True),
        ("clientSecret", {"type": "object"}, True),
        ("storageAccountKey", {"type": "String"}, True),
        ("secretName", {"type": "string"}, False),
        ("passwordPolicy", {"type": "string"}, False),
        ("keyVaultSecretId", {"type": "string"}, False),
        ("adminPassword", {"type": "securestring"}, False),
        ("minPasswordLength", {"type": "int"}, False),
        ("passwords", {"type": "array"}, False),
        ("adminPassword", {"$ref": "#/definitions/x"}, False),
        ("authenticationPassword", {"type": "string", "allowedValues": ["password", "ssh"]}, False),
    ],
)
def test_plain_secret_parameter(name: str, parameter: dict[str, Any], fires: bool) -> None:
    content = template(parameters={name: parameter}, definitions={"x": {"type": "string"}})
    found = [where for where, _ in told(credentials.plain_secret_parameter, content)]
    assert found == ([f'"{name}"'] if fires else [])


def machine(**profile: Any) -> dict[str, Any]:
    return {
        "type": "Microsoft.Compute/virtualMachines",
        "apiVersion": "2023-09-01",
        "name": "vm",
        "properties": {"osProfile": profile},
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("Pl4in-text", "'adminPassword' is set to a literal"),
        ("[variables('fixed')]", "'adminPassword' is set to a literal"),
        ("[variables('o').pw]", "'adminPassword' is set to a literal"),
        ("[parameters('plain')]", "'adminPassword' is set from parameter 'plain', which is not secure"),
        (
            "[toUpper(parameters('plain'))]",
            "'adminPassword' is set from parameter 'plain', which is not secure",
        ),
        ("[parameters('secure')]", None),
        ("[concat(parameters('secure'), parameters('plain'))]", None),
        ("[reference('vault').value]", None),
        ("<password>", None),
        ("GEN-PASSWORD", None),
        ("", None),
        (None, None),
    ],
)
def test_plain_value_in_secure_property(value: Any, message: str | None) -> None:
    content = template(
        parameters={"plain": {"type": "string"}, "secure": {"type": "securestring"}},
        variables={"fixed": "abc-def", "o": {"pw": "abc-def"}},
        resources=[machine(adminPassword=value)],
    )
    found = [what for _, what in told(credentials.plain_value_in_secure_property, content, "resources")]
    assert found == ([] if message is None else [message])


@pytest.mark.parametrize(
    ("value", "fires"),
    [
        ("azureuser", True),
        ("[variables('u')]", True),
        ("[concat('a', 'b')]", True),
        ("[parameters('u')]", False),
        ("[concat('a', parameters('u'))]", False),
    ],
)
def test_literal_admin_username(value: str, fires: bool) -> None:
    content = template(
        parameters={"u": {"type": "string", "defaultValue": "x"}},
        variables={"u": "azureuser"},
        resources=[machine(adminUsername=value)],
    )
    assert bool(told(credentials.literal_admin_username, content, "resources")) is fires


@pytest.mark.parametrize(
    ("sections", "count"),
    [
        ({"variables": {"adminPassword": "[uniqueString(resourceGroup().id)]"}}, 1),
        ({"variables": {"adminPassword": "[concat('P@', subscription().subscriptionId)]"}}, 1),
        ({"variables": {"siteName": "[uniqueString(resourceGroup().id)]"}}, 0),
        ({"variables": {"adminPassword": "[concat(parameters('p'), resourceGroup().id)]"}}, 0),
        ({"variables": {"passwordSecretName": "[uniqueString(resourceGroup().id)]"}}, 0),
        ({"resources": [machine(adminPassword="[guid(resourceGroup().id)]")]}, 1),
        ({"parameters": {"apiKey": {"type": "string", "defaultValue": "[guid(resourceGroup().id)]"}}}, 1),
        ({"parameters": {"apiKey": {"type": "securestring", "defaultValue": "[guid(tenant().id)]"}}}, 0),
        ({"parameters": {"apiKey": {"type": "string", "defaultValue": "[newGuid()]"}}}, 0),
    ],
)
def test_predictable_secret(sections: dict[str, Any], count: int) -> None:
    content = template(**{"parameters": {"p": {"type": "securestring"}}, **sections})
    assert len(told(credentials.predictable_secret, content)) == count


@pytest.mark.parametrize(
    ("level", "fires"),
    [("requestContent", True), ("requestContent, responseContent", True), ("none", False), ("None", False)],
)
def test_deployment_debug(level: str, fires: bool) -> None:
    content = nested({"type": "string"}, "x")
    content["resources"][0]["properties"]["debugSetting"] = {"detailLevel": level}
    assert bool(told(credentials.deployment_debug, content)) is fires


def extension(command: str, name: str = "commandToExecute") -> dict[str, Any]:
    return {
        "type": "Microsoft.Compute/virtualMachines/extensions",
        "apiVersion": "2023-09-01",
        "name": "vm/ext",
        "properties": {
            "publisher": "Microsoft.Azure.Extensions",
            "type": "CustomScript",
            "typeHandlerVersion": "2.1",
            "settings": {name: command},
        },
    }


@pytest.mark.parametrize(
    ("parameter", "type_", "fires"),
    [
        ("adminPassword", "string", True),
        ("adminPassword", "securestring", False),
        ("siteName", "string", False),
        ("secretName", "string", False),
    ],
)
def test_plain_secret_on_command_line(parameter: str, type_: str, fires: bool) -> None:
    content = template(
        parameters={parameter: {"type": type_}},
        variables={"c": f"[concat('sh x ', parameters('{parameter}'))]"},
        resources=[extension("[variables('c')]")],
    )
    found = told(credentials.plain_secret_on_command_line, content, "extensions")
    assert [where for where, _ in found] == (['"commandToExecute"'] if fires else [])
