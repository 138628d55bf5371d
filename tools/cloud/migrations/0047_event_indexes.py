"""What pages ask for: the newest events of a tenant, those of its days and of a card; people in the order of the list."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cloud", "0046_event_tenant")]

    operations = [
        migrations.AlterField(
            model_name="event",
            name="tenant",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cloud.tenant"
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="credential",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="events",
                to="cloud.credential",
            ),
        ),
        migrations.RemoveIndex("event", "event_of_door"),
        migrations.AddIndex(
            "event", models.Index(fields=["controller", "door_number", "-id", "code"], name="event_at_door")
        ),
        migrations.AddIndex("event", models.Index(fields=["tenant", "-id"], name="event_of_tenant")),
        migrations.AddIndex("event", models.Index(fields=["tenant", "utc"], name="event_of_day")),
        migrations.AddIndex("event", models.Index(fields=["credential", "-id"], name="event_of_credential")),
        migrations.AddIndex(
            "person", models.Index(fields=["tenant", "-active", "name", "id"], name="person_of_tenant")
        ),
        migrations.AddIndex("command", models.Index(fields=["requested_at"], name="command_requested")),
    ]
