"""What customers wanted, day by day, and what nobody can know."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from imports.models import FileImport
from stock.models import DemandMonth, HistorySale, Kind
from stock.services.demand import censored_panel, close_demand, demand_panel, sales_known_to
from stock.services.ledger import reverse
from tests.factories import make_product, make_warehouse, post_line
from tests.importing import sales_file

pytestmark = pytest.mark.django_db

LONDON = ZoneInfo("Europe/London")


def at(day, hour=12, minute=0):
    return datetime(2026, 6, day, hour, minute, tzinfo=LONDON)


def june(day):
    return date(2026, 6, day)


@pytest.fixture
def place(shop):
    shop.time_zone = "Europe/London"
    shop.accepts_negative = ["sale"]
    return make_warehouse()


def file_of_sales(place, sales, *, known_to=None, state="posted"):
    """An import with a history of `sales`: (product, day, thousandths)."""
    made = sales_file(place, state=state, known_to=known_to)
    HistorySale.objects.bulk_create(
        HistorySale(sales_import=made, warehouse=place, product=product, day=day, quantity=quantity)
        for product, day, quantity in sales
    )
    return made


def demand_of(product, place, first, last):
    """Units per day; None where unknown."""
    products, days, panel = demand_panel(place.pk, product_ids=[product.pk])
    if not products:
        return []
    row = panel[0, (first - days[0]).days : (last - days[0]).days + 1]
    return [None if np.isnan(units) else float(units) for units in row]


def test_history_and_ledger_sales_add_up_by_day_and_quiet_days_are_zero(place):
    mug = make_product()
    file_of_sales(place, [(mug, june(1), 2_000), (mug, june(3), 1_500)], known_to=june(4))
    post_line(Kind.SALE, mug, place, 3_000, at=at(3))
    close_demand(june(20))
    assert demand_of(mug, place, june(1), june(4)) == [2, 0, 4.5, 0]


def test_days_after_sales_are_known_are_unknown_not_zero(place):
    mug = make_product()
    file_of_sales(place, [(mug, june(1), 2_000)], known_to=june(2))
    closed = close_demand(june(20))
    assert closed.known_to == {place.pk: june(2)}
    assert demand_of(mug, place, june(1), june(4)) == [2, 0, None, None]


def test_a_sale_at_the_till_makes_its_day_known_but_never_beyond_the_day_asked_for(place):
    mug = make_product()
    post_line(Kind.SALE, mug, place, 1_000, at=at(3))
    post_line(Kind.SALE, mug, place, 1_000, at=at(9))
    assert sales_known_to(june(12)) == {place.pk: june(9)}
    assert sales_known_to(june(5)) == {place.pk: june(3)}


def test_an_import_that_is_undone_or_unfinished_is_not_known(place):
    mug = make_product()
    imported = file_of_sales(place, [(mug, june(1), 2_000)], known_to=june(2), state="posting")
    assert close_demand(june(20)).known_to == {}
    FileImport.objects.filter(pk=imported.file_id).update(state="posted")
    close_demand(june(20))
    assert DemandMonth.objects.count() == 1
    FileImport.objects.filter(pk=imported.file_id).update(state="undone")
    close_demand(june(20))
    assert DemandMonth.objects.count() == 0


def test_a_day_is_the_shops_own_day(place):
    mug = make_product()
    post_line(Kind.SALE, mug, place, 1_000, at=at(3, 0, 30))  # the 2nd in UTC
    post_line(Kind.SALE, mug, place, 1_000, at=at(4, 23, 30))
    close_demand(june(20))
    assert demand_of(mug, place, june(3), june(4)) == [1, 1]
    assert demand_of(mug, place, june(2), june(2)) == [None]


def test_an_undone_sale_leaves_no_demand_and_a_customers_return_does_not_lower_it(place):
    mug = make_product()
    post_line(Kind.SALE, mug, place, 5_000, at=at(3))
    wrong = post_line(Kind.SALE, mug, place, 90_000, at=at(3))
    reverse(wrong, key="undo")
    post_line(Kind.CUSTOMER_RETURN, mug, place, 4_000, at=at(3))
    close_demand(june(20))
    assert demand_of(mug, place, june(3), june(3)) == [5]


def test_days_with_an_empty_shelf_are_unknown_from_when_stock_was_kept(place):
    mug, other = make_product(), make_product()
    place.opening_date = june(3)
    place.save()
    file_of_sales(place, [(mug, june(1), 1_000)], known_to=june(2))
    post_line(Kind.OPENING, mug, place, 2_000, at=at(3, 8))
    post_line(Kind.SALE, mug, place, 2_000, at=at(4))  # sold out that day: known
    post_line(Kind.RECEIPT, mug, place, 5_000, at=at(7, 15))  # there again in the afternoon: known
    post_line(Kind.SALE, other, place, 1_000, at=at(9))
    close_demand(june(20))
    assert demand_of(mug, place, june(1), june(9)) == [1, 0, 0, 2, None, None, 0, 0, 0]


def test_a_sale_below_zero_is_demand_all_the_same(place):
    mug = make_product()
    place.opening_date = june(1)
    place.save()
    post_line(Kind.OPENING, mug, place, 1_000, at=at(1, 8))
    for day in (2, 3):
        post_line(Kind.SALE, mug, place, 1_000, at=at(day))
    post_line(Kind.SALE, make_product(), place, 1_000, at=at(4))
    close_demand(june(20))
    assert demand_of(mug, place, june(1), june(4)) == [0, 1, 1, None]


def test_closing_again_writes_nothing_until_a_closed_day_changes(place):
    mug = make_product()
    post_line(Kind.SALE, mug, place, 1_000, at=at(3))
    post_line(Kind.SALE, mug, place, 1_000, at=at(20))
    assert close_demand(june(20)).months_written == 1
    stored = list(DemandMonth.objects.values_list("pk", "days"))
    assert close_demand(june(20)).months_written == 0
    assert list(DemandMonth.objects.values_list("pk", "days")) == stored
    post_line(Kind.SALE, mug, place, 2_000, at=at(5))
    assert close_demand(june(20)).months_written == 1
    assert demand_of(mug, place, june(3), june(5)) == [1, 0, 2]


def test_months_are_packed_whole_and_a_panel_puts_them_side_by_side(place):
    mug, bowl = make_product(), make_product()
    file_of_sales(
        place,
        [(mug, date(2026, 1, 30), 1_000), (mug, date(2026, 3, 2), 2_000), (bowl, june(1), 3_000)],
        known_to=june(2),
    )
    close_demand(june(2))
    months = DemandMonth.objects.filter(product=mug).order_by("month")
    assert [len(month.days) for month in months] == [31, 28, 31, 30, 31, 30]
    products, days, panel = demand_panel(place.pk)
    assert products == [mug.pk, bowl.pk]
    assert (days[0], days[-1], panel.shape) == (date(2026, 1, 1), june(30), (2, 181))
    assert np.nansum(panel, axis=1).tolist() == [3, 3]
    assert np.isnan(panel[1, : (june(1) - days[0]).days]).all()
    assert demand_panel(place.pk, since=date(2026, 3, 15))[1][0] == date(2026, 3, 1)


def test_closing_takes_as_many_statements_for_many_products_as_for_one(place):
    def statements(products):
        file_of_sales(place, [(make_product(), june(1), 1_000) for _ in range(products)], known_to=june(9))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            close_demand(june(9))
        return len(captured)

    assert statements(1) == statements(40)


def test_two_hundred_products_and_three_hundred_days_close_in_seconds(place):
    import time

    products = [make_product() for _ in range(200)]
    first = date(2025, 8, 1)
    sales = [
        (product, first + timedelta(days=day), 1_000) for product in products for day in range(0, 300, 2)
    ]
    file_of_sales(place, sales, known_to=first + timedelta(days=299))
    started = time.process_time()
    assert close_demand(date(2026, 6, 20)).months_written == 2_000
    assert time.process_time() - started < 5


def censored_days(product, place, first, last):
    _products, days, _panel = demand_panel(place.pk, product_ids=[product.pk])
    row = censored_panel(place.pk, product_ids=[product.pk])[0]
    return [
        first + timedelta(days=n) for n in range((last - first).days + 1) if row[(first - days[0]).days + n]
    ]


def test_what_was_sold_on_a_day_that_ends_with_an_empty_shelf_is_the_least_that_was_wanted(place):
    mug = make_product()
    place.opening_date = june(1)
    place.save()
    post_line(Kind.OPENING, mug, place, 3_000, at=at(1, 8))
    post_line(Kind.SALE, mug, place, 1_000, at=at(2))
    post_line(Kind.SALE, mug, place, 2_000, at=at(4))
    post_line(Kind.RECEIPT, mug, place, 5_000, at=at(6))
    post_line(Kind.SALE, make_product(), place, 1_000, at=at(8))
    close_demand(june(20))
    assert demand_of(mug, place, june(1), june(7)) == [0, 1, 0, 2, None, 0, 0]
    assert censored_days(mug, place, june(1), june(8)) == [june(4)]


def test_a_product_that_nobody_has_counted_says_nothing_about_stock_outs(place):
    mug = make_product()
    place.opening_date = june(1)
    place.save()
    file_of_sales(place, [(mug, date(2026, 5, 30), 1_000)], known_to=june(9))
    post_line(Kind.SALE, mug, place, 2_000, at=at(2))
    close_demand(june(20))
    assert demand_of(mug, place, june(1), june(4)) == [0, 2, 0, 0]
    post_line(Kind.COUNT, mug, place, 0, at=at(3))
    close_demand(june(20))
    assert demand_of(mug, place, june(1), june(4)) == [0, 2, 0, None]


def test_ten_nights_without_a_file_change_nothing_and_a_late_file_is_as_good_as_a_punctual_one(place):
    mug = make_product()
    place.opening_date = june(1)
    place.save()
    post_line(Kind.OPENING, mug, place, 9_000, at=at(1, 8))
    post_line(Kind.SALE, mug, place, 1_000, at=at(2))
    close_demand(june(2))
    before = list(DemandMonth.objects.values_list("pk", "days", "censored"))
    for night in range(3, 13):
        assert close_demand(june(night)).months_written == 0
    assert list(DemandMonth.objects.values_list("pk", "days", "censored")) == before
    for day in range(3, 13):
        post_line(Kind.SALE, mug, place, 500, at=at(day, 23))
    assert close_demand(june(12)).months_written == 1
    assert demand_of(mug, place, june(1), june(12)) == [0, 1, *[0.5] * 10]


def test_an_undone_arrival_fills_no_shelf(place):
    mug = make_product()
    place.opening_date = june(1)
    place.save()
    post_line(Kind.OPENING, mug, place, 1_000, at=at(1, 8))
    post_line(Kind.SALE, mug, place, 1_000, at=at(2))
    reverse(post_line(Kind.RECEIPT, mug, place, 4_000, at=at(4)), key="undo")
    post_line(Kind.SALE, make_product(), place, 1_000, at=at(6))
    close_demand(june(20))
    assert demand_of(mug, place, june(1), june(5)) == [0, 1, None, None, None]
