"""Health pages for load balancers and monitors: no shop, no log-in."""

from django.urls import path

from jobs import open_views

urlpatterns = [
    path("health/live", open_views.live, name="health_live"),
    path("health/ready", open_views.ready, name="health_ready"),
    path("health/jobs", open_views.jobs, name="health_jobs"),
]
