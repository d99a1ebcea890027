"""Words for what this app writes into the audit."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from common.templatetags.ui import amount, quantity, unit_price
from tenancy.registry import Writer

ACTIONS = {
    "product.add": gettext_lazy("Product added"),
    "product.change": gettext_lazy("Product changed"),
    "product.delete": gettext_lazy("Product deleted"),
    "product.picture": gettext_lazy("Picture changed"),
    "product.barcodes": gettext_lazy("Barcodes changed"),
    "supplier.add": gettext_lazy("Supplier added"),
    "supplier.change": gettext_lazy("Supplier changed"),
    "supplierproduct.add": gettext_lazy("Terms added"),
    "supplierproduct.change": gettext_lazy("Terms changed"),
    "supplierproduct.remove": gettext_lazy("Terms removed"),
    "supplierproduct.breaks": gettext_lazy("Price breaks changed"),
    "supplierclosure.add": gettext_lazy("Closure of a supplier added"),
    "supplierclosure.change": gettext_lazy("Closure of a supplier changed"),
    "supplierclosure.remove": gettext_lazy("Closure of a supplier removed"),
    "family.change": gettext_lazy("Family renamed"),
    "taxrate.add": gettext_lazy("Tax rate added"),
    "taxrate.change": gettext_lazy("Tax rate changed"),
    "taxrate.remove": gettext_lazy("Tax rate removed"),
    "currencyrate.add": gettext_lazy("Exchange rate added"),
    "currencyrate.remove": gettext_lazy("Exchange rate removed"),
    "warehouse.add": gettext_lazy("Warehouse added"),
    "warehouse.change": gettext_lazy("Warehouse changed"),
    "warehouse.locations": gettext_lazy("Places of a warehouse changed"),
    "products.imported": gettext_lazy("Products imported"),
    "suppliers.imported": gettext_lazy("Suppliers imported"),
}

# Rows name what they are about in the audit itself; keys say nothing to a reader.
FIELDS: dict[str, Writer] = {
    "id": None,
    "shop": None,
    "product": None,
    "supplier": None,
    "price": unit_price,
    "cost": unit_price,
    "unit_cost": unit_price,
    "pack": lambda value, shop: quantity(value),
    "minimum_quantity": lambda value, shop: quantity(value),
    "minimum_order_value": amount,
    "order_cost": amount,
    "freight": amount,
    "free_freight_from": amount,
}
