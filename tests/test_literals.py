"""Secrets that are written into templates: each is found where it stands, once, and nothing else is.

In the cases, `«7|…»` is around what SEC207 must report, `«10|…»` around SEC210's, `«13|…»` around SEC213's; the
recipes in braces make a new secret for each run (see `armlint.secrets.examples`).
"""

from __future__ import annotations

import json
import re
import time
from base64 import b64encode
from datetime import date
from typing import TYPE_CHECKING

import pytest

import armlint
from armlint.checks.literals import judge, names_literal
from armlint.secrets.examples import make, seeded

if TYPE_CHECKING:
    from armlint.report import Entry

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
RULES = ("SEC205", "SEC207", "SEC210", "SEC211", "SEC213")
MARK = re.compile(r"«(\d+)\||»")


def template(
    *, parameters: str = "", variables: str = "", resources: str = "", outputs: str = "", version: str = ""
) -> str:
    """The text of a template."""
    language = f'"languageVersion": "{version}",' if version else ""
    return f"""{{
  "$schema": "{SCHEMA}", {language}
  "contentVersion": "1.0.0.0",
  "parameters": {{ {parameters} }},
  "variables": {{ {variables} }},
  "resources": [ {resources} ],
  "outputs": {{ {outputs} }}
}}"""


def extension(
    settings: str, *, protected: str = "{}", handler: str = "Microsoft.Compute/CustomScriptExtension"
) -> str:
    """A resource with an extension."""
    publisher, kind = handler.split("/")
    return f"""{{
  "type": "Microsoft.Compute/virtualMachines/extensions", "apiVersion": "2023-09-01", "name": "vm/ext",
  "location": "westeurope",
  "properties": {{
    "publisher": "{publisher}", "type": "{kind}", "typeHandlerVersion": "1.10", "autoUpgradeMinorVersion": true,
    "settings": {settings}, "protectedSettings": {protected}
  }}
}}"""


def resource(kind: str, properties: str, name: str = "it") -> str:
    """Any other resource."""
    return f'{{"type": "{kind}", "apiVersion": "2023-01-01", "name": "{name}", "properties": {properties}}}'


def marked(text: str, seed: int = 1) -> tuple[str, list[tuple[str, str]]]:
    """The text without its marks, and what stands between them with the rule that must tell of it."""
    made = re.sub(r"\{[a-z0-9]+:[^{}\"]*\}", lambda part: make(part[0], seeded(seed)).text, text)
    plain = MARK.sub("", made)
    wanted = []
    offset = 0
    opened: list[tuple[str, int]] = []
    for mark in MARK.finditer(made):
        at = mark.start() - offset
        offset += len(mark[0])
        if mark[1]:
            opened.append((f"SEC2{int(mark[1]):02}", at))
        else:
            rule, start = opened.pop()
            wanted.append((rule, plain[start:at]))
    return plain, sorted(wanted)


def told(text: str, *, select: tuple[str, ...] = RULES) -> list[Entry]:
    """What is found."""
    return list(armlint.check(text, select=list(select), today=date(2026, 6, 1)))


def characters(entry: Entry, text: str) -> str:
    """The characters that a finding points at, quotes left out."""
    lines = text.splitlines(keepends=True)
    region = entry.region
    start = sum(map(len, lines[: region.line - 1])) + region.column - 1
    end = sum(map(len, lines[: region.end_line - 1])) + region.end_column - 1
    found = text[start:end]
    return found[1:-1] if found[:1] in {'"', "'"} and found[-1:] == found[:1] else found


PW = "{password:12}"
SAS = "sv=2023-11-03&sr=b&sp=r&se=2031-01-01T00%3A00%3A00Z&sig=«13|{sas:}»"
FOUND = {
    # By name: variables, defaults, properties.
    "variable": template(variables=f'"adminPassword": "«7|{PW}»"'),
    "nested variable": template(variables=f'"a": {{"b": [{{"dbPwd": "«7|{PW}»"}}]}}'),
    "list in a variable": template(variables='"passwords": ["«7|Hq7!xk2p»", "«7|Zr8!mw4t»"]'),
    "default": template(parameters=f'"sqlPassword": {{"type": "string", "defaultValue": "«7|{PW}»"}}'),
    "default of an object": template(
        parameters=f'"login": {{"type": "object", "defaultValue": {{"user": "x", "password": "«7|{PW}»"}}}}'
    ),
    "item of a list of environment variables": template(
        resources=extension(
            f'{{"compose": {{"db": {{"environment": ["MYSQL_ROOT_PASSWORD=«7|{PW}»", "MYSQL_DATABASE=shop"]}}}}}}',
            handler="Microsoft.Azure.Extensions/DockerExtension",
        )
    ),
    "item of a list in an unknown handler": template(
        resources=extension(f'{{"environment": ["DB_PASSWORD=«7|{PW}»"]}}', handler="Contoso/Agent")
    ),
    "address of a webhook": template(
        resources=resource(
            "Microsoft.Insights/actionGroups",
            '{"webhookReceivers": [{"name": "chat", "serviceUri":'
            ' "https://hooks.slack.com/services/«7|T{upper:8}/B{upper:10}/{alnum:24}»"}]}',
        )
    ),
    "output": template(outputs=f'"dbPassword": {{"type": "string", "value": "«7|{PW}»"}}'),
    "property": template(resources=resource("Microsoft.X/y", f'{{"profile": {{"password": "«7|{PW}»"}}}}')),
    "copy variable": template(
        variables=f'"copy": [{{"name": "users", "count": 2, "input": {{"password": "«7|{PW}»"}}}}]'
    ),
    "key of a vpn": template(
        resources=resource("Microsoft.Network/connections", '{"sharedKey": "«7|{alnum:16}»"}')
    ),
    "environment variable": template(
        resources=resource("Microsoft.X/y", f'{{"env": [{{"name": "DB_PASSWORD", "value": "«7|{PW}»"}}]}}')
    ),
    "app setting by key": template(
        resources=resource("Microsoft.Web/sites/config", '{"API_KEY": "«7|{alnum:24}»", "WEBSITE_RUN": "1"}')
    ),
    "literal function": template(variables='"adminPassword": "[concat(\'«7|Hq7!xk2pWm»\')]"'),
    "constant by concat": template(variables="\"adminPassword\": \"[concat('«7|Hq7!', 'xk2p»')]\""),
    "through another variable": template(variables=f'"x": "«7|{PW}»", "adminPassword": "[variables(\'x\')]"'),
    "passed to a nested template": template(
        resources=resource(
            "Microsoft.Resources/deployments",
            f'{{"mode": "Incremental", "parameters": {{"adminPassword": {{"value": "«7|{PW}»"}}}}}}',
        )
    ),
    "defaults behind a property": template(
        parameters=f'"p": {{"type": "string", "defaultValue": "«7|{PW}»"}}',
        resources=resource("Microsoft.X/y", '{"password": "[parameters(\'p\')]"}'),
    ),
    "key vault": template(
        resources=resource("Microsoft.KeyVault/vaults/secrets", '{"value": "«7|{alnum:30}»"}', "kv/app")
    ),
    "container app": template(
        resources=resource(
            "Microsoft.App/containerApps",
            '{"configuration": {"secrets": [{"name": "db", "value": "«7|{alnum:30}»"}]}}',
        )
    ),
    "encrypted automation variable": template(
        resources=resource(
            "Microsoft.Automation/automationAccounts/variables",
            '{"isEncrypted": true, "value": "«7|{alnum:30}»"}',
        )
    ),
    "protected settings by name": template(
        resources=extension("{}", protected='{"storageAccountKey": "«7|{b64:86}==»"}')
    ),
    "dsc": template(
        resources=extension(
            f'{{"configurationArguments": {{"Admin": {{"UserName": "x", "Password": "«7|{PW}»"}}}}}}',
            handler="Microsoft.Powershell/DSC",
        )
    ),
    "domain join": template(
        resources=extension(
            '{"Name": "d.example"}',
            protected=f'{{"Password": "«7|{PW}»"}}',
            handler="Microsoft.Compute/JsonADDomainExtension",
        )
    ),
    # By format, wherever it stands.
    "storage key": template(variables='"k": "«7|{his:+ASt,64,Default0}»"'),
    "storage key in a description": template(
        parameters='"x": {"type": "string", "metadata": {"description": "like «7|{his:+ASt,64,Default0}» here"}}'
    ),
    "github token in tags": template(
        resources='{"type": "Microsoft.X/y", "apiVersion": "2023-01-01", "name": "x", "tags": {"t": "«7|{crc:ghp_}»"}}'
    ),
    "connection string": template(variables=f'"c": "Server=s;User ID=u;Password=«7|{PW}»;Encrypt=True"'),
    "connection string by concat": template(
        parameters='"s": {"type": "string"}',
        variables="\"c\": \"[concat('Server=', parameters('s'), ';User ID=u;Password=«7|Hq7!xk2pWm»;')]\"",
    ),
    "connection string by format": template(
        parameters='"s": {"type": "string"}',
        variables="\"c\": \"[format('Server={0};User ID=u;Password={1};', parameters('s'), '«7|Hq7!xk2pWm»')]\"",
    ),
    "key behind a prefix in a variable": template(
        variables=(
            '"prefix": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=", "rest": "«7|{b64:86}==»", '
            "\"c\": \"[concat(variables('prefix'), variables('rest'))]\""
        )
    ),
    "url password": template(variables='"u": "https://x:«7|{alnum:20}»@example.org/r.git"'),
    "private key": template(
        variables='"k": "«7|-----BEGIN RSA PRIVATE KEY-----\\n{b64:64}\\n{b64:64}\\n-----END RSA PRIVATE KEY-----»"'
    ),
    "symbolic names": template(version="2.0", variables=f'"adminPassword": "«7|{PW}»"').replace(
        '"resources": [  ]', '"resources": {}'
    ),
    "inner template": template(
        resources=resource(
            "Microsoft.Resources/deployments",
            '{"mode": "Incremental", "expressionEvaluationOptions": {"scope": "inner"}, "template": '
            + template(variables=f'"adminPassword": "«7|{PW}»"')
            + "}",
        )
    ),
    # In commands.
    "command": template(resources=extension(f'{{"commandToExecute": "sh a.sh --password «10|{PW}»"}}')),
    "protected command": template(
        resources=extension("{}", protected=f'{{"commandToExecute": "net user svc «10|{PW}» /add"}}')
    ),
    "unknown handler": template(
        resources=extension(f'{{"CommandToExecute": "a -Password «10|{PW}»"}}', handler="Contoso/Runner")
    ),
    "command by concat": template(
        parameters='"u": {"type": "string"}',
        resources=extension(
            "{\"commandToExecute\": \"[concat('sh a.sh -u ', parameters('u'), ' --password ', '«10|Hq7!xk2pWm»')]\"}"
        ),
    ),
    "command in a variable": template(
        variables=f'"run": "sh a.sh --password «10|{PW}»"',
        resources=extension('{"commandToExecute": "[variables(\'run\')]"}'),
    ),
    "password in a variable": template(
        variables=f'"x": "«10|{PW}»"',
        resources=extension("{\"commandToExecute\": \"[concat('a --password ', variables('x'))]\"}"),
    ),
    "password in a default": template(
        parameters=f'"x": {{"type": "string", "defaultValue": "«10|{PW}»"}}',
        resources=extension("{\"commandToExecute\": \"[concat('a --password ', parameters('x'))]\"}"),
    ),
    "member of a variable": template(
        variables=f'"o": {{"a": ["{PW}x", "«10|{PW}»"]}}',
        resources=extension("{\"commandToExecute\": \"[concat('a --password ', variables('o').a[1])]\"}"),
    ),
    "either branch": template(
        parameters='"linux": {"type": "bool"}',
        resources=extension(
            "{\"commandToExecute\": \"[if(parameters('linux'), 'sh a --password «10|Hq7!xk2pWm»',"
            " 'cmd /c b /password:«10|Zr8!mw4tKc»')]\"}"
        ),
    ),
    "quoted in powershell": template(
        resources=extension('{"commandToExecute": "powershell -c \\"a -Password \'«10|Hq7!xk2pWm»\'\\""}')
    ),
    "doubled quotes": template(
        resources=extension("{\"commandToExecute\": \"[concat('«10|a --password ''Hq7!xk2pWm''»')]\"}")
    ),
    "script in base64": template(
        resources=extension(
            '{"script": "«10|' + b64encode(b"#!/bin/sh\nexport DB_PASSWORD=Hq7.xk2pWm\n").decode() + '»"}',
            handler="Microsoft.Azure.Extensions/CustomScript",
        )
    ),
    "encoded command": template(
        resources=extension(
            '{"commandToExecute": "powershell -EncodedCommand «10|'
            + b64encode("a -Password 'Hq7.xk2pWm'".encode("utf-16-le")).decode()
            + '»"}'
        )
    ),
    "custom data": template(
        resources=resource(
            "Microsoft.Compute/virtualMachines",
            '{"osProfile": {"customData": "[base64(\'#cloud-config\\npassword: «10|Hq7.xk2pWm»\\n\')]"}}',
        )
    ),
    "run command": template(
        resources=resource(
            "Microsoft.Compute/virtualMachines/runCommands",
            '{"source": {"script": "mysql -uroot -p«10|{alnum:12}» -e x"}}',
        )
    ),
    "run command parameter": template(
        resources=resource(
            "Microsoft.Compute/virtualMachines/runCommands",
            f'{{"parameters": [{{"name": "Password", "value": "«7|{PW}»"}}]}}',
        )
    ),
    "deployment script arguments": template(
        resources=resource("Microsoft.Resources/deploymentScripts", f'{{"arguments": "-Password «10|{PW}»"}}')
    ),
    "container arguments": template(
        resources=resource(
            "Microsoft.App/jobs",
            f'{{"template": {{"args": ["--token-file", "x", "--password", "«10|{PW}»"]}}}}',
        )
    ),
    "start task": template(
        resources=resource(
            "Microsoft.Batch/batchAccounts/pools",
            f'{{"startTask": {{"commandLine": "a --password={PW}"}}}}'.replace(PW, f"«10|{PW}»"),
        )
    ),
    "token in a command": template(
        resources=extension('{"commandToExecute": "git clone https://x:«10|{crc:ghp_}»@github.com/o/r"}')
    ),
    "two in one command": template(
        resources=extension(
            f'{{"commandToExecute": "curl https://a.blob.core.windows.net/c/f?{SAS}; a --password «10|{PW}»"}}'
        )
    ),
    "scale set profile": template(
        resources=resource(
            "Microsoft.Compute/virtualMachineScaleSets",
            '{"virtualMachineProfile": {"extensionProfile": {"extensions": [{"name": "e", "properties": {'
            '"publisher": "Microsoft.Compute", "type": "CustomScriptExtension", "typeHandlerVersion": "1.10",'
            f'"settings": {{"commandToExecute": "a --password «10|{PW}»"}}}}}}]}}}}}}',
        )
    ),
    # Signatures.
    "file uri": template(
        resources=extension(f'{{"fileUris": ["https://a.blob.core.windows.net/c/f.ps1?{SAS}"]}}')
    ),
    "linked template": template(
        resources=resource(
            "Microsoft.Resources/deployments",
            f'{{"mode": "Incremental", "templateLink": {{"uri": "https://a.blob.core.windows.net/c/t.json?{SAS}"}}}}',
        )
    ),
    "token by itself": template(
        parameters=f'"_artifactsLocationSasToken": {{"type": "string", "defaultValue": "?{SAS}"}}'
    ),
    "token by concat": template(
        variables=(
            "\"u\": \"[concat('https://a.blob.core.windows.net/c/f?sv=2023-11-03&sr=b&sp=r', '&sig=«13|{b64url:43}»')]\""
        )
    ),
    "workflow": template(
        variables='"u": "https://p.logic.azure.com/workflows/x/triggers/m/paths/invoke?api-version=2016-10-01&sp=%2Ftriggers%2Fm%2Frun&sv=1.0&sig=«13|{b64url:43}»"'
    ),
    "function": template(variables='"u": "https://f.azurewebsites.net/api/r?code=«13|{b64:54}==»"'),
}


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_written_secrets_are_found_where_they_stand(text: str) -> None:
    plain, wanted = marked(text)
    json.loads(plain)
    entries = told(plain)
    assert sorted((entry.rule, characters(entry, plain)) for entry in entries) == wanted, [
        (entry.rule, entry.message) for entry in entries
    ]
    secrets = [secret for _, secret in wanted]
    for entry in entries:
        for secret in secrets:
            assert secret not in entry.message
            assert all(secret not in label.message for label in entry.labels)


CLEAN = {
    "reference in dsc": template(resources=extension('{"Password": "PrivateSettingsRef:adminPassword"}')),
    "reference in other letters": template(variables='"password": "privatesettingsref:Pw1"'),
    "pipeline variable": template(variables='"adminPassword": "$(AdminPassword1)"'),
    "octopus variable": template(variables='"adminPassword": "#{AdminPassword1}"'),
    "actions secret": template(variables='"adminPassword": "${{ secrets.ADMIN_PASSWORD1 }}"'),
    "key vault reference": template(
        variables='"password": "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/x/)"'
    ),
    "workflow expression": template(
        variables='"password": "@parameters(\'pw1\')", "token": "@{variables(\'t1\')}"'
    ),
    "escaped expression": template(variables='"adminPassword": "[[parameters(\'adminPassword\')]"'),
    "angle brackets": template(variables='"adminPassword": "<your password 1>"'),
    "quickstart token": template(variables='"adminPassword": "GEN-PASSWORD"'),
    "change me": template(variables='"adminPassword": "ChangeMe"'),
    "stars": template(variables='"adminPassword": "**********"'),
    "empty": template(variables='"adminPassword": ""'),
    "called by its own name": template(variables='"adminPassword": "password", "secret": "MyClientSecret"'),
    "secret's name": template(variables='"secretName": "sql-pw-2024!x", "passwordSecretName": "Kv-Pw-1x!"'),
    "secret's address": template(variables='"clientSecret": "https://kv.vault.azure.net/secrets/x/0123"'),
    "id of a vault": template(
        variables='"secret": "/subscriptions/0/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v1"'
    ),
    "guid": template(variables='"clientSecret": "11111111-2222-3333-4444-555555555555"'),
    "path": template(variables='"privateKey": "/etc/ssl/private/a1.key", "password": "C:/secrets/pw1.txt"'),
    "switches": template(
        variables='"disablePasswordAuthentication": "true", "passwordPolicy": "Str0ng!Policy", "passwordLength": "16Chars!"'
    ),
    "networkAcls bypass": template(
        resources=resource("Microsoft.X/y", '{"networkAcls": {"bypass": "AzureServices1"}}')
    ),
    "creation token": template(
        resources=resource("Microsoft.NetApp/x", '{"creationToken": "volume-01-data2"}')
    ),
    "tokens of an api": template(
        variables='"maxTokens": "4096abc!", "tokenEndpoint": "Ab1!defgh", "tokenType": "Bearer1!"'
    ),
    "header of a key": template(variables='"subscriptionKeyHeader": "Ocp-Apim-Subscription-Key1"'),
    "secrets to set": template(variables='"secretsToSet": ["db-password-1", "api-key-2"]'),
    "instrumentation key": template(
        variables='"key": "InstrumentationKey={guid:};IngestionEndpoint=https://westeurope-1.in.applicationinsights.azure.com/"'
    ),
    "partition key": template(resources=resource("Microsoft.X/y", '{"partitionKey": "/tenantId1!Ab"}')),
    "permissions": template(
        resources=resource(
            "Microsoft.KeyVault/vaults", '{"permissions": {"secrets": ["get", "list", "backup", "recover"]}}'
        )
    ),
    "sign-in choices": template(
        parameters='"auth": {"type": "string", "defaultValue": "password", "allowedValues": ["password", "sshPublicKey"]}'
    ),
    "allowed values": template(
        parameters='"pw": {"type": "object", "allowedValues": [{"password": "Choice-0ne!"}, {"password": "Choice-2wo!"}]}'
    ),
    "captions": template(
        variables='"password": "Enter the password of the admin", "confirmPassword": "Confirm the password again"'
    ),
    "metadata": template(
        parameters='"a": {"type": "string", "metadata": {"password": "Must-have 12 characters!", "secret": "X1!yyyyyyy"}}'
    ),
    "ui definition": template(
        resources=resource(
            "Microsoft.X/y",
            '{"uiFormDefinition": {"label": {"password": "Passw0rd!", "token": "Tok3n!abc"}}}',
        )
    ),
    "public key": template(variables='"sshPublicKey": "ssh-rsa AAAAB3NzaC1yc2E{b64:300} me@host"'),
    "certificate": template(
        variables='"cert": "{pem:CERTIFICATE}"'.replace("{pem:CERTIFICATE}", "MIIC{b64:300}")
    ),
    "sha of a package": template(variables='"integrity": "sha512-{b64:86}==", "sha512": "{b64:86}=="'),
    "commit": template(variables='"commit": "{hex:40}", "etag": "{hex:32}"'),
    "signature to be filled in": template(
        variables='"u": "https://a.blob.core.windows.net/c/f?sv=2023-11-03&sr=b&sig=<sig>"'
    ),
    "signature from a parameter": template(
        parameters='"s": {"type": "securestring"}',
        variables="\"u\": \"[concat('https://a.blob.core.windows.net/c/f?sv=2023-11-03&sig=', parameters('s'))]\"",
    ),
    "connection string from a parameter": template(
        parameters='"s": {"type": "securestring"}',
        variables="\"c\": \"[concat('Server=x;User ID=u;Password=', parameters('s'), ';Encrypt=True')]\"",
    ),
    "connection string from listKeys": template(
        variables="\"c\": \"[concat('AccountName=a;AccountKey=', listKeys('a', '2023-01-01').keys[0].value)]\""
    ),
    "connection string without a password": template(
        variables='"connectionString": "Server=s;Database=d;Authentication=Active Directory Managed Identity"'
    ),
    "odbc hole": template(variables='"c": "Driver={SQL};Server=s;Uid=u;Pwd={your_password_here};"'),
    "ssh and mkdir": template(
        resources=extension('{"commandToExecute": "ssh -p 2222 h; mkdir -p /srv/a1; cp -p a1 b2"}')
    ),
    "certificate of a login": template(
        resources=extension('{"commandToExecute": "az login --service-principal -p /mnt/c1.pem"}')
    ),
    "variable of the shell": template(
        resources=extension(
            '{"commandToExecute": "sh a.sh --password \\"$PW1\\" -Token $env:TOKEN1 -p ${X1}"}'
        )
    ),
    "password from a parameter": template(
        parameters='"p": {"type": "securestring"}',
        resources=extension(
            "{}", protected="{\"commandToExecute\": \"[concat('a --password ', parameters('p'), ' -b 1')]\"}"
        ),
    ),
    "password glued to a parameter": template(
        parameters='"p": {"type": "securestring"}',
        resources=extension(
            "{}", protected="{\"commandToExecute\": \"[concat('a --password x1', parameters('p'))]\"}"
        ),
    ),
    "format with a parameter": template(
        parameters='"p": {"type": "securestring"}',
        resources=extension(
            "{}", protected="{\"commandToExecute\": \"[format('a --password {0}', parameters('p'))]\"}"
        ),
    ),
    "script that asks vault": template(
        resources=resource(
            "Microsoft.Resources/deploymentScripts",
            '{"scriptContent": "$secret = Get-AzKeyVaultSecret -VaultName v1 -Name db-pw1\\nWrite-Host $secret.Id"}',
        )
    ),
    "script that makes a password": template(
        resources=resource(
            "Microsoft.Resources/deploymentScripts",
            '{"scriptContent": "PASSWORD=$(openssl rand -base64 32)\\naz vm create --admin-password \\"$PASSWORD\\""}',
        )
    ),
    "arguments in quotes of bash": template(
        resources=resource(
            "Microsoft.Resources/deploymentScripts", '{"arguments": "-SecretName db-pw-1 -VaultName kv1"}'
        )
    ),
    "unknown in the middle": template(
        parameters='"n": {"type": "string"}',
        variables="\"adminPassword\": \"[concat('P', parameters('n'), '!1x')]\"",
    ),
    "random": template(variables='"adminPassword": "[guid(resourceGroup().id)]"'),
    "emulator": template(variables='"c": "UseDevelopmentStorage=true", "accountKey": "<key>"'),
    "ring of variables": template(
        variables='"password": "[variables(\'b\')]", "b": "[variables(\'password\')]"'
    ),
    "invalid expression": template(variables='"password": "[concat(\'Hq7!xk2pWm\']"'),
    "no string": template(variables='"password": 12345678, "secret": null, "token": true, "pwd": {}'),
    "kubernetes pull secret": template(
        resources=resource("Microsoft.X/y", '{"imagePullSecrets": [{"name": "reg-cred-1!"}]}')
    ),
    "reference to a secret by name": template(
        resources=resource(
            "Microsoft.App/containerApps",
            '{"template": {"env": [{"name": "DB_PASSWORD", "secretRef": "db-pw-1!"}]}}',
        )
    ),
    "value of no secret in a vault": template(
        resources=resource(
            "Microsoft.KeyVault/vaults/secrets", '{"value": "https://a.example.org/x"}', "kv/address"
        )
    ),
    "automation variable in clear": template(
        resources=resource(
            "Microsoft.Automation/automationAccounts/variables",
            '{"isEncrypted": false, "value": "{alnum:20}"}',
        )
    ),
    "items of a list that give nothing away": template(
        resources=extension(
            '{"environment": ["DB_PASSWORD=${DB_PASSWORD}", "DB_PASSWORD=", "DB_PASSWORD_FILE=/run/x", "TOKEN_URL=https://x/y",'
            ' "DB_PASSWORD", "=", "a password=Hq7!xk2p", "PASSWORD_POLICY=Hq7!xk2p"]}',
            handler="Contoso/Agent",
        )
    ),
    "the storage emulator": template(
        resources=resource(
            "Microsoft.Web/sites/config",
            '{"Storage__AccountKey": "UseDevelopmentStorage=true", "Tables__AccountKey":'
            ' "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1"}',
        )
    ),
    "blank, and Java's own word": template(
        parameters='"appPassword": {"type": "string", "defaultValue": "blank"}',
        variables='"keystorePassword": "changeit"',
    ),
    "hash of a password": template(variables='"password": "$6$abcdefgh$ABCDEFGHIJKLMNOPQRSTUV"'),
}


@pytest.mark.parametrize("text", CLEAN.values(), ids=CLEAN)
def test_what_is_no_secret_is_not_told_of(text: str) -> None:
    plain, _ = marked(text)
    json.loads(plain)
    assert [(entry.rule, entry.message) for entry in told(plain)] == []


# ------------------------------------------------------------------------------------------- how it is told


def only(text: str, **options: tuple[str, ...]) -> Entry:
    """The one finding."""
    (entry,) = told(marked(text)[0], **options)
    return entry


def test_a_signature_says_when_it_ends() -> None:
    url = "https://a.blob.core.windows.net/c/f?sv=2023-11-03&sr=b&sp=r&se={0}&sig={sas:}"
    after = only(template(variables=f'"u": "{url.replace("{0}", "2026-06-02")}"'))
    before = only(template(variables=f'"u": "{url.replace("{0}", "2026-05-31")}"'))
    assert "it is valid until 2026-06-02" in after.message
    assert "it ended on 2026-05-31" in before.message
    assert {str(after.severity), str(before.severity)} == {"error"}


def test_a_wrong_checksum_is_a_warning() -> None:
    right = only(template(variables='"k": "{his:+ASt,64,Default0}"'))
    wrong = only(template(variables='"k": "{edited:+ASt,64,Default0}"'))
    assert (str(right.severity), str(wrong.severity)) == ("error", "warning")
    assert "checksum" in wrong.message
    assert "checksum" not in right.message


def test_encodings_are_named() -> None:
    hidden = b64encode(b"export DB_PASSWORD=Hq7.xk2pWm; sh start.sh").decode()
    text = template(resources=extension(f'{{"commandToExecute": "echo {hidden} | base64 -d | sh"}}'))
    assert "it can be read through base64" in only(text).message


def test_uses_of_a_variable_are_labels() -> None:
    entry = only(
        template(
            variables=f'"dbPassword": "{PW}"',
            resources=resource("Microsoft.X/y", '{"a": "[variables(\'dbPassword\')]"}')
            + ","
            + resource("Microsoft.X/z", '{"password": "[variables(\'dbPassword\')]"}', "other"),
        )
    )
    assert entry.pointer == "/variables/dbPassword"
    assert [label.message for label in entry.labels] == ["used here", "used here"]
    assert "variable 'dbPassword'" in entry.message


def test_environment_variables_are_called_by_their_names() -> None:
    entry = only(
        template(
            resources=resource("Microsoft.X/y", f'{{"env": [{{"name": "DB_PASSWORD", "value": "{PW}"}}]}}')
        )
    )
    assert entry.message == "a password is written into 'DB_PASSWORD'"


def test_a_literal_of_a_secure_property_is_told_there_alone() -> None:
    machine = resource(
        "Microsoft.Compute/virtualMachines",
        '{"osProfile": {"adminPassword": "[variables(\'pw\').password]"}}',
    )
    text = template(variables=f'"pw": {{"password": "{PW}"}}', resources=machine)
    assert only(text).rule == "SEC211"
    assert only(text, select=("SEC207",)).pointer == "/variables/pw/password"


def test_a_literal_of_a_profile_in_a_variable_is_told_once() -> None:
    text = template(
        variables=f'"profile": {{"adminUsername": "x", "adminPassword": "{PW}"}}',
        resources=resource("Microsoft.Compute/virtualMachines", '{"osProfile": "[variables(\'profile\')]"}'),
    )
    assert only(text).rule == "SEC211"


def test_the_default_of_a_secure_parameter_is_told_there_alone() -> None:
    for value in (f'"{PW}"', f'{{"user": "x", "password": "{PW}"}}', f'"?{SAS}"'):
        kind = "secureObject" if value[0] == "{" else "securestring"
        text = template(parameters=f'"loginPassword": {{"type": "{kind}", "defaultValue": {value}}}')
        assert only(text).rule == "SEC205"


def inner(parameters: str, passed: str, properties: str) -> str:
    """A deployment of a template of inner scope."""
    body = template(
        parameters=parameters, resources=resource("Microsoft.Compute/virtualMachines", properties)
    )
    return resource(
        "Microsoft.Resources/deployments",
        '{"mode": "Incremental", "expressionEvaluationOptions": {"scope": "inner"},'
        f'"parameters": {{ {passed} }}, "template": {body} }}',
    )


PROFILE = '{"osProfile": {"adminPassword": "[parameters(\'pw\')]"}}'


def test_a_plain_parameter_is_told_of_behind_a_secure_one_of_an_inner_template() -> None:
    text = template(
        parameters='"adminPhrase": {"type": "string"}',
        resources=inner(
            '"pw": {"type": "securestring"}', '"pw": {"value": "[parameters(\'adminPhrase\')]"}', PROFILE
        ),
    )
    entry = only(text)
    assert entry.rule == "SEC211"
    assert "parameter 'adminPhrase'" in entry.message


@pytest.mark.parametrize(
    ("parameters", "passed"),
    [
        ('"outer": {"type": "securestring"}', '"pw": {"value": "[parameters(\'outer\')]"}'),
        ('"outer": {"type": "string"}', '"pw": {"reference": {"keyVault": {"id": "x"}, "secretName": "s"}}'),
        ('"outer": {"type": "string"}', '"pw": {"value": "[listKeys(\'a\', \'2023-01-01\').keys[0].value]"}'),
    ],
    ids=["secure", "vault", "listKeys"],
)
def test_a_secret_behind_a_secure_parameter_of_an_inner_template_is_fine(
    parameters: str, passed: str
) -> None:
    text = template(parameters=parameters, resources=inner('"pw": {"type": "securestring"}', passed, PROFILE))
    assert told(text) == []


def test_a_literal_that_is_passed_to_an_inner_template_is_told_once() -> None:
    text = template(resources=inner('"pw": {"type": "securestring"}', f'"pw": {{"value": "{PW}"}}', PROFILE))
    assert only(text).rule == "SEC211"


def test_a_default_of_an_inner_parameter_that_nobody_passes_is_a_literal() -> None:
    text = template(
        resources=inner(f'"pw": {{"type": "string", "defaultValue": "{PW}"}}', '"x": {"value": 1}', PROFILE)
    )
    assert "SEC211" in {entry.rule for entry in told(marked(text)[0])}


def test_a_plain_inner_parameter_is_told_of_once() -> None:
    text = template(
        parameters='"outer": {"type": "securestring"}',
        resources=inner(
            '"password": {"type": "string"}', '"password": {"value": "[parameters(\'outer\')]"}', "{}"
        ),
    )
    assert [entry.rule for entry in told(text, select=("SEC204", "SEC206"))] == ["SEC204"]
    alone = text.replace('"outer": {"type": "securestring"}', '"outer": {"type": "string"}')
    assert [entry.rule for entry in told(alone, select=("SEC204", "SEC206"))] == ["SEC206"]


@pytest.mark.parametrize(
    ("command", "count"),
    [
        ("[concat('a -u ', parameters('adminSecrets').userName)]", 0),
        ("[concat('a -u ', variables('v'))]", 0),
        ("[concat('a -u ', parameters('adminSecrets')['userName'])]", 0),
        ("[concat('a -p ', parameters('adminSecrets').password)]", 1),
        ("[concat('a ', string(parameters('adminSecrets')))]", 1),
        ("[concat('a ', parameters('adminSecrets').userName, parameters('adminSecrets').password)]", 1),
    ],
)
def test_a_field_of_a_plain_object_is_judged_by_its_own_name(command: str, count: int) -> None:
    text = template(
        parameters='"adminSecrets": {"type": "object"}',
        variables='"v": "[parameters(\'adminSecrets\').userName]"',
        resources=extension(json.dumps({"commandToExecute": command})),
    )
    assert len(told(text, select=("SEC217",))) == count


def test_bodies_and_answers_of_azure_are_searched() -> None:
    body = {
        "location": "westeurope",
        "properties": {
            "publisher": "Microsoft.Compute",
            "type": "CustomScriptExtension",
            "settings": {"commandToExecute": "a --password Hq7.xk2pWm"},
        },
    }
    assert [entry.rule for entry in told(json.dumps(body))] == ["SEC210"]


def test_a_literal_is_one_finding_however_many_commands_use_it() -> None:
    uses = ",".join(
        extension("{\"commandToExecute\": \"[concat('a --password ', variables('x'))]\"}").replace(
            "vm/ext", f"v{n}/e"
        )
        for n in range(20)
    )
    entry = only(template(variables=f'"x": "{PW}"', resources=uses))
    assert entry.rule == "SEC210"
    assert 1 < len(entry.labels) < 20


# ------------------------------------------------------------------------------------------------- judging


def test_judging_takes_the_role_into_account() -> None:
    text = make(f"a --password {PW}", seeded(3)).text
    assert [verdict.rule for verdict in judge(text, command=True)] == ["SEC210"]
    assert judge(text) == []
    assert [verdict.rule for verdict in judge("Hq7!xk2pWm", name="adminPassword")] == ["SEC207"]
    assert judge("Hq7!xk2pWm", name="adminName") == []
    assert [verdict.rule for verdict in judge("Hq7!xk2pWm", name="value", secure=True)] == ["SEC207"]
    assert judge("<password>", name="value", secure=True) == []
    assert judge("Hq7!\ufffcWm", name="adminPassword", dynamic=[(4, 5)]) == []


@pytest.mark.parametrize(
    "name", ["connectionString", "adminCredential", "credentials", "creationToken", "x", ""]
)
def test_names_under_which_a_text_is_no_secret_by_itself(name: str) -> None:
    assert not names_literal(name)


# ------------------------------------------------------------------------------------------- hostile texts

BIG = 80_000
HOSTILE = {
    "quotes": "'" * BIG,
    "query": "?sv=1&sig=" + "A" * BIG,
    "signatures": "&sig=aaaa" * (BIG // 9),
    "begins": "-----BEGIN RSA PRIVATE KEY-----" * (BIG // 31),
    "eyj": "eyJ" * (BIG // 3),
    "dots": "eyJhbGciOi." * (BIG // 11),
    "addresses": "://a:" * (BIG // 5),
    "passwords": "password=" * (BIG // 9),
    "members": '"password":' * (BIG // 11),
    "base64": "QUFB" * (BIG // 4),
    "percent": "%41" * (BIG // 3),
    "flags": " --password" * (BIG // 11),
    "holes": "{0}" * (BIG // 3),
    "escapes": "\\" * BIG,
    "substitutions": "$(" * (BIG // 2),
    "here documents": "<<EOF\n" * (BIG // 6),
    "lines": "mysql -p\n" * (BIG // 9),
    "keys": "AccountKey=" * (BIG // 11),
    "pfx": "MIIKIBAzCC" * (BIG // 10),
    "at": "@" * BIG,
}


def seconds(text: str) -> float:
    """CPU of searching a template with the text in a command and under a secret's name."""
    content = json.dumps(text)
    whole = template(
        variables=f'"password": {content}', resources=extension(f'{{"commandToExecute": {content}}}')
    )
    start = time.process_time()
    told(whole, select=("SEC207", "SEC210", "SEC213"))
    return time.process_time() - start


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_worst_texts_take_linear_time(text: str) -> None:
    seconds(text[:1000])
    small, large = seconds(text[: BIG // 8]), seconds(text)
    # Eight times the text; a quadratic search would take 64 times as long.
    assert large < max(24 * small, 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_worst_texts_of_a_megabyte_take_linear_time(text: str) -> None:
    whole = text * (1_000_000 // len(text))
    assert seconds(whole) < max(24 * seconds(text), 2.0)


def test_many_commands_of_many_parts_are_bounded() -> None:
    doubling = ", ".join(
        f"\"v{n}\": \"[concat(variables('v{n - 1}'), variables('v{n - 1}'))]\"" for n in range(1, 60)
    )
    commands = ",".join(
        extension("{\"commandToExecute\": \"[concat('a --password ', variables('v59'))]\"}")
        for _ in range(200)
    )
    start = time.process_time()
    told(template(variables=f'"v0": "ab c", {doubling}', resources=commands))
    assert time.process_time() - start < 5
