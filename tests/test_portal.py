"""UID7xx: createUiDefinition.json, by itself and beside its template."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import armlint
from armlint.arm import uidefinition
from armlint.arm.kind import Kind, kind_of
from armlint.files import may_be_ours
from armlint.jsontext import read
from armlint.run import check_file, load_rules
from armlint.source import Source

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "https://schema.management.azure.com/schemas/0.1.2-preview/CreateUIDefinition.MultiVm.json#"
TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {
        "location": {"type": "string"},
        "name": {"type": "string"},
        "adminPassword": {"type": "SecureString"},
        "plain": {"type": "string", "defaultValue": ""},
        "given": {"$ref": "#/definitions/x", "nullable": True},
        "sku": {"type": "string", "allowedValues": ["Small", "large"], "defaultValue": "small"},
    },
    "resources": [],
}
GOOD_OUTPUTS = {
    "location": "[location()]",
    "name": "[basics('name')]",
    "adminPassword": "[steps('vm').password]",
}
BASICS = [{"name": "name", "type": "Microsoft.Common.TextBox"}]
PASSWORD = {
    "name": "password",
    "type": "Microsoft.Common.PasswordBox",
    "constraints": {"regex": "^.{12,}$"},
}


def form(
    outputs: object = None, elements: list[Any] | None = None, basics: list[Any] | None = None, **top: Any
) -> dict[str, Any]:
    return {
        "$schema": SCHEMA,
        "handler": "Microsoft.Azure.CreateUIDef",
        "version": "0.1.2-preview",
        **top,
        "parameters": {
            "basics": BASICS if basics is None else basics,
            "steps": [
                {"name": "vm", "label": "VM", "elements": [PASSWORD] if elements is None else elements}
            ],
            "outputs": GOOD_OUTPUTS if outputs is None else outputs,
        },
    }


def told(document: dict[str, Any], rule: str) -> list[str]:
    return [f.pointer for f in armlint.check(json.dumps(document), select=[rule])]


def told_beside(folder: Path, document: dict[str, Any], rule: str, template: Any = TEMPLATE) -> list[str]:
    (folder / "mainTemplate.json").write_text(json.dumps(template), "utf-8")
    file = folder / "createUiDefinition.json"
    file.write_text(json.dumps(document), "utf-8")
    return [f.pointer for f in armlint.check_paths([file], select=[rule])]


OUT = "/parameters/outputs"
ELEMENT = "/parameters/steps/0/elements/0"


@pytest.mark.parametrize(
    "document",
    [form(), {k: v for k, v in form().items() if k != "$schema"}, form(**{"$schema": SCHEMA.lower()})],
)
def test_a_form_is_recognised(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    assert may_be_ours(text.encode())
    assert kind_of(read(Source(text))) is Kind.UI_DEFINITION


@pytest.mark.parametrize(
    "document",
    [
        {"handler": "Microsoft.Azure.Other", "parameters": {}},
        {"$schema": SCHEMA.replace("CreateUIDefinition", "viewDefinition"), "parameters": {}},
        {"$schema": "http://json-schema.org/draft-04/schema#", "id": SCHEMA, "properties": {}},
    ],
)
def test_other_files_are_no_forms(document: dict[str, Any]) -> None:
    assert kind_of(read(Source(json.dumps(document)))) is Kind.OTHER


def test_a_sound_form_draws_nothing(tmp_path: Path) -> None:
    for rule in load_rules().rules:
        if rule.id.startswith("UID") and rule.enabled:
            assert told_beside(tmp_path, form(), rule.id) == [], rule.id


ODD: list[Any] = [None, [], "x", 3, {"parameters": None}, {"parameters": []}]
ODD += [{"parameters": {"basics": {}, "steps": "x", "outputs": []}}]
ODD += [
    {
        "parameters": {
            "basics": [None, 1, {"name": 1, "type": 2}],
            "steps": [3, {"name": None}],
            "outputs": None,
        }
    }
]
ODD += [
    form(
        {"x": [{"y": "[basics()]"}, "[basics(concat('a','b'))]", "[steps('vm')[1]]", "[x y]"]},
        [{"name": "a"}],
    )
]
ODD += [
    form(
        None, [{"name": "a", "type": t, "constraints": c, "options": c, "toolTip": c, "recommendedSizes": c}]
    )
    for t in ("Microsoft.Common.PasswordBox", "Microsoft.Common.TextBox", "Microsoft.Compute.SizeSelector")
    for c in (None, [], "x", {"validations": [None, 1, {"regex": 3}], "regex": 4, "allowedSizes": [None, {}]})
]


@pytest.mark.parametrize("document", ODD)
def test_no_rule_fails_on_odd_forms(document: Any, tmp_path: Path) -> None:
    content = (
        {"handler": "Microsoft.Azure.CreateUIDef", **document} if isinstance(document, dict) else document
    )
    (tmp_path / "azuredeploy.json").write_text(json.dumps(TEMPLATE), "utf-8")
    file = tmp_path / "createUiDefinition.json"
    file.write_text(json.dumps(content), "utf-8")
    assert check_file(str(file), load_rules().select(["all"])).broken is False


class TestBesideTheTemplate:
    def test_without_a_template_nothing_is_known(self) -> None:
        assert told(form({"other": "x"}), "UID701") == []
        assert told(form({}), "UID702") == []

    @pytest.mark.parametrize("template", [{"x": 1}, [], {"resources": {}, "parameters": []}])
    def test_what_is_no_template_tells_nothing_wrong(self, tmp_path: Path, template: Any) -> None:
        assert told_beside(tmp_path, form({}), "UID702", template) == []

    def test_outputs_are_parameters(self, tmp_path: Path) -> None:
        outputs = {**GOOD_OUTPUTS, "NAME": "x", "nam": "y", "ManagedIdentity": "z"}
        assert told_beside(tmp_path, form(outputs), "UID701") == [f"{OUT}/nam"]

    def test_parameters_without_a_default_are_passed(self, tmp_path: Path) -> None:
        assert told_beside(tmp_path, form({"name": "x"}), "UID702") == [OUT, OUT]

    def test_passwords_go_to_secure_parameters(self, tmp_path: Path) -> None:
        outputs = {
            "plain": "[concat('a', steps('vm').password)]",
            "adminPassword": "[steps('vm')['PASSWORD']]",
            "given": "[steps('vm').password]",
        }
        assert told_beside(tmp_path, form(outputs), "UID704") == [f"{OUT}/plain"]

    def test_the_user_of_credentials_is_no_password(self, tmp_path: Path) -> None:
        box = {"name": "who", "type": "Microsoft.Compute.CredentialsCombo"}
        outputs = {"plain": "[steps('vm').who.authenticationType]", "name": "[steps('vm').who.password]"}
        assert told_beside(tmp_path, form(outputs, [box]), "UID704") == [f"{OUT}/name"]

    def test_a_secure_parameter_gets_no_fixed_value(self, tmp_path: Path) -> None:
        outputs = {"adminPassword": "the same for all", "plain": "x"}
        assert told_beside(tmp_path, form(outputs), "UID705") == [f"{OUT}/adminPassword"]

    def test_choices_are_allowed(self, tmp_path: Path) -> None:
        values: list[Any] = [{"label": "a", "value": "SMALL"}, {"label": "b", "value": "huge"}]
        values += [{"label": "c", "value": "[concat('x')]"}, "large"]
        box = {"name": "size", "type": "Microsoft.Common.DropDown", "constraints": {"allowedValues": values}}
        found = told_beside(tmp_path, form({"sku": "[steps('vm').size]"}, [box]), "UID712")
        assert found == [f"{ELEMENT}/constraints/allowedValues/1/value"]
        assert told_beside(tmp_path, form({"sku": "[toLower(steps('vm').size)]"}, [box]), "UID712") == []


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("[basics('NAME')]", False),
        ("[basics('other')]", True),
        ("[steps('vm').password]", False),
        ("[steps('vm')['password'].x]", False),
        ("[steps('VM').other]", True),
        ("[steps('net').password]", True),
        ("[steps('vm')]", False),
        ("[steps('vm').group.inner]", False),
        ("[steps('vm').group]", False),
        ("[steps('vm').group.other]", True),
        ("[concat('a', basics('name'), basics('other'))]", True),
        ("[if(equals(basics('x'), true), 1, 2)]", False),
        ("basics('other')", False),
    ],
)
def test_controls_in_outputs_exist(expression: str, wrong: bool) -> None:
    inner = {"name": "inner", "type": "Microsoft.Common.TextBox"}
    group = {"name": "group", "type": "Microsoft.Common.Section", "elements": [inner]}
    document = form({"name": expression}, [PASSWORD, group])
    assert told(document, "UID703") == ([f"{OUT}/name"] if wrong else [])


def test_a_default_password_is_never_printed() -> None:
    secret = f"Summer-{2031}!"
    box = {**PASSWORD, "defaultValue": secret}
    (finding,) = armlint.check(json.dumps(form(None, [box])), select=["UID705"])
    assert finding.pointer == f"{ELEMENT}/defaultValue"
    assert secret[:4] not in finding.message


@pytest.mark.parametrize(
    ("rule", "control", "pointer"),
    [
        ("UID705", {**PASSWORD, "defaultValue": "[guid()]"}, None),
        ("UID706", {**PASSWORD, "options": {"hideConfirmation": True}}, "/options/hideConfirmation"),
        ("UID706", {**PASSWORD, "options": {"hideConfirmation": "[false()]"}}, None),
        ("UID706", {**PASSWORD, "name": "apiKey", "options": {"hideConfirmation": True}}, None),
        ("UID706", {**PASSWORD, "name": "gitHubToken", "options": {"hideConfirmation": True}}, None),
        (
            "UID706",
            {**PASSWORD, "name": "keystorePassword", "options": {"hideConfirmation": True}},
            "/options/hideConfirmation",
        ),
        (
            "UID706",
            {**PASSWORD, "name": "adminPasswordOrKey", "options": {"hideConfirmation": True}},
            "/options/hideConfirmation",
        ),
        ("UID707", {**PASSWORD, "constraints": {"required": True}}, "/constraints"),
        ("UID707", {**PASSWORD, "constraints": {"regex": "^[a-z]+$"}}, "/constraints/regex"),
        (
            "UID707",
            {**PASSWORD, "constraints": {"validations": [{"isValid": "[x]"}]}},
            "/constraints/validations/0/isValid",
        ),
        (
            "UID707",
            {**PASSWORD, "constraints": {"validations": [{"isValid": "[greater(length(x), 11)]"}]}},
            None,
        ),
        ("UID708", {"name": "x", "type": "microsoft.common.textbox"}, ""),
        ("UID708", {"name": "x", "type": "Microsoft.Common.DropDown"}, None),
        (
            "UID709",
            {"name": "x", "type": "Microsoft.Compute.UserNameTextBox", "defaultValue": "a"},
            "/defaultValue",
        ),
        ("UID713", {"name": "x", "type": "T", "constraints": {"regex": "(("}}, "/constraints/regex"),
        ("UID713", {"name": "x", "type": "T", "constraints": {"regex": "[concat('((')]"}}, None),
        ("UID713", {"name": "x", "type": "T", "constraints": {"regex": "^(?<a>x)\\p{L}$"}}, None),
        ("UID713", {"name": "x", "type": "T", "constraints": {"regex": "(" * 1999}}, "/constraints/regex"),
        (
            "UID713",
            {"name": "x", "type": "T", "constraints": {"validations": [{"message": ""}]}},
            "/constraints/validations/0",
        ),
        ("UID714", {"name": "x", "type": "Microsoft.Common.TextBox"}, ""),
        ("UID714", {"name": "x", "type": "Microsoft.Common.InfoBox"}, None),
        ("UID716", {"name": "x", "type": "Microsoft.Compute.SizeSelector"}, ""),
        ("UID717", {"name": "x", "type": "T", "label": ""}, "/label"),
        ("UID717", {"name": "x", "type": "T", "defaultValue": None}, None),
    ],
)
def test_controls(rule: str, control: dict[str, Any], pointer: str | None) -> None:
    assert told(form(None, [control], []), rule) == ([] if pointer is None else [ELEMENT + pointer])


@pytest.mark.parametrize(
    ("read_names", "wrong"),
    [
        (["name"], True),
        (["name", "resourceGroup"], True),
        (["name", "resourceGroup", "newOrExisting"], False),
        (["name", "resourceGroup", "newOrExistingOrNone"], False),
    ],
)
def test_a_chosen_resource_is_told_from_a_new_one(read_names: list[str], wrong: bool) -> None:
    control = {"name": "net", "type": "Microsoft.Network.VirtualNetworkCombo"}
    outputs = {f"out{name}": f"[steps('vm').net.{name}]" for name in read_names}
    assert told(form(outputs, [control]), "UID715") == ([ELEMENT] if wrong else [])
    assert told(form(outputs, [{**control, "options": {"hideExisting": True}}]), "UID715") == []
    assert told(form({**outputs, "odd": "[x => 1]"}, [control]), "UID715") == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({}, None),
        ({"handler": "microsoft.compute.multivm"}, None),
        ({"handler": "Microsoft.Compute.SingleVm"}, "/handler"),
        ({"version": "0.1.1-preview"}, "/version"),
        ({"$schema": SCHEMA.replace("0.1.2", "0.1.1")}, "/$schema"),
    ],
)
def test_the_frame_of_a_form(change: dict[str, Any], pointer: str | None) -> None:
    assert told(form(**change), "UID710") == ([] if pointer is None else [pointer])


def test_the_location_is_passed() -> None:
    assert told(form({"name": "x"}), "UID711") == [OUT]
    assert told(form({"location": "westus"}), "UID711") == [f"{OUT}/location"]
    assert told(form({"location": "[toLower(location())]"}), "UID711") == []


def test_what_outputs_read() -> None:
    text = json.dumps(
        form({"a": "[concat(basics('name').x[0], steps('vm').password)]", "b": "[basics('name')]"})
    )
    found = uidefinition.read(read(Source(text)))
    assert found is not None
    assert found.complete
    assert [(use.step, use.names, use.whole) for use in found.uses] == [
        ("", ("name", "x", "0"), False),
        ("vm", ("password",), False),
        ("", ("name",), True),
    ]
