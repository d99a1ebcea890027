"""Forms over a shop's rows: unique within the shop, units as people write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext as _

from common.errors import BadInput
from common.units import (
    read_amount,
    read_percent,
    read_quantity,
    read_rate,
    read_unit_price,
    write_amount,
    write_percent,
    write_quantity,
    write_rate,
    write_unit_price,
)
from tenancy.context import current_shop


class ShopModelForm(forms.ModelForm):
    """Checks what is unique in the shop.

    `shop` is no field of the form, and Django leaves constraints out that name a missing field: a
    second product with the same SKU would pass the form and break in the database.
    """

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"shop"}

    def _post_clean(self) -> None:
        """Django puts what is unique together on top; in a shop it belongs to the other field."""
        super()._post_clean()  # type: ignore[misc]
        errors = self.errors.pop(NON_FIELD_ERRORS, None)
        for error in errors.as_data() if errors else ():
            field = self._unique_field(error)
            if field is None:
                self.add_error(None, error)
            elif field not in self.errors:
                self.add_error(field, _("This is taken already. Choose another."))

    def _unique_field(self, error: ValidationError) -> str | None:
        if error.code == "sku_taken":
            return "sku"
        checked = (error.params or {}).get("unique_check", ())
        others = [name for name in checked if name != "shop"]
        return others[0] if len(others) == 1 and others[0] in self.fields else None


class ScaledField(forms.CharField):
    """An integer in small units, shown and typed in whole ones."""

    def __init__(self, **kwargs: Any) -> None:
        # What a model field offers and a text field does not take.
        self.least = kwargs.pop("min_value", None)
        kwargs.pop("max_value", None)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(max_length=30, **kwargs)

    def read(self, text: str) -> int:
        raise NotImplementedError

    def write(self, value: int) -> str:
        raise NotImplementedError

    def prepare_value(self, value: Any) -> Any:
        return self.write(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text is None or text in self.empty_values:
            return None
        return value if isinstance(value, int) else _read(self.read, text)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and self.least is not None and value < self.least:
            raise ValidationError(
                _("Write %(least)s or more.") % {"least": self.write(self.least)}, code="min_value"
            )

    def run_validators(self, value: Any) -> None:
        """The validators of a text field speak of its length; `validate` has said the rest."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(initial != self.to_python(data))
        except ValidationError:
            return True


def _read(read: Callable[[str], int], text: str) -> int:
    try:
        return read(text)
    except BadInput as error:
        raise ValidationError(error.detail, code="bad_number") from error


class QuantityField(ScaledField):
    """Thousandths of a stock unit."""

    def read(self, text: str) -> int:
        return read_quantity(text)

    def write(self, value: int) -> str:
        return write_quantity(value)


class MoneyField(ScaledField):
    """In the shop's currency, or in another one that its form sets."""

    currency = ""

    @property
    def in_currency(self) -> str:
        return self.currency or current_shop().currency


class UnitPriceField(MoneyField):
    """Ten-thousandths of a minor unit."""

    def read(self, text: str) -> int:
        return read_unit_price(text, self.in_currency)

    def write(self, value: int) -> str:
        return write_unit_price(value, self.in_currency)


class AmountField(MoneyField):
    """Minor units."""

    def read(self, text: str) -> int:
        return read_amount(text, self.in_currency)

    def write(self, value: int) -> str:
        return write_amount(value, self.in_currency)


class PercentField(ScaledField):
    """Hundredths of a percent."""

    def read(self, text: str) -> int:
        return read_percent(text)

    def write(self, value: int) -> str:
        return write_percent(value)


class RateField(ScaledField):
    """What one unit of a foreign currency costs in the shop's, see common.units.RATE_SCALE."""

    def read(self, text: str) -> int:
        return read_rate(text)

    def write(self, value: int) -> str:
        return write_rate(value)
