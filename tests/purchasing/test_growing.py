"""Pages and lists of orders ask the database as often for many rows as for few."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import TaxRate
from purchasing.services import approval
from tests.factories import make_supplier
from tests.pages import Visitor

pytestmark = pytest.mark.django_db


def more_orders(trade, number):
    """Orders of further suppliers: of each one approved and one draft, with two lines and a tax."""
    tax = TaxRate.objects.get_or_create(name="VAT", defaults={"rate": 20_00})[0]
    for _each in range(number):
        trade.supplier = make_supplier(currency="EUR" if number % 2 else "")
        for _draft in range(2):
            first, second = trade.list_product(), trade.list_product()
            for product in (first, second):
                product.purchase_tax = tax
                product.save()
            order = trade.draft(12_000, first)
            trade.draft(6_000, second)
            if not _draft:
                approval.approve(order, actor=trade.owner)


def more_lines(order, trade, number):
    for _each in range(number):
        trade.draft(3_000, trade.list_product(pack=2_000))


@pytest.mark.parametrize(
    "path",
    [
        "orders/?state=draft",
        "orders/?state=open",
        "orders/?state=open&search=supp",
        "receive/",
        "mails/",
        "suppliers/",
    ],
)
def test_lists_of_orders_and_suppliers(shop, trade, path):
    owner = Visitor(shop, "owner")
    counts = []
    for _round in range(2):
        more_orders(trade, 2)
        owner.client.get(f"/{shop.slug}/{path}")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert owner.client.get(f"/{shop.slug}/{path}").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_list_over_the_api(shop, trade):
    owner = Visitor(shop, "owner")
    counts = []
    for _round in range(2):
        more_orders(trade, 2)
        with CaptureQueriesContext(connection) as asked:
            answer = owner.client.get(f"/api/v1/shops/{shop.slug}/orders/")
        assert answer.status_code == 200, answer.content
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_one_order_its_api_and_the_supplier_with_its_terms(shop, trade):
    owner = Visitor(shop, "owner")
    order = trade.draft(12_000)
    counts = []
    for _round in range(2):
        more_lines(order, trade, 3)
        taken = []
        for path in (
            f"/{shop.slug}/orders/{order.number}/",
            f"/api/v1/shops/{shop.slug}/orders/{order.number}/",
            f"/{shop.slug}/suppliers/{trade.supplier.pk}/",
            f"/{shop.slug}/suppliers/{trade.supplier.pk}/record/",
        ):
            owner.client.get(path)
            with CaptureQueriesContext(connection) as asked:
                assert owner.client.get(path).status_code == 200
            taken.append(len(asked))
        counts.append(taken)
    assert counts[0] == counts[1]
