from django.urls import path

from insights import views

urlpatterns = [
    path("", views.today, name="today"),
    path("menu/", views.menu, name="menu"),
    path("products/", views.products, name="products"),
    path("products/file/", views.products_file, name="products_file"),
    path("products/<int:product_id>/", views.product, name="product"),
    path("products/<int:product_id>/history/", views.product_history_file, name="product_history_file"),
]
