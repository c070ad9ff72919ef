"""What `run.sh` needs done that bash does badly: splitting words, joining paths, reading JSON.

`run.sh` starts it with `python -I`, so that nothing in the checked repository can stand in for a module.
Lists are printed with a NUL behind each item.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path


def words(text: str) -> list[str]:
    """Split text at blanks and line breaks, except in quotes.

    A backslash means itself: it stands in the paths of Windows runners.
    """
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    lexer.escape = ""
    return list(lexer)


def repository(folder: str, top: str) -> str:
    """Return the root of the repository that holds `folder`, or `top` where no folder up to it is one.

    Annotations and SARIF name files from this root. It is not always the workspace: `actions/checkout`
    has a `path`. Git is not asked, since it may be missing, or refuse a folder of another owner.
    """
    start = Path(folder).resolve()
    limit = Path(top).resolve()
    for parent in (start, *start.parents):
        if (parent / ".git").exists():
            return str(parent)
        if parent == limit:
            break
    return str(limit if limit in (start, *start.parents) else start)


def from_root(root: str, folder: str, path: str) -> str:
    """Return `path`, which starts from `folder`, as it reads from `root`."""
    if Path(path).is_absolute():
        return path
    return os.path.normpath(os.path.relpath(Path(folder).resolve() / path, root))


def counts(report: str) -> dict[str, int]:
    """Return how many findings, and how many errors, a JSON report has."""
    summary = json.loads(Path(report).read_text(encoding="utf-8"))["summary"]
    return {
        "findings": sum(summary[severity] for severity in ("error", "warning", "info")),
        "errors": summary["error"],
    }


def _list(items: list[str]) -> str:
    return "".join(f"{item}\0" for item in items)


def run(command: str, *args: str) -> str:
    """Return what a command prints."""
    match command, args:
        case "words", (text,):
            return _list(words(text))
        case "paths", (root, folder, text):
            return _list([from_root(root, folder, path) for path in words(text)])
        case "root", (folder, top):
            return repository(folder, top)
        case "absolute", (path,):
            return str(Path(path).absolute())
        case "counts", (report,):
            return "".join(f"{name}={number}\n" for name, number in counts(report).items())
        case "token", ():
            return os.urandom(16).hex()
        case _:
            raise ValueError(f"no command {command} with {len(args)} arguments")


if __name__ == "__main__":
    try:
        printed = run(*sys.argv[1:])
    except ValueError as error:
        sys.exit(f"{error}")
    # As bytes: on Windows print() writes carriage returns, which bash keeps, and one code page only.
    sys.stdout.buffer.write(printed.encode("utf-8", "surrogateescape"))
