"""The part of an import's page that only files of sales have."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from imports.models import FileImport
from stock.import_forms import OpeningForm
from stock.import_kinds.sales import Sales, counts_on_both_sides
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest


@require_GET
@require(Permission.IMPORTS_POST)
def import_counts(request: ShopRequest, pk: int) -> HttpResponse:
    """How the sales fall on both sides of a day, as a part of the page."""
    found = get_object_or_404(FileImport.objects.filter(kind=Sales.name).defer("content"), pk=pk)
    form = OpeningForm(request.GET)
    context: dict[str, Any] = {"answers": form}
    if form.is_valid():
        context |= counts_on_both_sides(found, form.cleaned_data["opening_date"])
    return render(request, "stock/import_counts.html", context)
