"""An order as its supplier reads it: what the PDF, the mail and the supplier's page say alike.

Approving freezes it as `OrderRevision.content`, so that a later change of a name, an address or a
price in the catalogue changes nothing that was sent. A draft is read from the catalogue as it is.

`content` is plain JSON, in the units of common.units, days as ISO text:

    {"version": 1, "number", "revision", "ordered_on", "wanted_on" (or null), "currency", "note",
     "language": of the supplier,
     "shop", "deliver_to", "supplier": {"name", "address", "contact", "phone", "email", "tax_number"},
     "lines": [{"line": id of the order's line, "product": id, "sku", "name", "supplier_code", "unit",
                "quantity", "pack", "unit_cost", "amount", "tax_rate"}],
     "net", "freight", "taxes": [{"rate", "amount"}], "total"}

A reader of an older version stands in `read`; nothing that is stored is rewritten.
`document_of(order)` gives the order's present revision, `document_at(order, n)` an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from babel.dates import format_date
from django.conf import settings
from django.utils import timezone, translation

from catalog.prices import terms_with_breaks
from common.templatetags.ui import babel_locale
from common.units import QUANTITY_SCALE
from purchasing import queries
from purchasing.models import OrderRevision, PurchaseOrder
from purchasing.money import Tax, tax_of, totals_of
from tenancy.context import current_shop

VERSION = 1


@dataclass(frozen=True, slots=True)
class Party:
    """A name with its address; what is not known is empty."""

    name: str
    address: str = ""
    contact: str = ""
    phone: str = ""
    email: str = ""
    tax_number: str = ""


@dataclass(frozen=True, slots=True)
class DocumentLine:
    line: int  # the id of the order's line
    product: int
    sku: str
    name: str
    supplier_code: str
    unit: str
    quantity: int
    pack: int
    unit_cost: int
    amount: int
    tax_rate: int

    @property
    def packs(self) -> int | None:
        """How many packs it is; None where a pack is one unit, or where packs would be cut."""
        whole = self.pack != QUANTITY_SCALE and self.quantity % self.pack == 0
        return self.quantity // self.pack if whole else None

    @property
    def code(self) -> str:
        """What the supplier looks the product up by."""
        return self.supplier_code or self.sku


@dataclass(frozen=True, slots=True)
class Document:
    number: str
    revision: int
    is_draft: bool
    ordered_on: date
    wanted_on: date | None
    currency: str
    note: str
    language: str
    shop: Party
    deliver_to: Party
    supplier: Party
    lines: tuple[DocumentLine, ...]
    net: int
    freight: int
    taxes: tuple[Tax, ...]
    total: int

    @property
    def is_taxed(self) -> bool:
        return bool(self.taxes)


# ---- reading -------------------------------------------------------------------------------------


def document_of(order: PurchaseOrder) -> Document:
    """The order as it stands: its latest frozen revision, or a draft."""
    return document_at(order, order.revision)


def document_at(order: PurchaseOrder, revision: int) -> Document:
    """The order as of a revision. A cancellation has none of its own and says what it cancels."""
    frozen = None if order.is_draft else order.revisions.filter(revision__lte=revision).last()
    if frozen is None:
        return read(content_of(order), is_draft=order.is_draft)
    return read(frozen.content)


def read(content: dict[str, Any], *, is_draft: bool = False) -> Document:
    wanted_on = content["wanted_on"]
    return Document(
        is_draft=is_draft,
        ordered_on=date.fromisoformat(content["ordered_on"]),
        wanted_on=date.fromisoformat(wanted_on) if wanted_on else None,
        shop=Party(**content["shop"]),
        deliver_to=Party(**content["deliver_to"]),
        supplier=Party(**content["supplier"]),
        lines=tuple(DocumentLine(**line) for line in content["lines"]),
        taxes=tuple(Tax(**tax) for tax in content["taxes"]),
        **{name: content[name] for name in _PLAIN},
    )


_PLAIN = ("number", "revision", "currency", "note", "language", "net", "freight", "total")


# ---- freezing ------------------------------------------------------------------------------------


def freeze(order: PurchaseOrder, *, before: dict[str, Any] | None = None) -> OrderRevision:
    """Keep the order's present revision as it is now. The caller holds the order's lock."""
    return OrderRevision.objects.create(
        order=order, revision=order.revision, content=content_of(order), before=before or {}
    )


def content_of(order: PurchaseOrder) -> dict[str, Any]:
    """The order as data, from its lines and the catalogue as they are now."""
    shop, supplier, warehouse = current_shop(), order.supplier, order.warehouse
    lines = list(queries.ordered_lines(order))
    terms = terms_with_breaks(order.supplier_id, [line.product_id for line in lines])
    totals = totals_of(order, lines)
    day = timezone.localdate(order.approved_at or timezone.now(), timezone=shop.zone)
    wanted_on = order.asked_on or order.expected_on or order.wanted_on
    rows = []
    for line in lines:
        term = terms.get(line.product_id)
        rows.append(
            DocumentLine(
                line=line.pk,
                product=line.product_id,
                sku=line.product.sku,
                name=line.product.name,
                supplier_code=term.supplier_code if term else "",
                unit=line.product.unit,
                quantity=line.quantity,
                pack=term.pack if term else QUANTITY_SCALE,
                unit_cost=line.unit_cost,
                amount=line.amount,
                tax_rate=tax_of(order, line),
            )
        )
    return {
        "version": VERSION,
        "number": order.number,
        "revision": order.revision,
        "ordered_on": day.isoformat(),
        "wanted_on": wanted_on.isoformat() if wanted_on else None,
        "currency": order.currency,
        "note": order.note,
        "language": supplier.language if supplier.language in dict(settings.LANGUAGES) else shop.language,
        "shop": asdict(
            Party(shop.name, shop.address, shop.contact_name, shop.phone, shop.reply_to, shop.tax_number)
        ),
        "deliver_to": asdict(Party(warehouse.name, warehouse.address)),
        "supplier": asdict(
            Party(supplier.name, supplier.address, supplier.contact_name, supplier.phone, supplier.email)
        ),
        "lines": [asdict(row) for row in rows],
        "net": totals.net,
        "freight": totals.freight,
        "taxes": [asdict(tax) for tax in totals.taxes],
        "total": totals.total,
    }


# ---- what a revision changed ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line as it was and as it is; None where it was not there, or is not any more."""

    old: DocumentLine | None
    new: DocumentLine | None

    @property
    def line(self) -> DocumentLine:
        found = self.new or self.old
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Changes:
    old: Document
    new: Document
    lines: tuple[LineChange, ...]

    @property
    def day_changed(self) -> bool:
        return self.old.wanted_on != self.new.wanted_on

    @property
    def note_changed(self) -> bool:
        return self.old.note != self.new.note


def changes_between(old: Document, new: Document) -> Changes:
    before = {line.line: line for line in old.lines}
    after = {line.line: line for line in new.lines}
    pairs = [
        (before.get(key), after.get(key)) for key in [*before, *(key for key in after if key not in before)]
    ]
    return Changes(old, new, tuple(LineChange(*pair) for pair in pairs if _differ(*pair)))


def _differ(old: DocumentLine | None, new: DocumentLine | None) -> bool:
    if old is None or new is None:
        return True
    return (old.quantity, old.unit_cost) != (new.quantity, new.unit_cost)


# ---- words ---------------------------------------------------------------------------------------


@contextmanager
def in_language_of(document: Document) -> Iterator[None]:
    """Words in the language of the document, days by the shop's clock."""
    with translation.override(document.language), timezone.override(current_shop().zone):
        yield


def long_day(value: date | None) -> str:
    """`Friday 27 November 2026` in the language in force."""
    if value is None:
        return ""
    locale = babel_locale()
    pattern = "EEEE d MMMM y" if locale.language == "en" else "full"
    return format_date(value, pattern, locale=locale)
