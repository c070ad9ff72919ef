"""The fixes that checks offer: what to change so that a finding is gone, and whether that is safe.

Each function gives None where the right change is not certain, or cannot be made at the place. Fixes
that guess, or after which someone may miss what was there, are not safe.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from armlint import edit
from armlint.jsontext import Kind, Member

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from armlint.arm.catalogue import Entry
    from armlint.arm.extension import Extension
    from armlint.arm.graph import Graph
    from armlint.arm.model import Model
    from armlint.arm.template import Resource
    from armlint.edit import Edit, Fix, Json
    from armlint.jsontext import Document, Node, Problem

_PROTECTED: Final = "protectedSettings"


def make_protected(extension: Extension, setting: Member, model: Model) -> Fix | None:
    """Move a setting from `settings` to `protectedSettings`, which is made where it is missing.

    Safe where the handler is known to take the setting there, nothing else uses what is moved, and the
    protected settings do not come from a key vault.
    """
    holder, public = extension.holder, extension.member("settings")
    if holder is None or public is None or extension.document is not model.document:
        return None
    path = _path(setting, public.value)
    looped = any(name[:1] == "[" or name.lower() == "copy" for name in path)
    if not path or looped:
        return None
    entry = model.entry(extension)
    if entry is not None and entry.is_public_only(path):
        return None
    inside = extension.node.start <= holder.start and holder.end <= extension.node.end
    vault = holder.get("protectedSettingsFromKeyVault") is not None
    safe = inside and not vault and entry is not None and _taken(path, entry)
    return model.remember(
        f"move {setting.start}",
        lambda: edit.fix(
            f"Move '{'.'.join(path)}' to protectedSettings",
            _moved(model.document.source.text, setting, holder, path),
            safe=safe,
        ),
    )


def _path(member: Member, top: Node) -> tuple[str, ...]:
    """The names that lead from an object to a member in it; none where an array lies between."""
    names: list[str] = []
    node: Node | None = member.value
    while node is not None and node is not top:
        if node.member is None:
            return ()
        names.append(node.member.name)
        node = node.parent
    return tuple(reversed(names)) if node is top else ()


def _moved(text: str, setting: Member, holder: Node, path: Sequence[str]) -> Sequence[Edit]:
    public = setting.value.parent
    to, under = holder, (_PROTECTED, *path[:-1])
    while under and (block := to.get(under[0])) is not None:
        to, under = block, under[1:]
    if public is None or public.member is None or len(public.members) != 1 or len(path) > 1:
        return edit.move(text, setting, to, under=under)
    if under:
        return edit.rename(public.member, _PROTECTED)
    moved = edit.move(text, setting, to)
    if moved and not _has_comments(text, public, setting):
        # Nothing would be left of the public block.
        put = [each for each in moved if not public.start <= each.start < public.end]
        together = sorted((*edit.remove(text, public), *put))
        if all(one.end <= other.start for one, other in pairwise(together)):
            return together
    return moved


def _has_comments(text: str, container: Node, only: Member) -> bool:
    """Whether there is more in an object than its only member with its own comments, a comma and blanks."""
    around = text[container.start + 1 : only.start] + text[only.value.end : container.end - 1]
    own = sum(end - start for start, end in edit.comments_of(text, only.value))
    return len("".join(around.split())) > own + around.count(",")


def _taken(path: Sequence[str], entry: Entry) -> bool:
    """Whether a handler is documented to take a setting from `protectedSettings`."""
    if entry.trust != "documented":
        return False
    known = (entry.protected_schema or {}).get("properties", {})
    return entry.is_protected_only(path) or (
        len(path) == 1 and path[0].lower() in {key.lower() for key in known}
    )


def protect_leak(place: Node | Member, model: Model) -> Fix | None:
    """The fix of a secret in public settings, given the place in them that holds it."""
    node: Node | None = place.value if isinstance(place, Member) else place
    blocks = model.remember("public settings", lambda: _public_settings(model))
    while node is not None and node.parent is not None:
        extension = blocks.get(id(node.parent))
        if extension is not None:
            return None if node.member is None else make_protected(extension, node.member, model)
        node = node.parent
    return None


def _public_settings(model: Model) -> dict[int, Extension]:
    """The extensions of a file by their public settings, where these are written out."""
    found: dict[int, Extension] = {}
    for extension in model.extensions:
        public = extension.member("settings")
        if public is not None and public.value.kind == "object" and extension.document is model.document:
            found.setdefault(id(public.value), extension)
    return found


def remove_public(public: Member, protected: Node, model: Model) -> Fix | None:
    """Remove a setting from `settings` that stands in `protectedSettings` too; safe where both are alike."""
    text, block = model.document.source.text, public.value.parent
    if block is None or block.kind != "object":
        return None
    around = text[block.start + 1 : public.start] + text[public.value.end : block.end - 1]
    alone = len(block.members) == 1 and not around.strip(" \t\r\n,")
    same = text[public.value.start : public.value.end] == text[protected.start : protected.end]
    edits = edit.remove(text, block if alone and block.member is not None else public.value)
    return edit.fix(f"Remove the public '{public.name}'", edits, safe=same)


def remove_member(member: Member, model: Model, *, safe: bool) -> Fix | None:
    """Remove a member that does not belong where it stands."""
    return edit.fix(
        f"Remove '{member.name}'", edit.remove(model.document.source.text, member.value), safe=safe
    )


def mend_version(extension: Extension, model: Model) -> Fix | None:
    """Write a version as text of the form `major.minor`.

    A number is written as it stands, which is safe unless zeros at its end were lost on the way; a
    whole number gets `.0`, and `latest` or a wildcard becomes the version that the catalogue knows.
    """
    member = extension.member("typeHandlerVersion")
    if member is None:
        return None
    text, node = model.document.source.text, member.value
    written = text[node.start : node.end] if node.kind == "number" else str(node.value).strip()
    safe = False
    if _is_version(written):
        wanted: str | None = written
        safe = node.kind == "number" and not written.endswith("0")
    elif written.isascii() and written.isdecimal():
        wanted = f"{written}.0"
    elif written.lower() in {"latest", "*", "*.*"}:
        wanted = known_version(extension, model)
    else:
        return None
    if wanted is None or node.kind not in {"string", "number"}:
        return None
    return edit.fix(f'Set typeHandlerVersion to "{wanted}"', edit.replace(text, node, wanted), safe=safe)


def _is_version(text: str) -> bool:
    major, dot, minor = text.partition(".")
    return bool(dot) and text.isascii() and major.isdecimal() and minor.isdecimal()


def known_version(extension: Extension, model: Model) -> str | None:
    """The version that the catalogue knows of the handler of an extension."""
    entry = model.entry(extension)
    return None if entry is None else entry.version


def exchange_handler(extension: Extension, entry: Entry, model: Model) -> Fix | None:
    """Put the successor of a handler in its place, where it takes the same settings.

    Not safe: on a machine that has the old extension, Azure refuses another one of the same name.
    """
    instead = entry.replacement
    if instead is None or not instead.drop_in or model.catalogue is None:
        return None
    if instead.publisher is None or instead.type is None or instead.version is None:
        return None
    successor = model.catalogue.lookup(instead.publisher, instead.type)
    if successor is None or not _takes_all(extension, successor):
        return None
    wanted = {"publisher": instead.publisher, "type": instead.type, "typeHandlerVersion": instead.version}
    members = {name: extension.member(name) for name in wanted}
    text = model.document.source.text
    edits = [
        edit.replace(text, member.value, wanted[name])
        for name, member in members.items()
        if member is not None and member.value.kind == "string"
    ]
    if len(edits) < len(wanted):
        return None
    return edit.fix(f"Use {instead.publisher}/{instead.type} {instead.version}", *edits, safe=False)


def _takes_all(extension: Extension, successor: Entry) -> bool:
    """Whether a handler takes all settings of an extension, as far as they are written out."""
    if successor.unknown_settings != "rejected":
        return True
    schemas = {"settings": successor.settings_schema, _PROTECTED: successor.protected_schema}
    for block, schema in schemas.items():
        member = extension.member(block)
        known = {name.lower() for name in (schema or {}).get("properties", {})}
        if member is not None and any(each.name.lower() not in known for each in member.value.members):
            return False
    return True


_SECURE: Final = {"string": "securestring", "object": "secureObject"}


def make_secure(declared: Node, what: str, model: Model) -> Fix | None:
    """Give a parameter or an output a secure type. Not safe: who passes or reads it may have to change."""
    node = declared.get("type")
    if node is None or not isinstance(node.value, str):
        return None
    wanted = "SecureString" if node.value == "String" else _SECURE.get(node.value.lower())
    if wanted is None:
        return None
    edits = edit.replace(model.document.source.text, node, wanted)
    return edit.fix(f"Make {what} a {wanted}", edits, safe=False)


def secure_output(place: Node | Member, model: Model) -> Fix | None:
    """The fix of a secret in an output, given the place in it that holds it."""
    node: Node | None = place.value if isinstance(place, Member) else place
    while node is not None and node.parent is not None:
        section = node.parent.member
        if section is not None and section.name.lower() == "outputs" and node.member is not None:
            return make_secure(node, f"output '{node.member.name}'", model)
        node = node.parent
    return None


def remove_debug(node: Node, model: Model) -> Fix | None:
    """Remove the debug setting of a deployment, given the node that switches it on."""
    while node.member is None or node.member.name.lower() != "debugsetting":
        if node.parent is None:
            return None
        node = node.parent
    return remove_member(node.member, model, safe=True)


def wait_for(resource: Resource, owner: Resource, graph: Graph, model: Model) -> Fix | None:
    """Make a resource wait for its parent, in the words in which the template does so elsewhere."""
    entry = _dependency(resource, owner, graph, model)
    if entry is None:
        return None
    text = model.document.source.text
    member = resource.node.member_named("dependsOn")
    if member is not None:
        edits = edit.insert_item(text, member.value, entry)
    else:
        members = resource.node.members
        names = [each.name.lower() for each in members]
        place = names.index("properties") if "properties" in names else len(names)
        after = members[place - 1] if place else None
        edits = edit.insert_member(text, resource.node, "dependsOn", [entry], after=after)
    return edit.fix(f"Wait for '{owner.label()}'", edits, safe=True)


def _dependency(resource: Resource, owner: Resource, graph: Graph, model: Model) -> str | None:
    """An entry of `dependsOn` that surely means a resource; None where it cannot be told."""
    if owner.symbol is not None:
        return owner.symbol.name
    if owner.copy is not None:
        # Of the copies it is the loop that is waited for.
        name = owner.copy.get("name")
        literal = name is not None and isinstance(name.value, str) and name.value[:1] != "["
        return str(name.value) if name is not None and literal and resource.parent is not owner else None
    entries: dict[int, str] = model.remember(f"entries {id(graph)}", lambda: _used_entries(graph))
    used = entries.get(id(owner))
    if used is not None:
        return used
    name = owner.node.get("name")
    if owner.type is None or name is None or not isinstance(name.value, str) or owner.loop is not None:
        return None
    written, kinds = name.value, owner.type.count("/")
    if not written.startswith("["):
        segments = written.split("/")
        full = owner.name.split("/") if isinstance(owner.name, str) else segments
        if len(full) != kinds or any("'" in each for each in full):
            return None
        names = ", ".join(f"'{each}'" for each in full)
    elif written.startswith("[[") or not written.endswith("]") or kinds != 1:
        return None
    else:
        names = written[1:-1].strip()
    return f"[resourceId('{owner.type}', {names})]"


def _used_entries(graph: Graph) -> dict[int, str]:
    """The words in which each resource of a template is waited for: the first that surely mean it."""
    found: dict[int, str] = {}
    for edge in (edge for edges in graph.edges for edge in edges if edge.sure and not edge.implicit):
        place = edge.place
        text = None if isinstance(place, Member) or edge.span != place.span else place.value
        if isinstance(text, str) and "copyindex" not in text.lower():
            found.setdefault(id(graph.resources[edge.target]), text)
    return found


def remove_duplicate(problem: Problem, document: Document) -> Fix | None:
    """Remove the first of two members of one name, which Azure does not look at.

    Safe where both are written alike.
    """
    if problem.related is None:
        return None
    first, second = (_member_at(document, span.start) for span in (problem.related, problem.span))
    if first is None or second is None:
        return None
    text = document.source.text
    same = first.name == second.name and (
        text[first.value.start : first.value.end] == text[second.value.start : second.value.end]
    )
    return edit.fix(f"Remove the first '{first.name}'", edit.remove(text, first.value), safe=same)


def _member_at(document: Document, offset: int) -> Member | None:
    """The member whose key starts at an offset."""
    node = document.root
    while node is not None:
        children = node.items or [member.value for member in node.members]
        starts = [child.start if child.member is None else child.member.start for child in children]
        index = bisect_right(starts, offset) - 1
        node = children[index] if index >= 0 else None
        if node is not None and node.member is not None and node.member.start == offset:
            return node.member
    return None


def remove_trailing_commas(document: Document) -> Fix | None:
    """Remove the commas before closing brackets."""
    spans = [problem.span for problem in document.problems if problem.kind == Kind.TRAILING_COMMA]
    text = document.source.text
    edits = [edit.Edit(*span, "") for span in spans if text[span.start : span.end] == ","]
    return edit.fix("Remove the trailing commas", edits, safe=True)


def convert(node: Node, wanted: str, model: Model) -> Fix | None:
    """Write a literal as a value of another type, where it can only mean one."""
    value: Any = node.value
    made: Json = None
    if wanted == "int" and isinstance(value, str) and _is_int(value):
        made = int(value)
    elif wanted == "bool" and isinstance(value, str) and value.lower() in {"true", "false"}:
        made = value.lower() == "true"
    elif wanted in {"string", "securestring"} and node.kind in {"number", "boolean"}:
        made = model.document.source.text[node.start : node.end]
    elif wanted in {"object", "secureobject"} and node.kind == "array" and not node.items:
        made = {}
    elif wanted == "array" and node.kind == "object" and not node.members:
        made = []
    else:
        return None
    return edit.fix(f"Write it as {wanted}", edit.replace(model.document.source.text, node, made), safe=True)


def _is_int(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdecimal() and len(digits) <= 18 and str(int(text)) == text  # noqa: PLR2004


def evaluate_inside(node: Node, nested: Node, model: Model) -> Fix | None:
    """Evaluate a nested template in its own scope, where it reads no names of the template around it."""
    for below in nested.walk():
        for text in (below.value, below.key):
            folded = text.lower() if isinstance(text, str) else ""
            if folded[:1] == "[" and ("parameters" in folded or "variables" in folded):
                return None
    edits = edit.replace(model.document.source.text, node, "inner")
    return edit.fix("Evaluate it in inner scope", edits, safe=False)


def declared(table: Mapping[str, Any], top: Node, model: Model, extension: Extension | None) -> Fix | None:
    """The fix that a rule fence declares: `set` a member to a `value`, or `remove` it.

    Paths are from what the rule looks at. `after` names the member that a new one is put behind. In
    `value`, `{knownVersion}` stands for the version that the catalogue knows.
    """
    text, safe = model.document.source.text, table.get("safe") is True
    path = [name for name in str(table.get("set") or table.get("remove")).split(".") if name]
    if "remove" in table:
        node = top.at(*path)
        member = None if node is None else node.member
        return None if member is None else remove_member(member, model, safe=safe)
    value: Json = table["value"]
    if value == "{knownVersion}":
        value = None if extension is None else known_version(extension, model)
        if value is None:
            return None
    title = f"Set {'.'.join(path)} to {edit.written(value)}"
    return edit.fix(title, _set(text, top, path, value, str(table.get("after", ""))), safe=safe)


def _set(text: str, top: Node, path: Sequence[str], value: Json, after: str) -> Iterable[Edit]:
    current = top
    for position, name in enumerate(path):
        found = current.get(name)
        if found is None:
            for inner in reversed(path[position + 1 :]):
                value = {inner: value}
            return edit.insert_member(text, current, name, value, after=current.member_named(after))
        current = found
    return edit.replace(text, current, value)
