"""Typed readers of environment variables that refuse nonsense at start-up, by name."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

_env = environ.Env()
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def text(name: str, default: str) -> str:
    return str(_env.str(name, default=default))


def number(name: str, default: int, *, least: int = 0) -> int:
    raw = _env.str(name, default=str(default))
    try:
        value = int(raw)
    except ValueError:
        raise _refused(name, "a whole number") from None
    if value < least:
        raise _refused(name, f"a whole number of at least {least}")
    return value


def switch(name: str, default: bool) -> bool:
    raw = _env.str(name, default="on" if default else "off").strip().lower()
    if raw not in _TRUE | _FALSE:
        raise _refused(name, "on or off")
    return raw in _TRUE


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas."""
    return [word.strip() for word in _env.str(name, default=default).split(",") if word.strip()]


def database(name: str, default: str) -> dict[str, Any]:
    """A Django database entry from an address like `postgres://user:pw@host:5432/name`."""
    raw = _env.str(name, default=default)
    if urlsplit(raw).scheme not in {"sqlite", "postgres", "postgresql"}:
        raise _refused(name, "sqlite:///path or postgres://user:password@host:port/name")
    entry = dict(_env.db_url_config(raw))
    # A socket's folder stands percent-encoded in the place of the host.
    entry["HOST"] = unquote(entry.get("HOST") or "")
    return entry


def email(name: str, default: str) -> dict[str, Any]:
    """Django's EMAIL_* settings from an address like `smtp+tls://user:pw@host:587`."""
    raw = _env.str(name, default=default)
    if urlsplit(raw).scheme not in environ.Env.EMAIL_SCHEMES:
        raise _refused(name, "smtp://, smtp+tls://, smtp+ssl://, filemail:// or consolemail://")
    settings = dict(_env.email_url_config(raw))
    if urlsplit(raw).scheme == "filemail":
        # django-environ cuts the first slash off, and with it the difference between the folders
        # /var/mail and var/mail.
        settings["EMAIL_FILE_PATH"] = raw.partition("://")[2]
    return settings


def secret_key(name: str, file: Path) -> str:
    """The variable, or a key made once and kept in `file`, readable by its owner only."""
    given = _env.str(name, default="")
    if given:
        if len(given) < 32:
            raise _refused(name, "at least 32 characters of chance", shown=False)
        return str(given)
    if not file.exists():
        _keep_new_key(file)
    return file.read_text().strip()


def _keep_new_key(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, fresh = tempfile.mkstemp(dir=file.parent)  # readable by its owner only
    with os.fdopen(descriptor, "w") as out:
        out.write(secrets.token_urlsafe(50))
    try:
        # A link appears whole or not at all, and the first of several processes wins.
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        os.unlink(fresh)


def _refused(name: str, wanted: str, *, shown: bool = True) -> ImproperlyConfigured:
    value = f"={_env.str(name, default='')!r}" if shown else ""
    return ImproperlyConfigured(f"{name}{value}: expected {wanted}")
