from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from catalog.models import CurrencyRate
from common.units import RATE_SCALE
from purchasing.models import PurchaseOrder
from purchasing.services import approval
from stock.models import Balance
from tests.factories import make_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(shop):
    def send(method, path, body=None, *, role="manager", key=None):
        _token, secret = make_token(role)
        headers = {"Authorization": f"Bearer {secret}"} | ({"Idempotency-Key": key} if key else {})
        return getattr(Client(), method)(
            f"/api/v1/shops/{shop.slug}/orders/{path}",
            body,
            content_type="application/json",
            headers=headers,
        )

    return send


def test_an_order_is_read_approved_undone_approved_and_received(call, trade, shop):
    order = trade.draft(12_000)
    (listed,) = call("get", "").json()["results"]
    assert (listed["number"], listed["state"], listed["total"]) == (order.number, "draft", "55.20")
    assert call("post", f"{order.number}/approve/").json()["state"] == "queued"
    assert call("post", f"{order.number}/approve/").status_code == 409
    assert call("post", f"{order.number}/undo/").json()["state"] == "draft"
    approval.approve(order, actor=None, by_mail=False)
    body = {"lines": [{"sku": trade.product.sku.lower(), "quantity": "5"}]}
    first = call("post", f"{order.number}/receive/", body, key="k1", role="clerk")
    assert (first.status_code, first.json()["lines"]) == (201, [{"sku": trade.product.sku, "on_hand": "5"}])
    again = call("post", f"{order.number}/receive/", body, key="k1", role="clerk")
    assert (again.status_code, again.json()) == (201, first.json())
    other = {"lines": [{"sku": trade.product.sku, "quantity": "6"}]}
    reused = call("post", f"{order.number}/receive/", other, key="k1", role="clerk")
    assert (reused.status_code, reused.json()["code"]) == (409, "idempotency_key_reused")
    assert Balance.objects.get().on_hand == 5_000
    shown = call("get", f"{order.number}/").json()
    assert (shown["state"], shown["lines"][0]["received"]) == ("partly_received", "5")


def test_more_than_ordered_needs_a_word(call, trade):
    order = approval.approve(trade.draft(12_000), actor=None, by_mail=False)
    body = {"lines": [{"sku": trade.product.sku, "quantity": "13"}]}
    refused = call("post", f"{order.number}/receive/", body, key="k")
    assert (refused.status_code, refused.json()["code"]) == (409, "more_than_ordered")
    assert "lines[0].quantity" in refused.json()["fields"]
    body["accept_more"] = True
    assert call("post", f"{order.number}/receive/", body, key="k").status_code == 201


def test_roles_without_costs_see_none_and_approve_nothing(call, trade):
    order = trade.draft()
    for role in ("clerk", "viewer"):
        answer = call("get", f"{order.number}/", role=role).json()
        assert "total" not in answer
        assert not {"unit_cost", "total"} & answer["lines"][0].keys()
        assert call("post", f"{order.number}/approve/", role=role).status_code == 403
    assert call("post", f"{order.number}/receive/", {}, role="viewer").status_code == 403


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ([], ""),
        ({}, "lines"),
        ({"lines": []}, "lines"),
        ({"lines": [{"sku": "nowhere", "quantity": "1"}]}, "lines[0].sku"),
        ({"lines": [{"sku": "SKU", "quantity": "one"}]}, "lines[0].quantity"),
        ({"lines": [{"sku": "SKU", "quantity": "-1"}]}, "lines[0].quantity"),
        ({"lines": [{"sku": "SKU", "quantity": "1"}], "accept_more": "yes"}, "accept_more"),
        ({"lines": [{"sku": "SKU", "quantity": "1"}] * 2}, "lines[1].sku"),
        ({"lines": [{"sku": "SKU", "quantity": "1", "cost": 1}]}, "lines[0].cost"),
    ],
)
def test_bad_receipts_name_the_place_and_take_nothing_in(call, trade, body, place):
    trade.product.sku = "SKU"
    trade.product.save()
    order = approval.approve(trade.draft(), actor=None, by_mail=False)
    answer = call("post", f"{order.number}/receive/", body, key="k")
    assert answer.status_code == 400
    assert place in answer.json()["fields"]
    assert not Balance.objects.exists()


def test_a_receipt_without_a_key_is_refused(call, trade):
    order = approval.approve(trade.draft(), actor=None, by_mail=False)
    body = {"lines": [{"sku": trade.product.sku, "quantity": "1"}]}
    for key in (None, "k" * 101):
        answer = call("post", f"{order.number}/receive/", body, key=key)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["Idempotency-Key"])


def test_the_list_goes_on_by_cursor_and_filters_by_state(call, trade):
    for _ in range(3):
        approval.approve(trade.draft(), actor=None, by_mail=False)
    trade.draft()
    seen, cursor = [], ""
    while cursor is not None:
        page = call("get", f"?limit=2&state=sent&cursor={cursor}").json()
        seen += [order["number"] for order in page["results"]]
        cursor = page["next"]
    sent = PurchaseOrder.objects.filter(state="sent").order_by("-id").values_list("number", flat=True)
    assert seen == list(sent)
    for bad in ("cursor=x", "state=lost", "limit=0"):
        assert call("get", f"?{bad}").status_code == 400


def test_an_unknown_order_is_not_found(call, shop):
    for path in ("PO-1/", "%00/", "PO-1/approve/"):
        assert call("post" if "approve" in path else "get", path).status_code in {400, 404}


def test_a_draft_is_made_and_made_again_the_same(call, trade):
    body = {
        "supplier": trade.supplier.name,
        "warehouse": trade.warehouse.code,
        "note": "Upright",
        "lines": [{"sku": trade.product.sku.lower(), "quantity": "12", "unit_cost": "4.10"}],
    }
    made = call("post", "", body)
    assert made.status_code == 201
    answer = made.json()
    assert (answer["note"], answer["net"], answer["total"]) == ("Upright", "49.20", "49.20")
    again = call("post", "", body)
    assert (again.status_code, again.json()["number"]) == (200, answer["number"])
    assert PurchaseOrder.objects.count() == 1


def test_lines_of_a_draft_are_changed_added_and_taken_off(call, trade):
    order = trade.draft(12_000)
    packed = trade.list_product(pack=12_000)
    lines = [{"sku": trade.product.sku, "quantity": "0"}, {"sku": packed.sku, "quantity": "13"}]
    answer = call("patch", f"{order.number}/", {"lines": lines, "wanted_on": "2099-01-01"})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["wanted_on"])
    assert order.lines.get().product == trade.product
    answer = call("patch", f"{order.number}/", {"lines": lines}).json()
    (line,) = answer["lines"]
    assert (line["sku"], line["is_edited"]) == (packed.sku, True)
    assert "packs of 12" in line["warning"]


def test_a_sent_order_is_changed_as_its_next_revision(call, trade):
    order = approval.approve(trade.draft(12_000), actor=None, by_mail=False)
    sku = trade.product.sku
    answer = call("patch", f"{order.number}/", {"lines": [{"sku": sku, "quantity": "18"}]}).json()
    assert (answer["revision"], answer["lines"][0]["quantity"]) == (2, "18")
    for line, place in (
        ({"sku": sku, "quantity": "1.5"}, "lines[0].quantity"),
        ({"sku": sku, "quantity": "18", "unit_cost": "1"}, "lines[0].unit_cost"),
    ):
        refused = call("patch", f"{order.number}/", {"lines": [line]})
        assert (refused.status_code, list(refused.json()["fields"])) == (400, [place])


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"supplier": "nobody"}, "supplier"),
        ({"warehouse": "nowhere"}, "warehouse"),
        ({"lines": [{"sku": "nothing", "quantity": "1"}]}, "lines[0].sku"),
        ({"lines": [{"sku": "SKU", "quantity": "x"}]}, "lines[0].quantity"),
        ({"lines": [{"sku": "SKU", "quantity": "1.5"}]}, "lines[0].quantity"),
        ({"lines": [{"sku": "SKU", "quantity": "1"}] * 2}, "lines[1].sku"),
        ({"lines": [{"sku": "SKU", "quantity": "1", "unit_cost": "-1"}]}, "lines[0].unit_cost"),
        ({"wanted_on": "soon"}, "wanted_on"),
        ({"note": 7}, "note"),
        ({"more": 1}, "more"),
    ],
)
def test_a_bad_draft_names_the_place_and_makes_nothing(call, trade, body, place):
    trade.product.sku = "SKU"
    trade.product.save()
    whole = {"supplier": trade.supplier.name, "warehouse": trade.warehouse.code} | body
    answer = call("post", "", whole)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [place])
    assert not PurchaseOrder.objects.exists()


def test_orders_are_filtered_by_supplier_warehouse_and_search(call, trade):
    order = trade.draft()
    name = trade.supplier.name
    for query, count in (
        (f"supplier={name}", 1),
        (f"warehouse={trade.warehouse.code}", 1),
        (f"search={name[:6].lower()}", 1),
        (f"search={order.number[-4:]}", 1),
        ("supplier=other", 0),
        ("search=other", 0),
    ):
        assert len(call("get", f"?{query}").json()["results"]) == count


def test_the_pdf_is_for_those_who_see_costs(call, trade):
    order = trade.draft()
    answer = call("get", f"{order.number}/pdf/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF")
    assert call("get", f"{order.number}/pdf/", role="clerk").status_code == 403
    assert call("get", "PO-9/pdf/").json()["code"] == "not_found"


def test_an_order_in_another_currency_says_what_it_is_worth_to_the_shop(call, trade):
    trade.supplier.currency = "JPY"
    trade.supplier.save()
    trade.supplier.terms.update(unit_cost=5_000_000)
    order = trade.draft(12_000)
    answer = call("get", f"{order.number}/").json()
    assert (answer["currency"], answer["total"], answer["value"]) == ("JPY", "6000", None)
    refused = call("post", f"{order.number}/approve/")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_rate")
    CurrencyRate.objects.create(currency="JPY", day=date(2026, 1, 1), rate=52 * RATE_SCALE // 10_000)
    assert call("get", f"{order.number}/").json()["value"] == "31.20"
