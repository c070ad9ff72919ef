"""Checks for secrets that are written into a template: what a literal means, and which literals there are.

`judge` answers for one text in one role; it is used for parameter files and scripts too. The rules SEC207,
SEC210 and SEC213 share one search of a file, `found`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from armlint.arm import expression as syntax
from armlint.arm.kind import Kind
from armlint.checks.pieces import Flattener, Origin
from armlint.finding import Label, Severity
from armlint.rule import Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from armlint.arm.evaluate import Scope
    from armlint.arm.extension import Extension
    from armlint.arm.model import Model
    from armlint.arm.template import Resource, Site, Template
    from armlint.checks.pieces import Flat
    from armlint.jsontext import Node
    from armlint.secrets.hit import Hit

LITERAL: Final = "SEC207"
COMMAND: Final = "SEC210"
SAS: Final = "SEC213"
# Of two verdicts on the same characters the first in this row stands.
_RANKS: Final = {SAS: 0, COMMAND: 1, LITERAL: 2}
_SAS: Final = frozenset({"sas-token", "functions-url-code"})
_UNSURE: Final = frozenset({"aws-access-key"})


class Verdict(NamedTuple):
    """A secret in a text. Never holds the secret itself, only its place."""

    rule: str
    """SEC213 for a signature in a URL, SEC210 for what a command gives away, SEC207 for others."""
    start: int
    end: int
    """Its characters in the text, half-open; those of the whole encoded run when it was decoded."""
    title: str
    """What it is, with its article, such as `an Azure storage account key`."""
    doubt: bool
    """Whether it is one in form only, since its checksum is wrong: a warning, no error."""
    layer: str | None = None
    """The encoding that hid it, such as `base64`."""
    expires: date | None = None
    """The day a shared access signature ends."""


def judge(
    text: str,
    *,
    name: str = "",
    command: bool = False,
    secure: bool = False,
    dynamic: Sequence[tuple[int, int]] = (),
) -> list[Verdict]:
    """What a string literal means in its role: the secrets in it, in order, none within another.

    `text` is the value, not an expression. `name` is what names it: of the parameter, variable, property or
    environment variable that has this value; empty where nothing does. `command` says that it is a command
    line or a script. `secure` says that its place takes secrets and nothing else, whatever the name says.
    `dynamic` are the spans of `text` that stand for what only deployment can tell; a value with such parts is
    no secret by its name. References, placeholders and published keys draw nothing.
    """
    from armlint.secrets.scan import scan

    verdicts = [_verdict(hit, command=command) for hit in scan(text, command=command, dynamic=dynamic)]
    if verdicts or dynamic or command or not (secure or (name and names_literal(name))):
        return verdicts
    from armlint.secrets.arguments import is_password, kind
    from armlint.secrets.values import is_secret

    password = is_password(name)
    if is_secret(text, password=password) and not _is_sentence(text):
        title = f"a {kind(name)}"
        return [Verdict(LITERAL, 0, len(text), title, doubt=False)]
    return []


def _verdict(hit: Hit, *, command: bool) -> Verdict:
    from armlint.secrets.scan import has_checksum

    rule = SAS if hit.detector in _SAS else COMMAND if command else LITERAL
    doubt = not hit.certain and (hit.detector in _UNSURE or has_checksum(hit.detector))
    return Verdict(rule, hit.start, hit.end, hit.title, doubt, hit.layer, hit.expires)


# A name of one of these kinds is no reason to take what has it for a secret: connection strings have
# passwords of their own form, credentials may be names of users, and some tokens only tell requests apart.
_WEAK: Final = frozenset({"connection", "conn", "connectionstring", "connectionstrings", "connstring"})
_CREDENTIAL: Final = frozenset({"credential", "credentials", "cred", "creds"})


@lru_cache(maxsize=4096)
def names_literal(name: str) -> bool:
    """Whether a text under this name is a secret, unless it is a reference or a placeholder."""
    from armlint.secrets.names import looks_secret, words

    if not looks_secret(name):
        return False
    parts = words(name)
    if _WEAK.intersection(parts) or name.lower().endswith(("connectionstring", "connectionstrings")):
        return False
    return not (parts and parts[-1] in _CREDENTIAL)


_SENTENCE: Final = re.compile(r"[A-Za-z][A-Za-z',()/-]*[,.:;]?(?: [A-Za-z0-9'\"<>(),./-]+[,.:;!?)]*){2,}")


def _is_sentence(text: str) -> bool:
    """Whether a text is prose about secrets, such as a caption."""
    return text.count(" ") > 1 and _SENTENCE.fullmatch(text.strip()) is not None


# ------------------------------------------------------------------------------------------------ the rules


def literal_secret(model: Model, _: Model) -> Iterator[Result]:
    """SEC207: a secret that is written into a variable, a default, a property."""
    yield from _told(LITERAL, model)


def secret_on_command_line(model: Model, _: Model) -> Iterator[Result]:
    """SEC210: a secret that is written into a command or script."""
    yield from _told(COMMAND, model)


def literal_sas_token(model: Model, _: Model) -> Iterator[Result]:
    """SEC213: a URL with a signature, or the signature by itself."""
    yield from _told(SAS, model)


class Found(NamedTuple):
    """A secret where it is written, and the value that it was seen in."""

    verdict: Verdict
    origin: Origin
    sink: Node
    """The string, or array of strings, that was looked at: the origin itself, or what uses it."""


def _told(rule: str, model: Model) -> Iterator[Result]:
    for each in found(model):
        if each.verdict.rule == rule:
            yield _result(each, model)


def found(model: Model) -> tuple[Found, ...]:
    """All secrets that are written into a file, each once, in the order of the text."""
    return model.remember("literals", lambda: _Search(model).run())


# ------------------------------------------------------------------------------------------------ messages


def _result(each: Found, model: Model) -> Result:
    verdict, origin = each.verdict, each.origin
    told = [f"{verdict.title} is written into {_where(each, model)}"]
    if verdict.layer is not None:
        told.append(f"it can be read through {verdict.layer}")
    if verdict.expires is not None:
        over = verdict.expires < model.today
        told.append(f"it ended on {verdict.expires}" if over else f"it is valid until {verdict.expires}")
    if verdict.doubt:
        told.append("it may be a sample, since its form proves nothing or its checksum is wrong")
    labels = list(_uses(origin, model))
    if each.sink is not origin.node and each.sink.member is not None and not labels:
        labels.append(Label(each.sink.member.span, "used here"))
    severity = Severity.WARNING if verdict.doubt else None
    pointer = origin.node.pointer
    return Result(origin.span, pointer, "; ".join(filter(None, told)), tuple(labels), severity=severity)


def _where(each: Found, model: Model) -> str:
    declared = _declared(each.origin.node, model)
    if declared is not None:
        _, kind, name = declared
        return f"{'variable' if kind == 'variables' else 'the default of parameter'} '{_safe(name)}'"
    name = _name_of(each.origin.node)
    return f"'{_safe(name)}'" if name else "the file"


def _name_of(node: Node) -> str:
    """What a value is called: its key, that of the list it is in, or the name beside a member `value`."""
    current: Node | None = node
    while current is not None and not isinstance(current.key, str):
        current = current.parent
    if current is None:
        return ""
    if str(current.key).lower() not in _VALUES or current.parent is None:
        return str(current.key)
    beside = current.parent.get("name")
    if beside is not None and isinstance(beside.value, str) and not syntax.is_expression(beside.value or " "):
        return beside.value
    holder: Node | None = current.parent
    while holder is not None and not isinstance(holder.key, str):
        holder = holder.parent
    return str(current.key) if holder is None or holder.key == "properties" else str(holder.key)


def _safe(name: str) -> str:
    from armlint.secrets.scan import redact

    return redact(name)


def _declared(node: Node, model: Model) -> tuple[Template, str, str] | None:
    """The template, section and name of the variable or parameter in whose value a node stands."""
    templates = model.remember("templates by node", lambda: {id(t.node): t for t in model.templates})
    steps: list[Node] = []
    current: Node | None = node
    while current is not None:
        if id(current) in templates:
            break
        steps.append(current)
        current = current.parent
    if current is None or len(steps) < 2:  # noqa: PLR2004 - a section and what is in it
        return None
    section, member = str(steps[-1].key).lower(), steps[-2]
    template = templates[id(current)]
    if section == "variables" and member.key is not None and str(member.key).lower() != "copy":
        return template, section, str(member.key)
    if section == "parameters" and len(steps) > 2 and str(steps[-3].key).lower() == "defaultvalue":  # noqa: PLR2004
        return template, section, str(member.key)
    return None


_MOST_USES: Final = 8


def _uses(origin: Origin, model: Model) -> Iterator[Label]:
    declared = _declared(origin.node, model)
    if declared is None:
        return
    template, kind, name = declared
    index = model.remember("uses of names", lambda: _index_of_uses(model))
    for place, call in index.get((template.declared.number, kind, name.lower()), ())[:_MOST_USES]:
        yield Label(place.span_of(call.start, call.end), "used here")


def _index_of_uses(model: Model) -> dict[tuple[int, str, str], list[tuple[Any, syntax.Call]]]:
    index: dict[tuple[int, str, str], list[tuple[Any, syntax.Call]]] = {}
    for template in model.templates:
        for site in model.sites(template):
            read = syntax.read(site.text)
            if read is None or isinstance(read, syntax.Invalid) or site.function is not None:
                continue
            for part in syntax.walk(read):
                if not isinstance(part, syntax.Call) or part.function not in {"variables", "parameters"}:
                    continue
                name = part.args[0] if part.args else None
                if isinstance(name, syntax.Literal):
                    key = (site.scope.number, part.function, str(name.value).lower())
                    index.setdefault(key, []).append((site.place, part))
    return index


# -------------------------------------------------------------------------------------------- the search

_MOST_HALVES: Final = 100
_PLAIN, _SECRET, _COMMAND, _VALUE, _QUIET = range(5)
# What these members hold runs as a command or script, in whichever resource.
_COMMANDS: Final = frozenset(
    {
        *("commandtoexecute", "scriptcontent", "commandline", "customdata", "userdata", "inline", "script"),
        *("command", "commands", "args", "arguments", "startupcommand", "startupscript", "linuxfxcommand"),
    }
)
_VALUES: Final = frozenset({"value", "defaultvalue"})
# Below these, names are captions or rules about values, and no literal is a secret by its name.
_QUIETS: Final = frozenset(
    {
        *("metadata", "allowedvalues", "label", "labels", "tooltip", "uidefinition", "uiformdefinition"),
        *("description", "displayname", "comments", "$schema", "outputs.metadata", "secretref"),
    }
)


@lru_cache(maxsize=8192)
def _flag(name: str) -> int:
    """What the name of a member says of its value."""
    lower = name.lower()
    if lower in _COMMANDS:
        return _COMMAND
    if lower in _VALUES:
        return _VALUE
    if lower in _QUIETS:
        return _QUIET
    return _SECRET if names_literal(name) else _PLAIN


_ASSIGNED: Final = re.compile(r"[A-Za-z_][\w.-]{0,63}")


class _Search:
    """One search of a file."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.kept: dict[int, list[Found]] = {}
        self.commands: list[Node] = []
        self.named: list[tuple[str, Node]] = []
        self.strings: list[Node] = []
        self.assignments: list[Node] = []

    def run(self) -> tuple[Found, ...]:
        root = self.model.document.root
        if root is None or self.model.kind in {Kind.OTHER, Kind.PARAMETERS}:
            return ()
        self._walk(root)
        for extension in self.model.extensions:
            self._extension(extension)
        for resource in self.model.resources:
            if resource.key in _SINKS:
                self._resource(resource)
        for node in self.commands:
            self._look(node, command=True)
        for name, node in self.named:
            self._look(node, name=name)
        for node in self.assignments:
            self._assigned(node)
        self._by_format()
        every = [each for kept in self.kept.values() for each in kept]
        every.sort(key=lambda each: (each.origin.node.start, each.origin.start))
        return tuple(every)

    def _by_format(self) -> None:
        """Look at all strings that may hold a secret which is told by its format."""
        suspicious, half = _suspicious({node.value for node in self.strings})
        used = self._using(half) if half else None
        if suspicious or used:
            for node in self.strings:
                text = str(node.value)
                if text in suspicious or (used is not None and text[:1] == "[" and used.search(text)):
                    self._look(node)

    def _using(self, half: set[str]) -> re.Pattern[str] | None:
        """What finds the expressions that use a variable with half of something that holds a secret."""
        names: dict[str, None] = {}
        for node in self.strings:
            if node.value in half and len(names) < _MOST_HALVES:
                declared = _declared(node, self.model)
                if declared is not None:
                    names[re.escape(declared[2])] = None
        return re.compile(f"'(?:{'|'.join(names)})'", re.IGNORECASE) if names else None

    # One loop over all nodes: a function for each would take twice the time.
    def _walk(self, root: Node) -> None:  # noqa: C901, PLR0912
        """Collect all strings, and those that have a role by their name."""
        strings, flag = self.strings, _flag
        pending = [root]
        quiet: list[Node] = []
        while pending:
            node = pending.pop()
            for member in node.members:
                value = member.value
                kind = value.kind
                role = flag(member.name)
                if role:
                    if kind == "string":
                        if role == _SECRET:
                            self.named.append((member.name, value))
                        elif role == _VALUE:
                            self._valued(value)
                        elif role == _COMMAND:
                            self.commands.append(value)
                    elif kind == "array" and role in {_SECRET, _COMMAND}:
                        self._listed(member.name, value, role)
                    elif role == _QUIET:
                        quiet.append(value)
                        continue
                if kind == "string":
                    strings.append(value)
                elif kind in {"object", "array"}:
                    pending.append(value)
            for value in node.items:
                kind = value.kind
                if kind == "string":
                    strings.append(value)
                    if "=" in value.value:  # type: ignore[operator]
                        self.assignments.append(value)
                elif kind in {"object", "array"}:
                    pending.append(value)
        while quiet:
            node = quiet.pop()
            for member in node.members:
                if member.value.kind == "string":
                    strings.append(member.value)
                else:
                    quiet.append(member.value)
            for item in node.items:
                (strings if item.kind == "string" else quiet).append(item)

    def _valued(self, value: Node) -> None:
        """The member `value` of an object with a name of its own, or of one that is named by its key."""
        name = _name_of(value)
        role = _flag(name)
        if role == _SECRET:
            self.named.append((name, value))
        elif role == _COMMAND:
            self.commands.append(value)

    def _listed(self, name: str, value: Node, role: int) -> None:
        strings = [item for item in value.items if item.kind == "string"]
        if role == _SECRET:
            self.named += [(name, item) for item in strings]
        elif strings and len(strings) == len(value.items):
            self.commands.append(value)

    def _assigned(self, node: Node) -> None:
        """An item `NAME=value` of a list, such as one of environment variables."""
        text = str(node.value)
        name, _, value = text.partition("=")
        if not _ASSIGNED.fullmatch(name) or not names_literal(name):
            return
        before = len(text) - len(value)
        for verdict in judge(value, name=name):
            self._keep(Found(verdict, Origin(node, verdict.start + before, verdict.end + before), node))

    def _extension(self, extension: Extension) -> None:
        """The settings that the catalogue calls commands or secrets."""
        entry = self.model.entry(extension)
        if entry is None or not (entry.secret or entry.commands):
            return
        for block in ("settings", "protectedSettings"):
            member = extension.member(block)
            for path, node in _leaves(member.value) if member is not None else ():
                if entry.is_command(path):
                    self.commands.append(node)
                elif entry.is_secret(path):
                    last = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
                    self.named.append((last if names_literal(last) else f"{last} secret", node))

    def _resource(self, resource: Resource) -> None:
        """The properties of a resource that hold secrets whatever their names say."""
        for path, unless in _SINKS[resource.key]:
            if unless and resource.value(resource.node.at(*unless)) is not True:
                continue
            for node in _reached(resource.node, path):
                if node.kind == "string":
                    name = resource.name
                    last = name.rpartition("/")[2] if isinstance(name, str) else ""
                    self.named.append((last if names_literal(last) else "secret", node))

    def _look(self, node: Node, *, name: str = "", command: bool = False) -> None:
        """Judge one value, and keep what is found."""
        site = self._site(node)
        if site is None and node.kind == "string" and not command:
            text = syntax.literal(str(node.value))
            skipped = len(str(node.value)) - len(text)
            for verdict in judge(text, name="" if skipped else name):
                origin = Origin(node, verdict.start + skipped, verdict.end + skipped)
                self._keep(Found(verdict, origin, node))
            return
        flat = self._flat(node, site, second=False)
        self._judge(flat, node, name, command=command)
        if flat.choices:
            self._judge(self._flat(node, site, second=True), node, name, command=command)

    def _flat(self, node: Node, site: Site | None, *, second: bool) -> Flat:
        flattener = flattener_of(self.model)
        scope: Scope | None = None if site is None else site.scope
        if site is None and node.kind == "array":
            scope = next((s.scope for s in map(self._site, node.items) if s is not None), None)
        if site is not None and site.function is not None:
            scope = None
        return flattener.of(node, scope, second=second)

    def _judge(self, flat: Flat, sink: Node, name: str, *, command: bool) -> None:
        for verdict in judge(flat.text, name=name, command=command, dynamic=flat.dynamic):
            origin = flat.origin(verdict.start, verdict.end)
            if origin is not None:
                self._keep(Found(verdict, origin, sink))

    def _site(self, node: Node) -> Site | None:
        value = node.value
        if not isinstance(value, str) or value[:1] != "[":
            return None
        return self.model.remember("sites by node", self._sites).get(id(node))

    def _sites(self) -> dict[int, Site]:
        model = self.model
        return {id(site.place): site for template in model.templates for site in model.sites(template)}

    def _keep(self, each: Found) -> None:
        """Of what is said of the same characters, keep the gravest."""
        kept = self.kept.setdefault(id(each.origin.node), [])
        for at, other in enumerate(kept):
            if each.origin.start < other.origin.end and other.origin.start < each.origin.end:
                if _RANKS[each.verdict.rule] < _RANKS[other.verdict.rule]:
                    kept[at] = each
                return
        kept.append(each)


def flattener_of(model: Model) -> Flattener:
    """What makes texts of this file's strings."""

    def make() -> Flattener:
        from armlint.arm.evaluate import Evaluator

        evaluator = Evaluator() if model.root is None else model.root.evaluator
        return Flattener(evaluator, len(model.document.source.text))

    return model.remember("flattener", make)


def _suspicious(texts: set[Any]) -> tuple[set[str], set[str]]:
    """Those of the texts that hold a secret of some format, or may when they are evaluated.

    Most files have none. The second are those that would hold one if more stood behind.
    """
    from armlint.secrets.scan import candidates, has_context, scan

    found: set[str] = set()
    half: set[str] = set()
    for text in candidates(texts):
        context = has_context(text)
        if (context and text[:1] == "[" and "(" in text) or scan(text):
            found.add(text)
        if context:
            half.add(text)
    return found, half


def _leaves(settings: Node) -> Iterator[tuple[list[str | int], Node]]:
    """The strings of a block of settings with their paths."""
    pending: list[tuple[list[str | int], Node]] = [([], settings)]
    while pending:
        path, node = pending.pop()
        if node.kind == "string":
            if path:
                yield path, node
        elif node.kind == "object":
            pending += [([*path, member.name], member.value) for member in reversed(node.members)]
        elif node.kind == "array":
            pending += [([*path, index], item) for index, item in enumerate(node.items)]


def _reached(node: Node, path: tuple[str, ...]) -> Iterable[Node]:
    nodes = [node]
    for step in path:
        below: list[Node] = []
        for each in nodes:
            if step == "*":
                below += [*each.items, *(member.value for member in each.members)]
            else:
                inner = each.get(step)
                below += [] if inner is None else [inner]
        nodes = below
    return nodes


_Sinks = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
_APP: Final[_Sinks] = ((("properties", "configuration", "secrets", "*", "value"), ()),)
_RUN: Final[_Sinks] = ((("properties", "protectedParameters", "*", "value"), ()),)
# Resource types, lower-cased, with the paths of properties that hold secrets only; behind a path, the switch
# that makes it so.
_SINKS: Final[dict[str, _Sinks]] = {
    "microsoft.keyvault/vaults/secrets": ((("properties", "value"), ()),),
    "microsoft.containerinstance/containergroups": ((("properties", "volumes", "*", "secret", "*"), ()),),
    "microsoft.app/containerapps": _APP,
    "microsoft.app/jobs": _APP,
    "microsoft.compute/virtualmachines/runcommands": _RUN,
    "microsoft.compute/virtualmachinescalesets/virtualmachines/runcommands": _RUN,
    "microsoft.hybridcompute/machines/runcommands": _RUN,
    "microsoft.automation/automationaccounts/variables": (
        (("properties", "value"), ("properties", "isEncrypted")),
    ),
    "microsoft.apimanagement/service/namedvalues": ((("properties", "value"), ("properties", "secret")),),
    "microsoft.kubernetesconfiguration/extensions": (
        (("properties", "configurationProtectedSettings", "*"), ()),
    ),
}
