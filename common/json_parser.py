"""The API's reader of request bodies: bounded, strict, and never at a loss."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser


class JSONParser(BaseParser):
    """UTF-8 JSON up to the size limit of Django's own forms.

    DRF's parser reads a body of any size, and takes nesting too deep for Python, or a charset that
    is no text encoding, for a fault of ours.
    """

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise ParseError(f"The body is larger than {limit // 2**20} MiB; send it in parts.")
        try:
            return json.loads(raw.decode(), parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is not JSON: {str(error)[:120]}") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")
