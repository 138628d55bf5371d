"""Django's settings for the running building: those of the cloud end, and the building's page."""

from tools.cloud import settings as cloud
from tools.cloud.settings import *  # noqa: F403  settings are names in a module

INSTALLED_APPS = [*cloud.INSTALLED_APPS, "tools.run.pages"]
ROOT_URLCONF = "tools.run.urls"
