"""What a supplier reads stays what was approved."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import TaxRate
from purchasing.document import VERSION, changes_between, document_at, document_of, read
from purchasing.pdf import order_pdf
from purchasing.services import approval, drafts, revisions

pytestmark = pytest.mark.django_db


@pytest.fixture
def approved(shop, trade):
    trade.product.purchase_tax = TaxRate.objects.create(name="VAT", rate=20_00)
    trade.product.save()
    return approval.approve(trade.draft(12_000), actor=trade.owner, by_mail=False)


def test_nothing_in_the_catalogue_changes_what_was_approved(shop, trade, approved):
    before, printed = document_of(approved), order_pdf(approved)
    trade.product.name, trade.product.sku = "Another name", "OTHER"
    trade.product.purchase_tax = None
    trade.product.save()
    trade.supplier.name, trade.supplier.address, trade.supplier.freight = "Renamed", "Elsewhere", 99_00
    trade.supplier.language = "zh-hans"
    trade.supplier.save()
    trade.supplier.terms.update(unit_cost=1, supplier_code="NEW", pack=7_000)
    trade.warehouse.address = "Elsewhere"
    trade.warehouse.save()
    shop.name, shop.tax_number = "Renamed", "NEW"
    shop.save()
    approved.refresh_from_db()
    assert document_of(approved) == before
    assert order_pdf(approved) == printed


def test_a_draft_follows_the_catalogue(trade):
    order = trade.draft(12_000)
    trade.product.name = "Another name"
    trade.product.save()
    document = document_of(order)
    assert document.is_draft
    assert document.lines[0].name == "Another name"


def test_the_content_is_plain_json_and_reads_back_the_same(approved):
    content = approved.revisions.get().content
    assert content["version"] == VERSION
    again = read(json.loads(json.dumps(content)))
    assert again == document_of(approved)
    assert (again.net, again.total, again.taxes[0].amount) == (55_20, 66_24, 11_04)


def test_the_document_says_who_orders_and_where_to(shop, trade):
    shop.address, shop.tax_number, shop.contact_name = "High Street 14", "GB 123", "Ines"
    shop.phone, shop.reply_to = "01584", "ines@marlow.example"
    trade.supplier.contact_name, trade.supplier.phone = "Jo", "01568"
    trade.supplier.save()
    document = document_of(trade.draft())
    assert (document.shop.address, document.shop.tax_number, document.shop.contact) == (
        *("High Street 14", "GB 123"),
        "Ines",
    )
    assert (document.shop.phone, document.shop.email) == ("01584", "ines@marlow.example")
    assert (document.supplier.contact, document.supplier.phone) == ("Jo", "01568")
    assert document.deliver_to.name == trade.warehouse.name


def test_undo_takes_the_frozen_revision_back_and_approving_freezes_anew(trade):
    order = approval.approve(trade.draft(12_000), actor=trade.owner)
    order = approval.undo_approval(order, actor=trade.owner)
    assert not order.revisions.exists()
    drafts.set_quantity(order.lines.get(), quantity=24_000, actor=trade.owner)
    order = approval.approve(order, actor=trade.owner)
    assert document_of(order).lines[0].quantity == 24_000
    assert document_of(order).revision == 1


def test_changes_name_what_is_new_gone_and_different(trade, approved):
    new = trade.list_product()
    day = timezone.localdate() + timedelta(days=30)
    line = approved.lines.get()
    order = revisions.change(
        approved, quantities={line.pk: 0}, added=[(new, 3_000)], wanted_on=day, note="x", actor=None
    )
    changes = changes_between(document_at(order, 1), document_at(order, 2))
    gone, added = changes.lines
    assert (gone.old.quantity, gone.new) == (12_000, None)
    assert (added.old, added.new.quantity) == (None, 3_000)
    assert changes.day_changed
    assert changes.note_changed
