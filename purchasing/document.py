"""An order as its supplier reads it: what the PDF and the mail say alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from django.conf import settings
from django.utils import timezone, translation

from catalog.lookups import terms_by_product
from catalog.models import SupplierProduct
from common.templatetags.ui import babel_locale
from common.units import QUANTITY_SCALE
from purchasing import queries
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from tenancy.context import current_shop
from tenancy.models import Shop


@dataclass(frozen=True, slots=True)
class DocumentLine:
    line: PurchaseOrderLine
    supplier_code: str
    packs: int | None  # see SupplierProduct.packs_in
    pack: int


@dataclass(frozen=True, slots=True)
class Document:
    order: PurchaseOrder
    shop: Shop
    lines: list[DocumentLine]
    total: int


def document_of(order: PurchaseOrder) -> Document:
    lines = list(queries.ordered_lines(order))
    terms = terms_by_product(order.supplier_id, [line.product_id for line in lines])
    return Document(
        order=order,
        shop=current_shop(),
        lines=[_line(line, terms.get(line.product_id)) for line in lines],
        total=sum(line.amount for line in lines),
    )


def _line(line: PurchaseOrderLine, terms: SupplierProduct | None) -> DocumentLine:
    return DocumentLine(
        line=line,
        supplier_code=terms.supplier_code if terms else "",
        packs=terms.packs_in(line.quantity) if terms else None,
        pack=terms.pack if terms else QUANTITY_SCALE,
    )


@contextmanager
def in_supplier_language(order: PurchaseOrder) -> Iterator[None]:
    """Words in the supplier's language where we have it, else in the shop's; days by the shop's clock."""
    shop = current_shop()
    known = dict(settings.LANGUAGES)
    language = order.supplier.language if order.supplier.language in known else shop.language
    with translation.override(language), timezone.override(shop.zone):
        yield


def long_day(value: date | None) -> str:
    """`Friday 27 November 2026` in the language in force."""
    if value is None:
        return ""
    locale = babel_locale()
    pattern = "EEEE d MMMM y" if locale.language == "en" else "full"
    return format_date(value, pattern, locale=locale)
