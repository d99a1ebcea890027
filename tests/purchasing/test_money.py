"""Prices, freight, tax and currencies of an order."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine

from catalog.models import CurrencyRate, PriceBreak, TaxRate
from catalog.prices import NoRate, price_at, rates_by_currency
from common.errors import Conflict
from common.units import RATE_SCALE
from purchasing import queries
from purchasing.document import document_of
from purchasing.happenings import happenings
from purchasing.models import PurchaseOrder
from purchasing.money import (
    Tax,
    add_up,
    ledger_unit_cost,
    totals_of,
    value_of,
)
from purchasing.services import approval, drafts
from purchasing.services.receiving import Received, receive
from stock.models import Balance
from tests.pages import Visitor

pytestmark = pytest.mark.django_db


def in_currency(trade, currency, **rates):
    """The supplier trades in `currency`; rates by day like _2026_11_01=0.86."""
    trade.supplier.currency = currency
    trade.supplier.save()
    for day, rate in rates.items():
        CurrencyRate.objects.create(
            currency=currency,
            day=date.fromisoformat(day.strip("_").replace("_", "-")),
            rate=round(rate * RATE_SCALE),
        )


@pytest.mark.parametrize(
    ("lines", "freight", "taxes", "total"),
    [
        ([(100_00, 20_00)], 0, [(20_00, 20_00)], 120_00),
        # 0.5 cents each way: half to even, once per rate and not once per line.
        ([(5, 10_00), (10, 10_00)], 0, [(10_00, 2)], 17),
        ([(25, 10_00)], 0, [(10_00, 2)], 27),
        ([(35, 10_00)], 0, [(10_00, 4)], 39),
        # The freight of 10 is taxed as the goods that it carries: 3/4 at 20 %, 1/4 at 5 %.
        ([(75_00, 20_00), (25_00, 5_00)], 10_00, [(5_00, 1_38), (20_00, 16_50)], 127_88),
        ([(75_00, 20_00), (25_00, 0)], 0, [(20_00, 15_00)], 115_00),
        ([(0, 20_00)], 5_00, [(20_00, 0)], 5_00),
        ([], 0, [], 0),
    ],
)
def test_tax_is_rounded_once_per_rate_on_goods_with_their_share_of_freight(lines, freight, taxes, total):
    totals = add_up(lines, freight)
    assert totals.taxes == tuple(Tax(*tax) for tax in taxes)
    assert totals.total == total


def test_the_highest_price_break_that_a_line_reaches_sets_its_price(trade):
    terms = trade.supplier.terms.get()
    for quantity, cost in ((48_000, 4_000_000), (96_000, 3_500_000)):
        PriceBreak.objects.create(terms=terms, minimum_quantity=quantity, unit_cost=cost)
    prices = [price_at(terms, quantity) for quantity in (1_000, 47_999, 48_000, 95_000, 96_000)]
    assert prices == [4_600_000, 4_600_000, 4_000_000, 4_000_000, 3_500_000]


def test_freight_is_charged_below_the_threshold_only(trade):
    trade.supplier.freight, trade.supplier.free_freight_from = 6_50, 100_00
    trade.supplier.save()
    order = trade.draft(12_000)  # 55.20
    document = document_of(order)
    assert (document.net, document.freight, document.total) == (55_20, 6_50, 61_70)
    order.lines.update(quantity=22_000)  # 101.20
    assert document_of(order).freight == 0


def test_an_order_is_in_the_suppliers_currency_at_the_rate_of_the_day_it_is_approved(shop, trade):
    in_currency(trade, "EUR", _2026_11_01=0.86, _2026_11_20=0.88, _2026_11_25=0.90)
    with time_machine.travel("2026-11-23 12:00Z"):
        order = approval.approve(trade.draft(12_000), actor=trade.owner, by_mail=False)
    assert (order.currency, order.rate, order.rate_on) == ("EUR", 8_800_000_000, date(2026, 11, 20))
    CurrencyRate.objects.all().delete()
    order = queries.with_names(PurchaseOrder.objects.all()).get()
    assert value_of(order, rates_by_currency()) == 48_58  # 55.20 EUR at 0.88


def test_without_a_rate_nothing_is_approved_and_the_refusal_says_what_to_enter(shop, trade):
    in_currency(trade, "EUR", _2026_11_24=0.88)
    order = trade.draft()
    with time_machine.travel("2026-11-23 12:00Z"), pytest.raises(NoRate, match="EUR: enter first what one"):
        approval.approve(order, actor=trade.owner)
    order.refresh_from_db()
    assert (order.state, order.mails.count(), order.revisions.count()) == ("draft", 0, 0)


@pytest.mark.parametrize(
    ("currency", "rate", "unit_cost", "expected"),
    [
        # 4.60 EUR at 0.88 is 4.048 GBP, and a unit cost keeps what an amount would round away.
        ("EUR", 0.88, 4_600_000, 4_048_000),
        # 500 yen (which have no minor unit) at 0.0052 are 2.60 GBP.
        ("JPY", 0.0052, 5_000_000, 2_600_000),
        ("GBP", None, 4_600_000, 4_600_000),
    ],
)
def test_a_receipt_values_the_ledger_in_the_shops_currency_net_and_without_freight(
    shop, trade, currency, rate, unit_cost, expected
):
    trade.product.purchase_tax = TaxRate.objects.create(name="VAT", rate=20_00)
    trade.product.save()
    trade.supplier.freight = 9_00
    in_currency(trade, "" if rate is None else currency, **({"_2026_01_01": rate} if rate else {}))
    trade.supplier.terms.update(unit_cost=unit_cost)
    order = approval.approve(trade.draft(12_000), actor=trade.owner, by_mail=False)
    line = order.lines.get()
    assert ledger_unit_cost(order, line) == expected
    receive(order, lines=[Received(trade.product.pk, 12_000)], key="k", actor=trade.owner)
    assert Balance.objects.get().value == round(expected * 12 / 10_000)


def test_a_new_tax_rate_reaches_drafts_and_no_order_that_was_approved(trade):
    tax = TaxRate.objects.create(name="VAT", rate=20_00)
    trade.product.purchase_tax = tax
    trade.product.save()
    order = trade.draft(10_000)
    assert document_of(order).total == 55_20
    order = approval.approve(order, actor=trade.owner)
    tax.rate = 10_00
    tax.save()
    assert document_of(order).total == 55_20
    assert totals_of(order).total == 55_20
    order = approval.undo_approval(order, actor=trade.owner)
    assert document_of(order).total == 50_60


def test_a_price_typed_in_another_currency_than_the_supplier_trades_in_now_is_refused(trade):
    order = trade.draft(12_000)
    line = order.lines.select_related("order").get()
    in_currency(trade, "EUR", _2026_11_01=0.86)
    with pytest.raises(Conflict, match="trades in EUR now, and this price was typed in GBP"):
        drafts.set_price(line, unit_cost=5_000_000, actor=trade.owner)
    other = trade.list_product()
    with pytest.raises(Conflict, match="trades in EUR now"):
        drafts.add_line(order, product=other, quantity=1_000, unit_cost=5_000_000, actor=trade.owner)
    # Whoever opens the draft anew gets it in the currency in which they then type.
    order = drafts.open_draft(supplier=trade.supplier, warehouse=trade.warehouse, actor=trade.owner)
    assert order.currency == "EUR"
    told = [one.text for one in happenings(order, with_costs=True)]
    assert "Now in EUR, as the supplier trades; prices taken anew" in told
    drafts.add_line(order, product=other, quantity=1_000, unit_cost=5_000_000, actor=trade.owner)


def test_a_rate_older_than_a_month_is_pointed_out_before_it_is_fixed(shop, trade):
    in_currency(trade, "EUR", _2026_10_01=0.86)
    order = trade.draft(12_000)
    owner, clerk = Visitor(shop, "owner"), Visitor(shop, "clerk")
    with time_machine.travel("2026-11-01 12:00Z"):
        assert "The exchange rate is of" not in owner.get("order", order.number).text
    with time_machine.travel("2026-11-02 12:00Z"):
        assert "The exchange rate is of" in owner.get("order", order.number).text
        assert "The exchange rate is of" not in clerk.get("order", order.number).text
        order = approval.approve(order, actor=trade.owner, by_mail=False)
        assert "The exchange rate is of" not in owner.get("order", order.number).text


def test_the_expected_day_keeps_to_the_suppliers_order_days_and_closures(trade):
    trade.supplier.order_days, trade.supplier.lead_time_days = [1], 2  # Tuesdays
    trade.supplier.save()
    trade.supplier.closures.create(first_day="2026-11-26", last_day="2026-11-29")
    with time_machine.travel("2026-11-22 12:00Z"):  # a Sunday
        order = approval.approve(trade.draft(12_000), actor=trade.owner, by_mail=False)
    assert order.expected_on == date(2026, 11, 30)
