from __future__ import annotations

import pytest

from common.search_words import LONGEST_WORD, asked_words, words_of


def finds(text: str, *names: str) -> bool:
    """What the database does with the two sides."""
    words = words_of(*names)
    asked = asked_words(text)
    return bool(asked) and all(any(word.startswith(part) for word in words) for part in asked)


@pytest.mark.parametrize(
    "text", ["mug", "BLUE", "blu mu", "mug blue", "(blue)", "t-sh", "T-SHIRT", "shirt", "40cm,", "Ｂｌｕｅ"]
)
def test_the_beginnings_of_words_find_in_any_order_and_case(text: str) -> None:
    assert finds(text, "A-17/b", "Blue MUG & T-shirt, 40cm")


@pytest.mark.parametrize("text", ["ug", "blue vase", "irt", "&", " ", ""])
def test_other_text_does_not(text: str) -> None:
    assert not finds(text, "A-17/b", "Blue MUG & T-shirt, 40cm")


@pytest.mark.parametrize("text", ["a-17/b", "A-17", "17", "b"])
def test_a_sku_is_found_as_a_whole_and_by_its_parts(text: str) -> None:
    assert finds(text, "A-17/b", "Mug")


@pytest.mark.parametrize("text", ["蓝色", "马克杯", "马克 蓝", "350ml"])
def test_chinese_is_found_from_any_character(text: str) -> None:
    assert finds(text, "蓝色马克杯350ml")


def test_long_words_are_compared_by_their_beginning() -> None:
    assert finds("x" * 200, "x" * 300)
    assert max(map(len, words_of("x" * 300))) == LONGEST_WORD
    assert finds("杯" * 40, "杯" * 50)
