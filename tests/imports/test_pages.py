"""The pages that all kinds of file share."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.models import Product
from imports import services
from imports.models import FileImport
from jobs import services as jobs
from tenancy.context import shop_scope
from tests.factories import make_product, make_shop
from tests.pages import Visitor


@pytest.fixture
def manager(db):
    return Visitor(make_shop(), "manager")


def upload(visitor, content, kind="products", name="list.csv"):
    return visitor.post("import_new", kind, follow=True, file=SimpleUploadedFile(name, content.encode()))


def the_import(visitor):
    with shop_scope(visitor.shop):
        return FileImport.objects.select_related("job").latest("pk")


def text_of(response):
    return " ".join(response.content.decode().split())


def test_a_file_of_products_is_shown_posted_and_taken_back(manager):
    with shop_scope(manager.shop):
        make_product(sku="A1", name="Beaker", price=4_000_000)
    text = text_of(upload(manager, "SKU,Name,Price\nA1,Cup,4.60\nB1,Mug,5\nC1,Jug,much\n"))
    assert "Products from list.csv" in text
    assert "Beaker" in text
    assert "Post 2 rows" in text
    assert "This is not a number like 12 or 4.60." in text
    made = the_import(manager)
    refused = manager.post("import_post", made.pk)
    assert refused.status_code == 422
    assert "or leave them out" in text_of(refused)
    manager.post("import_post", made.pk, leave_out="on")
    assert jobs.run_now(the_import(manager).job).state == "done"
    with shop_scope(manager.shop):
        assert dict(Product.objects.values_list("sku", "name")) == {"A1": "Cup", "B1": "Mug"}
        Product.objects.filter(sku="A1").update(price=1)
    manager.post("import_undo", made.pk)
    assert jobs.run_now(the_import(manager).job).state == "done"
    assert "changed since: price" in text_of(manager.get("import", made.pk))
    with shop_scope(manager.shop):
        assert dict(Product.objects.values_list("sku", "name")) == {"A1": "Beaker"}


def test_a_large_file_is_read_by_a_job_that_shows_on_the_page(manager, monkeypatch):
    monkeypatch.setattr(services, "SMALL_BYTES", 10)
    text = text_of(upload(manager, "SKU,Name\nA1,Cup\n"))
    assert "The file is being read." in text
    assert "Reading a file" in text
    made = the_import(manager)
    assert manager.post("import_post", made.pk).status_code == 409
    assert jobs.run_now(made.job).state == "done"
    assert "Post 1 row" in text_of(manager.get("import", made.pk))


def test_a_file_whose_columns_are_not_known_asks_for_them(manager):
    text = text_of(upload(manager, "Colour;Shape\nred;round\n"))
    assert "There is no column for sku" in text
    assert "The first rows, as read" in text
    made = the_import(manager)
    manager.post("import_columns", made.pk, column_sku="Colour")
    assert the_import(manager).summary["new_samples"] == [["red", "red"]]


def test_the_list_leads_to_imports_and_exports(manager):
    upload(manager, "SKU,Name\nA1,Cup\n")
    text = text_of(manager.get("imports"))
    assert "list.csv" in text
    assert manager.address("export", "suppliers", "xlsx") in text


def test_a_kind_that_is_none_is_not_there(manager):
    assert manager.get("import_new", "colours").status_code == 404
