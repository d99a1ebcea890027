"""The whole main job in a real browser, against a real installation and a real SMTP server.

`manage.py up --demo` is started once, as `make run` does. The demonstration is there as its owner;
she opens a second shop, imports a real month, says what is on the shelves and who sells what, lets
a night run, reads why an order says what it says, changes it and approves it. The supplier answers
by the link of the mail, a clerk receives short, mends a mistake and counts. After each step stock,
value and what is on order are right on the pages and over the API, and the ledger reconciles.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from openpyxl import Workbook

from inventory_site.demo.invented import SUPPLIERS
from tests.installation import ROOT, Installation
from tests.mail_server import Mailbox, smtp_server

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

CLERK = "tom@hallam.example"
PASSWORD = "a walk through the shop"
DEMO = "marlow-lane"
SHOP = "hallam"
SUPPLIER = "Northlight Candles"
SUPPLIER_EMAIL = "orders@northlight.example"
TERMS = (
    "Supplier,E-mail,Lead time days,Days between orders,Freight,Free freight from,"
    "SKU,Their code,Unit cost,Pack,Price breaks"
)
JANUARY = "online_retail_2011_01.xlsx"
REAL_SALES = ROOT / "inventory_site" / "demo" / "data" / "online_retail_cut.csv.gz"


class Started(NamedTuple):
    """An installation that runs, its log-ins as (role, e-mail, password), and where its mails go."""

    installation: Installation
    logins: list[tuple[str, str, str]]
    mailbox: Mailbox


@pytest.fixture(scope="module")
def started(tmp_path_factory: Any, chromium: Any) -> Iterator[Started]:
    """With the demonstration, once for all walks; only where a browser can walk it."""
    with smtp_server() as (mailbox, port):
        installation = Installation(
            tmp_path_factory.mktemp("walk"),
            EMAIL_URL=f"smtp://127.0.0.1:{port}",
            DEFAULT_FROM_EMAIL="parstock@marlow-lane.example",
        )
        installation.start("--demo", seconds=400)
        yield Started(installation, logins_in(installation), mailbox)
        installation.stop()


def logins_in(installation: Installation) -> list[tuple[str, str, str]]:
    """What `up` says when all of it runs, a moment after the first page can be had."""
    for _attempt in range(100):
        said = installation.log.read_text()
        if logins := re.findall(r"^(owner|manager|clerk|viewer) (\S+@\S+) (\S+)$", said, re.MULTILINE):
            return logins
        time.sleep(0.2)
    raise AssertionError(f"no log-ins were said:\n{said[-2000:]}")


class Month(NamedTuple):
    file: Path
    rows: list[dict[str, Any]]
    best: list[str]


@pytest.fixture
def january(tmp_path: Path) -> Month:
    """The real workbook where it is at hand, else that month of the demonstration's sales as one."""
    with gzip.open(REAL_SALES, "rt", newline="") as source:
        rows = [row for row in csv.DictReader(source) if row["InvoiceDate"].startswith("1/")]
    best = [sku for sku, _ in Counter(row["StockCode"].upper() for row in rows).most_common(5)]
    folder = os.environ.get("PARSTOCK_DATA")
    if folder and (Path(folder) / JANUARY).exists():
        return Month(Path(folder) / JANUARY, rows, best)
    path = tmp_path / JANUARY
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("January")
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    workbook.save(path)
    return Month(path, rows, best)


def test_the_demonstration_is_there_as_its_owner(started: Started, visit: Any) -> None:
    assert [role for role, _email, _password in started.logins] == [
        "owner",
        "manager",
        "clerk",
        "viewer",
        "owner",
    ]
    owner = Person(visit(), started, DEMO)
    owner.sign_in(*started.logins[0][1:])

    owner.go("")
    owner.picture("demo-today")
    figures = owner.figures()
    assert money(figures["Stock value at cost"]) > 1_000
    assert money(figures["On order"]) == 0
    drafts = owner.page.locator("section", has_text="Orders to approve").locator("tbody tr")
    assert drafts.count() >= 3

    owner.go("forecasts/")
    owner.reads("The naive forecast is kept for")
    owner.picture("demo-forecasts")
    used, naive = (percent(owner.fact(name)) for name in ("Error of what is used", "Naive alone"))
    assert 0 < used <= naive

    owner.go("replenish/")
    assert {terms.name for terms in SUPPLIERS} >= set(
        owner.page.locator("section.group h2").all_inner_texts()
    )
    for why in owner.page.get_by_role("link", name=re.compile(r"^Why \d")).all()[:3]:
        why.click()
        owner.page.locator("tr.detail table.sum").wait_for()
        owner.sum_adds_up("tr.detail table.sum")
        owner.page.locator("[aria-expanded=true]").click()
        owner.page.locator("tr.detail").wait_for(state="detached")
    owner.picture("demo-replenish")

    owner.make_token()
    (foreign,) = [one for one in owner.ask("suppliers/")["results"] if one["currency"] == "EUR"]
    assert float(foreign["freight"]) > 0
    assert any(line["breaks"] for line in owner.ask(f"suppliers/{foreign['id']}/terms/")["results"])
    orders = owner.ask("orders/")["results"]
    assert all(order["state"] == "draft" for order in orders)
    (abroad,) = [order for order in orders if order["currency"] == "EUR"]
    assert float(abroad["value"]) < float(abroad["total"])
    owner.go(f"orders/{abroad['number']}/")
    owner.reads("€")
    owner.reads("Without tax, in our currency")
    owner.picture("demo-order-in-euro")
    assert len(owner.ask("forecasts/?limit=5")["results"]) == 5
    owner.ledger_is_right()

    clerk = Person(visit(390, 844), started, DEMO)
    clerk.sign_in(*started.logins[2][1:])
    clerk.no_page_is_wider_than_a_phone()


def test_from_a_month_of_sales_to_a_closed_order(started: Started, january: Month, visit: Any) -> None:
    owner = Person(visit(), started, SHOP)
    owner.sign_in(*started.logins[0][1:])
    owner.open_shop()
    owner.import_january(january)
    owner.make_token()
    sku, declined, other = january.best[:3]
    owner.stock_is(sku, None)

    owner.enter_opening_stock(january.best, quantity=3, cost="1.00")
    owner.stock_is(sku, Stock(on_hand=3, on_order=0, value=3.00))

    owner.import_terms(january.best)
    owner.run_night()
    number, suggested = owner.read_why()
    owner.change_quantity(number, sku, suggested[sku] + 24)
    owner.stock_is(sku, Stock(on_hand=3, on_order=0, value=3.00))
    owner.approve_and_send(number)
    ordered = suggested | {sku: suggested[sku] + 24}
    for one in january.best:
        owner.stock_is(one, Stock(on_hand=3, on_order=ordered[one], value=3.00))

    supplier = Person(visit(390, 844), started, SHOP)
    supplier.answer_by_the_link(owner.mail_of(number), change=(other, 24), decline=declined)
    owner.agree(number, declined)
    promised = ordered | {other: 24, declined: 0}
    for one in january.best:
        owner.stock_is(one, Stock(on_hand=3, on_order=promised[one], value=3.00))

    clerk = Person(visit(390, 844), started, SHOP)
    owner.invite_clerk()
    clerk.accept_invitation()
    clerk.receive(number, {sku: 240})
    owner.undo_receipt(number)
    owner.stock_is(sku, Stock(on_hand=3, on_order=promised[sku], value=3.00))
    clerk.receive(number, {sku: 12, other: 24})
    cost = owner.unit_cost(number, sku)
    owner.stock_is(sku, Stock(on_hand=15, on_order=promised[sku] - 12, value=3.00 + 12 * cost))

    clerk.count(sku, "14")
    owner.undo_last(sku)
    owner.stock_is(sku, Stock(on_hand=15, on_order=promised[sku] - 12, value=3.00 + 12 * cost))

    owner.close_short(number)
    owner.stock_is(sku, Stock(on_hand=15, on_order=0, value=3.00 + 12 * cost))
    owner.stock_is(declined, Stock(on_hand=3, on_order=0, value=3.00))
    owner.today_says(on_order=0)


class Stock(NamedTuple):
    """Of one product in the shop's one warehouse; whole units, money in the shop's currency."""

    on_hand: float
    on_order: float
    value: float


def money(text: str) -> float:
    return float(re.sub(r"[^\d.−-]", "", text).replace("−", "-"))


def percent(text: str) -> float:
    return float(text.split("%")[0].replace("\u202f", "").strip())


class Person:
    """Somebody in front of a browser, in one shop."""

    def __init__(self, page: Any, started: Started, shop: str) -> None:
        self.page = page
        self.installation = started.installation
        self.mailbox = started.mailbox
        self.shop = shop
        self.token = ""

    # ---- hands and eyes ----

    def go(self, address: str) -> None:
        self.page.goto(f"{self.installation.url}/{self.shop}/{address}")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=re.compile(name)).first.click()

    def reads(self, text: str, seconds: float = 20) -> None:
        self.page.get_by_text(re.compile(text)).first.wait_for(timeout=seconds * 1000)

    def picture(self, name: str) -> None:
        """Kept where somebody asks for it, to look at."""
        if folder := os.environ.get("PICTURES"):
            width = self.page.viewport_size["width"]
            self.page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)

    def figures(self) -> dict[str, str]:
        """The figures on top of the page by their names."""
        boxes = self.page.locator("dl.figs > div").all()
        return {box.locator("dt").inner_text(): box.locator(".fig").inner_text() for box in boxes}

    def fact(self, name: str) -> str:
        return str(self.page.locator(f"dl.facts dt:text-is('{name}') + dd").inner_text())

    def sum_adds_up(self, table: str) -> float:
        """What the page shows of a line's arithmetic is a sum, with its result below."""
        texts = self.page.locator(f"{table} tr td:last-child").all_inner_texts()
        *parts, result = [float(re.sub(r"[+,\s]", "", text).replace("−", "-")) for text in texts]
        assert len(parts) >= 3
        assert abs(sum(parts) - result) < 1e-6
        return result

    def ask(self, address: str) -> Any:
        """Over the API, with the shop's token."""
        url = f"{self.installation.url}/api/v1/shops/{self.shop}/{address}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    # ---- what is right ----

    def ledger_is_right(self) -> None:
        done = self.installation.manage("reconcile", "--shop", self.shop)
        assert done.returncode == 0, done.stdout + done.stderr

    def stock_is(self, sku: str, expected: Stock | None) -> None:
        """On the product's page, over the API and against the movements; None: never in stock."""
        self.go(f"products/?search={sku}")
        self.page.locator("tbody a.name").first.click()
        table = self.page.locator("section", has=self.page.get_by_role("heading", name="Stock by warehouse"))
        balances = self.ask(f"balances/?sku={sku}")["results"]
        if expected is None:
            assert "It has never been in stock" in table.inner_text()
            assert [float(balance["on_hand"]) for balance in balances] in ([], [0])
            return
        heads = table.locator("thead th").all_inner_texts()
        cells = dict(zip(heads, table.locator("tbody tr > *").all_inner_texts(), strict=True))
        on_page = Stock(*(money(cells[name]) for name in ("On hand", "On order", "Value")))
        (balance,) = balances
        by_api = Stock(float(balance["on_hand"]), self._on_order(sku), float(balance["value"]))
        assert on_page == by_api == pytest.approx(expected)
        self.ledger_is_right()

    def _on_order(self, sku: str) -> float:
        open_states = {"queued", "sent", "confirmed", "partly_received"}
        total = 0.0
        for order in self.ask("orders/")["results"]:
            if order["state"] not in open_states:
                continue
            for line in self.ask(f"orders/{order['number']}/")["lines"]:
                if line["sku"] == sku:
                    due = (
                        line["quantity"] if line["confirmed_quantity"] is None else line["confirmed_quantity"]
                    )
                    total += max(0.0, float(due) - float(line["received"]))
        return total

    def unit_cost(self, number: str, sku: str) -> float:
        lines = self.ask(f"orders/{number}/")["lines"]
        return float(next(line["unit_cost"] for line in lines if line["sku"] == sku))

    def today_says(self, on_order: float) -> None:
        self.go("")
        assert money(self.figures()["On order"]) == on_order
        self.picture("walk-today")

    # ---- the steps ----

    def sign_in(self, email: str, password: str) -> None:
        self.page.goto(self.installation.url)
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.press("^Sign in$")
        self.page.wait_for_url(lambda url: "/accounts/login/" not in url)

    def make_token(self) -> None:
        self.go("settings/tokens/")
        self.page.get_by_label("Name").fill("What the walk compares with")
        self.page.get_by_label("May do what this role may").select_option("owner")
        self.press("Make the token")
        self.token = self.page.locator("#new-token").input_value()

    def open_shop(self) -> None:
        self.page.goto(f"{self.installation.url}/{DEMO}/")
        self.page.locator("a.shop").click()
        self.page.get_by_role("link", name="Open a shop").click()
        self.page.get_by_label("Name").fill("Hallam Gifts")
        self.page.get_by_label("Address").fill(SHOP)
        self.page.get_by_label("Currency").select_option("GBP")
        self.page.get_by_label("Time zone").select_option("Europe/London")
        self.press("Open the shop")
        self.reads("Hallam Gifts")
        self.picture("walk-new-shop")

    def bring(self, kind: str, path: Path) -> None:
        self.go("imports/")
        self.picture(f"walk-imports-{kind}")
        self.go(f"imports/new/{kind}/")
        self.page.get_by_label("File", exact=True).set_input_files(path)
        self.press("Upload and check")

    def import_january(self, january: Month) -> None:
        """Nothing is booked by looking; the opening date is asked once, with both counts beside it."""
        self.bring("sales", january.file)
        self.reads("From which day is stock kept", seconds=60)
        assert self.fact("Product code") == "StockCode"
        opening = self.page.get_by_label("Stock is kept from")
        assert opening.input_value() == "2011-02-01"
        counts = self.page.locator("#import-counts")
        assert counts.locator("strong").nth(1).inner_text() == "0"
        with self.page.expect_response(re.compile("/counts/")):
            opening.fill("2011-01-15")
            opening.blur()
        self.page.wait_for_function("document.querySelectorAll('#import-counts strong')[1].innerText !== '0'")
        self.picture("walk-preview")
        with self.page.expect_response(re.compile("/counts/")):
            opening.fill("2011-02-01")
            opening.blur()
        self.press(r"Post [\d,]+ lines")
        self.reads("These sales are in the books", seconds=60)
        self.picture("walk-posted")

    def enter_opening_stock(self, skus: list[str], quantity: int, cost: str) -> None:
        self.go("ledger/opening/")
        for number, sku in enumerate(skus):
            codes = self.page.get_by_label("SKU or barcode")
            if codes.count() <= number:
                self.press("Another line")
                codes.nth(number).wait_for()
            codes.nth(number).fill(sku)
            self.page.get_by_label("Quantity").nth(number).fill(str(quantity))
            self.page.get_by_label("Unit cost").nth(number).fill(cost)
        self.picture("walk-opening")
        self.page.locator("form#sheet button.primary").click()
        self.reads("The opening stock is posted")

    def import_terms(self, skus: list[str]) -> None:
        path = self.installation.log.parent / "terms.csv"
        with path.open("w", newline="") as target:
            writer = csv.writer(target)
            writer.writerow(TERMS.split(","))
            for sku in skus:
                breaks = "48:1.20; 960:1.10"
                writer.writerow(
                    [SUPPLIER, SUPPLIER_EMAIL, 7, 7, "9.50", "90", sku, f"NC-{sku}", "1.25", 12, breaks]
                )
        self.bring("suppliers", path)
        self.press(r"Post 5 rows")
        self.reads(r"^Posted ")
        self.go("suppliers/")
        self.page.get_by_role("link", name=SUPPLIER).click()
        self.reads("5 products, costs in GBP")
        self.picture("walk-supplier")

    def run_night(self) -> None:
        self.go("forecasts/")
        self.press("Run the night now")
        self.reads("products forecast, 1 order proposed with 5 lines", seconds=180)
        self.go("forecasts/")
        self.picture("walk-forecasts")
        self.ledger_is_right()

    def read_why(self) -> tuple[str, dict[str, float]]:
        """The order's number, and what is suggested of each product: the sums of what the page shows."""
        self.go("orders/")
        self.page.get_by_role("link", name=SUPPLIER).click()
        self.reads(f"Approving mails this order to {SUPPLIER_EMAIL}")
        number = self.page.locator("h1").inner_text()
        suggested = {}
        for row in range(5):
            why = self.page.locator("details.data", has_text=re.compile("Why")).nth(row)
            why.locator("summary").click()
            sku = self.page.locator("tbody th .sub").nth(row).inner_text().split()[0]
            suggested[sku] = self.sum_adds_up("details[open] table.sum")
            why.locator("summary").click()
            assert suggested[sku] > 0
            assert suggested[sku] % 12 == 0
        self.page.locator("details.data summary", has_text="Why").first.click()
        self.picture("walk-why")
        answer = self.ask(f"orders/{number}/")
        assert {line["sku"]: float(line["suggested"]) for line in answer["lines"]} == suggested
        return str(number), suggested

    def change_quantity(self, number: str, sku: str, quantity: float) -> None:
        self.go(f"orders/{number}/")
        row = self.page.locator("tbody tr", has_text=sku).first
        row.locator("input.qty").first.fill(f"{quantity:g}")
        self.press("Save changes")
        self.reads(f"{number} was saved")
        self.picture("walk-changed")

    def approve_and_send(self, number: str) -> None:
        self.go(f"orders/{number}/")
        self.press("^Approve £")
        self.reads("Undo approval")
        assert not self.mailbox.accepted
        self.press("Send now")
        self.reads(f"Sent to {SUPPLIER_EMAIL}", seconds=60)
        self.picture("walk-sent")

    def mail_of(self, number: str) -> EmailMessage:
        """The one mail that the server has taken, to the supplier, with the order as PDF."""
        (envelope,) = self.mailbox.accepted
        assert envelope.rcpt_tos == [SUPPLIER_EMAIL]
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        assert number in mail["Subject"]
        (pdf,) = [part for part in mail.walk() if part.get_content_type() == "application/pdf"]
        assert pdf.get_content().startswith(b"%PDF")
        self.mailbox.accepted.clear()
        return mail

    def answer_by_the_link(self, mail: EmailMessage, change: tuple[str, int], decline: str) -> None:
        """As the supplier: no log-in, no cookie; some of one product, none of another."""
        body = mail.get_body(("plain",))
        assert body is not None
        link = re.search(r"http://\S+/supplier/\S+", body.get_content())
        assert link is not None
        self.page.goto(link.group())
        self.reads("Can you deliver this order")
        lines = self.page.locator(".slines > li")
        assert lines.count() == 5
        sku, quantity = change
        lines.filter(has_text=sku).get_by_label("Change").check()
        lines.filter(has_text=sku).get_by_label("Quantity").fill(str(quantity))
        lines.filter(has_text=decline).get_by_label("Cannot deliver").check()
        self.picture("walk-answer")
        self.press("Send this answer")
        self.reads("Thank you, we have your answer")
        assert self.page.context.cookies() == []

    def agree(self, number: str, declined: str) -> None:
        self.go("")
        self.reads("Suppliers want it otherwise")
        self.go(f"orders/{number}/")
        self.reads("changed this order")
        self.reads("24 instead of")
        self.reads("declined, ")
        self.picture("walk-answered")
        self.press("Agree to this")
        self.reads("is agreed")
        (line,) = [line for line in self.ask(f"orders/{number}/")["lines"] if line["sku"] == declined]
        assert line["confirmed_quantity"] == "0"

    def invite_clerk(self) -> None:
        self.go("settings/members/")
        form = self.page.locator("section", has_text="Invite somebody")
        form.get_by_label("E-mail").fill(CLERK)
        form.get_by_label("Role").select_option("clerk")
        self.press("Send the invitation")
        self.reads(CLERK)

    def accept_invitation(self) -> None:
        (envelope,) = self.mailbox.accepted
        mail = message_from_bytes(envelope.content, policy=policy.default)
        body = mail.get_body(("plain",))
        assert body is not None
        link = re.search(r"https?://\S+/invitations/\S+", body.get_content())
        assert link is not None
        self.page.goto(link[0])
        self.page.get_by_label("Your name").fill("Tom")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.locator("main form button.primary").click()
        self.page.wait_for_url(f"**/{SHOP}/")

    def receive(self, number: str, arrived: dict[str, int]) -> None:
        """On a phone, where no cost is to be seen."""
        self.go(f"orders/{number}/receive/")
        assert "£" not in self.page.content()
        for sku, quantity in arrived.items():
            row = self.page.locator("tbody tr", has_text=sku)
            row.locator("input.qty").first.fill(str(quantity))
        self.picture("walk-receive")
        self.press("Receive what is entered")
        if self.page.get_by_label(re.compile("more than|More than")).count():
            self.page.get_by_label(re.compile("more than|More than")).first.check()
            self.press("Receive what is entered")
        self.reads("are in stock")

    def undo_receipt(self, number: str) -> None:
        self.go(f"orders/{number}/")
        self.press("^Undo$")
        self.reads("The receipt is undone")

    def close_short(self, number: str) -> None:
        self.go(f"orders/{number}/")
        self.press("Close short")
        self.reads("nothing more is expected")
        self.picture("walk-closed")

    def count(self, sku: str, quantity: str) -> None:
        self.go("counts/new/")
        self.page.get_by_label("SKU or barcode").first.fill(sku)
        self.page.locator(".sheetlines input.qty").first.fill(quantity)
        self.page.locator("form#sheet button.primary").click()
        self.page.wait_for_url(f"**/{SHOP}/ledger/*/")
        self.picture("walk-counted")

    def undo_last(self, sku: str) -> None:
        """What was posted last of a product, from its page."""
        self.go(f"products/?search={sku}")
        self.page.locator("tbody a.name").first.click()
        self.page.locator("#history tbody tr").first.get_by_role("button", name="Undo").click()
        self.page.locator("#history").get_by_text("undone").first.wait_for()

    def no_page_is_wider_than_a_phone(self) -> None:
        for address in ("", "replenish/", "orders/", "products/", "counts/", "forecasts/", "suppliers/"):
            self.go(address)
            wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not self.page.evaluate(wider), address
