"""A rule's page for reading in a terminal."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Final

from armlint.report.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from armlint.page import Fence
    from armlint.rule import Rule

    Paint = Callable[[str, str], str]

# Longer lines are hard to read, however wide the terminal is.
_WIDEST: Final = 100
_INDENT: Final = "    "
BOLD: Final = "1"
CODE: Final = "36"
MARKED: Final = "1;31"
_SEVERITY: Final = {"error": "1;31", "warning": "1;33", "info": "1;36"}
_ITEM: Final = re.compile(r"(?P<mark>[-*] +|[0-9]+\. +)(?P<text>.*)")
_INLINE: Final = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)")


def render(rule: Rule, *, color: bool = False, width: int | None = None) -> str:
    """The page of a rule as text, its paragraphs filled to `width` columns.

    In examples, a `>` in the margin shows the lines where the rule reports something.
    """
    paint, room = painter(color=color), columns(width)
    state = "on by default" if rule.enabled else "off by default"
    severity = paint(str(rule.severity), _SEVERITY[rule.severity])
    blocks = [paint(f"{rule.id} · {rule.title}", BOLD), f"{rule.name} · {severity} · {state}"]
    page = rule.page
    position = page.text.find("\n")
    for fence in page.fences:
        blocks += flow(page.text[position : fence.start], paint, room)
        if fence.info != "toml rule":
            if fence.example == "fixed":
                blocks.append("Corrected:")
            body, marked = page.unmarked(fence) if fence.example else (fence.body, ())
            blocks.append("\n".join(_code(fence, body, marked, paint)))
        position = fence.end
    blocks += flow(page.text[position:], paint, room)
    return "\n\n".join(blocks) + "\n"


def painter(*, color: bool) -> Paint:
    """What gives a text a style, or leaves it as it is."""
    return _painted if color else _unpainted


def columns(width: int | None) -> int:
    """How many columns of a terminal to fill; None is no terminal."""
    return max(40, min(width or _WIDEST, _WIDEST))


def _painted(text: str, style: str) -> str:
    return f"\x1b[{style}m{text}\x1b[0m"


def _unpainted(text: str, _style: str) -> str:
    return text


def _code(fence: Fence, body: str, marked: tuple[int, ...], paint: Paint) -> Iterator[str]:
    for number, line in enumerate(body.rstrip("\n").split("\n"), 1):
        sign = paint(">", MARKED) + _INDENT[1:] if number in marked else _INDENT
        shown = printable(line)
        yield f"{sign}{paint(shown, CODE) if shown and fence.info else shown}".rstrip()


def flow(text: str, paint: Paint, room: int) -> Iterator[str]:
    """Headings, paragraphs, lists and tables, each filled by itself."""
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        lines = block.strip("\n").split("\n")
        if lines[0].startswith("#"):
            yield paint(lines[0].lstrip("#").strip(), BOLD)
            lines = lines[1:]
        if lines and lines[0].startswith("|"):
            yield "\n".join(lines)
        elif any(map(str.strip, lines)):
            yield "\n".join(_filled(item, paint, room) for item in _items(lines))


def _items(lines: list[str]) -> Iterator[str]:
    """The items of a list, or the paragraph that the lines are, each on one line."""
    item: list[str] = []
    for line in lines:
        if _ITEM.match(line.strip()) and item:
            yield " ".join(item)
            item = []
        item.append(line.strip())
    yield " ".join(item)


def _filled(text: str, paint: Paint, room: int) -> str:
    item = _ITEM.fullmatch(text)
    mark, content = (item["mark"], item["text"]) if item else ("", text)
    plain = _INLINE.sub(_said, content)
    # A blank in code would let it be broken there.
    filled = textwrap.fill(
        plain,
        room,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return re.sub(r"`([^`]+)`", lambda match: _code_in_text(match[1], paint), filled)


def _said(match: re.Match[str]) -> str:
    code, strong, text, target = match.groups()
    if code is not None:
        return f"`{code}`"
    if strong is not None:
        return str(strong)
    # A page beside this one is found by its id.
    return f"{text} <{target}>" if "://" in target else str(text)


def _code_in_text(code: str, paint: Paint) -> str:
    return "\n".join(paint(part, CODE) for part in code.split("\n")) if paint is _painted else f"`{code}`"
