"""Tells Django that the pages have templates, static files and translations."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "tools.cloud.pages"
    label = "pages"
