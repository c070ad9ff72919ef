"""Rule pages: one Markdown file is a rule's definition, its documentation and its tests."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADING: Final = re.compile(r"# (?P<id>[A-Z]{2,8}[0-9]{3}) · (?P<title>\S.*)")
_FENCE: Final = re.compile(r"^(?P<ticks>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=ticks)[ \t]*$", re.M | re.S)
_RULE_FENCE: Final = "toml rule"


class PageError(Exception):
    """A page that is no rule: the file, the line (from 1) and what is wrong with it."""

    def __init__(self, name: str, line: int, message: str) -> None:
        super().__init__(f"{name}:{line}: {message}")
        self.name = name
        self.line = line
        self.message = message


class Example(NamedTuple):
    """A template in a page. `kind` is `bad`, `fixed` or `good`.

    `line` is the page's line of its first line of text; `heading` the nearest heading above;
    `expected` the lines of the example, from 1, where the rule must report something.
    """

    kind: str
    text: str
    line: int
    heading: str
    expected: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page as read: the id and title of its heading, the table of its rule fence, and its text."""

    name: str
    id: str
    title: str
    table: Mapping[str, object]
    table_line: int
    text: str

    @property
    def summary(self) -> str:
        """The first paragraph, as one line of plain text."""
        body = self.text.split("\n", 1)[1].lstrip("\n")
        paragraph = body.split("\n\n", 1)[0]
        return re.sub(r"[`*]|\]\([^)]*\)|\[", "", " ".join(paragraph.split()))

    @property
    def markdown(self) -> str:
        """The page without its rule fence."""
        return _FENCE.sub(lambda m: "" if m["info"].strip() == _RULE_FENCE else m[0], self.text)

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples in order. Raises `PageError` where one cannot be read."""
        found = []
        for fence in _FENCE.finditer(self.text):
            language, _, info = fence["info"].strip().partition(" ")
            kind, _, at = info.partition(" ")
            if language != "json" or kind not in {"bad", "fixed", "good"}:
                continue
            line = self.text.count("\n", 0, fence.start()) + 2
            expected = [
                number
                for number, content in enumerate(fence["body"].split("\n"), 1)
                if re.search(rf"//.*\b{self.id}\b", content)
            ]
            if at:
                numbers = at.removeprefix("at=").split(",")
                if not at.startswith("at=") or not all(number.isdecimal() for number in numbers):
                    raise PageError(self.name, line - 1, "after the kind only 'at=LINE,LINE' may stand")
                expected.extend(map(int, numbers))
            if kind == "bad" and not expected:
                raise PageError(
                    self.name, line - 1, f"a bad example needs '// {self.id}' where the finding belongs"
                )
            if kind != "bad" and expected:
                raise PageError(self.name, line - 1, f"a {kind} example must not expect a finding")
            above = [m[1] for m in re.finditer(r"^#+ (.*)$", self.text[: fence.start()], re.M)]
            found.append(Example(kind, fence["body"], line, above[-1], tuple(sorted(expected))))
        return tuple(found)


def read(name: str, text: str) -> Page:
    """Read a page. `name` is for messages. Raises `PageError` with the line that is wrong."""
    first = text.split("\n", 1)[0]
    heading = _HEADING.fullmatch(first.strip())
    if heading is None:
        raise PageError(name, 1, "a page starts with a heading like '# EXT101 · Title'")
    start = text.find(f"```{_RULE_FENCE}\n")
    if start < 0:
        raise PageError(name, 1, "a page needs a fence '```toml rule' that defines the rule")
    body = start + len(_RULE_FENCE) + 4
    line = text.count("\n", 0, start) + 1
    end = text.find("\n```", body - 1)
    if end < 0:
        raise PageError(name, line, "the rule fence is never closed")
    if text.find(f"```{_RULE_FENCE}\n", end) >= 0:
        raise PageError(name, line, "a page defines one rule, so it has one rule fence")
    try:
        table = tomllib.loads(text[body : end + 1])
    except tomllib.TOMLDecodeError as error:
        told = re.search(r"at line (\d+)", str(error))
        offset = int(told[1]) if told else 1
        raise PageError(name, line + offset, f"the rule fence is no TOML: {error}") from None
    return Page(name, heading["id"], heading["title"].strip(), table, line, text)


def line_of(page: Page, key: str) -> int:
    """The line of a key of the rule fence, for messages; the fence's own where it has none."""
    pattern = re.compile(rf"^[ \t]*{re.escape(key)}[ \t]*=", re.M)
    start = page.text.find(f"```{_RULE_FENCE}\n")
    found = pattern.search(page.text, start)
    return page.table_line if found is None else page.text.count("\n", 0, found.start()) + 1
