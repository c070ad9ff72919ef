"""Tests of templates as Azure reads them: types and names, scopes, and what is evaluated at all."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from armlint.arm.expression import is_expression
from armlint.arm.model import Model
from armlint.arm.template import Template, shown, sites, split_name
from armlint.arm.template import read as read_template
from armlint.arm.value import Failure, Pool, Term
from armlint.jsontext import Member, read
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from armlint.arm.template import Resource, Site
    from armlint.jsontext import Node

CORPUS = Path(os.environ.get("ARMLINT_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
VM = "Microsoft.Compute/virtualMachines"


def template(*resources: Any, **sections: Any) -> Template:
    document = {"resources": list(resources), **sections}
    found = read_template(read(Source(json.dumps(document))))
    assert found is not None
    return found


def outline(found: Iterable[Resource]) -> list[tuple[str | None, str]]:
    return [(resource.type, shown(resource.name)) for resource in found]


def test_only_an_object_is_a_template() -> None:
    for text in ("", "[]", "5", '"x"', "null"):
        assert read_template(read(Source(text))) is None
    assert read_template(read(Source("{}"))) is not None


# -- types and names --


def test_children_have_the_types_and_names_of_their_parents_before_their_own() -> None:
    found = template(
        {
            "type": "Microsoft.Sql/servers",
            "name": "[parameters('s')]",
            "resources": [
                {
                    "type": "databases",
                    "name": "[concat('db', '1')]",
                    "resources": [
                        {"type": "extensions", "name": "import"},
                        {"type": "/transparentDataEncryption/", "name": "current"},
                    ],
                },
                {"type": "firewallRules", "name": "[format('{0}-{1}', 'a', parameters('x'))]"},
            ],
        },
        {"type": "Microsoft.Storage/storageAccounts", "name": "sa"},
        parameters={"s": {"type": "string"}, "x": {"type": "string"}},
    )
    assert outline(found.all_resources()) == [
        ("Microsoft.Sql/servers", "{s}"),
        ("Microsoft.Sql/servers/databases", "{s}/db1"),
        ("Microsoft.Sql/servers/databases/extensions", "{s}/db1/import"),
        ("Microsoft.Sql/servers/databases/transparentDataEncryption", "{s}/db1/current"),
        ("Microsoft.Sql/servers/firewallRules", "{s}/a-{x}"),
        ("Microsoft.Storage/storageAccounts", "sa"),
    ]
    assert [resource.key for resource in found.resources] == [
        "microsoft.sql/servers",
        "microsoft.storage/storageaccounts",
    ]
    assert outline(found.resources) == outline(found.all_resources())[::5]


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        ({"type": "extensions", "name": "x"}, (f"{VM}/extensions", "vm/x")),
        ({"type": "Extensions", "name": "x"}, (f"{VM}/Extensions", "vm/x")),
        # In full, with a name in full or a short one.
        ({"type": f"{VM}/extensions", "name": "vm/x"}, (f"{VM}/extensions", "vm/x")),
        ({"type": f"{VM}/extensions", "name": "[concat('vm', '/x')]"}, (f"{VM}/extensions", "vm/x")),
        (
            {"type": f"{VM}/extensions", "name": "[concat('other/', parameters('p'))]"},
            (f"{VM}/extensions", "other/{p}"),
        ),
        ({"type": f"{VM}/extensions", "name": "x"}, (f"{VM}/extensions", "vm/x")),
        (
            {"type": f"{VM.lower()}/extensions", "name": "[parameters('p')]"},
            (f"{VM.lower()}/extensions", "vm/{p}"),
        ),
        # Of another provider: what extends the machine has a name of its own.
        ({"type": "Microsoft.Insights/rules", "name": "lock"}, ("Microsoft.Insights/rules", "lock")),
        (
            {"type": "providers/locks", "name": "Microsoft.Authorization/lock"},
            (f"{VM}/providers/locks", "vm/Microsoft.Authorization/lock"),
        ),
        ({"type": "[parameters('p')]", "name": "x"}, (None, "vm/x")),
        ({"type": "[concat('ext', 'ensions')]", "name": "x"}, (f"{VM}/extensions", "vm/x")),
        ({"name": "x"}, (None, "vm/x")),
        ({"type": "extensions"}, (f"{VM}/extensions", "?")),
        ({"type": "extensions", "name": 5}, (f"{VM}/extensions", "5")),
        ({"type": "extensions", "name": "[variables('no')]"}, (f"{VM}/extensions", "?")),
    ],
)
def test_a_child_may_be_typed_in_short_or_in_full(
    child: dict[str, Any], expected: tuple[str | None, str]
) -> None:
    parent = {"type": VM, "name": "vm", "resources": [child]}
    found = template(parent, parameters={"p": {"type": "string"}})
    assert outline(found.all_resources())[1] == expected


def test_below_an_unknown_type_types_are_unknown() -> None:
    leaf = {"type": "leaf", "name": "c"}
    found = template(
        {
            "type": "[parameters('p')]",
            "name": "a",
            "resources": [{"type": "b", "name": "b", "resources": [leaf]}],
        }
    )
    assert outline(found.all_resources()) == [(None, "a"), (None, "a/b"), (None, "a/b/c")]


def test_symbolic_names_name_resources() -> None:
    found = template(
        languageVersion="2.0",
        resources={
            "vm": {"type": VM, "name": "x", "existing": True},
            "metadata": {
                "type": VM,
                "name": "[parameters('p')]",
                "resources": {"kid": {"type": "extensions", "name": "e"}},
            },
        },
        parameters={"p": {"type": "string"}},
    )
    assert found.symbolic
    assert found.modern
    symbols = [None if r.symbol is None else r.symbol.name for r in found.all_resources()]
    assert symbols == ["vm", "metadata", "kid"]
    assert [resource.existing for resource in found.all_resources()] == [True, False, False]
    assert [resource.label() for resource in found.all_resources()] == ["vm", "metadata", "kid"]
    assert shown(list(found.all_resources())[2].name) == "{p}/e"


@pytest.mark.parametrize(
    "resources", [None, 5, "[variables('r')]", {}, [], [None, 5, "x", []], {"a": None, "b": []}]
)
def test_what_is_no_resource_is_none(resources: object) -> None:
    assert list(template(resources=resources).all_resources()) == []


def test_a_condition_is_told_as_far_as_it_is_known() -> None:
    conditions = [True, False, "[equals('a', 'b')]", "[parameters('p')]"]
    found = template(
        {"type": VM, "name": "x"},
        *({"type": VM, "name": "x", "condition": condition} for condition in conditions),
        parameters={"p": {"type": "bool"}},
    )
    values = [resource.condition for resource in found.resources]
    assert values[:4] == [True, True, False, False]
    assert isinstance(values[4], Term)
    assert found.resources[4].condition is values[4]


def test_loops_give_their_name_to_all_below() -> None:
    looped = {
        "type": VM,
        "name": "[concat('vm', copyIndex())]",
        "copy": {"name": "Loop", "count": 2},
        "resources": [{"type": "extensions", "name": "[concat('e', copyIndex('loop'))]"}],
    }
    found = template(
        looped, {"type": VM, "name": "x", "copy": {"name": "[parameters('p')]"}}, {"type": VM, "copy": []}
    )
    assert [resource.loop for resource in found.all_resources()] == ["loop", None, None, None]
    assert [resource.frame.loop for resource in found.all_resources()] == ["loop", "loop", None, None]
    machine, extension = list(found.all_resources())[:2]
    assert shown(extension.name) == "vm{copyindex}/e{copyindex}"
    own, above = split_name(extension.name, found.evaluator.pool)
    assert above is machine.name
    assert shown(own) == "e{copyindex}"


def test_a_name_is_split_at_its_last_slash() -> None:
    pool = Pool()
    vm = pool.term("parameters", 1, "vm")
    assert split_name("a/b/c", pool) == ("c", "a/b")
    assert split_name("a", pool) == ("a", None)
    assert split_name("", pool) == ("", None)
    assert split_name(vm, pool) == (vm, None)
    assert split_name(pool.text([vm, "/x"]), pool) == ("x", vm)
    assert split_name(pool.text(["vm/", vm]), pool) == (vm, "vm")
    own, above = split_name(pool.text(["a/", vm, "b/c", vm]), pool)
    assert (own, above) == (pool.text(["c", vm]), pool.text(["a/", vm, "b"]))
    assert split_name(None, pool) == (None, None)


def test_names_are_shown_in_the_words_of_the_template_and_without_its_literals() -> None:
    pool = Pool()
    parameter = pool.term("parameters", 1, "vm")
    assert shown(pool.text(["a-", pool.term("tolower", parameter)])) == "a-{vm}"
    assert shown(pool.term("property", pool.term("property", parameter, "a"), 0)) == "{vm.a[]}"
    assert shown(pool.term("uniquestring", "secret")) == "{uniquestring}"
    assert shown(pool.term("property", pool.term("reference", "secret"), "a")) == "{reference.a}"
    assert shown(5) == "5"
    assert shown(True) == shown(None) == shown(Failure("secret")) == "?"
    deep = parameter
    for _ in range(5000):
        deep = pool.term("property", pool.term("tolower", deep), "abc")
    assert len(shown(deep)) < 200


# -- nested templates --


def deployment(inner: Any, scope: str | None = None, **properties: Any) -> dict[str, Any]:
    if scope is not None:
        properties["expressionEvaluationOptions"] = {"scope": scope}
    return {
        "type": "Microsoft.Resources/deployments",
        "name": "d",
        "properties": {"template": inner, **properties},
    }


def test_nested_templates_are_found_at_any_depth_in_order() -> None:
    leaf = {"resources": [{"type": "A.B/leaf", "name": "x"}]}
    parent = {"type": "A.B/c", "name": "p", "resources": [deployment(leaf)]}
    found = template(
        deployment({"resources": [deployment(leaf, "inner"), parent]}, "inner"), deployment(leaf)
    )
    pointers = [each.node.pointer for each in found.templates()]
    assert pointers == [
        "",
        "/resources/0/properties/template",
        "/resources/0/properties/template/resources/0/properties/template",
        "/resources/0/properties/template/resources/1/resources/0/properties/template",
        "/resources/1/properties/template",
    ]
    assert [each.inner for each in found.templates()] == [True, True, True, False, False]
    # Each template has its own resources only.
    assert [len(list(each.all_resources())) for each in found.templates()] == [2, 3, 1, 1, 1]


def test_only_deployments_have_nested_templates() -> None:
    for kind in (
        "Microsoft.App/containerApps",
        "Microsoft.App/jobs",
        "Microsoft.Resources/templateSpecs/versions",
    ):
        found = template({**deployment({"resources": []}), "type": kind})
        assert len(list(found.templates())) == 1
    for inner in ("[variables('t')]", [], None):
        assert len(list(template(deployment(inner)).templates())) == 1
    found = template({**deployment({}), "type": "MICROSOFT.RESOURCES/DEPLOYMENTS"})
    assert len(list(found.templates())) == 2


@pytest.mark.parametrize(
    ("scope", "language", "inner"),
    [
        (None, None, False),
        ("outer", None, False),
        ("inner", None, True),
        ("INNER", None, True),
        ("[concat('in', 'ner')]", None, True),
        (None, "2.0", True),
        ("outer", "2.0", False),
    ],
)
def test_the_scope_of_a_nested_template(scope: str | None, language: str | None, inner: bool) -> None:
    sections = {} if language is None else {"languageVersion": language}
    found = template(deployment({}, scope), **sections)
    nested = found.resources[0].nested
    assert nested is not None
    assert nested.inner is inner
    assert (nested.scope is found.scope) is not inner
    assert nested.declared is not found.declared


def test_the_names_of_scopes_ignore_case_and_keep_their_spelling() -> None:
    found = template(
        parameters={"Vm": {"type": "string"}},
        variables={
            "V": 1,
            "Copy": [{"name": "Loop", "count": 1, "input": 2}, {"name": "no"}, {"input": 1}, 5],
        },
        functions=[
            {"namespace": "My", "members": {"F": {"parameters": [{"name": "X"}], "output": {"value": "y"}}}}
        ],
        definitions={"d": {"type": "string"}},
    )
    scope = found.scope
    assert [parameter.name for parameter in scope.parameters.values()] == ["Vm"]
    assert list(scope.variables) == ["v", "loop"]
    assert scope.variables["loop"].copy is not None
    assert scope.variables["loop"].name == "Loop"
    function = scope.functions["my.f"]
    assert (function.name, function.parameters) == ("My.F", ("x",))
    assert scope.definitions is not None


# -- sites --


def places(found: Template) -> list[str]:
    return [where(site) for site in sites(found)]


def where(site: Site) -> str:
    place = site.place
    return f"key {place.value.pointer}" if isinstance(place, Member) else place.pointer


def test_every_place_that_azure_evaluates_is_a_site() -> None:
    found = template(
        {
            "type": "A.B/c",
            "apiVersion": "[a()]",
            "name": "[a()]",
            "location": "[a()]",
            "scope": "[a()]",
            "condition": "[a()]",
            "dependsOn": ["[a()]", "x"],
            "copy": {"name": "n", "count": "[a()]"},
            "tags": {"[a()]": "[a()]"},
            "sku": {"name": "[a()]"},
            "properties": {
                "a": ["[a()]", {"b": "[a()]"}],
                "metadata": {"x": "[a()]"},
                "comments": "[a()]",
                "policyRule": {"if": {"field": "[a()]"}, "then": "[[field()]"},
                "copy": [{"name": "p", "count": "[a()]", "input": "[a()]"}],
            },
            "resources": [{"type": "d", "name": "[a()]"}],
        },
        parameters={"p": {"type": "object", "defaultValue": {"x": ["[a()]"]}}},
        variables={
            "v": "[a()]",
            "o": {"[a()]": ["[a()]"]},
            "copy": [{"name": "w", "count": "[a()]", "input": "[a()]"}],
        },
        functions=[
            {"namespace": "f", "members": {"g": {"parameters": [], "output": {"value": {"x": "[a()]"}}}}}
        ],
        outputs={
            "x": {"type": "string", "value": "[a()]", "condition": "[a()]"},
            "y": {"type": "array", "copy": {"count": "[a()]", "input": "[a()]"}},
            "z": "[a()]",
        },
    )
    text = found.document.source.text
    assert len(places(found)) == text.count("[a()]")
    assert Counter(site.section for site in sites(found)) == {
        "parameters": 1,
        "variables": 5,
        "functions": 1,
        "resources": 18,
        "outputs": 5,
    }
    assert {site.function.name for site in sites(found) if site.function is not None} == {"f.g"}
    assert all(site.text == "[a()]" and site.template is found for site in sites(found))


def test_what_azure_does_not_evaluate_is_no_site() -> None:
    ignored = {"metadata": {"a": "[a()]", "[a()]": 1}, "comments": "[a()]"}
    found = template(
        {"type": "A.B/c", "name": "x", **ignored, "resources": [{"type": "d", "name": "x", **ignored}]},
        **{"$schema": "[a()]"},
        contentVersion="[a()]",
        apiProfile="[a()]",
        metadata={"a": "[a()]"},
        parameters={
            "p": {
                "type": "[a()]",
                "allowedValues": ["[a()]"],
                "minValue": "[a()]",
                "metadata": {"d": "[a()]"},
            },
            "[a()]": {"type": "string"},
        },
        variables={"[a()]": 1},
        functions=[{"namespace": "[a()]", "members": {"g": {"parameters": [{"name": "[a()]"}]}}}],
        outputs={
            "x": {"type": "[a()]", "value": "[[a()]", "metadata": {"d": "[a()]"}},
            "[a()]": {"value": "x"},
        },
    )
    assert places(found) == []
    assert places(template(resources={"[a()]": {"type": "A.B/c", "name": "x", **ignored}})) == []


def test_a_resource_called_resources_or_metadata_is_a_resource() -> None:
    found = template(
        resources={
            "resources": {"type": "A.B/c", "name": "x", "properties": {"metadata": {"a": "[a()]"}}},
            "metadata": {"type": "A.B/c", "name": "[a()]"},
        }
    )
    assert places(found) == ["/resources/resources/properties/metadata/a", "/resources/metadata/name"]


def test_templates_in_inner_scope_are_sites_of_their_own() -> None:
    inner = {
        "parameters": {"p": {"defaultValue": "[a()]"}},
        "variables": {"v": "[a()]"},
        "resources": [{"type": "A.B/c", "name": "[a()]"}],
        "outputs": {"o": {"value": "[a()]"}},
    }
    found = template(
        deployment(inner, "inner", parameters={"p": {"value": "[b()]"}}, templateLink={"uri": "[b()]"})
    )
    assert [site.text for site in sites(found)] == ["[b()]", "[b()]"]
    nested = found.resources[0].nested
    assert nested is not None
    assert [site.text for site in sites(nested)] == ["[a()]"] * 4
    assert {site.scope.number for site in sites(nested)} == {nested.scope.number}
    assert all(site.template is nested and site.outer is None for site in sites(nested))


def test_templates_in_outer_scope_are_part_of_the_template_around_them() -> None:
    inner = {
        "metadata": {"x": "[a()]"},
        "parameters": {"p": {"type": "[a()]", "defaultValue": "[c()]"}},
        "variables": {"v": "[c()]"},
        "functions": [{"namespace": "f", "members": {"g": {"output": {"value": "[a()]"}}}}],
        "resources": [
            {"type": "A.B/c", "name": "[c()]", "metadata": {"x": "[a()]"}},
            deployment(
                {"resources": [{"type": "A.B/c", "name": "[[a()]"}], "outputs": {"o": {"value": "[d()]"}}}
            ),
            deployment({"outputs": {"o": {"value": "[a()]"}}}, "inner", parameters={"p": {"value": "[c()]"}}),
        ],
        "outputs": {"o": {"value": "[c()]", "metadata": "[a()]"}},
    }
    found = template(
        deployment(inner, "outer", parameters={"p": {"value": "[b()]"}}), {"type": "A.B/c", "name": "[b()]"}
    )
    assert Counter(site.text for site in sites(found)) == {"[b()]": 2, "[c()]": 5, "[d()]": 1}
    outer = found.resources[0].nested
    assert outer is not None
    assert list(sites(outer)) == []
    innermost = outer.resources[1].nested
    own = {"[b()]": None, "[c()]": outer, "[d()]": innermost}
    for site in sites(found):
        assert site.template is found
        assert site.scope is found.scope
        assert site.outer is own[site.text]


def bracketed(root: Node) -> Iterable[tuple[int, Node]]:
    """Where all strings and names of a document stand that are shaped like expressions, and what they are."""
    for node in root.walk():
        if isinstance(node.value, str) and is_expression(node.value):
            yield node.start, node
        for member in node.members:
            if is_expression(member.name):
                yield member.start, member.value


# Members below which nothing is evaluated, in the templates of the corpus.
IGNORED = {"metadata", "comments", "$schema", "contentVersion", "allowedValues", "description"}


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus")
def test_in_real_templates_each_expression_is_a_site_once() -> None:
    visited = missed = 0
    for path in sorted(CORPUS.rglob("*.json")):
        content = path.read_bytes()
        encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        model = Model(read(Source(content.decode(encoding, "replace"), path.name)))
        if model.root is None:
            continue
        starts = [site.place.start for each in model.templates for site in model.sites(each)]
        assert len(starts) == len(set(starts)), path
        every = dict(bracketed(model.root.node))
        assert every.keys() >= set(starts)
        visited += len(starts)
        for start in every.keys() - set(starts):
            missed += 1
            assert ignored(every[start]), (path, start)
    assert visited > 10_000
    assert missed < visited / 50


def ignored(node: Node) -> bool:
    """Whether it stands below something that is not evaluated."""
    current: Node | None = node
    while current is not None:
        if str(current.key) in IGNORED or current.key == "type":
            return True
        current = current.parent
    return False
