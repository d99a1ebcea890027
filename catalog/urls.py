from django.urls import path

from catalog import views

urlpatterns = [
    path("products/new/", views.product_new, name="product_new"),
    path("products/<int:product_id>/edit/", views.product_edit, name="product_edit"),
    path("products/<int:product_id>/discontinue/", views.product_discontinue, name="product_discontinue"),
    path("suppliers/", views.suppliers, name="suppliers"),
    path("suppliers/new/", views.supplier_new, name="supplier_new"),
    path("suppliers/<int:supplier_id>/", views.supplier, name="supplier"),
    path("settings/warehouses/", views.warehouses, name="warehouses"),
    path("settings/warehouses/new/", views.warehouse_new, name="warehouse_new"),
    path("settings/warehouses/<int:warehouse_id>/", views.warehouse_edit, name="warehouse_edit"),
]
