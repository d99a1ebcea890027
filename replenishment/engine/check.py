"""Whether a choice holds, in integers and without trusting any solver."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from replenishment.engine.types import Item, Key, Supplier


def faults(
    items: Sequence[Item],
    quantities: Sequence[int],
    suppliers: Mapping[Key, Supplier],
    *,
    budget: int | None = None,
    rooms: Sequence[int | None] | None = None,
) -> list[str]:
    """Everything that `quantities` (thousandths) break; empty: the order can be placed as it stands.

    budget, minor units: for goods and freight of all orders together.
    """
    found = []
    values: dict[Key, int] = defaultdict(int)
    ordering = set()
    for item, quantity in zip(items, quantities, strict=True):
        if quantity < 0 or quantity % item.pack:
            found.append(f"{quantity} of {item.key} is no whole number of packs of {item.pack}")
        if 0 < quantity < item.minimum_quantity:
            found.append(f"{quantity} of {item.key} is less than the MOQ of {item.minimum_quantity}")
        values[item.supplier] += item.value(quantity)
        if quantity:
            ordering.add(item.supplier)
    for item, quantity, room in zip(items, quantities, rooms or [None] * len(items), strict=True):
        if room is not None and quantity > room:
            found.append(f"{quantity} of {item.key} is more than the {room} there is room for")
    for key in sorted(ordering, key=str):
        if values[key] < suppliers[key].minimum_value:
            found.append(f"{values[key]} at {key} is less than the minimum {suppliers[key].minimum_value}")
    if budget is not None:
        spent = sum(values[key] + freight(suppliers[key], values[key]) for key in ordering)
        if spent > budget:
            found.append(f"{spent} is more than the budget {budget}")
    return found


def freight(supplier: Supplier, value: int) -> int:
    """What an order of this value is charged for delivery."""
    free = supplier.free_freight_from is not None and value >= supplier.free_freight_from
    return 0 if free else supplier.freight
