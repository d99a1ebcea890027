"""The pages of imports, as their visitors see them."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.models import Warehouse
from imports.models import FileImport
from jobs import services as jobs
from jobs.models import Job
from stock.models import HistorySale, Movement
from tenancy.context import shop_scope
from tests.factories import make_shop, make_warehouse
from tests.pages import Visitor
from tests.stock.test_import_sales import HEADER, QUIRKS


@pytest.fixture
def manager(db):
    shop = make_shop(time_zone="Europe/London")
    with shop_scope(shop):
        make_warehouse(code="MAIN", name="High Street")
    return Visitor(shop, "manager")


def upload(visitor, content, name="till.csv"):
    body = content if isinstance(content, bytes) else content.encode()
    with shop_scope(visitor.shop):
        warehouse = Warehouse.objects.get()
    return visitor.post(
        "import_new", "sales", follow=True, file=SimpleUploadedFile(name, body), warehouse=warehouse.code
    )


def the_import(visitor):
    with shop_scope(visitor.shop):
        return FileImport.objects.defer("content").select_related("job").latest("pk")


def columns(**said):
    return {f"column_{field}": name for field, name in said.items()}


def run_job(visitor):
    job = the_import(visitor).job
    return jobs.run_now(job)


def text_of(response):
    return " ".join(response.content.decode().split())


def test_an_upload_leads_to_what_it_would_change(manager):
    page = upload(manager, QUIRKS.read_bytes(), "quirks.csv")
    text = text_of(page)
    assert "Sales from quirks.csv" in text
    assert "Post 7 lines" in text
    assert "5 rows to mend" in text
    assert "There is no month 13." in text
    assert "month first" in text
    assert "4.00638E+12" in text
    assert "3 new products" in text
    assert 'value="2010-12-19"' in text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04", "The workbook is damaged"),
        (b"\xd0\xcf\x11\xe0", "a workbook of the old kind"),
        (b"SKU,Qty,Date\nA\x00,1,2026-03-01\n", "till.csv, row 2: There is a NUL byte"),
        (b'SKU,Qty,Date\n"A,1,2026-03-01\n', "till.csv, row 2: The quotation marks"),
        (bytes(range(128, 256)) * 9, "till.csv"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_of_the_form(manager, content, words):
    page = upload(manager, content)
    assert page.status_code == 422
    assert words in text_of(page).replace("&quot;", '"')
    with shop_scope(manager.shop):
        assert not FileImport.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"SKU,Colour\nA,red\n", "till.csv, row 1: There is no column for date"),
        (b"SKU,Qty,Date\nA,lots,2026-03-01\n", "till.csv, row 2, column Qty"),
        (b"SKU,Qty,Date\n", "There are no rows beneath the header."),
    ],
)
def test_a_file_that_is_read_wrongly_is_kept_until_somebody_says_how(manager, content, words):
    page = upload(manager, content)
    assert words in text_of(page)
    assert "Read the file again" in text_of(page)
    assert the_import(manager).state == FileImport.State.REFUSED


def test_the_counts_follow_the_day_that_is_typed(manager):
    upload(manager, QUIRKS.read_bytes())
    made = the_import(manager)
    text = text_of(manager.get("import_counts", made.pk, opening_date="2010-12-14"))
    assert '<strong class="num">2</strong> lines become history' in text
    assert '<strong class="num">5</strong> lines move stock' in text
    assert "not a date" in text_of(manager.get("import_counts", made.pk, opening_date="soon"))


def test_posting_is_a_job_whose_end_shows_on_the_page_and_can_be_undone(manager):
    upload(manager, QUIRKS.read_bytes())
    made = the_import(manager)
    page = manager.post("import_post", made.pk, follow=True, opening_date="2010-12-17")
    assert "Import of a file" in text_of(page)
    assert run_job(manager).state == Job.State.DONE
    with shop_scope(manager.shop):
        assert (HistorySale.objects.count(), Movement.objects.count()) == (2, 2)
    text = text_of(manager.get("import", made.pk))
    assert "known up to Sat 18 Dec 2010" in text
    manager.post("import_undo", made.pk)
    job = run_job(manager)
    assert (job.state, job.kind) == (Job.State.DONE, "undo_import")
    assert the_import(manager).state == FileImport.State.UNDONE
    assert "taken back" in text_of(manager.get("import", made.pk))


@pytest.mark.parametrize("answer", ["", "soon", "2010-13-01"])
def test_a_bad_opening_date_is_an_error_beside_its_field(manager, answer):
    upload(manager, QUIRKS.read_bytes())
    made = the_import(manager)
    page = manager.post("import_post", made.pk, opening_date=answer)
    assert page.status_code == 422
    assert "id_opening_date_error" in text_of(page)
    assert the_import(manager).state == FileImport.State.READY


def test_an_ambiguous_file_asks_and_cannot_be_posted_before_it_is_answered(manager):
    page = upload(manager, HEADER + "A1,Cup,1,1/2/2026,2\nA1,Cup,1,3/4/2026,2\n")
    assert "Does the day or the month come first?" in text_of(page)
    made = the_import(manager)
    assert manager.post("import_post", made.pk, opening_date="2026-05-01").status_code == 400
    said = columns(sku="SKU", name="Name", quantity="Qty", date="Date", price="Price")
    text = text_of(manager.post("import_columns", made.pk, follow=True, order="DMY", **said))
    assert "Post 2 lines" in text
    assert the_import(manager).summary["last_day"] == "2026-04-03"


def test_columns_can_be_said_otherwise_and_nonsense_is_refused(manager):
    upload(manager, "SKU,Article,Qty,Date\nx,A1,1,2026-03-01\n")
    made = the_import(manager)
    said = columns(quantity="Qty", date="Date") | {"order": "DMY"}
    manager.post("import_columns", made.pk, **(said | columns(sku="Article")))
    assert the_import(manager).summary["new_samples"][0][0] == "A1"
    refused = manager.post("import_columns", made.pk, **(said | columns(sku="Nothing")))
    assert refused.status_code == 422
    assert the_import(manager).summary["new_samples"][0][0] == "A1"


def test_columns_that_make_no_sense_leave_a_file_that_can_be_said_better(manager):
    upload(manager, "SKU,Article,Qty,Date\nx,A1,1,2026-03-01\n")
    made = the_import(manager)
    page = manager.post(
        "import_columns", made.pk, follow=True, **columns(sku="Article", quantity="Qty", date="SKU")
    )
    assert "row 2, column SKU: “x”: This is not a date." in text_of(page)
    assert the_import(manager).state == FileImport.State.REFUSED
    manager.post("import_columns", made.pk, **columns(sku="Article", quantity="Qty", date="Date"))
    assert the_import(manager).state == FileImport.State.READY


def test_the_same_file_again_leads_to_the_import_that_has_it(manager):
    upload(manager, QUIRKS.read_bytes(), "first.csv")
    text = text_of(upload(manager, QUIRKS.read_bytes(), "second.csv"))
    assert "as first.csv. Nothing was changed." in text
    with shop_scope(manager.shop):
        assert FileImport.objects.count() == 1


def test_an_upload_can_be_discarded(manager):
    upload(manager, QUIRKS.read_bytes())
    assert "is forgotten" in text_of(manager.post("import_discard", the_import(manager).pk, follow=True))
    with shop_scope(manager.shop):
        assert not FileImport.objects.exists()


def test_every_left_out_row_comes_as_a_file_without_formulas(manager):
    upload(manager, QUIRKS.read_bytes() + b'1015,=HYPERLINK("x"),EVIL,-1,12/18/2010,0,,\n')
    response = manager.get("import_left_out", the_import(manager).pk)
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + 5 + 4 + 1
    assert lines[-1].startswith("18,,\"'=HYPERLINK")


def test_a_clerk_and_a_stranger_see_no_imports(manager):
    upload(manager, QUIRKS.read_bytes())
    made = the_import(manager)
    clerk = Visitor(manager.shop, "clerk")
    assert clerk.get("import", made.pk).status_code == 403
    assert clerk.post("import_post", made.pk).status_code == 403
    other = Visitor(make_shop(), "owner")
    assert other.get("import", made.pk).status_code == 404
    assert "till.csv" not in text_of(other.get("imports"))
