"""Forms about shops, people and tokens."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from common.forms import ClockInput, grouped
from common.units import currency_decimals
from tenancy import choices
from tenancy.enforcement import append_only_models, shop_models
from tenancy.models import SLUG_VALIDATORS, Membership, Shop, User
from tenancy.permissions import Role, outranks
from tenancy.services.shops import OWNER_FIELDS, create_shop, propose_slug

PASSWORD_HINT = _("At least eight characters; a sentence is easy to remember.")


class NewShopForm(forms.Form):
    """What a shop cannot be without. The address may be left empty: it is then made from the name."""

    shop_name = forms.CharField(label=_("Name of the shop"), max_length=120)
    slug = forms.CharField(
        label=_("Address"),
        max_length=50,
        required=False,
        help_text=_("The last part of the shop's address, like marlow-lane. Empty: made from the name."),
        validators=SLUG_VALIDATORS,
    )
    currency = forms.ChoiceField(
        label=_("Currency"),
        help_text=_("All money of the shop is kept in it; it cannot change once there are postings."),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=choices.time_zones)
    language = forms.ChoiceField(label=_("Language"), choices=Shop._meta.get_field("language").choices or ())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = choices.currencies()  # type: ignore[attr-defined]
        known = dict(self.fields["language"].choices)  # type: ignore[attr-defined]
        language = get_language() or "en"
        defaults = {
            "currency": "EUR",
            "time_zone": "UTC",
            "language": language if language in known else "en",
        }
        for name, value in defaults.items():
            self.fields[name].initial = value

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"]
        if slug and Shop.objects.filter(slug=slug).exists():
            free = propose_slug(slug)
            raise forms.ValidationError(
                _("“%(slug)s” is taken; “%(free)s” is free."), params={"slug": slug, "free": free}
            )
        return slug

    def make_shop(self, *, owner: User) -> Shop:
        data = self.cleaned_data
        return create_shop(
            name=data["shop_name"],
            slug=data["slug"] or propose_slug(data["shop_name"]),
            owner=owner,
            currency=data["currency"],
            time_zone=data["time_zone"],
            language=data["language"],
        )


class ShopSettingsForm(forms.ModelForm):
    accepts_negative = forms.MultipleChoiceField(
        label=_("May take stock below zero"),
        required=False,
        choices=lambda: list(choices.NEGATIVE_KINDS.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Whatever is not ticked is refused where there is too little on hand."),
    )
    currency = forms.ChoiceField(label=_("Currency"))
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=choices.time_zones)

    class Meta:
        model = Shop
        fields = OWNER_FIELDS
        widgets = {
            "night_at": ClockInput(),
            "address": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts = {
            "address": _("As it stands on orders; a warehouse may have its own for deliveries."),
            "tax_number": _("If you have one: suppliers ask for it on orders."),
            "contact_name": _("Whom suppliers ask for."),
            "phone": _("Where suppliers call."),
            "prices_include_tax": _(
                "Ticked where the price on the shelf is with tax. Costs are always without."
            ),
            "night_at": _("In the shop's own time: closes the day, forecasts, and drafts orders."),
            "sender_name": _("Empty: the shop's name."),
            "reply_to": _("Where a supplier's answer goes. Empty: nowhere."),
            "order_grace_minutes": _("So long an approved order can still be undone."),
            "everyone_sees_costs": _("Otherwise only owners and managers see costs, margins and values."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = Shop.objects.get(pk=self.instance.pk)
        listed: list[tuple[str, tuple[tuple[str, str], ...] | list[tuple[str, str]]]] = [
            ("currency", choices.currencies()),
            ("time_zone", choices.time_zones()),
        ]
        for name, offered in listed:
            now = getattr(self.before, name)
            known = any(now == value for value, _label in offered)
            self.fields[name].choices = [*offered, *([] if known else [(now, now)])]  # type: ignore[attr-defined]

    @property
    def groups(self) -> list[tuple[Any, list[Any]]]:
        return grouped(self, _SETTINGS_GROUPS)

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"]
        if currency != self.before.currency and not _currency_may_become(currency, self.before):
            raise forms.ValidationError(
                _("The shop has figures in %(currency)s; another currency would misread them."),
                params={"currency": self.before.currency},
            )
        return currency


_SETTINGS_GROUPS = (
    (_("The shop"), ("name", "language", "time_zone", "currency", "prices_include_tax")),
    (_("On every order"), ("address", "contact_name", "phone", "tax_number")),
    (_("Mails and orders"), ("sender_name", "reply_to", "order_grace_minutes")),
    (_("The night"), ("night_at",)),
    (_("What is allowed"), ("everyone_sees_costs", "accepts_negative")),
)


def _currency_may_become(currency: str, shop: Shop) -> bool:
    """Amounts are stored without their currency, so it is fixed once something was posted.

    Before that, typed prices keep their digits, unless the new currency has other decimals.
    """
    own = {"tenancy", "jobs"}
    posted = [model for model in append_only_models() if model._meta.app_label not in own]
    if currency_decimals(currency) != currency_decimals(shop.currency):
        posted = [model for model in shop_models() if model._meta.app_label not in own]
    return not any(model._default_manager.exists() for model in posted)


class RoleField(forms.ChoiceField):
    """Roles that `actor` may grant: none above their own."""

    def offer(self, actor: Membership) -> None:
        self.choices = [(role.value, role.label) for role in Role if not outranks(role, actor.role)]


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    role = RoleField(label=_("Role"), initial=Role.CLERK)

    def __init__(self, *args: Any, actor: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["autocomplete"] = "off"
        self.fields["role"].offer(actor)  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    role = RoleField(label=_("Role"))

    def __init__(self, *args: Any, actor: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].offer(actor)  # type: ignore[attr-defined]


class AcceptForm(forms.Form):
    """A new person's account, made on the page of the invitation."""

    name = forms.CharField(label=_("Your name"), max_length=150)
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=PASSWORD_HINT,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email
        self.fields["name"].widget.attrs["autocomplete"] = "name"

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, User(email=self.email, name=self.cleaned_data.get("name", "")))
        return password


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What uses it, like “till at the front”.")
    )
    role = RoleField(label=_("May do what this role may"), initial=Role.CLERK)
    days = forms.TypedChoiceField(
        label=_("Expires"),
        coerce=int,
        initial=365,
        choices=[(30, _("In 30 days")), (90, _("In 90 days")), (365, _("In a year")), (0, _("Never"))],
    )

    def __init__(self, *args: Any, actor: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].offer(actor)  # type: ignore[attr-defined]

    def expires_at(self) -> datetime | None:
        days: int = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else None


class NameForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("name",)


class AuditDayField(forms.DateField):
    """A day of which every zone has a beginning and an end in UTC."""

    def __init__(self, **kwargs: Any) -> None:
        limits = (MinValueValidator(date(1990, 1, 1)), MaxValueValidator(date(2999, 12, 31)))
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(required=False, widget=widget, validators=limits, **kwargs)


class AuditFilterForm(forms.Form):
    search = forms.CharField(label=_("What or whom"), required=False, max_length=100)
    action = forms.ChoiceField(label=_("Change"), required=False)
    actor = forms.ChoiceField(label=_("By"), required=False)
    since = AuditDayField(label=_("From"))
    until = AuditDayField(label=_("To"))

    def __init__(
        self, *args: Any, actions: list[tuple[str, Any]], actors: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        everything = [("", _("All"))]
        self.fields["action"].choices = [*everything, *actions]  # type: ignore[attr-defined]
        self.fields["actor"].choices = [*everything, *actors]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and since > until:
            self.add_error("until", _("The last day lies before the first."))
        return data
