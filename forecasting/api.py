"""Forecasts for machines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.lookups import product_by_sku
from catalog.models import Product
from common.api_schema import CURSOR, LIMIT, answers, page, text_parameter
from common.errors import NotFound
from common.json_input import Query
from forecasting import queries
from forecasting.models import Forecast, Method
from forecasting.page_queries import quantiles
from tenancy.api import ShopAPIView, page_answer
from tenancy.permissions import Permission

# What a caller is told without asking; `Forecast.sum_quantiles` knows any number of days and level.
_DAYS = [1, 7, 14, 28, 56]
_LEVELS = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]


class SumSerializer(serializers.Serializer):
    days = serializers.IntegerField()
    mean = serializers.FloatField(help_text="Stock units.")
    quantiles = serializers.DictField(
        child=serializers.FloatField(), help_text="Stock units that are not exceeded, by probability."
    )


class ForecastSerializer(serializers.Serializer):
    sku = serializers.CharField()
    warehouse = serializers.CharField()
    known_to = serializers.DateField(help_text="The last day whose sales were known.")
    first_day = serializers.DateField(help_text="The day of the first mean.")
    method = serializers.ChoiceField(choices=Method.choices)
    mean = serializers.ListField(child=serializers.FloatField(), help_text="Stock units a day.")
    weights = serializers.DictField(
        child=serializers.FloatField(), help_text="Shares of the methods that the mean is mixed from."
    )
    sums = SumSerializer(many=True, help_text="Demand of the first days together, with its quantiles.")
    sigma = serializers.FloatField(help_text="Standard error of one day; of n days, times the root of n.")
    weekly_error = serializers.FloatField(
        allow_null=True, help_text="Mean absolute error of a week in the backtest; null if too new to test."
    )
    weekly_naive_error = serializers.FloatField(allow_null=True, help_text="The same of the naive forecast.")
    bias = serializers.FloatField(
        allow_null=True, help_text="Forecast less sold in the backtest, as a share of sold."
    )


class ForecastsView(ShopAPIView):
    permissions: ClassVar = {"GET": Permission.SHOP_VIEW}

    @extend_schema(
        operation_id="list_forecasts",
        summary="The latest forecasts, day by day",
        parameters=[text_parameter("sku", "One product, in any case."), CURSOR, LIMIT],
        responses=answers({200: page(ForecastSerializer)}),
    )
    def get(self, request: Request) -> Response:
        asked = Query(request.query_params)
        sku = asked.text("sku")
        found = queries.forecasts(
            product=_product(sku) if sku else None, cursor=asked.cursor(), limit=asked.limit()
        )
        return page_answer(found.map(_forecast))


def _product(sku: str) -> Product:
    product = product_by_sku(sku)
    if product is None:
        fault = _("“%(sku)s” is no product here") % {"sku": sku}
        raise NotFound(f"sku: {fault}", {"sku": [fault]})
    return product


def _forecast(forecast: Forecast) -> dict[str, Any]:
    return {
        "sku": forecast.product.sku,
        "warehouse": forecast.warehouse.code,
        "known_to": forecast.run.known_to,
        "first_day": forecast.run.known_to + timedelta(days=1),
        "method": forecast.method,
        "mean": [round(units, 4) for units in forecast.mean],
        "weights": forecast.parts.get("weights", {}),
        "sums": quantiles(forecast, _DAYS, _LEVELS),
        "sigma": forecast.sigma,
        "weekly_error": forecast.error,
        "weekly_naive_error": forecast.naive_error,
        "bias": forecast.bias,
    }


urlpatterns = [path("forecasts/", ForecastsView.as_view(), name="forecasts")]
