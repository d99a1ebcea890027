"""The installation's settings, with what tests must not share with it."""

import atexit
import os
import shutil
import tempfile

if "PARSTOCK_VAR" not in os.environ:
    os.environ["PARSTOCK_VAR"] = tempfile.mkdtemp(prefix="parstock-test-")
    atexit.register(shutil.rmtree, os.environ["PARSTOCK_VAR"], ignore_errors=True)
os.environ.setdefault("SECRET_KEY", "a key for tests that opens nothing else anywhere")

from inventory_site.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
LOG_LEVEL = "WARNING"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405 - whitenoise warns on each request without it
