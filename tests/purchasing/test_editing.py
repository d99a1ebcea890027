"""Pages on which a draft and a sent order are changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Barcode, CurrencyRate
from common.units import RATE_SCALE
from purchasing import queries
from purchasing.models import OutboundMail
from purchasing.services import ProposedLine, approval, outbox, propose
from tests.factories import make_member, make_product, make_supplier, make_warehouse
from tests.pages import Visitor
from tests.purchasing.conftest import set_terms

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(shop):
    """The owner's browser: gets and sends by the path under the shop."""
    client = Client()
    client.force_login(make_member(shop, "owner"))

    def send(path, data=None):
        address = f"/{shop.slug}/{path}"
        answer = client.get(address, follow=True) if data is None else client.post(address, data, follow=True)
        return answer.content.decode()

    return send


def saved(visit, order, **fields):
    """Save the lines form as it stands with `fields` (q: quantity, p: price of the first line) typed over."""
    order.refresh_from_db()
    data = {"note": order.note, "wanted_on": order.wanted_on or ""}
    for line in order.lines.all():
        data |= {f"line-{line.pk}": str(line.quantity // 1000), f"price-{line.pk}": "4.60"}
    first = order.lines.order_by("id").first()
    names = {"q": f"line-{first.pk}", "p": f"price-{first.pk}"}
    return visit(f"orders/{order.number}/lines/", data | {names.get(k, k): v for k, v in fields.items()})


def test_a_typed_price_stays_and_an_emptied_one_is_the_suppliers_again(visit, trade):
    order = trade.draft(12_000)
    shown = saved(visit, order, p="4,10")
    assert "price typed by hand" in shown
    assert "£49.20" in shown
    assert order.lines.get().unit_cost == 4_100_000
    saved(visit, order, p="")
    assert order.lines.values_list("unit_cost", "is_price_typed").get() == (4_600_000, False)
    for wrong in ("x", "-1", "9" * 20):
        assert "Nothing was saved" in saved(visit, order, p=wrong)


def test_the_wanted_day_is_saved_and_a_past_one_is_said_at_its_field(visit, trade):
    order = trade.draft()
    day = timezone.localdate() + timedelta(days=20)
    saved(visit, order, wanted_on=day.isoformat())
    order.refresh_from_db()
    assert order.wanted_on == day
    assert "Ask for a day from today on" in saved(visit, order, wanted_on="2020-01-01")
    assert "Enter a valid date" in saved(visit, order, wanted_on="soon")


def test_a_misfit_warns_and_rounds_up_by_its_button(visit, trade):
    order = trade.draft(24_000, trade.list_product(pack=12_000))
    shown = saved(visit, order, q="25")
    assert "25 is not a whole number of packs of 12" in shown
    assert "Round up to 36" in shown
    assert "Approve £" in shown
    visit(f"orders/{order.number}/lines/{order.lines.get().pk}/round/", {})
    assert order.lines.get().quantity == 36_000


def test_all_lines_go_back_to_suggested_by_one_button(visit, trade):
    lines = [ProposedLine(trade.product.pk, 12_000, 1, {})]
    order = propose(supplier=trade.supplier, warehouse=trade.warehouse, lines=lines)
    assert "One line back to suggested" in saved(visit, order, q="30")
    visit(f"orders/{order.number}/lines/back/", {})
    assert order.lines.get().quantity == 12_000


def test_a_product_is_found_by_barcode_or_words_of_its_name(visit, trade):
    order = trade.draft()
    product = make_product(sku="NC-233", name="Tin candle, fir & clove")
    set_terms(trade.supplier, product, pack=12_000, minimum_quantity=20_000)
    make_product(name="Tin of somebody else")
    Barcode.objects.create(product=product, code="4006381333931")
    add = f"orders/{order.number}/lines/add/"
    shown = visit(add, {"sku": "tin", "quantity": ""})
    assert "Which one?" in shown
    assert "NC-233" in shown
    assert "somebody else" not in shown
    visit(add, {"sku": "4006381333931", "quantity": ""})
    assert order.lines.get(product=product).quantity == 24_000
    assert "has this code or name" in visit(add, {"sku": "tin", "quantity": ""})


def test_a_missing_rate_is_said_with_a_way_to_enter_it(visit, trade, shop):
    trade.supplier.currency = "EUR"
    trade.supplier.save()
    order = trade.draft()
    shown = visit(f"orders/{order.number}/")
    assert "No exchange rate is known for EUR" in shown
    assert "€55.20" in shown
    assert "No exchange rate is known for EUR" in visit(f"orders/{order.number}/approve/", {})
    CurrencyRate.objects.create(currency="EUR", day=timezone.localdate(), rate=RATE_SCALE // 2)
    shown = visit(f"orders/{order.number}/approve/", {})
    assert "1 EUR = 0.50 GBP" in shown
    assert "£27.60" in shown


def test_orders_are_filtered_searched_and_valued(visit, trade):
    first = trade.draft()
    other, place = make_supplier(name="Kiln & Co", currency="EUR"), make_warehouse(name="Barn")
    set_terms(other, trade.product)
    trade.supplier, trade.warehouse = other, place
    second = trade.draft()
    CurrencyRate.objects.create(currency="EUR", day=timezone.localdate(), rate=RATE_SCALE // 2)
    both = visit("orders/")
    assert first.number in both
    assert "€55.20" in both
    assert "£27.60" in both
    for query in (f"supplier={other.pk}", f"warehouse={place.pk}", "search=kiln", f"search={second.number}"):
        shown = visit(f"orders/?{query}")
        assert second.number in shown
        assert first.number not in shown
    assert "No order fits" in visit("orders/?search=nowhere")
    for query in ("supplier=x", "warehouse=99999999999999999999", "search=%00", "search=" + "x" * 200):
        assert "Orders" in visit(f"orders/?{query}")


def test_a_sent_order_is_changed_on_its_page_and_undone(visit, trade, shop):
    shop.order_grace_minutes = 10
    shop.save()
    order = approval.approve(trade.draft(12_000), actor=trade.owner)
    approval.send_now(order, actor=trade.owner)
    outbox.deliver(shop, order.mails.get().pk)
    order.refresh_from_db()
    name = f"line-{order.lines.get().pk}"
    path = f"orders/{order.number}/change/"
    assert "was 12" in visit(path)
    same = {
        name: "12",
        "wanted_on": order.asked_on.isoformat(),
        "note": "",
        "add-sku": "",
        "add-quantity": "",
    }
    assert "Nothing was different" in visit(path, same)
    for wrong, said in ((same | {name: "x"}, "is not a number"), (same | {name: "1.5"}, "whole units")):
        assert said in visit(path, wrong)
    new = trade.list_product()
    shown = visit(path, same | {name: "18", "add-sku": new.sku, "add-quantity": "6"})
    assert "The change leaves as revision 2 at" in shown
    assert "12 → 18" in shown
    assert order.lines.count() == 2
    shown = visit(f"orders/{order.number}/change/undo/", {})
    assert "the supplier never hears of it" in shown
    assert order.lines.get().quantity == 12_000
    assert "is not open any more" in visit(f"orders/{trade.draft().number}/change/")


def test_a_failed_mail_goes_to_a_corrected_address_and_the_catalogue_learns_it(visit, trade, shop):
    order = approval.approve(trade.draft(), actor=trade.owner)
    OutboundMail.objects.update(state="failed", last_error="550 no such person")
    assert [mail.order_id for mail in queries.mail_trouble()] == [order.pk]
    mail = OutboundMail.objects.get()
    assert "Send again to another address" in visit(f"mails/{mail.pk}/")
    assert "Enter a valid email" in visit(f"mails/{mail.pk}/send/", {"to": "nobody"})
    visit(f"mails/{mail.pk}/send/", {"to": "right@supplier.example", "keep": "on"})
    outbox.deliver(shop, mail.pk)
    mail.refresh_from_db()
    trade.supplier.refresh_from_db()
    assert (mail.to, mail.state) == ("right@supplier.example", "sent")
    assert trade.supplier.email == "right@supplier.example"
    assert queries.mail_trouble() == []


def test_a_mail_that_is_still_tried_is_trouble_too_and_a_fresh_one_is_not(visit, trade):
    approval.approve(trade.draft(), actor=trade.owner)
    assert queries.mail_trouble() == []
    OutboundMail.objects.update(last_error="451 busy")
    assert len(queries.mail_trouble()) == 1


def test_saving_a_page_that_was_opened_before_the_night_takes_nothing_of_the_night_back(shop, trade):
    lines = [ProposedLine(trade.product.pk, 12_000, 4_600_000, {})]
    other = trade.list_product()
    lines.append(ProposedLine(other.pk, 5_000, 4_600_000, {}))
    order = propose(supplier=trade.supplier, warehouse=trade.warehouse, lines=lines)
    owner = Visitor(shop, "owner")
    page = owner.get("order", order.number)
    sent = {name: value for row in page.context["rows"] for name, value in row["was"]}
    sent |= {name.removeprefix("was-"): value for name, value in sent.items()}
    assert all(f'name="{name}"' in page.text for name in sent)
    # The night wants more of the first, at another price; the owner changes the second.
    trade.supplier.terms.filter(product=trade.product).update(unit_cost=4_000_000)
    propose(
        supplier=trade.supplier,
        warehouse=trade.warehouse,
        lines=[ProposedLine(trade.product.pk, 30_000, 4_000_000, {}), lines[1]],
    )
    second = order.lines.get(product=other)
    answer = owner.post("order_lines", order.number, **sent | {f"line-{second.pk}": "7", "note": ""})
    assert answer.status_code == 302
    first, second = order.lines.order_by("id")
    assert (first.quantity, first.unit_cost, first.is_edited, first.is_price_typed) == (
        30_000,
        4_000_000,
        False,
        False,
    )
    assert (second.quantity, second.is_edited) == (7_000, True)
