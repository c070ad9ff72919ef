"""Checks of a file as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from armlint.finding import Label
from armlint.jsontext import Kind
from armlint.rule import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.model import Model
    from armlint.jsontext import Document, Problem


def invalid_json(model: Model, _: Model) -> Iterator[Result]:
    """ARM001: what is no JSON, each at its place."""
    text = model.document.source.text
    end = 0
    for problem in model.document.errors:
        if problem.span.start < end:
            continue
        end = _end_of_placeholder(text, problem.span.start)
        labels = () if problem.related is None else (Label(problem.related, "opened here"),)
        yield Result(problem.span, "", problem.message, labels)


# What a templating tool replaces, `${name}`, `#{name}#`, `{{name}}`, is one mistake, whatever it is read as.
_PLACEHOLDER: Final = r"\$\{[^{}\r\n]{0,200}\}|#\{[^{}\r\n]{0,200}\}#?|\{\{[^{}\r\n]{0,200}\}\}"


def _end_of_placeholder(text: str, offset: int) -> int:
    """The offset behind the placeholder that stands here, or whose second brace does; 0 where none does."""
    if text[offset : offset + 1] not in {"$", "#", "{"} and text[max(offset - 1, 0) : offset] != "{":
        return 0
    from re import compile as pattern

    placeholder = pattern(_PLACEHOLDER)
    found = placeholder.match(text, offset) or placeholder.match(text, max(offset - 1, 0))
    return 0 if found is None else found.end()


def duplicate_key(model: Model, _: Model) -> Iterator[Result]:
    """ARM002: members of one object with the same name, also where only letter case differs."""
    for problem in model.document.problems:
        if problem.kind in {Kind.DUPLICATE_KEY, Kind.DUPLICATE_KEY_CASE}:
            labels = () if problem.related is None else (Label(problem.related, "first here"),)
            from armlint.checks import mending

            fix = mending.remove_duplicate(problem, model.document)
            pointer = _pointer_at(model.document, problem)
            yield Result(problem.span, pointer, problem.message, labels, fix=fix)


def unused_suppression(_: Model, __: Model) -> Iterator[Result]:
    """ARM006: nothing by itself, since it takes what all other rules said; see `suppress.Shield.idle`."""
    yield from ()


_LENIENT: Final = {
    Kind.COMMENT: ("a comment", "comments"),
    Kind.TRAILING_COMMA: ("a trailing comma", "trailing commas"),
    Kind.RAW_CONTROL: ("a raw line break or control character in a string", "raw control characters"),
    Kind.NAN: ("a number that JSON does not know", "numbers that JSON does not know"),
}


def lenient_json(model: Model, _: Model) -> Iterator[Result]:
    """ARM003: what Azure CLI and PowerShell accept but the portal and the REST API refuse."""
    first: dict[str, Problem] = {}
    count: dict[str, int] = {}
    for problem in model.document.problems:
        if problem.kind in _LENIENT:
            first.setdefault(problem.kind, problem)
            count[problem.kind] = count.get(problem.kind, 0) + 1
    for kind, problem in first.items():
        one, many = _LENIENT[Kind(kind)]
        number = count[kind]
        what = (
            f"{one} is not strict JSON"
            if number == 1
            else f"{many} are not strict JSON ({number} in this file)"
        )
        fix = None
        if kind == Kind.TRAILING_COMMA:
            from armlint.checks import mending

            fix = mending.remove_trailing_commas(model.document)
        yield Result(problem.span, "", what, fix=fix)


def _pointer_at(document: Document, problem: Problem) -> str:
    """The pointer of the member whose key is at a problem's place."""
    node = document.root
    while node is not None:
        inside = None
        for member in node.members:
            if member.start == problem.span.start:
                return member.value.pointer
            if member.value.start <= problem.span.start < member.value.end:
                inside = member.value
        for item in node.items:
            if item.start <= problem.span.start < item.end:
                inside = item
        node = inside
    return ""
