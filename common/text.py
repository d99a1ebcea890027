"""Text from outside, as a database can keep it."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from common.errors import BadInput

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def clean_text(value: object, *, field: str, limit: int, required: bool = False) -> str:
    """`value` without surrounding blanks. Raises BadInput naming `field`.

    Refused: what is no text, what is longer than `limit` characters, and characters that
    PostgreSQL cannot store (NUL, and halves of a surrogate pair that JSON lets through).
    """
    if not isinstance(value, str):
        raise _bad(field, _("is not text"))
    text = value.strip()
    if required and not text:
        raise _bad(field, _("is empty"))
    if len(text) > limit:
        raise _bad(field, _("is longer than %(limit)d characters") % {"limit": limit})
    if _UNSTORABLE.search(text):
        raise _bad(field, _("has a character that cannot be stored"))
    return text


def _bad(field: str, fault: str) -> BadInput:
    return BadInput(f"{field}: {fault}", {field: [fault]})
