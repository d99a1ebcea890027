"""The sheets on which people record what happened: one for each kind of posting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

from stock.models import Kind

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_QUANTITY = gettext_lazy("Quantity")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What distinguishes one kind's sheet from the others."""

    kind: Kind
    url_name: str
    list_url: str
    title: _StrPromise
    intro: _StrPromise
    verb: _StrPromise
    done: _StrPromise
    quantity_label: _StrPromise = _QUANTITY
    document_label: _StrPromise | None = None
    reason_label: _StrPromise | None = None
    takes_cost: bool = False


SALE = Sheet(
    Kind.SALE,
    "sale_new",
    "sales",
    gettext_lazy("Record a sale"),
    gettext_lazy("What left the shop with a customer."),
    gettext_lazy("Post the sale"),
    gettext_lazy("The sale is posted."),
    document_label=gettext_lazy("Receipt number"),
)
CUSTOMER_RETURN = Sheet(
    Kind.CUSTOMER_RETURN,
    "return_new",
    "sales",
    gettext_lazy("Take goods back"),
    gettext_lazy("What a customer brought back and can be sold again."),
    gettext_lazy("Post the return"),
    gettext_lazy("The return is posted."),
    document_label=gettext_lazy("Receipt number"),
)
RECEIPT = Sheet(
    Kind.RECEIPT,
    "receipt_new",
    "ledger",
    gettext_lazy("Receive without an order"),
    gettext_lazy("Goods that came and stand on no order here."),
    gettext_lazy("Post the receipt"),
    gettext_lazy("The receipt is posted."),
    document_label=gettext_lazy("Delivery note"),
    takes_cost=True,
)
OPENING = Sheet(
    Kind.OPENING,
    "opening_new",
    "ledger",
    gettext_lazy("Enter opening stock"),
    gettext_lazy("What stands on the shelves on the day you begin, and what it cost."),
    gettext_lazy("Post the opening stock"),
    gettext_lazy("The opening stock is posted."),
    takes_cost=True,
)
TRANSFER = Sheet(
    Kind.TRANSFER,
    "transfer_new",
    "transfers",
    gettext_lazy("Move stock"),
    gettext_lazy("From one warehouse to another; it keeps its cost."),
    gettext_lazy("Post the transfer"),
    gettext_lazy("The transfer is posted."),
    document_label=gettext_lazy("Note"),
)
WRITE_OFF = Sheet(
    Kind.WRITE_OFF,
    "write_off_new",
    "ledger",
    gettext_lazy("Write off"),
    gettext_lazy("Goods that are broken, spoilt, stolen or given away."),
    gettext_lazy("Post the write-off"),
    gettext_lazy("The write-off is posted."),
    reason_label=gettext_lazy("Reason"),
)
CORRECTION = Sheet(
    Kind.CORRECTION,
    "correction_new",
    "ledger",
    gettext_lazy("Correct the ledger"),
    gettext_lazy("For what no other sheet fits. If somebody counted, record a count instead."),
    gettext_lazy("Post the correction"),
    gettext_lazy("The correction is posted."),
    quantity_label=gettext_lazy("Change, + or −"),
    reason_label=gettext_lazy("Reason"),
)
COUNT = Sheet(
    Kind.COUNT,
    "count_new",
    "counts",
    gettext_lazy("Count by scanning"),
    gettext_lazy("What is on the shelf. Blank is not counted; 0 says that the shelf is empty."),
    gettext_lazy("Post the count"),
    gettext_lazy("The count is posted."),
    quantity_label=gettext_lazy("Counted"),
)
