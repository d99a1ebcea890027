"""What a document may not say, and what stands in locations and lots."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from catalog.models import Location
from common.errors import BadInput, Conflict, InsufficientStock
from common.units import MAX_QUANTITY, MAX_UNIT_PRICE
from stock.models import Balance, BinBalance, Kind, Lot, Posting
from stock.services.ledger import Line, post, reverse
from stock.services.reconcile import reconcile
from tests.factories import make_product, make_warehouse, post_line

pytestmark = pytest.mark.django_db


@pytest.fixture
def product(shop):
    return make_product(sku="A1")


@pytest.fixture
def place(shop):
    return make_warehouse()


def location(place, code="S1"):
    return Location.objects.create(warehouse=place, code=code)


def in_bins(product):
    rows = BinBalance.objects.filter(product=product).order_by("location_id", "lot_id")
    return {(row.location_id, row.lot_id): row.on_hand for row in rows}


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        (Kind.SALE, {"quantity": 0}, "quantity"),
        (Kind.SALE, {"quantity": -1_000}, "quantity"),
        (Kind.SALE, {"quantity": MAX_QUANTITY + 1}, "quantity"),
        (Kind.COUNT, {"quantity": -1}, "quantity"),
        (Kind.CORRECTION, {"quantity": 0}, "quantity"),
        (Kind.TRANSFER, {"quantity": 1_000}, "to_warehouse"),
        (Kind.SALE, {"quantity": 1_000, "unit_cost": 1}, "unit_cost"),
        (Kind.RECEIPT, {"quantity": 1_000, "unit_cost": -1}, "unit_cost"),
        (Kind.RECEIPT, {"quantity": 1_000, "unit_cost": MAX_UNIT_PRICE + 1}, "unit_cost"),
        (Kind.RECEIPT, {"quantity": 1_000, "at": timezone.now() + timedelta(days=1)}, "at"),
        (Kind.RECEIPT, {"quantity": 1_000, "at": datetime(26, 11, 22, tzinfo=UTC)}, "at"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused_by_its_field(product, place, kind, fields, field):
    with pytest.raises(BadInput) as refusal:
        post(kind=kind, key="k", lines=[Line(product.pk, place.pk, **fields)])
    assert list(refusal.value.fields) == [f"lines[0].{field}"]
    assert not Posting.objects.exists()


def test_a_destination_belongs_to_a_transfer_only_and_lies_elsewhere(product, place):
    there = make_warehouse()
    with pytest.raises(BadInput, match="to_warehouse"):
        post_line(Kind.SALE, product, place, 1_000, to_warehouse_id=there.pk)
    with pytest.raises(BadInput, match="already"):
        post_line(Kind.TRANSFER, product, place, 1_000, to_warehouse_id=place.pk)


def test_a_write_off_says_why(product, place):
    post_line(Kind.RECEIPT, product, place, 1_000)
    with pytest.raises(BadInput, match="why"):
        post_line(Kind.WRITE_OFF, product, place, 1_000, reason=" ")
    assert post_line(Kind.WRITE_OFF, product, place, 1_000, reason="broken").reason == "broken"


def test_a_document_without_lines_is_refused(shop):
    with pytest.raises(BadInput, match="at least one line"):
        post(kind=Kind.SALE, key="k", lines=[])


@pytest.mark.parametrize(
    "fields", [{"reason": "x" * 201}, {"document": "a\0b"}, {"key": "k" * 121}, {"key": " "}]
)
def test_text_that_cannot_be_kept_is_refused_by_its_field(product, place, fields):
    with pytest.raises(BadInput) as refusal:
        post_line(Kind.RECEIPT, product, place, 1_000, **fields)
    assert list(refusal.value.fields) == list(fields)


def test_sums_too_large_to_be_kept_are_refused(product, place):
    with pytest.raises(BadInput, match=r"^A1: the quantity or its value is too large"):
        post_line(Kind.RECEIPT, product, place, MAX_QUANTITY, unit_cost=MAX_UNIT_PRICE)
    lines = [Line(product.pk, place.pk, MAX_QUANTITY)] * 101
    with pytest.raises(BadInput, match=r"^A1: the quantity or its value is too large"):
        post(kind=Kind.RECEIPT, key="many", lines=lines)


def test_one_document_counts_a_product_once_and_not_both_whole_and_in_part(product, place):
    whole = Line(product.pk, place.pk, 1_000)
    part = Line(product.pk, place.pk, 1_000, location_id=location(place).pk)
    for lines in ([whole, whole], [part, part], [whole, part]):
        with pytest.raises(BadInput, match="counted"):
            post(kind=Kind.COUNT, key="k", lines=lines)


def test_places_and_lots_must_belong_to_the_line(product, place):
    elsewhere = location(make_warehouse())
    strange = Lot.objects.create(product=make_product(), code="L")
    for fields in ({"location_id": elsewhere.pk}, {"lot_id": strange.pk}):
        with pytest.raises(BadInput, match="is not"):
            post_line(Kind.RECEIPT, product, place, 1_000, **fields)


def test_what_stood_nowhere_special_becomes_a_bin_once_a_location_is_named(shop, product, place):
    shelf = location(place)
    post_line(Kind.RECEIPT, product, place, 5_000)
    assert in_bins(product) == {}
    post_line(Kind.RECEIPT, product, place, 2_000, location_id=shelf.pk)
    assert in_bins(product) == {(None, None): 5_000, (shelf.pk, None): 2_000}
    post_line(Kind.SALE, product, place, 6_000)
    assert in_bins(product) == {(None, None): -1_000, (shelf.pk, None): 2_000}
    assert reconcile(shop) == []


def test_a_location_is_not_emptied_below_zero_though_more_stands_elsewhere(product, place):
    shelf, other = location(place), location(place, "S2")
    post_line(Kind.RECEIPT, product, place, 2_000, location_id=shelf.pk)
    post_line(Kind.RECEIPT, product, place, 9_000, location_id=other.pk)
    with pytest.raises(InsufficientStock, match="3 requested, 2 on hand"):
        post_line(Kind.SALE, product, place, 3_000, location_id=shelf.pk)
    assert in_bins(product) == {(shelf.pk, None): 2_000, (other.pk, None): 9_000, (None, None): 0}


def test_goods_move_between_locations_of_one_warehouse_and_keep_their_value(product, place):
    shelf, other = location(place), location(place, "S2")
    post_line(Kind.RECEIPT, product, place, 3_000, location_id=shelf.pk, unit_cost=3_333_333)
    moved = post_line(
        *(Kind.TRANSFER, product, place, 1_000),
        location_id=shelf.pk,
        to_warehouse_id=place.pk,
        to_location_id=other.pk,
    )
    assert in_bins(product) == {(shelf.pk, None): 2_000, (other.pk, None): 1_000, (None, None): 0}
    assert Balance.objects.get().value == 1_000
    reverse(moved, key="undo")
    assert in_bins(product) == {(shelf.pk, None): 3_000, (other.pk, None): 0, (None, None): 0}


def test_a_count_of_one_location_leaves_the_others_alone(shop, product, place):
    shelf, other = location(place), location(place, "S2")
    post_line(Kind.RECEIPT, product, place, 4_000, location_id=shelf.pk)
    post_line(Kind.RECEIPT, product, place, 4_000, location_id=other.pk)
    count = post_line(Kind.COUNT, product, place, 3_000, location_id=shelf.pk)
    assert (count.observations.get().expected, Balance.objects.get().on_hand) == (4_000, 7_000)
    assert in_bins(product)[shelf.pk, None] == 3_000
    assert reconcile(shop) == []


def test_a_lot_keeps_its_own_quantity_through_a_transfer(product, place):
    there = make_warehouse()
    lot = Lot.objects.create(product=product, code="L7")
    post_line(Kind.RECEIPT, product, place, 4_000, lot_id=lot.pk)
    post_line(Kind.TRANSFER, product, place, 1_000, lot_id=lot.pk, to_warehouse_id=there.pk)
    on_hand = {row.warehouse_id: row.on_hand for row in BinBalance.objects.filter(lot=lot)}
    assert on_hand == {place.pk: 3_000, there.pk: 1_000}


def test_a_count_without_differences_is_a_document_with_its_observation(product, place):
    post_line(Kind.RECEIPT, product, place, 4_000)
    count = post_line(Kind.COUNT, product, place, 4_000)
    assert count.observations.count() == 1
    assert not count.movements.exists()
    assert reverse(count, key="undo").answer == {"lines": []}


def test_a_movement_of_the_same_moment_happened_before_the_count(product, place):
    at = timezone.now() - timedelta(hours=1)
    post_line(Kind.RECEIPT, product, place, 4_000, at=at)
    assert post_line(Kind.COUNT, product, place, 4_000, at=at).observations.get().expected == 4_000


def test_lines_may_have_moments_of_their_own(product, place):
    day = timezone.now() - timedelta(days=3)
    post_line(Kind.OPENING, product, place, 9_000, at=day - timedelta(days=1))
    lines = [Line(product.pk, place.pk, 1_000, at=day + timedelta(hours=n)) for n in range(3)]
    posting = post(kind=Kind.SALE, key="day", lines=lines, at=day)
    moments = list(posting.movements.order_by("at").values_list("at", flat=True))
    assert moments == [line.at for line in lines]


def test_a_repeat_of_the_last_unit_is_answered_although_nothing_is_left(product, place):
    post_line(Kind.RECEIPT, product, place, 1_000)
    sale = post_line(Kind.SALE, product, place, 1_000, key="till")
    assert post_line(Kind.SALE, product, place, 1_000, key="till") == sale


def test_the_same_moment_in_another_time_zone_is_the_same_document(product, place):
    at = timezone.now() - timedelta(hours=1)
    first = post_line(Kind.RECEIPT, product, place, 1_000, key="k", at=at)
    elsewhere = at.astimezone(timezone.get_fixed_timezone(480))
    assert post_line(Kind.RECEIPT, product, place, 1_000, key="k", at=elsewhere) == first


def test_an_undo_sent_twice_answers_as_before_and_another_one_is_told_it_is_done(product, place):
    receipt = post_line(Kind.RECEIPT, product, place, 1_000)
    undone = reverse(receipt, key="undo")
    assert reverse(receipt, key="undo") == undone
    with pytest.raises(Conflict, match="undone already"):
        reverse(receipt, key="another")
    assert Balance.objects.get().on_hand == 0


def test_undo_goes_by_the_rule_that_the_document_was_posted_under(shop, product, place):
    shop.accepts_negative = ["sale_import"]
    sale = post_line(Kind.SALE, product, place, 1_000, policy="sale_import")
    undone = reverse(sale, key="undo")
    with pytest.raises(InsufficientStock):
        reverse(undone, key="redo")
    reverse(undone, key="redo", policy="sale_import")
    assert Balance.objects.get().on_hand == -1_000
