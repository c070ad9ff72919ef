"""What holds for each file of a run: which configuration, which rules, and what is left out.

Every run comes here, and nearly all find no configuration: what reads one is in `config`.
"""

# pathlib takes as long to import as a template takes to check.
# ruff: noqa: PTH100, PTH109, PTH113, PTH118, PTH120

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from armlint import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from armlint.config import Command, Ignored, Layer
    from armlint.registry import Registry
    from armlint.rule import Rule
    from armlint.suppress import Waiver

NAMES: Final = ("armlint.toml", ".armlint.toml", "pyproject.toml")
"""The names of configurations; of several in one folder the first one counts."""
MOST_BYTES: Final = 1024 * 1024
"""The size of the largest configuration that is read."""


class ConfigError(Exception):
    """What is wrong with a configuration, and where: `path:line: message`."""

    def __init__(self, path: str, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line
        self.message = message


class Settings:
    """What configurations say together: the outermost base first, the file that was found last."""

    def __init__(self, layers: tuple[Layer, ...] = ()) -> None:
        self.layers = layers

    @property
    def path(self) -> str | None:
        """The file that was found, None where there is none."""
        return self.layers[-1].path if self.layers else None

    def value(self, key: str) -> Any:
        """The value of a key that only one file can set: the last one's; None where none does."""
        found = self._last(key)
        return None if found is None else found.table[key]

    def _last(self, key: str) -> Layer | None:
        return next((layer for layer in reversed(self.layers) if key in layer.table), None)

    def file(self, key: str) -> str | None:
        """The path that a key names, from the folder of the file that sets it."""
        found = self._last(key)
        return None if found is None else from_here(os.path.join(found.folder, found.table[key]))

    def folders(self, key: str) -> tuple[str, ...]:
        """The folders that a key names in all files, each from the folder of its own."""
        named = [(layer.folder, name) for layer in self.layers for name in layer.table.get(key, ())]
        return tuple(from_here(os.path.join(folder, name)) for folder, name in named)

    def strings(self, key: str) -> tuple[str, ...]:
        """The strings under a key in all files."""
        return tuple(text for layer in self.layers for text in layer.table.get(key, ()))

    def excludes(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What to leave out: folders, each with the patterns that start there."""
        return tuple(
            (layer.folder, tuple(layer.table["exclude"])) for layer in self.layers if "exclude" in layer.table
        )


class Policy:
    """What a configuration says of files, in a form that can be sent to another process.

    `registry` knows all rules. `show` asks for what is left out, `places` for what findings are known
    by in a baseline.
    """

    def __init__(
        self,
        registry: Registry,
        settings: Settings | None = None,
        *,
        show: bool = False,
        places: bool = False,
    ) -> None:
        self.registry = registry
        self.show = show
        self.places = places
        self._ignored = [
            (layer.path, layer.folder, ignored)
            for layer in (() if settings is None else settings.layers)
            for ignored in layer.ignored
        ]
        self._specs: dict[str, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_specs": {}}

    def waivers(self, path: str, today: date) -> tuple[Waiver, ...]:
        """What to leave out of a file as of a day."""
        if not self._ignored:
            return ()
        from armlint.suppress import Waiver as Made

        real = os.path.abspath(path)
        return tuple(
            Made((file, ignored.number), ignored.rule.text, ignored.pointer, ignored.reason)
            for file, folder, ignored in self._ignored
            if (ignored.expires is None or ignored.expires >= today) and self._fits(ignored, folder, real)
        )

    def _fits(self, ignored: Ignored, folder: str, real: str) -> bool:
        if ignored.glob is None:
            return True
        relative = _relative(real, folder)
        if relative is None:
            return False
        spec = self._specs.get(ignored.glob.text)
        if spec is None:
            spec = self._specs[ignored.glob.text] = files.spec([ignored.glob.text])
        fits: bool = spec.match_file(relative)
        return fits


class Configurations:
    """Finds and reads the configurations of files, each once.

    `given` is the one to use for all, `isolated` says to use none. Raises `ConfigError`, also later.
    """

    def __init__(self, given: str | None = None, *, isolated: bool = False) -> None:
        self._given = given
        self._isolated = isolated
        self._found: dict[str, str | None] = {}
        self._read: dict[str, Settings] = {}

    def of(self, path: str) -> Settings:
        """The settings of a file."""
        return self.of_folder(os.path.dirname(os.path.abspath(path)))

    def of_folder(self, folder: str) -> Settings:
        """The settings of what is right in a folder."""
        if self._isolated:
            return Settings()
        given = self._given
        found = self.find(os.path.abspath(folder)) if given is None else os.path.abspath(given)
        if found is None:
            return Settings()
        made = self._read.get(found)
        if made is None:
            from armlint.config import read

            made = self._read[found] = read(found, trusted=given is not None)
        return made

    def find(self, folder: str) -> str | None:
        """The nearest configuration in a folder or above it, no further than the repository's root."""
        passed: list[str] = []
        found: str | None = None
        while folder not in self._found:
            passed.append(folder)
            found = _in_folder(folder)
            above = os.path.dirname(folder)
            if found is not None or above == folder or os.path.lexists(os.path.join(folder, ".git")):
                break
            folder = above
        else:
            found = self._found[folder]
        self._found.update(dict.fromkeys(passed, found))
        return found


def _in_folder(folder: str) -> str | None:
    for name in NAMES:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and (name != NAMES[2] or _is_ours(path)):
            return path
    return None


def _is_ours(path: str) -> bool:
    """Whether a `pyproject.toml` has a table for armlint. One that cannot be read has none."""
    try:
        content = files.load(path)
        if b"armlint" not in content or len(content) > MOST_BYTES:
            return False
        from armlint.config import has_table

        return has_table(content.decode("utf-8-sig"))
    except files.Unreadable:
        return False
    except (ValueError, RecursionError):
        # What stands there must not be passed over without a word.
        return b"tool.armlint" in content


def _relative(real: str, folder: str) -> str | None:
    """An absolute path from a folder on, with forward slashes; None where it does not lead into it."""
    base = folder if folder.endswith(os.sep) else folder + os.sep
    return real[len(base) :].replace(os.sep, "/") if real.startswith(base) else None


def from_here(path: str) -> str:
    """A path as people write it: from the working folder where it is in there."""
    relative = _relative(os.path.abspath(path), os.getcwd())
    return os.path.abspath(path).replace(os.sep, "/") if relative is None else relative


class Plan:
    """What holds for the files of one configuration: the rules that run, and what is left out of them."""

    def __init__(self, settings: Settings, rules: tuple[Rule, ...], policy: Policy) -> None:
        self.settings = settings
        self.rules = rules
        self.policy = policy


class Plans:
    """The plans of a run. `registry` gives all rules that settings bring.

    `command` is what the command line chooses: what to select, to select too and to ignore. `show` and
    `places` are those of `Policy`. Raises `ConfigError` and `UnknownRule`, also later.
    """

    def __init__(
        self,
        configurations: Configurations,
        registry: Callable[[Settings], Registry],
        command: Command,
        *,
        show: bool = False,
        places: bool = False,
    ) -> None:
        self._configurations = configurations
        self._registry = registry
        self._command = command
        self._show = show
        self._places = places
        self._made: dict[str | None, Plan] = {}

    def of(self, path: str) -> Plan:
        """The plan of a file."""
        return self.of_settings(self._configurations.of(path))

    def of_settings(self, settings: Settings) -> Plan:
        """The plan that settings ask for."""
        made = self._made.get(settings.path)
        if made is None:
            registry = self._registry(settings)
            rules = self._selected(registry, settings)
            policy = Policy(registry, settings, show=self._show, places=self._places)
            made = self._made[settings.path] = Plan(settings, rules, policy)
        return made

    def _selected(self, registry: Registry, settings: Settings) -> tuple[Rule, ...]:
        if not settings.layers:
            chosen, more, less = self._command
            return registry.select(chosen, less, more)
        from armlint.config import select

        return select(registry, settings, self._command)

    def grouped(self, paths: Iterable[str], *, named: Iterable[str] = ()) -> list[tuple[Plan, list[str]]]:
        """Files by their plans, without those that their own configuration leaves out unless `named`."""
        groups: dict[str | None, tuple[Plan, list[str]]] = {}
        excludes: dict[str | None, files.Excludes] = {}
        kept = {os.path.abspath(name) for name in named}
        for path in paths:
            plan = self.of(path)
            key = plan.settings.path
            if key not in excludes:
                excludes[key] = files.Excludes((), plan.settings.excludes())
            if os.path.abspath(path) in kept or not excludes[key].match(path):
                groups.setdefault(key, (plan, []))[1].append(path)
        return list(groups.values())

    @property
    def all(self) -> tuple[Plan, ...]:
        """The plans that were asked for."""
        return tuple(self._made.values())
