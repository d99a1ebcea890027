"""Asks the installation under test and changes it, from beside: a JSON list a line, in and out."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django_q.tasks import async_task

from jobs.models import Beat, Job, Lease
from jobs.services import enqueue
from stock.models import Balance, Posting
from tenancy.context import shop_scope
from tenancy.models import Shop
from tests import factories


def prepare(slug: str) -> dict[str, Any]:
    """A shop with one product in one warehouse, and a token for it."""
    with shop_scope(factories.make_shop(slug=slug)):
        product, warehouse = factories.make_product(), factories.make_warehouse()
        return {"product": product.pk, "warehouse": warehouse.pk, "token": factories.make_token()[1]}


def queue(slug: str, key: str, product: int, warehouse: int, hold: str) -> int:
    with shop_scope(Shop.objects.get(slug=slug)):
        arguments = {"product": product, "warehouse": warehouse, "hold": hold}
        return enqueue(kind="effect", key=key, arguments=arguments).pk


def tick() -> None:
    async_task("jobs.tick.tick")


def beats() -> list[str]:
    return list(Beat.objects.values_list("name", flat=True))


def report(slug: str) -> dict[str, Any]:
    with shop_scope(Shop.objects.get(slug=slug), write=False):
        return {
            "jobs": {job.key: [job.state, job.attempts] for job in Job.objects.all()},
            "log": "".join(Job.objects.values_list("log", flat=True)),
            "postings": Posting.objects.count(),
            "on_hand": sum(Balance.objects.values_list("on_hand", flat=True)) // 1000,
            "leases": Lease.objects.count(),
        }


class Command(BaseCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        for line in sys.stdin:
            name, *arguments = json.loads(line)
            answer = {f.__name__: f for f in (prepare, queue, tick, beats, report)}[name](*arguments)
            connection.close()
            print(json.dumps(answer), flush=True)
