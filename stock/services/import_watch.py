"""Keeps an import that was undone as a whole undone as a whole."""

from __future__ import annotations

from django.utils.translation import gettext as _

from common.errors import Conflict
from stock.models import ImportedPosting, Posting, SalesImport


class ImportWatch:
    def before(self, posting: Posting) -> None:
        """Refuse to bring single days of an undone import back: its file may have come again since."""
        origin = posting
        while origin.reverses is not None:
            origin = origin.reverses
        undone = ImportedPosting.objects.filter(
            posting=origin, sales_import__state=SalesImport.State.UNDONE
        ).select_related("sales_import")
        if link := undone.defer("sales_import__content").first():
            raise Conflict(
                _("%(file)s was undone as a whole; bring the file again instead.")
                % {"file": link.sales_import.file_name}
            )

    def after(self, posting: Posting, mirror: Posting) -> None:
        """Nothing beside the ledger hangs on a single day of an import."""
