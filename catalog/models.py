"""What a shop sells, where it keeps it, and whom it buys from."""

from __future__ import annotations

from collections.abc import Collection

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.search_key import SearchKeyField, search_key
from common.units import QUANTITY_SCALE
from tenancy.base import ShopModel
from tenancy.constraints import SameShop, ShopForeignKey


class Category(ShopModel):
    name = models.CharField(_("name"), max_length=120)

    class Meta(ShopModel.Meta):
        ordering = ["name"]
        verbose_name_plural = _("categories")
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "name"], name="catalog_category_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Product(ShopModel):
    sku = models.CharField(_("SKU"), max_length=64)
    name = models.CharField(_("name"), max_length=200)
    # SKUs compare without case: tills and suppliers write A1 and a1 for one product.
    sku_key = SearchKeyField(of="sku")
    name_key = SearchKeyField(of="name")
    category = ShopForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="products")
    unit = models.CharField(_("stock unit"), max_length=20, default="piece")
    has_decimals = models.BooleanField(_("sold in parts of a unit"), default=False)
    # Ten-thousandths of a minor unit of the shop's currency, per stock unit.
    price = models.BigIntegerField(_("price"), null=True, blank=True, validators=[MinValueValidator(0)])
    cost = models.BigIntegerField(_("cost"), null=True, blank=True, validators=[MinValueValidator(0)])
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(ShopModel.Meta):
        ordering = ["sku_key"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("category"),
            models.UniqueConstraint(
                fields=["shop", "sku_key"],
                name="catalog_product_sku",
                violation_error_code="sku_taken",
                violation_error_message=_("A product with this SKU exists already."),
            ),
        ]
        indexes = [
            models.Index(fields=["shop", "name_key"], name="catalog_product_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"

    def clean(self) -> None:
        self.sku_key = search_key(self.sku)

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Also where a form leaves the shop and the key out: else a taken SKU would fail on saving."""
        super().validate_constraints(exclude=set(exclude or ()) - {"shop", "sku_key"})


class Barcode(ShopModel):
    product = ShopForeignKey(Product, models.CASCADE, related_name="barcodes")
    code = models.CharField(_("barcode"), max_length=64)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("product"),
            models.UniqueConstraint(fields=["shop", "code"], name="catalog_barcode_code"),
        ]
        indexes = [models.Index(fields=["shop", "product"], name="catalog_barcode_product")]

    def __str__(self) -> str:
        return self.code


class Warehouse(ShopModel):
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=120)
    address = models.TextField(_("delivery address"), max_length=500, blank=True)
    # Stock is kept from this day on; sales before it are history and move nothing.
    opening_date = models.DateField(_("stock is kept from"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta(ShopModel.Meta):
        ordering = ["code"]
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "code"], name="catalog_warehouse_code"),
        ]

    def __str__(self) -> str:
        return self.name


class Location(ShopModel):
    """A place inside a warehouse: a shelf, a bin."""

    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="locations")
    code = models.CharField(_("code"), max_length=40)

    class Meta(ShopModel.Meta):
        ordering = ["code"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("warehouse"),
            models.UniqueConstraint(fields=["shop", "warehouse", "code"], name="catalog_location_code"),
        ]

    def __str__(self) -> str:
        return self.code


class Supplier(ShopModel):
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail for orders"), blank=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    address = models.TextField(_("address"), max_length=500, blank=True)
    lead_time_days = models.PositiveSmallIntegerField(_("lead time, days"), default=7)
    review_days = models.PositiveSmallIntegerField(
        _("days between orders"), default=7, validators=[MinValueValidator(1)]
    )
    # Minor units of the shop's currency.
    minimum_order_value = models.BigIntegerField(
        _("minimum order value"), default=0, validators=[MinValueValidator(0)]
    )
    order_cost = models.BigIntegerField(
        _("cost of placing an order"), default=0, validators=[MinValueValidator(0)]
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta(ShopModel.Meta):
        ordering = ["name"]
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "name"], name="catalog_supplier_name"),
        ]

    def __str__(self) -> str:
        return self.name


class SupplierProduct(ShopModel):
    """A supplier's terms for a product."""

    supplier = ShopForeignKey(Supplier, models.CASCADE, related_name="terms")
    product = ShopForeignKey(Product, models.CASCADE, related_name="terms")
    supplier_code = models.CharField(_("their code"), max_length=64, blank=True)
    unit_cost = models.BigIntegerField(_("unit cost"), validators=[MinValueValidator(0)])
    # Thousandths of the stock unit.
    pack = models.BigIntegerField(_("pack"), default=QUANTITY_SCALE, validators=[MinValueValidator(1)])
    minimum_quantity = models.BigIntegerField(_("MOQ"), default=0, validators=[MinValueValidator(0)])
    priority = models.PositiveSmallIntegerField(_("priority"), default=1)

    class Meta(ShopModel.Meta):
        ordering = ["priority", "id"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("supplier"),
            SameShop("product"),
            models.UniqueConstraint(
                fields=["shop", "supplier", "product"], name="catalog_supplierproduct_once"
            ),
        ]
        indexes = [models.Index(fields=["shop", "product"], name="catalog_terms_by_product")]

    def __str__(self) -> str:
        return f"{self.supplier} · {self.product}"

    def packs_in(self, quantity: int) -> int | None:
        """How many packs `quantity` is; None where a pack is one unit, or where packs would be cut."""
        whole = self.pack != QUANTITY_SCALE and quantity % self.pack == 0
        return quantity // self.pack if whole else None
