"""The ledger over the API: `python -m benchmarks.postings`.

Starts a PostgreSQL (or takes DATABASE_URL's) and gunicorn with 3 workers, and measures from clients
on the same machine. CPU is counted over all processes of web server and database, not the clients.
Prints a table as it goes and, with --json FILE, writes all figures there.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.serving import Server, Shop, machine, serving
from tests.with_postgresql import postgresql

KINDS = ("receipt", "sale", "transfer", "count")
CLIENTS = (1, 8, 32)

_key = count(1)
_figures: list[dict[str, Any]] = []


def note(what: str, figures: dict[str, Any], **about: Any) -> None:
    _figures.append({"what": what} | about | figures)
    label = " · ".join([what, *(f"{value} {name}" for name, value in about.items())])
    told = "  ".join(f"{name} {value}" for name, value in figures.items())
    print(f"{label:<58} {told}", flush=True)


def posting(kind: str, lines: list[dict[str, Any]], **fields: Any) -> tuple[Any, ...]:
    body = {"kind": kind, "warehouse": "MAIN", "lines": lines} | fields
    return "POST", "postings/", body, f"measure-{next(_key)}"


def skus_of(shop: Shop) -> list[str]:
    call, skus, cursor = shop.caller(), [], ""
    while cursor is not None and len(skus) < 20_000:
        _status, page = call("GET", f"products/?limit=500&cursor={cursor}")
        skus += [product["sku"] for product in page["results"]]
        cursor = page["next"]
    return skus


# ---- what is measured ------------------------------------------------------------------------


def single_postings(shop: Shop, skus: list[str], products: int, requests: int) -> None:
    chance = random.Random(7)
    for clients in CLIENTS:
        for kind in KINDS:
            fields = {"to_warehouse": "BACK"} if kind == "transfer" else {}
            asked = [
                posting(kind, [{"sku": chance.choice(skus), "quantity": "1"}], **fields)
                for _ in range(requests)
            ]
            note(kind, shop.measure(asked, clients).row(), products=products, clients=clients)


def hot_row(shop: Shop, products: int) -> None:
    call = shop.caller()
    call("POST", "products/", {"sku": "HOT", "name": "Everybody wants this"})
    call(*posting("receipt", [{"sku": "HOT", "quantity": "500"}]))
    asked = [posting("sale", [{"sku": "HOT", "quantity": "1"}]) for _ in range(540)]
    figures = shop.measure(asked, 32).row()
    _status, page = call("GET", "balances/?sku=HOT")
    figures["left"] = page["results"][0]["on_hand"]
    note("one hot row, 500 units", figures, products=products, clients=32)


def bulk(shop: Shop, skus: list[str], products: int) -> None:
    chance = random.Random(8)
    documents = [
        posting("receipt", [{"sku": sku, "quantity": "1"} for sku in chance.choices(skus, k=5_000)])
        for _ in range(4)
    ]
    done = shop.measure(documents, 1)
    note("documents of 5,000 lines", done.row() | {"movements_per_second": round(20_000 / done.seconds)})
    many = [
        {
            "key": f"measure-{next(_key)}",
            "kind": "sale",
            "warehouse": "MAIN",
            "lines": [{"sku": sku, "quantity": "1"} for sku in chance.choices(skus, k=10)],
        }
        for _ in range(500)
    ]
    done = shop.measure([("POST", "postings/bulk/", {"documents": many})], 1)
    note("500 documents of 10 lines in one request", {"movements_per_second": round(5_000 / done.seconds)})


def creating_products(shop: Shop, products: int, requests: int) -> None:
    asked = [
        ("POST", "products/", {"sku": f"NEW-{number}", "name": f"New product {number}"})
        for number in range(requests)
    ]
    note("create a product", shop.measure(asked, 1).row(), products=products, clients=1)


def reading(shop: Shop, products: int, requests: int) -> None:
    call = shop.caller()
    begins = datetime.now(UTC) - timedelta(days=200)
    call("POST", "products/", {"sku": "LONG", "name": "With a long history"})
    call(*posting("opening", [{"sku": "LONG", "quantity": "100000"}], at=begins.isoformat()))
    for part in range(4):
        lines = [
            {
                "sku": "LONG",
                "quantity": "1",
                "at": (begins + timedelta(minutes=10 * (5_000 * part + number + 1))).isoformat(),
            }
            for number in range(5_000)
        ]
        status, answer = call(*posting("sale", lines))
        if status != 201:
            sys.exit(f"The long history could not be made: {answer}")
    cursor = ""
    for place, pages in (("newest page", 0), ("in the middle", 20), ("oldest page", 20)):
        for _ in range(pages):
            _status, page = call("GET", f"products/LONG/history/?limit=500&cursor={cursor}")
            cursor = page["next"] or cursor
        asked = [("GET", f"products/LONG/history/?limit=50&cursor={cursor}")] * requests
        note(f"history of 20,000 movements, {place}", shop.measure(asked, 1).row(), products=products)
    for what, path in (
        ("balances, a page of 100", "balances/"),
        ("balances by search", "balances/?search=moss"),
        ("low stock", "low-stock/"),
    ):
        note(what, shop.measure([("GET", path)] * requests, 1).row(), products=products)


def measure_postgresql(server: Server, sizes: list[int], requests: int) -> None:
    shops = []
    for products in sizes:
        begun = time.perf_counter()
        shops.append(server.make_shop(f"measured-{products}", products))
        note("make_shop", {"seconds": round(time.perf_counter() - begun, 1)}, products=products)
    server.settle()
    server.start()
    for products, shop in zip(sizes, shops, strict=True):
        skus = skus_of(shop)
        shop.measure([posting("sale", [{"sku": sku, "quantity": "1"}]) for sku in skus[:60]], 8)  # warm
        single_postings(shop, skus, products, requests)
        hot_row(shop, products)
        bulk(shop, skus, products)
        creating_products(shop, products, requests)
        reading(shop, products, max(20, requests // 10))
    print(server.manage("reconcile").strip())


def measure_sqlite(server: Server, requests: int) -> None:
    shop = server.make_shop("measured", 1_000)
    server.start()
    skus = skus_of(shop)
    chance = random.Random(9)
    for clients in (1, 8):
        asked = [posting("sale", [{"sku": chance.choice(skus), "quantity": "1"}]) for _ in range(requests)]
        note("SQLite, sale", shop.measure(asked, clients).row(), products=1_000, clients=clients)
    print(server.manage("reconcile").strip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--products", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--requests", type=int, default=400, help="of each kind and number of clients")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    asked = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d} on {machine()}")
    with tempfile.TemporaryDirectory(prefix="parstock-bench-") as folder:
        with postgresql() as url, serving(Path(folder), url) as server:
            measure_postgresql(server, asked.products, asked.requests)
        with serving(Path(folder)) as server:
            measure_sqlite(server, asked.requests)
    if asked.json:
        asked.json.write_text(json.dumps({"machine": machine(), "figures": _figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
