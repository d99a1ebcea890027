"""Races and deaths around one order, in forked processes: `python -m tests.purchasing.racing NAME`.

Prints one JSON line. Works in the database of the environment, in a shop of its own.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402

from common.errors import ParstockError  # noqa: E402
from purchasing.models import MailDue, OrderLimits, OutboundMail, PurchaseOrder  # noqa: E402
from purchasing.services import ProposedLine, approval, confirming, outbox, propose  # noqa: E402
from purchasing.services.confirming import Said  # noqa: E402
from purchasing.services.limits import approve_within_limits  # noqa: E402
from purchasing.services.receiving import Received, receive, undo_receipt  # noqa: E402
from stock.models import Balance, Posting  # noqa: E402
from tenancy.context import shop_scope  # noqa: E402
from tenancy.models import Shop  # noqa: E402
from tests import factories  # noqa: E402
from tests.mail_server import Mailbox, smtp_server  # noqa: E402
from tests.purchasing.conftest import make_trade  # noqa: E402

FORK = multiprocessing.get_context("fork")
# The races of one database must not make the same people twice.
factories._number = itertools.count(time.time_ns() // 1000)


class Scene:
    """A shop with one draft order of 12 units; nothing of it is in grace."""

    def __init__(self) -> None:
        tag = os.urandom(4).hex()
        self.shop: Shop = factories.make_shop(slug=f"race-{tag}", order_grace_minutes=0)
        with shop_scope(self.shop):
            self.trade = make_trade(self.shop)
            self.order = self.trade.draft(12_000)

    def at_once(self, *actions: Callable[[], Any]) -> list[str]:
        """Run each action in a process and a shop's scope of its own; "done" or the refusal's code."""
        barrier, answers = FORK.Barrier(len(actions)), FORK.Queue()

        def act(place: int, action: Callable[[], Any]) -> None:
            try:
                barrier.wait()
                with shop_scope(self.shop):
                    action()
                answers.put((place, "done"))
            except ParstockError as refusal:
                answers.put((place, refusal.code))
            except Exception as error:
                answers.put((place, repr(error)))

        connections.close_all()
        workers = [FORK.Process(target=act, args=pair) for pair in enumerate(actions)]
        for worker in workers:
            worker.start()
        found = dict(answers.get(timeout=60) for _ in workers)
        for worker in workers:
            worker.join()
        return [found[place] for place in range(len(actions))]

    def report(self, **more: Any) -> dict[str, Any]:
        with shop_scope(self.shop):
            order = PurchaseOrder.objects.get(pk=self.order.pk)
            return {
                "order": order.state,
                "mails": sorted(order.mails.values_list("state", flat=True)),
                "received": list(order.lines.values_list("received", flat=True)),
                "on_hand": sum(Balance.objects.values_list("on_hand", flat=True)),
                "postings": Posting.objects.count(),
                "due": MailDue.objects.filter(shop_id=self.shop.pk).count(),
                **more,
            }

    def approve(self, **options: Any) -> None:
        with shop_scope(self.shop):
            self.order = approval.approve(self.order, actor=None, **options)

    def mail(self) -> OutboundMail:
        with shop_scope(self.shop):
            return OutboundMail.objects.get(order=self.order)


def double_approval() -> list[dict[str, Any]]:
    reports = []
    for _ in range(3):
        scene = Scene()
        approve = lambda scene=scene: approval.approve(scene.order, actor=None)  # noqa: E731
        reports.append(scene.report(answers=scene.at_once(approve, approve, approve)))
    return reports


def approval_and_cancellation() -> list[dict[str, Any]]:
    reports = []
    for _ in range(5):
        scene = Scene()
        answers = scene.at_once(
            lambda scene=scene: approval.approve(scene.order, actor=None),
            lambda scene=scene: approval.cancel(scene.order, actor=None),
        )
        reports.append(scene.report(answers=answers))
    return reports


def double_receipt() -> list[dict[str, Any]]:
    reports = []
    for keys in (("same", "same", "same"), ("one", "two", "three")) * 2:
        scene = Scene()
        scene.approve(by_mail=False)
        lines = [Received(scene.trade.product.pk, 12_000)]
        actions = [
            lambda key=key, scene=scene, lines=lines: receive(scene.order, lines=lines, key=key)
            for key in keys
        ]
        reports.append(scene.report(answers=scene.at_once(*actions), keys=len(set(keys))))
    return reports


def pairs() -> list[dict[str, Any]]:
    """Two actions on an order that was sent, at once."""
    reports = []
    for names in itertools.combinations(("confirm", "decline", "receive", "cancel", "accept"), 2):
        scene = Scene()
        scene.approve(by_mail=False)
        with shop_scope(scene.shop):
            line = scene.order.lines.get()
            if "accept" in names:
                confirming.answer(scene.order, [Said(line.pk, 8_000)], address="orders@supplier.example")
        actions = {
            "confirm": lambda scene=scene, line=line: confirming.answer(
                scene.order, [Said(line.pk, 12_000)], address="orders@supplier.example"
            ),
            "decline": lambda scene=scene, line=line: confirming.answer(
                scene.order, [Said(line.pk, 0)], address="orders@supplier.example"
            ),
            "receive": lambda scene=scene, line=line: receive(
                scene.order, lines=[Received(line.product_id, 5_000)], key="goods"
            ),
            "cancel": lambda scene=scene: approval.cancel(scene.order, actor=None),
            "accept": lambda scene=scene: confirming.accept(scene.order, actor=None),
        }
        answers = scene.at_once(*(actions[name] for name in names))
        with shop_scope(scene.shop):
            order = PurchaseOrder.objects.get(pk=scene.order.pk)
            said = list(order.lines.values_list("confirmed_quantity", flat=True))
            reports.append(scene.report(names=names, answers=answers, open=order.answer_open, confirmed=said))
    return reports


def undone_receipts() -> list[dict[str, Any]]:
    """The Undo of a receipt beside the next receipt, and twice the same Undo."""
    reports = []
    for other in ("receive", "undo"):
        scene = Scene()
        scene.approve(by_mail=False)
        product = scene.trade.product.pk
        with shop_scope(scene.shop):
            first = receive(scene.order, lines=[Received(product, 5_000)], key="first")
        undo = lambda first=first: undo_receipt(first)  # noqa: E731
        more = lambda scene=scene, product=product: receive(  # noqa: E731
            scene.order, lines=[Received(product, 7_000)], key="second"
        )
        answers = scene.at_once(undo, more if other == "receive" else undo)
        reports.append(scene.report(answers=answers, other=other))
    return reports


def weekly_limit() -> list[dict[str, Any]]:
    """Two nights at once, with money for two orders of three."""
    scene = Scene()
    with shop_scope(scene.shop):
        limits = {"approves": True, "per_week": 2 * 55_20, "only_known": False}
        OrderLimits.objects.create(**limits)
        PurchaseOrder.objects.all().delete()
        orders = []
        for _ in range(3):
            trade = make_trade(scene.shop)
            line = ProposedLine(trade.product.pk, 12_000, 4_600_000, {})
            orders.append(propose(supplier=trade.supplier, warehouse=trade.warehouse, lines=[line]))
    scene.at_once(*(lambda order=order: approve_within_limits([order]) for order in (*orders, *orders)))
    with shop_scope(scene.shop):
        states = sorted(PurchaseOrder.objects.values_list("state", flat=True))
        mails = OutboundMail.objects.count()
    return [{"states": states, "mails": mails}]


def numbers() -> list[dict[str, Any]]:
    scene = Scene()
    with shop_scope(scene.shop):
        trades = [make_trade(scene.shop) for _ in range(6)]
    scene.at_once(*(trade.draft for trade in trades))
    with shop_scope(scene.shop):
        found = sorted(PurchaseOrder.objects.values_list("number", flat=True))
    return [{"numbers": [number[-4:] for number in found]}]


# ---- deaths ---------------------------------------------------------------------------------------


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(point: str) -> None:
    """Have this process die at a point of the next delivery."""
    claim, server, accepted = outbox._claim, outbox.hand_to_server, outbox._accepted
    if point == "claiming":
        outbox._claim = lambda mail_id: (claim(mail_id), die())  # type: ignore[assignment]
    elif point == "writing":
        outbox._content = lambda shop, claim: die()  # type: ignore[assignment]
    elif point == "connecting":
        outbox.hand_to_server = lambda content, to: die()  # type: ignore[assignment]
    elif point == "accepted":
        outbox.hand_to_server = lambda content, to: (server(content, to=to), die())  # type: ignore[assignment]
    elif point == "recording":
        outbox._accepted = lambda order, mail: (accepted(order, mail), die())  # type: ignore[assignment]


def deaths() -> list[dict[str, Any]]:
    """The delivery dies at each point, then the tick's work goes on until nothing is due."""
    with smtp_server() as (mailbox, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        points = ("claiming", "writing", "connecting", "accepted", "recording", "done")
        return [_death(point, mailbox) for point in points]


def _death(point: str, mailbox: Mailbox) -> dict[str, Any]:
    mailbox.accepted.clear()
    scene = Scene()
    scene.approve()
    mail_id = scene.mail().pk
    connections.close_all()
    child = os.fork()
    if child == 0:
        killed(point)
        outbox.deliver(scene.shop, mail_id)
        die()
    _pid, status = os.waitpid(child, 0)
    before = len(mailbox.accepted)
    deadline = time.monotonic() + 20
    while scene.report()["due"] and time.monotonic() < deadline:
        outbox.hand_over_due()
        outbox.deliver(scene.shop, mail_id)
        time.sleep(0.2)
    identities = {
        envelope.original_content.split(b"Message-ID: ")[1].split(b"\r\n")[0] for envelope in mailbox.accepted
    }
    bodies = {envelope.original_content for envelope in mailbox.accepted}
    return scene.report(
        point=point,
        killed=os.WTERMSIG(status) == signal.SIGKILL,
        accepted_before=before,
        accepted=len(mailbox.accepted),
        identities=len(identities),
        bodies=len(bodies),
    )


if __name__ == "__main__":
    races = {
        race.__name__: race
        for race in (
            *(double_approval, approval_and_cancellation, double_receipt, numbers, deaths),
            *(pairs, undone_receipts, weekly_limit),
        )
    }
    print(json.dumps(races[sys.argv[1]]()))
