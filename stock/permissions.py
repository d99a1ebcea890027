"""What somebody must be allowed in order to record a kind of posting."""

from __future__ import annotations

from stock.models import Kind
from tenancy.permissions import Permission

NEEDED: dict[str, Permission] = {
    Kind.OPENING: Permission.STOCK_CORRECT,
    Kind.SALE: Permission.STOCK_SELL,
    Kind.CUSTOMER_RETURN: Permission.STOCK_SELL,
    Kind.RECEIPT: Permission.STOCK_RECEIVE,
    Kind.SUPPLIER_RETURN: Permission.STOCK_RECEIVE,
    Kind.TRANSFER: Permission.STOCK_MOVE,
    Kind.COUNT: Permission.STOCK_COUNT,
    Kind.WRITE_OFF: Permission.STOCK_CORRECT,
    Kind.CORRECTION: Permission.STOCK_CORRECT,
}
