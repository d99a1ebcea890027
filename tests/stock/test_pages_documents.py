from __future__ import annotations

import pytest

from stock.models import Balance, Kind, Posting
from tenancy.context import shop_scope
from tests.factories import make_product, make_shop, make_warehouse, post_line
from tests.pages import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop_of_two(db):
    """A shop whose 10 cups cost 2.50 each; 4 were sold."""
    shop = make_shop()
    with shop_scope(shop):
        place, cup = make_warehouse(), make_product(sku="CUP", name="Espresso cup")
        shop.receipt = post_line(
            Kind.RECEIPT, cup, place, 10_000, unit_cost=2_500_000, document="Note 7", reason="First"
        )
        shop.sale = post_line(Kind.SALE, cup, place, 4_000)
    return shop


@pytest.fixture
def owner(shop_of_two):
    return Visitor(shop_of_two, "owner")


def on_hand(shop):
    with shop_scope(shop):
        return Balance.objects.get().on_hand


def test_the_ledger_lists_documents_and_filters_by_kind(owner):
    page = owner.get("ledger")
    assert [posting.kind for posting in page.context["page"]] == [Kind.SALE, Kind.RECEIPT]
    assert "Note 7" in page.text
    assert [posting.kind for posting in owner.get("ledger", kind="sale").context["page"]] == [Kind.SALE]
    assert len(owner.get("ledger", kind="nonsense", page="x").context["page"]) == 2
    assert "Note 7" not in owner.get("sales").text
    for name in ("counts", "transfers"):
        assert "Nothing of this kind has been recorded yet." in owner.get(name).text


def test_a_list_of_documents_takes_a_fixed_number_of_queries(owner, django_assert_max_num_queries):
    with shop_scope(owner.shop):
        cup, place = Balance.objects.get().product, Balance.objects.get().warehouse
        for _number in range(30):
            post_line(Kind.SALE, cup, place, 100)
    with django_assert_max_num_queries(12):
        owner.get("ledger")


def test_a_document_shows_its_lines_and_what_they_are_worth_to_those_who_may_know(owner):
    page = owner.get("posting", owner.shop.sale.pk).text
    assert "−4 piece" in page
    assert "−£10.00" in page
    clerk = Visitor(owner.shop, "clerk")
    page = clerk.get("posting", owner.shop.sale.pk).text
    assert "−4 piece" in page
    assert "£" not in page
    assert clerk.address("posting_undo", owner.shop.sale.pk) not in page


def test_undo_posts_the_opposite_once_and_links_both_ways(owner):
    sale = owner.shop.sale.pk
    page = owner.post("posting_undo", sale, follow=True)
    assert on_hand(owner.shop) == 10_000
    with shop_scope(owner.shop):
        reversal = Posting.objects.get(reverses=sale)
        assert reversal.actor == owner.user
    assert owner.address("posting", reversal.pk) in page.text
    assert owner.address("posting", sale) in owner.get("posting", reversal.pk).text
    owner.post("posting_undo", sale)
    assert on_hand(owner.shop) == 10_000
    owner.post("posting_undo", reversal.pk)
    assert on_hand(owner.shop) == 6_000


def test_an_undo_that_is_refused_says_what_stands_in_the_way(owner):
    answer = owner.post("posting_undo", owner.shop.receipt.pk)
    assert answer.status_code == 409
    assert "This was not undone." in answer.text
    assert "CUP: 10 requested, 6 on hand" in answer.text
    assert on_hand(owner.shop) == 6_000


def test_undo_goes_back_where_it_was_asked_for_and_nowhere_else(owner):
    here = owner.address("ledger")
    assert owner.post("posting_undo", owner.shop.sale.pk, next=here)["Location"] == here
    for elsewhere in ("https://evil.example/", "//evil.example/", "/other-shop/", "javascript:alert(1)"):
        answer = owner.post("posting_undo", owner.shop.sale.pk, next=elsewhere)
        assert answer["Location"] == owner.address("posting", owner.shop.sale.pk)


def test_a_clerk_may_not_undo_and_nobody_reaches_another_shops_document(owner):
    clerk = Visitor(owner.shop, "clerk")
    assert clerk.post("posting_undo", owner.shop.sale.pk).status_code == 403
    stranger = Visitor(make_shop(), "owner")
    assert stranger.get("posting", owner.shop.sale.pk).status_code == 404
    assert stranger.post("posting_undo", owner.shop.sale.pk).status_code == 404
    assert owner.get("posting_undo", owner.shop.sale.pk).status_code == 405
    assert on_hand(owner.shop) == 6_000


def test_a_count_shows_counted_expected_and_difference(owner):
    with shop_scope(owner.shop):
        balance = Balance.objects.get()
        count = post_line(Kind.COUNT, balance.product, balance.warehouse, 5_000)
    page = owner.get("posting", count.pk)
    (line,) = page.context["page"]
    assert (line.counted, line.expected, line.difference) == (5_000, 6_000, -1_000)
    assert "Espresso cup" in page.text
