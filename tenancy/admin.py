"""/admin/ for operators: the rows of one acting shop at a time.

Everything that belongs to a shop is a `ShopModelAdmin`: without an acting shop there is nothing to
see, inside it only its rows, and each change is written into its audit. What the ledger and the
night keep by themselves is a `ReadOnlyShopModelAdmin`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import BaseUserCreationForm, UserChangeForm
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from common.templatetags.ui import amount, percent, quantity, rate, unit_price
from tenancy.audit import data_of, only_changes, record
from tenancy.context import shop_scope
from tenancy.models import ApiToken, AuditEvent, Invitation, Membership, Shop, User
from tenancy.shop_forms import (
    AmountField,
    PercentField,
    QuantityField,
    RateField,
    ShopModelForm,
    UnitPriceField,
)


def acting_shop(request: HttpRequest) -> Shop | None:
    """The shop that the operator chose on the admin's first page."""
    return getattr(request, "shop", None)


_WRITERS: dict[type[forms.Field], Callable[[Any, Any], str]] = {
    QuantityField: lambda value, shop: quantity(value),
    AmountField: amount,
    UnitPriceField: unit_price,
    PercentField: lambda value, shop: percent(value),
    RateField: lambda value, shop: rate(value),
}


class Units:
    """Shows and takes integers in small units as people write them; name the fields by their unit."""

    quantity_fields: ClassVar[Sequence[str]] = ()  # thousandths of a stock unit
    amount_fields: ClassVar[Sequence[str]] = ()  # minor units
    unit_price_fields: ClassVar[Sequence[str]] = ()  # ten-thousandths of a minor unit
    percent_fields: ClassVar[Sequence[str]] = ()  # hundredths of a percent
    rate_fields: ClassVar[Sequence[str]] = ()  # of a currency, see common.units.RATE_SCALE

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if form_class := self._form_class(db_field.name):
            kwargs |= {"form_class": form_class, "widget": None}
            return db_field.formfield(**{key: value for key, value in kwargs.items() if value is not None})
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]

    def _form_class(self, name: str) -> type[forms.Field] | None:
        kinds: dict[type[forms.Field], Sequence[str]] = {
            QuantityField: self.quantity_fields,
            AmountField: self.amount_fields,
            UnitPriceField: self.unit_price_fields,
            PercentField: self.percent_fields,
            RateField: self.rate_fields,
        }
        return next((kind for kind, names in kinds.items() if name in names), None)

    def readable(self, name: Any) -> Any:
        """The column or line that shows field `name` in whole units."""
        form_class = self._form_class(name) if isinstance(name, str) else None
        if form_class is None:
            return name
        write = _WRITERS[form_class]
        label = self.model._meta.get_field(name).verbose_name  # type: ignore[attr-defined]

        @admin.display(description=label, ordering=name)
        def shown(obj: Any) -> str:
            return write(getattr(obj, name), obj.shop)

        shown.__name__ = f"shown_{name}"
        return shown


class InActingShop:
    """Closed without an acting shop; inside it Django's own permissions decide."""

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Without an acting shop the list leads to where one is chosen."""
        if acting_shop(request) is None:
            messages.info(request, _("Choose the shop whose rows you want to see."))
            return redirect("admin:index")
        return super().changelist_view(request, *args, **kwargs)  # type: ignore[misc]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(acting_shop(request)) and super().has_module_permission(request)  # type: ignore[misc]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(acting_shop(request)) and super().has_view_permission(request, obj)  # type: ignore[misc]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return bool(acting_shop(request)) and super().has_add_permission(request, *args)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(acting_shop(request)) and super().has_change_permission(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(acting_shop(request)) and super().has_delete_permission(request, obj)  # type: ignore[misc]


class Audited:
    """Writes each change into the audit of the row's shop."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        before = data_of(type(obj)._default_manager.get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)  # type: ignore[misc]
        after = data_of(obj)
        if before is not None:
            before, after = only_changes(before, after)
        self.audit(request, "change" if change else "add", obj, before, after)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.audit(request, "delete", obj, data_of(obj), None)
        super().delete_model(request, obj)  # type: ignore[misc]

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            self.audit(request, "delete", obj, data_of(obj), None)
        super().delete_queryset(request, queryset)  # type: ignore[misc]

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)  # type: ignore[misc]
        for obj in formset.new_objects:
            self.audit(request, "add", obj, None, data_of(obj))
        for obj, fields in formset.changed_objects:
            after = {name: value for name, value in data_of(obj).items() if name in fields}
            self.audit(request, "change", obj, None, after)
        for obj in formset.deleted_objects:
            self.audit(request, "delete", obj, data_of(obj), None)

    def audit(self, request: Any, verb: str, obj: Any, before: Any, after: Any) -> None:
        record(
            f"admin.{verb}_{obj._meta.model_name}", actor=request.user, about=obj, before=before, after=after
        )


class ShopModelAdmin(Units, InActingShop, Audited, admin.ModelAdmin):
    """For a model behind the wall; related pickers offer the acting shop's rows by its manager."""

    form = ShopModelForm
    list_per_page = 50
    show_full_result_count = False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [self.readable(name) for name in super().get_list_display(request)]


class ShopInline(Units, InActingShop, admin.TabularInline):
    """Rows of another shop model on the page of the row they belong to."""

    form = ShopModelForm
    extra = 0


class ReadOnlyShopModelAdmin(ShopModelAdmin):
    """Rows that only services write: to be looked at, never added, edited or deleted."""

    actions = None

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        hidden = {"shop", *(self.exclude or ())}
        names: Iterable[str] = (field.name for field in self.opts.concrete_fields)
        return [self.readable(name) for name in names if name not in hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_fields(request, obj)


# ---- people and shops ------------------------------------------------------------------------


class UserCreationForm(BaseUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """People of the whole installation. Nobody is deleted: what they did stays under their name."""

    form = UserChangeForm
    add_form = UserCreationForm
    ordering = ("email",)
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        (_("Operators"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Times"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "password1", "password2")}),)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Only a superuser makes operators: else an operator could make himself one."""
        names = tuple(super().get_readonly_fields(request, obj))
        if request.user.is_superuser:
            return names
        return (*names, "is_staff", "is_superuser", "groups", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        # Changing a superuser's password or address would be another way to become one.
        return allowed and (request.user.is_superuser or obj is None or not obj.is_superuser)


@admin.register(Shop)
class ShopAdmin(Audited, admin.ModelAdmin):
    """The shops of the installation; inside an acting shop only that one can be changed."""

    list_display = ("name", "slug", "currency", "time_zone", "is_active", "created_at")
    list_filter = ("is_active",)
    search_fields = ("name", "slug")
    readonly_fields = ("created_at", "next_night_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        acting = acting_shop(request)
        elsewhere = obj is not None and acting is not None and obj.pk != acting.pk
        return super().has_change_permission(request, obj) and not elsewhere

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and acting_shop(request) is None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def audit(self, request: Any, verb: str, obj: Any, before: Any, after: Any) -> None:
        with shop_scope(obj):
            super().audit(request, verb, obj, before, after)


@admin.register(Membership)
class MembershipAdmin(InActingShop, Audited, admin.ModelAdmin):
    """Who works in the acting shop."""

    list_display = ("user", "role", "created_at")
    list_filter = ("role",)
    search_fields = ("user__email", "user__name")
    autocomplete_fields = ("user",)
    fields = ("user", "role")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Membership]:
        return super().get_queryset(request).filter(shop=acting_shop(request)).select_related("user", "shop")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The shop is the acting one, before the form asks whether the person is a member already."""
        shop = acting_shop(request)

        class MembershipForm(ShopModelForm):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.instance.shop = shop

        return super().get_form(request, obj, change, form=MembershipForm, **kwargs)


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyShopModelAdmin):
    list_display = ("email", "role", "invited_by", "created_at", "expires_at", "accepted_at", "withdrawn_at")
    search_fields = ("email",)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyShopModelAdmin):
    list_display = ("name", "role", "hint", "created_by", "created_at", "last_used_on", "revoked_at")
    exclude = ("digest",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyShopModelAdmin):
    list_display = ("at", "actor", "token", "action", "object")
    list_filter = ("action",)
    search_fields = ("object", "action")
    list_select_related = ("actor", "token")
