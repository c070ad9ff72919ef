"""What the catalogue knows of an extension, for reading in a terminal."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from armlint.report.manual import BOLD, CODE, columns, flow, painter
from armlint.report.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from armlint.arm.catalogue import Entry
    from armlint.arm.example import Example
    from armlint.report.manual import Paint

_INDENT: Final = "    "
# Where fewer columns are left beside the facts of a setting, its description stands below them.
_NARROW: Final = 36
_STATUS: Final = {"retired": "1;31", "deprecated": "1;33"}
_WORKING: Final = frozenset({"active", "service-managed"})
_TRUST: Final = {
    "documented": "All of this is documented by Microsoft or the publisher, or stands in the source.",
    "schema": "The settings are known from a schema only, without documentation; they are not judged.",
    "third-party-sample": "The settings are known from samples of others only; they are not judged.",
    "recalled": "What is said here could not be looked up; the settings are not judged.",
}
_UNKNOWN: Final = {
    "rejected": "It rejects settings that it does not know.",
    "ignored": "It ignores settings that it does not know.",
}


class _Row(NamedTuple):
    """A setting as a row of a table."""

    name: str
    kind: str
    marks: str
    description: str


def render(
    entry: Entry,
    examples: Sequence[Example],
    *,
    today: date,
    color: bool = False,
    width: int | None = None,
) -> str:
    """An entry of the catalogue as text, filled to `width` columns, its status as of `today`.

    Shows the first of the examples in which nothing is found.
    """
    paint, room = painter(color=color), columns(width)
    status = entry.status_on(today)
    version = "" if entry.version is None else f" · version {entry.version}"
    blocks = [
        paint(f"{entry.handler} · {entry.title}", BOLD),
        f"{entry.os} · {paint(status, _STATUS[status]) if status in _STATUS else status}{version}",
    ]

    def say(text: str) -> None:
        blocks.extend(flow(text, paint, room))

    def head(title: str) -> None:
        blocks.append(paint(title, BOLD))

    say(entry.description)
    if status in _STATUS:
        head("End of life")
        say(_end(entry, status))
    head("What to know")
    say("\n".join(f"- {sentence}" for sentence in _facts(entry)))
    for title, table in _tables(entry, paint, room):
        head(title)
        blocks.append(table)
    good = next((example for example in examples if not example.rules), None)
    if good is not None:
        head("Example")
        say(good.why)
        if good.parameters:
            given = ", ".join(f"`{name}` ({kind})" for name, kind in good.parameters.items())
            say(f"It reads the parameter{'s' if len(good.parameters) > 1 else ''} {given}.")
        lines = json.dumps(good.resource(), indent=2, ensure_ascii=False).split("\n")
        blocks.append("\n".join(f"{_INDENT}{paint(printable(line), CODE)}" for line in lines))
    if entry.exit_codes:
        head("Exit codes")
        blocks.append("\n".join(_codes(entry.exit_codes, room)))
    head("Sources")
    say(_TRUST[entry.trust])
    if entry.sources:
        say("\n".join(f"- {source}" for source in entry.sources))
    return "\n\n".join(blocks) + "\n"


def _end(entry: Entry, status: str) -> str:
    if entry.retirement is None:
        said = "It is retired." if status == "retired" else "It is deprecated."
    elif status == "retired":
        said = f"It was retired on {entry.retirement}."
    else:
        said = f"It will be retired on {entry.retirement}."
    return said if entry.replacement is None else f"{said} Instead: {entry.replacement.text}."


def _facts(entry: Entry) -> Iterator[str]:
    """What holds for the whole extension, in sentences."""
    if entry.automatic_upgrade is True:
        yield "Azure upgrades it by itself with `enableAutomaticUpgrade`."
    else:
        yield "It is not in Azure's table of extensions with automatic upgrade."
    if entry.status == "service-managed":
        yield "A service of Azure installs and configures it; templates do not."
    if entry.multi_instance:
        yield "A machine can have it more than once."
    yield f"Azure waits {entry.time_limit_minutes} minutes for it."
    if entry.unknown_settings in _UNKNOWN:
        yield _UNKNOWN[entry.unknown_settings]
    if entry.settings_known and entry.case_sensitive:
        yield "The letter case of its settings matters."
    yield from _conditions(entry)
    if entry.replacement is not None and entry.retirement is None and entry.status in _WORKING:
        yield f"Better: {entry.replacement.text}."
    if entry.aliases:
        yield f"Other spellings: {', '.join(entry.aliases)}."


def _conditions(entry: Entry) -> Iterator[str]:
    """What is asked of several settings together."""
    for schema in (entry.schema, entry.settings_schema or {}, entry.protected_schema or {}):
        for part in (schema, *schema.get("allOf", ())):
            if "$comment" in part:
                yield str(part["$comment"])


def _tables(entry: Entry, paint: Paint, room: int) -> Iterator[tuple[str, str]]:
    """The two blocks of settings, each with its title."""
    if not entry.settings_known:
        told = "Nothing is known of the settings, and they are not judged."
        yield "settings", "\n".join(_filled(told, room))
        return
    for title, block in (("settings", entry.settings_schema), ("protectedSettings", entry.protected_schema)):
        rows = list(_rows(entry, block or {}, protected=title == "protectedSettings"))
        yield title, _table(rows, paint, room) if rows else "None are known."


def _rows(entry: Entry, block: Mapping[str, Any], *, protected: bool) -> Iterator[_Row]:
    """The settings of a block, each before those in it."""
    pending = [(block, "", False)]
    while pending:
        schema, path, required = pending.pop()
        if path and "description" in schema:
            yield _Row(path, _kind(schema), _marks(entry, path, schema, required, protected), _words(schema))
        below = []
        asked = schema.get("required", ())
        for name, inner in schema.get("properties", {}).items():
            below.append((inner, f"{path}.{name}" if path else name, name in asked))
        if "items" in schema:
            below.append((schema["items"], f"{path}[]", False))
        if isinstance(schema.get("additionalProperties"), dict):
            below.append((schema["additionalProperties"], f"{path}.*" if path else "*", False))
        pending.extend(reversed(below))


def _kind(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", "any")
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def _marks(entry: Entry, path: str, schema: Mapping[str, Any], required: bool, protected: bool) -> str:  # noqa: FBT001
    return ", ".join(
        mark
        for mark, holds in (
            ("required", required),
            ("command", path in entry.commands),
            ("secret", "writeOnly" in schema),
            ("only protected", protected and path in entry.protected_only),
            ("only public", not protected and path in entry.public_only),
        )
        if holds
    )


def _words(schema: Mapping[str, Any]) -> str:
    words = [str(schema["description"])]
    values = [value for value in schema.get("enum", ()) if value != ""]
    if values and not all(str(value).lower() == str(values[0]).lower() for value in values):
        words.append(f"One of {', '.join(map(_value, values))}.")
    if "default" in schema:
        words.append(f"Default: {_value(schema['default'])}.")
    return " ".join(words)


def _value(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _table(rows: Sequence[_Row], paint: Paint, room: int) -> str:
    """The settings with their descriptions beside them, or below where that would be narrow."""
    head = _Row("NAME", "TYPE", "MARKS", "WHAT IT IS")
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(3)]
    indent = sum(widths) + 6
    beside = room - indent >= _NARROW
    if not beside:
        # A longer name pushes the rest of its row aside.
        widths[0] = min(widths[0], max(len(head.name), room - sum(widths[1:]) - 4))
    lines: list[str] = []
    for row in (head, *rows):
        cells = "  ".join(cell.ljust(size) for cell, size in zip(row[1:3], widths[1:], strict=True))
        name = row.name.ljust(widths[0])
        first = f"{name if row is head else paint(name, CODE)}  {cells}"
        if beside:
            filled = _filled(row.description, room - indent)
            lines.append(f"{first}  {filled[0]}".rstrip())
            lines.extend(" " * indent + line for line in filled[1:])
        else:
            lines.append(first.rstrip())
            if row is not head:
                lines.extend(_INDENT + line for line in _filled(row.description, room - len(_INDENT)))
    return "\n".join(lines)


def _filled(text: str, room: int) -> list[str]:
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]


def _codes(codes: Mapping[str, str], room: int) -> Iterator[str]:
    size = max(map(len, codes))
    for code, meaning in codes.items():
        first, *rest = _filled(meaning, room - size - 2)
        yield f"{code.rjust(size)}  {first}"
        yield from (" " * (size + 2) + line for line in rest)
