"""Orders as the API describes them. Serializers here describe; they read nothing."""

from __future__ import annotations

from rest_framework import serializers

from purchasing.models import PurchaseOrder

COSTS = "Only where the role sees costs."


class OrderLineSerializer(serializers.Serializer):
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.CharField()
    received = serializers.CharField()
    suggested = serializers.CharField(allow_null=True, help_text="What the night proposed.")
    is_edited = serializers.BooleanField(help_text="A person decided the quantity.")
    confirmed_quantity = serializers.CharField(
        allow_null=True, help_text="The supplier's answer; 0: declined."
    )
    confirmed_on = serializers.DateField(allow_null=True)
    warning = serializers.CharField(
        allow_null=True, help_text="Why the supplier may refuse the quantity: its packs or its minimum."
    )
    unit_cost = serializers.CharField(required=False, help_text=f"Net, in the order's currency. {COSTS}")
    total = serializers.CharField(required=False, help_text=f"Net. {COSTS}")


class TaxSerializer(serializers.Serializer):
    rate = serializers.CharField(help_text="Percent.")
    amount = serializers.CharField()


class OrderSerializer(serializers.Serializer):
    number = serializers.CharField()
    revision = serializers.IntegerField()
    state = serializers.ChoiceField(choices=PurchaseOrder.State.values)
    supplier = serializers.CharField()
    warehouse = serializers.CharField(help_text="The warehouse's code.")
    created_at = serializers.DateTimeField()
    approved_at = serializers.DateTimeField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    wanted_on = serializers.DateField(allow_null=True, help_text="The day the shop asks for.")
    expected_on = serializers.DateField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True, help_text="When the supplier first looked.")
    confirmed_at = serializers.DateTimeField(allow_null=True)
    answer_open = serializers.BooleanField(help_text="The supplier's answer differs and waits for you.")
    is_automatic = serializers.BooleanField(help_text="Approved by the night inside the limits.")
    currency = serializers.CharField()
    net = serializers.CharField(required=False, help_text=f"Goods, in the order's currency. {COSTS}")
    freight = serializers.CharField(required=False, help_text=COSTS)
    taxes = TaxSerializer(many=True, required=False, help_text=COSTS)
    total = serializers.CharField(required=False, help_text=f"With freight and tax. {COSTS}")
    value = serializers.CharField(
        required=False,
        allow_null=True,
        help_text="Goods and freight without tax in the shop's currency, at the order's exchange rate;"
        f" null where a draft's currency has none yet. {COSTS}",
    )


class OrderDetailSerializer(OrderSerializer):
    note = serializers.CharField()
    lines = OrderLineSerializer(many=True)


class SentOrderLineSerializer(serializers.Serializer):
    sku = serializers.CharField(max_length=64)
    quantity = serializers.CharField(help_text="In the stock unit, like `12` or `1.5`; 0 takes the line off.")
    unit_cost = serializers.CharField(
        required=False, help_text="A price of one's own instead of the supplier's. Of drafts only."
    )


class ChangedOrderSerializer(serializers.Serializer):
    note = serializers.CharField(required=False, max_length=2000, allow_blank=True)
    wanted_on = serializers.DateField(required=False)
    lines = SentOrderLineSerializer(many=True, required=False)


class SentOrderSerializer(ChangedOrderSerializer):
    supplier = serializers.CharField(help_text="Its name.")
    warehouse = serializers.CharField(help_text="Its code.")


class ReceivedLineSerializer(serializers.Serializer):
    sku = serializers.CharField(max_length=64)
    quantity = serializers.CharField(help_text="In the stock unit, like `12` or `1.5`.")
    damaged = serializers.CharField(required=False, help_text="Of the quantity, what cannot be sold.")


class ReceiveSerializer(serializers.Serializer):
    lines = ReceivedLineSerializer(many=True)
    accept_more = serializers.BooleanField(
        required=False, help_text="Take in more than was ordered, which is refused otherwise."
    )
    reason = serializers.CharField(
        required=False, max_length=200, help_text="What is wrong with the damaged."
    )
    send_back = serializers.BooleanField(
        required=False,
        help_text="Damaged goods go back and stay on order, instead of being written off.",
    )


class SaidSerializer(serializers.Serializer):
    sku = serializers.CharField(max_length=64)
    quantity = serializers.CharField(required=False, help_text="0: declined. Left out: as ordered.")
    on = serializers.DateField(required=False)


class ConfirmSerializer(serializers.Serializer):
    lines = SaidSerializer(many=True, required=False, help_text="What differs; all else is as ordered.")
    on = serializers.DateField(required=False, help_text="Another day for the whole order.")
    reference = serializers.CharField(required=False, max_length=80)
    note = serializers.CharField(required=False, max_length=2000)


class CloseSerializer(serializers.Serializer):
    tell_supplier = serializers.BooleanField(
        required=False,
        help_text="Where something is missing: mail the supplier that it is not expected.",
    )


class ReceiptLineSerializer(serializers.Serializer):
    sku = serializers.CharField()
    on_hand = serializers.CharField()


class ReceiptSerializer(serializers.Serializer):
    id = serializers.IntegerField(help_text="The ledger's posting.")
    number = serializers.CharField()
    lines = ReceiptLineSerializer(many=True)
