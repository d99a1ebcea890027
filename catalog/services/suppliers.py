"""Changes to suppliers, when they are closed, and their terms."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from catalog.models import PriceBreak, Supplier, SupplierClosure, SupplierProduct
from catalog.price_breaks import Break, check_breaks, write_breaks
from catalog.services.rows import remove_row, save_row
from common.errors import BadInput, Conflict
from common.units import QUANTITY_SCALE, currency_decimals
from tenancy.audit import record
from tenancy.context import current_shop
from tenancy.models import User

LONGEST_CLOSURE_DAYS = 366


def save_supplier(supplier: Supplier, *, actor: User | None) -> Supplier:
    """Raises Conflict where the name is taken or stored costs would be misread in another currency."""
    own = current_shop().currency
    if supplier.currency == own:
        supplier.currency = ""
    before = Supplier.objects.filter(pk=supplier.pk).first() if supplier.pk else None
    if before is not None:
        was, will = before.trades_in, supplier.trades_in
        if currency_decimals(was) != currency_decimals(will) and before.terms.exists():
            raise Conflict(
                _("Its terms are in %(currency)s; another number of decimals would misread them.")
                % {"currency": was},
                {"currency": [_("Remove the terms first, or add another supplier.")]},
            )
    taken = _("A supplier of this name exists already.")
    saved: Supplier = save_row(supplier, actor, Conflict(taken, {"name": [taken]}))
    return saved


def save_terms(
    terms: SupplierProduct, *, breaks: Sequence[Break] | None = None, actor: User | None
) -> SupplierProduct:
    """Add or change terms. `breaks` are all of their price breaks; None leaves them as they are.

    Raises BadInput for price breaks that do not rise in quantity and fall in cost, or a pack in
    parts of a unit that is sold whole; Conflict where the supplier has terms for the product.
    """
    if not terms.product.has_decimals:
        for field in ("pack", "minimum_quantity"):
            if getattr(terms, field) % QUANTITY_SCALE:
                raise BadInput.at(field, _("must be whole: the product is sold in whole units"))
    now = _breaks_of(terms) if breaks is None else list(breaks)
    check_breaks(now, terms.unit_cost)
    taken = _("The supplier has terms for this product already.")
    with transaction.atomic():
        save_row(terms, actor, Conflict(taken, {"sku": [taken]}))
        before = _breaks_of(terms)
        if now != before:
            terms.breaks.all().delete()
            PriceBreak.objects.bulk_create(
                PriceBreak(terms=terms, minimum_quantity=quantity, unit_cost=cost) for quantity, cost in now
            )
            currency = terms.supplier.trades_in
            record(
                "supplierproduct.breaks",
                actor=actor,
                about=terms,
                before={"breaks": write_breaks(before, currency)},
                after={"breaks": write_breaks(now, currency)},
            )
    return terms


def _breaks_of(terms: SupplierProduct) -> list[Break]:
    if terms.pk is None:
        return []
    return list(terms.breaks.order_by("minimum_quantity").values_list("minimum_quantity", "unit_cost"))


def remove_terms(terms: SupplierProduct, *, actor: User | None) -> None:
    remove_row(terms, actor)


def save_closure(closure: SupplierClosure, *, actor: User | None) -> SupplierClosure:
    """Raises BadInput where it ends before it begins or lasts more than a year.

    Conflict where another one begins on the same day.
    """
    if closure.last_day < closure.first_day:
        raise BadInput.at("last_day", _("lies before the first day"))
    if (closure.last_day - closure.first_day).days >= LONGEST_CLOSURE_DAYS:
        raise BadInput.at(
            "last_day", _("lies more than a year later; archive a supplier that closes for good")
        )
    taken = _("A closure beginning on this day is there already.")
    saved: SupplierClosure = save_row(closure, actor, Conflict(taken, {"first_day": [taken]}))
    return saved


def remove_closure(closure: SupplierClosure, *, actor: User | None) -> None:
    remove_row(closure, actor)


def set_closures(supplier: Supplier, closures: Sequence[SupplierClosure], *, actor: User | None) -> None:
    """Make these all of a supplier's closures. Raises like `save_closure`; nothing is changed then."""
    wanted = {closure.first_day: closure for closure in closures}
    if len(wanted) < len(closures):
        raise BadInput.at("closures", _("has two that begin on the same day"))
    with transaction.atomic():
        for have in SupplierClosure.objects.filter(supplier=supplier):
            same = wanted.get(have.first_day)
            if same is None:
                remove_closure(have, actor=actor)
            else:
                same.pk = have.pk
        for closure in wanted.values():
            save_closure(closure, actor=actor)
