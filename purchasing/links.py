"""The signed link by which a supplier opens its order without an account.

It is bound to the shop, the order, the revision and the address that it was mailed to. It ends on a
day, and dies earlier when a newer revision goes out or the order is cancelled. It opens this one
page and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import NotFound, ParstockError
from purchasing.models import OutboundMail, PurchaseOrder
from tenancy.context import current_shop
from tenancy.models import Shop

_SALT = "purchasing.supplier"


@dataclass(frozen=True, slots=True)
class Link:
    shop: Shop
    order_id: int
    revision: int
    address: str
    ends_on: date


class LinkClosed(ParstockError):
    """A link of ours that opens its order no longer, and why."""

    code = "link_closed"
    status = 410


def supplier_url(order: PurchaseOrder, *, to: str = "") -> str:
    """The address of the page for the order's present revision, to be mailed to `to`: by default
    the supplier's own address."""
    return settings.SITE_URL + reverse("supplier_order", args=[token_for(order, to=to)])


def token_for(order: PurchaseOrder, *, to: str = "") -> str:
    ends_on = timezone.now().date() + timedelta(days=settings.SUPPLIER_LINK_DAYS)
    bound_to = [order.shop_id, order.pk, order.revision, to or order.supplier.email, ends_on.toordinal()]
    return signing.dumps(bound_to, salt=_SALT)


def read(token: str) -> Link:
    """What a link is bound to; works outside any shop. Raises NotFound for a forged link."""
    try:
        shop_id, order_id, revision, address, ends_on = signing.loads(token, salt=_SALT)
        ends = date.fromordinal(ends_on)
    except (signing.BadSignature, ValueError, TypeError) as refusal:
        raise NotFound(_("This link is not whole. Open it from the mail again.")) from refusal
    shop = Shop.objects.filter(pk=shop_id, is_active=True).first()
    if shop is None:
        raise NotFound(_("This shop takes no answers here any more."))
    return Link(shop, order_id, revision, address, ends)


def order_of(link: Link) -> PurchaseOrder:
    """The order, in its shop's scope, whatever has become of it. Raises NotFound if it is gone."""
    orders = PurchaseOrder.objects.select_related("supplier", "warehouse")
    order = orders.filter(pk=link.order_id).first() if link.shop.pk == current_shop().pk else None
    if order is None:
        raise NotFound(_("This order is not there any more."))
    return order


def refuse_dead(link: Link, order: PurchaseOrder) -> None:
    """Raise LinkClosed, with the reason, where the link no longer speaks for the order."""
    words = {"number": order.number}
    if order.state == PurchaseOrder.State.CANCELLED:
        raise LinkClosed(_("Order %(number)s was cancelled. Please do not deliver it.") % words)
    if order.state == PurchaseOrder.State.CLOSED:
        raise LinkClosed(_("Order %(number)s is closed. Nothing more of it is expected.") % words)
    if link.revision < order.revision:
        raise LinkClosed(_why_older(link, order) % words)
    if not _was_mailed(link, order):
        raise LinkClosed(_("Order %(number)s was taken back before it was sent.") % words)
    if link.ends_on < timezone.now().date():
        raise LinkClosed(_("This link has ended. Please answer the mail instead.") % words)


def _why_older(link: Link, order: PurchaseOrder) -> str:
    """What to tell whoever comes by the link of an earlier revision."""
    later = order.mails.filter(kind=OutboundMail.Kind.CHANGE, revision__gt=link.revision)
    if later.filter(state=OutboundMail.State.SENT).exists():
        return _("Order %(number)s was changed after this mail. A newer mail has the link that counts.")
    if later.exclude(state=OutboundMail.State.WITHDRAWN).exists():
        # The shop may still undo it, and then this link counts again.
        return _(
            "Order %(number)s is being changed right now. Wait for the mail that says how; "
            "if none comes, open this link again in an hour."
        )
    return _("Order %(number)s was changed after this mail. Please answer the mail instead.")


def _was_mailed(link: Link, order: PurchaseOrder) -> bool:
    """Whether the revision went to the link's address, or is leaving right now."""
    told = order.mails.filter(revision=link.revision, to=link.address)
    return order.revision == link.revision and told.exclude(state=OutboundMail.State.WITHDRAWN).exists()
