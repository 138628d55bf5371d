"""The Django application `cloud`."""

from django.apps import AppConfig


class CloudConfig(AppConfig):
    name = "tools.cloud"
    label = "cloud"
    verbose_name = "Portvakt"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import signals  # noqa: F401  importing it connects them
        from .members import log_ins  # noqa: F401  ... too
