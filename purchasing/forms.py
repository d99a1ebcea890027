"""Forms of the order pages. Numbers are read as people write them; what is wrong stands at its field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Product, Supplier, Warehouse
from catalog.queries import active_warehouses, products_by_code
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from tenancy.shop_forms import QuantityField, UnitPriceField


class NewOrderForm(forms.Form):
    supplier = forms.ModelChoiceField(Supplier.objects.filter(is_active=True), label=gettext_lazy("Supplier"))
    warehouse = forms.ModelChoiceField(active_warehouses(), label=gettext_lazy("For the warehouse"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only = list(active_warehouses()[:2])
        if len(only) == 1:
            self.initial["warehouse"] = only[0].pk


class OrderFilterForm(forms.Form):
    """Which orders a list shows; what cannot be read filters nothing."""

    search = forms.CharField(label=gettext_lazy("Number or supplier"), required=False, max_length=120)
    supplier = forms.ModelChoiceField(
        Supplier.objects.all(),
        label=gettext_lazy("Supplier"),
        required=False,
        empty_label=gettext_lazy("All suppliers"),
    )
    warehouse = forms.ModelChoiceField(
        Warehouse.objects.all(),
        label=gettext_lazy("Warehouse"),
        required=False,
        empty_label=gettext_lazy("All warehouses"),
    )

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) or None for name in self.fields}

    def query(self, **more: str) -> str:
        """What is chosen as the beginning of a query, `search=x&supplier=3&`."""
        chosen = self.chosen() | more
        return "".join(
            f"{name}={quote(str(getattr(value, 'pk', value)))}&" for name, value in chosen.items() if value
        )


def _quantity_of_line(label: str, *, required: bool = True) -> QuantityField:
    """In a table: the label is for those who hear the page."""
    field = QuantityField(label=label, required=required)
    field.widget.attrs |= {"class": "qty", "aria-label": label}
    return field


def _note() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Note to the supplier"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 30}),
    )


def _wanted_on(*, of_form: str = "", **kwargs: Any) -> forms.DateField:
    attrs = {"type": "date"} | ({"form": of_form} if of_form else {})
    widget = forms.DateInput(attrs=attrs, format="%Y-%m-%d")
    return forms.DateField(label=gettext_lazy("Deliver by"), required=False, widget=widget, **kwargs)


class LinesForm(forms.Form):
    """The quantities and prices of a draft's lines, the wanted day, and the note to the supplier."""

    # Stands outside its form's element, which tables cannot hold.
    wanted_on = _wanted_on(of_form="lines", help_text=gettext_lazy("Empty: as soon as the supplier can."))
    note = _note()

    def __init__(
        self,
        *args: Any,
        order: PurchaseOrder,
        lines: Iterable[PurchaseOrderLine],
        with_prices: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lines = list(lines)
        self.initial.update(note=order.note, wanted_on=order.wanted_on)
        for line in self.lines:
            product = {"product": line.product.name}
            field = _quantity_of_line(_("Quantity of %(product)s") % product)
            if line.is_edited:
                field.widget.attrs["class"] += " changed"
            self.fields[name_of(line)] = field
            self.initial[name_of(line)] = line.quantity
            if with_prices:
                label = _("Unit cost of %(product)s") % product
                price = UnitPriceField(label=label, required=False, min_value=0)
                price.currency = order.currency
                self.fields[price_name_of(line)] = price
                self.initial[price_name_of(line)] = line.unit_cost

    def stood(self, name: str) -> Any:
        """What stood in a field when the page was opened; it comes along with what is sent."""
        shown = self.data.get(was_name_of(name))
        return self.fields[name].prepare_value(self.initial[name]) if shown is None else shown

    def changed_lines(self) -> list[tuple[PurchaseOrderLine, int]]:
        """Lines whose quantity is another one now, with that quantity."""
        wanted = [(line, self.cleaned_data[name_of(line)]) for line in self.lines]
        return [
            (line, quantity)
            for line, quantity in wanted
            if quantity != line.quantity and self._is_touched(name_of(line))
        ]

    def changed_prices(self) -> list[tuple[PurchaseOrderLine, int | None]]:
        """Lines whose price was typed anew, or emptied: then it is the supplier's again."""
        named = [(line, price_name_of(line)) for line in self.lines if price_name_of(line) in self.fields]
        changed = [(line, name) for line, name in named if name in self.changed_data]
        return [(line, self.cleaned_data[name]) for line, name in changed if self._is_touched(name)]

    def _is_touched(self, name: str) -> bool:
        """Whether this person changed the field. What a night or somebody else has changed since the
        page was opened differs too, and must not be taken back by saving another line."""
        return self.data.get(was_name_of(name)) != self.data.get(name)


class ChangeForm(forms.Form):
    """What shall be otherwise on an order that the supplier has already."""

    wanted_on = _wanted_on()
    note = _note()

    def __init__(
        self, *args: Any, order: PurchaseOrder, lines: Iterable[PurchaseOrderLine], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lines = list(lines)
        self.initial.update(note=order.note, wanted_on=order.asked_on or order.expected_on)
        for line in self.lines:
            label = _("Quantity of %(product)s") % {"product": line.product.name}
            self.fields[name_of(line)] = _quantity_of_line(label)
            self.initial[name_of(line)] = line.quantity

    def quantities(self) -> dict[int, int]:
        return {line.pk: self.cleaned_data[name_of(line)] for line in self.lines}


class AddLineForm(forms.Form):
    """A product by its code or by words of its name; the quantity may wait until it is found."""

    sku = forms.CharField(
        label=gettext_lazy("SKU, barcode or name"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    quantity = QuantityField(
        label=gettext_lazy("Quantity"),
        required=False,
        help_text=gettext_lazy("Empty: one pack, or the supplier's least quantity."),
        widget=forms.TextInput(attrs={"class": "qty", "inputmode": "decimal", "autocomplete": "off"}),
    )

    def product(self) -> Product | None:
        """The product whose very code was typed."""
        code = self.cleaned_data["sku"]
        return products_by_code([code]).get(code)


class SendAgainForm(forms.Form):
    """Where a mail shall go that did not get through."""

    to = forms.EmailField(label=gettext_lazy("To"))
    keep = forms.BooleanField(
        label=gettext_lazy("Use this address for later orders too"), required=False, initial=True
    )


def name_of(line: PurchaseOrderLine) -> str:
    return f"line-{line.pk}"


def price_name_of(line: PurchaseOrderLine) -> str:
    return f"price-{line.pk}"


def was_name_of(name: str) -> str:
    """The hidden field beside the field `name`."""
    return f"was-{name}"
