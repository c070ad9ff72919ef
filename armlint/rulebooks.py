"""Rules that do not come with armlint: pages in a folder of one's own, and installed plugins.

A page in a folder only declares: nothing in it can run. A plugin is an installed distribution with an
entry point in the group `armlint.plugins` that names a package; the package's folder `rules` holds pages,
whose Python is found in the package. What only lies in the folder that is checked is no plugin: a
repository under review must not get to run code.
"""

# pathlib takes as long to import as a template takes to check.
# ruff: noqa: PTH100, PTH112, PTH118, PTH208

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint import data
from armlint import page as pages
from armlint import registry as registries
from armlint.files import text_of
from armlint.page import PageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from armlint.page import Example
    from armlint.registry import Registry
    from armlint.rule import Rule

_GROUP: Final = "armlint.plugins"

FRAME: Final = """{
"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
"contentVersion": "1.0.0.0",
"resources": [
%s
]
}
"""
"""What an example that is one resource is put into before it runs."""
FRAME_LINES: Final = 4
"""Lines of `FRAME` before the example."""


class NoRules(Exception):  # noqa: N818 - says what is so, not that armlint has a defect
    """A folder or plugin that brings no rules, as a sentence."""


class Plugin(NamedTuple):
    """An installed plugin: the name of its package, and the folder of its pages."""

    package: str
    folder: str


def registry(base: Registry, folders: Iterable[str], plugins: Iterable[str]) -> Registry:
    """The rules of `base` with those of folders and plugins.

    Raises `NoRules` where there are none to be had, and `PageError` for a page that is no rule, or that
    takes an id or a name that is taken.
    """
    made = base
    for plugin in map(found, plugins):
        made = registries.extended(made, _rules(plugin.folder, plugin.package))
    for folder in folders:
        made = registries.extended(made, _rules(folder, None))
    return made


def _rules(folder: str, home: str | None) -> Iterator[Rule]:
    for path in page_paths(folder):
        yield registries.own_rule(_page(path), home)


def _page(path: str) -> pages.Page:
    try:
        return pages.read(path, text_of(path))
    except OSError as error:
        raise NoRules(f"{path}: {error.strerror or 'cannot be read'}") from None
    except UnicodeDecodeError:
        raise PageError(path, 1, "a page is written in UTF-8") from None


def page_paths(folder: str) -> list[str]:
    """The pages in a folder, in the order of their names. Raises `NoRules`."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise NoRules(f"{folder}: {error.strerror or 'cannot be read'}") from None
    found_names = [name for name in names if name.endswith(".md") and name.lower() != "readme.md"]
    if not found_names:
        raise NoRules(f"{folder}: there is no rule page (*.md) in this folder")
    return [os.path.join(folder, name) for name in found_names]


def found(name: str) -> Plugin:
    """The installed plugin of this name. Raises `NoRules`."""
    import importlib.util
    from importlib.metadata import distributions

    # The folder one stands in comes first when armlint runs as a module, and is not to be trusted.
    here = os.path.abspath(os.curdir)
    trusted = [entry for entry in sys.path if entry and os.path.abspath(entry) != here]
    known: dict[str, str] = {}
    for distribution in distributions(path=trusted):
        for point in distribution.entry_points:
            if point.group == _GROUP:
                known.setdefault(point.name, point.value)
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name, known, 1)
        raise NoRules(f"no plugin '{name}' is installed" + (f"; did you mean '{near[0]}'?" if near else ""))
    package = known[name]
    before = sys.path
    sys.path = trusted
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        spec = None
    finally:
        sys.path = before
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    folder = next(
        (path for path in (os.path.join(place, "rules") for place in places) if os.path.isdir(path)), None
    )
    if folder is None:
        raise NoRules(f"the plugin '{name}' has no package '{package}' with a folder 'rules'")
    return Plugin(package, folder)


def framed(example: Example) -> tuple[str, int]:
    """The example as a file, and how many lines stand before it.

    An example is a whole file, or one resource, which is put into a template.
    """
    from armlint.arm.kind import Kind, kind_of
    from armlint.jsontext import read
    from armlint.source import Source

    if example.suffix != ".json":
        return example.text, 0
    document = read(Source(example.text))
    root = document.root
    whole = (
        root is None
        or root.kind != "object"
        or kind_of(document) is Kind.LIVE
        or root.get("$schema")
        or (root.get("resources") and root.get("contentVersion"))
    )
    kind = None if root is None else root.get("type")
    if whole or kind is None or not isinstance(kind.value, str) or "/" not in kind.value:
        return example.text, 0
    return FRAME % example.text, FRAME_LINES


class Tried(NamedTuple):
    """What came of trying a folder's pages: how many rules and examples, and every mistake, by place."""

    rules: int
    examples: int
    mistakes: tuple[PageError, ...]


def tried(base: Registry, folder: str) -> Tried:
    """Read each page of a folder and run its examples. Raises `NoRules`."""
    rules = examples = 0
    mistakes: list[PageError] = []
    made = base
    for path in page_paths(folder):
        try:
            rule = registries.own_rule(_page(path))
            made = registries.extended(made, [rule])
            rules += 1
            mistakes += _misshapen(rule.page)
            rule.make()
            told, number = _exercised(rule)
            examples += number
            mistakes += told
        except PageError as error:
            mistakes.append(error)
    return Tried(rules, examples, tuple(mistakes))


def _misshapen(page: pages.Page) -> Iterator[PageError]:
    """What the schema of rule fences has against a page."""
    import json

    from jsonschema import Draft202012Validator

    schema = json.loads(text_of(os.path.join(data.folder("schemas"), "rule.schema.json")))
    for error in Draft202012Validator(schema).iter_errors(dict(page.table)):
        key = next((str(part) for part in error.absolute_path), "")
        known = schema["properties"].get(key)
        if known is None:
            yield PageError(page.name, page.table_line, error.message)
        else:
            told = f"'{key}' is not as it should be: {known['description']}"
            yield PageError(page.name, pages.line_of(page, key), told)


def _exercised(rule: Rule) -> tuple[list[PageError], int]:
    mistakes: list[PageError] = []
    page = rule.page
    shown = page.examples
    kinds = {example.kind for example in shown}
    for kind, why in (("bad", "that shows what it finds"), ("good", "that shows what it leaves alone")):
        if kind not in kinds:
            mistakes.append(
                PageError(page.name, page.table_line, f"a page has a '```json {kind}' example {why}")
            )
    for example in shown:
        mistakes += _differences(rule, example)
    return mistakes, len(shown)


def _differences(rule: Rule, example: Example) -> Iterator[PageError]:
    """Where the rule says something that the example does not expect, or the other way round."""
    from armlint.files import Text
    from armlint.run import check_text
    from armlint.source import Source

    text, before = framed(example)
    outcome = check_text(Text(Source(text, rule.page.name), marked=False, problem=None), [rule])
    if outcome.kind is None or outcome.broken:
        yield PageError(rule.page.name, example.line, "; ".join(notice.message for notice in outcome.notices))
        return
    if outcome.notices and not outcome.entries:
        yield PageError(rule.page.name, example.line, "this example is no template and no resource")
        return
    told = {entry.region.line - before: entry.message for entry in outcome.entries}
    for line in sorted(set(example.expected) - set(told)):
        yield PageError(rule.page.name, example.line + line - 1, f"{rule.id} finds nothing on this line")
    for line in sorted(set(told) - set(example.expected)):
        at = example.line + line - 1
        yield PageError(rule.page.name, at, f"{rule.id} is not expected here, and says: {told[line]}")
