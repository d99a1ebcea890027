from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from catalog.models import Product, Supplier, SupplierProduct, Warehouse
from purchasing.models import PurchaseOrder
from purchasing.services import drafts
from tests.factories import make_member, make_product, make_supplier, make_warehouse


@dataclass
class Trade:
    """A supplier with one product on its list, and somebody who orders."""

    supplier: Supplier
    warehouse: Warehouse
    product: Product
    owner: Any

    def list_product(self, **terms: Any) -> Product:
        product = make_product()
        set_terms(self.supplier, product, **terms)
        return product

    def draft(self, quantity: int = 12_000, product: Product | None = None) -> PurchaseOrder:
        order = drafts.open_draft(supplier=self.supplier, warehouse=self.warehouse, actor=self.owner)
        drafts.add_line(order, product=product or self.product, quantity=quantity, actor=self.owner)
        return order


def set_terms(supplier: Supplier, product: Product, **fields: Any) -> SupplierProduct:
    defaults = {"unit_cost": 4_600_000, "pack": 1_000, "supplier_code": f"S-{product.sku}"}
    return SupplierProduct.objects.create(supplier=supplier, product=product, **defaults | fields)


def make_trade(shop: Any) -> Trade:
    trade = Trade(make_supplier(), make_warehouse(), make_product(), make_member(shop, "owner"))
    set_terms(trade.supplier, trade.product)
    return trade


@pytest.fixture
def trade(shop: Any) -> Trade:
    return make_trade(shop)
