"""The catalogue for machines."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import api_schema as schema
from catalog import services
from catalog.lookups import search_products
from catalog.models import Product, Supplier, Warehouse
from common.api_schema import CURSOR, LIMIT, answers, page, text_parameter
from common.errors import NotPermitted
from common.json_input import Body, Query
from common.paging import page_of, read_cursor
from common.units import write_amount, write_unit_price
from tenancy.api import ShopAPIView, may, page_answer, person_of
from tenancy.context import current_shop
from tenancy.permissions import Permission

_MAX_BARCODES = 50


class ProductsView(ShopAPIView):
    permissions: ClassVar = {"GET": Permission.SHOP_VIEW, "POST": Permission.CATALOG_EDIT}

    @extend_schema(
        operation_id="list_products",
        summary="Products in the order of SKUs",
        parameters=[
            text_parameter("search", "The beginning of a SKU or a name, or a barcode."),
            CURSOR,
            LIMIT,
        ],
        responses=answers({200: page(schema.ProductSerializer)}),
    )
    def get(self, request: Request) -> Response:
        asked = Query(request.query_params)
        search, limit = asked.text("search"), asked.limit()
        products = search_products(search) if search else Product.objects.all()
        if cursor := asked.cursor():
            products = products.filter(sku_key__gt=read_cursor(cursor, str)[0])
        rows = products.select_related("category").order_by("sku_key")[: limit + 1]
        found = page_of(rows, limit, lambda product: [product.sku_key])
        with_costs = may(request, Permission.COSTS_VIEW)
        return page_answer(found.map(lambda product: product_data(product, with_costs=with_costs)))

    @extend_schema(
        operation_id="create_product",
        summary="Add a product",
        request=schema.SentProductSerializer,
        responses=answers({201: schema.ProductSerializer}, 409),
    )
    def post(self, request: Request) -> Response:
        body, currency = Body(request.data), current_shop().currency
        product = Product(
            sku=body.text("sku", limit=64, required=True),
            name=body.text("name", limit=200, required=True),
            unit=body.text("unit", limit=20) or "piece",
            has_decimals=body.switch("has_decimals") or False,
            price=_not_negative(body, "price", body.unit_price("price", currency)),
            cost=_not_negative(body, "cost", body.unit_price("cost", currency)),
        )
        category = body.text("category", limit=120)
        barcodes = body.texts("barcodes", limit=_MAX_BARCODES, length=64)
        body.refuse_faults()
        with_costs = may(request, Permission.COSTS_VIEW)
        if product.cost is not None and not with_costs:
            fault = _("Your role in this shop does not see costs, so it may not send any.")
            raise NotPermitted(fault, {"cost": [fault]})
        product.category = services.category_named(category)
        services.save_product(product, barcodes=barcodes, actor=person_of(request))
        return Response(product_data(product, with_costs=with_costs), status=201)


class WarehousesView(ShopAPIView):
    permissions: ClassVar = {"GET": Permission.SHOP_VIEW}

    @extend_schema(
        operation_id="list_warehouses",
        summary="All warehouses",
        responses=answers({200: schema.WarehouseSerializer(many=True)}),
    )
    def get(self, request: Request) -> Response:
        return Response(
            [
                {
                    "code": place.code,
                    "name": place.name,
                    "opening_date": place.opening_date,
                    "is_active": place.is_active,
                }
                for place in Warehouse.objects.order_by("code")
            ]
        )


class SuppliersView(ShopAPIView):
    permissions: ClassVar = {"GET": Permission.SHOP_VIEW, "POST": Permission.CATALOG_EDIT}

    @extend_schema(
        operation_id="list_suppliers",
        summary="Suppliers in the order of their names",
        parameters=[CURSOR, LIMIT],
        responses=answers({200: page(schema.SupplierSerializer)}),
    )
    def get(self, request: Request) -> Response:
        asked = Query(request.query_params)
        limit = asked.limit()
        rows = Supplier.objects.order_by("name")
        if cursor := asked.cursor():
            rows = rows.filter(name__gt=read_cursor(cursor, str)[0])
        found = page_of(rows[: limit + 1], limit, lambda supplier: [supplier.name])
        with_costs = may(request, Permission.COSTS_VIEW)
        return page_answer(found.map(lambda supplier: _supplier(supplier, with_costs=with_costs)))

    @extend_schema(
        operation_id="create_supplier",
        summary="Add a supplier",
        request=schema.SentSupplierSerializer,
        responses=answers({201: schema.SupplierSerializer}, 409),
    )
    def post(self, request: Request) -> Response:
        body = Body(request.data)
        minimum = body.amount("minimum_order_value", current_shop().currency)
        supplier = Supplier(
            name=body.text("name", limit=120, required=True),
            email=body.text("email", limit=254),
            address=body.text("address", limit=500),
            minimum_order_value=_not_negative(body, "minimum_order_value", minimum) or 0,
        )
        lead_time = body.whole("lead_time_days", least=0, most=1_000)
        review = body.whole("review_days", least=1, most=1_000)
        body.refuse_faults()
        if lead_time is not None:
            supplier.lead_time_days = lead_time
        if review is not None:
            supplier.review_days = review
        supplier.clean_fields(exclude={"shop"})
        services.save_supplier(supplier, actor=person_of(request))
        return Response(_supplier(supplier, with_costs=may(request, Permission.COSTS_VIEW)), status=201)


def _not_negative(body: Body, name: str, number: int | None) -> int | None:
    if number is not None and number < 0:
        body.fault(name, _("must not be below zero"))
    return number


def product_data(product: Product, *, with_costs: bool) -> dict[str, Any]:
    currency = current_shop().currency

    def price(value: int | None) -> str | None:
        return None if value is None else write_unit_price(value, currency)

    data = {
        "id": product.pk,
        "sku": product.sku,
        "name": product.name,
        "category": product.category.name if product.category else None,
        "unit": product.unit,
        "has_decimals": product.has_decimals,
        "state": product.state,
        "price": price(product.price),
    }
    return data | {"cost": price(product.cost)} if with_costs else data


def _supplier(supplier: Supplier, *, with_costs: bool) -> dict[str, Any]:
    data = {
        "id": supplier.pk,
        "name": supplier.name,
        "email": supplier.email,
        "lead_time_days": supplier.lead_time_days,
        "review_days": supplier.review_days,
        "is_active": supplier.is_active,
    }
    if not with_costs:
        return data
    amount = write_amount(supplier.minimum_order_value, current_shop().currency)
    return data | {"minimum_order_value": amount}


urlpatterns = [
    path("products/", ProductsView.as_view(), name="products"),
    path("warehouses/", WarehousesView.as_view(), name="warehouses"),
    path("suppliers/", SuppliersView.as_view(), name="suppliers"),
]
