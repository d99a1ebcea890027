import django.db.models.deletion
import django.utils.timezone
import tenancy.context
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenancy', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shop', models.ForeignKey(db_index=False, default=tenancy.context.require_shop_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.shop')),
                ('kind', models.CharField(max_length=40)),
                ('key', models.CharField(max_length=120)),
                ('arguments', models.JSONField(blank=True, default=dict)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed, will be tried again'), ('cancelled', 'Cancelled'), ('parked', 'Parked')], default='queued', max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0)),
                ('message', models.CharField(blank=True, max_length=300)),
                ('log', models.TextField(blank=True)),
                ('result', models.JSONField(blank=True, null=True)),
                ('cancel_requested', models.BooleanField(default=False)),
                ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['shop', '-created_at'], name='jobs_job_newest')],
                'constraints': [models.UniqueConstraint(fields=('shop', 'id'), name='jobs_job_in_shop'), models.UniqueConstraint(fields=('shop', 'kind', 'key'), name='jobs_job_once')],
            },
        ),
        migrations.CreateModel(
            name='Lease',
            fields=[
                ('job_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('shop_id', models.BigIntegerField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('holder', models.CharField(blank=True, max_length=120)),
                ('delivery_id', models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Beat',
            fields=[
                ('name', models.CharField(max_length=120, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
        ),
    ]
