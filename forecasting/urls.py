from django.urls import path

from forecasting import views

urlpatterns = [
    path("forecasts/", views.forecasts, name="forecasts"),
    path("forecasts/run/", views.run_night, name="run_night"),
    path("forecasts/<int:pk>/", views.forecast, name="forecast"),
    path("forecasts/<int:pk>/compare/", views.compare, name="forecast_compare"),
    path("forecasts/<int:pk>/method/", views.name_method, name="forecast_method"),
]
