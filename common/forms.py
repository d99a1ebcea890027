"""Small habits that all forms share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from common.errors import ParstockError


class ClockInput(forms.TimeInput):
    """A time of the day as `14:30`: a browser's own field shows 2:30 PM where its language does."""

    def __init__(self) -> None:
        attrs = {
            "inputmode": "numeric",
            "autocomplete": "off",
            "placeholder": "00:00",
            "pattern": "([01]?[0-9]|2[0-3]):[0-5][0-9]",
            "size": 5,
        }
        super().__init__(attrs=attrs, format="%H:%M")


class QuickSelect(forms.Select):
    """A choice without groups, written without a template for each option: for filters above lists."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        widget = self.get_context(name, value, attrs)["widget"]
        options = (option for _name, group, _index in widget["optgroups"] for option in group)
        return format_html(
            '<select name="{}"{}>{}</select>',
            name,
            flatatt(widget["attrs"]),
            format_html_join(
                "",
                '<option value="{}"{}>{}</option>',
                ((str(option["value"]), flatatt(option["attrs"]), option["label"]) for option in options),
            ),
        )


def focus_first_error(*shown: Any) -> None:
    """After a failed send the first wrong field has the focus."""
    for form in shown:
        for name, field in form.fields.items():
            field.widget.attrs.pop("autofocus", None)
            if name in form.errors:
                field.widget.attrs["autofocus"] = True
                return


def add_refusal(form: Any, refusal: ParstockError) -> None:
    """A service's refusal, beside the fields it names, else on top of the form."""
    named = {name: faults for name, faults in refusal.fields.items() if name in form.fields}
    if not named:
        form.add_error(None, refusal.detail)
    for name in named:
        form.add_error(name, refusal.detail)


def grouped(form: Any, groups: Iterable[tuple[Any, Iterable[str]]]) -> list[tuple[Any, list[Any]]]:
    """The fields that the form has by the titles of its parts; for includes/form_groups.html."""
    return [(title, [form[name] for name in names if name in form.fields]) for title, names in groups]
