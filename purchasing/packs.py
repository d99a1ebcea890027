"""What a supplier's packs and least quantity say of a quantity. A person may order against them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from catalog.models import SupplierProduct
from common.units import write_quantity


@dataclass(frozen=True, slots=True)
class Misfit:
    """What the supplier may refuse, and the next quantity that it sells."""

    code: str  # "pack" or "minimum"
    text: str
    better: int


def rounded_up(terms: SupplierProduct, quantity: int) -> int:
    """The least quantity, in whole packs, that is at least `quantity` and the supplier's minimum."""
    return -(-max(quantity, terms.minimum_quantity) // terms.pack) * terms.pack


def misfit(terms: SupplierProduct | None, quantity: int) -> Misfit | None:
    if terms is None or quantity <= 0:
        return None
    better = rounded_up(terms, quantity)
    words = {"quantity": write_quantity(quantity), "better": write_quantity(better)}
    if quantity < terms.minimum_quantity:
        least = {"least": write_quantity(terms.minimum_quantity)}
        text = _("They sell at least %(least)s; the next quantity is %(better)s.") % (words | least)
        return Misfit("minimum", text, better)
    if quantity % terms.pack:
        pack = {"pack": write_quantity(terms.pack)}
        text = _("%(quantity)s is not a whole number of packs of %(pack)s; the next is %(better)s.") % (
            words | pack
        )
        return Misfit("pack", text, better)
    return None
