"""Where the database is, and where one that is put back is worked on before it takes the other's place."""

import os
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from .. import address

DRAFT = "_restoring"


class Place(NamedTuple):
    """database: as Django has it. url, draft: addresses of the database, and of the one beside it."""

    vendor: str
    database: dict[str, Any]
    url: str
    draft: str


def of(data: Path) -> Place:
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{data / 'portvakt.sqlite3'}"
    database = address.of_database(url)
    if database["ENGINE"].endswith("sqlite3"):
        return Place("sqlite", database, url, f"sqlite:///{database['NAME']}{DRAFT}")
    return Place("postgresql", database, url, with_name(url, f"{database['NAME']}{DRAFT}"))


def with_name(url: str, name: str) -> str:
    """Another database of the same server."""
    return urlsplit(url)._replace(path="/" + quote(name, safe="")).geturl()
