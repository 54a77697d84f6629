from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('models', '0005_accounts')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Label',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('media', fields.ForeignKeyField('models.Media', source_field='media_id', db_constraint=True, to_field='id', related_name='labels', on_delete=OnDelete.CASCADE)),
                ('team', fields.ForeignKeyField('models.Team', source_field='team_id', db_constraint=True, to_field='id', related_name='labels', on_delete=OnDelete.CASCADE)),
                ('key', fields.CharField(max_length=64)),
                ('value', fields.CharField(max_length=128)),
            ],
            options={'table': 'label', 'app': 'models', 'unique_together': (('media', 'key'),), 'indexes': [Index(fields=['team_id', 'key', 'value'], name='label_find')], 'pk_attr': 'id', 'table_description': 'A short value under a key, which lists are filtered by.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Media',
            name='external_id',
            field=fields.CharField(null=True, max_length=255),
        ),
        ops.AddField(
            model_name='Media',
            name='focal_x',
            field=fields.FloatField(null=True),
        ),
        ops.AddField(
            model_name='Media',
            name='focal_y',
            field=fields.FloatField(null=True),
        ),
        ops.AddField(
            model_name='Media',
            name='operation',
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddField(
            model_name='Media',
            name='parent',
            field=fields.ForeignKeyField('models.Media', source_field='parent_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name='derived', on_delete=OnDelete.SET_NULL),
        ),
        ops.AddField(
            model_name='Media',
            name='source',
            field=fields.CharField(db_default='upload', max_length=16),
        ),
        ops.AddField(
            model_name='Media',
            name='source_url',
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddIndex(
            model_name='Media',
            index=Index(fields=['team_id', 'updated_at', 'id'], name='media_updated'),
        ),
        ops.AddIndex(
            model_name='Media',
            index=Index(fields=['team_id', 'bytes', 'id'], name='media_bytes'),
        ),
        ops.AddIndex(
            model_name='Media',
            index=Index(fields=['team_id', 'name', 'id'], name='media_name'),
        ),
        ops.AddConstraint(
            model_name='Media',
            constraint=UniqueConstraint(fields=('team_id', 'test', 'external_id'), name='media_external_id'),
        ),
    ]
