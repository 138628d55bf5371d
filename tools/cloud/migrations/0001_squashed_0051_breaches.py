"""All tables of a new cloud end in one step. Databases that went the single steps count as having it.

As the models are after 0051: each after those that its keys lead to, with its indexes and constraints within, so that
SQLite makes no table twice.
"""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import tools.cloud.models.accounts
import tools.cloud.models.lockers
import tools.cloud.sealing


class Migration(migrations.Migration):
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
        ("cloud", "0027_allotments"),
        ("cloud", "0028_kept_and_noted"),
        ("cloud", "0029_residents"),
        ("cloud", "0030_looks"),
        ("cloud", "0031_more_of_lockers"),
        ("cloud", "0032_memberships"),
        ("cloud", "0033_log_ins"),
        ("cloud", "0034_partners"),
        ("cloud", "0035_scim"),
        ("cloud", "0036_guests"),
        ("cloud", "0037_sign_in"),
        ("cloud", "0038_joining"),
        ("cloud", "0039_resident_parcels"),
        ("cloud", "0040_help"),
        ("cloud", "0041_partner_feed"),
        ("cloud", "0042_data_rights"),
        ("cloud", "0043_birth"),
        ("cloud", "0044_standing_requests"),
        ("cloud", "0045_erased"),
        ("cloud", "0046_event_tenant"),
        ("cloud", "0047_event_indexes"),
        ("cloud", "0048_provider_logout"),
        ("cloud", "0049_statements"),
        ("cloud", "0050_pictures_and_places"),
        ("cloud", "0051_breaches"),
    ]

    initial = True

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
            name="Tenant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("pin_digits", models.PositiveSmallIntegerField(default=6)),
                ("retention_days", models.PositiveSmallIntegerField(default=90)),
                ("retention_reason", models.CharField(blank=True, max_length=200)),
                ("entra", models.CharField(blank=True, max_length=36)),
                ("providers", models.JSONField(blank=True, default=list)),
                ("erase_after", models.PositiveSmallIntegerField(blank=True, default=80, null=True)),
                ("privacy_contact", models.CharField(blank=True, max_length=200)),
                (
                    "statement_key",
                    models.CharField(
                        default=tools.cloud.models.accounts.statement_key, editable=False, max_length=22, unique=True
                    ),
                ),
                ("log_in_places", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pin_digits__gte", 4), ("pin_digits__lte", 12)), name="tenant_pin_digits"
                    ),
                    models.CheckConstraint(condition=models.Q(("retention_days__lte", 3650)), name="tenant_retention"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("retention_days__lte", 90),
                            models.Q(("retention_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="tenant_retention_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("erase_after", None),
                            models.Q(("erase_after__gte", 1), ("erase_after__lte", 80)),
                            _connector="OR",
                        ),
                        name="tenant_erase_after",
                    ),
                ],
            },
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
            name="Progress",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("value", models.PositiveBigIntegerField(default=0)),
                ("at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="LogoutHeard",
            fields=[
                ("mark", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="people", to="cloud.tenant"
                    ),
                ),
                (
                    "escort",
                    models.CharField(
                        blank=True,
                        choices=[("needs", "Passes only with an escort"), ("gives", "Escorts others")],
                        max_length=8,
                        verbose_name="escort",
                    ),
                ),
                ("extended", models.BooleanField(default=False, verbose_name="doors stay unlocked longer")),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="persons",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("left_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["name", "pk"],
                "indexes": [models.Index(fields=["tenant", "-active", "name", "id"], name="person_of_tenant")],
                "constraints": [models.UniqueConstraint(fields=("tenant", "user"), name="person_account_once")],
            },
        ),
        migrations.CreateModel(
            name="Site",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("zone", models.CharField(default="Europe/Oslo", max_length=64, verbose_name="time zone")),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sites", to="cloud.tenant"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("tenant", "name"), name="site_name_once")],
            },
        ),
        migrations.CreateModel(
            name="AccessGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="groups", to="cloud.tenant"
                    ),
                ),
                (
                    "exempt",
                    models.BooleanField(
                        default=False, verbose_name="anti-passback, limits and interlocks do not count"
                    ),
                ),
                ("hold", models.BooleanField(default=False, verbose_name="a door they opened may stand open")),
                ("lockdown", models.BooleanField(default=False, verbose_name="pass during lockdown")),
                (
                    "no_clock",
                    models.BooleanField(default=False, verbose_name="pass while the controller does not know the time"),
                ),
                ("office", models.BooleanField(default=False, verbose_name="two taps switch the office mode")),
                ("pin", models.BooleanField(default=False, verbose_name="the card alone is never enough")),
            ],
            options={
                "ordering": ["name"],
                "constraints": [models.UniqueConstraint(fields=("tenant", "name"), name="group_name_once")],
            },
        ),
        migrations.CreateModel(
            name="SignInLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hash", models.CharField(max_length=64, unique=True)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="links", to=settings.AUTH_USER_MODEL
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
                            ("receptionist", "Receptionist"),
                            ("auditor", "Auditor"),
                            ("support", "Support"),
                        ],
                        max_length=16,
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
                ("terms", models.JSONField(default=dict)),
            ],
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
                            ("receptionist", "Receptionist"),
                            ("auditor", "Auditor"),
                            ("support", "Support"),
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
                ("bound", models.BooleanField(default=False)),
                ("until", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "tenant"), name="membership_once"),
                    models.CheckConstraint(
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
                                ],
                            )
                        ),
                        name="membership_role",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("role__in", ("owner",)), _negated=True),
                            models.Q(("bound", False), ("until", None)),
                            _connector="OR",
                        ),
                        name="membership_unbound",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("role__in", ("support",)), _negated=True),
                            ("until__isnull", False),
                            _connector="OR",
                        ),
                        name="membership_ending",
                    ),
                ],
            },
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
                            ("receptionist", "Receptionist"),
                            ("auditor", "Auditor"),
                            ("support", "Support"),
                            ("partner", "Partner"),
                        ],
                        max_length=16,
                    ),
                ),
                ("hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tokens", to="cloud.tenant"
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("used_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
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
                    )
                ],
            },
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
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("percent__gte", 1), ("percent__lte", 100)), name="rollout_percent"
                    )
                ],
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "first", "last"), name="holiday_once"),
                    models.CheckConstraint(condition=models.Q(("last__gte", models.F("first"))), name="holiday_order"),
                ],
            },
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
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="schedules", to="cloud.tenant"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "name"), name="schedule_name_once"),
                    models.UniqueConstraint(fields=("tenant", "number"), name="schedule_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1), ("number__lte", 200)), name="schedule_number"
                    ),
                ],
            },
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
                ("provider_session", models.CharField(blank=True, db_index=True, max_length=64)),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ResidentPolicy",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="residents",
                        serialize=False,
                        to="cloud.tenant",
                    ),
                ),
                ("unlock", models.BooleanField(default=False, verbose_name="residents unlock doors")),
                ("guests", models.BooleanField(default=False, verbose_name="residents invite guests")),
                (
                    "guests_at_once",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                        verbose_name="guests at once",
                    ),
                ),
                (
                    "guest_days",
                    models.PositiveSmallIntegerField(
                        default=14,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(90),
                        ],
                        verbose_name="days of a guest",
                    ),
                ),
                (
                    "parcel_days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(31),
                        ],
                        verbose_name="days of a parcel",
                    ),
                ),
                (
                    "parcels",
                    models.BooleanField(default=False, verbose_name="residents hand over and send back parcels"),
                ),
                (
                    "birth_dates",
                    models.BooleanField(default=False, verbose_name="birth dates are taken from the sign-in"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("guests_at_once__gte", 1), ("guests_at_once__lte", 20)),
                        name="policy_at_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("guest_days__gte", 1), ("guest_days__lte", 90)), name="policy_guest_days"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("parcel_days__gte", 1), ("parcel_days__lte", 31)), name="policy_parcel_days"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LogIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slot", models.PositiveSmallIntegerField()),
                ("session", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "end",
                    models.CharField(
                        blank=True, choices=[("out", "Out"), ("cut", "Cut"), ("over", "Over")], max_length=4
                    ),
                ),
                ("device", models.CharField(blank=True, max_length=40)),
                ("address", models.GenericIPAddressField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="log_ins", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("place", models.CharField(blank=True, max_length=80)),
            ],
            options={
                "indexes": [models.Index(fields=["session"], name="log_in_session")],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "slot"), name="log_in_slot_once"),
                    models.CheckConstraint(condition=models.Q(("slot__gte", 0), ("slot__lt", 10)), name="log_in_slot"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("end", ""), ("ended_at", None)),
                            models.Q(models.Q(("end", ""), _negated=True), ("ended_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="log_in_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScimToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
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
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scim_tokens", to="cloud.tenant"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="HelpPolicy",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="help_policy",
                        serialize=False,
                        to="cloud.tenant",
                    ),
                ),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        default=90,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(365),
                        ],
                        verbose_name="days",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("days__gte", 1), ("days__lte", 365)), name="help_policy_days"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Erased",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveBigIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cloud.tenant"),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["at"], name="erased_at")],
            },
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("content", models.JSONField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="statements", to="cloud.tenant"
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "constraints": [models.UniqueConstraint(fields=("tenant", "number"), name="statement_number")],
            },
        ),
        migrations.CreateModel(
            name="Controller",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("public_id", models.CharField(max_length=16, unique=True)),
                ("link_secret", tools.cloud.sealing.SealedField()),
                ("table_key", tools.cloud.sealing.SealedField()),
                ("board", models.JSONField()),
                ("enrolled_at", models.DateTimeField()),
                ("acl_version", models.PositiveBigIntegerField(default=0)),
                ("acl_digest", models.CharField(default="0000000000000000", max_length=16)),
                ("acl_due", models.DateTimeField(blank=True, null=True)),
                ("rules_version", models.PositiveBigIntegerField(default=0)),
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
                ("acked", models.PositiveBigIntegerField(default=0)),
                ("last_seen", models.DateTimeField(blank=True, null=True)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("firmware", models.CharField(blank=True, max_length=40)),
                ("health", models.JSONField(blank=True, default=dict)),
                ("refused", models.JSONField(blank=True, default=dict)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="controllers", to="cloud.site"
                    ),
                ),
                ("lost_at", models.DateTimeField(blank=True, null=True)),
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
                ("broker_key", tools.cloud.sealing.SealedField(default=b"")),
                ("next_secret", tools.cloud.sealing.SealedField(null=True)),
                ("secret_at", models.DateTimeField(blank=True, null=True)),
                ("secrets_held", models.PositiveSmallIntegerField(default=1)),
                ("rules_fault", models.CharField(blank=True, max_length=200)),
                ("rules_refused", models.PositiveBigIntegerField(default=0)),
                ("log_epoch_before", models.PositiveBigIntegerField(blank=True, null=True)),
                ("door_status", models.JSONField(blank=True, default=None, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["in_sync"], name="controller_in_sync"),
                    models.Index(fields=["acl_due"], name="controller_acl_due"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lost_at", None)), fields=("site", "name"), name="controller_name_once"
                    )
                ],
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
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("valid_until", models.DateTimeField(blank=True, null=True, verbose_name="valid until")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="credentials", to="cloud.person"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="credentials", to="cloud.tenant"
                    ),
                ),
                ("mark", models.CharField(blank=True, max_length=64)),
                ("sealed", models.BinaryField(null=True)),
            ],
            options={
                "ordering": ["person", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("active", True)),
                        fields=("tenant", "kind", "bits", "number"),
                        name="credential_one_person",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("active", True), models.Q(("mark", ""), _negated=True)),
                        fields=("tenant", "mark"),
                        name="credential_pin_once",
                    ),
                    models.CheckConstraint(
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
                ],
            },
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_until", models.DateTimeField(blank=True, null=True, verbose_name="valid until")),
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
                ("uses", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="uses")),
                ("valid_from", models.DateTimeField(blank=True, null=True, verbose_name="valid from")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("person", "group"), name="grant_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("uses", None), models.Q(("uses__gte", 1), ("uses__lte", 100)), _connector="OR"
                        ),
                        name="grant_uses",
                    ),
                ],
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
                "constraints": [
                    models.UniqueConstraint(fields=("site", "number"), name="area_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1), ("number__lte", 15)), name="area_number"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("limit", None), models.Q(("limit__gte", 1), ("limit__lte", 1000)), _connector="OR"
                        ),
                        name="area_limit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("forget_hours", None),
                            models.Q(("forget_hours__gte", 1), ("forget_hours__lte", 168)),
                            _connector="OR",
                        ),
                        name="area_forget",
                    ),
                ],
            },
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
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("times", models.PositiveIntegerField(default=1)),
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
                ("erased", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["-until", "-pk"],
                "indexes": [models.Index(fields=["tenant", "until"], name="look_until")],
            },
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
                            ("allotment", "Own compartment"),
                            ("help", "Request for help"),
                            ("request", "Request about one’s own data"),
                            ("breach", "Breach of security"),
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
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["tenant", "-id"], name="record_of_tenant"),
                    models.Index(fields=["tenant", "kind", "object"], name="record_of_object"),
                    models.Index(fields=["at"], name="record_at"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("way__in", ["page", "api", "command", "itself"])), name="record_way"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("what__in", ["made", "changed", "removed", "asked"])), name="record_what"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("erased", False),
                            models.Q(("after", {}), ("before", {}), ("name", ""), ("person", None)),
                            _connector="OR",
                        ),
                        name="record_erased",
                    ),
                ],
            },
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
            name="ScimGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(blank=True, max_length=254)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("modified_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "group",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scim", to="cloud.accessgroup"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scim_groups", to="cloud.tenant"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ScimUser",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("user_name", models.CharField(max_length=254)),
                ("user_key", models.CharField(max_length=254)),
                ("external_id", models.CharField(blank=True, max_length=254)),
                ("said", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("modified_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scim", to="cloud.person"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scim_users", to="cloud.tenant"
                    ),
                ),
                ("others", models.JSONField(default=list)),
            ],
            options={
                "indexes": [models.Index(fields=["tenant", "external_id"], name="scim_user_external")],
                "constraints": [models.UniqueConstraint(fields=("tenant", "user_key"), name="scim_user_once")],
            },
        ),
        migrations.CreateModel(
            name="Guest",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="guest",
                        serialize=False,
                        to="cloud.person",
                    ),
                ),
                ("house", models.BooleanField(default=False)),
                ("made_at", models.DateTimeField()),
                ("valid_from", models.DateTimeField(verbose_name="valid from")),
                ("valid_until", models.DateTimeField(verbose_name="valid until")),
                ("uses", models.PositiveSmallIntegerField(null=True, verbose_name="uses")),
                ("page", models.CharField(max_length=64, null=True, unique=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "host",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="guests",
                        to="cloud.person",
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-made_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("house", False), ("host", None), _connector="OR"), name="guest_of_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid_from__lt", models.F("valid_until"))), name="guest_order"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("uses", None), models.Q(("uses__gte", 1), ("uses__lte", 100)), _connector="OR"
                        ),
                        name="guest_uses",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HelpRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("question", "I need help"),
                            ("fault", "Something does not work"),
                            ("feedback", "I have feedback"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waits for an answer"), ("answered", "Answered"), ("closed", "Closed")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("about", models.JSONField(default=dict)),
                ("made_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="help_requests",
                        to="cloud.person",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="help_requests", to="cloud.tenant"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="help_requests",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [models.Index(fields=["tenant", "state", "-id"], name="help_of_tenant")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "answered", "closed"])), name="help_state"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["question", "fault", "feedback"])), name="help_kind"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DataRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("access", "A copy of my data"),
                            ("correction", "Correction"),
                            ("erasure", "Erasure"),
                            ("restriction", "Restriction"),
                            ("objection", "Objection"),
                            ("portability", "My data to take elsewhere"),
                            ("withdrawal", "Withdrawal of consent"),
                            ("complaint", "Complaint"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("own", "on their own page"),
                            ("behalf", "on their behalf"),
                            ("office", "by those who look after the house"),
                            ("itself", "by itself, as the table of retention says"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("erasing", "Being erased"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                            ("taken back", "Withdrawn"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("said", tools.cloud.sealing.SealedField(default=b"")),
                ("asked_by", models.CharField(blank=True, max_length=100)),
                ("checked", models.CharField(blank=True, max_length=200)),
                ("made_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("extension", models.CharField(blank=True, max_length=200)),
                ("closed_at", models.DateTimeField(null=True)),
                ("answer", tools.cloud.sealing.SealedField(default=b"")),
                ("page", models.CharField(max_length=64, null=True, unique=True)),
                ("erased_at", models.DateTimeField(null=True)),
                ("receipt", models.JSONField(default=dict)),
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
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="data_requests",
                        to="cloud.person",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="data_requests", to="cloud.tenant"
                    ),
                ),
                ("lifted_at", models.DateTimeField(null=True)),
                ("lifting", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "ordering": ["due_at", "pk"],
                "indexes": [models.Index(fields=["tenant", "state", "due_at"], name="request_of_tenant")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("due_at__gt", models.F("made_at"))), name="request_due"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("state__in", ["open", "erasing"])),
                            models.Q(
                                models.Q(("state__in", ["open", "erasing"]), _negated=True),
                                ("closed_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="request_closed",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["open", "erasing"])),
                        fields=("person", "kind"),
                        name="request_open_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Birth",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="birth",
                        serialize=False,
                        to="cloud.person",
                    ),
                ),
                ("born", tools.cloud.sealing.SealedField(default=b"")),
                ("guardian", tools.cloud.sealing.SealedField(default=b"")),
                ("agreed_on", models.DateField(null=True)),
                ("claimed", models.BooleanField(default=False)),
            ],
            options={
                "abstract": False,
            },
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
                "constraints": [
                    models.UniqueConstraint(fields=("controller", "number"), name="door_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1), ("number__lte", 255)), name="door_number"
                    ),
                ],
            },
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
                ("extra", models.PositiveSmallIntegerField()),
                ("flags", models.PositiveSmallIntegerField()),
                ("key", models.BinaryField(max_length=7, null=True)),
                ("received_at", models.DateTimeField()),
                (
                    "controller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="cloud.controller"
                    ),
                ),
                (
                    "credential",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="events",
                        to="cloud.credential",
                    ),
                ),
                ("chain", models.BinaryField(max_length=8, null=True)),
                ("chain_ok", models.BooleanField(null=True)),
                ("count", models.PositiveSmallIntegerField(default=0)),
                ("compartment", models.PositiveSmallIntegerField(default=0)),
                ("anonymous", models.BooleanField(default=False)),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cloud.tenant"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["received_at"], name="event_received"),
                    models.Index(fields=["controller", "door_number", "-id", "code"], name="event_at_door"),
                    models.Index(fields=["tenant", "-id"], name="event_of_tenant"),
                    models.Index(fields=["tenant", "utc"], name="event_of_day"),
                    models.Index(fields=["credential", "-id"], name="event_of_credential"),
                ],
                "constraints": [models.UniqueConstraint(fields=("controller", "epoch", "sequence"), name="event_once")],
            },
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
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("controller", "epoch", "first"), name="gap_once"),
                    models.CheckConstraint(condition=models.Q(("first__lte", models.F("last"))), name="gap_not_empty"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Profile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "controller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="profiles", to="cloud.controller"
                    ),
                ),
                ("content", models.CharField(max_length=4000)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("controller", "number"), name="profile_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1), ("number__lte", 65535)), name="profile_number"
                    ),
                    models.UniqueConstraint(fields=("controller", "content"), name="profile_content_once"),
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
                ("due", models.PositiveIntegerField(null=True)),
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
            options={
                "constraints": [models.UniqueConstraint(fields=("controller", "credential"), name="exposure_once")],
            },
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
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("controller", "epoch", "sequence"), name="log_key_once")
                ],
            },
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
            options={
                "constraints": [models.UniqueConstraint(fields=("rollout", "controller"), name="rollout_board_once")],
            },
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
            name="PartnerCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
                ("what", models.CharField(max_length=8)),
                ("count", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="calls", to="cloud.partner"
                    ),
                ),
            ],
            options={
                "ordering": ["-hour", "what"],
                "constraints": [models.UniqueConstraint(fields=("partner", "hour", "what"), name="partner_call_once")],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
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
                    "guest",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="invitation",
                        serialize=False,
                        to="cloud.guest",
                    ),
                ),
                ("hash", models.CharField(max_length=64, unique=True)),
                ("nonce", models.BinaryField(max_length=16)),
                ("email", tools.cloud.sealing.SealedField(default=b"")),
            ],
            options={
                "ordering": ["-pk"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "sent", "failed"])), name="invitation_state"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HelpMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("by_house", models.BooleanField()),
                ("at", models.DateTimeField()),
                ("said", tools.cloud.sealing.SealedField()),
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
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="messages", to="cloud.helprequest"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="PartnerFeed",
            fields=[
                (
                    "webhook",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="feed",
                        serialize=False,
                        to="cloud.webhook",
                    ),
                ),
                ("event_after", models.PositiveBigIntegerField()),
                ("change_seen", models.PositiveBigIntegerField(default=0)),
                ("compared_at", models.DateTimeField(null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DataCopy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hash", models.CharField(max_length=64, unique=True)),
                ("content", models.BinaryField()),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("fetched_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="data_copies", to="cloud.person"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="copies", to="cloud.datarequest"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["expires_at"], name="data_copy_expires")],
            },
        ),
        migrations.CreateModel(
            name="ErasedAt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveBigIntegerField()),
                ("digest", models.CharField(max_length=16)),
                ("keys", tools.cloud.sealing.SealedField(default=b"")),
                ("held_at", models.DateTimeField(null=True)),
                (
                    "controller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cloud.controller"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="controllers", to="cloud.datarequest"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [models.UniqueConstraint(fields=("request", "controller"), name="erased_at_once")],
            },
        ),
        migrations.CreateModel(
            name="RequestStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("made", "Received"),
                            ("extended", "More time"),
                            ("begun", "Erasure begun"),
                            ("erased", "Erased in the database"),
                            ("stopped", "Could not be erased"),
                            ("copied", "Copy made"),
                            ("fetched", "Copy fetched"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                            ("taken back", "Withdrawn"),
                            ("lifted", "It holds no longer"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="cloud.datarequest"
                    ),
                ),
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
            ],
            options={
                "ordering": ["pk"],
            },
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
                "indexes": [models.Index(fields=["tenant", "closed_at"], name="breach_of_tenant")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until", None), ("until__gt", models.F("since")), _connector="OR"),
                        name="breach_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("scope__in", ["whole", "account", "controller", "token"])),
                        name="breach_scope",
                    ),
                ],
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
                            ("empty", "Say that a compartment is empty"),
                        ],
                        default="release",
                        max_length=16,
                    ),
                ),
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
                ("arguments", models.JSONField(blank=True, default=dict)),
                ("data", models.JSONField(blank=True, default=dict)),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="unlocks",
                        to="cloud.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "expires_at"], name="command_state_expiry"),
                    models.Index(fields=["requested_at"], name="command_requested"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["queued", "sent", "done", "expired", "refused", "unknown"])),
                        name="command_state",
                    )
                ],
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
                ("retention_reason", models.CharField(blank=True, max_length=200, verbose_name="why so long")),
                ("residents", models.BooleanField(default=False)),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("retention_days", None),
                            ("retention_days__lte", 90),
                            models.Q(("retention_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="door_retention_reason",
                    )
                ],
            },
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
                (
                    "schedule",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="places",
                        to="cloud.schedule",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("accessgroup", "door"), name="group_door_once")],
            },
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
                ("extra", models.PositiveSmallIntegerField(default=0)),
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
                ("said", models.JSONField(default=dict)),
                ("compartment", models.PositiveSmallIntegerField(default=0)),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("acknowledged_at", None)),
                        fields=["controller"],
                        name="alarm_unacknowledged",
                    ),
                    models.Index(fields=["raised_at"], name="alarm_raised"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None), ("kind", "silent")),
                        fields=("controller",),
                        name="alarm_silent_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None), ("kind", "trouble")),
                        fields=("controller", "extra"),
                        name="alarm_trouble_once",
                    ),
                ],
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
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("deposited_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "bank",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="cloud.bank"
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
                ("overdue_at", models.DateTimeField(null=True)),
                ("reference", models.CharField(blank=True, max_length=64)),
                ("reminded_at", models.DateTimeField(null=True)),
                ("taking_back_at", models.DateTimeField(null=True)),
                (
                    "recipient",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="deliveries",
                        to="cloud.person",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("parcel", "Parcel"), ("hand-over", "Hand-over"), ("return", "Return")],
                        default="parcel",
                        max_length=10,
                    ),
                ),
                ("low", models.BooleanField(default=False)),
                (
                    "moved_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="moved_from",
                        to="cloud.delivery",
                    ),
                ),
                (
                    "giver",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="given", to="cloud.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["bank", "state"], name="delivery_of_bank"),
                    models.Index(fields=["ended_at"], name="delivery_ended"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("bank", "number"), name="delivery_number_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        fields=("token", "reference"),
                        name="delivery_reference_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        fields=("made_by", "reference"),
                        name="delivery_reference_of_account",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["made", "deposited", "picked up", "cancelling", "cancelled", "returned"])
                        ),
                        name="delivery_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["parcel", "hand-over", "return"])), name="delivery_kind"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Allotment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("compartment", models.PositiveSmallIntegerField()),
                ("mark", models.PositiveIntegerField()),
                ("valid_until", models.DateTimeField(null=True)),
                ("made_at", models.DateTimeField()),
                ("held", models.BooleanField(default=False)),
                ("ending", models.BooleanField(default=False)),
                (
                    "bank",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="allotments", to="cloud.bank"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="allotments",
                        to="cloud.person",
                    ),
                ),
                ("hours", models.PositiveSmallIntegerField(null=True)),
                ("taken_at", models.DateTimeField(null=True)),
                (
                    "taken_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="taken", to="cloud.person"
                    ),
                ),
                ("taken_until", models.DateTimeField(null=True)),
                ("turn", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "ordering": ["bank", "compartment"],
                "constraints": [
                    models.UniqueConstraint(fields=("bank", "compartment"), name="allotment_of_compartment"),
                    models.UniqueConstraint(
                        condition=models.Q(("ending", False)), fields=("bank", "person"), name="allotment_of_person"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mark__gte", 1), ("mark__lte", 65535)), name="allotment_mark"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GuestDoor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "door",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cloud.door"),
                ),
                (
                    "guest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="places", to="cloud.guest"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("guest", "door"), name="guest_door_once")],
            },
        ),
        migrations.CreateModel(
            name="HelpLetter",
            fields=[
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
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="letter",
                        serialize=False,
                        to="cloud.helpmessage",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "sent", "failed"])), name="help_letter_state"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerTold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pseudonym", models.CharField(max_length=16)),
                ("mark", models.CharField(max_length=16)),
                (
                    "feed",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="told", to="cloud.partnerfeed"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("feed", "pseudonym"), name="partner_told_once")],
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
                "constraints": [
                    models.UniqueConstraint(fields=("breach", "to", "language"), name="breach_notice_once")
                ],
            },
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
            options={
                "indexes": [models.Index(fields=["person", "-id"], name="reading_of_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state", "read"), ("number", None), _connector="OR"),
                        name="reading_number_for_minutes",
                    )
                ],
            },
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
                            ("to leave", "Code to leave something"),
                            ("moved", "Another bank"),
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
                "indexes": [models.Index(fields=["state", "next_at"], name="notice_due")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "sent", "failed"])), name="notice_state"
                    )
                ],
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
                (
                    "delivery",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calls",
                        to="cloud.delivery",
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="calls", to="cloud.webhook"
                    ),
                ),
                ("content", models.TextField(default="")),
            ],
            options={
                "ordering": ["-pk"],
                "abstract": False,
                "indexes": [models.Index(fields=["state", "next_at"], name="webhook_call_due")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "sent", "failed"])), name="webhook_call_state"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="AccessGroup",
            name="doors",
            field=models.ManyToManyField(blank=True, related_name="groups", through="cloud.GroupDoor", to="cloud.door"),
        ),
        migrations.AddField(
            model_name="Membership",
            name="banks",
            field=models.ManyToManyField(blank=True, related_name="+", to="cloud.bank"),
        ),
        migrations.AddField(
            model_name="Membership",
            name="doors",
            field=models.ManyToManyField(blank=True, related_name="+", to="cloud.door"),
        ),
        migrations.AddField(
            model_name="Membership",
            name="sites",
            field=models.ManyToManyField(blank=True, related_name="+", to="cloud.site"),
        ),
        migrations.AddField(
            model_name="Partner",
            name="doors",
            field=models.ManyToManyField(blank=True, related_name="partners", to="cloud.door"),
        ),
    ]
