"""Rules of one's own: folders of pages, installed plugins, and what tells their authors of mistakes."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from armlint import rulebooks
from armlint.page import PageError
from armlint.registry import FAMILIES
from armlint.rulebooks import NoRules, Tried, registry, tried
from armlint.run import load_rules

PAGE = """# HOUSE101 · Virtual machine without a cost center

A virtual machine has no tag `costCenter`, so nobody knows who pays for it.

```toml rule
name     = "cost-center"
severity = "error"
since    = "1.0.0"
on       = "resource"
resource = "Microsoft.Compute/virtualMachines"
require  = "tags.costCenter"
at       = "tags"
message  = "'{name}' says nobody who pays for it"
help     = "Add the tag `costCenter`."
```

## Bad

```json bad
{
  "type": "Microsoft.Compute/virtualMachines",
  "apiVersion": "2024-07-01",
  "name": "web01",
  "tags": { "team": "shop" } // HOUSE101
}
```

## Good

### The value may be known only at deployment

```json good
{
  "type": "Microsoft.Compute/virtualMachines",
  "apiVersion": "2024-07-01",
  "name": "web01",
  "tags": { "costCenter": "[parameters('costCenter')]" }
}
```
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "HOUSE101-cost-center.md").write_text(PAGE, "utf-8")
    (folder / "README.md").write_text("Our rules.")
    return folder


def told(made: Tried) -> list[tuple[int, str]]:
    return [(mistake.line, mistake.message) for mistake in made.mistakes]


class TestFolders:
    def test_rules_are_added_to_those_that_come_with_armlint(self, house: Path) -> None:
        made = registry(load_rules(), [str(house)], ())
        assert made.find("cost-center") is not None
        assert len(made.rules) == len(load_rules().rules) + 1
        assert made.select(["HOUSE"]) == (made.find("HOUSE101"),)

    def test_rules_can_be_sent_to_other_processes(self, house: Path) -> None:
        rule = registry(load_rules(), [str(house)], ()).find("HOUSE101")
        assert rule is not None
        assert callable(pickle.loads(pickle.dumps(rule)).make())  # noqa: S301 - our own

    @pytest.mark.parametrize("family", sorted(FAMILIES))
    def test_ids_of_armlint_are_taken(self, house: Path, family: str) -> None:
        (house / "x.md").write_text(PAGE.replace("HOUSE101", f"{family}999"), "utf-8")
        with pytest.raises(PageError, match="armlint's own"):
            registry(load_rules(), [str(house)], ())

    def test_every_family_of_rules_is_known(self) -> None:
        assert {rule.id[:-3] for rule in load_rules().rules} <= FAMILIES

    def test_a_name_of_armlint_is_taken(self, house: Path) -> None:
        (house / "x.md").write_text(PAGE.replace("cost-center", "command-in-public-settings"), "utf-8")
        (house / "HOUSE101-cost-center.md").unlink()
        with pytest.raises(PageError, match="the name of EXT101 already"):
            registry(load_rules(), [str(house)], ())

    def test_a_page_never_runs_code(self, house: Path) -> None:
        page = PAGE.replace('require  = "tags.costCenter"', 'python   = "os:abort"')
        (house / "HOUSE101-cost-center.md").write_text(page, "utf-8")
        with pytest.raises(PageError, match="only installed plugins bring Python"):
            registry(load_rules(), [str(house)], ())

    @pytest.mark.parametrize("name", ["missing", "empty", "file"])
    def test_a_folder_without_pages_is_told(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "empty").mkdir()
        (tmp_path / "file").touch()
        with pytest.raises(NoRules, match=name):
            registry(load_rules(), [str(tmp_path / name)], ())

    def test_a_page_that_is_no_utf8_is_told(self, house: Path) -> None:
        (house / "x.md").write_bytes(b"# \xff")
        with pytest.raises(PageError, match="UTF-8"):
            registry(load_rules(), [str(house)], ())


class TestTrying:
    def test_pages_that_are_right(self, house: Path) -> None:
        assert tried(load_rules(), str(house)) == Tried(1, 2, ())

    @pytest.mark.parametrize(
        ("change", "line", "message"),
        [
            (('{ "team": "shop" }', '{ "costCenter": "7" }'), 24, "HOUSE101 finds nothing on this line"),
            (('"costCenter": "[', '"team": "['), 37, "HOUSE101 is not expected here, and says: 'web01' says"),
            (('"tags.costCenter"', '"tags["'), 11, "JMESPath"),
            (('severity = "error"', 'severity = "fatal"'), 7, "one of error, warning, info"),
            (('severity = "error"', 'sevrity = "error"'), 7, "no key 'sevrity'"),
            (('"cost-center"', '"Cost Center"'), 6, "'name' is not as it should be"),
            (("Add the tag `costCenter`.", "Add the tag"), 14, "'help' is not as it should be"),
            (("```json good", "```json"), 5, "a '```json good' example"),
            (("// HOUSE101", ""), 19, "a bad example needs '// HOUSE101'"),
            (("# HOUSE101 · ", "# HOUSE101 "), 1, "a page starts with a heading"),
            (
                ('  "type": "Microsoft.Compute/virtualMachines",\n  "apiVersion"', '  "apiVersion"'),
                20,
                "no template",
            ),
        ],
    )
    def test_mistakes_are_told_with_their_line(
        self, house: Path, change: tuple[str, str], line: int, message: str
    ) -> None:
        (house / "HOUSE101-cost-center.md").write_text(PAGE.replace(*change), "utf-8")
        found = told(tried(load_rules(), str(house)))
        assert any(at == line and message in said for at, said in found), found

    def test_all_mistakes_of_all_pages_are_told(self, house: Path) -> None:
        (house / "a.md").write_text("nothing", "utf-8")
        (house / "b.md").write_text(PAGE.replace("HOUSE101", "EXT101"), "utf-8")
        made = tried(load_rules(), str(house))
        assert [Path(mistake.name).name for mistake in made.mistakes] == ["a.md", "b.md"]
        assert made.rules == 1

    def test_two_pages_of_one_id_are_told(self, house: Path) -> None:
        (house / "x.md").write_text(PAGE, "utf-8")
        ((_, message),) = told(tried(load_rules(), str(house)))
        assert "HOUSE101 is defined in" in message


PLUGIN = PAGE.replace("HOUSE101", "CONTOSO101").replace(
    'resource = "Microsoft.Compute/virtualMachines"\nrequire  = "tags.costCenter"\nat       = "tags"\nmessage  = "\'{name}\' says nobody who pays for it"\n',
    'python   = "checks:cost_center"\n',
)
CHECKS = """
from armlint.rule import at_value

def cost_center(resource, model):
    if resource.key == "microsoft.compute/virtualmachines":
        yield at_value(resource.node.get("tags"), "who pays?")
"""


def install(folder: Path, package: str, *, name: str = "contoso") -> None:
    """What an installer leaves behind for a distribution with one plugin."""
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[armlint.plugins]\n{name} = {package}\n")
    (folder / package / "rules").mkdir(parents=True)
    (folder / package / "__init__.py").touch()
    (folder / package / "checks.py").write_text(CHECKS)
    (folder / package / "rules" / "CONTOSO101-cost-center.md").write_text(PLUGIN, "utf-8")


class TestPlugins:
    def test_an_installed_plugin_brings_rules_in_python(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        install(tmp_path / "site", "contoso_rules_a")
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        rule = registry(load_rules(), (), ["contoso"]).find("CONTOSO101")
        assert rule is not None
        assert rule.make().__module__ == "contoso_rules_a.checks"
        assert callable(pickle.loads(pickle.dumps(rule)).make())  # noqa: S301 - our own

    def test_what_only_lies_where_one_stands_is_no_plugin(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        install(tmp_path, "contoso_rules_b")
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.syspath_prepend("")
        with pytest.raises(NoRules, match="no plugin 'contoso' is installed"):
            registry(load_rules(), (), ["contoso"])

    def test_a_module_that_is_no_plugin_is_not_imported(self) -> None:
        with pytest.raises(NoRules, match="no plugin 'antigravity' is installed"):
            registry(load_rules(), (), ["antigravity"])
        assert "antigravity" not in sys.modules

    def test_a_misspelt_plugin_is_told_with_the_nearest(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        install(tmp_path / "site", "contoso_rules_c")
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        with pytest.raises(NoRules, match="did you mean 'contoso'"):
            registry(load_rules(), (), ["contso"])

    def test_a_plugin_without_pages_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        install(tmp_path / "site", "contoso_rules_d")
        for page in (tmp_path / "site" / "contoso_rules_d" / "rules").iterdir():
            page.unlink()
        (tmp_path / "site" / "contoso_rules_d" / "rules").rmdir()
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        with pytest.raises(NoRules, match="with a folder 'rules'"):
            registry(load_rules(), (), ["contoso"])


def test_as_a_module_armlint_imports_nothing_from_where_one_stands(tmp_path: Path) -> None:
    (tmp_path / "difflib.py").write_text("import os\nos.abort()\n")
    (tmp_path / "json.py").write_text("import os\nos.abort()\n")
    command = [sys.executable, "-m", "armlint", "explain", "no-such-rule"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no rule is called" in done.stderr


def test_the_frame_has_as_many_lines_as_it_says() -> None:
    assert rulebooks.FRAME.split("%s")[0].count("\n") == rulebooks.FRAME_LINES
    assert os.linesep  # the pages have line feeds on every system
