"""Automatic approval: off until switched on, and never beyond what the owner said."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from purchasing.models import OrderLimits, OutboundMail, PurchaseOrder
from purchasing.services import ProposedLine, approval, drafts, propose
from purchasing.services.limits import approve_within_limits, spent_by_itself
from tenancy.models import AuditEvent
from tests.factories import make_member
from tests.pages import Visitor
from tests.purchasing.conftest import make_trade

pytestmark = pytest.mark.django_db


def proposed(trade, quantity=12_000):
    """The night's draft: 12 units at 4.60, 55.20."""
    line = ProposedLine(trade.product.pk, quantity, 4_600_000, {"parts": [], "text": ""})
    return propose(supplier=trade.supplier, warehouse=trade.warehouse, lines=[line])


def allow(**limits):
    OrderLimits.objects.all().delete()
    return OrderLimits.objects.create(**{"approves": True, "only_known": False, "per_order": 400_00} | limits)


def decided(*orders):
    return [decision.reason for decision in approve_within_limits(orders)]


def state(order):
    order.refresh_from_db()
    return order.state


def test_nothing_leaves_by_itself_before_the_owner_says_so(trade):
    order = proposed(trade)
    assert approve_within_limits([order]) == []
    allow(approves=False)
    assert approve_within_limits([order]) == []
    assert state(order) == "draft"


def test_inside_the_limits_an_order_is_queued_with_a_grace_of_its_own(trade):
    allow(grace_minutes=480)
    order = proposed(trade)
    assert decided(order) == [""]
    assert (state(order), order.is_automatic, order.approved_by) == ("queued", True, None)
    mail = OutboundMail.objects.get()
    assert mail.not_before - order.approved_at == timedelta(hours=8)
    event = AuditEvent.objects.get(action="order.approved")
    assert event.after["by"] == "night"
    assert decided(order) == []  # a second night finds no draft


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"per_order": 55_19}, "Over the limit per order: 55.20 > 55.19."),
        ({"per_week": 55_19}, "Over the limit for seven days: 0.00 + 55.20 > 55.19."),
        ({"only_known": True}, "was never ordered from this supplier before"),
    ],
)
def test_beyond_a_limit_the_order_waits_and_keeps_the_reason_once(trade, limits, reason):
    allow(**limits)
    order = proposed(trade)
    for _night in range(2):
        assert reason in decided(order)[0]
    assert state(order) == "draft"
    assert reason in order.held_because
    assert AuditEvent.objects.filter(action="order.not_approved").count() == 1
    approval.approve(order, actor=trade.owner)
    order.refresh_from_db()
    assert (order.held_because, order.is_automatic) == ("", False)


def test_the_limit_itself_is_allowed(trade):
    allow(per_order=55_20, per_week=55_20)
    assert decided(proposed(trade)) == [""]


def test_a_week_counts_what_nights_approved_and_forgets_what_was_undone_or_is_long_ago(shop, trade):
    allow(per_week=120_00)
    first, second, third = (proposed(each) for each in (trade, make_trade(shop), make_trade(shop)))
    by_hand = approval.approve(make_trade(shop).draft(90_000), actor=trade.owner)
    assert decided(first, second, third) == [
        "",
        "",
        "Over the limit for seven days: 110.40 + 55.20 > 120.00.",
    ]
    assert spent_by_itself() == 110_40
    assert by_hand.approved_at
    approval.undo_approval(first, actor=trade.owner)
    assert spent_by_itself() == 55_20
    assert decided(third) == [""]
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert spent_by_itself() == 0


def test_what_a_person_touched_or_took_back_waits_for_people(trade):
    allow()
    order = proposed(trade)
    assert decided(order) == [""]
    approval.undo_approval(order, actor=trade.owner)
    assert "was undone" in decided(order)[0]
    order.refresh_from_db()
    assert (order.state, order.only_by_hand) == ("draft", True)


def test_a_line_changed_by_hand_holds_the_order(trade):
    allow()
    order = proposed(trade)
    drafts.set_quantity(order.lines.get(), quantity=6_000, actor=trade.owner)
    assert "changed it by hand" in decided(order)[0]


def test_below_the_minimum_or_without_an_address_or_a_rate_nothing_leaves(trade):
    allow()
    order = proposed(trade)
    trade.supplier.minimum_order_value = 100_00
    trade.supplier.save()
    assert decided(order) == ["Below the supplier's minimum: 55.20 < 100.00."]
    trade.supplier.minimum_order_value = 0
    trade.supplier.email = ""
    trade.supplier.save()
    assert "has no e-mail address" in decided(order)[0]
    PurchaseOrder.objects.update(currency="EUR")
    assert decided(order) == ["No exchange rate is known for EUR."]


def test_known_products_are_those_the_supplier_was_sent(trade):
    allow(only_known=True)
    approval.approve(trade.draft(), actor=trade.owner, by_mail=False)
    assert decided(proposed(trade)) == [""]


# ---- the page ------------------------------------------------------------------------------------


@pytest.fixture
def page(shop):
    client = Client()
    client.force_login(make_member(shop, "owner"))
    path = f"/{shop.slug}/settings/orders/"
    return lambda data=None: client.get(path) if data is None else client.post(path, data, follow=True)


FORM = {"per_order": "400", "per_week": "", "grace_minutes": "60", "answer_days": "3"}


def test_the_owner_sets_limits_and_the_audit_tells(page):
    assert "Orders" in page().content.decode()
    answer = page(FORM | {"approves": "on", "only_known": "on"})
    assert "The settings were saved." in answer.content.decode()
    kept = OrderLimits.objects.get()
    assert (kept.approves, kept.per_order, kept.per_week, kept.only_known) == (True, 400_00, None, True)
    page(FORM | {"per_week": "1500.50"})
    kept = OrderLimits.objects.get()
    assert (kept.approves, kept.per_week) == (False, 1_500_50)
    assert AuditEvent.objects.filter(action="limits.changed").count() == 2


@pytest.mark.parametrize(
    ("field", "typed", "fault"),
    [
        ("per_order", "", "Set a limit per order"),
        ("per_order", "-1", "or more"),
        ("per_order", "many", "is not a number"),
        ("per_order", "1.234", "decimals"),
        ("grace_minutes", "1441", "less than or equal to 1440"),
        ("grace_minutes", "", "required"),
        ("answer_days", "40000", "365 or less"),
        ("answer_days", "99999999999", "365 or less"),
    ],
)
def test_a_wrong_limit_is_said_at_its_field(page, field, typed, fault):
    answer = page(FORM | {"approves": "on", field: typed})
    assert fault in answer.content.decode()
    assert not OrderLimits.objects.exists()


def test_who_sees_no_costs_reads_that_the_night_left_an_order_but_no_amounts(shop, trade):
    allow(per_order=55_19)
    order = proposed(trade)
    decided(order)
    pages = {
        role: Visitor(shop, role).get("order", order.number).text for role in ("owner", "clerk", "viewer")
    }
    for role, page in pages.items():
        assert "The night left this order to you." in page
        assert "Not approved by the night" in page
        assert ("55.2" in page) == ("55.19" in page) == (role == "owner")
