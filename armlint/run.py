"""A run over texts and files: reads, checks, and gathers what there is to report."""

# pathlib takes as long to import as a template takes to check.
# ruff: noqa: PTH100, PTH113, PTH118, PTH119, PTH120, PTH208

from __future__ import annotations

import os
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from armlint import data, engine, files, registry
from armlint.arm.catalogue import Catalogue
from armlint.arm.kind import Kind
from armlint.arm.model import Model
from armlint.jsontext import Kind as ProblemKind
from armlint.report import Entry, Notice, Report
from armlint.rule import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from armlint.arm.template import Linker
    from armlint.files import Text, Unreadable
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
# Seconds after which a process that has nothing to do looks whether anybody still wants it.
_LOOK_UP: Final = 5
# Objects that may be made before the garbage collector runs, and how often it looks at older ones.
_COLLECTION: Final = (100_000, 3, 5)


class Outcome(NamedTuple):
    """What came of one file.

    `kind` is what it was taken for, None where it could not be read; `broken` tells that armlint
    could not do its work on it.
    """

    kind: Kind | None
    entries: tuple[Entry, ...] = ()
    notices: tuple[Notice, ...] = ()
    broken: bool = False


@cache
def load_rules() -> Registry:
    """The rules that come with armlint. Raises `OSError`, `UnicodeDecodeError` and `PageError`."""
    return registry.load((os.path.basename(path), files.text_of(path)) for path in data.pages())


@cache
def catalogue() -> Catalogue:
    """What armlint knows of extensions; read as far as it is asked for."""
    folder = os.path.join(data.folder("schemas"), "extensions")

    def read(name: str) -> str | None:
        path = os.path.join(folder, name)
        return files.text_of(path) if os.path.isfile(path) else None

    return Catalogue(read, lambda: os.listdir(folder))


def check_text(
    text: Text,
    rules: Sequence[Rule],
    linker: Linker | None = None,
    *,
    today: date | None = None,
    hashes: bool = False,
) -> Outcome:
    """Check one text as of a day, by default the real one. Never raises: a defect becomes a notice.

    `hashes` asks for those of lines, which only SARIF needs and which take their time.
    """
    name = text.source.name
    try:
        document = text.document
        day = today or date.today()  # noqa: DTZ011 - the day where armlint runs
        model = Model(document, linker, catalogue(), day)
        errors = document.errors
        kind = model.kind
        if kind is Kind.OTHER and errors and files.names_a_schema(text.source.text):
            kind = Kind.TEMPLATE
        if kind is Kind.OTHER:
            return Outcome(kind, notices=(Notice(name, _why_skipped(unreadable=bool(errors))),))
        asked: Sequence[Rule] = rules
        if any(problem.kind not in _HARMLESS for problem in errors if problem != text.problem):
            asked = [rule for rule in rules if rule.on is Subject.DOCUMENT]
        checked = engine.check(model, asked)
        entries: tuple[Entry, ...] = ()
        if checked.findings:
            # Most files have none.
            from armlint.report.locate import locate

            by_id = {rule.id: rule for rule in rules}
            entries = locate(checked.findings, document, by_id, marked=text.marked, hashes=hashes)
        notices = tuple(_failed(name, checked.broken))
        return Outcome(kind, entries, notices, broken=bool(notices))
    except Exception as error:  # noqa: BLE001 - one bad file must not cost the others their report
        told = f"armlint failed on this file ({type(error).__name__}); this is a defect of armlint"
        return Outcome(None, notices=(Notice(name, told, "error"),), broken=True)


def _failed(name: str, broken: Iterable[engine.Broken]) -> Iterator[Notice]:
    """One notice for all rules that failed in the same way: what they share may be what is broken."""
    rules: dict[str, list[str]] = {}
    for rule, error in broken:
        rules.setdefault(error, []).append(rule)
    for error, ids in rules.items():
        who = f"rule {ids[0]}" if len(ids) == 1 else f"rules {', '.join(ids)}"
        yield Notice(name, f"{who} failed here ({error}); this is a defect of armlint", "error")


def _why_skipped(*, unreadable: bool) -> str:
    if unreadable:
        return "skipped: it is neither JSON nor does it name a deployment schema"
    return "skipped: it is no deployment template, parameter file or extension"


def check_file(
    path: str, rules: Sequence[Rule], *, today: date | None = None, hashes: bool = False
) -> Outcome:
    """Check the file at a path, as `check_text` does its text."""
    try:
        content = files.load(path)
    except files.TooLarge as error:
        return Outcome(Kind.OTHER, notices=(Notice(path, f"skipped: it is {error.why}"),))
    except files.Unreadable as error:
        return unreadable(error)
    if not files.may_be_ours(content):
        return Outcome(Kind.OTHER, notices=(Notice(path, _why_skipped(unreadable=False)),))
    return check_bytes(content, path, rules, today=today, hashes=hashes)


def check_bytes(
    content: bytes, path: str, rules: Sequence[Rule], *, today: date | None = None, hashes: bool = False
) -> Outcome:
    """Check the content of a file. `path` need not exist; templates are linked from its folder."""
    return check_text(files.decode(content, path), rules, _linker(path), today=today, hashes=hashes)


def unreadable(error: Unreadable) -> Outcome:
    """What came of a path that cannot be read."""
    return Outcome(None, notices=(Notice(error.path, error.why, "error"),), broken=True)


def check_files(  # noqa: PLR0913 - what holds for one file, and what for many
    paths: Sequence[str],
    rules: Sequence[Rule],
    *,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    today: date | None = None,
    hashes: bool = False,
) -> Iterator[Outcome]:
    """Check files in order, as `check_file` does, in `jobs` processes (None: as many as pay off).

    `progress` is told how many of how many files are done.
    """
    workers = jobs if jobs is not None else (_processors() if len(paths) >= _MANY else 1)
    workers = min(workers, max(1, -(-len(paths) // _CHUNK)))
    options: dict[str, Any] = {"today": today, "hashes": hashes}
    serially = (check_file(path, rules, **options) for path in paths)
    outcomes = serially if workers <= 1 else _in_parallel(paths, rules, workers, options)
    for done, outcome in enumerate(outcomes, 1):
        if progress is not None:
            progress(done, len(paths))
        yield outcome


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return (os.cpu_count() or 1) if affinity is None else len(affinity(0))


def _in_parallel(
    paths: Sequence[str], rules: Sequence[Rule], workers: int, options: Mapping[str, Any]
) -> Iterator[Outcome]:
    """Check files in several processes, in order; what a process that dies had in hand is lost.

    Not a `multiprocessing.Pool`, which waits for ever for a process that was killed.
    """
    from multiprocessing.connection import wait

    chunks = [paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK)]
    crew = [_hire(rules, options) for _ in range(workers)]
    try:
        idle = [connection for connection, _ in crew]
        busy: dict[Connection, int] = {}
        done: dict[int, Sequence[Outcome]] = {}
        started = told = 0
        while told < len(chunks):
            while idle and started < len(chunks):
                connection = idle.pop()
                if _sent(connection, chunks[started]):
                    busy[connection] = started
                    started += 1
            answered = wait(list(busy))
            for ready in [connection for connection in busy if connection in answered]:
                number = busy.pop(ready)
                try:
                    done[number] = ready.recv()
                    idle.append(ready)
                except (EOFError, OSError):
                    done[number] = _lost(chunks[number])
            if not busy and not idle:
                # Nobody is left to do it.
                done |= {number: _lost(chunks[number]) for number in range(started, len(chunks))}
                started = len(chunks)
            while told in done:
                yield from done.pop(told)
                told += 1
    finally:
        for _, process in crew:
            process.terminate()
        for connection, process in crew:
            connection.close()
            process.join()


def _sent(connection: Connection, paths: Sequence[str]) -> bool:
    try:
        connection.send(paths)
    except OSError:
        # The process at the other end died before it had anything to do.
        return False
    return True


def _hire(rules: Sequence[Rule], options: Mapping[str, Any]) -> tuple[Connection, BaseProcess]:
    """Start a process that checks what it is sent."""
    import signal
    import threading
    from multiprocessing import Pipe, Process

    ours, theirs = Pipe()
    process = Process(target=_work, args=(theirs, tuple(rules), options), daemon=True)
    # Ctrl-C reaches every process, but one answer is enough.
    answers = threading.current_thread() is threading.main_thread()
    answer = signal.signal(signal.SIGINT, signal.SIG_IGN) if answers else None
    try:
        process.start()
    finally:
        if answers:
            signal.signal(signal.SIGINT, answer)
    theirs.close()
    return ours, process


def _work(connection: Connection, rules: Sequence[Rule], options: Mapping[str, Any]) -> None:
    from multiprocessing import parent_process

    tune()
    employer = parent_process()
    while employer is None or employer.is_alive():
        if connection.poll(_LOOK_UP):
            try:
                paths = connection.recv()
                connection.send([check_file(path, rules, **options) for path in paths])
            except (EOFError, OSError):
                # Nobody waits for an answer.
                return


def _lost(paths: Sequence[str]) -> list[Outcome]:
    told = "not checked: the process that was to do it died"
    return [Outcome(None, notices=(Notice(path, told, "error"),), broken=True) for path in paths]


def tune() -> None:
    """Look for unused memory seldom: for a process that does nothing but check files.

    The nodes of a tree know their parents, so only the garbage collector frees them; at its own pace
    it would look at a large tree dozens of times while that is being read.
    """
    import gc

    gc.set_threshold(*_COLLECTION)


def report(
    outcomes: Iterable[Outcome], rules: Sequence[Rule], version: str, fail_on: Severity | None
) -> Report:
    """Gather outcomes into one report; `fail_on` None means that no finding fails the run.

    `rules` are those that the report is to describe.
    """
    entries: list[Entry] = []
    notices: list[Notice] = []
    total = templates = skipped = 0
    for outcome in outcomes:
        total += outcome.kind is not None
        templates += outcome.kind in {Kind.TEMPLATE, Kind.BODY, Kind.LIVE}
        skipped += outcome.kind is Kind.OTHER
        entries.extend(outcome.entries)
        notices.extend(outcome.notices)
    entries.sort(key=lambda e: (e.path, e.region.line, e.region.column, e.rule))
    if rules:
        from armlint.report.locate import info
    return Report(
        version=version,
        entries=tuple(entries),
        notices=tuple(notices),
        rules=tuple([info(rule) for rule in rules]),
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
    try:
        content = files.load(path)
    except files.TooLarge:
        return None
    return model_of_bytes(content, path) if files.may_be_ours(content) else None


def model_of_bytes(content: bytes, path: str) -> Model | None:
    """The model of a file's content; None where it is none of armlint's. `path` need not exist."""
    model = Model(files.decode(content, path).document, _linker(path))
    return None if model.kind is Kind.OTHER else model


def _linker(path: str) -> files.LinkedFiles:
    return files.LinkedFiles(files.repository(path) or os.path.dirname(os.path.abspath(path)))
