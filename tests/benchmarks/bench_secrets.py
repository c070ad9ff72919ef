"""The search for secrets: microseconds for each string, and the same files read by detect-secrets.

The comparison needs `pip install detect-secrets`; without it, only armlint's own figures are printed. One secret of
each format is planted, beside the templates, in files that both read.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from _common import Row, at_least, at_most, source_of_texts, table, texts, workplace

from armlint.secrets.detectors import DETECTORS
from armlint.secrets.examples import make, seeded
from armlint.secrets.scan import scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROUNDS = 3
HARMLESS = {
    "a description of 100 characters": "Specifies the location of the resources in this template, which is the group's by default anyway.",
    "an expression of 100 characters": "[resourceId('Microsoft.Compute/virtualMachines/extensions', parameters('vm'), 'install-a-script')]",
}
COMMANDS = (
    "powershell -File setup.ps1 -Password «{password:12}»",
    "bash setup.sh --admin-password «{password:12}»",
    "net user svc «{password:12}» /add",
    "mysql -uroot -p«{alnum:12}» -e 'select 1'",
    "export DB_PASSWORD=«{alnum:12}»; sh setup.sh",
)
MICROSECONDS, TIMES = 10, 5
# detect-secrets takes minutes for a template of some megabytes; the small ones are compared, up to so much text.
LARGEST, COMPARED = 50_000, 250_000


def strings(value: Any) -> Iterator[str]:
    """All strings of a JSON value, names of members too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from strings(item)


def small(found: dict[str, str]) -> Iterator[str]:
    """Some of the texts, none of them large."""
    left = COMPARED
    for text in found.values():
        if len(text) <= min(LARGEST, left):
            left -= len(text)
            yield text


def used(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """CPU seconds of the best of several rounds."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


def planted() -> dict[str, str]:
    """A file for each format and form of command, with one secret; the name of the file says which."""
    found = {}
    for number, recipe in enumerate((*(row.true[0] for row in DETECTORS), *COMMANDS)):
        example = make(recipe, seeded(number))
        found[example.secret] = json.dumps({"value": example.text}, indent=2, ensure_ascii=False)
    return found


def read(paths: list[Path]) -> int:
    """Read files as armlint's rules do, all strings as commands, and count what is found."""
    count = 0
    for path in paths:
        try:
            value = json.loads(path.read_text("utf-8-sig"), strict=False)
        except ValueError:
            continue
        count += sum(len(scan(text, command=True)) for text in strings(value))
    return count


def own() -> list[Row]:
    """What a string costs."""
    rows = []
    for name, text in HARMLESS.items():
        micro = used(lambda: [scan(text) for _ in range(1000)]) * 1000  # noqa: B023
        rows.append(at_most(name, micro, MICROSECONDS, "µs"))
    found: list[str] = []
    for text in texts().values():
        try:
            found += strings(json.loads(text, strict=False))
        except ValueError:
            continue
    size = sum(map(len, found)) / 1e6
    for name, command in (("formats", False), ("formats and commands", True)):
        seconds = used(lambda: [scan(text, command=command) for text in found])  # noqa: B023
        rows.append(Row(f"{name}, {len(found)} strings", f"{seconds / len(found) * 1e6:.1f} µs each"))
        rows.append(Row("  of text", f"{size / seconds:.1f} MB/s"))
    return rows


def compared() -> list[Row]:
    """The same files read by both."""
    try:
        from detect_secrets import SecretsCollection
        from detect_secrets.settings import default_settings
    except ImportError:
        return [Row("compared with detect-secrets", "not installed")]
    secrets = planted()
    with workplace() as folder:
        paths = []
        for number, text in enumerate((*small(texts()), *secrets.values())):
            path = folder / f"{number}.json"
            path.write_text(text, "utf-8", "surrogatepass")
            paths.append(path)
        marked = paths[-len(secrets) :]
        with default_settings():

            def theirs(files: list[Path]) -> int:
                collection = SecretsCollection()
                for file in files:
                    collection.scan_file(str(file))
                return sum(1 for _ in collection)

            rows = [
                Row("secrets planted, one in a file", str(len(secrets))),
                Row("  files with a finding of armlint", str(sum(read([path]) > 0 for path in marked))),
                Row(
                    "  files with a finding of detect-secrets",
                    str(sum(theirs([path]) > 0 for path in marked)),
                ),
                Row(
                    "  of these, missed by armlint",
                    str(sum(theirs([path]) > 0 == read([path]) for path in marked)),
                ),
                Row("findings of armlint besides", str(read(paths[: -len(secrets)]))),
                Row("findings of detect-secrets besides", str(theirs(paths[: -len(secrets)]))),
            ]
            mine, other = used(lambda: read(paths)), used(lambda: theirs(paths), 1)
    rows += [Row("CPU of armlint", f"{mine:.2f} s"), Row("CPU of detect-secrets", f"{other:.2f} s")]
    return [*rows, at_least("  as a multiple", other / mine, TIMES, "x")]


def main() -> None:
    """Measure and print."""
    table(f"Secrets: {source_of_texts()}, best of {ROUNDS}", own() + compared())


if __name__ == "__main__":
    main()
