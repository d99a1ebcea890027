"""Changes that a file made to the catalogue, taken back.

What somebody has changed since is left and named; what the file made goes where nothing uses it,
and is archived where something does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import ProtectedError, RestrictedError
from django.utils.translation import gettext as _

from catalog.importing.suppliers import set_breaks
from catalog.models import Barcode, Category, Family, Product, Supplier, SupplierProduct
from imports.models import Change
from tenancy.models import User

State = Change.State
# What others hang on comes after them.
MODELS: dict[str, Any] = {
    "terms": SupplierProduct,
    "product": Product,
    "supplier": Supplier,
    "category": Category,
    "family": Family,
}


def take_back(changes: Sequence[Change], actor: User | None) -> None:
    """In the caller's transaction; `changes` stand in the order in which they are taken back."""
    for about, model in MODELS.items():
        mine = [change for change in changes if change.about == about]
        if not mine:
            continue
        rows = {row.pk: row for row in model.objects.filter(pk__in=[change.object_id for change in mine])}
        for change in mine:
            change.state = State.TAKEN_BACK
        there = [(change, rows[change.object_id]) for change in mine if change.object_id in rows]
        _restore(about, model, [(change, row) for change, row in there if change.before is not None])
        _remove(about, model, [(change, row) for change, row in there if change.before is None])


def _restore(about: str, model: Any, changed: Sequence[tuple[Change, Any]]) -> None:
    fields: set[str] = set()
    rebroken = []
    rows = {}
    for change, row in changed:
        left = []
        for name, value in (change.before or {}).items():
            if _now(row, name) != change.after[name]:
                left.append(_label(model, name))
                continue
            if name == "breaks":
                rebroken.append((row, value))
                continue
            setattr(row, name, value)
            rows[row.pk] = row
            fields.add(name.removesuffix("_id"))
        _take_barcodes(change, row)
        if left:
            change.state = State.LEFT
            change.note = _("changed since: %(fields)s") % {"fields": ", ".join(left)}
    if fields:
        model.objects.bulk_update(list(rows.values()), sorted(fields), batch_size=500)
    set_breaks(rebroken)


def _now(row: Any, name: str) -> Any:
    if name == "breaks":
        return [[each.minimum_quantity, each.unit_cost] for each in row.breaks.all()]
    value = getattr(row, name)
    return value.isoformat("minutes") if name == "order_cut_off" and value else value


def _label(model: Any, name: str) -> str:
    return _("price breaks") if name == "breaks" else str(model._meta.get_field(name).verbose_name)


def _take_barcodes(change: Change, row: Any) -> None:
    codes = change.after.get("barcodes")
    if codes:
        Barcode.objects.filter(product=row, code__in=codes).delete()


def _remove(about: str, model: Any, made: Sequence[tuple[Change, Any]]) -> None:
    unchanged = []
    for change, row in made:
        if touched := [name for name in change.after if _changed(row, name, change.after[name])]:
            change.state = State.LEFT
            names = ", ".join(_label(model, name) for name in touched)
            change.note = _("changed since: %(fields)s") % {"fields": names}
        else:
            unchanged.append((change, row))
    ids = {row.pk for _change, row in unchanged}
    used = _used(about, ids)
    used |= _delete(model, ids - used)
    for change, row in unchanged:
        if row.pk in used:
            _archive(change, row)


def _changed(row: Any, name: str, value: Any) -> bool:
    return name != "barcodes" and _now(row, name) != value


def _used(about: str, ids: set[int]) -> set[int]:
    """What others hang on that would go with it."""
    if about == "product":
        terms = SupplierProduct.objects.filter(product__in=ids).order_by()
        return set(terms.values_list("product_id", flat=True))
    if about == "supplier":
        terms = SupplierProduct.objects.filter(supplier__in=ids).order_by()
        return set(terms.values_list("supplier_id", flat=True))
    return set()


def _delete(model: Any, ids: set[int]) -> set[int]:
    """Delete what nothing protects; answers what stays."""
    used: set[int] = set()
    while free := ids - used:
        try:
            model.objects.filter(pk__in=free).delete()
        except ProtectedError as error:
            found = _pointed_at(error.protected_objects, model, free)
        except RestrictedError as error:
            found = _pointed_at(error.restricted_objects, model, free)
        else:
            break
        if not found:
            return ids
        used |= found
    return used


def _pointed_at(objects: Iterable[Any], model: Any, ids: set[int]) -> set[int]:
    return {
        getattr(obj, field.attname)
        for obj in objects
        for field in obj._meta.concrete_fields
        if field.related_model is model and getattr(obj, field.attname) in ids
    }


def _archive(change: Change, row: Any) -> None:
    change.state = State.LEFT
    if isinstance(row, Product):
        Product.objects.filter(pk=row.pk).update(state=Product.State.ARCHIVED)
        change.note = _("used since, so it is archived")
    elif isinstance(row, Supplier):
        Supplier.objects.filter(pk=row.pk).update(is_active=False)
        change.note = _("used since, so it is archived")
    else:
        change.note = _("used since")
