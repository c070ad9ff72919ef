"""Calls of Azure's tools in scripts, pipelines and documents: what is found in them, and what is left alone."""

from __future__ import annotations

import json
import os
import random
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import armlint
from armlint import files
from armlint.checks import scripts
from armlint.report.plain import render
from armlint.report.script import ScriptRedactor
from armlint.run import catalogue, check_bytes, check_file, load_rules, report
from armlint.script.block import Language
from armlint.script.calls import Script
from armlint.secrets.examples import make, seeded
from armlint.source import Source, Span

# Read while tests are collected: by the time they run, the environment is a plain one.
KNOWLEDGE = Path(os.environ.get("ARMLINT_KNOWLEDGE") or Path(__file__).parents[2] / "shared" / "knowledge")
CASES_FILE = KNOWLEDGE / "secret-cli-cases.json"
CASES = json.loads(CASES_FILE.read_text("utf-8")) if CASES_FILE.is_file() else []

SET = "az vm extension set -g g --vm-name v -n CustomScript --publisher Microsoft.Azure.Extensions"


def password() -> str:
    """A password that is another one in each run, with nothing in it that a shell would take for its own."""
    picked = random.SystemRandom()
    return "Q7" + "".join(picked.choice(string.ascii_letters + string.digits) for _ in range(12))


def found(text: str, name: str, rule: str = "SEC215") -> list[str]:
    """What the findings of a rule point at."""
    source = Source(text)
    said = []
    for entry in armlint.check(text, path=name, select=[rule]):
        region = entry.region
        assert entry.pointer == ""
        line = source.line(region.line).encode("utf-16-le")
        said.append(line[(region.column - 1) * 2 : (region.end_column - 1) * 2].decode("utf-16-le"))
    return said


@pytest.mark.skipif(not CASES, reason="the facts are not beside the checkout")
class TestCases:
    @pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
    def test_each_case_reads_as_it_says(self, case: dict[str, object], tmp_path: Path) -> None:
        path = tmp_path / f"case.{case['lang']}"
        text = str(case["text"])
        path.write_text(text, "utf-8", newline="")
        outcome = check_file(str(path), load_rules().select(["SEC215"]))
        expected = [fact for fact in case["expect"] if fact["is_secret"]]
        assert len(outcome.entries) == len(expected)
        source = Source(text)
        for entry, fact in zip(outcome.entries, expected, strict=True):
            shown = source.line(entry.region.line)[entry.region.column - 1 : entry.region.end_column - 1]
            # The case of a SAS names its parameter.
            assert shown == fact["value"] or f"{fact['value']}={shown}" in text
            name = str(fact["where"]).rpartition(".")[2]
            assert name in entry.message or name.startswith("-")

    def test_no_report_shows_a_secret(self, tmp_path: Path) -> None:
        rules = load_rules().rules
        for case in CASES:
            path = tmp_path / f"case.{case['lang']}"
            path.write_text(case["text"], "utf-8", newline="")
            outcome = check_file(str(path), rules, hashes=True)
            shown = repr(outcome) + render(report([outcome], rules, "0", None))
            for fact in case["expect"]:
                if len(fact["value"]) > 3:
                    assert fact["value"] not in shown


class TestQuoting:
    """The styles in which people write settings; «P» is the password."""

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.sh", SET + ' \\\n  --protected-settings \'{"Password": "«P»"}\''),
            ("a.sh", SET + ' --protected-settings "{\\"Password\\": \\"«P»\\"}"'),
            ("a.sh", SET + " --protected-settings \"{'Password': '«P»'}\""),
            ("a.sh", SET + ' --protected-settings=\'{"Password": "«P»"}\''),
            ("a.sh", SET + ' --settings \'{"commandToExecute": "x --password «P»"}\''),
            ("a.sh", SET + ' --settings \'{"commandToExecute": "x --password \\"«P»\\""}\''),
            ("a.sh", f'S=\'{{"Password": "«P»"}}\'\n{SET} --protected-settings "$S"'),
            ("a.sh", f"PW=«P»\n{SET} --protected-settings '{{\"Password\": \"'$PW'\"}}'"),
            ("a.sh", "export PASSWORD='«P»'\naz vm create -n v --admin-password ${PASSWORD}"),
            ("a.sh", "id=$(az vm create -n v --admin-password '«P»' --query id)"),
            ("a.sh", "if ! az vm create -n v --admin-password=«P»; then exit 1; fi"),
            ("a.sh", "ssh h \"az vm create -n v --admin-password '«P»'\""),
            ("a.sh", "az deployment group create -g g -f t.json --parameters user=u adminPassword=«P»"),
            ("a.sh", 'az deployment group create --parameters \'{"adminPassword": {"value": "«P»"}}\''),
            ("a.sh", "az sql server create -n s -g g -u u -p «P»"),
            ("a.sh", "az vm run-command invoke -n v --scripts 'net user u «P» /add'"),
            ("a.sh", 'az vm run-command create -n v --run-as-password "«P»" --script ls'),
            ("a.ps1", SET + ' `\n  --protected-settings \'{\\"Password\\": \\"«P»\\"}\''),
            ("a.ps1", "Set-AzVMExtension -ProtectedSettings @{ Password = '«P»' }"),
            ("a.ps1", "Set-AzVMExtension -ProtectedSettings @{\n  User = 'u'\n  Password = \"«P»\"\n}"),
            ("a.ps1", "Set-AzVMExtension -ProtectedSetting:@{'Password'='«P»'; a = 1}"),
            (
                "a.ps1",
                "$p = [ordered]@{ a = @{ Password = '«P»' } }\nSet-AzVMExtension -ProtectedSettings $p",
            ),
            ("a.ps1", "$p = @{}\n$p.Password = '«P»'\nSet-AzVMExtension -ProtectedSettings $p"),
            ("a.ps1", "$p = @{}\n$p['Password'] = '«P»'\nSet-AzVMExtension -ProtectedSettings $p"),
            ("a.ps1", "$a = @{ ProtectedSettings = @{ Password = '«P»' } }\nSet-AzVMExtension @a"),
            ("a.ps1", "Set-AzVMExtension -ProtectedSettingString (@{ Password = '«P»' } | ConvertTo-Json)"),
            (
                "a.ps1",
                "$s = ConvertTo-Json @{ Password = '«P»' }\nSet-AzVMExtension -ProtectedSettingString $s",
            ),
            ("a.ps1", '$s = @\'\n{"Password": "«P»"}\n\'@\nSet-AzVMExtension -ProtectedSettingString $s'),
            ("a.ps1", '$s = @"\n{"Password": "«P»"}\n"@\nSet-AzVMExtension -ProtectedSettingString $s'),
            ("a.ps1", "Add-AzureRmVmssExtension $v -ProtectedSetting @{Password='«P»'}"),
            ("a.ps1", "New-AzConnectedMachineExtension -ProtectedSetting @{Password='«P»'}"),
            ("a.ps1", "param([string]$Pw = '«P»', $b)\nNew-AzVM -AdminPassword $Pw"),
            ("a.ps1", "$p = ConvertTo-SecureString '«P»' -AsPlainText -Force\nNew-AzThing -Password $p"),
            ("a.ps1", "if ($x) { az vm create -n v --admin-password '«P»' }"),
            ("a.cmd", SET + ' ^\n  --protected-settings "{\\"Password\\": \\"«P»\\"}"'),
            ("a.bat", "set PW=«P»\naz vm create -n v --admin-password %PW%"),
            ("a.md", "Text\n\n  ```azurecli-interactive\n  az vm create -n v --admin-password «P»\n  ```\n"),
            ("a.md", "~~~console\n$ az vm create -n v --admin-password «P»\n~~~\n"),
            ("a.md", "> ```azurepowershell\n> New-AzVM -AdminPassword '«P»'\n> ```\n"),
            ("a.md", "```yaml\n- run: az vm create -n v --admin-password «P»\n```\n"),
            ("a.yml", "jobs:\n- script: |\n    az vm create -n v \\\n      --admin-password «P»\n"),
            ("a.yml", "- run: >-\n    az vm create -n v\n    --admin-password «P»\n- run: ls\n"),
            ("a.yml", "- run: \"az vm create -n v --admin-password '«P»'\" # ok\n"),
            ("a.yml", "- run: 'az vm create -n v --admin-password ''«P»'''\n"),
            ("a.yml", "script:\n  - az vm create -n v\n    --admin-password «P»\n"),
            (
                "a.yaml",
                "- task: AzurePowerShell@5\n  inputs:\n    Inline: |\n      New-AzVM -AdminPassword '«P»'\n",
            ),
        ],
    )
    def test_a_secret_is_found_where_it_is_written(self, name: str, text: str) -> None:
        secret = password()
        for ends in ("\n", "\r\n"):
            written = text.replace("«P»", secret).replace("\n", ends)
            assert found(written, name) == [secret]
            assert found(f"# \U0001f511 é{ends}{ends}{written}{ends}", name) == [secret]


class TestVariables:
    @pytest.mark.parametrize(
        ("name", "text", "shown"),
        [
            ("a.sh", SET + " --settings '{\"k\": \"'$PASSWORD'\"}'", "$PASSWORD"),
            ("a.sh", SET + ' --settings "{\\"k\\": \\"${DB_PASSWORD}\\"}"', "${DB_PASSWORD}"),
            ("a.sh", f"k=$(az storage account keys list -n a)\n{SET} --settings '{{\"k\": \"'$k'\"}}'", "$k"),
            ("a.ps1", "Set-AzVMExtension -Settings @{ k = $env:DB_PASSWORD }", "$env:DB_PASSWORD"),
            ("a.ps1", "$k = Get-AzKeyVaultSecret -Name x\nSet-AzVMExtension -Settings @{ k = $k }", "$k"),
            ("a.ps1", 'Set-AzVMExtension -SettingString "{""k"": ""$adminPassword""}"', "$adminPassword"),
            ("a.cmd", SET + ' --settings "{\\"k\\": \\"%DB_PASSWORD%\\"}"', "%DB_PASSWORD%"),
            (
                "a.yml",
                f'- run: |\n    {SET} --settings \'{{"k": "${{{{ secrets.X }}}}"}}\'\n',
                "${{ secrets.X }}",
            ),
            ("a.yml", f'- script: |\n    {SET} --settings \'{{"k": "$(dbPassword)"}}\'\n', "$(dbPassword)"),
        ],
    )
    def test_a_secret_must_not_become_a_public_setting(self, name: str, text: str, shown: str) -> None:
        assert found(text, name) == [shown]
        protected = text.replace("--settings", "--protected-settings").replace(
            "-Setting", "-ProtectedSetting"
        )
        assert found(protected, name) == []

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.yml", f'- run: |\n    {SET} --settings \'{{"workspaceId": "${{{{ secrets.WS_ID }}}}"}}\'\n'),
            ("a.sh", SET + ' --settings \'{"domain": "\'$domain\'", "path": "\'$(pwd)\'"}\''),
            ("a.ps1", "Set-AzVMExtension -Settings @{ url = $url; key = $sshPublicKey; n = $secretName }"),
            ("a.sh", 'az vm create -n v --admin-password "$PW"'),
            ("a.sh", "az vm create -n v --admin-password $(openssl rand -base64 32)"),
            ("a.sh", "az vm create -n v --admin-password '<password>' --generate-ssh-keys"),
            ("a.sh", 'az keyvault secret set --vault-name v --name n --value "$VALUE"'),
            ("a.sh", "az deployment group create -g g --parameters @p.json adminPassword=$PW"),
            ("a.sh", SET + " --protected-settings @protected.json --settings public.json"),
            ("a.sh", "az vm run-command invoke -n v --scripts @script.sh --parameters a=b"),
            ("a.ps1", "New-AzVM -Credential (Get-Credential) -Name v"),
            ("a.ps1", "$pw = Read-Host -AsSecureString\nNew-AzVM -AdminPassword $pw"),
            (
                "a.md",
                'Say `az vm create`, and never write a password down.\n\n```json\n{"password": 1}\n```\n',
            ),
            ("a.md", "```python\nos.system('az vm create --admin-password Hx7Kq2Lm')\n```\n"),
        ],
    )
    def test_what_is_no_secret_draws_nothing(self, name: str, text: str) -> None:
        assert found(text, name) == []


class TestCommands:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.sh", SET + ' --settings \'{"commandToExecute": "sh x.sh"}\''),
            ("a.sh", SET + ' --settings \'{"COMMANDTOEXECUTE": "sh x.sh"}\''),
            ("a.ps1", "Set-AzVMExtension -Settings @{ commandToExecute = $command }"),
            ("a.ps1", "Set-AzVmssExtension -Setting @{ 'commandToExecute' = 'sh x.sh' }"),
        ],
    )
    def test_a_command_in_public_settings_is_told_at_its_name(self, name: str, text: str) -> None:
        assert [shown.strip("\"'").lower() for shown in found(text, name, "EXT101")] == ["commandtoexecute"]
        protected = text.replace("--settings", "--protected-settings").replace(
            "-Setting", "-ProtectedSetting"
        )
        assert found(protected, name, "EXT101") == []

    def test_the_catalogue_says_which_other_settings_are_commands(self) -> None:
        assert found(SET + ' --settings \'{"script": "bHM="}\'', "a.sh", "EXT101") == ["script"]
        other = SET.replace("CustomScript", "Other") + ' --settings \'{"script": "bHM="}\''
        assert found(other, "a.sh", "EXT101") == []


class TestFiles:
    def test_a_folder_is_searched_for_scripts(self, tmp_path: Path) -> None:
        for name in ("a.sh", "b.ps1", "c.yml", "d.md", "e.cmd", "f.txt", "g.py"):
            (tmp_path / name).write_text("az vm create", "utf-8")
        walked = {Path(path).name for path in files.find([str(tmp_path)], files.Excludes(()))}
        assert walked == {"a.sh", "b.ps1", "c.yml", "d.md", "e.cmd"}

    def test_a_script_without_a_call_counts_for_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "a.sh"
        for text in ("echo hello\n", "# az key password\nls\n", ""):
            path.write_text(text, "utf-8")
            outcome = check_file(str(path), load_rules().rules)
            assert outcome.kind is None
            assert not outcome.entries
            assert not outcome.notices
            assert not outcome.broken

    def test_a_script_with_a_call_is_a_file_but_no_template(self, tmp_path: Path) -> None:
        path = tmp_path / "a.sh"
        path.write_text("az vm create --admin-password $PW\n", "utf-8")
        made = report([check_file(str(path), load_rules().rules)], (), "0", None)
        assert (made.files, made.templates, made.skipped, made.entries) == (1, 0, 0, ())

    def test_a_template_is_one_whatever_it_is_called(self) -> None:
        text = (
            '{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",}'
        )
        outcome = check_bytes(text.encode(), "a.yaml", load_rules().select(["ARM001"]))
        assert outcome.kind == "template"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_encodings(self, encoding: str, tmp_path: Path) -> None:
        path = tmp_path / "a.ps1"
        path.write_bytes(f"New-AzVM -AdminPassword '{password()}'\r\n".encode(encoding))
        (entry,) = check_file(str(path), load_rules().select(["SEC215"])).entries
        assert (entry.region.line, entry.region.column) == (1, 26)

    def test_a_comment_can_leave_a_finding_out(self) -> None:
        call = f"az vm create --admin-password {password()}\n"
        assert found(f"# armlint: ignore[SEC215] a test\n{call}", "a.sh") == []
        assert len(found(f"# armlint: ignore[SEC215] a test\n{call}{call}", "a.sh")) == 1


class TestSafety:
    @settings(max_examples=150, deadline=None)
    @given(
        st.sampled_from(list(Language)),
        st.lists(
            st.sampled_from(
                [
                    "az vm extension set ",
                    "Set-AzVMExtension ",
                    "--settings ",
                    "-Settings ",
                    "@{",
                    "}",
                    "(",
                    ")",
                    "$(",
                    "'",
                    '"',
                    "`",
                    "\\",
                    "^",
                    "{",
                    "[",
                    "]",
                    "=",
                    ",",
                    ":",
                    "$a",
                    "${",
                    "%a%",
                    "@a",
                    "@'\n",
                    "'@",
                    "|",
                    "\n",
                    "\r\n",
                    " ",
                    "- run: |\n  ",
                    "key: ",
                    "```bash\n",
                    "```\n",
                    "#",
                    "<#",
                    "<<E\n",
                    "+",
                    "-f ",
                    "a",
                    "${{ x }}",
                    "￼",
                    "🔑",
                    '{"a": "b"}',
                    "password",
                    "--password ",
                    "commandToExecute",
                ]
            ),
            max_size=40,
        ).map("".join)
        | st.text(max_size=60),
    )
    def test_no_text_makes_it_fail(self, language: Language, text: str) -> None:
        for prefix in ("", "az vm extension set --settings ", "- run: az vm create "):
            script = Script(Source(prefix + text), language)
            for check in (scripts.secret_in_call, scripts.command_in_public_settings):
                for result in check(script, catalogue()):
                    assert 0 <= result.span.start <= result.span.end <= len(prefix + text)
            assert script.spans == sorted(script.spans)
            assert script.comments is not None

    @pytest.mark.parametrize("name", ["a.sh", "a.ps1", "a.cmd", "a.yml", "a.md"])
    def test_tables_that_hold_themselves_twice_come_to_an_end(self, name: str) -> None:
        lines = "".join(
            f"$a{n + 1} = @{{ x = $a{n}; y = $a{n} }}\n$s{n + 1} = $s{n} + $s{n}\n" for n in range(60)
        )
        text = f"$a0 = @{{ k = 'v' }}\n$s0 = 'x'\n{lines}Set-AzVMExtension -Settings $a60 -Name $s60\n"
        assert found(text, name) == []

    @pytest.mark.parametrize(
        "unit", ["'", '"', "`", "{", "(", "@{", "$(", "\\", "^", "- ", "```\n", "a: b\n", "$a+"]
    )
    @pytest.mark.parametrize("name", ["a.sh", "a.ps1", "a.cmd", "a.yml", "a.md"])
    def test_hostile_texts_are_read(self, name: str, unit: str) -> None:
        text = f"- run: az vm extension set --settings {unit * 4000}"
        outcome = check_bytes(text.encode(), name, load_rules().select(["SEC215", "EXT101"]))
        assert not outcome.broken

    @pytest.mark.parametrize(
        ("line", "shown"),
        [
            ("az vm user update -g rg -u bob -p «P»", "az vm user update -g …(2) -u …(3) -p "),
            (
                "az connectedmachine run-command create --run-as-password «P»",
                "az connectedmachine run-command create --",
            ),
            ("(az keyvault secret set --value «P»)", "(az keyvault secret set --value "),
            # Elsewhere, or behind another word, it may be anything.
            ("user «P»; az vm create --admin-password «P»", "u…(4) "),
            ("az hunter vm user create --admin-password «P»", "az h…(6) vm u…(4) create --admin-password "),
            ("xaz user create --admin-password «P»; az vm create --admin-password «P»", "…(3) u…(4) create"),
        ],
    )
    def test_what_az_is_to_do_is_shown_and_its_values_are_not(self, line: str, shown: str) -> None:
        secret = make("«{alnum:16}»", seeded(line)).secret
        text = line.replace("«P»", secret)
        source = Source(text)
        last = 0
        pieces = []
        for mask in ScriptRedactor(source).masks(0, len(text)):
            pieces += (text[last : mask.start], mask.text)
            last = mask.end
        made = "".join((*pieces, text[last:]))
        assert made.startswith(shown)
        assert secret not in made

    def test_a_place_that_a_rule_tells_of_is_hidden_whatever_stands_there(self) -> None:
        text = "az vm user update"
        start = text.index("user")
        (mask,) = ScriptRedactor(Source(text), [Span(start, start + 4)]).masks(0, len(text))
        assert (mask.start, mask.end) == (start, start + 4)

    def test_no_secret_of_any_format_is_shown(self) -> None:
        recipes = ("{password:14}", "{alnum:24}", "{b64:86}==", "{hex:40}")
        rules = load_rules().rules
        for number, recipe in enumerate(recipes):
            secret = make(f"«{recipe}»", seeded(f"script {number}")).text
            for name, text in (
                ("a.sh", f"az vm create --admin-password '{secret}' # was {secret}\n"),
                ("a.sh", SET + f' --settings \'{{"commandToExecute": "sh x.sh u {secret}"}}\'\n'),
                ("a.ps1", f"Set-AzVMExtension -Settings @{{ commandToExecute = 'x {secret}' }} # {secret}\n"),
            ):
                outcome = check_bytes(text.encode(), name, rules, hashes=True)
                assert outcome.entries
                assert secret not in repr(outcome)
