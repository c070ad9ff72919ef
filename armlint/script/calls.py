"""The calls of Azure's tools in a script, and what each is passed: settings, commands, other arguments."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.jsontext import Comment
from armlint.script import block
from armlint.script.block import Language
from armlint.script.structure import parsed
from armlint.script.value import Items, Mapping, Scalar, whole
from armlint.secrets.pattern import compiled
from armlint.secrets.programs import program_name
from armlint.secrets.shells import Command
from armlint.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from armlint.script.value import Value
    from armlint.source import Source


class Role(StrEnum):
    """What an argument is to the machine that it is for."""

    PUBLIC = "public"
    """Settings or parameters that whoever may read the machine can read."""
    PROTECTED = "protected"
    """Settings or parameters that are kept encrypted."""
    COMMAND = "command"
    """What runs on the machine; nobody can read it afterwards."""
    PUBLIC_COMMAND = "public command"
    """What runs on the machine and can be read like a setting."""
    OTHER = "other"
    """Anything else."""


class Argument(NamedTuple):
    """What a call is passed. `flag` is its name as written, empty for what has none."""

    flag: str
    role: Role
    value: Value


class Call(NamedTuple):
    """A call of `az` or of a cmdlet.

    `name` is what people call it, such as `az vm extension set`; `handler` the extension's publisher and
    type, where the call says them; `command` its words for the search for passwords; `span` its place.
    """

    name: str
    handler: tuple[str, str] | None
    arguments: tuple[Argument, ...]
    command: Command
    span: tuple[int, int]


class Script:
    """A script, pipeline or document, and the calls in it."""

    def __init__(self, source: Source, language: Language) -> None:
        self.source = source
        self.language = language
        self.calls: tuple[Call, ...] = tuple(_calls(source.text, language))

    @property
    def spans(self) -> list[Span]:
        """The places of the calls in order, without overlaps."""
        found: list[Span] = []
        for start, end in sorted(call.span for call in self.calls):
            if not found or start >= found[-1].end:
                found.append(Span(start, end))
        return found

    @property
    def comments(self) -> list[Comment]:
        """The comments that name armlint, in order; others do not matter to anyone."""
        return [Comment(*match.span(), match[0]) for match in compiled(_COMMENT).finditer(self.source.text)]


_COMMENT: Final = (
    r"(?:\#|<!--|(?m:^[ \t]*+(?:::|(?i:@?rem)\b)))(?=[ \t*!/#]{0,40}armlint:)(?:(?!-->)[^\r\n])*+(?:-->)?"
)

_AZ: Final = {
    ("extension", "set"): {"--settings": Role.PUBLIC, "--protected-settings": Role.PROTECTED},
    ("run-command", "invoke"): {"--scripts": Role.COMMAND, "--parameters": Role.COMMAND},
    ("run-command", "create"): {
        "--script": Role.PUBLIC_COMMAND,
        "--parameters": Role.PUBLIC,
        "--protected-parameters": Role.PROTECTED,
    },
}
_AZ[("extension", "create")] = _AZ[("extension", "update")] = _AZ[("extension", "set")]
_AZ[("run-command", "update")] = _AZ[("run-command", "create")]
_MACHINES: Final = frozenset({"vm", "vmss", "connectedmachine"})

_SETTINGS: Final = {
    **dict.fromkeys(("-setting", "-settings", "-settingstring", "-publicsetting"), Role.PUBLIC),
    **dict.fromkeys(
        ("-protectedsetting", "-protectedsettings", "-protectedsettingstring", "-privatesetting"),
        Role.PROTECTED,
    ),
}
_CUSTOM_SCRIPT: Final = {"-argument": Role.PUBLIC_COMMAND, "-run": Role.PUBLIC_COMMAND}
_INVOKE: Final = {"-scriptstring": Role.COMMAND}
_RUN_COMMAND: Final = {
    "-sourcescript": Role.PUBLIC_COMMAND,
    "-parameter": Role.PUBLIC,
    "-protectedparameter": Role.PROTECTED,
}
_CMDLETS: Final = {
    **dict.fromkeys(("set-{}vmextension", "add-{}vmssextension", "set-{}vmssextension"), _SETTINGS),
    **dict.fromkeys(
        (
            "new-{}connectedmachineextension",
            "set-{}connectedmachineextension",
            "update-{}connectedmachineextension",
        ),
        _SETTINGS,
    ),
    "set-{}vmcustomscriptextension": _CUSTOM_SCRIPT,
    "set-{}vmdscextension": {"-configurationargument": Role.PUBLIC},
    **dict.fromkeys(("invoke-{}vmruncommand", "invoke-{}vmssvmruncommand"), _INVOKE),
    **dict.fromkeys(("set-{}vmruncommand", "set-{}vmssvmruncommand"), _RUN_COMMAND),
    **dict.fromkeys(("new-{}connectedmachineruncommand",), _RUN_COMMAND),
}
_PUBLISHER: Final = frozenset({"--publisher", "-publisher"})
_TYPES: Final = ("--extension-type", "-extensiontype", "--type", "-type")
_FLAG_START: Final = ("-", "\u2013")


def _calls(text: str, language: Language) -> Iterator[Call]:
    for found in block.blocks(text, language):
        if found.language is Language.POWERSHELL:
            from armlint.script import powershell

            for made in powershell.read(found.text, text):
                yield from _call(made.values, made.splats, made.command, made.span)
        else:
            from armlint.script import shell

            for line in shell.read(found.text, text, batch=found.language is Language.CMD):
                yield from _call(line.scalars, (), line.command, line.span)


def _call(
    values: Sequence[Value], splats: Sequence[Mapping], command: Command, span: tuple[int, int]
) -> Iterator[Call]:
    for at, word in enumerate(command.words):
        # No program has a longer name.
        name = program_name(word) if len(word.value) < 200 else ""  # noqa: PLR2004
        if name == "az":
            yield from _of_az(values[at + 1 :], command, span)
            return
        if "-az" in name and "-" in name[1:] and not word.quoted and name[0] != "-":
            yield _of_cmdlet(word.value, values[at + 1 :], splats)._replace(command=command, span=span)
            return


def _of_az(values: Sequence[Value], command: Command, span: tuple[int, int]) -> Iterator[Call]:
    group: list[str] = []
    for value in values:
        if not isinstance(value, Scalar) or value.gaps or value.value.startswith("-"):
            break
        if not value.value.replace("-", "").isalnum():
            break
        group.append(value.value.lower())
    if not group:
        return
    roles: dict[str, Role] = {}
    if len(group) > 2 and group[0] in _MACHINES:  # noqa: PLR2004 - `az vm extension set`
        roles = _AZ.get((group[1], group[2]), {})
    arguments = tuple(_arguments(values[len(group) :], roles))
    yield Call(f"az {' '.join(group[:4])}", _handler(arguments, roles), arguments, command, span)


def _of_cmdlet(name: str, values: Sequence[Value], splats: Sequence[Mapping]) -> Call:
    folded = name.lower()
    roles = _CMDLETS.get(folded.replace("-azurerm", "-{}").replace("-az", "-{}", 1), {})
    found = list(_arguments(values, roles))
    for splat in splats:
        for key, value in splat.entries:
            flag = f"-{key.value}"
            found.append(Argument(flag, _role(flag, roles), _structured(value)))
    if roles is _CUSTOM_SCRIPT and any(argument.flag.lower() == "-secureexecution" for argument in found):
        found = [
            argument._replace(role=Role.COMMAND) if argument.role is Role.PUBLIC_COMMAND else argument
            for argument in found
        ]
    arguments = tuple(found)
    return Call(name, _handler(arguments, roles), arguments, Command(), (0, 0))


def _arguments(values: Sequence[Value], roles: dict[str, Role]) -> Iterator[Argument]:
    flag = ""
    bare = False
    for value in values:
        if isinstance(value, Scalar) and not value.quoted and _is_flag(value):
            if bare:
                yield Argument(flag, Role.OTHER, Items([]))
            name, sign, rest = _split(value.value)
            flag, bare = name, True
            if sign and rest:
                part = value.part(len(name) + 1, len(value.value))
                yield Argument(flag, _role(flag, roles), _structured(part))
                flag, bare = "", False
            continue
        bare = False
        yield Argument(flag, _role(flag, roles), _structured(value))
    if bare:
        yield Argument(flag, Role.OTHER, Items([]))


def _is_flag(value: Scalar) -> bool:
    text = value.value
    return text.startswith(_FLAG_START) and text.lstrip("-\u2013")[:1].isalpha()


def _split(text: str) -> tuple[str, str, str]:
    """A flag, and what is glued to it."""
    places = [place for place in (text.find("="), text.find(":")) if place > 0]
    at = min(places, default=-1)
    name = text if at < 0 else text[:at]
    if not name.replace("-", "").replace("\u2013", "").replace("_", "").isalnum():
        return text, "", ""
    return (name, "", "") if at < 0 else (name, text[at], text[at + 1 :])


def _role(flag: str, roles: dict[str, Role]) -> Role:
    if not flag or not roles:
        return Role.OTHER
    folded = flag.lower().replace("\u2013", "-")
    role = roles.get(folded)
    if role is None and len(folded) > 4:  # noqa: PLR2004 - shorter ones are never an abbreviation of these
        # Tools take the start of a name where it is no other's.
        meant = {found for name, found in roles.items() if name.startswith(folded)}
        role = meant.pop() if len(meant) == 1 else None
    return role or Role.OTHER


def _structured(value: Value) -> Value:
    """A text as the object that it spells, where it does; other texts as they are."""
    if isinstance(value, Scalar):
        text = whole(value)
        return parsed(text) or text
    return value


def _handler(arguments: Sequence[Argument], roles: dict[str, Role]) -> tuple[str, str] | None:
    if Role.PROTECTED not in roles.values():
        return None
    publisher = kind = name = ""
    for argument in arguments:
        if not isinstance(argument.value, Scalar) or argument.value.gaps:
            continue
        flag = argument.flag.lower()
        if flag in _PUBLISHER:
            publisher = argument.value.value
        elif flag in _TYPES:
            kind = argument.value.value
        elif flag in {"--name", "-n"}:
            name = argument.value.value
    # `az vm extension set` takes the type for the name when no other is given.
    kind = kind or name
    return (publisher, kind) if publisher and kind else None
