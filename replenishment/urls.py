from django.urls import path

from replenishment import policy_views, views

urlpatterns = [
    path("replenish/", views.replenish, name="replenish"),
    path("replenish/<int:plan_id>/quantities/", views.replenish_quantities, name="replenish_quantities"),
    path("replenish/lines/<int:pk>/", views.replenish_line, name="replenish_line"),
    path("replenish/lines/<int:pk>/snooze/", views.replenish_snooze, name="replenish_snooze"),
    path("replenish/lines/<int:pk>/wake/", views.replenish_wake, name="replenish_wake"),
    path("settings/planning/", policy_views.planning, name="planning"),
    path("settings/planning/<int:pk>/remove/", policy_views.planning_remove, name="planning_remove"),
]
