"""Pages outside any shop: choosing one, one's own account, accepting an invitation."""

from django.urls import path

from tenancy.views import installation as views

urlpatterns = [
    path("", views.shops, name="shops"),
    path("shops/new/", views.new_shop, name="new_shop"),
    path("account/", views.account, name="account"),
    path("account/shops/<slug:slug>/leave/", views.leave_shop, name="leave_shop"),
    path("invitations/<str:token>/", views.invitation, name="invitation"),
]
