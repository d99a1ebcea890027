"""What is invented around the demo's real sales: categories by words in the name, and suppliers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True)
class SupplierTerms:
    """Amounts in whole units of the supplier's currency, the order cost in the shop's."""

    name: str
    email: str
    contact: str
    phone: str
    address: str
    lead_time_days: int
    review_days: int
    minimum: int
    order_cost: int
    currency: str = ""
    order_days: tuple[int, ...] = ()
    cut_off: time | None = None
    freight: int = 0
    free_freight_from: int | None = None
    # From how many packs of a product it is cheaper, and the percentage of its cost then.
    breaks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """Products of one kind, known by a word in the name, from one supplier."""

    category: str
    supplier: str
    prefix: str  # of the supplier's codes
    words: str  # or beginnings of words


SUPPLIERS = (
    SupplierTerms(
        "Woolcombe Mill",
        "orders@woolcombe-mill.example",
        "Joan Weaver",
        "+44 1823 555 0141",
        "Mill Lane\nWoolcombe TA21 4QP",
        lead_time_days=10,
        review_days=7,
        minimum=250,
        order_cost=12,
        order_days=(0, 3),
        cut_off=time(12, 0),
        freight=18,
        free_freight_from=400,
        breaks=((4, 95), (12, 90)),
    ),
    SupplierTerms(
        "Harrow Tin Works",
        "sales@harrow-tin.example",
        "Devika Rao",
        "+44 20 5550 1177",
        "Unit 6\nHarrow HA1 3XY",
        lead_time_days=14,
        review_days=14,
        minimum=200,
        order_cost=15,
        breaks=((6, 94),),
    ),
    SupplierTerms(
        "Ottery Paper",
        "trade@ottery-paper.example",
        "Sam Quayle",
        "+44 1404 555 0163",
        "The Quay\nOttery EX11 1DA",
        lead_time_days=5,
        review_days=7,
        minimum=80,
        order_cost=8,
        order_days=(0, 1, 2, 3, 4),
        cut_off=time(15, 0),
        freight=6,
        free_freight_from=150,
    ),
    SupplierTerms(
        "Lumen & Glow",
        "hello@lumen-glow.example",
        "Bea Lum",
        "+44 117 555 0122",
        "Candle House\nBristol BS1 6QS",
        lead_time_days=7,
        review_days=7,
        minimum=120,
        order_cost=10,
    ),
    SupplierTerms(
        "Penrose Pottery",
        "orders@penrose-pottery.example",
        "Jory Penrose",
        "+44 1872 555 0190",
        "Kiln Yard\nTruro TR1 2LQ",
        lead_time_days=12,
        review_days=7,
        minimum=180,
        order_cost=12,
        order_days=(1,),
        freight=15,
        free_freight_from=300,
    ),
    SupplierTerms(
        "Brink Speelgoed",
        "orders@brink-speelgoed.example",
        "Femke Brink",
        "+31 20 555 0188",
        "Brink 12\n7411 BT Deventer\nNetherlands",
        lead_time_days=21,
        review_days=14,
        minimum=250,
        order_cost=15,
        currency="EUR",
        freight=25,
        free_freight_from=600,
        breaks=((8, 92),),
    ),
)

# What stands on the orders of each shop beside its name.
SHOP_PAPERS = {
    "marlow-lane": {
        "address": "Marlow Lane Gifts\n14 High Street\nMarlow SL7 1AA",
        "tax_number": "GB 555 0142 86",
        "phone": "+44 1628 555 0114",
    },
    "fern-fold": {"address": "Fern & Fold Paper\n3 Station Road\nLewes BN7 2UP"},
}

# Books and the like carry no tax.
BOOKS = re.compile(r"\b(book|notebook|diary|calendar)\b", re.IGNORECASE)

# What a euro cost in pounds when the demo's owner typed it.
EURO_RATE = "0.8645"

# The first that fits counts; the last fits everything.
RANGES = (
    Range("Signs and hooks", "Harrow Tin Works", "HT", r"sign|hook|hanger|drawer ?knob|letters|magnet"),
    Range(
        "Bags and textiles",
        "Woolcombe Mill",
        "WM",
        r"bag|washbag|apron|towel|umbrella|glove|purse|shopper|mat|doormat|mitt|silk",
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
        "Brink Speelgoed",
        "BS",
        r"toy|doll|kid|child|pencil|pen\b|pens\b|felt|glider|skittle|croquet|keyring|balloon|creepy|teddy|house|playhouse|birdhouse|stamp|windmill",
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
    return next(each for each in RANGES if re.search(rf"\b(?:{each.words})", plain))


def title_case(name: str) -> str:
    """`CHILDREN'S  CIRCUS MUG.` -> `Children's Circus Mug`."""
    words = " ".join(name.split()).rstrip(" .,").casefold()
    spaced = re.sub(r",(?=\S)", ", ", words)
    return re.sub(r"(^|[\s/(+\-])([a-z])", lambda match: match[1] + match[2].upper(), spaced)
