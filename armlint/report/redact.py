"""Keeps secrets out of what is shown: source lines are printed with every literal masked that may be one.

Which literals are secrets is for rules to say; here the question is what is surely none. That is
what stands where templates have names and types (`dependsOn`, `apiVersion`, `location`), and what
is a type, a version or one of the words of the template language wherever it stands. All other
strings keep three characters and their length: `"Hun…(7)"`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from armlint.arm import expression as syntax
from armlint.jsontext import Comment, Member, Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from armlint.jsontext import Document
    from armlint.source import Span

_SHOWN: Final = 3
# So far away, blanks left out, a mark may be that belongs to a value.
_FAR: Final = 400
# So many characters of a long line are looked at together.
_BLOCK: Final = 2048

# Members of resources and templates whose value is a name, a type or a choice, unless they stand
# below one of _HOLDERS.
_OPEN: Final = frozenset(
    """
    $schema access adminusername apiversion backendport batchsize caching capacity computername
    contentversion copy count createoption dependson destinationaddressprefix
    destinationaddressprefixes destinationportrange destinationportranges direction family
    frontendport id kind languageversion licensetype location mode name offer ostype priority
    priorityclass product protocol provisionafterextensions publisher relativepath resourcegroup
    scope sku sourceaddressprefix sourceaddressprefixes sourceportrange sourceportranges
    storageaccounttype subscriptionid tier type typehandlerversion version vmsize zones
    """.split()  # noqa: SIM905 - a column of quoted words would be four times as long
)
# Members below which any literal may be a secret: what extensions and machines are told, and what
# is named by the author of the template alone.
_HOLDERS: Final = frozenset(
    """
    appsettings arguments command commandtoexecute connectionstrings customdata defaultvalue
    environmentvariables metadata outputs parameters protectedparameters protectedsettings
    protectedsettingsfromkeyvault script scriptcontent settings siteconfig tags userdata value values
    variables
    """.split()  # noqa: SIM905 - a column of quoted words would be four times as long
)
# Of a template's sections, these hold more than what its author has named.
_SECTIONS: Final = frozenset({"resources", "functions", "definitions"})
_SENSITIVE: Final = re.compile(
    r"passw|pwd|passphrase|passcode|secret|token|credential|connectionstring|apikey|accesskey|accountkey"
    r"|sharedkey|privatekey|signature|sas|certificate|license(?!type)|auth|key$|keys$",
    re.IGNORECASE,
)
# What is no secret by what it is: types, versions, dates, durations, addresses, words of the language.
_PLAIN: Final = re.compile(
    r"""
    /?(?:providers/)?Microsoft\.[A-Z]+(?:\.[A-Z]+)*(?:/[A-Z]+)*/?
  | https?://schema\.management\.azure\.com/schemas/[0-9-]{10}(?:-preview)?/[A-Z]+\.json\#?
  | /subscriptions/[0-9a-f-]{36}/resourceGroups/[\w.()-]{1,90}/providers/Microsoft\.[A-Z./]+/[\w.()-]{1,80}
  | [0-9]{4}-[0-9]{2}-[0-9]{2}(?:-preview)?
  | [0-9]{1,3}(?:\.[0-9]{1,5}){1,3}(?:/[0-9]{1,2})?
  | PT?(?:[0-9]{1,3}[DHMS])+
  | (?:Standard|Basic|Premium)_[A-Z]{1,3}[0-9]{0,3}[a-z]{0,4}(?:_v[0-9])?
  | true|false|null|none|string|securestring|int|bool|array|object|secureobject|latest|inner|outer
  | Incremental|Complete|Enabled|Disabled|Static|Dynamic|Allow|Deny|Inbound|Outbound|Tcp|Udp
  | FromImage|Attach|Empty|ReadOnly|ReadWrite|Windows|Linux|SystemAssigned|UserAssigned
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Of an address, only the host is surely no secret.
_HOST: Final = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?::[0-9]{1,5})?(?=[/?#]|$)", re.IGNORECASE
)
# What gives a secret away wherever it stands.
_TELLTALE: Final = re.compile(
    r"[?&;]sig=|accountkey=|accesskey=|password=|pwd=|-----BEGIN|\beyJ[\w-]{10}|://[^/\s@]*:[^/\s@]*@",
    re.IGNORECASE,
)
# Functions whose arguments name something that the template itself declares.
_NAMING: Final = frozenset({"parameters", "variables", "lambdavariables", "copyindex", "reference"})
_IDENTIFYING: Final = frozenset(
    {
        "resourceid",
        "subscriptionresourceid",
        "tenantresourceid",
        "managementgroupresourceid",
        "extensionresourceid",
    }
)
# What can be told of an expression that does not parse: functions, and names that are called.
_CALLED: Final = re.compile(
    r"(?:(?:parameters|variables)\s*\(\s*'[\w-]+'\s*\)|([A-Za-z]\w*)\s*\()", re.IGNORECASE
)
_MARKS: Final = re.compile(r"[\s\[\]{}(),.:]*")
_LEAD: Final = re.compile(r"\s*[:,\[{]?\s*")
_TRAIL: Final = re.compile(r"\s*[,}\]]?\s*\Z")
_SUPPRESSION: Final = re.compile(r"(?://|/\*)\s*armlint:\s*[a-z-]+(?:\[[\w\s,-]*\])?")

_Part = TypeVar("_Part", Comment, Member, Node)


# A piece of a random text, and what such pieces are looked for in.
_PIECE: Final = re.compile(r"[^\s'\"/,;:(){}\[\]]{6,}")
_RANDOM: Final = re.compile(r"(?=[^\s'\"/]{0,40}[0-9])(?=[^\s'\"/]{0,40}[A-Za-z])[^\s'\"/]{6}|\w[+=]")
# A word that could be a key or token; names that are as long seldom have digits.
_LONG_WORD: Final = re.compile(r"(?=[A-Za-z+/_=~.-]{0,64}[0-9])[A-Za-z0-9+/_=~.%-]{16}|A[KS]IA[A-Z]{3}")
_FLAG: Final = re.compile(r"[\s'\"](?:-|/[a-z])|=|[\"\n|;]|['\"]\s*:")
_SPOKEN: Final = re.compile(r"passw|pwd|secret|token|key|login|user|credential|curl|-p", re.IGNORECASE)


class Mask(NamedTuple):
    """Characters of a text, by half-open offsets, and what is shown in their place."""

    start: int
    end: int
    text: str


class Redactor:
    """Finds what to mask in the text of one document; at the places `told`, a rule says, a secret stands."""

    def __init__(self, document: Document, told: Iterable[Span] = ()) -> None:
        self._document = document
        self._told = sorted(told)
        self._told_ends = list(accumulate((span.end for span in self._told), max))
        self._text = document.source.text
        # Where the text is no JSON, what was read need not be what its author meant: a name may be
        # half of a value, and the other half stand between two strings.
        self._broken = bool(document.errors)
        # By number, the masks of stretches of equal length.
        self._blocks: dict[int, list[Mask]] = {}
        # By identity, those of keys and values that are longer.
        self._long: dict[int, list[Mask]] = {}

    def masks_near(self, start: int, end: int) -> list[Mask]:
        """As `masks`, for the many short stretches of a line that is pages long: each is looked at once."""
        if self._broken:
            # What lies between what was read is masked as far as the stretch goes.
            return self.masks(start, end)
        found: dict[Mask, None] = {}
        for block in range(start // _BLOCK, max(end - 1, start) // _BLOCK + 1):
            masks = self._blocks.get(block)
            if masks is None:
                masks = self._blocks[block] = self.masks(block * _BLOCK, (block + 1) * _BLOCK)
            found |= dict.fromkeys(_within(masks, start, end))
        return list(found)

    def masks(self, start: int, end: int) -> list[Mask]:
        """What to mask between two offsets, in order and without overlaps."""
        found: list[Mask] = []
        known: list[tuple[int, int]] = []
        for part, is_open, is_told in self._parts(start, end):
            if self._broken and not self._stands_alone(part):
                continue
            known.append((part.start, part.end))
            if part.end - part.start <= _BLOCK:
                found.extend(self._masks_of(part, is_open=is_open, is_told=is_told))
                continue
            # A long text is in many stretches.
            masks = self._long.get(id(part))
            if masks is None:
                masks = self._long[id(part)] = list(self._masks_of(part, is_open=is_open, is_told=is_told))
            found.extend(_within(masks, start, end))
        for comment in _between(self._document.comments, start, end):
            if not self._broken or self._before(comment.start)[-1:] in {"", "\n"}:
                known.append((comment.start, comment.end))
                found.extend(_masks_of_comment(comment.start, comment.text))
        if self._broken:
            found.extend(self._gaps(sorted(known), start, end))
        return sorted(mask for mask in found if mask.start < end and mask.end > start)

    def _parts(self, start: int, end: int) -> Iterator[tuple[Node | Member, bool, bool]]:
        """The keys and scalars between two offsets.

        Each comes with whether its place says that it is no secret, and whether a rule says that it is.
        """
        root = self._document.root
        # A node, whether names count below it, whether its own says that it is no secret, what a rule says.
        pending: list[tuple[Node, bool, bool, bool]] = []
        is_template = root is not None and root.get("$schema") is not None
        if root is not None:
            pending.append((root, not self._broken, False, False))
        while pending:
            node, named, is_open, is_told = pending.pop()
            if node.kind == "object":
                for member in _between(node.members, start, end):
                    yield member, False, False
                    name = member.name.lower()
                    below = named and name not in _HOLDERS and not _SENSITIVE.search(name)
                    if node is root and is_template and member.value.kind in {"object", "array"}:
                        # A section with a slip in its name is still what its author meant.
                        below = below and name in _SECTIONS
                    # The key of an object stands for the object, not for all that is in it.
                    told = is_told or (member.value.kind != "object" and self._is_told(member))
                    pending.append((member.value, below, below and name in _OPEN, told))
            elif node.kind == "array":
                pending += [(item, named, is_open, is_told) for item in _between(node.items, start, end)]
            elif node.kind != "invalid":
                yield node, is_open or (named and node.kind == "number"), is_told or self._is_told(node)

    def _masks_of(self, part: Node | Member, *, is_open: bool, is_told: bool) -> Iterator[Mask]:
        if isinstance(part, Member):
            yield from self._masks_of_key(part)
        elif is_told or not is_open or (isinstance(part.value, str) and _gives_away(part.value)):
            whole = is_told or (isinstance(part.value, str) and _holds_secret(part.value))
            yield from self._masks_of_value(part, told=whole)

    def _masks_of_key(self, member: Member) -> Iterator[Mask]:
        if member.name.startswith("[") or _holds_secret(member.name):
            yield from self._masks_of_string(member, member.name)

    def _masks_of_value(self, node: Node, *, told: bool = False) -> Iterator[Mask]:
        if isinstance(node.value, str):
            yield from self._masks_of_string(node, node.value, told=told)
        elif node.kind == "number":
            yield from _masked(node.start, node.end, self._text)

    def _masks_of_string(self, part: Node | Member, value: str, *, told: bool = False) -> Iterator[Mask]:
        read = syntax.read(value)
        if read is None:
            spans = [(0, len(value))]
        elif isinstance(read, syntax.Invalid):
            # Behind the first mistake, a string may be a name and a name part of a string.
            spans = [(_clear(value), len(value))]
        else:
            spans = [(literal.start + 1, literal.end - 1) for literal in _literals(read)]
        for start, end in spans:
            content = value[start:end]
            if _PLAIN.fullmatch(content):
                continue
            host = None if told else _HOST.match(content)
            span = part.span_of(start if host is None else start + host.end(), end)
            yield from _masked(span.start, span.end, self._text)

    def _is_told(self, part: Node | Member) -> bool:
        """Whether a rule tells of a place that shares characters with a value or with the key of one."""
        index = bisect_left(self._told, (part.end, 0))
        return index > 0 and self._told_ends[index - 1] > part.start

    def _stands_alone(self, part: Node | Member) -> bool:
        """Whether a name or value of a broken text surely is one, and no part of another that was torn."""
        text = self._text
        quoted = part.end > part.start + 1 and text[part.start] == text[part.end - 1] == '"'
        if not quoted and (isinstance(part, Member) or part.kind == "string"):
            return False
        before, after = self._before(part.start)[-1:], text[part.end : part.end + _FAR].lstrip(" \t\r")[:1]
        if isinstance(part, Member):
            return before in {"{", ",", "\n"} and after == ":"
        return before in {":", "[", ",", "\n"} and after in {",", "]", "}", "\n", ""}

    def _before(self, offset: int) -> str:
        """What stands before an offset, blanks left out; a line break only where no colon precedes it."""
        text = self._text[max(offset - _FAR, 0) : offset].rstrip(" \t\r")
        above = text.rstrip()
        return above if above.endswith(":") else text

    def _gaps(self, known: list[tuple[int, int]], start: int, end: int) -> Iterator[Mask]:
        """Mask what is neither read nor a mark of JSON, all of it: its neighbours may belong to it."""
        position = start
        for from_, to in [*known, (end, end)]:
            gap = self._text[position : min(from_, end)]
            if not _MARKS.fullmatch(gap):
                lead, trail = _LEAD.match(gap), _TRAIL.search(gap)
                first = position + (lead.end() if lead else 0)
                last = position + (trail.start() if trail else len(gap))
                yield Mask(first, last, f"…({last - first})")
            position = max(position, to)
            if position >= end:
                break


def hide(text: str) -> str:
    """A text of a report, such as a message, with secrets masked that it holds as names or the like."""
    command = _FLAG.search(text) is not None and _SPOKEN.search(text) is not None
    if not command and _LONG_WORD.search(text) is None and _TELLTALE.search(text) is None:
        return text
    from armlint.secrets.scan import scan

    pieces: list[str] = []
    last = 0
    for hit in scan(text, command=command):
        if hit.start >= last:
            pieces += (
                text[last : hit.start],
                text[hit.start : hit.start + _SHOWN],
                f"…({hit.end - hit.start})",
            )
            last = hit.end
    return "".join((*pieces, text[last:])) if pieces else text


class Words:
    """What reports say of one document, in words, with its secrets masked: whole ones, and pieces of them.

    A name is often told in part: what stands behind its last slash, or a resource's without its type.
    """

    def __init__(self, document: Document | None) -> None:
        self._document = document

    def hide(self, text: str) -> str:
        """A message as it may be shown."""
        text = hide(text)
        if self._document is None or _RANDOM.search(text) is None or not self._secrets:
            return text
        for secret in self._secrets:
            text = text.replace(secret, f"{secret[:_SHOWN]}…({len(secret)})")
        return _PIECE.sub(self._masked, text)

    def _masked(self, match: re.Match[str]) -> str:
        piece = match[0]
        if not any(piece in secret or secret in piece for secret in self._secrets):
            return piece
        return f"{piece[:_SHOWN]}…({len(piece)})"

    @cached_property
    def _secrets(self) -> tuple[str, ...]:
        """The secrets that can be told by their format, in the whole document."""
        root = None if self._document is None else self._document.root
        if root is None:
            return ()
        from armlint.secrets.scan import candidates, scan

        texts: set[str] = set()
        for node in root.walk():
            texts.update([member.name for member in node.members])
            if isinstance(node.value, str):
                texts.add(node.value)
        # Half of a key is in lower case where names are compared.
        found = [text[hit.start : hit.end] for text in candidates(texts) for hit in scan(text)]
        return tuple(
            {form for secret in found for form in (secret, secret.lower(), secret.replace("''", "'"))}
        )


def hide_in_pointer(pointer: str) -> str:
    """A JSON Pointer whose names hold no secrets; it may then lead nowhere."""
    if _LONG_WORD.search(pointer) is None and not any(mark in pointer for mark in ("~1", " ", "=", "@")):
        return pointer
    names = [hide(name.replace("~1", "/").replace("~0", "~")) for name in pointer.split("/")]
    return "/".join(name.replace("~", "~0").replace("/", "~1") for name in names)


def _gives_away(value: str) -> bool:
    """Whether a text holds a secret, though its place says that it is none."""
    return _TELLTALE.search(value) is not None or _holds_secret(value)


def _holds_secret(value: str) -> bool:
    long = _LONG_WORD.search(value) is not None or _TELLTALE.search(value) is not None
    if not long and (" " not in value or _SPOKEN.search(value) is None):
        return False
    from armlint.secrets.scan import scan

    return bool(scan(value, command=" " in value))


def _within(masks: Sequence[Mask], start: int, end: int) -> Sequence[Mask]:
    """Those of the masks, which are in order and do not overlap, that touch what is between two offsets."""
    first = bisect_right(masks, start, key=lambda mask: mask.end)
    return masks[first : bisect_left(masks, end, key=lambda mask: mask.start)]


def _between(parts: Sequence[_Part], start: int, end: int) -> Sequence[_Part]:
    first = max(bisect_right(parts, start, key=_start_of) - 1, 0)
    return parts[first : bisect_right(parts, end, key=_start_of)]


def _start_of(part: Comment | Member | Node) -> int:
    return part.start


def _literals(read: syntax.Expression) -> Iterator[syntax.Literal]:
    """The string literals of an expression but those that only name something."""
    names: set[int] = set()
    for part in syntax.walk(read):
        if isinstance(part, syntax.Call):
            if part.function in _IDENTIFYING:
                names.update(argument.start for argument in part.args)
            elif part.function in _NAMING and part.args:
                names.add(part.args[0].start)
        elif isinstance(part, syntax.Literal) and isinstance(part.value, str) and part.start not in names:
            yield part


def _clear(value: str) -> int:
    """How far a text that is no expression consists of calls all the same."""
    from armlint.arm.functions import lookup

    position = 0
    while True:
        marks = _MARKS.match(value, position)
        position = position if marks is None else marks.end()
        call = _CALLED.match(value, position)
        if call is None or (call[1] is not None and lookup(call[1]) is None):
            return position
        position = call.end()


def _masks_of_comment(start: int, text: str) -> Iterator[Mask]:
    told = _SUPPRESSION.match(text)
    shown = text[:2] if told is None else told[0]
    hidden = len(text) - len(shown)
    if hidden > _SHOWN:
        yield Mask(start + len(shown), start + len(text), f"…({hidden})")


def _masked(start: int, end: int, text: str) -> Iterator[Mask]:
    if end - start > _SHOWN:
        kept = text[start : start + _SHOWN]
        # Half an escape sequence would look like another text.
        kept = kept.partition("\\")[0].partition("\n")[0]
        yield Mask(start, end, f"{kept}…({end - start})")
