"""Changes to the catalogue, each with its line in the audit."""

from catalog.services.money import (
    remove_currency_rate,
    remove_tax_rate,
    save_currency_rate,
    save_tax_rate,
)
from catalog.services.products import (
    category_named,
    check_barcodes,
    delete_product,
    family_named,
    has_history,
    remove_picture,
    save_family,
    save_product,
    set_picture,
    set_product_state,
)
from catalog.services.suppliers import (
    remove_closure,
    remove_terms,
    save_closure,
    save_supplier,
    save_terms,
    set_closures,
)
from catalog.services.warehouses import open_first_warehouse, save_warehouse

__all__ = [
    "category_named",
    "check_barcodes",
    "delete_product",
    "family_named",
    "has_history",
    "open_first_warehouse",
    "remove_closure",
    "remove_currency_rate",
    "remove_picture",
    "remove_tax_rate",
    "remove_terms",
    "save_closure",
    "save_currency_rate",
    "save_family",
    "save_product",
    "save_supplier",
    "save_tax_rate",
    "save_terms",
    "save_warehouse",
    "set_closures",
    "set_picture",
    "set_product_state",
]
