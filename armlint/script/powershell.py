"""Scripts of PowerShell: their commands in order, with hash tables and the values that variables have there.

Only what decides what a command is passed is read: words, strings, variables, hash tables, lists, groups,
assignments, pipes. What is wrong is read as it stands; nothing raises, and each text is gone through once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from armlint.script.value import Gap, Items, Mapping, Scalar, is_gap, joined, whole
from armlint.secrets.pattern import compiled
from armlint.secrets.shells import SUBSTITUTION, Command, Text, Word
from armlint.secrets.values import UNKNOWN

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from armlint.script.value import Value

_DEEPEST: Final = 60
_TOLD: Final = 400
# So many members of a hash table are looked through, and so long may a sum of texts become.
_NEAR: Final = 200
_LONGEST: Final = 1 << 16

_LEXEME: Final = (
    r"(?P<blank>(?:[ \t\r\f\u00a0]++|`\r?\n)++)"
    r"|(?P<comment>(?<![^\s;|({,])\#[^\n]*+)"
    r"|(?P<remark><\#)"
    r"|(?P<document>@[\"'](?=[ \t]*+\r?\n))"
    r"|(?P<single>['\u2018\u2019])"
    r"|(?P<double>[\"\u201c\u201d])"
    r"|(?P<variable>\$(?:\{[^}\n]{0,200}+\}|[A-Za-z_][A-Za-z0-9_:]*+)(?:\.[A-Za-z_]\w*+)*+)"
    r"|(?P<open>@\{|@\(|\$\(|[({])"
    r"|(?P<close>[)}])"
    r"|(?P<splat>@[A-Za-z_]\w*+)"
    r"|(?P<cast>\[[A-Za-z_][\w.]*+(?:\[\])?\](?!::))"
    r"|(?P<pipe>\|\|?|&&)"
    r"|(?P<end>[;\n])"
    r"|(?P<equals>\+?=)"
    r"|(?P<comma>,)"
    r"|(?P<escape>`[\s\S])"
    r"|(?P<plain>[^\s'\"`$(){};|,=@+\[\u2018\u2019\u201c\u201d]++|[\s\S])"
)
_SINGLE: Final = r"'(?P<inside>(?:[^']++|'')*+)'"
_DOUBLE: Final = rf'"(?P<inside>(?:[^"`$]++|`[\s\S]|""|{SUBSTITUTION}|\$)*+)"'
# Typographic quotes count as straight ones.
_CURLY_SINGLE: Final = r"[\u2018\u2019'](?P<inside>[^\u2018\u2019'\n]*+)[\u2018\u2019']"
_CURLY_DOUBLE: Final = r"[\u201c\u201d\"](?P<inside>[^\u201c\u201d\"\n]*+)[\u201c\u201d\"]"
_PUT_IN: Final = rf"\$(?:\{{[^}}\n]{{0,200}}+\}}|[A-Za-z_][A-Za-z0-9_]*+(?::[A-Za-z_]\w*+)?)|{SUBSTITUTION}"
_IN_DOUBLE: Final = rf'(?P<escape>`[\s\S]|"")|(?P<put>{_PUT_IN})'
_IN_DOCUMENT: Final = rf"(?P<escape>`[\s\S])|(?P<put>{_PUT_IN})"
_SLOT: Final = r"\{\d{1,2}(?:[,:][^{}]{0,40})?\}"
_UNKNOWN: Final = f"{UNKNOWN}+"
_NAME: Final = r"\$\{?(?:(?:script|global|local|private):)?(?P<name>(?:env:)?[\w-]+)\}?"
_MEMBER: Final = r"\$\{?(?:(?:script|global|local|private):)?(?P<name>\w+)\}?\.(?P<member>\w+)"


class Element:
    """A piece of a statement.

    `kind` is `value`, `splat`, `call` (a method's arguments), or what a sign means: `equals`, `comma`,
    `plus`, `pipe`, `index`.
    """

    __slots__ = ("bare", "end", "glued", "kind", "start", "value")

    def __init__(  # noqa: PLR0913 - what there is to know of a piece
        self, kind: str, start: int, end: int, value: Value | None, *, bare: bool = False, glued: bool = False
    ) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.value = value
        self.bare = bare
        self.glued = glued


class Call:
    """A command with its arguments.

    `splats` are hash tables whose keys are the names of arguments; `span` is its place in the file.
    """

    __slots__ = ("command", "span", "splats", "values")

    def __init__(
        self, values: list[Value], splats: list[Mapping], command: Command, span: tuple[int, int]
    ) -> None:
        self.values = values
        self.splats = splats
        self.command = command
        self.span = span


class _Frame:
    """A group that is being read: its statements' last one, and what was made of those before."""

    __slots__ = ("glued", "opener", "pairs", "parts", "pending", "start")

    def __init__(self, opener: str, start: int, *, glued: bool) -> None:
        self.opener = opener
        self.start = start
        self.glued = glued
        self.parts: list[Element] = []
        self.pending: list[Value] = []
        self.pairs: list[tuple[Scalar, Value]] = []


def read(source: Text, original: str) -> Iterator[Call]:
    """The commands of a script, with variables put in where they are known.

    `original` is the file's text, in which nothing is masked.
    """
    script = _Script(source, original)
    script.read()
    yield from script.calls


class _Script:
    def __init__(self, source: Text, original: str) -> None:
        self.source = source
        self.text = source.text
        self.original = original
        self.calls: list[Call] = []
        self.at = 0
        self._known: dict[str, Value] = {}
        self._frame = _Frame("", 0, glued=False)
        self._stack: list[_Frame] = []
        self._closed: set[str] = set()
        self._pieces: list[Scalar] = []
        self._word = 0
        self._bare = False

    def read(self) -> None:
        """Read to the end."""
        lexeme = compiled(_LEXEME)
        handlers = {name: getattr(self, f"_{name}") for name in lexeme.groupindex}
        while match := lexeme.match(self.text, self.at):
            self.at = match.end()
            handlers[match.lastgroup or ""](match)
        self._end_statement()
        while self._stack:
            self._leave()
            self._end_statement()

    # ------------------------------------------------------------------------------------------- words

    def _add(self, scalar: Scalar, start: int, *, bare: bool) -> None:
        if not self._pieces:
            self._word = start
            self._bare = True
        self._bare = self._bare and bare
        self._pieces.append(scalar)

    def _end_word(self) -> None:
        if self._pieces:
            made = self._pieces[0] if len(self._pieces) == 1 else joined(self._pieces, self.source)
            self._pieces = []
            self._push(Element("value", self._word, self.at, made, bare=self._bare))

    def _push(self, element: Element) -> None:
        parts = self._frame.parts
        element.glued = bool(parts) and parts[-1].end == element.start and parts[-1].kind == "value"
        parts.append(element)

    def _slice(self, start: int, end: int, *, quoted: bool = False) -> Scalar:
        """Characters as they stand."""
        part = self.source.part(start, end)
        if UNKNOWN not in part.text:
            return Scalar(part, (), quoted)
        gaps = []
        for match in compiled(_UNKNOWN).finditer(part.text):
            first, last = part.span(*match.span())
            gaps.append(Gap(*match.span(), self.original[first:last][:_TOLD]))
        return Scalar(part, tuple(gaps), quoted)

    def _unknown(self, start: int, end: int, known: Scalar | None = None) -> Scalar:
        end = min(end, start + _TOLD)
        told = self.text[start:end]
        return Scalar(self.source.part(start, end), (Gap(0, end - start, told, known),))

    def _inside(self, start: int, end: int, pattern: str) -> Scalar:
        """The inside of quotes: escapes taken off, variables as gaps."""
        pieces: list[Scalar] = []
        last = start
        if pattern:
            for match in compiled(pattern).finditer(self.text, start, end):
                if match.start() > last:
                    pieces.append(self._slice(last, match.start(), quoted=True))
                if match["escape"] is not None:
                    pieces.append(self._slice(match.end() - 1, match.end(), quoted=True))
                else:
                    known = self._lookup(match[0])
                    pieces.append(
                        self._unknown(
                            match.start(), match.end(), known if isinstance(known, Scalar) else None
                        )
                    )
                last = match.end()
        pieces.append(self._slice(last, end, quoted=True))
        return joined(pieces, self.source)._replace(quoted=True)

    def _lookup(self, told: str) -> Value | None:
        match = compiled(_NAME).fullmatch(told)
        if match is not None:
            return self._known.get(match["name"].lower())
        match = compiled(_MEMBER).fullmatch(told)
        known = None if match is None else self._known.get(match["name"].lower())
        if match is not None and isinstance(known, Mapping):
            name = match["member"].lower()
            near = reversed(known.entries[-_NEAR:])
            return next((value for key, value in near if key.value.lower() == name), None)
        return None

    def _string(self, match: re.Match[str], pattern: str) -> re.Match[str] | None:
        if pattern in self._closed:
            return None
        found = compiled(pattern).match(self.text, match.start())
        if found is None:
            self._closed.add(pattern)
        else:
            self.at = found.end()
        return found

    # ------------------------------------------------------------------------------------------- lexemes

    def _blank(self, match: re.Match[str]) -> None:
        self.at = match.start()
        self._end_word()
        self.at = match.end()

    def _comment(self, match: re.Match[str]) -> None:
        self._blank(match)

    def _remark(self, match: re.Match[str]) -> None:
        end = -1 if "#>" in self._closed else self.text.find("#>", match.end())
        if end < 0:
            self._closed.add("#>")
        else:
            self._blank(match)
            self.at = end + 2

    def _single(self, match: re.Match[str]) -> None:
        found = self._string(match, _SINGLE if match[0] == "'" else _CURLY_SINGLE)
        if found is None:
            self._plain(match)
        else:
            escape = "(?P<escape>'')|(?P<put>(?!))" if "''" in found["inside"] else ""
            self._add(self._inside(*found.span("inside"), escape), match.start(), bare=False)

    def _double(self, match: re.Match[str]) -> None:
        found = self._string(match, _DOUBLE if match[0] == '"' else _CURLY_DOUBLE)
        if found is None:
            self._plain(match)
        else:
            self._add(self._inside(*found.span("inside"), _IN_DOUBLE), match.start(), bare=False)

    def _document(self, match: re.Match[str]) -> None:
        mark = f"\n{match[0][1]}@"
        end = -1 if mark in self._closed else self.text.find(mark, match.end())
        if end < 0:
            self._closed.add(mark)
            self._plain(match)
            return
        start = min(self.text.index("\n", match.end()) + 1, end)
        scalar = self._inside(start, end, _IN_DOCUMENT if match[0] == '@"' else "")
        self.at = end + len(mark)
        self._add(scalar, match.start(), bare=False)

    def _variable(self, match: re.Match[str]) -> None:
        if self.text.startswith("(", self.at) and "." in match[0] and not self._pieces:
            # `$settings.Add("name", value)`
            self._push(Element("value", match.start(), self.at, self._unknown(match.start(), self.at)))
            return
        known = self._lookup(match[0])
        glued = bool(self._pieces)
        alone = not glued and not compiled(r"[\w.'\"$\[-]").match(self.text, self.at)
        if alone and known is not None and not (isinstance(known, Scalar) and is_gap(known)):
            self._end_word()
            self._push(Element("value", match.start(), self.at, known))
            return
        scalar = self._unknown(match.start(), match.end(), known if isinstance(known, Scalar) else None)
        self._add(scalar, match.start(), bare=False)

    def _splat(self, match: re.Match[str]) -> None:
        if self._pieces:
            self._plain(match)
            return
        known = self._known.get(match[0][1:].lower())
        self._push(Element("splat", match.start(), match.end(), known))

    def _cast(self, match: re.Match[str]) -> None:
        parts = self._frame.parts
        if self._pieces or (
            parts and parts[-1].end == match.start() and parts[-1].kind in {"value", "index"}
        ):
            # An index or a pattern.
            self.at = match.start() + 1
            self._opening_bracket(match)

    def _opening_bracket(self, match: re.Match[str]) -> None:
        end = compiled(r"\[\s*+['\"]?(?P<key>[\w.-]*+)['\"]?\s*+\]").match(self.text, match.start())
        if end is None:
            self._add(self._slice(match.start(), match.start() + 1), match.start(), bare=True)
            return
        self.at = match.start()
        self._end_word()
        self.at = end.end()
        self._push(Element("index", match.start(), self.at, self._slice(*end.span("key"))))

    def _plain(self, match: re.Match[str]) -> None:
        if match[0] == "[" and (
            self._pieces or (self._frame.parts and self._frame.parts[-1].end == match.start())
        ):
            self._opening_bracket(match)
            return
        if match[0] == "+" and not self._pieces:
            self._push(Element("plus", match.start(), match.end(), None))
            return
        self._add(self._slice(match.start(), match.end()), match.start(), bare=True)

    def _escape(self, match: re.Match[str]) -> None:
        self._add(self._slice(match.end() - 1, match.end()), match.start(), bare=False)

    def _equals(self, match: re.Match[str]) -> None:
        here = len(self._frame.parts) + bool(self._pieces)
        if here == 1 or (here == 2 and self._frame.parts[-1].kind == "index"):  # noqa: PLR2004
            self._sign(match, "equals")
        else:
            self._plain(match)

    def _sign(self, match: re.Match[str], kind: str) -> None:
        self.at = match.start()
        self._end_word()
        self.at = match.end()
        self._push(Element(kind, match.start(), match.end(), None))

    def _comma(self, match: re.Match[str]) -> None:
        if self._frame.opener == "param(":
            self._end(match)
        else:
            self._sign(match, "comma")

    def _pipe(self, match: re.Match[str]) -> None:
        if match[0] == "|":
            self._sign(match, "pipe")
        else:
            self._end(match)

    def _end(self, match: re.Match[str]) -> None:
        self.at = match.start()
        self._end_word()
        parts = self._frame.parts
        if match[0] != "\n" or not parts or parts[-1].kind not in {"equals", "comma", "plus", "pipe"}:
            self._end_statement()
        self.at = match.end()

    def _open(self, match: re.Match[str]) -> None:
        self.at = match.start()
        glued = bool(self._pieces)
        self._end_word()
        self.at = match.end()
        if len(self._stack) >= _DEEPEST:
            return
        parts = self._frame.parts
        glued = glued or (bool(parts) and parts[-1].end == match.start() and parts[-1].kind == "value")
        opener = match[0]
        head = parts[0].value if parts and parts[0].bare else None
        if opener == "(" and isinstance(head, Scalar) and head.value.lower() in {"param", "function"}:
            opener = "param("
        self._stack.append(self._frame)
        self._frame = _Frame(opener, match.start(), glued=glued)

    def _close(self, match: re.Match[str]) -> None:
        self.at = match.start()
        self._end_word()
        self._end_statement()
        self.at = match.end()
        if self._stack:
            self._leave()

    def _leave(self) -> None:
        self._end_statement()
        frame = self._frame
        self._frame = self._stack.pop()
        value: Value
        kind = "value"
        if frame.opener == "@{":
            value = Mapping(frame.pairs)
        elif frame.opener == "@(":
            only = frame.pending[0] if len(frame.pending) == 1 else None
            value = only if isinstance(only, Items) else Items(frame.pending)
        elif frame.opener in {"(", "param("} and frame.glued:
            kind, value = "call", Items(frame.pending)
        elif frame.opener == "{" or len(frame.pending) != 1:
            value = self._unknown(frame.start, frame.start + 1)
            if frame.opener != "{":
                value = self._unknown(frame.start, max(self.at, frame.start + 1))
        else:
            value = frame.pending[0]
        self._push(Element(kind, frame.start, self.at, value))
        if kind == "value" and frame.opener == "{":
            # A block ends what it belongs to: `if (…) {…} az …` does not occur, `} else {` does.
            following = compiled(r"\s*+(?:else|elseif|catch|finally|while|until)\b|[ \t]*+[-|)}'\"`,;]")
            if not following.match(self.text, self.at):
                self._end_statement()

    # ---------------------------------------------------------------------------------------- statements

    def _end_statement(self) -> None:
        self._end_word()
        frame = self._frame
        parts, frame.parts = frame.parts, []
        if not parts:
            return
        at = next((at for at, part in enumerate(parts[:3]) if part.kind == "equals"), 0)
        if not at:
            value = self._pipeline(parts)
            if value is not None:
                frame.pending.append(value)
            return
        value = self._pipeline(parts[at + 1 :])
        target = parts[0]
        if value is None or target.value is None:
            return
        if frame.opener == "@{":
            if isinstance(target.value, Scalar):
                frame.pairs.append((target.value, value))
            return
        self._assign(target, parts[1] if parts[1].kind == "index" else None, value)

    def _assign(self, target: Element, index: Element | None, value: Value) -> None:
        name = self.text[target.start : target.end]
        match = compiled(_NAME).fullmatch(name)
        if match is not None and index is None:
            self._known[match["name"].lower()] = value
            return
        member: Scalar | None = None
        if match is not None and index is not None and isinstance(index.value, Scalar):
            member = index.value
        elif (match := compiled(_MEMBER).fullmatch(name)) is not None:
            member = self._slice(target.start + match.start("member"), target.start + match.end("member"))
        known = None if match is None else self._known.get(match["name"].lower())
        if isinstance(known, Mapping) and member is not None:
            known.entries.append((member, value))

    def _pipeline(self, parts: list[Element]) -> Value | None:
        """What a pipeline gives, as far as it is known; its commands are remembered."""
        value: Value | None = None
        first = 0
        stages: list[list[Element]] = []
        for at, part in enumerate(parts):
            if part.kind == "pipe":
                stages.append(parts[first:at])
                first = at + 1
        stages.append(parts[first:])
        for number, stage in enumerate(stages):
            if not stage:
                continue
            head = stage[0]
            if head.bare and isinstance(head.value, Scalar) and not _is_number(head.value.value):
                value = self._command(stage, value if number else None)
            elif number:
                value = None
            else:
                value = self._expression(stage)
        return value

    def _expression(self, parts: list[Element]) -> Value | None:
        values, at = self._operands(parts, 0)
        if at < len(parts) or not values:
            return self._format(values, parts)
        return values[0] if len(values) == 1 else Items(values)

    def _format(self, values: list[Value], parts: list[Element]) -> Value | None:
        """`'…{0}…' -f $x`; anything else that goes on is not known."""
        if len(values) == 1 and isinstance(values[0], Scalar):
            text = values[0]
            behind = next((part for part in parts[1:] if part.bare), None)
            if behind is not None and isinstance(behind.value, Scalar) and behind.value.value.lower() == "-f":
                slots = [Gap(*match.span(), match[0]) for match in compiled(_SLOT).finditer(text.value)]
                return text._replace(gaps=tuple(slots))
        if not parts:
            return None
        return self._unknown(parts[0].start, max(parts[-1].end, parts[0].start + 1))

    def _operands(self, parts: list[Element], at: int) -> tuple[list[Value], int]:
        """Values with commas between them; each may be a sum of texts."""
        values: list[Value] = []
        while at < len(parts):
            part = parts[at]
            if part.kind == "splat" or part.value is None:
                break
            value: Value = part.value
            sum_: list[Scalar] = [value] if isinstance(value, Scalar) else []
            at += 1
            while at < len(parts):
                here = parts[at]
                if here.kind in {"call", "index"} or (here.glued and here.kind == "value"):
                    # A method of the value, an index, or what is glued to it.
                    value = self._unknown(part.start, max(here.end, part.start + 1))
                    sum_ = [value]
                    at += 1
                    continue
                added = parts[at + 1].value if here.kind == "plus" and at + 1 < len(parts) else None
                if not sum_ or not isinstance(added, Scalar):
                    break
                sum_.append(added)
                at += 2
            if len(sum_) > 1:
                value = self._unknown(part.start, part.start + 1)
                if sum(len(summand.value) for summand in sum_) <= _LONGEST:
                    value = joined(sum_, self.source)._replace(quoted=True)
            values.append(value)
            if at < len(parts) and parts[at].kind == "comma":
                at += 1
            else:
                break
        return values, at

    def _command(self, parts: list[Element], piped: Value | None) -> Value | None:
        """Remember a command; what it gives, where it only passes on what it is given."""
        values: list[Value] = []
        splats: list[Mapping] = []
        at = 0
        while at < len(parts):
            part = parts[at]
            if part.kind == "splat":
                if isinstance(part.value, Mapping):
                    splats.append(part.value)
                at += 1
                continue
            if part.bare and isinstance(part.value, Scalar):
                # `--name=value` and `-Name:value` are glued to what follows.
                values.append(part.value)
                at += 1
                continue
            found, after = self._operands(parts, at)
            if after == at:
                at += 1
                continue
            values.append(found[0] if len(found) == 1 else Items(found))
            at = after
        scalars = [whole(value) if isinstance(value, Scalar) else Scalar(Text("")) for value in values]
        command = Command([_word(piped)] if isinstance(piped, Scalar) else None)
        command.words = [_word(scalar) for scalar in scalars]
        span = self.source.span(parts[0].start, max(parts[-1].end, parts[0].start + 1))
        self.calls.append(Call(values, splats, command, span))
        return self._result(parts, values, piped)

    def _result(self, parts: list[Element], values: list[Value], piped: Value | None) -> Value:
        head = values[0]
        name = head.value.lower() if isinstance(head, Scalar) else ""
        rest = [
            value for value in values[1:] if not (isinstance(value, Scalar) and value.value.startswith("-"))
        ]
        if name == "convertto-json":
            given = piped if piped is not None else next(iter(rest), None)
            if given is not None:
                return given
        if name == "convertto-securestring":
            given = piped if piped is not None else next(iter(rest), None)
            if isinstance(given, Scalar):
                return whole(given)
        if name == "new-object" and rest and isinstance(rest[0], Scalar):
            items = rest[-1]
            if rest[0].value.lower().endswith("pscredential") and isinstance(items, Items) and items.values:
                return items.values[-1]
        if name == "out-string" and piped is not None:
            return piped
        return self._unknown(parts[0].start, max(parts[-1].end, parts[0].start + 1))


def _word(scalar: Scalar) -> Word:
    known = whole(scalar)
    return Word(known.text, literal=not known.gaps, quoted=known.quoted, operator=False, inner=[])


def _is_number(text: str) -> bool:
    return text[:1].isdigit()
