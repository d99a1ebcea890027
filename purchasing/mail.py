"""Writes the mails to suppliers: HTML and plain text that say the same, and the order as PDF."""

from __future__ import annotations

from email.headerregistry import Address
from email.utils import format_datetime, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from common.templatetags.ui import amount
from common.text import one_line
from purchasing import queries
from purchasing.document import Document, changes_between, document_at, in_language_of, long_day
from purchasing.links import supplier_url
from purchasing.models import OutboundMail
from purchasing.pdf import printed
from tenancy.context import current_shop
from tenancy.models import Shop

# What asks for an answer brings the whole order along.
WITH_PDF = (OutboundMail.Kind.ORDER, OutboundMail.Kind.CHANGE)


def compose(mail: OutboundMail) -> EmailMultiAlternatives:
    """The mail as a message with its fixed Message-ID. Call inside the shop's scope."""
    document = document_at(mail.order, mail.revision)
    with in_language_of(document):
        name = str(mail.kind)
        context = _context(mail, document)
        message = EmailMultiAlternatives(
            subject=one_line(_subject(mail, document))[:200],
            body=render_to_string(f"purchasing/mail/{name}.txt", context),
            from_email=_from(current_shop()),
            to=[mail.to],
            reply_to=[one_line(document.shop.email)] if document.shop.email else None,
            headers={"Message-ID": mail.message_id, "Date": format_datetime(timezone.now())},
        )
        message.attach_alternative(render_to_string(f"purchasing/mail/{name}.html", context), "text/html")
        if mail.kind in WITH_PDF:
            message.attach(f"{document.number}.pdf", printed(document), "application/pdf")
        return message


def _context(mail: OutboundMail, document: Document) -> dict[str, Any]:
    context = {
        "document": document,
        "sender": sender_name(current_shop()),
        "wanted_on": long_day(document.wanted_on),
        "written_at": timezone.now(),
        "language": get_language(),
        "link": supplier_url(mail.order, to=mail.to) if mail.kind in WITH_PDF else "",
    }
    if mail.kind == OutboundMail.Kind.CHANGE:
        old = document_at(mail.order, queries.revision_told_before(mail))
        context |= {"changes": changes_between(old, document), "old_wanted_on": long_day(old.wanted_on)}
    if mail.kind == OutboundMail.Kind.CLOSING:
        lines = [line for line in queries.ordered_lines(mail.order) if line.open_quantity]
        context["missing"] = [(line.product.name, line.open_quantity) for line in lines]
    return context


def sender_name(shop: Shop) -> str:
    return one_line(shop.sender_name or shop.name)


def _subject(mail: OutboundMail, document: Document) -> str:
    words = {
        "number": document.number,
        "shop": sender_name(current_shop()),
        "total": amount(document.total, document),
        "revision": document.revision,
    }
    if mail.kind == OutboundMail.Kind.CANCELLATION:
        return _("Order %(number)s from %(shop)s is cancelled") % words
    if mail.kind == OutboundMail.Kind.CLOSING:
        return _("Order %(number)s from %(shop)s is closed") % words
    if mail.kind == OutboundMail.Kind.CHANGE:
        return _("Order %(number)s from %(shop)s has changed, revision %(revision)s") % words
    return _("Order %(number)s from %(shop)s, %(total)s") % words


def _from(shop: Shop) -> str:
    """The shop's name at the installation's address: mail servers accept only their own domain."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return str(Address(display_name=sender_name(shop), addr_spec=address))
