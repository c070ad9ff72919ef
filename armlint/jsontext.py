"""JSON texts, read with the place of everything in them, whatever is wrong with them.

`read` turns any text into a `Document`: a tree of `Node`s in which every value and every key
knows its span in the text, the comments, and the `Problem`s, in order. It raises on no text, and
its time and memory are linear in the text's length. Every text that `json.loads(strict=False)`
accepts (up to 200 levels deep) reads to the same values and has no error; what is wrong in
others is told once, at its place, and everything else is still read.

The reader has two gears. `_Reader._regular` takes what a well-formed template consists of, one
whole member or item (key, colon, value, comma) for each match of one regular expression. Whatever
that does not match, or matches where it does not belong, goes to `_Reader._irregular`, which takes
one token, knows every way to go wrong, and hands back to the first gear.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import StrEnum
from json import JSONDecoder
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from armlint.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH: Final = 200
"""So many containers may stand within one another; what is deeper is not read."""

MAX_PROBLEMS: Final = 100
"""So many errors are listed for a text."""

MAX_REMARKS: Final = 1000
"""So many duplicates, and so many leniencies, are listed for a text."""

Scalar = str | int | float | bool | None


class Kind(StrEnum):
    """What a `Problem` is about. All are syntax errors but the last six."""

    EMPTY = "empty"
    MISSING_COMMA = "missing-comma"
    MISSING_COLON = "missing-colon"
    MISSING_KEY = "missing-key"
    MISSING_VALUE = "missing-value"
    MISSING_OPENER = "missing-opener"
    EXTRA_COMMA = "extra-comma"
    STRAY_CLOSER = "stray-closer"
    UNCLOSED = "unclosed"
    UNCLOSED_STRING = "unclosed-string"
    UNCLOSED_COMMENT = "unclosed-comment"
    UNEXPECTED = "unexpected"
    UNQUOTED_KEY = "unquoted-key"
    WRONG_QUOTES = "wrong-quotes"
    BAD_ESCAPE = "bad-escape"
    BAD_NUMBER = "bad-number"
    TRAILING_TEXT = "trailing-text"
    TOO_DEEP = "too-deep"
    DUPLICATE_KEY = "duplicate-key"
    DUPLICATE_KEY_CASE = "duplicate-key-case"
    COMMENT = "comment"
    TRAILING_COMMA = "trailing-comma"
    RAW_CONTROL = "raw-control"
    NAN = "nan"


DUPLICATES: Final = frozenset({Kind.DUPLICATE_KEY, Kind.DUPLICATE_KEY_CASE})
"""The kinds of problem that say: a name stands twice in an object."""

LENIENT: Final = frozenset({Kind.COMMENT, Kind.TRAILING_COMMA, Kind.RAW_CONTROL, Kind.NAN})
"""The kinds of problem that say: some readers take this, JSON does not have it."""

ERRORS: Final = frozenset(Kind) - DUPLICATES - LENIENT
"""The kinds of problem that say: this is not JSON."""


def is_error(kind: str) -> bool:
    """Whether problems of this kind are syntax errors, neither duplicates nor leniencies."""
    return kind in ERRORS


class Problem(NamedTuple):
    """Something to say about a text.

    `kind` is a value of `Kind`; `span` is in code points of the text and may be empty, where
    something is missing; `message` is a sentence without its full stop; `related` is a second
    place that explains the first, such as the first definition of a duplicate key.
    """

    kind: str
    span: Span
    message: str
    related: Span | None = None


class Comment(NamedTuple):
    """A comment: its span in code points, and its text as written, `//` or `/*` and `*/` included."""

    start: int
    end: int
    text: str


class _Text:
    """What nodes and members have in common: a span, and characters that may be written as escapes."""

    __slots__ = ("_steps", "end", "raw", "start")

    start: int
    """Offset of the first character, in code points; for strings and keys the quote."""
    end: int
    """Offset after the last character."""
    raw: str | None
    """A string's text between the quotes, as written, where it holds a backslash; else None."""
    _steps: tuple[list[int], list[int]]

    @property
    def span(self) -> Span:
        """The range of the text, quotes or brackets included."""
        return Span(self.start, self.end)

    def _length(self) -> int:
        """How many characters the decoded text has."""
        raise NotImplementedError

    def offset(self, index: int) -> int:
        """The offset in the file of character `index` of the decoded text.

        `index` counts code points, from 0 to the length of the text, which gives the place of the
        closing quote; outside of this range it is clipped. Other nodes than strings count from
        their start.
        """
        length = self._length()
        index = min(max(index, 0), length)
        if self.raw is None:
            # Without a quote are keys that nobody quoted, and other nodes than strings.
            return self.start + (self.end - self.start > length) + index
        try:
            decoded, written = self._steps
        except AttributeError:
            decoded, written = self._steps = _steps(self.raw)
        step = bisect_right(decoded, index) - 1
        return self.start + 1 + written[step] + index - decoded[step]

    def span_of(self, start: int, end: int) -> Span:
        """The range in the file of the half-open range `start` to `end` of the decoded text."""
        return Span(self.offset(start), self.offset(end))


class Node(_Text):
    """A value in a text: what it is, where it stands, what is in it and around it.

    `kind` is "object", "array", "string", "number", "boolean", "null", or "invalid" where
    something unreadable, or nothing, stood in the place of a value. Only `read` makes nodes;
    treat them as immutable.
    """

    # Without __init__: filling in the slots of an empty node costs a third of passing arguments.
    __slots__ = ("_lookup", "items", "key", "kind", "member", "members", "parent", "value")

    kind: str
    value: Scalar
    """What a scalar means; None for objects, arrays and what is invalid."""
    members: list[Member]
    """All members of an object in order, duplicates included; empty for others."""
    items: list[Node]
    """The items of an array in order; empty for others."""
    parent: Node | None
    """The object or array around this node; None for the root."""
    key: str | int | None
    """The name of the member or the index of the item that this node is; None for the root."""
    member: Member | None
    """The member that holds this node; None for the root and for items of arrays."""
    _lookup: dict[str, Member]

    def __repr__(self) -> str:
        """The kind, the place in the tree and the place in the text; never the value."""
        return f"<{self.kind} {self.pointer or '/'} {self.start}:{self.end}>"

    def _length(self) -> int:
        return len(self.value) if isinstance(self.value, str) else self.end - self.start

    def member_named(self, name: str) -> Member | None:
        """The last member of that name, in upper or lower case; None if there is none."""
        try:
            lookup = self._lookup
        except AttributeError:
            lookup = self._lookup = {member.name.lower(): member for member in self.members}
        return lookup.get(name.lower())

    def get(self, name: str) -> Node | None:
        """The value of the last member of that name, in upper or lower case; None if there is none."""
        # As in `member_named`, without a call: much of what is known of a template is asked for here.
        try:
            member = self._lookup.get(name.lower())
        except AttributeError:
            member = self.member_named(name)
        return None if member is None else member.value

    def at(self, *path: str | int) -> Node | None:
        """The node that names (ignoring case) and indices lead to from here; None if they lead nowhere."""
        node: Node | None = self
        for step in path:
            if node is None:
                break
            if isinstance(step, str):
                node = node.get(step)
            else:
                node = node.items[step] if 0 <= step < len(node.items) else None
        return node

    @property
    def pointer(self) -> str:
        """The JSON Pointer (RFC 6901) of this node: empty for the root."""
        keys = []
        node: Node | None = self
        while node is not None:
            if node.key is not None:
                keys.append(str(node.key).replace("~", "~0").replace("/", "~1"))
            node = node.parent
        return "".join(f"/{key}" for key in reversed(keys))

    def plain(self) -> object:
        """The value as `json.loads` gives it: the last of duplicate keys wins, None for what is invalid."""
        top: list[object] = []
        # Pairs of a list or dict to be filled, and the nodes to fill it with, by key or index.
        open_: list[tuple[Any, list[Node]]] = [(top, [self])]
        while open_:
            into, nodes = open_.pop()
            for node in nodes:
                value: Any = node.value
                if node.kind == "object":
                    value = {}
                    open_.append((value, [member.value for member in node.members]))
                elif node.kind == "array":
                    value = []
                    open_.append((value, node.items))
                if isinstance(into, dict):
                    into[node.key] = value
                else:
                    into.append(value)
        return top[0]

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in the order of the text."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            if node.members:
                stack += [member.value for member in reversed(node.members)]
            elif node.items:
                stack += reversed(node.items)


class Member(_Text):
    """A key of an object with its value; the span is the key's. `read` makes them, like nodes."""

    __slots__ = ("name", "value")

    name: str
    """The key's text, decoded."""
    value: Node

    def __repr__(self) -> str:
        """The key and its place in the text."""
        return f"<member {self.name!r} {self.start}:{self.end}>"

    def _length(self) -> int:
        return len(self.name)


class Document:
    """A text that was read.

    `root` is None where the text holds no value at all; `problems` stand in the order of the
    text; `comments` are all of them.
    """

    __slots__ = ("comments", "problems", "root", "source")

    def __init__(
        self, source: Source, root: Node | None, problems: list[Problem], comments: list[Comment]
    ) -> None:
        self.source = source
        self.root = root
        self.problems = problems
        self.comments = comments

    @property
    def errors(self) -> list[Problem]:
        """The syntax errors among the problems."""
        return [problem for problem in self.problems if problem.kind in ERRORS]


def read(source: Source) -> Document:
    """Read any text. Never raises; see the module for what comes out."""
    return _Reader(source).read()


# What a well-formed text consists of: a key with its colon, if any; a value, or the bracket that
# opens or closes one; the comma after it, if any. Nothing at all where the text is less regular.
# A colon must not follow, or the "value" is a key in truth.
_REGULAR: Final = re.compile(
    r"""
    [ \t\r\n]*+
    (?:
        (?: "( [^"\\\x00-\x1f]*+ )" [ \t\r\n]*+ : [ \t\r\n]*+ )?
        (   "[^"\\\x00-\x1f]*+ (?: \\[^\x00-\x1f] [^"\\\x00-\x1f]*+ )*+"
        |   [{}\[\]]
        |   (?: true | false | null | -?(?: 0 | [1-9][0-9]{0,17}+ ) ) (?! [^ \t\r\n,}\]] )
        )
        [ \t\r\n]*+ (,?+) (?!:)
    |)
    """,
    re.VERBOSE,
)

# Any token at all, or none at the end of the text. White space of Unicode that JSON does not know
# is "blank"; curly quotes come from word processors.
_TOKEN: Final = re.compile(
    r"""
    [ \t\r\n]*+
    (?:
        (?P<mark> [{}\[\]:,] )
    |   (?P<string> " )
    |   (?P<comment> /[/*] )
    |   (?P<quoted> '[^'\\\r\n]*+ (?: \\[^\r\n] [^'\\\r\n]*+ )*+' | [“”„][^“”"\r\n]*+[“”] )
    |   (?P<blank> [\s\ufeff\u200b\u2060]++ )
    |   (?P<word> (?: [^\s\ufeff\u200b\u2060{}\[\]:,"/] | /(?![/*]) )++ )
    )?+
    """,
    re.VERBOSE,
)

_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_STRING_ON_LINE: Final = re.compile(r'"[^"\\\r\n]*+(?:\\[^\r\n][^"\\\r\n]*+)*+"')
_LINE: Final = re.compile(r"[^\r\n]*+")
_LINE_END: Final = re.compile(r"[\r\n]")
_CONTROL: Final = re.compile(r"[\x00-\x1f]")
_ESCAPE: Final = re.compile(
    r"\\(?: u([dD][89abAB][0-9a-fA-F]{2}) \\u([dD][c-fC-F][0-9a-fA-F]{2}) | u([0-9a-fA-F]{4}) | (.) )",
    re.VERBOSE | re.DOTALL,
)
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?+[0-9]++)?+")
_NEARLY_NUMBER: Final = re.compile(
    r"[-+]?+(?:(?P<hexadecimal>0[xX][0-9a-fA-F]++)|(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?:[eE][-+]?+[0-9]++)?+)"
)

# What may follow a string of several lines, if its closing quote is its own.
_AFTER_STRING: Final = re.compile(r'[ \t\r\n]*+(?:[,:\]}"/]|\Z)')
# The colon that makes a key of a string.
_COLON: Final = re.compile(r"[ \t\r\n]*+:")
# A key without its closing quote, up to the colon.
_OPEN_KEY: Final = re.compile(r'"[^"\\\r\n:]++(?=:)')
# What makes a key of a word: a colon (but not that of http://), maybe after a quote without an opening one.
_WORD_COLON: Final = re.compile(r'("?+)[ \t\r\n]*+:(?!//)')
# What follows a closing bracket: the next member, the next item, a closing bracket, the end.
_FOLLOWING: Final = re.compile(
    r"""
    [ \t\r\n]*+
    (?: , [ \t\r\n]*+ (?: (?P<member> "[^"\r\n]*+" [ \t\r\n]*+ : ) | (?P<item> [^ \t\r\n] ) )
    |   (?P<brace> \} )
    |   (?P<bracket> \] )
    |   (?P<end> \Z )
    )?+
    """,
    re.VERBOSE,
)

# The kinds of container that what follows belongs into.
_FITS: Final = {"member": "object", "brace": "object", "item": "array", "bracket": "array"}

_NO_COMMA: Final = "a comma is missing after this value"
_BLANK: Final = " \t\r\n"
_decode: Final = JSONDecoder(strict=False).raw_decode
_LITERALS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_NOT_FINITE: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_ESCAPED: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "/": "/"}
_CLOSER: Final = {"object": "}", "array": "]"}
_OPENER: Final = {"object": "{", "array": "["}

# Shared by all nodes that have no members or no items.
_NOTHING: Final[Any] = ()
_NO_NAMES: Final[dict[str, Member]] = {}

# What a reader waits for in a container: its first item, the next one, or what follows an item.
_FRESH: Final = 0
_COMMA: Final = 1
_VALUE: Final = 2

# Errors that a missing quote in a line above can cause.
_QUOTE_ERRORS: Final = frozenset(
    {
        Kind.MISSING_COMMA,
        Kind.MISSING_COLON,
        Kind.MISSING_KEY,
        Kind.MISSING_VALUE,
        Kind.MISSING_OPENER,
        Kind.EXTRA_COMMA,
        Kind.STRAY_CLOSER,
        Kind.UNCLOSED_STRING,
        Kind.UNEXPECTED,
        Kind.UNQUOTED_KEY,
        Kind.TRAILING_TEXT,
    }
)


def _steps(raw: str) -> tuple[list[int], list[int]]:
    """Where the decoded and the written text part: their offsets after each escape, from (0, 0) on."""
    decoded, written = [0], [0]
    for match in _ESCAPE.finditer(raw):
        decoded.append(decoded[-1] + match.start() - written[-1] + 1)
        written.append(match.end())
    return decoded, written


def _unescaped(match: re.Match[str]) -> str:
    """The character that a match of `_ESCAPE` means; for an unknown escape what follows the backslash."""
    high, low, unit, char = match.groups()
    if char is not None:
        return _ESCAPED.get(char, char)
    if unit is not None:
        return chr(int(unit, 16))
    return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)


def _shown(text: str, length: int) -> str:
    """A text in quotes for a message: not more than `length` of its characters, all of them visible."""
    clipped = text if len(text) <= length else text[:length] + "…"
    if not clipped.isprintable():
        clipped = "".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in clipped)
    return f'"{clipped}"'


def _node(kind: str, start: int, end: int, value: Scalar = None, raw: str | None = None) -> Node:
    """A node that is not yet in its place."""
    node = Node()
    node.kind = kind
    node.start = start
    node.end = end
    node.value = value
    node.raw = raw
    node.members = [] if kind == "object" else _NOTHING
    node.items = [] if kind == "array" else _NOTHING
    node.parent = node.key = node.member = None
    return node


def _number(word: str) -> tuple[int | float, str] | None:
    """What a word means as a number, and what is wrong with it, if anything; None if it is none."""
    nearly = _NEARLY_NUMBER.fullmatch(word)
    if nearly is None:
        return None
    if nearly["hexadecimal"]:
        return int(word, 16), "JSON has no hexadecimal numbers"
    digits = word.lstrip("+-")
    wrong = ""
    value: int | float
    try:
        value = int(word) if digits.isdigit() else float(word)
    except ValueError:
        # Python turns no more than 4300 digits into an integer, for that takes quadratic time.
        value = float(word)
        wrong = "the number has too many digits"
    if word.startswith("+"):
        wrong = "a number has no plus sign in JSON"
    elif digits.startswith("0") and digits[1:2].isdigit():
        wrong = "a number does not start with zeros in JSON"
    elif not _NUMBER.fullmatch(word):
        wrong = "a number has digits on both sides of its decimal point in JSON"
    return value, wrong


def _listed(problems: list[Problem], limit: int, rest: str) -> list[Problem]:
    """The problems in order, not more than `limit`; the last says that the `rest` is not listed."""
    listed = sorted(problems[:limit], key=lambda problem: problem.span)
    if len(problems) > limit:
        last = listed[-1]
        listed[-1] = last._replace(message=f"{last.message}; {rest} are not listed")
    return listed


class _Reader:
    """The state of reading one text: the open containers, and what is waited for in the innermost."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.comments: list[Comment] = []
        self.errors: list[Problem] = []
        self.remarks: list[Problem] = []
        self.duplicates: list[Problem] = []

        self.root: Node | None = None
        # The innermost open container, how many are open, how many of these are arrays.
        self.container: Node | None = None
        self.depth = 0
        self.arrays = 0
        # What is waited for in it; where its last comma stands, if the state is _COMMA.
        self.state = _FRESH
        self.comma = 0
        # The member that has no value yet, and whether its colon was there.
        self.pending: Member | None = None
        self.colon = False

        # Where the last token ended, comments not counted.
        self.last = 0
        # The latest run of tokens that make no sense: its end, its error, the node in its place.
        self.junk_end = -1
        self.junk_error: int | None = None
        self.junk_node: Node | None = None
        # Where the latest string that was never closed ended: it took the rest of its line along.
        self.lost = -1
        # Before this offset, strings end on their line (see `_string_end`).
        self.one_line_until = 0
        # The start of a string that ran over several lines, if it was just read.
        self.multiline: int | None = None
        # True once: no "*/" is left in the text; too deep a bracket was reported; the text ended
        # within too deep a bracket; the root was opened again after its closing bracket.
        self.no_comment_end = False
        self.too_deep = False
        self.cut = False
        self.reopened = False

    def read(self) -> Document:
        """Read the whole text."""
        position = 0
        size = len(self.text)
        while position < size:
            if self.container is not None and self.pending is None:
                position = self._regular(position)
            position = self._irregular(position)
        self._finish()
        problems = [
            *_listed(self.errors, MAX_PROBLEMS, "further errors"),
            *_listed(self.remarks, MAX_REMARKS, "further places"),
            *_listed(list(dict.fromkeys(self.duplicates)), MAX_REMARKS, "further duplicates"),
        ]
        problems.sort(key=lambda problem: problem.span)
        return Document(self.source, self.root, problems, self.comments)

    # The first gear ------------------------------------------------------------------------------

    def _regular(self, position: int) -> int:  # noqa: C901, PLR0912, PLR0915 - calls would cost a third
        """Read on within a container as long as all is well; the offset where that ends.

        Nothing is done with a match before it is known to be in its place.
        """
        container = self.container
        assert container is not None
        state = self.state
        depth = self.depth
        members = container.members
        items = container.items
        in_object = container.kind == "object"
        for match in _REGULAR.finditer(self.text, position):
            key, token, comma = match.groups()
            if token is None:
                break
            start, end = match.span(2)
            first = token[0]
            if first in "}]":
                parent = container.parent
                if key is not None or state == _COMMA or (first == "}") is not in_object:
                    break
                if parent is None and comma:
                    break
                container.end = end
                if not in_object:
                    self.arrays -= 1
                else:
                    lookup = {member.name.lower(): member for member in members}
                    if len(lookup) < len(members):
                        self._duplicates(members)
                    # The root may be opened again.
                    if parent is not None:
                        container._lookup = lookup  # noqa: SLF001 - nodes have no maker but this
                depth -= 1
                state = _COMMA if comma else _VALUE
                container = parent
                if container is None:
                    break
                members = container.members
                items = container.items
                in_object = container.kind == "object"
                continue

            if state == _VALUE or (key is None) is in_object:
                break
            value: Scalar = None
            raw = None
            below: list[Member] = _NOTHING
            within: list[Node] = _NOTHING
            if first == '"':
                kind = "string"
                if "\\" in token:
                    try:
                        value = _decode(token)[0]
                    except ValueError:
                        break
                    raw = token[1:-1]
                else:
                    value = token[1:-1]
            elif first in "{[":
                if comma or depth == MAX_DEPTH:
                    break
                depth += 1
                if first == "{":
                    kind = "object"
                    below = []
                else:
                    kind = "array"
                    within = []
                    self.arrays += 1
            elif token in _LITERALS:
                value = _LITERALS[token]
                kind = "null" if value is None else "boolean"
            else:
                value = int(token)
                kind = "number"

            node = Node()
            node.kind = kind
            node.start = start
            node.end = end
            node.value = value
            node.raw = raw
            node.members = below
            node.items = within
            node.parent = container
            if key is None:
                node.member = None
                node.key = len(items)
                items.append(node)
            else:
                node.key = key
                start = match.start(1)
                node.member = member = Member()
                member.name = key
                member.start = start - 1
                member.end = start + len(key) + 1
                member.raw = None
                member.value = node
                members.append(member)
            if first != "{":
                node._lookup = _NO_NAMES  # noqa: SLF001
            if first in "{[":
                container = node
                members = below
                items = within
                in_object = first == "{"
                state = _FRESH
            else:
                state = _COMMA if comma else _VALUE

        self.container = container
        self.state = state
        self.depth = depth
        here = end if container is None else match.start()
        if here > position:
            self.comma = here - 1
            self.multiline = None
            last = here
            while self.text[last - 1] in _BLANK:
                last -= 1
            self.last = last
        return here

    # The second gear -----------------------------------------------------------------------------

    def _irregular(self, position: int) -> int:
        """Read one token, whatever it is and wherever it stands; the offset of its end."""
        match = _TOKEN.match(self.text, position)
        kind = match.lastgroup if match else None
        if match is None or kind is None:
            return len(self.text)
        start, end = match.span(kind)
        if kind == "comment":
            return self._comment(start)
        if kind == "blank":
            char = f"U+{ord(self.text[start]):04X}"
            self._error(Kind.UNEXPECTED, start, end, f"the invisible character {char} is not a blank in JSON")
            return end
        if self.container is None and self.root is not None and self.root.kind != "invalid":
            self.last = self._after_root(kind, start)
        elif kind == "mark":
            self.last = self._mark(start)
        elif kind == "string":
            end, closed = self._string_end(start)
            self.last = self._string(start, end, closed=closed)
        elif kind == "quoted":
            self.last = self._string(start, end, closed=True)
        else:
            self.last = self._word(start, end)
        return self.last

    def _mark(self, start: int) -> int:
        """Read a bracket, a colon or a comma; its end, or the end of what it opens if that is skipped."""
        mark = self.text[start]
        if mark in "{[":
            return self._open(start)
        if mark in "}]":
            self._close(start)
        elif mark == ":":
            if self.pending is not None and not self.colon:
                self.colon = True
            else:
                self._junk(start, start + 1, as_value=False)
        elif self.container is None:
            self._junk(start, start + 1, as_value=False)
        elif self.pending is not None or self.state == _VALUE or self.last == self.junk_end:
            self._missing_value()
            self.state = _COMMA
            self.comma = start
        else:
            self._error(Kind.EXTRA_COMMA, start, start + 1, "nothing stands before this comma")
        return start + 1

    def _comment(self, start: int) -> int:
        """Read a comment; its end. One that is never closed ends with its line."""
        text = self.text
        closed = text[start + 1] == "/"
        end = text.find("*/", start + 2) if not closed and not self.no_comment_end else -1
        if end >= 0:
            closed = True
            end += 2
        else:
            self.no_comment_end = self.no_comment_end or not closed
            line = _LINE.match(text, start)
            end = line.end() if line else start
        if closed:
            self._remark(Kind.COMMENT, start, end, "comments are not part of JSON")
        else:
            self._error(Kind.UNCLOSED_COMMENT, start, start + 2, "the comment is never closed")
        self.comments.append(Comment(start, end, text[start:end]))
        return end

    def _string_end(self, start: int) -> tuple[int, bool]:
        """Where the string that starts here ends, and whether it is closed.

        A string may run over several lines, as templates know it, unless a closing quote never
        comes or what follows it makes no sense: then the quote was another string's, and this
        one ends on its line, before a comma there. From then on, up to where that search has
        come, strings end on their lines, or the search would go over the same text again and again.
        """
        text = self.text
        if start >= self.one_line_until:
            match = _STRING.match(text, start)
            if match is None:
                self.one_line_until = len(text)
            else:
                end = match.end()
                if not _LINE_END.search(text, start, end) or _AFTER_STRING.match(text, end):
                    return end, True
                self.one_line_until = end
        match = _STRING_ON_LINE.match(text, start)
        if match is not None:
            return match.end(), True
        line = _LINE.match(text, start)
        assert line is not None
        content = line[0].rstrip()
        return start + len(content.removesuffix(",").rstrip()), False

    def _without_value(self, start: int, end: int, *, closed: bool) -> tuple[int, bool]:
        """The end of a key, and whether it is closed, given what was taken for it and has no colon.

        `"key: 1` and `"key: "value"` lack a closing quote before their colon.
        """
        key = _OPEN_KEY.match(self.text, start)
        if key is None or (closed and self.text[start + 1 : end - 1].rstrip()[-1:] != ":"):
            return end, closed
        return start + len(key[0].rstrip()), False

    def _string(self, start: int, end: int, *, closed: bool) -> int:
        """Read a string in any quotes as the key or value that it is; its end."""
        container = self.container
        is_key = container is not None and closed and _COLON.match(self.text, end) is not None
        if is_key and container is not None and container.kind == "array":
            is_key = self._imply_object(start)
        in_object = is_key or (container is not None and container.kind == "object")
        if in_object and not is_key and self.pending is None:
            end, closed = self._without_value(start, end, closed=closed)
        follows_value = in_object and self.pending is None and self.state == _VALUE
        if not is_key and (start == self.last == self.junk_end or (follows_value and closed)):
            self._junk(start, end, as_value=False)
            if not closed:
                self.lost = end
        elif is_key or (in_object and self.pending is None):
            name, raw = self._characters(start, end, closed=closed)
            self._key(name, start, end, raw)
        else:
            # The place first: what it says about a missing comma comes before what is in the string.
            node = _node("string", start, end)
            self._place(node)
            node.value, node.raw = self._characters(start, end, closed=closed)
        return end

    def _characters(self, start: int, end: int, *, closed: bool) -> tuple[str, str | None]:
        """The decoded text of a string, and the written one if it holds a backslash; tells what is wrong."""
        text = self.text
        inner = text[start + 1 : end - closed]
        standard = text[start] == '"'
        if not standard:
            self._error(Kind.WRONG_QUOTES, start, end, "a string must stand in double quotes")
        elif not closed:
            message = "the string has no closing quote on its line"
            self._error(Kind.UNCLOSED_STRING, start, start + 1, message)
            self.lost = end
        elif control := _CONTROL.search(inner):
            at = start + 1 + control.start()
            what = {"\n": r"line break (\n)", "\r": r"line break (\r\n)", "\t": r"tab (\t)"}.get(control[0])
            message = f"a {what or 'control character'} in a string must be written as an escape"
            self._remark(Kind.RAW_CONTROL, at, at + 1, message)
        if "\\" not in inner:
            value, raw = inner, None
        else:
            raw = inner
            self._bad_escapes(inner, start + 1, standard=standard)
            value = _ESCAPE.sub(_unescaped, inner)
        if closed and _LINE_END.search(inner):
            self.multiline = start
        return value, raw

    def _bad_escapes(self, inner: str, offset: int, *, standard: bool) -> None:
        """Report the escapes that JSON does not know in the text between quotes, which starts at `offset`."""
        for match in _ESCAPE.finditer(inner):
            char = match[4]
            if char is None or char in _ESCAPED or (char == "'" and not standard):
                continue
            if char == "u":
                message = r'"\u" needs four hexadecimal digits'
            else:
                shown = _shown(match[0], 2) if char.isprintable() else f"a backslash before U+{ord(char):04X}"
                message = rf'{shown} is not an escape of JSON; a backslash itself is written "\\"'
            self._error(Kind.BAD_ESCAPE, offset + match.start(), offset + match.end(), message)

    def _word(self, start: int, end: int) -> int:
        """Read what is neither string nor bracket: a literal, a number, a key without quotes, or junk."""
        text = self.text
        word = text[start:end]
        if self.container is not None and self.container.kind == "object":
            joined = start == self.last == self.junk_end
            colon = None if joined else _WORD_COLON.match(text, end)
            if colon is not None and (self.pending is None or not colon[1]):
                self._error(Kind.UNQUOTED_KEY, start, end, "a name must stand in double quotes")
                self._key(word, start, end, None)
                return colon.end(1)
            if self.pending is None:
                self._junk(start, end, as_value=False)
                return end
        if start == self.last and self.state == _VALUE and self.pending is None:
            # "text"123 is no string with a number after it.
            self._junk(start, end, as_value=False)
            return end
        if word in _LITERALS:
            value: Scalar = _LITERALS[word]
            self._place(_node("null" if value is None else "boolean", start, end, value))
        elif word in _NOT_FINITE:
            self._place(_node("number", start, end, _NOT_FINITE[word]))
            self._remark(Kind.NAN, start, end, f"JSON has no {word}")
        elif number := _number(word):
            self._place(_node("number", start, end, number[0]))
            if number[1]:
                self._error(Kind.BAD_NUMBER, start, end, number[1])
        else:
            self._junk(start, end, as_value=True)
        return end

    def _open(self, start: int) -> int:
        """Read an opening bracket; its end, or that of all it holds if it stands too deep."""
        node = _node("object" if self.text[start] == "{" else "array", start, start + 1)
        if self.depth == MAX_DEPTH:
            node = _node("invalid", start, start + 1)
            self._place(node)
            if not self.too_deep:
                self._error(Kind.TOO_DEEP, start, start + 1, f"nested more than {MAX_DEPTH} deep")
            self.too_deep = True
            node.end = self._skip(start)
            return node.end
        self._place(node)
        self.container = node
        self.depth += 1
        self.arrays += node.kind == "array"
        self.state = _FRESH
        return start + 1

    def _imply_object(self, start: int) -> bool:
        """Open an object whose bracket is missing before its first key, in an array; whether it may be."""
        if self.depth == MAX_DEPTH:
            return False
        node = _node("object", start, start)
        self._place(node)
        self._error(Kind.MISSING_OPENER, start, start, '"{" is missing before this member')
        self.container = node
        self.depth += 1
        self.state = _FRESH
        return True

    def _close_implied(self) -> None:
        """Close the innermost container if it is an object without an opening bracket: that was told."""
        container = self.container
        if container is not None and container.kind == "object" and self.text[container.start] != "{":
            self._pop(self.last)

    def _skip(self, position: int) -> int:
        """The end of what the bracket at `position` opens, or of the text."""
        depth = 0
        while True:
            match = _TOKEN.match(self.text, position)
            kind = match.lastgroup if match else None
            if match is None or kind is None:
                self.cut = True
                return len(self.text)
            start, position = match.span(kind)
            if kind == "string":
                position, _ = self._string_end(start)
            elif kind == "comment":
                position = self._comment(start)
            elif kind == "mark":
                mark = self.text[start]
                depth += (mark in "{[") - (mark in "}]")
                if depth == 0:
                    return position

    def _close(self, start: int) -> None:
        """Read a closing bracket."""
        self._missing_value()
        closer = self.text[start]
        if closer == "]":
            self._close_implied()
        container = self.container
        if container is None:
            self._error(Kind.STRAY_CLOSER, start, start + 1, f'"{closer}" closes nothing')
            return
        expected = _CLOSER[container.kind]
        if closer == expected:
            if self.state == _COMMA:
                message = f'the comma before "{closer}" is not part of JSON'
                self._remark(Kind.TRAILING_COMMA, self.comma, self.comma + 1, message)
            self._pop(start + 1)
            return
        around = self.depth - self.arrays if closer == "}" else self.arrays
        if not around and (self.depth > 1 or self._following(start + 1) != "end"):
            opener = Span(container.start, container.start + 1)
            message = f'"{closer}" closes nothing; "{expected}" would close what is open here'
            self._error(Kind.STRAY_CLOSER, start, start + 1, message, opener)
        elif not around or self._is_slip(container, start + 1):
            self._unclosed(1, f'; "{closer}" stands where "{expected}" belongs', start)
            self._pop(start + 1)
        else:
            count = 0
            while container is not None and _CLOSER[container.kind] != closer:
                container = container.parent
                count += 1
            self._unclosed(count, f' before "{closer}"', start)
            for _ in range(count):
                self._pop(self.last)
            self._pop(start + 1)

    def _is_slip(self, container: Node, position: int) -> bool:
        """Whether a closing bracket of the wrong shape was meant for `container`; `position` is its end.

        Else it closes the container around, and the one of `container` is missing. What follows
        tells: it would have to fit one or the other.
        """
        around = container.parent
        if around is None or around.kind == container.kind:
            return False
        fits = _FITS.get(self._following(position))
        beyond = around.parent
        return fits == around.kind and (beyond is None or fits != beyond.kind)

    def _following(self, position: int) -> str:
        """What follows a closing bracket that ends at `position`: the name of a group of `_FOLLOWING`."""
        match = _FOLLOWING.match(self.text, position)
        return (match and match.lastgroup) or ""

    def _after_root(self, kind: str, start: int) -> int:
        """Read on behind the root, where nothing belongs; the offset to go on from."""
        text = self.text
        root = self.root
        assert root is not None
        if kind == "mark" and text[start] in "}]":
            self._close(start)
            return start + 1
        if root.kind == "object" and not self.reopened and self._following(start) == "member":
            self.reopened = True
            message = '"}" closes the whole object, yet members follow'
            self._error(Kind.STRAY_CLOSER, root.end - 1, root.end, message)
            self.container = root
            self.depth = 1
            self.state = _COMMA
            self.comma = start
            return start + 1
        end = len(text.rstrip())
        self._error(Kind.TRAILING_TEXT, start, end, "nothing may follow the end of the JSON value")
        return len(text)

    def _finish(self) -> None:
        """Close what is open at the end of the text."""
        told = self.cut or self.last == self.lost
        if self.pending is not None:
            self.lost = self.last
            self._missing_value()
        self._close_implied()
        if self.container is not None:
            if not told:
                self._unclosed(self.depth, "", None)
            while self.container is not None:
                self._pop(self.last)
        elif self.root is None and not self.errors:
            self._error(Kind.EMPTY, 0, 0, "the text holds no JSON value")

    # Building the tree ---------------------------------------------------------------------------

    def _place(self, node: Node) -> None:
        """Put a value where one is waited for; tells what is missing before it."""
        container = self.container
        node.parent = container
        if container is None:
            self.root = node
        elif container.kind == "array":
            if self.state == _VALUE:
                self._missing(Kind.MISSING_COMMA, _NO_COMMA)
            node.key = len(container.items)
            container.items.append(node)
        elif self.pending is not None:
            if not self.colon:
                self._missing(Kind.MISSING_COLON, "a colon is missing after this name")
            node.key = self.pending.name
            node.member = self.pending
            self.pending.value = node
            self.pending = None
        elif self.last != self.junk_end:
            # The node knows its parent, which does not know it: it has no name to be found by.
            self._error(Kind.MISSING_KEY, node.start, node.start + 1, "a name is missing before this value")
        self.state = _VALUE

    def _key(self, name: str, start: int, end: int, raw: str | None) -> None:
        """Add a member to the object, which waits for its value from now on."""
        assert self.container is not None
        if self.pending is not None:
            self._missing_value()
        elif self.state == _VALUE:
            self._missing(Kind.MISSING_COMMA, _NO_COMMA)
        member = Member()
        member.name = name
        member.start = start
        member.end = end
        member.raw = raw
        self.container.members.append(member)
        self.pending = member
        self.colon = False

    def _missing_value(self) -> None:
        """Give the member that waits for a value, if any, an invalid one; tells what is missing."""
        if self.pending is not None:
            self._missing(Kind.MISSING_VALUE, "this name has no value")
            self.colon = True
            self._place(_node("invalid", self.last, self.last))

    def _junk(self, start: int, end: int, *, as_value: bool) -> None:
        """Take a token that makes no sense together with those before it that made none.

        The first of them stands in the tree as an invalid value, if it comes `as_value` where a
        value is waited for.
        """
        if self.last == self.junk_end:
            if self.junk_error is not None:
                error = self.errors[self.junk_error]
                self.errors[self.junk_error] = Problem(error.kind, Span(error.span.start, end), error.message)
            if self.junk_node is not None:
                self.junk_node.end = end
        else:
            as_value = as_value and self._waits_for_value()
            message = self._nonsense(start, end, as_value=as_value)
            self.junk_error = self._error(Kind.UNEXPECTED, start, end, message)
            self.junk_node = None
            if as_value:
                self.junk_node = _node("invalid", start, end)
                self._place(self.junk_node)
        self.junk_end = end

    def _waits_for_value(self) -> bool:
        """Whether a value belongs here, and nothing is missing before it."""
        if self.container is None:
            return self.root is None
        if self.container.kind == "array":
            return self.state != _VALUE
        return self.pending is not None and self.colon

    def _nonsense(self, start: int, end: int, *, as_value: bool) -> str:
        """What to say about a token that makes no sense."""
        text = self.text
        if start == self.last > 0 and text[start - 1] == '"':
            return r"text follows the closing quote; a quote within a string is written \""
        if text[start] == '"':
            return "a string does not belong here"
        word = text[start:end]
        if word.lower() in _LITERALS:
            return f'"{word}" is written "{word.lower()}" in JSON'
        return f"{_shown(word, 3)} {'is not a JSON value' if as_value else 'does not belong here'}"

    def _pop(self, end: int) -> None:
        """Close the innermost container; `end` is its end."""
        container = self.container
        assert container is not None
        container.end = end
        if container.kind == "array":
            self.arrays -= 1
        else:
            self._duplicates(container.members)
        self.container = container.parent
        self.depth -= 1
        self.state = _VALUE

    # Problems ------------------------------------------------------------------------------------

    def _error(
        self, kind: Kind, start: int, end: int, message: str, related: Span | None = None
    ) -> int | None:
        """Report an error; its index, or None if it is not listed for there are too many."""
        if len(self.errors) > MAX_PROBLEMS:
            return None
        if self.multiline is not None and self.multiline < start and kind in _QUOTE_ERRORS:
            line = self.source.position(self.multiline).line
            hint = f"the string that starts on line {line} runs over several lines: is its quote missing?"
            message = f"{message}; {hint}"
        self.errors.append(Problem(kind, Span(start, end), message, related))
        return len(self.errors) - 1

    def _missing(self, kind: Kind, message: str) -> None:
        """Report that something is missing after the last token, unless that was the error's own doing."""
        if self.last not in (self.junk_end, self.lost):
            self._error(kind, self.last, self.last, message)

    def _unclosed(self, count: int, reason: str, closer: int | None) -> None:
        """Report that the `count` innermost containers are not closed, perhaps by the `closer` there."""
        container = self.container
        assert container is not None
        message = f'"{_OPENER[container.kind]}" is never closed{reason}'
        if count > 1:
            message = f"{message}, nor {'are' if count - 1 > 1 else 'is'} {count - 1} more around it"
        related = None if closer is None else Span(closer, closer + 1)
        self._error(Kind.UNCLOSED, container.start, container.start + 1, message, related)

    def _remark(self, kind: Kind, start: int, end: int, message: str) -> None:
        """Report something that some readers take and JSON does not have."""
        if len(self.remarks) <= MAX_REMARKS:
            self.remarks.append(Problem(kind, Span(start, end), message))

    def _duplicates(self, members: list[Member]) -> None:
        """Report each member of an object whose name stands there before, maybe in another case."""
        exact: dict[str, Member] = {}
        folded: dict[str, Member] = {}
        for member in members:
            name = member.name
            first = exact.setdefault(name, member)
            alike = folded.setdefault(name.lower(), member)
            if alike is member or len(self.duplicates) > MAX_REMARKS:
                continue
            if first is not member:
                message = f"{_shown(name, 40)} is already defined above"
                self.duplicates.append(Problem(Kind.DUPLICATE_KEY, member.span, message, first.span))
            else:
                before = _shown(alike.name, 40)
                message = f"{_shown(name, 40)} is already defined above as {before}; names ignore case"
                self.duplicates.append(Problem(Kind.DUPLICATE_KEY_CASE, member.span, message, alike.span))
