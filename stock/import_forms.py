"""What is asked about files of stock and sales."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import Warehouse
from catalog.queries import active_warehouses
from imports.models import FileImport
from stock.importing.judging import Overlap
from stock.services.sales_import import asks_opening_date, proposed_opening_date


class WarehouseForm(forms.Form):
    """A warehouse by its code; where none is said, the shop's only one or its main one."""

    warehouse = forms.ModelChoiceField(
        queryset=Warehouse.objects.none(),
        to_field_name="code",
        required=False,
        error_messages={"invalid_choice": _("There is no warehouse “%(value)s”.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["warehouse"]
        field.queryset = active_warehouses()
        self.usual = _usual()
        if self.usual is not None:
            field.initial = self.usual.code
            field.empty_label = None

    def clean_warehouse(self) -> Warehouse:
        chosen = self.cleaned_data["warehouse"] or self.usual
        if chosen is None:
            raise forms.ValidationError(_("The shop has several warehouses; say which one."))
        return chosen


class SoldFromForm(WarehouseForm):
    source = forms.CharField(
        label=_("Reported by"),
        required=False,
        max_length=60,
        help_text=_(
            "Only where several report the sales of one warehouse, like a till and a web shop: a day is known"
            " once all of them have reported it."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["warehouse"].label = _("Sold from")
        self.fields["warehouse"].help_text = _("The warehouse that these goods left.")


def _usual() -> Warehouse | None:
    places = list(active_warehouses())
    main = [place for place in places if place.code == "MAIN"]
    return (main or places)[0] if main or len(places) == 1 else None


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


class SalesAnswersForm(forms.Form):
    """What is asked about a file of sales: only what its lines raise."""

    def __init__(self, data: Any = None, *, file_import: FileImport) -> None:
        super().__init__(data)
        summary = file_import.summary
        if asks_opening_date(file_import):
            self.fields["opening_date"] = OpeningForm.base_fields["opening_date"]
            self.initial["opening_date"] = proposed_opening_date(file_import)
        if summary["repeats"]:
            self.fields["repeats"] = forms.ChoiceField(
                label=_("Repeated lines"),
                choices=[
                    ("take", _("are sales of their own")),
                    ("leave", _("were written twice: leave them out")),
                ],
                widget=forms.RadioSelect,
                required=False,
                initial="take",
            )
        if summary["on_known_days"]:
            self.fields["overlap"] = forms.ChoiceField(
                label=_("Days that another file has brought"),
                choices=[
                    (Overlap.SAME.value, _("leave out the lines that are there already")),
                    (Overlap.DAYS.value, _("leave out all lines of those days")),
                    (Overlap.TAKE.value, _("take all lines: they are other sales")),
                ],
                widget=forms.RadioSelect,
                required=False,
                initial=Overlap.SAME.value,
            )
        if summary["no_product_list"]:
            self.fields["products"] = forms.MultipleChoiceField(
                label=_("Take as products"),
                choices=[(key, sku) for key, sku, *_rest in summary["no_product_list"]],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )
        self.spellings = [other for _sku, _name, others in summary["twin_list"] for other in others]
        if self.spellings:
            self.fields["apart"] = forms.MultipleChoiceField(
                choices=[(spelling, spelling) for spelling, *_rest in self.spellings],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )
        for number, (_spelling, _count, proposal) in enumerate(self.spellings):
            self.fields[f"apart_sku_{number}"] = forms.CharField(
                max_length=64, required=False, initial=proposal, label=_("SKU of its own")
            )

    def ticked(self, field: str) -> set[str]:
        """What was sent for a list of boxes, valid or not."""
        data: Any = self.data
        return set(data.getlist(field)) if self.is_bound else set()

    def twins(self) -> list[tuple[str, int, Any, bool]]:
        """Each other spelling, its lines, the field of a SKU of its own, and whether that is wanted."""
        wanted = self.ticked("apart")
        return [
            (spelling, count, self[f"apart_sku_{number}"], spelling in wanted)
            for number, (spelling, count, _proposal) in enumerate(self.spellings)
        ]

    def clean(self) -> dict[str, Any]:
        """In the words of `sales_import.begin_posting`."""
        cleaned: dict[str, Any] = super().clean() or {}
        wanted = set(cleaned.get("apart") or ())
        cleaned["apart"] = {
            spelling: cleaned.get(f"apart_sku_{number}") or proposal
            for number, (spelling, _count, proposal) in enumerate(self.spellings)
            if spelling in wanted
        }
        cleaned["take_repeats"] = cleaned.pop("repeats", "") != "leave"
        return cleaned
