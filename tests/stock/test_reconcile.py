from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from catalog.models import Location
from stock.models import Balance, BinBalance, Kind
from stock.services.reconcile import reconcile
from tenancy.context import shop_scope
from tests.factories import make_product, make_shop, make_warehouse, post_line

pytestmark = pytest.mark.django_db


@pytest.fixture
def ledger():
    """A shop with some stock; the test is outside its scope, as commands are."""
    shop = make_shop(slug="corner")
    with shop_scope(shop):
        place = make_warehouse(code="MAIN")
        shelf = Location.objects.create(warehouse=place, code="S1")
        product = make_product(sku="A1")
        post_line(Kind.RECEIPT, product, place, 5_000, unit_cost=1_000_000, location_id=shelf.pk)
        post_line(Kind.SALE, product, place, 1_000, location_id=shelf.pk)
    return shop


def spoil(shop, model, **values):
    with shop_scope(shop):
        model.objects.update(**values)


def test_balances_that_agree_have_no_differences(ledger, capsys):
    assert reconcile(ledger) == []
    call_command("reconcile")
    assert "every balance agrees" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "values", "told"),
    [
        (Balance, {"on_hand": 9_000}, "A1 in MAIN: on hand is 9, the movements add up to 4"),
        (Balance, {"value": 1}, "A1 in MAIN: the value is 0.01, the movements add up to 4.00"),
        (BinBalance, {"on_hand": 7}, "A1 in MAIN: location S1 holds 0.007, the movements add up to 4"),
    ],
)
def test_a_balance_that_differs_is_told_in_words_and_by_the_exit(ledger, capsys, model, values, told):
    spoil(ledger, model, **values)
    assert told in [str(difference) for difference in reconcile(ledger)]
    with pytest.raises(CommandError) as failure:
        call_command("reconcile", shop="corner")
    assert failure.value.returncode == 1
    assert f"corner: {told}" in capsys.readouterr().out


def test_a_missing_balance_is_a_difference(ledger):
    with shop_scope(ledger):
        BinBalance.objects.all().delete()
        Balance.objects.all().delete()
    assert [difference.sku for difference in reconcile(ledger)] == ["A1", "A1", "A1"]


def test_only_the_shop_asked_for_is_looked_at(ledger, capsys):
    make_shop(slug="other")
    spoil(ledger, Balance, on_hand=1)
    call_command("reconcile", shop="other")
    assert "1 shops" in capsys.readouterr().out


def test_an_unknown_shop_is_another_exit(ledger):
    with pytest.raises(CommandError, match="no shop “nowhere”") as failure:
        call_command("reconcile", shop="nowhere")
    assert failure.value.returncode == 2


def test_a_lost_trigger_is_told(ledger, capsys):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP TRIGGER stock_movement_append_only_row ON stock_movement")
        else:
            cursor.execute("DROP TRIGGER stock_movement_append_only_update")
    with pytest.raises(CommandError, match="1 differences"):
        call_command("reconcile")
    assert "does not enforce stock_movement_append_only" in capsys.readouterr().out
