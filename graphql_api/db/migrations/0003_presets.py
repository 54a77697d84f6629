from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0002_blob_traits')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Preset',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('team', fields.ForeignKeyField('models.Team', source_field='team_id', db_constraint=True, to_field='id', related_name='presets', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=64)),
                ('query', fields.TextField(unique=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'preset', 'app': 'models', 'unique_together': (('team', 'name'),), 'pk_attr': 'id', 'table_description': 'A transform with a name. `query` is what it means, as a native query says it.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Media',
            name='transformable',
            field=fields.BooleanField(db_default=True),
        ),
    ]
