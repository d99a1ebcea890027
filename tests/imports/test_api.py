"""Imports over the API."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalog.models import Product
from jobs import services as jobs
from jobs.models import Job
from tenancy.context import shop_scope
from tests.factories import make_shop, make_token, make_warehouse


class Caller:
    def __init__(self, shop, role):
        with shop_scope(shop):
            self.secret = make_token(role)[1]
        self.base = f"/api/v1/shops/{shop.slug}/imports/"
        self.client = Client()

    def get(self, path=""):
        return self.client.get(self.base + path, headers={"Authorization": f"Bearer {self.secret}"})

    def post(self, path="", data=None, json_body=None):
        more = {"data": json.dumps(json_body), "content_type": "application/json"} if data is None else {}
        if data is not None:
            more = {"data": data}
        return self.client.post(self.base + path, headers={"Authorization": f"Bearer {self.secret}"}, **more)

    def bring(self, content, kind="products", **options):
        data = {"kind": kind, "file": SimpleUploadedFile("file.csv", content.encode())}
        return self.post(data=data | ({"options": json.dumps(options)} if options else {}))


@pytest.fixture
def shop(db):
    made = make_shop()
    with shop_scope(made):
        make_warehouse(code="MAIN")
    return made


@pytest.fixture
def manager(shop):
    return Caller(shop, "manager")


def run_jobs(shop):
    with shop_scope(shop):
        waiting = list(Job.objects.filter(state="queued"))
    for job in waiting:
        jobs.run_now(job)


def test_a_file_is_brought_looked_at_posted_and_taken_back(shop, manager):
    made = manager.bring("SKU,Name\nA1,Cup\n")
    assert made.status_code == 201
    body = made.json()
    assert (body["state"], body["summary"]["new"], body["columns"]) == (
        "ready",
        1,
        {"sku": "SKU", "name": "Name"},
    )
    assert manager.post(f"{body['id']}/post/", json_body={}).status_code == 202
    run_jobs(shop)
    assert manager.get(f"{body['id']}/").json()["state"] == "posted"
    with shop_scope(shop):
        assert Product.objects.get().name == "Cup"
    assert manager.post(f"{body['id']}/undo/", json_body={}).status_code == 202
    run_jobs(shop)
    assert [row["state"] for row in manager.get().json()["results"]] == ["undone"]
    with shop_scope(shop):
        assert not Product.objects.exists()


def test_what_the_kind_asks_is_told_in_the_options(manager):
    made = manager.bring("Ref,N\nA1,2\n", "stock", columns={"sku": "Ref", "quantity": "N"}, warehouse="MAIN")
    assert made.json()["columns"] == {"sku": "Ref", "quantity": "N"}
    assert made.json()["left_out"] == 1


@pytest.mark.parametrize(
    ("content", "kind", "options", "status", "field"),
    [
        ("SKU\nA1\n", "colours", {}, 400, "kind"),
        ("SKU\nA1\n", "products", {"encoding": "ebcdic"}, 400, "encoding"),
        ("SKU\nA1\n", "products", {"columns": ["sku"]}, 400, "columns"),
        ("SKU\nA1\n", "products", {"header_row": "first"}, 400, "header_row"),
        ("SKU\nA1\n", "products", {"columns": {"sku": "\0"}}, 400, "columns"),
        ("SKU\nA1\n", "products", {"columns": {"\ud800": "SKU"}}, 400, "columns"),
        ("SKU\nA1\n", "products", {"sheet": "\0"}, 400, "sheet"),
        ("SKU,Qty\nA1,1\n", "stock", {"warehouse": "NOWHERE"}, 400, "warehouse"),
        ("", "products", {}, 400, "file"),
        ("SKU\x00\n", "products", {}, 400, "file"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_field(manager, content, kind, options, status, field):
    answer = manager.bring(content, kind, **options)
    assert answer.status_code == status
    assert field in answer.json()["fields"]


def test_a_file_without_its_columns_is_kept_as_refused_and_cannot_be_posted(manager):
    made = manager.bring("Colour\nred\n").json()
    assert (made["state"], "no column for sku" in made["fault"]) == ("refused", True)
    assert manager.post(f"{made['id']}/post/", json_body={}).status_code == 409


def test_rows_to_mend_are_left_out_only_when_told(shop, manager):
    made = manager.bring("SKU,Price\nA1,2\nB1,much\n").json()
    assert manager.post(f"{made['id']}/post/", json_body={}).status_code == 400
    assert manager.post(f"{made['id']}/post/", json_body=[1]).status_code == 400
    assert manager.post(f"{made['id']}/post/", json_body={"leave_out": True}).status_code == 202


def test_the_same_file_again_is_a_conflict(manager):
    manager.bring("SKU\nA1\n")
    assert manager.bring("SKU\nA1\n").status_code == 409


def test_another_shops_import_is_not_there(manager, db):
    made = manager.bring("SKU\nA1\n").json()
    assert Caller(make_shop(), "manager").get(f"{made['id']}/").status_code == 404
