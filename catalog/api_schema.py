"""The catalogue endpoints in words, for the API's description."""

from __future__ import annotations

from django.conf import settings
from rest_framework import serializers

from catalog.models import Product

_COSTS = "For those who see costs."


class SentProductSerializer(serializers.Serializer):
    sku = serializers.CharField(max_length=64)
    name = serializers.CharField(max_length=200)
    category = serializers.CharField(
        required=False, max_length=120, allow_null=True, help_text="Made where it is new."
    )
    family = serializers.CharField(
        required=False, max_length=120, allow_null=True, help_text="Made where it is new."
    )
    size = serializers.CharField(required=False, max_length=40)
    colour = serializers.CharField(required=False, max_length=40)
    unit = serializers.CharField(required=False, max_length=20, help_text="piece, where it is left out.")
    has_decimals = serializers.BooleanField(required=False, help_text="Sold in parts of a unit.")
    price = serializers.CharField(
        required=False, allow_null=True, help_text="Of one unit, in the shop's currency."
    )
    cost = serializers.CharField(required=False, allow_null=True, help_text=_COSTS)
    sales_tax = serializers.CharField(required=False, allow_null=True, help_text="The name of a tax rate.")
    purchase_tax = serializers.CharField(required=False, allow_null=True, help_text="The name of a tax rate.")
    replaced_by = serializers.CharField(required=False, allow_null=True, help_text="The SKU of a product.")
    sells_like = serializers.CharField(required=False, allow_null=True, help_text="The SKU of a product.")
    shelf_life_days = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=3650)
    volume = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=10**12, help_text="Millilitres of a unit."
    )
    barcodes = serializers.ListField(child=serializers.CharField(max_length=64), required=False)


class ChangedProductSerializer(SentProductSerializer):
    sku = serializers.CharField(required=False, max_length=64)
    name = serializers.CharField(required=False, max_length=200)
    state = serializers.ChoiceField(Product.State.choices, required=False)


class ProductSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()
    category = serializers.CharField(allow_null=True)
    family = serializers.CharField(allow_null=True)
    size = serializers.CharField()
    colour = serializers.CharField()
    unit = serializers.CharField()
    has_decimals = serializers.BooleanField()
    state = serializers.ChoiceField(Product.State.choices)
    price = serializers.CharField(allow_null=True)
    sales_tax = serializers.CharField(allow_null=True)
    purchase_tax = serializers.CharField(allow_null=True)
    replaced_by = serializers.CharField(allow_null=True)
    sells_like = serializers.CharField(allow_null=True)
    shelf_life_days = serializers.IntegerField(allow_null=True)
    volume = serializers.IntegerField(allow_null=True)
    cost = serializers.CharField(required=False, allow_null=True, help_text=_COSTS)


class PriceBreakSerializer(serializers.Serializer):
    quantity = serializers.CharField(help_text="From which the cost holds, for all units of the line.")
    unit_cost = serializers.CharField()


class TermsSerializer(serializers.Serializer):
    sku = serializers.CharField()
    supplier = serializers.CharField()
    supplier_id = serializers.IntegerField()
    supplier_code = serializers.CharField()
    pack = serializers.CharField()
    minimum_quantity = serializers.CharField()
    priority = serializers.IntegerField(help_text="1 is asked first.")
    currency = serializers.CharField(required=False, help_text=_COSTS)
    unit_cost = serializers.CharField(required=False, help_text=_COSTS)
    breaks = PriceBreakSerializer(many=True, required=False, help_text=_COSTS)


class SentTermsSerializer(serializers.Serializer):
    sku = serializers.CharField(max_length=64)
    supplier_code = serializers.CharField(required=False, max_length=64)
    unit_cost = serializers.CharField(
        required=False, help_text="In the supplier's currency; needed for new terms."
    )
    pack = serializers.CharField(required=False)
    minimum_quantity = serializers.CharField(required=False)
    priority = serializers.IntegerField(required=False, min_value=1, max_value=99)
    breaks = PriceBreakSerializer(
        many=True, required=False, help_text="All of them: quantities rise, costs fall."
    )


class ProductDetailSerializer(ProductSerializer):
    barcodes = serializers.ListField(child=serializers.CharField())
    terms = TermsSerializer(many=True)


class WarehouseSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    address = serializers.CharField()
    opening_date = serializers.DateField(allow_null=True)
    locations = serializers.ListField(child=serializers.CharField())
    is_active = serializers.BooleanField()


class SentWarehouseSerializer(serializers.Serializer):
    code = serializers.CharField(max_length=20)
    name = serializers.CharField(max_length=120)
    address = serializers.CharField(required=False, max_length=500)
    opening_date = serializers.DateField(required=False, allow_null=True)
    locations = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    is_active = serializers.BooleanField(required=False)


class ChangedWarehouseSerializer(SentWarehouseSerializer):
    code = serializers.CharField(required=False, max_length=20)
    name = serializers.CharField(required=False, max_length=120)


class TaxRateSerializer(serializers.Serializer):
    name = serializers.CharField()
    percent = serializers.CharField()
    is_active = serializers.BooleanField()


class ClosureSerializer(serializers.Serializer):
    first_day = serializers.DateField()
    last_day = serializers.DateField(required=False, help_text="The first day, where it is left out.")
    note = serializers.CharField(required=False, max_length=120)


class SentSupplierSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=120)
    email = serializers.CharField(required=False, max_length=254)
    contact_name = serializers.CharField(required=False, max_length=120)
    phone = serializers.CharField(required=False, max_length=40)
    language = serializers.ChoiceField(settings.LANGUAGES, required=False)
    address = serializers.CharField(required=False, max_length=500)
    currency = serializers.CharField(
        required=False, max_length=3, help_text="Three letters; the shop's own, where it is left out."
    )
    lead_time_days = serializers.IntegerField(required=False, min_value=0, max_value=1000)
    review_days = serializers.IntegerField(required=False, min_value=1, max_value=1000)
    order_days = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6),
        required=False,
        help_text="Weekdays, 0 is Monday; none: any day.",
    )
    order_cut_off = serializers.CharField(required=False, allow_null=True, help_text="Like 16:30.")
    closures = ClosureSerializer(many=True, required=False, help_text="All of them.")
    minimum_order_value = serializers.CharField(required=False)
    freight = serializers.CharField(required=False)
    free_freight_from = serializers.CharField(required=False, allow_null=True)
    order_cost = serializers.CharField(required=False, help_text="In the shop's currency.")
    is_active = serializers.BooleanField(required=False)


class ChangedSupplierSerializer(SentSupplierSerializer):
    name = serializers.CharField(required=False, max_length=120)


class SupplierSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    email = serializers.CharField()
    contact_name = serializers.CharField()
    phone = serializers.CharField()
    language = serializers.CharField()
    address = serializers.CharField()
    currency = serializers.CharField()
    lead_time_days = serializers.IntegerField()
    review_days = serializers.IntegerField()
    order_days = serializers.ListField(child=serializers.IntegerField())
    order_cut_off = serializers.CharField(allow_null=True)
    closures = ClosureSerializer(many=True)
    is_active = serializers.BooleanField()
    minimum_order_value = serializers.CharField(required=False, help_text=_COSTS)
    freight = serializers.CharField(required=False, help_text=_COSTS)
    free_freight_from = serializers.CharField(required=False, allow_null=True, help_text=_COSTS)
    order_cost = serializers.CharField(required=False, help_text="In the shop's currency. " + _COSTS)
