"""Whether an argument or assignment is a secret: by its name, its value, and how it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.secrets.hit import Hit
from armlint.secrets.names import looks_secret, words
from armlint.secrets.values import is_password_name, is_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.secrets.shells import Word

COMMAND_LINE: Final = "command-line-password"
ASSIGNED: Final = "assigned-secret"
PHRASE: Final = "password-in-statement"

# Names of passwords that their words do not tell.
_PASSWORDS: Final = frozenset(
    {"pass", "pw", "pword", "passwrd", "passwordd", "passwordo", "sshpass", "pgpassword", "kennwort", "rp"}
    | {"storepass", "keypass", "srcstorepass", "deststorepass", "destkeypass"}
)
_ENDINGS: Final = ("password", "passwd", "passphrase")
# With one of these words in it, a name is that of a place, a switch, a list or a public thing; or of a
# connection string, in which the secret has a format of its own; or of a credential, which is a user's name.
_FREEING: Final = frozenset(
    {
        "file",
        "files",
        "filename",
        "dir",
        "folder",
        "data",
        "source",
        "vault",
        "vaulturl",
        "alias",
        "identifier",
    }
    | {"env", "var", "variable", "variables", "stdin", "fd", "command", "cmd", "helper", "prompt"}
    | {
        "complexity",
        "policy",
        "expired",
        "expire",
        "expiring",
        "never",
        "change",
        "changed",
        "updated",
        "rotation",
    }
    | {"age", "history", "limit", "max", "maximum", "min", "minimum", "permissions", "checking", "algorithms"}
    | {"connection", "string", "strings", "instrumentation", "host", "hash", "encrypted"}
    | {"credential", "credentials", "cred", "creds", "secrets", "tokens", "passwords"}
)


def is_secret_name(name: str) -> bool:
    """Whether a flag, variable or setting of this name takes a secret, not a place or a fact about one."""
    lower = name.lower()
    if lower in _PASSWORDS:
        return True
    if any(word in _FREEING for word in words(name)):
        return False
    return looks_secret(name) or lower.endswith(_ENDINGS)


def is_password(name: str) -> bool:
    """Whether what has this name may be any word; a key or token may not."""
    return is_password_name(name) or name.lower() in _PASSWORDS


def kind(name: str) -> str:
    """What the value of this name is called in a message."""
    if is_password(name):
        return "password"
    last = words(name)[-1:]
    return last[0] if last and last[0] in {"key", "token"} else "secret"


class Claim(NamedTuple):
    """What to say of an argument, if its value turns out to be a secret."""

    title: str
    name: str = "password"
    detector: str = COMMAND_LINE

    def on(self, word: Word, start: int = 0, end: int | None = None) -> Iterator[Hit]:
        """The hit on these characters of a word, if they are a secret."""
        value = word.value[start:end]
        if not word.literal or word.operator or not value or "sig=" in value:
            return
        password = is_password(self.name)
        if is_secret(value, password=password):
            yield Hit(self.detector, *word.text.span(start, start + len(value)), self.title, password)
