from django.urls import path

from imports import views

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/new/<slug:kind>/", views.import_new, name="import_new"),
    path("imports/file/<slug:kind>.<slug:form>", views.export, name="export"),
    path("imports/<int:pk>/", views.import_page, name="import"),
    path("imports/<int:pk>/columns/", views.import_columns, name="import_columns"),
    path("imports/<int:pk>/post/", views.import_post, name="import_post"),
    path("imports/<int:pk>/undo/", views.import_undo, name="import_undo"),
    path("imports/<int:pk>/discard/", views.import_discard, name="import_discard"),
    path("imports/<int:pk>/left-out.csv", views.import_left_out, name="import_left_out"),
]
