from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0003_presets')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Mirror',
            fields=[
                ('digest', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('media', fields.ForeignKeyField('models.Media', source_field='media_id', db_index=True, db_constraint=True, to_field='id', related_name='mirrors', on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'mirror', 'app': 'models', 'pk_attr': 'digest', 'table_description': 'The media that was fetched from an address of another origin. The address is kept as its SHA-256, in hex.'},
            bases=['Model'],
        ),
    ]
