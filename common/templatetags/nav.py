"""Draws the main menu for the shop and the role of the request."""

from __future__ import annotations

from typing import Any

from django import template
from django.db import connection
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from common.navigation import Place, Waiting, places
from common.templatetags.ui import icon, number

register = template.Library()


@register.simple_tag(takes_context=True)
def main_nav(context: dict[str, Any]) -> SafeString:
    shown = [place for place in _visible(context) if not place.phone_only]
    decade = [place.order // 10 for place in shown]
    here = _here(context)
    rows = [
        (
            ' class="gap"' if index and decade[index] != decade[index - 1] else "",
            _link(context, place, here, _number(context, place.waiting)),
        )
        for index, place in enumerate(shown)
    ]
    return format_html_join("", "<li{}>{}</li>", ((SafeString(gap), link) for gap, link in rows))


@register.simple_tag(takes_context=True)
def phone_nav(context: dict[str, Any]) -> SafeString:
    shown = [place for place in _visible(context) if place.on_phone]
    here = _here(context)
    return format_html_join("", "{}", ((_link(context, place, here),) for place in shown))


def _visible(context: dict[str, Any]) -> list[Place]:
    return [place for place in places() if place.permission in _granted(context)]


def _granted(context: dict[str, Any]) -> frozenset[str]:
    return getattr(context["request"], "permissions", frozenset())


def _link(context: dict[str, Any], place: Place, here: str, beside: SafeString | str = "") -> SafeString:
    address = _address(context, place)
    return format_html(
        '<a href="{}"{}>{}{}{}</a>',
        address,
        SafeString(' aria-current="page"') if address == here else "",
        icon(place.icon),
        place.label,
        beside,
    )


def _address(context: dict[str, Any], place: Place) -> str:
    return reverse(place.url_name, args=[context["shop"].slug])


def _here(context: dict[str, Any]) -> str:
    """The place that the page belongs to: the longest address that the page's own begins with."""
    path, today = context["request"].path, reverse("today", args=[context["shop"].slug])
    found = [address for place in places() if path.startswith(address := _address(context, place))]
    return max((address for address in found if address != today or path == today), key=len, default="")


def _number(context: dict[str, Any], waiting: Waiting | None) -> SafeString | str:
    if waiting is None or waiting.permission not in _granted(context):
        return ""
    # A refusal may be shown from inside a transaction that can only be rolled back.
    if connection.in_atomic_block and connection.needs_rollback:
        return ""
    if not (count := waiting.count()):
        return ""
    shown = number(count)
    spoken = str(waiting.words) % {"number": shown}
    return format_html(
        '<span class="n" aria-hidden="true">{}</span><span class="sr">, {}</span>', shown, spoken
    )
