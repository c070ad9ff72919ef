"""A run over texts and files: reads, checks, and gathers what there is to report."""

# pathlib takes as long to import as a template takes to check.
# ruff: noqa: PTH100, PTH110, PTH112, PTH113, PTH118, PTH119, PTH120, PTH208

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from armlint import data, engine, files, registry
from armlint.arm.catalogue import Catalogue
from armlint.arm.kind import Kind
from armlint.arm.model import Model
from armlint.jsontext import Kind as ProblemKind
from armlint.report import Entry, Notice, Report, Waived
from armlint.rule import Subject

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from armlint.arm.template import Linker
    from armlint.arm.versions import ApiVersions
    from armlint.baseline import Known, Matched
    from armlint.files import Text, Unreadable
    from armlint.finding import Severity
    from armlint.jsontext import Document
    from armlint.mend import Mend, See
    from armlint.plans import Plan, Policy
    from armlint.registry import Registry
    from armlint.rule import Rule
    from armlint.source import Source

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


class Deployment(NamedTuple):
    """A template and the parameter files that it is deployed with, in order, by their paths.

    `contents` has the bytes of those that are no files.
    """

    template: str
    parameters: tuple[str, ...]
    contents: Mapping[str, bytes] = {}

    def read(self, names: Iterable[str]) -> tuple[Document, ...]:
        """Some of the documents; without those that cannot be read, about which others complain."""
        found = []
        for name in names:
            try:
                content = self.contents[name] if name in self.contents else files.load(name)
            except files.Unreadable:
                continue
            found.append(files.decode(content, name).document)
        return tuple(found)


class Outcome(NamedTuple):
    """What came of one file.

    `kind` is what it was taken for, None where it could not be read or has nothing to look at; `broken`
    tells that armlint could not do its work on it. Of `suppressed` findings that are left out, `hidden` are
    those that were asked for; `uses` tells of entries of the configuration whether they were of use.
    """

    kind: Kind | None
    entries: tuple[Entry, ...] = ()
    notices: tuple[Notice, ...] = ()
    broken: bool = False
    suppressed: int = 0
    hidden: tuple[Entry, ...] = ()
    uses: tuple[tuple[tuple[str, int], bool | None], ...] = ()
    fixed: int = 0
    """How many fixes were made."""
    content: bytes | None = None
    """What the file holds with them, where that is not written yet."""
    diff: str = ""
    """The change in words, where it is not to be written."""


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


@cache
def api_versions() -> ApiVersions:
    """What armlint knows of API versions. Raises `OSError` and `ValueError`."""
    # Only the rule about old versions asks, and it is off by default.
    import json

    from armlint.arm.versions import ApiVersions

    return ApiVersions(json.loads(files.text_of(os.path.join(data.folder("schemas"), "api-versions.json"))))


def check_text(  # noqa: PLR0913 - what holds for one text
    text: Text,
    rules: Sequence[Rule],
    linker: Linker | None = None,
    *,
    today: date | None = None,
    hashes: bool = False,
    deployment: Deployment | None = None,
    policy: Policy | None = None,
    see: See | None = None,
    shelf: files.Shelf | None = None,
) -> Outcome:
    """Check one text as of a day, by default the real one. Never raises: a defect becomes a notice.

    `hashes` asks for those of lines, which only SARIF needs and which take their time. `deployment` is
    the one that the text is part of, where that is known; `policy` is what the configuration says of files.
    `see` is shown how the text reads before that is made ready for a report; `shelf` has what other files
    of the run have asked for.
    """
    name = text.source.name
    try:
        day = today or date.today()  # noqa: DTZ011 - the day where armlint runs
        language = files.script_language(name, text.source.text)
        if language is not None:
            return _check_script(text, language, rules, day, policy, hashes=hashes)
        document = text.document
        if document.errors:
            # Hardly any run needs it.
            from armlint.arm.parameters import filled

            document = filled(document) or document
        beside = files.names_beside if shelf is None else shelf.beside
        model = Model(document, linker, catalogue(), day, versions=api_versions, beside=beside)
        if deployment is not None or model.kind is Kind.DEPLOYMENT:
            _deploy(model, deployment)
        errors = document.errors
        kind = model.kind
        if kind is Kind.OTHER and errors and files.names_a_schema(text.source.text):
            kind = Kind.TEMPLATE
        if kind is Kind.OTHER:
            return Outcome(kind, notices=(Notice(name, _why_skipped(unreadable=bool(errors))),))
        asked: Sequence[Rule] = rules
        if any(problem.kind not in _HARMLESS for problem in errors if problem != text.problem):
            asked = [rule for rule in rules if rule.on is Subject.DOCUMENT]
            model.torn = True
        waivers = () if policy is None else policy.waivers(name, day)
        checked = engine.check(model, asked, load_rules() if policy is None else policy.registry, waivers)
        if model.given:
            # What one deployment passes is no reason to change the template for all.
            checked = checked._replace(findings=tuple(replace(f, fix=None) for f in checked.findings))
        if see is not None:
            from armlint.fix import State, mistakes

            see(State(text.source.text, checked.findings, mistakes(document)))
        notices = tuple(_failed(name, checked.broken))
        findings = _told(checked, document, rules, policy, marked=text.marked, hashes=hashes)
        return Outcome(kind, notices=notices, broken=bool(notices), **findings)
    except Exception as error:  # noqa: BLE001 - one bad file must not cost the others their report
        told = f"armlint failed on this file ({type(error).__name__}); this is a defect of armlint"
        return Outcome(None, notices=(Notice(name, told, "error"),), broken=True)


def _check_script(  # noqa: PLR0913 - as many facts as a check of JSON has
    text: Text, language: str, rules: Sequence[Rule], day: date, policy: Policy | None, *, hashes: bool
) -> Outcome:
    """Check a script, pipeline or document; one without a call of Azure's tools counts for nothing."""
    # Most runs see none.
    from armlint.script.block import Language
    from armlint.script.calls import Script

    name = text.source.name
    script = Script(text.source, Language(language))
    if not script.calls:
        return Outcome(None)
    waivers = () if policy is None else policy.waivers(name, day)
    registry_ = load_rules() if policy is None else policy.registry
    checked = engine.check_script(script, rules, catalogue(), day, registry=registry_, waivers=waivers)
    notices = tuple(_failed(name, checked.broken))
    told = _told(checked, text.source, rules, policy, marked=text.marked, hashes=hashes)
    return Outcome(Kind.SCRIPT, notices=notices, broken=bool(notices), **told)


def _told(
    checked: engine.Checked,
    document: Document | Source,
    rules: Iterable[Rule],
    policy: Policy | None,
    **options: bool,
) -> dict[str, Any]:
    """What an outcome tells of what was found: what stands, and what does not."""
    told: dict[str, Any] = {"suppressed": len(checked.hidden), "uses": checked.uses}
    shown = checked.hidden if policy is not None and policy.show else ()
    if checked.findings or shown:
        # Most files have none.
        from armlint.report.locate import locate

        by_id = {rule.id: rule for rule in rules}
        options["places"] = policy is not None and policy.places
        told["entries"] = locate(checked.findings, document, by_id, **options)
        entries = locate([one.finding for one in shown], document, by_id, **options)
        told["hidden"] = tuple(
            replace(entry, waived=Waived(one.inside, one.reason))
            for entry, one in zip(entries, shown, strict=True)
        )
    return told


def deployment_of(
    wanted: Sequence[str], parameters: Iterable[str], piped: Mapping[str, bytes]
) -> tuple[list[str], Deployment]:
    """The paths to check, parameter files among them, and what is deployed with what.

    `wanted` are the paths asked for, `piped` has what is no file. Raises `files.Unreadable`, and
    `ValueError` where there is not exactly one template.
    """
    given: list[str] = []
    for name in parameters:
        # Azure CLI wants an "@" before the name in places.
        path = name if os.path.exists(name) else name.removeprefix("@")
        if path.lower().endswith(".bicepparam"):
            raise ValueError(f"{path} is no JSON; 'bicep build-params' makes JSON of it")
        if os.path.isdir(path):
            raise ValueError(f"{path} is a folder, not a file")
        given.extend(files.find([path], files.Excludes([])))
    known = set(map(os.path.realpath, given))
    others = [path for path in wanted if os.path.realpath(path) not in known]
    templates = [*(path for path in others if not files.is_named_parameters(path)), *piped]
    if len(templates) != 1:
        told = f"{len(templates)} files are given" if templates else "none is given"
        raise ValueError(f"parameters go with one template, but {told}")
    return [*others, *given], Deployment(templates[0], tuple(dict.fromkeys(given)), piped)


def _deploy(model: Model, deployment: Deployment | None) -> None:
    """Let a model know with what it is deployed: a template its values, a parameter file its template."""
    # Hardly any run needs it.
    from armlint.arm.parameters import Deployed
    from armlint.checks.parameters import values_for

    name = model.document.source.name
    if deployment is None:
        model.given = values_for(model, (model.document,))
    elif name == deployment.template:
        model.given = values_for(model, deployment.read(deployment.parameters))
    elif name in deployment.parameters:
        model.kind = Kind.PARAMETERS
        template = deployment.read((deployment.template,))
        last = name == deployment.parameters[-1]
        others = deployment.read(deployment.parameters[:-1]) if last else ()
        model.deployed = Deployed(template[0], others, last) if template else None


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


def check_file(  # noqa: PLR0913 - what holds for one file
    path: str,
    rules: Sequence[Rule],
    *,
    today: date | None = None,
    hashes: bool = False,
    deployment: Deployment | None = None,
    policy: Policy | None = None,
    mend: Mend | None = None,
    shelf: files.Shelf | None = None,
) -> Outcome:
    """Check the file at a path, as `check_text` does its text; with `mend`, fix it."""
    try:
        content = files.load(path)
    except files.TooLarge as error:
        return Outcome(Kind.OTHER, notices=(Notice(path, f"skipped: it is {error.why}"),))
    except files.Unreadable as error:
        return unreadable(error)
    if files.script_language(path, content) is not None:
        if not files.may_call(content):
            return Outcome(None)
    elif deployment is None and not files.may_be_ours(content) and not files.is_named_parameters(path):
        return Outcome(Kind.OTHER, notices=(Notice(path, _why_skipped(unreadable=False)),))
    options: dict[str, Any] = {"today": today, "hashes": hashes, "deployment": deployment, "policy": policy}
    options["shelf"] = shelf
    outcome = check_bytes(content, path, rules, mend=mend, **options)
    if mend is None or not mend.write or outcome.content is None:
        return outcome
    try:
        files.replace(path, content, outcome.content)
    except files.Unreadable as error:
        unchanged = check_bytes(content, path, rules, **options)
        return unchanged._replace(notices=(*unchanged.notices, *unreadable(error).notices), broken=True)
    return outcome._replace(content=None)


def check_bytes(  # noqa: PLR0913 - what holds for one file
    content: bytes,
    path: str,
    rules: Sequence[Rule],
    *,
    today: date | None = None,
    hashes: bool = False,
    deployment: Deployment | None = None,
    policy: Policy | None = None,
    mend: Mend | None = None,
    shelf: files.Shelf | None = None,
) -> Outcome:
    """Check the content of a file. `path` need not exist; templates are linked from its folder.

    With `mend`, fix it; the outcome then holds the new content, and writing it is left to the caller.
    """
    text, linker = files.decode(content, path), _linker(path, shelf)
    options: dict[str, Any] = {"today": today, "hashes": hashes, "deployment": deployment, "policy": policy}
    options["shelf"] = shelf
    if mend is None or files.script_language(path, text.source.text) is not None:
        return check_text(text, rules, linker, **options)
    from armlint.mend import mended

    asked = {rule.id for rule in rules}
    # A fix of one rule must not break what the others find wrong, also where these were not asked.
    others = [rule for rule in load_rules().rules if rule.enabled and rule.severity.rank == 0]
    others = [rule for rule in others if rule.id not in asked]
    return mended(
        text,
        content,
        mend,
        lambda text, see: check_text(text, rules, linker, see=see, **options),
        lambda text, see: check_text(text, others, linker, see=see, today=today, deployment=deployment),
    )


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
    deployment: Deployment | None = None,
    policy: Policy | None = None,
    mend: Mend | None = None,
) -> Iterator[Outcome]:
    """Check files in order, as `check_file` does, in `jobs` processes (None: as many as pay off).

    `progress` is told how many of how many files are done.
    """
    workers = jobs if jobs is not None else (_processors() if len(paths) >= _MANY else 1)
    workers = min(workers, max(1, -(-len(paths) // _CHUNK)))
    options: dict[str, Any] = {"today": today, "hashes": hashes, "deployment": deployment, "policy": policy}
    options["mend"] = mend
    # Each process gets its own.
    options["shelf"] = files.Shelf()
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
    outcomes: Iterable[Outcome],
    rules: Sequence[Rule],
    version: str,
    fail_on: Severity | None,
    *,
    compared: bool = False,
) -> Report:
    """Gather outcomes into one report; `fail_on` None means that no finding fails the run.

    `rules` are those that the report is to describe; `compared` says that a baseline was in use.
    """
    entries: list[Entry] = []
    notices: list[Notice] = []
    hidden: list[Entry] = []
    total = templates = skipped = suppressed = fixed = 0
    for outcome in outcomes:
        total += outcome.kind is not None
        templates += outcome.kind in {Kind.TEMPLATE, Kind.BODY, Kind.LIVE, Kind.DEPLOYMENT}
        skipped += outcome.kind is Kind.OTHER
        suppressed += outcome.suppressed
        fixed += outcome.fixed
        entries.extend(outcome.entries)
        hidden.extend(outcome.hidden)
        notices.extend(outcome.notices)
    for gathered in (entries, hidden):
        gathered.sort(key=lambda e: (e.path, e.region.line, e.region.column, e.rule))
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
        suppressed=suppressed,
        failed=fail_on is not None and any(e.severity.rank <= fail_on.rank for e in entries),
        hidden=tuple(hidden),
        compared=compared,
        fixed=fixed,
    )


def review(
    plans: Iterable[Plan],
    outcomes: Iterable[Outcome],
    today: date | None,
    walked: Sequence[str],
    *,
    places: bool = False,
) -> Outcome:
    """What there is to say of the configurations themselves, after a run over the folders in `walked`."""
    configured = [plan for plan in plans if plan.settings.layers]
    if not configured:
        return Outcome(None)
    from armlint import config, suppress
    from armlint.jsontext import Document as Read
    from armlint.report.locate import locate
    from armlint.rule import Result

    uses: dict[tuple[str, int], bool | None] = {}
    for key, used in (use for outcome in outcomes for use in outcome.uses):
        before = uses.get(key, False)
        uses[key] = True if used or before else None if used is None or before is None else False
    entries: dict[tuple[str, config.Path, str], Entry] = {}
    tops = [os.path.abspath(name) for name in walked if os.path.isdir(name)]
    day = today or date.today()  # noqa: DTZ011 - the day where armlint runs
    for plan in configured:
        rules = [rule for rule in plan.rules if rule.id == suppress.RULE]
        faults = config.review(
            plan.settings,
            plan.policy.registry,
            plan.rules,
            uses,
            today=day,
            complete=lambda folder: any(_is_within(folder, top) for top in tops),
        )
        for layer, where, message in faults if rules else ():
            steps = (str(step).replace("~", "~0").replace("/", "~1") for step in where)
            result = Result(layer.span(where), "".join(f"/{step}" for step in steps), message)
            read = Read(layer.source, None, [], [])
            for entry in locate(engine.of_suppressions(rules, [result]), read, {rules[0].id: rules[0]}):
                place = entry.pointer if places else ""
                # It is no template, of which one would know what may be shown.
                entries[layer.path, where, message] = replace(entry, excerpts=(), place=place)
    return Outcome(None, tuple(entries.values()))


def _is_within(folder: str, top: str) -> bool:
    return folder == top or folder.startswith(top if top.endswith(os.sep) else top + os.sep)


def known(outcomes: Iterable[Outcome]) -> Counter[Known]:
    """All findings that stand, as a baseline knows them, but with absolute paths."""
    from collections import Counter as Made

    from armlint.baseline import Known as Identity

    return Made(
        Identity(os.path.abspath(entry.path), entry.rule, entry.place)
        for outcome in outcomes
        for entry in outcome.entries
    )


def based(entries: Mapping[Known, int], baseline: str) -> Counter[Known]:
    """Entries with absolute paths as they stand in the baseline at a path."""
    from collections import Counter as Made

    folder = os.path.dirname(os.path.abspath(baseline))
    made: Counter[Known] = Made()
    for entry, count in entries.items():
        made[entry._replace(path=_from_folder(entry.path, folder))] += count
    return made


def absolute(entries: Mapping[Known, int], baseline: str) -> Counter[Known]:
    """Entries of the baseline at a path with absolute paths."""
    from collections import Counter as Made

    folder = os.path.dirname(os.path.abspath(baseline))
    made: Counter[Known] = Made()
    for entry, count in entries.items():
        made[entry._replace(path=os.path.normpath(os.path.join(folder, entry.path)))] += count
    return made


def _from_folder(path: str, folder: str) -> str:
    try:
        path = os.path.relpath(path, folder)
    except ValueError:
        # On another drive.
        path = os.path.abspath(path)
    return path.replace(os.sep, "/")


def compare(
    outcomes: Iterable[Outcome],
    entries: Mapping[Known, int],
    baseline: str,
    checked: Mapping[str, Collection[str]],
    *,
    show: bool = False,
) -> tuple[list[Outcome], Matched]:
    """The outcomes without the findings that a baseline has, and what else it says.

    `entries` are those of the baseline at the path `baseline`; `checked` has the files that were checked,
    each with the ids of the rules that ran. `show` keeps what is left out among what is hidden.
    """
    from armlint.baseline import Known as Identity
    from armlint.baseline import match

    folder = os.path.dirname(os.path.abspath(baseline))
    paths: dict[str, str] = {}

    def identity(entry: Entry) -> Known:
        if entry.path not in paths:
            paths[entry.path] = _from_folder(os.path.abspath(entry.path), folder)
        return Identity(paths[entry.path], entry.rule, entry.place)

    ran = {_from_folder(os.path.abspath(path), folder): ids for path, ids in checked.items()}
    outcomes = list(outcomes)
    matched = match(
        entries,
        [identity(entry) for outcome in outcomes for entry in outcome.entries],
        judged=lambda one: one.rule in ran.get(one.path, ()),
        gone=cache(lambda path: not os.path.lexists(os.path.join(folder, path))),
    )
    old = iter(matched.old)
    compared = []
    for outcome in outcomes:
        parts: tuple[list[Entry], list[Entry]] = ([], [])
        for entry in outcome.entries:
            parts[next(old)].append(entry)
        waived = Waived(inside=False, reason="in the baseline", known=True)
        hidden = [replace(entry, waived=waived) for entry in parts[1]] if show else []
        compared.append(
            outcome._replace(
                entries=tuple(parts[0]),
                suppressed=outcome.suppressed + len(parts[1]),
                hidden=(*outcome.hidden, *hidden),
            )
        )
    return compared, matched


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
    model = Model(files.decode(content, path).document, _linker(path), catalogue())
    return None if model.kind is Kind.OTHER else model


def _linker(path: str, shelf: files.Shelf | None = None) -> files.LinkedFiles:
    return files.LinkedFiles(files.repository(path) or os.path.dirname(os.path.abspath(path)), shelf)
