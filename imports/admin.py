from __future__ import annotations

from django.contrib import admin

from imports.models import Change, FileImport, Mapping
from tenancy.admin import ReadOnlyShopModelAdmin, ShopModelAdmin


@admin.register(FileImport)
class FileImportAdmin(ReadOnlyShopModelAdmin):
    list_display = ("created_at", "kind", "file_name", "state", "created_by")
    list_filter = ("kind", "state")
    list_select_related = ("created_by",)
    search_fields = ("file_name",)
    exclude = ("content",)


@admin.register(Mapping)
class MappingAdmin(ShopModelAdmin):
    list_display = ("kind", "signature", "updated_at")
    list_filter = ("kind",)


@admin.register(Change)
class ChangeAdmin(ReadOnlyShopModelAdmin):
    list_display = ("file_import", "about", "name", "state")
    list_filter = ("about", "state")
    list_select_related = ("file_import",)
