"""Lists and searches of a large shop: `python -m benchmarks.reading`.

Starts a PostgreSQL (or takes DATABASE_URL's) and gunicorn with 3 workers, makes a shop of 100,000
products, and asks for pages and endpoints as the shop's owner and as its token, one request at a
time. Two products in a hundred are low. Prints a line each and, with --json FILE, writes them there.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.serving import ROOT, Measured, Server, Shop, machine, serving
from tests.with_postgresql import postgresql

_PREPARE = """
import sys
from functools import partial
import django
django.setup()
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from catalog.models import Warehouse
from common.paging import cursor_at
from stock.models import Balance
from stock.places import Place
from stock.services.levels import Level, set_levels
from tenancy.context import shop_scope
from tenancy.models import Membership, Shop
import json
shop = Shop.objects.get(slug=sys.argv[1])
with shop_scope(shop, write=False):
    columns = ("warehouse_id", "product_id", "on_hand", "product__sku_key")
    rows = list(Balance.objects.order_by("pk").values_list(*columns))
    owner = Membership.objects.select_related("user").get(shop=shop, role="owner").user
low = {Place(w, p): Level(on_hand + 1000, None) for w, p, on_hand, _sku in rows[::50]}
set_levels(low, partial(shop_scope, shop))
session = SessionStore()
session[SESSION_KEY] = str(owner.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = owner.get_session_auth_hash()
session.save()
skus = sorted(sku for *_rest, sku in rows)
deep = cursor_at(skus[len(skus) * 9 // 10])
print(json.dumps({"session": session.session_key, "deep": deep, "product": rows[-1][1]}))
"""


def prepare(server: Server, slug: str) -> dict[str, Any]:
    """A session of the owner, levels for two products in a hundred, and where 90 % of the list is."""
    done = subprocess.run(
        [sys.executable, "-c", _PREPARE, slug],
        cwd=ROOT,
        env=server.environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def measure_pages(shop: Shop, session: str, path: str, requests: int) -> Measured:
    connection = http.client.HTTPConnection("127.0.0.1", shop.server.port, timeout=120)
    latencies: list[float] = []
    answers: Counter[int] = Counter()

    def ask() -> None:
        connection.request("GET", f"/{shop.slug}/{path}", headers={"Cookie": f"sessionid={session}"})
        answer = connection.getresponse()
        answer.read()
        answers[answer.status] += 1

    for _warm in range(6):
        ask()
    answers.clear()
    cpu, begun = shop.server.cpu_seconds(), time.perf_counter()
    for _request in range(requests):
        started = time.perf_counter()
        ask()
        latencies.append(time.perf_counter() - started)
    seconds = time.perf_counter() - begun
    return Measured(requests, seconds, shop.server.cpu_seconds() - cpu, latencies, answers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures: list[dict[str, Any]] = []
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as folder, postgresql() as url, serving(Path(folder), url) as server:
        shop = server.make_shop("measured", options.products)
        about = prepare(server, shop.slug)
        server.settle()
        server.start()
        deep = about["deep"]
        pages = {
            "page: products": "products/",
            "page: products, 90 % deep": f"products/?after={deep}",
            "page: products, search of a name": "products/?search=amber+cup",
            "page: products, search of a SKU": "products/?search=SKU-09",
            "page: products, low": "products/?status=low",
            "page: products, out": "products/?status=out",
            "page: products, one category": "products/?category=1",
            "page: a product": f"products/{about['product']}/",
            "page: Today": "",
            "page: ledger": "ledger/",
        }
        for name, path in pages.items():
            note(figures, name, measure_pages(shop, about["session"], path, options.requests))
        endpoints = {
            "API: products": "products/?limit=100",
            "API: balances": "balances/?limit=100",
            "API: balances, 90 % deep": f"balances/?limit=100&cursor={deep}",
            "API: balances, search of a name": "balances/?limit=100&search=amber",
            "API: low stock": "low-stock/?limit=100",
        }
        for name, path in endpoints.items():
            shop.measure([("GET", path)] * 6, 1)
            note(figures, name, shop.measure([("GET", path)] * options.requests, 1))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def note(figures: list[dict[str, Any]], name: str, measured: Measured) -> None:
    row = measured.row()
    figures.append({"what": name} | row)
    times = f"p50 {row['p50_ms']:>6} p95 {row['p95_ms']:>6} ms  CPU {row['cpu_ms']:>6} ms"
    print(f"{name:<34} {times}  {row['answers']}", flush=True)


if __name__ == "__main__":
    main()
