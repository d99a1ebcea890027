"""The import page without the page."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.forms import Form
from django.utils.translation import gettext as _

from common.errors import BadInput, NotFound, ParstockError
from common.importing.days import Order
from common.importing.faults import FileFault, RowFault
from imports import services
from imports.kinds import Kind, all_kinds, kind_named
from imports.models import FileImport
from jobs import services as jobs
from jobs.models import Job
from tenancy.context import shop_scope
from tenancy.models import Shop

State = FileImport.State
# What a mapping says about how the file is read; the rest answers what the kind asks.
READING = {"columns", "date_order", "encoding", "delimiter", "sheet", "header_row"}
LEAVE_OUT = "leave_out_faults"


class Command(BaseCommand):
    help = (
        "Import a file into a shop: a workbook (XLSX), CSV or TSV, also packed as .gz. All of it or, with"
        " exit status 2 and a sentence naming file, row and column, nothing. Prints one JSON line."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shop", required=True, help="the shop's address, as in /SHOP/")
        parser.add_argument("--kind", required=True, choices=[kind.name for kind in all_kinds()])
        parser.add_argument(
            "--mapping",
            type=Path,
            help='JSON: {"columns": {"sku": "Article", ...}, "date_order": "DMY" or "MDY", "sheet": "May",'
            ' "header_row": 4, "warehouse": "MAIN", "opening_date": "2026-11-01", "leave_out_faults": false}',
        )
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            shop = _shop(options["shop"])
            kind = kind_named(options["kind"])
            mapping = Mapping.read(options["mapping"])
            answer = _import(shop, kind, options["file"], mapping)
        except ParstockError as refusal:
            self.stderr.write(refusal.detail)
            sys.exit(2)
        used = resource.getrusage(resource.RUSAGE_SELF)
        timing = {
            "seconds": round(time.monotonic() - started, 3),
            "cpu_seconds": round(used.ru_utime + used.ru_stime, 3),
            "peak_rss_mb": round(used.ru_maxrss / 1024, 1),
        }
        self.stdout.write(json.dumps({"shop": shop.slug, "kind": kind.name, **answer, **timing}))


class Mapping:
    """What the mapping file says; without one, everything is guessed."""

    def __init__(self, said: dict[str, Any], file_name: str) -> None:
        self.file_name = file_name
        columns = said.get("columns", {})
        if not isinstance(columns, dict) or not all(isinstance(name, str) for name in columns.values()):
            raise FileFault(file_name, _("“columns” holds the column's name for each field."))
        if said.get("date_order") not in {None, *Order}:
            raise FileFault(file_name, _("“date_order” is DMY or MDY."))
        self.leaves_out = said.get(LEAVE_OUT) is True
        self.reading = {name: said[name] for name in READING & set(said)}
        self.reading["order"] = self.reading.pop("date_order", None)
        self.answers = {name: said[name] for name in set(said) - READING - {LEAVE_OUT}}

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

    def refuse_strange(self, kind: Kind) -> None:
        form = kind.choices_form()
        known = set(kind.answer_names) | (set(form.fields) if form else set())
        if strange := sorted(set(self.answers) - known):
            raise FileFault(self.file_name, _("“%(name)s” is not known here.") % {"name": strange[0]})

    def cleaned(self, form: Form | None) -> dict[str, Any]:
        """What the form makes of the mapping, its proposals where the mapping is silent."""
        if form is None:
            return {}
        proposed = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
        said = {name: value for name, value in self.answers.items() if name in form.fields}
        form.data, form.is_bound = {**proposed, "leave_out": True, **said}, True
        if not form.is_valid():
            name, errors = next(iter(form.errors.items()))
            fault = f"“{name}”: {errors[0]}" if name in said else str(errors[0])
            raise FileFault(self.file_name, fault) if self.file_name else BadInput(fault)
        return form.cleaned_data


def _shop(slug: str) -> Shop:
    shop = Shop.objects.filter(slug=slug).first()
    if shop is None:
        raise NotFound(_("There is no shop “%(slug)s”.") % {"slug": slug})
    return shop


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                yield chunk
    except OSError as error:
        raise FileFault(path.name, _("The file cannot be opened.")) from error


def _import(shop: Shop, kind: Kind, path: Path, mapping: Mapping) -> dict[str, Any]:
    with shop_scope(shop), transaction.atomic():
        mapping.refuse_strange(kind)
        try:
            made = services.upload(
                kind=kind.name,
                file_name=path.name,
                chunks=_chunks(path),
                choices=mapping.cleaned(kind.choices_form()),
                said=mapping.reading,
                at_once=True,
            )
        except services.KnownFile as known:
            if known.file_import.state != State.READY:
                counts = dict.fromkeys(kind.counts, 0) | {"rows": known.file_import.summary.get("rows", 0)}
                return counts | {"warnings": [known.detail]}
            made = FileImport.objects.get(pk=known.file_import.pk)
        _refuse_unclear(made, kind, mapping)
        warnings = kind.warnings(made)
        if not kind.post_label(made):
            counts = {name: made.summary.get(name, 0) for name in ("rows", *kind.counts)}
            services.discard(made)
            return counts | {"warnings": [*warnings, _("There is nothing in this file to post.")]}
        services.begin_posting(made, mapping.cleaned(kind.answers_form(made)))
        job = services.enqueue_posting(made)
    job = jobs.run_now(job)
    if job.state != Job.State.DONE:
        raise FileFault(path.name, job.message or _("The import was stopped."))
    shown_on_pages = {"summary", "link"}
    result = {name: value for name, value in (job.result or {}).items() if name not in shown_on_pages}
    return result | {"warnings": warnings}


def _refuse_unclear(made: FileImport, kind: Kind, mapping: Mapping) -> None:
    """What a person would be asked on the page must be told by the mapping."""
    if made.state == State.REFUSED:
        raise BadInput(made.fault)
    if kind.has_dates and made.options["order"] is None:
        column = made.options["names"][made.options["index"]["date"]]
        fault = _(
            "Every date can be read with the day or with the month first. Say “date_order” in the mapping."
        )
        raise FileFault(made.file_name, fault, row=made.options["header_row"] + 1, column=column)
    if made.summary["bad"] and not mapping.leaves_out:
        raise RowFault(**made.summary["faults"][0]).as_file_fault(made.file_name)
