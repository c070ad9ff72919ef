"""What an encoding hides is found, down to a depth and within a budget, and shown at the run that hides it."""

from __future__ import annotations

import gzip
import zlib
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest

from armlint.secrets import decoding
from armlint.secrets.decoding import Budget, layers, percent
from armlint.secrets.examples import make, seeded
from armlint.secrets.scan import scan

COMMAND = "net user svc Ab1cD2eF3g /add"
STORAGE = make("{his:+ASt,64,Default0}", seeded(1)).text
WIDE = "UTF-16 base64 (-EncodedCommand)"


def base64(data: bytes | str) -> str:
    return b64encode(data.encode() if isinstance(data, str) else data).decode()


def hidden(text: str, *, command: bool = True) -> list[tuple[str, str, str | None]]:
    return [(hit.detector, text[hit.start : hit.end], hit.layer) for hit in scan(text, command=command)]


@pytest.mark.parametrize(
    ("run", "layer"),
    [
        (base64(COMMAND), "base64"),
        (base64("\ufeff" + COMMAND), "base64"),
        (base64(COMMAND.encode("utf-16-le")), WIDE),
        (base64(COMMAND.encode("utf-16")), WIDE),
        (base64(gzip.compress(COMMAND.encode(), mtime=0)), "gzip"),
        (base64(zlib.compress(COMMAND.encode())), "gzip"),
        (base64("#!/bin/sh\n# gr\u00fc\u00dfe\n" + COMMAND + "\n"), "base64"),
        (urlsafe_b64encode(("# ??>>~~ \n" + COMMAND).encode()).decode(), "base64"),
        (base64(COMMAND).rstrip("="), "base64"),
        (base64(base64(COMMAND)), "base64 in base64"),
        (base64(base64(COMMAND.encode("utf-16-le"))), f"{WIDE} in base64"),
        (base64(gzip.compress(base64(COMMAND).encode(), mtime=0)), "base64 in gzip"),
    ],
)
def test_a_hidden_command_is_found_at_the_run_that_hides_it(run: str, layer: str) -> None:
    for text in (run, f"echo {run} | base64 -d | bash", f"powershell -enc {run}", f'x="{run}"'):
        assert hidden(text) == [("command-line-password", run, layer)]


def test_a_third_layer_is_not_looked_through() -> None:
    assert hidden(base64(base64(base64(COMMAND)))) == []


def test_lines_of_wrapped_base64_are_one_run() -> None:
    script = "#!/bin/sh\n" + "echo hello\n" * 30 + COMMAND + "\n"
    whole = base64(script)
    for width in (64, 76):
        for end in ("\n", "\r\n"):
            run = end.join(whole[at : at + width] for at in range(0, len(whole), width))
            assert hidden(f"base64 -d > x <<E\n{run}\nE") == [("command-line-password", run, "base64")]


def test_formats_are_found_under_base64_without_a_command() -> None:
    key = make("{pem:RSA PRIVATE KEY}", seeded(1)).text
    for inner, detector in ((f'key = "{STORAGE}"', "storage-account-key"), (key, "private-key")):
        run = base64(inner)
        assert hidden(f'{{"x": "{run}"}}', command=False) == [(detector, run, "base64")]
    assert hidden(base64(COMMAND), command=False) == []


def test_an_encoded_command_is_a_command_whatever_is_around_it() -> None:
    run = base64(COMMAND.encode("utf-16-le"))
    assert hidden(run, command=False) == [("command-line-password", run, WIDE)]
    run = base64("#!/bin/sh\n" + COMMAND)
    assert hidden(run, command=False) == [("command-line-password", run, "base64")]


def test_several_secrets_in_one_run_are_told_apart() -> None:
    run = base64(f"{COMMAND}\nexport DB_PASSWORD=Zz9yY8xX7w\n")
    assert [hit.title for hit in scan(run, command=True)] == [
        "a password in DB_PASSWORD",
        "the password of `net user`",
    ]


def test_what_stands_in_clear_is_not_found_again_as_encoded() -> None:
    for recipe in ("{jwt:}", "{pfx:}", "https://a/c?sv=2023-11-03&sp=r%20w&sig={sas:}"):
        (hit,) = scan(make(recipe, seeded(1)).text, command=True)
        assert hit.layer is None


# ------------------------------------------------------------------------------------------------- percent


def test_percent_encoding_keeps_each_character_in_its_place() -> None:
    signature = make("{sas:}", seeded(1)).text
    url = f"https://a.blob.core.windows.net/c?sv=2023-11-03&sp=r&sig={signature}"
    text = f"https://portal.example/?uri={quote(url, safe='')}&x=1"
    assert hidden(text) == [("sas-token", quote(signature, safe=""), "percent-encoding")]


def test_a_key_in_percent_encoding_is_found() -> None:
    key = next(key for seed in range(99) if "/" in (key := make("{his:+ASb,32,Send0000}", seeded(seed)).text))
    text = f"key={quote(key, safe='')}&x=y"
    assert hidden(text) == [("service-bus-key", quote(key, safe=""), "percent-encoding")]


def test_a_variable_between_percent_signs_is_no_encoding() -> None:
    assert list(percent("Password=%ADpassword%;%DB%", Budget())) == []
    assert hidden("x.cmd -Password %ADPASSWORD%") == []


def test_decoded_characters_know_where_they_come_from() -> None:
    text = "x a%20b%3Dc y"
    (layer,) = percent(text, Budget())
    assert layer.text == "a b=c"
    assert layer.places is not None
    assert [text[layer.places[at] : layer.places[at + 1]] for at in range(5)] == ["a", "%20", "b", "%3D", "c"]


# -------------------------------------------------------------------------------------------------- bounds


def test_a_decompression_bomb_stops_at_the_budget() -> None:
    bomb = base64(gzip.compress(b"A" * 50_000_000, mtime=0))
    budget = Budget()
    (layer,) = layers(bomb, budget)
    assert len(layer.text) == decoding.BUDGET
    assert budget.left == 0


def test_bombs_in_a_row_share_the_budget() -> None:
    bomb = base64(gzip.compress(b"a b " * 1_000_000, mtime=0))
    assert sum(len(layer.text) for layer in layers(" ".join([bomb] * 20), Budget())) == decoding.BUDGET


def test_a_long_run_is_decoded_as_far_as_the_budget_goes() -> None:
    run = base64("echo hello\n" * 200_000)
    budget = Budget()
    (layer,) = layers(run, budget)
    assert decoding.BUDGET - 4 <= len(layer.text) <= decoding.BUDGET + 4
    assert budget.left == 0


def test_the_budget_holds_for_all_layers_together() -> None:
    inner = base64("echo hello world\n" * 9_000)
    run = base64(inner)
    budget = Budget()
    for layer in layers(run, budget):
        left = budget.left
        again = sum(len(inner.text) for inner in layers(layer.text, budget))
        assert again <= left + 4


@pytest.mark.parametrize(
    "text",
    [
        "Microsoft.Compute/virtualMachines/extensions/CustomScriptExtension",
        "{hex:64}",
        "{b64:400}",
        "{guid:}{guid:}",
        "H4sIAAAAAAAAA{b64:80}",
        "eJw{b64:80}",
        "//4{b64:80}",
        "A" * 200,
        "ThisIsJustAVeryLongNameOfSomethingWithoutAnyBlanks",
        "https://raw.githubusercontent.com/Azure/azure-quickstart-templates/master/quickstarts/x",
    ],
)
def test_what_is_no_encoded_text_is_left_alone(text: str) -> None:
    for seed in range(20):
        assert [layer.name for layer in layers(make(text, seeded(seed)).text, Budget())] == []
