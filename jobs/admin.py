from __future__ import annotations

from django.contrib import admin

from jobs.models import Job
from tenancy.admin import ReadOnlyShopModelAdmin


@admin.register(Job)
class JobAdmin(ReadOnlyShopModelAdmin):
    list_display = ("label", "key", "state", "attempts", "message", "created_at", "finished_at")
    list_filter = ("state", "kind")
    search_fields = ("kind", "key")
