"""On which database the tests run: SQLite as it is, or a PostgreSQL of their own."""

import os

from tools.postgres import OPTIONS, Server, programs

NAME = "PORTVAKT_TESTS_ON"  # the environment's: sqlite (as is) or postgres

__all__ = ["OPTIONS", "Server", "programs", "wanted"]


def wanted() -> bool:
    return os.environ.get(NAME) == "postgres"
