"""Orders as the API tells them."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from catalog.models import SupplierProduct
from catalog.prices import Rate, rates_by_currency, terms_with_breaks
from common.units import write_amount, write_percent, write_quantity, write_unit_price
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.money import totals_of, value_of
from purchasing.packs import misfit
from tenancy.api import may
from tenancy.permissions import Permission


def order_data(request: Request, order: PurchaseOrder, rates: dict[str, Rate]) -> dict[str, Any]:
    answer = {
        "number": order.number,
        "revision": order.revision,
        "state": order.state,
        "supplier": order.supplier.name,
        "warehouse": order.warehouse.code,
        "created_at": order.created_at,
        "approved_at": order.approved_at,
        "sent_at": order.sent_at,
        "wanted_on": order.asked_on or order.wanted_on,
        "expected_on": order.expected_on,
        "opened_at": order.opened_at,
        "confirmed_at": order.confirmed_at,
        "answer_open": order.answer_open,
        "is_automatic": order.is_automatic,
        "currency": order.currency,
    }
    if may(request, Permission.COSTS_VIEW):
        totals = totals_of(order)
        value = value_of(order, rates)
        answer |= {
            "net": write_amount(totals.net, order.currency),
            "freight": write_amount(totals.freight, order.currency),
            "taxes": [
                {"rate": write_percent(tax.rate), "amount": write_amount(tax.amount, order.currency)}
                for tax in totals.taxes
            ],
            "total": write_amount(totals.total, order.currency),
            "value": None if value is None else write_amount(value, order.shop.currency),
        }
    return answer


def order_detail(request: Request, order: PurchaseOrder) -> dict[str, Any]:
    lines = order.lines.select_related("product").order_by("id")
    if not order.is_draft:
        lines = lines.filter(quantity__gt=0)
    terms = terms_with_breaks(order.supplier_id, [line.product_id for line in lines])
    return order_data(request, order, rates_by_currency()) | {
        "note": order.note,
        "lines": [_line(request, order, line, terms.get(line.product_id)) for line in lines],
    }


def _line(
    request: Request, order: PurchaseOrder, line: PurchaseOrderLine, terms: SupplierProduct | None
) -> dict[str, Any]:
    found = misfit(terms, line.quantity) if order.is_draft else None
    answer = {
        "sku": line.product.sku,
        "name": line.product.name,
        "quantity": write_quantity(line.quantity),
        "received": write_quantity(line.received),
        "suggested": _quantity(line.suggested),
        "is_edited": line.is_edited,
        "confirmed_quantity": _quantity(line.confirmed_quantity),
        "confirmed_on": line.confirmed_on,
        "warning": found.text if found else None,
    }
    if may(request, Permission.COSTS_VIEW):
        answer["unit_cost"] = write_unit_price(line.unit_cost, order.currency)
        answer["total"] = write_amount(line.amount, order.currency)
    return answer


def _quantity(value: int | None) -> str | None:
    return None if value is None else write_quantity(value)
