"""What a rule is: facts from its page, a subject to look at, and a check that says what is wrong."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from armlint.source import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from armlint.edit import Fix
    from armlint.finding import Label, Severity
    from armlint.jsontext import Member, Node
    from armlint.page import Page

    Check = Callable[[Any, Any], Iterable["Result"]]
    """Takes one subject of the rule's kind and the model of its file; yields what is wrong with it.

    A check of scripts takes the catalogue of extensions, or None, in the place of the model.
    """


class Subject(StrEnum):
    """What a rule looks at, one at a time."""

    DOCUMENT = "document"
    """Any file that armlint takes, once, as JSON (`Model`)."""
    TEMPLATE = "template"
    """A template, and each template nested in it (`Template`)."""
    RESOURCE = "resource"
    """A resource at any depth (`Resource`)."""
    EXTENSION = "extension"
    """A virtual machine extension in any shape (`Extension`)."""
    FORM = "form"
    """The portal's form for a template, once (`Model`)."""
    SCRIPT = "script"
    """A script, pipeline or document, once, with the calls in it (`Script`)."""


class Result(NamedTuple):
    """What a check says about a span. `span` is in the text of the file that is checked."""

    span: Span
    pointer: str
    message: str
    labels: tuple[Label, ...] = ()
    flow: tuple[Label, ...] = ()
    fix: Fix | None = None
    severity: Severity | None = None
    """Where it differs from the rule's: what is less sure is said less loudly."""
    covers: tuple[str, ...] = ()
    """Pointers of further members that it tells of, where lesser rules need not speak again."""


class Rule(NamedTuple):
    """A rule. `make` makes its check when that is first needed, since that may import a module."""

    id: str
    name: str
    title: str
    severity: Severity
    enabled: bool
    since: str
    tags: tuple[str, ...]
    on: Subject
    supersedes: tuple[str, ...]
    help: str
    page: Page
    make: Callable[[], Check]
    aliases: tuple[str, ...] = ()
    """What other linters call what the rule says."""
    options: Mapping[str, object] = {}
    """What may be set in the configuration, with the values that hold in this run."""
    graded: bool = False
    """Whether the configuration has set the severity, which then holds for all that the rule says."""
    make_for_scripts: Callable[[], Check] | None = None
    """Makes the check of scripts, for a rule that also has something to say of these."""


def at_key(
    member: Member, message: str, *labels: Label, flow: tuple[Label, ...] = (), fix: Fix | None = None
) -> Result:
    """A finding on the key of a member: the member must not be here, or not be so named."""
    return Result(member.span, member.value.pointer, message, labels, flow, fix)


def at_value(
    node: Node, message: str, *labels: Label, flow: tuple[Label, ...] = (), fix: Fix | None = None
) -> Result:
    """A finding on a value; on the key of an object or array, which may be pages long."""
    return Result(tight(node), node.pointer, message, labels, flow, fix)


def tight(node: Node) -> Span:
    """The characters to point at for a node: a scalar itself, a container's key or first bracket."""
    if node.kind not in {"object", "array"}:
        return node.span
    return node.member.span if node.member is not None else Span(node.start, node.start + 1)
