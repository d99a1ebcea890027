from __future__ import annotations

import ast

import pytest

from tenancy.context import shop_scope
from tenancy.models import AuditEvent
from tenancy.queries import changes
from tenancy.registry import name_of
from tests.test_architecture import modules


def recorded_actions():
    """The actions that are written out where `record` is called."""
    for _app, path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            name = ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
            if name in {"record", "_record_line"} and isinstance(
                node.args[0] if node.args else None, ast.Constant
            ):
                yield node.args[0].value


def test_every_action_of_the_apps_has_words():
    actions = set(recorded_actions())
    assert {"order.drafted", "shop.created", "job.cancel"} <= actions
    assert [action for action in sorted(actions) if "." in action and name_of(action) == plain(action)] == []


def plain(action):
    return action.replace(".", ": ").replace("_", " ").capitalize()


def test_an_action_without_words_is_readable():
    assert name_of("admin.change_shop") == "Admin: change shop"


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (None, {"order_grace_minutes": 10}, [("order grace minutes", None, "10")]),
        ({"name": "Old"}, {"name": "New"}, [("name", "Old", "New")]),
        (
            {"product": "Mug", "quantity": "5"},
            {"product": "Mug", "quantity": "6"},
            [("product", None, "Mug"), ("quantity", "5", "6")],
        ),
        ({"role": "clerk"}, None, [("role", "clerk", "–")]),
    ],
)
def test_a_change_tells_what_was_before_where_that_was_something_else(shop, before, after, shown):
    with shop_scope(shop):
        found = changes(AuditEvent(before=before, after=after))
    assert [(change.field, change.before, change.after) for change in found] == shown


def test_costs_and_packs_are_written_in_their_units_and_keys_are_left_out(shop):
    event = AuditEvent(shop=shop, after={"id": 7, "supplier": 3, "unit_cost": 1_200_000, "pack": 12_000})
    with shop_scope(shop):
        found = [(change.field, change.after) for change in changes(event)]
    assert found == [("unit cost", "£1.20"), ("pack", "12")]
