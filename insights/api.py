"""What is found by looking at several floors at once, for machines."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from common.api_schema import CURSOR, LIMIT, answers, page, text_parameter
from common.json_input import Query
from common.units import write_quantity
from insights.api_schema import LowStockSerializer
from insights.low_stock import LowStock, low_stock
from stock.api import balance_data, warehouse_asked
from tenancy.api import ShopAPIView, may, page_answer
from tenancy.permissions import Permission


class LowStockView(ShopAPIView):
    permissions: ClassVar = {"GET": Permission.SHOP_VIEW}

    @extend_schema(
        operation_id="list_low_stock",
        summary="Active products at or below their reorder point, the farthest below first",
        description="Available and on order together are compared with what is expected to sell until an"
        " order made now arrives, and the safety: figures of the last night. Where it planned nothing, a"
        " product is low when nothing is available and nothing is on order.",
        parameters=[text_parameter("warehouse", "A warehouse's code."), CURSOR, LIMIT],
        responses=answers({200: page(LowStockSerializer)}),
    )
    def get(self, request: Request) -> Response:
        asked = Query(request.query_params)
        found = low_stock(warehouse=warehouse_asked(asked), cursor=asked.cursor(), limit=asked.limit())
        with_values = may(request, Permission.COSTS_VIEW)
        return page_answer(found.map(lambda line: _low(line, with_values=with_values)))


def _low(line: LowStock, *, with_values: bool) -> dict[str, Any]:
    return balance_data(line, with_values=with_values) | {
        "on_order": write_quantity(line.on_order),
        "reorder_point": write_quantity(line.reorder_point),
    }


urlpatterns = [path("low-stock/", LowStockView.as_view(), name="low_stock")]
