"""Every URL, as every role, as a member of another shop and as nobody, against tests/access_table.py.

Arguments of URLs name nothing that exists: a wrong role must be refused before anything is looked
up, and a stranger must not learn what exists. What a right role gets may then be a 404.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.urls.converters import IntConverter, UUIDConverter
from django.urls.resolvers import RoutePattern
from django.utils import timezone

from tenancy.api_access import HasShopPermission
from tenancy.context import shop_scope
from tenancy.models import Shop, User
from tenancy.permissions import Permission, Role, outranks
from tests.access_table import ACCOUNTS_OPEN, API, OPEN, OUTSIDE, PAGES
from tests.factories import make_member, make_shop, make_token, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:No directory at")]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


# ---- the URLs that there are -------------------------------------------------------------------


@dataclass(frozen=True)
class Address:
    route: str
    name: str
    view: Any
    converters: dict[str, Any]

    @property
    def view_class(self) -> Any:
        return getattr(self.view, "view_class", getattr(self.view, "cls", None))

    @property
    def has_arguments(self) -> bool:
        return bool(set(self.converters) - {"shop"})

    def path(self, shop: Shop | None) -> str:
        values = {name: _nothing(converter) for name, converter in self.converters.items()}
        if shop is not None:
            values["shop"] = shop.slug
        return reverse(self.name, kwargs=values)


def _nothing(converter: Any) -> Any:
    if isinstance(converter, IntConverter):
        return 999_999_999
    if isinstance(converter, UUIDConverter):
        return "00000000-0000-4000-8000-000000000000"
    return "nothing"


def walk(
    patterns: Any, route: str = "", spaces: tuple[str, ...] = (), converters: Any = None
) -> Iterator[Address]:
    for entry in patterns:
        inner = (converters or {}) | (
            entry.pattern.converters if isinstance(entry.pattern, RoutePattern) else {}
        )
        here = route + str(entry.pattern)
        if isinstance(entry, URLPattern):
            name = ":".join((*spaces, entry.name)) if entry.name else ""
            yield Address(here, name, entry.callback, inner)
        else:
            space = (entry.namespace,) if entry.namespace else ()
            yield from walk(entry.url_patterns, here, (*spaces, *space), inner)


EVERYTHING = list(walk(get_resolver().url_patterns))
ADMIN = [address for address in EVERYTHING if address.route.startswith("admin/")]
ACCOUNTS = [address for address in EVERYTHING if address.route.startswith("accounts/")]
OURS = [address for address in EVERYTHING if address not in ADMIN and address not in ACCOUNTS]
IN_API = [address for address in OURS if "shop" in address.converters and address.route.startswith("api/")]
IN_SHOP = [address for address in OURS if "shop" in address.converters and address not in IN_API]
ELSEWHERE = [address for address in OURS if "shop" not in address.converters]


def each(addresses: list[Address]) -> list[Any]:
    return [pytest.param(address, id=address.name or address.route) for address in addresses]


# ---- the table is whole ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("addresses", "table"),
    [
        pytest.param(IN_SHOP, PAGES, id="pages"),
        pytest.param(IN_API, API, id="api"),
        pytest.param(ELSEWHERE, OUTSIDE, id="outside"),
    ],
)
def test_every_url_has_a_line_in_the_table_and_every_line_a_url(addresses, table):
    names = {address.name for address in addresses}
    assert "" not in names, [address.route for address in addresses if not address.name]
    assert names - set(table) == set(), "add a line to tests/access_table.py"
    assert set(table) - names == set(), "these lines name no URL"


def test_no_url_hides_another():
    """Two patterns with one route: the second could never be reached."""
    routes = [address.route for address in OURS]
    assert {route for route in routes if routes.count(route) > 1} == set()


@pytest.mark.parametrize("address", each(IN_SHOP))
def test_a_page_of_a_shop_names_its_permission(address):
    assert getattr(address.view, "permission", None) or getattr(address.view_class, "permission", None), (
        "decorate the view with tenancy.access.require"
    )


@pytest.mark.parametrize("address", each(IN_API))
def test_an_api_view_names_a_permission_for_each_method_it_has(address):
    has = {method for method in METHODS if hasattr(address.view_class, method.lower())}
    assert has == set(address.view_class.permissions) == set(API[address.name])


# ---- who gets in -------------------------------------------------------------------------------


@dataclass
class World:
    shop: Shop
    members: dict[str, User]
    stranger: User  # owner of another shop
    nobody: User  # signed in, member of nothing


@pytest.fixture
def world(client: Client) -> World:
    client.raise_request_exception = False  # a 500 is told by its status
    shop = make_shop()
    members = {role.value: make_member(shop, role) for role in Role}
    return World(shop, members, make_member(make_shop(), Role.OWNER), make_user())


def may(role: str, lowest: str) -> bool:
    return not outranks(lowest, role)


def lets_in(answer: Any, address: Address) -> bool:
    """Whether the wall let the request through; what the view makes of it is not asked here."""
    assert answer.status_code < 500, f"{answer.status_code} {address.route}"
    if answer.status_code == 404:
        return address.has_arguments or address in IN_API  # there, the wall says 401
    return answer.status_code not in (401, 403)


def goes_to_log_in(answer: Any) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("address", each(IN_SHOP))
def test_a_page_opens_for_its_role_and_is_refused_below(address, client, world):
    path = address.path(world.shop)
    lowest = PAGES.get(address.name, Role.OWNER)
    for role, user in world.members.items():
        client.force_login(user)
        if may(role, lowest):
            answer = client.get(path)
            answer = client.post(path) if answer.status_code == 405 else answer
            assert lets_in(answer, address), f"{role}: {answer.status_code}"
        else:
            statuses = {client.get(path).status_code, client.post(path).status_code}
            assert statuses <= {403, 405}, f"{role}: {statuses}"
            assert 403 in statuses, f"{role}: {statuses}"


@pytest.mark.parametrize("address", each(IN_SHOP))
def test_a_page_does_not_exist_for_members_of_other_shops_and_asks_strangers_to_sign_in(
    address, client, world
):
    path = address.path(world.shop)
    for user in (world.stranger, world.nobody):
        client.force_login(user)
        assert {client.get(path).status_code, client.post(path).status_code} == {404}
    client.logout()
    assert goes_to_log_in(client.get(path))
    assert goes_to_log_in(client.post(path))


def calls() -> list[Any]:
    return [
        pytest.param(address, method, id=f"{address.name} {method}")
        for address in IN_API
        for method in API.get(address.name, {})
    ]


def call(client: Client, method: str, path: str, secret: str | None = None, scheme: str = "Bearer") -> Any:
    headers = {"Idempotency-Key": "access-table"}
    if secret is not None:
        headers["Authorization"] = f"{scheme} {secret}"
    return client.generic(method, path, b"{}", content_type="application/json", headers=headers)


@pytest.mark.parametrize(("address", "method"), calls())
def test_an_api_call_is_answered_for_its_role_and_refused_below(address, method, client, world):
    path = address.path(world.shop)
    for role, user in world.members.items():
        with shop_scope(world.shop):
            _token, secret = make_token(role)
        client.logout()
        by_token = call(client, method, path, secret)
        client.force_login(user)
        by_session = call(client, method, path)
        for answer in (by_token, by_session):
            if may(role, API[address.name][method]):
                assert lets_in(answer, address), f"{role}: {answer.status_code} {answer.content!r}"
            else:
                assert answer.status_code == 403, f"{role}: {answer.status_code}"
                assert set(answer.json()) == {"code", "detail", "fields"}


@pytest.mark.parametrize(("address", "method"), calls())
def test_an_api_call_without_a_valid_key_to_this_shop_is_refused(address, method, client, world):
    path = address.path(world.shop)
    now = timezone.now()
    with shop_scope(world.shop):
        _, revoked = make_token("owner", revoked_at=now)
        _, expired = make_token("owner", expires_at=now - timedelta(seconds=1))
        _, good = make_token("owner")
    with shop_scope(world.stranger.memberships.get().shop):
        _, foreign = make_token("owner")
    for secret in (None, revoked, expired, foreign, "ps_nonsense", ""):
        assert call(client, method, path, secret).status_code == 401, secret
    assert call(client, method, path, good, scheme="Basic").status_code == 401
    for user in (world.stranger, world.nobody):
        client.force_login(user)
        assert call(client, method, path).status_code == 404


@pytest.mark.parametrize("address", each(IN_API))
def test_other_methods_are_not_allowed(address, client, world):
    with shop_scope(world.shop):
        _, secret = make_token("owner")
    for method in set(METHODS) - set(API.get(address.name, {})):
        assert call(client, method, address.path(world.shop), secret).status_code == 405


@pytest.mark.parametrize("address", each(ELSEWHERE))
def test_pages_outside_shops_are_open_or_ask_for_a_log_in(address, client, world):
    path = address.path(None)
    if OUTSIDE.get(address.name) == OPEN:
        assert not goes_to_log_in(client.get(path))
        return
    assert goes_to_log_in(client.get(path))
    posted = client.post(path)
    assert posted.status_code == 405 or goes_to_log_in(posted)
    client.force_login(world.members["viewer"])
    assert client.get(path).status_code < 500


@pytest.mark.parametrize("address", each(ACCOUNTS))
def test_account_pages_are_open_or_lead_to_the_log_in(address, client, world, settings):
    settings.OPEN_SIGNUP = True
    values: Any = {name: _nothing(converter) for name, converter in address.converters.items()}
    if address.name == "account_confirm_email":
        values = {"key": "nothing"}
    elif address.name == "account_reset_password_from_key":
        values = {"uidb36": "1", "key": "nothing"}
    answer = client.get(reverse(address.name, kwargs=values))
    assert answer.status_code < 500
    leads_away = answer.status_code == 302 and "/accounts/" in answer["Location"]
    assert leads_away is (address.name not in ACCOUNTS_OPEN), answer.headers.get("Location")


def test_the_admin_is_closed_to_everybody_but_operators(client, world):
    paths = [_admin_path(address) for address in ADMIN if address.name]
    assert len(paths) > 50
    for user in (None, world.members["owner"]):
        if user:
            client.force_login(user)
        for path in paths:
            statuses = {client.get(path).status_code, client.post(path).status_code}
            assert statuses <= {302, 403, 404, 405}, f"{path}: {statuses}"


def _admin_path(address: Address) -> str:
    if "(?P<app_label>" in address.route:  # a regular expression over the apps' names
        return reverse(address.name, kwargs={"app_label": "tenancy"})
    return reverse(address.name, kwargs=dict.fromkeys(address.converters, "1"))


# ---- shops that are not there ------------------------------------------------------------------


def test_an_unknown_and_a_closed_shop_look_like_a_strange_one(client, world):
    closed = make_shop(is_active=False)
    with shop_scope(closed):
        _, secret = make_token("owner")
    user = make_member(closed, Role.OWNER)
    client.force_login(user)
    for slug in (closed.slug, "no-such-shop"):
        assert client.get(reverse("today", args=[slug])).status_code == 404
        assert call(client, "GET", f"/api/v1/shops/{slug}/products/").status_code == 404
    client.logout()
    for slug in (closed.slug, "no-such-shop"):
        assert goes_to_log_in(client.get(reverse("today", args=[slug])))
        assert call(client, "GET", f"/api/v1/shops/{slug}/products/", secret).status_code == 401


def test_a_role_is_read_at_each_request(client, world):
    """A demotion or a removal works at once, in sessions that are open too."""
    user = world.members["manager"]
    client.force_login(user)
    path = reverse("audit", args=[world.shop.slug])
    assert client.get(path).status_code == 200
    user.memberships.update(role=Role.CLERK)
    assert client.get(path).status_code == 403
    user.memberships.all().delete()
    assert client.get(path).status_code == 404


def test_head_needs_what_get_needs():
    view = SimpleNamespace(permissions={"GET": Permission.AUDIT_VIEW})
    inner = SimpleNamespace(permissions=frozenset({Permission.SHOP_VIEW}))
    request = SimpleNamespace(user=object(), auth=None, method="HEAD", _request=inner)
    assert not HasShopPermission().has_permission(request, view)
    inner.permissions = frozenset({Permission.AUDIT_VIEW})
    assert HasShopPermission().has_permission(request, view)
