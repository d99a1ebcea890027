"""What kinds of file there are. The apps above register theirs when they start.

A kind says which columns it knows, who may bring it, what it asks, what a file of it would change,
and how it is posted and taken back. The life cycle around it, the pages and the API are the same
for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from django.utils.translation import gettext as _

from common.importing.columns import Field
from tenancy.permissions import Permission

if TYPE_CHECKING:
    from django.forms import Form

    from common.navigation import StrOrPromise
    from imports.exporting import Export
    from imports.models import FileImport
    from tenancy.models import Shop, User


class Run(Protocol):
    """What work gets: a job's context, or for small files the request's own scope."""

    def scope(self, *, write: bool = True) -> AbstractContextManager[Shop]: ...

    def progress(self, done: int, total: int, message: str = "") -> None: ...


class LeftOut(NamedTuple):
    """A row that is not posted, and why."""

    row: int
    column: str
    value: str
    why: str


class Kind:
    """Base of all kinds. What has a body here may be left as it is."""

    name: ClassVar[str]
    label: ClassVar[StrOrPromise]
    place: ClassVar[int] = 9  # among the others, from 0
    # A sentence above the upload: what the file holds.
    intro: ClassVar[StrOrPromise]
    permission: ClassVar[Permission]
    fields: ClassVar[Sequence[Field]]
    labels: ClassVar[Mapping[str, StrOrPromise]]
    # Whether the file has dates whose order may have to be asked for.
    has_dates: ClassVar[bool] = False
    # What the page of an import shows of it beside what all kinds have in common.
    template: ClassVar[str]

    # What `answers_form` may ask, and the counts that `result` tells beside `rows`.
    answer_names: ClassVar[Sequence[str]] = ()
    counts: ClassVar[Sequence[str]] = ()

    def choices_form(self, data: Any = None, *, initial: Mapping[str, Any] | None = None) -> Form | None:
        """What is asked when the file is brought; None where nothing is."""
        return None

    def begin(self, file_import: FileImport, choices: Mapping[str, Any]) -> None:
        """Keep what was answered; called in the transaction that keeps the file."""

    def preview(self, file_import: FileImport, run: Run) -> dict[str, Any]:
        """Read the file through and say what it would change, as JSON; writes nothing.

        `rows` and `bad` are counts, `faults` the first RowFaults as dicts; the rest is the kind's
        own. An empty answer: something must be said first, see `options`. May add to `options`.

        Raises FileFault where nothing can be made of the file.
        """
        raise NotImplementedError

    def answers_form(self, file_import: FileImport, data: Any = None) -> Form | None:
        """What is asked before posting; None where nothing is."""
        return None

    def begin_posting(self, file_import: FileImport, answers: Mapping[str, Any]) -> None:
        """Settle how the file will be posted, in one transaction with the state. Raises ParstockError."""

    def post(self, file_import: FileImport, run: Run) -> None:
        """Post what was settled, in parts. May be stopped and called again at any point."""
        raise NotImplementedError

    def result(self, file_import: FileImport) -> dict[str, Any]:
        """What the posting did, as JSON for machines. `summary`, a sentence, is for people."""
        raise NotImplementedError

    def undo(self, file_import: FileImport, run: Run, actor: User | None) -> dict[str, Any]:
        """Take back what was posted, in parts; may be called again. Answers like `result`."""
        raise NotImplementedError

    def finish_undo(self, file_import: FileImport) -> None:
        """The last step of an undo, in one transaction with the state."""

    def left_out(self, file_import: FileImport) -> Iterator[LeftOut]:
        """Every row that will not be posted, in the file's order."""
        raise NotImplementedError

    def warnings(self, file_import: FileImport) -> list[str]:
        """What a machine should be told of a file that can be posted."""
        bad = file_import.summary["bad"]
        return [_("%(count)d rows were left out.") % {"count": bad}] if bad else []

    def post_label(self, file_import: FileImport) -> str:
        """What the button says, with its number; empty where there is nothing to post."""
        raise NotImplementedError

    def export(self, *, with_costs: bool) -> Export | None:
        """What the shop has, as a file that comes in again unchanged; None where there is none."""
        return None

    def about(self, file_import: FileImport) -> str:
        """A few words for the list: what the file touches, like a warehouse's name."""
        return ""

    def context(self, file_import: FileImport, answers: Form | None) -> dict[str, Any]:
        """What `template` needs."""
        return {}


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    _kinds[kind.name] = kind


def kind_named(name: str) -> Kind:
    """Raises LookupError where there is no such kind."""
    return _kinds[name]


def all_kinds() -> list[Kind]:
    """In the order in which people are offered them."""
    return sorted(_kinds.values(), key=lambda kind: kind.place)
