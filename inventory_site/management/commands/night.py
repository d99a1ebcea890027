"""One shop's night by hand."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser

from inventory_site.night import latest_business_date, run_night
from tenancy.models import Shop


class Command(BaseCommand):
    help = (
        "Run a shop's night now: close demand, forecast, plan and propose orders."
        " Prints one JSON line; the same night again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shop", required=True, help="the shop's address, as in /SHOP/")
        parser.add_argument("--date", help="the last day that is over, like 2026-11-21 (default: yesterday)")

    def handle(self, *args: Any, **options: Any) -> None:
        shop = Shop.objects.filter(slug=options["shop"]).first()
        if shop is None:
            self._refuse(f"There is no shop “{options['shop']}”.")
        self.stdout.write(json.dumps(run_night(shop, self._date(shop, options["date"]))))

    def _date(self, shop: Shop, text: str | None) -> date:
        latest = latest_business_date(shop)
        if text is None:
            return latest
        try:
            day = date.fromisoformat(text)
        except ValueError:
            self._refuse(f"--date {text!r} is not a day; write it like {latest.isoformat()}.")
        if day > latest:
            self._refuse(f"--date {text} is not over yet; the latest day is {latest.isoformat()}.")
        return day

    def _refuse(self, sentence: str) -> NoReturn:
        self.stderr.write(sentence)
        sys.exit(2)
