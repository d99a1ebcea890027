"""A till's or a web shop's file, row by row: cells become codes, quantities, prices and moments."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from common.dates import end_of_day, moment
from common.errors import BadInput
from common.importing.columns import Columns, Field
from common.importing.days import BadDay, Order, read_moment
from common.importing.faults import RowFault
from common.importing.source import Source
from common.search_key import search_key
from common.units import MAX_QUANTITY, QUANTITY_SCALE, read_quantity, read_unit_price

# Names are in their plain form: small letters and digits only.
FIELDS = (
    Field(
        "sku",
        "stockcode sku itemcode productcode articlenumber articleno article productid itemno itemnumber"
        " itemid barcode ean code item product artikelnummer artikelnr artnr artikel référence reference"
        " referencia código codigo codice 商品编码 货号 条码 编码",
        required=True,
    ),
    Field(
        "name",
        "description productname itemname name title product item bezeichnung beschreibung désignation"
        " libellé descripción descripcion descrizione omschrijving 商品名称 名称",
    ),
    Field(
        "quantity",
        "quantity qty quantitysold qtysold units unitssold unitsales pieces sales menge anzahl stück quantité"
        " qté cantidad unidades quantità aantal quantidade 数量 销量",
    ),
    Field(
        "date",
        "invoicedate date soldat saledate orderdate transactiondate datetime timestamp time day datum fecha"
        " data 日期 时间",
        required=True,
    ),
    Field("time", "time timeofday saletime ordertime transactiontime uhrzeit zeit heure hora ora tijd 时间"),
    Field(
        "price", "unitprice price itemprice netprice net einzelpreis preis prix precio prezzo prijs 单价 价格"
    ),
    Field(
        "invoice",
        "invoiceno invoice invoicenumber receipt receiptno ticket transaction transactionid orderid"
        " orderno order belegnummer beleg rechnungsnummer rechnung facture factura bon 单号",
    ),
    Field(
        "customer",
        "customerid customer customerno customernumber customername client clientid kundennummer kunde"
        " cliente 客户 会员",
    ),
    Field("warehouse", "warehouse store storeid storename branch outlet filiale magasin tienda 仓库 门店"),
)

_SCIENTIFIC = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)
_LONGEST_SKU, _LONGEST_NAME, _LONGEST_REFERENCE = 64, 200, 60
_A_SECOND = timedelta(seconds=1)
# What files repeat on many rows is read once; more different texts than this are not kept.
_REMEMBERED = 50_000

Read = TypeVar("Read")


class Line(NamedTuple):
    """A row that could be read, whatever becomes of it."""

    row: int
    key: str  # what spellings of the same code have in common
    sku: str
    name: str
    quantity: int  # thousandths; < 0 is goods that came back
    price: int | None  # ten-thousandths of a minor unit
    day: date
    at: datetime
    invoice: str
    customer: str
    warehouse: int


@dataclass(frozen=True, slots=True)
class Manner:
    """How a shop's sales file is to be understood.

    latest: the moment of upload; a sale cannot lie after it.
    warehouse, warehouses: ids of the one that was said for the file, and of all by search keys of
        their codes and names, for rows that name theirs.
    whole_units: search keys of products that are not sold in parts.
    stands_for: the SKU that a code in the file stands for where it is not its own: of a barcode, or
        of a spelling that is kept apart from its twin. By the code as written.
    """

    columns: Columns
    order: Order
    currency: str
    zone: ZoneInfo
    latest: datetime
    warehouse: int
    warehouses: Mapping[str, int] = field(default_factory=dict)
    whole_units: Collection[str] = ()
    stands_for: Mapping[str, str] = field(default_factory=dict)


def read_lines(source: Source, manner: Manner) -> Iterator[Line | RowFault]:
    """Every row beneath the header, in the file's order."""
    read = _Reader(manner).read
    header = manner.columns.header_row
    for number, row in source.records():
        if number > header and any(row):
            yield read(number, row)


class _BadCell(Exception):
    def __init__(self, field: str, value: str, fault: str, advice: str) -> None:
        self.field, self.value, self.fault, self.advice = field, value, fault, advice


class _Reader:
    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.columns = manner.columns
        index = manner.columns.index
        self.places = [index.get(name, -1) for name in ("sku", "name", "quantity", "price")]
        self.references = [index.get(name, -1) for name in ("invoice", "customer")]
        self.store = index.get("warehouse", -1)
        self.date, self.time = index["date"], index.get("time", -1)
        self.width = 1 + max(index.values())
        self.counts_rows = "quantity" not in index
        self.today = manner.latest.astimezone(manner.zone).date()
        self.code_of = _once(self._code)
        self.quantity_of = _once(self._quantity)
        self.price_of = _once(self._price)
        self.moment_of = _once(self._moment)
        self.warehouse_of = _once(self._warehouse)

    def read(self, number: int, row: list[str]) -> Line | RowFault:
        try:
            return self._line(number, row)
        except _BadCell as bad:
            column = self.columns.name_of(bad.field) or bad.field
            return RowFault(number, column, bad.value[:60], bad.fault, bad.advice)

    def _line(self, number: int, row: list[str]) -> Line:
        if len(row) < self.width:
            row = row + [""] * (self.width - len(row))
        code, name, quantity, price = (row[place] if place >= 0 else "" for place in self.places)
        invoice, customer = (
            row[place].strip()[:_LONGEST_REFERENCE] if place >= 0 else "" for place in self.references
        )
        warehouse = self.warehouse_of(row[self.store]) if self.store >= 0 else self.manner.warehouse
        when = row[self.date]
        if self.time >= 0:
            when = f"{when.strip()} {row[self.time].strip()}"
        day, at = self.moment_of(when)
        key, sku = self.code_of(code)
        units = QUANTITY_SCALE if self.counts_rows else self.quantity_of(quantity)
        if units % QUANTITY_SCALE and key in self.manner.whole_units:
            advice = _("Write a whole number, or let the product be sold in parts.")
            raise _BadCell("quantity", quantity, _("This product is sold in whole units."), advice)
        name = name.strip()[:_LONGEST_NAME]
        return Line(
            number, key, sku, name, units, self.price_of(price), day, at, invoice, customer, warehouse
        )

    def _code(self, text: str) -> tuple[str, str]:
        written = text.strip()
        sku = self.manner.stands_for.get(written, written)
        if fault := _fault_of_sku(sku):
            raise _BadCell("sku", written, fault, _("Write the product's code here."))
        return search_key(sku), sku

    def _warehouse(self, text: str) -> int:
        written = text.strip()
        if not written:
            return self.manner.warehouse
        try:
            return self.manner.warehouses[search_key(written)]
        except KeyError:
            advice = _("Add a warehouse with this code or name, or read the file without this column.")
            raise _BadCell("warehouse", written, _("There is no such warehouse."), advice) from None

    def _quantity(self, text: str) -> int:
        text = text.strip()
        try:
            quantity = read_quantity(text)
        except BadInput:
            fault = _("This is not a quantity.") if text else _("The quantity is missing.")
            raise _BadCell("quantity", text, fault, _("Write a number like 12 or 1.5.")) from None
        if abs(quantity) > MAX_QUANTITY:
            raise _BadCell("quantity", text, _("This quantity is too large."), _("Mend the quantity."))
        return quantity

    def _price(self, text: str) -> int | None:
        text = text.strip()
        try:
            return read_unit_price(text.strip("£$€¥ "), self.manner.currency) if text else None
        except BadInput:
            advice = _("Write a price like 4.60, without thousands signs.")
            raise _BadCell("price", text, _("This is not a price."), advice) from None

    def _moment(self, text: str) -> tuple[date, datetime]:
        text = text.strip()
        try:
            day, at = self._read_moment(text)
        except BadDay as error:
            advice = _("Mend the date, or leave the row out.")
            raise _BadCell("date", text, str(error), advice) from None
        if day > self.today:
            advice = _("Mend the date, or import the file after that day.")
            raise _BadCell("date", text, _("This day is still to come."), advice)
        return day, at

    def _read_moment(self, text: str) -> tuple[date, datetime]:
        manner = self.manner
        day, at, offset = read_moment(text, manner.order)
        if day > self.today + timedelta(days=1):
            # To be refused. The last day of all has no end in UTC, so it is not looked for.
            return day, manner.latest
        if offset is not None and at is not None:
            when = datetime.combine(day, at, tzinfo=offset).astimezone(manner.zone)
            return when.date(), min(when, manner.latest)
        return day, min(_on_clock(day, at, manner.zone), manner.latest)


def _once(read: Callable[[str], Read]) -> Callable[[str], Read]:
    """`read`, which remembers what it made of a text. A refusal is not remembered."""
    known: dict[str, Read] = {}

    def remembering(text: str) -> Read:
        try:
            return known[text]
        except KeyError:
            made = read(text)
            if len(known) < _REMEMBERED:
                known[text] = made
            return made

    return remembering


def _fault_of_sku(sku: str) -> str:
    if not sku:
        return _("The code is missing.")
    if len(sku) > _LONGEST_SKU:
        return _("The code is longer than %(limit)d characters.") % {"limit": _LONGEST_SKU}
    if not sku.isprintable():
        return _("The code holds characters that cannot be printed.")
    if _SCIENTIFIC.fullmatch(sku):
        return _(
            "A spreadsheet has turned this barcode into a rounded number; its last digits are lost."
            " Export again with the column set to text."
        )
    return ""


def _on_clock(day: date, at: time | None, zone: ZoneInfo) -> datetime:
    """Sales known only by day happen at the end of it."""
    if at is not None:
        return moment(day, at, zone)
    return end_of_day(day, zone).replace(microsecond=0) - _A_SECOND


def dates_of(source: Source, columns: Columns, *, row_limit: int) -> Iterator[str]:
    """The date cells of the file, each different text once in a row.

    Raises FileFault beyond the shop's limit of rows.
    """
    place = columns.index["date"]
    last, rows = None, 0
    for number, row in source.records():
        if number <= columns.header_row:
            continue
        rows += 1
        source.refuse_beyond(row_limit, rows, number)
        text = row[place] if place < len(row) else ""
        if text != last:
            last = text
            yield text
