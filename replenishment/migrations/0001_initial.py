import django.db.models.deletion
import django.utils.timezone
import tenancy.constraints
import tenancy.context
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
            name='Plan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('run', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='plans', to='forecasting.forecastrun')),
                ('supplier', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.supplier')),
                ('warehouse', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.warehouse')),
                ('order', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='plans', to='purchasing.purchaseorder')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('status', models.CharField(choices=[('optimal', 'Solved'), ('time_limit', 'Stopped early; the bound says how close'), ('greedy', "Put together step by step; the solver's answer was refused"), ('no_opening', 'No opening stock')], max_length=40)),
                ('note', models.TextField(blank=True)),
                ('objective', models.FloatField(null=True)),
                ('bound', models.FloatField(null=True)),
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
                ('runs_out_on', models.DateField(null=True)),
                ('reason', models.JSONField()),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='replenishment_planline_in_shop'), tenancy.constraints.SameShop('plan', name='replenishment_planline_plan_shop'), tenancy.constraints.SameShop('product', name='replenishment_planline_product_shop'), models.UniqueConstraint(fields=('shop', 'plan', 'product'), name='replenishment_line_once')],
            },
        ),
    ]
