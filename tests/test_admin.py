from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from catalog.models import Product
from stock.models import Commitment, Kind
from tenancy.context import shop_scope
from tenancy.models import AuditEvent, Membership, Shop, User
from tests.factories import (
    make_member,
    make_product,
    make_shop,
    make_supplier,
    make_token,
    make_user,
    make_warehouse,
    post_line,
)

pytestmark = pytest.mark.django_db

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
OF_A_SHOP = [model for model in REGISTERED if "shop" in {field.name for field in model._meta.fields}]


def address(model, action, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}", args=args)


def fill(shop):
    """Rows of the commonest models; inside the shop's scope."""
    place, product, supplier = (
        make_warehouse(),
        make_product(price=4_600_000, cost=2_500_000),
        make_supplier(),
    )
    product.barcodes.create(code="5060118422045")
    product.terms.create(supplier=supplier, unit_cost=2_500_000)
    posting = post_line(Kind.OPENING, product, place, 10_000)
    post_line(Kind.COUNT, product, place, 9_000)
    Commitment.objects.create(
        product=product, warehouse=place, quantity=1_000, reference="Ada", until=timezone.now() + timedelta(1)
    )
    make_token()
    Membership.objects.create(shop=shop, user=make_user(), role="clerk")
    AuditEvent.objects.create(action="test.made")
    return product, posting


@pytest.fixture
def operator(client):
    user = make_user(is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


@pytest.fixture
def acting(client, operator):
    """The shop that the signed-in operator acts in, filled."""
    shop = make_shop()
    with shop_scope(shop):
        fill(shop)
    assert client.post("/admin/act/", {"shop": shop.pk}).status_code == 302
    return shop


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_list_add_and_change_pages_open_in_an_acting_shop(client, acting, model):
    assert client.get(address(model, "changelist")).status_code == 200
    model_admin = admin.site._registry[model]
    request = client.get("/admin/").wsgi_request
    request.shop = acting
    if model_admin.has_add_permission(request):
        assert client.get(address(model, "add")).status_code == 200
    with shop_scope(acting):
        row = model._base_manager.first()
    if row is not None:
        assert client.get(address(model, "change", row.pk)).status_code == 200


@pytest.mark.parametrize("model", OF_A_SHOP, ids=lambda model: model._meta.label)
def test_without_an_acting_shop_its_models_are_closed_and_lead_to_choosing_one(client, operator, model):
    answer = client.get(address(model, "changelist"))
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client.get(address(model, "add")).status_code == 403
    assert address(model, "changelist") not in client.get("/admin/").text


def test_another_shops_rows_are_not_found_nor_offered(client, acting):
    other = make_shop()
    with shop_scope(other):
        foreign, posting = fill(other)
    for row in (foreign, posting):
        answer = client.get(address(type(row), "change", row.pk))
        assert answer.status_code in {302, 404}
    assert foreign.sku not in client.get(address(Product, "changelist")).text
    picker = {"app_label": "catalog", "model_name": "barcode", "field_name": "product", "term": foreign.sku}
    assert client.get("/admin/autocomplete/", picker).json()["results"] == []
    membership = Membership.objects.get(shop=other)
    assert client.get(address(Membership, "change", membership.pk)).status_code in {302, 404}


def test_a_change_is_typed_in_whole_units_and_audited(client, acting, operator):
    with shop_scope(acting):
        product = Product.objects.get()
        supplier = product.terms.get()
        barcode = product.barcodes.get()
    page = client.get(address(Product, "change", product.pk)).text
    assert 'value="4.60"' in page
    answer = client.post(
        address(Product, "change", product.pk),
        {
            "sku": product.sku,
            "name": "Mug",
            "unit": "piece",
            "price": "4.95",
            "cost": "2.50",
            "state": "active",
            "barcodes-TOTAL_FORMS": 1,
            "barcodes-INITIAL_FORMS": 1,
            "barcodes-0-id": barcode.pk,
            "barcodes-0-product": product.pk,
            "barcodes-0-code": barcode.code,
            "terms-TOTAL_FORMS": 1,
            "terms-INITIAL_FORMS": 1,
            "terms-0-id": supplier.pk,
            "terms-0-product": product.pk,
            "terms-0-supplier": supplier.supplier_id,
            "terms-0-unit_cost": "2.50",
            "terms-0-pack": "6",
            "terms-0-minimum_quantity": "0",
            "terms-0-priority": 1,
        },
    )
    assert answer.status_code == 302, answer.text
    with shop_scope(acting):
        changed = Product.objects.get()
        assert (changed.name, changed.price) == ("Mug", 4_950_000)
        assert changed.terms.get().pack == 6_000
        event = AuditEvent.objects.get(action="admin.change_product")
        assert event.actor == operator
        assert event.before == {"name": product.name, "price": 4_600_000}
        assert event.after == {"name": "Mug", "price": 4_950_000}
        assert AuditEvent.objects.filter(action="admin.change_supplierproduct").exists()


def test_a_second_product_with_the_same_sku_is_a_form_error(client, acting):
    with shop_scope(acting):
        product = Product.objects.get()
    answer = client.post(
        address(Product, "add"),
        {
            "sku": product.sku.lower(),
            "name": "Again",
            "unit": "piece",
            "barcodes-TOTAL_FORMS": 0,
            "barcodes-INITIAL_FORMS": 0,
            "terms-TOTAL_FORMS": 0,
            "terms-INITIAL_FORMS": 0,
        },
    )
    assert answer.status_code == 200
    assert "This is taken already." in answer.text


def test_choosing_a_shop_and_leaving_it_stand_in_its_audit(client, acting, operator):
    other = make_shop()
    client.post("/admin/act/", {"shop": other.pk})
    with shop_scope(other):
        assert not AuditEvent.objects.exists()
    assert f"You act in <strong>{acting.name}</strong>" in client.get("/admin/").text
    client.post("/admin/leave/")
    with shop_scope(acting):
        actions = AuditEvent.objects.filter(actor=operator).order_by("id").values_list("action", flat=True)
        assert list(actions) == ["admin.act_in_shop", "admin.leave_shop"]
    page = client.get(address(Product, "changelist"), follow=True).text
    assert "Choose the shop whose rows you want to see." in page
    assert 'action="/admin/act/"' in page


@pytest.mark.parametrize("shop_number", ["", "x", "0", "9" * 40])
def test_choosing_a_shop_that_does_not_exist_is_not_found(client, operator, shop_number):
    assert client.post("/admin/act/", {"shop": shop_number}).status_code == 404


def test_signing_in_to_the_admin_goes_through_the_installations_own_page(client):
    answer = client.get("/admin/login/?next=/admin/tenancy/user/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))
    shop = make_shop()
    client.force_login(make_member(shop, "owner"))
    assert client.get("/admin/login/").status_code == 403
    assert client.get("/admin/", follow=True).status_code == 403


def test_ledger_and_audit_cannot_be_changed_from_the_admin(client, acting):
    with shop_scope(acting):
        events = [event.pk for event in AuditEvent.objects.all()]
    for label in ("stock_posting", "stock_movement", "stock_balance", "tenancy_auditevent"):
        assert client.get(reverse(f"admin:{label}_add")).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": events}
        client.post(reverse(f"admin:{label}_changelist"), chosen)
    with shop_scope(acting):
        assert AuditEvent.objects.filter(pk__in=events).count() == len(events)


def test_an_operator_who_is_no_superuser_cannot_become_one(client):
    boss = make_user(is_staff=True, is_superuser=True)
    operator = make_user(is_staff=True)
    operator.user_permissions.set(Permission.objects.filter(content_type__app_label="tenancy"))
    client.force_login(operator)

    client.post(
        address(User, "change", operator.pk),
        {"email": operator.email, "is_active": "on", "is_superuser": "on"},
    )
    operator.refresh_from_db()
    assert not operator.is_superuser
    assert client.post(address(User, "change", boss.pk), {"email": operator.email}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[boss.pk])
    assert client.get(password).status_code == 403


def test_a_change_to_a_shop_stands_in_that_shops_audit(client, operator):
    shop = make_shop()
    page = client.get(address(Shop, "change", shop.pk))
    form = page.context["adminform"].form
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    data |= {"name": "Renamed", "accepts_negative": '["sale_import"]'}
    answer = client.post(address(Shop, "change", shop.pk), data)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    with shop_scope(shop):
        assert AuditEvent.objects.get().after == {"name": "Renamed"}
