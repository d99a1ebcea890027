from __future__ import annotations

from django.contrib import admin

from stock.models import (
    Balance,
    BinBalance,
    Commitment,
    DemandMonth,
    HistorySale,
    Lot,
    Movement,
    Observation,
    Posting,
    SalesCode,
    SalesImport,
)
from tenancy.admin import ReadOnlyShopModelAdmin, ShopModelAdmin


@admin.register(Posting)
class PostingAdmin(ReadOnlyShopModelAdmin):
    list_display = ("recorded_at", "kind", "document", "at", "actor", "reason", "reverses")
    list_filter = ("kind",)
    list_select_related = ("actor", "reverses")
    search_fields = ("key", "document", "reason")


@admin.register(Movement)
class MovementAdmin(ReadOnlyShopModelAdmin):
    list_display = ("at", "product", "warehouse", "location", "lot", "quantity", "value", "posting")
    list_filter = ("warehouse",)
    list_select_related = ("product", "warehouse", "location", "lot", "posting", "shop")
    search_fields = ("product__sku__istartswith",)
    quantity_fields = ("quantity",)
    amount_fields = ("value",)


@admin.register(Observation)
class ObservationAdmin(ReadOnlyShopModelAdmin):
    list_display = ("at", "product", "warehouse", "location", "counted", "expected", "posting")
    list_filter = ("warehouse",)
    list_select_related = ("product", "warehouse", "location", "posting", "shop")
    search_fields = ("product__sku__istartswith",)
    ordering = ("-id",)
    quantity_fields = ("counted", "expected")


@admin.register(Balance)
class BalanceAdmin(ReadOnlyShopModelAdmin):
    list_display = ("product", "warehouse", "on_hand", "value", "unit_cost")
    list_filter = ("warehouse",)
    list_select_related = ("product", "warehouse", "shop")
    search_fields = ("product__sku__istartswith", "product__name")
    ordering = ("product__sku", "id")
    quantity_fields = ("on_hand",)
    amount_fields = ("value",)
    unit_price_fields = ("unit_cost",)


@admin.register(BinBalance)
class BinBalanceAdmin(ReadOnlyShopModelAdmin):
    list_display = ("product", "warehouse", "location", "lot", "on_hand")
    list_filter = ("warehouse",)
    list_select_related = ("product", "warehouse", "location", "lot", "shop")
    search_fields = ("product__sku__istartswith",)
    ordering = ("product__sku", "id")
    quantity_fields = ("on_hand",)


@admin.register(Commitment)
class CommitmentAdmin(ReadOnlyShopModelAdmin):
    list_display = ("product", "warehouse", "quantity", "reference", "until", "released_at")
    list_filter = ("warehouse",)
    list_select_related = ("product", "warehouse", "shop")
    search_fields = ("product__sku__istartswith", "reference")
    ordering = ("-id",)
    quantity_fields = ("quantity",)


@admin.register(Lot)
class LotAdmin(ShopModelAdmin):
    list_display = ("code", "product", "expires_on")
    list_select_related = ("product",)
    search_fields = ("code", "product__sku")
    autocomplete_fields = ("product",)
    ordering = ("-id",)


@admin.register(SalesImport)
class SalesImportAdmin(ReadOnlyShopModelAdmin):
    list_display = ("file", "warehouse", "known_to", "stock_from")
    list_filter = ("warehouse",)
    list_select_related = ("file", "warehouse")
    search_fields = ("file__file_name",)


@admin.register(SalesCode)
class SalesCodeAdmin(ReadOnlyShopModelAdmin):
    list_display = ("code", "sku")
    search_fields = ("code__istartswith",)


@admin.register(HistorySale)
class HistorySaleAdmin(ReadOnlyShopModelAdmin):
    list_display = ("day", "product", "warehouse", "quantity", "sales_import")
    list_filter = ("warehouse",)
    list_select_related = ("product", "warehouse", "sales_import__file", "shop")
    search_fields = ("product__sku__istartswith",)
    ordering = ("-day", "-id")
    quantity_fields = ("quantity",)


@admin.register(DemandMonth)
class DemandMonthAdmin(ReadOnlyShopModelAdmin):
    list_display = ("month", "product", "warehouse")
    list_filter = ("warehouse",)
    list_select_related = ("product", "warehouse")
    search_fields = ("product__sku__istartswith",)
    ordering = ("-month", "-id")
