from __future__ import annotations

import pytest

from catalog.gtin import check_digit, has_wrong_check_digit, spellings


@pytest.mark.parametrize(
    ("body", "last"),
    [
        ("506011842204", "5"),
        ("03600029145", "2"),
        ("7351353", "7"),
        ("400638133393", "1"),
        ("000000000000", "0"),
    ],
)
def test_the_check_digit_of_published_examples(body, last):
    assert check_digit(body) == last


def test_one_mistyped_digit_is_always_noticed():
    good = "5060118422045"
    assert not has_wrong_check_digit(good)
    for place in range(13):
        for digit in set("0123456789") - {good[place]}:
            assert has_wrong_check_digit(good[:place] + digit + good[place + 1 :])


@pytest.mark.parametrize("code", ["A-100", "12345", "1234567890", "５０６０１１８４２２０４７", ""])
def test_a_shops_own_codes_have_no_check_digit(code):
    assert not has_wrong_check_digit(code)


def test_upc_and_ean_are_the_same_number():
    assert spellings("036000291452") == ["036000291452", "0036000291452"]
    assert spellings("0036000291452") == ["0036000291452", "036000291452"]
    assert spellings("A1") == ["A1"]
