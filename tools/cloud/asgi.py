"""The cloud end as an ASGI application."""

import os

from django.core.asgi import get_asgi_application

from .services import loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tools.cloud.settings")
application = get_asgi_application()
loaded.stays()
