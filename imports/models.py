"""A file that somebody brought, and how files of its shape are read."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jobs.models import Job
from tenancy.base import ShopModel
from tenancy.constraints import SameShop, ShopForeignKey


class FileImport(ShopModel):
    """A file of any kind: read, shown, posted, and undone as a whole."""

    class State(models.TextChoices):
        READING = "reading", _("Reading")
        REFUSED = "refused", _("Cannot be read")
        READY = "ready", _("Ready")
        POSTING = "posting", _("Posting")
        POSTED = "posted", _("Posted")
        UNDOING = "undoing", _("Undoing")
        UNDONE = "undone", _("Undone")

    # What the file is about; `imports.kinds` knows what that means.
    kind = models.CharField(max_length=20)
    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)  # sha256 of the unpacked file
    content = models.BinaryField()  # gzip
    # How the file is read, as somebody said (`said`) and as it was found; see `imports.reading`.
    options = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.READING)
    # Why the file cannot be read, in sentences that name row and column.
    fault = models.TextField(blank=True)
    # Counts by outcome and the first faults with their rows, for the preview and the result.
    summary = models.JSONField(default=dict)
    # Posting and undoing go part by part, each in one transaction with this count of them.
    parts_done = models.PositiveIntegerField(default=0)
    job = ShopForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    posted_at = models.DateTimeField(null=True)
    posted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta(ShopModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("job"),
            models.UniqueConstraint(
                fields=["shop", "kind", "digest"],
                condition=~Q(state="undone"),
                name="imports_fileimport_once",
            ),
        ]
        indexes = [models.Index(fields=["shop", "-created_at"], name="imports_file_newest")]

    def __str__(self) -> str:
        return self.file_name


class Change(ShopModel):
    """What an import did to one row of the shop's data, so that it can be taken back."""

    class State(models.TextChoices):
        MADE = "made", _("Made")
        TAKEN_BACK = "taken_back", _("Taken back")
        LEFT = "left", _("Left as it is")  # somebody has changed or used it since

    file_import = ShopForeignKey(FileImport, models.CASCADE, related_name="changes")
    # What was changed, as the kind calls it: product, supplier, terms, category.
    about = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    name = models.CharField(max_length=200)  # for people
    # Values by field; None where the import made the whole thing.
    before = models.JSONField(null=True)
    after = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.MADE)
    # Which fields were left, in words.
    note = models.CharField(max_length=300, blank=True)

    class Meta(ShopModel.Meta):
        constraints = [*ShopModel.Meta.constraints, SameShop("file_import")]
        indexes = [models.Index(fields=["shop", "file_import", "id"], name="imports_change_of_file")]

    def __str__(self) -> str:
        return f"{self.about} {self.name}"


class Mapping(ShopModel):
    """How files with the same header were read when one was last posted."""

    kind = models.CharField(max_length=20)
    signature = models.CharField(max_length=64)  # of the header row
    options = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "kind", "signature"], name="imports_mapping_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.signature[:8]}"
