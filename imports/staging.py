"""Rows of a file against what the shop has: new, changed, unchanged or refused, one by one.

For kinds whose rows stand for things of the shop: products, suppliers, what is on hand. A `Stager`
of the kind looks at a batch of rows and says what becomes of each; what it says is counted for the
preview, and written when the file is posted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any, ClassVar, Protocol

from django.db.models import Model

from common.importing.faults import FileFault, RowFault
from common.importing.table import CellFault, Record, read_table
from imports import reading
from imports.models import Change, FileImport
from tenancy.context import current_shop
from tenancy.models import User

FAULTS_KEPT = 100
REMARKS_KEPT = 100
NEW_SHOWN = 20
CHANGED_SHOWN = 50
# Rows that are looked at together, and posted in one transaction.
PART_ROWS = 1_000


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(slots=True)
class Staged:
    """What becomes of a row.

    key, name: what it is about, for people. changes: field, from, to, as people write them.
    remarks: parts of the row that are left out while the rest is taken. plan: for the stager.
    """

    row: int
    outcome: Outcome
    key: str = ""
    name: str = ""
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    fault: RowFault | None = None
    remarks: list[RowFault] = field(default_factory=list)
    plan: Any = None


class Stager(Protocol):
    """Looks at the rows of one file in their order, and remembers what earlier rows have said.

    fills: what `write` makes rows of, beside the changes that it tells.
    """

    fills: ClassVar[Sequence[type[Model]]]

    def stage(self, rows: Sequence[Record]) -> list[Staged]:
        """Needs a scope; writes nothing. A row that cannot be taken is refused, never raised."""

    def write(self, staged: Sequence[Staged], actor: User | None) -> list[Change]:
        """Write what was staged, in the caller's transaction; the changes are not saved yet."""

    def finish(self, rows: Iterable[Record], actor: User | None) -> list[Change]:
        """What needs all rows to be there, like references among them."""


def refused(fault: FileFault, row: Record) -> Staged:
    cell = fault.cell if isinstance(fault, CellFault) else RowFault(row.number, "", "", fault.fault, "")
    return Staged(row.number, Outcome.REFUSED, fault=cell)


def records_of(file_import: FileImport, row_limit: int) -> Iterator[Record]:
    """The rows beneath the header, as the file is read. Raises FileFault."""
    source, columns = reading.source_of(file_import), reading.columns_of(file_import)
    return read_table(source, columns, row_limit=row_limit)


def batches(rows: Iterable[Record], size: int = PART_ROWS) -> Iterator[list[Record]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


@dataclass(slots=True)
class Tally:
    """The outcomes of all rows, counted; of each kind the first are kept to be shown."""

    rows: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    remarks: int = 0
    faults_kept: list[RowFault] = field(default_factory=list)
    remarks_kept: list[RowFault] = field(default_factory=list)
    new_kept: list[tuple[str, str]] = field(default_factory=list)
    changed_kept: list[tuple[int, str, str, list[tuple[str, str, str]]]] = field(default_factory=list)

    def add(self, staged: Iterable[Staged]) -> None:
        for row in staged:
            self.rows += 1
            self.counts[row.outcome] += 1
            self.remarks += len(row.remarks)
            self.remarks_kept += row.remarks[: REMARKS_KEPT - len(self.remarks_kept)]
            if row.fault and len(self.faults_kept) < FAULTS_KEPT:
                self.faults_kept.append(row.fault)
            if row.outcome == Outcome.NEW and len(self.new_kept) < NEW_SHOWN:
                self.new_kept.append((row.key, row.name))
            if row.outcome == Outcome.CHANGED and len(self.changed_kept) < CHANGED_SHOWN:
                self.changed_kept.append((row.row, row.key, row.name, row.changes))

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "new": self.counts[Outcome.NEW],
            "changed": self.counts[Outcome.CHANGED],
            "unchanged": self.counts[Outcome.UNCHANGED],
            "bad": self.counts[Outcome.REFUSED],
            "faults": [asdict(fault) for fault in self.faults_kept],
            "remarks": self.remarks,
            "remark_samples": [asdict(remark) for remark in self.remarks_kept],
            "new_samples": self.new_kept,
            "changed_samples": self.changed_kept,
        }


def row_limit() -> int:
    return current_shop().import_row_limit
