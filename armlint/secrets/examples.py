"""Makes texts with secrets from recipes, so that none has to be written down. Used by tests only.

A recipe is a text with `{maker:argument}` where something random stands, and `«…»` around the secret. The
keys have right checksums.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.secrets import checksums

if TYPE_CHECKING:
    from collections.abc import Callable

_PART: Final = re.compile(r"\{(?P<maker>[a-z0-9]+):(?P<argument>[^{}]*)\}")
_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"
_UPPER: Final = _LOWER.upper()
_DIGITS: Final = "0123456789"
_ALNUM: Final = _UPPER + _LOWER + _DIGITS
_ALPHABETS: Final = {
    "b64": _ALNUM + "+/",
    "b64url": _ALNUM + "-_",
    "alnum": _ALNUM,
    "hex": _DIGITS + "abcdef",
    "base32": _LOWER + "234567",
    "upper": _UPPER + "234567",
    "digits": _DIGITS,
    "letters": _LOWER,
}


class Example(NamedTuple):
    """A text made from a recipe, and the secret in it if there is one."""

    text: str
    start: int
    end: int

    @property
    def secret(self) -> str:
        """The characters between the marks."""
        return self.text[self.start : self.end]


def seeded(seed: int) -> Random:
    """A source of the same keys each time."""
    return Random(seed)  # noqa: S311 - the keys open nothing


def make(recipe: str, random: Random) -> Example:
    """The text that a recipe describes, with other random parts each time."""
    text = _PART.sub(lambda part: _made(part["maker"], part["argument"], random), recipe)
    before, mark, rest = text.partition("«")
    if not mark:
        return Example(text, 0, 0)
    secret, _, behind = rest.partition("»")
    return Example(before + secret + behind, len(before), len(before) + len(secret))


def _made(maker: str, argument: str, random: Random) -> str:
    if maker in _ALPHABETS:
        return _some(_ALPHABETS[maker], int(argument), random)
    return _MAKERS[maker](argument, random)


def _some(alphabet: str, length: int, random: Random) -> str:
    return "".join(random.choices(alphabet, k=length))


def _base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode("ascii")


def _identifiable(argument: str, random: Random) -> str:
    signature, size, label = argument.split(",")
    length = (int(size) * 8 + 5) // 6
    wanted = {"AzSe": str.isalnum}.get(signature, bool)
    alphabet = _ALPHABETS["alnum" if signature == "AzSe" else "b64"]
    while True:
        text = _some(alphabet, length - 10, random) + signature + "AAAAAA"
        body = a2b_base64(text + "=" * (-length % 4))[:-4]
        checksum = checksums.marvin32(body, checksums.seed_of(label)) if label else random.getrandbits(32)
        key = _base64(body + checksum.to_bytes(4, "little"))
        if wanted(key):
            return key.replace("+", "-").replace("/", "_") if signature == "AzFu" else key


def _edited(argument: str, random: Random) -> str:
    """A key with one character changed, so that the checksum is wrong."""
    key = _identifiable(argument, random)
    return ("B" if key[0] != "B" else "C") + key[1:]


def _common_annotated(provider: str, random: Random) -> str:
    head = _some(_ALNUM, 52, random) + "JQQJ99BC" + _some(_ALNUM, 16, random) + provider
    checksum = checksums.marvin32(a2b_base64(head), checksums.seed_of("Default0")).to_bytes(4, "little")
    zeros = "0" * (4 - len(checksum.lstrip(b"\0")))
    digits = zeros + checksums.digits_of(int.from_bytes(checksum, "big"), _DIGITS + _UPPER + _LOWER)
    return head + digits.ljust(6, "0")[:4]


def _entra(signature: str, random: Random) -> str:
    alphabet = _LOWER + _UPPER + "1234567890" + ".-_~"
    while True:
        text = _some(_ALNUM, 3, random) + signature + _some(_ALNUM + "-_.~", 31, random)
        end = checksums.digits_of(checksums.marvin32(text.encode(), checksums.seed_of("AadPwd00")), alphabet)[
            :3
        ]
        # A full stop at the end of a secret cannot be told from that of a sentence by every reader.
        if end[-1].isalnum():
            return text + end


def _devops(_: str, random: Random) -> str:
    from zlib import crc32

    data = bytearray(random.randbytes(33))
    data[32] &= 0xF0
    checksum = crc32(bytes(data[:2] + data[3:7] + data[9:22] + data[23:32])) ^ 0xE0B9692D
    data[22], data[8], data[7], data[2] = checksum.to_bytes(4, "little")
    bits = int.from_bytes(data, "big") >> 4
    return "".join(_ALPHABETS["base32"][bits >> 5 * place & 31] for place in range(51, -1, -1))


def _with_crc(prefix: str, random: Random) -> str:
    body = _some(_ALNUM, 30, random)
    return prefix + body + checksums.github_checksum(body)


def _signature(_: str, random: Random) -> str:
    return _base64(random.randbytes(32)).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


def _pem(label: str, random: Random) -> str:
    body = _base64(random.randbytes(600))
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----"


def _pfx(_: str, random: Random) -> str:
    length = random.randrange(900, 2000)
    return _base64(
        b"\x30\x82" + length.to_bytes(2, "big") + b"\x02\x01\x03\x30\x82" + random.randbytes(length)
    )


def _token(_: str, random: Random) -> str:
    parts = (b'{"alg":"RS256","typ":"JWT"}', b'{"sub":"%d"}' % random.getrandbits(64), random.randbytes(256))
    return ".".join(_base64(part).replace("+", "-").replace("/", "_").rstrip("=") for part in parts)


def _password(length: str, random: Random) -> str:
    """A password as people choose them: all kinds of characters, and none that would have to be quoted."""
    rest = _some(_ALNUM + "!#.*_+-", int(length) - 4, random)
    return (
        random.choice(_UPPER) + random.choice("!#.*_") + random.choice(_DIGITS) + rest + random.choice(_LOWER)
    )


def _guid(_: str, random: Random) -> str:
    return "-".join(_some(_ALPHABETS["hex"], length, random) for length in (8, 4, 4, 4, 12))


def _repeat(argument: str, _: Random) -> str:
    character, times = argument.split(",")
    return character * int(times)


_MAKERS: Final[dict[str, Callable[[str, Random], str]]] = {
    "his": _identifiable,
    "edited": _edited,
    "cask": _common_annotated,
    "entra": _entra,
    "devops": _devops,
    "crc": _with_crc,
    "sas": _signature,
    "pem": _pem,
    "pfx": _pfx,
    "jwt": _token,
    "password": _password,
    "guid": _guid,
    "repeat": _repeat,
    "basic": lambda _, random: _base64(b"user:" + random.randbytes(8).hex().encode()),
}
