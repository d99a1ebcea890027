"""The mails to suppliers, readable in the app as they were sent."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from catalog.models import Supplier
from catalog.services.suppliers import save_supplier
from common.forms import focus_first_error
from common.numbered_pages import numbered_page
from purchasing.forms import SendAgainForm
from purchasing.models import OutboundMail
from purchasing.services import outbox
from tenancy import audit
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

ROWS_PER_PAGE = 50
# How much of a mail's source a page shows; the rest is in the file.
SOURCE_SHOWN = 20_000


@require_GET
@require(Permission.ORDERS_EDIT)
def mails(request: ShopRequest) -> HttpResponse:
    rows = OutboundMail.objects.select_related("order__supplier").defer("content")
    state = request.GET.get("state", "")
    if state in OutboundMail.State.values:
        rows = rows.filter(state=state)
    page = numbered_page(rows, ROWS_PER_PAGE, request)
    tabs = [("", _("All")), *OutboundMail.State.choices]
    context = {"page": page, "state": state, "tabs": tabs, "query": f"state={state}&" if state else ""}
    return render(request, "purchasing/mails.html", context)


@require_GET
@require(Permission.ORDERS_EDIT)
def mail(request: ShopRequest, mail_id: int) -> HttpResponse:
    return _show(request, _find(mail_id))


def _show(request: ShopRequest, found: OutboundMail, again: SendAgainForm | None = None) -> HttpResponse:
    if again is None and _may_go_elsewhere(request, found):
        again = SendAgainForm(initial={"to": found.to})
    context: dict[str, object] = {"mail": found, "again": again}
    if found.content is not None:
        message = _parsed(found)
        body = message.get_body(("plain",))
        source = bytes(found.content).decode("utf-8", "replace")
        context |= {
            "headers": [
                (name, str(message[name]))
                for name in ("From", "Reply-To", "To", "Subject", "Date", "Message-ID")
                if message[name]
            ],
            "text": body.get_content() if body else "",
            "attachments": [part.get_filename() for part in message.iter_attachments()],
            "source": source[:SOURCE_SHOWN],
            "is_cut": len(source) > SOURCE_SHOWN,
        }
    return render(request, "purchasing/mail.html", context)


@require_GET
@require(Permission.ORDERS_EDIT)
def mail_source(request: ShopRequest, mail_id: int) -> HttpResponse:
    """The mail exactly as handed to the mail server, as a file that mail programs open."""
    found = _find(mail_id)
    if found.content is None:
        raise Http404
    name = f"{found.order.number}-{found.revision}.eml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(bytes(found.content), content_type="message/rfc822", headers=headers)


@require_GET
@require(Permission.ORDERS_EDIT)
def attachment(request: ShopRequest, mail_id: int, place: int) -> HttpResponse:
    found = _find(mail_id)
    parts = list(_parsed(found).iter_attachments()) if found.content is not None else []
    if place >= len(parts):
        raise Http404
    part = parts[place]
    headers = {"Content-Disposition": f'inline; filename="{found.order.number}.pdf"'}
    return HttpResponse(part.get_content(), content_type=part.get_content_type(), headers=headers)


@require_POST
@require(Permission.ORDERS_APPROVE)
def send_again(request: ShopRequest, mail_id: int) -> HttpResponse:
    """Send a mail that waits or has failed at once; with `to`, to that address."""
    found = _find(mail_id)
    form = SendAgainForm(request.POST) if "to" in request.POST else None
    if form is not None and not form.is_valid():
        focus_first_error(form)
        return _show(request, found, form)
    if found.state in {OutboundMail.State.WAITING, OutboundMail.State.FAILED}:
        to = form.cleaned_data["to"] if form else ""
        outbox.send_soon(found, to=to)
        after = {"to": to} if to else None
        audit.record(f"{found.kind}.send_now", actor=request.user, about=found.order.number, after=after)
        if form and form.cleaned_data["keep"]:
            _keep_address(request, found.order.supplier, to)
        messages.success(request, _("The mail leaves now. It takes a moment."))
    else:
        messages.error(request, _("This mail is not waiting to be sent."))
    return redirect("mail", request.shop.slug, found.pk)


def _may_go_elsewhere(request: ShopRequest, found: OutboundMail) -> bool:
    has_trouble = found.state == OutboundMail.State.FAILED or (
        found.state == OutboundMail.State.WAITING and bool(found.last_error)
    )
    return has_trouble and Permission.ORDERS_APPROVE in request.permissions


def _keep_address(request: ShopRequest, supplier: Supplier, address: str) -> None:
    """Write the address into the catalogue, for those who may."""
    if Permission.CATALOG_EDIT in request.permissions and supplier.email != address:
        supplier.email = address
        save_supplier(supplier, actor=request.user)


def _find(mail_id: int) -> OutboundMail:
    return get_object_or_404(OutboundMail.objects.select_related("order__supplier"), pk=mail_id)


def _parsed(found: OutboundMail) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(bytes(found.content or b""), policy=policy.default))
