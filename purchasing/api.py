"""Orders for machines: read them, approve, undo, receive."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.prices import rates_by_currency
from common.api_schema import CURSOR, IDEMPOTENCY_KEY, LIMIT, answers, page, text_parameter
from common.errors import BadInput, NotPermitted, ParstockError
from common.json_input import Body, Query
from common.paging import page_of, read_cursor
from purchasing import api_schema as schema
from purchasing import queries
from purchasing.api_data import order_data, order_detail
from purchasing.api_input import (
    Wanted,
    placed,
    received_of,
    said_of,
    supplier_of,
    wanted_of,
    warehouse_of,
)
from purchasing.models import RECEIVABLE, PurchaseOrder
from purchasing.pdf import order_pdf
from purchasing.services import approval, confirming, drafts, revisions
from purchasing.services.receiving import Damage, receive
from tenancy.api import ShopAPIView, idempotency_key, may, page_answer, person_of, token_of
from tenancy.context import current_shop
from tenancy.models import User
from tenancy.permissions import Permission


class Orders(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {
        "GET": Permission.SHOP_VIEW,
        "POST": Permission.ORDERS_EDIT,
    }

    @extend_schema(
        parameters=[
            OpenApiParameter("state", str, enum=PurchaseOrder.State.values),
            text_parameter("supplier", "Orders of the supplier with this name."),
            text_parameter("warehouse", "Orders for the warehouse with this code."),
            text_parameter("search", "Orders whose number or supplier contains this."),
            CURSOR,
            LIMIT,
        ],
        responses=answers({200: page(schema.OrderSerializer)}),
    )
    def get(self, request: Request) -> Response:
        """Orders, newest first."""
        query = Query(request.query_params)
        limit = query.limit()
        found = queries.with_names(queries.filtered(search=query.text("search")))
        if state := query.choice("state", PurchaseOrder.State.values):
            found = found.filter(state=state)
        if supplier := query.text("supplier"):
            found = found.filter(supplier__name=supplier)
        if warehouse := query.text("warehouse"):
            found = found.filter(warehouse__code=warehouse)
        if cursor := query.cursor():
            at, pk = read_cursor(cursor, datetime, int)
            found = found.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
        found = found.order_by("-created_at", "-id")
        shown = page_of(found[: limit + 1], limit, lambda order: (order.created_at, order.pk))
        rates = rates_by_currency()
        return page_answer(shown.map(lambda order: order_data(request, order, rates)))

    @extend_schema(
        request=schema.SentOrderSerializer,
        responses=answers({200: schema.OrderDetailSerializer, 201: schema.OrderDetailSerializer}, 409),
    )
    def post(self, request: Request) -> Response:
        """Open a draft with lines: 201. If supplier and warehouse have one, they go into it: 200."""
        body = Body(request.data)
        supplier = supplier_of(body)
        warehouse = warehouse_of(body)
        wanted = wanted_of(body, supplier.trades_in if supplier else current_shop().currency)
        body.refuse_faults()
        assert supplier is not None  # refused above
        assert warehouse is not None
        actor = person_of(request)
        is_new = not PurchaseOrder.objects.filter(
            supplier=supplier, warehouse=warehouse, state=PurchaseOrder.State.DRAFT
        ).exists()
        order = drafts.open_draft(supplier=supplier, warehouse=warehouse, actor=actor)
        _edit(order, wanted, actor)
        return Response(order_detail(request, _find(order.number)), status=201 if is_new else 200)


class OrderDetail(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {
        "GET": Permission.SHOP_VIEW,
        "PATCH": Permission.ORDERS_EDIT,
    }

    @extend_schema(responses=answers({200: schema.OrderDetailSerializer}))
    def get(self, request: Request, number: str) -> Response:
        """One order with its lines."""
        return Response(order_detail(request, _find(number)))

    @extend_schema(
        request=schema.ChangedOrderSerializer, responses=answers({200: schema.OrderDetailSerializer}, 409)
    )
    def patch(self, request: Request, number: str) -> Response:
        """Change a draft, or what has not arrived of a sent order: then as its next revision, by mail."""
        order = _find(number)
        body = Body(request.data)
        wanted = wanted_of(body, order.currency)
        body.refuse_faults()
        if order.state in RECEIVABLE:
            if not may(request, Permission.ORDERS_APPROVE):
                raise NotPermitted(_("Changing an order that was sent needs the right to approve."))
            _revise(order, wanted, request)
        else:
            _edit(order, wanted, person_of(request))
        return Response(order_detail(request, _find(number)))


class JsonUnlessGood(DefaultContentNegotiation):
    """A file is a file whatever the client accepts; what goes wrong is told in JSON."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class OrderPdf(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"GET": Permission.COSTS_VIEW}
    content_negotiation_class = JsonUnlessGood

    @extend_schema(responses=answers({(200, "application/pdf"): OpenApiTypes.BINARY}))  # type: ignore[dict-item]
    def get(self, request: Request, number: str) -> HttpResponse:
        """The order as the supplier gets it; a draft is marked as one."""
        order = _find(number)
        headers = {"Content-Disposition": f'attachment; filename="{order.number}.pdf"'}
        return HttpResponse(order_pdf(order), content_type="application/pdf", headers=headers)


class Approve(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.ORDERS_APPROVE}

    @extend_schema(request=None, responses=answers({200: schema.OrderDetailSerializer}, 409))
    def post(self, request: Request, number: str) -> Response:
        """Approve a draft: its mail leaves when the shop's grace period is over."""
        order = approval.approve(_find(number), **_who(request))
        return Response(order_detail(request, order))


class Undo(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.ORDERS_APPROVE}

    @extend_schema(request=None, responses=answers({200: schema.OrderDetailSerializer}, 409))
    def post(self, request: Request, number: str) -> Response:
        """Undo an approval before the mail has left."""
        order = approval.undo_approval(_find(number), **_who(request))
        return Response(order_detail(request, order))


class Receive(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.STOCK_RECEIVE}

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=schema.ReceiveSerializer,
        responses=answers({201: schema.ReceiptSerializer}, 409),
    )
    def post(self, request: Request, number: str) -> Response:
        """Take goods of an order in: the ledger, the order's lines and its state together."""
        order, key = _find(number), idempotency_key(request)
        body = Body(request.data)
        accept_more = bool(body.switch("accept_more"))
        damage = Damage(body.text("reason", limit=200), send_back=bool(body.switch("send_back")))
        lines = received_of(body, order)
        body.refuse_faults()
        receipt = receive(
            order,
            lines=lines,
            key=key,
            accept_more=accept_more,
            damage=damage,
            **_who(request),
        )
        posting = receipt.posting
        return Response({"id": posting.pk, "number": order.number, **posting.answer}, status=201)


class Confirm(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.ORDERS_APPROVE}

    @extend_schema(
        request=schema.ConfirmSerializer, responses=answers({200: schema.OrderDetailSerializer}, 409)
    )
    def post(self, request: Request, number: str) -> Response:
        """Write down what the supplier said otherwise than on its page; it counts as agreed."""
        order = _find(number)
        body = Body(request.data)
        reference = body.text("reference", limit=confirming.LONGEST_REFERENCE)
        note = body.text("note", limit=confirming.LONGEST_NOTE)
        said = said_of(body, order)
        body.refuse_faults()
        order = confirming.answer(order, said, reference=reference, note=note, **_who(request))
        return Response(order_detail(request, order))


class Accept(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.ORDERS_APPROVE}

    @extend_schema(request=None, responses=answers({200: schema.OrderDetailSerializer}, 409))
    def post(self, request: Request, number: str) -> Response:
        """Agree to a supplier's answer that differs from the order."""
        return Response(order_detail(request, confirming.accept(_find(number), **_who(request))))


class Cancel(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.ORDERS_APPROVE}

    @extend_schema(request=None, responses=answers({200: schema.OrderDetailSerializer}, 409))
    def post(self, request: Request, number: str) -> Response:
        """End an order of which nothing has arrived; a supplier who has its mail gets another one."""
        return Response(order_detail(request, approval.cancel(_find(number), **_who(request))))


class Close(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.ORDERS_APPROVE}

    @extend_schema(
        request=schema.CloseSerializer, responses=answers({200: schema.OrderDetailSerializer}, 409)
    )
    def post(self, request: Request, number: str) -> Response:
        """End an order of which goods have arrived: what is missing is no longer expected."""
        body = Body(request.data)
        tell = bool(body.switch("tell_supplier"))
        body.refuse_faults()
        order = approval.close(_find(number), tell_supplier=tell, **_who(request))
        return Response(order_detail(request, order))


class Reopen(ShopAPIView):
    permissions: ClassVar[dict[str, Permission]] = {"POST": Permission.ORDERS_APPROVE}

    @extend_schema(request=None, responses=answers({200: schema.OrderDetailSerializer}, 409))
    def post(self, request: Request, number: str) -> Response:
        """Undo `close`."""
        return Response(order_detail(request, approval.reopen(_find(number), **_who(request))))


def _edit(order: PurchaseOrder, wanted: Wanted, actor: User | None) -> None:
    """Bring a draft to what is wanted."""
    present = {line.product_id: line for line in order.lines.select_related("product", "order__supplier")}
    for number, sent in enumerate(wanted.lines):
        with placed(number):
            line = present.get(sent.product.pk)
            if line is None or not line.quantity:
                drafts.add_line(
                    order,
                    product=sent.product,
                    quantity=sent.quantity,
                    unit_cost=sent.unit_cost,
                    actor=actor,
                )
                continue
            if not sent.quantity:
                drafts.remove_line(line, actor=actor)
                continue
            drafts.set_quantity(line, quantity=sent.quantity, actor=actor)
            if sent.unit_cost is not None:
                drafts.set_price(line, unit_cost=sent.unit_cost, actor=actor)
    if wanted.note is not None or not wanted.lines:
        drafts.set_note(order, note=order.note if wanted.note is None else wanted.note, actor=actor)
    if wanted.wanted_on is not None:
        drafts.set_wanted_on(order, day=wanted.wanted_on, actor=actor)


def _revise(order: PurchaseOrder, wanted: Wanted, request: Request) -> None:
    """Make the next revision of an order that was sent."""
    present = {line.product_id: line.pk for line in queries.ordered_lines(order)}
    for number, sent in enumerate(wanted.lines):
        if sent.unit_cost is not None:
            with placed(number):
                fault = _("The price of an order that was sent is agreed; ask the supplier.")
                raise BadInput(fault, {"unit_cost": [fault]})
    places = {
        f"lines[{present[sent.product.pk]}]": number
        for number, sent in enumerate(wanted.lines)
        if sent.product.pk in present
    }
    try:
        revisions.change(
            order,
            quantities={
                present[sent.product.pk]: sent.quantity for sent in wanted.lines if sent.product.pk in present
            },
            added=[(sent.product, sent.quantity) for sent in wanted.lines if sent.product.pk not in present],
            wanted_on=wanted.wanted_on,
            note=order.note if wanted.note is None else wanted.note,
            **_who(request),
        )
    except ParstockError as refusal:
        # The service knows lines by their id, the request by their place.
        refusal.fields = {
            f"lines[{places[line]}].{field}"
            if (line := place.rpartition(".")[0]) in places
            else place: faults
            for place, faults in refusal.fields.items()
            for field in [place.rpartition(".")[2]]
        }
        raise


def _find(number: str) -> PurchaseOrder:
    if "\0" in number:
        raise BadInput.at("number", _("has a character that no number has"))
    return get_object_or_404(queries.with_names(PurchaseOrder.objects.all()), number=number)


def _who(request: Request) -> dict[str, Any]:
    return {"actor": person_of(request), "token": token_of(request)}


urlpatterns = [
    path("orders/", Orders.as_view(), name="orders"),
    path("orders/<str:number>/", OrderDetail.as_view(), name="order"),
    path("orders/<str:number>/pdf/", OrderPdf.as_view(), name="order_pdf"),
    path("orders/<str:number>/approve/", Approve.as_view(), name="order_approve"),
    path("orders/<str:number>/undo/", Undo.as_view(), name="order_undo"),
    path("orders/<str:number>/confirm/", Confirm.as_view(), name="order_confirm"),
    path("orders/<str:number>/accept/", Accept.as_view(), name="order_accept"),
    path("orders/<str:number>/cancel/", Cancel.as_view(), name="order_cancel"),
    path("orders/<str:number>/close/", Close.as_view(), name="order_close"),
    path("orders/<str:number>/reopen/", Reopen.as_view(), name="order_reopen"),
    path("orders/<str:number>/receive/", Receive.as_view(), name="order_receive"),
]
