"""The application: the controller's two loops at work."""

import _thread

from micropython import const

from . import loop  # noqa: F401  what every board keeps: before the heap has holes
from .access import rules  # noqa: F401
from .cloud import link, mailbox, sync  # noqa: F401
from .forget import forget
from .outputs import relay  # noqa: F401
from .readers import input, wiegand  # noqa: F401
from .storage import log, state, table  # noqa: F401

_NETWORK_STACK = const(12 * 1024)  # bytes; the port's own 4 KB are too few for a TLS handshake


def build(folder="/"):
    """The control loop for the board.json and settings.json in `folder`."""
    from .start import build

    made = build(folder, _thread.allocate_lock)
    forget("start", "started", "board", "storage/settings", "storage/settings_check", "storage/settings_save")
    forget("storage/log_start", "storage/table_start", "storage/state_move")
    return made


def main(folder="/"):
    """Runs the board. Never returns; an error on the way is the caller's."""
    made = build(folder)
    if made.link is not None:
        _thread.stack_size(_NETWORK_STACK)
        _thread.start_new_thread(made.link.run, ())
    made.run()
