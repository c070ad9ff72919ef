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
    parameters: str | None = None,
) -> tuple[Entry, ...]:
    """Check one template, parameter file or extension body given as text.

    `path` is the name that findings carry; nothing is read from there. `select`, `ignore` and
    `extend_select` take rule ids, names and prefixes as on the command line. Returns the findings
    sorted by line, column and rule; nothing for a text that armlint does not recognise.
    `today` is the day as of which extensions are retired, by default the real one. `parameters` is the
    text of the parameter file that the template is deployed with; it is checked too, and its findings,
    with the path `<parameters>`, come last. Raises `armlint.registry.UnknownRule` for a selector that
    names no rule.
    """
    from armlint.files import Text
    from armlint.run import Deployment, check_text, load_rules
    from armlint.source import Source

    rules = load_rules().select(select, ignore, extend_select)
    marked = text.startswith("\ufeff")
    source = Source(text.removeprefix("\ufeff"), path)
    texts = [Text(source, marked, None)]
    deployment = None
    if parameters is not None:
        given = Source(parameters.removeprefix("\ufeff"), "<parameters>")
        texts.append(Text(given, parameters.startswith("\ufeff"), None))
        contents = {each.source.name: each.source.text.encode("utf-8", "replace") for each in texts}
        deployment = Deployment(path, (given.name,), contents)
    outcomes = [check_text(each, rules, today=today, hashes=True, deployment=deployment) for each in texts]
    return tuple(entry for outcome in outcomes for entry in outcome.entries)


def check_paths(  # noqa: PLR0913 - as many options as the command has
    paths: Iterable[str | os.PathLike[str]],
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    extend_select: Iterable[str] = (),
    exclude: Iterable[str] = (),
    jobs: int | None = 1,
    today: date | None = None,
    parameters: Iterable[str | os.PathLike[str]] = (),
    config: str | os.PathLike[str] | None = None,
    isolated: bool = False,
) -> tuple[Entry, ...]:
    """Check files and folders as `armlint check` does.

    Folders are walked; what is no template is skipped. `exclude` takes patterns in the syntax of
    `.gitignore`; `jobs` is the number of processes, None for as many as pay off; `today` is the
    day as of which extensions are retired, by default the real one. `parameters` are the parameter
    files that the template among `paths` is deployed with; later ones take the place of earlier ones.
    `config` names the configuration to use instead of those that govern the files; with `isolated`
    there is none. Returns the findings sorted by path, line, column and rule; what a configuration, a
    comment or metadata says to leave out is not among them, and no baseline is read. Raises
    `armlint.files.Unreadable` for a path that does not exist, `armlint.registry.UnknownRule` for a
    selector that names no rule, `armlint.plans.ConfigError` for a configuration that is wrong, and
    `ValueError` where there are `parameters` and not exactly one template.
    """
    from os import fspath

    from armlint import run
    from armlint.files import Excludes, find
    from armlint.plans import Configurations, Plans

    configurations = Configurations(None if config is None else fspath(config), isolated=isolated)
    chosen = (tuple(select), tuple(extend_select), tuple(ignore))
    plans = Plans(configurations, lambda _: run.load_rules(), chosen)
    settings = plans.of_settings(configurations.of_folder(".")).settings
    patterns = list(exclude)
    names = [fspath(path) for path in paths]
    found = list(find(names, Excludes(patterns, settings.excludes())))
    given = [fspath(path) for path in parameters]
    deployment = None
    if given:
        found, deployment = run.deployment_of(found, given, {})
    outcomes = [
        outcome
        for plan, group in plans.grouped(found, named=names)
        for outcome in run.check_files(
            group,
            plan.rules,
            jobs=jobs,
            today=today,
            hashes=True,
            deployment=deployment,
            policy=plan.policy,
        )
    ]
    outcomes.append(run.review(plans.all, outcomes, today, () if patterns else names))
    return run.report(outcomes, (), __version__, None).entries
