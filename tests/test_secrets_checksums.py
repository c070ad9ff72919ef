"""Checksums of keys: published vectors, keys made here, and what editing does to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from armlint.secrets import checksums
from armlint.secrets.examples import make, seeded

if TYPE_CHECKING:
    from collections.abc import Callable

# Of SymCrypt, and of an independent implementation (skeeto/marvin32): seed, text, result in 64 bits.
VECTORS = [
    (0xD53CD9CECD0893B7, b"abc", 0x22C74339492769BF),
    (0xDDDDEEEEFFFF000, b"abcdefghijklmnopqrstuvwxyz", 0xA128EB7E7260ACA2),
    (0x004FB61A001BDBCC, b"", 0x30ED35C100CD3C7D),
    (0x004FB61A001BDBCC, b"\xaf", 0x48E73FC77D75DDC1),
    (0x004FB61A001BDBCC, b"\x37\xf4\x95", 0xF0B07C789B8CF7E8),
    (0x804FB61A001BDBCC, b"\x86\x42\xdc\x59", 0x36289D9654FB49F6),
    (0x804FB61A001BDBCC, b"\xab\x42\x7e\xa8\xd1\x0f\xc7", 0xE203987DBA252FB3),
    (0x804FB61A801BDBCC, b"\x00\xff\x00\xff\x00\xff\x00", 0x71876F2EFB1B0EE8),
]


@pytest.mark.parametrize(("seed", "data", "result"), VECTORS)
def test_marvin_agrees_with_the_published_vectors(seed: int, data: bytes, result: int) -> None:
    assert checksums.marvin32(data, seed) == (result >> 32) ^ (result & 0xFFFFFFFF)


CHECKS = [
    ("{his:+ASt,64,Default0}", checksums.identifiable("Default0")),
    ("{his:+ASb,32,Listen00}", checksums.identifiable("Send0000", "Listen00")),
    ("{his:+ACR,39,ACRDflt0}", checksums.identifiable("ACRDflt0")),
    ("{his:AzFu,40,Master00}", checksums.identifiable("Functi00", "Master00")),
    ("{his:AzCa,32,Access00}", checksums.redis),
    ("{cask:AZDO}", checksums.common_annotated),
    ("{entra:8Q~}", checksums.entra),
    ("{devops:}", checksums.azure_devops),
    ("{crc:ghp_}", checksums.github),
    ("{crc:npm_}", checksums.github),
]


@pytest.mark.parametrize(("recipe", "check"), CHECKS, ids=[recipe for recipe, _ in CHECKS])
def test_a_checksum_holds_for_the_key_and_for_no_edited_one(
    recipe: str, check: Callable[[str], bool]
) -> None:
    random = seeded(7)
    for _ in range(20):
        key = make(recipe, random).text
        assert check(key), key
        at = random.randrange(8, len(key) // 2)
        if recipe.startswith(("{crc", "{entra", "{devops")):
            at = len(key) // 2
        other = next(character for character in "abcd" if character != key[at])
        assert not check(key[:at] + other + key[at + 1 :]), key


def test_a_checksum_does_not_hold_with_the_label_of_another_service() -> None:
    key = make("{his:+ASt,64,Default0}", seeded(1)).text
    assert not checksums.identifiable("AbAcct00", "Classic0")(key)


@pytest.mark.parametrize("seed", range(20))
def test_redis_keys_hold_after_their_two_characters_were_replaced(seed: int) -> None:
    random = seeded(seed)
    while True:
        key = make("{his:AzCa,32,Access00}", random).text
        # The body has none of the two; the checksum does.
        if not set(key[:37]) & set("+/") and set(key[37:]) & set("+/"):
            break
    replaced = key.replace("+", "P").replace("/", "F")
    assert checksums.redis(replaced)
    assert not checksums.redis(replaced[:10] + ("A" if replaced[10] != "A" else "B") + replaced[11:])


@pytest.mark.parametrize("check", [check for _, check in CHECKS], ids=[recipe for recipe, _ in CHECKS])
@pytest.mark.parametrize(
    "text", ["", "=", "a", "ab_", "%%%", "\u00e9" * 60, "A" * 400, "\ud800" * 52, "a" * 52]
)
def test_a_checksum_of_anything_else_is_just_wrong(check: Callable[[str], bool], text: str) -> None:
    assert not check(text)


def test_base64_is_decoded_in_each_of_its_spellings() -> None:
    wanted = bytes(range(240, 256))
    for text in (
        "8PHy8/T19vf4+fr7/P3+/w==",
        "8PHy8_T19vf4-fr7_P3-_w",
        "8PHy8%2FT19vf4%2Bfr7%2fP3%2B%2fw%3d%3D",
    ):
        assert checksums.decoded(text) == wanted
    assert checksums.decoded("not base64!") == b""
