"""Checks of addresses: hosts that exist in one cloud only, and addresses put together by hand."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING, Final

from armlint.arm import expression as syntax
from armlint.arm.evaluate import written
from armlint.arm.value import Term, Text
from armlint.checks.expressions import pointer
from armlint.checks.hygiene import compiled
from armlint.finding import Label
from armlint.rule import Result, at_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from armlint.arm.model import Model
    from armlint.arm.template import Resource, Template
    from armlint.arm.value import Value
    from armlint.jsontext import Node

# Hosts of Azure's public cloud, with what `environment()` has for them; "" where it has nothing.
_HOSTS: Final = {
    "api.loganalytics.io": "",
    "asazure.windows.net": "",
    "azuredatalakeanalytics.net": "suffixes.azureDatalakeAnalyticsCatalogAndJob",
    "azuredatalakestore.net": "suffixes.azureDatalakeStoreFileSystem",
    "batch.core.windows.net": "batch",
    "core.windows.net": "suffixes.storage",
    "database.windows.net": "suffixes.sqlServerHostname",
    "datalake.azure.net": "activeDirectoryDataLake",
    "gallery.azure.com": "gallery",
    "graph.windows.net": "graph",
    "login.microsoftonline.com": "authentication.loginEndpoint",
    "management.azure.com": "resourceManager",
    "management.core.windows.net": "authentication.audiences[0]",
    "trafficmanager.net": "",
    "vault.azure.net": "suffixes.keyvaultDns",
}


@cache
def _pattern() -> re.Pattern[str]:
    # Made when a file names a host, since making it takes longer than reading most templates.
    hosts = "|".join(re.escape(host) for host in sorted(_HOSTS, key=len, reverse=True))
    pattern = rf"(?<![a-z0-9])(?:(schema\.management\.azure\.com)|({hosts}))(?![a-z0-9])"
    return re.compile(pattern, re.IGNORECASE)


# As far before a host as there is anything to look at: a name in the domain system is no longer.
_BEFORE: Final = 255
# What Azure publishes for everybody stands in the public cloud and nowhere else.
_PUBLISHED: Final = ("devopsgallerystorage.blob.",)
# Members that are read by people or by tools, and schemas' addresses, which nobody fetches.
_SILENT: Final = frozenset({"$schema", "comments", "description", "displayname", "metadata"})
_SECTIONS: Final = ("variables", "resources", "outputs")


def hardcoded_url(template: Template, model: Model) -> Iterator[Result]:
    """TPL504: the address of a service as it is in one of Azure's clouds."""
    if template.deployment is not None and compiled(template):
        return
    places = model.remember("hosts", lambda: _host_places(model))
    if not _holds(template.node, places):
        return
    nested = {id(r.nested.node) for r in template.all_resources() if r.nested is not None}
    for name in _SECTIONS:
        section = template.node.get(name)
        pending = [] if section is None else [section]
        while pending:
            node = pending.pop()
            if not _holds(node, places):
                continue
            if node.kind == "string":
                yield from _hosts_in(node)
                continue
            below = node.items or [m.value for m in node.members if m.name.lower() not in _SILENT]
            pending.extend(each for each in reversed(below) if id(each) not in nested)


# One of these is in each host; the fewer words to look for the better.
_ENDS: Final = (".net", "azure.com", "microsoftonline.com", "loganalytics.io")
# What every template names in the address of its schema.
_SCHEMA: Final = "/schema.management."


def _host_places(model: Model) -> Sequence[int] | None:
    """Where there may be a host; None where there is no telling. A text is searched for a word in no time."""
    places = model.places(_ENDS)
    return places and [place for place in places if not model.folded.endswith(_SCHEMA, 0, place)]


def _holds(node: Node, places: Sequence[int] | None) -> bool:
    """Whether one of the places is in a node."""
    if places is None:
        return True
    index = bisect_left(places, node.start)
    return index < len(places) and places[index] < node.end


def _hosts_in(node: Node) -> Iterator[Result]:
    """What is wrong with a string: each host once, since a script may name one often."""
    text = node.value
    if not isinstance(text, str) or not any(end in text.lower() for end in (".net", ".com", ".io")):
        return
    read = syntax.read(text)
    told: set[str] = set()
    if read is None:
        yield from _matches(node, text, 0, told)
    elif not isinstance(read, syntax.Invalid) and _pattern().search(text) is not None:
        for part in syntax.walk(read):
            if isinstance(part, syntax.Literal) and isinstance(part.value, str):
                # Between its apostrophes.
                yield from _matches(node, text[part.start + 1 : part.end - 1], part.start + 1, told)


def _matches(node: Node, text: str, offset: int, told: set[str]) -> Iterator[Result]:
    for match in _pattern().finditer(text):
        if match[2] is None or match[2].lower() in told:
            continue
        host = match[2].lower()
        before = text[max(0, match.start() - _BEFORE) : match.start()].lower()
        if before.endswith(_PUBLISHED):
            continue
        told.add(host)
        known = _HOSTS[host]
        if not known or _is_named(before):
            mend = "make the address a parameter"
        else:
            mend = f"environment().{known} is right in each cloud"
        span = node.span_of(offset + match.start(), offset + match.end())
        yield Result(span, pointer(node), f"'{host}' is of the public cloud only: {mend}")


def _is_named(before: str) -> bool:
    """Whether what stands before a host makes it that of one account or server, which no other cloud has."""
    _, slashes, name = before.rpartition("://")
    return bool(slashes) and name[-1:] == "." and name[0] != "*" and "/" not in name and " " not in name


# Where Azure, or a machine, fetches something; by the last names on the way there.
_FETCHED: Final = frozenset(
    {
        ("templatelink", "uri"),
        ("parameterslink", "uri"),
        ("contentlink", "uri"),
        ("configuration", "url"),
        ("properties", "primaryscripturi"),
        ("source", "scripturi"),
        ("settings", "modulesurl"),
    }
)
_LISTS: Final = frozenset({"fileuris", "supportingscripturis"})
_JOINING: Final = frozenset({"concat", "format"})
_OWN_ADDRESS: Final = (
    "the address of the template ends with its file name, to which this only adds: uri() replaces it"
)


def uri_by_concat(template: Template, _: Model) -> Iterator[Result]:
    """TPL511: an address that is put together in a way that cannot be right."""
    for resource in template.all_resources():
        if resource.properties is None:
            continue
        for node in _addresses(resource):
            spot = written(node, resource.scope)
            read = syntax.read(spot.value) if isinstance(spot.value, str) else None
            if not isinstance(read, syntax.Call) or read.function not in _JOINING:
                continue
            told = _mistake(resource.value(spot), resource)
            if told is not None:
                labels = [] if spot is node else [Label(node.span, "used here")]
                yield at_value(spot, told, *labels)


def _addresses(resource: Resource) -> Iterator[Node]:
    nested = None if resource.nested is None else resource.nested.node
    pending = [] if resource.properties is None else [("properties", resource.properties)]
    while pending:
        above, node = pending.pop()
        for member in node.members:
            name = member.name.lower()
            if member.value.kind == "string":
                if (above, name) in _FETCHED:
                    yield member.value
                else:
                    # What it holds may be written in a variable.
                    holder = written(member.value, resource.scope)
                    if holder is not member.value:
                        pending.append((name, holder))
            elif name in _LISTS:
                yield from member.value.items
            elif member.value is not nested:
                pending.append((name, member.value))
        pending.extend((above, item) for item in node.items if item.kind in {"object", "array"})


def _mistake(value: Value, resource: Resource) -> str | None:
    """What is wrong with an address that starts with what only the deployment knows."""
    if not isinstance(value, Text) or not isinstance(value.parts[0], Term):
        return None
    base, after = value.parts[0].bare, value.parts[1]
    if not isinstance(after, str):
        return None
    if _is_own_address(base):
        return _OWN_ADDRESS
    default = _default(base, resource)
    name = base.arguments[-1] if base.arguments else ""
    if isinstance(default, Term):
        if _is_own_address(default.bare):
            return f"the default of '{name}' is where the template is: {_OWN_ADDRESS}"
        return None
    if not isinstance(default, str) or not default.lower().startswith(("http://", "https://")):
        return None
    if default.endswith("/") and after.startswith("/"):
        return f"with the default of '{name}' there are two slashes here: uri() puts in one"
    if default[-1].isalnum() and after[0].isalnum() and "/" in default.partition("://")[2]:
        return f"with the default of '{name}' there is no slash here: end it with one, and use uri()"
    return None


def _is_own_address(term: Term) -> bool:
    """Whether a term is the address that the template itself was fetched from."""
    if term.operation != "property" or str(term.arguments[1]).lower() != "uri":
        return False
    link = term.arguments[0]
    return (
        isinstance(link, Term)
        and link.operation == "property"
        and str(link.arguments[1]).lower() == "templatelink"
    )


def _default(base: Term, resource: Resource) -> Value:
    """The default of the parameter that a term is; None where it is none, or has none."""
    name = base.arguments[-1] if base.operation == "parameters" and base.arguments else None
    if not isinstance(name, str) or base.arguments[0] != resource.scope.number:
        return None
    parameter = resource.scope.parameters.get(name.lower())
    node = None if parameter is None else parameter.node.get("defaultValue")
    return None if node is None else resource.template.evaluator.value(node, resource.scope)


def joined_uri(template: Template, _: Model) -> Iterator[Result]:
    """TPL520: a member named for an address that is put together with `concat` or `format`."""
    nested = {id(r.nested.node) for r in template.all_resources() if r.nested is not None}
    for name in _SECTIONS:
        section = template.node.get(name)
        pending = [] if section is None else [section]
        while pending:
            node = pending.pop()
            for member in node.members:
                if member.name.lower().endswith(("uri", "url")) and isinstance(member.value.value, str):
                    yield from _joined(member.value)
            below = node.items or [m.value for m in node.members if m.name.lower() not in _SILENT]
            pending.extend(each for each in reversed(below) if id(each) not in nested)


def _joined(node: Node) -> Iterator[Result]:
    read = syntax.read(str(node.value))
    if isinstance(read, syntax.Call) and read.function in _JOINING:
        yield at_value(node, f"'{read.name}' may leave out a slash or double one: uri() does not")
