"""TPL505 and TPL532: API versions against a dated table, and the script that makes it."""

from __future__ import annotations

import json
import runpy
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import armlint
from armlint.arm.versions import ApiVersions, is_version
from armlint.run import api_versions

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / ".github" / "scripts" / "api_versions.py"
INDEX = {
    "resources": {
        "A.B/plain@2018-01-01": {},
        "A.B/plain@2019-01-01-preview": {},
        "A.B/plain@2020-01-01": {},
        "A.B/plain@2020-01-01-preview": {},
        "A.B/plain@2021-01-01-preview": {},
        "A.B/Previews@2018-01-01-preview": {},
        "A.B/previews@2019-01-01-beta": {},
        "A.B/single@2016-06-31": {},
        "A.B/broken@latest": {},
        "A.B/extra": {},
    }
}
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


@pytest.fixture(scope="module")
def table(script: dict[str, Any]) -> ApiVersions:
    return ApiVersions(json.loads(script["text_of"](script["table_of"](INDEX))))


def test_the_script_makes_a_dated_table(table: ApiVersions) -> None:
    assert table.date == "2021-01-01"
    assert table.of("a.b/PREVIEWS") == ("2018-01-01-preview", "2019-01-01-beta")
    assert table.of("A.B/plain")[-1] == "2021-01-01-preview"
    assert table.of("A.B/broken") == table.of("C.D/plain") == table.of("") == ()


def test_the_script_writes_the_file_that_armlint_reads(
    script: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "generated" / "index.json"
    index.parent.mkdir()
    index.write_text(json.dumps(INDEX), "utf-8")
    monkeypatch.setattr(sys, "argv", [str(SCRIPT)])
    with pytest.raises(SystemExit, match=r"index\.json"):
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert script["TABLE"] == ROOT / "schemas" / "api-versions.json"
    text = script["TABLE"].read_text("utf-8")
    assert script["text_of"](json.loads(text)) == text


@pytest.mark.parametrize(
    ("kind", "version", "better"),
    [
        ("plain", "2018-01-01", "2020-01-01"),
        ("plain", "2020-01-01", None),
        ("plain", "2019-01-01-preview", "2020-01-01"),
        ("plain", "2020-01-01-preview", "2020-01-01"),
        ("plain", "2021-01-01-PREVIEW", None),
        ("plain", "2017-01-01", None),
        ("plain", "2030-01-01", None),
        ("previews", "2018-01-01-preview", "2019-01-01-beta"),
        ("previews", "2019-01-01-beta", None),
        ("single", "2016-06-31", None),
        ("unknown", "2018-01-01", None),
    ],
)
def test_which_version_is_old(table: ApiVersions, kind: str, version: str, better: str | None) -> None:
    assert table.better(f"A.B/{kind}", version, date(2026, 1, 1)) == better


@pytest.mark.parametrize(
    ("day", "old"), [(date(2020, 1, 1), False), (date(2020, 1, 2), True), (date.min, False)]
)
def test_two_years_are_counted_in_days(table: ApiVersions, day: date, old: bool) -> None:
    assert (table.better("A.B/plain", "2018-01-01", day) is not None) is old


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2024-01-01", True), ("2024-01-01-preview", True), ("2024-01-01-Privatepreview.1", True)]
    + [
        (text, False)
        for text in ("", "latest", "20240101", "2024-01", "202001-01", "2024-01-01preview", "2024-01-01-")
    ],
)
def test_what_a_version_looks_like(text: str, expected: bool) -> None:
    assert is_version(text) is expected


def test_the_table_of_armlint_knows_azure() -> None:
    table = api_versions()
    assert len(table.of("Microsoft.Compute/virtualMachines/extensions")) > 20
    assert date.fromisoformat(table.date) > date(2025, 1, 1)
    assert table.of("Microsoft.Compute/virtualMachines")[0] == "2015-06-15"


def template(resource: dict[str, Any] | None = None, **sections: Any) -> str:
    resources = [] if resource is None else [{"name": "x", **resource}]
    return json.dumps({"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": resources, **sections})


def told(text: str, rule: str = "TPL505") -> list[str]:
    return [f.message for f in armlint.check(text, select=[rule], today=date(2026, 1, 1))]


STORAGE = {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2016-01-01"}


def test_the_message_tells_the_date_of_the_table() -> None:
    (message,) = told(template(STORAGE))
    assert f"as of {api_versions().date}" in message
    assert "2016-01-01" in message


def test_an_expression_is_judged_by_its_value() -> None:
    old = {"v": "2016-01-01", "odd": "202001-01"}
    assert len(told(template({**STORAGE, "apiVersion": "[variables('v')]"}, variables=old))) == 1
    assert (
        "no API version" in told(template({**STORAGE, "apiVersion": "[variables('odd')]"}, variables=old))[0]
    )
    unknown = {"p": {"type": "string", "defaultValue": "2016-01-01"}}
    assert told(template({**STORAGE, "apiVersion": "[parameters('p')]"}, parameters=unknown)) == []


def test_who_wants_to_keep_a_version_may() -> None:
    assert told(template({**STORAGE, "metadata": ["Disable-apiVersions-should-be-recent"]})) == []


def test_a_property_called_api_version_is_something_else() -> None:
    api = {
        "type": "Microsoft.ApiManagement/service/apis",
        "apiVersion": "2024-05-01",
        "properties": {"apiVersion": "v1"},
    }
    assert told(template(api)) == []


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("reference(resourceId('Microsoft.Storage/storageAccounts', parameters('p')), '2016-01-01')", 1),
        ("listKeys(variables('id'), '2016-01-01').keys[0].value", 1),
        ("reference(concat('Microsoft.Storage/storageAccounts/', parameters('p')), '2016-01-01')", 1),
        ("reference(resourceId('Microsoft.Storage/storageAccounts', 'x'), '2025-01-01')", 0),
        ("reference(resourceId('Microsoft.Storage/storageAccounts', 'x'))", 0),
        ("reference(parameters('p'), '2016-01-01')", 0),
        ("reference('x', '2016-01-01')", 0),
        ("concat(resourceId('Microsoft.Storage/storageAccounts', 'x'), '2016-01-01')", 0),
    ],
)
def test_versions_in_calls(expression: str, count: int) -> None:
    text = template(
        parameters={"p": {"type": "string"}},
        variables={"id": "[resourceId('Microsoft.Storage/storageAccounts', parameters('p'))]"},
        outputs={"o": {"type": "object", "value": f"[{expression}]"}},
    )
    assert len(told(text, "TPL532")) == count
    assert told(text) == []
