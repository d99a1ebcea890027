import common.floats_field
import django.db.models.deletion
import django.utils.timezone
import tenancy.constraints
import tenancy.context
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0001_initial"),
        ("tenancy", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ForecastRun",
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
                ("known_to", models.DateField()),
                ("horizon_days", models.PositiveSmallIntegerField()),
                ("lead_times", models.JSONField(default=list)),
                ("levels", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(null=True)),
                ("errors", models.JSONField(default=dict)),
            ],
            options={
                "ordering": ["-created_at", "-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "id"), name="forecasting_forecastrun_in_shop"),
                    models.UniqueConstraint(fields=("shop", "known_to"), name="forecasting_run_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Forecast",
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
                    "run",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="forecasts",
                        to="forecasting.forecastrun",
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
                    "product",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="forecasts",
                        to="catalog.product",
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("levels", "Level and calendar, learned together"),
                            ("seasonal_naive", "Naive: like last week"),
                            ("holt_winters", "Holt-Winters, weekly season"),
                            ("mean_rate", "Smoothed rate of rare sales (TSB)"),
                            ("croston", "Spacing of rare sales (Croston, SBA)"),
                            ("regression", "Regression on calendar, price and promotion"),
                            ("last_year", "Same weeks last year, at today's level"),
                            ("moving_average", "Mean of the last 28 known days"),
                            ("theta", "Theta, weekly season"),
                        ],
                        max_length=40,
                    ),
                ),
                ("mean", common.floats_field.FloatsField(default=list)),
                ("distances", common.floats_field.FloatsField(default=list)),
                ("sigma", models.FloatField()),
                ("error", models.FloatField(null=True)),
                ("naive_error", models.FloatField(null=True)),
                ("bias", models.FloatField(null=True)),
                ("parts", models.JSONField(default=dict)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["shop", "product"], name="forecasting_by_product")],
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "id"), name="forecasting_forecast_in_shop"),
                    tenancy.constraints.SameShop("run", name="forecasting_forecast_run_shop"),
                    tenancy.constraints.SameShop("warehouse", name="forecasting_forecast_warehouse_shop"),
                    tenancy.constraints.SameShop("product", name="forecasting_forecast_product_shop"),
                    models.UniqueConstraint(
                        fields=("shop", "run", "warehouse", "product"), name="forecasting_forecast_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NamedMethod",
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
                    "product",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.product",
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("seasonal_naive", "Naive: like last week"),
                            ("moving_average", "Mean of the last 28 known days"),
                            ("mean_rate", "Smoothed rate of rare sales (TSB)"),
                            ("croston", "Spacing of rare sales (Croston, SBA)"),
                            ("holt_winters", "Holt-Winters, weekly season"),
                            ("theta", "Theta, weekly season"),
                            ("regression", "Regression on calendar, price and promotion"),
                        ],
                        max_length=40,
                    ),
                ),
                ("named_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "id"), name="forecasting_namedmethod_in_shop"),
                    tenancy.constraints.SameShop("product", name="forecasting_namedmethod_product_shop"),
                    models.UniqueConstraint(fields=("shop", "product"), name="forecasting_one_method"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Comparison",
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
                    "product",
                    tenancy.constraints.ShopForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.product",
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
                ("known_to", models.DateField()),
                ("compared_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("rows", models.JSONField(default=list)),
                ("untested", models.JSONField(default=list)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "id"), name="forecasting_comparison_in_shop"),
                    tenancy.constraints.SameShop("product", name="forecasting_comparison_product_shop"),
                    tenancy.constraints.SameShop("warehouse", name="forecasting_comparison_warehouse_shop"),
                    models.UniqueConstraint(
                        fields=("shop", "product", "warehouse"), name="forecasting_compared_once"
                    ),
                ],
            },
        ),
    ]
