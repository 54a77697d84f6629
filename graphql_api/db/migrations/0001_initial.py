from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='Blob',
            fields=[
                ('sha256', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('size', fields.BigIntField()),
                ('refs', fields.BigIntField(default=0)),
            ],
            options={'table': 'blob', 'app': 'models', 'indexes': [Index(fields=['refs'], name='blob_refs')], 'pk_attr': 'sha256', 'table_description': 'The bytes of an original in the store, and how many media point at them. With none they wait to be removed.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Team',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(unique=True, max_length=100)),
                ('storage', fields.CharField(unique=True, max_length=16)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'team', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A tenant. `storage` is the first path segment of its image URLs.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ApiKey',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('team', fields.ForeignKeyField('models.Team', source_field='team_id', db_constraint=True, to_field='id', related_name='keys', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=100)),
                ('digest', fields.CharField(unique=True, max_length=64)),
                ('profile', fields.CharField(max_length=8)),
                ('scopes', fields.CharField(max_length=100)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'api_key', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A credential of a team. `digest` is the SHA-256 of the key, in hex. The key itself is nowhere.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Media',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('uid', fields.CharField(unique=True, max_length=16)),
                ('team', fields.ForeignKeyField('models.Team', source_field='team_id', db_constraint=True, to_field='id', related_name='media', on_delete=OnDelete.CASCADE)),
                ('blob', fields.ForeignKeyField('models.Blob', source_field='blob_id', db_index=True, db_constraint=True, to_field='sha256', related_name='media', on_delete=OnDelete.RESTRICT)),
                ('name', fields.CharField(max_length=255)),
                ('caption', fields.TextField(null=True, unique=False)),
                ('alt_text', fields.TextField(null=True, unique=False)),
                ('public', fields.BooleanField()),
                ('format', fields.CharField(max_length=8)),
                ('width', fields.IntField()),
                ('height', fields.IntField()),
                ('frames', fields.IntField()),
                ('has_alpha', fields.BooleanField()),
                ('bytes', fields.BigIntField()),
                ('attributes', fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'media', 'app': 'models', 'indexes': [Index(fields=['team_id', 'created_at', 'id'], name='media_list')], 'pk_attr': 'id', 'table_description': 'One hosted image.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Tag',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('team', fields.ForeignKeyField('models.Team', source_field='team_id', db_constraint=True, to_field='id', related_name='tags', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=50)),
            ],
            options={'table': 'tag', 'app': 'models', 'unique_together': (('team', 'name'),), 'pk_attr': 'id', 'table_description': 'A word that a team puts on media.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='MediaTag',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('media', fields.ForeignKeyField('models.Media', source_field='media_id', db_constraint=True, to_field='id', related_name='media_tags', on_delete=OnDelete.CASCADE)),
                ('tag', fields.ForeignKeyField('models.Tag', source_field='tag_id', db_index=True, db_constraint=True, to_field='id', related_name='media_tags', on_delete=OnDelete.CASCADE)),
                ('position', fields.IntField()),
            ],
            options={'table': 'media_tag', 'app': 'models', 'unique_together': (('media', 'tag'),), 'pk_attr': 'id', 'table_description': 'A tag on a media. `position` keeps the order in which they were given.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='User',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('email', fields.CharField(unique=True, max_length=254)),
                ('password', fields.CharField(null=True, max_length=255)),
                ('admin', fields.BooleanField(default=False)),
                ('team', fields.ForeignKeyField('models.Team', source_field='team_id', null=True, db_constraint=True, to_field='id', related_name='users', on_delete=OnDelete.SET_NULL)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'user_account', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A person. `password` is an argon2id hash, null as long as none was set.'},
            bases=['Model'],
        ),
    ]
