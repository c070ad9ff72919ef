"""Which rules there are, and which of them are asked for."""

from __future__ import annotations

import importlib
from string import Formatter
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint import page as pages
from armlint.finding import Severity
from armlint.page import PageError
from armlint.rule import Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from armlint.page import Page
    from armlint.rule import Check

_STRINGS: Final = ("name", "since", "help", "python", "resource", "when", "deny", "require", "at", "message")
_LISTS: Final = ("tags", "supersedes")
_KEYS: Final = frozenset({*_STRINGS, *_LISTS, "severity", "on", "enabled"})
_WORDS: Final = {
    "extension": ("name", "machine", "publisher", "type", "version"),
    "resource": ("name", "type"),
}
_NEEDED: Final = ("name", "severity", "since", "on", "help")


class UnknownRule(Exception):
    """A selector that names no rule: the selector, and the nearest that would."""

    def __init__(self, selector: str, near: str | None) -> None:
        hint = f"; did you mean '{near}'?" if near else ""
        super().__init__(f"no rule is called '{selector}' and no rule id starts with it{hint}")
        self.selector = selector


class Registry(NamedTuple):
    """The rules in order of their ids."""

    rules: tuple[Rule, ...]

    def find(self, name: str) -> Rule | None:
        """The rule of this id or name, compared ignoring case."""
        folded = name.strip().lower()
        return next((r for r in self.rules if folded in (r.id.lower(), r.name)), None)

    def select(
        self, select: Iterable[str] = (), ignore: Iterable[str] = (), extend: Iterable[str] = ()
    ) -> tuple[Rule, ...]:
        """The rules that are on. Selectors are ids, names, prefixes of ids, or `all`.

        Without `select` the rules that are on by default; `extend` adds to either, `ignore` takes
        away at last. Of prefixes in `select` and `ignore` the longer one wins. Raises
        `UnknownRule` for a selector that names nothing.
        """
        chosen = {r.id: 0 for r in self.rules if r.enabled}
        selectors = list(select)
        if selectors:
            chosen = {}
        for selector in [*selectors, *extend]:
            for rule, weight in self._named(selector):
                chosen[rule.id] = max(weight, chosen.get(rule.id, 0))
        for selector in ignore:
            for rule, weight in self._named(selector):
                if chosen.get(rule.id, -1) <= weight:
                    chosen.pop(rule.id, None)
        return tuple(rule for rule in self.rules if rule.id in chosen)

    def _named(self, selector: str) -> list[tuple[Rule, int]]:
        folded = selector.strip()
        exact = self.find(folded)
        if exact is not None:
            return [(exact, 100)]
        if folded.lower() == "all":
            return [(rule, 0) for rule in self.rules]
        found = [(rule, len(folded)) for rule in self.rules if rule.id.startswith(folded.upper())]
        if not folded or not found:
            raise UnknownRule(selector, self.nearest(selector))
        return found

    def nearest(self, name: str) -> str | None:
        """The id or name that is most like a misspelt one."""
        from difflib import get_close_matches

        names = [known for rule in self.rules for known in (rule.id, rule.name)]
        near = get_close_matches(name.strip(), names, 1) or get_close_matches(name.upper().strip(), names, 1)
        return near[0] if near else None


def load(texts: Iterable[tuple[str, str]]) -> Registry:
    """The rules of pages given as pairs of file name and text. Raises `PageError`."""
    rules: dict[str, Rule] = {}
    for name, text in texts:
        rule = rule_of(pages.read(name, text))
        if rule.id in rules:
            raise PageError(name, 1, f"{rule.id} is defined in {rules[rule.id].page.name} already")
        rules[rule.id] = rule
    return Registry(tuple(rules[key] for key in sorted(rules)))


def rule_of(page: Page) -> Rule:
    """The rule that a page defines. Raises `PageError` with the line of what is wrong."""
    table = page.table
    for key in table:
        if key not in _KEYS:
            raise PageError(page.name, pages.line_of(page, key), f"a rule fence has no key '{key}'")
    for key in _NEEDED:
        if key not in table:
            raise PageError(page.name, page.table_line, f"the rule fence lacks '{key}'")
    for key in _STRINGS:
        if not isinstance(table.get(key, ""), str):
            raise PageError(page.name, pages.line_of(page, key), f"'{key}' is a string")
    for key in _LISTS:
        values = table.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise PageError(page.name, pages.line_of(page, key), f"'{key}' is a list of strings")
    if not isinstance(table.get("enabled", True), bool):
        raise PageError(page.name, pages.line_of(page, "enabled"), "'enabled' is true or false")
    return Rule(
        id=page.id,
        name=str(table["name"]),
        title=page.title,
        severity=_choice(page, "severity", Severity),
        enabled=table.get("enabled", True) is True,
        since=str(table["since"]),
        tags=_strings(table, "tags"),
        on=_choice(page, "on", Subject),
        supersedes=_strings(table, "supersedes"),
        help=str(table["help"]),
        page=page,
        make=_maker(page),
    )


def _strings(table: Mapping[str, object], key: str) -> tuple[str, ...]:
    values = table.get(key, [])
    return tuple(map(str, values)) if isinstance(values, list) else ()


def _choice(page: Page, key: str, kind: Any) -> Any:
    try:
        return kind(page.table[key])
    except ValueError:
        allowed = ", ".join(kind)
        raise PageError(page.name, pages.line_of(page, key), f"'{key}' is one of {allowed}") from None


def _known_words(page: Page, message: str) -> None:
    """Refuse a message with a word in braces that no subject of the rule fills in."""
    words = _WORDS.get(str(page.table["on"]), ())
    try:
        used = [word for _, word, _, _ in Formatter().parse(message) if word is not None]
    except ValueError:
        used = [message]
    for word in used:
        if word not in words:
            told = ", ".join(f"{{{known}}}" for known in words)
            raise PageError(page.name, pages.line_of(page, "message"), f"a message may use {told}")


class _maker:  # noqa: N801 - stands for a function; a class so that rules can be sent to workers
    """Makes the check of a page: imports the named function, or compiles the declared condition."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._made: Check | None = None
        table = page.table
        ways = [key for key in ("python", "deny", "require") if key in table]
        if len(ways) != 1:
            raise PageError(
                page.name, page.table_line, "a rule has exactly one of 'python', 'deny' and 'require'"
            )
        if ways[0] == "python":
            extra = next((key for key in ("when", "at", "message", "resource") if key in table), None)
            if extra is not None:
                raise PageError(
                    page.name, pages.line_of(page, extra), f"'{extra}' does not go with 'python'"
                )
            return
        if "message" not in table:
            raise PageError(page.name, page.table_line, "a declared rule needs a 'message'")
        _known_words(page, str(table["message"]))

    def __call__(self) -> Check:
        if self._made is None:
            self._made = self._make()
        return self._made

    def _make(self) -> Check:
        table = {key: value for key, value in self.page.table.items() if isinstance(value, str)}
        if "python" in table:
            module, _, function = table["python"].partition(":")
            made: Check = getattr(importlib.import_module(f"armlint.checks.{module}"), function)
            return made
        from armlint import declare

        declared = {
            Subject.EXTENSION: declare.check_of_extension,
            Subject.RESOURCE: declare.check_of_resource,
        }.get(Subject(str(self.page.table["on"])))
        if declared is None:
            raise PageError(
                self.page.name,
                pages.line_of(self.page, "on"),
                "a declared rule is on 'extension' or 'resource'",
            )
        try:
            return declared(table)
        except declare.ConditionError as error:
            raise PageError(self.page.name, self.page.table_line, f"no JMESPath: {error}") from None
