"""What fields and choices are called, in the field's words."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cloud", "0018_twins"),
    ]

    operations = [
        migrations.AlterField(
            model_name="command",
            name="do",
            field=models.CharField(
                choices=[
                    ("release", "Unlock"),
                    ("hold", "Hold unlocked"),
                    ("lockdown", "Lockdown"),
                    ("evacuation", "Evacuation"),
                    ("normal", "Back to normal"),
                    ("identify", "Identify"),
                    ("restart", "Restart"),
                    ("diagnostics", "Diagnostics"),
                    ("learn", "Read a card"),
                    ("commission", "Commissioning"),
                    ("try", "Try the alarm relay"),
                ],
                default="release",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="door",
            name="release_ms",
            field=models.PositiveIntegerField(
                default=5000,
                validators=[
                    django.core.validators.MinValueValidator(500),
                    django.core.validators.MaxValueValidator(60000),
                ],
                verbose_name="unlock time",
            ),
        ),
        migrations.AlterField(
            model_name="doorrules",
            name="extended_ms",
            field=models.PositiveIntegerField(
                blank=True,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(100),
                    django.core.validators.MaxValueValidator(3600000),
                ],
                verbose_name="extended unlock time",
            ),
        ),
        migrations.AlterField(
            model_name="doorrules",
            name="rex",
            field=models.CharField(
                choices=[
                    ("release", "unlocks the door"),
                    ("hold", "unlocks it as long as it is pressed"),
                    ("shunt", "does not unlock, but opening is no alarm"),
                ],
                default="release",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="person",
            name="extended",
            field=models.BooleanField(default=False, verbose_name="doors stay unlocked longer"),
        ),
    ]
