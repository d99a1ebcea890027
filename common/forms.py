"""Small habits that all forms share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from common.errors import ParstockError


def focus_first_error(*forms: Any) -> None:
    """After a failed send the first wrong field has the focus."""
    for form in forms:
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
