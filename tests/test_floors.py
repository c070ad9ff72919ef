"""The floors of the design: who may import whom, and who may touch the outside world."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "armlint"

# The first prefix that fits gives a module's floor.
FLOORS = {
    "armlint.source": 0,
    "armlint.jsontext": 0,
    "armlint.edit": 0,
    "armlint.finding": 1,
    "armlint.arm": 2,
    "armlint.secrets": 2,
    "armlint.script": 2,
    "armlint.registry": 3,
    "armlint.page": 3,
    "armlint.declare": 3,
    "armlint.rule": 3,
    "armlint.checks": 3,
    "armlint.engine": 4,
    "armlint.fix": 4,
    "armlint.suppress": 4,
    "armlint.baseline": 4,
    "armlint.report": 5,
    "armlint": 6,
}
# Third-party packages and the one module that may import each, with whether that may happen at import time.
THIRD_PARTY = {
    "jmespath": {"armlint.declare"},
    "typer": {"armlint.cli"},
    "pygments": {"armlint.report.text", "armlint.cli"},
    "pathspec": {"armlint.files"},
    "jsonschema": {"armlint.rulebooks"},
}
EAGER = {"jmespath", "typer"}
OUTSIDE = {"print", "open", "input", "exit", "breakpoint", "eval", "exec", "compile", "__import__"}
OUTSIDE_MODULES = {
    "os",
    "sys",
    "subprocess",
    "socket",
    "urllib.request",
    "http",
    "pathlib",
    "shutil",
    "pickle",
}


def modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("armlint", *path.relative_to(PACKAGE).with_suffix("").parts)
        found.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


def floor(module: str) -> int:
    while module not in FLOORS:
        module = module.rpartition(".")[0]
    return FLOORS[module]


def imports(tree: ast.AST) -> list[tuple[str, int, bool]]:
    """Imported modules with their line and whether they are imported when the module is."""
    found = []
    top = {id(node) for node in ast.iter_child_nodes(tree)}
    for node in ast.walk(tree):
        eager = id(node) in top
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno, eager) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.module != "__future__":
            if node.module != "armlint":
                found.append((node.module, node.lineno, eager))
            found += [(f"{node.module}.{alias.name}", node.lineno, eager) for alias in node.names]
    return found


@pytest.mark.parametrize(("module", "path"), modules(), ids=str)
def test_imports_go_down(module: str, path: Path) -> None:
    known = {name for name, _ in modules()}
    for name, line, eager in imports(ast.parse(path.read_text("utf-8"))):
        package = name.partition(".")[0]
        if name in known and name != module:
            assert floor(name) <= floor(module), f"{path}:{line}: {module} imports {name} from a higher floor"
            if floor(name) == floor(module) == 2:
                rooms = module.split(".")[1], name.split(".")[1]
                # Reading a script is reading command lines.
                assert rooms[0] == rooms[1] or rooms == ("script", "secrets"), (
                    f"{path}:{line}: the rooms of the subject do not know each other"
                )
        if package in THIRD_PARTY:
            assert module in THIRD_PARTY[package], f"{path}:{line}: {module} must not import {package}"
            if eager:
                assert package in EAGER, f"{path}:{line}: {package} is imported at start"


@pytest.mark.parametrize(("module", "path"), modules(), ids=str)
def test_only_the_edges_touch_the_world(module: str, path: Path) -> None:
    if floor(module) == 6:
        return
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in OUTSIDE, (
                f"{path}:{node.lineno}: {node.func.id}() on floor {floor(module)}"
            )
    for name, line, _ in imports(tree):
        assert name not in OUTSIDE_MODULES, f"{path}:{line}: {name} on floor {floor(module)}"


def test_no_module_for_everything() -> None:
    for name, _ in modules():
        assert not {"utils", "helpers", "common", "misc"} & set(name.split(".")), name
