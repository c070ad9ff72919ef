"""From paths to texts: which files to look at, and how their bytes become characters."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.jsontext import Kind, Problem
from armlint.jsontext import read as read_json
from armlint.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pathspec import GitIgnoreSpec

    from armlint.jsontext import Document

_SUFFIXES: Final = frozenset({".json", ".jsonc", ".json5"})
_MAX_BYTES: Final = 64 * 1024 * 1024
_HEAD: Final = 4096
_SCHEMA_NAMES: Final = ("deploymenttemplate.json", "deploymentparameters.json")
# A file without any of these is no template, no parameter file and no extension body.
_TRACES: Final = (b"deployment", b"contentversion", b"publisher", b"typehandlerversion", b"settings")


class Text(NamedTuple):
    """A file as characters. `marked` tells of a byte order mark; `problem` of bytes that are no text."""

    source: Source
    marked: bool
    problem: Problem | None

    @property
    def document(self) -> Document:
        """The text read as JSON, with the problem of its bytes among the others."""
        document = read_json(self.source)
        if self.problem is not None:
            document.problems.insert(0, self.problem)
            document.problems.sort(key=lambda problem: problem.span)
        return document


def decode(data: bytes, name: str) -> Text:
    """Bytes as characters: UTF-8, or UTF-16 by its byte order mark; never the locale's encoding.

    Bytes that are no UTF-8 are read as Windows-1252, in which every byte is some character, and
    the first of them is a problem.
    """
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ):
        if data.startswith(mark):
            text = data[len(mark) :].decode(encoding, "replace")
            bad = text.find("\ufffd")
            lost = bad >= 0 and text.encode(encoding, "surrogatepass") != data[len(mark) :]
            told = f"bytes that are no {encoding[:6].upper().rstrip('-')} stand here"
            problem = Problem(Kind.UNEXPECTED, Span(bad, bad + 1), told) if lost else None
            return Text(Source(text, name), marked=True, problem=problem)
    try:
        return Text(Source(data.decode("utf-8"), name), marked=False, problem=None)
    except UnicodeDecodeError as error:
        told = f"byte 0x{data[error.start]:02x} is not UTF-8; the file is read as Windows-1252"
        problem = Problem(Kind.UNEXPECTED, Span(error.start, error.start + 1), told)
        text = data.decode("cp1252", "replace")
        return Text(Source(text, name), marked=False, problem=problem)


def may_be_ours(data: bytes) -> bool:
    """Whether it is worth reading a file as JSON; False only for what is surely not armlint's."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    folded = data.lower()
    return any(trace in folded for trace in _TRACES) and b"\0" not in data[:_HEAD]


def names_a_schema(text: str) -> bool:
    """Whether a text that is no JSON names a deployment schema near its start: it was meant to be one."""
    head = text[:_HEAD].lower()
    return any(name in head for name in _SCHEMA_NAMES)


class Unreadable(Exception):
    """A path that cannot be read, with a sentence that says why."""


def load(path: str) -> bytes:
    """The bytes of a file. Raises `Unreadable`."""
    try:
        if os.path.getsize(path) > _MAX_BYTES:
            raise Unreadable(f"{path}: larger than {_MAX_BYTES // 2**20} MiB, no template can be")
        return Path(path).read_bytes()
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or 'cannot be read'}") from None


class Excludes:
    """Patterns of files to leave out, in the syntax of `.gitignore`, from the working folder."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._spec = _spec(patterns) if patterns else None

    def match(self, path: str) -> bool:
        """Whether a path, relative to the working folder, is left out."""
        if self._spec is None:
            return False
        return self._spec.match_file(os.path.relpath(path).replace(os.sep, "/"))


def find(paths: Iterable[str], excludes: Excludes, *, force: bool = False) -> Iterator[str]:
    """The files to look at, in order and each once; folders are walked.

    A file that is named is taken whatever it is called, and whatever `excludes` says unless
    `force`. Raises `Unreadable` for a path that does not exist.
    """
    seen: set[str] = set()
    for path in paths:
        if os.path.isdir(path):
            found: Iterable[str] = _walk(path, excludes)
        elif os.path.exists(path):
            found = () if force and excludes.match(path) else (path,)
        else:
            raise Unreadable(f"{path}: no such file or folder")
        for file in found:
            name = os.path.normpath(file).replace(os.sep, "/")
            if name not in seen:
                seen.add(name)
                yield name


def _walk(top: str, excludes: Excludes) -> Iterator[str]:
    """The JSON files of a folder: no hidden folders, nothing that Git ignores, no links to folders."""
    root = repository(top) or os.path.abspath(top)
    ignores = _ignores_above(os.path.abspath(top), root)
    pending = [(top, ignores)]
    while pending:
        folder, rules = pending.pop()
        rules = [*rules, *_ignores_in(folder)]
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        folders = []
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder and (entry.name.startswith(".") or entry.name == "node_modules"):
                continue
            if not is_folder and os.path.splitext(entry.name)[1].lower() not in _SUFFIXES:
                continue
            if excludes.match(entry.path) or _ignored(os.path.abspath(entry.path), rules, is_folder):
                continue
            if is_folder:
                folders.append((entry.path, rules))
            elif entry.is_file() and (not entry.is_symlink() or _inside(entry.path, root)):
                yield entry.path
        pending.extend(reversed(folders))


def _inside(path: str, root: str) -> bool:
    """Whether a path leads to something below a folder, links followed."""
    real, base = os.path.realpath(path), os.path.realpath(root)
    return real == base or real.startswith(base + os.sep)


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


def _spec(patterns: Sequence[str]) -> GitIgnoreSpec:
    # Not needed by a run over named files.
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns)


_Ignores = tuple[str, "GitIgnoreSpec"]


def _ignores_in(folder: str) -> list[_Ignores]:
    found: list[_Ignores] = []
    for name in (".gitignore", os.path.join(".git", "info", "exclude")):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            try:
                lines = Path(path).read_text("utf-8", "replace").splitlines()
            except OSError:
                continue
            if any(line and not line.startswith("#") for line in lines):
                found.append((os.path.abspath(folder), _spec(lines)))
    return found


def _ignores_above(top: str, root: str) -> list[_Ignores]:
    """The patterns of the folders between a repository's root and `top`, outermost first."""
    folders = []
    current = top
    while current != root and os.path.dirname(current) != current:
        current = os.path.dirname(current)
        folders.append(current)
    return [rules for folder in reversed(folders) for rules in _ignores_in(folder)]


def _ignored(path: str, rules: Sequence[_Ignores], is_folder: bool) -> bool:
    """What the innermost file of patterns that says anything says of a path."""
    for base, spec in reversed(rules):
        relative = os.path.relpath(path, base).replace(os.sep, "/") + ("/" if is_folder else "")
        verdict = spec.check_file(relative).include
        if verdict is not None:
            return verdict
    return False


class LinkedFiles:
    """Reads linked templates: files below one folder only, each document kept for the run of one file."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._documents: dict[str, Document | None] = {}

    def __call__(self, origin: str, relative: str) -> Document | None:
        """The document at a path relative to the file `origin`; None where it may not or cannot be read."""
        path = os.path.normpath(os.path.join(os.path.dirname(origin), relative))
        if path not in self._documents:
            self._documents[path] = self._read(path)
        return self._documents[path]

    def _read(self, path: str) -> Document | None:
        if not _inside(path, self._root) or not os.path.isfile(path):
            return None
        try:
            return decode(load(path), path.replace(os.sep, "/")).document
        except Unreadable:
            return None
