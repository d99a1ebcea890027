"""Changes to warehouses and the places inside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from catalog.models import Location, Warehouse
from catalog.services.rows import save_row
from catalog.signals import warehouse_archiving
from common.errors import BadInput, Conflict
from tenancy.audit import record
from tenancy.models import User


def open_first_warehouse(**signal: Any) -> None:
    """Give a new shop the one warehouse that most shops need; its name can be changed."""
    Warehouse.objects.create(code="MAIN", name=_("Main"))


def save_warehouse(warehouse: Warehouse, *, locations: Sequence[str] | None, actor: User | None) -> Warehouse:
    """Add or change a warehouse with the codes of all its places; None leaves them as they are.

    Raises BadInput where a place that is left out has been used, Conflict where the code is taken,
    or where it goes out of use with something still in it.
    """
    taken = _("A warehouse with this code exists already.")
    codes = None if locations is None else _location_codes(locations)
    if not warehouse.is_active and warehouse.pk:
        _refuse_archiving(warehouse)
    with transaction.atomic():
        save_row(warehouse, actor, Conflict(taken, {"code": [taken]}))
        before = sorted(warehouse.locations.values_list("code", flat=True))
        if codes is not None and before != sorted(codes):
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


def _refuse_archiving(warehouse: Warehouse) -> None:
    before = Warehouse.objects.filter(pk=warehouse.pk).first()
    if before is None or not before.is_active:
        return
    if not Warehouse.objects.filter(is_active=True).exclude(pk=warehouse.pk).exists():
        fault = _("It is the only warehouse in use; add another one first.")
        raise Conflict(fault, {"is_active": [fault]})
    warehouse_archiving.send(sender=Warehouse, warehouse=warehouse)


def _location_codes(locations: Sequence[str]) -> list[str]:
    codes = list(dict.fromkeys(filter(None, (" ".join(code.split()) for code in locations))))
    if too_long := next((code for code in codes if len(code) > 40), None):
        raise _bad_location(_("“%(code)s…” is longer than 40 characters.") % {"code": too_long[:20]})
    return codes


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
