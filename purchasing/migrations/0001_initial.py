import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import tenancy.constraints
import tenancy.context
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0001_initial"),
        ("stock", "0001_initial"),
        ("tenancy", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderCounter",
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
                ("year", models.PositiveSmallIntegerField()),
                ("last", models.PositiveIntegerField(default=0)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "id"), name="purchasing_ordercounter_in_shop"),
                    models.UniqueConstraint(fields=("shop", "year"), name="purchasing_counter_year"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PurchaseOrder",
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
                ("number", models.CharField(max_length=20)),
                ("revision", models.PositiveSmallIntegerField(default=1)),
                (
                    "supplier",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="catalog.supplier",
                    ),
                ),
                (
                    "warehouse",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.warehouse",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("queued", "Queued"),
                            ("sent", "Sent"),
                            ("confirmed", "Confirmed"),
                            ("partly_received", "Partly received"),
                            ("received", "Received"),
                            ("closed", "Closed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="draft",
                        max_length=20,
                    ),
                ),
                ("note", models.TextField(blank=True, verbose_name="note to the supplier")),
                ("currency", models.CharField(max_length=3)),
                ("rate", models.BigIntegerField(default=10000000000)),
                ("rate_on", models.DateField(null=True)),
                ("freight", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("is_automatic", models.BooleanField(default=False)),
                ("held_because", models.TextField(blank=True)),
                ("only_by_hand", models.BooleanField(default=False)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("wanted_on", models.DateField(blank=True, null=True, verbose_name="wanted on")),
                ("opened_at", models.DateTimeField(blank=True, null=True)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("answer_open", models.BooleanField(default=False)),
                ("asked_on", models.DateField(blank=True, null=True)),
                ("expected_on", models.DateField(blank=True, null=True, verbose_name="expected")),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-created_at", "-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["shop", "state", "-created_at"], name="purchasing_order_state"),
                    models.Index(
                        fields=["shop", "supplier", "-created_at"], name="purchasing_order_supplier"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "id"), name="purchasing_purchaseorder_in_shop"),
                    tenancy.constraints.SameShop("supplier", name="purchasing_purchaseorder_supplier_shop"),
                    tenancy.constraints.SameShop("warehouse", name="purchasing_purchaseorder_warehouse_shop"),
                    models.UniqueConstraint(fields=("shop", "number"), name="purchasing_order_number"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "draft")),
                        fields=("shop", "supplier", "warehouse"),
                        name="purchasing_order_one_draft",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PurchaseOrderLine",
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
                    "order",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="purchasing.purchaseorder",
                    ),
                ),
                (
                    "product",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order_lines",
                        to="catalog.product",
                    ),
                ),
                ("quantity", models.BigIntegerField()),
                ("unit_cost", models.BigIntegerField()),
                ("is_price_typed", models.BooleanField(default=False)),
                ("tax_rate", models.PositiveIntegerField(default=0)),
                ("confirmed_quantity", models.BigIntegerField(null=True)),
                ("confirmed_on", models.DateField(null=True)),
                ("received", models.BigIntegerField(default=0)),
                ("suggested", models.BigIntegerField(null=True)),
                ("suggested_before", models.BigIntegerField(null=True)),
                ("suggested_at", models.DateTimeField(blank=True, null=True)),
                ("edited_at", models.DateTimeField(blank=True, null=True)),
                (
                    "edited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("reason", models.JSONField(blank=True, default=dict)),
            ],
            options={
                "ordering": ["id"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["shop", "product"], name="purchasing_line_product")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("shop", "id"), name="purchasing_purchaseorderline_in_shop"
                    ),
                    tenancy.constraints.SameShop("order", name="purchasing_purchaseorderline_order_shop"),
                    tenancy.constraints.SameShop("product", name="purchasing_purchaseorderline_product_shop"),
                    models.UniqueConstraint(fields=("shop", "order", "product"), name="purchasing_line_once"),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 0), ("received__gte", 0)),
                        name="purchasing_line_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderRevision",
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
                    "order",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="purchasing.purchaseorder",
                    ),
                ),
                ("revision", models.PositiveSmallIntegerField()),
                ("content", models.JSONField()),
                ("before", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["revision"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "id"), name="purchasing_orderrevision_in_shop"),
                    tenancy.constraints.SameShop("order", name="purchasing_orderrevision_order_shop"),
                    models.UniqueConstraint(
                        fields=("shop", "order", "revision"), name="purchasing_revision_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupplierAnswer",
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
                    "order",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="purchasing.purchaseorder",
                    ),
                ),
                ("revision", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("address", models.EmailField(blank=True, max_length=254)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("lines", models.JSONField()),
                ("reference", models.CharField(blank=True, max_length=80)),
                ("note", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["shop", "order"], name="purchasing_answer_order")],
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "id"), name="purchasing_supplieranswer_in_shop"),
                    tenancy.constraints.SameShop("order", name="purchasing_supplieranswer_order_shop"),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderLimits",
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
                    "approves",
                    models.BooleanField(
                        default=False, verbose_name="approve the night's orders without asking"
                    ),
                ),
                (
                    "per_order",
                    models.BigIntegerField(blank=True, null=True, verbose_name="at most per order"),
                ),
                (
                    "per_week",
                    models.BigIntegerField(blank=True, null=True, verbose_name="at most in seven days"),
                ),
                (
                    "only_known",
                    models.BooleanField(
                        default=True, verbose_name="only products ordered from the supplier before"
                    ),
                ),
                (
                    "answer_days",
                    models.PositiveSmallIntegerField(default=2, verbose_name="days a supplier has to answer"),
                ),
                (
                    "grace_minutes",
                    models.PositiveSmallIntegerField(
                        default=480,
                        validators=[django.core.validators.MaxValueValidator(1440)],
                        verbose_name="minutes before an order approved by the night leaves",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "id"), name="purchasing_orderlimits_in_shop"),
                    models.UniqueConstraint(fields=("shop",), name="purchasing_limits_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
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
                    "order",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="purchasing.purchaseorder",
                    ),
                ),
                (
                    "posting",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.posting",
                    ),
                ),
                (
                    "damage",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.posting",
                    ),
                ),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["shop", "order"], name="purchasing_receipt_order")],
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "id"), name="purchasing_receipt_in_shop"),
                    tenancy.constraints.SameShop("order", name="purchasing_receipt_order_shop"),
                    tenancy.constraints.SameShop("posting", name="purchasing_receipt_posting_shop"),
                    tenancy.constraints.SameShop("damage", name="purchasing_receipt_damage_shop"),
                    models.UniqueConstraint(fields=("shop", "posting"), name="purchasing_receipt_posting"),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutboundMail",
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
                    "order",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mails",
                        to="purchasing.purchaseorder",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("order", "Order"),
                            ("change", "Change"),
                            ("cancellation", "Cancellation"),
                            ("closing", "Closing"),
                        ],
                        default="order",
                        max_length=15,
                    ),
                ),
                ("revision", models.PositiveSmallIntegerField()),
                ("message_id", models.CharField(max_length=200)),
                ("to", models.EmailField(max_length=254)),
                ("subject", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("not_before", models.DateTimeField()),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("last_error", models.TextField(blank=True)),
                ("content", models.BinaryField(null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["-created_at", "-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["shop", "-created_at"], name="purchasing_mail_newest"),
                    models.Index(fields=["shop", "state"], name="purchasing_mail_state"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "id"), name="purchasing_outboundmail_in_shop"),
                    tenancy.constraints.SameShop("order", name="purchasing_outboundmail_order_shop"),
                    models.UniqueConstraint(fields=("shop", "message_id"), name="purchasing_mail_id"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "withdrawn"), _negated=True),
                        fields=("shop", "order", "revision"),
                        name="purchasing_mail_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MailDue",
            fields=[
                ("mail_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("shop_id", models.BigIntegerField()),
                ("due_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
