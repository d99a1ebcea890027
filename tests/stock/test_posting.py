from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import Error, transaction
from django.utils import timezone

from common.errors import Conflict, InsufficientStock, KeyReused
from stock.models import Balance, Kind, Movement, Posting
from stock.services.ledger import Line, post, reverse
from tenancy.context import shop_scope
from tests.factories import make_product, make_shop, make_warehouse, post_line

pytestmark = pytest.mark.django_db


def balance(product, warehouse):
    found = Balance.objects.get(product=product, warehouse=warehouse)
    return found.on_hand, found.value


def test_a_sale_leaves_at_the_moving_average(shop):
    product, place = make_product(), make_warehouse()
    post_line(Kind.RECEIPT, product, place, 10_000, unit_cost=1_000_000)  # 10 at 1.00
    post_line(Kind.RECEIPT, product, place, 10_000, unit_cost=2_000_000)  # 10 at 2.00
    post_line(Kind.SALE, product, place, 5_000)
    assert balance(product, place) == (15_000, 2_250)


def test_a_sale_beyond_stock_is_refused_and_leaves_the_ledger_alone(shop):
    product, place = make_product(sku="A1"), make_warehouse()
    post_line(Kind.RECEIPT, product, place, 2_000)
    with pytest.raises(InsufficientStock, match="A1: 3 requested, 2 on hand"):
        post_line(Kind.SALE, product, place, 3_000)
    assert balance(product, place) == (2_000, 0)
    assert Movement.objects.count() == 1


def test_the_same_key_and_body_is_posted_once_and_another_body_is_refused(shop):
    product, place = make_product(), make_warehouse()
    post_line(Kind.RECEIPT, product, place, 2_000)
    first = post_line(Kind.SALE, product, place, 2_000, key="till-7")
    again = post_line(Kind.SALE, product, place, 2_000, key="till-7")
    assert again == first
    assert again.answer == first.answer
    with pytest.raises(KeyReused):
        post_line(Kind.SALE, product, place, 1_000, key="till-7")
    assert balance(product, place) == (0, 0)


def test_a_receipt_that_ends_a_deficit_posts_the_difference_as_a_value_line(shop):
    shop.accepts_negative = ["sale"]
    product, place = make_product(), make_warehouse()
    post_line(Kind.RECEIPT, product, place, 2_000, unit_cost=10_000_000)  # 2 at 10.00
    post_line(Kind.SALE, product, place, 5_000)
    assert balance(product, place) == (-3_000, -3_000)
    receipt = post_line(Kind.RECEIPT, product, place, 10_000, unit_cost=12_000_000)
    assert balance(product, place) == (7_000, 8_400)
    lines = list(receipt.movements.order_by("id").values_list("quantity", "value"))
    assert lines == [(10_000, 12_000), (0, -600)]


def test_a_count_corrects_what_the_ledger_said_at_its_own_time(shop):
    product, place = make_product(), make_warehouse()
    morning = timezone.now() - timedelta(hours=6)
    post_line(Kind.OPENING, product, place, 10_000, at=morning - timedelta(days=1))
    post_line(Kind.SALE, product, place, 4_000, at=morning + timedelta(hours=2))
    count = post_line(Kind.COUNT, product, place, 9_000, at=morning)
    assert balance(product, place)[0] == 5_000
    seen = count.observations.get()
    assert (seen.counted, seen.expected) == (9_000, 10_000)


def test_a_transfer_carries_its_value(shop):
    product, here, there = make_product(), make_warehouse(), make_warehouse()
    post_line(Kind.RECEIPT, product, here, 3_000, unit_cost=3_333_333)
    post_line(Kind.TRANSFER, product, here, 1_000, to_warehouse_id=there.pk)
    assert balance(product, here) == (2_000, 667)
    assert balance(product, there) == (1_000, 333)


def test_undo_restores_quantity_and_value_and_a_document_is_undone_once(shop):
    product, place = make_product(), make_warehouse()
    post_line(Kind.RECEIPT, product, place, 3_000, unit_cost=3_333_333)
    sale = post_line(Kind.SALE, product, place, 1_000)
    undone = reverse(sale, key="undo")
    assert balance(product, place) == (3_000, 1_000)
    with pytest.raises(Conflict):
        reverse(sale, key="undo again")
    reverse(undone, key="redo")
    assert balance(product, place) == (2_000, 667)


def test_undoing_a_receipt_whose_goods_are_gone_is_refused(shop):
    product, place = make_product(), make_warehouse()
    receipt = post_line(Kind.RECEIPT, product, place, 3_000)
    post_line(Kind.SALE, product, place, 2_000)
    with pytest.raises(InsufficientStock, match="3 requested, 1 on hand"):
        reverse(receipt, key="undo")


def test_a_posting_takes_a_fixed_number_of_statements(shop, django_assert_num_queries):
    place = make_warehouse()
    products = [make_product() for _ in range(40)]
    few = [Line(product.pk, place.pk, 1_000) for product in products[:2]]
    many = [Line(product.pk, place.pk, 1_000) for product in products]
    post(kind=Kind.OPENING, key="new", lines=many)
    with django_assert_num_queries(4):
        post(kind=Kind.SALE, key="few", lines=few)
    with django_assert_num_queries(4):
        post(kind=Kind.RECEIPT, key="many", lines=many)


def test_the_database_refuses_to_change_or_delete_the_ledger(shop):
    product, place = make_product(), make_warehouse()
    posting = post_line(Kind.RECEIPT, product, place, 3_000)
    for change in (
        lambda: Movement.objects.update(quantity=1),
        lambda: Movement.objects.filter(posting=posting)._raw_delete("default"),
        lambda: Posting.objects.update(reason="x"),
    ):
        with pytest.raises(Error, match="append-only"), transaction.atomic():
            change()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [1, 2])
def test_a_transactional_test_leaves_the_ledger_empty_and_closed(run):
    with shop_scope(make_shop()):
        assert not Posting.objects.exists()
        posting = post_line(Kind.RECEIPT, make_product(), make_warehouse(), 3_000)
        with pytest.raises(Error, match="append-only"), transaction.atomic():
            Posting.objects.filter(pk=posting.pk).update(reason="x")
