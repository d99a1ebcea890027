from django.urls import path

from catalog.views import money, products, suppliers, warehouses

urlpatterns = [
    path("products/new/", products.product_new, name="product_new"),
    path("products/<int:product_id>/edit/", products.product_edit, name="product_edit"),
    path("products/<int:product_id>/state/", products.product_state, name="product_state"),
    path("products/<int:product_id>/delete/", products.product_delete, name="product_delete"),
    path("products/<int:product_id>/picture/", products.product_picture, name="product_picture"),
    path("families/", products.families, name="families"),
    path("families/<int:family_id>/", products.family, name="family"),
    path("families/<int:family_id>/edit/", products.family_edit, name="family_edit"),
    path("suppliers/", suppliers.suppliers, name="suppliers"),
    path("suppliers/new/", suppliers.supplier_new, name="supplier_new"),
    path("suppliers/<int:supplier_id>/", suppliers.supplier, name="supplier"),
    path("settings/warehouses/", warehouses.warehouses, name="warehouses"),
    path("settings/warehouses/new/", warehouses.warehouse_new, name="warehouse_new"),
    path("settings/warehouses/<int:warehouse_id>/", warehouses.warehouse_edit, name="warehouse_edit"),
    path("settings/taxes/", money.tax_rates, name="tax_rates"),
    path("settings/taxes/<int:pk>/", money.tax_rate, name="tax_rate"),
    path("settings/taxes/<int:pk>/remove/", money.tax_rate_remove, name="tax_rate_remove"),
    path("settings/currencies/", money.currency_rates, name="currency_rates"),
    path("settings/currencies/<int:pk>/remove/", money.currency_rate_remove, name="currency_rate_remove"),
]
