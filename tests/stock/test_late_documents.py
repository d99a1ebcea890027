"""What was counted stays true when documents come later that are dated before the count."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from common.dates import closing_of
from common.errors import BadInput, Conflict
from stock.models import Balance, Kind, Movement, Posting
from stock.services.ledger import hold_for_reversal, reverse
from stock.services.reconcile import reconcile
from tests.factories import make_product, make_warehouse, post_line

pytestmark = pytest.mark.django_db


@pytest.fixture
def mug(shop):
    return make_product(cost=1_000_000)


@pytest.fixture
def place(shop):
    return make_warehouse()


def ago(days):
    return timezone.now() - timedelta(days=days)


def on_hand(product):
    return sum(Balance.objects.filter(product=product).values_list("on_hand", flat=True))


def at_the_count(product, count):
    moved = Movement.objects.filter(product=product, at__lte=count.at)
    return sum(moved.values_list("quantity", flat=True))


@pytest.fixture
def counted(mug, place):
    """Ten were there ten days ago, eight were counted four days ago."""
    post_line(Kind.OPENING, mug, place, 10_000, at=ago(10))
    return post_line(Kind.COUNT, mug, place, 8_000, at=ago(4))


def test_a_late_sale_raises_a_difference_that_is_linked_to_the_count_and_to_the_sale(mug, place, counted):
    sale = post_line(Kind.SALE, mug, place, 3_000, at=ago(6))
    assert on_hand(mug) == 8_000
    raised = Posting.objects.get(keeps=counted)
    assert (raised.kind, raised.follows_id, raised.at) == (Kind.COUNT, sale.pk, counted.at)
    assert [line.quantity for line in raised.movements.all()] == [3_000]
    assert sale.answer == {"lines": [{"sku": mug.sku, "on_hand": "8"}]}


def test_a_document_dated_after_the_count_moves_stock_as_ever(mug, place, counted):
    post_line(Kind.SALE, mug, place, 3_000, at=ago(3))
    post_line(Kind.RECEIPT, mug, place, 1_000)
    assert on_hand(mug) == 6_000
    assert not Posting.objects.exclude(keeps=None).exists()


def test_a_late_sale_of_what_is_gone_is_no_shortage_where_a_count_has_seen_the_shelf_since(mug, place, shop):
    post_line(Kind.OPENING, mug, place, 5_000, at=ago(10))
    post_line(Kind.COUNT, mug, place, 1_000, at=ago(2))
    shop.accepts_negative = []
    post_line(Kind.SALE, mug, place, 4_000, at=ago(5))
    assert on_hand(mug) == 1_000


def test_undoing_the_late_sale_or_the_count_leaves_what_the_other_says(mug, place, counted):
    sale = post_line(Kind.SALE, mug, place, 3_000, at=ago(6))
    undo = reverse(sale, key="undo sale")
    assert on_hand(mug) == 8_000
    assert at_the_count(mug, counted) == 8_000
    reverse(undo, key="redo sale")
    assert on_hand(mug) == 8_000
    hold_for_reversal([counted])
    reverse(counted, key="undo count")
    assert on_hand(mug) == 7_000  # ten less the three that were sold
    assert reconcile(place.shop) == []


def test_a_count_that_comes_into_force_again_compares_with_what_is_known_by_then(mug, place, counted):
    undone = reverse(counted, key="undo count")
    post_line(Kind.SALE, mug, place, 3_000, at=ago(6))
    assert on_hand(mug) == 7_000
    again = reverse(undone, key="count again")
    assert on_hand(mug) == 8_000
    assert [seen.expected for seen in again.observations.all()] == [7_000]
    post_line(Kind.SALE, mug, place, 1_000, at=ago(7))
    assert on_hand(mug) == 8_000
    assert Posting.objects.filter(keeps=again).count() == 1


def test_only_the_first_count_after_a_late_document_takes_it_back(mug, place, counted):
    later = post_line(Kind.COUNT, mug, place, 6_000, at=ago(1))
    post_line(Kind.RECEIPT, mug, place, 5_000, at=ago(8), unit_cost=1_000_000)
    assert on_hand(mug) == 6_000
    assert (at_the_count(mug, counted), at_the_count(mug, later)) == (8_000, 6_000)
    assert list(Posting.objects.exclude(keeps=None).values_list("keeps", flat=True)) == [counted.pk]


def test_what_keeps_a_count_true_is_not_undone_by_itself(mug, place, counted):
    post_line(Kind.SALE, mug, place, 3_000, at=ago(6))
    with pytest.raises(Conflict, match="keeps a count true"):
        reverse(Posting.objects.get(keeps=counted), key="undo")


def test_a_clock_that_runs_ahead_does_not_date_a_count_after_the_next_sale(mug, place):
    post_line(Kind.OPENING, mug, place, 5_000, at=ago(1))
    post_line(Kind.COUNT, mug, place, 5_000, at=timezone.now() + timedelta(minutes=5))
    post_line(Kind.SALE, mug, place, 2_000)
    assert on_hand(mug) == 3_000


def test_a_count_after_closing_has_seen_the_sales_of_which_only_the_day_is_known(mug, place, shop):
    today = timezone.localdate(timezone=shop.zone)
    post_line(Kind.OPENING, mug, place, 9_000, at=ago(1))
    closing = closing_of(today, shop.zone)
    after = post_line(Kind.COUNT, mug, place, 5_000, at=closing)
    assert after.observations.get().at == closing
    # Tomorrow's file tells of today's sales, at the same moment.
    post_line(Kind.SALE, mug, place, 3_000, at=after.at - timedelta(hours=25))
    post_line(Kind.SALE, mug, place, 1_000)
    assert on_hand(mug) == 5_000


def test_a_count_later_than_today_is_refused(mug, place):
    with pytest.raises(BadInput, match="future"):
        post_line(Kind.COUNT, mug, place, 5_000, at=timezone.now() + timedelta(days=2))
