from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog.models import Product, Warehouse
from catalog.queries import active_warehouses, find_in_use
from common.errors import KeyReused, ParstockError
from common.numbered_pages import numbered_page
from stock import page_queries, sheets
from stock.count_forms import MOST_COUNTED, CountListForm
from stock.forms import HeadForm, PostingForm, new_key
from stock.models import Kind, Posting
from stock.permissions import NEEDED
from stock.services import ledger
from stock.services.ledger import Line
from stock.sheets import Sheet
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

ROWS_PER_PAGE = 50


# ---- sheets ----------------------------------------------------------------------------------


def sheet_page(sheet: Sheet) -> Callable[..., HttpResponse]:
    """The page of one kind of sheet: fill in, add rows, post, and be ready for the next."""

    @require_http_methods(["GET", "POST"])
    @require(NEEDED[sheet.kind])
    def page(request: ShopRequest) -> HttpResponse:
        with_cost = Permission.COSTS_VIEW in request.permissions
        if request.method == "GET":
            form = PostingForm(sheet, with_cost=with_cost, initial=_initial(request))
        elif "add_row" in request.POST:
            form = PostingForm.with_another_row(sheet, request.POST, with_cost=with_cost)
        else:
            form = PostingForm(sheet, request.POST, with_cost=with_cost)
            if posting := _posted(request, form):
                return _after(request, sheet, posting, form.head.cleaned_data["warehouse"])
        context = {"form": form, "sheet": sheet, **_last(request)}
        if sheet.kind == Kind.TRANSFER:
            context["lacks_second_warehouse"] = len(active_warehouses()) < 2
        return render(request, "stock/posting_form.html", context)

    return page


def _initial(request: ShopRequest) -> dict[str, Any]:
    initial: dict[str, Any] = {}
    if (warehouse := request.GET.get("warehouse", "")).isdecimal():
        initial["warehouse"] = warehouse
    if (product_id := request.GET.get("product", "")).isdecimal() and len(product_id) < 19:
        product = Product.objects.filter(pk=product_id).first()
        initial["code"] = product.sku if product else ""
    last = request.session.get(_last_place(request))
    if "warehouse" not in initial and last in [place.pk for place in active_warehouses()]:
        initial["warehouse"] = last
    return initial


def _last_place(request: ShopRequest) -> str:
    """Session key: where somebody recorded last, most likely where they stand."""
    return f"last-warehouse-{request.shop.pk}"


def _posted(request: ShopRequest, form: PostingForm) -> Posting | None:
    if form.is_valid():
        head = form.head.cleaned_data
        try:
            with transaction.atomic():
                return ledger.post(
                    kind=form.sheet.kind,
                    key=f"sheet-{head['key']}",
                    lines=form.lines(),
                    at=head["at"],
                    actor=request.user,
                    document=head.get("document", ""),
                    reason=head.get("reason", ""),
                )
        except KeyReused:
            _offer_again(form.head)
        except ParstockError as refusal:
            form.refuse(refusal)
    form.focus_first_error()
    return None


def _offer_again(head: HeadForm) -> None:
    """The sheet came back changed after it was posted, most likely by the Back button."""
    head.add_error(
        None,
        _("This sheet has been posted already, with other lines. Post it again if you mean one more."),
    )
    data = head.data.copy()  # type: ignore[attr-defined]
    data["key"] = new_key()
    head.data = data


def _after(request: ShopRequest, sheet: Sheet, posting: Posting, warehouse: Warehouse) -> HttpResponse:
    request.session[_last_place(request)] = warehouse.pk
    if sheet.kind == Kind.COUNT:
        messages.success(request, sheet.done)
        return redirect("posting", request.shop.slug, posting.pk)
    query = urlencode({"posted": posting.pk, "warehouse": warehouse.pk})
    return HttpResponseRedirect(f"{reverse(sheet.url_name, args=[request.shop.slug])}?{query}")


def _last(request: ShopRequest) -> dict[str, Any]:
    """The posting that was just made, to be looked at or undone."""
    number = request.GET.get("posted", "")
    if request.method != "GET" or not number.isdecimal() or len(number) > 18:
        return {}
    return {"posted": page_queries.postings().filter(pk=number).first()}


sale_new = sheet_page(sheets.SALE)
return_new = sheet_page(sheets.CUSTOMER_RETURN)
receipt_new = sheet_page(sheets.RECEIPT)
opening_new = sheet_page(sheets.OPENING)
transfer_new = sheet_page(sheets.TRANSFER)
write_off_new = sheet_page(sheets.WRITE_OFF)
correction_new = sheet_page(sheets.CORRECTION)
count_new = sheet_page(sheets.COUNT)


# ---- counting by the list --------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@require(Permission.STOCK_COUNT)
def count_list(request: ShopRequest) -> HttpResponse:
    """All products of a warehouse, page by page; blind, and posted as one count."""
    data = request.POST if request.method == "POST" else request.GET
    places = list(active_warehouses())
    chosen = [place for place in places if str(place.pk) == data.get("warehouse")] or places
    if len(chosen) != 1:
        return render(request, "stock/count_where.html", {"warehouses": places})
    warehouse = chosen[0]
    ids = CountListForm.typed_ids(data)[:MOST_COUNTED]
    form = CountListForm(data, Product.objects.in_bulk(ids))
    head = HeadForm(
        request.POST if "post" in request.POST else None,
        initial={name: data[name] for name in ("when", "at", "key") if data.get(name)},
        sheet=sheets.COUNT,
    )
    posts = request.method == "POST" and "post" in data
    if posts and (posting := _posted_count(request, form, head, warehouse)):
        messages.success(request, sheets.COUNT.done)
        return redirect("posting", request.shop.slug, posting.pk)
    return render(request, "stock/count_list.html", _count_page(data, warehouse, form, head))


def _posted_count(
    request: ShopRequest, form: CountListForm, head: HeadForm, warehouse: Warehouse
) -> Posting | None:
    valid = form.is_valid()
    if not form.typed:
        head.add_error(None, _("Nothing is counted yet. Write a number beside a product; 0 is one too."))
    if not (head.is_valid() and valid):
        return None
    lines = [Line(product_id, warehouse.pk, quantity) for product_id, quantity in form.counted.items()]
    try:
        with transaction.atomic():
            key = f"sheet-{head.cleaned_data['key']}"
            at = head.cleaned_data["at"]
            return ledger.post(kind=Kind.COUNT, key=key, lines=lines, at=at, actor=request.user)
    except KeyReused:
        _offer_again(head)
    except ParstockError as refusal:
        head.add_error("at" if any(name.endswith(".at") for name in refusal.fields) else None, refusal.detail)
    return None


def _count_page(data: Any, warehouse: Warehouse, form: CountListForm, head: HeadForm) -> dict[str, Any]:
    search = data.get("search", "").strip()
    found = find_in_use(search) if search else page_queries.products_to_count(warehouse)
    # Another search begins at its first page.
    number = data.get("page") if data.get("searched", "") == search else 1
    page = numbered_page(found, ROWS_PER_PAGE, number)
    wrong = [form.products[product_id] for product_id in form.faults]
    shown = wrong + [product for product in page if product.pk not in form.faults]
    rows = [
        {"product": product, "typed": form.typed.get(product.pk, ""), "fault": form.faults.get(product.pk)}
        for product in shown
    ]
    on_page = {product.pk for product in shown}
    return {
        "warehouse": warehouse,
        "head": head,
        "search": search,
        "page": page,
        "rows": rows,
        "focus": wrong[0].pk if wrong else None,
        "counted": len(form.typed),
        "elsewhere": [(pk, text) for pk, text in form.typed.items() if pk not in on_page],
    }


# ---- documents -------------------------------------------------------------------------------


@require_GET
@require(Permission.SHOP_VIEW)
def ledger_page(request: ShopRequest) -> HttpResponse:
    kinds = [kind for kind in Kind.values if kind == request.GET.get("kind")]
    context = {
        "heading": _("Ledger"),
        "intro": _(
            "Every document, the newest first. Nothing is edited or deleted; Undo posts the opposite."
        ),
        "kinds": Kind.choices,
        "kind": "".join(kinds),
    }
    return _postings(request, kinds, context)


@require_GET
@require(Permission.SHOP_VIEW)
def sales(request: ShopRequest) -> HttpResponse:
    context = {
        "heading": _("Sales"),
        "intro": _("What customers took and brought back, by hand, from the till and from files."),
        "doors": _doors(request, sheets.SALE, sheets.CUSTOMER_RETURN),
    }
    return _postings(request, [Kind.SALE, Kind.CUSTOMER_RETURN], context)


@require_GET
@require(Permission.SHOP_VIEW)
def transfers(request: ShopRequest) -> HttpResponse:
    context = {
        "heading": _("Transfers"),
        "intro": _("Stock that went from one of your warehouses to another."),
        "doors": _doors(request, sheets.TRANSFER),
    }
    return _postings(request, [Kind.TRANSFER], context)


@require_GET
@require(Permission.SHOP_VIEW)
def counts(request: ShopRequest) -> HttpResponse:
    context = {
        "heading": _("Counts"),
        "intro": _("What was found on the shelves, beside what the ledger said for that moment."),
        "doors": [
            *_doors(request, sheets.COUNT),
            *([("count_list", _("Count by list"))] if Permission.STOCK_COUNT in request.permissions else []),
        ],
    }
    return _postings(request, [Kind.COUNT], context)


def _doors(request: ShopRequest, *sheets: Sheet) -> list[tuple[str, Any]]:
    return [(sheet.url_name, sheet.title) for sheet in sheets if NEEDED[sheet.kind] in request.permissions]


def _postings(request: ShopRequest, kinds: list[str], context: dict[str, Any]) -> HttpResponse:
    page = numbered_page(page_queries.postings(kinds), ROWS_PER_PAGE, request)
    context |= {"page": page, "query": urlencode({"kind": kinds[0]}) + "&" if context.get("kind") else ""}
    return render(request, "stock/postings.html", context)


@require_GET
@require(Permission.SHOP_VIEW)
def posting_page(request: ShopRequest, posting_id: int) -> HttpResponse:
    posting = get_object_or_404(page_queries.postings(), pk=posting_id)
    return render(request, "stock/posting.html", _document(request, posting))


def _document(request: ShopRequest, posting: Posting) -> dict[str, Any]:
    """A document with a page of its lines; a count's lines are what was seen."""
    seen = posting.observations.select_related("product", "warehouse", "location").order_by("id")
    moved = posting.movements.select_related("product", "warehouse", "location", "lot").order_by("id")
    if Permission.COSTS_VIEW not in request.permissions:
        moved = moved.exclude(quantity=0)  # value lines
    is_count = posting.kind == Kind.COUNT and bool(seen)
    raised = Q(keeps=posting) | Q(follows=posting)
    lines: Any = seen if is_count else moved
    page = numbered_page(lines, ROWS_PER_PAGE, request)
    if is_count:
        for line in page:
            line.difference = line.counted - line.expected
    return {
        "posting": posting,
        "page": page,
        "is_count": is_count,
        "reversal": Posting.objects.filter(reverses=posting).first(),
        "raised_differences": Posting.objects.filter(raised).order_by("id")[:20],
        "sales_import": page_queries.imports_of([posting.pk]).get(posting.pk),
    }


@require_POST
@require(Permission.STOCK_UNDO)
def posting_undo(request: ShopRequest, posting_id: int) -> HttpResponse:
    """Post the opposite of a document; what stands in the way is shown on its page."""
    posting = get_object_or_404(page_queries.postings(), pk=posting_id)
    try:
        with transaction.atomic():
            ledger.reverse(posting, key=f"undo-{posting.pk}", actor=request.user)
    except ParstockError as refusal:
        context = _document(request, posting) | {"refusal": refusal}
        return render(request, "stock/posting.html", context, status=refusal.status)
    messages.success(request, _("%(document)s is undone.") % {"document": posting.get_kind_display()})
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith(
        f"/{request.shop.slug}/"
    ):
        return HttpResponseRedirect(back)
    return redirect("posting", request.shop.slug, posting.pk)
