"""Programs that take a password where no name tells it: `mysql -pX`, `net user U X`, `echo X | kinit`.

A program whose password stands behind a flag is a row of `PROGRAMS`; the others are a function each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.secrets.arguments import Claim, is_secret_name
from armlint.secrets.pattern import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from armlint.secrets.hit import Hit
    from armlint.secrets.shells import Command, Word

    Rule = Callable[[Command, list[str]], Iterator[Hit]]


class Program(NamedTuple):
    """Where programs take a secret behind a flag without a telling name."""

    names: tuple[str, ...]
    title: str
    flags: tuple[str, ...] = ()
    """Flags before the secret; capitals differ."""
    glued: tuple[str, ...] = ()
    """What the secret follows without a blank."""
    needs: tuple[tuple[str, ...], ...] = ()
    """Sets of words; all of one must be among the arguments."""
    after_user: bool = False
    """Whether the argument is `user:password` or `user%password`."""


PROGRAMS: Final[tuple[Program, ...]] = (
    Program(
        (
            "mysql",
            "mysqldump",
            "mysqladmin",
            "mysqlimport",
            "mysqlshow",
            "mariadb",
            "mariadb-dump",
            "mariadb-admin",
        ),
        "the password of a mysql command",
        glued=("-p",),
    ),
    Program(("sshpass",), "the password of sshpass", ("-p",), ("-p",)),
    Program(("sqlcmd", "osql", "bcp", "isql"), "the password of a SQL Server command", ("-P",), ("-P",)),
    Program(
        ("mongo", "mongosh", "mongodump", "mongorestore", "mongoimport", "mongoexport"),
        "the password of a MongoDB command",
        ("-p",),
    ),
    Program(("redis-cli",), "the password of redis-cli", ("-a",)),
    Program(("psexec", "psexec64", "paexec", "pskill", "pslist"), "the password of psexec", ("-p", "/p")),
    Program(("winrs",), "the password of winrs", ("-p", "/p"), ("-p:", "/p:")),
    Program(
        (
            "docker",
            "podman",
            "nerdctl",
            "buildah",
            "skopeo",
            "oras",
            "helm",
            "az",
            "oc",
            "crane",
            "cf",
            "heroku",
        ),
        "the password of a login",
        ("-p",),
        needs=(("login",),),
    ),
    Program(
        ("az",),
        "a password given to az",
        ("-p",),
        needs=(
            *(("sql",), ("postgres",), ("mysql",), ("mariadb",), ("synapse",)),
            *(("vm", "user", "update"), ("hdinsight", "create"), ("config", "container", "set")),
        ),
    ),
    Program(("az",), "the value of a Key Vault secret", ("--value",), needs=(("keyvault", "secret", "set"),)),
    Program(
        ("curl",),
        "the password of a curl command",
        ("-u", "--user", "-U", "--proxy-user"),
        ("-u", "-U", "--user=", "--proxy-user="),
        after_user=True,
    ),
    Program(("cmdkey",), "the password of cmdkey", ("/pass", "/p"), ("/pass:", "/p:", "-pass:")),
    Program(("schtasks",), "the password of a scheduled task", ("/rp", "/RP", "/p", "/P")),
    Program(("plink", "pscp", "psftp", "putty"), "the password of an SSH session", ("-pw",)),
    Program(
        ("ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldappasswd", "ldapwhoami"),
        "the password of an LDAP command",
        ("-w",),
    ),
    Program(("certutil",), "the password of a certificate", ("-p", "-P")),
    Program(("signtool",), "the password of a certificate", ("/p",)),
    Program(("smbclient", "rpcclient"), "the password of a share", ("-U",), after_user=True),
    Program(("7z", "7za", "7zr", "7zz"), "the password of an archive", glued=("-p",)),
    Program(("unzip", "zip"), "the password of an archive", ("-P",)),
    Program(("openssl",), "the password of an openssl command", ("-k",), ("pass:",)),
    Program(("useradd", "usermod", "adduser"), "the password of an account", ("-p",)),
    Program(("xfreerdp", "rdesktop", "wfreerdp"), "the password of a session", ("-p",), ("/p:",)),
)
_BY_NAME: Final = {
    name: [row for row in PROGRAMS if name in row.names] for row in PROGRAMS for name in row.names
}
# Behind one of these, the name of a program is not what runs.
_INSTALLERS: Final = frozenset(
    {"install", "enable", "restart", "start", "stop", "status", "which", "where", "remove"}
)
_PASSWORD: Final = Claim("")


def program_name(word: Word) -> str:
    """The name under which a word would run a program: no folder, no `.exe`, small letters."""
    name = word.value.lower()
    if "/" in name or "\\" in name:
        name = name[max(name.rfind("/"), name.rfind("\\")) + 1 :]
    return name[:-4] if name.endswith((".exe", ".cmd")) else name


def find(command: Command) -> Iterator[Hit]:
    """What the programs of a command give away."""
    names = [program_name(word) for word in command.words]
    # In order, so that of two rules for one word always the same one speaks.
    for rule in dict.fromkeys(_RULES[name] for name in names if name in _RULES):
        yield from rule(command, names)
    if not _BY_POSITION.isdisjoint(names):
        yield from _by_position(command, names)


# ------------------------------------------------------------------------------------------- behind a flag


def _by_flag(command: Command, names: list[str]) -> Iterator[Hit]:
    for at, name in enumerate(names):
        if name in _BY_NAME and not (at and names[at - 1] in _INSTALLERS):
            arguments = command.words[at + 1 :]
            values = {word.value.lower() for word in arguments}
            for program in _BY_NAME[name]:
                if not program.needs or any(values.issuperset(wanted) for wanted in program.needs):
                    yield from _of_program(program, arguments)
            return


def _of_program(program: Program, arguments: list[Word]) -> Iterator[Hit]:
    for at, word in enumerate(arguments):
        value = word.value
        if value in program.flags or (program.after_user and compiled(_SHORT_FLAGS).fullmatch(value)):
            if at + 1 < len(arguments) and not arguments[at + 1].value.startswith("-"):
                yield from _argument(program, arguments[at + 1], 0)
        else:
            flag = next((flag for flag in program.glued if value.startswith(flag)), None)
            if flag is not None:
                yield from _argument(program, word, len(flag))


# Several in one word, the last of which takes the argument: `curl -sSu`.
_SHORT_FLAGS: Final = r"-[a-zA-Z]{1,5}[uU]"
_USER: Final = r"[^:%]{0,200}+[:%]"


def _argument(program: Program, word: Word, start: int) -> Iterator[Hit]:
    if program.after_user:
        user = compiled(_USER).match(word.value, start)
        if user is None:
            return
        start = user.end()
    yield from Claim(program.title).on(word, start)


# ------------------------------------------------------------------------------------------- by its place

_BY_POSITION: Final = frozenset({"htpasswd", "rabbitmqctl", "rasdial", "openssl", "setx", "mysqladmin"})
_RASDIAL: Final = 3  # connection, user, password


def _by_position(command: Command, names: list[str]) -> Iterator[Hit]:
    at, program = next((at, name) for at, name in enumerate(names) if name in _BY_POSITION)
    arguments = [word for word in command.words[at + 1 :] if not word.value.startswith("-")]
    flags = "".join(word.value for word in command.words[at + 1 :] if word.value.startswith("-"))
    number = _number(program, flags, [word.value for word in arguments])
    if number is not None and number < len(arguments):
        yield from Claim(f"the password of {program}").on(arguments[number])


def _number(program: str, flags: str, arguments: list[str]) -> int | None:
    """Which argument of a program is the password, if one is."""
    first = arguments[0].lower() if arguments else ""
    match program:
        case "htpasswd" if "b" in flags:
            return 1 if "n" in flags else 2
        case "rabbitmqctl" if first in {"add_user", "change_password", "authenticate_user"}:
            return 2
        case "rasdial" if len(arguments) >= _RASDIAL:
            return 2
        case "mysqladmin" if "password" in arguments:
            return arguments.index("password") + 1
        case "openssl" if first == "passwd":
            return 2 if "salt" in flags else 1
        case "setx" if is_secret_name(first):
            return 1
    return None


_DEVICE: Final = r"[A-Za-z]:|\*|\\\\.*|//.*|[Ll][Pp][Tt]\d:?"


def _net(command: Command, names: list[str]) -> Iterator[Hit]:
    """`net user U P`, `net use X: P /user:U`."""
    for at, name in enumerate(names[:-1]):
        what = names[at + 1]
        if name not in {"net", "net1"} or what not in {"user", "use"}:
            continue
        arguments = [word for word in command.words[at + 2 :] if not word.value.startswith("/")]
        if what == "user":
            arguments = arguments[1:]
        elif any(word.value.lower().startswith("/user") for word in command.words):
            arguments = [word for word in arguments if not compiled(_DEVICE).fullmatch(word.value)]
        else:
            return
        for word in arguments[:1]:
            yield from Claim(f"the password of `net {what}`").on(word)
        return


def _secure_string(command: Command, names: list[str]) -> Iterator[Hit]:
    """`ConvertTo-SecureString "X" -AsPlainText`, and the same with "X" piped in."""
    claim = Claim("a password for ConvertTo-SecureString")
    at = names.index("convertto-securestring") + 1
    if not any(name.startswith("-asp") for name in names[at:]):
        return
    of_flag = False
    for name, word in zip(names[at:], command.words[at:], strict=True):
        if not of_flag and (word.quoted or not name.startswith("-")):
            yield from claim.on(word)
            return
        of_flag = name in {"-key", "-securekey"}
    if command.piped and command.piped[-1].quoted:
        yield from claim.on(command.piped[-1])


# ------------------------------------------------------------------------------------------- read from a pipe

_READERS: Final = frozenset({"kinit", "realm", "adcli"})


def _piped(command: Command, names: list[str]) -> Iterator[Hit]:
    """`echo 'u:p' | chpasswd`, `echo p | passwd --stdin u`, `echo p | docker login --password-stdin`."""
    pairs = "chpasswd" in names
    plain = not _READERS.isdisjoint(names) or "--password-stdin" in names
    plain = plain or ("passwd" in names and "--stdin" in names)
    plain = plain or ("sudo" in names and any(word.value == "-S" for word in command.words))
    if not pairs and not plain:
        return
    user = compiled(r"[^:\s]{1,64}+:" if pairs else "")
    program = next((name for name in names if name in {"chpasswd", "passwd", "sudo", *_READERS}), "login")
    for word in _input(command):
        match = user.match(word.value)
        if match is not None:
            yield from Claim(f"a password for {program}").on(word, match.end())


def _input(command: Command) -> Iterator[Word]:
    """The words that a command reads: of an `echo` before a pipe, or behind `<<<`."""
    if command.piped:
        first, *rest = command.piped
        if program_name(first) in {"echo", "printf", "write-output"}:
            yield from (word for word in rest if not word.value.startswith("-"))
    for at, word in enumerate(command.words[:-1]):
        if word.operator and word.value == "<<<":
            yield command.words[at + 1]


_AUTOMATIC_LOGON: Final = ("defaultpassword", "autoadminlogonpassword")


def _registry(command: Command, names: list[str]) -> Iterator[Hit]:
    """The password of an automatic logon, put into the registry."""
    for name, word in zip(names, command.words[1:], strict=False):
        # The name of the flag `/d`, read as that of a program, is `d`.
        if name in {"d", "-value"}:
            yield from Claim("the password of an automatic logon").on(word)


# By a word that is in each command that the rule has something to say about.
_RULES: Final[dict[str, Rule]] = {
    **dict.fromkeys(_BY_NAME, _by_flag),
    **dict.fromkeys(("net", "net1"), _net),
    "convertto-securestring": _secure_string,
    **dict.fromkeys(("chpasswd", "passwd", "--password-stdin", "sudo", *_READERS), _piped),
    **dict.fromkeys(_AUTOMATIC_LOGON, _registry),
}
