"""Which rules there are, and which of them are asked for."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint import page as pages
from armlint.finding import Severity
from armlint.page import PageError
from armlint.rule import Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from armlint.page import Page
    from armlint.rule import Check

_STRINGS: Final = (
    *("name", "since", "help", "python", "scripts", "resource", "when", "deny", "require", "at", "message"),
)
_KEYS: Final[Mapping[str, type]] = {
    **dict.fromkeys((*_STRINGS, "severity", "on"), str),
    **dict.fromkeys(("tags", "supersedes", "aliases"), list),
    "enabled": bool,
    "fix": dict,
    "options": dict,
}
_SAID: Final[Mapping[type, str]] = {
    str: "a string",
    list: "a list of strings",
    bool: "true or false",
    dict: 'a table such as { set = "properties.x", value = true, safe = true }',
}
_WORDS: Final = {
    "extension": ("name", "machine", "publisher", "type", "version"),
    "resource": ("name", "type"),
}
FAMILIES: Final = frozenset({"ARM", "EXT", "SEC", "DEP", "EXP", "TPL", "PRM", "UID"})
"""The letters that ids of armlint's own rules begin with."""
_NEEDED: Final = ("name", "severity", "since", "on", "help")


# Sets of rules that can be selected by a name of their own.
_PRESETS: Final[Mapping[str, Callable[[Rule], bool]]] = {
    "all": lambda _: True,
    "recommended": lambda rule: rule.enabled,
    "marketplace": lambda rule: "marketplace" in rule.tags,
}


class UnknownRule(Exception):  # noqa: N818 - says what is so, not that armlint has a defect
    """A selector that names no rule, with the nearest that would."""

    def __init__(self, selector: str, near: str | None) -> None:
        hint = f"; did you mean '{near}'?" if near else ""
        super().__init__(f"no rule is called '{selector}', and no rule id starts with it{hint}")
        self.selector = selector
        self.near = near


class Registry(NamedTuple):
    """The rules in order of their ids."""

    rules: tuple[Rule, ...]

    def find(self, name: str) -> Rule | None:
        """The rule of this id or name, or the first that another linter's name stands for; ignoring case."""
        return next(iter(self.answering(name)), None)

    def answering(self, name: str) -> tuple[Rule, ...]:
        """The rule of this id or name, or all that answer to another linter's name; ignoring case."""
        folded = name.strip().lower()
        for rule in self.rules:
            if folded in (rule.id.lower(), rule.name):
                return (rule,)
        return tuple(rule for rule in self.rules if folded in map(str.lower, rule.aliases))

    def select(
        self,
        select: Iterable[str] = (),
        ignore: Iterable[str] = (),
        extend: Iterable[str] = (),
        *,
        base: Iterable[Rule] | None = None,
    ) -> tuple[Rule, ...]:
        """The rules that are on. Selectors are ids, names, prefixes of ids, other linters' names, or presets.

        The presets: `all`; `recommended`, what is on by default; `marketplace`, what arm-ttk asks for.

        Without `select` those of `base`, by default the rules that are on by default; `extend` adds to
        either, `ignore` takes away at last. Of prefixes in `select` and `ignore` the longer one wins. Raises
        `UnknownRule` for a selector that names nothing.
        """
        chosen = {r.id: 0 for r in (self.rules if base is None else base) if r.enabled or base is not None}
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
        exact = self.answering(folded)
        if exact:
            return [(rule, 100) for rule in exact]
        preset = _PRESETS.get(folded.lower())
        if preset is not None:
            return [(rule, 0) for rule in self.rules if preset(rule)]
        found = [(rule, len(folded)) for rule in self.rules if rule.id.startswith(folded.upper())]
        if not folded or not found:
            raise UnknownRule(selector, self.nearest(selector))
        return found

    def nearest(self, name: str) -> str | None:
        """The id, name or prefix of ids that is most like a misspelt one."""
        from difflib import get_close_matches

        # Ids first: of equally near ones the first is taken.
        known = {rule.id.lower(): rule.id for rule in self.rules}
        known |= {rule.name: rule.name for rule in self.rules}
        known |= {alias.lower(): alias for rule in self.rules for alias in rule.aliases}
        known |= {preset: preset for preset in _PRESETS}
        known |= {family.lower(): family for family in (rule.id.rstrip("0123456789") for rule in self.rules)}
        near = get_close_matches(name.strip().lower(), known, 1)
        return known[near[0]] if near else None


def load(texts: Iterable[tuple[str, str]]) -> Registry:
    """The rules of pages given as pairs of file name and text. Raises `PageError`."""
    return extended(Registry(()), (rule_of(pages.read(file, text)) for file, text in texts))


def extended(registry: Registry, more: Iterable[Rule]) -> Registry:
    """A registry with further rules. Raises `PageError` for an id or a name that is taken."""
    rules = {rule.id: rule for rule in registry.rules}
    names = {rule.name: rule for rule in registry.rules}
    for rule in more:
        file = rule.page.name
        if rule.id in rules:
            raise PageError(file, 1, f"{rule.id} is defined in {rules[rule.id].page.name} already")
        if rule.name in names:
            told = f"'{rule.name}' is the name of {names[rule.name].id} already"
            raise PageError(file, pages.line_of(rule.page, "name"), told)
        rules[rule.id] = names[rule.name] = rule
    return Registry(tuple(rules[key] for key in sorted(rules)))


def own_rule(page: Page, home: str | None = None) -> Rule:
    """The rule of a page that did not come with armlint. Raises `PageError`.

    `home` is the package that Python functions of the page are in; without one a page cannot name any,
    so that it cannot make armlint run code.
    """
    family = page.id.rstrip("0123456789")
    if family in FAMILIES:
        told = f"ids in {family} are armlint's own; take letters of your own, such as HOUSE{page.id[-3:]}"
        raise PageError(page.name, 1, told)
    for key in ("python", "scripts"):
        if home is None and key in page.table:
            told = "a rule of your own says 'deny' or 'require'; only installed plugins bring Python"
            raise PageError(page.name, pages.line_of(page, key), told)
    return rule_of(page, "armlint.checks" if home is None else home)


def rule_of(page: Page, home: str = "armlint.checks") -> Rule:
    """The rule that a page defines, its Python in the package `home`.

    Raises `PageError` with the line of what is wrong.
    """
    table = page.table
    for key, value in table.items():
        if key not in _KEYS:
            raise PageError(page.name, pages.line_of(page, key), f"a rule fence has no key '{key}'")
        wanted = _KEYS[key]
        right = isinstance(value, wanted)
        if right and isinstance(value, list):
            right = all(isinstance(item, str) for item in value)
        values = _options(table).values() if key == "options" else ()
        if key == "options" and not (right and all(isinstance(one, bool | int | str) for one in values)):
            told = "'options' is a table such as { days = 730 }: of numbers, strings, true and false"
            raise PageError(page.name, pages.line_of(page, key), told)
        if not right:
            raise PageError(page.name, pages.line_of(page, key), f"'{key}' is {_SAID[wanted]}")
    for key in _NEEDED:
        if key not in table:
            raise PageError(page.name, page.table_line, f"the rule fence lacks '{key}'")
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
        make=_maker(page, home),
        aliases=_strings(table, "aliases"),
        options=_options(table),
        make_for_scripts=_for_scripts(page, home),
    )


def _for_scripts(page: Page, home: str) -> Callable[[], Check] | None:
    """What makes the check of scripts, where the page has one."""
    if page.table["on"] == Subject.SCRIPT:
        return _maker(page, home)
    return _maker(page, home, "scripts") if "scripts" in page.table else None


def _options(table: Mapping[str, object]) -> Mapping[str, object]:
    options = table.get("options", {})
    return options if isinstance(options, dict) else {}


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
    used = set(re.findall(r"\{(\w*)\}", message))
    if used - set(words) or re.search(r"[{}]", re.sub(r"\{\w*\}", "", message)):
        told = ", ".join(f"{{{known}}}" for known in words)
        raise PageError(page.name, pages.line_of(page, "message"), f"a message may use {told}")


def _known_fix(page: Page) -> None:
    """Refuse a fix that is not one of the two kinds: set a member to a value, or remove one."""
    fix = page.table.get("fix")
    if not isinstance(fix, dict):
        return
    wanted: dict[str, tuple[type, ...]] = {"safe": (bool,)}
    if "remove" in fix:
        wanted |= {"remove": (str,)}
    else:
        wanted |= {"set": (str,), "value": (str, bool, int, float, list, dict)}
    told = ""
    for key, value in fix.items():
        kinds = wanted.get(key, (str,) if key == "after" and "set" in fix else ())
        if not isinstance(value, kinds):
            told = f"a fix does not take '{key}'" if not kinds else f"'{key}' of a fix is of another type"
    told = told or next((f"a fix needs '{key}'" for key in wanted if key not in fix), "")
    if told:
        raise PageError(page.name, pages.line_of(page, "fix"), told)


class _maker:  # noqa: N801 - stands for a function; a class so that rules can be sent to workers
    """Makes the check of a page: imports the named function, or compiles the declared condition."""

    def __init__(self, page: Page, home: str, key: str = "python") -> None:
        self.page = page
        self._home = home
        self._key = key
        self._made: Check | None = None
        table = page.table
        ways = [key for key in ("python", "deny", "require") if key in table]
        if len(ways) != 1:
            raise PageError(
                page.name, page.table_line, "a rule has exactly one of 'python', 'deny' and 'require'"
            )
        if ways[0] == "python":
            self._refuse("does not go with 'python'", "when", "at", "message", "resource", "fix")
            return
        if table["on"] not in _WORDS:
            told = "a declared rule is on 'extension' or 'resource'"
            raise PageError(page.name, pages.line_of(page, "on"), told)
        if table["on"] != Subject.RESOURCE:
            self._refuse("goes with 'on = \"resource\"' only", "resource")
        if "message" not in table:
            raise PageError(page.name, page.table_line, "a declared rule needs a 'message'")
        _known_words(page, str(table["message"]))
        _known_fix(page)

    def _refuse(self, why: str, *keys: str) -> None:
        for key in keys:
            if key in self.page.table:
                raise PageError(self.page.name, pages.line_of(self.page, key), f"'{key}' {why}")

    def __getstate__(self) -> tuple[Page, str, str]:
        # What was made holds functions, which cannot be sent.
        return self.page, self._home, self._key

    def __setstate__(self, state: tuple[Page, str, str]) -> None:
        self.page, self._home, self._key = state
        self._made = None

    def __call__(self) -> Check:
        """Make the check, once. Raises `PageError` for a function or condition that is none."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def _make(self) -> Check:
        page = self.page
        table = {key: value for key, value in page.table.items() if isinstance(value, str)}
        if self._key in table:
            module, _, function = table[self._key].partition(":")
            try:
                made: Check = getattr(importlib.import_module(f"{self._home}.{module}"), function)
            except (ImportError, AttributeError) as error:
                raise PageError(page.name, pages.line_of(page, self._key), str(error)) from None
            return made
        from armlint import declare

        make = declare.check_of_extension if table["on"] == Subject.EXTENSION else declare.check_of_resource
        try:
            fix = page.table.get("fix")
            return make(table, fix if isinstance(fix, dict) else None)
        except declare.ConditionError as error:
            raise PageError(page.name, pages.line_of(page, error.key), str(error)) from None
