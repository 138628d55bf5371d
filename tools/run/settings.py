"""Django's settings for the running building: those of the cloud end, and the building's page."""

from tools.cloud import settings as cloud
from tools.cloud.settings import *  # noqa: F403  settings are names in a module

INSTALLED_APPS = [*cloud.INSTALLED_APPS, "tools.run.pages"]
ROOT_URLCONF = "tools.run.urls"
# What Django and the server have to warn of is kept, but not printed between the building's own sentences.
_FILE = {
    "class": "logging.FileHandler",
    "filename": cloud.DATA / "pages.log",
    "formatter": "line",
    "delay": True,
}
LOGGING = {
    **cloud.LOGGING,
    "handlers": {"file": _FILE},
    "root": {"handlers": ["file"], "level": "WARNING"},
}
