"""Two boards with one settings.json are told."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cloud", "0017_presence")]

    operations = [
        migrations.AddField("controller", "log_epoch_before", models.PositiveBigIntegerField(blank=True, null=True)),
        migrations.AlterField(
            "alarm",
            "kind",
            models.CharField(
                choices=[
                    ("event", "Event"),
                    ("gap", "Gap in the log"),
                    ("silent", "Controller silent"),
                    ("trouble", "Work left aside"),
                    ("twins", "Two boards with one identity"),
                ],
                max_length=8,
            ),
        ),
    ]
