"""A shop with generated data, for measuring."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from common.errors import ParstockError
from inventory_site.generated_shop import make_shop


class Command(BaseCommand):
    help = "Make a shop with generated data. Prints one JSON line: shop, token, warehouses, products."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--slug", required=True, help="the shop's address, as in /SLUG/")
        parser.add_argument("--products", type=int, default=1_000)
        parser.add_argument("--movements", type=int, default=0, help="past sales and receipts, over a year")
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["products"] < 1 or options["movements"] < 0:
            self._refuse(_("--products is at least 1 and --movements at least 0."))
        try:
            made = make_shop(
                slug=options["slug"],
                products=options["products"],
                movements=options["movements"],
                seed=options["seed"],
            )
        except ParstockError as refusal:
            self._refuse(refusal.detail)
        answer = {
            "shop": made.shop.slug,
            "token": made.secret,
            "warehouses": made.warehouses,
            "products": made.products,
        }
        self.stdout.write(json.dumps(answer))

    def _refuse(self, sentence: str) -> NoReturn:
        self.stderr.write(sentence)
        sys.exit(2)
