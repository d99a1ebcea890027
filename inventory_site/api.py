"""The API root: every app's endpoints under one shop."""

from django.urls import include, path

app_name = "api"
urlpatterns = [
    path("", include("imports.api")),
    path("", include("catalog.api")),
    path("", include("stock.api")),
    path("", include("purchasing.api")),
    path("", include("forecasting.api")),
    path("", include("insights.api")),
    path("", include("jobs.api")),
]
