"""The import endpoints in words, for the API's description."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from imports.models import FileImport


class FileImportSerializer(serializers.ModelSerializer):
    job = serializers.IntegerField(source="job_id", allow_null=True, read_only=True)
    left_out = serializers.SerializerMethodField(help_text="How many rows are to be mended.")

    class Meta:
        model = FileImport
        fields = [
            *("id", "kind", "file_name", "state", "fault", "left_out", "job"),
            *("created_at", "posted_at", "undone_at"),
        ]
        read_only_fields = fields

    def get_left_out(self, made: FileImport) -> int:
        return int(made.summary.get("bad", 0))


class FileImportDetailSerializer(FileImportSerializer):
    """With what it would change, or has changed."""

    summary = serializers.JSONField(read_only=True)
    columns = serializers.SerializerMethodField(help_text="Field -> name of the column it is read from.")

    class Meta(FileImportSerializer.Meta):
        fields = [*FileImportSerializer.Meta.fields, "summary", "columns"]
        read_only_fields = fields

    def get_columns(self, made: FileImport) -> dict[str, Any]:
        names, index = made.options.get("names", []), made.options.get("index", {})
        return {field: names[place] for field, place in index.items()}


class SentFileSerializer(serializers.Serializer):
    kind = serializers.CharField(help_text="sales, products, stock or suppliers.")
    file = serializers.FileField(help_text="A workbook (XLSX), CSV or TSV, also packed as .gz.")
    options = serializers.CharField(
        required=False,
        help_text='JSON: {"columns": {"sku": "Article"}, "order": "DMY", "encoding", "delimiter", "sheet",'
        ' "header_row"} and what the kind asks, like {"warehouse": "MAIN"}.',
    )


class AnswersSerializer(serializers.Serializer):
    """What the kind asks before posting; what is left out is answered as the page proposes."""

    leave_out = serializers.BooleanField(required=False, help_text="Post without the rows to mend.")
    opening_date = serializers.DateField(required=False, help_text="Of sales: from which day stock is kept.")
