"""Rows of a file of products against the catalogue.

A blank cell leaves what there is; a row of a product that exists changes it. Barcodes of a row are
added to those that the product has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from django.db.models import Model
from django.utils.translation import gettext as _

from catalog.gtin import has_wrong_check_digit, spellings
from catalog.models import Barcode, Category, Family, Product, ProductWord, TaxRate
from catalog.queries import clean_code
from catalog.signals import product_unit_changing
from common.errors import ParstockError
from common.importing import guessed_names as names
from common.importing.columns import Columns, Field
from common.importing.faults import FileFault, RowFault
from common.importing.table import Record
from common.search_key import search_key
from common.units import MAX_QUANTITY, write_unit_price
from imports.models import Change
from imports.staging import Outcome, Staged, refused
from tenancy.context import current_shop
from tenancy.models import User

FIELDS = (
    Field("sku", names.SKU, required=True),
    Field("name", names.NAME),
    Field("category", names.CATEGORY),
    Field("unit", names.UNIT),
    Field("has_decimals", "soldinparts hasdecimals decimals"),
    Field("price", names.PRICE),
    Field("cost", names.COST),
    Field("state", "state status zustand estado tila"),
    Field("barcodes", names.BARCODE),
    Field("family", "family variantof parent modelname"),
    Field("size", "size grosse taille talla koko pullokoko 尺寸"),
    Field("colour", "colour color farbe couleur vari 颜色"),
    Field("sales_tax", "taxwhensold salestax vat tax"),
    Field("purchase_tax", "taxwhenbought purchasetax"),
    Field("replaced_by", "replacedby successor"),
    Field("sells_like", "sellslike"),
    Field("shelf_life_days", "shelflifedays shelflife"),
    Field("volume", "storagevolumeml storagevolume volumeml"),
)

YES_NO = {"yes": "yes", "true": "yes", "1": "yes", "no": "", "false": "", "0": ""}
STATES = {value: value for value in Product.State.values}
LINKS = ("replaced_by", "sells_like")
_RUINED = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)
_PARTED = re.compile(r"[|;\n]")

# Product's own fields that are kept as they stand when a change is taken back.
_KEPT = (
    *("name", "unit", "has_decimals", "price", "cost", "state", "size", "colour"),
    *("shelf_life_days", "volume", "category_id", "family_id", "sales_tax_id", "purchase_tax_id"),
    *("replaced_by_id", "sells_like_id"),
)


class _Plan(NamedTuple):
    """What is to be written for a row: values by attribute, names of what may have to be made."""

    product: Product | None
    sku: str
    values: dict[str, Any]
    category: str
    family: str
    barcodes: list[str]


@dataclass(slots=True)
class _Batch:
    """What the shop has of the things that a batch of rows speaks of."""

    products: dict[str, Product]
    owners: dict[str, str]  # spelling of a barcode -> key of its product


class ProductStager:
    fills: ClassVar[Sequence[type[Model]]] = (Product, ProductWord, Barcode, Category, Family)

    def __init__(self, columns: Columns, *, all_rows: Callable[[], Iterable[Record]]) -> None:
        """all_rows: reads the file; asked where its rows refer to each other."""
        self.shop = current_shop()
        self.columns = columns
        self.taxes = {tax.name.casefold(): tax for tax in TaxRate.objects.all()}
        self.room = self.shop.product_limit - Product.objects.count()
        self.seen: dict[str, int] = {}
        self.claimed: dict[str, str] = {}
        self.refers = any(link in columns.index for link in LINKS)
        self.file_keys: set[str] = set()
        # Key of a product -> key of the one it points to, as the shop will have it.
        self.links: dict[str, dict[str, str]] = {link: {} for link in LINKS}
        if self.refers:
            self._read_links(all_rows())

    def _read_links(self, rows: Iterable[Record]) -> None:
        for link in LINKS:
            pointing = Product.objects.exclude(**{link: None}).order_by()
            self.links[link].update(pointing.values_list("sku_key", f"{link}__sku_key"))
        for row in rows:
            key = search_key(row.said("sku"))
            self.file_keys.add(key)
            for link in LINKS:
                target = search_key(row.said(link))
                if target:
                    self.links[link][key] = target

    # ---- looking --------------------------------------------------------------------------

    def stage(self, rows: Sequence[Record]) -> list[Staged]:
        batch = self._load(rows)
        staged = []
        for row in rows:
            try:
                staged.append(self._stage(row, batch))
            except FileFault as fault:
                staged.append(refused(fault, row))
        return staged

    def _load(self, rows: Sequence[Record]) -> _Batch:
        keys = {search_key(row.said("sku")) for row in rows}
        linked = {search_key(row.said(link)) for row in rows for link in LINKS} - {""}
        wanted = Product.objects.filter(sku_key__in=keys | linked)
        related = ("category", "family", "sales_tax", "purchase_tax", "replaced_by", "sells_like")
        found = {product.sku_key: product for product in wanted.select_related(*related)}
        codes = {
            spelling for row in rows for code in _codes(row.said("barcodes")) for spelling in spellings(code)
        }
        owners = Barcode.objects.filter(code__in=codes).values_list("code", "product__sku_key")
        return _Batch(found, dict(owners))

    def _stage(self, row: Record, batch: _Batch) -> Staged:
        sku = row.needed("sku", longest=64)
        key = search_key(sku)
        if _RUINED.fullmatch(sku):
            raise row.fault("sku", _ruined(), _set_to_text())
        earlier = self.seen.setdefault(key, row.number)
        if earlier != row.number:
            raise row.fault("sku", _("Row %(row)d is about the same product.") % {"row": earlier})
        product = batch.products.get(key)
        if product is None and not sku.isprintable():
            fault = _("There are signs in this code that nobody sees.")
            raise row.fault("sku", fault, _("Type the code anew."))
        plan, remarks = self._read(row, sku, key, product, batch)
        if product is None:
            if self.room <= 0:
                limit = _("This shop may keep %(limit)d products.") % {"limit": self.shop.product_limit}
                raise row.fault("sku", limit)
            self.room -= 1
            name = plan.values.get("name", sku)
            return Staged(row.number, Outcome.NEW, sku, name, remarks=remarks, plan=plan)
        changes = self._changes(product, plan, row)
        outcome = Outcome.CHANGED if changes else Outcome.UNCHANGED
        return Staged(row.number, outcome, product.sku, product.name, changes, remarks=remarks, plan=plan)

    def _read(
        self, row: Record, sku: str, key: str, product: Product | None, batch: _Batch
    ) -> tuple[_Plan, list[RowFault]]:
        currency = self.shop.currency
        decimals = row.choice("has_decimals", YES_NO)
        values = {
            "name": row.text("name"),
            "unit": row.text("unit", longest=20),
            "has_decimals": None if decimals is None else bool(decimals),
            "price": row.unit_price("price", currency),
            "cost": row.unit_price("cost", currency),
            "state": row.choice("state", STATES),
            "size": row.text("size", longest=40),
            "colour": row.text("colour", longest=40),
            "shelf_life_days": row.days("shelf_life_days", least=1, most=36_500),
            "volume": row.whole("volume", most=MAX_QUANTITY),
            "sales_tax_id": self._tax(row, "sales_tax"),
            "purchase_tax_id": self._tax(row, "purchase_tax"),
        }
        if product:
            self._check_unit(row, product, values)
        for link in LINKS:
            self._check_link(row, link, key, batch)
        codes, remarks = self._barcodes(row, key, batch)
        told = {name: value for name, value in values.items() if value is not None}
        category, family = row.text("category", longest=120) or "", row.text("family", longest=120) or ""
        return _Plan(product, sku, told, category, family, codes), remarks

    def _check_unit(self, row: Record, product: Product, values: dict[str, Any]) -> None:
        """Quantities that were booked keep their meaning."""
        told = {name: values[name] for name in ("unit", "has_decimals") if values[name] is not None}
        changing = [name for name, value in told.items() if getattr(product, name) != value]
        if not changing:
            return
        trial = copy(product)
        for name in changing:
            setattr(trial, name, told[name])
        try:
            product_unit_changing.send(sender=Product, product=trial, before=product)
        except ParstockError as refusal:
            raise row.fault(changing[-1], refusal.detail) from refusal

    def _tax(self, row: Record, name: str) -> int | None:
        text = row.text(name, longest=60)
        if text is None:
            return None
        tax = self.taxes.get(text.casefold())
        if tax is None:
            advice = _("Make the rate under Settings first, or write the name of one that there is.")
            raise row.fault(name, _("There is no tax rate of this name."), advice)
        return tax.pk

    def _check_link(self, row: Record, name: str, own_key: str, batch: _Batch) -> None:
        text = row.text(name, longest=64)
        if text is None:
            return
        key = search_key(text)
        if key == own_key:
            raise row.fault(name, _("This is the product itself."))
        if self._leads_back(name, key, own_key):
            raise row.fault(name, _("This leads back to the product itself, by way of others."))
        if key not in batch.products and key not in self.file_keys:
            advice = _("Write the SKU of a product of this file or of the shop.")
            raise row.fault(name, _("There is no product with this code."), advice)

    def _leads_back(self, name: str, key: str, own_key: str) -> bool:
        seen: set[str] = set()
        step: str | None = key
        while step is not None and step not in seen:
            if step == own_key:
                return True
            seen.add(step)
            step = self.links[name].get(step)
        return False

    def _barcodes(self, row: Record, key: str, batch: _Batch) -> tuple[list[str], list[RowFault]]:
        """The row's barcodes that can be taken, and what is wrong with the others.

        One that a spreadsheet has ruined refuses the row: more than the code may be lost there.
        """
        taken, remarks = [], []
        for code in _codes(row.text("barcodes", longest=2_000) or ""):
            if _RUINED.fullmatch(code):
                raise row.fault("barcodes", _ruined(), _set_to_text())
            fault = self._fault_of(code, key, batch)
            if fault:
                told = _("The product is taken without this barcode.")
                remarks.append(row.remark("barcodes", fault, told))
                continue
            for spelling in spellings(code):
                self.claimed[spelling] = key
            if not any(batch.owners.get(spelling) == key for spelling in spellings(code)):
                taken.append(code)
        return taken, remarks

    def _fault_of(self, code: str, key: str, batch: _Batch) -> str:
        if len(code) > 64:
            return _("“%(code)s…” is longer than 64 characters.") % {"code": code[:20]}
        if not code.strip("0"):
            return _("Nothing but zeros is no barcode.")
        if has_wrong_check_digit(code):
            return _("“%(code)s” is mistyped: its last digit does not fit the others.") % {"code": code}
        for spelling in spellings(code):
            owner = self.claimed.get(spelling) or batch.owners.get(spelling)
            if owner is not None and owner != key:
                return _("“%(code)s” belongs to another product, %(sku)s.") % {"code": code, "sku": owner}
        return ""

    def _changes(self, product: Product, plan: _Plan, row: Record) -> list[tuple[str, str, str]]:
        changes = [
            (name.removesuffix("_id"), self._shown(name, getattr(product, name)), self._shown(name, value))
            for name, value in plan.values.items()
            if differs(getattr(product, name), value)
        ]
        for name, wanted in (("category", plan.category), ("family", plan.family)):
            have = getattr(product, name)
            if wanted and (have is None or have.name.casefold() != wanted.casefold()):
                changes.append((name, have.name if have else "", wanted))
        for name in LINKS:
            target, have = row.text(name), getattr(product, name)
            if target and (have is None or have.sku_key != search_key(target)):
                changes.append((name, have.sku if have else "", target))
        if plan.barcodes:
            changes.append(("barcodes", "", " | ".join(plan.barcodes)))
        return changes

    def _shown(self, name: str, value: Any) -> str:
        if value is None:
            return ""
        if name in {"price", "cost"}:
            return write_unit_price(value, self.shop.currency)
        if name in {"sales_tax_id", "purchase_tax_id"}:
            return next((tax.name for tax in self.taxes.values() if tax.pk == value), "")
        if name == "state":
            return str(Product.State(value).label)
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        return str(value)

    # ---- writing --------------------------------------------------------------------------

    def write(self, staged: Sequence[Staged], actor: User | None) -> list[Change]:
        changes: list[Change] = []
        plans = [row.plan for row in staged]
        categories = _named(Category, [plan.category for plan in plans], changes)
        families = _named(Family, [plan.family for plan in plans], changes)
        new, changed = [], []
        for plan in plans:
            values = dict(plan.values)
            if plan.category:
                values["category_id"] = categories[plan.category.casefold()]
            if plan.family:
                values["family_id"] = families[plan.family.casefold()]
            if plan.product is None:
                new.append((plan, Product(sku=plan.sku, **({"name": plan.sku} | values))))
            else:
                differing = {n: v for n, v in values.items() if differs(getattr(plan.product, n), v)}
                changed.append((plan, plan.product, differing))
        Product.objects.bulk_create([product for _plan, product in new])
        made = {id(plan): product for plan, product in new}
        self._update(changed, changes)
        for plan, product in new:
            after = {name: getattr(product, name) for name in _KEPT} | {"barcodes": plan.barcodes}
            changes.append(Change(about="product", object_id=product.pk, name=str(product), after=after))
        Barcode.objects.bulk_create(
            Barcode(product=made.get(id(plan)) or plan.product, code=code)
            for plan in plans
            for code in plan.barcodes
        )
        return changes

    def _update(
        self, changed: Sequence[tuple[_Plan, Product, dict[str, Any]]], changes: list[Change]
    ) -> None:
        touched: set[str] = set()
        for plan, product, differing in changed:
            before = {name: getattr(product, name) for name in differing}
            for name, value in differing.items():
                setattr(product, name, value)
            touched |= set(differing)
            after = differing | ({"barcodes": plan.barcodes} if plan.barcodes else {})
            if after:
                changes.append(
                    Change(
                        about="product", object_id=product.pk, name=str(product), before=before, after=after
                    )
                )
        if touched:
            fields = [name.removesuffix("_id") for name in touched]
            Product.objects.bulk_update(
                [product for _plan, product, differing in changed if differing], fields, batch_size=500
            )

    def finish(self, rows: Iterable[Record], actor: User | None) -> list[Change]:
        """References among products: only now all of them are there."""
        if not self.refers:
            return []
        ids = dict(Product.objects.order_by().values_list("sku_key", "pk"))
        wanted: dict[int, dict[str, int]] = {}
        for row in rows:
            product_id = ids.get(search_key(row.said("sku")))
            for link in LINKS:
                target = ids.get(search_key(row.said(link)))
                if product_id and target and product_id != target:
                    wanted.setdefault(product_id, {}).setdefault(f"{link}_id", target)
        changes = []
        linked = []
        for product in Product.objects.filter(pk__in=wanted):
            differing = {n: v for n, v in wanted[product.pk].items() if getattr(product, n) != v}
            if not differing:
                continue
            before = {name: getattr(product, name) for name in differing}
            for name, value in differing.items():
                setattr(product, name, value)
            linked.append(product)
            changes.append(
                Change(
                    about="product", object_id=product.pk, name=str(product), before=before, after=differing
                )
            )
        Product.objects.bulk_update(linked, list(LINKS), batch_size=500)
        return changes


def differs(have: Any, told: Any) -> bool:
    """Blanks around a text are not said by a file."""
    return (have.strip() if isinstance(have, str) else have) != told


def _codes(text: str) -> list[str]:
    return list(dict.fromkeys(filter(None, (clean_code(part) for part in _PARTED.split(text)))))


def _ruined() -> str:
    return _("A spreadsheet has turned this code into a rounded number; its last digits are lost.")


def _set_to_text() -> str:
    return _("Export again with the column set to text.")


def _named(model: Any, wanted: Iterable[str], changes: list[Change]) -> dict[str, int]:
    """Ids by name in any case; what there is none of is made."""
    wanted = {name.casefold(): name for name in reversed(list(wanted)) if name}
    have = {row.name.casefold(): row.pk for row in model.objects.all()} if wanted else {}
    missing = [model(name=name) for key, name in wanted.items() if key not in have]
    for row in model.objects.bulk_create(missing):
        have[row.name.casefold()] = row.pk
        about = model._meta.model_name
        changes.append(Change(about=about, object_id=row.pk, name=row.name, after={"name": row.name}))
    return have
