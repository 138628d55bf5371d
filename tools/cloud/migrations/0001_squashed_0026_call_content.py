"""All tables of a new cloud end in one step. Databases that went the single steps count as having it."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import tools.cloud.models.lockers
import tools.cloud.sealing


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("cloud", "0001_first"),
        ("cloud", "0002_lost"),
        ("cloud", "0003_commands_chain_updates"),
        ("cloud", "0004_rules"),
        ("cloud", "0005_alarms_privacy"),
        ("cloud", "0006_broker_accounts"),
        ("cloud", "0007_readings"),
        ("cloud", "0008_link_secret"),
        ("cloud", "0009_standing"),
        ("cloud", "0010_sealed"),
        ("cloud", "0011_sessions"),
        ("cloud", "0012_troubles"),
        ("cloud", "0013_access"),
        ("cloud", "0014_uses"),
        ("cloud", "0015_rules_refused"),
        ("cloud", "0016_erased"),
        ("cloud", "0017_presence"),
        ("cloud", "0018_twins"),
        ("cloud", "0019_words"),
        ("cloud", "0020_door_status"),
        ("cloud", "0021_changes"),
        ("cloud", "0022_invitations"),
        ("cloud", "0023_lockers"),
        ("cloud", "0024_delivery_words"),
        ("cloud", "0025_couriers"),
        ("cloud", "0026_call_content"),
    ]

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="e-mail")),
                ("name", models.CharField(blank=True, max_length=100, verbose_name="name")),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AccessGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("pin", models.BooleanField(default=False, verbose_name="the card alone is never enough")),
                ("hold", models.BooleanField(default=False, verbose_name="a door they opened may stand open")),
                ("office", models.BooleanField(default=False, verbose_name="two taps switch the office mode")),
                (
                    "exempt",
                    models.BooleanField(
                        default=False, verbose_name="anti-passback, limits and interlocks do not count"
                    ),
                ),
                ("lockdown", models.BooleanField(default=False, verbose_name="pass during lockdown")),
                (
                    "no_clock",
                    models.BooleanField(default=False, verbose_name="pass while the controller does not know the time"),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Credential",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("card", "Card"), ("pin", "PIN"), ("duress", "Duress PIN")],
                        default="card",
                        max_length=8,
                    ),
                ),
                (
                    "bits",
                    models.PositiveSmallIntegerField(
                        default=26,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(4),
                            django.core.validators.MaxValueValidator(64),
                        ],
                        verbose_name="bits",
                    ),
                ),
                ("number", models.PositiveBigIntegerField(null=True, verbose_name="number")),
                ("sealed", models.BinaryField(null=True)),
                ("mark", models.CharField(blank=True, max_length=64)),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("valid_until", models.DateTimeField(blank=True, null=True, verbose_name="valid until")),
            ],
            options={
                "ordering": ["person", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("extended", models.BooleanField(default=False, verbose_name="doors stay unlocked longer")),
                (
                    "escort",
                    models.CharField(
                        blank=True,
                        choices=[("needs", "Passes only with an escort"), ("gives", "Escorts others")],
                        max_length=8,
                        verbose_name="escort",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Progress",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("value", models.PositiveBigIntegerField(default=0)),
                ("at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("build", models.CharField(max_length=64, unique=True)),
                ("folder", models.CharField(max_length=500)),
                ("size", models.PositiveIntegerField()),
                ("added_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Site",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("zone", models.CharField(default="Europe/Oslo", max_length=64, verbose_name="time zone")),
            ],
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("administrator", "Administrator"),
                            ("viewer", "Viewer"),
                            ("guard", "Guard"),
                            ("installer", "Installer"),
                            ("courier", "Courier"),
                        ],
                        max_length=16,
                    ),
                ),
                ("hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Controller",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("public_id", models.CharField(max_length=16, unique=True)),
                ("link_secret", tools.cloud.sealing.SealedField()),
                ("next_secret", tools.cloud.sealing.SealedField(null=True)),
                ("secret_at", models.DateTimeField(blank=True, null=True)),
                ("secrets_held", models.PositiveSmallIntegerField(default=1)),
                ("table_key", tools.cloud.sealing.SealedField()),
                ("broker_key", tools.cloud.sealing.SealedField(default=b"")),
                ("board", models.JSONField()),
                ("enrolled_at", models.DateTimeField()),
                ("lost_at", models.DateTimeField(blank=True, null=True)),
                ("acl_version", models.PositiveBigIntegerField(default=0)),
                ("acl_digest", models.CharField(default="0000000000000000", max_length=16)),
                ("acl_due", models.DateTimeField(blank=True, null=True)),
                ("rules_version", models.PositiveBigIntegerField(default=0)),
                ("rules_refused", models.PositiveBigIntegerField(default=0)),
                ("rules_fault", models.CharField(blank=True, max_length=200)),
                ("held_acl_version", models.PositiveBigIntegerField(default=0)),
                ("held_acl_digest", models.CharField(default="0000000000000000", max_length=16)),
                ("held_rules_version", models.PositiveBigIntegerField(default=0)),
                (
                    "in_sync",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Q(
                            ("acl_digest", models.F("held_acl_digest")),
                            ("acl_version", models.F("held_acl_version")),
                            ("rules_version", models.F("held_rules_version")),
                        ),
                        output_field=models.BooleanField(),
                    ),
                ),
                ("log_epoch", models.PositiveBigIntegerField(blank=True, null=True)),
                ("log_epoch_before", models.PositiveBigIntegerField(blank=True, null=True)),
                ("acked", models.PositiveBigIntegerField(default=0)),
                ("last_seen", models.DateTimeField(blank=True, null=True)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("firmware", models.CharField(blank=True, max_length=40)),
                ("health", models.JSONField(blank=True, default=dict)),
                ("refused", models.JSONField(blank=True, default=dict)),
                ("door_status", models.JSONField(blank=True, default=None, null=True)),
                (
                    "lost_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "replaced_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="cloud.controller",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="controllers", to="cloud.site"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Bank",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("delivery_secret", tools.cloud.sealing.SealedField()),
                ("numbers", models.BinaryField(default=tools.cloud.models.lockers.first_numbers)),
                ("held", models.BinaryField(default=tools.cloud.models.lockers.no_numbers)),
                ("address", models.CharField(blank=True, max_length=200, verbose_name="address")),
                (
                    "latitude",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-90),
                            django.core.validators.MaxValueValidator(90),
                        ],
                        verbose_name="latitude",
                    ),
                ),
                (
                    "longitude",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-180),
                            django.core.validators.MaxValueValidator(180),
                        ],
                        verbose_name="longitude",
                    ),
                ),
                (
                    "controller",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="bank", to="cloud.controller"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Door",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "release_ms",
                    models.PositiveIntegerField(
                        default=5000,
                        validators=[
                            django.core.validators.MinValueValidator(500),
                            django.core.validators.MaxValueValidator(60000),
                        ],
                        verbose_name="unlock time",
                    ),
                ),
                (
                    "held_ms",
                    models.PositiveIntegerField(
                        default=30000,
                        validators=[
                            django.core.validators.MinValueValidator(1000),
                            django.core.validators.MaxValueValidator(3600000),
                        ],
                        verbose_name="held open after",
                    ),
                ),
                (
                    "controller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="doors", to="cloud.controller"
                    ),
                ),
            ],
            options={
                "ordering": ["controller", "number"],
            },
        ),
        migrations.CreateModel(
            name="Command",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "do",
                    models.CharField(
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
                            ("open", "Open a compartment"),
                            ("audit", "Open every compartment in turn"),
                            ("cancel", "Cancel a delivery"),
                        ],
                        default="release",
                        max_length=16,
                    ),
                ),
                ("arguments", models.JSONField(blank=True, default=dict)),
                ("data", models.JSONField(blank=True, default=dict)),
                ("requested_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("sent", "Sent"),
                            ("done", "Done"),
                            ("expired", "Expired"),
                            ("refused", "Refused"),
                            ("unknown", "Not known"),
                        ],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("why", models.CharField(blank=True, max_length=100)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "requested_by",
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="commands", to="cloud.controller"
                    ),
                ),
                (
                    "door",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="commands", to="cloud.door"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("epoch", models.PositiveBigIntegerField()),
                ("sequence", models.PositiveBigIntegerField()),
                ("utc", models.DateTimeField(null=True)),
                ("code", models.PositiveSmallIntegerField()),
                ("door_number", models.PositiveSmallIntegerField()),
                ("compartment", models.PositiveSmallIntegerField(default=0)),
                ("extra", models.PositiveSmallIntegerField()),
                ("flags", models.PositiveSmallIntegerField()),
                ("count", models.PositiveSmallIntegerField(default=0)),
                ("key", models.BinaryField(max_length=7, null=True)),
                ("received_at", models.DateTimeField()),
                ("chain", models.BinaryField(max_length=8, null=True)),
                ("chain_ok", models.BooleanField(null=True)),
                (
                    "controller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="cloud.controller"
                    ),
                ),
                (
                    "credential",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="events",
                        to="cloud.credential",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveBigIntegerField()),
                ("about", tools.cloud.sealing.SealedField(default=b"")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("made", "On its way"),
                            ("deposited", "Deposited"),
                            ("picked up", "Picked up"),
                            ("cancelling", "Being cancelled"),
                            ("cancelled", "Cancelled"),
                            ("returned", "Taken back"),
                        ],
                        default="made",
                        max_length=12,
                    ),
                ),
                ("compartment", models.PositiveSmallIntegerField(null=True)),
                ("size", models.CharField(blank=True, max_length=1)),
                ("made_at", models.DateTimeField()),
                ("reference", models.CharField(blank=True, max_length=64)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("deposited_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("reminded_at", models.DateTimeField(null=True)),
                ("overdue_at", models.DateTimeField(null=True)),
                ("taking_back_at", models.DateTimeField(null=True)),
                (
                    "bank",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="cloud.bank"
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "token",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="deliveries",
                        to="cloud.apitoken",
                    ),
                ),
                (
                    "deposit",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="cloud.event"
                    ),
                ),
                (
                    "end",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="cloud.event"
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="Exposure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "controller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="exposures", to="cloud.controller"
                    ),
                ),
                (
                    "credential",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="exposures", to="cloud.credential"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Gap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("epoch", models.PositiveBigIntegerField()),
                ("first", models.PositiveBigIntegerField()),
                ("last", models.PositiveBigIntegerField()),
                ("noticed_at", models.DateTimeField()),
                (
                    "controller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="gaps", to="cloud.controller"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
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
                ("code", models.PositiveSmallIntegerField(default=0)),
                ("door_number", models.PositiveSmallIntegerField(default=0)),
                ("compartment", models.PositiveSmallIntegerField(default=0)),
                ("extra", models.PositiveSmallIntegerField(default=0)),
                ("said", models.JSONField(default=dict)),
                ("raised_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                (
                    "acknowledged_by",
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="alarms", to="cloud.controller"
                    ),
                ),
                (
                    "event",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="alarm", to="cloud.event"
                    ),
                ),
                (
                    "gap",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="alarm", to="cloud.gap"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GroupDoor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "accessgroup",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="places", to="cloud.accessgroup"
                    ),
                ),
                (
                    "door",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="places", to="cloud.door"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="accessgroup",
            name="doors",
            field=models.ManyToManyField(blank=True, related_name="groups", through="cloud.GroupDoor", to="cloud.door"),
        ),
        migrations.CreateModel(
            name="LogKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("epoch", models.PositiveBigIntegerField()),
                ("sequence", models.PositiveBigIntegerField()),
                ("key", tools.cloud.sealing.SealedField()),
                (
                    "controller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="log_keys", to="cloud.controller"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waits"), ("sent", "Sent"), ("failed", "Failed")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("why", models.CharField(blank=True, max_length=100)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("deposited", "A parcel waits"),
                            ("reminder", "Reminder"),
                            ("overdue", "Overdue"),
                            ("extended", "More time"),
                        ],
                        max_length=12,
                    ),
                ),
                ("way", models.CharField(choices=[("email", "E-mail"), ("sms", "SMS")], max_length=8)),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="cloud.delivery"
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateTimeField(blank=True, null=True, verbose_name="valid from")),
                ("valid_until", models.DateTimeField(blank=True, null=True, verbose_name="valid until")),
                ("uses", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="uses")),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="grants", to="cloud.accessgroup"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="grants", to="cloud.person"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="credential",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="credentials", to="cloud.person"
            ),
        ),
        migrations.CreateModel(
            name="Profile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("content", models.CharField(max_length=4000)),
                (
                    "controller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="profiles", to="cloud.controller"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reading",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("read", "Read"),
                            ("misread", "Misread"),
                            ("over", "Over"),
                            ("ended", "Ended"),
                            ("given", "Given"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("bits", models.PositiveSmallIntegerField(null=True)),
                ("number", models.PositiveBigIntegerField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "command",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="reading", to="cloud.command"
                    ),
                ),
                (
                    "credential",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="cloud.credential"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="readings", to="cloud.person"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Rollout",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("percent", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("paused", "Paused"),
                            ("done", "Done"),
                            ("aborted", "Aborted"),
                        ],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("abort_after", models.PositiveSmallIntegerField(default=1)),
                ("timeout_h", models.PositiveSmallIntegerField(default=24)),
                ("why", models.CharField(blank=True, max_length=200)),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rollouts", to="cloud.release"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RolloutBoard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Sending"),
                            ("staged", "Staged"),
                            ("kept", "Kept"),
                            ("returned", "Returned"),
                            ("silent", "Silent"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("sent", models.PositiveIntegerField(default=0)),
                (
                    "controller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rollouts", to="cloud.controller"
                    ),
                ),
                (
                    "rollout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="boards", to="cloud.rollout"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("number", models.PositiveSmallIntegerField()),
                ("times", models.JSONField(default=list)),
                ("first_day", models.DateField(blank=True, null=True, verbose_name="counts from")),
                ("last_day", models.DateField(blank=True, null=True, verbose_name="counts until")),
                (
                    "next",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="before",
                        to="cloud.schedule",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.AddField(
            model_name="groupdoor",
            name="schedule",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="places",
                to="cloud.schedule",
            ),
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("session_key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("began_at", models.DateTimeField()),
                ("used_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "vouched_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Area",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "number",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(15),
                        ]
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "limit",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="at most so many people"),
                ),
                (
                    "forget_hours",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="forget after hours"),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="areas", to="cloud.site"
                    ),
                ),
            ],
            options={
                "ordering": ["site", "number"],
            },
        ),
        migrations.CreateModel(
            name="Tenant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("pin_digits", models.PositiveSmallIntegerField(default=6)),
                ("retention_days", models.PositiveSmallIntegerField(default=90)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pin_digits__gte", 4), ("pin_digits__lte", 12)), name="tenant_pin_digits"
                    ),
                    models.CheckConstraint(condition=models.Q(("retention_days__lte", 3650)), name="tenant_retention"),
                ],
            },
        ),
        migrations.AddField(
            model_name="site",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="sites", to="cloud.tenant"
            ),
        ),
        migrations.CreateModel(
            name="SignInLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("owner", "Owner"),
                            ("administrator", "Administrator"),
                            ("viewer", "Viewer"),
                            ("guard", "Guard"),
                            ("installer", "Installer"),
                            ("courier", "Courier"),
                        ],
                        max_length=16,
                    ),
                ),
                ("hash", models.CharField(max_length=64, unique=True)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="links", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="cloud.tenant",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="schedule",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="schedules", to="cloud.tenant"
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="people", to="cloud.tenant"
            ),
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("administrator", "Administrator"),
                            ("viewer", "Viewer"),
                            ("guard", "Guard"),
                            ("installer", "Installer"),
                            ("courier", "Courier"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="cloud.tenant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Look",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("log", "the log"),
                            ("export", "an export of all about a person"),
                            ("armed", "a reader armed for a card"),
                            ("learned", "a card read at a door"),
                            ("gave", "a card given that was read at a door"),
                            ("erased", "a person erased"),
                        ],
                        max_length=8,
                    ),
                ),
                ("erased", models.BooleanField(default=False)),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("times", models.PositiveIntegerField(default=1)),
                (
                    "token",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="looks",
                        to="cloud.apitoken",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="looks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="looked_at",
                        to="cloud.person",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="looks", to="cloud.tenant"
                    ),
                ),
            ],
            options={
                "ordering": ["-until", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Holiday",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("first", models.DateField(verbose_name="first day")),
                ("last", models.DateField(verbose_name="last day")),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="holidays", to="cloud.tenant"
                    ),
                ),
            ],
            options={
                "ordering": ["first", "pk"],
            },
        ),
        migrations.AddField(
            model_name="credential",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="credentials", to="cloud.tenant"
            ),
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("page", "on the pages"),
                            ("api", "through the API"),
                            ("command", "on the command line"),
                            ("itself", "by itself"),
                        ],
                        max_length=8,
                    ),
                ),
                ("account", models.CharField(blank=True, max_length=64)),
                (
                    "kind",
                    models.CharField(
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
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("made", "made"),
                            ("changed", "changed"),
                            ("removed", "removed"),
                            ("asked", "asked for"),
                        ],
                        max_length=8,
                    ),
                ),
                ("object", models.PositiveBigIntegerField(null=True)),
                ("name", models.CharField(blank=True, max_length=254)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("erased", models.BooleanField(default=False)),
                ("hidden", models.BooleanField(default=False)),
                (
                    "token",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="cloud.apitoken"
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
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="changes",
                        to="cloud.person",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="record_of_changes", to="cloud.tenant"
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.AddField(
            model_name="apitoken",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="tokens", to="cloud.tenant"
            ),
        ),
        migrations.AddField(
            model_name="accessgroup",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="groups", to="cloud.tenant"
            ),
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("url", models.CharField(max_length=500)),
                ("webhook_secret", tools.cloud.sealing.SealedField()),
                (
                    "token",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="webhook", to="cloud.apitoken"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="WebhookCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waits"), ("sent", "Sent"), ("failed", "Failed")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("why", models.CharField(blank=True, max_length=100)),
                ("kind", models.CharField(max_length=12)),
                ("at", models.DateTimeField()),
                ("content", models.TextField(default="")),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="calls", to="cloud.delivery"
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="calls", to="cloud.webhook"
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Compartment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "size",
                    models.CharField(
                        choices=[("S", "Small"), ("M", "Medium"), ("L", "Large"), ("X", "Extra large")], max_length=1
                    ),
                ),
                ("open", models.BooleanField(null=True)),
                ("fault", models.PositiveSmallIntegerField(default=0)),
                ("changed_at", models.DateTimeField(null=True)),
                (
                    "bank",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="compartments", to="cloud.bank"
                    ),
                ),
            ],
            options={
                "ordering": ["bank", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("bank", "number"), name="compartment_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("size__in", ["S", "M", "L", "X"])), name="compartment_size"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1), ("number__lte", 128)), name="compartment_number"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AclEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.BinaryField(max_length=7)),
                ("profile", models.PositiveIntegerField()),
                ("until", models.PositiveIntegerField()),
                ("due", models.PositiveIntegerField(null=True)),
                (
                    "controller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="entries", to="cloud.controller"
                    ),
                ),
                (
                    "credential",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="cloud.credential"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["controller", "due"], name="entry_due")],
                "constraints": [models.UniqueConstraint(fields=("controller", "key"), name="entry_key_once")],
            },
        ),
        migrations.CreateModel(
            name="AclChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveBigIntegerField()),
                ("op", models.PositiveSmallIntegerField(choices=[(43, "Put"), (45, "Remove")])),
                ("record", models.BinaryField(max_length=12)),
                ("key", models.BinaryField(max_length=7)),
                ("digest", models.CharField(max_length=16)),
                ("at", models.DateTimeField()),
                (
                    "controller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="cloud.controller"
                    ),
                ),
                (
                    "credential",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="cloud.credential"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["controller", "key"], name="change_key")],
                "constraints": [models.UniqueConstraint(fields=("controller", "version"), name="change_version_once")],
            },
        ),
        migrations.CreateModel(
            name="DoorRules",
            fields=[
                (
                    "door",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="rules",
                        serialize=False,
                        to="cloud.door",
                    ),
                ),
                (
                    "extended_ms",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(100),
                            django.core.validators.MaxValueValidator(3600000),
                        ],
                        verbose_name="extended unlock time",
                    ),
                ),
                (
                    "retention_days",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="keep the log for days",
                    ),
                ),
                ("who", models.JSONField(blank=True, default=list)),
                (
                    "offline_hours",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(8760),
                        ],
                        verbose_name="hours without a link",
                    ),
                ),
                ("first_in", models.BooleanField(default=False)),
                ("two_person", models.BooleanField(default=False)),
                (
                    "passback",
                    models.CharField(
                        blank=True,
                        choices=[("hard", "Deny"), ("soft", "Let pass, and record it"), ("timed", "Deny for a time")],
                        max_length=8,
                    ),
                ),
                (
                    "passback_minutes",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                        verbose_name="minutes",
                    ),
                ),
                (
                    "interlock",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(15),
                        ],
                        verbose_name="interlock group",
                    ),
                ),
                ("interlock_open", models.BooleanField(default=True)),
                (
                    "relock",
                    models.CharField(
                        choices=[
                            ("time", "when the time is over"),
                            ("open", "when it is opened"),
                            ("close", "when it is closed"),
                        ],
                        default="time",
                        max_length=8,
                    ),
                ),
                (
                    "relock_delay_ms",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(10000),
                        ],
                        verbose_name="delay",
                    ),
                ),
                (
                    "pulse_ms",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(50),
                            django.core.validators.MaxValueValidator(10000),
                        ],
                        verbose_name="pulse",
                    ),
                ),
                (
                    "warn_ms",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1000),
                            django.core.validators.MaxValueValidator(600000),
                        ],
                        verbose_name="warning before held open",
                    ),
                ),
                (
                    "repeat_ms",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(10000),
                            django.core.validators.MaxValueValidator(3600000),
                        ],
                        verbose_name="say held open again",
                    ),
                ),
                ("unopened", models.BooleanField(default=False)),
                (
                    "forced",
                    models.CharField(
                        choices=[("alarm", "an alarm"), ("event", "recorded only")], default="alarm", max_length=8
                    ),
                ),
                (
                    "rex",
                    models.CharField(
                        choices=[
                            ("release", "unlocks the door"),
                            ("hold", "unlocks it as long as it is pressed"),
                            ("shunt", "does not unlock, but opening is no alarm"),
                        ],
                        default="release",
                        max_length=8,
                    ),
                ),
                (
                    "free",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cloud.schedule",
                    ),
                ),
                (
                    "leads_from",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cloud.area",
                    ),
                ),
                (
                    "leads_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cloud.area",
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cloud.schedule",
                    ),
                ),
                (
                    "rex_when",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cloud.schedule",
                    ),
                ),
                (
                    "two_person_when",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cloud.schedule",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddConstraint(
            model_name="door",
            constraint=models.UniqueConstraint(fields=("controller", "number"), name="door_number_once"),
        ),
        migrations.AddConstraint(
            model_name="door",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1), ("number__lte", 255)), name="door_number"
            ),
        ),
        migrations.AddIndex(
            model_name="command",
            index=models.Index(fields=["state", "expires_at"], name="command_state_expiry"),
        ),
        migrations.AddConstraint(
            model_name="command",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["queued", "sent", "done", "expired", "refused", "unknown"])),
                name="command_state",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["controller", "door_number", "id"], name="event_of_door"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["received_at"], name="event_received"),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(fields=("controller", "epoch", "sequence"), name="event_once"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["bank", "state"], name="delivery_of_bank"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["ended_at"], name="delivery_ended"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("bank", "number"), name="delivery_number_once"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reference", ""), _negated=True),
                fields=("token", "reference"),
                name="delivery_reference_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reference", ""), _negated=True),
                fields=("made_by", "reference"),
                name="delivery_reference_of_account",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["made", "deposited", "picked up", "cancelling", "cancelled", "returned"])
                ),
                name="delivery_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="exposure",
            constraint=models.UniqueConstraint(fields=("controller", "credential"), name="exposure_once"),
        ),
        migrations.AddConstraint(
            model_name="gap",
            constraint=models.UniqueConstraint(fields=("controller", "epoch", "first"), name="gap_once"),
        ),
        migrations.AddConstraint(
            model_name="gap",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__lte", models.F("last"))), name="gap_not_empty"
            ),
        ),
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(
                condition=models.Q(("acknowledged_at", None)), fields=["controller"], name="alarm_unacknowledged"
            ),
        ),
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(fields=["raised_at"], name="alarm_raised"),
        ),
        migrations.AddConstraint(
            model_name="alarm",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None), ("kind", "silent")),
                fields=("controller",),
                name="alarm_silent_once",
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
        migrations.AddConstraint(
            model_name="logkey",
            constraint=models.UniqueConstraint(fields=("controller", "epoch", "sequence"), name="log_key_once"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["state", "next_at"], name="notice_due"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "sent", "failed"])), name="notice_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.UniqueConstraint(fields=("person", "group"), name="grant_once"),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.CheckConstraint(
                condition=models.Q(("uses", None), models.Q(("uses__gte", 1), ("uses__lte", 100)), _connector="OR"),
                name="grant_uses",
            ),
        ),
        migrations.AddConstraint(
            model_name="profile",
            constraint=models.UniqueConstraint(fields=("controller", "number"), name="profile_number_once"),
        ),
        migrations.AddConstraint(
            model_name="profile",
            constraint=models.UniqueConstraint(fields=("controller", "content"), name="profile_content_once"),
        ),
        migrations.AddConstraint(
            model_name="profile",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1), ("number__lte", 65535)), name="profile_number"
            ),
        ),
        migrations.AddIndex(
            model_name="reading",
            index=models.Index(fields=["person", "-id"], name="reading_of_person"),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "read"), ("number", None), _connector="OR"),
                name="reading_number_for_minutes",
            ),
        ),
        migrations.AddConstraint(
            model_name="rollout",
            constraint=models.CheckConstraint(
                condition=models.Q(("percent__gte", 1), ("percent__lte", 100)), name="rollout_percent"
            ),
        ),
        migrations.AddConstraint(
            model_name="rolloutboard",
            constraint=models.UniqueConstraint(fields=("rollout", "controller"), name="rollout_board_once"),
        ),
        migrations.AddConstraint(
            model_name="groupdoor",
            constraint=models.UniqueConstraint(fields=("accessgroup", "door"), name="group_door_once"),
        ),
        migrations.AddIndex(
            model_name="controller",
            index=models.Index(fields=["in_sync"], name="controller_in_sync"),
        ),
        migrations.AddIndex(
            model_name="controller",
            index=models.Index(fields=["acl_due"], name="controller_acl_due"),
        ),
        migrations.AddConstraint(
            model_name="controller",
            constraint=models.UniqueConstraint(
                condition=models.Q(("lost_at", None)), fields=("site", "name"), name="controller_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.UniqueConstraint(fields=("site", "number"), name="area_number_once"),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1), ("number__lte", 15)), name="area_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.CheckConstraint(
                condition=models.Q(("limit", None), models.Q(("limit__gte", 1), ("limit__lte", 1000)), _connector="OR"),
                name="area_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("forget_hours", None),
                    models.Q(("forget_hours__gte", 1), ("forget_hours__lte", 168)),
                    _connector="OR",
                ),
                name="area_forget",
            ),
        ),
        migrations.AddConstraint(
            model_name="site",
            constraint=models.UniqueConstraint(fields=("tenant", "name"), name="site_name_once"),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.UniqueConstraint(fields=("tenant", "name"), name="schedule_name_once"),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.UniqueConstraint(fields=("tenant", "number"), name="schedule_number_once"),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1), ("number__lte", 200)), name="schedule_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(fields=("user", "tenant"), name="membership_once"),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["owner", "administrator", "viewer", "guard", "installer", "courier"])),
                name="membership_role",
            ),
        ),
        migrations.AddIndex(
            model_name="look",
            index=models.Index(fields=["tenant", "until"], name="look_until"),
        ),
        migrations.AddConstraint(
            model_name="holiday",
            constraint=models.UniqueConstraint(fields=("tenant", "first", "last"), name="holiday_once"),
        ),
        migrations.AddConstraint(
            model_name="holiday",
            constraint=models.CheckConstraint(
                condition=models.Q(("last__gte", models.F("first"))), name="holiday_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.UniqueConstraint(
                condition=models.Q(("active", True)),
                fields=("tenant", "kind", "bits", "number"),
                name="credential_one_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.UniqueConstraint(
                condition=models.Q(("active", True), models.Q(("mark", ""), _negated=True)),
                fields=("tenant", "mark"),
                name="credential_pin_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("bits__gte", 4),
                        ("bits__lte", 64),
                        ("kind", "card"),
                        ("mark", ""),
                        ("number__isnull", False),
                        ("sealed", None),
                    ),
                    models.Q(
                        ("bits", None),
                        ("kind__in", ["pin", "duress"]),
                        ("number", None),
                        ("sealed__isnull", False),
                        models.Q(("mark", ""), _negated=True),
                    ),
                    models.Q(
                        ("active", False),
                        ("bits", None),
                        ("kind__in", ["pin", "duress"]),
                        ("mark", ""),
                        ("number", None),
                        ("sealed", None),
                    ),
                    _connector="OR",
                ),
                name="credential_content",
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["tenant", "-id"], name="record_of_tenant"),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["tenant", "kind", "object"], name="record_of_object"),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["at"], name="record_at"),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(("way__in", ["page", "api", "command", "itself"])), name="record_way"
            ),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(("what__in", ["made", "changed", "removed", "asked"])), name="record_what"
            ),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("erased", False),
                    models.Q(("after", {}), ("before", {}), ("name", ""), ("person", None)),
                    _connector="OR",
                ),
                name="record_erased",
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["owner", "administrator", "viewer", "guard", "installer", "courier"])),
                name="token_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessgroup",
            constraint=models.UniqueConstraint(fields=("tenant", "name"), name="group_name_once"),
        ),
        migrations.AddIndex(
            model_name="webhookcall",
            index=models.Index(fields=["state", "next_at"], name="webhook_call_due"),
        ),
        migrations.AddConstraint(
            model_name="webhookcall",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "sent", "failed"])), name="webhook_call_state"
            ),
        ),
    ]
