"""Tells Django that the building page has a template and static files."""

from django.apps import AppConfig


class BuildingPageConfig(AppConfig):
    name = "tools.run.pages"
    label = "building_page"
