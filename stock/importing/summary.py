"""What a person sees of a judged file before posting: counts, lists and samples, as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import asdict
from datetime import date
from typing import Any

from common.units import PRICE_SCALE, QUANTITY_SCALE, round_half_even
from stock.importing.codes import Code, apart_proposal, twins
from stock.importing.judging import TAKEN, Judged, Outcome

FAULTS_SHOWN = 100
# Lines of a reason, and new products, that are shown; the file of what is left out has them all.
SAMPLES_SHOWN = 5
NEW_SHOWN = 20
# Codes that somebody may decide about one by one.
CODES_SHOWN = 400


def summary_of(judged: Judged, *, known: Collection[str], has_quantity: bool) -> dict[str, Any]:
    """known: search keys of the shop's products."""
    counts = Counter(judged.outcomes)
    taken: dict[int, Counter[date]] = {}
    last: dict[int, date] = {}
    sold: set[str] = set()
    samples: dict[str, list[list[Any]]] = {}
    units = worth = 0
    for line, outcome in zip(judged.lines, judged.outcomes, strict=True):
        if line.day > last.get(line.warehouse, date.min):
            last[line.warehouse] = line.day
        if outcome not in TAKEN:
            some = samples.setdefault(outcome, [])
            if len(some) < SAMPLES_SHOWN:
                some.append([line.row, line.sku, line.name, line.quantity])
            continue
        taken.setdefault(line.warehouse, Counter())[line.day] += 1
        if outcome is not Outcome.RETURN:
            units += line.quantity
            worth += line.quantity * (line.price or 0)
            sold.add(line.key)
    new = {key: judged.codes[key] for key in sold if key not in known}
    days = [line.day for line in judged.lines]
    return {
        "rows": len(judged.lines) + judged.bad,
        "bad": judged.bad,
        "faults": [asdict(fault) for fault in judged.faults[:FAULTS_SHOWN]],
        "has_quantity": has_quantity,
        "sales": counts[Outcome.SALE],
        "cancellations": counts[Outcome.CANCELLATION],
        "returns": counts[Outcome.RETURN],
        "ignored": {
            str(reason): counts[reason] for reason in Outcome if counts[reason] and reason not in TAKEN
        },
        "samples": samples,
        "units": units,
        "worth": round_half_even(worth, QUANTITY_SCALE * PRICE_SCALE),
        "products": len(sold),
        "several_names": sum(1 for key in sold if len(judged.codes[key].names) > 1),
        "repeats": judged.repeats,
        "same": judged.same,
        "on_known_days": judged.on_known_days,
        **_twins(judged, sold, known),
        **_no_products(judged),
        "new_products": len(new),
        "new_samples": [
            [code.sku, code.name, code.price]
            for code in sorted(new.values(), key=lambda code: code.sku)[:NEW_SHOWN]
        ],
        "days": {
            str(warehouse): {day.isoformat(): count for day, count in sorted(of.items())}
            for warehouse, of in taken.items()
        },
        "last_days": {str(warehouse): day.isoformat() for warehouse, day in last.items()},
        "first_day": min(days).isoformat() if days else None,
        "last_day": max(days).isoformat() if days else None,
    }


def _twins(judged: Judged, sold: set[str], known: Collection[str]) -> dict[str, Any]:
    """Each with its other spellings, how often they stand there, and a SKU to keep one apart."""
    found = twins({key: judged.codes[key] for key in sold})
    used = set(known) | judged.codes.keys()
    return {
        "twins": len(found),
        "twin_list": [
            [
                code.sku,
                code.name,
                [[other, count, apart_proposal(other, used)] for other, count in _others(code)],
            ]
            for _key, code in sorted(found.items())[:CODES_SHOWN]
        ],
    }


def _others(code: Code) -> list[tuple[str, int]]:
    return [(spelling, count) for spelling, count in code.spellings.most_common() if spelling != code.sku]


def _no_products(judged: Judged) -> dict[str, Any]:
    found = sorted(judged.no_products.items(), key=lambda one: -judged.codes[one[0]].lines)
    codes = judged.codes
    return {
        "no_products": len(found),
        "no_product_list": [
            [key, codes[key].sku, codes[key].name, codes[key].lines, str(why)]
            for key, why in found[:CODES_SHOWN]
        ],
    }
