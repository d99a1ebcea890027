"""What the pages ask of the catalogue: codes as they are typed and scanned, and lists."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from catalog.gtin import spellings
from catalog.lookups import products_by_sku, search_products
from catalog.models import Barcode, Product, Warehouse
from common.search_key import search_key


def clean_code(text: str) -> str:
    """A scanned or typed code without the blanks that labels print between digits."""
    code = " ".join(text.replace("\0", "").split())
    packed = code.replace(" ", "")
    return packed if packed.isascii() and packed.isdigit() else code


def products_by_code(codes: Iterable[str]) -> dict[str, Product]:
    """The product behind each code, by the code as given: an SKU in any case, else a barcode.

    Two queries; unknown codes are left out.
    """
    wanted = {text: clean_code(text) for text in codes}
    if not wanted:
        return {}
    by_sku = products_by_sku(wanted.values())
    scanned = {spelling for code in wanted.values() for spelling in spellings(code)}
    barcodes = Barcode.objects.filter(code__in=scanned).select_related("product")
    by_barcode = {barcode.code: barcode.product for barcode in barcodes}
    found = {}
    for text, code in wanted.items():
        scans = (by_barcode[spelling] for spelling in spellings(code) if spelling in by_barcode)
        if product := by_sku.get(search_key(code)) or next(scans, None):
            found[text] = product
    return found


def find_products(text: str = "", *, active: bool | None = True) -> QuerySet[Product]:
    """Products that have the words of `text` in SKU or name, or carry it as a barcode, by SKU.

    Where there is none, those whose name contains it, which reads every product of the shop.
    active: None for both.
    """
    text = clean_code(text)
    products = search_products(text) if text else Product.objects.all()
    if text and not products.exists():
        products = Product.objects.filter(name_key__contains=search_key(text))
    if active is not None:
        here = Q(state=Product.State.ACTIVE)
        products = products.filter(here if active else ~here)
    return products.select_related("category").order_by("sku_key")


def find_in_use(text: str = "") -> QuerySet[Product]:
    """Those that people still sell and count: all but the archived ones."""
    return find_products(text, active=None).exclude(state=Product.State.ARCHIVED)


def active_warehouses() -> QuerySet[Warehouse]:
    return Warehouse.objects.filter(is_active=True)
