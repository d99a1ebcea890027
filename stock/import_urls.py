from django.urls import path

from stock import import_views as views

urlpatterns = [path("imports/<int:pk>/counts/", views.import_counts, name="import_counts")]
