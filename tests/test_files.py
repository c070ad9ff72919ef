"""Which files are looked at, and how their bytes become characters."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armlint import files
from armlint.arm.kind import Kind, kind_of
from armlint.files import Excludes, LinkedFiles, TooLarge, Unreadable, decode, find, may_be_ours
from armlint.jsontext import ERRORS

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
TEMPLATE = f'{{"$schema": "{SCHEMA}", "contentVersion": "1.0.0.0", "resources": []}}'

needs_posix = pytest.mark.skipif(os.name != "posix", reason="names and kinds of files that only POSIX has")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty working folder, which is the root of a repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(folder: Path, *names: str, text: str = "{}") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def found(*paths: str, exclude: tuple[str, ...] = (), force: bool = False) -> list[str]:
    return list(find(paths, Excludes(exclude), force=force))


class TestFind:
    def test_takes_json_of_any_kind_from_folders(self, here: Path) -> None:
        put(here, "a.json", "b.JSONC", "c.json5", "d.txt", "e", "sub/deep/f.json", "json")
        assert found(".") == ["a.json", "b.JSONC", "c.json5", "sub/deep/f.json"]

    def test_takes_a_named_file_whatever_it_is_called(self, here: Path) -> None:
        put(here, "d.txt", ".hidden/x", "node_modules/y.json")
        assert found("d.txt", ".hidden/x", "node_modules/y.json") == [
            "d.txt",
            ".hidden/x",
            "node_modules/y.json",
        ]

    def test_passes_over_hidden_folders_and_installed_packages(self, here: Path) -> None:
        put(
            here, ".terraform/a.json", "sub/.cache/a.json", "node_modules/a.json", "sub/node_modules/p/a.json"
        )
        put(here, ".hidden.json", "modules/a.json")
        assert found(".") == [".hidden.json", "modules/a.json"]

    def test_walks_a_hidden_folder_that_is_named(self, here: Path) -> None:
        put(here, ".azure/a.json")
        assert found(".azure") == [".azure/a.json"]

    @pytest.mark.parametrize(
        ("typed", "shown"),
        [
            ("a.json", "a.json"),
            ("./a.json", "a.json"),
            (".//sub///b.json", "sub/b.json"),
            ("sub/", "sub/b.json"),
            ("../x/a.json", "../x/a.json"),
            ("sub/../a.json", "sub/../a.json"),
        ],
    )
    def test_paths_are_shown_as_typed_but_for_noise(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, shown: str
    ) -> None:
        put(tmp_path, "x/a.json", "x/sub/b.json")
        monkeypatch.chdir(tmp_path / "x")
        assert found(typed) == [shown]

    def test_absolute_paths_stay_absolute(self, here: Path) -> None:
        put(here, "sub/a.json")
        assert found(str(here)) == [(here / "sub/a.json").as_posix()]

    def test_each_file_comes_once_under_its_first_name(self, here: Path) -> None:
        put(here, "a.json", "sub/b.json")
        again = found("./sub/b.json", ".", "a.json", str(here / "a.json"), "sub/../a.json", "sub")
        assert again == ["sub/b.json", "a.json"]

    def test_what_does_not_exist_is_raised(self, here: Path) -> None:
        with pytest.raises(Unreadable, match=r"^nope\.json: no such file or folder$"):
            found("nope.json")
        with pytest.raises(Unreadable, match=r"^'': no such file or folder$"):
            found("")

    def test_what_does_not_exist_does_not_cost_the_rest(self, here: Path) -> None:
        put(here, "a.json")
        lost: list[Unreadable] = []
        paths = list(find(["x", "a.json", "y"], Excludes(()), unreadable=lost.append))
        assert paths == ["a.json"]
        assert [error.path for error in lost] == ["x", "y"]

    def test_a_folder_that_cannot_be_read_is_told(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        put(here, "a.json", "locked/b.json", "open/c.json")
        scandir = os.scandir

        def refuse(path: str) -> object:
            if path.endswith("locked"):
                raise PermissionError(13, "Permission denied")
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refuse)
        lost: list[Unreadable] = []
        assert list(find(["."], Excludes(()), unreadable=lost.append)) == ["a.json", "open/c.json"]
        assert list(map(str, lost)) == ["locked: permission denied"]

    @needs_posix
    def test_strange_names(self, here: Path) -> None:
        names = [
            "with blank.json",
            "new\nline.json",
            "-dash.json",
            "quo'te\".json",
            "tab\t.json",
            "ümläut.json",
        ]
        put(here, *names)
        odd = os.fsdecode(b"inv\xff\xfealid.json")
        with open(odd, "w") as file:
            file.write("{}")
        assert set(found(".")) == {*names, odd}
        assert [files.load(path) for path in found(".")] == [b"{}"] * 7

    def test_the_order_is_that_of_names(self, here: Path) -> None:
        put(here, "b.json", "a/z.json", "a.json", "c/a.json")
        assert found(".") == ["a.json", "b.json", "a/z.json", "c/a.json"]


@needs_posix
class TestLinks:
    def test_links_to_folders_are_not_followed(self, here: Path) -> None:
        put(here, "sub/a.json")
        (here / "other").symlink_to("sub")
        (here / "sub/up").symlink_to("..")
        (here / "sub/self").symlink_to(".")
        assert found(".") == ["sub/a.json"]

    def test_a_named_link_to_a_folder_is(self, here: Path) -> None:
        put(here, "sub/a.json")
        (here / "other").symlink_to("sub")
        assert found("other") == ["other/a.json"]

    def test_a_linked_file_goes_by_its_own_name_if_that_is_there_too(self, here: Path) -> None:
        put(here, "z.json", "data.txt")
        (here / "a.json").symlink_to("z.json")
        (here / "b.json").symlink_to("data.txt")
        assert found(".") == ["z.json", "b.json"]

    def test_links_that_lead_nowhere_or_in_rings_are_passed_over(self, here: Path) -> None:
        (here / "broken.json").symlink_to("nothing")
        (here / "one.json").symlink_to("two.json")
        (here / "two.json").symlink_to("one.json")
        assert found(".") == []
        with pytest.raises(Unreadable, match="leads nowhere"):
            found("one.json")

    def test_links_out_of_the_repository_are_not_followed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(tmp_path, "secret.json", "repo/.git/HEAD", "repo/inside.json", "repo/sub/x.txt")
        (tmp_path / "repo/sub/out.json").symlink_to("../../secret.json")
        (tmp_path / "repo/sub/in.json").symlink_to("../inside.json")
        monkeypatch.chdir(tmp_path / "repo")
        assert found("sub") == ["sub/in.json"]

    def test_pipes_and_devices_are_not_taken_and_do_not_block(self, here: Path) -> None:
        os.mkfifo(here / "pipe.json")
        (here / "zero.json").symlink_to("/dev/zero")
        started = time.monotonic()
        assert found(".") == []
        for name in ("pipe.json", "zero.json", "/dev/null"):
            with pytest.raises(Unreadable, match="not a regular file"):
                files.load(name)
        assert time.monotonic() - started < 5


class TestGitignore:
    def test_the_rules_of_git(self, here: Path) -> None:
        put(here, "out/a.json", "sub/out/b.json", "keep.gen.json", "drop.gen.json", "sub/drop.gen.json")
        put(here, "only/here.json", "sub/only/here.json", "a/b/c/d.json")
        put(here, ".gitignore", text="# comment\n\nout/\n*.gen.json\n!keep.gen.json\n/only\na/**/d.json\n")
        assert found(".") == ["keep.gen.json", "sub/only/here.json"]

    def test_nested_files_win_over_outer_ones(self, here: Path) -> None:
        put(here, "a.json", "sub/a.json", "sub/b.json", "sub/deep/a.json", "sub/deep/b.json")
        put(here, ".gitignore", text="a.json\n")
        put(here, "sub/.gitignore", text="!a.json\n/b.json\n")
        put(here, "sub/deep/.gitignore", text="a.json\n")
        assert found(".") == ["sub/a.json", "sub/deep/b.json"]

    def test_nothing_below_an_ignored_folder_comes_back(self, here: Path) -> None:
        put(here, "out/keep.json", "out/.gitignore", text="!keep.json\n")
        put(here, ".gitignore", text="out/\n!out/keep.json\n")
        assert found(".") == []

    def test_a_pattern_for_folders_leaves_files_alone(self, here: Path) -> None:
        put(here, "out.json")
        put(here, ".gitignore", text="out.json/\n")
        assert found(".") == ["out.json"]

    def test_outer_files_count_below_too(self, here: Path) -> None:
        put(here, "sub/a.json", "sub/b.json")
        put(here, ".gitignore", text="sub/a.json\n")
        assert found("sub") == ["sub/b.json"]

    def test_an_ignored_folder_that_is_named_is_walked(self, here: Path) -> None:
        put(here, "out/deep/a.json", "out/b.json")
        put(here, ".gitignore", text="out/\n")
        assert found("out") == ["out/b.json", "out/deep/a.json"]
        assert found("out/b.json") == ["out/b.json"]

    def test_info_exclude_counts_and_yields_to_gitignore(self, here: Path) -> None:
        put(here, "a.json", "b.json")
        put(here, ".git/info/exclude", text="*.json\n")
        put(here, ".gitignore", text="!b.json\n")
        assert found(".") == ["b.json"]

    def test_files_above_the_repository_do_not_count(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(tmp_path, "repo/.git/HEAD", "repo/a.json")
        put(tmp_path, ".gitignore", text="*.json\n")
        monkeypatch.chdir(tmp_path / "repo")
        assert found(".") == ["a.json"]

    def test_windows_line_ends_marks_and_nonsense(self, here: Path) -> None:
        put(here, "a.json", "b.json", "c.json")
        (here / ".gitignore").write_bytes(b"\xef\xbb\xbfa.json\r\n!\r\n[\r\n\xff\xfe\r\nb.json\r\n")
        assert found(".") == ["c.json"]

    @needs_posix
    def test_a_gitignore_that_is_no_file_is_passed_over(self, here: Path) -> None:
        put(here, "a.json")
        os.mkfifo(here / ".gitignore")
        assert found(".") == ["a.json"]

    @needs_posix
    def test_a_folder_reached_through_a_link(
        self, here: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        other = tmp_path_factory.mktemp("other")
        put(other, "a.json", "b.json")
        put(other, ".gitignore", text="a.json\n")
        put(here, ".gitignore", text="b.json\n")
        (here / "link").symlink_to(other)
        assert found("link") == ["link/b.json"]

    def test_agrees_with_git(self, here: Path) -> None:
        put(
            here,
            "a.json",
            "x/a.json",
            "x/y/a.json",
            "x/y/b.json",
            "z/b.json",
            "z/c/d.json",
            "lit[1].json",
            "w.json ",
        )
        put(here, ".gitignore", text="x/*\n!x/y/\n**/c/\nlit\\[1\\].json\n")
        put(here, "x/y/.gitignore", text="*\n!b.json\n")
        try:
            subprocess.run(["git", "init", "-q", "."], check=True, cwd=here)
            listed = subprocess.run(
                ["git", "-c", "core.excludesFile=", "ls-files", "-zco", "--exclude-standard"],
                check=True,
                cwd=here,
                capture_output=True,
                text=True,
            ).stdout
        except FileNotFoundError:
            pytest.skip("git is not installed")
        expected = {name for name in listed.split("\0") if name.endswith(".json")}
        assert set(found(".")) == expected
        assert expected == {"a.json", "x/y/b.json", "z/b.json"}


class TestExcludes:
    def test_patterns_are_those_of_gitignore(self, here: Path) -> None:
        put(here, "a.json", "sub/a.json", "sub/b.json", "gen/x.json")
        assert found(".", exclude=("gen/", "/a.json")) == ["sub/a.json", "sub/b.json"]
        assert found(".", exclude=("*.json", "!b.json")) == ["sub/b.json"]

    def test_named_files_are_taken_unless_forced(self, here: Path) -> None:
        put(here, "a.json", "gen/x.json")
        assert found("a.json", "gen", exclude=("a.json", "gen/x.json")) == ["a.json"]
        assert found("a.json", "gen", exclude=("a.json", "gen"), force=True) == []

    def test_patterns_count_from_the_working_folder(
        self, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(here, "sub/a.json", "b.json")
        monkeypatch.chdir(here / "sub")
        assert found("..", exclude=("/a.json",)) == ["../b.json"]
        assert found("..", exclude=("b.json",)) == ["../sub/a.json"]

    def test_a_pattern_that_is_none_is_refused(self) -> None:
        with pytest.raises(ValueError, match="pattern"):
            Excludes(["!"])


class TestLoad:
    def test_large_files_are_not_read(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(files, "_MAX_BYTES", 1000)
        put(here, "data.json", text='{"a": "' + "x" * 1000 + '"}')
        with pytest.raises(TooLarge):
            files.load("data.json")

    def test_a_large_template_is_no_matter_of_course(
        self, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(files, "_MAX_BYTES", 1000)
        put(here, "big.json", text=TEMPLATE + " " * 1000)
        with pytest.raises(Unreadable, match="which Azure accepts of no template") as caught:
            files.load("big.json")
        assert not isinstance(caught.value, TooLarge)

    def test_a_sparse_file_of_a_terabyte(self, here: Path) -> None:
        with open("huge.json", "wb") as file:
            try:
                file.truncate(2**40)
            except OSError:
                pytest.skip("no sparse files here")
        with pytest.raises(TooLarge):
            files.load("huge.json")

    @pytest.mark.parametrize("name", ["nul\0.json", "x" * 5000 + ".json"])
    def test_names_that_no_file_can_have(self, name: str) -> None:
        with pytest.raises(Unreadable):
            files.load(name)


class TestDecode:
    @pytest.mark.parametrize(
        ("data", "marked"),
        [
            ("ä𝄞".encode(), False),
            ("\ufeffä𝄞".encode(), True),
            ("\ufeffä𝄞".encode("utf-16-le"), True),
            ("\ufeffä𝄞".encode("utf-16-be"), True),
        ],
    )
    def test_what_is_well(self, data: bytes, marked: bool) -> None:
        text = decode(data, "x")
        assert (text.source.text, text.marked, text.problem) == ("ä𝄞", marked, None)

    def test_bytes_of_latin_1_are_a_problem_at_their_place(self) -> None:
        text = decode('{"a": "Käse"}'.encode("latin-1"), "x")
        assert text.source.text == '{"a": "Käse"}'
        assert text.problem is not None
        assert text.problem.span == (8, 9)
        assert text.problem.kind in ERRORS
        assert "0xe4" in text.problem.message

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
    def test_utf_16_without_a_mark_is_read_and_told(self, encoding: str) -> None:
        text = decode('{"a": "ä"}'.encode(encoding), "x")
        assert text.source.text == '{"a": "ä"}'
        assert text.problem is not None
        assert "byte order mark" in text.problem.message

    @pytest.mark.parametrize(
        ("data", "at"),
        [
            (b"\xef\xbb\xbf{\xff}", 1),
            (b"\xff\xfe{\0\x00\xd8}\0", 1),
            (b"\xfe\xff\0{\0}\0", 2),
            ("\ufeff\ufffd".encode() + b"\xff", 1),
        ],
    )
    def test_damage_behind_a_mark_is_a_problem_at_its_place(self, data: bytes, at: int) -> None:
        text = decode(data, "x")
        assert text.marked
        assert text.problem is not None
        assert text.problem.span == (at, at + 1)

    def test_a_replacement_character_by_itself_is_none(self) -> None:
        assert decode("\ufeff\ufffd".encode(), "x").problem is None

    @given(st.binary(max_size=60))
    def test_any_bytes_become_a_document(self, data: bytes) -> None:
        text = decode(data, "x")
        document = text.document
        assert text.problem is None or text.problem in document.problems
        assert document.problems == sorted(document.problems, key=lambda problem: problem.span)

    @given(st.text(max_size=60).filter(lambda text: not text.startswith("\ufeff")))
    def test_what_was_written_is_read(self, text: str) -> None:
        if text[1:2] != "\0" and text[:1] != "\0":
            assert decode(text.encode("utf-8"), "x").source.text == text
        assert decode(b"\xef\xbb\xbf" + text.encode("utf-8"), "x").source.text == text


BODY = '{"properties": {"publisher": "p", "type": "t", "settings": {}}}'


class TestMayBeOurs:
    @pytest.mark.parametrize(
        "text",
        [
            TEMPLATE,
            " \n\t" + TEMPLATE,
            "// comment\n" + TEMPLATE,
            TEMPLATE.upper(),
            '{"contentVersion": "1.0.0.0", "resources": {}}',
            BODY,
            BODY.replace("publisher", "\\u0070ublisher").replace("settings", "\\u0073ettings"),
            '{"$schema": "http://x/deploymentParameters.json#", "parameters": {}}',
            '{"x": 1, "$schema": "' + "x" * 5000 + 'deploymentTemplate.json"}',
            "<<<<<<< HEAD\n" + TEMPLATE,
            "[" + TEMPLATE,
        ],
    )
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_what_may_be(self, text: str, encoding: str) -> None:
        assert may_be_ours(text.encode(encoding))

    def test_a_template_with_a_nul_in_it(self) -> None:
        assert may_be_ours(TEMPLATE.replace("resources", "re\0sources").encode())
        assert may_be_ours(TEMPLATE.encode("utf-16-le"))

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            '{"name": "x", "version": "1.0.0", "dependencies": {}}',
            '[{"contentVersion": 1, "resources": []}]',
            '{"contentVersion": "1", "other": []}',
            '{"properties": {"sku": 1}}',
            "\0" * 100,
            "\x89PNG\r\n\x1a\n\0contentVersion resources",
        ],
    )
    def test_what_is_surely_not(self, text: str) -> None:
        assert not may_be_ours(text.encode("latin-1"))

    @given(
        st.recursive(
            st.sampled_from(["p", SCHEMA, SCHEMA.replace("Template", "Parameters"), 1, None]),
            lambda inner: st.dictionaries(
                st.sampled_from(
                    [
                        "$schema",
                        "contentVersion",
                        "resources",
                        "properties",
                        "publisher",
                        "TYPE",
                        "settings",
                        "x",
                    ]
                ),
                inner,
                max_size=4,
            ),
            max_leaves=8,
        )
    )
    def test_never_refuses_what_a_closer_look_would_take(self, value: object) -> None:
        import json

        data = json.dumps(value).encode()
        if kind_of(decode(data, "x").document) is not Kind.OTHER:
            assert may_be_ours(data)


class TestFromRoot:
    def test_paths_read_from_the_root_of_the_repository(
        self, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(here, "sub/deep/a.json")
        monkeypatch.chdir(here / "sub")
        assert files.from_root("deep/a.json") == "sub/deep/a.json"
        assert files.from_root(str(here / "sub/deep/a.json")) == "sub/deep/a.json"
        assert files.from_root("../sub/deep/../deep/a.json") == "sub/deep/a.json"

    def test_a_name_that_is_no_file_stays(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (here / "sub").mkdir()
        monkeypatch.chdir(here / "sub")
        assert files.from_root("<stdin>") == "<stdin>"
        assert files.from_root("no/such/folder/a.json") == "no/such/folder/a.json"
        assert files.from_root("new.json") == "sub/new.json"

    def test_a_file_of_another_repository_reads_from_its_root(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(
            tmp_path,
            "one/.git/HEAD",
            "two/.git/HEAD",
            "two/sub/a.json",
            "free/a.json",
            "one/vendor/.git",
            "one/vendor/b.json",
        )
        monkeypatch.chdir(tmp_path / "one")
        assert files.from_root("../two/sub/a.json") == "sub/a.json"
        assert files.from_root("../free/a.json") == "../free/a.json"
        assert files.from_root("vendor/b.json") == "vendor/b.json"
        monkeypatch.chdir(tmp_path)
        assert files.from_root("two/sub/a.json") == "sub/a.json"
        assert files.from_root("free/a.json") == "free/a.json"

    @needs_posix
    def test_links_to_folders_are_resolved_and_links_to_files_are_not(self, here: Path) -> None:
        put(here, "sub/a.json")
        (here / "link").symlink_to("sub")
        (here / "b.json").symlink_to("sub/a.json")
        assert files.from_root("link/a.json") == "sub/a.json"
        assert files.from_root("b.json") == "b.json"


class TestLinkedFiles:
    def test_reads_below_its_root_only(self, tmp_path: Path) -> None:
        put(tmp_path, "repo/main.json", "repo/nested/a.json", "outside.json", text=TEMPLATE)
        linker = LinkedFiles(str(tmp_path / "repo"))
        origin = str(tmp_path / "repo/main.json")
        document = linker(origin, "nested/a.json")
        assert document is not None
        assert document.source.name == (tmp_path / "repo/nested/a.json").as_posix()
        assert linker(origin, "nested/../nested/a.json") is document
        assert linker(origin, "../outside.json") is None
        assert linker(origin, str(tmp_path / "outside.json")) is None

    @pytest.mark.parametrize("path", ["nope.json", "", ".", "a\0b", "x" * 5000, "/dev/zero", "//", "\ud800"])
    def test_paths_that_lead_nowhere_are_none(self, tmp_path: Path, path: str) -> None:
        assert LinkedFiles(str(tmp_path))(str(tmp_path / "main.json"), path) is None

    @needs_posix
    def test_links_out_of_the_root_are_not_followed(self, tmp_path: Path) -> None:
        put(tmp_path, "repo/main.json", "outside.json", text=TEMPLATE)
        (tmp_path / "repo/in.json").symlink_to("../outside.json")
        assert LinkedFiles(str(tmp_path / "repo"))(str(tmp_path / "repo/main.json"), "in.json") is None


def test_repository_is_the_nearest_folder_with_git_in_it(tmp_path: Path) -> None:
    put(tmp_path, "a/.git/HEAD", "a/b/c/x.json", "a/sub/.git", "a/sub/y.json")
    assert files.repository(str(tmp_path / "a/b/c/x.json")) == str(tmp_path / "a")
    assert files.repository(str(tmp_path / "a/sub/y.json")) == str(tmp_path / "a/sub")


def test_write_makes_folders_and_takes_any_text(tmp_path: Path) -> None:
    target = tmp_path / "new/folder/report.txt"
    files.write(str(target), "ä\udcff\n")
    assert target.read_bytes() == "ä?\n".encode()
