"""Which properties of Azure resources anyone who can read the resource, or its machine, can read.

A property that no row names is not judged. Properties that Azure keeps write-only (passwords of
operating systems and databases, protected settings, `secureValue`) have no row on purpose.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Readable(NamedTuple):
    """A row: resource types (lower-cased; empty for every type), a path, and why it can be read.

    In the path `*` stands for every item or member. `unless` is a path from the resource whose
    value true (or unknown) takes the row back.
    """

    types: tuple[str, ...]
    path: tuple[str, ...]
    why: str
    source: str
    unless: tuple[str, ...] = ()


_RUN_COMMANDS: Final = (
    "microsoft.compute/virtualmachines/runcommands",
    "microsoft.compute/virtualmachinescalesets/virtualmachines/runcommands",
    "microsoft.hybridcompute/machines/runcommands",
)
_SCRIPTS: Final = ("microsoft.resources/deploymentscripts",)
_GROUPS: Final = ("microsoft.containerinstance/containergroups",)
_APPS: Final = ("microsoft.app/containerapps", "microsoft.app/jobs")
_VM: Final = ("microsoft.compute/virtualmachines",)
_VMSS: Final = ("microsoft.compute/virtualmachinescalesets",)
_POOLS: Final = ("microsoft.batch/batchaccounts/pools",)

_GET: Final = "is returned to everyone who may read the resource"
_CUSTOM: Final = "lies on the machine in clear text"

READABLE: Final = (
    Readable((), ("tags",), "tags are plain text in listings, logs and bills", "Use tags to organize resources"),
    Readable((), ("name",), "a name is part of the resource's id and of every log line", "Resource naming rules"),
    Readable((), ("scope",), "a scope is part of the resource's id", "Extension resource scope"),
    Readable(
        _RUN_COMMANDS, ("properties", "parameters", "*", "value"), f"a parameter of a run command {_GET}",
        "Virtual Machine Run Commands: protectedParameters",
    ),
    Readable(
        _RUN_COMMANDS, ("properties", "source", "script"), f"the script of a run command {_GET}",
        "Virtual Machine Run Commands: protectedParameters",
    ),
    Readable(
        _SCRIPTS, ("properties", "environmentVariables", "*", "value"), f"the value of an environment variable {_GET}",
        "Deployment scripts: secureValue",
    ),
    Readable(_SCRIPTS, ("properties", "arguments"), f"the argument string {_GET}", "Deployment scripts: secureValue"),
    Readable(_SCRIPTS, ("properties", "scriptContent"), f"the script {_GET}", "Deployment scripts: secureValue"),
    *(
        Readable(
            _GROUPS, ("properties", containers, "*", "properties", *rest), f"{what} {_GET}",
            "Container groups: secureValue",
        )
        for containers in ("containers", "initContainers")
        for rest, what in (
            (("environmentVariables", "*", "value"), "the value of an environment variable"),
            (("command", "*"), "the command of a container"),
        )
    ),
    *(
        Readable(
            _APPS, ("properties", "template", containers, "*", *rest), f"{what} {_GET}",
            "Container Apps: manage secrets",
        )
        for containers in ("containers", "initContainers")
        for rest, what in (
            (("env", "*", "value"), "the value of an environment variable"),
            (("command", "*"), "the command of a container"),
            (("args", "*"), "an argument of a container"),
        )
    ),
    Readable(_VM, ("properties", "osProfile", "customData"), f"custom data {_CUSTOM}", "Custom data and cloud-init"),
    Readable(_VM, ("properties", "userData"), "user data can be read from inside the machine", "User data on Azure VMs"),
    Readable(
        _VMSS, ("properties", "virtualMachineProfile", "osProfile", "customData"), f"custom data {_CUSTOM}",
        "Custom data and cloud-init",
    ),
    Readable(
        _VMSS, ("properties", "virtualMachineProfile", "userData"), "user data can be read from inside the machine",
        "User data on Azure VMs",
    ),
    Readable(
        ("microsoft.automation/automationaccounts/variables",), ("properties", "value"),
        f"an automation variable that is not encrypted {_GET}", "Automation variables: isEncrypted",
        ("properties", "isEncrypted"),
    ),
    Readable(
        ("microsoft.apimanagement/service/namedvalues", "microsoft.apimanagement/service/properties"),
        ("properties", "value"), f"a named value that is not marked as secret {_GET}", "Named values: secret",
        ("properties", "secret"),
    ),
    Readable(
        _POOLS, ("properties", "startTask", "commandLine"), f"the command line of a start task {_GET}",
        "Batch pools: startTask",
    ),
    Readable(
        _POOLS, ("properties", "startTask", "environmentSettings", "*", "value"),
        f"the value of an environment setting {_GET}", "Batch pools: startTask",
    ),
)

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
