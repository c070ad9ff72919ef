"""The pre-commit hooks, as users have them: from a tag of a repository, in a commit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

GIT_CONFIG = """\
[user]
  name = A Committer
  email = committer@example.com
[commit]
  gpgSign = false
[core]
  autocrlf = false
[safe]
  directory = *
"""


@dataclass
class Desk:
    """A git and a pre-commit that know nothing of this computer's settings and caches."""

    folder: Path
    pre_commit: str

    def __post_init__(self) -> None:
        (self.folder / "gitconfig").write_text(GIT_CONFIG)

    def run(self, *command: str, cwd: Path, status: int = 0) -> str:
        done = subprocess.run(
            command,
            check=False,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            env={
                **os.environ,
                "GIT_CONFIG_GLOBAL": str(self.folder / "gitconfig"),
                "GIT_CONFIG_NOSYSTEM": "1",
                "PRE_COMMIT_HOME": str(self.folder / "cache"),
            },
        )
        assert done.returncode == status, done.stdout
        return done.stdout


def copy_checkout(checkout: Path, to: Path, desk: Desk) -> None:
    """Copy what git would take of the checkout, or all of it in an unpacked source distribution."""
    if not (checkout / ".git").exists():
        shutil.copytree(checkout, to, ignore=shutil.ignore_patterns("__pycache__", ".*_cache", ".*venv"))
        return
    names = desk.run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=checkout)
    for name in names.split("\0"):
        source, target = checkout / name, to / name
        if name and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str]) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"), program("pre-commit"))


@pytest.fixture(scope="module")
def hooks(desk: Desk, checkout: Path) -> Path:
    """Return a repository with the checkout's files under a tag."""
    repository = desk.folder / "armlint"
    copy_checkout(checkout, repository, desk)
    desk.run("git", "init", "--quiet", cwd=repository)
    desk.run("git", "add", "--all", cwd=repository)
    desk.run("git", "commit", "--quiet", "--message", "All files", cwd=repository)
    desk.run("git", "tag", "v0.0.1", cwd=repository)
    return repository


@pytest.fixture
def demo(desk: Desk, hooks: Path, tmp_path: Path) -> Path:
    """Return a repository whose commits go through the hooks."""
    repository = tmp_path / "demo"
    repository.mkdir()
    ids = [hook["id"] for hook in yaml.safe_load((hooks / ".pre-commit-hooks.yaml").read_text())]
    config = {"repos": [{"repo": str(hooks), "rev": "v0.0.1", "hooks": [{"id": id_} for id_ in ids]}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    desk.run("git", "init", "--quiet", cwd=repository)
    desk.run(desk.pre_commit, "install", cwd=repository)
    return repository


def commit(desk: Desk, demo: Path, *, status: int, **files: str) -> str:
    for name, text in files.items():
        (demo / f"{name}.json").write_text(text)
    desk.run("git", "add", "--all", cwd=demo)
    return desk.run("git", "commit", "--message", "Templates", cwd=demo, status=status)


def test_the_manifest_is_valid(desk: Desk, checkout: Path) -> None:
    desk.run(desk.pre_commit, "validate-manifest", ".pre-commit-hooks.yaml", cwd=checkout)


def test_a_bad_template_stops_the_commit(
    desk: Desk, demo: Path, bad_template: str, clean_template: str
) -> None:
    printed = commit(desk, demo, status=1, main=bad_template, other=clean_template)
    assert "EXT101" in printed
    assert "main.json" in printed
    assert "other.json" not in printed


def test_clean_and_other_files_pass(desk: Desk, demo: Path, clean_template: str) -> None:
    package = '{"name": "demo", "version": "1.0.0"}\n'
    printed = commit(desk, demo, status=0, main=clean_template, package=package, broken='{"a": \n')
    assert printed.count("Passed") == 2


def test_the_second_hook_looks_for_secrets_only(desk: Desk, demo: Path, bad_template: str) -> None:
    def run(text: str, *, status: int) -> str:
        (demo / "main.json").write_text(text)
        desk.run("git", "add", "--all", cwd=demo)
        return desk.run(desk.pre_commit, "run", "armlint-secrets", cwd=demo, status=status)

    run(bad_template, status=0)
    template = json.loads(bad_template)
    template["parameters"]["account"]["type"] = "securestring"
    assert "SEC201" in run(json.dumps(template), status=1)
