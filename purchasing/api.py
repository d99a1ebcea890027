"""Orders for machines: read them, approve, undo, receive."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api_schema import CURSOR, IDEMPOTENCY_KEY, LIMIT, answers, page
from common.errors import BadInput
from common.json_input import Body, Query
from common.paging import page_of, read_cursor
from common.search_key import search_key
from common.units import write_amount, write_quantity, write_unit_price
from purchasing import queries
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.services import approval
from purchasing.services.receiving import Received, receive
from tenancy.api import ShopAPIView, idempotency_key, may, page_answer, person_of, token_of
from tenancy.models import Shop
from tenancy.permissions import Permission

MOST_LINES = 2_000


class OrderLineSerializer(serializers.Serializer):
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.CharField()
    received = serializers.CharField()
    suggested = serializers.CharField(allow_null=True)
    unit_cost = serializers.CharField(required=False, help_text="Only where the role sees costs.")
    total = serializers.CharField(required=False, help_text="Only where the role sees costs.")


class OrderSerializer(serializers.Serializer):
    number = serializers.CharField()
    revision = serializers.IntegerField()
    state = serializers.ChoiceField(choices=PurchaseOrder.State.values)
    supplier = serializers.CharField()
    warehouse = serializers.CharField(help_text="The warehouse's code.")
    created_at = serializers.DateTimeField()
    approved_at = serializers.DateTimeField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    expected_on = serializers.DateField(allow_null=True)
    total = serializers.CharField(required=False, help_text="Only where the role sees costs.")


class OrderDetailSerializer(OrderSerializer):
    note = serializers.CharField()
    lines = OrderLineSerializer(many=True)


class ReceivedLineSerializer(serializers.Serializer):
    sku = serializers.CharField(max_length=64)
    quantity = serializers.CharField(help_text="In the stock unit, like `12` or `1.5`.")


class ReceiveSerializer(serializers.Serializer):
    lines = ReceivedLineSerializer(many=True)
    accept_more = serializers.BooleanField(
        required=False, help_text="Take in more than was ordered, which is refused otherwise."
    )


class ReceiptLineSerializer(serializers.Serializer):
    sku = serializers.CharField()
    on_hand = serializers.CharField()


class ReceiptSerializer(serializers.Serializer):
    id = serializers.IntegerField(help_text="The ledger's posting.")
    number = serializers.CharField()
    lines = ReceiptLineSerializer(many=True)


class Orders(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"GET": Permission.SHOP_VIEW}

    @extend_schema(
        parameters=[
            OpenApiParameter("state", str, enum=PurchaseOrder.State.values),
            CURSOR,
            LIMIT,
        ],
        responses=answers({200: page(OrderSerializer)}),
    )
    def get(self, request: Request) -> Response:
        """Orders, newest first."""
        query = Query(request.query_params)
        limit = query.limit()
        found = queries.with_names(PurchaseOrder.objects.exclude(queries.LAID_ASIDE))
        if state := query.choice("state", PurchaseOrder.State.values):
            found = found.filter(state=state)
        if cursor := query.cursor():
            at, pk = read_cursor(cursor, datetime, int)
            found = found.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
        found = found.order_by("-created_at", "-id")
        shown = page_of(found[: limit + 1], limit, lambda order: (order.created_at, order.pk))
        return page_answer(shown.map(lambda order: _order(request, order)))


class OrderDetail(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"GET": Permission.SHOP_VIEW}

    @extend_schema(responses=answers({200: OrderDetailSerializer}))
    def get(self, request: Request, number: str) -> Response:
        """One order with its lines."""
        return Response(_detail(request, _find(number)))


class Approve(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.ORDERS_APPROVE}

    @extend_schema(request=None, responses=answers({200: OrderDetailSerializer}, 409))
    def post(self, request: Request, number: str) -> Response:
        """Approve a draft: its mail leaves when the shop's grace period is over."""
        order = approval.approve(_find(number), **_who(request))
        return Response(_detail(request, order))


class Undo(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.ORDERS_APPROVE}

    @extend_schema(request=None, responses=answers({200: OrderDetailSerializer}, 409))
    def post(self, request: Request, number: str) -> Response:
        """Undo an approval before the mail has left."""
        order = approval.undo_approval(_find(number), **_who(request))
        return Response(_detail(request, order))


class Receive(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.STOCK_RECEIVE}

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=ReceiveSerializer,
        responses=answers({201: ReceiptSerializer}, 409),
    )
    def post(self, request: Request, number: str) -> Response:
        """Take goods of an order in: the ledger, the order's lines and its state together."""
        order, key = _find(number), idempotency_key(request)
        body = Body(request.data)
        accept_more = bool(body.switch("accept_more"))
        lines = _received(body, order)
        body.refuse_faults()
        receipt = receive(
            order,
            lines=lines,
            key=key,
            accept_more=accept_more,
            **_who(request),
        )
        posting = receipt.posting
        return Response({"id": posting.pk, "number": order.number, **posting.answer}, status=201)


def _received(body: Body, order: PurchaseOrder) -> list[Received]:
    by_sku = {line.product.sku_key: line for line in queries.ordered_lines(order)}
    received = []
    for part in body.objects("lines", limit=MOST_LINES):
        sku = part.text("sku", limit=64, required=True)
        quantity = part.quantity("quantity", required=True)
        line = by_sku.get(search_key(sku))
        if sku and line is None:
            part.fault("sku", _("“%(sku)s” is not on this order") % {"sku": sku})
        if line is not None and quantity is not None:
            received.append(Received(line.product_id, quantity))
    return received


def _find(number: str) -> PurchaseOrder:
    if "\0" in number:
        raise BadInput.at("number", _("has a character that no number has"))
    return get_object_or_404(queries.with_names(PurchaseOrder.objects.all()), number=number)


def _who(request: Request) -> dict[str, Any]:
    return {"actor": person_of(request), "token": token_of(request)}


def _order(request: Request, order: PurchaseOrder) -> dict[str, Any]:
    answer = {
        "number": order.number,
        "revision": order.revision,
        "state": order.state,
        "supplier": order.supplier.name,
        "warehouse": order.warehouse.code,
        "created_at": order.created_at,
        "approved_at": order.approved_at,
        "sent_at": order.sent_at,
        "expected_on": order.expected_on,
    }
    if may(request, Permission.COSTS_VIEW):
        answer["total"] = write_amount(queries.total(order), order.shop.currency)
    return answer


def _detail(request: Request, order: PurchaseOrder) -> dict[str, Any]:
    lines = order.lines.select_related("product").order_by("id")
    if not order.is_draft:
        lines = lines.filter(quantity__gt=0)
    shop = order.shop
    return _order(request, order) | {
        "note": order.note,
        "lines": [_line(request, shop, line) for line in lines],
    }


def _line(request: Request, shop: Shop, line: PurchaseOrderLine) -> dict[str, Any]:
    answer = {
        "sku": line.product.sku,
        "name": line.product.name,
        "quantity": write_quantity(line.quantity),
        "received": write_quantity(line.received),
        "suggested": None if line.suggested is None else write_quantity(line.suggested),
    }
    if may(request, Permission.COSTS_VIEW):
        answer["unit_cost"] = write_unit_price(line.unit_cost, shop.currency)
        answer["total"] = write_amount(line.amount, shop.currency)
    return answer


urlpatterns = [
    path("orders/", Orders.as_view(), name="orders"),
    path("orders/<str:number>/", OrderDetail.as_view(), name="order"),
    path("orders/<str:number>/approve/", Approve.as_view(), name="order_approve"),
    path("orders/<str:number>/undo/", Undo.as_view(), name="order_undo"),
    path("orders/<str:number>/receive/", Receive.as_view(), name="order_receive"),
]
