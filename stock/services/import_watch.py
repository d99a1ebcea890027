"""Keeps an import that was undone as a whole undone as a whole."""

from __future__ import annotations

from django.utils.translation import gettext as _

from common.errors import Conflict
from imports.models import FileImport
from stock.models import ImportedPosting, Posting


class ImportWatch:
    def before(self, posting: Posting) -> None:
        """Refuse to bring single days of an undone import back: its file may have come again since."""
        origin = posting
        while origin.reverses is not None:
            origin = origin.reverses
        undone = ImportedPosting.objects.filter(
            posting=origin, file_import__state=FileImport.State.UNDONE
        ).select_related("file_import")
        if link := undone.defer("file_import__content").first():
            raise Conflict(
                _("%(file)s was undone as a whole; bring the file again instead.")
                % {"file": link.file_import.file_name}
            )

    def after(self, posting: Posting, mirror: Posting) -> None:
        """Nothing beside the ledger hangs on a single day of an import."""
