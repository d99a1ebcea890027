"""The postings that a file made: remembered, and reversed as a whole."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from imports.kinds import Run
from imports.models import FileImport
from stock.models import ImportedPosting, Posting
from stock.services import ledger
from tenancy.models import User

# Postings that are undone in one transaction.
PART_POSTINGS = 20


def remember(file_import: FileImport, posting: Posting) -> None:
    ImportedPosting.objects.create(file_import=file_import, posting=posting)


def undo(file_import: FileImport, run: Run, actor: User | None, *, policy: str) -> dict[str, Any]:
    """Reverse every posting. May be called again.

    policy: whose rule on negative stock holds.
    """
    with run.scope(write=False):
        total = file_import.postings.count()
    done = 0
    while part := _undo_part(file_import, run, actor, policy, skip=done):
        done += part
        run.progress(done, total, _("Undoing postings."))
    return {"postings": done}


def _undo_part(file_import: FileImport, run: Run, actor: User | None, policy: str, *, skip: int) -> int:
    """Reverse the next postings, newest first; one that is reversed already answers as before."""
    with run.scope():
        newest_first = file_import.postings.select_related("posting").order_by("-id")
        links = list(newest_first[skip : skip + PART_POSTINGS])
        in_effect = [posting for link in links if (posting := _in_effect(link.posting))]
        ledger.hold_for_reversal(in_effect)
        for posting in in_effect:
            key = f"import:{file_import.pk}:undo:{posting.pk}"
            ledger.reverse(posting, key=key, actor=actor, policy=policy)
        return len(links)


def _in_effect(posting: Posting) -> Posting | None:
    """What must be reversed so that the document no longer counts; None where it does not by now.

    Somebody may have undone it by hand, and undone that.
    """
    counts = True
    while undone_by := posting.reversals.first():
        posting, counts = undone_by, not counts
    return posting if counts else None
