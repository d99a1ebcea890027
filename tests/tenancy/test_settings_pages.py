"""Tokens, the shop's settings and the audit page."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from common.errors import Conflict, NotPermitted
from stock.models import Kind
from tenancy.audit import record
from tenancy.choices import NEGATIVE_KINDS
from tenancy.context import shop_scope
from tenancy.models import ApiToken, AuditEvent, Shop
from tenancy.permissions import Role
from tenancy.services.tokens import create_token, revoke_token
from tests.factories import make_member, make_product, make_shop, make_warehouse, post_line

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client):
    owner = make_member(make_shop(), Role.OWNER).memberships.get()
    client.force_login(owner.user)
    return owner


def page(name, owner, *args):
    return reverse(name, args=[owner.shop.slug, *args])


# ---- tokens ------------------------------------------------------------------------------------


def make_one(client, owner, **fields):
    return client.post(page("tokens", owner), {"name": "Till", "role": "clerk", "days": "30"} | fields)


def test_a_tokens_secret_is_shown_once_and_only_its_hash_is_kept(client, owner):
    answer = make_one(client, owner)
    _token, secret = answer.context["made"]
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert secret not in client.get(page("tokens", owner)).content.decode()
    with shop_scope(owner.shop):
        stored = ApiToken.objects.get()
        assert secret not in str(ApiToken.objects.values().get())
        assert secret not in str(list(AuditEvent.objects.values()))
    assert (stored.digest, stored.role, stored.created_by) == (
        ApiToken.digest_of(secret),
        "clerk",
        owner.user,
    )
    assert timedelta(days=29) < stored.expires_at - timezone.now() < timedelta(days=31)


def test_a_token_without_an_end_is_possible_when_asked_for(client, owner):
    assert make_one(client, owner, days="0").context["made"][0].expires_at is None


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("name", "x" * 81), ("role", "emperor"), ("days", "-5")]
)
def test_a_wrong_field_of_a_token_is_told_there(client, owner, field, value):
    answer = make_one(client, owner, **{field: value})
    assert answer.context["form"].errors[field]
    with shop_scope(owner.shop):
        assert not ApiToken.objects.exists()


def test_a_revoked_token_stays_revoked(client, owner):
    token, _ = make_one(client, owner).context["made"]
    client.post(page("revoke_token", owner, token.pk))
    with shop_scope(owner.shop):
        token.refresh_from_db()
        assert token.revoked_at
        with pytest.raises(Conflict):
            revoke_token(token, actor=owner)
    assert "revoked" in client.get(page("tokens", owner)).content.decode()


def test_tokens_in_use_stand_before_revoked_ones(client, owner):
    old, _ = make_one(client, owner, name="Old till").context["made"]
    revoked, _ = make_one(client, owner, name="Lost till").context["made"]
    client.post(page("revoke_token", owner, revoked.pk))
    assert [token.pk for token in client.get(page("tokens", owner)).context["tokens"]] == [old.pk, revoked.pk]


def test_nobody_makes_or_revokes_a_token_above_their_own_role(owner):
    manager = make_member(owner.shop, Role.MANAGER).memberships.get()
    with shop_scope(owner.shop):
        token, _ = create_token(name="Big", role="owner", expires_at=None, actor=owner)
        with pytest.raises(NotPermitted):
            create_token(name="Bigger", role="owner", expires_at=None, actor=manager)
        with pytest.raises(NotPermitted):
            revoke_token(token, actor=manager)


def test_a_token_of_another_shop_cannot_be_revoked_from_here(client, owner):
    other = make_member(make_shop(), Role.OWNER).memberships.get()
    with shop_scope(other.shop):
        token, _ = create_token(name="Theirs", role="clerk", expires_at=None, actor=other)
    assert client.post(page("revoke_token", owner, token.pk)).status_code == 404


# ---- settings ----------------------------------------------------------------------------------

SETTINGS = {
    "name": "Marlow Lane",
    "language": "en",
    "time_zone": "Europe/London",
    "currency": "GBP",
    "night_at": "03:30",
    "sender_name": "Marlow",
    "reply_to": "ines@marlow.example",
    "order_grace_minutes": "15",
    "everyone_sees_costs": "on",
    "accepts_negative": ["sale_import", "sale"],
}


def save(client, owner, **changes):
    return client.post(page("settings", owner), SETTINGS | changes)


def test_the_owner_changes_the_settings_and_the_audit_tells_what(client, owner):
    Shop.objects.update(next_night_at=timezone.now())
    assert save(client, owner).status_code == 302
    shop = Shop.objects.get()
    assert (shop.name, shop.night_at, shop.order_grace_minutes) == ("Marlow Lane", time(3, 30), 15)
    assert (shop.accepts_negative, shop.everyone_sees_costs) == (["sale_import", "sale"], True)
    assert shop.next_night_at is None  # worked out anew for the new time
    with shop_scope(shop):
        event = AuditEvent.objects.get(action="shop.settings")
    assert event.before["night_at"] == "02:00"
    assert event.after["night_at"] == "03:30"
    assert "language" not in event.after


def test_saving_without_a_change_records_nothing(client, owner):
    save(client, owner)
    save(client, owner)
    with shop_scope(owner.shop):
        assert AuditEvent.objects.filter(action="shop.settings").count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("language", "tlh"),
        ("time_zone", "Mars/Olympus"),
        ("currency", "gold"),
        ("night_at", "25:00"),
        ("reply_to", "nobody"),
        ("order_grace_minutes", "-1"),
        ("order_grace_minutes", "1441"),
        ("accepts_negative", ["receipt"]),
    ],
)
def test_a_wrong_setting_is_told_at_its_field_and_nothing_is_saved(client, owner, field, value):
    answer = save(client, owner, **{field: value})
    assert answer.context["form"].errors[field]
    assert Shop.objects.get().name == owner.shop.name


def test_the_limits_of_a_shop_are_not_its_owners_to_change(client, owner):
    save(client, owner, member_limit="100000", slug="other", is_active="")
    shop = Shop.objects.get()
    assert (shop.member_limit, shop.slug, shop.is_active) == (100, owner.shop.slug, True)


def test_the_currency_is_fixed_once_something_was_posted(client, owner):
    assert save(client, owner, currency="EUR").status_code == 302
    with shop_scope(owner.shop):
        product = make_product()
    # Products carry prices: without a posting the digits may be kept, with other decimals not.
    assert save(client, owner, currency="USD").status_code == 302
    assert save(client, owner, currency="JPY").context["form"].errors["currency"]
    with shop_scope(owner.shop):
        post_line(Kind.RECEIPT, product, make_warehouse(), 1_000)
    assert save(client, owner, currency="GBP").context["form"].errors["currency"]
    assert Shop.objects.get().currency == "USD"


def test_the_kinds_offered_for_going_below_zero_are_the_ledgers():
    assert set(NEGATIVE_KINDS) - {"sale_import"} <= set(Kind.values)


# ---- audit -------------------------------------------------------------------------------------


@pytest.fixture
def events(owner):
    with shop_scope(owner.shop):
        for day in (1, 2, 3):
            with time_machine.travel(datetime(2026, 3, day, 12, tzinfo=UTC), tick=False):
                record("member.removed", actor=owner.user if day > 1 else None, about=f"Person {day}")
        record("shop.settings", actor=owner.user, about="x", before={"name": "Old"}, after={"name": "New"})


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, ["x", "Person 3", "Person 2", "Person 1"]),
        ({"search": "person 2"}, ["Person 2"]),
        ({"action": "shop.settings"}, ["x"]),
        ({"since": "2026-03-02", "until": "2026-03-02"}, ["Person 2"]),
        ({"until": "2026-03-02"}, ["Person 2", "Person 1"]),
        ({"search": "nothing"}, []),
        ({"page": "nonsense"}, ["x", "Person 3", "Person 2", "Person 1"]),
    ],
)
def test_the_audit_is_filtered(client, owner, events, query, shown):
    answer = client.get(page("audit", owner), query)
    assert [event.object for event, *_ in answer.context["rows"]] == shown


def test_the_audit_is_filtered_by_person(client, owner, events):
    answer = client.get(page("audit", owner), {"actor": owner.user.pk})
    assert [event.object for event, *_ in answer.context["rows"]] == ["x", "Person 3", "Person 2"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "2026-13-01"}, "since"),
        ({"since": "0001-01-01"}, "since"),
        ({"until": "9999-12-31"}, "until"),
        ({"since": "2026-03-03", "until": "2026-03-01"}, "until"),
        ({"actor": "x"}, "actor"),
        ({"action": "no.such"}, "action"),
    ],
)
def test_a_wrong_filter_is_told_at_its_field(client, owner, events, query, field):
    answer = client.get(page("audit", owner), query)
    assert answer.status_code == 200
    assert answer.context["form"].errors[field]


def test_the_audit_shows_before_and_after_and_has_pages(client, owner):
    with shop_scope(owner.shop):
        for number in range(51):
            record(
                "shop.settings", actor=owner.user, about=number, before={"name": "Old"}, after={"name": "New"}
            )
    answer = client.get(page("audit", owner))
    assert "Old → New" in answer.content.decode()
    assert len(answer.context["rows"]) == 50
    assert len(client.get(page("audit", owner), {"page": 2}).context["rows"]) == 1


def test_the_audit_of_another_shop_is_not_shown(client, owner, events):
    other = make_member(make_shop(), Role.OWNER).memberships.get()
    client.force_login(other.user)
    assert client.get(page("audit", other)).context["rows"] == []
