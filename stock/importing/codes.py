"""The codes of a sales file: how they are spelled, named and priced, and which are no products."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from common.units import QUANTITY_SCALE
from stock.importing.reading import Line

# Where at least this share of the codes has digits, one without is not how this shop numbers goods.
_NUMBERED = 0.9
# A code sold at nearly as many prices as lines, one at a time, stands for a sum of money.
_MANY_LINES, _OWN_PRICES = 10, 0.8
# A price that holds for this many lines speaks for goods, whatever the code looks like.
_STEADY_LINES, _STEADY_PRICES = 5, 2

Value = TypeVar("Value")


class NoProduct(StrEnum):
    """Why a code is taken for none of a product."""

    SAID = "said"
    PLACEHOLDER = "placeholder"
    FEE = "fee"
    NO_DIGITS = "no_digits"
    MONEY = "money"


@dataclass(slots=True)
class Code:
    """What the file says about one code, over all its lines."""

    spellings: Counter[str] = field(default_factory=Counter)
    # Of sales only: what a correction of stock calls itself, or costs, is neither name nor price.
    names: Counter[str] = field(default_factory=Counter)
    prices: Counter[int] = field(default_factory=Counter)
    # Every price but zero, credits too: what tells a sum of money from a price.
    sums: Counter[int] = field(default_factory=Counter)
    other_names: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    ones: int = 0
    in_parts: bool = False

    @property
    def sku(self) -> str:
        return _most(self.spellings) or ""

    @property
    def name(self) -> str:
        """The most frequent description; of equals the one that the file has first."""
        return _most(self.names) or _most(self.other_names) or ""

    @property
    def price(self) -> int | None:
        return _most(self.prices)


def _most(counted: Counter[Value]) -> Value | None:
    return max(counted, key=counted.__getitem__) if counted else None


def survey(lines: Iterable[Line]) -> dict[str, Code]:
    """Every code of the file, by its search key."""
    found: dict[str, Code] = {}
    for line in lines:
        code = found.get(line.key)
        if code is None:
            code = found[line.key] = Code()
        code.lines += 1
        code.spellings[line.sku] += 1
        price, quantity = line.price, line.quantity
        if price:
            code.sums[price] += 1
        if quantity > 0 and (price is None or price > 0):
            if line.name:
                code.names[line.name] += 1
            if price is not None:
                code.prices[price] += 1
        elif line.name:
            code.other_names[line.name] += 1
        if quantity == QUANTITY_SCALE or quantity == -QUANTITY_SCALE:
            code.ones += 1
        elif quantity % QUANTITY_SCALE:
            code.in_parts = True
    return found


def twins(codes: Mapping[str, Code]) -> dict[str, Code]:
    """Codes that the file writes in several ways, which differ in capital letters or width only."""
    return {key: code for key, code in codes.items() if len(code.spellings) > 1}


def apart_proposal(spelling: str, taken: Collection[str]) -> str:
    """A SKU for a twin that is to be a product of its own. taken: search keys that are in use."""
    number = 2
    while f"{spelling}-{number}".casefold() in taken:
        number += 1
    return f"{spelling}-{number}"


# ---- what is no product ----------------------------------------------------------------------

_PLACEHOLDERS = re.compile(r"none|null|nil|n/?a|#n/a|nan|unknown|test\w*|dummy|[-.?*_x]+|keine?|无|未知|测试")

# Postage, fees, discounts, vouchers and adjustments, as tills and web shops of several languages call
# them. A name is one of these if it ends with such a word: "Dotcom postage", but not "postage stamps".
_FEE_WORDS = (
    r"postage|p&p|shipping|delivery|carriage|freight|courier|surcharge|handling|fees?|charges?|commission"
    r"|discounts?|rebate|coupons?|vouchers?|gift ?cards?|gift certificates?|deposit|gratuity|donation"
    r"|manual|adjustments?|rounding|refund|samples|bad debt|tax|vat|insurance"
    r"|versand(kosten)?|porto|fracht(kosten)?|lieferung|gebühr(en)?|rabatt|gutschein|pfand|trinkgeld|spende"
    r"|frais( de port)?|livraison|remise|bon cadeau|carte cadeau|consigne|pourboire|arrondi|ajustement"
    r"|envío|gastos de envío|descuento|tarjeta regalo|cheque regalo|propina|comisión|ajuste"
    r"|spedizione|spese di spedizione|sconto|buono regalo|mancia|commissione"
    r"|verzendkosten|korting|cadeaubon|statiegeld|frete|desconto|vale presente"
    r"|运费|邮费|快递费|手续费|服务费|包装费|优惠券?|折扣|礼品卡|代金券|押金|小费|调整|抹零"
)
_FEE_CODE = re.compile(
    rf"({_FEE_WORDS}|post|dot|pads|cruk|amazonfee|bank charges|gift_\d+(_\d+)?|adjust\w*)", re.IGNORECASE
)
_FEE_NAME = re.compile(
    rf"((\S+ ){{0,2}}({_FEE_WORDS})|({_FEE_WORDS}) \S+|adjust\w*( \S+){{0,3}})", re.IGNORECASE
)
_AMOUNT = re.compile(r"[\s:(]*[£$€¥]?\s*\d+([.,]\d+)?\s*(%|[£$€¥]|eur|gbp|usd)?\)?\s*$", re.IGNORECASE)
_DIGIT = re.compile(r"\d")


def find_no_products(
    codes: Mapping[str, Code], *, known: Collection[str], said: Mapping[str, bool]
) -> dict[str, NoProduct]:
    """Which codes stand for no goods, and by what they are recognised.

    known: search keys of the shop's products, which are goods whatever they are called.
    said: what somebody decided before, by search key: whether it is a product.
    """
    found: dict[str, NoProduct] = {}
    asked: dict[str, Code] = {}
    for key, code in codes.items():
        if key in said:
            if not said[key]:
                found[key] = _why_no_product(key, code) or NoProduct.SAID
        elif key not in known:
            if why := _why_no_product(key, code):
                found[key] = why
            else:
                asked[key] = code
    goods = codes.keys() - found.keys()
    if sum(1 for key in goods if _DIGIT.search(key)) >= _NUMBERED * len(goods):
        odd = (key for key, code in asked.items() if not _DIGIT.search(key) and not _is_steady(code))
        found |= dict.fromkeys(odd, NoProduct.NO_DIGITS)
    return found


def _why_no_product(key: str, code: Code) -> NoProduct | None:
    if _PLACEHOLDERS.fullmatch(key):
        return NoProduct.PLACEHOLDER
    unusual = len(key) <= 3 or not _DIGIT.search(key)
    if _FEE_CODE.fullmatch(key) or _is_called_fee(code, unusual=unusual):
        return NoProduct.FEE
    if code.lines >= _MANY_LINES and code.ones >= _OWN_PRICES * code.lines and _own_prices(code):
        return NoProduct.MONEY
    return None


def _is_called_fee(code: Code, *, unusual: bool) -> bool:
    """An ordinary product code is believed more than a name: "card with gift voucher" is for sale."""
    return unusual and _FEE_NAME.fullmatch(_AMOUNT.sub("", code.name or code.sku)) is not None


def _own_prices(code: Code) -> bool:
    return len(code.sums) >= _OWN_PRICES * code.lines


def _is_steady(code: Code) -> bool:
    return sum(code.prices.values()) >= _STEADY_LINES and len(code.prices) <= _STEADY_PRICES
