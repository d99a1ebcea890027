"""The catalogue endpoints in words, for the API's description."""

from __future__ import annotations

from rest_framework import serializers

from catalog.models import Product


class SentProductSerializer(serializers.Serializer):
    sku = serializers.CharField(max_length=64)
    name = serializers.CharField(max_length=200)
    category = serializers.CharField(required=False, max_length=120, help_text="Made where it is new.")
    unit = serializers.CharField(required=False, max_length=20, help_text="piece, where it is left out.")
    has_decimals = serializers.BooleanField(required=False, help_text="Sold in parts of a unit.")
    price = serializers.CharField(required=False, help_text="Of one unit, in the shop's currency.")
    cost = serializers.CharField(required=False, help_text="For those who see costs.")
    barcodes = serializers.ListField(child=serializers.CharField(max_length=64), required=False)


class ProductSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()
    category = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    has_decimals = serializers.BooleanField()
    state = serializers.ChoiceField(Product.State.choices)
    price = serializers.CharField(allow_null=True)
    cost = serializers.CharField(required=False, allow_null=True, help_text="For those who see costs.")


class WarehouseSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    opening_date = serializers.DateField(allow_null=True)
    is_active = serializers.BooleanField()


class SentSupplierSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=120)
    email = serializers.CharField(required=False, max_length=254)
    address = serializers.CharField(required=False, max_length=500)
    lead_time_days = serializers.IntegerField(required=False, min_value=0, max_value=1000)
    review_days = serializers.IntegerField(required=False, min_value=1, max_value=1000)
    minimum_order_value = serializers.CharField(required=False)


class SupplierSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    email = serializers.CharField()
    lead_time_days = serializers.IntegerField()
    review_days = serializers.IntegerField()
    is_active = serializers.BooleanField()
    minimum_order_value = serializers.CharField(required=False, help_text="For those who see costs.")
