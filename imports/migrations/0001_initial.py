import django.db.models.deletion
import tenancy.constraints
import tenancy.context
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("jobs", "0001_initial"),
        ("tenancy", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="FileImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        default=tenancy.context.require_shop_id,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.shop",
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("file_name", models.CharField(max_length=200)),
                ("digest", models.CharField(max_length=64)),
                ("content", models.BinaryField()),
                ("options", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reading", "Reading"),
                            ("refused", "Cannot be read"),
                            ("ready", "Ready"),
                            ("posting", "Posting"),
                            ("posted", "Posted"),
                            ("undoing", "Undoing"),
                            ("undone", "Undone"),
                        ],
                        default="reading",
                        max_length=10,
                    ),
                ),
                ("fault", models.TextField(blank=True)),
                ("summary", models.JSONField(default=dict)),
                ("parts_done", models.PositiveIntegerField(default=0)),
                (
                    "job",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="jobs.job",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("posted_at", models.DateTimeField(null=True)),
                (
                    "posted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["shop", "-created_at"], name="imports_file_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "id"), name="imports_fileimport_in_shop"),
                    tenancy.constraints.SameShop("job", name="imports_fileimport_job_shop"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "undone"), _negated=True),
                        fields=("shop", "kind", "digest"),
                        name="imports_fileimport_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        default=tenancy.context.require_shop_id,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.shop",
                    ),
                ),
                (
                    "file_import",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="imports.fileimport",
                    ),
                ),
                ("about", models.CharField(max_length=20)),
                ("object_id", models.BigIntegerField()),
                ("name", models.CharField(max_length=200)),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[("made", "Made"), ("taken_back", "Taken back"), ("left", "Left as it is")],
                        default="made",
                        max_length=10,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["shop", "file_import", "id"], name="imports_change_of_file")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "id"), name="imports_change_in_shop"),
                    tenancy.constraints.SameShop("file_import", name="imports_change_file_import_shop"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Mapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        default=tenancy.context.require_shop_id,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.shop",
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("signature", models.CharField(max_length=64)),
                ("options", models.JSONField(default=dict)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "id"), name="imports_mapping_in_shop"),
                    models.UniqueConstraint(
                        fields=("shop", "kind", "signature"), name="imports_mapping_once"
                    ),
                ],
            },
        ),
    ]
