from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from common.templatetags.ui import quantity, unit_price
from purchasing.models import OrderCounter, OutboundMail, PurchaseOrder, PurchaseOrderLine, Receipt
from tenancy.admin import ReadOnlyShopModelAdmin, ShopInline


class LineInline(ShopInline):
    model = PurchaseOrderLine
    fields = ("product", "shown_quantity", "shown_received", "shown_suggested", "shown_unit_cost", "reason")
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("Quantity"))
    def shown_quantity(self, line: PurchaseOrderLine) -> str:
        return quantity(line.quantity)

    @admin.display(description=_("Received"))
    def shown_received(self, line: PurchaseOrderLine) -> str:
        return quantity(line.received)

    @admin.display(description=_("Suggested"))
    def shown_suggested(self, line: PurchaseOrderLine) -> str:
        return quantity(line.suggested)

    @admin.display(description=_("Unit cost"))
    def shown_unit_cost(self, line: PurchaseOrderLine) -> str:
        return unit_price(line.unit_cost, line.shop)


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(ReadOnlyShopModelAdmin):
    list_display = ("number", "supplier", "warehouse", "state", "created_at", "sent_at", "expected_on", "pdf")
    list_filter = ("state",)
    list_select_related = ("supplier", "warehouse", "shop")
    search_fields = ("number",)
    inlines = (LineInline,)

    @admin.display(description=_("PDF"))
    def pdf(self, order: PurchaseOrder) -> str:
        """Opens for members of the shop: an operator who is none has no business with its costs."""
        address = reverse("order_pdf", args=[order.shop.slug, order.number])
        return format_html('<a href="{}">{}.pdf</a>', address, order.number)


@admin.register(OutboundMail)
class OutboundMailAdmin(ReadOnlyShopModelAdmin):
    list_display = ("created_at", "order", "kind", "revision", "to", "state", "attempts", "sent_at")
    list_filter = ("state", "kind")
    list_select_related = ("order",)
    search_fields = ("to", "message_id", "order__number")
    exclude = ("content",)


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyShopModelAdmin):
    list_display = ("received_at", "order", "posting", "undone_at")
    list_select_related = ("order", "posting")
    search_fields = ("order__number",)


@admin.register(OrderCounter)
class OrderCounterAdmin(ReadOnlyShopModelAdmin):
    list_display = ("year", "last")
