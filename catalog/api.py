"""The catalogue for machines."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import api_schema as schema
from catalog import services
from catalog.api_data import (
    PRODUCT_RELATED,
    product_data,
    product_detail,
    supplier_data,
    tax_data,
    terms_data,
    warehouse_data,
)
from catalog.api_input import fill_product, fill_supplier, fill_terms, fill_warehouse
from catalog.lookups import product_by_sku, search_products
from catalog.models import Product, Supplier, SupplierProduct, TaxRate, Warehouse
from common.api_schema import CURSOR, LIMIT, answers, page, text_parameter
from common.errors import NotPermitted
from common.json_input import Body, Query
from common.paging import page_of, read_cursor
from common.text import clean_text
from tenancy.api import ShopAPIView, may, page_answer, person_of
from tenancy.permissions import Permission


class ProductsView(ShopAPIView):
    permissions: ClassVar = {"GET": Permission.SHOP_VIEW, "POST": Permission.CATALOG_EDIT}

    @extend_schema(
        operation_id="list_products",
        summary="Products in the order of SKUs",
        parameters=[
            text_parameter("search", "Words that the SKU and name begin with, or a barcode."),
            text_parameter("state", "Only active, discontinued or archived ones."),
            text_parameter("category", "Only those of a category, by its name."),
            text_parameter("family", "Only the variants of a family, by its name."),
            CURSOR,
            LIMIT,
        ],
        responses=answers({200: page(schema.ProductSerializer)}),
    )
    def get(self, request: Request) -> Response:
        asked = Query(request.query_params)
        search, limit = asked.text("search"), asked.limit()
        products = search_products(search) if search else Product.objects.all()
        if state := asked.choice("state", Product.State.values):
            products = products.filter(state=state)
        for group in ("category", "family"):
            if name := asked.text(group):
                products = products.filter(**{f"{group}__name__iexact": name})
        if cursor := asked.cursor():
            products = products.filter(sku_key__gt=read_cursor(cursor, str)[0])
        rows = products.select_related(*PRODUCT_RELATED).order_by("sku_key")[: limit + 1]
        found = page_of(rows, limit, lambda product: [product.sku_key])
        with_costs = may(request, Permission.COSTS_VIEW)
        return page_answer(found.map(lambda product: product_data(product, with_costs=with_costs)))

    @extend_schema(
        operation_id="create_product",
        summary="Add a product",
        request=schema.SentProductSerializer,
        responses=answers({201: schema.ProductDetailSerializer}, 409),
    )
    def post(self, request: Request) -> Response:
        return Response(_saved_product(request, Product()), status=201)


class ProductChangeView(ShopAPIView):
    """PATCH of a product; the app above adds GET with its stock."""

    permissions: ClassVar = {"PATCH": Permission.CATALOG_EDIT}

    @extend_schema(
        operation_id="change_product",
        summary="Change a product; fields that are left out stay",
        request=schema.ChangedProductSerializer,
        responses=answers({200: schema.ProductDetailSerializer}, 409),
    )
    def patch(self, request: Request, sku: str) -> Response:
        return Response(_saved_product(request, product_or_404(sku)))


def product_or_404(sku: str) -> Product:
    product = product_by_sku(clean_text(sku, field="sku", limit=200))
    if product is None:
        raise Http404
    return product


def _saved_product(request: Request, product: Product) -> dict[str, Any]:
    body, with_costs = Body(request.data), may(request, Permission.COSTS_VIEW)
    if body.data.get("cost") is not None and not with_costs:
        fault = _("Your role in this shop does not see costs, so it may not send any.")
        raise NotPermitted(fault, {"cost": [fault]})
    with transaction.atomic():
        barcodes = fill_product(product, body)
        services.save_product(product, barcodes=barcodes, actor=person_of(request))
    return product_detail(product, with_costs=with_costs)


class WarehousesView(ShopAPIView):
    permissions: ClassVar = {"GET": Permission.SHOP_VIEW, "POST": Permission.CATALOG_EDIT}

    @extend_schema(
        operation_id="list_warehouses",
        summary="All warehouses",
        responses=answers({200: schema.WarehouseSerializer(many=True)}),
    )
    def get(self, request: Request) -> Response:
        rows = Warehouse.objects.prefetch_related("locations").order_by("code")
        return Response([warehouse_data(place) for place in rows])

    @extend_schema(
        operation_id="create_warehouse",
        summary="Add a warehouse",
        request=schema.SentWarehouseSerializer,
        responses=answers({201: schema.WarehouseSerializer}, 409),
    )
    def post(self, request: Request) -> Response:
        return Response(_saved_warehouse(request, Warehouse()), status=201)


class WarehouseView(ShopAPIView):
    permissions: ClassVar = {"PATCH": Permission.CATALOG_EDIT}

    @extend_schema(
        operation_id="change_warehouse",
        summary="Change a warehouse; fields that are left out stay",
        request=schema.ChangedWarehouseSerializer,
        responses=answers({200: schema.WarehouseSerializer}, 409),
    )
    def patch(self, request: Request, code: str) -> Response:
        warehouse = Warehouse.objects.filter(code=clean_text(code, field="code", limit=200)).first()
        if warehouse is None:
            raise Http404
        return Response(_saved_warehouse(request, warehouse))


def _saved_warehouse(request: Request, warehouse: Warehouse) -> dict[str, Any]:
    places = fill_warehouse(warehouse, Body(request.data))
    services.save_warehouse(warehouse, locations=places, actor=person_of(request))
    return warehouse_data(warehouse)


class TaxRatesView(ShopAPIView):
    permissions: ClassVar = {"GET": Permission.SHOP_VIEW}

    @extend_schema(
        operation_id="list_tax_rates",
        summary="All tax rates",
        responses=answers({200: schema.TaxRateSerializer(many=True)}),
    )
    def get(self, request: Request) -> Response:
        return Response([tax_data(tax) for tax in TaxRate.objects.order_by("rate", "name")])


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
        rows = Supplier.objects.prefetch_related("closures").order_by("name")
        if cursor := asked.cursor():
            rows = rows.filter(name__gt=read_cursor(cursor, str)[0])
        found = page_of(rows[: limit + 1], limit, lambda supplier: [supplier.name])
        with_costs = may(request, Permission.COSTS_VIEW)
        return page_answer(found.map(lambda supplier: supplier_data(supplier, with_costs=with_costs)))

    @extend_schema(
        operation_id="create_supplier",
        summary="Add a supplier",
        request=schema.SentSupplierSerializer,
        responses=answers({201: schema.SupplierSerializer}, 409),
    )
    def post(self, request: Request) -> Response:
        return Response(_saved_supplier(request, Supplier()), status=201)


class SupplierView(ShopAPIView):
    permissions: ClassVar = {"GET": Permission.SHOP_VIEW, "PATCH": Permission.CATALOG_EDIT}

    @extend_schema(
        operation_id="show_supplier",
        summary="A supplier",
        responses=answers({200: schema.SupplierSerializer}),
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(supplier_data(_supplier_or_404(pk), with_costs=may(request, Permission.COSTS_VIEW)))

    @extend_schema(
        operation_id="change_supplier",
        summary="Change a supplier; fields that are left out stay",
        request=schema.ChangedSupplierSerializer,
        responses=answers({200: schema.SupplierSerializer}, 409),
    )
    def patch(self, request: Request, pk: int) -> Response:
        return Response(_saved_supplier(request, _supplier_or_404(pk)))


def _supplier_or_404(pk: int) -> Supplier:
    supplier = Supplier.objects.filter(pk=pk).first()
    if supplier is None:
        raise Http404
    return supplier


def _saved_supplier(request: Request, supplier: Supplier) -> dict[str, Any]:
    actor = person_of(request)
    closures = fill_supplier(supplier, Body(request.data))
    with transaction.atomic():
        services.save_supplier(supplier, actor=actor)
        if closures is not None:
            services.set_closures(supplier, closures, actor=actor)
    return supplier_data(supplier, with_costs=may(request, Permission.COSTS_VIEW))


class TermsListView(ShopAPIView):
    permissions: ClassVar = {"GET": Permission.SHOP_VIEW, "POST": Permission.CATALOG_EDIT}

    @extend_schema(
        operation_id="list_terms",
        summary="What a supplier sells, in the order of SKUs",
        parameters=[CURSOR, LIMIT],
        responses=answers({200: page(schema.TermsSerializer)}),
    )
    def get(self, request: Request, pk: int) -> Response:
        asked = Query(request.query_params)
        limit = asked.limit()
        rows = SupplierProduct.objects.filter(supplier=_supplier_or_404(pk))
        if cursor := asked.cursor():
            rows = rows.filter(product__sku_key__gt=read_cursor(cursor, str)[0])
        rows = rows.select_related("supplier", "product").prefetch_related("breaks")
        found = page_of(
            rows.order_by("product__sku_key")[: limit + 1], limit, lambda one: [one.product.sku_key]
        )
        with_costs = may(request, Permission.COSTS_VIEW)
        return page_answer(found.map(lambda one: terms_data(one, with_costs=with_costs)))

    @extend_schema(
        operation_id="save_terms",
        summary="Add a supplier's terms for a product, or change those there are",
        request=schema.SentTermsSerializer,
        responses=answers({200: schema.TermsSerializer}, 409),
    )
    def post(self, request: Request, pk: int) -> Response:
        supplier, body = _supplier_or_404(pk), Body(request.data)
        sku = body.text("sku", limit=64, required=True)
        product = product_by_sku(sku) if sku else None
        if sku and product is None:
            body.fault("sku", _("“%(sku)s” is no product here") % {"sku": sku})
        known = SupplierProduct.objects.filter(supplier=supplier, product=product).first()
        terms = known or SupplierProduct(supplier=supplier, product=product)
        breaks = fill_terms(terms, body)
        services.save_terms(terms, breaks=breaks, actor=person_of(request))
        saved = SupplierProduct.objects.select_related("supplier", "product").get(pk=terms.pk)
        return Response(terms_data(saved, with_costs=may(request, Permission.COSTS_VIEW)))


class TermsView(ShopAPIView):
    permissions: ClassVar = {"DELETE": Permission.CATALOG_EDIT}

    @extend_schema(
        operation_id="remove_terms",
        summary="Remove a supplier's terms for a product",
        responses=answers({204: None}),
    )
    def delete(self, request: Request, pk: int, sku: str) -> Response:
        terms = SupplierProduct.objects.filter(supplier=_supplier_or_404(pk), product=product_or_404(sku))
        found = terms.select_related("supplier", "product").first()
        if found is None:
            raise Http404
        services.remove_terms(found, actor=person_of(request))
        return Response(status=204)


urlpatterns = [
    path("products/", ProductsView.as_view(), name="products"),
    path("warehouses/", WarehousesView.as_view(), name="warehouses"),
    path("warehouses/<str:code>/", WarehouseView.as_view(), name="warehouse"),
    path("tax-rates/", TaxRatesView.as_view(), name="tax_rates"),
    path("suppliers/", SuppliersView.as_view(), name="suppliers"),
    path("suppliers/<int:pk>/", SupplierView.as_view(), name="supplier"),
    path("suppliers/<int:pk>/terms/", TermsListView.as_view(), name="supplier_terms"),
    path("suppliers/<int:pk>/terms/<path:sku>/", TermsView.as_view(), name="supplier_terms_of"),
]
