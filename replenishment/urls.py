from django.urls import path

from replenishment import views

urlpatterns = [path("replenish/", views.replenish, name="replenish")]
