from __future__ import annotations

from typing import Any, ClassVar

from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Product, Warehouse
from jobs.services import enqueue
from stock.models import Kind
from stock.services.ledger import Line, post
from tenancy.api import ShopAPIView
from tenancy.permissions import Permission
from tests.jobs.effects.jobs import hold


class SlowReceipt(ShopAPIView):
    """Receives one unit and asks for a job, then dawdles before it answers."""

    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.STOCK_RECEIVE}

    def post(self, request: Request) -> Response:
        product, warehouse = Product.objects.get(), Warehouse.objects.get()
        post(kind=Kind.RECEIPT, key="slow", lines=[Line(product.pk, warehouse.pk, 1000)])
        arguments: dict[str, Any] = {"product": product.pk, "warehouse": warehouse.pk, "hold": ""}
        job = enqueue(kind="effect", key="slow", arguments=arguments)
        hold("request")
        return Response({"job": job.pk})


urlpatterns = [
    path("api/v1/shops/<slug:shop>/", include(([path("slow-receipt/", SlowReceipt.as_view())], "api"))),
    path("", include("inventory_site.urls")),
]
