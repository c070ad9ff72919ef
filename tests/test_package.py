"""What users install: the wheel, in an environment of its own, run from a folder that is not the checkout.

Anywhere nearer, `rules/` and `schemas/` of the checkout would be found, and a wheel without them look whole.
"""

from __future__ import annotations

import email
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import armlint

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message

    Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.slow


def build(source: Path, *options: str, into: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "build", *options, "--outdir", into, source],
        check=False,
        cwd=into,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def dist(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source distribution, and the wheel from that."""
    folder = tmp_path_factory.mktemp("dist")
    build(checkout, into=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (file,) = dist.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


@pytest.fixture(scope="module")
def run(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Install the wheel; return what runs its `armlint` from an empty folder."""
    venv = tmp_path_factory.mktemp("clean") / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    programs = venv / ("Scripts" if sys.platform == "win32" else "bin")
    subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", wheel], check=True)
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def armlint(*args: str, program: str = "armlint", status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [programs / program, *args],
            check=False,
            cwd=elsewhere,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done

    return armlint


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("folder", ["rules", "schemas"])
def test_the_wheel_holds_the_data(wheel: Path, checkout: Path, folder: str) -> None:
    source = checkout / folder
    expected = {
        f"armlint/_data/{folder}/{file.relative_to(source).as_posix()}": file.read_bytes()
        for file in source.rglob("*")
        if file.is_file() and not file.name.startswith(".")
    }
    assert expected
    packed = {
        name: text for name, text in contents(wheel).items() if name.startswith(f"armlint/_data/{folder}/")
    }
    assert packed == expected


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    assert {Path(name).parts[0] for name in contents(wheel)} == {
        "armlint",
        f"armlint-{armlint.__version__}.dist-info",
    }


def test_the_source_distribution_holds_all(dist: Path) -> None:
    (file,) = dist.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        names = {Path(*Path(name).parts[1:]).as_posix() for name in archive.getnames()}
    assert names >= {
        ".pre-commit-hooks.yaml",
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "action.yml",
        "action/run.sh",
        "armlint/__init__.py",
        "pyproject.toml",
        "tests/test_package.py",
    }
    assert not [name for name in names if name.startswith((".git/", ".ci-venv/"))]


def test_the_source_distribution_makes_the_same_wheel(wheel: Path, checkout: Path, tmp_path: Path) -> None:
    build(checkout, "--wheel", into=tmp_path)
    assert contents(tmp_path / wheel.name) == contents(wheel)


def test_what_the_metadata_promise(metadata: Message) -> None:
    assert metadata["Name"] == "armlint"
    assert metadata["Version"] == armlint.__version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    needed = {line.split(";")[0] for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert {re.split(r"[<>=]", line)[0] for line in needed} == {
        "jmespath",
        "jsonschema",
        "pathspec",
        "pygments",
        "typer",
    }
    assert "typer<0.29,>=0.20" in needed


def test_it_runs_from_its_own_environment(run: Run) -> None:
    found = run("-c", "import armlint; print(armlint.__file__)", program="python").stdout
    assert "site-packages" in found
    assert run("--version").stdout.strip() == f"armlint {armlint.__version__}"


def test_it_knows_every_rule(run: Run, checkout: Path) -> None:
    ids = {page.name.split("-")[0] for page in (checkout / "rules").glob("[A-Z]*[0-9]-*.md")}
    assert "EXT101" in ids
    for options in ([], ["--format", "json"]):
        printed = run("rules", *options).stdout
        assert not [rule for rule in ids if rule not in printed]


def test_it_explains_a_rule(run: Run) -> None:
    assert "EXT101" in run("explain", "EXT101").stdout


def test_it_checks_a_template(run: Run, tmp_path: Path, bad_template: str, clean_template: str) -> None:
    bad, clean = tmp_path / "bad.json", tmp_path / "clean.json"
    bad.write_text(bad_template)
    clean.write_text(clean_template)
    assert "EXT101" in run("check", str(bad), status=1).stdout
    run("check", str(clean))
