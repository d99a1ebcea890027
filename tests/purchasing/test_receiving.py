from __future__ import annotations

import pytest

from common.errors import BadInput, Conflict, InsufficientStock, KeyReused
from purchasing.models import PurchaseOrder, Receipt
from purchasing.queries import on_order
from purchasing.services import approval, drafts
from purchasing.services.receiving import MoreThanOrdered, Received, receive, undo_receipt
from stock.models import Balance, Kind, Posting
from stock.services import ledger
from tests.factories import make_product, post_line

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(trade):
    order = trade.draft(12_000)
    return approval.approve(order, actor=trade.owner, by_mail=False)


def take(order, product, quantity, key="a", **options):
    return receive(order, lines=[Received(product.pk, quantity)], key=key, **options)


def seen(order):
    order.refresh_from_db()
    return order.state, list(order.lines.values_list("received", flat=True))


def on_hand(product):
    return Balance.objects.get(product=product)


def test_goods_in_parts_reach_ledger_order_and_state_together(trade, sent):
    take(sent, trade.product, 5_000, "first")
    assert seen(sent) == ("partly_received", [5_000])
    assert on_order(trade.warehouse) == {trade.product.pk: 7_000}
    receipt = take(sent, trade.product, 7_000, "second")
    assert seen(sent) == ("received", [12_000])
    assert on_order(trade.warehouse) == {}
    assert (on_hand(trade.product).on_hand, on_hand(trade.product).value) == (12_000, 12 * 460)
    assert (receipt.posting.kind, receipt.posting.document) == (Kind.RECEIPT, sent.number)


def test_the_same_receipt_twice_is_taken_once_and_another_body_is_refused(trade, sent):
    first = take(sent, trade.product, 12_000)
    assert take(sent, trade.product, 12_000) == first
    assert on_hand(trade.product).on_hand == 12_000
    with pytest.raises(KeyReused):
        take(sent, trade.product, 11_000)
    assert Receipt.objects.count() == Posting.objects.count() == 1


def test_more_than_ordered_is_refused_until_confirmed(trade, sent):
    with pytest.raises(MoreThanOrdered, match="13 received, but only 12 are open"):
        take(sent, trade.product, 13_000)
    assert not Posting.objects.exists()
    take(sent, trade.product, 13_000, accept_more=True)
    assert seen(sent) == ("received", [13_000])


def test_undoing_a_receipt_takes_order_and_ledger_back(trade, sent):
    take(sent, trade.product, 5_000, "first")
    second = take(sent, trade.product, 7_000, "second")
    undo_receipt(second, actor=trade.owner)
    assert seen(sent) == ("partly_received", [5_000])
    assert on_hand(trade.product).on_hand == 5_000
    second.refresh_from_db()
    assert second.undone_at
    with pytest.raises(Conflict):
        undo_receipt(second)
    assert seen(sent) == ("partly_received", [5_000])


def test_an_undo_straight_in_the_ledger_takes_the_order_along_and_its_undo_too(trade, sent):
    receipt = take(sent, trade.product, 12_000)
    mirror = ledger.reverse(receipt.posting, key="by hand")
    assert seen(sent) == ("sent", [0])
    ledger.reverse(receipt.posting, key="by hand")  # a repeat of the same request
    assert seen(sent) == ("sent", [0])
    ledger.reverse(mirror, key="and back")
    assert seen(sent) == ("received", [12_000])
    receipt.refresh_from_db()
    assert receipt.undone_at is None
    undo_receipt(receipt)
    assert seen(sent) == ("sent", [0])
    assert on_hand(trade.product).on_hand == 0


def test_a_receipt_whose_goods_are_gone_stays_and_so_does_the_order(trade, sent):
    receipt = take(sent, trade.product, 12_000)
    post_line(Kind.SALE, trade.product, trade.warehouse, 1_000)
    with pytest.raises(InsufficientStock):
        undo_receipt(receipt)
    assert seen(sent) == ("received", [12_000])


def test_a_closed_order_keeps_its_receipts_until_it_is_reopened(trade, sent):
    receipt = take(sent, trade.product, 5_000)
    approval.close(sent, actor=trade.owner)
    assert on_order(trade.warehouse) == {}
    for change in (
        lambda: undo_receipt(receipt),
        lambda: take(sent, trade.product, 1_000, "late"),
        lambda: approval.cancel(sent, actor=trade.owner),
    ):
        with pytest.raises(Conflict):
            change()
    approval.reopen(sent, actor=trade.owner)
    assert seen(sent) == ("partly_received", [5_000])
    undo_receipt(receipt)
    assert seen(sent) == ("sent", [0])


def test_what_was_not_ordered_or_is_nothing_cannot_be_received(trade, sent):
    stranger = make_product()
    for lines, place in (
        ([Received(stranger.pk, 1_000)], "lines[0].sku"),
        ([Received(trade.product.pk, 0)], "lines[0].quantity"),
        ([Received(trade.product.pk, 1_000)] * 2, "lines[1].sku"),
        ([], "lines"),
    ):
        with pytest.raises(BadInput) as refusal:
            receive(sent, lines=lines, key="k")
        assert place in refusal.value.fields


def test_a_draft_or_a_queued_order_is_not_open_for_receipts(trade):
    order = trade.draft()
    with pytest.raises(Conflict):
        take(order, trade.product, 1_000)
    approval.approve(order, actor=trade.owner)
    with pytest.raises(Conflict):
        take(order, trade.product, 1_000)


def test_a_product_taken_out_of_the_draft_cannot_be_received(trade):
    order = trade.draft()
    other = trade.list_product()
    line = drafts.add_line(order, product=other, quantity=1_000, actor=trade.owner)
    drafts.remove_line(line, actor=trade.owner)
    approval.approve(order, actor=trade.owner, by_mail=False)
    with pytest.raises(BadInput, match="not on order"):
        take(PurchaseOrder.objects.get(), other, 1_000)
