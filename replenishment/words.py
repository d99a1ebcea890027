"""A plan's arithmetic in the words of the shop's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.templatetags.ui import day, quantity
from common.units import QUANTITY_SCALE

if TYPE_CHECKING:
    from replenishment.engine.types import Part, PlannedItem

# What is written into the audit.
ACTIONS = {
    "replenishment.snoozed": gettext_lazy("Product snoozed"),
    "replenishment.woken": gettext_lazy("Snoozed product woken"),
    "replenishment.policy": gettext_lazy("Costs of planning changed"),
}


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


def file_reason(planned: PlannedItem) -> str:
    """The sum of a line in a file of orders, in one line of text."""
    names = {
        "until_arrival": _("until arrival"),
        "review": _("over the cover"),
        "missed": _("missed before"),
        "safety": _("safety"),
        "on_hand": _("on hand"),
        "on_order": _("on order"),
        "enough": _("enough"),
        "pack": _("packs"),
        "not_worth_a_pack": _("not worth a pack"),
        "moq": _("MOQ"),
        "moq_too_large": _("MOQ too large"),
        "less": _("fewer packs"),
        "capacity": _("capacity"),
        "shelf_life": _("shelf life"),
        "longer_cover": _("longer cover"),
        "fuller_shelf": _("fuller shelf"),
        "price_break": _("price break"),
        "top_up": _("top-up to the minimum"),
        "free_freight": _("top-up to free freight"),
        "budget": _("budget"),
        "cut": _("order as a whole"),
        "waits": _("waits"),
    }
    summands = [f"{names[part.code]} {part.quantity / QUANTITY_SCALE:+.10g}" for part in planned.parts]
    return f"{', '.join(summands)} = {planned.quantity / QUANTITY_SCALE:.10g}"


def left_out(code: str, detail: str) -> dict[str, Any]:
    """Why a product was not planned at all; detail: a name or a date that the sentence needs."""
    if code == "replaced":
        text = _("Not ordered any more: replaced by %(product)s.") % {"product": detail}
    elif code == "discontinued":
        text = _("Not ordered any more: it is discontinued, and sold to its end.")
    elif code == "snoozed":
        text = _("Snoozed until %(day)s.") % {"day": day(date.fromisoformat(detail))}
    else:
        text = _("Nothing to order: no sales are known here yet, so nothing can be forecast.")
    return {"parts": [], "text": text, "code": code}


def change(was: int, before: dict[str, Any], now: int, after: dict[str, Any]) -> dict[str, Any]:
    """What differs from the plan before: the summand that moved most first; empty if the quantity stayed."""
    if was == now:
        return {}
    old = {part["code"]: part for part in before.get("parts", [])}
    new = {part["code"]: part for part in after.get("parts", [])}
    parts = []
    for code in dict.fromkeys([*new, *old]):
        was_part = old.get(code, {}).get("quantity", 0)
        now_part = new.get(code, {}).get("quantity", 0)
        if was_part != now_part:
            label = (new.get(code) or old[code])["label"]
            parts.append({"code": code, "label": label, "before": was_part, "after": now_part})
    parts.sort(key=lambda part: -abs(part["after"] - part["before"]))
    return {"quantity": was, "parts": parts, "text": _changed(was, now, parts)}


def _changed(was: int, now: int, parts: list[dict[str, Any]]) -> str:
    about = {
        "more": quantity(abs(now - was)),
        "was": quantity(was),
    }
    if not parts:
        if now > was:
            return _("%(more)s more than the plan before, which said %(was)s.") % about
        return _("%(more)s less than the plan before, which said %(was)s.") % about
    most = parts[0]
    about |= {
        "label": most["label"],
        "before": quantity(most["before"]),
        "after": quantity(most["after"]),
    }
    if now > was:
        return (
            _(
                "%(more)s more than the plan before, which said %(was)s. Most of it:"
                " “%(label)s” went from %(before)s to %(after)s."
            )
            % about
        )
    return (
        _(
            "%(more)s less than the plan before, which said %(was)s. Most of it:"
            " “%(label)s” went from %(before)s to %(after)s."
        )
        % about
    )


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
        "missed": _("Sales missed before it arrives, which it cannot serve"),
        "safety": _("Safety stock"),
        "committed": _("Committed to customers"),
        "on_hand": _("On hand, never counted here and taken as 0") if about.never_counted else _("On hand"),
        "on_order": _("On order"),
        "enough": _("More than needed already"),
        "pack": _("Rounded to packs of %(pack)s"),
        "not_worth_a_pack": _("Not worth a pack of %(pack)s"),
        "moq": _("Raised to the MOQ of %(moq)s"),
        "moq_too_large": _("Not worth the MOQ of %(moq)s"),
        "less": _("Fewer packs, because the last one would wait too long"),
        "capacity": _("As much as there is room for"),
        "shelf_life": _("No more than sells before it spoils"),
        "longer_cover": _("For more days at once, which saves orders"),
        "fuller_shelf": _("For the time after, which saves an order"),
        "price_break": _("Up to a quantity at which it costs less"),
        "top_up": _("Topped up to reach %(supplier)s's minimum"),
        "free_freight": _("Topped up to where %(supplier)s delivers free"),
        "budget": _("Cut to the budget"),
        "cut": _("Changed for the order as a whole"),
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
    if "budget" in parts:
        return _("Nothing to order: within the budget the money does more good in other products.")
    if "cut" in parts:
        return _("Nothing to order: the money does more good in other products of this order.")
    if "capacity" in parts:
        return _("Nothing to order: there is no room for a pack of %(pack)s.")
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
    if parts.get("budget", 0) < 0:
        return _(
            "Order %(ordered)s: %(expected)s are expected to sell in %(days)d days and %(safety)s would be"
            " for safety, with %(on_hand)s available and %(on_order)s on order; the budget allows no more."
        )
    if "free_freight" in parts:
        return _(
            "Order %(ordered)s: %(expected)s are expected to sell in %(days)d days, %(safety)s are for"
            " safety, %(on_hand)s are available and %(on_order)s on order; the rest brings the order to where"
            " %(supplier)s delivers free."
        )
    if "price_break" in parts:
        return _(
            "Order %(ordered)s: %(expected)s are expected to sell in %(days)d days, %(safety)s are for"
            " safety, %(on_hand)s are available and %(on_order)s on order; from this quantity on each costs"
            " less, which pays for keeping them."
        )
    if "longer_cover" in parts or "fuller_shelf" in parts:
        return _(
            "Order %(ordered)s: %(expected)s are expected to sell in %(days)d days, %(safety)s are for"
            " safety, %(on_hand)s are available and %(on_order)s on order; the rest is for the days after,"
            " because one order less is worth more than keeping it costs."
        )
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
