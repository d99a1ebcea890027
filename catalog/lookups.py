"""Finding products and places by what people and machines call them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from catalog.gtin import spellings
from catalog.models import Barcode, Product, ProductWord, Warehouse
from common.prepared import prepared_cursor
from common.search_key import search_key
from common.search_words import asked_words
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


# So many products are few: a list that shows and counts them asks for their ids once.
_FEW = 2_500
# A word of so many products is common: to find the first page it is quicker to go through the
# products in their order and look whether each has it.
_COMMON = 30_000


def narrowed(products: QuerySet[Product], ids: QuerySet) -> QuerySet[Product]:
    """`products` that are among `ids`, a query of product ids, which is asked now.

    A list asks twice, for a page and for how many there are, and a database cannot know beforehand
    whether `ids` are few: it would go through all products and look for each.
    """
    few = set(ids[: _FEW + 1])
    return products.filter(pk__in=few if len(few) <= _FEW else ids)


def search_products(text: str) -> QuerySet[Product]:
    """Products that have all words of `text` in SKU or name, by their beginnings, or its barcode.

    Reads ranges of an index (common/search_words.py), where `LIKE` would read the whole catalogue.
    One short query per word says how common it is, and so in which order to look.
    """
    by_barcode = list(Barcode.objects.filter(code__in=spellings(text)).values_list("product_id", flat=True))
    words = asked_words(text)
    if not words:
        return Product.objects.filter(pk__in=by_barcode)
    found = _with_words(words)
    return found | Product.objects.filter(pk__in=by_barcode) if by_barcode else found


def _with_words(words: list[str]) -> QuerySet[Product]:
    places = {word: ProductWord.objects.filter(word__prefix=word).order_by() for word in words}
    size = {word: places[word][:_COMMON].count() for word in words}
    rarest = min(words, key=lambda word: size[word])
    having = places.pop(rarest)
    if size[rarest] == _COMMON:
        return _having(Product.objects.filter(Exists(having.filter(product=OuterRef("pk")))), "pk", places)
    # The limit, which is never reached, keeps the database from going through all products here.
    ids = _having(having, "product", places).values_list("product_id", flat=True)[:_COMMON]
    return narrowed(Product.objects.all(), ids)


def _having(rows: QuerySet, product: str, places: dict[str, QuerySet]) -> QuerySet:
    """`rows` whose product has a word at each of `places`."""
    for having in places.values():
        rows = rows.filter(Exists(having.filter(product=OuterRef(product))))
    return rows


def warehouses_by_code(codes: Iterable[str]) -> dict[str, Warehouse]:
    return {place.code: place for place in Warehouse.objects.filter(code__in=set(codes))}
