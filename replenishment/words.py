"""A plan's arithmetic in the words of the shop's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.templatetags.ui import quantity

if TYPE_CHECKING:
    from replenishment.engine.types import Part


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a sentence about one product may speak of: never money, because clerks read it too.

    pack, minimum_quantity: thousandths of the stock unit.
    """

    supplier: str
    gap_days: int
    lead_days: int
    review_days: int
    pack: int
    minimum_quantity: int
    never_counted: bool


def reason(ordered: int, parts: Sequence[Part], about: Circumstances) -> dict[str, Any]:
    """The sum as data, each summand with its label, and one sentence."""
    return {
        "parts": [
            {"code": part.code, "label": _label(part.code, about), "quantity": part.quantity}
            for part in parts
        ],
        "text": _sentence(ordered, {part.code: part.quantity for part in parts}, about),
    }


def not_forecast() -> dict[str, Any]:
    return {
        "parts": [],
        "text": _("Nothing to order: no sales are known here yet, so nothing can be forecast."),
    }


def _label(code: str, about: Circumstances) -> str:
    if code == "since_known":
        return ngettext(
            "Expected sales of %(days)d day whose sales are not known yet",
            "Expected sales of %(days)d days whose sales are not known yet",
            about.gap_days,
        ) % {"days": about.gap_days}
    if code == "until_arrival":
        return ngettext(
            "Expected sales until it arrives, %(days)d day",
            "Expected sales until it arrives, %(days)d days",
            about.lead_days,
        ) % {"days": about.lead_days}
    if code == "review":
        return ngettext(
            "Expected sales until the next order arrives, %(days)d day more",
            "Expected sales until the next order arrives, %(days)d days more",
            about.review_days,
        ) % {"days": about.review_days}
    labels = {
        "safety": _("Safety stock"),
        "committed": _("Committed to customers"),
        "on_hand": _("On hand, never counted here and taken as 0") if about.never_counted else _("On hand"),
        "on_order": _("On order"),
        "enough": _("More than needed already"),
        "pack": _("Rounded to packs of %(pack)s"),
        "not_worth_a_pack": _("Not worth a pack of %(pack)s"),
        "moq": _("Raised to the MOQ of %(moq)s"),
        "moq_too_large": _("Not worth the MOQ of %(moq)s"),
        "top_up": _("Topped up to reach %(supplier)s's minimum"),
        "cut": _("Left out in favour of other products"),
        "waits": _("Waits: no order to %(supplier)s pays yet"),
    }
    return labels[code] % {
        "pack": quantity(about.pack),
        "moq": quantity(about.minimum_quantity),
        "supplier": about.supplier,
    }


def _sentence(ordered: int, parts: dict[str, int], about: Circumstances) -> str:
    return _template(ordered, parts) % {
        "ordered": quantity(ordered),
        "expected": quantity(sum(parts.get(code, 0) for code in ("since_known", "until_arrival", "review"))),
        "days": about.gap_days + about.lead_days + about.review_days,
        "safety": quantity(parts.get("safety", 0)),
        "on_hand": quantity(-parts.get("on_hand", 0) - parts.get("committed", 0)),
        "on_order": quantity(-parts.get("on_order", 0)),
        "pack": quantity(about.pack),
        "moq": quantity(about.minimum_quantity),
        "supplier": about.supplier,
    }


def _template(ordered: int, parts: dict[str, int]) -> str:
    if ordered:
        return _why_ordered(parts)
    if "waits" in parts:
        return _(
            "Nothing to order yet: %(expected)s are expected to sell in %(days)d days and %(on_hand)s are"
            " available with %(on_order)s on order, but an order to %(supplier)s would cost more than"
            " waiting."
        )
    if "cut" in parts:
        return _("Nothing to order: the money does more good in other products of this order.")
    if "not_worth_a_pack" in parts:
        return _(
            "Nothing to order: with %(on_hand)s available and %(on_order)s on order little is missing, and"
            " a pack of %(pack)s would cost more to keep than it saves."
        )
    if "moq_too_large" in parts:
        return _("Nothing to order: the MOQ of %(moq)s would cost more to keep than it saves.")
    return _(
        "Nothing to order: %(on_hand)s available and %(on_order)s on order cover the %(expected)s expected"
        " in %(days)d days and a safety of %(safety)s."
    )


def _why_ordered(parts: dict[str, int]) -> str:
    if "top_up" in parts:
        return _(
            "Order %(ordered)s: %(expected)s are expected to sell in %(days)d days, %(safety)s are for"
            " safety, %(on_hand)s are available and %(on_order)s on order; the rest fills the order up to"
            " %(supplier)s's minimum."
        )
    if "moq" in parts:
        return _(
            "Order %(ordered)s: %(expected)s are expected to sell in %(days)d days, %(safety)s are for"
            " safety, %(on_hand)s are available and %(on_order)s on order; less than the MOQ of %(moq)s is"
            " not sold."
        )
    if "pack" in parts:
        return _(
            "Order %(ordered)s: %(expected)s are expected to sell in %(days)d days, %(safety)s are for"
            " safety, %(on_hand)s are available and %(on_order)s on order; packs hold %(pack)s."
        )
    return _(
        "Order %(ordered)s: %(expected)s are expected to sell in %(days)d days, %(safety)s are for safety,"
        " %(on_hand)s are available and %(on_order)s on order."
    )
