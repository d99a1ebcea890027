from __future__ import annotations

import pytest
from django.test import Client

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
