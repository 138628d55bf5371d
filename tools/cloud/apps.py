"""The Django application `cloud`."""

from typing import Any

from django.apps import AppConfig
from django.db import connections, transaction
from django.db.models.signals import post_migrate, pre_migrate


class CloudConfig(AppConfig):
    name = "tools.cloud"
    label = "cloud"
    verbose_name = "Portvakt"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import signals  # noqa: F401  importing it connects them
        from .members import log_ins, provider_logout  # noqa: F401  ... too

        pre_migrate.connect(_before_migrations, sender=self)
        post_migrate.connect(_after_migrations, sender=self)


def _before_migrations(using: str, plan: Any = (), **_: Any) -> None:
    from .row_security import policies

    if plan and policies.enforced(connections[using]):
        with transaction.atomic(using=using):
            policies.drop(connections[using])


def _after_migrations(using: str, **_: Any) -> None:
    from .row_security import policies

    if policies.enforced(connections[using]):
        with transaction.atomic(using=using):
            policies.put(connections[using])
