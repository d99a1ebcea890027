"""A till's or a web shop's sales, line by line: what each is, and what is left out and why."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from common.dates import end_of_day, moment
from common.errors import BadInput
from common.importing.columns import Columns, Field
from common.importing.days import BadDay, Order, read_moment
from common.importing.faults import RowFault
from common.importing.source import Source
from common.search_key import search_key
from common.units import QUANTITY_SCALE, read_quantity, read_unit_price

# Names are in their plain form: small letters and digits only.
FIELDS = (
    Field(
        "sku",
        "stockcode sku itemcode productcode articlenumber articleno article productid itemno itemnumber"
        " itemid code item product 商品编码 货号 编码",
        required=True,
    ),
    Field("name", "description productname itemname name title product item 商品名称 名称"),
    Field("quantity", "quantity qty quantitysold qtysold units unitssold pieces 数量", required=True),
    Field(
        "date",
        "invoicedate date soldat saledate orderdate transactiondate datetime timestamp time day 日期 时间",
        required=True,
    ),
    Field("price", "unitprice price itemprice netprice net 单价 价格"),
    Field(
        "invoice",
        "invoiceno invoice invoicenumber receipt receiptno ticket transaction transactionid orderid"
        " orderno order 单号",
    ),
)

# Codes that tills use for what is no product: postage, fees, discounts, adjustments by hand.
_NO_PRODUCT = re.compile(
    r"POST(AGE)?|DOT|D|M|S|B|C2|PADS|CRUK|BANK CHARGES|AMAZONFEE|MANUAL|DISCOUNT|SHIPPING|DELIVERY"
    r"|CARRIAGE|FEES?|ADJUST\w*|TEST\d*|GIFT_\d+(_\d+)?"
)
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)
_LONGEST_SKU, _LONGEST_NAME = 64, 200
_A_SECOND = timedelta(seconds=1)


class Reason(StrEnum):
    """Why a line that reads well is no sale."""

    CANCELLATION = "cancellation"
    NEGATIVE = "negative"
    NO_PRODUCT = "no_product"
    NO_PRICE = "no_price"
    NOTHING = "nothing"


class Sale(NamedTuple):
    row: int
    key: str  # what spellings of the same code have in common
    sku: str
    name: str
    quantity: int  # thousandths
    price: int | None  # ten-thousandths of a minor unit
    day: date
    at: datetime


class Ignored(NamedTuple):
    row: int
    reason: Reason
    sku: str
    name: str
    quantity: str
    day: date | None


@dataclass(frozen=True, slots=True)
class Manner:
    """How a shop's sales file is to be understood.

    latest: the moment of upload; a sale cannot lie after it.
    known, whole_units: search keys of the shop's products, and of those not sold in parts.
    """

    columns: Columns
    order: Order
    currency: str
    zone: ZoneInfo
    latest: datetime
    known: Collection[str]
    whole_units: Collection[str]


def read_sales(source: Source, manner: Manner) -> Iterator[Sale | Ignored | RowFault]:
    """Every line of the file in its order, as what it turns out to be."""
    read = _Reader(manner).read
    header = manner.columns.header_row
    for number, row in source.records():
        if number > header and any(row):
            yield read(number, row)


class _BadCell(Exception):
    def __init__(self, field: str, value: str, fault: str, advice: str) -> None:
        self.field, self.value, self.fault, self.advice = field, value, fault, advice


class _Reader:
    """Reads one row at a time; what files repeat on many rows is read once and remembered."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.columns = manner.columns
        self.today = manner.latest.astimezone(manner.zone).date()
        remembered = lru_cache(maxsize=20_000)
        self.quantity_of = remembered(read_quantity)
        self.price_of = remembered(self._read_price)
        self.moment_of = remembered(self._read_moment)
        self.key_of = remembered(search_key)
        self.fault_of = remembered(_fault_of_sku)
        self.is_no_product = remembered(self._is_no_product)

    def read(self, number: int, row: list[str]) -> Sale | Ignored | RowFault:
        try:
            return self._sale_or_ignored(number, row)
        except _BadCell as bad:
            column = self.columns.name_of(bad.field)
            return RowFault(number, column, bad.value[:60], bad.fault, bad.advice)

    def _sale_or_ignored(self, number: int, row: list[str]) -> Sale | Ignored:
        cell = self.columns.cell
        sku, name, typed = cell(row, "sku"), cell(row, "name")[:_LONGEST_NAME], cell(row, "quantity")
        day, at = self._moment(cell(row, "date"))

        def ignored(reason: Reason) -> Ignored:
            return Ignored(number, reason, sku, name, typed, day)

        if cell(row, "invoice")[:1] in {"C", "c"} and typed[:1] in {"-", "−"}:
            return ignored(Reason.CANCELLATION)
        if self.is_no_product(sku):
            return ignored(Reason.NO_PRODUCT)
        quantity = self._quantity(typed)
        if quantity <= 0:
            return ignored(Reason.NEGATIVE if quantity else Reason.NOTHING)
        price = self._price(cell(row, "price"))
        if price is not None and price <= 0:
            return ignored(Reason.NO_PRICE)
        if fault := self.fault_of(sku):
            raise _BadCell("sku", sku, fault, _("Write the product's code here."))
        key = self.key_of(sku)
        if quantity % QUANTITY_SCALE and key in self.manner.whole_units:
            advice = _("Write a whole number, or let the product be sold in parts.")
            raise _BadCell("quantity", typed, _("This product is sold in whole units."), advice)
        return Sale(number, key, sku, name, quantity, price, day, at)

    def _moment(self, text: str) -> tuple[date, datetime]:
        try:
            day, at = self.moment_of(text)
        except BadDay as error:
            advice = _("Mend the date, or leave the row out.")
            raise _BadCell("date", text, str(error), advice) from None
        if day > self.today:
            advice = _("Mend the date, or import the file after that day.")
            raise _BadCell("date", text, _("This day is still to come."), advice)
        return day, at

    def _quantity(self, text: str) -> int:
        try:
            return self.quantity_of(text)
        except BadInput:
            fault = _("This is not a quantity.") if text else _("The quantity is missing.")
            raise _BadCell("quantity", text, fault, _("Write a number like 12 or 1.5.")) from None

    def _price(self, text: str) -> int | None:
        try:
            return self.price_of(text) if text else None
        except BadInput:
            advice = _("Write a price like 4.60, without thousands signs.")
            raise _BadCell("price", text, _("This is not a price."), advice) from None

    def _read_price(self, text: str) -> int:
        return read_unit_price(text.strip("£$€¥ "), self.manner.currency)

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

    def _is_no_product(self, sku: str) -> bool:
        return self.key_of(sku) not in self.manner.known and _NO_PRODUCT.fullmatch(sku.upper()) is not None


def _fault_of_sku(sku: str) -> str:
    if not sku:
        return _("The code is missing.")
    if len(sku) > _LONGEST_SKU:
        return _("The code is longer than %(limit)d characters.") % {"limit": _LONGEST_SKU}
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
