"""What is asked about files of stock and sales."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import Warehouse
from catalog.queries import active_warehouses


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
