"""Texts that stand where a secret will be put: nobody's secret."""

from __future__ import annotations

import re
from typing import Final

_REFERENCE: Final = re.compile(
    r"""
    \$\([^()]*\) | \$\{\{[^{}]*\}\} | \$\{[^{}]*\}      # $(x), ${{ x }}, ${x}
    | \{\{[^{}]*\}\} | \#\{[^{}]*\}\#?                  # {{x}}, #{x}#
    | <[^<>]*> | <<[^<>]*>> | __\w+__ | %\w+%           # <x>, __x__, %x%
    | @@\w+@@ | \#\#\w+\#\# | \$env:\w+
    | \[\[.*\]                                          # an expression that is somebody else's to evaluate
    | @Microsoft\.KeyVault\(.*\) | PrivateSettingsRef:.*
    | (?:your|enter|insert|replace|provide|put|type)(?:[-_ ][a-z]+)+   # your-password-here
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
# Variables of shells are written in capitals, or a password that begins with a dollar could be one.
_VARIABLE: Final = re.compile(r"\$[A-Z][A-Z_]+")
# The tokens that the test harness of Azure's quickstart templates replaces.
_HARNESS: Final = re.compile(r"(GEN|GET)-[A-Z0-9-]+(-[A-Za-z0-9-]+)*")
_WORDS: Final = frozenset(
    {
        "changeme",
        "change-me",
        "change_me",
        "changeit",
        "change-it",
        "change_it",
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
        "blank",
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
    return any(pattern.fullmatch(stripped) for pattern in (_REFERENCE, _VARIABLE, _HARNESS))
