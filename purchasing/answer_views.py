"""The shop's side of a supplier's answer: write one down, agree to one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common.errors import ParstockError
from common.forms import focus_first_error
from purchasing import queries
from purchasing.answer_forms import AnswerForm, Asked
from purchasing.order_page import change_and_return, find_order
from purchasing.services import confirming
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest


@require_http_methods(["GET", "POST"])
@require(Permission.ORDERS_APPROVE)
def order_confirm(request: ShopRequest, number: str) -> HttpResponse:
    """Write down what the supplier said by telephone or mail; with `all`, everything as ordered."""
    found = find_order(number)
    everything = "all" in request.POST
    lines = list(queries.ordered_lines(found))
    form = AnswerForm(
        request.POST if request.method == "POST" and not everything else None,
        asked=[Asked(line.pk, line.product.name, line.quantity) for line in lines],
        asked_on=found.asked_on,
        last=queries.last_answer(found),
    )
    if request.method == "POST":
        if everything or form.is_valid():
            words: dict[str, Any] = {} if everything else form.cleaned_data
            try:
                with transaction.atomic():
                    confirming.answer(
                        found,
                        confirming.as_ordered(found) if everything else form.said(),
                        reference=words.get("reference", ""),
                        note=words.get("note", ""),
                        actor=request.user,
                    )
            except ParstockError as refusal:
                if everything:
                    messages.error(request, refusal.detail)
                    return redirect("order", request.shop.slug, number)
                form.add_refusal(refusal)
            else:
                messages.success(
                    request, _("The answer of %(supplier)s was noted.") % {"supplier": found.supplier}
                )
                return redirect("order", request.shop.slug, number)
        focus_first_error(form)
    elif not confirming.can_be_answered(found):
        return redirect("order", request.shop.slug, number)
    rows = [row | {"line": line} for line, row in zip(lines, form.rows(), strict=True)]
    context = {"order": found, "form": form, "rows": rows}
    return render(request, "purchasing/confirm.html", context)


@require_POST
@require(Permission.ORDERS_APPROVE)
def order_accept(request: ShopRequest, number: str) -> HttpResponse:
    """Agree to an answer that differs from the order."""
    found = find_order(number)
    said = _("The answer to %(number)s is agreed.") % {"number": number}
    return change_and_return(request, found, lambda: confirming.accept(found, actor=request.user), said)
