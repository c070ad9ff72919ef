"""Calendar rules speak as of a day, which the user may give."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING

import pytest

import armlint

if TYPE_CHECKING:
    from pathlib import Path

BODY = """{
  "properties": {
    "publisher": "Microsoft.Powershell",
    "type": "DSC",
    "typeHandlerVersion": "2.77",
    "autoUpgradeMinorVersion": true
  }
}
"""


@pytest.mark.parametrize(
    ("today", "rule", "told"),
    [
        (date(2028, 3, 30), "EXT107", "will be retired on 2028-03-31"),
        (date(2028, 3, 31), "EXT106", "was retired on 2028-03-31"),
        (date(2031, 1, 1), "EXT106", "was retired on 2028-03-31"),
    ],
)
def test_an_extension_retires_on_its_day(today: date, rule: str, told: str) -> None:
    (entry,) = armlint.check(BODY, today=today)
    assert entry.rule == rule
    assert told in entry.message


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_command_takes_a_day(tmp_path: Path, jobs: str) -> None:
    for number in range(20):
        (tmp_path / f"{number}.json").write_text(BODY, "utf-8")
    command = [sys.executable, "-m", "armlint", "check", "--today", "2030-01-01", "-j", jobs, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert done.stdout.count("EXT106") == 20
    assert "EXT107" not in done.stdout


def test_a_day_that_is_none_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "armlint", "check", "--today", "tomorrow", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 2
    assert done.stderr == "armlint: --today takes a day such as 2026-11-30, not 'tomorrow'\n"
