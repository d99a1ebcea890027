"""Text that a spreadsheet would run as a formula: written so that it does not, and read back as it was.

`=1+1` becomes `'=1+1`. What begins with such an apostrophe already gets one more, so that reading
back takes off exactly what writing has put on.
"""

from __future__ import annotations

import re

_RUNS = re.compile(r"'*[=+\-@\t\r]")
_HARMLESS = re.compile(r"'+[=+\-@\t\r]")


def harmless(text: str) -> str:
    return f"'{text}" if _RUNS.match(text) else text


def restored(text: str) -> str:
    """The text that `harmless` was given."""
    return text[1:] if _HARMLESS.match(text) else text
