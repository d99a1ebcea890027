from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from catalog.models import Category, Product, Supplier, SupplierProduct, Warehouse
from catalog.queries import products_by_code
from catalog.services import check_barcodes
from common.errors import BadInput
from common.units import QUANTITY_SCALE
from tenancy.shop_forms import AmountField, QuantityField, ShopModelForm, UnitPriceField


class ProductForm(ShopModelForm):
    category_name = forms.CharField(
        label=_("Category"),
        max_length=120,
        required=False,
        help_text=_("If you group your products. A new name makes a new category."),
        widget=forms.TextInput(attrs={"list": "categories", "autocomplete": "off"}),
    )
    price = UnitPriceField(
        label=_("Price"), required=False, help_text=_("What you sell one unit at, if known.")
    )
    cost = UnitPriceField(
        label=_("Cost"),
        required=False,
        help_text=_("What one unit costs you. Receipts with a cost of their own go before it."),
    )
    barcodes = forms.CharField(
        label=_("Barcodes"),
        required=False,
        help_text=_("One per line, if it has any. EAN and UPC numbers are checked."),
        widget=forms.Textarea(attrs={"rows": 3, "class": "code", "autocomplete": "off"}),
    )

    class Meta:
        model = Product
        fields = ("sku", "name", "unit", "has_decimals", "price", "cost")
        help_texts = {"unit": _("Like piece, kg or metre."), "sku": _("Your own number of the product.")}

    field_order = ("sku", "name", "category_name", "barcodes", "price", "cost", "unit", "has_decimals")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("price", "cost"):
            self.fields[name].least = 0  # type: ignore[attr-defined]
        product = self.instance
        if product.pk:
            self.initial.setdefault("category_name", product.category.name if product.category else "")
            self.initial.setdefault("barcodes", "\n".join(barcode.code for barcode in product.barcodes.all()))
        self.fields["sku"].widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}

    @property
    def categories(self) -> list[str]:
        """What the category's field suggests."""
        return list(Category.objects.values_list("name", flat=True)[:500])

    def clean_sku(self) -> str:
        return " ".join(self.cleaned_data["sku"].split())

    def clean_barcodes(self) -> list[str]:
        try:
            return check_barcodes(self.cleaned_data["barcodes"].splitlines(), self.instance)
        except BadInput as error:
            raise ValidationError(error.detail) from error


class SupplierForm(ShopModelForm):
    minimum_order_value = AmountField(label=_("Minimum order value"), help_text=_("0 where there is none."))
    order_cost = AmountField(
        label=_("Cost of placing an order"),
        help_text=_("Freight and the time it takes; 0 if you do not know."),
    )
    language = forms.ChoiceField(label=_("Language of orders"), choices=settings.LANGUAGES)

    class Meta:
        model = Supplier
        fields = (
            *("name", "email", "language", "address", "lead_time_days", "review_days"),
            *("minimum_order_value", "order_cost", "is_active"),
        )
        widgets = {"address": forms.Textarea(attrs={"rows": 3})}
        help_texts = {"email": _("If they take orders by e-mail."), "address": _("If you want it on orders.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("minimum_order_value", "order_cost"):
            self.fields[name].least = 0  # type: ignore[attr-defined]


class TermsForm(ShopModelForm):
    """A row of a supplier's terms; a new row left blank is none."""

    sku = forms.CharField(label=_("Product"), max_length=64)
    unit_cost = UnitPriceField(label=_("Unit cost"))
    pack = QuantityField(label=_("Pack"), required=False)
    minimum_quantity = QuantityField(label=_("MOQ"), required=False)
    remove = forms.BooleanField(label=_("Remove"), required=False)

    class Meta:
        model = SupplierProduct
        fields = ("supplier_code", "unit_cost", "pack", "minimum_quantity")

    field_order = ("sku", "supplier_code", "unit_cost", "pack", "minimum_quantity", "remove")

    def __init__(self, *args: Any, supplier: Supplier, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit_cost"].least = 0  # type: ignore[attr-defined]
        self.fields["pack"].least = 1  # type: ignore[attr-defined]
        self.fields["minimum_quantity"].least = 0  # type: ignore[attr-defined]
        self.instance.supplier = supplier
        if self.instance.pk:
            self.fields.pop("sku")
        else:
            self.fields.pop("remove")
            self.empty_permitted = True
            self.use_required_attribute = False
            self.initial = {}
        for name, field in self.fields.items():
            if name != "remove":
                field.widget.attrs["class"] = "term" if name in {"sku", "supplier_code"} else "qty"
                field.widget.attrs["aria-label"] = field.label

    def has_changed(self) -> bool:
        return bool(self.instance.pk) or any(self[name].data for name in self.fields)

    def clean_sku(self) -> str:
        code = self.cleaned_data["sku"]
        product = products_by_code([code]).get(code)
        if product is None:
            raise ValidationError(_("No product has this SKU or barcode."))
        self.instance.product = product
        return product.sku

    def clean_pack(self) -> int:
        pack = self.cleaned_data["pack"]
        return QUANTITY_SCALE if pack is None else pack

    def clean_minimum_quantity(self) -> int:
        return self.cleaned_data["minimum_quantity"] or 0


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
        widgets = {
            "address": forms.Textarea(attrs={"rows": 3}),
            "opening_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        help_texts = {
            "code": _("Short, as files and the API name it: MAIN, BARN."),
            "opening_date": _("Sales before this day are history: they feed forecasts and move no stock."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial.setdefault(
                "locations", "\n".join(location.code for location in self.instance.locations.all())
            )

    def clean_locations(self) -> list[str]:
        return self.cleaned_data["locations"].splitlines()
