"""Forms of the order pages. Numbers are read as people write them; what is wrong stands at its field."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Product, Supplier, Warehouse
from common.errors import BadInput
from common.units import read_quantity, write_quantity
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.services.receiving import LONGEST_KEY, Received


class NewOrderForm(forms.Form):
    supplier = forms.ModelChoiceField(Supplier.objects.filter(is_active=True), label=gettext_lazy("Supplier"))
    warehouse = forms.ModelChoiceField(
        Warehouse.objects.filter(is_active=True), label=gettext_lazy("For the warehouse")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only = list(Warehouse.objects.filter(is_active=True)[:2])
        if len(only) == 1:
            self.initial["warehouse"] = only[0].pk


class QuantityField(forms.CharField):
    """Thousandths of a unit; None where it was left blank and may be."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=20, **kwargs)
        self.widget.attrs |= {"class": "qty", "inputmode": "decimal", "autocomplete": "off"}

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_quantity(text)
        except BadInput as fault:
            raise forms.ValidationError(fault.detail) from fault


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
            field = QuantityField(label=_("Quantity of %(product)s") % {"product": line.product.name})
            field.widget.attrs["aria-label"] = field.label
            if line.is_edited:
                field.widget.attrs["class"] += " changed"
            self.fields[name_of(line)] = field
            self.initial[name_of(line)] = write_quantity(line.quantity)

    def changed_lines(self) -> list[tuple[PurchaseOrderLine, int]]:
        """Lines whose quantity is another one now, with that quantity."""
        wanted = [(line, self.cleaned_data[name_of(line)]) for line in self.lines]
        return [(line, quantity) for line, quantity in wanted if quantity != line.quantity]


class AddLineForm(forms.Form):
    sku = forms.CharField(label=gettext_lazy("Product code or barcode"), max_length=64)
    quantity = QuantityField(label=gettext_lazy("Quantity"))

    def clean_sku(self) -> Product:
        code = self.cleaned_data["sku"]
        found = (
            Product.objects.filter(sku__iexact=code).first()
            or Product.objects.filter(barcodes__code=code).first()
        )
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
            field = QuantityField(label=label, required=False)
            field.widget.attrs["aria-label"] = label
            self.fields[name_of(line)] = field

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
