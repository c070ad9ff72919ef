"""The search as a whole: spans, redaction, hostile texts, cost."""

from __future__ import annotations

import subprocess
import sys
import time
from base64 import b64encode
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armlint.secrets.detectors import DETECTORS
from armlint.secrets.examples import make, seeded
from armlint.secrets.scan import Hit, redact, scan

if TYPE_CHECKING:
    from collections.abc import Callable

RECIPES = [recipe for row in DETECTORS for recipe in row.true]
ON_COMMAND_LINES = [
    "run --admin-password «{password:14}» --x",
    "run.ps1 -Password '«{password:14}»'",
    "net user svc «{password:14}» /add",
    "mysql -uroot -p«{alnum:14}»",
    "export DB_PASSWORD=«{alnum:14}»",
    "$env:DB_PASSWORD = '«{password:14}»'",
    "curl -u user:«{alnum:14}» https://example.org/",
    "echo 'root:«{password:14}»' | chpasswd",
    '{"settings": {"adminPassword": "«{password:14}»"}}',
    "ALTER LOGIN sa WITH PASSWORD = '«{password:14}»';",
]
# Characters that mean something to some reader, and pieces that start a path through the code.
PIECES = st.sampled_from(
    [recipe.replace("«", "").replace("»", "") for recipe in (*RECIPES, *ON_COMMAND_LINES)]
    + [
        *"'\"`$(){}[]|&;<>\\^%!=:,@#/-+ \n\r\t\0",
        "\ufffc",
        "\ud800",
        "\U0001f600",
        "\u0130",
        "{{",
        "}}",
        "${{",
    ]
    + [
        "<<EOF\n",
        "\nEOF\n",
        "@'\n",
        "\n'@",
        "<#",
        "#>",
        "powershell -c ",
        "cmd /c ",
        "bash -c ",
        "password",
        "pwd=",
    ]
    + [
        "#cloud-config\n",
        "sig=",
        "sv=2020-01-01&",
        "%41",
        "--password ",
        "AccountKey=",
        "-----BEGIN RSA PRIVATE KEY-----",
    ]
)
TEXTS = st.builds(
    lambda parts, seed: make("".join(parts), seeded(seed)).text,
    st.lists(PIECES | st.text(max_size=8), max_size=25),
    st.integers(0, 999),
)


def covers(hits: list[Hit], start: int, end: int) -> bool:
    return any(hit.start <= start and hit.end >= end for hit in hits)


# ---------------------------------------------------------------------------------------------- any text


@settings(max_examples=250)
@given(TEXTS, st.booleans(), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 40)), max_size=3))
def test_no_text_makes_it_fail_and_each_hit_has_a_place(
    text: str, command: bool, gaps: list[tuple[int, int]]
) -> None:
    dynamic = [(min(at, len(text)), min(at + length, len(text))) for at, length in gaps]
    hits = scan(text, command=command, dynamic=dynamic)
    for hit in hits:
        assert 0 <= hit.start < hit.end <= len(text)
        if hit.layer is None:
            assert not any(hit.start < end and start < hit.end for start, end in dynamic)
    clear = [hit for hit in hits if hit.layer is None]
    assert all(one.end <= other.start for one, other in pairwise(clear))
    assert hits == sorted(hits, key=lambda hit: hit.start)
    assert scan(text, command=command, dynamic=dynamic) == hits


@settings(max_examples=150)
@given(st.text(st.characters(codec="utf-8"), max_size=200), st.booleans())
def test_plain_text_makes_it_neither_fail(text: str, command: bool) -> None:
    scan(text, command=command)
    redact(text)


@settings(max_examples=250)
@given(
    st.sampled_from((*RECIPES, *ON_COMMAND_LINES)),
    st.integers(0, 10_000),
    st.text("abc \n.é:", max_size=20),
    st.text("abc \n.é:", max_size=20),
)
def test_redaction_shows_no_more_than_three_characters(
    recipe: str, seed: int, before: str, behind: str
) -> None:
    example = make(recipe, seeded(seed))
    text = f"{before}\n{example.text}\n{behind}"
    shown = redact(text)
    assert shown.startswith(f"{before}\n")
    assert shown.endswith(f"\n{behind}")
    length = len(example.secret)
    left = f"{example.secret[: min(3, length // 4)]}…({length})"
    around = text.replace(example.secret, " ")
    assert shown.count(left) == 1
    for at in range(len(example.secret) - 3):
        part = example.secret[at : at + 4]
        assert part not in shown.replace(left, " ") or part in around
    assert redact(shown) == shown


@settings(max_examples=100)
@given(st.sampled_from((*RECIPES, *ON_COMMAND_LINES)), st.integers(0, 10_000), st.booleans())
def test_redaction_hides_what_is_encoded(recipe: str, seed: int, wide: bool) -> None:
    example = make(recipe, seeded(seed))
    data = f"# {recipe.count('x')} a script with a secret in it\n{example.text}\n"
    run = b64encode(data.encode("utf-16-le" if wide else "utf-8")).decode()
    shown = redact(f"x {run} y")
    assert shown == f"x {run[:3]}…({len(run)}) y"


def test_a_short_secret_shows_less() -> None:
    assert redact("run --password Ab1c!") == "run --password A…(5)"
    assert redact("run --password Ab1cD2eF3gH4") == "run --password Ab1…(12)"
    assert redact("nothing to see here") == "nothing to see here"


@pytest.mark.parametrize("row", DETECTORS, ids=[row.id for row in DETECTORS])
def test_a_secret_is_found_among_others(row: object) -> None:
    assert row in DETECTORS
    text = ""
    places = []
    for other in (row, *DETECTORS):
        example = make(other.true[0], seeded(4))
        places.append((len(text) + example.start, len(text) + example.end))
        text += example.text + "\n\n"
    hits = scan(text)
    for start, end in places:
        assert covers(hits, start, end), text[start:end]


# ------------------------------------------------------------------------------------------- of two, the better


def test_the_format_names_what_the_flag_found() -> None:
    for recipe, detector in (("{entra:8Q~}", "entra-client-secret"), ("{crc:ghp_}", "github-token")):
        text = make(f"az login --service-principal -u x -p '{recipe}' --tenant t", seeded(1)).text
        assert [(hit.detector, hit.certain) for hit in scan(text, command=True)] == [(detector, True)]


def test_a_flag_makes_an_edited_key_certain() -> None:
    text = make("run --password {edited:+ASt,64,Default0}", seeded(1)).text
    assert [(hit.detector, hit.certain) for hit in scan(text)] == [("storage-account-key", False)]
    assert [(hit.detector, hit.certain) for hit in scan(text, command=True)] == [
        ("storage-account-key", True)
    ]


def test_of_a_connection_string_only_the_secret_is_one() -> None:
    example = make("run --connection-string 'Server=s;Uid=u;Password=«{alnum:12}»;Encrypt=True'", seeded(1))
    assert [(hit.start, hit.end) for hit in scan(example.text, command=True)] == [
        (example.start, example.end)
    ]


def test_a_key_in_a_connection_string_is_named_by_its_service() -> None:
    text = make("AccountName=a;AccountKey={his:+ASt,64,Default0};EndpointSuffix=x", seeded(1)).text
    assert [hit.detector for hit in scan(text)] == ["storage-account-key"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_what_only_deployment_knows_is_no_secret(recipe: str) -> None:
    example = make(recipe, seeded(1))
    start = example.start + (27 if "BEGIN" in example.text else 0)
    assert scan(example.text, dynamic=[(start, example.end)]) == []
    assert scan(example.text, dynamic=[(start, start + 4)]) == []


# -------------------------------------------------------------------------------------------------- the cost


def cost(call: Callable[[], object], times: int = 1) -> float:
    """Return the least CPU time of three calls, so that what else the machine does counts little."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        for _ in range(times):
            call()
        best = min(best, time.process_time() - start)
    return best


def hostile() -> list[object]:
    """Units that, repeated, make a pattern start over and over, or a reader open what it never closes."""
    found = []
    for row in DETECTORS:
        example = make(row.true[0], seeded(1))
        found += [
            pytest.param(f"{example.text} ", id=f"{row.id}-whole"),
            pytest.param(f"{example.text[: max(3, example.end - 1)]} ", id=f"{row.id}-cut"),
            pytest.param(example.text[: max(4, (example.start + example.end) // 2)], id=f"{row.id}-half"),
        ]
    units = [
        *(
            "sig=",
            "?sig=a&",
            "=",
            "&",
            "%",
            "%41",
            "%25",
            "eyJ",
            "eyJa.",
            "a",
            "A/",
            "://a:",
            "://a:b@",
            "H4sI",
            "AAAA",
        ),
        *(
            "'",
            '"',
            "`",
            "$(",
            '"$(',
            "$('",
            '$("',
            "<<A\n",
            "\\",
            '\\"',
            '{\\"',
            "{",
            "(",
            "@{",
            "@'\n",
            "<#",
            "# a\n",
        ),
        *(
            "-----BEGIN RSA PRIVATE KEY-----",
            "-----",
            "password=",
            "--password ",
            "--password=x ",
            "mysql -p",
            "a|",
            "\n",
        ),
        *(
            "pwd=a ",
            "pwd={",
            "Password='",
            '"password":"',
            '"password":"x",',
            "a:'",
            'a:\\"',
            "net user a b\n",
            "a,b=",
        ),
        *(
            "convertto-securestring a -asp ",
            "IDENTIFIED BY '",
            "---\npassword: x\n",
            "NetworkCredential('a','",
            "${{",
        ),
        *(
            "{{a}}",
            "rem \n",
            "$a=",
            "curl -u a:",
            "az login -p x ",
            "A" * 64 + "\n",
            "bmV0IHVzZXIgYSBiIC9hZGQg ",
        ),
    ]
    return [*found, *(pytest.param(unit, id=repr(unit)[:30]) for unit in units)]


def grows_evenly(unit: str, size: int, *, command: bool) -> bool:
    """Whether four times the text takes about four times as long, and not sixteen times.

    Clocks are coarse and the machine does other things: what seems slow is measured again.
    """
    small = "Set-Item password " + unit * (size // len(unit))
    large = "Set-Item password " + unit * (4 * size // len(unit))

    def once(text: str) -> float:
        start = time.process_time()
        scan(text, command=command)
        return time.process_time() - start

    return any(once(large) <= 8 * max(once(small), 0.005) for _ in range(4))


@pytest.mark.parametrize("unit", hostile())
def test_a_hostile_command_takes_time_in_proportion_to_its_length(unit: str) -> None:
    assert grows_evenly(unit, 4_000, command=True)


@pytest.mark.slow
@pytest.mark.parametrize("unit", hostile())
def test_a_hostile_megabyte_takes_time_in_proportion_to_its_length(unit: str) -> None:
    assert grows_evenly(unit, 250_000, command=False)


HARMLESS = [
    "Specifies the location of the resources in this template, which is the resource group's by default.",
    "[resourceId('Microsoft.Compute/virtualMachines/extensions', parameters('vmName'), 'install-script')]",
    "https://raw.githubusercontent.com/Azure/azure-quickstart-templates/master/quickstarts/a.json",
    "Standard_LRS",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_text_costs_next_to_nothing(text: str) -> None:
    """A few microseconds: about as long as it takes to add up the characters of a text of a hundred."""
    assert scan(text) == []
    measure = "x" * 100
    assert cost(lambda: scan(text), 500) <= 12 * cost(lambda: sum(map(ord, measure)), 500)


def test_the_import_is_light() -> None:
    """Nothing is compiled, and nothing imported that a run over templates without secrets never needs."""
    program = (
        "import sys\n"
        "import armlint.secrets.scan\n"
        "from armlint.secrets.pattern import compiled\n"
        "heavy = {'json', 'datetime', 'hashlib', 'base64', 'random', 'gzip', 'armlint.secrets.examples',"
        " 'armlint.secrets.commandline', 'armlint.secrets.values', 'armlint.secrets.names', 'armlint.secrets.shells'}\n"
        "print(sorted(heavy & sys.modules.keys()), compiled.cache_info().currsize)\n"
    )
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] 0"
