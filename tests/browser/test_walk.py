"""The whole main job in a real browser, against a real installation and a real SMTP server.

An owner opens a shop, uploads real sales, says what is on the shelves, lets a night run, reads why
an order says what it says, approves it, and the supplier gets the mail. A clerk, invited by mail,
receives the goods and counts a shelf. The ledger is checked at every step.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from tests.installation import ROOT, Installation
from tests.mail_server import Mailbox, smtp_server

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

OWNER, CLERK = "ines@marlow.example", "tom@marlow.example"
PASSWORD = "a walk through the shop"
REAL_SALES = ROOT / "inventory_site" / "demo" / "data" / "online_retail_cut.csv.gz"


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


@pytest.fixture
def sales_file(tmp_path: Path) -> tuple[Path, list[str]]:
    """Real sales of the five products sold most often, moved by whole weeks to end yesterday or before."""
    with gzip.open(REAL_SALES, "rt", newline="") as source:
        rows = list(csv.DictReader(source))
    chosen = [sku for sku, _ in Counter(row["StockCode"].upper() for row in rows).most_common(5)]
    rows = [row for row in rows if row["StockCode"].upper() in chosen]
    days = [datetime.strptime(row["InvoiceDate"], "%m/%d/%Y %H:%M") for row in rows]
    weeks = (date.today() - timedelta(days=1) - max(days).date()).days // 7
    path = tmp_path / "till-export.csv"
    with path.open("w", newline="") as target:
        writer = csv.DictWriter(target, fieldnames=list(rows[0]))
        writer.writeheader()
        for row, at in zip(rows, days, strict=True):
            moved = at + timedelta(weeks=weeks)
            writer.writerow(row | {"InvoiceDate": f"{moved.month}/{moved.day}/{moved.year} {moved:%H:%M}"})
    return path, chosen


def test_from_a_file_of_sales_to_counted_shelves(
    installation: Installation,
    mails: tuple[Mailbox, int],
    sales_file: tuple[Path, list[str]],
    visit: Any,
) -> None:
    mailbox, _port = mails
    path, skus = sales_file
    owner = Person(visit(), installation, mailbox)
    owner.sign_in(OWNER)
    owner.open_shop()
    owner.import_sales(path)
    owner.ledger_is_right()

    owner.enter_opening_stock(skus, quantity=3)
    owner.ledger_is_right()
    assert owner.on_hand(skus[0]) == "3"

    owner.add_supplier(skus)
    owner.run_night()
    order = owner.read_why_and_approve()
    owner.supplier_got(order)
    assert owner.on_hand(skus[0]) == "3"

    clerk = Person(visit(390, 844), installation, mailbox)
    owner.invite_clerk()
    clerk.accept_invitation()
    clerk.receive_all(order)
    clerk.ledger_is_right()

    clerk.count(skus[0], "7")
    clerk.ledger_is_right()
    assert owner.on_hand(skus[0]) == "7"


class Person:
    """Somebody in front of a browser."""

    def __init__(self, page: Any, installation: Installation, mailbox: Mailbox) -> None:
        self.page = page
        self.installation = installation
        self.mailbox = mailbox

    def go(self, address: str) -> None:
        self.page.goto(f"{self.installation.url}{address}")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=re.compile(name)).first.click()

    def reads(self, text: str, seconds: float = 20) -> None:
        self.page.get_by_text(re.compile(text)).first.wait_for(timeout=seconds * 1000)

    def ledger_is_right(self) -> None:
        done = self.installation.manage("reconcile", "--shop", "marlow")
        assert done.returncode == 0, done.stdout + done.stderr

    def on_hand(self, sku: str) -> str:
        self.go(f"/marlow/products/?search={sku}")
        return self.page.locator("tbody tr").first.locator("td.num").first.inner_text().split()[0]

    def sign_in(self, email: str) -> None:
        self.go("/")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.press("^Sign in$")

    def open_shop(self) -> None:
        self.go("/shops/new/")
        self.page.get_by_label("Name").fill("Marlow Lane Gifts")
        self.page.get_by_label("Address").fill("marlow")
        self.page.get_by_label("Currency").select_option("GBP")
        self.page.get_by_label("Time zone").select_option("Europe/London")
        self.press("Open the shop")
        self.reads("Marlow Lane Gifts")

    def import_sales(self, path: Path) -> None:
        self.go("/marlow/imports/new/sales/")
        self.page.get_by_label("File", exact=True).set_input_files(path)
        self.press("Upload and check")
        self.reads("5 new products")
        self.press(r"Post [\d,]+ lines")
        self.reads("These sales are in the books", seconds=60)

    def enter_opening_stock(self, skus: list[str], quantity: int) -> None:
        self.go("/marlow/ledger/opening/")
        for number, sku in enumerate(skus):
            codes = self.page.get_by_label("SKU or barcode")
            if codes.count() <= number:
                self.press("Another line")
                codes.nth(number).wait_for()
            codes.nth(number).fill(sku)
            self.page.get_by_label("Quantity").nth(number).fill(str(quantity))
        self.page.locator("form#sheet button.primary").click()
        self.reads("Undo")

    def add_supplier(self, skus: list[str]) -> None:
        self.go("/marlow/suppliers/new/")
        self.page.get_by_label("Name").fill("Northlight Candles")
        self.page.get_by_label("E-mail for orders").fill("orders@northlight.example")
        self.press("Add supplier")
        self.reads("Terms per product")
        for sku in skus:
            row = self.page.locator("table.terms tbody tr:has(input[name$=sku])").first
            row.locator("input[name$=sku]").fill(sku)
            row.locator("input[name$=unit_cost]").fill("1.20")
            row.locator("input[name$=pack]").fill("12")
            self.press("^Save$")
            self.page.locator("table.terms th", has_text=sku).wait_for()

    def run_night(self) -> None:
        self.go("/marlow/forecasts/")
        self.press("Run the night now")
        self.reads("5 products forecast, 1 order proposed with 5 lines", seconds=120)
        self.page.get_by_role("link", name="See the result").click()
        self.go("/marlow/forecasts/")
        self.reads("naive forecast is kept")

    def read_why_and_approve(self) -> str:
        self.go("/marlow/orders/")
        self.page.get_by_role("link", name="Northlight Candles").click()
        self.reads("Approving mails this order to orders@northlight.example")
        number = self.page.locator("h1").inner_text()
        self.page.get_by_text(re.compile(r"^Why [\d,]+\?")).first.click()
        self.sum_adds_up()
        self.press("Approve")
        self.reads("Undo approval")
        assert not self.mailbox.accepted
        self.press("Send now")
        self.reads("Sent to orders@northlight.example", seconds=60)
        return number

    def sum_adds_up(self) -> None:
        """What the page shows of a line's arithmetic is a sum, with its result below."""
        numbers = self.page.locator("details[open] table.sum tr td:last-child").all_inner_texts()
        *parts, result = [float(text.replace("−", "-").replace(",", "")) for text in numbers]
        assert result > 0
        assert result % 12 == 0
        assert abs(sum(parts) - result) < 1e-6

    def supplier_got(self, number: str) -> None:
        for _attempt in range(60):
            if self.mailbox.accepted:
                break
            self.page.wait_for_timeout(500)
        (envelope,) = self.mailbox.accepted
        assert envelope.rcpt_tos == ["orders@northlight.example"]
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert number in mail["Subject"]
        (pdf,) = [part for part in mail.walk() if part.get_content_type() == "application/pdf"]
        assert pdf.get_content().startswith(b"%PDF")
        self.mailbox.accepted.clear()

    def invite_clerk(self) -> None:
        self.go("/marlow/settings/members/")
        form = self.page.locator("section", has_text="Invite somebody")
        form.get_by_label("E-mail").fill(CLERK)
        form.get_by_label("Role").select_option("clerk")
        self.press("Send the invitation")
        self.reads(CLERK)

    def accept_invitation(self) -> None:
        (envelope,) = self.mailbox.accepted
        mail = message_from_bytes(envelope.content, policy=policy.default)
        text = mail.get_body(("plain",)).get_content()
        self.page.goto(re.search(r"https?://\S+/invitations/\S+", text)[0])
        self.page.get_by_label("Your name").fill("Tom")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.locator("main form button.primary").click()
        self.page.wait_for_url("**/marlow/")

    def receive_all(self, number: str) -> None:
        self.go(f"/marlow/orders/{number}/receive/")
        assert "£" not in self.page.content()
        self.press("All of it has arrived")
        self.reads("Received")

    def count(self, sku: str, quantity: str) -> None:
        self.go("/marlow/counts/new/")
        self.page.get_by_label("SKU or barcode").first.fill(sku)
        self.page.get_by_label(re.compile("Counted|Quantity")).first.fill(quantity)
        self.page.locator("form#sheet button.primary").click()
        self.page.wait_for_url("**/marlow/ledger/*/")
