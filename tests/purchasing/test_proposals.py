from __future__ import annotations

import pytest
import time_machine

from catalog.models import PriceBreak
from common.errors import Conflict
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.queries import on_order
from purchasing.services import ProposedLine, drafts, propose
from tenancy.models import AuditEvent

pytestmark = pytest.mark.django_db


def wanted(product, quantity, cost=4_600_000, text=""):
    return ProposedLine(product.pk, quantity, cost, {"parts": [], "text": text})


def lines_of(order):
    return {line.product_id: (line.quantity, line.suggested) for line in order.lines.all()}


def suggest(trade, *lines):
    return propose(supplier=trade.supplier, warehouse=trade.warehouse, lines=lines)


def test_the_same_proposal_again_changes_nothing(trade):
    order = suggest(trade, wanted(trade.product, 12_000))
    events = AuditEvent.objects.count()
    assert suggest(trade, wanted(trade.product, 12_000)) == order
    assert lines_of(order) == {trade.product.pk: (12_000, 12_000)}
    assert AuditEvent.objects.count() == events


def test_a_new_night_revises_the_open_draft_and_adds_no_second_one(trade):
    other = trade.list_product()
    order = suggest(trade, wanted(trade.product, 12_000), wanted(other, 6_000))
    trade.supplier.terms.update(unit_cost=5_000_000)
    again = suggest(trade, wanted(trade.product, 24_000, 5_000_000, "more"))
    assert again == order
    line = order.lines.get()
    assert (line.quantity, line.suggested, line.unit_cost) == (24_000, 24_000, 5_000_000)
    assert line.reason["text"] == "more"


def test_a_line_that_a_person_changed_keeps_their_quantity_beside_the_new_suggestion(trade):
    order = suggest(trade, wanted(trade.product, 12_000))
    drafts.set_quantity(order.lines.get(), quantity=30_000, actor=trade.owner)
    suggest(trade, wanted(trade.product, 18_000))
    assert lines_of(order) == {trade.product.pk: (30_000, 18_000)}
    suggest(trade)
    assert lines_of(order) == {trade.product.pk: (30_000, 0)}


def test_a_line_that_a_person_removed_stays_removed_until_back_to_suggested(trade):
    order = suggest(trade, wanted(trade.product, 12_000))
    drafts.remove_line(order.lines.get(), actor=trade.owner)
    suggest(trade, wanted(trade.product, 18_000))
    assert lines_of(order) == {trade.product.pk: (0, 18_000)}
    drafts.back_to_suggested(order.lines.get(), actor=trade.owner)
    assert lines_of(order) == {trade.product.pk: (18_000, 18_000)}


def test_an_empty_proposal_lays_the_draft_aside_and_the_next_one_uses_its_number_again(trade):
    number = suggest(trade, wanted(trade.product, 12_000)).number
    assert suggest(trade) is None
    assert not PurchaseOrder.objects.filter(state="draft").exists()
    assert suggest(trade) is None
    assert suggest(trade, wanted(trade.product, 6_000)).number == number
    assert PurchaseOrder.objects.count() == 1


def test_a_line_added_by_hand_survives_a_night_that_wants_nothing(trade):
    order = trade.draft()
    assert suggest(trade) == order
    assert lines_of(order) == {trade.product.pk: (12_000, None)}


def test_a_line_is_revised_in_a_fixed_number_of_queries(trade, django_assert_max_num_queries):
    products = [trade.list_product() for _ in range(30)]
    suggest(trade, *(wanted(product, 1_000) for product in products))
    with django_assert_max_num_queries(9):
        suggest(trade, *(wanted(product, 2_000) for product in products))


def test_nonsense_is_refused_before_anything_is_made(trade):
    for lines in ([wanted(trade.product, 0)], [wanted(trade.product, 1), wanted(trade.product, 2)]):
        with pytest.raises(ValueError, match=r"quantity > 0|proposed twice"):
            suggest(trade, *lines)
    assert not PurchaseOrder.objects.exists()


def test_a_proposal_after_approval_opens_a_new_draft(trade):
    order = suggest(trade, wanted(trade.product, 12_000))
    PurchaseOrder.objects.filter(pk=order.pk).update(state="queued")
    assert suggest(trade, wanted(trade.product, 6_000)) != order
    with pytest.raises(Conflict):
        drafts.set_quantity(order.lines.get(), quantity=1_000, actor=trade.owner)


def test_on_order_is_what_is_open_on_every_order_that_left_the_draft(trade):
    for state, received in (("queued", 0), ("sent", 0), ("partly_received", 5_000), ("received", 12_000)):
        order = trade.draft()
        PurchaseOrderLine.objects.filter(order=order).update(received=received)
        PurchaseOrder.objects.filter(pk=order.pk).update(state=state)
    for state in ("closed", "cancelled"):
        order = trade.draft()
        PurchaseOrder.objects.filter(pk=order.pk).update(state=state)
    trade.draft()
    assert on_order(trade.warehouse) == {trade.product.pk: 12_000 + 12_000 + 7_000}


def test_a_line_remembers_what_was_suggested_before_and_since_when(trade):
    with time_machine.travel("2026-11-22 02:00Z"):
        order = suggest(trade, wanted(trade.product, 12_000))
    line = order.lines.get()
    assert (line.suggested_before, line.suggested_at.isoformat()[:10]) == (None, "2026-11-22")
    for day in ("23", "24"):  # the second night says the same again
        with time_machine.travel(f"2026-11-{day} 02:00Z"):
            suggest(trade, wanted(trade.product, 18_000))
    line = order.lines.get()
    assert (line.suggested_before, line.suggested) == (12_000, 18_000)
    assert line.suggested_at.isoformat()[:10] == "2026-11-23"


def test_a_proposal_takes_the_suppliers_price_for_the_quantity_and_leaves_a_typed_one(trade):
    terms = trade.supplier.terms.get()
    PriceBreak.objects.create(terms=terms, minimum_quantity=24_000, unit_cost=4_000_000)
    order = suggest(trade, wanted(trade.product, 24_000, cost=1))
    assert order.lines.get().unit_cost == 4_000_000
    drafts.set_price(order.lines.get(), unit_cost=3_000_000, actor=None)
    suggest(trade, wanted(trade.product, 12_000))
    assert order.lines.values_list("quantity", "unit_cost").get() == (12_000, 3_000_000)
