from __future__ import annotations

import pytest

from catalog.models import Warehouse
from tenancy.context import shop_scope
from tenancy.services import create_shop

pytestmark = pytest.mark.django_db


def test_a_new_shop_has_a_warehouse_to_begin_with():
    with shop_scope(create_shop(name="Marlow Lane", slug="marlow-lane")):
        assert list(Warehouse.objects.values_list("code", "name")) == [("MAIN", "Main")]
