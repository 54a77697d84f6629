from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0009_trash_index')]

    initial = False

    operations = [
        ops.AddField(
            model_name='IdempotencyKey',
            name='done',
            field=fields.BooleanField(db_default=False),
        ),
    ]
