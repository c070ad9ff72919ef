"""Placeholders stand where a secret will be; a secret that looks a little like one is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armlint.secrets.placeholders import is_placeholder

PLACEHOLDERS = [
    "",
    "  ",
    "<password>",
    "<your password here>",
    "<<password>>",
    "GEN-PASSWORD",
    "GEN-UNIQUE",
    "GEN-UNIQUE-8",
    "GEN-SSH-PUB-KEY",
    "GET-PREREQ-adminPassword",
    "GEN-KEYVAULT-PASSWORD-REFERENCE",
    "changeme",
    "ChangeMe",
    "change-me",
    "change_me",
    "changeit",
    "blank",
    "replaceme",
    "TODO",
    "tbd",
    "placeholder",
    "yourpassword",
    "your-password",
    "Your_Password_Here",
    "your password",
    "enter-your-password",
    "replace_with_secret",
    "none",
    "null",
    "n/a",
    "REDACTED",
    "$(adminPassword)",
    "$(Secrets.Password)",
    "${ADMIN_PASSWORD}",
    "${{ secrets.PASSWORD }}",
    "{{password}}",
    "{{ password }}",
    "#{Password}#",
    "#{Password}",
    "__PASSWORD__",
    "%PASSWORD%",
    "@@password@@",
    "##PASSWORD##",
    "$ADMIN_PASSWORD",
    "$env:PASSWORD",
    "****",
    "xxxxxxxx",
    "XXXX-XXXX",
    "...",
    "\u2022\u2022\u2022\u2022",
    "[[parameters('adminPassword')]",
    "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)",
    "PrivateSettingsRef:adminPassword",
    "privatesettingsref:x",
]
SECRETS = [
    "P@ssw0rd1234",
    "Summer2024!",
    "root",
    "admin123",
    "password",
    "Password999!",
    "sh!",
    "$Passw0rd",
    "$ecret",
    "$(a)real$(b)",
    "x$(a)",
    "prefix-<x>",
    "<x>suffix",
    "GEN-password",
    "gen-password",
    "generate",
    "changeme123!",
    "ChangeMe!2024",
    "yourStrongPassw0rd!",
    "enterprise",
    "xkcd-1234",
    "100%sure",
    "#hash#",
    "[abc]",
    "AKIA0000",
    "hunter2",
    "p",
]


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_placeholders(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_blanks_around_make_no_difference(text: str) -> None:
    assert is_placeholder(f"  {text}\n")


@pytest.mark.parametrize("text", SECRETS)
def test_secrets(text: str) -> None:
    assert not is_placeholder(text)


@given(st.text(max_size=60))
def test_no_text_is_too_strange(text: str) -> None:
    assert is_placeholder(text) in {True, False}


@given(st.from_regex(r"[A-Za-z0-9]{6}[!?+][A-Za-z0-9]{6}", fullmatch=True))
def test_what_a_generator_of_passwords_makes_is_none(text: str) -> None:
    assert not is_placeholder(text)
