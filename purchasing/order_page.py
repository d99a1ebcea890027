"""The page of one order: what all its views show, find and come back to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Product
from catalog.prices import Rate, rates_by_currency, terms_with_breaks
from common.errors import ParstockError
from common.templatetags.ui import day, quantity
from purchasing import queries
from purchasing.forms import AddLineForm, LinesForm, name_of, price_name_of, was_name_of
from purchasing.happenings import happenings
from purchasing.models import RECEIVABLE, OutboundMail, PurchaseOrder, PurchaseOrderLine
from purchasing.money import in_own_currency, totals_of
from purchasing.packs import misfit
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

State = PurchaseOrder.State
# A suggestion that came so long after the order was opened was not among its first.
FIRST_NIGHT = timedelta(hours=1)


def find_order(number: str) -> PurchaseOrder:
    orders = PurchaseOrder.objects.select_related("supplier", "warehouse", "shop")
    return get_object_or_404(orders, number=number)


def change_and_return(
    request: ShopRequest, found: PurchaseOrder, change: Callable[[], object], said: str
) -> HttpResponse:
    """Make a change and go to the order; a refusal is said there, and has changed nothing."""
    try:
        with transaction.atomic():
            change()
    except ParstockError as refusal:
        messages.error(request, refusal.detail)
    else:
        if said:
            messages.success(request, said)
    return back_to(request, found)


def back_to(request: ShopRequest, found: PurchaseOrder) -> HttpResponse:
    return redirect("order", request.shop.slug, found.number)


def show(
    request: ShopRequest,
    found: PurchaseOrder,
    *,
    form: LinesForm | None = None,
    add: AddLineForm | None = None,
    matches: list[Product] | None = None,
) -> HttpResponse:
    lines = list(found.lines.select_related("product__purchase_tax", "edited_by").order_by("id"))
    editable = found.is_draft and Permission.ORDERS_EDIT in request.permissions
    if not found.is_draft:
        lines = [line for line in lines if line.quantity]
    if editable:
        with_prices = Permission.COSTS_VIEW in request.permissions
        form = form or LinesForm(order=found, lines=lines, with_prices=with_prices)
        add = add or AddLineForm()
    totals = totals_of(found, lines)
    rates = rates_by_currency()
    context = {
        "order": found,
        "rows": _rows(found, lines, form),
        "form": form,
        "add": add,
        "matches": matches,
        "editable": editable,
        "edited": sum(1 for line in lines if line.is_edited or line.is_price_typed),
        "totals": totals,
        "total": totals.total,
        "is_foreign": found.currency != found.shop.currency,
        "own_value": in_own_currency(found, totals.net + totals.freight, rates),
        "lacks_rate": found.is_draft and found.currency not in rates,
        "old_rate": _old_rate(found, rates),
        "short_of_minimum": max(found.supplier.minimum_order_value - totals.net, 0) if lines else 0,
        "short_of_free": _short_of_free_freight(found, totals.net),
        "may_change": found.state in RECEIVABLE and Permission.ORDERS_EDIT in request.permissions,
        "mail": queries.open_mail(found),
        "last_mail": found.mails.exclude(state=OutboundMail.State.WITHDRAWN).defer("content").first(),
        "receipts": found.receipts.select_related("posting__actor").prefetch_related(
            "posting__movements__product"
        ),
        "steps": _steps(found),
        "happenings": happenings(found, with_costs=Permission.COSTS_VIEW in request.permissions),
        "may_reopen": found.state == State.CLOSED,
    }
    return render(request, "purchasing/order.html", context)


def _old_rate(found: PurchaseOrder, rates: dict[str, Rate]) -> Rate | None:
    """The rate at which a draft would be approved, where nobody has looked at it for a while."""
    rate = rates.get(found.currency) if found.is_draft else None
    return rate if rate and rate.is_old(timezone.localdate(timezone=found.shop.zone)) else None


def _short_of_free_freight(found: PurchaseOrder, net: int) -> int:
    threshold = found.supplier.free_freight_from
    return max(threshold - net, 0) if found.supplier.freight and threshold and net else 0


def _rows(
    found: PurchaseOrder, lines: list[PurchaseOrderLine], form: LinesForm | None
) -> list[dict[str, Any]]:
    terms = terms_with_breaks(found.supplier_id, [line.product_id for line in lines])
    rows = []
    for line in lines:
        term = terms.get(line.product_id)
        priced = form is not None and price_name_of(line) in form.fields
        row = {
            "line": line,
            "terms": term,
            "packs": term.packs_in(line.quantity) if term else None,
            "misfit": misfit(term, line.quantity) if found.is_draft else None,
            "field": form[name_of(line)] if form else None,
            "price": form[price_name_of(line)] if form and priced else None,
            "was": _hidden(form, line),
            "notes": _notes(found, line) if form else [],
            "may_go_back": line.is_price_typed or (line.is_edited and line.suggested is not None),
        }
        row["has_detail"] = bool(row["misfit"] or row["notes"] or line.reason)
        rows.append(row)
    return rows


def _hidden(form: LinesForm | None, line: PurchaseOrderLine) -> list[tuple[str, Any]]:
    """Names and values of what stood in the fields of a line."""
    names = [name for name in (name_of(line), price_name_of(line)) if form and name in form.fields]
    return [(was_name_of(name), form.stood(name)) for name in names if form]


def _notes(found: PurchaseOrder, line: PurchaseOrderLine) -> list[str]:
    """What was suggested, what a person made of it, and what the last nights changed."""
    notes = []
    if line.is_edited and line.suggested is not None:
        notes.append(_("suggested %(quantity)s") % {"quantity": quantity(line.suggested)})
    if line.is_price_typed:
        notes.append(_("price typed by hand"))
    if line.suggested_before is not None:
        words = {"quantity": quantity(line.suggested_before), "day": day(line.suggested_at)}
        notes.append(_("%(quantity)s suggested until %(day)s") % words)
    elif _came_later(found, line):
        notes.append(_("new since %(day)s") % {"day": day(line.suggested_at)})
    return notes


def _came_later(found: PurchaseOrder, line: PurchaseOrderLine) -> bool:
    """Whether a later night than the order's first one suggested the product for the first time."""
    return (
        line.suggested_before is None
        and line.suggested_at is not None
        and line.suggested_at > found.created_at + FIRST_NIGHT
    )


def _steps(found: PurchaseOrder) -> list[dict[str, Any]]:
    """The bar over an order: each step with its moment, the present one marked."""
    path = [State.DRAFT, State.QUEUED, State.SENT, State.PARTLY_RECEIVED, State.RECEIVED, State.CLOSED]
    if found.state == State.CONFIRMED or (found.confirmed_at and found.state != State.CANCELLED):
        path.insert(3, State.CONFIRMED)
    if found.state == State.CANCELLED:
        reached = [State.DRAFT]
        reached += [State.QUEUED] if found.approved_at else []
        reached += [State.SENT] if found.sent_at else []
        path = [*reached, State.CANCELLED]
    at = {
        State.DRAFT: found.created_at,
        State.QUEUED: found.approved_at,
        State.SENT: found.sent_at,
        State.CONFIRMED: found.confirmed_at,
    }
    if found.ended_at:
        at[State(found.state)] = found.ended_at
    here = path.index(State(found.state))
    return [
        {"label": State(state).label, "at": at.get(state), "done": place < here, "current": place == here}
        for place, state in enumerate(path)
    ]
