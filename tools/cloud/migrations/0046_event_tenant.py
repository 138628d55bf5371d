"""Whose an event is stands at it, too: filled in here, so that the next step can lean on it."""

import django.db.models.deletion
from django.db import migrations, models

# As SQLite and PostgreSQL both take it: a million rows in one statement.
FILL = (
    "UPDATE cloud_event SET tenant_id = (SELECT site.tenant_id FROM cloud_controller AS board"
    " JOIN cloud_site AS site ON site.id = board.site_id WHERE board.id = cloud_event.controller_id)"
)


class Migration(migrations.Migration):
    dependencies = [("cloud", "0045_erased")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="cloud.tenant",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop, elidable=True),
    ]
