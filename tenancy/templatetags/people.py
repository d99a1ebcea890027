from __future__ import annotations

from django import template

from tenancy.demo import DEMO_LOGINS, DemoLogin

register = template.Library()


@register.simple_tag
def demo_logins() -> tuple[DemoLogin, ...]:
    return DEMO_LOGINS
