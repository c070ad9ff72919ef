"""The API versions that Azure had on a day, and which of them one would not start with today."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# Days for which Azure's own linters hold a version to be recent.
MAX_AGE: Final = 730
_DATE: Final = len("2024-01-01")


class ApiVersions:
    """A table of resource types and their API versions, as of the day `date`.

    The table (`schemas/api-versions.json`) has for each provider the list of its versions, and for
    each type which of them it has: a number in hexadecimal whose bits count from the first.
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.date = str(table["date"])
        self._providers: dict[str, Mapping[str, Any]] = {
            name.lower(): provider for name, provider in table["providers"].items()
        }
        self._types: dict[str, dict[str, str]] = {}

    def of(self, kind: str) -> tuple[str, ...]:
        """The versions of a resource type, oldest first; none for a type that the table does not have."""
        name, _, rest = kind.lower().partition("/")
        provider = self._providers.get(name)
        if provider is None:
            return ()
        types = self._types.get(name)
        if types is None:
            types = self._types[name] = {key.lower(): bits for key, bits in provider["types"].items()}
        bits = int(types.get(rest, "0"), 16)
        return tuple(version for index, version in enumerate(provider["versions"]) if bits >> index & 1)

    def better(self, kind: str, version: str, today: date, max_age: int = MAX_AGE) -> str | None:
        """The version to use instead of an old one; None where there is none, or the table does not know.

        A version is old that is known, more than `max_age` days older than `today`, and not the
        newest stable one. A preview is old when a stable version of its day or a later one is
        there; where there is no such, when it is too old and a newer preview is there.
        """
        known = self.of(kind)
        version = version.lower()
        if version not in known:
            return None
        stable = [each for each in known if is_stable(each)]
        newest = stable[-1] if stable else None
        # On the day before the first, nothing is old.
        aged = today > date.min and _day(version) < today - timedelta(max_age)
        if is_stable(version):
            return newest if aged and version != newest else None
        if newest is not None and newest >= version[:_DATE]:
            return newest
        last = max(each for each in known if not is_stable(each))
        return last if aged and last[:_DATE] > version[:_DATE] else None


def is_stable(version: str) -> bool:
    """Whether a version is a date and nothing else, which makes it no preview."""
    return len(version) == _DATE


def is_version(text: str) -> bool:
    """Whether a text is an API version: a date, perhaps with a word such as `-preview` after it."""
    rest = text[_DATE:]
    try:
        date.fromisoformat(text[:_DATE])
    except ValueError:
        return False
    words = rest[1:].replace("-", "").replace(".", "")
    return text[4:5] == "-" and (not rest or (rest[0] == "-" and words.isalnum()))


def _day(version: str) -> date:
    try:
        return date.fromisoformat(version[:_DATE])
    except ValueError:
        # There is such a version with the 31st of a month that has 30 days.
        year, month, _ = version[:_DATE].split("-")
        return date(int(year), int(month), 28)
