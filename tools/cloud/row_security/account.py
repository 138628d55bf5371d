"""An account of the database for `portvakt cloud serve` alone: with its password nobody gets past the policies."""

import secrets
from typing import Any
from urllib.parse import quote, urlsplit

from django.db.utils import DatabaseError

from tools.terminal import Problem

from . import policies


def make(connection: Any, url: str) -> str:
    """The DATABASE_URL of `serve`. Made once more, it has a new password, and the one before is good no longer."""
    policies.check(connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_user")
        database, mine = cursor.fetchone()
        web = policies.role(database)
        account, password = f"{web[: policies.LONGEST - 6]}_serve", secrets.token_urlsafe(24)
        # The server's log may keep statements: it is told what the password is checked with, not the password.
        told = connection.connection.pgconn.encrypt_password(password.encode(), account.encode(), b"scram-sha-256")
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [account])
        do = "ALTER" if cursor.fetchone() else "CREATE"
        try:
            cursor.execute(f"{do} ROLE \"{account}\" LOGIN PASSWORD '{told.decode()}'")
            cursor.execute(f'GRANT "{web}" TO "{account}"')
        except DatabaseError:
            raise Problem(
                f"{mine} may make no accounts; let the server's administrator make one that may log in, say"
                f' GRANT "{web}" TO it, and give serve a DATABASE_URL with it'
            ) from None
    parts = urlsplit(url)
    where = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{quote(account, safe='')}:{password}@{where}").geturl()
