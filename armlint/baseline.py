"""Findings that a repository lives with for now, known again when code moves.

A finding is known by its rule, its file and its place in the structure of the file: the pointer of
its member with the names of resources instead of their numbers. Lines, messages and values are no
part of it, so neither moved code nor another wording makes it new, and no secret is in a baseline.
Several findings of one identity are counted.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.secrets.scan import scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from armlint.jsontext import Document, Node

VERSION: Final = 1
"""The version of the format, which `armlint` holds in a baseline."""

# A resource that says less of itself than this is told from its neighbours by nothing else.
_NAMING: Final = ("type", "name")
# Of a name only words and what it refers to are kept: a literal in it may be anything, also a secret.
_WORDS: Final = re.compile(
    r"(?i:parameters|variables)\('[\w-]{1,80}'\)"
    r"|(?<![A-Za-z0-9+=])(?:[A-Za-z]{1,24}[0-9]{0,3}(?![A-Za-z0-9+=])|[0-9]{1,4}(?![A-Za-z0-9]))"
    r"|[.()/_\[\], '-]"
)
_LONGEST_NAME: Final = 200
# What stands in so many files is no sign that one of them was renamed.
_COMMON: Final = 50
_DIGITS: Final = 10


class BaselineError(Exception):
    """A text that is no baseline, with a sentence that says why and quotes nothing of it."""


class Known(NamedTuple):
    """What a finding is known by. `path` is relative to the baseline's folder, with forward slashes."""

    path: str
    rule: str
    place: str


class Matched(NamedTuple):
    """What a baseline says of the findings of a run.

    `old` tells of each finding, in their order, whether the baseline has it. `stale` are the entries
    that this run should have found and did not, with how many of each. `kept` is the baseline without
    them, with the files that were renamed under their new names.
    """

    old: tuple[bool, ...]
    stale: Counter[Known]
    kept: Counter[Known]


def place(document: Document, pointer: str) -> str:
    """The pointer of a member with names in the place of numbers: what does not change when code moves.

    An item of an array goes by its type and name where it has such, else by nothing at all.
    """
    node: Node | None = document.root
    steps: list[str] = []
    for step in pointer.split("/")[1:]:
        if node is None:
            steps.append(step)
            continue
        if node.kind == "array":
            index = int(step) if step.isdecimal() and len(step) < _DIGITS else -1
            node = node.at(index)
            steps.append("[]" if node is None else f"[{_described(node)}]")
        else:
            node = node.get(step.replace("~1", "/").replace("~0", "~"))
            steps.append(step)
    return "".join(f"/{step}" for step in steps)


def _described(node: Node) -> str:
    found = [node.get(name) for name in _NAMING] if node.kind == "object" else []
    values = [one.value for one in found if one is not None and isinstance(one.value, str)]
    return " ".join(_plain(value) for value in values)


def _plain(name: str) -> str:
    """The words of a name, with a mark for each stretch of anything else."""
    kept: list[str] = []
    position = 0
    for hit in reversed(scan(name, command=" " in name)):
        # A password may be a word.
        name = f"{name[: hit.start]}?{name[hit.end :]}"
    for match in _WORDS.finditer(name[:_LONGEST_NAME]):
        if match.start() > position and kept[-1:] != ["?"]:
            kept.append("?")
        kept.append(match[0].replace("/", "~1"))
        position = match.end()
    if position < len(name):
        kept.append("?")
    return "".join(kept)


def read(text: str) -> Counter[Known]:
    """The entries of a baseline. Raises `BaselineError`."""
    import json

    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError):
        raise BaselineError("it is no JSON") from None
    if not isinstance(loaded, dict) or not isinstance(loaded.get("findings"), list):
        raise BaselineError("it is no baseline of armlint")
    if loaded.get("armlint") != VERSION:
        raise BaselineError("it was written by another version of armlint; write it again")
    found: Counter[Known] = Counter()
    for number, item in enumerate(loaded["findings"], 1):
        if not isinstance(item, dict):
            raise BaselineError(f"entry {number} is no object")
        words = [item.get(name) for name in ("path", "rule", "place")]
        count = item.get("count", 1)
        if not all(isinstance(word, str) for word in words) or type(count) is not int or count < 1:
            raise BaselineError(f"entry {number} lacks a path, a rule, a place or a count")
        found[Known(*map(str, words))] += count
    return found


def write(entries: Mapping[Known, int]) -> str:
    """A baseline as text: sorted, with one line for each entry, so that differences are small."""
    import json

    def line(entry: Known, count: int) -> str:
        told = {**entry._asdict(), **({"count": count} if count > 1 else {})}
        return f"    {json.dumps(told, ensure_ascii=False)}"

    lines = ",\n".join(line(entry, entries[entry]) for entry in sorted(entries))
    body = f"[\n{lines}\n  ]" if lines else "[]"
    return f'{{\n  "armlint": {VERSION},\n  "findings": {body}\n}}\n'


def match(
    known: Mapping[Known, int],
    found: Sequence[Known],
    *,
    judged: Callable[[Known], bool],
    gone: Callable[[str], bool],
) -> Matched:
    """Find out which findings a baseline has.

    `judged` says of an entry whether this run would have found it: its file was checked and its rule
    ran. `gone` says of a path whether there is no such file any more. The entries of a file that is
    gone go to a new file with the same findings at the same places.
    """
    paths = {entry.path for entry in known}
    renamed = _renamed(known, [one for one in found if one.path not in paths], gone)
    left: Counter[Known] = Counter()
    for entry, count in known.items():
        left[entry._replace(path=renamed.get(entry.path, entry.path))] += count
    kept = Counter(left)
    old = []
    for one in found:
        old.append(left[one] > 0)
        if old[-1]:
            left[one] -= 1
    moved = set(renamed.values())
    stale: Counter[Known] = Counter(
        {
            entry: count
            for entry, count in left.items()
            if count > 0 and (entry.path in moved or judged(entry) or gone(entry.path))
        }
    )
    return Matched(tuple(old), stale, kept - stale)


_Findings = dict[str, set[tuple[str, str]]]


def _renamed(known: Iterable[Known], found: Iterable[Known], gone: Callable[[str], bool]) -> dict[str, str]:
    """From paths of files that are gone to the paths under which their findings are found again."""
    after = _by_path(found)
    if not after:
        return {}
    before = {path: entries for path, entries in _by_path(known).items() if gone(path)}
    renamed = _moved(before, after)
    taken = set(renamed.values())
    rest = {path: entries for path, entries in before.items() if path not in renamed}
    renamed |= _alike(rest, {path: entries for path, entries in after.items() if path not in taken})
    return renamed


def _by_path(entries: Iterable[Known]) -> _Findings:
    found: _Findings = {}
    for path, rule, place_ in entries:
        found.setdefault(path, set()).add((rule, place_))
    return found


def _moved(before: _Findings, after: _Findings) -> dict[str, str]:
    """Files that go by the same name elsewhere, where half of what they have now was known."""
    renamed: dict[str, str] = {}
    tails: dict[str, list[str]] = {}
    for path in sorted(before):
        for tail in _tails(path):
            tails.setdefault(tail, []).append(path)
    for path in sorted(after):
        for tail in _tails(path):
            same = [one for one in tails.get(tail, ()) if one not in renamed][:_COMMON]
            shared = {one: len(before[one] & after[path]) for one in same}
            best = max(same, key=lambda one: shared[one], default=None)
            if best is not None and 2 * shared[best] >= len(after[path]):
                renamed[best] = path
                break
    return renamed


def _alike(before: _Findings, after: _Findings) -> dict[str, str]:
    """Files under another name that share at least half of the findings, those with the most first."""
    having: dict[tuple[str, str], list[str]] = {}
    for path in sorted(before):
        for entry in before[path]:
            having.setdefault(entry, []).append(path)
    shared = Counter(
        (one, path)
        for path in sorted(after)
        for entry in after[path]
        for one in having.get(entry, ())[:_COMMON]
    )
    renamed: dict[str, str] = {}
    taken: set[str] = set()
    for (one, path), count in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
        enough = 2 * count >= max(len(before[one]), len(after[path]))
        if enough and one not in renamed and path not in taken:
            renamed[one] = path
            taken.add(path)
    return renamed


def _tails(path: str) -> list[str]:
    """The path, and what is left of it without its first folder, its second and so on; the longest first."""
    parts = path.split("/")
    return ["/".join(parts[number:]) for number in range(len(parts))]
