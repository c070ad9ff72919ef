"""Tests of extensions: found in every place and shape, nothing else taken for one, read as far as known."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from armlint.arm import extension as extensions
from armlint.arm.extension import Extension, Shape, field_of
from armlint.arm.kind import Kind, kind_of, schema_of
from armlint.arm.model import Model
from armlint.arm.value import Object, Pool, Term, known, plain
from armlint.jsontext import read
from armlint.run import catalogue
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS = Path(os.environ.get("ARMLINT_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
VM = "Microsoft.Compute/virtualMachines"
VMSS = "Microsoft.Compute/virtualMachineScaleSets"
BODY = {
    "publisher": "Microsoft.Azure.Extensions",
    "type": "CustomScript",
    "typeHandlerVersion": "2.1",
    "settings": {"commandToExecute": "ls"},
}


def model(*resources: Any, **sections: Any) -> Model:
    document = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources), **sections}
    return Model(read(Source(json.dumps(document))))


def found(*resources: Any, **sections: Any) -> list[Extension]:
    return list(model(*resources, **sections).extensions)


def only(*resources: Any, **sections: Any) -> Extension:
    (extension,) = found(*resources, **sections)
    return extension


def of(properties: Any = None, **fields: Any) -> dict[str, Any]:
    """A virtual machine extension as a resource at the top."""
    return {
        "type": f"{VM}/extensions",
        "name": "vm/ext",
        "apiVersion": "2024-07-01",
        "properties": BODY if properties is None else properties,
        **fields,
    }


def below(parent: str, name: str, child: dict[str, Any]) -> dict[str, Any]:
    return {"type": parent, "name": name, "resources": [child]}


def nest(value: object, *path: str) -> Any:
    for name in reversed(path):
        value = {name: value}
    return value


ITEMS = [{"name": "ext", "properties": BODY}]
PROFILE = ("properties", "virtualMachineProfile", "extensionProfile", "extensions")
FLEET = ("properties", "computeProfile", "baseVirtualMachineProfile", "extensionProfile", "extensions")
POOL = ("properties", "deploymentConfiguration", "virtualMachineConfiguration", "extensions")
DEPLOYMENT = {"type": "Microsoft.Resources/deployments", "name": "d"}


def profile(kind: str, name: str, path: tuple[str, ...], items: object = ITEMS) -> dict[str, Any]:
    """A resource that has extensions in a property."""
    return {"type": kind, "name": name, **nest(items, *path)}


def child(name: str = "ext", kind: str = "extensions") -> dict[str, Any]:
    return {**of(), "type": kind, "name": name}


FABRIC = "Microsoft.ServiceFabric/managedClusters"
NODES = ("properties", "vmExtensions")
LOCAL = "Microsoft.AzureStackHCI/clusters/arcSettings/extensions"
LOOP = [{"name": "Extensions", "count": 1, "input": ITEMS[0]}]
NESTED = {**DEPLOYMENT, **nest([of()], "properties", "template", "resources")}

# Each place with the resource, the shape, and the machine; the extension is called "ext" in all.
PLACES: dict[str, tuple[dict[str, Any], Shape, str]] = {
    "virtual machine": (of(), Shape.VM, "vm"),
    "any letter case": (of(type="microsoft.compute/VIRTUALMACHINES/Extensions"), Shape.VM, "vm"),
    "child in short": (below(VM, "vm", child()), Shape.VM, "vm"),
    "child in short, capital": (below(VM, "vm", child(kind="Extensions")), Shape.VM, "vm"),
    "child in full": (below(VM, "vm", of()), Shape.VM, "vm"),
    "child in full of another machine": (below(VM, "vm", of(name="other/ext")), Shape.VM, "other"),
    "child in full with a short name": (below(VM, "vm", of(name="ext")), Shape.VM, "vm"),
    "scale set": (of(type=f"{VMSS}/extensions", name="set/ext"), Shape.VMSS, "set"),
    "scale set, child": (below(VMSS, "set", child()), Shape.VMSS, "set"),
    "instance": (
        of(type=f"{VMSS}/virtualMachines/extensions", name="set/0/ext"),
        Shape.VMSS_INSTANCE,
        "set/0",
    ),
    "scale set, profile": (profile(VMSS, "set", PROFILE), Shape.VMSS_PROFILE, "set"),
    "profile by a loop": (profile(VMSS, "set", (*PROFILE[:-1], "copy"), LOOP), Shape.VMSS_PROFILE, "set"),
    "profile, any case": (profile(VMSS, "set", tuple(map(str.upper, PROFILE))), Shape.VMSS_PROFILE, "set"),
    "Arc machine": (of(type="Microsoft.HybridCompute/machines/extensions"), Shape.ARC, "vm"),
    "Azure Local": (of({"extensionParameters": BODY}, type=LOCAL, name="c/s/ext"), Shape.HCI, "c/s"),
    "Azure Local machine": (of(type="Microsoft.AzureStackHCI/virtualMachines/extensions"), Shape.ARC, "vm"),
    "VMware": (of(type="Microsoft.ConnectedVMwarevSphere/virtualMachines/extensions"), Shape.ARC, "vm"),
    "SCVMM": (of(type="Microsoft.ScVmm/virtualMachines/extensions"), Shape.ARC, "vm"),
    "Fabric": (profile(f"{FABRIC}/nodeTypes", "c/n", NODES), Shape.SF_MANAGED, "c/n"),
    "Fabric, child": (below(FABRIC, "c", profile("nodeTypes", "n", NODES)), Shape.SF_MANAGED, "c/n"),
    "Batch pool": (
        profile("Microsoft.Batch/batchAccounts/pools", "a/p", POOL, [{"name": "ext", **BODY}]),
        Shape.BATCH,
        "a/p",
    ),
    "Fleet": (profile("Microsoft.AzureFleet/fleets", "f", FLEET), Shape.FLEET, "f"),
    "nested deployment": (NESTED, Shape.VM, "vm"),
    "loop": (of(name="[concat('vm/', 'ext')]", copy={"name": "l", "count": 2}), Shape.VM, "vm"),
}


@pytest.mark.parametrize("place", PLACES)
def test_an_extension_is_found_in_every_place(place: str) -> None:
    resource, shape, machine = PLACES[place]
    extension = only(resource)
    assert extension.shape is shape
    assert (extension.name, extension.machine) == ("ext", machine)
    assert (extension.label, extension.machine_label) == ("ext", machine)
    assert extension.handler == ("Microsoft.Azure.Extensions", "CustomScript")
    assert extension.field("typeHandlerVersion") == "2.1"
    assert extension.deployed
    member = extension.member("SETTINGS")
    assert member is not None
    assert plain(extension.inside(member.value)) == {"commandToExecute": "ls"}
    assert extension.resource is not None
    assert extension.document is extension.template.document


@pytest.mark.parametrize("place", PLACES)
def test_an_extension_is_found_in_every_place_of_a_symbolic_template(place: str) -> None:
    resource, shape, machine = PLACES[place]
    document = {"$schema": SCHEMA, "languageVersion": "2.0", "resources": {"r": resource}}
    (extension,) = Model(read(Source(json.dumps(document)))).extensions
    assert (extension.shape, extension.name, extension.machine) == (shape, "ext", machine)


LOOKALIKES = [
    {"type": "Microsoft.KubernetesConfiguration/extensions", "name": "e", "scope": "x",
     "properties": {"extensionType": "flux", "autoUpgradeMinorVersion": True}},
    of(type="Microsoft.Web/sites/extensions", name="s/MSDeploy"),
    of(type="Microsoft.Web/sites/siteextensions", name="s/x"),
    of(type="Microsoft.Web/sites/slots/instances/extensions", name="s/a/b/MSDeploy"),
    of(type="Microsoft.Sql/servers/databases/extensions", name="s/d/import"),
    of(type="Microsoft.AgFoodPlatform/farmBeats/extensions", name="f/x"),
    of(type="Microsoft.Foo/bars/extensions", name="b/x"),
    of(type=f"{VM}/runCommands", name="vm/run"),
    of(type="extensions", name="ext"),
    below("Microsoft.Sql/servers", "s", below("databases", "d", child("import"))),
    below("Microsoft.Web/sites", "s", child("MSDeploy")),
    below(VM, "vm", child(kind="runCommands")),
    below("[parameters('p')]", "vm", child()),
    profile("Microsoft.ContainerInstance/containerGroups", "c", ("properties", "extensions")),
    {"type": "Microsoft.DocumentDB/databaseAccounts", "name": "d", "properties": {"extensions": ["a", "b"]}},
    profile(VM, "vm", ("properties", "extensionProfile", "extensions")),
    {"type": VM, "name": "vm", "properties": {"applicationProfile": {"galleryApplications": ITEMS}}},
    {"type": "Microsoft.App/containerApps", "name": "a", "properties": {"template": {"resources": [of()]}}},
    profile(VMSS, "set", PROFILE, "[parameters('p')]"),
    profile(VMSS, "set", PROFILE, {"a": ITEMS}),
    profile(VMSS, "set", PROFILE, [None, "x", []]),
    {"type": VMSS, "name": "set", "properties": None},
    {"name": "no type", "properties": BODY},
]  # fmt: skip


@pytest.mark.parametrize("resource", LOOKALIKES)
def test_what_only_looks_like_an_extension_is_none(resource: dict[str, Any]) -> None:
    assert found(resource, parameters={"p": {"type": "string"}}) == []


# -- names and machines --


@pytest.mark.parametrize(
    ("name", "own", "machine"),
    [
        ("vm/ext", "ext", "vm"),
        ("[concat(parameters('vm'), '/ext')]", "ext", "{vm}"),
        ("[format('{0}/{1}', parameters('vm'), parameters('e'))]", "{e}", "{vm}"),
        ("[concat('vm', copyIndex(), '/ext')]", "ext", "vm{copyindex}"),
        ("[variables('full')]", "ext", "{vm}"),
        ("[parameters('vm')]", "{vm}", "{machine}"),
        ("ext", "ext", "{machine}"),
    ],
)
def test_the_machine_is_what_stands_before_the_last_slash(name: str, own: str, machine: str) -> None:
    parameters = {"vm": {"type": "string"}, "e": {"type": "string"}}
    extension = only(
        of(name=name), parameters=parameters, variables={"full": "[concat(parameters('vm'), '/ext')]"}
    )
    assert (extension.label, extension.machine_label) == (own, machine)


def keys(*resources: Any) -> list[object]:
    parameters = {"vm": {"type": "string"}, "other": {"type": "string"}}
    return [extension.machine_key for extension in found(*resources, parameters=parameters)]


def test_extensions_of_one_machine_have_one_key_however_it_is_named() -> None:
    named = "[concat(parameters('vm'), '/e')]"
    same = keys(
        of(name=named),
        of(name="[format('{0}/f', toLower(parameters('vm')))]"),
        below(VM, "[parameters('vm')]", {**of(), "type": "extensions", "name": "g"}),
        below(VM, "[parameters('vm')]", of(name=named)),
    )
    assert len(same) == 4
    assert len(set(same)) == 1
    assert len(set(keys(of(name="VM/a"), of(name="vm/b")))) == 1


def test_machines_that_may_differ_have_different_keys() -> None:
    assert (
        len(
            set(
                keys(
                    of(name="[concat(parameters('vm'), '/e')]"),
                    of(name="[concat(parameters('other'), '/e')]"),
                )
            )
        )
        == 2
    )
    assert len(set(keys(of(name="vm/e"), of(type=f"{VMSS}/extensions", name="vm/e")))) == 2
    # Of an unknown machine nothing is known, not even that it is the same as itself.
    assert len(set(keys(of(name="ext"), of(name="ext")))) == 2
    assert keys(of(name=5)) != [None]


def test_profile_and_resources_of_a_scale_set_are_on_one_machine() -> None:
    profile = {"type": VMSS, "name": "set", **nest(ITEMS, *PROFILE)}
    assert len(set(keys(profile, of(type=f"{VMSS}/extensions", name="set/e")))) == 1


def test_machines_of_different_templates_have_different_keys() -> None:
    assert len(set(keys(of(), NESTED))) == 2


# -- fields --


@pytest.mark.parametrize(
    "properties",
    [
        BODY,
        "[variables('p')]",
        {**BODY, "settings": "[variables('s')]", "publisher": "[concat('Microsoft.Azure.', 'Extensions')]"},
        {k.upper(): v for k, v in BODY.items()},
        "[union(variables('p'), createObject('x', parameters('any')))]",
        "[if(true(), variables('p'), parameters('any'))]",
        {
            "[concat('publi', 'sher')]": BODY["publisher"],
            **{k: v for k, v in BODY.items() if k != "publisher"},
        },
        {**BODY, "copy": [{"name": "x", "count": 2, "input": 1}]},
    ],
)
def test_fields_are_read_through_expressions(properties: object) -> None:
    extension = only(of(properties), parameters={"any": {}}, variables={"p": BODY, "s": BODY["settings"]})
    assert extension.handler == ("Microsoft.Azure.Extensions", "CustomScript")
    assert extension.field("TYPEHANDLERVERSION") == "2.1"
    assert plain(extension.field("settings")) == {"commandToExecute": "ls"}
    assert extension.field("protectedSettings") is None


@pytest.mark.parametrize(
    "properties",
    [
        "[parameters('any')]",
        "[variables('no')]",
        "[concat(]",
        {"[parameters('any')]": 1},
        {"copy": [{"name": "[parameters('any')]", "count": 1, "input": 1}]},
        "[union(variables('p'), parameters('any'))]",
    ],
)
def test_fields_that_may_be_anything_are_unknown(properties: object) -> None:
    extension = only(of(properties), parameters={"any": {}}, variables={"p": BODY})
    assert isinstance(extension.field("publisher"), Term)
    assert extension.handler is None
    assert isinstance(Model(extension.document).supports_automatic_upgrade(extension), Term)


@pytest.mark.parametrize(
    "properties", [None, {}, "text", 5, [], "[null()]", "[createObject()]", {"publisher": None}]
)
def test_fields_that_are_not_there_are_null(properties: object) -> None:
    extension = only({**of(), "properties": properties})
    assert extension.field("publisher") is None
    assert extension.handler is None
    assert Model(extension.document).supports_automatic_upgrade(extension) is False
    extension = only({key: value for key, value in of().items() if key != "properties"})
    assert (extension.holder, extension.field("publisher"), extension.member("publisher")) == (
        None,
        None,
        None,
    )


def test_a_field_that_fails_is_unknown_and_never_a_failure() -> None:
    extension = only(of({**BODY, "settings": "[variables('no')]", "type": "[concat(]"}))
    assert isinstance(extension.field("settings"), Term)
    assert isinstance(extension.type, Term)


def test_the_field_of_a_union_is_that_of_the_last_object_that_surely_has_it() -> None:
    pool = Pool()
    unknown = pool.term("parameters", 1, "p")
    record = pool.object([("A", 1)])
    assert field_of(record, "a", pool) == 1
    assert field_of(record, "b", pool) is None
    assert field_of(pool.term("union", unknown, record), "a", pool) == 1
    assert isinstance(field_of(pool.term("union", unknown, record), "b", pool), Term)
    assert isinstance(field_of(pool.term("union", record, unknown), "a", pool), Term)
    assert field_of("text", "a", pool) is None
    assert field_of(unknown, "A", pool) is field_of(unknown, "a", pool)


def test_the_api_version_is_that_of_the_resource_around() -> None:
    assert only(of()).api_version == "2024-07-01"
    assert only({"type": VMSS, "name": "s", "apiVersion": "[variables('v')]", **nest(ITEMS, *PROFILE)},
                variables={"v": "2020-06-01"}).api_version == "2020-06-01"  # fmt: skip
    assert only({key: value for key, value in of().items() if key != "apiVersion"}).api_version is None


# -- what is deployed --


@pytest.mark.parametrize(
    ("resource", "deployed"),
    [
        (of(), True),
        (of(condition=True), True),
        (of(condition=False), False),
        (of(condition="[equals('a', 'b')]"), False),
        (of(condition="[parameters('p')]"), True),
        (of(existing=True), False),
        # A condition does not reach the children.
        ({**below(VM, "vm", of()), "condition": False}, True),
        ({**below(VM, "vm", of()), "existing": True}, True),
        ({"type": VMSS, "name": "s", "condition": False, **nest(ITEMS, *PROFILE)}, False),
        ({**below(VMSS, "s", child()), "condition": False}, True),
        ({**NESTED, "condition": False}, False),
        (
            {
                **DEPLOYMENT,
                "condition": "[parameters('p')]",
                **nest([of()], "properties", "template", "resources"),
            },
            True,
        ),
    ],
)
def test_an_extension_is_deployed_unless_surely_not(resource: dict[str, Any], deployed: bool) -> None:
    assert only(resource, parameters={"p": {"type": "bool"}}).deployed is deployed


def test_what_a_deployment_passes_decides_what_is_deployed_inside() -> None:
    inner = {"parameters": {"on": {"type": "bool"}}, "resources": [of(condition="[parameters('on')]")]}
    for on in (True, False):
        properties = {
            "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": {"on": {"value": on}},
            "template": inner,
        }
        assert only({**DEPLOYMENT, "properties": properties}).deployed is on


# -- profiles that stand in variables --


def scale_set(path: tuple[str, ...], value: object) -> dict[str, Any]:
    return {"type": VMSS, "name": "set", **nest(value, *path)}


@pytest.mark.parametrize(
    ("resource", "variables"),
    [
        (scale_set(PROFILE, "[variables('v')]"), {"v": ITEMS}),
        (scale_set(PROFILE, "[variables('v').list]"), {"v": {"list": ITEMS}}),
        (scale_set(PROFILE, "[variables('w')]"), {"w": "[variables('v')]", "v": ITEMS}),
        (scale_set(PROFILE[:3], "[variables('v')]"), {"v": {"extensions": ITEMS}}),
        (scale_set(PROFILE[:2], "[variables('v')]"), {"v": {"extensionProfile": {"extensions": ITEMS}}}),
        (scale_set(PROFILE[:1], "[variables('v')]"), {"v": nest(ITEMS, *PROFILE[1:])}),
        (scale_set(PROFILE, ["[variables('v')]"]), {"v": ITEMS[0]}),
    ],
)
def test_a_profile_that_a_variable_holds_is_read_there(
    resource: dict[str, Any], variables: dict[str, Any]
) -> None:
    found_model = model(resource, variables=variables)
    (extension,) = found_model.extensions
    assert (extension.name, extension.machine) == ("ext", "set")
    assert extension.handler == ("Microsoft.Azure.Extensions", "CustomScript")
    assert extension.node.pointer.startswith("/variables/v")
    assert extension.holder is not None
    assert extension.holder.pointer == f"{extension.node.pointer}/properties"
    (carrier,) = found_model.resources
    assert extensions.complete(carrier)


def test_the_values_of_a_profile_in_a_variable_are_those_of_the_template() -> None:
    item = {"name": "[parameters('n')]", "properties": {**BODY, "type": "[variables('t')]"}}
    extension = only(
        scale_set(PROFILE, "[variables('v')]"),
        variables={"v": [item], "t": "CustomScript"},
        parameters={"n": {"type": "string"}},
    )
    assert extension.label == "{n}"
    assert extension.type == "CustomScript"


@pytest.mark.parametrize(
    ("value", "complete"),
    [
        (ITEMS, True),
        ([], True),
        (None, True),
        ("[parameters('p')]", False),
        ("[concat(variables('v'), variables('v'))]", False),
        ([*ITEMS, "[parameters('p')]"], False),
        ([*ITEMS, None], False),
    ],
)
def test_a_profile_is_complete_when_all_in_it_is_written_out(value: object, complete: bool) -> None:
    found_model = model(
        scale_set(PROFILE, value), parameters={"p": {"type": "array"}}, variables={"v": ITEMS}
    )
    assert extensions.complete(found_model.resources[0]) is complete


@pytest.mark.parametrize(
    ("resource", "complete"),
    [
        ({"type": VMSS, "name": "set"}, True),
        (scale_set(PROFILE[:3], {}), True),
        (scale_set(PROFILE[:3], "[parameters('p')]"), False),
        (scale_set(PROFILE[:3], {"[parameters('p')]": 1}), False),
        (scale_set(PROFILE[:3], {"copy": [{"name": "extensions", "count": 1, "input": {}}]}), False),
        (scale_set(PROFILE[:1], "[parameters('p')]"), False),
        ({"type": VM, "name": "vm"}, False),
    ],
)
def test_a_profile_that_is_not_there_is_complete_if_nothing_can_make_it(
    resource: dict[str, Any], complete: bool
) -> None:
    found_model = model(resource, parameters={"p": {}})
    assert extensions.complete(found_model.resources[0]) is complete
    assert extensions.profile_path(found_model.resources[0]) == (PROFILE if resource["type"] == VMSS else ())


# -- bodies --


def kind(document: object) -> Kind:
    return kind_of(read(Source(json.dumps(document))))


@pytest.mark.parametrize(
    ("document", "shape", "name", "machine"),
    [
        ({"location": "westus", "properties": BODY}, Shape.BODY, None, None),
        ({"properties": {"publisher": "p", "settings": {}}}, Shape.BODY, None, None),
        ({"name": "ext", "properties": BODY}, Shape.BODY, "ext", None),
        (of(), Shape.VM, "ext", "vm"),
        (of(name="ext"), Shape.VM, "ext", None),
        (of(type=f"{VMSS}/extensions", name="set/ext"), Shape.VMSS, "ext", "set"),
        (of(type="extensions", name="ext"), Shape.BODY, "ext", None),
        (of(type="Microsoft.HybridCompute/machines/extensions"), Shape.ARC, "ext", "vm"),
        ({"properties": {"extensionParameters": BODY}}, Shape.HCI, None, None),
        (
            of(
                {"extensionParameters": BODY},
                type="Microsoft.AzureStackHCI/clusters/arcSettings/extensions",
                name="e",
            ),
            Shape.HCI,
            "e",
            None,
        ),
    ],
)
def test_a_body_by_itself_is_an_extension(
    document: dict[str, Any], shape: Shape, name: str | None, machine: str | None
) -> None:
    read_document = read(Source(json.dumps(document)))
    assert kind_of(read_document) is Kind.BODY
    (extension,) = Model(read_document).extensions
    assert (extension.shape, extension.name, extension.machine) == (shape, name, machine)
    assert extension.publisher in {"Microsoft.Azure.Extensions", "p"}
    assert extension.resource is None
    assert extension.deployed
    assert extension.api_version is None
    assert extension.machine_key is not None


def test_expressions_in_a_body_are_unknown() -> None:
    document = read(
        Source(
            json.dumps({"name": "[concat('a', parameters('p'))]", "properties": {**BODY, "type": "[x()]"}})
        )
    )
    (extension,) = Model(document).extensions
    assert not known(extension.name)
    assert not known(extension.type)
    assert extension.handler is None


@pytest.mark.parametrize(
    "document",
    [
        {"properties": {"publisher": "x"}},
        {"properties": {"publisher": None}},
        {"properties": "x"},
        {"publisher": "x", "type": "y", "settings": {}},
        {"type": "Microsoft.Web/sites", "properties": BODY},
        {"type": "Microsoft.KubernetesConfiguration/extensions",
         "properties": {"extensionType": "x", "autoUpgradeMinorVersion": True, "settings": {}}},
        {"type": "object", "properties": {"settings": {}, "protectedSettings": {}}},
        {"properties": {"publisher": {"type": "string"}, "type": {"type": "string"}, "settings": {}}},
        {"$schema": "https://json-schema.org/x", "properties": {"settings": {}, "protectedSettings": {}}},
        [BODY],
        "x",
    ],
)  # fmt: skip
def test_other_objects_are_no_bodies(document: object) -> None:
    assert kind(document) is Kind.OTHER
    assert Model(read(Source(json.dumps(document)))).extensions == ()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"$schema": SCHEMA}, Kind.TEMPLATE),
        ({"$schema": SCHEMA.replace("https", "http").rstrip("#")}, Kind.TEMPLATE),
        ({"$schema": SCHEMA.replace("deploymentTemplate", "subscriptionDeploymentTemplate")}, Kind.TEMPLATE),
        ({"$SCHEMA": "https://x/misspelt/deploymentTemplate.json"}, Kind.TEMPLATE),
        ({"$schema": SCHEMA.replace("deploymentTemplate", "deploymentParameters")}, Kind.PARAMETERS),
        ({"contentVersion": "1.0.0.0", "resources": []}, Kind.TEMPLATE),
        ({"contentVersion": "1.0.0.0", "resources": {}}, Kind.TEMPLATE),
        ({"contentVersion": "1.0.0.0"}, Kind.OTHER),
        ({"resources": []}, Kind.OTHER),
        ({"$schema": "https://x/schemas/0.1.2-preview/CreateUIDefinition.MultiVm.json#"}, Kind.UI_DEFINITION),
        ({"$schema": 5}, Kind.OTHER),
        ({}, Kind.OTHER),
    ],
)  # fmt: skip
def test_a_file_is_what_its_content_says(document: object, expected: Kind) -> None:
    assert kind(document) is expected


def test_a_schema_address_names_the_scope_and_what_the_file_is() -> None:
    assert schema_of(SCHEMA) == ("resourcegroup", "template")
    assert schema_of(SCHEMA.replace("2019-04-01", "2014-04-01-preview")) == ("resourcegroup", "template")
    for scope in ("subscription", "managementGroup", "tenant"):
        address = SCHEMA.replace("deployment", f"{scope}Deployment")
        assert schema_of(f" {address} ") == (scope.lower(), "template")
    assert schema_of(SCHEMA.replace("Template", "Parameters")) == ("resourcegroup", "parameters")
    for wrong in (
        "",
        SCHEMA + "x",
        SCHEMA.replace("2019", "1919"),
        SCHEMA.replace("Template", "Templates"),
        "x" + SCHEMA,
    ):
        assert schema_of(wrong) is None


# -- handlers --


def test_handlers_are_known_by_publisher_and_type_in_any_letter_case() -> None:
    def upgraded(**properties: str) -> object:
        extension = only(of(properties))
        return Model(extension.document, catalogue=catalogue()).supports_automatic_upgrade(extension)

    assert upgraded(publisher="MICROSOFT.Azure.Monitor", type="azureMonitorLinuxAgent") is True
    assert upgraded(publisher="Microsoft.Azure.Extensions", type="CustomScript") is False
    assert upgraded(publisher="Contoso", type="AzureMonitorLinuxAgent") is False


# -- the corpus --


def documents() -> Iterator[tuple[Path, str]]:
    for path in sorted(CORPUS.rglob("*.json")) if CORPUS.is_dir() else []:
        content = path.read_bytes()
        encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        yield path, content.decode(encoding, "replace")


def lookalikes(value: Any) -> int:
    """How many objects anywhere in a document have what an extension has."""
    count = 0
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, dict):
            names = {name.lower() for name in current}
            kind_node = current.get("type")
            declared = isinstance(kind_node, dict)
            count += {"publisher", "type", "typehandlerversion"} <= names and not declared
            # What a deployment passes to an extension's module is called as in the extension.
            module = "template" in names and "mode" in names
            pending.extend(value for name, value in current.items() if not (module and name == "parameters"))
        elif isinstance(current, list):
            pending.extend(current)
    return count


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus")
def test_in_real_templates_all_extensions_are_found_and_nothing_else() -> None:
    total = 0
    for path, text in documents():
        document = read(Source(text, path.name))
        extensions_found = Model(document).extensions
        if document.root is None:
            continue
        # One by one: an object that says what an extension says, and none for what says less.
        holders = [e.holder for e in extensions_found if e.holder is not None and e.holder.kind == "object"]
        saying = [holder for holder in holders if holder.get("typeHandlerVersion") is not None]
        count = sum(
            holder.get("publisher") is not None and holder.get("type") is not None for holder in saying
        )
        assert count == lookalikes(document.root.plain()), path
        total += count
        for extension in extensions_found:
            assert isinstance(extension.field("settings"), Object | Term | None)
    assert total > 50
