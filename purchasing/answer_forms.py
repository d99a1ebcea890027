"""The supplier's answer as a form: on its page, and where somebody writes down a telephone call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import ParstockError
from purchasing.models import SupplierAnswer
from purchasing.services.confirming import LONGEST_NOTE, LONGEST_REFERENCE, Said
from tenancy.shop_forms import QuantityField

AS_ORDERED, CHANGED, DECLINED = "as", "change", "no"
CHOICES = [
    (AS_ORDERED, gettext_lazy("As ordered")),
    (CHANGED, gettext_lazy("Change")),
    (DECLINED, gettext_lazy("Cannot deliver")),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """A line as it was ordered."""

    line_id: int
    name: str
    quantity: int


class DayField(forms.DateField):
    """A day by the browser's own calendar."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)


class AnswerForm(forms.Form):
    """A day for the whole order, and for each line: as ordered, changed, or declined."""

    on = DayField(label=gettext_lazy("Delivery on"), required=False)
    reference = forms.CharField(
        label=gettext_lazy("Your reference"), required=False, max_length=LONGEST_REFERENCE
    )
    note = forms.CharField(
        label=gettext_lazy("Anything to add"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 40}),
    )

    def __init__(
        self,
        *args: Any,
        asked: Sequence[Asked],
        asked_on: date | None,
        last: SupplierAnswer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.asked = list(asked)
        self.asked_on = asked_on
        said = {row["line"]: row for row in last.lines} if last else {}
        self.initial.update(
            on=asked_on,
            reference=last.reference if last else "",
            note=last.note if last else "",
        )
        for line in self.asked:
            self._add_line(line, said.get(line.line_id))

    def _add_line(self, line: Asked, said: dict[str, Any] | None) -> None:
        choice, quantity, on = self._names(line)
        words = {"product": line.name}
        self.fields[choice] = forms.ChoiceField(choices=CHOICES, label=line.name)
        self.fields[quantity] = QuantityField(label=_("Quantity of %(product)s") % words, required=False)
        self.fields[on] = DayField(label=_("Delivery of %(product)s") % words, required=False)
        self.initial.update({choice: AS_ORDERED, quantity: line.quantity, on: self.asked_on})
        if said is not None:
            day = date.fromisoformat(said["on"]) if said["on"] else self.asked_on
            changed = said["quantity"] != line.quantity or day != self.asked_on
            self.initial[choice] = (CHANGED if changed else AS_ORDERED) if said["quantity"] else DECLINED
            self.initial.update({quantity: said["quantity"] or line.quantity, on: day})

    @staticmethod
    def _names(line: Asked) -> tuple[str, str, str]:
        return f"choice-{line.line_id}", f"quantity-{line.line_id}", f"on-{line.line_id}"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for line in self.asked:
            choice, quantity, _on = self._names(line)
            if data.get(choice) == CHANGED and quantity not in self.errors and data.get(quantity) is None:
                self.add_error(quantity, _("Say how many you can deliver."))
        return data

    def said(self) -> list[Said]:
        return [self._said(line) for line in self.asked]

    def _said(self, line: Asked) -> Said:
        choice, quantity, on = (self.cleaned_data[name] for name in self._names(line))
        if choice == DECLINED:
            return Said(line.line_id, 0)
        day = self.cleaned_data["on"]
        if choice == CHANGED:
            # A day of the line's own goes before the whole order's.
            day = on if on and on != self.asked_on else day
            return Said(line.line_id, quantity, self._other(day))
        return Said(line.line_id, line.quantity, self._other(day))

    def _other(self, day: date | None) -> date | None:
        return None if day == self.asked_on else day

    def add_refusal(self, refusal: ParstockError) -> None:
        """A service's refusal, at the lines it names."""
        placed = False
        for number, line in enumerate(self.asked):
            _choice, quantity, on = self._names(line)
            for name, part in ((quantity, "quantity"), (on, "on")):
                if faults := refusal.fields.get(f"lines[{number}].{part}"):
                    self.add_error(name, faults)
                    placed = True
        if not placed:
            self.add_error(None, refusal.detail)

    def rows(self) -> list[dict[str, Any]]:
        """Of each line its fields, for the template."""
        return [self._row(line) for line in self.asked]

    def _row(self, line: Asked) -> dict[str, Any]:
        choice, quantity, on = (self[name] for name in self._names(line))
        faults = [*choice.errors, *quantity.errors, *on.errors]
        return {"choice": choice, "quantity": quantity, "on": on, "errors": faults}
