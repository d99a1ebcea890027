"""Trade item numbers (EAN, UPC): their check digit, and the ways scanners send one and the same."""

from __future__ import annotations

_LENGTHS = frozenset({8, 12, 13, 14})


def looks_like_gtin(code: str) -> bool:
    """Digits in the length of an EAN-8, UPC-A, EAN-13 or GTIN-14."""
    return len(code) in _LENGTHS and code.isascii() and code.isdigit()


def check_digit(body: str) -> str:
    """The last digit of the number that begins with `body`."""
    weighted = (int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-sum(weighted) % 10)


def has_wrong_check_digit(code: str) -> bool:
    """Whether a code that looks like a GTIN was mistyped. A shop's own codes have no check digit."""
    return looks_like_gtin(code) and check_digit(code[:-1]) != code[-1]


def spellings(code: str) -> list[str]:
    """`code` first, then what another scanner sends for it: UPC-A is EAN-13 without its leading 0."""
    if looks_like_gtin(code) and len(code) == 12:
        return [code, f"0{code}"]
    if looks_like_gtin(code) and len(code) == 13 and code.startswith("0"):
        return [code, code[1:]]
    return [code]
