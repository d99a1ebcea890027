from django.contrib import admin

from replenishment.models import Plan, PlanLine
from tenancy.admin import ReadOnlyShopModelAdmin


@admin.register(Plan)
class PlanAdmin(ReadOnlyShopModelAdmin):
    list_display = ("supplier", "warehouse", "run", "status", "objective", "bound", "order", "created_at")
    list_filter = ("status",)
    list_select_related = ("supplier", "warehouse", "run", "order")
    search_fields = ("supplier__name",)


@admin.register(PlanLine)
class PlanLineAdmin(ReadOnlyShopModelAdmin):
    list_display = ("product", "plan", "quantity", "unit_cost")
    quantity_fields = ("quantity",)
    unit_price_fields = ("unit_cost",)
    list_select_related = ("product", "plan__supplier", "plan__warehouse")
    search_fields = ("product__sku", "product__name")
    ordering = ("-plan__created_at", "product__sku")
