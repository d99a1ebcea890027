"""Text from outside, as a database can keep it."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from common.errors import BadInput

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether PostgreSQL takes it: no NUL, and no half of a surrogate pair, which JSON lets through."""
    return _UNSTORABLE.search(text) is None


def clean_text(value: object, *, field: str, limit: int, required: bool = False) -> str:
    """`value` without surrounding blanks. Raises BadInput naming `field`.

    Refused: what is no text, what is longer than `limit` characters, and what no database stores.
    """
    if not isinstance(value, str):
        raise BadInput.at(field, _("is not text"))
    text = value.strip()
    if required and not text:
        raise BadInput.at(field, _("is empty"))
    if len(text) > limit:
        raise BadInput.at(field, _("is longer than %(limit)d characters") % {"limit": limit})
    if not is_storable(text):
        raise BadInput.at(field, _("has a character that cannot be stored"))
    return text


def one_line(text: str) -> str:
    """`text` without line breaks and control characters: what may stand in a mail's header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
