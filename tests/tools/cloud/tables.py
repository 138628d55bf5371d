"""A new database's tables as the models say, at once: the migrations take seconds (test_migrations.py compares)."""

from django.apps import apps
from django.conf import settings
from django.core.management import call_command

from tools.cloud.row_security import admitted


def make_tables() -> None:
    admitted.from_now_on(admitted.HOST)  # but for what is asked by requests
    settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}
    call_command("migrate", run_syncdb=True, verbosity=0)
