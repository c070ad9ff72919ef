"""Laws: what makes no difference to Azure makes none to armlint.

Each law rewrites a text into another one that means the same and knows how the places of the new text are
called in the old one. The findings must then be the same, in the same places. The laws are tried on generated
templates, on every example of the rules' pages and on the corpus.

The generated templates come with a list of the faults that were put into them, so they also say what must
be found, and that nothing else is.
"""

from __future__ import annotations

import functools
import json
import random
import re
import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import armlint
from armlint import page as pages
from armlint import run
from armlint.files import Text, names_a_schema
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from armlint.registry import Registry
    from armlint.report import Entry

    Law = Callable[[str, random.Random], "Changed | None"]

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
# Larger files take long and say nothing that smaller ones do not.
LARGEST = 100_000


@pytest.fixture(scope="module", autouse=True)
def _pages_read_once() -> Iterator[None]:
    """Reading the rules' pages again for each of thousands of small texts would be most of the time."""

    @functools.cache
    def load() -> Registry:
        return reading()

    reading = run.load_rules
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "load_rules", load)
        yield


# ---------------------------------------------------------------------------------------------- trees


class Raw(str):
    """A number as written, so that writing it again changes nothing."""

    __slots__ = ()


class Pairs(list[Any]):
    """The members of an object, in order, each name as often as it stands there."""


class Node:
    """A JSON value that remembers where it stood in the text it was read from.

    `content` is a scalar, a list of nodes, or `Members` of an object.
    """

    __slots__ = ("content", "origin")

    def __init__(self, content: Any, origin: str | None = None) -> None:
        self.content = content
        self.origin = origin

    @property
    def members(self) -> Members:
        return self.content if isinstance(self.content, Members) else Members()

    @property
    def items(self) -> list[Node]:
        return self.content if type(self.content) is list else []

    @property
    def text(self) -> str:
        """The string that this is; empty for all else."""
        return self.content if type(self.content) is str else ""

    def get(self, name: str) -> Node | None:
        found = [value for key, value in self.members if key.lower() == name.lower()]
        return found[-1] if found else None

    def at(self, *path: str) -> Node | None:
        node: Node | None = self
        for name in path:
            node = None if node is None else node.get(name)
        return node

    def put(self, name: str, value: Node) -> None:
        """Set a member, in its place where there is one already."""
        for index, (key, _) in enumerate(self.members):
            if key.lower() == name.lower():
                self.members[index] = (key, value)
                return
        self.members.append((name, value))

    def walk(self) -> Iterator[Node]:
        yield self
        for child in [*self.items, *(value for _, value in self.members)]:
            yield from child.walk()


class Members(list[tuple[str, Node]]):
    """The members of an object."""


LEXEME = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\r\n]*|/\*.*?\*/|[{}\[\],:]|[^\s{}\[\],:"/]+|\s+', re.DOTALL)


def lexemes(text: str) -> list[str] | None:
    """The text in pieces, blanks left out; None for what is no JSON from afar."""
    pieces = LEXEME.findall(text)
    return [piece for piece in pieces if not piece.isspace()] if "".join(pieces) == text else None


def is_comment(piece: str) -> bool:
    return piece.startswith(("//", "/*"))


def parse(text: str) -> Node | None:
    """The tree of a text, comments and trailing commas forgiven; None for what is no JSON."""
    pieces = [piece for piece in lexemes(text.removeprefix("\ufeff")) or () if not is_comment(piece)]
    kept = [
        piece
        for piece, after in zip(pieces, [*pieces[1:], ""], strict=True)
        if not (piece == "," and after in {"}", "]"})
    ]
    try:
        value = json.loads(
            " ".join(kept),
            strict=False,
            object_pairs_hook=Pairs,
            parse_int=Raw,
            parse_float=Raw,
            parse_constant=Raw,
        )
    except (ValueError, RecursionError):
        return None
    return tree(value, "")


def tree(value: Any, pointer: str | None) -> Node:
    """A value as a tree; `pointer` is where it stands, None for what is new."""

    def below(name: str | int) -> str | None:
        return None if pointer is None else f"{pointer}/{escaped(str(name))}"

    if isinstance(value, dict):
        value = Pairs(value.items())
    if isinstance(value, Pairs):
        return Node(Members((key, tree(item, below(key))) for key, item in value), pointer)
    if isinstance(value, list):
        return Node([tree(item, below(index)) for index, item in enumerate(value)], pointer)
    return Node(value, pointer)


def escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def written(node: Node, quoted: Callable[[str], str] = json.dumps, indent: str = "") -> str:
    inner = f"{indent}  "
    if isinstance(node.content, Raw):
        return str(node.content)
    if isinstance(node.content, str):
        return quoted(node.content)
    if not isinstance(node.content, list):
        return json.dumps(node.content)
    if isinstance(node.content, Members):
        parts = [f"{quoted(key)}: {written(value, quoted, inner)}" for key, value in node.members]
        ends = "{}"
    else:
        parts = [written(item, quoted, inner) for item in node.items]
        ends = "[]"
    body = ",\n".join(f"{inner}{part}" for part in parts)
    return f"{ends[0]}\n{body}\n{indent}{ends[1]}" if parts else ends


def way_back(root: Node) -> Callable[[str], str]:
    """What turns the pointer of a place in the new tree into that of the old one."""
    origins: dict[str, str | None] = {}

    def note(node: Node, pointer: str) -> None:
        origins[pointer] = node.origin
        for index, item in enumerate(node.items):
            note(item, f"{pointer}/{index}")
        for key, value in node.members:
            note(value, f"{pointer}/{escaped(key)}")

    note(root, "")

    def back(pointer: str) -> str:
        origin = origins.get(pointer)
        return f"new:{pointer}" if origin is None else origin

    return back


# ----------------------------------------------------------------------------------------------- laws


def to_the_letter(entry: Entry) -> Hashable:
    return entry.rule, entry.pointer, entry.message


def by_place(entry: Entry) -> Hashable:
    return entry.rule, entry.pointer


def by_place_but_for_order(entry: Entry) -> Hashable:
    """As `by_place`, for changes of order, with which some places move.

    A ring is the same ring wherever it is entered. Of two things that exclude each other the second is
    shown, and of several ways by which secrets leave through one deployment the first.
    """
    if entry.rule in {"DEP301", "DEP302", "EXP407"}:
        return entry.rule, frozenset(entry.message.partition(": ")[2].split(" → "))
    return entry.rule if entry.rule in {"EXT110", "EXT115", "SEC203"} else by_place(entry)


def unmoved(pointer: str) -> str:
    return pointer


class Selection(NamedTuple):
    """Rules to run."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


EVERYTHING = Selection()
SECRETS = Selection(select=("SEC",))
NOT_SECRETS = Selection(ignore=("SEC",))


class Changed(NamedTuple):
    """A text that means the same as another one, and how to compare what is found in the two.

    `back` turns pointers of this text into the other's, `forth` those of the other into what they become;
    `same` says what is compared, `judged` of which rules; `times` how often each finding occurs. `runs` are
    the selections of rules that are run by themselves, since a graver finding hides lesser ones in its place.
    """

    text: str
    back: Callable[[str], str] = unmoved
    same: Callable[[Entry], Hashable] = by_place
    judged: Callable[[str], bool] = bool
    forth: Callable[[str], str] = unmoved
    times: int = 1
    runs: tuple[Selection, ...] = (EVERYTHING,)


def rewritten(root: Node, **how: Any) -> Changed:
    return Changed(written(root), way_back(root), **how)


def relaid(text: str, gap: Callable[[], str], before_closing: Callable[[], str] = str) -> Changed | None:
    """The text with what `gap` gives between its pieces."""
    pieces = lexemes(text.removeprefix("\ufeff"))
    if not pieces:
        return None
    made = [gap()]
    last = ""
    for piece in pieces:
        if piece in {"}", "]"} and last not in {"{", "[", ",", ""}:
            made.append(before_closing())
        made += [piece, "\n" if piece.startswith("//") else "", gap()]
        last = last if is_comment(piece) else piece
    return Changed("".join(made), same=to_the_letter)


def minified(text: str, _: random.Random) -> Changed | None:
    return relaid(text, str)


def indented_anyhow(text: str, rng: random.Random) -> Changed | None:
    return relaid(text, lambda: rng.choice(["", " ", "\n", "\t", "\r\n  ", " \n \n "]))


def commented(text: str, rng: random.Random) -> Changed | None:
    notes = ["", "", "// note\n", "/* a note */", '// "x": {\n', "/* over\n two lines // */", "/**/"]
    return relaid(text, lambda: rng.choice(notes))


def with_trailing_commas(text: str, rng: random.Random) -> Changed | None:
    return relaid(text, lambda: " ", lambda: rng.choice([",", ""]))


def with_other_line_ends(text: str, _: random.Random) -> Changed:
    plain = text.replace("\r\n", "\n")
    return Changed(plain if plain != text else text.replace("\n", "\r\n"), same=to_the_letter)


def with_byte_order_mark(text: str, _: random.Random) -> Changed:
    unmarked = text.removeprefix("\ufeff")
    return Changed(f"\ufeff{text}" if unmarked == text else unmarked, same=to_the_letter)


def with_characters_escaped(text: str, rng: random.Random) -> Changed | None:
    root = parse(text)
    if root is None:
        return None

    def quoted(value: str) -> str:
        units = value.encode("utf-16-be", "surrogatepass")
        pairs = [units[index : index + 2] for index in range(0, len(units), 2)]
        return '"{}"'.format(
            "".join(
                f"\\u{pair.hex()}"
                if rng.random() < 0.2 or not 32 <= int.from_bytes(pair) < 127 or pair[1:] in b'"\\'
                else chr(pair[1])
                for pair in pairs
            )
        )

    return Changed(written(root, quoted), same=to_the_letter)


def with_members_shuffled(text: str, rng: random.Random) -> Changed | None:
    root = parse(text)
    if root is None:
        return None
    for node in root.walk():
        names = {key.lower() for key, _ in node.members}
        # Of two members with one name the later counts, so their order means something.
        if len(names) == len(node.members):
            rng.shuffle(node.members)
    return rewritten(root, same=by_place_but_for_order)


def with_resources_shuffled(text: str, rng: random.Random) -> Changed | None:
    root = parse(text)
    if root is None:
        return None
    for node in root.walk():
        resources = node.get("resources")
        if resources is not None:
            rng.shuffle(resources.items)
    return rewritten(root, same=by_place_but_for_order)


WORD = re.compile(r"'(?:[^']|'')*'|[+-]?[\w$]+|\s+|.", re.DOTALL)


def is_expression(value: str) -> bool:
    return value[:1] == "[" and value[-1:] == "]" and value[:2] != "[["


def words(expression: str) -> list[str]:
    """The words of an expression, brackets and blanks left out."""
    return [word for word in WORD.findall(expression[1:-1]) if not word.isspace()]


def change_expressions(root: Node, change: Callable[[str], str]) -> None:
    """Change each string that may be an expression, names of members included."""
    for node in root.walk():
        if is_expression(node.text):
            node.content = change(node.text)
        for index, (key, value) in enumerate(node.members):
            if is_expression(key):
                node.members[index] = (change(key), value)


def with_blanks_in_expressions(text: str, rng: random.Random) -> Changed | None:
    root = parse(text)
    if root is None:
        return None

    def change(expression: str) -> str:
        return f"[{''.join(rng.choice(['', ' ', '  ']) + word for word in words(expression))}]"

    change_expressions(root, change)
    # The length of an expression has a limit, and blanks count.
    return rewritten(root, judged=lambda rule: rule != "ARM004")


def recased(text: str, rng: random.Random) -> str:
    return "".join(rng.choice([char.lower(), char.upper()]) if char.isascii() else char for char in text)


# What stands below these is the author's, or a handler's, not Azure's.
FREE = {"settings", "protectedsettings", "tags", "metadata"}
# Rules that tell the words of a name apart by its capital letters.
WORDY = {"SEC206", "SEC207", "SEC214", "SEC216", "SEC217", "UID706"}
# Values that Azure compares ignoring case.
CASELESS = {"type", "publisher", "scope", "name", "dependson", "provisionafterextensions"}


def expression_recased(value: str, rng: random.Random) -> str:
    original = words(value)
    made = list(original)
    for index, word in enumerate(original):
        named = original[max(index - 2, 0) : index] in (["parameters", "("], ["variables", "("])
        if not word.startswith("'") or named or word.startswith("'Microsoft."):
            made[index] = recased(word, rng)
    return f"[{''.join(made)}]"


def recase_below(node: Node, name: str, rng: random.Random) -> None:
    """Change the case of names in a value that stands under the name `name`."""
    for item in node.items:
        recase_below(item, name, rng)
    for index, (key, value) in enumerate(node.members):
        if key.lower() not in FREE:
            if name == "variables":
                # It may hold settings, whose names are a handler's.
                change_expressions(value, lambda text: expression_recased(text, rng))
            else:
                recase_below(value, key.lower(), rng)
            changed = expression_recased(key, rng) if is_expression(key) else recased(key, rng)
            node.members[index] = (changed, value)
    if is_expression(node.text):
        node.content = expression_recased(node.text, rng)
    elif node.text and name in CASELESS:
        node.content = recased(node.text, rng)


def with_names_in_another_case(text: str, rng: random.Random) -> Changed | None:
    root = parse(text)
    if root is None:
        return None
    recase_below(root, "", rng)
    return rewritten(root, judged=lambda rule: rule not in WORDY)


# Names that mean something to Azure or to rules.
MEANT = {"location", "_artifactslocation", "_artifactslocationsastoken"}


class Renamer:
    """Gives parameters and variables new names, with a prefix, so that a `password` still sounds like one."""

    def __init__(self, root: Node) -> None:
        copies = [copy for node in root.walk() if (copy := node.at("variables", "copy")) is not None]
        loops = [name.text.lower() for copy in copies for loop in copy.items if (name := loop.get("name"))]
        self.kept = {*MEANT, *loops, "copy"}
        self.computed = False

    def name(self, name: str) -> str:
        # Two underscores say that a parameter is not meant to be used.
        return (
            name if name.lower() in self.kept or name.startswith("__") else f"zq{name[:1].upper()}{name[1:]}"
        )

    def members(self, section: Node | None) -> None:
        if section is not None and isinstance(section.content, Members):
            section.content = Members((self.name(key), value) for key, value in section.members)

    def declared(self, template: Node) -> None:
        self.members(template.get("parameters"))
        self.members(template.get("variables"))
        groups = template.get("functions")
        for group in groups.items if groups is not None else ():
            functions = group.get("members")
            for _, function in functions.members if functions is not None else ():
                parameters = function.get("parameters")
                for parameter in parameters.items if parameters is not None else ():
                    self.value(parameter.get("name"))

    def value(self, node: Node | None) -> None:
        if node is not None:
            node.content = self.name(node.text)

    def expression(self, value: str) -> str:
        made = words(value)
        for index in range(len(made) - 2):
            if made[index].lower() in {"parameters", "variables"} and made[index + 1] == "(":
                if made[index + 2].startswith("'"):
                    made[index + 2] = f"'{self.name(made[index + 2][1:-1])}'"
                else:
                    self.computed = True
        return f"[{''.join(made)}]"


def with_parameters_and_variables_renamed(text: str, _: random.Random) -> Changed | None:
    root = parse(text)
    if root is None or root.get("resources") is None:
        # In forms for the portal and in requests, other things are called parameters.
        return None
    renamer = Renamer(root)
    change_expressions(root, renamer.expression)
    if renamer.computed:
        return None
    renamer.declared(root)
    for node in root.walk():
        kind = node.get("type")
        if kind is not None and kind.text.lower() == "microsoft.resources/deployments":
            renamer.members(node.at("properties", "parameters"))
            nested = node.at("properties", "template")
            if nested is not None:
                renamer.declared(nested)
    return rewritten(root)


def schema_named(root: Node) -> bool:
    schema = root.get("$schema")
    address = "" if schema is None else schema.text.lower()
    form = r"https?://[^/]+/schemas/[\d-]+(-preview)?/\w*deploymenttemplate\.json#?"
    return re.fullmatch(form, address) is not None


def deployment(name: str, scope: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": name,
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": scope},
            **properties,
        },
    }


def within_two_inner_deployments(text: str, _: random.Random) -> Changed | None:
    unmarked = text.removeprefix("\ufeff")
    root = parse(unmarked)
    if root is None or not schema_named(root) or root.get("resources") is None:
        return None
    section = root.get("parameters")
    declared = section.members if section is not None else Members()
    types = {key: kind.text for key, value in declared if (kind := value.get("type")) is not None}
    names = [key for key, _ in declared]
    # Azure's limit, which a template may reach by itself, and names that cannot be passed on.
    if len(names) > 256 or len({name.lower() for name in names}) < len(names):
        return None
    # Each parameter is passed on, so that its value stays as unknown as it was.
    passed = {name: {"value": f"[parameters('{quote(name)}')]"} for name in names}
    outer = {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {name: {"type": types.get(name, "string")} for name in names},
        "resources": [
            deployment("one", "inner", parameters=passed, template="@"),
            deployment("two", "inner", parameters=passed, template="@"),
        ],
    }

    def back(pointer: str) -> str:
        found = re.fullmatch(r"/resources/[01]/properties/template((?:/.*)?)", pointer, re.DOTALL)
        return f"new:{pointer}" if found is None else found[1]

    # What is passed is passed under the same names, plain or secure, and defaults no longer count.
    return Changed(
        json.dumps(outer).replace('"@"', unmarked),
        back,
        judged=lambda rule: not rule.startswith("TPL"),
        times=2,
        runs=(NOT_SECRETS,),
    )


# The sections that give names to what expressions use.
NAMES = ("parameters", "variables", "functions", "definitions")


def within_an_outer_deployment(text: str, _: random.Random) -> Changed | None:
    root = parse(text)
    if root is None or not schema_named(root):
        return None
    kept = {"$schema", "contentversion", "languageversion", *NAMES}
    outer = Members((key, value) for key, value in root.members if key.lower() in kept)
    inner = Members((key, value) for key, value in root.members if key.lower() not in kept)
    nested = tree(
        deployment("wrapped", "outer", template={"$schema": SCHEMA, "contentVersion": "1.0.0.0"}), None
    )
    template = nested.at("properties", "template")
    assert template is not None
    template.members.extend(inner)
    outer.append(("resources", Node([nested])))
    # What dependsOn means inside is another matter, and so is what secrets do there.
    return rewritten(Node(outer, ""), judged=lambda rule: rule[:3] in {"EXT", "EXP"}, runs=(NOT_SECRETS,))


def quote(name: str) -> str:
    return name.replace("'", "''")


def with_symbolic_names(text: str, _: random.Random) -> Changed | None:
    root = parse(text)
    resources = None if root is None else root.get("resources")
    if root is None or resources is None or not resources.items:
        return None
    if any(not isinstance(item.content, Members) for item in resources.items):
        return None
    kinds = [(node, kind.text.lower()) for node in root.walk() if (kind := node.get("type")) is not None]
    nested = [node for node, kind in kinds if kind == "microsoft.resources/deployments"]
    if any(node.at("properties", "expressionEvaluationOptions", "scope") is None for node in nested):
        # Without a word on it, symbolic names change the scope to inner.
        return None

    def convert(owner: Node, prefix: str) -> None:
        section = owner.get("resources")
        if section is None:
            return
        for index, item in enumerate(section.items):
            convert(item, f"{prefix}{index}x")
        members = Members((f"{prefix}{index}", item) for index, item in enumerate(section.items))
        section.content = members

    convert(root, "res")
    root.put("languageVersion", Node("2.0"))
    # What dependsOn accepts is another matter in this version.
    return rewritten(root, judged=lambda rule: rule.startswith(("EXT", "EXP", "ARM")))


# Members of an extension that a variable may hold as well.
HOISTED = (
    "publisher",
    "type",
    "typeHandlerVersion",
    "autoUpgradeMinorVersion",
    "enableAutomaticUpgrade",
    "settings",
    "protectedSettings",
    "protectedSettingsFromKeyVault",
)


def holders(root: Node) -> Iterator[Node]:
    """The objects of the template that say which handler an extension has, nested templates' left out."""

    def of_resource(resource: Node) -> Iterator[Node | None]:
        yield resource.get("properties")
        for path in (("virtualMachineProfile", "extensionProfile", "extensions"), ("vmExtensions",)):
            profile = resource.at("properties", *path)
            yield from (item.get("properties") for item in (profile.items if profile is not None else ()))
        children = resource.get("resources")
        for child in children.items if children is not None else ():
            yield from of_resource(child)

    resources = root.get("resources")
    for resource in resources.items if resources is not None else ():
        for holder in of_resource(resource):
            if holder is not None and holder.get("publisher") is not None:
                yield holder


def with_values_moved_to_variables(text: str, rng: random.Random) -> Changed | None:
    root = parse(text)
    if root is None:
        return None
    variables = root.get("variables") or tree({}, None)
    if not isinstance(variables.content, Members):
        return None
    moved: list[str] = []
    for holder in list(holders(root)):
        members = [member for name in HOISTED if (member := holder.get(name)) and rng.random() < 0.6]
        # All of the properties now and then, but for an order, which must be written where it applies.
        whole = rng.random() < 0.2 and holder.get("provisionAfterExtensions") is None
        for member in [holder] if whole else members:
            if any(re.search(r"copyindex|reference|list", each.text.lower()) for each in member.walk()):
                # A variable cannot hold what is known in a loop or after deployment only.
                continue
            if member.content is None:
                continue
            variable = f"hoisted{len(moved)}"
            variables.members.append((variable, Node(member.content, member.origin)))
            member.content = f"[variables('{variable}')]"
            moved.append(str(member.origin))
    if not moved:
        return None
    root.put("variables", variables)

    # What was found inside a value that moved is now found at the member that takes it.
    def outermost(pointer: str) -> str:
        return next((top for top in moved if pointer == top or pointer.startswith(f"{top}/")), pointer)

    back = way_back(root)
    return Changed(
        written(root), lambda pointer: outermost(back(pointer)), forth=outermost, runs=(NOT_SECRETS, SECRETS)
    )


def with_literals_computed(text: str, rng: random.Random) -> Changed | None:
    root = parse(text)
    if root is None:
        return None
    changed = False
    for holder in holders(root):
        for name in HOISTED:
            member = holder.get(name)
            if member is None:
                continue
            if isinstance(member.content, bool):
                yes, no = rng.choice([("[true()]", "[false()]"), ("[equals(1, 1)]", "[equals('a', 'b')]")])
                member.content = yes if member.content else no
            elif member.text and not member.text.startswith("["):
                middle = rng.randrange(len(member.text) + 1)
                first, second = quote(member.text[:middle]), quote(member.text[middle:])
                ways = [f"[concat('{first}', '{second}')]", f"[format('{{0}}{{1}}', '{first}', '{second}')]"]
                member.content = rng.choice(ways)
            else:
                continue
            changed = True
    return rewritten(root) if changed else None


def with_something_unrelated_added(text: str, _: random.Random) -> Changed | None:
    root = parse(text)
    resources = None if root is None else root.get("resources")
    if root is None or resources is None or not isinstance(resources.content, list):
        return None
    account = {
        "type": "Microsoft.Storage/storageAccounts",
        "apiVersion": "2023-05-01",
        "name": "zqunrelated",
        "location": "[resourceGroup().location]",
        "sku": {"name": "Standard_LRS"},
        "kind": "StorageV2",
    }
    added = tree(account, None)
    if isinstance(resources.content, Members):
        resources.members.append(("zqUnrelated", added))
    else:
        resources.items.append(added)
    # One resource more may be one too many.
    return rewritten(root, judged=lambda rule: rule != "ARM004")


LAWS: dict[str, Law] = {
    law.__name__: law
    for law in (
        minified,
        indented_anyhow,
        commented,
        with_trailing_commas,
        with_other_line_ends,
        with_byte_order_mark,
        with_characters_escaped,
        with_members_shuffled,
        with_resources_shuffled,
        with_blanks_in_expressions,
        with_names_in_another_case,
        with_parameters_and_variables_renamed,
        within_two_inner_deployments,
        within_an_outer_deployment,
        with_symbolic_names,
        with_values_moved_to_variables,
        with_literals_computed,
        with_something_unrelated_added,
    )
}
every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)


@functools.lru_cache(maxsize=3000)
def found(text: str, selection: Selection) -> tuple[Entry, ...]:
    return armlint.check(text, select=selection.select, ignore=selection.ignore)


def complaint(law: Law, text: str, rng: random.Random) -> str | None:
    """What is wrong where a law is broken; empty where it holds, None where it says nothing of the text."""
    if any(entry.rule == "ARM001" for entry in found(text, EVERYTHING)):
        return None
    if "armlint:" in text:
        # Comments that armlint obeys are lost where a text is written anew.
        return None
    changed = law(text, rng)
    if changed is None or changed.text == text:
        return None

    def judged(entries: tuple[Entry, ...], pointer: Callable[[str], str]) -> Counter[Hashable]:
        placed = (replace(entry, pointer=pointer(entry.pointer)) for entry in entries)
        return Counter(changed.same(entry) for entry in placed if changed.judged(entry.rule))

    for selection in changed.runs:
        expected = judged(found(text, selection) * changed.times, changed.forth)
        got = judged(armlint.check(changed.text, **selection._asdict()), changed.back)
        if expected != got:
            return f"lost: {dict(expected - got)}\nnew: {dict(got - expected)}\n{changed.text}"
    return ""


# ------------------------------------------------------------------------------------------ templates


class Draft(NamedTuple):
    """A template as text, and what is wrong with it: rule and pointer of each fault.

    Of the faults that are `unsure`, armlint may speak or not.
    """

    text: str
    faults: tuple[tuple[str, str], ...]
    unsure: set[tuple[str, str]]

    def __repr__(self) -> str:
        return f"{self.faults}\n{self.text}"


class Machine(NamedTuple):
    """A machine to be: how expressions call it, and its copy loop if it has one."""

    call: str
    copy: dict[str, Any] | None

    @property
    def looped(self) -> dict[str, Any]:
        return {} if self.copy is None else {"copy": {**self.copy, "name": f"{self.copy['name']}2"}}


VM = "Microsoft.Compute/virtualMachines"
NIC = "Microsoft.Network/networkInterfaces"
VMSS = "Microsoft.Compute/virtualMachineScaleSets"
ARC = "Microsoft.HybridCompute/machines"
DEPLOYMENTS = "Microsoft.Resources/deployments"

HANDLERS = (
    ("Microsoft.Azure.Extensions", "CustomScript", "2.1"),
    ("Microsoft.Compute", "CustomScriptExtension", "1.10"),
    ("Microsoft.Azure.Monitor", "AzureMonitorLinuxAgent", "1.33"),
    ("Contoso.Tools", "Agent", "3.0"),
)
SIZED = "[concat('sh ', variables('size'))]"
ABSENT = object()
# The rules whose faults are planted. Others may have more to say of such a template.
PLANTED = (
    "ARM001", "ARM002", "ARM004", "ARM005",
    "DEP301", "DEP302", "DEP303", "DEP304", "DEP305",
    "EXP401", "EXP404", "EXP405", "EXP407",
    "EXT101", "EXT102", "EXT103", "EXT105", "EXT108",
)  # fmt: skip


class Drafter:
    """Builds a random but plausible template, with faults, some of the time."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.parameters: dict[str, Any] = {
            "prefix": {"type": "string"},
            "location": {"type": "string", "defaultValue": "[resourceGroup().location]"},
            "adminPassword": {"type": "securestring"},
        }
        self.variables: dict[str, Any] = {"size": "Standard_B2s", "noUpgrade": False}
        self.resources: list[dict[str, Any]] = []
        # Faults are noted with the very object they are in, since its pointer is known at the end only.
        self.noted: list[tuple[str, Any, tuple[str | int, ...]]] = []
        self.others = False

    def one_of(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def chance(self, one_in: int) -> bool:
        return self.draw(st.integers(1, one_in)) == one_in

    def fault(self, rule: str, within: Any, *path: str | int) -> None:
        self.noted.append((rule, within, path))

    def machine(self, number: int) -> Machine:
        """A name, in one of the ways in which authors make names."""
        way = self.one_of("literal", "variable", "parameter", "computed", "looped")
        if way == "literal":
            return Machine(f"'web{number}'", None)
        if way == "variable":
            self.variables[f"machine{number}"] = self.one_of(
                f"web{number}", f"[concat(parameters('prefix'), '-{number}')]"
            )
            return Machine(f"variables('machine{number}')", None)
        if way == "parameter":
            self.parameters[f"machine{number}"] = {"type": "string"}
            return Machine(f"parameters('machine{number}')", None)
        if way == "computed":
            return Machine(f"format('{{0}}-{number}', parameters('prefix'))", None)
        copy = {"name": f"loop{number}", "count": self.one_of(2, "[length(createArray('a', 'b'))]")}
        return Machine(f"concat(parameters('prefix'), '-{number}-', copyIndex())", copy)

    def name(self, call: str) -> str:
        return call[1:-1] if re.fullmatch(r"'\w+'", call) else f"[{call}]"

    def dependency(self, kind: str, call: str, loop: str | None = None) -> str:
        """An entry of dependsOn, in one of the ways in which authors write them."""
        ways = {
            "resourceId": f"[resourceId('{kind}', {call})]",
            "of this group": f"[resourceId(resourceGroup().name, '{kind}', {call})]",
            "concat": f"[concat('{kind}/', {call})]",
            "format": f"[format('{kind}/{{0}}', {call})]",
            "full": f"[concat(resourceGroup().id, '/providers/{kind}/', {call})]",
            "name": self.name(call),
        }
        if loop is not None:
            ways["loop"] = loop
        if "copyIndex" not in call:
            # Variables know no loops.
            self.variables[f"id{len(self.variables)}"] = ways["resourceId"]
            ways["variable"] = f"[variables('id{len(self.variables) - 1}')]"
        return self.one_of(*ways.values())

    def handlers(self) -> list[tuple[str, str, str]]:
        return self.draw(st.lists(st.sampled_from(HANDLERS), min_size=1, max_size=2, unique=True))

    def properties(
        self, handler: tuple[str, str, str], *, versionless: bool = False, switchless: bool = False
    ) -> dict[str, Any]:
        """What an extension holds, with at most one fault."""
        publisher, kind, version = handler
        made: dict[str, Any] = {
            "publisher": publisher,
            "type": kind,
            "typeHandlerVersion": version,
            "autoUpgradeMinorVersion": self.one_of(True, True, "true", "[true()]"),
            "settings": {"note": self.one_of("plain", "[variables('size')]")},
            "protectedSettings": {
                "commandToExecute": "[concat('sh run.sh ', parameters('adminPassword'))]",
            },
        }
        command = self.one_of("commandToExecute", "CommandToExecute")
        faults: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
            ("EXT101", ("settings", command), {"settings": {command: self.one_of("sh run.sh", SIZED)}}),
            ("EXT102", (), {"typeHandlerVersion": ABSENT}),
            ("EXT102", ("typeHandlerVersion",), {"typeHandlerVersion": self.one_of(None, "")}),
            ("EXT103", (), {"autoUpgradeMinorVersion": ABSENT}),
            (
                "EXT103",
                ("autoUpgradeMinorVersion",),
                {"autoUpgradeMinorVersion": self.one_of(False, "false", "[variables('noUpgrade')]")},
            ),
            ("EXT105", (), {"publisher": ABSENT}),
            ("EXT105", ("type",), {"type": self.one_of(None, "")}),
            (
                "EXT108",
                ("protectedSettingsFromKeyVault",),
                {"protectedSettingsFromKeyVault": {"secretUrl": "https://v.vault.azure.net/secrets/x"}},
            ),
        ]
        if self.chance(2):
            rule, path, change = self.one_of(*faults)
            made = {key: value for key, value in (made | change).items() if value is not ABSENT}
            if not ((rule == "EXT102" and versionless) or (rule == "EXT103" and switchless)):
                self.fault(rule, made, *path)
        return made

    def with_machine(self, number: int) -> None:
        self.others = True
        machine = self.machine(number)
        copy = {} if machine.copy is None else {"copy": machine.copy}
        loop = None if machine.copy is None else machine.copy["name"]
        vm: dict[str, Any] = {
            "type": VM,
            "apiVersion": self.one_of("2023-09-01", "2024-07-01"),
            "name": self.name(machine.call),
            "location": "[parameters('location')]",
            **copy,
            "properties": {"hardwareProfile": {"vmSize": "[variables('size')]"}},
        }
        added = [vm]
        if self.chance(2):
            nic = f"concat({machine.call}, '-nic')"
            card: dict[str, Any] = {
                "type": NIC,
                "apiVersion": "2023-11-01",
                "name": f"[{nic}]",
                **machine.looped,
            }
            nic_loop = f"{loop}2" if loop else None
            vm["dependsOn"] = [self.dependency(NIC, nic, nic_loop)]
            before = self.one_of(True, False)
            if self.chance(6):
                card["dependsOn"] = [self.dependency(VM, machine.call, loop)]
                self.fault("DEP301", (vm if before else card)["dependsOn"], 0)
            added.insert(0 if before else 1, card)
        for index, handler in enumerate(self.handlers()):
            added += self.extension(vm, machine, loop, f"ext{index}", handler)
        self.resources += added

    def extension(
        self,
        vm: dict[str, Any],
        machine: Machine,
        loop: str | None,
        own: str,
        handler: tuple[str, str, str],
    ) -> list[dict[str, Any]]:
        """An extension of a machine, in one of its shapes; returns the resources for the top level."""
        shape = self.one_of("top", "top", "child", "child", "full child", "nested")
        composed = self.one_of(
            f"[format('{{0}}/{own}', {machine.call})]", f"[concat({machine.call}, '/{own}')]"
        )
        made: dict[str, Any] = {
            "type": "extensions" if shape == "child" else f"{VM}/extensions",
            "apiVersion": "2023-09-01",
            "name": own if shape == "child" else composed,
            "location": "[parameters('location')]",
            "dependsOn": [self.dependency(VM, machine.call, loop)],
        }
        if shape == "nested" and machine.copy is None:
            made["name"] = f"[format('{{0}}/{own}', parameters('machine'))]"
            del made["dependsOn"]
            made["properties"] = self.properties(handler)
            return [self.deployment(own, machine, made)]
        made["properties"] = self.properties(handler)
        if self.chance(8):
            del made["dependsOn"]
            self.fault("DEP305", made)
        if shape in {"child", "full child"}:
            vm.setdefault("resources", []).append(made)
            return []
        if machine.copy is not None:
            made["copy"] = {**machine.copy, "name": f"{machine.copy['name']}{own}"}
        return [made]

    def deployment(self, own: str, machine: Machine, extension: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": DEPLOYMENTS,
            "apiVersion": "2022-09-01",
            "name": f"deploy-{len(self.resources)}-{own}",
            "dependsOn": [self.dependency(VM, machine.call)],
            "properties": {
                "mode": "Incremental",
                "expressionEvaluationOptions": {"scope": self.one_of("inner", "Inner")},
                "parameters": {
                    "machine": {"value": self.name(machine.call)},
                    "location": {"value": "[parameters('location')]"},
                    "adminPassword": {"value": "[parameters('adminPassword')]"},
                },
                "template": {
                    "$schema": SCHEMA,
                    "contentVersion": "1.0.0.0",
                    "parameters": {
                        "machine": {"type": "string"},
                        "location": {"type": "string"},
                        "adminPassword": {"type": "securestring"},
                    },
                    "variables": {"size": "small", "noUpgrade": False},
                    "resources": [extension],
                },
            },
        }

    def with_scale_set(self, number: int) -> None:
        extensions: list[dict[str, Any]] = [
            {"name": f"ext{index}", "properties": self.properties(handler)}
            for index, handler in enumerate(self.handlers())
        ]
        if len(extensions) == 2:
            first, second = (extension["properties"] for extension in extensions)
            order = self.one_of("", "right", "ring", "unknown")
            if order:
                second["provisionAfterExtensions"] = ["ext0"]
            if order == "ring":
                first["provisionAfterExtensions"] = ["ext1"]
                self.fault("DEP302", second["provisionAfterExtensions"], 0)
            if order == "unknown":
                second["provisionAfterExtensions"].append("nowhere")
                self.fault("DEP303", second["provisionAfterExtensions"], 1)
        profile = {"extensionProfile": {"extensions": extensions}}
        self.resources.append(
            {
                "type": VMSS,
                "apiVersion": "2023-09-01",
                "name": f"set{number}",
                "location": "[parameters('location')]",
                "properties": {"virtualMachineProfile": profile},
            }
        )

    def with_extension_elsewhere(self, number: int) -> None:
        """A machine that is not Azure's own, or one that another service makes."""
        way = self.one_of("arc", "local", "fabric", "batch")
        optional = way in {"arc", "local", "batch"}
        made = self.properties(
            self.one_of(*HANDLERS), versionless=optional, switchless=way in {"arc", "local"}
        )
        kinds = {
            "arc": ("Microsoft.HybridCompute/machines/extensions", f"shop{number}/ext"),
            "local": (
                "Microsoft.AzureStackHCI/clusters/arcSettings/extensions",
                f"cluster{number}/default/ext",
            ),
            "fabric": ("Microsoft.ServiceFabric/managedClusters/nodeTypes", f"cluster{number}/nodes"),
            "batch": ("Microsoft.Batch/batchAccounts/pools", f"batch{number}/pool"),
        }
        kind, name = kinds[way]
        # The same dictionary goes in, since the faults are noted in it.
        made["name"] = "ext"
        virtual = {"virtualMachineConfiguration": {"extensions": [made]}}
        properties = {
            "arc": made,
            "local": {"extensionParameters": made},
            "fabric": {"vmExtensions": [{"name": "ext", "properties": made}]},
            "batch": {"deploymentConfiguration": virtual},
        }
        self.resources.append(
            {
                "type": kind,
                "apiVersion": "2024-02-01",
                "name": name,
                "location": "[parameters('location')]",
                "properties": properties[way],
            }
        )

    def with_faults(self) -> None:
        """Faults that any template may have."""
        victim = self.one_of(*self.resources)
        tags = victim.setdefault("tags", {})
        if self.chance(6):
            tags["a"] = self.one_of("[parameters('missing')]", "[concat('x', parameters('missing'))]")
            self.fault("EXP404", tags, "a")
        if self.chance(6):
            tags["b"] = "[toUpper(variables('missing').name)]"
            self.fault("EXP405", tags, "b")
        if self.chance(6):
            tags["c"] = self.one_of("[concat('x']", "[a == b]", "[]")
            self.fault("EXP401", tags, "c")
        if self.chance(6):
            entries = victim.setdefault("dependsOn", [])
            entries.append("[resourceId('Microsoft.Storage/storageAccounts', 'nowhere')]")
            self.fault("DEP304", entries, len(entries) - 1)
            # Whoever has a parent to wait for and does not say so now has the place for it.
            self.noted = [
                (rule, within, ("dependsOn",) if rule == "DEP305" and within is victim else path)
                for rule, within, path in self.noted
            ]
        if self.chance(6):
            self.variables |= {"hen": "[variables('egg')]", "egg": "[concat(variables('hen'), 'x')]"}
            self.fault("EXP407", self.variables, "egg")

    def finish(self) -> Draft:
        template = {
            "$schema": SCHEMA,
            "contentVersion": "1.0.0.0",
            "parameters": self.parameters,
            "variables": self.variables,
            "resources": self.resources,
            "outputs": {"where": {"type": "string", "value": "[parameters('location')]"}},
        }
        places: dict[int, str] = {}

        def visit(value: Any, pointer: str) -> None:
            places[id(value)] = pointer
            below = (
                value.items()
                if isinstance(value, dict)
                else enumerate(value)
                if isinstance(value, list)
                else ()
            )
            for key, item in below:
                if isinstance(item, (dict, list)):
                    visit(item, f"{pointer}/{escaped(str(key))}")

        visit(template, "")
        faults = sorted(
            (rule, "/".join([places[id(within)], *map(str, path)])) for rule, within, path in self.noted
        )
        # What is deployed next to a scale set may bring the extension that is asked for.
        unsure = {fault for fault in faults if fault[0] == "DEP303" and self.others}
        return Draft(
            json.dumps(template, indent=2), tuple(fault for fault in faults if fault not in unsure), unsure
        )


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    drafter = Drafter(draw)
    for number in range(draw(st.integers(1, 3))):
        drafter.one_of(
            drafter.with_machine,
            drafter.with_machine,
            drafter.with_scale_set,
            drafter.with_extension_elsewhere,
        )(number)
    drafter.with_faults()
    return drafter.finish()


generated = settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(draft=drafts())
def test_all_faults_of_a_generated_template_are_found_and_nothing_else(draft: Draft) -> None:
    got = sorted((entry.rule, entry.pointer) for entry in armlint.check(draft.text, select=PLANTED))
    assert [fault for fault in got if fault not in draft.unsure] == list(draft.faults)


def test_a_scale_set_is_no_machine_of_unknown_name() -> None:
    after = {"publisher": "a", "type": "b", "typeHandlerVersion": "1.0", "autoUpgradeMinorVersion": True}
    profile = {
        "extensions": [{"name": "one", "properties": {**after, "provisionAfterExtensions": ["nowhere"]}}]
    }
    template = {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {"vm": {"type": "string"}},
        "resources": [
            {
                "type": VMSS,
                "apiVersion": "2023-09-01",
                "name": "web",
                "properties": {"virtualMachineProfile": {"extensionProfile": profile}},
            },
            {
                "type": f"{VM}/extensions",
                "apiVersion": "2023-09-01",
                "name": "[format('{0}/nowhere', parameters('vm'))]",
                "properties": after,
            },
        ],
    }
    assert [entry.rule for entry in armlint.check(json.dumps(template), select=["DEP303"])] == ["DEP303"]


@every_law
@generated
@given(draft=drafts(), seed=st.integers(0, 2**32 - 1))
def test_generated_templates_obey(law: Law, draft: Draft, seed: int) -> None:
    told = complaint(law, draft.text, random.Random(seed))  # noqa: S311 - chance, not secrecy
    assert not told, told


def by_name(name: str) -> random.Random:
    return random.Random(zlib.crc32(name.encode()))  # noqa: S311 - chance, not secrecy


# An example that is a resource or an extension by itself, and the same in a template.
FRAME = '{"$schema": "%s",\n"contentVersion": "1.0.0.0",\n"resources": [\n%s\n]}'


@functools.cache
def examples() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted((Path(__file__).parents[1] / "rules").glob("*-*.md")):
        for example in pages.read(path.name, path.read_text("utf-8")).examples:
            name = f"{path.stem}:{example.line}"
            found[name] = example.text
            if '"resources"' not in example.text or '"contentVersion"' not in example.text:
                found[f"{name} framed"] = FRAME % (SCHEMA, example.text)
    return found


def some(texts: dict[str, str], of: str, count: int) -> dict[str, str]:
    """That many of the texts, others for each purpose."""
    chosen = by_name(of).sample(sorted(texts), min(count, len(texts)))
    return {name: texts[name] for name in chosen}


def obey(law: Law, texts: dict[str, str]) -> None:
    told = {name: complaint(law, text, by_name(name)) for name, text in texts.items()}
    assert any(value == "" for value in told.values()), "the law had something to say of some text"
    assert not {name: value for name, value in told.items() if value}


@every_law
def test_examples_of_the_rules_obey(law: Law) -> None:
    obey(law, some(examples(), law.__name__, 80))


@pytest.mark.slow
@every_law
def test_all_examples_of_the_rules_obey(law: Law) -> None:
    obey(law, examples())


@functools.cache
def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8-sig")
        for path in sorted(folder.rglob("*.json"))
        if path.stat().st_size <= LARGEST and path.name != "cases.json"
    }


@every_law
def test_real_templates_obey(law: Law, corpus: Path) -> None:
    obey(law, some(files(corpus), law.__name__, 80))


@pytest.mark.slow
@every_law
def test_all_real_templates_obey(law: Law, corpus: Path) -> None:
    obey(law, files(corpus))


# ----------------------------------------------------------------------------------------- any text


def survives(text: str) -> None:
    """No text makes armlint raise, nor any of its rules."""
    entries = armlint.check(text, select=["all"])
    assert isinstance(entries, tuple)
    # `check` keeps quiet about rules that failed; the run does not.
    outcome = run.check_text(Text(Source(text), marked=False, problem=None), run.load_rules().rules)
    assert not outcome.broken, outcome.notices


def words_of(text: str) -> list[str]:
    return text.split()


MEMBERS = words_of("""
$schema contentVersion languageVersion parameters variables resources outputs functions type name properties
dependsOn copy count input condition existing scope publisher typeHandlerVersion autoUpgradeMinorVersion
enableAutomaticUpgrade settings protectedSettings protectedSettingsFromKeyVault commandToExecute template
provisionAfterExtensions extensionProfile extensions virtualMachineProfile vmExtensions templateLink mode
expressionEvaluationOptions namespace members output value defaultValue apiVersion
""")
VALUES = [
    *words_of("""
2.0 inner outer securestring extensions latest true a a/b / [ ] [] [[] [a [a()] [copyIndex()]
[parameters('a')]
[variables('a')] [variables('a').a[0]] [variables(variables('a'))] [resourceId('a/b','c')] [reference('a')]
[concat(parameters('a'),'/a')] [json('{')] [if(true(),1] [format('{0}{9}{',1)] [a.a(1)]
[map(range(0,3),lambda('a',lambdaVariables('a')))]
Microsoft.Batch/batchAccounts/pools Microsoft.Compute/virtualMachines Microsoft.Resources/deployments
Microsoft.Compute/virtualMachines/extensions Microsoft.Compute/virtualMachineScaleSets
Microsoft.HybridCompute/machines/extensions
"""),
    SCHEMA,
]
scalars = (
    st.sampled_from([None, True, False, 0, -1, 1.5, 10**30]) | st.sampled_from(VALUES) | st.text(max_size=5)
)
shapeless = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=6),
    max_leaves=40,
)


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    survives(text)


@given(st.binary(max_size=300), st.sampled_from(["utf-8", "latin-1", "utf-16", "utf-32", "cp437"]))
def test_any_bytes_are_survived(data: bytes, encoding: str) -> None:
    survives(data.decode(encoding, "replace"))


@given(shapeless)
def test_any_json_of_arms_words_is_survived(value: Any) -> None:
    survives(json.dumps({"$schema": SCHEMA, "resources": [value], "variables": value, "parameters": value}))
    survives(json.dumps(value))


@settings(max_examples=40)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(
                    [VM, f"{VM}/extensions", VMSS, DEPLOYMENTS, f"{ARC}/extensions", "extensions"]
                )
            },
            optional={
                "name": scalars,
                "properties": shapeless,
                "dependsOn": shapeless,
                "copy": shapeless,
                "resources": shapeless,
                "condition": scalars,
            },
        ),
        max_size=4,
    )
)
def test_resources_with_anything_in_them_are_survived(resources: list[dict[str, Any]]) -> None:
    template = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": resources}
    survives(json.dumps(template))
    inner = deployment("inner", "inner", template=template, parameters={"a": {"value": resources}})
    survives(json.dumps({**template, "resources": [inner], "languageVersion": "2.0"}))
    named = {f"r{index}": resource for index, resource in enumerate(resources)}
    survives(json.dumps({**template, "resources": named, "languageVersion": "2.0"}))


def mutated(text: str, rng: random.Random) -> str:
    """The text after a few accidents: pieces lost, doubled, moved, overwritten."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + int(rng.expovariate(0.05)))
        piece = rng.choice(
            [
                "",
                text[start:end] * 2,
                "null",
                "0",
                '"',
                "{",
                "}",
                "[",
                "]",
                ",",
                ":",
                "'",
                "\\",
                "//",
                "/*",
                "\0",
                "\ud800",
            ]
        )
        text = text[:start] + piece + text[end:]
    return text


@given(st.integers(0, 2**32 - 1))
def test_accidents_to_generated_templates_are_survived(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - chance, not secrecy
    survives(mutated(rng.choice(list(examples().values())), rng))


def swapped(text: str, rng: random.Random) -> str | None:
    """Still JSON, but a number where an object should be, a list where a string should be, and so on."""
    root = parse(text)
    if root is None:
        return None
    nodes = list(root.walk())
    contents = [node.content for node in nodes if not node.items and not node.members]
    for node in rng.sample(nodes[1:], min(len(nodes) - 1, 5)):
        strange = rng.choice([None, True, Raw("7"), Raw("1e999"), "", "[]", rng.choice(contents)])
        node.content = rng.choice([strange, [Node(strange)], Members([("type", Node(strange))])])
    return written(root)


def test_accidents_to_real_templates_are_survived(corpus: Path) -> None:
    for name, text in some(files(corpus), "accidents", 150).items():
        survives(mutated(text, by_name(name)))


def test_real_templates_with_values_swapped_are_survived(corpus: Path) -> None:
    for name, text in some(files(corpus), "swaps", 150).items():
        survives(swapped(text, by_name(name)) or "")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_whatever_happens_to_real_templates_is_survived(seed: int, corpus: Path) -> None:
    for name, text in files(corpus).items():
        rng = by_name(f"{name}{seed}")
        survives(mutated(text, rng))
        survives(swapped(text, rng) or "")


def shell(resources: str = "[]", variables: str = "{}") -> str:
    return f'{{"$schema": "{SCHEMA}", "resources": {resources}, "variables": {variables}}}'


HOSTILE = {
    "empty": "",
    "mark": "\ufeff",
    "nul": "\0",
    "null": "null",
    "deep arrays": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "resources never closed": f'{{"$schema": "{SCHEMA}", "resources": {"[" * 50_000}',
    "deep resources": shell('[{"type": "a.b/c", "resources":' * 3_000 + "[]" + "}]" * 3_000),
    "deep calls": shell(variables='{"a": "[%s]"}' % ("concat(" * 5_000 + ")" * 5_000)),
    "deep indexes": shell(variables='{"a": "[%s1]"}' % ("a()[" * 5_000)),
    "long number": shell(variables='{"a": %s}' % ("9" * 10_000)),
    "lone surrogates": shell('[{"name": "\\ud800", "type": "\\udfff"}]'),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_are_survived(text: str) -> None:
    survives(text)


def test_a_text_that_names_a_schema_is_never_passed_over_in_silence() -> None:
    for text in (f'{{"$schema": "{SCHEMA}"', f'"$schema": "{SCHEMA}"', f"{SCHEMA}"):
        assert names_a_schema(text)
        assert [entry.rule for entry in armlint.check(text)][:1] == ["ARM001"]
