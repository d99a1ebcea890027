from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import BadInput
from common.units import (
    line_amount,
    read_amount,
    read_number,
    read_quantity,
    read_unit_price,
    round_half_even,
    unit_price_of,
    write_amount,
    write_quantity,
    write_unit_price,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", "12"),
        ("1.5", "1.5"),
        ("1,5", "1.5"),
        (" 7 ", "7"),
        ("−2", "-2"),
        ("0,125", "0.125"),
        (".5", "0.5"),
    ],
)
def test_numbers_are_read_as_people_write_them(text, number):
    assert read_number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "1e3",
        "1.2.3",
        "1,234,567",
        "NaN",
        "Infinity",
        "1 000",
        "0x10",
        None,
        True,
        "\x00",
        "1" * 40,
    ],
)
def test_what_is_no_plain_number_is_refused_and_named(text):
    with pytest.raises(BadInput) as refusal:
        read_number(text, field="price")
    assert "price" in refusal.value.fields


def test_a_comma_before_three_digits_could_be_thousands_and_is_not_guessed():
    with pytest.raises(BadInput, match=r"write 1234 or 1\.234"):
        read_number("1,234")


def test_quantities_have_three_decimals_and_a_limit():
    assert read_quantity("0.125") == 125
    with pytest.raises(BadInput, match="more than 3 decimals"):
        read_quantity("0.0001")
    with pytest.raises(BadInput, match="too large"):
        read_quantity("99999999999")


@pytest.mark.parametrize(
    ("currency", "text", "minor"), [("GBP", "2.55", 255), ("JPY", "300", 300), ("KWD", "1.234", 1234)]
)
def test_amounts_have_the_decimals_of_their_currency(currency, text, minor):
    assert read_amount(text, currency) == minor
    assert write_amount(minor, currency) == text


def test_a_yen_has_no_decimals():
    with pytest.raises(BadInput, match="more than 0 decimals"):
        read_amount("300.5", "JPY")


def test_unit_prices_keep_four_more_decimals_than_amounts():
    assert read_unit_price("0.001234", "GBP") == 1234
    assert write_unit_price(1234, "GBP") == "0.001234"
    assert write_unit_price(2_550_000, "GBP") == "2.55"
    assert write_unit_price(4_600_000, "GBP") == "4.60"


@pytest.mark.parametrize(
    ("numerator", "rounded"), [(5, 2), (15, 8), (25, 12), (-5, -2), (-15, -8), (14, 7), (16, 8)]
)
def test_ties_are_rounded_to_the_even_neighbour(numerator, rounded):
    # In tenths of ten: 5/2 = 2.5, 15/2 = 7.5, 25/2 = 12.5.
    assert round_half_even(numerator, 2) == rounded


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**9))
def test_rounding_agrees_with_decimal_arithmetic(numerator, denominator):
    exact = Decimal(numerator) / Decimal(denominator)
    assert abs(Decimal(round_half_even(numerator, denominator)) - exact) <= Decimal("0.5")
    assert round_half_even(-numerator, denominator) == -round_half_even(numerator, denominator)


@given(st.integers(-(10**12), 10**12))
def test_what_is_written_reads_back_unchanged(thousandths):
    assert read_quantity(write_quantity(thousandths)) == thousandths
    assert read_amount(write_amount(thousandths, "GBP"), "GBP") == thousandths
    assert read_unit_price(write_unit_price(thousandths, "GBP"), "GBP") == thousandths


def test_a_line_is_rounded_once():
    assert line_amount(3_000, read_unit_price("0.333333", "GBP")) == 100
    assert unit_price_of(100, 3_000) == 333_333
