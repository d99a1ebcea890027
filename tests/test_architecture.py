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
    {"imports"},
    {"catalog"},
    {"stock"},
    {"purchasing", "forecasting"},
    {"replenishment"},
    {"insights"},
    {"inventory_site"},
]
APPS = set().union(*FLOORS)

# Inside an app a module may import what stands on its own storey and below. `*_views` stands for every
# module whose name ends so; a name with its app before it holds for that app only.
STOREYS = [
    # What tables are made of and what needs none.
    """base constraints engine gtin pictures price_breaks kinds permissions places registry signals
    valuation tenancy.choices tenancy.context tenancy.demo inventory_site.environment""",
    "models",
    # What reads.
    """queries page_queries gathering listing lookups prices accuracy money packs lead_times calendar
    stock.permissions insights.running_out insights.low_stock insights.product_list insights.today""",
    # What changes things, with what it is built of.
    """services panels guards deciding file_plan file_terms reading staging row_services exporting audit
    enforcement importing file_import room document mail pdf smtp links words context health queue running
    states tick night demo generated_shop""",
    # What people and machines fill in and are shown.
    """forms *_forms *_kinds sheets documents happenings api_schema api_data api_input access accounts
    context_processors middleware requests templatetags jobs processes supervisor""",
    "views *_views order_page api api_access admin failures logs openapi",
    "urls *_urls apps management settings wsgi",
]
STOREY_OF = {name: number for number, names in enumerate(STOREYS) for name in names.split()}

# They cost seconds and tens of megabytes to import: only engines may do so at the top of a file.
HEAVY = {"numpy", "pandas", "pyarrow", "scipy", "sklearn", "statsmodels", "reportlab"}


def modules() -> Iterator[tuple[str, Path]]:
    for app in sorted(APPS):
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield app, path


def imports(tree: ast.AST) -> Iterator[str]:
    """The names that a module imports when it runs; those for type checkers only bind nobody."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from imports(node)


def floor_of(app: str) -> int:
    return next(number for number, floor in enumerate(FLOORS) if app in floor)


def storey_of(parts: list[str]) -> int | None:
    """The storey of a module inside its app, by the first name after the app's own; common has none."""
    if len(parts) < 2 or parts[0] == "common":
        return None
    ending = "*_" + parts[1].rpartition("_")[2]
    names = (".".join(parts[:2]), parts[1], ending)
    return next((STOREY_OF[name] for name in names if name in STOREY_OF), None)


def test_every_module_stands_on_a_storey() -> None:
    places = [path.relative_to(ROOT).with_suffix("").parts for app, path in modules() if app != "common"]
    homeless = [
        "/".join(parts) for parts in places if parts[1:] != ("__init__",) and storey_of(list(parts)) is None
    ]
    assert homeless == [], "name their storey in STOREYS"


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


def test_nobody_goes_round_the_refusing_manager() -> None:
    for _app, path in modules():
        assert "_base_manager" not in path.read_text(), f"{path} asks for rows without a shop"
