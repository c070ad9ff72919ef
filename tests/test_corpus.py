"""Real templates, and what armlint says of each of them: nothing more, nothing less.

The tests are skipped where the corpus is absent. Every line in the table below was read in its file: whoever
changes one should do the same, and drive a finding that cannot be defended to its author out of the program
rather than into the table.
"""

from __future__ import annotations

import re
from datetime import date
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
COMMANDS = f"{TTK}CommandToExecute-Must-Use-ProtectedSettings-For-Secrets"
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
    # `listKeys()` without arguments.
    "EXP403": {
        f"{COMMANDS}/Fail/ListKeys.json": [8],
        f"{COMMANDS}/Pass/list-function-SymbolicName.json": [8],
    },
    "EXP408": {
        # `uri('gallery.azure.com', 'foo')`: no scheme, so no address to build on.
        f"{TTK}DeploymentTemplate-Must-Not-Contain-Hardcoded-Uri/Fail/Hardcoded-Uri-In-Uri.json": [4],
        # A type with two segments and one name.
        f"{TTK}ResourceIds-should-not-contain/Pass/ResourceIds-should-not-contain.json": [8],
    },
    # `commandToExecute` in `settings` of CustomScript, without a secret of which more would have to be said
    # there: one is plain text, in one the secret was told of where it enters the inner deployment, in one
    # where an output shows it.
    "EXT101": {
        "adversarial/cte-fp-escaped.json": [21],
        "adversarial/cte-nested-string-param.json": [36],
        "adversarial/cte-reference-output.json": [53],
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
    # Over on the day of these tests: the identity extension since 2019, IaaSDiagnostics since March 2026.
    "EXT106": {
        f"{TTK}ManagedIdentityExtension-must-not-be-used/Fail/ManagedIdentity-Resource.json": [16],
        "docs-samples/application-insights/ServiceFabricCluster.json": [345],
        "docs-samples/application-insights/WindowsVirtualMachine.json": [206],
        "docs-samples/application-insights/WindowsVirtualMachineScaleSet.json": [270],
    },
    # DSC, which ends in 2028. The modules pass the type to an inner template that makes the extension.
    "EXT107": {
        "adversarial/dsc-settings-password.json": [17],
        "bicep-modules/avm.res.compute.virtual-machine-scale-set.json": [2776],
        "bicep-modules/avm.res.compute.virtual-machine.json": [7782, 8850],
    },
    # The Linux handler refuses a `storageAccountName` in `settings`.
    "EXT113": {
        "adversarial/cse-storage-key.json": [17],
    },
    # Secrets in `settings`: through a variable with all properties, through `union()`, an index, with the
    # handler's type in a variable, as arguments of DSC. In the marketplace sample it is a SAS token in
    # `fileUris`, which belong in `protectedSettings` then.
    "SEC201": {
        "adversarial/cse-storage-key.json": [18],
        "adversarial/cte-parent-prefix.json": [23],
        "adversarial/cte-type-in-variable.json": [24],
        "adversarial/cte-union.json": [25],
        "adversarial/cte-var-chain.json": [29],
        "adversarial/dsc-settings-password.json": [22],
        f"{TTK}Common/Pass/100-marketplace-sample/azuredeploy.json": [381],
    },
    # Keys, connection strings and secure parameters in outputs that are strings or objects.
    "SEC202": {
        "adversarial/cte-reference-output.json": [28],
        "adversarial/out-deep-object.json": [13],
        "adversarial/out-param-default.json": [17],
        "adversarial/out-variable.json": [16],
        f"{TTK}Outputs-Must-Not-Contain-Secrets/Fail/Outputs-Cannot-Echo-ListKeys-In-Secret-Object.json": [8],
        f"{TTK}Outputs-Must-Not-Contain-Secrets/Fail/Outputs-Cannot-Echo-ListKeys-With-Concat.json": [7],
        f"{TTK}Outputs-Must-Not-Contain-Secrets/Fail/Outputs-Cannot-Echo-Lists.json": [7],
        # `listAdminKeys()`, whatever resource it names.
        f"{TTK}ResourceIds-should-not-contain/Pass/ResourceIds-should-not-contain.json": [25],
        "docs-samples/mslearn-arm-Module-sample/storage.json": [28],
    },
    # Evaluated by the parent into a nested template of outer scope.
    "SEC203": {
        "adversarial/nest-first-match-literal.json": [34],
        f"{TTK}Secure-Params-In-Nested-Deployments/Fail/listKeys-implicit.json": [27],
    },
    # A secure value for an inner template's parameter of type string.
    "SEC204": {
        "adversarial/cte-nested-string-param.json": [47],
        "adversarial/out-nested-launder.json": [37],
        # The default of a plain object parameter has the SAS token in it.
        f"{TTK}JSONFiles-Should-Be-Valid/Pass/azuredeploy.json": [65],
        f"{TTK}Parameter-Types-Should-Be-Consistent/Fail/InconsistentParameterTypes.json": [24],
        f"{TTK}Parameter-Types-Should-Be-Consistent/Fail/grandchild.json": [44],
    },
    "SEC205": {
        "adversarial/def-newguid-bypass.json": [7],
        "adversarial/def-secureobject.json": [7],
        f"{TTK}Secure-Params-In-Nested-Deployments/Pass/Nested-Outer-Nothing-SymbolicNaming.json": [7],
        f"{TTK}Secure-Params-In-Nested-Deployments/Pass/nested-outer-nothing.json": [7],
        # `" [ newGuid() ]"` begins with a blank, so it is no expression but a text, the same for all.
        f"{TTK}Secure-String-Parameters-Cannot-Have-Default/Pass/NewGuid-As-Default-With-Spaces.json": [21],
    },
    # Strings by the names of vmPw, sqlAdminPwd, sasToken, apiKey, connectionString, sshPrivateKey, passphrase,
    # secret, secretGrandChild and storageAccountKey.
    "SEC206": {
        "adversarial/adm-string-param-default.json": [11],
        "adversarial/pw-other-names.json": [5, 8, 11, 14, 17, 20],
        "docs-samples/tutorial-sql-extension/azuredeploy2.json": [38],
    },
    "SEC209": {
        f"{TTK}Deployment-Resources-Must-Not-Be-Debug/Fail/DebugSettingRequest.json": [10],
        f"{TTK}Deployment-Resources-Must-Not-Be-Debug/Fail/DebugSettingRequestResponse.json": [10],
        f"{TTK}Deployment-Resources-Must-Not-Be-Debug/Fail/DebugSettingResponse.json": [10],
    },
    # Passwords from a variable's text or a plain parameter; a script's `secureValue` written out.
    "SEC211": {
        "adversarial/adm-object-variable.json": [26],
        "adversarial/adm-only-last-checked.json": [23],
        "adversarial/adm-string-param-default.json": [24],
        f"{TTK}adminUsername-Should-Not-Be-A-Literal/Fail/Literal-Admin-AdminLogin.json": [16],
        "docs-samples/deployment-script/deploymentscript-basic-cli.json": [39],
    },
    "SEC212": {
        f"{TTK}adminUsername-Should-Not-Be-A-Literal/Fail/Literal-Admin-AdminLogin.json": [15],
        f"{TTK}adminUsername-Should-Not-Be-A-Literal/Fail/Literal-Admin-Username-SymbolicName.json": [7],
        f"{TTK}adminUsername-Should-Not-Be-A-Literal/Fail/Literal-Admin-Username.json": [7],
        # `[variables('foo')].username` does not end in a bracket: it is a text.
        f"{TTK}adminUsername-Should-Not-Be-A-Literal/Fail/Literal-Variable-Property-Username.json": [12],
        # The inner template gets `sneaky` from its parent, always.
        f"{TTK}adminUsername-Should-Not-Be-A-Literal/Fail/nested-deployment-literal.json": [77],
        # Two jump boxes, deep in modules, whose administrator is always `localAdministrator`.
        "bicep-modules/avm.ptn.aca-lza.hosting-environment.json": [8254, 14812],
    },
    # The schema of this file is misspelt, which is what it is there to show.
    "ARM005": {
        f"{TTK}DeploymentTemplate-Schema-Is-Correct/Fail/BadSchema.json": [2],
    },
    # Files made to show what is wrong with a parameter file.
    "PRM601": {
        f"{TTK}DeploymentParameters-Should-Have-ContentVersion/Fail/Missing.parameters.json": [1, 1],
        f"{TTK}DeploymentParameters-Should-Have-Parameters/Fail/NotExist.parameters.json": [1],
        f"{TTK}DeploymentParameters-Should-Have-Schema/Fail/BadSchema.parameters.json": [1, 1, 2],
        f"{TTK}DeploymentParameters-Should-Have-Value/Fail/InvalidKeyVaultId.parameters.json": [1, 7],
        f"{TTK}DeploymentParameters-Should-Have-Value/Fail/MissingSecretNameKeyVault.parameters.json": [1, 5],
    },
    # The parameter of the template is called otherwise.
    "PRM602": {
        "music-store/dotnet-core-music-windows/azuredeploy.parameters.json": [5],
    },
    # A password as the default of a parameter, and the secrets of a volume, which base64 hides from nobody.
    "SEC207": {
        "adversarial/adm-string-param-default.json": [13],
        "docs-samples/container-instances/aci-deploy-volume-secret.json": [54, 55],
    },
    # Fixtures declare what nobody uses; so does one real template.
    "TPL501": {
        "adversarial/adm-object-variable.json": [5],
        "adversarial/adm-string-param-default.json": [5],
        "adversarial/cte-fp-escaped.json": [5],
        "adversarial/def-newguid-bypass.json": [5],
        "adversarial/def-secureobject.json": [5],
        "adversarial/out-fp-literal-bracket.json": [5],
        "adversarial/pw-fp-array.json": [5],
        "adversarial/pw-fp-int.json": [5],
        "adversarial/pw-fp-ref.json": [11],
        "adversarial/pw-other-names.json": [5, 8, 11, 14, 17, 20],
        f"{TTK}DeploymentTemplate-Schema-Is-Correct/Fail/NestedTemplate-Without-Schema.json": [5],
        f"{TTK}Location-Should-Not-Be-Hardcoded/Fail/hardcoded-location-in-inner-template.json": [30],
        f"{TTK}Location-Should-Not-Be-Hardcoded/Fail/mainTemplate.json": [5],
        f"{TTK}Location-Should-Not-Be-Hardcoded/Pass/global/azuredeploy.json": [5],
        f"{TTK}Min-And-Max-Value-Are-Numbers/Fail/Missing-Max.json": [4],
        f"{TTK}Outputs-Must-Not-Contain-Secrets/Pass/Outputs-Can-Contain-Incomplete-Expression-References.json": [
            5,
            8,
            11,
        ],
        f"{TTK}Parameter-Types-Should-Be-Consistent/Fail/InconsistentParameterTypes.json": [70, 73, 76],
        f"{TTK}Parameter-Types-Should-Be-Consistent/Fail/grandchild.json": [51],
        f"{TTK}Parameters-Must-Be-Referenced/Fail/NotUsed.json": [5],
        f"{TTK}Parameters-Must-Be-Referenced/Fail/not-a-valid-expression.json": [5],
        f"{TTK}Password-params-must-be-secure/Pass/param-name-whitespace.json": [5],
        f"{TTK}ResourceIds-should-not-contain/Fail/resourcegroup-function.json": [5],
        f"{TTK}Resources-Should-Not-Be-Ambiguous/Pass/InnerTemplateAmbiguitity (fail test).json": [61, 80],
        f"{TTK}Secure-Params-In-Nested-Deployments/Pass/Nested-Outer-Nothing-SymbolicNaming.json": [5, 9],
        f"{TTK}Secure-Params-In-Nested-Deployments/Pass/nested-outer-nothing.json": [5, 9],
        f"{TTK}Secure-String-Parameters-Cannot-Have-Default/Pass/NewGuid-As-Default-With-Spaces.json": [
            4,
            8,
            12,
            16,
            20,
        ],
        f"{TTK}Secure-String-Parameters-Cannot-Have-Default/Pass/NewGuid-With-Concat.json": [4],
        f"{TTK}Template-Should-Not-Contain-Blanks/Pass/InnerTemplate.json": [5],
        f"{TTK}Template-Should-Not-Contain-Blanks/Pass/exceptions-that-should-pass.json": [5],
        f"{TTK}Variables-Must-Be-Referenced/Pass/Variable-Copy.json": [4],
        f"{TTK}Variables-Must-Be-Referenced/Pass/Variable-List-Value.json": [4],
        f"{TTK}artifacts-parameter/Fail/missing-sas/mainTemplate.json": [5],
        f"{TTK}artifacts-parameter/Fail/nested-missing-sas.json": [5],
        "docs-samples/managed-app-existing-vnet/mainTemplate.json": [89],
    },
    # The same for variables.
    "TPL502": {
        f"{TTK}DeploymentTemplate-Must-Not-Contain-Hardcoded-Uri/Fail/Hardcoded-Uri-In-Uri.json": [4],
        f"{TTK}DeploymentTemplate-Must-Not-Contain-Hardcoded-Uri/Fail/Hardcoded-Uri.json": [4],
        f"{TTK}IDs-Should-Be-Derived-From-ResourceIDs/Pass/IDs-In-Metadata.json": [6],
        f"{TTK}Parameters-Must-Be-Referenced/Fail/not-a-valid-expression.json": [8],
        f"{TTK}Parameters-Must-Be-Referenced/Pass/Used-In-Concat.json": [9],
        f"{TTK}Parameters-Must-Be-Referenced/Pass/param-name-whitespace.json": [9],
        f"{TTK}ResourceIds-should-not-contain/Fail/extensionResourceId.json": [6],
        f"{TTK}ResourceIds-should-not-contain/Fail/subscriptionResourceId.json": [7],
        f"{TTK}ResourceIds-should-not-contain/Fail/tenantResourceId.json": [7],
        f"{TTK}ResourceIds-should-not-contain/Pass/ResourceIds-should-not-contain.json": [
            7,
            8,
            9,
            10,
            11,
            12,
            13,
        ],
        f"{TTK}Resources-Should-Not-Be-Ambiguous/Pass/InnerTemplateAmbiguitity (fail test).json": [
            96,
            97,
            100,
        ],
        f"{TTK}Resources-Should-Not-Be-Ambiguous/Pass/NestedResourceType.json": [5],
        f"{TTK}Resources-Should-Not-Be-Ambiguous/Pass/ResourceTypeFirstParameter (fail test).json": [8],
        f"{TTK}Resources-Should-Not-Be-Ambiguous/Pass/SimpleResourceID.json": [6],
        f"{TTK}Resources-Should-Not-Be-Ambiguous/Pass/TrailingSlash (fail test).json": [8],
        f"{TTK}Template-Should-Not-Contain-Blanks/Fail/null-var.json": [5],
        f"{TTK}Template-Should-Not-Contain-Blanks/Pass/InnerTemplate.json": [26],
        f"{TTK}Template-Should-Not-Contain-Blanks/Pass/exceptions-that-should-pass.json": [
            11,
            12,
            13,
            14,
            15,
            32,
            33,
        ],
        f"{TTK}Variables-Must-Be-Referenced/Fail/Unreferenced-Copy-Variable.json": [6],
        f"{TTK}Variables-Must-Be-Referenced/Fail/Unreferenced-Variable-Copy-Property.json": [4],
        f"{TTK}Variables-Must-Be-Referenced/Fail/Unreferenced-Variable.json": [4],
        f"{TTK}adminUsername-Should-Not-Be-A-Literal/Fail/Literal-Variable-Property-Username.json": [4],
        "docs-samples/application-insights/ServiceFabricCluster.json": [44],
    },
    # Regions and other words that no deployer can choose.
    "TPL503": {
        f"{TTK}IDs-Should-Be-Derived-From-ResourceIDs/Pass/dashboard-that-contains-id-should-pass.json": [19],
        f"{TTK}Location-Should-Not-Be-Hardcoded/Fail/hardcoded-location-in-inner-template.json": [39],
        f"{TTK}Resources-Should-Have-Location/Fail/hardcoded.json": [9],
        f"{TTK}adminUsername-Should-Not-Be-A-Literal/Fail/Literal-Admin-AdminLogin.json": [13],
        "docs-samples/azure-resource-manager/functions/date/utcnow-tag.json": [18],
        "docs-samples/azure-resource-manager/functions/string/newguid-storageaccount.json": [18],
        "docs-samples/azure-resource-manager/linkedtemplates/public-ip-parentloadbalancer.json": [20],
        "docs-samples/azure-resource-manager/linkedtemplates/public-ip.json": [15],
        "docs-samples/azure-resource-manager/linkedtemplates/static-public-ip.json": [15],
        "docs-samples/get-started-with-templates/add-name/azuredeploy.json": [16],
        "docs-samples/get-started-with-templates/add-sku/azuredeploy.json": [30],
        "docs-samples/get-started-with-templates/add-storage/azuredeploy.json": [9],
    },
    # Addresses that are right in the public cloud only.
    "TPL504": {
        f"{TTK}DeploymentTemplate-Must-Not-Contain-Hardcoded-Uri/Fail/Hardcoded-Uri-In-Uri.json": [4],
        f"{TTK}DeploymentTemplate-Must-Not-Contain-Hardcoded-Uri/Fail/Hardcoded-Uri.json": [4],
        f"{TTK}IDs-Should-Be-Derived-From-ResourceIDs/Pass/IDs-in-Backends.json": [15],
        f"{TTK}Template-Should-Not-Contain-Blanks/Pass/InnerTemplate.json": [26],
        "docs-samples/event-grid/EventHubsDataMigration.json": [216],
        "music-store/dotnet-core-music-windows/azuredeploy.json": [361],
    },
    # Images whose offer or sku says that they are previews.
    "TPL507": {
        f"{TTK}Virtual-Machines-Should-Not-Be-Preview/Fail/Latest-Preview-offer.json": [12],
        f"{TTK}Virtual-Machines-Should-Not-Be-Preview/Fail/Latest-Preview-sku.json": [13],
        f"{TTK}Virtual-Machines-Should-Not-Be-Preview/Pass/offer-with-preview-in-name.json": [12],
    },
    # An id put together of parts that are no parameters of resourceId(), and the name of a key's owner that is no name.
    "TPL510": {
        f"{TTK}ResourceIds-should-not-contain/Fail/extensionResourceId.json": [6],
        f"{TTK}ResourceIds-should-not-contain/Pass/ResourceIds-should-not-contain.json": [25],
    },
    # `providers(…).apiVersions[0]`: another version tomorrow.
    "TPL512": {
        f"{TTK}providers_apiVersions-Is-Not-Permitted/Fail/Uses-Providers-ApiVersion.json": [6],
        "music-store/dotnet-core-music-linux/azuredeploy.json": [434],
        "music-store/dotnet-core-music-windows/azuredeploy.json": [410],
    },
}


@pytest.fixture(scope="module")
def report(corpus: Path) -> Report:
    """All files of the corpus, checked with the rules that are on by default."""
    rules = run.load_rules().select()
    found = list(files.find([str(corpus)], files.Excludes([])))
    # What is said of retired extensions depends on the day.
    outcomes = run.check_files(found, rules, jobs=1, today=date(2026, 9, 1))
    return run.report(outcomes, rules, armlint.__version__, None)


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
    expected = sum("deploymenttemplate" in schema for schema in schemas)
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


def test_what_bicep_made_draws_no_error(report: Report) -> None:
    made = [entry for entry in report.entries if "/bicep-modules/" in entry.path]
    assert [entry for entry in made if entry.rule[:3] in {"ARM", "EXP", "DEP"}] == []
    assert [entry for entry in made if entry.severity == "error"] == []


def test_the_report_is_the_same_every_time(corpus: Path) -> None:
    once, again = (armlint.check_paths([corpus / "adversarial", corpus / "music-store"]) for _ in range(2))
    assert once == again
