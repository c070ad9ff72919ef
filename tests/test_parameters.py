"""Parameter files: their frame, the template that each belongs to, and whether its values fit."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import armlint
from armlint.arm.kind import Kind, kind_of
from armlint.arm.parameters import Layers, is_unfinished, layers_of, template_names
from armlint.files import Shelf, decode
from armlint.jsontext import read
from armlint.run import Deployment, check_files, check_text, load_rules
from armlint.source import Source

if TYPE_CHECKING:
    from armlint.fix import State

TEMPLATE = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
PARAMETERS = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"
OURS = ["PRM", "SEC214"]
RULES = load_rules().select(OURS)
# Put together here, so that no scanner takes this file for a leak.
PASSWORD = "".join(random.Random(5).choices("abcdefgHJKLMN23456789!#", k=14))  # noqa: S311
VAULT = "/subscriptions/0/resourceGroups/r.g_(1)/providers/Microsoft.KeyVault/vaults/v"


def template(parameters: dict[str, Any], **more: Any) -> str:
    body = {"$schema": TEMPLATE, "contentVersion": "1.0.0.0", "parameters": parameters, "resources": []}
    return json.dumps(body | more)


def modern(parameters: dict[str, Any], **definitions: Any) -> str:
    return template(parameters, languageVersion="2.0", definitions=definitions, resources={})


def entries(values: dict[str, Any]) -> dict[str, Any]:
    return {name: {"value": value} for name, value in values.items()}


def file(parameters: Any) -> str:
    return json.dumps(
        {"$schema": PARAMETERS, "contentVersion": "1.0.0.0", "parameters": parameters}, indent=1
    )


def told(declared: str, given_: str, select: list[str] | None = None) -> list[tuple[str, str]]:
    """The rules and messages for a parameter file that is deployed with a template."""
    found = armlint.check(declared, parameters=given_, select=select or OURS)
    assert all(entry.path == "<parameters>" for entry in found)
    return [(entry.rule, entry.message) for entry in found]


def of_values(declared: str, **values: Any) -> list[str]:
    found = told(declared, file(entries(values)), ["PRM604", "PRM605"])
    return [f"{rule[-1]} {message}" for rule, message in found]


class TestKind:
    @pytest.mark.parametrize(
        ("name", "text", "kind"),
        [
            ("x.json", {"$schema": PARAMETERS}, Kind.PARAMETERS),
            ("x.json", {"$schema": "https://elsewhere/deploymentParameters"}, Kind.PARAMETERS),
            ("x.json", {"$schema": TEMPLATE, "parameters": entries({"a": 1})}, Kind.PARAMETERS),
            ("x.json", {"$schema": TEMPLATE, "parameters": {"a": {"type": "int"}}}, Kind.TEMPLATE),
            ("x.json", {"contentVersion": "1", "parameters": entries({"a": 1})}, Kind.PARAMETERS),
            ("x.json", {"contentVersion": "1", "parameters": {"a": {"type": "int"}}}, Kind.OTHER),
            ("x.parameters.json", {"parameters": entries({"a": 1})}, Kind.PARAMETERS),
            ("x.parameters.dev.json", entries({"a": 1}), Kind.PARAMETERS),
            ("x.parameters.json", {"key": "value"}, Kind.OTHER),
            ("x.json", entries({"a": 1}), Kind.OTHER),
            ("x.json", {"properties": {"mode": "Complete", "template": {}}}, Kind.DEPLOYMENT),
            ("x.json", {"properties": {"mode": "Complete", "templateLink": {"id": "x"}}}, Kind.DEPLOYMENT),
            ("x.json", {"properties": {"template": {}}}, Kind.OTHER),
            (
                "x.json",
                {"properties": {"mode": "Complete", "template": {}, "provisioningState": "Succeeded"}},
                Kind.OTHER,
            ),
        ],
    )
    def test_is_told_by_content_and_where_that_says_nothing_by_name(
        self, name: str, text: object, kind: Kind
    ) -> None:
        assert kind_of(read(Source(json.dumps(text), name))) is kind


class TestFrame:
    def messages(self, text: str) -> list[str]:
        return [entry.message for entry in armlint.check(text, path="x.parameters.json", select=["PRM601"])]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ({"contentVersion": "1", "parameters": entries({"a": 1})}, "has no '$schema'"),
            ({"$schema": PARAMETERS, "parameters": {}}, "has no 'contentVersion'"),
            ({"$schema": PARAMETERS, "contentVersion": {}, "parameters": {}}, "'contentVersion' is a string"),
            ({"$schema": PARAMETERS, "contentVersion": "1"}, "has no 'parameters'"),
            ({"$schema": PARAMETERS, "contentVersion": "1", "parameters": []}, "'parameters' is an object"),
            (
                {"$schema": TEMPLATE, "contentVersion": "1", "parameters": entries({"a": 1})},
                "names a template",
            ),
        ],
    )
    def test_what_is_missing_or_malformed_is_told(self, text: object, message: str) -> None:
        found = self.messages(json.dumps(text))
        assert len(found) == 1
        assert message in found[0]

    @pytest.mark.parametrize(
        ("entry", "message"),
        [
            ("x", "is an object with"),
            ({}, "neither"),
            ({"metadata": {}}, "neither"),
            ({"value": 1, "reference": {}}, "'value' and 'reference'"),
            ({"reference": {"secretName": "x"}}, "no 'keyVault'"),
            ({"reference": {"keyVault": {}, "secretName": "x"}}, "no 'id'"),
            (
                {"reference": {"keyVault": {"id": "https://v.vault.azure.net"}, "secretName": "x"}},
                "resource id",
            ),
            ({"reference": {"keyVault": {"id": VAULT}}}, "no 'secretName'"),
            ({"reference": {"keyVault": {"id": VAULT}, "secretName": "a_b"}}, "no name of a secret"),
            ({"reference": {"keyVault": {"id": VAULT}, "secretName": "a" * 128}}, "no name of a secret"),
        ],
    )
    def test_an_entry_has_one_well_formed_value_or_reference(self, entry: object, message: str) -> None:
        found = self.messages(file({"p": entry}))
        assert len(found) == 1
        assert message in found[0]

    @pytest.mark.parametrize(
        "entry",
        [
            {"value": None},
            {"expression": "[externalInputs('x')]"},
            {"value": 1, "metadata": {"x": 1}},
            {"reference": {"keyVault": {"id": VAULT}, "secretName": "a-1", "secretVersion": "x"}},
            {"REFERENCE": {"KEYVAULT": {"ID": VAULT.upper() + "/"}, "secretname": "a"}},
            {"reference": {"keyVault": {"id": "/subscriptions/#{s}#/x"}, "secretName": "$(Name)"}},
            {"reference": {"keyVault": {"id": "GEN-KEYVAULT-RESOURCE-ID"}, "secretName": "a"}},
        ],
    )
    def test_what_azure_takes_draws_nothing(self, entry: object) -> None:
        assert self.messages(file({"p": entry})) == []

    def test_a_file_of_parameters_alone_needs_no_frame(self) -> None:
        assert self.messages(json.dumps({"parameters": entries({"a": 1})})) == []
        assert self.messages(json.dumps(entries({"a": 1}))) == []

    def test_comments_are_fine_and_a_broken_file_is_left_to_its_own_rule(self) -> None:
        assert self.messages("// a\n" + file(entries({"a": 1}))) == []
        assert self.messages(f'{{"$schema": "{PARAMETERS}", "parameters": {{"a": ') == []


class TestArmTtk:
    @pytest.mark.parametrize("case", ["ContentVersion", "Parameters", "Schema", "Value"])
    @pytest.mark.parametrize("expect", ["Pass", "Fail"])
    def test_verdicts_are_the_same(self, corpus: Path, case: str, expect: str) -> None:
        folder = corpus / "arm-ttk" / f"DeploymentParameters-Should-Have-{case}" / expect
        if not folder.is_dir():
            pytest.skip("there is no such case")
        for path in folder.iterdir():
            found = armlint.check_paths([path], select=["PRM601"])
            assert bool(found) is (expect == "Fail"), path


class TestPairing:
    @pytest.mark.parametrize(
        ("name", "candidates"),
        [
            ("a/X.parameters.json", ["X.json"]),
            ("X.PARAMETERS.dev.json", ["X.json"]),
            ("X.dev.parameters.json", ["X.dev.json", "X.json"]),
            ("X.parameters.jsonc", ["X.jsonc", "X.json"]),
            ("parameters.json", ["template.json"]),
            ("a/parameters/X.parameters.json", ["X.json", "../X.json"]),
            ("X.json", []),
            ("parametersX.json", []),
            ("X-parameters.json", ["X.json"]),
            ("X_params.json", ["X.json"]),
            ("X.params.dev.json", ["X.json"]),
            ("f/ARMTemplateParametersForFactory.json", ["ARMTemplateForFactory.json"]),
            ("TemplateParametersForWorkspace.json", ["TemplateForWorkspace.json"]),
            ("ArmTemplateParameters_master.json", ["ArmTemplate_master.json"]),
        ],
    )
    def test_the_names_that_a_template_may_have(self, name: str, candidates: list[str]) -> None:
        assert list(template_names(name)) == candidates

    BESIDE = (
        *("X.dev.parameters.json", "X.parameters.json", "X.parameters.common.json", "X.parameters.md"),
        *("X.parameters.dev.json", "X.parameters.dev.weu.json", "X.web.json", "X.web.parameters.json"),
        *("Y.parameters.json", "parameters.json", "parameters.prod.json", "X.parameters.json.bak"),
    )

    @pytest.mark.parametrize(
        ("name", "template", "below", "completed"),
        [
            ("X.parameters.json", "X.json", (), True),
            ("X.parameters.common.json", "X.json", ("X.parameters.json",), True),
            ("X.dev.parameters.json", "X.json", ("X.parameters.json", "X.parameters.common.json"), True),
            (
                "X.parameters.dev.weu.json",
                "X.json",
                (
                    *("X.parameters.json", "X.dev.parameters.json"),
                    *("X.parameters.dev.json", "X.parameters.common.json"),
                ),
                False,
            ),
            ("X.web.parameters.json", "X.web.json", (), False),
            ("Y.parameters.json", "Y.json", (), False),
            ("Y.parameters.json", "X.json", (), False),
            ("parameters.json", "template.json", (), True),
            ("parameters.prod.json", "template.json", ("parameters.json",), False),
        ],
    )
    def test_the_files_that_one_for_an_environment_adds_to(
        self, name: str, template: str, below: tuple[str, ...], completed: bool
    ) -> None:
        assert layers_of(f"a/{name}", f"../{template}", self.BESIDE, ()) == Layers(below, completed)

    def test_the_file_of_another_template_adds_nothing_wherever_that_template_is(self) -> None:
        names = ("X.parameters.json", "X.web.parameters.json")
        assert layers_of(names[0], "X.json", names, ("X.json",)).completed
        assert not layers_of(names[0], "X.json", names, ("X.json", "X.WEB.json")).completed

    def found(self, folder: Path, *paths: str, **options: Any) -> list[tuple[str, str, str]]:
        checked = armlint.check_paths([folder / path for path in paths], select=OURS, **options)
        return [(Path(entry.path).name, entry.rule, entry.message) for entry in checked]

    def test_a_file_is_judged_with_the_template_beside_it(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text(template({"a": {"type": "int"}, "c": {"type": "int"}}))
        (tmp_path / "x.parameters.json").write_text(file(entries({"a": "1", "b": 2})))
        found = armlint.check_paths([tmp_path / "x.parameters.json"], select=OURS)
        assert [entry.rule for entry in found] == ["PRM603", "PRM604", "PRM602"]
        labels = [label for entry in found for label in entry.labels]
        assert {Path(label.path).name for label in labels} == {"x.json"}
        assert {label.message for label in labels} == {"declared here"}

    def test_without_a_template_only_the_file_itself_is_judged(self, tmp_path: Path) -> None:
        (tmp_path / "x.parameters.json").write_text(file(entries({"a": "1", "b": 2})))
        assert self.found(tmp_path, "x.parameters.json") == []
        (tmp_path / "x.json").write_text('{"$schema": "' + TEMPLATE)
        assert self.found(tmp_path, "x.parameters.json") == []

    def test_what_stands_beside_and_is_no_template_is_no_template(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text('{"parameters": {}}')
        (tmp_path / "x.parameters.json").write_text(file(entries({"a": 1})))
        assert self.found(tmp_path, "x.parameters.json") == []

    def test_a_file_for_an_environment_adds_to_the_common_one(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text(template({"a": {"type": "int"}, "b": {"type": "int"}}))
        (tmp_path / "x.parameters.dev.json").write_text(file(entries({"b": 2})))
        assert [rule for _, rule, _ in self.found(tmp_path, "x.parameters.dev.json")] == ["PRM603"]
        (tmp_path / "x.parameters.json").write_text(file(entries({"a": 1, "b": 1})))
        assert self.found(tmp_path, "x.parameters.dev.json") == []

    def test_a_common_file_need_not_give_what_those_for_environments_may(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text(template({name: {"type": "int"} for name in "abc"}))
        (tmp_path / "x.parameters.json").write_text(file(entries({"a": 1})))
        assert [name for name, *_ in self.found(tmp_path, ".")] == ["x.parameters.json"] * 2
        (tmp_path / "x.dev.parameters.json").write_text(file(entries({"b": 1})))
        (tmp_path / "x.parameters.prod.json").write_text(file(entries({"b": 1, "c": 1})))
        assert [(name, told[11:12]) for name, _, told in self.found(tmp_path, ".")] == [
            ("x.dev.parameters.json", "c")
        ]

    def test_a_request_may_lead_to_a_file_but_to_no_address(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text(template({"a": {"type": "int"}}))
        for link, count in (("x.json", 1), ("./x.json", 1), ("https://h/x.json", 0), ("y.json", 0)):
            inside = {"mode": "Incremental", "templateLink": {"uri": link}, "parameters": entries({"a": ""})}
            (tmp_path / "request.json").write_text(json.dumps({"properties": inside}))
            assert len(self.found(tmp_path, "request.json")) == count, link

    def test_a_template_that_was_changed_in_the_meantime_is_read_again(self, tmp_path: Path) -> None:
        shelf = Shelf()
        path = tmp_path / "x.json"
        path.write_text(template({"a": {"type": "int"}}))
        first = shelf.document(str(path))
        assert shelf.document(str(path)) is first
        path.write_text(template({"bb": {"type": "int"}}))
        assert shelf.document(str(path)) is not first
        assert shelf.beside(str(path)) == ("x.json",)

    def test_what_is_kept_of_documents_is_bounded(self, tmp_path: Path) -> None:
        shelf = Shelf()
        kept = []
        for number in range(8):
            path = tmp_path / f"{number}.json"
            path.write_text(json.dumps("x" * (100_000 if number < 7 else 600_000)))
            kept.append(shelf.document(str(path)))
        again = [shelf.document(str(tmp_path / f"{number}.json")) for number in range(6, -1, -1)]
        same = [one is other for one, other in zip(again, reversed(kept[:7]), strict=True)]
        assert same == [True] * 5 + [False] * 2

    def test_metadata_leads_to_the_template(self, tmp_path: Path) -> None:
        (tmp_path / "any.json").write_text(template({}))
        body = json.loads(file(entries({"a": 1}))) | {"metadata": {"template": "./any.json"}}
        (tmp_path / "x.json").write_text(json.dumps(body))
        assert [rule for _, rule, _ in self.found(tmp_path, "x.json")] == ["PRM602"]

    def test_no_template_outside_of_the_tree_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "out.json").write_text(template({}))
        inside = tmp_path / "inside"
        (inside / ".git").mkdir(parents=True)
        body = json.loads(file(entries({"a": 1}))) | {"metadata": {"template": "../out.json"}}
        (inside / "x.json").write_text(json.dumps(body))
        assert self.found(inside, "x.json") == []

    def test_the_report_is_the_same_with_several_processes(self, tmp_path: Path) -> None:
        for number in range(20):
            (tmp_path / f"{number}.json").write_text(template({"a": {"type": "int"}}))
            (tmp_path / f"{number}.parameters.json").write_text(file(entries({"b": number})))
        paths = sorted(map(str, tmp_path.iterdir()))
        serially = list(check_files(paths, RULES, jobs=1))
        assert sum(len(outcome.entries) for outcome in serially) == 40
        assert list(check_files(paths, RULES, jobs=2)) == serially


class TestNames:
    def test_an_unknown_parameter_is_told_with_the_nearest(self) -> None:
        found = told(
            template({"Location": {"type": "string"}}), file(entries({"locaton": "x", "LOCATION": "y"}))
        )
        assert found == [("PRM602", "the template has no parameter 'locaton'; did you mean 'Location'?")]

    def test_a_missing_parameter_is_told_once(self) -> None:
        declared = {
            "a": {"type": "string"},
            "b": {"type": "string", "defaultValue": ""},
            "adminPassword": {"type": "string"},
            "s": {"type": "SecureString"},
        }
        assert told(template(declared), file({})) == [
            ("PRM603", "parameter 'a' has no default and is not given"),
        ]

    def test_a_nullable_parameter_need_not_be_given(self) -> None:
        shared = {"type": "string", "nullable": True}
        declared = {
            "a": {"type": "string", "nullable": True},
            "b": {"$ref": "#/definitions/x"},
            "c": {"$ref": "#/definitions/gone"},
        }
        assert told(modern(declared, x=shared), file({})) == []

    def test_of_several_files_all_count_and_the_last_tells(self, tmp_path: Path) -> None:
        (tmp_path / "t.json").write_text(template({n: {"type": "int"} for n in "abc"}))
        for name in "ab":
            (tmp_path / f"{name}.json").write_text(file(entries({name: 1})))
        given_ = [tmp_path / "a.json", tmp_path / "b.json"]
        found = armlint.check_paths([tmp_path / "t.json"], parameters=given_, select=["PRM"])
        assert [(Path(e.path).name, e.message) for e in found] == [
            ("b.json", "parameter 'c' has no default and is not given")
        ]


DEPLOYMENT: dict[str, Any] = {
    "type": "Microsoft.Resources/deployments",
    "apiVersion": "2022-09-01",
    "name": "n",
    "properties": {"mode": "Incremental", "expressionEvaluationOptions": {"scope": "inner"}},
}


def nesting(inner: dict[str, Any], resource: dict[str, Any] | None = None, **properties: Any) -> list[str]:
    nested = json.loads(template(inner))
    whole = {**DEPLOYMENT["properties"], "template": nested, **properties}
    text = template({}, resources=[{**DEPLOYMENT, **(resource or {}), "properties": whole}])
    return [entry.message for entry in armlint.check(text, select=["PRM"])]


class TestNested:
    def test_what_is_not_declared_and_what_is_not_passed_is_told(self) -> None:
        found = nesting({"a": {"type": "securestring"}}, parameters=entries({"b": 1}))
        assert sorted(found) == [
            "parameter 'a' of 'n' has no default and is not passed",
            "the template of 'n' has no parameter 'b'",
        ]

    @pytest.mark.parametrize(
        "properties",
        [
            {"parametersLink": {"uri": "https://x"}},
            {"parameters": "[variables('x')]"},
            {"parameters": {"[concat('a')]": {"value": 1}}},
            {"parameters": {"copy": [{"name": "a", "count": 1, "input": {"value": 1}}]}},
            {"expressionEvaluationOptions": {"scope": "outer"}},
            {"parameters": {"A": {"reference": {}}}},
        ],
    )
    def test_what_cannot_be_told_draws_nothing(self, properties: dict[str, Any]) -> None:
        assert nesting({"a": {"type": "int"}}, **properties) == []

    def test_what_is_never_deployed_draws_nothing(self) -> None:
        assert nesting({"a": {"type": "int"}}, {"condition": False}) == []
        assert len(nesting({"a": {"type": "int"}}, {"condition": True})) == 1

    def test_a_linked_template_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "inner.json").write_text(template({"a": {"type": "int"}}))
        link = {"templateLink": {"relativePath": "inner.json"}, "parameters": entries({"b": 1})}
        whole = {**DEPLOYMENT, "properties": {"mode": "Incremental", **link}}
        (tmp_path / "main.json").write_text(template({}, resources=[whole]))
        found = armlint.check_paths([tmp_path / "main.json"], select=["PRM"])
        assert [entry.rule for entry in found] == ["PRM603", "PRM602"]
        assert [Path(label.path).name for label in found[0].labels] == ["inner.json"]

    @pytest.mark.parametrize(
        ("declared", "value", "found"),
        [
            ({"type": "string", "allowedValues": ["x"]}, "y", ["parameter 'a' of 'n' is none of 'x'"]),
            (
                {"type": "string", "allowedValues": ["x"]},
                "[variables('y')]",
                ["parameter 'a' of 'n' is none of 'x'"],
            ),
            (
                {"type": "string", "allowedValues": ["x"]},
                "[concat('[', 'x')]",
                ["parameter 'a' of 'n' is none of 'x'"],
            ),
            ({"type": "string", "allowedValues": ["[x"]}, "[concat('[', 'x')]", []),
            ({"type": "string", "allowedValues": ["x"]}, "[parameters('p')]", []),
            ({"type": "string", "allowedValues": ["x"]}, "[concat(parameters('p'), 'y')]", []),
            ({"type": "int", "maxValue": 3}, 4, ["parameter 'a' of 'n' is above 3"]),
            ({"type": "int", "maxValue": 3}, "[add(1, 3)]", ["parameter 'a' of 'n' is above 3"]),
            ({"type": "int"}, 1.5, ["parameter 'a' of 'n' is int, not a number with a fraction"]),
            (
                {"type": "array", "minLength": 2},
                ["[parameters('p')]"],
                ["parameter 'a' of 'n' has 1 item, fewer than 2"],
            ),
            (
                {"type": "string", "minLength": 3},
                "[take('abc', 2)]",
                ["parameter 'a' of 'n' has 2 characters, fewer than 3"],
            ),
        ],
    )
    def test_values_that_are_passed_are_within_the_limits(
        self, declared: dict[str, Any], value: object, found: list[str]
    ) -> None:
        nested = json.loads(template({"a": declared}))
        properties = {**DEPLOYMENT["properties"], "template": nested, "parameters": entries({"a": value})}
        outer = {"p": {"type": "string", "defaultValue": "z"}}
        text = template(outer, variables={"y": "y"}, resources=[{**DEPLOYMENT, "properties": properties}])
        assert [entry.message for entry in armlint.check(text, select=["PRM"])] == found

    def test_of_the_types_in_what_is_passed_each_is_told_once(self) -> None:
        inner = {"type": "object", "properties": {"n": {"type": "int"}}, "additionalProperties": False}
        nested = json.loads(modern({"o": inner, "i": {"type": "int"}}))
        value = {"N": "[variables('y')]", "m": 1, "copy": [{"name": "z", "count": 2, "input": 1}]}
        passed = entries({"o": value, "i": "x"})
        properties = {**DEPLOYMENT["properties"], "template": nested, "parameters": passed}
        text = template({}, variables={"y": "y"}, resources=[{**DEPLOYMENT, "properties": properties}])
        top = "/resources/0/properties/parameters"
        found = {(e.rule, e.pointer.removeprefix(top)) for e in armlint.check(text, select=["PRM", "TPL514"])}
        assert found == {
            ("PRM604", "/o/value/N"),
            ("PRM604", "/o/value/m"),
            ("PRM604", "/o/value"),
            ("TPL514", "/i/value"),
        }


LONG = "/subscriptions/$(sub)/resourceGroups/__rg__/providers/Microsoft.KeyVault"
NODE = {
    "type": "object",
    "properties": {"v": {"type": "int"}, "next": {"$ref": "#/definitions/n", "nullable": True}},
}
CHOICE = {"propertyName": "k", "mapping": {"a": {"$ref": "#/definitions/a"}}}
A = {"type": "object", "properties": {"k": {"type": "string"}, "x": {"type": "int"}}}


def secret_of(name: str = "s", vault: object = VAULT, **more: Any) -> dict[str, Any]:
    return {"reference": {"keyVault": {"id": vault}, "secretName": name, **more}}


def raw(value: str, rest: str = "") -> str:
    frame = f'"$schema": "{PARAMETERS}", "contentVersion": "1.0.0.0"'
    return f'{{{frame}, "parameters": {{"t": {{"value": {value}}}{rest}}}}}'


class TestUnusual:
    """What is seldom written, and what it draws: the rule, and with it the path within the parameter."""

    @pytest.mark.parametrize(
        ("declared", "value", "faults"),
        [
            # Types that need themselves, each other, nothing, or what is not there.
            (
                {"$ref": "#/definitions/n"},
                {"v": 1, "next": {"v": 2, "next": {"v": "one"}}},
                ["t.next.next.v"],
            ),
            ({"$ref": "#/definitions/n"}, {"v": 1, "next": None}, []),
            ({"$ref": "#/definitions/n"}, {"next": {}}, ["t", "t.next"]),
            ({"$ref": "#/definitions/l"}, [[[]], [3]], ["t[1][0]"]),
            ({"$ref": "#/definitions/self"}, 1, []),
            ({"$ref": "#/definitions/nothing"}, 1, []),
            ({"$ref": "#/definitions/n/properties/v"}, "one", ["t"]),
            ({"$ref": "https://elsewhere/#/definitions/n"}, "one", []),
            # Null, and any member.
            ({"type": "int", "nullable": True}, None, []),
            ({"type": "int"}, None, []),
            ({"type": "object", "additionalProperties": {"type": "int"}}, {"a": 1, "b": "one"}, ["t.b"]),
            ({"type": "object", "properties": {}, "additionalProperties": True}, {"a": 1}, []),
            ({"type": "object", "properties": {}}, {"a": 1}, []),
            # Variants.
            ({"type": "object", "discriminator": CHOICE}, {"K": "A", "x": "one"}, ["t.x"]),
            ({"type": "object", "discriminator": CHOICE}, {"k": "b"}, ["t.k"]),
            ({"type": "object", "discriminator": CHOICE}, {"k": "#{kind}#"}, []),
            ({"type": "object", "nullable": True, "discriminator": CHOICE}, None, []),
            ({"type": "object", "discriminator": {"propertyName": "k"}}, {"k": "b"}, []),
            # Arrays.
            ({"type": "array", "items": {"type": "string", "allowedValues": ["a"]}}, ["A", "c"], ["t[1]"]),
            ({"type": "array", "prefixItems": [{"type": "int"}], "items": False}, ["one", 2], ["t", "t[0]"]),
            ({"type": "array", "items": {"type": "int"}}, ["$(n)", 2], []),
            # Secure ones.
            ({"type": "secureObject"}, {"user": "a", "n": 3}, []),
            ({"type": "secureObject"}, "{}", ["t"]),
            ({"type": "SecureString"}, {"a": 1}, ["t"]),
            # Numbers.
            ({"type": "int", "maxValue": 10}, 10**40, ["t"]),
            ({"type": "int"}, 2**63, []),
            ({"type": "int"}, 1e3, []),
            ({"type": "int"}, -0.5, ["t"]),
            ({"type": "string"}, 1.5, ["t"]),
            ({"type": "int"}, float("nan"), []),
            ({"type": "int"}, float("inf"), []),
            ({"type": "int", "allowedValues": [1]}, True, ["t"]),
            ({"type": "bool", "allowedValues": [True]}, False, ["t"]),
            # Declarations that are none.
            ({"type": "number"}, "one", []),
            ({}, "one", []),
            ({"type": "string", "minLength": "3"}, "a", []),
            ({"type": "string", "allowedValues": "[variables('y')]"}, "a", []),
            ({"type": "string", "allowedValues": [{"a": 1}]}, "a", []),
            # Lengths are counted as .NET does.
            ({"type": "string", "maxLength": 1}, "\U0001f600", ["t"]),
            ({"type": "object"}, {"a": secret_of()}, []),
            ({"type": "array"}, [secret_of()], []),
        ],
    )
    def test_values_and_types(self, declared: dict[str, Any], value: object, faults: list[str]) -> None:
        definitions = {
            "n": NODE,
            "l": {"type": "array", "items": {"$ref": "#/definitions/l"}},
            "self": {"$ref": "#/definitions/self"},
            "a": A,
        }
        found = told(modern({"t": declared}, **definitions), file(entries({"t": value})), ["PRM", "SEC214"])
        assert sorted(message.split("'")[1] for _, message in found) == sorted(faults)

    @pytest.mark.parametrize(
        ("text", "rules"),
        [
            # A token without its quotes, which a pipeline makes a value of.
            *(
                (raw(token), [])
                for token in ("#{n}#", "$(n)", "{{ n }}", "${{ x.n }}", "__n__", "<nn>", "${n}")
            ),
            (raw('[#{a}#, "#{b}#", {"c": $(d) }]'), []),
            (raw("#{n}#", ', "u": {"value": 1}'), ["PRM602"]),
            (raw("COUNT"), ["ARM001"]),
            (raw('"a "#{x}#"'), ["ARM001"]),
            (raw("#{n}#, #{m}#"), ["ARM001"]),
            (raw("1").replace("{", "// from /* #{x}# \n{", 1).replace("}}}", "},},}"), []),
            (raw("1", ', "T": {"value": 2}'), ["ARM002"]),
            (raw("1").replace('"value"', '"VALUE"'), []),
            (raw("1").replace('"value": 1', '"expression": "[1]"'), []),
            (raw("1").replace('"value": 1', '"value": 1, "metadata": {"a": 1}'), []),
            (raw("1").replace('"value": 1', '"value": 1, "reference": null'), ["PRM601"]),
            (raw("1").replace('"parameters"', '"using": "./x.bicep", "parameters"'), []),
            (raw("1").replace('"1.0.0.0"', "1"), ["PRM601"]),
            (raw("1").replace("https", "http").replace("json#", "json"), []),
            (raw("1").replace("2019-04-01/deployment", "2018-05-01/subscriptionDeployment"), []),
            (raw("1").replace("2019-04-01/d", "2019-08-01/managementGroupD"), []),
            (raw("1").replace("management.azure.com", "management.azure.us"), []),
            (raw("1").replace("schema.management.azure.com", "raw.githubusercontent.com/a/b/main"), []),
            (raw("1").replace("/2019-04-01/", "/"), ["PRM601"]),
            (raw("1").replace(PARAMETERS, "./deploymentParameters.json"), ["PRM601"]),
            (json.dumps({"$schema": PARAMETERS, "contentVersion": "1", "parameters": None}), ["PRM601"]),
            (json.dumps({"$schema": PARAMETERS, "contentVersion": "1", "parameters": {}}), []),
        ],
    )
    def test_files(self, text: str, rules: list[str]) -> None:
        found = told(template({"t": {}}), text, ["PRM", "ARM001", "ARM002"])
        assert sorted({rule for rule, _ in found}) == rules

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
    def test_encodings(self, encoding: str, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text(template({"t": {"type": "int"}}), encoding=encoding)
        (tmp_path / "x.parameters.json").write_text(raw('"one"'), encoding=encoding)
        found = armlint.check_paths([tmp_path], select=["PRM"])
        assert [(entry.rule, entry.region.line, entry.region.column) for entry in found] == [
            ("PRM604", 1, raw("").index('"value": ') + 10)
        ]

    def test_what_is_filled_in_keeps_the_places(self) -> None:
        text = raw("#{first}#", f', "password": {{"value": "{PASSWORD}"}}')
        (found,) = armlint.check(text, select=["SEC214", "ARM001"], path="x.json")
        assert text[found.region.column - 1 : found.region.end_column - 1] == f'"{PASSWORD}"'

    @pytest.mark.parametrize("name", ["GEN-UNIQUE-8", "GET-AZSUBSCRIPTION-ID", "GEN-SSH-PUB-KEY", "changeme"])
    def test_what_a_harness_fills_in_is_within_all_limits(self, name: str) -> None:
        declared = {"type": "string", "maxLength": 2, "allowedValues": ["a", "b"]}
        assert told(template({"t": declared}), file(entries({"t": name}))) == []

    def test_an_empty_text_is_one_still_to_be_filled_in_unless_it_is_surely_deployed(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "x.json").write_text(template({"t": {"type": "string", "minLength": 3}}))
        path = tmp_path / "x.parameters.json"
        path.write_text(file(entries({"t": ""})))
        assert armlint.check_paths([tmp_path], select=["PRM"]) == ()
        found = armlint.check_paths([tmp_path / "x.json"], parameters=[path], select=["PRM"])
        assert [entry.rule for entry in found] == ["PRM605"]

    def test_what_data_factory_publishes_belongs_together(self, tmp_path: Path) -> None:
        declared = {"factoryName": {"type": "string"}, "Ls_accountKey": {"type": "secureString"}}
        (tmp_path / "ARMTemplateForFactory.json").write_text(template(declared))
        values = {"factoryName": "f", "Ls_accountKey": "", "old": ""}
        (tmp_path / "ARMTemplateParametersForFactory.json").write_text(file(entries(values)))
        definitions = {
            "Microsoft.DataFactory/factories/linkedServices": {"*": {"properties": {"a": "-::secureString"}}}
        }
        (tmp_path / "arm-template-parameters-definition.json").write_text(json.dumps(definitions))
        found = armlint.check_paths([tmp_path], select=["PRM", "SEC214"])
        assert [(entry.rule, entry.pointer) for entry in found] == [("PRM602", "/parameters/old")]


class TestReferences:
    """SEC218, where a parameter file or a request refers to a Key Vault."""

    def found(self, declared: dict[str, Any], given_: object, **more: Any) -> list[str]:
        found = armlint.check(
            modern(declared, s={"type": "securestring"}, p={"type": "string"})
            if not more
            else template(declared, **more),
            parameters=file(given_),
            select=["SEC"],
        )
        return [f"{entry.rule} {entry.pointer}" for entry in found]

    @pytest.mark.parametrize(
        ("declared", "told_"),
        [
            ({"type": "string"}, True),
            ({"type": "object"}, True),
            ({"$ref": "#/definitions/p"}, True),
            ({"type": "SecureString"}, False),
            ({"type": "secureObject"}, False),
            ({"$ref": "#/definitions/s"}, False),
            ({"$ref": "#/definitions/nothing"}, False),
            ({"type": "object", "properties": {"a": {"type": "securestring"}}}, False),
            ({}, False),
        ],
    )
    def test_by_the_declared_type(self, declared: dict[str, Any], told_: bool) -> None:
        assert self.found({"t": declared}, {"T": secret_of()}) == (["SEC218 /parameters/T"] if told_ else [])

    def test_what_is_no_reference_or_no_secret_draws_nothing(self) -> None:
        plain = {name: {"type": "string"} for name in ("sshPublicKey", "t", "u")}
        given_ = {"sshPublicKey": secret_of(), "t": {"reference": {}}, "x": secret_of(), "u": {"value": "a"}}
        assert self.found(plain, given_) == []

    def test_what_a_pipeline_fills_in_is_a_vault_all_the_same(self) -> None:
        vault = f"{LONG}/vaults/{{{{kv}}}}"
        text = file({"t": secret_of("a-$(b)", vault)})
        assert [rule for rule, _ in told(template({"t": {"type": "string"}}), text, ["PRM", "SEC"])] == [
            "SEC218"
        ]

    def test_where_the_secret_goes_on_to_is_part_of_the_same_finding(self, tmp_path: Path) -> None:
        outputs = {"o": {"type": "string", "value": "[concat(variables('v'), 'x')]"}}
        text = template({"t": {"type": "string"}}, variables={"v": "[parameters('t')]"}, outputs=outputs)
        (tmp_path / "x.json").write_text(text)
        path = tmp_path / "x.parameters.json"
        path.write_text(file({"t": secret_of()}))
        for options in ({}, {"parameters": [path]}):
            (found,) = armlint.check_paths([tmp_path], select=["SEC"], **options)
            assert (found.rule, Path(found.path).name) == ("SEC218", "x.parameters.json")
            assert [(Path(label.path).name, label.message) for label in found.labels] == [
                ("x.parameters.json", "comes from Key Vault here"),
                ("x.json", "declared here as string"),
                ("x.json", "and is shown by output 'o'"),
            ]

    def test_in_a_request_it_is_told_once(self) -> None:
        inner = template(
            {"adminPassword": {"type": "string"}},
            variables={},
            outputs={"o": {"type": "string", "value": "[parameters('adminPassword')]"}},
        )
        properties = {"mode": "Incremental", "template": json.loads(inner)}
        given_ = {"adminPassword": secret_of()}
        found = armlint.check(
            json.dumps({"properties": {**properties, "parameters": given_}}), select=["SEC"]
        )
        assert [(entry.rule, entry.pointer) for entry in found] == [
            ("SEC218", "/properties/parameters/adminPassword")
        ]

    def test_it_is_followed_into_nested_templates_and_their_readable_places(self) -> None:
        inner = json.loads(
            template(
                {"q": {"type": "string"}}, outputs={"z": {"type": "string", "value": "[parameters('q')]"}}
            )
        )
        properties = {
            **DEPLOYMENT["properties"],
            "template": inner,
            "parameters": entries({"q": "[parameters('t')]"}),
        }
        tags = {"type": "Microsoft.Storage/storageAccounts", "name": "s", "tags": {"a": "[parameters('t')]"}}
        text = template({"t": {"type": "string"}}, resources=[{**DEPLOYMENT, "properties": properties}, tags])
        (found,) = armlint.check(text, parameters=file({"t": secret_of()}), select=["SEC"])
        said = [label.message for label in found.labels]
        assert said[:2] == ["comes from Key Vault here", "declared here as string"]
        assert "enters 'n' as string" in said
        assert "and is shown by output 'z'" in said
        assert any(each.startswith("and reaches 'tags'") for each in said)

    def test_a_secure_parameter_beside_it_is_told_by_itself(self) -> None:
        outputs = {"o": {"type": "string", "value": "[concat(parameters('t'), parameters('s'))]"}}
        declared = {"t": {"type": "string"}, "s": {"type": "securestring"}}
        given_ = {"t": secret_of(), "s": secret_of()}
        assert self.found(declared, given_, outputs=outputs) == [
            "SEC202 /outputs/o/value",
            "SEC218 /parameters/t",
        ]


class TestAnnounced:
    @pytest.mark.parametrize(
        "value",
        [
            *("changemeplease", "SSHDATAHERE", "OVERRIDE", "TBC", "overridden-by-pipeline", "dummy"),
            *(
                "SET_IN_RELEASE_PIPELINE",
                "set-by-release",
                "AUTO_GENERATED",
                "*** password ***",
                "to be filled",
            ),
        ],
    )
    def test_words_about_a_value_are_none(self, value: str) -> None:
        assert armlint.check(file(entries({"adminPassword": value})), select=["SEC214"]) == ()

    @pytest.mark.parametrize("ending", ["ChangeMe{}!", "Override{}!", "atmosp{}here", "release{}"])
    def test_a_password_with_such_words_in_it_is_one(self, ending: str) -> None:
        value = ending.format(PASSWORD[:6])
        found = armlint.check(file(entries({"adminPassword": value})), select=["SEC214"])
        assert [entry.rule for entry in found] == ["SEC214"]


class TestTypes:
    @pytest.mark.parametrize(
        ("kind", "right", "wrong"),
        [
            ("string", "x", 1),
            ("SecureString", "", True),
            ("int", 1, "1"),
            ("Int", -1, 1.5),
            ("bool", False, "true"),
            ("array", [], {}),
            ("object", {}, []),
            ("secureObject", {}, "text"),
        ],
    )
    def test_a_value_is_of_the_declared_type(self, kind: str, right: object, wrong: object) -> None:
        declared = template({"p": {"type": kind}})
        assert of_values(declared, p=right) == []
        found = of_values(declared, p=wrong)
        assert len(found) == 1
        assert found[0].startswith(f"4 parameter 'p' is {kind.lower()}, not ")

    @pytest.mark.parametrize(
        "value", [None, 1.0, "#{N}#", "$(n)", "a-${{ n }}", "__N__", "<n>", "GEN-UNIQUE"]
    )
    def test_what_is_no_value_yet_has_no_type(self, value: object) -> None:
        assert of_values(template({"p": {"type": "int"}}), p=value) == []

    def test_a_value_that_looks_like_an_expression_is_text(self) -> None:
        declared = template({"a": {"type": "int"}, "b": {"type": "string"}})
        assert of_values(declared, a="[add(1, 2)]", b="[concat('x')]") == [
            "4 parameter 'a' is int, not string"
        ]

    def test_types_of_the_template_are_followed(self) -> None:
        rule = {
            "type": "object",
            "properties": {
                "port": {"$ref": "#/definitions/port"},
                "note": {"type": "string", "nullable": True},
            },
            "additionalProperties": {"type": "bool"},
        }
        declared = modern(
            {"rules": {"type": "array", "items": {"$ref": "#/definitions/rule"}, "maxLength": 4}},
            rule=rule,
            port={"type": "int", "maxValue": 10},
        )
        rules = [{"PORT": 1, "x": True}, {"port": "1"}, {"note": 1}, {"port": 11, "y": 1}]
        assert of_values(declared, rules=rules) == [
            "4 parameter 'rules[1].port' is int, not string",
            "4 parameter 'rules[2]' lacks 'port'",
            "4 parameter 'rules[2].note' is string, not int",
            "5 parameter 'rules[3].port' is above 10",
            "4 parameter 'rules[3].y' is bool, not int",
        ]

    def test_a_closed_object_and_a_closed_array_take_nothing_else(self) -> None:
        closed = {"type": "object", "properties": {"a": {"type": "int"}}, "additionalProperties": False}
        places = {"type": "array", "prefixItems": [{"type": "int"}], "items": False}
        declared = modern({"o": closed, "t": places})
        assert of_values(declared, o={"A": 1}, t=[1]) == []
        assert of_values(declared, o={"a": 1, "b": 1}, t=["text", 2]) == [
            "4 parameter 'o' has no 'b'",
            "4 parameter 't' takes 1 items, not 2",
            "4 parameter 't[0]' is int, not string",
        ]

    def test_a_discriminator_chooses(self) -> None:
        cat = {"type": "object", "properties": {"lives": {"type": "int"}}, "additionalProperties": False}
        pet = {
            "type": "object",
            "discriminator": {"propertyName": "kind", "mapping": {"cat": {"$ref": "#/definitions/cat"}}},
        }
        declared = modern({"p": {"$ref": "#/definitions/pet"}}, cat=cat, pet=pet)
        assert of_values(declared, p={"kind": "cat", "lives": 9}) == []
        assert of_values(declared, p={"kind": "#{K}#"}) == []
        assert of_values(declared, p={"kind": "cat", "lives": "9", "tail": 1}) == [
            "4 parameter 'p.lives' is int, not string",
            "4 parameter 'p' has no 'tail'",
        ]
        assert of_values(declared, p={"kind": "dog"}) == ["5 parameter 'p.kind' is none of 'cat'"]
        assert of_values(declared, p={}) == [
            "4 parameter 'p' lacks 'kind', which tells what kind of object it is"
        ]

    def test_types_that_go_round_come_to_an_end(self) -> None:
        node = {"type": "object", "properties": {"next": {"$ref": "#/definitions/node"}}}
        ring = {"type": "object", "discriminator": {"propertyName": "k", "mapping": {}}}
        ring["discriminator"]["mapping"]["a"] = {"$ref": "#/definitions/ring"}  # type: ignore[index]
        declared = modern(
            {"a": {"$ref": "#/definitions/self"}, "b": {"$ref": "#/definitions/node"}, "c": ring},
            self={"$ref": "#/definitions/self"},
            node=node,
            ring=ring,
        )
        deep: dict[str, Any] = {}
        for _ in range(60):
            deep = {"next": deep}
        found = of_values(declared, a=1, b=deep, c={"k": "a"})
        assert len(found) == 1
        assert found[0].endswith("lacks 'next'")

    def test_without_language_2_types_within_types_mean_nothing(self) -> None:
        declared = template({"o": {"type": "object", "properties": {"a": {"type": "int"}}}})
        assert of_values(declared, o={}) == []


class TestAllowed:
    @pytest.mark.parametrize(
        ("declared", "right", "wrong"),
        [
            ({"type": "string", "allowedValues": ["Aa", "B"]}, ["aA", "B"], ["C", ""]),
            ({"type": "int", "allowedValues": [1, 2]}, [1], [3]),
            ({"type": "array", "allowedValues": ["a", "b"]}, [[], ["a", "B"]], [["c"]]),
            ({"type": "int", "minValue": 2, "maxValue": 3}, [2, 3], [1, 4]),
            ({"type": "string", "minLength": 2, "maxLength": 3}, ["ab", "abc", "𝄞"], ["a", "abcd", "𝄞𝄞"]),
            ({"type": "array", "minLength": 1, "maxLength": 2}, [[1], [1, 2]], [[], [1, 2, 3]]),
            ({"type": "securestring", "minLength": 3}, ["abc"], ["ab"]),
        ],
    )
    def test_values_within_the_limits_only(
        self, declared: dict[str, Any], right: list[object], wrong: list[object]
    ) -> None:
        text = template({"p": declared})
        assert [of_values(text, p=value) for value in right] == [[]] * len(right)
        assert [len(of_values(text, p=value)) for value in wrong] == [1] * len(wrong)

    @pytest.mark.parametrize("allowed", ["[variables('x')]", [], [["a"]], [{"a": 1}]])
    def test_choices_that_are_not_compared_draw_nothing(self, allowed: object) -> None:
        assert of_values(template({"p": {"type": "array", "allowedValues": allowed}}), p=["z"]) == []

    def test_the_value_is_not_told_and_neither_are_secure_choices(self) -> None:
        declared = template({"p": {"type": "securestring", "allowedValues": ["open sesame"]}})
        found = armlint.check(declared, parameters=file(entries({"p": PASSWORD})), select=["PRM605"])
        assert [entry.message for entry in found] == ["parameter 'p' is none of the allowed values"]
        assert PASSWORD not in str(found)


class TestSecrets:
    def found(self, values: dict[str, Any], declared: dict[str, Any] | None = None) -> list[str]:
        text = file(entries(values))
        if declared is None:
            found = armlint.check(text, select=["SEC214"])
        else:
            found = armlint.check(template(declared), parameters=text, select=["SEC214"])
        assert PASSWORD not in str(found)
        return [entry.pointer for entry in found]

    def test_by_the_declared_type(self) -> None:
        secure = {"x": {"type": "SecureString"}, "y": {"type": "secureObject"}, "z": {"type": "string"}}
        values = {"x": PASSWORD, "y": {"key": PASSWORD, "size": "large"}, "z": PASSWORD}
        assert self.found(values) == []
        assert self.found(values, secure) == ["/parameters/x/value", "/parameters/y/value/key"]

    def test_by_a_secure_member_of_a_type(self) -> None:
        inner = {"type": "object", "properties": {"b": {"type": "securestring"}, "c": {"type": "string"}}}
        text = file(entries({"a": {"b": PASSWORD, "c": PASSWORD}}))
        found = armlint.check(modern({"a": inner}), parameters=text, select=["SEC214"])
        assert [entry.pointer for entry in found] == ["/parameters/a/value/b"]
        assert [label.message for label in found[0].labels] == ["declared here as secure"]

    def test_by_the_name(self) -> None:
        values = {"adminPassword": PASSWORD, "o": {"sqlPassword": PASSWORD}, "passwordPolicy": PASSWORD}
        assert self.found(values) == ["/parameters/adminPassword/value", "/parameters/o/value/sqlPassword"]

    def test_by_the_form(self) -> None:
        url = f"https://svc:{PASSWORD.replace('#', 'x')}@host.example.com/feed"
        assert self.found({"feed": url, "list": ["a", url]}) == [
            "/parameters/feed/value",
            "/parameters/list/value/1",
        ]

    @pytest.mark.parametrize(
        "value",
        [
            *("", "<password>", "GEN-PASSWORD", "changeme", "$(Password)", "#{Password}#", "x-#{Password}#"),
            *(
                "${{ secrets.PASSWORD }}",
                "__PASSWORD__",
                "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB me@host",
                None,
                7,
            ),
        ],
    )
    def test_what_is_no_secret_draws_nothing(self, value: object) -> None:
        assert self.found({"adminPassword": value}, {"adminPassword": {"type": "securestring"}}) == []

    def test_a_reference_is_what_is_asked_for(self) -> None:
        text = file({"adminPassword": {"reference": {"keyVault": {"id": VAULT}, "secretName": "pw"}}})
        assert armlint.check(text, select=["SEC214"]) == ()

    def test_in_a_request_it_is_told_once(self) -> None:
        inner = json.loads(template({"adminPassword": {"type": "securestring"}}))
        body = {"mode": "Incremental", "template": inner, "parameters": entries({"adminPassword": PASSWORD})}
        found = armlint.check(json.dumps({"properties": body}), select=["SEC"])
        assert [entry.rule for entry in found] == ["SEC214"]


def extension(minor: str) -> list[dict[str, Any]]:
    properties = {
        "publisher": "Microsoft.Azure.Extensions",
        "type": "CustomScript",
        "typeHandlerVersion": "2.1",
        "autoUpgradeMinorVersion": minor,
        "protectedSettings": {"commandToExecute": "true"},
    }
    kind = "Microsoft.Compute/virtualMachines/extensions"
    return [
        {"type": kind, "apiVersion": "2024-07-01", "name": "vm/x", "location": "w", "properties": properties}
    ]


class TestValuesFlow:
    text = template({"minor": {"type": "bool"}}, resources=extension("[parameters('minor')]"))

    def test_into_the_template_that_is_deployed_with_them(self) -> None:
        for value, rules in ((False, ["EXT103"]), (True, []), ("false", []), (None, []), ("#{M}#", [])):
            found = armlint.check(self.text, parameters=file(entries({"minor": value})), select=["EXT103"])
            assert [entry.rule for entry in found] == rules, value
        assert armlint.check(self.text, select=["EXT103"]) == ()

    def test_not_from_a_file_that_only_has_a_fitting_name(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text(self.text)
        (tmp_path / "x.parameters.json").write_text(file(entries({"minor": False})))
        assert armlint.check_paths([tmp_path], select=["EXT103"]) == ()
        with_it = armlint.check_paths(
            [tmp_path], select=["EXT103"], parameters=[tmp_path / "x.parameters.json"]
        )
        assert [Path(entry.path).name for entry in with_it] == ["x.json"]

    def test_of_several_files_the_last_one_decides(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text(self.text)
        (tmp_path / "a.json").write_text(file(entries({"minor": False})))
        (tmp_path / "b.json").write_text(file(entries({"MINOR": True})))
        for order, count in (("ab", 0), ("ba", 1)):
            given_ = [tmp_path / f"{name}.json" for name in order]
            found = armlint.check_paths([tmp_path / "x.json"], parameters=given_, select=["EXT103"])
            assert len(found) == count

    def test_in_a_request(self) -> None:
        body = {
            "mode": "Incremental",
            "template": json.loads(self.text),
            "parameters": entries({"minor": False}),
        }
        found = armlint.check(json.dumps({"properties": body}), select=["EXT103"])
        assert [entry.rule for entry in found] == ["EXT103"]

    def test_no_fix_is_offered_for_what_one_deployment_passes(self) -> None:
        contents = {"t.json": self.text.encode(), "p.json": file(entries({"minor": False})).encode()}
        fixed = self.text.replace("[parameters('minor')]", "[false()]").encode()
        rules = load_rules().select(["EXT103"])
        seen: list[State] = []
        for content, together in (
            (contents["t.json"], Deployment("t.json", ("p.json",), contents)),
            (fixed, None),
        ):
            check_text(decode(content, "t.json"), rules, deployment=together, see=seen.append)
        assert [[finding.fix is None for finding in state.findings] for state in seen] == [[True], [False]]

    def test_a_secret_never_does(self) -> None:
        text = template(
            {"adminPassword": {"type": "securestring"}, "pw": {"type": "string"}},
            outputs={"o": {"type": "string", "value": "[parameters('adminPassword')]"}},
        )
        values = file(entries({"adminPassword": PASSWORD, "pw": PASSWORD}))
        found = armlint.check(text, parameters=values, select=["SEC202"])
        assert [entry.rule for entry in found] == ["SEC202"]
        assert PASSWORD not in str(found)

    def test_exactly_one_template_is_deployed(self, tmp_path: Path) -> None:
        for name in ("x.json", "y.json"):
            (tmp_path / name).write_text(self.text)
        (tmp_path / "p.json").write_text(file({}))
        for paths in ([tmp_path], [tmp_path / "p.json"]):
            with pytest.raises(ValueError, match="parameters go with one template"):
                armlint.check_paths(paths, parameters=[tmp_path / "p.json"])


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "a", "$(x)", "string", "int", "[x]", "#/definitions/t", "securestring", "x" * 40]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "a",
                        "b",
                        "type",
                        "$ref",
                        "properties",
                        "items",
                        "prefixItems",
                        "additionalProperties",
                        "value",
                    ),
                    *(
                        "reference",
                        "keyVault",
                        "id",
                        "allowedValues",
                        "nullable",
                        "discriminator",
                        "mapping",
                        "minLength",
                    ),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=14,
)
TYPES = st.sampled_from(["string", "int", "bool", "array", "object", "securestring", "secureobject"])


def shuffled(value: Any, order: random.Random) -> Any:
    if isinstance(value, dict):
        members = list(value.items())
        order.shuffle(members)
        return {name: shuffled(inner, order) for name, inner in members}
    return [shuffled(item, order) for item in value] if isinstance(value, list) else value


class TestLaws:
    @given(JSON, JSON, JSON)
    @settings(max_examples=150)
    def test_nothing_raises(self, declared: Any, definition: Any, values: Any) -> None:
        text = template({"a": declared, "b": declared}, languageVersion="2.0", definitions={"t": definition})
        whole = json.dumps({"$schema": PARAMETERS, "contentVersion": "1", "parameters": values})
        paths = ["t.json", "p.json"]
        contents = {"t.json": text.encode(), "p.json": whole.encode()}
        together = Deployment("t.json", ("p.json",), contents)
        for path in paths:
            outcome = check_text(decode(contents[path], path), RULES, deployment=together)
            assert not outcome.broken, outcome.notices

    @given(st.dictionaries(st.sampled_from("abcd"), st.tuples(TYPES, JSON), max_size=4), st.randoms())
    @settings(max_examples=60)
    def test_order_and_white_space_change_no_verdict(
        self, given_: dict[str, tuple[str, Any]], order: random.Random
    ) -> None:
        declared = {name: {"type": kind, "minLength": 1} for name, (kind, _) in given_.items()} | {"e": {}}
        values = entries({name: value for name, (_, value) in given_.items()} | {"f": 1})
        body = {"$schema": PARAMETERS, "contentVersion": "1", "parameters": values}
        first = told(template(declared), json.dumps(body))
        other = shuffled(body, order)
        assert sorted(told(template(shuffled(declared, order)), json.dumps(other, indent=7))) == sorted(first)

    @given(st.text(alphabet="$(){}#<>_%@ab ", max_size=30))
    def test_looking_for_what_a_pipeline_fills_in_never_raises(self, text: str) -> None:
        assert is_unfinished(f"{text}#{{x}}#{text}")

    @pytest.mark.parametrize("text", ["$(", "#{", "__a", "<", "{{", "%%a", "@@a", "${", "_"])
    def test_looking_takes_linear_time(self, text: str) -> None:
        from time import process_time

        start = process_time()
        is_unfinished(text * 200_000)
        assert process_time() - start < 2
