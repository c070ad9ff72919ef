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
    from armlint.mend import Mend
    from armlint.plans import Plan, Plans, Settings
    from armlint.registry import Registry
    from armlint.report import Report
    from armlint.report.diagram import Diagram
    from armlint.rule import Rule
    from armlint.run import Deployment, Outcome

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
    AZURE = "azure"
    JUNIT = "junit"
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


class Detail(NamedTuple):
    """How much a text report tells."""

    quiet: bool
    verbose: bool
    statistics: bool


class Drawing(StrEnum):
    """What a graph is drawn with."""

    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"


_ENDINGS: Final = {".dot": Drawing.DOT, ".gv": Drawing.DOT, ".svg": Drawing.SVG}


class Given(NamedTuple):
    """How a parameter of a command is given: by one of its flags, or by its place where it has none."""

    help: str
    flags: tuple[str, ...] = ()
    metavar: str | None = None
    rules: bool = False
    """Whether it takes rules, which the shell may complete."""
    handlers: bool = False
    """Whether it takes extensions of the catalogue, which the shell may complete."""


class Refused(Exception):  # noqa: N818 - not a defect: a thing that armlint does not do
    """What the command cannot do, as a sentence for the one who asked."""


_PATHS: Final = "Files and folders; '-' is standard input. Default: this folder."
_RULES: Final = (
    "ids, names, prefixes such as EXT1, or recommended, marketplace, all; separated by commas, or repeat "
    "the option"
)
_OWN: Final = "A folder with rule pages of your own. May be repeated."
_GLOB: Final = "What to leave out, in the syntax of .gitignore. May be repeated."


def check(
    *,
    paths: Annotated[list[str] | None, Given(_PATHS, metavar="[PATH]...")] = None,
    format_: Annotated[
        Format | None, Given("How to write the report. [default: text]", ("--format", "-f"))
    ] = None,
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
        FailOn | None,
        Given("From which severity on findings make the exit status 1. [default: warning]", ("--fail-on",)),
    ] = None,
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
    parameters: Annotated[
        list[str] | None,
        Given(
            "Check the one template as deployed with the values of this parameter file, and the file too. "
            "May be repeated; later files take the place of earlier ones.",
            ("--parameters",),
            "FILE",
        ),
    ] = None,
    own_rules: Annotated[list[str] | None, Given(_OWN, ("--rules",), "DIR")] = None,
    config: Annotated[
        str | None, Given("Use this configuration and look for no other.", ("--config",), "FILE")
    ] = None,
    isolated: Annotated[bool, Given("Use no configuration at all.", ("--isolated",))] = False,
    baseline: Annotated[
        str | None,
        Given("Leave out what is in this baseline: only new findings count.", ("--baseline",), "FILE"),
    ] = None,
    write_baseline: Annotated[
        str | None,
        Given(
            "Write all findings to a baseline. With --baseline, what of that is still there, and no more.",
            ("--write-baseline",),
            "FILE",
        ),
    ] = None,
    show_suppressed: Annotated[
        bool, Given("Also report what is left out, in SARIF, JSON and text.", ("--show-suppressed",))
    ] = False,
    fix: Annotated[
        bool,
        Given(
            "Fix what can be fixed safely, in the files, and report what is left. Standard input is "
            "written fixed to standard output.",
            ("--fix",),
        ),
    ] = False,
    unsafe_fixes: Annotated[
        bool,
        Given(
            "With --fix or --diff: also make fixes that guess, or that change what others may rely on.",
            ("--unsafe-fixes",),
        ),
    ] = False,
    diff: Annotated[
        bool,
        Given(
            "Show what --fix would change and write nothing; the exit status is 1 if there is anything. "
            "Secrets are masked, so this is for reading, not for patch.",
            ("--diff",),
        ),
    ] = False,
    quiet: Annotated[bool, Given("Findings and errors only, no summary.", ("--quiet", "-q"))] = False,
    verbose: Annotated[
        bool, Given("Also name skipped files, and the page of each rule.", ("--verbose", "-v"))
    ] = False,
    statistics: Annotated[
        bool, Given("Count the findings of each rule instead of telling them.", ("--statistics",))
    ] = False,
    color: Annotated[Color, Given("When to use colour.", ("--color",))] = Color.AUTO,
) -> int:
    """Check files and folders.

    The exit status is 0 where nothing at or above --fail-on is found, 1 where something is, and 2
    where the command could not do its work.
    """
    from armlint import __version__, files, run
    from armlint.finding import Severity

    day = _day(today) if today else None
    names = paths or ["."]
    if config is not None and isolated:
        raise Refused("--config and --isolated contradict each other")
    plans, settings = _plans(
        names,
        config,
        (select, extend_select, ignore),
        isolated=isolated,
        folders=own_rules,
        show=show_suppressed,
        compared=baseline is not None or write_baseline is not None,
    )
    format_ = format_ or Format(settings.value("format") or Format.TEXT)
    fail_on = fail_on or FailOn(settings.value("fail-on") or FailOn.WARNING)
    jobs = jobs or settings.value("jobs")
    force_exclude = force_exclude or settings.value("force-exclude") is True
    compared = _Baseline(baseline, write_baseline, settings)
    targets = _targets(format_, output or [])
    if statistics and Format.TEXT not in (form for form, _ in targets):
        raise Refused("--statistics is for the text format")
    mend = _mend(fix=fix, unsafe=unsafe_fixes, diff=diff)
    if mend is not None:
        targets = _beside_fixes(targets, diff=diff, piped="-" in names)
    # It alone describes the rules, and knows findings again by the hashes of their lines.
    sarif = Format.SARIF in (form for form, _ in targets)
    excludes = _excludes(exclude, settings)
    outcomes: list[Outcome] = []
    found = files.find(
        [name for name in names if name != "-"],
        excludes,
        force=force_exclude,
        unreadable=lambda error: outcomes.append(run.unreadable(error)),
    )
    wanted = [name for name in found if not compared.names(name)]
    piped: dict[str, bytes] = {}
    if "-" in names and not (force_exclude and excludes.match(stdin_filename)):
        piped[stdin_filename] = _standard_input()
    wanted, deployment = _deployment(wanted, parameters, piped)
    options: dict[str, Any] = {"today": day, "hashes": sarif, "deployment": deployment, "mend": mend}
    groups = _grouped(plans, wanted, () if force_exclude else names)
    for name, plan, outcome in _checked(groups, jobs, options, quiet=quiet):
        outcomes.append(outcome)
        compared.saw(name, plan.rules, outcome)
    for name, content in piped.items():
        plan = _plan_of(plans, name, settings)
        outcomes.append(run.check_bytes(content, name, plan.rules, policy=plan.policy, **options))
        compared.saw(name, plan.rules, outcomes[-1])
        if mend is not None and mend.write:
            _say_bytes(content if outcomes[-1].content is None else outcomes[-1].content)
    if diff:
        return _say_diffs(outcomes, quiet=quiet)
    outcomes.append(run.review(plans.all, outcomes, day, () if exclude else names, places=compared.asked))
    outcomes = compared.applied(outcomes, show=show_suppressed)
    threshold = None if fail_on is FailOn.NEVER else Severity(fail_on)
    told = {rule.id: rule for plan in plans.all for rule in plan.rules} if sarif else {}
    made = run.report(outcomes, tuple(told.values()), __version__, threshold, compared=compared.asked)
    failed = any(outcome.broken for outcome in outcomes) or not compared.written(quiet=quiet)
    status = _FAILED if failed else int(made.failed)
    if not made.files and not failed and not quiet:
        _complain("there are no JSON files here to check")
    detail = Detail(quiet, verbose, statistics)
    return _deliver(made, targets, status, color, detail, aside=mend is not None and "-" in names)


def _checked(
    groups: "list[tuple[Plan, list[str]]]", jobs: int | None, options: Mapping[str, Any], *, quiet: bool
) -> "Iterator[tuple[str, Plan, Outcome]]":
    """The outcomes of files, each checked by its plan."""
    from armlint import run

    progress = _Progress() if sys.stderr.isatty() and not quiet else None
    try:
        for plan, paths in groups:
            each = run.check_files(
                paths, plan.rules, jobs=jobs, progress=progress, policy=plan.policy, **options
            )
            for path, outcome in zip(paths, each, strict=True):
                yield path, plan, outcome
    finally:
        if progress is not None:
            progress.clear()


def rules(
    format_: Annotated[Shape, Given("How to write the list.", ("--format", "-f"))] = Shape.TABLE,
    own_rules: Annotated[list[str] | None, Given(_OWN, ("--rules",), "DIR")] = None,
    check_folder: Annotated[
        str,
        Given("Check the rule pages in DIR instead: read them and run their examples.", ("--check",), "DIR"),
    ] = "",
) -> int:
    """List all rules."""
    if check_folder:
        return _try_pages(check_folder)
    registry = _rules_here(own_rules)
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


def _try_pages(folder: str) -> int:
    """Tell every mistake in the rule pages of a folder; the exit status is 1 if there is any."""
    from armlint import rulebooks
    from armlint.report.text import plural, printable

    try:
        made = rulebooks.tried(_rules(), folder)
    except rulebooks.NoRules as error:
        raise Refused(str(error)) from None
    lines = [f"{error.name}:{error.line}: {error.message}" for error in made.mistakes]
    told = f"{plural(made.rules, 'rule')}, {plural(made.examples, 'example')}"
    lines.append(f"Found {plural(len(lines), 'mistake')} in {told}." if lines else f"All is right: {told}.")
    _say("".join(f"{printable(line)}\n" for line in lines))
    return int(bool(made.mistakes))


def explain(
    rule: Annotated[
        str,
        Given(
            "The id or the name of a rule, or an extension as PUBLISHER/TYPE or just TYPE.",
            metavar="RULE|EXTENSION",
            rules=True,
            handlers=True,
        ),
    ],
    own_rules: Annotated[list[str] | None, Given(_OWN, ("--rules",), "DIR")] = None,
    color: Annotated[Color, Given("When to use colour.", ("--color",))] = Color.AUTO,
) -> int:
    """Show the page of a rule, or of an extension.

    The page says why the rule matters and what to do. In the examples, a > in the margin shows the
    lines where the rule reports something. Of an extension it tells the settings, what of them has to
    be protected, its end of life, and an example: armlint explain Microsoft.Azure.Extensions/CustomScript
    """
    from armlint.report import manual

    registry = _rules_here(own_rules)
    found = registry.answering(rule)
    if not found:
        entry = _described(rule, color)
        if entry is not None:
            _say(entry)
            return 0
        near = registry.nearest(rule)
        raise Refused(f"no rule is called '{rule}'" + (f"; did you mean '{near}'?" if near else ""))
    pages = [manual.render(one, color=_colored(color), width=_width()) for one in found]
    _say("\n".join(pages))
    return 0


def extensions(
    paths: Annotated[list[str] | None, Given(_PATHS, metavar="[PATH]...")] = None,
    format_: Annotated[Shape, Given("How to write the list.", ("--format", "-f"))] = Shape.TABLE,
    exclude: Annotated[list[str] | None, Given(_GLOB, ("--exclude",), "GLOB")] = None,
    catalogue: Annotated[
        bool, Given("List the extensions that armlint knows instead, with no files.", ("--catalogue",))
    ] = False,
    today: Annotated[
        str,
        Given("The day as of which extensions are retired. [default: the real one]", ("--today",), "DATE"),
    ] = "",
) -> int:
    """List the virtual machine extensions.

    Of each: where it is, its machine and name, its handler and version, whether the handler is active,
    deprecated or retired and when it is retired, whether minor versions (MINOR) and new versions (AUTO)
    are installed by themselves and Azure can do so (UPGRADE), the names of its public and protected
    settings, and what it waits for. What only deployment can tell is shown in braces, or as "-".
    """
    from datetime import date

    day = _day(today) if today else date.today()  # noqa: DTZ011 - the day where armlint runs
    if catalogue:
        if paths:
            raise Refused("--catalogue lists what armlint knows, not what is in files; leave them out")
        _list_catalogue(format_, day)
        return 0
    listed: list[Item] = []
    status = 0
    for found in _inventories(paths or ["."], _excludes(exclude), day):
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
            item.status or "-",
            item.retirement or "-",
            _tick(item.auto_upgrade_minor_version),
            _tick(item.enable_automatic_upgrade),
            _tick(item.supports_automatic_upgrade),
            ", ".join(item.settings) or "-",
            ", ".join(item.protected_settings) or "-",
            ", ".join(item.waits_for) or "-",
        )
        for item in listed
    ]
    head = (
        *("WHERE", "MACHINE", "NAME", "HANDLER", "VERSION", "STATUS", "RETIREMENT"),
        *("MINOR", "AUTO", "UPGRADE", "SETTINGS", "PROTECTED", "AFTER"),
    )
    _table(head, rows)
    return status


def _list_catalogue(form: Shape, day: "dt.date") -> None:
    """What `extensions --catalogue` shows: all that armlint knows, with the status of a day."""
    from armlint import run
    from armlint.inventory import known

    listed = [known(entry, day) for entry in run.catalogue()]
    if form is Shape.JSON:
        _say_json([row._asdict() for row in listed])
        return
    _table(
        ("HANDLER", "OS", "STATUS", "RETIREMENT", "VERSION", "UPGRADE", "INSTEAD"),
        [
            (
                f"{row.publisher}/{row.type}",
                row.os,
                row.status,
                row.retirement or "-",
                row.version or "-",
                _tick(row.automatic_upgrade),
                row.instead or "-",
            )
            for row in listed
        ],
    )


def _described(name: str, color: Color) -> str | None:
    """What the catalogue knows of the extension that is called so; None where a rule may be meant."""
    from armlint import run

    catalogue = run.catalogue()
    found = catalogue.find(name)
    if len(found) > 1:
        raise Refused(f"'{name}' is ambiguous: {', '.join(entry.handler for entry in found)}")
    if not found:
        near = catalogue.nearest(name)
        if "/" not in name and not _nearer(name, near, _rules().nearest(name)):
            return None
        hint = f"; did you mean '{near}'?" if near else ""
        raise Refused(f"armlint knows no extension '{name}'{hint}")
    from datetime import date

    from armlint.report import entry

    return entry.render(
        found[0],
        catalogue.examples(found[0]),
        today=date.today(),  # noqa: DTZ011 - the day where armlint runs
        color=_colored(color),
        width=_width(),
    )


def graph(
    template: Annotated[str, Given("The template; '-' is standard input.", metavar="TEMPLATE")],
    format_: Annotated[
        Drawing | None,
        Given("What to draw with. [default: by the name of --output, else mermaid]", ("--format", "-f")),
    ] = None,
    output: Annotated[
        str, Given("Write to FILE instead of standard output.", ("--output", "-o"), "FILE")
    ] = "",
) -> int:
    """Draw the order of deployment and of provisioning.

    One panel for the resources of each template, nested ones too, and one for the extensions of each
    machine that has several. Arrows go from what comes first to what comes then; cycles stand out.
    """
    from armlint import files, run
    from armlint.arm.kind import Kind

    try:
        if template == "-":
            model = run.model_of_bytes(_standard_input(), "<stdin>")
        else:
            model = run.model_of(template)
    except files.Unreadable as error:
        raise Refused(str(error)) from None
    if model is None or model.kind not in {Kind.TEMPLATE, Kind.LIVE}:
        raise Refused(f"{template}: this is no deployment template")
    if model.document.errors:
        raise Refused(f"{template}: this template does not parse; 'armlint check' says where")
    from armlint.report.diagram import draw

    ending = os.path.splitext(output)[1].lower()  # noqa: PTH122 - pathlib takes long to import
    form = format_ or _ENDINGS.get(ending, Drawing.MERMAID)
    drawn = _drawn(draw(model), form)
    if output in ("", "-"):
        _say(drawn, utf8=True)
        return 0
    try:
        files.write(output, drawn)
    except OSError as error:
        raise Refused(f"{output}: {error.strerror or 'cannot be written'}") from None
    return 0


def _drawn(diagram: "Diagram", form: Drawing) -> str:
    if form is Drawing.MERMAID:
        from armlint.report import mermaid

        return mermaid.render(diagram)
    if form is Drawing.DOT:
        from armlint.report import dot

        return dot.render(diagram)
    from armlint.report import svg

    return svg.render(diagram)


_COMMANDS: Final[Mapping[str, Callable[..., int]]] = {
    "check": check,
    "rules": rules,
    "explain": explain,
    "extensions": extensions,
    "graph": graph,
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
    if kind == list[str] | None:
        return text
    # An option that may be left out is of the type beside None.
    return next(iter(get_args(kind)), kind)(text)


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
            words["autocompletion"] = _complete_pages if given.handlers else _complete_rules
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


def _complete_pages(incomplete: str) -> list[tuple[str, str]]:
    """What the name of a rule or of an extension that is being typed may become."""
    from armlint import run

    typed = incomplete.lower()
    handlers = [name for name in run.catalogue().handlers() if name.lower().startswith(typed)]
    return [*_complete_rules(incomplete), *((name, "virtual machine extension") for name in handlers)]


def _rules() -> "Registry":
    from armlint import run
    from armlint.page import PageError

    try:
        return run.load_rules()
    except (OSError, UnicodeDecodeError, PageError) as error:
        raise Refused(f"the rules that come with armlint cannot be read: {error}") from None


def _all_rules(settings: "Settings", folders: Sequence[str] | None) -> "Registry":
    """The rules that come with armlint, those of plugins, and those of folders of one's own."""
    plugins = settings.strings("plugins")
    own = [*settings.folders("rules"), *(folders or ())]
    if not own and not plugins:
        return _rules()
    from armlint import rulebooks
    from armlint.page import PageError

    try:
        return rulebooks.registry(_rules(), own, plugins)
    except (PageError, rulebooks.NoRules) as error:
        raise Refused(str(error)) from None


def _rules_here(folders: Sequence[str] | None) -> "Registry":
    """All rules, as the configuration of the working folder has it."""
    from armlint.plans import ConfigError, Configurations

    try:
        settings = Configurations(None, isolated=False).of_folder(".")
    except ConfigError as error:
        raise Refused(str(error)) from None
    return _all_rules(settings, folders)


def _day(text: str) -> "dt.date":
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f"--today takes a day such as 2026-11-30, not '{text}'") from None


def _plans(
    names: Sequence[str],
    config: str | None,
    chosen: tuple[Sequence[str] | None, ...],
    *,
    isolated: bool,
    folders: Sequence[str] | None,
    show: bool,
    compared: bool,
) -> "tuple[Plans, Settings]":
    """What holds for each file, and the settings of the run: the working folder's, else the first path's."""
    from armlint.plans import ConfigError, Configurations, Plans
    from armlint.registry import UnknownRule

    configurations = Configurations(config, isolated=isolated)
    try:
        settings = configurations.of_folder(".")
        first = names[0]
        if settings.path is None and first != "-":
            is_folder = os.path.isdir(first)  # noqa: PTH112 - pathlib takes long to import
            settings = configurations.of_folder(first) if is_folder else configurations.of(first)
        places = compared or settings.value("baseline") is not None
        selected, more, less = map(_listed, chosen)
        command = (selected, more, less)
        plans = Plans(configurations, lambda of: _all_rules(of, folders), command, show=show, places=places)
        rules = plans.of_settings(settings).rules
    except (ConfigError, UnknownRule) as error:
        raise Refused(str(error)) from None
    if not rules:
        raise Refused("the options leave no rule to run")
    return plans, settings


def _grouped(plans: "Plans", paths: Sequence[str], named: Sequence[str]) -> "list[tuple[Plan, list[str]]]":
    from armlint.plans import ConfigError
    from armlint.registry import UnknownRule

    try:
        return plans.grouped(paths, named=named)
    except (ConfigError, UnknownRule) as error:
        raise Refused(str(error)) from None


def _plan_of(plans: "Plans", name: str, settings: "Settings") -> "Plan":
    """The plan for standard input: that of the file as which it is to be taken."""
    from armlint.plans import ConfigError

    try:
        return plans.of_settings(settings) if name == "<stdin>" else plans.of(name)
    except ConfigError as error:
        raise Refused(str(error)) from None


class _Baseline:
    """The baselines of a run: the one to compare with, and the one to write."""

    def __init__(self, given: str | None, target: str | None, settings: "Settings") -> None:
        self._given = given
        self._target = target
        # Who writes a new baseline wants all that there is.
        self._source = given if given is not None or target is not None else settings.file("baseline")
        self.asked = self._source is not None or target is not None
        both = [each for each in (self._source, target) if each is not None]
        self._files = set(map(os.path.abspath, both))
        self._checked: dict[str, frozenset[str]] = {}
        self._known = self._read() if self._source is not None else None
        self._text = ""
        self._count = 0

    def _read(self) -> Any:
        from armlint import baseline, files

        try:
            return baseline.read(files.decode(files.load(str(self._source)), "").source.text)
        except files.Unreadable as error:
            raise Refused(f"--baseline: {error}") from None
        except baseline.BaselineError as error:
            raise Refused(f"--baseline: {self._source}: {error}") from None

    def names(self, path: str) -> bool:
        """Whether a path is that of one of the baselines, which are no templates."""
        return self.asked and os.path.abspath(path) in self._files  # noqa: PTH100 - pathlib takes long to import

    def saw(self, path: str, rules: "Sequence[Rule]", outcome: "Outcome") -> None:
        """Take note of a file that was checked, with which rules."""
        if self.asked and not outcome.broken:
            self._checked[path] = frozenset(rule.id for rule in rules)

    def applied(self, outcomes: "list[Outcome]", *, show: bool) -> "list[Outcome]":
        """The outcomes without what the baseline has, and a notice of what it has in vain."""
        if not self.asked:
            return outcomes
        from armlint import baseline, run
        from armlint.report import Notice
        from armlint.report.text import plural

        source = self._target if self._source is None else self._source
        old = run.known(outcomes) if self._known is None else self._known
        if self._known is None:
            old = run.based(old, str(source))
        compared, matched = run.compare(outcomes, old, str(source), self._checked, show=show)
        kept = matched.kept
        if self._target is not None:
            if self._source is not None:
                kept = run.based(run.absolute(kept, self._source), self._target)
            self._text, self._count = baseline.write(kept), sum(kept.values())
        elif matched.stale:
            count = sum(matched.stale.values())
            told = f"{plural(count, 'finding')} of the baseline {'is' if count == 1 else 'are'} gone; "
            told += "--write-baseline together with --baseline removes what is gone"
            compared.append(run.Outcome(None, notices=(Notice(source, told, "warning"),)))
        return compared

    def written(self, *, quiet: bool) -> bool:
        """Write the baseline if that was asked for; whether that went well."""
        if self._target is None:
            return True
        from armlint import files
        from armlint.report.text import plural

        try:
            files.write(self._target, self._text)
        except OSError as error:
            _complain(f"{self._target}: {error.strerror or 'cannot be written'}")
            return False
        if not quiet:
            _complain(f"{plural(self._count, 'finding')} written to {self._target}")
        return True


def _deployment(
    wanted: list[str], parameters: Sequence[str] | None, piped: Mapping[str, bytes]
) -> "tuple[list[str], Deployment | None]":
    """The files to check, parameter files among them, and what is deployed with what."""
    from armlint import files, run

    if not parameters:
        return wanted, None
    try:
        return run.deployment_of(wanted, parameters, piped)
    except (files.Unreadable, ValueError) as error:
        raise Refused(f"--parameters: {error}") from None


def _listed(values: Sequence[str] | None) -> list[str]:
    return [item.strip() for value in values or () for item in value.split(",") if item.strip()]


def _excludes(patterns: Sequence[str] | None, settings: "Settings | None" = None) -> "Excludes":
    from armlint import files

    try:
        return files.Excludes(list(patterns or ()), () if settings is None else settings.excludes())
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


def _mend(*, fix: bool, unsafe: bool, diff: bool) -> "Mend | None":
    """How to fix; None where only to report."""
    if not fix and not diff:
        if unsafe:
            raise Refused("--unsafe-fixes goes with --fix, or with --diff to see them first")
        return None
    from armlint.mend import Mend

    return Mend(unsafe, write=not diff)


def _beside_fixes(
    targets: list[tuple[Format, str | None]], *, diff: bool, piped: bool
) -> list[tuple[Format, str | None]]:
    """The reports to write where standard output has the changes, or standard input as it is fixed."""
    if diff and targets != [(Format.TEXT, None)]:
        raise Refused("--diff shows changes in place of a report; leave --format and --output out")
    if piped and any(target is None and form is not Format.TEXT for form, target in targets):
        raise Refused("--fix writes standard input to standard output; choose --output for the report")
    return targets


def _say_diffs(outcomes: Sequence["Outcome"], *, quiet: bool) -> int:
    """Write what fixes would change, and on standard error how much and what went wrong. The exit status."""
    changed = [outcome for outcome in outcomes if outcome.diff]
    for outcome in changed:
        _say(outcome.diff)
    for outcome in outcomes:
        for notice in outcome.notices:
            if notice.level != "note":
                _complain(f"{notice.path}: {notice.message}" if notice.path else notice.message)
    if not quiet:
        count, files = sum(outcome.fixed for outcome in changed), len(changed)
        told = f"{count} fix{'es' if count != 1 else ''} in {files} file{'s' if files != 1 else ''}"
        _complain(f"{told} would be made" if changed else "there is nothing to fix")
    return _FAILED if any(outcome.broken for outcome in outcomes) else int(bool(changed))


def _deliver(
    made: "Report",
    targets: Sequence[tuple[Format, str | None]],
    status: int,
    color: Color,
    detail: Detail,
    *,
    aside: bool = False,
) -> int:
    """Write all reports; one that cannot be written does not cost the others. Returns the exit status.

    With `aside`, standard output is for something else, and standard error takes its place.
    """
    from armlint import files

    # Nothing was looked at, so it would be wrong to say that there are no problems.
    if status == _FAILED and not made.files:
        detail = detail._replace(quiet=True)
    rooted = None
    for form, target in targets:
        told = made
        if form not in (Format.TEXT, Format.JSON):
            told = rooted = rooted or _from_root(made)
        if target is None:
            styled = _colored(color)
            written = _rendered(told, form, status, colored=styled, width=_width(), detail=detail)
            if aside:
                sys.stderr.write(written)
                continue
            _say(written, utf8=form is not Format.TEXT)
            continue
        styled = color is Color.ALWAYS
        written = _rendered(told, form, status, colored=styled, width=None, detail=detail)
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
    detail: Detail,
) -> str:
    if form is Format.TEXT:
        from armlint.report import text

        return text.render(made, color=colored, width=width, **detail._asdict())
    if form is Format.JSON:
        from armlint.report import plain

        return plain.render(made)
    if form is Format.SARIF:
        from armlint.report import sarif

        return sarif.render(made, exit_code=status)
    if form is Format.GITHUB:
        from armlint.report import github

        return github.render(made)
    if form is Format.AZURE:
        from armlint.report import azure

        return azure.render(made)
    if form is Format.JUNIT:
        from armlint.report import junit

        return junit.render(made)
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

    entries, hidden = (
        tuple(
            replace(
                entry,
                path=moved(entry.path),
                labels=tuple(label._replace(path=moved(label.path)) for label in entry.labels),
                flow=tuple(step._replace(path=moved(step.path)) for step in entry.flow),
            )
            for entry in told
        )
        for told in (made.entries, made.hidden)
    )
    notices = tuple(
        notice if notice.path is None else notice._replace(path=moved(notice.path)) for notice in made.notices
    )
    return replace(made, entries=entries, hidden=hidden, notices=notices)


def _nearer(name: str, one: str | None, other: str | None) -> bool:
    """Whether a misspelt name is more like one name than like another."""
    from difflib import SequenceMatcher

    def likeness(known: str | None) -> float:
        return 0 if known is None else SequenceMatcher(None, known.lower(), name.lower()).ratio()

    return likeness(one) > likeness(other)


def _inventories(paths: Sequence[str], excludes: "Excludes", day: "dt.date") -> "Iterator[list[Item] | str]":
    """For each file its extensions with their status of a day, or why they cannot be told."""
    from armlint import files, run
    from armlint.inventory import inventory

    lost: list[files.Unreadable] = []
    names = [path for path in paths if path != "-"]
    for path in files.find(names, excludes, unreadable=lost.append):
        try:
            model = run.model_of(path)
            if model is not None:
                yield list(inventory(model, day))
        except files.Unreadable as error:
            lost.append(error)
        except Exception as error:  # noqa: BLE001 - one bad file must not cost the others their list
            yield f"{path}: armlint failed on this file ({type(error).__name__}); this is a defect of armlint"
    if "-" in paths:
        model = run.model_of_bytes(_standard_input(), "<stdin>")
        if model is not None:
            yield list(inventory(model, day))
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


def _say_bytes(content: bytes) -> None:
    """Write the content of a file to standard output, as it is."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    except BrokenPipeError:
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
