"""The API's description and its pages, served from this installation: no outside address is used."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "tenancy.api_access.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "tenancy.api_access.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


class DocsView(SpectacularSwaggerSplitView):
    """The page in two parts, so that no script stands in it."""

    template_name = "api_docs.html"


urlpatterns = [
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("api/v1/docs/", DocsView.as_view(url_name="api_schema"), name="api_docs"),
]
