"""A large file of sales into a shop: `python -m benchmarks.sales_files FILE`.

From the file to stored history and demand, and from the file to postings; then the demand is closed
as the night does it. Each in a shop of its own, on SQLite and on PostgreSQL, by the command that does
what the page and its job do. CPU is of the command and, on PostgreSQL, of the database as well.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.commands import import_file, make_shop, manage, server_of
from tests.with_postgresql import postgresql

CLOSE = (
    "import json, resource, time; from datetime import date;"
    "from stock.services.demand import close_demand; from tenancy.context import shop_scope;"
    "from tenancy.models import Shop; begun = time.monotonic();\n"
    "with shop_scope(Shop.objects.get(slug='{slug}')): closed = close_demand(date.fromisoformat('{upto}'))\n"
    "used = resource.getrusage(resource.RUSAGE_SELF)\n"
    "print(json.dumps({{'products': closed.products, 'seconds': round(time.monotonic() - begun, 1),"
    " 'peak_rss_mb': round(used.ru_maxrss / 1024)}}))"
)
# From the first day on all sales move stock; from a day to come on none does.
WAYS = {"history": "2100-01-01", "postings": "1990-01-01"}


def measure(file: Path, environment: dict[str, str], database: psutil.Process | None) -> None:
    manage(environment, "migrate", "-v", "0")
    for slug, opening in WAYS.items():
        make_shop(environment, slug)
        with tempfile.NamedTemporaryFile("w", suffix=".json") as mapping:
            json.dump({"opening_date": opening, "leave_out_faults": True}, mapping)
            mapping.flush()
            options = ("--shop", slug, "--kind", "sales", "--mapping", mapping.name)
            answer, costs = import_file(environment, database, *options, file=file)
        print(f"  as {slug}:", json.dumps(costs), flush=True)
        closing = CLOSE.format(slug=slug, upto=answer["known_to"])
        closed = manage(environment, "shell", "-v", "0", "-c", closing).splitlines()[-1]
        print("  its demand closed:", closed, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    asked = parser.parse_args()
    file = asked.file.resolve()
    print(time.strftime("%Y-%m-%d"), "load", os.getloadavg()[0], flush=True)
    with tempfile.TemporaryDirectory(prefix="parstock-sales-") as folder:
        environment = os.environ | {"PARSTOCK_VAR": folder}
        environment.pop("DATABASE_URL", None)
        if asked.only != "postgresql":
            print("SQLite", flush=True)
            measure(file, environment, None)
        if asked.only != "sqlite":
            print("PostgreSQL", flush=True)
            with postgresql() as url:
                measure(file, environment | {"DATABASE_URL": url}, server_of(url))


if __name__ == "__main__":
    main()
