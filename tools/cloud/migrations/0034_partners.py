"""Programs of others, bound to doors."""

import django.db.models.deletion
from django.db import migrations, models

import tools.cloud.sealing


class Migration(migrations.Migration):
    dependencies = [
        ("cloud", "0033_log_ins"),
    ]

    operations = [
        migrations.CreateModel(
            name="Partner",
            fields=[
                (
                    "token",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="partner",
                        serialize=False,
                        to="cloud.apitoken",
                    ),
                ),
                ("scopes", models.JSONField(default=list)),
                ("pseudonym_key", tools.cloud.sealing.SealedField()),
                ("minute", models.PositiveBigIntegerField(default=0)),
                ("in_minute", models.PositiveIntegerField(default=0)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PartnerCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
                ("what", models.CharField(max_length=8)),
                ("count", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
            ],
            options={
                "ordering": ["-hour", "what"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="apitoken",
            name="token_role",
        ),
        migrations.AlterField(
            model_name="apitoken",
            name="role",
            field=models.CharField(
                choices=[
                    ("owner", "Owner"),
                    ("administrator", "Administrator"),
                    ("viewer", "Viewer"),
                    ("guard", "Guard"),
                    ("installer", "Installer"),
                    ("courier", "Courier"),
                    ("receptionist", "Receptionist"),
                    ("auditor", "Auditor"),
                    ("support", "Support"),
                    ("partner", "Partner"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "role__in",
                        [
                            "owner",
                            "administrator",
                            "viewer",
                            "guard",
                            "installer",
                            "courier",
                            "receptionist",
                            "auditor",
                            "support",
                            "partner",
                        ],
                    )
                ),
                name="token_role",
            ),
        ),
        migrations.AddField(
            model_name="partner",
            name="doors",
            field=models.ManyToManyField(blank=True, related_name="partners", to="cloud.door"),
        ),
        migrations.AddField(
            model_name="partnercall",
            name="partner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="calls", to="cloud.partner"
            ),
        ),
        migrations.AddConstraint(
            model_name="partnercall",
            constraint=models.UniqueConstraint(fields=("partner", "hour", "what"), name="partner_call_once"),
        ),
    ]
