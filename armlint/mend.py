"""Fixes files: has a text checked, fixed and checked again, and tells what came of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from armlint import files
from armlint.fix import State, fix
from armlint.report import Notice
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from armlint.files import Text
    from armlint.finding import Finding
    from armlint.run import Outcome

    See: TypeAlias = Callable[[State], None]
    Check: TypeAlias = Callable[[Text, See], Outcome]
    """Checks a text, and shows how it reads before it reports."""


class Mend(NamedTuple):
    """How to fix: also by guessing, and whether to write the files or only to tell what would be written."""

    unsafe: bool
    write: bool


def mended(text: Text, content: bytes, mend: Mend, check: Check, guard: Check) -> Outcome:
    """Check a text and fix what can be fixed; the outcome is that of the text as it is in the end.

    `content` is what the text was decoded from; `guard` checks what must not get worse besides. The
    outcome holds the new content, and where nothing is to be written the change in words.
    """
    seen: list[State] = []
    before = outcome = check(text, seen.append)
    if not seen or outcome.broken:
        return outcome
    state = seen[-1]
    if not any(finding.fix is not None and (mend.unsafe or finding.fix.safe) for finding in state.findings):
        return outcome
    if text.problem is not None or files.encode(text.source.text, text) != content:
        told = "not fixed: its bytes are not the encoding of a text"
        return _with_notice(outcome, Notice(text.source.name, told, "warning"))
    outcomes = {state.text: outcome}
    accepted = _counted(guard, text)

    def read(changed: str) -> State | None:
        changed_text = text._replace(source=Source(changed, text.source.name))
        outcomes[changed] = found = check(changed_text, seen.append)
        state = seen[-1]
        if found.broken or state.text != changed or found.kind is not before.kind:
            return None
        return None if _counted(guard, changed_text) - accepted else state

    done = fix(state, read, unsafe=mend.unsafe)
    outcome = outcomes[done.state.text]
    for finding in done.refused:
        outcome = _with_notice(outcome, _refusal(finding, text))
    if not done.made:
        return outcome
    after = files.encode(done.state.text, text)
    outcome = outcome._replace(fixed=done.made, content=after)
    if not mend.write:
        from armlint.report import diff

        return outcome._replace(diff=diff.render(text.source.name, state, done.state))
    return outcome


def _counted(guard: Check, text: Text) -> Counter[str]:
    """How often each rule of a check finds something."""
    seen: list[State] = []
    guard(text, seen.append)
    return Counter(finding.rule for state in seen for finding in state.findings)


def _with_notice(outcome: Outcome, notice: Notice) -> Outcome:
    return outcome._replace(notices=(*outcome.notices, notice))


def _refusal(finding: Finding, text: Text) -> Notice:
    told = f"{finding.rule} at {finding.pointer or 'the top'} is not fixed: the file would read worse"
    return Notice(text.source.name, told, "warning")
