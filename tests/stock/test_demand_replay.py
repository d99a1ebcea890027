"""Closed demand against a replay of the same events, one by one, by a person with a pencil."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stock.models import Kind
from stock.places import Place
from stock.queries import AsOf, stock_at
from stock.services.demand import censored_panel, close_demand, demand_panel
from stock.services.ledger import reverse
from tenancy.context import shop_scope
from tests.factories import make_product, make_shop, make_warehouse, post_line
from tests.stock.test_demand import file_of_sales

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("America/New_York")
FIRST = date(2026, 3, 5)  # the clocks change on the 8th
DAYS = 14


@dataclass(frozen=True)
class Event:
    """A document of one line, or a line of an imported history."""

    kind: str
    day: int
    hour: int
    units: int
    undone: bool


events = st.lists(
    st.builds(
        Event,
        kind=st.sampled_from(["history", "opening", "sale", "sale", "sale", "receipt", "write_off", "count"]),
        day=st.integers(0, DAYS - 1),
        hour=st.integers(0, 23),
        units=st.integers(1, 4),
        undone=st.booleans(),
    ),
    max_size=14,
)


SIGNS = {"opening": 1, "receipt": 1, "sale": -1, "write_off": -1}


def replay(events: list[Event], opened: int | None, known: int) -> list[Any]:
    """Per day: None unknown, else (units wanted, whether that is the least)."""
    live = [event for event in events if not event.undone or event.kind == "history"]
    # A count that agrees moves nothing, so nothing begins with it.
    begun = min((event.day for event in events if event.kind != "count"), default=DAYS)
    kept_from = stock_is_kept_from(events, live)
    answers: list[Any] = []
    evening = 0
    for day in range(DAYS):
        morning = evening
        todays = [event for event in live if event.day == day]
        evening += sum(SIGNS.get(event.kind, 0) * event.units for event in todays)
        sold = sum(event.units for event in todays if event.kind in {"sale", "history"})
        judged = opened is not None and day >= max(opened, kept_from)
        came = any(event.kind in {"opening", "receipt"} for event in todays)
        empty = judged and morning <= 0 and not came and not sold
        known_day = begun <= day <= known and not empty
        answers.append((sold, judged and evening == 0) if known_day else None)
    return answers


def stock_is_kept_from(events: list[Event], live: list[Event]) -> int:
    stated = [event.day for event in live if event.kind == "opening"]
    stated += [event.day for event in live if event.kind == "count" and stock_before(event, live) >= 0]
    arrivals = [event.day for event in live if event.kind in {"opening", "receipt"}]
    sales = [event.day for event in events if event.kind in {"sale", "history"}]
    if arrivals and min(arrivals) <= min(sales, default=DAYS):
        stated.append(min(arrivals))
    return min(stated, default=DAYS)


def stock_before(count: Event, live: list[Event]) -> int:
    return sum(
        SIGNS.get(event.kind, 0) * event.units
        for event in live
        if (event.day, event.hour) <= (count.day, count.hour)
    )


@given(events=events, opened=st.one_of(st.none(), st.integers(0, DAYS - 1)), known=st.integers(0, DAYS - 1))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_closing_says_what_a_replay_says_whatever_the_order_of_recording(db, events, opened, known):
    with transaction.atomic():
        shop = make_shop(time_zone="America/New_York", accepts_negative=list(Kind.values))
        with shop_scope(shop):
            place = make_warehouse(
                opening_date=FIRST + timedelta(days=opened) if opened is not None else None
            )
            product = make_product()
            # A count that agrees with the ledger says that stock is kept and changes nothing.
            counts = [event for event in events if event.kind == "count"]
            for event in (event for event in events if event.kind != "count"):
                record(event, product, place)
            for event in counts:
                record(event, product, place)
            # Another product's file says how far sales are known.
            file_of_sales(place, [], known_to=FIRST + timedelta(days=known))
            close_demand(FIRST + timedelta(days=known))
            expected = replay(events, opened, known)
            assert closed(product, place) == expected
            assert close_demand(FIRST + timedelta(days=known)).months_written == 0
        transaction.set_rollback(True)


def record(event: Event, product: Any, place: Any) -> None:
    day = FIRST + timedelta(days=event.day)
    if event.kind == "history":
        file_of_sales(place, [(product, day, event.units * 1_000)])
        return
    at = datetime(day.year, day.month, day.day, event.hour, 30, tzinfo=ZONE)
    quantity = event.units * 1_000
    if event.kind == "count":
        quantity = stock_at(at).get(Place(place.pk, product.pk), AsOf(0, 0)).on_hand
        if quantity < 0:
            return
    posting = post_line(Kind(event.kind), product, place, quantity, at=at, reason="broken")
    if event.undone:
        reverse(posting, key=f"undo {posting.pk}")


def closed(product: Any, place: Any) -> list[Any]:
    products, days, panel = demand_panel(place.pk, product_ids=[product.pk])
    if not products:
        return [None] * DAYS
    at_least = censored_panel(place.pk, product_ids=[product.pk])
    answers: list[Any] = []
    for number in range(DAYS):
        column = (FIRST + timedelta(days=number) - days[0]).days
        inside = 0 <= column < len(days) and not np.isnan(panel[0, column])
        answers.append((round(panel[0, column]), bool(at_least[0, column])) if inside else None)
    return answers
