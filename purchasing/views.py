"""Pages of orders. Each change is a POST of its own that ends at the order's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog.lookups import terms_by_product
from common.errors import ParstockError
from common.forms import add_refusal, focus_first_error
from purchasing import queries
from purchasing.forms import AddLineForm, LinesForm, NewOrderForm, ReceiveForm, name_of
from purchasing.happenings import happenings
from purchasing.models import OutboundMail, PurchaseOrder, PurchaseOrderLine, Receipt
from purchasing.pdf import order_pdf
from purchasing.services import approval, drafts
from purchasing.services.receiving import MoreThanOrdered, receive, undo_receipt
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

ROWS_PER_PAGE = 50
State = PurchaseOrder.State


# ---- lists --------------------------------------------------------------------------------------


@require_GET
@require(Permission.SHOP_VIEW)
def orders(request: ShopRequest) -> HttpResponse:
    counts = queries.counts()
    group = request.GET.get("state", "")
    if group not in queries.GROUPS:
        group = next((name for name in ("draft", "open") if counts[name]), "draft")
    page = Paginator(queries.orders_in(group), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    names = {"draft": _("To approve"), "open": _("On order"), "done": _("Done"), "cancelled": _("Cancelled")}
    context = {
        "page": page,
        "rows": [(order, queries.total(order)) for order in page],
        "group": group,
        "groups": [(name, names[name], counts[name]) for name in queries.GROUPS],
        "query": f"state={group}&",
        "today": timezone.localdate(),
    }
    return render(request, "purchasing/orders.html", context)


@require_GET
@require(Permission.STOCK_RECEIVE)
def expected_goods(request: ShopRequest) -> HttpResponse:
    """What is on its way: where receiving begins."""
    page = Paginator(queries.expected_goods(), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "purchasing/expected_goods.html", {"page": page, "today": timezone.localdate()})


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
            return _to(request, made)
        focus_first_error(form)
    return render(request, "purchasing/order_new.html", {"form": form})


# ---- one order ----------------------------------------------------------------------------------


@require_GET
@require(Permission.SHOP_VIEW)
def order(request: Any, number: str) -> HttpResponse:
    """The order's page; to a page that waits for its mail to leave, whether to load itself anew."""
    found = _find(number)
    if not request.htmx:
        return _show(request, found)
    mail = queries.open_mail(found)
    if mail and mail.is_leaving:
        return HttpResponse(status=204)
    return HttpResponse(headers={"HX-Refresh": "true"})


def _show(
    request: ShopRequest,
    found: PurchaseOrder,
    *,
    form: LinesForm | None = None,
    add: AddLineForm | None = None,
) -> HttpResponse:
    lines = list(found.lines.select_related("product", "edited_by").order_by("id"))
    editable = found.is_draft and Permission.ORDERS_EDIT in request.permissions
    if not found.is_draft:
        lines = [line for line in lines if line.quantity]
    if editable:
        form = form or LinesForm(order=found, lines=lines)
        add = add or AddLineForm()
    total = queries.total(found)
    mail = queries.open_mail(found)
    context = {
        "order": found,
        "rows": _rows(found, lines, form),
        "form": form,
        "add": add,
        "editable": editable,
        "total": total,
        "short_of_minimum": max(found.supplier.minimum_order_value - total, 0) if lines else 0,
        "mail": mail,
        "last_mail": found.mails.exclude(state=OutboundMail.State.WITHDRAWN).defer("content").first(),
        "receipts": found.receipts.select_related("posting__actor").prefetch_related(
            "posting__movements__product"
        ),
        "steps": _steps(found),
        "happenings": happenings(found),
        "may_reopen": found.state == State.CLOSED,
    }
    return render(request, "purchasing/order.html", context)


def _rows(
    found: PurchaseOrder, lines: list[PurchaseOrderLine], form: LinesForm | None
) -> list[dict[str, Any]]:
    terms = terms_by_product(found.supplier_id, [line.product_id for line in lines])
    rows = []
    for line in lines:
        term = terms.get(line.product_id)
        rows.append(
            {
                "line": line,
                "terms": term,
                "packs": term.packs_in(line.quantity) if term else None,
                "field": form[name_of(line)] if form else None,
                "differs": line.is_edited and line.suggested is not None,
            }
        )
    return rows


def _steps(found: PurchaseOrder) -> list[dict[str, Any]]:
    """The bar over an order: each step with its moment, the present one marked."""
    path = [State.DRAFT, State.QUEUED, State.SENT, State.PARTLY_RECEIVED, State.RECEIVED, State.CLOSED]
    if found.state == State.CANCELLED:
        reached = [State.DRAFT]
        reached += [State.QUEUED] if found.approved_at else []
        reached += [State.SENT] if found.sent_at else []
        path = [*reached, State.CANCELLED]
    at = {State.DRAFT: found.created_at, State.QUEUED: found.approved_at, State.SENT: found.sent_at}
    if found.ended_at:
        at[State(found.state)] = found.ended_at
    here = path.index(State(found.state))
    return [
        {"label": State(state).label, "at": at.get(state), "done": place < here, "current": place == here}
        for place, state in enumerate(path)
    ]


@require_POST
@require(Permission.ORDERS_EDIT)
def order_lines(request: ShopRequest, number: str) -> HttpResponse:
    """Save the quantities and the note, all of them or none."""
    found = _find(number)
    lines = found.lines.select_related("product", "edited_by").order_by("id")
    form = LinesForm(request.POST, order=found, lines=lines)
    if form.is_valid():
        with transaction.atomic():
            _save_lines(request, found, form)
            transaction.set_rollback(bool(form.errors))
        if not form.errors:
            messages.success(request, _("%(number)s was saved.") % {"number": found.number})
            return _to(request, found)
    focus_first_error(form)
    return _show(request, found, form=form)


def _save_lines(request: ShopRequest, found: PurchaseOrder, form: LinesForm) -> None:
    for line, quantity in form.changed_lines():
        try:
            drafts.set_quantity(line, quantity=quantity, actor=request.user)
        except ParstockError as refusal:
            form.add_error(name_of(line), refusal.detail)
    if not form.errors:
        try:
            drafts.set_note(found, note=form.cleaned_data["note"], actor=request.user)
        except ParstockError as refusal:
            form.add_error("note", refusal.detail)


@require_POST
@require(Permission.ORDERS_EDIT)
def line_add(request: ShopRequest, number: str) -> HttpResponse:
    found = _find(number)
    form = AddLineForm(request.POST)
    if form.is_valid():
        product, quantity = form.cleaned_data["sku"], form.cleaned_data["quantity"]
        try:
            with transaction.atomic():
                drafts.add_line(found, product=product, quantity=quantity, actor=request.user)
        except ParstockError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("%(product)s was added.") % {"product": product.name})
            return _to(request, found)
    focus_first_error(form)
    return _show(request, found, add=form)


@require_POST
@require(Permission.ORDERS_EDIT)
def line_back(request: ShopRequest, number: str, line_id: int) -> HttpResponse:
    found = _find(number)
    line = get_object_or_404(PurchaseOrderLine, order=found, pk=line_id)
    return _do(request, found, lambda: drafts.back_to_suggested(line, actor=request.user), "")


@require_POST
@require(Permission.ORDERS_EDIT)
def line_remove(request: ShopRequest, number: str, line_id: int) -> HttpResponse:
    found = _find(number)
    line = get_object_or_404(PurchaseOrderLine, order=found, pk=line_id)
    said = _("%(product)s is no longer on the order.") % {"product": line.product.name}
    return _do(request, found, lambda: drafts.remove_line(line, actor=request.user), said)


@require_POST
@require(Permission.ORDERS_APPROVE)
def order_approve(request: ShopRequest, number: str) -> HttpResponse:
    """Approve; with `by=hand` the shop tells the supplier itself."""
    found = _find(number)
    by_mail = request.POST.get("by") != "hand"
    said = _("%(number)s is approved.") if by_mail else _("%(number)s counts as sent; tell the supplier now.")
    return _do(
        request,
        found,
        lambda: approval.approve(found, actor=request.user, by_mail=by_mail),
        said % {"number": number},
    )


@require_POST
@require(Permission.ORDERS_APPROVE)
def order_undo(request: ShopRequest, number: str) -> HttpResponse:
    found = _find(number)
    said = _("The approval is undone; nothing has left.")
    return _do(request, found, lambda: approval.undo_approval(found, actor=request.user), said)


@require_POST
@require(Permission.ORDERS_APPROVE)
def order_send(request: ShopRequest, number: str) -> HttpResponse:
    found = _find(number)
    said = _("The mail leaves now. It takes a moment.")
    return _do(request, found, lambda: approval.send_now(found, actor=request.user), said)


@require_POST
@require(Permission.ORDERS_APPROVE)
def order_cancel(request: ShopRequest, number: str) -> HttpResponse:
    found = _find(number)
    said = _("%(number)s is cancelled.") % {"number": number}
    return _do(request, found, lambda: approval.cancel(found, actor=request.user), said)


@require_POST
@require(Permission.ORDERS_APPROVE)
def order_close(request: ShopRequest, number: str) -> HttpResponse:
    found = _find(number)
    said = _("%(number)s is closed; nothing more is expected.") % {"number": number}
    return _do(request, found, lambda: approval.close(found, actor=request.user), said)


@require_POST
@require(Permission.ORDERS_APPROVE)
def order_reopen(request: ShopRequest, number: str) -> HttpResponse:
    found = _find(number)
    said = _("%(number)s is open again.") % {"number": number}
    return _do(request, found, lambda: approval.reopen(found, actor=request.user), said)


@require_GET
@require(Permission.COSTS_VIEW)
def order_pdf_file(request: ShopRequest, number: str) -> HttpResponse:
    found = _find(number)
    headers = {"Content-Disposition": f'inline; filename="{found.number}.pdf"'}
    return HttpResponse(order_pdf(found), content_type="application/pdf", headers=headers)


# ---- receiving ----------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@require(Permission.STOCK_RECEIVE)
def order_receive(request: ShopRequest, number: str) -> HttpResponse:
    """Take goods in; `all` takes in everything that is still open."""
    found = _find(number)
    lines = list(queries.ordered_lines(found))
    form = ReceiveForm(request.POST if request.method == "POST" else None, lines=lines)
    asks = False
    if request.method == "POST":
        if form.is_valid():
            try:
                with transaction.atomic():
                    receive(
                        found,
                        lines=form.received(everything="all" in request.POST),
                        key=form.cleaned_data["key"],
                        actor=request.user,
                        accept_more=form.cleaned_data["accept_more"],
                    )
            except MoreThanOrdered as refusal:
                asks = True
                form.add_error(None, refusal.detail)
            except ParstockError as refusal:
                form.add_error(None, refusal.detail)
            else:
                messages.success(request, _("The goods of %(number)s are in stock.") % {"number": number})
                return _to(request, found)
        focus_first_error(form)
    elif not found.can_receive:
        return _to(request, found)
    rows = [{"line": line, "field": form[name_of(line)]} for line in lines]
    context = {"order": found, "form": form, "rows": rows, "asks": asks}
    return render(request, "purchasing/receive.html", context)


@require_POST
@require(Permission.STOCK_UNDO)
def receipt_undo(request: ShopRequest, number: str, receipt_id: int) -> HttpResponse:
    found = _find(number)
    receipt = get_object_or_404(Receipt, order=found, pk=receipt_id)
    said = _("The receipt is undone; the goods have left the stock again.")
    return _do(request, found, lambda: undo_receipt(receipt, actor=request.user), said)


# ---- shared -------------------------------------------------------------------------------------


def _find(number: str) -> PurchaseOrder:
    return get_object_or_404(PurchaseOrder.objects.select_related("supplier", "warehouse"), number=number)


def _do(request: ShopRequest, found: PurchaseOrder, change: Callable[[], object], said: str) -> HttpResponse:
    """Make a change and go to the order; a refusal is said there, and has changed nothing."""
    try:
        with transaction.atomic():
            change()
    except ParstockError as refusal:
        messages.error(request, refusal.detail)
    else:
        if said:
            messages.success(request, said)
    return _to(request, found)


def _to(request: ShopRequest, found: PurchaseOrder) -> HttpResponse:
    return redirect("order", request.shop.slug, found.number)
