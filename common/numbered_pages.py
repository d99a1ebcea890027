"""Numbered pages of lists that people leaf through."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.db.models.query import ModelIterable
from django.http import HttpRequest


def numbered_page(rows: Any, per_page: int, asked: HttpRequest | str | int | None) -> Page:
    """The page of `rows` that is asked for: by a request's `page`, or its number.

    The first for what is no number, the last for one that is too high.
    """
    number = asked.GET.get("page") if isinstance(asked, HttpRequest) else asked
    return _ByKeys(rows, per_page).get_page(number)


class _ByKeys(Paginator):
    """Finds out which rows a later page has before it reads them.

    A database makes all rows up to the page with all that is asked of them, joins and sums too, before
    it throws away those of earlier pages. Primary keys in order come from an index.
    """

    def page(self, number: int | str) -> Page:
        page = super().page(number)
        rows = self.object_list
        if page.number > 1 and isinstance(rows, QuerySet) and issubclass(rows._iterable_class, ModelIterable):
            start = (page.number - 1) * self.per_page
            keys = list(rows.values_list("pk", flat=True)[start : start + self.per_page])
            found = {row.pk: row for row in rows.order_by().filter(pk__in=keys)}
            # A row that is deleted in between is left out.
            page.object_list = [found[key] for key in keys if key in found]
        return page
