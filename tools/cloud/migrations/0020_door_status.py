"""How a controller's doors stand is called its door status."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("cloud", "0019_words"),
    ]

    operations = [
        migrations.RenameField("controller", "standing", "door_status"),
    ]
