"""Forms of the replenish page and of what the night plans by."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.lookups import product_by_sku
from catalog.models import Category
from replenishment.models import Policy
from tenancy.shop_forms import AmountField, PercentField

SNOOZE_DAYS = 7


class BudgetForm(forms.Form):
    budget = AmountField(label=gettext_lazy("Spend at most"), required=False, min_value=0)


class SnoozeForm(forms.Form):
    until = forms.DateField(
        label=gettext_lazy("Do not propose it before"), widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.initial.setdefault("until", today + timedelta(days=SNOOZE_DAYS))

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if until <= self.today:
            raise forms.ValidationError(_("Choose a day after today."))
        return until


class RatesForm(forms.Form):
    """What keeping goods and missing them costs; empty: as said elsewhere."""

    holding_rate = PercentField(
        label=gettext_lazy("Keeping goods for a year costs, % of their cost"), required=False
    )
    goodwill_rate = PercentField(
        label=gettext_lazy("A missed sale costs beside its margin, % of the cost"), required=False
    )

    def __init__(self, *args: Any, policy: Policy | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if policy is not None:
            self.initial.setdefault("holding_rate", policy.holding_rate)
            self.initial.setdefault("goodwill_rate", policy.goodwill_rate)


class ShopPolicyForm(RatesForm):
    budget = AmountField(label=gettext_lazy("Spend at most, a night"), required=False, min_value=0)

    def __init__(self, *args: Any, policy: Policy | None = None, **kwargs: Any) -> None:
        super().__init__(*args, policy=policy, **kwargs)
        if policy is not None:
            self.initial.setdefault("budget", policy.budget)
        self.fields["holding_rate"].help_text = _("Money, room and what spoils. Empty: 25.")
        self.fields["goodwill_rate"].help_text = _("What a disappointed customer is worth. Empty: 30.")
        self.fields["budget"].help_text = _(
            "For all orders that a night proposes together, without tax. Empty: no limit."
        )


class OwnPolicyForm(RatesForm):
    category = forms.ModelChoiceField(
        Category.objects.all(), label=gettext_lazy("For the category"), required=False
    )
    sku = forms.CharField(
        label=gettext_lazy("or for the product with the SKU"), required=False, max_length=64
    )
    field_order = ("category", "sku", "holding_rate", "goodwill_rate")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        sku = data.get("sku")
        if bool(sku) == bool(data.get("category")):
            self.add_error("category", _("Choose a category, or write the SKU of a product."))
        elif sku:
            data["product"] = product_by_sku(sku)
            if data["product"] is None:
                self.add_error("sku", _("No product has this SKU."))
        if not self.errors and data.get("holding_rate") is None and data.get("goodwill_rate") is None:
            self.add_error("holding_rate", _("Write at least one of the two."))
        return data
