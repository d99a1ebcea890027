"""What the endpoints of this app answer, for the OpenAPI page."""

from __future__ import annotations

from rest_framework import serializers

from stock.api_schema import BalanceSerializer


class LowStockSerializer(BalanceSerializer):
    on_order = serializers.CharField()
    reorder_point = serializers.CharField(
        help_text="Low at or below it, counting what is available and on order; 0 where nothing is planned."
    )
