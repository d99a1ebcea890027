"""Deliveries that are not what was ordered: less, more, damaged, something else, or never."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Barcode
from common.errors import BadInput, Conflict, InsufficientStock, KeyReused
from purchasing import queries
from purchasing.models import OutboundMail, Receipt
from purchasing.services import approval, confirming, outbox
from purchasing.services.confirming import Said
from purchasing.services.receiving import Damage, MoreThanOrdered, Received, receive, undo_receipt
from stock.models import Balance, Kind, Posting
from stock.services import ledger
from tests.factories import make_member, make_product, post_line

pytestmark = pytest.mark.django_db

BROKEN = Damage("two dented")


@pytest.fixture
def sent(trade):
    return approval.approve(trade.draft(12_000), actor=trade.owner, by_mail=False)


@pytest.fixture
def mailed(shop, trade):
    shop.order_grace_minutes = 0
    shop.save()
    order = approval.approve(trade.draft(12_000), actor=trade.owner)
    outbox.deliver(shop, order.mails.get().pk)
    return order


def take(order, quantity, *, damaged=0, key="a", **options):
    line = Received(order.lines.get().product_id, quantity, damaged)
    return receive(order, lines=[line], key=key, **options)


def seen(order):
    order.refresh_from_db()
    return order.state, list(order.lines.values_list("received", flat=True))


def on_hand():
    return Balance.objects.get().on_hand


def kinds():
    return list(Posting.objects.order_by("id").values_list("kind", flat=True))


# ---- damaged ------------------------------------------------------------------------------------


def test_damaged_goods_come_in_and_are_written_off_and_have_been_delivered(sent):
    take(sent, 12_000, damaged=2_000, damage=BROKEN)
    assert (seen(sent), on_hand()) == (("received", [12_000]), 10_000)
    assert kinds() == [Kind.RECEIPT, Kind.WRITE_OFF]
    assert Posting.objects.get(kind=Kind.WRITE_OFF).reason == "two dented"


def test_damaged_goods_that_go_back_stay_on_order(trade, sent):
    take(sent, 12_000, damaged=2_000, damage=Damage("two dented", send_back=True))
    assert (seen(sent), on_hand()) == (("partly_received", [10_000]), 10_000)
    assert queries.on_order(trade.warehouse) == {trade.product.pk: 2_000}
    take(sent, 2_000, key="replacement")
    assert seen(sent) == ("received", [12_000])


@pytest.mark.parametrize("send_back", [False, True])
def test_undo_takes_the_damage_along_and_a_repeat_of_the_receipt_changes_nothing(sent, send_back):
    damage = Damage("two dented", send_back=send_back)
    receipt = take(sent, 12_000, damaged=2_000, damage=damage)
    assert take(sent, 12_000, damaged=2_000, damage=damage) == receipt
    for other in (Damage("another reason", send_back=send_back), None):
        with pytest.raises(KeyReused):
            take(sent, 12_000, damaged=2_000 if other else 0, damage=other)
    undo_receipt(receipt)
    assert (seen(sent), on_hand()) == (("sent", [0]), 0)
    with pytest.raises(Conflict):
        undo_receipt(receipt)
    assert Balance.objects.get().value == 0


def test_what_was_sent_back_and_came_back_in_the_ledger_counts_for_the_order_too(sent):
    receipt = take(sent, 12_000, damaged=2_000, damage=Damage("two dented", send_back=True))
    mirror = ledger.reverse(receipt.damage, key="not sent back after all")
    assert seen(sent) == ("received", [12_000])
    ledger.reverse(mirror, key="but yes")
    assert seen(sent) == ("partly_received", [10_000])
    undo_receipt(receipt)
    assert (seen(sent), on_hand()) == (("sent", [0]), 0)


def test_damage_needs_a_reason_and_cannot_be_more_than_arrived(sent):
    for damaged, damage, place in ((13_000, BROKEN, "lines[0].damaged"), (1_000, None, "reason")):
        with pytest.raises(BadInput) as refusal:
            take(sent, 12_000, damaged=damaged, damage=damage)
        assert place in refusal.value.fields
    assert not Posting.objects.exists()


def test_a_receipt_of_which_something_was_sold_cannot_be_undone_and_keeps_its_damage(sent, trade):
    receipt = take(sent, 12_000, damaged=2_000, damage=BROKEN)
    post_line(Kind.SALE, trade.product, trade.warehouse, 1_000)
    with pytest.raises(InsufficientStock):
        undo_receipt(receipt)


# ---- what was confirmed --------------------------------------------------------------------------


def test_what_was_agreed_to_be_less_completes_the_order(trade, sent):
    line = sent.lines.get()
    confirming.answer(sent, [Said(line.pk, 8_000)], actor=trade.owner)
    assert queries.on_order(trade.warehouse) == {trade.product.pk: 8_000}
    with pytest.raises(MoreThanOrdered, match="only 8 are open"):
        take(sent, 9_000)
    take(sent, 8_000)
    assert seen(sent) == ("received", [8_000])


def test_while_nobody_agreed_to_less_the_order_is_only_partly_there(trade, sent):
    line = sent.lines.get()
    confirming.answer(sent, [Said(line.pk, 8_000)], address="orders@supplier.example")
    take(sent, 8_000)
    assert seen(sent)[0] == "partly_received"
    confirming.accept(sent, actor=trade.owner)
    sent.refresh_from_db()
    assert (sent.state, sent.ended_at is not None) == ("received", True)


def test_a_line_that_comes_later_leads_the_expected_day_once_the_first_is_there(trade, sent):
    other = trade.list_product()
    sent.lines.create(product=other, quantity=5_000, unit_cost=1)
    first, second = sent.lines.order_by("id")
    later = sent.asked_on + timedelta(days=5)
    confirming.answer(sent, [Said(first.pk, 12_000), Said(second.pk, 5_000, later)], actor=trade.owner)
    sent.refresh_from_db()
    assert sent.expected_on == sent.asked_on
    receipt = receive(sent, lines=[Received(trade.product.pk, 12_000)], key="k")
    sent.refresh_from_db()
    assert sent.expected_on == later
    undo_receipt(receipt)
    sent.refresh_from_db()
    assert (sent.expected_on, sent.state) == (sent.asked_on, "confirmed")


def test_late_is_what_should_have_come_before_the_shops_day(sent):
    now = timezone.now()
    assert not queries.late(now)
    assert list(queries.late(now + timedelta(days=30))) == [sent]


# ---- the end -------------------------------------------------------------------------------------


def test_closing_short_tells_the_supplier_if_asked_and_a_reopening_takes_the_mail_back(shop, trade, mailed):
    take(mailed, 5_000)
    approval.close(mailed, actor=trade.owner)
    assert mailed.mails.count() == 1
    approval.reopen(mailed, actor=trade.owner)
    approval.close(mailed, actor=trade.owner, tell_supplier=True)
    mailed.refresh_from_db()
    assert mailed.revision == 2
    assert queries.on_order(trade.warehouse) == {}
    approval.reopen(mailed, actor=trade.owner)
    mailed.refresh_from_db()
    assert (mailed.revision, mailed.state) == (1, "partly_received")
    assert mailed.mails.get(kind="closing").state == "withdrawn"
    approval.close(mailed, actor=trade.owner, tell_supplier=True)
    closing = mailed.mails.get(kind="closing", state="waiting")
    outbox.deliver(shop, closing.pk)
    closing.refresh_from_db()
    assert closing.state == OutboundMail.State.SENT
    text = bytes(closing.content).decode()
    assert mailed.number in text
    approval.reopen(mailed, actor=trade.owner)
    assert seen(mailed) == ("partly_received", [5_000])


def test_a_complete_order_or_one_that_was_not_mailed_is_closed_without_a_word(trade, mailed, sent):
    take(mailed, 12_000)
    approval.close(mailed, actor=trade.owner, tell_supplier=True)
    assert mailed.mails.count() == 1


# ---- the page ------------------------------------------------------------------------------------


@pytest.fixture
def page(shop, sent):
    def as_role(role):
        client = Client()
        client.force_login(make_member(shop, role))
        path = f"/{shop.slug}/orders/{sent.number}/receive/"
        return lambda data=None, **more: client.post(path, data, **more) if data else client.get(path)

    return as_role


def text(response):
    return response.content.decode()


def form_of(order, received="", damaged="", **more):
    line = order.lines.get()
    return {
        "key": "k",
        f"line-{line.pk}": received,
        f"damaged-{line.pk}": damaged,
        "fate": "write_off",
    } | more


def test_a_scan_adds_a_piece_and_takes_nothing_in(page, sent, trade):
    Barcode.objects.create(product=trade.product, code="5012345678900")
    clerk = page("clerk")
    shown = text(clerk(form_of(sent, "2", scan="5012345678900")))
    assert "one more" in shown
    assert 'value="3"' in shown
    assert re.search(r'name="scan"(?![^>]*value)', shown)
    shown = text(clerk(form_of(sent, "3", scan=trade.product.sku.lower())))
    assert 'value="4"' in shown
    assert not Receipt.objects.exists()


def test_enter_in_a_field_takes_nothing_in(page, sent):
    shown = text(page("clerk")(form_of(sent, "2", add="1")))
    assert 'value="2"' in shown
    assert 'role="alert"' not in shown
    assert not Receipt.objects.exists()


def test_a_strange_or_unknown_code_is_said_loudly(page, sent):
    other = make_product(name="Beeswax candle")
    shown = text(page("clerk")(form_of(sent, scan=other.sku)))
    assert "Beeswax candle is not on" in shown
    assert "Receive without an order" in shown
    shown = text(page("manager")(form_of(sent, "2", scan="nothing-has-this")))
    assert 'role="alert"' in shown
    assert "No product has the code nothing-has-this" in shown
    assert 'value="2"' in shown


def test_damage_is_taken_with_its_reason(page, sent):
    clerk = page("clerk")
    refused = text(clerk(form_of(sent, "12", "2")))
    assert "Say what is wrong" in refused
    assert "No more can be damaged" in text(clerk(form_of(sent, "1", "2", reason="dented")))
    assert not Receipt.objects.exists()
    assert clerk(form_of(sent, "12", "2", reason="dented", fate="send_back")).status_code == 302
    assert (seen(sent), on_hand()) == (("partly_received", [10_000]), 10_000)


def test_receiving_can_close_short_but_not_for_a_clerk(page, sent):
    refused = page("clerk")(form_of(sent, "5", close_short="on"))
    assert "does not allow" in text(refused)
    assert not Receipt.objects.exists()
    page("manager")(form_of(sent, "5", close_short="on"))
    assert seen(sent) == ("closed", [5_000])


@pytest.mark.parametrize("typed", ["abc", "1e5", "-1", "0", "9" * 25])
def test_what_is_no_quantity_takes_nothing_in(page, sent, typed):
    shown = text(page("clerk")(form_of(sent, typed)))
    assert "Nothing was taken in yet" in shown
    assert not Receipt.objects.exists()
