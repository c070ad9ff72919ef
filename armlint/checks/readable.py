"""Which properties of Azure resources anyone who can read the resource, or its machine, can read.

A property that no row names is not judged. Properties that Azure keeps write-only (passwords of
operating systems and databases, protected settings, `secureValue`) have no row on purpose.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple


class Readable(NamedTuple):
    """A row: resource types (none for every type), a path, and why it can be read.

    In the path `*` stands for every item or member. `unless` is a path whose value true (or
    unknown) takes the row back: from the resource, or, where it starts with `.`, from the object
    that holds the property. What an `echo` holds stands in a name already, as a rule, and is told
    there.
    """

    types: tuple[str, ...]
    path: tuple[str, ...]
    why: str
    source: str
    unless: tuple[str, ...] = ()
    echo: bool = False


_GET: Final = "is returned to everyone who may read the resource"
_CUSTOM: Final = "lies on the machine in clear text"
_USER: Final = "user data can be read from inside the machine"
_ENVIRONMENT: Final = f"the value of an environment variable {_GET}"
_HISTORY: Final = "stays in the deployment's history"

_RUN_COMMANDS: Final = (
    "Microsoft.Compute/virtualMachines/runCommands",
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommands",
    "Microsoft.HybridCompute/machines/runCommands",
)
_RUN_COMMAND: Final = "Managed run commands: protectedParameters"
_SCRIPT: Final = "Deployment scripts: secureValue"
_DATA: Final = "Custom data and cloud-init on Azure virtual machines"
_POOL: Final = "Batch pools: startTask"


def _at(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _row(types: str | tuple[str, ...], path: str, why: str, source: str, unless: str = "") -> Readable:
    kinds = (types,) if isinstance(types, str) else types
    condition = ((".", *_at(unless[1:])) if unless[:1] == "." else _at(unless)) if unless else ()
    return Readable(kinds, _at(path), why, source, condition)


READABLE: Final = (
    Readable((), ("name",), "a name is part of the resource's id and of every log line", "Naming rules"),
    Readable((), ("tags",), "tags are plain text in listings, logs and bills", "Tag resources"),
    Readable((), ("scope",), "a scope is part of the resource's id", "Extension resources"),
    Readable((), ("location",), f"the location {_GET}", "Template structure"),
    Readable((), ("kind",), f"the kind {_GET}", "Template structure"),
    Readable((), ("sku",), f"the SKU {_GET}", "Template structure"),
    Readable((), ("plan",), f"the plan {_GET}", "Template structure"),
    Readable((), ("zones",), f"the list of zones {_GET}", "Template structure"),
    Readable((), ("resourceGroup",), f"the name of the group {_HISTORY}", "Deploy to several groups"),
    Readable((), ("subscriptionId",), f"the subscription {_HISTORY}", "Deploy to several groups"),
    Readable((), ("dependsOn",), f"the list of dependencies {_HISTORY}", "Resource order", (), echo=True),
    _row(
        _RUN_COMMANDS, "properties.parameters.*.value", f"a parameter of a run command {_GET}", _RUN_COMMAND
    ),
    _row(_RUN_COMMANDS, "properties.source.script", f"the script of a run command {_GET}", _RUN_COMMAND),
    _row(
        "Microsoft.Resources/deploymentScripts",
        "properties.environmentVariables.*.value",
        _ENVIRONMENT,
        _SCRIPT,
    ),
    _row(
        "Microsoft.Resources/deploymentScripts",
        "properties.arguments",
        f"the argument string {_GET}",
        _SCRIPT,
    ),
    _row("Microsoft.Resources/deploymentScripts", "properties.scriptContent", f"the script {_GET}", _SCRIPT),
    *(
        _row(
            "Microsoft.ContainerInstance/containerGroups",
            f"properties.{containers}.*.properties.{rest}",
            why,
            "Container groups: secureValue",
        )
        for containers in ("containers", "initContainers")
        for rest, why in (
            ("environmentVariables.*.value", _ENVIRONMENT),
            ("command.*", f"the command of a container {_GET}"),
        )
    ),
    *(
        _row(
            ("Microsoft.App/containerApps", "Microsoft.App/jobs"),
            f"properties.template.{containers}.*.{rest}",
            why,
            "Container Apps: secrets",
        )
        for containers in ("containers", "initContainers")
        for rest, why in (
            ("env.*.value", _ENVIRONMENT),
            ("command.*", f"the command of a container {_GET}"),
            ("args.*", f"an argument of a container {_GET}"),
        )
    ),
    _row(
        (
            "Microsoft.App/managedEnvironments/daprComponents",
            "Microsoft.App/connectedEnvironments/daprComponents",
        ),
        "properties.metadata.*.value",
        f"the metadata of a Dapr component {_GET}",
        "Dapr components: secretRef",
    ),
    _row(
        "Microsoft.Compute/virtualMachines",
        "properties.osProfile.customData",
        f"custom data {_CUSTOM}",
        _DATA,
    ),
    _row("Microsoft.Compute/virtualMachines", "properties.userData", _USER, "User data for virtual machines"),
    _row(
        "Microsoft.Compute/virtualMachineScaleSets",
        "properties.virtualMachineProfile.osProfile.customData",
        f"custom data {_CUSTOM}",
        _DATA,
    ),
    _row(
        "Microsoft.Compute/virtualMachineScaleSets",
        "properties.virtualMachineProfile.userData",
        _USER,
        "User data for virtual machines",
    ),
    _row(
        "Microsoft.Automation/automationAccounts/variables",
        "properties.value",
        f"an automation variable that is not encrypted {_GET}",
        "Automation variables: isEncrypted",
        "properties.isEncrypted",
    ),
    _row(
        (
            "Microsoft.Automation/automationAccounts/jobs",
            "Microsoft.Automation/automationAccounts/jobSchedules",
            "Microsoft.Automation/automationAccounts/webhooks",
        ),
        "properties.parameters.*",
        f"a parameter of a runbook {_GET}",
        "Runbook input parameters",
    ),
    _row(
        ("Microsoft.ApiManagement/service/namedValues", "Microsoft.ApiManagement/service/properties"),
        "properties.value",
        f"a named value that is not marked as secret {_GET}",
        "Named values: secret",
        "properties.secret",
    ),
    _row(
        "Microsoft.Batch/batchAccounts/pools",
        "properties.startTask.commandLine",
        f"the command line of a start task {_GET}",
        _POOL,
    ),
    _row(
        "Microsoft.Batch/batchAccounts/pools",
        "properties.startTask.environmentSettings.*.value",
        f"the value of an environment setting {_GET}",
        _POOL,
    ),
    _row(
        (
            "Microsoft.ServiceFabric/clusters/applications",
            "Microsoft.ServiceFabric/managedClusters/applications",
        ),
        "properties.parameters.*",
        f"a parameter of an application {_GET}",
        "Service Fabric: application secrets",
    ),
    _row(
        "Microsoft.KubernetesConfiguration/extensions",
        "properties.configurationSettings.*",
        f"a configuration setting {_GET}",
        "Cluster extensions: configurationProtectedSettings",
    ),
    _row(
        "Microsoft.VirtualMachineImages/imageTemplates",
        "properties.customize.*.inline.*",
        f"a command of an image template {_GET}",
        "Image Builder: customize",
    ),
    _row(
        "Microsoft.ContainerRegistry/registries/tasks",
        "properties.step.values.*.value",
        f"a value that is not marked as secret {_GET}",
        "Registry tasks: isSecret",
        ".isSecret",
    ),
    _row(
        "Microsoft.ContainerRegistry/registries/tasks",
        "properties.step.arguments.*.value",
        f"an argument that is not marked as secret {_GET}",
        "Registry tasks: isSecret",
        ".isSecret",
    ),
    _row(
        "Microsoft.AppPlatform/Spring/apps/deployments",
        "properties.deploymentSettings.environmentVariables.*",
        _ENVIRONMENT,
        "Spring Apps: deployments",
    ),
    _row(
        "Microsoft.Logic/workflows",
        "properties.definition",
        f"the definition of a workflow {_GET}",
        "Secure access and data in Logic Apps",
    ),
    _row(
        "Microsoft.Authorization/policyAssignments",
        "properties.parameters.*.value",
        f"a parameter of a policy assignment {_GET}",
        "Policy assignments",
    ),
    _row("Microsoft.Insights/workbooks", "properties.serializedData", f"a workbook {_GET}", "Workbooks"),
    _row("Microsoft.Portal/dashboards", "properties.lenses", f"a dashboard {_GET}", "Dashboards"),
)


@lru_cache(maxsize=512)
def rows(key: str) -> tuple[Readable, ...]:
    """The rows for resources of a type, given in lower case."""
    return tuple(row for row in READABLE if not row.types or key in map(str.lower, row.types))


# Properties, by lower-cased name at any depth, that Azure keeps secret: what stands in them must
# come from a secure parameter, Key Vault or a resource.
SECURE: Final = frozenset(
    {
        "adminpassword",
        "administratorloginpassword",
        "sqladministratorloginpassword",
        "administratorpassword",
        "runaspassword",
        "securevalue",
    }
)
# Names of administrators, which belong into parameters.
ADMINISTRATORS: Final = frozenset({"adminusername", "administratorlogin", "sqladministratorlogin"})
