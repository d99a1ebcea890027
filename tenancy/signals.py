"""What floors above may follow."""

from django.dispatch import Signal

# Sent by create_shop inside the new shop's scope and transaction, with `shop`.
shop_created = Signal()
