from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from stock.services.reconcile import reconcile
from tenancy.enforcement import missing
from tenancy.models import Shop


class Command(BaseCommand):
    help = (
        "Compare all balances with the sums of their movements, and see that the database still"
        " guards the ledger. Prints each difference; exits with 1 if there is one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shop", metavar="SLUG", help="only this shop")

    def handle(self, *args: Any, shop: str | None = None, **options: Any) -> None:
        shops = Shop.objects.order_by("slug")
        if shop is not None:
            shops = shops.filter(slug=shop)
            if not shops:
                raise CommandError(f"There is no shop “{shop}”.", returncode=2)
        found = 0
        for guard in missing():
            found += 1
            self.stdout.write(f"The database does not enforce {guard}; run `manage.py migrate`.")
        for each in shops:
            for difference in reconcile(each):
                found += 1
                self.stdout.write(f"{each.slug}: {difference}")
        if found:
            raise CommandError(f"{found} differences.", returncode=1)
        self.stdout.write(f"{len(shops)} shops: every balance agrees with its movements.")
