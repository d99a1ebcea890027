"""The one way into the ledger: a posting, its movements and the balances, in one transaction.

A fixed number of statements whatever the number of lines: lock the balances, write the document,
move the balances, write the lines. All refusals come before the document is written, so a caller's
own transaction may go on after one; at most an empty balance row stays behind.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import BadInput, Conflict, InsufficientStock, KeyReused
from common.text import clean_text
from common.units import MAX_AMOUNT, MAX_UNIT_PRICE, write_quantity
from stock import valuation
from stock.models import Kind, Movement, Observation, Posting
from stock.places import Bin, Place
from stock.services import late, statements, watchers
from stock.services.lines import (
    CLOCK_TOLERANCE,
    Effect,
    Line,
    Observed,
    bin_of,
    difference,
    effects_of,
    not_ahead,
    places_of,
    refuse_nonsense,
)
from stock.services.statements import Held, Written
from tenancy.context import current_shop
from tenancy.models import ApiToken, User

# Of a count that has no number yet: it outdoes all that are recorded already.
_LAST = 2**63 - 1

__all__ = ["CLOCK_TOLERANCE", "Line", "hold", "hold_for_reversal", "post", "reverse"]


def hold(lines: Sequence[Line]) -> None:
    """Lock all that several documents of one transaction will move, before the first is posted.

    Each document locks its own in order; without this, two transactions of several documents could
    wait for each other.
    """
    statements.lock(places_of(lines))


def hold_for_reversal(postings: Iterable[Posting]) -> None:
    """As `hold`, for documents of one transaction that will be reversed."""
    documents = [posting.pk for posting in postings]
    moved = Movement.objects.filter(Q(posting__in=documents) | Q(posting__keeps__in=documents)).order_by()
    statements.lock({Place(*place) for place in moved.values_list("warehouse_id", "product_id").distinct()})


def post(
    *,
    kind: Kind,
    key: str,
    lines: Sequence[Line],
    at: datetime | None = None,
    actor: User | None = None,
    token: ApiToken | None = None,
    reason: str = "",
    document: str = "",
    policy: str = "",
    tells_balances: bool = True,
) -> Posting:
    """Record a document once per `key`; the same document under the same key answers as before.

    policy: the kind of posting whose rule on negative stock holds, where it is not `kind` itself.
    tells_balances: whether the answer lists what is on hand after each line; of a file's thousands of
        lines nobody asks.

    A document dated before a count that is recorded already raises a difference of its own, so that
    what was counted stays true; see `late`.

    Raises InsufficientStock where the shop refuses to go below zero, KeyReused where the key
    belongs to another document, BadInput for lines that make no sense. Then nothing is posted.
    """
    refuse_nonsense(kind, lines, at)
    if kind == Kind.WRITE_OFF and not reason.strip():
        raise BadInput(_("Say why the goods are written off."), {"reason": [_("is empty")]})
    draft = _draft(kind, key, _digest(kind, lines, at, reason, document), actor, token, reason, document)
    with _transaction():
        held = statements.lock(places_of(lines))
        # Read only now: what another posting recorded while we waited happened before.
        draft.recorded_at = timezone.now()
        draft.at = at or draft.recorded_at
        observed: list[Observed] = []
        if kind == Kind.COUNT:
            observed = _observe(lines, held, draft)
            effects = _differences(observed)
            kept = late.differences(effects, held, count=_LAST)
        else:
            effects = [effect for line in lines for effect in effects_of(kind, line, line.at or draft.at)]
            kept = late.differences(effects, held)
        return _record(
            draft,
            _apply([*effects, *kept], held),
            held,
            refuse_below_zero=kind != Kind.COUNT and _refuses(policy or kind),
            observed=observed,
            asked=[Place(line.warehouse_id, line.product_id) for line in lines] if tells_balances else [],
        )


def reverse(
    posting: Posting,
    *,
    key: str,
    actor: User | None = None,
    token: ApiToken | None = None,
    reason: str = "",
    policy: str = "",
) -> Posting:
    """Undo a document by its mirror image; a mirror can itself be mirrored, each document once.

    Undoing a count takes back the differences that kept it true as well. Undoing that again brings
    the count back into force: what was seen then is compared with what the ledger says now.

    policy: as in `post`, the rule that the document was posted under, where it is not its kind.

    Raises Conflict if it is undone already or keeps a count true, and InsufficientStock where goods
    that would have to leave again are gone and the shop refuses to go below zero.
    """
    digest = hashlib.sha256(f"reverse {posting.pk} {reason}".encode()).hexdigest()
    draft = _draft(Kind(posting.kind), key, digest, actor, token, reason, posting.document)
    draft.reverses = posting
    draft.at = posting.at
    with _transaction():
        if repeated := _repeat(draft):
            return repeated
        if posting.keeps_id:
            fault = _("This keeps a count true. Undo the count, or the document that came after it.")
            raise Conflict(fault)
        watchers.before_reversal(posting)
        mirrored = _mirrored(posting)
        seen_before = _lines_seen(posting)
        places = {effect.bin.place for effect in mirrored} | places_of(seen_before)
        held = statements.lock(places) if places else {}
        draft.recorded_at = timezone.now()
        observed = _observe(seen_before, held, draft)
        written = _undone(posting, mirrored, observed, held)
        return _record(
            draft,
            written,
            held,
            refuse_below_zero=not observed and _refuses(policy or posting.kind),
            observed=observed,
            asked=list(dict.fromkeys(effect.bin.place for effect in mirrored)),
        )


def _mirrored(posting: Posting) -> list[Effect]:
    """The lines of a document, and those that kept a count true, the other way round."""
    moved = Movement.objects.filter(Q(posting=posting) | Q(posting__keeps=posting)).order_by("id")
    lines = [(Bin(line.warehouse_id, line.product_id, line.location_id, line.lot_id), line) for line in moved]
    total: dict[Place, int] = {}
    for bin_, line in lines:
        total[bin_.place] = total.get(bin_.place, 0) + line.quantity
    return [
        Effect(
            bin_,
            -line.quantity,
            line.at,
            -line.value,
            inside=posting.kind == Kind.TRANSFER and not total[bin_.place],
        )
        for bin_, line in lines
    ]


def _lines_seen(posting: Posting) -> list[Line]:
    """What was counted, where `posting` is the undo of a count that comes into force again."""
    if posting.kind != Kind.COUNT or posting.reverses_id is None:
        return []
    return [
        Line(
            seen.product_id,
            seen.warehouse_id,
            seen.counted,
            location_id=seen.location_id,
            lot_id=seen.lot_id,
            at=seen.at,
        )
        for seen in Observation.objects.filter(posting=posting.reverses_id).order_by("id")
    ]


def _undone(
    posting: Posting,
    mirrored: list[Effect],
    observed: list[Observed],
    held: dict[Place, Held],
) -> list[Written]:
    """Apply the undoing of `posting`, with what keeps other counts true. Changes `held`."""
    if observed and _sums(_differences(observed)) != _sums(mirrored):
        # Documents came in between, so the count finds another difference than before.
        effects = _differences(observed)
        return _apply([*effects, *late.differences(effects, held, count=_LAST)], held)
    count = posting.pk if posting.kind == Kind.COUNT else None
    kept = late.differences(mirrored, held, count=_LAST if observed else count, undone=posting.pk)
    exact, fresh = late.taken_back(posting, kept)
    return _undo([*mirrored, *exact], held) + _apply(fresh, held)


def _sums(effects: Sequence[Effect]) -> dict[tuple[Bin, datetime], int]:
    sums: dict[tuple[Bin, datetime], int] = {}
    for effect in effects:
        if effect.quantity:
            sums[effect.bin, effect.at] = sums.get((effect.bin, effect.at), 0) + effect.quantity
    return {key: quantity for key, quantity in sums.items() if quantity}


def _draft(
    kind: Kind,
    key: str,
    digest: str,
    actor: User | None,
    token: ApiToken | None,
    reason: str,
    document: str,
) -> Posting:
    return Posting(
        kind=kind,
        key=clean_text(key, field="key", limit=120, required=True),
        digest=digest,
        actor=actor,
        token=token,
        reason=clean_text(reason, field="reason", limit=200),
        document=clean_text(document, field="document", limit=120),
    )


def _digest(kind: Kind, lines: Sequence[Line], at: datetime | None, reason: str, document: str) -> str:
    """Of what the caller sent, before anything is filled in: a repeat is sent at another time."""
    body = [kind.value, at, reason, document, [_said(line) for line in lines]]
    return hashlib.sha256(json.dumps(body, default=_moment).encode()).hexdigest()


# Not `astuple`: that copies every value, which took a third of the time of posting a file.
_said = attrgetter(*(field.name for field in fields(Line)))


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _transaction() -> AbstractContextManager[Any]:
    """The caller's transaction where there is one.

    A savepoint would cost two more round trips, and as refusals come before the document is
    written there is nothing to roll back to.
    """
    return nullcontext() if connection.in_atomic_block else transaction.atomic()


def _refuses(policy: str) -> bool:
    return str(policy) not in current_shop().accepts_negative


def _observe(lines: Sequence[Line], held: dict[Place, Held], draft: Posting) -> list[Observed]:
    """What the ledger says for the moment of each count: the balance less what happened since.

    A clock that runs ahead does not date a count after what is recorded next; "after closing" does.
    """
    if not lines:
        return []
    moments = {bin_of(line): not_ahead(line.at or draft.at, draft.recorded_at) for line in lines}
    since = statements.moved_since(moments)
    in_bins = statements.bin_balances(bin_ for bin_ in moments if bin_.is_named)
    observed = []
    for line in lines:
        bin_ = bin_of(line)
        now = in_bins.get(bin_, 0) if bin_.is_named else held[bin_.place].stock.on_hand
        observed.append(Observed(line, now - since.get(bin_, 0), moments[bin_]))
    return observed


def _differences(observed: Sequence[Observed]) -> list[Effect]:
    return [difference(seen) for seen in observed if seen.line.quantity != seen.expected]


# ---- values ----------------------------------------------------------------------------------


def _apply(effects: list[Effect], held: dict[Place, Held]) -> list[Written]:
    """Work out what each effect is worth, in the order of the lines. Changes `held`."""
    written: list[Written] = []
    taken = 0
    for effect in effects:
        balance = held[effect.bin.place]
        if effect.inside:
            changes = [valuation.Change(effect.quantity, 0)]
        elif effect.quantity < 0:
            before = balance.stock.value
            balance.stock, changes = valuation.take_out(balance.stock, -effect.quantity)
            taken = before - balance.stock.value
        else:
            value = taken if effect.follows else effect.value
            balance.stock, changes = valuation.put_in(balance.stock, effect.quantity, value)
        written += [Written(effect, change) for change in changes]
    return written


def _undo(effects: list[Effect], held: dict[Place, Held]) -> list[Written]:
    """Mirrored effects carry their values; each balance is settled once, by all of its lines."""
    written: list[Written] = []
    by_place: dict[Place, list[Effect]] = {}
    for effect in effects:
        by_place.setdefault(effect.bin.place, []).append(effect)
    for place, group in by_place.items():
        balance = held[place]
        original = [valuation.Change(-effect.quantity, -(effect.value or 0)) for effect in group]
        balance.stock, changes = valuation.reverse(balance.stock, original)
        # One change per mirrored line; a settling value line, if any, goes with the last.
        written += [
            Written(group[min(number, len(group) - 1)], change) for number, change in enumerate(changes)
        ]
    return written


# ---- recording -------------------------------------------------------------------------------


def _record(
    draft: Posting,
    written: list[Written],
    held: dict[Place, Held],
    *,
    refuse_below_zero: bool,
    observed: list[Observed],
    asked: list[Place],
) -> Posting:
    bins = _bin_changes(written, held)
    if refusal := _too_large(written, held) or (refuse_below_zero and _too_little(bins, held)):
        # The same request may have been accepted before, and taken what is missing now.
        if repeated := _repeat(draft):
            return repeated
        if draft.reverses and draft.reverses.reversals.exists():
            raise _undone_already()
        raise refusal
    own = [line for line in written if line.effect.keeps is None]
    draft.answer = {"lines": [_line_of_answer(held[place]) for place in asked]}
    draft.line_count = len(observed) or _moving(own)
    if not statements.insert_posting(draft):
        if repeated := _repeat(draft):
            return repeated
        raise _undone_already()
    for seen in observed:
        balance = held[Place(seen.line.warehouse_id, seen.line.product_id)]
        balance.counted_at = max(balance.counted_at or seen.at, seen.at)
    statements.move_balances(held.values(), refuse_below_zero=refuse_below_zero)
    statements.move_bins(bins)
    statements.insert_movements(draft, own)
    _record_differences(draft, [line for line in written if line.effect.keeps is not None])
    statements.insert_observations(draft, observed)
    if draft.reverses:
        watchers.after_reversal(draft.reverses, draft)
    return draft


def _record_differences(draft: Posting, written: list[Written]) -> None:
    """What keeps each count true, as a document of its own that names the count and `draft`."""
    for count in sorted({line.effect.keeps for line in written if line.effect.keeps is not None}):
        lines = [line for line in written if line.effect.keeps == count]
        raised = Posting(
            kind=Kind.COUNT,
            key=f"keeps-{count}-{draft.pk}",
            digest=draft.digest,
            actor_id=draft.actor_id,
            token_id=draft.token_id,
            at=max(line.effect.at for line in lines),
            recorded_at=draft.recorded_at,
            keeps_id=count,
            follows=draft,
            line_count=_moving(lines),
            answer={"lines": []},
        )
        if not statements.insert_posting(raised):
            raise RuntimeError("a document raises one difference for each count")
        statements.insert_movements(raised, lines)


def _moving(written: Sequence[Written]) -> int:
    """How many lines move goods, and not a value only."""
    return sum(1 for line in written if line.change.quantity)


def _line_of_answer(balance: Held) -> dict[str, str]:
    return {"sku": balance.sku, "on_hand": write_quantity(balance.stock.on_hand)}


def _repeat(draft: Posting) -> Posting | None:
    known = Posting.objects.filter(key=draft.key).first()
    if known is not None and known.digest != draft.digest:
        raise KeyReused(_("This idempotency key belongs to another posting."))
    return known


def _undone_already() -> Conflict:
    return Conflict(_("This has been undone already."))


def _bin_changes(written: list[Written], held: dict[Place, Held]) -> dict[Bin, int]:
    """What each bin gains or loses, for the balances that are kept by bins or begin to be."""
    for line in written:
        if line.effect.bin.is_named:
            held[line.effect.bin.place].has_bins = True
    changes: dict[Bin, int] = {}
    for place, balance in held.items():
        if balance.has_bins and not balance.had_bins:
            # All there was until now stands in no location and no lot.
            changes[Bin(*place, None, None)] = balance.found.on_hand
    for line in written:
        if held[line.effect.bin.place].has_bins:
            changes[line.effect.bin] = changes.get(line.effect.bin, 0) + line.change.quantity
    return changes


def _too_large(written: list[Written], held: dict[Place, Held]) -> BadInput | None:
    """Sums must stay far inside what a database integer holds."""
    skus = [
        balance.sku
        for balance in held.values()
        if max(abs(balance.stock.on_hand), abs(balance.stock.value)) > MAX_AMOUNT
        or (balance.stock.unit_cost or 0) > 10 * MAX_UNIT_PRICE
    ]
    skus += [held[line.effect.bin.place].sku for line in written if abs(line.change.value) > MAX_AMOUNT]
    if not skus:
        return None
    fault = _("the quantity or its value is too large to be kept")
    return BadInput(f"{skus[0]}: {fault}", {sku: [fault] for sku in skus})


def _too_little(bins: dict[Bin, int], held: dict[Place, Held]) -> InsufficientStock | None:
    """A refusal that names every product that is short."""
    faults = _short(held) or _short_bins(bins, held)
    if not faults:
        return None
    sku, (fault,) = next(iter(faults.items()))
    return InsufficientStock(f"{sku}: {fault}", faults)


def _short(held: dict[Place, Held]) -> dict[str, list[str]]:
    """Every product that would go below zero, by its SKU."""
    return {
        balance.sku: [_wanted(balance.found.on_hand - balance.stock.on_hand, balance.found.on_hand)]
        for balance in held.values()
        if balance.stock.on_hand < 0 and balance.stock.on_hand < balance.found.on_hand
    }


def _short_bins(bins: dict[Bin, int], held: dict[Place, Held]) -> dict[str, list[str]]:
    """Every product that would go below zero where a line takes it from, though not as a whole."""
    losing = {bin_: -change for bin_, change in bins.items() if bin_.is_named and change < 0}
    on_hand = statements.bin_balances(losing)
    return {
        held[bin_.place].sku: [_wanted(loss, on_hand.get(bin_, 0))]
        for bin_, loss in losing.items()
        if on_hand.get(bin_, 0) < loss
    }


def _wanted(wanted: int, on_hand: int) -> str:
    return _("%(wanted)s requested, %(on_hand)s on hand") % {
        "wanted": write_quantity(wanted),
        "on_hand": write_quantity(on_hand),
    }
