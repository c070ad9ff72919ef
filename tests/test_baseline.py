"""Adopting armlint with a baseline: what is known stays quiet, what is new does not."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armlint.baseline import BaselineError, Known, match, place, read, write
from armlint.jsontext import read as read_json
from armlint.source import Source
from tests.test_cli import armlint_

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["armlint_"]

KNOWN = st.builds(
    Known,
    st.sampled_from(["a.json", "b/a.json", "c.json"]),
    st.sampled_from(["EXT101", "SEC201"]),
    st.text(max_size=5),
)
COUNTS = st.dictionaries(KNOWN, st.integers(1, 3), max_size=8)


def extension(name: str, **settings: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.Compute/virtualMachines/extensions",
        "apiVersion": "2024-07-01",
        "name": f"[concat(parameters('vm'), '/{name}')]",
        "location": "[parameters('location')]",
        "properties": {
            "publisher": "Microsoft.Azure.Extensions",
            "type": "CustomScript",
            "typeHandlerVersion": "2.1",
            "autoUpgradeMinorVersion": True,
            "settings": settings or {"commandToExecute": "sh setup.sh"},
        },
    }


def template(*resources: dict[str, Any], indent: int = 2) -> str:
    whole = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {"vm": {"type": "string"}, "location": {"type": "string"}},
        "resources": resources,
    }
    return json.dumps(whole, indent=indent) + "\n"


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with two templates that each have one finding, EXT101."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "web.json").write_text(template(extension("web")))
    (tmp_path / "infra" / "db.json").write_text(template(extension("db")))
    monkeypatch.chdir(tmp_path)
    return tmp_path


SELECT = ("--select", "EXT101")


@pytest.fixture
def adopted(armlint_: Any, repo: Path) -> Callable[..., Any]:
    """Return what checks a repository that has adopted armlint with a baseline."""
    assert armlint_("check", *SELECT, "--write-baseline", "known.json").status == 0

    def check(*arguments: str) -> Any:
        return armlint_("check", *SELECT, "-f", "json", "--baseline", "known.json", *arguments)

    return check


class TestAdoption:
    def test_takes_one_command(self, armlint_: Any, repo: Path) -> None:
        for number in range(100):
            (repo / "infra" / f"{number}.json").write_text(template(*map(extension, "abcdefghij")))
        done = armlint_("check", *SELECT, "--write-baseline", "known.json")
        assert done.status == 0
        assert done.err == "armlint: 1002 findings written to known.json\n"
        assert done.out == "No problems found in 102 templates (102 files, 1002 suppressed).\n"
        again = armlint_("check", *SELECT, "--baseline", "known.json")
        assert (again.status, again.err) == (0, "")

    def test_the_file_is_sorted_and_has_a_line_for_each_entry(self, adopted: Any, repo: Path) -> None:
        lines = (repo / "known.json").read_text().splitlines()
        entries = [json.loads(line.rstrip(",")) for line in lines if '"rule"' in line]
        assert [entry["path"] for entry in entries] == ["infra/db.json", "infra/web.json"]
        assert entries[0]["place"] == (
            "/resources/[Microsoft.Compute~1virtualMachines~1extensions [concat(parameters('vm'), '~1db')]]"
            "/properties/settings/commandToExecute"
        )

    def test_a_new_finding_fails(self, adopted: Any, repo: Path) -> None:
        (repo / "infra" / "web.json").write_text(template(extension("web"), extension("other")))
        done = adopted()
        assert done.status == 1
        assert [one["pointer"].split("/")[2] for one in done.report["findings"]] == ["1"]
        assert done.report["summary"]["suppressed"] == 2

    def test_a_second_one_of_the_same_kind_and_place_fails(self, adopted: Any, repo: Path) -> None:
        (repo / "infra" / "web.json").write_text(template(extension("web"), extension("web")))
        assert len(adopted().report["findings"]) == 1

    def test_another_rule_at_a_known_place_fails(self, armlint_: Any, adopted: Any, repo: Path) -> None:
        done = armlint_("check", "--select", "EXT101,EXT103", "--baseline", "known.json", "infra/web.json")
        assert done.status == 0
        text = (repo / "infra" / "web.json").read_text()
        (repo / "infra" / "web.json").write_text(text.replace("true", "false"))
        assert armlint_("check", "--select", "EXT101,EXT103", "--baseline", "known.json").status == 1

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: "\n\n" + text,
            lambda text: text.replace("  ", "\t").replace("\n", "\r\n"),
            lambda text: json.dumps(json.loads(text)),
            lambda text: text.replace("sh setup.sh", "sh other.sh --all"),
            lambda _: template({"type": "a/b", "apiVersion": "2020-01-01", "name": "x"}, extension("web")),
        ],
        ids=["moved down", "formatted", "on one line", "another command", "another resource before it"],
    )
    def test_moved_code_stays_quiet(self, adopted: Any, repo: Path, change: Callable[[str], str]) -> None:
        path = repo / "infra" / "web.json"
        path.write_text(change(path.read_text()), newline="")
        assert adopted().status == 0

    def test_reordered_resources_stay_quiet(self, armlint_: Any, adopted: Any, repo: Path) -> None:
        path = repo / "infra" / "web.json"
        path.write_text(template(extension("a"), extension("b")))
        armlint_("check", *SELECT, "--write-baseline", "known.json")
        path.write_text(template(extension("b"), extension("a")))
        done = adopted()
        assert (done.status, done.report["notices"]) == (0, [])

    @pytest.mark.parametrize("target", ["infra/frontend.json", "deploy/web.json", "deploy/very/new.json"])
    def test_a_renamed_file_stays_quiet(self, adopted: Any, repo: Path, target: str) -> None:
        (repo / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(repo / "infra" / "web.json", repo / target)
        done = adopted()
        assert (done.status, done.report["notices"]) == (0, [])

    def test_a_moved_folder_stays_quiet_and_a_copy_does_not(self, adopted: Any, repo: Path) -> None:
        shutil.move(repo / "infra", repo / "deploy")
        assert adopted().status == 0
        shutil.copy(repo / "deploy" / "web.json", repo / "copy.json")
        assert len(adopted().report["findings"]) == 1

    def test_a_copy_of_a_file_that_is_there_fails(self, adopted: Any, repo: Path) -> None:
        shutil.copy(repo / "infra" / "web.json", repo / "infra" / "copy.json")
        assert [one["path"] for one in adopted().report["findings"]] == ["infra/copy.json"]

    def test_it_holds_from_any_folder(
        self, armlint_: Any, adopted: Any, repo: Path, monkeypatch: Any
    ) -> None:
        monkeypatch.chdir(repo / "infra")
        assert armlint_("check", *SELECT, "--baseline", "../known.json").status == 0
        monkeypatch.chdir("/")
        assert armlint_("check", *SELECT, "--baseline", str(repo / "known.json"), str(repo)).status == 0


class TestStale:
    def test_what_is_gone_is_told(self, adopted: Any, repo: Path) -> None:
        (repo / "infra" / "web.json").write_text(template(extension("web", timestamp="1")))
        done = adopted()
        assert done.status == 0
        assert [notice["message"].split(";")[0] for notice in done.report["notices"]] == [
            "1 finding of the baseline is gone"
        ]

    def test_a_run_over_other_files_or_rules_says_nothing(
        self, armlint_: Any, adopted: Any, repo: Path
    ) -> None:
        assert adopted("infra/db.json").report["notices"] == []
        done = armlint_("check", "--select", "EXT103", "-f", "json", "--baseline", "known.json")
        assert done.report["notices"] == []

    def test_a_deleted_file_is_told(self, adopted: Any, repo: Path) -> None:
        (repo / "infra" / "web.json").unlink()
        assert len(adopted().report["notices"]) == 1

    def test_refreshing_takes_out_what_is_gone_and_takes_in_nothing(
        self, armlint_: Any, adopted: Any, repo: Path
    ) -> None:
        (repo / "infra" / "web.json").write_text(template(extension("new")))
        both = ("--baseline", "known.json", "--write-baseline", "known.json")
        assert armlint_("check", *SELECT, *both).status == 1
        assert [entry.path for entry in read((repo / "known.json").read_text())] == ["infra/db.json"]

    def test_refreshing_a_part_keeps_the_rest(self, armlint_: Any, adopted: Any, repo: Path) -> None:
        before = (repo / "known.json").read_text()
        both = ("--baseline", "known.json", "--write-baseline", "known.json")
        assert armlint_("check", *SELECT, "infra/db.json", *both).status == 0
        assert (repo / "known.json").read_text() == before

    def test_refreshing_follows_a_renamed_file(self, armlint_: Any, adopted: Any, repo: Path) -> None:
        shutil.move(repo / "infra" / "web.json", repo / "infra" / "x.json")
        armlint_("check", *SELECT, "--baseline", "known.json", "--write-baseline", "known.json")
        entries = read((repo / "known.json").read_text())
        assert sorted(entry.path for entry in entries) == ["infra/db.json", "infra/x.json"]

    def test_refreshing_into_another_folder_keeps_the_paths_right(
        self, armlint_: Any, adopted: Any, repo: Path
    ) -> None:
        armlint_("check", *SELECT, "--baseline", "known.json", "--write-baseline", "infra/known.json")
        entries = read((repo / "infra" / "known.json").read_text())
        assert sorted(entry.path for entry in entries) == ["db.json", "web.json"]


class TestReports:
    def test_sarif_leaves_out_what_is_known_and_calls_the_rest_new(
        self, armlint_: Any, adopted: Any, repo: Path
    ) -> None:
        (repo / "infra" / "web.json").write_text(template(extension("web"), extension("other")))
        asked = ("check", *SELECT, "-f", "sarif", "--baseline", "known.json")
        results = json.loads(armlint_(*asked).out)["runs"][0]["results"]
        assert [one["baselineState"] for one in results] == ["new"]
        results = json.loads(armlint_(*asked, "--show-suppressed").out)["runs"][0]["results"]
        assert sorted(one["baselineState"] for one in results) == ["new", "unchanged", "unchanged"]
        kinds = [one["suppressions"][0]["kind"] for one in results if "suppressions" in one]
        assert kinds == ["external", "external"]

    def test_without_a_baseline_sarif_says_nothing_of_one(self, armlint_: Any, repo: Path) -> None:
        results = json.loads(armlint_("check", *SELECT, "-f", "sarif").out)["runs"][0]["results"]
        assert len(results) == 2
        assert not any({"baselineState", "suppressions"} & set(one) for one in results)


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "it is no JSON"),
            ("[" * 100_000, "it is no JSON"),
            ("[]", "it is no baseline of armlint"),
            (
                '{"armlint": 99, "findings": []}',
                "it was written by another version of armlint; write it again",
            ),
            ('{"armlint": 1, "findings": [7]}', "entry 1 is no object"),
            (
                '{"armlint": 1, "findings": [{"path": "x"}]}',
                "entry 1 lacks a path, a rule, a place or a count",
            ),
        ],
    )
    def test_what_is_no_baseline_is_refused(self, armlint_: Any, repo: Path, text: str, why: str) -> None:
        with pytest.raises(BaselineError, match=why):
            read(text)
        (repo / "x.json").write_text(text)
        done = armlint_("check", "--baseline", "x.json")
        assert (done.status, done.out, done.err) == (2, "", f"armlint: --baseline: x.json: {why}\n")

    def test_a_missing_one_is_refused(self, armlint_: Any, repo: Path) -> None:
        done = armlint_("check", "--baseline", "none.json")
        assert (done.status, done.err) == (2, "armlint: --baseline: none.json: no such file or directory\n")

    def test_one_that_cannot_be_written_fails_after_the_report(self, armlint_: Any, repo: Path) -> None:
        done = armlint_("check", *SELECT, "--write-baseline", "infra")
        assert done.status == 2
        assert "2 suppressed" in done.out
        assert done.err.startswith("armlint: infra: ")


class TestLaws:
    @given(COUNTS)
    def test_what_is_written_is_read_again(self, entries: dict[Known, int]) -> None:
        assert read(write(entries)) == entries

    @given(st.lists(KNOWN, max_size=12))
    def test_all_findings_are_in_their_own_baseline(self, found: Sequence[Known]) -> None:
        from collections import Counter

        matched = match(Counter(found), found, judged=lambda _: True, gone=lambda _: False)
        assert all(matched.old)
        assert not matched.stale
        assert matched.kept == Counter(found)

    @given(COUNTS, st.lists(KNOWN, max_size=12), st.sets(st.sampled_from(["a.json", "b/a.json", "c.json"])))
    def test_no_more_findings_are_old_than_are_known(
        self, known: dict[Known, int], found: Sequence[Known], gone: set[str]
    ) -> None:
        matched = match(known, found, judged=lambda _: True, gone=gone.__contains__)
        assert len(matched.old) == len(found)
        assert sum(matched.old) + sum(matched.stale.values()) == sum(known.values())
        assert sum(matched.old) <= sum(matched.kept.values())

    @given(st.permutations(range(5)), st.integers(0, 4))
    def test_the_place_of_a_named_item_does_not_depend_on_its_neighbours(
        self, order: Sequence[int], wanted: int
    ) -> None:
        items = [{"type": "a/b", "name": f"n{number}"} for number in order]
        document = read_json(Source(json.dumps({"resources": items})))
        found = place(document, f"/resources/{list(order).index(wanted)}/name")
        assert found == f"/resources/[a~1b n{wanted}]/name"

    @given(st.text(max_size=40))
    def test_a_place_never_fails(self, pointer: str) -> None:
        document = read_json(Source('{"a": [1, {"name": "x"}], "": {"~": [[]]}}'))
        assert isinstance(place(document, pointer), str)

    @pytest.mark.parametrize(
        "secret", ["Xq9" + "v" * 4 + "Zk27tLp0wBf3", "aB3" * 14 + "==", "p%40ss!w0rd~" * 3]
    )
    def test_no_secret_in_a_name_gets_into_a_place(self, secret: str) -> None:
        item = {"type": "a/b", "name": f"[concat('vm-', '{secret}')]"}
        found = place(read_json(Source(json.dumps([item]))), "/0")
        assert not any(secret[at : at + 6] in found for at in range(len(secret) - 5))

    def test_a_thousand_renamed_files_take_no_time(self) -> None:
        known = {Known(f"old/{n}/a.json", "EXT101", f"/x/{n % 7}"): 1 for n in range(1000)}
        found = [Known(f"new/{n}/a.json", "EXT101", f"/x/{n % 7}") for n in range(1000)]
        matched = match(known, found, judged=lambda _: True, gone=lambda path: path.startswith("old"))
        assert all(matched.old)
