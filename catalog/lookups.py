"""Finding products and places by what people and machines call them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet

from catalog.models import Barcode, Product, SupplierProduct, Warehouse
from common.prepared import prepared_cursor
from common.search_key import search_key
from tenancy.context import require_shop_id


def product_by_sku(sku: str) -> Product | None:
    """A SKU's product, in any case: `a1` finds `A1`."""
    return Product.objects.filter(sku_key=search_key(sku)).first()


def products_by_sku(skus: Iterable[str]) -> dict[str, Product]:
    """The products of many SKUs by `search_key(sku)`. One query."""
    keys = {search_key(sku) for sku in skus}
    return {product.sku_key: product for product in Product.objects.filter(sku_key__in=keys)}


class Named(NamedTuple):
    """What a document must know of a product."""

    id: int
    has_decimals: bool


def named_in_documents(skus: Iterable[str], codes: Iterable[str]) -> tuple[dict[str, Named], dict[str, int]]:
    """Products by `search_key(sku)` and the ids of warehouses by code.

    One statement, written by hand: each till's sale asks this, and the ORM's two queries would take
    as much time as the rest of the posting.
    """
    among = "= ANY(%s)" if connection.vendor == "postgresql" else "IN (SELECT value FROM json_each(%s))"
    keys, places = list({search_key(sku) for sku in skus}), list(set(codes))
    if connection.vendor == "sqlite":
        keys, places = json.dumps(keys), json.dumps(places)  # type: ignore[assignment]
    shop_id = require_shop_id()
    with prepared_cursor() as cursor:
        cursor.execute(
            "SELECT 1, sku_key, id, has_decimals FROM catalog_product"
            f" WHERE shop_id = %s AND sku_key {among}"
            " UNION ALL SELECT 0, code, id, false FROM catalog_warehouse"
            f" WHERE shop_id = %s AND code {among}",
            [shop_id, keys, shop_id, places],
        )
        rows = cursor.fetchall()
    return (
        {name: Named(id_, bool(has_decimals)) for product, name, id_, has_decimals in rows if product},
        {name: id_ for product, name, id_, _decimals in rows if not product},
    )


def search_products(text: str) -> QuerySet[Product]:
    """Products whose SKU or name begins with `text`, or whose barcode it is.

    Each way by its own index: one condition with OR would read the whole catalogue.
    """
    by_sku = Product.objects.filter(sku_key__prefix=text).order_by().values("pk")
    by_name = Product.objects.filter(name_key__prefix=text).order_by().values("pk")
    by_barcode = Barcode.objects.filter(code=text).order_by().values("product_id")
    return Product.objects.filter(Q(pk__in=by_sku.union(by_name, by_barcode)))


def terms_by_product(supplier_id: int, product_ids: Iterable[int]) -> dict[int, SupplierProduct]:
    """A supplier's terms for some products; those without are left out."""
    terms = SupplierProduct.objects.filter(supplier=supplier_id, product__in=list(product_ids))
    return {term.product_id: term for term in terms}


def warehouses_by_code(codes: Iterable[str]) -> dict[str, Warehouse]:
    return {place.code: place for place in Warehouse.objects.filter(code__in=set(codes))}
