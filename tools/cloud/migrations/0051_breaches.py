"""Breaches of security: what happened, the notices, and what was done."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tools.cloud.sealing


class Migration(migrations.Migration):
    dependencies = [
        ("cloud", "0050_pictures_and_places"),
    ]

    operations = [
        migrations.AlterField(
            model_name="change",
            name="kind",
            field=models.CharField(
                choices=[
                    ("person", "Person"),
                    ("card", "Card"),
                    ("pin", "PIN"),
                    ("duress", "Duress PIN"),
                    ("grant", "Access"),
                    ("group", "Access group"),
                    ("schedule", "Schedule"),
                    ("holiday", "Holiday"),
                    ("door", "Door"),
                    ("area", "Area"),
                    ("site", "Site"),
                    ("controller", "Controller"),
                    ("tenant", "Organisation"),
                    ("member", "Member"),
                    ("token", "API token"),
                    ("link", "Sign-in link"),
                    ("alarm", "Alarm"),
                    ("rollout", "Update"),
                    ("delivery", "Delivery"),
                    ("allotment", "Own compartment"),
                    ("help", "Request for help"),
                    ("request", "Request about one’s own data"),
                    ("breach", "Breach of security"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="look",
            name="what",
            field=models.CharField(
                choices=[
                    ("log", "the log"),
                    ("log_file", "the log as a file"),
                    ("doors", "who passed last, at the doors"),
                    ("export", "an export of all about a person"),
                    ("armed", "a reader armed for a card"),
                    ("learned", "a card read at a door"),
                    ("gave", "a card given that was read at a door"),
                    ("erased", "a person erased"),
                    ("breach", "whom a breach concerns"),
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="Breach",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("whole", "The whole organisation"),
                            ("account", "An account"),
                            ("controller", "A controller"),
                            ("token", "An API token or partner"),
                        ],
                        max_length=10,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("known_at", models.DateTimeField()),
                ("said", tools.cloud.sealing.SealedField(default=b"")),
                ("consequences", tools.cloud.sealing.SealedField(default=b"")),
                ("measures", tools.cloud.sealing.SealedField(default=b"")),
                ("opened_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "controller",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="cloud.controller"
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="breaches", to="cloud.tenant"
                    ),
                ),
                (
                    "token",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="cloud.apitoken"
                    ),
                ),
            ],
            options={
                "ordering": ["-known_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="BreachEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("opened", "Opened"),
                            ("changed", "Described anew"),
                            ("list", "List of people taken"),
                            ("authority", "The authority was told"),
                            ("no authority", "The authority need not be told"),
                            ("people", "People were told"),
                            ("no people", "People need not be told"),
                            ("note", "Note"),
                            ("closed", "Closed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("happened_at", models.DateTimeField(null=True)),
                ("note", tools.cloud.sealing.SealedField(default=b"")),
                ("counts", models.JSONField(default=dict)),
                (
                    "breach",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="entries", to="cloud.breach"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="BreachNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "to",
                    models.CharField(
                        choices=[("authority", "To the authority"), ("people", "To the people")], max_length=10
                    ),
                ),
                ("language", models.CharField(choices=[("nb", "Norwegian"), ("en", "English")], max_length=5)),
                ("text", tools.cloud.sealing.SealedField()),
                ("saved_at", models.DateTimeField()),
                (
                    "breach",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="cloud.breach"
                    ),
                ),
                (
                    "saved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["to", "language"],
            },
        ),
        migrations.AddIndex(
            model_name="breach",
            index=models.Index(fields=["tenant", "closed_at"], name="breach_of_tenant"),
        ),
        migrations.AddConstraint(
            model_name="breach",
            constraint=models.CheckConstraint(
                condition=models.Q(("until", None), ("until__gt", models.F("since")), _connector="OR"),
                name="breach_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="breach",
            constraint=models.CheckConstraint(
                condition=models.Q(("scope__in", ["whole", "account", "controller", "token"])), name="breach_scope"
            ),
        ),
        migrations.AddConstraint(
            model_name="breachnotice",
            constraint=models.UniqueConstraint(fields=("breach", "to", "language"), name="breach_notice_once"),
        ),
    ]
