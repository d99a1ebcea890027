"""Where goods stand, as the ledger keeps them apart."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """What a balance is kept for; sorts into the order of locking."""

    warehouse_id: int
    product_id: int


class Bin(NamedTuple):
    """A part of a place: a location, a lot, both, or (with neither) what stands nowhere special."""

    warehouse_id: int
    product_id: int
    location_id: int | None
    lot_id: int | None

    @property
    def place(self) -> Place:
        return Place(self.warehouse_id, self.product_id)

    @property
    def is_named(self) -> bool:
        return self.location_id is not None or self.lot_id is not None
