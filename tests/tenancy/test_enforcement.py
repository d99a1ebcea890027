"""What the database holds by itself is there after `migrate`, and comes back when it is lost."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError

from tenancy.apps import check_enforcement
from tenancy.audit import record
from tenancy.enforcement import append_only_lifted, append_only_models, enforce, missing
from tenancy.models import AuditEvent

on_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite rebuilds tables")
on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only PostgreSQL has it")


def faults():
    return [fault.id for fault in check_enforcement(None, databases=["default"])]


@pytest.mark.django_db
def test_after_migrate_all_is_in_place():
    assert missing() == []
    assert faults() == []
    assert {model._meta.label for model in append_only_models()} >= {"tenancy.AuditEvent", "stock.Movement"}


@pytest.mark.django_db
def test_an_audit_event_can_be_neither_changed_nor_deleted(shop):
    event = record("test", actor=None, about="x")
    for attempt in (
        lambda: AuditEvent.objects.filter(pk=event.pk).update(action="other"),
        lambda: AuditEvent.objects.filter(pk=event.pk).delete(),
        lambda: event.delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()
    assert AuditEvent.objects.get(pk=event.pk).action == "test"


@pytest.mark.django_db
def test_erasing_a_closed_shop_may_delete_events_but_never_change_them(shop):
    event = record("test", actor=None, about="x")
    with append_only_lifted():
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            AuditEvent.objects.filter(pk=event.pk).update(action="other")
        AuditEvent.objects.filter(pk=event.pk).delete()
    assert not AuditEvent.objects.exists()
    event = record("test", actor=None, about="x")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).delete()


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_a_rebuilt_table_loses_its_triggers_which_the_check_tells_and_enforce_heals():
    with connection.schema_editor() as editor:
        editor._remake_table(AuditEvent)
    try:
        assert missing() == [
            "tenancy_auditevent_append_only_update",
            "tenancy_auditevent_append_only_delete",
        ]
        assert faults() == ["tenancy.E001"]
    finally:
        enforce()
    assert missing() == []
    assert faults() == []


@on_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "loss",
    [
        "DROP POLICY shop_isolation ON catalog_product",
        "ALTER TABLE catalog_product NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE catalog_product DISABLE ROW LEVEL SECURITY",
        "DROP TRIGGER tenancy_auditevent_append_only_row ON tenancy_auditevent",
        "ALTER TABLE tenancy_auditevent DISABLE TRIGGER tenancy_auditevent_append_only_truncate",
    ],
)
def test_a_lost_policy_or_trigger_is_told_by_the_check_and_laid_on_again_by_migrate(loss):
    with connection.cursor() as cursor:
        cursor.execute(loss)
    try:
        assert faults() == ["tenancy.E001"]
    finally:
        call_command("migrate", verbosity=0)
    assert missing() == []


@on_postgresql
@pytest.mark.django_db
def test_tests_run_as_a_role_that_row_security_binds():
    """Else every test of it would pass for nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)
