"""Where the rule pages and schemas lie: in the installed package, or in a checkout."""

# Every run comes here, and pathlib takes as long to import as a template takes to check.
# ruff: noqa: PTH100, PTH112, PTH118, PTH120, PTH208

from __future__ import annotations

import os
from typing import Final

_HERE: Final = os.path.dirname(os.path.abspath(__file__))


def folder(name: str) -> str:
    """The folder `rules` or `schemas`. An editable install has them beside the package."""
    packaged = os.path.join(_HERE, "_data", name)
    return packaged if os.path.isdir(packaged) else os.path.join(os.path.dirname(_HERE), name)


def pages() -> list[str]:
    """The paths of the rule pages, in the order of their names. Raises `OSError`."""
    rules = folder("rules")
    names = sorted(os.listdir(rules))
    return [os.path.join(rules, name) for name in names if name.endswith(".md") and name != "README.md"]
