"""Tests of linked templates: found beside the file that links to them, bound to what it passes."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from armlint.arm.model import Model
from armlint.arm.template import Template, linked
from armlint.arm.value import Failure, Term
from armlint.files import LinkedFiles
from armlint.jsontext import Document, read
from armlint.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from armlint.arm.template import Resource
    from armlint.arm.value import Value

CHILD = {
    "contentVersion": "1.0.0.0",
    "parameters": {
        "a": {"type": "string"},
        "b": {"type": "string", "defaultValue": "[concat('default-', variables('v'))]"},
    },
    "variables": {"v": "child"},
    "resources": [{"type": "A.B/c", "name": "[format('{0}-{1}', parameters('a'), parameters('b'))]"}],
}


class Folder:
    """Files in memory, as a linker gives them; remembers what was asked for."""

    def __init__(self, **files: object) -> None:
        self.files = {
            name.replace("__", "/") + ".json": json.dumps(content) for name, content in files.items()
        }
        self.asked: list[tuple[str, str]] = []

    def __call__(self, origin: str, relative: str) -> Document | None:
        self.asked.append((origin, relative))
        text = self.files.get(relative)
        return None if text is None else read(Source(text, relative))


def deployment(path: object, passed: object = None, **fields: Any) -> dict[str, Any]:
    properties: dict[str, Any] = {"mode": "Incremental", "templateLink": {"relativePath": path}}
    if passed is not None:
        properties["parameters"] = passed
    return {"type": "Microsoft.Resources/deployments", "name": "d", "properties": properties, **fields}


def parent(*resources: dict[str, Any], name: str = "main.json") -> Resource:
    document = {
        "contentVersion": "1.0.0.0",
        "parameters": {"p": {"type": "string"}},
        "variables": {"v": "parent", "folder": "sub"},
        "resources": list(resources),
    }
    root = Model(read(Source(json.dumps(document), name))).root
    assert root is not None
    return root.resources[0]


def follow(path: object, folder: Folder, passed: object = None) -> Template | None:
    return linked(parent(deployment(path, passed)), folder)


def name_of(found: Template | None) -> Value:
    assert found is not None
    return found.resources[0].name


def test_a_link_is_followed_to_the_file() -> None:
    found = follow("child.json", Folder(child=CHILD), {"a": {"value": "x"}})
    assert name_of(found) == "x-default-child"
    assert found is not None
    assert found.document.source.name == "child.json"
    assert found.deployment is not None
    assert found.inner
    assert found.node.pointer == ""


def test_the_parameters_of_a_linked_template_are_bound_as_those_of_an_inner_one() -> None:
    folder = Folder(child=CHILD)
    passed = {"A": {"value": "[concat(variables('v'), '!')]"}, "b": {"value": "y"}}
    assert name_of(follow("child.json", folder, passed)) == "parent!-y"
    assert repr(
        name_of(follow("child.json", folder, {"a": {"value": "[parameters('p')]"}, "b": {"value": "y"}}))
    ) == ("parameters(1, 'p')+'-y'")
    assert repr(name_of(follow("child.json", folder, {"b": {"value": "y"}}))) == "parameters(2, 'a')+'-y'"
    vault = {"a": {"reference": {"secretName": "s"}}, "b": {"value": "y"}}
    assert repr(name_of(follow("child.json", folder, vault))) == "parameters(2, 'a')+'-y'"


def test_parameters_from_a_parameter_file_are_unknown() -> None:
    made = deployment("child.json")
    made["properties"]["parametersLink"] = {"uri": "https://example.org/p.json"}
    found = linked(parent(made), Folder(child=CHILD))
    assert repr(name_of(found)) == "parameters(2, 'a')+'-'+parameters(2, 'b')"


def test_a_linked_template_does_not_see_the_names_around() -> None:
    child = {**CHILD, "resources": [{"type": "A.B/c", "name": "[parameters('p')]"}]}
    assert isinstance(name_of(follow("child.json", Folder(child=child))), Failure)
    # Whatever the deployment says of scopes: that is for templates written inside it.
    made = deployment("child.json")
    made["properties"]["expressionEvaluationOptions"] = {"scope": "outer"}
    assert isinstance(name_of(linked(parent(made), Folder(child=child))), Failure)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("child.json", "child.json"),
        ("sub/child.json", "sub/child.json"),
        ("sub\\child.json", "sub/child.json"),
        ("..\\up\\child.json", "../up/child.json"),
        ("[concat(variables('folder'), '/', 'child.json')]", "sub/child.json"),
        ("[format('{0}\\child.json', variables('folder'))]", "sub/child.json"),
    ],
)
def test_paths_are_asked_for_with_slashes_and_from_the_file_that_links(written: str, asked: str) -> None:
    folder = Folder()
    assert follow(written, folder) is None
    assert folder.asked == [("main.json", asked)]


@pytest.mark.parametrize(
    "path",
    [
        "/etc/child.json",
        "\\\\server\\share\\child.json",
        "C:\\child.json",
        "c:child.json",
        "https://example.org/child.json",
        "file:///child.json",
        "",
        " ",
        "[parameters('p')]",
        "[concat(parameters('p'), '.json')]",
        "[variables('no')]",
        5,
        None,
        {},
    ],
)
def test_what_is_no_relative_path_is_not_asked_for(path: object) -> None:
    folder = Folder(child=CHILD)
    assert follow(path, folder) is None
    assert folder.asked == []


def test_only_deployments_link() -> None:
    folder = Folder(child=CHILD)
    assert (
        linked(parent({**deployment("child.json"), "type": "Microsoft.Resources/deploymentScripts"}), folder)
        is None
    )
    assert linked(parent({"type": "Microsoft.Resources/deployments", "name": "d"}), folder) is None
    assert folder.asked == []
    assert (
        linked(parent({**deployment("child.json"), "type": "microsoft.resources/DEPLOYMENTS"}), folder)
        is not None
    )


@pytest.mark.parametrize("content", [[], 5, None, "x"])
def test_a_file_that_is_no_object_is_no_template(content: object) -> None:
    assert follow("child.json", Folder(child=content)) is None


def test_a_file_that_does_not_parse_is_read_as_far_as_it_goes() -> None:
    folder = Folder()
    folder.files["child.json"] = '{"resources": [{"type": "A.B/c", "name": "x"} '
    assert name_of(follow("child.json", folder)) == "x"


def test_the_places_in_a_linked_template_are_those_of_its_file() -> None:
    found = follow("child.json", Folder(child=CHILD), {"a": {"value": "x"}})
    assert found is not None
    node = found.resources[0].node.get("name")
    assert node is not None
    assert found.document.source.text[node.start : node.end].startswith('"[format(')


# -- links from links --


def chain(folder: Folder, resource: Resource, seen: tuple[str, ...] = ()) -> list[str]:
    """The files on a way of links, each followed at its first resource."""
    found = linked(resource, folder, seen)
    if found is None:
        return []
    names = (*seen, resource.template.document.source.name)
    below = chain(folder, found.resources[0], names) if found.resources else []
    return [found.document.source.name, *below]


def linking(to: str) -> dict[str, Any]:
    return {"contentVersion": "1", "resources": [deployment(to)]}


def test_links_are_followed_from_file_to_file() -> None:
    folder = Folder(a=linking("b.json"), b=linking("c.json"), c=CHILD)
    assert chain(folder, parent(deployment("a.json"))) == ["a.json", "b.json", "c.json"]


def test_links_in_a_ring_end() -> None:
    folder = Folder(main=linking("a.json"), a=linking("b.json"), b=linking("a.json"))
    assert chain(folder, parent(deployment("a.json"))) == ["a.json", "b.json"]
    folder = Folder(main=linking("main.json"))
    assert chain(folder, parent(deployment("main.json"))) == []
    # However the first file was called.
    assert chain(folder, parent(deployment("main.json"), name="./main.json")) == []
    assert chain(folder, parent(deployment("main.json"), name="x/../main.json")) == []


def test_parameters_pass_through_links() -> None:
    middle = {
        "contentVersion": "1",
        "parameters": {"m": {"type": "string"}},
        "resources": [deployment("child.json", {"a": {"value": "[concat(parameters('m'), '2')]"}})],
    }
    folder = Folder(middle=middle, child=CHILD)
    first = linked(parent(deployment("middle.json", {"m": {"value": "1"}})), folder)
    assert first is not None
    assert name_of(linked(first.resources[0], folder, ("main.json",))) == "12-default-child"


def test_templates_that_link_to_each_other_again_and_again_are_given_up() -> None:
    files = {
        f"t{i}": {"contentVersion": "1", "x": "y" * 200_000, "resources": [deployment(f"t{i + 1}.json")] * 4}
        for i in range(30)
    }
    folder = Folder(**files)
    count = 0
    started = time.process_time()
    pending = [(parent(deployment("t0.json")), ("main.json",))]
    while pending:
        resource, seen = pending.pop()
        found = linked(resource, folder, seen)
        if found is not None:
            count += 1
            pending.extend((below, (*seen, found.document.source.name)) for below in found.resources)
    assert 30 < count < 500
    assert time.process_time() - started < 10


def test_a_linked_template_brings_the_work_that_it_needs() -> None:
    names = {f"v{i}": f"[concat('{'x' * 100}', '{i}')]" for i in range(3000)}
    child = {"contentVersion": "1", "variables": names, "resources": []}
    resource = parent(deployment("child.json"))
    evaluator = resource.template.evaluator
    evaluator._steps = 100
    found = linked(resource, Folder(child=child))
    assert found is not None
    assert not any(isinstance(evaluator.variable(found.scope, name), Term) for name in names)


# -- files --


def write(path: Path, content: object) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), "utf-8")
    return str(path)


def from_disk(main: Path, path: str, root: Path) -> Template | None:
    text = json.dumps({"contentVersion": "1", "resources": [deployment(path, {"a": {"value": "x"}})]})
    model = Model(read(Source(text, str(main))))
    return linked(model.resources[0], LinkedFiles(str(root)))


def test_files_are_read_relative_to_the_file_that_links(tmp_path: Path) -> None:
    write(tmp_path / "sub" / "child.json", CHILD)
    for main, path in (
        (tmp_path / "main.json", "sub/child.json"),
        (tmp_path / "main.json", "sub\\child.json"),
        (tmp_path / "main.json", "./sub/../sub/child.json"),
        (tmp_path / "other" / "main.json", "../sub/child.json"),
    ):
        assert name_of(from_disk(main, path, tmp_path)) == "x-default-child"


def test_files_outside_of_the_folder_are_not_read(tmp_path: Path) -> None:
    outside = write(tmp_path / "child.json", CHILD)
    root = tmp_path / "root"
    root.mkdir()
    for path in ("../child.json", "..\\child.json", "sub/../../child.json", outside):
        assert from_disk(root / "main.json", path, root) is None
    (root / "link.json").symlink_to(outside)
    assert from_disk(root / "main.json", "link.json", root) is None
    (root / "folder").symlink_to(tmp_path)
    assert from_disk(root / "main.json", "folder/child.json", root) is None


@pytest.mark.parametrize("path", ["absent.json", "sub", "."])
def test_what_cannot_be_read_is_no_template(tmp_path: Path, path: str) -> None:
    (tmp_path / "sub").mkdir()
    assert from_disk(tmp_path / "main.json", path, tmp_path) is None


def test_a_path_with_a_null_character_does_no_harm(tmp_path: Path) -> None:
    assert from_disk(tmp_path / "main.json", "a\x00b.json", tmp_path) is None
