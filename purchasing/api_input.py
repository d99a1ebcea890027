"""What requests about orders say, checked and with the rows that it names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from catalog.lookups import products_by_sku
from catalog.models import Product, Supplier, Warehouse
from catalog.queries import active_warehouses
from common.errors import ParstockError
from common.json_input import Body
from common.search_key import search_key
from purchasing import queries
from purchasing.models import PurchaseOrder
from purchasing.services.confirming import Said
from purchasing.services.receiving import Received

MOST_LINES = 2_000


@dataclass(frozen=True, slots=True)
class SentLine:
    product: Product
    quantity: int
    unit_cost: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request wants an order to say. None: as it is."""

    note: str | None
    wanted_on: date | None
    lines: tuple[SentLine, ...]


def supplier_of(body: Body) -> Supplier | None:
    name = body.text("supplier", limit=120, required=True)
    found = Supplier.objects.filter(name=name, is_active=True).first()
    if name and found is None:
        body.fault("supplier", _("There is no supplier “%(name)s” in use.") % {"name": name})
    return found


def warehouse_of(body: Body) -> Warehouse | None:
    code = body.text("warehouse", limit=20, required=True)
    found = active_warehouses().filter(code=code).first()
    if code and found is None:
        body.fault("warehouse", _("There is no warehouse “%(code)s” in use.") % {"code": code})
    return found


def wanted_of(body: Body, currency: str) -> Wanted:
    note = body.text("note", limit=2_000)
    wanted_on = body.day("wanted_on")
    parts = body.objects("lines", limit=MOST_LINES) if body.data.get("lines") is not None else []
    read = []
    for part in parts:
        sku = part.text("sku", limit=64, required=True)
        quantity = part.quantity("quantity", required=True)
        unit_cost = part.unit_price("unit_cost", currency)
        read.append((part, sku, quantity, unit_cost))
    products = products_by_sku(sku for _part, sku, _quantity, _cost in read)
    lines: dict[int, SentLine] = {}
    for part, sku, quantity, unit_cost in read:
        product = products.get(search_key(sku))
        if sku and product is None:
            part.fault("sku", _("There is no product “%(sku)s”.") % {"sku": sku})
        if product is not None and product.pk in lines:
            part.fault("sku", _("A product stands here twice; send one line with the sum."))
        if product is not None and quantity is not None:
            lines[product.pk] = SentLine(product, quantity, unit_cost)
    has_note = body.data.get("note") is not None
    return Wanted(note if has_note else None, wanted_on, tuple(lines.values()))


@contextmanager
def placed(number: int) -> Iterator[None]:
    """Name the line in a refusal of one of its fields."""
    try:
        yield
    except ParstockError as refusal:
        refusal.fields = {f"lines[{number}].{name}": faults for name, faults in refusal.fields.items()}
        raise


def received_of(body: Body, order: PurchaseOrder) -> list[Received]:
    by_sku = {line.product.sku_key: line for line in queries.ordered_lines(order)}
    received = []
    for part in body.objects("lines", limit=MOST_LINES):
        sku = part.text("sku", limit=64, required=True)
        quantity = part.quantity("quantity", required=True)
        damaged = part.quantity("damaged")
        line = by_sku.get(search_key(sku))
        if sku and line is None:
            part.fault("sku", _("“%(sku)s” is not on this order") % {"sku": sku})
        if line is not None and quantity is not None:
            received.append(Received(line.product_id, quantity, damaged or 0))
    return received


def said_of(body: Body, order: PurchaseOrder) -> list[Said]:
    """What was said, first the lines that the request names, in its order; the others as ordered."""
    day = body.day("on")
    lines = list(queries.ordered_lines(order))
    by_sku = {line.product.sku_key: line for line in lines}
    said: dict[int, Said] = {}
    parts = body.objects("lines", limit=MOST_LINES) if body.data.get("lines") is not None else []
    for part in parts:
        sku = part.text("sku", limit=64, required=True)
        quantity, on = part.quantity("quantity"), part.day("on")
        line = by_sku.get(search_key(sku))
        if line is None:
            if sku:
                part.fault("sku", _("“%(sku)s” is not on this order") % {"sku": sku})
        elif line.pk in said:
            part.fault("sku", _("“%(sku)s” is there twice") % {"sku": sku})
        else:
            said[line.pk] = Said(line.pk, line.quantity if quantity is None else quantity, on or day)
    rest = [Said(line.pk, line.quantity, day) for line in lines if line.pk not in said]
    return [*said.values(), *rest]
