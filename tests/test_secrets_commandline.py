"""Passwords on command lines and in scripts: what the syntax gives away, and the traps."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from armlint.secrets.examples import make, seeded
from armlint.secrets.programs import PROGRAMS
from armlint.secrets.scan import scan
from armlint.secrets.shells import Cmd, PowerShell, Sh, Text, reader_of

# Read while tests are collected: by the time they run, the environment is a plain one.
KNOWLEDGE = Path(os.environ.get("ARMLINT_KNOWLEDGE") or Path(__file__).parents[2] / "shared" / "knowledge")

# «…» is around the password, which is another one in each run over a recipe.
TRUE = [
    "powershell -File x.ps1 -Password «{password:12}» -User u",
    'powershell -ExecutionPolicy Unrestricted -File x.ps1 -adminPwd "«{alnum:4} {password:8}»"',
    "powershell.exe -Command \"& { ./x.ps1 -Password '«{password:12}»' }\"",
    "bash setup.sh --password=«{alnum:10}» -x",
    "bash setup.sh --password '«{alnum:4}\"{password:8}»'",
    'bash setup.sh --sql-admin-password "«{password:12}»"',
    "az storage blob list --account-name a --account-key «{b64:86}==»",
    '$p = ConvertTo-SecureString "«{password:12}»" -AsPlainText -Force',
    "$p = ConvertTo-SecureString -String '«{password:12}»' -AsPlainText -Force",
    "$p = '«{password:12}»' | ConvertTo-SecureString -AsPlainText -Force",
    "New-LocalUser -Name a -Password (ConvertTo-SecureString '«{password:12}»' -AsPlainText -Force)",
    "net user svc «{password:12}» /add",
    'cmd /c net user svc "«{alnum:3} {password:8}»" /add && net localgroup administrators svc /add',
    "net.exe use Z: \\\\srv\\share «{password:12}» /user:dom\\u",
    "net use \\\\srv\\share /user:dom\\u «{password:12}»",
    "cmdkey /add:srv /user:u /pass:«{password:12}»",
    'cmdkey /add:srv /user:u /pass "«{password:12}»"',
    "schtasks /create /tn t /tr x.exe /sc onstart /ru u /rp «{password:12}»",
    "mysql -uroot -p«{alnum:10}» -e 'select 1'",
    "sudo mysqladmin -u root -p'«{alnum:10}»' create db",
    "PGPASSWORD=«{alnum:10}» psql -h h -U u",
    "MYSQL_PWD='«{password:12}»' mysql -u root",
    "sshpass -p «{alnum:10}» ssh u@h",
    "sshpass -p'«{password:12}»' scp a u@h:/b",
    "curl -u admin:«{alnum:10}» https://h/",
    "curl -sSu 'admin:«{password:12}»' https://h/",
    "curl --user=admin:«{alnum:10}» https://h/",
    'curl -H "Authorization: Bearer «{hex:32}»" https://h/',
    "docker login -u u -p «{alnum:10}» r.azurecr.io",
    "az acr login -n r -u u -p «{alnum:10}»",
    "az login --service-principal -u x -p «{alnum:10}» --tenant t",
    "helm registry login r -u u -p «{alnum:10}»",
    'sqlcmd -S s -U sa -P "«{password:12}»" -Q "select 1"',
    "/opt/mssql-tools/bin/sqlcmd -S localhost -U SA -P '«{password:12}»'",
    "winrs -r:h -u:u -p:«{alnum:10}» hostname",
    "winrs -r:h -u:u -password:«{alnum:10}» hostname",
    "psexec \\\\h -u u -p «{alnum:10}» cmd /c dir",
    "C:\\tools\\PsExec64.exe -accepteula \\\\h -u u -p «{password:12}» cmd",
    "htpasswd -b /etc/nginx/.htpasswd admin «{alnum:10}»",
    "htpasswd -cb /etc/nginx/.htpasswd admin «{alnum:10}»",
    "htpasswd -nb admin «{alnum:10}»",
    "echo 'root:«{password:12}»' | chpasswd",
    'echo "root:«{alnum:10}»" | sudo chpasswd',
    "sudo chpasswd <<< 'root:«{alnum:10}»'",
    "echo «{alnum:10}» | passwd --stdin root",
    "echo «{alnum:10}» | sudo -S apt-get update",
    "echo '«{alnum:10}»' | docker login r -u u --password-stdin",
    "openssl pkcs12 -in a.pfx -passin pass:«{alnum:10}» -nodes",
    "openssl passwd -1 «{alnum:10}»",
    "export DB_PASSWORD=«{alnum:10}»",
    'export DB_PASSWORD="«{alnum:3} {alnum:7}»"; ./run',
    "set DB_PASSWORD=«{alnum:10}»&& run.cmd",
    'setx DB_PASSWORD "«{password:12}»" /M',
    "$env:DB_PASSWORD = '«{password:12}»'",
    "$env:DB_PASSWORD='«{password:12}»'; ./run.ps1",
    '$adminPassword = "«{password:12}»"\nSet-Thing -x',
    "param([string]$AdminPassword = '«{password:12}»')\nGet-Item x",
    "git clone https://x:«{alnum:20}»@dev.azure.com/o/p/_git/r",
    "az deployment group create -g g -f t.json --parameters adminUsername=u adminPassword=«{alnum:10}»",
    "docker run -d -e MYSQL_ROOT_PASSWORD=«{alnum:10}» mysql",
    "docker run -d -e 'ACCEPT_EULA=Y' -e 'SA_PASSWORD=«{password:12}»' mcr.microsoft.com/mssql/server",
    "helm install x c --set auth.rootPassword=«{alnum:10}»,auth.user=u",
    "msiexec /i x.msi /qn USERNAME=u PASSWORD=«{alnum:10}»",
    "mount -t cifs //a.file.core.windows.net/s /mnt -o vers=3.0,username=a,password=«{b64:86}==»,dir_mode=0777",
    "sc config svc obj= .\\u password= «{alnum:10}»",
    'reg add "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon" /v DefaultPassword /t REG_SZ /d «{alnum:10}» /f',
    "Set-ItemProperty -Path HKLM:\\x -Name DefaultPassword -Value '«{password:12}»'",
    "sqlcmd -S s -E -Q \"CREATE LOGIN l WITH PASSWORD = '«{password:12}»'\"",
    "mysql -u root -e \"CREATE USER 'u'@'%' IDENTIFIED BY '«{password:12}»';\"",
    "sudo -u postgres psql -c \"ALTER USER postgres PASSWORD '«{password:12}»';\"",
    "redis-cli -a «{alnum:10}» ping",
    "plink -ssh u@h -pw «{alnum:10}» ls",
    "ldapsearch -x -D cn=admin -w «{alnum:10}» -b dc=x",
    "keytool -genkey -storepass «{alnum:10}» -keypass x",
    "certutil -f -p «{alnum:10}» -importpfx a.pfx",
    "rabbitmqctl add_user admin «{alnum:10}»",
    "smbclient -U 'u%«{alnum:10}»' //h/s",
    "az keyvault secret set --vault-name v --name n --value «{alnum:10}»",
    "az sql server create -n s -g g -u u -p «{alnum:10}»",
    "az vm user update -g g -n v -u u -p «{alnum:10}»",
    "az vm user update --resource-group g --name v --username u -p '«{password:12}»'",
    "az hdinsight create -n c -g g -t spark -p «{alnum:10}»",
    "az functionapp config container set -g g -n f -u u -p «{alnum:10}»",
    "bash -c \"sudo net-tool --password '«{alnum:10}»'\"",
    'ssh u@h "mysql -u root -p«{alnum:10}»"',
    "Start-Process msiexec -ArgumentList '/i','x.msi','-Password','«{password:12}»'",
    'Start-Process x.exe -ArgumentList "/install /password:«{alnum:10}» /quiet"',
    "cat > /etc/x.conf <<EOF\nuser=u\npassword=«{alnum:10}»\nEOF\nsystemctl restart x",
    'cat > x.json <<\'EOF\'\n{\n  "user": "u",\n  "adminPassword": "«{password:12}»"\n}\nEOF',
    "#cloud-config\npassword: «{alnum:10}»\nchpasswd: { expire: False }\nssh_pwauth: True",
    "#cloud-config\nchpasswd:\n  list: |\n     root:«{alnum:10}»\n  expire: False",
    "kubectl create secret generic s --from-literal=password=«{alnum:10}»",
    "java -Dspring.datasource.password=«{alnum:10}» -jar x.jar",
    "./agent install --url https://dev.azure.com/o --auth pat --token «{alnum:28}»",
    '$settings = @{ workspaceId = \'x\' }; $protected = @{ "workspaceKey" = "«{b64:86}==»" }',
    'Set-AzVMExtension -Settings $s -ProtectedSettings @{"storageAccountKey"="«{b64:86}==»"}',
    "[System.Net.NetworkCredential]::new('u', '«{password:12}»')",
    "wget --user=u --password=«{alnum:10}» https://h/x",
    "x.ps1 –Password «{alnum:10}»",
    "7z x a.7z -p«{alnum:10}»",
    "echo 'export API_TOKEN=«{alnum:20}»' >> ~/.bashrc",
    'powershell -Command "$p = ConvertTo-SecureString \\"«{password:12}»\\" -AsPlainText -Force; x"',
    "sudo useradd -m -p «{alnum:10}» u",
]
FALSE = [
    "ssh -p 22 u@h",
    "az vm user update -g g -n v -u u -p $PW",
    "az webapp create -g g -n w -p PlanOf2024",
    "az aks create -g g -n k -p prefix2024",
    "keytool -importcert -cacerts -storepass changeit -file x.crt",
    "mkdir -p /a/b",
    "az login --service-principal -u x -p /path/cert.pem --tenant t",
    "x.ps1 -Password $x",
    "x.ps1 -Password $env:PW",
    "x -p ${{ secrets.X }}",
    "x --password ${{ secrets.X }}",
    "x --password $(pw)",
    'x --password "$PW"',
    'x --password "${PW}"',
    "x --password=$PW",
    'x --password="$(cat /run/pw)"',
    "x --password `cat f`",
    "docker run -p 80:80 nginx",
    "cp -p a b",
    "x -Password (Get-Secret x)",
    "$secret = Set-AzureKeyVaultSecret -VaultName v",
    "$secret = Get-AzKeyVaultSecret -Name x",
    "x --password <password>",
    "x --password '<password>'",
    "x --password --user u",
    "ConvertTo-SecureString $x -AsPlainText -Force",
    "$x | ConvertTo-SecureString -AsPlainText -Force",
    "net user svc * /add",
    "net user svc /active:yes",
    "net user svc",
    "net localgroup administrators svc /add",
    "net use Z: /delete",
    "net use Z: \\\\s\\x /user:u",
    "mysql -u root -p -e x",
    "mysql -u root -p$PW",
    'mysql -u root -p"$PW"',
    "docker login -u u --password-stdin",
    "docker login -u u -p $PW r",
    "echo $PW | docker login -u u --password-stdin r",
    'echo "root:$PW" | chpasswd',
    "openssl x -passin env:PW",
    "openssl x -passin file:/x",
    "export DB_PASSWORD=$(openssl rand -base64 12)",
    "export DB_PASSWORD=$1",
    "DB_PASSWORD=${1}",
    "export DB_PASSWORD",
    "export PASSWORD_FILE=/run/x",
    "x --password-file /run/x",
    "x --secret-name mysecret",
    "x --disable-password-authentication true",
    "Set-LocalUser -PasswordNeverExpires $true",
    "Set-LocalUser -PasswordNeverExpires true",
    "passwd --expire root",
    "ssh -o PasswordAuthentication=no u@h",
    "ssh -o StrictHostKeyChecking=no u@h",
    "sed -i 's/^PasswordAuthentication no/PasswordAuthentication yes/' /etc/ssh/sshd_config",
    "az keyvault secret show --vault-name v --name n --query value -o tsv",
    'x -Password "$($cred.Password)"',
    "x -Password '{0}' -f $pw",
    "x --token $(az account get-access-token)",
    "x --generate-ssh-keys",
    "x --auth-mode key",
    "APPINSIGHTS_INSTRUMENTATIONKEY={guid:} x",
    "x -instrumentationKey {guid:}",
    "APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey={guid:};IngestionEndpoint=https://x",
    "x --connection-string 'Endpoint=https://x;Authentication=ManagedIdentity'",
    "$password = $args[0]",
    "param([string]$Password)",
    "param([SecureString]$Password = $null)",
    '$pwd = "C:\\temp"',
    "PWD=/home/x",
    "$Credential = Get-Credential",
    "x -Credential contoso\\admin",
    "kubectl create secret generic my-secret --from-file=a",
    "kubectl create secret tls x --key a.key --cert b.crt",
    "x --sas-token ?$sas",
    'x "Password": "PrivateSettingsRef:adminPassword"',
    '{"Password": "PrivateSettingsRef:adminPassword"}',
    '{"adminPassword": "GEN-PASSWORD"}',
    '{"adminPassword": "[parameters(\'adminPassword\')]"}',
    '{"adminPassword": {"reference": {"secretName": "adminPassword"}}}',
    '{"secretName": "sqlPassword", "keyVaultSecretId": "https://v.vault.azure.net/secrets/x"}',
    '{"disablePasswordAuthentication": "true", "primaryKeyURI": "x", "storageKeyType": "y"}',
    '{"label.password": "Password", "toolTip": "The password"}',
    "if [ -z \"$DB_PASSWORD\" ]; then echo 'DB_PASSWORD is empty'; fi",
    "read -s -p 'Password: ' PW",
    "Read-Host 'Enter password'",
    'echo "password is: $Password"',
    "Write-Host 'The password must have 12 characters'",
    "grep -q password /etc/x",
    "x -Password Get-Random",
    "usermod -p '!' root",
    "useradd -p '$6$abc$def' u",
    "# net user admin {password:12}",
    "x --password PASSWORD",
    "usage: x [--password PASSWORD] [--user USER]",
    "x --password your-password",
    "x --password changeme",
    "x --secret my-secret",
    "curl -u $USER:$PW https://h",
    "curl -u admin: https://h",
    'curl -H "Authorization: Bearer $TOKEN" https://h',
    "git clone https://$PAT@github.com/o/r",
    "git clone git@github.com:o/r",
    "apt-get install mysql -y",
    "service mysql -p start",
    "sqlcmd -S s -E -p",
    "sqlcmd -S s -U u -P $(pw)",
    "sqlcmd -Q \"ALTER LOGIN x WITH PASSWORD = '$(PW)'\"",
    "IDENTIFIED BY '$PW'",
    "psql -c \"ALTER USER u PASSWORD '$PW'\"",
    "keytool -storepass $PW",
    "TOKEN_EXPIRY=3600",
    "MAX_TOKENS=4096",
    "x --ssh-key-value ~/.ssh/id_rsa.pub",
    "x --admin-password \"[parameters('x')]\"",
    "find . -name '*password*'",
    "./x.sh user PASS",
    "export GITHUB_TOKEN=${{ secrets.TOKEN }} && bash update.sh",
    "cmd /c set PW=%PW%",
    "x -Password %PW%",
    "x --password #{Password}#",
    "x --password __Password__",
    "x --password {{ password }}",
    "x --password *****",
    "Add-AzVMSecret -SourceVaultId $id",
    "x --key-name k --key-type rsa",
    "x /p:Configuration=Release",
    "HostKeyAlgorithms=ssh-rsa",
    "--secrets /run/secrets",
    "--pass-through yes",
    "--bypass AzureServices",
    "$password = New-RandomPassword",
    '$Password = "$a$b"',
    "$token = (Get-AzAccessToken).Token",
    "az vm extension set --protected-settings @file.json",
    "az vm extension set --settings ./password.json",
    "certutil -hashfile x SHA256",
    "openssl rsa -in x.key -pubout",
    "docker login",
    "unzip -P",
]


def found(text: str, dynamic: list[tuple[int, int]] | None = None) -> list[str]:
    return [text[hit.start : hit.end] for hit in scan(text, command=True, dynamic=dynamic or [])]


@pytest.mark.parametrize("recipe", TRUE)
def test_a_password_that_the_syntax_gives_away_is_found_to_the_character(recipe: str) -> None:
    for seed in range(5):
        example = make(recipe, seeded(seed))
        assert found(example.text) == [example.secret]


@pytest.mark.parametrize("recipe", FALSE)
def test_a_trap_is_no_password(recipe: str) -> None:
    assert found(make(recipe, seeded(1)).text) == []


@pytest.mark.parametrize("recipe", TRUE)
def test_nothing_is_a_password_where_the_text_is_no_command(recipe: str) -> None:
    example = make(recipe, seeded(1))
    known = {"url-password", "authorization-header", "connection-string-password", "legacy-azure-key"}
    assert {hit.detector for hit in scan(example.text)} <= known


@pytest.mark.parametrize("recipe", TRUE)
def test_an_argument_that_is_known_only_at_deployment_is_no_literal(recipe: str) -> None:
    example = make(recipe, seeded(1))
    middle = (example.start + example.end) // 2
    for span in ((example.start, example.end), (example.start, middle), (middle, example.end)):
        assert found(example.text, [span]) == []


def test_a_part_that_leaves_no_mark_in_the_text_is_known_only_at_deployment_too() -> None:
    text = "x.ps1 -Password Begin"
    assert found(text) == ["Begin"]
    assert found(text, [(len(text), len(text))]) == []
    assert found(text, [(2, 2)]) == ["Begin"]


def cases() -> list[Any]:
    path = KNOWLEDGE / "secret-cli-cases.json"
    if not path.is_file():
        return [
            pytest.param(None, marks=pytest.mark.skip(f"no {path}; ARMLINT_KNOWLEDGE can name the folder"))
        ]
    return [pytest.param(case, id=case["id"]) for case in json.loads(path.read_text("utf-8"))]


DETECTORS = {
    "cli-flag": {"command-line-password"},
    "net-user": {"command-line-password"},
    "mysql": {"command-line-password"},
    "password": {"assigned-secret"},
    "entra-client-secret": {"entra-client-secret"},
    "sas-signature": {"sas-token"},
}


@pytest.mark.parametrize("case", cases())
def test_the_collected_cases(case: dict[str, Any]) -> None:
    text = case["text"]
    hits = scan(text, command=True)
    assert len(hits) == len(case["expect"]), case["why"]
    for hit, wanted in zip(hits, case["expect"], strict=True):
        assert hit.detector in DETECTORS[wanted["kind"]]
        if wanted["value"] == "sig":
            assert text[: hit.start].endswith("sig=")
        else:
            assert text[hit.start : hit.end] == wanted["value"]


# ------------------------------------------------------------------------------------------------ programs


@pytest.mark.parametrize("name", sorted({name for program in PROGRAMS for name in program.names}))
def test_each_program_takes_its_password(name: str) -> None:
    """Under its name, in a folder, as a Windows program and through sudo; from the shell's variable it takes none."""
    for program in (row for row in PROGRAMS if name in row.names):
        words = " ".join(program.needs[0]) if program.needs else "do"
        user = "u:" if program.after_user else ""
        given = [f"{flag} {user}" for flag in program.flags] + [f"{flag}{user}" for flag in program.glued]
        assert given
        for argument in given:
            for runs in (name, f"/usr/bin/{name}", f"C:\\tools\\{name}.exe", f"sudo {name}"):
                command = f"{runs} {words} {argument}"
                assert found(f"{command}Ab1cD2eF3g more") == ["Ab1cD2eF3g"], command
                assert found(f"{command}$PASS more") == [], command
                assert found(f"{command}${{{{ secrets.PASS }}}} more") == [], command


def test_what_is_installed_does_not_run() -> None:
    assert found("apt-get install mysql -pAb1cD2eF3g") == []
    assert found("apt-get install x && mysql -pAb1cD2eF3g") == ["Ab1cD2eF3g"]


# ------------------------------------------------------------------------------------------------- reading


def words(reader: type[Sh | PowerShell | Cmd], text: str) -> list[list[str]]:
    return [[word.value for word in command.words] for command in reader(Text(text)).read().commands]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a b  c", [["a", "b", "c"]]),
        ("a; b && c || d & e", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        ("a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]),
        ("a b'c d'\"e f\"g", [["a", "bc de fg"]]),
        ('a "b\\"c\\\\d"', [["a", 'b"c\\d']]),
        ("a 'b\\'", [["a", "b\\"]]),
        ("a \\\n  b", [["a", "b"]]),
        ("a # b\nc", [["a"], ["c"]]),
        ("a#b", [["a#b"]]),
        ("a 'b", [["a", "'b"]]),
        ("a <<E\nb 'c\nE\nd", [["a"], ["d"]]),
        ("a $(b c) d", [["b", "c"], ["a", "", "d"]]),
        ("a `b c` d", [["b", "c"], ["a", "", "d"]]),
        ("a | b", [["a"], ["b"]]),
        ("a > b", [["a", ">", "b"]]),
        ("", []),
    ],
)
def test_sh(text: str, wanted: list[list[str]]) -> None:
    assert words(Sh, text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a 'b ''c' \"d `\"e\"", [["a", "b 'c", 'd "e']]),
        ("a `\n b", [["a", "b"]]),
        ("$a = 'b'; $c='d'", [["$a", "=", "b"], ["$c", "=", "d"]]),
        ("a b=c", [["a", "b=c"]]),
        ("a @{ b = 'c'; d = 'e' }", [["b", "=", "c"], ["d", "=", "e"], ["a", ""]]),
        ("a 'b','c'", [["a", "b", "c"]]),
        ("a @'\nb 'c\n'@ d", [["a", "b 'c", "d"]]),
        ("a <# b #> c # d\ne", [["a", "c"], ["e"]]),
        ('a "$(b "c")" d', [["a", '$(b "c")', "d"]]),
        ("a | b", [["a"], ["b"]]),
    ],
)
def test_powershell(text: str, wanted: list[list[str]]) -> None:
    assert words(PowerShell, text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('a "b c" d', [["a", "b c", "d"]]),
        ('a "b \\"c\\" d"', [["a", 'b "c" d']]),
        ('a "b ""c"" d"', [["a", 'b "c" d']]),
        ("a b^&c ^\n d", [["a", "b&c", "d"]]),
        ("a 'b c' don't", [["a", "b c", "don't"]]),
        ("rem a b\n:: c\nd", [["d"]]),
        ("a & b && c | d", [["a"], ["b"], ["c"], ["d"]]),
    ],
)
def test_cmd(text: str, wanted: list[list[str]]) -> None:
    assert words(Cmd, text) == wanted


@pytest.mark.parametrize("reader", [Sh, PowerShell, Cmd])
@pytest.mark.parametrize("text", ["a %B% c", "a $b c", 'a "$b" c', 'a "%B%" c', "a $(b) c", "a ${b} c"])
def test_a_variable_is_no_literal(reader: type[Sh | PowerShell | Cmd], text: str) -> None:
    known = ("%" in text) == (reader is Cmd)
    (*_, command) = reader(Text(text)).read().commands
    assert [word.literal for word in command.words] == [True, not known, True]


def test_characters_keep_their_places_through_all_layers() -> None:
    word = "Ab1cD2eF3g"
    inner = f"mysql -uroot -p{word} -e 'select 1'"
    as_json = json.dumps({"commandToExecute": inner})
    for text in (
        f"az vm extension set --settings '{as_json}'".replace("'select 1'", "1"),
        "az vm extension set --settings " + json.dumps(as_json),
        "Set-AzVMExtension -SettingString " + json.dumps(as_json).replace("\\", "`"),
        "az vm extension set --settings '" + as_json.replace('"', '\\"').replace("'", "") + "'",
        f"cat > f <<EOF\n{as_json}\nEOF",
        f"bash -c \"sudo bash -c '{inner.replace(chr(39), '')}'\"",
    ):
        at = text.index(word)
        assert [(hit.start, hit.end) for hit in scan(text, command=True)] == [(at, at + len(word))], text


@pytest.mark.parametrize(
    ("text", "reader"),
    [
        ("powershell -ExecutionPolicy Unrestricted -File a.ps1 -Password x", Cmd),
        ("cmd /c net user a b /add", Cmd),
        ("echo %PATH%", Cmd),
        ("$a = 1\nSet-Item x", PowerShell),
        ("New-LocalUser -Name x", PowerShell),
        ("bash a.sh --x y", Sh),
        ("apt-get install -y x && echo y", Sh),
        ("#!/bin/bash\nnet user", Sh),
    ],
)
def test_the_language_is_guessed(text: str, reader: type[Sh | PowerShell | Cmd]) -> None:
    assert reader_of(text) is reader


def test_flags_that_only_sound_like_secrets_are_free() -> None:
    for flag in (
        "password-file",
        "secret-name",
        "token-env",
        "key-vault",
        "password-stdin",
        "credential",
        "secrets",
        "host-key",
    ):
        assert found(f"run --{flag} Ab1cD2eF3g") == []
    for flag in (
        "password",
        "sql-admin-password",
        "client-secret",
        "account-key",
        "sas-token",
        "pass",
        "adminPwd",
    ):
        assert found(f"run --{flag} Ab1cD2eF3g!") == ["Ab1cD2eF3g!"]


def test_a_key_by_name_is_less_certain_than_a_password() -> None:
    assert [hit.certain for hit in scan("run --password Ab1cD2eF3g", command=True)] == [True]
    assert [hit.certain for hit in scan("run --client-secret Ab1cD2eF3g", command=True)] == [False]


def test_the_title_names_the_place_and_not_the_password() -> None:
    titles = {
        "run --admin-password Ab1cD2eF3g": "a password after --admin-password",
        "run /password:Ab1cD2eF3g": "a password after /password",
        "export DB_PASSWORD=Ab1cD2eF3g": "a password in DB_PASSWORD",
        "net user u Ab1cD2eF3g /add": "the password of `net user`",
    }
    for text, title in titles.items():
        assert [hit.title for hit in scan(text, command=True)] == [title]
