"""The connection: a writer waits for its turn, and gets it however busy the others are.

SQLite's own wait looks every 100 ms after a while, and ends in "database is locked" where the others are quicker:
somebody who writes in a loop would keep a revocation out. Here nobody looks less often than a newcomer.
"""

import random
import time
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

PATIENCE_S = 60.0
LOOK_S = 0.004  # between two looks, on average; half of it once it has waited for a second


class DatabaseWrapper(base.DatabaseWrapper):
    """Nothing has been done when a transaction cannot begin: it may be tried again by everybody."""

    def _start_transaction_under_autocommit(self) -> None:
        began = time.monotonic()
        self._look_once(True)
        try:
            while True:
                try:
                    super()._start_transaction_under_autocommit()
                    return
                except OperationalError as error:
                    waited = time.monotonic() - began
                    if "locked" not in str(error) or waited > PATIENCE_S:
                        raise
                    time.sleep(random.uniform(0, 2 * LOOK_S if waited < 1 else LOOK_S))
        finally:
            self._look_once(False)

    def _look_once(self, once: bool) -> None:
        wait_ms = 0 if once else int(1000 * self.settings_dict.get("OPTIONS", {}).get("timeout", 5))
        cursor: Any = self.connection.cursor()  # type: ignore[attr-defined]
        cursor.execute(f"PRAGMA busy_timeout={wait_ms}").close()
