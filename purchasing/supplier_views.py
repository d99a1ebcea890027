"""The supplier's page: one order, by the link from its mail, without an account.

Opening it changes nothing, because mail scanners and previews open links too: that somebody looked
is told by the page itself at the first touch of a pointer or a key. No cookie is read or set; the
link is all the authority there is, so that a request forged by another page could do nothing that
its author could not do anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.errors import ParstockError
from common.forms import focus_first_error
from purchasing import links, queries
from purchasing.answer_forms import AnswerForm, Asked
from purchasing.document import Document, document_at, in_language_of, long_day
from purchasing.links import Link
from purchasing.models import PurchaseOrder
from purchasing.pdf import printed
from purchasing.services import confirming
from tenancy.context import shop_scope

# How often one link may be used in an hour: far more than people need.
MOST_VISITS, MOST_PRINTS = 300, 60
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Visit:
    token: str
    link: Link
    order: PurchaseOrder
    document: Document


class TooOften(ParstockError):
    code = "too_often"
    status = 429


def by_link(*, most: int) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page that its link alone opens: the view gets a Visit, in the shop's scope and the supplier's
    language. Kept by no cache, indexed by no search engine, its address passed on to nobody."""

    def wrap(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, token: str) -> HttpResponse:
            try:
                link = links.read(token)
                _count(f"{view.__name__}:{request.method}", token, most)
                response = _visit(request, token, link, view)
            except ParstockError as refusal:
                response = _closed(request, refusal, None)
            add_never_cache_headers(response)
            response["X-Robots-Tag"] = "noindex, nofollow"
            response["Referrer-Policy"] = "no-referrer"
            return response

        return guarded

    return wrap


def _visit(request: HttpRequest, token: str, link: Link, view: Callable[..., HttpResponse]) -> HttpResponse:
    writes = request.method == "POST"
    with shop_scope(link.shop, write=writes):
        order = links.order_of(link)
        document = document_at(order, link.revision)
        with in_language_of(document):
            try:
                links.refuse_dead(link, order)
                return view(request, Visit(token, link, order, document))
            except ParstockError as refusal:
                if writes:
                    transaction.set_rollback(True)
                return _closed(request, refusal, document)


def _count(what: str, token: str, most: int) -> None:
    """Raise TooOften where a link was used more than `most` times in the last hour or so."""
    key = f"supplier:{what}:{sha256(token.encode()).hexdigest()}"
    if not cache.add(key, 1, HOUR) and cache.incr(key) > most:
        raise TooOften(_("This page was opened too often in a short time. Please try again in an hour."))


def _closed(request: HttpRequest, refusal: ParstockError, document: Document | None) -> HttpResponse:
    """What a link says that opens nothing: why, and whom to ask."""
    context = {"refusal": refusal, "document": document, "language": get_language()}
    return render(request, "purchasing/supplier/closed.html", context, status=refusal.status)


@require_http_methods(["GET", "HEAD", "POST"])
@by_link(most=MOST_VISITS)
def supplier_order(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The order and what was answered; POST answers, with `all` everything as it was ordered."""
    order, document = visit.order, visit.document
    last = queries.last_answer(order)
    form = AnswerForm(
        request.POST if request.method == "POST" and "all" not in request.POST else None,
        asked=[Asked(line.line, line.name, line.quantity) for line in document.lines],
        asked_on=order.asked_on,
        last=last,
    )
    if request.method == "POST" and _answered(request, visit, form):
        # A reload must not send the answer again.
        return HttpResponseRedirect(reverse("supplier_order", args=[visit.token]), status=303)
    rows = zip(document.lines, form.rows(), strict=True)
    context = {
        "visit": visit,
        "order": order,
        "document": document,
        "form": form,
        "rows": [row | {"line": line} for line, row in rows],
        "last": last,
        "takes_answers": confirming.can_be_answered(order),
        "asked_on": long_day(order.asked_on),
        "ends_on": long_day(visit.link.ends_on),
        "language": get_language(),
    }
    status = 400 if form.errors else 200
    return render(request, "purchasing/supplier/order.html", context, status=status)


def _answered(request: HttpRequest, visit: Visit, form: AnswerForm) -> bool:
    everything = "all" in request.POST
    if not everything and not form.is_valid():
        focus_first_error(form)
        return False
    words: dict[str, Any] = {} if everything else form.cleaned_data
    said = confirming.as_ordered(visit.order) if everything else form.said()
    try:
        with transaction.atomic():
            confirming.answer(
                visit.order,
                said,
                revision=visit.link.revision,
                address=visit.link.address,
                reference=words.get("reference", ""),
                note=words.get("note", ""),
            )
    except ParstockError as refusal:
        if everything:
            raise
        form.add_refusal(refusal)
        focus_first_error(form)
        return False
    return True


@require_POST
@by_link(most=MOST_VISITS)
def supplier_opened(request: HttpRequest, visit: Visit) -> HttpResponse:
    """A person is looking at the page."""
    confirming.note_opened(visit.order)
    return HttpResponse(status=204)


@require_safe
@by_link(most=MOST_PRINTS)
def supplier_pdf(request: HttpRequest, visit: Visit) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{visit.document.number}.pdf"'}
    return HttpResponse(printed(visit.document), content_type="application/pdf", headers=headers)
