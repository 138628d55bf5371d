"""The link secret changes without a visit: the new one and the one before both open the link for a while.

Both stand in the settings until the cloud says that the one before is over; wherever the power fails, one of them is
good. Loaded with the first message of it, and at each start in between.
"""

from binascii import hexlify, unhexlify

from micropython import const

from .. import ticks
from ..storage.settings_save import save
from .wire import SECRETS

_OLD = "old_secret"
_PATIENCE_MS = const(60000)  # without a session, until the other one is tried


def begin(loop, sync):
    """After a start with two secrets, and when a second one has come."""
    if not any(type(part) is Either for part in loop.parts):
        loop.parts.append(Either(sync))


def take(sync, loop, message, now):
    """SECRET of wire.py. Raises ValueError, and then nothing has changed."""
    if len(message) not in (1, 33):
        raise ValueError("secret")
    link = loop.link
    session = link.session
    if session is None or session.renew:
        return  # which secret opens it is being found out; the cloud says it again
    fields = dict(link.settings)
    secret = hexlify(message[1:]).decode()
    used = hexlify(session.secret).decode()  # it has opened this session
    if not secret:
        fields["link_secret"] = used
        fields.pop(_OLD, None)
    elif secret not in (used, fields["link_secret"]):
        fields["link_secret"] = secret
        fields[_OLD] = used
    if fields != link.settings:
        try:
            save(sync.folder, fields)
        except OSError as error:  # no room: nothing has changed, and the cloud says it again
            print("settings: not saved:", error)
            return
        link.settings = fields
    if secret and secret != used:
        begin(loop, sync)
        session.secret = unhexlify(secret)
        session.renew = True
    sync.say(bytes((SECRETS, 2 if _OLD in fields else 1)))


class Either:
    """A part of the control loop: tries the other secret when one opens no session."""

    def __init__(self, sync):
        self._sync = sync
        self._due = None

    def watch(self, loop, now):
        link = loop.link
        if self._sync.open or _OLD not in link.settings:
            self._due = None
        elif self._due is None:
            self._due = ticks.add(now, _PATIENCE_MS)
        elif ticks.passed(self._due, now):
            self._due = ticks.add(now, _PATIENCE_MS)
            fields = dict(link.settings)
            fields["link_secret"], fields[_OLD] = fields[_OLD], fields["link_secret"]
            link.settings = fields  # whole: the network loop looks at it

    def deadline(self):
        return self._due
