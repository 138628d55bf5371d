"""Profile pictures; and with a log-in a place, where an organisation has turned that on."""

import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cloud", "0049_statements"),
    ]

    operations = [
        migrations.AddField(
            model_name="login",
            name="place",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name="tenant",
            name="log_in_places",
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name="Picture",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="picture",
                        serialize=False,
                        to="cloud.person",
                    ),
                ),
                ("content", models.BinaryField(max_length=100000)),
                ("given_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=django.db.models.lookups.LessThanOrEqual(
                            django.db.models.functions.text.Length("content"), 100000
                        ),
                        name="picture_small",
                    )
                ],
            },
        ),
    ]
