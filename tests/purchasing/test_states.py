"""Every action in every state by every role: done, or refused, and then nothing has changed."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from purchasing.models import OutboundMail, PurchaseOrder
from purchasing.queries import on_order
from purchasing.services import approval, confirming
from purchasing.services.confirming import Said
from purchasing.services.receiving import Received, receive
from stock.models import Posting
from tests.factories import make_token

pytestmark = pytest.mark.django_db

ROLES = ("owner", "manager", "clerk", "viewer")
key = itertools.count()


# ---- how an order comes into each state ----------------------------------------------------------


def draft(trade):
    order = trade.draft(12_000)
    trade.draft(6_000, trade.list_product())
    return order


def queued(trade):
    return approval.approve(draft(trade), actor=trade.owner)


def sent(trade):
    return approval.approve(draft(trade), actor=trade.owner, by_mail=False)


def answered(trade):
    """Sent, with an answer that differs and waits."""
    order = sent(trade)
    said = [Said(line.pk, line.quantity - 1_000) for line in order.lines.all()]
    return confirming.answer(order, said, address=order.supplier.email)


def confirmed(trade):
    order = sent(trade)
    return confirming.answer(order, confirming.as_ordered(order), actor=trade.owner)


def partly_received(trade):
    order = sent(trade)
    receive(order, lines=[Received(trade.product.pk, 5_000)], key="before")
    return order


def received(trade):
    order = sent(trade)
    receive(
        order, lines=[Received(line.product_id, line.quantity) for line in order.lines.all()], key="before"
    )
    return order


def closed(trade):
    return approval.close(partly_received(trade), actor=trade.owner)


def cancelled(trade):
    return approval.cancel(sent(trade), actor=trade.owner)


STATES = (draft, queued, sent, answered, confirmed, partly_received, received, closed, cancelled)

# Action -> the states in which it is allowed, and the state after it; then who may.
ALLOWED: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "approve": ({"draft": "queued"}, ("owner", "manager")),
    "undo": ({"queued": "draft"}, ("owner", "manager")),
    "confirm": (
        {"sent": "confirmed", "answered": "confirmed", "confirmed": "confirmed"},
        ("owner", "manager"),
    ),
    "accept": ({"answered": "confirmed"}, ("owner", "manager")),
    "receive": (
        {
            "sent": "partly_received",
            "answered": "partly_received",
            "confirmed": "partly_received",
            "partly_received": "partly_received",
        },
        ("owner", "manager", "clerk"),
    ),
    "close": ({"partly_received": "closed", "received": "closed"}, ("owner", "manager")),
    "reopen": ({"closed": "partly_received"}, ("owner", "manager")),
    "cancel": (
        dict.fromkeys(("draft", "queued", "sent", "answered", "confirmed"), "cancelled"),
        ("owner", "manager"),
    ),
}


def everything(order):
    """All that an action could change."""
    lines = list(order.lines.order_by("id").values())
    return PurchaseOrder.objects.filter(pk=order.pk).values().get(), lines, counts(order)


def counts(order):
    return Posting.objects.count(), order.mails.count(), order.answers.count(), order.revisions.count()


def body_of(action, trade):
    return {"lines": [{"sku": trade.product.sku, "quantity": "1"}]} if action == "receive" else {}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", ALLOWED)
@pytest.mark.parametrize("state", STATES, ids=lambda make: make.__name__)
def test_an_action_is_done_or_refused(shop, trade, state, action, role):
    order = state(trade)
    order.refresh_from_db()
    before = everything(order)
    states, roles = ALLOWED[action]
    _token, secret = make_token(role)
    answer = Client().post(
        f"/api/v1/shops/{shop.slug}/orders/{order.number}/{action}/",
        body_of(action, trade),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": f"key-{next(key)}"},
    )
    order.refresh_from_db()
    if role not in roles:
        assert (answer.status_code, everything(order)) == (403, before)
    elif state.__name__ not in states:
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict"), answer.json()
        assert everything(order) == before
    else:
        assert answer.status_code in (200, 201), answer.json()
        assert order.state == states[state.__name__]


@pytest.mark.parametrize("state", STATES, ids=lambda make: make.__name__)
def test_on_order_counts_what_may_still_come(trade, state):
    order = state(trade)
    expected = {
        "queued": [12_000, 6_000],
        "sent": [12_000, 6_000],
        "answered": [11_000, 5_000],
        "confirmed": [12_000, 6_000],
        "partly_received": [7_000, 6_000],
    }.get(state.__name__, [])
    assert order.state
    assert sorted(on_order(trade.warehouse).values(), reverse=True) == expected


# ---- the API of what suppliers say ---------------------------------------------------------------


@pytest.fixture
def call(shop):
    def send(order, action, body=None, **headers):
        _token, secret = make_token("manager")
        return Client().post(
            f"/api/v1/shops/{shop.slug}/orders/{order.number}/{action}/",
            body or {},
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"} | headers,
        )

    return send


def test_what_the_supplier_said_on_the_telephone_is_agreed(call, trade):
    order = sent(trade)
    day = (order.asked_on + timedelta(days=3)).isoformat()
    body = {"lines": [{"sku": trade.product.sku, "quantity": "8", "on": day}], "reference": "SO 1"}
    answer = call(order, "confirm", body).json()
    assert (answer["state"], answer["answer_open"]) == ("confirmed", False)
    first, second = answer["lines"]
    assert (first["confirmed_quantity"], first["confirmed_on"]) == ("8", day)
    assert (second["confirmed_quantity"], second["confirmed_on"]) == ("6", order.asked_on.isoformat())
    assert answer["expected_on"] == order.asked_on.isoformat()
    said = order.answers.get()
    assert (said.reference, said.address, said.actor) == ("SO 1", "", None)
    assert call(order, "confirm", body).status_code == 200
    assert order.answers.count() == 1


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ({"quantity": "13"}, "lines[0].quantity"),
        ({"quantity": "-1"}, "lines[0].quantity"),
        ({"quantity": "1e3"}, "lines[0].quantity"),
        ({"on": "2026-02-30"}, "lines[0].on"),
        ({"on": "9999-01-01"}, "lines[0].on"),
        ({"sku": "unknown"}, "lines[0].sku"),
        ({"more": 1}, "lines[0].more"),
    ],
)
def test_a_bad_answer_names_the_place(call, trade, line, place):
    order = sent(trade)
    answer = call(order, "confirm", {"lines": [{"sku": trade.product.sku} | line]})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [place])
    assert not order.answers.exists()


def test_damage_comes_over_the_api_too(call, trade):
    order = sent(trade)
    line = {"sku": trade.product.sku, "quantity": "12", "damaged": "2"}
    refused = call(order, "receive", {"lines": [line]}, **{"Idempotency-Key": "k"})
    assert (refused.status_code, list(refused.json()["fields"])) == (400, ["reason"])
    body = {"lines": [line], "reason": "dented", "send_back": True}
    assert call(order, "receive", body, **{"Idempotency-Key": "k"}).status_code == 201
    assert order.lines.order_by("id").first().received == 10_000


def test_close_tells_the_supplier_if_asked(call, shop, trade):
    shop.order_grace_minutes = 0
    shop.save()
    order = queued(trade)
    OutboundMail.objects.update(state="sent", sent_at=timezone.now())
    PurchaseOrder.objects.filter(pk=order.pk).update(state="sent", sent_at=timezone.now())
    receive(order, lines=[Received(trade.product.pk, 5_000)], key="k")
    assert call(order, "close", {"tell_supplier": True}).json()["state"] == "closed"
    assert order.mails.filter(kind="closing").count() == 1
