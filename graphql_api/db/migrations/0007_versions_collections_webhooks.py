from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0006_library')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Collection',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('team', fields.ForeignKeyField('models.Team', source_field='team_id', db_constraint=True, to_field='id', related_name='collections', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=100)),
                ('description', fields.TextField(null=True, unique=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'collection', 'app': 'models', 'unique_together': (('team', 'name'),), 'pk_attr': 'id', 'table_description': 'Media that a team has put together, under a name.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='CollectionMedia',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('collection', fields.ForeignKeyField('models.Collection', source_field='collection_id', db_constraint=True, to_field='id', related_name='members', on_delete=OnDelete.CASCADE)),
                ('media', fields.ForeignKeyField('models.Media', source_field='media_id', db_index=True, db_constraint=True, to_field='id', related_name='memberships', on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'collection_media', 'app': 'models', 'unique_together': (('collection', 'media'),), 'pk_attr': 'id', 'table_description': 'A media in a collection.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='MediaVersion',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('media', fields.ForeignKeyField('models.Media', source_field='media_id', db_constraint=True, to_field='id', related_name='versions', on_delete=OnDelete.CASCADE)),
                ('number', fields.IntField()),
                ('blob', fields.ForeignKeyField('models.Blob', source_field='blob_id', db_index=True, db_constraint=True, to_field='sha256', related_name='media_versions', on_delete=OnDelete.RESTRICT)),
                ('format', fields.CharField(max_length=8)),
                ('width', fields.IntField()),
                ('height', fields.IntField()),
                ('frames', fields.IntField()),
                ('has_alpha', fields.BooleanField()),
                ('transformable', fields.BooleanField()),
                ('bytes', fields.BigIntField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'media_version', 'app': 'models', 'unique_together': (('media', 'number'),), 'pk_attr': 'id', 'table_description': 'What a media was before its file was replaced. Its bytes count as those of any media.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Webhook',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('team', fields.ForeignKeyField('models.Team', source_field='team_id', db_index=True, db_constraint=True, to_field='id', related_name='webhooks', on_delete=OnDelete.CASCADE)),
                ('url', fields.TextField(unique=False)),
                ('events', fields.CharField(max_length=300)),
                ('secret', fields.CharField(max_length=64)),
                ('active', fields.BooleanField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'webhook', 'app': 'models', 'pk_attr': 'id', 'table_description': "An address of a team's own that is told of events. What is sent there is signed with its `secret`."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('webhook', fields.ForeignKeyField('models.Webhook', source_field='webhook_id', db_constraint=True, to_field='id', related_name='deliveries', on_delete=OnDelete.CASCADE)),
                ('event', fields.CharField(max_length=40)),
                ('payload', fields.TextField(unique=False)),
                ('attempts', fields.IntField()),
                ('due_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('status', fields.IntField(null=True)),
                ('failure', fields.CharField(null=True, max_length=200)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('delivered_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'webhook_delivery', 'app': 'models', 'indexes': [Index(fields=['due_at'], name='webhook_due'), Index(fields=['webhook_id', 'created_at', 'id'], name='webhook_log')], 'pk_attr': 'id', 'table_description': 'An event on its way to a webhook, written in the transaction of what it tells of.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Media',
            name='replaced_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Media',
            name='shown_version',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='Media',
            name='version',
            field=fields.IntField(db_default=1),
        ),
    ]
