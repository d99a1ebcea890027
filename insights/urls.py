from django.urls import path

from insights import views

urlpatterns = [
    path("", views.today, name="today"),
    path("menu/", views.menu, name="menu"),
    path("products/", views.products, name="products"),
    path("products/<int:product_id>/", views.product, name="product"),
]
