"""Scripts of sh and cmd: their commands in order, with the values that variables have there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.script.value import Gap, Scalar, whole
from armlint.secrets.pattern import compiled
from armlint.secrets.shells import SUBSTITUTION, Cmd, Command, Sh, Word
from armlint.secrets.values import UNKNOWN

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from armlint.secrets.shells import Reader, Text

_DEPTH: Final = 6
_UNKNOWN: Final = f"{UNKNOWN}+"
_TOLD: Final = 400
# What may hold a call of its own when it stands in quotes or in a here-document.
_CALL: Final = r"\baz(?:\.cmd|\.exe)?[ \t]+[a-z]"
_ASSIGNMENT: Final = r"(?P<name>[A-Za-z_]\w{0,127}+)=(?P<value>[\s\S]*+)"
_DECLARING: Final = frozenset({"export", "local", "readonly", "declare", "typeset", "set", "env"})
_VARIABLE: Final = r"\$\{?(?P<sh>[A-Za-z_]\w*+)\}?|%(?P<cmd>[A-Za-z_]\w*+)%"


class _Sh(Sh):
    """The shell, with what a command prints as a part of the word that it stands in."""

    def _group(self, match: re.Match[str]) -> None:
        found = None
        if match[0] == "$(" and SUBSTITUTION not in self._closed:
            found = compiled(SUBSTITUTION).match(self.text, match.start())
            if found is None:
                self._closed.add(SUBSTITUTION)
        if found is None:
            super()._group(match)
            return
        self.at = found.end()
        self._unknown(found)
        self.bodies.append(self.source.part(found.start() + 2, found.end() - 1))

    def _tick(self, match: re.Match[str]) -> None:
        found = None if "`" in self._closed else compiled(r"`[^`]*+`").match(self.text, match.start())
        if found is None:
            self._closed.add("`")
            self._plain(match)
        else:
            self.at = found.end()
            self._unknown(found)
            self.bodies.append(self.source.part(found.start() + 1, found.end() - 1))


class Line(NamedTuple):
    """A command: its words as Azure's tools see them, and as the search for passwords wants them.

    `span` is its place in the file.
    """

    scalars: list[Scalar]
    command: Command
    span: tuple[int, int]


def read(source: Text, original: str, *, batch: bool) -> Iterator[Line]:
    """The commands of a script, those within others too, with variables put in where they are known.

    `original` is the file's text, in which nothing is masked; `batch` says that cmd reads the script.
    """
    yield from _Script(original, batch=batch).read(source, 0)


def word_of(scalar: Scalar) -> Word:
    """A text as the search for passwords wants it."""
    return Word(scalar.text, literal=not scalar.gaps, quoted=scalar.quoted, operator=False, inner=[])


class _Script:
    def __init__(self, original: str, *, batch: bool) -> None:
        self._original = original
        self._batch = batch
        self._known: dict[str, Scalar] = {}

    def read(self, source: Text, depth: int) -> Iterator[Line]:
        reader: Reader = (Cmd if self._batch else _Sh)(source).read()
        inner: list[Text] = []
        for command in reader.commands:
            yield self._line(command)
            if depth < _DEPTH:
                inner += [part for word in command.words for part in word.inner]
        if depth < _DEPTH:
            for part in (*inner, *reader.bodies):
                if compiled(_CALL).search(part.text):
                    yield from self.read(part, depth + 1)

    def _line(self, command: Command) -> Line:
        # A command has a word, or it is none.
        scalars = [self._scalar(word) for word in command.words]
        self._assign(scalars)
        copy = Command(command.piped)
        copy.words = [
            word if whole(scalar) is scalar else word_of(whole(scalar))
            for word, scalar in zip(command.words, scalars, strict=True)
        ]
        first, last = scalars[0].span, scalars[-1].span
        return Line(scalars, copy, (first[0], max(last[1], first[1])))

    def _scalar(self, word: Word) -> Scalar:
        value = word.value
        gaps = [
            Gap(start, end, value[start:end][:_TOLD], self._variable(value[start:end]))
            for start, end in word.gaps
            if start < end
        ]
        if UNKNOWN in value:
            for match in compiled(_UNKNOWN).finditer(value):
                start, end = word.text.span(*match.span())
                gaps.append(Gap(*match.span(), self._original[start:end][:_TOLD]))
            gaps.sort(key=lambda gap: gap.start)
        if not word.literal and not gaps:
            gaps = [Gap(0, len(value), "")]
        return Scalar(word.text, tuple(gaps), word.quoted)

    def _variable(self, told: str) -> Scalar | None:
        match = compiled(_VARIABLE).fullmatch(told)
        return None if match is None else self._known.get((match["sh"] or match["cmd"]).lower())

    def _assign(self, scalars: list[Scalar]) -> None:
        """Remember what variables are set to before a command."""
        for at, scalar in enumerate(scalars):
            match = compiled(_ASSIGNMENT).fullmatch(scalar.value)
            if match is not None:
                part = scalar.part(match.start("value"), len(scalar.value))
                self._known[match["name"].lower()] = whole(part._replace(quoted=True))
            elif at or scalar.value.lower() not in _DECLARING:
                return
