"""The demo shop, made once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from inventory_site.demo.build import build


class Command(BaseCommand):
    help = (
        "Make the demo: a gift shop with real sales and a finished night, and a small neighbour."
        " Prints `role email password`, a line each; again: only prints."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for role, email, password in build():
            self.stdout.write(f"{role} {email} {password}")
