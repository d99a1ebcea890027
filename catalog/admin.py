from __future__ import annotations

from django.contrib import admin

from catalog.models import (
    Barcode,
    Category,
    CurrencyRate,
    Family,
    Location,
    PriceBreak,
    Product,
    ProductPicture,
    Supplier,
    SupplierClosure,
    SupplierProduct,
    TaxRate,
    Warehouse,
)
from tenancy.admin import ReadOnlyShopModelAdmin, ShopInline, ShopModelAdmin


@admin.register(Category)
class CategoryAdmin(ShopModelAdmin):
    list_display = ("name",)
    search_fields = ("name",)


class BarcodeInline(ShopInline):
    model = Barcode


class TermsInline(ShopInline):
    model = SupplierProduct
    autocomplete_fields = ("product", "supplier")
    unit_price_fields = ("unit_cost",)
    quantity_fields = ("pack", "minimum_quantity")


@admin.register(Product)
class ProductAdmin(ShopModelAdmin):
    list_display = ("sku", "name", "category", "unit", "price", "cost", "state")
    list_display_links = ("sku", "name")
    list_filter = ("state", "category")
    list_select_related = ("category", "shop")
    search_fields = ("sku", "name", "barcodes__code")
    autocomplete_fields = ("category", "family", "replaced_by", "sells_like")
    unit_price_fields = ("price", "cost")
    inlines = (BarcodeInline, TermsInline)


@admin.register(Barcode)
class BarcodeAdmin(ShopModelAdmin):
    list_display = ("code", "product")
    list_select_related = ("product",)
    search_fields = ("code", "product__sku")
    autocomplete_fields = ("product",)


class LocationInline(ShopInline):
    model = Location


@admin.register(Warehouse)
class WarehouseAdmin(ShopModelAdmin):
    list_display = ("code", "name", "opening_date", "is_active")
    search_fields = ("code", "name")
    inlines = (LocationInline,)


@admin.register(Location)
class LocationAdmin(ShopModelAdmin):
    list_display = ("code", "warehouse")
    list_filter = ("warehouse",)
    list_select_related = ("warehouse",)
    search_fields = ("code",)


@admin.register(TaxRate)
class TaxRateAdmin(ShopModelAdmin):
    list_display = ("name", "rate", "is_active")
    percent_fields = ("rate",)


@admin.register(CurrencyRate)
class CurrencyRateAdmin(ShopModelAdmin):
    list_display = ("currency", "day", "rate")
    rate_fields = ("rate",)
    list_filter = ("currency",)


@admin.register(ProductPicture)
class ProductPictureAdmin(ReadOnlyShopModelAdmin):
    """Drawn from an upload on the product's own page; here only to see which products have one."""

    list_display = ("product", "digest")
    list_select_related = ("product",)
    exclude = ("content",)


@admin.register(Family)
class FamilyAdmin(ShopModelAdmin):
    list_display = ("name",)
    search_fields = ("name",)


class ClosureInline(ShopInline):
    model = SupplierClosure


class PriceBreakInline(ShopInline):
    model = PriceBreak
    unit_price_fields = ("unit_cost",)


@admin.register(Supplier)
class SupplierAdmin(ShopModelAdmin):
    inlines = (ClosureInline,)
    list_display = ("name", "email", "lead_time_days", "minimum_order_value", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("shop",)
    search_fields = ("name", "email")
    amount_fields = ("minimum_order_value", "order_cost", "freight", "free_freight_from")


@admin.register(SupplierProduct)
class SupplierProductAdmin(ShopModelAdmin):
    list_display = ("product", "supplier", "supplier_code", "unit_cost", "pack", "minimum_quantity")
    list_filter = ("supplier",)
    list_select_related = ("product", "supplier", "shop")
    search_fields = ("product__sku", "supplier_code")
    inlines = (PriceBreakInline,)
    autocomplete_fields = ("product", "supplier")
    unit_price_fields = ("unit_cost",)
    quantity_fields = ("pack", "minimum_quantity")
