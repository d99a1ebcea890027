"""What the orders say: what is on its way, lists, totals, and what happened."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Least

from catalog.models import Product, Supplier, SupplierProduct, Warehouse
from catalog.queries import find_products
from purchasing.models import (
    ON_ORDER,
    RECEIVABLE,
    OrderLimits,
    OutboundMail,
    PurchaseOrder,
    PurchaseOrderLine,
    SupplierAnswer,
)
from tenancy.context import current_shop
from tenancy.models import AuditEvent

State = PurchaseOrder.State
# Drafts that a night left empty: kept for their numbers, shown to nobody.
LAID_ASIDE = Q(state=State.CANCELLED, ended_at=None)
# The tabs of the list of orders.
GROUPS: dict[str, tuple[str, ...]] = {
    "draft": (State.DRAFT,),
    "open": ON_ORDER,
    "done": (State.RECEIVED, State.CLOSED),
    "cancelled": (State.CANCELLED,),
}


def open_on_order() -> QuerySet[PurchaseOrderLine]:
    """Lines of which goods are on their way, late ones too, annotated with how many: `open`.

    Counts orders that are queued, sent, confirmed or partly received, at what the supplier confirmed
    where that is less; drafts are proposals only.
    """
    return (
        PurchaseOrderLine.objects.filter(order__state__in=ON_ORDER)
        .annotate(due=Least(F("quantity"), Coalesce(F("confirmed_quantity"), F("quantity"))))
        .filter(due__gt=F("received"))
        .annotate(open=F("due") - F("received"))
    )


def on_order(warehouse: Warehouse) -> dict[int, int]:
    """Product id -> thousandths on their way to `warehouse`. One query."""
    lines = open_on_order().filter(order__warehouse=warehouse).order_by()
    return dict(lines.values_list("product_id").annotate(coming=Sum("open")))


def ordered_lines(order: PurchaseOrder) -> QuerySet[PurchaseOrderLine]:
    """The lines that are really ordered, with their products, as they entered the order."""
    return order.lines.filter(quantity__gt=0).select_related("product__purchase_tax").order_by("id")


def orderable(order: PurchaseOrder, text: str, *, limit: int = 12) -> list[Product]:
    """Products that the order's supplier sells and that `text` may mean, those on the order left out."""
    sold = SupplierProduct.objects.filter(supplier=order.supplier_id).values("product")
    on_it = order.lines.filter(quantity__gt=0).values("product")
    return list(find_products(text).filter(pk__in=sold).exclude(pk__in=on_it)[:limit])


def filtered(
    *, search: str | None = None, supplier: Supplier | None = None, warehouse: Warehouse | None = None
) -> QuerySet[PurchaseOrder]:
    """Orders of a supplier, for a warehouse, whose number or supplier contains `search`."""
    found = PurchaseOrder.objects.exclude(LAID_ASIDE)
    if supplier:
        found = found.filter(supplier=supplier)
    if warehouse:
        found = found.filter(warehouse=warehouse)
    if search:
        named = Supplier.objects.filter(name__icontains=search).values("pk")
        found = found.filter(Q(number__icontains=search) | Q(supplier__in=named))
    return found


def orders_in(group: str, among: QuerySet[PurchaseOrder] | None = None) -> QuerySet[PurchaseOrder]:
    """Orders of one of GROUPS, newest first."""
    found = filtered() if among is None else among
    return with_names(found.filter(state__in=GROUPS[group]))


def counts(among: QuerySet[PurchaseOrder] | None = None) -> dict[str, int]:
    """How many orders each of GROUPS has. One query."""
    each = {group: Count("pk", filter=Q(state__in=states)) for group, states in GROUPS.items()}
    found = filtered() if among is None else among
    return found.order_by().aggregate(**each)


def open_drafts() -> QuerySet[PurchaseOrder]:
    """Orders that wait for approval, for Today."""
    return orders_in("draft")


def count_drafts() -> int:
    """How many orders wait for approval, for the menu."""
    return PurchaseOrder.objects.filter(state__in=GROUPS["draft"]).exclude(LAID_ASIDE).count()


def expected_goods() -> QuerySet[PurchaseOrder]:
    """Orders whose goods may arrive, the first expected one first."""
    orders = PurchaseOrder.objects.filter(state__in=RECEIVABLE)
    return with_names(orders).order_by("expected_on", "id")


def late_orders(today: date) -> QuerySet[PurchaseOrder]:
    """Orders whose goods should have arrived before `today` (the shop's date), for Today."""
    return expected_goods().filter(expected_on__lt=today)


def late(now: datetime) -> QuerySet[PurchaseOrder]:
    """Orders of which something should have arrived before the shop's day of `now`, for Today."""
    return late_orders(now.astimezone(current_shop().zone).date())


def unanswered(now: datetime) -> QuerySet[PurchaseOrder]:
    """Mailed orders that the supplier has not answered within the shop's limit, for Today.

    `opened_at` tells whether anybody looked at least. Oldest first.
    """
    days = limits().answer_days
    told = OutboundMail.objects.filter(
        order=OuterRef("pk"),
        revision=OuterRef("revision"),
        state=OutboundMail.State.SENT,
        sent_at__lte=now - timedelta(days=days),
    )
    waiting = PurchaseOrder.objects.filter(Exists(told), state=State.SENT, answer_open=False)
    return with_names(waiting if days else waiting.none()).order_by("sent_at", "id")


def changed_by_supplier() -> QuerySet[PurchaseOrder]:
    """Orders whose supplier answered with differences that nobody has settled yet, for Today."""
    return with_names(PurchaseOrder.objects.filter(state__in=RECEIVABLE, answer_open=True)).order_by("id")


def limits() -> OrderLimits:
    """How far the shop's orders may go by themselves; nowhere until somebody has said so."""
    return OrderLimits.objects.first() or OrderLimits()


def last_answer(order: PurchaseOrder) -> SupplierAnswer | None:
    """What the supplier said last about the order's present revision."""
    return order.answers.filter(revision=order.revision).select_related("actor").first()


def failed_mails() -> QuerySet[OutboundMail]:
    """Mails that a server refused or never took, and that somebody must look at, for Today."""
    failed = OutboundMail.objects.filter(state=OutboundMail.State.FAILED)
    return failed.select_related("order__supplier").defer("content")


def mail_trouble() -> list[OutboundMail]:
    """Mails that have failed, then those that are still tried after a failure. For Today.

    `state` tells one from the other, `last_error` what the server said, `not_before` the next try.
    """
    state = OutboundMail.State
    stuck = Q(state=state.FAILED) | (Q(state__in=[state.WAITING, state.SENDING]) & ~Q(last_error=""))
    found = OutboundMail.objects.filter(stuck).select_related("order__supplier").defer("content")
    return sorted(found.order_by("id"), key=lambda mail: mail.state != state.FAILED)


def with_names(orders: QuerySet[PurchaseOrder]) -> QuerySet[PurchaseOrder]:
    return orders.select_related("supplier", "warehouse", "shop").prefetch_related(
        Prefetch("lines", PurchaseOrderLine.objects.select_related("product__purchase_tax"))
    )


def revision_told_before(mail: OutboundMail) -> int:
    """The last revision the supplier was told of before this mail; the first where none was mailed."""
    told = mail.order.mails.filter(state=OutboundMail.State.SENT, revision__lt=mail.revision)
    found = told.order_by("-revision").values_list("revision", flat=True).first()
    return found or 1


def open_mail(order: PurchaseOrder) -> OutboundMail | None:
    """The order's mail that has neither left nor been taken back."""
    settled = [OutboundMail.State.SENT, OutboundMail.State.WITHDRAWN]
    return order.mails.exclude(state__in=settled).defer("content").order_by("-id").first()


def history(order: PurchaseOrder) -> list[AuditEvent]:
    """What was done to the order, newest first. Nothing about it is older than itself."""
    events = AuditEvent.objects.filter(object=order.number, at__gte=order.created_at)
    return list(events.select_related("actor", "token").order_by("-at", "-id")[:200])
