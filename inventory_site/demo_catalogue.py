"""What is invented around the demo's real sales: categories by words in the name, and suppliers."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SupplierTerms:
    """Amounts in whole pounds."""

    name: str
    email: str
    address: str
    lead_time_days: int
    review_days: int
    minimum: int
    order_cost: int


@dataclass(frozen=True, slots=True)
class Range:
    """Products of one kind, known by a word in the name, from one supplier."""

    category: str
    supplier: str
    prefix: str  # of the supplier's codes
    words: str


SUPPLIERS = (
    SupplierTerms(
        "Woolcombe Mill", "orders@woolcombe-mill.example", "Mill Lane\nWoolcombe TA21 4QP", 10, 7, 250, 12
    ),
    SupplierTerms("Harrow Tin Works", "sales@harrow-tin.example", "Unit 6\nHarrow HA1 3XY", 14, 14, 200, 15),
    SupplierTerms("Ottery Paper", "trade@ottery-paper.example", "The Quay\nOttery EX11 1DA", 5, 7, 80, 8),
    SupplierTerms("Lumen & Glow", "hello@lumen-glow.example", "Candle House\nBristol BS1 6QS", 7, 7, 120, 10),
    SupplierTerms(
        "Penrose Pottery", "orders@penrose-pottery.example", "Kiln Yard\nTruro TR1 2LQ", 12, 7, 180, 12
    ),
    SupplierTerms(
        "Tollgate Toys", "desk@tollgate-toys.example", "Old Tollgate\nYork YO1 7EP", 21, 14, 220, 15
    ),
)

# The first that fits counts; the last fits everything.
RANGES = (
    Range("Signs and hooks", "Harrow Tin Works", "HT", r"sign|hook|hanger|drawer ?knob|letters|magnet"),
    Range(
        "Bags and textiles",
        "Woolcombe Mill",
        "WM",
        r"bag|apron|towel|umbrella|glove|purse|shopper|mat|mitt|silk",
    ),
    Range(
        "Paper and cards",
        "Ottery Paper",
        "OP",
        r"card|wrap|paper|napkin|tissue|ribbon|notebook|calendar|invites|tag|cases|doil|box(es)?$",
    ),
    Range("Candles and light", "Lumen & Glow", "LG", r"light|candle|lantern|lamp|holder|matches"),
    Range(
        "Toys and children",
        "Tollgate Toys",
        "TT",
        r"toy|doll|kid|child|pencil|pen\b|pens\b|felt|glider|skittle|croquet|keyring|balloon|creepy|teddy|house|stamp|windmill",
    ),
    Range(
        "Kitchen and table",
        "Penrose Pottery",
        "PP",
        r"mug|cup|bowl|plate|jug|jar|tea|cake|egg|jam|bread|biscuit|lunch|cutlery|cutter|glass|kitchen|dish|tray|scale|picnic",
    ),
    Range("Tins and storage", "Harrow Tin Works", "HT", r"tin|box|chest|rack|storage|basket|bucket|can\b"),
    Range("Home", "Woolcombe Mill", "WM", r""),
)


def range_of(name: str) -> Range:
    plain = name.casefold()
    return next(each for each in RANGES if re.search(each.words, plain))


def title_case(name: str) -> str:
    """`CHILDREN'S  CIRCUS MUG.` -> `Children's Circus Mug`."""
    words = " ".join(name.split()).rstrip(" .,").casefold()
    spaced = re.sub(r",(?=\S)", ", ", words)
    return re.sub(r"(^|[\s/(+\-])([a-z])", lambda match: match[1] + match[2].upper(), spaced)
