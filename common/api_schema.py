"""Pieces of the API's description that several apps use. Serializers here describe; they read nothing."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers


class ErrorSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="For programs; does not change with the language.")
    detail = serializers.CharField(help_text="For people: what is wrong and how to mend it.")
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.JSONField(), help_text="Faults by the place of the field, like `lines[0].sku`."
    )


def answers(good: dict[int, Any], *bad: int) -> dict[int, Any]:
    """Responses of an endpoint: `good`, the errors in `bad`, and those that any endpoint may give."""
    return good | dict.fromkeys((400, 401, 403, 404, *bad), ErrorSerializer)


@cache
def page(of: type[serializers.Serializer]) -> Any:
    """`{"results": [...], "next": cursor or null}`."""
    return inline_serializer(
        name=f"{of.__name__.removesuffix('Serializer')}Page",
        fields={
            "results": of(many=True),
            "next": serializers.CharField(
                allow_null=True, help_text="Send it as `cursor` to read on; null at the end."
            ),
        },
    )


def text_parameter(name: str, description: str, *, required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, str, description=description, required=required)


CURSOR = text_parameter("cursor", "`next` of the page before.")
LIMIT = OpenApiParameter(
    "limit", {"type": "integer", "minimum": 1, "maximum": 500}, description="Most entries of a page."
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 100},
    OpenApiParameter.HEADER,
    required=True,
    description="A text of your own, new for each document. The same key and body again does nothing and"
    " answers as before, so a request without an answer can be sent again.",
)
