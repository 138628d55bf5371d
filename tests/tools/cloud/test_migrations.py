"""The migrations lead to the tables that the models say."""

from django.core.management import call_command
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader


def test_no_model_was_changed_without_a_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_the_single_steps_lead_to_the_same_tables_as_the_one_that_replaces_them() -> None:
    """A database that was begun before the steps were put together goes on with them."""
    loader = MigrationLoader(None)
    (whole,) = (node for node in loader.disk_migrations.values() if node.app_label == "cloud" and node.replaces)
    single = MigrationLoader(None, replace_migrations=False).project_state(whole.replaces[-1])
    together = loader.project_state(("cloud", whole.name))
    assert MigrationAutodetector(single, together)._detect_changes() == {}
    assert set(single.models) == set(together.models)
