from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from common.errors import BadInput, Conflict, InsufficientStock, KeyReused
from stock import queries
from stock.models import Commitment, Kind
from stock.services.commitments import put_aside, release
from tests.factories import make_product, make_warehouse, post_line

pytestmark = pytest.mark.django_db

SOON = timezone.now() + timedelta(days=2)


@pytest.fixture
def product(shop):
    made = make_product(sku="A1")
    post_line(Kind.RECEIPT, made, make_warehouse(code="MAIN"), 5_000)
    return made


def aside(product, quantity, **fields):
    place = product.balances.get().warehouse
    asked = {"reference": "Ann", "until": SOON, "key": f"key {Commitment.objects.count()}"} | fields
    return put_aside(product=product, warehouse=place, quantity=quantity, **asked)


def available(product):
    return queries.stock_of(product)[0].available


def test_what_is_put_aside_stays_on_hand_and_is_no_longer_available(product):
    aside(product, 3_000)
    (line,) = queries.stock_of(product)
    assert (line.on_hand, line.committed, line.available) == (5_000, 3_000, 2_000)


def test_more_than_is_available_is_not_put_aside(product):
    aside(product, 3_000)
    with pytest.raises(InsufficientStock, match="A1: 3 requested, 2 available"):
        aside(product, 3_000)
    assert available(product) == 2_000


def test_a_released_commitment_is_available_again_and_released_once(product):
    made = aside(product, 3_000)
    assert release(made).released_at is not None
    assert available(product) == 5_000
    with pytest.raises(Conflict, match="released already"):
        release(made)


def test_a_commitment_runs_out_by_itself(product):
    aside(product, 3_000)
    with time_machine.travel(SOON + timedelta(seconds=1)):
        assert available(product) == 5_000
        assert queries.commitments().items == []
        aside(product, 5_000, until=SOON + timedelta(days=1))


def test_the_same_request_puts_aside_once_and_another_with_its_key_is_refused(product):
    first = aside(product, 3_000, key="k")
    assert aside(product, 3_000, key="k") == first
    with pytest.raises(KeyReused):
        aside(product, 2_000, key="k")
    assert available(product) == 2_000


def test_a_sale_is_not_stopped_by_a_commitment(product):
    aside(product, 5_000)
    post_line(Kind.SALE, product, product.balances.get().warehouse, 1_000)
    assert available(product) == -1_000


@pytest.mark.parametrize(
    ("quantity", "fields", "field"),
    [
        (0, {}, "quantity"),
        (1_000, {"until": SOON - timedelta(days=9)}, "until"),
        (1_000, {"reference": " "}, "reference"),
        (1_000, {"reference": "x" * 121}, "reference"),
    ],
)
def test_a_promise_that_cannot_be_meant_is_refused_by_its_field(product, quantity, fields, field):
    with pytest.raises(BadInput) as refusal:
        aside(product, quantity, **fields)
    assert list(refusal.value.fields) == [field]


def test_commitments_are_listed_the_first_to_run_out_first(product):
    for days in (3, 1, 2):
        aside(product, 1_000, until=SOON + timedelta(days=days), reference=f"in {days}")
    first = queries.commitments(limit=2)
    rest = queries.commitments(limit=2, cursor=first.next)
    assert [row.reference for row in first.items + rest.items] == ["in 1", "in 2", "in 3"]
    assert queries.commitments(sku="a1", limit=9).items == first.items + rest.items
    assert queries.commitments(sku="other").items == []
