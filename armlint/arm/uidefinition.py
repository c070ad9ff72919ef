"""createUiDefinition.json: the form that the portal shows for a template, and what it passes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.arm import expression as syntax

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from armlint.arm.template import Linker
    from armlint.jsontext import Document, Member, Node

SCHEMA: Final = "https://schema.management.azure.com/schemas/0.1.2-preview/createuidefinition.multivm.json"
VERSION: Final = "0.1.2-preview"
HANDLERS: Final = ("Microsoft.Azure.CreateUIDef", "Microsoft.Compute.MultiVm")
# What a template beside such a file is called, the first that is there.
_TEMPLATES: Final = ("mainTemplate.json", "azuredeploy.json", "maintemplate.json")


class Control(NamedTuple):
    """An element of the form. `step` is the lower-cased name of its step, empty for the basics.

    `section` is the lower-cased name of the section that it stands in, empty outside of one.
    """

    name: str
    type: str
    node: Node
    step: str
    section: str

    def at(self, *path: str) -> Node | None:
        """A node of the element, by names that ignore case."""
        return self.node.at(*path)

    @property
    def kind(self) -> str:
        """The type in lower case."""
        return self.type.lower()

    @property
    def place(self) -> tuple[str, ...]:
        """Its step, its section where it is in one, and its name in lower case."""
        name = self.name.lower()
        return (self.step, self.section, name) if self.section else (self.step, name)


class Use(NamedTuple):
    """Where an output reads the form: `basics('x')` or `steps('s').x`.

    `rest` are the lower-cased names that follow on the first one, `names` those from the control
    on; `start` and `end` are in the output's string, `whole` tells that the output is nothing else.
    """

    output: Member
    place: Node
    step: str
    names: tuple[str, ...]
    start: int
    end: int
    whole: bool


class Form(NamedTuple):
    """A form: its controls, the names of its steps in lower case, its outputs, and what those read.

    `complete` tells that all outputs could be read.
    """

    root: Node
    controls: tuple[Control, ...]
    steps: frozenset[str]
    outputs: Node | None
    uses: tuple[Use, ...]
    complete: bool
    places: Mapping[tuple[str, ...], Control]
    """The controls by step, section where they are in one, and name."""

    def found(self, use: Use) -> Control | None:
        """The control that is read there; None where the form has none, or a section is read as a whole."""
        if not use.names:
            return None
        control = self.places.get((use.step, use.names[0]))
        if control is not None and (control.kind != SECTION or not use.names[1:]):
            return control
        return self.places.get((use.step, *use.names[:2]))

    def used(self) -> Mapping[int, list[Use]]:
        """Where the outputs read the controls, by the `id` of a control's node."""
        found: dict[int, list[Use]] = {}
        for use in self.uses:
            control = self.found(use)
            if control is not None:
                found.setdefault(id(control.node), []).append(use)
        return found


SECTION: Final = "microsoft.common.section"


def read(document: Document) -> Form | None:
    """The form that a document is; None where it has no object `parameters`."""
    root = document.root
    parameters = None if root is None else root.get("parameters")
    if root is None or parameters is None or parameters.kind != "object":
        return None
    controls = [*_elements(parameters.get("basics"), "")]
    steps = set()
    section = parameters.get("steps")
    for step in () if section is None else section.items:
        name = step.get("name")
        if name is not None and isinstance(name.value, str):
            steps.add(name.value.lower())
            controls += _elements(step.get("elements"), name.value.lower())
    outputs = parameters.get("outputs")
    if outputs is not None and outputs.kind != "object":
        outputs = None
    complete = True
    uses: list[Use] = []
    for member in () if outputs is None else outputs.members:
        for place in member.value.walk():
            if not isinstance(place.value, str):
                continue
            tree = syntax.read(place.value)
            # The language of forms has words and operators that templates do not have.
            if isinstance(tree, syntax.Invalid):
                complete = False
            elif tree is not None:
                uses += _uses(member, place, tree)
                complete = complete and not _computed(tree)
    places = {control.place: control for control in reversed(controls)}
    return Form(root, tuple(controls), frozenset(steps), outputs, tuple(uses), complete, places)


def _elements(section: Node | None, step: str, within: str = "") -> Iterator[Control]:
    for node in () if section is None else section.items:
        name, kind = node.get("name"), node.get("type")
        if name is None or kind is None:
            continue
        if isinstance(name.value, str) and isinstance(kind.value, str):
            control = Control(name.value, kind.value, node, step, within)
            yield control
            if control.kind == SECTION and not within:
                yield from _elements(node.get("elements"), step, name.value.lower())


def _uses(output: Member, place: Node, tree: syntax.Expression) -> Iterator[Use]:
    """Each longest chain of names upon `basics()` or `steps()` in an expression."""
    inner: set[int] = set()
    for part in syntax.walk(tree):
        if id(part) in inner:
            continue
        names: list[str] = []
        base = part
        while isinstance(base, syntax.Property | syntax.Index):
            inner.add(id(base))
            if isinstance(base, syntax.Property):
                names.append(base.name.lower())
            elif isinstance(base.index, syntax.Literal):
                names.append(str(base.index.value).lower())
            else:
                names.clear()
            base = base.base
        inner.add(id(base))
        if isinstance(base, syntax.Call) and len(base.args) == 1 and isinstance(base.args[0], syntax.Literal):
            said = str(base.args[0].value).lower()
            path = (*reversed(names),)
            if base.function == "basics":
                yield Use(output, place, "", (said, *path), part.start, part.end, part is tree)
            elif base.function == "steps":
                yield Use(output, place, said, path, part.start, part.end, part is tree)


def _computed(tree: syntax.Expression) -> bool:
    """Whether an expression reads the form by a name that is computed."""
    return any(
        isinstance(part, syntax.Call)
        and part.function in {"basics", "steps"}
        and not (len(part.args) == 1 and isinstance(part.args[0], syntax.Literal))
        for part in syntax.walk(tree)
    )


def parameters_beside(document: Document, linker: Linker | None) -> Mapping[str, Member] | None:
    """The parameters of the template beside a form, by lower-cased name; None where there is no template."""
    if linker is None:
        return None
    for name in _TEMPLATES:
        found = linker(document.source.name, name)
        root = None if found is None or found.errors else found.root
        if root is not None and root.kind == "object" and root.get("resources") is not None:
            section = root.get("parameters")
            return {} if section is None else {member.name.lower(): member for member in section.members}
    return None
