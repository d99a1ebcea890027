from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from catalog.models import PriceBreak
from common.errors import BadInput, Conflict
from purchasing.happenings import WORDS
from purchasing.models import OutboundMail, PurchaseOrder
from purchasing.packs import misfit
from purchasing.services import ProposedLine, approval, drafts, propose
from purchasing.words import ACTIONS
from tenancy.context import shop_scope
from tenancy.models import AuditEvent
from tests.factories import make_product, make_shop
from tests.purchasing.conftest import make_trade, set_terms

pytestmark = pytest.mark.django_db


def test_numbers_run_without_gaps_per_shop_and_begin_anew_each_year(shop, trade):
    with time_machine.travel("2026-11-23 12:00Z"):
        first = trade.draft()
        PurchaseOrder.objects.update(state="sent")
        second = trade.draft()
        PurchaseOrder.objects.update(state="sent")
    with time_machine.travel("2027-01-01 12:00Z"):
        third = trade.draft()
    assert [first.number, second.number, third.number] == ["PO-2026-0001", "PO-2026-0002", "PO-2027-0001"]


@pytest.mark.django_db
def test_each_shop_counts_for_itself():
    for _ in range(2):
        shop = make_shop()
        with shop_scope(shop):
            assert make_trade(shop).draft().number.endswith("-0001")


def test_there_is_one_draft_per_supplier_and_warehouse(trade):
    first = drafts.open_draft(supplier=trade.supplier, warehouse=trade.warehouse, actor=None)
    assert drafts.open_draft(supplier=trade.supplier, warehouse=trade.warehouse, actor=None) == first


@pytest.mark.parametrize(
    ("quantity", "code", "fault", "better"),
    [
        (30_000, "pack", "30 is not a whole number of packs of 12; the next is 36", 36_000),
        (7_000, "minimum", "sell at least 24; the next quantity is 24", 24_000),
        (12_000, "minimum", "sell at least 24", 24_000),
        (36_000, None, "", 36_000),
    ],
)
def test_packs_and_least_quantities_warn_with_a_way_out_and_do_not_block(
    trade, quantity, code, fault, better
):
    product = trade.list_product(pack=12_000, minimum_quantity=24_000)
    line = trade.draft(24_000, product).lines.get()
    line = drafts.set_quantity(line, quantity=quantity, actor=trade.owner)
    found = misfit(trade.supplier.terms.get(product=product), line.quantity)
    assert (found.code if found else None) == code
    assert found is None or fault in found.text
    assert drafts.round_up(line, actor=trade.owner).quantity == better
    assert approval.approve(line.order, actor=trade.owner).state == "queued"


@pytest.mark.parametrize(
    ("quantity", "fault"), [(-1_000, "below zero"), (1_500, "whole units"), (10**14, "large")]
)
def test_what_nobody_can_order_is_refused(trade, quantity, fault):
    line = trade.draft(24_000).lines.get()
    with pytest.raises(BadInput, match=fault):
        drafts.set_quantity(line, quantity=quantity, actor=trade.owner)
    assert trade.supplier.orders.get().lines.get().quantity == 24_000


def test_a_product_without_terms_or_twice_cannot_be_added(trade):
    order = trade.draft()
    with pytest.raises(BadInput, match="has no terms"):
        drafts.add_line(order, product=make_product(), quantity=1_000, actor=trade.owner)
    with pytest.raises(BadInput, match="already"):
        drafts.add_line(order, product=trade.product, quantity=1_000, actor=trade.owner)


def test_approving_freezes_and_undo_opens_again(trade):
    order = approval.approve(trade.draft(), actor=trade.owner)
    with pytest.raises(Conflict, match="no longer a draft"):
        drafts.set_quantity(order.lines.get(), quantity=1_000, actor=trade.owner)
    with pytest.raises(Conflict):
        approval.approve(order, actor=trade.owner)
    assert OutboundMail.objects.count() == 1
    order = approval.undo_approval(order, actor=trade.owner)
    drafts.set_quantity(order.lines.get(), quantity=1_000, actor=trade.owner)
    actions = set(AuditEvent.objects.filter(object=order.number).values_list("action", flat=True))
    assert {"order.approved", "order.approval_undone", "order.line_changed"} <= actions


def test_an_empty_order_or_a_supplier_without_address_is_not_approved(trade):
    empty = drafts.open_draft(supplier=trade.supplier, warehouse=trade.warehouse, actor=None)
    with pytest.raises(Conflict, match="has no lines"):
        approval.approve(empty, actor=trade.owner)
    drafts.add_line(empty, product=trade.product, quantity=1_000, actor=trade.owner)
    trade.supplier.email = ""
    trade.supplier.save()
    with pytest.raises(Conflict, match="no e-mail address"):
        approval.approve(empty, actor=trade.owner)
    assert approval.approve(empty, actor=trade.owner, by_mail=False).state == "sent"


def test_undo_stands_back_where_a_newer_draft_has_taken_the_place(trade):
    first = approval.approve(trade.draft(), actor=trade.owner)
    second = trade.draft()
    with pytest.raises(Conflict, match=second.number):
        approval.undo_approval(first, actor=trade.owner)
    approval.cancel(second, actor=trade.owner)
    assert approval.undo_approval(first, actor=trade.owner).state == "draft"


def test_the_expected_day_is_the_shops_own_day_of_leaving_and_the_lead_time(shop, trade):
    shop.time_zone = "Pacific/Auckland"
    shop.order_grace_minutes = 10
    trade.supplier.lead_time_days = 4
    trade.supplier.save()
    with time_machine.travel("2026-11-23 12:00Z"):  # the 24th in Auckland
        order = approval.approve(trade.draft(), actor=trade.owner)
    assert order.expected_on.isoformat() == "2026-11-28"
    assert order.mails.get().not_before - order.approved_at == timedelta(minutes=10)


def test_an_order_someone_sends_themselves_is_sent_at_once_without_mail(trade):
    order = approval.approve(trade.draft(), actor=trade.owner, by_mail=False)
    assert (order.state, OutboundMail.objects.count()) == ("sent", 0)
    assert order.sent_at <= timezone.now()
    approval.cancel(order, actor=trade.owner)
    assert OutboundMail.objects.count() == 0


def test_new_terms_do_not_change_what_was_approved(trade):
    order = approval.approve(trade.draft(), actor=trade.owner)
    trade.supplier.terms.update(unit_cost=9_999_999)
    assert order.lines.get().unit_cost == 4_600_000
    set_terms(trade.supplier, make_product())


def test_another_quantity_takes_another_price_but_a_typed_price_stays(trade):
    terms = trade.supplier.terms.get()
    PriceBreak.objects.create(terms=terms, minimum_quantity=48_000, unit_cost=4_000_000)
    line = trade.draft(12_000).lines.get()
    assert line.unit_cost == 4_600_000
    assert drafts.set_quantity(line, quantity=48_000, actor=None).unit_cost == 4_000_000
    assert drafts.set_price(line, unit_cost=3_900_000, actor=None).is_price_typed
    assert drafts.set_quantity(line, quantity=10_000, actor=None).unit_cost == 3_900_000
    assert drafts.set_price(line, unit_cost=None, actor=None).unit_cost == 4_600_000
    changes = AuditEvent.objects.filter(action="order.price_changed").order_by("id")
    assert [event.after["unit_cost"] for event in changes] == ["3.90", "4.60"]


def test_a_supplier_that_changes_currency_takes_its_drafts_along(shop, trade):
    order = trade.draft(12_000)
    drafts.set_price(order.lines.get(), unit_cost=1, actor=None)
    trade.supplier.currency = "JPY"
    trade.supplier.save()
    trade.supplier.terms.update(unit_cost=5_000_000)
    with pytest.raises(Conflict, match="JPY now"):
        approval.approve(order, actor=trade.owner)
    order = drafts.set_note(order, note="", actor=None)
    line = order.lines.get()
    assert (order.currency, line.unit_cost, line.is_price_typed) == ("JPY", 5_000_000, False)


def test_all_lines_go_back_to_suggested_at_once(trade):
    reason = {"parts": [], "text": ""}
    lines = [ProposedLine(product.pk, 12_000, 1, reason) for product in (trade.product, trade.list_product())]
    order = propose(supplier=trade.supplier, warehouse=trade.warehouse, lines=lines)
    first, second = order.lines.order_by("id")
    drafts.set_quantity(first, quantity=5_000, actor=None)
    drafts.set_price(second, unit_cost=7, actor=None)
    drafts.add_line(order, product=trade.list_product(), quantity=1_000, actor=None)
    assert drafts.all_back_to_suggested(order, actor=trade.owner) == 3
    kept = order.lines.order_by("id").values_list("quantity", "unit_cost", "edited_at", "is_price_typed")
    assert list(kept) == [(12_000, 4_600_000, None, False)] * 2
    assert drafts.all_back_to_suggested(order, actor=trade.owner) == 0


def test_the_wanted_day_is_asked_for_and_expected(trade):
    order = trade.draft()
    today = timezone.localdate()
    for day in (today - timedelta(days=1), today + timedelta(days=800)):
        with pytest.raises(BadInput, match="from today on"):
            drafts.set_wanted_on(order, day=day, actor=None)
    wanted = today + timedelta(days=40)
    order = drafts.set_wanted_on(order, day=wanted, actor=None)
    assert approval.approve(order, actor=trade.owner, by_mail=False).expected_on == wanted


def test_an_archived_product_is_not_added(trade):
    product = trade.list_product()
    product.state = "archived"
    product.save()
    with pytest.raises(BadInput, match="archived"):
        drafts.add_line(trade.draft(), product=product, quantity=1_000, actor=None)


def test_everything_that_the_audit_tells_of_an_order_has_words_on_its_page():
    assert set(ACTIONS) - {"limits.changed"} == set(WORDS)
