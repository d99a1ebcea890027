"""What somebody must be allowed in order to record a kind of posting: one table for pages and API."""

from __future__ import annotations

from stock.models import Kind
from tenancy.permissions import Permission

NEEDED: dict[str, Permission] = {
    Kind.OPENING: Permission.STOCK_CORRECT,
    Kind.SALE: Permission.STOCK_SELL,
    Kind.CUSTOMER_RETURN: Permission.STOCK_MOVE,
    Kind.RECEIPT: Permission.STOCK_RECEIVE,
    Kind.SUPPLIER_RETURN: Permission.STOCK_CORRECT,
    Kind.TRANSFER: Permission.STOCK_MOVE,
    Kind.COUNT: Permission.STOCK_COUNT,
    Kind.WRITE_OFF: Permission.STOCK_MOVE,
    Kind.CORRECTION: Permission.STOCK_CORRECT,
}
