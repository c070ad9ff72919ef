"""Secrets are followed through everything that carries them, and into nothing else."""

from __future__ import annotations

import gc
import json
import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armlint.arm.flow import Tracer
from armlint.arm.functions import FUNCTIONS
from armlint.arm.model import Model
from armlint.checks import leaks
from armlint.jsontext import Document, read
from armlint.secrets.names import looks_secret
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
CHECKS = (
    leaks.secret_in_public_settings,
    leaks.secret_in_output,
    leaks.secret_in_outer_deployment,
    leaks.secret_to_plain_parameter,
    leaks.secret_in_readable_property,
    leaks.key_vault_reference_plain,
)
SECURE = {"type": "securestring"}
PLAIN = {"type": "string"}

Json = dict[str, Any]


class Found(NamedTuple):
    rule: str
    pointer: str
    message: str
    text: str
    """The characters that the finding points at."""
    flow: tuple[str, ...]
    steps: tuple[tuple[str, str], ...]
    """The characters and the words of each step of the flow."""
    labels: tuple[str, ...]


def document(template: object, name: str = "main.json") -> Document:
    text = template if isinstance(template, str) else json.dumps(template, indent=1)
    return read(Source(text, name))


def found(template: object, linker: Callable[[str, str], Document | None] | None = None) -> list[Found]:
    """What the checks of leaks say of a template, in the order of the document."""
    model = Model(document(template), linker)
    text = model.document.source.text
    results = [
        (check.__doc__[:6] if check.__doc__ else "", result)
        for check in CHECKS
        for each in ((model,) if check is leaks.key_vault_reference_plain else model.templates)
        for result in check(each, model)
    ]
    results.sort(key=lambda pair: (pair[1].span, pair[0], pair[1].message))

    def chars(label: Any) -> str:
        source = text if label.source is None else label.source.text
        return str(source[label.span.start : label.span.end])

    return [
        Found(
            rule,
            result.pointer,
            result.message,
            text[result.span.start : result.span.end],
            tuple(label.message for label in result.flow),
            tuple((chars(label), label.message) for label in result.flow),
            tuple(label.message for label in result.labels),
        )
        for rule, result in results
    ]


def rules(template: object) -> list[tuple[str, str]]:
    return [(each.rule, each.pointer) for each in found(template)]


def template(**parts: Any) -> Json:
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {"pw": SECURE},
        "resources": [],
    } | parts


def extension(settings_: object, **more: Any) -> Json:
    return {
        "type": "Microsoft.Compute/virtualMachines/extensions",
        "apiVersion": "2024-07-01",
        "name": "vm1/config-app",
        "properties": {
            "publisher": "Microsoft.Azure.Extensions",
            "type": "CustomScript",
            "typeHandlerVersion": "2.1",
            "autoUpgradeMinorVersion": True,
            "settings": settings_,
        },
    } | more


def command(expression: str, **parts: Any) -> Json:
    """A template whose one extension has this command in its public settings."""
    return template(**{"resources": [extension({"commandToExecute": expression})]} | parts)


def deployment(inside: Json, parameters: Json | str | None = None, scope: str = "inner", **more: Any) -> Json:
    properties: Json = {
        "mode": "Incremental",
        "expressionEvaluationOptions": {"scope": scope},
        "template": {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": []} | inside,
    }
    if parameters is not None:
        properties["parameters"] = parameters
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": "nested",
        "properties": properties,
    } | more


def output(expression: object, kind: str = "string") -> Json:
    return {"o": {"type": kind, "value": expression}}


COMMAND = "/resources/0/properties/settings/commandToExecute"
LEAK = [("SEC201", COMMAND)]


# ------------------------------------------------------------------------------------------- messages


def test_the_finding_speaks_the_words_of_the_template() -> None:
    (told,) = found(
        template(
            parameters={"sqlAdminPassword": SECURE},
            variables={"cmd": "[concat('sh setup.sh ', parameters('sqlAdminPassword'))]"},
            resources=[extension({"commandToExecute": "[variables('cmd')]"})],
        )
    )
    assert told.message == (
        "secure parameter 'sqlAdminPassword' reaches the public settings of extension 'config-app' on 'vm1'"
    )
    assert told.pointer == COMMAND
    assert told.text == '"commandToExecute"'
    assert told.steps == (
        ('"sqlAdminPassword"', "parameters('sqlAdminPassword')"),
        ('"cmd"', "variables('cmd')"),
        ('"commandToExecute"', "settings.commandToExecute"),
    )
    assert told.labels == ("declared here as securestring", "flows through this variable")


def test_a_list_operation_is_named_and_pointed_at() -> None:
    (told,) = found(command("[concat('x ', listKeys('sa', '2023-01-01').keys[0].value)]"))
    assert told.message.startswith("the result of listKeys() reaches the public settings")
    assert told.steps[0] == ("listKeys('sa', '2023-01-01')", "listKeys(…)")


def test_the_span_is_right_behind_escapes() -> None:
    (told,) = found(command("[concat('\u00e9\"\t', listKeys('s', 'v').key)]"))
    assert told.steps[0][0] == "listKeys('s', 'v')"


def test_steps_are_in_the_order_in_which_the_secret_takes_them() -> None:
    (told,) = found(
        command(
            "[variables('c')]",
            variables={"c": "[variables('b')]", "a": "[parameters('pw')]", "b": "[variables('a')]"},
        )
    )
    assert told.flow == (
        "parameters('pw')",
        "variables('a')",
        "variables('b')",
        "variables('c')",
        "settings.commandToExecute",
    )


def test_of_a_very_long_way_the_beginning_and_the_end_remain() -> None:
    variables = {"v0": "[parameters('pw')]"} | {f"v{n}": f"[variables('v{n - 1}')]" for n in range(1, 500)}
    (told,) = found(command("[variables('v499')]", variables=variables))
    assert told.flow[:2] == ("parameters('pw')", "variables('v0')")
    assert told.flow[-2:] == ("variables('v499')", "settings.commandToExecute")
    assert len(told.flow) < 80


def test_a_secret_in_two_members_is_told_at_both() -> None:
    both = {"commandToExecute": "[parameters('pw')]", "script": "[parameters('pw')]"}
    assert [pointer for _, pointer in rules(template(resources=[extension(both)]))] == [
        COMMAND,
        "/resources/0/properties/settings/script",
    ]


def test_a_secret_that_reaches_a_place_by_two_ways_is_told_once() -> None:
    text = "[concat(variables('a'), variables('b'), parameters('pw'))]"
    assert rules(command(text, variables={"a": "[parameters('pw')]", "b": "[parameters('pw')]"})) == LEAK


def test_two_secrets_in_one_place_are_two_findings() -> None:
    text = "[concat(parameters('pw'), parameters('other'))]"
    assert rules(command(text, parameters={"pw": SECURE, "other": SECURE})) == LEAK * 2


# -------------------------------------------------------------------------------------------- sources


@pytest.mark.parametrize("kind", ["securestring", "secureString", "SECURESTRING", "secureObject"])
def test_secure_parameters_in_any_letter_case(kind: str) -> None:
    assert rules(command("[string(parameters('PW'))]", parameters={"pw": {"type": kind}})) == LEAK


@pytest.mark.parametrize("kind", ["string", "object", "array", "int", "bool", "secure", None, 5, {}])
def test_other_parameters_are_no_secrets(kind: object) -> None:
    assert rules(command("[string(parameters('pw'))]", parameters={"pw": {"type": kind}})) == []


@pytest.mark.parametrize(
    "call",
    [
        "listKeys('a', 'b').keys[0].value",
        "LISTKEYS('a', 'b').key1",
        "list('a', 'b')",
        "listAccountSas('a', 'b', createObject()).accountSasToken",
        "listCredentials('a', 'b').passwords[0].value",
        "listUnheardOf('a', 'b')",
        "listOutputsWithSecureValues('gone', '2025-04-01').password",
        "listOutputsWithSecureValues('gone', '2025-04-01').name",
    ],
)
def test_list_operations_are_secrets(call: str) -> None:
    assert rules(command(f"[concat('x', {call})]")) == LEAK


HOST_POOL = "resourceId('Microsoft.DesktopVirtualization/hostPools', 'h')"


@pytest.mark.parametrize(
    "call",
    [
        f"reference({HOST_POOL}, '2019-12-10-preview').registrationInfo.token",
        f"reference({HOST_POOL.lower()}, '2019-12-10-preview', 'Full').properties.registrationInfo['Token']",
        "reference('hostPool').registrationInfo.token",
        "reference(parameters('pool'), '2019-12-10-preview').registrationInfo.token",
        "reference(resourceId('Microsoft.Network/expressRouteCircuits/authorizations', 'c', 'a')).authorizationKey",
        "reference(resourceId('Microsoft.AVS/privateClouds/authorizations', 'c', 'a'), 'v').expressRouteAuthorizationKey",
    ],
)
def test_the_few_secrets_that_a_resource_shows(call: str) -> None:
    assert rules(command(f"[concat('x', {call})]", parameters={"pool": PLAIN})) == LEAK


@pytest.mark.parametrize(
    "call",
    [
        f"reference({HOST_POOL}, '2019-12-10-preview').registrationInfo.expirationTime",
        f"reference({HOST_POOL}, '2019-12-10-preview').hostPoolType",
        f"string(reference({HOST_POOL}, '2019-12-10-preview'))",
        "reference(resourceId('Contoso.X/hostPools', 'h')).registrationInfo.token",
        "reference(resourceId('Microsoft.Network/connections', 'c')).authorizationKey",
        "reference(resourceId('Microsoft.Web/sites', 's')).token",
    ],
)
def test_other_state_of_resources_is_no_secret(call: str) -> None:
    assert rules(command(f"[concat('x', {call})]")) == []


@pytest.mark.parametrize(
    "call",
    [
        "listKeys('a', 'b').keys[0].keyName",
        "listKeys('a', 'b').keys[0].permissions",
        "listCredentials('a', 'b').username",
        "listKeyVaultKeys('a', 'b').value",
        "listUsages('a', 'b')",
    ],
)
def test_what_list_operations_tell_beside_the_secret_is_none(call: str) -> None:
    assert rules(command(f"[concat('x', {call})]")) == []


@pytest.mark.parametrize(
    ("access", "leaks_"),
    [
        (".password", True),
        (".PASSWORD", True),
        ("['password']", True),
        (".sql.adminPassword", True),
        (".key", True),
        (".storage.connectionString", True),
        ("[variables('field')]", True),
        (".userName", False),
        (".secretName", False),
        (".vm.size", False),
        (".tags", False),
        (".settings", False),
        ("[parameters('which')]", False),
        ("", True),
    ],
)
def test_of_a_secure_object_the_members_that_are_named_like_secrets(access: str, leaks_: bool) -> None:
    told = command(
        f"[string(parameters('creds'){access})]",
        parameters={"creds": {"type": "secureObject"}, "which": PLAIN},
        variables={"field": "password"},
    )
    told["parameters"]["conf"] = told["parameters"].pop("creds")
    text = json.dumps(told).replace("'creds'", "'conf'")
    assert rules(text) == (LEAK if leaks_ else [])


def test_any_member_of_an_object_of_secrets_is_one() -> None:
    parameters = {"secrets": {"type": "secureObject"}, "which": PLAIN}
    assert rules(command("[parameters('secrets')[parameters('which')]]", parameters=parameters)) == LEAK
    loop = "[map(items(parameters('secrets')), lambda('x', lambdaVariables('x').value))[0]]"
    assert rules(command(loop, parameters=parameters)) == LEAK


def test_a_secret_document_is_like_a_secure_object() -> None:
    assert rules(command("[json(parameters('pw')).password]")) == LEAK
    assert rules(command("[json(parameters('pw')).tenantId]")) == []
    assert rules(command("[json(parameters('pw'))]")) == LEAK


def test_public_keys_are_no_secrets_though_declared_so() -> None:
    for name in ("sshPublicKey", "vmSshAuthorizedKey"):
        assert rules(command(f"[parameters('{name}')]", parameters={name: SECURE})) == []
    assert rules(command("[parameters('sshPrivateKey')]", parameters={"sshPrivateKey": SECURE})) == LEAK


# ----------------------------------------------------------------------------- types of language 2.0


def typed(kind: Json, access: str, definitions: Json | None = None) -> Json:
    return command(
        f"[string(parameters('p'){access})]",
        languageVersion="2.0",
        definitions=definitions or {},
        parameters={"p": kind},
    )


OBJECT = {"type": "object", "properties": {"user": {"type": "string"}, "word": {"type": "securestring"}}}


@pytest.mark.parametrize(
    ("kind", "access", "leaks_"),
    [
        (OBJECT, ".word", True),
        (OBJECT, ".WORD", True),
        (OBJECT, "['word']", True),
        (OBJECT, ".user", False),
        (OBJECT, ".password", False),
        (OBJECT, "", True),
        ({"$ref": "#/definitions/account"}, ".word", True),
        ({"$ref": "#/definitions/account"}, ".user", False),
        ({"$ref": "#/definitions/Secret"}, "", True),
        ({"$ref": "#/definitions/gone"}, "", False),
        ({"type": "array", "items": OBJECT}, "[0].word", True),
        ({"type": "array", "items": OBJECT}, "[copyIndex()].user", False),
        ({"type": "array", "items": {"$ref": "#/definitions/account"}}, "[copyIndex()].word", True),
        ({"type": "array", "prefixItems": [PLAIN, SECURE]}, "[0]", False),
        ({"type": "array", "prefixItems": [PLAIN, SECURE]}, "[1]", True),
        ({"type": "array", "prefixItems": [PLAIN], "items": SECURE}, "[0]", False),
        ({"type": "array", "prefixItems": [PLAIN], "items": SECURE}, "[7]", True),
        ({"type": "object", "additionalProperties": SECURE}, ".anything", True),
        ({"type": "object", "properties": {"a": PLAIN}, "additionalProperties": SECURE}, ".a", False),
        ({"type": "object", "properties": {"a": PLAIN}, "additionalProperties": False}, ".b", False),
        ({"type": "object", "properties": {"a": {"type": "secureObject"}}}, ".a.password", True),
        ({"type": "object", "properties": {"a": {"type": "secureObject"}}}, ".a.region", False),
        ({"$ref": "#/definitions/choice"}, ".word", True),
        ({"$ref": "#/definitions/choice"}, ".path", False),
        ({"$ref": "#/definitions/tree"}, ".children[0].children[1].word", True),
        ({"$ref": "#/definitions/tree"}, ".children[0].name", False),
        ({"$ref": "#/definitions/ring"}, "", False),
    ],
)
def test_secure_members_of_declared_types(kind: Json, access: str, leaks_: bool) -> None:
    definitions = {
        "account": OBJECT,
        "secret": {"type": "securestring"},
        "choice": {
            "type": "object",
            "discriminator": {
                "propertyName": "kind",
                "mapping": {
                    "password": {"$ref": "#/definitions/account"},
                    "file": {"type": "object", "properties": {"path": PLAIN}},
                },
            },
        },
        "tree": {
            "type": "object",
            "properties": {
                "name": PLAIN,
                "word": SECURE,
                "children": {"type": "array", "items": {"$ref": "#/definitions/tree"}},
            },
        },
        "ring": {"$ref": "#/definitions/gnir"},
        "gnir": {"$ref": "#/definitions/ring"},
    }
    told = found(typed(kind, access, definitions))
    assert [(each.rule, each.pointer) for each in told] == (LEAK if leaks_ else [])
    secure = str(kind.get("$ref", "")).lower().endswith("/secret")
    for each in told:
        assert each.message.startswith("secure parameter 'p'" if secure else "a secure part of parameter 'p'")


def test_a_type_tells_of_itself_only_what_its_type_words_say() -> None:
    kind = {"type": "string", "metadata": {"description": "securestring"}, "allowedValues": ["securestring"]}
    assert rules(typed(kind, "")) == []


# ---------------------------------------------------------------------------------- shapes and names


@pytest.mark.parametrize(
    ("variable", "access", "leaks_"),
    [
        ({"a": "[parameters('pw')]", "b": "x"}, ".a", True),
        ({"a": "[parameters('pw')]", "b": "x"}, ".b", False),
        ({"a": "[parameters('pw')]", "b": "x"}, "['A']", True),
        ({"a": "[parameters('pw')]", "b": "x"}, "[concat('', 'b')]", False),
        ({"a": "[parameters('pw')]", "b": "x"}, "[parameters('which')]", True),
        ({"a": "[parameters('pw')]", "b": "x"}, "[if(parameters('which'), 'b', 'c')]", False),
        ({"a": "[parameters('pw')]", "b": "x"}, "[if(parameters('which'), 'b', 'a')]", True),
        ({"a": {"b": {"c": ["x", "[parameters('pw')]"]}}}, ".a.b.c[1]", True),
        ({"a": {"b": {"c": ["x", "[parameters('pw')]"]}}}, ".a.b.c[0]", False),
        ({"a": {"b": {"c": ["x", "[parameters('pw')]"]}}}, ".a.b.c[copyIndex()]", True),
        (["x", "[parameters('pw')]"], "[1]", True),
        (["x", "[parameters('pw')]"], "[add(0, 1)]", True),
        (["x", "[parameters('pw')]"], "[0]", False),
        ({"copy": [{"name": "m", "count": 3, "input": "[parameters('pw')]"}], "n": 1}, ".m[2]", True),
        ({"copy": [{"name": "m", "count": 3, "input": "[parameters('pw')]"}], "n": 1}, ".n", False),
        ({"[parameters('which')]": "[parameters('pw')]", "b": "x"}, ".c", True),
        ({"[parameters('which')]": "[parameters('pw')]", "b": "x"}, ".b", False),
        ({"[parameters('pw')]": "x"}, "", True),
        ("[createObject('a', parameters('pw'), 'b', 'x')]", ".a", True),
        ("[createObject('a', parameters('pw'), 'b', 'x')]", ".b", False),
        ("[createArray('x', parameters('pw'))]", "[0]", False),
        ("[createArray('x', parameters('pw'))]", "[1]", True),
    ],
)
def test_variables_are_followed_by_path(variable: object, access: str, leaks_: bool) -> None:
    told = command(
        f"[string(variables('v'){access})]",
        variables={"v": variable},
        parameters={"pw": SECURE, "which": PLAIN},
    )
    assert rules(told) == (LEAK if leaks_ else [])


def test_an_object_with_very_many_secrets_keeps_them_in_a_union() -> None:
    many = {f"k{n}": "[parameters('pw')]" for n in range(300)}
    for text in (
        "[union(variables('v'), createObject('z', 1)).k7]",
        "[union(createObject('z', 1), variables('v')).k7]",
    ):
        assert rules(command(text, variables={"v": many})) == LEAK
    both = "[if(parameters('f'), variables('v'), variables('w')).k7]"
    assert rules(command(both, variables={"v": many, "w": many | {"k7": "x"}})) == LEAK


def test_loops_in_variables() -> None:
    loops = {"copy": [{"name": "v", "count": 2, "input": {"a": "[parameters('pw')]", "b": "x"}}]}
    assert rules(command("[variables('v')[0].a]", variables=loops)) == LEAK
    assert rules(command("[variables('v')[copyIndex()].a]", variables=loops)) == LEAK
    assert rules(command("[variables('v')[1].b]", variables=loops)) == []


def test_a_variable_whose_name_is_chosen() -> None:
    told = command(
        "[variables(if(parameters('x'), 'a', 'b'))]",
        parameters={"pw": SECURE, "x": {"type": "bool"}},
        variables={"a": "plain", "b": "[parameters('pw')]"},
    )
    assert rules(told) == LEAK


# A call, with P for the secret, that holds it; and one that does not.
CALLS = [
    ("union(createObject('a', P), createObject('b', 'x')).a", "union(createObject('a', P), createObject('b', 'x')).b"),
    ("union(createObject('a', 'x'), createObject('a', P)).a", "union(createObject('a', P), createObject('a', 'x')).a"),
    (
        "union(createObject('a', createObject('b', P)), createObject('a', createObject('c', 'x'))).a.b",
        "union(createObject('a', createObject('b', P)), createObject('a', createObject('b', 'x'))).a.b",
    ),
    ("union(createArray('x'), createArray(P))[1]", "length(union(createArray('x'), createArray(P)))"),
    (
        "shallowMerge(createArray(createObject('a', P), createObject('b', 'x'))).a",
        "shallowMerge(createArray(createObject('a', P), createObject('a', 'x'))).a",
    ),
    ("coalesce(null(), P)", "coalesce('x', P)"),
    ("coalesce(parameters('maybe'), P)", "coalesce(concat('x', parameters('maybe')), P)"),
    ("if(parameters('flag'), P, 'x')", "if(empty(P), 'x', 'y')"),
    ("if(true(), P, 'x')", "if(false(), P, 'x')"),
    ("if(parameters('flag'), 'x', concat(P))", "if(equals(P, 'x'), 'y', 'z')"),
    ("tryGet(createObject('a', P, 'b', 'x'), 'a')", "tryGet(createObject('a', P, 'b', 'x'), 'b')"),
    (
        "tryGet(createObject('a', createObject('c', P)), 'a', 'c')",
        "tryGet(createObject('a', createObject('c', P)), 'a', 'd')",
    ),
    ("first(createArray(P, 'x'))", "first(createArray('x', P))"),
    ("last(createArray('x', P))", "last(createArray(P, 'x'))"),
    ("first(P)", "length(P)"),
    ("indexFromEnd(createArray(P, 'x'), 2)", "indexFromEnd(createArray(P, 'x'), 1)"),
    (
        "tryIndexFromEnd(createArray(createObject('a', P)), 1, 'a')",
        "tryIndexFromEnd(createArray(createObject('a', P)), 1, 'b')",
    ),
    ("take(createArray('x', P), 2)", "take(createArray('x', P), 1)"),
    ("skip(createArray('x', P), 1)", "skip(createArray(P, 'x'), 1)"),
    ("skip(createArray('x', P), 1)[0]", "skip(createArray('x', P), 2)"),
    ("take(P, 3)", "indexOf(P, 'x')"),
    ("concat(createArray('x'), createArray(P))[1]", "concat(createArray('x'), createArray(P))[0]"),
    ("concat(parameters('list'), createArray(P))[0]", "concat(createArray('x'), parameters('list'), createArray(P))[0]"),
    ("flatten(createArray(createArray('x'), createArray(P)))", "flatten(createArray(createArray('x')))"),
    ("array(P)[0]", "contains(P, 'x')"),
    ("array(createArray('x', P))[1]", "array(createArray('x', P))[0]"),
    ("array(if(parameters('flag'), P, createArray(P)))[0]", "array('x')[0]"),
    ("array(if(parameters('flag'), createArray('x', P), createArray('y', P)))[1]", "length(array(P))"),
    (
        "shallowMerge(if(parameters('flag'), createArray(createObject('a', P)), createArray())).a",
        "shallowMerge(if(parameters('flag'), createArray(createObject('a', P)), createArray())).b",
    ),
    (
        "reduce(createArray(P, 'x'), createObject('prev', '', 'out', ''), lambda('a', 'b', createObject('prev', lambdaVariables('b'), 'out', lambdaVariables('a').prev))).out",
        "reduce(createArray(P, 'x'), createObject('prev', '', 'out', ''), lambda('a', 'b', createObject('prev', lambdaVariables('b'), 'out', lambdaVariables('a').out))).out",
    ),
    (
        "if(parameters('flag'), createObject('a', P, 'b', 'x'), createObject('a', P, 'c', 'y')).a",
        "if(parameters('flag'), createObject('a', P, 'b', 'x'), createObject('a', P, 'c', 'y')).b",
    ),
    (
        "if(parameters('flag'), createArray('x', P), createArray('y', P, 'z'))[1]",
        "if(parameters('flag'), createArray('x', P), createArray('y', P, 'z'))[0]",
    ),
    (
        "concat(if(parameters('flag'), createArray('x', P), createArray('y', 'z')), createArray('w'))[1]",
        "concat(if(parameters('flag'), createArray('x', P), createArray('y', 'z')), createArray('w'))[2]",
    ),
    ("if(parameters('flag'), P, createObject('a', 'x'))", "if(parameters('flag'), 'x', createObject('a', 'x'))"),
    ("array(createObject('a', P))[0].a", "array(createObject('a', P))[0].b"),
    ("items(createObject('a', P))[0].value", "items(createObject('a', P))[0].key"),
    ("string(createObject('a', P))", "string(objectKeys(createObject('a', P)))"),
    ("createObject(P, 'x')", "empty(createObject(P, 'x'))"),
    ("join(createArray('a', P), ',')", "startsWith(P, 'x')"),
    ("split(P, ',')[0]", "endsWith(P, 'x')"),
    ("json(format('{{\"a\":\"{0}\"}}', P)).a", "not(empty(P))"),
    ("base64ToJson(base64(P))", "uniqueString(P)"),
    ("toLower(padLeft(trim(substring(replace(P, 'a', 'b'), 1)), 9))", "guid(P)"),
    ("map(createArray(P), lambda('x', lambdaVariables('x')))", "map(createArray(P), lambda('x', length(lambdaVariables('x'))))"),
    (
        "map(createArray(createObject('a', P, 'b', 'y')), lambda('x', lambdaVariables('x').a))",
        "map(createArray(createObject('a', P, 'b', 'y')), lambda('x', lambdaVariables('x').b))",
    ),
    (
        "map(createArray('y'), lambda('x', concat(lambdaVariables('x'), P)))",
        "map(createArray(P), lambda('x', 'i', lambdaVariables('i')))",
    ),
    (
        "filter(createArray(P), lambda('x', true()))[0]",
        "filter(createArray('y'), lambda('x', equals(lambdaVariables('x'), P)))",
    ),
    ("sort(createArray(P, 'y'), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))", "sort(createArray('y'), lambda('a', 'b', empty(P)))"),
    (
        "reduce(createArray(P), '', lambda('a', 'b', concat(lambdaVariables('a'), lambdaVariables('b'))))",
        "reduce(createArray(P), 0, lambda('a', 'b', add(lambdaVariables('a'), length(lambdaVariables('b')))))",
    ),
    (
        "reduce(createArray(createObject('n', 'y', 's', P)), '', lambda('a', 'b', concat(lambdaVariables('a'), lambdaVariables('b').s)))",
        "reduce(createArray(createObject('n', 'y', 's', P)), '', lambda('a', 'b', concat(lambdaVariables('a'), lambdaVariables('b').n)))",
    ),
    ("reduce(createArray('y'), P, lambda('a', 'b', 'z'))", "reduce(createArray('y'), 'x', lambda('a', 'b', empty(P)))"),
    (
        "toObject(createArray(createObject('k', 'y', 'v', P)), lambda('x', lambdaVariables('x').k), lambda('x', lambdaVariables('x').v)).y",
        "toObject(createArray(createObject('k', 'y', 'v', P)), lambda('x', lambdaVariables('x').k), lambda('x', lambdaVariables('x').k)).y",
    ),
    (
        "toObject(createArray(P), lambda('x', 'k')).k",
        "toObject(createArray(createObject('k', 'y', 'v', P)), lambda('x', lambdaVariables('x').k)).y.k",
    ),
    (
        "groupBy(createArray(createObject('k', 'y', 'v', P)), lambda('x', lambdaVariables('x').k)).y[0].v",
        "groupBy(createArray(createObject('k', 'y', 'v', P)), lambda('x', lambdaVariables('x').k)).y[0].k",
    ),
    ("objectKeys(toObject(createArray('y'), lambda('x', P)))", "objectKeys(toObject(createArray(P), lambda('x', 'k')))"),
    (
        "mapValues(createObject('a', P), lambda('v', concat('x', lambdaVariables('v')))).a",
        "mapValues(createObject('a', P), lambda('v', length(lambdaVariables('v')))).a",
    ),
    (
        "map(createArray(createArray(P)), lambda('x', map(lambdaVariables('x'), lambda('y', lambdaVariables('y')))))",
        "map(createArray(P), lambda('x', map(createArray('y'), lambda('x', lambdaVariables('x')))))",
    ),
    ("ns.same(P)", "ns.same('x')"),
    ("NS.Second('x', P)", "ns.second(P, 'x')"),
    ("ns.pick(createObject('a', P, 'b', 'x'), 'a')", "ns.pick(createObject('a', P, 'b', 'x'), 'b')"),
    ("ns.choose('first', P)", "ns.choose('second', P)"),
    ("ns.same(ns.same(P))", "ns.gone(P)"),
    ("ns.outer(P)", "ns.length(P)"),
    ("ns.listed('x')", "ns.pw('x')"),
    ("resourceId('Microsoft.X/y', P)", "utcNow(P)"),
    ("uri('https://x/', P)", "greater(P, 'x')"),
    ("dataUri(P)", "cidrSubnet(P, 1, 1)"),
    ("intersection(createArray(P), createArray(P))", "max(1, length(P))"),
    ("format('{0}-{1}', 'x', P)", "format('{0}', bool(P))"),
]  # fmt: skip
FUNCTIONS_OF_USERS = [
    {
        "namespace": "ns",
        "members": {
            name: {
                "parameters": [{"name": each, "type": "string"} for each in names],
                "output": {"type": "string", "value": value},
            }
            for name, names, value in [
                ("same", ["a"], "[parameters('a')]"),
                ("second", ["a", "B"], "[concat(parameters('b'))]"),
                ("pick", ["o", "k"], "[parameters('o')[parameters('k')]]"),
                ("choose", ["pw", "x"], "[if(equals(parameters('pw'), 'first'), parameters('x'), 'none')]"),
                ("outer", ["a"], {"in": ["[ns.same(parameters('a'))]"]}),
                ("length", ["a"], "[length(parameters('a'))]"),
                ("listed", ["a"], "[listKeys(parameters('a'), '2023-01-01').key1]"),
                ("pw", ["pw"], "[parameters('pw')]"),
            ]
        },
    }
]


def of_call(call: str) -> Json:
    secret = re.sub(r"\bP\b", "parameters('pw')", call)
    return command(
        f"[string({secret})]",
        parameters={
            "pw": SECURE,
            "flag": {"type": "bool"},
            "maybe": {"type": "string", "nullable": True},
            "list": {"type": "array"},
        },
        functions=FUNCTIONS_OF_USERS,
    )


@pytest.mark.parametrize("call", [carries for carries, _ in CALLS])
def test_a_secret_passes_through(call: str) -> None:
    assert rules(of_call(call)) == LEAK


@pytest.mark.parametrize("call", [stops for _, stops in CALLS])
def test_no_secret_passes_through(call: str) -> None:
    assert rules(of_call(call)) == []


def test_every_function_that_carries_is_tried() -> None:
    tried = {name for name in FUNCTIONS if any(f"{name}(" in carries.lower() for carries, _ in CALLS)}
    rest = {name for name, row in FUNCTIONS.items() if row.flow == "carry"} - tried
    # Tried with the generated chains.
    assert rest == {
        "base64tostring", "builduri", "datauritostring", "extensionresourceid", "fail",
        "managementgroupresourceid", "parseuri", "subscriptionresourceid", "tenantresourceid",
        "toupper", "uricomponent", "uricomponenttostring",
    }  # fmt: skip


# ---------------------------------------------------------------------------------------- parameters


def test_a_default_that_mentions_a_secret_is_followed_to_where_it_is_read() -> None:
    told = command("[parameters('b')]", parameters={"pw": SECURE, "b": PLAIN | {"defaultValue": "[parameters('a')]"}, "a": PLAIN | {"defaultValue": "[concat('x', parameters('pw'))]"}})  # fmt: skip
    (each,) = found(told)
    assert (each.rule, each.pointer) == LEAK[0]
    assert each.flow == (
        "parameters('pw')",
        "parameters('a')",
        "parameters('b')",
        "settings.commandToExecute",
    )


def test_a_default_that_mentions_a_secret_is_told_where_nothing_else_is() -> None:
    told = template(
        parameters={
            "pw": SECURE,
            "a": PLAIN | {"defaultValue": "[concat('x', parameters('pw'))]"},
            "b": PLAIN | {"defaultValue": "[parameters('a')]"},
            "c": SECURE | {"defaultValue": "[parameters('pw')]"},
        }
    )
    (each,) = found(told)
    assert (each.rule, each.pointer) == ("SEC204", "/parameters/a/defaultValue")
    assert each.message == "secure parameter 'pw' is in the default of parameter 'a', which is not secure"


def test_parameters_that_need_each_other_end() -> None:
    ring = {
        "a": PLAIN | {"defaultValue": "[parameters('b')]"},
        "b": PLAIN | {"defaultValue": "[parameters('a')]"},
    }
    assert (
        rules(command("[concat(parameters('a'), parameters('pw'))]", parameters={"pw": SECURE} | ring))
        == LEAK
    )
    ring = {"a": "[variables('b')]", "b": "[concat(variables('a'), parameters('pw'))]"}
    assert rules(command("[variables('b')]", variables=ring)) == LEAK


# ------------------------------------------------------------------------------------------- outputs


@pytest.mark.parametrize("kind", ["securestring", "SecureString", "secureObject"])
def test_secure_outputs_may_hold_secrets(kind: str) -> None:
    assert rules(template(outputs=output("[parameters('pw')]", kind))) == []


def test_outputs_of_all_forms() -> None:
    assert rules(template(outputs=output("[parameters('pw')]"))) == [("SEC202", "/outputs/o/value")]
    deep = {"a": [{"b": "x"}, {"b": "[listKeys('s', 'v')]"}]}
    assert rules(template(outputs=output(deep, "object"))) == [("SEC202", "/outputs/o/value/a/1/b")]
    key = {"[parameters('pw')]": "x"}
    assert rules(template(outputs=output(key, "object"))) == [
        ("SEC202", "/outputs/o/value/[parameters('pw')]")
    ]
    loop = {"o": {"type": "array", "copy": {"count": 2, "input": "[parameters('pw')]"}}}
    assert rules(template(outputs=loop)) == [("SEC202", "/outputs/o/copy/input")]
    assert rules(template(outputs={"o": output("[parameters('pw')]")["o"] | {"condition": False}})) == []
    twice = {"a": "[parameters('pw')]", "b": "[parameters('pw')]"}
    assert rules(template(outputs=output(twice, "object"))) == [("SEC202", "/outputs/o/value/a")]


def test_an_output_type_may_keep_some_members_secret() -> None:
    kind = {"type": "object", "properties": {"word": SECURE, "name": PLAIN}}

    def told(word: str, name: str) -> list[tuple[str, str]]:
        value = {"word": word, "name": name}
        return rules(template(languageVersion="2.0", outputs={"o": kind | {"value": value}}))

    assert told("[parameters('pw')]", "x") == []
    assert told("[parameters('pw')]", "[parameters('pw')]") == [("SEC202", "/outputs/o/value/word")]
    assert told("x", "[parameters('pw')]") == [("SEC202", "/outputs/o/value/name")]


# ------------------------------------------------------------------------------- nested deployments


def test_a_plain_parameter_of_an_inner_template_is_the_leak_and_what_is_behind_are_labels() -> None:
    inside = {
        "parameters": {"cmd": PLAIN},
        "resources": [extension({"commandToExecute": "[parameters('cmd')]"})],
        "outputs": output("[parameters('cmd')]"),
    }
    (told,) = found(
        template(resources=[deployment(inside, {"cmd": {"value": "[concat('x', parameters('pw'))]"}})])
    )
    assert (told.rule, told.pointer) == ("SEC204", "/resources/0/properties/parameters/cmd/value")
    assert (
        told.message == "secure parameter 'pw' is passed to parameter 'cmd' of 'nested', which is not secure"
    )
    assert told.flow == ("parameters('pw')", "parameters.cmd.value")
    assert told.labels == (
        "declared here as securestring",
        "declared here as string",
        "and is shown by output 'o'",
        "and reaches the public settings of extension 'config-app' on 'vm1'",
    )


def test_a_secure_parameter_of_an_inner_template_stays_the_same_secret() -> None:
    inside = {
        "parameters": {"cmd": SECURE},
        "resources": [extension({"commandToExecute": "[parameters('cmd')]"})],
    }
    (told,) = found(template(resources=[deployment(inside, {"cmd": {"value": "[parameters('pw')]"}})]))
    assert told.rule == "SEC201"
    assert told.message.startswith("secure parameter 'pw' reaches")
    assert told.flow == ("parameters('pw')", "parameters('cmd')", "settings.commandToExecute")


@pytest.mark.parametrize(
    ("passed", "rule"),
    [
        ({"cmd": {"value": "plain"}}, None),
        ({"cmd": {"value": "[parameters('pw')]"}}, "SEC204"),
        ({"cmd": {"value": ["[parameters('pw')]"]}}, "SEC204"),
        ({"CMD": {"VALUE": "[parameters('pw')]"}}, "SEC204"),
        ({"cmd": "[createObject('value', parameters('pw'))]"}, "SEC204"),
        ({"cmd": "[if(parameters('f'), createObject('value', parameters('pw')), createObject('value', null()))]"}, "SEC204"),
        ({"cmd": "[variables('wrapped')]"}, "SEC204"),
        ("[createObject('cmd', createObject('value', parameters('pw')))]", "SEC204"),
        ({"cmd": {"reference": {"keyVault": {"id": "x"}, "secretName": "y"}}}, "SEC218"),
        ({"cmd": "[createObject('reference', createObject('keyVault', createObject('id', 'x'), 'secretName', 'y'))]"}, "SEC218"),
        ({"cmd": "[if(parameters('f'), createObject('reference', createObject('keyVault', 1)), createObject('value', ''))]"}, "SEC218"),
        ({"other": {"value": "[parameters('pw')]"}}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_all_ways_to_pass_a_parameter(passed: Json | str, rule: str | None) -> None:
    told = template(
        parameters={"pw": SECURE, "f": {"type": "bool"}},
        variables={"wrapped": {"value": "[parameters('pw')]"}},
        resources=[deployment({"parameters": {"cmd": PLAIN}}, passed)],
    )
    assert [each.rule for each in found(told)] == ([] if rule is None else [rule])
    told["resources"][0]["properties"]["template"]["parameters"]["cmd"] = SECURE
    assert found(told) == []


def test_a_key_vault_secret_is_followed_from_where_it_is_referred_to() -> None:
    inside = {"parameters": {"v": SECURE}, "outputs": output("[parameters('v')]")}
    reference = {"reference": {"keyVault": {"id": "x"}, "secretName": "y"}}
    (told,) = found(template(resources=[deployment(inside, {"v": reference})]))
    assert told.rule == "SEC202"
    assert told.message == "a Key Vault secret is shown by output 'o', which is not secure"
    assert told.steps[0] == ('"reference"', "reference")


def test_what_is_not_passed_comes_from_the_default() -> None:
    inside = {
        "parameters": {"s": SECURE, "d": PLAIN | {"defaultValue": "[parameters('s')]"}},
        "resources": [extension({"commandToExecute": "[parameters('d')]"})],
    }
    (told,) = found(template(resources=[deployment(inside, {"s": {"value": "[parameters('pw')]"}})]))
    assert told.rule == "SEC201"
    assert told.flow == (
        "parameters('pw')",
        "parameters('s')",
        "parameters('d')",
        "settings.commandToExecute",
    )
    passed = {"s": {"value": "[parameters('pw')]"}, "d": {"value": "x"}}
    assert rules(template(resources=[deployment(inside, passed)])) == []


def test_only_members_that_the_inner_type_keeps_secret_may_hold_secrets() -> None:
    item = {"type": "object", "properties": {"name": PLAIN, "value": SECURE}}
    inside = {"languageVersion": "2.0", "parameters": {"secretsToSet": {"type": "array", "items": item}}}

    def told(passed: object) -> list[str]:
        return [
            each.rule
            for each in found(template(resources=[deployment(inside, {"secretsToSet": {"value": passed}})]))
        ]

    assert told([{"name": "x", "value": "[parameters('pw')]"}]) == []
    assert told("[createArray(createObject('name', 'x', 'value', listKeys('a', 'b').k))]") == []
    assert (
        told(
            "[union(createArray(), if(true(), createArray(createObject('value', parameters('pw'))), null()))]"
        )
        == []
    )
    assert told([{"name": "[parameters('pw')]", "value": "x"}]) == ["SEC204"]


def outer(inside: Json, **more: Any) -> Json:
    return deployment(inside, scope="outer", **more)


def test_outer_scope_keeps_what_it_evaluates() -> None:
    inside = {
        "resources": [extension({"commandToExecute": "[parameters('pw')]"})],
        "outputs": output("[parameters('pw')]"),
    }
    (told,) = found(template(resources=[outer(inside)]))
    assert told.rule == "SEC203"
    assert told.pointer == "/resources/0/properties/template/resources/0/properties/settings/commandToExecute"
    assert told.message == (
        "secure parameter 'pw' is evaluated into the nested template of 'nested',"
        " which the deployment history keeps in clear"
    )
    assert told.labels == ("declared here as securestring", "and is evaluated here")


@pytest.mark.parametrize(
    "inside",
    [
        {
            "resources": [
                {"type": "A.B/c", "name": "x", "properties": {"adminPassword": "[parameters('pw')]"}}
            ]
        },
        {"resources": [{"type": "A.B/c", "name": "x", "properties": {"[parameters('pw')]": 1}}]},
        {"resources": [{"type": "A.B/c", "name": "x", "properties": {"k": "[listKeys('a', 'b')]"}}]},
        {"variables": {"v": "[variables('v')]"}},
        {"outputs": output("[parameters('pw')]", "securestring")},
        {"resources": [deployment({"parameters": {"p": SECURE}}, {"p": {"value": "[parameters('pw')]"}})]},
        {"resources": [deployment({"parameters": {"p": PLAIN}}, {"p": {"value": "[parameters('pw')]"}})]},
        {"resources": [outer({"outputs": output("[parameters('pw')]")})]},
        {
            "resources": [
                deployment(
                    {"parameters": {"p": SECURE}, "outputs": output("[parameters('p')]")},
                    {"p": {"value": "[parameters('pw')]"}},
                    name="deep",
                ),
            ],
            "outputs": output("[reference('deep').outputs.o.value]"),
        },
    ],
)
@pytest.mark.parametrize("scope", ["outer", "OUTER", "NotSpecified", None])
def test_whatever_outer_scope_evaluates_is_one_leak(inside: Json, scope: str | None) -> None:
    made = outer(inside)
    if scope is None:
        del made["properties"]["expressionEvaluationOptions"]
    else:
        made["properties"]["expressionEvaluationOptions"]["scope"] = scope
    told = found(template(variables={"v": "[parameters('pw')]"}, resources=[made]))
    assert [each.rule for each in told] == ["SEC203"]


def test_outer_scope_without_secrets_is_silent() -> None:
    inside = {
        "parameters": {"pw": SECURE},
        "resources": [
            {
                "type": "A.B/c",
                "name": "[[parameters('pw')]",
                "properties": {"k": "[if(empty(parameters('pw')), 1, 2)]"},
            },
            deployment(
                {"parameters": {"pw": SECURE}, "outputs": output("[parameters('pw')]", "securestring")}
            ),
        ],
    }
    assert found(template(resources=[outer(inside)])) == []


def test_in_language_2_the_inner_scope_is_the_default() -> None:
    inside = {"parameters": {"pw": SECURE}, "outputs": output("[parameters('pw')]", "securestring")}
    made = deployment(inside, {"pw": {"value": "[parameters('pw')]"}})
    del made["properties"]["expressionEvaluationOptions"]
    assert found(template(languageVersion="2.0", resources={"d": made})) == []
    assert [each.rule for each in found(template(resources=[made]))] == ["SEC203"]


@pytest.mark.parametrize("scopes", ["iii", "iio", "ioi", "oii", "ooi", "oio", "ioo", "ooo"])
def test_three_deep_in_any_scopes(scopes: str) -> None:
    """One secret, passed on as a secure parameter by each inner template, shown by the innermost."""
    made: Json = {"outputs": output("[parameters('pw')]")}
    for depth, scope in enumerate(reversed(scopes)):
        if scope == "i":
            made |= {"parameters": {"pw": SECURE}}
            resource = deployment(made, {"pw": {"value": "[parameters('pw')]"}}, name=f"d{depth}")
        else:
            resource = deployment(made, scope="outer", name=f"d{depth}")
        made = {"resources": [resource]}
    (told,) = found(template(**made))
    assert told.rule == ("SEC203" if "o" in scopes else "SEC202")
    if "o" in scopes:
        assert f"of 'd{2 - scopes.index('o')}'" in told.message


REFERENCES = [
    "reference('nested').outputs.o.value",
    "reference('NESTED').Outputs.O.Value",
    "reference('nested')['outputs']['o']['value']",
    "reference('nested', '2022-09-01').outputs.o.value",
    "reference('nested', '2022-09-01', 'Full').properties.outputs.o.value",
    "reference(resourceId('Microsoft.Resources/deployments', 'nested')).outputs.o.value",
    "reference(resourceId('group', 'Microsoft.Resources/deployments', 'nested'), '2022-09-01').outputs.o.value",
    "reference(concat('Microsoft.Resources/deployments/', 'nested')).outputs.o.value",
    "reference(variables('name')).outputs[variables('out')].value",
    "reference('nested').outputs.o",
    "reference('nested').outputs",
    "reference('nested')",
    "tryGet(reference('nested').outputs, 'o', 'value')",
    "reference('nested').outputs[parameters('which')].value",
]


@pytest.mark.parametrize("call", REFERENCES)
def test_a_secret_comes_back_as_output(call: str) -> None:
    inside = {
        "parameters": {"s": SECURE},
        "outputs": output("[parameters('s')]") | {"plain": {"type": "string", "value": "x"}},
    }
    told = found(
        command(
            f"[string({call})]",
            parameters={"pw": SECURE, "which": PLAIN},
            variables={"name": "nested", "out": "o"},
            resources=[
                extension({"commandToExecute": f"[string({call})]"}),
                deployment(inside, {"s": {"value": "[parameters('pw')]"}}),
            ],
        )
    )
    assert [each.rule for each in told] == ["SEC202"]
    assert "and reaches the public settings of extension 'config-app' on 'vm1'" in told[0].labels


@pytest.mark.parametrize(
    "call", ["reference('nested').outputs.plain.value", "reference('other').outputs.o.value"]
)
def test_other_outputs_bring_no_secret(call: str) -> None:
    inside = {
        "parameters": {"s": SECURE},
        "outputs": output("[parameters('s')]") | {"plain": {"type": "string", "value": "x"}},
    }
    told = command(f"[{call}]", resources=[extension({"commandToExecute": f"[{call}]"}), deployment(inside, {"s": {"value": "[parameters('pw')]"}})])  # fmt: skip
    assert [each.labels[1:] for each in found(told)] == [("enters 'nested' as securestring",)]


def test_a_symbolic_name_and_a_loop_of_deployments() -> None:
    inside = {"parameters": {"s": SECURE}, "outputs": output("[parameters('s')]")}
    for call in (
        "reference('mod').outputs.o.value",
        "reference('mod[0]').outputs.o.value",
        "reference(format('mod[{0}]', copyIndex())).outputs.o.value",
        "map(references('mod'), lambda('r', lambdaVariables('r').outputs.o.value))",
        "references('mod')[0].outputs.o.value",
    ):
        resources = {
            "mod": deployment(inside, {"s": {"value": "[parameters('pw')]"}}, name="[parameters('n')]"),
            "ext": extension({"commandToExecute": f"[string({call})]"}),
        }
        told = found(
            template(languageVersion="2.0", parameters={"pw": SECURE, "n": PLAIN}, resources=resources)
        )
        assert [each.rule for each in told] == ["SEC202"], call
        assert "and reaches the public settings of extension 'config-app' on 'vm1'" in told[0].labels, call


def test_a_secure_output_is_withheld_and_can_be_listed() -> None:
    inside = {
        "parameters": {"s": SECURE},
        "outputs": output("[parameters('s')]", "securestring") | {"plain": {"type": "string", "value": "x"}},
    }
    nested = deployment(inside, {"s": {"value": "[parameters('pw')]"}})

    def told(call: str) -> list[tuple[str, str]]:
        return rules(template(resources=[extension({"commandToExecute": f"[{call}]"}), nested]))

    assert told("reference('nested').outputs.o.value") == []
    assert told("listOutputsWithSecureValues('nested', '2025-04-01').o") == LEAK
    assert told("listOutputsWithSecureValues('nested', '2025-04-01')['o']") == LEAK
    assert told("listOutputsWithSecureValues('nested', '2025-04-01').plain") == []


def test_what_a_false_condition_keeps_from_being_deployed_is_no_leak() -> None:
    inside = {"parameters": {"s": PLAIN}, "outputs": output("[listKeys('a', 'b')]")}
    made = deployment(inside, {"s": {"value": "[parameters('pw')]"}}, condition="[false()]")
    assert found(template(resources=[made])) == []
    assert (
        found(template(resources=[outer({"outputs": output("[parameters('pw')]")}, condition=False)])) == []
    )
    assert found(template(resources=[extension({"x": "[parameters('pw')]"}, condition=False)])) == []
    tagged = {"type": "A.B/c", "name": "x", "tags": {"t": "[parameters('pw')]"}}
    assert found(template(resources=[tagged | {"condition": False}])) == []
    assert found(template(languageVersion="2.0", resources={"x": tagged | {"existing": True}})) == []
    assert len(found(template(resources=[tagged | {"condition": "[parameters('f')]"}]))) == 1


# ------------------------------------------------------------------------------------ linked templates


def linked_to(child: Json) -> Callable[[str, str], Document | None]:
    read_once = document(child, "child.json")
    return lambda _, relative: read_once if relative == "child.json" else None


def link(parameters: Json) -> Json:
    properties = {
        "mode": "Incremental",
        "templateLink": {"relativePath": "child.json"},
        "parameters": parameters,
    }
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": "child",
        "properties": properties,
    }


def test_a_linked_template_leaks_at_the_boundary_in_the_parent() -> None:
    child = template(
        parameters={"cmd": PLAIN}, resources=[extension({"commandToExecute": "[parameters('cmd')]"})]
    )
    main = template(resources=[link({"cmd": {"value": "[parameters('pw')]"}})])
    (told,) = found(main, linked_to(child))
    assert (told.rule, told.pointer) == ("SEC204", "/resources/0/properties/parameters/cmd/value")
    assert (
        told.message == "secure parameter 'pw' is passed to parameter 'cmd' of 'child', which is not secure"
    )
    assert found(main) == []
    child["parameters"]["cmd"] = SECURE
    assert found(main, linked_to(child)) == []


def test_what_a_linked_template_gives_back_is_told_in_the_parent() -> None:
    child = template(parameters={"s": SECURE}, outputs=output("[parameters('s')]"))
    main = template(
        resources=[link({"s": {"value": "[parameters('pw')]"}})],
        outputs=output("[reference('child').outputs.o.value]"),
    )
    (told,) = found(main, linked_to(child))
    assert (told.rule, told.pointer) == ("SEC202", "/outputs/o/value")
    assert told.steps == (
        ('"pw"', "parameters('pw')"),
        ('"s"', "parameters('s')"),
        ('"value"', "outputs.o"),
        ('"value"', "outputs.o.value"),
    )


# ------------------------------------------------------------------------------------------- settings


PROFILE = ("virtualMachineProfile", "extensionProfile", "extensions")


def scale_set(items: object) -> Json:
    return {
        "type": "Microsoft.Compute/virtualMachineScaleSets",
        "apiVersion": "2024-07-01",
        "name": "set1",
        "properties": {"virtualMachineProfile": {"extensionProfile": {"extensions": items}}},
    }


ITEM = {"name": "ext", "properties": {"publisher": "P", "type": "T", "settings": {"x": "[parameters('pw')]"}}}
HELD = {"settings": {"x": "[parameters('pw')]"}, "protectedSettings": {}}


@pytest.mark.parametrize(
    ("resource", "pointer"),
    [
        (extension({"a": {"b": ["x", "[parameters('pw')]"]}}), "/properties/settings/a/b/1"),
        (extension({"[parameters('pw')]": 1}), "/properties/settings/[parameters('pw')]"),
        (extension({"copy": [{"name": "uris", "count": 2, "input": "[parameters('pw')]"}]}), "/properties/settings/copy/0/input"),
        (extension("[createObject('x', parameters('pw'))]"), "/properties/settings"),
        (extension("[union(createObject('y', 1), variables('settings'))]"), "/properties/settings"),
        (extension("[variables('settings')]"), "/properties/settings"),
        ({"properties": "[variables('held')]"}, "/properties"),
        ({"properties": "[createObject('settings', createObject('x', parameters('pw')))]"}, "/properties"),
        (scale_set([ITEM]), "/properties/virtualMachineProfile/extensionProfile/extensions/0/properties/settings/x"),
        (scale_set("[variables('items')]"), "/properties/virtualMachineProfile/extensionProfile/extensions"),
        (scale_set(["[variables('item')]"]), "/properties/virtualMachineProfile/extensionProfile/extensions/0"),
        (
            scale_set([{"name": "ext", "properties": "[variables('held')]"}]),
            "/properties/virtualMachineProfile/extensionProfile/extensions/0/properties",
        ),
        (
            {"type": "Microsoft.Compute/virtualMachineScaleSets", "properties": "[createObject('virtualMachineProfile', variables('profile'))]"},
            "/properties",
        ),
        (
            {"type": "Microsoft.Compute/virtualMachineScaleSets", "properties": {"virtualMachineProfile": "[variables('profile')]"}},
            "/properties/virtualMachineProfile",
        ),
        (
            {
                "type": "Microsoft.Compute/virtualMachineScaleSets",
                "properties": {"virtualMachineProfile": {"extensionProfile": {"copy": [{"name": "extensions", "count": 2, "input": ITEM}]}}},
            },
            "/properties/virtualMachineProfile/extensionProfile/copy/0/input/properties/settings/x",
        ),
        ({"type": "Microsoft.Compute/virtualMachineScaleSets/extensions", "name": "s/e", "properties": HELD}, "/properties/settings/x"),
        ({"type": "Microsoft.HybridCompute/machines/extensions", "name": "m/e", "properties": HELD}, "/properties/settings/x"),
        (
            {"type": "Microsoft.AzureStackHCI/clusters/arcSettings/extensions", "name": "c/a/e", "properties": {"extensionParameters": HELD}},
            "/properties/extensionParameters/settings/x",
        ),
        (
            {"type": "Microsoft.AzureStackHCI/clusters/arcSettings/extensions", "name": "c/a/e", "properties": "[createObject('extensionParameters', variables('held'))]"},
            "/properties",
        ),
        (
            {"type": "Microsoft.ServiceFabric/managedClusters/nodeTypes", "name": "c/n", "properties": {"vmExtensions": [ITEM]}},
            "/properties/vmExtensions/0/properties/settings/x",
        ),
        (
            {"type": "Microsoft.ServiceFabric/managedClusters/nodeTypes", "name": "c/n", "properties": {"vmExtensions": "[variables('items')]"}},
            "/properties/vmExtensions",
        ),
        (
            {
                "type": "Microsoft.Batch/batchAccounts/pools",
                "name": "b/p",
                "properties": {"deploymentConfiguration": {"virtualMachineConfiguration": {"extensions": [{"name": "e"} | HELD]}}},
            },
            "/properties/deploymentConfiguration/virtualMachineConfiguration/extensions/0/settings/x",
        ),
        (
            {
                "type": "Microsoft.Batch/batchAccounts/pools",
                "name": "b/p",
                "properties": {"deploymentConfiguration": {"virtualMachineConfiguration": {"extensions": ["[variables('held')]"]}}},
            },
            "/properties/deploymentConfiguration/virtualMachineConfiguration/extensions/0",
        ),
    ],
)  # fmt: skip
def test_public_settings_in_every_shape(resource: Json, pointer: str) -> None:
    variables = {"settings": HELD["settings"], "held": HELD, "item": ITEM, "items": [ITEM], "profile": {"extensionProfile": {"extensions": [ITEM]}}}  # fmt: skip
    made = extension({}) | resource
    assert rules(template(variables=variables, resources=[made])) == [("SEC201", f"/resources/0{pointer}")]
    if "variables('" not in json.dumps(resource):
        hidden = json.loads(json.dumps(made).replace("settings", "protectedSettings"))
        assert rules(template(resources=[hidden])) == []


@pytest.mark.parametrize("place", ["protectedSettings", "protectedSettingsFromKeyVault", "forceUpdateTag"])
def test_other_members_of_an_extension_are_not_its_public_settings(place: str) -> None:
    made = extension({"commandToExecute": "ls"})
    made["properties"][place] = {"commandToExecute": "[parameters('pw')]"}
    assert found(template(resources=[made])) == []


def test_child_extensions_and_machines_of_unknown_names() -> None:
    machine = {
        "type": "Microsoft.Compute/virtualMachines",
        "name": "[parameters('vm')]",
        "resources": [extension({"x": "[parameters('pw')]"}, type="extensions", name="setup")],
    }
    (told,) = found(template(parameters={"pw": SECURE, "vm": PLAIN}, resources=[machine]))
    assert told.message == "secure parameter 'pw' reaches the public settings of extension 'setup' on '{vm}'"
    assert told.pointer == "/resources/0/resources/0/properties/settings/x"


# ------------------------------------------------------------------------------- the message of fail


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ({"variables": {"v": "[if(empty(parameters('x')), fail(concat('bad ', parameters('pw'))), 1)]"}}, "/variables/v"),
        ({"resources": [{"type": "A.B/c", "name": "[FAIL ( parameters('pw') )]"}]}, "/resources/0/name"),
        ({"resources": [{"type": "A.B/c", "name": "x", "properties": {"[fail(parameters('pw'))]": 1}}]}, "/resources/0/properties/[fail(parameters('pw'))]"),
        ({"outputs": output("[and(true(), fail(parameters('pw')))]", "bool")}, "/outputs/o/value"),
        ({"outputs": output("[ns.check(parameters('pw'))]")}, "/functions/0/members/check/output/value"),
        ({"outputs": output("[map(createArray(parameters('pw')), lambda('x', fail(lambdaVariables('x'))))]")}, "/outputs/o/value"),
        ({"resources": [{"type": "A.B/c", "name": "x", "properties": {"adminPassword": "[coalesce(null(), fail(parameters('pw')))]"}}]}, "/resources/0/properties/adminPassword"),
        ({"variables": {"v": "[if(fail(parameters('pw')), 1, 2)]"}}, "/variables/v"),
        ({"variables": {"v": "[createArray(1)[fail(parameters('pw'))]]"}}, "/variables/v"),
        ({"variables": {"v": "[variables(fail(parameters('pw')))]"}}, "/variables/v"),
        ({"variables": {"v": "[fail(parameters('x'))]"}}, None),
        ({"variables": {"v": "[fail(string(length(parameters('pw'))))]"}}, None),
        ({"variables": {"v": "[if(false(), fail(parameters('pw')), 1)]"}}, None),
        ({"variables": {"v": "fail(parameters('pw'))"}}, None),
    ],
)  # fmt: skip
def test_messages_of_fail_stay_in_the_history(parts: Json, pointer: str | None) -> None:
    functions = [
        {
            "namespace": "ns",
            "members": {
                "check": {
                    "parameters": [{"name": "a", "type": "string"}],
                    "output": {
                        "type": "string",
                        "value": "[if(empty(parameters('a')), fail(parameters('a')), '')]",
                    },
                }
            },
        }
    ]
    told = found(template(parameters={"pw": SECURE, "x": PLAIN}, functions=functions, **parts))
    assert [(each.rule, each.pointer) for each in told] == ([] if pointer is None else [("SEC208", pointer)])
    for each in told:
        assert each.message == (
            "secure parameter 'pw' reaches the message of fail(), which stays in the deployment's history"
        )


# ------------------------------------------------------------------------------- readable properties


def test_names_tags_and_dependencies() -> None:
    named = {
        "type": "A.B/c",
        "name": "[concat('x', parameters('pw'))]",
        "tags": {"a": "b", "c": "[parameters('pw')]"},
    }
    other = {
        "type": "A.B/d",
        "name": "y",
        "dependsOn": ["[resourceId('A.B/c', concat('x', parameters('pw')))]"],
    }
    assert rules(template(resources=[named, other])) == [
        ("SEC208", "/resources/0/name"),
        ("SEC208", "/resources/0/tags/c"),
    ]
    # Told where nothing else is.
    assert rules(template(resources=[other])) == [("SEC208", "/resources/0/dependsOn/0")]
    (told,) = found(
        template(resources=[other | {"tags": "[createObject('t', parameters('pw'))]", "dependsOn": []}])
    )
    assert told.pointer == "/resources/0/tags"
    assert told.message == (
        "secure parameter 'pw' reaches 'tags' of 'y': tags are plain text in listings, logs and bills"
    )


@pytest.mark.parametrize(
    ("kind", "properties", "pointer"),
    [
        ("Microsoft.Automation/automationAccounts/variables", {"value": "P", "isEncrypted": False}, "/value"),
        ("Microsoft.Automation/automationAccounts/variables", {"value": "P"}, "/value"),
        ("Microsoft.Automation/automationAccounts/variables", {"value": "P", "isEncrypted": True}, None),
        (
            "Microsoft.Automation/automationAccounts/variables",
            {"value": "P", "isEncrypted": "[parameters('f')]"},
            None,
        ),
        ("Microsoft.ApiManagement/service/namedValues", {"value": "P", "secret": True}, None),
        ("Microsoft.ApiManagement/service/namedValues", {"value": "P", "secret": "[false()]"}, "/value"),
        (
            "Microsoft.ContainerRegistry/registries/tasks",
            {
                "step": {
                    "values": [{"name": "a", "value": "P", "isSecret": True}, {"name": "b", "value": "P"}]
                }
            },
            "/step/values/1/value",
        ),
        (
            "microsoft.resources/DEPLOYMENTSCRIPTS",
            {"copy": [{"name": "environmentVariables", "count": 2, "input": {"name": "x", "value": "P"}}]},
            "/copy/0/input/value",
        ),
        (
            "Microsoft.Resources/deploymentScripts",
            {"environmentVariables": "[variables('list')]"},
            "/environmentVariables",
        ),
        (
            "Microsoft.Resources/deploymentScripts",
            {"environmentVariables": ["[variables('entry')]"]},
            "/environmentVariables/0",
        ),
        ("Microsoft.Resources/deploymentScripts", "[variables('script')]", ""),
        (
            "Microsoft.Resources/deploymentScripts",
            {"storageAccountSettings": {"storageAccountKey": "P"}},
            None,
        ),
        (
            "Microsoft.Resources/deploymentScripts",
            {"environmentVariables": [{"name": "x", "secureValue": "P"}]},
            None,
        ),
        ("Microsoft.Compute/virtualMachines", {"osProfile": {"adminPassword": "P", "customData": "x"}}, None),
        (
            "Microsoft.Compute/virtualMachines",
            {"osProfile": {"customData": "[base64(concat('x', parameters('pw')))]"}},
            "/osProfile/customData",
        ),
        ("Microsoft.Web/sites", {"siteConfig": {"appSettings": [{"name": "x", "value": "P"}]}}, None),
        ("Contoso.Unknown/things", {"anything": "P"}, None),
    ],
)
def test_properties_that_can_be_read(kind: str, properties: object, pointer: str | None) -> None:
    text = json.dumps(properties).replace('"P"', json.dumps("[parameters('pw')]"))
    entry = {"name": "x", "value": "[parameters('pw')]"}
    variables = {"list": [entry], "entry": entry, "script": {"arguments": "[parameters('pw')]"}}
    resource = {"type": kind, "apiVersion": "1", "name": "n", "properties": json.loads(text)}
    told = template(
        parameters={"pw": SECURE, "f": {"type": "bool"}}, variables=variables, resources=[resource]
    )
    assert rules(told) == ([] if pointer is None else [("SEC208", f"/resources/0/properties{pointer}")])


def test_links_and_settings_of_web_apps_are_accepted_practice() -> None:
    properties = {"mode": "Incremental", "templateLink": {"uri": "[uri('https://x/', parameters('pw'))]"}}
    resource = {"type": "Microsoft.Resources/deployments", "name": "x", "properties": properties}
    assert found(template(resources=[resource])) == []


# ------------------------------------------------------------------------------------ whatever stands there


FRAGMENTS = st.sampled_from(
    [
        None, 3, True, "", "x", "[", "[]", "[[x]", [], {}, "[parameters('pw')]", "[variables('v')]", "[parameters()]", "[parameters(1)]",
        "[variables(null())]", "[reference('x').outputs.o.value]", "[reference()]", "[references('x')]", "[if(1)]", "[union()]",
        "[json()]", "[first()]", "[last(createArray(1), 2, 3)]", "[tryGet()]", "[items()]", "[createObject(1)]", "[lambda()]",
        "[map(createArray(1), lambda('x', lambdaVariables('x')))]", "[map()]", "[reduce(1, 2, lambda(3))]", "[fail()]",
        "[fail(parameters('pw'))]", "[ns.f(1)]", "[ns.f(parameters('pw'))]", "[take(1)]", "[skip()]", "[flatten(1)]", "[array()]",
        "[indexFromEnd(createArray(parameters('pw')), 'x')]", "[listOutputsWithSecureValues()]", "[list()]", "[coalesce()]",
        {"value": "[parameters('pw')]"}, {"reference": 1}, {"$ref": "#/definitions/x"}, {"type": "securestring"}, {"type": 5},
        {"copy": [{"name": "a", "count": 2, "input": "[parameters('pw')]"}]}, {"copy": [{}, 1, {"name": 3, "input": 4}]},
    ]
)  # fmt: skip
NAMES = st.sampled_from(
    [
        "name", "type", "properties", "settings", "outputs", "value", "copy", "input", "parameters", "variables",
        "template", "resources", "tags", "definitions", "$ref", "items", "prefixItems", "additionalProperties",
        "functions", "namespace", "members", "output", "defaultValue", "templateLink", "relativePath",
        "expressionEvaluationOptions", "scope", "dependsOn", "condition", "[parameters('pw')]", "x", "v",
    ]
)  # fmt: skip
ANYTHING = st.recursive(
    FRAGMENTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150)
@given(
    st.dictionaries(
        st.sampled_from(["parameters", "variables", "functions", "resources", "outputs", "definitions"]),
        ANYTHING,
    ),
    st.lists(ANYTHING, max_size=3),
    ANYTHING,
)
def test_nothing_raises_on_any_template(parts: Json, resources: list[Any], inside: Any) -> None:
    kinds = [
        "Microsoft.Resources/deployments",
        "Microsoft.Compute/virtualMachines/extensions",
        "Microsoft.Compute/virtualMachineScaleSets",
    ]
    made = [
        {"type": kind, "name": "x", "properties": each} for kind, each in zip(kinds, resources, strict=False)
    ]
    whole = template(**parts)
    if isinstance(whole["resources"], list):
        whole["resources"] = [
            *whole["resources"],
            *made,
            deployment({"parameters": inside, "outputs": inside}, inside),
        ]
    found(whole)
    found(deployment({"resources": [whole]}, scope="outer")["properties"]["template"])


def chain(length: int, link: Callable[[int], object], first: object = "[parameters('pw')]") -> Json:
    """Variables that need each other in a chain, the last in a public setting."""
    variables = {"v0": first} | {f"v{n}": link(n) for n in range(1, length + 1)}
    return command(f"[string(variables('v{length}'))]", variables=variables)


def nested_chain(depth: int, scope: str = "inner", back: bool = False) -> Json:
    made: Json = {"outputs": output("[parameters('pw')]")}
    for level in range(depth):
        passed = {"pw": {"value": "[concat('x', parameters('pw'))]"}} if scope == "inner" else None
        made["parameters"] = {"pw": SECURE}
        made = {"resources": [deployment(made, passed, scope, name=f"d{level}")]}
        if back:
            made["outputs"] = output(f"[reference('d{level}').outputs.o.value]")
    return template(**made)


def users(count: int, body: Callable[[int], str]) -> Json:
    members = {
        f"f{n}": {
            "parameters": [{"name": "a", "type": "string"}],
            "output": {"type": "string", "value": body(n)},
        }
        for n in range(count)
    }
    return command("[ns.f0(parameters('pw'))]", functions=[{"namespace": "ns", "members": members}])


def defaults(length: int) -> Json:
    parameters = {"pw": SECURE, "p0": PLAIN | {"defaultValue": "[parameters('pw')]"}}
    for n in range(1, length + 1):
        parameters[f"p{n}"] = PLAIN | {"defaultValue": f"[concat(parameters('p{n - 1}'), 'x')]"}
    return command(f"[parameters('p{length}')]", parameters=parameters)


def sequence(length: int) -> Json:
    resources = []
    for n in range(length):
        value = f"[reference('d{n + 1}').outputs.o.value]" if n < length - 1 else "[parameters('pw')]"
        inside = {"parameters": {"s": SECURE}, "outputs": output("[parameters('s')]")}
        resources.append(deployment(inside, {"s": {"value": value}}, name=f"d{n}"))
    return template(resources=resources)


def definitions(count: int, kind: Callable[[int], Json]) -> Json:
    return typed({"$ref": "#/definitions/t0"}, ".a.b", {f"t{n}": kind(n) for n in range(count)})


def backwards(made: Json) -> Json:
    return made | {"variables": dict(reversed(made["variables"].items()))}


def two(name: str, inner: str, n: int) -> str:
    return f"[{name}({inner.format(n)}, {inner.format(n)})]"


LISTED = "listKeys('{}', 'v')"
GROWING: dict[str, tuple[Callable[[int], Json], int, int]] = {
    "a chain of variables": (lambda n: chain(n, lambda i: f"[concat(variables('v{i - 1}'), 'x')]"), 1000, 1),
    "a chain backwards": (lambda n: backwards(chain(n, lambda i: f"[variables('v{i - 1}')]")), 1000, 1),
    "objects in objects": (lambda n: chain(n, lambda i: {"a": f"[variables('v{i - 1}')]"}), 1000, 1),
    "a diamond": (lambda n: chain(n, lambda i: two("concat", "variables('v{0}')", i - 1)), 20, 1),
    "a diamond of objects": (
        lambda n: chain(n, lambda i: {"a": f"[variables('v{i - 1}')]", "b": f"[variables('v{i - 1}')]"}),
        20,
        1,
    ),
    "a diamond of arrays": (
        lambda n: chain(n, lambda i: two("createArray", "variables('v{0}')", i - 1)),
        20,
        1,
    ),
    "a diamond of unions": (
        lambda n: chain(n, lambda i: two("union", "createObject('a', variables('v{0}'))", i - 1)),
        20,
        1,
    ),
    "a growing union": (
        lambda n: chain(
            n, lambda i: f"[union(variables('v{i - 1}'), createObject('k{i}', parameters('pw')))]", {}
        ),
        400,
        1,
    ),
    "branches": (
        lambda n: chain(
            n,
            lambda i: f"[if(parameters('f'), variables('v{i - 1}'), createObject('k{i}', parameters('pw')))]",
            {},
        ),
        400,
        1,
    ),
    "defaults": (defaults, 1000, 1),
    "a wide object": (
        lambda n: command(
            "[string(variables('w'))]", variables={"w": {f"k{i}": "[parameters('pw')]" for i in range(n)}}
        ),
        5000,
        1,
    ),
    "wide settings": (
        lambda n: template(resources=[extension({f"k{i}": "[parameters('pw')]" for i in range(n)})]),
        5000,
        5000,
    ),
    "items of a wide object": (
        lambda n: template(
            variables={"w": {f"k{i}": "[parameters('pw')]" for i in range(n)}},
            resources=[extension({f"k{i}": "[variables('w')[parameters('x')]]" for i in range(n)})],
        ),
        500,
        500,
    ),
    "many secrets": (lambda n: command(f"[concat({', '.join(map(LISTED.format, range(n)))})]"), 500, 64),
    "inner templates": (nested_chain, 15, 1),
    "inner templates and back": (lambda n: nested_chain(n, back=True), 15, 1),
    "outer templates": (lambda n: nested_chain(n, "outer"), 15, 1),
    "deployments one after the other": (sequence, 500, 1),
    "functions that call each other": (
        lambda n: users(n, lambda i: f"[ns.f{i + 1}(parameters('a'))]" if i < n - 1 else "[parameters('a')]"),
        500,
        1,
    ),
    "functions in rings": (
        lambda n: users(
            n,
            lambda i: (
                f"[concat(parameters('a'), ns.f{(i + 1) % n}(parameters('a')), ns.f{i * 7 % n}(parameters('a')))]"
            ),
        ),
        100,
        1,
    ),
    "types in rings": (
        lambda n: definitions(
            n,
            lambda i: {
                "type": "object",
                "properties": {"a": {"$ref": f"#/definitions/t{(i + 1) % n}"}, "b": SECURE},
            },
        ),
        500,
        1,
    ),
    "a diamond of types": (
        lambda n: definitions(
            n,
            lambda i: (
                {
                    "type": "object",
                    "properties": {
                        "a": {"$ref": f"#/definitions/t{i + 1}"},
                        "b": {"$ref": f"#/definitions/t{i + 1}"},
                    },
                }
                if i < 15
                else SECURE
            ),
        ),
        20,
        1,
    ),
    "loops in loops": (
        lambda n: command("[" + "map(createArray(1), lambda('x', " * n + "parameters('pw')" + "))" * n + "]"),
        20,
        1,
    ),
    "sums in sums": (
        lambda n: command(
            "[" + "reduce(createArray(1), '', lambda('x', 'y', " * n + "parameters('pw')" + "))" * n + "]"
        ),
        20,
        1,
    ),
}


@pytest.mark.parametrize("shape", GROWING)
def test_twice_the_size_takes_twice_the_time(shape: str) -> None:
    make, size, due = GROWING[shape]

    def seconds(times: int) -> float:
        model = Model(document(make(size * times)))
        assert model.templates
        assert model.resources is not None
        assert model.extensions is not None
        # What the tests before have left in memory must not be searched for garbage meanwhile.
        gc.disable()
        started = time.process_time()
        made = leaks.analyse(model)
        taken = time.process_time() - started
        gc.enable()
        assert len(made) == (due * times if due == size else due)
        return taken

    # The machine may be busy with something else: only the best of a few runs tells.
    once, twice = seconds(1), seconds(2)
    for _ in range(6):
        if twice <= 2.3 * max(once, 0.03):
            break
        once, twice = min(once, seconds(1)), min(twice, seconds(2))
    assert twice <= 2.3 * max(once, 0.03)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ({"$ref": "#/definitions/secret"}, "declared here as secret"),
        ({"type": "SecureString"}, "declared here as SecureString"),
    ],
)
def test_the_label_names_the_type_as_it_is_written(kind: Json, words: str) -> None:
    (told,) = found(typed(kind, "", {"secret": SECURE}))
    assert told.labels == (words,)


def test_a_type_that_is_none_is_not_repeated() -> None:
    inside = {"parameters": {"cmd": {"type": "Hunter2!"}}}
    (told,) = found(template(resources=[deployment(inside, {"cmd": {"value": "[parameters('pw')]"}})]))
    assert told.labels[1] == "declared here as a value of unknown type"


def test_no_finding_repeats_what_a_template_holds_in_literals() -> None:
    told = found(
        template(
            variables={"v": "[concat('Hunter2!', parameters('pw'))]"},
            resources=[
                extension({"x": "[concat('Hunter2!', variables('v'))]"}),
                deployment(
                    {"parameters": {"cmd": PLAIN}}, {"cmd": {"value": "[concat('Hunter2!', variables('v'))]"}}
                ),
            ],
            outputs=output("[concat('Hunter2!', listKeys('Hunter2!', 'v').k)]"),
        )
    )
    assert len(told) == 3
    for each in told:
        assert "Hunter2" not in each.message + "".join(each.flow + each.labels)


# ---------------------------------------------------------------------------- told once, told again


def test_a_way_that_was_not_told_is_told_though_another_was() -> None:
    for order in ("parameters('plain'), parameters('safe')", "parameters('safe'), parameters('plain')"):
        inside = {
            "parameters": {"plain": PLAIN, "safe": SECURE},
            "resources": [extension({"x": f"[concat({order})]"})],
        }
        passed = {"plain": {"value": "[parameters('pw')]"}, "safe": {"value": "[parameters('pw')]"}}
        told = found(template(resources=[deployment(inside, passed)]))
        assert {each.rule for each in told} == {"SEC204", "SEC201"}
        assert ["parameters('safe')" in each.flow for each in told if each.rule == "SEC201"] == [True]


def test_what_was_told_stays_told_however_long_the_way_is() -> None:
    variables = {"v0": "[createObject('a', parameters('plain'))]"}
    variables |= {f"v{n}": f"[variables('v{n - 1}')]" for n in range(1, 200)}
    inside = {
        "parameters": {"plain": {"type": "object"}},
        "variables": variables,
        "resources": [extension({"x": "[variables('v199').a.b]"})],
    }
    passed = {"plain": {"value": {"b": "[parameters('pw')]"}}}
    (told,) = found(template(resources=[deployment(inside, passed)]))
    assert told.rule == "SEC204"
    assert told.labels[-1] == "and reaches the public settings of extension 'config-app' on 'vm1'"


def test_places_behind_a_leak_are_told_once_each_and_not_without_end() -> None:
    settings_ = {f"k{n}": "[parameters('cmd')]" for n in range(500)}
    inside = {"parameters": {"cmd": PLAIN}, "resources": [extension(settings_)]}
    (told,) = found(template(resources=[deployment(inside, {"cmd": {"value": "[parameters('pw')]"}})]))
    assert 40 <= len(told.labels) <= 60


def test_what_remains_of_a_secure_object_is_followed_for_the_secrets_in_it() -> None:
    inside = {
        "parameters": {"cfg": {"type": "object"}},
        "resources": [extension({"x": "[parameters('cfg').password]", "y": "[parameters('cfg').size]"})],
    }
    parameters = {"conf": {"type": "secureObject"}}
    told = found(
        template(
            parameters=parameters,
            resources=[deployment(inside, {"cfg": {"value": "[parameters('conf').settings]"}})],
        )
    )
    assert [(each.rule, each.pointer.rpartition("/")[2]) for each in told] == [("SEC201", "x")]
    assert told[0].flow == ("parameters('conf')", "parameters('cfg')", "settings.x")


def test_a_leak_into_outer_scope_is_told_at_its_first_place() -> None:
    inside = {
        "outputs": output("[reference('deep').outputs.o.value]"),
        "resources": [
            {"type": "A.B/c", "name": "first", "properties": {"k": "[parameters('pw')]"}},
            deployment(
                {"parameters": {"p": SECURE}, "outputs": output("[parameters('p')]")},
                {"p": {"value": "[parameters('pw')]"}},
                name="deep",
            ),
        ],
    }
    nested = outer(inside)
    content = nested["properties"]["template"]
    # Looked at first is the output, for which the last resource is looked at.
    nested["properties"]["template"] = {"outputs": content.pop("outputs")} | content
    (told,) = found(template(resources=[nested], outputs=output("[reference('nested').outputs.o.value]")))
    assert (told.rule, told.pointer) == (
        "SEC203",
        "/resources/0/properties/template/resources/0/properties/k",
    )
    assert told.labels[0] == "declared here as securestring"
    assert set(told.labels[1:]) == {"and is evaluated here", "and is shown by output 'o'"}


# ------------------------------------------------------------------------------------ plain parameters


def plain_names(made: Json, place: tuple[str | int, ...]) -> set[str]:
    model = Model(document(made))
    assert model.root is not None
    tracer = Tracer(model.root, looks_secret, plain=True)
    node = model.document.root.at(*place) if model.document.root is not None else None
    assert node is not None
    owner = next(each for each in reversed(model.templates) if each.node.start <= node.start <= each.node.end)
    taint = tracer.node(node, owner.scope)
    assert not tracer.leaks
    return {source.name for source in taint.everything}


def test_plain_parameters_can_be_followed_instead() -> None:
    made = command(
        "[concat(variables('v'), parameters('o').x, parameters('n'), parameters('pw'), listKeys('a', 'b').c)]",
        parameters={"s": PLAIN, "o": {"type": "object"}, "n": {"type": "int"}, "pw": SECURE},
        variables={"v": "[toLower(parameters('s'))]"},
    )
    assert plain_names(made, ("resources", 0, "properties", "settings")) == {"s", "o"}


def test_plain_parameters_are_followed_into_nested_templates_and_back() -> None:
    inside = {
        "parameters": {"p": PLAIN, "q": PLAIN, "d": PLAIN | {"defaultValue": "x"}},
        "resources": [extension({"x": "[concat(parameters('p'), parameters('q'), parameters('d'))]"})],
        "outputs": output("[parameters('p')]"),
    }
    made = template(
        parameters={"s": PLAIN},
        resources=[deployment(inside, {"p": {"value": "[parameters('s')]"}, "q": {"value": "literal"}})],
        outputs=output("[reference('nested').outputs.o.value]"),
    )
    place = ("resources", 0, "properties", "template", "resources", 0, "properties", "settings")
    assert plain_names(made, place) == {"s"}
    assert plain_names(made, ("outputs", "o", "value")) == {"s"}


@pytest.mark.parametrize(
    ("default", "names"),
    [
        ("[resourceGroup().name]", {"d"}),
        ("[concat('a', uniqueString(resourceGroup().id))]", {"d"}),
        ("x", set()),
        ("[concat('x', 'y')]", set()),
    ],
)
def test_a_plain_parameter_that_is_not_passed_has_its_default(default: str, names: set[str]) -> None:
    inside = {
        "parameters": {"d": PLAIN | {"defaultValue": default}, "u": PLAIN},
        "resources": [extension({"x": "[concat(parameters('d'), parameters('u'))]"})],
    }
    place = ("resources", 0, "properties", "template", "resources", 0, "properties", "settings")
    assert plain_names(template(resources=[deployment(inside)]), place) == names
