from tortoise import migrations
from tortoise.migrations import operations as ops
from graphql_api.db.models.media import TrashIndex

class Migration(migrations.Migration):
    dependencies = [('models', '0008_idempotency')]

    initial = False

    operations = [
        ops.AddIndex(
            model_name='Media',
            index=TrashIndex(fields=['team_id', 'created_at', 'id'], name='media_trashed'),
        ),
    ]
