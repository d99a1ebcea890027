import catalog.models
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
            name='TaxRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('rate', models.PositiveIntegerField(validators=[django.core.validators.MaxValueValidator(10000)], verbose_name='rate, %')),
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
            ],
            options={
                'ordering': ['rate', 'name'],
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_taxrate_in_shop'), models.UniqueConstraint(fields=('shop', 'name'), name='catalog_taxrate_name')],
            },
        ),
        migrations.CreateModel(
            name='CurrencyRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('currency', models.CharField(max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'Write the currency as three letters, like EUR.')], verbose_name='currency')),
                ('day', models.DateField(verbose_name='from')),
                ('rate', models.BigIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='rate')),
            ],
            options={
                'ordering': ['currency', '-day'],
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_currencyrate_in_shop'), models.UniqueConstraint(fields=('shop', 'currency', 'day'), name='catalog_currencyrate_day')],
            },
        ),
        migrations.CreateModel(
            name='Family',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
            ],
            options={
                'verbose_name_plural': 'families',
                'ordering': ['name'],
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_family_in_shop'), models.UniqueConstraint(fields=('shop', 'name'), name='catalog_family_name')],
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
                ('sales_tax', tenancy.constraints.ShopForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.taxrate', verbose_name='tax when sold')),
                ('purchase_tax', tenancy.constraints.ShopForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.taxrate', verbose_name='tax when bought')),
                ('state', models.CharField(choices=[('active', 'Active'), ('discontinued', 'Discontinued'), ('archived', 'Archived')], default='active', max_length=15, verbose_name='state')),
                ('family', tenancy.constraints.ShopForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='products', to='catalog.family')),
                ('size', models.CharField(blank=True, max_length=40, verbose_name='size')),
                ('colour', models.CharField(blank=True, max_length=40, verbose_name='colour')),
                ('replaced_by', tenancy.constraints.ShopForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaces', to='catalog.product', verbose_name='replaced by')),
                ('sells_like', tenancy.constraints.ShopForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.product', verbose_name='sells like')),
                ('shelf_life_days', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='shelf life, days')),
                ('volume', models.BigIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0)], verbose_name='storage volume, ml')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['sku_key'],
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['shop', 'name_key'], name='catalog_product_by_name')],
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_product_in_shop'), tenancy.constraints.SameShop('category', name='catalog_product_category_shop'), tenancy.constraints.SameShop('sales_tax', name='catalog_product_sales_tax_shop'), tenancy.constraints.SameShop('purchase_tax', name='catalog_product_purchase_tax_shop'), tenancy.constraints.SameShop('family', name='catalog_product_family_shop'), tenancy.constraints.SameShop('replaced_by', name='catalog_product_replaced_by_shop'), tenancy.constraints.SameShop('sells_like', name='catalog_product_sells_like_shop'), models.UniqueConstraint(fields=('shop', 'sku_key'), name='catalog_product_sku', violation_error_code='sku_taken', violation_error_message='A product with this SKU exists already.')],
            },
        ),
        migrations.CreateModel(
            name='ProductWord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('product', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='words', to='catalog.product')),
                ('word', common.search_key.SearchWordField(max_length=64)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['shop', 'word', 'product'], name='catalog_word_found')],
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_productword_in_shop'), tenancy.constraints.SameShop('product', name='catalog_productword_product_shop'), models.UniqueConstraint(fields=('shop', 'product', 'word'), name='catalog_word_once')],
            },
        ),
        migrations.CreateModel(
            name='ProductPicture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('product', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='pictures', to='catalog.product')),
                ('content', models.BinaryField()),
                ('digest', models.CharField(max_length=64)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_productpicture_in_shop'), tenancy.constraints.SameShop('product', name='catalog_productpicture_product_shop'), models.UniqueConstraint(fields=('shop', 'product'), name='catalog_picture_once')],
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
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
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
                ('contact_name', models.CharField(blank=True, max_length=120, verbose_name='contact')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='telephone')),
                ('language', models.CharField(default='en', max_length=10, verbose_name='language')),
                ('address', models.TextField(blank=True, max_length=500, verbose_name='address')),
                ('currency', models.CharField(blank=True, max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'Write the currency as three letters, like EUR.')], verbose_name='currency')),
                ('lead_time_days', models.PositiveSmallIntegerField(default=7, verbose_name='lead time, days')),
                ('review_days', models.PositiveSmallIntegerField(default=7, validators=[django.core.validators.MinValueValidator(1)], verbose_name='days between orders')),
                ('order_days', models.JSONField(blank=True, default=list, validators=[catalog.models.validate_weekdays], verbose_name='order days')),
                ('order_cut_off', models.TimeField(blank=True, null=True, verbose_name='order by')),
                ('minimum_order_value', models.BigIntegerField(default=0, validators=[django.core.validators.MinValueValidator(0)], verbose_name='minimum order value')),
                ('freight', models.BigIntegerField(default=0, validators=[django.core.validators.MinValueValidator(0)], verbose_name='freight per order')),
                ('free_freight_from', models.BigIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0)], verbose_name='free freight from')),
                ('order_cost', models.BigIntegerField(default=0, validators=[django.core.validators.MinValueValidator(0)], verbose_name='cost of placing an order')),
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
            ],
            options={
                'ordering': ['name'],
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_supplier_in_shop'), models.UniqueConstraint(fields=('shop', 'name'), name='catalog_supplier_name')],
            },
        ),
        migrations.CreateModel(
            name='SupplierClosure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('supplier', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='closures', to='catalog.supplier')),
                ('first_day', models.DateField(verbose_name='first day')),
                ('last_day', models.DateField(verbose_name='last day')),
                ('note', models.CharField(blank=True, max_length=120, verbose_name='note')),
            ],
            options={
                'ordering': ['first_day'],
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_supplierclosure_in_shop'), tenancy.constraints.SameShop('supplier', name='catalog_supplierclosure_supplier_shop'), models.UniqueConstraint(fields=('shop', 'supplier', 'first_day'), name='catalog_closure_once'), models.CheckConstraint(condition=models.Q(('last_day__gte', models.F('first_day'))), name='catalog_closure_forward')],
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
        migrations.CreateModel(
            name='PriceBreak',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('terms', tenancy.constraints.ShopForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='breaks', to='catalog.supplierproduct')),
                ('minimum_quantity', models.BigIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='from')),
                ('unit_cost', models.BigIntegerField(validators=[django.core.validators.MinValueValidator(0)], verbose_name='unit cost')),
            ],
            options={
                'ordering': ['minimum_quantity'],
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='catalog_pricebreak_in_shop'), tenancy.constraints.SameShop('terms', name='catalog_pricebreak_terms_shop'), models.UniqueConstraint(fields=('shop', 'terms', 'minimum_quantity'), name='catalog_pricebreak_once')],
            },
        ),
    ]
