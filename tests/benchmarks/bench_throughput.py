"""How fast texts are checked: all default rules in one process, against `json.loads` of the same texts."""

from __future__ import annotations

import gc
import json
import time
from statistics import median
from typing import TYPE_CHECKING

from _common import Row, at_most, source_of_texts, table, texts

from armlint import run
from armlint.files import Text
from armlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROUNDS = 5
BUDGET = 60


def seconds(work: Callable[[str], object], over: Sequence[str]) -> float:
    """CPU seconds of doing something with each text."""
    gc.collect()
    start = time.process_time()
    for text in over:
        work(text)
    return time.process_time() - start


def is_json(text: str) -> bool:
    """Whether the text can be compared at all."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def main() -> None:
    """Measure and print."""
    # As the command line does.
    gc.disable()
    rules = run.load_rules().select()

    def check(text: str) -> None:
        run.check_text(Text(Source(text), marked=False, problem=None), rules)

    named = {name: text for name, text in texts().items() if is_json(text)}
    groups = sorted({name.partition("/")[0] for name in named})
    if len(groups) > 1:
        groups.append("")
    rows = []
    for group in groups:
        chosen = [text for name, text in named.items() if name.startswith(group)]
        size = sum(map(len, chosen)) / 1e6
        # They take turns, so that a machine that is busy for a while slows both.
        rounds = [(seconds(check, chosen), seconds(json.loads, chosen)) for _ in range(ROUNDS)]
        mine, theirs = (median(pair[column] for pair in rounds) for column in (0, 1))
        what = f"{group or 'all'}: {len(chosen)} texts, {size:.1f} MB"
        rows.append(Row(what, f"{mine:.2f} s, {size / mine:.1f} MB/s"))
        multiple = "  as a multiple of json.loads"
        if group == groups[-1]:
            rows.append(at_most(multiple, mine / theirs, BUDGET, "x"))
        else:
            rows.append(Row(multiple, f"{mine / theirs:.1f} x"))
    table(f"Throughput: CPU over {source_of_texts()}, one process, median of {ROUNDS}", rows)


if __name__ == "__main__":
    main()
