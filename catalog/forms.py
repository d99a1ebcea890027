from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from catalog.models import (
    Category,
    CurrencyRate,
    Family,
    Product,
    Supplier,
    SupplierClosure,
    SupplierProduct,
    TaxRate,
    Warehouse,
)
from catalog.pictures import MOST_BYTES, redrawn
from catalog.price_breaks import Break, check_breaks, read_breaks, write_breaks
from catalog.queries import products_by_code
from catalog.services import check_barcodes
from common.errors import BadInput
from common.forms import ClockInput, grouped
from common.units import QUANTITY_SCALE
from tenancy import choices
from tenancy.context import current_shop
from tenancy.shop_forms import (
    AmountField,
    PercentField,
    QuantityField,
    RateField,
    ShopModelForm,
    UnitPriceField,
)

_SUGGESTED = 500  # names that a field suggests
_TYPED_CODE = {"autocomplete": "off", "spellcheck": "false"}


def _day_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ProductForm(ShopModelForm):
    category_name = forms.CharField(
        label=_("Category"),
        max_length=120,
        required=False,
        help_text=_("If you group your products. A new name makes a new category."),
        widget=forms.TextInput(attrs={"list": "categories", "autocomplete": "off"}),
    )
    family_name = forms.CharField(
        label=_("Family"),
        max_length=120,
        required=False,
        help_text=_("If it comes in several sizes or colours: one name for all of them."),
        widget=forms.TextInput(attrs={"list": "families", "autocomplete": "off"}),
    )
    price = UnitPriceField(
        label=_("Price"), required=False, help_text=_("What you sell one unit at, if known.")
    )
    cost = UnitPriceField(
        label=_("Cost"),
        required=False,
        help_text=_("What one unit costs you, without tax. Receipts with a cost of their own go before it."),
    )
    barcodes = forms.CharField(
        label=_("Barcodes"),
        required=False,
        help_text=_("One per line, if it has any. EAN and UPC numbers are checked."),
        widget=forms.Textarea(attrs={"rows": 3, "class": "code", "autocomplete": "off"}),
    )
    replaced_by_code = forms.CharField(
        label=_("Replaced by"),
        max_length=64,
        required=False,
        help_text=_("SKU or barcode of what buyers take instead, if this one goes."),
        widget=forms.TextInput(attrs=_TYPED_CODE),
    )
    sells_like_code = forms.CharField(
        label=_("Sells like"),
        max_length=64,
        required=False,
        help_text=_("SKU or barcode of a product whose past stands in while this one has none."),
        widget=forms.TextInput(attrs=_TYPED_CODE),
    )
    picture = forms.FileField(
        label=_("Picture"),
        required=False,
        help_text=_(
            "If you have one: JPEG, PNG, WebP or GIF. It is made small and kept without its metadata."
        ),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
    )
    remove_picture = forms.BooleanField(label=_("Remove the picture"), required=False)

    class Meta:
        model = Product
        fields = (
            *("sku", "name", "unit", "has_decimals", "price", "cost", "sales_tax", "purchase_tax"),
            *("size", "colour", "shelf_life_days", "volume"),
        )
        help_texts = {
            "unit": _("Like piece, kg or metre."),
            "sku": _("Your own number of the product."),
            "size": _("If it tells variants apart."),
            "colour": _("If it tells variants apart."),
            "shelf_life_days": _("Days from delivery, if it goes off."),
            "volume": _("Millilitres that one unit takes on the shelf, if room is short."),
            "sales_tax": _("If you charge any."),
            "purchase_tax": _("What suppliers charge you, for the totals of orders."),
        }

    field_order = (
        *("sku", "name", "category_name", "barcodes", "price", "cost", "sales_tax", "purchase_tax"),
        *("unit", "has_decimals", "family_name", "size", "colour", "shelf_life_days", "volume"),
        *("replaced_by_code", "sells_like_code", "picture", "remove_picture"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("price", "cost"):
            self.fields[name].least = 0  # type: ignore[attr-defined]
        product = self.instance
        for name in ("sales_tax", "purchase_tax"):
            kept = TaxRate.objects.filter(is_active=True) | TaxRate.objects.filter(
                pk=getattr(product, f"{name}_id")
            )
            field: Any = self.fields[name]
            field.queryset, field.empty_label = kept.order_by("rate", "name"), _("no tax")
        if current_shop().prices_include_tax:
            self.fields["price"].help_text = _("What you sell one unit at, with tax, if known.")
        self.has_picture = bool(product.pk) and product.pictures.exists()
        if product.pk:
            self.initial.setdefault("category_name", product.category.name if product.category else "")
            self.initial.setdefault("family_name", product.family.name if product.family else "")
            self.initial.setdefault("barcodes", "\n".join(barcode.code for barcode in product.barcodes.all()))
            for name in ("replaced_by", "sells_like"):
                other = getattr(product, name)
                self.initial.setdefault(f"{name}_code", other.sku if other else "")
        if not self.has_picture:
            self.fields.pop("remove_picture")
        self.fields["sku"].widget.attrs |= _TYPED_CODE

    @property
    def groups(self) -> list[tuple[Any, list[Any]]]:
        return grouped(self, _PRODUCT_GROUPS)

    @property
    def categories(self) -> list[str]:
        """What the category's field suggests."""
        return list(Category.objects.values_list("name", flat=True)[:_SUGGESTED])

    @property
    def families(self) -> list[str]:
        return list(Family.objects.values_list("name", flat=True)[:_SUGGESTED])

    def clean_sku(self) -> str:
        return " ".join(self.cleaned_data["sku"].split())

    def clean_barcodes(self) -> list[str]:
        try:
            return check_barcodes(self.cleaned_data["barcodes"].splitlines(), self.instance)
        except BadInput as error:
            raise ValidationError(error.detail) from error

    def clean_replaced_by_code(self) -> str:
        return self._point_to("replaced_by")

    def clean_sells_like_code(self) -> str:
        return self._point_to("sells_like")

    def _point_to(self, name: str) -> str:
        """The product behind a typed code goes into the instance; the service looks at it."""
        code: str = self.cleaned_data[f"{name}_code"]
        found = products_by_code([code]).get(code) if code else None
        if code and found is None:
            raise ValidationError(_("No product has this SKU or barcode."))
        setattr(self.instance, name, found)
        return code

    def clean_picture(self) -> bytes | None:
        """The file as bytes: it is opened here already, so that a bad one saves nothing."""
        upload = self.cleaned_data["picture"]
        if not upload:
            return None
        try:
            # One byte beyond the limit is enough to know.
            content: bytes = upload.read(MOST_BYTES + 1)
            redrawn(content)
        except BadInput as error:
            raise ValidationError(error.detail) from error
        return content


_PRODUCT_GROUPS = (
    (_("What it is"), ("sku", "name", "category_name", "unit", "has_decimals", "barcodes")),
    (_("Money"), ("price", "cost", "sales_tax", "purchase_tax")),
    (_("Family"), ("family_name", "size", "colour")),
    (
        _("Forecasts and storage"),
        ("replaced_by_code", "sells_like_code", "shelf_life_days", "volume"),
    ),
    (_("Picture"), ("picture", "remove_picture")),
)


class FamilyForm(ShopModelForm):
    class Meta:
        model = Family
        fields = ("name",)


class SupplierForm(ShopModelForm):
    """Amounts are in the supplier's currency, the cost of placing an order in the shop's."""

    currency = forms.ChoiceField(
        label=_("Currency"), required=False, help_text=_("Of their prices, minimum and freight.")
    )
    minimum_order_value = AmountField(label=_("Minimum order value"), help_text=_("0 where there is none."))
    freight = AmountField(
        label=_("Freight per order"), required=False, help_text=_("What they add for delivery; 0 if nothing.")
    )
    free_freight_from = AmountField(
        label=_("Free freight from"), required=False, help_text=_("The order value from which they add none.")
    )
    order_cost = AmountField(
        label=_("Cost of placing an order"),
        help_text=_("Your own work with an order, in your own currency; 0 if you do not know."),
    )
    language = forms.ChoiceField(label=_("Language of orders"), choices=settings.LANGUAGES)
    order_days = forms.TypedMultipleChoiceField(
        label=_("Order days"),
        required=False,
        coerce=int,
        choices=list(WEEKDAYS.items()),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choice"}),
        help_text=_("The weekdays on which they take orders; none ticked: any day."),
    )

    class Meta:
        model = Supplier
        fields = (
            *("name", "email", "contact_name", "phone", "language", "address", "currency"),
            *("lead_time_days", "review_days", "order_days", "order_cut_off"),
            *("minimum_order_value", "freight", "free_freight_from", "order_cost", "is_active"),
        )
        widgets = {
            "address": forms.Textarea(attrs={"rows": 3}),
            "order_cut_off": ClockInput(),
        }
        help_texts = {
            "email": _("If they take orders by e-mail."),
            "address": _("If you want it on orders."),
            "contact_name": _("If you know whom to ask."),
            "phone": _("If you call them."),
            "order_cut_off": _("By your own clock, if an order must be there by a time of the day."),
            "lead_time_days": _("From the order to the delivery."),
            "is_active": _("Unticked it is archived: no orders are proposed, its past stays."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = current_shop().currency
        kept = self.instance.currency
        offered = [("", _("%(currency)s, as the shop") % {"currency": own})]
        offered += [(code, label) for code, label in choices.currencies() if code != own]
        if kept and kept not in dict(offered):
            offered.append((kept, kept))
        self.fields["currency"].choices = offered  # type: ignore[attr-defined]
        typed = self.data.get(self.add_prefix("currency")) if self.is_bound else None
        self.money = typed if typed in dict(offered) and typed else (kept if typed is None else "") or own
        for name in ("minimum_order_value", "freight", "free_freight_from"):
            self.fields[name].currency = self.money  # type: ignore[attr-defined]
        for name in ("minimum_order_value", "freight", "free_freight_from", "order_cost"):
            self.fields[name].least = 0  # type: ignore[attr-defined]
        for name in ("lead_time_days", "review_days"):
            field: Any = self.fields[name]
            field.widget.attrs["max"] = 1_000
            field.max_value = 1_000

    @property
    def groups(self) -> list[tuple[Any, list[Any]]]:
        return grouped(self, _SUPPLIER_GROUPS)

    def clean_freight(self) -> int:
        return self.cleaned_data["freight"] or 0

    def clean_order_days(self) -> list[int]:
        return sorted(self.cleaned_data["order_days"])

    def clean_lead_time_days(self) -> int:
        return _at_most_1000(self.cleaned_data["lead_time_days"])

    def clean_review_days(self) -> int:
        return _at_most_1000(self.cleaned_data["review_days"])


_SUPPLIER_GROUPS = (
    (_("Who they are"), ("name", "email", "contact_name", "phone", "language", "address", "is_active")),
    (_("When they take orders"), ("lead_time_days", "review_days", "order_cut_off", "order_days")),
    (
        _("What an order costs"),
        ("currency", "minimum_order_value", "freight", "free_freight_from", "order_cost"),
    ),
)


def _at_most_1000(days: int) -> int:
    if days > 1_000:
        raise ValidationError(_("Write 1000 days or fewer."))
    return days


class ClosureForm(ShopModelForm):
    """A row of days on which a supplier is closed; a new row left blank is none."""

    remove = forms.BooleanField(label=_("Remove"), required=False)

    class Meta:
        model = SupplierClosure
        fields = ("first_day", "last_day", "note")
        widgets = {"first_day": _day_input(), "last_day": _day_input()}

    def __init__(self, *args: Any, supplier: Supplier, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.supplier = supplier
        self.fields["last_day"].required = False
        if self.instance.pk is None:
            self.fields.pop("remove")
            self.empty_permitted = True
            self.use_required_attribute = False
        for name, field in self.fields.items():
            if name != "remove":
                field.widget.attrs |= {"aria-label": field.label, "class": "term"}

    def has_changed(self) -> bool:
        return bool(self.instance.pk) or any(self[name].data for name in self.fields)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = data.get("first_day"), data.get("last_day")
        if first and not last and "last_day" not in self.errors:
            # One day needs no end.
            data["last_day"] = first
        elif first and last and last < first:
            self.add_error("last_day", _("It lies before the first day."))
        return data


class TermsForm(ShopModelForm):
    """A row of a supplier's terms; a new row left blank is none."""

    sku = forms.CharField(label=_("Product"), max_length=64)
    unit_cost = UnitPriceField(label=_("Unit cost"))
    pack = QuantityField(label=_("Pack"), required=False)
    minimum_quantity = QuantityField(label=_("MOQ"), required=False)
    breaks = forms.CharField(label=_("Price breaks"), required=False, max_length=600)
    priority = forms.IntegerField(label=_("Priority"), required=False, min_value=1, max_value=99)
    remove = forms.BooleanField(label=_("Remove"), required=False)

    class Meta:
        model = SupplierProduct
        fields = ("supplier_code", "unit_cost", "pack", "minimum_quantity", "priority")

    field_order = (
        *("sku", "supplier_code", "unit_cost", "pack", "minimum_quantity", "breaks", "priority", "remove"),
    )

    def __init__(self, *args: Any, supplier: Supplier, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = supplier.trades_in
        self.fields["unit_cost"].currency = self.currency  # type: ignore[attr-defined]
        self.fields["unit_cost"].least = 0  # type: ignore[attr-defined]
        self.fields["pack"].least = 1  # type: ignore[attr-defined]
        self.fields["minimum_quantity"].least = 0  # type: ignore[attr-defined]
        self.instance.supplier = supplier
        if self.instance.pk:
            self.fields.pop("sku")
            self.initial["breaks"] = write_breaks(
                ((step.minimum_quantity, step.unit_cost) for step in self.instance.breaks.all()),
                self.currency,
            )
        else:
            self.fields.pop("remove")
            self.empty_permitted = True
            self.use_required_attribute = False
            self.initial = {}
        for name, field in self.fields.items():
            if name != "remove":
                field.widget.attrs["class"] = "term" if name in {"sku", "supplier_code", "breaks"} else "qty"
                field.widget.attrs["aria-label"] = field.label

    def has_changed(self) -> bool:
        return bool(self.instance.pk) or any(self[name].data for name in self.fields)

    def clean_sku(self) -> str:
        code = self.cleaned_data["sku"]
        product = products_by_code([code]).get(code)
        if product is None:
            raise ValidationError(_("No product has this SKU or barcode."))
        if product.is_archived:
            raise ValidationError(_("This product is archived; take it up again first."))
        self.instance.product = product
        return product.sku

    def clean_pack(self) -> int:
        pack = self.cleaned_data["pack"]
        return QUANTITY_SCALE if pack is None else pack

    def clean_minimum_quantity(self) -> int:
        return self.cleaned_data["minimum_quantity"] or 0

    def clean_priority(self) -> int:
        return self.cleaned_data["priority"] or 1

    def clean_breaks(self) -> list[Break]:
        try:
            breaks = read_breaks(self.cleaned_data["breaks"], self.currency)
            if (unit_cost := self.cleaned_data.get("unit_cost")) is not None:
                check_breaks(breaks, unit_cost)
        except BadInput as error:
            raise ValidationError(next(iter(error.fields.values()))) from error
        return breaks


class WarehouseForm(ShopModelForm):
    locations = forms.CharField(
        label=_("Places inside"),
        required=False,
        help_text=_("Shelves or bins, one per line, if you keep stock by place."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    class Meta:
        model = Warehouse
        fields = ("code", "name", "address", "opening_date", "is_active")
        widgets = {"address": forms.Textarea(attrs={"rows": 3}), "opening_date": _day_input()}
        help_texts = {
            "code": _("Short, as files and the API name it: MAIN, BARN."),
            "address": _("Where suppliers deliver, if it is not the shop's own address."),
            "opening_date": _("Sales before this day are history: they feed forecasts and move no stock."),
            "is_active": _("Unticked it is archived: nothing is posted or ordered there, its past stays."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial.setdefault(
                "locations", "\n".join(location.code for location in self.instance.locations.all())
            )

    def clean_locations(self) -> list[str]:
        return self.cleaned_data["locations"].splitlines()


class TaxRateForm(ShopModelForm):
    rate = PercentField(label=_("Rate, %"), help_text=_("Like 20 or 5.5; 0 for goods without tax."))

    class Meta:
        model = TaxRate
        fields = ("name", "rate", "is_active")
        help_texts = {"name": _("As your accounts name it: Standard, Reduced.")}


class CurrencyRateForm(ShopModelForm):
    currency = forms.ChoiceField(label=_("Currency"))
    rate = RateField(label=_("Rate"))

    class Meta:
        model = CurrencyRate
        fields = ("currency", "day", "rate")
        widgets = {"day": _day_input()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = current_shop().currency
        used = set(Supplier.objects.exclude(currency="").values_list("currency", flat=True))
        others = [(code, label) for code, label in choices.currencies() if code != own]
        # Those that suppliers have first: among all of them one would search.
        self.fields["currency"].choices = sorted(  # type: ignore[attr-defined]
            others, key=lambda choice: (choice[0] not in used, choice[0])
        )
        self.fields["rate"].help_text = _("What one unit of it costs in %(own)s.") % {"own": own}

    def _get_validation_exclusions(self) -> set[str]:
        """The service says better than the constraint what a second rate of a day is."""
        return super()._get_validation_exclusions() | {"shop"}
