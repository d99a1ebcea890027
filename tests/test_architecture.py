"""The floors of the house: who may import whom (docs/architecture.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# An app may import the apps on the floors below its own. Two on one floor do not know each other.
FLOORS = [
    {"common"},
    {"tenancy"},
    {"jobs"},
    {"catalog"},
    {"stock"},
    {"purchasing", "forecasting"},
    {"replenishment"},
    {"insights"},
    {"inventory_site"},
]
APPS = set().union(*FLOORS)

# Inside an app: models <- queries <- services <- the rest, which are its doors to the outside.
STOREYS = {"models": 0, "queries": 1, "services": 2}
DOORS = {"forms": 3, "jobs": 3, "views": 4, "api": 4, "admin": 4, "urls": 5, "open_urls": 5, "apps": 5}

# They cost seconds and tens of megabytes to import: only engines may do so at the top of a file.
HEAVY = {"numpy", "pandas", "scipy", "sklearn", "statsmodels", "reportlab"}


def modules() -> Iterator[tuple[str, Path]]:
    for app in sorted(APPS):
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield app, path


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor_of(app: str) -> int:
    return next(number for number, floor in enumerate(FLOORS) if app in floor)


def storey_of(parts: list[str]) -> int | None:
    """The storey of a module inside its app, by the first name after the app's own."""
    if len(parts) < 2:
        return None
    return (STOREYS | DOORS).get(parts[1])


@pytest.mark.parametrize(("app", "path"), list(modules()), ids=lambda value: str(value).split(f"{ROOT}/")[-1])
def test_a_module_imports_only_what_lies_below_it(app: str, path: Path) -> None:
    tree = ast.parse(path.read_text())
    here = path.relative_to(ROOT).with_suffix("").parts
    for name in imports(tree):
        parts = name.split(".")
        if parts[0] not in APPS:
            continue
        if parts[0] == app:
            mine, theirs = storey_of(list(here)), storey_of(parts)
            assert mine is None or theirs is None or theirs <= mine, f"{path.name} imports {name} above it"
        else:
            assert floor_of(parts[0]) < floor_of(app), f"{app} imports {name} from its own floor or above"


@pytest.mark.parametrize("path", sorted(ROOT.glob("*/engine/**/*.py")), ids=lambda path: path.stem)
def test_an_engine_knows_nothing_of_ours(path: Path) -> None:
    own = ".".join(path.relative_to(ROOT).parts[:2])
    for name in imports(ast.parse(path.read_text())):
        top = name.split(".")[0]
        assert top not in APPS or name.startswith(own), f"{path} imports {name}"
        assert top != "django", f"{path} imports Django"


@pytest.mark.parametrize(("app", "path"), list(modules()), ids=lambda value: str(value).split(f"{ROOT}/")[-1])
def test_heavy_libraries_stay_out_of_web_processes(app: str, path: Path) -> None:
    if "engine" in path.parts:
        return
    tree = ast.parse(path.read_text())
    for node in tree.body:
        for name in imports(node) if isinstance(node, (ast.Import, ast.ImportFrom)) else ():
            assert name.split(".")[0] not in HEAVY, f"{path} imports {name} when it is loaded"
            parts = name.split(".")
            assert parts[0] not in APPS or "engine" not in parts[1:], f"{path} loads an engine at once"


def test_only_operations_look_behind_the_wall() -> None:
    """Raw SQL on shop tables names the shop; nobody uses an unscoped manager."""
    for _app, path in modules():
        assert "_base_manager" not in path.read_text() or path.name == "base.py", path
