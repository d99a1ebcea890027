"""Forms of the order pages. Numbers are read as people write them; what is wrong stands at its field."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Product, Supplier
from catalog.queries import active_warehouses, products_by_code
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.services.receiving import LONGEST_KEY, Received
from tenancy.shop_forms import QuantityField


class NewOrderForm(forms.Form):
    supplier = forms.ModelChoiceField(Supplier.objects.filter(is_active=True), label=gettext_lazy("Supplier"))
    warehouse = forms.ModelChoiceField(active_warehouses(), label=gettext_lazy("For the warehouse"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only = list(active_warehouses()[:2])
        if len(only) == 1:
            self.initial["warehouse"] = only[0].pk


def _quantity_of_line(label: str, *, required: bool = True) -> QuantityField:
    """In a table: the label is for those who hear the page."""
    field = QuantityField(label=label, required=required)
    field.widget.attrs |= {"class": "qty", "aria-label": label}
    return field


class LinesForm(forms.Form):
    """The quantities of a draft's lines, and the note to the supplier."""

    note = forms.CharField(
        label=gettext_lazy("Note to the supplier"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 30}),
    )

    def __init__(self, *args: Any, order: PurchaseOrder, lines: Iterable[PurchaseOrderLine], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.lines = list(lines)
        self.initial["note"] = order.note
        for line in self.lines:
            field = _quantity_of_line(_("Quantity of %(product)s") % {"product": line.product.name})
            if line.is_edited:
                field.widget.attrs["class"] += " changed"
            self.fields[name_of(line)] = field
            self.initial[name_of(line)] = line.quantity

    def changed_lines(self) -> list[tuple[PurchaseOrderLine, int]]:
        """Lines whose quantity is another one now, with that quantity."""
        wanted = [(line, self.cleaned_data[name_of(line)]) for line in self.lines]
        return [(line, quantity) for line, quantity in wanted if quantity != line.quantity]


class AddLineForm(forms.Form):
    sku = forms.CharField(label=gettext_lazy("Product code or barcode"), max_length=64)
    quantity = QuantityField(
        label=gettext_lazy("Quantity"),
        widget=forms.TextInput(attrs={"class": "qty", "inputmode": "decimal", "autocomplete": "off"}),
    )

    def clean_sku(self) -> Product:
        code = self.cleaned_data["sku"]
        found = products_by_code([code]).get(code)
        if found is None:
            raise forms.ValidationError(_("There is no product with this code."))
        return found


class ReceiveForm(forms.Form):
    """What arrived, line by line; blank is nothing. The key makes a second click harmless."""

    key = forms.CharField(max_length=LONGEST_KEY, widget=forms.HiddenInput)
    accept_more = forms.BooleanField(
        label=gettext_lazy("More arrived than was ordered, take it all in"), required=False
    )

    def __init__(self, *args: Any, lines: Iterable[PurchaseOrderLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = list(lines)
        self.initial["key"] = uuid.uuid4().hex
        for line in self.lines:
            label = _("Received of %(product)s") % {"product": line.product.name}
            self.fields[name_of(line)] = _quantity_of_line(label, required=False)

    def received(self, *, everything: bool) -> list[Received]:
        """`everything`: all that is still open, whatever was typed."""
        quantities = (
            (line, line.open_quantity if everything else self.cleaned_data[name_of(line)])
            for line in self.lines
        )
        return [
            Received(line.product_id, quantity)
            for line, quantity in quantities
            if quantity is not None and (quantity or not everything)
        ]


def name_of(line: PurchaseOrderLine) -> str:
    return f"line-{line.pk}"
