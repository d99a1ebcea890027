"""Roles of members, and the first person of an installation."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.urls import reverse

from common.errors import BadInput, Conflict, NotPermitted
from tenancy.context import shop_scope
from tenancy.models import AuditEvent, Membership, User
from tenancy.permissions import Role
from tenancy.services import add_user, create_shop, ensure_first_user
from tenancy.services.people import change_role, remove_member
from tests.factories import PASSWORD, make_member, make_shop, make_user

pytestmark = pytest.mark.django_db


def membership(shop, role):
    return make_member(shop, role).memberships.get()


# ---- the first person --------------------------------------------------------------------------


def test_the_first_person_is_an_operator_with_a_made_up_password():
    user, password = ensure_first_user("op@example.org")
    assert (user.is_superuser, user.is_staff) == (True, True)
    assert authenticate(email="op@example.org", password=password) == user


def test_a_given_password_is_used_and_not_told_again():
    user, password = ensure_first_user("op@example.org", PASSWORD)
    assert password is None
    assert authenticate(email="op@example.org", password=PASSWORD) == user


def test_once_there_are_people_nobody_is_made():
    make_user()
    assert ensure_first_user("op@example.org", PASSWORD) == (None, None)
    assert User.objects.count() == 1


@pytest.mark.parametrize(("email", "password"), [("nobody", PASSWORD), ("op@example.org", "short")])
def test_a_first_person_with_unusable_data_is_refused(email, password):
    with pytest.raises(BadInput):
        ensure_first_user(email, password)
    assert not User.objects.exists()


def test_an_address_is_taken_in_any_case():
    add_user("ines@example.org", PASSWORD)
    with pytest.raises(Conflict):
        add_user("Ines@Example.org", PASSWORD)


# ---- making a shop -----------------------------------------------------------------------------


def test_a_shop_is_made_with_its_owner_and_an_audit_event():
    user = make_user()
    shop = create_shop(name="Marlow Lane", slug="marlow-lane", owner=user, currency="JPY")
    assert shop.memberships.get(user=user).role == "owner"
    with shop_scope(shop):
        event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.after["currency"]) == ("shop.created", user, "JPY")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"slug": "Bad Slug"}, "slug"),
        ({"slug": "admin"}, "slug"),
        ({"slug": "taken"}, "slug"),
        ({"currency": "euro"}, "currency"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"name": ""}, "name"),
    ],
)
def test_a_shop_with_a_wrong_field_is_refused_by_name(fields, wrong):
    taken = make_shop(slug="taken")
    with pytest.raises(BadInput) as refusal:
        create_shop(**{"name": "New", "slug": "new"} | fields)
    assert wrong in refusal.value.fields
    assert list(type(taken).objects.all()) == [taken]


# ---- roles -------------------------------------------------------------------------------------


def test_an_owner_changes_a_role_and_the_audit_tells_it(shop):
    owner, clerk = membership(shop, Role.OWNER), membership(shop, Role.CLERK)
    change_role(clerk, Role.MANAGER, actor=owner)
    clerk.refresh_from_db()
    assert clerk.role == "manager"
    event = AuditEvent.objects.get()
    assert (event.actor, event.before, event.after) == (owner.user, {"role": "clerk"}, {"role": "manager"})


@pytest.mark.parametrize(
    ("actor", "target", "role"),
    [
        (Role.MANAGER, Role.CLERK, Role.OWNER),  # above their own
        (Role.MANAGER, Role.OWNER, Role.CLERK),  # somebody above them
        (Role.CLERK, Role.VIEWER, Role.MANAGER),
    ],
)
def test_nobody_grants_above_their_own_role_nor_touches_people_above(shop, actor, target, role):
    membership(shop, Role.OWNER)
    touched = membership(shop, target)
    with pytest.raises(NotPermitted):
        change_role(touched, role, actor=membership(shop, actor))
    touched.refresh_from_db()
    assert touched.role == target


def test_nobody_removes_people_above_them(shop):
    membership(shop, Role.OWNER)
    other_owner = membership(shop, Role.OWNER)
    with pytest.raises(NotPermitted):
        remove_member(other_owner, actor=membership(shop, Role.MANAGER))


def test_a_shop_keeps_its_last_owner(shop):
    owner = membership(shop, Role.OWNER)
    with pytest.raises(Conflict, match="at least one owner"):
        change_role(owner, Role.CLERK, actor=owner)
    with pytest.raises(Conflict, match="at least one owner"):
        remove_member(owner, actor=owner)
    second = membership(shop, Role.OWNER)
    remove_member(owner, actor=second)
    assert list(shop.memberships.all()) == [second]


def test_a_role_that_does_not_exist_is_refused(shop):
    owner, clerk = membership(shop, Role.OWNER), membership(shop, Role.CLERK)
    with pytest.raises(BadInput):
        change_role(clerk, "emperor", actor=owner)


# ---- the pages ---------------------------------------------------------------------------------


@pytest.fixture
def owner(client):
    shop = make_shop()
    owner = membership(shop, Role.OWNER)
    client.force_login(owner.user)
    return owner


def test_the_members_page_lists_and_changes_and_removes(client, owner):
    shop = owner.shop
    clerk = membership(shop, Role.CLERK)
    assert clerk.user.email in client.get(reverse("members", args=[shop.slug])).content.decode()
    client.post(reverse("change_role", args=[shop.slug, clerk.pk]), {"role": "viewer"})
    clerk.refresh_from_db()
    assert clerk.role == "viewer"
    asked = client.get(reverse("remove_member", args=[shop.slug, clerk.pk]))
    assert clerk.user.email in asked.content.decode()
    assert Membership.objects.filter(pk=clerk.pk).exists()
    client.post(reverse("remove_member", args=[shop.slug, clerk.pk]))
    assert not Membership.objects.filter(pk=clerk.pk).exists()
    client.force_login(clerk.user)
    assert client.get(reverse("today", args=[shop.slug])).status_code == 404


@pytest.mark.parametrize("role", ["", "emperor"])
def test_a_nonsense_role_is_told_and_changes_nothing(client, owner, role):
    clerk = membership(owner.shop, Role.CLERK)
    page = client.post(reverse("change_role", args=[owner.shop.slug, clerk.pk]), {"role": role}, follow=True)
    assert "There is no such role" in page.content.decode()
    clerk.refresh_from_db()
    assert clerk.role == "clerk"


def test_a_member_of_another_shop_cannot_be_reached_from_here(client, owner):
    stranger = membership(make_shop(), Role.CLERK)
    for name in ("change_role", "remove_member"):
        answer = client.post(reverse(name, args=[owner.shop.slug, stranger.pk]), {"role": "viewer"})
        assert answer.status_code == 404
    stranger.refresh_from_db()
    assert stranger.role == "clerk"


def test_the_last_owner_is_told_so_on_the_page_and_stays(client, owner):
    page = client.post(reverse("remove_member", args=[owner.shop.slug, owner.pk]), follow=True)
    assert "at least one owner" in page.content.decode()
    assert Membership.objects.filter(pk=owner.pk).exists()


def test_a_member_leaves_a_shop_from_their_account_but_not_as_its_last_owner(client, owner):
    leave = reverse("leave_shop", args=[owner.shop.slug])
    assert client.get(leave).status_code == 200
    assert client.post(leave).status_code == 409
    clerk = membership(owner.shop, Role.CLERK)
    client.force_login(clerk.user)
    assert client.post(leave)["Location"] == reverse("account")
    assert not Membership.objects.filter(pk=clerk.pk).exists()
    assert client.post(leave).status_code == 404
