"""How django-allauth fits into this installation."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _(
            "This e-mail and password do not belong together. After five wrong tries there are five"
            " minutes of rest."
        ),
        "too_many_login_attempts": _("Too many wrong tries. Wait five minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.OPEN_SIGNUP

    def add_message(
        self, request: HttpRequest, level: int, message_template: Any = None, *args: Any, **kwargs: Any
    ) -> None:
        """Signing in and out needs no message: the page that follows says it."""
        quiet = ("account/messages/logged_in.txt", "account/messages/logged_out.txt")
        if message_template not in quiet:
            super().add_message(request, level, message_template, *args, **kwargs)
