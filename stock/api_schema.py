"""The stock endpoints in words, for the API's description. What is sent is read in documents.py."""

from __future__ import annotations

from rest_framework import serializers

from catalog.api_schema import ProductDetailSerializer
from stock.models import Kind


class SentLineSerializer(serializers.Serializer):
    sku = serializers.CharField(max_length=64, help_text="In any case: a1 is A1.")
    quantity = serializers.CharField(
        help_text="A decimal number, as text or as a JSON number. More than zero; for a correction either"
        " sign; for a count what was counted."
    )
    unit_cost = serializers.CharField(
        required=False, help_text="Where goods arrive at a known cost; for those who see costs."
    )
    location = serializers.CharField(required=False, max_length=40)
    to_location = serializers.CharField(required=False, max_length=40)
    lot = serializers.CharField(required=False, max_length=64)
    at = serializers.DateTimeField(required=False, help_text="Where it differs from the document's.")


class SentPostingSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=Kind.choices)
    warehouse = serializers.CharField(max_length=20)
    to_warehouse = serializers.CharField(required=False, max_length=20, help_text="For a transfer.")
    at = serializers.DateTimeField(
        required=False, help_text="When it happened, with its time zone; now, where it is left out."
    )
    reason = serializers.CharField(required=False, max_length=200, help_text="A write-off needs one.")
    document = serializers.CharField(
        required=False, max_length=120, help_text="The paper it belongs to, like a receipt's number."
    )
    lines = SentLineSerializer(many=True, help_text="1 to 5,000 lines.")


class SentDocumentSerializer(SentPostingSerializer):
    key = serializers.CharField(max_length=100, help_text="Its own idempotency key.")


class SentDocumentsSerializer(serializers.Serializer):
    documents = SentDocumentSerializer(many=True, help_text="1 to 500 documents.")


class AnsweredLineSerializer(serializers.Serializer):
    sku = serializers.CharField()
    on_hand = serializers.CharField(help_text="In the warehouse of the document, after it.")


class PostedSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    lines = AnsweredLineSerializer(many=True)


class DocumentResultSerializer(serializers.Serializer):
    key = serializers.CharField()
    status = serializers.IntegerField(help_text="What the document alone would have been answered with.")
    id = serializers.IntegerField(required=False)
    lines = AnsweredLineSerializer(many=True, required=False)
    code = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)
    fields = serializers.DictField(child=serializers.JSONField(), required=False)  # type: ignore[assignment]


class DocumentResultsSerializer(serializers.Serializer):
    results = DocumentResultSerializer(many=True)


class SentUndoSerializer(serializers.Serializer):
    reason = serializers.CharField(required=False, max_length=200)


class PostingSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    reason = serializers.CharField()
    document = serializers.CharField()
    by = serializers.CharField(help_text="The person, or the name of the token.")
    reverses = serializers.IntegerField(allow_null=True, help_text="The posting that this one undoes.")


class MovementSerializer(serializers.Serializer):
    sku = serializers.CharField()
    warehouse = serializers.CharField()
    location = serializers.CharField(allow_null=True)
    lot = serializers.CharField(allow_null=True)
    quantity = serializers.CharField(help_text="Below zero where goods went out.")
    at = serializers.DateTimeField()
    value = serializers.CharField(required=False, help_text="For those who see costs.")


class PostingDetailSerializer(PostingSerializer):
    reversed_by = serializers.IntegerField(allow_null=True)
    lines = MovementSerializer(many=True)


class BalanceSerializer(serializers.Serializer):
    sku = serializers.CharField()
    name = serializers.CharField()
    warehouse = serializers.CharField()
    on_hand = serializers.CharField()
    committed = serializers.CharField()
    available = serializers.CharField(help_text="On hand less committed.")
    value = serializers.CharField(required=False, help_text="For those who see costs.")


class ProductWithStockSerializer(ProductDetailSerializer):
    stock = BalanceSerializer(many=True)


class HistoryLineSerializer(serializers.Serializer):
    posting = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    warehouse = serializers.CharField()
    location = serializers.CharField(allow_null=True)
    lot = serializers.CharField(allow_null=True)
    quantity = serializers.CharField()
    on_hand = serializers.CharField(help_text="After this movement.")
    reason = serializers.CharField()
    document = serializers.CharField()
    by = serializers.CharField()
    value = serializers.CharField(required=False, help_text="For those who see costs.")


class SentCommitmentSerializer(serializers.Serializer):
    sku = serializers.CharField(max_length=64)
    warehouse = serializers.CharField(max_length=20)
    quantity = serializers.CharField(help_text="A decimal number, as text or as a JSON number.")
    reference = serializers.CharField(max_length=120, help_text="For whom or what.")
    until = serializers.DateTimeField()


class CommitmentSerializer(SentCommitmentSerializer):
    id = serializers.IntegerField()
    released_at = serializers.DateTimeField(allow_null=True)
