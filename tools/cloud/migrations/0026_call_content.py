import json

from django.db import migrations, models


def keep(apps, schema_editor):
    """What waits gets the content that it would have been sent with."""
    waiting = apps.get_model("cloud", "WebhookCall").objects.filter(state="waiting")
    for call in waiting.select_related("delivery").defer("delivery__about"):
        row = call.delivery
        data = {"delivery": row.pk, "reference": row.reference, "bank": row.bank_id, "compartment": row.compartment}
        said = {"type": f"delivery.{call.kind.replace(' ', '_')}", "timestamp": call.at.isoformat(), "data": data}
        call.content = json.dumps(said, separators=(",", ":"), sort_keys=True)
        call.save(update_fields=["content"])


class Migration(migrations.Migration):
    dependencies = [
        ("cloud", "0025_couriers"),
    ]

    operations = [
        migrations.AddField(
            model_name="webhookcall",
            name="content",
            field=models.TextField(default=""),
        ),
        migrations.RunPython(keep, migrations.RunPython.noop, elidable=True),
    ]
