"""What was erased is gone from SQLite's write-ahead log too."""

from django.db import connection

BUSY_MS = 200  # so long SQLite waits here for readers; otherwise as settings.py says


def overwrite() -> None:
    """SQLite's journal still has what was erased: it is emptied, unless a reader holds it at this moment."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        [patient_ms] = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute(f"PRAGMA busy_timeout={patient_ms}")
