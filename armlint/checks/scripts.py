"""Checks of calls in scripts, pipelines and documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.rule import Result
from armlint.script.calls import Role
from armlint.script.value import Mapping, Scalar, leaves
from armlint.secrets import scan
from armlint.secrets.arguments import is_password, is_secret_name, kind
from armlint.secrets.commandline import of_command
from armlint.secrets.names import looks_public, looks_secret, words
from armlint.secrets.pattern import compiled
from armlint.secrets.values import is_secret
from armlint.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.catalogue import Catalogue
    from armlint.script.calls import Argument, Call, Script
    from armlint.script.value import Gap, Leaf

_LONGEST: Final = 60
_DEEPEST: Final = 3
_FEW: Final = 20
_COMMAND: Final = "commandToExecute"


def command_in_public_settings(script: Script, catalogue: Catalogue | None) -> Iterator[Result]:
    """EXT101: a call that puts a command into the public settings of an extension."""
    for call in script.calls:
        entry = None if catalogue is None or call.handler is None else catalogue.lookup(*call.handler)
        if entry is not None and entry.service_managed:
            continue
        for argument in call.arguments:
            if argument.role is not Role.PUBLIC or not isinstance(argument.value, Mapping):
                continue
            if "ext" not in call.name.lower():
                continue
            for key, value in argument.value.entries:
                known = key.value.lower() == _COMMAND.lower() or (
                    entry is not None and entry.is_command((key.value,))
                )
                if known and not (isinstance(value, Scalar) and not value.value):
                    told = f"'{_short(key.value)}' stands in the public settings that `{call.name}` passes"
                    yield Result(Span(*key.span), "", told)


class _Said(NamedTuple):
    """What is wrong at a place of a call; of several at one place the most certain is told."""

    start: int
    end: int
    message: str


def secret_in_call(script: Script, _: Catalogue | None) -> Iterator[Result]:
    """SEC215: a secret that is written down in a call, or that a call makes public."""
    found: list[_Said] = []
    for call in script.calls:
        found += _in_call(call)
    last = -1
    for said in sorted(dict.fromkeys(found), key=lambda said: (said.start, -said.end)):
        # What stands in several arguments, or is found by its name and by its format, is told once.
        if said.start >= last:
            yield Result(Span(said.start, said.end), "", said.message)
            last = max(said.end, said.start + 1)


def _in_call(call: Call) -> Iterator[_Said]:
    for argument in call.arguments:
        for leaf in leaves(argument.value):
            yield from _in_leaf(call, argument, leaf)
    for hit in of_command(call.command):
        yield _Said(hit.start, hit.end, _written(hit.title, "", call))


def _written(what: str, where: str, call: Call) -> str:
    return f"{what}{where} is written down in a call of `{call.name}`"


def _in_leaf(call: Call, argument: Argument, leaf: Leaf) -> Iterator[_Said]:
    scalar = leaf.scalar
    value = scalar.value
    if not value or value.startswith("@"):
        return
    where = _where(argument, leaf)
    name = _name(argument, leaf)
    gaps = [(gap.start, gap.end) for gap in scalar.gaps]
    if name and not gaps and is_secret_name(name) and is_secret(value, password=is_password(name)):
        yield _Said(*scalar.span, _written(f"a {kind(name)}", f" in {where}", call))
        return
    command = bool(leaf.path) or argument.role is not Role.OTHER
    for hit in scan.scan(value, command=command, dynamic=gaps):
        if hit.start < hit.end:
            span = scalar.text.span(hit.start, hit.end)
            seen = f", seen through {hit.layer}," if hit.layer else ""
            yield _Said(*span, _written(hit.title, f" in {where}{seen}", call))
    for gap in scalar.gaps:
        yield from _in_gap(call, argument, where, scalar, gap)


def _in_gap(call: Call, argument: Argument, where: str, scalar: Scalar, gap: Gap) -> Iterator[_Said]:
    """A variable: what it was set to, and whether a secret becomes public in it."""
    name = variable(gap.told)
    known = gap.known
    if known is not None and not known.gaps and is_secret_name(name):
        if is_secret(known.value, password=is_password(name)):
            yield _Said(*known.span, _written(f"a {kind(name)}", f" that goes into {where}", call))
        return
    if argument.role not in {Role.PUBLIC, Role.PUBLIC_COMMAND} or gap.start == gap.end:
        return
    why = _origin(gap)
    if why:
        told = f"{why} goes into {where} of `{call.name}`, where whoever may read the machine can read it"
        yield _Said(*scalar.text.span(gap.start, gap.end), told)


# ------------------------------------------------------------------------------------------- names

_VARIABLE: Final = (
    r"\$\{\{\s*(?P<context>[\w.-]+)\s*\}\}|#\{(?P<token>[\w.-]+)\}#|%(?P<cmd>\w+)%"
    r"|\$[({]?(?:env:|script:|global:)?(?P<name>[A-Za-z_][\w.-]*)(?::?[-=?+][^}]*)?[)}]?"
)
_STORE: Final = (
    r"(?i)\b(?:keyvault[ ]+secret[ ]+show|Get-Az(?:ureRm|ure)?KeyVaultSecret\b|keys?[ ]+list\b|list-keys\b"
    r"|Get-Az(?:ureRm|ure)?StorageAccountKey\b|generate-sas\b|show-connection-string\b|credential[ ]+show\b"
    r"|get-access-token\b|Get-Az(?:ureRm|ure)?AccessToken\b|get-shared-keys\b"
    r"|New-Az(?:ureRm|ure)?Storage(?:Account|Container|Blob|Share)\w{0,10}SAS\w{0,5})"
)
# What people keep in a store for secrets though it is none.
_NO_SECRETS: Final = frozenset(
    {
        *("id", "ids", "name", "names", "rg", "group", "groups", "region", "location", "url", "uri"),
        "endpoint",
        *("host", "hostname", "user", "username", "login", "email", "subscription", "tenant", "client"),
        *("account", "server", "domain", "path", "ip", "port", "version", "env", "environment", "vm", "vmss"),
        *("sku", "image", "registry", "branch", "repo", "repository", "owner", "org", "organization"),
        *("project", "prefix", "suffix", "size", "number", "count"),
    }
)


def variable(told: str) -> str:
    """The name of a variable as a script or pipeline writes it; empty for what is none."""
    match = compiled(_VARIABLE).fullmatch(told)
    # The folder of a shell is no password.
    if match is None or told == "$(pwd)":
        return ""
    found = match["context"] or match["token"] or match["cmd"] or match["name"] or ""
    return found.rpartition(".")[2]


def _origin(gap: Gap, depth: int = 0) -> str:
    """Why a variable holds a secret, as the subject of a sentence; empty where nobody can tell."""
    told = gap.told
    name = variable(told)
    shown = f"'{_short(name)}'"
    if told.startswith("${{") and "secrets." in told:
        last = words(name)[-1:]
        if looks_secret(name) or not last or last[0] not in _NO_SECRETS:
            return f"{shown}, a secret of the pipeline,"
        return ""
    if name:
        if looks_public(name):
            return ""
        if is_secret_name(name):
            return f"{shown}, which is named like a secret,"
        within = () if gap.known is None or depth == _DEEPEST else gap.known.gaps[:_FEW]
        if any(compiled(_STORE).search(inner.told) and not variable(inner.told) for inner in within):
            return f"{shown}, which is read from a store of secrets,"
        # A variable that was put together from others.
        return next(filter(None, (_origin(inner, depth + 1) for inner in within)), "")
    if compiled(_STORE).search(told):
        return "what a store of secrets gives"
    return ""


def _name(argument: Argument, leaf: Leaf) -> str:
    """The name under which a text stands; that of a parameter, where it is the value of one."""
    path = [name for name in leaf.path if name.lower() not in {"value", "values"}]
    if path:
        return path[-1]
    return argument.flag.lstrip("-\u2013") if argument.role is not Role.OTHER or not leaf.path else ""


def _where(argument: Argument, leaf: Leaf) -> str:
    flag = f"`{argument.flag}`" if argument.flag else "an argument"
    if argument.role is Role.PUBLIC and "etting" in argument.flag:
        flag = f"the public settings {flag}"
    return f"'{_short('.'.join(leaf.path))}' of {flag}" if leaf.path else flag


def _short(name: str) -> str:
    """A name for a message; of what looks like none only that there is one."""
    if not compiled(r"[A-Za-z_$][\w.$-]*+").fullmatch(name):
        return "…"
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
