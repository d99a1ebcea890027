"""Files whose rows stand for things of the shop: looked through, posted in parts, taken back.

Each part is a transaction of its own that also counts it and keeps what was there before, so a
worker killed in between repeats nothing, and an undo knows what to restore.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from django.utils.translation import gettext as _

from common.errors import Conflict
from common.statistics import refresh_statistics
from common.templatetags.ui import number
from imports.kinds import LeftOut, Run
from imports.models import Change, FileImport
from imports.services import take_part
from imports.staging import PART_ROWS, Outcome, Stager, Tally, batches, records_of, row_limit
from tenancy.audit import record
from tenancy.models import User

# Changes taken back in one transaction.
PART_CHANGES = 1_000
LEFT_SHOWN = 50

MakeStager = Callable[[FileImport], Stager]


class TakeBack(Protocol):
    def __call__(self, changes: Sequence[Change], actor: User | None) -> None:
        """Take changes back in the caller's transaction, setting `state` and `note` of each."""


def look_through(file_import: FileImport, make: MakeStager, run: Run) -> dict[str, Any]:
    """The summary of what the file would change; writes nothing. Raises FileFault."""
    with run.scope(write=False):
        stager, limit = make(file_import), row_limit()
    tally = Tally()
    for batch in batches(records_of(file_import, limit)):
        with run.scope(write=False):
            tally.add(stager.stage(batch))
        run.progress(tally.rows, 0, _("%(rows)s rows read.") % {"rows": number(tally.rows)})
    return tally.as_json()


def refuse_unready(file_import: FileImport, *, leave_out: bool) -> None:
    """Raises Conflict where there is nothing to post, or rows to mend that nobody has let go."""
    summary = file_import.summary
    if not summary["new"] + summary["changed"]:
        raise Conflict(_("Everything in this file is in the shop already, or cannot be taken."))
    if summary["bad"] and not leave_out:
        raise Conflict(_("Some rows cannot be taken. Mend them, or say that they are left out."))


def post(file_import: FileImport, make: MakeStager, run: Run, *, action: str) -> None:
    """Write the rows part by part; `action` goes into the audit at the end."""
    with run.scope(write=False):
        stager, limit = make(file_import), row_limit()
        actor = file_import.posted_by
    total = int(file_import.summary["rows"])
    tally = Tally()
    part = 0
    for part, batch in enumerate(batches(records_of(file_import, limit), PART_ROWS)):
        with run.scope():
            mine = take_part(file_import.pk, part)
            staged = stager.stage(batch)
            if mine is not None:
                wanted = [row for row in staged if row.outcome in {Outcome.NEW, Outcome.CHANGED}]
                _keep(file_import, stager.write(wanted, actor))
        if part == 0 and total > PART_ROWS:
            with run.scope():
                refresh_statistics([Change, *stager.fills])
        tally.add(staged)
        run.progress(tally.rows, total, _("Posting rows."))
    with run.scope():
        if take_part(file_import.pk, part + 1) is not None:
            _keep(file_import, stager.finish(records_of(file_import, limit), actor))
            told = {name: file_import.summary[name] for name in ("rows", "new", "changed")}
            record(action, actor=actor, about=file_import.file_name, after=told)


def _keep(file_import: FileImport, changes: Sequence[Change]) -> None:
    for change in changes:
        change.file_import = file_import
        change.name = change.name[:200]
    Change.objects.bulk_create(changes, batch_size=2_000)


def result(file_import: FileImport) -> dict[str, Any]:
    summary = file_import.summary
    names = ("rows", "new", "changed", "unchanged", "bad", "remarks")
    told = _("%(new)s made, %(changed)s changed.") % {
        "new": number(summary["new"]),
        "changed": number(summary["changed"]),
    }
    return {name: summary[name] for name in names} | {"summary": told}


def undo(file_import: FileImport, take_back: TakeBack, run: Run, actor: User | None) -> dict[str, Any]:
    """Take back what the file changed, the last first. What somebody has changed since is left."""
    with run.scope(write=False):
        total = file_import.changes.count()
    done = 0
    while True:
        with run.scope():
            waiting = file_import.changes.filter(state=Change.State.MADE).order_by("-id")
            changes = list(waiting[:PART_CHANGES])
            if changes:
                take_back(changes, actor)
                Change.objects.bulk_update(changes, ["state", "note"], batch_size=500)
        if not changes:
            break
        done += len(changes)
        run.progress(done, total, _("Taking rows back."))
    with run.scope(write=False):
        left = file_import.changes.filter(state=Change.State.LEFT).order_by("id")
        shown = list(left.values_list("name", "note")[:LEFT_SHOWN])
        count = left.count()
    told = _("The import is undone.")
    if count:
        told = _("The import is undone, but for %(count)s that were changed or used since.")
        told = told % {"count": number(count)}
    return {"left": count, "left_samples": shown, "summary": told}


def left_out(file_import: FileImport, make: MakeStager) -> Iterator[LeftOut]:
    """Refused rows and remarks, in the file's order. Needs a scope."""
    stager = make(file_import)
    for batch in batches(records_of(file_import, row_limit())):
        for staged in stager.stage(batch):
            for fault in [staged.fault] if staged.fault else staged.remarks:
                yield LeftOut(fault.row, fault.column, fault.value, f"{fault.fault} {fault.advice}".strip())
