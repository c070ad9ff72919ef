"""The catalogue of virtual machine extensions: what is known of a handler, read when it is asked for.

A file of `schemas/extensions` describes one handler; `index.json` beside them says which. A template
without extensions reads none of them, one with a custom script reads two.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from armlint.arm.example import Example

INDEX: Final = "index.json"
EXAMPLES: Final = "examples"

_INDEXED: Final = re.compile(r"\[[0-9]*\]")


class Replacement(NamedTuple):
    """What to use instead of an extension: in words and, where that is an extension, by name.

    With `drop_in`, publisher, type and version can be exchanged and the settings kept.
    """

    text: str
    publisher: str | None
    type: str | None
    version: str | None
    drop_in: bool


class Entry(NamedTuple):
    """What the catalogue knows of one handler; `schemas/extension.schema.json` says what each fact means.

    Paths of settings are names joined by dots, with `[]` for any item of a list and `*` for any name.
    `schema` is of an object with the members `settings` and `protectedSettings`. Where nothing is known
    of the settings it accepts anything, and the schemas of the two blocks are None.
    """

    publisher: str
    type: str
    os: str
    aliases: tuple[str, ...]
    version: str | None
    status: str
    retirement: str | None
    replacement: Replacement | None
    protected_only: tuple[str, ...]
    public_only: tuple[str, ...]
    secret: tuple[str, ...]
    commands: tuple[str, ...]
    exclusive: tuple[tuple[str, ...], ...]
    automatic_upgrade: bool | None
    multi_instance: bool
    unknown_settings: str
    settings_known: bool
    settings_complete: bool
    case_sensitive: bool
    trust: str
    sources: tuple[str, ...]
    exit_codes: Mapping[str, str]
    time_limit_minutes: int
    title: str
    description: str
    schema: Mapping[str, Any]
    settings_schema: dict[str, Any] | None
    protected_schema: dict[str, Any] | None

    @property
    def handler(self) -> str:
        """Publisher and type as people write them, `publisher/type`."""
        return f"{self.publisher}/{self.type}"

    @property
    def retired_on(self) -> date | None:
        """The day on which support ends or ended; None where no day is known."""
        if self.retirement is None:
            return None
        from datetime import date

        return date.fromisoformat(self.retirement)

    def status_on(self, day: date) -> str:
        """The status as of a day: `retired` from the day of retirement on, `deprecated` before it."""
        end = self.retired_on
        if end is None:
            return self.status
        return "retired" if end <= day else "deprecated"

    def is_command(self, setting: str | Sequence[str | int]) -> bool:
        """Whether a setting, given by its path, holds a command or script that runs on the machine."""
        return _covered(setting, self.commands)

    def is_protected_only(self, path: str | Sequence[str | int]) -> bool:
        """Whether a setting, or what it lies in, belongs in the protected settings only."""
        return _covered(path, self.protected_only)

    def is_public_only(self, path: str | Sequence[str | int]) -> bool:
        """Whether the handler reads a setting, or what it lies in, only from the public settings."""
        return _covered(path, self.public_only)

    def is_secret(self, path: str | Sequence[str | int]) -> bool:
        """Whether a setting holds a secret, in whichever block it stands."""
        return _covered(path, self.secret)

    @property
    def service_managed(self) -> bool:
        """Whether a service of Azure, not the author of a template, installs and configures it."""
        return self.status == "service-managed"

    def respelled(self, block: Any, *, protected: bool = False) -> Any:
        """Give a block with the documented names, where the handler takes them in any letter case.

        The schemas know only the documented spelling. A name that also stands there as documented
        is left as it is.
        """
        schema = self.protected_schema if protected else self.settings_schema
        return block if self.case_sensitive or schema is None else _respelled(block, schema)


class Catalogue:
    """The catalogue in a folder, which a caller reads for it.

    `read` gives the text of the file of that name, or None where there is none; `names` lists the files
    of the folder. Nothing is read before it is needed, and nothing twice.
    """

    def __init__(self, read: Callable[[str], str | None], names: Callable[[], Iterable[str]]) -> None:
        self._read = read
        self._names = names
        self._files: dict[str, str] | None = None
        self._entries: dict[str, Entry] = {}

    def lookup(self, publisher: str, type: str) -> Entry | None:  # noqa: A002 - Azure's own name for it
        """What is known of a handler, by its name or an alias, ignoring case; None for an unknown one.

        Raises `LookupError` where the folder lacks a file that it has to have.
        """
        name = self._index().get(f"{publisher}/{type}".lower())
        return None if name is None else self._entry(name)

    def find(self, name: str) -> tuple[Entry, ...]:
        """The extension called `publisher/type`, or those of this type, by any spelling, ignoring case."""
        folded = name.strip().lower()
        index = self._index()
        if "/" in folded:
            files = {index[folded]} if folded in index else set()
        else:
            files = {file for handler, file in index.items() if handler.partition("/")[2] == folded}
        return tuple(map(self._entry, sorted(files)))

    def handlers(self) -> list[str]:
        """All extensions as `publisher/type`, spelled as documented and in order; reads the index only."""
        names = []
        for handler, file in self._index().items():
            publisher = handler.partition("/")[0]
            name = f"{file[: len(publisher)]}/{file[len(publisher) + 1 :].removesuffix('.json')}"
            # Other spellings lead to the same file.
            if name.lower() == handler:
                names.append(name)
        return sorted(names, key=str.lower)

    def nearest(self, name: str) -> str | None:
        """The extension, or the type of one, that is most like a misspelt name of its kind."""
        from difflib import get_close_matches

        handlers = self.handlers()
        whole = "/" in name
        known = {(each if whole else each.partition("/")[2]).lower(): each for each in handlers}
        near = get_close_matches(name.strip().lower(), known, 1)
        if not near:
            return None
        return known[near[0]] if whole else known[near[0]].partition("/")[2]

    def examples(self, entry: Entry) -> tuple[Example, ...]:
        """Examples of an extension, good ones first. They are in a file of their own: no check needs them."""
        # No check comes here.
        from armlint.arm.example import Example

        found = json.loads(self._text(f"{EXAMPLES}/{entry.publisher}.{entry.type}.json"))
        return tuple(
            Example(
                example["why"],
                example["properties"],
                tuple(example.get("rules", ())),
                example.get("on", "vm"),
                example.get("parameters", {}),
            )
            for example in (*found["good"], *found["bad"])
        )

    def __iter__(self) -> Iterator[Entry]:
        """All entries, in the order of their files' names: for listings, not for checks."""
        for name in sorted(self._names()):
            if name.endswith(".json") and name != INDEX:
                yield self._entry(name)

    def _index(self) -> dict[str, str]:
        """The file of each extension, by its names in lower case."""
        if self._files is None:
            self._files = json.loads(self._text(INDEX))
        return self._files

    def _entry(self, name: str) -> Entry:
        if name not in self._entries:
            self._entries[name] = parse(json.loads(self._text(name)))
        return self._entries[name]

    def _text(self, name: str) -> str:
        text = self._read(name)
        if text is None:
            raise LookupError(f"the catalogue of extensions lacks {name}")
        return text


def parse(schema: Mapping[str, Any]) -> Entry:
    """Make an entry of what a file of the catalogue holds."""
    facts = schema["x-armlint"]
    blocks = schema.get("properties", {})
    instead = facts["replacement"]
    return Entry(
        publisher=facts["publisher"],
        type=facts["type"],
        os=facts["os"],
        aliases=tuple(facts["aliases"]),
        version=facts["version"],
        status=facts["status"],
        retirement=facts["retirement"],
        replacement=instead
        and Replacement(
            instead["text"],
            instead.get("publisher"),
            instead.get("type"),
            instead.get("version"),
            instead["dropIn"],
        ),
        protected_only=tuple(facts["protectedOnly"]),
        public_only=tuple(facts["publicOnly"]),
        secret=tuple(facts["secret"]),
        commands=tuple(facts["commands"]),
        exclusive=tuple(tuple(group) for group in facts["exclusive"]),
        automatic_upgrade=facts["automaticUpgrade"],
        multi_instance=facts["multiInstance"],
        unknown_settings=facts["unknownSettings"],
        settings_known=facts["settingsKnown"],
        settings_complete=facts["settingsComplete"],
        case_sensitive=facts["caseSensitive"],
        trust=facts["trust"],
        sources=tuple(facts["sources"]),
        exit_codes=facts["exitCodes"],
        time_limit_minutes=facts["timeLimitMinutes"],
        title=schema["title"],
        description=schema["description"],
        schema=schema,
        settings_schema=blocks.get("settings"),
        protected_schema=blocks.get("protectedSettings"),
    )


def command_settings(entry: Entry | None) -> tuple[str, ...]:
    """The settings at the top of a block that hold what a handler runs; None stands for an unknown handler.

    Whoever wrote the handler, `commandToExecute` is one.
    """
    first = "commandToExecute"
    known = () if entry is None else entry.commands
    return (first, *(name for name in known if "." not in name and name.lower() != first.lower()))


def _steps(path: str | Sequence[str | int]) -> list[str]:
    """A path as lower-cased steps, with `[]` for an item of a list."""
    if isinstance(path, str):
        path = _INDEXED.sub(".[]", path).split(".")
    return ["[]" if isinstance(step, int) else step.lower() for step in path]


def _covered(path: str | Sequence[str | int], patterns: tuple[str, ...]) -> bool:
    steps = _steps(path)
    return any(
        len(steps) >= len(wanted)
        and all(want in ("*", step) for want, step in zip(wanted, steps, strict=False))
        for wanted in map(_steps, patterns)
    )


def _respelled(value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_respelled(item, schema.get("items", {})) for item in value]
    if not isinstance(value, dict):
        return value
    known = schema.get("properties", {})
    documented = {name.lower(): name for name in known}
    others = schema.get("additionalProperties") or {}
    spelled = {}
    for name, inner in value.items():
        better = documented.get(name.lower(), name)
        if better in value:
            better = name
        spelled[better] = _respelled(inner, known.get(better, others))
    return spelled
