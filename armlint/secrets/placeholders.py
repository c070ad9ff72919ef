"""Texts that stand where a secret will be put: nobody's secret."""

from __future__ import annotations

import re
from typing import Final

_REFERENCE: Final = re.compile(
    r"\$\(.*\)|\$\{.*\}|\#\{.*\}\#?|<[^<>]*>|\{\{.*\}\}|__\w+__|%\w+%|\$[A-Za-z_]\w*|\[\[.*\]"
    r"|@Microsoft\.KeyVault\(.*\)|PrivateSettingsRef:.*",
    re.IGNORECASE | re.DOTALL,
)
# The tokens that the test harness of Azure's quickstart templates replaces.
_HARNESS: Final = re.compile(r"(GEN|GET)-[A-Z0-9-]+(-[A-Za-z0-9-]+)*")
_WORDS: Final = frozenset(
    {
        "changeme",
        "change-me",
        "change_me",
        "changethis",
        "replaceme",
        "replace-me",
        "replace_me",
        "replacethis",
        "todo",
        "tbd",
        "placeholder",
        "yourpassword",
        "your-password",
        "your_password",
        "yourpasswordhere",
        "your-password-here",
        "enter password",
        "password-here",
        "none",
        "null",
        "n/a",
        "redacted",
        "hidden",
        "secret-here",
    }
)


def is_placeholder(text: str) -> bool:
    """Whether a text is empty, a reference to a value elsewhere, or says that it is to be replaced."""
    stripped = text.strip()
    if not stripped or stripped.lower() in _WORDS or not stripped.strip("*xX.-_•?"):
        return True
    return bool(_REFERENCE.fullmatch(stripped) or _HARNESS.fullmatch(stripped))
