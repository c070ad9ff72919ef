"""Names that say that their value is a secret, and those that only sound so.

The words, and the endings that free a name, are those that rule authors of other tools arrived at
over years of false alarms (arm-ttk, Bicep's secure-secrets-in-params, PSRule's SecureParameter).
Names are compared word by word: `bypass` holds no `pass`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_]+")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SECRET: Final = _set(
    """
    password passwords passwd psswd pswd passphrase passphrases passcode passcodes passw pwd pwds psk passwort
    secret secrets token tokens credential credentials cred creds pfx
    apikey apikeys accesskey accesskeys accountkey accountkeys acctkey storagekey sharedkey privatekey
    masterkey adminkey authkey licensekey subscriptionkey
    connectionstring connectionstrings connstring sastoken sastokens
    """
)
# Words that are written as one, whatever stands before: `sqladminpassword`.
_ENDINGS: Final = (
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "secrets",
    "apikey",
    "accesskey",
    "accountkey",
    "storagekey",
    "sharedkey",
    "privatekey",
    "masterkey",
    "sastoken",
    "accesstoken",
    "authtoken",
    "connectionstring",
)
# A key is a secret where the word before says what it opens.
_KEY_OF: Final = _set(
    """
    api access account acct storage shared private master admin administrator primary secondary subscription
    workspace registration license licence product signing signature encryption decryption auth authentication
    authorization symmetric validation linking activation function host query device integration ingestion
    cache redis cosmos search batch runtime gateway vpn deploy deployment secret client server machine
    sb eh hmac apim openai cosmosdb documentdb eventhub eventhubs iothub notificationhub servicebus eventgrid
    sendgrid signalr translator maps speech vision
    """
)
# Behind a secret's word, or at the end of the name, these say that the value is about it.
_ABOUT: Final = _set(
    """
    name names id ids identifier identifiers uri uris url urls path paths file files folder directory
    type types kind kinds version versions policy policies length lengths size enabled disabled enable disable
    authentication auth option options ref refs reference references expiry expiration expire expires
    rotation rotate provider providers interval intervals user users username permission permissions
    year years month months day days hour hours minute minutes second seconds count counts limit limits
    per rate quota max min location group vault officer officers reader readers role roles setting settings
    config configuration configurations property properties thumbprint thumbprints fingerprint algorithm
    format field fields scope scopes audience issuer endpoint endpoints lifetime validity duration ttl age
    history complexity rule rules strength sync reset profile mode required store stores management
    manager prefix suffix label description hint tag tags contributor principal share time date start end
    period usage state status level sku tier definition definitions class engine backend encoding
    changed updated created filter pattern regex list index separator delimiter sensitivity arn alias info
    details metadata mapping mappings template namespace namespaces spec specs guard enforced enforcement
    prevention locations only header headers change changes source sources subject subjects audiences issuers
    on at
    """
)
# Before a secret's word, or at the start of a name, these make it a switch, a number, or a name.
_BEFORE: Final = _set("max min maximum minimum number num disable disabled no non without")
_SWITCHES: Final = _BEFORE | _set(
    """
    enable enabled is has use uses allow allows require requires generate create skip reset rotate should
    sync include exclude inherit manage adjust expire change force must
    """
)
_PUBLIC_KEYS: Final = _set("key keys certificate certificates cert certs")
# What is secret inside a secure object though it would say nothing by itself.
_INSIDE: Final = _set("key keys cert certs certificate certificates pass pin pat sas")
_TOKENS: Final = _set("token tokens key keys")
_NO_TOKEN: Final = _set("creation continuation skip next page request idempotency cancellation trigger type")
_ADDRESSES: Final = _set("uri uris url urls")
_AFTER_SAS: Final = _ADDRESSES | _set("token tokens key keys string strings")
# Words that are secrets at the end of a name only.
_AT_THE_END: Final = _set("pass sas pat")
# Whose key may be the public one that lets somebody in, whose data is then what is put on the machine.
_HOLDERS: Final = _set("admin administrator host machine server client user ssh")
# What these come with is a name, or no secret: a federated credential holds none.
_NAMED_CREDENTIALS: Final = _set("federated identity")
_CREDENTIALS: Final = _set("credential credentials cred creds")


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The words of an identifier in lower case: `sqlAdminPwd2` is `sql`, `admin`, `pwd`, `2`."""
    return tuple(word.lower() for word in _WORD.findall(name))


def _letters(name: str) -> list[str]:
    return [word for word in words(name) if not word.isdecimal()]


def _is_of_insights(parts: list[str], index: int) -> bool:
    """Whether a word ends the name of Application Insights' connection string, which only lets one write."""
    word, above = parts[index], "".join(parts[max(index - 2, 0) : index + 1])
    return word.endswith(("string", "strings")) and above.rstrip("s").endswith(
        ("insightsconnectionstring", "insightsconnstring")
    )


def _is_secret(parts: list[str], index: int) -> bool:
    """Whether the word of a name at this position is a secret's."""
    word = parts[index]
    before = parts[index - 1] if index else ""
    behind = parts[index + 1] if index + 1 < len(parts) else ""
    if word in _TOKENS and (before in _NO_TOKEN or behind in {"to", "header", "headers"}):
        # What tells requests apart, or goes on with a list, opens nothing; so does the name of a header.
        return False
    if word in {"secret", "secrets"} and behind == "to":
        return False
    if (word in _CREDENTIALS and before in _NAMED_CREDENTIALS) or _is_of_insights(parts, index):
        return False
    if word in _SECRET:
        # What Kubernetes pulls images with is a list of names.
        return parts[max(index - 2, 0) : index] != ["image", "pull"]
    if word in {"key", "keys"}:
        return _is_key(parts, index) and not (behind == "data" and before in _HOLDERS)
    if word in {"string", "strings", "phrase", "phrases"}:
        return before in ({"connection", "conn"} if word.startswith("string") else {"pass"})
    return _ends_secret(word, index, behind)


def _is_key(parts: list[str], index: int) -> bool:
    opens = parts[index - 1] in _KEY_OF if index else False
    opens = opens or "".join(parts[max(index - 2, 0) : index]) in _KEY_OF
    # A key that encrypts keys lies in a vault and is named by its address.
    return opens and parts[index - 2 : index - 1] != ["key"] and "managed" not in parts


def _ends_secret(word: str, index: int, behind: str) -> bool:
    if word == "pw":
        return not behind
    if word in _AT_THE_END:
        # `adminPass`, but neither `pass` nor `passThrough`; `blobSas` and `sasToken`, not `sasViya`.
        return (index > 0 and not behind) or (word == "sas" and behind in _AFTER_SAS)
    found = next((ending for ending in _ENDINGS if word.endswith(ending)), None)
    return found is not None and word.removesuffix(found) not in _SWITCHES


@lru_cache(maxsize=4096)
def looks_secret(name: str) -> bool:
    """Whether a parameter, variable or property of this name surely is meant to hold a secret."""
    parts = _letters(name)
    if not parts or parts[0] in _SWITCHES or "public" in parts:
        return False
    last = max((index for index in range(len(parts)) if _is_secret(parts, index)), default=-1)
    if last < 0 or (last and parts[last - 1] in _BEFORE):
        return False
    behind = parts[last + 1 :]
    if parts[last] == "sas" and len(behind) == 1 and behind[0] in _ADDRESSES:
        # An address with the signature in it.
        return True
    return not behind or (behind[0] not in _ABOUT and behind[-1] not in _ABOUT)


@lru_cache(maxsize=4096)
def secret_inside(name: str) -> bool:
    """Whether a member of this name is what makes a secure object one."""
    if looks_secret(name):
        return True
    parts = _letters(name)
    return bool(parts) and parts[-1] in _INSIDE and not looks_public(name)


@lru_cache(maxsize=4096)
def looks_public(name: str) -> bool:
    """Whether a name says that its value may be known to everyone: public keys and certificates."""
    parts = _letters(name)
    return any(
        (word == "public" and behind in _PUBLIC_KEYS) or (word == "authorized" and behind in {"key", "keys"})
        for word, behind in pairwise(parts)
    )
