"""Inviting people into a shop by a signed link.

The link is bound to shop, invitation and address. It only opens a page; accepting is a POST there.
It dies when the invitation expires, is withdrawn or accepted.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from common.errors import Conflict, NotFound, NotPermitted
from common.text import one_line
from tenancy.audit import record
from tenancy.context import current_shop, shop_scope
from tenancy.models import Invitation, Membership, Shop, User
from tenancy.services.people import add_user, may_grant

logger = logging.getLogger(__name__)

_SALT = "tenancy.invitation"
_CLOSED = {"accepted_at": None, "withdrawn_at": None}


def invite(*, email: str, role: str, actor: Membership) -> Invitation:
    """Offer `role` to an address and mail the link after commit.

    Raises NotPermitted for a role above the actor's own, Conflict for a member, an address that
    has an open invitation, or a shop that is full.
    """
    email = email.lower()
    shop = Shop.objects.select_for_update().get(pk=actor.shop_id)
    may_grant(actor, role)
    if Membership.objects.filter(shop=shop, user__email__iexact=email).exists():
        raise Conflict(_("%(email)s is already a member.") % {"email": email})
    now = timezone.now()
    waiting = Invitation.objects.filter(email=email, **_CLOSED)
    if waiting.filter(expires_at__gt=now).exists():
        raise Conflict(_("%(email)s is already invited; send that invitation again.") % {"email": email})
    waiting.update(withdrawn_at=now)
    _leave_room(shop, Invitation.objects.filter(expires_at__gt=now, **_CLOSED).count() + 1)
    invitation = Invitation.objects.create(
        email=email, role=role, invited_by=actor.user, expires_at=_expiry()
    )
    record("invitation.sent", actor=actor.user, about=email, after={"role": role})
    _mail_after_commit(invitation)
    return invitation


def resend(invitation: Invitation, *, actor: Membership) -> None:
    """Mail the link once more, good for the full time again."""
    may_grant(actor, invitation.role)
    open_rows = Invitation.objects.filter(pk=invitation.pk, **_CLOSED)
    if not open_rows.update(expires_at=_expiry(), mailed_at=None):
        raise Conflict(_("This invitation is no longer open."))
    invitation.refresh_from_db()
    record("invitation.sent_again", actor=actor.user, about=invitation.email)
    _mail_after_commit(invitation)


def withdraw(invitation: Invitation, *, actor: Membership) -> None:
    may_grant(actor, invitation.role)
    if not Invitation.objects.filter(pk=invitation.pk, **_CLOSED).update(withdrawn_at=timezone.now()):
        raise Conflict(_("This invitation is no longer open."))
    record("invitation.withdrawn", actor=actor.user, about=invitation.email)


def link_token(invitation: Invitation) -> str:
    return signing.dumps([invitation.shop_id, invitation.pk, invitation.email], salt=_SALT)


def shop_of(token: str) -> Shop:
    """The shop that a link leads into. Raises NotFound for a forged or too old link."""
    return _read(token)[0]


def find(token: str) -> Invitation:
    """The open invitation of a link, in its shop's scope. Raises NotFound if it is not open."""
    shop, number, email = _read(token)
    invitation = Invitation.objects.filter(pk=number, email=email).first()
    if shop.pk != current_shop().pk or invitation is None or not invitation.is_open:
        raise NotFound(_("This invitation is no longer open. Ask for a new one."))
    return invitation


def accept(invitation: Invitation, *, user: User) -> Membership:
    """Make `user` a member, once. Raises NotPermitted for another person's invitation."""
    if user.email.lower() != invitation.email.lower():
        raise NotPermitted(_("This invitation is for %(email)s.") % {"email": invitation.email})
    shop = Shop.objects.select_for_update().get(pk=current_shop().pk)
    now = timezone.now()
    still_open = Invitation.objects.filter(pk=invitation.pk, expires_at__gt=now, **_CLOSED)
    if not still_open.update(accepted_at=now):
        raise NotFound(_("This invitation is no longer open. Ask for a new one."))
    if Membership.objects.filter(shop=shop, user=user).exists():
        raise Conflict(_("You are already a member of this shop."))
    _leave_room(shop, 1)
    membership = Membership.objects.create(shop=shop, user=user, role=invitation.role)
    record("invitation.accepted", actor=user, about=user.email, after={"role": membership.role})
    return membership


def accept_as_new(invitation: Invitation, *, name: str, password: str) -> Membership:
    """Make the invited person's account and membership together: the link proves the address."""
    return accept(invitation, user=add_user(invitation.email, password, name=name))


def _read(token: str) -> tuple[Shop, int, str]:
    try:
        shop_id, number, email = signing.loads(
            token, salt=_SALT, max_age=timedelta(days=settings.INVITATION_DAYS)
        )
    except (signing.BadSignature, ValueError, TypeError) as refusal:
        raise NotFound(_("This link is not valid, or too old. Ask for a new invitation.")) from refusal
    shop = Shop.objects.filter(pk=shop_id, is_active=True).first()
    if shop is None:
        raise NotFound(_("This invitation is no longer open. Ask for a new one."))
    return shop, number, email


def _leave_room(shop: Shop, newcomers: int) -> None:
    if Membership.objects.filter(shop=shop).count() + newcomers > shop.member_limit:
        raise Conflict(
            _("This shop may have %(limit)s members, invitations included.") % {"limit": shop.member_limit}
        )


def _expiry() -> datetime:
    return timezone.now() + timedelta(days=settings.INVITATION_DAYS)


def _mail_after_commit(invitation: Invitation) -> None:
    shop = current_shop()
    # A partial has no name, which Django needs to log a callback that failed.
    transaction.on_commit(lambda: _mail(shop, invitation), robust=True)


def _mail(shop: Shop, invitation: Invitation) -> None:
    """Send the link. If the server refuses, `mailed_at` stays empty and the members page says so."""
    context = {
        "shop": shop,
        "invitation": invitation,
        "days": settings.INVITATION_DAYS,
        "link": settings.SITE_URL + reverse("invitation", args=[link_token(invitation)]),
    }
    sender_address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    with translation.override(shop.language), timezone.override(shop.zone):
        message = EmailMultiAlternatives(
            subject=one_line(_("Join %(shop)s on Parstock") % {"shop": shop.name}),
            body=render_to_string("tenancy/mail/invitation.txt", context),
            from_email=formataddr((one_line(shop.sender_name or shop.name), sender_address)),
            to=[invitation.email],
            reply_to=[shop.reply_to] if shop.reply_to else None,
        )
        message.attach_alternative(render_to_string("tenancy/mail/invitation.html", context), "text/html")
    try:
        message.send()
    except OSError as failure:  # smtplib's errors and the network's are OSErrors
        logger.error("The invitation %s could not be mailed: %s", invitation.pk, failure)
        return
    with shop_scope(shop):
        Invitation.objects.filter(pk=invitation.pk).update(mailed_at=timezone.now())
