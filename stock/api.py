"""The ledger for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import ProductChangeView
from catalog.api_data import product_detail
from catalog.lookups import product_by_sku, warehouses_by_code
from catalog.models import Product, Warehouse
from common.api_schema import CURSOR, IDEMPOTENCY_KEY, LIMIT, answers, page, text_parameter
from common.errors import BadInput, ParstockError
from common.json_input import Body, Query
from common.text import clean_text
from common.units import QUANTITY_SCALE, write_amount, write_quantity
from stock import api_schema as schema
from stock import queries
from stock.documents import Document, read_documents
from stock.models import Commitment, Kind, Movement, Posting
from stock.services import commitments, ledger
from tenancy.api import (
    LONGEST_KEY,
    ShopAPIView,
    granted_to,
    idempotency_key,
    may,
    page_answer,
    person_of,
    token_of,
)
from tenancy.context import current_shop
from tenancy.permissions import Permission

MAX_DOCUMENTS = 500
_SKU_PARAMETER = text_parameter("sku", "One product, in any case.")
_WAREHOUSE_PARAMETER = text_parameter("warehouse", "A warehouse's code.")


class PostingsView(ShopAPIView):
    # Selling is the least that anybody who records may do; the document's kind decides further.
    permissions: ClassVar = {"GET": Permission.SHOP_VIEW, "POST": Permission.STOCK_SELL}

    @extend_schema(
        operation_id="record_posting",
        summary="Record a document",
        parameters=[IDEMPOTENCY_KEY],
        request=schema.SentPostingSerializer,
        responses=answers({201: schema.PostedSerializer}, 409),
    )
    def post(self, request: Request) -> Response:
        key = idempotency_key(request)
        (document,) = read_documents([request.data], granted_to(request))
        return Response(_posted(_record(document, key, request)), status=201)

    @extend_schema(
        operation_id="list_postings",
        summary="Documents, the last recorded first",
        parameters=[text_parameter("kind", "One kind only."), CURSOR, LIMIT],
        responses=answers({200: page(schema.PostingSerializer)}),
    )
    def get(self, request: Request) -> Response:
        asked = Query(request.query_params)
        found = queries.postings(
            kind=asked.choice("kind", Kind.values), cursor=asked.cursor(), limit=asked.limit()
        )
        return page_answer(found.map(_posting))


class BulkPostingsView(ShopAPIView):
    permissions: ClassVar = {"POST": Permission.STOCK_SELL}

    @extend_schema(
        operation_id="record_postings",
        summary="Record many documents, each for itself",
        description="Each document has its own key and its own result, in the order they were sent:"
        " one that is refused does not keep the others back. The answer is 200 whatever the results are.",
        request=schema.SentDocumentsSerializer,
        responses=answers({200: schema.DocumentResultsSerializer}),
    )
    def post(self, request: Request) -> Response:
        body = Body(request.data)
        parts = body.objects("documents", limit=MAX_DOCUMENTS)
        keys = [part.text("key", limit=LONGEST_KEY, required=True) for part in parts]
        for part in parts:
            part.known.update(part.data)  # read below, each with faults of its own
        body.refuse_faults()
        data = [{name: part.data[name] for name in part.data if name != "key"} for part in parts]
        documents = read_documents(data, granted_to(request))
        ledger.hold([line for each in documents if isinstance(each, Document) for line in each.lines])
        results = [_result(each, key, request) for each, key in zip(documents, keys, strict=True)]
        return Response({"results": results})


class PostingView(ShopAPIView):
    permissions: ClassVar = {"GET": Permission.SHOP_VIEW}

    @extend_schema(
        operation_id="show_posting",
        summary="A document with its lines",
        responses=answers({200: schema.PostingDetailSerializer}),
    )
    def get(self, request: Request, pk: int) -> Response:
        posting = _posting_or_404(pk)
        moved = posting.movements.select_related("product", "warehouse", "location", "lot").order_by("pk")
        with_values = may(request, Permission.COSTS_VIEW)
        if not with_values:
            moved = moved.exclude(quantity=0)
        reversal = posting.reversals.values_list("pk", flat=True).first()
        lines = [_movement(movement, with_values=with_values) for movement in moved]
        return Response(_posting(posting) | {"reversed_by": reversal, "lines": lines})


class UndoView(ShopAPIView):
    permissions: ClassVar = {"POST": Permission.STOCK_UNDO}

    @extend_schema(
        operation_id="undo_posting",
        summary="Undo a document by its mirror image",
        description="Undoing the same document again answers as before and changes nothing. An undo is"
        " a document too, and can be undone.",
        request=schema.SentUndoSerializer,
        responses=answers({201: schema.PostedSerializer}, 409),
    )
    def post(self, request: Request, pk: int) -> Response:
        body = Body(request.data or {})
        reason = body.text("reason", limit=200)
        body.refuse_faults()
        mirror = ledger.reverse(
            _posting_or_404(pk),
            key=f"undo-{pk}",
            actor=person_of(request),
            token=token_of(request),
            reason=reason,
        )
        return Response(_posted(mirror), status=201)


class BalancesView(ShopAPIView):
    permissions: ClassVar = {"GET": Permission.SHOP_VIEW}

    @extend_schema(
        operation_id="list_balances",
        summary="What is on hand, in the order of SKUs",
        description="`limit` counts products; each comes with all of its warehouses. With `at`, the stock"
        " as of that moment, by what is known now or (`known_at`) by what had been recorded then;"
        " what is committed is told for now only.",
        parameters=[
            _SKU_PARAMETER,
            text_parameter("search", "The beginning of a SKU or a name, or a barcode."),
            _WAREHOUSE_PARAMETER,
            text_parameter("at", "A moment, ISO 8601 with its time zone."),
            text_parameter("known_at", "With `at`: leave out what was recorded after this moment."),
            CURSOR,
            LIMIT,
        ],
        responses=answers({200: page(schema.BalanceSerializer)}),
    )
    def get(self, request: Request) -> Response:
        asked = Query(request.query_params)
        at, known = asked.moment("at"), asked.moment("known_at")
        if known and not at:
            fault = _("needs `at` beside it")
            raise BadInput.at("known_at", fault)
        found = queries.balances(
            sku=asked.text("sku"),
            search=asked.text("search"),
            warehouse=warehouse_asked(asked),
            cursor=asked.cursor(),
            limit=asked.limit(),
        )
        if at:
            found = queries.as_of(found, at, known)
        with_values = may(request, Permission.COSTS_VIEW)
        return page_answer(found.map(lambda line: balance_data(line, with_values=with_values)))


class ProductView(ProductChangeView):
    permissions: ClassVar = ProductChangeView.permissions | {"GET": Permission.SHOP_VIEW}

    @extend_schema(
        operation_id="show_product",
        summary="A product with its stock in every warehouse",
        responses=answers({200: schema.ProductWithStockSerializer}),
    )
    def get(self, request: Request, sku: str) -> Response:
        product = _product_or_404(sku)
        with_values = may(request, Permission.COSTS_VIEW)
        stock = [balance_data(line, with_values=with_values) for line in queries.stock_of(product)]
        return Response(product_detail(product, with_costs=with_values) | {"stock": stock})


class HistoryView(ShopAPIView):
    permissions: ClassVar = {"GET": Permission.SHOP_VIEW}

    @extend_schema(
        operation_id="product_history",
        summary="How a product's stock came about, newest first",
        parameters=[_WAREHOUSE_PARAMETER, CURSOR, LIMIT],
        responses=answers({200: page(schema.HistoryLineSerializer)}),
    )
    def get(self, request: Request, sku: str) -> Response:
        asked = Query(request.query_params)
        with_values = may(request, Permission.COSTS_VIEW)
        found = queries.history(
            _product_or_404(sku),
            warehouse=warehouse_asked(asked),
            with_values=with_values,
            cursor=asked.cursor(),
            limit=asked.limit(),
        )
        return page_answer(found.map(lambda line: _history_line(line, with_values=with_values)))


class CommitmentsView(ShopAPIView):
    permissions: ClassVar = {"GET": Permission.SHOP_VIEW, "POST": Permission.STOCK_MOVE}

    @extend_schema(
        operation_id="list_commitments",
        summary="What is put aside now, the first to run out first",
        parameters=[_SKU_PARAMETER, CURSOR, LIMIT],
        responses=answers({200: page(schema.CommitmentSerializer)}),
    )
    def get(self, request: Request) -> Response:
        asked = Query(request.query_params)
        found = queries.commitments(sku=asked.text("sku"), cursor=asked.cursor(), limit=asked.limit())
        return page_answer(found.map(_commitment))

    @extend_schema(
        operation_id="put_aside",
        summary="Put a quantity aside until a moment",
        parameters=[IDEMPOTENCY_KEY],
        request=schema.SentCommitmentSerializer,
        responses=answers({201: schema.CommitmentSerializer}, 409),
    )
    def post(self, request: Request) -> Response:
        key = idempotency_key(request)
        body = Body(request.data)
        sku = body.text("sku", limit=64, required=True)
        code = body.text("warehouse", limit=20, required=True)
        quantity = body.quantity("quantity", required=True)
        reference = body.text("reference", limit=120, required=True)
        until = body.moment("until", required=True)
        product = product_by_sku(sku)
        warehouse = warehouses_by_code([code]).get(code)
        if sku and product is None:
            body.fault("sku", _("“%(sku)s” is no product here") % {"sku": sku})
        if code and warehouse is None:
            body.fault("warehouse", _("“%(code)s” is no warehouse here") % {"code": code})
        if product and quantity and quantity % QUANTITY_SCALE and not product.has_decimals:
            body.fault("quantity", _("must be whole: the product is not sold in parts of a unit"))
        body.refuse_faults()
        if product is None or warehouse is None or until is None:
            raise AssertionError("what is missing was refused")
        made = commitments.put_aside(
            product=product,
            warehouse=warehouse,
            quantity=quantity or 0,
            reference=reference,
            until=until,
            key=f"api:{key}",
            actor=person_of(request),
        )
        return Response(_commitment(made), status=201)


class ReleaseView(ShopAPIView):
    permissions: ClassVar = {"POST": Permission.STOCK_MOVE}

    @extend_schema(
        operation_id="release_commitment",
        summary="Give what was put aside back to everybody",
        request=None,
        responses=answers({200: schema.CommitmentSerializer}, 409),
    )
    def post(self, request: Request, pk: int) -> Response:
        found = Commitment.objects.select_related("product", "warehouse").filter(pk=pk).first()
        if found is None:
            raise Http404
        return Response(_commitment(commitments.release(found)))


# ---- recording -------------------------------------------------------------------------------


def _record(document: Document | Exception, key: str, request: Request) -> Posting:
    if isinstance(document, Exception):
        raise document
    return ledger.post(
        kind=document.kind,
        # Apart from the keys that the application makes for itself.
        key=f"api:{key}",
        lines=document.lines,
        at=document.at,
        actor=person_of(request),
        token=token_of(request),
        reason=document.reason,
        document=document.document,
    )


def _result(document: Document | Exception, key: str, request: Request) -> dict[str, Any]:
    try:
        return {"key": key, "status": 201} | _posted(_record(document, key, request))
    except ParstockError as refusal:
        refused = {"code": refusal.code, "detail": refusal.detail, "fields": refusal.fields}
        return {"key": key, "status": refusal.status} | refused


# ---- finding ---------------------------------------------------------------------------------


def _posting_or_404(pk: int) -> Posting:
    posting = Posting.objects.select_related("actor", "token").filter(pk=pk).first()
    if posting is None:
        raise Http404
    return posting


def _product_or_404(sku: str) -> Product:
    product = product_by_sku(clean_text(sku, field="sku", limit=200))
    if product is None:
        raise Http404
    return product


def warehouse_asked(asked: Query) -> Warehouse | None:
    """The warehouse whose code is asked for; BadInput where there is none of it."""
    code = asked.text("warehouse")
    if not code:
        return None
    warehouse = warehouses_by_code([code]).get(code)
    if warehouse is None:
        fault = _("“%(code)s” is no warehouse here") % {"code": code}
        raise BadInput.at("warehouse", fault)
    return warehouse


# ---- answering -------------------------------------------------------------------------------


def _posted(posting: Posting) -> dict[str, Any]:
    lines: Sequence[Any] = posting.answer["lines"]
    return {"id": posting.pk, "lines": lines}


def _by(posting: Posting) -> str:
    return str(posting.actor or posting.token or "")


def _posting(posting: Posting) -> dict[str, Any]:
    return {
        "id": posting.pk,
        "kind": posting.kind,
        "at": posting.at,
        "recorded_at": posting.recorded_at,
        "reason": posting.reason,
        "document": posting.document,
        "by": _by(posting),
        "reverses": posting.reverses_id,
    }


def _bin(movement: Movement) -> dict[str, Any]:
    return {
        "warehouse": movement.warehouse.code,
        "location": movement.location.code if movement.location else None,
        "lot": movement.lot.code if movement.lot else None,
    }


def _value(amount: int, *, shown: bool) -> dict[str, str]:
    return {"value": write_amount(amount, current_shop().currency)} if shown else {}


def _movement(movement: Movement, *, with_values: bool) -> dict[str, Any]:
    return {
        "sku": movement.product.sku,
        **_bin(movement),
        "quantity": write_quantity(movement.quantity),
        "at": movement.at,
        **_value(movement.value, shown=with_values),
    }


def balance_data(line: queries.StockLine, *, with_values: bool) -> dict[str, Any]:
    """A stock line as the API tells it."""
    return {
        "sku": line.product.sku,
        "name": line.product.name,
        "warehouse": line.warehouse.code,
        "on_hand": write_quantity(line.on_hand),
        "committed": write_quantity(line.committed),
        "available": write_quantity(line.available),
        **_value(line.value, shown=with_values),
    }


def _history_line(line: queries.HistoryLine, *, with_values: bool) -> dict[str, Any]:
    movement = line.movement
    return {
        "posting": movement.posting_id,
        "kind": movement.posting.kind,
        "at": movement.at,
        "recorded_at": movement.recorded_at,
        **_bin(movement),
        "quantity": write_quantity(movement.quantity),
        "on_hand": write_quantity(line.on_hand),
        "reason": movement.posting.reason,
        "document": movement.posting.document,
        "by": _by(movement.posting),
        **_value(movement.value, shown=with_values),
    }


def _commitment(commitment: Commitment) -> dict[str, Any]:
    return {
        "id": commitment.pk,
        "sku": commitment.product.sku,
        "warehouse": commitment.warehouse.code,
        "quantity": write_quantity(commitment.quantity),
        "reference": commitment.reference,
        "until": commitment.until,
        "released_at": commitment.released_at,
    }


urlpatterns = [
    path("postings/", PostingsView.as_view(), name="postings"),
    path("postings/bulk/", BulkPostingsView.as_view(), name="postings_bulk"),
    path("postings/<int:pk>/", PostingView.as_view(), name="posting"),
    path("postings/<int:pk>/undo/", UndoView.as_view(), name="posting_undo"),
    path("balances/", BalancesView.as_view(), name="balances"),
    path("products/<path:sku>/history/", HistoryView.as_view(), name="product_history"),
    # After the history's address, which it would take for a SKU with a slash in it.
    path("products/<path:sku>/", ProductView.as_view(), name="product"),
    path("commitments/", CommitmentsView.as_view(), name="commitments"),
    path("commitments/<int:pk>/release/", ReleaseView.as_view(), name="commitment_release"),
]
