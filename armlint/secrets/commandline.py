"""Secrets that the syntax of a command line or script gives away: flags, assignments, programs, phrases.

The words come from readers for the shells (`armlint.secrets.shells`); quoted parts are command lines of their
own, down to a depth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from armlint.secrets import phrases, programs
from armlint.secrets.arguments import ASSIGNED, Claim, is_secret_name, kind
from armlint.secrets.pattern import compiled
from armlint.secrets.shells import Command, Text, reader_of
from armlint.secrets.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.secrets.hit import Hit

_DEPTH: Final = 4
_SHORTEST: Final = 8
# One of these is in each text that has anything to find.
_KEYWORDS: Final = (
    *("pass", "pwd", "secret", "token", "key", "login", "/rp", " use", "identified", " sas", "-pw", "pword"),
    *("securestring", "networkcredential", "kennwort", "sudo -s", " sql ", " postgres", " synapse"),
    *(" hdinsight ", "container set"),
    *(
        "mysql",
        "mariadb",
        "sqlcmd",
        "osql",
        "bcp",
        "isql",
        "mongo",
        "redis-cli",
        "psexec",
        "paexec",
        "pskill",
    ),
    *(
        "pslist",
        "winrs",
        "curl",
        "plink",
        "pscp",
        "psftp",
        "putty",
        "ldap",
        "certutil",
        "signtool",
        "smbclient",
    ),
    *(
        "rpcclient",
        "rabbitmqctl",
        "7z",
        "zip",
        "openssl",
        "useradd",
        "usermod",
        "adduser",
        "freerdp",
        "rdesktop",
    ),
    *("kinit", "rasdial", "schtasks", "realm", "adcli"),
)
# Expressions of pipelines and templates: what they stand for is put in before the shell runs.
_EXPRESSION: Final = r"\$\{\{[^{}]{0,200}+\}\}|\{\{[^{}\r\n]{0,200}+\}\}"
_ESCAPED_JSON: Final = r"\s*+[{\[]\s*+\\+[\"']"


def find(text: str) -> list[Hit]:
    """The secrets that the syntax gives away, in order, none within another."""
    if not _may_have(text):
        return []
    if "{{" in text:
        text = compiled(_EXPRESSION).sub(lambda match: UNKNOWN * len(match[0]), text)
    kept: list[Hit] = []
    for hit in sorted(_look(Text(text), 0), key=lambda hit: (hit.start, -hit.end, not hit.certain)):
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept


def _may_have(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in _KEYWORDS)


def _look(source: Text, depth: int) -> Iterator[Hit]:
    if compiled(_ESCAPED_JSON).match(source.text):
        source = _unescaped(source)
    yield from phrases.find(source)
    reader = reader_of(source.text)(source).read()
    for command in reader.commands:
        yield from of_command(command)
    if depth == _DEPTH:
        return
    inner = [part for command in reader.commands for word in command.words for part in word.inner]
    for part in (*inner, *reader.bodies):
        if len(part.text) >= _SHORTEST and compiled(r"[\s=:]").search(part.text) and _may_have(part.text):
            yield from _look(part, depth + 1)


def _unescaped(source: Text) -> Text:
    """JSON whose quotes are escaped once more, as it must be to pass from PowerShell to a program."""
    pieces: list[str] = []
    starts: list[int] = []
    origins: list[int] = []
    last = length = 0
    for match in compiled(r"""\\+(?=["'])""").finditer(source.text):
        if match.start() > last:
            pieces.append(source.text[last : match.start()])
            starts.append(length)
            origins.append(last)
            length += match.start() - last
        last = match.end()
    pieces.append(source.text[last:])
    return Text("".join(pieces), [*starts, length], [*origins, last], source)


def of_command(command: Command) -> Iterator[Hit]:
    """The secrets that the flags, assignments and programs of one command give away."""
    if len(command.words) == 1 and command.piped is None:
        value = command.words[0].value
        if "=" not in value and ":" not in value:
            return
    yield from _flags(command)
    yield from _assignments(command)
    yield from _variables(command)
    yield from programs.find(command)


# ----------------------------------------------------------------------------------- flags and assignments

_FLAG: Final = r"(?:--?|/|\u2013)(?P<name>[A-Za-z][\w.-]{0,63}+)(?:(?P<between>[=:])(?P<value>[\s\S]*+))?"


def _flags(command: Command) -> Iterator[Hit]:
    """`--password X`, `-Password:X`, `/password:X`."""
    for at, word in enumerate(command.words):
        match = compiled(_FLAG).fullmatch(word.value)
        if match is None or not is_secret_name(match["name"]):
            continue
        name = match["name"]
        claim = Claim(f"a {kind(name)} after {word.value[: match.end('name')]}", name)
        if match["value"]:
            yield from claim.on(word, match.start("value"))
        elif (match["between"] or word.value[0] != "/") and at + 1 < len(command.words):
            following = command.words[at + 1]
            if following.quoted or not compiled(_FLAG).fullmatch(following.value):
                yield from claim.on(following)


_PAIR: Final = (
    r"(?:(?<=[,;:])|\A(?:/[a-zA-Z]:|--?[\w-]{1,20}=)?)"
    r"(?P<name>[A-Za-z_][\w.-]{1,63}+)=(?P<value>(?:[^,;]++|[,;](?![\w.-]+=))++)"
)


def _assignments(command: Command) -> Iterator[Hit]:
    """`NAME=value` wherever it stands: variables of a shell, `docker -e`, `--parameters`, properties."""
    for at, word in enumerate(command.words):
        value = word.value
        if "=" not in value or "://" in value or (word.quoted and compiled(r"\s").search(value)):
            continue
        for match in compiled(_PAIR).finditer(value):
            name = match["name"]
            if is_secret_name(name):
                yield from Claim(f"a {kind(name)} in {name}", name, ASSIGNED).on(word, *match.span("value"))
        # `sc config … password= X` has the value in a word of its own.
        if value.lower() == "password=" and at + 1 < len(command.words):
            yield from Claim("a password after password=").on(command.words[at + 1])


_VARIABLE: Final = (
    r"(?:\[[\w.]+(?:\[\])?\])?(?P<sign>\$\{?(?:\w{1,20}:)?)?(?P<name>[A-Za-z_][\w.-]{1,63}+)\}?"
)


def _variables(command: Command) -> Iterator[Hit]:
    """`$name = "value"`, `name = value`: PowerShell's variables and hash tables, settings files."""
    found = command.words
    for at in range(1, len(found) - 1):
        if found[at].value != "=" or found[at].quoted:
            continue
        value = found[at + 1]
        match = compiled(_VARIABLE).fullmatch(found[at - 1].value)
        whole = at + 2 == len(found)
        if match is None or not whole or not is_secret_name(match["name"]):
            continue
        if value.quoted or not match["sign"]:
            name = match["name"]
            yield from Claim(f"a {kind(name)} in {name}", name, ASSIGNED).on(value)
