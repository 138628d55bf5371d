"""Authentication and topics for amqtt, from the same file of passwords that mosquitto reads.

amqtt's own file of users takes 0.16 s a login (argon2), in which it serves nobody. Boards have random passwords, for
which one pass of PBKDF2 as mosquitto does it is enough: 0.1 ms.

    plugins: {"tools.cloud.amqtt_accounts.Accounts": {"folder": "/path/of/the/files"}}
"""

import base64
import hmac
import re
from dataclasses import dataclass
from pathlib import Path

from amqtt.contexts import Action, BaseContext
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from firmware.controller.cloud.wire import topics

from .controllers.mosquitto import hashed

_BOARD = re.compile(r"[0-9a-f]{16}")
_DOWN = re.compile(r"portvakt/[0-9a-f]{16}/down")
_EVERY_UP, _ = topics("+")


class Accounts(BaseAuthPlugin, BaseTopicPlugin):
    """Boards speak and hear on their own topics, the worker on those of all; nobody else comes in."""

    @dataclass
    class Config:
        """folder: with the file `passwords` of portvakt cloud broker-files. It is read again when it has changed."""

        folder: str

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._file = Path(self.config.folder) / "passwords"
        self._read_at = 0
        self._hashes: dict[str, str] = {}

    async def authenticate(self, *, session: Session) -> bool:
        user, password = session.username, session.password
        kept = self._kept(user) if user else None
        if not user or kept is None or not isinstance(password, str):
            return False
        _, _, rounds, salt, wanted = kept.split("$")
        found = hashed(password, base64.b64decode(salt), int(rounds))
        if not hmac.compare_digest(found, base64.b64decode(wanted)):
            return False
        if not _BOARD.fullmatch(user):
            return True
        # Another board's client identifier would put that board out; a last will is a message like any other.
        will_is_own = not session.will_flag or session.will_topic == topics(user)[0]
        return session.client_id == user and will_is_own

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        user = session.username if session else None
        if not user or not topic:
            return False
        if action == Action.RECEIVE:
            return True  # of what it was let subscribe to
        board = _BOARD.fullmatch(user)
        if action == Action.PUBLISH:
            return topic == topics(user)[0] if board else bool(_DOWN.fullmatch(topic))
        return topic == topics(user)[1] if board else topic == _EVERY_UP

    def _kept(self, user: str) -> str | None:
        """The user's line of the file."""
        try:
            changed = self._file.stat().st_mtime_ns
            if changed != self._read_at:
                lines = self._file.read_text().splitlines()
                self._hashes = dict(line.split(":", 1) for line in lines if ":" in line)
                self._read_at = changed
        except OSError:
            self._hashes, self._read_at = {}, 0
        return self._hashes.get(user)
