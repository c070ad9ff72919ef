"""What is unused, what bounds, images and sizes are, what waits twice: where armlint speaks, and where it is silent."""

from __future__ import annotations

import json
import time
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

import armlint
from armlint import edit
from armlint.arm.model import Model
from armlint.checks import hygiene, waiting
from armlint.jsontext import read
from armlint.source import Source

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
BICEP = {"_generator": {"name": "bicep", "version": "0.30.0"}}


def template(**sections: Any) -> dict[str, Any]:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [], **sections}


def said(what: Any, *rules: str) -> list[tuple[str, str]]:
    text = what if isinstance(what, str) else json.dumps(what)
    return [(entry.rule, entry.pointer) for entry in armlint.check(text, select=rules)]


def unused(**sections: Any) -> list[str]:
    """The pointers of what is unused in a template."""
    return [pointer for _, pointer in said(template(**sections), "TPL501", "TPL502")]


def strings(count: int = 1) -> dict[str, Any]:
    return {f"p{number}": {"type": "string"} for number in range(count)}


def output(value: str) -> dict[str, Any]:
    return {"o": {"type": "string", "value": value}}


def nested(inside: dict[str, Any], scope: str | None = "inner", **properties: Any) -> dict[str, Any]:
    if scope is not None:
        properties["expressionEvaluationOptions"] = {"scope": scope}
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": "inside",
        "properties": {"mode": "Incremental", "template": inside, **properties},
    }


class TestUse:
    @pytest.mark.parametrize(
        "sections",
        [
            {"outputs": output("[parameters('p0')]")},
            {"outputs": output("[Parameters( 'P0' )]")},
            {
                "outputs": {
                    "o": {"type": "string", "condition": "[equals(parameters('p0'), 'x')]", "value": "x"}
                }
            },
            {"outputs": {"o": {"type": "array", "copy": {"count": 2, "input": "[parameters('p0')]"}}}},
            {"resources": [{"type": "a/b", "name": "[parameters('p0')]"}]},
            {"resources": [{"type": "a/b", "name": "x", "tags": {"[parameters('p0')]": "x"}}]},
            {
                "resources": [
                    {"type": "a/b", "name": "x", "copy": {"name": "c", "count": "[length(parameters('p0'))]"}}
                ]
            },
            {
                "resources": [
                    {"type": "a/b", "name": "x", "resources": [{"type": "c", "name": "[parameters('p0')]"}]}
                ]
            },
            {"resources": {"s": {"type": "a/b", "name": "[parameters('p0')]", "existing": True}}},
            {"extensions": {"k8s": {"config": {"kubeConfig": "[parameters('p0')]"}}}},
            {
                "outputs": output(
                    "[string(map(range(0, 2), lambda('i', parameters(concat('p', lambdaVariables('i'))))))]"
                )
            },
            {"outputs": output("[deployment().properties.parameters.p0.value]")},
            # The mistake in the expression is another rule's.
            {"outputs": output("[concat(parameters('p0'), ]")},
        ],
    )
    def test_wherever_azure_evaluates(self, sections: dict[str, Any]) -> None:
        assert unused(parameters=strings(), **sections) == []

    @pytest.mark.parametrize(
        "sections",
        [
            {"outputs": output("parameters('p0')")},
            {"outputs": output("[[parameters('p0')]")},
            {"outputs": output("[parameters('p0')].name")},
            {"outputs": output("['parameters(''p0'')']")},
            {"metadata": {"description": "[parameters('p0')]"}},
            {"outputs": output("[contoso.named('x')]"), "functions": [
                {"namespace": "contoso", "members": {"named": {
                    "parameters": [{"name": "p0", "type": "string"}],
                    "output": {"type": "string", "value": "[parameters('p0')]"}}}}]},
        ],
    )  # fmt: skip
    def test_not_where_it_does_not(self, sections: dict[str, Any]) -> None:
        assert unused(parameters=strings(), **sections) == ["/parameters/p0"]

    def test_what_an_unused_variable_reads_is_told_when_that_one_is_gone(self) -> None:
        variables = {"first": "[variables('second')]", "second": "[parameters('p0')]"}
        assert unused(parameters=strings(), variables=variables) == ["/variables/first"]
        del variables["first"]
        assert unused(parameters=strings(), variables=variables) == ["/variables/second"]

    def test_variables_made_by_loops(self) -> None:
        loops = [{"name": name, "count": 2, "input": "x"} for name in ("read", "unread")]
        inside = {"copy": [{"name": "made", "count": 2, "input": "x"}]}
        found = unused(
            variables={"copy": loops, "object": inside},
            outputs=output("[concat(variables('read')[0], variables('object').made[0])]"),
        )
        assert found == ["/variables/copy/1/name"]

    def test_a_variable_that_stops_the_deployment_is_not_there_to_be_read(self) -> None:
        assert unused(variables={"check": "[if(true(), 'x', fail('wrong'))]"}) == []

    @pytest.mark.parametrize("section", ["parameters", "variables"])
    @pytest.mark.parametrize(
        ("used", "silent"),
        [("storageAcountName", True), ("STORAGEACOUNTNAME", True), ("somethingElse", False)],
    )
    def test_a_name_that_is_misspelt_where_it_is_used_is_told_there(
        self, section: str, used: str, silent: bool
    ) -> None:
        declared = {
            "parameters": {"storageAccountName": {"type": "string"}},
            "variables": {"storageAccountName": 1},
        }
        found = unused(**{section: declared[section]}, outputs=output(f"[{section}('{used}')]"))
        assert found == ([] if silent else [f"/{section}/storageAccountName"])

    def test_of_two_only_the_one_that_is_meant_is_left_out(self) -> None:
        parameters = {"storageName": {"type": "string"}, "owner": {"type": "string"}}
        assert unused(parameters=parameters, outputs=output("[parameters('storageNme')]")) == [
            "/parameters/owner"
        ]

    def test_names_kept_on_purpose(self) -> None:
        assert unused(parameters={"__reserved": {"type": "string"}}) == []

    def test_nothing_is_said_of_a_file_that_does_not_parse(self) -> None:
        text = json.dumps(template(parameters=strings(), variables={"v": 1}))
        assert len(said(text, "TPL501", "TPL502")) == 2
        assert said(text[:-1] + ', "outputs": {"o": }', "TPL501", "TPL502") == []


class TestComputedNames:
    SIZES: ClassVar = {"sizeSmall": "1", "sizeLarge": "2", "color": "3"}

    @pytest.mark.parametrize(
        ("name", "left"),
        [
            ("concat('size', parameters('p0'))", ["color"]),
            ("format('size{0}', parameters('p0'))", ["color"]),
            ("concat(parameters('p0'), 'Large')", ["sizeSmall", "color"]),
            ("parameters('p0')", []),
            ("if(equals(parameters('p0'), 'x'), 'sizeSmall', 'color')", ["sizeLarge"]),
            ("createArray('color', 'sizeSmall')[int(parameters('p0'))]", ["sizeLarge"]),
            ("concat('size', 'Small')", ["sizeLarge", "color"]),
            ("concat('size', parameters('tier'))", ["color"]),
            ("concat('size', parameters('one'))", ["sizeSmall", "color"]),
            ("toLower(concat('SIZE', toUpper(parameters('one'))))", ["sizeSmall", "color"]),
        ],
    )
    def test_free_what_they_may_mean_and_nothing_else(self, name: str, left: list[str]) -> None:
        parameters = {
            **strings(),
            "tier": {"type": "string", "allowedValues": ["Small", "Large"]},
            "one": {"type": "string", "allowedValues": ["Large"]},
        }
        what = template(parameters=parameters, variables=self.SIZES, outputs=output(f"[variables({name})]"))
        assert said(what, "TPL502") == [("TPL502", f"/variables/{variable}") for variable in left]

    def test_an_inner_template_may_be_given_other_values(self) -> None:
        inside = template(
            parameters=strings(),
            variables=self.SIZES,
            outputs=output("[variables(concat('size', parameters('p0')))]"),
        )
        what = template(resources=[nested(inside, parameters={"p0": {"value": "Small"}})])
        assert said(what, "TPL502") == [("TPL502", "/resources/0/properties/template/variables/color")]


class TestNested:
    def test_inner_scope_has_names_of_its_own(self) -> None:
        inside = template(parameters=strings(), outputs=output("[parameters('p0')]"))
        found = unused(parameters=strings(), resources=[nested(inside, parameters={"p0": {"value": "x"}})])
        assert found == ["/parameters/p0"]

    def test_what_is_passed_is_read_by_the_parent(self) -> None:
        inside = template(parameters=strings())
        passed = {"p0": {"value": "[parameters('p0')]"}}
        found = unused(parameters=strings(), resources=[nested(inside, parameters=passed)])
        assert found == ["/resources/0/properties/template/parameters/p0"]

    @pytest.mark.parametrize("scope", ["outer", None])
    def test_outer_scope_reads_the_names_of_the_parent(self, scope: str | None) -> None:
        inside = template(parameters=strings(2), variables={"v": 1}, outputs=output("[parameters('p0')]"))
        assert unused(parameters=strings(2), resources=[nested(inside, scope)]) == ["/parameters/p1"]

    def test_language_version_2_has_inner_scope_by_default(self) -> None:
        inside = template(parameters=strings(), resources={}, languageVersion="2.0")
        what = template(languageVersion="2.0", resources={"d": nested(inside, None)})
        assert said(what, "TPL501") == [("TPL501", "/resources/d/properties/template/parameters/p0")]


class TestMadeByBicep:
    def test_what_the_author_wrote_is_told(self) -> None:
        assert unused(metadata=BICEP, parameters=strings(), variables={"v": 1}) == [
            "/parameters/p0",
            "/variables/v",
        ]

    def test_what_the_compiler_made_is_not(self) -> None:
        assert unused(metadata=BICEP, variables={"$fxv#0": "x", "_1.imported": "x"}) == []
        assert unused(variables={"$fxv#0": "x"}) == ["/variables/$fxv#0"]

    @pytest.mark.parametrize("metadata", [{"metadata": BICEP}, {}])
    def test_modules_are_not(self, metadata: dict[str, Any]) -> None:
        inside = template(parameters=strings(), variables={"v": 1}, **metadata)
        assert unused(metadata=BICEP, resources=[nested(inside)]) == []


@given(st.sets(st.sampled_from("abcdefgh"), min_size=1), st.sets(st.sampled_from("abcdefgh")))
def test_the_unused_are_those_that_nothing_reads(declared: set[str], used: set[str]) -> None:
    read = ", ".join(f"variables('{name.upper()}')" for name in sorted(used & declared))
    found = unused(variables=dict.fromkeys(sorted(declared), 1), outputs=output(f"[createArray({read})]"))
    assert found == [f"/variables/{name}" for name in sorted(declared - used)]


class TestFixes:
    @staticmethod
    def fixed(what: dict[str, Any], check: Any) -> tuple[list[bool], Any]:
        text = json.dumps(what, indent=2)
        model = Model(read(Source(text)))
        fixes = [result.fix for each in model.templates for result in check(each, model)]
        assert all(fixes)
        for made in fixes:
            assert made is not None
        (first,) = fixes
        return [made.safe for made in fixes if made], json.loads(
            edit.apply(text, first.edits if first else ())
        )

    def test_a_variable_goes_safely(self) -> None:
        safe, left = self.fixed(
            template(variables={"v": 1, "w": 2}, outputs=output("[variables('v')]")), hygiene.unused_variable
        )
        assert safe == [True]
        assert left["variables"] == {"v": 1}

    def test_a_loop_goes_with_its_section(self) -> None:
        loop = {"name": "n", "count": 2, "input": "x"}
        safe, left = self.fixed(template(variables={"copy": [loop]}), hygiene.unused_variable)
        assert (safe, left["variables"]) == ([True], {})

    def test_a_parameter_of_the_file_may_be_passed_by_others(self) -> None:
        safe, left = self.fixed(template(parameters=strings()), hygiene.unused_parameter)
        assert (safe, left["parameters"]) == ([False], {})

    def test_a_nested_one_goes_with_what_is_passed(self) -> None:
        what = template(resources=[nested(template(parameters=strings()), parameters={"p0": {"value": "x"}})])
        safe, left = self.fixed(what, hygiene.unused_parameter)
        assert safe == [True]
        assert left["resources"][0]["properties"]["parameters"] == {}
        assert left["resources"][0]["properties"]["template"]["parameters"] == {}

    def test_an_entry_goes_safely(self) -> None:
        what = template(resources=[address(), interface(dependsOn=["ip", "ip"])])
        safe, left = self.fixed(what, waiting.redundant_dependency)
        assert (safe, left["resources"][1]["dependsOn"]) == ([True], ["ip"])


class TestBounds:
    @pytest.mark.parametrize(
        ("definition", "at"),
        [
            ({"type": "int", "minValue": 1, "maxValue": 1, "defaultValue": 1}, []),
            ({"type": "int", "minvalue": "1"}, ["minvalue"]),
            ({"type": "int", "maxValue": 1.5}, ["maxValue"]),
            ({"type": "int", "maxValue": True}, ["maxValue"]),
            ({"type": "int", "minValue": None}, []),
            ({"type": "int", "minValue": -5, "maxValue": -1}, []),
            ({"type": "int", "minValue": 2, "maxValue": 1, "defaultValue": 9}, ["minValue"]),
            ({"type": "int", "maxValue": 5, "defaultValue": 9}, ["defaultValue"]),
            ({"type": "int", "maxValue": 5, "defaultValue": "[add(5, 4)]"}, ["defaultValue"]),
            ({"type": "int", "maxValue": 5, "defaultValue": "[length(resourceGroup().name)]"}, []),
            ({"type": "string", "minLength": 3, "defaultValue": "ab"}, ["defaultValue"]),
            ({"type": "string", "minLength": 3, "defaultValue": "[resourceGroup().name]"}, []),
            ({"type": "securestring", "minLength": 12, "defaultValue": ""}, []),
            # The portal shows an empty box, and asks for a value.
            ({"type": "string", "minLength": 3, "defaultValue": ""}, []),
            ({"type": "string", "minLength": 3, "maxLength": 2, "defaultValue": ""}, ["minLength"]),
            ({"type": "array", "minLength": 1, "defaultValue": []}, ["defaultValue"]),
            ({"type": "array", "maxLength": 1, "defaultValue": [1, 2]}, ["defaultValue"]),
            ({"type": "string", "maxLength": -1}, ["maxLength"]),
        ],
    )
    def test_bounds(self, definition: dict[str, Any], at: list[str]) -> None:
        found = said(template(parameters={"p": definition}), "TPL506")
        assert found == [("TPL506", f"/parameters/p/{name}") for name in at]

    def test_types_of_their_own(self) -> None:
        what = template(
            languageVersion="2.0", resources={}, definitions={"t": {"type": "int", "minValue": "1"}}
        )
        assert said(what, "TPL506") == [("TPL506", "/definitions/t/minValue")]


def machine(profile: Any, **more: Any) -> dict[str, Any]:
    return {
        "type": "Microsoft.Compute/virtualMachines",
        "apiVersion": "2023-09-01",
        "name": "vm",
        "properties": {"storageProfile": profile},
        **more,
    }


class TestImages:
    @pytest.mark.parametrize(
        ("image", "found"),
        [
            ({"sku": "2025-preview"}, True),
            ({"sku": "gen2Preview"}, True),
            ({"offer": "windows-previews"}, True),
            ({"version": "1.0.0-preview.2"}, True),
            ({"sku": "previewer"}, False),
            ({"publisher": "preview"}, False),
            ({"sku": "[concat(parameters('p0'), '-preview')]"}, True),
            ({"sku": "[parameters('p0')]"}, False),
            ("[variables('image')]", True),
            ("[parameters('p0')]", False),
        ],
    )
    def test_words_of_an_image(self, image: Any, found: bool) -> None:
        what = template(
            parameters=strings(),
            variables={"image": {"sku": "x-preview"}},
            resources=[machine({"imageReference": image})],
        )
        assert bool(said(what, "TPL507")) is found

    def test_a_whole_profile_in_a_variable(self) -> None:
        what = template(
            variables={"profile": {"imageReference": {"sku": "x-preview"}}},
            resources=[machine("[variables('profile')]"), machine("[variables('profile')]", existing=True)],
        )
        assert said(what, "TPL507") == [("TPL507", "/resources/0/properties/storageProfile")]


def address(**more: Any) -> dict[str, Any]:
    return {"type": "Microsoft.Network/publicIPAddresses", "apiVersion": "2023-11-01", "name": "ip", **more}


def interface(**more: Any) -> dict[str, Any]:
    return {"type": "Microsoft.Network/networkInterfaces", "apiVersion": "2023-11-01", "name": "nic", **more}


ID = "[resourceId('Microsoft.Network/publicIPAddresses', 'ip')]"


class TestRedundantEntries:
    @pytest.mark.parametrize(
        ("entries", "properties", "at"),
        [
            (["ip", ID], {}, [1]),
            (["IP", "ip"], {}, [1]),
            ([ID], {"x": "[reference('ip').ipAddress]"}, [0]),
            ([ID], {"x": "[reference('ip', '2023-11-01').ipAddress]"}, []),
            ([ID], {"x": f"[reference({ID[1:-1]}).ipAddress]"}, []),
            ([ID], {"x": "[if(equals(resourceGroup().name, 'x'), reference('ip').ipAddress, '')]"}, []),
            ([ID], {"x": "[listKeys('ip', '2023-11-01').key]"}, []),
            (
                [ID],
                {"copy": [{"name": "x", "count": "[parameters('p')]", "input": "[reference('ip').ip]"}]},
                [],
            ),
            (["ip", "other"], {}, []),
        ],
    )
    def test_entries(self, entries: list[str], properties: dict[str, Any], at: list[int]) -> None:
        resources = [address(), address(name="other"), interface(dependsOn=entries, properties=properties)]
        found = said(template(parameters={"p": {"type": "int"}}, resources=resources), "DEP306")
        assert found == [("DEP306", f"/resources/2/dependsOn/{index}") for index in at]

    def test_elements_of_a_loop_are_not_the_same(self) -> None:
        loop = {"name": "loop", "count": 2}
        resources = {
            "ip": address(name="[concat('ip', copyIndex())]", copy=loop),
            "nic": interface(dependsOn=["ip[0]", "ip[1]", "ip"]),
        }
        assert said(template(languageVersion="2.0", resources=resources), "DEP306") == []

    def test_a_loop_is_more_than_the_element_that_is_read(self) -> None:
        resources = [
            address(name="[concat('ip', copyIndex())]", copy={"name": "loop", "count": 2}),
            interface(dependsOn=["loop"], properties={"x": "[reference('ip0').ipAddress]"}),
        ]
        assert said(template(resources=resources), "DEP306") == []

    def test_what_bicep_wrote_is_left_alone(self) -> None:
        resources = {
            "ip": address(),
            "nic": interface(dependsOn=["ip"], properties={"x": "[reference('ip').x]"}),
        }
        made = template(languageVersion="2.0", resources=resources)
        assert len(said(made, "DEP306")) == 1
        assert said({**made, "metadata": BICEP}, "DEP306") == []


class TestChangingNames:
    @pytest.mark.parametrize(
        ("name", "found"),
        [
            ("[parameters('seed')]", True),
            ("[concat('x', uniqueString(parameters('seed')))]", True),
            ("[variables('v').a]", True),
            ("[concat('x', parameters('p0'))]", False),
            ("fixed", False),
        ],
    )
    def test_of_a_resource(self, name: str, found: bool) -> None:
        seed = {"seed": {"type": "string", "defaultValue": "[concat('x', newGuid())]"}}
        what = template(
            parameters={**strings(), **seed},
            variables={"v": {"a": "[take(parameters('seed'), 8)]"}},
            resources=[address(name=name)],
        )
        assert bool(said(what, "TPL518")) is found

    @pytest.mark.parametrize(("value", "found"), [("fixed", False), ("[parameters('seed')]", True)])
    def test_through_the_parameter_of_an_inner_template(self, value: str, found: bool) -> None:
        inside = template(
            parameters={"seed": {"type": "string"}}, resources=[address(name="[parameters('seed')]")]
        )
        what = template(
            parameters={"seed": {"type": "string", "defaultValue": "[newGuid()]"}},
            resources=[nested(inside, parameters={"seed": {"value": value}})],
        )
        assert bool(said(what, "TPL518")) is found


@pytest.mark.slow
@pytest.mark.parametrize(
    "computed", ["variables(concat('v', parameters('p{0}')))", "variables(parameters('p{0}'))"]
)
def test_many_names_and_many_computed_names_take_linear_time(computed: str) -> None:
    def took(count: int) -> float:
        values = ", ".join(computed.format(number) for number in range(40))
        text = json.dumps(
            template(
                parameters=strings(40),
                variables={f"w{number}": f"[createArray({values})]" for number in range(count)},
            )
        )
        model = Model(read(Source(text)))
        start = time.process_time()
        for each in model.templates:
            list(hygiene.unused_variable(each, model))
        return time.process_time() - start

    small, large = min(took(50) for _ in range(3)), min(took(200) for _ in range(3))
    assert large < 10 * small + 0.05
