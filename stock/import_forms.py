"""Forms of the import pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import Warehouse
from catalog.queries import active_warehouses
from common.importing.days import Order
from stock.importing.sales import FIELDS

FIELD_LABELS = {
    "sku": _("Product code"),
    "name": _("Name"),
    "quantity": _("Quantity"),
    "date": _("Sold at"),
    "price": _("Price"),
    "invoice": _("Receipt"),
}


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File of sales"),
        help_text=_("CSV or TSV, also packed as .gz: one line for each product sold, with its day."),
        error_messages={"empty": _("The file is empty.")},
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.gz"}),
    )
    warehouse = forms.ModelChoiceField(
        queryset=Warehouse.objects.none(),
        label=_("Sold from"),
        help_text=_("The warehouse that these goods left."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        warehouses = active_warehouses()
        field: Any = self.fields["warehouse"]
        field.queryset = warehouses
        only = list(warehouses[:2])
        if len(only) == 1:
            field.initial = only[0]
            field.empty_label = None


class ColumnsForm(forms.Form):
    """Which column holds what, and in which order the parts of its dates stand."""

    order = forms.ChoiceField(
        label=_("Dates are written"),
        choices=[
            (Order.DAY_FIRST.value, _("day first, like 31/12/2026")),
            (Order.MONTH_FIRST.value, _("month first, like 12/31/2026")),
        ],
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, names: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        columns = [(name, name) for name in dict.fromkeys(names) if name]
        for field in FIELDS:
            choices = columns if field.required else [("", _("not in this file")), *columns]
            self.fields[field.code] = forms.ChoiceField(
                label=FIELD_LABELS[field.code], choices=choices, required=field.required
            )
        self.order_fields([*FIELD_LABELS, "order"])

    def chosen(self) -> dict[str, str]:
        return {field.code: self.cleaned_data[field.code] for field in FIELDS}


class OpeningForm(forms.Form):
    opening_date = forms.DateField(
        label=_("Stock is kept from"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": _("Say from which day on stock is kept."),
            "invalid": _("This is not a date. Write it like 2026-11-27."),
        },
    )
