from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Product
from common.errors import BadInput, NotFound
from forecasting.models import Forecast
from forecasting.queries import latest_run
from tenancy.api import ShopAPIView
from tenancy.permissions import Permission

PER_PAGE = 100


class Forecasts(ShopAPIView):
    """`GET forecasts/?sku=&cursor=`: units a day, from the day after `known_to`, oldest first.

    Without `sku` all products, a page at a time: `next` is the cursor of the following page.
    """

    permissions = {"GET": Permission.SHOP_VIEW}

    def get(self, request: Request) -> Response:
        run = latest_run()
        if run is None:
            raise NotFound("Nothing has been forecast yet.")
        found = Forecast.objects.filter(run=run).select_related("run", "product", "warehouse")
        if sku := request.query_params.get("sku"):
            product = Product.objects.filter(sku__iexact=sku).first()
            if product is None:
                raise NotFound(f"There is no product with the SKU {sku[:64]!r}.")
            found = found.filter(product=product)
        after = _cursor(request.query_params.get("cursor"))
        found = found.filter(pk__gt=after)
        page = list(found.order_by("pk")[: PER_PAGE + 1])
        return Response(
            {
                "known_to": run.known_to,
                "results": [_shown(forecast) for forecast in page[:PER_PAGE]],
                "next": str(page[PER_PAGE - 1].pk) if len(page) > PER_PAGE else None,
            }
        )


def _cursor(text: str | None) -> int:
    if not text:
        return 0
    if not text.isdecimal() or len(text) > 18:
        raise BadInput("Send the cursor as it came, or none.", {"cursor": ["is not a cursor"]})
    return int(text)


def _shown(forecast: Forecast) -> dict[str, Any]:
    run = forecast.run
    return {
        "sku": forecast.product.sku,
        "warehouse": forecast.warehouse.code,
        "from": run.known_to + timedelta(days=1),
        "method": forecast.method,
        "mean": forecast.mean,
        "sigma": forecast.sigma,
        "weekly_error": forecast.error,
        "weekly_naive_error": forecast.naive_error,
    }


urlpatterns = [path("forecasts/", Forecasts.as_view(), name="forecasts")]
