"""A mailbox: the bounded queue through which one loop hands messages to the other."""


class Mailbox:
    """lock: from _thread.allocate_lock(). limit: how many messages it holds at most."""

    def __init__(self, lock, limit):
        self._lock = lock
        self._limit = limit
        self._messages = []

    def put(self, message):
        """False when there is no room; then the message is still the caller's."""
        with self._lock:
            if len(self._messages) >= self._limit:
                return False
            self._messages.append(message)
            return True

    def get(self):
        """The oldest message, or None."""
        with self._lock:
            return self._messages.pop(0) if self._messages else None

    def empty(self):
        """Throws away what is in it."""
        with self._lock:
            self._messages = []

    def waiting(self):
        return len(self._messages)

    def room(self):
        return self._limit - len(self._messages)
