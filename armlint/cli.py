"""The command line: options in, reports and an exit status out."""

from __future__ import annotations

import gc
import os
import sys
import time
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from armlint import __version__, files, run
from armlint.finding import Severity
from armlint.page import PageError
from armlint.registry import UnknownRule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from armlint.registry import Registry
    from armlint.report import Report

app = typer.Typer(
    name="armlint",
    help="Lint Azure Resource Manager templates and find the secrets that leak out of them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Format(StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    MARKDOWN = "markdown"


class FailOn(StrEnum):
    """From which severity on findings make the exit status 1."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"


class Color(StrEnum):
    """When to use colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Shape(StrEnum):
    """How a listing is written."""

    TABLE = "table"
    JSON = "json"


# Seconds before a run on a terminal starts to say how far it is.
_PATIENCE: Final = 1.0


def main() -> None:
    """Run the command line; the process ends with the exit status."""
    # One short run: collecting the reference cycles of trees costs time and frees nothing in time.
    gc.disable()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        app()
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"armlint {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Lint Azure Resource Manager templates and find the secrets that leak out of them."""


@app.command()
def check(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Files and folders to check; '-' is standard input. Default: this folder."),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", "-f", help="How to write the report.")] = Format.TEXT,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="[FORMAT=]FILE",
            help="Write the report to FILE instead of standard output. With FORMAT=, write a further report "
            "in that format. May be repeated.",
        ),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(help="Run these rules only: ids, names or prefixes such as EXT1; comma-separated."),
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="Leave these rules out.")] = None,
    extend_select: Annotated[
        list[str] | None, typer.Option(help="Run these rules too, besides those that are on by default.")
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="From which severity on findings make the exit status 1.")
    ] = FailOn.WARNING,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Leave out what matches, in the syntax of .gitignore."),
    ] = None,
    force_exclude: Annotated[
        bool, typer.Option("--force-exclude", help="Apply --exclude also to files that are named.")
    ] = False,
    stdin_filename: Annotated[
        str, typer.Option(metavar="NAME", help="What to call standard input in reports.")
    ] = "<stdin>",
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="How many processes to use. [default: as pays off]")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Findings only, no summary.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also name skipped files and the page of each rule.")
    ] = False,
    color: Annotated[Color, typer.Option(help="When to use colour.")] = Color.AUTO,
) -> None:
    """Check files and folders; exit with 1 where something at or above --fail-on is found."""
    rules = _selected(_rules(), select, ignore, extend_select)
    main_output, further = _outputs(output or [])
    names = paths or ["."]
    outcomes: list[run.Outcome] = []
    progress = _Progress() if sys.stderr.isatty() and not quiet else None
    try:
        found = files.find([n for n in names if n != "-"], _excludes(exclude), force=force_exclude)
        outcomes.extend(run.check_files(list(found), rules, jobs=jobs, progress=progress))
    except files.Unreadable as error:
        _fail(str(error))
    finally:
        if progress is not None:
            progress.clear()
    if "-" in names:
        text = files.decode(sys.stdin.buffer.read(), stdin_filename)
        outcomes.append(run.check_text(text, rules))
    threshold = None if fail_on is FailOn.NEVER else Severity(fail_on)
    made = run.report(outcomes, rules, __version__, threshold)
    status = 2 if any(outcome.broken for outcome in outcomes) else int(made.failed)
    if not made.files:
        typer.echo("armlint: no JSON files here to check", err=True)
    for form, target in further:
        _write(target, _rendered(made, form, status, colored=False, quiet=quiet, verbose=verbose))
    colored = main_output is None and _colored(color)
    written = _rendered(made, format_, status, colored=colored, quiet=quiet, verbose=verbose)
    if main_output is None:
        typer.echo(written, nl=False, color=colored)
    else:
        _write(main_output, written)
    raise typer.Exit(status)


@app.command("rules")
def rules_(
    format_: Annotated[Shape, typer.Option("--format", "-f", help="How to write the list.")] = Shape.TABLE,
) -> None:
    """List all rules."""
    registry = _rules()
    if format_ is Shape.JSON:
        import json

        from armlint.report.locate import url_of

        listed = [
            {
                "id": rule.id,
                "name": rule.name,
                "title": rule.title,
                "severity": str(rule.severity),
                "enabled": rule.enabled,
                "since": rule.since,
                "tags": list(rule.tags),
                "summary": rule.page.summary,
                "url": url_of(rule),
            }
            for rule in registry.rules
        ]
        typer.echo(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    rows = [
        (rule.id, rule.name, str(rule.severity), "" if rule.enabled else "off", rule.title)
        for rule in registry.rules
    ]
    _table(("ID", "NAME", "SEVERITY", "", "WHAT"), rows)


@app.command()
def explain(
    rule: Annotated[str, typer.Argument(help="The id or the name of a rule.")],
    color: Annotated[Color, typer.Option(help="When to use colour.")] = Color.AUTO,
) -> None:
    """Show the page of a rule."""
    registry = _rules()
    found = registry.find(rule)
    if found is None:
        near = registry.nearest(rule)
        _fail(f"no rule is called '{rule}'" + (f"; did you mean '{near}'?" if near else ""))
    state = "on by default" if found.enabled else "off by default"
    text = found.page.markdown.replace("\n", f"\n\n{found.name} · {found.severity} · {state}\n", 1)
    colored = _colored(color)
    if colored:
        from pygments import highlight
        from pygments.formatters import TerminalFormatter
        from pygments.lexers import MarkdownLexer

        text = highlight(text, MarkdownLexer(), TerminalFormatter())
    typer.echo(text, nl=False, color=colored)


@app.command()
def extensions(
    paths: Annotated[list[str] | None, typer.Argument(help="Files and folders. Default: this folder.")] = None,
    format_: Annotated[Shape, typer.Option("--format", "-f", help="How to write the list.")] = Shape.TABLE,
    exclude: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Leave out what matches.")] = None,
) -> None:
    """List every extension: its machine, handler, version, upgrades, settings, what it waits for."""
    from armlint.inventory import inventory

    listed = []
    try:
        for path in files.find(paths or ["."], _excludes(exclude)):
            model = run.model_of(path)
            if model is not None:
                listed.extend(inventory(model))
    except files.Unreadable as error:
        _fail(str(error))
    if format_ is Shape.JSON:
        import json

        typer.echo(json.dumps([item._asdict() for item in listed], indent=2, ensure_ascii=False))
        return
    if not listed:
        typer.echo("no extensions", err=True)
        return
    rows = [
        (
            f"{item.path}:{item.line}",
            item.machine or "-",
            item.name or "-",
            f"{item.publisher or '?'}/{item.type or '?'}",
            item.version or "-",
            _tick(item.auto_upgrade_minor_version),
            _tick(item.enable_automatic_upgrade),
            ", ".join(item.settings) or "-",
            ", ".join(item.protected_settings) or "-",
            ", ".join(item.waits_for) or "-",
        )
        for item in listed
    ]
    head = ("WHERE", "MACHINE", "NAME", "HANDLER", "VERSION", "MINOR", "AUTO", "SETTINGS", "PROTECTED", "AFTER")
    _table(head, rows)


def _tick(value: object) -> str:
    if value is None:
        return "-"
    return {True: "yes", False: "no"}.get(value, "?") if isinstance(value, bool) else "?"


def _rules() -> Registry:
    try:
        return run.load_rules()
    except (OSError, PageError) as error:
        _fail(f"the rules that come with armlint cannot be read: {error}")


def _selected(
    registry: Registry,
    select: Sequence[str] | None,
    ignore: Sequence[str] | None,
    extend: Sequence[str] | None,
) -> tuple[run.Rule, ...]:
    try:
        return registry.select(_listed(select), _listed(ignore), _listed(extend))
    except UnknownRule as error:
        _fail(str(error))


def _listed(values: Sequence[str] | None) -> list[str]:
    return [item.strip() for value in values or () for item in value.split(",") if item.strip()]


def _excludes(patterns: Sequence[str] | None) -> files.Excludes:
    return files.Excludes(list(patterns or ()))


def _outputs(given: Sequence[str]) -> tuple[str | None, list[tuple[Format, str]]]:
    """The file of the main report, if any, and the further reports that were asked for."""
    main_output: str | None = None
    further: list[tuple[Format, str]] = []
    for value in given:
        name, equals, target = value.partition("=")
        if equals and name in set(Format):
            further.append((Format(name), target))
        elif main_output is not None:
            _fail("--output names two files for one report; write FORMAT=FILE for further reports")
        else:
            main_output = value
    return main_output, further


def _rendered(made: Report, form: Format, status: int, *, colored: bool, quiet: bool, verbose: bool) -> str:
    if form is Format.TEXT:
        from armlint.report import text

        width = None
        if sys.stdout.isatty():
            from shutil import get_terminal_size

            width = get_terminal_size().columns
        return text.render(made, color=colored, width=width, quiet=quiet, verbose=verbose)
    if form is Format.JSON:
        from armlint.report import plain

        return plain.render(made)
    made = _from_root(made)
    if form is Format.SARIF:
        from armlint.report import sarif

        return sarif.render(made, exit_code=status)
    if form is Format.GITHUB:
        from armlint.report import github

        return github.render(made)
    from armlint.report import markdown

    return markdown.render(made)


def _from_root(made: Report) -> Report:
    """The report with paths from the root of the repository, as GitHub and SARIF viewers want them."""
    root = files.repository(".") or os.getcwd()
    known: dict[str, str] = {}

    def moved(path: str) -> str:
        if path not in known:
            known[path] = _relative(path, root)
        return known[path]

    entries = tuple(
        replace(
            entry,
            path=moved(entry.path),
            labels=tuple(label._replace(path=moved(label.path)) for label in entry.labels),
            flow=tuple(step._replace(path=moved(step.path)) for step in entry.flow),
        )
        for entry in made.entries
    )
    notices = tuple(
        notice if notice.path is None else notice._replace(path=moved(notice.path)) for notice in made.notices
    )
    return replace(made, entries=entries, notices=notices)


def _relative(path: str, root: str) -> str:
    if not os.path.exists(path):
        return path
    relative = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
    return path if relative.startswith("..") else relative.replace(os.sep, "/")


def _colored(color: Color) -> bool:
    """Whether to write colour: the option, then FORCE_COLOR, NO_COLOR, a dumb terminal, the terminal."""
    if color is not Color.AUTO:
        return color is Color.ALWAYS
    if os.environ.get("FORCE_COLOR", "") not in ("", "0"):
        return True
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


def _write(target: str, text: str) -> None:
    try:
        run.write(target, text)
    except OSError as error:
        _fail(f"{target}: {error.strerror or 'cannot be written'}")


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _fail(message: str) -> NoReturn:
    typer.echo(f"armlint: {message}", err=True)
    raise typer.Exit(2)


class _Progress:
    """One line on a terminal's standard error that says how far a long run is."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._shown = False

    def __call__(self, done: int, total: int) -> None:
        now = self._clock()
        if now - self._last > (_PATIENCE / 10 if self._shown else _PATIENCE):
            self._last, self._shown = now, True
            sys.stderr.write(f"\rarmlint: {done} of {total} files ")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away before the report is written."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
