"""A file of products through the pages: columns said otherwise, rows left out, posted and found."""

from __future__ import annotations

import pytest

from imports.models import FileImport
from jobs import services as jobs
from tenancy.context import shop_scope
from tests.factories import make_shop
from tests.pages import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.one_database, pytest.mark.django_db(transaction=True)]

FILE = b"Code,Title,Was,Now\nA1,Cup,4.00,4.60\nB1,Mug,5.00,much\n"


def test_a_file_is_mapped_checked_and_posted_on_a_phone(visit, live_server):
    owner = Visitor(make_shop(slug="corner"), "owner")
    page = visit(width=390, height=844)
    session = owner.client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page.goto(live_server.url + owner.address("products"))
    page.get_by_role("link", name="Import", exact=True).first.click()
    page.set_input_files("input[type=file]", {"name": "list.csv", "mimeType": "text/csv", "buffer": FILE})
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("link", name="Change how the file is read").click()
    page.get_by_label("Name", exact=True).select_option("Title")
    page.get_by_label("Price", exact=True).select_option("Now")
    page.get_by_role("button", name="Read the file again").click()
    page.get_by_text("This is not a number like 12 or 4.60.").wait_for()
    page.get_by_label("Post the others and leave these rows out").check()
    page.get_by_role("button", name="Post 1 row").click()
    page.wait_for_load_state()
    with shop_scope(owner.shop):
        job = FileImport.objects.select_related("job").get().job
    jobs.run_now(job)
    page.goto(live_server.url + owner.address("products"))
    page.get_by_text("Cup").first.wait_for()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "the page scrolls sideways"
