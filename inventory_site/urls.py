"""All addresses. What stands under a shop's slug is open to its members only."""

from django.contrib import admin
from django.urls import include, path

shop_pages = [
    path("", include("tenancy.urls")),
    path("", include("jobs.urls")),
    path("", include("imports.urls")),
    path("", include("catalog.urls")),
    path("", include("stock.urls")),
    path("", include("purchasing.urls")),
    path("", include("forecasting.urls")),
    path("", include("replenishment.urls")),
    path("", include("insights.urls")),
]

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("tenancy.open_urls")),
    path("", include("jobs.open_urls")),
    path("", include("purchasing.open_urls")),
    path("", include("inventory_site.openapi")),
    path("api/v1/shops/<slug:shop>/", include("inventory_site.api")),
    path("<slug:shop>/", include(shop_pages)),
]

handler400 = "inventory_site.failures.bad_request"
handler404 = "inventory_site.failures.not_found"
handler500 = "inventory_site.failures.server_error"
