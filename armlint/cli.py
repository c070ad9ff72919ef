"""The command line: options in, reports and an exit status out.

The commands are plain functions whose parameters say, in their annotations, how they are given. A
`check` written in the usual way is read from that by `_quickly`; for all else (help, completion,
mistakes, the other commands) typer is told the same things. It takes longer to import than a
template takes to check.
"""

# No `from __future__ import annotations`: what the annotations hold is read.

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, get_args

if TYPE_CHECKING:
    import datetime as dt

    import typer

    from armlint.files import Excludes
    from armlint.inventory import Item
    from armlint.registry import Registry
    from armlint.report import Report
    from armlint.rule import Rule
    from armlint.run import Outcome

# Seconds before a run on a terminal starts to say how far it is.
_PATIENCE: Final = 1.0
_INTERRUPTED: Final = 130
_FAILED: Final = 2


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


class Given(NamedTuple):
    """How a parameter of a command is given: by one of its flags, or by its place where it has none."""

    help: str
    flags: tuple[str, ...] = ()
    metavar: str | None = None
    rules: bool = False
    """Whether it takes rules, which the shell may complete."""


class Refused(Exception):  # noqa: N818 - not a defect: a thing that armlint does not do
    """What the command cannot do, as a sentence for the one who asked."""


_PATHS: Final = "Files and folders; '-' is standard input. Default: this folder."
_RULES: Final = "ids, names or prefixes such as EXT1; separated by commas, or repeat the option"
_GLOB: Final = "What to leave out, in the syntax of .gitignore. May be repeated."


def check(
    *,
    paths: Annotated[list[str] | None, Given(_PATHS, metavar="[PATH]...")] = None,
    format_: Annotated[Format, Given("How to write the report.", ("--format", "-f"))] = Format.TEXT,
    output: Annotated[
        list[str] | None,
        Given(
            "Write the report to FILE instead of standard output. With FORMAT=, write a further report in "
            "that format. May be repeated.",
            ("--output", "-o"),
            "[FORMAT=]FILE",
        ),
    ] = None,
    select: Annotated[
        list[str] | None, Given(f"Run these rules only: {_RULES}.", ("--select",), "RULES", rules=True)
    ] = None,
    ignore: Annotated[
        list[str] | None, Given("Leave these rules out.", ("--ignore",), "RULES", rules=True)
    ] = None,
    extend_select: Annotated[
        list[str] | None,
        Given("Run these rules too, besides the selected ones.", ("--extend-select",), "RULES", rules=True),
    ] = None,
    fail_on: Annotated[
        FailOn, Given("From which severity on findings make the exit status 1.", ("--fail-on",))
    ] = FailOn.WARNING,
    exclude: Annotated[list[str] | None, Given(_GLOB, ("--exclude",), "GLOB")] = None,
    force_exclude: Annotated[
        bool, Given("Apply --exclude also to what is named on the command line.", ("--force-exclude",))
    ] = False,
    stdin_filename: Annotated[
        str, Given("What to call standard input in reports.", ("--stdin-filename",), "NAME")
    ] = "<stdin>",
    jobs: Annotated[
        int | None, Given("How many processes to use. [default: as pays off]", ("--jobs", "-j"), "N")
    ] = None,
    today: Annotated[
        str,
        Given("The day as of which extensions are retired. [default: the real one]", ("--today",), "DATE"),
    ] = "",
    quiet: Annotated[bool, Given("Findings and errors only, no summary.", ("--quiet", "-q"))] = False,
    verbose: Annotated[
        bool, Given("Also name skipped files, and the page of each rule.", ("--verbose", "-v"))
    ] = False,
    color: Annotated[Color, Given("When to use colour.", ("--color",))] = Color.AUTO,
) -> int:
    """Check files and folders.

    The exit status is 0 where nothing at or above --fail-on is found, 1 where something is, and 2
    where the command could not do its work.
    """
    from armlint import __version__, files, run
    from armlint.finding import Severity

    rules = _selected(_rules(), select, ignore, extend_select)
    day = _day(today) if today else None
    targets = _targets(format_, output or [])
    # It alone describes the rules, and knows findings again by the hashes of their lines.
    sarif = Format.SARIF in (form for form, _ in targets)
    excludes = _excludes(exclude)
    names = paths or ["."]
    outcomes: list[Outcome] = []
    found = files.find(
        [name for name in names if name != "-"],
        excludes,
        force=force_exclude,
        unreadable=lambda error: outcomes.append(run.unreadable(error)),
    )
    progress = _Progress() if sys.stderr.isatty() and not quiet else None
    try:
        checked = run.check_files(list(found), rules, jobs=jobs, progress=progress, today=day, hashes=sarif)
        outcomes.extend(checked)
    finally:
        if progress is not None:
            progress.clear()
    if "-" in names and not (force_exclude and excludes.match(stdin_filename)):
        outcomes.append(run.check_bytes(_standard_input(), stdin_filename, rules, today=day, hashes=sarif))
    threshold = None if fail_on is FailOn.NEVER else Severity(fail_on)
    made = run.report(outcomes, rules if sarif else (), __version__, threshold)
    status = _FAILED if any(outcome.broken for outcome in outcomes) else int(made.failed)
    if not outcomes and not quiet:
        _complain("there are no JSON files here to check")
    return _deliver(made, targets, status, color, quiet=quiet, verbose=verbose)


def rules(
    format_: Annotated[Shape, Given("How to write the list.", ("--format", "-f"))] = Shape.TABLE,
) -> int:
    """List all rules."""
    registry = _rules()
    if format_ is Shape.JSON:
        from armlint.report.locate import url_of

        _say_json(
            [
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
        )
        return 0
    rows = [
        (rule.id, rule.name, str(rule.severity), "on" if rule.enabled else "off", rule.title)
        for rule in registry.rules
    ]
    _table(("ID", "NAME", "SEVERITY", "DEFAULT", "WHAT IT FINDS"), rows)
    return 0


def explain(
    rule: Annotated[str, Given("The id or the name of a rule.", metavar="RULE", rules=True)],
    color: Annotated[Color, Given("When to use colour.", ("--color",))] = Color.AUTO,
) -> int:
    """Show the page of a rule.

    It says why the rule matters and what to do. In the examples, a > in the margin shows the lines
    where the rule reports something.
    """
    from armlint.report import manual

    registry = _rules()
    found = registry.find(rule)
    if found is None:
        near = registry.nearest(rule)
        raise Refused(f"no rule is called '{rule}'" + (f"; did you mean '{near}'?" if near else ""))
    _say(manual.render(found, color=_colored(color), width=_width()))
    return 0


def extensions(
    paths: Annotated[list[str] | None, Given(_PATHS, metavar="[PATH]...")] = None,
    format_: Annotated[Shape, Given("How to write the list.", ("--format", "-f"))] = Shape.TABLE,
    exclude: Annotated[list[str] | None, Given(_GLOB, ("--exclude",), "GLOB")] = None,
) -> int:
    """List the virtual machine extensions.

    Of each: where it is, its machine and name, its handler and version, whether minor versions and new
    versions are installed by themselves, the names of its public and protected settings, and what it
    waits for. What only deployment can tell is shown in braces, or as "-".
    """
    listed: list[Item] = []
    status = 0
    for found in _inventories(paths or ["."], _excludes(exclude)):
        if isinstance(found, str):
            _complain(found)
            status = _FAILED
        else:
            listed.extend(found)
    if format_ is Shape.JSON:
        _say_json([item._asdict() for item in listed])
        return status
    if not listed:
        _complain("no extensions found")
        return status
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
    head = (
        *("WHERE", "MACHINE", "NAME", "HANDLER", "VERSION"),
        *("MINOR", "AUTO", "SETTINGS", "PROTECTED", "AFTER"),
    )
    _table(head, rows)
    return status


_COMMANDS: Final[Mapping[str, Callable[..., int]]] = {
    "check": check,
    "rules": rules,
    "explain": explain,
    "extensions": extensions,
}


def main() -> None:
    """Run the command line; the process ends with the exit status."""
    arguments = sys.argv[1:]
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        asked = _quickly(arguments)
        if asked is None:
            _typer_app()(arguments, prog_name="armlint")
        else:
            status = _answered(check, asked)
            # All is written, and taking large trees apart one by one would only take time.
            os._exit(status)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _answered(command: Callable[..., int], asked: Mapping[str, Any]) -> int:
    """Run a command to its exit status; what it cannot do is told on standard error."""
    from armlint import run

    run.tune()
    status = _FAILED
    try:
        status = command(**asked)
    except Refused as refusal:
        _complain(str(refusal))
    except KeyboardInterrupt:
        status = _INTERRUPTED
    return status


def _parameters(command: Callable[..., int]) -> Iterator[tuple[str, Any, Given]]:
    """The parameters of a command: name, type, and how each is given."""
    for name, annotation in command.__annotations__.items():
        if name != "return":
            kind, given = get_args(annotation)
            yield name, kind, given


def _quickly(arguments: Sequence[str]) -> dict[str, Any] | None:
    """The parameters of a `check` written in the usual way; None where typer has to look at it.

    What it does read it must read as typer would.
    """
    # On Windows, typer expands the wildcards that shells expand elsewhere.
    if arguments[:1] != ["check"] or "_ARMLINT_COMPLETE" in os.environ or os.name == "nt":
        return None
    known = {flag: (name, kind) for name, kind, given in _parameters(check) for flag in given.flags}
    asked: dict[str, Any] = {}
    paths: list[str] = []
    rest = iter(arguments[1:])
    try:
        for argument in rest:
            if argument == "--":
                paths.extend(rest)
            elif argument == "-" or not argument.startswith("-"):
                paths.append(argument)
            else:
                flag, equals, text = argument.partition("=")
                # A short flag takes the "=" for the first character of its value.
                name, kind = known[flag if flag.startswith("--") else argument]
                value = _value(kind, text if equals else None, rest)
                asked[name] = [*asked.get(name, []), value] if kind == list[str] | None else value
    except (KeyError, ValueError, StopIteration):
        return None
    return {**asked, "paths": paths or None}


def _value(kind: Any, text: str | None, rest: Iterator[str]) -> Any:
    """The value of an option, given behind `=` or as the next argument.

    Raises `ValueError` or `StopIteration` for anything unusual.
    """
    if kind is bool:
        if text is not None:
            raise ValueError
        return True
    if text is None:
        text = next(rest)
        if text.startswith("-"):
            raise ValueError
    if kind == int | None:
        if not text.isascii() or not text.isdecimal() or int(text) == 0:
            raise ValueError
        return int(text)
    return text if kind == list[str] | None else kind(text)


def _typer_app() -> "typer.Typer":
    import typer

    app = typer.Typer(
        name="armlint",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    def version(wanted: bool) -> None:
        if wanted:
            from armlint import __version__

            typer.echo(f"armlint {__version__}")
            raise typer.Exit

    @app.callback()
    def root(
        _: Annotated[
            bool,
            typer.Option("--version", callback=version, is_eager=True, help="Show the version and exit."),
        ] = False,
    ) -> None:
        """Lint Azure Resource Manager templates and find the secrets that leak out of them."""

    for name, command in _COMMANDS.items():
        app.command(name)(_for_typer(command))
    return app


def _for_typer(command: Callable[..., int]) -> Callable[..., None]:
    """A command as typer wants it: its options in typer's words, its exit status raised."""
    import typer

    def run(**asked: Any) -> None:
        raise typer.Exit(_answered(command, asked))

    import inspect

    told = []
    signature = inspect.signature(command)
    for name, kind, given in _parameters(command):
        words: dict[str, Any] = {"help": given.help, "metavar": given.metavar}
        if given.rules:
            words["autocompletion"] = _complete_rules
        if kind == int | None:
            words["min"] = 1
        parameter = signature.parameters[name]
        said = typer.Option(*given.flags, **words) if given.flags else typer.Argument(**words)
        told.append(parameter.replace(kind=parameter.KEYWORD_ONLY, annotation=Annotated[kind, said]))
    run.__signature__ = inspect.Signature(told)  # type: ignore[attr-defined]
    run.__doc__ = command.__doc__
    return run


def _complete_rules(incomplete: str) -> list[tuple[str, str]]:
    """What a selector that is being typed may become; after a comma, a further one."""
    before, comma, typed = incomplete.rpartition(",")
    return [
        (f"{before}{comma}{word}", rule.title)
        for rule in _rules().rules
        for word in (rule.id, rule.name)
        if word.lower().startswith(typed.lower())
    ]


def _rules() -> "Registry":
    from armlint import run
    from armlint.page import PageError

    try:
        return run.load_rules()
    except (OSError, UnicodeDecodeError, PageError) as error:
        raise Refused(f"the rules that come with armlint cannot be read: {error}") from None


def _day(text: str) -> "dt.date":
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f"--today takes a day such as 2026-11-30, not '{text}'") from None


def _selected(
    registry: "Registry",
    select: Sequence[str] | None,
    ignore: Sequence[str] | None,
    extend: Sequence[str] | None,
) -> "tuple[Rule, ...]":
    from armlint.registry import UnknownRule

    try:
        selected = registry.select(_listed(select), _listed(ignore), _listed(extend))
    except UnknownRule as error:
        raise Refused(str(error)) from None
    if not selected:
        raise Refused("the options leave no rule to run")
    return selected


def _listed(values: Sequence[str] | None) -> list[str]:
    return [item.strip() for value in values or () for item in value.split(",") if item.strip()]


def _excludes(patterns: Sequence[str] | None) -> "Excludes":
    from armlint import files

    try:
        return files.Excludes(list(patterns or ()))
    except ValueError as error:
        raise Refused(f"--exclude: {error}") from None


def _targets(form: Format, outputs: Sequence[str]) -> list[tuple[Format, str | None]]:
    """The reports to write, each with its file; None is standard output, which comes last."""
    targets: list[tuple[Format, str | None]] = []
    main: str | None = None
    for value in outputs:
        name, equals, target = value.partition("=")
        further = bool(equals) and name in set(Format)
        if not further:
            if main is not None:
                raise Refused("--output names two files for one report; write FORMAT=FILE for a further one")
            main = target = value
        if target == "-":
            if further:
                raise Refused("--output: choose the format for standard output with --format")
            continue
        # What starts with a dash is an option that took the place of a forgotten name.
        if not target or target.startswith("-") or os.path.isdir(target):  # noqa: PTH112 - pathlib takes long to import
            raise Refused(f"--output: '{target}' is not the name of a file")
        if target in (taken for _, taken in targets):
            raise Refused(f"--output: two reports cannot both be written to {target}")
        targets.append((Format(name) if further else form, target))
    return targets if main not in (None, "-") else [*targets, (form, None)]


def _deliver(
    made: "Report",
    targets: Sequence[tuple[Format, str | None]],
    status: int,
    color: Color,
    *,
    quiet: bool,
    verbose: bool,
) -> int:
    """Write all reports; one that cannot be written does not cost the others. Returns the exit status."""
    from armlint import files

    # Nothing was looked at, so it would be wrong to say that there are no problems.
    quiet = quiet or (status == _FAILED and not made.files)
    rooted = None
    for form, target in targets:
        told = made
        if form not in (Format.TEXT, Format.JSON):
            told = rooted = rooted or _from_root(made)
        if target is None:
            styled = _colored(color)
            written = _rendered(
                told, form, status, colored=styled, width=_width(), quiet=quiet, verbose=verbose
            )
            _say(written, utf8=form is not Format.TEXT)
            continue
        styled = color is Color.ALWAYS
        written = _rendered(told, form, status, colored=styled, width=None, quiet=quiet, verbose=verbose)
        try:
            files.write(target, written)
        except OSError as error:
            _complain(f"{target}: {error.strerror or 'cannot be written'}")
            status = _FAILED
    return status


def _rendered(
    made: "Report",
    form: Format,
    status: int,
    *,
    colored: bool,
    width: int | None,
    quiet: bool,
    verbose: bool,
) -> str:
    if form is Format.TEXT:
        from armlint.report import text

        return text.render(made, color=colored, width=width, quiet=quiet, verbose=verbose)
    if form is Format.JSON:
        from armlint.report import plain

        return plain.render(made)
    if form is Format.SARIF:
        from armlint.report import sarif

        return sarif.render(made, exit_code=status)
    if form is Format.GITHUB:
        from armlint.report import github

        return github.render(made)
    from armlint.report import markdown

    return markdown.render(made)


def _from_root(made: "Report") -> "Report":
    """The report with paths from the root of the repository, as GitHub and SARIF viewers want them."""
    from dataclasses import replace

    from armlint import files

    known: dict[str, str] = {}

    def moved(path: str) -> str:
        if path not in known:
            known[path] = files.from_root(path)
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


def _inventories(paths: Sequence[str], excludes: "Excludes") -> "Iterator[list[Item] | str]":
    """For each file its extensions, or why they cannot be told."""
    from armlint import files, run
    from armlint.inventory import inventory

    lost: list[files.Unreadable] = []
    names = [path for path in paths if path != "-"]
    for path in files.find(names, excludes, unreadable=lost.append):
        try:
            model = run.model_of(path)
            if model is not None:
                yield list(inventory(model))
        except files.Unreadable as error:
            lost.append(error)
        except Exception as error:  # noqa: BLE001 - one bad file must not cost the others their list
            yield f"{path}: armlint failed on this file ({type(error).__name__}); this is a defect of armlint"
    if "-" in paths:
        model = run.model_of_bytes(_standard_input(), "<stdin>")
        if model is not None:
            yield list(inventory(model))
    yield from map(str, lost)


def _tick(value: bool | None) -> str:
    return "-" if value is None else "yes" if value else "no"


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise Refused("standard input is closed")
    return sys.stdin.buffer.read()


def _colored(color: Color) -> bool:
    """Whether to write colour: the option, then FORCE_COLOR, NO_COLOR, a dumb terminal, the terminal."""
    if color is not Color.AUTO:
        return color is Color.ALWAYS
    if os.environ.get("FORCE_COLOR", "") not in ("", "0"):
        return True
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout is not None and sys.stdout.isatty()


def _width() -> int | None:
    """The columns of the terminal; None where standard output is none."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    set_to = os.environ.get("COLUMNS", "")
    try:
        return (
            int(set_to) if set_to.isdecimal() else os.get_terminal_size(sys.stdout.fileno()).columns or None
        )
    except OSError:
        return None


def _say(text: str, *, utf8: bool = False) -> None:
    """Write to standard output; `utf8` for programs, whatever the terminal would want."""
    if sys.stdout is None:
        return
    buffer = getattr(sys.stdout, "buffer", None)
    try:
        if utf8 and buffer is not None:
            sys.stdout.flush()
            buffer.write(text.encode("utf-8", "replace"))
        else:
            sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read it has seen enough.
        _turn_away(sys.stdout)
    except OSError as error:
        _turn_away(sys.stdout)
        raise Refused(f"standard output: {error.strerror or 'cannot be written'}") from None


def _say_json(value: object) -> None:
    import json

    _say(json.dumps(value, indent=2, ensure_ascii=False) + "\n", utf8=True)


def _complain(message: str) -> None:
    """Write a line to standard error, with nothing in it that a terminal would obey."""
    from armlint.report.text import printable

    if sys.stderr is not None:
        try:
            sys.stderr.write(f"armlint: {printable(message)}\n")
            sys.stderr.flush()
        except OSError:
            _turn_away(sys.stderr)


def _turn_away(stream: Any) -> None:
    """Let a stream that nobody reads lead nowhere, so that Python does not complain at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    from armlint.report.text import printable

    shown = [tuple(map(printable, row)) for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    )
    _say("".join(f"{line}\n" for line in lines))


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
