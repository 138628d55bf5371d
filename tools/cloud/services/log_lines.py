"""A line of the program's log, without what opens something: addresses whose last part is a secret."""

import logging
import re

# Of urls.py and pages/urls.py. Whatever of these was asked for, in whatever way, and not found, Django logs.
_SECRET = re.compile(r"/(parcel|enter)/[^\s\"'<>]+", re.IGNORECASE)


class Masked(logging.Formatter):
    """Of whatever is logged, tracebacks as well."""

    def format(self, record: logging.LogRecord) -> str:
        return _SECRET.sub(r"/\1/…", super().format(record))
