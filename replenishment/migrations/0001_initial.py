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
        ('catalog', '0001_initial'),
        ('forecasting', '0001_initial'),
        ('purchasing', '0001_initial'),
        ('tenancy', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Policy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('category', tenancy.constraints.ShopForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.category')),
                ('product', tenancy.constraints.ShopForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.product')),
                ('holding_rate', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MaxValueValidator(100000)], verbose_name='keeping goods for a year costs, % of their cost')),
                ('goodwill_rate', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MaxValueValidator(100000)], verbose_name='a missed sale costs beside its margin, % of the cost')),
                ('budget', models.BigIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0)], verbose_name='spend at most, a night')),
            ],
            options={
                'verbose_name_plural': 'policies',
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='replenishment_policy_in_shop'), tenancy.constraints.SameShop('category', name='replenishment_policy_category_shop'), tenancy.constraints.SameShop('product', name='replenishment_policy_product_shop'), models.UniqueConstraint(condition=models.Q(('category', None), ('product', None)), fields=('shop',), name='replenishment_policy_of_shop'), models.UniqueConstraint(condition=models.Q(('category__isnull', False)), fields=('shop', 'category'), name='replenishment_policy_of_category'), models.UniqueConstraint(condition=models.Q(('product__isnull', False)), fields=('shop', 'product'), name='replenishment_policy_of_product'), models.CheckConstraint(condition=models.Q(('category', None), ('product', None), _connector='OR'), name='replenishment_policy_of_one')],
            },
        ),
        migrations.CreateModel(
            name='Snooze',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('product', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.product')),
                ('warehouse', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.warehouse')),
                ('until', models.DateField(verbose_name='until')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='replenishment_snooze_in_shop'), tenancy.constraints.SameShop('product', name='replenishment_snooze_product_shop'), tenancy.constraints.SameShop('warehouse', name='replenishment_snooze_warehouse_shop'), models.UniqueConstraint(fields=('shop', 'warehouse', 'product'), name='replenishment_snooze_once')],
            },
        ),
        migrations.CreateModel(
            name='Plan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('run', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='plans', to='forecasting.forecastrun')),
                ('supplier', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.supplier')),
                ('warehouse', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.warehouse')),
                ('order', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='plans', to='purchasing.purchaseorder')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('status', models.CharField(choices=[('optimal', 'Solved'), ('limit', 'Stopped early; the bound says how close'), ('greedy', "Put together step by step; the solver's answer was refused"), ('no_opening', 'No opening stock'), ('no_rate', 'No exchange rate')], max_length=40)),
                ('note', models.TextField(blank=True)),
                ('objective', models.FloatField(null=True)),
                ('bound', models.FloatField(null=True)),
                ('waiting', models.FloatField(null=True)),
                ('planned_on', models.DateField(null=True)),
                ('arrives_on', models.DateField(null=True)),
                ('lasts_until', models.DateField(null=True)),
                ('lead_sd', models.FloatField(default=0)),
                ('is_cut', models.BooleanField(default=False)),
                ('frontier', models.JSONField(default=list)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='replenishment_plan_in_shop'), tenancy.constraints.SameShop('run', name='replenishment_plan_run_shop'), tenancy.constraints.SameShop('supplier', name='replenishment_plan_supplier_shop'), tenancy.constraints.SameShop('warehouse', name='replenishment_plan_warehouse_shop'), tenancy.constraints.SameShop('order', name='replenishment_plan_order_shop'), models.UniqueConstraint(fields=('shop', 'run', 'supplier', 'warehouse'), name='replenishment_plan_once')],
            },
        ),
        migrations.CreateModel(
            name='PlanLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('plan', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='replenishment.plan')),
                ('product', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.product')),
                ('quantity', models.BigIntegerField()),
                ('unit_cost', models.BigIntegerField()),
                ('position', models.BigIntegerField(default=0)),
                ('runs_out_on', models.DateField(null=True)),
                ('order_by', models.DateField(null=True)),
                ('reason', models.JSONField()),
                ('runner_up', models.BigIntegerField(null=True)),
                ('runner_up_costs', models.BigIntegerField(null=True)),
                ('change', models.JSONField(default=dict)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['shop', 'product'], name='replenishment_line_product')],
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='replenishment_planline_in_shop'), tenancy.constraints.SameShop('plan', name='replenishment_planline_plan_shop'), tenancy.constraints.SameShop('product', name='replenishment_planline_product_shop'), models.UniqueConstraint(fields=('shop', 'plan', 'product'), name='replenishment_line_once')],
            },
        ),
    ]
