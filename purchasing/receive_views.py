"""Pages of receiving: what is on its way, a delivery, and its Undo."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.errors import ParstockError
from common.forms import focus_first_error
from common.numbered_pages import numbered_page
from purchasing import queries
from purchasing.models import PurchaseOrder, PurchaseOrderLine, Receipt
from purchasing.order_page import change_and_return, find_order
from purchasing.receive_forms import ReceiveForm, Scanned, damaged_name, received_name
from purchasing.services import approval
from purchasing.services.receiving import MoreThanOrdered, receive, undo_receipt
from tenancy.access import check, require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

ROWS_PER_PAGE = 50
State = PurchaseOrder.State


@require_GET
@require(Permission.STOCK_RECEIVE)
def expected_goods(request: ShopRequest) -> HttpResponse:
    """What is on its way: where receiving begins."""
    page = numbered_page(queries.expected_goods(), ROWS_PER_PAGE, request)
    return render(request, "purchasing/expected_goods.html", {"page": page, "today": timezone.localdate()})


@require_http_methods(["GET", "POST"])
@require(Permission.STOCK_RECEIVE)
def order_receive(request: ShopRequest, number: str) -> HttpResponse:
    """Take goods in: what is typed, with `all` everything still open; a code in `scan` adds one piece."""
    found = find_order(number)
    lines = list(queries.ordered_lines(found))
    if request.method == "GET":
        if not found.can_receive:
            return redirect("order", request.shop.slug, number)
        return _show(request, found, lines, ReceiveForm(lines=lines))
    # ENTER in any field presses the first button of the form: only its own buttons take goods in.
    if "add" in request.POST or request.POST.get("scan", "").strip():
        scanned = Scanned(request.POST, lines)
        return _show(request, found, lines, ReceiveForm(scanned.data, lines=lines), scanned=scanned)
    form = ReceiveForm(request.POST, lines=lines)
    asks = False
    if form.is_valid():
        try:
            with transaction.atomic():
                _receive(request, found, form)
        except MoreThanOrdered as refusal:
            asks = True
            form.add_error(None, refusal.detail)
        except ParstockError as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("The goods of %(number)s are in stock.") % {"number": number})
            return redirect("order", request.shop.slug, number)
    focus_first_error(form)
    return _show(request, found, lines, form, asks=asks)


def _receive(request: ShopRequest, found: PurchaseOrder, form: ReceiveForm) -> None:
    data = form.cleaned_data
    receive(
        found,
        lines=form.received(everything="all" in request.POST),
        key=data["key"],
        actor=request.user,
        accept_more=data["accept_more"],
        damage=form.damage(),
    )
    found.refresh_from_db()
    if data["close_short"] and found.state == State.PARTLY_RECEIVED:
        check(request, Permission.ORDERS_APPROVE)
        approval.close(found, actor=request.user, tell_supplier=data["tell_supplier"])


def _show(
    request: ShopRequest,
    found: PurchaseOrder,
    lines: list[PurchaseOrderLine],
    form: ReceiveForm,
    *,
    scanned: Scanned | None = None,
    asks: bool = False,
) -> HttpResponse:
    context = {
        "order": found,
        "form": form,
        "rows": [
            {"line": line, "field": form[received_name(line)], "damaged": form[damaged_name(line)]}
            for line in lines
        ],
        "scanned": scanned if scanned and scanned.code else None,
        # A scan is no attempt to take anything in: nothing is wrong with the form yet.
        "is_sent": form.is_bound and scanned is None,
        "asks": asks,
        "was_mailed": approval.was_mailed(found),
    }
    return render(request, "purchasing/receive.html", context)


@require_POST
@require(Permission.STOCK_UNDO)
def receipt_undo(request: ShopRequest, number: str, receipt_id: int) -> HttpResponse:
    found = find_order(number)
    receipt = get_object_or_404(Receipt, order=found, pk=receipt_id)
    said = _("The receipt is undone; the goods have left the stock again.")
    return change_and_return(request, found, lambda: undo_receipt(receipt, actor=request.user), said)


@require_POST
@require(Permission.ORDERS_APPROVE)
def order_close(request: ShopRequest, number: str) -> HttpResponse:
    """End an order, short or complete; with `tell` the supplier hears of it by mail."""
    found = find_order(number)
    said = _("%(number)s is closed; nothing more is expected.") % {"number": number}
    tell = "tell" in request.POST
    return change_and_return(
        request, found, lambda: approval.close(found, actor=request.user, tell_supplier=tell), said
    )
