"""The connection: each statement goes out under what row_security/admitted.py says of this moment.

A request's statements go out under a role that owns nothing and that the policies hold (row_security/policies.py). What
is told stays with the connection, so it is compared before each statement: one that is used again, by another request
or for a stream, never goes on with what was told before.
"""

from typing import Any

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from ..row_security import admitted
from ..row_security.admitted import How, Sight
from ..row_security.policies import ALL, OF, TENANTS_OF, role


class DatabaseWrapper(base.DatabaseWrapper):
    _told: Sight | None = admitted.HOST  # None: not known

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._told = admitted.HOST
        return super().get_new_connection(conn_params)

    def create_cursor(self, name: str | None = None) -> Any:
        self._tell(admitted.now())
        return super().create_cursor(name)

    def _tell(self, sight: Sight) -> None:
        connection: Any = self.connection
        if sight == self._told:
            return
        if connection.info.transaction_status == TransactionStatus.INERROR:
            return  # nothing is answered before the rollback, which has to get through
        self._told = None
        with self.wrap_database_errors:
            connection.execute(*_said(sight, role(connection.info.dbname)))
        self._told = sight

    # What was told within a transaction goes with it.

    def _rollback(self) -> None:
        self._told = None
        super()._rollback()

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)
        self._told = None


def _said(sight: Sight, web: str) -> tuple[str, list[Any]]:
    """The statement that tells it, and its values."""
    if sight.how is How.HOST:
        return "SELECT set_config('role', 'none', false)", []
    everything = "on" if sight.how is How.EVERYBODY else ""
    seen: str = "%s::bigint[]"
    given: list[Any] = [list(sight.tenants)]
    if sight.user is not None:
        seen, given = f"{TENANTS_OF}(%s) || {seen}", [sight.user, *given]
    return (
        # What policies look up makes a query seem large enough to be compiled, for a second; a page's never is.
        "SELECT set_config('role', %s, false), set_config('jit', 'off', false),"
        f" set_config('{ALL}', %s, false), set_config('{OF}', ({seen})::text, false)",
        [web, everything, *given],
    )
