"""What programs that import armlint can use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import armlint
from armlint.files import Unreadable
from armlint.registry import UnknownRule
from armlint.report import Entry, Region

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.fixture
def folder(tmp_path: Path, bad_template: str, clean_template: str) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "bad.json").write_text(bad_template)
    (tmp_path / "sub/bad.json").write_text(bad_template)
    (tmp_path / "clean.json").write_text(clean_template)
    (tmp_path / "other.json").write_text("{}")
    return tmp_path


class TestCheck:
    def test_tells_what_is_wrong_with_a_text(self, bad_template: str) -> None:
        (entry,) = armlint.check(bad_template, path="x.json")
        assert isinstance(entry, Entry)
        assert (entry.rule, entry.path, entry.severity) == ("EXT101", "x.json", "warning")
        assert entry.region == Region(27, 11, 27, 29)
        assert entry.pointer == "/resources/0/properties/settings/commandToExecute"

    def test_nothing_about_what_is_well_or_no_template(self, clean_template: str) -> None:
        assert armlint.check(clean_template) == ()
        assert armlint.check('{"name": "x"}') == ()
        assert armlint.check("no JSON") == ()

    def test_takes_selectors(self, bad_template: str) -> None:
        commented = "// x\n" + bad_template
        assert armlint.check(commented, select=["DEP"]) == ()
        assert armlint.check(commented, ignore=["EXT1"]) == ()
        rules = [entry.rule for entry in armlint.check(commented, extend_select=["lenient-json"])]
        assert rules == ["ARM003", "EXT101"]

    @pytest.mark.parametrize("option", ["select", "ignore", "extend_select"])
    def test_refuses_selectors_that_name_nothing(self, option: str) -> None:
        with pytest.raises(UnknownRule, match="'ZZZ'"):
            armlint.check("{}", **{option: ["ZZZ"]})  # type: ignore[arg-type]

    def test_a_byte_order_mark_is_no_part_of_the_text(self, bad_template: str) -> None:
        (plain,), (marked,) = armlint.check(bad_template), armlint.check("\ufeff" + bad_template)
        assert plain == marked
        minified = bad_template.replace("\n", "")
        (plain,), (marked,) = armlint.check(minified), armlint.check("\ufeff" + minified)
        assert plain.region == marked.region
        # The hash is that of the file, mark and all.
        assert plain.line_hash != marked.line_hash

    @given(st.text(max_size=50))
    def test_never_raises(self, text: str) -> None:
        armlint.check(text)
        armlint.check(f'{{"$schema": "x/deploymentTemplate.json#", {text}')


class TestCheckPaths:
    def test_walks_folders(self, folder: Path) -> None:
        found = armlint.check_paths([folder])
        assert [entry.path for entry in found] == [
            f"{folder.as_posix()}/bad.json",
            f"{folder.as_posix()}/sub/bad.json",
        ]

    def test_takes_paths_of_any_kind(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder)
        for paths in (["bad.json"], [Path("bad.json")], iter(["./bad.json"])):
            assert [entry.path for entry in armlint.check_paths(paths)] == ["bad.json"]

    def test_excludes_and_selects(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder)
        assert [entry.path for entry in armlint.check_paths(["."], exclude=["sub/"])] == ["bad.json"]
        assert armlint.check_paths(["."], select=["ARM"]) == ()
        assert armlint.check_paths(["."], ignore=["EXT101"]) == ()

    def test_refuses_what_is_not_there(self, folder: Path) -> None:
        with pytest.raises(Unreadable, match="no such file or folder"):
            armlint.check_paths([folder / "bad.json", folder / "gone.json"])

    def test_several_processes_find_the_same(self, folder: Path, bad_template: str) -> None:
        for number in range(40):
            (folder / f"{number}.json").write_text(bad_template)
        assert armlint.check_paths([folder], jobs=3) == armlint.check_paths([folder])
        assert armlint.check_paths([folder], jobs=None) == armlint.check_paths([folder])

    @pytest.mark.parametrize("paths", [[], ["clean.json"], ["other.json"]])
    def test_nothing(self, folder: Path, monkeypatch: pytest.MonkeyPatch, paths: Sequence[str]) -> None:
        monkeypatch.chdir(folder)
        assert armlint.check_paths(paths) == ()

    def test_leaves_the_garbage_collector_alone(self, folder: Path) -> None:
        import gc

        before = gc.isenabled(), gc.get_threshold()
        armlint.check_paths([folder])
        assert (gc.isenabled(), gc.get_threshold()) == before


def test_names() -> None:
    assert set(armlint.__all__) == {"__version__", "check", "check_paths"}
    assert armlint.__version__.count(".") == 2


def test_importing_armlint_imports_nothing_else() -> None:
    import subprocess
    import sys

    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import armlint, sys; print(*[m for m in sys.modules if m.startswith('armlint')])",
        ],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert done.stdout.split() == ["armlint"]
