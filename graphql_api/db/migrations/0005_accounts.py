from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0004_mirror')]

    initial = False

    operations = [
        ops.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('team', fields.ForeignKeyField('models.Team', source_field='team_id', null=True, db_constraint=True, to_field='id', related_name='audit_events', on_delete=OnDelete.CASCADE)),
                ('action', fields.CharField(max_length=40)),
                ('actor', fields.CharField(max_length=300)),
                ('subject', fields.CharField(max_length=300)),
                ('address', fields.CharField(max_length=64)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'audit_event', 'app': 'models', 'indexes': [Index(fields=['team_id', 'id'], name='audit_list')], 'pk_attr': 'id', 'table_description': 'Something that matters for security was done. Who and what are texts: they outlive what they name.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Invitation',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('team', fields.ForeignKeyField('models.Team', source_field='team_id', db_constraint=True, to_field='id', related_name='invitations', on_delete=OnDelete.CASCADE)),
                ('email', fields.CharField(max_length=254)),
                ('role', fields.CharField(max_length=16)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'invitation', 'app': 'models', 'unique_together': (('team', 'email'),), 'pk_attr': 'id', 'table_description': 'A seat in a team for whoever has this address.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Membership',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('team', fields.ForeignKeyField('models.Team', source_field='team_id', db_constraint=True, to_field='id', related_name='memberships', on_delete=OnDelete.CASCADE)),
                ('user', fields.ForeignKeyField('models.User', source_field='user_id', db_index=True, db_constraint=True, to_field='id', related_name='memberships', on_delete=OnDelete.CASCADE)),
                ('role', fields.CharField(max_length=16)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'membership', 'app': 'models', 'unique_together': (('team', 'user'),), 'pk_attr': 'id', 'table_description': 'A person in a team.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Session',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('user', fields.ForeignKeyField('models.User', source_field='user_id', db_index=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.CASCADE)),
                ('team', fields.ForeignKeyField('models.Team', source_field='team_id', null=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.SET_NULL)),
                ('digest', fields.CharField(null=True, unique=True, max_length=64)),
                ('address', fields.CharField(max_length=64)),
                ('agent', fields.CharField(max_length=200)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('last_used_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'session', 'app': 'models', 'pk_attr': 'id', 'table_description': 'Somebody has signed in: with a cookie, whose digest it has, or with tokens (table `refresh_token`).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='RefreshToken',
            fields=[
                ('digest', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('session', fields.ForeignKeyField('models.Session', source_field='session_id', db_index=True, db_constraint=True, to_field='id', related_name='refresh_tokens', on_delete=OnDelete.CASCADE)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'refresh_token', 'app': 'models', 'pk_attr': 'digest', 'table_description': 'A refresh token by its digest. Used ones stay: one that comes back was stolen, and ends its session.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Usage',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('team', fields.OneToOneField('models.Team', source_field='team_id', db_constraint=True, to_field='id', related_name='usage', on_delete=OnDelete.CASCADE)),
                ('month', fields.CharField(max_length=7)),
                ('uploads', fields.BigIntField()),
                ('images', fields.BigIntField()),
                ('bytes', fields.BigIntField()),
            ],
            options={'table': 'usage', 'app': 'models', 'pk_attr': 'id', 'table_description': 'What a team has used: uploads of a month (`2026-11`), images and bytes that are kept.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='ApiKey',
            name='expires_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='ApiKey',
            name='last_used_address',
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddField(
            model_name='ApiKey',
            name='last_used_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='ApiKey',
            name='user',
            field=fields.ForeignKeyField('models.User', source_field='user_id', null=True, db_constraint=True, to_field='id', related_name='keys', on_delete=OnDelete.CASCADE),
        ),
        ops.AlterModelOptions(
            name='Media',
            options={'table': 'media', 'app': 'models', 'indexes': [Index(fields=['team_id', 'created_at', 'id'], name='media_list'), Index(fields=['expires_at'], name='media_expiry'), Index(fields=['deleted_at'], name='media_trash')], 'pk_attr': 'id', 'table_description': 'One hosted image. One with `deleted_at` is in the trash. `test` ones were made with a test key.'},
        ),
        ops.AddField(
            model_name='Media',
            name='deleted_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Media',
            name='test',
            field=fields.BooleanField(db_default=False),
        ),
        ops.AddIndex(
            model_name='Media',
            index=Index(fields=['expires_at'], name='media_expiry'),
        ),
        ops.AddIndex(
            model_name='Media',
            index=Index(fields=['deleted_at'], name='media_trash'),
        ),
        ops.AlterModelOptions(
            name='Team',
            options={'table': 'team', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A tenant. `storage` is the first path segment of its image URLs. One with `deleted_at` is being erased.'},
        ),
        ops.AddField(
            model_name='Team',
            name='deleted_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Team',
            name='plan',
            field=fields.CharField(db_default='', max_length=32),
        ),
        ops.AlterModelOptions(
            name='User',
            options={'table': 'user_account', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A person. `password` is an argon2id hash, null as long as none was set. `team` is where they begin to work.'},
        ),
        ops.AddField(
            model_name='User',
            name='epoch',
            field=fields.IntField(db_default=0),
        ),
        ops.AddField(
            model_name='User',
            name='name',
            field=fields.CharField(db_default='', max_length=100),
        ),
        ops.AddField(
            model_name='User',
            name='status',
            field=fields.CharField(db_default='active', max_length=16),
        ),
        ops.AddField(
            model_name='User',
            name='verified_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        # Whoever had a team owns it, and what is kept counts from now on.
        ops.RunSQL(
            "INSERT INTO membership (team_id, user_id, role, created_at) "
            "SELECT team_id, id, 'owner', created_at FROM user_account WHERE team_id IS NOT NULL"
        ),
        ops.RunSQL("UPDATE team SET plan = 'unlimited'"),  # as it was for them until now
        ops.RunSQL(
            "INSERT INTO usage (team_id, month, uploads, images, bytes) "
            "SELECT team.id, '', 0, COUNT(media.id), COALESCE(SUM(media.bytes), 0) "
            "FROM team LEFT JOIN media ON media.team_id = team.id GROUP BY team.id"
        ),
    ]
