"""Settings: defaults fit one small shop on one machine, the environment does the rest.

Every variable is listed with its effect and its default in `.env.example`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import environ
from django.utils.translation import gettext_lazy as _

from inventory_site import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

# Where the database, the secret key and mails of a small installation are kept.
VAR_DIR = Path(env.text("PARSTOCK_VAR", str(BASE_DIR / "var"))).resolve()
VAR_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = env.switch("DEBUG", default=False)
SECRET_KEY = env.secret_key("SECRET_KEY", VAR_DIR / "secret_key")
# Where `up` listens; what stands in front of it, if anything, decides SITE_URL.
BIND = env.text("BIND", "127.0.0.1")
PORT = env.number("PORT", 8000, least=1)
WEB_WORKERS = env.number("WEB_WORKERS", 1, least=1)
SITE_URL = env.text("SITE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
HTTPS = SITE_URL.startswith("https://")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = [SITE_URL]

# ---- what this installation offers ------------------------------------------------------------

# Anybody may sign up and get a shop. Off: people come by invitation, the first by `up`.
OPEN_SIGNUP = env.switch("OPEN_SIGNUP", default=False)
# Shows the demo's log-ins on the sign-in page; on where `manage.py demo` has left its mark.
DEMO = env.switch("DEMO", default=(VAR_DIR / "demo").exists())
# Made by `up` on an installation without people; a password is made up and printed if none is given.
FIRST_USER_EMAIL = env.text("FIRST_USER_EMAIL", "")
FIRST_USER_PASSWORD = env.text("FIRST_USER_PASSWORD", "")
INVITATION_DAYS = env.number("INVITATION_DAYS", 7, least=1)
# How long a supplier can answer an order by the link in its mail.
SUPPLIER_LINK_DAYS = env.number("SUPPLIER_LINK_DAYS", 60, least=1)
# Largest file a person may upload, in MiB.
UPLOAD_LIMIT_MB = env.number("UPLOAD_LIMIT_MB", 100, least=1)
# A workbook is XML, several times as long as the same table as text.
WORKBOOK_LIMIT_MB = env.number("WORKBOOK_LIMIT_MB", 400, least=1)

# ---- applications -----------------------------------------------------------------------------

INSTALLED_APPS = [
    "inventory_site.apps.SiteConfig",
    "common",
    "tenancy.apps.TenancyConfig",
    "jobs.apps.JobsConfig",
    "imports.apps.ImportsConfig",
    "catalog.apps.CatalogConfig",
    "stock.apps.StockConfig",
    "purchasing.apps.PurchasingConfig",
    "forecasting.apps.ForecastingConfig",
    "replenishment.apps.ReplenishmentConfig",
    "insights.apps.InsightsConfig",
    "inventory_site.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_q",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "common.request_id.RequestIdMiddleware",
    "jobs.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tenancy.middleware.ShopMiddleware",
]

ROOT_URLCONF = "inventory_site.urls"
WSGI_APPLICATION = "inventory_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenancy.context_processors.shop",
            ],
        },
    },
]

# ---- database ---------------------------------------------------------------------------------

DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'parstock.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A transaction that reads first and writes later fails at once when another writer came
        # in between; taking the write lock at the start waits in line instead.
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.number("DATABASE_CONN_MAX_AGE", 60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # PgBouncer in transaction mode cannot hold a cursor, or a prepared statement, between statements.
    _pgbouncer = env.switch("PGBOUNCER", default=False)
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = _pgbouncer
    # How often `common.prepared` sends a statement before it is prepared.
    DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = None if _pgbouncer else 3
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Shared by all processes, so that rate limits count the same visitor once.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
if env.text("REDIS_URL", ""):
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.text("REDIS_URL", ""),
    }
# The queue's own statistics, which nobody else needs to see.
CACHES["queue"] = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}

# ---- people -----------------------------------------------------------------------------------

AUTH_USER_MODEL = "tenancy.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "shops"
ACCOUNT_ADAPTER = "tenancy.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "login": "tenancy.account_forms.LoginForm",
    "signup": "tenancy.account_forms.SignupForm",
    "add_email": "tenancy.account_forms.AddEmailForm",
    "change_password": "tenancy.account_forms.ChangePasswordForm",
    "reset_password": "tenancy.account_forms.ResetPasswordForm",
    "reset_password_from_key": "tenancy.account_forms.ResetPasswordKeyForm",
    "reauthenticate": "tenancy.account_forms.ReauthenticateForm",
}
# Tries per address of the visitor (ip) and per account (key); the rest keeps allauth's limits.
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip,5/5m/key", "signup": "10/m/ip"}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Parstock"
# Browsers allow passkeys over plain http on localhost only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

# ---- safety on the wire -----------------------------------------------------------------------

SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if HTTPS:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", 365 * 24 * 3600)
    SECURE_SSL_REDIRECT = env.switch("SSL_REDIRECT", default=False)
# How many proxies stand in front; 0 means that clients connect directly.
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# ---- mail -------------------------------------------------------------------------------------

MAIL_DIR = VAR_DIR / "mail"
vars().update(env.email("EMAIL_URL", f"filemail://{MAIL_DIR}"))
EMAIL_TIMEOUT = 30
# A mail whose sender was not heard of for so long is sent again: longer than any exchange with a
# mail server takes.
MAIL_LEASE_SECONDS = env.number("MAIL_LEASE_SECONDS", 300, least=1)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "parstock@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# ---- jobs -------------------------------------------------------------------------------------

JOB_TIMEOUT_SECONDS = env.number("JOB_TIMEOUT_SECONDS", 3600, least=60)
JOB_WORKERS = env.number("JOB_WORKERS", 2, least=1)
# An unfinished job whose worker was not heard of for so long is given to another one.
JOB_LEASE_SECONDS = env.number("JOB_LEASE_SECONDS", 60, least=2)
JOB_MAX_ATTEMPTS = env.number("JOB_MAX_ATTEMPTS", 3, least=1)
# Pause before a failed job's second attempt; four times as long before each further one.
JOB_RETRY_SECONDS = env.number("JOB_RETRY_SECONDS", 30)
# How long `up` lets requests and jobs come to their end when it is stopped.
STOP_SECONDS = env.number("STOP_SECONDS", 30)
# The supervisor restarts a cluster that has not ticked for so long, or lets work wait for so long.
JOB_STALE_SECONDS = env.number("JOB_STALE_SECONDS", 300, least=5)
JOB_OVERDUE_SECONDS = env.number("JOB_OVERDUE_SECONDS", 600, least=5)

Q_CLUSTER = {
    "name": "parstock",
    "orm": "default",
    "workers": JOB_WORKERS,
    # The clock of `retry` starts when a task is taken from the database, not when a worker starts
    # it: with a longer queue, tasks that merely wait would be delivered twice.
    "queue_limit": 1,
    "timeout": JOB_TIMEOUT_SECONDS,
    "retry": JOB_TIMEOUT_SECONDS * 3 + 120,
    "max_attempts": 3,
    "recycle": 200,
    "max_rss": env.number("JOB_MAX_RSS_KB", 1_500_000),
    # The table of jobs is the history; django-q2's own would be locked by every task that ends.
    "save_limit": -1,
    "catch_up": False,
    "poll": 1,
    "bulk": 1,
    # Where a cluster writes its statistics twice a second: not into the database.
    "cache": "queue",
    "label": "Queue",
}

# ---- API --------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenancy.api_access.TokenAuthentication",
        "tenancy.api_access.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tenancy.api_access.HasShopPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.json_parser.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["tenancy.api_access.TokenThrottle"],
    "DEFAULT_THROTTLE_RATES": {"token": None},
    "EXCEPTION_HANDLER": "tenancy.api.explain",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Parstock API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
}
# Requests a minute that one token may make; 0 sets no limit.
API_REQUESTS_PER_MINUTE = env.number("API_REQUESTS_PER_MINUTE", 0)

# ---- language, time, files --------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(VAR_DIR / "static")))
# Hashed names and compressed copies exist only after collectstatic, which `up` runs.
_manifest = not DEBUG and ("collectstatic" in sys.argv or (STATIC_ROOT / "staticfiles.json").exists())
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _manifest
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not _manifest

# ---- logs -------------------------------------------------------------------------------------

LOG_LEVEL = env.text("LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {"()": "inventory_site.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if env.switch("LOG_JSON", default=False) else "plain",
        }
    },
    # It tells of every task; the tick alone has one each minute.
    "loggers": {"django-q": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}

# NumPy's own threads fight over the cores with the workers beside them.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
