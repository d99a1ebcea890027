"""Changes to the catalogue, each with its line in the audit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from catalog.gtin import has_wrong_check_digit, spellings
from catalog.models import Barcode, Category, Location, Product, Supplier, SupplierProduct, Warehouse
from catalog.queries import clean_code
from catalog.room import refuse_if_full
from common.errors import BadInput, Conflict
from tenancy.audit import data_of, only_changes, record
from tenancy.models import User


def open_first_warehouse(**signal: Any) -> None:
    """Give a new shop the one warehouse that most shops need; its name can be changed."""
    Warehouse.objects.create(code="MAIN", name=_("Main"))


def save_product(product: Product, *, barcodes: Sequence[str] | None, actor: User | None) -> Product:
    """Add or change a product. `barcodes` are all that it carries; None leaves them as they are.

    Raises BadInput for a barcode that is mistyped or belongs to another product, Conflict where the
    SKU is taken or the shop is full. Then nothing is changed.
    """
    codes = None if barcodes is None else check_barcodes(barcodes, product)
    if product.pk is None:
        refuse_if_full()
    with transaction.atomic():
        _save(
            product, actor, Conflict(_("A product with this SKU exists already."), {"sku": [_("is taken")]})
        )
        if codes is not None:
            _set_barcodes(product, codes, actor)
    return product


def check_barcodes(barcodes: Sequence[str], product: Product | None = None) -> list[str]:
    """The codes as they are stored, each once; BadInput names the first that cannot stay."""
    codes = list(dict.fromkeys(filter(None, (clean_code(text) for text in barcodes))))
    for code in codes:
        if len(code) > 64:
            raise _bad_barcode(_("“%(code)s…” is longer than 64 characters.") % {"code": code[:20]})
        if has_wrong_check_digit(code):
            raise _bad_barcode(
                _("“%(code)s” is mistyped: its last digit does not fit the others.") % {"code": code}
            )
    same = [spelling for code in codes for spelling in spellings(code)]
    others = Barcode.objects.filter(code__in=same).select_related("product")
    if product is not None and product.pk:
        others = others.exclude(product=product)
    if other := others.first():
        raise _bad_barcode(
            _("“%(code)s” belongs to %(product)s.") % {"code": other.code, "product": other.product}
        )
    return codes


def _bad_barcode(detail: str) -> BadInput:
    return BadInput(detail, {"barcodes": [detail]})


def _set_barcodes(product: Product, codes: list[str], actor: User | None) -> None:
    before = sorted(product.barcodes.values_list("code", flat=True))
    if before == sorted(codes):
        return
    product.barcodes.exclude(code__in=codes).delete()
    added = [Barcode(product=product, code=code) for code in codes if code not in before]
    Barcode.objects.bulk_create(added)
    record(
        "product.barcodes",
        actor=actor,
        about=product,
        before={"barcodes": before},
        after={"barcodes": sorted(codes)},
    )


def set_product_state(product: Product, state: str, *, actor: User | None) -> None:
    """Discontinue a product, archive it or take it up again; its stock and history stay."""
    if product.state != state:
        product.state = state
        _save(product, actor)


def category_named(name: str) -> Category | None:
    """The category of that name in any case, made where there is none; None for no name."""
    name = " ".join(name.split())
    if not name:
        return None
    known = Category.objects.filter(name__iexact=name).first()
    # Another request may make it meanwhile, as a second click does.
    return known or Category.objects.get_or_create(name=name)[0]


def save_supplier(supplier: Supplier, *, actor: User | None) -> Supplier:
    taken = _("A supplier of this name exists already.")
    return _save(supplier, actor, Conflict(taken, {"name": [taken]}))


def save_terms(terms: SupplierProduct, *, actor: User | None) -> SupplierProduct:
    taken = _("The supplier has terms for this product already.")
    return _save(terms, actor, Conflict(taken, {"sku": [taken]}))


def remove_terms(terms: SupplierProduct, *, actor: User | None) -> None:
    record("supplierproduct.remove", actor=actor, about=terms, before=data_of(terms))
    terms.delete()


def save_warehouse(warehouse: Warehouse, *, locations: Sequence[str], actor: User | None) -> Warehouse:
    """Add or change a warehouse with the codes of all its places.

    Raises BadInput where a place that is left out has been used, Conflict where the code is taken.
    """
    taken = _("A warehouse with this code exists already.")
    codes = list(dict.fromkeys(filter(None, (" ".join(code.split()) for code in locations))))
    if too_long := next((code for code in codes if len(code) > 40), None):
        raise _bad_location(_("“%(code)s…” is longer than 40 characters.") % {"code": too_long[:20]})
    with transaction.atomic():
        _save(warehouse, actor, Conflict(taken, {"code": [taken]}))
        before = sorted(warehouse.locations.values_list("code", flat=True))
        if before != sorted(codes):
            _remove_locations(warehouse.locations.exclude(code__in=codes))
            added = [Location(warehouse=warehouse, code=code) for code in codes if code not in before]
            Location.objects.bulk_create(added)
            record(
                "warehouse.locations",
                actor=actor,
                about=warehouse,
                before={"locations": before},
                after={"locations": sorted(codes)},
            )
    return warehouse


def _remove_locations(locations: Iterable[Location]) -> None:
    for location in locations:
        try:
            location.delete()
        except ProtectedError as error:
            raise _bad_location(
                _("“%(code)s” has been used in the ledger and stays.") % {"code": location.code}
            ) from error


def _bad_location(detail: str) -> BadInput:
    return BadInput(detail, {"locations": [detail]})


def _save(row: Any, actor: User | None, taken: Conflict | None = None) -> Any:
    """Save a row and write what changed; `taken` is raised where it meets another row's name."""
    known = type(row).objects.filter(pk=row.pk).first() if row.pk else None
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if taken is None:
            raise
        raise taken from error
    name = row._meta.model_name
    before, after = only_changes(data_of(known) if known else {}, data_of(row))
    if known is None:
        record(f"{name}.add", actor=actor, about=row, after=after)
    elif after:
        record(f"{name}.change", actor=actor, about=row, before=before, after=after)
    return row
