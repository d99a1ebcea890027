"""Questions to the floors above before a change: whoever knows why not raises Conflict."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with `warehouse` before it is archived.
warehouse_archiving = Signal()
# Sent with `product`, as it will be, and `before`, as it is, before its unit or its decimals change.
product_unit_changing = Signal()
