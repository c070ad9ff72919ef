"""From paths to texts: which files to look at, and how their bytes become characters."""

from __future__ import annotations

import os
import re
from stat import S_IMODE, S_ISREG
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.jsontext import Kind, Problem
from armlint.jsontext import read as read_json
from armlint.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pathspec import GitIgnoreSpec

    from armlint.jsontext import Document

_SUFFIXES: Final = frozenset({".json", ".jsonc", ".json5"})
SCRIPTS: Final = {
    **dict.fromkeys((".sh", ".bash"), "sh"),
    **dict.fromkeys((".ps1", ".psm1"), "powershell"),
    **dict.fromkeys((".cmd", ".bat"), "cmd"),
    **dict.fromkeys((".yml", ".yaml"), "yaml"),
    ".md": "markdown",
}
"""The languages of files that are searched for calls of Azure's tools, by the ends of their names."""
# Without one of each, no call that matters is in a script.
_TOOLS: Final = (b"az ", b"az.cmd", b"-az")
_TELLING: Final = (
    *(b"extension", b"run-command", b"runcommand", b"passw", b"pwd", b"secret", b"token", b"key", b"login"),
    *(b"--parameters", b" -p ", b"credential", b"sig=", b"--settings", b"connection-string"),
)
_MAX_BYTES: Final = 64 * 1024 * 1024
_HEAD: Final = 4096
# So many characters of documents, and folders, are kept for the files to come.
_SHELF: Final = 512 * 1024
_FOLDERS: Final = 16
_SCHEMAS: Final = (
    b"deploymenttemplate.json",
    b"/deploymenttemplate",
    b"deploymentparameters",
    b"createuidef",
)
_BODY: Final = (
    b"publisher",
    b"type",
    b"typehandlerversion",
    b"settings",
    b"protectedsettings",
    b"autoupgrademinorversion",
)
_BODY_LEAST: Final = 2
# A letter written as an escape, with which a name need not look like itself.
_ESCAPED_LETTER: Final = re.compile(rb"\\u00[4-7]")
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class Text(NamedTuple):
    """A file as characters. `marked` tells of a byte order mark; `problem` of bytes that are no text."""

    source: Source
    marked: bool
    problem: Problem | None
    encoding: str = "utf-8"

    @property
    def document(self) -> Document:
        """The text read as JSON, with the problem of its bytes among the others."""
        document = read_json(self.source)
        if self.problem is not None:
            document.problems.append(self.problem)
            document.problems.sort(key=lambda problem: problem.span)
        return document


def decode(data: bytes, name: str) -> Text:
    """Bytes as characters: UTF-8, or UTF-16 by its byte order mark; never the locale's encoding.

    UTF-16 without a mark is read all the same, and other bytes that are no UTF-8 as Windows-1252;
    both are problems, the latter at the first such byte.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], encoding, name, marked=True)
    for encoding, zero in (("utf-16-le", 1), ("utf-16-be", 0)):
        # JSON starts with an ASCII character.
        if data[zero : zero + 1] == b"\0" != data[1 - zero : 2 - zero]:
            text = _decoded(data, encoding, name, marked=False)
            problem = Problem(
                Kind.UNEXPECTED, Span(0, 1), "UTF-16 without a byte order mark is not recognised"
            )
            return text._replace(problem=text.problem or problem)
    try:
        return Text(Source(data.decode("utf-8"), name), marked=False, problem=None)
    except UnicodeDecodeError as error:
        told = f"byte 0x{data[error.start]:02x} is not UTF-8; the file is read as Windows-1252"
        source = Source(data.decode("cp1252", "replace"), name)
        problem = Problem(Kind.UNEXPECTED, Span(error.start, error.start + 1), told)
        return Text(source, marked=False, problem=problem)


def _decoded(data: bytes, encoding: str, name: str, *, marked: bool) -> Text:
    try:
        return Text(Source(data.decode(encoding), name), marked, None, encoding)
    except UnicodeDecodeError as error:
        bad = len(data[: error.start].decode(encoding))
        told = f"bytes that are not {'UTF-8' if encoding == 'utf-8' else 'UTF-16'} stand here"
        problem = Problem(Kind.UNEXPECTED, Span(bad, bad + 1), told)
        return Text(Source(data.decode(encoding, "replace"), name), marked, problem)


def may_be_ours(data: bytes) -> bool:
    """Whether it is worth reading a file as JSON; False only for what is surely not armlint's.

    Most JSON files are no templates, and looking for a few words is a hundred times faster than reading.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    folded = data.lower()
    head = folded[:_HEAD]
    if any(schema in head.replace(b"\0", b"") for schema in _SCHEMAS):
        return True
    first = folded.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if b"\0" in head or first not in {b"{", b"[", b"/"}:
        return False
    # What Azure prints of a machine's extensions.
    if b"typehandlerversion" in folded or (
        b"publisher" in folded and (b"provisioningstate" in folded or b"/extensions/" in folded)
    ):
        return True
    if first == b"[":
        return False
    if any(schema in folded for schema in _SCHEMAS) or _ESCAPED_LETTER.search(folded):
        return True
    if b"contentversion" in folded and (b"resources" in folded or b'"parameters"' in folded):
        return True
    if b"templatelink" in folded and b"properties" in folded:
        return True
    return b"properties" in folded and sum(name in folded for name in _BODY) >= _BODY_LEAST


def script_language(path: str, data: bytes | str) -> str | None:
    """The language of a file that is searched for calls, by its name; None for one that is JSON by content.

    The words are those of `armlint.script.block.Language`.
    """
    language = SCRIPTS.get(os.path.splitext(path)[1].lower())
    if language is None:
        return None
    brace, marks = ("{", "\ufeff") if isinstance(data, str) else (b"{", b"\xef\xbb\xbf")
    first = data[:_HEAD].lstrip(marks).lstrip()[:1]  # type: ignore[arg-type]
    return None if first == brace and language in {"yaml", "markdown"} else language


def may_call(data: bytes) -> bool:
    """Whether it is worth reading a script; False only for what surely calls none of Azure's tools."""
    folded = data.lower()
    if b"\0" in folded[:_HEAD]:
        folded = folded.replace(b"\0", b"")
    return any(tool in folded for tool in _TOOLS) and any(word in folded for word in _TELLING)


def is_named_parameters(path: str) -> bool:
    """Whether a file has the name of a parameter file, which then needs nothing else to be one."""
    return ".parameters." in os.path.basename(path).lower()


def names_a_schema(text: str) -> bool:
    """Whether a text that is no JSON names a deployment schema near its start: it was meant to be one."""
    head = text[:_HEAD].lower().replace("\0", "")
    return any(schema.decode() in head for schema in _SCHEMAS)


class Unreadable(Exception):  # noqa: N818 - says what is so, not that armlint has a defect
    """A path that cannot be read, with a sentence that says why."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path or repr(path)}: {why}")
        self.path = path
        self.why = why


class TooLarge(Unreadable):
    """A file that is no template for its size alone."""


def load(path: str) -> bytes:
    """The bytes of a file. Raises `Unreadable`; never waits for what is no file."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
        with open(handle, "rb") as file:
            state = os.fstat(handle)
            if not S_ISREG(state.st_mode):
                raise Unreadable(path, "not a regular file; '-' reads standard input")
            if state.st_size <= _MAX_BYTES:
                return file.read()
            if may_be_ours(file.read(_HEAD)):
                raise Unreadable(
                    path, f"larger than {_MAX_BYTES // 2**20} MiB, which Azure accepts of no template"
                )
            raise TooLarge(path, f"larger than {_MAX_BYTES // 2**20} MiB")
    except (OSError, ValueError) as error:
        raise Unreadable(path, _why(error)) from None


def _why(error: OSError | ValueError) -> str:
    told = getattr(error, "strerror", None)
    return told[:1].lower() + told[1:] if told else "cannot be read"


def text_of(path: str) -> str:
    """The text of one of armlint's own files. Raises `OSError` and `UnicodeDecodeError`."""
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path: str, text: str) -> None:
    """Write a text to a file, as UTF-8; folders on the way are made. Raises `OSError`."""
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    with open(path, "wb") as file:
        file.write(text.encode("utf-8", "replace"))


def encode(text: str, like: Text) -> bytes:
    """Characters as bytes, encoded and marked as another text was. Raises `UnicodeEncodeError`."""
    mark = next((mark for mark, encoding in _MARKS if encoding == like.encoding), b"") if like.marked else b""
    return mark + text.encode(like.encoding)


def replace(path: str, before: bytes, after: bytes) -> None:
    """Put another content in the place of a file's, all of it or nothing; the file keeps its mode.

    A link is followed, but not out of the repository, or the folder, that it stands in. Raises
    `Unreadable` for that, for a file that may not be written, and for one that no longer holds `before`.
    """
    real = os.path.realpath(path)
    root = repository(path) or os.path.dirname(os.path.abspath(path))
    if os.path.islink(path) and not inside(path, root):
        raise Unreadable(path, "not changed: it is a link to a file elsewhere")
    folder, name = os.path.split(real)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.armlint")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        if load(path) != before:
            raise Unreadable(path, "not changed: it was changed by someone else meanwhile")
        # To exchange it takes leave to write to the folder, not to the file.
        if not os.access(real, os.W_OK):
            raise Unreadable(path, "not changed: it may not be written")
        state = os.stat(real)
        handle = os.open(temporary, flags, 0o600)
        try:
            with open(handle, "wb") as file:
                file.write(after)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, S_IMODE(state.st_mode))
            _keep_owner(temporary, state)
            os.replace(temporary, real)
        except BaseException:
            _unlink(temporary)
            raise
        _sync_folder(folder)
    except (OSError, ValueError) as error:
        raise Unreadable(path, f"not changed: {_why(error)}") from None


def _keep_owner(path: str, state: os.stat_result) -> None:
    """Give a file the owner that another had, where that may be done."""
    own = os.stat(path)
    if hasattr(os, "chown") and (own.st_uid, own.st_gid) != (state.st_uid, state.st_gid):
        try:
            os.chown(path, state.st_uid, state.st_gid)
        except OSError:
            return


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def _sync_folder(folder: str) -> None:
    """Have the system write down that a file was exchanged, where it can be asked to."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)


class Excludes:
    """Patterns of files to leave out, in the syntax of `.gitignore`, from the working folder.

    `based` are further patterns, each list with the absolute folder that it starts from. Raises
    `ValueError` for a pattern that is none.
    """

    def __init__(self, patterns: Sequence[str], based: Iterable[tuple[str, Sequence[str]]] = ()) -> None:
        self._spec = spec(patterns) if patterns else None
        self._based = [(folder, spec(patterns)) for folder, patterns in based]

    def match(self, path: str, *, folder: bool = False) -> bool:
        """Whether a path is left out."""
        if self._spec is not None:
            relative = os.path.relpath(path).replace(os.sep, "/")
            if self._spec.match_file(f"{relative}/" if folder else relative):
                return True
        if self._based:
            real = os.path.abspath(path)
            for base, patterns in self._based:
                if _below(real, base):
                    relative = os.path.relpath(real, base).replace(os.sep, "/")
                    if patterns.match_file(f"{relative}/" if folder else relative):
                        return True
        return False


def find(
    paths: Iterable[str],
    excludes: Excludes,
    *,
    force: bool = False,
    unreadable: Callable[[Unreadable], None] | None = None,
) -> Iterator[str]:
    """The files to look at, in order and each once; folders are walked.

    A file that is named is taken whatever it is called, and whatever `excludes` says unless
    `force`. A path that does not exist, and a folder that cannot be read, are told to
    `unreadable`; without it they are raised.
    """

    def tell(error: Unreadable) -> None:
        if unreadable is None:
            raise error
        unreadable(error)

    seen: set[str] = set()
    for path in paths:
        if os.path.isdir(path):
            if force and excludes.match(path, folder=True):
                continue
            found: Iterable[tuple[str, str]] = _walk(path, excludes, tell)
        elif os.path.exists(path):
            found = () if force and excludes.match(path) else ((path, os.path.realpath(path)),)
        else:
            broken = os.path.islink(path)
            tell(Unreadable(path, "a link that leads nowhere" if broken else "no such file or folder"))
            continue
        for file, real in found:
            if real not in seen:
                seen.add(real)
                yield _plain(file)


def _plain(path: str) -> str:
    """A path as people write it: no `./` before it, no doubled slashes, slashes forward."""
    if ".." not in path:
        # What stands before ".." may be a link, so that the two do not cancel out.
        path = os.path.normpath(path)
    return path.replace(os.sep, "/")


def _walk(top: str, excludes: Excludes, tell: Callable[[Unreadable], None]) -> Iterator[tuple[str, str]]:
    """The JSON files and scripts of a folder, with their real paths; not what is hidden or Git ignores.

    Links to folders are not followed. Links to files are, unless they lead out of the repository;
    they come last, so that a file that is also there by itself goes by its own name.
    """
    real = os.path.realpath(top)
    root = repository(real) or real
    pending = [(top, _ignores_above(real, root))]
    links: list[str] = []
    while pending:
        folder, rules = pending.pop()
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            tell(Unreadable(_plain(folder), _why(error)))
            continue
        here = os.path.realpath(folder)
        rules = [*rules, *_ignores_in(here, {entry.name for entry in entries})]
        below = []
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            real = os.path.join(here, entry.name)
            if (
                not _has_a_likely_name(entry.name, is_folder=is_folder)
                or excludes.match(entry.path, folder=is_folder)
                or _ignored(real, rules, is_folder=is_folder)
            ):
                continue
            if is_folder:
                below.append((entry.path, rules))
            elif entry.is_symlink():
                links.append(entry.path)
            elif entry.is_file():
                yield entry.path, real
        pending.extend(reversed(below))
    for path in links:
        if os.path.isfile(path) and inside(path, root):
            yield path, os.path.realpath(path)


def _has_a_likely_name(name: str, *, is_folder: bool) -> bool:
    if is_folder:
        return not name.startswith(".") and name != "node_modules"
    suffix = os.path.splitext(name)[1].lower()
    return suffix in _SUFFIXES or suffix in SCRIPTS


def inside(path: str, root: str) -> bool:
    """Whether a path leads to something below a folder, links followed."""
    return _below(os.path.realpath(path), os.path.realpath(root))


def _below(real: str, base: str) -> bool:
    return real.startswith(base if base.endswith(os.sep) else base + os.sep)


def repository(path: str) -> str | None:
    """The folder of the Git repository that a path is in; None outside of one."""
    current = os.path.abspath(path)
    while True:
        if os.path.exists(os.path.join(current, ".git")):
            return current
        above = os.path.dirname(current)
        if above == current:
            return None
        current = above


def from_root(path: str) -> str:
    """A path as it reads from the root of its repository: the working folder's where it is in there.

    A path in no repository reads from the working folder; one that leads out of it stays as it is.
    """
    folder = os.path.realpath(os.path.dirname(path) or ".")
    if not os.path.isdir(folder) or path == "<stdin>":
        return path
    real = os.path.join(folder, os.path.basename(path))
    for root in (repository(os.getcwd()), repository(folder), os.getcwd()):
        if root is not None:
            base = os.path.realpath(root)
            if _below(real, base):
                return os.path.relpath(real, base).replace(os.sep, "/")
    return path


def spec(patterns: Sequence[str]) -> GitIgnoreSpec:
    """Patterns in the syntax of `.gitignore`. Raises `ValueError` for one that is none."""
    # Not needed by a run over named files.
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns)


_Ignores = tuple[str, "GitIgnoreSpec"]


def _ignores_in(folder: str, names: Iterable[str]) -> list[_Ignores]:
    found: list[_Ignores] = []
    candidates = {".gitignore": ".gitignore", ".git": os.path.join(".git", "info", "exclude")}
    for name, relative in sorted(candidates.items()):
        path = os.path.join(folder, relative)
        if name in names and os.path.isfile(path):
            try:
                lines = (
                    load(path).removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
                )
            except Unreadable:
                continue
            found_here = spec([line for line in lines if _is_pattern(line)])
            if len(found_here):
                found.append((folder, found_here))
    return found


def _is_pattern(line: str) -> bool:
    """Whether a line of a file of patterns is one; Git passes over the others."""
    if not line.strip() or line.startswith("#"):
        return False
    try:
        spec([line])
    except ValueError:
        return False
    return True


def _ignores_above(top: str, root: str) -> list[_Ignores]:
    """The patterns of the folders between a repository's root and `top`, outermost first.

    None where they ignore `top` itself: whoever names it wants to see it.
    """
    folders = []
    current = top
    while current != root and os.path.dirname(current) != current:
        current = os.path.dirname(current)
        folders.append(current)
    rules = [rule for folder in reversed(folders) for rule in _ignores_in(folder, (".git", ".gitignore"))]
    return [] if _ignored(top, rules, is_folder=True) else rules


def _ignored(path: str, rules: Sequence[_Ignores], *, is_folder: bool) -> bool:
    """What the innermost file of patterns that says anything says of a path; all paths are real ones."""
    for base, spec in reversed(rules):
        relative = path[len(base) :].lstrip(os.sep).replace(os.sep, "/")
        verdict = spec.check_file(f"{relative}/" if is_folder else relative).include
        if verdict is not None:
            return verdict
    return False


class LinkedFiles:
    """Reads linked templates: files below one folder only, each document kept for the run of one file."""

    def __init__(self, root: str, shelf: Shelf | None = None) -> None:
        self._root = root
        self._shelf = shelf
        self._documents: dict[str, Document | None] = {}

    def __call__(self, origin: str, relative: str) -> Document | None:
        """The document at a path relative to the file `origin`; None where it may not or cannot be read."""
        path = os.path.normpath(os.path.join(os.path.dirname(origin), relative))
        if path not in self._documents:
            self._documents[path] = self._read(path)
        return self._documents[path]

    def _read(self, path: str) -> Document | None:
        try:
            if inside(path, self._root):
                return _document(path) if self._shelf is None else self._shelf.document(path)
        except (Unreadable, ValueError, OSError):
            # What no file can be called is a ValueError.
            pass
        return None


def _document(path: str) -> Document:
    return decode(load(path), path.replace(os.sep, "/")).document


class Shelf:
    """What several files of a run ask for: some of the documents read last, and the names in some folders.

    A file that was changed meanwhile is read again; what is in a folder is looked up once.
    """

    def __init__(self) -> None:
        self._documents: dict[tuple[str, int, int, int], Document] = {}
        self._room = _SHELF
        self._names: dict[str, tuple[str, ...]] = {}

    def document(self, path: str) -> Document:
        """The document at a path. Raises `Unreadable`, `OSError` and `ValueError`."""
        state = os.stat(path)
        key = (path, state.st_ino, state.st_size, state.st_mtime_ns)
        found = self._documents.pop(key, None)
        if found is None:
            found = _document(path)
            size = len(found.source.text)
            if size > _SHELF:
                return found
            self._room -= size
        # The one that was asked for last is given up last.
        self._documents[key] = found
        while self._room < 0:
            oldest = next(iter(self._documents))
            self._room += len(self._documents.pop(oldest).source.text)
        return found

    def beside(self, path: str) -> tuple[str, ...]:
        """The names of the files in the folder of a file; none for a folder that cannot be read."""
        folder = os.path.dirname(path) or "."
        if folder not in self._names:
            if len(self._names) >= _FOLDERS:
                self._names.clear()
            self._names[folder] = names_beside(path)
        return self._names[folder]


def names_beside(path: str) -> tuple[str, ...]:
    """The names of the files in the folder of a file, in order; none for a folder that cannot be read."""
    try:
        return tuple(sorted(os.listdir(os.path.dirname(path) or ".")))
    except (OSError, ValueError):
        return ()
