"""Why a log is kept longer than 90 days, and what an alarm was."""

from typing import Any

from django.db import migrations, models


def say_so(apps: Any, schema_editor: Any) -> None:
    """What was chosen before a reason was asked for stays, and says that."""
    for name in ("Tenant", "DoorRules"):
        kept = apps.get_model("cloud", name).objects.filter(retention_days__gt=90, retention_reason="")
        kept.update(retention_reason="Chosen before a reason was asked for.")


class Migration(migrations.Migration):
    dependencies = [
        ("cloud", "0027_allotments"),
    ]

    operations = [
        migrations.AddField(
            model_name="alarm",
            name="note",
            field=models.CharField(blank=True, max_length=200, verbose_name="note"),
        ),
        migrations.AddField(
            model_name="doorrules",
            name="retention_reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="why so long"),
        ),
        migrations.AddField(
            model_name="tenant",
            name="retention_reason",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.RunPython(say_so, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="look",
            name="what",
            field=models.CharField(
                choices=[
                    ("log", "the log"),
                    ("log_file", "the log as a file"),
                    ("export", "an export of all about a person"),
                    ("armed", "a reader armed for a card"),
                    ("learned", "a card read at a door"),
                    ("gave", "a card given that was read at a door"),
                    ("erased", "a person erased"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="doorrules",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("retention_days", None),
                    ("retention_days__lte", 90),
                    models.Q(("retention_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="door_retention_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("retention_days__lte", 90), models.Q(("retention_reason", ""), _negated=True), _connector="OR"
                ),
                name="tenant_retention_reason",
            ),
        ),
    ]
