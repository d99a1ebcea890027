"""Pages of a shop about the shop itself."""

from django.urls import path

from tenancy.views import settings as views

urlpatterns = [
    path("settings/", views.settings, name="settings"),
    path("settings/members/", views.members, name="members"),
    path("settings/members/<int:pk>/role/", views.change_role, name="change_role"),
    path("settings/members/<int:pk>/remove/", views.remove_member, name="remove_member"),
    path("settings/invitations/<int:pk>/resend/", views.resend_invitation, name="resend_invitation"),
    path("settings/invitations/<int:pk>/withdraw/", views.withdraw_invitation, name="withdraw_invitation"),
    path("settings/tokens/", views.token_list, name="tokens"),
    path("settings/tokens/<int:pk>/revoke/", views.revoke_token, name="revoke_token"),
    path("audit/", views.audit, name="audit"),
]
