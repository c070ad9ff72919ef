"""Passwords that a phrase gives away in whatever language it stands: members of JSON, SQL, calls, YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from armlint.secrets.arguments import ASSIGNED, PHRASE, is_password, is_secret_name, kind
from armlint.secrets.hit import Hit
from armlint.secrets.names import words
from armlint.secrets.pattern import compiled
from armlint.secrets.values import is_secret

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from armlint.secrets.shells import Text

# "name": "value" in JSON and its kin, with quotes that may be escaped or doubled themselves.
_MEMBER: Final = (
    r"""(?P<q>\\{0,3}["']|"")?(?<![\w.-])(?P<name>[A-Za-z_][\w.-]{1,63}+)(?(q)(?P=q))\s{0,3}:\s{0,3}"""
    r"""(?P<r>\\{0,3}["']|"")(?P<value>(?:(?!(?P=r))[^\r\n]){1,512}+)(?P=r)"""
)
_IS_MEMBER: Final = r"""["'\w]\s{0,3}:\s{0,3}\\{0,3}["']"""
_SQL: Final = (
    r"""(?i:\bPASSWORD\s{0,3}=\s{0,3}"""
    r"""|\bIDENTIFIED\s{1,3}(?:WITH\s{1,3}\w{1,40}\s{1,3})?BY\s{1,3}(?:PASSWORD\s{1,3})?"""
    r"""|\b(?:ROLE|USER)\s{1,3}[^\s;]{1,64}\s{1,3}(?:WITH\s{1,3})?(?:ENCRYPTED\s{1,3})?PASSWORD\s{1,3})"""
    r"""N?\\?'(?P<value>[^'\r\n\\]{1,128}+)\\?'"""
)
_NETWORK_CREDENTIAL: Final = (
    r"""(?i:NetworkCredential\]?(?:::new)?["']?\s{0,2}\(\s{0,2})"""
    r"""(?P<q>["'])[^"'\r\n]{0,128}+(?P=q)\s{0,2},\s{0,2}(?P<r>["'])(?P<value>[^"'\r\n]{1,128}+)(?P=r)"""
)
_METHOD: Final = r"""(?i:\bSetPassword["']?\s{0,2}[,(]\s{0,2})(?P<r>["'])(?P<value>[^"'\r\n]{1,128}+)(?P=r)"""
_DEBCONF: Final = (
    r"""/[\w-]{0,40}?(?:password|passwd|pass)[\w-]{0,20}+[ \t]{1,4}(?:password|string)[ \t]{1,4}"""
    r"""(?P<value>[^\s"'`$\\]{1,128}+)(?=[\s"']|\Z)"""
)
_PHRASES: Final = (
    ("a password in a SQL statement", _SQL),
    ("a password for NetworkCredential", _NETWORK_CREDENTIAL),
    ("a password for SetPassword", _METHOD),
    ("a password for debconf", _DEBCONF),
)
_IS_YAML: Final = r"(?m:^(?:#cloud-config|apiVersion:|services:|---)[ \t]*)"
_YAML: Final = (
    r"""(?m)^[ \t]*+(?:- )?(?P<name>[A-Za-z_][\w.-]{1,63}+):[ \t]++(?P<r>["']?)"""
    r"""(?P<value>[^\s"'#][^\r\n"']{0,200}+)(?P=r)[ \t]*+\r?$"""
)
_CHPASSWD: Final = r"(?m)^[ \t]++(?:-[ \t]+)?[a-z_][\w-]{0,31}+:(?P<value>[^\s:'\"]{3,200}+)[ \t]*+\r?$"


def find(source: Text) -> Iterator[Hit]:
    """All of them in a text."""
    if compiled(_IS_MEMBER).search(source.text):
        for match in compiled(_MEMBER).finditer(source.text):
            yield from _named(source, match)
    for title, pattern in _PHRASES:
        for match in compiled(pattern).finditer(source.text):
            yield from _phrase(source, match, title)
    if compiled(_IS_YAML).search(source.text):
        yield from _yaml(source)


def _named(source: Text, match: re.Match[str]) -> Iterator[Hit]:
    name, value = match["name"], match["value"]
    if value.lower() == name.lower() or value.lower() in words(name)[-1:]:
        return  # a caption
    if is_secret_name(name) and is_secret(value, password=is_password(name)):
        span = source.span(*match.span("value"))
        yield Hit(ASSIGNED, *span, f"a {kind(name)} in {name}", is_password(name))


def _phrase(source: Text, match: re.Match[str], title: str) -> Iterator[Hit]:
    if is_secret(match["value"], password=True):
        yield Hit(PHRASE, *source.span(*match.span("value")), title, certain=True)


def _yaml(source: Text) -> Iterator[Hit]:
    """Members without quotes; and the lines `user:password` of a cloud-config."""
    for match in compiled(_YAML).finditer(source.text):
        yield from _named(source, match)
    start = source.text.find("chpasswd:")
    if start >= 0:
        for match in compiled(_CHPASSWD).finditer(source.text, start):
            if match["value"] != "RANDOM":
                yield from _phrase(source, match, "a password for chpasswd")
