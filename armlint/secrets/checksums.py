"""Checksums that issuers put into their keys.

They tell a key that was really issued from an edited copy or a made-up sample, without a network.
The algorithms are published: Marvin32 (SymCrypt) for Azure's identifiable keys, CRC-32 for Azure DevOps,
GitHub and npm.
"""

from __future__ import annotations

from binascii import Error as NoBase64
from binascii import a2b_base64, b2a_base64
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[str], bool]

_WORD: Final = 0xFFFFFFFF
_CHECKSUM_BYTES: Final = 4
_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ENTRA: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~"
_BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"
_STANDARD: Final = str.maketrans("-_", "+/")
_DEVOPS_KINDS: Final = frozenset({0xE0B9692D, 0x1019F92E})
_DEVOPS_LENGTH: Final = 52
_GITHUB_CHECKSUM: Final = 6
_CASK_DATA: Final = 80
_ENTRA_CHECKSUM: Final = 3


def marvin32(data: bytes, seed: int) -> int:
    """The Marvin hash of `data`, its two halves folded into 32 bits."""
    low, high = seed & _WORD, seed >> 32
    whole = len(data) & ~3
    last = int.from_bytes(data[whole:] + b"\x80", "little")
    for at in range(0, whole, 4):
        low, high = _mix(low + int.from_bytes(data[at : at + 4], "little") & _WORD, high)
    low, high = _mix(*_mix(low + last & _WORD, high))
    return low ^ high


def _mix(low: int, high: int) -> tuple[int, int]:
    high ^= low
    low = ((low << 20 | low >> 12) + high) & _WORD
    high = (high << 9 | high >> 23) & _WORD ^ low
    low = ((low << 27 | low >> 5) + high) & _WORD
    return low, (high << 19 | high >> 13) & _WORD


def seed_of(label: str) -> int:
    """The seed that Azure's services derive from a label of eight characters."""
    return int.from_bytes(label.encode("ascii"), "big")


def decoded(text: str) -> bytes:
    """The bytes of base64, base64url or percent-encoded base64; empty for what is none of them."""
    if "%" in text:
        for code, character in (("%2B", "+"), ("%2F", "/"), ("%3D", "=")):
            text = text.replace(code, character).replace(code.lower(), character)
    plain = text.translate(_STANDARD).rstrip("=")
    try:
        return a2b_base64(plain + "=" * (-len(plain) % 4))
    except (NoBase64, ValueError):
        return b""


def identifiable(*labels: str) -> Check:
    """A check of the checksum at the end of an identifiable key that was made with one of these labels."""

    def check(key: str) -> bool:
        data = decoded(key)
        body, end = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
        checksum = int.from_bytes(end, "little")
        return bool(body) and any(marvin32(body, seed_of(label)) == checksum for label in labels)

    return check


def redis(key: str) -> bool:
    """Whether the checksum of a Redis key is right; older keys had two characters replaced afterwards."""
    if identifiable("Access00")(key):
        return True
    # + and / became P and F after the checksum was put in, so it cannot be read out of such a key; but the
    # key can be made again, checksum and replacement, and compared.
    data = decoded(key)
    if not data:
        return False
    checksum = marvin32(data[:-_CHECKSUM_BYTES], seed_of("Access00")).to_bytes(4, "little")
    issued = b2a_base64(data[:-_CHECKSUM_BYTES] + checksum, newline=False).decode("ascii")
    return issued.replace("+", "P").replace("/", "F") == key


def common_annotated(key: str) -> bool:
    """Whether the checksum of a common annotated key (CASK) is right, in either of its two encodings."""
    data = decoded(key[:_CASK_DATA])
    if not data:
        return False
    checksum = marvin32(data, seed_of("Default0")).to_bytes(4, "little")
    found = key[_CASK_DATA : _CASK_DATA + 4]
    zeros = "0" * (len(checksum) - len(checksum.lstrip(b"\0")))
    digits = (zeros + digits_of(int.from_bytes(checksum, "big"), _BASE62)).ljust(6, "0")
    return found in {digits[:4], b2a_base64(checksum)[:4].decode("ascii")}


def entra(secret: str) -> bool:
    """Whether the checksum of a client secret of Entra ID is right; only those with `8Q~` have one."""
    text, end = secret[:-_ENTRA_CHECKSUM], secret[-_ENTRA_CHECKSUM:]
    checksum = marvin32(text.encode("latin-1", "replace"), seed_of("AadPwd00"))
    return "8Q~" in secret and digits_of(checksum, _ENTRA)[:_ENTRA_CHECKSUM] == end


def azure_devops(token: str) -> bool:
    """Whether the checksum of an Azure DevOps token in the older form is right."""
    from zlib import crc32

    if len(token) != _DEVOPS_LENGTH or token.strip(_BASE32):
        return False
    bits = 0
    for character in token:
        bits = bits << 5 | _BASE32.index(character)
    data = (bits >> 4).to_bytes(32, "big")
    body = data[:2] + data[3:7] + data[9:22] + data[23:]
    checksum = int.from_bytes(bytes((data[22], data[8], data[7], data[2])), "little")
    return crc32(body) ^ checksum in _DEVOPS_KINDS


def github(token: str) -> bool:
    """Whether the checksum at the end of a token of GitHub or npm is right."""
    body = token.rpartition("_")[2]
    return github_checksum(body[:-_GITHUB_CHECKSUM]) == body[-_GITHUB_CHECKSUM:]


def github_checksum(body: str) -> str:
    """The six characters that GitHub and npm put behind the random part of a token."""
    from zlib import crc32

    return digits_of(crc32(body.encode("ascii", "replace")), _BASE62).rjust(_GITHUB_CHECKSUM, "0")


def digits_of(number: int, alphabet: str) -> str:
    """A number written with the digits of `alphabet`; nothing for zero."""
    digits = ""
    while number:
        number, digit = divmod(number, len(alphabet))
        digits = alphabet[digit] + digits
    return digits
