"""What a handler gets: its shop, its arguments, and ways to report without doing harm.

A worker may be given up for dead and go on all the same (a stalled disk, a suspended machine).
Each write through the context first touches the job's lease in the same transaction: if another
attempt holds it by then, LeaseLost rolls the write back, so two attempts never both take effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext as _

from jobs.models import Job, Lease
from jobs.states import add_to_log, lease_end
from tenancy.context import shop_scope
from tenancy.models import Shop


class JobCancelled(Exception):
    """Somebody asked for the job to stop. Let it pass."""


class LeaseLost(Exception):
    """Another attempt has taken the job over: this one must stop and leave no trace."""


class JobContext:
    def __init__(
        self, *, shop: Shop, job_id: int, kind: str, arguments: dict[str, Any], attempt: int, holder: str
    ) -> None:
        self.shop = shop
        self.job_id = job_id
        self.kind = kind
        self.arguments = arguments
        self.attempt = attempt
        self.holder = holder

    @contextmanager
    def scope(self, *, write: bool = True) -> Iterator[Shop]:
        """One step of the work: the shop's scope in one transaction.

        A writing step is kept only if this attempt still holds the job when it begins, and no
        other can take the job over until it ends.
        """
        with shop_scope(self.shop, write=write):
            if write:
                self.hold()
            yield self.shop
            if write:
                # A long step kept the heartbeat out; without this the job would look abandoned.
                self.hold()

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Show how far the work is; call it per chunk, not per row: each call is a transaction.

        Raises JobCancelled, or LeaseLost.
        """
        shown = {"message": message[:300]} if message else {}
        with shop_scope(self.shop):
            self.hold()
            Job.objects.filter(pk=self.job_id).update(done=max(0, done), total=max(0, total), **shown)
        self._refuse_cancelled()

    def log(self, text: str) -> None:
        """Add lines to the job's log, with the shop's time in front."""
        with shop_scope(self.shop):
            self.hold()
            add_to_log(self.job_id, text)

    def check(self) -> None:
        """Raise JobCancelled if the job is to stop, LeaseLost if it is somebody else's."""
        if not Lease.objects.filter(pk=self.job_id, holder=self.holder).exists():
            raise self._lost()
        self._refuse_cancelled()

    def hold(self) -> None:
        """Extend the lease; on PostgreSQL its row stays locked until the transaction ends."""
        mine = Lease.objects.filter(pk=self.job_id, holder=self.holder)
        if not mine.update(expires_at=lease_end()):
            raise self._lost()

    def _refuse_cancelled(self) -> None:
        with shop_scope(self.shop, write=False):
            if Job.objects.filter(pk=self.job_id, cancel_requested=True).exists():
                raise JobCancelled(_("Cancelled."))

    def _lost(self) -> LeaseLost:
        return LeaseLost(f"job {self.job_id} is no longer held by {self.holder}")
