"""Files of products, and of suppliers with their terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from catalog import exporting
from catalog.importing import products, suppliers
from catalog.importing.taking_back import take_back
from imports.exporting import Export
from imports.models import Change, FileImport
from imports.reading import columns_of
from imports.row_kinds import RowKind
from imports.staging import records_of, row_limit
from tenancy.models import User
from tenancy.permissions import Permission


class Products(RowKind):
    name = "products"
    label = _("Products")
    place = 1
    intro = _("One row for each product. One that is there already is changed; blank cells change nothing.")
    permission = Permission.CATALOG_EDIT
    fields = products.FIELDS
    action = "products.imported"
    labels: ClassVar = {
        "sku": _("SKU"),
        "name": _("Name"),
        "category": _("Category"),
        "unit": _("Stock unit"),
        "has_decimals": _("Sold in parts"),
        "price": _("Price"),
        "cost": _("Cost"),
        "state": _("State"),
        "barcodes": _("Barcodes"),
        "family": _("Family"),
        "size": _("Size"),
        "colour": _("Colour"),
        "sales_tax": _("Tax when sold"),
        "purchase_tax": _("Tax when bought"),
        "replaced_by": _("Replaced by"),
        "sells_like": _("Sells like"),
        "shelf_life_days": _("Shelf life, days"),
        "volume": _("Storage volume, ml"),
    }

    def export(self, *, with_costs: bool) -> Export:
        return exporting.products(with_costs=with_costs)

    def stager(self, file_import: FileImport) -> products.ProductStager:
        limit = row_limit()
        return products.ProductStager(
            columns_of(file_import), all_rows=lambda: records_of(file_import, limit)
        )

    def take_back(self, changes: Sequence[Change], actor: User | None) -> None:
        take_back(changes, actor)


class Suppliers(RowKind):
    name = "suppliers"
    label = _("Suppliers")
    place = 3
    intro = _("One row for each supplier, or for each product of a supplier with its terms.")
    permission = Permission.CATALOG_EDIT
    fields = suppliers.FIELDS
    action = "suppliers.imported"
    labels: ClassVar = {
        "name": _("Supplier"),
        "email": _("E-mail"),
        "contact_name": _("Contact"),
        "phone": _("Telephone"),
        "language": _("Language"),
        "address": _("Address"),
        "currency": _("Currency"),
        "lead_time_days": _("Lead time, days"),
        "review_days": _("Days between orders"),
        "order_days": _("Order days"),
        "order_cut_off": _("Order by"),
        "minimum_order_value": _("Minimum order value"),
        "freight": _("Freight per order"),
        "free_freight_from": _("Free freight from"),
        "order_cost": _("Cost of placing an order"),
        "is_active": _("In use"),
        "sku": _("SKU"),
        "supplier_code": _("Their code"),
        "unit_cost": _("Unit cost"),
        "pack": _("Pack"),
        "minimum_quantity": _("MOQ"),
        "breaks": _("Price breaks"),
        "priority": _("Priority"),
    }

    def export(self, *, with_costs: bool) -> Export:
        return exporting.suppliers(with_costs=with_costs)

    def stager(self, file_import: FileImport) -> suppliers.SupplierStager:
        return suppliers.SupplierStager(columns_of(file_import))

    def take_back(self, changes: Sequence[Change], actor: User | None) -> None:
        take_back(changes, actor)
