"""Rule pages: one Markdown file is a rule's definition, its documentation and its tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OPENING: Final = "```toml rule\n"
# At the end of a line of an example, the ids of the rules that have something to say there.
_MARK: Final = r"(?m)[ \t]*//(?:[ \t,]*[A-Z]{2,8}[0-9]{3}\b)+[ \t]*$"


# What examples are written in. Scripts have their marks behind `at=`.
_LANGUAGES: Final = {
    "json": ".json",
    "bash": ".sh",
    "powershell": ".ps1",
    "cmd": ".cmd",
    "yaml": ".yml",
    "markdown": ".md",
}


class PageError(Exception):
    """A page that is no rule: the file, the line (from 1) and what is wrong with it."""

    def __init__(self, name: str, line: int, message: str) -> None:
        super().__init__(f"{name}:{line}: {message}")
        self.name = name
        self.line = line
        self.message = message


class Example(NamedTuple):
    """A template or script in a page. `kind` is `bad`, `fixed` or `good`.

    `line` is the page's line of its first line of text; `heading` the nearest heading above;
    `expected` the lines of the example, from 1, where the rule must report something; `suffix` the end of
    the name that a file of this language has.
    """

    kind: str
    text: str
    line: int
    heading: str
    expected: tuple[int, ...]
    suffix: str = ".json"


class Fence(NamedTuple):
    """A fenced block of a page: `text[start:end]`.

    `ticks` are its backticks and `info` is what stands behind them; `example` is `bad`, `fixed` or
    `good`, empty for another block.
    """

    start: int
    end: int
    ticks: str
    info: str
    body: str

    @property
    def example(self) -> str:
        """Which kind of example it is, if any."""
        kind = self.info.partition(" ")[2].partition(" ")[0]
        return kind if self.language in _LANGUAGES and kind in {"bad", "fixed", "good"} else ""

    @property
    def language(self) -> str:
        """What the block is written in, as its fence says."""
        return self.info.partition(" ")[0]

    @property
    def at(self) -> str:
        """What stands behind the kind of an example."""
        return " ".join(self.info.split()[2:])


class Page(NamedTuple):
    """A page as read: the id and title of its heading, the table of its rule fence, and its text."""

    name: str
    id: str
    title: str
    table: Mapping[str, object]
    text: str

    @property
    def table_line(self) -> int:
        """The line, from 1, that opens the rule fence."""
        return self.text.count("\n", 0, self.text.find(_OPENING)) + 1

    @property
    def summary(self) -> str:
        """The first paragraph, as one line of plain text."""
        body = self.text.partition("\n")[2].lstrip("\n")
        paragraph = body.partition("\n\n")[0]
        return re.sub(r"[`*]|\]\([^)]*\)|\[", "", " ".join(paragraph.split()))

    @property
    def fences(self) -> tuple[Fence, ...]:
        """The fenced blocks in order."""
        pattern = r"^(?P<ticks>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=ticks)[ \t]*$"
        return tuple(
            Fence(match.start(), match.end(), match["ticks"], match["info"].strip(), match["body"])
            for match in re.finditer(pattern, self.text, re.MULTILINE | re.DOTALL)
        )

    def unmarked(self, example: Fence) -> tuple[str, tuple[int, ...]]:
        """An example without the marks that make it a test, and the lines, from 1, that they stood on."""
        wanted = re.compile(rf"//.*\b{self.id}\b")
        lines = example.body.split("\n")
        marked = [number for number, line in enumerate(lines, 1) if wanted.search(line)]
        marked += [int(number) for number in re.findall(r"[0-9]+", example.at)]
        return re.sub(_MARK, "", example.body), tuple(sorted(marked))

    @property
    def markdown(self) -> str:
        """The page for readers: without its rule fence and without the marks of its examples.

        A corrected example is introduced as such, since its fence no longer says so.
        """
        pieces = []
        position = 0
        for fence in self.fences:
            before = self.text[position : fence.start]
            if f"```{fence.info}\n" == _OPENING:
                pieces.append(before.rstrip("\n"))
            elif fence.example:
                told = "Corrected:\n\n" if fence.example == "fixed" else ""
                pieces += [
                    before,
                    f"{told}{fence.ticks}{fence.language}\n{self.unmarked(fence)[0]}{fence.ticks}",
                ]
            else:
                pieces.append(self.text[position : fence.end])
            position = fence.end
        return "".join([*pieces, self.text[position:]])

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples in order. Raises `PageError` where one cannot be read."""
        found = []
        for fence in self.fences:
            kind = fence.example
            if not kind:
                continue
            line = self.text.count("\n", 0, fence.start) + 2
            if fence.at and not re.fullmatch(r"at=[0-9]+(,[0-9]+)*", fence.at):
                raise PageError(self.name, line - 1, "after the kind only 'at=LINE,LINE' may stand")
            _, expected = self.unmarked(fence)
            if kind == "bad" and not expected:
                raise PageError(
                    self.name, line - 1, f"a bad example needs '// {self.id}' where the finding belongs"
                )
            if kind != "bad" and expected:
                raise PageError(self.name, line - 1, f"a {kind} example must not expect a finding")
            above = re.findall(r"^#+ (.*)$", self.text[: fence.start], re.MULTILINE)
            suffix = _LANGUAGES[fence.language]
            found.append(Example(kind, fence.body, line, above[-1], expected, suffix))
        return tuple(found)


def read(name: str, text: str) -> Page:
    """Read a page. `name` is for messages. Raises `PageError` with the line that is wrong."""
    id_, dot, title = text[: text.find("\n")].removeprefix("# ").partition(" · ")
    if not (dot and text.startswith("# ") and _is_id(id_) and title.strip()):
        raise PageError(name, 1, "a page starts with a heading like '# EXT101 · Title'")
    start = text.find(f"\n{_OPENING}") + 1
    if start == 0:
        raise PageError(name, 1, "a page needs a fence '```toml rule' that defines the rule")
    body = start + len(_OPENING)
    end = text.find("\n```", body - 1)
    if end < 0 or text.find(f"\n{_OPENING}", end) >= 0:
        line = text.count("\n", 0, start) + 1
        told = (
            "the rule fence is never closed"
            if end < 0
            else "a page defines one rule, so it has one rule fence"
        )
        raise PageError(name, line, told)
    fence = text[body : end + 1]
    table = _plain_table(fence)
    if table is None:
        table = _table(name, text.count("\n", 0, start) + 1, fence)
    return Page(name, id_, title.strip(), table, text)


def _is_id(text: str) -> bool:
    letters, digits = text[:-3], text[-3:]
    return (
        text.isascii()
        and digits.isdecimal()
        and letters.isalpha()
        and letters.isupper()
        and 2 <= len(letters) <= 8  # noqa: PLR2004 - as rule.schema.json has it
    )


def _plain_table(fence: str) -> dict[str, object] | None:
    """The table of a fence that is written as nearly all are; None for any other.

    tomllib takes longer to import than all pages take to read this way.
    """
    if not fence.replace("\n", "").isprintable():
        return None
    table: dict[str, object] = {}
    lines = iter(fence.split("\n"))
    for line in lines:
        if not line:
            continue
        key, _, written = map(str.strip, line.partition("="))
        value: object = None
        if written == '"""':
            value = _plain_block(lines)
        elif written in {"true", "false"}:
            value = written == "true"
        elif written[:1] == "{" and written[-1:] == "}":
            value = _plain_options(written[1:-1])
        elif written[:1] == "[" and written[-1:] == "]":
            items = [_plain_string(item.strip()) for item in written[1:-1].split(",")]
            value = None if None in items else items
        elif written[:1] == "{" and written[-1:] == "}":
            value = _plain_inline(written[1:-1])
        else:
            value = _plain_string(written)
        if value is None or key in table or not (key.isascii() and key.isalpha()):
            return None
        table[key] = value
    return table


def _plain_inline(written: str) -> dict[str, object] | None:
    """A table on one line; a comma within a string makes it one of the others."""
    table: dict[str, object] = {}
    for item in written.split(","):
        key, _, text = map(str.strip, item.partition("="))
        value = text == "true" if text in {"true", "false"} else _plain_string(text)
        if value is None or key in table or not (key.isascii() and key.isalpha()):
            return None
        table[key] = value
    return table


def _plain_options(written: str) -> dict[str, object] | None:
    options: dict[str, object] = {}
    for item in written.split(","):
        key, _, text = map(str.strip, item.partition("="))
        number = int(text) if text.isascii() and text.isdecimal() and text[:1] != "0" else None
        value: object = _plain_string(text) if number is None else number
        if text in {"true", "false"}:
            value = text == "true"
        if value is None or key in options or not key.replace("-", "a").isalpha() or not key.isascii():
            return None
        options[key] = value
    return options


def _plain_string(written: str) -> str | None:
    content = written[1:-1]
    rest = content.replace('\\"', "")
    if len(written) < 2 or not written[0] == written[-1] == '"' or '"' in rest or "\\" in rest:  # noqa: PLR2004
        return None
    return content.replace('\\"', '"')


def _plain_block(lines: Iterator[str]) -> str | None:
    """What stands between lines of three quotes."""
    block: list[str] = []
    for line in lines:
        if line == '"""':
            return "".join(block)
        if '"""' in line or "\\" in line:
            break
        block.append(f"{line}\n")
    return None


def _table(name: str, line: int, fence: str) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(fence)
    except tomllib.TOMLDecodeError as error:
        told = re.search(r"at line (\d+)", str(error))
        offset = int(told[1]) if told else fence.count("\n")
        raise PageError(name, line + offset, f"the rule fence is no TOML: {error}") from None


def line_of(page: Page, key: str) -> int:
    """The line of a key of the rule fence, for messages; the fence's own where it has none."""
    found = re.compile(rf"^[ \t]*\"?{re.escape(key)}\"?[ \t]*=", re.MULTILINE).search(
        page.text, page.text.find(_OPENING)
    )
    return page.table_line if found is None else page.text.count("\n", 0, found.start()) + 1
