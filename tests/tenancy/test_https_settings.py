"""Cookies and headers of an installation behind HTTPS, read by a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

READ = """
import json
from django.conf import settings as s
names = ("SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SESSION_COOKIE_NAME CSRF_COOKIE_NAME"
         " SECURE_HSTS_SECONDS SESSION_COOKIE_HTTPONLY MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN"
         " ACCOUNT_DEFAULT_HTTP_PROTOCOL").split()
print(json.dumps({name: getattr(s, name, None) for name in names}))
"""


@pytest.mark.one_database
def test_with_https_cookies_are_bound_to_the_host_and_browsers_stay_on_https(tmp_path):
    environment = os.environ | {
        "SITE_URL": "https://shop.example",
        "PARSTOCK_VAR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "inventory_site.settings",
    }
    out = subprocess.run(
        [sys.executable, "-c", READ], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert json.loads(out) == {
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_NAME": "__Host-session",
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SESSION_COOKIE_HTTPONLY": True,
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": False,
        "ACCOUNT_DEFAULT_HTTP_PROTOCOL": "https",
    }
