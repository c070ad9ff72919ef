"""Whether a value that stands where a secret belongs is one: written out, no reference, no stand-in."""

from __future__ import annotations

import re
from typing import Final

from armlint.secrets.known import is_well_known
from armlint.secrets.names import words
from armlint.secrets.placeholders import is_placeholder

UNKNOWN: Final = "\ufffc"
"""The character put for what only deployment can tell. No pattern of a secret takes it."""

_LEAST_DISTINCT: Final = 6
_SAMPLES: Final = (
    *("0123456789", "1234567890", "abcdefgh", "xxxxxx", "example", "placeholder"),
    *("redacted", "dummy", "your_", "your-", "insert", "sample"),
)
# What refers to a value elsewhere, in the languages that surround a secret.
_REFERENCE: Final = re.compile(
    r"""
      [(\[{}`]                                       # an expression, a list, a block, a command
    | @(?![\w-]*[!\#$%^&*?+=])                       # a file, an expression of a workflow
    | \$(?:\(|\{|args\b|[a-z_][\w:.]*$)
    | <[^<>]*> | \#\{ | %(?:\d|[a-z_]\w*%)$
    | (?:env|secretref|keyvaultref|vault|op|ref\+\w+|aws_\w+):(?!\s)
    """,
    re.VERBOSE | re.IGNORECASE,
)
# A switch of quoting around a variable, a sum of strings, or a piece of an expression.
_SPLICED: Final = re.compile(
    r"""'["$]|"['$]|['"][ ]?\+|^['"]"""
    r"""|\b(?:parameters|variables|reference|list[A-Z]\w{0,20}|resourceId|concat|getSecret)\("""
)
# What redaction leaves of a secret.
_REDACTED: Final = re.compile(r"(?s).{0,3}…\(\d+\)")
_YOURS: Final = re.compile(
    r"(?i)(?:your|(?:enter|insert|put|use|my)[-_ ]?your|(?:enter|insert)[-_ ])[\w .()!-]{0,60}+"
)
_CMDLET: Final = re.compile(
    r"(?:Get|Set|New|Read|Add|ConvertTo|ConvertFrom|Invoke|Import|Export|Select|Find|Resolve|Connect|Register"
    r"|Out|Join|Split|Test|Start|Write|Unprotect|Protect)-[A-Z][A-Za-z]+"
)
_NO_SECRET: Final = re.compile(
    r"""
      \{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?          # a GUID
    | [a-z][a-z0-9+.-]{1,20}://\S*                               # an address
    | (?:~|\.\.?)?/[\w.@ -]*(?:/[\w.@ -]*)*                      # a path; keys have = or +
    | (?:\.\.?\\|\\\\|[a-z]:[\\/]).*                             # a path of Windows
    | (?:HKLM|HKCU|HKEY_\w+|Cert|Env|WSMan):.*                   # the registry and the like
    | .*\.(?:pem|pfx|p12|cer|crt|der|key|pub|jks|jsonc?|ya?ml|xml|txt|ini|conf|cfg|ps1|sh|cmd|bat|py|log|env)
    | sha\d+[-:].*                                               # a digest
    | (?:true|false|yes|no|on|off|y|n|null|none|nil|undefined|default|empty|prompt|stdin|auto|random)
    | %[sd@] | :\w+                                              # to be filled in by a format
    | \$\w{1,2}\$.*                                              # the hash of a password
    | InstrumentationKey=.*                                      # may be written with, never read with
    | UseDevelopmentStorage=true(?:;.*)?                         # the storage emulator's
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_NAME: Final = re.compile(
    # What is called by its own name is a stand-in: PASSWORD, MyRegistryPassword, my-secret, replaceMe1.
    r"(?i)[a-z_-]*(?:passw(?:or)?d|passphrase|pwd|secret|token|apikey|key|cred(?:ential)?s?)[a-z_-]*[\])>.,;:=]*"
    r"|replace.*"
)
_PLAIN_WORDS: Final = re.compile(
    r"[a-z]+(?:[-_./][a-z]+)*|[A-Z]+(?:[-_./][A-Z]+)*|[A-Z]?[a-z]+(?:[A-Z][a-z]+)+|\d{1,6}"
    # A name that says what it is of, and perhaps which.
    r"|[A-Za-z_-]*(?:[Ss]ecret|[Tt]oken|[Kk]ey)[A-Za-z_-]*\d{1,2}"
)
_PASS_WORDS: Final = frozenset(
    {"password", "passwords", "passwd", "passphrase", "passcode", "pwd", "pass", "pw", "pswd", "psswd", "psk"}
)
_PASS_ENDS: Final = ("password", "passwd", "passphrase")
_LEAST: Final = 3
_LEAST_OF_KEY: Final = 8
_FEW: Final = 3
_MOST: Final = 4096


def made_up(key: str) -> bool:
    """Whether a random-looking key is a sample: of few characters, or with sequences and words in it."""
    lower = key.lower()
    return len(set(key)) < _LEAST_DISTINCT or any(sample in lower for sample in _SAMPLES)


def is_password_name(name: str) -> bool:
    """Whether a name calls its value a password, which may be any word, and not a key or token."""
    return any(word in _PASS_WORDS for word in words(name)) or name.lower().endswith(_PASS_ENDS)


def is_literal(value: str) -> bool:
    """Whether a value is written out: no reference, no stand-in, no published key."""
    if UNKNOWN in value or is_placeholder(value) or is_well_known(value):
        return False
    return not (
        _REFERENCE.match(value)
        or _SPLICED.search(value)
        or any(pattern.fullmatch(value) for pattern in (_YOURS, _NAME, _REDACTED))
    )


def is_secret(value: str, *, password: bool) -> bool:
    """Whether a value under a name for secrets is one.

    A password may be any word; under the name of a key or token, plain words are taken for a name.
    """
    value = value.strip()
    if not _LEAST <= len(value) <= _MOST or not is_literal(value):
        return False
    if _NO_SECRET.fullmatch(value) or _CMDLET.fullmatch(value):
        return False
    if password:
        return len(set(value)) >= min(_FEW, len(value) - 1)
    return len(value) >= _LEAST_OF_KEY and not made_up(value) and not _PLAIN_WORDS.fullmatch(value)
