from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0001_initial')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Blob',
            name='phash',
            field=fields.CharField(null=True, max_length=16),
        ),
        ops.AddField(
            model_name='Blob',
            name='thumb',
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name='Blob',
            name='traits',
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
    ]
