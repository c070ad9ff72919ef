"""What one short run costs: `armlint check` of a 7 KB template, each time in a new process.

Runs of armlint and of a Python that does nothing take turns, so that a busy machine slows both.
"""

from __future__ import annotations

from statistics import median

from _common import Row, at_most, child, table, template, workplace

PAIRS = 40
BUDGET, AIM = 10, 8


def main() -> None:
    """Measure and print."""
    clean, faulty = template(2), template(2, public=True)
    with workplace() as folder:
        (folder / "clean.json").write_text(clean, "utf-8")
        (folder / "faulty.json").write_text(faulty, "utf-8")
        commands = {
            "python -c pass": ("-c", "pass"),
            "a clean template": ("-m", "armlint", "check", "clean.json"),
            "a template with a finding": ("-m", "armlint", "check", "faulty.json"),
            "armlint --version": ("-m", "armlint", "--version"),
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for command in commands.values():
            # The first run compiles the modules, which no later one does.
            child(folder, *command)
        for _ in range(PAIRS):
            for name, command in commands.items():
                seconds[name].append(child(folder, *command).cpu)
    bare = seconds.pop("python -c pass")
    rows = [Row("python -c pass", f"{median(bare) * 1000:.0f} ms")]
    for name, runs in seconds.items():
        ratio = median(mine / other for mine, other in zip(runs, bare, strict=True))
        rows.append(Row(name, f"{median(runs) * 1000:.0f} ms"))
        rows.append(at_most("  as a multiple of bare Python", ratio, BUDGET, "x"))
    table(f"Start-up: CPU, {len(clean) / 1000:.1f} KB, median of {PAIRS} (aim: {AIM} x)", rows)


if __name__ == "__main__":
    main()
