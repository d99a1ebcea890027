import common.search_key
import django.core.validators
import django.db.models.deletion
import tenancy.constraints
import tenancy.context
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenancy', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Category',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
            ],
            options={
                'verbose_name_plural': 'categories',
                'ordering': ['name'],
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_category_in_shop'), models.UniqueConstraint(fields=('shop', 'name'), name='catalog_category_name')],
            },
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('sku', models.CharField(max_length=64, verbose_name='SKU')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('sku_key', common.search_key.SearchKeyField(editable=False, of='sku')),
                ('name_key', common.search_key.SearchKeyField(editable=False, of='name')),
                ('category', tenancy.constraints.ShopForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='products', to='catalog.category')),
                ('unit', models.CharField(default='piece', max_length=20, verbose_name='stock unit')),
                ('has_decimals', models.BooleanField(default=False, verbose_name='sold in parts of a unit')),
                ('price', models.BigIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0)], verbose_name='price')),
                ('cost', models.BigIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0)], verbose_name='cost')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['sku_key'],
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['shop', 'name_key'], name='catalog_product_by_name')],
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_product_in_shop'), tenancy.constraints.SameShop('category', name='catalog_product_category_shop'), models.UniqueConstraint(fields=('shop', 'sku_key'), name='catalog_product_sku', violation_error_code='sku_taken', violation_error_message='A product with this SKU exists already.')],
            },
        ),
        migrations.CreateModel(
            name='Barcode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('product', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='barcodes', to='catalog.product')),
                ('code', models.CharField(max_length=64, verbose_name='barcode')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['shop', 'product'], name='catalog_barcode_product')],
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_barcode_in_shop'), tenancy.constraints.SameShop('product', name='catalog_barcode_product_shop'), models.UniqueConstraint(fields=('shop', 'code'), name='catalog_barcode_code')],
            },
        ),
        migrations.CreateModel(
            name='Warehouse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('code', models.CharField(max_length=20, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('address', models.TextField(blank=True, max_length=500, verbose_name='delivery address')),
                ('opening_date', models.DateField(blank=True, null=True, verbose_name='stock is kept from')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
            ],
            options={
                'ordering': ['code'],
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_warehouse_in_shop'), models.UniqueConstraint(fields=('shop', 'code'), name='catalog_warehouse_code')],
            },
        ),
        migrations.CreateModel(
            name='Location',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('warehouse', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='locations', to='catalog.warehouse')),
                ('code', models.CharField(max_length=40, verbose_name='code')),
            ],
            options={
                'ordering': ['code'],
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_location_in_shop'), tenancy.constraints.SameShop('warehouse', name='catalog_location_warehouse_shop'), models.UniqueConstraint(fields=('shop', 'warehouse', 'code'), name='catalog_location_code')],
            },
        ),
        migrations.CreateModel(
            name='Supplier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail for orders')),
                ('language', models.CharField(default='en', max_length=10, verbose_name='language')),
                ('address', models.TextField(blank=True, max_length=500, verbose_name='address')),
                ('lead_time_days', models.PositiveSmallIntegerField(default=7, verbose_name='lead time, days')),
                ('review_days', models.PositiveSmallIntegerField(default=7, validators=[django.core.validators.MinValueValidator(1)], verbose_name='days between orders')),
                ('minimum_order_value', models.BigIntegerField(default=0, validators=[django.core.validators.MinValueValidator(0)], verbose_name='minimum order value')),
                ('order_cost', models.BigIntegerField(default=0, validators=[django.core.validators.MinValueValidator(0)], verbose_name='cost of placing an order')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
            ],
            options={
                'ordering': ['name'],
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_supplier_in_shop'), models.UniqueConstraint(fields=('shop', 'name'), name='catalog_supplier_name')],
            },
        ),
        migrations.CreateModel(
            name='SupplierProduct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('supplier', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='terms', to='catalog.supplier')),
                ('product', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='terms', to='catalog.product')),
                ('supplier_code', models.CharField(blank=True, max_length=64, verbose_name='their code')),
                ('unit_cost', models.BigIntegerField(validators=[django.core.validators.MinValueValidator(0)], verbose_name='unit cost')),
                ('pack', models.BigIntegerField(default=1000, validators=[django.core.validators.MinValueValidator(1)], verbose_name='pack')),
                ('minimum_quantity', models.BigIntegerField(default=0, validators=[django.core.validators.MinValueValidator(0)], verbose_name='MOQ')),
                ('priority', models.PositiveSmallIntegerField(default=1, verbose_name='priority')),
            ],
            options={
                'ordering': ['priority', 'id'],
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['shop', 'product'], name='catalog_terms_by_product')],
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_supplierproduct_in_shop'), tenancy.constraints.SameShop('supplier', name='catalog_supplierproduct_supplier_shop'), tenancy.constraints.SameShop('product', name='catalog_supplierproduct_product_shop'), models.UniqueConstraint(fields=('shop', 'supplier', 'product'), name='catalog_supplierproduct_once')],
            },
        ),
    ]
