"""Examples of extensions: how a template may hold one, and how not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


# What an extension is for: the type of the resource, a version of it, and a name for the machine.
_PLACES: Final = {
    "vm": ("Microsoft.Compute/virtualMachines/extensions", "2024-07-01", "web01"),
    "vmss": ("Microsoft.Compute/virtualMachineScaleSets/extensions", "2024-07-01", "web"),
    "arc": ("Microsoft.HybridCompute/machines/extensions", "2025-01-13", "till07"),
}


class Example(NamedTuple):
    """An extension as a template may hold it, and what is found in it: `rules`, none in a good one.

    `properties` are those of the resource. `on` says what the extension is for: a virtual machine (`vm`), a
    scale set (`vmss`) or an Arc machine (`arc`). `parameters` gives the types of those that it reads.
    """

    why: str
    properties: Mapping[str, Any]
    rules: tuple[str, ...]
    on: str
    parameters: Mapping[str, str]

    def resource(self) -> dict[str, Any]:
        """The resource, to stand in a template that declares the parameters."""
        kind, version, machine = _PLACES[self.on]
        return {
            "type": kind,
            "apiVersion": version,
            "name": f"{machine}/{self.properties['type']}",
            **({} if self.on == "vmss" else {"location": "[resourceGroup().location]"}),
            "properties": self.properties,
        }
