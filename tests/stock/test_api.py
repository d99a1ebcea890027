"""The ledger for machines: docs/api.md in examples."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Location
from stock.models import Balance, Kind, Lot, Posting
from tenancy.context import shop_scope
from tenancy.permissions import Role
from tests.factories import make_product, make_shop, make_token, make_user, make_warehouse, post_line

pytestmark = pytest.mark.django_db


class Caller:
    """Somebody with a token, at one shop's addresses."""

    def __init__(self, client, shop, secret):
        self.client, self.root = client, f"/api/v1/shops/{shop.slug}/"
        self.headers = {"Authorization": f"Bearer {secret}"}

    def get(self, path):
        return self.client.get(self.root + path, headers=self.headers)

    def post(self, path, body, key="k1", **headers):
        if key is not None:
            headers["Idempotency-Key"] = key
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        return self.client.post(
            self.root + path, data, content_type="application/json", headers=self.headers | headers
        )

    def record(self, kind, *lines, key="k1", warehouse="MAIN", **fields):
        lines = [dict(zip(("sku", "quantity", "unit_cost"), line, strict=False)) for line in lines]
        body = {"kind": kind, "warehouse": warehouse, "lines": lines} | fields
        return self.post("postings/", body, key)


@pytest.fixture
def shop():
    made = make_shop(slug="corner")
    with shop_scope(made):
        main = make_warehouse(code="MAIN")
        make_warehouse(code="BACK")
        Location.objects.create(warehouse=main, code="S1")
        for sku in ("A1", "B2"):
            product = make_product(sku=sku, name=f"Thing {sku}")
            post_line(Kind.OPENING, product, main, 10_000, unit_cost=1_000_000)
        make_product(sku="RICE", has_decimals=True)
    return made


@pytest.fixture
def as_role(client, shop):
    def caller(role):
        with shop_scope(shop):
            return Caller(client, shop, make_token(role)[1])

    return caller


@pytest.fixture
def manager(as_role):
    return as_role("manager")


def on_hand(shop, sku="A1"):
    with shop_scope(shop):
        return sum(Balance.objects.filter(product__sku=sku).values_list("on_hand", flat=True))


# ---- recording -------------------------------------------------------------------------------


def test_a_sale_is_answered_with_what_is_left(manager, shop):
    answer = manager.record("sale", ("a1", "1"), ("B2", 2))
    assert answer.status_code == 201
    with shop_scope(shop):
        posting = Posting.objects.latest("pk")
    assert answer.json() == {
        "id": posting.pk,
        "lines": [{"sku": "A1", "on_hand": "9"}, {"sku": "B2", "on_hand": "8"}],
    }


def test_too_little_stock_refuses_the_whole_document(manager, shop):
    answer = manager.record("sale", ("A1", "1"), ("B2", "11"))
    assert answer.status_code == 409
    assert answer.json() == {
        "code": "insufficient_stock",
        "detail": "B2: 11 requested, 10 on hand",
        "fields": {"B2": ["11 requested, 10 on hand"]},
    }
    assert on_hand(shop) == 10_000


@pytest.mark.parametrize(
    ("kind", "fields", "left"),
    [
        ("opening", {}, 12_000),
        ("sale", {}, 8_000),
        ("customer_return", {}, 12_000),
        ("receipt", {}, 12_000),
        ("supplier_return", {}, 8_000),
        ("transfer", {"to_warehouse": "BACK"}, 10_000),
        ("count", {}, 2_000),
        ("write_off", {"reason": "broken"}, 8_000),
        ("correction", {}, 12_000),
    ],
)
def test_every_kind_moves_its_own_way(manager, shop, kind, fields, left):
    assert manager.record(kind, ("A1", "2"), **fields).status_code == 201
    assert on_hand(shop) == left


def test_the_same_key_and_body_is_recorded_once_and_answered_alike(manager, shop):
    first = manager.record("sale", ("A1", "10"))
    again = manager.record("sale", ("a1", 10.0))
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert on_hand(shop) == 0


def test_the_same_key_with_another_body_is_a_conflict(manager, shop):
    manager.record("sale", ("A1", "1"))
    answer = manager.record("sale", ("A1", "2"))
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")
    assert on_hand(shop) == 9_000


@pytest.mark.parametrize("key", [None, "", "  ", "k" * 101])
def test_a_request_without_a_usable_key_is_refused_and_says_so(manager, key):
    answer = manager.post("postings/", {}, key)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["Idempotency-Key"]


LINE = {"sku": "A1", "quantity": "1"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": None}, "kind"),
        ({"kind": "theft"}, "kind"),
        ({"kind": ["sale"]}, "kind"),
        ({"warehouse": "NOWHERE"}, "warehouse"),
        ({"warehouse": 7}, "warehouse"),
        ({"warehouse": "M\0"}, "warehouse"),
        ({"at": "2026-11-01T10:00:00"}, "at"),
        ({"at": "yesterday"}, "at"),
        ({"at": 1}, "at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ({"at": "9999-12-31T23:59:59-14:00"}, "at"),
        ({"at": "2999-12-31T23:59:59Z"}, "lines[0].at"),
        ({"reason": "x" * 201}, "reason"),
        ({"reason": "\ud800"}, "reason"),
        ({"colour": "red"}, "colour"),
        ({"to_warehouse": "BACK"}, "to_warehouse"),
        ({"kind": "transfer"}, "to_warehouse"),
        ({"kind": "transfer", "to_warehouse": "MAIN"}, "lines[0].to_warehouse"),
        ({"kind": "write_off"}, "reason"),
        ({"lines": None}, "lines"),
        ({"lines": []}, "lines"),
        ({"lines": {}}, "lines"),
        ({"lines": [1]}, "lines[0]"),
        ({"lines": [LINE] * 5_001}, "lines"),
        ({"lines": [LINE, {**LINE, "sku": "NONE"}]}, "lines[1].sku"),
        ({"lines": [{**LINE, "sku": None}]}, "lines[0].sku"),
        ({"lines": [{**LINE, "sku": "x" * 65}]}, "lines[0].sku"),
        ({"lines": [{**LINE, "quantity": None}]}, "lines[0].quantity"),
        ({"lines": [{**LINE, "quantity": ""}]}, "lines[0].quantity"),
        ({"lines": [{**LINE, "quantity": "two"}]}, "lines[0].quantity"),
        ({"lines": [{**LINE, "quantity": True}]}, "lines[0].quantity"),
        ({"lines": [{**LINE, "quantity": 0}]}, "lines[0].quantity"),
        ({"lines": [{**LINE, "quantity": -1}]}, "lines[0].quantity"),
        ({"lines": [{**LINE, "quantity": 1.5}]}, "lines[0].quantity"),
        ({"lines": [{**LINE, "quantity": "0.0001"}]}, "lines[0].quantity"),
        ({"lines": [{**LINE, "quantity": 10**40}]}, "lines[0].quantity"),
        ({"lines": [{**LINE, "quantity": 1e300}]}, "lines[0].quantity"),
        ({"lines": [{**LINE, "unit_cost": "1"}]}, "lines[0].unit_cost"),
        ({"lines": [{**LINE, "location": "S9"}]}, "lines[0].location"),
        ({"lines": [{**LINE, "lot": "L9"}]}, "lines[0].lot"),
        ({"lines": [{**LINE, "colour": "red"}]}, "lines[0].colour"),
    ],
)
def test_what_cannot_be_read_is_refused_by_the_name_of_its_field(manager, shop, change, field):
    answer = manager.post("postings/", {"kind": "sale", "warehouse": "MAIN", "lines": [LINE]} | change)
    assert answer.status_code == 400, answer.json()
    assert answer.json()["code"] == "bad_input"
    assert list(answer.json()["fields"]) == [field]
    assert on_hand(shop) == 10_000


def test_all_faults_of_a_document_are_told_at_once(manager):
    answer = manager.record("sale", ("NONE", "1"), ("A1", "1.5"), ("NEITHER", "1"))
    assert list(answer.json()["fields"]) == ["lines[0].sku", "lines[1].quantity", "lines[2].sku"]


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", "1", '"sale"', "[" * 100_000, '{"quantity": NaN}', b"\xff\xfe", "1" * 5_000],
)
def test_a_body_that_is_no_document_is_refused(manager, body):
    answer = manager.post("postings/", body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "detail", "fields"}


def test_a_body_beyond_the_limit_is_refused(manager, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    answer = manager.record("sale", *[("A1", "1")] * 100)
    assert answer.status_code == 400
    assert "larger" in answer.json()["detail"]


def test_parts_of_a_unit_are_for_products_that_are_sold_so(manager):
    assert manager.record("receipt", ("rice", 1.5)).json()["lines"] == [{"sku": "RICE", "on_hand": "1.5"}]


def test_locations_and_lots_go_by_their_codes(manager, shop):
    line = {"sku": "A1", "quantity": 3, "location": "S1", "lot": "L7"}
    body = {"kind": "receipt", "warehouse": "MAIN", "lines": [line]}
    assert manager.post("postings/", body).status_code == 201
    sale = body | {"kind": "sale", "lines": [line | {"quantity": 4}]}
    answer = manager.post("postings/", sale, "k2")
    assert answer.json()["fields"] == {"A1": ["4 requested, 3 on hand"]}
    with shop_scope(shop):
        assert Lot.objects.get().code == "L7"


def test_a_document_may_be_dated_back(manager):
    at = (timezone.now() - timedelta(days=2)).isoformat()
    posted = manager.record("sale", ("A1", "1"), at=at)
    assert manager.get(f"postings/{posted.json()['id']}/").json()["at"] == at.replace("+00:00", "Z")


# ---- who may ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "forbidden"),
    [
        ("viewer", set(Kind.values)),
        ("clerk", {"opening", "supplier_return", "correction"}),
        ("manager", set()),
        ("owner", set()),
    ],
)
def test_each_kind_needs_its_own_permission(as_role, role, forbidden):
    caller = as_role(role)
    refused = set()
    for kind in Kind.values:
        fields = {"transfer": {"to_warehouse": "BACK"}, "write_off": {"reason": "broken"}}.get(kind, {})
        status = caller.record(kind, ("A1", "1"), key=kind, **fields).status_code
        assert status in (201, 403)
        if status == 403:
            refused.add(kind)
    assert refused == forbidden


def test_clerks_neither_send_nor_see_costs(as_role, shop):
    clerk = as_role("clerk")
    answer = clerk.record("receipt", ("A1", "1", "5.00"))
    assert (answer.status_code, list(answer.json()["fields"])) == (403, ["unit_cost"])
    posted = clerk.record("receipt", ("A1", "1")).json()["id"]
    for path in ("balances/", "products/A1/", "products/A1/history/", f"postings/{posted}/", "products/"):
        text = clerk.get(path).content.decode()
        assert "A1" in text or "MAIN" in text
        assert "value" not in text
        assert "cost" not in text
    shop.everyone_sees_costs = True
    shop.save()
    assert "value" in clerk.get("balances/").json()["results"][0]


def test_only_those_who_may_undo_do(as_role, manager):
    posted = manager.record("sale", ("A1", "1")).json()["id"]
    assert as_role("clerk").post(f"postings/{posted}/undo/", {}).status_code == 403


def test_another_shops_token_opens_nothing(client, shop):
    other = make_shop()
    with shop_scope(other):
        stranger = Caller(client, shop, make_token("owner")[1])
    for path in ("balances/", "products/A1/", "postings/"):
        assert stranger.get(path).status_code == 401


def test_a_signed_in_member_is_named_in_the_ledger(client, shop):
    member = make_user(name="Ann")
    member.memberships.create(shop=shop, role=Role.CLERK)
    client.force_login(member)
    body = {"kind": "sale", "warehouse": "MAIN", "lines": [LINE]}
    address = "/api/v1/shops/corner/postings/"
    posted = client.post(address, body, "application/json", headers={"Idempotency-Key": "k"})
    assert client.get(f"{address}{posted.json()['id']}/").json()["by"] == "Ann"


# ---- many at once ----------------------------------------------------------------------------


def test_many_documents_have_their_results_each_for_itself(manager, shop):
    sale = {"kind": "sale", "warehouse": "MAIN"}
    documents = [
        sale | {"key": "d1", "lines": [LINE]},
        sale | {"key": "d2", "lines": [{**LINE, "quantity": "10"}]},
        sale | {"key": "d3", "lines": [{**LINE, "sku": "NONE"}]},
        sale | {"key": "d1", "lines": [LINE]},
        sale | {"key": "d4", "lines": [LINE], "colour": "red"},
    ]
    answer = manager.post("postings/bulk/", {"documents": documents}, None)
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [(each["key"], each["status"], each.get("code")) for each in results] == [
        ("d1", 201, None),
        ("d2", 409, "insufficient_stock"),
        ("d3", 400, "bad_input"),
        ("d1", 201, None),
        ("d4", 400, "bad_input"),
    ]
    assert results[3] == results[0]
    assert list(results[2]["fields"]) == ["lines[0].sku"]
    assert on_hand(shop) == 9_000


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "documents"),
        ({"documents": [{}] * 501}, "documents"),
        ({"documents": [{"kind": "sale"}]}, "documents[0].key"),
        ({"documents": [7]}, "documents[0]"),
        ({"documents": [{"key": "k"}], "more": 1}, "more"),
    ],
)
def test_a_list_that_is_none_is_refused_as_a_whole(manager, body, field):
    answer = manager.post("postings/bulk/", body, None)
    assert answer.status_code == 400
    assert field in answer.json()["fields"]


def test_the_statements_of_a_single_posting_are_few(manager, django_assert_max_num_queries):
    manager.record("sale", ("A1", "1"), key="first")  # the token's day of use is noted once
    # Shop, token, products with warehouses; balances, document, balances, movement. Beside them a
    # savepoint and its release, and on PostgreSQL the scope's beginning and end: a request of its
    # own needs only the beginning.
    with django_assert_max_num_queries(11):
        assert manager.record("sale", ("A1", "1"), key="second").status_code == 201


# ---- undo ------------------------------------------------------------------------------------


def test_an_undo_takes_a_document_back_and_can_be_taken_back(manager, shop):
    posted = manager.record("sale", ("A1", "4")).json()["id"]
    undone = manager.post(f"postings/{posted}/undo/", {"reason": "wrong product"}, None)
    assert (undone.status_code, undone.json()["lines"]) == (201, [{"sku": "A1", "on_hand": "10"}])
    assert manager.get(f"postings/{posted}/").json()["reversed_by"] == undone.json()["id"]
    again = manager.post(f"postings/{posted}/undo/", {"reason": "wrong product"}, None)
    assert again.json() == undone.json()
    redone = manager.post(f"postings/{undone.json()['id']}/undo/", "", None)
    assert redone.json()["lines"] == [{"sku": "A1", "on_hand": "6"}]


def test_an_undo_says_what_stands_in_its_way(manager):
    posted = manager.record("receipt", ("A1", "4")).json()["id"]
    manager.record("sale", ("A1", "12"), key="k2")
    answer = manager.post(f"postings/{posted}/undo/", {}, None)
    assert (answer.status_code, answer.json()["detail"]) == (409, "A1: 4 requested, 2 on hand")


@pytest.mark.parametrize("pk", ["0", "999", "9" * 30])
def test_an_unknown_document_is_not_found(manager, pk):
    assert manager.get(f"postings/{pk}/").status_code == 404
    assert manager.post(f"postings/{pk}/undo/", {}).status_code == 404


# ---- reading ---------------------------------------------------------------------------------


def test_balances_are_read_page_by_page(manager):
    first = manager.get("balances/?limit=1").json()
    assert first["results"] == [
        {
            "sku": "A1",
            "name": "Thing A1",
            "warehouse": "MAIN",
            "on_hand": "10",
            "committed": "0",
            "available": "10",
            "value": "10.00",
        }
    ]
    second = manager.get(f"balances/?limit=1&cursor={first['next']}").json()
    assert [line["sku"] for line in second["results"]] == ["B2"]
    assert second["next"] is None


def test_balances_of_another_moment(manager):
    hour_ago = (timezone.now() - timedelta(hours=1)).isoformat()
    manager.record("receipt", ("A1", "5"), at=hour_ago)
    before = (timezone.now() - timedelta(minutes=30)).isoformat()
    then = manager.get(f"balances/?sku=a1&at={before}").json()["results"]
    assert [line["on_hand"] for line in then] == ["5"]
    known = manager.get(f"balances/?sku=a1&at={before}&known_at={before}").json()["results"]
    assert [line["on_hand"] for line in known] == ["0"]


def test_the_history_of_a_product_tells_each_entry_and_the_stock_after_it(manager):
    manager.record("sale", ("A1", "4"), document="till 7")
    (line,) = manager.get("products/a1/history/?limit=1&warehouse=MAIN").json()["results"]
    told = {name: line[name] for name in ("kind", "quantity", "on_hand", "document", "by", "value")}
    assert told == {
        "kind": "sale",
        "quantity": "-4",
        "on_hand": "6",
        "document": "till 7",
        "by": "manager token",
        "value": "-4.00",
    }


def test_a_product_comes_with_its_stock_whatever_its_sku_looks_like(manager, shop):
    with shop_scope(shop):
        make_product(sku="50/50 T")
    assert manager.get("products/50%2F50%20t/").json()["sku"] == "50/50 T"
    assert manager.get("products/50/50 T/history/").json()["results"] == []
    assert manager.get("products/A1/").json()["stock"][0]["on_hand"] == "10"
    assert manager.get("products/nothing/").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        *("balances/?limit=0", "balances/?limit=x", "balances/?limit=501", "balances/?cursor=x"),
        *("balances/?warehouse=NO", "balances/?at=now", "balances/?known_at=2026-01-01T00:00:00Z"),
        *(
            "balances/?search=%00",
            "postings/?kind=x",
            "postings/?cursor=%ff",
            "products/A1/history/?cursor=W10",
        ),
    ],
)
def test_a_question_that_cannot_be_read_is_refused(manager, path):
    answer = manager.get(path)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")


def test_low_stock_and_commitments_go_together(manager):
    body = {
        "sku": "a1",
        "warehouse": "MAIN",
        "quantity": "10",
        "reference": "Ann",
        "until": (timezone.now() + timedelta(days=1)).isoformat(),
    }
    made = manager.post("commitments/", body)
    assert made.status_code == 201
    assert manager.post("commitments/", body).json() == made.json()
    assert [line["sku"] for line in manager.get("low-stock/").json()["results"]] == ["A1"]
    short = manager.post("commitments/", body, "k2")
    assert (short.status_code, short.json()["detail"]) == (409, "A1: 10 requested, 0 available")
    pk = made.json()["id"]
    assert manager.post(f"commitments/{pk}/release/", "").status_code == 200
    assert manager.post(f"commitments/{pk}/release/", "").status_code == 409
    assert manager.get("low-stock/").json()["results"] == []


@pytest.mark.parametrize("field", ["sku", "warehouse", "quantity", "reference", "until"])
def test_a_commitment_needs_all_of_its_fields(manager, field):
    answer = manager.post("commitments/", {})
    assert answer.status_code == 400
    assert field in answer.json()["fields"]


# ---- the description -------------------------------------------------------------------------


def test_the_description_and_its_page_come_from_here_without_scripts_inside(client):
    schema = client.get("/api/v1/schema/")
    assert schema.status_code == 200
    assert b"record_posting" in schema.content
    page = client.get("/api/v1/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "http" not in text.replace("https://", "http://").split("<body>")[1]
    assert "<style" not in text
    assert all(" src=" in tag for tag in text.split("<script")[1:])
    script = client.get("/api/v1/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")


def test_an_address_that_does_not_exist_is_answered_as_json(manager):
    answer = manager.get("posting/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
