"""The life of a file: brought, read, posted, taken back. The same for every kind.

reading -> ready -> posting -> posted -> undoing -> undone; refused where it cannot be read, until
somebody says how. Reading, posting and undoing are work for jobs; a small file is read at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import BadInput, Conflict
from common.importing.faults import FileFault
from common.importing.source import pack
from imports import reading
from imports.kinds import Kind, Run, kind_named
from imports.models import FileImport
from jobs import services as jobs
from jobs.models import Job
from tenancy.context import in_current_shop
from tenancy.models import Shop, User

State = FileImport.State

# Unpacked files up to this are read within the request: a few thousand rows.
SMALL_BYTES = 400_000


class KnownFile(Conflict):
    """The same bytes were brought here before; `file_import` is what holds them."""

    code = "known_file"

    def __init__(self, file_import: FileImport) -> None:
        day = timezone.localtime(file_import.created_at).date().isoformat()
        detail = _("This file came here on %(day)s as %(name)s. Nothing was changed.")
        super().__init__(detail % {"day": day, "name": file_import.file_name})
        self.file_import = file_import


class AtOnce:
    """A run inside the caller's scope, told to nobody."""

    def scope(self, *, write: bool = True) -> AbstractContextManager[Shop]:
        return in_current_shop(write=write)

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Nobody watches."""


# ---- upload and reading ----------------------------------------------------------------------


def upload(
    *,
    kind: str,
    file_name: str,
    chunks: Iterable[bytes],
    choices: Mapping[str, Any] | None = None,
    said: Mapping[str, Any] | None = None,
    actor: User | None = None,
    at_once: bool = False,
) -> FileImport:
    """Take in a file and read it through; nothing is booked yet. Needs a transaction.

    choices: the kind's own, as its form has cleaned them. said: how to read the file, see
    `imports.reading`; the rest is remembered or guessed. at_once: read large files here too.

    A file in which the columns are not found is kept as refused, so that somebody may name them.
    Raises BadInput for what is no table at all, KnownFile where it is here already.
    """
    name = file_name[:200]
    packed = pack(chunks, file_name=name, limit_mb=settings.UPLOAD_LIMIT_MB)
    known = _live(kind, packed.digest)
    if known is not None:
        raise KnownFile(known)
    made = FileImport(
        kind=kind,
        file_name=name,
        digest=packed.digest,
        content=packed.content,
        options={"said": reading.check_said(said or {})},
        created_by=actor,
    )
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as twice:
        known = _live(kind, packed.digest)  # a second click was faster
        if known is None:
            raise
        raise KnownFile(known) from twice
    kind_named(kind).begin(made, choices or {})
    _read_or_enqueue(made, actor, at_once=at_once or packed.size <= SMALL_BYTES)
    if made.state == State.REFUSED and not made.options.get("head"):
        # There is nothing that somebody could say about it.
        raise BadInput(made.fault, {"file": [made.fault]})
    return made


def _live(kind: str, digest: str) -> FileImport | None:
    found = FileImport.objects.exclude(state=State.UNDONE).filter(kind=kind, digest=digest)
    return found.defer("content").first()


def read_again(
    file_import: FileImport,
    *,
    said: Mapping[str, Any],
    choices: Mapping[str, Any] | None = None,
    actor: User | None = None,
) -> None:
    """Read a file again as somebody says. Needs a transaction."""
    _expect(file_import, State.READY, State.REFUSED, State.READING)
    file_import.options["said"] = reading.check_said(said)
    if choices is not None:
        kind_named(file_import.kind).begin(file_import, choices)
    file_import.state, file_import.fault, file_import.summary = State.READING, "", {}
    _read_or_enqueue(file_import, actor, at_once=len(file_import.content) <= SMALL_BYTES // 8)


def _read_or_enqueue(file_import: FileImport, actor: User | None, *, at_once: bool) -> None:
    file_import.options["readings"] = file_import.options.get("readings", 0) + 1
    file_import.save()
    if at_once:
        read(file_import.pk, AtOnce())
        file_import.refresh_from_db()
        return
    _enqueue(file_import, "read_import", actor, key=f"{file_import.pk}:{file_import.options['readings']}")


def read(file_import_id: int, run: Run) -> FileImport:
    """Find out what a file would change. May be stopped and called again."""
    with run.scope(write=False):
        file_import = FileImport.objects.get(pk=file_import_id)
    if file_import.state != State.READING:
        return file_import
    kind = kind_named(file_import.kind)
    readings = file_import.options["readings"]
    try:
        with run.scope(write=False):
            reading.look(file_import, kind.fields)
        file_import.summary = kind.preview(file_import, run)
        file_import.state = State.READY
    except FileFault as fault:
        file_import.state, file_import.fault = State.REFUSED, fault.detail
    with run.scope():
        now = FileImport.objects.select_for_update().defer("content").get(pk=file_import_id)
        # Somebody may have said meanwhile that it is to be read in another way.
        if now.state == State.READING and now.options["readings"] == readings:
            file_import.save(update_fields=["options", "summary", "state", "fault"])
    return file_import


def discard(file_import: FileImport) -> None:
    """Forget a file that was never posted. Needs a transaction."""
    _expect(file_import, State.READY, State.REFUSED, State.READING)
    if file_import.job and file_import.job.can_cancel:
        jobs.cancel(file_import.job)
    file_import.delete()


# ---- posting ---------------------------------------------------------------------------------


def begin_posting(
    file_import: FileImport, answers: Mapping[str, Any] | None = None, *, actor: User | None = None
) -> None:
    """Settle how the file will be posted; the posting itself is `post`. Needs a transaction.

    answers: to the kind's questions, as its form has cleaned them.

    Raises Conflict where the file is not ready, BadInput without an answer that is needed.
    """
    _expect(file_import, State.READY)
    kind = kind_named(file_import.kind)
    kind.begin_posting(file_import, answers or {})
    reading.remember(file_import, kind.fields)
    file_import.state, file_import.posted_by = State.POSTING, actor
    file_import.save(update_fields=["options", "state", "posted_by"])


def enqueue_posting(file_import: FileImport, *, actor: User | None = None) -> Job:
    """Let a worker post what `begin_posting` has settled, or go on where it was stopped."""
    return _enqueue(file_import, "post_import", actor)


def post(file_import_id: int, run: Run) -> dict[str, Any]:
    """Post what `begin_posting` has settled. May be stopped and called again at any point."""
    with run.scope(write=False):
        file_import = FileImport.objects.get(pk=file_import_id)
    kind = kind_named(file_import.kind)
    if file_import.state == State.POSTING:
        kind.post(file_import, run)
        with run.scope():
            _finish(file_import_id, State.POSTING, State.POSTED, posted_at=timezone.now())
    with run.scope(write=False):
        file_import = FileImport.objects.get(pk=file_import_id)
        return {"state": file_import.state} | kind.result(file_import)


def take_part(file_import_id: int, number: int) -> FileImport | None:
    """Lock the import for posting part `number`; None where another worker has posted it.

    Needs a transaction, in which the part is posted and counted.
    """
    locked = FileImport.objects.select_for_update().defer("content").get(pk=file_import_id)
    if locked.state != State.POSTING or locked.parts_done != number:
        return None
    locked.parts_done = number + 1
    locked.save(update_fields=["parts_done"])
    return locked


# ---- undo ------------------------------------------------------------------------------------


def begin_undo(file_import: FileImport, *, actor: User | None = None) -> None:
    """Let an import be undone as a whole: posted, or stopped half-way. Needs a transaction."""
    _expect(file_import, State.POSTED, State.POSTING)
    file_import.state, file_import.undone_by = State.UNDOING, actor
    file_import.save(update_fields=["state", "undone_by"])


def enqueue_undo(file_import: FileImport, *, actor: User | None = None) -> Job:
    return _enqueue(file_import, "undo_import", actor)


def undo(file_import_id: int, run: Run, *, actor: User | None = None) -> dict[str, Any]:
    """Take back what `begin_undo` was told to. May be stopped and called again at any point."""
    with run.scope(write=False):
        file_import = FileImport.objects.get(pk=file_import_id)
    kind = kind_named(file_import.kind)
    result = kind.undo(file_import, run, actor) if file_import.state == State.UNDOING else {}
    with run.scope():
        if _finish(file_import_id, State.UNDOING, State.UNDONE, undone_at=timezone.now()):
            # What could not be taken back is told on the page.
            file_import.summary = {**file_import.summary, **result, "rows": file_import.summary["rows"]}
            file_import.save(update_fields=["summary"])
            kind.finish_undo(file_import)
    return {"state": State.UNDONE} | result


# ---- states ----------------------------------------------------------------------------------


def _enqueue(file_import: FileImport, kind: str, actor: User | None, key: str = "") -> Job:
    job = jobs.enqueue(
        kind=kind,
        key=key or str(file_import.pk),
        arguments={"file_import": file_import.pk},
        requested_by=actor,
    )
    if job.can_retry:
        job = jobs.retry(job, actor=actor)
    file_import.job = job
    file_import.save(update_fields=["job"])
    return job


def _expect(file_import: FileImport, *states: State) -> None:
    """Raises Conflict in other states, and holds the import until the transaction ends.

    Another request may have changed it since the caller read it.
    """
    row = FileImport.objects.select_for_update().filter(pk=file_import.pk)
    file_import.state = row.values_list("state", flat=True).first() or file_import.state
    if file_import.state not in states:
        state = file_import.get_state_display()
        raise Conflict(
            _("This import is in the state “%(state)s”; that cannot be done now.") % {"state": state}
        )


def _finish(file_import_id: int, before: State, after: State, **marks: Any) -> bool:
    """Whether it was this call that ended the work."""
    found = FileImport.objects.filter(pk=file_import_id, state=before)
    return bool(found.update(state=after, **marks))


def kind_of(file_import: FileImport) -> Kind:
    return kind_named(file_import.kind)
