from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from common.errors import BadInput, Conflict
from purchasing.models import OutboundMail, PurchaseOrder
from purchasing.services import approval, drafts
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
    ("quantity", "fault"),
    [
        (30_000, "30 is not a whole number of packs of 12: order 24 or 36"),
        (7_000, "7 is not a whole number of packs of 12: order 24"),
        (12_000, "sells at least 24"),
        (-12_000, "below zero"),
    ],
)
def test_packs_and_least_quantities_are_held_with_a_way_out(trade, quantity, fault):
    product = trade.list_product(pack=12_000, minimum_quantity=24_000)
    order = trade.draft(24_000, product)
    with pytest.raises(BadInput, match=fault):
        drafts.set_quantity(order.lines.get(), quantity=quantity, actor=trade.owner)
    assert order.lines.get().quantity == 24_000


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
