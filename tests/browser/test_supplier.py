"""An order's way out and home: approved, mailed, answered by its link, received short, undone, closed.

Against a real installation and a real SMTP server; the supplier is a browser that never signed in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation
from tests.mail_server import Mailbox, smtp_server

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

OWNER, PASSWORD = "ines@marlow.example", "an order that goes and comes"
MAKE_SHOP = f"""
from tests import factories
from tests.purchasing.conftest import make_trade
from tenancy.context import shop_scope
from tenancy.models import Membership, User
shop = factories.make_shop(slug="marlow", name="Marlow Lane Gifts", order_grace_minutes=0,
    contact_name="Ines Marlow", phone="01584 555 010", address="High Street 14, Ludlow SY8 1AB")
owner = User.objects.get(email="{OWNER}")
Membership.objects.create(shop=shop, user=owner, role="owner")
with shop_scope(shop):
    trade = make_trade(shop)
    trade.supplier.name, trade.supplier.email = "Northlight Candles", "orders@northlight.example"
    trade.supplier.save()
    names = ("Tin candle, fir & clove", "Beeswax candle, tall pair", "Tealights, box of 20")
    trade.draft(36_000)
    trade.draft(48_000, trade.list_product())
    order = trade.draft(30_000, trade.list_product())
    for line, name in zip(order.lines.order_by("id"), names):
        line.product.name = name
        line.product.save()
print(order.number)
"""


@pytest.fixture
def mails() -> Iterator[tuple[Mailbox, int]]:
    with smtp_server() as server:
        yield server


@pytest.fixture
def installation(tmp_path: Path, mails: tuple[Mailbox, int]) -> Iterator[Installation]:
    made = Installation(
        tmp_path,
        EMAIL_URL=f"smtp://127.0.0.1:{mails[1]}",
        DEFAULT_FROM_EMAIL="parstock@marlow.example",
        FIRST_USER_EMAIL=OWNER,
        FIRST_USER_PASSWORD=PASSWORD,
    )
    made.start()
    yield made
    made.stop()


def picture(page: Any, name: str) -> None:
    """Kept where somebody asks for it, to look at."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def reads(page: Any, text: str) -> None:
    page.get_by_text(re.compile(text)).first.wait_for(timeout=20_000)


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=re.compile(name)).first.click()


def link_of(mailbox: Mailbox) -> str:
    (envelope,) = mailbox.accepted
    message = message_from_bytes(envelope.content, policy=policy.default)
    body = message.get_body(preferencelist=("plain",))
    assert body is not None
    found = re.search(r"http://\S+/supplier/\S+", body.get_content())
    assert found
    return found.group()


@pytest.mark.parametrize("width", [1280, 390])
def test_an_order_is_answered_by_its_link_and_comes_home(
    installation: Installation, mails: tuple[Mailbox, int], visit: Any, width: int
) -> None:
    mailbox, _port = mails
    done = installation.manage("shell", "-v", "0", "-c", MAKE_SHOP)
    assert done.returncode == 0, done.stderr
    number = done.stdout.split()[-1]

    owner = visit(width, 900)
    owner.goto(f"{installation.url}/accounts/login/?next=/marlow/orders/{number}/")
    owner.get_by_label("E-mail").fill(OWNER)
    owner.get_by_label("Password").fill(PASSWORD)
    press(owner, "Sign in")
    press(owner, "^Approve £")
    reads(owner, "has not answered yet")
    assert len(mailbox.accepted) == 1

    # A supplier who has never been here, and at first only looks.
    supplier = visit(width, 900)
    link_of_order = link_of(mailbox)
    supplier.goto(link_of_order)
    reads(supplier, "Can you deliver this order")
    picture(supplier, f"supplier-{width}")
    owner.reload()
    assert not owner.get_by_text(re.compile("Somebody opened")).count()
    with supplier.expect_response(re.compile("/opened/")):
        supplier.mouse.move(100, 100)
        supplier.mouse.click(3, 3)
    owner.reload()
    reads(owner, "Somebody opened the order")

    lines = supplier.locator(".slines > li")
    lines.nth(0).get_by_label("Change").check()
    lines.nth(0).get_by_label("Quantity").fill("24")
    lines.nth(2).get_by_label("Cannot deliver").check()
    assert not lines.nth(1).get_by_label("Quantity").is_visible()
    supplier.get_by_label("Anything to add").fill("The wax is late.")
    picture(supplier, f"supplier-changed-{width}")
    press(supplier, "Send this answer")
    reads(supplier, "Thank you, we have your answer")
    picture(supplier, f"supplier-thanks-{width}")
    assert supplier.context.cookies() == []

    owner.reload()
    reads(owner, "changed this order")
    reads(owner, "24 instead of 36")
    reads(owner, "The wax is late")
    picture(owner, f"order-answer-{width}")
    press(owner, "Agree to this")
    reads(owner, "is agreed")

    owner.get_by_role("link", name="Receive", exact=True).last.click()
    owner.goto(f"{installation.url}/marlow/orders/{number}/receive/")
    owner.get_by_label("Received of Tin candle, fir & clove").fill("20")
    picture(owner, f"receive-{width}")
    press(owner, "Receive what is entered")
    reads(owner, "are in stock")
    press(owner, "^Undo$")
    reads(owner, "The receipt is undone")
    owner.goto(f"{installation.url}/marlow/orders/{number}/receive/")
    owner.get_by_label("Received of Tin candle, fir & clove").fill("20")
    press(owner, "Receive what is entered")
    reads(owner, "are in stock")
    owner.get_by_label("Tell the supplier by mail").check()
    press(owner, "Close short")
    reads(owner, "nothing more is expected")
    picture(owner, f"order-closed-{width}")

    closed = supplier.request.get(link_of_order)
    assert closed.status == 410
    assert "01584 555 010" in closed.text()
    assert installation.manage("reconcile", "--shop", "marlow").returncode == 0
