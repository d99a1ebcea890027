"""The supplier's page: outside any shop's addresses, opened by its link."""

from django.urls import path

from purchasing import supplier_views

urlpatterns = [
    path("supplier/<str:token>/", supplier_views.supplier_order, name="supplier_order"),
    path("supplier/<str:token>/opened/", supplier_views.supplier_opened, name="supplier_opened"),
    path("supplier/<str:token>/order.pdf", supplier_views.supplier_pdf, name="supplier_pdf"),
]
