"""What a delivery brought, as a form: typed, or scanned piece by piece."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.queries import products_by_code
from common.errors import ParstockError
from common.units import QUANTITY_SCALE, write_quantity
from purchasing.models import PurchaseOrderLine
from purchasing.services.receiving import LONGEST_KEY, Damage, Received
from tenancy.shop_forms import QuantityField

WRITE_OFF, SEND_BACK = "write_off", "send_back"


class ReceiveForm(forms.Form):
    """What arrived, line by line; blank is nothing. The key makes a second click harmless."""

    key = forms.CharField(max_length=LONGEST_KEY, widget=forms.HiddenInput)
    scan = forms.CharField(
        label=gettext_lazy("Scan or type a code"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"class": "scan", "autocomplete": "off", "autofocus": True}),
    )
    reason = forms.CharField(label=gettext_lazy("What is wrong with it"), required=False, max_length=200)
    fate = forms.ChoiceField(
        label=gettext_lazy("Damaged goods"),
        required=False,
        choices=[
            (WRITE_OFF, gettext_lazy("are written off")),
            (SEND_BACK, gettext_lazy("go back, and stay on order")),
        ],
        initial=WRITE_OFF,
        widget=forms.RadioSelect,
    )
    accept_more = forms.BooleanField(
        label=gettext_lazy("More arrived than was ordered, take it all in"), required=False
    )
    close_short = forms.BooleanField(
        label=gettext_lazy("Nothing more will come: close the order short"), required=False
    )
    tell_supplier = forms.BooleanField(
        label=gettext_lazy("Tell the supplier that nothing more is expected"), required=False
    )

    def __init__(self, *args: Any, lines: Iterable[PurchaseOrderLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = list(lines)
        self.initial["key"] = uuid.uuid4().hex
        for line in self.lines:
            words = {"product": line.product.name}
            self.fields[received_name(line)] = _quantity(_("Received of %(product)s") % words)
            self.fields[damaged_name(line)] = _quantity(_("Damaged of %(product)s") % words)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        damaged = False
        for line in self.lines:
            broken = data.get(damaged_name(line)) or 0
            damaged |= broken > 0
            if broken < 0 or broken > (data.get(received_name(line)) or 0):
                self.add_error(damaged_name(line), _("No more can be damaged than arrived."))
        if damaged and not data.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Say what is wrong with the damaged goods."))
        return data

    def received(self, *, everything: bool) -> list[Received]:
        """`everything`: all that is still open, whatever was typed as received."""
        rows = []
        for line in self.lines:
            typed = self.cleaned_data[received_name(line)]
            quantity = line.open_quantity if everything else typed
            if quantity is None or (everything and not quantity):
                continue
            damaged = 0 if everything else self.cleaned_data[damaged_name(line)] or 0
            rows.append(Received(line.product_id, quantity, damaged))
        return rows

    def damage(self) -> Damage | None:
        reason = self.cleaned_data["reason"]
        return Damage(reason, send_back=self.cleaned_data["fate"] == SEND_BACK) if reason else None

    def add_refusal(self, refusal: ParstockError) -> None:
        self.add_error("reason" if "reason" in refusal.fields else None, refusal.detail)


class Scanned:
    """A code that was scanned into the form: the form's data with one piece more, or what is wrong."""

    def __init__(self, data: QueryDict, lines: list[PurchaseOrderLine]) -> None:
        self.data = data.copy()
        self.code = data.get("scan", "").strip()
        self.data["scan"] = ""
        self.line: PurchaseOrderLine | None = None
        product = products_by_code([self.code]).get(self.code)
        self.is_known = product is not None
        self.name = product.name if product else self.code
        for line in lines:
            if product is not None and line.product_id == product.pk:
                self.line = line
                self._add_one(line)

    def _add_one(self, line: PurchaseOrderLine) -> None:
        name = received_name(line)
        try:
            already = QuantityField(required=False).clean(self.data.get(name, "")) or 0
        except forms.ValidationError:
            return  # the field says what is wrong with it
        self.data[name] = write_quantity(already + QUANTITY_SCALE)


def _quantity(label: str) -> QuantityField:
    """In a table: the label is for those who hear the page."""
    field = QuantityField(label=label, required=False)
    field.widget.attrs |= {"class": "qty", "aria-label": label}
    return field


def received_name(line: PurchaseOrderLine) -> str:
    return f"line-{line.pk}"


def damaged_name(line: PurchaseOrderLine) -> str:
    return f"damaged-{line.pk}"
