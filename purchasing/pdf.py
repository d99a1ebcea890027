"""An order as PDF, A4. ReportLab is imported when the first one is printed: the web process stays small."""

from __future__ import annotations

import io
import unicodedata
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _

from common.templatetags.ui import amount, number, percent, quantity, unit_price
from purchasing.document import (
    Document,
    DocumentLine,
    Party,
    document_at,
    document_of,
    in_language_of,
    long_day,
)
from purchasing.models import PurchaseOrder

LATIN, LATIN_BOLD = "Helvetica", "Helvetica-Bold"
# In the folder beside this file, with their licences: other European scripts, and Chinese and Japanese.
WIDE, CHINESE = "DejaVuSans", "DroidSansFallbackFull"
FONTS = Path(__file__).parent / "fonts"
MARGIN = 40
FRAME_PADDING = 6  # ReportLab's own, inside the margins


def order_pdf(order: PurchaseOrder, revision: int | None = None) -> bytes:
    """A revision of the order, the present one if none is named, in its supplier's language.

    Call inside the shop's scope.
    """
    return printed(document_of(order) if revision is None else document_at(order, revision))


def printed(document: Document) -> bytes:
    from reportlab.platypus import SimpleDocTemplate

    with in_language_of(document):
        out = io.BytesIO()
        template = SimpleDocTemplate(
            out,
            title=_("Order %(number)s") % {"number": document.number},
            author=document.shop.name,
            pagesize=_a4(),
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=44,
            bottomMargin=56,
            invariant=1,  # the same order gives the same bytes
        )
        template.build(_story(document), canvasmaker=_numbered_canvas(document))
        return out.getvalue()


def _a4() -> tuple[float, float]:
    from reportlab.lib.pagesizes import A4

    return A4


# ---- fonts and text -----------------------------------------------------------------------------


@cache
def _letters_of(font: str) -> frozenset[int]:
    """The characters of a bundled font. Reading it registers it; PDFs embed what they use of it."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    face = TTFont(font, str(FONTS / f"{font}.ttf"))
    pdfmetrics.registerFont(face)
    return frozenset(face.face.charToGlyph)


@cache
def font_of(character: str) -> str:
    """The font that has the character, or nothing: Helvetica if it can, which needs no embedding."""
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        known = (font for font in (WIDE, CHINESE) if ord(character) in _letters_of(font))
        return next(known, "")
    return LATIN


def printable(text: str) -> str:
    """`text` with what no font has replaced by its plain letter, at worst by a question mark."""
    return "".join(c if font_of(c) else _plain_letter(c) for c in text.replace("\u2212", "-"))


def _plain_letter(character: str) -> str:
    base = unicodedata.normalize("NFKD", character)
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

    story = [
        _paragraph(_("Order %(number)s") % {"number": document.number}, size=18, bold=True),
        Spacer(1, 4),
        _paragraph(_under_title(document), grey=True),
        Spacer(1, 18),
        _addresses(document),
        Spacer(1, 20),
        _lines(document),
        Spacer(1, 8),
        _totals(document),
    ]
    if document.note:
        story += [
            Spacer(1, 18),
            _paragraph(_("Note"), bold=True),
            _paragraph(document.note),
        ]
    return story


def _under_title(document: Document) -> str:
    words = {"revision": document.revision, "day": long_day(document.ordered_on)}
    if document.is_draft:
        return _("Draft, not an order yet. %(day)s.") % words
    return _("Revision %(revision)s, %(day)s.") % words


def _addresses(document: Document) -> Any:
    from reportlab.platypus import Table, TableStyle

    shop, delivery = document.shop, document.deliver_to
    blocks = [
        (_("Supplier"), _lines_of(document.supplier)),
        (_("Ordered by"), _lines_of(shop)),
        (_("Deliver to"), [shop.name, delivery.name, _folded(delivery.address or shop.address)]),
    ]
    cells = [
        [_paragraph(heading, size=8, grey=True), _paragraph("\n".join(row for row in rows if row))]
        for heading, rows in blocks
    ]
    if document.wanted_on:
        wanted = _("Please deliver by %(day)s") % {"day": long_day(document.wanted_on)}
        cells[2].append(_paragraph(wanted, bold=True))
    table = Table([cells], colWidths=[166, 172, 165], hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 12),
            ]
        )
    )
    return table


def _lines_of(party: Party) -> list[str]:
    tax_number = _("Tax number %(number)s") % {"number": party.tax_number} if party.tax_number else ""
    return [party.name, _folded(party.address), party.contact, party.phone, party.email, tax_number]


def _folded(address: str) -> str:
    """An address in at most ten lines, the last of which takes in the rest: it must fit on a page."""
    lines = [line.strip() for line in address.splitlines() if line.strip()]
    return "\n".join([*lines[:9], ", ".join(lines[9:])]).strip()


def _lines(document: Document) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Table, TableStyle

    left, right = [_("Your code"), _("Product")], [_("Packs"), _("Quantity"), _("Unit cost")]
    widths: list[float] = [76, 175, 60, 56, 64, 72]
    if document.is_taxed:
        right.append(_("Tax"))
        widths = [70, 151, 54, 56, 62, 40, 70]
    headings = [_paragraph(text, size=8, grey=True) for text in left]
    headings += [_paragraph(text, size=8, grey=True, right=True) for text in [*right, _("Net")]]
    rows = [headings, *(_row(line, document) for line in document.lines)]
    table = Table(rows, colWidths=widths, repeatRows=1, hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, HexColor("#dfe5e5")),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-2, -1), 6),
                ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
            ]
        )
    )
    return table


def _row(line: DocumentLine, document: Document) -> list[Any]:
    packs = "" if line.packs is None else f"{number(line.packs)} × {quantity(line.pack)}"
    cells = [
        _paragraph(line.supplier_code),
        [_paragraph(line.name), _paragraph(line.sku, size=8, grey=True)],
        _paragraph(packs, right=True),
        [
            _paragraph(quantity(line.quantity), right=True),
            _paragraph(line.unit, size=8, grey=True, right=True),
        ],
        _paragraph(unit_price(line.unit_cost, document), right=True),
    ]
    if document.is_taxed:
        cells.append(_paragraph(percent(line.tax_rate), right=True))
    return [*cells, _paragraph(amount(line.amount, document), right=True)]


def _totals(document: Document) -> Any:
    """The sums, which stay together on one page."""
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Table, TableStyle

    rows = [(_("Goods"), document.net), (_("Delivery"), document.freight)]
    rows += [(_("Tax %(rate)s") % {"rate": percent(tax.rate)}, tax.amount) for tax in document.taxes]
    cells = [
        [_paragraph(label, right=True, grey=True), _paragraph(amount(value, document), right=True)]
        for label, value in rows
    ]
    total = _("Total with tax") if document.is_taxed else _("Total")
    cells.append(
        [
            _paragraph(total, right=True, bold=True),
            _paragraph(amount(document.total, document), right=True, bold=True),
        ]
    )
    table = Table(cells, colWidths=[120, 100], hAlign="RIGHT")
    table.setStyle(
        TableStyle(
            [
                ("RIGHTPADDING", (0, 0), (0, -1), 6),
                ("RIGHTPADDING", (1, 0), (1, -1), 0),
                ("LINEABOVE", (0, -1), (-1, -1), 0.5, HexColor("#14201f")),
                ("NOSPLIT", (0, 0), (-1, -1)),
            ]
        )
    )
    return table


def _numbered_canvas(document: Document) -> Any:
    from reportlab.pdfgen.canvas import Canvas

    class Numbered(Canvas):
        """Writes “page x of y”, for which all pages must be known; a draft says so across each."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.finished: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self.finished.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for place, page in enumerate(self.finished, start=1):
                self.__dict__.update(page)
                words = {"number": document.number, "page": place, "pages": len(self.finished)}
                self.foot(_("%(number)s · page %(page)s of %(pages)s") % words)
                if document.is_draft:
                    self.mark(_("Draft"))
                super().showPage()
            super().save()

        def foot(self, text: str) -> None:
            footer = _paragraph(text, size=8, grey=True, right=True)
            inner = MARGIN + FRAME_PADDING
            footer.wrap(self._pagesize[0] - 2 * inner, 20)
            footer.drawOn(self, inner, 28)

        def mark(self, text: str) -> None:
            self.saveState()
            self.setFillGray(0.5, 0.16)
            self.translate(self._pagesize[0] / 2, self._pagesize[1] / 2)
            self.rotate(52)
            self.setFont(LATIN_BOLD if font_of(text[0]) == LATIN else font_of(text[0]), 150)
            self.drawCentredString(0, -50, text)
            self.restoreState()

    return Numbered
