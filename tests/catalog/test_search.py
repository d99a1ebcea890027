"""Finding products by words; `index_products` keeps the words however products are written."""

from __future__ import annotations

from typing import Any

import pytest

from catalog import lookups
from catalog.lookups import search_products
from catalog.models import Barcode, Product, ProductWord, index_products
from catalog.queries import find_products
from tests.factories import make_product


def found(text: str) -> list[str]:
    return [product.sku for product in search_products(text).order_by("sku_key")]


def test_words_find_in_any_order_and_all_of_them_must_be_there(shop: Any) -> None:
    make_product(sku="A1", name="BLUE MUG")
    make_product(sku="A2", name="Blue plate")
    assert found("mug") == ["A1"]
    assert found("blue") == ["A1", "A2"]
    assert found("pl blue") == ["A2"]
    assert found("blue mug plate") == []
    assert found("a2") == ["A2"]
    assert found("-") == []


def test_a_barcode_finds_its_product_in_either_spelling(shop: Any) -> None:
    product = make_product(sku="A1", name="Mug")
    Barcode.objects.create(product=product, code="0036000291452")
    assert found("036000291452") == ["A1"]
    make_product(sku="036000291452", name="Another whose SKU it is")
    assert found("036000291452") == ["036000291452", "A1"]


@pytest.mark.parametrize("common", [1, 2, 10_000])
@pytest.mark.parametrize("few", [0, 1, 2, 2_500])
def test_common_words_are_found_in_another_way_with_the_same_answer(
    shop: Any, monkeypatch: pytest.MonkeyPatch, common: int, few: int
) -> None:
    monkeypatch.setattr(lookups, "_COMMON", common)
    monkeypatch.setattr(lookups, "_FEW", few)
    Product.objects.bulk_create(
        Product(sku=f"S{number}", name=name)
        for number, name in enumerate(["Blue mug", "Red mug", "Blue plate", "Mug, blue"])
    )
    assert found("mug") == ["S0", "S1", "S3"]
    assert found("blue mug") == ["S0", "S3"]
    assert found("plate blue s") == ["S2"]


def test_a_new_name_is_found_and_the_old_one_no_longer(shop: Any) -> None:
    product = make_product(sku="A1", name="Blue mug")
    product.name = "Red mug"
    product.save()
    assert (found("blue"), found("red")) == ([], ["A1"])
    product.name = "Green mug"
    product.save(update_fields=["name", "name_key"])
    assert (found("red"), found("green")) == ([], ["A1"])


def test_bulk_writing_keeps_keys_and_words(shop: Any) -> None:
    first, second = Product.objects.bulk_create(
        [Product(sku="A1", name="Blue mug"), Product(sku="A2", name="Red mug")]
    )
    assert found("mug") == ["A1", "A2"]
    first.name, second.sku = "Green bowl", "B2"
    Product.objects.bulk_update([first, second], ["sku", "name"])
    assert (found("bowl"), found("a2"), found("b2")) == (["A1"], [], ["B2"])
    first.refresh_from_db()
    assert first.name_key == "green bowl"


def test_other_fields_write_no_words(shop: Any, django_assert_num_queries: Any) -> None:
    product = make_product(name="Blue mug")
    product.price = 5
    with django_assert_num_queries(1):
        product.save(update_fields=["price"])


def test_an_update_is_found_once_its_words_are_kept(shop: Any) -> None:
    product = make_product(sku="A1", name="Blue mug")
    Product.objects.filter(pk=product.pk).update(name="Tall vase", name_key="tall vase")
    index_products(Product.objects.all())
    assert (found("vase"), found("mug")) == (["A1"], [])


def test_words_go_with_their_product(shop: Any) -> None:
    make_product(name="Blue mug").delete()
    assert not ProductWord.objects.exists()


def test_the_middle_of_a_word_is_the_last_resort_of_the_pages(shop: Any) -> None:
    make_product(sku="A1", name="Teapot")
    make_product(sku="A2", name="Pot")
    assert [product.sku for product in find_products("pot")] == ["A2"]
    assert [product.sku for product in find_products("eap")] == ["A1"]
