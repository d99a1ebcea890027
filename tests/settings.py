"""The installation's settings, with what tests must not share with it."""

import os
import tempfile

os.environ.setdefault("PARSTOCK_VAR", tempfile.mkdtemp(prefix="parstock-test-"))
os.environ.setdefault("SECRET_KEY", "a key for tests that opens nothing else anywhere")

from inventory_site.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
LOG_LEVEL = "WARNING"
