"""What can be asked of the list of products."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import Category, Product, Supplier
from common.forms import QuickSelect
from insights.product_list import Asked

_STATES = [(Product.State.ACTIVE, _("Active")), *Product.State.choices[1:], ("all", _("All"))]
_STATUSES = [("", _("Any stock")), ("out", _("Out of stock")), ("low", _("Low")), ("over", _("Over"))]


class ProductFilter(forms.Form):
    search = forms.CharField(required=False, max_length=200)
    status = forms.ChoiceField(label=_("Stock"), choices=_STATUSES, required=False, widget=QuickSelect)
    category = forms.ModelChoiceField(
        Category.objects.none(), label=_("Category"), required=False, empty_label=_("Any"), widget=QuickSelect
    )
    supplier = forms.ModelChoiceField(
        Supplier.objects.none(), label=_("Supplier"), required=False, empty_label=_("Any"), widget=QuickSelect
    )
    state = forms.ChoiceField(label=_("State"), choices=_STATES, required=False, widget=QuickSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = Category.objects.all()  # type: ignore[attr-defined]
        self.fields["supplier"].queryset = Supplier.objects.filter(is_active=True)  # type: ignore[attr-defined]

    def asked(self) -> Asked:
        """A filter that means nothing is as if it were not there."""
        self.is_valid()
        chosen = self.cleaned_data
        state = chosen.get("state") or Product.State.ACTIVE
        return Asked(
            search=chosen.get("search", ""),
            state="" if state == "all" else state,
            category=chosen.get("category"),
            supplier=chosen.get("supplier"),
            status=chosen.get("status", ""),
        )
