from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from purchasing.pdf import order_pdf, printable
from purchasing.services import approval, drafts
from tests.factories import make_product
from tests.purchasing.conftest import set_terms

pytestmark = pytest.mark.django_db


def text_of(order):
    reader = PdfReader(io.BytesIO(order_pdf(order)))
    return [page.extract_text() for page in reader.pages]


def test_the_pdf_says_who_what_and_how_much(shop, trade):
    shop.name, shop.tax_number = "Marlow Lane Gifts", "GB 123 4567 89"
    trade.warehouse.address = "High Street 14\nLudlow SY8 1AB"
    trade.warehouse.save()
    trade.supplier.address = "Kiln Yard 3\nLeominster"
    trade.supplier.save()
    product = make_product(sku="NC-233", name="Tin candle, fir & clove <20 h>")
    set_terms(trade.supplier, product, supplier_code="FIR-TIN-20", pack=12_000)
    order = trade.draft(36_000, product)
    drafts.set_note(order, note="Please pack upright.\nThank you.", actor=trade.owner)
    order = approval.approve(order, actor=trade.owner)
    (text,) = text_of(order)
    for words in (
        *(order.number, "Revision 1", "Marlow Lane Gifts", "High Street 14", "Ludlow SY8 1AB"),
        *("Kiln Yard 3", trade.supplier.name, "FIR-TIN-20", "NC-233", "Tin candle, fir & clove <20 h>"),
        *("3 × 12", "36", "£4.60", "£165.60", "Please pack upright.", "page 1 of 1"),
    ):
        assert words in text


def test_chinese_names_print_beside_latin_codes(shop, trade):
    trade.supplier.name = "景德镇瓷器厂 Ltd"
    trade.supplier.address = "江西省景德镇市昌江区瓷都大道1号"
    trade.supplier.language = "zh-hans"
    trade.supplier.save()
    product = make_product(name="青花茶杯 white/blue")
    set_terms(trade.supplier, product, supplier_code="JDZ-茶-01")
    (text,) = text_of(approval.approve(trade.draft(24_000, product), actor=trade.owner))
    for words in (
        "供应商",
        "第 1 页，共 1 页",
        "景德镇瓷器厂",
        "Ltd",
        "瓷都大道",
        "青花茶杯",
        "white/blue",
        "JDZ",
        "茶",
    ):
        assert words in text
    assert "■" not in text


def test_letters_that_no_font_has_are_replaced():
    for text in ("Łódź, Čapek, Ő, naïve €5", "Ελλάδα Москва 茶 カタカナ ₺"):
        assert printable(text) == text
    assert printable("5 − 2 \U0001f56f ｱ") == "5 - 2 ? ｱ"


def test_fonts_beyond_helvetica_are_embedded_so_that_every_reader_sees_them(shop, trade):
    product = make_product(name="青花茶杯 Łódź")
    set_terms(trade.supplier, product)
    reader = PdfReader(io.BytesIO(order_pdf(trade.draft(24_000, product))))
    fonts = reader.pages[0]["/Resources"]["/Font"].values()
    embedded = [font["/BaseFont"] for font in fonts if "/FontFile2" in font.get("/FontDescriptor", {})]
    assert any("DroidSansFallback" in name for name in embedded)
    assert any("DejaVuSans" in name for name in embedded)


def test_a_long_order_repeats_its_heading_and_counts_its_pages(shop, trade):
    order = trade.draft()
    for _ in range(70):
        drafts.add_line(order, product=trade.list_product(), quantity=1_000, actor=trade.owner)
    pages = text_of(approval.approve(order, actor=trade.owner))
    assert len(pages) > 1
    for number, text in enumerate(pages, start=1):
        assert f"page {number} of {len(pages)}" in text
        assert "Your code" in text


def test_an_address_of_very_many_lines_still_fits_on_the_page(trade):
    trade.supplier.address = "\n".join(f"a{number}" for number in range(120))
    trade.supplier.save()
    (text,) = text_of(trade.draft(24_000))
    assert "a8\na9, a10" in text
    assert "a119" in text


def test_a_draft_says_that_it_is_none_yet(trade):
    (text,) = text_of(trade.draft())
    assert "Draft, not an order yet" in text
