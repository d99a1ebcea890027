from __future__ import annotations

import pytest
from django.test import RequestFactory

from catalog.models import Product
from common.numbered_pages import numbered_page
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def products(shop):
    for number in range(7):
        factories.make_product(sku=f"P{number}", name=f"Cup {9 - number}")
    return Product.objects.select_related("category").order_by("name")


def test_pages_follow_the_order_of_the_list(products):
    pages = [[row.sku for row in numbered_page(products, 3, number)] for number in (1, 2, 3)]
    assert pages == [["P6", "P5", "P4"], ["P3", "P2", "P1"], ["P0"]]


def test_a_page_beyond_the_last_is_the_last_and_no_number_is_the_first(products):
    request = RequestFactory().get("/", {"page": "99"})
    assert [row.sku for row in numbered_page(products, 3, request)] == ["P0"]
    assert numbered_page(products, 3, "x").number == 1
    assert numbered_page(products, 3, None).number == 1


def test_a_later_page_reads_only_its_own_rows(products, django_assert_num_queries):
    with django_assert_num_queries(3):  # how many there are, which ones, and those
        page = numbered_page(products, 3, 2)
        assert [row.category for row in page] == [None, None, None]


def test_lists_and_values_are_paged_as_well(products):
    assert list(numbered_page([1, 2, 3], 2, 2)) == [3]
    assert [row["sku"] for row in numbered_page(products.values("sku"), 3, 3)] == ["P0"]
