from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Category, Family, Product, Supplier, Warehouse
from forecasting.models import Forecast, ForecastRun
from insights import queries
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from replenishment.models import Plan, PlanLine
from stock.models import Balance, Commitment, DemandMonth, ImportedPosting, Kind
from tenancy.context import shop_scope
from tests.factories import make_product, make_shop, make_supplier, make_warehouse, post_line
from tests.importing import sales_file
from tests.pages import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def filled(db):
    """A shop with one product in two warehouses, sold each day, forecast, planned and on order."""
    shop = make_shop()
    with shop_scope(shop):
        here, there, supplier = (
            make_warehouse(name="High Street"),
            make_warehouse(),
            make_supplier(name="Hallam"),
        )
        mug = make_product(sku="MUG", name="Stoneware mug", price=12_000_000, cost=4_200_000)
        mug.terms.create(supplier=supplier, unit_cost=4_200_000, pack=6_000, supplier_code="SG-35")
        now = timezone.now()
        post_line(
            Kind.OPENING,
            mug,
            here,
            500_000,
            unit_cost=4_200_000,
            at=now - timedelta(days=120),
            document="Start",
        )
        for days in range(20, 0, -1):
            post_line(Kind.SALE, mug, here, 2_000, at=now - timedelta(days=days))
        post_line(Kind.TRANSFER, mug, here, 60_000, to_warehouse_id=there.pk, at=now)
        Commitment.objects.create(
            product=mug, warehouse=here, quantity=5_000, reference="Ada", until=now + timedelta(days=2)
        )
        run = ForecastRun.objects.create(
            known_to=timezone.localdate() - timedelta(days=1), horizon_days=28, finished_at=now
        )
        for place, rate in ((here, 30.0), (there, 2.0)):
            Forecast.objects.create(
                run=run,
                product=mug,
                warehouse=place,
                method="holt_winters",
                mean=[rate] * 28,
                sigma=3.0,
                error=4.5,
                naive_error=6.5,
            )
        order = PurchaseOrder.objects.create(number="PO-1", supplier=supplier, warehouse=here)
        reason = {"parts": [{"label": "Safety", "quantity": 12_000}], "text": "36 covers two weeks."}
        PurchaseOrderLine.objects.create(
            order=order, product=mug, quantity=36_000, unit_cost=4_200_000, reason=reason
        )
        plan = Plan.objects.create(run=run, supplier=supplier, warehouse=here, order=order, status="optimal")
        PlanLine.objects.create(plan=plan, product=mug, quantity=36_000, unit_cost=4_200_000, reason=reason)
        shop.mug = mug
    return shop


def test_the_product_page_gathers_the_facts_of_all_floors(filled):
    page = Visitor(filled, "owner").get("product", filled.mug.pk)
    facts = page.context
    assert (facts["on_hand"], facts["committed"], facts["available"]) == (460_000, 5_000, 455_000)
    assert facts["value"] == 193_200
    # 460 units at 32 a day: the 15th day does not see its end.
    assert facts["runs_out_on"] == timezone.localdate() + timedelta(days=14)
    for text in (
        "£1,932.00",
        "£7.80",
        "Hallam",
        "SG-35",
        "PO-1",
        "36 covers two weeks.",
        "+12",
        "High Street",
    ):
        assert text in page.text, text
    assert "by 9 a week, the naive forecast by 13" in page.text
    assert facts["ahead"][0].mean == pytest.approx(224)
    assert '<svg class="chart"' in page.text
    assert '<details class="data">' in page.text


def test_the_history_runs_back_from_what_is_on_hand(filled):
    page = Visitor(filled, "owner").get("product", filled.mug.pk)
    entries = page.context["history"].items
    assert entries[0].on_hand == 460_000
    assert [entry.movement.quantity for entry in entries[2:4]] == [-2_000, -2_000]
    assert [entry.on_hand for entry in entries[2:4]] == [460_000, 462_000]
    assert entries[-1].movement.posting.document == "Start"
    assert page.text.count("posting_undo") == 0
    assert page.text.count("/undo/") == len(entries)


def test_a_sale_from_a_file_leads_to_its_import_instead_of_an_undo_of_its_own(filled):
    shop, mug = filled, filled.mug
    with shop_scope(shop):
        sale = mug.movements.filter(posting__kind=Kind.SALE).first()
        brought = sales_file(sale.warehouse).file
        ImportedPosting.objects.create(file_import=brought, posting=sale.posting)
    owner = Visitor(shop, "owner")
    undo = owner.address("posting_undo", sale.posting_id)
    for page in (owner.get("product", mug.pk).text, owner.get("posting", sale.posting_id).text):
        assert owner.address("import", brought.pk) in page
        assert undo not in page


def test_a_clerk_sees_no_cost_margin_or_value(filled):
    clerk = Visitor(filled, "clerk")
    page = clerk.get("product", filled.mug.pk).text
    assert "£12.00" in page
    for hidden in ("£4.20", "£7.80", "£1,932.00", "Margin", "worth", "Unit cost", "/undo/"):
        assert hidden not in page, hidden
    assert "£4.20" not in clerk.get("products").text
    assert "£" not in clerk.get("today").text
    filled.everyone_sees_costs = True
    filled.save()
    assert "£4.20" in clerk.get("product", filled.mug.pk).text


def test_a_product_without_a_past_has_a_page_too(filled):
    with shop_scope(filled):
        bare = make_product(name="<b>New</b>")
    page = Visitor(filled, "owner").get("product", bare.pk)
    assert page.status_code == 200
    assert "No sales yet." in page.text
    assert "<b>New</b>" not in page.text
    stranger = Visitor(make_shop(), "owner")
    assert stranger.get("product", bare.pk).status_code == 404
    assert Visitor(filled, "owner").get("product", filled.mug.pk, **{"from": "nonsense"}).status_code == 400


def test_a_week_with_an_unknown_day_is_unknown_and_says_what_is_known(shop):
    product, place = make_product(), make_warehouse()
    last = timezone.localdate() - timedelta(days=1)
    first = last - timedelta(days=6)
    days: dict = {}
    for number in range(7):
        day = first + timedelta(days=number)
        days.setdefault(day.replace(day=1), {})[day.day] = None if number == 3 else 1_000
    for month, known in days.items():
        DemandMonth.objects.create(
            product=product,
            warehouse=place,
            month=month,
            days=[known.get(n) for n in range(1, 32)][: max(known)],
        )
    week = queries.weeks_of_demand(product, last)[-1]
    assert (week.first, week.sold, week.known) == (first, None, 6.0)


def test_before_the_first_night_weeks_come_from_the_ledger(filled):
    with shop_scope(filled):
        mug = Product.objects.get()
        weeks = queries.weeks_of_demand(mug, timezone.localdate() - timedelta(days=1))
    assert [week.sold for week in weeks[-2:]] == [14.0, 14.0]
    assert weeks[0].sold is None


def test_the_list_finds_products_with_stock_and_cover(filled):
    owner = Visitor(filled, "owner")
    with shop_scope(filled):
        make_product(sku="CUP", name="Espresso cup")
    page = owner.get("products")
    rows = {row.product.sku: row for row, _spark in page.context["rows"]}
    assert (rows["MUG"].on_hand, rows["MUG"].cover, rows["MUG"].status) == (460_000, 14, "")
    assert (rows["CUP"].on_hand, rows["CUP"].cover, rows["CUP"].is_held) == (0, None, False)
    found = owner.get("products", search="espr").context["rows"]
    assert [row.product.sku for row, _spark in found] == ["CUP"]
    empty = owner.get("products", search="4006381333931")
    assert f"{owner.address('product_new')}?barcode=4006381333931" in empty.text
    for search in ("\0", "%", "'", "x" * 5_000, "\U0010ffff"):
        assert owner.get("products", search=search, status="x", category="x").status_code == 200


def test_the_list_takes_the_same_number_of_queries_for_a_full_page(filled, django_assert_max_num_queries):
    owner = Visitor(filled, "owner")
    with shop_scope(filled):
        for _number in range(60):
            make_product()
    # PostgreSQL needs three more than SQLite: opening the wall, and its plans of statements.
    with django_assert_max_num_queries(20):
        page = owner.get("products")
    assert len(page.context["rows"]) == 50
    with django_assert_max_num_queries(32):
        owner.get("product", filled.mug.pk)


def skus(page):
    return [row.product.sku for row, _spark in page.context["rows"]]


def test_the_list_is_filtered_by_stock_category_supplier_and_state(filled):
    owner = Visitor(filled, "owner")
    with shop_scope(filled):
        place = Warehouse.objects.first()
        cups = Category.objects.create(name="Cups")
        gone = make_product(sku="GONE", category=cups)
        post_line(Kind.RECEIPT, gone, place, 1_000)
        post_line(Kind.WRITE_OFF, gone, place, 1_000, reason="broken")
        low, over = make_product(sku="LOW"), make_product(sku="OVER")
        for product in (low, over):
            post_line(Kind.RECEIPT, product, place, 5_000)
        Balance.objects.filter(product=low).update(reorder_point=6_000)
        Balance.objects.filter(product=over).update(plenty=4_000)
        make_product(sku="OLD", state="archived")
        supplier = Supplier.objects.get()
    assert skus(owner.get("products", status="out")) == ["GONE"]
    assert skus(owner.get("products", status="low")) == ["GONE", "LOW"]
    assert skus(owner.get("products", status="over")) == ["OVER"]
    assert skus(owner.get("products", category=cups.pk)) == ["GONE"]
    assert skus(owner.get("products", supplier=supplier.pk)) == ["MUG"]
    assert skus(owner.get("products", state="archived")) == ["OLD"]
    assert len(skus(owner.get("products", state="all"))) == 5
    assert "Nothing that you keep" in owner.get("products", status="out", state="archived").text


def test_pages_of_the_list_follow_each_other_both_ways(filled):
    owner = Visitor(filled, "owner")
    with shop_scope(filled):
        for number in range(119):
            make_product(sku=f"A{number:03}")
    first = owner.get("products")
    second = owner.get("products", after=first.context["page"].later)
    third = owner.get("products", after=second.context["page"].later)
    assert [len(skus(page)) for page in (first, second, third)] == [50, 50, 20]
    assert third.context["page"].later is None
    assert skus(owner.get("products", before=third.context["page"].earlier)) == skus(second)
    back = owner.get("products", before=second.context["page"].earlier)
    assert (skus(back), back.context["page"].earlier) == (skus(first), None)
    assert owner.get("products", after="x").status_code == 400


def test_the_list_is_saved_as_it_is_filtered_without_costs_for_clerks(filled):
    with shop_scope(filled):
        make_product(sku="=1+1", name="Sum", price=10_000)
    lines = Visitor(filled, "owner").get("products_file").getvalue().decode("utf-8-sig").splitlines()
    assert lines[0].endswith("runs_out_on,price,cost")
    assert lines[1].startswith("'=1+1,Sum,,active,0,0,")
    assert lines[2].startswith("MUG,Stoneware mug,,active,460,")
    answer = Visitor(filled, "clerk").get("products_file", search="MUG")
    (head, mug) = answer.getvalue().decode("utf-8-sig").splitlines()
    assert "cost" not in head
    assert len(mug.split(",")) == len(head.split(","))


def test_the_chart_shades_weeks_with_an_empty_shelf_and_says_what_was_missed(shop):
    product, place = make_product(), make_warehouse()
    last = timezone.localdate() - timedelta(days=1)
    for back in range(0, 130, 20):
        month = (last - timedelta(days=back)).replace(day=1)
        days = [None if 10 <= (last - month).days - number <= 14 else 1_000 for number in range(31)]
        DemandMonth.objects.get_or_create(
            warehouse=place, product=product, month=month, defaults={"days": days[: _length(month)]}
        )
    weeks = queries.weeks_of_demand(product, last)
    assert sum(week.empty_days for week in weeks) == 5
    assert queries.missed(weeks) == pytest.approx(5)
    page = Visitor(shop, "viewer").get("product", product.pk).text
    assert 'class="hatched"' in page
    assert "Empty shelf on 5 days" in page
    assert "about 5 sales missed" in page


def _length(month):
    return ((month + timedelta(days=31)).replace(day=1) - month).days


def test_the_product_leads_to_its_family_its_levels_and_its_history_as_a_file(filled):
    with shop_scope(filled):
        family = Family.objects.create(name="Mugs")
        Product.objects.filter(pk=filled.mug.pk).update(family=family, size="L")
        other = make_product(name="Small mug", family=family, size="S")
        reason = {
            "parts": [
                {"code": "until_arrival", "label": "until", "quantity": 20_000},
                {"code": "review", "label": "review", "quantity": 9_000},
                {"code": "safety", "label": "safety", "quantity": 4_000},
            ],
            "text": "36 covers two weeks.",
        }
        PlanLine.objects.update(reason=reason)
    owner = Visitor(filled, "owner")
    page = owner.get("product", filled.mug.pk)
    assert [product.pk for product in page.context["variants"]] == [other.pk]
    level = page.context["levels"][0]
    assert (level["reorder_point"], level["up_to"], level["safety"]) == (24_000, 33_000, 4_000)
    lines = owner.get("product_history_file", filled.mug.pk).getvalue().decode("utf-8-sig").splitlines()
    assert lines[0].endswith("on_hand_after,value")
    assert len(lines) > 3
    assert (
        "value" not in Visitor(filled, "clerk").get("product_history_file", filled.mug.pk).getvalue().decode()
    )
