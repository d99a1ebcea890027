"""The import page without the page."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from catalog.file_import import import_products, import_suppliers
from catalog.models import Warehouse
from common.errors import BadInput, NotFound, ParstockError
from common.importing.days import Order
from common.importing.faults import FileFault, RowFault
from common.importing.source import Packed, Source, pack
from imports import services as imports
from imports.models import FileImport
from jobs import services as jobs
from jobs.models import Job
from stock.services import sales_import
from stock.services.stock_import import import_stock
from tenancy.context import shop_scope
from tenancy.models import Shop

KINDS = ("sales", "products", "stock", "suppliers")


class Command(BaseCommand):
    help = (
        "Import a file into a shop: CSV or TSV, also packed as .gz. All of it or, with exit status 2"
        " and a sentence naming file, row and column, nothing. Prints one JSON line."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shop", required=True, help="the shop's address, as in /SHOP/")
        parser.add_argument("--kind", required=True, choices=KINDS)
        parser.add_argument(
            "--mapping",
            type=Path,
            help='JSON: {"columns": {"sku": "Article", ...}, "date_order": "DMY" or "MDY",'
            ' "warehouse": "MAIN", "opening_date": "2026-11-01", "leave_out_faults": false}',
        )
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            shop = _shop(options["shop"])
            mapping = Mapping.read(options["mapping"])
            run = _sales if options["kind"] == "sales" else partial(_others, options["kind"])
            answer = run(shop, options["file"], mapping)
        except ParstockError as refusal:
            self.stderr.write(refusal.detail)
            sys.exit(2)
        used = resource.getrusage(resource.RUSAGE_SELF)
        timing = {
            "seconds": round(time.monotonic() - started, 3),
            "cpu_seconds": round(used.ru_utime + used.ru_stime, 3),
            "peak_rss_mb": round(used.ru_maxrss / 1024, 1),
        }
        answer.setdefault("warnings", [])
        self.stdout.write(json.dumps({"shop": shop.slug, "kind": options["kind"], **answer, **timing}))


class Mapping:
    """What the mapping file says; without one, everything is guessed."""

    def __init__(self, said: dict[str, Any], file_name: str) -> None:
        self.file_name = file_name
        known = {"columns", "date_order", "warehouse", "opening_date", "leave_out_faults"}
        if strange := sorted(set(said) - known):
            raise FileFault(file_name, _("“%(name)s” is not known here.") % {"name": strange[0]})
        columns = said.get("columns", {})
        if not isinstance(columns, dict) or not all(isinstance(name, str) for name in columns.values()):
            raise FileFault(file_name, _("“columns” holds the column's name for each field."))
        self.columns: dict[str, str] = columns
        self.warehouse = str(said.get("warehouse", ""))
        self.leave_out_faults = said.get("leave_out_faults") is True
        self.order = self._order(said.get("date_order"))
        self.opening_date = self._day(said.get("opening_date"))

    @classmethod
    def read(cls, path: Path | None) -> Mapping:
        if path is None:
            return cls({}, "")
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise FileFault(path.name, _("The file cannot be opened.")) from error
        except ValueError as error:
            raise FileFault(path.name, _("This is not JSON: %(fault)s.") % {"fault": error}) from error
        if not isinstance(said, dict):
            raise FileFault(path.name, _("The mapping is a JSON object."))
        return cls(said, path.name)

    def _order(self, text: Any) -> Order | None:
        if text is None:
            return None
        try:
            return Order(text)
        except ValueError:
            fault = _("“date_order” is DMY or MDY.")
            raise FileFault(self.file_name, fault) from None

    def _day(self, text: Any) -> date | None:
        if text is None:
            return None
        try:
            return date.fromisoformat(str(text))
        except ValueError:
            fault = _("“opening_date” is a day like 2026-11-01.")
            raise FileFault(self.file_name, fault) from None


def _shop(slug: str) -> Shop:
    shop = Shop.objects.filter(slug=slug).first()
    if shop is None:
        raise NotFound(_("There is no shop “%(slug)s”.") % {"slug": slug})
    return shop


def _warehouse(mapping: Mapping) -> Warehouse:
    if mapping.warehouse:
        found = Warehouse.objects.filter(code=mapping.warehouse).first()
        if found is None:
            raise NotFound(_("There is no warehouse “%(code)s”.") % {"code": mapping.warehouse})
        return found
    places = list(Warehouse.objects.filter(is_active=True))
    main = [place for place in places if place.code == "MAIN"]
    if not places:
        return Warehouse.objects.create(code="MAIN", name=_("Main"))
    if len(places) > 1 and not main:
        raise BadInput(_("The shop has several warehouses; name one in the mapping."))
    return main[0] if main else places[0]


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                yield chunk
    except OSError as error:
        raise FileFault(path.name, _("The file cannot be opened.")) from error


# ---- sales -----------------------------------------------------------------------------------


def _sales(shop: Shop, path: Path, mapping: Mapping) -> dict[str, Any]:
    with shop_scope(shop):
        try:
            made = imports.upload(
                kind="sales",
                file_name=path.name,
                chunks=_chunks(path),
                choices={"warehouse": _warehouse(mapping)},
                said={"columns": mapping.columns, "order": mapping.order},
                at_once=True,
            )
        except imports.KnownFile as known:
            if known.file_import.state != FileImport.State.READY:
                summary = known.file_import.summary
                return {"rows": summary.get("rows", 0), "posted": 0, "history": 0, "warnings": [known.detail]}
            made = FileImport.objects.get(pk=known.file_import.pk)
        _refuse_unclear(made, mapping)
        opening = mapping.opening_date or sales_import.proposed_opening_date(made)
        imports.begin_posting(made, {"opening_date": opening})
        job = imports.enqueue_posting(made)
    job = jobs.run_now(job)
    if job.state != Job.State.DONE:
        raise FileFault(path.name, job.message or _("The import was stopped."))
    result = dict(job.result or {})
    for shown_on_pages in ("summary", "link"):
        result.pop(shown_on_pages, None)
    return result | {"warnings": _warnings(made)}


def _refuse_unclear(made: FileImport, mapping: Mapping) -> None:
    """What a person would be asked on the page must be told by the mapping."""
    if made.state == FileImport.State.REFUSED:
        raise BadInput(made.fault)
    if made.options["order"] is None:
        column = made.options["names"][made.options["index"]["date"]]
        fault = _(
            "Every date can be read with the day or with the month first. Say “date_order” in the mapping."
        )
        raise FileFault(made.file_name, fault, row=made.options["header_row"] + 1, column=column)
    if made.summary["bad"] and not mapping.leave_out_faults:
        raise RowFault(**made.summary["faults"][0]).as_file_fault(made.file_name)


def _warnings(made: FileImport) -> list[str]:
    summary = made.summary
    found = []
    if summary["bad"]:
        found.append(_("%(count)d rows were left out.") % {"count": summary["bad"]})
    if summary["twins"]:
        found.append(
            _("%(count)d codes that differ in capital letters only were merged.")
            % {"count": summary["twins"]}
        )
    return found


# ---- the other kinds -------------------------------------------------------------------------


def _others(kind: str, shop: Shop, path: Path, mapping: Mapping) -> dict[str, Any]:
    with shop_scope(shop):
        packed = pack(_chunks(path), file_name=path.name, limit_mb=settings.UPLOAD_LIMIT_MB)
        source = Source.of(packed.content, path.name)
        if kind == "products":
            return asdict(import_products(source, chosen=mapping.columns))
        if kind == "suppliers":
            return asdict(import_suppliers(source, chosen=mapping.columns))
        return asdict(_stock(source, packed, mapping))


def _stock(source: Source, packed: Packed, mapping: Mapping) -> Any:
    return import_stock(source, digest=packed.digest, warehouse=_warehouse(mapping), chosen=mapping.columns)
