"""Versions, upgrades and ends of life, in every shape of an extension and on days of the tests' own choosing.

The shapes, and what checks a document on a day, are used by the tests of the other rules for extensions too.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from armlint import engine, run
from armlint.arm.model import Model
from armlint.jsontext import read
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from armlint.finding import Finding

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
VM = "Microsoft.Compute/virtualMachines"
VMSS = "Microsoft.Compute/virtualMachineScaleSets"
TODAY = date(2026, 11, 21)

RULES = run.load_rules()


def findings(document: Any, *rules: str, today: date = TODAY) -> list[Finding]:
    """What these rules say of a document on a day."""
    text = document if isinstance(document, str) else json.dumps(document, indent=2)
    model = Model(read(Source(text)), None, run.catalogue(), today)
    checked = engine.check(model, RULES.select(rules))
    assert not checked.broken
    return list(checked.findings)


def found(document: Any, rule: str, today: date = TODAY) -> list[str]:
    """Where a rule finds something."""
    return [finding.pointer for finding in findings(document, rule, today=today)]


def template(*resources: Any, **sections: Any) -> dict[str, Any]:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", **sections, "resources": list(resources)}


def extension(name: str, properties: Any, kind: str = f"{VM}/extensions", **members: Any) -> dict[str, Any]:
    return {"type": kind, "apiVersion": "2024-07-01", "name": name, **members, "properties": properties}


def machine(*children: Any, name: str = "web01", **members: Any) -> dict[str, Any]:
    made = {"type": VM, "apiVersion": "2024-07-01", "name": name, "properties": {}, **members}
    return {**made, "resources": list(children)} if children else made


def scale_set(*entries: Any, name: str = "web", profile: Any = (), **members: Any) -> dict[str, Any]:
    inside = {**dict(profile), "extensionProfile": {"extensions": list(entries)}}
    made = {"type": VMSS, "apiVersion": "2024-07-01", "name": name}
    return {**made, "properties": {"virtualMachineProfile": inside}, **members}


def nested(inside: dict[str, Any], scope: str) -> dict[str, Any]:
    options = {"expressionEvaluationOptions": {"scope": scope}}
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2024-03-01",
        "name": "inner",
        "properties": {"mode": "Incremental", **options, "template": inside},
    }


class Shape(NamedTuple):
    """A place where an extension can stand: makes a document around its properties, says where they are."""

    name: str
    make: Callable[[Any], Any]
    pointer: str


PROFILE = "/resources/0/properties/virtualMachineProfile/extensionProfile/extensions/0/properties"
SHAPES = (
    Shape("top level", lambda p: template(extension("web01/agent", p)), "/resources/0/properties"),
    Shape(
        "child",
        lambda p: template(machine(extension("agent", p, "extensions"))),
        "/resources/0/resources/0/properties",
    ),
    Shape(
        "child with its full type",
        lambda p: template(machine(extension("web01/agent", p))),
        "/resources/0/resources/0/properties",
    ),
    Shape(
        "scale set",
        lambda p: template(extension("web/a", p, f"{VMSS}/extensions")),
        "/resources/0/properties",
    ),
    Shape("profile", lambda p: template(scale_set({"name": "agent", "properties": p})), PROFILE),
    Shape(
        "instance",
        lambda p: template(extension("web/0/agent", p, f"{VMSS}/virtualMachines/extensions")),
        "/resources/0/properties",
    ),
    Shape(
        "symbolic",
        lambda p: {**template(languageVersion="2.0"), "resources": {"agent": extension("web01/agent", p)}},
        "/resources/agent/properties",
    ),
    Shape(
        "inner deployment",
        lambda p: template(nested(template(extension("web01/agent", p)), "inner")),
        "/resources/0/properties/template/resources/0/properties",
    ),
    Shape(
        "outer deployment",
        lambda p: template(nested(template(extension("web01/agent", p)), "outer")),
        "/resources/0/properties/template/resources/0/properties",
    ),
)
ARC = Shape(
    "Arc",
    lambda p: template(extension("till/agent", p, "Microsoft.HybridCompute/machines/extensions")),
    "/resources/0/properties",
)
BODY = Shape("body", lambda p: {"location": "westeurope", "properties": p}, "/properties")
EVERYWHERE = (*SHAPES, ARC, BODY)


def in_shapes(*shapes: Shape) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("shape", shapes, ids=lambda shape: shape.name)


def handler(name: str, version: str = "1.0", **members: Any) -> dict[str, Any]:
    """The properties of an extension; a member given as `...` is left out."""
    publisher, _, kind = name.rpartition("/")
    made = {
        "publisher": publisher,
        "type": kind,
        "typeHandlerVersion": version,
        "autoUpgradeMinorVersion": True,
    }
    return {key: value for key, value in {**made, **members}.items() if value is not ...}


CUSTOM_SCRIPT = "Microsoft.Azure.Extensions/CustomScript"
AGENT = "Microsoft.Azure.Monitor/AzureMonitorLinuxAgent"
DSC = "Microsoft.Powershell/DSC"
OMS = "Microsoft.EnterpriseCloud.Monitoring/OmsAgentForLinux"
UNKNOWN = "Contoso.Tools/Agent"
ASKED = {"asked": {"type": "object"}}


# ------------------------------------------------------------------------------------------- EXT104


@in_shapes(*EVERYWHERE)
def test_a_bad_version_is_told_at_the_version(shape: Shape) -> None:
    document = shape.make(handler(UNKNOWN, "latest"))
    assert found(document, "EXT104") == [f"{shape.pointer}/typeHandlerVersion"]


@pytest.mark.parametrize(
    "version",
    [1.1, 2, "latest", "Latest", "*", "1.*", "1", "v2.1", "2.1-preview", "2,1", "2.", ".1", "2..1",
     "1.2.3.4.5", "two", True, [], ["2.1"], {}, "[variables('wild')]", "²:1", "२.१"],
)  # fmt: skip
def test_what_is_no_version_is_found(version: Any) -> None:
    document = template(extension("a/b", handler(UNKNOWN, version)), variables={"wild": "2.x"})
    assert found(document, "EXT104") == ["/resources/0/properties/typeHandlerVersion"]


@pytest.mark.parametrize(
    "version",
    ["2.1", "0.0", "1210.15.10", "1.2.3.4", "10.20", None, "", ..., "[parameters('asked')]",
     "[concat('1.', parameters('asked'))]", "[variables('tame')]", "[parameters('asked').version]"],
)  # fmt: skip
def test_what_is_or_may_be_a_version_is_not_found(version: Any) -> None:
    sections = {
        "variables": {"tame": "2.1"},
        "parameters": {"asked": {"type": "string", "defaultValue": "latest"}},
    }
    assert found(template(extension("a/b", handler(UNKNOWN, version)), **sections), "EXT104") == []


def test_a_number_is_told_to_be_one() -> None:
    (finding,) = findings(template(extension("a/b", handler(UNKNOWN, 1.1))), "EXT104")
    assert "number" in finding.message


def test_the_variable_that_a_version_comes_from_is_shown() -> None:
    document = template(
        extension("a/b", handler(UNKNOWN, "[variables('version')]")), variables={"version": "latest"}
    )
    (finding,) = findings(document, "EXT104")
    text = json.dumps(document, indent=2)
    assert [text[label.span.start : label.span.end] for label in finding.labels] == ['"latest"']


# ----------------------------------------------------------------------------------- EXT106, EXT107


@in_shapes(*EVERYWHERE)
def test_a_retired_extension_is_told_at_its_type(shape: Shape) -> None:
    document = shape.make(handler(OMS))
    assert found(document, "EXT106") == [f"{shape.pointer}/type"]
    assert found(document, "EXT107") == []


@in_shapes(*EVERYWHERE)
def test_a_retiring_extension_is_told_at_its_type(shape: Shape) -> None:
    document = shape.make(handler(DSC))
    assert found(document, "EXT107") == [f"{shape.pointer}/type"]
    assert found(document, "EXT106") == []


def everything() -> list[Any]:
    return list(run.catalogue())


@pytest.mark.parametrize("entry", everything(), ids=lambda entry: entry.handler)
def test_each_extension_of_the_catalogue_ends_on_its_day(entry: Any) -> None:
    document = template(extension("a/b", handler(entry.handler)))
    day = entry.retired_on
    if day is None:
        rules = {"retired": ["EXT106"], "deprecated": ["EXT107"]}
        for today in (date.min, TODAY, date.max):
            told = findings(document, "EXT106", "EXT107", today=today)
            assert [finding.rule for finding in told] == rules.get(entry.status, [])
            assert all(entry.handler in finding.message for finding in told)
        return
    for today, rule in ((day - timedelta(days=1), "EXT107"), (day, "EXT106"), (date.max, "EXT106")):
        (finding,) = findings(document, "EXT106", "EXT107", today=today)
        assert finding.rule == rule
        assert day.isoformat() in finding.message
        assert entry.handler in finding.message
        assert entry.replacement is None or entry.replacement.text in finding.message


def test_most_of_the_catalogue_is_in_good_standing() -> None:
    standing = [e for e in everything() if e.status not in {"retired", "deprecated"} and e.retired_on is None]
    ended = [e for e in everything() if e.retired_on is not None and e.retired_on <= TODAY]
    assert len(standing) > 80
    assert len(ended) >= 10


@pytest.mark.parametrize(
    "properties",
    [
        handler(UNKNOWN),
        handler(AGENT),
        handler("Contoso.Tools/OmsAgentForLinux"),
        handler(OMS, publisher="[parameters('asked')]"),
        handler(OMS, type="[concat('Oms', parameters('asked'))]"),
        handler(OMS, publisher=...),
        "[parameters('asked')]",
    ],
)  # fmt: skip
def test_what_is_not_surely_the_retired_extension_is_not_found(properties: Any) -> None:
    document = template(extension("a/b", properties), parameters=ASKED)
    assert found(document, "EXT106") == found(document, "EXT107") == []


@pytest.mark.parametrize(
    "members",
    [{"existing": True}, {"condition": False}, {"condition": "[equals(1, 2)]"}],
    ids=["existing", "never", "folded to never"],
)
def test_what_is_not_deployed_is_not_found(members: dict[str, Any]) -> None:
    assert found(template(extension("a/b", handler(OMS), **members)), "EXT106") == []


def test_letter_case_and_variables_make_no_difference() -> None:
    name = "MICROSOFT.enterprisecloud.MONITORING/[variables('kind')]"
    document = template(extension("a/b", handler(name)), variables={"kind": "omsAGENTforLINUX"})
    (finding,) = findings(document, "EXT106")
    assert finding.pointer == "/resources/0/properties/type"
    assert [label.message for label in finding.labels] == ["comes from here"]


def test_properties_that_come_from_a_variable_are_told_where_they_are_used() -> None:
    document = template(extension("a/b", "[variables('agent')]"), variables={"agent": handler(OMS, "latest")})
    assert found(document, "EXT106") == ["/resources/0/properties"]
    assert found(document, "EXT104") == ["/resources/0/properties"]


# ------------------------------------------------------------------------------------------- EXT118

TOO_OLD = [
    (f"{VM}/extensions", "enableAutomaticUpgrade", True, "2019-07-01", "2019-12-01"),
    (f"{VM}/extensions", "suppressFailures", False, "2021-04-01", "2021-07-01"),
    (f"{VM}/extensions", "protectedSettingsFromKeyVault", {"secretUrl": "x"}, "2021-07-01", "2021-11-01"),
    (f"{VM}/extensions", "provisionAfterExtensions", [], "2022-11-01", "2023-03-01"),
    (f"{VMSS}/extensions", "provisionAfterExtensions", ["a"], "2017-12-01", "2018-06-01"),
    (f"{VMSS}/extensions", "forceUpdateTag", "", "2016-04-30-preview", "2017-03-30"),
    (f"{VMSS}/virtualMachines/extensions", "enableAutomaticUpgrade", "false", "2019-07-01", "2020-06-01"),
    ("Microsoft.HybridCompute/machines/extensions", "enableAutomaticUpgrade", True, "2021-06-10-preview",
     "2021-12-10-preview"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "value", "old", "new"), TOO_OLD)
def test_a_property_newer_than_the_api_version_is_found(
    kind: str, name: str, value: Any, old: str, new: str
) -> None:
    segments = "/".join("abc"[: kind.count("/")])
    document = template(extension(segments, handler(UNKNOWN, **{name: value}), kind, apiVersion=old))
    (finding,) = findings(document, "EXT118")
    assert finding.pointer == f"/resources/0/properties/{name}"
    assert old in finding.message
    document["resources"][0]["apiVersion"] = new
    assert found(document, "EXT118") == []


def test_in_a_profile_the_api_version_of_the_scale_set_counts() -> None:
    document = template(scale_set({"name": "a", "properties": handler(UNKNOWN, suppressFailures=True)}))
    assert found(document, "EXT118") == []
    document["resources"][0]["apiVersion"] = "2020-12-01"
    assert found(document, "EXT118") == [f"{PROFILE}/suppressFailures"]


@pytest.mark.parametrize(
    ("value", "surely"),
    [
        (True, True),
        (None, False),
        ("[parameters('switch')]", True),
        ("[parameters('nullable')]", False),
        ("[parameters('object').switch]", False),
        ("[if(parameters('switch'), true(), false())]", True),
        ("[if(parameters('switch'), true(), null())]", False),
        ("[variables('on')]", True),
        ("[tryGet(parameters('object'), 'switch')]", False),
    ],
)
def test_a_property_that_may_be_null_is_not_found(value: Any, surely: bool) -> None:
    sections = {
        "parameters": {
            "switch": {"type": "bool"},
            "nullable": {"type": "bool", "nullable": True},
            "object": {"type": "object"},
        },
        "variables": {"on": True},
    }
    old = extension("a/b", handler(AGENT, enableAutomaticUpgrade=value), apiVersion="2018-06-01")
    assert bool(found(template(old, **sections), "EXT118")) is surely
    deployment = nested(template(old, **sections), "inner")
    deployment["properties"]["parameters"] = {
        name: {"value": f"[parameters('{name}')]"} for name in sections["parameters"]
    }
    passed_on = template(deployment, **sections)
    assert bool(found(passed_on, "EXT118")) is surely


@pytest.mark.parametrize("version", ["[parameters('asked')]", "", "latest", None, "2018", 2018])
def test_an_api_version_that_is_no_date_or_not_known_is_not_judged(version: Any) -> None:
    document = template(
        extension("a/b", handler(AGENT, enableAutomaticUpgrade=True), apiVersion=version), parameters=ASKED
    )
    assert found(document, "EXT118") == []


@in_shapes(*EVERYWHERE)
def test_nothing_is_too_new_for_a_new_api_version(shape: Shape) -> None:
    properties = handler(
        AGENT, enableAutomaticUpgrade=True, suppressFailures=True, provisionAfterExtensions=[]
    )
    assert found(shape.make(properties), "EXT118") == []


# ----------------------------------------------------------------------------------- EXT123, EXT125


@in_shapes(*EVERYWHERE)
@pytest.mark.parametrize("value", [True, "true", "True"])
def test_suppressed_failures_are_found(shape: Shape, value: Any) -> None:
    document = shape.make(handler(UNKNOWN, suppressFailures=value))
    assert found(document, "EXT123") == [f"{shape.pointer}/suppressFailures"]


@pytest.mark.parametrize("value", [False, "false", None, ..., "[parameters('asked')]", 1, "yes"])
def test_failures_that_are_not_surely_suppressed_are_not_found(value: Any) -> None:
    document = template(extension("a/b", handler(UNKNOWN, suppressFailures=value)), parameters=ASKED)
    assert found(document, "EXT123") == []


# What Azure and the publishers announced; where only a month is known, its last day.
RETIRED = {
    "Microsoft.Azure.Diagnostics/IaaSDiagnostics": "2026-03-31",
    "Microsoft.Azure.Diagnostics/LinuxDiagnostic": "2026-03-31",
    "Microsoft.Azure.Extensions/DockerExtension": "2018-11-30",
    "Microsoft.EnterpriseCloud.Monitoring/MicrosoftMonitoringAgent": "2024-08-31",
    "Microsoft.EnterpriseCloud.Monitoring/OmsAgentForLinux": "2024-08-31",
    "Microsoft.ManagedIdentity/ManagedIdentityExtensionForLinux": "2019-01-31",
    "Microsoft.ManagedIdentity/ManagedIdentityExtensionForWindows": "2019-01-31",
    "Microsoft.OSTCExtensions/DSCForLinux": "2023-09-30",
    "Microsoft.OSTCExtensions/LinuxDiagnostic": "2018-07-31",
    "Qualys/LinuxAgent.AzureSecurityCenter": "2024-05-01",
    "Qualys/WindowsAgent.AzureSecurityCenter": "2024-05-01",
    "Symantec/SymantecEndpointProtection": None,
}
DEPRECATED = {
    "Microsoft.Azure.ActiveDirectory.LinuxSSH/AADLoginForLinux": None,
    "Microsoft.Azure.Monitoring.DependencyAgent/DependencyAgentLinux": "2028-06-30",
    "Microsoft.Azure.Monitoring.DependencyAgent/DependencyAgentWindows": "2028-06-30",
    "Microsoft.Azure.Security/AzureDiskEncryption": "2028-09-15",
    "Microsoft.Azure.Security/AzureDiskEncryptionForLinux": "2028-09-15",
    "Microsoft.Azure.Security.Monitoring/AzureSecurityLinuxAgent": None,
    "Microsoft.Azure.Security.Monitoring/AzureSecurityWindowsAgent": None,
    "Microsoft.HpcCompute/HpcVmDrivers": None,
    "Microsoft.OSTCExtensions/AzureEnhancedMonitorForLinux": None,
    "Microsoft.OSTCExtensions/CustomScriptForLinux": None,
    "Microsoft.OSTCExtensions/OSPatchingForLinux": None,
    "Microsoft.Powershell/DSC": "2028-03-31",
    "TrendMicro.DeepSecurity/TrendMicroDSA": None,
    "TrendMicro.DeepSecurity/TrendMicroDSALinux": None,
    "dynatrace.ruxit/ruxitAgentLinux": None,
    "dynatrace.ruxit/ruxitAgentWindows": None,
}
# Between the last retirement that has come and the first that is announced.
BETWEEN = date(2027, 1, 1)


@pytest.mark.parametrize(
    ("name", "rule", "said"),
    [
        *(
            (name, "EXT106", f"was retired on {day}" if day else "is retired")
            for name, day in RETIRED.items()
        ),
        *(
            (name, "EXT107", f"will be retired on {day}" if day else "is deprecated")
            for name, day in DEPRECATED.items()
        ),
    ],
)
def test_the_end_of_an_extension_is_told_with_its_day(name: str, rule: str, said: str) -> None:
    (finding,) = findings(template(extension("a/b", handler(name))), "EXT106", "EXT107", today=BETWEEN)
    assert finding.rule == rule
    assert f"{name} {said}" in finding.message


def test_no_other_extension_is_at_its_end() -> None:
    ends = {
        entry.handler for entry in run.catalogue() if entry.status_on(BETWEEN) in {"retired", "deprecated"}
    }
    assert ends == {*RETIRED, *DEPRECATED}
    assert (len(RETIRED), len(DEPRECATED)) == (12, 16)


@in_shapes(*SHAPES, BODY)
@pytest.mark.parametrize("value", [True, "true"])
def test_automatic_upgrade_of_an_unlisted_extension_is_found(shape: Shape, value: Any) -> None:
    document = shape.make(handler(CUSTOM_SCRIPT, enableAutomaticUpgrade=value))
    assert found(document, "EXT125") == [f"{shape.pointer}/enableAutomaticUpgrade"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (AGENT, True),
        (UNKNOWN, True),
        (CUSTOM_SCRIPT, False),
        (CUSTOM_SCRIPT, None),
        (CUSTOM_SCRIPT, ...),
        (CUSTOM_SCRIPT, "[parameters('asked')]"),
    ],
)
def test_automatic_upgrade_that_works_or_is_not_asked_for_is_not_found(name: str, value: Any) -> None:
    document = template(extension("a/b", handler(name, enableAutomaticUpgrade=value)), parameters=ASKED)
    assert found(document, "EXT125") == []


def test_arc_machines_have_a_list_of_their_own() -> None:
    assert found(ARC.make(handler(CUSTOM_SCRIPT, enableAutomaticUpgrade=True)), "EXT125") == []


def test_both_are_off_unless_asked_for() -> None:
    chosen = {rule.id for rule in RULES.select()}
    assert not {"EXT123", "EXT125"} & chosen
    assert {"EXT104", "EXT106", "EXT107", "EXT118"} <= chosen
