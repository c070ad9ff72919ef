"""What all tests share: a plain environment, the corpus, a template that is clean and one that is not."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Where these are set, the same code would print in colour, wrap at another width or find a configuration.
# A git hook that runs the tests has GIT_DIR and the like set, which would lead every git of a test astray.
SCRUBBED = ("NO_COLOR", "FORCE_COLOR", "CI", "COLUMNS")
SCRUBBED_PREFIXES = ("ARMLINT_", "GIT_", "GITHUB_", "INPUT_", "RUNNER_")
# Not settings of armlint but of the tests: where something is that they need.
KEPT = ("ARMLINT_CORPUS", "ARMLINT_SARIF_MULTITOOL")

hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(scope="session", autouse=True)
def _plain_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name not in KEPT and (name in SCRUBBED or name.startswith(SCRUBBED_PREFIXES)):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the folder that holds pyproject.toml."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """Return what finds a program of the extra `dev`, which need not be on PATH; skip the test without it."""

    def find(name: str) -> str:
        found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed; it is in the extra `dev`")
        return found

    return find


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Return the folder of real templates, which is not part of the project; skip the test without it."""
    set_to = os.environ.get("ARMLINT_CORPUS")
    folder = Path(set_to) if set_to else Path(__file__).parents[2] / "shared" / "corpus"
    if not folder.is_dir():
        pytest.skip(f"no corpus at {folder}; ARMLINT_CORPUS can name one")
    return folder


def _template(settings: str) -> str:
    template: dict[str, Any] = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            "vm": {"type": "string"},
            "location": {"type": "string"},
            "account": {"type": "string"},
        },
        "resources": [
            {
                "type": "Microsoft.Compute/virtualMachines/extensions",
                "apiVersion": "2024-07-01",
                "name": "[format('{0}/setup', parameters('vm'))]",
                "location": "[parameters('location')]",
                "properties": {
                    "publisher": "Microsoft.Azure.Extensions",
                    "type": "CustomScript",
                    "typeHandlerVersion": "2.1",
                    "autoUpgradeMinorVersion": True,
                    settings: {"commandToExecute": "[format('sh setup.sh {0}', parameters('account'))]"},
                },
            },
        ],
    }
    return json.dumps(template, indent=2) + "\n"


@pytest.fixture(scope="session")
def bad_template() -> str:
    """Return a template whose one fault is EXT101, a command in the public settings."""
    return _template("settings")


@pytest.fixture(scope="session")
def clean_template() -> str:
    """Return the same template, with the command where it belongs."""
    return _template("protectedSettings")
