"""Checks of the settings of an extension against what its handler takes."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm import evaluate
from armlint.arm.conform import violations
from armlint.arm.value import Array, Object, Term, Text
from armlint.checks.lifecycle import origin, surely_given
from armlint.finding import Label
from armlint.jsontext import Member
from armlint.rule import at_key, at_value, tight

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from armlint.arm.catalogue import Entry
    from armlint.arm.conform import Violation
    from armlint.arm.extension import Extension
    from armlint.arm.model import Model
    from armlint.arm.value import Value
    from armlint.edit import Fix
    from armlint.jsontext import Node
    from armlint.rule import Result

    Path = tuple[str | int, ...]

_BLOCKS: Final = ("settings", "protectedSettings")


class Setting(NamedTuple):
    """A setting at the top of `settings` or `protectedSettings`, and where to point at for it."""

    block: str
    name: str
    value: Value
    place: Member | Node
    labels: tuple[Label, ...] = ()

    def result(self, message: str, *labels: Label, fix: Fix | None = None) -> Result:
        """A finding on this setting."""
        if isinstance(self.place, Member):
            return at_key(self.place, message, *labels, *self.labels, fix=fix)
        return at_value(self.place, message, *labels, *self.labels)

    def label(self, message: str) -> Label:
        """This setting as a second place of a finding."""
        return Label(self.place.span if isinstance(self.place, Member) else tight(self.place), message)


def settings_of(extension: Extension, *blocks: str) -> Iterator[Setting]:
    """The settings of an extension, also where a variable or a function makes a whole block."""
    for block in blocks or _BLOCKS:
        holder = extension.member(block)
        if holder is not None and holder.value.kind == "object":
            for member in holder.value.members:
                looped = member.name.lower() == "copy" and evaluate.is_loops(member.value)
                computed = member.name[:1] == "["
                if not looped and not computed and holder.value.member_named(member.name) is member:
                    yield Setting(block, member.name, extension.inside(member.value), member)
            continue
        value = extension.field(block)
        place = extension.holder if holder is None else holder.value
        if isinstance(value, Object) and place is not None:
            labels = origin(extension, place)
            for name, field in value.fields.values():
                yield Setting(block, name, field, place, labels)


def _below(value: Value, path: Path) -> Iterator[tuple[Path, Value]]:
    """A value and all values in it, each with its path."""
    pending = [(path, value)]
    while pending:
        way, current = pending.pop()
        yield way, current
        if isinstance(current, Array):
            pending.extend(((*way, at), item) for at, item in reversed(list(enumerate(current.items))))
        elif isinstance(current, Object):
            pending.extend(((*way, name), field) for name, field in reversed(list(current.fields.values())))


def _nearest(extension: Extension, path: Path) -> tuple[Node | None, bool]:
    """The node at a path in an extension, or the nearest around it, and whether it is that very one."""
    node = extension.holder
    for step in path:
        below = None if node is None else node.at(step)
        if below is None:
            return node, False
        node = below
    return node, True


def _at(extension: Extension, path: Path, message: str, *, key: bool = False) -> Iterator[Result]:
    """A finding at a path in an extension: on the value, or with `key` on the key that leads there."""
    node, exact = _nearest(extension, path)
    if node is None:
        return
    if exact and key and node.member is not None:
        yield at_key(node.member, message)
    else:
        yield at_value(node, message, *origin(extension, node))


def _shown(path: Path) -> str:
    """A path for people: `settings.fileUris[0]`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def protected_setting_made_public(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT113: a setting that the handler takes only from `protectedSettings`, in `settings`."""
    entry = model.entry(extension)
    if entry is None:
        return
    for setting, path in _made_public(extension, entry):
        message = f"{entry.handler} takes '{_shown(path)}' only from protectedSettings"
        if len(path) == 1:
            yield setting.result(message, fix=_protecting(extension, ("settings", *path), model))
        else:
            fix = _protecting(extension, ("settings", *path), model)
            for result in _at(extension, ("settings", *path), message, key=True):
                yield result._replace(fix=fix)


def _protecting(extension: Extension, path: Path, model: Model) -> Fix | None:
    """The fix that moves a setting to the protected ones, where it is written out."""
    node, exact = _nearest(extension, path)
    if node is None or not exact or node.member is None:
        return None
    from armlint.checks import mending

    return mending.make_protected(extension, node.member, model)


def _made_public(extension: Extension, entry: Entry) -> Iterator[tuple[Setting, Path]]:
    """Settings in `settings` that belong in the other block, as deep as the catalogue knows them."""
    if not entry.protected_only or not _trusted(entry):
        return
    heads = _heads(entry.protected_only)
    for setting in settings_of(extension, "settings"):
        if setting.name.lower() not in heads:
            continue
        for path, value in _below(setting.value, (setting.name,)):
            if value is None or value == "" or not entry.is_protected_only(path):
                continue
            # Else it is told of what it lies in.
            if len(path) == 1 or not entry.is_protected_only(path[:-1]):
                yield setting, path


def _heads(paths: tuple[str, ...]) -> set[str]:
    """The lower-cased names of the settings that paths of the catalogue begin with."""
    return {re.split(r"[.\[]", path, maxsplit=1)[0].lower() for path in paths}


def _trusted(entry: Entry) -> bool:
    """Whether what is known of a handler's settings comes from who made it."""
    return entry.trust == "documented"


def setting_in_both(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT114: a setting that may stand in one of the two blocks only, in both."""
    for public, protected in _in_both(extension, model):
        message = f"'{public.name}' stands in settings and in protectedSettings"
        yield public.result(
            message, protected.label("and protected here"), fix=_unpublishing(public, protected, model)
        )


def _unpublishing(public: Setting, protected: Setting, model: Model) -> Fix | None:
    if not isinstance(public.place, Member) or not isinstance(protected.place, Member):
        return None
    from armlint.checks import mending

    return mending.remove_public(public.place, protected.place.value, model)


# Settings of the script extensions that may stand in one of the two blocks only.
_ONCE: Final = {
    "microsoft.azure.extensions/customscript": frozenset({"commandtoexecute", "script", "fileuris"}),
    "microsoft.compute/customscriptextension": frozenset({"commandtoexecute", "fileuris"}),
    "microsoft.ostcextensions/customscriptforlinux": frozenset({"commandtoexecute"}),
}


def _in_both(extension: Extension, model: Model) -> Iterator[tuple[Setting, Setting]]:
    entry = model.entry(extension)
    names = frozenset() if entry is None else _ONCE.get(entry.handler.lower(), frozenset())
    if not names:
        return
    found: dict[str, dict[str, Setting]] = {block: {} for block in _BLOCKS}
    for setting in settings_of(extension):
        if setting.name.lower() in names and surely_given(setting.value, extension):
            found[setting.block][setting.name.lower()] = setting
    for name, public in found["settings"].items():
        protected = found["protectedSettings"].get(name)
        if protected is not None:
            yield public, protected


def command_and_script(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT115: settings that exclude each other."""
    for earlier, later in _excluding(extension, model):
        message = f"'{later.name}' and '{earlier.name}' exclude each other"
        yield later.result(message, earlier.label("the other is here"))


def _excluding(extension: Extension, model: Model) -> Iterator[tuple[Setting, Setting]]:
    entry = model.entry(extension)
    if entry is None or not entry.exclusive:
        return
    given = [setting for setting in settings_of(extension) if surely_given(setting.value, extension)]
    given.sort(key=lambda setting: setting.place.start)
    for group in entry.exclusive:
        names = {name.lower() for name in group}
        members = [setting for setting in given if setting.name.lower() in names]
        for position, later in enumerate(members):
            other = next((s for s in members[:position] if s.name.lower() != later.name.lower()), None)
            if other is not None:
                yield other, later
                break


def _wanted(path: Path, handler: str) -> bool:
    """Whether a handler fetches a file from the address at a path."""
    names = [step.lower() for step in path if isinstance(step, str)]
    if names[-1] in _FETCHED:
        return True
    dsc = handler == "microsoft.powershell/dsc"
    return dsc and names[-1] == "url" and names[-2:-1] in (["configuration"], ["configurationdata"])


# Settings, by lower-cased name, that hold addresses of files which a handler fetches, whichever it is.
_FETCHED: Final = frozenset({"fileuris", "fileuri", "modulesurl", "scripturi"})


def _addresses(extension: Extension) -> Iterator[tuple[Path, str]]:
    """The addresses from which a handler fetches files, as far as their beginnings are known."""
    handler = "" if extension.handler is None else "/".join(extension.handler).lower()
    for setting in settings_of(extension):
        for path, value in _below(setting.value, (setting.block, setting.name)):
            first = value.parts[0] if isinstance(value, Text) else value
            if isinstance(first, str) and _wanted(path, handler):
                yield path, first


# Hosts that are the machine itself or the platform underneath: no network in between.
_NEAR: Final = ("localhost", "127.", "[::1]", "169.254.", "168.63.129.16")


def insecure_file_uri(extension: Extension, _: Model) -> Iterator[Result]:
    """EXT116: a file fetched over plain HTTP."""
    for path, address in _addresses(extension):
        folded = address.lower()
        if folded.startswith("http://") and not folded.removeprefix("http://").startswith(_NEAR):
            yield from _at(extension, path, f"extension '{extension.label}' fetches a file over plain HTTP")


def mutable_file_uri(extension: Extension, _: Model) -> Iterator[Result]:
    """EXT117: a file from a branch, whose content may change under the deployment."""
    for path, address in _addresses(extension):
        branch = _branch(address)
        if branch:
            message = f"extension '{extension.label}' fetches a file from '{branch}', which may change"
            yield from _at(extension, path, message)


# Compiled where they are first used: most runs never do.
_GITHUB: Final = (
    r"(?i)https?://(?:raw\.githubusercontent\.com/[^/?#]+/[^/?#]+|"
    r"(?:www\.)?github\.com/[^/?#]+/[^/?#]+/(?:raw|blob|archive))/(?P<rest>[^?#]*)"
)
# The whole or the beginning of a commit's hash.
_COMMIT: Final = r"(?i)[0-9a-f]{7,40}"
_ARCHIVE: Final = r"(?i)\.(zip|tar\.gz)$"


def _branch(address: str) -> str:
    """The branch that an address on GitHub names, or what may be one; empty for a commit and elsewhere."""
    match = re.match(_GITHUB, address)
    if match is None:
        return ""
    rest = match["rest"].split("/")
    if rest[:2] == ["refs", "tags"]:
        return ""
    if rest[:2] == ["refs", "heads"]:
        rest = rest[2:]
    reference = rest[0] if len(rest) > 1 else ""
    if len(rest) == 1 and re.search(_ARCHIVE, rest[0]):
        reference = re.sub(_ARCHIVE, "", rest[0])
    return "" if re.fullmatch(_COMMIT, reference) else reference


def unknown_setting(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT111: a setting that the handler is documented to reject or ignore."""
    entry = model.entry(extension)
    if entry is None or not entry.settings_known or not _trusted(entry) or _newer(extension, entry):
        return
    for setting in settings_of(extension):
        if setting.value is not None:
            message = _not_taken(setting, entry)
            if message:
                yield setting.result(message)
    if entry.unknown_settings == "rejected":
        for violation in _violations(extension, model, entry):
            if violation.keyword == "additionalProperties" and len(violation.path) > 2:  # noqa: PLR2004
                message = f"{entry.handler} rejects '{_shown(violation.path)}'"
                yield from _at(extension, violation.path, message, key=True)


def _not_taken(setting: Setting, entry: Entry) -> str:
    """Why a handler does not take a setting, in words; empty where it does or may."""
    name, block = setting.name, setting.block
    other = next(each for each in _BLOCKS if each != block)
    schemas = {"settings": entry.settings_schema or {}, "protectedSettings": entry.protected_schema or {}}
    known = {
        each: {str(key).lower(): str(key) for key in schemas[each].get("properties", {})} for each in _BLOCKS
    }
    written = known[block].get(name.lower())
    if written is not None:
        if written == name or not entry.case_sensitive or name in known[block].values():
            return ""
        return f"{entry.handler} does not know '{name}' in {block}: it is written '{written}'"
    elsewhere = name.lower() in known[other]
    if elsewhere and block == "protectedSettings" and entry.is_public_only((name,)):
        verb = "rejects" if entry.unknown_settings == "rejected" else "does not read"
        return f"{entry.handler} {verb} '{name}' in protectedSettings; it belongs in settings"
    if entry.unknown_settings == "rejected":
        hint = f"; it belongs in {other}" if elsewhere else ""
        return f"{entry.handler} rejects '{name}' in {block}{hint}"
    if entry.unknown_settings == "ignored" and entry.settings_complete:
        hint = f"; it belongs in {other}" if elsewhere else ""
        return f"{entry.handler} ignores '{name}' in {block}{hint}"
    return ""


def invalid_settings(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT112: settings that do not satisfy the schema of their handler."""
    entry = model.entry(extension)
    if entry is None or not entry.settings_known or not _trusted(entry) or _newer(extension, entry):
        return
    found = _violations(extension, model, entry)
    if not found:
        return
    told = _told_elsewhere(extension, model, entry)
    for violation in found:
        names = {name.lower() for name in violation.names}
        if violation.keyword == "additionalProperties" or (names and names <= told):
            continue
        yield from _at(extension, violation.path, f"{entry.handler}: {_words(violation)}")


def _violations(extension: Extension, model: Model, entry: Entry) -> list[Violation]:
    """What is violated whether those settings are there that are, or may turn out, null or empty, or not."""

    def make() -> list[Violation]:
        found = list(dict.fromkeys(violations(_instance(extension, entry), entry.schema)))
        if found:
            without = set(violations(_instance(extension, entry, doubtful=False), entry.schema))
            found = [violation for violation in found if violation in without]
        return found

    return model.remember(f"violations {id(extension)}", make)


def _told_elsewhere(extension: Extension, model: Model, entry: Entry) -> set[str]:
    """The lower-cased settings whose presence or absence another rule is already about."""
    pairs = [*_in_both(extension, model), *_excluding(extension, model)]
    names = {setting.name.lower() for pair in pairs for setting in pair}
    for _, path in _made_public(extension, entry):
        names |= {step.lower() for step in path if isinstance(step, str)}
    return names


def _words(violation: Violation) -> str:
    if not violation.path:
        return violation.message
    where = _shown(violation.path)
    return f"{violation.message} ({where})" if violation.sentence else f"'{where}' {violation.message}"


def _newer(extension: Extension, entry: Entry) -> bool:
    """Whether the extension is of a later generation than the catalogue knows."""
    version = extension.field("typeHandlerVersion")
    if not isinstance(version, str) or entry.version is None:
        return False
    own, known = version.partition(".")[0], entry.version.partition(".")[0]
    return own.isdecimal() and known.isdecimal() and int(own) > int(known)


def _instance(extension: Extension, entry: Entry, *, doubtful: bool = True) -> Value:
    """Both blocks as the handler sees them, with what is not known left open.

    Without `doubtful`, settings that are empty, or may turn out so, are taken for absent: handlers differ.
    """
    pool = extension.pool
    blocks: list[tuple[str, Value]] = []
    for block in _BLOCKS:
        value = extension.field(block)
        schema = (entry.settings_schema if block == "settings" else entry.protected_schema) or {}
        if _elsewhere(extension, block, value):
            blocks.append((block, pool.unique("block")))
        elif isinstance(value, Object):
            blocks.append((block, _prepared(value, schema, extension, doubtful=doubtful)))
        else:
            blocks.append((block, pool.object([]) if value is None else pool.unique("block")))
    return pool.object(blocks)


def _elsewhere(extension: Extension, block: str, value: Value) -> bool:
    """Whether settings of a block, which has this value here, may come from somewhere else.

    Protected settings may lie in a key vault; a body may be an update that keeps what there is, or
    an answer of Azure, which never shows them.
    """
    if value is None and extension.resource is None:
        return True
    return block == "protectedSettings" and extension.field("protectedSettingsFromKeyVault") is not None


def _prepared(value: Value, schema: Mapping[str, Any], extension: Extension, *, doubtful: bool) -> Value:
    """A value with the names of its schema, without what is null; placeholders are unknown.

    Another letter case is the matter of EXT111.
    """
    from armlint.secrets.placeholders import is_placeholder

    pool = extension.pool
    if isinstance(value, str) and 0 < len(value) <= _LONGEST_PLACEHOLDER and is_placeholder(value):
        return pool.unique("placeholder")
    if isinstance(value, Array):
        below = schema.get("items")
        rules = below if isinstance(below, dict) else {}
        items = [_prepared(item, rules, extension, doubtful=doubtful) for item in value.items]
        return pool.array([pool.unique("null") if item is None else item for item in items])
    if not isinstance(value, Object):
        return value
    properties = schema.get("properties", {})
    written = {name.lower(): name for name in properties}
    others = schema.get("additionalProperties")
    fields = []
    for folded, (name, field) in value.fields.items():
        known = written.get(folded, name)
        rules = properties.get(known, others)
        unsure = field == "" or (isinstance(field, Term) and not surely_given(field, extension))
        if field is None or (unsure and not doubtful):
            continue
        below = rules if isinstance(rules, dict) else {}
        fields.append((known, _prepared(field, below, extension, doubtful=doubtful)))
    return pool.object(fields)


_LONGEST_PLACEHOLDER: Final = 100

_AGENT: Final = "168.63.129.16"
_ADDRESS: Final = r"(?<![\d.])168\.63\.129\.16(?!\d|\.\d)"
# Ports on which the agent talks to the platform.
_PORTS: Final = (80, 32526)


def agent_endpoint_blocked(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT124: a command that shuts the agent off from the platform."""
    entry = model.entry(extension)
    heads = {"commandtoexecute", *_heads(() if entry is None else entry.commands)}
    for setting in settings_of(extension):
        if setting.name.lower() not in heads:
            continue
        for path, value in _below(setting.value, (setting.name,)):
            names = [step.lower() for step in path if isinstance(step, str)]
            command = names == ["commandtoexecute"] or (entry is not None and entry.is_command(path))
            text = _text(value) if command and isinstance(value, str | Text) else ""
            if _shuts_off(text) or _shuts_off(_decoded(text)):
                message = "the command blocks 168.63.129.16, which the machine's agent needs"
                if len(names) == 1:
                    yield setting.result(message)
                else:
                    yield from _at(extension, (setting.block, *path), message, key=True)
                break


def _text(value: str | Text) -> str:
    parts = (value,) if isinstance(value, str) else value.parts
    return "".join(part if isinstance(part, str) else " \0 " for part in parts)


_ENCODED: Final = r"[A-Za-z0-9+/\s]{16,}+={0,2}+\s*+"
_MAX_SCRIPT: Final = 262_144


def _decoded(text: str) -> str:
    """The script in a text that is base64, perhaps of gzip; empty for any other."""
    if len(text) > 2 * _MAX_SCRIPT or not re.fullmatch(_ENCODED, text):
        return ""
    from binascii import Error, a2b_base64

    try:
        content = a2b_base64(text)
    except Error:
        return ""
    if content[:2] == b"\x1f\x8b":
        import zlib

        try:
            content = zlib.decompressobj(wbits=31).decompress(content, _MAX_SCRIPT)
        except zlib.error:
            return ""
    return content.decode("utf-8", "replace")


def _shuts_off(text: str) -> bool:
    if _AGENT not in text:
        return False
    about = [words for words in map(_uncommented, re.split(r"[;\n\r|]|&&?", text)) if _names_agent(words)]
    folded = [{word.strip("'\"(),").lower() for word in words} for words in about]
    if any(words & _ALLOWING for words in folded):
        # What is blocked after an exception for the agent may well be meant.
        return False
    return any(map(_blocks, about, folded))


_ALLOWING: Final = frozenset({"accept", "allow", "action=allow", "return"})
_TABLES: Final = frozenset({"iptables", "/sbin/iptables", "/usr/sbin/iptables", "nft", "firewall-cmd"})


_SILENT: Final = frozenset({"echo", "rem", "::", "printf", "write-host", "write-output"})


def _uncommented(command: str) -> list[str]:
    words = command.split()
    return words[: next((at for at, word in enumerate(words) if word.startswith("#")), None)]


def _names_agent(words: list[str]) -> bool:
    return any(re.search(_ADDRESS, word) for word in words) and words[0].lower() not in _SILENT


def _is_agents(ports: str) -> bool:
    """Whether a list of ports or ranges of ports surely has one of the agent's."""
    for part in ports.strip("{}").split(","):
        ends = re.split("[:-]", part)
        if all(end.isdecimal() for end in ends) and any(int(ends[0]) <= p <= int(ends[-1]) for p in _PORTS):
            return True
    return False


def _blocks(words: list[str], folded: set[str]) -> bool:
    """Whether one command, given as it is written and as lower-cased words, blocks the way out."""
    if folded & _TABLES:
        # A rule that is taken away, turned around, or for some users only.
        if {"-D", "--delete", "!"} & set(words) or folded & {"delete", "owner", "--remove-rule", "skuid"}:
            return False
        if any(not _is_agents(port) for word, port in pairwise(words) if word.lower().endswith("dport")):
            return False
        return bool(folded & {"output", "input"}) and bool(folded & {"drop", "reject"})
    if "ufw" in folded:
        return "out" in folded and bool(folded & {"deny", "reject"}) and "delete" not in folded
    if "netsh" in folded:
        return {"action=block", "dir=out"} <= folded and "delete" not in folded
    if "new-netfirewallrule" in folded:
        return {"block", "outbound"} <= folded
    if "ip" in folded:
        return (
            "route" in folded
            and bool(folded & {"blackhole", "prohibit", "unreachable"})
            and "del" not in folded
        )
    return False
