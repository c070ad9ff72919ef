"""Real templates, and what armlint says of each of them: nothing more, nothing less.

The tests are skipped where the corpus is absent. Every line in the table below was read in its file: whoever
changes one should do the same, and drive a finding that cannot be defended to its author out of the program
rather than into the table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import armlint
from armlint import files, run

if TYPE_CHECKING:
    from pathlib import Path

    from armlint.report import Report

TTK = "arm-ttk/"
SPEC = (
    f"{TTK}IDs-Should-Be-Derived-From-ResourceIDs/Pass/"
    "template-that-contains-dataCollectionRuleImmutableId-should-pass.json"
)
SCOPES = "docs-samples/azure-resource-manager/scope/"

# Rule, file, lines.
FINDINGS: dict[str, dict[str, list[int]]] = {
    # Documentation with a placeholder where resources belong: `...` or `resource-group-resources`, no JSON.
    # Each of these files names a deployment schema, and Azure would refuse it.
    "ARM001": {
        "docs-samples/azure-resource-manager/functions/date/datetimeadd-automation.json": [31],
        f"{SCOPES}default-mg.json": [5],
        f"{SCOPES}default-rg.json": [5],
        f"{SCOPES}default-sub.json": [5],
        f"{SCOPES}default-tenant.json": [5],
        f"{SCOPES}different-sub-to-resource-group.json": [14],
        f"{SCOPES}management-group-to-tenant.json": [14],
        f"{SCOPES}mg-to-resource-group.json": [18],
        f"{SCOPES}mg-to-subscription.json": [18],
        f"{SCOPES}resource-group-to-subscription.json": [14],
        f"{SCOPES}resource-group-to-tenant.json": [14],
        f"{SCOPES}same-sub-to-resource-group.json": [13],
        f"{SCOPES}scope-mg.json": [22],
        f"{SCOPES}sub-to-resource-group.json": [13],
        f"{SCOPES}sub-to-sub.json": [14],
        f"{SCOPES}subscription-to-tenant.json": [14],
        f"{SCOPES}tenant-to-mg.json": [22],
        f"{SCOPES}tenant-to-rg.json": [18],
        f"{SCOPES}tenant-to-subscription.json": [18],
    },
    "DEP304": {
        # `concat('foo', if(bool('true'), 'bar', 'baz'))` is foobar, and the file has no storage account.
        f"{TTK}DependsOn-Best-Practices/Pass/dependson-nested-if.json": [11],
        # The inner template has a role assignment and nothing else; the identity it waits for is nowhere.
        f"{TTK}Resources-Should-Not-Be-Ambiguous/Pass/InnerTemplateAmbiguitity (fail test).json": [108],
    },
    "DEP305": {
        # A child of a machine in the same file, without any `dependsOn`.
        f"{TTK}Resources-Should-Not-Be-Ambiguous/Pass/NestedResourceType.json": [12],
    },
    "EXP401": {
        # `[if(false)]`: the language has no word `false`, it is a function.
        f"{TTK}DependsOn-Best-Practices/Fail/DependsOn-Has-If.json": [6],
        # `[Application_Insights_Key]`, a placeholder. Azure would try to evaluate it.
        "docs-samples/application-insights/ServiceFabricCluster.json": [358],
    },
    # Snippets made to test another rule of arm-ttk, cut out of larger templates. Each has the schema of a
    # whole template and declares no parameter of that name, so Azure would refuse it.
    "EXP404": {
        f"{TTK}IDs-Should-Be-Derived-From-ResourceIDs/Pass/IDs-in-Backends.json": [7, 14, 15, 16],
        # In `mainTemplate` of a template spec, which is a property like any other: evaluated at deployment
        # unless escaped. The author escaped its neighbours with `[[`.
        SPEC: [32],
        f"{TTK}VM-Size-Should-Be-A-Parameter/Pass/VMSize-With-Alternate-Parameter-Name.json": [11, 12, 15],
        f"{TTK}Variables-Must-Be-Referenced/Fail/Unreferenced-Copy-Variable.json": [7],
        f"{TTK}Variables-Must-Be-Referenced/Fail/Unreferenced-Variable-Copy-Property.json": [8],
        f"{TTK}adminUsername-Should-Not-Be-A-Literal/Fail/Literal-Admin-Username-SymbolicName.json": [10],
        f"{TTK}adminUsername-Should-Not-Be-A-Literal/Fail/Literal-Admin-Username.json": [10],
        f"{TTK}adminUsername-Should-Not-Be-A-Literal/Fail/Literal-Variable-Property-Username.json": [15],
        f"{TTK}apiversions-should-be-recent/Pass/ApiVersion-Of-RoleAssignments.json": [11, 11, 13, 14],
    },
    # The same for variables.
    "EXP405": {
        f"{TTK}IDs-Should-Be-Derived-From-ResourceIDs/Pass/IDs-in-Backends.json": [11],
        SPEC: [13, 19, 37, 41],
        f"{TTK}ManagedIdentityExtension-must-not-be-used/Fail/ManagedIdentity-Resource.json": [8, 12],
        # The name of a member inside a variable is an expression too.
        f"{TTK}Template-Should-Not-Contain-Blanks/Pass/exceptions-that-should-pass.json": [36],
        f"{TTK}VM-Size-Should-Be-A-Parameter/Pass/VMSize-With-Alternate-Parameter-Name.json": [24],
        f"{TTK}apiversions-should-be-recent/Pass/ApiVersion-Of-RoleAssignments.json": [13, 15],
        f"{TTK}apiversions-should-be-recent/Pass/Nested-API-Version.json": [8, 8, 10],
        f"{TTK}apiversions-should-be-recent/Pass/scope-property.json": [9, 12, 14, 15],
    },
    # `commandToExecute` in `settings` of CustomScript. Three of them need folding: a variable that holds all
    # properties, a variable that holds the handler's type, `union()` with `createObject()`. The command in
    # cte-fp-escaped.json is plain text, no secret, but a command all the same.
    "EXT101": {
        "adversarial/cte-fp-escaped.json": [21],
        "adversarial/cte-nested-string-param.json": [36],
        "adversarial/cte-parent-prefix.json": [23],
        "adversarial/cte-reference-output.json": [53],
        "adversarial/cte-type-in-variable.json": [24],
        "adversarial/cte-union.json": [25],
        "adversarial/cte-var-chain.json": [29],
    },
    # The variable with all properties has neither a version nor a switch for upgrades.
    "EXT102": {
        "adversarial/cte-parent-prefix.json": [23],
    },
    "EXT103": {
        "adversarial/cte-parent-prefix.json": [23],
        # `"autoUpgradeMinorVersion": false`, written out, for the Service Fabric node.
        "docs-samples/application-insights/ServiceFabricCluster.json": [329],
    },
    # A child `extensions` with a name and nothing else.
    "EXT105": {
        f"{TTK}Resources-Should-Not-Be-Ambiguous/Pass/NestedResourceType.json": [12],
    },
}


@pytest.fixture(scope="module")
def report(corpus: Path) -> Report:
    """All files of the corpus, checked with the rules that are on by default."""
    rules = run.load_rules().select()
    found = list(files.find([str(corpus)], files.Excludes([])))
    return run.report(run.check_files(found, rules, jobs=1), rules, armlint.__version__, None)


def test_nothing_fails(report: Report) -> None:
    assert [notice for notice in report.notices if notice.level != "note"] == []


def test_all_json_files_are_looked_at(report: Report, corpus: Path) -> None:
    assert report.files == len(list(corpus.rglob("*.json")))


def test_all_deployment_templates_are_recognised(report: Report, corpus: Path) -> None:
    """Counted by the first `$schema` in the text, whether the file parses or not."""
    texts = [path.read_bytes().decode("utf-8-sig", "replace") for path in corpus.rglob("*.json")]
    schemas = [
        match[1].lower() for text in texts if (match := re.search(r'"\$schema"\s*:\s*"([^"]*)"', text))
    ]
    expected = sum("deploymenttemplate.json" in schema for schema in schemas)
    assert expected > 300
    assert report.templates == expected


def test_findings_are_those_that_were_read_and_found_right(report: Report, corpus: Path) -> None:
    got: dict[str, dict[str, list[int]]] = {}
    for entry in report.entries:
        name = entry.path.removeprefix(corpus.as_posix()).strip("/")
        got.setdefault(entry.rule, {}).setdefault(name, []).append(entry.region.line)
    assert {
        rule: {name: sorted(lines) for name, lines in files.items()} for rule, files in got.items()
    } == FINDINGS


def test_what_bicep_made_draws_no_error(corpus: Path) -> None:
    entries = armlint.check_paths([corpus / "bicep-modules"])
    assert [entry for entry in entries if entry.rule[:3] in {"ARM", "EXP", "DEP", "EXT"}] == []


def test_the_report_is_the_same_every_time(corpus: Path) -> None:
    once, again = (armlint.check_paths([corpus / "adversarial", corpus / "music-store"]) for _ in range(2))
    assert once == again
