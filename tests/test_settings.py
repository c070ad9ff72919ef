"""The settings of extensions against what their handlers take."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_lifecycle import (
    AGENT,
    BODY,
    CUSTOM_SCRIPT,
    DSC,
    EVERYWHERE,
    OMS,
    RULES,
    SHAPES,
    UNKNOWN,
    VMSS,
    Shape,
    extension,
    findings,
    found,
    handler,
    in_shapes,
    template,
)

import armlint

WINDOWS_SCRIPT = "Microsoft.Compute/CustomScriptExtension"
OLD_SCRIPT = "Microsoft.OSTCExtensions/CustomScriptForLinux"
ACCESS = "Microsoft.OSTCExtensions/VMAccessForLinux"
DOMAIN = "Microsoft.Compute/JsonADDomainExtension"
HEALTH = "Microsoft.ManagedServices/ApplicationHealthLinux"
SECTIONS: dict[str, Any] = {
    "parameters": {
        "text": {"type": "string"},
        "blank": {"type": "string", "defaultValue": ""},
        "secret": {"type": "securestring"},
        "object": {"type": "object"},
        "flag": {"type": "bool"},
    },
    "variables": {"command": {"commandToExecute": "sh run.sh"}, "key": {"storageAccountKey": "k"}},
}
COMMAND = {"commandToExecute": "sh run.sh"}
SCRIPT = {"script": base64.b64encode(b"apt-get update").decode()}
URIS = {"fileUris": ["https://contosoassets.blob.core.windows.net/scripts/run.sh"]}
PUBLIC, PROTECTED = "/resources/0/properties/settings", "/resources/0/properties/protectedSettings"


def told(rule: str, name: str, public: Any = ..., protected: Any = ..., **members: Any) -> list[str]:
    """Where a rule finds something in an extension at the top level of a template."""
    properties = handler(name, **{"settings": public, "protectedSettings": protected, **members})
    return found(template(extension("a/b", properties), **SECTIONS), rule)


# ------------------------------------------------------------------------------------------- EXT113


@in_shapes(*EVERYWHERE)
def test_a_protected_setting_made_public_is_told_at_its_key(shape: Shape) -> None:
    document = shape.make(handler(WINDOWS_SCRIPT, settings={"storageAccountKey": "k"}))
    assert found(document, "EXT113") == [f"{shape.pointer}/settings/storageAccountKey"]


@pytest.mark.parametrize(
    ("name", "public", "path"),
    [
        (CUSTOM_SCRIPT, {"managedIdentity": {}}, "managedIdentity"),
        (WINDOWS_SCRIPT, {"storageAccountName": "[parameters('text')]"}, "storageAccountName"),
        (WINDOWS_SCRIPT, {"STORAGEACCOUNTKEY": "[parameters('secret')]"}, "STORAGEACCOUNTKEY"),
        (ACCESS, {"password": "[parameters('secret')]"}, "password"),
        (
            OMS,
            {"workspaceId": "x", "workspaceKey": "[listKeys('x', '2020-08-01').primarySharedKey]"},
            "workspaceKey",
        ),
        (DOMAIN, {"Password": "[concat('x', parameters('secret'))]"}, "Password"),
        (AGENT, {"proxy": {"mode": "application", "password": "[parameters('secret')]"}}, "proxy/password"),
    ],
)
def test_settings_of_many_handlers_are_known_to_be_protected(name: str, public: Any, path: str) -> None:
    assert told("EXT113", name, public) == [f"{PUBLIC}/{path}"]
    assert told("EXT113", name, protected=public) == []
    assert told("EXT113", UNKNOWN, public) == []


@pytest.mark.parametrize(
    "public",
    [
        {},
        None,
        ...,
        {"storageAccountKey": None},
        {"storageAccountKey": ""},
        {"commandToExecute": "storageAccountKey"},
        {"nested": {"storageAccountKey": "k"}},
        "[parameters('object')]",
        {"[parameters('text')]": "k"},
    ],
)
def test_what_is_not_surely_public_is_not_found(public: Any) -> None:
    assert told("EXT113", WINDOWS_SCRIPT, public) == []


def test_public_settings_in_a_variable_are_told_where_they_are_used() -> None:
    assert told("EXT113", WINDOWS_SCRIPT, "[variables('key')]") == [PUBLIC]
    union = "[union(variables('key'), createObject('timestamp', 1))]"
    assert told("EXT113", WINDOWS_SCRIPT, union) == [PUBLIC]


def test_the_graver_finding_stands_alone() -> None:
    """A setting in the wrong block is also one that the handler refuses; only EXT113 is shown."""
    properties = handler(
        CUSTOM_SCRIPT, "2.1", settings={"storageAccountKey": "a2V5"}, protectedSettings=COMMAND
    )
    document = template(extension("a/b", properties))
    rules = [rule for rule in ("EXT101", "EXT111", "EXT112", "EXT113") if RULES.find(rule)]
    assert [finding.rule for finding in findings(document, *rules)] == ["EXT113"]
    assert [finding.rule for finding in findings(document, "EXT111")] == ["EXT111"]


# ------------------------------------------------------------------------------------------- EXT111


@in_shapes(*EVERYWHERE)
def test_an_unknown_setting_is_told_at_its_key(shape: Shape) -> None:
    document = shape.make(handler(CUSTOM_SCRIPT, "2.1", settings={"file": "x"}, protectedSettings=COMMAND))
    assert found(document, "EXT111") == [f"{shape.pointer}/settings/file"]


@pytest.mark.parametrize(
    ("name", "public", "protected", "expected"),
    [
        (CUSTOM_SCRIPT, {"fileUri": []}, COMMAND, [f"{PUBLIC}/fileUri"]),
        (CUSTOM_SCRIPT, {"fileUri": "[parameters('object')]"}, COMMAND, [f"{PUBLIC}/fileUri"]),
        (CUSTOM_SCRIPT, {}, {**COMMAND, "timestamp": 1}, [f"{PROTECTED}/timestamp"]),
        (CUSTOM_SCRIPT, {"CommandToExecute": "x"}, {}, [f"{PUBLIC}/CommandToExecute"]),
        (CUSTOM_SCRIPT, {}, {**COMMAND, "managedIdentity": {"id": "x"}}, [f"{PROTECTED}/managedIdentity/id"]),
        (CUSTOM_SCRIPT, "[createObject('file', 'x')]", COMMAND, [PUBLIC]),
        # Documented to ignore what it does not know, and what stands in the other block.
        (OLD_SCRIPT, {"what": 1}, COMMAND, [f"{PUBLIC}/what"]),
        (OLD_SCRIPT, {}, {**COMMAND, **URIS}, [f"{PROTECTED}/fileUris"]),
        (ACCESS, {}, {"username": "x", "check_disk": True}, [f"{PROTECTED}/check_disk"]),
        # Of this one it is only known that letter case matters.
        (WINDOWS_SCRIPT, {"FileUris": []}, COMMAND, [f"{PUBLIC}/FileUris"]),
        (WINDOWS_SCRIPT, {"what": 1}, COMMAND, []),
        (HEALTH, {"protocol": "tcp", "port": 1, "what": 1}, ..., []),
        (HEALTH, {"Protocol": "tcp", "PORT": 1}, ..., []),
        (UNKNOWN, {"what": 1}, {"commandtoexecute": "x"}, []),
        (CUSTOM_SCRIPT, {"file": None}, COMMAND, []),
        (CUSTOM_SCRIPT, {"[parameters('text')]": 1}, COMMAND, []),
        (CUSTOM_SCRIPT, "[parameters('object')]", "[parameters('object')]", []),
        (CUSTOM_SCRIPT, {**URIS, "skipDos2Unix": True, "timestamp": 1}, COMMAND, []),
        (CUSTOM_SCRIPT, ..., {**COMMAND, "managedIdentity": {"clientId": "[parameters('text')]"}}, []),
    ],
)
def test_only_what_a_handler_is_known_not_to_take_is_found(
    name: str, public: Any, protected: Any, expected: list[str]
) -> None:
    assert told("EXT111", name, public, protected) == expected


def test_a_loop_that_makes_a_setting_is_none() -> None:
    copied = {
        "copy": [{"name": "fileUris", "count": 2, "input": "[concat('https://x/', copyIndex('fileUris'))]"}]
    }
    assert told("EXT111", CUSTOM_SCRIPT, copied, COMMAND) == []
    assert told("EXT112", CUSTOM_SCRIPT, copied, COMMAND) == []


@pytest.mark.parametrize(("version", "expected"), [("2.1", 1), ("2.9", 1), ("1.0", 1), ("3.0", 0)])
def test_a_later_generation_may_take_other_settings(version: str, expected: int) -> None:
    for rule, public in (("EXT111", {"file": "x"}), ("EXT112", {"timestamp": "soon"})):
        assert len(told(rule, CUSTOM_SCRIPT, public, COMMAND, typeHandlerVersion=version)) == expected


@pytest.mark.parametrize(
    ("public", "protected", "words"),
    [
        ({"FileUris": []}, COMMAND, "it is written 'fileUris'"),
        ({}, {**COMMAND, "timestamp": 1}, "it belongs in settings"),
        ({"file": 1}, COMMAND, "rejects 'file' in settings"),
    ],
)
def test_an_unknown_setting_comes_with_a_hint(public: Any, protected: Any, words: str) -> None:
    properties = handler(CUSTOM_SCRIPT, "2.1", settings=public, protectedSettings=protected)
    (finding,) = findings(template(extension("a/b", properties)), "EXT111")
    assert words in finding.message


# ------------------------------------------------------------------------------------------- EXT112


@in_shapes(*EVERYWHERE)
def test_an_invalid_setting_is_told_at_its_value(shape: Shape) -> None:
    document = shape.make(handler(HEALTH, settings={"protocol": "tcp", "port": 80000}))
    assert found(document, "EXT112") == [f"{shape.pointer}/settings/port"]


@in_shapes(*(shape for shape in EVERYWHERE if shape is not BODY))
def test_what_is_missing_is_told_at_what_lacks_it(shape: Shape) -> None:
    assert found(shape.make(handler(HEALTH, settings={"port": 80})), "EXT112") == [
        f"{shape.pointer}/settings"
    ]
    assert found(shape.make(handler(HEALTH)), "EXT112") == [shape.pointer]


def test_a_body_may_leave_a_block_as_it_is() -> None:
    assert found(BODY.make(handler(HEALTH)), "EXT112") == []
    assert found(BODY.make(handler(HEALTH, settings={"port": 80})), "EXT112") == ["/properties/settings"]


USER = {"Name": "contoso.com", "User": "contoso\\joiner"}
VAULT = {"protectedSettingsFromKeyVault": {"secretUrl": "x", "sourceVault": {"id": "y"}}}
OWN = {"managedIdentity": {"clientId": "00000000-0000-0000-0000-000000000000"}}
OTHER = {"managedIdentity": {**OWN["managedIdentity"], "objectId": "00000000-0000-0000-0000-000000000000"}}


@pytest.mark.parametrize(
    ("name", "public", "protected", "expected"),
    [
        (HEALTH, {"protocol": "http", "requestPath": "/x"}, ..., []),
        (HEALTH, {"protocol": "http", "port": "[parameters('text')]", "requestPath": "/x"}, ..., []),
        (HEALTH, {"protocol": "ftp"}, ..., [f"{PUBLIC}/protocol"]),
        (HEALTH, {"Protocol": "TCP", "Port": 80}, ..., []),
        (HEALTH, {"protocol": ["tcp"], "port": 80}, ..., [f"{PUBLIC}/protocol"]),
        (HEALTH, {"protocol": "tcp"}, ..., [PUBLIC]),
        (HEALTH, {"protocol": "[parameters('text')]"}, ..., []),
        (HEALTH, {"protocol": "[concat('t', parameters('text'))]", "port": 80}, ..., []),
        (HEALTH, "[parameters('object')]", ..., []),
        (HEALTH, "[union(parameters('object'), createObject('port', 80))]", ..., []),
        (HEALTH, {"[parameters('text')]": "tcp", "port": 80}, ..., []),
        (HEALTH, {"protocol": None, "port": 80}, ..., [PUBLIC]),
        (HEALTH, {"protocol": "", "port": 80}, ..., []),
        (HEALTH, {"protocol": "http", "requestPath": ""}, ..., []),
        (HEALTH, {"protocol": "<protocol>", "port": 80}, ..., []),
        (HEALTH, {"protocol": "[if(parameters('flag'), 'tcp', '')]", "port": 80}, ..., []),
        (HEALTH, None, ..., [PUBLIC]),
        (HEALTH, ..., ..., ["/resources/0/properties"]),
        (CUSTOM_SCRIPT, URIS, COMMAND, []),
        (CUSTOM_SCRIPT, {}, {}, ["/resources/0/properties"]),
        (CUSTOM_SCRIPT, ..., ..., ["/resources/0/properties"]),
        (CUSTOM_SCRIPT, ..., "[parameters('object')]", []),
        (CUSTOM_SCRIPT, {"commandToExecute": "[parameters('blank')]"}, ..., []),
        (CUSTOM_SCRIPT, {"skipDos2Unix": "true"}, COMMAND, [f"{PUBLIC}/skipDos2Unix"]),
        (CUSTOM_SCRIPT, {"timestamp": "20260101"}, COMMAND, [f"{PUBLIC}/timestamp"]),
        (CUSTOM_SCRIPT, {"fileUris": "https://x/y"}, COMMAND, [f"{PUBLIC}/fileUris"]),
        (CUSTOM_SCRIPT, {"fileUris": ["https://x/y", 7]}, COMMAND, [f"{PUBLIC}/fileUris/1"]),
        (CUSTOM_SCRIPT, {"fileUris": "[createArray('https://x/y', 7)]"}, COMMAND, [f"{PUBLIC}/fileUris"]),
        (CUSTOM_SCRIPT, {"fileUris": "[split(parameters('text'), ',')]"}, COMMAND, []),
        (CUSTOM_SCRIPT, ..., {**COMMAND, "storageAccountKey": "[parameters('secret')]"}, [PROTECTED]),
        (CUSTOM_SCRIPT, ..., {**COMMAND, **OWN}, []),
        (CUSTOM_SCRIPT, ..., {**COMMAND, **OTHER}, [f"{PROTECTED}/managedIdentity"]),
        (CUSTOM_SCRIPT, ..., {**COMMAND, "managedIdentity": {"clientId": "web"}},
         [f"{PROTECTED}/managedIdentity/clientId"]),
        (DOMAIN, USER, {"Password": "[parameters('secret')]"}, []),
        (DOMAIN, {**USER, "Restart": "true"}, {"Password": "[parameters('secret')]"}, []),
        (DOMAIN, {**USER, "Restart": "maybe"}, {"Password": "[parameters('secret')]"}, [f"{PUBLIC}/Restart"]),
        (DOMAIN, USER, {}, [PROTECTED]),
        (DOMAIN, USER, ..., ["/resources/0/properties"]),
        # Told by other rules, once.
        (DOMAIN, {**USER, "Password": "[parameters('secret')]"}, ..., []),
        (CUSTOM_SCRIPT, COMMAND, COMMAND, []),
        (CUSTOM_SCRIPT, COMMAND, SCRIPT, []),
        (CUSTOM_SCRIPT, ..., {**COMMAND, **SCRIPT}, []),
        (CUSTOM_SCRIPT, {"file": 1}, COMMAND, []),
        (UNKNOWN, {"protocol": "ftp", "port": 80000}, ..., []),
        # Known from a schema or from memory only.
        ("Acronis.Backup/AcronisBackupLinux", {}, {}, []),
    ],
)  # fmt: skip
def test_settings_are_held_to_what_the_handler_asks_for(
    name: str, public: Any, protected: Any, expected: list[str]
) -> None:
    assert (
        told("EXT112", name, public, protected, typeHandlerVersion="2.1" if "Script" in name else "1.0")
        == expected
    )


def test_what_may_lie_in_a_key_vault_is_not_missed() -> None:
    assert told("EXT112", DOMAIN, USER, **VAULT) == []
    assert told("EXT112", DOMAIN, USER, {}, **VAULT) == []
    assert told("EXT112", DOMAIN, {"User": "x"}, **VAULT) == [PUBLIC]


def test_a_block_in_a_variable_is_judged_where_it_is_used() -> None:
    sections = {"variables": {"probe": {"protocol": "tcp", "port": 80000}}}
    document = template(extension("a/b", handler(HEALTH, settings="[variables('probe')]")), **sections)
    (finding,) = findings(document, "EXT112")
    assert finding.pointer == PUBLIC
    assert [label.message for label in finding.labels] == ["comes from here"]


def test_the_message_names_the_handler_and_the_setting_and_no_value() -> None:
    properties = handler(HEALTH, settings={"protocol": "hunter2hunter2", "port": 80})
    (finding,) = findings(template(extension("a/b", properties)), "EXT112")
    assert finding.message.startswith(f"{HEALTH}: 'settings.protocol' takes ")
    assert "hunter2" not in finding.message


VALUES = st.sampled_from(
    [None, "", "x", "tcp", 80, 80000, True, [], {}, ["x"], "[parameters('text')]", "[parameters('object')]"]
)
BLOCKS = st.dictionaries(
    st.sampled_from(["protocol", "port", "requestPath", "gracePeriod", "x"]), VALUES, max_size=4
)


@given(BLOCKS, st.sampled_from(["protocol", "port", "requestPath", "gracePeriod"]))
@settings(max_examples=60)
def test_what_is_not_known_makes_nothing_worse(block: dict[str, Any], name: str) -> None:
    """What only deployment can tell is never wrong, and makes nothing wrong that was not."""
    before = told("EXT112", HEALTH, block)
    if name in block and block[name] not in (None, ""):
        after = told("EXT112", HEALTH, {**block, name: "[reference('x', '2024-01-01').y]"})
        assert before or not after
        assert f"{PUBLIC}/{name}" not in after


# ----------------------------------------------------------------------------------- EXT114, EXT115


@in_shapes(*EVERYWHERE)
def test_a_setting_in_both_blocks_is_told_at_the_public_one(shape: Shape) -> None:
    document = shape.make(handler(CUSTOM_SCRIPT, settings=COMMAND, protectedSettings=COMMAND))
    (finding,) = findings(document, "EXT114")
    assert finding.pointer == f"{shape.pointer}/settings/commandToExecute"
    assert len(finding.labels) == 1


@pytest.mark.parametrize(
    ("name", "public", "protected", "expected"),
    [
        (CUSTOM_SCRIPT, SCRIPT, SCRIPT, ["script"]),
        (CUSTOM_SCRIPT, {**COMMAND, **URIS}, {**COMMAND, **URIS}, ["commandToExecute", "fileUris"]),
        (WINDOWS_SCRIPT, URIS, URIS, ["fileUris"]),
        (WINDOWS_SCRIPT, {"CommandToExecute": "x"}, COMMAND, ["CommandToExecute"]),
        (OLD_SCRIPT, COMMAND, COMMAND, ["commandToExecute"]),
        (CUSTOM_SCRIPT, COMMAND, {"commandToExecute": "[parameters('secret')]"}, ["commandToExecute"]),
        (
            CUSTOM_SCRIPT,
            COMMAND,
            {"commandToExecute": "[concat('sh ', parameters('blank'))]"},
            ["commandToExecute"],
        ),
        (CUSTOM_SCRIPT, COMMAND, URIS, []),
        (CUSTOM_SCRIPT, COMMAND, {"commandToExecute": ""}, []),
        (CUSTOM_SCRIPT, {"commandToExecute": None}, COMMAND, []),
        (CUSTOM_SCRIPT, {"fileUris": []}, URIS, []),
        (CUSTOM_SCRIPT, COMMAND, {"commandToExecute": "[parameters('blank')]"}, []),
        (CUSTOM_SCRIPT, COMMAND, {"commandToExecute": "[if(parameters('flag'), 'x', '')]"}, []),
        (CUSTOM_SCRIPT, COMMAND, {"commandToExecute": "[parameters('object').command]"}, []),
        (CUSTOM_SCRIPT, COMMAND, "[parameters('object')]", []),
        (DSC, {"configurationArguments": {"a": 1}}, {"configurationArguments": {"b": 1}}, []),
        (UNKNOWN, COMMAND, COMMAND, []),
    ],
)
def test_only_what_is_surely_in_both_is_found(
    name: str, public: Any, protected: Any, expected: list[str]
) -> None:
    assert told("EXT114", name, public, protected) == [f"{PUBLIC}/{setting}" for setting in expected]


def test_a_protected_block_in_a_variable_is_looked_into() -> None:
    assert told("EXT114", CUSTOM_SCRIPT, COMMAND, "[variables('command')]") == [f"{PUBLIC}/commandToExecute"]
    assert told("EXT114", CUSTOM_SCRIPT, "[variables('command')]", COMMAND) == [PUBLIC]


@in_shapes(*EVERYWHERE)
def test_settings_that_exclude_each_other_are_told_at_the_second(shape: Shape) -> None:
    document = shape.make(handler(CUSTOM_SCRIPT, settings=SCRIPT, protectedSettings=COMMAND))
    (finding,) = findings(document, "EXT115")
    assert finding.pointer == f"{shape.pointer}/protectedSettings/commandToExecute"
    assert len(finding.labels) == 1


ENCRYPTION = "Microsoft.Azure.Security/AzureDiskEncryption"


@pytest.mark.parametrize(
    ("name", "public", "protected", "expected"),
    [
        (CUSTOM_SCRIPT, {**COMMAND, **SCRIPT}, ..., [f"{PUBLIC}/script"]),
        (CUSTOM_SCRIPT, ..., {**SCRIPT, **COMMAND}, [f"{PROTECTED}/commandToExecute"]),
        (CUSTOM_SCRIPT, {"script": "[base64(parameters('text'))]"}, COMMAND,
         [f"{PROTECTED}/commandToExecute"]),
        (CUSTOM_SCRIPT, SCRIPT, "[variables('command')]", [PROTECTED]),
        (CUSTOM_SCRIPT, {**COMMAND, **SCRIPT}, COMMAND, [f"{PUBLIC}/script"]),
        (ENCRYPTION, ..., {"AADClientSecret": "[parameters('secret')]", "AADClientCertificate": "x"},
         [f"{PROTECTED}/AADClientCertificate"]),
        (CUSTOM_SCRIPT, COMMAND, COMMAND, []),
        (CUSTOM_SCRIPT, {"script": ""}, COMMAND, []),
        (CUSTOM_SCRIPT, {"script": "[if(parameters('flag'), null(), 'eA==')]"}, COMMAND, []),
        (CUSTOM_SCRIPT, {"script": "[parameters('blank')]"}, COMMAND, []),
        (WINDOWS_SCRIPT, SCRIPT, COMMAND, []),
        (UNKNOWN, SCRIPT, COMMAND, []),
    ],
)  # fmt: skip
def test_only_what_surely_excludes_each_other_is_found(
    name: str, public: Any, protected: Any, expected: list[str]
) -> None:
    assert told("EXT115", name, public, protected) == expected


# ----------------------------------------------------------------------------------- EXT116, EXT117


@in_shapes(*EVERYWHERE)
def test_a_file_over_plain_http_is_told_at_its_address(shape: Shape) -> None:
    document = shape.make(handler(CUSTOM_SCRIPT, settings={"fileUris": ["https://x/y", "http://x/y"]}))
    assert found(document, "EXT116") == [f"{shape.pointer}/settings/fileUris/1"]


@pytest.mark.parametrize(
    ("name", "public", "path"),
    [
        (UNKNOWN, {"fileUris": ["HTTP://x/y"]}, "/fileUris/0"),
        (UNKNOWN, {"FILEURI": "http://x/y"}, "/FILEURI"),
        (UNKNOWN, {"fileUris": ["[concat('http://', parameters('text'))]"]}, "/fileUris/0"),
        (UNKNOWN, {"fileUris": "[createArray('https://x/y', 'http://x/y')]"}, "/fileUris"),
        (UNKNOWN, "[createObject('fileUris', createArray('http://x/y'))]", ""),
        (DSC, {"configuration": {"url": "http://x/y.zip"}}, "/configuration/url"),
        (DSC, {"configurationData": {"url": "http://x/y.psd1"}}, "/configurationData/url"),
        (DSC, {"ModulesUrl": "http://x/y.zip"}, "/ModulesUrl"),
        (
            "Microsoft.CPlat.Core/RunCommandHandlerLinux",
            {"source": {"scriptUri": "http://x/y"}},
            "/source/scriptUri",
        ),
    ],
)
def test_addresses_are_found_wherever_files_are_fetched_from(name: str, public: Any, path: str) -> None:
    assert told("EXT116", name, public) == [f"{PUBLIC}{path}"]
    assert told("EXT116", name, protected=public) == [f"{PROTECTED}{path}"]


@pytest.mark.parametrize(
    "public",
    [
        {"fileUris": ["https://x/y", "ftp://x/y", "x", ""]},
        {"fileUris": ["[parameters('text')]", "[uri('http://x/', parameters('text'))]", 7, None]},
        {"fileUris": ["http://localhost/x", "http://127.0.0.1/x", "http://169.254.169.254/x"]},
        {"url": "http://x/y", "proxy": "http://x", "address": "http://x"},
        {"commandToExecute": "curl http://x/y"},
        {"fileUris": {"note": "http://x/y"}},
        "[parameters('object')]",
    ],
)
def test_what_is_not_fetched_over_plain_http_is_not_found(public: Any) -> None:
    assert told("EXT116", UNKNOWN, public) == []


RAW = "https://raw.githubusercontent.com/contoso/scripts"
HASH = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("address", "branch"),
    [
        (f"{RAW}/main/run.sh", "main"),
        (f"{RAW}/refs/heads/main/run.sh", "main"),
        (f"{RAW}/v2.1/deep/run.sh", "v2.1"),
        ("https://github.com/contoso/scripts/raw/main/run.sh", "main"),
        ("https://GitHub.com/contoso/scripts/blob/main/run.sh?raw=true", "main"),
        ("https://github.com/contoso/scripts/archive/main.zip", "main"),
        ("https://github.com/contoso/scripts/archive/refs/heads/main.tar.gz", "main"),
        (f"[concat('{RAW}/main/', parameters('text'))]", "main"),
        (f"{RAW}/{HASH}/run.sh", ""),
        (f"{RAW}/{HASH[:7]}/run.sh", ""),
        (f"{RAW}/refs/tags/v2.1/run.sh", ""),
        (f"https://github.com/contoso/scripts/archive/{HASH}.zip", ""),
        (f"[concat('{RAW}/', parameters('text'), '/run.sh')]", ""),
        (f"[concat('{RAW}/ma', parameters('text'), '/run.sh')]", ""),
        ("https://github.com/contoso/scripts/releases/download/v1/run.sh", ""),
        ("https://contoso.blob.core.windows.net/main/run.sh", ""),
        ("https://example.com/?raw.githubusercontent.com/a/b/main/c", ""),
        ("https://raw.githubusercontent.com.example.com/a/b/main/c", ""),
        ("https://[", ""),
    ],
)
def test_a_branch_in_an_address_is_found(address: str, branch: str) -> None:
    properties = handler(CUSTOM_SCRIPT, settings={"fileUris": [address]})
    result = findings(template(extension("a/b", properties), **SECTIONS), "EXT117")
    assert [finding.pointer for finding in result] == ([f"{PUBLIC}/fileUris/0"] if branch else [])
    assert all(f"'{branch}'" in finding.message for finding in result)


def test_a_branch_is_told_only_when_asked_for() -> None:
    assert "EXT117" not in {rule.id for rule in RULES.select()}


# ------------------------------------------------------------------------------------------- EXT124

WIRE = "168.63.129.16"


@in_shapes(*EVERYWHERE)
def test_a_command_that_cuts_off_the_agent_is_told_at_its_key(shape: Shape) -> None:
    command = {"commandToExecute": f"iptables -A OUTPUT -d {WIRE} -j DROP"}
    for block in ("settings", "protectedSettings"):
        document = shape.make(handler(CUSTOM_SCRIPT, **{block: command}))
        assert found(document, "EXT124") == [f"{shape.pointer}/{block}/commandToExecute"]
        assert found(shape.make(handler(UNKNOWN, **{block: command})), "EXT124")


BLOCKING = [
    f"iptables -A OUTPUT -d {WIRE} -j DROP",
    f"iptables -I OUTPUT 1 -d {WIRE}/32 -j REJECT",
    f"sudo /sbin/iptables -A OUTPUT -p tcp --dport 80 -d {WIRE} -j DROP",
    f"iptables -A OUTPUT --dport 22 -d 10.0.0.1 -j DROP; iptables -A OUTPUT -d {WIRE} -j DROP",
    f"iptables -A OUTPUT -d {WIRE} -p tcp --dport 1:1024 -j DROP",
    f"iptables -A INPUT -s {WIRE} -j DROP",
    f"apt-get update && bash -c 'iptables -A OUTPUT -d {WIRE} -j DROP'",
    f"nft add rule inet filter output ip daddr {WIRE} drop",
    f"ufw deny out to {WIRE}",
    f"ufw reject out from any to {WIRE}",
    f"firewall-cmd --direct --add-rule ipv4 filter OUTPUT 0 -d {WIRE} -j DROP",
    f"netsh advfirewall firewall add rule name=x dir=out action=block remoteip={WIRE}",
    f"powershell -Command \"New-NetFirewallRule -Direction Outbound -Action Block -RemoteAddress '{WIRE}'\"",
    f"ip route add blackhole {WIRE}",
    f"echo start\nip route add prohibit {WIRE}/32\necho done",
    f"[concat('iptables -A OUTPUT -d {WIRE} -j DROP && echo ', parameters('text'))]",
]
HARMLESS = [
    f"iptables -A OUTPUT -d {WIRE} -j ACCEPT",
    f"iptables -A OUTPUT -d {WIRE} -m owner --uid-owner 0 -j ACCEPT && iptables -A OUTPUT -d {WIRE} -j DROP",
    f"iptables -A OUTPUT -d {WIRE} -m owner ! --uid-owner 0 -j DROP",
    f"iptables -A OUTPUT ! -d {WIRE} -j DROP",
    f"iptables -D OUTPUT -d {WIRE} -j DROP",
    f"iptables -I FORWARD -d {WIRE} -p tcp --dport 80 -j DROP",
    f"iptables -A OUTPUT -d {WIRE} -p udp --dport 53 -j DROP",
    "iptables -A OUTPUT -d 168.63.129.160 -j DROP",
    "iptables -A OUTPUT -d 1.168.63.129.16 -j DROP",
    "iptables -A OUTPUT -d 168.63.129.1 -j DROP",
    "iptables -A OUTPUT -j DROP",
    f"iptables -A OUTPUT -j DROP # not {WIRE}",
    f"# iptables -A OUTPUT -d {WIRE} -j DROP",
    f"echo iptables -A OUTPUT -d {WIRE} -j DROP",
    f"curl http://{WIRE}/?comp=versions && iptables -A OUTPUT -d 10.0.0.1 -j DROP",
    f"ufw delete deny out to {WIRE}",
    f"ufw deny from {WIRE}",
    f"netsh advfirewall firewall add rule name=x dir=in action=block remoteip={WIRE}",
    f"netsh advfirewall firewall delete rule name=x dir=out action=block remoteip={WIRE}",
    f"New-NetFirewallRule -Direction Outbound -Action Allow -RemoteAddress {WIRE}",
    f"Remove-NetFirewallRule -RemoteAddress {WIRE} -Action Block -Direction Outbound",
    f"ip route del blackhole {WIRE}",
    f"grep DROP /etc/iptables/rules | grep {WIRE}",
    f"[concat('iptables -A OUTPUT -d {WIRE} -j ', parameters('text'))]",
    "[parameters('text')]",
    "",
    7,
]


@pytest.mark.parametrize("command", BLOCKING)
def test_commands_that_cut_off_the_agent_are_understood(command: str) -> None:
    assert told("EXT124", CUSTOM_SCRIPT, protected={"commandToExecute": command}) == [
        f"{PROTECTED}/commandToExecute"
    ]


@pytest.mark.parametrize("command", HARMLESS)
def test_commands_that_do_not_are_left_alone(command: Any) -> None:
    assert told("EXT124", CUSTOM_SCRIPT, protected={"commandToExecute": command}) == []


def test_inline_scripts_are_decoded() -> None:
    script = f"#!/bin/sh\nset -e\niptables -A OUTPUT -d {WIRE} -j DROP\n".encode()
    for content in (script, gzip.compress(script)):
        encoded = base64.b64encode(content).decode()
        assert told("EXT124", CUSTOM_SCRIPT, {"script": encoded}) == [f"{PUBLIC}/script"]
    folded = f"[base64('ufw deny out to {WIRE}')]"
    assert told("EXT124", CUSTOM_SCRIPT, {"script": folded}) == [f"{PUBLIC}/script"]
    # No command of an unknown handler, nor of one that has no such setting.
    assert told("EXT124", UNKNOWN, {"script": encoded}) == []


@pytest.mark.parametrize("text", ["aaaaaaaaaaaaaaaaa", "H4sIAAAAAAAAA" + "A" * 400, "=" * 40, "a" * 600_000])
def test_what_cannot_be_decoded_is_no_script(text: str) -> None:
    assert told("EXT124", CUSTOM_SCRIPT, {"script": text}) == []


def test_the_script_of_a_run_command_handler_is_read() -> None:
    source = {"source": {"script": f"ufw deny out to {WIRE}"}}
    assert told("EXT124", "Microsoft.CPlat.Core/RunCommandHandlerLinux", source) == [
        f"{PUBLIC}/source/script"
    ]


def test_reading_a_long_command_takes_linear_time() -> None:
    from time import process_time

    def seconds(size: int) -> float:
        document = template(extension("a/b", handler(CUSTOM_SCRIPT, settings={"script": " " * size + "$"})))
        text = json.dumps(document)
        start = process_time()
        assert found(text, "EXT124") == []
        return process_time() - start

    seconds(1000)
    small = min(seconds(100_000) for _ in range(3))
    assert min(seconds(400_000) for _ in range(3)) < 12 * small + 0.1


# --------------------------------------------------------------------------------------- everything

FAULTLESS = {
    CUSTOM_SCRIPT: {"settings": {**URIS, "timestamp": 1}, "protectedSettings": COMMAND},
    WINDOWS_SCRIPT: {"settings": URIS, "protectedSettings": COMMAND},
    HEALTH: {"settings": {"protocol": "tcp", "port": 80}},
    AGENT: {},
    UNKNOWN: {"settings": {"anything": ["goes"]}, "protectedSettings": {"secret": "[parameters('secret')]"}},
}


@in_shapes(*(shape for shape in SHAPES if shape.name != "outer deployment"))
@pytest.mark.parametrize("name", FAULTLESS)
def test_sound_extensions_draw_nothing(shape: Shape, name: str) -> None:
    version = "2.1" if name == CUSTOM_SCRIPT else "1.10"
    document = shape.make(handler(name, version, **FAULTLESS[name]))
    sections = {"parameters": SECTIONS["parameters"]}
    if "template" in json.dumps(document):
        document["resources"][0]["properties"].setdefault("template", {}).update(sections)
    rules = [rule.id for rule in RULES.rules if rule.id.startswith("EXT1") or rule.id == "DEP308"]
    assert findings({**document, **sections}, *rules) == []


def test_what_is_imported_for_a_run_is_not_jsonschema() -> None:
    """Its import costs more than the rest of a run."""
    import subprocess
    import sys

    properties = handler(CUSTOM_SCRIPT, "2.1", settings={"timestamp": "soon"}, protectedSettings={"a": "b"})
    text = json.dumps(template(extension("a/b", properties)))
    code = (
        "import sys, armlint\n"
        f"rules = {{entry.rule for entry in armlint.check({text!r})}}\n"
        "assert {'EXT111', 'EXT112'} <= rules, rules\n"
        "assert 'jsonschema' not in sys.modules\n"
    )
    result = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert armlint.__version__


def test_scale_sets_are_judged_like_machines() -> None:
    properties = handler(HEALTH, settings={"protocol": "tcp", "port": 80000})
    document = template(extension("web/health", properties, f"{VMSS}/extensions"))
    assert found(document, "EXT112") == [f"{PUBLIC}/port"]
