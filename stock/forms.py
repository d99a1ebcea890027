"""Forms for filling in a sheet: its head, its rows, and both together."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Product, Warehouse
from catalog.queries import active_warehouses, products_by_code
from common.dates import closing_of, start_of_day
from common.errors import BadInput, ParstockError
from common.forms import focus_first_error
from common.units import QUANTITY_SCALE, read_quantity, write_quantity
from stock.models import Kind
from stock.services.ledger import Line
from stock.sheets import Sheet
from tenancy.context import current_shop
from tenancy.shop_forms import QuantityField, UnitPriceField

FIRST_ROWS = 3
MOST_ROWS = 300


def new_key() -> str:
    """Goes with a sheet into the browser and back, so that a sheet sent twice is posted once."""
    return uuid.uuid4().hex


class HeadForm(forms.Form):
    """What holds for the whole sheet: where, when, why."""

    key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)
    warehouse = forms.ModelChoiceField(Warehouse.objects.none(), label=gettext_lazy("Warehouse"))
    to_warehouse = forms.ModelChoiceField(Warehouse.objects.none(), label=gettext_lazy("To"))
    at = forms.DateTimeField(
        label=gettext_lazy("When"),
        required=False,
        help_text=gettext_lazy("Empty means now."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    # Of a count only: sales of which only the day is known happen as the shop closes.
    when = forms.ChoiceField(
        label=gettext_lazy("Counted"),
        choices=[
            ("now", gettext_lazy("Now, or at the time given")),
            ("before", gettext_lazy("Before opening")),
            ("after", gettext_lazy("After closing")),
        ],
        required=False,
        help_text=gettext_lazy("Today, or on the day given."),
    )
    document = forms.CharField(
        max_length=120, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    reason = forms.CharField(max_length=200)

    def __init__(self, *args: Any, sheet: Sheet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False  # else a browser would hold back the button for another row
        places = active_warehouses()
        for name in ("warehouse", "to_warehouse"):
            self.fields[name].queryset = places  # type: ignore[attr-defined]
        if len(places) == 1:
            self.initial.setdefault("warehouse", places[0].pk)
            self.fields["warehouse"].empty_label = None  # type: ignore[attr-defined]
        if sheet.kind != Kind.COUNT:
            del self.fields["when"]
        if sheet.kind == Kind.TRANSFER:
            self.fields["warehouse"].label = _("From")
        else:
            del self.fields["to_warehouse"]
        for name, label in (("document", sheet.document_label), ("reason", sheet.reason_label)):
            if label is None:
                del self.fields[name]
            else:
                self.fields[name].label = label
        if "document" in self.fields:
            self.fields["document"].help_text = _("If you have one.")
        self.initial.setdefault("key", new_key())

    def clean(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        if chosen.get("to_warehouse") and chosen["to_warehouse"] == chosen.get("warehouse"):
            self.add_error("to_warehouse", _("The goods are there already. Choose another warehouse."))
        if chosen.get("when") in {"before", "after"} and "at" in chosen:
            zone = current_shop().zone
            day = (chosen["at"] or timezone.now()).astimezone(zone).date()
            chosen["at"] = start_of_day(day, zone) if chosen["when"] == "before" else closing_of(day, zone)
        return chosen


class RowForm(forms.Form):
    """A line: what, how many, and on some sheets at what cost."""

    code = forms.CharField(label=gettext_lazy("SKU or barcode"), max_length=64, required=False)
    quantity = QuantityField(required=False)
    cost = UnitPriceField(label=gettext_lazy("Unit cost"), required=False)

    def __init__(
        self, *args: Any, sheet: Sheet, with_cost: bool, product: Product | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sheet = sheet
        self.product = product
        self.fields["quantity"].label = sheet.quantity_label
        self.fields["cost"].least = 0  # type: ignore[attr-defined]
        if not with_cost:
            del self.fields["cost"]
        for name, field in self.fields.items():
            field.widget.attrs |= {"aria-label": field.label, "class": "scan" if name == "code" else "qty"}
        self.fields["code"].widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}

    @property
    def faults(self) -> list[str]:
        """What is wrong with the code, also before the sheet is sent."""
        if self.is_bound:
            return [str(fault) for fault in self.errors.get("code", [])]
        fault = self._fault_of_code() if self.initial.get("code") else ""
        return [fault] if fault else []

    def _fault_of_code(self) -> str:
        if self.product is None:
            return _("No product has this SKU or barcode.")
        if self.product.is_archived:
            return _("This product is archived; take it up again first.")
        return ""

    @property
    def is_blank(self) -> bool:
        """Nothing typed; in a count also a product without a number, which is not counted."""
        typed = {name: str(self.data.get(self.add_prefix(name), "")).strip() for name in self.fields}
        if self.sheet.kind == Kind.COUNT:
            return not typed["quantity"] and (not typed["code"] or self.product is not None)
        return not any(typed.values())

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data
        if self.is_blank:
            return typed
        if "code" in typed and not typed["code"]:
            self.add_error("code", _("Say which product."))
        elif "code" in typed and (fault := self._fault_of_code()):
            self.add_error("code", fault)
        if "quantity" in typed:
            self._check_quantity(typed["quantity"])
        return typed

    def _check_quantity(self, quantity: int | None) -> None:
        if quantity is None:
            self.add_error("quantity", _("Say how many."))
        elif fault := fault_of_quantity(quantity, self.sheet.kind, self.product):
            self.add_error("quantity", fault)


def fault_of_quantity(quantity: int, kind: str, product: Product | None) -> str:
    if kind == Kind.COUNT and quantity < 0:
        return _("Nothing can be counted below 0.")
    if kind == Kind.CORRECTION and quantity == 0:
        return _("0 changes nothing.")
    if kind not in {Kind.COUNT, Kind.CORRECTION} and quantity <= 0:
        return _("Write more than 0.")
    if product and not product.has_decimals and quantity % QUANTITY_SCALE:
        return _("This product is kept in whole units.")
    return ""


class PostingForm:
    """A sheet: its head and its rows."""

    def __init__(
        self,
        sheet: Sheet,
        data: Mapping[str, Any] | None = None,
        *,
        with_cost: bool,
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.sheet = sheet
        self.with_cost = with_cost and sheet.takes_cost
        self.head = HeadForm(data, initial=initial, sheet=sheet)
        typed = _typed_rows(data) if data is not None else [{"code": (initial or {}).get("code", "")}]
        products = products_by_code(row["code"] for row in typed if row["code"].strip())
        count = len(typed) if data is not None else FIRST_ROWS
        typed += [{"code": ""}] * (count - len(typed))
        self.rows = [
            self._row(number, products.get(row["code"]), data, row) for number, row in enumerate(typed)
        ]
        if data is None:
            self._focus(first_blank=True)
            if self.rows[0].product:  # the page of a product led here: only the number is missing
                self._focus(first_blank=False)
                self.rows[0].fields["quantity"].widget.attrs["autofocus"] = True

    def _row(
        self, number: int, product: Product | None, data: Mapping[str, Any] | None, initial: dict[str, str]
    ) -> RowForm:
        return RowForm(
            data,
            prefix=f"line-{number}",
            initial=initial,
            sheet=self.sheet,
            with_cost=self.with_cost,
            product=product,
        )

    def _focus(self, *, first_blank: bool) -> None:
        for row in self.rows:
            field = row.fields["code"]
            field.widget.attrs.pop("autofocus", None)
            if first_blank and not row.initial.get("code"):
                field.widget.attrs["autofocus"] = True
                first_blank = False

    @classmethod
    def with_another_row(cls, sheet: Sheet, data: Mapping[str, Any], *, with_cost: bool) -> PostingForm:
        """What was typed, unjudged, with room for one more line.

        A scanner ends a code with Enter, which asks for a row: a code without a quantity counts
        one, and one that stands above already is one more there.
        """
        head = {name: data.get(name, "") for name in HeadForm.base_fields}
        form = cls(sheet, with_cost=with_cost, initial=head)
        typed = _typed_rows(data)
        products = products_by_code(row["code"] for row in typed if row["code"].strip())
        kept: list[dict[str, str]] = []
        for row in typed:
            if not any(value.strip() for value in row.values()):
                continue
            above = _same_product(kept, row, products)
            if above is not None:
                above["quantity"] = _one_more(above["quantity"])
                continue
            if row["code"].strip() in products and not row["quantity"].strip():
                row["quantity"] = "1"
            kept.append(row)
        blank = max(1, FIRST_ROWS - len(kept)) if len(kept) < MOST_ROWS else 0
        kept += [{"code": "", "quantity": "", "cost": ""} for _blank in range(blank)]
        form.rows = [
            form._row(number, products.get(row["code"]), None, row) for number, row in enumerate(kept)
        ]
        form._focus(first_blank=True)
        return form

    def is_valid(self) -> bool:
        filled = self.filled
        valid = self.head.is_valid()
        if not filled:
            self.head.add_error(None, _("Nothing is on the sheet yet. Scan or type a product."))
            valid = False
        wrong = [row for row in filled if not row.is_valid()]  # all of them, not the first only
        valid = valid and not wrong
        if valid and self.sheet.kind == Kind.COUNT:
            valid = self._each_once(filled)
        return valid

    @property
    def filled(self) -> list[RowForm]:
        return [row for row in self.rows if not row.is_blank]

    def _each_once(self, filled: list[RowForm]) -> bool:
        seen: set[int] = set()
        for row in filled:
            assert row.product is not None
            if row.product.pk in seen:
                row.add_error("code", _("This product stands above already. Write the sum there."))
            seen.add(row.product.pk)
        return all(not row.errors for row in filled)

    def lines(self) -> list[Line]:
        head = self.head.cleaned_data
        to_warehouse = head.get("to_warehouse")
        return [
            Line(
                product_id=row.product.pk,
                warehouse_id=head["warehouse"].pk,
                quantity=row.cleaned_data["quantity"],
                to_warehouse_id=to_warehouse.pk if to_warehouse else None,
                unit_cost=row.cleaned_data.get("cost"),
            )
            for row in self.filled
            if row.product
        ]

    def refuse(self, refusal: ParstockError) -> None:
        """The ledger's refusal, beside the lines that it names, else on top."""
        if any(name.endswith(".at") for name in refusal.fields):
            self.head.add_error("at", refusal.detail)
            return
        beside = False
        for number, row in enumerate(self.filled):
            of_row = {f"lines[{number}].{name}" for name in ("quantity", "sku", "unit_cost", "to_warehouse")}
            of_row.add(row.product.sku if row.product else "")
            for name in of_row & refusal.fields.keys():
                row.add_error("quantity", "; ".join(map(str, refusal.fields[name])))
                beside = True
        if not beside:
            field = next((name for name in refusal.fields if name in self.head.fields), None)
            self.head.add_error(field, refusal.detail)

    def focus_first_error(self) -> None:
        self._focus(first_blank=False)
        focus_first_error(self.head, *self.filled)

    @property
    def wrong_rows(self) -> list[tuple[int, RowForm]]:
        """For the note on top: number and form of each row that needs mending."""
        return [(number, row) for number, row in enumerate(self.rows, 1) if row in self.filled and row.errors]


def _typed_rows(data: Mapping[str, Any]) -> list[dict[str, str]]:
    count = min(max(number_in(data.get("rows")), 1), MOST_ROWS)
    names = ("code", "quantity", "cost")
    return [{name: str(data.get(f"line-{n}-{name}", "")) for name in names} for n in range(count)]


def _same_product(
    kept: list[dict[str, str]], row: dict[str, str], products: Mapping[str, Product]
) -> dict[str, str] | None:
    """The row above that a code scanned again belongs to."""
    product = products.get(row["code"])
    if product is None or row["quantity"].strip():
        return None
    return next((above for above in kept if products.get(above["code"]) == product), None)


def _one_more(quantity: str) -> str:
    try:
        return write_quantity(read_quantity(quantity) + QUANTITY_SCALE)
    except BadInput:
        return quantity or "1"


def number_in(text: object) -> int:
    """A count or an id as a browser sends it; 0 for what is none."""
    typed = str(text)
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 12 else 0
