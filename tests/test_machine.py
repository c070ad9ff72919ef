"""Extensions against the machine that they are on, and against each other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from test_lifecycle import (
    AGENT,
    ARC,
    BODY,
    CUSTOM_SCRIPT,
    PROFILE,
    UNKNOWN,
    VM,
    VMSS,
    extension,
    findings,
    found,
    handler,
    machine,
    nested,
    scale_set,
    template,
)

WINDOWS_AGENT = "Microsoft.Azure.Monitor/AzureMonitorWindowsAgent"
HANDLERS = {"linux": AGENT, "windows": WINDOWS_AGENT}
OTHER = {"linux": "windows", "windows": "linux"}
VMSS_EXTENSION = f"{VMSS}/extensions"
PARAMETERS = {
    "vm": {"type": "string"},
    "os": {"type": "string"},
    "flag": {"type": "bool"},
    "other": {"type": "bool"},
    "count": {"type": "int"},
}


def image(publisher: Any) -> dict[str, Any]:
    reference = {"publisher": publisher, "offer": "o", "sku": "s", "version": "latest"}
    return {"storageProfile": {"imageReference": reference}}


def disk(system: Any) -> dict[str, Any]:
    return {"storageProfile": {"osDisk": {"osType": system, "createOption": "Attach"}}}


def configured(system: str, **members: Any) -> dict[str, Any]:
    return {"osProfile": {f"{system}Configuration": members}}


TELLING = [
    ("windows", configured("windows")),
    ("linux", configured("linux", disablePasswordAuthentication=True)),
    ("windows", disk("Windows")),
    ("linux", disk("linux")),
    ("windows", image("MicrosoftWindowsServer")),
    ("windows", image("microsoftwindowsdesktop")),
    ("linux", image("Canonical")),
    ("linux", image("RedHat")),
    ("linux", {**image("SUSE"), **configured("linux")}),
    ("linux", image("[variables('publisher')]")),
    ("windows", {"osProfile": "[variables('profile')]"}),
]
VARIABLES = {"publisher": "Debian", "profile": {"windowsConfiguration": {}}, "names": ["web01", "web02"]}


def placed(profile: dict[str, Any], properties: Any) -> list[tuple[dict[str, Any], str]]:
    """An extension on a machine that is so described, in each way that a template can say it."""
    vm, web = machine(properties=profile), scale_set(profile=profile.items())
    depends = {"dependsOn": [f"[resourceId('{VM}', 'web01')]"]}
    sections = {"parameters": PARAMETERS, "variables": VARIABLES}
    outer = template(vm, extension("web01/agent", properties))
    return [
        (
            template({**vm, "resources": [extension("agent", properties, "extensions")]}, **sections),
            "/resources/0/resources/0/properties",
        ),
        (
            template({**vm, "resources": [extension("web01/agent", properties)]}, **sections),
            "/resources/0/resources/0/properties",
        ),
        (
            template(vm, extension("WEB01/agent", properties, **depends), **sections),
            "/resources/1/properties",
        ),
        (
            template(
                {**vm, "name": "[parameters('vm')]"},
                extension("[format('{0}/agent', parameters('vm'))]", properties),
                **sections,
            ),
            "/resources/1/properties",
        ),
        (
            template(
                scale_set({"name": "agent", "properties": properties}, profile=profile.items()), **sections
            ),
            PROFILE,
        ),
        (
            template(web, extension("web/agent", properties, VMSS_EXTENSION), **sections),
            "/resources/1/properties",
        ),
        (
            {
                **template(languageVersion="2.0", **sections),
                "resources": {"vm": vm, "agent": extension("web01/agent", properties)},
            },
            "/resources/agent/properties",
        ),
        (
            template(nested({**outer, **sections}, "inner")),
            "/resources/0/properties/template/resources/1/properties",
        ),
        (
            template(nested(outer, "outer"), **sections),
            "/resources/0/properties/template/resources/1/properties",
        ),
        (
            template(
                {
                    **vm,
                    "copy": {"name": "vms", "count": 2},
                    "name": "[concat('web', copyIndex())]",
                    "resources": [extension("agent", properties, "extensions")],
                },
                **sections,
            ),
            "/resources/0/resources/0/properties",
        ),
        (
            template(
                {**vm, "copy": {"name": "vms", "count": 2}, "name": "[concat('web', copyIndex())]"},
                extension(
                    "[concat('web', copyIndex(), '/agent')]", properties, copy={"name": "x", "count": 2}
                ),
                **sections,
            ),
            "/resources/1/properties",
        ),
    ]


# ------------------------------------------------------------------------------------------- EXT109


@pytest.mark.parametrize(("system", "profile"), TELLING)
def test_an_extension_for_the_other_system_is_told_at_its_type(system: str, profile: dict[str, Any]) -> None:
    for document, pointer in placed(profile, handler(HANDLERS[OTHER[system]])):
        (finding,) = findings(document, "EXT109")
        assert finding.pointer == f"{pointer}/type"
        assert f"runs {system.title()}" in finding.message
        assert len(finding.labels) == 1


@pytest.mark.parametrize(("system", "profile"), TELLING)
def test_an_extension_for_the_system_of_its_machine_is_not_found(
    system: str, profile: dict[str, Any]
) -> None:
    for document, _ in placed(profile, handler(HANDLERS[system])):
        assert found(document, "EXT109") == []
    for document, _ in placed(profile, handler(UNKNOWN)):
        assert found(document, "EXT109") == []


@pytest.mark.parametrize(
    "profile",
    [
        {},
        image("MicrosoftSQLServer"),
        image("[parameters('os')]"),
        disk("[parameters('os')]"),
        disk(None),
        {**configured("windows"), **image("Canonical")},
        {"osProfile": {"windowsConfiguration": {}, "linuxConfiguration": {}}},
        {"osProfile": {"windowsConfiguration": None}},
        {"osProfile": {"windowsConfiguration": "[if(parameters('flag'), createObject(), null())]"}},
        {"osProfile": "[parameters('os')]"},
        {"storageProfile": {"imageReference": {"id": "[parameters('os')]"}}},
    ],
)
def test_where_the_template_does_not_tell_the_system_nothing_is_found(profile: dict[str, Any]) -> None:
    for name in HANDLERS.values():
        for document, _ in placed(profile, handler(name)):
            assert found(document, "EXT109") == []


def test_the_label_shows_what_tells_the_system() -> None:
    document, _ = placed(disk("Linux"), handler(WINDOWS_AGENT))[0]
    (finding,) = findings(document, "EXT109")
    text = json.dumps(document, indent=2)
    assert [text[label.span.start : label.span.end] for label in finding.labels] == ['"Linux"']


CHOSEN = {"condition": "[equals(parameters('os'), 'Windows')]"}
OTHERWISE = {"condition": "[equals(parameters('os'), 'Linux')]"}
NEGATED = {"condition": "[not(equals(parameters('os'), 'Windows'))]"}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (CHOSEN, OTHERWISE, 0),
        (CHOSEN, NEGATED, 0),
        (
            {"condition": "[and(parameters('flag'), parameters('other'))]"},
            {"condition": "[not(parameters('flag'))]"},
            0,
        ),
        (
            {"condition": "[or(parameters('flag'), parameters('other'))]"},
            {"condition": "[not(parameters('flag'))]"},
            1,
        ),
        (CHOSEN, CHOSEN, 1),
        (CHOSEN, {}, 1),
        ({}, CHOSEN, 1),
        ({"condition": False}, {}, 0),
        ({"existing": True}, {}, 0),
    ],
)
def test_conditions_that_exclude_each_other_are_understood(
    one: dict[str, Any], other: dict[str, Any], expected: int
) -> None:
    document = template(
        machine(properties=configured("linux"), **one),
        extension("web01/agent", handler(WINDOWS_AGENT), **other),
        parameters=PARAMETERS,
    )
    assert len(findings(document, "EXT109")) == expected


def test_of_two_machines_of_one_name_neither_is_surely_the_one() -> None:
    document = template(
        machine(properties=configured("linux"), **OTHERWISE),
        machine(properties=configured("windows"), **CHOSEN),
        extension("web01/agent", handler(WINDOWS_AGENT)),
        parameters=PARAMETERS,
    )
    assert found(document, "EXT109") == []


def test_a_child_belongs_to_its_parent_whoever_else_has_the_name() -> None:
    child = extension("agent", handler(WINDOWS_AGENT), "extensions")
    document = template(
        machine(child, properties=configured("linux"), **OTHERWISE),
        machine(properties=configured("windows"), **CHOSEN),
        parameters=PARAMETERS,
    )
    assert found(document, "EXT109") == ["/resources/0/resources/0/properties/type"]


@pytest.mark.parametrize("rule", ["EXT109", "EXT121"])
def test_other_machines_do_not_matter(rule: str) -> None:
    profile = {"osProfile": {"linuxConfiguration": {"provisionVMAgent": False}}}
    document = template(
        machine(properties=profile),
        extension("web02/agent", handler(WINDOWS_AGENT)),
        extension("[concat(parameters('vm'), '/agent')]", handler(WINDOWS_AGENT)),
        extension("web01/agent", handler(WINDOWS_AGENT), VMSS_EXTENSION),
        extension("web01/agent", handler(WINDOWS_AGENT), "Microsoft.HybridCompute/machines/extensions"),
        parameters=PARAMETERS,
    )
    assert found(document, rule) == []
    for shape in (ARC, BODY):
        assert found(shape.make(handler(WINDOWS_AGENT)), rule) == []


# ------------------------------------------------------------------------------------------- EXT121

OFF = [
    {"osProfile": {"allowExtensionOperations": False}},
    {"osProfile": {"allowExtensionOperations": "false"}},
    {"OSPROFILE": {"AllowExtensionOperations": False}},
    configured("windows", provisionVMAgent=False),
    configured("linux", provisionVMAgent="False"),
    {
        "osProfile": {
            "linuxConfiguration": "[json('{\"provisionVMAgent\": true}')]",
            "allowExtensionOperations": False,
        }
    },
]


@pytest.mark.parametrize("profile", OFF)
@pytest.mark.parametrize("name", [AGENT, UNKNOWN])
def test_an_extension_on_a_machine_that_allows_none_is_told_at_its_type(
    profile: dict[str, Any], name: str
) -> None:
    for document, pointer in placed(profile, handler(name)):
        (finding,) = findings(document, "EXT121")
        assert finding.pointer == f"{pointer}/type"
        assert len(finding.labels) == 1


@pytest.mark.parametrize(
    "profile",
    [
        {},
        {"osProfile": {"allowExtensionOperations": True}},
        {"osProfile": {"allowExtensionOperations": None}},
        {"osProfile": {"allowExtensionOperations": "[parameters('flag')]"}},
        configured("windows", provisionVMAgent="true"),
        configured("linux", provisionVMAgent="[parameters('flag')]"),
        {"osProfile": {"provisionVMAgent": False}},
    ],
)
def test_an_extension_on_a_machine_that_may_allow_it_is_not_found(profile: dict[str, Any]) -> None:
    for document, _ in placed(profile, handler(AGENT)):
        assert found(document, "EXT121") == []


def test_a_switch_without_an_extension_is_not_found() -> None:
    assert found(template(machine(properties=OFF[0])), "EXT121") == []


# ------------------------------------------------------------------------------------------- EXT110


def script(name: str, kind: str = f"{VM}/extensions", **members: Any) -> dict[str, Any]:
    return extension(name, handler(CUSTOM_SCRIPT, "2.1"), kind, **members)


def twice(*resources: Any, **sections: Any) -> list[str]:
    return found(template(*resources, parameters=PARAMETERS, variables=VARIABLES, **sections), "EXT110")


SECOND = ["/resources/1/properties/type"]
ENTRY = {"name": "one", "properties": handler(CUSTOM_SCRIPT, "2.1")}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([script("web01/one"), script("web01/two")], SECOND),
        ([script("WEB01/one"), script("web01/two")], SECOND),
        (
            [script("[concat(parameters('vm'), '/one')]"), script("[format('{0}/two', parameters('vm'))]")],
            SECOND,
        ),
        (
            [machine(script("one", "extensions"), script("two", "extensions"))],
            ["/resources/0/resources/1/properties/type"],
        ),
        ([machine(script("one", "extensions")), script("web01/two")], SECOND),
        (
            [scale_set(ENTRY, {**ENTRY, "name": "two"})],
            [PROFILE.replace("extensions/0", "extensions/1") + "/type"],
        ),
        ([scale_set(ENTRY), script("web/two", VMSS_EXTENSION)], SECOND),
        (
            [
                script("till/one", "Microsoft.HybridCompute/machines/extensions"),
                script("till/two", "Microsoft.HybridCompute/machines/extensions"),
            ],
            SECOND,
        ),
        (
            [script("web01/one"), script("web01/two"), script("web01/three")],
            [*SECOND, "/resources/2/properties/type"],
        ),
        (
            [
                machine(
                    script("one", "extensions"),
                    script("two", "extensions"),
                    copy={"name": "l", "count": 2},
                    name="[concat('web', copyIndex())]",
                )
            ],
            ["/resources/0/resources/1/properties/type"],
        ),
        ([script("web01/one", condition="[parameters('flag')]"), script("web01/two")], SECOND),
        ([script("web01/one"), script("web01/two", condition="[parameters('flag')]")], SECOND),
        (
            [
                script("web01/one", condition="[parameters('flag')]"),
                script("web01/two", condition="[parameters('flag')]"),
            ],
            SECOND,
        ),
    ],
)
def test_the_same_handler_twice_is_told_at_the_later_type(resources: list[Any], expected: list[str]) -> None:
    assert twice(*resources) == expected
    inside = template(nested(template(*resources, parameters=PARAMETERS, variables=VARIABLES), "inner"))
    assert found(inside, "EXT110") == [f"/resources/0/properties/template{pointer}" for pointer in expected]


@pytest.mark.parametrize(
    "resources",
    [
        [script("web01/one")],
        [script("web01/one"), script("web02/one")],
        [script("web01/one"), script("[concat(parameters('vm'), '/two')]")],
        [script("web01/one"), extension("web01/two", handler(AGENT))],
        [script("web01/one"), extension("web01/two", handler("Contoso.Tools/CustomScript"))],
        [script("web01/one"), extension("web01/two", handler(CUSTOM_SCRIPT, type="[parameters('os')]"))],
        [script("web01/one"), script("web01/two", condition=False)],
        [script("web01/one"), script("web01/two", existing=True)],
        # The same one again: a change of it, or a name that is taken.
        [script("web01/one"), script("web01/ONE")],
        [scale_set(ENTRY), script("web/one", VMSS_EXTENSION)],
        [script("web01/one"), script("[concat('web01/', parameters('vm'))]")],
        # Of each pair only one is deployed, or nobody knows.
        [script("web01/one", **CHOSEN), script("web01/two", **OTHERWISE)],
        [
            script("web01/one", condition="[parameters('flag')]"),
            script("web01/two", condition="[not(parameters('flag'))]"),
        ],
        [
            script("web01/one", condition="[parameters('flag')]"),
            script("web01/two", condition="[parameters('other')]"),
        ],
        # A machine and a scale set of one name.
        [script("web01/one"), script("web01/two", VMSS_EXTENSION)],
        [
            extension("web01/one", handler("Microsoft.CPlat.Core/RunCommandHandlerLinux")),
            extension("web01/two", handler("Microsoft.CPlat.Core/RunCommandHandlerLinux")),
        ],
    ],
)
def test_what_is_not_surely_twice_is_not_found(resources: list[Any]) -> None:
    assert twice(*resources) == []


def test_a_machine_in_two_templates_is_not_followed() -> None:
    inner = nested(template(script("web01/two")), "inner")
    assert twice(script("web01/one"), inner) == []


def test_the_label_shows_the_first() -> None:
    document = template(script("web01/one"), script("web01/two"))
    (finding,) = findings(document, "EXT110")
    text = json.dumps(document, indent=2)
    (label,) = finding.labels
    assert text[label.span.start : label.span.end] == '"CustomScript"'
    assert label.span.start < finding.span.start


def test_handlers_that_armlint_does_not_know_are_one_each_too() -> None:
    document = template(
        extension("web01/one", handler(UNKNOWN)), extension("web01/two", handler(UNKNOWN.swapcase()))
    )
    assert found(document, "EXT110") == SECOND


LOOP = {"copy": {"name": "loop", "count": 3}}


@pytest.mark.parametrize(
    ("name", "loop", "several"),
    [
        ("[concat('web01/step', copyIndex())]", LOOP, True),
        ("[concat(parameters('vm'), '/step', copyIndex(1))]", LOOP, True),
        ("[format('{0}/step{1}', resourceGroup().name, copyIndex('loop'))]", LOOP, True),
        ("[concat('web', copyIndex(), '/step')]", LOOP, False),
        ("[concat('web', copyIndex(), '/step', copyIndex())]", LOOP, False),
        ("[concat(variables('names')[copyIndex()], '/step', copyIndex())]", LOOP, False),
        ("[concat(parameters('vm'), '/step', copyIndex())]", {"copy": {"name": "loop", "count": 1}}, False),
        (
            "[concat('web01/step', copyIndex())]",
            {"copy": {"name": "loop", "count": "[parameters('count')]"}},
            False,
        ),
        # Resources of one name are another fault.
        ("web01/step", LOOP, False),
        ("[concat(parameters('vm'), '/', guid(parameters('vm')))]", LOOP, False),
    ],
)
def test_a_loop_over_extensions_of_one_machine_is_found(
    name: str, loop: dict[str, Any], several: bool
) -> None:
    assert twice(script(name, **loop)) == (["/resources/0/properties/type"] if several else [])


def test_a_loop_in_a_profile_is_found() -> None:
    web = scale_set()
    element = {"name": "[concat('step', copyIndex('extensions'))]", "properties": handler(CUSTOM_SCRIPT)}
    loop = {"name": "extensions", "count": 2, "input": element}
    web["properties"]["virtualMachineProfile"]["extensionProfile"] = {"copy": [loop]}
    (pointer,) = twice(web)
    assert pointer.endswith("/extensionProfile/copy/0/input/properties/type")
    loop["count"] = 1
    assert twice(web) == []


# ------------------------------------------------------------------------------------------- DEP308


def after(
    name: str, *names: str, waits: Any = (), kind: str = f"{VM}/extensions", **members: Any
) -> dict[str, Any]:
    made = handler(f"Contoso.Tools/{name.rpartition('/')[2]}", provisionAfterExtensions=list(names))
    return extension(
        name,
        made if names else handler(made["publisher"] + "/" + made["type"]),
        kind,
        dependsOn=list(waits),
        **members,
    )


def on(name: str) -> str:
    machine_, _, own = name.partition("/")
    return f"[resourceId('{VM}/extensions', '{machine_}', '{own}')]"


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([after("a/one", "two"), after("a/two", waits=[on("a/one")])], ["/resources/0"]),
        ([after("a/one", "TWO"), after("a/two", waits=[on("a/one")])], ["/resources/0"]),
        ([after("a/two", waits=[on("a/one")]), after("a/one", "two")], ["/resources/1"]),
        (
            [
                after("a/one", "two"),
                after("a/two", waits=[on("a/three")]),
                after("a/three", waits=[on("a/one")]),
            ],
            ["/resources/0"],
        ),
        ([after("a/one", "two"), after("a/two", waits=["one"])], []),
        ([after("a/one", "two"), after("a/two", waits=["a/one"])], ["/resources/0"]),
        ([after("a/one", "two"), after("a/two")], []),
        ([after("a/one", "two", waits=[on("a/two")]), after("a/two")], []),
        ([after("a/one", "two"), after("a/two", waits=[on("b/one")]), after("b/one")], []),
        ([after("a/one", "two"), after("b/two", waits=[on("a/one")])], []),
        ([after("a/one", "two"), after("a/two", waits=["[parameters('vm')]"])], []),
        ([after("a/one", "two", **CHOSEN), after("a/two", waits=[on("a/one")], **OTHERWISE)], []),
        ([after("a/one", "two", **CHOSEN), after("a/two", waits=[on("a/one")], **CHOSEN)], ["/resources/0"]),
        ([after("a/one", "two", condition=False), after("a/two", waits=[on("a/one")])], []),
    ],
)
def test_orders_that_contradict_each_other_are_told_at_the_provisioning(
    resources: list[Any], expected: list[str]
) -> None:
    told = [f"{pointer}/properties/provisionAfterExtensions/0" for pointer in expected]
    assert found(template(*resources, parameters=PARAMETERS), "DEP308") == told


def test_an_entry_of_a_profile_cannot_wait_for_a_resource_below_the_scale_set() -> None:
    entry = {"name": "one", "properties": handler(UNKNOWN, provisionAfterExtensions=["two"])}
    below = after("web/two", kind=VMSS_EXTENSION, waits=[f"[resourceId('{VMSS}', 'web')]"])
    document = template(scale_set(entry), below)
    (finding,) = findings(document, "DEP308")
    assert finding.pointer == f"{PROFILE}/provisionAfterExtensions/0"
    assert len(finding.labels) == 1


def test_two_entries_of_a_profile_have_one_order_only() -> None:
    entries = [
        {"name": "one", "properties": handler(UNKNOWN, provisionAfterExtensions=["two"])},
        {"name": "two", "properties": handler(AGENT)},
    ]
    assert found(template(scale_set(*entries)), "DEP308") == []


def test_symbolic_names_are_followed() -> None:
    document = template(languageVersion="2.0")
    document["resources"] = {"first": after("a/one", "two"), "second": after("a/two", waits=["first"])}
    assert found(document, "DEP308") == ["/resources/first/properties/provisionAfterExtensions/0"]


def from_variables(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """A template whose two extensions take all their properties from variables."""
    variables = {"first": first["properties"], "second": second["properties"]}
    resources = [
        {**first, "properties": "[variables('first')]"},
        {**second, "properties": "[variables('second')]"},
    ]
    return template(*resources, variables=variables)


def test_an_order_in_properties_from_a_variable_is_seen() -> None:
    ring = from_variables(after("a/one", "two"), after("a/two", "one"))
    assert found(ring, "DEP302") == ["/resources/1/properties"]
    # In a variable the names may stand apart once more.
    ring["variables"]["names"] = ["one"]
    ring["variables"]["second"]["provisionAfterExtensions"] = "[variables('names')]"
    assert found(ring, "DEP302") == ["/resources/1/properties"]
    assert found(from_variables(after("a/one", "two"), after("a/two")), "DEP302") == []
    against = from_variables(after("a/one", "two"), after("a/two", waits=[on("a/one")]))
    assert found(against, "DEP308") == ["/resources/0/properties"]
    assert found(from_variables(after("a/one", "two"), after("a/two")), "DEP308") == []
