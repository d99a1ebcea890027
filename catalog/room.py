"""Whether a shop may keep one product more, without counting all of them for each new one.

Counting reads every product of the shop. Where thousands more would fit, the answer holds for a
while: in that time nobody fills the rest one by one.
"""

from __future__ import annotations

from time import monotonic

from django.utils.translation import gettext as _

from catalog.models import Product
from common.errors import Conflict
from tenancy.context import current_shop

_HOLDS_SECONDS = 60
_PLENTY = 10_000
# Until when it holds, by shop and limit: a limit that was changed counts anew.
_has_plenty: dict[tuple[int, int], float] = {}


def refuse_if_full() -> None:
    """Raises Conflict where the shop has as many products as it may keep."""
    shop = current_shop()
    asked = (shop.pk, shop.product_limit)
    if monotonic() < _has_plenty.get(asked, 0):
        return
    room = shop.product_limit - Product.objects.count()
    if room <= 0:
        raise Conflict(
            _("This shop may keep %(limit)s products, and it does.") % {"limit": shop.product_limit}
        )
    if room > _PLENTY:
        _has_plenty[asked] = monotonic() + _HOLDS_SECONDS
