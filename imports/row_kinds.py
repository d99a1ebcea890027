"""What kinds of file have in common whose rows stand for things of the shop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from common.importing.faults import RowFault
from common.templatetags.ui import number
from imports import row_services
from imports.kinds import Kind, LeftOut, Run
from imports.models import Change, FileImport
from imports.staging import Stager
from tenancy.models import User


class LeaveOutForm(forms.Form):
    """Asked where some rows cannot be taken."""

    leave_out = forms.BooleanField(
        label=_("Post the others and leave these rows out"),
        error_messages={"required": _("Mend the rows in the file and bring it again, or leave them out.")},
    )


class RowKind(Kind):
    template = "imports/rows.html"
    # The audit's word for a posted file.
    action: ClassVar[str]

    answer_names = ("leave_out",)
    counts = ("new", "changed", "unchanged", "bad", "remarks")

    def stager(self, file_import: FileImport) -> Stager:
        raise NotImplementedError

    def take_back(self, changes: Sequence[Change], actor: User | None) -> None:
        raise NotImplementedError

    def preview(self, file_import: FileImport, run: Run) -> dict[str, Any]:
        return row_services.look_through(file_import, self.stager, run)

    def answers_form(self, file_import: FileImport, data: Any = None) -> forms.Form | None:
        return LeaveOutForm(data) if file_import.summary["bad"] else None

    def begin_posting(self, file_import: FileImport, answers: Mapping[str, Any]) -> None:
        row_services.refuse_unready(file_import, leave_out=bool(answers.get("leave_out")))

    def post(self, file_import: FileImport, run: Run) -> None:
        row_services.post(file_import, self.stager, run, action=self.action)

    def result(self, file_import: FileImport) -> dict[str, Any]:
        return row_services.result(file_import)

    def undo(self, file_import: FileImport, run: Run, actor: User | None) -> dict[str, Any]:
        return row_services.undo(file_import, self.take_back, run, actor)

    def left_out(self, file_import: FileImport) -> Iterator[LeftOut]:
        return row_services.left_out(file_import, self.stager)

    def warnings(self, file_import: FileImport) -> list[str]:
        remarks = [RowFault(**remark) for remark in file_import.summary["remark_samples"]]
        told = [remark.as_file_fault(file_import.file_name).detail for remark in remarks]
        return super().warnings(file_import) + told

    def post_label(self, file_import: FileImport) -> str:
        count = file_import.summary["new"] + file_import.summary["changed"]
        label = ngettext("Post %(count)s row", "Post %(count)s rows", count)
        return label % {"count": number(count)} if count else ""

    def context(self, file_import: FileImport, answers: forms.Form | None) -> dict[str, Any]:
        samples = file_import.summary["changed_samples"]
        return {"changed_rows": [(*about, self._named(changes)) for *about, changes in samples]}

    def _named(self, changes: Sequence[tuple[str, str, str]]) -> list[tuple[Any, str, str]]:
        return [(self.labels.get(field, field), before, after) for field, before, after in changes]
