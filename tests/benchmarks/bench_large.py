"""A 3 MB template made by Bicep: seconds, memory, and what twice the text costs."""

from __future__ import annotations

import json

from _common import SCHEMA, Row, Used, at_most, child, corpus, modules, table, workplace

ROUNDS = 3
SECONDS, MEBIBYTES, GROWTH = 6, 400, 2.3


def large() -> str:
    """Return the largest template of the corpus, or a generated one of 3 MB."""
    folder = corpus()
    files = [] if folder is None else list((folder / "bicep-modules").rglob("*.json"))
    if not files:
        return modules(3)
    return max(files, key=lambda path: path.stat().st_size).read_text("utf-8-sig")


def nested(text: str, times: int) -> str:
    """Put the text into one template that many times, in inner deployments."""
    resources = [
        {
            "type": "Microsoft.Resources/deployments",
            "apiVersion": "2022-09-01",
            "name": f"copy{number}",
            "properties": {
                "mode": "Incremental",
                "expressionEvaluationOptions": {"scope": "inner"},
                "parametersLink": {"uri": "https://example.com/parameters.json"},
                "template": "@",
            },
        }
        for number in range(times)
    ]
    outer = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": resources}
    return json.dumps(outer, indent=2).replace('"@"', text)


def main() -> None:
    """Measure and print."""
    text = large()
    with workplace() as folder:
        files = {"as it is": text, "nested once": nested(text, 1), "nested twice": nested(text, 2)}
        for name, content in files.items():
            (folder / f"{name}.json").write_text(content, "utf-8")
        runs: dict[str, list[Used]] = {name: [] for name in files}
        child(folder, "-m", "armlint", "check", "as it is.json", "--quiet")
        for _ in range(ROUNDS):
            # They take turns, so that a machine that is busy for a while slows all.
            for name, measured in runs.items():
                measured.append(child(folder, "-m", "armlint", "check", f"{name}.json", "--quiet"))
    used = {name: min(measured, key=lambda run: run.cpu) for name, measured in runs.items()}
    whole = used["as it is"]
    rows = [
        at_most("as it is: CPU", whole.cpu, SECONDS, "s"),
        at_most("as it is: peak memory", whole.peak, MEBIBYTES, "MiB"),
        Row("nested once: CPU", f"{used['nested once'].cpu:.1f} s"),
        Row("nested twice: CPU", f"{used['nested twice'].cpu:.1f} s"),
        at_most("  as a multiple", used["nested twice"].cpu / used["nested once"].cpu, GROWTH, "x"),
        Row("nested twice: peak memory", f"{used['nested twice'].peak:.0f} MiB"),
    ]
    source = "generated" if corpus() is None else "from the corpus"
    table(f"Large: one template of {len(text) / 1e6:.1f} MB, {source}, best of {ROUNDS}", rows)


if __name__ == "__main__":
    main()
