"""Counting by the list of what a warehouse holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.models import Product
from common.errors import BadInput
from common.units import read_quantity
from stock.forms import fault_of_quantity, number_in
from stock.models import Kind

MOST_COUNTED = 5_000


class CountListForm:
    """Counting by the list of a warehouse's products: what is typed on any page goes with the sheet.

    Products that are not on the page shown travel as hidden fields, so turning pages and searching
    lose nothing, and everything is posted at once.
    """

    def __init__(self, data: Mapping[str, Any], products: Mapping[int, Product]) -> None:
        self.products = products
        self.typed = {
            product_id: text
            for product_id in products
            if (text := str(data.get(f"counted-{product_id}", "")).strip())
        }
        self.faults: dict[int, str] = {}
        self.counted: dict[int, int] = {}

    @staticmethod
    def typed_ids(data: Mapping[str, Any]) -> list[int]:
        return [
            number
            for name in data
            if name.startswith("counted-") and (number := number_in(name.removeprefix("counted-")))
        ]

    def is_valid(self) -> bool:
        for product_id, text in self.typed.items():
            try:
                quantity = read_quantity(text)
            except BadInput as error:
                self.faults[product_id] = error.detail
                continue
            if fault := fault_of_quantity(quantity, Kind.COUNT, self.products[product_id]):
                self.faults[product_id] = fault
            self.counted[product_id] = quantity
        return not self.faults and bool(self.counted)
