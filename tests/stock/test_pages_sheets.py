from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from catalog.models import Warehouse
from common.dates import closing_of, start_of_day
from stock.models import Balance, HistorySale, Kind, Movement, Posting
from tenancy.context import shop_scope
from tests.factories import make_product, make_shop, make_warehouse, post_line
from tests.importing import sales_file
from tests.pages import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop_with_mugs(db):
    """A shop with 10 mugs (SKU MUG) in its one warehouse."""
    shop = make_shop()
    with shop_scope(shop):
        place = make_warehouse(code="MAIN", name="High Street")
        mug = make_product(sku="MUG", name="Stoneware mug")
        mug.barcodes.create(code="5060118422045")
        make_product(sku="TEA", name="Loose tea", unit="kg", has_decimals=True)
        post_line(Kind.OPENING, mug, place, 10_000, unit_cost=4_200_000)
        post_line(Kind.OPENING, make_product(sku="CUP"), place, 5_000)
    return shop


@pytest.fixture
def clerk(shop_with_mugs):
    return Visitor(shop_with_mugs, "clerk")


@pytest.fixture
def owner(shop_with_mugs):
    return Visitor(shop_with_mugs, "owner")


def on_hand(visitor, sku="MUG", code="MAIN"):
    with shop_scope(visitor.shop):
        found = Balance.objects.filter(product__sku=sku, warehouse__code=code).first()
        return found.on_hand if found else 0


def place(visitor, code="MAIN"):
    with shop_scope(visitor.shop):
        return Warehouse.objects.get(code=code).pk


def newest(visitor):
    with shop_scope(visitor.shop):
        return Posting.objects.order_by("-id").first()


def test_a_clerk_sells_by_scanning_and_the_sheet_is_ready_for_the_next(clerk):
    data = clerk.sheet("sale_new", ("5060118422045", "2"), ("", ""), ("cup", "1"), warehouse=place(clerk))
    answer = clerk.post("sale_new", **data, follow=True)
    assert (on_hand(clerk), on_hand(clerk, "CUP")) == (8_000, 4_000)
    posting = newest(clerk)
    assert (posting.kind, posting.actor) == (Kind.SALE, clerk.user)
    assert "The sale is posted." in answer.text
    assert clerk.address("posting", posting.pk) in answer.text
    assert "line-0-code" in answer.text
    assert 'value="5060118422045"' not in answer.text


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles"])
def test_a_year_that_is_a_slip_of_the_hand_is_told_at_its_field(clerk, zone):
    clerk.shop.time_zone = zone
    clerk.shop.save()
    data = clerk.sheet("sale_new", ("MUG", "2"), warehouse=place(clerk), at="0001-01-01T00:00")
    answer = clerk.post("sale_new", **data)
    assert answer.context["form"].head.errors["at"] == ["Line 1: at lies before 1990."]
    assert on_hand(clerk) == 10_000


def test_a_sheet_sent_twice_is_posted_once(clerk):
    data = clerk.sheet("sale_new", ("MUG", "2"), warehouse=place(clerk))
    first = clerk.post("sale_new", **data)
    second = clerk.post("sale_new", **data)
    assert first["Location"] == second["Location"]
    assert on_hand(clerk) == 8_000


def test_a_posted_sheet_that_comes_back_changed_asks_before_it_posts_again(clerk):
    data = clerk.sheet("sale_new", ("MUG", "2"), warehouse=place(clerk))
    clerk.post("sale_new", **data)
    answer = clerk.post("sale_new", **(data | {"line-0-quantity": "3"}))
    assert "This sheet has been posted already, with other lines." in answer.text
    assert on_hand(clerk) == 8_000
    again = data | {"line-0-quantity": "3", "key": answer.context["form"].head["key"].value()}
    assert clerk.post("sale_new", **again).status_code == 302
    assert on_hand(clerk) == 5_000


@pytest.mark.parametrize(
    ("line", "head", "fault"),
    [
        (("NOBODY", "1"), {}, "No product has this SKU or barcode."),
        (("", "1"), {}, "Say which product."),
        (("MUG", ""), {}, "Say how many."),
        (("MUG", "0"), {}, "Write more than 0."),
        (("MUG", "-1"), {}, "Write more than 0."),
        (("MUG", "1.5"), {}, "This product is kept in whole units."),
        (("MUG", "a few"), {}, "is not a number"),
        (("MUG", "1e9"), {}, "is not a number"),
        (("MUG", "99"), {}, "99 requested, 10 on hand"),
        (("MUG", "1"), {"warehouse": ""}, "This field is required."),
        (("MUG", "1"), {"warehouse": "99999999999999999999"}, "Select a valid choice."),
        (("MUG", "1"), {"at": "yesterday"}, "Enter a valid date/time."),
        (("MUG", "1"), {"at": "2100-01-01T10:00"}, "lies in the future"),
        (("MUG", "1"), {"document": "x" * 121}, "at most 120 characters"),
        (("", ""), {}, "Nothing is on the sheet yet."),
    ],
)
def test_a_wrong_sheet_posts_nothing_and_keeps_what_was_typed(clerk, line, head, fault):
    data = clerk.sheet("sale_new", ("CUP", "1"), line, warehouse=place(clerk)) | head
    if line == ("", ""):
        data |= {"line-0-code": "", "line-0-quantity": ""}
    before = newest(clerk)
    answer = clerk.post("sale_new", **data)
    assert answer.status_code == 200
    assert fault in answer.text
    assert newest(clerk) == before
    for text in filter(None, line):
        assert f'value="{text}"' in answer.text
    if line != ("", ""):
        assert answer.text.count("autofocus") == 1
        assert answer.text.count("Say which product.") == (fault == "Say which product.")


@pytest.mark.parametrize("rows", ["", "x", "-4", "0", "99999999999"])
def test_a_tampered_number_of_rows_is_no_error_of_ours(clerk, rows):
    data = clerk.sheet("sale_new", ("MUG", "1"), warehouse=place(clerk)) | {"rows": rows}
    assert clerk.post("sale_new", **data).status_code in {200, 302}


def test_another_row_is_offered_without_a_script_and_a_scan_again_is_one_more(clerk):
    data = clerk.sheet("sale_new", ("5060118422045", "2"), ("CUP", ""), ("mug", ""), warehouse=place(clerk))
    answer = clerk.post("sale_new", **data, add_row="1")
    rows = [(row["code"].value(), row["quantity"].value()) for row in answer.context["form"].rows]
    assert rows == [("5060118422045", "3"), ("CUP", "1"), ("", "")]
    assert "Stoneware mug" in answer.text
    assert on_hand(clerk) == 10_000
    unknown = clerk.post("sale_new", **(data | {"line-2-code": "4006381333931"}), add_row="1")
    assert "No product has this SKU or barcode." in unknown.text


def test_a_count_takes_zero_and_leaves_blanks_alone(clerk):
    data = clerk.sheet("count_new", ("MUG", "0"), ("CUP", ""), warehouse=place(clerk))
    answer = clerk.post("count_new", **data, follow=True)
    assert (on_hand(clerk), on_hand(clerk, "CUP")) == (0, 5_000)
    assert "−10" in answer.text
    assert len(answer.context["page"].object_list) == 1


def test_a_count_does_not_show_what_the_ledger_expects(clerk):
    with shop_scope(clerk.shop):
        post_line(Kind.OPENING, make_product(sku="ODD"), Warehouse.objects.get(), 7_321_000)
    data = clerk.sheet("count_new", ("ODD", ""), warehouse=place(clerk))
    shown = clerk.post("count_new", **data, add_row="1").text
    listed = clerk.get("count_list", warehouse=place(clerk)).text
    assert "ODD" in shown
    assert "ODD" in listed
    assert "7,321" not in shown + listed
    assert "7321" not in shown + listed


def test_a_product_counted_twice_on_a_sheet_is_an_error_beside_the_second(clerk):
    data = clerk.sheet("count_new", ("MUG", "4"), ("5060118422045", "5"), warehouse=place(clerk))
    assert "This product stands above already." in clerk.post("count_new", **data).text
    assert on_hand(clerk) == 10_000


def test_counting_by_list_keeps_numbers_over_pages_and_searches(clerk):
    with shop_scope(clerk.shop):
        here = Warehouse.objects.get()
        for number in range(60):
            post_line(Kind.OPENING, make_product(sku=f"Z{number:02}"), here, 1_000)
        mug = Balance.objects.get(product__sku="MUG").product_id
        last = Balance.objects.get(product__sku="Z59").product_id
        cup = Balance.objects.get(product__sku="CUP").product_id
    page = clerk.get("count_list")
    data = {"key": page.context["head"]["key"].value(), "warehouse": here.pk}
    page = clerk.post("count_list", **data, **{f"counted-{mug}": "9"}, page="2")
    assert f'<input type="hidden" name="counted-{mug}" value="9">' in page.text
    assert "Z59" in page.text
    typed = {f"counted-{mug}": "9", f"counted-{last}": "0"}
    page = clerk.post("count_list", **data, **typed, search="cup", page="1")
    assert f'name="counted-{last}" value="0"' in page.text
    wrong = clerk.post("count_list", **data, **typed, **{f"counted-{cup}": "many"}, post="1")
    assert "is not a number" in wrong.text
    assert 'value="many"' in wrong.text
    assert on_hand(clerk) == 10_000
    done = clerk.post("count_list", **data, **typed, **{f"counted-{cup}": ""}, post="1")
    assert done.status_code == 302
    assert (on_hand(clerk), on_hand(clerk, "Z59"), on_hand(clerk, "CUP")) == (9_000, 0, 5_000)
    again = clerk.post("count_list", **data, **typed, post="1")
    assert again["Location"] == done["Location"]


def test_an_empty_count_and_strange_ids_are_answered_calmly(clerk):
    key = clerk.get("count_list").context["head"]["key"].value()
    empty = clerk.post("count_list", key=key, warehouse=place(clerk), post="1")
    assert "Nothing is counted yet." in empty.text
    strange = {"counted-x": "1", "counted-99999999999": "1", "counted-": "2", "counted-²": "1"}
    answer = clerk.post("count_list", key=key, warehouse=place(clerk), post="1", **strange)
    assert "Nothing is counted yet." in answer.text
    assert clerk.get("count_list", warehouse="x", page="²", search="\0").status_code == 200


def test_a_receipt_takes_a_cost_from_those_who_may_see_costs_only(clerk, owner):
    data = owner.sheet("receipt_new", ("MUG", "10", "6.20"), warehouse=place(owner))
    owner.post("receipt_new", **data)
    with shop_scope(owner.shop):
        assert Balance.objects.get(product__sku="MUG").value == 4_200 + 6_200
    data = clerk.sheet("receipt_new", ("CUP", "1", "99"), warehouse=place(clerk))
    assert "Unit cost" not in clerk.get("receipt_new").text
    clerk.post("receipt_new", **data)
    with shop_scope(owner.shop):
        assert Balance.objects.get(product__sku="CUP").value == 0


def test_goods_move_between_warehouses(clerk):
    with shop_scope(clerk.shop):
        barn = make_warehouse(code="BARN").pk
    same = clerk.sheet("transfer_new", ("MUG", "4"), warehouse=place(clerk), to_warehouse=place(clerk))
    assert "The goods are there already." in clerk.post("transfer_new", **same).text
    data = clerk.sheet("transfer_new", ("MUG", "4"), warehouse=place(clerk), to_warehouse=barn)
    assert clerk.post("transfer_new", **data).status_code == 302
    assert (on_hand(clerk), on_hand(clerk, code="BARN")) == (6_000, 4_000)


def test_a_write_off_and_a_correction_need_a_reason(owner):
    for name, quantity, after in (("write_off_new", "2", 8_000), ("correction_new", "−3", 5_000)):
        data = owner.sheet(name, ("MUG", quantity), warehouse=place(owner))
        assert "This field is required." in owner.post(name, **data).text
        assert owner.post(name, **data, reason="Dropped").status_code == 302
        assert on_hand(owner) == after
    assert newest(owner).reason == "Dropped"


def test_a_return_and_opening_stock_come_in(owner):
    back = owner.sheet("return_new", ("MUG", "1"), warehouse=place(owner))
    owner.post("return_new", **back)
    assert on_hand(owner) == 11_000
    opening = owner.sheet("opening_new", ("TEA", "2.5", "8"), warehouse=place(owner))
    owner.post("opening_new", **opening)
    assert on_hand(owner, "TEA") == 2_500


def test_an_earlier_time_is_read_in_the_shops_own_zone(clerk):
    clerk.shop.time_zone = "Asia/Shanghai"
    clerk.shop.save()
    day = (timezone.now() - timedelta(days=3)).date()
    data = clerk.sheet("sale_new", ("MUG", "1"), warehouse=place(clerk), at=f"{day}T09:30")
    clerk.post("sale_new", **data)
    assert newest(clerk).at.isoformat() == f"{day}T01:30:00+00:00"


def test_from_a_products_page_only_the_number_is_missing(clerk):
    with shop_scope(clerk.shop):
        mug = Balance.objects.get(product__sku="MUG").product_id
    page = clerk.get("sale_new", product=mug)
    row = page.context["form"].rows[0]
    assert row["code"].value() == "MUG"
    assert "autofocus" in str(row["quantity"])
    assert page.text.count("autofocus") == 1


def test_the_sheet_remembers_where_somebody_stands(clerk):
    with shop_scope(clerk.shop):
        barn = make_warehouse(code="BARN")
        post_line(Kind.OPENING, make_product(sku="BOX"), barn, 5_000)
    clerk.post("sale_new", **clerk.sheet("sale_new", ("BOX", "1"), warehouse=barn.pk))
    assert clerk.get("count_new").context["form"].head["warehouse"].value() == barn.pk


@pytest.mark.parametrize(
    "name",
    ["sale_new", "return_new", "receipt_new", "transfer_new", "count_new", "write_off_new", "count_list"],
)
def test_a_viewer_may_record_nothing(shop_with_mugs, name):
    viewer = Visitor(shop_with_mugs, "viewer")
    assert viewer.get(name).status_code == 403
    assert viewer.post(name).status_code == 403


def test_another_shops_product_and_warehouse_are_unknown_here(clerk):
    other = make_shop()
    with shop_scope(other):
        foreign, product = make_warehouse(), make_product(sku="FOREIGN")
    data = clerk.sheet("sale_new", ("FOREIGN", "1"), warehouse=foreign.pk)
    answer = clerk.post("sale_new", **data)
    assert "No product has this SKU or barcode." in answer.text
    assert "Select a valid choice." in answer.text
    assert "FOREIGN" not in clerk.get("sale_new", product=product.pk).text
    with shop_scope(other):
        assert not Movement.objects.exists()


def test_a_shop_with_one_warehouse_is_told_that_a_transfer_needs_two():
    shop = make_shop()
    with shop_scope(shop):
        make_warehouse()
    owner, clerk = Visitor(shop, "owner"), Visitor(shop, "clerk")
    assert owner.address("warehouse_new") in owner.get("transfer_new").text
    assert "goods need a second one" in clerk.get("transfer_new").text
    with shop_scope(shop):
        make_warehouse()
    assert "goods need a second one" not in owner.get("transfer_new").text


def test_the_list_to_count_begins_with_what_was_sold_before_stock_was_kept():
    shop = make_shop()
    with shop_scope(shop):
        place, sold, held = make_warehouse(), make_product(name="Sold once"), make_product(name="Held here")
        make_product(name="Neither")
        past = sales_file(place)
        HistorySale.objects.create(
            sales_import=past, warehouse=place, product=sold, day=date(2026, 1, 2), quantity=1_000
        )
        post_line(Kind.OPENING, held, place, 5_000)
    page = Visitor(shop, "clerk").get("count_list", warehouse=place.pk).text
    assert "Sold once" in page
    assert "Held here" in page
    assert "Neither" not in page


def test_a_count_says_whether_it_was_before_opening_or_after_closing(clerk, shop_with_mugs):
    with shop_scope(shop_with_mugs):
        place = Warehouse.objects.get()
    for when, moment in (("before", start_of_day), ("after", closing_of)):
        head = {"warehouse": place.pk, "when": when, "at": "2026-03-02T12:00"}
        clerk.post("count_new", **clerk.sheet("count_new", ("MUG", "4"), **head))
        with shop_scope(shop_with_mugs):
            latest = Posting.objects.filter(keeps=None).order_by("-pk").first()
            assert latest.at == moment(date(2026, 3, 2), shop_with_mugs.zone)
    assert 'name="when"' not in clerk.get("sale_new").text


def test_what_keeps_a_count_true_leads_to_the_count_and_has_no_undo(owner, shop_with_mugs):
    with shop_scope(shop_with_mugs):
        product, place = make_product(), Warehouse.objects.get()
        count = post_line(Kind.COUNT, product, place, 5_000)
        late = post_line(Kind.RECEIPT, product, place, 2_000, at=timezone.now() - timedelta(days=2))
        raised = Posting.objects.get(keeps=count)
    page = owner.get("posting", raised.pk).text
    assert owner.address("posting", count.pk) in page
    assert owner.address("posting", late.pk) in page
    assert owner.address("posting_undo", raised.pk) not in page
    for one in (count, late):
        assert owner.address("posting", raised.pk) in owner.get("posting", one.pk).text
