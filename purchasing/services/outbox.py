"""The outbox: mails as rows, written with the change they tell of, sent by a job afterwards.

A mail is claimed in a transaction of its own, then written (once; the same bytes go out at every
attempt, with the same Message-ID), then handed to the mail server, then recorded. Whoever is killed
on the way leaves the claim standing; when it has lapsed, the mail is taken up again. A death between
the server's "accepted" and our record therefore sends the mail twice: at least once, never promised
exactly once.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Conflict
from jobs.services import enqueue
from purchasing import mail as mail_text
from purchasing.models import RECEIVABLE, MailDue, OutboundMail, PurchaseOrder
from purchasing.services.states import mark_sent
from purchasing.smtp import Outcome, Verdict, hand_to_server
from tenancy import audit
from tenancy.context import current_shop, require_shop_id, shop_scope
from tenancy.models import Shop

logger = logging.getLogger(__name__)

State = OutboundMail.State
Kind = OutboundMail.Kind
JOB_KIND = "mail"
# The states of an order in which a mail about it is still true.
WANTED_IN: dict[str, tuple[str, ...]] = {
    Kind.ORDER: (PurchaseOrder.State.QUEUED,),
    Kind.CHANGE: (*RECEIVABLE, PurchaseOrder.State.RECEIVED),
    Kind.CANCELLATION: (PurchaseOrder.State.CANCELLED,),
    Kind.CLOSING: (PurchaseOrder.State.CLOSED,),
}
# How long to wait after the 1st, 2nd, ... failed attempt; after the last one the mail has failed.
BACKOFF_MINUTES = (1, 2, 5, 10, 20, 40, 60, 120, 240, 480)


# ---- in the transaction of the change ----------------------------------------------------------


def queue(order: PurchaseOrder, *, kind: str, not_before: datetime) -> OutboundMail:
    """Write the mail that tells the supplier of `order`'s present revision."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(" >") or "localhost"
    mail = OutboundMail.objects.create(
        order=order,
        kind=kind,
        revision=order.revision,
        message_id=f"<{order.number}.{order.revision}.{secrets.token_hex(8)}@{domain}>",
        to=order.supplier.email,
        not_before=not_before,
    )
    MailDue.objects.create(mail_id=mail.pk, shop_id=require_shop_id(), due_at=not_before)
    if not_before <= timezone.now():
        _hand_over(mail.pk, not_before)
    return mail


def withdraw(order: PurchaseOrder) -> None:
    """Take back the order's mail before it leaves. Raises Conflict where it is leaving right now."""
    for mail in _open_mails(order):
        if mail.state == State.SENDING:
            raise Conflict(
                _("The mail of %(number)s is leaving right now. Look again in a few minutes.")
                % {"number": order.number}
            )
        mail.state = State.WITHDRAWN
        mail.save(update_fields=["state"])
        MailDue.objects.filter(mail_id=mail.pk).delete()


def send_soon(mail: OutboundMail, *, to: str = "") -> None:
    """Send a waiting mail at once and a failed one again, to another address if one is given.

    A failed mail without one goes to the supplier's present address.
    """
    mail = _locked_mail(mail.pk)
    if mail.state not in {State.WAITING, State.FAILED}:
        return
    if mail.state == State.FAILED and not to:
        to = mail.order.supplier.email
    if mail.state == State.FAILED or (to and to != mail.to):
        # It was not accepted, so it may be written anew, and starts counting anew.
        mail.to, mail.content, mail.attempts = to or mail.to, None, 0
    mail.state, mail.not_before = State.WAITING, timezone.now()
    mail.save(update_fields=["state", "not_before", "to", "content", "attempts"])
    due = MailDue(mail_id=mail.pk, shop_id=require_shop_id(), due_at=mail.not_before)
    MailDue.objects.bulk_create(
        [due], update_conflicts=True, unique_fields=["mail_id"], update_fields=["due_at"]
    )
    _hand_over(mail.pk, mail.not_before)


def _open_mails(order: PurchaseOrder) -> list[OutboundMail]:
    settled = [State.SENT, State.WITHDRAWN]
    return list(order.mails.select_for_update().exclude(state__in=settled).defer("content"))


def _locked_mail(mail_id: int) -> OutboundMail:
    return OutboundMail.objects.select_for_update().get(pk=mail_id)


# ---- finding what is due ------------------------------------------------------------------------


def hand_over_due(*, now: datetime | None = None, limit: int = 500) -> int:
    """Give each due mail of any shop to a job of its shop. How many were given.

    A handed-over mail is due again after the lease, so a job that was lost costs time, not the mail.
    """
    due = MailDue.objects.filter(due_at__lte=now or timezone.now()).order_by("due_at")[:limit]
    by_shop: dict[int, list[MailDue]] = {}
    for row in due:
        by_shop.setdefault(row.shop_id, []).append(row)
    given = 0
    for shop in Shop.objects.filter(pk__in=by_shop, is_active=True):
        with shop_scope(shop):
            given += sum(_hand_over(row.mail_id, row.due_at) for row in by_shop[shop.pk])
    return given


def _hand_over(mail_id: int, due_at: datetime) -> bool:
    again = timezone.now() + lease()
    # Whoever moves the time hands over; a second tick finds it moved.
    if not MailDue.objects.filter(mail_id=mail_id, due_at=due_at).update(due_at=again):
        return False
    enqueue(kind=JOB_KIND, key=f"{mail_id}-{again.timestamp():.6f}", arguments={"mail_id": mail_id})
    return True


def lease() -> timedelta:
    """How long a claim holds: longer than any exchange with a mail server takes."""
    return timedelta(seconds=settings.MAIL_LEASE_SECONDS)


# ---- sending, outside any transaction -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt at one mail; its number keeps a late worker from recording over a newer one."""

    mail_id: int
    attempt: int
    message_id: str
    to: str


def deliver(shop: Shop, mail_id: int) -> str:
    """Try once to send a due mail; what became of it, in a word. Call it outside any transaction."""
    with shop_scope(shop):
        claim = _claim(mail_id)
    if claim is None:
        return "nothing to send"
    try:
        content = _content(shop, claim)
    except Exception as error:
        logger.exception("mail %s could not be written", mail_id)
        outcome = Outcome(Verdict.TRY_AGAIN, f"{type(error).__name__}: {error}")
    else:
        outcome = hand_to_server(content, to=claim.to)
    with shop_scope(shop):
        return _record(claim, outcome)


def _claim(mail_id: int) -> Claim | None:
    found = OutboundMail.objects.filter(pk=mail_id).select_related("order").defer("content").first()
    if found is None:
        return None
    # The order before its mails, as everywhere: nobody waits in a circle.
    order = PurchaseOrder.objects.select_for_update().get(pk=found.order_id)
    mail = _locked_mail(mail_id)
    now = timezone.now()
    abandoned = mail.state == State.SENDING and (mail.claimed_at or now) <= now - lease()
    if not abandoned and not (mail.state == State.WAITING and mail.not_before <= now):
        return None
    if not _still_wanted(order, mail):
        mail.state = State.WITHDRAWN
        mail.save(update_fields=["state"])
        MailDue.objects.filter(mail_id=mail.pk).delete()
        return None
    mail.state, mail.claimed_at = State.SENDING, now
    mail.attempts += 1
    mail.save(update_fields=["state", "claimed_at", "attempts"])
    MailDue.objects.filter(mail_id=mail.pk).update(due_at=now + lease())
    return Claim(mail.pk, mail.attempts, mail.message_id, mail.to)


def _still_wanted(order: PurchaseOrder, mail: OutboundMail) -> bool:
    return order.state in WANTED_IN[Kind(mail.kind)] and order.revision == mail.revision


def _content(shop: Shop, claim: Claim) -> bytes:
    """The mail as bytes: written at the first attempt, the same ever after."""
    with shop_scope(shop, write=False):
        mail = OutboundMail.objects.select_related("order__supplier", "order__warehouse").get(
            pk=claim.mail_id
        )
        if mail.content is not None:
            return bytes(mail.content)
        message = mail_text.compose(mail)
        content = message.message().as_bytes()
    with shop_scope(shop):
        OutboundMail.objects.filter(pk=claim.mail_id, attempts=claim.attempt).update(
            content=content, subject=message.subject
        )
    return content


def _record(claim: Claim, outcome: Outcome) -> str:
    order_id = OutboundMail.objects.values_list("order_id", flat=True).get(pk=claim.mail_id)
    order = PurchaseOrder.objects.select_for_update().get(pk=order_id)
    mail = _locked_mail(claim.mail_id)
    if mail.state != State.SENDING or mail.attempts != claim.attempt:
        return "taken over by a later attempt"
    if outcome.verdict == Verdict.ACCEPTED:
        _accepted(order, mail)
    elif outcome.verdict == Verdict.TRY_AGAIN and mail.attempts <= len(BACKOFF_MINUTES):
        _wait(mail, outcome.answer)
    else:
        _failed(order, mail, outcome.answer)
    return mail.get_state_display()


def _accepted(order: PurchaseOrder, mail: OutboundMail) -> None:
    now = timezone.now()
    mail.state, mail.sent_at, mail.last_error = State.SENT, now, ""
    mail.save(update_fields=["state", "sent_at", "last_error"])
    MailDue.objects.filter(mail_id=mail.pk).delete()
    audit.record(f"{mail.kind}.sent", actor=None, about=order.number, after={"to": mail.to})
    if mail.kind == Kind.ORDER and order.state == PurchaseOrder.State.QUEUED:
        mark_sent(order, at=now)


def _wait(mail: OutboundMail, answer: str) -> None:
    wait = timedelta(minutes=BACKOFF_MINUTES[mail.attempts - 1])
    mail.state, mail.not_before, mail.last_error = State.WAITING, timezone.now() + wait, answer
    mail.save(update_fields=["state", "not_before", "last_error"])
    MailDue.objects.filter(mail_id=mail.pk).update(due_at=mail.not_before)


def _failed(order: PurchaseOrder, mail: OutboundMail, answer: str) -> None:
    mail.state, mail.last_error = State.FAILED, answer
    mail.save(update_fields=["state", "last_error"])
    MailDue.objects.filter(mail_id=mail.pk).delete()
    after = {"to": mail.to, "answer": answer[:500]}
    audit.record(f"{mail.kind}.mail_failed", actor=None, about=order.number, after=after)
    logger.warning("%s: mail of %s failed: %s", current_shop().slug, order.number, answer)
