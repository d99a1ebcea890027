"""What the pages list of the ledger."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import (
    BigIntegerField,
    Exists,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from catalog.models import Product, Warehouse
from stock.models import Balance, HistorySale, ImportedPosting, Movement, Posting


def on_hand_total() -> Coalesce:
    """For annotate() on products: on hand over all warehouses."""
    balances = Balance.objects.filter(product=OuterRef("pk")).order_by().values("product")
    total = Subquery(balances.annotate(total=Sum("on_hand")).values("total"))
    return Coalesce(total, Value(0), output_field=BigIntegerField())


def postings(kinds: Iterable[str] = ()) -> QuerySet[Posting]:
    """Documents, the newest recorded first, each with the name of one product.

    Without their stored answers, which are as long as the documents.
    """
    lines = Movement.objects.filter(posting=OuterRef("pk")).exclude(quantity=0).order_by("id")
    found = (
        Posting.objects.select_related("actor")
        .defer("answer")
        .annotate(
            first_product=Subquery(lines.values("product__name")[:1]),
            warehouse_name=Subquery(lines.values("warehouse__name")[:1]),
            undone=Exists(Posting.objects.filter(reverses=OuterRef("pk"))),
        )
    )
    kinds = list(kinds)
    return found.filter(kind__in=kinds) if kinds else found


def imports_of(postings: Iterable[int]) -> dict[int, int]:
    """Posting id -> the import that made it, which is undone as a whole."""
    links = ImportedPosting.objects.filter(posting__in=list(postings))
    return dict(links.values_list("posting_id", "file_import_id"))


def products_to_count(warehouse: Warehouse) -> QuerySet[Product]:
    """Products that have ever had stock in a warehouse, or were sold there before it was kept.

    Discontinued ones are counted to their end; archived ones are not.
    """
    held = Balance.objects.filter(warehouse=warehouse, product=OuterRef("pk"))
    sold = HistorySale.objects.filter(warehouse=warehouse, product=OuterRef("pk"))
    known = Product.objects.filter(Exists(held) | Exists(sold))
    return known.exclude(state=Product.State.ARCHIVED).order_by("sku_key")
