"""Changing what an order says: the lines of a draft, and the next revision of one that was sent."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from common.errors import ParstockError
from common.forms import add_refusal, focus_first_error
from purchasing import queries
from purchasing.forms import AddLineForm, ChangeForm, LinesForm, name_of, price_name_of
from purchasing.models import RECEIVABLE, PurchaseOrder, PurchaseOrderLine
from purchasing.order_page import back_to, change_and_return, find_order, show
from purchasing.services import drafts, revisions
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

# ---- a draft -------------------------------------------------------------------------------------


@require_POST
@require(Permission.ORDERS_EDIT)
def order_lines(request: ShopRequest, number: str) -> HttpResponse:
    """Save quantities, prices, the wanted day and the note, all of them or none."""
    found = find_order(number)
    lines = found.lines.select_related("product", "edited_by").order_by("id")
    with_prices = Permission.COSTS_VIEW in request.permissions
    form = LinesForm(request.POST, order=found, lines=lines, with_prices=with_prices)
    if form.is_valid():
        with transaction.atomic():
            _save_lines(request, found, form)
            transaction.set_rollback(bool(form.errors))
        if not form.errors:
            messages.success(request, _("%(number)s was saved.") % {"number": found.number})
            return back_to(request, found)
    focus_first_error(form)
    return show(request, found, form=form)


def _save_lines(request: ShopRequest, found: PurchaseOrder, form: LinesForm) -> None:
    for line, quantity in form.changed_lines():
        try:
            drafts.set_quantity(line, quantity=quantity, actor=request.user)
        except ParstockError as refusal:
            form.add_error(name_of(line), refusal.detail)
    for line, unit_cost in form.changed_prices():
        try:
            drafts.set_price(line, unit_cost=unit_cost, actor=request.user)
        except ParstockError as refusal:
            form.add_error(price_name_of(line), refusal.detail)
    if form.errors:
        return
    try:
        drafts.set_note(found, note=form.cleaned_data["note"], actor=request.user)
        drafts.set_wanted_on(found, day=form.cleaned_data["wanted_on"], actor=request.user)
    except ParstockError as refusal:
        add_refusal(form, refusal)


@require_POST
@require(Permission.ORDERS_EDIT)
def line_add(request: ShopRequest, number: str) -> HttpResponse:
    """Add the product whose code was typed; of words, show what they may mean."""
    found = find_order(number)
    form = AddLineForm(request.POST)
    matches = None
    if form.is_valid():
        product = form.product()
        if product is None:
            matches = queries.orderable(found, form.cleaned_data["sku"])
            if not matches:
                fault = _("No product that %(supplier)s sells has this code or name.")
                form.add_error("sku", fault % {"supplier": found.supplier.name})
        else:
            quantity = form.cleaned_data["quantity"]
            try:
                with transaction.atomic():
                    if quantity is None:
                        quantity = drafts.least_quantity(found, product)
                    drafts.add_line(found, product=product, quantity=quantity, actor=request.user)
            except ParstockError as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, _("%(product)s was added.") % {"product": product.name})
                return back_to(request, found)
    focus_first_error(form)
    return show(request, found, add=form, matches=matches)


@require_POST
@require(Permission.ORDERS_EDIT)
def line_back(request: ShopRequest, number: str, line_id: int) -> HttpResponse:
    found = find_order(number)
    line = _line(found, line_id)
    return change_and_return(request, found, lambda: drafts.back_to_suggested(line, actor=request.user), "")


@require_POST
@require(Permission.ORDERS_EDIT)
def lines_back(request: ShopRequest, number: str) -> HttpResponse:
    found = find_order(number)
    said = _("All lines are as suggested again.")
    return change_and_return(
        request, found, lambda: drafts.all_back_to_suggested(found, actor=request.user), said
    )


@require_POST
@require(Permission.ORDERS_EDIT)
def line_round(request: ShopRequest, number: str, line_id: int) -> HttpResponse:
    found = find_order(number)
    line = _line(found, line_id)
    said = _("%(product)s was rounded up.") % {"product": line.product.name}
    return change_and_return(request, found, lambda: drafts.round_up(line, actor=request.user), said)


@require_POST
@require(Permission.ORDERS_EDIT)
def line_remove(request: ShopRequest, number: str, line_id: int) -> HttpResponse:
    found = find_order(number)
    line = _line(found, line_id)
    said = _("%(product)s is no longer on the order.") % {"product": line.product.name}
    return change_and_return(request, found, lambda: drafts.remove_line(line, actor=request.user), said)


def _line(found: PurchaseOrder, line_id: int) -> PurchaseOrderLine:
    return get_object_or_404(
        PurchaseOrderLine.objects.select_related("product", "order__supplier"), order=found, pk=line_id
    )


# ---- an order that the supplier has --------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@require(Permission.ORDERS_APPROVE)
def order_change(request: ShopRequest, number: str) -> HttpResponse:
    """Change what has not arrived: the next revision, told by one mail."""
    found = find_order(number)
    if found.state not in RECEIVABLE:
        messages.error(request, _("%(number)s is not open any more.") % {"number": number})
        return back_to(request, found)
    lines = list(queries.ordered_lines(found))
    posted = request.POST if request.method == "POST" else None
    form = ChangeForm(posted, order=found, lines=lines)
    add = AddLineForm(posted, prefix="add", use_required_attribute=False)
    add.fields["sku"].required = False
    matches = None
    if posted is not None and form.is_valid() and add.is_valid():
        matches, added = _added(found, add)
        if not add.errors and not matches and _change(request, found, form, added):
            return back_to(request, found)
    focus_first_error(form, add)
    context = {
        "order": found,
        "form": form,
        "add": add,
        "matches": matches,
        "rows": [{"line": line, "field": form[name_of(line)]} for line in lines],
        "was_mailed": found.mails.filter(state="sent").exists(),
    }
    return render(request, "purchasing/order_change.html", context)


def _added(found: PurchaseOrder, add: AddLineForm) -> tuple[list, list]:
    """What the words for a new product may mean, else the product with its quantity."""
    if not add.cleaned_data["sku"]:
        return [], []
    product = add.product()
    if product is None:
        matches = queries.orderable(found, add.cleaned_data["sku"])
        if not matches:
            fault = _("No product that %(supplier)s sells has this code or name.")
            add.add_error("sku", fault % {"supplier": found.supplier.name})
        return matches, []
    try:
        quantity = add.cleaned_data["quantity"] or drafts.least_quantity(found, product)
    except ParstockError as refusal:
        add_refusal(add, refusal)
        return [], []
    return [], [(product, quantity)]


def _change(request: ShopRequest, found: PurchaseOrder, form: ChangeForm, added: list) -> bool:
    """Whether the change was made; if not, the form says why."""
    before = found.revision, found.mails.count()
    try:
        with transaction.atomic():
            order = revisions.change(
                found,
                quantities=form.quantities(),
                added=added,
                wanted_on=form.cleaned_data["wanted_on"],
                note=form.cleaned_data["note"],
                actor=request.user,
            )
    except ParstockError as refusal:
        _place(form, refusal)
        return False
    if (order.revision, order.mails.count()) == before:
        messages.info(request, _("Nothing was different; nothing is sent."))
    elif queries.open_mail(order) is None:
        said = _("%(number)s is changed. Tell the supplier now; no mail goes out.")
        messages.success(request, said % {"number": order.number})
    else:
        minutes = request.shop.order_grace_minutes
        said = ngettext(
            "The change leaves after one minute; until then you can undo it.",
            "The change leaves after %(minutes)s minutes; until then you can undo it.",
            minutes,
        )
        messages.success(request, said % {"minutes": minutes})
    return True


def _place(form: ChangeForm, refusal: ParstockError) -> None:
    """A refusal at the lines that it names (`lines[ID].quantity`), else on top."""
    placed = False
    for line in form.lines:
        for fault in refusal.fields.get(f"lines[{line.pk}].quantity", []):
            form.add_error(name_of(line), fault)
            placed = True
    if not placed:
        add_refusal(form, refusal)


@require_POST
@require(Permission.ORDERS_APPROVE)
def order_change_undo(request: ShopRequest, number: str) -> HttpResponse:
    found = find_order(number)
    said = _("The change is undone; the supplier never hears of it.")
    return change_and_return(request, found, lambda: revisions.undo_change(found, actor=request.user), said)
