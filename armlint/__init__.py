"""Read Azure Resource Manager templates; say what is wrong with them and where secrets leak.

`check` looks at one text, `check_paths` at files and folders; both return what `armlint check`
reports, as `armlint.report.Entry` values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from datetime import date

    from armlint.report import Entry

__all__ = ["__version__", "check", "check_paths"]
__version__ = "0.1.0"


def check(  # noqa: PLR0913 - as many options as the command has
    text: str,
    *,
    path: str = "<text>",
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    extend_select: Iterable[str] = (),
    today: date | None = None,
) -> tuple[Entry, ...]:
    """Check one template, parameter file or extension body given as text.

    `path` is the name that findings carry; nothing is read from there. `select`, `ignore` and
    `extend_select` take rule ids, names and prefixes as on the command line. Returns the findings
    sorted by line, column and rule; nothing for a text that armlint does not recognise.
    `today` is the day as of which extensions are retired, by default the real one. Raises
    `armlint.registry.UnknownRule` for a selector that names no rule.
    """
    from armlint.files import Text
    from armlint.run import check_text, load_rules
    from armlint.source import Source

    rules = load_rules().select(select, ignore, extend_select)
    marked = text.startswith("\ufeff")
    source = Source(text.removeprefix("\ufeff"), path)
    outcome = check_text(Text(source, marked, None), rules, today=today, hashes=True)
    return outcome.entries


def check_paths(  # noqa: PLR0913 - as many options as the command has
    paths: Iterable[str | os.PathLike[str]],
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    extend_select: Iterable[str] = (),
    exclude: Iterable[str] = (),
    jobs: int | None = 1,
    today: date | None = None,
) -> tuple[Entry, ...]:
    """Check files and folders as `armlint check` does.

    Folders are walked; what is no template is skipped. `exclude` takes patterns in the syntax of
    `.gitignore`; `jobs` is the number of processes, None for as many as pay off; `today` is the
    day as of which extensions are retired, by default the real one. Returns the
    findings sorted by path, line, column and rule. Raises `armlint.files.Unreadable` for a path
    that does not exist and `armlint.registry.UnknownRule` for a selector that names no rule.
    """
    from os import fspath

    from armlint import run
    from armlint.files import Excludes, find

    rules = run.load_rules().select(select, ignore, extend_select)
    found = list(find([fspath(path) for path in paths], Excludes(list(exclude))))
    outcomes = run.check_files(found, rules, jobs=jobs, today=today, hashes=True)
    return run.report(outcomes, (), __version__, None).entries
