"""The migrations lead to the tables that the models say."""

from django.core.management import call_command


def test_no_model_was_changed_without_a_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
