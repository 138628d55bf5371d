from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cloud", "0008_link_secret"),
    ]

    operations = [
        migrations.AddField(
            model_name="controller",
            name="standing",
            field=models.JSONField(blank=True, default=None, null=True),
        ),
    ]
