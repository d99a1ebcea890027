"""An order as PDF, A4. ReportLab is imported when the first one is printed: the web process stays small."""

from __future__ import annotations

import io
import unicodedata
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from django.utils import timezone
from django.utils.translation import gettext as _

from common.templatetags.ui import amount, day, quantity, unit_price
from common.units import QUANTITY_SCALE
from purchasing.document import Document, DocumentLine, document_of, in_supplier_language, long_day
from purchasing.models import PurchaseOrder

LATIN, LATIN_BOLD, CHINESE = "Helvetica", "Helvetica-Bold", "STSong-Light"


def order_pdf(order: PurchaseOrder) -> bytes:
    """The order in its supplier's language. Call inside the shop's scope."""
    from reportlab.platypus import SimpleDocTemplate

    _register_fonts()
    with in_supplier_language(order):
        document = document_of(order)
        out = io.BytesIO()
        template = SimpleDocTemplate(
            out,
            title=_("Order %(number)s") % {"number": order.number},
            author=document.shop.name,
            pagesize=_a4(),
            leftMargin=40,
            rightMargin=40,
            topMargin=44,
            bottomMargin=52,
            invariant=1,  # the same order gives the same bytes
        )
        template.build(_story(document), canvasmaker=_numbered_canvas(order))
        return out.getvalue()


def _a4() -> tuple[float, float]:
    from reportlab.lib.pagesizes import A4

    return A4


def _register_fonts() -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    if CHINESE not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))


# ---- text ---------------------------------------------------------------------------------------


def font_of(character: str) -> str:
    """The built-in font that has the character, or nothing.

    Helvetica knows Western European letters, the Chinese font also Greek and Cyrillic ones.
    """
    for font, encoding in ((LATIN, "cp1252"), (CHINESE, "gbk")):
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            continue
        return font
    return ""


def printable(text: str) -> str:
    """`text` with what no built-in font has replaced: `ł` by `l`, at worst by a question mark."""
    return "".join(c if font_of(c) else _plain_letter(c) for c in text.replace("\u2212", "-"))


_LETTERS = str.maketrans("łŁđĐħĦıĸŧŦ", "lLdDhHiktT")


def _plain_letter(character: str) -> str:
    base = unicodedata.normalize("NFKD", character.translate(_LETTERS))
    return "".join(c for c in base if font_of(c) and not unicodedata.combining(c)) or "?"


def marked_up(text: object, *, bold: bool = False) -> str:
    """ReportLab's markup with each run of characters in a font that has them; line breaks kept."""
    latin = LATIN_BOLD if bold else LATIN
    runs = (
        (latin if font == LATIN else font, "".join(group))
        for font, group in groupby(printable(str(text)), key=font_of)
    )
    return "".join(
        f'<font name="{font}">{escape(run)}</font>'.replace("\r", "").replace("\n", "<br/>")
        for font, run in runs
    )


def _paragraph(
    text: object, *, size: float = 9, right: bool = False, bold: bool = False, grey: bool = False
) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    shown = str(text)
    style = ParagraphStyle(
        "text",
        fontName=LATIN,
        fontSize=size,
        leading=size * 1.4,
        alignment=2 if right else 0,
        textColor=HexColor("#5d6b70" if grey else "#14201f"),
        # Chinese has no spaces to break a line at.
        wordWrap="CJK" if any(font_of(c) == CHINESE for c in shown) else None,
    )
    return Paragraph(marked_up(shown, bold=bold), style)


# ---- the page -----------------------------------------------------------------------------------


def _story(document: Document) -> list[Any]:
    from reportlab.platypus import Spacer

    order = document.order
    story = [
        _paragraph(_("Order %(number)s") % {"number": order.number}, size=18, bold=True),
        Spacer(1, 4),
        _paragraph(_under_title(document), grey=True),
        Spacer(1, 18),
        _addresses(document),
        Spacer(1, 20),
        _lines(document),
    ]
    if order.note:
        story += [
            Spacer(1, 18),
            _paragraph(_("Note"), bold=True),
            _paragraph(order.note),
        ]
    return story


def _under_title(document: Document) -> str:
    order = document.order
    words = {
        "revision": order.revision,
        "day": long_day(timezone.localdate(order.approved_at or order.created_at)),
    }
    if order.is_draft:
        return _("Draft, not an order yet. Revision %(revision)s, %(day)s.") % words
    return _("Revision %(revision)s, %(day)s.") % words


def _addresses(document: Document) -> Any:
    from reportlab.platypus import Table, TableStyle

    order, shop = document.order, document.shop
    blocks = [
        (_("Supplier"), [order.supplier.name, _folded(order.supplier.address), order.supplier.email]),
        (_("Ordered by"), [shop.sender_name or shop.name, shop.reply_to]),
        (_("Deliver to"), [shop.name, order.warehouse.name, _folded(order.warehouse.address)]),
    ]
    cells = [
        [_paragraph(heading, size=8, grey=True), _paragraph("\n".join(row for row in rows if row))]
        for heading, rows in blocks
    ]
    if order.expected_on:
        wanted = _("Expected on %(day)s") % {"day": day(order.expected_on)}
        cells[2].append(_paragraph(wanted, bold=True))
    table = Table([cells], colWidths=[174, 150, 179], hAlign="LEFT")
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]))
    return table


def _folded(address: str) -> str:
    """An address in at most ten lines, the last of which takes in the rest: it must fit on a page."""
    lines = [line.strip() for line in address.splitlines() if line.strip()]
    return "\n".join([*lines[:9], ", ".join(lines[9:])]).strip()


def _lines(document: Document) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Table, TableStyle

    shop = document.shop
    headings = [
        _paragraph(_("Your code"), size=8, grey=True),
        _paragraph(_("Product"), size=8, grey=True),
        _paragraph(_("Packs"), size=8, grey=True, right=True),
        _paragraph(_("Quantity"), size=8, grey=True, right=True),
        _paragraph(_("Unit cost"), size=8, grey=True, right=True),
        _paragraph(_("Total"), size=8, grey=True, right=True),
    ]
    total = ["", "", "", "", _paragraph(_("Total"), bold=True, right=True)]
    total.append(_paragraph(amount(document.total, shop), bold=True, right=True))
    rows = [headings, *(_row(line, document) for line in document.lines), total]
    table = Table(rows, colWidths=[80, 187, 62, 54, 56, 64], repeatRows=1, hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -2), 0.5, HexColor("#dfe5e5")),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-2, -1), 6),
                ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
                ("NOSPLIT", (0, -2), (-1, -1)),  # a total never stands alone on a page
            ]
        )
    )
    return table


def _row(line: DocumentLine, document: Document) -> list[Any]:
    product = line.line.product
    packs = "" if line.packs is None else f"{quantity(line.packs * QUANTITY_SCALE)} × {quantity(line.pack)}"
    return [
        _paragraph(line.supplier_code),
        [_paragraph(product.name), _paragraph(product.sku, size=8, grey=True)],
        _paragraph(packs, right=True),
        _paragraph(quantity(line.line.quantity), right=True),
        _paragraph(unit_price(line.line.unit_cost, document.shop), right=True),
        _paragraph(amount(line.line.amount, document.shop), right=True),
    ]


def _numbered_canvas(order: PurchaseOrder) -> Any:
    from reportlab.pdfgen.canvas import Canvas

    class Numbered(Canvas):
        """Writes “page x of y”, for which all pages must be known."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.finished: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self.finished.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self.finished, start=1):
                self.__dict__.update(page)
                words = {"number": order.number, "page": number, "pages": len(self.finished)}
                text = _("%(number)s · page %(page)s of %(pages)s") % words
                footer = _paragraph(text, size=8, grey=True, right=True)
                footer.wrap(self._pagesize[0] - 92, 20)
                footer.drawOn(self, 46, 28)
                super().showPage()
            super().save()

    return Numbered
