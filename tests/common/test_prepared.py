from __future__ import annotations

import pytest
from django.db import connection

from common.one_row import OneRow
from common.prepared import prepared_cursor
from tenancy.models import Shop
from tests.factories import make_shop

pytestmark = pytest.mark.django_db


def test_a_statement_sent_often_is_prepared_on_postgresql():
    for number in range(5):
        with prepared_cursor() as cursor:
            cursor.execute("SELECT CAST(%s AS bigint) + 10", [number])
            assert cursor.fetchone() == (number + 10,)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%+ 10'")
            assert cursor.fetchone() == (1,)


def test_other_cursors_stay_as_they_were():
    with connection.cursor() as before, prepared_cursor() as prepared, connection.cursor() as after:
        assert type(after.cursor) is type(before.cursor)
        assert (type(prepared.cursor) is type(before.cursor)) == (connection.vendor == "sqlite")


def test_one_row_is_what_the_orm_finds():
    made = make_shop(slug="corner", accepts_negative=["sale", "count"])
    found = OneRow(Shop, "slug = %s AND is_active")
    row, same = found("corner"), Shop.objects.get(slug="corner")
    assert row == made
    fields = [field.attname for field in Shop._meta.concrete_fields]
    assert [getattr(row, name) for name in fields] == [getattr(same, name) for name in fields]
    row.name = "Corner shop"
    row.save(update_fields=["name"])
    assert Shop.objects.get(slug="corner").name == "Corner shop"


def test_one_row_is_none_where_nothing_is_found():
    assert OneRow(Shop, "slug = %s AND is_active")("nowhere") is None
