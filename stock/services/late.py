"""What was counted stays true, also when a document comes later that is dated before the count.

Such a document changes what the ledger says for the moment of the count, though somebody saw what
was there. So a difference is raised at that moment which takes the change back: a posting of its
own, linked to the count and to the document, so that either can be undone and found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from stock.models import Movement, Posting
from stock.places import Bin, Place
from stock.services import statements
from stock.services.lines import Effect
from stock.services.statements import Counted, Held


def differences(
    effects: Sequence[Effect],
    held: Mapping[Place, Held],
    *,
    count: int | None = None,
    undone: int | None = None,
) -> list[Effect]:
    """What has to be raised so that every count in force says what it said before `effects`.

    The first count after a movement takes it back, so that later ones see nothing of it. Balances
    are locked in `held`, which says of each up to when it was counted: usually before the effects,
    and then nothing is asked. What happens now counts too: a count "after closing" lies ahead until
    the day ends.

    count: the effects are those of this count, which outdoes others of the same moment that were
        recorded before it. undone: the count that the effects take back.
    """
    changes: dict[Place, list[Effect]] = {}
    for effect in effects:
        changes.setdefault(effect.bin.place, []).append(effect)
    earliest = {place: min(effect.at for effect in late) for place, late in changes.items()}
    earliest = {place: at for place, at in earliest.items() if _may_be_counted_since(held[place], at)}
    if not earliest:
        return []
    found = []
    for seen in statements.counts_since(earliest):
        if seen.posting_id == undone:
            continue
        raised = _raised(seen, changes[seen.bin.place], count)
        # What this count takes back, later ones see no more.
        changes[seen.bin.place] += raised
        found += raised
    return found


def _may_be_counted_since(balance: Held, at: datetime) -> bool:
    return balance.counted_at is not None and balance.counted_at >= at


def _raised(seen: Counted, changes: Sequence[Effect], count: int | None) -> list[Effect]:
    """What takes back how `changes` alter what `seen` says, by bin."""
    net: dict[Bin, int] = {}
    for effect in changes:
        if _concerns(seen, effect, count):
            net[effect.bin] = net.get(effect.bin, 0) + effect.quantity
    return [
        Effect(bin_, -quantity, seen.at, keeps=seen.posting_id) for bin_, quantity in net.items() if quantity
    ]


def _concerns(seen: Counted, effect: Effect, count: int | None) -> bool:
    if effect.at > seen.at:
        return False
    if count is not None and effect.keeps is None and effect.at == seen.at and seen.posting_id < count:
        return False
    # A move inside a warehouse changes nothing that a count of the whole had seen.
    return effect.bin == seen.bin if seen.bin.is_named else not effect.inside


def taken_back(posting: Posting, wanted: Sequence[Effect]) -> tuple[list[Effect], list[Effect]]:
    """Of the differences `wanted` for undoing `posting`: those it had raised itself, mirrored at
    their very values, and the rest, which are new.
    """
    raised: dict[tuple[int | None, Bin, datetime], Movement] = {
        (line.posting.keeps_id, _bin(line), line.at): line
        for line in Movement.objects.filter(posting__follows=posting).select_related("posting")
        if line.quantity
    }
    mirrored, fresh = [], []
    for effect in wanted:
        line = raised.get((effect.keeps, effect.bin, effect.at))
        if line is not None and line.quantity == -effect.quantity:
            mirrored.append(replace(effect, value=-line.value))
        else:
            fresh.append(effect)
    return mirrored, fresh


def _bin(line: Movement) -> Bin:
    return Bin(line.warehouse_id, line.product_id, line.location_id, line.lot_id)
