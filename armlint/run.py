"""A run over texts and files: reads, checks, and gathers what there is to report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint import data, engine, files, registry
from armlint.arm.kind import Kind
from armlint.arm.model import Model
from armlint.jsontext import Kind as ProblemKind
from armlint.report import Entry, Notice, Report
from armlint.report.locate import info, locate
from armlint.rule import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from armlint.arm.template import Linker
    from armlint.files import Text
    from armlint.finding import Severity
    from armlint.registry import Registry
    from armlint.rule import Rule

# Errors after which the tree still is what the author meant, so that the other rules may speak.
_HARMLESS: Final = frozenset(
    {
        ProblemKind.MISSING_COMMA,
        ProblemKind.BAD_ESCAPE,
        ProblemKind.BAD_NUMBER,
        ProblemKind.WRONG_QUOTES,
        ProblemKind.UNQUOTED_KEY,
    }
)
# Below this many files a process pool costs more than it brings.
_MANY: Final = 200
_CHUNK: Final = 8


class Outcome(NamedTuple):
    """What came of one file. `kind` is what it was taken for; `broken` that a rule failed on it."""

    kind: Kind
    entries: tuple[Entry, ...] = ()
    notices: tuple[Notice, ...] = ()
    broken: bool = False


def load_rules() -> Registry:
    """The rules that come with armlint."""
    folder = data.folder("rules")
    pages = sorted(path for path in folder.iterdir() if path.name[:1].isupper() and path.suffix == ".md")
    return registry.load((path.name, path.read_text("utf-8")) for path in pages if path.stem != "README")


def check_text(text: Text, rules: Sequence[Rule], linker: Linker | None = None) -> Outcome:
    """Check one text. Never raises: a defect of armlint becomes a notice."""
    name = text.source.name
    try:
        document = text.document
        model = Model(document, linker)
        errors = document.errors
        kind = model.kind
        if kind is Kind.OTHER and errors and files.names_a_schema(text.source.text):
            kind = Kind.TEMPLATE
        if kind is Kind.OTHER:
            return Outcome(kind, notices=(Notice(name, _why_skipped(bool(errors))),))
        asked: Sequence[Rule] = rules
        if any(problem.kind not in _HARMLESS for problem in errors):
            asked = [rule for rule in rules if rule.on is Subject.DOCUMENT]
        checked = engine.check(model, asked)
        entries = locate(checked.findings, document, {rule.id: rule for rule in rules}, marked=text.marked)
        notices = tuple(
            Notice(name, f"rule {rule} failed here ({error}); this is a defect of armlint", "error")
            for rule, error in checked.broken
        )
        return Outcome(kind, entries, notices, broken=bool(notices))
    except Exception as error:  # noqa: BLE001 - one bad file must not cost the others their report
        told = f"armlint failed on this file ({type(error).__name__}); this is a defect of armlint"
        return Outcome(Kind.OTHER, notices=(Notice(name, told, "error"),), broken=True)


def _why_skipped(unreadable: bool) -> str:
    if unreadable:
        return "skipped: it is neither JSON nor does it name a deployment schema"
    return "skipped: it is no deployment template, parameter file or extension"


def check_file(path: str, rules: Sequence[Rule], root: str | None = None) -> Outcome:
    """Check the file at a path. `root` bounds which linked templates may be read."""
    try:
        content = files.load(path)
    except files.Unreadable as error:
        told = str(error).removeprefix(f"{path}: ")
        return Outcome(Kind.OTHER, notices=(Notice(path, told, "error"),), broken=True)
    if not files.may_be_ours(content):
        return Outcome(Kind.OTHER, notices=(Notice(path, _why_skipped(unreadable=False)),))
    linker = files.LinkedFiles(root or files.repository(path) or os.path.dirname(os.path.abspath(path)))
    return check_text(files.decode(content, path), rules, linker)


def check_files(
    paths: Sequence[str],
    rules: Sequence[Rule],
    *,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Outcome]:
    """Check files in order, in `jobs` processes (None: as many as pay off).

    `progress` is told how many of how many files are done.
    """
    workers = jobs if jobs is not None else (os.cpu_count() or 1 if len(paths) >= _MANY else 1)
    workers = min(workers, max(1, -(-len(paths) // _CHUNK)))
    done = 0
    for outcome in _serially(paths, rules) if workers <= 1 else _in_parallel(paths, rules, workers):
        done += 1
        if progress is not None:
            progress(done, len(paths))
        yield outcome


def _serially(paths: Sequence[str], rules: Sequence[Rule]) -> Iterator[Outcome]:
    for path in paths:
        yield check_file(path, rules)


def _in_parallel(paths: Sequence[str], rules: Sequence[Rule], workers: int) -> Iterator[Outcome]:
    from multiprocessing import Pool

    chunks = [paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK)]
    with Pool(workers, _start_worker, (tuple(rule.id for rule in rules),)) as pool:
        for outcomes in pool.imap(_work, chunks):
            yield from outcomes


# Set in worker processes only: the rules they run.
_worker_rules: tuple[Rule, ...] = ()


def _start_worker(ids: tuple[str, ...]) -> None:
    global _worker_rules  # noqa: PLW0603 - a worker has no other way to keep them between chunks
    _worker_rules = tuple(rule for rule in load_rules().rules if rule.id in ids)


def _work(paths: Sequence[str]) -> list[Outcome]:
    return [check_file(path, _worker_rules) for path in paths]


def report(
    outcomes: Iterable[Outcome], rules: Sequence[Rule], version: str, fail_on: Severity | None
) -> Report:
    """Gather outcomes into one report; `fail_on` None means that no finding fails the run."""
    entries: list[Entry] = []
    notices: list[Notice] = []
    total = templates = skipped = 0
    for outcome in outcomes:
        total += 1
        templates += outcome.kind in {Kind.TEMPLATE, Kind.BODY}
        skipped += outcome.kind is Kind.OTHER
        entries.extend(outcome.entries)
        notices.extend(outcome.notices)
    entries.sort(key=lambda e: (e.path, e.region.line, e.region.column, e.rule))
    return Report(
        version=version,
        entries=tuple(entries),
        notices=tuple(notices),
        rules=tuple(map(info, rules)),
        files=total,
        templates=templates,
        skipped=skipped,
        suppressed=0,
        failed=fail_on is not None and any(e.severity.rank <= fail_on.rank for e in entries),
    )


def model_of(path: str) -> Model | None:
    """The model of a file, for commands that show what is in it; None where it is none of armlint's.

    Raises `files.Unreadable`.
    """
    content = files.load(path)
    if not files.may_be_ours(content):
        return None
    linker = files.LinkedFiles(files.repository(path) or os.path.dirname(os.path.abspath(path)))
    model = Model(files.decode(content, path).document, linker)
    return None if model.kind is Kind.OTHER else model


def write(path: str, text: str) -> None:
    """Write a report to a file, as UTF-8; folders on the way are made."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode("utf-8", "replace"))
