from __future__ import annotations

import pytest

from catalog.models import Product
from catalog.services import save_product
from common.errors import Conflict

pytestmark = pytest.mark.django_db


def add(sku):
    return save_product(Product(sku=sku, name=sku), barcodes=None, actor=None)


def test_a_full_shop_takes_no_more_products_one_by_one(shop):
    shop.product_limit = 2
    add("a")
    add("b")
    with pytest.raises(Conflict, match="may keep 2 products"):
        add("c")


def test_products_are_not_counted_for_each_new_one_where_there_is_plenty_of_room(
    shop, django_assert_max_num_queries
):
    shop.product_limit = 190_001
    add("first")
    with django_assert_max_num_queries(9) as taken:
        add("second")
    assert not any("COUNT" in query["sql"] for query in taken.captured_queries)


def test_a_lowered_limit_holds_at_once(shop):
    shop.product_limit = 190_002
    add("a")
    shop.product_limit = 1
    with pytest.raises(Conflict):
        add("b")
