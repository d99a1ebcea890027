"""django-allauth's forms, in this project's words and manners.

Labels stand above the fields, so placeholders that repeat them go; an error stands under the field
that a person would change.
"""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenancy.forms import PASSWORD_HINT, NewShopForm
from tenancy.models import User


class _Plain(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name == "password1":  # instead of Django's list of rules, which the errors repeat
                field.help_text = PASSWORD_HINT


class LoginForm(_Plain, allauth.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail")
        self.fields["login"].widget.attrs |= {"autocomplete": "username", "autofocus": True}
        self.fields["remember"].label = _("Keep me signed in on this device")
        # The page has its own link; allauth puts one here as unlabelled help text.
        self.fields["password"].help_text = ""

    def add_error(self, field: Any, error: Any) -> None:
        super().add_error(field or "password", error)


class SignupForm(_Plain, NewShopForm, allauth.SignupForm):
    """A person and a first shop of theirs, made together or not at all."""

    person = forms.CharField(label=_("Your name"), max_length=150)
    field_order = ("person", "email", "password1", *NewShopForm.base_fields)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")
        self.fields["person"].widget.attrs["autocomplete"] = "name"
        self.order_fields(self.field_order)

    def save(self, request: HttpRequest) -> User:
        from django.db import transaction

        with transaction.atomic():
            user: User = super().save(request)
            user.name = self.cleaned_data["person"]
            user.save(update_fields=["name"])
            self.make_shop(owner=user)
        return user


class AddEmailForm(_Plain, allauth.AddEmailForm):
    pass


class ChangePasswordForm(_Plain, allauth.ChangePasswordForm):
    pass


class ResetPasswordForm(_Plain, allauth.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(_Plain, allauth.ResetPasswordKeyForm):
    pass


class ReauthenticateForm(_Plain, allauth.ReauthenticateForm):
    pass
