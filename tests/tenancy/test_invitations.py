from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail, signing
from django.urls import reverse
from django.utils import timezone

from common.errors import Conflict, NotPermitted
from tenancy.context import shop_scope
from tenancy.models import AuditEvent, Invitation, Membership, User
from tenancy.permissions import Role
from tenancy.services import invitations
from tests.factories import PASSWORD, make_member, make_shop, make_user

pytestmark = pytest.mark.django_db

ADDRESS = "ada@example.org"


@pytest.fixture
def owner():
    return make_member(make_shop(name="Marlow Lane"), Role.OWNER, name="Ines").memberships.get()


@pytest.fixture
def send(client, owner, django_capture_on_commit_callbacks):
    """Invite through the page, as the owner; returns the path of the mailed link."""

    def invite(email=ADDRESS, role="clerk"):
        client.force_login(owner.user)
        with django_capture_on_commit_callbacks(execute=True):
            client.post(reverse("members", args=[owner.shop.slug]), {"email": email, "role": role})
        client.logout()
        return link_in(mail.outbox[-1]) if mail.outbox else None

    return invite


def link_in(message):
    return re.search(r"http://[^/]+(/invitations/\S+/)", message.body).group(1)


def rows(shop):
    with shop_scope(shop):
        return list(Invitation.objects.all())


def accept(client, link, **fields):
    return client.post(link, {"name": "Ada", "password": PASSWORD} | fields)


def test_an_invitation_is_mailed_in_the_shops_name_and_language(send, owner):
    shop = owner.shop
    shop.sender_name, shop.reply_to = "Marlow Gifts", "ines@marlow.example"
    shop.save()
    send()
    (message,) = mail.outbox
    assert message.to == [ADDRESS]
    assert message.from_email.startswith("Marlow Gifts <")
    assert message.reply_to == ["ines@marlow.example"]
    assert "Ines invites you to Marlow Lane" in message.body
    html = message.alternatives[0][0]
    assert link_in(message) in html
    (row,) = rows(shop)
    assert row.mailed_at is not None


def test_a_line_break_in_a_shops_name_ends_no_header_of_the_mail(send, owner):
    owner.shop.name = "Marlow\nBcc: spy@example.org"
    owner.shop.save()
    send()
    (message,) = mail.outbox
    assert message.subject == "Join Marlow Bcc: spy@example.org on Parstock"
    assert message.recipients() == [ADDRESS]
    assert message.message()["Bcc"] is None


def test_an_invitation_that_cannot_be_mailed_is_made_all_the_same(send, owner, monkeypatch, caplog):
    def breaks(*_args, **_fields):
        raise ValueError("not a mail")

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", breaks)
    send()
    (row,) = rows(owner.shop)
    assert row.mailed_at is None
    assert "not a mail" in caplog.text


def test_nothing_is_mailed_for_an_invitation_that_was_rolled_back(owner, django_capture_on_commit_callbacks):
    def invite_and_fail():
        with shop_scope(owner.shop):
            invitations.invite(email=ADDRESS, role="clerk", actor=owner)
            raise ZeroDivisionError

    with django_capture_on_commit_callbacks(execute=True) as callbacks, pytest.raises(ZeroDivisionError):
        invite_and_fail()
    assert (callbacks, mail.outbox, rows(owner.shop)) == ([], [], [])


def test_a_mail_server_that_refuses_leaves_an_invitation_that_says_so(client, send, owner, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    assert send() is None
    client.force_login(owner.user)
    assert "The mail did not leave" in client.get(reverse("members", args=[owner.shop.slug])).content.decode()


def test_opening_the_link_changes_nothing(client, send, owner):
    link = send()
    for _ in range(2):
        assert client.get(link).status_code == 200
        assert client.head(link).status_code == 200
    (row,) = rows(owner.shop)
    assert row.is_open
    assert not User.objects.filter(email=ADDRESS).exists()


def test_a_new_person_sets_a_password_and_is_in(client, send, owner):
    link = send(role="manager")
    assert accept(client, link)["Location"] == reverse("today", args=[owner.shop.slug])
    user = User.objects.get(email=ADDRESS)
    assert (user.name, user.memberships.get().role) == ("Ada", "manager")
    assert user.check_password(PASSWORD)
    assert user.emailaddress_set.get().verified
    assert client.get(reverse("today", args=[owner.shop.slug])).status_code == 200


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [({"password": "short"}, "password"), ({"password": ""}, "password"), ({"name": ""}, "name")],
)
def test_a_new_persons_wrong_field_is_told_there(client, send, fields, wrong):
    page = accept(client, send(), **fields)
    assert page.context["form"].errors[wrong]
    assert not User.objects.filter(email=ADDRESS).exists()


def test_a_link_works_once(client, send):
    link = send()
    accept(client, link)
    client.logout()
    assert accept(client, link).status_code == 404
    assert "no longer open" in client.get(link).content.decode()
    assert Membership.objects.filter(user__email=ADDRESS).count() == 1


def test_an_existing_person_signs_in_and_accepts(client, send, owner):
    user = make_user(email=ADDRESS)
    link = send()
    page = client.get(link)
    assert f"/accounts/login/?next={link}".replace(":", "%3A") in page.content.decode()
    assert accept(client, link).status_code == 200  # not signed in: nothing happens
    assert not user.memberships.exists()
    client.force_login(user)
    assert client.post(link)["Location"] == reverse("today", args=[owner.shop.slug])
    assert user.memberships.get().role == "clerk"


def test_another_person_is_told_whom_the_link_is_for_and_gets_nothing(client, send):
    link = send()
    stranger = make_user(email="bo@example.org")
    client.force_login(stranger)
    page = client.get(link).content.decode()
    assert ADDRESS in page
    assert "bo@example.org" in page
    assert client.post(link).status_code == 403
    assert not stranger.memberships.exists()


def test_a_withdrawn_invitation_opens_nothing(client, send, owner):
    link = send()
    (row,) = rows(owner.shop)
    client.force_login(owner.user)
    client.post(reverse("withdraw_invitation", args=[owner.shop.slug, row.pk]))
    client.logout()
    assert client.get(link).status_code == 404
    assert accept(client, link).status_code == 404
    assert not User.objects.filter(email=ADDRESS).exists()


def test_an_invitation_dies_after_seven_days(client, send):
    link = send()
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1), tick=False):
        assert client.get(link).status_code == 404
        assert accept(client, link).status_code == 404


def test_sending_again_gives_a_new_link_of_seven_days(
    client, send, owner, django_capture_on_commit_callbacks
):
    old = send()
    (row,) = rows(owner.shop)
    with time_machine.travel(timezone.now() + timedelta(days=6), tick=False):
        client.force_login(owner.user)
        with django_capture_on_commit_callbacks(execute=True):
            client.post(reverse("resend_invitation", args=[owner.shop.slug, row.pk]))
        client.logout()
        new = link_in(mail.outbox[-1])
    with time_machine.travel(timezone.now() + timedelta(days=12), tick=False):
        assert client.get(old).status_code == 404
        assert client.get(new).status_code == 200


@pytest.mark.parametrize(
    "forge", [lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"), lambda token: "x"]
)
def test_a_forged_link_opens_nothing(client, send, forge):
    token = send().removeprefix("/invitations/").rstrip("/")
    assert client.get(f"/invitations/{forge(token)}/").status_code == 404


def test_a_link_is_bound_to_its_shop_and_address(client, send, owner):
    send()
    (row,) = rows(owner.shop)
    for content in ([make_shop().pk, row.pk, ADDRESS], [owner.shop_id, row.pk, "eve@example.org"], ["x"], 7):
        token = signing.dumps(content, salt="tenancy.invitation")
        assert client.get(f"/invitations/{token}/").status_code == 404, content


def test_the_closed_page_of_a_closed_shop_is_not_found(client, send, owner):
    link = send()
    owner.shop.is_active = False
    owner.shop.save()
    assert client.get(link).status_code == 404


# ---- who may be invited ------------------------------------------------------------------------


def test_a_member_or_an_invited_address_is_not_invited_again(owner):
    with shop_scope(owner.shop):
        invitations.invite(email=ADDRESS, role="clerk", actor=owner)
        for email in (ADDRESS, ADDRESS.upper(), owner.user.email):
            with pytest.raises(Conflict):
                invitations.invite(email=email, role="clerk", actor=owner)


def test_an_expired_invitation_gives_way_to_a_new_one(owner):
    with shop_scope(owner.shop):
        old = invitations.invite(email=ADDRESS, role="clerk", actor=owner)
        Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
        invitations.invite(email=ADDRESS, role="viewer", actor=owner)
        old.refresh_from_db()
        assert old.withdrawn_at is not None


def test_nobody_invites_above_their_own_role():
    shop = make_shop()
    manager = make_member(shop, Role.MANAGER).memberships.get()
    with shop_scope(shop), pytest.raises(NotPermitted):
        invitations.invite(email=ADDRESS, role="owner", actor=manager)


def test_a_full_shop_takes_nobody_counting_open_invitations(owner):
    owner.shop.member_limit = 2
    owner.shop.save()
    with shop_scope(owner.shop):
        offer = invitations.invite(email=ADDRESS, role="clerk", actor=owner)
        with pytest.raises(Conflict, match="2 members"):
            invitations.invite(email="bo@example.org", role="clerk", actor=owner)
        make_member(owner.shop, Role.VIEWER)  # the operator added somebody meanwhile
        with pytest.raises(Conflict, match="2 members"):
            invitations.accept_as_new(offer, name="Ada", password=PASSWORD)


def test_a_refusal_at_acceptance_leaves_no_half_made_person(client, send, owner):
    link = send()
    owner.shop.member_limit = 1
    owner.shop.save()
    assert accept(client, link).status_code == 409
    assert not User.objects.filter(email=ADDRESS).exists()
    (row,) = rows(owner.shop)
    assert row.is_open


def test_each_step_is_in_the_audit(client, send, owner):
    accept(client, send())
    with shop_scope(owner.shop):
        steps = list(AuditEvent.objects.order_by("id").values_list("action", "actor__email"))
    assert steps == [("invitation.sent", owner.user.email), ("invitation.accepted", ADDRESS)]


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "x" * 250 + "@example.org"])
def test_a_wrong_address_is_told_in_the_form(client, owner, email):
    client.force_login(owner.user)
    page = client.post(reverse("members", args=[owner.shop.slug]), {"email": email, "role": "clerk"})
    assert page.context["form"].errors["email"]
    assert rows(owner.shop) == []
