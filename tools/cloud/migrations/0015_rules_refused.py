"""What a board says is wrong with rules that it refuses."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cloud", "0014_uses")]

    operations = [
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.CheckConstraint(
                condition=models.Q(("uses", None), models.Q(("uses__gte", 1), ("uses__lte", 100)), _connector="OR"),
                name="grant_uses",
            ),
        ),
        migrations.AddField("controller", "rules_fault", models.CharField(blank=True, max_length=200)),
        migrations.AddField("controller", "rules_refused", models.PositiveBigIntegerField(default=0)),
    ]
