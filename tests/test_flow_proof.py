"""A proof of strength: whatever way a secret takes, it is told once, at the first place that shows it.

Chains are put together at random: a source, any number of things that pass a secret on (every function
that carries one, variables by path, loops, users' functions, lambdas, branches, nested templates and
their outputs), a place that can be read. The generator knows which finding is due. The same chains
through something that lets no secret out, or into a place that keeps it, are silent.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from armlint.arm.functions import FUNCTIONS, Flow
from armlint.arm.model import Model
from armlint.checks import leaks
from armlint.checks.readable import READABLE, Readable
from armlint.jsontext import read
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    Json = dict[str, Any]
    Draw = Callable[[st.SearchStrategy[Any]], Any]

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
CHECKS = (
    leaks.secret_in_public_settings,
    leaks.secret_in_output,
    leaks.secret_in_outer_deployment,
    leaks.secret_to_plain_parameter,
    leaks.secret_in_readable_property,
)

# Each function that carries a secret, in a call that takes the string {e} and gives a string with it.
CARRY = {
    "array": "array({e})[0]",
    "base64": "base64({e})",
    "base64ToJson": "string(base64ToJson(base64({e})))",
    "base64ToString": "base64ToString(base64({e}))",
    "buildUri": "buildUri(createObject('scheme', 'https', 'host', 'h', 'path', {e}))",
    "coalesce": "coalesce(null(), {e})",
    "concat": "concat('x', {e})",
    "createArray": "createArray('x', {e})[1]",
    "createObject": "createObject('a', 'x', 'b', {e}).b",
    "dataUri": "dataUri({e})",
    "dataUriToString": "dataUriToString(dataUri({e}))",
    "extensionResourceId": "extensionResourceId('/x', 'Microsoft.X/y', {e})",
    "filter": "filter(createArray({e}), lambda('f', true()))[0]",
    "first": "first(createArray({e}, 'x'))",
    "flatten": "flatten(createArray(createArray('x'), createArray({e})))[1]",
    "format": "format('{{0}}-{{1}}', 'x', {e})",
    "groupBy": "groupBy(createArray({e}), lambda('g', 'k')).k[0]",
    "indexFromEnd": "indexFromEnd(createArray({e}, 'x'), 2)",
    "intersection": "intersection(createArray({e}), createArray({e}))[0]",
    "items": "items(createObject('a', {e}))[0].value",
    "join": "join(createArray('x', {e}), ',')",
    "json": "string(json(concat('{{\"a\": \"', {e}, '\"}}')).a)",
    "lambda": "map(createArray('x'), lambda('l', {e}))[0]",
    "lambdaVariables": "map(createArray({e}), lambda('v', lambdaVariables('v')))[0]",
    "last": "last(createArray('x', {e}))",
    "managementGroupResourceId": "managementGroupResourceId('Microsoft.X/y', {e})",
    "map": "map(createArray('x', {e}), lambda('m', concat('x', lambdaVariables('m'))))[1]",
    "mapValues": "mapValues(createObject('a', {e}), lambda('m', toLower(lambdaVariables('m')))).a",
    "objectKeys": "objectKeys(createObject({e}, 'x'))[0]",
    "padLeft": "padLeft({e}, 99)",
    "parseUri": "parseUri(concat('https://h/?', {e})).query",
    "reduce": "reduce(createArray('x', {e}), '', lambda('r', 's', concat(lambdaVariables('r'), lambdaVariables('s'))))",
    "replace": "replace({e}, 'a', 'b')",
    "resourceId": "resourceId('Microsoft.X/y', {e})",
    "shallowMerge": "shallowMerge(createArray(createObject('a', 'x'), createObject('b', {e}))).b",
    "skip": "skip(createArray('x', {e}), 1)[0]",
    "sort": "sort(createArray({e}), lambda('o', 'p', less(lambdaVariables('o'), lambdaVariables('p'))))[0]",
    "split": "split({e}, ',')[0]",
    "string": "string(createObject('a', {e}))",
    "subscriptionResourceId": "subscriptionResourceId('Microsoft.X/y', {e})",
    "substring": "substring({e}, 1)",
    "take": "take({e}, 4)",
    "tenantResourceId": "tenantResourceId('Microsoft.X/y', {e})",
    "toLower": "toLower({e})",
    "toObject": "toObject(createArray({e}), lambda('t', 'k'), lambda('t', lambdaVariables('t'))).k",
    "toUpper": "toUpper({e})",
    "trim": "trim({e})",
    "tryGet": "tryGet(createObject('a', createArray({e})), 'a', 0)",
    "tryIndexFromEnd": "tryIndexFromEnd(createArray({e}), 1)",
    "union": "union(createObject('a', 'x', 'b', 'x'), createObject('b', {e})).b",
    "uri": "uri('https://h/', {e})",
    "uriComponent": "uriComponent({e})",
    "uriComponentToString": "uriComponentToString({e})",
}
# Further calls that carry a secret.
OTHERS = (
    "if(parameters('flag'), {e}, 'x')",
    "if(parameters('flag'), 'x', {e})",
    "if(true(), {e}, 'x')",
    "if(empty({e}), 'x', {e})",
    "replace('xax', 'a', {e})",
    "coalesce(parameters('maybe'), {e})",
    "concat(createArray('x'), createArray({e}))[1]",
    "union(createArray('x'), createArray({e}))[1]",
    "createObject('a', createArray(createObject('b', {e}))).a[0].b",
    "reduce(createArray('x'), {e}, lambda('r', 's', lambdaVariables('r')))",
    "map(createArray(createObject('a', 'x', 'b', {e})), lambda('m', lambdaVariables('m').b))[0]",
    "ns.same({e})",
    "ns.second('x', {e})",
    "ns.pick(createObject('a', 'x', 'b', {e}), 'b')",
    "ns.nested({e})",
)
# What lets no secret out; each gives a string.
STOP = (
    "string(empty({e}))",
    "string(length({e}))",
    "string(equals({e}, 'x'))",
    "string(contains({e}, 'x'))",
    "string(startsWith({e}, 'x'))",
    "string(endsWith({e}, 'x'))",
    "string(indexOf({e}, 'x'))",
    "string(lastIndexOf({e}, 'x'))",
    "string(greater({e}, 'x'))",
    "string(less({e}, 'x'))",
    "string(not(empty({e})))",
    "string(and(empty({e}), true()))",
    "string(or(empty({e}), false()))",
    "string(int({e}))",
    "uniqueString({e})",
    "guid({e})",
    "if(empty({e}), 'x', 'y')",
    "if(equals({e}, 'z'), 'x', 'y')",
    "if(false(), {e}, 'x')",
    "coalesce('x', {e})",
    "createObject('a', 'x', 'b', {e}).a",
    "tryGet(createObject('a', 'x', 'b', {e}), 'a')",
    "createArray('x', {e})[0]",
    "first(createArray('x', {e}))",
    "last(createArray({e}, 'x'))",
    "union(createObject('b', {e}), createObject('b', 'x')).b",
    "shallowMerge(createArray(createObject('b', {e}), createObject('b', 'x'))).b",
    "items(createObject('a', {e}))[0].key",
    "join(objectKeys(createObject('a', {e})), ',')",
    "string(map(createArray({e}), lambda('m', length(lambdaVariables('m')))))",
    "string(map(createArray(createObject('a', 'x', 'b', {e})), lambda('m', lambdaVariables('m').a)))",
    "string(filter(createArray('x'), lambda('f', equals(lambdaVariables('f'), {e}))))",
    "string(reduce(createArray({e}), 0, lambda('r', 's', add(lambdaVariables('r'), length(lambdaVariables('s'))))))",
    "ns.second({e}, 'x')",
    "ns.pick(createObject('a', 'x', 'b', {e}), 'a')",
    "ns.length({e})",
)


def function(names: str, value: object) -> Json:
    parameters = [{"name": name, "type": "string"} for name in names.split()]
    return {"parameters": parameters, "output": {"type": "string", "value": value}}


USERS = [
    {
        "namespace": "ns",
        "members": {
            "same": function("a", "[parameters('a')]"),
            "second": function("a b", "[concat('x', parameters('B'))]"),
            "pick": function("o k", "[parameters('o')[parameters('k')]]"),
            "nested": function("a", "[ns.same(ns.second('y', parameters('a')))]"),
            "length": function("a", "[string(length(parameters('a')))]"),
        },
    }
]


class Due(NamedTuple):
    """The finding that is due."""

    rule: str
    pointer: str
    title: str


class World:
    """A template with the secret in an expression, and the finding that is due by now."""

    def __init__(self, draw: Draw | None) -> None:
        self.draw = draw
        self.root = self.new()
        self.around: list[tuple[Json, str, str]] = []
        """The templates around the current one: each with its pointer, and the name of the deployment in it."""
        self.here, self.at = self.root, ""
        self.expression = ""
        self.title = ""
        self.due: Due | None = None
        self.count = 0

    def new(self) -> Json:
        return {
            "$schema": SCHEMA,
            "contentVersion": "1.0.0.0",
            "languageVersion": "2.0",
            "definitions": {"account": {"type": "object", "properties": {"word": {"type": "securestring"}}}},
            "parameters": {"flag": {"type": "bool"}, "maybe": {"type": "string", "nullable": True}},
            "variables": {},
            "functions": USERS,
            "resources": [],
            "outputs": {},
        }

    def one_of(self, *choices: Any) -> Any:
        return choices[0] if self.draw is None else self.draw(st.sampled_from(choices))

    def name(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def tell(self, rule: str, pointer: str) -> None:
        """Something shows the secret here. What comes later is part of the same finding."""
        if self.due is None:
            self.due = Due(rule, pointer, self.title)

    def add(self, resource: Json) -> str:
        """Put a resource into the current template; its pointer."""
        self.here["resources"].append(resource)
        return f"{self.at}/resources/{len(self.here['resources']) - 1}"

    # -- sources --

    def source(self) -> None:
        self.one_of(self.string, self.object, self.typed, self.listed, self.vault)()

    def string(self) -> None:
        name = self.name("s")
        self.here["parameters"][name] = {"type": self.one_of("securestring", "secureString", "SECURESTRING")}
        self.expression, self.title = f"parameters('{name}')", f"secure parameter '{name}'"

    def object(self) -> None:
        name = self.name("o")
        self.here["parameters"][name] = {"type": self.one_of("secureObject", "secureobject")}
        field = self.one_of(".adminPassword", "['sqlPassword']", ".db.connectionString", ".apiKeys[0]")
        self.expression, self.title = f"parameters('{name}'){field}", f"secure parameter '{name}'"

    def typed(self) -> None:
        name = self.name("t")
        account = {"$ref": "#/definitions/account"}
        kind, access = self.one_of(
            (account, ".word"),
            ({"type": "array", "items": account}, "[0].word"),
            ({"type": "object", "properties": {"x": {"type": "int"}, "deep": account}}, ".deep.word"),
            ({"type": "object", "additionalProperties": account}, ".any.word"),
            ({"type": "array", "prefixItems": [{"type": "string"}, account]}, "[1].word"),
        )
        self.here["parameters"][name] = kind
        self.expression, self.title = f"parameters('{name}'){access}", f"a secure part of parameter '{name}'"

    def listed(self) -> None:
        call, access = self.one_of(
            ("listKeys", "('id', '2023-01-01').keys[0].value"),
            ("listAccountSas", "('id', '2023-01-01', createObject()).accountSasToken"),
            ("list", "('id', '2023-01-01').properties.publishingPassword"),
        )
        self.expression, self.title = f"{call}{access}", f"the result of {call}()"

    def vault(self) -> None:
        self.title = "a Key Vault secret"
        reference = {"reference": {"keyVault": {"id": "/x"}, "secretName": "y"}}
        self.enter(reference, {"type": "securestring"})

    # -- what passes a secret on --

    def enter(self, passed: Json | str, kind: Json) -> str:
        """Pass the secret into a nested template in inner scope; the pointer of what is passed."""
        name, parameter = self.name("d"), self.name("p")
        nested = self.new()
        nested["parameters"][parameter] = kind
        made = self.add(
            {
                "type": "Microsoft.Resources/deployments",
                "apiVersion": "2022-09-01",
                "name": name,
                "properties": {
                    "mode": "Incremental",
                    "expressionEvaluationOptions": {"scope": "inner"},
                    "parameters": {parameter: passed},
                    "template": nested,
                },
            }
        )
        self.around.append((self.here, self.at, name))
        self.here, self.at = nested, f"{made}/properties/template"
        self.expression = f"parameters('{parameter}')"
        return f"{made}/properties/parameters/{parameter}"

    def secure_parameter(self) -> None:
        value = {"value": f"[{self.expression}]"}
        wrapped = (
            f"[if(parameters('flag'), createObject('value', {self.expression}), createObject('value', ''))]"
        )
        self.enter(self.one_of(value, wrapped), {"type": "secureString"})

    def plain_parameter(self) -> None:
        form = self.one_of("value", "wrapped", "object")
        if form == "value":
            self.tell("SEC204", self.enter({"value": f"[{self.expression}]"}, {"type": "string"}) + "/value")
        elif form == "wrapped":
            self.tell("SEC204", self.enter(f"[createObject('value', {self.expression})]", {"type": "string"}))
        else:
            passed = {"value": {"a": "x", "b": [f"[{self.expression}]"]}}
            self.tell("SEC204", self.enter(passed, {"type": "object"}) + "/value")
            self.expression += ".b[0]"

    def leave(self, kind: str) -> str:
        """Give the secret back as an output; the pointer of its value."""
        output = self.name("out")
        self.here["outputs"][output] = {"type": kind, "value": f"[{self.expression}]"}
        pointer = f"{self.at}/outputs/{output}/value"
        self.here, self.at, name = self.around.pop()
        call = self.one_of(
            f"reference('{name}')",
            f"reference(resourceId('Microsoft.Resources/deployments', '{name}'), '2022-09-01')",
        )
        if kind == "string":
            ending = self.one_of(".value", "['value']")
            self.expression = f"{call}.outputs.{output}{ending}"
        else:
            self.expression = f"listOutputsWithSecureValues('{name}', '2025-04-01').{output}"
        return pointer

    def plain_output(self) -> None:
        if self.around:
            self.tell("SEC202", self.leave("string"))

    def secure_output(self) -> None:
        if self.around:
            self.leave("securestring")

    def call(self) -> None:
        self.expression = self.one_of(*CARRY.values(), *OTHERS).format(e=self.expression)

    def variable(self) -> None:
        name, text = self.name("v"), f"[{self.expression}]"
        value, access = self.one_of(
            (text, ""),
            ({"a": "x", "b": text}, ".b"),
            ({"a": {"B": ["x", {"c": text}]}}, "['A'].b[1].c"),
            (["x", text], "[add(0, 1)]"),
            ({"copy": [{"name": "m", "count": 2, "input": text}]}, ".m[1]"),
            ({"[concat('k', parameters('maybe'))]": text}, ".kx"),
            (f"[createObject('a', 'x', 'b', {self.expression})]", ".b"),
        )
        self.here["variables"][name] = value
        self.expression = f"variables('{name}'){access}"

    def loop(self) -> None:
        name = self.name("v")
        loops = self.here["variables"].setdefault("copy", [])
        loops.append({"name": name, "count": 3, "input": {"a": "x", "b": f"[{self.expression}]"}})
        self.expression = f"variables('{name}')[2].b"

    def default(self) -> None:
        name = self.name("p")
        self.here["parameters"][name] = {"type": "string", "defaultValue": f"[{self.expression}]"}
        self.expression = f"parameters('{name}')"

    # -- places that show it --

    def extension(self, member: str, value: object, kind: str = "", /) -> str:
        resource = {
            "type": kind or "Microsoft.Compute/virtualMachines/extensions",
            "apiVersion": "2024-07-01",
            "name": "vm/ext",
            "properties": {"publisher": "P", "type": "T", "typeHandlerVersion": "1.0", member: value},
        }
        return self.add(resource) + f"/properties/{member}"

    def settings(self) -> None:
        text = f"[{self.expression}]"
        form = self.one_of(
            "member", "deep", "item", "key", "loop", "whole", "union", "properties", "arc", "set", "sets"
        )
        if form == "member":
            pointer = self.extension("settings", {"commandToExecute": text}) + "/commandToExecute"
        elif form == "deep":
            pointer = self.extension("settings", {"a": {"b": text}}) + "/a/b"
        elif form == "item":
            pointer = self.extension("settings", {"fileUris": ["x", text]}) + "/fileUris/1"
        elif form == "key":
            pointer = self.extension("settings", {text: 1}) + f"/{text.replace('~', '~0').replace('/', '~1')}"
        elif form == "loop":
            loops = {"copy": [{"name": "fileUris", "count": 2, "input": text}]}
            pointer = self.extension("settings", loops) + "/copy/0/input"
        elif form == "whole":
            pointer = self.extension("settings", f"[createObject('a', {self.expression})]")
        elif form == "union":
            pointer = self.extension(
                "settings", f"[union(createObject('a', 1), createObject('b', {self.expression}))]"
            )
        elif form == "properties":
            held = f"[createObject('publisher', 'P', 'settings', createObject('a', {self.expression}))]"
            resource = {
                "type": "Microsoft.Compute/virtualMachines/extensions",
                "name": "vm/ext",
                "properties": held,
            }
            pointer = self.add(resource) + "/properties"
        elif form == "arc":
            pointer = (
                self.extension("settings", {"a": text}, "Microsoft.HybridCompute/machines/extensions") + "/a"
            )
        else:
            item = {"name": "ext", "properties": {"publisher": "P", "type": "T", "settings": {"a": text}}}
            held = f"[createArray(createObject('properties', createObject('settings', {self.expression})))]"
            profile = {"extensionProfile": {"extensions": [item] if form == "set" else held}}
            properties = {"virtualMachineProfile": profile}
            resource = {
                "type": "Microsoft.Compute/virtualMachineScaleSets",
                "name": "set",
                "properties": properties,
            }
            pointer = self.add(resource) + "/properties/virtualMachineProfile/extensionProfile/extensions"
            pointer += "/0/properties/settings/a" if form == "set" else ""
        self.tell("SEC201", pointer)

    def output(self) -> None:
        name = self.name("out")
        text = f"[{self.expression}]"
        output, inside = self.one_of(
            ({"type": "string", "value": text}, "/value"),
            ({"type": "object", "value": {"a": ["x", {"b": text}]}}, "/value/a/1/b"),
            ({"type": "object", "value": f"[createObject('a', {self.expression})]"}, "/value"),
            ({"type": "array", "copy": {"count": 2, "input": text}}, "/copy/input"),
        )
        self.here["outputs"][name] = output
        self.tell("SEC202", f"{self.at}/outputs/{name}{inside}")

    def failure(self) -> None:
        name = self.name("v")
        self.here["variables"][name] = f"[if(parameters('flag'), 'x', fail({self.expression}))]"
        self.tell("SEC208", f"{self.at}/variables/{name}")

    def readable(self, row: Readable | None = None) -> None:
        row = self.one_of(*READABLE) if row is None else row
        resource: Json = {
            "type": self.one_of(*(row.types or ("Microsoft.X/y",))),
            "apiVersion": "1",
            "name": "n",
        }
        cut = self.one_of(*range(1, len(row.path) + 1))
        value: object = f"[{self.expression}]"
        if cut < len(row.path):
            held = self.expression
            for name in reversed(row.path[cut:]):
                held = f"createArray({held})" if name == "*" else f"createObject('{name}', {held})"
            value = f"[{held}]"
        pointer = ""
        for depth in range(cut - 1, -1, -1):
            name = row.path[depth]
            many = name == "*" and row.path[depth - 1] in {
                "parameters",
                "configurationSettings",
                "environmentVariables",
            }
            if name == "*" and not (many and self.one_of(True, False)):
                value, pointer = [value], f"/0{pointer}"
            else:
                name = "k" if name == "*" else name
                value, pointer = {name: value}, f"/{name}{pointer}"
        assert isinstance(value, dict)
        self.tell("SEC208", self.add(resource | value) + pointer)

    def outer(self) -> None:
        text = f"[{self.expression}]"
        inner = {
            "type": "Microsoft.Resources/deployments",
            "name": "deep",
            "properties": {
                "expressionEvaluationOptions": {"scope": "inner"},
                "parameters": {"p": {"value": text}},
                "template": {
                    "$schema": SCHEMA,
                    "parameters": {"p": {"type": "securestring"}},
                    "resources": [],
                },
            },
        }
        inside, place = self.one_of(
            ({"outputs": {"o": {"type": "string", "value": text}}}, "/outputs/o/value"),
            ({"outputs": {"o": {"type": "securestring", "value": text}}}, "/outputs/o/value"),
            ({"resources": [{"type": "A.B/c", "name": "n", "properties": {"adminPassword": text}}]}, "/resources/0/properties/adminPassword"),
            ({"resources": [inner]}, "/resources/0/properties/parameters/p/value"),
        )  # fmt: skip
        scope = {"expressionEvaluationOptions": {"scope": self.one_of("outer", "Outer")}}
        nested = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": []} | inside
        properties = {"mode": "Incremental", "template": nested} | scope
        made = self.add(
            {"type": "Microsoft.Resources/deployments", "name": "outer", "properties": properties}
        )
        self.tell("SEC203", f"{made}/properties/template{place}")

    # -- places that keep it --

    def kept(self) -> None:
        text = f"[{self.expression}]"
        form = self.one_of(
            "protected", "output", "password", "script", "container", "vault", "parameter", "saved"
        )
        if form == "protected":
            self.extension("protectedSettings", {"commandToExecute": text})
        elif form == "output":
            self.here["outputs"][self.name("out")] = {"type": "securestring", "value": text}
        elif form == "password":
            properties = {"osProfile": {"adminUsername": "u", "adminPassword": text}}
            self.add({"type": "Microsoft.Compute/virtualMachines", "name": "vm", "properties": properties})
        elif form == "script":
            properties = {"environmentVariables": [{"name": "X", "secureValue": text}]}
            self.add({"type": "Microsoft.Resources/deploymentScripts", "name": "s", "properties": properties})
        elif form == "container":
            container = {
                "name": "c",
                "properties": {"environmentVariables": [{"name": "X", "secureValue": text}]},
            }
            properties = {
                "containers": [container],
                "imageRegistryCredentials": [{"server": "x", "password": text}],
            }
            self.add(
                {"type": "Microsoft.ContainerInstance/containerGroups", "name": "g", "properties": properties}
            )
        elif form == "vault":
            self.add(
                {"type": "Microsoft.KeyVault/vaults/secrets", "name": "v/s", "properties": {"value": text}}
            )
        elif form == "parameter":
            self.enter({"value": text}, {"type": "securestring"})
            self.extension("protectedSettings", {"x": f"[{self.expression}]"})
        else:
            properties = {"isEncrypted": True, "value": text}
            self.add(
                {
                    "type": "Microsoft.Automation/automationAccounts/variables",
                    "name": "a/v",
                    "properties": properties,
                }
            )


class Finding(NamedTuple):
    rule: str
    pointer: str
    message: str
    flow: list[tuple[str, str]]
    """The characters and the words of each step."""


def findings(template: Json) -> list[Finding]:
    text = json.dumps(template)
    model = Model(read(Source(text)))
    assert not model.document.errors
    return [
        Finding(
            str(check.__doc__)[:6],
            result.pointer,
            result.message,
            [(text[label.span.start : label.span.end], label.message) for label in result.flow],
        )
        for check, subjects in (
            *((c, model.templates) for c in CHECKS),
            (leaks.key_vault_reference_plain, [model]),
        )
        for each in subjects
        for result in check(each, model)
    ]


def shows_exactly(world: World) -> None:
    assert world.due is not None
    (finding,) = findings(world.root)
    assert (finding.rule, finding.pointer) == (world.due.rule, world.due.pointer)
    assert finding.message.startswith(world.due.title)
    points_at_its_steps(finding, world.due)


def points_at_its_steps(finding: Finding, due: Due) -> None:
    """Each step stands at the characters that it speaks of, the source first and the place last."""
    for characters, words in finding.flow[:-1]:
        named = re.fullmatch(r"(?:parameters|variables)\('(\w+)'\)", words)
        if named is not None:
            assert characters in {f'"{named[1]}"', '"defaultValue"'}
        elif words.startswith("outputs."):
            assert characters == '"value"'
        else:
            assert (
                characters.startswith(words.removesuffix("(…)").removeprefix('"'))
                or characters == f'"{words}"'
            )
    source = finding.flow[0][1]
    if due.title.startswith("the result of"):
        assert source.removesuffix("(…)") in due.title
    elif "parameter" in due.title:
        assert source == f"parameters({due.title.rpartition(' ')[2]})"
    else:
        assert source == "reference"
    last = due.pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    assert finding.flow[-1][1].endswith(last)
    assert finding.flow[-1][0].startswith('"')


def draws(data: st.DataObject) -> Draw:
    return data.draw


PASSING = (
    World.call,
    World.call,
    World.variable,
    World.loop,
    World.secure_parameter,
    World.secure_output,
    World.default,
)
SHOWING = (World.plain_parameter, World.plain_output)
SINKS = (World.settings, World.output, World.failure, World.readable, World.readable, World.outer)


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_secret_is_told_once_where_it_is_first_shown(data: st.DataObject) -> None:
    world = World(draws(data))
    world.source()
    for _ in range(data.draw(st.integers(0, 7))):
        world.one_of(*PASSING, *SHOWING)(world)
    world.one_of(*SINKS)(world)
    shows_exactly(world)


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_what_lets_no_secret_out_is_silent(data: st.DataObject) -> None:
    world = World(draws(data))
    world.source()
    passing = [each for each in PASSING if each is not World.default]
    for _ in range(data.draw(st.integers(0, 4))):
        world.one_of(*passing)(world)
    world.expression = world.one_of(*STOP).format(e=world.expression)
    # What a template takes as a secret is one to it, whatever is passed.
    open_ = [each for each in passing if each not in {World.secure_parameter, World.secure_output}]
    for _ in range(data.draw(st.integers(0, 3))):
        world.one_of(*open_, *SHOWING)(world)
    world.one_of(*SINKS)(world)
    assert findings(world.root) == []


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_what_keeps_a_secret_is_silent(data: st.DataObject) -> None:
    world = World(draws(data))
    world.source()
    passing = [each for each in PASSING if each is not World.default]
    for _ in range(data.draw(st.integers(0, 6))):
        world.one_of(*passing)(world)
    world.kept()
    assert findings(world.root) == []


def test_the_generator_knows_every_function_that_carries() -> None:
    carrying = {row.name for row in FUNCTIONS.values() if row.flow is Flow.CARRY}
    assert set(CARRY) == carrying - {"fail"}


@pytest.mark.parametrize("call", [*CARRY.values(), *OTHERS], ids=[*CARRY, *OTHERS])
def test_a_secret_passes(call: str) -> None:
    world = World(None)
    world.string()
    world.expression = call.format(e=world.expression)
    pointer = world.extension("settings", {"a": f"[{world.expression}]"}) + "/a"
    world.tell("SEC201", pointer)
    shows_exactly(world)


@pytest.mark.parametrize("call", STOP)
def test_no_secret_passes(call: str) -> None:
    world = World(None)
    world.string()
    world.extension("settings", {"a": f"[{call.format(e=world.expression)}]"})
    assert findings(world.root) == []


@pytest.mark.parametrize("row", READABLE, ids=lambda row: f"{'|'.join(row.types)}:{'.'.join(row.path)}")
@given(st.data())
@settings(max_examples=5)
def test_every_readable_property_is_told(row: Readable, data: st.DataObject) -> None:
    world = World(draws(data))
    world.string()
    world.readable(row)
    shows_exactly(world)
