"""No report shows a secret: of what may be one, three characters and the length."""

from __future__ import annotations

import itertools
import json
import re
from base64 import b64encode
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from armlint import baseline, run
from armlint.files import decode
from armlint.jsontext import read
from armlint.mend import Mend
from armlint.plans import Policy
from armlint.report import Report, azure, github, junit, markdown, plain, sarif, text
from armlint.report.redact import Redactor, hide, hide_in_pointer
from armlint.run import load_rules
from armlint.secrets.detectors import DETECTORS
from armlint.secrets.examples import make, seeded
from armlint.source import Source, Span

RULES = load_rules().select(["all"])
SHOWN = 3
# What every secret below starts with: no part of it may be found by chance in a report.
FIRST = "§"

_PIECES = [
    "Hunter2!x", "correct horse battery", "p@ss:w0rd,;", "a'b''c", 'quo"te', "back\\slash", "tab\tnew\nline", '{"a": 1}',
    "https://u:p@h/x?sig=abc%3D", "[concat('x')]", "// remark", "/* x */", "sig=abcdefgh", "Microsoft.Compute/x", "ключ-кот",
    "𝄞𝄞𝄞𝄞𝄞", "AcctK=abcd==;", "]]}}", "-----BEGIN KEY-----", "2024-01-01x", "truefalse", "1234567890", "(a(b(c(",
    "armlint: hush[EXT101]",
]  # fmt: skip
SECRETS = st.one_of(
    st.sampled_from(_PIECES),
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=5, max_size=30),
).map(lambda secret: f"{FIRST}{secret}{FIRST}")


def template(secret: str) -> dict[str, Any]:
    """A template with faults of many kinds, and one secret wherever people put them."""
    literal = secret.replace("'", "''")
    extension = {
        "type": "Microsoft.Compute/virtualMachines/extensions",
        "apiVersion": "2023-09-01",
        "name": "vm/setup",
        "dependsOn": ["[resourceId('Microsoft.Compute/virtualMachines', 'gone')]"],
        "tags": {"note": secret},
        "properties": {
            "publisher": "Microsoft.Azure.Extensions",
            "type": "CustomScript",
            "settings": {
                "commandToExecute": f"[concat('sh x.sh {literal}', parameters('nope'), variables('nope'))]",
                "script": secret,
                "anything": [secret, {"deep": secret}],
                "name": secret,
                "fileUris": [f"https://host.example.org/{secret}", f"https://u:{secret}@host.example.org/"],
            },
            "protectedSettings": {"commandToExecute": f"sh x.sh {secret}", "storageAccountKey": secret},
            "protectedSettingsFromKeyVault": {"secretUrl": secret, "sourceVault": {"id": secret}},
        },
    }
    machine = {
        "type": "Microsoft.Compute/virtualMachines",
        "apiVersion": "2023-09-01",
        "name": "vm",
        "location": "westeurope",
        "dependsOn": ["vm"],
        "properties": {
            "osProfile": {
                "adminUsername": "admin",
                "adminPassword": secret,
                "customData": f"[base64('{literal}')]",
                "secrets": [{"vaultCertificates": [{"certificateUrl": secret}]}],
            },
            "userData": secret,
            "diagnosticsProfile": {"connectionString": secret, "sharedAccessKey": secret, "apiKey": secret},
        },
    }
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            "password": {"type": "securestring", "defaultValue": secret},
            "plain": {"type": "string", "defaultValue": secret, "metadata": {"description": secret}},
        },
        "variables": {
            "a": f"[concat(variables('b'), '{literal}')]",
            "b": "[variables('a')]",
            "password": secret,
            "data": {"name": secret, "type": [secret]},
            "broken": f"[concat('{literal}'",
            "worse": f"[{secret}]",
            "unclear": f"[concat({secret}, parameters('plain'))]",
        },
        "resources": [extension, machine],
        "outputs": {
            "plain": {"type": "string", "value": secret},
            "folded": {"type": "string", "value": f"[concat('{literal}', variables('nope'))]"},
        },
    }


def written(value: Any, layout: str) -> str:
    if layout == "minified":
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if layout == "escaped":
        return json.dumps(value, indent=2)
    return json.dumps(value, ensure_ascii=False, indent=2)


def report_on(content: str) -> Report:
    outcome = run.check_text(decode(content.encode("utf-8", "surrogatepass"), "x.json"), RULES)
    # What a rule that broke would have said is not known.
    assert not outcome.broken, outcome.notices
    return run.report([outcome], (), "1.0.0", None)


def every_format(made: Report) -> dict[str, str]:
    return {
        "text": text.render(made, color=False, verbose=True),
        "narrow text": text.render(made, color=False, width=60),
        "colored text": re.sub(r"\x1b\[[0-9;]*m", "", text.render(made, color=True, width=100)),
        "json": plain.render(made),
        "sarif": sarif.render(made),
        "github": github.render(made),
        "azure": azure.render(made),
        "junit": junit.render(made),
        "statistics": text.render(made, color=False, statistics=True),
        "markdown": markdown.render(made),
    }


def windows(secret: str) -> set[str]:
    """Parts of a secret that are longer than may be shown, in each way that it may be written.

    All that hold its first or last character; of its middle, letters and digits only, as marks and
    blanks are found everywhere.
    """
    forms = {secret, json.dumps(secret, ensure_ascii=False)[1:-1], secret.replace("'", "''")}
    parts = {form[start : start + SHOWN + 1] for form in forms for start in range(len(form) - SHOWN)}
    middle = {secret[start : start + 2 * SHOWN] for start in range(len(secret) - 2 * SHOWN)}
    return {part for part in parts if FIRST in part} | {part for part in middle if part.isalnum()}


def assert_hidden(secret: str, made: Report, harmless: str) -> None:
    """`harmless` is the same report for another secret: what is in there too was not leaked."""
    for form, shown in every_format(made).items():
        for part in windows(secret):
            assert part not in shown or part in harmless, f"{form} shows {part!r} of {secret!r}"


HARMLESS = "\n".join(every_format(report_on(written(template("XXXXXXXX"), "indented"))).values())


@pytest.mark.parametrize("layout", ["indented", "minified"])
@pytest.mark.parametrize("secret", [f"{FIRST}{piece}{FIRST}" for piece in _PIECES])
def test_planted_secrets(secret: str, layout: str) -> None:
    made = report_on(written(template(secret), layout))
    assert {entry.rule for entry in made.entries} >= {
        "DEP301",
        "EXP401",
        "EXP404",
        "EXP407",
        "EXT101",
        "EXT102",
    }
    assert_hidden(secret, made, HARMLESS)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(SECRETS, st.sampled_from(["indented", "minified", "escaped"]))
def test_random_secrets(secret: str, layout: str) -> None:
    assert_hidden(secret, report_on(written(template(secret), layout)), HARMLESS)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(SECRETS, st.sampled_from(["indented", "minified"]), st.data())
def test_in_broken_files(secret: str, layout: str, data: st.DataObject) -> None:
    content = written(template(secret), layout)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        # Quotes, commas and colons are what people forget.
        near = [m.start() for m in re.finditer(r'[",:{}\[\]]', content) if abs(m.start() - at) < 60]
        at = data.draw(st.sampled_from(near or [at]))
        with_ = data.draw(st.sampled_from(["", "", '"', ",", ":", "}", "]", "'", "//", "\n", "x", "{", "\\"]))
        content = content[:at] + with_ + content[at + data.draw(st.integers(0, 2)) :]
    assert_hidden(secret, report_on(content), HARMLESS)


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(
    SECRETS,
    st.integers(0, 10_000),
    st.sampled_from(["// {}\n", "/* {} */", "// armlint: ignore[EXT101] {}\n"]),
)
def test_in_comments(secret: str, at: int, comment: str) -> None:
    if "\n" in secret or "*/" in secret:
        return
    content = written(template("XXXXXXXX"), "indented")
    for number in range(4):
        breaks = [match.end() for match in re.finditer(r",\n", content)]
        place = breaks[(at + 7 * number) % len(breaks)]
        content = content[:place] + comment.format(secret) + content[place:]
    # On the line of a finding too.
    content = content.replace(
        '"sh x.sh', comment.format(secret).strip().replace("//", "/*").replace("*/", "") + '*/ "sh x.sh'
    )
    content = re.sub(r'("(?:commandToExecute|dependsOn)": )', lambda m: f"{m[1]}/* {secret} */ ", content)
    assert_hidden(secret, report_on(content), HARMLESS)


def shown(content: str, start: int = 0, end: int | None = None) -> str:
    """What is shown of a text between two offsets."""
    document = read(Source(content))
    end = len(content) if end is None else end
    pieces, position = [], start
    for mask in Redactor(document).masks(start, end):
        pieces += [content[position : mask.start], mask.text]
        position = mask.end
    return "".join([*pieces, content[position:end]])


@pytest.mark.parametrize(
    "line",
    [
        '"type": "Microsoft.Compute/virtualMachines/extensions"',
        '"apiVersion": "2023-09-01"',
        "\"name\": \"[format('{0}/install', parameters('vmName'))]\"",
        '"location": "[resourceGroup().location]"',
        '"location": "westeurope"',
        '"dependsOn": ["[concat(\'Microsoft.Compute/virtualMachines/\', variables(\'vm\'))]", "web01"]',
        '"adminPassword": "[parameters(\'sqlAdminPassword\')]"',
        '"settings": { "commandToExecute": "[variables(\'install\')]" }',
        '"settings": { "timestamp": 123, "on": true, "off": null }',
        "\"id\": \"[resourceId('Microsoft.Network/networkInterfaces', 'web01-nic')]\"",
        "\"subnet\": \"[resourceId(parameters('group'), 'Microsoft.Network/virtualNetworks/subnets', 'net', 'sub')]\"",
        '"publisher": "Microsoft.Azure.Extensions", "typeHandlerVersion": "2.1", "autoUpgradeMinorVersion": true',
        '"sku": { "name": "Standard_LRS", "tier": "Standard" }',
        '"hardwareProfile": { "vmSize": "Standard_D2s_v5" }',
        '"osDisk": { "createOption": "FromImage", "diskSizeGB": 1024 }',
        '"securityRules": [{ "destinationPortRange": "3389", "access": "Allow", "sourceAddressPrefix": "10.0.0.0/16" }]',
        '"expression": "[reference(\'nested\').outputs.o.value]"',
        '"copy": { "name": "loop", "count": "[length(parameters(\'names\'))]" }',
        '"parameters": { "password": { "type": "securestring", "minValue": 8 } }',
        '"variables": { "nic": "[variables(\'vm\')]", "version": "2023-09-01", "kind": "Microsoft.Compute/disks" }',
        '"outputs": { "ip": { "type": "string", "value": "[reference(variables(\'ip\')).ipAddress]" } }',
        '"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"',
        "\"expression\": \"[if(equals(parameters('os'), 'Windows'), 1, 2)]\"",
    ],
)
def test_what_readers_need_stays(line: str) -> None:
    assert shown(f'{{"resources": {{ {line} }}, {line}}}') == f'{{"resources": {{ {line} }}, {line}}}'


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('"adminPassword": "Hunter2"', '"adminPassword": "Hun…(7)"'),
        ('"adminPassword": "abc"', '"adminPassword": "abc"'),
        ('"adminPassword": 12345678', '"adminPassword": 123…(8)'),
        ('"PWD": ["Hunter2"]', '"PWD": ["Hun…(7)"]'),
        ('"settings": { "x": "Hunter2" }', '"settings": { "x": "Hun…(7)" }'),
        ('"settings": { "name": "Hunter2" }', '"settings": { "name": "Hun…(7)" }'),
        ('"settings": { "x": "\\u0048unter2" }', '"settings": { "x": "…(12)" }'),
        ('"variables": { "name": "Hunter2" }', '"variables": { "name": "Hun…(7)" }'),
        ('"x": "free text"', '"x": "fre…(9)"'),
        (
            "\"x\": \"[concat('Hunter2', parameters('p'))]\"",
            "\"x\": \"[concat('Hun…(7)', parameters('p'))]\"",
        ),
        ("\"x\": \"[concat('Hunter2', parameters('p')]\"", '"x": "[concat(\'Hu…(27)"'),
        ('"x": "[first(parameters(\'p\'))) Hunter2]"', '"x": "[first(parameters(\'p\'))) Hun…(8)"'),
        ('"x": "[Hunter2]"', '"x": "[Hun…(8)"'),
        ('"x": "https://host.example.org/Hunter2?sig=1"', '"x": "https://host.example.org/Hu…(14)"'),
        ('"x": "https://user:Hunter2@host.example.org/"', '"x": "htt…(38)"'),
        ("\"[concat('Hunter2')]\": 1", "\"[concat('Hun…(7)')]\": 1"),
        ('"relativePath": "a.json?sv=1&sig=Hunter2"', '"relativePath": "a.j…(23)"'),
        ('"name": "x;AccountKey=Hunter2"', '"name": "x;A…(20)"'),
        ('"id": "https://u:Hunter2@h/"', '"id": "htt…(20)"'),
        ('"x": 1 // Hunter2', '"x": 1 //…(8)'),
        ('"x": /* Hunter2 */ 1', '"x": /*…(11) 1'),
        ('"x": 1 // armlint: ignore[EXT101] Hunter2', '"x": 1 // armlint: ignore[EXT101]…(8)'),
    ],
)
def test_what_may_be_a_secret_goes(line: str, expected: str) -> None:
    assert shown(f'{{"resources": [{{ {line}\n}}]}}') == f'{{"resources": [{{ {expected}\n}}]}}'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"a": Hunter2 }', '{"a": …(7) }'),
        ('{"a": "b" Hunter2, more }', '{"a": …(17) }'),
        ('{\n  "a": "b"\n  "c": "Hunter2"\n}', '{\n  "a": "b"\n  "c": "Hun…(7)"\n}'),
        ('{\n  "type": "vm",,\n  "name": "Hunter2"\n}', '{\n  "type": "vm",,\n  "name": "Hun…(7)"\n}'),
        ('{"pw: "Hunter2", "x": 1}', None),
        ('{"name": "Hunter2" "x": 1}', None),
        ('{"pw": "Hunter2": "x"}', None),
        ("{\"a\": 'Hunter2'}", '{"a": …(9)}'),
        ('{"a": "Hunter2', '{"a": …(8)'),
        ("Hunter2", "…(7)"),
        ("", ""),
        ('{"a": 1} Hunter2 Hunter2', None),
        ('{"a": 1 // Hunter2\n // Hunter2\n', None),
    ],
)
def test_broken_texts(content: str, expected: str | None) -> None:
    masked = shown(content)
    assert "Hunt" not in masked
    if expected is not None:
        assert masked == expected


def test_a_part_of_a_text_shows_no_more_than_the_whole() -> None:
    content = '{"settings": {"a": "Hunter2", "b": "Hunter3"}}'
    assert shown(content, 14, 29) == '"a": "Hun…(7)",'
    for start in range(len(content)):
        for end in range(start, len(content)):
            assert "Hunt" not in shown(content, start, end)


def test_what_a_rule_says_is_a_secret_is_none_to_show_by_its_place() -> None:
    content = (
        '{"resources": [{"name": "Hunter2", "type": "Microsoft.X/y", "id": "https://a.example.org/Hunter3"}]}'
    )
    document = read(Source(content))
    assert Redactor(document).masks(0, len(content)) == []
    first, second = content.index("Hunter2"), content.index("https")
    (mask,) = Redactor(document, [Span(first - 1, first + 8)]).masks(0, len(content))
    assert mask == (first, first + 7, "Hun…(7)")
    (mask,) = Redactor(document, [Span(second + 3, second + 4)]).masks(0, len(content))
    assert mask == (second, second + 29, "htt…(29)")
    # A rule may point at the key, and at what stands around; others may point at nothing in between.
    for told in (Span(content.index('"name"'), content.index('"name"') + 6), Span(0, len(content))):
        masks = Redactor(document, [told, Span(3, 4)]).masks(0, len(content))
        assert masks[0] == (first, first + 7, "Hun…(7)")
        assert all(content[mask.start : mask.end] != "Microsoft.X/y" for mask in masks)


@given(st.text(alphabet="{}[]:,\"'/*\\ \nabc1", max_size=60))
def test_masks_never_overlap_and_never_fail(content: str) -> None:
    document = read(Source(content))
    masks = Redactor(document).masks(0, len(content))
    for before, after in itertools.pairwise(masks):
        assert before.start <= after.start
    for mask in masks:
        assert 0 <= mask.start < mask.end <= len(content)
        assert len(mask.text) <= SHOWN + len(f"…({len(content)})")


# ----------------------------------------------------------------------- secrets of every format, anywhere

RECIPES = [row.true[0] for row in DETECTORS]
# What the syntax of a command gives away is a secret where commands stand.
ON_COMMAND_LINES = [
    "powershell -File setup.ps1 -Password «{password:12}»",
    "bash setup.sh --admin-password=«{password:12}»",
    "mysql -uroot -p«{alnum:12}» -e 'select 1'",
    "export DB_PASSWORD=«{alnum:12}»; sh setup.sh",
    "powershell -c \"a -Password '«{password:12}»'\"",
]
_WINDOW = 6


def forms(secret: str) -> dict[str, str]:
    """A secret as it is, and in each form that is as good."""
    data = secret.encode()
    return {
        "itself": secret,
        "escaped": json.dumps(secret)[1:-1],
        "backwards": secret[::-1],
        **{f"base64 {skip}": b64encode(b"x" * skip + data).decode()[4:-4] for skip in range(3)},
        "hexadecimal": data.hex(),
        "percent": quote(secret, safe=""),
    }


def assert_nothing_of(secret: str, shown: str, harmless: str) -> None:
    for form, text_ in forms(secret).items():
        # Of a long one, its beginning and its end, and as many places in between.
        last = len(text_) - _WINDOW
        for at in {*range(0, last, max(1, last // 40)), 0, 1, 2, 3, last}:
            part = text_[at : at + _WINDOW]
            if part.isalnum() or form == "itself":
                assert part not in shown or part in harmless, f"{part!r} of a secret, {form}"


def places_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All paths of strings and of names in a JSON value; those of names end with None."""
    if isinstance(value, dict):
        below = [place for name, item in value.items() for place in places_of(item, (*path, name))]
        return [*((*path, name, None) for name in value), *below]
    if isinstance(value, list):
        return [place for index, item in enumerate(value) for place in places_of(item, (*path, index))]
    return [path] if isinstance(value, str) else []


def planted(value: Any, path: tuple[Any, ...], text_: str, *, instead: bool) -> Any:
    """A copy with a text in the place of a string or name, or put behind what is there."""
    if isinstance(value, dict) and path[1:] == (None,):
        return {(text_ if instead else f"{k} {text_}") if k == path[0] else k: v for k, v in value.items()}
    if not path:
        return text_ if instead else f"{value} {text_}"
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[path[0]] = planted(value[path[0]], path[1:], text_, instead=instead)
    return copy


TEMPLATE = template("XXXXXXXX")
PARAMETERS = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {
        "adminPassword": {"value": "XXXXXXXX"},
        "list": {"value": [{"password": "XXXXXXXX", "name": "x"}], "metadata": {"note": "XXXXXXXX"}},
        "vault": {"reference": {"keyVault": {"id": "XXXXXXXX"}, "secretName": "XXXXXXXX"}},
    },
}
DOCUMENTS = {"template": TEMPLATE, "parameters": PARAMETERS}
PLACES = {name: places_of(value) for name, value in DOCUMENTS.items()}


def shown_of(content: str) -> str:
    """All that can be made of a text: reports, the change that fixes make, and a baseline."""
    written_down = content.encode("utf-8", "surrogatepass")
    policy = Policy(run.load_rules(), places=True)
    outcome = run.check_bytes(written_down, "x.json", RULES, policy=policy)
    changed = run.check_bytes(written_down, "x.json", RULES, mend=Mend(unsafe=True, write=False))
    made = run.report([outcome], (), "1.0.0", None)
    known = baseline.write(run.known([outcome]))
    return "\n".join((*every_format(made).values(), repr(made), known, str(changed.diff)))


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from(RECIPES),
    st.integers(0, 10_000),
    st.sampled_from(sorted(DOCUMENTS)),
    st.integers(0, 10_000),
    st.sampled_from(["indented", "minified", "escaped"]),
    st.booleans(),
    st.booleans(),
)
def test_secrets_of_every_format_at_any_place(
    recipe: str, seed: int, name: str, place: int, layout: str, instead: bool, broken: bool
) -> None:
    example = make(recipe, seeded(seed))
    path = PLACES[name][place % len(PLACES[name])]
    content = written(planted(DOCUMENTS[name], path, example.text, instead=instead), layout)
    at = seed * 37 % len(content)
    # What is left of a secret's surroundings must still say that it is one.
    around = content[max(0, at - 2 * len(example.text)) : at + 2 * len(example.text)]
    if broken and example.secret[:8] not in around:
        content = content[:at] + content[at + 1 :]
    shown = shown_of(content)
    # Beside a parameter of the same name as a function of this program, a part may be found by chance.
    assert_nothing_of(example.secret, shown, f"{HARMLESS}\n{content.replace(example.secret, '')}")


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(ON_COMMAND_LINES), st.integers(0, 10_000), st.integers(0, 10_000))
def test_passwords_of_commands_at_any_place(recipe: str, seed: int, place: int) -> None:
    example = make(recipe, seeded(seed))
    strings = [path for path in PLACES["template"] if path[-1] is not None]
    content = written(
        planted(TEMPLATE, strings[place % len(strings)], example.text, instead=True), "indented"
    )
    assert_nothing_of(example.secret, shown_of(content), f"{HARMLESS}\n{content.replace(example.secret, '')}")


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(RECIPES), st.integers(0, 10_000), st.integers(0, 10_000))
def test_secrets_of_every_format_in_comments(recipe: str, seed: int, place: int) -> None:
    example = make(recipe, seeded(seed))
    content = written(TEMPLATE, "indented")
    breaks = [match.end() for match in re.finditer(r",\n", content)]
    at = breaks[place % len(breaks)]
    comment = f"// {example.text} \n" if "\n" not in example.text else f"/* {example.text} */\n"
    content = content[:at] + comment + content[at:]
    assert_nothing_of(example.secret, shown_of(content), f"{HARMLESS}\n{content.replace(example.secret, '')}")


@pytest.mark.parametrize(
    "message",
    [
        "a password after --password is written into 'commandToExecute'",
        "a password after -Password: is written into variable 'run'; it can be read through base64",
        "a password in DB_PASSWORD is written into 'scriptContent'",
        "parameter 'adminPassword' is named like a secret, but its type is string",
        "secure parameter 'token' reaches the public settings of extension 'vm/setup' on 'vm'",
        "'password' is set to a literal",
    ],
)
def test_messages_stay_as_they_are(message: str) -> None:
    assert hide(message) == message


def test_a_message_and_a_pointer_hide_what_they_name() -> None:
    key = make("{his:+ASt,64,Default0}", seeded(1)).text
    assert hide(f"variable '{key}' is not used") == f"variable '{key[:3]}…(88)' is not used"
    assert key[:4] not in hide_in_pointer("/variables/" + key.replace("/", "~1") + "/x")
    assert hide_in_pointer("/resources/0/properties/a~1b~0c/protectedSettingsFromKeyVault2") == (
        "/resources/0/properties/a~1b~0c/protectedSettingsFromKeyVault2"
    )
