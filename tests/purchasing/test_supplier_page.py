from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from common.errors import NotFound
from purchasing import links, queries
from purchasing.models import PurchaseOrder, SupplierAnswer
from purchasing.services import approval, confirming, outbox, revisions
from purchasing.services.receiving import Received, receive
from purchasing.services.states import forget_answer
from purchasing.supplier_views import MOST_PRINTS
from tests.factories import make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_visits_yet(db):
    cache.clear()


@pytest.fixture
def order(shop, trade):
    """Two lines, mailed to the supplier."""
    shop.order_grace_minutes = 0
    shop.contact_name, shop.phone = "Ines Marlow", "01584 555 010"
    shop.save()
    draft = trade.draft(12_000)
    trade.draft(30_000, trade.list_product())
    approval.approve(draft, actor=trade.owner)
    outbox.deliver(shop, draft.mails.get().pk)
    draft.refresh_from_db()
    assert draft.state == "sent"
    return draft


class Visitor:
    """Somebody with a link and no account; keeps whatever cookies it gets."""

    def __init__(self, order, **binding):
        self.client = Client(enforce_csrf_checks=True)
        self.path = f"/supplier/{links.token_for(order, **binding)}/"

    def get(self, more="", **options):
        return self.client.get(self.path + more, **options)

    def post(self, data, more=""):
        return self.client.post(self.path + more, data)


def text(response):
    return response.content.decode()


def answers(order, *said, on="", **more):
    """The form as a browser sends it; `said` is (choice, quantity, day) per line."""
    data = {"on": on or order.asked_on.isoformat(), "reference": "", "note": ""} | more
    for line, (choice, quantity, day) in zip(order.lines.order_by("id"), said, strict=True):
        data |= {f"choice-{line.pk}": choice, f"quantity-{line.pk}": quantity, f"on-{line.pk}": day}
    return data


def seen(order):
    order.refresh_from_db()
    confirmed = list(order.lines.order_by("id").values_list("confirmed_quantity", flat=True))
    return order.state, order.answer_open, confirmed


AS_ORDERED = ("as", "", "")


def test_looking_changes_nothing_until_a_person_touches_the_page(order, shop):
    visitor = Visitor(order)
    shown = visitor.get()
    assert "Can you deliver this order?" in text(shown)
    visitor.client.head(visitor.path)
    visitor.get("order.pdf")
    assert visitor.get("opened/").status_code == 405
    order.refresh_from_db()
    assert order.opened_at is None
    assert f'hx-post="{visitor.path}opened/"' in text(shown)
    assert visitor.post({}, "opened/").status_code == 204
    order.refresh_from_db()
    first = order.opened_at
    assert first
    visitor.post({}, "opened/")
    order.refresh_from_db()
    assert (order.opened_at, order.state) == (first, "sent")


def test_the_page_sets_no_cookie_and_is_kept_indexed_and_passed_on_by_nobody(order):
    visitor = Visitor(order)
    shown = visitor.get()
    assert not shown.cookies
    assert "no-store" in shown["Cache-Control"]
    assert "noindex" in shown["X-Robots-Tag"]
    assert shown["Referrer-Policy"] == "no-referrer"
    assert "default-src 'self'" in shown["Content-Security-Policy"]


def test_one_button_confirms_everything_and_a_second_click_nothing_more(order):
    visitor = Visitor(order)
    answer = visitor.post({"all": "1"})
    assert (answer.status_code, answer["Location"]) == (303, visitor.path)
    assert visitor.post({"all": "1"}).status_code == 303
    assert seen(order) == ("confirmed", False, [12_000, 30_000])
    said = SupplierAnswer.objects.get()
    assert said.address == order.supplier.email
    assert "your answer of" in text(visitor.get())
    assert queries.unanswered(timezone.now() + timedelta(days=30)).count() == 0


def test_fewer_another_day_and_no_are_counted_at_once_and_wait_for_the_owner(order, trade):
    later = order.asked_on + timedelta(days=4)
    visitor = Visitor(order)
    data = answers(
        order, ("change", "8", later.isoformat()), ("no", "", ""), note="Short of wax", reference="SO 4471"
    )
    assert visitor.post(data).status_code == 303
    assert seen(order) == ("sent", True, [8_000, 0])
    assert (order.expected_on, order.confirmed_at) == (later, None)
    assert list(queries.changed_by_supplier()) == [order]
    assert queries.on_order(trade.warehouse) == {trade.product.pk: 8_000}
    said = queries.last_answer(order)
    assert (said.note, said.reference) == ("Short of wax", "SO 4471")
    again = text(visitor.get())
    assert "looks at it" in again
    assert "SO 4471" in again
    confirming.accept(order, actor=trade.owner)
    assert seen(order) == ("confirmed", False, [8_000, 0])
    assert not queries.changed_by_supplier()
    assert "is agreed" in text(visitor.get())


def test_an_answer_can_be_corrected_until_goods_arrive(order, trade):
    visitor = Visitor(order)
    visitor.post(answers(order, ("change", "8", ""), AS_ORDERED))
    visitor.post(answers(order, AS_ORDERED, AS_ORDERED))
    assert seen(order) == ("confirmed", False, [12_000, 30_000])
    visitor.post(answers(order, AS_ORDERED, ("no", "", "")))
    assert seen(order) == ("sent", True, [12_000, 0])
    receive(order, lines=[Received(trade.product.pk, 5_000)], key="k")
    refused = visitor.post(answers(order, AS_ORDERED, AS_ORDERED))
    assert "have arrived" in text(refused)
    assert seen(order) == ("partly_received", True, [12_000, 0])
    assert "Goods of this order have arrived" in text(visitor.get())
    assert SupplierAnswer.objects.count() == 3


def test_another_day_for_the_whole_order_holds_for_every_line(order):
    later = order.asked_on + timedelta(days=2)
    Visitor(order).post(answers(order, AS_ORDERED, ("change", "10", ""), on=later.isoformat()))
    assert seen(order) == ("sent", True, [12_000, 10_000])
    assert set(order.lines.values_list("confirmed_on", flat=True)) == {later}
    assert order.expected_on == later


def test_an_order_of_which_every_line_is_declined_ends_when_the_owner_agrees(order, trade):
    Visitor(order).post(answers(order, ("no", "", ""), ("no", "", "")))
    confirming.accept(order, actor=trade.owner)
    assert seen(order)[0] == "cancelled"
    assert order.ended_at
    assert queries.on_order(trade.warehouse) == {}


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (("change", "13", ""), "12 were ordered"),
        (("change", "-1", ""), "12 were ordered"),
        (("change", "", ""), "Say how many"),
        (("change", "many", ""), "is not a number"),
        (("change", "1.5", ""), "whole units"),
        (("change", "8", "yesterday"), "Enter a valid date"),
        (("change", "8", "0202-01-01"), "look at the year"),
        (("change", "8", "9999-12-31"), "look at the year"),
        (("maybe", "8", ""), "Select a valid choice"),
        (("", "", ""), "required"),
    ],
)
def test_what_cannot_be_is_said_at_its_line_and_nothing_is_sent(order, said, fault):
    shown = Visitor(order).post(answers(order, said, ("no", "", "")))
    assert shown.status_code == 400
    assert fault in text(shown)
    assert seen(order) == ("sent", False, [None, None])
    assert not SupplierAnswer.objects.exists()


def test_a_note_that_no_database_keeps_is_refused(order):
    shown = Visitor(order).post(answers(order, AS_ORDERED, AS_ORDERED, note="a\0b"))
    assert shown.status_code == 400
    assert Visitor(order).post({"all": "1", "note": "x" * 9_000}).status_code == 303


def test_a_forged_link_or_one_of_another_installation_opens_nothing(order, settings):
    visitor = Visitor(order)
    visitor.path = visitor.path[:-3] + "xx/"
    assert visitor.get().status_code == 404
    theirs = Visitor(order)
    settings.SECRET_KEY = "another key that opens nothing else anywhere"
    assert theirs.get().status_code == 404


def test_a_link_ends_on_its_day_and_says_whom_to_ask(order):
    visitor = Visitor(order)
    with time_machine.travel(timezone.now() + timedelta(days=61)):
        shown = visitor.get()
        assert shown.status_code == 410
        assert "This link has ended" in text(shown)
        assert "Ines Marlow" in text(shown)
        assert visitor.post({"all": "1"}).status_code == 410
    assert seen(order) == ("sent", False, [None, None])


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda order: approval.cancel(order, actor=None), "was cancelled"),
        (lambda order: PurchaseOrder.objects.filter(pk=order.pk).update(revision=2), "was changed after"),
        (lambda order: PurchaseOrder.objects.filter(pk=order.pk).update(state="closed"), "is closed"),
        (lambda order: order.mails.update(state="withdrawn"), "taken back"),
        (lambda order: order.mails.update(to="other@supplier.example"), "taken back"),
    ],
)
def test_a_link_dies_with_its_revision_its_order_or_its_address(order, change, word):
    visitor = Visitor(order)
    change(order)
    before = seen(order)
    for answer in (
        visitor.get(),
        visitor.get("order.pdf"),
        visitor.post({"all": "1"}),
        visitor.post({}, "opened/"),
    ):
        assert answer.status_code == 410
        assert word in text(answer)
    assert seen(order) == before


def test_while_a_change_may_still_be_undone_the_old_link_promises_no_mail_that_may_never_come(order, shop):
    shop.order_grace_minutes = 10
    shop.save()
    visitor = Visitor(order)
    changed = revisions.change(
        order, quantities={order.lines.first().pk: 6_000}, wanted_on=None, note="", actor=None
    )
    shown = visitor.get()
    assert shown.status_code == 410
    assert "is being changed right now" in text(shown)
    assert "A newer mail" not in text(shown)
    revisions.undo_change(changed, actor=None)
    assert visitor.get().status_code == 200
    changed = revisions.change(
        order, quantities={order.lines.first().pk: 6_000}, wanted_on=None, note="", actor=None
    )
    mail = queries.open_mail(changed)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        outbox.deliver(shop, mail.pk)
    assert "A newer mail has the link that counts" in text(visitor.get())


def test_a_link_leads_into_its_own_shop_only(order, shop):
    token = links.token_for(order)
    other = make_shop()
    link = links.read(token)
    assert link.shop == shop
    stolen = links.Link(other, link.order_id, link.revision, link.address, link.ends_on)
    with pytest.raises(NotFound, match="not there any more"):
        links.order_of(stolen)


def test_a_closed_shop_takes_no_answers(order, shop):
    visitor = Visitor(order)
    shop.is_active = False
    shop.save()
    assert visitor.get().status_code == 404


def test_a_chinese_supplier_reads_chinese(order):
    revision = order.revisions.get()
    order.revisions.all().delete()
    revision.content["language"] = "zh-hans"
    order.revisions.create(revision=1, content=revision.content)
    visitor = Visitor(order)
    shown = text(visitor.get())
    assert '<html lang="zh-hans">' in shown
    for words in ("您能按此订单供货吗？", "全部确认", "无法供货", "无需账户"):
        assert words in shown
    visitor.post(answers(order, ("change", "8", ""), AS_ORDERED))
    assert "我们已收到您" in text(visitor.get())
    approval.cancel(order, actor=None)
    assert "已取消，请勿供货" in text(visitor.get())


def test_the_page_shows_the_revision_that_was_frozen(order, trade):
    product = trade.product
    product.name = "Renamed afterwards"
    product.save()
    assert "Renamed afterwards" not in text(Visitor(order).get())


def test_a_link_that_is_used_without_end_is_slowed_down(order):
    visitor = Visitor(order)
    statuses = [visitor.get("order.pdf").status_code for _ in range(MOST_PRINTS + 2)]
    assert statuses == [200] * MOST_PRINTS + [429] * 2
    assert visitor.get().status_code == 200


def test_a_new_revision_forgets_what_was_said_about_the_old_one(order):
    Visitor(order).post(answers(order, ("change", "8", ""), AS_ORDERED))
    order.refresh_from_db()
    order.revision += 1
    order.save()
    forget_answer(order)
    assert seen(order) == ("sent", False, [None, None])
    assert queries.last_answer(order) is None
