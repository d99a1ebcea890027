"""Draws the main menu for the shop and the role of the request."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from common.navigation import Place, places
from common.templatetags.ui import icon

register = template.Library()


@register.simple_tag(takes_context=True)
def main_nav(context: dict[str, Any]) -> SafeString:
    shown = [place for place in _visible(context) if not place.phone_only]
    decade = [place.order // 10 for place in shown]
    rows = [
        (
            ' class="gap"' if number and decade[number] != decade[number - 1] else "",
            _link(context, place),
        )
        for number, place in enumerate(shown)
    ]
    return format_html_join("", "<li{}>{}</li>", ((SafeString(gap), link) for gap, link in rows))


@register.simple_tag(takes_context=True)
def phone_nav(context: dict[str, Any]) -> SafeString:
    shown = [place for place in _visible(context) if place.on_phone]
    return format_html_join("", "{}", ((_link(context, place),) for place in shown))


def _visible(context: dict[str, Any]) -> list[Place]:
    granted: frozenset[str] = getattr(context["request"], "permissions", frozenset())
    return [place for place in places() if place.permission in granted]


def _link(context: dict[str, Any], place: Place) -> SafeString:
    address = reverse(place.url_name, args=[context["shop"].slug])
    here = context["request"].path
    today = reverse("today", args=[context["shop"].slug])
    current = here == address or (address != today and here.startswith(address))
    return format_html(
        '<a href="{}"{}>{}{}</a>',
        address,
        SafeString(' aria-current="page"') if current else "",
        icon(place.icon),
        place.label,
    )
