"""Rows of a file of suppliers and their terms against the catalogue.

One row for each supplier, or one for each product of a supplier with its terms; what a row says of
the supplier holds for all its rows. A blank cell leaves what there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import time
from typing import Any, ClassVar, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Model
from django.utils.translation import gettext as _

from catalog.models import CURRENCY_CODE, PriceBreak, Product, Supplier, SupplierProduct
from catalog.price_breaks import Break, check_breaks, read_breaks, write_breaks
from common.errors import BadInput
from common.importing import guessed_names as names
from common.importing.columns import Columns, Field
from common.importing.faults import FileFault
from common.importing.table import Record
from common.search_key import search_key
from common.units import QUANTITY_SCALE, currency_decimals, write_amount, write_quantity, write_unit_price
from imports.models import Change
from imports.staging import Outcome, Staged, refused
from tenancy.context import current_shop
from tenancy.models import User

FIELDS = (
    Field("name", "supplier suppliername vendor vendorname name lieferant fournisseur 供应商", required=True),
    Field("email", "email mail orderemail emailfororders"),
    Field("contact_name", "contact contactname person"),
    Field("phone", "telephone phone tel"),
    Field("language", "language"),
    Field("address", "address"),
    Field("currency", "currency"),
    Field("lead_time_days", "leadtimedays leadtime"),
    Field("review_days", "daysbetweenorders reviewdays review"),
    Field("order_days", "orderdays weekdays"),
    Field("order_cut_off", "orderby cutoff ordercutoff"),
    Field("minimum_order_value", "minimumordervalue minordervalue minimum"),
    Field("freight", "freightperorder freight"),
    Field("free_freight_from", "freefreightfrom freefreight"),
    Field("order_cost", "ordercost costofplacinganorder"),
    Field("is_active", "inuse active isactive"),
    Field("sku", names.SKU),
    Field("supplier_code", "theircode suppliercode vendorcode supplierssku"),
    Field("unit_cost", f"{names.COST} price"),
    Field("pack", "pack packsize"),
    Field("minimum_quantity", "moq minimumquantity minquantity"),
    Field("breaks", "pricebreaks breaks"),
    Field("priority", "priority"),
)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
YES_NO = {"yes": "yes", "true": "yes", "1": "yes", "no": "", "false": "", "0": ""}
LANGUAGES = {code.casefold(): code for code, _name in settings.LANGUAGES}
ANY_DAY = "any"

_OF_TERMS = ("supplier_code", "unit_cost", "pack", "minimum_quantity", "priority")


class _Plan(NamedTuple):
    supplier_key: str
    supplier_name: str
    of_supplier: dict[str, Any]
    product_id: int | None
    of_terms: dict[str, Any]
    breaks: list[Break] | None


class SupplierStager:
    fills: ClassVar[Sequence[type[Model]]] = (Supplier, SupplierProduct, PriceBreak)

    def __init__(self, columns: Columns) -> None:
        self.shop = current_shop()
        self.columns = columns
        self.suppliers = {_key(supplier.name): supplier for supplier in Supplier.objects.all()}
        self.told: dict[tuple[str, str], Any] = {}
        self.new: set[str] = set()
        self.seen: dict[str, int] = {}

    # ---- looking --------------------------------------------------------------------------

    def stage(self, rows: Sequence[Record]) -> list[Staged]:
        self.products, self.terms = self._load(rows)
        staged = []
        for row in rows:
            try:
                staged.append(self._stage(row))
            except FileFault as fault:
                staged.append(refused(fault, row))
        return staged

    def _load(
        self, rows: Sequence[Record]
    ) -> tuple[dict[str, Product], dict[tuple[str, int], SupplierProduct]]:
        keys = {search_key(row.said("sku")) for row in rows} - {""}
        products = {product.sku_key: product for product in Product.objects.filter(sku_key__in=keys)}
        found = SupplierProduct.objects.filter(product__in=[product.pk for product in products.values()])
        found = found.select_related("supplier").prefetch_related("breaks")
        return products, {(_key(term.supplier.name), term.product_id): term for term in found}

    def _stage(self, row: Record) -> Staged:
        name = row.needed("name", longest=120)
        key = _key(name)
        supplier = self.suppliers.get(key)
        of_supplier = self._read_supplier(row, key, supplier)
        sku = row.text("sku", longest=64)
        product = self._product(row, sku, key)
        of_terms, breaks = self._read_terms(row, key, supplier, product, of_supplier)
        says_more = key not in self.new or any((key, field) not in self.told for field in of_supplier)
        is_new = supplier is None and says_more
        term = self.terms.get((key, product.pk)) if product else None
        unsaid = {field: value for field, value in of_supplier.items() if (key, field) not in self.told}
        changes = self._changes(supplier, unsaid, term, of_terms, breaks)
        # Only now: a row that was refused has said nothing.
        self.new |= {key} if supplier is None else set()
        self.told.update({(key, field): value for field, value in of_supplier.items()})
        plan = _Plan(key, name, of_supplier, product.pk if product else None, of_terms, breaks)
        shown = f"{product.sku} {product.name}" if product else name
        if is_new or (product and term is None):
            return Staged(row.number, Outcome.NEW, name, shown, plan=plan)
        outcome = Outcome.CHANGED if changes else Outcome.UNCHANGED
        return Staged(row.number, outcome, name, shown, changes, plan=plan)

    def _product(self, row: Record, sku: str | None, key: str) -> Product | None:
        if sku is None:
            return None
        product = self.products.get(search_key(sku))
        if product is None:
            fault = _("There is no product with this code.")
            raise row.fault("sku", fault, _("Import the products first, or mend the code."))
        earlier = self.seen.setdefault(f"{key}\n{product.pk}", row.number)
        if earlier != row.number:
            fault = _("Row %(row)d is about the same product of this supplier.") % {"row": earlier}
            raise row.fault("sku", fault)
        return product

    def _read_supplier(self, row: Record, key: str, supplier: Supplier | None) -> dict[str, Any]:
        active = row.choice("is_active", YES_NO)
        currency = self._currency(row, supplier)
        money = currency or (supplier.currency if supplier else "") or self.told.get((key, "currency"), "")
        money = money or self.shop.currency
        values = {
            "email": self._email(row),
            "contact_name": row.text("contact_name", longest=120),
            "phone": row.text("phone", longest=40),
            "language": row.choice("language", LANGUAGES),
            "address": row.text("address", longest=500),
            "currency": currency,
            "lead_time_days": row.days("lead_time_days"),
            "review_days": row.days("review_days", least=1),
            "order_days": self._order_days(row),
            "order_cut_off": self._cut_off(row),
            "minimum_order_value": row.amount("minimum_order_value", money),
            "freight": row.amount("freight", money),
            "free_freight_from": row.amount("free_freight_from", money),
            "order_cost": row.amount("order_cost", self.shop.currency),
            "is_active": None if active is None else bool(active),
        }
        said = {field: value for field, value in values.items() if value is not None}
        for field, value in said.items():
            if self.told.get((key, field), value) != value:
                raise row.fault(field, _("An earlier row says something else about this supplier."))
        return said

    def _email(self, row: Record) -> str | None:
        email = row.text("email", longest=254)
        if email is not None:
            try:
                validate_email(email)
            except ValidationError as error:
                raise row.fault("email", _("This is no e-mail address.")) from error
        return email

    def _currency(self, row: Record, supplier: Supplier | None) -> str | None:
        text = row.text("currency", longest=40)
        if text is None:
            return None
        code = text.upper()
        try:
            CURRENCY_CODE(code)
        except ValidationError as error:
            raise row.fault("currency", error.messages[0]) from error
        own = self.shop.currency
        was, will = (supplier.currency if supplier else "") or own, code
        other_decimals = currency_decimals(was) != currency_decimals(will)
        if supplier and other_decimals and supplier.terms.exists():
            fault = _("Its terms are in %(currency)s; another number of decimals would misread them.")
            raise row.fault("currency", fault % {"currency": was})
        return "" if code == own else code

    def _order_days(self, row: Record) -> list[int] | None:
        text = row.text("order_days")
        if text is None:
            return None
        if text.casefold() == ANY_DAY:
            return []
        known = {name.casefold(): number for number, name in enumerate(WEEKDAYS)}
        days = [known.get(word[:3].casefold()) for word in text.replace(",", " ").split()]
        if None in days:
            raise row.fault("order_days", _("Write weekdays like “Mon Thu”, or “any”."))
        return [day for day in range(7) if day in days]

    def _cut_off(self, row: Record) -> str | None:
        text = row.text("order_cut_off")
        if text is None:
            return None
        try:
            return time.fromisoformat(text.zfill(5)).isoformat("minutes")
        except ValueError as error:
            raise row.fault("order_cut_off", _("Write a time like 14:00.")) from error

    def _read_terms(
        self,
        row: Record,
        key: str,
        supplier: Supplier | None,
        product: Product | None,
        of_supplier: dict[str, Any],
    ) -> tuple[dict[str, Any], list[Break] | None]:
        if product is None:
            return {}, None
        currency = of_supplier.get("currency", supplier.currency if supplier else "")
        currency = currency or self.told.get((key, "currency"), "") or self.shop.currency
        term = self.terms.get((key, product.pk))
        values: dict[str, Any] = {
            "supplier_code": row.text("supplier_code", longest=64),
            "unit_cost": row.unit_price("unit_cost", currency),
            "pack": self._quantity(row, "pack", product, least=1),
            "minimum_quantity": self._quantity(row, "minimum_quantity", product, least=0),
            "priority": row.days("priority", least=1, most=1_000),
        }
        cost = values["unit_cost"]
        if cost is None and term is not None:
            cost = term.unit_cost
        if cost is None:
            raise row.fault("unit_cost", _("New terms need a unit cost."))
        breaks = self._breaks(row, currency, cost, term)
        return {name: value for name, value in values.items() if value is not None}, breaks

    def _quantity(self, row: Record, name: str, product: Product, *, least: int) -> int | None:
        quantity = row.quantity(name)
        if quantity is None:
            return None
        if quantity < least:
            raise row.fault(name, _("A pack holds more than nothing."))
        if quantity % QUANTITY_SCALE and not product.has_decimals:
            raise row.fault(name, _("This product is kept in whole units."))
        return quantity

    def _breaks(
        self, row: Record, currency: str, cost: int, term: SupplierProduct | None
    ) -> list[Break] | None:
        text = row.text("breaks", longest=1_000)
        have = _breaks_of(term) if term else []
        try:
            said = None if text is None else read_breaks(text, currency)
            check_breaks(have if said is None else said, cost)
        except BadInput as error:
            fault = next(iter(error.fields.values()), [error.detail])[0]
            raise row.fault("breaks", str(fault), _("Write them like 48:0.95;96:0.90.")) from error
        return said

    def _changes(
        self,
        supplier: Supplier | None,
        of_supplier: dict[str, Any],
        term: SupplierProduct | None,
        of_terms: dict[str, Any],
        breaks: list[Break] | None,
    ) -> list[tuple[str, str, str]]:
        currency = (supplier.currency if supplier else "") or self.shop.currency
        both = [(supplier, of_supplier), (term, of_terms)]
        changes = [
            (name, self._shown(name, have, supplier), self._shown(name, value, supplier))
            for row, values in both
            if row is not None
            for name, value in values.items()
            if (have := _plain(getattr(row, name))) != value
        ]
        if term is not None and breaks is not None and breaks != _breaks_of(term):
            changes.append(
                ("breaks", write_breaks(_breaks_of(term), currency), write_breaks(breaks, currency))
            )
        return changes

    def _shown(self, name: str, value: Any, supplier: Supplier | None) -> str:
        currency = (supplier.currency if supplier else "") or self.shop.currency
        if value is None or value == "":
            return ""
        if name == "unit_cost":
            return write_unit_price(value, currency)
        if name in {"minimum_order_value", "freight", "free_freight_from"}:
            return write_amount(value, currency)
        if name == "order_cost":
            return write_amount(value, self.shop.currency)
        if name in {"pack", "minimum_quantity"}:
            return write_quantity(value)
        if name == "order_days":
            return write_order_days(value)
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        return str(value)

    # ---- writing --------------------------------------------------------------------------

    def write(self, staged: Sequence[Staged], actor: User | None) -> list[Change]:
        changes = self._write_suppliers([row.plan for row in staged])
        plans = [row.plan for row in staged if row.plan.product_id is not None]
        return changes + self._write_terms(plans)

    def _write_suppliers(self, plans: Sequence[_Plan]) -> list[Change]:
        wanted: dict[str, tuple[str, dict[str, Any]]] = {}
        for plan in plans:
            name, values = wanted.setdefault(plan.supplier_key, (plan.supplier_name, {}))
            values.update(plan.of_supplier)
        changes = []
        for key, (name, values) in wanted.items():
            supplier = self.suppliers.get(key)
            if supplier is None:
                supplier = self.suppliers[key] = Supplier(name=name, **values)
                supplier.save()
                supplier.refresh_from_db()
                changes.append(_change("supplier", supplier, None, {"name": name} | values))
                continue
            before = {field: _plain(getattr(supplier, field)) for field in values}
            before = {field: have for field, have in before.items() if have != values[field]}
            if before:
                after = {field: values[field] for field in before}
                for field, value in after.items():
                    setattr(supplier, field, value)
                supplier.save()
                supplier.refresh_from_db()
                changes.append(_change("supplier", supplier, before, after))
        return changes

    def _write_terms(self, plans: Sequence[_Plan]) -> list[Change]:
        new, changed, changes = [], [], []
        for plan in plans:
            term = self.terms.get((plan.supplier_key, int(plan.product_id or 0)))
            if term is None:
                term = SupplierProduct(product_id=int(plan.product_id or 0), **plan.of_terms)
                term.supplier = self.suppliers[plan.supplier_key]
                new.append((term, plan))
                continue
            before = {name: getattr(term, name) for name in plan.of_terms}
            before = {name: have for name, have in before.items() if have != plan.of_terms[name]}
            after = {name: plan.of_terms[name] for name in before}
            have_breaks = _breaks_of(term)
            if plan.breaks is not None and plan.breaks != have_breaks:
                before["breaks"], after["breaks"] = have_breaks, plan.breaks
            for name, value in after.items():
                if name != "breaks":
                    setattr(term, name, value)
            if after:
                changed.append((term, plan))
                changes.append(_change("terms", term, before, after))
        SupplierProduct.objects.bulk_create([term for term, _plan in new], batch_size=1_000)
        SupplierProduct.objects.bulk_update([term for term, _plan in changed], _OF_TERMS, batch_size=500)
        rebroken = [(term, plan.breaks) for term, plan in (*new, *changed) if plan.breaks is not None]
        set_breaks(rebroken)
        for term, plan in new:
            changes.append(_change("terms", term, None, plan.of_terms | {"breaks": plan.breaks or []}))
        return changes

    def finish(self, rows: Iterable[Record], actor: User | None) -> list[Change]:
        return []


def _key(name: str) -> str:
    """Suppliers are known by their names in any case, whatever blanks a file pads them with."""
    return " ".join(name.split()).casefold()


def write_order_days(days: Sequence[int]) -> str:
    return " ".join(WEEKDAYS[day] for day in days) or ANY_DAY


def set_breaks(rebroken: Sequence[tuple[SupplierProduct, Sequence[Break]]]) -> None:
    """All price breaks of some terms, in place of those that there are."""
    PriceBreak.objects.filter(terms__in=[term.pk for term, _breaks in rebroken]).delete()
    PriceBreak.objects.bulk_create(
        (
            PriceBreak(terms=term, minimum_quantity=quantity, unit_cost=cost)
            for term, breaks in rebroken
            for quantity, cost in breaks
        ),
        batch_size=1_000,
    )


def _breaks_of(term: SupplierProduct) -> list[Break]:
    return [(each.minimum_quantity, each.unit_cost) for each in term.breaks.all()]


def _plain(value: Any) -> Any:
    if isinstance(value, time):
        return value.isoformat("minutes")
    return value.strip() if isinstance(value, str) else value


def _change(about: str, row: Any, before: dict[str, Any] | None, after: dict[str, Any]) -> Change:
    return Change(about=about, object_id=row.pk, name=str(row), before=before, after=after)
