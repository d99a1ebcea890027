from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Barcode
from common.errors import BadInput
from stock import queries
from stock.models import Kind
from stock.places import Place
from stock.services.ledger import Line, post, reverse
from tests.factories import make_product, make_warehouse, post_line

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def ago(days: float):
    return NOW - timedelta(days=days)


def pages(read, **asked):
    """Every page of a list, as one."""
    found, cursor = [], ""
    while cursor is not None:
        page = read(cursor=cursor, **asked)
        found.append(page.items)
        cursor = page.next
    return found


def test_stock_as_of_a_moment_knows_what_was_true_and_what_was_known(shop):
    product, place = make_product(), make_warehouse()
    here = Place(place.pk, product.pk)
    post_line(Kind.OPENING, product, place, 10_000, at=ago(9), unit_cost=1_000_000)
    between = timezone.now()
    post_line(Kind.SALE, product, place, 4_000, at=ago(5))
    assert queries.stock_at(ago(10)) == {}
    assert queries.stock_at(ago(6)) == {here: (10_000, 1_000)}
    assert queries.stock_at(ago(4)) == {here: (6_000, 600)}
    assert queries.stock_at(ago(4), known=between) == {here: (10_000, 1_000)}
    assert queries.stock_at(ago(4), warehouse=make_warehouse()) == {}
    assert queries.stock_at(ago(4), products=[product.pk + 1]) == {}


def test_a_document_undone_never_happened_but_was_known(shop):
    product, place = make_product(), make_warehouse()
    receipt = post_line(Kind.RECEIPT, product, place, 10_000, at=ago(5))
    between = timezone.now()
    reverse(receipt, key="undo")
    assert queries.stock_at(ago(4))[place.pk, product.pk].on_hand == 0
    assert queries.stock_at(ago(4), known=between)[place.pk, product.pk].on_hand == 10_000


def test_history_runs_newest_first_with_the_stock_after_each_entry(shop):
    product, here, there = make_product(), make_warehouse(), make_warehouse()
    post_line(Kind.OPENING, product, here, 10_000, at=ago(9))
    post_line(Kind.SALE, product, here, 4_000, at=ago(5))
    post_line(Kind.TRANSFER, product, here, 1_000, at=ago(3), to_warehouse_id=there.pk)
    post_line(Kind.RECEIPT, product, here, 2_000, at=ago(7))  # found in a drawer later
    lines = queries.history(product, warehouse=here).items
    assert [(line.movement.quantity, line.on_hand) for line in lines] == [
        (-1_000, 7_000),
        (-4_000, 8_000),
        (2_000, 12_000),
        (10_000, 10_000),
    ]
    assert queries.history(product).items[0].on_hand == 8_000


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_history_is_the_same_in_pages_of_any_size(shop, limit):
    product, place = make_product(), make_warehouse()
    for number in range(7):
        # Three moments only, so that pages end between entries of one moment.
        post_line(Kind.RECEIPT, product, place, 1_000 * (number + 1), at=ago(number % 3))
    whole = queries.history(product).items
    read = [line for page in pages(queries.history, product=product, limit=limit) for line in page]
    assert [(line.movement.pk, line.on_hand) for line in read] == [
        (line.movement.pk, line.on_hand) for line in whole
    ]


def test_an_entry_dated_back_between_two_pages_shifts_the_stock_below_it_only(shop):
    product, place = make_product(), make_warehouse()
    for day in range(4):
        post_line(Kind.RECEIPT, product, place, 1_000, at=ago(day))
    first = queries.history(product, limit=2)
    post_line(Kind.OPENING, product, place, 10_000, at=ago(9))
    second = queries.history(product, limit=2, cursor=first.next)
    assert [line.on_hand for line in first.items] == [4_000, 3_000]
    assert [line.on_hand for line in second.items] == [12_000, 11_000]


def test_lines_that_move_a_value_only_are_for_those_who_see_values(shop):
    shop.accepts_negative = ["sale"]
    product, place = make_product(cost=1_000_000), make_warehouse()
    post_line(Kind.SALE, product, place, 3_000)
    post_line(Kind.RECEIPT, product, place, 5_000, unit_cost=2_000_000)
    assert [line.movement.quantity for line in queries.history(product).items] == [0, 5_000, -3_000]
    without = queries.history(product, with_values=False).items
    assert [(line.movement.quantity, line.on_hand) for line in without] == [(5_000, 2_000), (-3_000, -3_000)]


def test_balances_come_in_pages_of_products_in_the_order_of_skus(shop):
    here, there = make_warehouse(code="A"), make_warehouse(code="B")
    for sku in ("b2", "A1", "c3"):
        product = make_product(sku=sku)
        post_line(Kind.RECEIPT, product, there, 1_000)
        post_line(Kind.RECEIPT, product, here, 2_000)
    make_product(sku="A0")  # never had any stock
    listed = [
        [(line.product.sku, line.warehouse.code, line.on_hand) for line in page]
        for page in pages(queries.balances, limit=2)
    ]
    assert listed == [
        [("A1", "A", 2_000), ("A1", "B", 1_000), ("b2", "A", 2_000), ("b2", "B", 1_000)],
        [("c3", "A", 2_000), ("c3", "B", 1_000)],
    ]
    only_there = queries.balances(warehouse=there).items
    assert {line.warehouse.code for line in only_there} == {"B"}


def test_balances_are_found_by_the_beginning_of_sku_or_name_and_by_barcode(shop):
    place = make_warehouse()
    for sku, name in (("TEA-1", "Green tea"), ("TEA-2", "Black tea"), ("MUG", "Teal mug"), ("X_%", "Odd")):
        product = make_product(sku=sku, name=name)
        post_line(Kind.RECEIPT, product, place, 1_000)
    Barcode.objects.create(product=product, code="4006381333931")

    def found(**asked):
        return [line.product.sku for line in queries.balances(**asked).items]

    assert found(search="tea") == ["MUG", "TEA-1", "TEA-2"]
    assert found(search="ＴＥＡ-1") == ["TEA-1"]
    assert found(search="green") == ["TEA-1"]
    assert found(search="4006381333931") == ["X_%"]
    assert found(search="%") == found(search="_") == []
    assert found(sku="tea-2") == ["TEA-2"]
    assert found(sku="tea") == []


def test_a_page_of_balances_takes_three_queries(shop, django_assert_num_queries):
    place = make_warehouse()
    lines = [Line(make_product().pk, place.pk, 1_000) for _ in range(20)]
    post(kind=Kind.RECEIPT, key="k", lines=lines)
    with django_assert_num_queries(3):
        assert len(queries.balances(limit=10).items) == 10


@pytest.mark.parametrize(
    "cursor", ["x", "WzFd", "W10", "eyJ9", "WyJhIiwgImIiXQ", "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5LCAxXQ"]
)
def test_a_cursor_of_no_list_is_refused(shop, cursor):
    for read in (queries.postings, queries.commitments):
        with pytest.raises(BadInput, match="cursor"):
            read(cursor=cursor)


def test_documents_are_listed_the_last_recorded_first(shop):
    product, place = make_product(), make_warehouse()
    made = [post_line(Kind.RECEIPT, product, place, 1_000, at=ago(day)) for day in (0, 5, 2)]
    listed = [posting for page in pages(queries.postings, limit=2) for posting in page]
    assert listed == made[::-1]
    assert queries.postings(kind=Kind.SALE).items == []
