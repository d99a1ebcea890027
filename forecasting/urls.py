from django.urls import path

from forecasting import views

urlpatterns = [
    path("forecasts/", views.forecasts, name="forecasts"),
    path("forecasts/run/", views.run_night, name="run_night"),
]
