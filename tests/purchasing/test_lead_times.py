from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from purchasing import lead_times
from purchasing.services import approval
from purchasing.services.receiving import Received, receive, undo_receipt
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def deliver(trade, *parts):
    """An order of 12 of which (days, quantity) arrived."""
    now = timezone.now()
    order = approval.approve(trade.draft(12_000), actor=trade.owner, by_mail=False)
    receipts = []
    for number, (days, quantity) in enumerate(parts):
        with time_machine.travel(now + timedelta(days=days)):
            line = Received(trade.product.pk, quantity)
            receipts.append(receive(order, lines=[line], key=f"part-{number}"))
    order.refresh_from_db()
    return order, receipts


def days_of(supplier):
    return [(seen.first_days, seen.full_days) for seen in lead_times.observations(supplier)]


def test_an_order_counts_to_its_first_and_to_its_last_goods(trade):
    deliver(trade, (4, 5_000), (9, 7_000))
    assert days_of(trade.supplier) == [(4, 9)]


def test_an_order_that_is_not_over_says_nothing_yet_and_one_closed_short_counts_to_its_last_goods(trade):
    order, _receipts = deliver(trade, (4, 5_000))
    assert days_of(trade.supplier) == []
    approval.close(order, actor=trade.owner)
    assert days_of(trade.supplier) == [(4, 4)]


def test_an_undone_receipt_is_forgotten(trade):
    order, receipts = deliver(trade, (4, 5_000), (9, 7_000))
    undo_receipt(receipts[0])
    assert days_of(trade.supplier) == []
    with time_machine.travel(timezone.now() + timedelta(days=11)):
        receive(order, lines=[Received(trade.product.pk, 5_000)], key="again")
    assert days_of(trade.supplier) == [(9, 11)]


def test_days_are_the_shops_own(shop, trade):
    shop.time_zone = "Pacific/Auckland"
    shop.save()
    with time_machine.travel("2026-06-01 11:30Z"):  # the 1st at 23:30 there
        order = approval.approve(trade.draft(12_000), actor=trade.owner, by_mail=False)
    with time_machine.travel("2026-06-01 12:30Z"):  # the 2nd
        receive(order, lines=[Received(trade.product.pk, 12_000)], key="k")
    assert days_of(trade.supplier) == [(1, 1)]


def test_without_orders_the_typed_lead_time_speaks():
    learned = lead_times.estimate([], typed=10)
    assert learned == (10, 2, 0)
    assert lead_times.estimate([], typed=0).sd == lead_times.LEAST_SPREAD


def test_few_orders_move_the_mean_a_little_and_many_take_it_over():
    one = lead_times.estimate([14], typed=7)
    assert one.mean == pytest.approx((3 * 7 + 14) / 4)
    many = lead_times.estimate([14] * 30, typed=7)
    assert 13 < many.mean < 14
    assert many.sd < one.sd < 4


def test_an_unsteady_supplier_has_a_wide_spread():
    steady = lead_times.estimate([7, 7, 8, 7, 6, 7], typed=7)
    unsteady = lead_times.estimate([2, 14, 1, 13, 9, 3], typed=7)
    assert unsteady.sd > 3 * steady.sd


def test_only_the_latest_orders_count(trade, monkeypatch):
    monkeypatch.setattr(lead_times, "LATEST_ORDERS", 2)
    start = timezone.now()
    for days in (30, 5, 4):
        start += timedelta(days=40)
        with time_machine.travel(start):
            deliver(trade, (days, 12_000))
    assert days_of(trade.supplier) == [(4, 4), (5, 5)]
    assert lead_times.learned(trade.supplier).orders == 2


def test_the_suppliers_page_asks_for_the_figures_and_a_page_shows_each_order(shop, trade):
    order, _receipts = deliver(trade, (9, 12_000))
    client = Client()
    client.force_login(make_member(shop, "manager"))
    path = f"/{shop.slug}/suppliers/{trade.supplier.pk}/record/"
    assert f'hx-get="{path}"' in client.get(f"/{shop.slug}/suppliers/{trade.supplier.pk}/").content.decode()
    figures = client.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "Typed: 7 days." in figures
    assert "Learned: 7.5 ± 1.5 days from one order." in figures
    assert "<html" not in figures
    page = client.get(path).content.decode()
    assert order.number in page


def test_everybody_reads_how_a_supplier_kept_its_word_and_only_some_what_it_costs(
    shop, trade, django_assert_max_num_queries
):
    deliver(trade, (7, 12_000))
    late, _receipts = deliver(trade, (3, 5_000), (9, 2_000))
    approval.close(late, actor=trade.owner)
    draft = trade.draft(10_000)
    path = f"/{shop.slug}/suppliers/{trade.supplier.pk}/record/"
    for role in ("viewer", "manager"):
        client = Client()
        client.force_login(make_member(shop, role))
        with django_assert_max_num_queries(25):
            page = client.get(path)
        assert (page.context["on_time"], len(page.context["observations"])) == (1, 2)
        assert (page.context["full_lines"], page.context["all_lines"]) == (1, 2)
        shown = page.content.decode()
        assert draft.number in shown
        assert ("£46.00" in shown) == ("£" in shown) == (role == "manager")
