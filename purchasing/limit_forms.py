"""The owner's limits as a form."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from purchasing.models import OrderLimits
from tenancy.context import current_shop
from tenancy.shop_forms import AmountField, ShopModelForm

LONGEST_ANSWER_DAYS = 365


class LimitsForm(ShopModelForm):
    per_order = AmountField(label=gettext_lazy("At most per order"), required=False, min_value=0)
    per_week = AmountField(label=gettext_lazy("At most in seven days"), required=False, min_value=0)

    class Meta:
        model = OrderLimits
        fields = ("approves", "per_order", "per_week", "only_known", "grace_minutes", "answer_days")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        money = _("In %(currency)s, without tax. Empty: no such limit.")
        for name in ("per_order", "per_week"):
            self.fields[name].help_text = money % {"currency": current_shop().currency}
        self.fields["only_known"].help_text = _("An order with a product that is new there waits for you.")
        self.fields["grace_minutes"].help_text = _(
            "Until then you can undo it. 480 is eight hours: what a night approves at two leaves at ten."
        )
        self.fields["answer_days"].help_text = _(
            "An order that is not answered by then stands on Today. 0: never."
        )

    def clean_answer_days(self) -> int:
        days: int = self.cleaned_data["answer_days"]
        if days > LONGEST_ANSWER_DAYS:
            self.add_error("answer_days", _("Write %(most)d or less.") % {"most": LONGEST_ANSWER_DAYS})
        return days

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if (
            data.get("approves")
            and not self.errors
            and data["per_order"] is None
            and data["per_week"] is None
        ):
            self.add_error(
                "per_order", _("Set a limit per order or for seven days before orders leave by themselves.")
            )
        return data
