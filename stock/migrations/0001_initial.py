import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
import tenancy.constraints
import tenancy.context
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('catalog', '0001_initial'),
        ('imports', '0001_initial'),
        ('tenancy', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Lot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('product', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lots', to='catalog.product')),
                ('code', models.CharField(max_length=64, verbose_name='lot')),
                ('expires_on', models.DateField(blank=True, null=True, verbose_name='expires')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='stock_lot_in_shop'), tenancy.constraints.SameShop('product', name='stock_lot_product_shop'), models.UniqueConstraint(fields=('shop', 'product', 'code'), name='stock_lot_code')],
            },
        ),
        migrations.CreateModel(
            name='Posting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('kind', models.CharField(choices=[('opening', 'Opening stock'), ('sale', 'Sale'), ('customer_return', 'Customer return'), ('receipt', 'Receipt'), ('supplier_return', 'Return to supplier'), ('transfer', 'Transfer'), ('count', 'Count'), ('write_off', 'Write-off'), ('correction', 'Correction')], max_length=20)),
                ('key', models.CharField(max_length=120)),
                ('digest', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('actor', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('token', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenancy.apitoken')),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('document', models.CharField(blank=True, max_length=120)),
                ('reverses', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversals', to='stock.posting')),
                ('keeps', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='kept_by', to='stock.posting')),
                ('follows', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='followed_by', to='stock.posting')),
                ('line_count', models.PositiveIntegerField(default=0)),
                ('answer', models.JSONField()),
            ],
            options={
                'ordering': ['-recorded_at', '-id'],
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['shop', '-recorded_at'], name='stock_posting_newest'), models.Index(condition=models.Q(('keeps__isnull', False)), fields=['shop', 'keeps'], name='stock_posting_keeps'), models.Index(condition=models.Q(('follows__isnull', False)), fields=['shop', 'follows'], name='stock_posting_follows')],
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='stock_posting_in_shop'), tenancy.constraints.SameShop('reverses', name='stock_posting_reverses_shop'), tenancy.constraints.SameShop('keeps', name='stock_posting_keeps_shop'), tenancy.constraints.SameShop('follows', name='stock_posting_follows_shop'), tenancy.constraints.SameShop('token', name='stock_posting_token_shop'), models.UniqueConstraint(fields=('shop', 'key'), name='stock_posting_key'), models.UniqueConstraint(condition=models.Q(('reverses__isnull', False)), fields=('shop', 'reverses'), name='stock_posting_reversed_once')],
            },
        ),
        migrations.CreateModel(
            name='Movement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('posting', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='movements', to='stock.posting')),
                ('warehouse', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.warehouse')),
                ('product', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='movements', to='catalog.product')),
                ('location', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.location')),
                ('lot', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stock.lot')),
                ('quantity', models.BigIntegerField()),
                ('value', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'ordering': ['-at', '-id'],
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['shop', 'product', 'at', 'id'], name='stock_movement_history'), models.Index(fields=['shop', 'posting', 'id'], name='stock_movement_posting')],
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='stock_movement_in_shop'), tenancy.constraints.SameShop('posting', name='stock_movement_posting_shop'), tenancy.constraints.SameShop('warehouse', name='stock_movement_warehouse_shop'), tenancy.constraints.SameShop('product', name='stock_movement_product_shop'), tenancy.constraints.SameShop('location', name='stock_movement_location_shop'), tenancy.constraints.SameShop('lot', name='stock_movement_lot_shop'), models.CheckConstraint(condition=models.Q(models.Q(('quantity', 0), _negated=True), models.Q(('value', 0), _negated=True), _connector='OR'), name='stock_movement_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='Observation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('posting', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='observations', to='stock.posting')),
                ('warehouse', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.warehouse')),
                ('product', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='observations', to='catalog.product')),
                ('location', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.location')),
                ('lot', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stock.lot')),
                ('counted', models.BigIntegerField()),
                ('expected', models.BigIntegerField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['shop', 'product', 'at'], name='stock_observation_history')],
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='stock_observation_in_shop'), tenancy.constraints.SameShop('posting', name='stock_observation_posting_shop'), tenancy.constraints.SameShop('warehouse', name='stock_observation_warehouse_shop'), tenancy.constraints.SameShop('product', name='stock_observation_product_shop'), tenancy.constraints.SameShop('location', name='stock_observation_location_shop'), tenancy.constraints.SameShop('lot', name='stock_observation_lot_shop')],
            },
        ),
        migrations.CreateModel(
            name='Balance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('warehouse', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.warehouse')),
                ('product', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='balances', to='catalog.product')),
                ('on_hand', models.BigIntegerField(default=0)),
                ('value', models.BigIntegerField(default=0)),
                ('unit_cost', models.BigIntegerField(null=True)),
                ('counted_at', models.DateTimeField(null=True)),
                ('has_bins', models.BooleanField(default=False)),
                ('reorder_point', models.BigIntegerField(db_default=0, default=0)),
                ('plenty', models.BigIntegerField(null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['shop', 'product'], name='stock_balance_product')],
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='stock_balance_in_shop'), tenancy.constraints.SameShop('warehouse', name='stock_balance_warehouse_shop'), tenancy.constraints.SameShop('product', name='stock_balance_product_shop'), models.UniqueConstraint(fields=('shop', 'warehouse', 'product'), name='stock_balance_once'), models.CheckConstraint(condition=models.Q(models.Q(('on_hand', 0), _negated=True), ('value', 0), _connector='OR'), name='stock_balance_nothing_is_worth_nothing')],
            },
        ),
        migrations.CreateModel(
            name='BinBalance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('warehouse', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.warehouse')),
                ('product', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='bins', to='catalog.product')),
                ('location', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.location')),
                ('lot', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stock.lot')),
                ('on_hand', models.BigIntegerField(default=0)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='stock_binbalance_in_shop'), tenancy.constraints.SameShop('warehouse', name='stock_binbalance_warehouse_shop'), tenancy.constraints.SameShop('product', name='stock_binbalance_product_shop'), tenancy.constraints.SameShop('location', name='stock_binbalance_location_shop'), tenancy.constraints.SameShop('lot', name='stock_binbalance_lot_shop'), models.UniqueConstraint(models.F('shop'), models.F('warehouse'), models.F('product'), django.db.models.functions.comparison.Coalesce('location_id', 0, output_field=models.BigIntegerField()), django.db.models.functions.comparison.Coalesce('lot_id', 0, output_field=models.BigIntegerField()), name='stock_binbalance_once')],
            },
        ),
        migrations.CreateModel(
            name='Commitment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('key', models.CharField(max_length=120)),
                ('warehouse', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.warehouse')),
                ('product', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='commitments', to='catalog.product')),
                ('quantity', models.BigIntegerField()),
                ('reference', models.CharField(max_length=120, verbose_name='for')),
                ('until', models.DateTimeField(verbose_name='until')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('released_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(condition=models.Q(('released_at__isnull', True)), fields=['shop', 'product'], name='stock_commitment_open')],
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='stock_commitment_in_shop'), tenancy.constraints.SameShop('warehouse', name='stock_commitment_warehouse_shop'), tenancy.constraints.SameShop('product', name='stock_commitment_product_shop'), models.UniqueConstraint(fields=('shop', 'key'), name='stock_commitment_key'), models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='stock_commitment_positive')],
            },
        ),
        migrations.CreateModel(
            name='SalesImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('file', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='sales', to='imports.fileimport')),
                ('warehouse', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.warehouse')),
                ('source', models.CharField(blank=True, max_length=60, verbose_name='source')),
                ('known_to', models.DateField(null=True)),
                ('stock_from', models.DateField(null=True)),
                ('sets_opening_date', models.BooleanField(default=False)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='stock_salesimport_in_shop'), tenancy.constraints.SameShop('file', name='stock_salesimport_file_shop'), tenancy.constraints.SameShop('warehouse', name='stock_salesimport_warehouse_shop'), models.UniqueConstraint(fields=('shop', 'file', 'warehouse'), name='stock_salesimport_once')],
            },
        ),
        migrations.CreateModel(
            name='SalesCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('code', models.CharField(max_length=64)),
                ('sku', models.CharField(blank=True, max_length=64)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='stock_salescode_in_shop'), models.UniqueConstraint(fields=('shop', 'code'), name='stock_salescode_code')],
            },
        ),
        migrations.CreateModel(
            name='ImportedPosting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('file_import', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='imports.fileimport')),
                ('posting', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stock.posting')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='stock_importedposting_in_shop'), tenancy.constraints.SameShop('file_import', name='stock_importedposting_file_import_shop'), tenancy.constraints.SameShop('posting', name='stock_importedposting_posting_shop'), models.UniqueConstraint(fields=('shop', 'file_import', 'posting'), name='stock_importedposting_once')],
            },
        ),
        migrations.CreateModel(
            name='HistorySale',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('sales_import', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='history', to='stock.salesimport')),
                ('warehouse', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.warehouse')),
                ('product', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.product')),
                ('day', models.DateField()),
                ('quantity', models.BigIntegerField()),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['shop', 'warehouse', 'product', 'day'], name='stock_history_day')],
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='stock_historysale_in_shop'), tenancy.constraints.SameShop('sales_import', name='stock_historysale_sales_import_shop'), tenancy.constraints.SameShop('warehouse', name='stock_historysale_warehouse_shop'), tenancy.constraints.SameShop('product', name='stock_historysale_product_shop'), models.UniqueConstraint(fields=('shop', 'sales_import', 'warehouse', 'product', 'day'), name='stock_historysale_once')],
            },
        ),
        migrations.CreateModel(
            name='DemandMonth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('warehouse', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.warehouse')),
                ('product', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.product')),
                ('month', models.DateField()),
                ('days', models.JSONField()),
                ('censored', models.JSONField(default=list)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='stock_demandmonth_in_shop'), tenancy.constraints.SameShop('warehouse', name='stock_demandmonth_warehouse_shop'), tenancy.constraints.SameShop('product', name='stock_demandmonth_product_shop'), models.UniqueConstraint(fields=('shop', 'warehouse', 'product', 'month'), name='stock_demandmonth_once')],
            },
        ),
    ]
