"""Settings refuse nonsense at start-up, by the name of the variable."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from inventory_site import environment as env


@pytest.fixture
def variable(monkeypatch):
    def set_to(value):
        monkeypatch.setenv("SOME_SETTING", value)

    return set_to


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env.number("SOME_SETTING", 1), "ten"),
        (lambda: env.number("SOME_SETTING", 1, least=1), "0"),
        (lambda: env.switch("SOME_SETTING", False), "perhaps"),
        (lambda: env.database("SOME_SETTING", "sqlite:///x"), "mysql://localhost/db"),
        (lambda: env.email("SOME_SETTING", "consolemail://"), "pigeon://loft"),
    ],
)
def test_nonsense_is_refused_by_name_with_what_was_expected(variable, read, value):
    variable(value)
    with pytest.raises(ImproperlyConfigured, match=f"SOME_SETTING='{value}': expected "):
        read()


def test_a_short_secret_key_is_refused_and_not_printed(variable, tmp_path):
    variable("hunter2")
    with pytest.raises(ImproperlyConfigured) as refusal:
        env.secret_key("SOME_SETTING", tmp_path / "key")
    assert "hunter2" not in str(refusal.value)


def test_a_missing_secret_key_is_made_once_for_its_owner_only(tmp_path):
    file = tmp_path / "deep" / "key"
    first = env.secret_key("SOME_SETTING", file)
    assert len(first) > 50
    assert env.secret_key("SOME_SETTING", file) == first
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("value", "on"), [("on", True), ("1", True), ("false", False), ("", False)])
def test_switches_are_read_as_people_write_them(variable, value, on):
    variable(value)
    assert env.switch("SOME_SETTING", not on) is on


def test_a_socket_folder_stands_percent_encoded_in_the_place_of_the_host(variable):
    variable("postgres://me:pw@%2Frun%2Fpostgresql:5432/shop")
    entry = env.database("SOME_SETTING", "sqlite:///x")
    assert (entry["HOST"], entry["NAME"]) == ("/run/postgresql", "shop")
