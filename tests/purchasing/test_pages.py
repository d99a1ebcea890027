from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from purchasing.models import OutboundMail, PurchaseOrder
from purchasing.services import ProposedLine, approval, outbox, propose
from stock.models import Balance, Posting
from tests.factories import make_member, make_product
from tests.purchasing.conftest import set_terms

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(shop):
    """A client of a role; pages get and send by their path under the shop."""

    def as_role(role):
        client = Client()
        client.force_login(make_member(shop, role))

        def send(path, data=None, **options):
            address = f"/{shop.slug}/{path}"
            if data is None:
                return client.get(address, **options)
            return client.post(address, data, **options)

        return send

    return as_role


def text(response):
    return response.content.decode()


def state(order):
    order.refresh_from_db()
    return order.state


def test_an_owner_edits_approves_undoes_and_sends(visit, trade, shop):
    shop.order_grace_minutes = 10
    shop.save()
    page = visit("owner")
    reason = {"parts": [{"code": "demand", "label": "Expected sales", "quantity": 30_000}], "text": "Advent."}
    lines = [ProposedLine(trade.product.pk, 12_000, 4_600_000, reason)]
    order = propose(supplier=trade.supplier, warehouse=trade.warehouse, lines=lines)
    shown = text(page(f"orders/{order.number}/"))
    assert "Expected sales" in shown
    assert "Advent." in shown
    assert "Approve £55.20" in shown
    line = order.lines.get()
    path = f"orders/{order.number}/"
    answer = page(f"{path}lines/", {f"line-{line.pk}": "20", "note": "Upright"}, follow=True)
    assert "suggested 12" in text(answer)
    page(f"{path}lines/{line.pk}/back/", {})
    assert order.lines.get().quantity == 12_000
    assert "The mail leaves at" in text(page(f"{path}approve/", {}, follow=True))
    assert "nothing has left" in text(page(f"{path}undo/", {}, follow=True))
    page(f"{path}approve/", {})
    page(f"{path}send/", {})
    outbox.deliver(shop, OutboundMail.objects.get(state="waiting").pk)
    assert state(order) == "sent"
    assert "Sent to" in text(page(path))


def test_a_page_that_waits_for_its_mail_loads_itself_anew_once_that_has_left(visit, trade, shop):
    page, order = visit("owner"), trade.draft(12_000)
    path, htmx = f"orders/{order.number}/", {"HX-Request": "true"}
    page(f"{path}approve/", {})
    assert "hx-get" not in text(page(path))
    page(f"{path}send/", {})
    waiting = text(page(path))
    assert "The mail is leaving right now." in waiting
    assert f'hx-get="/{shop.slug}/{path}"' in waiting
    assert page(path, headers=htmx).status_code == 204
    outbox.deliver(shop, OutboundMail.objects.get(state="waiting").pk)
    assert page(path, headers=htmx)["HX-Refresh"] == "true"
    assert "hx-get" not in text(page(path))


def test_a_wrong_quantity_is_shown_at_its_line_and_nothing_is_saved(visit, trade):
    order = trade.draft(12_000)
    packed = trade.list_product(pack=12_000)
    trade.draft(24_000, packed)
    first, second = order.lines.order_by("id")
    data = {f"line-{first.pk}": "13", f"line-{second.pk}": "2.5", "note": "x"}
    answer = visit("owner")(f"orders/{order.number}/lines/", data)
    assert "is bought in whole units only" in text(answer)
    assert 'value="13"' in text(answer)
    order.refresh_from_db()
    assert order.note == ""
    assert order.lines.get(pk=first.pk).quantity == 12_000


@pytest.mark.parametrize("typed", ["", "abc", "1e5", "-3", "9" * 19, "1.2345"])
def test_what_is_no_quantity_is_a_form_error(visit, trade, typed):
    order = trade.draft(12_000)
    data = {f"line-{order.lines.get().pk}": typed, "note": ""}
    answer = visit("owner")(f"orders/{order.number}/lines/", data)
    assert "Nothing was saved" in text(answer)
    assert order.lines.get().quantity == 12_000


def test_a_product_is_added_by_code_and_an_unknown_code_is_said(visit, trade):
    order = trade.draft()
    product = make_product(sku="NC-233")
    set_terms(trade.supplier, product)
    page = visit("manager")
    answer = page(f"orders/{order.number}/lines/add/", {"sku": "zzz", "quantity": "1"})
    assert "has this code or name" in text(answer)
    page(f"orders/{order.number}/lines/add/", {"sku": "nc-233", "quantity": "6"})
    line = order.lines.get(product=product)
    assert line.quantity == 6_000
    page(f"orders/{order.number}/lines/{line.pk}/remove/", {})
    assert not order.lines.filter(product=product).exists()


def test_a_new_order_opens_the_draft_there_is(visit, trade):
    page = visit("manager")
    data = {"supplier": trade.supplier.pk, "warehouse": trade.warehouse.pk}
    first = page("orders/new/", data)
    assert page("orders/new/", data).url == first.url
    answer = page("orders/new/", {"supplier": 999_999, "warehouse": trade.warehouse.pk})
    assert "Select a valid choice" in text(answer)


def test_a_clerk_receives_without_seeing_a_cost(visit, trade):
    order = approval.approve(trade.draft(12_000), actor=trade.owner, by_mail=False)
    page = visit("clerk")
    for path in ("orders/", f"orders/{order.number}/", f"orders/{order.number}/receive/", "receive/"):
        answer = page(path)
        assert answer.status_code == 200
        assert "£" not in text(answer)
        assert "55.20" not in text(answer)
    for path in (f"orders/{order.number}/pdf/", "mails/"):
        assert page(path).status_code == 403
    form = text(page(f"orders/{order.number}/receive/"))
    key = re.search(r'name="key" value="(\w+)"', form)[1]
    name = f"line-{order.lines.get().pk}"
    assert re.search(rf'name="{name}"[^>]*value=""', form)
    for _ in range(2):  # a double click
        page(f"orders/{order.number}/receive/", {"key": key, name: "5"})
    assert Balance.objects.get().on_hand == 5_000
    assert state(order) == "partly_received"
    assert page(f"orders/{order.number}/receipts/{order.receipts.get().pk}/undo/", {}).status_code == 403


def test_all_of_it_has_arrived_is_one_button_and_undo_takes_it_back(visit, trade):
    order = approval.approve(trade.draft(12_000), actor=trade.owner, by_mail=False)
    page = visit("owner")
    page(f"orders/{order.number}/receive/", {"key": "k", "all": "1"})
    assert state(order) == "received"
    page(f"orders/{order.number}/receipts/{order.receipts.get().pk}/undo/", {})
    assert state(order) == "sent"
    assert Balance.objects.get().on_hand == 0


def test_more_than_ordered_asks_first_and_nothing_or_nonsense_is_said(visit, trade):
    order = approval.approve(trade.draft(12_000), actor=trade.owner, by_mail=False)
    page = visit("clerk")
    name = f"line-{order.lines.get().pk}"
    for data, said in (
        ({name: ""}, "Nothing was received"),
        ({name: "0"}, "more than zero"),
        ({name: "x"}, "is not a number"),
        ({name: "13"}, "13 received, but only 12 are open"),
    ):
        answer = page(f"orders/{order.number}/receive/", {"key": "k"} | data)
        assert said in text(answer)
    assert not Posting.objects.exists()
    page(f"orders/{order.number}/receive/", {"key": "k", name: "13", "accept_more": "on"})
    assert state(order) == "received"


def test_a_failed_mail_is_shown_on_the_order_with_a_way_on(visit, trade):
    order = approval.approve(trade.draft(), actor=trade.owner)
    OutboundMail.objects.update(state="failed", last_error="550 <no> such person")
    page = visit("owner")
    shown = text(page(f"orders/{order.number}/"))
    assert "could not be delivered" in shown
    assert "550 &lt;no&gt; such person" in shown
    assert "Try again" in shown
    page(f"mails/{OutboundMail.objects.get().pk}/send/", {})
    assert OutboundMail.objects.get().state == "waiting"


def test_a_mail_is_read_in_the_app_as_it_was_sent(visit, trade, shop):
    order = approval.approve(trade.draft(), actor=trade.owner)
    mail = OutboundMail.objects.get()
    page = visit("owner")
    assert "written when it leaves" in text(page(f"mails/{mail.pk}/"))
    OutboundMail.objects.update(not_before=timezone.now() - timedelta(minutes=1))
    outbox.deliver(shop, mail.pk)
    mail.refresh_from_db()
    shown = text(page(f"mails/{mail.pk}/"))
    assert mail.message_id.strip("<>") in shown
    assert f"Order {order.number}" in shown
    assert page(f"mails/{mail.pk}/source/").content == bytes(mail.content)
    assert page(f"mails/{mail.pk}/attachments/0/").content.startswith(b"%PDF")
    assert page(f"mails/{mail.pk}/attachments/1/").status_code == 404
    assert order.number in text(page("mails/?state=sent"))
    assert page(f"orders/{order.number}/pdf/").content.startswith(b"%PDF")


def test_the_list_shows_each_state_in_its_tab(visit, trade):
    for target in ("sent", "closed", "cancelled", "draft"):
        order = trade.draft()
        PurchaseOrder.objects.filter(pk=order.pk).update(state=target, ended_at=timezone.now())
    page = visit("viewer")
    for tab in ("draft", "open", "done", "cancelled", "nonsense"):
        assert page(f"orders/?state={tab}").status_code == 200


def test_cancel_close_and_reopen_by_their_buttons(visit, trade):
    page = visit("manager")
    order = trade.draft()
    page(f"orders/{order.number}/cancel/", {})
    assert state(order) == "cancelled"
    order = approval.approve(trade.draft(12_000), actor=trade.owner, by_mail=False)
    page(f"orders/{order.number}/receive/", {"key": "k", f"line-{order.lines.get().pk}": "5"})
    page(f"orders/{order.number}/close/", {})
    assert state(order) == "closed"
    answer = page(f"orders/{order.number}/cancel/", {}, follow=True)
    assert "its state is" in text(answer)
    page(f"orders/{order.number}/reopen/", {})
    assert state(order) == "partly_received"


def test_addresses_that_lead_nowhere_are_not_found(visit, trade):
    order = trade.draft()
    page = visit("owner")
    huge = 10**25
    for path in ("orders/PO-9/", "orders/PO-9/pdf/", f"mails/{huge}/", "mails/1/source/"):
        assert page(path).status_code == 404
    for path in (f"lines/{huge}/back/", "lines/0/remove/", f"receipts/{huge}/undo/"):
        assert page(f"orders/{order.number}/{path}", {}).status_code == 404
    assert page("orders/?page=x&state=%00").status_code == 200


def test_a_line_of_another_order_is_not_reached_through_this_one(visit, trade):
    other = approval.approve(trade.draft(), actor=trade.owner)
    order = trade.draft()
    line = other.lines.get()
    assert visit("owner")(f"orders/{order.number}/lines/{line.pk}/remove/", {}).status_code == 404
    assert other.lines.get().quantity == 12_000


def test_clerks_do_not_read_what_a_reason_says_of_money(visit, trade):
    reason = {"parts": [], "text": "The sixth pack costs £25.20."}
    lines = [ProposedLine(trade.product.pk, 12_000, 4_600_000, reason)]
    order = propose(supplier=trade.supplier, warehouse=trade.warehouse, lines=lines)
    assert "£25.20" in text(visit("owner")(f"orders/{order.number}/"))
    assert "£25.20" not in text(visit("clerk")(f"orders/{order.number}/"))
