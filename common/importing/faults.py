"""What is wrong with a file, and where."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from common.errors import BadInput


class FileFault(BadInput):
    """A file that cannot be read as asked; `detail` names file, row and column as far as known."""

    code = "bad_file"

    def __init__(self, file_name: str, fault: str, *, row: int = 0, column: str = "") -> None:
        if row and column:
            where = _("%(file)s, row %(row)d, column %(column)s")
        elif row:
            where = _("%(file)s, row %(row)d")
        elif column:
            where = _("%(file)s, column %(column)s")
        else:
            where = "%(file)s"
        place = where % {"file": file_name, "row": row, "column": column}
        super().__init__(f"{place}: {fault}", {"file": [f"{place}: {fault}"]})
        self.row = row
        self.column = column
        self.fault = fault


@dataclass(frozen=True, slots=True)
class RowFault:
    """One row that is left out: where, what stands there, what is wrong and how to mend it."""

    row: int
    column: str
    value: str
    fault: str
    advice: str

    def as_file_fault(self, file_name: str) -> FileFault:
        shown = f"“{self.value}”: {self.fault}" if self.value else self.fault
        return FileFault(file_name, f"{shown} {self.advice}".strip(), row=self.row, column=self.column)
