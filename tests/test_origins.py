"""Templates in which no secret can come up are left out, and nothing is missed by that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from armlint import page as pages
from armlint.arm.flow import SHOWN_BY
from armlint.arm.model import Model
from armlint.arm.origins import origins
from armlint.checks import leaks
from armlint.jsontext import Document, read
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from armlint.arm.template import Template

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
STORAGE = "resourceId('Microsoft.Storage/storageAccounts', 's')"
PAGES = sorted((Path(__file__).parents[1] / "rules").glob("SEC*.md"))
EXAMPLES = [
    example.text
    for path in PAGES
    for example in pages.read(path.name, path.read_text("utf-8")).examples
    if '"resources"' in example.text
]

Json = dict[str, Any]


def template(resources: object = (), **sections: object) -> Json:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": resources, **sections}


def nested(inner: object, parameters: object = None, name: str = "inner", scope: str = "inner") -> Json:
    properties: Json = {"mode": "Incremental", "expressionEvaluationOptions": {"scope": scope}}
    properties |= {"template": inner} if parameters is None else {"template": inner, "parameters": parameters}
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": name,
        "properties": properties,
    }


def shows(value: str, *resources: object, **sections: object) -> Json:
    outputs = {"o": {"type": "string", "value": value}}
    return template([*resources], outputs=outputs, **sections)


def scoped(model: Model) -> list[Template]:
    return [each for each in model.templates if each.scope is each.declared]


def among(content: object, *, linked: bool = False) -> list[bool]:
    """For each template with a scope of its own whether a secret can come up in it."""
    text = content if isinstance(content, str) else json.dumps(content)
    model = Model(read(Source(text)))
    found = origins(scoped(model), model.folded, linked=linked)
    return [each.scope.number in found for each in scoped(model)]


def told(text: str) -> list[tuple[object, ...]]:
    linked = read(Source(json.dumps(shows(f"[listKeys({STORAGE}, '2019-06-01').keys[0]]")), "linked.json"))

    def linker(_: str, path: str) -> Document | None:
        return linked if path == "linked.json" else None

    model = Model(read(Source(text)), linker)
    return [
        (leak.rule, leak.at.place.span, leak.source.title, [step.span for step in leak.way.steps()])
        for leak in leaks.analyse(model)
    ]


SECRET = {"p": {"type": "securestring"}}
PLAIN = {"p": {"type": "string"}}
READ = "[reference('inner').outputs.o.value]"
CASES: dict[str, object] = {
    "a secure parameter": shows("[parameters('p')]", parameters=SECRET),
    "in another letter case": shows("[parameters('p')]", parameters={"p": {"type": "SecureString"}}),
    "a type of its own": shows(
        "[parameters('p').x]",
        parameters={"p": {"$ref": "#/definitions/d"}},
        definitions={"d": {"type": "object", "properties": {"x": {"type": "secureString"}}}},
        languageVersion="2.0",
    ),
    "a list operation": shows(f"[listKeys({STORAGE}, '2019-06-01').keys[0].value]"),
    "in capital letters": shows(f"[LISTKEYS ({STORAGE}, '2019-06-01').keys[0].value]"),
    "between escaped line breaks": shows(f"[\nlistKeys\n({STORAGE}, '2019-06-01').keys[0].value]"),
    "passed down": template([nested(shows("[parameters('p')]", parameters=PLAIN), {"p": {"value": READ}})]),
    "passed to a plain parameter": template(
        [nested(shows("[parameters('p')]", parameters=PLAIN), {"p": {"value": "[parameters('p')]"}})],
        parameters=SECRET,
    ),
    "passed twice": template(
        [
            nested(
                template(
                    [
                        nested(
                            shows("[parameters('p')]", parameters=PLAIN),
                            {"p": {"value": "[parameters('p')]"}},
                        )
                    ],
                    parameters=PLAIN,
                ),
                {"p": {"value": "[parameters('p')]"}},
            )
        ],
        parameters=SECRET,
    ),
    "from a Key Vault": template(
        [
            nested(
                shows("[parameters('p')]", parameters=PLAIN),
                {"p": {"reference": {"keyVault": {"id": "x"}, "secretName": "s"}}},
            )
        ]
    ),
    "from a Key Vault, by a variable": template(
        [nested(shows("[parameters('p')]", parameters=PLAIN), {"p": "[variables('v')]"})],
        variables={"v": {"reference": {"keyVault": {"id": "x"}, "secretName": "s"}}},
    ),
    "from a Key Vault, by a function": template(
        [
            nested(
                shows("[parameters('p')]", parameters=PLAIN),
                {"p": "[createObject('reference', createObject('secretName', 's'))]"},
            )
        ]
    ),
    "read back": shows(READ, nested(shows("[parameters('p')]", parameters=SECRET))),
    "read back twice": shows(
        READ, nested(shows(READ, nested(shows(f"[listKeys({STORAGE}, '2019-06-01').keys[0]]"))))
    ),
    "in outer scope": template([nested(shows("[parameters('p')]"), scope="outer")], parameters=SECRET),
    "linked": shows(
        READ,
        {
            "type": "Microsoft.Resources/deployments",
            "apiVersion": "2022-09-01",
            "name": "inner",
            "properties": {"mode": "Incremental", "templateLink": {"relativePath": "linked.json"}},
        },
    ),
    "in the message of fail()": template(
        [nested(shows("[fail(parameters('p'))]", parameters=SECRET))],
    ),
    **{
        f"shown by {path[-1]}": shows(f"[reference('r', '2020-01-01').{'.'.join(filter(None, path))}]")
        for path in SHOWN_BY
    },
}
TEXTS = {name: json.dumps(case) for name, case in CASES.items()}
# The same with letters of the words that are looked for written as escapes.
TEXTS |= {
    f"{name}, escaped": text.replace("ecure", "\\u0065cure").replace("istKeys", "\\u0069stKeys")
    for name, text in TEXTS.items()
}


NAMES = [*TEXTS, *(f"example {number}" for number in range(len(EXAMPLES)))]


@pytest.mark.parametrize("text", [*TEXTS.values(), *EXAMPLES], ids=NAMES)
def test_what_is_left_out_holds_nothing(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    some = told(text)

    def everywhere(templates: Iterable[Template], _: str, *, linked: bool) -> frozenset[int]:
        del linked
        return frozenset(each.scope.number for each in templates)

    monkeypatch.setattr(leaks, "origins", everywhere)
    assert told(text) == some


@pytest.mark.parametrize("name", [name for name in TEXTS if "passed down" not in name])
def test_each_case_has_a_secret_to_miss(name: str) -> None:
    assert told(TEXTS[name])


def test_a_template_without_anything_secret_is_left_out() -> None:
    content = shows("[parameters('p')]", parameters={"p": {"type": "string", "metadata": {"list": "of x"}}})
    assert among(content) == [False]


def test_a_secret_in_a_nested_template_is_in_no_other() -> None:
    safe = shows("[parameters('p')]", parameters=PLAIN)
    content = template([nested(safe), nested(shows("[parameters('p')]", parameters=SECRET))])
    assert among(content) == [False, False, True]


def test_who_reads_what_a_secret_may_come_back_by_is_taken_in() -> None:
    inner = nested(shows("[parameters('p')]", parameters=SECRET))
    assert among(template([inner])) == [False, True]
    assert among(shows(READ, inner)) == [True, True]
    assert among(shows(READ, nested(template([inner])))) == [False, False, True]


def test_a_link_counts_where_other_files_may_be_read() -> None:
    content = CASES["linked"]
    assert among(content) == [False]
    assert among(content, linked=True) == [True]


def test_words_that_only_look_like_a_list_operation_do_not_count() -> None:
    for text in (
        "[concat('allowlist(', 'x')]",
        "[parameters('list')]",
        "[blacklist(1)]",
        "a list of (things)",
    ):
        assert among(shows(text)) == [False], text


def test_a_text_of_nothing_but_the_word_is_read_in_linear_time() -> None:
    assert among(shows("list" * 200_000)) == [False]
