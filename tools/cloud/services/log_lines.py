"""A line of the program's log: one, whatever it tells of, and without what opens something: secrets in addresses."""

import logging
import re
from typing import Any

from tools.terminal import visible

# Of urls.py and pages/urls.py. Whatever of these was asked for, in whatever way, and not found, Django logs.
_SECRET = re.compile(r"/(parcel|enter|guest|pass|copy|request|statement)/[^\s\"'<>]+", re.IGNORECASE)


class Masked(logging.Formatter):
    """Of whatever is logged, tracebacks as well: these stand indented, so that no text in them looks like a line."""

    def format(self, record: logging.LogRecord) -> str:
        return _SECRET.sub(r"/\1/…", super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = visible(record.message)
        return super().formatMessage(record)

    def formatException(self, exc_info: Any) -> str:
        return _indented(super().formatException(exc_info))

    def formatStack(self, stack_info: str) -> str:
        return _indented(super().formatStack(stack_info))


def _indented(text: str) -> str:
    return "\n".join(f"  {visible(line)}" for line in text.splitlines())
