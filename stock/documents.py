"""Documents as programs send them, turned into lines of the ledger.

Many documents are looked up together: the number of queries does not depend on how many there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from catalog.lookups import Named, named_in_documents
from catalog.models import Location
from common.errors import BadInput, NotPermitted
from common.json_input import Body
from common.search_key import search_key
from common.units import QUANTITY_SCALE
from stock.models import Kind, Lot
from stock.permissions import NEEDED
from stock.services.ledger import Line
from tenancy.context import current_shop
from tenancy.permissions import Permission

MAX_LINES = 5_000

# Where goods come in, a lot may be named for the first time.
_BEGINS_LOTS = {Kind.OPENING, Kind.RECEIPT, Kind.CUSTOMER_RETURN, Kind.COUNT}


@dataclass(slots=True)
class SentLine:
    body: Body
    sku: str
    quantity: int
    unit_cost: int | None
    location: str
    to_location: str
    lot: str
    at: datetime | None


@dataclass(slots=True)
class Document:
    """One document: as sent, and (after `resolve`) as the ledger takes it. Raises BadInput."""

    data: Any
    body: Body = field(init=False)
    kind: Kind = field(init=False)
    warehouse: str = field(init=False)
    to_warehouse: str = field(init=False)
    at: datetime | None = field(init=False)
    reason: str = field(init=False)
    document: str = field(init=False)
    sent: list[SentLine] = field(init=False)
    lines: list[Line] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.body = body = Body(self.data)
        kind = body.choice("kind", Kind.values, required=True)
        self.warehouse = body.text("warehouse", limit=20, required=True)
        self.to_warehouse = body.text("to_warehouse", limit=20, required=kind == Kind.TRANSFER)
        self.at = body.moment("at")
        self.reason = body.text("reason", limit=200, required=kind == Kind.WRITE_OFF)
        self.document = body.text("document", limit=120)
        currency = current_shop().currency
        self.sent = [_sent_line(part, currency) for part in body.objects("lines", limit=MAX_LINES)]
        if self.to_warehouse and kind != Kind.TRANSFER:
            body.fault("to_warehouse", _("belongs to a transfer, and to nothing else"))
        body.refuse_faults()
        self.kind = Kind(kind)

    def refuse_forbidden(self, granted: Collection[Permission]) -> None:
        """Raises NotPermitted for a kind that the caller may not record, and for costs it may not see."""
        if NEEDED[self.kind] not in granted:
            raise NotPermitted(
                _("Your role in this shop may not record this kind of posting: %(kind)s.")
                % {"kind": self.kind.label}
            )
        if Permission.COSTS_VIEW not in granted and any(line.unit_cost is not None for line in self.sent):
            fault = _("Your role in this shop does not see costs, so it may not send any.")
            raise NotPermitted(fault, {"unit_cost": [fault]})


def _sent_line(body: Body, currency: str) -> SentLine:
    return SentLine(
        body=body,
        sku=body.text("sku", limit=64, required=True),
        quantity=body.quantity("quantity", required=True) or 0,
        unit_cost=body.unit_price("unit_cost", currency),
        location=body.text("location", limit=40),
        to_location=body.text("to_location", limit=40),
        lot=body.text("lot", limit=64),
        at=body.moment("at"),
    )


# ---- looking up ------------------------------------------------------------------------------


def resolve(documents: Sequence[Document]) -> None:
    """Find what the documents name. Faults are noted in each document's body, for the caller to ask."""
    sent = [line for document in documents for line in document.sent]
    codes = {code for each in documents for code in (each.warehouse, each.to_warehouse) if code}
    found = _Found(*named_in_documents((line.sku for line in sent), codes))
    if any(line.location or line.to_location for line in sent):
        names = {name for line in sent for name in (line.location, line.to_location)}
        found.locations = {
            (place.warehouse_id, place.code): place for place in Location.objects.filter(code__in=names)
        }
    if any(line.lot for line in sent):
        found.lots = _lots(documents, found)
    for document in documents:
        document.lines = list(_lines(document, found))


@dataclass(slots=True)
class _Found:
    products: dict[str, Named]
    warehouses: dict[str, int]  # ids by code
    locations: dict[tuple[int, str], Location] = field(default_factory=dict)
    lots: dict[tuple[int, str], Lot] = field(default_factory=dict)


def _lots(documents: Sequence[Document], found: _Found) -> dict[tuple[int, str], Lot]:
    named: dict[tuple[int, str], bool] = {}
    for document in documents:
        for line in document.sent:
            product = found.products.get(search_key(line.sku))
            if product and line.lot:
                known = named.get((product.id, line.lot), False)
                named[product.id, line.lot] = known or document.kind in _BEGINS_LOTS
    begun = [Lot(product_id=product_id, code=code) for (product_id, code), may in named.items() if may]
    Lot.objects.bulk_create(begun, ignore_conflicts=True)
    codes = {code for _product_id, code in named}
    products = {product_id for product_id, _code in named}
    rows = Lot.objects.filter(product__in=products, code__in=codes)
    return {(lot.product_id, lot.code): lot for lot in rows}


def _lines(document: Document, found: _Found) -> Iterable[Line]:
    body = document.body
    warehouse = _named(body, "warehouse", document.warehouse, found.warehouses, _("is no warehouse here"))
    to_warehouse = _named(
        body, "to_warehouse", document.to_warehouse, found.warehouses, _("is no warehouse here")
    )
    for sent in document.sent:
        product = found.products.get(search_key(sent.sku))
        if product is None:
            sent.body.fault("sku", _("“%(sku)s” is no product here") % {"sku": sent.sku})
            continue
        if sent.quantity % QUANTITY_SCALE and not product.has_decimals:
            sent.body.fault("quantity", _("must be whole: the product is not sold in parts of a unit"))
        if warehouse is None:
            continue
        yield Line(
            product_id=product.id,
            warehouse_id=warehouse,
            quantity=sent.quantity,
            to_warehouse_id=to_warehouse,
            location_id=_location(sent.body, "location", sent.location, warehouse, found),
            lot_id=_pk(_named(sent.body, "lot", sent.lot, found.lots, _("is no lot of it"), product.id)),
            unit_cost=sent.unit_cost,
            at=sent.at,
            to_location_id=_location(sent.body, "to_location", sent.to_location, to_warehouse, found),
        )


def _location(body: Body, name: str, code: str, warehouse: int | None, found: _Found) -> int | None:
    if code and warehouse is None:
        body.fault(name, _("belongs to a transfer, and to nothing else"))
        return None
    within = warehouse or 0
    return _pk(_named(body, name, code, found.locations, _("is no location of the warehouse"), within))


def _named(
    body: Body, name: str, code: str, among: dict[Any, Any], fault: str, owner: int | None = None
) -> Any:
    """What is called `code`, a fault where there is no such thing, None where nothing was named."""
    if not code:
        return None
    thing = among.get(code if owner is None else (owner, code))
    if thing is None:
        body.fault(name, f"“{code}” {fault}")
    return thing


def _pk(row: Any) -> int | None:
    return row.pk if row else None


def read_documents(data: Sequence[Any], granted: Collection[Permission]) -> list[Document | Exception]:
    """Each document ready for the ledger, or why it is not: BadInput or NotPermitted."""
    read: list[Document | Exception] = []
    for each in data:
        try:
            document = Document(each)
            document.refuse_forbidden(granted)
        except (BadInput, NotPermitted) as refusal:
            read.append(refusal)
        else:
            read.append(document)
    resolve([each for each in read if isinstance(each, Document)])
    return [_refused_or(each) if isinstance(each, Document) else each for each in read]


def _refused_or(document: Document) -> Document | Exception:
    try:
        document.body.refuse_faults()
    except BadInput as refusal:
        return refusal
    return document
