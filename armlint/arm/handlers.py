"""What armlint knows of extension handlers beyond the template: facts, no rules.

A handler is named `publisher/type` in lower case: the same type under another publisher is
another handler.
"""

from __future__ import annotations

from typing import Final

# Azure's table of extensions that support automatic upgrade (Automatic Extension Upgrade for VMs
# and scale sets, Microsoft Learn). The table calls itself a selection: absence proves nothing.
AUTOMATIC_UPGRADE: Final = frozenset(
    {
        "microsoft.azure.automation.hybridworker/hybridworkerforlinux",
        "microsoft.azure.automation.hybridworker/hybridworkerforwindows",
        "microsoft.azure.azuredefenderforservers/mde.linux",
        "microsoft.azure.azuredefenderforservers/mde.windows",
        "microsoft.azure.azuredefenderforsql/advancedthreatprotection.windows",
        "microsoft.azure.azuredefenderforsql/vulnerabilityassessment.windows",
        "microsoft.azure.changetrackingandinventory/changetracking-linux",
        "microsoft.azure.changetrackingandinventory/changetracking-windows",
        "microsoft.azure.diagnostics/linuxdiagnostic",
        "microsoft.azure.geneva/genevamonitoring",
        "microsoft.azure.keyvault/keyvaultforlinux",
        "microsoft.azure.keyvault/keyvaultforwindows",
        "microsoft.azure.monitor/azuremonitorlinuxagent",
        "microsoft.azure.monitor/azuremonitorwindowsagent",
        "microsoft.azure.monitoring.dependencyagent/dependencyagentlinux",
        "microsoft.azure.monitoring.dependencyagent/dependencyagentwindows",
        "microsoft.azure.networking.dns/dnsclientcache",
        "microsoft.azure.networkwatcher/networkwatcheragentlinux",
        "microsoft.azure.networkwatcher/networkwatcheragentwindows",
        "microsoft.azure.scommi/windowsagent",
        "microsoft.azure.security.antimalwaresignature/antimalwareconfiguration",
        "microsoft.azure.security.linuxattestation/guestattestation",
        "microsoft.azure.security.monitoring/azuresecuritylinuxagent",
        "microsoft.azure.security.monitoring/azuresecuritywindowsagent",
        "microsoft.azure.security.windowsattestation/guestattestation",
        "microsoft.azure.security.windowscodeintegrity/codeintegrityagent",
        "microsoft.azure.servicefabric/servicefabriclinuxnode",
        "microsoft.azure.workloads/monitoringextensionlinux",
        "microsoft.azure.workloads/monitoringextensionwindows",
        "microsoft.cplat.core/linuxhibernateextension",
        "microsoft.cplat.core/windowshibernateextension",
        "microsoft.cplat.proxyagent/proxyagentlinux",
        "microsoft.cplat.proxyagent/proxyagentwindows",
        "microsoft.enterprisecloud.monitoring/microsoftmonitoringagent",
        "microsoft.enterprisecloud.monitoring/omsagentforlinux",
        "microsoft.guestconfiguration/configurationforlinux",
        "microsoft.guestconfiguration/configurationforwindows",
        "microsoft.managedservices/applicationhealthlinux",
        "microsoft.managedservices/applicationhealthwindows",
        "microsoft.ostcextensions/dscforlinux",
        "microsoft.sentinel.azuremonitoragentextensions/microsoftdnsagent",
        "microsoft.sqlserver.management/sqliaasagent",
        "microsoft.sqlserver.management/sqliaasagentlinux",
    }
)

# Installed and configured by an Azure service (backup, update management, AKS …), which writes
# their settings; a template that carries them was exported.
SERVICE_MANAGED: Final = frozenset(
    {
        "microsoft.aks/compute.aks.linux.aksnode",
        "microsoft.aks/compute.aks.linux.billing",
        "microsoft.aks/compute.aks.windows.billing",
        "microsoft.azure.geneva/genevamonitoring",
        "microsoft.azure.recoveryservices.workloadbackup/azurebackuplinuxworkload",
        "microsoft.azure.recoveryservices.workloadbackup/azurebackupwindowsworkload",
        "microsoft.azure.recoveryservices/vmsnapshot",
        "microsoft.azure.recoveryservices/vmsnapshotlinux",
        "microsoft.azure.security.antimalwaresignature/antimalwareconfiguration",
        "microsoft.azure.workloads/monitoringextensionlinux",
        "microsoft.azure.workloads/monitoringextensionwindows",
        "microsoft.cplat.core/linuxpatchextension",
        "microsoft.cplat.core/runcommandhandlerlinux",
        "microsoft.cplat.core/runcommandhandlerwindows",
        "microsoft.cplat.core/runcommandlinux",
        "microsoft.cplat.core/runcommandwindows",
        "microsoft.cplat.core/windowspatchextension",
        # The VM snapshot documentation prints the publisher without "Azure".
        "microsoft.recoveryservices/vmsnapshot",
        "microsoft.recoveryservices/vmsnapshotlinux",
        "microsoft.siterecovery.dra/windows",
        "microsoft.softwareupdatemanagement/linuxosupdateextension",
        "microsoft.softwareupdatemanagement/windowsosupdateextension",
    }
)


# Settings that hold a command or a script to run, besides `commandToExecute` of any handler.
COMMAND_SETTINGS: Final = {"microsoft.azure.extensions/customscript": ("script",)}


def command_settings(handler: tuple[str, str] | None) -> tuple[str, ...]:
    """The settings of a handler (publisher, type) that hold what it runs; of an unknown one too."""
    known = () if handler is None else COMMAND_SETTINGS.get("/".join(handler).lower(), ())
    return ("commandToExecute", *known)


def supports_automatic_upgrade(publisher: str, kind: str) -> bool:
    """Whether Azure's table lists this handler for automatic upgrade."""
    return f"{publisher}/{kind}".lower() in AUTOMATIC_UPGRADE


def service_managed(publisher: str, kind: str) -> bool:
    """Whether a service of Azure, not the author of a template, configures this handler."""
    return f"{publisher}/{kind}".lower() in SERVICE_MANAGED
