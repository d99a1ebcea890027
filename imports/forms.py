"""Forms of the import pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.importing.days import Order
from imports.kinds import Kind
from imports.models import FileImport

ENCODINGS = [
    ("utf-8", "UTF-8"),
    ("utf-8-sig", _("UTF-8 with a mark")),
    ("utf-16", "UTF-16"),
    ("cp1252", _("Western (Windows-1252)")),
    ("gb18030", _("Chinese (GB 18030)")),
]
DELIMITERS = [
    (",", _("comma")),
    (";", _("semicolon")),
    ("\t", _("tabulator")),
    ("|", _("vertical bar")),
]

# What cuts a file into cells and finds its header.
_MANNER = ("sheet", "encoding", "delimiter", "header_row")


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("A workbook (XLSX), CSV or TSV, also packed as .gz."),
        error_messages={"empty": _("The file is empty.")},
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv,.tsv,.txt,.gz"}),
    )


class MappingForm(forms.Form):
    """Which column holds what, and how the file is written."""

    def __init__(self, data: Any = None, *, kind: Kind, file_import: FileImport) -> None:
        options = file_import.options
        super().__init__(data, initial=_as_read(kind, file_import))
        self.kind = kind
        names = [name for name in dict.fromkeys(options.get("names", [])) if name]
        columns = [("", _("not in this file")), *((name, name) for name in names)]
        for field in kind.fields:
            self.fields[f"column_{field.code}"] = forms.ChoiceField(
                label=kind.labels[field.code], choices=columns, required=False
            )
        if kind.has_dates:
            self.fields["order"] = forms.ChoiceField(
                label=_("Dates are written"),
                choices=[
                    ("", _("as the whole column shows")),
                    (Order.DAY_FIRST.value, _("day first, like 31/12/2026")),
                    (Order.MONTH_FIRST.value, _("month first, like 12/31/2026")),
                ],
                required=False,
            )
        rows = [(row, _("row %(row)d") % {"row": row}) for row, _cells in options.get("head", [])]
        self.fields["header_row"] = forms.TypedChoiceField(
            label=_("Names of the columns"), choices=rows, coerce=int, required=False, empty_value=None
        )
        if options.get("sheets"):
            self.fields["sheet"] = forms.ChoiceField(
                label=_("Sheet"), choices=[(name, name) for name in options["sheets"]], required=False
            )
            return
        self.fields["encoding"] = forms.ChoiceField(label=_("Encoding"), choices=ENCODINGS, required=False)
        self.fields["delimiter"] = forms.ChoiceField(
            label=_("Columns are parted by"), choices=DELIMITERS, required=False
        )

    def said(self) -> dict[str, Any]:
        """What differs from how the file was read, and the columns.

        Columns belong to their header: where another row holds the names, or the file is cut in
        another way, they are guessed anew.
        """
        data = self.cleaned_data
        said = {
            name: data[name]
            for name in ("order", *_MANNER)
            if data.get(name) and (name != "order" or name in self.changed_data or self._order_was_said())
        }
        if not any(data.get(name) and name in self.changed_data for name in _MANNER):
            said["columns"] = {field.code: data[f"column_{field.code}"] for field in self.kind.fields}
        return said

    def _order_was_said(self) -> bool:
        return bool(self.initial.get("order_said"))


def _as_read(kind: Kind, file_import: FileImport) -> dict[str, Any]:
    options = file_import.options
    names, index = options.get("names", []), options.get("index", {})
    columns = {
        f"column_{field.code}": names[index[field.code]] if field.code in index else ""
        for field in kind.fields
    }
    return columns | {
        "order": options.get("order") or "",
        "order_said": bool(options.get("said", {}).get("order")),
        "sheet": options.get("sheet", ""),
        "encoding": options.get("encoding", ""),
        "delimiter": options.get("delimiter", ""),
        "header_row": options.get("header_row") or "",
    }
