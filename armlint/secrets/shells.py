"""Command lines read into words, as sh, PowerShell and cmd read them.

Only what decides where a word starts and ends is read: quoting, escapes, variables, operators. Each character
of a word keeps its place. What is wrong, such as a quote that is never closed, is read as it stands; nothing
raises. Every reader goes through its text once.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, ClassVar, Final

from armlint.secrets.pattern import compiled
from armlint.secrets.values import UNKNOWN

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence


_DEEPEST: Final = 64


class Text:
    """A text, and where each of its characters stands in the text it was taken from."""

    __slots__ = ("origins", "outer", "starts", "text")

    def __init__(
        self,
        text: str,
        starts: Sequence[int] = (0,),
        origins: Sequence[int] = (0,),
        outer: Text | None = None,
    ) -> None:
        self.text = text
        self.starts = starts
        """Where in this text a stretch begins that stands together in the outer one, …"""
        self.origins = origins
        """… and where it stands there."""
        self.outer = outer

    def place(self, index: int) -> int:
        """Where a character stands in the outermost text."""
        view: Text | None = self
        while view is not None:
            at = bisect_right(view.starts, index) - 1
            index = view.origins[at] + index - view.starts[at]
            view = view.outer
        return index

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch, not an empty one, stands in the outermost text."""
        return self.place(start), self.place(end - 1) + 1

    def part(self, start: int, end: int) -> Text:
        """A stretch as a text of its own."""
        return Text(self.text[start:end], (0,), (start,), self)


class Word:
    """An argument, an assignment or a command's name, its quotes and escapes taken off."""

    __slots__ = ("gaps", "inner", "literal", "operator", "quoted", "text")

    def __init__(  # noqa: PLR0913 - what there is to know of a word
        self,
        text: Text,
        *,
        literal: bool,
        quoted: bool,
        operator: bool,
        inner: list[Text],
        gaps: Sequence[tuple[int, int]] = (),
    ) -> None:
        self.text = text
        self.literal = literal
        """Whether no variable and no command is put in."""
        self.quoted = quoted
        """Whether all of it stands in one pair of quotes."""
        self.operator = operator
        """Whether it is no word but a sign, such as `=` or `<<<`."""
        self.inner = inner
        """The quoted parts, which may be commands themselves."""
        self.gaps = gaps
        """Where in the text the variables and commands stand, half-open."""

    @property
    def value(self) -> str:
        """The characters of the word."""
        return self.text.text


class Command:
    """The words of one command."""

    __slots__ = ("piped", "words")

    def __init__(self, piped: list[Word] | None = None) -> None:
        self.words: list[Word] = []
        self.piped = piped
        """The words of the command whose output this one reads."""


class Reader:
    """What the three languages have in common: collecting characters into words and words into commands."""

    PATTERN: ClassVar[str]
    _PUT_IN: ClassVar[str] = ""
    """What stands between quotes for a value, where the language has variables."""

    def __init__(self, source: Text) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self.commands: list[Command] = []
        self.bodies: list[Text] = []
        """Here-documents and the like."""
        self._command = Command()
        self._stack: list[Command] = []
        self._closed: set[str] = set()
        self._fresh()

    def _fresh(self) -> None:
        self._open = False
        self._pieces: list[str] = []
        self._starts: list[int] = []
        self._origins: list[int] = []
        self._length = 0
        self._literal = True
        self._bare = False
        self._inner: list[Text] = []
        self._gaps: list[tuple[int, int]] = []

    def read(self) -> Reader:
        """Read to the end."""
        pattern = compiled(self.PATTERN)
        lexemes = {name: getattr(self, f"_{name}", None) for name in pattern.groupindex}
        while match := pattern.match(self.text, self.at):
            self.at = match.end()
            lexeme = lexemes[match.lastgroup or ""]
            if lexeme is not None:
                lexeme(match)
        self._end_command()
        while self._stack:
            self._command = self._stack.pop()
            self._end_command()
        return self

    # ------------------------------------------------------------------------------------------- words

    def _add(self, characters: str, origin: int, *, bare: bool = True) -> None:
        """Characters as they stand, from `origin` on."""
        self._open = True
        self._bare = self._bare or bare
        if characters:
            self._pieces.append(characters)
            self._starts.append(self._length)
            self._origins.append(origin)
            self._length += len(characters)

    def _quote(self, match: re.Match[str], group: str, escapes: str = "", variables: str = "") -> None:
        """The inside of quotes, with `escapes` (a pattern whose last character is meant) taken off."""
        start, end = match.span(group)
        first = self._length
        pieces = len(self._pieces)
        self._open = True
        last = start
        if escapes:
            for escape in compiled(escapes).finditer(self.text, start, end):
                self._add(self.text[last : escape.start()], last, bare=False)
                self._add(escape[0][-1], escape.end() - 1, bare=False)
                last = escape.end()
        self._add(self.text[last:end], last, bare=False)
        if variables and compiled(variables).search(self.text, start, end):
            self._literal = False
            for found in compiled(self._PUT_IN).finditer(self.text, start, end) if self._PUT_IN else ():
                self._gaps.append((self._index(found.start(), pieces), self._index(found.end(), pieces)))
        if self._length > first:
            starts = [at - first for at in self._starts[pieces:]]
            self._inner.append(
                Text("".join(self._pieces[pieces:]), starts, self._origins[pieces:], self.source)
            )

    def _index(self, place: int, pieces: int) -> int:
        """Where in the word a character of the text went, looked for from this piece on."""
        at = bisect_right(self._origins, place, pieces) - 1
        if at < pieces:
            return self._starts[pieces] if pieces < len(self._starts) else self._length
        return min(self._starts[at] + place - self._origins[at], self._length)

    def _unknown(self, match: re.Match[str]) -> None:
        """A variable: the word has it, but what it is cannot be known."""
        self._gaps.append((self._length, self._length + len(match[0])))
        self._add(match[0], match.start())
        self._literal = False

    def _end_word(self, *, operator: bool = False) -> None:
        if self._open:
            value = "".join(self._pieces)
            text = Text(value, self._starts or (0,), self._origins or (self.at,), self.source)
            literal = self._literal and UNKNOWN not in value
            quoted = not self._bare and len(self._inner) == 1
            self._command.words.append(
                Word(
                    text,
                    literal=literal,
                    quoted=quoted,
                    operator=operator,
                    inner=self._inner,
                    gaps=self._gaps,
                )
            )
            self._fresh()

    def _sign(self, match: re.Match[str]) -> None:
        """An operator that stands between words."""
        self._end_word()
        self._add(match[0], match.start())
        self._literal = False
        self._end_word(operator=True)

    # ---------------------------------------------------------------------------------------- commands

    def _end_command(self, *, pipe: bool = False) -> None:
        self._end_word()
        if self._command.words:
            self.commands.append(self._command)
            self._command = Command(self._command.words if pipe else None)
        elif not pipe:
            self._command = Command()

    def _enter_command(self) -> None:
        """A command within the word that is being read, or where a word could be."""
        if self._open or self._command.words:
            self._open = True
            self._literal = False
            self._bare = True
            self._end_word()
        if len(self._stack) < _DEEPEST:
            self._stack.append(self._command)
            self._command = Command()
        else:
            self._end_command()

    def _leave(self, _: re.Match[str] | None = None) -> None:
        self._end_command()
        if self._stack:
            self._command = self._stack.pop()

    # ------------------------------------------------------------------------------------------- lexemes

    def _blank(self, _: re.Match[str]) -> None:
        self._end_word()

    def _end(self, _: re.Match[str]) -> None:
        self._end_command()

    def _pipe(self, _: re.Match[str]) -> None:
        self._end_command(pipe=True)

    def _comment(self, _: re.Match[str]) -> None:
        self._end_word()

    def _plain(self, match: re.Match[str]) -> None:
        self._add(match[0], match.start())

    def _escape(self, match: re.Match[str]) -> None:
        self._add(match[0][1:], match.start() + 1)

    def _string(self, match: re.Match[str], pattern: str) -> re.Match[str] | None:
        """The quoted string that starts with the quote just read; None for a quote that is never closed.

        After the first that is not, no other of its kind is looked for: each search would go to the end.
        """
        if pattern in self._closed:
            return None
        found = compiled(pattern).match(self.text, match.start())
        if found is None:
            self._closed.add(pattern)
        else:
            self.at = found.end()
        return found


SUBSTITUTION: Final = r"""\$\((?:[^()"'\\]++|"(?:[^"\\]++|\\[\s\S])*+"|'[^']*+'|\([^()]*+\)|\\[\s\S])*+\)"""


class Sh(Reader):
    """The POSIX shell and bash."""

    PATTERN = (
        r"(?P<blank>(?:[ \t\r\f]++|\\\r?\n)++)"
        r"|(?P<newline>\n)"
        r"|(?P<comment>(?<![^\s;&|()`])\#[^\n]*+)"
        r"|(?P<single>\$?')"
        r'|(?P<double>\$?")'
        r"|(?P<group>\$?\()"
        r"|(?P<leave>\))"
        r"|(?P<unknown>\$\{[^}\n]{0,200}+\}?|\$[A-Za-z_][A-Za-z0-9_]*+|\$[0-9@*?](?![A-Za-z0-9]))"
        r"|(?P<tick>`)"
        r"|(?P<document><<-?[ \t]*+(?P<q>[\"']?)(?P<mark>[A-Za-z_][\w.-]*+)(?P=q))"
        r"|(?P<pipe>\|(?!\|)&?)"
        r"|(?P<sign><<<|\d?>&\d|&?>>?|<)"
        r"|(?P<end>&&|\|\||[;&])"
        r"|(?P<escape>\\[\s\S])"
        r"|(?P<plain>[^\s'\"\\$`;&|()<>]++|[\s\S])"
    )
    _SINGLE: Final = r"'(?P<inside>[^']*+)'"
    _ANSI: Final = r"\$'(?P<inside>(?:[^'\\]++|\\[\s\S])*+)'"
    _DOUBLE: Final = rf'\$?"(?P<inside>(?:[^"\\$]++|\\[\s\S]|{SUBSTITUTION}|\$)*+)"'
    _VARIABLES: Final = r"(?<!\\)(?:\$(?:[A-Za-z_{(]|[0-9@*?](?![A-Za-z0-9]))|`)"
    _PUT_IN: ClassVar[str] = (
        r"(?<!\\)(?:\$\{[^}\n]{0,200}+\}?|\$[A-Za-z_][A-Za-z0-9_]*+|\$[0-9@*?](?![A-Za-z0-9])"
        rf"|{SUBSTITUTION}|\$\(|`[^`]*+`?)"
    )

    def __init__(self, source: Text) -> None:
        super().__init__(source)
        self._ticks = False
        self._awaited: list[str] = []
        self._lines: dict[str, list[int]] | None = None

    def _single(self, match: re.Match[str]) -> None:
        ansi = match[0] != "'"
        found = self._string(match, self._ANSI if ansi else self._SINGLE)
        if found is None:
            self._plain(match)
        else:
            self._quote(found, "inside", r"\\[\s\S]" if ansi else "")

    def _double(self, match: re.Match[str]) -> None:
        found = self._string(match, self._DOUBLE)
        if found is None:
            self._plain(match)
        else:
            self._quote(found, "inside", r'\\[\\"$`]', self._VARIABLES)

    def _group(self, match: re.Match[str]) -> None:
        if match[0] == "(":
            self._literal = False
            self._end_command()
        self._enter_command()

    def _tick(self, _: re.Match[str]) -> None:
        if self._ticks:
            self._leave()
        else:
            self._enter_command()
        self._ticks = not self._ticks

    def _document(self, match: re.Match[str]) -> None:
        self._end_word()
        self._awaited.append(match["mark"])

    def _newline(self, match: re.Match[str]) -> None:
        self._end_command()
        for mark in self._awaited:
            self._body(mark, match.end())
        self._awaited.clear()

    def _body(self, mark: str, start: int) -> None:
        """The here-document that starts on the next line."""
        start = max(start, self.at)
        if self._lines is None:
            self._lines = {}
            for line in compiled(r"(?m)^\t*+([A-Za-z_][\w.-]*+)[ \t\r]*$").finditer(self.text):
                self._lines.setdefault(line[1], []).append(line.start())
        ends = self._lines.get(mark, [])
        at = bisect_right(ends, start - 1)
        if at < len(ends):
            self.bodies.append(self.source.part(start, ends[at]))
            self.at = ends[at] + len(mark)


class PowerShell(Reader):
    """PowerShell, on all systems."""

    PATTERN = (
        r"(?P<blank>(?:[ \t\r\f,]++|`\r?\n)++)"
        r"|(?P<comment>(?<![^\s;|({,])\#[^\n]*+)"
        r"|(?P<remark><\#)"
        r"|(?P<document>@[\"'](?=[ \t]*+\r?\n))"
        r"|(?P<single>')"
        r'|(?P<double>")'
        r"|(?P<unknown>\$\{[^}\n]{0,200}+\}?|\$[A-Za-z_][A-Za-z0-9_:]*+(?:\.[A-Za-z_]\w*+)*+)"
        r"|(?P<group>[$@]?[({])"
        r"|(?P<leave>[)}])"
        r"|(?P<equals>=)"
        r"|(?P<pipe>\|(?!\|))"
        r"|(?P<sign>\d?>>?(?:&\d)?|<)"
        r"|(?P<end>&&|\|\||[;&\n])"
        r"|(?P<escape>`[\s\S])"
        r"|(?P<plain>[^\s'\"`$(){};|&,<>=@]++|[\s\S])"
    )
    _SINGLE: Final = r"'(?P<inside>(?:[^']++|'')*+)'"
    _DOUBLE: Final = rf'"(?P<inside>(?:[^"`$]++|`[\s\S]|""|{SUBSTITUTION}|\$)*+)"'
    _VARIABLES: Final = r"(?<!`)\$[A-Za-z_{(]"

    def _single(self, match: re.Match[str]) -> None:
        found = self._string(match, self._SINGLE)
        if found is None:
            self._plain(match)
        else:
            self._quote(found, "inside", "''")

    def _double(self, match: re.Match[str]) -> None:
        found = self._string(match, self._DOUBLE)
        if found is None:
            self._plain(match)
        else:
            self._quote(found, "inside", '`[\\s\\S]|""', self._VARIABLES)

    def _document(self, match: re.Match[str]) -> None:
        """A here-string, which ends at its own quote at the start of a line."""
        mark = f"\n{match[0][1]}@"
        end = -1 if mark in self._closed else self.text.find(mark, match.end())
        if end < 0:
            self._closed.add(mark)
            self._plain(match)
            return
        start = min(self.text.index("\n", match.end()) + 1, end)
        self._add(self.text[start:end], start, bare=False)
        if match[0] == '@"' and compiled(self._VARIABLES).search(self.text, start, end):
            self._literal = False
        self._inner.append(self.source.part(start, end))
        self.at = end + len(mark)

    def _remark(self, match: re.Match[str]) -> None:
        end = -1 if "#>" in self._closed else self.text.find("#>", match.end())
        if end < 0:
            self._closed.add("#>")
        else:
            self._end_word()
            self.at = end + 2

    def _group(self, _: re.Match[str]) -> None:
        self._enter_command()

    def _equals(self, match: re.Match[str]) -> None:
        # `name=value` is one word of a program's arguments; `$name=`, and what stands alone, assigns.
        if self._open and self._literal:
            self._plain(match)
        else:
            self._sign(match)


class Cmd(Reader):
    """The command interpreter of Windows, and its programs, which take the quotes off themselves."""

    PATTERN = (
        r"(?P<comment>(?m:^)[ \t@]*+(?:(?i:rem)\b|::)[^\n]*+)"
        r"|(?P<blank>(?:[ \t\r\f]++|\^\r?\n)++)"
        r'|(?P<double>")'
        r"|(?P<single>')"
        r"|(?P<unknown>%[A-Za-z_][A-Za-z0-9_():~,-]{0,63}+%)"
        r"|(?P<pipe>\|(?!\|))"
        r"|(?P<sign>\d?>>?(?:&\d)?|<)"
        r"|(?P<end>&&|\|\||[&\n])"
        r"|(?P<escape>\^[\s\S])"
        r"|(?P<plain>[^\s\"'^%&|<>]++|[\s\S])"
    )
    _DOUBLE: Final = r'"(?P<inside>(?:[^"\\]++|\\"|""|\\)*+)"'
    _PUT_IN: ClassVar[str] = r"%[A-Za-z_][A-Za-z0-9_]{0,63}%"
    # Quotes for the program, not for the interpreter.
    _SINGLE: Final = r"""'(?P<inside>[^'\r\n]*+)'(?=[\s,;)&|"}\]]|\Z)"""

    def _double(self, match: re.Match[str]) -> None:
        found = self._string(match, self._DOUBLE)
        if found is None:
            self._plain(match)
        else:
            self._quote(found, "inside", r'\\"|""', self._PUT_IN)

    def _single(self, match: re.Match[str]) -> None:
        opens = not self._open or (self._pieces[-1:] and self._pieces[-1][-1] in "=:,({[")
        found = compiled(self._SINGLE).match(self.text, match.start()) if opens else None
        if found is None:
            self._plain(match)
        else:
            self.at = found.end()
            self._quote(found, "inside")


_POWERSHELL: Final = (
    r"\$env:\w|(?i:-AsPlainText|ConvertTo-SecureString)|@\{|@['\"][ \t]*\r?\n"
    r"|(?m:^[ \t]*+(?:\[\w+\])?\$\w++[ \t]*+=)"
    r"|\b(?:Add|Connect|ConvertTo|Enable|Get|Import|Install|Invoke|New|Out|Read|Remove|Restart|Set|Start|Stop|Write)"
    r"-[A-Z][A-Za-z]|[ \t]`[ \t]*\r?\n|(?i:^#!.{0,40}pwsh)"
)
_CMD: Final = (
    r"(?i:\b(?:cmd|powershell|pwsh|net1?|cmdkey|schtasks|msiexec|sqlcmd|osql|bcp|wmic|winrs|psexec(?:64)?|reg|setx"
    r"|rundll32|certutil)(?:\.exe)?\s|@echo\s|\^\r?\n|%\w{2,40}%|\b[a-z]:\\|\.(?:cmd|bat|exe)\b)"
)
# One line that starts PowerShell is read by the interpreter that starts it.
_STARTS_POWERSHELL: Final = (
    r"(?i:\s*+(?:cmd(?:\.exe)?\s++/c\s++)?\"?[^\s\"]{0,200}?(?:powershell|pwsh)(?:\.exe)?\"?\s++-)[^\n]*+\Z"
)
_SH: Final = (
    r"(?m:^[ \t]*+#)|\\\r?\n|(?:\A|[\n;&|(][ \t]*+)(?:sudo|bash|sh|export|apt|apt-get|yum|chmod|curl|wget)\s"
)


def reader_of(text: str) -> type[Reader]:
    """The language that a text is most likely written in."""
    if compiled(_STARTS_POWERSHELL).match(text):
        return Cmd
    if compiled(_POWERSHELL).search(text):
        return PowerShell
    return Cmd if compiled(_CMD).search(text) and not compiled(_SH).search(text) else Sh
