"""Names that say that their value is a secret, and those that only sound so.

The words, and the suffixes that free a name, are those that rule authors of other tools arrived at
over years of false alarms (arm-ttk, Bicep's secure-secrets-in-params, PSRule's SecureParameter).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_]+")

_SECRET: Final = frozenset(
    {
        "password",
        "passwords",
        "passwd",
        "passphrase",
        "passcode",
        "pwd",
        "passw",
        "secret",
        "secrets",
        "token",
        "tokens",
        "credential",
        "credentials",
        "creds",
        "sas",
        "apikey",
        "accesskey",
        "accountkey",
        "acctkey",
        "sharedkey",
        "privatekey",
        "connectionstring",
        "connectionstrings",
        "sastoken",
        "adminpassword",
        "sqladminpassword",
        "vmpassword",
        "userpassword",
        "rootpassword",
        "dbpassword",
        "clientsecret",
        "pfx",
    }
)
# A key is a secret where the word before says what it opens.
_KEY_OF: Final = frozenset(
    {
        "api",
        "access",
        "account",
        "acct",
        "storage",
        "shared",
        "private",
        "master",
        "admin",
        "primary",
        "secondary",
        "subscription",
        "workspace",
        "registration",
        "license",
        "licence",
        "signing",
        "encryption",
        "decryption",
        "auth",
        "instrumentation",
        "ssh",
        "symmetric",
        "validation",
        "linking",
        "activation",
        "function",
        "host",
        "query",
        "device",
    }
)
# Behind a secret's word these say that the value is about it, not the secret itself.
_ABOUT: Final = frozenset(
    {
        "name",
        "names",
        "id",
        "ids",
        "uri",
        "uris",
        "url",
        "urls",
        "path",
        "paths",
        "type",
        "types",
        "version",
        "versions",
        "policy",
        "policies",
        "length",
        "enabled",
        "disabled",
        "authentication",
        "auth",
        "option",
        "options",
        "ref",
        "refs",
        "reference",
        "references",
        "expiry",
        "expiration",
        "expires",
        "rotation",
        "provider",
        "providers",
        "interval",
        "user",
        "users",
        "permission",
        "permissions",
        "days",
        "hours",
        "minutes",
        "seconds",
        "count",
        "size",
        "location",
        "group",
        "resource",
        "vault",
        "officer",
        "officers",
        "reader",
        "readers",
        "role",
        "roles",
        "setting",
        "settings",
        "config",
        "configuration",
        "property",
        "properties",
        "thumbprint",
        "thumbprints",
        "algorithm",
        "format",
        "field",
        "scope",
        "scopes",
        "audience",
        "issuer",
        "endpoint",
        "lifetime",
        "validity",
        "duration",
        "ttl",
        "sync",
        "reset",
        "profile",
        "mode",
        "required",
        "store",
        "management",
        "manager",
        "source",
        "kind",
        "prefix",
        "suffix",
        "label",
        "description",
        "hint",
        "service",
        "server",
        "client",
        "encryption",
        "wrap",
        "wrapping",
        "tags",
        "tag",
        "contributor",
        "principal",
        "object",
        "mount",
        "share",
        "time",
        "date",
        "period",
        "usage",
        "state",
        "status",
        "level",
        "sku",
        "tier",
        "definition",
        "definitions",
    }
)
# At the start of a name these make it a switch or a number about secrets.
_SWITCHES: Final = frozenset(
    {"disable", "enable", "is", "has", "use", "allow", "require", "min", "max", "minimum", "maximum", "no"}
    | {"generate", "create", "deploy", "public", "skip", "reset", "rotate", "customer", "should", "number"}
)


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The words of an identifier in lower case: `sqlAdminPwd2` is `sql`, `admin`, `pwd`, `2`."""
    return tuple(word.lower() for word in _WORD.findall(name))


@lru_cache(maxsize=4096)
def looks_secret(name: str) -> bool:
    """Whether a parameter, variable or property of this name surely is meant to hold a secret."""
    parts = [word for word in words(name) if not word.isdecimal()]
    if not parts or parts[0] in _SWITCHES:
        return False
    last = -1
    for index, word in enumerate(parts):
        before = parts[index - 1] if index else ""
        if word in _SECRET and not (word in {"secret", "secrets"} and before in {"kubernetes"}):
            last = index
        elif word == "pass" and index == len(parts) - 1 and index:
            # `adminPass`, but neither `pass` nor `passThrough`.
            last = index
        elif word == "key" and before in _KEY_OF:
            last = index
        elif word in {"string", "strings"} and before in {"connection", "conn"}:
            last = index
    if last < 0 or "public" in parts:
        return False
    behind = parts[last + 1 :]
    return not any(word in _ABOUT for word in behind)
