"""What a deployment is given: parameter files, the template that each belongs to, and the types of values.

Nothing in a parameter file is evaluated: a value that looks like an expression is text. What stands for
a value that a pipeline puts in later (`#{X}#`, `$(X)` and the like) is nobody's value yet, and so is never
judged.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm.kind import Kind, kind_of
from armlint.jsontext import read
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from armlint.arm.template import Linker
    from armlint.jsontext import Document, Member, Node

_FORMS: Final = ("value", "reference", "expression")
# What pipelines replace before they deploy: Azure DevOps, GitHub, Octopus, and the token tasks for each.
_TOKEN: Final = re.compile(
    r"\$\([^()]+\)|\$\{[^{}]+\}|\{\{[^{}]+\}\}|\#\{[^{}]+\}|__[A-Za-z0-9][\w.-]*?__|%%\w+%%|@@\w+@@|<[^<>]+>"
)
_SECURE: Final = {"securestring": "string", "secureobject": "object"}
_SIMPLE: Final = frozenset({"string", "int", "bool", "array", "object"})
_LIMITS: Final = frozenset({"$ref", "allowedvalues", "minlength", "maxlength", "minvalue", "maxvalue"})
_WORD: Final = "parameters"
_WORDS: Final = frozenset({_WORD, "parameter", "params", "param"})
# As Data Factory and Synapse call them: ARMTemplateParametersForFactory, TemplateParametersForWorkspace.
_PUBLISHED: Final = re.compile("(?<=template)parameters", re.IGNORECASE)
_ATTACHED: Final = re.compile("[-_](?:parameters?|params?)$", re.IGNORECASE)
# What the portal calls the template of a file that is called `parameters` alone.
_PORTAL: Final = "template"
_ALSO: Final = "template"
# A type that is defined by another, by another…
_MAX_REFERENCES: Final = 32
# So many values and members of types are looked at for one file; no deployment has as many.
_MAX_WORK: Final = 1_000_000


# Strings and comments, and what a pipeline replaces outside of them.
_GAP: Final = re.compile(
    r"""
    "(?: [^"\\\n] | \\. )*+"? | //[^\n]*+ | /\*(?: [^*] | \*(?!/) )*+
    | (?P<gap> \#\{[^{}"\n]{1,200}\}\#? | \$\([^()"\n]{1,200}\)
      | \$?\{\{[^{}"\n]{1,200}\}\} | \$\{[^{}"\n]{1,200}\}
      | __[A-Za-z0-9][\w.-]{0,200}?__ | %%\w{1,200}%% | @@\w{1,200}@@ | <[^<>"\n]{2,200}> )
    """,
    re.VERBOSE,
)


def filled(document: Document) -> Document | None:
    """A file that is no parameter file before a pipeline has put its values in, with null in their places.

    None for any other file. What has the place of a value is no string; all offsets stay as they are.
    """
    text = document.source.text
    made = _GAP.sub(lambda match: f"{'null':<{len(match[0])}}" if match["gap"] else match[0], text)
    if made == text:
        return None
    found = read(Source(made, document.source.name))
    if found.errors or kind_of(found) is not Kind.PARAMETERS:
        return None
    return type(found)(document.source, found.root, found.problems, found.comments)


class Entry(NamedTuple):
    """A parameter as it is given. `form` is `value`, `reference` or `expression`, empty for none or several.

    `node` is what stands there, None without a form.
    """

    name: str
    member: Member
    form: str
    node: Node | None


class Given(NamedTuple):
    """The parameters that a deployment is given.

    `holder` is the object that has, or should have, `parameters`; `section` the member itself.
    """

    holder: Node
    section: Member | None
    entries: Mapping[str, Entry]
    """By name in lower case; of names that are equal the last, as Azure takes it."""


class Deployed(NamedTuple):
    """With what a parameter file is deployed, where that was said and need not be guessed.

    `others` are the parameter files of the same deployment; `last` tells that this is the last of them,
    after which nothing more is given.
    """

    template: Document
    others: tuple[Document, ...] = ()
    last: bool = True


def is_unfinished(text: str) -> bool:
    """Whether a pipeline puts something into a text before it is deployed."""
    return _TOKEN.search(text) is not None


def holder_of(document: Document) -> Node | None:
    """The object in which `parameters` stands: the root, or `properties` in the request for a deployment."""
    root = document.root
    if root is None or root.kind != "object":
        return None
    return root.get("properties") if kind_of(document) is Kind.DEPLOYMENT else root


def given(document: Document) -> Given | None:
    """The parameters in a parameter file or in the request for a deployment; None for what is no object."""
    holder = holder_of(document)
    if holder is None:
        return None
    section = holder.member_named(_WORD)
    members = section.value.members if section is not None else _bare(holder, document)
    return Given(holder, section, {member.name.lower(): _entry(member) for member in members})


def _bare(holder: Node, document: Document) -> Sequence[Member]:
    """The members of a file that Azure CLI takes, too: nothing but parameters."""
    if holder is not document.root or _framed(holder):
        return ()
    return holder.members


def _framed(root: Node) -> bool:
    return root.get("$schema") is not None or root.get("contentVersion") is not None


def _entry(member: Member) -> Entry:
    forms = [(form, node) for form in _FORMS if (node := member.value.get(form)) is not None]
    form, node = forms[0] if len(forms) == 1 else ("", None)
    return Entry(member.name, member, form, node)


# ------------------------------------------------------------------------------------------------- pairing


def template_of(document: Document, linker: Linker | None) -> tuple[Node, Document] | None:
    """The template that a parameter file or a request belongs to, with its document; None for none.

    That is the one inside the request, or the file that `templateLink`, `metadata.template` or else the
    file's own name leads to. A template with syntax errors counts as none, and so does an address.
    """
    holder = holder_of(document)
    if holder is None:
        return None
    inline = holder.get("template")
    if inline is not None and inline.kind == "object" and holder is not document.root:
        return inline, document
    if linker is None:
        return None
    for candidate in _candidates(document, holder):
        found = linker(document.source.name, candidate)
        if found is not None:
            # A file that is there and is no template ends the search: what is further off is a guess.
            return whole_template(found)
    return None


def whole_template(document: Document) -> tuple[Node, Document] | None:
    """The template that a document is; None where it is none, or not as its author meant it."""
    root = document.root
    if root is None or document.errors or kind_of(document) is not Kind.TEMPLATE:
        return None
    return root, document


def _candidates(document: Document, holder: Node) -> Iterator[str]:
    link = (
        holder.at("templateLink", "relativePath")
        or holder.at("templateLink", "uri")
        or holder.at("metadata", _ALSO)
    )
    if link is not None:
        if isinstance(link.value, str) and link.value.strip() and ":" not in link.value:
            yield link.value.replace("\\", "/")
        return
    if holder is document.root and holder.get("templateLink") is None:
        yield from template_names(document.source.name)


def template_names(name: str) -> Iterator[str]:
    """The names that the template of a parameter file may have, the likeliest first, relative to the file.

    `X.parameters.json`, `X.parameters.<env>.json` and `X.<env>.parameters.json` belong to `X.json`, and the
    portal's `parameters.json` to `template.json`; from a folder called `parameters` also one folder above.
    `X-parameters.json` belongs to `X.json` too, and `XTemplateParametersY.json` to `XTemplateY.json`.
    """
    folders, _, base = name.replace("\\", "/").rpartition("/")
    *stem, suffix = base.split(".")
    at = next((index for index in range(len(stem) - 1, -1, -1) if stem[index].lower() in _WORDS), -1)
    if at < 0:
        for pattern in (_PUBLISHED, _ATTACHED):
            other = pattern.sub("", ".".join(stem), count=1)
            if other != ".".join(stem):
                yield f"{other}.{suffix}"
        return
    before = stem[:at]
    names = [".".join(before)] if before else [_PORTAL]
    if len(before) > 1 and at == len(stem) - 1:
        names.append(".".join(before[:-1]))
    files = [f"{each}.{kind}" for each in names for kind in dict.fromkeys((suffix, "json"))]
    yield from files
    if folders.rpartition("/")[2].lower() == _WORD and before:
        yield from (f"../{file}" for file in files)


class Layers(NamedTuple):
    """How a parameter file goes together with those beside it, by their names.

    `below` are the files that it adds to, relative to it; `completed` tells that others add to it, so that
    it need not give all that there is.
    """

    below: tuple[str, ...] = ()
    completed: bool = False


# What an environment is called that is none.
_COMMON: Final = frozenset({"common", "shared", "global", "base", "default", "defaults", "all"})


def layers_of(name: str, template: str, beside: Sequence[str], around: Sequence[str]) -> Layers:
    """Which files beside a parameter file are given with it to the same template.

    `X.parameters.<env>.json` and `X.<env>.parameters.json` add to `X.parameters.json`, and to the one whose
    environment is `common` or the like; `X.parameters.<env>.<part>.json` adds to the one without the part,
    too. `template` is the template's name; `beside` and `around` are the names of the files in the folders
    of the parameter file and of the template.
    """
    stem = _parts(template)
    family = _family(() if stem == (_PORTAL,) else stem, tuple(beside), tuple(around))
    own = _last(name)
    environment = family.files.get(own)
    if environment is None:
        return Layers()
    shared = _COMMON.issuperset(environment)
    wider = [environment[:count] for count in range(len(environment))]
    wider += () if shared else [each for each in family.common if each not in wider]
    below = [file for each in wider for file in family.named.get(each, ())]
    return Layers(tuple(below), environment in family.completed)


class _Family(NamedTuple):
    """The parameter files of a template in one folder, each with its environment, and the other way round.

    `common` are the environments that are none, `completed` those to which another one adds.
    """

    files: Mapping[str, tuple[str, ...]]
    named: Mapping[tuple[str, ...], Sequence[str]]
    common: Sequence[tuple[str, ...]]
    completed: frozenset[tuple[str, ...]]


# A file's name decides, and of one folder many files may ask.
@lru_cache(maxsize=8)
def _family(stem: tuple[str, ...], beside: tuple[str, ...], around: tuple[str, ...]) -> _Family:
    start = f"{'.'.join(stem)}." if stem else "param"
    there = {each.lower() for each in (*beside, *around)}
    files: dict[str, tuple[str, ...]] = {}
    named: dict[tuple[str, ...], list[str]] = defaultdict(list)
    completed: set[tuple[str, ...]] = set()
    for file in beside:
        environment = _environment(file, stem, there) if file.lower().startswith(start) else None
        if environment is not None:
            files[file] = environment
            named[environment].append(file)
            completed.update(environment[:count] for count in range(len(environment)))
    common = [each for each in named if each and _COMMON.issuperset(each)]
    if any(not _COMMON.issuperset(each) for each in named):
        completed.update(common)
    return _Family(files, named, common, frozenset(completed))


def _environment(file: str, stem: tuple[str, ...], there: Collection[str]) -> tuple[str, ...] | None:
    """The environment that a parameter file is for, by its name; None where it is not this template's."""
    parts = _parts(file) if file.lower().endswith((".json", ".jsonc", ".json5")) else ()
    at = next((index for index, part in enumerate(parts) if part in _WORDS), -1)
    before, more = parts[:at], len(parts[:at]) - len(stem)
    if at < 0 or before[: len(stem)] != stem or more > (1 if stem else 0):
        return None
    if more and f"{'.'.join(before)}.json" in there:
        # It belongs to that template.
        return None
    return (*before[len(stem) :], *parts[at + 1 :])


def _last(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _parts(name: str) -> tuple[str, ...]:
    """What stands between the dots of a file's name, without the suffix, in lower case."""
    return tuple(_last(name).lower().split(".")[:-1])


# --------------------------------------------------------------------------------------------------- types


class Types:
    """What a template says of the values that its parameters take."""

    def __init__(self, template: Node) -> None:
        section = template.get(_WORD)
        self.parameters: dict[str, Member] = {
            member.name.lower(): member for member in (() if section is None else section.members)
        }
        """The parameters by name in lower case."""
        self._choosers: dict[int, str] = {}
        self._allowed: dict[int, Allowed | None] = {}
        self._left = _MAX_WORK
        self._definitions = template.get("definitions")
        language = template.get("languageVersion")
        resources = template.get("resources")
        self._modern = (
            language is not None and isinstance(language.value, str) and language.value.startswith("2")
        ) or (resources is not None and resources.kind == "object")

    def chain(self, declared: Node) -> Sequence[Node]:
        """A declaration and, in order, the definitions of its type; empty where one is missing."""
        found: list[Node] = []
        current: Node | None = declared
        while current is not None and current.kind == "object" and len(found) < _MAX_REFERENCES:
            found.append(current)
            reference = current.get("$ref")
            if reference is None:
                return found
            current = self._definition(reference.value)
        return ()

    def _definition(self, reference: object) -> Node | None:
        prefix = "#/definitions/"
        if not isinstance(reference, str) or not reference.startswith(prefix) or self._definitions is None:
            return None
        steps = [step.replace("~1", "/").replace("~0", "~") for step in reference[len(prefix) :].split("/")]
        return self._definitions.at(*steps)

    def open(self, declared: Node) -> bool:
        """Whether nothing is asked of a value but that it is of the declared kind."""
        return not self._modern and _LIMITS.isdisjoint([member.name.lower() for member in declared.members])

    def type(self, declared: Node) -> str:
        """The type of a declaration in lower case; empty where it cannot be told."""
        return _type(self.chain(declared))

    def needed(self, declared: Node) -> bool:
        """Whether a parameter, or a member of an object, surely has to be given."""
        chain = self.chain(declared)
        if not chain or declared.get("defaultValue") is not None:
            return False
        nullable = facet(chain, "nullable")
        return nullable is None or nullable.value is False

    def secure(self, declared: Node, value: Node) -> Iterator[Node]:
        """The parts of a value that are declared secure: itself, or what is in it."""
        for node, declaration, _ in self._walk(value, declared):
            if self.type(declaration) in _SECURE:
                yield node

    def holds_secure(self, declared: Node) -> bool:
        """Whether a parameter's type is secure, or anything in it is; also where that cannot be told."""
        pending = [declared]
        seen: set[int] = set()
        while pending:
            current = pending.pop()
            if id(current) in seen:
                continue
            seen.add(id(current))
            for node in current.walk():
                kind, reference = node.get("type"), node.get("$ref")
                if kind is not None and (not isinstance(kind.value, str) or kind.value.lower() in _SECURE):
                    return True
                if reference is not None:
                    target = self._definition(reference.value)
                    if target is None:
                        return True
                    pending.append(target)
        return not self.type(declared)

    def faults(self, declared: Node, value: Node, vague: Callable[[str], bool]) -> Iterator[Fault]:
        """Why a value surely does not fit a declaration, each at its place.

        `vague` tells of a text that it is nobody's value yet.
        """
        for node, declaration, path in self._walk(value, declared):
            chain = self.chain(declaration)
            kind = _type(chain)
            wanted, given = _SECURE.get(kind, kind), _kind(node)
            if given == wanted and self.open(declaration):
                continue
            if wanted not in _SIMPLE or node.kind in {"null", "invalid"} or _vague(node, vague):
                continue
            if given != wanted:
                if given:
                    told = f"is {kind}, not {given}"
                    yield Fault(node, path, told, wrong_type=True, declared=declaration, mismatch=True)
                continue
            for told in _sizes(node, chain):
                yield Fault(node, path, told, wrong_type=False, declared=declaration)
            yield from self._choices(node, path, declaration, vague)
            if self._modern:
                yield from self._shape(node, path, declaration, vague)

    def _shape(
        self, node: Node, path: str, declaration: Node, vague: Callable[[str], bool]
    ) -> Iterator[Fault]:
        """What an object lacks or has too much of, and an array of known places has too much of."""
        chain = self.chain(declaration)
        if node.kind == "array":
            places, rest = facet(chain, "prefixItems"), facet(chain, "items")
            most = None if places is None or rest is None or rest.value is not False else len(places.items)
            if most is not None and len(node.items) > most:
                told = f"takes {most} items, not {len(node.items)}"
                yield Fault(node, path, told, wrong_type=True, declared=declaration)
        elif node.kind == "object":
            if facet(chain, "discriminator") is None:
                yield from self._members(node, path, declaration, chain)
            else:
                yield from self._variants(node, path, declaration, vague)

    def _members(self, node: Node, path: str, declaration: Node, chain: Sequence[Node]) -> Iterator[Fault]:
        properties, additional = facet(chain, "properties"), facet(chain, "additionalProperties")
        known = () if properties is None else properties.members
        self._left -= len(known)
        lacking = [
            member for member in known if node.member_named(member.name) is None and self.needed(member.value)
        ]
        if lacking:
            told = f"lacks {_listed([member.name for member in lacking])}"
            yield Fault(node, path, told, wrong_type=True, declared=lacking[0].value)
        if additional is None or additional.value is not False:
            return
        allowed = {member.name.lower() for member in known}
        # It told which variant of an object this is, and the variant need not repeat it.
        allowed.add(self._choosers.get(id(declaration), ""))
        for member in node.members:
            if member.name.lower() not in allowed and not is_unfinished(member.name):
                told = f"has no '{member.name}'"
                yield Fault(node, path, told, wrong_type=True, declared=declaration, key=member)

    def _variants(
        self, node: Node, path: str, declaration: Node, vague: Callable[[str], bool]
    ) -> Iterator[Fault]:
        named, variants = _chooser(self.chain(declaration))
        if not named or variants is None:
            return
        choice = node.get(named)
        if choice is None:
            told = f"lacks '{named}', which tells what kind of object it is"
            yield Fault(node, path, told, wrong_type=True, declared=declaration)
            return
        text = choice.value
        if isinstance(text, str) and not vague(text) and variants.get(text) is None:
            told = f"is none of {_listed([member.name for member in variants.members])}"
            yield Fault(choice, _below(path, named), told, wrong_type=False, declared=declaration)

    def _choices(
        self, node: Node, path: str, declaration: Node, vague: Callable[[str], bool]
    ) -> Iterator[Fault]:
        """What of a value is none of the allowed ones."""
        if id(declaration) not in self._allowed:
            self._allowed[id(declaration)] = _allowed(self.chain(declaration))
        allowed = self._allowed[id(declaration)]
        if allowed is None or node.kind == "object":
            return
        if node.kind != "array":
            if _comparable(node) not in allowed.choices:
                yield Fault(node, path, allowed.told, wrong_type=False, declared=declaration)
            return
        for index, item in enumerate(node.items):
            if _scalar(item) and not _vague(item, vague) and _comparable(item) not in allowed.choices:
                yield Fault(item, f"{path}[{index}]", allowed.told, wrong_type=False, declared=declaration)

    def _walk(self, value: Node, declared: Node) -> Iterator[tuple[Node, Node, str]]:
        """A value and what is in it, each with its declaration and the path to it, in document order."""
        pending = [(value, declared, "")]
        while pending and self._left > 0:
            self._left -= 1
            node, declaration, path = pending.pop()
            yield node, declaration, path
            if self._modern and (node.members or node.items):
                pending.extend(reversed(list(self._inside(node, declaration, path))))

    def _inside(self, node: Node, declaration: Node, path: str) -> Iterator[tuple[Node, Node, str]]:
        chain = self.chain(declaration)
        if node.kind == "array":
            places, rest = facet(chain, "prefixItems"), facet(chain, "items")
            first = () if places is None else places.items
            for index, item in enumerate(node.items):
                inner = first[index] if index < len(first) else rest
                if inner is not None and inner.kind == "object":
                    yield item, inner, f"{path}[{index}]"
            return
        if facet(chain, "discriminator") is not None:
            named, variants = _chooser(chain)
            choice = node.get(named) if named else None
            chosen = None if choice is None or not isinstance(choice.value, str) else choice.value
            variant = None if variants is None or chosen is None else variants.get(chosen)
            inside = () if variant is None else self.chain(variant)
            if variant is not None and inside and facet(inside, "discriminator") is None:
                self._choosers[id(variant)] = named.lower()
                yield node, variant, path
            return
        properties, additional = facet(chain, "properties"), facet(chain, "additionalProperties")
        for member in node.members:
            inner = None if properties is None else properties.get(member.name)
            inner = additional if inner is None else inner
            if inner is not None and inner.kind == "object":
                yield member.value, inner, _below(path, member.name)


class Fault(NamedTuple):
    """Why a value does not fit: `message` is said of `path` within the parameter, empty for the whole.

    `key` is the member that must not be there, `declared` the declaration that is not met. `mismatch` tells
    that the value is of another kind altogether.
    """

    node: Node
    path: str
    message: str
    wrong_type: bool
    declared: Node
    key: Member | None = None
    mismatch: bool = False


def facet(chain: Sequence[Node], name: str) -> Node | None:
    """What the first declaration of a chain that says anything of it says; None where none does."""
    for node in chain:
        found = node.get(name)
        if found is not None:
            return found
    return None


def _type(chain: Sequence[Node]) -> str:
    node = facet(chain, "type")
    return node.value.lower() if node is not None and isinstance(node.value, str) else ""


def _chooser(chain: Sequence[Node]) -> tuple[str, Node | None]:
    """The member that tells which variant of an object it is, and the variants by what it says."""
    chooser = facet(chain, "discriminator")
    named = None if chooser is None else chooser.get("propertyName")
    name = named.value if named is not None and isinstance(named.value, str) else ""
    return name, None if chooser is None else chooser.get("mapping")


def _below(path: str, name: str) -> str:
    return f"{path}.{name}"


def _vague(node: Node, vague: Callable[[str], bool]) -> bool:
    return node.kind == "string" and (not isinstance(node.value, str) or vague(node.value))


def _kind(node: Node) -> str:
    """The type of a value in the words of templates; empty for a number that is no clear integer."""
    if node.kind == "number":
        return "int" if isinstance(node.value, int) else _of_float(node.value)
    return "bool" if node.kind == "boolean" else node.kind


def _of_float(value: object) -> str:
    # A number that is none, or without an end, is no JSON, which others tell.
    clear = isinstance(value, float) and not value.is_integer() and abs(value) < float("inf")
    return "a number with a fraction" if clear else ""


def _sizes(node: Node, chain: Sequence[Node]) -> Iterator[str]:
    """Which limits a value is beyond."""
    if node.kind in {"string", "array"}:
        length = len(node.items) if node.kind == "array" else _units(node.value)
        what = "item" if node.kind == "array" else "character"
        counted = f"{length} {what}{'' if length == 1 else 's'}"
        if (least := _integer(chain, "minLength")) is not None and length < least:
            yield f"has {counted}, fewer than {least}"
        if (most := _integer(chain, "maxLength")) is not None and length > most:
            yield f"has {counted}, more than {most}"
    elif isinstance(node.value, int) and not isinstance(node.value, bool):
        if (least := _integer(chain, "minValue")) is not None and node.value < least:
            yield f"is below {least}"
        if (most := _integer(chain, "maxValue")) is not None and node.value > most:
            yield f"is above {most}"


class Allowed(NamedTuple):
    """The values to choose from, as Azure compares them, and what to say of another."""

    choices: frozenset[tuple[str, object]]
    told: str


def _allowed(chain: Sequence[Node]) -> Allowed | None:
    allowed, kind = facet(chain, "allowedValues"), facet(chain, "type")
    if allowed is None or not _plain(allowed):
        return None
    texts = [choice.value for choice in allowed.items if isinstance(choice.value, str)]
    secret = kind is not None and str(kind.value).lower() in _SECURE
    told = f"is none of {_listed(texts)}" if texts and not secret else "is none of the allowed values"
    return Allowed(frozenset(map(_comparable, allowed.items)), told)


def _plain(allowed: Node) -> bool:
    """Whether there are choices, all of which can be compared here."""
    return bool(allowed.items) and all(map(_scalar, allowed.items))


def _scalar(node: Node) -> bool:
    return node.kind in {"string", "number", "boolean", "null"}


def _comparable(node: Node) -> tuple[str, object]:
    """A scalar as Azure compares it with the allowed ones: letters in either case are equal."""
    value = node.value
    return (node.kind, value.casefold() if isinstance(value, str) else value)


def _integer(chain: Sequence[Node], name: str) -> int | None:
    node = facet(chain, name)
    value = None if node is None else node.value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _units(value: object) -> int:
    """The length of a text as .NET counts it, in units of UTF-16."""
    text = value if isinstance(value, str) else ""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


_SHOWN: Final = 6
_LONGEST: Final = 40


def _listed(names: Sequence[str]) -> str:
    """Some of the names or choices for people."""
    shown = [f"'{name if len(name) <= _LONGEST else name[: _LONGEST - 1] + '…'}'" for name in names[:_SHOWN]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
