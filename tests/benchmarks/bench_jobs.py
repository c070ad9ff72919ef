"""What a second process brings, and how memory grows with the number of files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from _common import Row, Used, at_least, at_most, child, source_of_texts, table, template, texts, workplace

if TYPE_CHECKING:
    from pathlib import Path

FILES = 500
ROUNDS = 2
FASTER = 1.7
# "Flat" with room for the findings, which are kept.
GROWTH = 1.2
SMALLEST, LARGEST = 4_000, 30_000


def fill(folder: Path, count: int) -> None:
    """Write that many templates of middling size."""
    chosen = [text for text in texts().values() if SMALLEST < len(text) < LARGEST] or [template(3)]
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:03}.json").write_text(chosen[number % len(chosen)], "utf-8")


def main() -> None:
    """Measure and print."""
    with workplace() as folder:
        fill(folder / "many", FILES)
        fill(folder / "few", FILES // 10)
        size = sum(path.stat().st_size for path in (folder / "many").iterdir()) / 1e6

        def check(name: str, jobs: int) -> Used:
            return child(folder, "-m", "armlint", "check", name, "--quiet", "--jobs", str(jobs))

        check("few", 1)
        check("few", 2)
        runs = [(check("many", 1), check("many", 2)) for _ in range(ROUNDS)]
        few = check("few", 1).peak
    one, two = (min((pair[column] for pair in runs), key=lambda used: used.wall) for column in (0, 1))
    many = min(pair[0].peak for pair in runs)
    origin = f"{size:.1f} MB from {source_of_texts()}"
    table(
        f"Processes: wall time, {FILES} files, {origin}, {os.cpu_count()} processors, best of {ROUNDS}",
        [
            Row("--jobs 1", f"{one.wall:.2f} s"),
            Row("--jobs 2", f"{two.wall:.2f} s"),
            at_least("  times faster", one.wall / two.wall, FASTER, "x"),
            Row("  CPU, of all processes together", f"{two.cpu / one.cpu:.2f} x"),
        ],
    )
    table(
        "Memory: peak of one process",
        [
            Row(f"{FILES // 10} files", f"{few:.0f} MiB"),
            Row(f"{FILES} files", f"{many:.0f} MiB"),
            at_most("  as a multiple", many / few, GROWTH, "x"),
        ],
    )


if __name__ == "__main__":
    main()
