"""Pages of orders. Each change is a POST of its own that ends at the order's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog.prices import rates_by_currency
from common.forms import focus_first_error
from common.numbered_pages import numbered_page
from purchasing import queries
from purchasing.forms import NewOrderForm, OrderFilterForm
from purchasing.models import PurchaseOrder
from purchasing.money import totals_of, value_of
from purchasing.order_page import back_to, change_and_return, find_order, show
from purchasing.pdf import order_pdf
from purchasing.services import approval, drafts
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

ROWS_PER_PAGE = 50
State = PurchaseOrder.State


# ---- lists --------------------------------------------------------------------------------------


@require_GET
@require(Permission.SHOP_VIEW)
def orders(request: ShopRequest) -> HttpResponse:
    form = OrderFilterForm(request.GET)
    found = queries.filtered(**form.chosen())
    counts = queries.counts(found)
    group = request.GET.get("state", "")
    if group not in queries.GROUPS:
        group = next((name for name in ("draft", "open") if counts[name]), "draft")
    page = numbered_page(queries.orders_in(group, found), ROWS_PER_PAGE, request)
    names = {"draft": _("To approve"), "open": _("On order"), "done": _("Done"), "cancelled": _("Cancelled")}
    rates = rates_by_currency()
    context = {
        "page": page,
        "rows": [(order, totals_of(order).total, value_of(order, rates)) for order in page],
        "group": group,
        "groups": [(name, names[name], counts[name]) for name in queries.GROUPS],
        "filter": form,
        "query": form.query(state=group),
        "tab_query": form.query(),
        "today": timezone.localdate(),
    }
    return render(request, "purchasing/orders.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.ORDERS_EDIT)
def order_new(request: ShopRequest) -> HttpResponse:
    form = NewOrderForm(request.POST or None)
    if request.method == "POST":
        if form.is_valid():
            made = drafts.open_draft(
                supplier=form.cleaned_data["supplier"],
                warehouse=form.cleaned_data["warehouse"],
                actor=request.user,
            )
            return back_to(request, made)
        focus_first_error(form)
    return render(request, "purchasing/order_new.html", {"form": form})


# ---- one order ----------------------------------------------------------------------------------


@require_GET
@require(Permission.SHOP_VIEW)
def order(request: Any, number: str) -> HttpResponse:
    """The order's page; to a page that waits for its mail to leave, whether to load itself anew."""
    found = find_order(number)
    if not request.htmx:
        return show(request, found)
    mail = queries.open_mail(found)
    if mail and mail.is_leaving:
        return HttpResponse(status=204)
    return HttpResponse(headers={"HX-Refresh": "true"})


@require_POST
@require(Permission.ORDERS_APPROVE)
def order_approve(request: ShopRequest, number: str) -> HttpResponse:
    """Approve; with `by=hand` the shop tells the supplier itself."""
    found = find_order(number)
    by_mail = request.POST.get("by") != "hand"
    said = _("%(number)s is approved.") if by_mail else _("%(number)s counts as sent; tell the supplier now.")
    return change_and_return(
        request,
        found,
        lambda: approval.approve(found, actor=request.user, by_mail=by_mail),
        said % {"number": number},
    )


@require_POST
@require(Permission.ORDERS_APPROVE)
def order_undo(request: ShopRequest, number: str) -> HttpResponse:
    found = find_order(number)
    said = _("The approval is undone; nothing has left.")
    return change_and_return(request, found, lambda: approval.undo_approval(found, actor=request.user), said)


@require_POST
@require(Permission.ORDERS_APPROVE)
def order_send(request: ShopRequest, number: str) -> HttpResponse:
    found = find_order(number)
    said = _("The mail leaves now. It takes a moment.")
    return change_and_return(request, found, lambda: approval.send_now(found, actor=request.user), said)


@require_POST
@require(Permission.ORDERS_APPROVE)
def order_cancel(request: ShopRequest, number: str) -> HttpResponse:
    found = find_order(number)
    said = _("%(number)s is cancelled.") % {"number": number}
    return change_and_return(request, found, lambda: approval.cancel(found, actor=request.user), said)


@require_POST
@require(Permission.ORDERS_APPROVE)
def order_reopen(request: ShopRequest, number: str) -> HttpResponse:
    found = find_order(number)
    said = _("%(number)s is open again.") % {"number": number}
    return change_and_return(request, found, lambda: approval.reopen(found, actor=request.user), said)


@require_GET
@require(Permission.COSTS_VIEW)
def order_pdf_file(request: ShopRequest, number: str) -> HttpResponse:
    found = find_order(number)
    headers = {"Content-Disposition": f'inline; filename="{found.number}.pdf"'}
    return HttpResponse(order_pdf(found), content_type="application/pdf", headers=headers)
