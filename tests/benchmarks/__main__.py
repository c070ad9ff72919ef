"""Run all benchmarks: `python tests/benchmarks`. Nothing is judged; each figure has its budget beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run each benchmark in a process of its own, so that none warms up or swells another."""
    for program in sorted(Path(__file__).parent.glob("bench_*.py")):
        done = subprocess.run([sys.executable, program], check=False)
        if done.returncode != 0:
            print(f"{program.name}: exit status {done.returncode}", flush=True)


if __name__ == "__main__":
    main()
