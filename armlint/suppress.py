"""Which findings someone has said to leave out: in comments, in metadata, in the configuration.

Three ways to say it come together here. A comment holds `armlint: ignore[EXT101] reason` for its line
or for what it stands above, `armlint: ignore-file[EXT101]` for the file. Strict JSON says it in a
member `metadata` of any object: `"metadata": {"armlint": {"ignore": ["EXT101"]}}`, for that object.
The configuration hands in `Waiver`s for the file. What names no rule, has ended or leaves nothing
out is told by rule ARM006, whose results `Shield.idle` makes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.registry import UnknownRule
from armlint.rule import Result, tight
from armlint.source import Span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date

    from armlint.edit import Fix
    from armlint.finding import Finding
    from armlint.jsontext import Comment, Document, Node
    from armlint.registry import Registry
    from armlint.source import Source

WORD: Final = "armlint"
"""A text without this word leaves nothing out by itself."""
RULE: Final = "ARM006"
"""The rule that tells of suppressions."""

MAX_CLAIMS: Final = 1000
"""So many rules may be named by the suppressions of one file; no more are looked at."""

_DIRECTIVE: Final = re.compile(
    r"(?:/[/*]|\#|<!--|;|::|(?i:rem)\b)?[\s*!/#]*+armlint:[ \t]*+(?P<what>[A-Za-z-]*+)[ \t]*+"
    r"(?P<bracket>\[(?P<rules>[^\]]*+)\])?(?P<rest>.*)",
    re.DOTALL,
)
# What people write who know other linters; any other word is prose.
_MEANT: Final = frozenset(
    {"ignore", "ignore-file", "ignore-line", "ignore-next-line", "disable", "disable-line", "off", "allow"}
    | {"disable-next-line", "disable-file", "noqa", "skip", "skip-file", "suppress", "nolint", "exclude"}
)
_ITEM: Final = re.compile(r"[^,\s]+(?:[ \t]+[^,\s]+)*")
_BLANKS: Final = re.compile(r"\s*+")
_LONGEST: Final = 80
_RULE_LIKE: Final = re.compile(r"[A-Za-z]{2,8}[0-9]{1,3}")
_END_OF_COMMENT: Final = re.compile(r"\s*+(?:\*/|-->)?\s*+\Z")
_KEYS: Final = ("rule", "reason", "pointer", "expires")


class Waiver(NamedTuple):
    """What the configuration says to leave out of one file.

    `key` is the caller's, to know again which were of use; `pointer` is empty for the whole file.
    """

    key: tuple[str, int]
    rule: str
    pointer: str = ""
    reason: str = ""


class Hidden(NamedTuple):
    """A finding that is left out: `inside` tells that the file itself says so; and why."""

    finding: Finding
    inside: bool
    reason: str


class Sifted(NamedTuple):
    """Findings that stand, and those that do not."""

    standing: list[Finding]
    hidden: list[Hidden]


class _Claim:
    """One selector at one place: what it is to leave out, and whether it did."""

    __slots__ = (
        "fix",
        "ids",
        "key",
        "pattern",
        "place",
        "pointer",
        "reason",
        "reported",
        "scope",
        "selector",
        "used",
    )

    def __init__(self, selector: str, ids: frozenset[str], scope: Span, place: Span, reason: str) -> None:
        self.selector = selector
        self.ids = ids
        self.scope = scope
        self.place = place
        self.reason = reason
        self.pointer = ""
        self.pattern: tuple[str, ...] = ()
        self.fix: Fix | None = None
        self.key: tuple[str, int] | None = None
        self.used = False
        self.reported = False

    def covers(self, finding: Finding) -> bool:
        start, end = finding.span
        low, high = self.scope
        # A finding of several lines is covered by a comment on its first or on its last.
        if not (low <= start < high or low < end <= high):
            return False
        return not self.pattern or _leads_through(finding.pointer, self.pattern)


class Shield:
    """All that is to be left out of one file.

    `registry` knows the selectors; without it each is taken for an id. `today` is the day as of which
    suppressions end.
    """

    def __init__(
        self,
        source: Source,
        registry: Registry | None,
        today: date,
        waivers: Iterable[Waiver] = (),
    ) -> None:
        self._source = source
        self._registry = registry
        self._today = today
        self._claims: list[_Claim] = []
        self._faults: list[Result] = []
        self._taken = 0
        self._selected: dict[str, frozenset[str] | UnknownRule] = {}
        self._whole = Span(0, len(source.text) + 1)
        for waiver in waivers:
            ids = self._ids(waiver.rule)
            if not isinstance(ids, UnknownRule):
                claim = _Claim(waiver.rule, ids, self._whole, self._whole, waiver.reason)
                claim.key = waiver.key
                claim.pattern = _pattern(waiver.pointer)
                self._claims.append(claim)

    @classmethod
    def of(
        cls, document: Document, registry: Registry | None, today: date, waivers: Iterable[Waiver] = ()
    ) -> Shield:
        """What comments and metadata of a JSON document, and the configuration, say."""
        shield = cls(document.source, registry, today, waivers)
        if WORD in document.source.text:
            shield.add_comments(document.comments, document.root)
            if document.root is not None:
                shield.add_metadata(document.root)
        return shield

    def add_comments(
        self, comments: Sequence[Comment], root: Node | None = None, blocks: Sequence[Span] = ()
    ) -> None:
        """Take what comments say, which stand in the order of the text.

        `blocks` are, for a file that is no JSON, the spans that a comment above them is about, sorted and
        without overlaps, such as commands of several lines.
        """
        if not any(WORD in comment.text for comment in comments):
            return
        targets = _targets(self._source.text, comments)
        alone = _alone_before(self._source, comments)
        for number, comment in enumerate(comments):
            match = _DIRECTIVE.match(comment.text) if WORD in comment.text else None
            if match is not None:
                self._add_comment(
                    comment, match, self._scope(comment, targets[number], root, blocks, alone=alone[number])
                )

    def _add_comment(self, comment: Comment, match: re.Match[str], scope: tuple[Span, bool]) -> None:
        what = match["what"].lower()
        place = Span(comment.start + match.start("what"), comment.start + max(match.end("what"), 1))
        if what not in _MEANT:
            return
        if what not in {"ignore", "ignore-file"}:
            told = f"'{what}' is nothing that armlint knows; it knows ignore[RULE] and ignore-file[RULE]"
            self._fault(place, "", told)
            return
        items = [] if match["bracket"] is None else list(_ITEM.finditer(match["rules"]))
        if not items:
            open_ = match["bracket"] is None and match["rest"].startswith("[")
            told = "the bracket is not closed" if open_ else "this names no rule"
            self._fault(place, "", f"{told}, so nothing is ignored; write {what}[EXT101]")
            return
        reason = _END_OF_COMMENT.sub("", match["rest"]).strip(" \t\r\n:-")
        offset = comment.start + match.start("rules")
        for number, item in enumerate(items):
            place = Span(offset + item.start(), offset + item.end())
            claim = self._claim(
                item[0], self._whole if what == "ignore-file" else scope[0], place, "", reason
            )
            if claim is not None:
                claim.fix = self._removal(comment, items, number, offset, alone=scope[1])

    def _claim(self, selector: str, scope: Span, place: Span, pointer: str, reason: str) -> _Claim | None:
        self._taken += 1
        if self._taken > MAX_CLAIMS:
            if self._taken == MAX_CLAIMS + 1:
                told = f"this file has more than {MAX_CLAIMS} suppressions; the others are passed over"
                self._fault(place, pointer, told)
            return None
        ids = self._ids(selector)
        if isinstance(ids, UnknownRule):
            self._fault(place, pointer, unknown(selector, ids))
            return None
        claim = _Claim(selector, ids, scope, place, reason)
        claim.pointer = pointer
        self._claims.append(claim)
        return claim

    def _fault(self, place: Span, pointer: str, message: str) -> None:
        self._faults.append(Result(place, pointer, message))

    def _ids(self, selector: str) -> frozenset[str] | UnknownRule:
        """The ids of the rules that a selector names; without a registry, the selector itself."""
        found = self._selected.get(selector)
        if found is None:
            try:
                registry = self._registry
                # A long one is none, and looking for what is like it would take its time.
                chosen = registry.select([selector]) if registry and len(selector) <= _LONGEST else ()
                found = frozenset(rule.id for rule in chosen)
            except UnknownRule as error:
                found = error
            if registry is None:
                found = frozenset({selector.upper()})
            elif len(selector) > _LONGEST:
                found = UnknownRule(selector, None)
            self._selected[selector] = found
        return found

    def _scope(
        self,
        comment: Comment,
        target: int,
        root: Node | None,
        blocks: Sequence[Span],
        *,
        alone: bool,
    ) -> tuple[Span, bool]:
        """What a comment is about, and whether it stands alone on its lines.

        With something on its line: that line. Alone: the next line with something on it, and to its end
        what begins first there, a member or an item or a block.
        """
        starts = self._source.starts
        line = bisect_right(starts, comment.start) - 1
        last = bisect_right(starts, comment.end) - 1
        below = bisect_right(starts, target) - 1
        if not alone or below <= last:
            return self._lines(line, last), False
        scope = self._lines(below, below)
        end = _end_of_node(root, target)
        index = bisect_right(blocks, (target, len(self._source.text) + 1)) - 1
        if index >= 0 and blocks[index].start <= target < blocks[index].end:
            end = max(end, blocks[index].end)
        return Span(scope.start, max(scope.end, end)), True

    def _lines(self, first: int, last: int) -> Span:
        """The characters of lines, counted from 0, their last line's end included."""
        starts = self._source.starts
        end = starts[last + 1] if last + 1 < len(starts) else len(self._source.text) + 1
        return Span(starts[first], end)

    def _removal(
        self, comment: Comment, items: Sequence[re.Match[str]], number: int, offset: int, *, alone: bool
    ) -> Fix:
        """The fix that takes out one item of a comment, or the comment with its only one."""
        from armlint.edit import Edit, Fix

        text = self._source.text
        if len(items) > 1:
            if number + 1 < len(items):
                cut = Edit(offset + items[number].start(), offset + items[number + 1].start(), "")
            else:
                cut = Edit(offset + items[number - 1].end(), offset + items[number].end(), "")
            return Fix(f"Take {items[number][0]} out of the comment", (cut,), safe=True)
        start, end = comment.start, comment.end
        before = start
        while before and text[before - 1] in " \t":
            before -= 1
        if alone:
            start = before
            newline = re.compile(r"[ \t]*(?:\r\n|\n|\r)?").match(text, end)
            end = end if newline is None else newline.end()
        elif text[end : end + 1] in {"", "\r", "\n"}:
            start = before
        else:
            while text[end : end + 1] in {" ", "\t"}:
                end += 1
        return Fix("Remove the comment", (Edit(start, end, ""),), safe=True)

    def add_metadata(self, root: Node) -> None:
        """Take what `metadata.armlint.ignore` says anywhere below a node, or at it."""
        for node in root.walk():
            for member in node.members:
                if member.name.lower() == "metadata" and member.value.members:
                    found = member.value.at(WORD, "ignore")
                    if found is not None:
                        self._add_ignore(node, found, whole=node is root)

    def _add_ignore(self, owner: Node, ignore: Node, *, whole: bool) -> None:
        start = owner.start if owner.member is None else owner.member.start
        scope = self._whole if whole else Span(start, owner.end)
        if ignore.kind != "array":
            self._fault(tight(ignore), ignore.pointer, "'ignore' is an array of rules")
            return
        for item in ignore.items:
            self._add_item(item, scope)

    def _add_item(self, item: Node, scope: Span) -> None:
        rule: Node | None = item
        reason = pointer = ""
        if item.kind == "object":
            for member in item.members:
                if member.name not in _KEYS or member.value.kind != "string":
                    known = ", ".join(_KEYS)
                    self._fault(
                        member.span, member.value.pointer, f"an entry has {known}, all of them strings"
                    )
                    return
            rule = item.get("rule")
            written = (item.get("reason"), item.get("pointer"))
            reason, pointer = ("" if node is None else str(node.value) for node in written)
        if rule is None or not isinstance(rule.value, str):
            told = "an entry is the id of a rule, or an object with 'rule'"
            self._fault(tight(item), item.pointer, told)
            return
        expires = item.get("expires") if item.kind == "object" else None
        if expires is not None:
            ended = self._ended(rule.value.strip(), str(expires.value))
            if ended is not None:
                self._fault(expires.span, expires.pointer, ended)
                return
        if pointer and not pointer.startswith("/"):
            self._fault(tight(item), item.pointer, "a pointer starts with '/', as those in the report do")
            return
        claim = self._claim(rule.value.strip(), scope, rule.span, item.pointer, reason)
        if claim is not None:
            claim.pattern = _pattern(pointer)
            claim.fix = self._taken_out(item)

    def _ended(self, selector: str, text: str) -> str | None:
        """What is wrong with the day on which a suppression ends, if anything."""
        from datetime import date

        try:
            day = date.fromisoformat(text)
        except ValueError:
            return "'expires' is a day such as 2027-01-31"
        return expired(selector, day) if day < self._today else None

    def _taken_out(self, item: Node) -> Fix | None:
        """The fix that removes an item of an array, with what would be left empty around it."""
        from armlint.edit import fix, remove

        node = item
        while node.key != "metadata" and node.parent is not None:
            above = node.parent
            if len(above.members or above.items) != 1 or above.parent is None:
                break
            node = above
        return fix("Remove the entry", remove(self._source.text, node), safe=True)

    def sift(self, findings: Iterable[Finding]) -> Sifted:
        """Part findings in those that stand and those that are to be left out."""
        if not self._claims:
            return Sifted(list(findings), [])
        by_id: dict[str, list[_Claim]] = {}
        for claim in self._claims:
            for id_ in claim.ids:
                by_id.setdefault(id_, []).append(claim)
        sifted = Sifted([], [])
        for finding in findings:
            covering = [claim for claim in by_id.get(finding.rule, ()) if claim.covers(finding)]
            if not covering:
                sifted.standing.append(finding)
                continue
            for claim in covering:
                claim.used = True
            # What stands in the file is nearer than the configuration.
            nearest = min(covering, key=lambda claim: (claim.key is not None, -claim.scope.start))
            sifted.hidden.append(Hidden(finding, nearest.key is None, nearest.reason))
        return sifted

    def idle(self, ran: Collection[str], *, last: bool = False) -> list[Result]:
        """What to tell of the file's own suppressions: those that are wrong, and those without use.

        `ran` are the ids of the rules that ran: a suppression of others may be needed in another run.
        One that names ARM006 is judged with `last` only, when that rule has spoken too; what was told
        before is not told again.
        """
        told, self._faults = self._faults, []
        for claim in self._claims:
            waits = RULE in claim.ids and not last
            if claim.used or claim.reported or waits or claim.key is not None:
                continue
            if claim.ids.issubset(ran):
                claim.reported = True
                told.append(Result(claim.place, claim.pointer, unused(claim.selector), fix=claim.fix))
        return told

    def uses(self, ran: Collection[str]) -> tuple[tuple[tuple[str, int], bool | None], ...]:
        """Of each waiver of the configuration whether it was of use; None where not all its rules ran."""
        return tuple(
            (claim.key, claim.used or (False if claim.ids.issubset(ran) else None))
            for claim in self._claims
            if claim.key is not None
        )


def unknown(selector: str, error: UnknownRule) -> str:
    """What to say of a selector that names no rule: quoted only where it looks like one."""
    near = error.near
    if near is None and not _RULE_LIKE.fullmatch(selector):
        return "this names no rule"
    hint = f"; did you mean '{near}'?" if near else ""
    return f"no rule is called '{selector}'{hint}"


def unused(selector: str) -> str:
    """What to say of a selector that leaves nothing out."""
    return f"{selector} has nothing to ignore here"


def expired(selector: str, day: date) -> str:
    """What to say of a suppression that has ended."""
    shown = selector if _RULE_LIKE.fullmatch(selector) else "this"
    return f"ignoring {shown} ended on {day}" if shown != "this" else f"this ended on {day}"


def _pattern(pointer: str) -> tuple[str, ...]:
    return tuple(pointer.lower().split("/")[1:])


def _leads_through(pointer: str, pattern: tuple[str, ...]) -> bool:
    """Whether a pointer is, or is below, one that a pattern describes; `*` is any one step."""
    steps = pointer.lower().split("/")[1 : len(pattern) + 1]
    return len(steps) == len(pattern) and all(
        wanted in {"*", step} for step, wanted in zip(steps, pattern, strict=True)
    )


def _targets(text: str, comments: Sequence[Comment]) -> list[int]:
    """For each comment, where the first thing after it stands that is neither blank nor a comment."""
    targets = [len(text)] * len(comments)
    for number in range(len(comments) - 1, -1, -1):
        match = _BLANKS.match(text, comments[number].end)
        after = len(text) if match is None else match.end()
        following = number + 1 < len(comments) and comments[number + 1].start == after
        targets[number] = targets[number + 1] if following else after
    return targets


def _alone_before(source: Source, comments: Sequence[Comment]) -> list[bool]:
    """For each comment, whether only blanks and comments stand before it on the line that it starts on."""
    starts = source.starts
    alone: list[bool] = []
    before = 0
    for comment in comments:
        start = starts[bisect_right(starts, comment.start) - 1]
        clear = not source.text[max(start, before) : comment.start].strip()
        # What stands before a comment on its line stands before the next one there too.
        alone.append(clear and (before <= start or alone[-1]))
        before = comment.end
    return alone


def _end_of_node(root: Node | None, start: int) -> int:
    """The end of the member or item that starts at an offset; 0 where none does, and for the root."""
    node = root
    while node is not None:
        if node.members:
            index = bisect_right(node.members, start, key=lambda member: member.start) - 1
            if index < 0:
                return 0
            member = node.members[index]
            if member.start == start:
                return member.value.end
            node = member.value
        elif node.items:
            index = bisect_right(node.items, start, key=lambda item: item.start) - 1
            if index < 0:
                return 0
            node = node.items[index]
            if node.start == start:
                return node.end
        else:
            return 0
    return 0
