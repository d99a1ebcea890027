"""Finding products and places by what people and machines call them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from catalog.models import Barcode, Product, SupplierProduct, Warehouse
from common.search_key import search_key


def product_by_sku(sku: str) -> Product | None:
    """A SKU's product, in any case: `a1` finds `A1`."""
    return Product.objects.filter(sku_key=search_key(sku)).first()


def products_by_sku(skus: Iterable[str]) -> dict[str, Product]:
    """The products of many SKUs by `search_key(sku)`. One query."""
    keys = {search_key(sku) for sku in skus}
    return {product.sku_key: product for product in Product.objects.filter(sku_key__in=keys)}


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
