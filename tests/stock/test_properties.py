"""Any sequence of documents, against a model that knows nothing of SQL or of averages."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from catalog.models import Location
from common.errors import Conflict, InsufficientStock
from stock.models import Balance, BinBalance, Kind, Movement, Observation, Posting
from stock.places import Place
from stock.services.ledger import Line, post, reverse
from stock.services.reconcile import reconcile
from tenancy.context import shop_scope
from tests.factories import make_product, make_shop, make_warehouse

pytestmark = pytest.mark.django_db

TAKES = [Kind.SALE, Kind.SUPPLIER_RETURN, Kind.WRITE_OFF]
BRINGS = [Kind.OPENING, Kind.RECEIPT, Kind.CUSTOMER_RETURN]

numbers = st.integers(0, 2)
# Mostly few and whole, so that balances often meet at zero.
quantities = st.integers(1, 4).map(lambda units: units * 1_000) | st.integers(1, 12_000)
costs = st.none() | st.integers(0, 5_000_000)
days_back = st.sampled_from([0, 0, 0, 1, 3, 10])
# product, location (0: none), quantity, cost
rows = st.lists(st.tuples(numbers, numbers, quantities, costs), min_size=1, max_size=3)


@dataclass
class Sent:
    """A document as it was sent, to send it again, and the ledger before it."""

    posting: Posting
    request: dict[str, Any]
    before: tuple[Any, ...]


Effect = tuple[Place, int | None, int]
Effects = list[tuple[Place, int | None, int, datetime]]


@dataclass
class Counted:
    """What somebody saw: it holds until it is undone. kept: what was raised to keep it true."""

    number: int
    place: Place
    location: int | None
    at: datetime
    quantity: int
    kept: Effects = field(default_factory=list)


@dataclass
class Model:
    """On hand by place, by named location, each movement with its moment, and counts in force."""

    places: dict[Place, int] = field(default_factory=lambda: defaultdict(int))
    bins: dict[tuple[Place, int], int] = field(default_factory=lambda: defaultdict(int))
    moved: Effects = field(default_factory=list)
    counts: list[Counted] = field(default_factory=list)

    def known(self, place: Place, location: int | None, at: datetime) -> int:
        return sum(
            quantity
            for moved, where, quantity, when in self.moved
            if moved == place and when <= at and location in (None, where)
        )

    def late(
        self, effects: Effects, *, count: int = 0, undone: int = 0, inside: bool = False
    ) -> list[tuple[Counted, Effects]]:
        """What each count has to take back of `effects`, the earliest count first."""
        pending = [(*effect, inside, count) for effect in effects]
        found = []
        for seen in sorted(self.counts, key=lambda seen: (seen.at, -seen.number)):
            net: dict[int | None, int] = defaultdict(int)
            for place, location, quantity, at, is_inside, of in pending:
                outdone = at == seen.at and seen.number < of
                mine = location == seen.location if seen.location else not is_inside
                if seen.number != undone and place == seen.place and at <= seen.at and mine and not outdone:
                    net[location] += quantity
            raised = [(seen.place, where, -quantity, seen.at) for where, quantity in net.items() if quantity]
            pending += [(*effect, False, 0) for effect in raised]
            found.append((seen, raised))
        return found

    def would_refuse(self, effects: Effects) -> bool:
        places: dict[Place, int] = defaultdict(int)
        bins: dict[tuple[Place, int], int] = defaultdict(int)
        for place, location, quantity, _at in effects:
            places[place] += quantity
            if location:
                bins[place, location] += quantity
        return any(change < 0 and self.places[place] + change < 0 for place, change in places.items()) or any(
            change < 0 and self.bins[bin_] + change < 0 for bin_, change in bins.items()
        )

    def move(self, effects: Effects, late: list[tuple[Counted, Effects]]) -> None:
        for seen, raised in late:
            seen.kept += raised
        for place, location, quantity, at in _all(effects, late):
            self.places[place] += quantity
            if location:
                self.bins[place, location] += quantity
            self.moved.append((place, location, quantity, at))


def _all(effects: Effects, late: list[tuple[Counted, Effects]]) -> Effects:
    return effects + [effect for _seen, raised in late for effect in raised]


class Ledger(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.rolled_back = transaction.atomic()
        self.rolled_back.__enter__()
        self.shop = make_shop()
        self.scope = shop_scope(self.shop)
        self.scope.__enter__()
        self.products = [make_product(cost=cost) for cost in (None, 1_000_000, 3_333_333)]
        self.warehouses = [make_warehouse() for _ in range(2)]
        self.locations = [
            [Location.objects.create(warehouse=warehouse, code=f"S{n}") for n in range(2)]
            for warehouse in self.warehouses
        ]
        # One moment for all, so that documents of the same moment meet.
        self.now = timezone.now()
        self.model = Model()
        self.sent: list[Sent] = []
        self.latest: Sent | None = None  # where nothing was recorded since
        self.keys = (f"key {number}" for number in count(1))

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.scope.__exit__(None, None, None)
        self.rolled_back.__exit__(None, None, None)

    @initialize(accepted=st.sampled_from([[], Kind.values]))
    def begin_strict_or_lenient(self, accepted: list[str]) -> None:
        self.shop.accepts_negative = accepted

    # ---- documents

    @rule(kind=st.sampled_from(BRINGS), warehouse=st.integers(0, 1), rows=rows, back=days_back)
    def bring(self, kind: Kind, warehouse: int, rows: Any, back: int) -> None:
        lines = [self._line(warehouse, *row) for row in rows]
        self._post(kind, lines, [self._effect(line, 1) for line in lines], back)

    @rule(kind=st.sampled_from(TAKES), warehouse=st.integers(0, 1), rows=rows, back=days_back)
    def take(self, kind: Kind, warehouse: int, rows: Any, back: int) -> None:
        lines = [self._line(warehouse, *row[:3]) for row in rows]
        self._post(kind, lines, [self._effect(line, -1) for line in lines], back)

    @rule(
        warehouse=st.integers(0, 1),
        rows=rows,
        signs=st.lists(st.sampled_from([1, -1]), min_size=3, max_size=3),
    )
    def correct(self, warehouse: int, rows: Any, signs: list[int]) -> None:
        lines = [
            self._line(warehouse, row[0], row[1], sign * row[2])
            for row, sign in zip(rows, signs, strict=False)
        ]
        self._post(Kind.CORRECTION, lines, [self._effect(line, 1) for line in lines], 0)

    @rule(source=st.integers(0, 1), rows=rows, back=days_back)
    def transfer(self, source: int, rows: Any, back: int) -> None:
        lines, effects = [], []
        for product, location, quantity, _cost in rows:
            line = self._line(source, product, location, quantity, to=1 - source)
            lines.append(line)
            effects += [
                self._effect(line, -1),
                (Place(line.to_warehouse_id or 0, line.product_id), line.to_location_id, quantity),
            ]
        self._post(Kind.TRANSFER, lines, effects, back)

    @rule(source=st.integers(0, 1), product=numbers, quantity=quantities, back=days_back)
    def put_elsewhere(self, source: int, product: int, quantity: int, back: int) -> None:
        """Inside one warehouse, from its first location to its second."""
        here, there = self.locations[source]
        place = Place(self.warehouses[source].pk, self.products[product].pk)
        line = Line(
            place.product_id,
            place.warehouse_id,
            quantity,
            to_warehouse_id=place.warehouse_id,
            location_id=here.pk,
            to_location_id=there.pk,
        )
        worth = self._worth()
        moved = [(place, here.pk, -quantity), (place, there.pk, quantity)]
        self._post(Kind.TRANSFER, [line], moved, back, inside=True)
        if not self.model.counts:  # else one may raise a difference, which is worth something
            assert self._worth() == worth

    @rule(
        warehouse=st.integers(0, 1),
        product=numbers,
        location=numbers,
        counted=st.integers(0, 12_000),
        back=days_back,
    )
    def count(self, warehouse: int, product: int, location: int, counted: int, back: int) -> None:
        line = self._line(warehouse, product, location, counted)
        at = self.now - timedelta(days=back)
        before = self._state()
        posting = post(kind=Kind.COUNT, key=next(self.keys), lines=[line], at=at)
        place = Place(line.warehouse_id, line.product_id)
        known = self.model.known(place, line.location_id, at)
        seen = posting.observations.get()
        assert (seen.counted, seen.expected) == (counted, known)
        self._see(Counted(posting.pk, place, line.location_id, at, counted))
        self._recorded(Sent(posting, {}, before))

    def _see(self, seen: Counted) -> None:
        difference = seen.quantity - self.model.known(seen.place, seen.location, seen.at)
        effects = [(seen.place, seen.location, difference, seen.at)]
        self.model.move(effects, self.model.late(effects, count=seen.number))
        self.model.counts.append(seen)

    # ---- undo, repeat, policy

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 1_000))
    def undo(self, which: int) -> None:
        original = self.sent[which % len(self.sent)].posting
        before = self._state()
        if original.reversals.exists():
            with pytest.raises(Conflict):
                reverse(original, key=next(self.keys))
            assert self._state() == before
        elif original.reverses and original.reverses.observations.exists():
            seen = original.reverses.observations.get()
            mirror = reverse(original, key=next(self.keys))
            place = Place(seen.warehouse_id, seen.product_id)
            self._see(Counted(mirror.pk, place, seen.location_id, seen.at, seen.counted))
            self._recorded(Sent(mirror, {}, before))
        else:
            self._undo(original, before)

    def _undo(self, original: Posting, before: tuple[Any, ...]) -> None:
        moved = [
            (Place(line.warehouse_id, line.product_id), line.location_id, -line.quantity, line.at)
            for line in original.movements.all()
        ]
        seen = next((seen for seen in self.model.counts if seen.number == original.pk), None)
        effects = moved + [(*where, -quantity, at) for *where, quantity, at in (seen.kept if seen else [])]
        inside = original.kind == Kind.TRANSFER and len({place for place, *_rest in moved}) == 1
        late = self.model.late(effects, count=original.pk if seen else 0, undone=original.pk, inside=inside)
        if self._refuses(original.kind) and self.model.would_refuse(_all(effects, late)):
            with pytest.raises(InsufficientStock):
                reverse(original, key=next(self.keys))
            assert self._state() == before
            return
        mirror = reverse(original, key=next(self.keys))
        self.model.move(effects, late)
        self.model.counts = [count for count in self.model.counts if count is not seen]
        self._recorded(Sent(mirror, {}, before))

    @precondition(lambda self: self.latest is not None)
    @rule()
    def undo_and_redo_the_latest(self) -> None:
        """Right after: quantities and values are as they were, whatever the document did to them."""
        assert self.latest is not None
        latest, self.latest = self.latest, None
        self.shop.accepts_negative, policy = Kind.values, self.shop.accepts_negative
        after = self._state()
        mirror = reverse(latest.posting, key=next(self.keys))
        assert self._state()[:2] == latest.before[:2]
        again = reverse(mirror, key=next(self.keys))
        assert self._state()[:2] == after[:2]
        assert again.movements.count() == latest.posting.movements.count()
        for seen in self.model.counts:
            if seen.number == latest.posting.pk:
                seen.number = again.pk
        self.shop.accepts_negative = policy

    @precondition(lambda self: any(sent.request for sent in self.sent))
    @rule(which=st.integers(0, 1_000))
    def send_again(self, which: int) -> None:
        repeatable = [sent for sent in self.sent if sent.request]
        sent = repeatable[which % len(repeatable)]
        before = self._state()
        again = post(**sent.request)
        assert (again.pk, again.answer) == (sent.posting.pk, sent.posting.answer)
        assert self._state() == before

    @rule(kind=st.sampled_from([*TAKES, *BRINGS, Kind.TRANSFER, Kind.CORRECTION, Kind.COUNT]))
    def change_policy(self, kind: Kind) -> None:
        self.shop.accepts_negative = sorted({kind.value} ^ set(self.shop.accepts_negative))

    # ---- what always holds

    @invariant()
    def balances_are_what_movements_add_up_to(self) -> None:
        assert reconcile(self.shop) == []

    @invariant()
    def on_hand_is_what_was_brought_less_what_was_taken(self) -> None:
        kept = {Place(row.warehouse_id, row.product_id): row.on_hand for row in Balance.objects.all()}
        assert {place: on_hand for place, on_hand in kept.items() if on_hand} == {
            place: on_hand for place, on_hand in self.model.places.items() if on_hand
        }
        named = {
            (Place(row.warehouse_id, row.product_id), row.location_id): row.on_hand
            for row in BinBalance.objects.exclude(location=None)
        }
        assert {bin_: on_hand for bin_, on_hand in named.items() if on_hand} == {
            bin_: on_hand for bin_, on_hand in self.model.bins.items() if on_hand
        }

    @invariant()
    def what_was_counted_stays_true(self) -> None:
        for seen in self.model.counts:
            moved = Movement.objects.filter(
                warehouse=seen.place.warehouse_id, product=seen.place.product_id, at__lte=seen.at
            )
            if seen.location:
                moved = moved.filter(location=seen.location)
            later = [
                other
                for other in self.model.counts
                if other.number > seen.number
                and other.place == seen.place
                and other.at == seen.at
                and seen.location in (None, other.location)
            ]
            if not later:  # one of the same moment outdoes it
                assert sum(moved.values_list("quantity", flat=True)) == seen.quantity

    # ---- how

    def _line(
        self,
        warehouse: int,
        product: int,
        location: int,
        quantity: int,
        cost: int | None = None,
        to: int | None = None,
    ) -> Line:
        return Line(
            self.products[product].pk,
            self.warehouses[warehouse].pk,
            quantity,
            location_id=self.locations[warehouse][location - 1].pk if location else None,
            unit_cost=cost,
            to_warehouse_id=None if to is None else self.warehouses[to].pk,
            to_location_id=self.locations[to][location - 1].pk if location and to is not None else None,
        )

    def _effect(self, line: Line, sign: int) -> Effect:
        return Place(line.warehouse_id, line.product_id), line.location_id, sign * line.quantity

    def _post(
        self, kind: Kind, lines: list[Line], moved: list[Effect], back: int, *, inside: bool = False
    ) -> None:
        at = self.now - timedelta(days=back)
        request = {"kind": kind, "key": next(self.keys), "lines": lines, "at": at, "reason": "broken"}
        before = self._state()
        effects = [(*effect, at) for effect in moved]
        late = self.model.late(effects, inside=inside)
        if self._refuses(kind) and self.model.would_refuse(_all(effects, late)):
            with pytest.raises(InsufficientStock):
                post(**request)
            assert self._state() == before
            return
        self._recorded(Sent(post(**request), request, before))
        self.model.move(effects, late)

    def _recorded(self, sent: Sent) -> None:
        self.sent.append(sent)
        self.latest = sent

    def _refuses(self, kind: str) -> bool:
        return str(kind) not in self.shop.accepts_negative

    def _worth(self) -> int:
        return sum(Balance.objects.values_list("value", flat=True))

    def _state(self) -> tuple[Any, ...]:
        """Quantities, values and the length of every table; an empty balance is none.

        What stands in no location is left out: it is the rest, and kept once there is a location.
        """
        balances = Balance.objects.exclude(on_hand=0).order_by("warehouse_id", "product_id")
        bins = BinBalance.objects.exclude(on_hand=0).exclude(location=None)
        bins = bins.order_by("warehouse_id", "product_id", "location_id")
        return (
            list(balances.values_list("warehouse_id", "product_id", "on_hand", "value")),
            list(bins.values_list("warehouse_id", "product_id", "location_id", "on_hand")),
            (Posting.objects.count(), Movement.objects.count(), Observation.objects.count()),
        )


def check(**limits: Any) -> None:
    suppressed = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Ledger,
        settings=settings(deadline=None, database=None, suppress_health_check=suppressed, **limits),
    )


def test_any_sequence_of_documents_leaves_balances_and_values_right():
    check(max_examples=15, stateful_step_count=25, derandomize=True)


@pytest.mark.deep
def test_any_long_sequence_of_documents_leaves_balances_and_values_right():
    check(max_examples=400, stateful_step_count=60)
