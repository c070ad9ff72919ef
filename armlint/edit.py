"""Changes to a text, as data: what to put in place of which characters."""

from __future__ import annotations

from typing import NamedTuple


class Edit(NamedTuple):
    """Put `text` in place of `text[start:end]` of the source: code points, half-open.

    `start == end` inserts.
    """

    start: int
    end: int
    text: str


class Fix(NamedTuple):
    """A way to mend a finding: what it does, as an imperative sentence without a full stop, and its edits.

    The edits are of the finding's own file, sorted, and do not overlap. `safe` says that the template
    deploys as before, but for what the finding is about; anything that guesses, or that changes what
    someone else may rely on, is not.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool
