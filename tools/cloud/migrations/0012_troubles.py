from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cloud", "0011_sessions"),
    ]

    operations = [
        migrations.AddField(model_name="alarm", name="said", field=models.JSONField(default=dict)),
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.CharField(
                choices=[
                    ("event", "Event"),
                    ("gap", "Gap in the log"),
                    ("silent", "Controller silent"),
                    ("trouble", "Work left aside"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="alarm",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None), ("kind", "trouble")),
                fields=("controller", "extra"),
                name="alarm_trouble_once",
            ),
        ),
    ]
