"""Pages outside any shop: choosing one, one's own account, accepting an invitation."""

from django.urls import path
from django.views.generic import TemplateView

urlpatterns = [
    path("", TemplateView.as_view(template_name="tenancy/shops.html"), name="shops"),
    path("account/", TemplateView.as_view(template_name="tenancy/account.html"), name="account"),
]
