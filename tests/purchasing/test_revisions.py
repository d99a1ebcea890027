"""Changing an order that the supplier has already."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import time_machine
from django.utils import timezone

from catalog.models import PriceBreak, TaxRate
from common.errors import BadInput, Conflict
from purchasing.document import document_at, document_of
from purchasing.models import OutboundMail
from purchasing.services import approval, outbox, revisions
from purchasing.services.receiving import Received, receive
from tests.mail_server import smtp_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings):
    with smtp_server() as (mailbox, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        yield mailbox


@pytest.fixture
def sent(shop, trade, server):
    """An order of 12 that was mailed."""
    shop.order_grace_minutes = 10
    order = approval.approve(trade.draft(12_000), actor=trade.owner)
    deliver(shop, order)
    order.refresh_from_db()
    assert order.state == "sent"
    return order


def deliver(shop, order, minutes=11):
    mail = order.mails.get(state="waiting")
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False):
        outbox.deliver(shop, mail.pk)


def change(order, *, quantity=None, added=(), wanted_on=None, note=None):
    line = order.lines.order_by("id").first()
    return revisions.change(
        order,
        quantities={} if quantity is None else {line.pk: quantity},
        added=added,
        wanted_on=wanted_on,
        note=order.note if note is None else note,
        actor=None,
    )


def parts(envelope):
    message = message_from_bytes(envelope.content, policy=policy.default)
    bodies = [message.get_body((kind,)).get_content() for kind in ("plain", "html")]
    return message, bodies


def test_a_change_goes_out_as_the_next_revision_and_says_what_changed(shop, trade, sent, server):
    new = trade.list_product()
    day = timezone.localdate() + timedelta(days=30)
    order = change(sent, quantity=18_000, added=[(new, 6_000)], wanted_on=day, note="Upright")
    assert (order.revision, order.state, order.expected_on) == (2, "sent", day)
    deliver(shop, order)
    assert len(server.accepted) == 2
    message, bodies = parts(server.accepted[1])
    assert "has changed, revision 2" in message["Subject"]
    for body in bodies:
        assert "12 × £4.60" in body
        assert "18 × £4.60" in body
        assert new.name in body
        assert "Upright" in body
        assert "£110.40" in body  # the whole order as it is now
    (attachment,) = message.iter_attachments()
    assert attachment.get_content().startswith(b"%PDF")
    assert document_at(order, 1).lines[0].quantity == 12_000
    assert [line.quantity for line in document_of(order).lines] == [18_000, 6_000]


def test_nothing_different_is_no_change(sent):
    order = change(sent, quantity=12_000)
    assert (order.revision, order.mails.count()) == (1, 1)


def test_further_changes_within_the_grace_period_are_told_once(shop, sent, server):
    change(sent, quantity=18_000)
    order = change(sent, quantity=24_000)
    assert order.revision == 2
    assert sorted(order.mails.values_list("state", flat=True)) == ["sent", "waiting", "withdrawn"]
    deliver(shop, order)
    assert len(server.accepted) == 2
    _message, (plain, _html) = parts(server.accepted[1])
    assert "12 × £4.60 → 24 × £4.60" in plain
    assert "18 ×" not in plain


def test_undo_brings_back_all_that_stood_before_the_first_change(shop, trade, sent, server):
    sent.lines.update(confirmed_quantity=12_000)
    sent.state, sent.confirmed_at, sent.note = "confirmed", timezone.now(), "as it was"
    sent.save()
    asked_on, expected_on, freight = sent.asked_on, sent.expected_on, sent.freight
    day = timezone.localdate() + timedelta(days=30)
    change(sent, quantity=18_000, added=[(trade.list_product(), 1_000)])
    order = change(sent, quantity=24_000, wanted_on=day, note="other")
    assert (order.state, order.lines.count()) == ("sent", 2)
    order = revisions.undo_change(order, actor=trade.owner)
    assert (order.revision, order.state, order.note) == (1, "confirmed", "as it was")
    assert (order.asked_on, order.expected_on, order.freight) == (asked_on, expected_on, freight)
    assert (order.wanted_on, order.confirmed_at is not None) == (None, True)
    assert order.lines.values_list("quantity", "confirmed_quantity").get() == (12_000, 12_000)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        for mail in order.mails.all():
            outbox.deliver(shop, mail.pk)
    assert len(server.accepted) == 1
    with pytest.raises(Conflict, match="No change"):
        revisions.undo_change(order, actor=trade.owner)
    assert change(order, quantity=13_000).revision == 2


def test_what_has_arrived_cannot_be_changed_away(trade, sent):
    receive(sent, lines=[Received(trade.product.pk, 5_000)], key="k")
    line = sent.lines.get()
    for quantity, fault in ((4_000, "5 have arrived"), (-1_000, "below zero"), (5_500, "whole units")):
        with pytest.raises(BadInput, match=fault) as refusal:
            change(sent, quantity=quantity)
        assert list(refusal.value.fields) == [f"lines[{line.pk}].quantity"]
    order = change(sent, quantity=5_000)
    assert order.state == "received"
    order = revisions.undo_change(order, actor=None)
    assert (order.state, order.lines.get().quantity) == ("partly_received", 12_000)


def test_an_order_is_not_changed_to_nothing(sent):
    with pytest.raises(Conflict, match="cancel it instead"):
        change(sent, quantity=0)


def test_goods_of_an_added_line_stand_against_undo(trade, sent):
    new = trade.list_product()
    order = change(sent, added=[(new, 1_000)])
    receive(order, lines=[Received(new.pk, 1_000)], key="k")
    with pytest.raises(Conflict, match="undo its receipt"):
        revisions.undo_change(order, actor=None)


def test_a_changed_quantity_takes_its_price_and_a_new_line_its_tax(trade, sent):
    terms = trade.supplier.terms.get()
    PriceBreak.objects.create(terms=terms, minimum_quantity=48_000, unit_cost=4_000_000)
    new = trade.list_product()
    new.purchase_tax = TaxRate.objects.create(name="VAT", rate=20_00)
    new.save()
    order = change(sent, quantity=48_000, added=[(new, 10_000)])
    assert order.lines.order_by("id").values_list("unit_cost", "tax_rate")[0] == (4_000_000, 0)
    document = document_of(order)
    assert (document.net, document.total) == (192_00 + 46_00, 192_00 + 46_00 + 9_20)


def test_an_order_that_was_told_by_telephone_is_changed_without_mail(trade):
    order = approval.approve(trade.draft(12_000), actor=trade.owner, by_mail=False)
    order = change(order, quantity=18_000)
    assert (order.revision, order.mails.count()) == (2, 0)


def test_a_change_that_could_not_be_delivered_is_told_with_the_next_one(shop, sent, server):
    server.recipient_answers = ["550 no such person"]
    order = change(sent, quantity=18_000)
    deliver(shop, order)
    assert order.mails.get(kind="change").state == "failed"
    order = change(order, quantity=24_000)
    deliver(shop, order)
    _message, (plain, _html) = parts(server.accepted[1])
    assert "12 × £4.60 → 24 × £4.60" in plain


def test_cancelling_takes_a_waiting_change_along_and_says_so_once(shop, trade, sent, server):
    change(sent, quantity=18_000)
    order = approval.cancel(sent, actor=trade.owner)
    assert order.revision == 3
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        for mail in OutboundMail.objects.order_by("id"):
            outbox.deliver(shop, mail.pk)
    assert [parts(envelope)[0]["Subject"] for envelope in server.accepted[1:]] == [
        f"Order {order.number} from {shop.name} is cancelled"
    ]


def test_drafts_and_ended_orders_are_not_changed_this_way(shop, trade, sent):
    draft = trade.draft()
    with pytest.raises(Conflict):
        change(draft, quantity=1_000)
    approval.cancel(sent, actor=trade.owner)
    with pytest.raises(Conflict):
        change(sent, quantity=1_000)


def test_a_change_that_is_leaving_right_now_is_left_alone(sent):
    order = change(sent, quantity=18_000)
    order.mails.filter(kind="change").update(state="sending", claimed_at=timezone.now())
    for act in (lambda: change(order, quantity=24_000), lambda: revisions.undo_change(order, actor=None)):
        with pytest.raises(Conflict, match="leaving right now"):
            act()
