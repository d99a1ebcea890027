"""Races for the ledger, run by `test_concurrency.py` in an interpreter and a database of their own.

Each race makes a shop, lets processes with connections of their own work on it at once, and tells
what they reported and what the ledger then says. `main(NAME)` prints that as JSON.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from datetime import date
from multiprocessing.connection import Connection
from typing import Any

from django.db import connections
from django.db.models import Sum

from catalog.models import Product, Warehouse
from common.errors import InsufficientStock
from stock.models import Balance, Kind, Movement, Posting
from stock.services.ledger import Line, post
from stock.services.reconcile import reconcile
from tenancy.context import shop_scope
from tenancy.models import Shop
from tests import importing
from tests.factories import make_product, make_shop, make_warehouse

PROCESSES = 8
_fork = multiprocessing.get_context("fork")


def race(work: Callable[[int], Any]) -> list[Any]:
    """What `work(number)` returns in each of eight processes that start together."""
    connections.close_all()  # a child must not write to the parent's connection
    barrier = _fork.Barrier(PROCESSES)
    channels, children = [], []
    for number in range(PROCESSES):
        here, there = _fork.Pipe(duplex=False)
        child = _fork.Process(target=_run, args=(work, number, barrier, there))
        child.start()
        there.close()
        channels.append(here)
        children.append(child)
    results = [channel.recv() for channel in channels]
    for child in children:
        child.join()
    return results


def _run(work: Callable[[int], Any], number: int, barrier: Any, channel: Connection) -> None:
    try:
        barrier.wait()
        channel.send(work(number))
    except Exception as error:
        channel.send(f"{type(error).__name__}: {error}")


def setting(products: int, warehouses: int = 1) -> tuple[Shop, list[Product], list[Warehouse]]:
    shop = make_shop(slug=f"race-{time.time_ns()}")
    with shop_scope(shop):
        return (
            shop,
            [make_product() for _ in range(products)],
            [make_warehouse() for _ in range(warehouses)],
        )


def attempt(shop: Shop, **document: Any) -> str:
    try:
        with shop_scope(shop):
            post(**document)
    except InsufficientStock:
        return "refused"
    return "accepted"


def ledger_of(shop: Shop) -> dict[str, Any]:
    differences = [str(difference) for difference in reconcile(shop)]
    with shop_scope(shop):
        return {
            "differences": differences,
            "postings": Posting.objects.count(),
            "movements": Movement.objects.count(),
            "on_hand": Balance.objects.aggregate(total=Sum("on_hand"))["total"],
        }


# ---- the races -------------------------------------------------------------------------------


def hot_row() -> dict[str, Any]:
    shop, (product,), (place,) = setting(1)
    attempt(shop, kind=Kind.OPENING, key="opening", lines=[Line(product.pk, place.pk, 500_000)])
    sale = [Line(product.pk, place.pk, 1_000)]

    def sell(number: int) -> list[str]:
        mine = range(number, 540, PROCESSES)
        return [attempt(shop, kind=Kind.SALE, key=f"sale {each}", lines=sale) for each in mine]

    return {"reports": race(sell)} | ledger_of(shop)


def crossing_transfers() -> dict[str, Any]:
    shop, products, (here, there) = setting(6, 2)
    for place in (here, there):
        opening = [Line(product.pk, place.pk, 1_000_000) for product in products]
        attempt(shop, kind=Kind.OPENING, key=f"opening {place.pk}", lines=opening)

    def carry(number: int) -> list[str]:
        chance = random.Random(number)
        source, target = (here, there) if number % 2 else (there, here)
        done = []
        for each in range(25):
            carried = chance.sample(products, 4)
            lines = [Line(product.pk, source.pk, 1_000, to_warehouse_id=target.pk) for product in carried]
            done.append(attempt(shop, kind=Kind.TRANSFER, key=f"{number} {each}", lines=lines))
        return done

    return {"reports": race(carry)} | ledger_of(shop)


def first_receipts() -> dict[str, Any]:
    """Balances that do not exist yet, wanted by everybody in another order."""
    shop, products, (place,) = setting(60)

    def receive(number: int) -> list[str]:
        chance = random.Random(number)
        done = []
        for each in range(15):
            lines = [Line(product.pk, place.pk, 1_000) for product in chance.sample(products, 8)]
            done.append(attempt(shop, kind=Kind.RECEIPT, key=f"{number} {each}", lines=lines))
        return done

    return {"reports": race(receive)} | ledger_of(shop)


def files_beside_receipts() -> dict[str, Any]:
    """Files are posted day by day in one transaction and taken back, while others receive both products."""
    shop, (first, second), (place,) = setting(2)
    with shop_scope(shop):
        Warehouse.objects.filter(pk=place.pk).update(opening_date=date(2026, 1, 1))
    body = "SKU,Qty,Date,Receipt\n" + "".join(
        f"{sku},1,2026-03-{day:02},r{day}\n" for day, sku in enumerate((second.sku, first.sku) * 14, 1)
    )

    def bring(number: int) -> list[str]:
        done = []
        for each in range(3):
            name = f"{number}-{each}.csv"
            with shop_scope(shop):
                content = body + f"{first.sku},{number + 1},2026-04-{each + 1:02},{name}\n"
                made = importing.bring("sales", content, name, choices={"warehouse": place})
            importing.post(shop, made)
            importing.undo(shop, made)
            done.append("taken back")
        return done

    def receive(number: int) -> list[str]:
        lines = [Line(product.pk, place.pk, 1_000) for product in (first, second)]
        return [attempt(shop, kind=Kind.RECEIPT, key=f"{number} {each}", lines=lines) for each in range(60)]

    return {"reports": race(lambda number: (bring if number % 2 else receive)(number))} | ledger_of(shop)


def one_key() -> dict[str, Any]:
    shop, (product,), (place,) = setting(1)
    attempt(shop, kind=Kind.OPENING, key="opening", lines=[Line(product.pk, place.pk, 1_000)])

    def sell(number: int) -> Any:
        with shop_scope(shop):
            posting = post(kind=Kind.SALE, key="till 7", lines=[Line(product.pk, place.pk, 1_000)])
            return [posting.pk, posting.answer]

    return {"reports": race(sell)} | ledger_of(shop)


def killed() -> dict[str, Any]:
    """A process dies by SIGKILL before its transaction ends, after it, and at any moment."""
    shop, (product,), (place,) = setting(1)
    receipt = [Line(product.pk, place.pk, 1_000)]

    def hang_inside(channel: Connection) -> None:
        with shop_scope(shop):
            post(kind=Kind.RECEIPT, key="inside", lines=receipt)
            channel.send("posted")
            time.sleep(60)

    def hang_after(channel: Connection) -> None:
        attempt(shop, kind=Kind.RECEIPT, key="after", lines=receipt)
        channel.send("posted")
        time.sleep(60)

    def go_on(channel: Connection) -> None:
        channel.send("begun")
        for each in range(100_000):
            attempt(shop, kind=Kind.RECEIPT, key=f"{os.getpid()} {each}", lines=receipt)

    _killed(hang_inside)
    inside = ledger_of(shop)
    again = attempt(shop, kind=Kind.RECEIPT, key="inside", lines=receipt)
    _killed(hang_after)
    after = ledger_of(shop)
    chance = random.Random(1)
    for _ in range(6):
        _killed(go_on, wait=chance.uniform(0.05, 0.3))
    return {"inside": inside, "again": again, "after": after, "at_any_moment": ledger_of(shop)}


def _killed(work: Callable[[Connection], None], wait: float = 0) -> None:
    connections.close_all()
    here, there = _fork.Pipe(duplex=False)
    child = _fork.Process(target=work, args=(there,))
    child.start()
    here.recv()
    time.sleep(wait)
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()


def main(name: str) -> None:
    print(json.dumps(globals()[name]()))
