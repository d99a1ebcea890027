"""A file of made-up products into an empty shop: `python -m benchmarks.product_files`.

Names of several words, categories, prices and barcodes; read, shown and posted by the command that does
what the page and its job do. First into a new installation, whose database knows nothing of its
tables yet, then into a second shop; then the same file with other prices.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.commands import import_file, make_shop, manage, server_of
from tests.with_postgresql import postgresql

KINDS = ["plate", "bowl", "mug", "jug", "vase", "dish", "tray", "tin", "lamp", "clock", "frame", "basket"]
COLOURS = ["red", "blue", "green", "ivory", "slate", "ochre", "white", "black", "amber"]
STYLES = [
    "plain",
    "ribbed",
    "hammered",
    "painted",
    "glazed",
    "etched",
    "woven",
    "turned",
    "fluted",
    "spotted",
]


def write_products(path: Path, count: int, *, dearer: int = 0) -> None:
    """The same products each time; `dearer`: hundredths on each price."""
    chance = random.Random(7)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["SKU", "Name", "Category", "Price", "Cost", "Barcode"])
        for number in range(count):
            kind, price = chance.choice(KINDS), chance.randrange(100, 9_900)
            name = f"{chance.choice(STYLES)} {chance.choice(COLOURS)} {kind} no {number}"
            row = [f"P{number:06}", name.capitalize(), kind.capitalize(), f"{(price + dearer) / 100:.2f}"]
            writer.writerow([*row, f"{price / 250:.2f}", with_check_digit(f"200{number:09}")])


def with_check_digit(digits: str) -> str:
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


def measure(files: list[Path], environment: dict[str, str], database: psutil.Process | None) -> None:
    manage(environment, "migrate", "-v", "0")
    for slug in ("first", "second"):
        make_shop(environment, slug)
        options = ("--shop", slug, "--kind", "products")
        _answer, costs = import_file(environment, database, *options, file=files[0])
        print(f"  new, {slug} shop:", json.dumps(costs), flush=True)
    _answer, costs = import_file(environment, database, *options, file=files[1])
    print("  other prices:", json.dumps(costs), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    asked = parser.parse_args()
    print(time.strftime("%Y-%m-%d"), "load", os.getloadavg()[0], flush=True)
    with tempfile.TemporaryDirectory(prefix="parstock-products-") as folder:
        files = [Path(folder) / "products.csv", Path(folder) / "dearer.csv"]
        for dearer, file in enumerate(files):
            write_products(file, asked.products, dearer=dearer * 10)
        environment = os.environ | {"PARSTOCK_VAR": folder}
        environment.pop("DATABASE_URL", None)
        if asked.only != "postgresql":
            print("SQLite", flush=True)
            measure(files, environment, None)
        if asked.only != "sqlite":
            print("PostgreSQL", flush=True)
            with postgresql() as url:
                measure(files, environment | {"DATABASE_URL": url}, server_of(url))


if __name__ == "__main__":
    main()
