from django.contrib import admin

from forecasting.models import Comparison, Forecast, ForecastRun, NamedMethod
from tenancy.admin import ReadOnlyShopModelAdmin


@admin.register(ForecastRun)
class ForecastRunAdmin(ReadOnlyShopModelAdmin):
    list_display = ("known_to", "horizon_days", "created_at", "finished_at")


@admin.register(Forecast)
class ForecastAdmin(ReadOnlyShopModelAdmin):
    list_display = ("product", "warehouse", "run", "method", "error", "naive_error", "sigma")
    list_filter = ("method",)
    list_select_related = ("product", "warehouse", "run")
    search_fields = ("product__sku", "product__name")
    ordering = ("-run__known_to", "product__sku")


@admin.register(NamedMethod)
class NamedMethodAdmin(ReadOnlyShopModelAdmin):
    list_display = ("product", "method", "named_at")
    list_filter = ("method",)
    list_select_related = ("product",)
    search_fields = ("product__sku", "product__name")
    ordering = ("product__sku",)


@admin.register(Comparison)
class ComparisonAdmin(ReadOnlyShopModelAdmin):
    list_display = ("product", "warehouse", "known_to", "compared_at")
    list_select_related = ("product", "warehouse")
    search_fields = ("product__sku", "product__name")
    ordering = ("-compared_at", "product__sku")
