"""Signing in with a password, a code and a passkey, in a real browser with its own authenticator."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time

import pytest
from django.core.cache import cache

from tenancy.services import add_user, create_shop

pytestmark = [pytest.mark.browser, pytest.mark.one_database, pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse battery"


def code_of(secret: str) -> str:
    """The six digits that an authenticator app shows now (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def give_authenticator(page):
    """A platform authenticator that always agrees, like a laptop's fingerprint reader."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_in(page, url, password=PASSWORD):
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("E-mail").fill("ines@example.org")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def confirm_access(page):
    """Pages that guard the account ask once more who is there."""
    page.wait_for_url("**/reauthenticate/**")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def sign_out(page, url):
    page.goto(f"{url}/account/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/")


def test_password_then_code_then_passkey(visit, live_server):
    cache.clear()
    user = add_user("ines@example.org", PASSWORD, name="Ines")
    create_shop(name="Marlow Lane", slug="marlow-lane", owner=user)
    url = live_server.url.replace("127.0.0.1", "localhost")  # passkeys need a name, not a number
    page = visit()
    give_authenticator(page)

    sign_in(page, url, "not the one")
    assert "do not belong together" in page.locator(".field .error").inner_text()
    sign_in(page, url)
    page.wait_for_url("**/marlow-lane/")

    page.goto(f"{url}/accounts/2fa/totp/activate/")
    confirm_access(page)
    page.wait_for_url("**/totp/activate/")
    assert page.locator("img.qr").evaluate("image => image.complete && image.naturalWidth > 0")
    page.get_by_label("Authenticator code").fill(code_of(page.locator("#authenticator_secret").input_value()))
    page.get_by_role("button", name="Activate").click()
    page.wait_for_url(re.compile(r"/accounts/2fa/(?!totp)"))
    page.goto(f"{url}/accounts/2fa/recovery-codes/")
    recovery = page.locator("#recovery_codes").input_value().split()
    assert len(recovery) == 10

    page.goto(f"{url}/accounts/2fa/webauthn/add/")
    page.get_by_label("Passwordless").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(re.compile(r"/accounts/2fa/(?!webauthn/add)"))

    sign_out(page, url)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/marlow-lane/")

    sign_out(page, url)
    sign_in(page, url)
    page.wait_for_url("**/2fa/authenticate/")
    page.goto(f"{url}/marlow-lane/")  # the password alone opens nothing
    page.wait_for_url("**/accounts/**")
    page.goto(f"{url}/accounts/2fa/authenticate/")
    page.get_by_label("Code").fill(recovery[0])
    page.get_by_role("button", name="Sign In", exact=True).click()
    page.wait_for_url("**/marlow-lane/")

    page.goto(f"{url}/accounts/2fa/webauthn/")
    page.get_by_role("link", name="Remove").click()
    confirm_access(page)
    page.get_by_role("main").get_by_role("button", name="Remove").click()
    page.wait_for_url("**/2fa/webauthn/")
    assert "No security keys" in page.content()
