"""Privacy statements, and the address of each organisation's: another one for each of those that are there."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from tools.cloud.models.accounts import statement_key


def give_keys(apps: Any, editor: Any) -> None:
    for tenant in apps.get_model("cloud", "Tenant").objects.using(editor.connection.alias).all():
        tenant.statement_key = statement_key()
        tenant.save(update_fields=["statement_key"])


class Migration(migrations.Migration):
    dependencies = [("cloud", "0048_provider_logout")]

    operations = [
        migrations.AddField("tenant", "privacy_contact", models.CharField(blank=True, default="", max_length=200)),
        migrations.AlterField("tenant", "privacy_contact", models.CharField(blank=True, max_length=200)),
        migrations.AddField("tenant", "statement_key", models.CharField(max_length=22, null=True)),
        migrations.RunPython(give_keys, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            "tenant",
            "statement_key",
            models.CharField(default=statement_key, editable=False, max_length=22, unique=True),
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("content", models.JSONField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="statements", to="cloud.tenant"
                    ),
                ),
            ],
            options={"ordering": ["-number"]},
        ),
        migrations.AddConstraint(
            "statement", models.UniqueConstraint(fields=("tenant", "number"), name="statement_number")
        ),
    ]
