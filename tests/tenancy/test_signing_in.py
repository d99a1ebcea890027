from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.urls import reverse

from tenancy.models import Membership, Shop, User
from tenancy.permissions import Role
from tenancy.services import add_user
from tests.factories import PASSWORD, make_member, make_shop, make_user

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


def sign_in(client, email, password=PASSWORD, **more):
    return client.post(LOGIN, {"login": email, "password": password, **more})


def signed_in(client):
    return "_auth_user_id" in client.session


def test_the_log_in_takes_the_e_mail_in_any_case(client):
    make_user(email="ines@example.org")
    assert sign_in(client, "Ines@EXAMPLE.org")["Location"] == "/"
    assert signed_in(client)


def test_two_people_cannot_have_one_address_in_different_cases():
    make_user(email="ines@example.org")
    with pytest.raises(Exception, match=r"(?i)unique"):
        User(email="INES@example.org").save()


def test_a_wrong_password_is_told_beside_the_field(client):
    make_user(email="ines@example.org")
    page = sign_in(client, "ines@example.org", "wrong")
    assert "do not belong together" in str(page.context["form"].errors["password"])
    assert b'aria-invalid="true"' in page.content
    assert not signed_in(client)


def test_after_five_wrong_passwords_the_right_one_is_refused_too(client):
    make_user(email="ines@example.org")
    for _ in range(5):
        assert "do not belong together" in sign_in(client, "ines@example.org", "wrong").content.decode()
    page = sign_in(client, "ines@example.org", PASSWORD)
    assert "Too many wrong tries" in page.content.decode()
    assert not signed_in(client)


def test_wrong_tries_for_one_person_do_not_shut_out_another(client):
    make_user(email="ines@example.org")
    make_user(email="bo@example.org")
    for _ in range(6):
        sign_in(client, "ines@example.org", "wrong")
    sign_in(client, "bo@example.org")
    assert signed_in(client)


@pytest.mark.parametrize(("remember", "ends_with_browser"), [({}, True), ({"remember": "on"}, False)])
def test_the_session_outlives_the_browser_only_when_asked_to(client, remember, ends_with_browser):
    make_user(email="ines@example.org")
    sign_in(client, "ines@example.org", **remember)
    assert client.session.get_expire_at_browser_close() is ends_with_browser


def test_a_person_who_was_switched_off_cannot_sign_in(client):
    make_user(email="ines@example.org", is_active=False)
    sign_in(client, "ines@example.org")
    assert not signed_in(client)


def test_demo_log_ins_are_shown_in_the_demo_only(client, settings):
    assert "owner@demo.example" not in client.get(LOGIN).content.decode()
    settings.DEMO = True
    assert "owner@demo.example" in client.get(LOGIN).content.decode()


# ---- the start page ----------------------------------------------------------------------------


def test_the_start_leads_a_stranger_to_the_log_in(client):
    assert client.get("/")["Location"] == f"{LOGIN}?next=/"


def test_the_start_leads_into_an_only_shop(client):
    shop = make_shop()
    client.force_login(make_member(shop, Role.CLERK))
    assert client.get("/")["Location"] == reverse("today", args=[shop.slug])


def test_the_start_offers_a_choice_of_several_shops_and_leaves_out_closed_ones(client):
    first, second, closed = make_shop(), make_shop(), make_shop(is_active=False)
    user = make_member(first, Role.CLERK)
    for shop in (second, closed):
        Membership.objects.create(shop=shop, user=user, role=Role.VIEWER)
    client.force_login(user)
    page = client.get("/").content.decode()
    assert first.name in page
    assert second.name in page
    assert f">{closed.name}<" not in page
    assert client.get(reverse("today", args=[closed.slug])).status_code == 404


def test_somebody_without_a_shop_reads_what_to_do(client, settings):
    client.force_login(make_user())
    page = client.get("/").content.decode()
    assert "Ask its owner for an invitation" in page
    assert reverse("new_shop") not in page
    settings.OPEN_SIGNUP = True
    assert reverse("new_shop") in client.get("/").content.decode()


def test_who_may_add_shops_finds_the_way_to_a_second_one(client):
    shop, owner = make_shop(), make_user()
    Membership.objects.create(shop=shop, user=owner, role=Role.OWNER)
    client.force_login(owner)
    menu = client.get(reverse("today", args=[shop.slug])).content.decode()
    assert f'href="{reverse("shops")}?all"' in menu
    assert reverse("new_shop") not in client.get("/?all").content.decode()
    assert client.get(reverse("new_shop")).status_code == 403
    owner.user_permissions.add(Permission.objects.get(codename="add_shop"))
    assert reverse("new_shop") in client.get("/?all").content.decode()
    assert client.get(reverse("new_shop")).status_code == 200


# ---- sign-up -----------------------------------------------------------------------------------

NEW = {
    "person": "Ines Marlow",
    "email": "Ines@Example.org",
    "password1": PASSWORD,
    "shop_name": "Marlow Lane",
    "slug": "",
    "currency": "GBP",
    "time_zone": "Europe/London",
    "language": "en",
}


def sign_up(client, **changes):
    return client.post("/accounts/signup/", NEW | changes)


def test_sign_up_is_closed_unless_the_installation_opens_it(client):
    page = sign_up(client)
    assert "By invitation only" in page.content.decode()
    assert not User.objects.exists()


def test_sign_up_makes_a_person_and_their_shop_and_signs_in(client, settings):
    settings.OPEN_SIGNUP = True
    assert sign_up(client)["Location"] == "/"
    shop = Shop.objects.get()
    assert (shop.slug, shop.currency, shop.time_zone) == ("marlow-lane", "GBP", "Europe/London")
    owner = Membership.objects.get()
    assert (owner.user.email, owner.user.name, owner.role) == ("ines@example.org", "Ines Marlow", "owner")
    assert client.get(reverse("today", args=["marlow-lane"])).status_code == 200


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("slug", "admin", "taken by the installation"),
        ("slug", "Marlow Lane", "small letters"),
        ("slug", "taken-one", "“taken-one-2” is free"),
        ("currency", "XXX", "Select a valid choice"),
        ("time_zone", "Europe/Nowhere", "Select a valid choice"),
        ("password1", "parstock", "too common|too short|similar"),
        ("password1", "12345678901", "entirely numeric"),
        ("email", "taken@example.org", "already registered"),
        ("email", "nobody", "valid email"),
        ("shop_name", "", "required"),
        ("shop_name", "x" * 121, "at most 120"),
        ("person", "", "required"),
    ],
)
def test_a_wrong_field_of_the_sign_up_is_told_there_and_nothing_is_made(client, settings, field, value, told):
    settings.OPEN_SIGNUP = True
    make_shop(slug="taken-one")
    make_user(email="taken@example.org")
    if (field, value) == ("password1", "parstock"):
        value = "password"
    page = sign_up(client, **{field: value})
    assert re.search(told, str(page.context["form"].errors[field]))
    assert (User.objects.count(), Shop.objects.count()) == (1, 1)
    assert not signed_in(client)


def test_a_second_shop_of_the_same_name_gets_an_address_of_its_own(client, settings):
    settings.OPEN_SIGNUP = True
    make_shop(slug="marlow-lane")
    sign_up(client)
    assert Membership.objects.get().shop.slug == "marlow-lane-2"


@pytest.mark.parametrize(("fields", "opens"), [({}, False), ({"is_superuser": True}, True)])
def test_a_further_shop_may_be_opened_by_operators_or_with_open_sign_up(client, settings, fields, opens):
    client.force_login(make_user(**fields))
    form = {name: NEW[name] for name in ("shop_name", "slug", "currency", "time_zone", "language")}
    answer = client.post(reverse("new_shop"), form)
    assert answer.status_code == (302 if opens else 403)
    assert Shop.objects.exists() is opens


# ---- passwords and mails -----------------------------------------------------------------------


def test_mailed_links_lead_to_the_installations_own_address_whatever_host_was_asked(client, settings):
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://stock.example", ["*"]
    user = add_user("ines@example.org", PASSWORD, verified=False)
    client.post("/accounts/password/reset/", {"email": user.email}, headers={"host": "evil.example"})
    client.force_login(user)
    again = {"email": user.email, "action_send": ""}
    client.post("/accounts/email/", again, headers={"host": "evil.example"})
    assert len(mail.outbox) == 2
    for message in mail.outbox:
        assert re.findall(r"https?://[^/\s]+/accounts/\S+/\S+", message.body)
        assert "evil.example/" not in message.body


def test_a_forgotten_password_is_replaced_through_the_mailed_link(client):
    add_user("ines@example.org", PASSWORD)
    client.post("/accounts/password/reset/", {"email": "INES@example.org"})
    (message,) = mail.outbox
    link = re.search(r"http://127\.0\.0\.1:\d+(/accounts/password/reset/key/\S+)", message.body)
    page = client.get(link.group(1), follow=True)
    assert page.status_code == 200
    client.post(
        page.request["PATH_INFO"], {"password1": "an entirely new one", "password2": "an entirely new one"}
    )
    sign_in(client, "ines@example.org", "an entirely new one")
    assert signed_in(client)
    assert client.get(link.group(1), follow=True).status_code == 200
    assert "already been used" in client.get(link.group(1), follow=True).content.decode()


def test_asking_for_a_new_password_does_not_tell_who_has_an_account(client):
    add_user("ines@example.org", PASSWORD)
    known = client.post("/accounts/password/reset/", {"email": "ines@example.org"})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_the_name_on_the_account_page_can_be_changed(client):
    user = make_user(name="Old")
    client.force_login(user)
    assert client.post(reverse("account"), {"name": "x" * 151}).status_code == 200
    client.post(reverse("account"), {"name": "New"})
    user.refresh_from_db()
    assert user.name == "New"


# ---- on the wire -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [LOGIN, "/accounts/signup/", "/accounts/password/reset/", "/accounts/2fa/totp/activate/", "/nowhere/"],
)
def test_pages_carry_a_strict_policy_and_no_inline_code(client, path, settings):
    settings.OPEN_SIGNUP = True
    if "2fa" in path:
        user = add_user("ines@example.org", PASSWORD)
        sign_in(client, user.email)
    page = client.get(path)
    policy = page["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    html = page.content.decode()
    assert not re.search(r"\sstyle=|<style|\son\w+=", html)
    for script in re.findall(r"<script[^>]*>", html):
        assert "src=" in script or "application/json" in script, script
    assert page["X-Frame-Options"] == "DENY"
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["Referrer-Policy"] == "same-origin"
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"
