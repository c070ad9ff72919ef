"""Configuration: `armlint.toml`, `.armlint.toml`, or `[tool.armlint]` in `pyproject.toml`.

The nearest of them above a file governs it; the search ends at the root of the repository. What a
configuration may say is the table `KEYS`, from which `schemas/config.schema.json` is made too. A
configuration comes with the repository under review, so it is data: nothing in it is run, written,
or read from outside of the repository.
"""

# pathlib takes as long to import as a template takes to check.
# ruff: noqa: PTH100, PTH113, PTH118, PTH119, PTH120

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from armlint import files
from armlint.finding import Severity
from armlint.plans import MOST_BYTES, NAMES, ConfigError, Settings, from_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from armlint.registry import Registry
    from armlint.rule import Rule
    from armlint.source import Source, Span

    Command = tuple[Sequence[str], Sequence[str], Sequence[str]]
    """What a command line chooses: rules to select, to select too and to ignore."""

_TABLE: Final = ("tool", "armlint")
_MOST_EXTENDED: Final = 20
_WILD: Final = "*?["

Path = tuple[str | int, ...]


class Key(NamedTuple):
    """What a configuration may say under one key.

    `kind` tells what its value is, as `_KINDS` says it; `choices` are its values where they are few.
    """

    kind: str
    help: str
    choices: tuple[str, ...] = ()


_FORMATS: Final = "format"
KEYS: Final[Mapping[str, Key]] = {
    "extend": Key("string", "Another configuration to start from; what stands here comes on top of it."),
    "preset": Key(
        "choice",
        "The rules to start from instead of the recommended ones.",
        ("recommended", "all", "marketplace"),
    ),
    "select": Key("strings", "Run these rules only: ids, names, prefixes such as EXT1, or presets."),
    "extend-select": Key("strings", "Run these rules too."),
    "ignore": Key(
        "ignore", "Rules that are not run; or tables that say which findings to leave out, and why."
    ),
    "per-file-ignores": Key(
        "globs", "For files that match a pattern, the rules whose findings are left out."
    ),
    "severity": Key("severities", "Other severities for rules."),
    "options": Key("tables", "Options of rules, a table for each, as their pages tell."),
    "exclude": Key(
        "strings", "Files to leave out, in the syntax of .gitignore, from the folder of this file."
    ),
    "force-exclude": Key("boolean", "Leave files out also where they are named on the command line."),
    "rules": Key("strings", "Folders with rule pages of your own."),
    "plugins": Key("strings", "Installed packages that bring rules."),
    "baseline": Key("string", "The baseline: findings in it are left out."),
    "fail-on": Key(
        "choice",
        "From which severity on findings make the exit status 1.",
        ("error", "warning", "info", "never"),
    ),
    "format": Key("choice", "How to write the report on standard output.", (_FORMATS,)),
    "jobs": Key("count", "How many processes to use."),
}
"""All keys of a configuration."""

IGNORE_KEYS: Final[Mapping[str, str]] = {
    "rule": "The rule, or rules by a prefix, whose findings are left out.",
    "path": "Only in files that match this pattern, in the syntax of .gitignore.",
    "pointer": "Only at this JSON Pointer and below it; * is any one step.",
    "reason": "Why.",
    "expires": "The last day on which this holds.",
}
"""The keys of a table under `ignore`."""

_SAID: Final = {
    "string": "a string",
    "strings": "a list of strings",
    "boolean": "true or false",
    "count": "a whole number from 1 on",
    "ignore": "a list of rules and tables",
    "globs": "a table of patterns, each with a list of rules",
    "severities": "a table of rules, each with error, warning or info",
    "tables": "a table with a table for each rule",
}


class Selection(NamedTuple):
    """One step in choosing rules, as a configuration or a command line has it; `select` starts anew."""

    select: tuple[str, ...] = ()
    extend: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


class Word(NamedTuple):
    """A text of a configuration and where it stands."""

    text: str
    where: Path


class Ignored(NamedTuple):
    """Findings to leave out: in files that match `glob`, from the folder of the layer.

    `number` counts them in their file. `entry` tells a table under `ignore`, whose use is watched, from
    a pattern of `per-file-ignores`, which may be there for files to come.
    """

    number: int
    rule: Word
    glob: Word | None = None
    pointer: str = ""
    reason: str = ""
    expires: date | None = None
    entry: bool = True


class Layer(NamedTuple):
    """What one file says. `path` is as shown to people, `folder` is absolute."""

    path: str
    folder: str
    text: str
    prefix: Path
    table: Mapping[str, Any]
    selection: Selection
    ignored: tuple[Ignored, ...]

    def line(self, *where: str | int) -> int:
        """The line, from 1, of a key or an item, or of the nearest around it that has one."""
        return self.source.position(self.span(where).start).line

    @property
    def source(self) -> Source:
        """The text of the file."""
        from armlint.source import Source as Made

        return Made(self.text, self.path)

    def span(self, where: Path) -> Span:
        """The characters of a key or an item, or of the nearest around it."""
        from armlint.source import Span as Made

        spans = positions(self.text)
        for length in range(len(where), -1, -1):
            found = spans.get((*self.prefix, *where[:length]))
            if found is not None:
                return Made(*found)
        return Made(0, 0)


def has_table(text: str) -> bool:
    """Whether a `pyproject.toml` has a table for armlint. Raises `ValueError` and `RecursionError`."""
    return _table_of(_parsed(text), _TABLE) is not None


def _parsed(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)


def _table_of(data: Any, where: Sequence[str]) -> dict[str, Any] | None:
    for name in where:
        data = data.get(name) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else None


def read(path: str, *, trusted: bool = False) -> Settings:
    """Read a configuration and what it extends.

    Unless it is `trusted`, for having been named by whoever runs armlint, it may name nothing outside
    of its repository. Raises `ConfigError`.
    """
    root = None if trusted else files.repository(os.path.dirname(path))
    layers: list[Layer] = []
    seen: set[str] = set()
    asked: Layer | None = None
    current = path
    while True:
        real = os.path.realpath(current)
        if asked is not None:
            line = asked.line("extend")
            if real in seen or len(seen) > _MOST_EXTENDED:
                raise ConfigError(asked.path, line, "'extend' leads back to where it came from")
            if not os.path.isfile(real):
                raise ConfigError(asked.path, line, "'extend' names no file")
        seen.add(real)
        layer = _layer(current)
        for key in ("extend", "baseline", "rules"):
            value = layer.table.get(key, [])
            for name in [value] if isinstance(value, str) else value:
                if root is not None and not files.inside(os.path.join(layer.folder, name), root):
                    told = f"'{key}' leads out of the repository; --config with this file would allow it"
                    raise ConfigError(layer.path, layer.line(key), told)
        layers.append(layer)
        if "extend" not in layer.table:
            return Settings(tuple(reversed(layers)))
        asked = layer
        current = os.path.normpath(os.path.join(layer.folder, layer.table["extend"]))


def _layer(path: str) -> Layer:
    """One file, read and found right."""
    shown = from_here(path)
    try:
        content = files.load(path)
    except files.Unreadable as error:
        raise ConfigError(shown, 1, error.why) from None
    if len(content) > MOST_BYTES:
        raise ConfigError(shown, 1, f"larger than {MOST_BYTES // 2**20} MiB")
    try:
        text = content.decode("utf-8-sig")
        data = _parsed(text.replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(shown, line, "this is no UTF-8") from None
    except RecursionError:
        raise ConfigError(shown, 1, "this is nested too deeply") from None
    except ValueError as error:
        raise ConfigError(shown, *_said_by_toml(text, str(error))) from None
    prefix: Path = _TABLE if os.path.basename(path) == NAMES[2] else ()
    table = _table_of(data, [str(name) for name in prefix])
    if table is None:
        raise ConfigError(shown, 1, "there is no table [tool.armlint] here")
    layer = Layer(shown, os.path.dirname(os.path.abspath(path)), text, prefix, table, Selection(), ())
    _Checker(layer).check()
    rules = [item for item in table.get("ignore", ()) if isinstance(item, str)]
    select = table.get("select", [table["preset"]] if "preset" in table else [])
    selection = Selection(tuple(select), tuple(table.get("extend-select", ())), tuple(rules))
    return layer._replace(selection=selection, ignored=tuple(_ignored(table)))


def _said_by_toml(text: str, error: str) -> tuple[int, str]:
    """The line and the words of an error of tomllib, which quotes at most one character of the text."""
    import re

    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", error)
    line = text.rstrip("\n").count("\n") + 1 if place is None or place[1] is None else int(place[1])
    told = error if place is None else error[: place.start()]
    # Names of keys are quoted too, and a file that is no TOML may have anything in their place.
    told = re.sub(r"\('.*|\(\".*|: .*", "", told).strip()
    return line, f"this is no TOML: {told[:1].lower()}{told[1:]}"


def _ignored(table: Mapping[str, Any]) -> Iterator[Ignored]:
    number = 0
    for index, item in enumerate(table.get("ignore", ())):
        if isinstance(item, dict):
            where: Path = ("ignore", index)
            glob = Word(item["path"], (*where, "path")) if "path" in item else None
            yield Ignored(
                number,
                Word(item["rule"], (*where, "rule")),
                glob,
                item.get("pointer", ""),
                item.get("reason", ""),
                item.get("expires"),
            )
            number += 1
    for glob_, rules in table.get("per-file-ignores", {}).items():
        where = ("per-file-ignores", glob_)
        for index, rule in enumerate(rules):
            yield Ignored(number, Word(rule, (*where, index)), Word(glob_, where), entry=False)
            number += 1


class _Checker:
    """Holds a file to `KEYS`."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer

    def _refuse(self, told: str, *where: str | int) -> ConfigError:
        return ConfigError(self._layer.path, self._layer.line(*where), told)

    def check(self) -> None:
        """Raises `ConfigError` for the first thing that is wrong."""
        table = self._layer.table
        for key, value in table.items():
            if key not in KEYS:
                raise self._refuse(_no_key(key, KEYS), key)
            self._check(key, KEYS[key], value)
        if "preset" in table and "select" in table:
            told = "'preset' and 'select' both say which rules to start from; keep one"
            raise self._refuse(told, "preset")

    def _check(self, key: str, wanted: Key, value: Any) -> None:
        if wanted.kind == "choice":
            choices = _choices(wanted)
            if value not in choices:
                raise self._refuse(f"'{key}' is one of {', '.join(choices)}", key)
            return
        check = getattr(self, f"_is_{wanted.kind}")
        if not check(key, value):
            raise self._refuse(f"'{key}' is {_SAID[wanted.kind]}", key)

    def _is_string(self, _: str, value: Any) -> bool:
        return isinstance(value, str) and bool(value) and "\0" not in value

    def _is_boolean(self, _: str, value: Any) -> bool:
        return isinstance(value, bool)

    def _is_count(self, _: str, value: Any) -> bool:
        return type(value) is int and value >= 1

    def _is_strings(self, key: str, value: Any) -> bool:
        if not isinstance(value, list):
            return False
        for index, item in enumerate(value):
            if not self._is_string(key, item):
                raise self._refuse(f"'{key}' is a list of strings", key, index)
            if key == "exclude":
                self._pattern(item, key, index)
        return True

    def _pattern(self, text: str, *where: str | int) -> None:
        try:
            files.spec([text])
        except ValueError:
            raise self._refuse("this is no pattern as .gitignore has them", *where) from None

    def _is_globs(self, key: str, value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        for glob, rules in value.items():
            self._pattern(glob, key, glob)
            if not isinstance(rules, list) or not all(self._is_string(key, rule) for rule in rules):
                raise self._refuse("a pattern has a list of rules", key, glob)
        return True

    def _is_severities(self, key: str, value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        for rule, severity in value.items():
            if not isinstance(severity, str) or severity not in set(Severity):
                raise self._refuse(f"a severity is one of {', '.join(Severity)}", key, rule)
        return True

    def _is_tables(self, key: str, value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        for rule, options in value.items():
            if not isinstance(options, dict):
                raise self._refuse("a rule has a table of options", key, rule)
        return True

    def _is_ignore(self, key: str, value: Any) -> bool:
        if not isinstance(value, list):
            return False
        for index, item in enumerate(value):
            if isinstance(item, dict):
                self._check_entry(item, key, index)
            elif not self._is_string(key, item):
                raise self._refuse(f"'{key}' is {_SAID[key]}", key, index)
        return True

    def _check_entry(self, item: Mapping[str, Any], *where: str | int) -> None:
        from datetime import date as Day  # noqa: N812 - `date` is a type only above

        for name, value in item.items():
            if name not in IGNORE_KEYS:
                raise self._refuse(_no_key(name, IGNORE_KEYS), *where, name)
            if name == "expires":
                if type(value) is not Day:
                    raise self._refuse("'expires' is a day such as 2027-01-31, without quotes", *where, name)
            elif not self._is_string(name, value):
                raise self._refuse(f"'{name}' is a string", *where, name)
            elif name == "path":
                self._pattern(value, *where, name)
            elif name == "pointer" and not value.startswith("/"):
                raise self._refuse("'pointer' starts with '/', as those in the report do", *where, name)
        if "rule" not in item:
            raise self._refuse("this entry lacks 'rule'", *where)


def _no_key(key: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    # What is not like any key may be anything.
    near = get_close_matches(key[:80].lower().replace("_", "-"), list(known), 1)
    return f"there is no key '{key}'; did you mean '{near[0]}'?" if near else "there is no such key"


def _choices(key: Key) -> tuple[str, ...]:
    if key.choices != (_FORMATS,):
        return key.choices
    from armlint.cli import Format

    return tuple(form.value for form in Format)


def select(registry: Registry, settings: Settings, command: Command = ((), (), ())) -> tuple[Rule, ...]:
    """The rules that run, with the severities and options that are set.

    Each file comes on top of the one that it extends, and the command line on top of all. Raises
    `ConfigError` for what names no rule or option, and `UnknownRule` for what the command line says.
    """
    from armlint.registry import UnknownRule

    rules: tuple[Rule, ...] | None = None
    for layer in settings.layers:
        chosen = layer.selection
        try:
            rules = registry.select(chosen.select, chosen.ignore, chosen.extend, base=rules)
        except UnknownRule as error:
            raise ConfigError(layer.path, _line_of(layer, error.selector), str(error)) from None
    selected, more, less = command
    rules = registry.select(selected, less, more, base=rules)
    for layer in settings.layers:
        rules = _graded(registry, layer, rules)
        rules = _with_options(registry, layer, rules)
    return rules


def _line_of(layer: Layer, selector: str) -> int:
    for key in ("select", "extend-select", "ignore"):
        for index, item in enumerate(layer.table.get(key, ())):
            if item == selector:
                return layer.line(key, index)
    return 1


def _graded(registry: Registry, layer: Layer, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    from armlint.registry import UnknownRule

    wanted: dict[str, tuple[int, Severity]] = {}
    for selector, severity in layer.table.get("severity", {}).items():
        try:
            named = registry.select([selector])
        except UnknownRule as error:
            raise ConfigError(layer.path, layer.line("severity", selector), str(error)) from None
        for rule in named:
            # The fewer rules a selector names, the more it was meant for each.
            if rule.id not in wanted or wanted[rule.id][0] >= len(named):
                wanted[rule.id] = (len(named), Severity(severity))
    if not wanted:
        return rules
    return tuple(
        rule._replace(severity=wanted[rule.id][1], graded=True) if rule.id in wanted else rule
        for rule in rules
    )


def _with_options(registry: Registry, layer: Layer, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    wanted: dict[str, dict[str, object]] = {}
    for name, options in layer.table.get("options", {}).items():
        rule = registry.find(name)
        if rule is None:
            near = registry.nearest(name[:80])
            hint = f"; did you mean '{near}'?" if near else ""
            raise ConfigError(layer.path, layer.line("options", name), f"no rule is called so{hint}")
        for option, value in options.items():
            line = layer.line("options", name, option)
            if option not in rule.options:
                told = _no_key(option, rule.options) if rule.options else f"{rule.id} has no options"
                raise ConfigError(layer.path, line, told)
            default = rule.options[option]
            items = {type(item) for item in value} if isinstance(value, list) else set()
            if type(value) is not type(default) or items - {str}:
                raise ConfigError(layer.path, line, f"'{option}' is {_TYPES[type(default)]}")
        wanted[rule.id] = options
    if not wanted:
        return rules
    return tuple(
        rule._replace(options={**rule.options, **wanted[rule.id]}) if rule.id in wanted else rule
        for rule in rules
    )


_TYPES: Final[Mapping[type, str]] = {
    bool: "true or false",
    int: "a whole number",
    str: "a string",
    list: "a list of strings",
}


class Fault(NamedTuple):
    """What there is to say of an entry under `ignore` or `per-file-ignores`."""

    layer: Layer
    where: Path
    message: str


def review(  # noqa: PLR0913 - what a run knows at its end
    settings: Settings,
    registry: Registry,
    rules: Iterable[Rule],
    uses: Mapping[tuple[str, int], bool | None],
    *,
    today: date,
    complete: Callable[[str], bool],
) -> Iterator[Fault]:
    """What rule ARM006 says of a configuration: entries that name no rule, have ended or are of no use.

    `uses` tells of entries that fitted a file whether they were of use, None where that cannot be said.
    `complete` says of a folder whether this run looked at all of its files; without that an entry may
    be needed for another.
    """
    from armlint import suppress
    from armlint.registry import UnknownRule

    ran = {rule.id for rule in rules}
    for layer in settings.layers:
        for ignored in layer.ignored:
            selector, where = ignored.rule
            try:
                ids = {rule.id for rule in registry.select([selector])}
            except UnknownRule as error:
                yield Fault(layer, where, suppress.unknown(selector, error))
                continue
            if ignored.expires is not None and ignored.expires < today:
                yield Fault(layer, (*where[:2], "expires"), suppress.expired(selector, ignored.expires))
                continue
            key = (layer.path, ignored.number)
            plain = ignored.glob is not None and _is_file(layer, ignored.glob.text)
            used = uses.get(key, False if complete(layer.folder) else None)
            judged = used is False and ids <= ran and (complete(layer.folder) or (plain and key in uses))
            if ignored.entry and judged:
                yield Fault(layer, where, suppress.unused(selector).removesuffix(" here"))


def _is_file(layer: Layer, glob: str) -> bool:
    return not any(char in glob for char in _WILD) and os.path.isfile(os.path.join(layer.folder, glob))


def positions(text: str) -> dict[Path, tuple[int, int]]:
    """Where the keys and items of a TOML text stand: half-open spans by the way to each.

    A key's span is its own, an item's that of its value. The text is one that tomllib takes; of another
    some places may be missing. Never raises.
    """
    try:
        return _Positions(text).scan()
    except (RecursionError, IndexError, ValueError):
        return {}


class _Positions:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._found: dict[Path, tuple[int, int]] = {}
        self._lists: dict[Path, int] = {}

    def scan(self) -> dict[Path, tuple[int, int]]:
        text = self._text
        table: Path = ()
        while True:
            self._blanks("\n")
            if self._at >= len(text):
                return self._found
            if text[self._at] == "[":
                double = text.startswith("[[", self._at)
                self._at += 1 + double
                start = self._at
                table = self._keys((), table=True)
                if double:
                    number = self._lists[table] = self._lists.get(table, -1) + 1
                    table = (*table, number)
                    self._found[table] = (start, self._at)
                self._at = text.index("]", self._at) + 1 + double
            else:
                self._pair(table)

    def _pair(self, table: Path) -> None:
        where = self._keys(table)
        self._at = self._text.index("=", self._at) + 1
        self._value(where)

    def _blanks(self, more: str = "") -> None:
        """Pass over blanks; with line breaks as `more` over comments too."""
        text = self._text
        while self._at < len(text):
            char = text[self._at]
            if char == "#" and more:
                end = text.find("\n", self._at)
                self._at = len(text) if end < 0 else end
            elif char in " \t\r" or char in more:
                self._at += 1
            else:
                return

    def _keys(self, base: Path, *, table: bool = False) -> Path:
        """A dotted key. In the name of a table, a name that stands for a list means its last item."""
        while True:
            self._blanks()
            start = self._at
            name = self._key()
            base = (*base, name)
            self._found.setdefault(base, (start, self._at))
            self._blanks()
            if self._text[self._at : self._at + 1] != ".":
                return base
            if table and base in self._lists:
                base = (*base, self._lists[base])
            self._at += 1

    def _key(self) -> str:
        text = self._text
        start = self._at
        if text[start] in "\"'":
            self._string()
            raw = text[start : self._at]
            return str(_parsed(f"key = {raw}")["key"]) if "\\" in raw else raw[1:-1]
        while self._at < len(text) and (text[self._at].isalnum() or text[self._at] in "-_"):
            self._at += 1
        return text[start : self._at]

    def _string(self) -> None:
        text = self._text
        quote = text[self._at]
        if text.startswith(quote * 3, self._at):
            self._at += 3
            while not text.startswith(quote * 3, self._at):
                self._at += 2 if quote == '"' and text[self._at] == "\\" else 1
            self._at += 3
            while text[self._at : self._at + 1] == quote:
                self._at += 1
            return
        self._at += 1
        while text[self._at] != quote:
            self._at += 2 if quote == '"' and text[self._at] == "\\" else 1
        self._at += 1

    def _value(self, where: Path) -> None:
        self._blanks()
        text = self._text
        char = text[self._at]
        if char in "\"'":
            self._string()
        elif char == "[":
            self._array(where)
        elif char == "{":
            self._at += 1
            while True:
                self._blanks("\n,")
                if text[self._at] == "}":
                    break
                self._pair(where)
            self._at += 1
        else:
            while self._at < len(text) and text[self._at] not in ",]}\n#":
                self._at += 1

    def _array(self, where: Path) -> None:
        text = self._text
        self._at += 1
        index = 0
        while True:
            self._blanks("\n,")
            if text[self._at] == "]":
                self._at += 1
                return
            start = self._at
            self._value((*where, index))
            if self._at == start:
                raise ValueError(start)
            self._found[(*where, index)] = (start, self._at)
            index += 1


def schema() -> dict[str, Any]:
    """The JSON Schema of a configuration, for editors; `schemas/config.schema.json` holds it."""
    string: dict[str, Any] = {"type": "string", "minLength": 1}
    strings: dict[str, Any] = {"type": "array", "items": string}
    entry = {
        "type": "object",
        "additionalProperties": False,
        "required": ["rule"],
        "properties": {name: {"description": told, **string} for name, told in IGNORE_KEYS.items()},
    }
    kinds: dict[str, dict[str, Any]] = {
        "string": string,
        "strings": strings,
        "boolean": {"type": "boolean"},
        "count": {"type": "integer", "minimum": 1},
        "ignore": {"type": "array", "items": {"anyOf": [string, entry]}},
        "globs": {"type": "object", "additionalProperties": strings},
        "severities": {"type": "object", "additionalProperties": {"enum": [*map(str, Severity)]}},
        "tables": {"type": "object", "additionalProperties": {"type": "object"}},
    }

    def described(key: Key) -> dict[str, Any]:
        wanted = {"enum": list(_choices(key))} if key.kind == "choice" else kinds[key.kind]
        return {"description": key.help, **wanted}

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://github.com/armlint/armlint/schemas/config.schema.json",
        "title": "armlint configuration",
        "description": "What armlint.toml, .armlint.toml and [tool.armlint] of pyproject.toml may hold.",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: described(key) for name, key in KEYS.items()},
    }
