"""Writes the mails to suppliers: HTML and plain text that say the same, and the order as PDF."""

from __future__ import annotations

from email.headerregistry import Address
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from common.templatetags.ui import amount
from common.text import one_line
from purchasing.document import Document, document_of, in_supplier_language, long_day
from purchasing.models import OutboundMail
from purchasing.pdf import order_pdf
from tenancy.models import Shop


def compose(mail: OutboundMail) -> EmailMultiAlternatives:
    """The mail as a message with its fixed Message-ID. Call inside the shop's scope."""
    with in_supplier_language(mail.order):
        document = document_of(mail.order)
        name = str(mail.kind)
        context = {
            "document": document,
            "order": mail.order,
            "shop": document.shop,
            "sender": sender_name(document.shop),
            "expected": long_day(mail.order.expected_on),
            "written_at": timezone.now(),
            "language": get_language(),
        }
        message = EmailMultiAlternatives(
            subject=one_line(_subject(mail, document))[:200],
            body=render_to_string(f"purchasing/mail/{name}.txt", context),
            from_email=_from(document.shop),
            to=[mail.to],
            reply_to=[one_line(document.shop.reply_to)] if document.shop.reply_to else None,
            headers={"Message-ID": mail.message_id, "Date": format_datetime(timezone.now())},
        )
        message.attach_alternative(render_to_string(f"purchasing/mail/{name}.html", context), "text/html")
        if mail.kind == OutboundMail.Kind.ORDER:
            message.attach(f"{mail.order.number}.pdf", order_pdf(mail.order), "application/pdf")
        return message


def sender_name(shop: Shop) -> str:
    return one_line(shop.sender_name or shop.name)


def _subject(mail: OutboundMail, document: Document) -> str:
    words = {
        "number": mail.order.number,
        "shop": sender_name(document.shop),
        "total": amount(document.total, document.shop),
    }
    if mail.kind == OutboundMail.Kind.CANCELLATION:
        return _("Order %(number)s from %(shop)s is cancelled") % words
    return _("Order %(number)s from %(shop)s, %(total)s") % words


def _from(shop: Shop) -> str:
    """The shop's name at the installation's address: mail servers accept only their own domain."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return str(Address(display_name=sender_name(shop), addr_spec=address))
