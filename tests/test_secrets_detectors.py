"""Formats of secrets: each detector finds its examples to the character, and nothing in what only looks so."""

from __future__ import annotations

from datetime import date

import pytest

from armlint.secrets.detectors import DETECTORS, Detector
from armlint.secrets.examples import make, seeded
from armlint.secrets.known import is_well_known
from armlint.secrets.scan import scan

TRUE = [(row, recipe) for row in DETECTORS for recipe in row.true]
FALSE = [(row, recipe) for row in DETECTORS for recipe in row.false]


def found(text: str, **options: bool) -> list[tuple[str, str]]:
    return [(hit.detector, text[hit.start : hit.end]) for hit in scan(text, **options)]


@pytest.mark.parametrize(("row", "recipe"), TRUE, ids=[f"{row.id}-{recipe[:40]}" for row, recipe in TRUE])
def test_a_detector_finds_its_examples_to_the_character(row: Detector, recipe: str) -> None:
    assert "«" in recipe
    for seed in range(25):
        example = make(recipe, seeded(seed))
        assert [(hit.start, hit.end) for hit in row.search(example.text)] == [(example.start, example.end)]
        assert found(example.text) == [(row.id, example.secret)]


@pytest.mark.parametrize(("row", "recipe"), FALSE, ids=[f"{row.id}-{recipe[:40]}" for row, recipe in FALSE])
def test_nothing_is_found_in_what_only_looks_like_a_secret(row: Detector, recipe: str) -> None:
    for seed in range(25):
        text = make(recipe, seeded(seed)).text
        assert not list(row.search(text))
        assert not found(text)


@pytest.mark.parametrize("row", DETECTORS, ids=[row.id for row in DETECTORS])
def test_a_detector_is_complete(row: Detector) -> None:
    assert row.true
    assert row.false
    assert row.keywords
    assert all(keyword == keyword.lower() for keyword in row.keywords)
    assert row.title.startswith(("a ", "an ", "the "))
    assert [other.id for other in DETECTORS].count(row.id) == 1
    assert row.word in {0, 24, 43}


def test_a_right_checksum_is_certain_and_a_wrong_one_is_not() -> None:
    for row in DETECTORS:
        if row.checksum is None or row.needs_checksum:
            continue
        certain = {}
        for recipe in row.true:
            example = make(recipe, seeded(3))
            assert row.checksum(example.secret) is next(hit.certain for hit in scan(example.text))
            certain[row.checksum(example.secret)] = recipe
        assert True in certain, row.id


@pytest.mark.parametrize(
    ("recipe", "certain"),
    [
        ("{his:+ASt,64,Default0}", True),
        ("{edited:+ASt,64,Default0}", False),
        ("{edited:+ASb,32,Send0000}", False),
        ("{entra:7Q~}", False),
        ("{crc:ghp_}", True),
        ("ghp_{alnum:36}", False),
        ("{devops:}", True),
        ("AKIA{upper:16}", False),
        ("{jwt:}", True),
    ],
)
def test_what_is_certain(recipe: str, certain: bool) -> None:
    (hit,) = scan(make(recipe, seeded(5)).text)
    assert hit.certain is certain


def test_an_edited_azure_devops_token_is_only_a_word() -> None:
    token = make("{devops:}", seeded(2)).text
    assert found(token) == [("azure-devops-token", token)]
    assert found(("b" if token[20] != "b" else "c").join((token[:20], token[21:]))) == []


def test_the_provider_of_a_common_annotated_key_is_named() -> None:
    titles = {
        provider: scan(make(f"{{cask:{provider}}}", seeded(1)).text)[0].title
        for provider in ("AZDO", "ACOG", "ABCD")
    }
    assert titles == {
        "AZDO": "an Azure DevOps personal access token",
        "ACOG": "a key of Azure AI services",
        "ABCD": "an Azure key",
    }


# --------------------------------------------------------------------------------------- shared access signatures


def signed(*parts: str) -> tuple[str, str]:
    signature = make("{sas:}", seeded(11)).text
    return "&".join(parts).replace("SIG", f"sig={signature}"), signature


@pytest.mark.parametrize("at", range(5))
def test_the_parameters_of_a_signature_may_come_in_any_order(at: int) -> None:
    parts = ["sv=2023-11-03", "sr=b", "sp=r", "se=2031-05-06T07%3A08%3A09Z"]
    query, signature = signed(*parts[:at], "SIG", *parts[at:])
    for before in ("?", "", "https://example.org/c/f.sh?", "x '?"):
        text = before + query
        (hit,) = scan(text)
        assert text[hit.start : hit.end] == signature
        assert hit.expires == date(2031, 5, 6)
        assert hit.certain


@pytest.mark.parametrize(
    ("end", "day"),
    [
        ("2030-01-02", date(2030, 1, 2)),
        ("2030-01-02T03:04:05Z", date(2030, 1, 2)),
        ("2030-01-02T03%3a04%3a05Z", date(2030, 1, 2)),
        ("1893456000", date(2030, 1, 1)),
        ("2030-13-45", None),
        ("99999999999", date(5138, 11, 16)),
        ("soon", None),
        ("", None),
    ],
)
def test_the_end_of_a_signature_is_read(end: str, day: date | None) -> None:
    query, _ = signed("sv=2023-11-03", f"se={end}", "SIG")
    assert [hit.expires for hit in scan(query)] == [day]


def test_account_signatures_and_policies_are_signatures_too() -> None:
    for parts in (
        ("sv=2022-11-02", "ss=bfqt", "srt=sco", "SIG"),
        ("sv=2022-11-02", "si=policy", "SIG"),
        ("se=2030-01-01", "SIG"),
    ):
        query, signature = signed(*parts)
        assert found(query) == [("sas-token", signature)]


def test_the_kind_of_a_signature_is_told() -> None:
    titles = []
    for recipe in (
        row for row in dict(zip([d.id for d in DETECTORS], DETECTORS, strict=True))["sas-token"].true
    ):
        titles += [hit.title for hit in scan(make(recipe, seeded(1)).text)]
    assert set(titles) == {
        "a storage SAS token",
        "a Service Bus shared access signature",
        "the signature of a workflow's URL",
    }


def test_each_of_several_signatures_is_found() -> None:
    one, first = signed("sv=2023-11-03", "SIG")
    second = make("{sas:}", seeded(12)).text
    text = f'["https://a/b?{one}", "https://c/d?sv=2023-11-03&sig={second}"]'
    assert found(text) == [("sas-token", first), ("sas-token", second)]


# ------------------------------------------------------------------------------------------------- no secrets

# In two parts, so that no scanner takes them for what they are not.
WELL_KNOWN = [
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mG" + "GyPMbIZnqyMsEcaGQy67XIw/Jw==",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6" + "tq/K1SZFPTOtr/KBHBeksoGMGw==",
]


@pytest.mark.parametrize("key", WELL_KNOWN, ids=["cosmos", "azurite"])
def test_the_keys_of_emulators_are_no_secrets(key: str) -> None:
    assert is_well_known(key)
    assert not is_well_known(key[:-4] + "AA==")
    for text in (
        f"AccountEndpoint=https://localhost:8081/;AccountKey={key}",
        f"AccountName=devstoreaccount1;AccountKey={key};BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1",
        f"mongodb://localhost:{key.replace('=', '%3D').replace('/', '%2F').replace('+', '%2B')}@localhost:10255/?ssl=true",
        f"storageKey = '{key}'",
        f"az storage blob list --account-key {key}",
        f"export STORAGE_ACCOUNT_KEY={key}",
    ):
        assert found(text, command=True) == []
    other = make("{b64:86}", seeded(1)).text + "=="
    assert found(f"AccountName=a;AccountKey={other}") == [("connection-string", other)]


HARMLESS = [
    # hashes of lock files
    '"integrity": "sha512-{b64:86}=="',
    '"sha512": "{b64:86}=="',
    '"resolved": "https://example.org/x.tgz#{hex:40}"',
    "{hex:64}",
    # ids that are none of anybody's business, but no secrets
    "{guid:}",
    "InstrumentationKey={guid:};IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/",
    "/subscriptions/{guid:}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/v",
    "https://v.vault.azure.net/secrets/sqlPassword/{hex:32}",
    "https://management.azure.com/subscriptions/{guid:}/providers?api-version=2021-04-01",
    "x, Version=1.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ{b64:330} user@host",
    "{hex:40}",
    # what refers to a secret
    "PrivateSettingsRef:adminPassword",
    "privatesettingsref:adminPassword",
    "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/x/)",
    "[[parameters('adminPassword')]",
    "GEN-PASSWORD",
    "GEN-SSH-PUB-KEY",
    "GET-PREREQ-sasToken",
    "Server=s;User Id=u;Password=GEN-PASSWORD;",
    "AccountName=a;AccountKey=$(storageKey);",
    "https://user:#{Password}#@host/",
    "https://user:$(Password)@host/",
    "Server=s;User Id=u;Password=__Password__;",
    "Server=s;User Id=u;Password=%PASSWORD%;",
    "Server=s;User Id=u;Password={{ password }};",
    # text about secrets
    "The password must be between 12 and 72 characters long.",
    "Optional. Password of the certificate used by the custom domain.",
    "URI with a SAS token, for example https://example.blob.core.windows.net/c?<SasToken>",
    "secretName",
    "networkAcls.bypass",
    "southeastasia",
]


@pytest.mark.parametrize("recipe", HARMLESS)
def test_the_usual_false_alarms_are_silent(recipe: str) -> None:
    for seed in range(10):
        text = make(recipe, seeded(seed)).text
        assert found(text) == []
        assert found(text, command=True) == []
